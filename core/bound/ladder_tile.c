#include "bound/ladder_tile.h"

#include "base/sizes.h"
#include "bound/lipschitz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FLOAT_OUTPUT, LAST_OUTPUT, OUTPUTS };

/* --- a worker's memory ------------------------------------------------------------------------------ */

Status ladder_bench_create(LadderBench *bench, const Network *network, Message *message)
{
    *bench = (LadderBench){0};
    Status status = workspace_create(&bench->workspace, network, message);
    if (status == STATUS_OK) status = overlay_create(&bench->reference, network, message);
    if (status == STATUS_OK) status = overlay_create(&bench->quantized, network, message);
    if (status == STATUS_OK) status = overlay_create(&bench->tail, network, message);
    if (status != STATUS_OK) return status;
    bool fits = true;
    for (size_t i = 0; i < OUTPUTS; i++) {
        bench->outputs[i] = calloc(network->values[network->output].elements, sizeof(float));
        fits = fits && bench->outputs[i];
    }
    bench->factors = calloc(network->node_count + 1, sizeof *bench->factors);
    bench->products = calloc(network->node_count + 1, sizeof *bench->products);
    for (size_t i = 0; bench->products && i < network->node_count; i++)
        bench->products[i] = lipschitz_needs_factors(network, i);
    if (fits && bench->factors && bench->products) return STATUS_OK;
    return status_no_memory(message, "the ladder");
}

void ladder_bench_free(LadderBench *bench)
{
    workspace_free(bench->workspace);
    overlay_free(&bench->reference);
    overlay_free(&bench->quantized);
    overlay_free(&bench->tail);
    for (size_t i = 0; i < OUTPUTS; i++) free(bench->outputs[i]);
    free(bench->factors);
    free(bench->products);
}

/* --- running ---------------------------------------------------------------------------------------- */

/* A tile on its way. */
typedef struct Tile {
    const LadderRun *run;
    LadderBench *bench;
    size_t first, count; /* images */
    Message *message;
} Tile;

/* Both factors of a product that has just run, into the largest so far. NAN stays. */
static Status measure_factors(const Tile *tile, const Overlay *overlay, size_t number)
{
    const Network *network = tile->run->network;
    const Node *node = &network->nodes[number];
    for (size_t side = 0; side < 2; side++) {
        double norm, *most = &tile->bench->factors[number][side];
        const float *other = overlay_value(overlay, node->inputs[1 - side]);
        Status status = network_factor_norm(&norm, network, number, side, other, tile->message);
        if (status != STATUS_OK) return status;
        if (norm > *most || isnan(norm)) *most = norm;
    }
    return STATUS_OK;
}

static Status run_node(const Tile *tile, Overlay *overlay, size_t node, const Weights *weights)
{
    Status status = overlay_run(overlay, node, weights, tile->bench->workspace, tile->message);
    if (status == STATUS_OK && tile->bench->products[node]) return measure_factors(tile, overlay, node);
    return status;
}

static const Weights *weights_of(const LadderRun *run, size_t node)
{
    size_t layer = run->network->nodes[node].layer;
    return layer == NETWORK_NONE ? NULL : run->weights[layer];
}

/* Only the hybrids that the bound compares count for factors: this is none of them. */
static Status run_alone(const Tile *tile, Overlay *overlay, size_t node, size_t layer)
{
    bool quantized = tile->run->network->nodes[node].layer == layer;
    return overlay_run(overlay, node, quantized ? weights_of(tile->run, node) : NULL, tile->bench->workspace,
                       tile->message);
}

/* Runs the nodes from `first` on over `below`, in float but for layer `alone` (or NETWORK_NONE): the output.
 */
static Status run_tail(const Tile *tile, const float **output, const Overlay *below, size_t first,
                       size_t alone)
{
    const LadderRun *run = tile->run;
    const Network *network = run->network;
    Overlay *tail = &tile->bench->tail;
    overlay_start(tail, below);
    for (size_t i = first; i < network->node_count; i++) {
        if (!run->needed[i]) continue;
        Status status =
            alone == NETWORK_NONE ? run_node(tile, tail, i, NULL) : run_alone(tile, tail, i, alone);
        if (status != STATUS_OK) return status;
        overlay_release(tail, i);
    }
    *output = overlay_value(tail, network->output);
    return STATUS_OK;
}

/* --- measuring -------------------------------------------------------------------------------------- */

static double distance_squared(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

/* The largest output's index, the first of equals, and how far the second is; NAN where one of them is. */
static double find_top(size_t *top, const float *outputs, size_t count)
{
    double first = -INFINITY, second = -INFINITY;
    *top = 0;
    for (size_t i = 0; i < count; i++) {
        double output = (double)outputs[i];
        if (isnan(output)) {
            *top = NETWORK_NONE;
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

static bool is_right(const Tile *tile, size_t image, const float *output)
{
    const Dataset *dataset = tile->run->dataset;
    size_t top, elements = tile->run->network->output_elements;
    if (!dataset->labelled) return false;
    find_top(&top, output + image * elements, elements);
    return top == dataset_label(dataset, tile->first + image);
}

/* The squared float output of one image of a layer, without bias; `length` elements, channels last. */
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

/* Quantized against float layer on the quantized chain's input. */
static Status measure_local(const Tile *tile, size_t number, size_t step)
{
    LadderBench *bench = tile->bench;
    const Network *network = tile->run->network;
    const Node *node = &network->nodes[number];
    size_t length = network->values[node->output].elements / network->batch;
    const float *quantized = overlay_value(&bench->quantized, node->output);
    overlay_start(&bench->tail, &bench->quantized);
    Status status = overlay_run(&bench->tail, number, NULL, bench->workspace, tile->message);
    if (status != STATUS_OK) return status;
    const float *reference = overlay_value(&bench->tail, node->output);
    for (size_t i = 0; i < tile->count; i++) {
        StepSample *sample = sample_of(tile, step, i);
        sample->local = distance_squared(quantized + i * length, reference + i * length, length);
        sample->signal = signal_of(&network->layers[node->layer], reference + i * length, length);
    }
    return STATUS_OK;
}

static Status measure_hybrid(const Tile *tile, size_t node, size_t step)
{
    LadderBench *bench = tile->bench;
    size_t elements = tile->run->network->output_elements;
    const float *output;
    Status status = run_tail(tile, &output, &bench->quantized, node + 1, NETWORK_NONE);
    if (status != STATUS_OK) return status;
    float *last = bench->outputs[LAST_OUTPUT];
    for (size_t i = 0; i < tile->count; i++) {
        StepSample *sample = sample_of(tile, step, i);
        sample->change = distance_squared(output + i * elements, last + i * elements, elements);
        sample->correct = is_right(tile, i, output);
    }
    memcpy(last, output, tile->run->network->values[tile->run->network->output].elements * sizeof *last);
    return STATUS_OK;
}

static Status measure_alone(const Tile *tile, size_t node)
{
    const LadderRun *run = tile->run;
    size_t layer = run->network->nodes[node].layer, elements = run->network->output_elements;
    const float *output, *reference = tile->bench->outputs[FLOAT_OUTPUT];
    Status status = run_tail(tile, &output, &tile->bench->reference, node, layer);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < tile->count; i++)
        run->alone[layer * run->images + tile->first + i] =
            distance_squared(output + i * elements, reference + i * elements, elements);
    return STATUS_OK;
}

/* The first hybrid is the first layer alone, where it has one use. */
static void copy_alone(const Tile *tile, size_t node)
{
    const LadderRun *run = tile->run;
    double *alone = run->alone + run->network->nodes[node].layer * run->images + tile->first;
    for (size_t i = 0; i < tile->count; i++) alone[i] = sample_of(tile, 0, i)->change;
}

static Status take_step(const Tile *tile, size_t node)
{
    const Network *network = tile->run->network;
    size_t step = tile->run->step_of[node];
    Status status = measure_local(tile, node, step);
    if (status == STATUS_OK) status = measure_hybrid(tile, node, step);
    bool first_use = network->layers[network->nodes[node].layer].sites[0] == node;
    if (status != STATUS_OK || !first_use) return status;
    if (step > 0 || network->layers[network->nodes[node].layer].site_count > 1)
        return measure_alone(tile, node);
    copy_alone(tile, node);
    return STATUS_OK;
}

/* The quantized chain lies over the float one: it runs only what a step has changed. */
static Status pass_node(const Tile *tile, size_t node)
{
    LadderBench *bench = tile->bench;
    bool is_step = tile->run->step_of[node] != NETWORK_NONE;
    Status status = run_node(tile, &bench->reference, node, NULL);
    if (status == STATUS_OK && (is_step || overlay_reaches(&bench->quantized, node)))
        status = run_node(tile, &bench->quantized, node, weights_of(tile->run, node));
    if (status == STATUS_OK && is_step) status = take_step(tile, node);
    overlay_release(&bench->quantized, node);
    overlay_release(&bench->reference, node);
    return status;
}

/* --- the tile --------------------------------------------------------------------------------------- */

static Status start_tile(const Tile *tile)
{
    const LadderRun *run = tile->run;
    const Network *network = run->network;
    LadderBench *bench = tile->bench;
    void *input;
    overlay_start(&bench->reference, NULL);
    overlay_start(&bench->quantized, &bench->reference);
    Status status = overlay_hold(&input, &bench->reference, network->input, tile->message);
    if (status != STATUS_OK) return status;
    size_t elements = network->values[network->input].elements, image = elements / network->batch;
    dataset_read(run->dataset, input, tile->first, tile->count, run->normalization);
    for (size_t i = tile->count * image; i < elements; i++) ((float *)input)[i] = 0;
    float *output = bench->outputs[FLOAT_OUTPUT];
    status = network_run(network, output, input, NULL, bench->workspace, tile->message);
    memcpy(bench->outputs[LAST_OUTPUT], output, network->values[network->output].elements * sizeof *output);
    return status;
}

/* After the last step: outputs are F_0 and F_L. */
static void finish_tile(const Tile *tile)
{
    size_t elements = tile->run->network->output_elements;
    for (size_t i = 0; i < tile->count; i++) {
        const float *reference = tile->bench->outputs[FLOAT_OUTPUT] + i * elements;
        const float *quantized = tile->bench->outputs[LAST_OUTPUT] + i * elements;
        ImageSample *sample = &tile->run->all[tile->first + i];
        size_t top, quantized_top;
        sample->margin = find_top(&top, reference, elements);
        find_top(&quantized_top, quantized, elements);
        sample->kept = top != NETWORK_NONE && top == quantized_top;
        sample->correct = is_right(tile, i, tile->bench->outputs[FLOAT_OUTPUT]);
        sample->error = distance_squared(quantized, reference, elements);
        for (size_t k = 0; k < elements; k++) sample->output += (double)reference[k] * (double)reference[k];
    }
}

Status ladder_tile(const LadderRun *run, LadderBench *bench, size_t index, Message *message)
{
    const Network *network = run->network;
    const size_t first = index * network->batch;
    const Tile tile = {run, bench, first, size_min(network->batch, run->images - first), message};
    Status status = start_tile(&tile);
    for (size_t i = 0; status == STATUS_OK && i < network->node_count; i++)
        if (run->needed[i]) status = pass_node(&tile, i);
    if (status == STATUS_OK) finish_tile(&tile);
    return status;
}
