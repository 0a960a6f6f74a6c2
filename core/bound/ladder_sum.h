/* SPDX-License-Identifier: MIT */
/* Ladder sum: from samples per step and image to rungs, rows, certificates and the invariant. Private to
 * core/bound. */
#ifndef BOUND_LADDER_SUM_H
#define BOUND_LADDER_SUM_H

#include "bound/ladder.h"
#include "bound/ladder_tile.h"

/* Sets the ladder of the run's first `images` images. total, labelled, layer_count, steps and bytes are set
 * before and stay. */
void ladder_sum(Ladder *ladder, const LadderRun *run, size_t images, const Lipschitz *lipschitz);

#endif
