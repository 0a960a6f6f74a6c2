/* SPDX-License-Identifier: MIT */
#include "network/build/input_image.h"

#include "base/sizes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SIDE 16 /* pixels per side: above the usual numbers of channels */

static Status read_dimensions(InputImage *image, const Graph *graph, Message *message)
{
    const char *name = graph_name(graph, graph->input);
    const Onnx__TypeProto *type = graph->names[graph->input].input->type;
    const Onnx__TypeProto__Tensor *tensor = type ? type->tensor_type : NULL;
    if (!tensor || !tensor->has_elem_type || tensor->elem_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return status_fail(message, STATUS_UNSUPPORTED, "input '%s' is %s: only FLOAT images are supported",
                           name, tensor ? onnx_type_name(tensor->elem_type) : "no tensor");
    size_t rank = tensor->shape ? tensor->shape->n_dim : 0;
    if (rank != 4)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "input '%s' has rank %zu: only images (rank 4) are supported", name, rank);
    for (size_t i = 0; i < 4; i++) {
        const Onnx__TensorShapeProto__Dimension *dimension = tensor->shape->dim[i];
        int64_t size = dimension->has_dim_value ? dimension->dim_value : -1;
        if (size < -1 || size == 0 || size > INT32_MAX)
            return status_fail(message, STATUS_INVALID, "input '%s': dimension %zu is %" PRId64, name, i,
                               size);
        image->sizes[i] = size == -1 ? 0 : (size_t)size;
    }
    return STATUS_OK;
}

/* Reads up to four comma-separated positive numbers. Returns how many, or 0 if the text is something else. */
static size_t parse_sizes(size_t sizes[4], const char *text)
{
    for (size_t count = 0; count < 4; text++) {
        char *end;
        if (*text < '0' || *text > '9') return 0;
        unsigned long long size = strtoull(text, &end, 10);
        if (size == 0 || size > INT32_MAX) return 0;
        sizes[count++] = (size_t)size;
        if (*end == 0) return count;
        if (*end != ',') return 0;
        text = end;
    }
    return 0;
}

/* Fills in the sizes that the file leaves open. Three numbers do not set the batch. */
static Status apply_option(InputImage *image, const char *option, Message *message)
{
    size_t given[4];
    if (!option) return STATUS_OK;
    size_t count = parse_sizes(given, option);
    if (count < 3)
        return status_fail(message, STATUS_INVALID,
                           "input shape '%s' is not three or four sizes, as in 3,224,224 or 1,3,224,224",
                           option);
    for (size_t i = 0; i < count; i++) {
        size_t axis = i + 4 - count;
        if (image->sizes[axis] != 0 && image->sizes[axis] != given[i])
            return status_fail(message, STATUS_INVALID,
                               "input shape '%s': the file fixes dimension %zu of its input at %zu", option,
                               axis, image->sizes[axis]);
        image->sizes[axis] = given[i];
    }
    return STATUS_OK;
}

static bool is_to_channels_first(const Onnx__NodeProto *node)
{
    static const int64_t order[] = {0, 3, 1, 2};
    if (!node->op_type || strcmp(node->op_type, "Transpose") != 0 || node->n_attribute != 1) return false;
    const Onnx__AttributeProto *perm = node->attribute[0];
    return perm->n_ints == 4 && memcmp(perm->ints, order, sizeof order) == 0;
}

/* True if the file's order is N, H, W, C: all consumers of the image are Transposes by 0,3,1,2, or the last
 * dimension is 1, 3 or 4 and the two before it are at least LEAST_SIDE. */
static bool is_channels_last(const InputImage *image, const Graph *graph)
{
    bool transposed = false, other = false;
    for (size_t i = 0; i < graph->order_count; i++) {
        size_t node = graph->order[i];
        for (size_t k = 0; k < graph->proto->node[node]->n_input; k++) {
            if (graph_input(graph, node, k) != graph->input) continue;
            bool is = is_to_channels_first(graph->proto->node[node]);
            transposed |= is;
            other |= !is;
        }
    }
    size_t last = image->sizes[3];
    bool is_image = image->sizes[1] >= LEAST_SIDE && image->sizes[2] >= LEAST_SIDE;
    return (transposed && !other) || (is_image && (last == 1 || last == 3 || last == 4));
}

Status input_image_read(InputImage *image, const Graph *graph, const char *option, Message *message)
{
    Status status = read_dimensions(image, graph, message);
    if (!status) status = apply_option(image, option, message);
    if (status) return status;
    image->channels_last = is_channels_last(image, graph);
    for (size_t i = 1; i < 4; i++) {
        if (image->sizes[i]) continue;
        status = status_fail(message, STATUS_INVALID,
                             "the file leaves dimension %zu of its input open, and an input shape is needed, "
                             "as in %s",
                             i, image->channels_last ? "224,224,3" : "3,224,224");
        return status_advise(status, message, REMEDY_INPUT_SHAPE);
    }
    return STATUS_OK;
}

Status input_image_value(BuildValue *value, const InputImage *image, size_t batch, size_t ceiling,
                         Message *message)
{
    size_t bytes = sizeof(float);
    *value = (BuildValue){.type = ELEMENT_FLOAT, .rank = 4, .channels_last = !image->channels_last};
    for (size_t i = 0; i < 4; i++) {
        value->shape[i] = i == 0 ? batch : image->sizes[i];
        if (!size_multiply(&bytes, bytes, value->shape[i])) bytes = SIZE_MAX;
    }
    if (bytes <= ceiling) return STATUS_OK;
    Status status = status_fail(message, STATUS_MEMORY,
                                "images of %zu x %zu x %zu, %zu at once, take %s%zu MiB, more than the %zu "
                                "MiB that are left",
                                image->sizes[1], image->sizes[2], image->sizes[3], batch,
                                bytes == SIZE_MAX ? "more than " : "", size_mib(bytes), size_mib(ceiling));
    return status_advise(status, message, REMEDY_MEMORY);
}
