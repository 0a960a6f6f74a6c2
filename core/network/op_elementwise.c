/* Element by element: activations, arithmetic with broadcasting, Softmax and Cast. */
#include "network/elementwise.h"

#include "base/sizes.h"
#include "network/walk.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- activations ------------------------------------------------------------------------------------ */

typedef struct HardSigmoidParameters {
    float alpha, beta;
} HardSigmoidParameters;

static inline float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* Comparisons are written so that a NaN stays one. */
static inline float limit(float x, float low, float high)
{
    const float raised = x < low ? low : x;
    return raised > high ? high : raised;
}

#define ACTIVATION(NAME, PREPARE, EXPRESSION)                                                                \
    static Status run_##NAME(const KernelRun *run, void *output, const void *const *inputs,                  \
                             Message *message)                                                               \
    {                                                                                                        \
        (void)message;                                                                                       \
        PREPARE;                                                                                             \
        const size_t count = run->values[run->node->output].elements;                                        \
        const float *restrict in = inputs[0];                                                                \
        float *restrict out = output;                                                                        \
        for (size_t i = 0; i < count; i++) {                                                                 \
            const float x = in[i];                                                                           \
            out[i] = EXPRESSION;                                                                             \
        }                                                                                                    \
        return STATUS_OK;                                                                                    \
    }

ACTIVATION(relu, (void)0, x < 0 ? 0 : x)
ACTIVATION(clip, const ClipParameters p = *(const ClipParameters *)run->node->parameters,
           limit(x, p.low, p.high))
ACTIVATION(sigmoid, (void)0, sigmoid(x))
ACTIVATION(silu, (void)0, x *sigmoid(x))
ACTIVATION(hard_sigmoid,
           const HardSigmoidParameters p = *(const HardSigmoidParameters *)run->node->parameters,
           limit(p.alpha *x + p.beta, 0, 1))
ACTIVATION(hard_swish, (void)0, x *limit(x *(1.0f / 6) + 0.5f, 0, 1))

/* s(1 - s) is largest at s = 1/2. */
static void edge_sigmoid(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_slope(0.25);
}

/* s + x s (1 - s) is largest at x = 2.3994: 1.0998393..., rounded up. */
static void edge_silu(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_slope(1.09984);
}

static void edge_hard_sigmoid(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    *edge = edge_slope(fabs((double)((const HardSigmoidParameters *)node->parameters)->alpha));
}

/* x/3 + 1/2 at x = 3 */
static void edge_hard_swish(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_slope(1.5);
}

const Kernel kernel_relu = {"relu", run_relu, edge_slope_one};
const Kernel kernel_clip = {"clip", run_clip, edge_slope_one};
static const Kernel kernel_sigmoid = {"sigmoid", run_sigmoid, edge_sigmoid};
static const Kernel kernel_silu = {"silu", run_silu, edge_silu};
static const Kernel kernel_hard_sigmoid = {"hard sigmoid", run_hard_sigmoid, edge_hard_sigmoid};
static const Kernel kernel_hard_swish = {"hard swish", run_hard_swish, edge_hard_swish};

static Status emit_activation(Call *call, const Kernel *kernel, const void *parameters,
                              const char *operator_name, size_t input)
{
    const BuildValue x = *builder_value(call->builder, input);
    if (x.type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is not float", x.name);
    return call_emit(call, &(Emit){.kernel = kernel,
                                   .parameters = parameters,
                                   .operator_name = operator_name,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = ELEMENT_FLOAT,
                                   .rank = x.rank,
                                   .shape = x.shape,
                                   .channels_last = x.channels_last,
                                   .layer = NETWORK_NONE});
}

static Status build_relu(Call *call)
{
    return emit_activation(call, &kernel_relu, NULL, NULL, call->inputs[0]);
}

static Status build_sigmoid(Call *call)
{
    return emit_activation(call, &kernel_sigmoid, NULL, NULL, call->inputs[0]);
}

static Status build_hard_swish(Call *call)
{
    return emit_activation(call, &kernel_hard_swish, NULL, NULL, call->inputs[0]);
}

static Status build_hard_sigmoid(Call *call)
{
    HardSigmoidParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    parameters->alpha = attribute_float(call, "alpha", 0.2f);
    parameters->beta = attribute_float(call, "beta", 0.5f);
    return emit_activation(call, &kernel_hard_sigmoid, parameters, NULL, call->inputs[0]);
}

static Status emit_clip(Call *call, float low, float high)
{
    if (isnan(low) || isnan(high)) return call_fail(call, STATUS_INVALID, "a bound is not a number");
    ClipParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = (ClipParameters){low, high};
    return emit_activation(call, &kernel_clip, parameters, NULL, call->inputs[0]);
}

static Status build_clip_by_attributes(Call *call)
{
    const float low = attribute_float(call, "min", -INFINITY);
    return emit_clip(call, low, attribute_float(call, "max", INFINITY));
}

static Status build_clip(Call *call)
{
    float bounds[2] = {-INFINITY, INFINITY};
    for (size_t i = 0; i < 2; i++) {
        if (!call_has(call, i + 1)) continue;
        Status status = call_constant_float(call, i + 1, &bounds[i]);
        if (status) return status;
    }
    return emit_clip(call, bounds[0], bounds[1]);
}

/* --- arithmetic ------------------------------------------------------------------------------------- */

/* out[i] = a[i * step_a] OP b[i * step_b] */
typedef void FloatRow(float *restrict out, const float *restrict a, ptrdiff_t step_a, const float *restrict b,
                      ptrdiff_t step_b, size_t count);
/* False where the result is no int64 number. */
typedef bool IntegerFunction(int64_t *result, int64_t a, int64_t b);

typedef struct Arithmetic {
    const char *name;
    FloatRow *row;
    IntegerFunction *integer;
} Arithmetic;

typedef struct ArithmeticParameters {
    const Arithmetic *arithmetic;
    Walk walk; /* of the output; operands a and b */
} ArithmeticParameters;

#define FLOAT_ROW(NAME, OP)                                                                                  \
    static void NAME##_row(float *restrict out, const float *restrict a, ptrdiff_t step_a,                   \
                           const float *restrict b, ptrdiff_t step_b, size_t count)                          \
    {                                                                                                        \
        if (step_a == 1 && step_b == 1) {                                                                    \
            for (size_t i = 0; i < count; i++) out[i] = a[i] OP b[i];                                        \
        } else if (step_a == 1 && step_b == 0) {                                                             \
            const float right = *b;                                                                          \
            for (size_t i = 0; i < count; i++) out[i] = a[i] OP right;                                       \
        } else if (step_a == 0 && step_b == 1) {                                                             \
            const float left = *a;                                                                           \
            for (size_t i = 0; i < count; i++) out[i] = left OP b[i];                                        \
        } else {                                                                                             \
            for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++) out[i] = a[i * step_a] OP b[i * step_b];        \
        }                                                                                                    \
    }

FLOAT_ROW(add, +)
FLOAT_ROW(subtract, -)
FLOAT_ROW(multiply, *)
FLOAT_ROW(divide, /)

static bool add_integers(int64_t *result, int64_t a, int64_t b)
{
    return !__builtin_add_overflow(a, b, result);
}

static bool subtract_integers(int64_t *result, int64_t a, int64_t b)
{
    return !__builtin_sub_overflow(a, b, result);
}

static bool multiply_integers(int64_t *result, int64_t a, int64_t b)
{
    return !__builtin_mul_overflow(a, b, result);
}

static bool divide_integers(int64_t *result, int64_t a, int64_t b)
{
    if (b == 0 || (a == INT64_MIN && b == -1)) return false;
    *result = a / b;
    return true;
}

static const Arithmetic arithmetics[] = {
    {"Add", add_row, add_integers},
    {"Sub", subtract_row, subtract_integers},
    {"Mul", multiply_row, multiply_integers},
    {"Div", divide_row, divide_integers},
};

static Status run_floats(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const ArithmeticParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const float *a = inputs[0], *b = inputs[1];
    float *out = output;
    WalkPosition at = {0};
    do {
        parameters->arithmetic->row(out, a + at.offset[0], walk_step(walk, 0), b + at.offset[1],
                                    walk_step(walk, 1), walk_row(walk));
        out += walk_row(walk);
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

static Status run_integers(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    const ArithmeticParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    int64_t *out = output;
    WalkPosition at = {0};
    do {
        const int64_t *a = (const int64_t *)inputs[0] + at.offset[0];
        const int64_t *b = (const int64_t *)inputs[1] + at.offset[1];
        for (size_t i = 0; i < walk_row(walk); i++, a += walk_step(walk, 0), b += walk_step(walk, 1))
            if (!parameters->arithmetic->integer(out++, *a, *b))
                return status_fail(message, STATUS_INVALID, "%s of %lld and %lld has no int64 result",
                                   parameters->arithmetic->name, (long long)*a, (long long)*b);
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

/* The largest of the sums, over the elements of operand `input`, of squares of weight(other element): what a
 * change of one element is stretched by, squared, where it is repeated. other: NULL for ones. */
static void broadcast_sums(double *sums, const Walk *walk, size_t input, const float *other, bool inverse)
{
    WalkPosition at = {0};
    const ptrdiff_t step = walk_step(walk, input), other_step = walk_step(walk, 1 - input);
    do {
        double *sum = sums + at.offset[input];
        const float *factor = other ? other + at.offset[1 - input] : NULL;
        for (ptrdiff_t i = 0; i < (ptrdiff_t)walk_row(walk); i++) {
            const double value = factor ? (double)factor[i * other_step] : 1;
            sum[i * step] += inverse ? 1 / (value * value) : value * value;
        }
    } while (walk_next(&at, walk));
}

void product_sums(double *sums, const Node *node, size_t input, const float *other)
{
    const ArithmeticParameters *parameters = node->parameters;
    broadcast_sums(sums, &parameters->walk, input, other, false);
}

/* Sums and differences repeat the operand; constant factors and divisors scale it too. */
static void edge_fixed(NetworkEdge *edge, const Network *network, const Node *node, size_t input, bool sum,
                       bool inverse)
{
    const ArithmeticParameters *parameters = node->parameters;
    const size_t count = network->values[node->inputs[input]].elements;
    const float *other = sum ? NULL : network->values[node->inputs[1 - input]].constant;
    double largest = 0, *sums = calloc(count + 1, sizeof *sums);
    if (!sums) {
        edge->reason = "memory ran out while its constant was counted";
        return;
    }
    broadcast_sums(sums, &parameters->walk, input, other, inverse);
    for (size_t i = 0; i < count; i++) largest = sums[i] > largest || isnan(sums[i]) ? sums[i] : largest;
    free(sums);
    if (isfinite(largest))
        *edge = edge_slope(sqrt(largest));
    else
        edge->reason = "a constant of it is not finite, or divides by zero";
}

static void edge_floats(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    const Arithmetic *arithmetic = ((const ArithmeticParameters *)node->parameters)->arithmetic;
    const bool fixed = network->values[node->inputs[1 - input]].constant != NULL;
    const bool sum = arithmetic->row == add_row || arithmetic->row == subtract_row;
    const bool division = arithmetic->row == divide_row;
    if (division && !(fixed && input == 0))
        edge->reason = "it divides by an activation";
    else if (sum || fixed)
        edge_fixed(edge, network, node, input, sum, division);
    else
        *edge = (NetworkEdge){.kind = EDGE_PRODUCT};
}

static const Kernel kernel_floats = {"arithmetic", run_floats, edge_floats};
static const Kernel kernel_integers = {"integer arithmetic", run_integers, NULL};

/* The output's shape: the operands', filled up on the left with ones; an axis of 1 is repeated. */
static Status broadcast_shape(Call *call, size_t *rank, size_t *shape, const BuildValue *operands)
{
    *rank = size_max(operands[0].rank, operands[1].rank);
    for (size_t i = 0; i < *rank; i++) {
        size_t sizes[2];
        for (size_t k = 0; k < 2; k++) {
            const size_t missing = *rank - operands[k].rank;
            sizes[k] = i < missing ? 1 : operands[k].shape[i - missing];
        }
        if (sizes[0] != sizes[1] && sizes[0] != 1 && sizes[1] != 1)
            return call_fail(call, STATUS_INVALID, "'%s' and '%s' do not broadcast: %zu and %zu on axis %zu",
                             operands[0].name, operands[1].name, sizes[0], sizes[1], i);
        shape[i] = sizes[0] == 1 ? sizes[1] : sizes[0];
    }
    return STATUS_OK;
}

/* The layout of the larger activation of full rank, so that most is read in order. */
static bool broadcast_layout(const BuildValue *operands, size_t rank)
{
    const BuildValue *first = NULL;
    for (size_t k = 0; k < 2; k++) {
        if (operands[k].constant || operands[k].rank != rank) continue;
        if (!first || operands[k].elements > first->elements) first = &operands[k];
    }
    return first && first->channels_last;
}

/* Operand k of a walk over an output of stored shape walk->shape. */
static void broadcast_strides(Walk *walk, size_t k, const BuildValue *operand, bool channels_last)
{
    size_t strides[NETWORK_MAX_RANK];
    logical_strides(strides, operand->shape, operand->rank, operand->channels_last);
    const size_t missing = walk->rank - operand->rank;
    for (size_t i = 0; i < walk->rank; i++) {
        const size_t axis = stored_to_logical(channels_last, walk->rank, i);
        const bool repeated = axis < missing || operand->shape[axis - missing] == 1;
        walk->stride[k][i] = repeated ? 0 : (ptrdiff_t)strides[axis - missing];
    }
}

static Status emit_arithmetic(Call *call, const Arithmetic *arithmetic)
{
    const BuildValue operands[2] = {*call_value(call, 0), *call_value(call, 1)};
    const ElementType type = operands[0].type;
    if (type != operands[1].type || type == ELEMENT_BOOL)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' and '%s' are not both float or both int64",
                         operands[0].name, operands[1].name);
    size_t rank, shape[NETWORK_MAX_RANK];
    Status status = broadcast_shape(call, &rank, shape, operands);
    if (status) return status;
    ArithmeticParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    const bool channels_last = broadcast_layout(operands, rank);
    parameters->arithmetic = arithmetic;
    parameters->walk.rank = rank;
    stored_shape(parameters->walk.shape, shape, rank, channels_last);
    for (size_t k = 0; k < 2; k++) broadcast_strides(&parameters->walk, k, &operands[k], channels_last);
    walk_simplify(&parameters->walk);
    return call_emit(call, &(Emit){.kernel = type == ELEMENT_FLOAT ? &kernel_floats : &kernel_integers,
                                   .parameters = parameters,
                                   .input_count = 2,
                                   .inputs = call->inputs,
                                   .type = type,
                                   .rank = rank,
                                   .shape = shape,
                                   .channels_last = channels_last,
                                   .layer = NETWORK_NONE});
}

static Status build_arithmetic(Call *call)
{
    for (size_t i = 0; i < sizeof arithmetics / sizeof *arithmetics; i++)
        if (strcmp(call->operator_name, arithmetics[i].name) == 0)
            return emit_arithmetic(call, &arithmetics[i]);
    return call_fail(call, STATUS_UNSUPPORTED, "no such arithmetic");
}

/* True where `gate` is Sigmoid(x) or HardSigmoid(x) with the constants of HardSwish; *kernel is then that of
 * x * gate. */
static bool is_gate(const Call *call, size_t x, size_t gate, const Kernel **kernel)
{
    const size_t producer = builder_value(call->builder, gate)->producer;
    if (producer == NETWORK_NONE) return false;
    const Node *node = builder_node(call->builder, producer);
    if (node->inputs[0] != x) return false;
    *kernel = node->kernel == &kernel_sigmoid ? &kernel_silu : &kernel_hard_swish;
    if (node->kernel == &kernel_sigmoid) return true;
    if (node->kernel != &kernel_hard_sigmoid) return false;
    const HardSigmoidParameters *parameters = node->parameters;
    return fabsf(parameters->alpha - 1.0f / 6) < 1e-6f && fabsf(parameters->beta - 0.5f) < 1e-6f;
}

static Status build_multiply(Call *call)
{
    for (size_t i = 0; i < 2; i++) {
        const Kernel *kernel;
        const size_t x = call->inputs[i];
        if (!is_gate(call, x, call->inputs[1 - i], &kernel)) continue;
        return emit_activation(call, kernel, NULL, kernel == &kernel_silu ? "SiLU" : "HardSwish", x);
    }
    return build_arithmetic(call);
}

/* --- softmax ---------------------------------------------------------------------------------------- */

typedef struct SoftmaxParameters {
    size_t outer, count, inner; /* stored as [outer][count][inner], over count */
} SoftmaxParameters;

/* y_i = exp(x_i - max x) / sum_j exp(x_j - max x) */
static void softmax(float *out, const float *in, size_t count, size_t step)
{
    float highest = in[0];
    for (size_t i = 1; i < count; i++) highest = fmaxf(highest, in[i * step]);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        out[i * step] = expf(in[i * step] - highest);
        sum += out[i * step];
    }
    const float scale = (float)(1 / sum);
    for (size_t i = 0; i < count; i++) out[i * step] *= scale;
}

static Status run_softmax(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const SoftmaxParameters *p = run->node->parameters;
    for (size_t i = 0; i < p->outer; i++)
        for (size_t j = 0; j < p->inner; j++) {
            const size_t start = i * p->count * p->inner + j;
            softmax((float *)output + start, (const float *)inputs[0] + start, p->count, p->inner);
        }
    return STATUS_OK;
}

/* The Jacobian diag(y) - y y^T is symmetric, its row sums of absolute values are 2 y_i (1 - y_i). */
static void edge_softmax(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_slope(0.5);
}

static const Kernel kernel_softmax = {"softmax", run_softmax, edge_softmax};

/* Over stored axes first..last-1 of `input`. */
static Status emit_softmax(Call *call, size_t input, size_t first, size_t last)
{
    const BuildValue x = *builder_value(call->builder, input);
    if (x.type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is not float", x.name);
    Status status = first == 0 ? call_keeps_images(call, &x, "softmax over axis 0") : STATUS_OK;
    if (status) return status;
    SoftmaxParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    size_t shape[NETWORK_MAX_RANK];
    stored_shape(shape, x.shape, x.rank, x.channels_last);
    *parameters = (SoftmaxParameters){1, 1, 1};
    for (size_t i = 0; i < first; i++) parameters->outer *= shape[i];
    for (size_t i = first; i < last; i++) parameters->count *= shape[i];
    for (size_t i = last; i < x.rank; i++) parameters->inner *= shape[i];
    return emit_activation(call, &kernel_softmax, parameters, NULL, input);
}

static Status build_softmax(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    size_t axis;
    Status status = call_axis(call, attribute_int(call, "axis", -1), x.rank, &axis);
    if (status) return status;
    axis = builder_axis(&x, axis);
    return emit_softmax(call, call->inputs[0], axis, axis + 1);
}

/* Before opset 13 all axes from `axis` on were one. */
static Status build_softmax_flattened(Call *call)
{
    size_t axis, plain;
    Status status = call_axis(call, attribute_int(call, "axis", 1), call_value(call, 0)->rank, &axis);
    if (!status) status = builder_plain(call, call->inputs[0], &plain);
    if (status) return status;
    return emit_softmax(call, plain, axis, builder_value(call->builder, plain)->rank);
}

/* --- cast ------------------------------------------------------------------------------------------- */

static double load_number(const void *elements, ElementType type, size_t i)
{
    if (type == ELEMENT_FLOAT) return ((const float *)elements)[i];
    return ((const uint8_t *)elements)[i] != 0;
}

static Status run_cast(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    const Value *in = &run->values[run->node->inputs[0]], *out = &run->values[run->node->output];
    for (size_t i = 0; i < out->elements; i++) {
        if (in->type == ELEMENT_INT64) {
            const int64_t number = ((const int64_t *)inputs[0])[i];
            if (out->type == ELEMENT_FLOAT) ((float *)output)[i] = (float)number;
            if (out->type == ELEMENT_BOOL) ((uint8_t *)output)[i] = number != 0;
            continue;
        }
        const double number = load_number(inputs[0], in->type, i);
        if (out->type == ELEMENT_FLOAT) ((float *)output)[i] = (float)number;
        if (out->type == ELEMENT_BOOL) ((uint8_t *)output)[i] = number != 0;
        if (out->type != ELEMENT_INT64) continue;
        if (!(number >= -0x1p63 && number < 0x1p63))
            return status_fail(message, STATUS_INVALID, "%g does not fit into int64", number);
        ((int64_t *)output)[i] = (int64_t)number;
    }
    return STATUS_OK;
}

static const Kernel kernel_cast = {"cast", run_cast, NULL};

/* The schema's numbers of the types that values may have. */
static bool cast_type(ElementType *type, int64_t number)
{
    if (number != 1 && number != 7 && number != 9) return false;
    *type = number == 1 ? ELEMENT_FLOAT : number == 7 ? ELEMENT_INT64 : ELEMENT_BOOL;
    return true;
}

static Status build_cast(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    const int64_t to = attribute_int(call, "to", 0);
    ElementType type;
    if (!cast_type(&type, to))
        return call_fail(call, STATUS_UNSUPPORTED,
                         "cast to type %lld: only float (1), int64 (7) and bool (9) can be cast to",
                         (long long)to);
    if (type == x.type) return call_bind(call, 0, call->inputs[0]);
    if (!x.constant)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' is computed: only constants can change type",
                         x.name);
    return call_emit(call, &(Emit){.kernel = &kernel_cast,
                                   .input_count = 1,
                                   .inputs = call->inputs,
                                   .type = type,
                                   .rank = x.rank,
                                   .shape = x.shape,
                                   .channels_last = x.channels_last,
                                   .layer = NETWORK_NONE});
}

const Operator operators_elementwise[] = {
    {"Relu", 7, 21, 1, 1, build_relu},
    {"Clip", 7, 10, 1, 1, build_clip_by_attributes},
    {"Clip", 11, 21, 1, 3, build_clip},
    {"Sigmoid", 7, 21, 1, 1, build_sigmoid},
    {"HardSigmoid", 7, 21, 1, 1, build_hard_sigmoid},
    {"HardSwish", 14, 21, 1, 1, build_hard_swish},
    {"Add", 7, 21, 2, 2, build_arithmetic},
    {"Sub", 7, 21, 2, 2, build_arithmetic},
    {"Mul", 7, 21, 2, 2, build_multiply},
    {"Div", 7, 21, 2, 2, build_arithmetic},
    {"Softmax", 7, 12, 1, 1, build_softmax_flattened},
    {"Softmax", 13, 21, 1, 1, build_softmax},
    {"Cast", 7, 21, 1, 1, build_cast},
    {0},
};
