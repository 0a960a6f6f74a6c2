/* Means over axes. */
#include "network/reduce.h"

#include "network/walk.h"

#include <string.h>

typedef struct MeanParameters {
    Walk walk; /* of the input; operand 0 is the output, whose strides are 0 along reduced axes */
    size_t count;
} MeanParameters;

/* Sums are kept in double: a mean over a large image loses digits in float. */
static Status run_mean(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const MeanParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const size_t outputs = run->values[run->node->output].elements, row = walk_row(walk);
    const float *in = inputs[0];
    double *sums = run->scratch;
    memset(sums, 0, outputs * sizeof *sums);
    WalkPosition at = {0};
    do {
        double *sum = sums + at.offset[0];
        if (walk_step(walk, 0) == 1)
            for (size_t i = 0; i < row; i++) sum[i] += in[i];
        else
            for (ptrdiff_t i = 0; i < (ptrdiff_t)row; i++) sum[i * walk_step(walk, 0)] += in[i];
        in += row;
    } while (walk_next(&at, walk));
    for (size_t i = 0; i < outputs; i++) ((float *)output)[i] = (float)(sums[i] / (double)parameters->count);
    return STATUS_OK;
}

static void edge_mean(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    *edge = edge_linear(1, 1 / (double)((const MeanParameters *)node->parameters)->count);
}

static const Kernel kernel_mean = {"mean", run_mean, edge_mean};

/* Walks the input in stored order; the output has the same layout with axes of 1 where reduced. */
static void mean_parameters(MeanParameters *parameters, const BuildValue *x, const bool *reduced)
{
    size_t kept[NETWORK_MAX_RANK], strides[NETWORK_MAX_RANK];
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
static size_t mean_shape(size_t *shape, const BuildValue *x, const bool *reduced, bool keep)
{
    size_t rank = 0;
    for (size_t i = 0; i < x->rank; i++) {
        if (reduced[i] && !keep) continue;
        shape[rank++] = reduced[i] ? 1 : x->shape[i];
    }
    return rank;
}

/* Where axes go, a channels-last value may lose its form: it keeps it only where no axis goes, or where what
 * is left is stored in the logical order (channels alone, or no channels). */
static bool stays_in_order(const BuildValue *x, const bool *reduced)
{
    bool spatial = false;
    for (size_t i = 2; i < x->rank; i++) spatial |= !reduced[i] && x->shape[i] > 1;
    return !x->channels_last || !spatial || reduced[1] || x->shape[1] == 1;
}

Status emit_mean(Call *call, size_t input, const bool *reduced, bool keep)
{
    BuildValue x = *builder_value(call->builder, input);
    if (x.type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is not float", x.name);
    Status status = x.rank > 0 && reduced[0] ? call_keeps_images(call, &x, "a mean over axis 0") : STATUS_OK;
    if (status) return status;
    if (!keep && !stays_in_order(&x, reduced)) {
        status = builder_plain(call, input, &input);
        if (status) return status;
        x = *builder_value(call->builder, input);
    }
    MeanParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    mean_parameters(parameters, &x, reduced);
    size_t shape[NETWORK_MAX_RANK];
    const size_t rank = mean_shape(shape, &x, reduced, keep);
    return call_emit(call, &(Emit){.kernel = &kernel_mean,
                                   .parameters = parameters,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = ELEMENT_FLOAT,
                                   .rank = rank,
                                   .shape = shape,
                                   .channels_last = keep && x.channels_last,
                                   .scratch = x.elements / parameters->count * sizeof(double),
                                   .layer = NETWORK_NONE});
}

static Status mean_over(Call *call, const int64_t *axes, size_t count)
{
    const size_t rank = call_value(call, 0)->rank;
    const bool keep = attribute_int(call, "keepdims", 1) != 0;
    if (count == 0 && attribute_int(call, "noop_with_empty_axes", 0))
        return call_bind(call, 0, call->inputs[0]);
    bool reduced[NETWORK_MAX_RANK];
    for (size_t i = 0; i < rank; i++) reduced[i] = count == 0;
    for (size_t i = 0; i < count; i++) {
        size_t axis;
        Status status = call_axis(call, axes[i], rank, &axis);
        if (status) return status;
        reduced[axis] = true;
    }
    return emit_mean(call, call->inputs[0], reduced, keep);
}

static Status build_mean_by_attribute(Call *call)
{
    const int64_t *axes;
    const size_t count = attribute_ints(call, "axes", &axes);
    return mean_over(call, axes, count);
}

static Status build_mean(Call *call)
{
    int64_t axes[NETWORK_MAX_RANK];
    size_t count = 0;
    if (call_has(call, 1)) {
        Status status = call_constant_ints(call, 1, axes, &count, NETWORK_MAX_RANK);
        if (status) return status;
    }
    return mean_over(call, axes, count);
}

const Operator operators_reduce[] = {
    {"ReduceMean", 7, 17, 1, 1, build_mean_by_attribute},
    {"ReduceMean", 18, 21, 1, 2, build_mean},
    {0},
};
