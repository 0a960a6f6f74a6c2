/* SPDX-License-Identifier: MIT */
/* Every operator against naive loops over ONNX's (N, C, H, W) order, on small graphs written as text:
 *
 *     "a=Clip(v,-1.0,2.0); y=Concat(a,{16,1,2,2}#7) axis=1"
 *
 * (tests/support/graph_text.h has the notation). `v` is the input image, channels last or plain; `y` is the
 * output.
 */
#include "graph_text.h"

#include "base/random.h"
#include "base/sizes.h"
#include "network/geometry.h"
#include "network/network.h"
#include "network/operators/elementwise/exponential.h"
#include "network/operators/operator.h"
#include "network/run/run.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* --- tensors in ONNX's order ------------------------------------------------------------------------- */

typedef struct Tensor {
    size_t rank, shape[TENSOR_MAX_RANK], elements;
    float *data;
} Tensor;

static Tensor tensor_make(size_t rank, const size_t *shape)
{
    Tensor t = {.rank = rank, .elements = 1};
    for (size_t i = 0; i < rank; i++) t.elements *= t.shape[i] = shape[i];
    t.data = calloc(size_max(t.elements, 1), sizeof *t.data);
    assert_non_null(t.data);
    return t;
}

static Tensor tensor_random(size_t rank, const size_t *shape, unsigned seed)
{
    Tensor t = tensor_make(rank, shape);
    for (size_t i = 0; i < t.elements; i++) t.data[i] = graph_random(seed, i);
    return t;
}

static Tensor mapped(const Tensor *x, float (*function)(float))
{
    Tensor out = tensor_make(x->rank, x->shape);
    for (size_t i = 0; i < x->elements; i++) out.data[i] = function(x->data[i]);
    return out;
}

static void unravel(size_t *index, const Tensor *t, size_t i)
{
    memset(index, 0, TENSOR_MAX_RANK * sizeof *index);
    for (size_t axis = t->rank; axis-- > 0; i /= t->shape[axis]) index[axis] = i % t->shape[axis];
}

static float at(const Tensor *t, const size_t *index)
{
    size_t i = 0;
    for (size_t axis = 0; axis < t->rank; axis++) {
        assert_true(index[axis] < t->shape[axis]);
        i = i * t->shape[axis] + index[axis];
    }
    return t->data[i];
}

/* --- running a graph ---------------------------------------------------------------------------------- */

enum { CHANNELS_LAST, PLAIN, LAYOUTS };

typedef struct Run {
    Tensor x, y;
    size_t nodes;
} Run;

/* Stored elements to ONNX's order, or back. */
static void reorder(float *logical, float *stored, const Tensor *t, bool channels_last, bool back)
{
    for (size_t i = 0; i < t->elements; i++) {
        size_t index[TENSOR_MAX_RANK], at_stored = 0;
        unravel(index, t, i);
        for (size_t k = 0; k < t->rank; k++) {
            const size_t axis = !channels_last || k == 0 ? k : k + 1 == t->rank ? 1 : k + 1;
            at_stored = at_stored * t->shape[axis] + index[axis];
        }
        if (back)
            stored[at_stored] = logical[i];
        else
            logical[i] = stored[at_stored];
    }
}

static Tensor output_tensor(const Network *network)
{
    const Value *value = &network->values[network->output];
    size_t shape[TENSOR_MAX_RANK];
    for (size_t k = 0; k < value->rank; k++) {
        const size_t axis = !value->channels_last || k == 0 ? k : k + 1 == value->rank ? 1 : k + 1;
        shape[axis] = value->shape[k];
    }
    return tensor_make(value->rank, shape);
}

/* Checks that an output marked as non-negative is. */
static void check_sign(const Run *run, const Network *network)
{
    bool *nonnegative = calloc(network->value_count, sizeof *nonnegative);
    assert_non_null(nonnegative);
    network_find_nonnegative(nonnegative, network);
    for (size_t i = 0; nonnegative[network->output] && i < run->y.elements; i++)
        if (run->y.data[i] < 0) fail_msg("%g is negative", (double)run->y.data[i]);
    free(nonnegative);
}

static void run_once(Run *run, const Network *network)
{
    Message message = {0};
    Workspace *workspace;
    assert_int_equal(workspace_create(&workspace, network, &message), STATUS_OK);
    float *in = calloc(run->x.elements, sizeof *in), *out = calloc(run->y.elements, sizeof *out);
    assert_true(in && out);
    reorder(run->x.data, in, &run->x, network->values[network->input].channels_last, true);
    assert_int_equal(network_run(network, out, in, NULL, workspace, &message), STATUS_OK);
    reorder(run->y.data, out, &run->y, network->values[network->output].channels_last, false);
    check_sign(run, network);
    free(in);
    free(out);
    workspace_free(workspace);
}

static void layout_text(char *text, size_t size, int layout, const size_t *shape, const char *format,
                        va_list arguments)
{
    int used = layout == PLAIN ? snprintf(text, size, "f=Flatten(x); v=Reshape(f,[0,%zu,%zu,%zu]); ",
                                          shape[1], shape[2], shape[3])
                               : snprintf(text, size, "v=Identity(x); ");
    vsnprintf(text + used, size - (size_t)used, format, arguments);
}

/* Without the last, where that brings the output into ONNX's order. */
static size_t count_nodes(const Network *network)
{
    const Node *last = &network->nodes[network->node_count - 1];
    const bool layout =
        strcmp(last->operator_name, "Transpose") == 0 || strcmp(last->operator_name, "Copy") == 0;
    return network->node_count - layout;
}

/* shape: of x; shape[0] is 1, or 0 where the file leaves it open. */
__attribute__((format(printf, 4, 5))) static Run run_graph(int opset, int layout, const size_t *shape,
                                                           const char *format, ...)
{
    char text[2048];
    Message message = {0};
    va_list arguments;
    va_start(arguments, format);
    layout_text(text, sizeof text, layout, shape, format, arguments);
    va_end(arguments);
    Network *network = graph_open(text, opset, shape, &message);
    if (!network) fail_msg("%s: %s", text, message.text);
    const size_t full[] = {network->batch, shape[1], shape[2], shape[3]};
    Run run = {.x = tensor_random(4, full, 1), .y = output_tensor(network)};
    run.nodes = count_nodes(network);
    run_once(&run, network);
    network_free(network);
    return run;
}

/* Compares, and frees all three tensors. */
static void check(Run *run, Tensor expected, double tolerance)
{
    assert_int_equal(run->y.rank, expected.rank);
    for (size_t i = 0; i < expected.rank; i++) assert_int_equal(run->y.shape[i], expected.shape[i]);
    for (size_t i = 0; i < expected.elements; i++) {
        const double difference = fabs((double)run->y.data[i] - (double)expected.data[i]);
        if (!(difference <= tolerance * (1 + fabs((double)expected.data[i]))))
            fail_msg("element %zu is %.9g instead of %.9g", i, (double)run->y.data[i],
                     (double)expected.data[i]);
    }
    free(expected.data);
    free(run->x.data);
    free(run->y.data);
}

static const size_t image_shape[] = {0, 3, 5, 4};

/* --- seeded choices ----------------------------------------------------------------------------------- */

typedef struct Dice {
    unsigned seed, rolls;
} Dice;

/* low..high */
static long roll(Dice *dice, long low, long high)
{
    const double uniform = random_uniform(dice->seed, dice->rolls++, 0, 0);
    return low + (long)(uniform * (double)(high - low + 1));
}

static void roll_shape(Dice *dice, size_t *shape)
{
    shape[0] = 0;
    for (size_t i = 1; i < 4; i++) shape[i] = (size_t)roll(dice, 1, 6);
}

/* --- activations -------------------------------------------------------------------------------------- */

static float relu(float x)
{
    return fmaxf(x, 0);
}
static float clip_both(float x)
{
    return fminf(fmaxf(x, -0.5f), 1);
}
static float clip_low(float x)
{
    return fmaxf(x, -0.5f);
}
static float clip_high(float x)
{
    return fminf(x, 1);
}
static float same(float x)
{
    return x;
}
static float sigmoid(float x)
{
    return (float)(1 / (1 + exp(-(double)x)));
}
static float hard_sigmoid(float x)
{
    return fminf(fmaxf(0.2f * x + 0.5f, 0), 1);
}
static float hard_sigmoid_given(float x)
{
    return fminf(fmaxf(0.3f * x + 0.25f, 0), 1);
}
static float silu(float x)
{
    return (float)((double)x / (1 + exp(-(double)x)));
}
static float hard_swish(float x)
{
    return x * fminf(fmaxf(x / 6 + 0.5f, 0), 1);
}
static float twice(float x)
{
    return 2 * x;
}
static float gated(float x)
{
    return silu(x) + sigmoid(x);
}

static float gated_relu(float x)
{
    return relu(x) * sigmoid(x);
}
static float times_hard_sigmoid(float x)
{
    return x * hard_sigmoid(x);
}

/* exp() of loops, over all of its range and at its ends: below 2^-126 to the last bit's half. */
static void exponential_is_close(void **state)
{
    (void)state;
    for (double x = -110; x < 95; x += 0.00097) {
        const float argument = (float)x, value = exponential(argument);
        const double exact = exp((double)argument);
        if (exact > FLT_MAX)
            assert_true(value == INFINITY);
        else if (!(fabs(value - exact) <= 2.5e-7 * exact + 1.5e-45))
            fail_msg("exp(%.9g) is %.9g, not %.9g", (double)argument, (double)value, exact);
    }
    assert_true(exponential(-INFINITY) == 0 && exponential(INFINITY) == INFINITY && exponential(0) == 1);
    assert_true(isnan(exponential(NAN)));
}

static void activations(void **state)
{
    static const struct {
        int opset;
        const char *text;
        float (*function)(float);
        size_t nodes; /* channels last */
    } cases[] = {
        {7, "y=Relu(v)", relu, 1},
        {21, "y=Relu(v)", relu, 1},
        {7, "y=Clip(v) min=-0.5 max=1.0", clip_both, 1},
        {10, "y=Clip(v) min=-0.5", clip_low, 1},
        {10, "y=Clip(v) max=1.0", clip_high, 1},
        {9, "y=Clip(v)", same, 1},
        {11, "y=Clip(v,-0.5,1.0)", clip_both, 1},
        {13, "y=Clip(v,-0.5)", clip_low, 1},
        {21, "y=Clip(v,-,1.0)", clip_high, 1},
        {13, "y=Clip(v)", same, 1},
        {7, "y=Sigmoid(v)", sigmoid, 1},
        {13, "y=HardSigmoid(v)", hard_sigmoid, 1},
        {13, "y=HardSigmoid(v) alpha=0.3 beta=0.25", hard_sigmoid_given, 1},
        {14, "y=HardSwish(v)", hard_swish, 1},
        {13, "s=Sigmoid(v); y=Mul(v,s)", silu, 1},
        {13, "s=Sigmoid(v); y=Mul(s,v)", silu, 1},
        {13, "s=Sigmoid(v); m=Mul(s,v); y=Add(m,s)", gated, 3},
        {13, "s=Sigmoid(v); r=Relu(v); y=Mul(r,s)", gated_relu, 3},
        {13, "s=HardSigmoid(v); y=Mul(v,s)", times_hard_sigmoid, 2},
        {13, "s=HardSigmoid(v) alpha=0.16666667 beta=0.5; y=Mul(v,s)", hard_swish, 1},
        {13, "y=Add(v,v)", twice, 1},
        {13, "c=Cast(v) to=1; i=Identity(c); y=Relu(i)", relu, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int layout = 0; layout < LAYOUTS; layout++) {
            Run run = run_graph(cases[i].opset, layout, image_shape, "%s", cases[i].text);
            if (layout == CHANNELS_LAST && cases[i].nodes) assert_int_equal(run.nodes, cases[i].nodes);
            check(&run, mapped(&run.x, cases[i].function), 1e-6);
        }
}

/* --- arithmetic --------------------------------------------------------------------------------------- */

static Tensor broadcast(const Tensor *a, const Tensor *b, char operation)
{
    size_t shape[TENSOR_MAX_RANK];
    const size_t rank = size_max(a->rank, b->rank);
    for (size_t i = 0; i < rank; i++) {
        const size_t of_a = i + a->rank < rank ? 1 : a->shape[i + a->rank - rank];
        const size_t of_b = i + b->rank < rank ? 1 : b->shape[i + b->rank - rank];
        shape[i] = size_max(of_a, of_b);
    }
    Tensor out = tensor_make(rank, shape);
    for (size_t i = 0; i < out.elements; i++) {
        size_t index[TENSOR_MAX_RANK];
        float operand[2];
        unravel(index, &out, i);
        for (int k = 0; k < 2; k++) {
            const Tensor *t = k ? b : a;
            size_t own[TENSOR_MAX_RANK];
            for (size_t axis = 0; axis < t->rank; axis++)
                own[axis] = t->shape[axis] == 1 ? 0 : index[axis + rank - t->rank];
            operand[k] = at(t, own);
        }
        const float x = operand[0], y = operand[1];
        out.data[i] = operation == '+' ? x + y : operation == '-' ? x - y : operation == '*' ? x * y : x / y;
    }
    return out;
}

static const struct {
    const char *name;
    char sign;
} operations[] = {{"Add", '+'}, {"Sub", '-'}, {"Mul", '*'}, {"Div", '/'}};

/* Writes {a,b,c}#seed. */
static void shape_text(char *text, size_t size, size_t rank, const size_t *shape, unsigned seed)
{
    size_t used = (size_t)snprintf(text, size, "{");
    for (size_t i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%zu", i ? "," : "", shape[i]);
    snprintf(text + used, size - used, "}#%u", seed);
}

/* x with a constant that is repeated over a random choice of axes, or that repeats x. */
static void arithmetic_with_constants(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 60; seed++) {
        Dice dice = {seed, 0};
        size_t shape[4], other[4] = {0}, *own = other;
        char constant[80];
        roll_shape(&dice, shape);
        const size_t rank = size_min((size_t)roll(&dice, 0, 4), 4);
        for (size_t i = 0; i < 4; i++) other[i] = i && roll(&dice, 0, 1) ? shape[i] : 1;
        for (size_t i = 1; i < 4; i++)
            if (shape[i] == 1) other[i] = (size_t)roll(&dice, 1, 3);
        own += 4 - rank;
        shape_text(constant, sizeof constant, rank, own, seed);
        const size_t k = seed % 4;
        const bool swapped = roll(&dice, 0, 1);
        const int layout = (int)roll(&dice, 0, 1);
        Run run = run_graph(13, layout, shape, "y=%s(%s,%s)", operations[k].name, swapped ? constant : "v",
                            swapped ? "v" : constant);
        Tensor c = tensor_random(rank, own, seed);
        Tensor expected =
            swapped ? broadcast(&c, &run.x, operations[k].sign) : broadcast(&run.x, &c, operations[k].sign);
        free(c.data);
        check(&run, expected, 0);
    }
}

static Tensor mean(const Tensor *x, unsigned axes, bool keep);

/* x with a mean of itself: (N,C,1,1), (N,1,H,1), ...; and the two layouts with each other. */
static void arithmetic_of_activations(void **state)
{
    (void)state;
    for (unsigned axes = 1; axes < 8; axes++)
        for (int layout = 0; layout < LAYOUTS; layout++)
            for (int swapped = 0; swapped < 2; swapped++) {
                char list[16];
                const size_t k = axes % 4;
                snprintf(list, sizeof list, "%s%s%s", axes & 1 ? ",1" : "", axes & 2 ? ",2" : "",
                         axes & 4 ? ",3" : "");
                Run run =
                    run_graph(13, layout, image_shape,
                              "f2=Flatten(x); p=Reshape(f2,[0,3,5,4]); m=ReduceMean(p) axes=[%s]; y=%s(%s)",
                              list + 1, operations[k].name, swapped ? "m,v" : "v,m");
                Tensor m = mean(&run.x, axes << 1, true);
                Tensor expected = swapped ? broadcast(&m, &run.x, operations[k].sign)
                                          : broadcast(&run.x, &m, operations[k].sign);
                free(m.data);
                check(&run, expected, 1e-4);
            }
    Run run = run_graph(13, CHANNELS_LAST, image_shape, "f=Flatten(x); p=Reshape(f,[0,3,5,4]); y=Sub(p,v)");
    check(&run, tensor_make(4, run.x.shape), 0);
}

/* y = x + the value of an expression of integer constants. */
static void integers(void **state)
{
    static const struct {
        const char *text;
        float expected;
    } cases[] = {
        {"i=Add(3,-5)", -2},
        {"i=Sub(3,-5)", 8},
        {"i=Mul([3,4],[-5]); j=Gather(i,1)", -20},
        {"i=Div(-7,2)", -3},
        {"i=Div(7,-2)", -3},
        {"i=Div(6,4)", 1},
        {"f=Cast(-2.75) to=1; i=Cast(f) to=7", -2},
        {"b=Cast(2.5) to=9; i=Cast(b) to=7", 1},
        {"b=Cast(0) to=9; i=Cast(b) to=7", 0},
        {"s=Shape(x); i=Gather(s,-3)", 3},
        {"s=Shape(x) start=1; i=Gather(s,1)", 5},
        {"s=Shape(x) start=-9 end=-1; i=Gather(s,-1)", 5},
        {"s=Shape(x) start=-1 end=9; i=Squeeze(s)", 4},
        {"i=Constant() value_int=12", 12},
        {"l=Constant() value_ints=[4,5,6]; i=Gather(l,-2)", 5},
        {"s=Slice([1,2,3,4],[-1],[-9],[0],[-2]); i=Gather(s,1)", 2},
        {"a=Reshape([1,2,3,4],[2,2]); s=Slice(a,[1],[2],[0],[9223372036854775807]); g=Gather(s,0); "
         "i=Gather(g,1)",
         4},
        {"c=ConstantOfShape([2,3]) value=t6; g=Gather(c,0); i=Gather(g,2)", 6},
        {"c=Constant() value=t-6; i=Gather(c,0)", -6},
        {"z=ConstantOfShape([2,3]); c=Cast(z) to=7; g=Gather(c,0); i=Gather(g,2)", 0},
        {"c=Concat([1,2],[3]) axis=0; i=Gather(c,2)", 3},
        {"p=Pad([1,2],[1,2],9); i=Gather(p,3)", 9},
        {"t=Reshape([1,2,3,4,5,6],[2,-1]); u=Transpose(t); g=Gather(u,1); i=Gather(g,1)", 5},
        {"a,i=Split([4,5],[1,1]) axis=0", 5},
        {"u=Unsqueeze(7,[0]); c=Concat(u,[8]) axis=0; i=Gather(c,0)", 7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *last = strstr(cases[i].text, "j=") ? "j" : "i";
        Run run = run_graph(17, CHANNELS_LAST, image_shape, "%s; c9=Cast(%s) to=1; y=Add(v,c9)",
                            cases[i].text, last);
        assert_int_equal(run.nodes, 1);
        Tensor expected = tensor_make(4, run.x.shape);
        for (size_t k = 0; k < expected.elements; k++) expected.data[k] = run.x.data[k] + cases[i].expected;
        check(&run, expected, 0);
    }
}

static Tensor softmax(const Tensor *x, size_t from, size_t to)
{
    Tensor out = tensor_make(x->rank, x->shape);
    for (size_t i = 0; i < x->elements; i++) {
        size_t one[TENSOR_MAX_RANK], other[TENSOR_MAX_RANK];
        double sum = 0;
        unravel(one, x, i);
        for (size_t k = 0; k < x->elements; k++) {
            bool joined = true;
            unravel(other, x, k);
            for (size_t axis = 0; axis < x->rank; axis++)
                joined = joined && ((axis >= from && axis < to) || one[axis] == other[axis]);
            if (joined) sum += exp((double)x->data[k]);
        }
        out.data[i] = (float)(exp((double)x->data[i]) / sum);
    }
    return out;
}

/* Followed by Relu, which changes nothing, as a final Softmax is set aside. */
static void softmaxes(void **state)
{
    (void)state;
    for (int layout = 0; layout < LAYOUTS; layout++)
        for (int axis = -3; axis < 4; axis++) {
            const size_t first = (size_t)(axis < 0 ? axis + 4 : axis);
            if (axis == 0) continue;
            Run run = run_graph(13, layout, image_shape, "s=Softmax(v) axis=%d; y=Relu(s)", axis);
            check(&run, softmax(&run.x, first, first + 1), 1e-6);
            run = run_graph(12, layout, image_shape, "s=Softmax(v) axis=%d; y=Relu(s)", axis);
            check(&run, softmax(&run.x, first, 4), 1e-6);
        }
    Run run = run_graph(13, CHANNELS_LAST, image_shape, "s=Softmax(v); y=Relu(s)");
    check(&run, softmax(&run.x, 3, 4), 1e-6);
    run = run_graph(7, CHANNELS_LAST, image_shape, "s=Softmax(v); y=Relu(s)");
    check(&run, softmax(&run.x, 1, 4), 1e-6);
}

/* --- pooling ------------------------------------------------------------------------------------------ */

typedef struct Pool {
    bool max, include_padding, ceil_mode;
    long kernel[2], stride[2], dilation[2], before[2], after[2], output[2];
} Pool;

/* Counts windows one by one: the next one fits into the padded axis, or with ceil_mode ends behind it by less
 * than a stride and starts in front of the padding at the end. */
static void count_windows(Pool *pool, const Tensor *x)
{
    for (int k = 0; k < 2; k++) {
        const long size = (long)x->shape[k + 2], end = size + pool->after[k];
        long i = 0;
        for (;; i++) {
            const long start = i * pool->stride[k] - pool->before[k];
            const long over = start + (pool->kernel[k] - 1) * pool->dilation[k] + 1 - end;
            if (over > 0 && !(pool->ceil_mode && over < pool->stride[k] && start < size)) break;
        }
        pool->output[k] = i;
    }
}

static float pool_window(const Pool *pool, const Tensor *x, const size_t *index)
{
    double highest = -INFINITY, sum = 0;
    long seen = 0, padded = 0;
    for (long i = 0; i < pool->kernel[0]; i++)
        for (long j = 0; j < pool->kernel[1]; j++) {
            const long h = (long)index[2] * pool->stride[0] - pool->before[0] + i * pool->dilation[0];
            const long w = (long)index[3] * pool->stride[1] - pool->before[1] + j * pool->dilation[1];
            const long height = (long)x->shape[2], width = (long)x->shape[3];
            if (h < height + pool->after[0] && w < width + pool->after[1]) padded++;
            if (h < 0 || w < 0 || h >= height || w >= width) continue;
            const size_t tap[] = {index[0], index[1], (size_t)h, (size_t)w};
            const double value = (double)at(x, tap);
            highest = fmax(highest, value);
            sum += value;
            seen++;
        }
    return (float)(pool->max ? highest : sum / (double)(pool->include_padding ? padded : seen));
}

static Tensor pool_all(const Pool *pool, const Tensor *x)
{
    const size_t shape[] = {x->shape[0], x->shape[1], (size_t)pool->output[0], (size_t)pool->output[1]};
    Tensor out = tensor_make(4, shape);
    for (size_t i = 0; i < out.elements; i++) {
        size_t index[TENSOR_MAX_RANK];
        unravel(index, &out, i);
        out.data[i] = pool_window(pool, x, index);
    }
    return out;
}

/* Pads below the kernel, so that no window sees padding alone where the dilation is 1. */
static Pool roll_pool(Dice *dice, const size_t *shape)
{
    Pool pool = {.max = roll(dice, 0, 1), .include_padding = roll(dice, 0, 1), .ceil_mode = roll(dice, 0, 1)};
    for (int k = 0; k < 2; k++) {
        const long size = (long)shape[k + 2];
        pool.kernel[k] = roll(dice, 1, size < 3 ? size : 3);
        pool.stride[k] = roll(dice, 1, 3);
        pool.dilation[k] = pool.kernel[k] * 2 - 1 <= size ? roll(dice, 1, 2) : 1;
        pool.before[k] = roll(dice, 0, pool.kernel[k] - 1);
        pool.after[k] = roll(dice, 0, pool.kernel[k] - 1);
    }
    return pool;
}

static void pools(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 100; seed++) {
        Dice dice = {seed, 0};
        size_t shape[4];
        roll_shape(&dice, shape);
        Pool pool = roll_pool(&dice, shape);
        Run run = run_graph(19, (int)roll(&dice, 0, 1), shape,
                            "y=%s(v) kernel_shape=[%ld,%ld] strides=[%ld,%ld] dilations=[%ld,%ld] "
                            "pads=[%ld,%ld,%ld,%ld] ceil_mode=%d%s",
                            pool.max ? "MaxPool" : "AveragePool", pool.kernel[0], pool.kernel[1],
                            pool.stride[0], pool.stride[1], pool.dilation[0], pool.dilation[1],
                            pool.before[0], pool.before[1], pool.after[0], pool.after[1], pool.ceil_mode,
                            pool.include_padding && !pool.max ? " count_include_pad=1" : "");
        count_windows(&pool, &run.x);
        check(&run, pool_all(&pool, &run.x), 1e-6);
    }
}

/* SAME: as many outputs as strides begun; the odd pixel of padding at the end (UPPER) or the start (LOWER).
 */
static void automatic_padding(void **state)
{
    static const char *const names[] = {"VALID", "SAME_UPPER", "SAME_LOWER"};
    (void)state;
    for (unsigned seed = 0; seed < 40; seed++) {
        Dice dice = {seed, 0};
        size_t shape[4];
        roll_shape(&dice, shape);
        Pool pool = roll_pool(&dice, shape);
        const size_t mode = seed % 3;
        Run run = run_graph(11, (int)roll(&dice, 0, 1), shape,
                            "y=%s(v) kernel_shape=[%ld,%ld] strides=[%ld,%ld] auto_pad='%s'",
                            pool.max ? "MaxPool" : "AveragePool", pool.kernel[0], pool.kernel[1],
                            pool.stride[0], pool.stride[1], names[mode]);
        pool.ceil_mode = pool.include_padding = false;
        for (int k = 0; k < 2; k++) {
            const long size = (long)shape[k + 2], outputs = (size + pool.stride[k] - 1) / pool.stride[k];
            long total = (outputs - 1) * pool.stride[k] + pool.kernel[k] - size;
            if (total < 0 || mode == 0) total = 0;
            pool.dilation[k] = 1;
            pool.before[k] = mode == 2 ? total - total / 2 : total / 2;
            pool.after[k] = total - pool.before[k];
        }
        count_windows(&pool, &run.x);
        check(&run, pool_all(&pool, &run.x), 1e-6);
    }
}

/* --- means -------------------------------------------------------------------------------------------- */

static Tensor mean(const Tensor *x, unsigned axes, bool keep)
{
    size_t kept[TENSOR_MAX_RANK], shape[TENSOR_MAX_RANK], rank = 0;
    for (size_t i = 0; i < x->rank; i++) {
        const bool reduced = axes >> i & 1;
        kept[i] = reduced ? 1 : x->shape[i];
        if (keep || !reduced) shape[rank++] = kept[i];
    }
    Tensor sums = tensor_make(x->rank, kept), out = tensor_make(rank, shape);
    for (size_t i = 0; i < sums.elements; i++) {
        double sum = 0;
        size_t count = 0;
        for (size_t k = 0; k < x->elements; k++) {
            size_t index[TENSOR_MAX_RANK], target[TENSOR_MAX_RANK] = {0};
            unravel(index, x, k);
            unravel(target, &sums, i);
            bool counts = true;
            for (size_t axis = 0; axis < x->rank; axis++)
                counts = counts && (axes >> axis & 1 || index[axis] == target[axis]);
            if (!counts) continue;
            sum += (double)x->data[k];
            count++;
        }
        out.data[i] = (float)(sum / (double)count);
    }
    free(sums.data);
    return out;
}

static void means(void **state)
{
    (void)state;
    for (unsigned axes = 1; axes < 8; axes++)
        for (int layout = 0; layout < LAYOUTS; layout++)
            for (int keep = 0; keep < 2; keep++) {
                char list[16];
                snprintf(list, sizeof list, "%s%s%s", axes & 1 ? ",-3" : "", axes & 2 ? ",2" : "",
                         axes & 4 ? ",-1" : "");
                Run run = run_graph(13, layout, image_shape, "y=ReduceMean(v) axes=[%s] keepdims=%d",
                                    list + 1, keep);
                check(&run, mean(&run.x, axes << 1, keep), 1e-6);
                run = run_graph(18, layout, image_shape, "y=ReduceMean(v,[%s]) keepdims=%d", list + 1, keep);
                check(&run, mean(&run.x, axes << 1, keep), 1e-6);
            }
    Run run = run_graph(13, PLAIN, image_shape, "y=GlobalAveragePool(v)");
    check(&run, mean(&run.x, 4 | 8, true), 1e-6);
    run = run_graph(18, CHANNELS_LAST, image_shape, "m=ReduceMean(v) noop_with_empty_axes=1; y=Relu(m)");
    check(&run, mapped(&run.x, relu), 0);
    const size_t one[] = {1, 3, 5, 4};
    run = run_graph(13, CHANNELS_LAST, one, "y=ReduceMean(v)");
    check(&run, mean(&run.x, 15, true), 1e-6);
}

/* Log makes NaN of what is negative: the largest numbers are still in order, and NaN comes last. */
static void nan_is_sorted_last(void **state)
{
    (void)state;
    static const char *const texts[] = {"l=Log(v); y,i=TopK(l,[4]) axis=3",
                                        "l=Log(v); y,i=TopK(l,[4]) axis=3 largest=0"};
    for (size_t t = 0; t < 2; t++) {
        Run run = run_graph(13, PLAIN, image_shape, "%s", texts[t]);
        size_t nans = 0;
        for (size_t i = 0; i + 1 < run.y.elements; i++) {
            const float here = run.y.data[i], next = run.y.data[i + 1];
            nans += isnan(here) != 0;
            if (i % 4 == 3) continue;
            assert_true(!isnan(here) || isnan(next));
            if (!isnan(here) && !isnan(next)) assert_true(t ? here <= next : here >= next);
        }
        assert_true(nans > 0 && nans < run.y.elements - 1);
        free(run.x.data);
        free(run.y.data);
    }
}

/* --- movement ----------------------------------------------------------------------------------------- */

static void concats(void **state)
{
    (void)state;
    for (int layout = 0; layout < LAYOUTS; layout++)
        for (int axis = -3; axis < 4; axis++) {
            const size_t along = (size_t)(axis < 0 ? axis + 4 : axis);
            if (axis == 0) continue;
            size_t shape[] = {16, 3, 5, 4}, start = 0;
            char constant[40];
            shape[along] = 2;
            shape_text(constant, sizeof constant, 4, shape, 9);
            Run run =
                run_graph(13, layout, image_shape,
                          "f2=Flatten(x); p=Reshape(f2,[0,3,5,4]); r=Relu(v); y=Concat(r,%s,p,x) axis=%d",
                          constant, axis);
            Tensor c = tensor_random(4, shape, 9);
            const Tensor *parts[] = {&run.x, &c, &run.x, &run.x};
            shape[along] = 3 * run.x.shape[along] + 2;
            Tensor expected = tensor_make(4, shape);
            for (size_t k = 0; k < 4; start += parts[k++]->shape[along])
                for (size_t i = 0; i < parts[k]->elements; i++) {
                    size_t index[TENSOR_MAX_RANK], to = 0;
                    unravel(index, parts[k], i);
                    index[along] += start;
                    for (size_t d = 0; d < 4; d++) to = to * shape[d] + index[d];
                    expected.data[to] = k ? parts[k]->data[i] : relu(parts[k]->data[i]);
                }
            free(c.data);
            check(&run, expected, 0);
        }
}

/* The tensor whose index along `axis` runs through picked[0..count-1] of x. */
static Tensor pick(const Tensor *x, size_t axis, const long *picked, size_t count)
{
    size_t shape[TENSOR_MAX_RANK];
    memcpy(shape, x->shape, sizeof shape);
    shape[axis] = count;
    Tensor out = tensor_make(x->rank, shape);
    for (size_t i = 0; i < out.elements; i++) {
        size_t index[TENSOR_MAX_RANK];
        unravel(index, &out, i);
        index[axis] = (size_t)picked[index[axis]];
        out.data[i] = at(x, index);
    }
    return out;
}

/* x[start:end:step], one index after the other, from within the axis; returns how many. */
static size_t slice_indices(long *picked, long size, long start, long end, long step)
{
    size_t count = 0;
    if (start < 0) start += size;
    if (end < 0) end += size;
    if (start < 0) start = 0;
    if (start >= size) start = step < 0 ? size - 1 : size;
    for (long i = start; step > 0 ? i < end && i < size : i > end && i >= 0; i += step) picked[count++] = i;
    return count;
}

static void slices(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 120; seed++) {
        Dice dice = {seed, 0};
        size_t shape[4], counts[2];
        long axes[2], start[2], end[2], step[2], picked[2][8];
        roll_shape(&dice, shape);
        axes[0] = roll(&dice, 1, 3);
        axes[1] = axes[0] % 3 + 1;
        for (int k = 0; k < 2; k++) {
            const long size = (long)shape[axes[k]];
            do {
                start[k] = roll(&dice, -size - 2, size + 2);
                end[k] = roll(&dice, -size - 2, size + 2);
                step[k] = seed % 3 == 0 ? 1 : roll(&dice, 1, 3) * (roll(&dice, 0, 1) ? 1 : -1);
                counts[k] = slice_indices(picked[k], size, start[k], end[k], step[k]);
            } while (counts[k] == 0);
        }
        const int layout = (int)roll(&dice, 0, 1);
        Run run = seed % 3 == 0
                      ? run_graph(9, layout, shape,
                                  "s=Slice(v) starts=[%ld,%ld] ends=[%ld,%ld] axes=[%ld,%ld]; y=Relu(s)",
                                  start[0], start[1], end[0], end[1], axes[0], axes[1])
                      : run_graph(13, layout, shape,
                                  "s=Slice(v,[%ld,%ld],[%ld,%ld],[%ld,%ld],[%ld,%ld]); y=Relu(s)", start[0],
                                  start[1], end[0], end[1], axes[0] - 4, axes[1], step[0], step[1]);
        Tensor half = pick(&run.x, (size_t)axes[0], picked[0], counts[0]);
        Tensor expected = pick(&half, (size_t)axes[1], picked[1], counts[1]);
        for (size_t i = 0; i < expected.elements; i++) expected.data[i] = relu(expected.data[i]);
        free(half.data);
        check(&run, expected, 0);
    }
}

/* Parts are put together again in reverse. */
static void splits(void **state)
{
    static const struct {
        int opset;
        const char *text;
        size_t axis;
        long order[7];
        size_t count;
    } cases[] = {
        {11, "a,b=Split(v) axis=1 split=[2,1]; y=Concat(b,a) axis=1", 1, {2, 0, 1}, 3},
        {11, "a,b=Split(v) axis=3; y=Concat(b,a) axis=3", 3, {2, 3, 0, 1}, 4},
        {13, "a,b=Split(v,[1,4]) axis=-2; y=Concat(b,a) axis=2", 2, {1, 2, 3, 4, 0}, 5},
        {17, "a,b,c=Split(v) axis=1; y=Concat(c,b,a) axis=1", 1, {2, 1, 0}, 3},
        {18, "a,b=Split(v) axis=2 num_outputs=2; y=Concat(b,a) axis=2", 2, {3, 4, 0, 1, 2}, 5},
        {18, "a,b=Split(v,[3,1]) axis=3; y=Concat(b,a,b) axis=3", 3, {3, 0, 1, 2, 3}, 5},
        {13, "y=Gather(v,[2,0,-1,-3]) axis=1", 1, {2, 0, 2, 0}, 4},
        {7, "y=Gather(v,[1,1]) axis=-1", 3, {1, 1}, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int layout = 0; layout < LAYOUTS; layout++) {
            Run run = run_graph(cases[i].opset, layout, image_shape, "%s", cases[i].text);
            check(&run, pick(&run.x, cases[i].axis, cases[i].order, cases[i].count), 0);
        }
}

static Tensor reshaped(Tensor t, size_t rank, const size_t *shape)
{
    Tensor out = tensor_make(rank, shape);
    assert_int_equal(out.elements, t.elements);
    memcpy(out.data, t.data, t.elements * sizeof *t.data);
    free(t.data);
    return out;
}

/* A scalar index drops the axis, indices of rank 2 add one. */
static void gathers(void **state)
{
    (void)state;
    for (int layout = 0; layout < LAYOUTS; layout++)
        for (size_t axis = 1; axis < 4; axis++) {
            size_t shape[5] = {16}, rank = 1;
            Run run = run_graph(13, layout, image_shape, "y=Gather(v,-1) axis=%zu", axis);
            const long last = (long)run.x.shape[axis] - 1, square[] = {0, 1, last, last, 1, 0};
            for (size_t i = 1; i < 4; i++)
                if (i != axis) shape[rank++] = run.x.shape[i];
            check(&run, reshaped(pick(&run.x, axis, &last, 1), rank, shape), 0);
            run = run_graph(13, layout, image_shape,
                            "i=Reshape([0,1,-1,-1,1,0],[3,2]); y=Gather(v,i) axis=%zu", axis);
            rank = 0;
            for (size_t i = 0; i < 4; i++) {
                if (i == axis) shape[rank++] = 3;
                shape[rank++] = i == axis ? 2 : run.x.shape[i];
            }
            check(&run, reshaped(pick(&run.x, axis, square, 6), rank, shape), 0);
        }
}

static Tensor transpose(const Tensor *x, const size_t *order)
{
    size_t shape[TENSOR_MAX_RANK], index[TENSOR_MAX_RANK], from[TENSOR_MAX_RANK];
    for (size_t i = 0; i < x->rank; i++) shape[i] = x->shape[order[i]];
    Tensor out = tensor_make(x->rank, shape);
    for (size_t i = 0; i < out.elements; i++) {
        unravel(index, &out, i);
        for (size_t k = 0; k < x->rank; k++) from[order[k]] = index[k];
        out.data[i] = at(x, from);
    }
    return out;
}

/* All orders of the last three axes; and all orders of four, turned back. */
static void transposes(void **state)
{
    (void)state;
    for (size_t code = 0; code < 256; code++) {
        size_t order[4], inverse[4];
        unsigned seen = 0;
        for (size_t i = 0; i < 4; i++) {
            order[i] = code >> (2 * i) & 3;
            inverse[order[i]] = i;
            seen |= 1u << order[i];
        }
        for (int layout = 0; layout < LAYOUTS && seen == 15; layout++) {
            Run run = run_graph(13, layout, image_shape,
                                "t=Transpose(v) perm=[%zu,%zu,%zu,%zu]; r=Relu(t); u=Transpose(r) "
                                "perm=[%zu,%zu,%zu,%zu]; y=Add(u,v)",
                                order[0], order[1], order[2], order[3], inverse[0], inverse[1], inverse[2],
                                inverse[3]);
            Tensor expected = tensor_make(4, run.x.shape);
            for (size_t i = 0; i < expected.elements; i++)
                expected.data[i] = relu(run.x.data[i]) + run.x.data[i];
            check(&run, expected, 0);
            if (order[0] != 0) continue;
            run = run_graph(13, layout, image_shape, "y=Transpose(v) perm=[0,%zu,%zu,%zu]", order[1],
                            order[2], order[3]);
            check(&run, transpose(&run.x, order), 0);
        }
    }
}

static Tensor padded(const Tensor *x, const long *before, const long *after, float value)
{
    size_t shape[TENSOR_MAX_RANK], index[TENSOR_MAX_RANK];
    for (size_t i = 0; i < x->rank; i++) shape[i] = (size_t)((long)x->shape[i] + before[i] + after[i]);
    Tensor out = tensor_make(x->rank, shape);
    for (size_t i = 0; i < out.elements; i++) {
        bool inside = true;
        unravel(index, &out, i);
        for (size_t k = 0; k < x->rank; k++) {
            const long from = (long)index[k] - before[k];
            inside = inside && from >= 0 && from < (long)x->shape[k];
            index[k] = (size_t)from;
        }
        out.data[i] = inside ? at(x, index) : value;
    }
    return out;
}

static void pads(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 60; seed++) {
        Dice dice = {seed, 0};
        size_t shape[4];
        long before[4] = {0}, after[4] = {0};
        roll_shape(&dice, shape);
        for (size_t i = 1; i < 4; i++) {
            const long cut = (long)(shape[i] - 1) / 2;
            before[i] = roll(&dice, -cut, 2);
            after[i] = roll(&dice, -cut, 2);
        }
        const int layout = (int)roll(&dice, 0, 1);
        char list[64];
        snprintf(list, sizeof list, "[0,%ld,%ld,%ld,0,%ld,%ld,%ld]", before[1], before[2], before[3],
                 after[1], after[2], after[3]);
        Run run;
        if (seed % 3 == 0)
            run = run_graph(10, layout, shape, "p=Pad(v) pads=%s value=0.5 mode='constant'; y=Mul(p,2.0)",
                            list);
        else if (seed % 3 == 1)
            run = run_graph(13, layout, shape, "p=Pad(v,%s,0.5); y=Mul(p,2.0)", list);
        else
            run =
                run_graph(18, layout, shape, "p=Pad(v,[%ld,%ld,%ld,%ld,%ld,%ld],0.5,[3,1,-2]); y=Mul(p,2.0)",
                          before[3], before[1], before[2], after[3], after[1], after[2]);
        Tensor expected = padded(&run.x, before, after, 0.5f);
        for (size_t i = 0; i < expected.elements; i++) expected.data[i] *= 2;
        check(&run, expected, 0);
    }
}

/* All of the input cut off, and a border in its place. */
static void pads_of_nothing(void **state)
{
    const long before[] = {0, -3, 0, 1}, after[] = {0, 4, 0, 0};
    (void)state;
    for (int layout = 0; layout < LAYOUTS; layout++) {
        Run run = run_graph(13, layout, image_shape, "y=Pad(v,[0,-3,0,1,0,4,0,0],-1.5)");
        check(&run, padded(&run.x, before, after, -1.5f), 0);
    }
}

/* Between poolings, which need channels last, no Transpose is added. */
static void layouts_are_kept(void **state)
{
    static const struct {
        const char *text;
        size_t nodes;
    } cases[] = {
        {"w=Mul(v,{3,1,1}#2)", 1},
        {"w=Sub({1,3,1,1}#2,v)", 1},
        {"m=ReduceMean(v) axes=[2,3]; w=Mul(m,v)", 2},
        {"w=Concat(v,v,{16,2,5,4}#3) axis=1", 1},
        {"a,w=Split(v,[1,2]) axis=1", 1},
        {"w=Slice(v,[0],[9],[3],[2])", 1},
        {"w=Gather(v,[2,1]) axis=1", 1},
        {"w=Pad(v,[0,1,1,1,0,1,1,1])", 1},
        {"s=Softmax(v) axis=1; w=Relu(s)", 2},
        {"t=Transpose(v) perm=[0,2,3,1]; r=Relu(t); w=Transpose(r) perm=[0,3,1,2]", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        Message message = {0};
        snprintf(text, sizeof text, "v=MaxPool(x) kernel_shape=[1,1]; %s", cases[i].text);
        snprintf(text + strlen(text), sizeof text - strlen(text), "; y=MaxPool(w) kernel_shape=[1,1]");
        Network *network = graph_open(text, 13, image_shape, &message);
        if (!network) fail_msg("%s: %s", text, message.text);
        if (count_nodes(network) != cases[i].nodes + 2) fail_msg("%s: %zu nodes", text, count_nodes(network));
        network_free(network);
    }
}

/* --- shapes ------------------------------------------------------------------------------------------- */

/* Operators that keep ONNX's order of the elements. */
static void shapes(void **state)
{
    static const struct {
        int opset;
        const char *text;
        size_t rank, shape[6];
    } cases[] = {
        {7, "y=Flatten(v)", 2, {16, 60}},
        {13,
         "e=Flatten(v) axis=-1; s=Shape(e); g=Slice(s,[1],[2]); c=Concat([16,15],g) axis=0; y=Reshape(e,c)",
         3,
         {16, 15, 4}},
        {13,
         "e=Flatten(v) axis=4; s=Shape(e); g=Slice(s,[1],[2]); c=Concat([16,60],g) axis=0; y=Reshape(e,c)",
         3,
         {16, 60, 1}},
        {7, "y=Reshape(v,[0,-1])", 2, {16, 60}},
        {13, "y=Reshape(v,[-1,5,12])", 3, {16, 5, 12}},
        {13, "y=Reshape(v,[0,0,20])", 3, {16, 3, 20}},
        {14, "y=Reshape(v,[16,4,-1]) allowzero=1", 3, {16, 4, 15}},
        {14, "y=Reshape(v,[-1,4,5,3])", 4, {16, 4, 5, 3}},
        {12, "y=Unsqueeze(v) axes=[1,-1]", 6, {16, 1, 3, 5, 4, 1}},
        {13, "y=Unsqueeze(v,[4,2])", 6, {16, 3, 1, 5, 1, 4}},
        {13, "u=Unsqueeze(v,[1,5]); y=Squeeze(u,[-1])", 5, {16, 1, 3, 5, 4}},
        {12, "u=Unsqueeze(v) axes=[1,5]; y=Squeeze(u) axes=[1]", 5, {16, 3, 5, 4, 1}},
        {13, "u=Unsqueeze(v,[1,5]); y=Squeeze(u)", 4, {16, 3, 5, 4}},
        {13, "y=Dropout(v)", 4, {16, 3, 5, 4}},
        {10, "d,mask=Dropout(v) ratio=0.5; y=Identity(d)", 4, {16, 3, 5, 4}},
        {13, "t=Cast(0) to=9; y=Dropout(v,0.5,t)", 4, {16, 3, 5, 4}},
        {13, "c=Constant() value_floats=[1.0,1.0,1.0,1.0]; y=Mul(v,c)", 4, {16, 3, 5, 4}},
        {13, "c=Constant() value_float=1.0; y=Mul(v,c)", 4, {16, 3, 5, 4}},
        /* as exported: x.view(x.size(0), -1) */
        {13,
         "s=Shape(v); g=Gather(s,0); u=Unsqueeze(g,[0]); c=Concat(u,[-1]) axis=0; y=Reshape(v,c)",
         2,
         {16, 60}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int layout = 0; layout < LAYOUTS; layout++) {
            Run run = run_graph(cases[i].opset, layout, image_shape, "%s", cases[i].text);
            Tensor copy = tensor_make(4, run.x.shape);
            memcpy(copy.data, run.x.data, copy.elements * sizeof *copy.data);
            check(&run, reshaped(copy, cases[i].rank, cases[i].shape), 0);
        }
}

/* F.pad(x, (1, 2)) as exported: pads reordered from the last axis forwards by constants alone. */
static void exported_padding_folds(void **state)
{
    const long before[] = {0, 0, 0, 1}, after[] = {0, 0, 0, 2};
    (void)state;
    Run run =
        run_graph(13, CHANNELS_LAST, image_shape,
                  "z=ConstantOfShape([6]); zi=Cast(z) to=7; c=Concat([1,2],zi) axis=0; r=Reshape(c,[-1,2]); "
                  "s=Slice(r,[-1],[-9223372036854775807],[0],[-1]); t=Transpose(s) perm=[1,0]; "
                  "q=Reshape(t,[-1]); p=Cast(q) to=7; y=Pad(v,p,0.0)");
    assert_int_equal(run.nodes, 1);
    check(&run, padded(&run.x, before, after, 0), 0);
}

/* --- both layouts -------------------------------------------------------------------------------------- */

/* ONNX's own cases judge the numbers on plain values; stored channels last they must be the same. */
static void layouts_agree(void **state)
{
    static const struct {
        int opset;
        const char *text;
    } cases[] = {
        {13, "y=LeakyRelu(v) alpha=0.3"},
        {20, "y=Gelu(v)"},
        {13, "y=PRelu(v,{3,1,1}#1)"},
        {13, "y=Max(v,{3,1,1}#1,{5,4}#2)"},
        {13, "y=Mean(v,{3,1,1}#1,{1,3,5,1}#2)"},
        {13, "a=Abs(v); y=Pow(a,{1,3,1,1}#1)"},
        {13, "g=Greater(v,{3,1,1}#1); y=Where(g,v,{3,5,1}#2)"},
        {13, "g=Greater(v,0.0); n=Not(g); m=Less(v,{4}#1); a=And(n,m); y=Cast(a) to=1"},
        {13, "m=ArgMax(v) axis=1; y=Cast(m) to=1"},
        {13, "m=ArgMin(v) axis=2 keepdims=0; y=Cast(m) to=1"},
        {13, "y,i=TopK(v,[2]) axis=1"},
        {13, "a,i=TopK(v,[3]) axis=2 largest=0; y=Cast(i) to=1"},
        {13, "y=ReduceMax(v) axes=[1,3]"},
        {13, "y=ReduceL2(v) axes=[2] keepdims=0"},
        {13, "y=ReduceSum(v,[1,2]) keepdims=0"},
        {13, "y=GlobalMaxPool(v)"},
        {13, "s=LogSoftmax(v) axis=1; y=Neg(s)"},
        {13, "y=LRN(v) size=2 alpha=0.5"},
        {13, "y=InstanceNormalization(v,[1.5,-2.0,0.5],[0.1,0.2,0.3])"},
        {21, "y=GroupNormalization(v,[1.5,-2.0,0.5],[0.1,0.2,0.3]) num_groups=3"},
        {17, "y=LayerNormalization(v,{5,4}#1,{5,4}#2) axis=2"},
        {13, "y=Expand(v,[1,1,1,1,1])"},
        {13, "r=ReduceMax(v) axes=[2,3]; y=Expand(r,[1,3,5,4])"},
        {13, "y=Tile(v,[1,2,3,1])"},
        {13, "y=Pad(v,[0,1,2,3,0,1,2,3]) mode='reflect'"},
        {13, "y=Pad(v,[0,1,2,3,0,0,-1,3]) mode='edge'"},
        {19, "y=Pad(v,[0,0,2,9,0,0,7,3]) mode='wrap'"},
        {13, "y=Resize(v,-,[1.0,1.0,2.0,1.5])"},
        {13, "y=Resize(v,-,[1.0,2.0,0.6,2.5]) mode='linear'"},
        {18, "y=Resize(v,-,[1.0,1.0,0.6,0.5]) mode='cubic' antialias=1"},
        {13, "y=Resize(v,-,-,[16,3,7,9]) mode='linear' coordinate_transformation_mode='align_corners'"},
        {9, "y=Upsample(v,[1.0,1.0,2.0,3.0])"},
        {13, "d=Resize(v,-,[1.0,4.0,1.0,1.0]); y=DepthToSpace(d) blocksize=2"},
        {13, "d=Resize(v,-,[1.0,1.0,2.0,1.0]); y=SpaceToDepth(d) blocksize=2"},
        {14, "y=Trilu(v,1) upper=0"},
        {13, "t=Transpose(v) perm=[0,1,3,2]; y=MatMul(v,t)"},
        {13, "t=Transpose(v) perm=[0,1,3,2]; y=Einsum(v,t) equation='ncij,ncjk->ncki'"},
        {13, "y=Einsum(v,{3,7}#1) equation='nchw,cd->ndhw'"},
        {13, "y=MatMul(v,{3,4,2}#1)"},
        {13, "y=ConvTranspose(v,{3,4,3,2}#1) strides=[2,3] pads=[1,0,1,1] output_padding=[1,0]"},
        {13, "y=ConvTranspose(v,{3,2,3,3}#1) group=3 dilations=[2,1] auto_pad='SAME_UPPER' strides=[2,2]"},
        {13, "r=Reshape(v,[0,3,20]); y=Conv(r,{4,3,3}#1,{4}#2) strides=[2] pads=[1,0]"},
        {13, "r=Reshape(v,[0,3,20]); y=ConvTranspose(r,{3,4,3}#1,{4}#2) strides=[2]"},
        {13, "r=Reshape(v,[0,3,20]); m=MaxPool(r) kernel_shape=[3] strides=[2]; y=AveragePool(m) "
             "kernel_shape=[2]"},
        {13, "q=QuantizeLinear(v,[0.1,0.2,0.3]) axis=1; y=DequantizeLinear(q,0.5)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Run last = run_graph(cases[i].opset, CHANNELS_LAST, image_shape, "%s", cases[i].text);
        Run plain = run_graph(cases[i].opset, PLAIN, image_shape, "%s", cases[i].text);
        bool varies = false;
        for (size_t k = 1; k < last.y.elements; k++) varies |= last.y.data[k] != last.y.data[0];
        if (!varies) fail_msg("%s is the same everywhere", cases[i].text);
        check(&last, plain.y, 1e-5);
        free(plain.x.data);
    }
}

/* --- signs ---------------------------------------------------------------------------------------------- */

/* A graph from `w` to `y`, and whether `y` is known to have no negative element: if `w` has none, and for any
 * `w`. */
typedef struct SignCase {
    int opset;
    const char *text;
    bool if_nonnegative, always;
} SignCase;

static const SignCase sign_cases[] = {
    {13, "y=Relu(w)", true, true},
    {13, "y=Clip(w,0.0,1.0)", true, true},
    {13, "y=Clip(w,-1.0,1.0)", false, false},
    {13, "m=ReduceMin(w) keepdims=0; y=Clip(w,m,1.0)", true, false},
    {13, "y=Sigmoid(w)", true, true},
    {13, "y=HardSigmoid(w)", true, true},
    {14, "y=HardSwish(w)", true, false},
    {13, "y=LeakyRelu(w)", true, false},
    {13, "y=ThresholdedRelu(w)", true, false},
    {13, "y=Elu(w)", true, false},
    {13, "y=Celu(w)", true, false},
    {13, "y=Selu(w)", false, false},
    {20, "y=Gelu(w)", true, false},
    {20, "y=Gelu(w) approximate='tanh'", true, false},
    {18, "y=Mish(w)", true, false},
    {13, "s=Sigmoid(w); y=Mul(w,s)", true, false},
    {13, "y=Tanh(w)", true, false},
    {13, "y=Softplus(w)", true, true},
    {13, "y=Softsign(w)", true, false},
    {13, "y=Erf(w)", true, false},
    {13, "y=Exp(w)", true, true},
    {13, "y=Log(w)", false, false},
    {13, "y=Sqrt(w)", true, true},
    {13, "y=Reciprocal(w)", true, false},
    {13, "y=Sin(w)", false, false},
    {13, "y=Cos(w)", false, false},
    {13, "y=Floor(w)", true, false},
    {13, "y=Ceil(w)", true, false},
    {13, "y=Round(w)", true, false},
    {13, "y=Sign(w)", true, false},
    {13, "y=Neg(w)", false, false},
    {13, "y=Abs(w)", true, true},
    {13, "y=Add(w,1.0)", true, false},
    {13, "y=Add(w,-1.0)", false, false},
    {13, "y=Sub(w,1.0)", false, false},
    {13, "y=Mul(w,2.0)", true, false},
    {13, "y=Mul(w,-2.0)", false, false},
    {13, "y=Div(w,2.0)", true, false},
    {13, "y=Pow(w,3.0)", true, false},
    {13, "y=Mod(w,1.5) fmod=1", false, false},
    {13, "y=PRelu(w,0.5)", true, false},
    {13, "y=Min(w,1.0)", true, false},
    {13, "y=Max(w,1.0)", true, true},
    {13, "y=Max(w,-1.0)", true, false},
    {13, "y=Sum(w,w,1.0)", true, false},
    {13, "y=Mean(w,w,1.0)", true, false},
    {13, "i=Cast(w) to=7; y=Cast(i) to=1", false, false},
    {13, "a=Less(w,0.5); b=Greater(w,-0.5); c=And(a,b); n=Not(c); y=Where(n,w,1.0)", false, false},
    {13, "a=LessOrEqual(w,0.5); b=GreaterOrEqual(w,-0.5); c=Or(a,b); y=Where(c,w,1.0)", false, false},
    {13, "a=Equal(w,0.5); b=IsNaN(w); c=Xor(a,b); y=Where(c,w,1.0)", false, false},
    {13, "q=QuantizeLinear(w,0.1); y=DequantizeLinear(q,0.1)", false, false},
    {13, "y=BatchNormalization(w,{3}#1,{3}#2,{3}#3,[1.0,1.0,1.0])", false, false},
    {13, "y=Conv(w,{4,3,3,3}#1)", false, false},
    {13, "y=ConvTranspose(w,{3,4,2,2}#1) strides=[2,2]", false, false},
    {13, "l=Flatten(w); y=Gemm(l,{60,4}#1)", false, false},
    {13, "t=Transpose(w) perm=[0,1,3,2]; y=MatMul(w,t)", true, false},
    {13, "y=MatMul(w,{4,5}#1)", false, false},
    {13, "t=Transpose(w) perm=[0,1,3,2]; y=Einsum(w,t) equation='ncij,ncjk->ncki'", true, false},
    {13, "y=Concat(w,w) axis=1", true, false},
    {13, "a,b=Split(w,[1,2]) axis=1; y=Add(a,b)", true, false},
    {13, "y=Slice(w,[1],[3],[2])", true, false},
    {13, "y=Pad(w,[0,0,1,1,0,0,1,1])", false, false},
    {13, "y=Pad(w,[0,0,1,1,0,0,1,1]) mode='edge'", false, false},
    {13, "r=ReduceMax(w) axes=[2]; y=Expand(r,[1,3,2,4])", true, false},
    {13, "y=Tile(w,[1,2,1,1])", true, false},
    {13, "t=Tile(w,[1,4,1,1]); y=DepthToSpace(t) blocksize=2", true, false},
    {13, "y=SpaceToDepth(w) blocksize=1", true, false},
    {13, "y=Gather(w,[0,2]) axis=1", true, false},
    {13, "l=Flatten(w); i=Reshape([3,1],[1,2]); y=GatherElements(l,i) axis=1", true, false},
    {13, "i=Reshape([0,1],[1,2]); y=GatherND(w,i)", true, false},
    {13, "i=Reshape([0,1],[1,2]); g=GatherND(w,i); y=ScatterND(w,i,g)", true, false},
    {13, "r=Reshape(w,[1,3,20]); u=Unsqueeze(r,[1]); y=Squeeze(u,[1])", true, false},
    {13, "i=Identity(w); d=Dropout(i); y=Transpose(d) perm=[0,3,2,1]", true, false},
    {14, "y=Trilu(w,1) upper=0", true, false},
    {17, "y=LayerNormalization(w,{5,4}#1,{5,4}#2) axis=2", false, false},
    {13, "y=InstanceNormalization(w,[1.5,-2.0,0.5],[0.1,0.2,0.3])", false, false},
    {21, "y=GroupNormalization(w,[1.5,-2.0,0.5],[0.1,0.2,0.3]) num_groups=3", false, false},
    {13, "y=LRN(w) size=2", false, false},
    {13, "y=MaxPool(w) kernel_shape=[2,2]", true, false},
    {13, "y=AveragePool(w) kernel_shape=[2,2]", true, false},
    {13, "y=GlobalMaxPool(w)", true, false},
    {13, "y=GlobalAveragePool(w)", true, false},
    {13, "y=ReduceMean(w) axes=[2]", true, false},
    {13, "y=ReduceSum(w,[2])", true, false},
    {13, "y=ReduceProd(w) axes=[2]", true, false},
    {13, "y=ReduceMax(w) axes=[2]", true, false},
    {13, "y=ReduceMin(w) axes=[2]", true, false},
    {13, "y=ReduceL1(w) axes=[2]", true, true},
    {13, "y=ReduceL2(w) axes=[2]", true, true},
    {13, "y=ReduceSumSquare(w) axes=[2]", true, true},
    {13, "y=ReduceLogSum(w) axes=[2]", false, false},
    {13, "y=ReduceLogSumExp(w) axes=[2]", false, false},
    {13, "y=Resize(w,-,[1.0,1.0,2.0,2.0]) mode='linear'", true, false},
    {13, "y=Resize(w,-,[1.0,1.0,2.0,2.0]) mode='cubic'", false, false},
    {9, "y=Upsample(w,[1.0,1.0,2.0,3.0])", true, false},
    {13, "y=Softmax(w) axis=2", true, true},
    {13, "y=LogSoftmax(w) axis=2", false, false},
    {13, "y,i=TopK(w,[2]) axis=3", true, false},
    {13, "i=ArgMax(w) axis=1; y=Cast(i) to=1", false, false},
    {13, "i=ArgMin(w) axis=1; y=Cast(i) to=1", false, false},
};

enum { SIGN_CASES = sizeof sign_cases / sizeof *sign_cases };

/* What is known is as listed, and holds for sampled inputs: run_graph() looks at the output's elements. */
static void check_known_sign(const SignCase *sign, const char *source, bool expected)
{
    static const size_t one_image[] = {1, 3, 5, 4};
    char text[400];
    Message message = {0};
    bool nonnegative[64];
    snprintf(text, sizeof text, "w=%s(x); %s", source, sign->text);
    Network *network = graph_open(text, sign->opset, one_image, &message);
    if (!network) fail_msg("%s: %s", text, message.text);
    assert_true(network->value_count <= 64);
    network_find_nonnegative(nonnegative, network);
    if (nonnegative[network->output] != expected) fail_msg("%s: not %d", text, expected);
    network_free(network);
    for (int layout = 0; layout < LAYOUTS; layout++) {
        Run run = run_graph(sign->opset, layout, one_image, "w=%s(v); %s", source, sign->text);
        free(run.x.data);
        free(run.y.data);
    }
}

static void signs_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGN_CASES; i++) {
        check_known_sign(&sign_cases[i], "Relu", sign_cases[i].if_nonnegative);
        check_known_sign(&sign_cases[i], "Identity", sign_cases[i].always);
    }
}

/* Every operator that makes a node has a case: all but those that become constants. */
static void every_operator_has_a_sign(void **state)
{
    (void)state;
    for (size_t f = 0; operator_families[f]; f++) {
        if (operator_families[f] == operators_constants) continue;
        for (const Operator *entry = operator_families[f]; entry->name; entry++) {
            char call[64];
            bool found = false;
            snprintf(call, sizeof call, "=%s(", entry->name);
            for (size_t i = 0; i < SIGN_CASES && !found; i++)
                found = strstr(sign_cases[i].text, call) != NULL;
            if (!found) fail_msg("no case for %s: add a row to sign_cases", entry->name);
        }
    }
}

/* Activations that exporters write as several nodes become one node. */
static void activations_are_recognized(void **state)
{
    static const char *const cases[][2] = {
        {"d=Div(v,1.4142135); e=Erf(d); a=Add(e,1.0); m=Mul(v,a); y=Mul(m,0.5)", "Gelu"},
        {"d=Mul(v,0.70710678); e=Erf(d); a=Add(e,1.0); h=Mul(v,0.5); y=Mul(h,a)", "Gelu"},
        {"d=Div(v,1.4142135); e=Erf(d); a=Add(1.0,e); h=Mul(0.5,a); y=Mul(v,h)", "Gelu"},
        {"s=Softplus(v); t=Tanh(s); y=Mul(v,t)", "Mish"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Message message = {0};
        char text[200];
        snprintf(text, sizeof text, "v=Identity(x); %s", cases[i][0]);
        Network *network = graph_open(text, 13, image_shape, &message);
        if (!network) fail_msg("%s", message.text);
        assert_string_equal(network->nodes[0].operator_name, cases[i][1]);
        network_free(network);
        Run fused = run_graph(13, CHANNELS_LAST, image_shape, "%s", cases[i][0]);
        const bool mish = i == 3;
        Run alone = run_graph(20, CHANNELS_LAST, image_shape, mish ? "y=Mish(v)" : "y=Gelu(v)");
        check(&fused, alone.y, 1e-6);
        free(alone.x.data);
    }
}

/* --- refusals ----------------------------------------------------------------------------------------- */

static void refusals(void **state)
{
    static const struct {
        int opset;
        const char *text, *reason;
    } cases[] = {
        {13, "y=Add(v,{2,1,1}#1)", "do not broadcast"},
        {13, "y=Add(v,1)", "not both float"},
        {13, "i=Div(1,0); c=Cast(i) to=1; y=Add(v,c)", "no result in int64"},
        {13, "i=Mul(9223372036854775807,2); c=Cast(i) to=1; y=Add(v,c)", "no result in int64"},
        {13, "c=Cast(1e30) to=7; y=Reshape(v,c)", "does not fit into int64"},
        {13, "y=Cast(v) to=7", "'y' is not float"},
        {13, "y=Cast(v) to=8", "cast to STRING"},
        {13, "y=Cast(v) to=2", "cast to UINT8"},
        {13, "s=Softmax(v) axis=4; y=Relu(s)", "axis"},
        {13, "y=MaxPool(v)", "kernel_shape is missing"},
        {13, "y=MaxPool(v) kernel_shape=[2]", "2"},
        {13, "y=MaxPool(v) kernel_shape=[0,2]", "kernel_shape 0"},
        {13, "y=MaxPool(v) kernel_shape=[2,2] strides=[1,0]", "strides 0"},
        {13, "y=MaxPool(v) kernel_shape=[9,9]", "does not fit"},
        {13, "y=MaxPool(v) kernel_shape=[2,2] pads=[2,0,0,0]", "only padding"},
        {13, "y=MaxPool(v) kernel_shape=[2,2] pads=[-1,0,0,0]", "pads -1"},
        {13, "y=MaxPool(v) kernel_shape=[2,2] auto_pad='SAME'", "auto_pad 'SAME'"},
        {13, "y=AveragePool(v) kernel_shape=[9223372036854775807,2]", "kernel_shape"},
        {13, "f=Flatten(x); y=MaxPool(f) kernel_shape=[2,2]", "rank 2"},
        {13, "f=Flatten(x); y=GlobalAveragePool(f)", "rank 2"},
        {13, "y=ReduceMean(v) axes=[4]", "axis"},
        {13, "y=Concat(v,{16,3,5,3}#1) axis=1", "differ"},
        {13, "y=Concat(v,v)", "axis is missing"},
        {13, "y=Concat(v,-,v) axis=1", "input 1 is missing"},
        {13, "y=Max(v,-,v)", "input 1 is missing"},
        {13, "y,z=Split(v) axis=1", "equal parts"},
        {13, "y,z=Split(v,[1,1]) axis=1", "the parts have 2 elements"},
        {13, "y,z=Split(v,[4,-1]) axis=1", "output 0"},
        {13, "y,z=Split(v,[1,1,1]) axis=1", "3"},
        {13, "y=Slice(v,[1],[1],[1])", "empty"},
        {13, "y=Slice(v,[0],[1],[1],[0])", "a step is 0"},
        {13, "y=Slice(v,[0,0],[1,1],[1,-3])", "named twice"},
        {13, "y=Slice(v,[0],[1,2],[1])", "differ in length"},
        {13, "y=Gather(v,3) axis=1", "index 3"},
        {13, "y=Gather(v,-4) axis=1", "index -4"},
        {13, "y=Gather(v,1.0) axis=1", "not constant integers"},
        {13, "y=Transpose(v) perm=[0,1,1,2]", "not a permutation"},
        {13, "y=Transpose(v) perm=[0,1,2]", "perm has 3"},
        {13, "y=Pad(v,[0,0,1,1,0,0,1,1]) mode='mirror'", "mode 'mirror'"},
        {13, "y=Pad(v,[0,0,1,1,0,0,1,1]) mode='wrap'", "mode 'wrap'"},
        {13, "y=And(v,v)", "cannot be compared"},
        {13, "y=Where(v,v,v)", "is not bool"},
        {13, "y=MatMul(v,v)", "a 5 x 4 matrix times"},
        {13, "y=Expand(v,[1,2,1,1])", "axis 1 of 3 elements"},
        {13, "y=Tile(v,[1,2,1])", "3 repeats for rank 4"},
        {13, "y=Tile(v,[1,4611686018427387904,4,1])", "more than the 2048 MiB"},
        {13, "y=DepthToSpace(v) blocksize=2", "3 channels"},
        {13, "y=SpaceToDepth(v) blocksize=3", "blocks of 3"},
        {13, "y=GatherElements(v,[1])", "rank 4"},
        {13, "y=Resize(v,-,[1.0,1.0,0.01,1.0])", "scale 0.01"},
        {13, "y=Resize(v,-,[1.0,1.0,2.0])", "3 scales"},
        {13, "y=Resize(v)", "no scales and no sizes"},
        {13, "y=Resize(v,-,[1.0,1.0,2.0,2.0]) mode='area'", "mode 'area'"},
        {13, "i,z=TopK(v,[4]) axis=1; y=Relu(i)", "k is 4 for an axis of 3"},
        {13, "y=Einsum(v) equation='aabc->abc'", "equation"},
        {13, "y=Einsum(v,{2,3}#1) equation='abcd,xb->axce'", "equation"},
        {13, "y=ConvTranspose(v,{3,2,2,2}#1) pads=[2,2,2,2]", "pads 2 and 2"},
        {13, "y=ConvTranspose(v,{2,2,2,2}#1)", "3 channels"},
        {18, "y=GroupNormalization(v,[1.0],[1.0]) num_groups=2", "2 groups"},
        {17, "y=LayerNormalization(v,[1.0,2.0])", "2 elements instead of 4"},
        {13, "q=QuantizeLinear(v,[0.1,0.2]); y=DequantizeLinear(q,0.1)", "2 scales"},
        {13, "i=Pow(2,-1); c=Cast(i) to=1; y=Add(v,c)", "no result in int64"},
        {13, "i=Mod(2,0); c=Cast(i) to=1; y=Add(v,c)", "no result in int64"},
        {13, "r=Range(0,0,1); c=Cast(r) to=1; y=Add(v,c)", "0 numbers"},
        {13, "y=Pad(v,[0,0,1,1])", "4 values instead of 8"},
        {13, "y=Pad(v,[0,0,0,0,0,-3,0,0])", "pads 0 and -3"},
        {13, "y=Pad(v,[0,0,9223372036854775807,0,0,0,9223372036854775807,0])", "pads"},
        {13, "y=Pad(v,[0,0,1,1,0,0,1,1],1)", "not one constant"},
        {13, "y=Reshape(v,[0,-1,-1])", "axis 2"},
        {13, "y=Reshape(v,[0,61])", "elements"},
        {13, "y=Reshape(v,[0,7,-1])", "elements"},
        {13, "y=Reshape(v,[0,4294967296,4294967296,4294967296])", "overflows"},
        {14, "y=Reshape(v,[0,60]) allowzero=1", "empty"},
        {13, "y=Flatten(v) axis=5", "axis 5"},
        {13, "y=Squeeze(v,[1])", "not 1"},
        {13, "y=Unsqueeze(v,[1,1])", "named twice"},
        {13, "y=Unsqueeze(v,[1,2,3,4,5])", "rank 9"},
        {13, "c=ConstantOfShape([0]); y=Add(v,c)", "axis 0"},
        {13, "t=Cast(1) to=9; y=Dropout(v,0.5,t)", "training mode"},
        {13, "m,z=MaxPool(v) kernel_shape=[2,2]; y=Add(m,z)", "'z' is not computed"},
        {13, "y=HardSwish(v)", "HardSwish"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        Message message = {0};
        snprintf(text, sizeof text, "v=Identity(x); %s", cases[i].text);
        Network *network = graph_open(text, cases[i].opset, image_shape, &message);
        if (network) fail_msg("%s was taken", text);
        if (!strstr(message.text, cases[i].reason)) fail_msg("%s: %s", text, message.text);
    }
}

/* A node that would mix the images of a batch makes the file run image by image. */
static void batches_are_not_mixed(void **state)
{
    static const char *const texts[] = {
        "y=Reshape(v,[1,-1])",
        "y=Flatten(v) axis=0",
        "s=Softmax(v) axis=0; y=Relu(s)",
        "f=Flatten(v); s=Softmax(f) axis=0; y=Relu(s)",
        "y=ReduceMean(v) axes=[0]",
        "y=Slice(v,[-1],[-1000],[0],[-1])",
        "y=Slice(v,[0],[1],[0],[1])",
        "y=Gather(v,[0]) axis=0",
        "y=Split(v) axis=0",
        "t=Transpose(v) perm=[1,0,2,3]; y=Transpose(t) perm=[1,0,2,3]",
        "r=Reshape(v,[-1,1]); t=Transpose(r) perm=[1,0]; y=Reshape(t,[1,-1])",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Run run = run_graph(11, CHANNELS_LAST, image_shape, "%s", texts[i]);
        assert_int_equal(run.x.shape[0], 1);
        free(run.x.data);
        free(run.y.data);
    }
}

/* A file with any numbers is refused or runs. */
static void absurd_numbers(void **state)
{
    static const char *const texts[] = {
        "y=MaxPool(v) kernel_shape=[?,?] strides=[?,?] dilations=[?,?] pads=[?,?,?,?] ceil_mode=?",
        "y=AveragePool(v) kernel_shape=[2,?] strides=[1,?] pads=[?,0,?,0] ceil_mode=1 count_include_pad=1",
        "y=MaxPool(v) kernel_shape=[?,2] strides=[?,2] dilations=[2,?] auto_pad='SAME_LOWER'",
        "y=ReduceMean(v) axes=[?,?] keepdims=?",
        "y=Concat(v,v) axis=?",
        "y,z=Split(v,[?,?]) axis=?",
        "y=Slice(v,[?,?],[?,?],[?,?],[?,?])",
        "y=Slice(v,[?],[?],[1],[?])",
        "y=Gather(v,[?,?]) axis=?",
        "y=Transpose(v) perm=[0,?,?,?]",
        "y=Pad(v,[?,?,?,?,?,?,?,?],0.5)",
        "y=Pad(v,[0,?,0,?,0,?,?,0],0.5)",
        "y=Reshape(v,[?,?,?])",
        "y=Flatten(v) axis=?",
        "u=Unsqueeze(v,[?,?]); y=Squeeze(u,[?])",
        "c=ConstantOfShape([?,?]); y=Add(v,c)",
        "i=Div(?,?); j=Mul(i,?); c=Cast(j) to=?; y=Add(v,c)",
        "s=Shape(v) start=? end=?; y=Reshape(v,s)",
        "s=Softmax(v) axis=?; y=Relu(s)",
    };
    static const char *const numbers[] = {"0",
                                          "1",
                                          "2",
                                          "3",
                                          "-1",
                                          "-2",
                                          "-3",
                                          "4294967296",
                                          "1099511627776",
                                          "-1099511627776",
                                          "9223372036854775807",
                                          "-9223372036854775808"};
    size_t opened = 0;
    (void)state;
    for (unsigned seed = 0; seed < 600; seed++) {
        Dice dice = {seed, 0};
        char text[512];
        size_t used = (size_t)snprintf(text, sizeof text, "v=Identity(x); ");
        const long most = roll(&dice, 0, 1) ? 11 : 6;
        for (const char *at = texts[seed % (sizeof texts / sizeof *texts)]; *at; at++)
            used += *at == '?' ? (size_t)snprintf(text + used, sizeof text - used, "%s",
                                                  numbers[roll(&dice, 0, most)])
                               : (size_t)snprintf(text + used, sizeof text - used, "%c", *at);
        Message message = {0};
        Network *network = graph_open(text, 17, image_shape, &message);
        if (!network) {
            assert_true(message.text[0]);
            continue;
        }
        opened++;
        const size_t full[] = {network->batch, 3, 5, 4};
        Run run = {.x = tensor_random(4, full, 1), .y = output_tensor(network)};
        run_once(&run, network);
        network_free(network);
        free(run.x.data);
        free(run.y.data);
    }
    assert_true(opened > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_close),
        cmocka_unit_test(activations),
        cmocka_unit_test(arithmetic_with_constants),
        cmocka_unit_test(arithmetic_of_activations),
        cmocka_unit_test(integers),
        cmocka_unit_test(softmaxes),
        cmocka_unit_test(pools),
        cmocka_unit_test(automatic_padding),
        cmocka_unit_test(means),
        cmocka_unit_test(concats),
        cmocka_unit_test(slices),
        cmocka_unit_test(splits),
        cmocka_unit_test(gathers),
        cmocka_unit_test(nan_is_sorted_last),
        cmocka_unit_test(transposes),
        cmocka_unit_test(pads),
        cmocka_unit_test(pads_of_nothing),
        cmocka_unit_test(layouts_are_kept),
        cmocka_unit_test(shapes),
        cmocka_unit_test(exported_padding_folds),
        cmocka_unit_test(layouts_agree),
        cmocka_unit_test(signs_hold),
        cmocka_unit_test(every_operator_has_a_sign),
        cmocka_unit_test(activations_are_recognized),
        cmocka_unit_test(refusals),
        cmocka_unit_test(batches_are_not_mixed),
        cmocka_unit_test(absurd_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
