/* SPDX-License-Identifier: MIT */
#include "app/cli/commands/drop_search.h"

#include "app/cli/commands/steps.h"
#include "base/sizes.h"

#include <math.h>
#include <stdio.h>

#define FIRST_LOOK 256 /* images before an interval decides */
#define CLOSE 1.01     /* sizes whose ratio is less are not told apart */
#define STRIDE 1.1     /* of sizes, where only one side is known */

typedef struct Judge {
    DropTrial *trial;
    double most;
} Judge;

/* Stops as soon as the interval is on one side. */
static bool look(void *context, const Evaluation *so_far)
{
    Judge *judge = context;
    const Interval change = interval_paired(so_far->lost, so_far->gained, so_far->images);
    judge->trial->evaluation = *so_far;
    if (so_far->images < FIRST_LOOK) return true;
    judge->trial->decided = change.low > -judge->most || change.high < -judge->most;
    return !judge->trial->decided;
}

static Status judge(DropTrial *trial, const Inputs *inputs, const Weights *const *weights, size_t images,
                    double most, const char *what, Message *message)
{
    Judge judged = {.trial = trial, .most = most};
    Status status = step_judge(&trial->evaluation, inputs, weights, images, look, &judged, what, message);
    if (status == STATUS_CANCELLED && trial->decided) status = STATUS_OK;
    if (status == STATUS_OK && trial->evaluation.task != TASK_CLASSIFY)
        status = status_fail(message, STATUS_INVALID, "--drop is about top-1: '%s' does not classify",
                             inputs->network->path);
    const Evaluation *seen = &trial->evaluation;
    trial->good = (double)seen->gained - (double)seen->lost >= -most * (double)seen->images;
    return status;
}

static Status try_point(DropSearch *search, size_t point, const Inputs *inputs, const Chooser *chooser,
                        const Front *front, const Forecast *forecast, double most, Message *message)
{
    DropTrial *trial = &search->trials[search->trial_count];
    *trial = (DropTrial){.point = point,
                         .predicted = forecast_predict(forecast, front->points[point].error).change.expected};
    Plan *plan;
    Pipeline *pipeline = NULL;
    char what[64];
    snprintf(what, sizeof what, "trial %zu, %.1f KiB:", search->trial_count + 1,
             front->points[point].costs[COST_BYTES] / 1024);
    Status status = chooser_plan(&plan, chooser, front->picks + point * front->set_count, message);
    if (status == STATUS_OK) status = step_quantize(&pipeline, inputs, plan, what, message);
    if (status == STATUS_OK)
        status = judge(trial, inputs, (const Weights *const *)pipeline->weights, search->images, most, what,
                       message);
    if (status == STATUS_OK) search->trial_count++;
    pipeline_free(pipeline);
    plan_drop(plan);
    return status;
}

static double size_of(const Front *front, size_t point)
{
    return front->points[point].costs[COST_BYTES];
}

/* The smallest plan that is predicted to be good enough. */
static size_t predicted_point(const Front *front, const Forecast *forecast, double most)
{
    for (size_t i = 0; i < front->count; i++)
        if (forecast_predict(forecast, front->points[i].error).change.expected >= -most) return i;
    return front->count - 1;
}

/* The next plan to try between the largest that was not good and the smallest that was; the front's count
 * where they are as close as can be told. */
static size_t next_point(const Front *front, size_t bad, size_t good)
{
    const bool none_bad = bad == NO_INDEX, none_good = good == front->count;
    double size;
    if (none_bad)
        size = size_of(front, good) / STRIDE;
    else if (none_good)
        size = size_of(front, bad) * STRIDE;
    else
        size = sqrt(size_of(front, bad) * size_of(front, good));
    if (!none_bad && !none_good && size_of(front, good) / size_of(front, bad) < CLOSE) return front->count;
    size_t point = front_find(front, size);
    if (point == front->count) point = 0;
    if (!none_bad && point <= bad) point = bad + 1;
    return !none_good && point >= good ? front->count : size_min(point, front->count);
}

Status drop_search(DropSearch *search, const Inputs *inputs, const Chooser *chooser, const Front *front,
                   const Forecast *forecast, double most, Message *message)
{
    *search = (DropSearch){.found = front->count};
    if (!inputs->evaluation || !inputs->evaluation->labelled || inputs->evaluation->count < 2)
        return status_fail(message, STATUS_INVALID, "--drop needs labelled evaluation images");
    const size_t asked = inputs->options->evaluation_images, count = inputs->evaluation->count;
    search->images = size_max((asked ? size_min(asked, count) : count) / 2, 1);
    size_t bad = NO_INDEX, point = predicted_point(front, forecast, most);
    while (search->trial_count < DROP_TRIALS && point < front->count) {
        Status status = try_point(search, point, inputs, chooser, front, forecast, most, message);
        if (status != STATUS_OK) return status;
        if (search->trials[search->trial_count - 1].good)
            search->found = point;
        else
            bad = point;
        if (bad == front->count - 1) break;
        point = next_point(front, bad, search->found);
    }
    return STATUS_OK;
}

Evaluation evaluation_rest(const Evaluation *all, const Evaluation *seen)
{
    Evaluation rest = *all;
    rest.images = all->images - seen->images;
    rest.total = rest.images;
    rest.reference.top1_correct -= seen->reference.top1_correct;
    rest.quantized.top1_correct -= seen->quantized.top1_correct;
    rest.agreeing -= seen->agreeing;
    rest.lost -= seen->lost;
    rest.gained -= seen->gained;
    return rest;
}
