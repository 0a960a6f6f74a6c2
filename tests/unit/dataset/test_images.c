/* SPDX-License-Identifier: MIT */
/* Folders of PNG and JPEG, and NumPy arrays; test_dataset.c tests the readers of IDX and CIFAR. The arrays
 * that Pillow decodes from tests/images/pictures stand beside that folder (make_expected.py). */
#define _GNU_SOURCE
#include "base/pool.h"
#include "dataset/dataset.h"
#include "scratch.h"

#include <math.h>
#include <png.h>
#include <zlib.h>

#define PICTURES SOURCE_ROOT "/tests/images/pictures"
#define EXPECTED SOURCE_ROOT "/tests/images/"
#define SIDE 6 /* of the images that tests paint */

static const Normalization bytes = {{0}, {1.f / 255, 1.f / 255, 1.f / 255}};

static int set_up(void **state)
{
    scratch_create();
    return 0;
}

/* One level of folders below the scratch folder. */
static void empty_subfolders(void)
{
    DIR *folder = opendir(scratch);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char command[1024];
        if (entry->d_name[0] == '.' || entry->d_type != DT_DIR) continue;
        snprintf(command, sizeof command, "rm -r '%s/%s'", scratch, entry->d_name);
        assert_int_equal(system(command), 0);
    }
    closedir(folder);
}

static int tear_down(void **state)
{
    empty_subfolders();
    scratch_remove();
    return 0;
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
}

/* A square RGB PNG whose pixels are all (value, value + 1, value + 2). */
static void paint(const char *name, size_t side, unsigned value)
{
    unsigned char *pixels = malloc(side * side * 3);
    for (size_t i = 0; i < side * side * 3; i++) pixels[i] = (unsigned char)(value + i % 3);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)side,
                       .height = (png_uint_32)side,
                       .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, scratch_path(name), 0, pixels, 0, NULL));
    free(pixels);
}

/* The path is copied. */
static DatasetSource source_of(const char *path)
{
    static char kept[512];
    snprintf(kept, sizeof kept, "%s", path);
    return (DatasetSource){.images = kept, .height = SIDE, .width = SIDE, .channels = 3};
}

static Dataset *open_source(const DatasetSource *source)
{
    Dataset *dataset;
    if (dataset_open(&dataset, source, &message) != STATUS_OK) fail_msg("%s", message.text);
    return dataset;
}

static void refuse(const DatasetSource *source, Status status, const char *part)
{
    Dataset *dataset;
    assert_int_equal(dataset_open(&dataset, source, &message), status);
    assert_null(dataset);
    assert_says(part);
}

static unsigned byte_of(float value)
{
    assert_true(value > -0.5f && value < 255.5f);
    return (unsigned)lrintf(value);
}

/* The value that an image was painted with. */
static unsigned painted(const Dataset *dataset, size_t image)
{
    float pixels[SIDE * SIDE * 3];
    assert_int_equal(dataset_read(dataset, pixels, image, 1, &bytes, &message), STATUS_OK);
    for (size_t i = 0; i < SIDE * SIDE * 3; i++)
        assert_int_equal(byte_of(pixels[i]), byte_of(pixels[0]) + i % 3);
    return byte_of(pixels[0]);
}

/* --- as Pillow ---------------------------------------------------------------------------------------- */

static void read_all(float *pixels, const DatasetSource *source, size_t elements)
{
    Dataset *dataset = open_source(source);
    for (size_t i = 0; i < dataset->count; i++) {
        const size_t place = source->preparation.resize[0] ? dataset_label(dataset, i) : i;
        assert_int_equal(dataset_read(dataset, pixels + place * elements, i, 1, &bytes, &message), STATUS_OK);
    }
    dataset_free(dataset);
}

static void compare(const char *expected, size_t resize, size_t height, size_t width, size_t channels,
                    size_t memory)
{
    enum { COUNT = 11, MOST = COUNT * 24 * 40 * 3 };
    static float got[MOST], want[MOST];
    const size_t elements = height * width * channels;
    assert_true(COUNT * elements <= MOST);
    DatasetSource source = {.images = PICTURES,
                            .height = height,
                            .width = width,
                            .channels = channels,
                            .kept = memory,
                            .preparation = {.resize = {resize}}};
    read_all(got, &source, elements);
    read_all(want, &(DatasetSource){.images = expected}, elements);
    for (size_t i = 0; i < COUNT * elements; i++)
        if (got[i] != want[i])
            fail_msg("image %zu, element %zu: %g instead of %g", i / elements, i % elements, (double)got[i],
                     (double)want[i]);
}

/* Grey, palettes, transparency, one bit, interlaced and progressive files, CMYK; kept in memory or not. */
static void pictures_are_prepared_as_by_pillow(void **state)
{
    for (size_t memory = 0; memory <= 1 << 20; memory += 1 << 20) {
        compare(EXPECTED "colour.npy", 20, 16, 18, 3, memory);
        compare(EXPECTED "grey.npy", 20, 16, 18, 1, memory);
        compare(EXPECTED "larger.npy", 70, 24, 40, 3, memory);
    }
}

static void blue_comes_first_where_it_is_asked_for(void **state)
{
    make_folder("x");
    paint("x/a.png", SIDE, 10);
    DatasetSource source = source_of(scratch_path("x"));
    source.preparation.bgr = true;
    Dataset *dataset = open_source(&source);
    float pixels[SIDE * SIDE * 3];
    assert_int_equal(dataset_read(dataset, pixels, 0, 1, &bytes, &message), STATUS_OK);
    for (size_t i = 0; i < SIDE * SIDE * 3; i++) assert_int_equal(byte_of(pixels[i]), 12 - i % 3);
    assert_string_equal(dataset->preparation, "channels bgr");
    dataset_free(dataset);
}

/* Interlaced as well. */
static void the_upper_half_of_16_bits_is_taken(void **state)
{
    uint16_t pixels[SIDE * SIDE];
    for (size_t i = 0; i < SIDE * SIDE; i++) pixels[i] = 0x80ff;
    make_folder("x");
    FILE *file = fopen(scratch_path("x/a.png"), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, SIDE, SIDE, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_set_swap(png);
    for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
        for (size_t y = 0; y < SIDE; y++) png_write_row(png, (png_bytep)(pixels + y * SIDE));
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    DatasetSource source = source_of(scratch_path("x"));
    source.channels = 1;
    Dataset *dataset = open_source(&source);
    float values[SIDE * SIDE];
    assert_int_equal(dataset_read(dataset, values, 0, 1, &bytes, &message), STATUS_OK);
    for (size_t i = 0; i < SIDE * SIDE; i++) assert_int_equal(byte_of(values[i]), 0x80);
    dataset_free(dataset);
}

/* --- classes ------------------------------------------------------------------------------------------ */

/* Two of `dog`, one of `cat`, one of `ant`. */
static DatasetSource make_classes(void)
{
    make_folder("x");
    make_folder("x/dog");
    make_folder("x/cat");
    make_folder("x/ant");
    make_folder("x/.hidden");
    paint("x/dog/1.png", SIDE, 21);
    paint("x/dog/2.PNG", SIDE, 22);
    paint("x/cat/1.png", SIDE, 11);
    paint("x/ant/1.png", SIDE, 1);
    scratch_text("x/ant/notes.txt", "not an image");
    return source_of(scratch_path("x"));
}

static void check_labels(const Dataset *dataset, size_t ant, size_t cat, size_t dog)
{
    assert_true(dataset->labelled);
    assert_int_equal(dataset->count, 4);
    for (size_t i = 0; i < 4; i++) {
        const unsigned value = painted(dataset, i);
        assert_int_equal(dataset_label(dataset, i), value > 20 ? dog : value > 10 ? cat : ant);
    }
}

static void subfolders_are_classes_in_their_order(void **state)
{
    DatasetSource source = make_classes();
    source.classes = 3;
    Dataset *dataset = open_source(&source);
    assert_string_equal(dataset->format, "folder");
    check_labels(dataset, 0, 1, 2);
    dataset_free(dataset);
    source.classes = 4;
    refuse(&source, STATUS_INVALID, "has 3 subfolders, and the network 4 outputs");
}

static void subfolders_are_matched_with_class_names(void **state)
{
    DatasetSource source = make_classes();
    static char *names[] = {"dog", "cow", "ant", "cat"};
    source.classes = source.class_count = 4;
    source.class_names = names;
    Dataset *dataset = open_source(&source);
    check_labels(dataset, 2, 3, 0);
    dataset_free(dataset);
    static char *others[] = {"dog", "cow", "ant", "bee"};
    source.class_names = others;
    refuse(&source, STATUS_INVALID, "subfolder 'cat' is no class name");
    static char *strangers[] = {"w", "x", "y"};
    source.class_names = strangers;
    source.classes = source.class_count = 3;
    dataset = open_source(&source);
    check_labels(dataset, 0, 1, 2);
    dataset_free(dataset);
}

static void a_subfolder_has_an_underscore_for_a_slash(void **state)
{
    DatasetSource source = make_classes();
    make_folder("x/cow_calf");
    paint("x/cow_calf/1.png", SIDE, 15);
    static char *names[] = {"dog", "cow/calf", "ant", "cat"};
    source.classes = source.class_count = 4;
    source.class_names = names;
    Dataset *dataset = open_source(&source);
    assert_int_equal(dataset->count, 5);
    for (size_t i = 0; i < 5; i++)
        if (painted(dataset, i) == 15) assert_int_equal(dataset_label(dataset, i), 1);
    dataset_free(dataset);
    static char *both[] = {"cow/calf", "cow_calf", "ant", "cat", "dog"};
    source.classes = source.class_count = 5;
    source.class_names = both;
    dataset = open_source(&source);
    for (size_t i = 0; i < 5; i++)
        if (painted(dataset, i) == 15) assert_int_equal(dataset_label(dataset, i), 1);
    dataset_free(dataset);
    static char *others[] = {"dog", "cow:calf", "ant", "cat"};
    source.classes = source.class_count = 4;
    source.class_names = others;
    refuse(&source, STATUS_INVALID, "'cow_calf' is no class name (with _ for /), but others are");
}

static void unclear_folders_are_refused(void **state)
{
    DatasetSource source = make_classes();
    make_folder("x/dog/more");
    refuse(&source, STATUS_INVALID, "x/dog/more' is a folder in a subfolder");
    assert_int_equal(rmdir(scratch_path("x/dog/more")), 0);
    paint("x/loose.jpeg", SIDE, 5);
    refuse(&source, STATUS_INVALID, "'loose.jpeg' stands beside subfolders");
    make_folder("empty");
    source = source_of(scratch_path("empty"));
    refuse(&source, STATUS_INVALID, "holds no images");
    source.channels = 4;
    refuse(&source, STATUS_UNSUPPORTED, "the network takes 4");
}

static void a_flat_folder_has_its_labels_in_a_csv(void **state)
{
    static char *names[] = {"ant", "bee"};
    make_folder("x");
    paint("x/a,b.png", SIDE, 1);
    paint("x/c.png", SIDE, 30);
    DatasetSource source = source_of(scratch_path("x"));
    Dataset *dataset = open_source(&source);
    assert_false(dataset->labelled);
    dataset_free(dataset);
    scratch_text("x/labels.csv",
                 "\xef\xbb\xbfname,who,label\r\n\"a,b.png\",me,7\r\nother.png,,9\r\nc.png,you,bee\r\n");
    refuse(&source, STATUS_INVALID, "labels.csv', row 4: neither a number nor a class name: 'bee'");
    source.class_names = names;
    source.class_count = 2;
    dataset = open_source(&source);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(dataset_label(dataset, i), painted(dataset, i) == 1 ? 7 : 1);
    assert_string_equal(dataset->labels_path, scratch_path("x/labels.csv"));
    dataset_free(dataset);
    source.classes = 7;
    refuse(&source, STATUS_INVALID, "a,b.png has label 7, the network has outputs 0 to 6");
}

static void wrong_csvs_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"", "no column 'name'"},
        {"name\na.png\n", "no column 'label'"},
        {"label,name\n1,a.png\n2,a.png\n", "row 3: a second label for 'a.png'"},
        {"name,label\na.png,-1\n", "'-1'"},
        {"name,label\na.png,4294967295\n", "'4294967295'"},
        {"name,label\na.png,99999999999999999999999\n", "'99999"},
        {"name,label\na.png,1x\n", "'1x'"},
        {"name,label\na.png,\n", "row 2"},
        {"name,label\na.png\n", "row 2: no 'label'"},
        {"name,label\n\"a.png,1\n", "not CSV"},
        {"name,label\nb.png,1\n", "has no label for 'a.png'"},
    };
    make_folder("x");
    paint("x/a.png", SIDE, 1);
    const DatasetSource source = source_of(scratch_path("x"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scratch_text("x/labels.csv", cases[i][0]);
        refuse(&source, STATUS_INVALID, cases[i][1]);
        assert_says("labels.csv'");
    }
    scratch_write("x/labels.csv", "name,label\na.png\0,1", 19);
    refuse(&source, STATUS_INVALID, "a zero byte");
}

/* --- order and memory --------------------------------------------------------------------------------- */

enum { MANY = 40 };

static DatasetSource make_many(void)
{
    make_folder("many");
    for (unsigned i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/%02u.png", i);
        paint(name, SIDE, 3 * i);
    }
    return source_of(scratch_path("many"));
}

static void the_order_is_drawn_by_the_seed(void **state)
{
    DatasetSource source = make_many();
    unsigned orders[3][MANY];
    for (size_t run = 0; run < 3; run++) {
        bool seen[MANY] = {false};
        source.seed = run == 2;
        Dataset *dataset = open_source(&source);
        assert_int_equal(dataset->count, MANY);
        for (size_t i = 0; i < MANY; i++) {
            orders[run][i] = painted(dataset, i) / 3;
            assert_false(seen[orders[run][i]]);
            seen[orders[run][i]] = true;
        }
        dataset_free(dataset);
    }
    assert_memory_equal(orders[0], orders[1], sizeof orders[0]);
    assert_memory_not_equal(orders[0], orders[2], sizeof orders[0]);
    source.most = 7;
    Dataset *dataset = open_source(&source);
    assert_int_equal(dataset->count, 7);
    for (size_t i = 0; i < 7; i++) assert_int_equal(painted(dataset, i) / 3, orders[2][i]);
    dataset_free(dataset);
}

static void the_hash_is_of_names_and_contents(void **state)
{
    DatasetSource source = make_many();
    Dataset *dataset = open_source(&source), *other;
    source.seed = 5;
    other = open_source(&source);
    assert_string_equal(dataset->sha256, other->sha256);
    dataset_free(other);
    assert_int_equal(rename(scratch_path("many/07.png"), scratch_path("many/07x.png")), 0);
    other = open_source(&source);
    assert_string_not_equal(dataset->sha256, other->sha256);
    dataset_free(other);
    assert_int_equal(rename(scratch_path("many/07x.png"), scratch_path("many/07.png")), 0);
    paint("many/00.png", SIDE, 200);
    other = open_source(&source);
    assert_string_not_equal(dataset->sha256, other->sha256);
    dataset_free(other);
    dataset_free(dataset);
}

static void a_file_that_changes_or_goes_is_an_error(void **state)
{
    DatasetSource source = make_many();
    float pixels[SIDE * SIDE * 3];
    source.kept = 3 * sizeof pixels / sizeof *pixels; /* three images are kept */
    Dataset *dataset = open_source(&source);
    char name[64];
    unsigned values[5];
    for (size_t i = 0; i < 5; i++) values[i] = painted(dataset, i);
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "many/%02u.png", values[i] / 3);
        paint(name, SIDE, 250);
    }
    snprintf(name, sizeof name, "many/%02u.png", values[4] / 3);
    assert_int_equal(unlink(scratch_path(name)), 0);
    for (size_t i = 0; i < 3; i++) assert_int_equal(painted(dataset, i), values[i]);
    assert_int_equal(dataset_read(dataset, pixels, 3, 1, &bytes, &message), STATUS_IO);
    assert_says("has changed since it was opened");
    assert_int_equal(dataset_read(dataset, pixels, 4, 1, &bytes, &message), STATUS_IO);
    assert_says(name);
    dataset_free(dataset);
}

/* Names, labels and the memory for decoding are refused before they are allocated. */
static void memory_has_a_ceiling(void **state)
{
    DatasetSource source = make_many();
    source.memory = 256;
    refuse(&source, STATUS_MEMORY, "MiB that are left for them");
    assert_int_equal(message.remedies, REMEDY_MEMORY);
    source.memory = 1 << 14;
    dataset_free(open_source(&source));
    source.memory = 1 << 14;
    source.kept = (1 << 14) - 3000;
    refuse(&source, STATUS_MEMORY, "that are left on each thread");
    assert_int_equal(message.remedies, REMEDY_MEMORY | REMEDY_THREADS);
    source = (DatasetSource){.images = SOURCE_ROOT "/data/fashion-mnist/t10k-images-idx3-ubyte.gz",
                             .memory = 1 << 20};
    refuse(&source, STATUS_MEMORY, "it takes 12 MiB, above the 1 MiB that are left");
    assert_int_equal(message.remedies, REMEDY_MEMORY_FOR_FILE);
    assert_int_equal(message.memory_missing >> 20, 10);
}

static bool cancel(void *context, size_t done, size_t total)
{
    *(size_t *)context = total;
    return false;
}

static void opening_can_be_cancelled(void **state)
{
    DatasetSource source = make_many();
    size_t total = 0;
    source.proceed = cancel;
    source.context = &total;
    refuse(&source, STATUS_CANCELLED, "cancelled");
    assert_int_equal(total, MANY);
}

typedef struct Reading {
    const Dataset *dataset;
    unsigned values[MANY];
} Reading;

static void read_task(void *context, size_t index, size_t worker)
{
    Reading *reading = context;
    float pixels[SIDE * SIDE * 3];
    if (dataset_read(reading->dataset, pixels, index, 1, &bytes, NULL) == STATUS_OK)
        reading->values[index] = (unsigned)lrintf(pixels[0]);
}

/* Opened and read by four threads, or by one: the same, damaged images among them. */
static void threads_change_nothing(void **state)
{
    DatasetSource source = make_many();
    scratch_text("many/03.png", "damaged");
    scratch_text("many/30.png", "damaged");
    source.skip_bad = true;
    source.kept = 10 * SIDE * SIDE * 3;
    Dataset *plain = open_source(&source);
    Pool *pool;
    assert_int_equal(pool_create(&pool, 4, &message), STATUS_OK);
    source.pool = pool;
    Dataset *pooled = open_source(&source);
    Reading reading = {.dataset = pooled};
    pool_run(pool, pooled->count, read_task, &reading);
    assert_int_equal(pooled->count, MANY - 2);
    assert_int_equal(pooled->skipped, 2);
    assert_string_equal(pooled->sha256, plain->sha256);
    assert_string_equal(pooled->first_skipped.text, plain->first_skipped.text);
    for (size_t i = 0; i < MANY - 2; i++) assert_int_equal(painted(plain, i), reading.values[i]);
    dataset_free(plain);
    dataset_free(pooled);
    pool_free(pool);
}

/* --- bad images --------------------------------------------------------------------------------------- */

static void bad_images_are_named_or_skipped(void **state)
{
    DatasetSource source = make_classes();
    scratch_text("x/dog/2.PNG", "\x89PNG\r\n\x1a\nrubbish");
    refuse(&source, STATUS_INVALID, "x/dog/2.PNG': damaged PNG");
    assert_int_equal(message.remedies, REMEDY_SKIP_BAD_IMAGES);
    source.skip_bad = true;
    Dataset *dataset = open_source(&source);
    assert_int_equal(dataset->count, 3);
    assert_int_equal(dataset->skipped, 1);
    assert_non_null(strstr(dataset->first_skipped.text, "x/dog/2.PNG"));
    dataset_free(dataset);
    source.most = 3; /* the next is taken for one that is bad */
    dataset = open_source(&source);
    assert_int_equal(dataset->count, 3);
    dataset_free(dataset);
    scratch_text("x/dog/1.png", "");
    scratch_text("x/cat/1.png", "GIF89a");
    paint("x/ant/1.png", SIDE - 1, 1);
    refuse(&source, STATUS_INVALID, "none of the 4 images");
}

/* A bad image needs no label. */
static void skipping_comes_before_labels(void **state)
{
    make_folder("x");
    paint("x/a.png", SIDE, 1);
    scratch_text("x/b.png", "damaged");
    scratch_text("x/labels.csv", "name,label\na.png,3\n");
    DatasetSource source = source_of(scratch_path("x"));
    source.skip_bad = true;
    Dataset *dataset = open_source(&source);
    assert_int_equal(dataset_label(dataset, 0), 3);
    dataset_free(dataset);
}

static void sizes_that_do_not_fit_name_the_remedy(void **state)
{
    make_folder("x");
    paint("x/a.png", SIDE + 3, 1);
    DatasetSource source = source_of(scratch_path("x"));
    refuse(&source, STATUS_INVALID, "a.png' is 9 x 9 (height x width), and 6 x 6 is needed");
    assert_int_equal(message.remedies, REMEDY_RESIZE | REMEDY_SKIP_BAD_IMAGES);
    source.preparation.crop[0] = source.preparation.crop[1] = SIDE;
    Dataset *dataset = open_source(&source);
    assert_int_equal(painted(dataset, 0), 1);
    dataset_free(dataset);
    source.preparation.resize[0] = SIDE - 1;
    refuse(&source, STATUS_INVALID, "5 x 5 where 6 x 6 is to be cropped");
}

static size_t read_picture(char **data, const char *name)
{
    char path[256];
    size_t size;
    snprintf(path, sizeof path, PICTURES "/%s", name);
    assert_int_equal(file_read(data, &size, path, 1 << 20, &message), STATUS_OK);
    return size;
}

static void truncated_pictures_are_refused(void **state)
{
    static const char *const names[] = {"colour.png",       "palette.png", "bilevel.png", "colour.jpg",
                                        "progressive.jpeg", "grey.JPG",    "inks.jpg"};
    make_folder("x");
    DatasetSource source = source_of(scratch_path("x"));
    source.preparation.resize[0] = SIDE;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        char *data;
        const size_t size = read_picture(&data, names[n]);
        scratch_write("x/a.png", data, size);
        dataset_free(open_source(&source));
        for (size_t cut = 0; cut < size; cut += 1 + size / 200) {
            Dataset *dataset;
            scratch_write("x/a.png", data, cut);
            if (dataset_open(&dataset, &source, &message) == STATUS_OK)
                fail_msg("%s of %zu bytes is read", names[n], cut);
            assert_says("x/a.png'");
        }
        free(data);
    }
}

/* Each byte changed: the file is read or refused, under the sanitizers. */
static void scrambled_pictures_do_no_harm(void **state)
{
    static const char *const names[] = {"colour.png", "palette.png", "progressive.jpeg", "inks.jpg"};
    make_folder("x");
    DatasetSource source = source_of(scratch_path("x"));
    source.preparation.resize[0] = SIDE;
    size_t refused = 0;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        char *data;
        const size_t size = read_picture(&data, names[n]);
        for (size_t i = 0; i < 300; i++) {
            const size_t at = i < 100 ? i % size : i * 7919 % size;
            const char kept = data[at];
            Dataset *dataset;
            data[at] = (char)(kept ^ (1 << i % 8));
            scratch_write("x/a.png", data, size);
            refused += dataset_open(&dataset, &source, &message) != STATUS_OK;
            dataset_free(dataset);
            data[at] = kept;
        }
        free(data);
    }
    assert_true(refused > 100);
}

static void put_chunk(FILE *file, const char *type, const unsigned char *data, size_t size)
{
    const unsigned char length[] = {(unsigned char)(size >> 24), (unsigned char)(size >> 16),
                                    (unsigned char)(size >> 8), (unsigned char)size};
    uLong sum = crc32(crc32(0, (const Bytef *)type, 4), data, (uInt)size);
    const unsigned char check[] = {(unsigned char)(sum >> 24), (unsigned char)(sum >> 16),
                                   (unsigned char)(sum >> 8), (unsigned char)sum};
    fwrite(length, 1, 4, file);
    fwrite(type, 1, 4, file);
    fwrite(data, 1, size, file);
    fwrite(check, 1, 4, file);
}

/* A PNG of one bit per pixel whose IDAT is `bytes_unpacked` zeros. */
static void write_bomb(const char *name, unsigned width, unsigned height, size_t bytes_unpacked)
{
    const unsigned char header[13] = {
        (unsigned char)(width >> 24), (unsigned char)(width >> 16),  (unsigned char)(width >> 8),
        (unsigned char)width,         (unsigned char)(height >> 24), (unsigned char)(height >> 16),
        (unsigned char)(height >> 8), (unsigned char)height,         1};
    uLong size = compressBound(bytes_unpacked);
    unsigned char *zeros = calloc(1, bytes_unpacked), *packed = malloc(size);
    assert_int_equal(compress2(packed, &size, zeros, bytes_unpacked, 9), Z_OK);
    FILE *file = fopen(scratch_path(name), "wb");
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, file);
    put_chunk(file, "IHDR", header, sizeof header);
    put_chunk(file, "IDAT", packed, size);
    put_chunk(file, "IEND", header, 0);
    assert_int_equal(fclose(file), 0);
    free(zeros);
    free(packed);
}

static void bombs_are_refused(void **state)
{
    make_folder("x");
    DatasetSource source = source_of(scratch_path("x"));
    source.preparation.resize[0] = SIDE;
    write_bomb("x/a.png", 60, 50, 50 * 9);
    dataset_free(open_source(&source));
    write_bomb("x/a.png", 30000, 30000, 1 << 20);
    refuse(&source, STATUS_INVALID, "30000 x 30000 pixels: at most");
    write_bomb("x/a.png", 70000, 1, 9000);
    refuse(&source, STATUS_INVALID, "1 x 70000 pixels: at most");
    write_bomb("x/a.png", 0x7fffffff, 0x7fffffff, 100);
    refuse(&source, STATUS_INVALID, "x/a.png'");
    write_bomb("x/a.png", 0, 8, 100);
    refuse(&source, STATUS_INVALID, "x/a.png': damaged PNG");
    write_bomb("x/a.png", 8000, 8000, 100);
    refuse(&source, STATUS_INVALID, "x/a.png': damaged PNG");
    char *data;
    const size_t size = read_picture(&data, "colour.jpg");
    char *frame = memmem(data, size, "\xff\xc0", 2);
    assert_non_null(frame);
    memcpy(frame + 5, "\xff\xdc\xff\xdc", 4); /* 65500 x 65500 */
    scratch_write("x/a.png", data, size);
    refuse(&source, STATUS_INVALID, "65500 x 65500 pixels: at most");
    free(data);
}

static void put_segment(FILE *file, unsigned char marker, const void *data, size_t size)
{
    const unsigned char head[] = {0xff, marker, (unsigned char)((size + 2) >> 8), (unsigned char)(size + 2)};
    fwrite(head, 1, sizeof head, file);
    fwrite(data, 1, size, file);
}

/* A grey progressive JPEG with arithmetic coding and no data, which decodes as zeros: one scan per
 * coefficient, then one per bit of it. */
static void write_scans(const char *name, unsigned char width_high, size_t scans)
{
    unsigned char quantization[65] = {0};
    const unsigned char frame[] = {8, 4, 0, width_high, 8, 1, 1, 0x11, 0};
    FILE *file = fopen(scratch_path(name), "wb");
    assert_non_null(file);
    memset(quantization + 1, 1, 64);
    fwrite("\xff\xd8", 1, 2, file);
    put_segment(file, 0xdb, quantization, sizeof quantization);
    put_segment(file, 0xca, frame, sizeof frame);
    put_segment(file, 0xda, (const unsigned char[]){1, 1, 0, 0, 0, 0}, 6);
    for (size_t i = 0; i + 1 < scans; i++) {
        const unsigned char coefficient = (unsigned char)(1 + i % 63), pass = (unsigned char)(i / 63);
        const unsigned char bits = (unsigned char)((pass ? 14 - pass : 0) << 4 | (13 - pass));
        put_segment(file, 0xda, (const unsigned char[]){1, 1, 0, coefficient, coefficient, bits}, 6);
    }
    fwrite("\xff\xd9", 1, 2, file);
    assert_int_equal(fclose(file), 0);
}

/* A file of a few KiB that takes the time of thousands of megapixels. */
static void pictures_of_many_scans_are_refused(void **state)
{
    make_folder("x");
    DatasetSource source = source_of(scratch_path("x"));
    source.preparation.resize[0] = SIDE;
    write_scans("x/a.jpg", 4, 250);
    dataset_free(open_source(&source));
    write_scans("x/a.jpg", 4, 260);
    refuse(&source, STATUS_INVALID, "too many scans");
    write_scans("x/a.jpg", 250, 30);
    dataset_free(open_source(&source));
    write_scans("x/a.jpg", 250, 40);
    refuse(&source, STATUS_INVALID, "too many scans");
}

/* --- NumPy -------------------------------------------------------------------------------------------- */

typedef struct Npy {
    unsigned char data[2048];
    size_t size;
} Npy;

static void start_npy(Npy *npy, const char *dictionary, unsigned version)
{
    const size_t length = strlen(dictionary);
    memcpy(npy->data, "\x93NUMPY", 6);
    npy->data[6] = (unsigned char)version;
    npy->data[7] = 0;
    npy->data[8] = (unsigned char)length;
    npy->data[9] = (unsigned char)(length >> 8);
    memset(npy->data + 10, 0, 2);
    npy->size = version == 1 ? 10 : 12;
    memcpy(npy->data + npy->size, dictionary, length);
    npy->size += length;
}

static void add_bytes(Npy *npy, const void *data, size_t size)
{
    assert_true(npy->size + size <= sizeof npy->data);
    memcpy(npy->data + npy->size, data, size);
    npy->size += size;
}

/* An array of `count` elements 0, 1, 2, ... of this size, in this order of bytes. */
static const char *write_array(const char *name, const char *dictionary, size_t item, size_t count, bool big,
                               bool floats)
{
    Npy npy;
    start_npy(&npy, dictionary, 1);
    for (size_t i = 0; i < count; i++) {
        const float narrow = (float)i;
        const double wide = (double)i;
        unsigned char value[8] = {(unsigned char)i};
        if (floats) memcpy(value, item == 4 ? (const void *)&narrow : (const void *)&wide, item);
        for (size_t b = 0; b < item; b++) add_bytes(&npy, &value[big ? item - 1 - b : b], 1);
    }
    return scratch_write(name, npy.data, npy.size);
}

static void read_array(float *values, const char *path, ArrayLayout layout, size_t channels, size_t count)
{
    const DatasetSource source = {.images = path, .channels = channels, .preparation = {.layout = layout}};
    Dataset *dataset = open_source(&source);
    assert_int_equal(dataset->count * dataset->height * dataset->width * dataset->channels, count);
    assert_int_equal(dataset_read(dataset, values, 0, dataset->count, &bytes, &message), STATUS_OK);
    dataset_free(dataset);
}

/* 2 images of 2 x 4 pixels with 3 channels, numbered as they are stored. */
static void arrays_are_read_in_every_order(void **state)
{
    static const struct {
        const char *dictionary;
        size_t item;
        bool big, floats;
        ArrayLayout layout;
        size_t image, row, column, channel; /* steps */
    } cases[] = {
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 4, 3), }  \n", 1, 0, 0, 0, 24, 12, 3, 1},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 2, 4), }", 1, 0, 0, 0, 24, 4, 1, 8},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 4, 3), }", 1, 0, 0, 0, 1, 2, 4, 16},
        {"{'fortran_order': True, 'shape': (2, 3, 2, 4), 'descr': '>f4'}", 4, 1, 1, 0, 1, 6, 12, 2},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 4, 3)}", 4, 0, 1, 0, 24, 12, 3, 1},
        {"{'descr': '>f8', 'fortran_order': False, 'shape': (2, 2, 4, 3)}", 8, 1, 1, LAYOUT_NHWC, 24, 12, 3,
         1},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        float values[48];
        const char *path =
            write_array("x.npy", cases[k].dictionary, cases[k].item, 48, cases[k].big, cases[k].floats);
        read_array(values, path, cases[k].layout, 3, 48);
        for (size_t i = 0; i < 48; i++) {
            const size_t element = i / 24 * cases[k].image + i / 12 % 2 * cases[k].row +
                                   i / 3 % 4 * cases[k].column + i % 3 * cases[k].channel;
            if (lrintf(values[i]) != (long)element)
                fail_msg("case %zu, element %zu: %g, not %zu", k, i, (double)values[i], element);
        }
    }
}

static void the_layout_can_be_told(void **state)
{
    float values[18];
    const char *path = write_array(
        "x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 2, 3), }", 1, 18, 0, 0);
    read_array(values, path, LAYOUT_GUESSED, 3, 18);
    assert_int_equal(byte_of(values[1]), 1);
    read_array(values, path, LAYOUT_NCHW, 3, 18);
    assert_int_equal(byte_of(values[1]), 6);
}

/* Arrays with three dimensions are grey; floats are used as they are. */
static void floats_are_not_normalized(void **state)
{
    const Normalization far = {{5}, {7}};
    float values[12];
    Dataset *dataset = open_source(&(DatasetSource){
        .images = write_array("x.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 3), }", 8,
                              12, false, true)});
    assert_string_equal(dataset->format, "NumPy float64");
    assert_int_equal(dataset->channels, 1);
    assert_int_equal(dataset_read(dataset, values, 0, 2, &far, &message), STATUS_OK);
    for (size_t i = 0; i < 12; i++) assert_true(values[i] == (float)i);
    dataset_free(dataset);
    Npy npy;
    start_npy(&npy, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2), }", 2);
    add_bytes(&npy, (const float[]){1, NAN}, 8);
    refuse(&(DatasetSource){.images = scratch_write("x.npy", npy.data, npy.size)}, STATUS_INVALID,
           "element 1 is no finite float");
}

static void arrays_of_bytes_are_prepared_too(void **state)
{
    const char *path = write_array(
        "x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2, 3), }", 1, 12, 0, 0);
    DatasetSource source = {
        .images = path, .channels = 1, .height = 4, .width = 2, .preparation = {.resize = {4}}};
    Dataset *dataset = open_source(&source);
    assert_int_equal(dataset->height, 4);
    assert_int_equal(dataset->width, 2);
    assert_int_equal(dataset->channels, 1);
    float values[8];
    assert_int_equal(dataset_read(dataset, values, 0, 1, &bytes, &message), STATUS_OK);
    /* Grey is 1, 4; 7, 10. Rows at -1/4, 1/4, 3/4 and 5/4 of the way from the first to the second, columns
     * at 1/4 and 3/4. */
    static const double rows[] = {0, 0.25, 0.75, 1};
    for (size_t i = 0; i < 8; i++) {
        const double exact = 1 + 6 * rows[i / 2] + 3 * (i % 2 ? 0.75 : 0.25);
        assert_true(fabs((double)values[i] - exact) <= 1.01); /* rounded twice */
    }
    dataset_free(dataset);
    source.preparation.resize[0] = 3;
    refuse(&source, STATUS_INVALID, "3 x 3 where 4 x 2 is to be cropped");
}

static void labels_may_be_an_array(void **state)
{
    const char *images = write_array(
        "t-images.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1, 1), }", 1, 3, 0, 0);
    static const char *const types[] = {"|u1", "|i1", "<i2", ">i4", "<u4", ">i8", "<u8"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char dictionary[128];
        snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (3,), }",
                 types[i]);
        write_array("t-labels.npy", dictionary, (size_t)(types[i][2] - '0'), 3, types[i][0] == '>', false);
        Dataset *dataset = open_source(&(DatasetSource){.images = images, .classes = 3});
        for (size_t image = 0; image < 3; image++) assert_int_equal(dataset_label(dataset, image), image);
        dataset_free(dataset);
    }
    refuse(&(DatasetSource){.images = images, .classes = 2}, STATUS_INVALID, "image 2 has label 2");
}

static void wrong_label_arrays_are_refused(void **state)
{
    static const struct {
        const char *dictionary;
        size_t bytes;
        Status status;
        const char *part;
    } cases[] = {
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}", 8, STATUS_INVALID, "2 labels for the 3"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 12, STATUS_UNSUPPORTED, "'<f4'"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (3,)}", 3, STATUS_INVALID, "label 0 is negative"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (3,)}", 6, STATUS_INVALID, "label 0 is negative"},
        {"{'descr': '<u8', 'fortran_order': False, 'shape': (3,)}", 24, STATUS_INVALID,
         "label 0 is negative"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3)}", 3, STATUS_INVALID, "holds no labels"},
    };
    const char *images =
        write_array("x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1, 1), }", 1, 3, 0, 0);
    unsigned char ones[24];
    memset(ones, 0xff, sizeof ones);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Npy npy;
        start_npy(&npy, cases[i].dictionary, 1);
        add_bytes(&npy, ones, cases[i].bytes);
        const char *labels = scratch_write("y.npy", npy.data, npy.size);
        refuse(&(DatasetSource){.images = images, .labels = labels}, cases[i].status, cases[i].part);
        assert_says("y.npy'");
    }
}

static void headers_that_lie_are_refused(void **state)
{
    static const struct {
        const char *dictionary;
        Status status;
        const char *part;
    } cases[] = {
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 3), }", STATUS_INVALID,
         "the shape (2, 2, 3) in its header does not fit: 12 bytes are expected, and 8 are there"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", STATUS_INVALID,
         "the shape (3,) in its header does not fit: 12 bytes are expected"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 2, 2), }", STATUS_UNSUPPORTED,
         "elements of type '|O', objects of Python: save it as an array of numbers"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 2, 2), }", STATUS_INVALID, "does not fit"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }",
         STATUS_INVALID, "does not fit: more bytes than there can be are expected, and 8 are there"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 1, 1), }", STATUS_INVALID,
         "damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2), }", STATUS_INVALID, "does not fit"},
        {"{'descr': '|u18446744073709551615', 'fortran_order': False, 'shape': (2, 2, 2), }", STATUS_INVALID,
         "does not fit"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2, 2), }", STATUS_UNSUPPORTED, "'|i1'"},
        {"{'descr': '?u1', 'fortran_order': False, 'shape': (2, 2, 2), }", STATUS_UNSUPPORTED, "'?u1'"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (8,), }", STATUS_INVALID,
         "1 dimensions holds no"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 8), }", STATUS_INVALID, "2 dimensions"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (), }", STATUS_INVALID, "does not fit"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 2, 2, 2), }", STATUS_INVALID, "damaged"},
        {"{'descr': '|u1', 'fortran_order': False}", STATUS_INVALID, "damaged"},
        {"{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2)}", STATUS_INVALID,
         "damaged"},
        {"{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2, 2, 2)}", STATUS_INVALID, "damaged"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': (2, 2, 2)}", STATUS_INVALID, "damaged"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 2, 2)}", STATUS_INVALID, "damaged"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2)} x", STATUS_INVALID, "damaged"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2)", STATUS_INVALID, "damaged"},
        {"{'descr': '", STATUS_INVALID, "damaged"},
        {"", STATUS_INVALID, "damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = write_array("x.npy", cases[i].dictionary, 1, 8, false, false);
        refuse(&(DatasetSource){.images = path}, cases[i].status, cases[i].part);
        assert_says("x.npy'");
    }
    static const char good[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2), }";
    Npy npy;
    start_npy(&npy, good, 3);
    add_bytes(&npy, "12345678", 8);
    dataset_free(open_source(&(DatasetSource){.images = scratch_write("x.npy", npy.data, npy.size)}));
    for (size_t cut = 6; cut < npy.size; cut++)
        refuse(&(DatasetSource){.images = scratch_write("x.npy", npy.data, cut)}, STATUS_INVALID, "x.npy'");
    npy.data[6] = 4;
    refuse(&(DatasetSource){.images = scratch_write("x.npy", npy.data, npy.size)}, STATUS_INVALID, "damaged");
    npy.data[6] = 2;
    memset(npy.data + 8, 0xff, 4);
    refuse(&(DatasetSource){.images = scratch_write("x.npy", npy.data, npy.size)}, STATUS_INVALID, "cut off");
}

/* --- preparation -------------------------------------------------------------------------------------- */

static void preparations_are_read(void **state)
{
    Preparation p = {0};
    assert_int_equal(preparation_set(&p, PREPARATION_RESIZE, "256", "--resize", &message), STATUS_OK);
    assert_true(p.resize[0] == 256 && p.resize[1] == 0);
    assert_int_equal(preparation_set(&p, PREPARATION_RESIZE, "1,65536", "--resize", &message), STATUS_OK);
    assert_true(p.resize[0] == 1 && p.resize[1] == 65536);
    assert_int_equal(preparation_set(&p, PREPARATION_CROP, "224", "--crop", &message), STATUS_OK);
    assert_true(p.crop[0] == 224 && p.crop[1] == 224);
    assert_int_equal(preparation_set(&p, PREPARATION_CHANNELS, "BGR", "--channels", &message), STATUS_OK);
    assert_true(p.bgr);
    assert_int_equal(preparation_set(&p, PREPARATION_LAYOUT, "nchw", "--layout", &message), STATUS_OK);
    assert_int_equal(p.layout, LAYOUT_NCHW);
    static const char *const wrong[] = {"",      "0",   "65537", "-1", "1,",
                                        "1,2,3", "1.5", "1x",    " 1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(preparation_set(&p, PREPARATION_RESIZE, wrong[i], "--resize", &message),
                         STATUS_INVALID);
        assert_says("--resize: '");
    }
    assert_int_equal(preparation_set(&p, PREPARATION_CHANNELS, "grb", "--channels", &message),
                     STATUS_INVALID);
    assert_says("--channels: 'grb': rgb or bgr is needed");
    assert_int_equal(preparation_set(&p, PREPARATION_LAYOUT, "", "--layout", &message), STATUS_INVALID);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        TEST(pictures_are_prepared_as_by_pillow),
        TEST(blue_comes_first_where_it_is_asked_for),
        TEST(the_upper_half_of_16_bits_is_taken),
        TEST(subfolders_are_classes_in_their_order),
        TEST(subfolders_are_matched_with_class_names),
        TEST(a_subfolder_has_an_underscore_for_a_slash),
        TEST(unclear_folders_are_refused),
        TEST(a_flat_folder_has_its_labels_in_a_csv),
        TEST(wrong_csvs_are_refused),
        TEST(the_order_is_drawn_by_the_seed),
        TEST(the_hash_is_of_names_and_contents),
        TEST(a_file_that_changes_or_goes_is_an_error),
        TEST(memory_has_a_ceiling),
        TEST(opening_can_be_cancelled),
        TEST(threads_change_nothing),
        TEST(bad_images_are_named_or_skipped),
        TEST(skipping_comes_before_labels),
        TEST(sizes_that_do_not_fit_name_the_remedy),
        TEST(truncated_pictures_are_refused),
        TEST(scrambled_pictures_do_no_harm),
        TEST(bombs_are_refused),
        TEST(pictures_of_many_scans_are_refused),
        TEST(arrays_are_read_in_every_order),
        TEST(the_layout_can_be_told),
        TEST(floats_are_not_normalized),
        TEST(arrays_of_bytes_are_prepared_too),
        TEST(labels_may_be_an_array),
        TEST(wrong_label_arrays_are_refused),
        TEST(headers_that_lie_are_refused),
        TEST(preparations_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
