/* SPDX-License-Identifier: MIT */
#include "network/build/call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

Status call_fail(Call *call, Status status, const char *format, ...)
{
    char reason[sizeof call->message->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return status_fail(call->message, status, "node '%s' (%s, opset %d): %s", call->name, call->operator_name,
                       call->opset, reason);
}

void *call_allocate(Call *call, size_t count, size_t size)
{
    return arena_allocate(call->builder->arena, count, size);
}

Status call_no_memory(Call *call)
{
    const Builder *builder = call->builder;
    Message reason;
    arena_fail(builder->scratch.full ? &builder->scratch : builder->arena, &reason);
    return status_advise(call_fail(call, STATUS_MEMORY, "%s", reason.text), call->message, reason.remedies);
}

/* --- inputs ----------------------------------------------------------------------------------------- */

bool call_has(const Call *call, size_t input)
{
    return input < call->input_count && call->inputs[input] != NO_INDEX;
}

const BuildValue *call_value(const Call *call, size_t input)
{
    return builder_value(call->builder, call->inputs[input]);
}

Status call_constant_ints(Call *call, size_t input, int64_t *values, size_t *count, size_t most)
{
    if (!call_has(call, input)) return call_fail(call, STATUS_INVALID, "input %zu is missing", input);
    const BuildValue *value = call_value(call, input);
    if (!value->constant)
        return call_fail(call, STATUS_UNSUPPORTED,
                         "'%s' depends on the image's content: only constants and shapes are supported",
                         value->name);
    if (value->type != ELEMENT_INT64 || value->rank > 1)
        return call_fail(call, STATUS_INVALID, "'%s' is not a list of integers", value->name);
    if (value->elements > most)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' has %zu elements: at most %zu are supported",
                         value->name, value->elements, most);
    *count = value->elements;
    if (*count) memcpy(values, value->constant, *count * sizeof *values);
    return STATUS_OK;
}

Status call_constant_float(Call *call, size_t input, float *result)
{
    if (!call_has(call, input)) return call_fail(call, STATUS_INVALID, "input %zu is missing", input);
    const BuildValue *value = call_value(call, input);
    if (!value->constant || value->type != ELEMENT_FLOAT || value->elements != 1)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' is not a single constant float", value->name);
    *result = *(const float *)value->constant;
    return STATUS_OK;
}

Status call_needs_float(Call *call, size_t value)
{
    const BuildValue *x = builder_value(call->builder, value);
    if (x->type == ELEMENT_FLOAT) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is not float", x->name);
}

Status call_axis(Call *call, int64_t axis, size_t rank, size_t *result)
{
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return call_fail(call, STATUS_INVALID, "axis %lld of a value of rank %zu", (long long)axis, rank);
    *result = (size_t)(axis < 0 ? axis + (int64_t)rank : axis);
    return STATUS_OK;
}

Status call_keeps_images(Call *call, const BuildValue *value, const char *what)
{
    if (value->constant || call->builder->batch == 1) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "%s would mix the %zu images of a batch", what,
                     call->builder->batch);
}

/* --- outputs ---------------------------------------------------------------------------------------- */

const char *call_output_name(const Call *call)
{
    return call->output_count > 0 ? call->node->output[0] : call->name;
}

Status call_bind(Call *call, size_t output, size_t value)
{
    Builder *builder = call->builder;
    BuildValue *bound = builder_value(builder, value);
    bool made_here = bound->producer != NO_INDEX && bound->producer >= builder->first_node;
    /* A node that passes its input on does not count as a use of it; its consumers do. */
    for (size_t i = 0; i < call->input_count && !made_here; i++)
        if (call->inputs[i] == value) bound->uses--;
    if (output >= call->output_count) return STATUS_OK;
    size_t name = graph_output(builder->graph, builder->current, output);
    if (name == NO_INDEX) return STATUS_OK;
    if (made_here) bound->name = graph_name(builder->graph, name);
    bound->uses += builder->graph->names[name].uses;
    builder->bound[name] = value;
    return STATUS_OK;
}

Status call_constant(Call *call, ElementType type, size_t rank, const size_t *shape, const void *elements,
                     size_t *value)
{
    BuildValue *added = builder_add_value(call->builder, call_output_name(call), type, rank, shape, value);
    if (!added) return call_no_memory(call);
    added->constant = elements;
    return STATUS_OK;
}
