/* SPDX-License-Identifier: MIT */
#include "quantize/calibrate/sampling.h"

#include "base/random.h"
#include "network/run/run.h"
#include "quantize/calibrate/calibrate.h"

#include <stdlib.h>

#define MAX_HELDOUT_ROWS 4096 /* per layer */

size_t sample_rows(const SampleSizes *sizes, size_t positions)
{
    const size_t all = sizes->images * positions;
    return sizes->rows == CALIBRATE_ALL_ROWS ? all : size_min(sizes->rows, all);
}

size_t sample_heldout_rows(const SampleSizes *sizes, size_t positions)
{
    size_t rows =
        size_min(size_ceil_div(sample_rows(sizes, positions), SAMPLING_HELDOUT_PART), MAX_HELDOUT_ROWS);
    return size_min(rows, sizes->heldout_images * positions);
}

size_t sample_positions(const Network *network, const Layer *layer)
{
    size_t positions = 0;
    for (size_t i = 0; i < layer->use_count; i++) positions += network_rows(network, layer->uses[i]);
    return positions;
}

Status sampling_create(Sampling *sampling, Chains *chains, size_t index, const SampleSizes *sizes,
                       bool heldout, Message *message)
{
    const Network *network = chains->network;
    const Layer *layer = &network->layers[index];
    *sampling = (Sampling){.chains = chains, .seed = sizes->seed, .layer = index};
    for (size_t i = 0; i < layer->use_count && sampling->use_count < SAMPLING_MAX_USES; i++) {
        const size_t use = layer->uses[i];
        if (!chains->values[network->nodes[use].inputs[0]].ready) continue;
        sampling->uses[sampling->use_count++] = use;
        sampling->positions += network_rows(network, use);
    }
    sampling->first_image = heldout ? sizes->images : 0;
    sampling->images = heldout ? sizes->heldout_images : sizes->images;
    sampling->rows =
        heldout ? sample_heldout_rows(sizes, sampling->positions) : sample_rows(sizes, sampling->positions);
    sampling->scratch = calloc(pool_workers(chains->pool) * sampling->positions, sizeof(size_t));
    return sampling->scratch ? STATUS_OK : status_no_memory(message, "a layer's rows");
}

void sampling_free(Sampling *sampling)
{
    free(sampling->scratch);
    *sampling = (Sampling){0};
}

size_t sampling_rows_before(const Sampling *sampling, size_t images)
{
    if (sampling->rows >= sampling->images * sampling->positions) return images * sampling->positions;
    /* images * rows / sampling->images, without overflow */
    size_t whole = sampling->rows / sampling->images, rest = sampling->rows % sampling->images;
    return images * whole + images * rest / sampling->images;
}

typedef struct GatherJob {
    const Sampling *sampling;
    size_t first; /* image of the sampling that x starts with */
    bool quantized;
    float *x; /* [rows][groups*n] */
} GatherJob;

/* One image's rows: its positions in increasing order, use by use. */
static void gather_image(void *context, size_t index, size_t worker)
{
    const GatherJob *job = context;
    const Sampling *sampling = job->sampling;
    const Network *network = sampling->chains->network;
    const Layer *layer = &network->layers[sampling->layer];
    const size_t number = job->first + index, image = sampling->first_image + number;
    const size_t before = sampling_rows_before(sampling, number);
    const size_t count = sampling_rows_before(sampling, number + 1) - before;
    const size_t width = layer->groups * layer->n, tile = image / network->batch;
    float *x = job->x + (before - sampling_rows_before(sampling, job->first)) * width;
    size_t *positions = sampling->scratch + worker * sampling->positions;
    random_subset(positions, count, sampling->positions, sampling->seed, sampling->layer, image);
    size_t taken = 0, offset = 0;
    for (size_t s = 0; s < sampling->use_count; s++) {
        const size_t use = sampling->uses[s], input = network->nodes[use].inputs[0];
        const size_t rows = network_rows(network, use);
        size_t here = 0;
        while (taken + here < count && positions[taken + here] < offset + rows)
            positions[taken + here++] -= offset;
        network_gather(network, use, x + taken * width,
                       chains_tile(sampling->chains, input, tile, job->quantized), image % network->batch,
                       positions + taken, here);
        chains_put_away(sampling->chains, input, tile, job->quantized);
        taken += here;
        offset += rows;
    }
}

void sampling_gather(const Sampling *sampling, float *x, size_t first, size_t count, bool quantized)
{
    GatherJob job = {sampling, first, quantized, x};
    pool_run(sampling->chains->pool, count, gather_image, &job);
}

bool sampling_chains_differ(const Sampling *sampling)
{
    const Chains *chains = sampling->chains;
    for (size_t s = 0; s < sampling->use_count; s++)
        if (!chains->values[chains->network->nodes[sampling->uses[s]].inputs[0]].same) return true;
    return false;
}
