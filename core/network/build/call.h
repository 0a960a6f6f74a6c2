/* SPDX-License-Identifier: MIT */
/* Call: one ONNX node while its operator builds it. Private to core/network.
 *
 * All functions that fail write a message that starts with "node 'NAME' (OPERATOR, opset N): ".
 */
#ifndef NETWORK_CALL_H
#define NETWORK_CALL_H

#include "base/status.h"
#include "network/build/builder.h"

typedef struct Call {
    Builder *builder;
    const char *name;
    const char *operator_name;
    int opset;
    size_t input_count;   /* trailing absent inputs are not counted */
    const size_t *inputs; /* [input_count] values; NO_INDEX for an absent optional input */
    size_t output_count;
    const Onnx__NodeProto *node; /* for attributes; NULL for the graph's output */
    Message *message;
} Call;

/* Fills the message with "node 'NAME' (OPERATOR, opset N): " and the text. Returns `status`. */
Status call_fail(Call *call, Status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Memory that lives as long as the network. NULL when out of it: then return call_no_memory(call). */
void *call_allocate(Call *call, size_t count, size_t size);
Status call_no_memory(Call *call);

/* --- inputs ----------------------------------------------------------------------------------------- */

bool call_has(const Call *call, size_t input); /* given, and not left out */

/* Input number `input`, which must be given. */
const BuildValue *call_value(const Call *call, size_t input);

/* Copies a constant input of integers (axes, pads, a shape), at most `most` of them, and sets *count. Fails
 * if the input is not constant, not a list of int64, or too long. */
Status call_constant_ints(Call *call, size_t input, int64_t *values, size_t *count, size_t most);

/* A constant float input of one element (a bound of Clip, a scale). */
Status call_constant_float(Call *call, size_t input, float *value);

/* Fails if a value is not float. */
Status call_needs_float(Call *call, size_t value);

/* An axis that may be negative, as an axis of a value of that rank. */
Status call_axis(Call *call, int64_t axis, size_t rank, size_t *result);

/* Fails if the batch is larger than 1 and the value is computed: for operations along axis 0, which would mix
 * images. what: the operation, for the message. */
Status call_keeps_images(Call *call, const BuildValue *value, const char *what);

/* --- outputs ---------------------------------------------------------------------------------------- */

/* Name of the call's first output, for values and messages before it is bound. */
const char *call_output_name(const Call *call);

/* Makes `value` the call's output number `output` (0 for most operators). A build function must bind every
 * output that the graph uses. */
Status call_bind(Call *call, size_t output, size_t value);

/* *value = a constant. elements: memory that lives as long as the network. */
Status call_constant(Call *call, ElementType type, size_t rank, const size_t *shape, const void *elements,
                     size_t *value);

#endif
