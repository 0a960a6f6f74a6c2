/* evaluate: the accuracy of the float network. */
#include "app/commands.h"
#include "app/print.h"
#include "app/steps.h"

#include <stdio.h>

static Status evaluate(const Session *session, Message *message)
{
    if (!session->evaluation->labelled)
        return status_fail(message, STATUS_INVALID,
                           "'%s' has no labels to evaluate by: name them with --image-labels",
                           session->evaluation->images_path);
    Evaluation evaluation;
    print_heading(session);
    Status status = step_evaluate(&evaluation, session, NULL, "evaluating", message);
    if (status == STATUS_OK) status = print_accuracy(&evaluation, message);
    if (status == STATUS_OK)
        printf("time: %.2f s, %.0f images a second\n", evaluation.seconds,
               (double)evaluation.images / evaluation.seconds);
    return status;
}

Status cmd_evaluate(const Options *options, Message *message)
{
    Session session;
    Status status = session_open(&session, options, SESSION_NONE, SESSION_NEEDED, message);
    if (status == STATUS_OK) status = evaluate(&session, message);
    session_close(&session);
    return status;
}
