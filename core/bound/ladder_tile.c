#include "bound/ladder_tile.h"

#include "base/sizes.h"
#include "bound/lipschitz.h"
#include "network/geometry.h"
#include "network/run/run.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FLOAT_OUTPUT, LAST_OUTPUT, OUTPUTS };

/* --- a worker's memory ------------------------------------------------------------------------------ */

static Status create_overlays(LadderBench *bench, const Network *network, Message *message)
{
    Status status = overlay_create(&bench->reference, network, &bench->meter, message);
    if (status == STATUS_OK) status = overlay_create(&bench->quantized, network, &bench->meter, message);
    if (status == STATUS_OK) status = overlay_create(&bench->tail, network, &bench->meter, message);
    return status;
}

static size_t output_bytes(const Network *network)
{
    return network->values[network->output].elements * sizeof(float);
}

Status ladder_bench_create(LadderBench *bench, const Network *network, bool dry, Message *message)
{
    *bench = (LadderBench){.meter.dry = dry};
    Status status = dry ? STATUS_OK : workspace_create(&bench->workspace, network, message);
    if (status == STATUS_OK) status = create_overlays(bench, network, message);
    if (status != STATUS_OK) return status;
    bool fits = true;
    for (size_t i = 0; i < OUTPUTS; i++) {
        bench->outputs[i] = calloc(1, output_bytes(network));
        fits = fits && bench->outputs[i];
    }
    bench->moved = calloc(network->value_count, sizeof *bench->moved);
    bench->factors = calloc(network->node_count + 1, sizeof *bench->factors);
    bench->products = calloc(network->node_count + 1, sizeof *bench->products);
    for (size_t i = 0; bench->products && i < network->node_count; i++)
        bench->products[i] = lipschitz_needs_factors(network, i);
    if (fits && bench->moved && bench->factors && bench->products) return STATUS_OK;
    return status_no_memory(message, "the ladder");
}

void ladder_bench_free(LadderBench *bench)
{
    workspace_free(bench->workspace);
    overlay_free(&bench->reference);
    overlay_free(&bench->quantized);
    overlay_free(&bench->tail);
    for (size_t i = 0; i < OUTPUTS; i++) free(bench->outputs[i]);
    free(bench->moved);
    free(bench->factors);
    free(bench->products);
}

/* --- running ---------------------------------------------------------------------------------------- */

/* A tile on its way. */
typedef struct Tile {
    LadderRun *run;
    LadderBench *bench;
    size_t first, count; /* images */
    bool on_caller;
    Message *message;
} Tile;

static Status ask_to_proceed(const Tile *tile)
{
    return cancellation_check(&tile->run->cancellation, tile->on_caller, tile->message);
}

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
    const LadderBench *bench = tile->bench;
    Status status = ask_to_proceed(tile);
    if (status == STATUS_OK) status = overlay_run(overlay, node, weights, bench->workspace, tile->message);
    if (status != STATUS_OK || !bench->products[node] || bench->meter.dry) return status;
    return measure_factors(tile, overlay, node);
}

static const Weights *weights_of(const LadderRun *run, size_t node)
{
    size_t layer = run->network->nodes[node].layer;
    return layer == NO_INDEX ? NULL : run->weights[layer];
}

/* A node in float on a chain's values, unless that has been done. What no step has changed is the float
 * chain's. */
static Status run_in_chain(const Tile *tile, Overlay *chain, size_t node)
{
    LadderBench *bench = tile->bench;
    if (chain == &bench->quantized && !overlay_reaches(chain, node)) chain = &bench->reference;
    if (overlay_holds(chain, tile->run->network->nodes[node].output)) return STATUS_OK;
    return run_node(tile, chain, node, NULL);
}

/* --- tails ------------------------------------------------------------------------------------------ */

static bool reads_moved(const LadderBench *bench, const Node *node)
{
    bool moved = false;
    for (size_t k = 0; k < node->input_count; k++) moved |= bench->moved[node->inputs[k]];
    return moved;
}

/* The quantized chain may hold the node's value from an earlier tail. What the next step replaces is kept:
 * it is the float layer on that step's input. */
static Status run_hybrid_node(const Tile *tile, size_t node, size_t next_step)
{
    LadderBench *bench = tile->bench;
    const size_t output = tile->run->network->nodes[node].output;
    overlay_drop(&bench->quantized, output);
    Status status = run_node(tile, &bench->tail, node, NULL);
    if (status == STATUS_OK && node == next_step) overlay_take(&bench->quantized, &bench->tail, output);
    return status;
}

/* Only the hybrids that the bound compares count for factors: this is none of them. */
static Status run_alone_node(const Tile *tile, size_t node, size_t layer)
{
    const bool quantized = tile->run->network->nodes[node].layer == layer;
    Status status = ask_to_proceed(tile);
    if (status != STATUS_OK) return status;
    return overlay_run(&tile->bench->tail, node, quantized ? weights_of(tile->run, node) : NULL,
                       tile->bench->workspace, tile->message);
}

static const float *tail_output(const Tile *tile)
{
    return overlay_value(&tile->bench->tail, tile->run->network->output);
}

/* Float behind the step that the quantized chain has just taken. */
static Status run_hybrid(const Tile *tile, size_t step)
{
    const LadderRun *run = tile->run;
    LadderBench *bench = tile->bench;
    const size_t first = run->steps[step],
                 next = step + 1 < run->step_count ? run->steps[step + 1] : NO_INDEX;
    Status status = STATUS_OK;
    overlay_start(&bench->tail, &bench->quantized);
    memset(bench->moved, 0, run->network->value_count * sizeof *bench->moved);
    bench->moved[run->network->nodes[first].output] = true;
    for (size_t i = first + 1; status == STATUS_OK && i < run->network->node_count; i++) {
        const Node *node = &run->network->nodes[i];
        if (!run->needed[i]) continue;
        bench->moved[node->output] = reads_moved(bench, node);
        status = bench->moved[node->output] ? run_hybrid_node(tile, i, next)
                                            : run_in_chain(tile, &bench->quantized, i);
        if (status == STATUS_OK) overlay_release(&bench->tail, i);
    }
    return status;
}

/* Float but for one layer, from its first use on. */
static Status run_alone(const Tile *tile, size_t first)
{
    const LadderRun *run = tile->run;
    LadderBench *bench = tile->bench;
    const size_t layer = run->network->nodes[first].layer;
    Status status = STATUS_OK;
    overlay_start(&bench->tail, &bench->reference);
    memset(bench->moved, 0, run->network->value_count * sizeof *bench->moved);
    for (size_t i = first; status == STATUS_OK && i < run->network->node_count; i++) {
        const Node *node = &run->network->nodes[i];
        if (!run->needed[i]) continue;
        bench->moved[node->output] = node->layer == layer || reads_moved(bench, node);
        status = bench->moved[node->output] ? run_alone_node(tile, i, layer)
                                            : run_in_chain(tile, &bench->reference, i);
        if (status == STATUS_OK) overlay_release(&bench->tail, i);
    }
    return status;
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

/* Takes the step in the quantized chain: quantized against float layer on that chain's input. */
static Status measure_local(const Tile *tile, size_t number, size_t step)
{
    LadderBench *bench = tile->bench;
    const Network *network = tile->run->network;
    const Node *node = &network->nodes[number];
    const size_t length = network->values[node->output].elements / network->batch;
    Status status = run_in_chain(tile, &bench->quantized, number);
    overlay_start(&bench->tail, &bench->quantized);
    if (status == STATUS_OK) status = run_node(tile, &bench->tail, number, weights_of(tile->run, number));
    if (status != STATUS_OK) return status;
    const float *reference = overlay_value(&bench->quantized, node->output);
    const float *quantized = overlay_value(&bench->tail, node->output);
    for (size_t i = 0; i < tile->count; i++) {
        StepSample *sample = sample_of(tile, step, i);
        sample->local = distance_squared(quantized + i * length, reference + i * length, length);
        sample->signal = signal_of(&network->layers[node->layer], reference + i * length, length);
    }
    overlay_take(&bench->quantized, &bench->tail, node->output);
    return STATUS_OK;
}

static Status measure_hybrid(const Tile *tile, size_t step)
{
    const size_t elements = tile->run->network->output_elements;
    Status status = run_hybrid(tile, step);
    if (status != STATUS_OK) return status;
    const float *output = tail_output(tile);
    float *last = tile->bench->outputs[LAST_OUTPUT];
    for (size_t i = 0; i < tile->count; i++) {
        StepSample *sample = sample_of(tile, step, i);
        sample->change = distance_squared(output + i * elements, last + i * elements, elements);
        sample->correct = is_right(tile, i, output);
    }
    memcpy(last, output, tile->count * elements * sizeof *last);
    return STATUS_OK;
}

static Status measure_alone(const Tile *tile, size_t node)
{
    const LadderRun *run = tile->run;
    const size_t layer = run->network->nodes[node].layer, elements = run->network->output_elements;
    Status status = run_alone(tile, node);
    if (status != STATUS_OK) return status;
    const float *output = tail_output(tile), *reference = tile->bench->outputs[FLOAT_OUTPUT];
    for (size_t i = 0; i < tile->count; i++)
        run->alone[layer * run->images + tile->first + i] =
            distance_squared(output + i * elements, reference + i * elements, elements);
    return STATUS_OK;
}

/* The first hybrid is the first layer alone, where it has one use. */
static void copy_alone(const Tile *tile, size_t node)
{
    const LadderRun *run = tile->run;
    const size_t first = run->network->nodes[node].layer * run->images + tile->first;
    for (size_t i = 0; i < tile->count; i++) run->alone[first + i] = sample_of(tile, 0, i)->change;
}

static Status take_step(const Tile *tile, size_t node)
{
    const Network *network = tile->run->network;
    const Layer *layer = &network->layers[network->nodes[node].layer];
    const size_t step = tile->run->step_of[node];
    Status status = measure_local(tile, node, step);
    if (status == STATUS_OK) status = measure_hybrid(tile, step);
    if (status != STATUS_OK || layer->uses[0] != node) return status;
    if (step > 0 || layer->use_count > 1) return measure_alone(tile, node);
    copy_alone(tile, node);
    return STATUS_OK;
}

/* The quantized chain lies over the float one: it runs only what a step has changed. */
static Status pass_node(const Tile *tile, size_t node)
{
    LadderBench *bench = tile->bench;
    Status status = run_in_chain(tile, &bench->reference, node);
    if (status == STATUS_OK)
        status = tile->run->step_of[node] != NO_INDEX ? take_step(tile, node)
                                                      : run_in_chain(tile, &bench->quantized, node);
    overlay_release(&bench->quantized, node);
    overlay_release(&bench->reference, node);
    return status;
}

/* --- the tile --------------------------------------------------------------------------------------- */

static Status run_float(const Tile *tile, float *input)
{
    const LadderRun *run = tile->run;
    const Network *network = run->network;
    const size_t elements = network->values[network->input].elements, image = elements / network->batch;
    float *const *outputs = tile->bench->outputs;
    Status status =
        dataset_read(run->dataset, input, tile->first, tile->count, run->normalization, tile->message);
    for (size_t i = tile->count * image; i < elements; i++) input[i] = 0;
    if (status == STATUS_OK)
        status =
            network_run(network, outputs[FLOAT_OUTPUT], input, NULL, tile->bench->workspace, tile->message);
    memcpy(outputs[LAST_OUTPUT], outputs[FLOAT_OUTPUT], output_bytes(network));
    return status;
}

static Status start_tile(const Tile *tile)
{
    LadderBench *bench = tile->bench;
    void *input;
    overlay_start(&bench->reference, NULL);
    overlay_start(&bench->quantized, &bench->reference);
    overlay_start(&bench->tail, &bench->quantized);
    Status status = overlay_hold(&input, &bench->reference, tile->run->network->input, tile->message);
    return status != STATUS_OK || bench->meter.dry ? status : run_float(tile, input);
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
        sample->kept = top != NO_INDEX && top == quantized_top;
        sample->correct = is_right(tile, i, tile->bench->outputs[FLOAT_OUTPUT]);
        sample->error = distance_squared(quantized, reference, elements);
        for (size_t k = 0; k < elements; k++) sample->output += (double)reference[k] * (double)reference[k];
    }
}

static Status run_tile(const Tile *tile)
{
    Status status = start_tile(tile);
    for (size_t i = 0; status == STATUS_OK && i < tile->run->network->node_count; i++)
        if (tile->run->needed[i]) status = pass_node(tile, i);
    if (status == STATUS_OK) finish_tile(tile);
    return status;
}

Status ladder_tile(LadderRun *run, LadderBench *bench, size_t index, bool on_caller, Message *message)
{
    const size_t batch = run->network->batch, first = index * batch;
    const Tile tile = {run, bench, first, size_min(batch, run->images - first), on_caller, message};
    Status status = run_tile(&tile);
    assert(bench->meter.most <= run->tile_bytes);
    return status;
}

Status ladder_bench_bytes(size_t *bytes, LadderRun *run, Message *message)
{
    const Network *network = run->network;
    LadderBench bench;
    Status status = ladder_bench_create(&bench, network, true, message);
    if (status == STATUS_OK) status = run_tile(&(Tile){.run = run, .bench = &bench, .message = message});
    run->tile_bytes = bench.meter.most;
    *bytes = run->tile_bytes + workspace_bytes(network) + OUTPUTS * output_bytes(network) +
             3 * overlay_bytes(network) + network->value_count * sizeof *bench.moved +
             network->node_count * (sizeof *bench.factors + sizeof *bench.products);
    ladder_bench_free(&bench);
    return status;
}
