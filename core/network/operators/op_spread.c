/* Elements by index: repeated along axes, moved between channels and pixels, gathered and scattered. */
#include "network/operators/take.h"

#include "base/sizes.h"
#include "network/operators/transpose.h"
#include "network/operators/walk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- take --------------------------------------------------------------------------------------------- */

typedef struct TakeParameters {
    size_t rank, shape[TENSOR_MAX_RANK]; /* stored, of the output */
    size_t *offsets[TENSOR_MAX_RANK];    /* [shape[axis]] each, in the input, in elements */
    size_t column_sum;                   /* how often the element that comes most often does */
} TakeParameters;

#define TAKE_ROW(TYPE)                                                                                       \
    for (size_t i = 0; i < count; i++) ((TYPE *)out)[i] = ((const TYPE *)in)[offsets[i]]

static void take_row(void *out, const void *in, const size_t *offsets, size_t count, size_t size)
{
    if (size == 8)
        TAKE_ROW(int64_t);
    else if (size == 4)
        TAKE_ROW(float);
    else
        TAKE_ROW(uint8_t);
}

static Status run_take(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const TakeParameters *p = run->node->parameters;
    const size_t size = element_size(run->values[run->node->output].type), last = p->rank - 1;
    const size_t rows = run->values[run->node->output].elements / p->shape[last];
    size_t index[TENSOR_MAX_RANK] = {0};
    for (size_t row = 0; row < rows; row++) {
        size_t from = 0;
        for (size_t i = 0; i < last; i++) from += p->offsets[i][index[i]];
        take_row((char *)output + row * p->shape[last] * size, (const char *)inputs[0] + from * size,
                 p->offsets[last], p->shape[last], size);
        for (size_t i = last; i-- > 0 && ++index[i] == p->shape[i];) index[i] = 0;
    }
    return STATUS_OK;
}

static void edge_take(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    *edge = edge_linear(1, (double)((const TakeParameters *)node->parameters)->column_sum);
}

static const Kernel kernel_take = {"take", run_take, edge_take};

size_t *take_indices(Call *call, TakeAxis *axis, size_t count)
{
    size_t *indices = call_allocate(call, count, sizeof *indices);
    *axis = (TakeAxis){count, indices};
    return indices;
}

static bool most_repeated(size_t *most, const TakeAxis *axis, size_t size)
{
    size_t *counts = calloc(size, sizeof *counts);
    *most = 0;
    for (size_t i = 0; counts && i < axis->count; i++) *most = size_max(*most, ++counts[axis->indices[i]]);
    free(counts);
    return counts != NULL;
}

static bool is_whole(const TakeAxis *axis, size_t size)
{
    bool whole = axis->count == size;
    for (size_t i = 0; whole && i < size; i++) whole = axis->indices[i] == i;
    return whole;
}

/* Offsets of one logical axis of the output, of an axis of `size` elements `stride` apart. */
static Status take_axis(Call *call, TakeParameters *parameters, size_t stored, const TakeAxis *axis,
                        size_t size, size_t stride)
{
    size_t most, *offsets = call_allocate(call, axis->count, sizeof *offsets);
    if (!offsets || !most_repeated(&most, axis, size)) return call_no_memory(call);
    parameters->shape[stored] = axis->count;
    parameters->offsets[stored] = offsets;
    for (size_t i = 0; i < axis->count; i++) offsets[i] = axis->indices[i] * stride;
    if (!size_multiply(&parameters->column_sum, parameters->column_sum, most)) return call_no_memory(call);
    return STATUS_OK;
}

static Status take_axes(Call *call, TakeParameters *parameters, const BuildValue *x, const TakeAxis *axes,
                        size_t rank, size_t *shape)
{
    size_t strides[TENSOR_MAX_RANK];
    logical_strides(strides, x->shape, x->rank, x->channels_last);
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < rank; i++) {
        const size_t axis = stored_to_logical(x->channels_last, rank, i), missing = rank - x->rank;
        const bool given = axis >= missing;
        shape[axis] = axes[axis].count;
        status = take_axis(call, parameters, i, &axes[axis], given ? x->shape[axis - missing] : 1,
                           given ? strides[axis - missing] : 0);
    }
    return status;
}

Status emit_take(Call *call, size_t input, const TakeAxis *axes, size_t rank)
{
    Status status = STATUS_OK;
    if (builder_value(call->builder, input)->rank != rank) status = builder_plain(call, input, &input);
    if (status) return status;
    const BuildValue x = *builder_value(call->builder, input);
    TakeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    if (rank == 0) return call_bind(call, 0, input);
    if (x.rank != rank || !is_whole(&axes[0], x.shape[0]))
        status = call_keeps_images(call, &x, "taking images more than once");
    size_t shape[TENSOR_MAX_RANK];
    parameters->rank = rank;
    parameters->column_sum = 1;
    if (!status) status = take_axes(call, parameters, &x, axes, rank, shape);
    if (status) return status;
    return call_emit(call, &(Emit){.kernel = &kernel_take,
                                   .parameters = parameters,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = x.type,
                                   .rank = rank,
                                   .shape = shape,
                                   .channels_last = x.channels_last,
                                   .layer = NO_INDEX});
}

/* `count` indices that run through 0..size-1 again and again */
static Status repeat_axis(Call *call, TakeAxis *axis, size_t count, size_t size)
{
    size_t *indices = take_indices(call, axis, count);
    if (!indices) return call_no_memory(call);
    for (size_t i = 0; i < count; i++) indices[i] = i % size;
    return STATUS_OK;
}

/* The input's axes, or 1 where it has fewer than `rank`. */
static size_t padded_size(const BuildValue *x, size_t rank, size_t axis)
{
    return axis < rank - x->rank ? 1 : x->shape[axis - (rank - x->rank)];
}

static Status build_expand(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    int64_t wanted[TENSOR_MAX_RANK];
    size_t count;
    TakeAxis axes[TENSOR_MAX_RANK];
    Status status = call_constant_ints(call, 1, wanted, &count, TENSOR_MAX_RANK);
    const size_t rank = size_max(count, x.rank);
    for (size_t i = 0; !status && i < rank; i++) {
        const size_t size = padded_size(&x, rank, i);
        const int64_t to = i < rank - count ? 1 : wanted[i - (rank - count)];
        if (to < 1 || (to != 1 && size != 1 && (uint64_t)to != size))
            return call_fail(call, STATUS_INVALID, "%zu elements of axis %zu become %lld", size, i,
                             (long long)to);
        status = repeat_axis(call, &axes[i], to == 1 ? size : (size_t)to, size);
    }
    return status ? status : emit_take(call, call->inputs[0], axes, rank);
}

static Status build_tile(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    int64_t repeats[TENSOR_MAX_RANK];
    size_t count;
    TakeAxis axes[TENSOR_MAX_RANK];
    Status status = call_constant_ints(call, 1, repeats, &count, TENSOR_MAX_RANK);
    if (!status && count != x.rank)
        return call_fail(call, STATUS_INVALID, "%zu repeats for rank %zu", count, x.rank);
    for (size_t i = 0; !status && i < x.rank; i++) {
        size_t length;
        if (repeats[i] < 1 || !size_multiply(&length, x.shape[i], (size_t)repeats[i]))
            return call_fail(call, STATUS_INVALID, "axis %zu is repeated %lld times", i,
                             (long long)repeats[i]);
        status = repeat_axis(call, &axes[i], length, x.shape[i]);
    }
    return status ? status : emit_take(call, call->inputs[0], axes, x.rank);
}

/* --- between channels and pixels ------------------------------------------------------------------------ */

/* Splits the axes to split[6], permutes them, and joins them to joined[4]. */
static Status rearrange(Call *call, const size_t *split, const size_t *order, const size_t *joined)
{
    size_t value;
    Status status = builder_plain(call, call->inputs[0], &value);
    if (!status) status = emit_reshaped(call, value, 6, split, &value);
    if (!status) status = emit_permuted(call, value, order, &value);
    if (!status) status = emit_reshaped(call, value, 4, joined, &value);
    return status ? status : call_bind(call, 0, value);
}

static Status read_block(Call *call, size_t *block)
{
    *block = 1;
    const int64_t size = attribute_int(call, "blocksize", 0);
    const BuildValue *x = call_value(call, 0);
    if (x->rank != 4) return call_fail(call, STATUS_INVALID, "'%s' has rank %zu, not 4", x->name, x->rank);
    if (size < 1 || size > INT16_MAX)
        return call_fail(call, STATUS_INVALID, "blocksize %lld", (long long)size);
    *block = (size_t)size;
    return STATUS_OK;
}

static Status build_depth_to_space(Call *call)
{
    size_t b;
    const BuildValue x = *call_value(call, 0);
    const bool columns_first = strcmp(attribute_text(call, "mode", "DCR"), "CRD") == 0;
    Status status = read_block(call, &b);
    if (status) return status;
    const size_t n = x.shape[0], c = x.shape[1] / (b * b), h = x.shape[2], w = x.shape[3];
    if (x.shape[1] % (b * b)) return call_fail(call, STATUS_INVALID, "%zu channels", x.shape[1]);
    const size_t joined[] = {n, c, h * b, w * b};
    if (columns_first)
        return rearrange(call, (size_t[]){n, c, b, b, h, w}, (size_t[]){0, 1, 4, 2, 5, 3}, joined);
    return rearrange(call, (size_t[]){n, b, b, c, h, w}, (size_t[]){0, 3, 4, 1, 5, 2}, joined);
}

static Status build_space_to_depth(Call *call)
{
    size_t b;
    const BuildValue x = *call_value(call, 0);
    Status status = read_block(call, &b);
    if (status) return status;
    const size_t n = x.shape[0], c = x.shape[1], h = x.shape[2] / b, w = x.shape[3] / b;
    if (x.shape[2] % b || x.shape[3] % b)
        return call_fail(call, STATUS_INVALID, "%zu x %zu pixels in blocks of %zu", x.shape[2], x.shape[3],
                         b);
    return rearrange(call, (size_t[]){n, c, h, b, w, b}, (size_t[]){0, 3, 5, 1, 2, 4},
                     (size_t[]){n, c * b * b, h, w});
}

/* --- triangles ------------------------------------------------------------------------------------------ */

typedef struct TriangleParameters {
    int64_t diagonal;
    bool upper;
} TriangleParameters;

static Status run_triangle(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const TriangleParameters *p = run->node->parameters;
    const Value *value = &run->values[run->node->output];
    const size_t size = element_size(value->type), columns = value->shape[value->rank - 1];
    const size_t rows = value->shape[value->rank - 2];
    memset(output, 0, value->elements * size);
    for (size_t i = 0; i < value->elements; i++) {
        const int64_t away = (int64_t)(i % columns) - (int64_t)(i / columns % rows);
        if (p->upper ? away >= p->diagonal : away <= p->diagonal)
            memcpy((char *)output + i * size, (const char *)inputs[0] + i * size, size);
    }
    return STATUS_OK;
}

static const Kernel kernel_triangle = {"triangle", run_triangle, edge_move};

static Status build_triangle(Call *call)
{
    size_t input, count;
    const BuildValue x = *call_value(call, 0);
    TriangleParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    if (x.rank < 2) return call_fail(call, STATUS_INVALID, "'%s' has rank %zu", x.name, x.rank);
    Status status = x.rank == 2 ? call_keeps_images(call, &x, "a triangle") : STATUS_OK;
    parameters->upper = attribute_int(call, "upper", 1) != 0;
    if (!status && call_has(call, 1)) status = call_constant_ints(call, 1, &parameters->diagonal, &count, 1);
    if (!status) status = builder_plain(call, call->inputs[0], &input);
    if (status) return status;
    return call_emit(call, &(Emit){.kernel = &kernel_triangle,
                                   .parameters = parameters,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = x.type,
                                   .rank = x.rank,
                                   .shape = x.shape,
                                   .layer = NO_INDEX});
}

/* --- gathering one by one ------------------------------------------------------------------------------- */

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

/* Where element i of the output comes from: its own place, with the axis replaced by its index. */
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

/* Column sums are how often an element is gathered. */
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

static const Kernel kernel_gather_elements = {"gather elements", run_gather_elements, edge_gather_elements};

static Status check_elements(Call *call, const BuildValue *x, const BuildValue *indices, size_t axis)
{
    if (indices->type != ELEMENT_INT64 || indices->rank != x->rank)
        return call_fail(call, STATUS_INVALID, "indices '%s' are not integers of rank %zu", indices->name,
                         x->rank);
    for (size_t i = 0; i < x->rank; i++)
        if (i != axis && indices->shape[i] > x->shape[i])
            return call_fail(call, STATUS_INVALID, "indices '%s' reach behind axis %zu", indices->name, i);
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

/* --- slices by their positions -------------------------------------------------------------------------- */

/* Positions are tuples of `depth` indices, each of a slice of `slice` elements. */
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

/* What is not overwritten stays, and an update lands in one place; added, as many as there are may land in
 * the same. */
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

static const Kernel kernel_gather_slices = {"gather slices", run_gather_slices, edge_gather_slices};
static const Kernel kernel_scatter = {"scatter", run_scatter, edge_scatter};

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

const Operator operators_spread[] = {
    {"Expand", 8, 21, 2, 2, build_expand},
    {"Tile", 7, 21, 2, 2, build_tile},
    {"DepthToSpace", 7, 21, 1, 1, build_depth_to_space},
    {"SpaceToDepth", 7, 21, 1, 1, build_space_to_depth},
    {"Trilu", 14, 21, 1, 2, build_triangle},
    {"GatherElements", 11, 21, 2, 2, build_gather_elements},
    {"GatherND", 11, 21, 2, 2, build_gather_slices},
    {"ScatterND", 11, 21, 3, 3, build_scatter},
    {0},
};
