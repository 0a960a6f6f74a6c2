/* SPDX-License-Identifier: MIT */
/* Gather, GatherElements, GatherND and ScatterND: elements by index. */
#include "base/sizes.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <stdlib.h>
#include <string.h>

/* --- Gather ----------------------------------------------------------------------------------------- */

typedef struct GatherParameters {
    size_t axis, count; /* stored */
    size_t *indices;
} GatherParameters;

static Status run_gather(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const GatherParameters *parameters = run->node->parameters;
    const Value *in = &run->values[run->node->inputs[0]];
    const size_t axis = parameters->axis, outer = shape_product(in->shape, 0, axis);
    const size_t chunk =
        shape_product(in->shape, axis + 1, in->rank) * element_size(run->values[run->node->output].type);
    const char *from = inputs[0];
    char *out = output;
    for (size_t i = 0; i < outer; i++, from += in->shape[axis] * chunk)
        for (size_t k = 0; k < parameters->count; k++, out += chunk)
            memcpy(out, from + parameters->indices[k] * chunk, chunk);
    return STATUS_OK;
}

/* The column sums count how often an index occurs. */
static void edge_gather(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const GatherParameters *parameters = node->parameters;
    size_t most = 0;
    for (size_t i = 0; i < parameters->count; i++) {
        size_t same = 0;
        for (size_t k = 0; k < parameters->count; k++)
            same += parameters->indices[k] == parameters->indices[i];
        most = size_max(most, same);
    }
    *edge = edge_linear(1, (double)most);
}

static const Kernel kernel_gather = {
    .name = "gather", .run = run_gather, .edge = edge_gather, .sign = sign_of_inputs};

/* Reads the constant indices of an axis of `length` elements. */
static Status gather_indices(Call *call, GatherParameters *parameters, BuildValue *indices, size_t length)
{
    size_t value;
    if (call_value(call, 1)->type != ELEMENT_INT64 || !call_value(call, 1)->constant)
        return call_fail(call, STATUS_UNSUPPORTED, "indices '%s' are not constant integers",
                         call_value(call, 1)->name);
    Status status = builder_plain(call, call->inputs[1], &value);
    if (status) return status;
    *indices = *builder_value(call->builder, value);
    parameters->count = indices->elements;
    parameters->indices = call_allocate(call, indices->elements, sizeof *parameters->indices);
    if (!parameters->indices) return call_no_memory(call);
    for (size_t i = 0; i < indices->elements; i++) {
        const int64_t index = ((const int64_t *)indices->constant)[i], limit = (int64_t)length;
        if (index < -limit || index >= limit)
            return call_fail(call, STATUS_INVALID, "index %lld of an axis of %zu", (long long)index, length);
        parameters->indices[i] = (size_t)(index < 0 ? index + limit : index);
    }
    return STATUS_OK;
}

static Status build_gather(Call *call)
{
    BuildValue x = *call_value(call, 0), indices = {0};
    size_t axis, input = call->inputs[0], rank = 0, shape[TENSOR_MAX_RANK];
    GatherParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    Status status = call_axis(call, attribute_int(call, "axis", 0), x.rank, &axis);
    if (!status && axis == 0) status = call_keeps_images(call, &x, "gathering along axis 0");
    if (!status) status = gather_indices(call, parameters, &indices, x.shape[axis]);
    if (status) return status;
    /* The axis is replaced by the axes of the indices. */
    if (x.rank - 1 + indices.rank > TENSOR_MAX_RANK)
        return call_fail(call, STATUS_UNSUPPORTED, "rank %zu: the most is %d", x.rank - 1 + indices.rank,
                         TENSOR_MAX_RANK);
    for (size_t i = 0; i < axis; i++) shape[rank++] = x.shape[i];
    for (size_t i = 0; i < indices.rank; i++) shape[rank++] = indices.shape[i];
    for (size_t i = axis + 1; i < x.rank; i++) shape[rank++] = x.shape[i];
    if (indices.rank != 1) status = builder_plain(call, input, &input);
    if (status) return status;
    x = *builder_value(call->builder, input);
    parameters->axis = builder_axis(&x, axis);
    return call_emit(call, &(Emit){.kernel = &kernel_gather,
                                   .parameters = parameters,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = x.type,
                                   .rank = rank,
                                   .shape = shape,
                                   .channels_last = x.channels_last,
                                   .layer = NO_INDEX});
}

/* --- GatherElements --------------------------------------------------------------------------------- */

static Status index_fail(Message *message, int64_t index, size_t size)
{
    return status_fail(message, STATUS_INVALID, "index %lld of an axis of %zu", (long long)index, size);
}

static bool wrap_index(size_t *result, int64_t index, size_t size)
{
    if (index < -(int64_t)size || index >= (int64_t)size) return false;
    *result = (size_t)(index < 0 ? index + (int64_t)size : index);
    return true;
}

/* *source = the element of the data that becomes element i: the same position, with the index in place of the
 * position along `axis`. */
static bool element_source(size_t *source, const Value *data, const Value *indices, size_t axis, size_t i,
                           int64_t index)
{
    size_t stride = 1, at;
    *source = 0;
    for (size_t k = data->rank; k-- > 0; i /= indices->shape[k]) {
        at = i % indices->shape[k];
        if (k == axis && !wrap_index(&at, index, data->shape[k])) return false;
        *source += at * stride;
        stride *= data->shape[k];
    }
    return true;
}

static Status run_gather_elements(const KernelRun *run, void *output, const void *const *inputs,
                                  Message *message)
{
    const size_t axis = *(const size_t *)run->node->parameters;
    const Value *data = &run->values[run->node->inputs[0]], *indices = &run->values[run->node->inputs[1]];
    const size_t size = element_size(data->type);
    for (size_t i = 0; i < indices->elements; i++) {
        size_t source;
        const int64_t index = ((const int64_t *)inputs[1])[i];
        if (!element_source(&source, data, indices, axis, i, index))
            return index_fail(message, index, data->shape[axis]);
        memcpy((char *)output + i * size, (const char *)inputs[0] + source * size, size);
    }
    return STATUS_OK;
}

/* The column sums count how often an element is gathered. */
static void edge_gather_elements(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    const Value *data = &network->values[node->inputs[0]], *indices = &network->values[node->inputs[1]];
    size_t most = 0, *counts = calloc(data->elements, sizeof *counts);
    edge->reason = "its indices are computed";
    for (size_t i = 0; counts && input == 0 && indices->constant && i < indices->elements; i++) {
        size_t source;
        const int64_t index = ((const int64_t *)indices->constant)[i];
        if (element_source(&source, data, indices, *(const size_t *)node->parameters, i, index))
            most = size_max(most, ++counts[source]);
    }
    free(counts);
    if (most) *edge = edge_linear(1, (double)most);
}

static const Kernel kernel_gather_elements = {.name = "gather elements",
                                              .run = run_gather_elements,
                                              .edge = edge_gather_elements,
                                              .sign = sign_of_inputs};

static Status check_elements(Call *call, const BuildValue *x, const BuildValue *indices, size_t axis)
{
    if (indices->type != ELEMENT_INT64 || indices->rank != x->rank)
        return call_fail(call, STATUS_INVALID, "indices '%s' are not integers of rank %zu", indices->name,
                         x->rank);
    for (size_t i = 0; i < x->rank; i++)
        if (i != axis && indices->shape[i] > x->shape[i])
            return call_fail(call, STATUS_INVALID, "indices '%s' reach beyond axis %zu", indices->name, i);
    if (axis == 0 || indices->shape[0] != x->shape[0])
        return call_keeps_images(call, x, "gathering along axis 0");
    return STATUS_OK;
}

static Status build_gather_elements(Call *call)
{
    const BuildValue x = *call_value(call, 0), indices = *call_value(call, 1);
    size_t inputs[2], *axis = call_allocate(call, 1, sizeof *axis);
    if (!axis) return call_no_memory(call);
    Status status = call_axis(call, attribute_int(call, "axis", 0), x.rank, axis);
    if (!status) status = check_elements(call, &x, &indices, *axis);
    for (size_t i = 0; !status && i < 2; i++) status = builder_plain(call, call->inputs[i], &inputs[i]);
    if (status) return status;
    return call_emit(call, &(Emit){.kernel = &kernel_gather_elements,
                                   .parameters = axis,
                                   .input_count = 2,
                                   .inputs = inputs,
                                   .type = x.type,
                                   .rank = indices.rank,
                                   .shape = indices.shape,
                                   .layer = NO_INDEX});
}

/* --- GatherND and ScatterND ------------------------------------------------------------------------- */

/* Each of the `tuples` positions is a tuple of `depth` indices, and stands for a slice of `slice` elements of
 * the data. */
typedef struct SliceIndex {
    size_t depth, slice, tuples;
    bool adds;
} SliceIndex;

static Status slice_offset(size_t *offset, const int64_t *tuple, const Value *data, const SliceIndex *p,
                           Message *message)
{
    *offset = 0;
    for (size_t k = 0; k < p->depth; k++) {
        size_t at;
        if (!wrap_index(&at, tuple[k], data->shape[k])) return index_fail(message, tuple[k], data->shape[k]);
        *offset = *offset * data->shape[k] + at;
    }
    *offset *= p->slice;
    return STATUS_OK;
}

static Status run_gather_slices(const KernelRun *run, void *output, const void *const *inputs,
                                Message *message)
{
    const SliceIndex *p = run->node->parameters;
    const Value *data = &run->values[run->node->inputs[0]];
    const size_t size = element_size(data->type);
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < p->tuples; i++) {
        size_t from = 0;
        status = slice_offset(&from, (const int64_t *)inputs[1] + i * p->depth, data, p, message);
        if (!status)
            memcpy((char *)output + i * p->slice * size, (const char *)inputs[0] + from * size,
                   p->slice * size);
    }
    return status;
}

static Status run_scatter(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    const SliceIndex *p = run->node->parameters;
    const Value *data = &run->values[run->node->inputs[0]];
    const size_t size = element_size(data->type);
    memcpy(output, inputs[0], data->elements * size);
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < p->tuples; i++) {
        size_t to = 0;
        status = slice_offset(&to, (const int64_t *)inputs[1] + i * p->depth, data, p, message);
        for (size_t k = 0; !status && p->adds && k < p->slice; k++)
            ((float *)output)[to + k] += ((const float *)inputs[2])[i * p->slice + k];
        if (!status && !p->adds)
            memcpy((char *)output + to * size, (const char *)inputs[2] + i * p->slice * size,
                   p->slice * size);
    }
    return status;
}

/* Row and column sums are 1: an element of the data is kept or overwritten, an update lands in one place. If
 * updates are added, all of them may land in the same place. */
static void edge_scatter(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network;
    const SliceIndex *p = node->parameters;
    if (input == 1)
        edge->reason = "its indices are computed";
    else
        *edge = edge_linear(p->adds && input == 2 ? (double)p->tuples : 1, 1);
}

static void edge_gather_slices(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network;
    const SliceIndex *p = node->parameters;
    if (input == 1)
        edge->reason = "its indices are computed";
    else
        *edge = edge_linear(1, (double)p->tuples);
}

static const Kernel kernel_gather_slices = {
    .name = "gather slices", .run = run_gather_slices, .edge = edge_gather_slices, .sign = sign_of_inputs};
static const Kernel kernel_scatter = {
    .name = "scatter", .run = run_scatter, .edge = edge_scatter, .sign = sign_of_inputs};

static Status slice_index(Call *call, SliceIndex **result)
{
    const BuildValue *data = call_value(call, 0), *indices = call_value(call, 1);
    SliceIndex *p = *result = call_allocate(call, 1, sizeof *p);
    if (!p) return call_no_memory(call);
    if (indices->type != ELEMENT_INT64 || indices->rank < 1 ||
        indices->shape[indices->rank - 1] > data->rank || indices->elements == 0)
        return call_fail(call, STATUS_INVALID, "indices '%s' are not tuples of positions in '%s'",
                         indices->name, data->name);
    p->depth = indices->shape[indices->rank - 1];
    p->tuples = indices->elements / p->depth;
    p->slice = 1;
    for (size_t i = p->depth; i < data->rank; i++) p->slice *= data->shape[i];
    return call_keeps_images(call, data, "indices along axis 0");
}

static Status build_scatter(Call *call)
{
    SliceIndex *p;
    size_t inputs[3];
    Status status = slice_index(call, &p);
    if (status) return status;
    const BuildValue data = *call_value(call, 0), updates = *call_value(call, 2);
    const char *reduction = attribute_text(call, "reduction", "none");
    p->adds = strcmp(reduction, "add") == 0;
    if ((!p->adds && strcmp(reduction, "none") != 0) || (p->adds && data.type != ELEMENT_FLOAT))
        return call_fail(call, STATUS_UNSUPPORTED, "reduction '%s' is not supported", reduction);
    if (updates.type != data.type || updates.elements != p->tuples * p->slice)
        return call_fail(call, STATUS_INVALID, "updates '%s' have %zu elements instead of %zu", updates.name,
                         updates.elements, p->tuples * p->slice);
    status = call_keeps_images(call, &updates, "indices along axis 0");
    for (size_t i = 0; !status && i < 3; i++) status = builder_plain(call, call->inputs[i], &inputs[i]);
    if (status) return status;
    return call_emit(call, &(Emit){.kernel = &kernel_scatter,
                                   .parameters = p,
                                   .input_count = 3,
                                   .inputs = inputs,
                                   .type = data.type,
                                   .rank = data.rank,
                                   .shape = data.shape,
                                   .layer = NO_INDEX});
}

static Status build_gather_slices(Call *call)
{
    SliceIndex *p;
    size_t inputs[2], shape[2 * TENSOR_MAX_RANK], rank = 0;
    if (attribute_int(call, "batch_dims", 0) != 0)
        return call_fail(call, STATUS_UNSUPPORTED, "batch_dims is not supported");
    Status status = slice_index(call, &p);
    for (size_t i = 0; !status && i < 2; i++) status = builder_plain(call, call->inputs[i], &inputs[i]);
    if (status) return status;
    const BuildValue *data = call_value(call, 0), *indices = call_value(call, 1);
    for (size_t i = 0; i + 1 < indices->rank; i++) shape[rank++] = indices->shape[i];
    for (size_t i = p->depth; i < data->rank; i++) shape[rank++] = data->shape[i];
    return call_emit(call, &(Emit){.kernel = &kernel_gather_slices,
                                   .parameters = p,
                                   .input_count = 2,
                                   .inputs = inputs,
                                   .type = data->type,
                                   .rank = rank,
                                   .shape = shape,
                                   .layer = NO_INDEX});
}

const Operator operators_gather_scatter[] = {
    {"Gather", 7, 21, 2, 2, build_gather},
    {"GatherElements", 11, 21, 2, 2, build_gather_elements},
    {"GatherND", 11, 21, 2, 2, build_gather_slices},
    {"ScatterND", 11, 21, 3, 3, build_scatter},
    {0},
};
