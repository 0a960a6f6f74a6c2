/* SPDX-License-Identifier: MIT */
#include "app/cli/commands/steps.h"

#include "app/cli/budget.h"
#include "app/cli/forecast_store.h"
#include "app/cli/interrupt.h"
#include "app/cli/progress.h"
#include "base/figures.h"
#include "base/seconds.h"

#include <stdlib.h>

typedef struct Show {
    Progress progress;
    const Inputs *inputs;
    const char *what;
    double started;           /* of sensitivities */
    EvaluationProgress *look; /* of a plan that is judged */
    void *look_context;
    SweepKnown *known; /* of a sweep */
    void *known_context;
} Show;

static Status end_step(Show *show, Status status, Message *message)
{
    progress_clear(&show->progress);
    if (interrupt_signal()) return status_fail(message, STATUS_CANCELLED, "interrupted");
    return status;
}

static bool show_pipeline(void *context, const PipelineProgress *so_far)
{
    Show *show = context;
    const char *layer =
        so_far->layer < so_far->layer_count ? show->inputs->network->layers[so_far->layer].name : "";
    const SolveProgress *solve = so_far->trace ? &so_far->trace[so_far->trace_count - 1] : NULL;
    const char *stage = !solve ? "calibrating" : solve->stage == SOLVE_STAGE_CODES ? "polishing" : "solving";
    if (solve && solve->epoch)
        progress_show(
            &show->progress,
            "%s %3.0f %%  layer %zu of %zu  %s  %s %u bits  epoch %zu  error %.3e  %zu codes changed",
            show->what, 100 * so_far->fraction, so_far->layer + 1, so_far->layer_count, layer, stage,
            solve->bits, solve->epoch, solve->error, solve->codes_changed);
    else
        progress_show(&show->progress, "%s %3.0f %%  layer %zu of %zu  %s  %s", show->what,
                      100 * so_far->fraction, so_far->layer + 1, so_far->layer_count, layer, stage);
    return !interrupt_signal();
}

Status step_quantize(Pipeline **pipeline, const Inputs *inputs, const Plan *plan, const char *what,
                     Message *message)
{
    Show show = {.progress = progress_start(inputs->options->progress), .inputs = inputs, .what = what};
    const Budget budget = budget_now(inputs->options);
    PipelineOptions options = {
        .pool = inputs->pool, .memory = budget.left, .progress = show_pipeline, .context = &show};
    Status status = pipeline_run(pipeline, inputs->network, plan, inputs->calibration, &inputs->normalization,
                                 &options, message);
    status = end_step(&show, status, message);
    if (status == STATUS_OK) return STATUS_OK;
    pipeline_free(*pipeline);
    *pipeline = NULL;
    return status;
}

static double percent(size_t count, size_t images)
{
    return images ? 100.0 * (double)count / (double)images : 0;
}

static bool show_evaluation(void *context, const Evaluation *so_far)
{
    Show *show = context;
    const Accuracy *best = so_far->compared ? &so_far->quantized : &so_far->reference;
    const double figure = so_far->figures[so_far->compared][task_headline(so_far->task)];
    if (so_far->task != TASK_CLASSIFY && so_far->task != TASK_NONE)
        progress_show(&show->progress, "%s: %zu of %zu images  %s %.2f", show->what, so_far->images,
                      so_far->total, task_measures[so_far->task].names[task_headline(so_far->task)],
                      100 * figure);
    else if (so_far->labelled)
        progress_show(&show->progress, "%s: %zu of %zu images  top-1 %.2f %%", show->what, so_far->images,
                      so_far->total, percent(best->top1_correct, so_far->images));
    else
        progress_show(&show->progress, "%s: %zu of %zu images", show->what, so_far->images, so_far->total);
    if (show->look && !show->look(show->look_context, so_far)) return false;
    return !interrupt_signal();
}

Status step_judge(Evaluation *evaluation, const Inputs *inputs, const Weights *const *weights, size_t images,
                  EvaluationProgress *look, void *context, const char *what, Message *message)
{
    Show show = {.progress = progress_start(inputs->options->progress),
                 .inputs = inputs,
                 .what = what,
                 .look = look,
                 .look_context = context};
    const Budget budget = budget_now(inputs->options);
    inputs->reference->memory = budget.left;
    Status status = evaluation_run(evaluation, inputs->reference, weights, images, inputs->pool,
                                   show_evaluation, &show, message);
    return end_step(&show, status, message);
}

Status step_evaluate(Evaluation *evaluation, const Inputs *inputs, const Weights *const *weights,
                     const char *what, Message *message)
{
    return step_judge(evaluation, inputs, weights, inputs->options->evaluation_images, NULL, NULL, what,
                      message);
}

/* --- sensitivities ----------------------------------------------------------------------------------- */

static bool show_forecast(void *context, const Forecast *so_far, size_t layer, double fraction)
{
    Show *show = context;
    (void)so_far;
    const double spent = seconds_now() - show->started;
    const char *name =
        layer < show->inputs->network->layer_count ? show->inputs->network->layers[layer].name : "";
    if (fraction > 0.02)
        progress_show(&show->progress, "sensitivities %3.0f %%  %s left  %s", 100 * fraction,
                      figure_seconds(spent / fraction - spent).text, name);
    else
        progress_show(&show->progress, "sensitivities %3.0f %%  %s", 100 * fraction, name);
    return !interrupt_signal();
}

Status step_forecast(Forecast *forecast, const Inputs *inputs, const Plan *plan, unsigned activation_widths,
                     Message *message)
{
    Show show = {
        .progress = progress_start(inputs->options->progress), .inputs = inputs, .started = seconds_now()};
    const Budget budget = budget_now(inputs->options);
    const ForecastOptions options = {.pool = inputs->pool,
                                     .memory = budget.left,
                                     .activation_widths = activation_widths,
                                     .evaluation_images = inputs->options->evaluation_images,
                                     .progress = show_forecast,
                                     .context = &show};
    char key[65];
    forecast_key(key, inputs->network, plan, inputs->calibration, inputs->evaluation,
                 inputs->options->evaluation_images, &inputs->normalization);
    forecast_recall(forecast, key);
    Status status = forecast_run(forecast, inputs->network, plan, inputs->calibration, inputs->evaluation,
                                 &inputs->normalization, &options, message);
    forecast_keep(forecast, key);
    return end_step(&show, status, message);
}

static bool show_ladder(void *context, const Ladder *so_far, double fraction)
{
    Show *show = context;
    progress_show(&show->progress,
                  "bounding %3.0f %%  %zu of %zu images  measured %.3g  hybrid %.3g  spectral %.3g  "
                  "certified one-sided %.1f %%",
                  100 * fraction, so_far->images, so_far->total, so_far->measured, so_far->hybrid,
                  so_far->spectral, percent(so_far->certified[CERTIFIED_ONE_SIDED], so_far->images));
    return !interrupt_signal();
}

static bool show_norms(void *context, double fraction)
{
    Show *show = context;
    progress_show(&show->progress, "bounding: norms of %zu layers %3.0f %%",
                  show->inputs->network->layer_count, 100 * fraction);
    return !interrupt_signal();
}

static bool not_interrupted(void *context, double fraction)
{
    (void)fraction;
    (void)context;
    return !interrupt_signal();
}

static size_t ladder_images(const Options *options, const Pipeline *pipeline)
{
    return options_given(options, &options->ladder_images) ? options->ladder_images : pipeline->images;
}

Status step_ladder(Climb *climb, const Inputs *inputs, const Pipeline *pipeline, Message *message)
{
    const Options *options = inputs->options;
    const Dataset *dataset =
        options->ladder_on == LADDER_EVALUATION ? inputs->evaluation : inputs->calibration;
    const Budget budget = budget_now(options);
    Show show = {.progress = progress_start(options->progress), .inputs = inputs};
    LadderOptions ladder_options = {.pool = inputs->pool,
                                    .images = ladder_images(options, pipeline),
                                    .memory = budget.left,
                                    .progress = show_ladder,
                                    .proceed = not_interrupted,
                                    .context = &show};
    const NormOptions norm_options = {
        .pool = inputs->pool, .memory = budget.left, .proceed = show_norms, .context = &show};
    *climb = (Climb){0};
    const double start = seconds_now();
    LayerNorm *norms = calloc(inputs->network->node_count + 1, sizeof *norms);
    Status status = norms ? network_norms(norms, inputs->network, &norm_options, message)
                          : status_no_memory(message, "the layers' norms");
    climb->norm_seconds = seconds_now() - start;
    if (status == STATUS_OK)
        status = ladder_create(&climb->ladder, inputs->network, (const Weights *const *)pipeline->weights,
                               norms, dataset, &inputs->normalization, &ladder_options, message);
    free(norms);
    return end_step(&show, status, message);
}

static Status show_known(void *context, size_t layer, const Sensitivity *sensitivity, Message *message)
{
    Show *show = context;
    progress_clear(&show->progress);
    return show->known(show->known_context, layer, sensitivity, message);
}

Status step_sweep(Sensitivity *sensitivities, const Inputs *inputs, SweepKnown *known, void *context,
                  Message *message)
{
    Show show = {.progress = progress_start(inputs->options->progress),
                 .inputs = inputs,
                 .what = "sweeping",
                 .known = known,
                 .known_context = context};
    const Budget budget = budget_now(inputs->options);
    SweepOptions options = {.pool = inputs->pool,
                            .memory = budget.left,
                            .measure = inputs->options->measure,
                            .progress = show_pipeline,
                            .known = show_known,
                            .context = &show};
    Status status = sweep_run(sensitivities, inputs->network, &inputs->plan->options, inputs->calibration,
                              &inputs->normalization, &options, message);
    return end_step(&show, status, message);
}
