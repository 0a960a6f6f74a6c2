/* SPDX-License-Identifier: MIT */
/* A hash table from names to numbers, 0, 1, 2 ... in the order of adding. Names are kept by pointer and must
 * outlive the table.
 *
 * Example:
 *     NameTable table = {0};
 *     size_t number;
 *     bool is_new;
 *     name_table_add(&table, "conv1.weight", &number, &is_new);
 *     name_table_free(&table);
 */
#ifndef ONNX_NAME_TABLE_H
#define ONNX_NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct NameTable {
    const char **names; /* [count] */
    size_t count, capacity;
    size_t *slots; /* [slot_count], a power of two: numbers; SIZE_MAX: free */
    size_t slot_count;
    uint64_t start; /* of the hash, random */
} NameTable;

/* *number: that of `name`, which is added where it is new. False when out of memory. */
bool name_table_add(NameTable *table, const char *name, size_t *number, bool *is_new);
/* *number: that of `name`. False where the table does not have it. */
bool name_table_find(const NameTable *table, const char *name, size_t *number);
void name_table_free(NameTable *table);

#endif
