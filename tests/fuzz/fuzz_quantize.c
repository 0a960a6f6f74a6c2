/* SPDX-License-Identifier: MIT */
/* ONNX files that open are quantized on a few images, and bounded. The code after the reader meets odd shapes
 * and numbers, and the order of the ladder must still hold. */
#include "bound/ladder.h"
#include "bound/norm.h"
#include "explore/pipeline.h"
#include "fuzz_input.h"
#include "network/network.h"
#include "network/run/weights.h"

#include <stdlib.h>
#include <string.h>

#define CEILING ((size_t)2 << 20)
#define MOST_MACS 200000
#define MOST_NODES 60
#define IMAGES 5

static Dataset *make_images(const Network *network)
{
    const size_t sizes[] = {IMAGES, network->height, network->width, network->channels};
    const size_t pixels = IMAGES * network->height * network->width * network->channels;
    uint8_t *file = calloc(1, 20 + pixels);
    Dataset *images = NULL;
    if (!file) return NULL;
    memcpy(file, "\0\0\x8\x4", 4);
    for (size_t i = 0; i < 4; i++)
        memcpy(file + 4 + 4 * i, &(uint32_t){__builtin_bswap32((uint32_t)sizes[i])}, 4);
    for (size_t i = 0; i < pixels; i++) file[20 + i] = (uint8_t)(i * i * 2654435761u >> 13);
    const DatasetSource source = {.images = fuzz_file("images", file, 20 + pixels),
                                  .preparation = {.layout = LAYOUT_NHWC}};
    dataset_open(&images, &source, NULL);
    free(file);
    return images;
}

static void bound(const Network *network, const Pipeline *pipeline, const Dataset *images, Pool *pool,
                  const Normalization *normalization)
{
    Message message = {0};
    Ladder ladder;
    LayerNorm *norms = calloc(network->node_count, sizeof *norms);
    fuzz_require(norms != NULL, "memory for norms");
    Status status = network_norms(norms, network, &(NormOptions){.pool = pool, .memory = CEILING}, &message);
    fuzz_require_message(status, &message);
    if (status == STATUS_OK)
        status = ladder_create(&ladder, network, (const Weights *const *)pipeline->weights, norms, images,
                               normalization, &(LadderOptions){.pool = pool, .images = 3}, &message);
    fuzz_require_message(status, &message);
    if (status == STATUS_OK) {
        fuzz_require(!ladder.violation, ladder.violation);
        ladder_free(&ladder);
    }
    free(norms);
}

static void quantize(const Network *network, const Dataset *images, Pool *pool, unsigned bits)
{
    Message message = {0};
    Plan *plan;
    Pipeline *pipeline;
    Normalization normalization;
    for (size_t c = 0; c < DATASET_MAX_CHANNELS; c++)
        normalization.mean[c] = 0.5f, normalization.std[c] = 0.25f;
    fuzz_require(plan_create(&plan, network, &message) == STATUS_OK, "memory for a plan");
    plan_set_bits(plan, network, 2 + bits % 7, 8, 8);
    plan_set_activation_bits(plan, network, bits & 8 ? 8 : BITS_FLOAT);
    plan->options.rows = 50;
    plan->options.calibration_images = 4;
    plan->options.error_compensated = (bits & 16) != 0;
    plan->options.mode = bits & 32 ? MODE_SEQUENTIAL : MODE_INDEPENDENT;
    fuzz_require_message(pipeline_run(&pipeline, network, plan, images, &normalization,
                                      &(PipelineOptions){.pool = pool, .memory = (size_t)512 << 20},
                                      &message),
                         &message);
    if (pipeline) bound(network, pipeline, images, pool, &normalization);
    pipeline_free(pipeline);
    plan_drop(plan);
}

static bool is_small(const Network *network)
{
    uint64_t macs = 0;
    for (size_t l = 0; l < network->layer_count && macs < MOST_MACS; l++) macs += network->layers[l].macs;
    return network->layer_count && macs < MOST_MACS && network->node_count < MOST_NODES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Pool *pool;
    Network *network;
    if (!pool) fuzz_require(pool_create(&pool, 1, NULL) == STATUS_OK, "memory for a pool");
    network_open(&network, fuzz_file("fuzz.onnx", data, size), &(NetworkOptions){.memory = CEILING}, NULL);
    if (!network) return 0;
    Dataset *images = is_small(network) ? make_images(network) : NULL;
    if (images) quantize(network, images, pool, (unsigned)(size * 2654435761u >> 7));
    dataset_free(images);
    network_free(network);
    return 0;
}
