/* SPDX-License-Identifier: MIT */
#include "dataset/description.h"
#include "scratch.h"

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

static void a_whole_description_is_read(void **state)
{
    const char *path = scratch_text(
        "x.json", "{ \"network\": \"nets/x.onnx\", \"task\": \"classification\",\n"
                  "  \"mean\": [0.485, 0.1, -1e-3], \"std\": 0.353, \"labels\": [\"T-shirt/top\", \"\"],\n"
                  "  \"calibration\": \"/train.gz\",\n"
                  "  \"evaluation\": { \"images\": \"t.gz\", \"labels\": \"../l.gz\" } }");
    Description description;
    assert_int_equal(description_read(&description, path, &message), STATUS_OK);
    assert_string_equal(description.path, path);
    assert_string_equal(description.network, scratch_path("nets/x.onnx"));
    assert_string_equal(description.task, "classification");
    assert_string_equal(description.mean, "0.485,0.1,-0.001");
    assert_string_equal(description.std, "0.353");
    assert_int_equal(description.label_count, 2);
    assert_string_equal(description.labels[0], "T-shirt/top");
    assert_string_equal(description.labels[1], "");
    assert_string_equal(description.calibration.images, "/train.gz");
    assert_null(description.calibration.labels);
    assert_string_equal(description.evaluation.images, scratch_path("t.gz"));
    assert_string_equal(description.evaluation.labels, scratch_path("../l.gz"));
    description_free(&description);
    assert_null(description.network);
}

static void only_the_network_is_needed(void **state)
{
    Description description;
    const char *path = scratch_text("x.json", "{\"network\": \"x.onnx\"}");
    assert_int_equal(description_read(&description, path, &message), STATUS_OK);
    assert_null(description.task);
    assert_null(description.mean);
    assert_null(description.labels);
    assert_null(description.calibration.images);
    description_free(&description);
}

static void refuse(const char *text, Status status, const char *part)
{
    Description description;
    const char *path = scratch_text("x.json", text);
    assert_int_equal(description_read(&description, path, &message), status);
    assert_null(description.network);
    assert_says("/x.json'");
    assert_says(part);
}

static void wrong_descriptions_name_the_key(void **state)
{
    static const char *const cases[][2] = {
        {"{}", "key 'network': is missing"},
        {"{\"network\": 3}", "key 'network': a text is needed, not a number"},
        {"{\"network\": null}", "key 'network': a text is needed, not null"},
        {"{\"network\": \"\"}", "key 'network': an empty path"},
        {"{\"network\": \"x\", \"netwrok\": 1}", "key 'netwrok': is not known"},
        {"{\"network\": \"x\", \"network\": \"y\"}", "key 'network': is there twice"},
        {"{\"network\": \"x\"} more", "text after"},
        {"{\"network\": \"x\", \"mean\": \"0.5\"}", "key 'mean'"},
        {"{\"network\": \"x\", \"mean\": []}", "key 'mean'"},
        {"{\"network\": \"x\", \"std\": [1, \"2\"]}", "key 'std'"},
        {"{\"network\": \"x\", \"std\": [[1]]}", "key 'std'"},
        {"{\"network\": \"x\", \"labels\": \"a,b\"}", "key 'labels': an array"},
        {"{\"network\": \"x\", \"labels\": [\"a\", 2]}", "key 'labels': element 1"},
        {"{\"network\": \"x\", \"labels\": []}", "key 'labels': 0 class names"},
        {"{\"network\": \"x\", \"task\": []}", "key 'task'"},
        {"{\"network\": \"x\", \"calibration\": 1}", "key 'calibration'"},
        {"{\"network\": \"x\", \"evaluation\": {\"images\": 1}}", "key 'evaluation.images'"},
        {"{\"network\": \"x\", \"evaluation\": {\"labels\": \"l\"}}", "key 'evaluation.images': is missing"},
        {"{\"network\": \"x\", \"evaluation\": {\"images\": \"i\", \"label\": \"l\"}}",
         "key 'evaluation.label': is not known"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(cases[i][0], STATUS_INVALID, cases[i][1]);
}

static void what_is_not_supported_is_said_so(void **state)
{
    refuse("{\"network\": \"x\", \"task\": \"pose\"}", STATUS_UNSUPPORTED, "'pose' is not supported");
}

static void the_preparation_is_kept_as_text(void **state)
{
    Description description;
    const char *path = scratch_text("x.json", "{\"network\": \"x\", \"resize\": 256, \"crop\": [224, 192],\n"
                                              " \"channels\": \"bgr\", \"layout\": \"nchw\"}");
    assert_int_equal(description_read(&description, path, &message), STATUS_OK);
    assert_string_equal(description.preparation[PREPARATION_RESIZE], "256");
    assert_string_equal(description.preparation[PREPARATION_CROP], "224,192");
    assert_string_equal(description.preparation[PREPARATION_CHANNELS], "bgr");
    assert_string_equal(description.preparation[PREPARATION_LAYOUT], "nchw");
    description_free(&description);
    refuse("{\"network\": \"x\", \"resize\": \"256\"}", STATUS_INVALID, "key 'resize': a number, or");
    refuse("{\"network\": \"x\", \"channels\": 3}", STATUS_INVALID, "key 'channels': a text is needed");
}

static void unreadable_descriptions_are_refused(void **state)
{
    Description description;
    assert_int_equal(description_read(&description, scratch_path("none"), &message), STATUS_IO);
    assert_says("/none'");
    const size_t size = (1 << 20) + 1;
    char *big = malloc(size);
    memset(big, ' ', size);
    assert_int_equal(description_read(&description, scratch_write("big", big, size), &message),
                     STATUS_INVALID);
    assert_says("limit of 1048576");
    free(big);
}

static void class_names_are_lines(void **state)
{
    char **names;
    size_t count;
    const char *path = scratch_text("names", "\xef\xbb\xbf"
                                             "cat\r\n\ntabby dog\nlast");
    assert_int_equal(class_names_read(&names, &count, path, &message), STATUS_OK);
    assert_int_equal(count, 4);
    assert_string_equal(names[0], "cat");
    assert_string_equal(names[1], "");
    assert_string_equal(names[2], "tabby dog");
    assert_string_equal(names[3], "last");
    class_names_free(names, count);
    assert_int_equal(class_names_read(&names, &count, scratch_text("names", "a\nb\n"), &message), STATUS_OK);
    assert_int_equal(count, 2);
    class_names_free(names, count);
}

static void wrong_class_names_are_refused(void **state)
{
    char **names;
    size_t count;
    assert_int_equal(class_names_read(&names, &count, scratch_text("n", ""), &message), STATUS_INVALID);
    assert_says("no class names");
    assert_null(names);
    assert_int_equal(class_names_read(&names, &count, scratch_write("n", "a\0b\n", 4), &message),
                     STATUS_INVALID);
    assert_says("zero byte");
    char *lines = malloc(100001);
    memset(lines, '\n', 100001);
    assert_int_equal(class_names_read(&names, &count, scratch_write("n", lines, 100001), &message),
                     STATUS_INVALID);
    assert_says("more than 100000");
    assert_int_equal(class_names_read(&names, &count, scratch_write("n", lines, 100000), &message),
                     STATUS_OK);
    assert_int_equal(count, 100000);
    class_names_free(names, count);
    free(lines);
}

static void class_names_split_at_commas(void **state)
{
    char **names;
    size_t count;
    assert_int_equal(class_names_split(&names, &count, "T-shirt/top, Ankle boot ,Bag,", &message), STATUS_OK);
    assert_int_equal(count, 4);
    assert_string_equal(names[0], "T-shirt/top");
    assert_string_equal(names[1], "Ankle boot");
    assert_string_equal(names[2], "Bag");
    assert_string_equal(names[3], "");
    class_names_free(names, count);
    class_names_free(NULL, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_description_is_read),     TEST(only_the_network_is_needed),
        TEST(wrong_descriptions_name_the_key), TEST(what_is_not_supported_is_said_so),
        TEST(the_preparation_is_kept_as_text), TEST(unreadable_descriptions_are_refused),
        TEST(class_names_are_lines),           TEST(wrong_class_names_are_refused),
        TEST(class_names_split_at_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
