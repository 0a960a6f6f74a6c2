/* SPDX-License-Identifier: MIT */
#include "bound/ladder_tile.h"

#include "base/sizes.h"
#include "bound/lipschitz.h"
#include "network/geometry.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FLOAT_OUTPUT, LAST_OUTPUT, OUTPUTS };

/* --- a worker's memory ---------------------------------------------------------------------------------- */

static size_t output_bytes(const Network *network)
{
    return network->values[network->output].elements * sizeof(float);
}

Status ladder_worker_create(LadderWorker *worker, const Network *network, bool dry, Message *message)
{
    *worker = (LadderWorker){.meter.dry = dry};
    Status status = dry ? STATUS_OK : workspace_create(&worker->workspace, network, message);
    Overlay *const overlays[] = {&worker->reference, &worker->quantized, &worker->tail};
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++)
        status = overlay_create(overlays[i], network, &worker->meter, message);
    if (status != STATUS_OK) return status;
    if (!dry) status = margins_create(&worker->margins, network->batch, network->output_elements, message);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < OUTPUTS; i++) worker->outputs[i] = calloc(1, output_bytes(network));
    worker->moved = calloc(network->value_count, sizeof *worker->moved);
    worker->factors = calloc(network->node_count + 1, sizeof *worker->factors);
    worker->products = calloc(network->node_count + 1, sizeof *worker->products);
    if (!worker->outputs[FLOAT_OUTPUT] || !worker->outputs[LAST_OUTPUT] || !worker->moved ||
        !worker->factors || !worker->products)
        return status_no_memory(message, "the ladder");
    for (size_t i = 0; i < network->node_count; i++)
        worker->products[i] = lipschitz_needs_factors(network, i);
    return STATUS_OK;
}

void ladder_worker_free(LadderWorker *worker)
{
    workspace_free(worker->workspace);
    overlay_free(&worker->reference);
    overlay_free(&worker->quantized);
    overlay_free(&worker->tail);
    for (size_t i = 0; i < OUTPUTS; i++) free(worker->outputs[i]);
    margins_free(&worker->margins);
    free(worker->moved);
    free(worker->factors);
    free(worker->products);
}

/* --- running nodes -------------------------------------------------------------------------------------- */

/* A tile on its way. */
typedef struct Tile {
    LadderRun *run;
    LadderWorker *worker;
    size_t first, count; /* images */
    bool on_caller;
    Message *message;
} Tile;

static const Weights *weights_of(const LadderRun *run, size_t node)
{
    size_t layer = run->network->nodes[node].layer;
    return layer == NO_INDEX ? NULL : run->weights[layer];
}

static Status run_node(const Tile *tile, Overlay *overlay, size_t node, const Weights *weights)
{
    Status status = cancellation_check(&tile->run->cancellation, tile->on_caller, tile->message);
    if (status != STATUS_OK) return status;
    return overlay_run(overlay, node, weights, tile->worker->workspace, tile->message);
}

/* Runs a node of a chain or a hybrid. Of a product of two activations, both factors' norms are raised to
 * those on this tile; NAN stays. */
static Status run_hybrid_node(const Tile *tile, Overlay *overlay, size_t number, const Weights *weights)
{
    LadderWorker *worker = tile->worker;
    const Network *network = tile->run->network;
    Status status = run_node(tile, overlay, number, weights);
    if (!worker->products[number] || worker->meter.dry) return status;
    for (size_t side = 0; side < 2 && status == STATUS_OK; side++) {
        double norm, *most = &worker->factors[number][side];
        const float *other = overlay_value(overlay, network->nodes[number].inputs[1 - side]);
        status = network_factor_norm(&norm, network, number, side, other, tile->message);
        if (status == STATUS_OK && (norm > *most || isnan(norm))) *most = norm;
    }
    return status;
}

/* Runs a node in float on a chain's values, unless that has been done. Where no step has changed what it
 * reads, the float chain's value is the quantized chain's. */
static Status run_in_chain(const Tile *tile, Overlay *chain, size_t node)
{
    LadderWorker *worker = tile->worker;
    if (chain == &worker->quantized && !overlay_reaches(chain, node)) chain = &worker->reference;
    if (overlay_holds(chain, tile->run->network->nodes[node].output)) return STATUS_OK;
    return run_hybrid_node(tile, chain, node, NULL);
}

/* F_l: float behind the step that the quantized chain has just taken. */
static Status run_hybrid(const Tile *tile, size_t step)
{
    const LadderRun *run = tile->run;
    const Network *network = run->network;
    LadderWorker *worker = tile->worker;
    bool *moved = worker->moved;
    const size_t first = run->steps[step];
    const size_t next = step + 1 < run->step_count ? run->steps[step + 1] : NO_INDEX;
    Status status = STATUS_OK;
    overlay_start(&worker->tail, &worker->quantized);
    memset(moved, 0, network->value_count * sizeof *moved);
    moved[network->nodes[first].output] = true;
    for (size_t i = first + 1; status == STATUS_OK && i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        if (!run->needed[i]) continue;
        for (size_t k = 0; k < node->input_count; k++) moved[node->output] |= moved[node->inputs[k]];
        if (moved[node->output]) {
            overlay_drop(&worker->quantized, node->output); /* it may be there from an earlier tail */
            status = run_hybrid_node(tile, &worker->tail, i, NULL);
            /* the next step compares with it: the float layer on that step's input */
            if (status == STATUS_OK && i == next)
                overlay_take(&worker->quantized, &worker->tail, node->output);
        } else {
            status = run_in_chain(tile, &worker->quantized, i);
        }
        if (status == STATUS_OK) overlay_release(&worker->tail, i);
    }
    return status;
}

/* Float except for one layer, from its first use on. This is none of the hybrids that the bound compares:
 * factors are not measured on it. */
static Status run_alone(const Tile *tile, size_t first)
{
    const LadderRun *run = tile->run;
    const Network *network = run->network;
    LadderWorker *worker = tile->worker;
    bool *moved = worker->moved;
    const size_t layer = network->nodes[first].layer;
    Status status = STATUS_OK;
    overlay_start(&worker->tail, &worker->reference);
    memset(moved, 0, network->value_count * sizeof *moved);
    for (size_t i = first; status == STATUS_OK && i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        if (!run->needed[i]) continue;
        moved[node->output] = node->layer == layer;
        for (size_t k = 0; k < node->input_count; k++) moved[node->output] |= moved[node->inputs[k]];
        if (moved[node->output])
            status = run_node(tile, &worker->tail, i, node->layer == layer ? weights_of(run, i) : NULL);
        else
            status = run_in_chain(tile, &worker->reference, i);
        if (status == STATUS_OK) overlay_release(&worker->tail, i);
    }
    return status;
}

/* --- measuring ------------------------------------------------------------------------------------------ */

/* |a - b|^2 */
static double distance_squared(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

/* The largest output's index, the first of equals, and its distance to the second; NO_INDEX and NAN where an
 * output is NAN. */
static double find_top(size_t *top, const float *outputs, size_t count)
{
    double first = -INFINITY, second = -INFINITY;
    *top = 0;
    for (size_t i = 0; i < count; i++) {
        double output = (double)outputs[i];
        if (isnan(output)) {
            *top = NO_INDEX;
            return NAN;
        }
        if (output > first) {
            second = first;
            first = output;
            *top = i;
        } else if (output > second) {
            second = output;
        }
    }
    return first - second;
}

/* The tile's image in the dataset. */
static size_t image_of(const Tile *tile, size_t image)
{
    const size_t index = tile->first + image;
    return tile->run->selection ? tile->run->selection[index] : index;
}

static bool is_right(const Tile *tile, size_t image, const float *outputs)
{
    const Dataset *dataset = tile->run->dataset;
    size_t top, elements = tile->run->network->output_elements;
    if (!dataset->labelled) return false;
    find_top(&top, outputs + image * elements, elements);
    return top == dataset_label(dataset, image_of(tile, image));
}

/* |output - bias|^2 of one image of a layer; `length` elements, channels last. */
static double signal_of(const Layer *layer, const float *output, size_t length)
{
    size_t channels = layer->groups * layer->m;
    double sum = 0;
    for (size_t at = 0; at < length; at += channels)
        for (size_t c = 0; c < channels; c++) {
            double y = (double)output[at + c] - (double)layer->bias[c];
            sum += y * y;
        }
    return sum;
}

static StepSample *sample_of(const Tile *tile, size_t step, size_t image)
{
    return &tile->run->samples[step * tile->run->images + tile->first + image];
}

/* Takes the step in the quantized chain, and measures its local error. */
static Status measure_local(const Tile *tile, size_t number, size_t step)
{
    LadderWorker *worker = tile->worker;
    const Network *network = tile->run->network;
    const Node *node = &network->nodes[number];
    const size_t length = network->values[node->output].elements / network->batch;
    Status status = run_in_chain(tile, &worker->quantized, number);
    overlay_start(&worker->tail, &worker->quantized);
    if (status == STATUS_OK)
        status = run_hybrid_node(tile, &worker->tail, number, weights_of(tile->run, number));
    if (status != STATUS_OK) return status;
    const float *reference = overlay_value(&worker->quantized, node->output);
    const float *quantized = overlay_value(&worker->tail, node->output);
    for (size_t i = 0; i < tile->count; i++) {
        StepSample *sample = sample_of(tile, step, i);
        sample->local = distance_squared(quantized + i * length, reference + i * length, length);
        sample->signal = signal_of(&network->layers[node->layer], reference + i * length, length);
    }
    overlay_take(&worker->quantized, &worker->tail, node->output);
    return STATUS_OK;
}

/* What the step from the hybrid `last` to the hybrid `output` changes. Both [count][output_elements]. */
static void measure_change(const Tile *tile, size_t step, const float *output, const float *last)
{
    const size_t elements = tile->run->network->output_elements;
    const LadderRun *run = tile->run;
    const bool stage_ends = run->stage_ends[step];
    const size_t first = run->network->nodes[run->steps[step]].layer * run->images + tile->first;
    for (size_t i = 0; i < tile->count; i++) {
        const float *after = output + i * elements, *before = last + i * elements;
        StepSample *sample = sample_of(tile, step, i);
        sample->change = distance_squared(after, before, elements);
        run->pulls[first + i] +=
            margins_add(&tile->worker->margins, i, after, before, sqrt(sample->change), stage_ends);
        sample->correct = is_right(tile, i, output);
    }
}

/* The step of a use, and at a layer's first use the layer alone. */
static Status take_step(const Tile *tile, size_t number)
{
    const LadderRun *run = tile->run;
    const Network *network = run->network;
    LadderWorker *worker = tile->worker;
    const size_t step = run->step_of[number], layer = network->nodes[number].layer;
    const size_t elements = network->output_elements;
    const size_t alone = layer * run->images + tile->first; /* of run->alone */
    const float *reference = worker->outputs[FLOAT_OUTPUT];
    float *last = worker->outputs[LAST_OUTPUT];
    Status status = measure_local(tile, number, step);
    if (status == STATUS_OK) status = run_hybrid(tile, step);
    if (status != STATUS_OK) return status;
    const float *output = overlay_value(&worker->tail, network->output);
    measure_change(tile, step, output, last);
    memcpy(last, output, tile->count * elements * sizeof *last);
    if (network->layers[layer].uses[0] != number || run->pulls_only) return STATUS_OK;
    if (step == 0 && network->layers[layer].use_count == 1) { /* the first hybrid is this layer alone */
        for (size_t i = 0; i < tile->count; i++) run->alone[alone + i] = sample_of(tile, step, i)->change;
        return STATUS_OK;
    }
    status = run_alone(tile, number);
    if (status != STATUS_OK) return status;
    output = overlay_value(&worker->tail, network->output);
    for (size_t i = 0; i < tile->count; i++)
        run->alone[alone + i] = distance_squared(output + i * elements, reference + i * elements, elements);
    return STATUS_OK;
}

/* --- the tile ------------------------------------------------------------------------------------------- */

/* input: [count][elements], as the dataset normalizes them. */
static Status read_images(const Tile *tile, float *input, size_t elements)
{
    const LadderRun *run = tile->run;
    Status status = STATUS_OK;
    if (!run->selection)
        return dataset_read(run->dataset, input, tile->first, tile->count, run->normalization, tile->message);
    for (size_t i = 0; status == STATUS_OK && i < tile->count; i++)
        status = dataset_read(run->dataset, input + i * elements, image_of(tile, i), 1, run->normalization,
                              tile->message);
    return status;
}

/* F_0 on the tile's images. A dry tile only takes the input's memory. */
static Status start_tile(const Tile *tile)
{
    const LadderRun *run = tile->run;
    const Network *network = run->network;
    LadderWorker *worker = tile->worker;
    const size_t elements = network->values[network->input].elements, image = elements / network->batch;
    void *data;
    overlay_start(&worker->reference, NULL);
    overlay_start(&worker->quantized, &worker->reference);
    overlay_start(&worker->tail, &worker->quantized);
    Status status = overlay_hold(&data, &worker->reference, network->input, tile->message);
    if (status != STATUS_OK || worker->meter.dry) return status;
    float *input = data;
    status = read_images(tile, input, image);
    for (size_t i = tile->count * image; i < elements; i++) input[i] = 0;
    if (status == STATUS_OK)
        status = network_run(network, worker->outputs[FLOAT_OUTPUT], input, NULL, worker->workspace,
                             tile->message);
    if (status != STATUS_OK) return status;
    memcpy(worker->outputs[LAST_OUTPUT], worker->outputs[FLOAT_OUTPUT], output_bytes(network));
    margins_start(&worker->margins, worker->outputs[FLOAT_OUTPUT],
                  run->rivals ? run->rivals + tile->first : NULL, tile->count);
    return STATUS_OK;
}

/* After the last step: the outputs are F_0 and F_L. */
static void finish_tile(const Tile *tile)
{
    size_t elements = tile->run->network->output_elements;
    for (size_t i = 0; i < tile->count; i++) {
        const float *reference = tile->worker->outputs[FLOAT_OUTPUT] + i * elements;
        const float *quantized = tile->worker->outputs[LAST_OUTPUT] + i * elements;
        ImageSample *sample = &tile->run->all[tile->first + i];
        size_t top, quantized_top;
        sample->margin = find_top(&top, reference, elements);
        find_top(&quantized_top, quantized, elements);
        sample->kept = top != NO_INDEX && top == quantized_top;
        sample->correct = is_right(tile, i, tile->worker->outputs[FLOAT_OUTPUT]);
        sample->error = distance_squared(quantized, reference, elements);
        const Margins *margins = &tile->worker->margins;
        sample->tests = margins_test(margins, i, reference);
        sample->rival_before = (double)reference[margins->top[i]] - (double)reference[margins->rival[i]];
        sample->rival_after = (double)quantized[margins->top[i]] - (double)quantized[margins->rival[i]];
        for (size_t k = 0; k < elements; k++) sample->output += (double)reference[k] * (double)reference[k];
    }
}

/* The quantized chain lies over the float chain: it runs only what a step has changed. */
static Status run_tile(const Tile *tile)
{
    const LadderRun *run = tile->run;
    LadderWorker *worker = tile->worker;
    Status status = start_tile(tile);
    for (size_t i = 0; status == STATUS_OK && i < run->network->node_count; i++) {
        if (!run->needed[i]) continue;
        status = run_in_chain(tile, &worker->reference, i);
        if (status == STATUS_OK)
            status =
                run->step_of[i] != NO_INDEX ? take_step(tile, i) : run_in_chain(tile, &worker->quantized, i);
        overlay_release(&worker->quantized, i);
        overlay_release(&worker->reference, i);
    }
    if (status == STATUS_OK) finish_tile(tile);
    return status;
}

Status ladder_tile(LadderRun *run, LadderWorker *worker, size_t index, bool on_caller, Message *message)
{
    const size_t batch = run->network->batch, first = index * batch;
    const Tile tile = {run, worker, first, size_min(batch, run->images - first), on_caller, message};
    Status status = run_tile(&tile);
    assert(worker->meter.most <= run->tile_bytes);
    return status;
}

/* The dry tile has no images, so that no sample is touched. */
Status ladder_worker_bytes(size_t *bytes, LadderRun *run, Message *message)
{
    const Network *network = run->network;
    LadderWorker worker;
    Status status = ladder_worker_create(&worker, network, true, message);
    if (status == STATUS_OK) status = run_tile(&(Tile){.run = run, .worker = &worker, .message = message});
    run->tile_bytes = worker.meter.most;
    *bytes = run->tile_bytes + workspace_bytes(network) + OUTPUTS * output_bytes(network) +
             3 * overlay_bytes(network) + network->value_count * sizeof *worker.moved +
             margins_bytes(network->batch, network->output_elements) +
             network->node_count * (sizeof *worker.factors + sizeof *worker.products);
    ladder_worker_free(&worker);
    return status;
}
