/* SPDX-License-Identifier: MIT */
#include "explore/cache/memo.h"

#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096 /* entries are some hundreds a network */

typedef struct Entry {
    MemoKey key;
    const Solved *solved; /* one of these two, or neither and `numbers` */
    Sums *sums;
    size_t bytes, number_count;
    struct Entry *next;          /* of the bucket */
    struct Entry *older, *newer; /* by last use */
    double numbers[];
} Entry;

struct Memo {
    size_t ceiling, used;
    Entry *buckets[BUCKETS];
    Entry *oldest, *newest;
};

/* --- sums ------------------------------------------------------------------------------------------------
 */

Status sums_create(Sums **result, Statistics *statistics, Message *message)
{
    Sums *sums = malloc(sizeof *sums);
    *result = sums;
    if (!sums) {
        statistics_free(statistics);
        return status_no_memory(message, "a layer's statistics");
    }
    *sums = (Sums){1, *statistics};
    *statistics = (Statistics){0};
    return STATUS_OK;
}

Sums *sums_hold(Sums *sums)
{
    sums->references++;
    return sums;
}

void sums_drop(Sums *sums)
{
    if (!sums || --sums->references > 0) return;
    statistics_free(&sums->statistics);
    free(sums);
}

/* --- entries ---------------------------------------------------------------------------------------------
 */

/* A key is a hash already. */
static Entry **bucket_of(Memo *memo, const MemoKey *key)
{
    size_t number;
    memcpy(&number, key->bytes, sizeof number);
    return &memo->buckets[number % BUCKETS];
}

static void unlink_use(Memo *memo, Entry *entry)
{
    *(entry->older ? &entry->older->newer : &memo->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &memo->newest) = entry->older;
}

static void link_newest(Memo *memo, Entry *entry)
{
    entry->older = memo->newest;
    entry->newer = NULL;
    *(memo->newest ? &memo->newest->newer : &memo->oldest) = entry;
    memo->newest = entry;
}

static void forget(Memo *memo, Entry *entry)
{
    Entry **link = bucket_of(memo, &entry->key);
    while (*link != entry) link = &(*link)->next;
    *link = entry->next;
    unlink_use(memo, entry);
    memo->used -= entry->bytes;
    solved_drop(entry->solved);
    sums_drop(entry->sums);
    free(entry);
}

/* The entry, as the one used last; NULL where there is none. */
static Entry *find(Memo *memo, const MemoKey *key)
{
    Entry *entry = *bucket_of(memo, key);
    while (entry && memcmp(&entry->key, key, sizeof *key) != 0) entry = entry->next;
    if (!entry) return NULL;
    unlink_use(memo, entry);
    link_newest(memo, entry);
    return entry;
}

/* An entry to be filled, counted as `bytes` beside itself; NULL where it is there already or has no room. */
static Entry *add(Memo *memo, const MemoKey *key, size_t bytes, size_t number_count)
{
    const size_t own = sizeof(Entry) + number_count * sizeof(double);
    if (find(memo, key) || !size_add(&bytes, bytes, own) || bytes > memo->ceiling) return NULL;
    Entry *entry = calloc(1, own);
    if (!entry) return NULL;
    while (memo->used > memo->ceiling - bytes) forget(memo, memo->oldest);
    Entry **bucket = bucket_of(memo, key);
    entry->key = *key;
    entry->bytes = bytes;
    entry->number_count = number_count;
    entry->next = *bucket;
    *bucket = entry;
    memo->used += bytes;
    link_newest(memo, entry);
    return entry;
}

/* --- the memo --------------------------------------------------------------------------------------------
 */

Status memo_create(Memo **memo, size_t ceiling, Message *message)
{
    *memo = calloc(1, sizeof **memo);
    if (!*memo) return status_no_memory(message, "what was solved");
    (*memo)->ceiling = ceiling;
    return STATUS_OK;
}

void memo_free(Memo *memo)
{
    if (!memo) return;
    while (memo->oldest) forget(memo, memo->oldest);
    free(memo);
}

void memo_limit(Memo *memo, size_t ceiling)
{
    memo->ceiling = ceiling;
    while (memo->used > ceiling) forget(memo, memo->oldest);
}

size_t memo_bytes(const Memo *memo)
{
    return memo->used;
}

const Solved *memo_solved(Memo *memo, const MemoKey *key)
{
    Entry *entry = find(memo, key);
    return entry && entry->solved ? solved_hold(entry->solved) : NULL;
}

void memo_keep_solved(Memo *memo, const MemoKey *key, const Solved *solved)
{
    Entry *entry = add(memo, key, solved->bytes, 0);
    if (entry) entry->solved = solved_hold(solved);
}

Sums *memo_sums(Memo *memo, const MemoKey *key)
{
    Entry *entry = find(memo, key);
    return entry && entry->sums ? sums_hold(entry->sums) : NULL;
}

void memo_keep_sums(Memo *memo, const MemoKey *key, Sums *sums)
{
    Entry *entry = add(memo, key, sizeof *sums + statistics_bytes(&sums->statistics), 0);
    if (entry) entry->sums = sums_hold(sums);
}

bool memo_numbers(double *numbers, Memo *memo, const MemoKey *key, size_t count)
{
    Entry *entry = find(memo, key);
    if (!entry || entry->number_count != count) return false;
    memcpy(numbers, entry->numbers, count * sizeof *numbers);
    return true;
}

void memo_keep_numbers(Memo *memo, const MemoKey *key, const double *numbers, size_t count)
{
    Entry *entry = add(memo, key, 0, count);
    if (entry) memcpy(entry->numbers, numbers, count * sizeof *numbers);
}
