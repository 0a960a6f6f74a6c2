/* Name table: text to a number, 0, 1, 2 ... in the order of adding. Private to core/network, but for the
 * report that edits a file. Names are kept by pointer and must outlive the table.
 */
#ifndef NETWORK_NAME_TABLE_H
#define NETWORK_NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct NameTable {
    const char **names; /* [count] */
    size_t count, capacity;
    size_t *slots; /* [slot_count], a power of two: numbers, SIZE_MAX where free */
    size_t slot_count;
    uint64_t start; /* of the hash */
} NameTable;

/* The number of `name`, added where it is new (*is_new tells). False when out of memory. */
bool name_table_add(NameTable *table, const char *name, size_t *number, bool *is_new);
/* False where the table does not have it. */
bool name_table_find(const NameTable *table, const char *name, size_t *number);
void name_table_free(NameTable *table);

#endif
