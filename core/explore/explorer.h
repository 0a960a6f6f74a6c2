/* SPDX-License-Identifier: MIT */
/* Explorer: works on one plan after another, so that a person can change the plan and watch.
 *
 * Results of a plan come in the order in which a person wants them: reconstruction errors of layers whose
 * statistics are cached, all other layers in the network's order, accuracy, the ladder of bounds. Accumulated
 * errors come with the layers, or after the accuracy where no layer needs the chains. The ladder can also
 * come before the accuracy, or not at all (explorer_time_ladder()). A snapshot is published at every step.
 *
 * What was solved is cached under a hash of all that it depends on (the layer, its bits and method, the
 * options, and in sequential mode the choices for the layers upstream). The cache takes at most a quarter of
 * the memory and drops what was used least recently; when a stage lacks memory the cache is given up. There
 * are no warm starts: the results of a plan do not depend on the plans before it, and have the same bytes as
 * those of pipeline_run().
 *
 * One thread calls all functions. Snapshots alone are shared with other threads. Plans are shared (plan.h).
 *
 * Example (const Network *network, const Plan *plan, const Dataset *calibration, Message *message):
 *     ExplorerOptions options = {0};
 *     Normalization normalization = {0};
 *     Explorer *explorer;
 *     explorer_create(&explorer, network, plan, &options, message);
 *     explorer_set_images(explorer, calibration, NULL, &normalization);
 *     explorer_pursue(explorer, plan, message);
 *     explorer_free(explorer);
 */
#ifndef EXPLORE_EXPLORER_H
#define EXPLORE_EXPLORER_H

#include "bound/norm_record.h"
#include "explore/snapshot.h"

typedef struct Explorer Explorer;

typedef struct ExplorerOptions {
    Pool *pool;
    size_t memory;            /* ceiling in bytes; 0: half of the machine's memory */
    size_t ladder_images;     /* calibration images for the ladder, from the front; 0: no ladder */
    size_t evaluation_images; /* from the front; 0: all */

    double publish_seconds; /* between two snapshots at least, the last of a call excepted; 0: 1/30 */

    /* Called every 10 ms or so: false cancels. To pause, do not return yet. Neither function may use the
     * pool; both may be NULL. */
    bool (*proceed)(void *context);
    /* Receives one reference to the snapshot. */
    void (*publish)(void *context, Snapshot *snapshot);
    void *context; /* of both */
} ExplorerOptions;

/* Publishes the first snapshot, in ACTIVITY_OPENING. The network must outlive the explorer. *explorer is NULL
 * on failure (STATUS_MEMORY). */
Status explorer_create(Explorer **explorer, const Network *network, const Plan *plan,
                       const ExplorerOptions *options, Message *message);
void explorer_free(Explorer *explorer); /* NULL is allowed */

/* The calibration set, and the evaluation set or NULL for none; both must outlive the explorer. Images set
 * before are replaced: visited plans and results are then forgotten. */
void explorer_set_images(Explorer *explorer, const Dataset *calibration, const Dataset *evaluation,
                         const Normalization *normalization);

/* Without images: why there are none. explorer_pursue() then fails with this message. */
void explorer_lack_images(Explorer *explorer, const Message *reason);

/* When the ladder is computed; LADDER_AFTER_ACCURACY at first. With LADDER_OFF it is no result of a plan:
 * explorer_ladder() returns NULL, whatever was computed before. `proceed` may call this: a stage that is not
 * the next one any more is then given up, and the pursuit goes on with the one that is. */
void explorer_time_ladder(Explorer *explorer, LadderTiming timing);

/* Computes all results of the plan. STATUS_CANCELLED after `proceed` returned false: what was solved stays
 * cached, and the next call for the plan goes on from there. The last snapshot has the message of a failure
 * too. */
Status explorer_pursue(Explorer *explorer, const Plan *plan, Message *message);

/* Solves all layers of the plan and computes nothing else: what explorer_pipeline() needs. Fails as
 * explorer_pursue() does. */
Status explorer_solve(Explorer *explorer, const Plan *plan, Message *message);

/* Publishes what is known of a plan without computing anything, in ACTIVITY_CANCELLED. Returns
 * STATUS_CANCELLED, or why it failed. */
Status explorer_set_aside(Explorer *explorer, const Plan *plan, Message *message);

/* Solves one layer of the last plan by every method, at the plan's weight bits; the errors are in the layer's
 * snapshot. (This and the next two are in trials.c.) */
Status explorer_compare_methods(Explorer *explorer, size_t layer, Message *message);

/* Solves one layer at all weight bits, by the plan's method, on the float network's inputs: the figures are
 * those of the sensitivity sweep (explore/sweep.h), and contain no error of earlier layers. The float network
 * is run where these statistics are not cached. */
Status explorer_measure_widths(Explorer *explorer, size_t layer, Message *message);

/* Measures one layer at its weight bits and grid over the range of its codes (quantize/clipping.h), on the
 * float network's inputs: round-to-nearest's error by its parts, and that of codes solved for at the range;
 * and where the plan's accuracy is known, the accuracy with those codes. The figures are in the layer's
 * snapshot; the accuracies are forgotten with the plan. */
Status explorer_measure_clipping(Explorer *explorer, size_t layer, Message *message);

/* What plans are chosen from (choose/forecast.h), for plans like this one: empty at first, and again where
 * methods, options or activation bits have changed since (`key`, 65 bytes, is of forecast_key()). The caller
 * may fill it from what it has kept under that key. Borrowed until the next call. NULL without images or
 * memory. (This and the next function are in explorer_forecast.c.) */
Forecast *explorer_forecast(Explorer *explorer, char *key, const Plan *plan);

/* Completes it, layer by layer; snapshots show it as it comes. STATUS_CANCELLED after `proceed` returned
 * false: the next call goes on from there. The activity and the results of the last plan stay. */
Status explorer_foresee(Explorer *explorer, const Plan *plan, Message *message);

/* Adds visited plans of an earlier session with their measurements, numbered from 1 in their order. Call it
 * before the first explorer_pursue(). */
Status explorer_restore(Explorer *explorer, const VisitedPlan *const *visited, size_t count,
                        Message *message);

/* Takes operator norms of an earlier session, which are then not computed again. Call it before the first
 * explorer_pursue(). */
void explorer_restore_norms(Explorer *explorer, const NormRecord *records, size_t count);

/* Results of the last plan, for reports: NULL where they are not complete. All are there after
 * explorer_pursue() returned STATUS_OK (ladder and accuracy where they were asked for). Borrowed until the
 * next call. `proceed` may call these: the pipeline is there while accuracy and ladder are computed. */
const Pipeline *explorer_pipeline(const Explorer *explorer);
const Ladder *explorer_ladder(const Explorer *explorer);
const Evaluation *explorer_accuracy(const Explorer *explorer);

#endif
