/* SPDX-License-Identifier: MIT */
/* Print the figures of tasks other than classification, on standard output. */
#ifndef APP_PRINT_TASK_H
#define APP_PRINT_TASK_H

#include "app/cli/inputs.h"
#include "base/figures.h"
#include "evaluate/accuracy.h"

/* All figures of an evaluation: the task's, per class, and how far each output is from the float network's.
 */
Status print_task(const Inputs *inputs, const Evaluation *evaluation, Message *message);

/* In percent, with a 95 % interval: the headline figure of the float network (side 0) or the quantized one
 * (1), and its change. */
Figure headline_figure(const Evaluation *evaluation, size_t side);
Figure headline_change(const Evaluation *evaluation);

#endif
