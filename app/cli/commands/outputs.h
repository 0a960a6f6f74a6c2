/* SPDX-License-Identifier: MIT */
/* Outputs: the files that --csv, --json and --onnx name. */
#ifndef APP_OUTPUTS_H
#define APP_OUTPUTS_H

#include "app/cli/commands/steps.h"
#include "report/result.h"

/* What a report is made of; borrows all of it. Without a pipeline, the plan alone; evaluation and ladder may
 * be NULL. */
Result outputs_gather(const Inputs *inputs, const Plan *plan, const Pipeline *pipeline,
                      const Evaluation *evaluation, const Ladder *ladder);

/* Writes the files that were asked for. evaluation and climb may be NULL. */
Status outputs_write(const Inputs *inputs, const Pipeline *pipeline, const Evaluation *evaluation,
                     const Climb *climb, Message *message);

/* The most memory that this process has had, in bytes. */
size_t peak_bytes(void);

#endif
