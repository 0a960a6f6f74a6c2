/* SPDX-License-Identifier: MIT */
/* Layer names, as in the PyTorch module that the network was exported from. Private to core/network. */
#ifndef NETWORK_LAYER_NAMES_H
#define NETWORK_LAYER_NAMES_H

#include "base/arena.h"
#include "onnx/name_table.h"

/* The weight initializer's name without ".weight" if it ends so; else the node's path ('/a/a.0/Conv' becomes
 * "a.0": the last component is dropped, the others are joined by '.', and a component that extends the one
 * before it replaces it); else the node's name. NULL when out of memory. */
const char *layer_name(Arena *arena, const char *weight, const char *node);

/* `name`, or `name` with the first suffix "_2", "_3" ... that makes it new to the table. NULL when out of
 * memory. suffixes [names]: the last suffix given to each name, 0 at first, so that many equal names take
 * linear time.
 */
const char *layer_name_unique(Arena *arena, NameTable *taken, size_t *suffixes, const char *name);

#endif
