/* SPDX-License-Identifier: MIT */
/* External data: every type, offsets and folders, and what is refused. */
#include "onnx_build.h"
#include "scratch.h"

#include "network/network.h"
#include "onnx/external.h"

enum { OUTPUTS = 3, INPUTS = 4, WEIGHTS = OUTPUTS * INPUTS };

static int setup(void **state)
{
    scratch_create();
    return 0;
}

static int teardown(void **state)
{
    rmdir(scratch_path("below/deep"));
    unlink(scratch_path("below/w.data"));
    rmdir(scratch_path("below"));
    scratch_remove();
    return 0;
}

/* y = Gemm(Flatten(x), w), w [OUTPUTS][INPUTS] in another file. */
static void write_network(int type, const char *location, const char *offset, const char *length)
{
    ob_begin(13);
    ob_input("x", OB_FLOAT, 4, (int64_t[]){1, 1, 2, 2});
    ob_initializer_external("w", type, 2, (int64_t[]){OUTPUTS, INPUTS}, location, offset, length);
    ob_node("Flatten", "flatten", OB_NAMES("x"), OB_NAMES("f"));
    ob_node("Gemm", "fc", OB_NAMES("f", "w"), OB_NAMES("y"));
    ob_int("transB", 1);
    ob_output("y");
    ob_write(scratch_path("net.onnx"));
}

static Network *open_network(void)
{
    Network *network;
    const Status status = network_open(&network, scratch_path("net.onnx"), &(NetworkOptions){0}, &message);
    assert_true((status == STATUS_OK) == (network != NULL));
    return network;
}

static void check_weights(const float *expected)
{
    Network *network = open_network();
    if (!network) fail_msg("%s", message.text);
    assert_memory_equal(network->layers[0].weights, expected, WEIGHTS * sizeof *expected);
    network_free(network);
}

static void refused(const char *location, const char *offset, const char *length, const char *reason)
{
    write_network(OB_FLOAT, location, offset, length);
    Network *network = open_network();
    if (network) fail_msg("'%s' at %s was taken", location, offset ? offset : "0");
    if (!strstr(message.text, reason)) fail_msg("%s", message.text);
}

/* Numbers that every type holds exactly. */
static const float numbers[WEIGHTS] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 96};
static const uint16_t halves[WEIGHTS] = {0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600,
                                         0x4700, 0x4800, 0x4c00, 0x5000, 0x5400, 0x5600};

static void types(void **state)
{
    uint16_t brains[WEIGHTS];
    double doubles[WEIGHTS];
    for (size_t i = 0; i < WEIGHTS; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        brains[i] = (uint16_t)(bits >> 16);
        doubles[i] = (double)numbers[i];
    }
    const struct {
        int type;
        const void *data;
        size_t size;
    } cases[] = {{1, numbers, sizeof numbers},
                 {10, halves, sizeof halves},
                 {16, brains, sizeof brains},
                 {11, doubles, sizeof doubles}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scratch_write("w.data", cases[i].data, cases[i].size);
        write_network(cases[i].type, "w.data", NULL, NULL);
        check_weights(numbers);
    }
}

/* Data at an offset of one page, in a subfolder. */
static void offsets(void **state)
{
    char bytes[4096 + sizeof numbers + 100];
    memset(bytes, 0x55, sizeof bytes);
    memcpy(bytes + 4096, numbers, sizeof numbers);
    assert_int_equal(mkdir(scratch_path("below"), 0777), 0);
    scratch_write("below/w.data", bytes, sizeof bytes);
    write_network(OB_FLOAT, "below/w.data", "4096", "48");
    check_weights(numbers);
    write_network(OB_FLOAT, "below/w.data", "4096", NULL);
    check_weights(numbers);
    write_network(OB_FLOAT, "./below/./w.data", "4096", "48");
    check_weights(numbers);
}

static void sizes_are_checked(void **state)
{
    scratch_write("w.data", numbers, sizeof numbers);
    refused("w.data", "4", NULL, "44 bytes, its shape says 48");
    refused("w.data", "0", "47", "47 bytes");
    refused("w.data", "49", NULL, "behind the end");
    refused("w.data", "1", "48", "behind the end");
    refused("w.data", "0", "52", "behind the end");
    refused("w.data", "-4", "48", "no number");
    refused("w.data", "0x10", NULL, "no number");
    refused("w.data", "18446744073709551600", "64", "no number");
    refused("w.data", "0", "99999999999999999999999", "no number");
}

static void places_are_checked(void **state)
{
    char outside[600];
    scratch_write("w.data", numbers, sizeof numbers);
    snprintf(outside, sizeof outside, "%s", scratch_path("w.data"));
    assert_int_equal(symlink(outside, scratch_path("link.data")), 0);
    assert_int_equal(symlink(scratch, scratch_path("folder")), 0);
    assert_int_equal(mkdir(scratch_path("below"), 0777), 0);
    assert_int_equal(mkfifo(scratch_path("pipe"), 0666), 0);
    refused(outside, NULL, NULL, "absolute");
    refused("", NULL, NULL, "absolute");
    refused(NULL, NULL, NULL, "absolute");
    refused("../w.data", NULL, NULL, "'..'");
    refused("below/../w.data", NULL, NULL, "'..'");
    refused("below//w.data", NULL, NULL, "empty part");
    refused("below/", NULL, NULL, "empty part");
    refused("link.data", NULL, NULL, "link");
    refused("folder/w.data", NULL, NULL, "link");
    refused("below", NULL, NULL, "not a regular file");
    refused("pipe", NULL, NULL, "not a regular file");
    refused("nowhere.data", NULL, NULL, "nowhere.data");
    assert_int_equal(link(outside, scratch_path("second.data")), 0);
    refused("second.data", NULL, NULL, "hard link");
    refused("w.data", NULL, NULL, "hard link");
    assert_int_equal(unlink(scratch_path("second.data")), 0);
    write_network(OB_FLOAT, "w.data", NULL, NULL);
    check_weights(numbers);
}

/* A sparse file of a terabyte takes no time and no memory. */
static void large_files_are_refused(void **state)
{
    scratch_write("w.data", numbers, sizeof numbers);
    assert_int_equal(truncate(scratch_path("w.data"), (off_t)1 << 40), 0);
    refused("w.data", NULL, NULL, "1048576 MiB, more than the 2048 MiB that are left for all");
    assert_int_equal(truncate(scratch_path("w.data"), (off_t)1 << 20), 0);
    refused("w.data", "0", "4", "its shape says");
}

static void read_part(ExternalFiles *files, const Onnx__TensorProto *tensor, Status expected)
{
    ExternalPart part;
    float read[WEIGHTS];
    assert_int_equal(external_find(&part, files, tensor, sizeof read, &message), STATUS_OK);
    assert_int_equal(external_read(read, &part, &message), expected);
}

/* The checked file is the one that is read: a replaced file is not followed, a truncated one is an error. */
static void files_may_change_while_they_are_read(void **state)
{
    Onnx__StringStringEntryProto entry = ONNX__STRING_STRING_ENTRY_PROTO__INIT, *entries[] = {&entry};
    Onnx__TensorProto tensor = ONNX__TENSOR_PROTO__INIT, *tensors[] = {&tensor};
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    ExternalFiles files;
    char sha256[65] = "";
    const char *path = scratch_write("w.data", numbers, sizeof numbers);
    entry.key = "location", entry.value = "w.data";
    tensor.n_external_data = 1, tensor.external_data = entries;
    graph.n_initializer = 1, graph.initializer = tensors;
    model.graph = &graph;
    assert_int_equal(external_open(&files, scratch_path("net.onnx"), &model, 1000, &message), STATUS_OK);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    fputs("more", file);
    fclose(file);
    read_part(&files, &tensor, STATUS_OK);
    assert_int_equal(truncate(path, sizeof numbers - 1), 0);
    read_part(&files, &tensor, STATUS_INVALID);
    assert_says("'w.data': its size changed while it was read");
    assert_int_equal(external_sha256(sha256, &files, &message), STATUS_INVALID);
    assert_int_equal(unlink(path), 0);
    scratch_write("w.data", numbers, sizeof numbers);
    read_part(&files, &tensor, STATUS_INVALID);
    external_close(&files);
}

/* Other weights are another network. */
static void hashes(void **state)
{
    float others[WEIGHTS] = {9};
    char first[65];
    scratch_write("w.data", numbers, sizeof numbers);
    write_network(OB_FLOAT, "w.data", NULL, NULL);
    Network *network = open_network();
    assert_non_null(network);
    memcpy(first, network->sha256, sizeof first);
    network_free(network);
    network = open_network();
    assert_string_equal(network->sha256, first);
    network_free(network);
    scratch_write("w.data", others, sizeof others);
    network = open_network();
    assert_string_not_equal(network->sha256, first);
    network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types, setup, teardown),
        cmocka_unit_test_setup_teardown(offsets, setup, teardown),
        cmocka_unit_test_setup_teardown(sizes_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(places_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(large_files_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(files_may_change_while_they_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(hashes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
