/* SPDX-License-Identifier: MIT */
#include "quantize/calibrate/chains.h"

#include "network/geometry.h"
#include "network/run/run.h"

#include <string.h>

/* Work of a worker between two looks at the caller's wish to cancel: about 10 ms, at most some tiles. */
#define ROUND_MACS ((uint64_t)1 << 29)
#define ROUND_TILES 8

static bool is_constant(const Network *network, size_t value)
{
    return network->values[value].constant != NULL;
}

/* --- creating ----------------------------------------------------------------------------------------- */

Status chains_create(Chains *chains, const Network *network, size_t images, Pool *pool, Message *message)
{
    const size_t workers = pool_workers(pool), tiles = size_ceil_div(images, network->batch);
    *chains = (Chains){.network = network,
                       .pool = pool,
                       .images = images,
                       .tiles = tiles,
                       .most_inputs = 1,
                       .arena = arena_make(SIZE_MAX)};
    for (size_t i = 0; i < network->node_count; i++)
        chains->most_inputs = size_max(chains->most_inputs, network->nodes[i].input_count);
    chains->values = arena_new(&chains->arena, ChainValue, network->value_count);
    chains->nonnegative = arena_new(&chains->arena, bool, network->value_count);
    chains->weights = arena_new(&chains->arena, const Weights *, network->layer_count);
    chains->differences = arena_new(&chains->arena, ChainDifference, network->layer_count);
    chains->workspaces = arena_new(&chains->arena, Workspace *, workers);
    chains->inputs = arena_new(&chains->arena, const void *, workers * chains->most_inputs);
    chains->statuses = arena_new(&chains->arena, Status, tiles);
    chains->partial = arena_new(&chains->arena, double, 2 * tiles);
    if (!chains->values || !chains->nonnegative || !chains->weights || !chains->differences ||
        !chains->workspaces || !chains->inputs || !chains->statuses || !chains->partial)
        return status_no_memory(message, "calibration");
    network_find_nonnegative(chains->nonnegative, network);
    for (size_t i = 0; i < network->node_count; i++)
        for (size_t j = 0; j < network->nodes[i].input_count; j++)
            chains->values[network->nodes[i].inputs[j]].readers_left++;
    for (size_t l = 0; l < network->layer_count; l++) {
        chains->cancellation.total += network->layers[l].macs;
        chains->differences[l].nodes_left = network->layers[l].use_count;
    }
    Status status = STATUS_OK;
    for (size_t w = 0; w < workers && status == STATUS_OK; w++)
        status = workspace_create(&chains->workspaces[w], network, message);
    return status;
}

static void release_value(Chains *chains, size_t value)
{
    store_release(&chains->store, &chains->values[value].reference);
    store_release(&chains->store, &chains->values[value].quantized);
}

void chains_free(Chains *chains)
{
    for (size_t v = 0; chains->values && v < chains->network->value_count; v++) release_value(chains, v);
    store_trim(&chains->store);
    for (size_t w = 0; chains->workspaces && w < pool_workers(chains->pool); w++)
        workspace_free(chains->workspaces[w]);
    arena_free(&chains->arena);
    *chains = (Chains){0};
}

size_t chains_worker_bytes(const Network *network)
{
    size_t most = 0;
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        const size_t output = value_bytes(&network->values[node->output]);
        size_t inputs = 0;
        for (size_t k = 0; k < node->input_count; k++)
            if (!is_constant(network, node->inputs[k]))
                inputs += value_bytes(&network->values[node->inputs[k]]);
        /* running reads the inputs, comparing the chains reads the output twice */
        most = size_max(most, output + size_max(inputs, output));
    }
    return workspace_bytes(network) + most;
}

/* --- tiles ---------------------------------------------------------------------------------------------- */

Status chains_allocate(Chains *chains, size_t value, bool same, Message *message)
{
    ChainValue *chain = &chains->values[value];
    const size_t bytes = chains->tiles * value_bytes(&chains->network->values[value]);
    chain->same = same;
    Status status = store_allocate(&chains->store, &chain->reference, bytes, message);
    if (status == STATUS_OK && !same)
        status = store_allocate(&chains->store, &chain->quantized, bytes, message);
    return status;
}

static const StoreBuffer *buffer_of(const ChainValue *value, bool quantized)
{
    return quantized && !value->same ? &value->quantized : &value->reference;
}

void *chains_tile(const Chains *chains, size_t value, size_t tile, bool quantized)
{
    return buffer_of(&chains->values[value], quantized)->data +
           tile * value_bytes(&chains->network->values[value]);
}

void chains_put_away(const Chains *chains, size_t value, size_t tile, bool quantized)
{
    const size_t bytes = value_bytes(&chains->network->values[value]);
    store_put_away(buffer_of(&chains->values[value], quantized), tile * bytes, bytes);
}

/* --- images --------------------------------------------------------------------------------------------- */

typedef struct ReadJob {
    Chains *chains;
    const Dataset *dataset;
    const Normalization *normalization;
} ReadJob;

/* The last tile is filled up with zeros. */
static Status read_tile(const ReadJob *job, size_t tile, Message *message)
{
    Chains *chains = job->chains;
    const Network *network = chains->network;
    const size_t first = tile * network->batch, count = size_min(network->batch, chains->images - first);
    float *data = chains_tile(chains, network->input, tile, false);
    memset(data, 0, value_bytes(&network->values[network->input]));
    Status status = dataset_read(job->dataset, data, first, count, job->normalization, message);
    chains_put_away(chains, network->input, tile, false);
    return status;
}

static void read_task(void *context, size_t tile, size_t worker)
{
    (void)worker;
    const ReadJob *job = context;
    job->chains->statuses[tile] = read_tile(job, tile, NULL);
}

Status chains_read_images(Chains *chains, const Dataset *dataset, const Normalization *normalization,
                          Message *message)
{
    ReadJob job = {chains, dataset, normalization};
    pool_run(chains->pool, chains->tiles, read_task, &job);
    chains->values[chains->network->input].ready = true;
    for (size_t tile = 0; tile < chains->tiles; tile++)
        if (chains->statuses[tile] != STATUS_OK) return read_tile(&job, tile, message);
    return STATUS_OK;
}

/* --- nodes ---------------------------------------------------------------------------------------------- */

typedef struct NodeJob {
    Chains *chains;
    size_t node;
    bool quantized;
    size_t first; /* tile of the round */
} NodeJob;

static void run_tile(void *context, size_t index, size_t worker)
{
    const NodeJob *job = context;
    Chains *chains = job->chains;
    const size_t tile = job->first + index;
    const Network *network = chains->network;
    const Node *node = &network->nodes[job->node];
    const void **inputs = chains->inputs + worker * chains->most_inputs;
    for (size_t i = 0; i < node->input_count; i++)
        inputs[i] = is_constant(network, node->inputs[i])
                        ? network->values[node->inputs[i]].constant
                        : chains_tile(chains, node->inputs[i], tile, job->quantized);
    const Weights *weights = job->quantized && node->layer != NO_INDEX ? chains->weights[node->layer] : NULL;
    chains->statuses[tile] =
        network_run_node(network, job->node, chains_tile(chains, node->output, tile, job->quantized), inputs,
                         weights, chains->workspaces[worker], NULL);
    for (size_t i = 0; i < node->input_count; i++)
        chains_put_away(chains, node->inputs[i], tile, job->quantized);
    chains_put_away(chains, node->output, tile, job->quantized);
}

static Status run_chain(Chains *chains, size_t node, bool quantized, Message *message)
{
    const Network *network = chains->network;
    const size_t layer = network->nodes[node].layer;
    size_t round = ROUND_TILES;
    if (layer != NO_INDEX) {
        uint64_t macs = network->layers[layer].macs / network->layers[layer].use_count * network->batch;
        round = size_max(size_min((size_t)(ROUND_MACS / (macs + 1)), ROUND_TILES), 1);
    }
    round *= pool_workers(chains->pool);
    NodeJob job = {chains, node, quantized, 0};
    for (size_t count; job.first < chains->tiles; job.first += count) {
        count = size_min(round, chains->tiles - job.first);
        pool_run(chains->pool, count, run_tile, &job);
        for (size_t i = 0; i < count; i++)
            if (chains->statuses[job.first + i] != STATUS_OK)
                return status_fail(message, chains->statuses[job.first + i],
                                   "node '%s' failed while calibrating", network->nodes[node].name);
        Status status = cancellation_check(&chains->cancellation, true, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* partial[tile] = |a - b|^2 and |a - bias|^2 for the float and quantized outputs a, b [pixels][channels] of
 * the tile's images; what fills up the last tile is left out. */
static void compare_tile(void *context, size_t tile, size_t worker)
{
    (void)worker;
    const NodeJob *job = context;
    Chains *chains = job->chains;
    const Network *network = chains->network;
    const Node *node = &network->nodes[job->node];
    const Layer *layer = &network->layers[node->layer];
    const size_t batch = network->batch, images = size_min(batch, chains->images - tile * batch);
    const size_t channels = layer->groups * layer->m;
    const size_t count = network->values[node->output].elements / batch * images;
    const float *a = chains_tile(chains, node->output, tile, false);
    const float *b = chains_tile(chains, node->output, tile, true);
    double difference = 0, reference = 0;
    for (size_t pixel = 0; pixel < count; pixel += channels)
        for (size_t c = 0; c < channels; c++) {
            double y = (double)a[pixel + c] - (double)layer->bias[c];
            double d = (double)a[pixel + c] - (double)b[pixel + c];
            difference += d * d;
            reference += y * y;
        }
    chains_put_away(chains, node->output, tile, false);
    chains_put_away(chains, node->output, tile, true);
    chains->partial[2 * tile] = difference;
    chains->partial[2 * tile + 1] = reference;
}

static void add_difference(Chains *chains, size_t node)
{
    NodeJob job = {chains, node, true, 0};
    ChainDifference *sum = &chains->differences[chains->network->nodes[node].layer];
    pool_run(chains->pool, chains->tiles, compare_tile, &job);
    for (size_t tile = 0; tile < chains->tiles; tile++) {
        sum->difference += chains->partial[2 * tile];
        sum->reference += chains->partial[2 * tile + 1];
    }
}

bool chains_same(const Chains *chains, const Node *node)
{
    if (node->layer != NO_INDEX && chains->weights[node->layer]) return false;
    for (size_t i = 0; i < node->input_count; i++)
        if (!is_constant(chains->network, node->inputs[i]) && !chains->values[node->inputs[i]].same)
            return false;
    return true;
}

Status chains_run_node(Chains *chains, size_t index, Message *message)
{
    const Network *network = chains->network;
    const Node *node = &network->nodes[index];
    ChainValue *output = &chains->values[node->output];
    Status status = run_chain(chains, index, false, message);
    if (status == STATUS_OK && !output->same) status = run_chain(chains, index, true, message);
    if (status != STATUS_OK) return status;
    output->ready = true;
    if (node->layer != NO_INDEX) {
        if (!output->same) add_difference(chains, index);
        chains->differences[node->layer].nodes_left--;
        atomic_fetch_add(&chains->cancellation.done,
                         network->layers[node->layer].macs / network->layers[node->layer].use_count);
    }
    for (size_t i = 0; i < node->input_count; i++)
        if (!is_constant(network, node->inputs[i]) && --chains->values[node->inputs[i]].readers_left == 0)
            release_value(chains, node->inputs[i]);
    if (output->readers_left == 0) release_value(chains, node->output);
    return STATUS_OK;
}
