/* SPDX-License-Identifier: MIT */
/* Memo: a cache of results under keys over all that they depend on (explore/cache/layer_keys.h).
 *
 * It takes at most `ceiling` bytes and drops what was used least recently. Nothing may rely on an entry still
 * being there: what is too large, or finds no memory, is not kept. A second result under the same key is not
 * kept either. One thread at a time.
 *
 * Example (const MemoKey *key, const Solved *solved, Message *message):
 *     Memo *memo;
 *     memo_create(&memo, (size_t)1 << 30, message);
 *     memo_keep_solved(memo, key, solved);
 *     const Solved *kept = memo_solved(memo, key); // with a reference for the caller, or NULL
 *     solved_drop(kept);
 *     memo_free(memo);
 */
#ifndef EXPLORE_MEMO_H
#define EXPLORE_MEMO_H

#include "explore/solved.h"
#include "quantize/calibrate/calibrate.h"

typedef struct MemoKey {
    uint8_t bytes[32];
} MemoKey;

/* A layer's statistics, counted by references. One thread at a time. */
typedef struct Sums {
    size_t references;
    Statistics statistics;
} Sums;

/* Takes the statistics over, on failure too. One reference is the caller's; *sums is NULL on failure. */
Status sums_create(Sums **sums, Statistics *statistics, Message *message);
Sums *sums_hold(Sums *sums);
void sums_drop(Sums *sums); /* NULL is allowed */

typedef struct Memo Memo;

/* ceiling: bytes. memo_free() takes NULL. */
Status memo_create(Memo **memo, size_t ceiling, Message *message);
void memo_free(Memo *memo); /* NULL is allowed */

/* Sets another ceiling and drops what exceeds it. */
void memo_limit(Memo *memo, size_t ceiling);

/* Bytes in use, never above the ceiling. */
size_t memo_bytes(const Memo *memo);

/* What is kept under the key, with a reference for the caller; NULL where there is nothing. */
const Solved *memo_solved(Memo *memo, const MemoKey *key);
void memo_keep_solved(Memo *memo, const MemoKey *key, const Solved *solved);
Sums *memo_sums(Memo *memo, const MemoKey *key);
void memo_keep_sums(Memo *memo, const MemoKey *key, Sums *sums);

/* Fills numbers[count], as many as were kept; false where they are not kept. */
bool memo_numbers(double *numbers, Memo *memo, const MemoKey *key, size_t count);
void memo_keep_numbers(Memo *memo, const MemoKey *key, const double *numbers, size_t count);

#endif
