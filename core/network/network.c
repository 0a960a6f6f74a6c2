#include "network/network.h"

#include "base/sizes.h"
#include "network/build/build_graph.h"
#include "network/build/finish.h"
#include "network/run/prepare.h"
#include "network/storage.h"
#include "onnx/onnx_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CEILING ((size_t)2 << 30)
#define LEAST_SIDE 16 /* pixels per side: above the usual numbers of channels */
#define TILE 16       /* most images per tile if the file leaves the batch open */
#define TILE_BYTES                                                                                           \
    ((size_t)3 << 20) /* most bytes of images per tile: 4 images of 3 x 224 x 224. Keeps workspaces small */

/* --- the image -------------------------------------------------------------------------------------- */

/* What the file and --input-shape say of the input's four dimensions, in the file's order; 0 where open. */
typedef struct ImageShape {
    size_t sizes[4];
    bool channels_last; /* the file's order is N, H, W, C */
} ImageShape;

static Status read_dimensions(ImageShape *image, const Graph *graph, Message *message)
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
static Status apply_option(ImageShape *image, const char *option, Message *message)
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
static bool is_channels_last(const ImageShape *image, const Graph *graph)
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

static Status read_image(ImageShape *image, const Graph *graph, const char *option, Message *message)
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

/* The image as a value: N,C,H,W stored channels last, or N,H,W,C in ONNX's order. */
static Status image_value(BuildValue *value, const ImageShape *image, size_t batch, size_t ceiling,
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

/* --- opening ---------------------------------------------------------------------------------------- */

typedef struct Opening {
    const char *path;
    NetworkOptions options;
    size_t ceiling;
    OnnxFile *file;
    Graph graph;
    ImageShape image;
} Opening;

/* Bytes that the unpacked file leaves of the ceiling. */
static size_t room(const Opening *opening)
{
    return opening->ceiling - size_min(opening->file->used, opening->ceiling);
}

static Status make_network(Network **result, const Opening *opening, Message *message)
{
    Network *network = calloc(1, sizeof *network);
    if (network) network->storage = calloc(1, sizeof *network->storage);
    if (!network || !network->storage) {
        free(network);
        return status_no_memory(message, "the network");
    }
    NetworkStorage *storage = network->storage;
    storage->arena = arena_make(room(opening));
    storage->direct = !opening->options.plain_kernels;
    storage->backend = &conv_plain;
#if HAVE_DNNL
    if (!opening->options.plain_kernels) storage->backend = &conv_dnnl;
#endif
    const NetworkOptions *options = &opening->options;
    const char *const texts[] = {opening->path, options->output, options->input_shape};
    const char **const copies[] = {&network->path, &network->chosen_output, &network->chosen_shape};
    bool fits = true;
    for (size_t i = 0; i < 3 && fits; i++) {
        if (texts[i]) *copies[i] = arena_copy_text(&storage->arena, texts[i], strlen(texts[i]));
        fits = !texts[i] || *copies[i];
    }
    memcpy(network->sha256, opening->file->sha256, sizeof network->sha256);
    *result = network;
    return fits ? STATUS_OK : arena_fail(&storage->arena, message);
}

static Status build_network(Network *network, const Opening *opening, size_t batch, Message *message)
{
    BuildValue image;
    Status status = image_value(&image, &opening->image, batch, room(opening), message);
    if (status) return status;
    Builder builder = {0};
    status = graph_build(&builder, opening->file, &opening->graph, &network->storage->arena, room(opening),
                         &image, message);
    if (!status) status = finish_network(network, &builder, message);
    builder_end(&builder);
    return status ? status : network_prepare(network, room(opening), message);
}

static Status try_batch(Network **network, const Opening *opening, size_t batch, Message *message)
{
    *network = NULL;
    Status status = make_network(network, opening, message);
    if (!status) status = build_network(*network, opening, batch, message);
    if (!status) return STATUS_OK;
    network_free(*network);
    *network = NULL;
    return status;
}

static Status open_file(Opening *opening, Message *message)
{
    Status status = onnx_file_open(&opening->file, opening->path, opening->ceiling, message);
    if (!status)
        status = graph_make(&opening->graph, opening->file->model->graph, opening->options.output, message);
    if (!status) status = graph_check_operators(&opening->graph, opening->file->opset, message);
    if (!status) status = read_image(&opening->image, &opening->graph, opening->options.input_shape, message);
    return status;
}

/* The largest power of two up to TILE whose images fit into TILE_BYTES. */
static size_t open_batch(const ImageShape *image)
{
    size_t batch = 1, bytes = sizeof(float);
    for (size_t i = 1; i < 4; i++)
        if (!size_multiply(&bytes, bytes, image->sizes[i])) return 1;
    while (batch < TILE && 2 * batch <= TILE_BYTES / bytes) batch *= 2;
    return batch;
}

/* If the input leaves the batch open but reshapes fix it at 1, opening with a larger batch fails: try 1. Not
 * after STATUS_MEMORY, as another batch may change the last bits of the results. */
static Status try_batches(Network **network, const Opening *opening, Message *message)
{
    size_t fixed = opening->image.sizes[0];
    if (fixed) return try_batch(network, opening, fixed, message);
    Status status = try_batch(network, opening, open_batch(&opening->image), message);
    return status && status != STATUS_MEMORY ? try_batch(network, opening, 1, message) : status;
}

Status network_open(Network **network, const char *path, const NetworkOptions *options, Message *message)
{
    *network = NULL;
    Opening opening = {.path = path, .options = *options};
    opening.ceiling = options->memory ? options->memory : DEFAULT_CEILING;
    Status status = open_file(&opening, message);
    if (!status) status = try_batches(network, &opening, message);
    graph_free(&opening.graph);
    onnx_file_close(opening.file);
    status = onnx_file_advise(status, path, opening.ceiling, message);
    return status ? status_context(message, status, "cannot open '%s'", path) : STATUS_OK;
}

void network_free(Network *network)
{
    if (!network) return;
    network_release(network);
    arena_free(&network->storage->arena);
    free(network->storage);
    free(network);
}

const char *network_kernels(const Network *network)
{
    return network->storage->kernels;
}
