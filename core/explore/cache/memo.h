/* Memo: what was found before, under keys over all that it depends on (explore/cache/layer_keys.h).
 *
 * Up to a ceiling in bytes; beyond it the longest unused is forgotten first. Nothing may rely on what was
 * kept still being there: what is too large, or finds no memory, is not kept. Of two things kept under one
 * key the first stays. One thread at a time.
 *
 *     memo_create(&memo, (size_t)1 << 30, message);
 *     memo_keep_solved(memo, &key, solved);
 *     const Solved *solved = memo_solved(memo, &key);   // held for the caller, or NULL
 *     solved_drop(solved);
 *     memo_free(memo);
 */
#ifndef EXPLORE_MEMO_H
#define EXPLORE_MEMO_H

#include "explore/solved.h"
#include "quantize/calibrate.h"

typedef struct MemoKey {
    uint8_t bytes[32];
} MemoKey;

/* A layer's statistics, counted by references, on the worker's thread alone. */
typedef struct Sums {
    size_t references;
    Statistics statistics;
} Sums;

/* Takes the statistics over, on failure too; one reference is the caller's. */
Status sums_create(Sums **sums, Statistics *statistics, Message *message);
Sums *sums_hold(Sums *sums);
void sums_drop(Sums *sums); /* NULL allowed */

typedef struct Memo Memo;

Status memo_create(Memo **memo, size_t ceiling, Message *message);
void memo_free(Memo *memo);

/* Forgets what is above another ceiling, which holds from now on. */
void memo_limit(Memo *memo, size_t ceiling);

/* Bytes kept, never above the ceiling. */
size_t memo_bytes(const Memo *memo);

/* A reference for the caller, or NULL; the memo holds another. */
const Solved *memo_solved(Memo *memo, const MemoKey *key);
void memo_keep_solved(Memo *memo, const MemoKey *key, const Solved *solved);
Sums *memo_sums(Memo *memo, const MemoKey *key);
void memo_keep_sums(Memo *memo, const MemoKey *key, Sums *sums);

/* numbers[count], as many as were kept; false where they are not known. */
bool memo_numbers(double *numbers, Memo *memo, const MemoKey *key, size_t count);
void memo_keep_numbers(Memo *memo, const MemoKey *key, const double *numbers, size_t count);

#endif
