/* SPDX-License-Identifier: MIT */
/* Evaluation of lenet5 on its test images: known top-1, the same bits for any number of threads, and inputs
 * that cannot be evaluated. */
#include "app/cli/blas_kernel.h"
#include "evaluate/accuracy.h"
#include "network/network.h"
#include "network/run/weights.h"

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

static Reference *open_reference(size_t bytes)
{
    Reference *reference;
    Message message;
    assert_int_equal(
        reference_create(&reference, fixture.network, fixture.dataset, &normalization, bytes, &message),
        STATUS_OK);
    return reference;
}

static Evaluation evaluate_beside(Reference *reference, size_t threads, bool quantized, size_t limit)
{
    Pool *pool;
    Evaluation evaluation;
    Message message = {0};
    assert_int_equal(pool_create(&pool, threads, NULL), STATUS_OK);
    Status status =
        evaluation_run(&evaluation, reference, quantized ? (const Weights *const *)fixture.weights : NULL,
                       limit, pool, NULL, NULL, &message);
    pool_free(pool);
    assert_string_equal(message.text, "");
    assert_int_equal(status, STATUS_OK);
    return evaluation;
}

static Evaluation evaluate(size_t threads, bool quantized, size_t limit)
{
    Reference *reference = open_reference(REFERENCE_BYTES);
    Evaluation evaluation = evaluate_beside(reference, threads, quantized, limit);
    reference_free(reference);
    return evaluation;
}

/* Computed from tests/pytorch-logits/lenet5-logits.npy, which PyTorch wrote for the first 1,000 evaluation
 * images. An image with two nearly equal scores may count either way. */
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

static ImageChanges find_changes(size_t threads, size_t limit, Evaluation *evaluation)
{
    ImageChanges changes = {0};
    Reference *reference = open_reference(REFERENCE_BYTES);
    reference->changes = &changes;
    *evaluation = evaluate_beside(reference, threads, true, limit);
    reference_free(reference);
    return changes;
}

/* The images of smallest |margin|, by it; the same bytes with any number of threads. */
static void threads_keep_the_same_changed_images(void **state)
{
    Evaluation evaluation;
    const ImageChanges one = find_changes(1, 500, &evaluation), more = find_changes(3, 500, &evaluation);
    const size_t changed = evaluation.images - evaluation.agreeing;
    assert_true(changed > 0);
    assert_int_equal(one.changed_count, changed < CHANGES_MOST ? changed : CHANGES_MOST);
    assert_int_equal(one.held_count, CHANGES_MOST);
    assert_int_equal(one.changed_total, changed);
    assert_memory_equal(&one, &more, sizeof one);
    for (size_t i = 0; i < one.changed_count; i++) {
        const ImageChange *change = &one.changed[i];
        assert_true(change->margin <= 0 && change->float_margin >= 0);
        assert_int_not_equal(change->float_class, change->quantized_class);
        assert_int_equal(change->classes[0], change->float_class);
        assert_int_equal(change->classes[1], change->quantized_class);
        assert_true(change->float_share[0] >= change->float_share[1]);
        assert_true(change->quantized_share[1] >= change->quantized_share[0]);
        if (i > 0) assert_true(change->margin <= one.changed[i - 1].margin);
    }
    for (size_t i = 1; i < one.held_count; i++) assert_true(one.held[i].margin >= one.held[i - 1].margin);
}

static void pictures_of_changed_images_are_their_pixels(void **state)
{
    Evaluation evaluation;
    Message message = {0};
    ChangedImages *images;
    float pixels[28 * 28];
    Normalization plain = {.std = {1}};
    const ImageChanges changes = find_changes(2, 200, &evaluation);
    assert_int_equal(changed_images_create(&images, &changes, fixture.dataset, &message), STATUS_OK);
    assert_int_equal(images->count, changes.changed_count + changes.held_count);
    assert_int_equal(images->height, 28);
    for (size_t i = 0; i < images->count; i++) {
        if (i > 0) assert_true(images->images[i].margin >= images->images[i - 1].margin);
        assert_int_equal(dataset_read(fixture.dataset, pixels, images->images[i].image, 1, &plain, NULL),
                         STATUS_OK);
        for (size_t p = 0; p < 28 * 28; p++)
            assert_int_equal(images->pixels[i * 28 * 28 + p], (int)lround(255.0 * pixels[p]));
    }
    changed_images_drop(images);
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

/* In a tile that is not full, only its images count. */
static void short_tiles_add_up(void **state)
{
    Evaluation all = evaluate(2, true, 37), first = evaluate(2, true, 1);
    assert_int_equal(all.images, 37);
    assert_int_equal(first.images, 1);
    assert_true(all.reference.top1_correct <= 37 && first.reference.top1_correct <= 1);
}

static void assert_same_accuracy(const Accuracy *a, const Accuracy *b)
{
    assert_int_equal(a->top1_correct, b->top1_correct);
    assert_int_equal(a->top5_correct, b->top5_correct);
    assert_memory_equal(&a->cross_entropy, &b->cross_entropy, sizeof a->cross_entropy);
}

static void assert_same(const Evaluation *a, const Evaluation *b)
{
    assert_int_equal(a->images, b->images);
    assert_same_accuracy(&a->reference, &b->reference);
    assert_same_accuracy(&a->quantized, &b->quantized);
    assert_int_equal(a->agreeing, b->agreeing);
    assert_int_equal(a->lost, b->lost);
    assert_int_equal(a->gained, b->gained);
    assert_memory_equal(&a->output_sqnr_db, &b->output_sqnr_db, sizeof a->output_sqnr_db);
}

/* Runs of several lengths one after the other: with known outputs, with those of another order, and ending
 * within a tile; while all outputs are kept, a part, or none. */
static void known_outputs_change_no_bit(void **state)
{
    static const size_t limits[] = {37, 299, 299, 20, 310}, ceilings[] = {SIZE_MAX, 100 * 10 * 4 + 3, 0},
                        known[3][5] = {{37, 299, 299, 20, 310}, {37, 100, 100, 20, 100}, {0}};
    for (size_t c = 0; c < 3; c++) {
        Reference *reference = open_reference(ceilings[c]);
        for (size_t i = 0; i < 5; i++) {
            Evaluation alone = evaluate(2, i != 1, limits[i]);
            Evaluation beside = evaluate_beside(reference, 2, i != 1, limits[i]);
            assert_same(&beside, &alone);
            assert_int_equal(reference->known, known[c][i]);
        }
        reference_free(reference);
    }
}

/* The comparison uses the stored reference: the float network is not run again. */
static void known_outputs_are_used(void **state)
{
    Reference *reference = open_reference(REFERENCE_BYTES);
    Evaluation before = evaluate_beside(reference, 1, true, 64);
    for (size_t i = 0; i < 64 * reference->classes; i++) reference->outputs[i] *= -1;
    Evaluation after = evaluate_beside(reference, 1, true, 64);
    reference_free(reference);
    assert_true(before.reference.top1_correct > 48 && after.reference.top1_correct < 16);
    assert_int_equal(after.quantized.top1_correct, before.quantized.top1_correct);
}

static bool never(void *context, const Evaluation *so_far)
{
    size_t *calls = context;
    ++*calls;
    assert_int_equal(so_far->total, 10000);
    assert_in_range(so_far->images, 1, 10000);
    return false;
}

/* Progress is reported a few times per second, so only if the run takes long enough. */
static void progress_cancels(void **state)
{
    Pool *pool;
    Evaluation evaluation;
    Message message;
    size_t calls = 0;
    assert_int_equal(pool_create(&pool, 1, NULL), STATUS_OK);
    Reference *reference = open_reference(REFERENCE_BYTES);
    Status status = evaluation_run(&evaluation, reference, (const Weights *const *)fixture.weights, 20000,
                                   pool, never, &calls, &message);
    assert_int_equal(reference->known, evaluation.images);
    reference_free(reference);
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
    Reference *reference;
    assert_int_equal(reference_create(&reference, fixture.network, dataset, &normalization, 0, &message),
                     STATUS_INVALID);
    assert_null(reference);
    assert_non_null(strstr(message.text, path));
    assert_non_null(strstr(message.text, "8 x 8"));
    dataset_free(dataset);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_lenet5_are_known),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(threads_keep_the_same_changed_images),
        cmocka_unit_test(pictures_of_changed_images_are_their_pixels),
        cmocka_unit_test(coarse_weights_cost_something),
        cmocka_unit_test(short_tiles_add_up),
        cmocka_unit_test(known_outputs_change_no_bit),
        cmocka_unit_test(known_outputs_are_used),
        cmocka_unit_test(progress_cancels),
        cmocka_unit_test(images_of_another_size_are_refused),
    };
    if (blas_kernel_choose(NULL, NULL) != STATUS_OK) return 1;
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
