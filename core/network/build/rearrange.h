/* SPDX-License-Identifier: MIT */
/* Rearrange: a value in the other layout, in another shape, or with its axes in another order. Private to
 * core/network.
 *
 * A change of layout is an ordinary Transpose node, made once per value, or a Copy if the order of the
 * elements does not change (one channel, or one pixel). Copies cost nothing: network_run() lets them share
 * memory.
 */
#ifndef NETWORK_REARRANGE_H
#define NETWORK_REARRANGE_H

#include "network/build/call.h"

/* *result = the value stored in ONNX's order. */
Status builder_plain(Call *call, size_t value, size_t *result);

/* *result = the value stored channels last. Fails for a rank below 3. */
Status builder_channels_last(Call *call, size_t value, size_t *result);

/* *value = the elements of `input`, in its stored order and layout, with another shape of as many elements.
 */
Status emit_reshaped(Call *call, size_t input, size_t rank, const size_t *shape, size_t *value);

/* *value = `input`, stored in ONNX's order, with order[i] of its axes as axis i. */
Status emit_permuted(Call *call, size_t input, const size_t *order, size_t *value);

/* *value = `input`, N,C,W or N,C,H,W, as N,C,H,W stored channels last: one spatial axis becomes the columns
 * of an image of one row. */
Status image_of_line(Call *call, size_t input, size_t *value);

/* *value = an image of one row as N,C,W if `rank` is 3; `input` itself otherwise. */
Status line_of_image(Call *call, size_t input, size_t rank, size_t *value);

#endif
