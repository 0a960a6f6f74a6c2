/* SPDX-License-Identifier: MIT */
#include "network/operators/reduce/reduce.h"

#include "base/sizes.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <math.h>
#include <string.h>

/* --- kernels ---------------------------------------------------------------------------------------- */

/* join() adds an element to the accumulator, end_of() turns the accumulator into the result. */
typedef enum Reduction {
    REDUCE_SUM,
    REDUCE_MEAN,
    REDUCE_PROD,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_L1,
    REDUCE_L2,
    REDUCE_SQUARES,
    REDUCE_LOG,    /* of the sum */
    REDUCE_LOG_EXP /* log of the sum of exp */
} Reduction;

typedef struct ReduceParameters {
    Walk walk; /* of the input; operand 0 is the output, whose strides are 0 along reduced axes */
    size_t count;
    Reduction reduction;
} ReduceParameters;

/* Sums are kept in double: a mean over a large image loses digits in float. */
static inline double join(Reduction reduction, double have, double x)
{
    switch (reduction) {
    case REDUCE_PROD:
        return have * x;
    case REDUCE_MAX:
        return x > have || isnan(x) ? x : have;
    case REDUCE_MIN:
        return x < have || isnan(x) ? x : have;
    case REDUCE_L1:
        return have + fabs(x);
    case REDUCE_L2:
    case REDUCE_SQUARES:
        return have + x * x;
    case REDUCE_LOG_EXP:
        return have + exp(x);
    default:
        return have + x;
    }
}

static double start_of(Reduction reduction)
{
    switch (reduction) {
    case REDUCE_PROD:
        return 1;
    case REDUCE_MAX:
        return -INFINITY;
    case REDUCE_MIN:
        return INFINITY;
    default:
        return 0;
    }
}

static double end_of(Reduction reduction, double whole, size_t count)
{
    switch (reduction) {
    case REDUCE_MEAN:
        return whole / (double)count;
    case REDUCE_L2:
        return sqrt(whole);
    case REDUCE_LOG:
    case REDUCE_LOG_EXP:
        return log(whole);
    default:
        return whole;
    }
}

static inline void join_row(Reduction reduction, double *to, ptrdiff_t step, const float *in, size_t count)
{
    if (step == 1)
        for (size_t i = 0; i < count; i++) to[i] = join(reduction, to[i], (double)in[i]);
    else
        for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++)
            to[i * step] = join(reduction, to[i * step], (double)in[i]);
}

static Status run_reduce(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const ReduceParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const Reduction reduction = parameters->reduction;
    const size_t outputs = run->values[run->node->output].elements, row = walk_row(walk);
    const float *in = inputs[0];
    double *whole = run->scratch;
    for (size_t i = 0; i < outputs; i++) whole[i] = start_of(reduction);
    WalkPosition at = {0};
    do {
        if (reduction == REDUCE_MEAN || reduction == REDUCE_SUM)
            join_row(REDUCE_SUM, whole + at.offset[0], walk_step(walk, 0), in, row);
        else
            join_row(reduction, whole + at.offset[0], walk_step(walk, 0), in, row);
        in += row;
    } while (walk_next(&at, walk));
    for (size_t i = 0; i < outputs; i++)
        ((float *)output)[i] = (float)end_of(reduction, whole[i], parameters->count);
    return STATUS_OK;
}

static bool join_integers(Reduction reduction, int64_t *have, int64_t x)
{
    switch (reduction) {
    case REDUCE_PROD:
        return !__builtin_mul_overflow(*have, x, have);
    case REDUCE_MAX:
        *have = x > *have ? x : *have;
        return true;
    case REDUCE_MIN:
        *have = x < *have ? x : *have;
        return true;
    default:
        return !__builtin_add_overflow(*have, x, have);
    }
}

static int64_t integer_start(Reduction reduction)
{
    return reduction == REDUCE_PROD  ? 1
           : reduction == REDUCE_MAX ? INT64_MIN
           : reduction == REDUCE_MIN ? INT64_MAX
                                     : 0;
}

static Status run_reduce_integers(const KernelRun *run, void *output, const void *const *inputs,
                                  Message *message)
{
    const ReduceParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const int64_t *in = inputs[0];
    int64_t *out = output;
    for (size_t i = 0; i < run->values[run->node->output].elements; i++)
        out[i] = integer_start(parameters->reduction);
    WalkPosition at = {0};
    do {
        for (ptrdiff_t i = 0; i < (ptrdiff_t)walk_row(walk); i++)
            if (!join_integers(parameters->reduction, &out[at.offset[0] + i * walk_step(walk, 0)], *in++))
                return status_fail(message, STATUS_INVALID, "the result does not fit into int64");
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

/* Reductions over disjoint groups of `count` elements. Slopes: of a maximum and a minimum 1; of the l2 norm
 * 1; of log sum exp 1, as its gradient is a softmax; of sum |x| sqrt(count).
 */
static void edge_reduce(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const ReduceParameters *parameters = node->parameters;
    const double count = (double)parameters->count;
    switch (parameters->reduction) {
    case REDUCE_SUM:
        *edge = edge_linear(count, 1);
        break;
    case REDUCE_MEAN:
        *edge = edge_linear(1, 1 / count);
        break;
    case REDUCE_MAX:
    case REDUCE_MIN:
    case REDUCE_L2:
    case REDUCE_LOG_EXP:
        *edge = edge_slope(1);
        break;
    case REDUCE_L1:
        *edge = edge_slope(sqrt(count));
        break;
    default:
        edge->reason = "its slope is unbounded";
    }
}

static Sign sign_reduce(const Node *node)
{
    switch (((const ReduceParameters *)node->parameters)->reduction) {
    case REDUCE_L1:
    case REDUCE_L2:
    case REDUCE_SQUARES:
        return NONNEGATIVE;
    case REDUCE_LOG:
    case REDUCE_LOG_EXP:
        return ANY_SIGN;
    default:
        return NONNEGATIVE_IF_ALL;
    }
}

static const Kernel kernel_reduce = {
    .name = "reduce", .run = run_reduce, .edge = edge_reduce, .sign = sign_reduce};
static const Kernel kernel_reduce_integers = {
    .name = "integer reduce", .run = run_reduce_integers, .sign = sign_reduce};

/* --- shapes ----------------------------------------------------------------------------------------- */

/* Walks the input in stored order; the output has the same layout with axes of 1 where reduced. */
static void reduce_walk(ReduceParameters *parameters, const BuildValue *x, const bool *reduced)
{
    size_t kept[TENSOR_MAX_RANK], strides[TENSOR_MAX_RANK];
    Walk *walk = &parameters->walk;
    parameters->count = 1;
    walk->rank = x->rank;
    for (size_t i = 0; i < x->rank; i++) {
        kept[i] = reduced[i] ? 1 : x->shape[i];
        if (reduced[i]) parameters->count *= x->shape[i];
    }
    stored_shape(walk->shape, x->shape, x->rank, x->channels_last);
    logical_strides(strides, kept, x->rank, x->channels_last);
    for (size_t i = 0; i < x->rank; i++) {
        const size_t axis = stored_to_logical(x->channels_last, x->rank, i);
        walk->stride[0][i] = reduced[axis] ? 0 : (ptrdiff_t)strides[axis];
    }
    walk_simplify(walk);
}

/* The output's logical shape; returns its rank. */
static size_t reduced_shape(size_t *shape, const BuildValue *x, const bool *reduced, bool keep)
{
    size_t rank = 0;
    for (size_t i = 0; i < x->rank; i++) {
        if (reduced[i] && !keep) continue;
        shape[rank++] = reduced[i] ? 1 : x->shape[i];
    }
    return rank;
}

/* True if the value's elements are in ONNX's order once the reduced axes are dropped: the value is not
 * channels last, or only its channels, or none of them, are left. */
static bool stays_in_order(const BuildValue *x, const bool *reduced)
{
    bool spatial = false;
    for (size_t i = 2; i < x->rank; i++) spatial |= !reduced[i] && x->shape[i] > 1;
    return !x->channels_last || !spatial || reduced[1] || x->shape[1] == 1;
}

/* --- build ------------------------------------------------------------------------------------------ */

/* name: operator name of the node; NULL for the call's */
static Status emit_reduction(Call *call, Reduction reduction, size_t input, const bool *reduced, bool keep,
                             const char *name, size_t *value)
{
    BuildValue x = *builder_value(call->builder, input);
    Status status = x.rank > 0 && reduced[0] ? call_keeps_images(call, &x, "reducing axis 0") : STATUS_OK;
    if (!status && !keep && !stays_in_order(&x, reduced)) status = builder_plain(call, input, &input);
    if (status) return status;
    x = *builder_value(call->builder, input);
    ReduceParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    parameters->reduction = reduction;
    reduce_walk(parameters, &x, reduced);
    if (parameters->count == 0) return call_fail(call, STATUS_INVALID, "'%s' is empty", x.name);
    size_t shape[TENSOR_MAX_RANK];
    const size_t rank = reduced_shape(shape, &x, reduced, keep);
    return builder_emit(call,
                        &(Emit){.kernel = x.type == ELEMENT_FLOAT ? &kernel_reduce : &kernel_reduce_integers,
                                .parameters = parameters,
                                .operator_name = name,
                                .input_count = 1,
                                .inputs = &input,
                                .type = x.type,
                                .rank = rank,
                                .shape = shape,
                                .channels_last = keep && x.channels_last,
                                .scratch = x.elements / parameters->count * sizeof(double),
                                .layer = NO_INDEX},
                        value);
}

/* Emits the reduction of the call's input, and binds it to the call's output. */
static Status reduce_input(Call *call, Reduction reduction, const bool *reduced, bool keep)
{
    size_t value;
    Status status = emit_reduction(call, reduction, call->inputs[0], reduced, keep, NULL, &value);
    return status ? status : call_bind(call, 0, value);
}

Status emit_sum(Call *call, size_t input, const bool *reduced, size_t *value)
{
    return emit_reduction(call, REDUCE_SUM, input, reduced, false, "ReduceSum", value);
}

Status emit_over_pixels(Call *call, bool maximum)
{
    const BuildValue x = *call_value(call, 0);
    if (x.rank < 3)
        return call_fail(call, STATUS_INVALID, "input '%s' of rank %zu has no spatial axis", x.name, x.rank);
    bool reduced[TENSOR_MAX_RANK];
    for (size_t i = 0; i < x.rank; i++) reduced[i] = i >= 2;
    Status status = call_needs_float(call, call->inputs[0]);
    return status ? status : reduce_input(call, maximum ? REDUCE_MAX : REDUCE_MEAN, reduced, true);
}

static Reduction reduction_of(const char *operator_name)
{
    static const char *const names[] = {
        [REDUCE_SUM] = "ReduceSum",    [REDUCE_MEAN] = "ReduceMean",
        [REDUCE_PROD] = "ReduceProd",  [REDUCE_MAX] = "ReduceMax",
        [REDUCE_MIN] = "ReduceMin",    [REDUCE_L1] = "ReduceL1",
        [REDUCE_L2] = "ReduceL2",      [REDUCE_SQUARES] = "ReduceSumSquare",
        [REDUCE_LOG] = "ReduceLogSum", [REDUCE_LOG_EXP] = "ReduceLogSumExp",
    };
    Reduction reduction = REDUCE_SUM;
    while (strcmp(names[reduction], operator_name) != 0) reduction++;
    return reduction;
}

static Status check_type(Call *call, Reduction reduction)
{
    const BuildValue *x = call_value(call, 0);
    const bool integers = reduction == REDUCE_SUM || reduction == REDUCE_PROD || reduction == REDUCE_MAX ||
                          reduction == REDUCE_MIN;
    if (x->type == ELEMENT_FLOAT || (x->type == ELEMENT_INT64 && integers)) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is not float", x->name);
}

static Status reduce_over(Call *call, const int64_t *axes, size_t count)
{
    const Reduction reduction = reduction_of(call->operator_name);
    const size_t rank = call_value(call, 0)->rank;
    const bool keep = attribute_int(call, "keepdims", 1) != 0;
    if (count == 0 && attribute_int(call, "noop_with_empty_axes", 0))
        return call_bind(call, 0, call->inputs[0]);
    bool reduced[TENSOR_MAX_RANK];
    for (size_t i = 0; i < rank; i++) reduced[i] = count == 0;
    Status status = check_type(call, reduction);
    for (size_t i = 0; !status && i < count; i++) {
        size_t axis;
        status = call_axis(call, axes[i], rank, &axis);
        if (!status) reduced[axis] = true;
    }
    return status ? status : reduce_input(call, reduction, reduced, keep);
}

static Status build_reduce_by_attribute(Call *call)
{
    const int64_t *axes;
    const size_t count = attribute_ints(call, "axes", &axes);
    return reduce_over(call, axes, count);
}

static Status build_reduce(Call *call)
{
    int64_t axes[TENSOR_MAX_RANK];
    size_t count = 0;
    if (call_has(call, 1)) {
        Status status = call_constant_ints(call, 1, axes, &count, TENSOR_MAX_RANK);
        if (status) return status;
    }
    return reduce_over(call, axes, count);
}

#define REDUCE(NAME, LAST)                                                                                   \
    {NAME, 7, LAST, 1, 1, build_reduce_by_attribute},                                                        \
    {                                                                                                        \
        NAME, LAST + 1, 21, 1, 2, build_reduce                                                               \
    }

const Operator operators_reduce[] = {
    REDUCE("ReduceMean", 17),
    REDUCE("ReduceSum", 12),
    REDUCE("ReduceProd", 17),
    REDUCE("ReduceMax", 17),
    REDUCE("ReduceMin", 17),
    REDUCE("ReduceL1", 17),
    REDUCE("ReduceL2", 17),
    REDUCE("ReduceSumSquare", 17),
    REDUCE("ReduceLogSum", 17),
    REDUCE("ReduceLogSumExp", 17),
    {0},
};
