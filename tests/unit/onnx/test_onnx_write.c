/* SPDX-License-Identifier: MIT */
/* Quantized networks as ONNX: exported files open here and give the outputs of the pipeline's weights; their content;
 * what is refused. */
#include "export_graphs.h"
#include "graph_text.h"
#include "network/network.h"
#include "network/run/run.h"
#include "network/run/weights.h"
#include "noise_fixture.h"
#include "onnx/onnx_file.h"
#include "onnx/quantized_model.h"
#include "onnx_build.h"
#include "report/quantized_onnx.h"

#include <math.h>

#define IMAGES 40

static int set_up(void **state)
{
    return noise_start(IMAGES, EXPORT_SIDE, EXPORT_CHANNELS);
}

/* --- quantizing and writing --------------------------------------------------------------------------- */

static void check(Status status, const char *what)
{
    if (status != STATUS_OK) fail_msg("%s: %s", what, message.text);
}

static Network *open_network(const char *path, const char *output)
{
    Network *network;
    check(network_open(&network, path, &(NetworkOptions){.output = output}, &message), path);
    return network;
}

/* A network, quantized. */
typedef struct Quantized {
    Network *network;
    Plan *plan;
    Pipeline *pipeline;
} Quantized;

static void quantize(Quantized *quantized, const char *path, const char *output, const ExportSetting *setting,
                     Pool *threads)
{
    quantized->network = open_network(path, output);
    check(plan_create(&quantized->plan, quantized->network, &message), path);
    Plan *plan = quantized->plan;
    plan_set_bits(plan, quantized->network, setting->weight_bits, setting->weight_bits, setting->weight_bits);
    plan_set_activation_bits(plan, quantized->network, setting->activation_bits);
    plan->options.error_compensated = setting->error_compensated;
    plan->options.bias_correction = setting->bias_correction;
    check(pipeline_run(&quantized->pipeline, quantized->network, plan, noise, &normalization,
                       &(PipelineOptions){.pool = threads}, &message),
          path);
}

static void write_quantized(const Quantized *quantized, const char *path)
{
    const Result result = {
        .network = quantized->network, .plan = quantized->plan, .pipeline = quantized->pipeline};
    check(quantized_onnx_check(quantized->network, quantized->plan, &result.memory, &message), path);
    check(quantized_onnx_write(path, &result, &message), path);
}

static void release(Quantized *quantized)
{
    pipeline_free(quantized->pipeline);
    plan_drop(quantized->plan);
    network_free(quantized->network);
}

/* outputs[IMAGES][output_elements], to be freed */
static float *run_noise(const Network *network, const Weights *const *weights)
{
    Workspace *workspace;
    const size_t batch = network->batch, size = network->output_elements;
    float *tile = calloc(network->values[network->input].elements, sizeof *tile);
    float *outputs = calloc((IMAGES + batch) * size, sizeof *outputs);
    assert_true(tile && outputs);
    check(workspace_create(&workspace, network, &message), network->path);
    for (size_t first = 0; first < IMAGES; first += batch) {
        const size_t count = first + batch < IMAGES ? batch : IMAGES - first;
        check(dataset_read(noise, tile, first, count, &normalization, &message), "noise");
        check(network_run(network, outputs + first * size, tile, weights, workspace, &message),
              network->path);
    }
    workspace_free(workspace);
    free(tile);
    return outputs;
}

static double largest_of(const float *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs((double)values[i]));
    return largest;
}

/* Counts images with an output that differs by more than 1e-5 of the largest. */
static size_t count_moved(const float *a, const float *b, size_t size)
{
    const double most = 1e-5 * largest_of(a, IMAGES * size);
    size_t moved = 0;
    assert_true(most > 0);
    for (size_t image = 0; image < IMAGES; image++) {
        bool moves = false;
        for (size_t i = image * size; i < (image + 1) * size; i++)
            moves |= !(fabs((double)a[i] - (double)b[i]) <= most);
        moved += moves;
    }
    return moved;
}

/* --- every way in which a layer stands in a file ------------------------------------------------------ */

/* Sums are taken in another order, so an input near half a code may round to the next code. */
static void check_same(const Quantized *quantized, const char *path, const char *name,
                       const ExportSetting *setting)
{
    Network *written = open_network(path, NULL);
    assert_int_equal(written->layer_count, quantized->network->layer_count);
    float *expected = run_noise(quantized->network, (const Weights *const *)quantized->pipeline->weights);
    float *reference = run_noise(quantized->network, NULL), *found = run_noise(written, NULL);
    const size_t size = quantized->network->output_elements;
    const size_t moved = count_moved(expected, found, size);
    const size_t most = setting->activation_bits ? IMAGES / 10 : 0;
    if (moved > most) fail_msg("%s, %s: %zu of %d images differ", name, setting->name, moved, IMAGES);
    assert_true(count_moved(expected, reference, size) > IMAGES / 2); /* it was quantized */
    free(expected);
    free(reference);
    free(found);
    network_free(written);
}

static void what_is_written_computes_the_same(void **state)
{
    const char *graph = scratch_path("graph.onnx"), *export = scratch_path("export.onnx");
    for (size_t i = 0; i < export_graph_count; i++) {
        export_graph_write(graph, i);
        for (size_t k = 0; k < export_setting_count; k++) {
            Quantized quantized;
            quantize(&quantized, graph, NULL, &export_settings[k], pool);
            write_quantized(&quantized, export);
            check_same(&quantized, export, export_graphs[i].name, &export_settings[k]);
            release(&quantized);
        }
    }
}

/* --- what is in the file ------------------------------------------------------------------------------ */

static const ExportSetting w3a4 = {"W3A4", 3, 4, 0, 1}, w4 = {"W4", 4, 0, 0, 1};

/* Codes of inputs are integers between its nodes. */
static void what_is_written_can_be_quantized_again(void **state)
{
    const char *graph = scratch_path("graph.onnx"), *export = scratch_path("export.onnx");
    for (size_t i = 0; i < export_graph_count; i++) {
        Quantized once, twice;
        export_graph_write(graph, i);
        quantize(&once, graph, NULL, &w3a4, pool);
        write_quantized(&once, export);
        quantize(&twice, export, NULL, &w4, pool);
        for (size_t l = 0; l < twice.network->layer_count; l++)
            assert_true(isfinite(twice.pipeline->layers[l].rounding_error));
        release(&twice);
        release(&once);
    }
}

static OnnxFile *open_file(const char *path)
{
    OnnxFile *file;
    check(onnx_file_open(&file, path, SIZE_MAX, &message), path);
    return file;
}

static const Onnx__NodeProto *find_node(const OnnxFile *file, const char *output)
{
    const Onnx__GraphProto *graph = file->model->graph;
    for (size_t i = 0; i < graph->n_node; i++)
        if (strcmp(graph->node[i]->output[0], output) == 0) return graph->node[i];
    return NULL;
}

static const Onnx__TensorProto *find_tensor(const OnnxFile *file, const char *name)
{
    const Onnx__GraphProto *graph = file->model->graph;
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0) return graph->initializer[i];
    return NULL;
}

static size_t count_nodes(const OnnxFile *file, const char *operator_name)
{
    size_t count = 0;
    for (size_t i = 0; i < file->model->graph->n_node; i++)
        count += strcmp(file->model->graph->node[i]->op_type, operator_name) == 0;
    return count;
}

static size_t count_tensors(const OnnxFile *file, int type)
{
    size_t count = 0;
    for (size_t i = 0; i < file->model->graph->n_initializer; i++)
        count += file->model->graph->initializer[i]->data_type == type &&
                 file->model->graph->initializer[i]->n_dims;
    return count;
}

static float random_weights[400];

/* x -> c1 (tensor w1, normalized by bn to n1, which an Identity hands on) -> relu -> c2 -> pooled -> out;
 * beside it an output of its own, `side`. */
static void begin_network(int64_t opset)
{
    static const float ones[6] = {1, 1, 1, 1, 1, 1};
    for (size_t i = 0; i < 400; i++) random_weights[i] = graph_random(5, i);
    ob_begin(opset);
    ob_metadata("owner", "somebody");
    ob_input("x", OB_FLOAT, 4, (int64_t[]){OB_OPEN, EXPORT_CHANNELS, EXPORT_SIDE, EXPORT_SIDE});
    ob_initializer_float("w1", 4, (int64_t[]){6, 3, 3, 3}, random_weights);
    ob_initializer_float("ones", 1, (int64_t[]){6}, ones);
    ob_initializer_float("mean", 1, (int64_t[]){6}, random_weights + 200);
    ob_initializer_float("w2", 4, (int64_t[]){5, 6, 1, 1}, random_weights + 220);
    ob_initializer_float("nobody", 1, (int64_t[]){6}, ones);
    ob_node("Conv", "first", OB_NAMES("x", "w1"), OB_NAMES("c1"));
    ob_node("BatchNormalization", "bn", OB_NAMES("c1", "ones", "mean", "mean", "ones"), OB_NAMES("n1"));
    ob_node("Relu", "relu", OB_NAMES("n1"), OB_NAMES("r1"));
    ob_node("Conv", "second", OB_NAMES("r1", "w2"), OB_NAMES("c2"));
    ob_node("GlobalAveragePool", "pool", OB_NAMES("c2"), OB_NAMES("out"));
    ob_node("GlobalAveragePool", "pool2", OB_NAMES("r1"), OB_NAMES("side"));
    ob_value_info("c1");
    ob_value_info("r1");
    ob_output("out");
}

/* Quantizes graph.onnx to export.onnx. */
static OnnxFile *export_graph(const char *output, const ExportSetting *setting)
{
    Quantized quantized;
    quantize(&quantized, scratch_path("graph.onnx"), output, setting, pool);
    write_quantized(&quantized, scratch_path("export.onnx"));
    check_same(&quantized, scratch_path("export.onnx"), "graph", setting);
    release(&quantized);
    return open_file(scratch_path("export.onnx"));
}

static void the_file_is_edited(void **state)
{
    begin_network(13);
    ob_write(scratch_path("graph.onnx"));
    OnnxFile *file = export_graph(NULL, &w3a4);
    const Onnx__GraphProto *graph = file->model->graph;
    assert_string_equal(onnx_file_metadata(file, "owner"), "somebody");
    assert_int_equal(count_nodes(file, "BatchNormalization"), 0);
    assert_int_equal(count_nodes(file, "QuantizeLinear"), 1); /* the network's own input stays float */
    assert_int_equal(count_nodes(file, "Clip"), 1);
    assert_int_equal(count_nodes(file, "DequantizeLinear"), 3);
    assert_int_equal(graph->n_node, 9);
    assert_int_equal(count_tensors(file, ONNX__TENSOR_PROTO__DATA_TYPE__INT8), 2);
    const Onnx__NodeProto *first = find_node(file, "n1"); /* it makes what the normalization made */
    assert_string_equal(first->name, "first");
    assert_string_equal(first->input[0], "x");
    assert_int_equal(first->n_input, 3);
    assert_string_equal(find_node(file, "c2")->name, "second");
    const char *gone[] = {"w1", "w2", "ones", "mean", "nobody"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) assert_null(find_tensor(file, gone[i]));
    const Onnx__TensorProto *codes = find_tensor(file, find_node(file, first->input[1])->input[0]);
    assert_int_equal(codes->raw_data.len, 6 * 3 * 3 * 3);
    for (size_t i = 0; i < codes->raw_data.len; i++)
        assert_in_range((int8_t)codes->raw_data.data[i] + 3, 0, 6);
    assert_int_equal(graph->n_value_info, 1);
    assert_string_equal(graph->value_info[0]->name, "r1");
    onnx_file_close(file);
}

static void values_that_nobody_has_are_left_out(void **state)
{
    begin_network(13);
    for (size_t i = 0; i < 4000; i++) {
        char name[16];
        snprintf(name, sizeof name, "dead%zu", i % 2000);
        ob_value_info(name);
    }
    ob_write(scratch_path("graph.onnx"));
    OnnxFile *file = export_graph(NULL, &w4);
    assert_int_equal(file->model->graph->n_value_info, 1);
    onnx_file_close(file);
}

/* The network that reaches the output chosen, alone: an inner value, or one of several outputs. */
static void the_output_chosen_is_the_output(void **state)
{
    begin_network(13);
    ob_output("side");
    ob_write(scratch_path("graph.onnx"));
    OnnxFile *file = export_graph("side", &w4);
    assert_int_equal(file->model->graph->n_output, 1);
    assert_string_equal(file->model->graph->output[0]->name, "side");
    assert_null(find_node(file, "c2"));
    onnx_file_close(file);
    file = export_graph("c2", &w4);
    assert_int_equal(file->model->graph->n_output, 1);
    assert_string_equal(file->model->graph->output[0]->name, "c2");
    assert_int_equal(file->model->graph->output[0]->type->tensor_type->elem_type,
                     ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    onnx_file_close(file);
}

/* All outputs stay, where none is chosen. */
static void several_outputs_stay(void **state)
{
    begin_network(13);
    ob_output("side");
    ob_write(scratch_path("graph.onnx"));
    OnnxFile *file = export_graph(NULL, &w4);
    assert_int_equal(file->model->graph->n_output, 2);
    assert_string_equal(file->model->graph->output[0]->name, "out");
    assert_string_equal(file->model->graph->output[1]->name, "side");
    onnx_file_close(file);
    file = export_graph("side,c2", &w4);
    assert_int_equal(file->model->graph->n_output, 2);
    assert_string_equal(file->model->graph->output[1]->name, "c2");
    assert_null(find_node(file, "out"));
    onnx_file_close(file);
}

/* Before IR version 4 tensors stand among the inputs. */
static void tensors_among_the_inputs(void **state)
{
    begin_network(10);
    ob_ir_version(3);
    ob_input("w2", OB_FLOAT, 4, (int64_t[]){5, 6, 1, 1});
    ob_input("unused", OB_FLOAT, 1, (int64_t[]){1});
    ob_write(scratch_path("graph.onnx"));
    OnnxFile *file = export_graph(NULL, &w3a4);
    assert_int_equal(file->model->ir_version, 4);
    assert_int_equal(file->model->graph->n_input, 2);
    assert_string_equal(file->model->graph->input[1]->name, "unused");
    onnx_file_close(file);
}

static void nodes_that_share_weights_share_codes(void **state)
{
    size_t shared = 0;
    while (strcmp(export_graphs[shared].name, "shared") != 0) shared++;
    export_graph_write(scratch_path("graph.onnx"), shared);
    OnnxFile *file = export_graph(NULL, &w4);
    /* with a bias, without, and the two copies that a normalization is folded into */
    assert_int_equal(count_tensors(file, ONNX__TENSOR_PROTO__DATA_TYPE__INT8), 4);
    assert_int_equal(count_nodes(file, "Conv"), 5);
    assert_string_equal(find_node(file, "c")->input[1], find_node(file, "e")->input[1]);
    assert_string_equal(find_node(file, "c")->input[2], find_node(file, "e")->input[2]);
    onnx_file_close(file);
}

/* A layer that stays float keeps its nodes; one whose input alone is quantized, its weights and
 * normalization. */
static void float_layers_stay(void **state)
{
    begin_network(13);
    ob_write(scratch_path("graph.onnx"));
    Quantized quantized;
    quantize(&quantized, scratch_path("graph.onnx"), NULL, &w4, pool);
    pipeline_free(quantized.pipeline);
    quantized.plan->layers[0].weight_bits = BITS_FLOAT;
    check(pipeline_run(&quantized.pipeline, quantized.network, quantized.plan, noise, &normalization,
                       &(PipelineOptions){.pool = pool}, &message),
          "again");
    write_quantized(&quantized, scratch_path("export.onnx"));
    OnnxFile *file = open_file(scratch_path("export.onnx"));
    assert_non_null(find_node(file, "n1"));
    assert_string_equal(find_node(file, "n1")->op_type, "BatchNormalization");
    assert_string_equal(find_node(file, "c1")->input[1], "w1");
    assert_int_equal(find_node(file, "c1")->n_input, 2);
    assert_int_equal(count_nodes(file, "DequantizeLinear"), 1);
    onnx_file_close(file);
    release(&quantized);
}

static void data_of_other_files_is_put_inside(void **state)
{
    begin_network(13);
    ob_initializer_external("w3", OB_FLOAT, 1, (int64_t[]){5}, "w3.data", "4", "20");
    ob_node("Add", "shift", OB_NAMES("out", "w4"), OB_NAMES("shifted"));
    ob_node("Reshape", "shape", OB_NAMES("w3", "to"), OB_NAMES("w4"));
    ob_initializer_int64("to", 1, (int64_t[]){4}, (int64_t[]){1, 5, 1, 1});
    ob_write(scratch_path("graph.onnx"));
    scratch_write("w3.data", random_weights + 10, 24);
    OnnxFile *file = export_graph("shifted", &w4);
    const Onnx__TensorProto *tensor = find_tensor(file, "w3");
    assert_int_equal(tensor->n_external_data, 0);
    assert_int_equal(tensor->data_location, ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT);
    assert_int_equal(tensor->raw_data.len, 20);
    assert_memory_equal(tensor->raw_data.data, random_weights + 11, 20);
    onnx_file_close(file);
}

static void the_number_of_threads_changes_no_byte(void **state)
{
    char *first = NULL;
    size_t size = 0;
    begin_network(13);
    ob_write(scratch_path("graph.onnx"));
    for (size_t threads = 1; threads <= 4; threads *= 2) {
        Quantized quantized;
        Pool *own;
        char *bytes;
        size_t length;
        check(pool_create(&own, threads, &message), "pool");
        quantize(&quantized, scratch_path("graph.onnx"), NULL, &w3a4, own);
        write_quantized(&quantized, scratch_path("export.onnx"));
        check(file_read(&bytes, &length, scratch_path("export.onnx"), SIZE_MAX, &message), "export.onnx");
        if (first) {
            assert_int_equal(length, size);
            assert_memory_equal(bytes, first, size);
            free(bytes);
        } else {
            first = bytes;
            size = length;
        }
        release(&quantized);
        pool_free(own);
    }
    free(first);
}

/* --- what is refused ---------------------------------------------------------------------------------- */

static void refuse(const char *first, const char *second)
{
    Plan *plan;
    Network *network = open_network(scratch_path("graph.onnx"), NULL);
    check(plan_create(&plan, network, &message), "plan");
    const Status status = quantized_onnx_check(network, plan, &(WriteMemory){0}, &message);
    assert_int_equal(status, STATUS_UNSUPPORTED);
    assert_says(first);
    assert_says(second);
    plan_set_bits(plan, network, BITS_FLOAT, BITS_FLOAT,
                  BITS_FLOAT); /* nothing to write: nothing to refuse */
    if (network->opset >= QUANTIZED_MODEL_FIRST_OPSET)
        check(quantized_onnx_check(network, plan, &(WriteMemory){0}, &message), "float");
    plan_drop(plan);
    network_free(network);
}

static void what_cannot_be_written_is_refused_before_the_work(void **state)
{
    begin_network(9);
    ob_write(scratch_path("graph.onnx"));
    refuse("opset 9 has no DequantizeLinear", "convert it to opset 13 or later");
    graph_write(scratch_path("graph.onnx"), "y=Einsum(x,{3,5,2}#1) equation='nchw,cde->nd'", 13,
                (size_t[]){0, EXPORT_CHANNELS, EXPORT_SIDE, EXPORT_SIDE});
    refuse("(Einsum)", "sums over axes of one operand alone");
    const uint16_t halves[5 * 3] = {0x3c00, 0x4000};
    ob_begin(13);
    ob_input("x", OB_FLOAT, 4, (int64_t[]){OB_OPEN, EXPORT_CHANNELS, EXPORT_SIDE, EXPORT_SIDE});
    ob_initializer_raw("w", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16, 4, (int64_t[]){5, 3, 1, 1}, halves,
                       sizeof halves);
    ob_node("Conv", "conv", OB_NAMES("x", "w"), OB_NAMES("y"));
    ob_output("y");
    ob_write(scratch_path("graph.onnx"));
    refuse("layer 'conv'", "FLOAT16");
}

/* A file that changed after it was opened is not exported, and an existing output is kept. */
static void another_file_is_not_edited(void **state)
{
    Quantized quantized;
    begin_network(13);
    ob_write(scratch_path("graph.onnx"));
    quantize(&quantized, scratch_path("graph.onnx"), NULL, &w4, pool);
    begin_network(13);
    ob_metadata("owner", "another");
    ob_write(scratch_path("graph.onnx"));
    scratch_text("export.onnx", "before");
    const Result result = {
        .network = quantized.network, .plan = quantized.plan, .pipeline = quantized.pipeline};
    assert_int_equal(quantized_onnx_write(scratch_path("export.onnx"), &result, &message), STATUS_INVALID);
    assert_says("it has changed since it was opened");
    char *text = scratch_read(scratch_path("export.onnx"));
    assert_string_equal(text, "before");
    free(text);
    release(&quantized);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_computes_the_same),
        cmocka_unit_test(what_is_written_can_be_quantized_again),
        cmocka_unit_test(the_file_is_edited),
        cmocka_unit_test(values_that_nobody_has_are_left_out),
        cmocka_unit_test(the_output_chosen_is_the_output),
        cmocka_unit_test(several_outputs_stay),
        cmocka_unit_test(tensors_among_the_inputs),
        cmocka_unit_test(nodes_that_share_weights_share_codes),
        cmocka_unit_test(float_layers_stay),
        cmocka_unit_test(data_of_other_files_is_put_inside),
        cmocka_unit_test(the_number_of_threads_changes_no_byte),
        cmocka_unit_test(what_cannot_be_written_is_refused_before_the_work),
        cmocka_unit_test(another_file_is_not_edited),
    };
    return cmocka_run_group_tests(tests, set_up, noise_stop);
}
