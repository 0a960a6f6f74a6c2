/* SPDX-License-Identifier: MIT */
#include "network/build/emit.h"

#include "base/sizes.h"
#include "network/build/layers.h"

#include <stdlib.h>
#include <string.h>

static Status check_shape(Call *call, const Emit *emit)
{
    size_t bytes = element_size(emit->type);
    if (emit->rank > TENSOR_MAX_RANK)
        return call_fail(call, STATUS_UNSUPPORTED, "rank %zu: the most is %d", emit->rank, TENSOR_MAX_RANK);
    for (size_t i = 0; i < emit->rank; i++) {
        if (emit->shape[i] == 0) return call_fail(call, STATUS_INVALID, "axis %zu of its output is empty", i);
        if (size_multiply(&bytes, bytes, emit->shape[i]) && bytes <= call->builder->ceiling) continue;
        Status status = call_fail(call, STATUS_MEMORY, "its output takes more than the %zu MiB that are left",
                                  size_mib(call->builder->ceiling));
        return status_advise(status, call->message, REMEDY_MEMORY);
    }
    return STATUS_OK;
}

static bool all_constant(const Builder *builder, const Emit *emit)
{
    for (size_t i = 0; i < emit->input_count; i++)
        if (!builder_value(builder, emit->inputs[i])->constant) return false;
    return emit->input_count > 0;
}

/* Runs the kernel on its constant inputs: output->constant becomes its result. While it runs, the node's
 * values are its inputs and, after them, its output. */
static Status fold(Call *call, const Emit *emit, BuildValue *output)
{
    Builder *builder = call->builder;
    const size_t count = emit->input_count + 1;
    Value *values = calloc(count, sizeof *values);
    size_t *numbers = calloc(count, sizeof *numbers);
    const void **inputs = calloc(count, sizeof *inputs);
    void *scratch = aligned_alloc(64, (emit->scratch / 64 + 1) * 64);
    void *result = arena_allocate(&builder->scratch, output->elements, element_size(output->type));
    Status status = values && numbers && inputs && scratch && result ? STATUS_OK : call_no_memory(call);
    for (size_t i = 0; !status && i < emit->input_count; i++) {
        values[i] = builder_stored(builder_value(builder, emit->inputs[i]));
        numbers[i] = i;
        inputs[i] = values[i].constant;
    }
    if (!status) {
        values[emit->input_count] = builder_stored(output);
        const Node node = {.name = call->name,
                           .operator_name = call->operator_name,
                           .input_count = emit->input_count,
                           .inputs = numbers,
                           .output = emit->input_count,
                           .layer = NO_INDEX,
                           .kernel = emit->kernel,
                           .parameters = emit->parameters,
                           .scratch = emit->scratch};
        const KernelRun run = {.values = values, .node = &node, .scratch = scratch};
        Message reason;
        status = emit->kernel->run(&run, result, inputs, &reason);
        if (status) status = call_fail(call, status, "%s", reason.text);
    }
    if (!status) output->constant = result;
    free(values);
    free(numbers);
    free(inputs);
    free(scratch);
    return status;
}

static Status add_node(Call *call, const Emit *emit, size_t value)
{
    Builder *builder = call->builder;
    Node *node = blocks_add(&builder->nodes);
    size_t *inputs = arena_new(&builder->scratch, size_t, emit->input_count);
    if (!node || !inputs) return call_no_memory(call);
    if (emit->input_count) memcpy(inputs, emit->inputs, emit->input_count * sizeof *inputs);
    *node = (Node){.name = call->name,
                   .operator_name = emit->operator_name ? emit->operator_name : call->operator_name,
                   .input_count = emit->input_count,
                   .inputs = inputs,
                   .output = value,
                   .layer = emit->layer,
                   .file_node = builder->current,
                   .kernel = emit->kernel,
                   .parameters = emit->parameters,
                   .scratch = emit->scratch};
    builder_value(builder, value)->producer = builder->nodes.count - 1;
    if (emit->layer != NO_INDEX) builder_get_layer(builder, emit->layer)->uses++;
    return STATUS_OK;
}

Status builder_emit(Call *call, const Emit *emit, size_t *value)
{
    Status status = check_shape(call, emit);
    if (status) return status;
    BuildValue *output =
        builder_add_value(call->builder, call_output_name(call), emit->type, emit->rank, emit->shape, value);
    if (!output) return call_no_memory(call);
    output->channels_last = emit->channels_last && emit->rank >= 3;
    if (emit->layer == NO_INDEX && all_constant(call->builder, emit)) return fold(call, emit, output);
    return add_node(call, emit, *value);
}

Status call_emit(Call *call, const Emit *emit)
{
    size_t value;
    Status status = builder_emit(call, emit, &value);
    return status ? status : call_bind(call, 0, value);
}

Status call_emit_elementwise(Call *call, const Kernel *kernel, const void *parameters,
                             const char *operator_name, size_t input, ElementType type)
{
    const BuildValue x = *builder_value(call->builder, input);
    return call_emit(call, &(Emit){.kernel = kernel,
                                   .parameters = parameters,
                                   .operator_name = operator_name,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = type,
                                   .rank = x.rank,
                                   .shape = x.shape,
                                   .channels_last = x.channels_last,
                                   .layer = NO_INDEX});
}
