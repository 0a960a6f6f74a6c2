/* SPDX-License-Identifier: MIT */
/* Concatenation along an axis, for others than the operator. Private to core/network. */
#ifndef NETWORK_CONCAT_H
#define NETWORK_CONCAT_H

#include "network/build/call.h"

/* *value = inputs[count], values stored in ONNX's order that differ in the length of `axis` alone, one after
 * the other along that axis. */
Status emit_concat(Call *call, const size_t *inputs, size_t count, size_t axis, size_t *value);

#endif
