/* Evaluation of lenet5 on its test images: known top-1, the same bits for any number of threads, and what
 * cannot be evaluated. */
#include "base/blas.h"
#include "evaluate/accuracy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define IMAGES SOURCE_ROOT "/data/fashion-mnist/t10k-images-idx3-ubyte.gz"
#define NETWORK SOURCE_ROOT "/data/lenet5.onnx"

static const Normalization normalization = {.mean = {0.286f}, .std = {0.353f}};

typedef struct Fixture {
    Network *network;
    Dataset *dataset;
    Weights **weights; /* coarser than float: every weight cut to 4 bits after the point */
} Fixture;

static Fixture fixture;

static void coarsen(Weights **weights, const Network *network, size_t index)
{
    const Layer *layer = &network->layers[index];
    size_t count = layer->groups * layer->m * layer->n;
    float *coarse = malloc(count * sizeof *coarse);
    assert_non_null(coarse);
    for (size_t i = 0; i < count; i++) coarse[i] = nearbyintf(16 * layer->weights[i]) / 16;
    assert_int_equal(weights_create(weights, network, index, coarse, layer->bias, NULL), STATUS_OK);
    free(coarse);
}

static int open_fixture(void **state)
{
    Message message;
    assert_int_equal(network_open(&fixture.network, NETWORK, &(NetworkOptions){0}, &message), STATUS_OK);
    assert_int_equal(
        dataset_open(&fixture.dataset, &(DatasetSource){.images = IMAGES, .classes = 10}, &message),
        STATUS_OK);
    fixture.weights = calloc(fixture.network->layer_count, sizeof(Weights *));
    assert_non_null(fixture.weights);
    for (size_t i = 0; i < fixture.network->layer_count; i++)
        coarsen(&fixture.weights[i], fixture.network, i);
    return 0;
}

static int close_fixture(void **state)
{
    for (size_t i = 0; i < fixture.network->layer_count; i++) weights_free(fixture.weights[i]);
    free(fixture.weights);
    dataset_free(fixture.dataset);
    network_free(fixture.network);
    return 0;
}

static Evaluation evaluate(size_t threads, bool quantized, size_t limit)
{
    Pool *pool;
    Evaluation evaluation;
    Message message = {{0}};
    assert_int_equal(pool_create(&pool, threads, NULL), STATUS_OK);
    Status status = evaluation_run(&evaluation, fixture.network,
                                   quantized ? (const Weights *const *)fixture.weights : NULL,
                                   fixture.dataset, &normalization, limit, pool, NULL, NULL, &message);
    pool_free(pool);
    assert_string_equal(message.text, "");
    assert_int_equal(status, STATUS_OK);
    return evaluation;
}

/* Worked out from tests/expected/lenet5-logits.npy, which another program computed for the first 1,000
 * images; an image at an edge may fall either way. */
static void figures_of_lenet5_are_known(void **state)
{
    Evaluation evaluation = evaluate(2, false, 1000);
    assert_int_equal(evaluation.images, 1000);
    assert_in_range(evaluation.reference.top1_correct, 915, 917);
    assert_in_range(evaluation.reference.top5_correct, 998, 1000);
    assert_true(fabs(evaluation.reference.cross_entropy - 0.275430) < 1e-4);
    assert_false(evaluation.compared);
}

static void threads_change_no_bit(void **state)
{
    Evaluation one = evaluate(1, true, 299);
    assert_int_equal(one.images, 299);
    for (size_t threads = 2; threads <= 4; threads++) {
        Evaluation more = evaluate(threads, true, 299);
        assert_int_equal(more.agreeing, one.agreeing);
        assert_int_equal(more.lost, one.lost);
        assert_int_equal(more.gained, one.gained);
        assert_int_equal(more.quantized.top5_correct, one.quantized.top5_correct);
        assert_memory_equal(&more.reference.cross_entropy, &one.reference.cross_entropy, sizeof(double));
        assert_memory_equal(&more.quantized.cross_entropy, &one.quantized.cross_entropy, sizeof(double));
        assert_memory_equal(&more.output_sqnr_db, &one.output_sqnr_db, sizeof(double));
    }
}

static void coarse_weights_cost_something(void **state)
{
    Evaluation evaluation = evaluate(2, true, 1000);
    assert_true(evaluation.compared);
    assert_true(evaluation.lost > 0 && evaluation.agreeing < 1000);
    assert_true(evaluation.output_sqnr_db > 0 && evaluation.output_sqnr_db < 60);
    assert_int_equal(evaluation.reference.top1_correct - evaluation.lost + evaluation.gained,
                     evaluation.quantized.top1_correct);
}

/* A tile filled up with nothing counts only its images. */
static void short_tiles_add_up(void **state)
{
    Evaluation all = evaluate(2, true, 37), first = evaluate(2, true, 1);
    assert_int_equal(all.images, 37);
    assert_int_equal(first.images, 1);
    assert_true(all.reference.top1_correct <= 37 && first.reference.top1_correct <= 1);
}

static bool never(void *context, const Evaluation *so_far)
{
    size_t *calls = context;
    ++*calls;
    assert_int_equal(so_far->total, 10000);
    assert_in_range(so_far->images, 1, 10000);
    return false;
}

/* The report comes a few times a second, so only where the run takes long enough. */
static void progress_cancels(void **state)
{
    Pool *pool;
    Evaluation evaluation;
    Message message;
    size_t calls = 0;
    assert_int_equal(pool_create(&pool, 1, NULL), STATUS_OK);
    Status status = evaluation_run(&evaluation, fixture.network, (const Weights *const *)fixture.weights,
                                   fixture.dataset, &normalization, 20000, pool, never, &calls, &message);
    pool_free(pool);
    assert_true(calls == 1 || (calls == 0 && evaluation.images == 10000));
    assert_int_equal(status, calls ? STATUS_CANCELLED : STATUS_OK);
}

static void images_of_another_size_are_refused(void **state)
{
    static const unsigned char small[16 + 2 * 8 * 8] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 8};
    char path[] = "/tmp/bitstitch-images-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, small, sizeof small), sizeof small);
    close(file);
    Dataset *dataset;
    Message message;
    Status status = dataset_open(&dataset, &(DatasetSource){.images = path}, &message);
    unlink(path);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(evaluation_check(fixture.network, dataset, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, path));
    assert_non_null(strstr(message.text, "8 x 8"));
    dataset_free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_lenet5_are_known),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(coarse_weights_cost_something),
        cmocka_unit_test(short_tiles_add_up),
        cmocka_unit_test(progress_cancels),
        cmocka_unit_test(images_of_another_size_are_refused),
    };
    if (blas_start(NULL, NULL) != STATUS_OK) return 1;
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
