/* SPDX-License-Identifier: MIT */
/* choose: the plan of least predicted output error within budgets, or the smallest that loses at most so many points;
 * then runs it, and shows prediction beside measurement. */
#include "app/cli/choose_options.h"
#include "app/cli/commands/commands.h"
#include "app/cli/commands/drop_search.h"
#include "app/cli/commands/outputs.h"
#include "app/cli/commands/print.h"
#include "app/cli/commands/steps.h"
#include "app/cli/commands/table.h"
#include "report/front_csv.h"

#include <math.h>
#include <stdio.h>

/* What is known of the choice, from rules to measurement. */
typedef struct Choosing {
    Inputs inputs; /* a copy: its plan becomes the chosen one */
    ChosenRules rules;
    CostLimits limits;
    Forecast forecast;
    Chooser *chooser;
    Front *front; /* by bytes; NULL where it is not asked for */
    Chosen chosen;
    DropSearch drop; /* trial_count 0: no drop was given */
} Choosing;

/* --- tables ------------------------------------------------------------------------------------------ */

static const TableColumn columns[] = {
    {"#", TABLE_RIGHT},          {"layer", TABLE_LEFT},      {"W", TABLE_RIGHT},
    {"A", TABLE_RIGHT},          {"KiB", TABLE_RIGHT},       {"error %", TABLE_RIGHT},
    {"1 bit less", TABLE_RIGHT}, {"agreement", TABLE_RIGHT}, {"KiB", TABLE_RIGHT},
    {"1 bit more", TABLE_RIGHT}, {"agreement", TABLE_RIGHT}, {"KiB", TABLE_RIGHT}};

/* What another width of one layer would do to predicted error, agreement and size. */
static void add_other(Table *table, const Choosing *choosing, size_t layer, int step)
{
    const Plan *plan = choosing->chosen.plan;
    const unsigned bits = plan->layers[layer].weight_bits, other = bits + (unsigned)step;
    const Layer *of = &choosing->inputs.network->layers[layer];
    if (bits == BITS_FLOAT || other < BITS_MIN || other > BITS_MAX) {
        for (int i = 0; i < 3; i++) table_cell(table, "-");
        return;
    }
    const uint8_t input = plan->layers[layer].activation_bits;
    const double sum = choosing->chosen.sum.error;
    const double change = forecast_layer(&choosing->forecast, layer, (LayerWidths){(uint8_t)other, input}) -
                          forecast_layer(&choosing->forecast, layer, (LayerWidths){(uint8_t)bits, input});
    const Prediction before = forecast_predict(&choosing->forecast, sum),
                     after = forecast_predict(&choosing->forecast, sum + change);
    const double bytes = (double)layer_cost_bytes(of, other, 0) - (double)layer_cost_bytes(of, bits, 0);
    table_cell(table, "%+.1f %%", 100 * (after.error / before.error - 1));
    if (before.known)
        table_cell(table, "%+.2f", 100 * (after.agreement.expected - before.agreement.expected));
    else
        table_cell(table, "-");
    table_cell(table, "%+.2f", bytes / 1024);
}

static Status print_layers(const Choosing *choosing, Message *message)
{
    const Plan *plan = choosing->chosen.plan;
    const Network *network = choosing->inputs.network;
    const bool activations = quantizes_activations(plan);
    Table *table = table_without(columns, sizeof columns / sizeof *columns, activations ? NULL : "A");
    for (size_t l = 0; l < network->layer_count; l++) {
        const LayerWidths widths = {plan->layers[l].weight_bits, plan->layers[l].activation_bits};
        table_cell(table, "%zu", l + 1);
        table_cell(table, "%s", network->layers[l].name);
        add_bits(table, widths.weight_bits);
        if (activations) add_bits(table, widths.activation_bits);
        table_cell(table, "%.2f", (double)plan_layer_bytes(plan, network, l) / 1024);
        table_cell(table, "%.1f",
                   100 * forecast_layer(&choosing->forecast, l, widths) / choosing->chosen.sum.error);
        add_other(table, choosing, l, -1);
        add_other(table, choosing, l, 1);
    }
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

/* --- predictions ------------------------------------------------------------------------------------- */

static void print_prediction(const char *what, const Choice *sum, const Choosing *choosing)
{
    const Prediction prediction = forecast_predict(&choosing->forecast, sum->error);
    printf("%-10s %s, output error %s (SQNR %.2f dB)", what,
           figure_bytes((size_t)sum->costs[COST_BYTES]).text, figure_number(prediction.error).text,
           prediction.sqnr_db);
    if (prediction.known)
        printf(", agreement %s %%",
               figure_interval(prediction.agreement.expected, prediction.agreement.interval.low,
                               prediction.agreement.interval.high)
                   .text);
    if (prediction.known && choosing->forecast.labelled)
        printf(", top-1 %s", figure_change(prediction.change.expected, prediction.change.interval.low,
                                           prediction.change.interval.high)
                                 .text);
    puts("");
}

/* The largest plan of one width, ends at 8 bits, that costs no more bytes, for comparison. */
static Status print_uniform(const Choosing *choosing, Message *message)
{
    for (unsigned bits = BITS_MAX; bits >= BITS_MIN; bits--) {
        Plan *plan;
        Status status = plan_copy(&plan, choosing->rules.plan, message);
        if (status != STATUS_OK) return status;
        plan_set_bits(plan, choosing->inputs.network, bits, BITS_MAX, BITS_MAX);
        const Choice sum =
            plan_choice(plan, choosing->inputs.network, &choosing->forecast, choosing->rules.latency);
        plan_drop(plan);
        if (sum.costs[COST_BYTES] > choosing->chosen.sum.costs[COST_BYTES]) continue;
        char what[32];
        snprintf(what, sizeof what, "uniform %u", bits);
        print_prediction(what, &sum, choosing);
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* Many layers at 2 bits, whose errors no longer add up. */
static void print_weakness(const Choosing *choosing)
{
    const Plan *plan = choosing->chosen.plan;
    size_t narrow = 0;
    for (size_t l = 0; l < plan->layer_count; l++) narrow += plan->layers[l].weight_bits == BITS_MIN;
    if (2 * narrow > plan->layer_count)
        puts("note: predictions are weak where most layers have 2 bits: their errors no longer add up");
}

static Status print_choice(const Choosing *choosing, Message *message)
{
    const Choice *sum = &choosing->chosen.sum;
    print_heading(&choosing->inputs);
    printf("\nerror %%: share of the predicted output error; 1 bit less, 1 bit more: what that would change "
           "of the "
           "predicted error, of agreement in points, and of the size\n\n");
    Status status = print_layers(choosing, message);
    if (status != STATUS_OK) return status;
    printf("\n%s; %s bit operations per image",
           choosing->chosen.proven ? "no plan within the budget is better by prediction"
                                   : "the best plan found: there may be a better one",
           figure_quantity(sum->costs[COST_BITOPS]).text);
    if (choosing->rules.latency) printf("; %.1f microseconds", sum->costs[COST_LATENCY]);
    puts("\n");
    print_prediction("predicted", sum, choosing);
    print_weakness(choosing);
    return print_uniform(choosing, message);
}

/* --- drop -------------------------------------------------------------------------------------------- */

static Status print_trials(const Choosing *choosing, Message *message)
{
    const DropSearch *drop = &choosing->drop;
    Table *table = table_create((const TableColumn[]){{"trial", TABLE_RIGHT},
                                                      {"KiB", TABLE_RIGHT},
                                                      {"predicted", TABLE_RIGHT},
                                                      {"top-1 change, 95 % interval", TABLE_LEFT},
                                                      {"images", TABLE_RIGHT},
                                                      {"", TABLE_LEFT}},
                                6);
    for (size_t t = 0; t < drop->trial_count; t++) {
        const DropTrial *trial = &drop->trials[t];
        table_cell(table, "%zu", t + 1);
        table_cell(table, "%.2f", choosing->front->points[trial->point].costs[COST_BYTES] / 1024);
        table_cell(table, "%+.2f", 100 * trial->predicted);
        table_cell(table, "%s", change_figure(&trial->evaluation).text);
        table_cell(table, "%zu", trial->evaluation.images);
        table_cell(table, "%s%s", trial->good ? "good enough" : "loses more",
                   trial->decided ? ", by its interval" : ", by its estimate");
    }
    printf("\ntried on the first %zu evaluation images, each until its interval decided:\n\n", drop->images);
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

/* Choosing used the first images up. */
static void print_heldback(const Choosing *choosing, const Evaluation *evaluation)
{
    const DropSearch *drop = &choosing->drop;
    for (size_t t = 0; t < drop->trial_count; t++) {
        const DropTrial *trial = &drop->trials[t];
        if (trial->point != drop->found || trial->evaluation.images >= evaluation->images) continue;
        const Evaluation rest = evaluation_rest(evaluation, &trial->evaluation);
        printf("top-1 change on the %zu images that it was chosen by: %s\n"
               "top-1 change on the %zu others, which had no part in the choice: %s\n",
               trial->evaluation.images, change_figure(&trial->evaluation).text, rest.images,
               change_figure(&rest).text);
    }
}

/* --- choosing ---------------------------------------------------------------------------------------- */

static unsigned activation_widths(const ChooseRules *rules)
{
    return rules->activation_widths | (rules->same_widths ? rules->weight_widths : 0);
}

static Status choose_by_drop(Choosing *choosing, Message *message)
{
    const Front *front = choosing->front;
    Status status = drop_search(&choosing->drop, &choosing->inputs, choosing->chooser, front,
                                &choosing->forecast, choosing->inputs.options->drop / 100, message);
    if (status != STATUS_OK) return status;
    const size_t found = choosing->drop.found;
    if (found == front->count)
        return status_fail(
            message, STATUS_INVALID,
            "none of the %zu plans that were tried, up to %.1f KiB, loses at most %g points",
            choosing->drop.trial_count,
            front->points[choosing->drop.trials[choosing->drop.trial_count - 1].point].costs[COST_BYTES] /
                1024,
            choosing->inputs.options->drop);
    choosing->chosen.sum = front->points[found];
    choosing->chosen.proven = front->exact;
    return chooser_plan(&choosing->chosen.plan, choosing->chooser, front->picks + found * front->set_count,
                        message);
}

/* Fails where no plan is within the budgets: before the sensitivities, which take minutes, are computed. */
static Status check_budgets(Choosing *choosing, Message *message)
{
    Forecast nothing;
    Chooser *chooser = NULL;
    Chosen chosen = {0};
    Status status = forecast_create(&nothing, choosing->inputs.network->layer_count, message);
    if (status != STATUS_OK) return status;
    forecast_set_zero(&nothing);
    status = chooser_create(&chooser, choosing->inputs.network, choosing->rules.plan, &nothing,
                            &choosing->rules.rules, message);
    if (status == STATUS_OK) status = chooser_choose(&chosen, chooser, &choosing->limits, message);
    plan_drop(chosen.plan);
    chooser_free(chooser);
    forecast_free(&nothing);
    return status;
}

static Status prepare(Choosing *choosing, Message *message)
{
    const Inputs *inputs = &choosing->inputs;
    const Options *options = inputs->options;
    Status status = choose_rules_parse(&choosing->rules, inputs, message);
    if (status == STATUS_OK) status = choose_limits_parse(&choosing->limits, inputs, message);
    if (status == STATUS_OK) status = check_budgets(choosing, message);
    if (status == STATUS_OK)
        status = forecast_create(&choosing->forecast, inputs->network->layer_count, message);
    if (status == STATUS_OK)
        status = step_forecast(&choosing->forecast, inputs, choosing->rules.plan,
                               activation_widths(&choosing->rules.rules), message);
    if (status == STATUS_OK)
        status = chooser_create(&choosing->chooser, inputs->network, choosing->rules.plan,
                                &choosing->forecast, &choosing->rules.rules, message);
    if (status == STATUS_OK && (options->front || options_given(options, &options->drop)))
        status = chooser_front(&choosing->front, choosing->chooser, COST_BYTES, message);
    return status;
}

static Status choose(Choosing *choosing, Message *message)
{
    const Options *options = choosing->inputs.options;
    Status status = prepare(choosing, message);
    if (status == STATUS_OK && options_given(options, &options->drop))
        status = choose_by_drop(choosing, message);
    else if (status == STATUS_OK)
        status = chooser_choose(&choosing->chosen, choosing->chooser, &choosing->limits, message);
    if (status == STATUS_OK && options->front)
        status = front_csv_write(options->front, choosing->front, choosing->chooser, &choosing->forecast,
                                 choosing->rules.latency != NULL, message);
    return status;
}

/* --- running ----------------------------------------------------------------------------------------- */

/* Files are written before anything is printed; with the bound, as the explorer exports them. */
static Status run(Choosing *choosing, Message *message)
{
    Inputs *inputs = &choosing->inputs;
    const Options *options = inputs->options;
    const bool files = options->csv || options->json || options->onnx;
    Pipeline *pipeline = NULL;
    Climb climb = {0};
    Evaluation evaluation;
    inputs->plan = choosing->chosen.plan;
    Status status = step_quantize(&pipeline, inputs, inputs->plan, "quantizing", message);
    if (status == STATUS_OK && files) status = step_ladder(&climb, inputs, pipeline, message);
    if (status == STATUS_OK && inputs->evaluation)
        status = step_evaluate(&evaluation, inputs, (const Weights *const *)pipeline->weights, "evaluating",
                               message);
    if (status == STATUS_OK && files)
        status = outputs_write(inputs, pipeline, inputs->evaluation ? &evaluation : NULL, &climb, message);
    if (status == STATUS_OK) status = print_choice(choosing, message);
    if (status == STATUS_OK && inputs->evaluation) {
        if (evaluation.task == TASK_CLASSIFY)
            printf("measured   output SQNR %.2f dB, agreement %s %%, on %zu evaluation images\n",
                   evaluation.output_sqnr_db, share_figure(evaluation.agreeing, evaluation.images).text,
                   evaluation.images);
        status = print_accuracy(inputs, &evaluation, message);
    }
    if (status == STATUS_OK && choosing->drop.trial_count) {
        status = print_trials(choosing, message);
        if (status == STATUS_OK) print_heldback(choosing, &evaluation);
    }
    ladder_free(&climb.ladder);
    pipeline_free(pipeline);
    return status;
}

Status cmd_choose(const Options *options, Message *message)
{
    Inputs inputs;
    Status status = inputs_open(&inputs, options, INPUT_NEEDED, INPUT_OPTIONAL, message);
    Choosing choosing = {.inputs = inputs};
    if (status == STATUS_OK) status = choose(&choosing, message);
    if (status == STATUS_OK) status = run(&choosing, message);
    plan_drop(choosing.chosen.plan);
    front_free(choosing.front);
    chooser_free(choosing.chooser);
    forecast_free(&choosing.forecast);
    choose_rules_free(&choosing.rules);
    inputs_close(&inputs);
    return status;
}
