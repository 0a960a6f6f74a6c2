/* Layer names, as a person knows them from the network's source. Private to core/network. */
#ifndef NETWORK_LAYER_NAMES_H
#define NETWORK_LAYER_NAMES_H

#include "base/arena.h"
#include "onnx/name_table.h"

/* The weight initializer's name without ".weight" where it ends so; else the node's path, '/a/a.0/Conv' ->
 * "a.0": components joined by '.', one that starts with the one before it and a '.' replacing it, the
 * operator dropped; else the node's name. NULL when out of memory. */
const char *layer_name(Arena *arena, const char *weight, const char *node);

/* `name`, or with the first of "_2", "_3" ... behind it that makes it new to the table. NULL when out of
 * memory. suffixes: [names], zeros at first; the last suffix given, so that many equal names take no longer.
 */
const char *layer_name_unique(Arena *arena, NameTable *taken, size_t *suffixes, const char *name);

#endif
