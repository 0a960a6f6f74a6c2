/* SPDX-License-Identifier: MIT */
/* Cast, as other operators use it. Private to core/network. */
#ifndef NETWORK_CAST_H
#define NETWORK_CAST_H

#include "network/build/call.h"

/* *value = `input` with elements of another type; itself if it has that type. */
Status emit_cast(Call *call, size_t input, ElementType type, size_t *value);

#endif
