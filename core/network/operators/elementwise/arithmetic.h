/* SPDX-License-Identifier: MIT */
/* Arithmetic, as other operators use it. Private to core/network. */
#ifndef NETWORK_ARITHMETIC_H
#define NETWORK_ARITHMETIC_H

#include "network/build/call.h"

/* *value = a OP b with broadcasting; name: "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "PRelu", "Mod" or
 * "Fmod". */
Status emit_binary(Call *call, const char *name, size_t a, size_t b, size_t *value);

#endif
