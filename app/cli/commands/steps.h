/* Steps: the long parts of the commands, with a line of progress, and an end when a signal asks for it. */
#ifndef APP_STEPS_H
#define APP_STEPS_H

#include "app/cli/inputs.h"
#include "bound/ladder.h"
#include "evaluate/accuracy.h"
#include "explore/pipeline.h"
#include "explore/sweep.h"

/* Runs `plan` on the inputs's calibration images; `what` stands in front of the progress line. */
Status step_quantize(Pipeline **pipeline, const Inputs *inputs, const Plan *plan, const char *what,
                     Message *message);

/* Evaluates on the inputs's evaluation images, the float network once; weights as evaluation_run()'s. */
Status step_evaluate(Evaluation *evaluation, const Inputs *inputs, const Weights *const *weights,
                     const char *what, Message *message);

typedef struct Climb {
    Ladder ladder;
    double norm_seconds;
} Climb;

/* The ladder of `pipeline`, on the images that the options say. Free its ladder. */
Status step_ladder(Climb *climb, const Inputs *inputs, const Pipeline *pipeline, Message *message);

/* sensitivities: [layer_count]. `known` may print: no line of progress is in the way. */
Status step_sweep(Sensitivity *sensitivities, const Inputs *inputs, SweepKnown *known, void *context,
                  Message *message);

#endif
