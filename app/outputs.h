/* Outputs: the files that --csv and --json name. */
#ifndef APP_OUTPUTS_H
#define APP_OUTPUTS_H

#include "app/session.h"
#include "bound/ladder.h"
#include "evaluate/accuracy.h"
#include "explore/pipeline.h"

/* Writes those that were asked for. evaluation and ladder may be NULL. */
Status outputs_write(const Session *session, const Pipeline *pipeline, const Evaluation *evaluation,
                     const Ladder *ladder, Message *message);

#endif
