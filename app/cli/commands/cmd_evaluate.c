/* SPDX-License-Identifier: MIT */
/* evaluate: the accuracy of the float network, in the measures of its task. */
#include "app/cli/commands/commands.h"
#include "app/cli/commands/print.h"
#include "app/cli/commands/steps.h"

#include <stdio.h>

static Status evaluate(const Inputs *inputs, Message *message)
{
    if (inputs->task.kind == TASK_CLASSIFY && !inputs->evaluation->labelled)
        return status_fail(message, STATUS_INVALID,
                           "'%s' has no labels to evaluate by: name them with --image-labels",
                           inputs->evaluation->images_path);
    Evaluation evaluation;
    print_heading(inputs);
    Status status = step_evaluate(&evaluation, inputs, NULL, "evaluating", message);
    if (status == STATUS_OK) status = print_accuracy(inputs, &evaluation, message);
    if (status == STATUS_OK)
        printf("time: %s, %.0f images per second\n", figure_seconds(evaluation.seconds).text,
               (double)evaluation.images / evaluation.seconds);
    return status;
}

Status cmd_evaluate(const Options *options, Message *message)
{
    Inputs inputs;
    Status status = inputs_open(&inputs, options, INPUT_UNUSED, INPUT_NEEDED, message);
    if (status == STATUS_OK) status = evaluate(&inputs, message);
    inputs_close(&inputs);
    return status;
}
