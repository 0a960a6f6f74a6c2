/* SPDX-License-Identifier: MIT */
/* Writes the small networks of the export tests, and random images for them:
 *
 *     peer_graphs FOLDER      NAME.onnx for each network, and `noise` (IDX); prints the names
 *
 * One of them is written again as `external`, with its tensors in another file.
 */
#include "export_graphs.h"
#include "noise.h"
#include "onnx/onnx_file.h"

#define IMAGES 40

static const char *path_of(const char *name, const char *ending)
{
    char file[64];
    snprintf(file, sizeof file, "%s%s", name, ending);
    return scratch_path(file);
}

static Onnx__StringStringEntryProto *entry_of(char *key, char *value)
{
    Onnx__StringStringEntryProto *entry = malloc(sizeof *entry);
    assert_non_null(entry);
    onnx__string_string_entry_proto__init(entry);
    entry->key = key;
    entry->value = value;
    return entry;
}

/* Moves the tensor's data to the end of a file. The process ends soon after: nothing is freed. */
static void move_out(Onnx__TensorProto *tensor, FILE *data)
{
    char *offset = malloc(24), *length = malloc(24);
    tensor->external_data = calloc(3, sizeof *tensor->external_data);
    assert_true(offset && length && tensor->external_data);
    snprintf(offset, 24, "%ld", ftell(data));
    snprintf(length, 24, "%zu", tensor->raw_data.len);
    tensor->external_data[tensor->n_external_data++] = entry_of("location", "external.data");
    tensor->external_data[tensor->n_external_data++] = entry_of("offset", offset);
    tensor->external_data[tensor->n_external_data++] = entry_of("length", length);
    tensor->has_data_location = true;
    tensor->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    assert_int_equal(fwrite(tensor->raw_data.data, 1, tensor->raw_data.len, data), tensor->raw_data.len);
    tensor->has_raw_data = false;
}

static void write_external(const char *from)
{
    OnnxFile *file;
    assert_int_equal(onnx_file_open(&file, path_of(from, ".onnx"), SIZE_MAX, &message), STATUS_OK);
    FILE *data = fopen(path_of("external", ".data"), "wb");
    assert_non_null(data);
    for (size_t i = 0; i < file->model->graph->n_initializer; i++)
        move_out(file->model->graph->initializer[i], data);
    assert_int_equal(fclose(data), 0);
    const size_t size = onnx__model_proto__get_packed_size(file->model);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    onnx__model_proto__pack(file->model, bytes);
    scratch_write("external.onnx", bytes, size);
    puts("external");
}

int main(int count, char **arguments)
{
    if (count != 2 || strlen(arguments[1]) >= sizeof scratch) return 2;
    snprintf(scratch, sizeof scratch, "%s", arguments[1]);
    dataset_free(noise_open(IMAGES, EXPORT_SIDE, EXPORT_CHANNELS));
    for (size_t i = 0; i < export_graph_count; i++) {
        export_graph_write(path_of(export_graphs[i].name, ".onnx"), i);
        puts(export_graphs[i].name);
    }
    write_external(export_graphs[0].name);
    return 0;
}
