/* SPDX-License-Identifier: MIT */
/* Forecasts of lenet5: the same bytes with any number of threads and after a cancelled run, predictions
 * against plans that are run, the formulas of kappa and agreement, and plans chosen from a forecast. */
#include "app/cli/blas_kernel.h"
#include "evaluate/network_outputs.h"
#include "explore/chooser.h"
#include "explore/forecast_run.h"
#include "network/network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA SOURCE_ROOT "/data/"
#define LAYERS 5
#define IMAGES 192

static const Normalization normalization = {.mean = {0.2860f}, .std = {0.3530f}};

typedef struct Bench {
    Pool *pool;
    Network *network;
    Dataset *images;
    Plan *plan;
    Forecast forecast; /* by the pool's two threads */
} Bench;

static Bench bench;

static Status compute(Forecast *forecast, Pool *pool,
                      bool (*progress)(void *, const Forecast *, size_t, double), void *context)
{
    const ForecastOptions options = {
        .pool = pool, .activation_widths = 1u << 4 | 1u << 8, .progress = progress, .context = context};
    return forecast_run(forecast, bench.network, bench.plan, bench.images, NULL, &normalization, &options,
                        NULL);
}

static int start(void **state)
{
    Message message;
    if (pool_create(&bench.pool, 2, &message) != STATUS_OK) return 1;
    if (network_open(&bench.network, DATA "lenet5.onnx", &(NetworkOptions){0}, &message) != STATUS_OK)
        return 1;
    const DatasetSource source = {.images = DATA "fashion-mnist/calibration-images-idx3-ubyte.gz"};
    if (dataset_open(&bench.images, &source, &message) != STATUS_OK) return 1;
    if (plan_create(&bench.plan, bench.network, &message) != STATUS_OK) return 1;
    bench.plan->options.calibration_images = IMAGES;
    bench.plan->options.rows = 2000;
    if (forecast_create(&bench.forecast, LAYERS, &message) != STATUS_OK) return 1;
    return compute(&bench.forecast, bench.pool, NULL, NULL) != STATUS_OK;
}

static int stop(void **state)
{
    forecast_free(&bench.forecast);
    plan_drop(bench.plan);
    dataset_free(bench.images);
    network_free(bench.network);
    pool_free(bench.pool);
    return 0;
}

static void assert_same(const Forecast *one, const Forecast *other)
{
    assert_memory_equal(one->layers, other->layers, LAYERS * sizeof *one->layers);
    assert_memory_equal(one->anchors, other->anchors, sizeof one->anchors);
    assert_int_equal(one->images, other->images);
}

static void threads_change_nothing(void **state)
{
    Forecast forecast;
    Pool *pool;
    assert_int_equal(pool_create(&pool, 1, NULL), STATUS_OK);
    assert_int_equal(forecast_create(&forecast, LAYERS, NULL), STATUS_OK);
    assert_int_equal(compute(&forecast, pool, NULL, NULL), STATUS_OK);
    assert_same(&forecast, &bench.forecast);
    forecast_free(&forecast);
    pool_free(pool);
}

typedef struct Patience {
    double least, last;
} Patience;

static bool until(void *context, const Forecast *forecast, size_t layer, double fraction)
{
    Patience *patience = context;
    assert_true(fraction >= patience->last && fraction <= 1);
    patience->last = fraction;
    return fraction < patience->least;
}

static void cancelled_runs_go_on(void **state)
{
    Forecast forecast;
    assert_int_equal(forecast_create(&forecast, LAYERS, NULL), STATUS_OK);
    for (double least = 0.1; least < 0.9; least += 0.35) {
        Patience patience = {.least = least};
        assert_int_equal(compute(&forecast, bench.pool, until, &patience), STATUS_CANCELLED);
    }
    assert_int_equal(compute(&forecast, bench.pool, NULL, NULL), STATUS_OK);
    assert_same(&forecast, &bench.forecast);
    forecast_free(&forecast);
}

static void errors_fall_with_the_width(void **state)
{
    for (size_t l = 0; l < LAYERS; l++) {
        const LayerForecast *layer = &bench.forecast.layers[l];
        assert_true(layer->factor > 0);
        for (unsigned bits = 3; bits <= 8; bits++) assert_true(layer->errors[bits] < layer->errors[bits - 1]);
        assert_true(bench.network->layers[l].first || layer->input_errors[8] < layer->input_errors[4]);
    }
}

/* The output error of a plan that is run, on the images that the forecast measures on. */
static double measure(const Plan *plan)
{
    Pipeline *pipeline;
    const OutputsOptions options = {.pool = bench.pool, .images = 256};
    float *reference, *outputs;
    assert_int_equal(pipeline_run(&pipeline, bench.network, plan, bench.images, &normalization,
                                  &(PipelineOptions){.pool = bench.pool}, NULL),
                     STATUS_OK);
    assert_int_equal(
        outputs_run(&reference, bench.network, bench.images, &normalization, NULL, &options, NULL),
        STATUS_OK);
    assert_int_equal(outputs_run(&outputs, bench.network, bench.images, &normalization,
                                 (const Weights *const *)pipeline->weights, &options, NULL),
                     STATUS_OK);
    const double error = outputs_error(reference, outputs, 256, bench.network->output_elements);
    free(reference);
    free(outputs);
    pipeline_free(pipeline);
    return error;
}

static void predictions_meet_measurements(void **state)
{
    static const uint8_t plans[][LAYERS] = {{8, 4, 4, 4, 8}, {8, 2, 5, 3, 8}, {4, 3, 3, 6, 4}};
    for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
        Plan *plan;
        LayerWidths widths[LAYERS];
        assert_int_equal(plan_copy(&plan, bench.plan, NULL), STATUS_OK);
        for (size_t l = 0; l < LAYERS; l++) plan->layers[l].weight_bits = plans[p][l];
        forecast_widths(widths, plan);
        const double predicted = forecast_error(&bench.forecast, forecast_sum(&bench.forecast, widths));
        const double measured = measure(plan);
        assert_true(predicted < 1.5 * measured && predicted > measured / 1.5);
        if (p == 0) assert_true(fabs(predicted / measured - 1) < 1e-9); /* an anchor */
        plan_drop(plan);
    }
}

static void kappa_is_interpolated(void **state)
{
    Forecast forecast = {.anchor_count = 2};
    forecast.anchors[0] = (Anchor){.sum = 0.01, .measured = 0.02};
    forecast.anchors[1] = (Anchor){.sum = 1, .measured = 8};
    assert_true(fabs(forecast_error(&forecast, 0.001) / 0.002 - 1) < 1e-12);
    assert_true(fabs(forecast_error(&forecast, 10) / 80 - 1) < 1e-12);
    assert_true(fabs(forecast_error(&forecast, 0.1) / (0.1 * 4) - 1) < 1e-12);
    forecast.anchor_count = 0;
    assert_true(forecast_error(&forecast, 0.1) == 0.1);
}

/* Two classes: the first image changes its class at 1.5 times the anchor's change, the second never does. */
static void agreement_follows_the_outputs(void **state)
{
    const float z0[] = {3, 0, 1, 0}, za[] = {2, 1, 2, 0};
    const size_t labels[] = {0, 1};
    Forecast forecast = {.anchor_count = 1, .images = 2, .labelled = true};
    Anchor *anchor = &forecast.anchors[0];
    *anchor = (Anchor){.sum = 1, .measured = 1};
    anchor_count(anchor, &forecast.float_correct, z0, za, 2, 2, labels);
    assert_int_equal(forecast.float_correct, 1);
    for (size_t i = 0; i < FORECAST_STEPS; i++) {
        const bool changed = forecast_step(i) > 1.5;
        assert_int_equal(anchor->agreeing[i], changed ? 1 : 2);
        assert_int_equal(anchor->correct[i], changed ? 0 : 1);
        assert_int_equal(anchor->lost[i], changed ? 1 : 0);
        assert_int_equal(anchor->gained[i], 0);
    }
    const Prediction near = forecast_predict(&forecast, 1), far = forecast_predict(&forecast, 4);
    assert_true(near.known && near.agreement.expected == 1 && far.agreement.expected == 0.5);
    assert_true(far.top1.expected == 0 && far.change.expected == -0.5);
    assert_true(far.agreement.interval.low < 0.5 && far.agreement.interval.high > 0.5);
}

/* --- choosing ---------------------------------------------------------------------------------------- */

static Chosen choose(const ChooseRules *rules, double bytes)
{
    Chooser *chooser;
    Chosen chosen;
    Message message;
    CostLimits limits = cost_limits_none();
    limits.most[COST_BYTES] = bytes;
    assert_int_equal(chooser_create(&chooser, bench.network, bench.plan, &bench.forecast, rules, &message),
                     STATUS_OK);
    assert_int_equal(chooser_choose(&chosen, chooser, &limits, &message), STATUS_OK);
    chooser_free(chooser);
    return chosen;
}

/* Within the budget, better than any plan of one width that is, and its sums are the plan's. */
static void chosen_plans_beat_uniform_ones(void **state)
{
    const ChooseRules rules = choose_rules();
    for (unsigned bits = 2; bits <= 8; bits++) {
        Plan *uniform;
        LayerWidths widths[LAYERS];
        assert_int_equal(plan_copy(&uniform, bench.plan, NULL), STATUS_OK);
        plan_set_bits(uniform, bench.network, bits, 8, 8);
        const size_t bytes = plan_totals(uniform, bench.network).bytes;
        const Choice other = plan_choice(uniform, bench.network, &bench.forecast, NULL);
        const Chosen chosen = choose(&rules, (double)bytes);
        assert_true(other.costs[COST_BYTES] == (double)bytes);
        assert_true(chosen.proven && chosen.sum.error <= other.error);
        assert_true(chosen.sum.costs[COST_BYTES] == (double)plan_totals(chosen.plan, bench.network).bytes);
        assert_true(chosen.sum.costs[COST_BITOPS] == plan_totals(chosen.plan, bench.network).bitops);
        forecast_widths(widths, chosen.plan);
        assert_true(fabs(chosen.sum.error / forecast_sum(&bench.forecast, widths) - 1) < 1e-12);
        assert_int_equal(chosen.plan->layers[0].weight_bits, 8);
        assert_int_equal(chosen.plan->layers[LAYERS - 1].weight_bits, 8);
        plan_drop(chosen.plan);
        plan_drop(uniform);
    }
}

static void rules_are_kept(void **state)
{
    const bool pinned[LAYERS] = {false, true};
    const size_t tied[LAYERS] = {0, 0, 7, 7, 0};
    ChooseRules rules = choose_rules();
    rules.weight_widths = 1u << 4 | 1u << 8;
    rules.activation_widths = 1u << 4 | 1u << 8;
    rules.free_ends = true;
    rules.pinned = pinned;
    rules.tied = tied;
    bench.plan->layers[1].weight_bits = 3;
    const Chosen chosen = choose(&rules, 40000);
    const LayerPlan *layers = chosen.plan->layers;
    bench.plan->layers[1].weight_bits = 4;
    assert_int_equal(layers[1].weight_bits, 3);
    assert_int_equal(layers[1].activation_bits, BITS_FLOAT);
    assert_int_equal(layers[2].weight_bits, layers[3].weight_bits);
    assert_int_equal(layers[0].activation_bits, BITS_FLOAT);
    for (size_t l = 2; l < LAYERS; l++) {
        assert_true(layers[l].weight_bits == 4 || layers[l].weight_bits == 8);
        assert_true(layers[l].activation_bits == 4 || layers[l].activation_bits == 8);
    }
    plan_drop(chosen.plan);
}

static void impossible_budgets_say_why(void **state)
{
    const bool pinned[LAYERS] = {false, false, true};
    ChooseRules rules = choose_rules();
    CostLimits limits = cost_limits_none();
    Chooser *chooser;
    Chosen chosen;
    Message message;
    rules.pinned = pinned;
    limits.most[COST_BYTES] = 1000;
    assert_int_equal(chooser_create(&chooser, bench.network, bench.plan, &bench.forecast, &rules, &message),
                     STATUS_OK);
    assert_int_equal(chooser_choose(&chosen, chooser, &limits, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "is below the smallest plan, which takes "));
    assert_non_null(strstr(message.text, bench.network->layers[2].name));
    chooser_free(chooser);
    const bool both[LAYERS] = {false, true, true};
    const size_t tied[LAYERS] = {0, 1, 1, 0, 0};
    rules.pinned = both;
    rules.tied = tied;
    bench.plan->layers[1].weight_bits = 5;
    assert_int_equal(chooser_create(&chooser, bench.network, bench.plan, &bench.forecast, &rules, &message),
                     STATUS_INVALID);
    bench.plan->layers[1].weight_bits = 4;
    assert_non_null(strstr(message.text, "are tied, and pinned to different bit widths"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),         cmocka_unit_test(cancelled_runs_go_on),
        cmocka_unit_test(errors_fall_with_the_width),     cmocka_unit_test(predictions_meet_measurements),
        cmocka_unit_test(kappa_is_interpolated),          cmocka_unit_test(agreement_follows_the_outputs),
        cmocka_unit_test(chosen_plans_beat_uniform_ones), cmocka_unit_test(rules_are_kept),
        cmocka_unit_test(impossible_budgets_say_why),
    };
    if (blas_kernel_choose(argv, NULL) != STATUS_OK) return 1;
    return cmocka_run_group_tests(tests, start, stop);
}
