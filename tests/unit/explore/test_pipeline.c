/* SPDX-License-Identifier: MIT */
/* The pipeline on the bundled networks: the reference figures, objectives that never rise, modes, memory,
 * cancelling. */
#include "explore/pipeline.h"
#include "fashion_fixture.h"
#include "network/network.h"
#include "quantize/calibrate/calibrate.h"
#include "quantize/solve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Plan *make_plan(const Network *network, unsigned bits)
{
    Plan *plan;
    assert_int_equal(plan_create(&plan, network, NULL), STATUS_OK);
    plan_set_bits(plan, network, bits, bits, bits);
    return plan;
}

static Pipeline *run(const Bench *bench, const Network *network, const Plan *plan, PipelineOptions options)
{
    Pipeline *pipeline;
    Message message = {0};
    if (!options.pool) options.pool = bench->pool;
    if (pipeline_run(&pipeline, network, plan, bench->images, &normalization, &options, &message) !=
        STATUS_OK)
        fail_msg("%s", message.text);
    return pipeline;
}

/* --- reference figures ---------------------------------------------------------------------------------- */

typedef struct Reference {
    unsigned n, m, bits;
    double rounding, bitsplit, polished;
} Reference;

/* Reads the reference's rows of one bit width in graph order; returns their number. */
static size_t read_reference(Reference *rows, size_t most, const char *name, unsigned bits)
{
    char path[512], line[256];
    snprintf(path, sizeof path, SOURCE_ROOT "/tests/reference-solver/%s-bitsplit.csv", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t count = 0;
    while (fgets(line, sizeof line, file)) {
        Reference row;
        int fields = sscanf(line, "%*[^,],%*[^,],%*u,%u,%u,%u,%lf,%lf,%*u,%lf", &row.n, &row.m, &row.bits,
                            &row.rounding, &row.bitsplit, &row.polished);
        if (fields != 6 || row.bits != bits) continue;
        assert_true(count < most);
        rows[count++] = row;
    }
    fclose(file);
    return count;
}

static void compare_with_reference(const Bench *bench, const char *name, unsigned bits)
{
    Reference rows[64];
    size_t count = read_reference(rows, 64, name, bits), next = 0;
    Network *network = open_network(name);
    Plan *plan = make_plan(network, bits);
    plan->options = (PlanOptions){
        .mode = MODE_INDEPENDENT, .calibration_images = 256, .rows = PLAN_ALL_ROWS, .polish = true};
    plan_set_method(plan, METHOD_BITSPLIT);
    Pipeline *pipeline = run(bench, network, plan, (PipelineOptions){0});
    for (size_t i = 0; i < network->layer_count; i++) {
        if (network->layers[i].groups > 1) continue;
        assert_true(next < count);
        const Reference *row = &rows[next++];
        const LayerResult *result = &pipeline->layers[i];
        assert_int_equal(row->n, network->layers[i].n);
        assert_int_equal(row->m, network->layers[i].m);
        if (fabs(result->rounding_error - row->rounding) > 1e-3 * row->rounding)
            fail_msg("%s, %s, %u bits: rounding error %.9g, reference %.9g", name, network->layers[i].name,
                     bits, result->rounding_error, row->rounding);
        if (result->bitsplit_error > 1.01 * row->bitsplit)
            fail_msg("%s, %s, %u bits: bit-split error %.9g, reference %.9g", name, network->layers[i].name,
                     bits, result->bitsplit_error, row->bitsplit);
        if (result->polished_error > 1.01 * row->polished)
            fail_msg("%s, %s, %u bits: polished error %.9g, reference %.9g", name, network->layers[i].name,
                     bits, result->polished_error, row->polished);
    }
    assert_int_equal(next, count);
    pipeline_free(pipeline);
    plan_drop(plan);
    network_free(network);
}

static void reference_lenet5(void **state)
{
    for (unsigned bits = 2; bits <= 4; bits++) compare_with_reference(*state, "lenet5", bits);
}

static void reference_resnet20(void **state)
{
    for (unsigned bits = 2; bits <= 4; bits++) compare_with_reference(*state, "resnet20", bits);
}

/* --- never up, in every layer of every network ---------------------------------------------------------- */

typedef struct Watch {
    size_t layer, epochs;
    double last;
    size_t rises;
} Watch;

static bool watch_layers(void *context, const PipelineProgress *progress)
{
    Watch *watch = context;
    if (!progress->trace) return true;
    const SolveProgress *step = &progress->trace[progress->trace_count - 1];
    if (step->epoch == 0 || progress->layer != watch->layer) watch->last = INFINITY;
    watch->layer = progress->layer;
    watch->epochs++;
    watch->rises += step->objective > watch->last * (1 + 1e-9);
    if (step->stage == SOLVE_STAGE_DIGITS)
        for (unsigned p = step->bits - 1; p-- > 0;) {
            double before = p + 2 == step->bits ? watch->last : step->after_digit[p + 1];
            watch->rises += step->after_digit[p] > before * (1 + 1e-5); /* moves are summed up in float */
        }
    watch->last = step->objective;
    return true;
}

static void objective_never_rises_in_any_layer(void **state)
{
    const char *const names[] = {"lenet5", "vgg8", "resnet20", "mobilenetv2", "inception"};
    for (size_t i = 0; i < 5; i++) {
        Network *network = open_network(names[i]);
        for (size_t k = 0; k < 2; k++) { /* each width on two networks or three */
            Plan *plan = make_plan(network, 2 + 2 * (unsigned)((2 * i + k) % 4));
            plan->options.calibration_images = 32;
            plan->options.rows = 1000;
            Watch watch = {.layer = NO_INDEX};
            Pipeline *pipeline =
                run(*state, network, plan, (PipelineOptions){.progress = watch_layers, .context = &watch});
            assert_int_equal(watch.rises, 0);
            assert_true(watch.epochs > 2 * network->layer_count);
            pipeline_free(pipeline);
            plan_drop(plan);
        }
        network_free(network);
    }
}

/* --- the same results, whatever the threads and the memory
 * --------------------------------------------------- */

static void assert_same(const Pipeline *a, const Pipeline *b)
{
    for (size_t i = 0; i < a->layer_count; i++) {
        const Layer *layer = &a->network->layers[i];
        const LayerResult *x = &a->layers[i], *y = &b->layers[i];
        size_t channels = layer->groups * layer->m;
        assert_memory_equal(x->codes, y->codes, channels * layer->n);
        assert_memory_equal(x->scales, y->scales, channels * sizeof(float));
        assert_memory_equal(x->bias, y->bias, channels * sizeof(float));
        assert_memory_equal(&x->rounding_error, &y->rounding_error, sizeof(double));
        assert_memory_equal(&x->polished_error, &y->polished_error, sizeof(double));
        assert_memory_equal(&x->heldout_error, &y->heldout_error, sizeof(double));
        assert_memory_equal(&x->accumulated_error, &y->accumulated_error, sizeof(double));
    }
}

static void threads_and_memory_change_nothing(void **state)
{
    const char *const names[] = {"lenet5", "mobilenetv2"};
    for (size_t i = 0; i < 2; i++) {
        Network *network = open_network(names[i]);
        Plan *plan = make_plan(network, 4);
        plan->options.calibration_images = 100;
        plan->options.rows = 900;
        Pipeline *reference = run(*state, network, plan, (PipelineOptions){0});
        assert_int_equal(reference->images, 100);
        assert_int_equal(reference->heldout_images, 13);
        assert_int_equal(reference->spilled_bytes, 0);
        for (size_t workers = 1; workers <= 4; workers *= 2) {
            Pool *pool;
            assert_int_equal(pool_create(&pool, workers, NULL), STATUS_OK);
            Pipeline *other = run(*state, network, plan, (PipelineOptions){.pool = pool});
            assert_same(reference, other);
            pipeline_free(other);
            pool_free(pool);
        }
        plan_drop(plan);
        pipeline_free(reference);
        network_free(network);
    }
}

/* The message names a memory limit that is enough; just above it, activations go to a file and results stay
 * the same.
 */
static void little_memory_spills_or_is_refused(void **state)
{
    const Bench *bench = *state;
    Network *network = open_network("resnet20");
    Plan *plan = make_plan(network, 4);
    plan->options.calibration_images = 64;
    plan->options.rows = 500;
    Pipeline *pipeline, *reference = run(bench, network, plan, (PipelineOptions){0});
    PipelineOptions options = {.pool = bench->pool, .memory = 1 << 20};
    Message message;
    assert_int_equal(
        pipeline_run(&pipeline, network, plan, bench->images, &normalization, &options, &message),
        STATUS_MEMORY);
    assert_null(pipeline);
    assert_int_equal(message.remedies, REMEDY_MEMORY | REMEDY_THREADS | REMEDY_FLOAT_LAYER);
    options.memory += message.memory_missing;
    pipeline = run(bench, network, plan, options);
    assert_true(pipeline->spilled_bytes > 0);
    assert_same(reference, pipeline);
    pipeline_free(pipeline);
    setenv("TMPDIR", "/nonexistent", 1);
    assert_int_equal(
        pipeline_run(&pipeline, network, plan, bench->images, &normalization, &options, &message),
        STATUS_MEMORY);
    unsetenv("TMPDIR");
    assert_int_equal(message.remedies, REMEDY_CALIBRATION_IMAGES | REMEDY_MEMORY);
    assert_in_range(message.images, 1, 63);
    assert_non_null(strstr(message.text,
                           "'/nonexistent': No such file or directory: name a folder with room by "
                           "TMPDIR"));
    pipeline_free(reference);
    plan_drop(plan);
    network_free(network);
}

/* --- modes
 * ---------------------------------------------------------------------------------------------------- */

/* Independent layers do not depend on each other; sequential ones compensate earlier errors. */
static void modes_differ_as_they_should(void **state)
{
    Network *network = open_network("lenet5");
    Plan *plan = make_plan(network, 2);
    plan->options.calibration_images = 256;
    Pipeline *sequential = run(*state, network, plan, (PipelineOptions){0});
    plan->options.mode = MODE_INDEPENDENT;
    Pipeline *independent = run(*state, network, plan, (PipelineOptions){0});
    plan->layers[0].weight_bits = BITS_FLOAT;
    Pipeline *first_float = run(*state, network, plan, (PipelineOptions){0});
    size_t last = network->layer_count - 1;
    assert_true(sequential->layers[last].accumulated_error < independent->layers[last].accumulated_error);
    assert_true(sequential->layers[last].heldout_error > 0);
    for (size_t i = 1; i <= last; i++)
        assert_memory_equal(independent->layers[i].codes, first_float->layers[i].codes,
                            network->layers[i].m * network->layers[i].n);
    assert_null(first_float->layers[0].codes);
    assert_true(first_float->layers[0].accumulated_error == 0);
    assert_true(isnan(first_float->layers[0].rounding_error));
    pipeline_free(sequential);
    pipeline_free(independent);
    pipeline_free(first_float);
    plan_drop(plan);
    network_free(network);
}

static void float_plan_changes_nothing(void **state)
{
    Network *network = open_network("lenet5");
    Plan *plan = make_plan(network, BITS_FLOAT);
    plan->options.calibration_images = 32;
    Pipeline *pipeline = run(*state, network, plan, (PipelineOptions){0});
    for (size_t i = 0; i < network->layer_count; i++) {
        assert_true(pipeline->layers[i].accumulated_error == 0);
        assert_null(pipeline->weights[i]);
    }
    pipeline_free(pipeline);
    plan_drop(plan);
    network_free(network);
}

/* --- cancelling and splitting
 * ------------------------------------------------------------------------------------ */

typedef struct Countdown {
    size_t calls, stop_at;
} Countdown;

static bool count_down(void *context, const PipelineProgress *progress)
{
    Countdown *countdown = context;
    assert_true(progress->fraction >= 0 && progress->fraction <= 1);
    return ++countdown->calls < countdown->stop_at;
}

static void cancelled_anywhere(void **state)
{
    const Bench *bench = *state;
    Network *network = open_network("lenet5");
    Plan *plan = make_plan(network, 4);
    plan->options.calibration_images = 32;
    for (size_t stop_at = 1; stop_at < 60; stop_at += 7) {
        Countdown countdown = {0, stop_at};
        PipelineOptions options = {.pool = bench->pool, .progress = count_down, .context = &countdown};
        Pipeline *pipeline;
        Message message;
        assert_int_equal(
            pipeline_run(&pipeline, network, plan, bench->images, &normalization, &options, &message),
            STATUS_CANCELLED);
        assert_null(pipeline);
        assert_int_equal(countdown.calls, stop_at);
    }
    plan_drop(plan);
    network_free(network);
}

static void images_are_split(void **state)
{
    size_t images, heldout;
    calibration_split(&images, &heldout, 1024, 2048);
    assert_true(images == 1024 && heldout == 128);
    calibration_split(&images, &heldout, 1024, 1024);
    assert_true(images == 1024 && heldout == 0);
    calibration_split(&images, &heldout, 1024, 1030);
    assert_true(images == 1024 && heldout == 6);
    calibration_split(&images, &heldout, 1024, 90);
    assert_true(images == 80 && heldout == 10);
    calibration_split(&images, &heldout, 1024, 1);
    assert_true(images == 1 && heldout == 0);
    calibration_split(&images, &heldout, 1024, 0);
    assert_true(images == 0 && heldout == 0);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_lenet5),
        cmocka_unit_test(reference_resnet20),
        cmocka_unit_test(objective_never_rises_in_any_layer),
        cmocka_unit_test(threads_and_memory_change_nothing),
        cmocka_unit_test(little_memory_spills_or_is_refused),
        cmocka_unit_test(modes_differ_as_they_should),
        cmocka_unit_test(float_plan_changes_nothing),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(images_are_split),
    };
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests_name("pipeline", tests, start, stop);
}
