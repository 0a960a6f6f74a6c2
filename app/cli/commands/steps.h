/* SPDX-License-Identifier: MIT */
/* Steps: the long parts of the commands, with a progress line. A signal ends them with STATUS_CANCELLED. */
#ifndef APP_STEPS_H
#define APP_STEPS_H

#include "app/cli/inputs.h"
#include "bound/ladder.h"
#include "evaluate/accuracy.h"
#include "explore/forecast_run.h"
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

/* The same on the first `images`; `look` is called too, with its context, and ends the step with
 * STATUS_CANCELLED where it returns false. */
Status step_judge(Evaluation *evaluation, const Inputs *inputs, const Weights *const *weights, size_t images,
                  EvaluationProgress *look, void *context, const char *what, Message *message);

/* The sensitivities that plans are chosen from, of forecast_create(): from the state folder where they were
 * computed before, and kept there. plan: as forecast_run() takes it. activation_widths: a set of 1 << bits.
 */
Status step_forecast(Forecast *forecast, const Inputs *inputs, const Plan *plan, unsigned activation_widths,
                     Message *message);

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
