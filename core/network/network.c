/* SPDX-License-Identifier: MIT */
#include "network/network.h"

#include "base/sizes.h"
#include "network/build/build_graph.h"
#include "network/build/finish.h"
#include "network/build/input_image.h"
#include "network/run/prepare.h"
#include "network/storage.h"
#include "onnx/onnx_file.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_CEILING ((size_t)2 << 30)
#define TILE 16 /* most images per tile if the file leaves the batch open */
#define TILE_BYTES                                                                                           \
    ((size_t)3 << 20) /* most bytes of images per tile: 4 images of 3 x 224 x 224. Keeps workspaces small */

typedef struct Opening {
    const char *path;
    NetworkOptions options;
    size_t ceiling;
    OnnxFile *file;
    Graph graph;
    InputImage image;
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
    const NetworkOptions *options = &opening->options;
    NetworkStorage *storage = network->storage;
    storage->arena = arena_make(room(opening));
    storage->direct = options->kernels == KERNELS_BEST;
    storage->backend = &conv_plain;
#if HAVE_DNNL
    if (options->kernels != KERNELS_PLAIN) storage->backend = &conv_dnnl;
#endif
    const char *const texts[] = {opening->path, options->output, options->input_shape, options->task};
    const char **const copies[] = {&network->path, &network->chosen_output, &network->chosen_shape,
                                   &network->task};
    bool fits = true;
    for (size_t i = 0; i < 4 && fits; i++) {
        if (texts[i]) *copies[i] = arena_copy_text(&storage->arena, texts[i], strlen(texts[i]));
        fits = !texts[i] || *copies[i];
    }
    memcpy(network->sha256, opening->file->sha256, sizeof network->sha256);
    *result = network;
    return fits ? STATUS_OK : arena_fail(&storage->arena, message);
}

/* The network for tiles of `batch` images; *network is NULL on failure. */
static Status build_network(Network **network, const Opening *opening, size_t batch, Message *message)
{
    *network = NULL;
    BuildValue image;
    Builder builder = {0};
    Status status = make_network(network, opening, message);
    if (!status) status = input_image_value(&image, &opening->image, batch, room(opening), message);
    if (!status)
        status = graph_build(&builder, opening->file, &opening->graph, &(*network)->storage->arena,
                             room(opening), &image, message);
    if (!status) status = finish_network(*network, &builder, message);
    builder_end(&builder);
    if (!status) status = network_prepare(*network, room(opening), message);
    if (!status) return STATUS_OK;
    network_free(*network);
    *network = NULL;
    return status;
}

/* If the file leaves the batch open, it is the largest power of two up to TILE whose images fit into
 * TILE_BYTES. If reshapes fix the batch at 1 all the same, that fails: try 1. Not after STATUS_MEMORY, as
 * another batch may change the last bits of the results. */
static Status try_batches(Network **network, const Opening *opening, Message *message)
{
    const size_t *sizes = opening->image.sizes;
    if (sizes[0]) return build_network(network, opening, sizes[0], message);
    size_t batch = 1, bytes = sizeof(float);
    bool fits = true;
    for (size_t i = 1; i < 4 && fits; i++) fits = size_multiply(&bytes, bytes, sizes[i]);
    while (fits && batch < TILE && 2 * batch <= TILE_BYTES / bytes) batch *= 2;
    Status status = build_network(network, opening, batch, message);
    return status && status != STATUS_MEMORY ? build_network(network, opening, 1, message) : status;
}

Status network_open(Network **network, const char *path, const NetworkOptions *options, Message *message)
{
    *network = NULL;
    Opening opening = {.path = path, .options = *options};
    opening.ceiling = options->memory ? options->memory : DEFAULT_CEILING;
    Status status = onnx_file_open(&opening.file, path, opening.ceiling, message);
    if (!status) status = graph_make(&opening.graph, opening.file->model->graph, options->output, message);
    if (!status) status = graph_check_operators(&opening.graph, opening.file->opset, message);
    if (!status) status = input_image_read(&opening.image, &opening.graph, options->input_shape, message);
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
