/* SPDX-License-Identifier: MIT */
/* Time from a changed bit width to each of the plan's results, in the explorer without a screen.
 *
 * usage: bench_explorer NETWORK [EDITS]
 *
 * NETWORK is a network's description, as data/resnet20.json. The first plan is pursued to its end; then each
 * edit changes the weight bits of one layer, from the first to the last layer in turn. Printed are the
 * seconds from the edit to the layer's own error, to the errors of all layers, to the first accuracy figure
 * on 256 images, to that on the whole evaluation set, to the ladder of bounds, and to the end. */
#include "app/cli/blas_kernel.h"
#include "app/cli/inputs.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "explore/explorer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_IMAGES 256

typedef struct Times {
    double layer, errors, first, accuracy, ladder, all;
} Times;

typedef struct Bench {
    Inputs inputs;
    Options options;
    Explorer *explorer;
    const Plan *plan; /* whose results are timed */
    size_t layer;     /* that was edited */
    double start;
    Times times;
} Bench;

static void note(double *time, bool known, double passed)
{
    if (known && isnan(*time)) *time = passed;
}

static void publish(void *context, Snapshot *snapshot)
{
    Bench *bench = context;
    Times *times = &bench->times;
    const double passed = seconds_now() - bench->start;
    if (bench->plan && plan_equal(snapshot->plan, bench->plan)) {
        const Evaluation *accuracy = &snapshot->accuracy;
        note(&times->layer, snapshot->layers[bench->layer].state == LAYER_SOLVED, passed);
        note(&times->errors, snapshot->layers_done == snapshot->layer_count, passed);
        note(&times->first, snapshot->accuracy_current && accuracy->images >= FIRST_IMAGES, passed);
        note(&times->accuracy, snapshot->accuracy_current && accuracy->images == accuracy->total, passed);
        note(&times->ladder, snapshot->ladder_current && snapshot->ladder_fraction == 1, passed);
    }
    snapshot_drop(snapshot);
}

static Status open(Bench *bench, const char *network, Message *message)
{
    char *arguments[] = {"bench_explorer", "explore", (char *)network, NULL};
    bool all;
    if (options_parse(&bench->options, &all, 3, arguments, message) != REQUEST_RUN) return STATUS_INVALID;
    Status status = inputs_open(&bench->inputs, &bench->options, INPUT_NEEDED, INPUT_NEEDED, message);
    if (status != STATUS_OK) return status;
    const ExplorerOptions options = {.pool = bench->inputs.pool,
                                     .ladder_images = bench->inputs.plan->options.calibration_images,
                                     .publish_seconds = 1e-3,
                                     .publish = publish,
                                     .context = bench};
    status = explorer_create(&bench->explorer, bench->inputs.network, bench->inputs.plan, &options, message);
    if (status != STATUS_OK) return status;
    explorer_set_images(bench->explorer, bench->inputs.calibration, bench->inputs.evaluation,
                        &bench->inputs.normalization);
    return STATUS_OK;
}

static Status pursue(Bench *bench, const Plan *plan, Message *message)
{
    bench->times = (Times){NAN, NAN, NAN, NAN, NAN, NAN};
    bench->plan = plan;
    bench->start = seconds_now();
    Status status = explorer_pursue(bench->explorer, plan, message);
    bench->times.all = seconds_now() - bench->start;
    return status;
}

static void print_times(const char *what, const Times *times)
{
    printf("%-28s %8.2f %8.2f %8.2f %8.2f %8.2f %8.2f\n", what, times->layer, times->errors, times->first,
           times->accuracy, times->ladder, times->all);
    fflush(stdout);
}

static Status edit(Bench *bench, Plan **plan, size_t number, size_t count, Message *message)
{
    const Network *network = bench->inputs.network;
    Plan *edited;
    Status status = plan_copy(&edited, *plan, message);
    if (status != STATUS_OK) return status;
    plan_drop(*plan);
    *plan = edited;
    bench->layer = number * (network->layer_count - 1) / size_max(count - 1, 1);
    LayerPlan *choice = &edited->layers[bench->layer];
    choice->weight_bits = choice->weight_bits == 5 ? 4 : 5;
    status = pursue(bench, edited, message);
    print_times(network->layers[bench->layer].name, &bench->times);
    return status;
}

static Status run(Bench *bench, const char *network, size_t count, Message *message)
{
    Status status = open(bench, network, message);
    if (status != STATUS_OK) return status;
    printf("seconds from an edit to       layer's    all    accuracy accuracy   ladder      all\n"
           "%-28s %8s %8s %8s %8s %8s %8s\n",
           "", "error", "errors", "on 256", "on all", "", "");
    Plan *plan;
    status = pursue(bench, bench->inputs.plan, message);
    print_times("the first plan", &bench->times);
    if (status == STATUS_OK) status = plan_copy(&plan, bench->inputs.plan, message);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; status == STATUS_OK && i < count; i++) status = edit(bench, &plan, i, count, message);
    plan_drop(plan);
    return status;
}

int main(int count, char **arguments)
{
    static Bench bench;
    Message message;
    if (count < 2) {
        fprintf(stderr, "usage: bench_explorer NETWORK [EDITS]\n");
        return 2;
    }
    Status status = blas_kernel_choose(NULL, &message);
    if (status == STATUS_OK)
        status = run(&bench, arguments[1], count > 2 ? strtoul(arguments[2], NULL, 10) : 5, &message);
    if (status != STATUS_OK) fprintf(stderr, "bench_explorer: %s\n", message.text);
    explorer_free(bench.explorer);
    inputs_close(&bench.inputs);
    return status == STATUS_OK ? 0 : 1;
}
