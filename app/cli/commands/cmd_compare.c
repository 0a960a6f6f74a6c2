/* SPDX-License-Identifier: MIT */
/* compare: all methods side by side, with the same bit widths and images. In sequential mode each method has
 * calibration statistics of its own: its layers see what its own layers before them produce. */
#include "app/cli/commands/commands.h"
#include "app/cli/commands/print.h"
#include "app/cli/commands/print_task.h"
#include "app/cli/commands/steps.h"
#include "app/cli/commands/table.h"
#include "app/cli/commands/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Bit-split with polish first, then every method; bit-split alone, the others as they are. All search as hard
 * as the plan's effort says. */
#define CONTENDERS (METHOD_COUNT + 1)

static Method contender_method(size_t contender)
{
    return contender == 0 ? METHOD_BITSPLIT : (Method)(contender - 1);
}

static const char *contender_name(size_t contender)
{
    return contender == 0 ? "bitsplit+polish" : method_name(contender_method(contender));
}

/* Results of one contender. */
typedef struct Outcome {
    bool able;                /* its method can solve for the plan's grids */
    double *errors, *heldout; /* [layer_count], reconstruction errors, NAN for float layers */
    Evaluation evaluation;
    double seconds; /* solving */
} Outcome;

static void keep(Outcome *outcome, const Pipeline *pipeline)
{
    outcome->seconds = pipeline->solve_seconds;
    for (size_t i = 0; i < pipeline->layer_count; i++) {
        outcome->errors[i] = layer_result_error(&pipeline->layers[i]);
        outcome->heldout[i] = pipeline->layers[i].heldout_error;
    }
}

/* The errors of a contender that is not able stay NAN. */
static Status start_outcome(Outcome *outcome, const Inputs *inputs, const Plan *plan, Message *message)
{
    const size_t count = inputs->network->layer_count;
    Message reason;
    outcome->able = plan_check_grids(plan, inputs->network, &reason) == STATUS_OK;
    outcome->errors = calloc(count + 1, sizeof *outcome->errors);
    outcome->heldout = calloc(count + 1, sizeof *outcome->heldout);
    if (!outcome->errors || !outcome->heldout) return status_no_memory(message, "the errors of a method");
    for (size_t i = 0; i < count; i++) outcome->errors[i] = outcome->heldout[i] = NAN;
    return STATUS_OK;
}

static Status run_contender(Outcome *outcome, const Inputs *inputs, size_t contender, Message *message)
{
    Plan *plan;
    Pipeline *pipeline = NULL;
    Status status = plan_copy(&plan, inputs->plan, message);
    if (status != STATUS_OK) return status;
    plan_set_method(plan, contender_method(contender));
    plan->options.polish = contender == 0 || contender_method(contender) != METHOD_BITSPLIT;
    status = start_outcome(outcome, inputs, plan, message);
    if (status == STATUS_OK && outcome->able)
        status = step_quantize(&pipeline, inputs, plan, contender_name(contender), message);
    if (status == STATUS_OK && pipeline) keep(outcome, pipeline);
    if (status == STATUS_OK && pipeline && inputs->evaluation)
        status = step_evaluate(&outcome->evaluation, inputs, (const Weights *const *)pipeline->weights,
                               contender_name(contender), message);
    pipeline_free(pipeline);
    plan_drop(plan);
    return status;
}

/* --- printing --------------------------------------------------------------------------------------- */

static Status print_errors(const Inputs *inputs, const Outcome *outcomes, Message *message)
{
    TableColumn columns[4 + CONTENDERS] = {
        {"#", TABLE_RIGHT}, {"layer", TABLE_LEFT}, {"bits", TABLE_RIGHT}, {"A", TABLE_RIGHT}};
    bool activations = quantizes_activations(inputs->plan);
    for (size_t i = 0; i < CONTENDERS; i++) columns[4 + i] = (TableColumn){contender_name(i), TABLE_RIGHT};
    Table *table = table_without(columns, 4 + CONTENDERS, activations ? NULL : "A");
    for (size_t i = 0; i < inputs->network->layer_count; i++) {
        if (inputs->plan->layers[i].weight_bits == BITS_FLOAT) continue;
        table_cell(table, "%zu", i + 1);
        table_cell(table, "%s", inputs->network->layers[i].name);
        table_cell(table, "%u", inputs->plan->layers[i].weight_bits);
        if (activations) add_bits(table, inputs->plan->layers[i].activation_bits);
        for (size_t j = 0; j < CONTENDERS; j++) table_number(table, outcomes[j].errors[i]);
    }
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

static double mean_error(const double *errors, size_t count)
{
    double sum = 0;
    size_t quantized = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(errors[i])) continue;
        sum += errors[i];
        quantized++;
    }
    return quantized ? sum / (double)quantized : NAN;
}

/* The columns from the headline on, of a task other than classification. */
static void add_headline(Table *table, const Evaluation *evaluation)
{
    const bool none = evaluation->task == TASK_NONE;
    table_cell(table, "%s", none ? "-" : headline_figure(evaluation, 1).text);
    table_cell(table, "%s", none ? "-" : headline_change(evaluation).text);
    table_cell(table, "-");
    if (evaluation->output_sqnr_db == INFINITY)
        table_cell(table, "infinite");
    else
        table_cell(table, "%.2f", evaluation->output_sqnr_db);
}

static void add_measured(Table *table, const Evaluation *evaluation)
{
    const size_t images = evaluation->images;
    const bool labelled = evaluation->labelled;
    if (images && evaluation->task != TASK_CLASSIFY) {
        add_headline(table, evaluation);
        return;
    }
    table_cell(table, "%s", labelled ? share_figure(evaluation->quantized.top1_correct, images).text : "-");
    table_cell(table, "%s", labelled ? change_figure(evaluation).text : "-");
    table_cell(table, "%s", images ? share_figure(evaluation->agreeing, images).text : "-");
    if (!evaluation->images)
        table_cell(table, "-");
    else if (evaluation->output_sqnr_db == INFINITY)
        table_cell(table, "infinite");
    else
        table_cell(table, "%.2f", evaluation->output_sqnr_db);
}

static Status print_summary(const Inputs *inputs, const Outcome *outcomes, Message *message)
{
    char headline[64];
    const NetworkTaskKind kind = outcomes[0].evaluation.images ? outcomes[0].evaluation.task : TASK_CLASSIFY;
    snprintf(headline, sizeof headline, "%s %%", task_measures[kind].names[task_headline(kind)]);
    Table *table = table_create((const TableColumn[]){{"method", TABLE_LEFT},
                                                      {"mean error", TABLE_RIGHT},
                                                      {headline, TABLE_LEFT},
                                                      {"change", TABLE_LEFT},
                                                      {"agreement %", TABLE_LEFT},
                                                      {"SQNR dB", TABLE_RIGHT}},
                                6);
    for (size_t i = 0; i < CONTENDERS; i++) {
        table_cell(table, "%s", contender_name(i));
        table_number(table, mean_error(outcomes[i].errors, inputs->network->layer_count));
        add_measured(table, &outcomes[i].evaluation);
    }
    puts("");
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

static void print_unable(const Outcome *outcomes)
{
    size_t count = 0;
    for (size_t i = 0; i < CONTENDERS; i++)
        if (!outcomes[i].able)
            printf("%s%s", count++ ? ", " : "not for the plan's grids: ", contender_name(i));
    if (count > 0) puts("");
}

static void print_times(const Outcome *outcomes)
{
    printf("time, solving:");
    size_t count = 0;
    for (size_t i = 0; i < CONTENDERS; i++)
        if (outcomes[i].able)
            printf("%s %s %s", count++ ? "," : "", contender_name(i),
                   figure_seconds(outcomes[i].seconds).text);
    puts("");
}

static void conclude(const Inputs *inputs, const Outcome *outcomes)
{
    Contender contenders[CONTENDERS];
    for (size_t i = 0; i < CONTENDERS; i++)
        contenders[i] =
            (Contender){contender_name(i), outcomes[i].errors, outcomes[i].heldout, outcomes[i].evaluation};
    verdict_print_statistics(inputs->network, inputs->plan);
    verdict_print(contenders, CONTENDERS, inputs->network->layer_count);
}

static Status report(const Inputs *inputs, const Outcome *outcomes, Message *message)
{
    size_t first = 0;
    while (first + 1 < CONTENDERS && !outcomes[first].able) first++;
    const Evaluation *evaluation = &outcomes[first].evaluation;
    print_heading(inputs);
    puts("\nreconstruction errors, relative to the sum of squared outputs");
    print_options(inputs->plan);
    puts("");
    Status status = print_errors(inputs, outcomes, message);
    if (status == STATUS_OK) status = print_summary(inputs, outcomes, message);
    if (evaluation->images && evaluation->task != TASK_CLASSIFY && evaluation->task != TASK_NONE)
        printf("float: %s %s %% of %zu image%s; 95 %% intervals in brackets\n",
               task_measures[evaluation->task].names[task_headline(evaluation->task)],
               headline_figure(evaluation, 0).text, evaluation->images, plural(evaluation->images));
    if (evaluation->labelled) {
        printf("float: top-1 %s %% of %zu image%s; 95 %% intervals in brackets\n",
               share_figure(evaluation->reference.top1_correct, evaluation->images).text, evaluation->images,
               plural(evaluation->images));
    }
    print_unable(outcomes);
    print_times(outcomes);
    if (status == STATUS_OK) conclude(inputs, outcomes);
    return status;
}

Status cmd_compare(const Options *options, Message *message)
{
    Inputs inputs;
    Outcome outcomes[CONTENDERS] = {0};
    Status status = inputs_open(&inputs, options, INPUT_NEEDED, INPUT_OPTIONAL, message);
    for (size_t i = 0; i < CONTENDERS && status == STATUS_OK; i++)
        status = run_contender(&outcomes[i], &inputs, i, message);
    if (status == STATUS_OK) status = report(&inputs, outcomes, message);
    for (size_t i = 0; i < CONTENDERS; i++) {
        free(outcomes[i].errors);
        free(outcomes[i].heldout);
    }
    inputs_close(&inputs);
    return status;
}
