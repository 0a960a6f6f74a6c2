/* SPDX-License-Identifier: MIT */
/* The sweep of lenet5: the accuracy of the estimates, measured errors equal to the pipeline's, callbacks and
 * cancellation. */
#include "app/cli/blas_kernel.h"
#include "explore/sweep.h"
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

static const Normalization normalization = {.mean = {0.2860f}, .std = {0.3530f}};

typedef struct Bench {
    Pool *pool;
    Network *network;
    Dataset *images;
    Plan *plan; /* 4 bits everywhere, each layer behind float ones */
} Bench;

static Bench bench;

static int start(void **state)
{
    Message message;
    if (pool_create(&bench.pool, 2, &message) != STATUS_OK) return 1;
    if (network_open(&bench.network, DATA "lenet5.onnx", &(NetworkOptions){0}, &message) != STATUS_OK)
        return 1;
    const DatasetSource source = {.images = DATA "fashion-mnist/calibration-images-idx3-ubyte.gz"};
    if (dataset_open(&bench.images, &source, &message) != STATUS_OK) return 1;
    if (plan_create(&bench.plan, bench.network, &message) != STATUS_OK) return 1;
    plan_set_bits(bench.plan, bench.network, 4, 4, 4);
    bench.plan->options.mode = MODE_INDEPENDENT;
    return bench.network->layer_count != LAYERS;
}

static int stop(void **state)
{
    plan_drop(bench.plan);
    dataset_free(bench.images);
    network_free(bench.network);
    pool_free(bench.pool);
    return 0;
}

static Status sweep(Sensitivity table[LAYERS], const PlanOptions *plan, SweepOptions options)
{
    Message message;
    options.pool = bench.pool;
    return sweep_run(table, bench.network, plan, bench.images, &normalization, &options, &message);
}

/* quantize/sensitivity.h states the spread over all networks in data/; here it is 1.18 to 2.04. */
static void estimates_come_near(void **state)
{
    Sensitivity table[LAYERS];
    PlanOptions plan = bench.plan->options;
    plan.effort = EFFORT_FAST;
    assert_int_equal(sweep(table, &plan, (SweepOptions){.measure = true}), STATUS_OK);
    for (size_t l = 0; l < LAYERS; l++)
        for (unsigned bits = 5; bits <= SOLVE_MAX_BITS; bits++) {
            const double ratio = table[l].measured[bits] / table[l].estimate[bits];
            if (!(ratio > 0.8 && ratio < 2.5))
                fail_msg("%s, %u bits: %g times the estimate", bench.network->layers[l].name, bits, ratio);
        }
}

static void no_width_is_worse_than_rounding(void **state)
{
    for (int ridge = 0; ridge < 2; ridge++) {
        Sensitivity table[LAYERS];
        PlanOptions plan = bench.plan->options;
        if (!ridge) plan.ridge = 0;
        assert_int_equal(sweep(table, &plan, (SweepOptions){.measure = true}), STATUS_OK);
        for (size_t l = 0; l < LAYERS; l++)
            for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++)
                assert_true(table[l].measured[bits] > 0 && table[l].measured[bits] < table[l].rounding[bits]);
    }
}

static void measured_errors_are_the_pipelines(void **state)
{
    for (int polish = 0; polish < 2; polish++) {
        Sensitivity table[LAYERS];
        Pipeline *pipeline;
        bench.plan->options.polish = polish;
        assert_int_equal(sweep(table, &bench.plan->options, (SweepOptions){.measure = true}), STATUS_OK);
        assert_int_equal(pipeline_run(&pipeline, bench.network, bench.plan, bench.images, &normalization,
                                      &(PipelineOptions){.pool = bench.pool}, NULL),
                         STATUS_OK);
        for (size_t l = 0; l < LAYERS; l++) {
            const LayerResult *result = &pipeline->layers[l];
            const double *final = polish ? &result->polished_error : &result->bitsplit_error;
            assert_memory_equal(&table[l].measured[4], final, sizeof *final);
            assert_memory_equal(&table[l].heldout[4], &result->heldout_error, sizeof *final);
        }
        pipeline_free(pipeline);
    }
}

static void unknown_where_not_measured(void **state)
{
    Sensitivity table[LAYERS], measured[LAYERS];
    assert_int_equal(sweep(table, &bench.plan->options, (SweepOptions){0}), STATUS_OK);
    assert_int_equal(sweep(measured, &bench.plan->options, (SweepOptions){.measure = true}), STATUS_OK);
    for (size_t l = 0; l < LAYERS; l++) {
        assert_memory_equal(table[l].estimate, measured[l].estimate, sizeof table[l].estimate);
        assert_memory_equal(table[l].rounding, measured[l].rounding, sizeof table[l].rounding);
        for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++)
            assert_true(isnan(table[l].measured[bits]) && isnan(table[l].heldout[bits]));
    }
}

/* --- who listens --------------------------------------------------------------------------------------- */

typedef struct Listener {
    Sensitivity *table;
    size_t known, end_at; /* layers heard of; the one that ends the sweep */
} Listener;

static bool until_end(void *context, const PipelineProgress *progress)
{
    const Listener *listener = context;
    assert_true(progress->fraction >= 0 && progress->fraction <= 1);
    assert_in_range(progress->layer, 0, LAYERS - 1);
    return listener->known < listener->end_at;
}

static Status hear(void *context, size_t layer, const Sensitivity *sensitivity, Message *message)
{
    Listener *listener = context;
    assert_int_equal(layer, listener->known++);
    assert_ptr_equal(sensitivity, &listener->table[layer]);
    assert_false(isnan(sensitivity->measured[SOLVE_MIN_BITS]) ||
                 isnan(sensitivity->measured[SOLVE_MAX_BITS]));
    return STATUS_OK;
}

static Status refuse(void *context, size_t layer, const Sensitivity *sensitivity, Message *message)
{
    Listener *listener = context;
    return ++listener->known == listener->end_at ? STATUS_IO : STATUS_OK;
}

static void layers_are_told_once_known(void **state)
{
    PlanOptions plan = bench.plan->options;
    plan.calibration_images = 64;
    plan.rows = 500;
    for (size_t end_at = 1; end_at <= LAYERS + 1; end_at++) {
        Sensitivity table[LAYERS];
        Listener listener = {table, 0, end_at};
        const SweepOptions options = {
            .measure = true, .progress = until_end, .known = hear, .context = &listener};
        const Status status = sweep(table, &plan, options);
        assert_int_equal(status, end_at < LAYERS ? STATUS_CANCELLED : status);
        assert_int_equal(listener.known, end_at < LAYERS ? end_at : LAYERS);
        if (end_at > LAYERS) assert_int_equal(status, STATUS_OK);
    }
}

static void a_listener_can_end_it(void **state)
{
    Sensitivity table[LAYERS];
    Listener listener = {table, 0, 2};
    const SweepOptions options = {.known = refuse, .context = &listener};
    assert_int_equal(sweep(table, &bench.plan->options, options), STATUS_IO);
    assert_int_equal(listener.known, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_come_near),        cmocka_unit_test(no_width_is_worse_than_rounding),
        cmocka_unit_test(unknown_where_not_measured), cmocka_unit_test(layers_are_told_once_known),
        cmocka_unit_test(a_listener_can_end_it),      cmocka_unit_test(measured_errors_are_the_pipelines),
    };
    if (blas_kernel_choose(NULL, NULL) != STATUS_OK) return 1;
    return cmocka_run_group_tests(tests, start, stop);
}
