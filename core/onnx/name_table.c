/* SPDX-License-Identifier: MIT */
#include "onnx/name_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_SLOTS 64

/* FNV-1a, mixed so that the low bits depend on all others. The start is random, so that a file cannot choose
 * names that collide; the numbers do not depend on it. */
static uint64_t hash_text(uint64_t start, const char *text)
{
    uint64_t hash = start;
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* The slot of `name`, or the free slot where it would go. */
static size_t find_slot(const NameTable *table, const char *name)
{
    size_t slot = hash_text(table->start, name) & (table->slot_count - 1);
    while (table->slots[slot] != SIZE_MAX && strcmp(table->names[table->slots[slot]], name) != 0)
        slot = (slot + 1) & (table->slot_count - 1);
    return slot;
}

/* Doubles the table: at most half of the slots are taken. */
static bool grow(NameTable *table)
{
    NameTable larger = *table;
    if (!table->slots && getrandom(&larger.start, sizeof larger.start, GRND_NONBLOCK) < 0)
        larger.start = 0xcbf29ce484222325u;
    larger.slot_count = table->slot_count ? 2 * table->slot_count : FIRST_SLOTS;
    larger.capacity = larger.slot_count / 2;
    const char **names = realloc(table->names, larger.capacity * sizeof *names);
    if (!names) return false;
    table->names = larger.names = names;
    larger.slots = malloc(larger.slot_count * sizeof *larger.slots);
    if (!larger.slots) return false;
    memset(larger.slots, 0xff, larger.slot_count * sizeof *larger.slots);
    for (size_t i = 0; i < table->count; i++) larger.slots[find_slot(&larger, names[i])] = i;
    free(table->slots);
    *table = larger;
    return true;
}

bool name_table_add(NameTable *table, const char *name, size_t *number, bool *is_new)
{
    if (table->count == table->capacity && !grow(table)) return false;
    size_t slot = find_slot(table, name);
    *is_new = table->slots[slot] == SIZE_MAX;
    if (*is_new) {
        table->names[table->count] = name;
        table->slots[slot] = table->count++;
    }
    *number = table->slots[slot];
    return true;
}

bool name_table_find(const NameTable *table, const char *name, size_t *number)
{
    if (!table->slots) return false;
    *number = table->slots[find_slot(table, name)];
    return *number != SIZE_MAX;
}

void name_table_free(NameTable *table)
{
    free(table->names);
    free(table->slots);
    *table = (NameTable){0};
}
