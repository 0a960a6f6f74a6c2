/* SPDX-License-Identifier: MIT */
/* Steps: the long parts of the commands, with a progress line. A signal ends them with STATUS_CANCELLED. */
#ifndef APP_STEPS_H
#define APP_STEPS_H

#include "app/cli/inputs.h"
#include "bound/ladder.h"
#include "evaluate/accuracy.h"
#include "explore/pipeline.h"
#include "explore/sweep.h"

/* Runs `plan` on the calibration images. `what` is the start of the progress line. *pipeline is NULL on
 * failure.
 */
Status step_quantize(Pipeline **pipeline, const Inputs *inputs, const Plan *plan, const char *what,
                     Message *message);

/* Evaluates on the evaluation images; `weights` as for evaluation_run(). The float network runs once for all
 * calls. */
Status step_evaluate(Evaluation *evaluation, const Inputs *inputs, const Weights *const *weights,
                     const char *what, Message *message);

typedef struct Climb {
    Ladder ladder;
    double norm_seconds;
} Climb;

/* The ladder of bounds for the results in `pipeline`, on the images that the options choose. The caller frees
 * climb->ladder. */
Status step_ladder(Climb *climb, const Inputs *inputs, const Pipeline *pipeline, Message *message);

/* sensitivities: [layer_count]. `known` is called for every layer; it may print, as the progress line is
 * wiped before. */
Status step_sweep(Sensitivity *sensitivities, const Inputs *inputs, SweepKnown *known, void *context,
                  Message *message);

#endif
