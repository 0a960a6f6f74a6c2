/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/file_replace.h"
#include "base/gzip.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"
#include "scratch.h"

#include <fcntl.h>
#include <math.h>
#include <sys/wait.h>
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

static void read_gives_the_bytes_under_the_cap(void **state)
{
    const char *path = scratch_write("a", "one\0two", 7);
    char *data;
    size_t size;
    assert_int_equal(file_read(&data, &size, path, 7, &message), STATUS_OK);
    assert_int_equal(size, 7);
    assert_memory_equal(data, "one\0two\0", 8);
    free(data);
    assert_int_equal(file_read(&data, &size, path, 6, &message), STATUS_INVALID);
    assert_says("limit of 6");
    assert_null(data);
    assert_int_equal(file_read(&data, &size, scratch_write("b", "", 0), 0, &message), STATUS_OK);
    assert_string_equal(data, "");
    free(data);
}

static void read_refuses_what_is_no_regular_file(void **state)
{
    char *data;
    size_t size;
    assert_int_equal(file_read(&data, &size, scratch_path("none"), 9, &message), STATUS_IO);
    assert_says("/none': No such file");
    assert_int_equal(file_read(&data, &size, scratch, 9, &message), STATUS_INVALID);
    assert_says("is a folder");
    const char *pipe = scratch_path("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(file_read(&data, &size, pipe, 9, &message), STATUS_INVALID);
    assert_says("not a regular file");
    char hex[65];
    assert_int_equal(file_sha256(hex, pipe, &message), STATUS_INVALID);
}

static void append_gzip(const char *path, const char *mode, const char *data, size_t size)
{
    gzFile file = gzopen(path, mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, data, (unsigned)size), size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void gzip_is_unpacked_members_and_all(void **state)
{
    const char *path = scratch_path("a.gz");
    append_gzip(path, "wb", "first ", 6);
    append_gzip(path, "ab", "second", 6);
    char *data;
    size_t size;
    assert_int_equal(gzip_read(&data, &size, path, 1000, &message), STATUS_OK);
    assert_int_equal(size, 12);
    assert_string_equal(data, "first second");
    free(data);
    assert_int_equal(gzip_read(&data, &size, scratch_text("plain", "plain"), 100, &message), STATUS_OK);
    assert_string_equal(data, "plain");
    free(data);
}

static void gzip_bombs_and_damage_are_refused(void **state)
{
    char *data, *zeros = calloc(1, 1 << 20), limit[64];
    size_t size;
    const char *path = scratch_path("bomb.gz");
    append_gzip(path, "wb9", zeros, 1 << 20);
    free(zeros);
    const size_t both = file_bytes(path) + (1 << 20);
    assert_int_equal(gzip_read(&data, &size, path, both - 1, &message), STATUS_INVALID);
    snprintf(limit, sizeof limit, "it takes more than the limit of %zu", both - 1);
    assert_says(limit);
    assert_int_equal(gzip_read(&data, &size, path, both, &message), STATUS_OK);
    assert_int_equal(size, 1 << 20);
    free(data);

    char *packed;
    assert_int_equal(file_read(&packed, &size, path, 1 << 20, &message), STATUS_OK);
    const size_t whole = size;
    for (size_t cut = 2; cut < whole; cut += cut < 20 ? 1 : 100) {
        const char *short_path = scratch_write("cut.gz", packed, cut);
        assert_int_equal(gzip_read(&data, &size, short_path, both, &message), STATUS_INVALID);
        assert_says("ends too early");
    }
    packed[whole - 6] ^= 1; /* the check sum */
    path = scratch_write("cut.gz", packed, whole);
    assert_int_equal(gzip_read(&data, &size, path, both, &message), STATUS_INVALID);
    assert_says("damaged gzip stream");
    free(packed);
}

/* The ceiling holds for all gzip members together: the stored size is that of the last member alone. */
static void gzip_members_are_capped_together(void **state)
{
    char *data, *zeros = calloc(1, 1 << 20);
    size_t size;
    const char *path = scratch_path("members.gz");
    append_gzip(path, "wb0", zeros, 1 << 20);
    append_gzip(path, "ab9", zeros, 1 << 10);
    free(zeros);
    const size_t packed = file_bytes(path), both = packed + (1 << 20) + (1 << 10);
    assert_true(packed > 1 << 20 && gzip_bytes(path) < both);
    assert_int_equal(gzip_read(&data, &size, path, gzip_bytes(path), &message), STATUS_INVALID);
    assert_int_equal(gzip_read(&data, &size, path, both - 1, &message), STATUS_INVALID);
    assert_int_equal(gzip_read(&data, &size, path, both, &message), STATUS_OK);
    assert_int_equal(size, (1 << 20) + (1 << 10));
    free(data);
}

static void assert_holds(const char *path, const char *text)
{
    char *data = scratch_read(path);
    assert_string_equal(data, text);
    free(data);
}

static void replace_keeps_mode_and_leaves_nothing_else(void **state)
{
    const char *path = scratch_text("a", "old");
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(file_replace(path, "new", 3, &message), STATUS_OK);
    assert_holds(path, "new");
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0640);
    mode_t before = umask(027);
    assert_int_equal(file_replace(scratch_path("b"), "", 0, &message), STATUS_OK);
    umask(before);
    assert_int_equal(stat(scratch_path("b"), &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0640);
    assert_int_equal(scratch_count(), 2);
}

static void replace_follows_links(void **state)
{
    const char *target = scratch_text("target", "old"), *link = scratch_path("link");
    assert_int_equal(symlink("target", link), 0);
    assert_int_equal(file_replace(link, "new", 3, &message), STATUS_OK);
    assert_holds(target, "new");
    struct stat facts;
    assert_int_equal(lstat(link, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    const char *dangling = scratch_path("dangling");
    assert_int_equal(symlink("made", dangling), 0);
    assert_int_equal(file_replace(dangling, "made", 4, &message), STATUS_OK);
    assert_holds(scratch_path("made"), "made");
    assert_int_equal(symlink("loop", scratch_path("loop")), 0);
    assert_int_equal(file_replace(scratch_path("loop"), "", 0, &message), STATUS_IO);
    assert_says("/loop'");
}

static void replace_writes_devices_and_pipes_directly(void **state)
{
    assert_int_equal(file_replace("/dev/null", "x", 1, &message), STATUS_OK);
    struct stat facts;
    assert_int_equal(stat("/dev/null", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));

    const char *pipe = scratch_path("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    int reader = open(pipe, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(file_replace(pipe, "through", 7, &message), STATUS_OK);
    char got[16] = "";
    assert_int_equal(read(reader, got, sizeof got - 1), 7);
    assert_string_equal(got, "through");
    close(reader);
    assert_int_equal(scratch_count(), 1);
}

/* A file opened with a shell's >> is appended to, not replaced. */
static void replace_of_standard_output_appends_to_it(void **state)
{
    const char *path = scratch_text("log", "before ");
    pid_t child = fork();
    if (child == 0) {
        int file = open(path, O_WRONLY | O_APPEND);
        dup2(file, STDOUT_FILENO);
        bool good = file_replace("/dev/stdout", "one ", 4, NULL) == STATUS_OK &&
                    file_replace("/dev/fd/1", "two", 3, NULL) == STATUS_OK;
        _exit(good ? 0 : 1);
    }
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
    assert_holds(path, "before one two");
    assert_int_equal(file_replace("/dev/fd/999", "", 0, &message), STATUS_IO);
}

static void failed_replace_leaves_the_old_file(void **state)
{
    const char *path = scratch_text("a", "old");
    assert_int_equal(file_replace(scratch, "x", 1, &message), STATUS_IO);
    assert_says("Is a directory");
    assert_int_equal(file_replace(scratch_path("none/a"), "x", 1, &message), STATUS_IO);
    assert_says("/none/a': No such file");
    assert_int_equal(file_replace("/dev/full", "x", 1, &message), STATUS_IO);
    assert_says("No space left");
    char name[300];
    memset(name, 'n', sizeof name);
    name[260] = 0;
    assert_int_equal(file_replace(scratch_path(name), "x", 1, &message), STATUS_IO);
    assert_holds(path, "old");
    assert_int_equal(scratch_count(), 1);
}

static void sha256_is_the_standards(void **state)
{
    char hex[65];
    assert_int_equal(file_sha256(hex, scratch_text("abc", "abc"), &message), STATUS_OK);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    assert_int_equal(file_sha256(hex, scratch_write("m", million, 1000000), &message), STATUS_OK);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void text_grows_and_stays_failed(void **state)
{
    Text text = {0};
    for (int i = 0; i < 1000; i++) text_append(&text, "%d,", i);
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
    assert_int_equal(strlen(text.data), text.length);
    assert_false(text.failed);
    text.failed = true;
    text_append(&text, "more");
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
    text_free(&text);
    assert_null(text.data);
}

static void beside_joins_to_the_folder(void **state)
{
    static const char *const cases[][3] = {{"data/x.json", "y.onnx", "data/y.onnx"},
                                           {"x.json", "y.onnx", "y.onnx"},
                                           {"data/x.json", "/y.onnx", "/y.onnx"},
                                           {"/x.json", "a/y", "/a/y"},
                                           {"data/x.json", "../y", "data/../y"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = file_beside(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

static void numbers_come_back(void **state)
{
    static const double values[] = {
        0, 0.1, 1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 0.30000000000000004, -2.5};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[NUMBER_TEXT];
        const char *end;
        double again = NAN;
        number_format(text, values[i], 0);
        assert_true(number_parse(&again, &end, text));
        assert_true(again == values[i] && *end == 0);
    }
    char text[NUMBER_TEXT];
    number_format(text, 0.1, 0);
    assert_string_equal(text, "0.1");
    number_format(text, 1.0 / 3, 9);
    assert_string_equal(text, "0.333333333");
}

static void numbers_that_are_none_are_refused(void **state)
{
    static const char *const texts[] = {"", "x", "inf", "nan", "1e999", " 1", "1.2.3", "--1", "1e", ",", "+"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value;
        const char *end;
        if (number_parse(&value, &end, texts[i])) fail_msg("'%s' is no number", texts[i]);
    }
    double value;
    const char *end;
    assert_true(number_parse(&value, &end, "0x10"));
    assert_string_equal(end, "x10");
}

static void refuse_json(const char *text, size_t size, const char *part)
{
    cJSON *root;
    const char *path = scratch_write("x.json", text, size);
    assert_int_equal(json_read(&root, path, (size_t)16 << 20, &message), STATUS_INVALID);
    assert_null(root);
    assert_says("/x.json'");
    assert_says(part);
}

static void json_is_read_strictly(void **state)
{
    static const char *const cases[][2] = {
        {"", "line 1, column 1"},
        {"{\"a\": 1}\n x", "line 2, column 2: text after"},
        {"{\"a\": 1} {}", "text after"},
        {"[1]", "not a JSON object"},
        {"{\"a\": {\"b\": 1, \"c\": 2, \"b\": 3}}", "key 'b': is there twice"},
        {"{\"a\": [{\"b\": 1, \"b\": 1}]}", "key 'b': is there twice"},
        {"{\"a\": 1e999}", "out of range"},
        {"{\"a\": \"x\\u0000y\"}", "\\u0000"},
        {"{\n\"a\": 1,\n}", "line 3"},
        {"{'a': 1}", "line 1, column 3"},
        {"{\"a\": NaN}", "not valid JSON"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse_json(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    refuse_json("{\"a\": 1}\0", 9, "a zero byte");
    char deep[5000];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    refuse_json(deep, sizeof deep, "not valid JSON");
    cJSON *root;
    const char *path = scratch_text("x.json", "\xef\xbb\xbf{\"a\": \"\\\\u0000\", \"A\": 2}\r\n");
    assert_int_equal(json_read(&root, path, 100, &message), STATUS_OK);
    cJSON_Delete(root);
    assert_int_equal(json_read(&root, path, 5, &message), STATUS_INVALID);
    assert_says("limit of 5");
}

static void json_values_have_the_type_asked_for(void **state)
{
    cJSON *root;
    const char *path = scratch_text("x.json", "{\"t\": \"x\", \"f\": 1.5, \"n\": -1, \"o\": {\"z\": null}}");
    assert_int_equal(json_read(&root, path, 100, &message), STATUS_OK);
    JsonObject top = json_top(root, path), inner;
    const char *text;
    size_t count;
    double number;
    bool flag;
    assert_int_equal(json_text(&text, &top, "t", &message), STATUS_OK);
    assert_string_equal(text, "x");
    assert_int_equal(json_text(&text, &top, "f", &message), STATUS_INVALID);
    assert_says("key 'f': a text is needed, not a number");
    assert_int_equal(json_text(&text, &top, "T", &message), STATUS_INVALID);
    assert_says("key 'T': is missing");
    assert_int_equal(json_number(&number, &top, "f", &message), STATUS_OK);
    assert_true(number == 1.5);
    assert_int_equal(json_count(&count, &top, "f", &message), STATUS_INVALID);
    assert_int_equal(json_count(&count, &top, "n", &message), STATUS_INVALID);
    assert_int_equal(json_object(&inner, &top, "o", &message), STATUS_OK);
    assert_int_equal(json_flag(&flag, &inner, "z", &message), STATUS_INVALID);
    assert_says("key 'o.z': true or false is needed, not null");
    cJSON_Delete(root);
}

/* Whatever the name and date in the gzip header. */
static void a_file_beside_stays(void **state)
{
    const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    const char *path = scratch_text("plan.csv", "old"), *beside = scratch_text("plan.csv.tmp-backup", "mine");
    assert_int_equal(utimensat(AT_FDCWD, beside, long_ago, 0), 0);
    assert_int_equal(file_replace(path, "new", 3, &message), STATUS_OK);
    assert_int_equal(access(beside, R_OK), 0);
}

static void count_of(const char *text, Status expected, size_t value)
{
    cJSON *root;
    char json[100];
    size_t count = 0;
    snprintf(json, sizeof json, "{\"n\": %s}", text);
    const char *path = scratch_text("x.json", json);
    assert_int_equal(json_read(&root, path, 100, &message), STATUS_OK);
    const JsonObject top = json_top(root, path);
    assert_int_equal(json_count(&count, &top, "n", &message), expected);
    assert_int_equal(count, value);
    cJSON_Delete(root);
}

/* From 2^53 on, a double no longer tells which integer stood in the file. */
static void json_counts_are_exact(void **state)
{
    count_of("9007199254740991", STATUS_OK, 9007199254740991);
    count_of("9007199254740992", STATUS_INVALID, 0);
    assert_says("from 0 to 2^53 - 1");
    count_of("9007199254740993", STATUS_INVALID, 0);
    count_of("18446744073709551616", STATUS_INVALID, 0);
    count_of("1e300", STATUS_INVALID, 0);
    count_of("-0", STATUS_OK, 0);
    count_of("1e3", STATUS_OK, 1000);
}

/* Two bytes in the file would take 64 bytes of memory. */
static void json_of_too_many_values_is_refused(void **state)
{
    const size_t size = 2 * JSON_MOST_VALUES + 8;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) text[i] = i % 2 ? '1' : ',';
    memcpy(text, "{\"a\":[1", 7);
    refuse_json(text, size, "more than 4194304 values");
    memset(text, ',', size);
    memcpy(text, "{\"a\\\"\":\"", 8);
    text[size - 1] = '}';
    text[size - 2] = '"';
    cJSON *root;
    const char *path = scratch_write("x.json", text, size);
    if (json_read(&root, path, size, &message)) fail_msg("%s", message.text);
    cJSON_Delete(root);
    free(text);
}

static void json_texts_are_utf8(void **state)
{
    static const char *const cases[][2] = {{"caf\xc3\xa9", "caf\xc3\xa9"},
                                           {"\xff", "\xef\xbf\xbd"},
                                           {"a\xc3", "a\xef\xbf\xbd"},
                                           {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
                                           {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                                           {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *item = json_new_text(cases[i][0]);
        assert_string_equal(item->valuestring, cases[i][1]);
        cJSON_Delete(item);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(read_gives_the_bytes_under_the_cap),
        TEST(read_refuses_what_is_no_regular_file),
        TEST(gzip_is_unpacked_members_and_all),
        TEST(gzip_bombs_and_damage_are_refused),
        TEST(gzip_members_are_capped_together),
        TEST(replace_keeps_mode_and_leaves_nothing_else),
        TEST(replace_follows_links),
        TEST(replace_writes_devices_and_pipes_directly),
        TEST(replace_of_standard_output_appends_to_it),
        TEST(failed_replace_leaves_the_old_file),
        TEST(sha256_is_the_standards),
        TEST(text_grows_and_stays_failed),
        TEST(beside_joins_to_the_folder),
        TEST(numbers_come_back),
        TEST(numbers_that_are_none_are_refused),
        TEST(json_is_read_strictly),
        TEST(json_values_have_the_type_asked_for),
        TEST(a_file_beside_stays),
        TEST(json_counts_are_exact),
        TEST(json_of_too_many_values_is_refused),
        TEST(json_texts_are_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
