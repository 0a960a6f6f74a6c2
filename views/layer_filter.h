/* SPDX-License-Identifier: MIT */
/* Layer filter: which layers the table shows, in a small language.
 *
 * A filter is a list of terms separated by blanks; a layer is shown if all of them hold. Upper and lower case
 * are the same.
 *
 *     blocks.3       the name contains it
 *     blocks.*.down  the name matches the pattern: * any characters, ? any one
 *     op:Conv        the operator's name starts with it
 *     shape:3x3      the shape of the weights contains these sizes next to each other
 *     bits:4         weight bits in the edited plan: a number, a range such as 2-4, or float
 *     act:8          activation bits, written in the same way
 *     method:gptq    the method's name starts with it
 *
 * A term without its value ("op:") holds for all layers. A word before a colon that is none of these is a
 * part of a name. Pure; any thread may call.
 *
 * Example (const Scene *scene, size_t layer):
 *     bool shown = layer_filter_keeps(scene, layer, "op:Conv bits:2-4");
 */
#ifndef VIEWS_LAYER_FILTER_H
#define VIEWS_LAYER_FILTER_H

#include "views/scene.h"

/* Whether all terms of the filter hold for the layer; "" keeps every layer. */
bool layer_filter_keeps(const Scene *scene, size_t layer, const char *filter);

#endif
