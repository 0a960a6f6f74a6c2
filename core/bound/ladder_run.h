/* SPDX-License-Identifier: MIT */
/* Ladder run: images through all hybrid networks, tile by tile on the pool. Private to core/bound.
 *
 * Finds the steps and stages, divides the memory among workers, and runs the tiles in rounds. What it leaves
 * in the run's tables is summed by ladder_sum.c and ledger.c.
 *
 * Example (const Network *network, const Weights *const *weights, const Dataset *dataset, const Normalization
 * *normalization, Pool *pool, LadderRound *after, Message *message):
 *     LadderRun run = {network, weights, dataset, normalization, .images = 100};
 *     ladder_run(&run, pool, 0, after, NULL, message);
 *     ladder_run_free(&run);
 */
#ifndef BOUND_LADDER_RUN_H
#define BOUND_LADDER_RUN_H

#include "base/pool.h"
#include "bound/ladder_tile.h"

/* Called after each round on the calling thread: the samples of the first `images` images are complete. Any
 * other status than STATUS_OK ends the run. */
typedef Status LadderRound(void *context, const LadderRun *run, size_t images, Message *message);

/* The caller sets the run's network, weights, dataset, normalization, images, and where wanted selection,
 * rivals, pulls_only and cancellation; the rest is zero. memory: ceiling in bytes, 0: none. STATUS_INVALID
 * where the images do not fit the network, or outputs on them are not finite; STATUS_MEMORY;
 * STATUS_CANCELLED. Call ladder_run_free() in any case. */
Status ladder_run(LadderRun *run, Pool *pool, size_t memory, LadderRound *after, void *context,
                  Message *message);
void ladder_run_free(LadderRun *run);

#endif
