/* SPDX-License-Identifier: MIT */
/* Attributes of the ONNX node of a call. Private to core/network.
 *
 * Each function returns the given default if the attribute is absent. An attribute of the wrong type is
 * reported after the operator's build function returns, so that these need no status.
 */
#ifndef NETWORK_ATTRIBUTES_H
#define NETWORK_ATTRIBUTES_H

#include "network/build/call.h"

/* The value of an attribute, or `absent` if the node does not have it. An attribute of the wrong type fails
 * the call when build returns. */
bool attribute_present(const Call *call, const char *name);
int64_t attribute_int(Call *call, const char *name, int64_t absent);
float attribute_float(Call *call, const char *name, float absent);
const char *attribute_text(Call *call, const char *name, const char *absent);

/* *values points into the file's data, NULL if the attribute is absent. Returns the count. */
size_t attribute_ints(Call *call, const char *name, const int64_t **values);
size_t attribute_floats(Call *call, const char *name, const float **values);

/* Reads a list of at most TENSOR_MAX_RANK integers that is an attribute before `opset`, and since then input
 * number `input`. *count is 0 if it is absent. */
Status attribute_or_input(Call *call, const char *name, int opset, size_t input, int64_t *values,
                          size_t *count);

/* A tensor as a constant value; NO_INDEX if it is absent or damaged. */
size_t attribute_tensor(Call *call, const char *name);

#endif
