/* Explorer: pursues one plan after another, so that a person can change the plan and watch.
 *
 * For a plan, in the order in which a person wants them: the errors of changed layers whose sums are known,
 * all layers in the pipeline's order, the bound, then accuracy; a snapshot is published at every step.
 * Everything solved is remembered under a hash of all that it depends on (the layer, its widths and method,
 * the options, and in sequential mode the choices for the layers that it depends on), up to a quarter of the
 * memory, the longest unused dropped first; nothing any more from when the rest was not enough. There are no
 * warm starts: what a plan gives does not depend on the plans before it, and is byte for byte what
 * pipeline_run() gives.
 *
 * One thread, the worker's, calls everything here; snapshots alone cross to others.
 *
 *     explorer_create(&explorer, network, &plan, &options, message);
 *     explorer_set_images(explorer, calibration, evaluation, &normalization);
 *     while (plan = next_wanted()) explorer_pursue(explorer, plan, message);
 *     explorer_free(explorer);
 */
#ifndef EXPLORE_EXPLORER_H
#define EXPLORE_EXPLORER_H

#include "explore/snapshot.h"

typedef struct Explorer Explorer;

typedef struct ExplorerOptions {
    Pool *pool;
    size_t memory;            /* ceiling in bytes of all that the explorer takes; 0: half of the machine's
                                 memory */
    size_t ladder_images;     /* of the calibration images, from the front; 0: no ladder */
    size_t evaluation_images; /* 0: all */

    double publish_seconds; /* least between two snapshots but for the last of a pursuit; 0: 1/30 */

    /* Called often, between pieces of work of some 10 ms: true goes on, false abandons the plan. A pause is a
     * call that does not return yet. This and `publish` may not use the pool. */
    bool (*proceed)(void *context);
    /* Receives a reference of its own. */
    void (*publish)(void *context, Snapshot *snapshot);
    void *context;
} ExplorerOptions;

/* The network must outlive the explorer. Publishes the first snapshot, in ACTIVITY_OPENING. */
Status explorer_create(Explorer **explorer, const Network *network, const Plan *plan,
                       const ExplorerOptions *options, Message *message);
void explorer_free(Explorer *explorer);

/* What to calibrate and evaluate on; evaluation NULL: accuracy is not known. They must outlive the explorer.
 * Where there were others before, the plans visited are forgotten. */
void explorer_set_images(Explorer *explorer, const Dataset *calibration, const Dataset *evaluation,
                         const Normalization *normalization);

/* Why there are none: what a pursuit then fails with. */
void explorer_lack_images(Explorer *explorer, const Message *reason);

/* All that the plan asks for. STATUS_CANCELLED where `proceed` said no: what was found is kept, and the
 * next pursuit takes it up. A failure is in the last snapshot too. */
Status explorer_pursue(Explorer *explorer, const Plan *plan, Message *message);

/* Takes a plan that is not to be pursued for now: publishes what is known of it, in ACTIVITY_CANCELLED.
 * Returns STATUS_CANCELLED, or why it failed. */
Status explorer_set_aside(Explorer *explorer, const Plan *plan, Message *message);

/* Solves one layer of the plan pursued last by every method, at its width. */
Status explorer_compare_methods(Explorer *explorer, size_t layer, Message *message);

/* Solves one layer of the plan pursued last at every width, by its method. Only a layer whose sums are not
 * known any more takes the chains to be run. */
Status explorer_measure_widths(Explorer *explorer, size_t layer, Message *message);

/* Adds plans visited in an earlier run, as they were kept; they have numbers from 1 in their order. Before
 * the first pursuit. */
Status explorer_restore(Explorer *explorer, const VisitedPlan *const *visits, size_t count, Message *message);

/* For reports: what is known of the plan pursued last, complete after a pursuit that returned STATUS_OK. The
 * pipeline's results, or NULL; the ladder and the accuracy, or NULL where they are not complete. Borrowed
 * until the next call. */
const Pipeline *explorer_pipeline(const Explorer *explorer);
const Ladder *explorer_ladder(const Explorer *explorer);
const Evaluation *explorer_accuracy(const Explorer *explorer);

#endif
