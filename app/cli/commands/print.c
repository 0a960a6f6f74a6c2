/* SPDX-License-Identifier: MIT */
#include "app/cli/commands/print.h"

#include "app/cli/commands/print_task.h"
#include "app/cli/commands/table.h"
#include "base/blas.h"
#include "base/printable.h"
#include "network/network.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_TEXT 512
#define MOST_CLASSES_SHOWN 10

/* Text from files and from the command line. */
static void print_text(const char *raw)
{
    char printable[NAME_TEXT];
    printable_copy(printable, sizeof printable, raw);
    fputs(printable, stdout);
}

const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* --- heading ---------------------------------------------------------------------------------------- */

static void print_classes(const Inputs *inputs)
{
    if (inputs->task.kind != TASK_CLASSIFY) printf("  task      %s\n", inputs->task.understood);
    if (inputs->task.kind == TASK_NONE) return;
    printf("  classes   %zu", inputs->task.classes);
    for (size_t i = 0; i < inputs->class_count && i < MOST_CLASSES_SHOWN; i++) {
        fputs(i ? ", " : ": ", stdout);
        print_text(inputs->class_names[i]);
    }
    puts(inputs->class_count > MOST_CLASSES_SHOWN ? ", ..." : "");
}

static void print_images(const char *what, const Dataset *dataset)
{
    if (!dataset) return;
    printf("  %-9s ", what);
    print_text(dataset->images_path);
    printf(" (%s, %zu image%s%s%s%s)\n", dataset->format, dataset->count, plural(dataset->count),
           dataset->labelled || dataset->has_truth ? "" : ", no labels", *dataset->preparation ? ", " : "",
           dataset->preparation);
    if (dataset->skipped)
        printf("  %-9s %zu bad image%s; the first: %s\n", "skipped", dataset->skipped,
               plural(dataset->skipped), dataset->first_skipped.text);
}

void print_heading(const Inputs *inputs)
{
    const Network *network = inputs->network;
    print_text(network->path);
    printf("\n  input     %zu x %zu x %zu (channels x height x width), (pixel/255 - ", network->channels,
           network->height, network->width);
    print_text(inputs->mean);
    fputs(")/", stdout);
    print_text(inputs->std);
    puts("");
    print_classes(inputs);
    print_images("calibrate", inputs->calibration);
    print_images("evaluate", inputs->evaluation);
    printf("  runs on   %s, BLAS kernel %s, %zu image%s per tile\n", network_kernels(network), blas_kernel(),
           network->batch, plural(network->batch));
    if (inputs->planned_on && inputs->calibration &&
        strcmp(inputs->planned_on, inputs->calibration->sha256) != 0)
        puts("note: the run in --plan was calibrated on other images");
}

/* --- plan ------------------------------------------------------------------------------------------- */

bool quantizes_activations(const Plan *plan)
{
    for (size_t l = 0; l < plan->layer_count; l++)
        if (plan->layers[l].activation_bits != BITS_FLOAT) return true;
    return false;
}

void add_weight_bits(Table *table, unsigned bits, GridKind grid)
{
    if (bits == BITS_FLOAT || grid == GRID_UNIFORM)
        add_bits(table, bits);
    else
        table_cell(table, "%u %s", bits, grid_name(grid));
}

void add_bits(Table *table, unsigned bits)
{
    if (bits == BITS_FLOAT)
        table_cell(table, "float");
    else
        table_cell(table, "%u", bits);
}

void print_options(const Plan *plan)
{
    const PlanOptions *options = &plan->options;
    char rows[32], ridge[32];
    snprintf(rows, sizeof rows, options->rows == PLAN_ALL_ROWS ? "all rows" : "%zu rows", options->rows);
    snprintf(ridge, sizeof ridge, options->ridge < 0 ? "ridge by layer" : "ridge %g", options->ridge);
    const char *scales[2][2] = {{"", ", per-tensor activation scales"},
                                {", error-compensated (but no activation is quantized)",
                                 ", error-compensated activations (per-channel scales)"}};
    const char *activations = scales[options->error_compensated][quantizes_activations(plan)];
    printf("effort %s, %s, %s per layer, %s, %s, %s%s, seed %" PRIu64 "\n", effort_name(options->effort),
           mode_name(options->mode), rows, ridge, options->polish ? "polish" : "no polish",
           options->bias_correction ? "bias correction" : "no bias correction", activations, options->seed);
}

void print_totals(const Plan *plan, const Network *network)
{
    PlanTotals totals = plan_totals(plan, network);
    printf(
        "\n%zu parameters, %.2f bits per weight: %s, %.2f times less than %s in float; %s bit operations per "
        "image\n",
        totals.parameters, totals.average_weight_bits, figure_bytes(totals.bytes).text, totals.compression,
        figure_bytes(totals.float_bytes).text, figure_quantity(totals.bitops).text);
}

/* --- accuracy --------------------------------------------------------------------------------------- */

Figure share_figure(size_t count, size_t images)
{
    Interval interval = interval_wilson(count, images);
    return figure_interval(images ? (double)count / (double)images : 0, interval.low, interval.high);
}

Figure change_figure(const Evaluation *evaluation)
{
    Interval interval = interval_paired(evaluation->lost, evaluation->gained, evaluation->images);
    double change = ((double)evaluation->gained - (double)evaluation->lost) / (double)evaluation->images;
    return figure_change(change, interval.low, interval.high);
}

static void add_accuracy(Table *table, const char *name, const Accuracy *accuracy, size_t images)
{
    table_cell(table, "%s", name);
    table_cell(table, "%s", share_figure(accuracy->top1_correct, images).text);
    table_cell(table, "%s", share_figure(accuracy->top5_correct, images).text);
    table_cell(table, "%.4f", accuracy->cross_entropy);
}

static void add_change(Table *table, const Evaluation *evaluation)
{
    double top5 = (double)evaluation->quantized.top5_correct - (double)evaluation->reference.top5_correct;
    table_rule(table);
    table_cell(table, "change");
    table_cell(table, "%s", change_figure(evaluation).text);
    table_cell(table, "%+.2f", 100 * top5 / (double)evaluation->images);
    table_cell(table, "%+.4f", evaluation->quantized.cross_entropy - evaluation->reference.cross_entropy);
}

static Status print_scores(const Evaluation *evaluation, Message *message)
{
    Table *table = table_create((const TableColumn[]){{"", TABLE_LEFT},
                                                      {"top-1 %", TABLE_LEFT},
                                                      {"top-5 %", TABLE_LEFT},
                                                      {"cross-entropy", TABLE_RIGHT}},
                                4);
    add_accuracy(table, "float", &evaluation->reference, evaluation->images);
    if (evaluation->compared) {
        add_accuracy(table, "quantized", &evaluation->quantized, evaluation->images);
        add_change(table, evaluation);
    }
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

static bool has_broken_outputs(const Evaluation *evaluation)
{
    const bool reference = evaluation->labelled && !isfinite(evaluation->reference.cross_entropy);
    return reference || (evaluation->compared && isnan(evaluation->output_sqnr_db));
}

static void print_comparison(const Evaluation *evaluation)
{
    const size_t changed = evaluation->images - evaluation->agreeing;
    if (evaluation->labelled) printf("images lost %zu, gained %zu\n", evaluation->lost, evaluation->gained);
    printf("agreement with float %s %%\n", share_figure(evaluation->agreeing, evaluation->images).text);
    printf(
        "images not seen: at most %.2f %% change their prediction, at 95 %% confidence (here %zu of %zu); if "
        "they "
        "are\ndrawn independently from the same distribution, and the plan was not chosen by these images\n",
        100 * interval_upper_limit(changed, evaluation->images), changed, evaluation->images);
    if (evaluation->output_sqnr_db == INFINITY)
        puts("output SQNR infinite: the output equals the float network's");
    else
        printf("output SQNR %.2f dB\n", evaluation->output_sqnr_db);
}

Status print_accuracy(const Inputs *inputs, const Evaluation *evaluation, Message *message)
{
    if (evaluation->task != TASK_CLASSIFY) return print_task(inputs, evaluation, message);
    printf("\n%zu image%s%s\n", evaluation->images, plural(evaluation->images),
           evaluation->labelled ? ", 95 % intervals in brackets" : " without labels");
    Status status = evaluation->labelled ? print_scores(evaluation, message) : STATUS_OK;
    if (status != STATUS_OK) return status;
    if (evaluation->compared) print_comparison(evaluation);
    if (has_broken_outputs(evaluation))
        puts(
            "note: outputs are not finite on some images: check --mean and --std, and the network's weights");
    return STATUS_OK;
}
