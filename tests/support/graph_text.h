/* SPDX-License-Identifier: MIT */
/* Small ONNX graphs written as text, for tests:
 *
 *     "a=Clip(v,-1.0,2.0); b,c=Split(a,[1,2]) axis=1; y=Concat(b,{16,1,2,2}#7) axis=1"
 *
 * An argument is a value, a number or [list] (a constant: float where it has a point, int64 otherwise),
 * {shape}#seed (a float constant from graph_random()), or - for an input that is left out. Attributes are
 * numbers, [lists], 'text' or tNUMBER (a tensor of one element). The input is `x`, the output `y`.
 */
#ifndef TESTS_GRAPH_TEXT_H
#define TESTS_GRAPH_TEXT_H

#include "base/status.h"
#include "network/types.h"

/* Element `index` of random constant `seed`, in [-2, 2], never near 0. */
float graph_random(unsigned seed, size_t index);

/* Opens the graph; returns NULL and fills the message on failure. shape: of x (N, C, H, W); 0 leaves N open.
 */
Network *graph_open(const char *text, int opset, const size_t *shape, Message *message);

/* Writes the graph to a file. */
void graph_write(const char *path, const char *text, int opset, const size_t *shape);

#endif
