/* SPDX-License-Identifier: MIT */
/* TopK, ArgMax and ArgMin: elements in order along an axis. */
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct OrderParameters {
    size_t outer, count, inner; /* stored as [outer][count][inner], over count */
    size_t taken;               /* number of elements taken of `count` */
    bool largest, last;         /* last: of equal elements take the last, not the first */
    bool values;                /* output the elements, not their positions */
} OrderParameters;

/* An element and its position, which decides between equal elements. */
typedef struct Ranked {
    double value;
    size_t position;
} Ranked;

/* Ascending; NaN after all numbers. */
static int by_value(const void *a, const void *b)
{
    const Ranked *one = a, *two = b;
    const int not_one = isnan(one->value) != 0, not_two = isnan(two->value) != 0;
    if (not_one != not_two) return not_one - not_two;
    if (one->value < two->value || one->value > two->value) return one->value < two->value ? -1 : 1;
    return one->position < two->position ? -1 : one->position > two->position;
}

/* Sorts `count` elements so that those to take come first. */
static void rank_elements(Ranked *ranked, const OrderParameters *p, const void *in, ElementType type,
                          size_t start)
{
    for (size_t i = 0; i < p->count; i++) {
        const size_t at = start + i * p->inner;
        const double value =
            type == ELEMENT_FLOAT ? (double)((const float *)in)[at] : (double)((const int64_t *)in)[at];
        ranked[i] = (Ranked){p->largest ? -value : value, p->last ? p->count - 1 - i : i};
    }
    qsort(ranked, p->count, sizeof *ranked, by_value);
    for (size_t i = 0; p->last && i < p->taken; i++) ranked[i].position = p->count - 1 - ranked[i].position;
}

static Status run_order(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const OrderParameters *p = run->node->parameters;
    const ElementType type = run->values[run->node->inputs[0]].type;
    const size_t size = element_size(type);
    for (size_t o = 0; o < p->outer; o++)
        for (size_t j = 0; j < p->inner; j++) {
            const size_t start = o * p->count * p->inner + j;
            rank_elements(run->scratch, p, inputs[0], type, start);
            for (size_t i = 0; i < p->taken; i++) {
                const size_t position = ((const Ranked *)run->scratch)[i].position;
                const size_t to = (o * p->taken + i) * p->inner + j;
                if (p->values)
                    memcpy((char *)output + to * size,
                           (const char *)inputs[0] + (start + position * p->inner) * size, size);
                else
                    ((int64_t *)output)[to] = (int64_t)position;
            }
        }
    return STATUS_OK;
}

/* Sorting does not increase distances; positions jump. */
static void edge_order(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    if (((const OrderParameters *)node->parameters)->values)
        *edge = edge_slope(1);
    else
        edge->reason = "its outputs are positions, which jump";
}

static const Kernel kernel_arg_extreme = {
    .name = "position of an extreme", .run = run_order, .edge = edge_order};
static const Kernel kernel_top_k = {
    .name = "top k", .run = run_order, .edge = edge_order, .sign = sign_of_inputs};

/* Emits one output: elements or positions along axis `axis` of a value in ONNX's order. */
static Status emit_order(Call *call, const Kernel *kernel, size_t output, size_t input, size_t axis,
                         OrderParameters order, bool keep)
{
    const BuildValue x = *builder_value(call->builder, input);
    OrderParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    order.outer = order.inner = 1;
    order.count = x.shape[axis];
    size_t shape[TENSOR_MAX_RANK], rank = 0, value;
    for (size_t i = 0; i < x.rank; i++) {
        if (i < axis) order.outer *= x.shape[i];
        if (i > axis) order.inner *= x.shape[i];
        if (i != axis || keep) shape[rank++] = i == axis ? order.taken : x.shape[i];
    }
    *parameters = order;
    Status status = builder_emit(call,
                                 &(Emit){.kernel = kernel,
                                         .parameters = parameters,
                                         .input_count = 1,
                                         .inputs = &input,
                                         .type = order.values ? x.type : ELEMENT_INT64,
                                         .rank = rank,
                                         .shape = shape,
                                         .scratch = order.count * sizeof(Ranked),
                                         .layer = NO_INDEX},
                                 &value);
    return status ? status : call_bind(call, output, value);
}

static Status order_axis(Call *call, int64_t given, size_t *input, size_t *axis)
{
    const BuildValue *x = call_value(call, 0);
    if (x->type == ELEMENT_BOOL || x->elements == 0)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' is bool or empty: it cannot be sorted", x->name);
    Status status = call_axis(call, given, x->rank, axis);
    if (!status && *axis == 0) status = call_keeps_images(call, x, "sorting along axis 0");
    return status ? status : builder_plain(call, call->inputs[0], input);
}

static Status build_extreme(Call *call)
{
    size_t input, axis;
    const OrderParameters order = {.taken = 1,
                                   .largest = strcmp(call->operator_name, "ArgMax") == 0,
                                   .last = attribute_int(call, "select_last_index", 0) != 0};
    const bool keep = attribute_int(call, "keepdims", 1) != 0;
    Status status = order_axis(call, attribute_int(call, "axis", 0), &input, &axis);
    return status ? status : emit_order(call, &kernel_arg_extreme, 0, input, axis, order, keep);
}

static Status read_taken(Call *call, size_t *taken, size_t length)
{
    int64_t k = call->opset < 10 ? attribute_int(call, "k", 0) : 0;
    size_t count;
    Status status = call->opset < 10 ? STATUS_OK : call_constant_ints(call, 1, &k, &count, 1);
    if (status) return status;
    if (k < 1 || (uint64_t)k > length)
        return call_fail(call, STATUS_INVALID, "k is %lld for an axis of %zu", (long long)k, length);
    *taken = (size_t)k;
    return STATUS_OK;
}

/* Each output is a node that sorts; an unused one is dropped from the network. */
static Status build_top_k(Call *call)
{
    size_t input, axis;
    OrderParameters order = {.largest = attribute_int(call, "largest", 1) != 0};
    Status status = order_axis(call, attribute_int(call, "axis", -1), &input, &axis);
    if (!status) status = read_taken(call, &order.taken, call_value(call, 0)->shape[axis]);
    for (size_t output = 0; !status && output < call->output_count; output++) {
        order.values = output == 0;
        status = emit_order(call, &kernel_top_k, output, input, axis, order, true);
    }
    return status;
}

const Operator operators_top_k[] = {
    {"ArgMax", 7, 21, 1, 1, build_extreme},
    {"ArgMin", 7, 21, 1, 1, build_extreme},
    {"TopK", 7, 9, 1, 1, build_top_k},
    {"TopK", 10, 21, 2, 2, build_top_k},
    {0},
};
