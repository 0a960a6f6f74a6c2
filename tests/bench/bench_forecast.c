/* SPDX-License-Identifier: MIT */
/* Prediction against measurement: output errors of random mixed plans, predicted from the layers'
 * sensitivities (core/choose/forecast.h) and measured by running the plans.
 *
 * usage: bench_forecast PLANS NETWORK [OPTION...]     options as those of `bitstitch quantize`
 *
 * Every layer of a random plan but the first and last has 2 to 8 bits, drawn so that some plans are narrow
 * and some wide. Bias: the median of predicted / measured - 1 with kappa 1. Spread: the standard deviation of
 * log(predicted / measured). The plain sum quantizes one layer alone and re-fits nothing: what the prediction
 * in independent mode is.
 */
#include "app/cli/blas_kernel.h"
#include "app/cli/inputs.h"
#include "base/random.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "evaluate/network_outputs.h"
#include "explore/forecast_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define IMAGES 256

static void require(Status status, const Message *message)
{
    if (status == STATUS_OK) return;
    fprintf(stderr, "bench_forecast: %s\n", message->text);
    exit(1);
}

static bool show(void *context, const Forecast *forecast, size_t layer, double fraction)
{
    (void)forecast;
    (void)layer;
    static double shown;
    if (seconds_now() - shown > 5) fprintf(stderr, "%s %.0f %%\n", (const char *)context, 100 * fraction);
    if (seconds_now() - shown > 5) shown = seconds_now();
    return true;
}

/* Widths around a mean of 2.5 to 6.5 bits that grows with the trial's number. */
static void draw_plan(Plan *plan, const Network *network, size_t trial, size_t trials)
{
    const double mean = 2.5 + 4.0 * ((double)trial + 0.5) / (double)trials;
    for (size_t l = 0; l < plan->layer_count; l++) {
        const double drawn = mean + 4 * (random_uniform(1, trial, l, 0) - 0.5);
        const unsigned bits = (unsigned)fmin(fmax(round(drawn), BITS_MIN), BITS_MAX);
        if (!network->layers[l].first && !network->layers[l].last)
            plan->layers[l].weight_bits = (uint8_t)bits;
    }
}

static double measure(const Inputs *inputs, const Plan *plan, Memo *memo, const float *reference,
                      size_t images)
{
    Message message;
    Pipeline *pipeline;
    const PipelineOptions options = {.pool = inputs->pool, .memo = memo};
    const OutputsOptions run = {.pool = inputs->pool, .images = images};
    float *outputs;
    require(pipeline_run(&pipeline, inputs->network, plan, inputs->calibration, &inputs->normalization,
                         &options, &message),
            &message);
    require(outputs_run(&outputs, inputs->network, inputs->calibration, &inputs->normalization,
                        (const Weights *const *)pipeline->weights, &run, &message),
            &message);
    const double error = outputs_error(reference, outputs, images, inputs->network->output_elements);
    free(outputs);
    pipeline_free(pipeline);
    return error;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rank(const double *values, size_t count, size_t i)
{
    double below = 0;
    for (size_t j = 0; j < count; j++)
        below += (values[j] < values[i]) + 0.5 * (values[j] == values[i] && j != i);
    return below;
}

static double spearman(const double *a, const double *b, size_t count)
{
    double mean = ((double)count - 1) / 2, ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < count; i++) {
        const double x = rank(a, count, i) - mean, y = rank(b, count, i) - mean;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

static void print_row(const char *name, const double *predicted, const double *measured, size_t count)
{
    double *logs = calloc(count, sizeof *logs), mean = 0, square = 0;
    for (size_t i = 0; logs && i < count; i++) {
        logs[i] = log(predicted[i] / measured[i]);
        mean += logs[i] / (double)count;
    }
    for (size_t i = 0; logs && i < count; i++) square += (logs[i] - mean) * (logs[i] - mean);
    if (logs) qsort(logs, count, sizeof *logs, compare);
    if (logs)
        printf("%-28s bias %+5.0f %%   spread %.3f   Spearman %.3f\n", name, 100 * (exp(logs[count / 2]) - 1),
               sqrt(square / (double)(count - 1)), spearman(predicted, measured, count));
    free(logs);
}

static void run(const Inputs *inputs, size_t trials)
{
    Message message;
    const Network *network = inputs->network;
    const size_t layers = network->layer_count, images = size_min(IMAGES, inputs->calibration->count);
    Forecast forecast, plain;
    Memo *memo;
    Plan *independent;
    float *reference;
    require(memo_create(&memo, (size_t)1 << 30, &message), &message);
    require(forecast_create(&forecast, layers, &message), &message);
    require(forecast_create(&plain, layers, &message), &message);
    require(plan_copy(&independent, inputs->plan, &message), &message);
    independent->options.mode = MODE_INDEPENDENT;
    ForecastOptions options = {
        .pool = inputs->pool, .memo = memo, .progress = show, .context = "sensitivities"};
    const double start = seconds_now();
    require(forecast_run(&forecast, network, inputs->plan, inputs->calibration, inputs->evaluation,
                         &inputs->normalization, &options, &message),
            &message);
    const double seconds = seconds_now() - start;
    options.anchors = 1;
    require(forecast_run(&plain, network, independent, inputs->calibration, NULL, &inputs->normalization,
                         &options, &message),
            &message);
    require(outputs_run(&reference, network, inputs->calibration, &inputs->normalization, NULL,
                        &(OutputsOptions){.pool = inputs->pool, .images = images}, &message),
            &message);
    double *columns[4];
    for (int c = 0; c < 4; c++)
        if (!(columns[c] = calloc(trials + 1, sizeof(double)))) exit(1);
    LayerWidths *widths = calloc(layers + 1, sizeof *widths);
    for (size_t t = 0; widths && t < trials; t++) {
        Plan *plan;
        require(plan_copy(&plan, inputs->plan, &message), &message);
        draw_plan(plan, network, t, trials);
        forecast_widths(widths, plan);
        columns[0][t] = forecast_sum(&forecast, widths);
        columns[1][t] = forecast_error(&forecast, columns[0][t]);
        columns[2][t] = forecast_sum(&plain, widths);
        columns[3][t] = measure(inputs, plan, memo, reference, images);
        fprintf(stderr, "plan %zu: %g predicted, %g with kappa, %g plain, %g measured\n", t + 1,
                columns[0][t], columns[1][t], columns[2][t], columns[3][t]);
        plan_drop(plan);
    }
    for (size_t a = 0; a < forecast.anchor_count; a++)
        printf("anchor of %u bits: kappa %.3f, measured %.3g\n", forecast.anchors[a].weight_bits,
               forecast.anchors[a].measured / forecast.anchors[a].sum, forecast.anchors[a].measured);
    printf("%s: %zu layers, %zu random plans, sensitivities in %.1f s\n", network->path, layers, trials,
           seconds);
    print_row("plain sum", columns[2], columns[3], trials);
    print_row("re-fitted sum", columns[0], columns[3], trials);
    print_row("re-fitted, kappa of anchors", columns[1], columns[3], trials);
    for (int c = 0; c < 4; c++) free(columns[c]);
    free(widths);
    free(reference);
    plan_drop(independent);
    memo_free(memo);
    forecast_free(&forecast);
    forecast_free(&plain);
}

int main(int argc, char **argv)
{
    Message message = {0};
    Options options;
    bool all;
    Inputs inputs;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_forecast PLANS NETWORK [OPTION...]\n");
        return 2;
    }
    const size_t trials = (size_t)strtoul(argv[1], NULL, 10);
    argv[1] = "quantize";
    char *arguments[] = {argv[0], NULL};
    require(blas_kernel_choose(arguments, &message), &message);
    if (options_parse(&options, &all, argc, argv, &message) != REQUEST_RUN) {
        fprintf(stderr, "bench_forecast: %s\n", message.text);
        return 2;
    }
    require(inputs_open(&inputs, &options, INPUT_NEEDED, INPUT_OPTIONAL, &message), &message);
    run(&inputs, trials);
    inputs_close(&inputs);
    return 0;
}
