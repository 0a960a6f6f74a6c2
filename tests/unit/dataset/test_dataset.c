/* SPDX-License-Identifier: MIT */
#include "dataset/dataset.h"
#include "scratch.h"

#include <zlib.h>

static int set_up(void **state)
{
    scratch_create();
    return 0;
}

static int tear_down(void **state)
{
    scratch_remove();
    return 0;
}

static unsigned char pixel_at(size_t i)
{
    return (unsigned char)(i * 37 + i / 7);
}

/* Writes an IDX file of bytes to `file`; returns its size. */
static size_t make_idx(unsigned char *file, size_t rank, const size_t *dimensions)
{
    size_t size = 4, elements = 1;
    memcpy(file, (unsigned char[]){0, 0, 8, (unsigned char)rank}, 4);
    for (size_t i = 0; i < rank; i++) {
        for (int shift = 24; shift >= 0; shift -= 8) file[size++] = (unsigned char)(dimensions[i] >> shift);
        elements *= dimensions[i];
    }
    for (size_t i = 0; i < elements; i++) file[size++] = pixel_at(i);
    return size;
}

static const char *write_idx(const char *name, size_t rank, const size_t *dimensions)
{
    unsigned char file[4096];
    return scratch_write(name, file, make_idx(file, rank, dimensions));
}

static const char *write_labels(const char *name, const char *labels, size_t count)
{
    unsigned char file[64] = {0, 0, 8, 1, 0, 0, 0, (unsigned char)count};
    memcpy(file + 8, labels, count);
    return scratch_write(name, file, 8 + count);
}

static Dataset *open_images(const char *images, const char *labels, size_t classes)
{
    Dataset *dataset;
    const DatasetSource source = {.images = images, .labels = labels, .classes = classes};
    if (dataset_open(&dataset, &source, &message) != STATUS_OK) fail_msg("%s", message.text);
    return dataset;
}

static void refuse_status(const char *images, const char *labels, size_t classes, Status status,
                          const char *part)
{
    Dataset *dataset;
    const DatasetSource source = {.images = images, .labels = labels, .classes = classes};
    assert_int_equal(dataset_open(&dataset, &source, &message), status);
    assert_null(dataset);
    assert_says(scratch);
    assert_says(part);
}

static void refuse(const char *images, const char *labels, size_t classes, const char *part)
{
    refuse_status(images, labels, classes, STATUS_INVALID, part);
}

static void idx_images_are_normalized_exactly(void **state)
{
    const size_t shape[] = {3, 4, 5};
    Dataset *dataset = open_images(write_idx("x", 3, shape), NULL, 0);
    assert_string_equal(dataset->format, "IDX");
    assert_int_equal(dataset->count, 3);
    assert_int_equal(dataset->height, 4);
    assert_int_equal(dataset->width, 5);
    assert_int_equal(dataset->channels, 1);
    assert_false(dataset->labelled);
    const Normalization normalization = {{0.286f}, {0.353f}};
    float tile[2 * 20];
    assert_int_equal(dataset_read(dataset, tile, 1, 2, &normalization, &message), STATUS_OK);
    for (size_t i = 0; i < 40; i++) assert_true(tile[i] == ((float)pixel_at(20 + i) / 255 - 0.286f) / 0.353f);
    assert_int_equal(dataset_read(dataset, tile, 3, 0, &normalization, &message), STATUS_OK);
    dataset_free(dataset);
}

static void idx_with_channels_is_channels_last(void **state)
{
    const size_t shape[] = {2, 2, 3, 3};
    Dataset *dataset = open_images(write_idx("x", 4, shape), NULL, 0);
    assert_int_equal(dataset->channels, 3);
    const Normalization normalization = {{0.1f, 0.2f, 0.3f}, {1, 2, 4}};
    float tile[36];
    assert_int_equal(dataset_read(dataset, tile, 0, 2, &normalization, &message), STATUS_OK);
    for (size_t i = 0; i < 36; i++)
        assert_true(tile[i] ==
                    ((float)pixel_at(i) / 255 - normalization.mean[i % 3]) / normalization.std[i % 3]);
    dataset_free(dataset);
}

static void labels_are_found_beside_the_images(void **state)
{
    const size_t shape[] = {3, 2, 2};
    unsigned char file[64];
    size_t size = make_idx(file, 3, shape);
    const char *images = scratch_path("t-images-idx3-ubyte.gz");
    gzFile packed = gzopen(images, "wb");
    assert_int_equal(gzwrite(packed, file, (unsigned)size), size);
    assert_int_equal(gzclose(packed), Z_OK);
    Dataset *dataset = open_images(images, NULL, 0);
    assert_false(dataset->labelled);
    assert_null(dataset->labels_path);
    char hex[65];
    assert_int_equal(file_sha256(hex, images, &message), STATUS_OK);
    assert_string_equal(dataset->sha256, hex);
    dataset_free(dataset);

    write_labels("t-labels-idx1-ubyte", "\7\0\5", 3);
    dataset = open_images(images, NULL, 8);
    assert_true(dataset->labelled);
    assert_string_equal(dataset->labels_path, scratch_path("t-labels-idx1-ubyte"));
    assert_int_equal(dataset_label(dataset, 0), 7);
    assert_int_equal(dataset_label(dataset, 1), 0);
    assert_int_equal(dataset_label(dataset, 2), 5);
    dataset_free(dataset);
    refuse(images, NULL, 7, "image 0 has label 7, the network has outputs 0 to 6");

    write_labels("t-labels-idx1-ubyte.gz", "\1\1\1", 3);
    dataset = open_images(images, NULL, 0);
    assert_string_equal(dataset->labels_path, scratch_path("t-labels-idx1-ubyte.gz"));
    dataset_free(dataset);
}

static void wrong_labels_are_refused(void **state)
{
    const size_t shape[] = {3, 2, 2}, flat[] = {3, 1};
    const char *images = write_idx("x", 3, shape);
    refuse(images, write_labels("y", "\1\2", 2), 0, "2 labels for the 3 images of");
    refuse(images, write_idx("y", 2, flat), 0, "2 dimensions holds no labels");
    refuse(images, images, 0, "3 dimensions holds no labels");
    refuse(images, scratch_text("y", "cat\ndog\n"), 0, "magic number");
    refuse(images, scratch_text("y", ""), 0, "magic number");
    refuse_status(images, scratch_path("none"), 0, STATUS_IO, "/none'");
}

static void damaged_idx_is_refused(void **state)
{
    const size_t shape[] = {3, 4, 5};
    unsigned char file[128];
    const size_t size = make_idx(file, 3, shape);
    for (size_t cut = 4; cut < size; cut++)
        refuse(scratch_write("x", file, cut), NULL, 0, cut < 16 ? "header is cut off" : "announces 60 bytes");
    file[size] = 0;
    refuse(scratch_write("x", file, size + 1), NULL, 0, "announces 60 bytes of images, the file holds 61");
    refuse(scratch_write("x", file, 3), NULL, 0, "magic number");
    file[3] = 5;
    refuse(scratch_write("x", file, size), NULL, 0, "5 dimensions holds no images");
    file[3] = 1;
    refuse(scratch_write("x", file, size), NULL, 0, "1 dimensions holds no images");
    file[2] = 0x0d;
    refuse_status(scratch_write("x", file, size), NULL, 0, STATUS_UNSUPPORTED, "type 0x0d");
    refuse_status(scratch_text("x", "\x89PNG"), NULL, 0, STATUS_UNSUPPORTED, "nor an IDX file");
    refuse_status(scratch_text("x", ""), NULL, 0, STATUS_UNSUPPORTED, "nor an IDX file");
}

static void absurd_dimensions_are_refused(void **state)
{
    unsigned char huge[20] = {0, 0, 8, 4};
    memset(huge + 4, 0xff, 16);
    refuse(scratch_write("x", huge, sizeof huge), NULL, 0, "the file holds 0");
    /* 2^32 x 2^32 elements: their product is 0 in 64 bits */
    for (size_t i = 0; i < 4; i++) memcpy(huge + 4 + 4 * i, (unsigned char[]){0, 1, 0, 0}, 4);
    refuse(scratch_write("x", huge, sizeof huge), NULL, 0, "the file holds 0");
    const size_t none[] = {0, 28, 28}, flat[] = {3, 0, 28}, deep[] = {1, 2, 2, 17};
    refuse(write_idx("x", 3, none), NULL, 0, "0 images of 28 x 28");
    refuse(write_idx("x", 3, flat), NULL, 0, "3 images of 0 x 28");
    refuse_status(write_idx("x", 4, deep), NULL, 0, STATUS_UNSUPPORTED, "17 channels");
}

/* Images and labels are in memory at the same time. */
static void memory_holds_images_and_labels(void **state)
{
    const size_t shape[] = {3, 28, 28}, images = 16 + 3 * 28 * 28, labels = 8 + 3;
    DatasetSource source = {.images = write_idx("x", 3, shape), .memory = images + labels};
    source.labels = write_labels("y", "\1\2\3", 3);
    Dataset *dataset;
    assert_int_equal(dataset_open(&dataset, &source, &message), STATUS_OK);
    dataset_free(dataset);
    source.memory--;
    assert_int_equal(dataset_open(&dataset, &source, &message), STATUS_MEMORY);
    assert_int_equal(message.remedies, REMEDY_MEMORY_FOR_FILE);
    assert_int_equal(message.memory_missing, 1);
    source.memory = images;
    assert_int_equal(dataset_open(&dataset, &source, &message), STATUS_MEMORY);
}

/* --- CIFAR ------------------------------------------------------------------------------------------ */

#define PIXELS 3072

/* Records of `head` bytes of labels, set by the caller, and pixels. */
static unsigned char *make_cifar(size_t count, size_t head)
{
    unsigned char *file = calloc(count, head + PIXELS);
    for (size_t i = 0; i < count; i++)
        for (size_t p = 0; p < PIXELS; p++) file[i * (head + PIXELS) + head + p] = pixel_at(i * PIXELS + p);
    return file;
}

static void check_planes(const Dataset *dataset, size_t image)
{
    static float tile[PIXELS];
    const Normalization normalization = {{0.1f, 0.2f, 0.3f}, {1, 2, 4}};
    assert_int_equal(dataset_read(dataset, tile, image, 1, &normalization, &message), STATUS_OK);
    for (size_t i = 0; i < PIXELS; i++) {
        size_t plane = i % 3, pixel = i / 3;
        float value = (float)pixel_at(image * PIXELS + plane * 1024 + pixel) / 255;
        assert_true(tile[i] == (value - normalization.mean[plane]) / normalization.std[plane]);
    }
}

static void cifar_10_planes_become_pixels(void **state)
{
    unsigned char *file = make_cifar(3, 1);
    file[3073] = 9;
    const char *path = scratch_write("x", file, 3 * 3073);
    Dataset *dataset = open_images(path, NULL, 10);
    assert_string_equal(dataset->format, "CIFAR-10");
    assert_int_equal(dataset->count, 3);
    assert_int_equal(dataset->height, 32);
    assert_int_equal(dataset->width, 32);
    assert_int_equal(dataset->channels, 3);
    assert_null(dataset->labels_path);
    assert_int_equal(dataset_label(dataset, 0), 0);
    assert_int_equal(dataset_label(dataset, 1), 9);
    check_planes(dataset, 2);
    dataset_free(dataset);
    refuse(path, NULL, 9, "image 1 has label 9");

    dataset = open_images(path, write_labels("y", "\1\2\3", 3), 10);
    assert_int_equal(dataset_label(dataset, 1), 2);
    dataset_free(dataset);

    file[2 * 3073] = 10;
    refuse(scratch_write("x", file, 3 * 3073), NULL, 0,
           "record 2 has label 10, which CIFAR-10 does not have");
    refuse_status(scratch_write("x", file + 1, 3 * 3073 - 1), NULL, 0, STATUS_UNSUPPORTED, "9218 bytes");
    free(file);
}

static void cifar_100_labels_are_the_fine_ones(void **state)
{
    unsigned char *file = make_cifar(2, 2);
    file[0] = 19;
    file[1] = 99;
    Dataset *dataset = open_images(scratch_write("x", file, 2 * 3074), NULL, 100);
    assert_string_equal(dataset->format, "CIFAR-100");
    assert_int_equal(dataset_label(dataset, 0), 99);
    check_planes(dataset, 1);
    dataset_free(dataset);
    file[0] = 20;
    refuse(scratch_write("x", file, 2 * 3074), NULL, 0,
           "record 0 has label 99, which CIFAR-100 does not have");
    free(file);
}

/* A file of 3073 * 3074 bytes fits both formats: the labels decide, or the network's outputs. */
static void a_length_of_both_is_settled(void **state)
{
    const size_t size = (size_t)3073 * 3074;
    unsigned char *file = calloc(1, size);
    const char *path = scratch_write("x", file, size);
    refuse(path, NULL, 0, "CIFAR-10 or CIFAR-100");
    for (size_t classes = 10; classes <= 100; classes += 90) {
        Dataset *dataset = open_images(path, NULL, classes);
        assert_string_equal(dataset->format, classes == 10 ? "CIFAR-10" : "CIFAR-100");
        assert_int_equal(dataset->count, classes == 10 ? 3074 : 3073);
        dataset_free(dataset);
    }
    file[3074 * 5 + 1] = 50; /* a fine label there; a pixel of CIFAR-10 */
    file[3073 * 5] = 200;    /* a pixel of CIFAR-100; no label of CIFAR-10 */
    Dataset *dataset = open_images(scratch_write("x", file, size), NULL, 0);
    assert_string_equal(dataset->format, "CIFAR-100");
    dataset_free(dataset);
    free(file);
}

/* Label 0, and a red plane that starts 0, 8, 3. */
static void cifar_that_starts_like_idx_is_cifar(void **state)
{
    unsigned char *file = make_cifar(1, 1);
    memcpy(file, "\0\0\10\3", 4);
    Dataset *dataset = open_images(scratch_write("x", file, 3073), NULL, 0);
    assert_string_equal(dataset->format, "CIFAR-10");
    dataset_free(dataset);
    free(file);
    const size_t shape[] = {1, 439, 7}; /* 16 + 3073 bytes */
    static unsigned char idx[3089];
    assert_int_equal(make_idx(idx, 3, shape), 3089);
    dataset = open_images(scratch_write("x", idx, 3089), NULL, 0);
    assert_string_equal(dataset->format, "IDX");
    dataset_free(dataset);
}

/* --- normalization ---------------------------------------------------------------------------------- */

static void normalization_takes_one_value_or_one_a_channel(void **state)
{
    float values[DATASET_MAX_CHANNELS];
    assert_int_equal(normalization_parse(values, "0.485, 0.456 ,0.406", 3, true, "--std", &message),
                     STATUS_OK);
    assert_true(values[0] == 0.485f && values[1] == 0.456f && values[2] == 0.406f);
    assert_int_equal(normalization_parse(values, "-1e-2", 3, false, "--mean", &message), STATUS_OK);
    assert_true(values[0] == -0.01f && values[2] == -0.01f);
}

static void wrong_normalizations_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"", "value 1 is not a"},   {"1,", "value 2"},           {"1,2", "2 values for 3 channels"},
        {"1,2,3,4", "more values"}, {"0", "not a positive"},     {"-1", "not a positive"},
        {"1e39", "not a positive"}, {"1e-60", "not a positive"}, {"nan", "not a positive"},
        {"inf", "not a positive"},  {"1;2;3", "commas"},         {"1 2 3", "commas"},
        {"1x10", "commas"}};
    float values[DATASET_MAX_CHANNELS] = {42};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(normalization_parse(values, cases[i][0], 3, true, "--std", &message),
                         STATUS_INVALID);
        assert_says("--std: ");
        assert_says(cases[i][1]);
    }
    assert_true(values[0] == 42);
    assert_int_equal(normalization_parse(values, "1", 17, true, "--std", &message), STATUS_UNSUPPORTED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(idx_images_are_normalized_exactly),   TEST(idx_with_channels_is_channels_last),
        TEST(labels_are_found_beside_the_images),  TEST(wrong_labels_are_refused),
        TEST(memory_holds_images_and_labels),      TEST(damaged_idx_is_refused),
        TEST(absurd_dimensions_are_refused),       TEST(cifar_10_planes_become_pixels),
        TEST(cifar_100_labels_are_the_fine_ones),  TEST(a_length_of_both_is_settled),
        TEST(cifar_that_starts_like_idx_is_cifar), TEST(normalization_takes_one_value_or_one_a_channel),
        TEST(wrong_normalizations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
