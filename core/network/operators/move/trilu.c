/* SPDX-License-Identifier: MIT */
/* Trilu: the upper or lower triangle of matrices, zeros elsewhere. */
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"

#include <string.h>

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

static const Kernel kernel_triangle = {
    .name = "triangle", .run = run_triangle, .edge = edge_move, .sign = sign_of_inputs};

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

const Operator operators_trilu[] = {
    {"Trilu", 14, 21, 1, 2, build_triangle},
    {0},
};
