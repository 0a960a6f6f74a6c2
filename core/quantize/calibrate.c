#include "quantize/calibrate.h"

#include "base/random.h"
#include "base/sizes.h"
#include "quantize/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HELDOUT_PART 8         /* of the images and of the rows: one held out for eight solved on */
#define HELDOUT_MOST_ROWS 4096 /* a layer */
#define CHUNK_BYTES (32u << 20)
#define ROUND_MACS                                                                                           \
    ((uint64_t)1 << 29) /* a worker, between two looks at the caller's wish to cancel: 10 ms                 \
                         */
#define ROUND_TILES 8   /* a worker, likewise, at most */

/* A value's activations for all images, tile by tile, in both chains. */
typedef struct ChainValue {
    StoreBuffer reference, quantized;
    bool same; /* the quantized chain's are the float chain's: `quantized` is empty */
    size_t uses_left;
    bool ready;
} ChainValue;

typedef struct Step {
    size_t layer; /* to solve, or NO_INDEX */
    size_t node;  /* to run, or NO_INDEX */
} Step;

struct Calibration {
    const Network *network;
    const Dataset *dataset;
    Normalization normalization;
    CalibrationOptions options;
    size_t images, heldout_images, tiles;

    Step *steps;
    size_t step_count, next;
    ChainValue *values;      /* [value_count] */
    const Weights **weights; /* [layer_count] */
    Workspace **workspaces;  /* [workers] */
    size_t **positions;      /* [workers][most rows of an image] */
    const void ***inputs;    /* [workers][most inputs of a node] */
    Store store;
    double *difference, *reference; /* [layer_count], squared sums */
    size_t *sites_left;             /* [layer_count], nodes that have not run */
    uint64_t macs_done, macs_total;

    Problem *problems; /* of the layer stopped at */
    size_t solving;    /* that layer */
    float *heldout_x, *heldout_y, *drawn_inputs;
    bool quantizes;          /* its input */
    ActivationChoice choice; /* how */
    float *compensated;      /* [groups*m][n], W diag(scales), where there is one scale a channel */
    bool *nonnegative;       /* [value_count] */

    Status *statuses;   /* [tiles], of the tasks of one round */
    Message *messages;  /* [workers] */
    double *partial[2]; /* [tiles], their sums */
};

size_t calibration_images(const Calibration *calibration)
{
    return calibration->images;
}
size_t calibration_heldout_images(const Calibration *calibration)
{
    return calibration->heldout_images;
}
size_t calibration_spilled_bytes(const Calibration *calibration)
{
    return calibration->store.spilled;
}

bool calibration_passed(const Calibration *calibration, size_t layer)
{
    return calibration->sites_left[layer] == 0;
}

double calibration_accumulated_error(const Calibration *calibration, size_t layer)
{
    double difference = calibration->difference[layer];
    return difference == 0 ? 0 : difference / calibration->reference[layer];
}

const InputQuantizer *calibration_quantizer(const Calibration *calibration, double *clipped)
{
    if (!calibration->quantizes) return NULL;
    *clipped = calibration->choice.clipped;
    return &calibration->choice.quantizer;
}

void calibration_split(size_t *images, size_t *heldout, size_t asked, size_t available)
{
    if (asked > available) {
        *heldout = available / (HELDOUT_PART + 1);
        *images = available - *heldout;
    } else {
        *images = asked;
        *heldout = size_min(size_ceil_div(asked, HELDOUT_PART), available - asked);
    }
}

static unsigned activation_bits(const Calibration *calibration, size_t layer)
{
    const uint8_t *bits = calibration->options.activation_bits;
    return bits ? bits[layer] : 0;
}

static unsigned weight_bits(const Calibration *calibration, size_t layer)
{
    const uint8_t *bits = calibration->options.weight_bits;
    return bits ? bits[layer] : 0;
}

/* --- the order of things ------------------------------------------------------------------------------ */

static bool is_constant(const Network *network, size_t value)
{
    return network->values[value].constant != NULL;
}

typedef struct Scheduler {
    Calibration *calibration;
    bool *value_ready, *node_done, *layer_open;
} Scheduler;

static bool inputs_ready(const Scheduler *scheduler, const Node *node)
{
    const Network *network = scheduler->calibration->network;
    for (size_t i = 0; i < node->input_count; i++)
        if (!is_constant(network, node->inputs[i]) && !scheduler->value_ready[node->inputs[i]]) return false;
    return true;
}

static bool sites_ready(const Scheduler *scheduler, const Layer *layer)
{
    for (size_t i = 0; i < layer->use_count; i++)
        if (!inputs_ready(scheduler, &scheduler->calibration->network->nodes[layer->uses[i]])) return false;
    return true;
}

static void add_step(Calibration *calibration, Step step)
{
    calibration->steps[calibration->step_count++] = step;
}

static void schedule_node(Scheduler *scheduler, size_t index)
{
    Calibration *calibration = scheduler->calibration;
    const Node *node = &calibration->network->nodes[index];
    if (node->layer != NO_INDEX && !scheduler->layer_open[node->layer]) {
        scheduler->layer_open[node->layer] = true;
        if (calibration->options.wanted[node->layer]) add_step(calibration, (Step){node->layer, NO_INDEX});
    }
    add_step(calibration, (Step){NO_INDEX, index});
    scheduler->node_done[index] = true;
    scheduler->value_ready[node->output] = true;
}

/* Nodes in topological order, but that a layer waits for the inputs of all its uses; where that leaves
 * nothing to do, the first that waits goes ahead with those that are there. */
static void schedule_all(Scheduler *scheduler)
{
    const Network *network = scheduler->calibration->network;
    for (size_t done = 0; done < network->node_count;) {
        size_t before = done, waiting = NO_INDEX;
        for (size_t i = 0; i < network->node_count; i++) {
            const Node *node = &network->nodes[i];
            if (scheduler->node_done[i] || !inputs_ready(scheduler, node)) continue;
            if (node->layer != NO_INDEX && !scheduler->layer_open[node->layer] &&
                !sites_ready(scheduler, &network->layers[node->layer])) {
                if (waiting == NO_INDEX) waiting = i;
                continue;
            }
            schedule_node(scheduler, i);
            done++;
        }
        if (done == before) {
            schedule_node(scheduler, waiting);
            done++;
        }
    }
}

static Status schedule(Calibration *calibration, Message *message)
{
    const Network *network = calibration->network;
    Scheduler scheduler = {calibration, calloc(network->value_count, sizeof(bool)),
                           calloc(network->node_count + 1, sizeof(bool)),
                           calloc(network->layer_count + 1, sizeof(bool))};
    calibration->steps = calloc(network->node_count + network->layer_count + 1, sizeof(Step));
    bool enough = scheduler.value_ready && scheduler.node_done && scheduler.layer_open && calibration->steps;
    if (enough) {
        scheduler.value_ready[network->input] = true;
        schedule_all(&scheduler);
    }
    free(scheduler.value_ready);
    free(scheduler.node_done);
    free(scheduler.layer_open);
    return enough ? STATUS_OK : status_no_memory(message, "calibration");
}

/* --- memory ------------------------------------------------------------------------------------------- */

static size_t tile_bytes(const Calibration *calibration, size_t value)
{
    return value_bytes(&calibration->network->values[value]);
}

static size_t all_bytes(const Calibration *calibration, size_t value)
{
    return calibration->tiles * tile_bytes(calibration, value);
}

static void count_uses(Calibration *calibration)
{
    const Network *network = calibration->network;
    for (size_t v = 0; v < network->value_count; v++) calibration->values[v].uses_left = 0;
    for (size_t i = 0; i < network->node_count; i++)
        for (size_t j = 0; j < network->nodes[i].input_count; j++)
            calibration->values[network->nodes[i].inputs[j]].uses_left++;
}

/* The most bytes of activations that live at once, if both chains are kept apart from the first layer on. */
static size_t peak_activations(Calibration *calibration)
{
    const Network *network = calibration->network;
    size_t live = all_bytes(calibration, network->input), peak = live;
    count_uses(calibration);
    for (size_t s = 0; s < calibration->step_count; s++) {
        if (calibration->steps[s].node == NO_INDEX) continue;
        const Node *node = &network->nodes[calibration->steps[s].node];
        live += 2 * all_bytes(calibration, node->output);
        peak = size_max(peak, live);
        for (size_t i = 0; i < node->input_count; i++) {
            size_t value = node->inputs[i];
            if (is_constant(network, value) || --calibration->values[value].uses_left > 0) continue;
            live -= (value == network->input ? 1 : 2) * all_bytes(calibration, value);
        }
    }
    return peak;
}

static size_t rows_of_image(const Network *network, const Layer *layer)
{
    size_t rows = 0;
    for (size_t i = 0; i < layer->use_count; i++) rows += network_rows(network, layer->uses[i]);
    return rows;
}

/* Rows of a layer, of that many positions an image, that are drawn for solving. */
static size_t solved_rows(const Calibration *calibration, size_t positions)
{
    size_t all = calibration->images * positions, asked = calibration->options.rows;
    return asked == CALIBRATE_ALL_ROWS ? all : size_min(asked, all);
}

/* Likewise those that are held out. */
static size_t heldout_rows(const Calibration *calibration, size_t positions)
{
    size_t rows =
        size_min(size_ceil_div(solved_rows(calibration, positions), HELDOUT_PART), HELDOUT_MOST_ROWS);
    return size_min(rows, calibration->heldout_images * positions);
}

/* Rows gathered at a time, and those held out, of X (twice) and Y. */
static size_t gathering_bytes(const Calibration *calibration, size_t index)
{
    const Layer *layer = &calibration->network->layers[index];
    size_t row = (2 * layer->n + layer->m) * layer->groups * sizeof(float);
    size_t positions = rows_of_image(calibration->network, layer), image = positions * row;
    size_t heldout = heldout_rows(calibration, positions);
    bool compensates = calibration->options.error_compensated && activation_bits(calibration, index);
    size_t weights = compensates ? layer->groups * layer->m * layer->n * sizeof(float) : 0;
    return size_max(2 * CHUNK_BYTES, image) + heldout * row + weights;
}

/* What a stop at the costliest layer takes; its index in *costliest. */
static size_t solving_bytes(const Calibration *calibration, size_t *costliest)
{
    size_t most = 0;
    *costliest = 0;
    for (size_t i = 0; i < calibration->network->layer_count; i++) {
        if (!calibration->options.wanted[i]) continue;
        const Layer *layer = &calibration->network->layers[i];
        size_t bytes = problems_bytes(layer->groups, layer->m, layer->n) + calibration->options.solving[i] +
                       gathering_bytes(calibration, i);
        if (bytes > most) {
            most = bytes;
            *costliest = i;
        }
    }
    return most;
}

/* What a worker has of temporary files in memory: a tile of a node's inputs and output, or of its output in
 * both chains. */
static size_t most_tile_bytes(const Network *network)
{
    size_t most = 0;
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        const size_t output = value_bytes(&network->values[node->output]);
        size_t inputs = 0;
        for (size_t k = 0; k < node->input_count; k++)
            if (!is_constant(network, node->inputs[k]))
                inputs += value_bytes(&network->values[node->inputs[k]]);
        most = size_max(most, output + size_max(inputs, output));
    }
    return most;
}

static Status plan_memory(Calibration *calibration, Message *message)
{
    const Network *network = calibration->network;
    size_t costliest, solving = solving_bytes(calibration, &costliest);
    size_t workers = pool_workers(calibration->options.pool);
    size_t fixed = size_max(solving, workers * calibration->dataset->reading_bytes) +
                   workers * (workspace_bytes(network) + most_tile_bytes(network));
    size_t ceiling = calibration->options.memory;
    if (fixed > ceiling)
        return status_fail(
            message, STATUS_MEMORY,
            "layer '%s' needs %zu MiB for its statistics and solve, above the %zu MiB that are "
            "left of --memory: use --memory %zuM or more, --threads with fewer, or leave that "
            "layer in float",
            network->layers[costliest].name, size_mib(fixed), size_mib(ceiling),
            size_mib(fixed + calibration->options.held));
    calibration->store.ceiling = ceiling - fixed;
    return STATUS_OK;
}

/* Puts a count of images that would fit behind a failed allocation's message. */
static Status name_fitting_count(Calibration *calibration, Status status, Message *message)
{
    size_t total = calibration->images + calibration->heldout_images;
    size_t peak = peak_activations(calibration), image = peak / size_max(total, 1) + 1;
    size_t fits = calibration->store.ceiling / image * HELDOUT_PART / (HELDOUT_PART + 1);
    return status_context(message, status,
                          "calibration on %zu images needs %zu MiB for activations, above the %zu MiB that "
                          "--memory leaves, and the rest finds no room for a temporary file: use "
                          "--calibration-images %zu or fewer, or a larger --memory",
                          calibration->images, size_mib(peak), size_mib(calibration->store.ceiling),
                          size_max(fits, 1));
}

/* --- creating ----------------------------------------------------------------------------------------- */

static Status check_images(const Network *network, const Dataset *dataset, Message *message)
{
    if (dataset->channels == network->channels && dataset->height == network->height &&
        dataset->width == network->width)
        return STATUS_OK;
    return status_fail(
        message, STATUS_INVALID,
        "images '%s' are %zux%zux%zu (channels, height, width), but network '%s' takes %zux%zux%zu",
        dataset->images_path, dataset->channels, dataset->height, dataset->width, network->path,
        network->channels, network->height, network->width);
}

static size_t most_rows_of_image(const Network *network)
{
    size_t most = 1;
    for (size_t i = 0; i < network->layer_count; i++)
        most = size_max(most, rows_of_image(network, &network->layers[i]));
    return most;
}

static size_t most_inputs(const Network *network)
{
    size_t most = 1;
    for (size_t i = 0; i < network->node_count; i++) most = size_max(most, network->nodes[i].input_count);
    return most;
}

static Status allocate_workers(Calibration *calibration, Message *message)
{
    size_t workers = pool_workers(calibration->options.pool), most = most_rows_of_image(calibration->network);
    calibration->workspaces = calloc(workers, sizeof *calibration->workspaces);
    calibration->positions = calloc(workers, sizeof *calibration->positions);
    calibration->inputs = calloc(workers, sizeof *calibration->inputs);
    calibration->messages = calloc(workers, sizeof *calibration->messages);
    if (!calibration->workspaces || !calibration->positions || !calibration->inputs || !calibration->messages)
        return status_no_memory(message, "calibration");
    for (size_t w = 0; w < workers; w++) {
        Status status = workspace_create(&calibration->workspaces[w], calibration->network, message);
        if (status != STATUS_OK) return status;
        calibration->positions[w] = calloc(most, sizeof **calibration->positions);
        calibration->inputs[w] = calloc(most_inputs(calibration->network), sizeof **calibration->inputs);
        if (!calibration->positions[w] || !calibration->inputs[w])
            return status_no_memory(message, "calibration");
    }
    return STATUS_OK;
}

static Status allocate_all(Calibration *calibration, Message *message)
{
    const Network *network = calibration->network;
    calibration->values = calloc(network->value_count, sizeof *calibration->values);
    calibration->weights = calloc(network->layer_count + 1, sizeof *calibration->weights);
    calibration->difference = calloc(network->layer_count + 1, sizeof(double));
    calibration->reference = calloc(network->layer_count + 1, sizeof(double));
    calibration->sites_left = calloc(network->layer_count + 1, sizeof(size_t));
    calibration->statuses = calloc(calibration->tiles + 1, sizeof(Status));
    calibration->nonnegative = calloc(network->value_count, sizeof(bool));
    for (size_t i = 0; i < 2; i++) calibration->partial[i] = calloc(calibration->tiles + 1, sizeof(double));
    if (!calibration->values || !calibration->weights || !calibration->difference ||
        !calibration->reference || !calibration->sites_left || !calibration->statuses ||
        !calibration->nonnegative || !calibration->partial[0] || !calibration->partial[1])
        return status_no_memory(message, "calibration");
    network_find_nonnegative(calibration->nonnegative, network);
    return allocate_workers(calibration, message);
}

static const StoreBuffer *buffer_of(const Calibration *calibration, size_t value, bool quantized)
{
    const ChainValue *chain = &calibration->values[value];
    return quantized && !chain->same ? &chain->quantized : &chain->reference;
}

/* The tile of a value in a chain. */
static void *tile_of(const Calibration *calibration, size_t value, size_t tile, bool quantized)
{
    return buffer_of(calibration, value, quantized)->data + tile * tile_bytes(calibration, value);
}

/* What tile_of() gave is not needed for now. */
static void put_away(const Calibration *calibration, size_t value, size_t tile, bool quantized)
{
    const size_t bytes = tile_bytes(calibration, value);
    store_put_away(buffer_of(calibration, value, quantized), tile * bytes, bytes);
}

static Status read_tile(Calibration *calibration, size_t tile, Message *message)
{
    const Network *network = calibration->network;
    size_t elements = network->values[network->input].elements, batch = network->batch;
    size_t first = tile * batch, total = calibration->images + calibration->heldout_images;
    size_t count = size_min(batch, total - first);
    float *data = tile_of(calibration, network->input, tile, false);
    memset(data, 0, elements * sizeof *data);
    Status status =
        dataset_read(calibration->dataset, data, first, count, &calibration->normalization, message);
    put_away(calibration, network->input, tile, false);
    return status;
}

static void read_task(void *context, size_t tile, size_t worker)
{
    (void)worker;
    Calibration *calibration = context;
    calibration->statuses[tile] = read_tile(calibration, tile, NULL);
}

/* A tile that failed is tried again for its message: the first one, whatever the number of threads. */
static Status read_images(Calibration *calibration, Message *message)
{
    size_t input = calibration->network->input;
    ChainValue *value = &calibration->values[input];
    Status status =
        store_allocate(&calibration->store, &value->reference, all_bytes(calibration, input), message);
    if (status != STATUS_OK) return name_fitting_count(calibration, status, message);
    value->same = value->ready = true;
    pool_run(calibration->options.pool, calibration->tiles, read_task, calibration);
    for (size_t tile = 0; tile < calibration->tiles && status == STATUS_OK; tile++)
        if (calibration->statuses[tile] != STATUS_OK) status = read_tile(calibration, tile, message);
    return status;
}

static Status set_up(Calibration *calibration, Message *message)
{
    const Network *network = calibration->network;
    Status status = check_images(network, calibration->dataset, message);
    if (status == STATUS_OK && calibration->images == 0)
        status = status_fail(message, STATUS_INVALID, "no calibration images in '%s'",
                             calibration->dataset->images_path);
    if (status == STATUS_OK) status = allocate_all(calibration, message);
    if (status == STATUS_OK) status = schedule(calibration, message);
    if (status == STATUS_OK) status = plan_memory(calibration, message);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < network->layer_count; i++) {
        calibration->macs_total += network->layers[i].macs;
        calibration->sites_left[i] = network->layers[i].use_count;
        if (calibration->options.weights) calibration->weights[i] = calibration->options.weights[i];
    }
    status = read_images(calibration, message);
    count_uses(calibration);
    return status;
}

Status calibration_create(Calibration **result, const Network *network, const Dataset *dataset,
                          const Normalization *normalization, const CalibrationOptions *options,
                          Message *message)
{
    *result = NULL;
    Calibration *calibration = calloc(1, sizeof *calibration);
    if (!calibration) return status_no_memory(message, "calibration");
    calibration->network = network;
    calibration->dataset = dataset;
    calibration->normalization = *normalization;
    calibration->options = *options;
    calibration->solving = NO_INDEX;
    calibration_split(&calibration->images, &calibration->heldout_images, options->images, dataset->count);
    calibration->tiles = size_ceil_div(calibration->images + calibration->heldout_images, network->batch);
    Status status = set_up(calibration, message);
    if (status != STATUS_OK) {
        calibration_free(calibration);
        return status;
    }
    *result = calibration;
    return STATUS_OK;
}

static void release_problems(Calibration *calibration)
{
    problems_free(calibration->problems);
    free(calibration->heldout_x);
    free(calibration->heldout_y);
    free(calibration->drawn_inputs);
    free(calibration->compensated);
    activation_free(&calibration->choice);
    calibration->problems = NULL;
    calibration->quantizes = false;
    calibration->compensated = NULL;
    calibration->heldout_x = calibration->heldout_y = calibration->drawn_inputs = NULL;
}

static void release_value(Calibration *calibration, size_t value)
{
    store_release(&calibration->store, &calibration->values[value].reference);
    store_release(&calibration->store, &calibration->values[value].quantized);
}

void calibration_free(Calibration *calibration)
{
    if (!calibration) return;
    release_problems(calibration);
    for (size_t v = 0; calibration->values && v < calibration->network->value_count; v++)
        release_value(calibration, v);
    store_trim(&calibration->store);
    for (size_t w = 0; w < pool_workers(calibration->options.pool); w++) {
        if (calibration->workspaces) workspace_free(calibration->workspaces[w]);
        if (calibration->positions) free(calibration->positions[w]);
        if (calibration->inputs) free(calibration->inputs[w]);
    }
    free(calibration->workspaces);
    free(calibration->positions);
    free(calibration->inputs);
    free(calibration->messages);
    free(calibration->steps);
    free(calibration->values);
    free(calibration->weights);
    free(calibration->difference);
    free(calibration->reference);
    free(calibration->sites_left);
    free(calibration->statuses);
    free(calibration->nonnegative);
    free(calibration->partial[0]);
    free(calibration->partial[1]);
    free(calibration);
}

/* --- running a node ----------------------------------------------------------------------------------- */

typedef struct NodeJob {
    Calibration *calibration;
    size_t node;
    bool quantized;
    size_t first; /* tile of the round */
} NodeJob;

static void run_node_tile(void *context, size_t index, size_t worker)
{
    const NodeJob *job = context;
    const size_t tile = job->first + index;
    Calibration *calibration = job->calibration;
    const Network *network = calibration->network;
    const Node *node = &network->nodes[job->node];
    const void **inputs = calibration->inputs[worker];
    for (size_t i = 0; i < node->input_count; i++)
        inputs[i] = is_constant(network, node->inputs[i])
                        ? network->values[node->inputs[i]].constant
                        : tile_of(calibration, node->inputs[i], tile, job->quantized);
    const Weights *weights =
        job->quantized && node->layer != NO_INDEX ? calibration->weights[node->layer] : NULL;
    calibration->statuses[tile] =
        network_run_node(network, job->node, tile_of(calibration, node->output, tile, job->quantized), inputs,
                         weights, calibration->workspaces[worker], &calibration->messages[worker]);
    for (size_t i = 0; i < node->input_count; i++)
        put_away(calibration, node->inputs[i], tile, job->quantized);
    put_away(calibration, node->output, tile, job->quantized);
}

static bool proceed(const Calibration *calibration)
{
    if (!calibration->options.proceed) return true;
    double fraction =
        calibration->macs_total ? (double)calibration->macs_done / (double)calibration->macs_total : 1;
    return calibration->options.proceed(calibration->options.context, fraction);
}

static Status ask_to_proceed(const Calibration *calibration, Message *message)
{
    return proceed(calibration) ? STATUS_OK : status_fail(message, STATUS_CANCELLED, "cancelled");
}

/* Tiles of a node between two looks at the caller's wish to cancel. */
static size_t tiles_of_round(const Calibration *calibration, size_t node)
{
    const Network *network = calibration->network;
    size_t workers = pool_workers(calibration->options.pool), layer = network->nodes[node].layer;
    if (layer == NO_INDEX) return workers * ROUND_TILES;
    uint64_t macs = network->layers[layer].macs / network->layers[layer].use_count * network->batch;
    uint64_t tiles = ROUND_MACS / (macs + 1);
    return workers * size_max(size_min((size_t)tiles, ROUND_TILES), 1);
}

static Status run_chain(Calibration *calibration, size_t node, bool quantized, Message *message)
{
    NodeJob job = {calibration, node, quantized, 0};
    size_t count, round = tiles_of_round(calibration, node);
    for (; job.first < calibration->tiles; job.first += count) {
        count = size_min(round, calibration->tiles - job.first);
        pool_run(calibration->options.pool, count, run_node_tile, &job);
        for (size_t i = 0; i < count; i++)
            if (calibration->statuses[job.first + i] != STATUS_OK)
                return status_fail(message, calibration->statuses[job.first + i],
                                   "node '%s' failed while calibrating",
                                   calibration->network->nodes[node].name);
        Status status = ask_to_proceed(calibration, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* Squared difference of the chains, and square of the float layer's output without bias, over real images. */
static void compare_tile(void *context, size_t tile, size_t worker)
{
    (void)worker;
    const NodeJob *job = context;
    Calibration *calibration = job->calibration;
    const Network *network = calibration->network;
    const Node *node = &network->nodes[job->node];
    const Layer *layer = &network->layers[node->layer];
    size_t total = calibration->images + calibration->heldout_images, batch = network->batch;
    size_t images = size_min(batch, total - tile * batch), channels = layer->groups * layer->m;
    size_t count = network->values[node->output].elements / batch * images;
    const float *a = tile_of(calibration, node->output, tile, false);
    const float *b = tile_of(calibration, node->output, tile, true);
    double difference = 0, reference = 0;
    for (size_t pixel = 0; pixel < count; pixel += channels)
        for (size_t c = 0; c < channels; c++) {
            double y = (double)a[pixel + c] - (double)layer->bias[c];
            double d = (double)a[pixel + c] - (double)b[pixel + c];
            difference += d * d;
            reference += y * y;
        }
    put_away(calibration, node->output, tile, false);
    put_away(calibration, node->output, tile, true);
    calibration->partial[0][tile] = difference;
    calibration->partial[1][tile] = reference;
}

static void compare_chains(Calibration *calibration, size_t node)
{
    NodeJob job = {calibration, node, true, 0};
    size_t layer = calibration->network->nodes[node].layer;
    pool_run(calibration->options.pool, calibration->tiles, compare_tile, &job);
    for (size_t tile = 0; tile < calibration->tiles; tile++) {
        calibration->difference[layer] += calibration->partial[0][tile];
        calibration->reference[layer] += calibration->partial[1][tile];
    }
}

static bool chains_part(const Calibration *calibration, const Node *node)
{
    if (node->layer != NO_INDEX && calibration->weights[node->layer]) return true;
    for (size_t i = 0; i < node->input_count; i++)
        if (!is_constant(calibration->network, node->inputs[i]) && !calibration->values[node->inputs[i]].same)
            return true;
    return false;
}

static void release_inputs(Calibration *calibration, const Node *node)
{
    for (size_t i = 0; i < node->input_count; i++) {
        size_t value = node->inputs[i];
        if (!is_constant(calibration->network, value) && --calibration->values[value].uses_left == 0)
            release_value(calibration, value);
    }
}

static Status run_node(Calibration *calibration, size_t index, Message *message)
{
    const Network *network = calibration->network;
    const Node *node = &network->nodes[index];
    ChainValue *output = &calibration->values[node->output];
    size_t bytes = all_bytes(calibration, node->output);
    output->same = !chains_part(calibration, node);
    output->ready = true;
    Status status = store_allocate(&calibration->store, &output->reference, bytes, message);
    if (status == STATUS_OK && !output->same)
        status = store_allocate(&calibration->store, &output->quantized, bytes, message);
    if (status != STATUS_OK) return name_fitting_count(calibration, status, message);
    status = run_chain(calibration, index, false, message);
    if (status == STATUS_OK && !output->same) status = run_chain(calibration, index, true, message);
    if (status != STATUS_OK) return status;
    if (node->layer != NO_INDEX) {
        if (!output->same) compare_chains(calibration, index);
        calibration->sites_left[node->layer]--;
        calibration->macs_done += network->layers[node->layer].macs / network->layers[node->layer].use_count;
    }
    release_inputs(calibration, node);
    if (output->uses_left == 0) release_value(calibration, node->output);
    return STATUS_OK;
}

/* --- rows of a layer ------------------------------------------------------------------------------------ */

#define MOST_SITES 64 /* of one layer that rows are drawn at */

/* The rows that a layer's Problems are made of: how many of each image. */
typedef struct Sampling {
    size_t layer;
    size_t uses[MOST_SITES], use_count; /* nodes whose input is there */
    size_t positions;                   /* of an image, all uses together */
    size_t images, first_image, rows;   /* rows wanted, of these images */
} Sampling;

/* Rows of images first_image..first_image+i-1. */
static size_t rows_before(const Sampling *sampling, size_t i)
{
    size_t all = sampling->images * sampling->positions;
    if (sampling->rows >= all) return i * sampling->positions;
    /* i * rows / images, without overflow */
    size_t whole = sampling->rows / sampling->images, rest = sampling->rows % sampling->images;
    return i * whole + i * rest / sampling->images;
}

typedef struct GatherJob {
    Calibration *calibration;
    const Sampling *sampling;
    size_t first; /* image of the sampling that x starts with */
    bool quantized;
    float *x; /* [rows][groups*n] */
} GatherJob;

/* Gathers one image's sorted positions, use by use. */
static void gather_image(void *context, size_t index, size_t worker)
{
    const GatherJob *job = context;
    Calibration *calibration = job->calibration;
    const Sampling *sampling = job->sampling;
    const Network *network = calibration->network;
    const Layer *layer = &network->layers[sampling->layer];
    size_t number = job->first + index, image = sampling->first_image + number;
    size_t before = rows_before(sampling, number), count = rows_before(sampling, number + 1) - before;
    size_t *positions = calibration->positions[worker], width = layer->groups * layer->n;
    float *x = job->x + (before - rows_before(sampling, job->first)) * width;
    random_subset(positions, count, sampling->positions, calibration->options.seed, sampling->layer, image);
    size_t taken = 0, offset = 0;
    for (size_t s = 0; s < sampling->use_count; s++) {
        size_t use = sampling->uses[s], rows = network_rows(network, use), here = 0;
        while (taken + here < count && positions[taken + here] < offset + rows)
            positions[taken + here++] -= offset;
        const float *tile =
            tile_of(calibration, network->nodes[use].inputs[0], image / network->batch, job->quantized);
        network_gather(network, use, x + taken * width, tile, image % network->batch, positions + taken,
                       here);
        put_away(calibration, network->nodes[use].inputs[0], image / network->batch, job->quantized);
        taken += here;
        offset += rows;
    }
}

static void gather(Calibration *calibration, const Sampling *sampling, float *x, size_t first, size_t count,
                   bool quantized)
{
    GatherJob job = {calibration, sampling, first, quantized, x};
    pool_run(calibration->options.pool, count, gather_image, &job);
}

static Sampling make_sampling(const Calibration *calibration, size_t index, bool heldout)
{
    const Network *network = calibration->network;
    const Layer *layer = &network->layers[index];
    Sampling sampling = {.layer = index, .images = calibration->images};
    for (size_t i = 0; i < layer->use_count && sampling.use_count < MOST_SITES; i++) {
        size_t use = layer->uses[i];
        if (!calibration->values[network->nodes[use].inputs[0]].ready) continue;
        sampling.uses[sampling.use_count++] = use;
        sampling.positions += network_rows(network, use);
    }
    sampling.rows = heldout ? heldout_rows(calibration, sampling.positions)
                            : solved_rows(calibration, sampling.positions);
    if (!heldout) return sampling;
    sampling.images = calibration->heldout_images;
    sampling.first_image = calibration->images;
    return sampling;
}

/* True where X of the quantized chain is not that of the float chain. */
static bool quantized_differs(const Calibration *calibration, const Sampling *sampling)
{
    if (calibration->options.independent) return false;
    for (size_t s = 0; s < sampling->use_count; s++) {
        size_t input = calibration->network->nodes[sampling->uses[s]].inputs[0];
        if (!calibration->values[input].same) return true;
    }
    return false;
}

/* --- quantized inputs ----------------------------------------------------------------------------------- */

typedef struct QuantizeJob {
    const Calibration *calibration;
    float *x;
    size_t rows, width;
} QuantizeJob;

#define QUANTIZE_ROWS 256 /* a task */

static void quantize_task(void *context, size_t index, size_t worker)
{
    (void)worker;
    const QuantizeJob *job = context;
    const InputQuantizer *quantizer = &job->calibration->choice.quantizer;
    size_t first = index * QUANTIZE_ROWS, count = size_min(QUANTIZE_ROWS, job->rows - first);
    float *x = job->x + first * job->width;
    input_quantizer_apply_rows(x, count, job->width, quantizer);
    if (quantizer->count == 1) input_quantizer_restore_rows(x, count, job->width, quantizer);
}

/* X as the layer's Problems are to see it, in place. */
static void quantize_rows(const Calibration *calibration, float *x, size_t rows, size_t width)
{
    QuantizeJob job = {calibration, x, rows, width};
    if (calibration->quantizes)
        pool_run(calibration->options.pool, size_ceil_div(rows, QUANTIZE_ROWS), quantize_task, &job);
}

/* True where no use's input can be negative. */
static bool is_nonnegative(const Calibration *calibration, const Layer *layer)
{
    for (size_t i = 0; i < layer->use_count; i++)
        if (!calibration->nonnegative[calibration->network->nodes[layer->uses[i]].inputs[0]]) return false;
    return true;
}

/* Chooses the scales of the layer's input from a part of the rows that it is solved on. */
static Status choose_quantizer(Calibration *calibration, size_t index, Message *message)
{
    const Layer *layer = &calibration->network->layers[index];
    unsigned bits = activation_bits(calibration, index);
    if (bits == 0) return STATUS_OK;
    size_t width = layer->groups * layer->n;
    size_t channels = calibration->options.error_compensated ? layer_input_channels(layer) : 1;
    Sampling sampling = make_sampling(calibration, index, false);
    sampling.rows = size_min(sampling.rows, activation_rows(width, channels));
    float *x = malloc(sampling.rows * width * sizeof *x);
    if (!x) return status_no_memory(message, "a layer's rows");
    gather(calibration, &sampling, x, 0, sampling.images, quantized_differs(calibration, &sampling));
    Status status = activation_choose(&calibration->choice, x, sampling.rows, width, channels, bits,
                                      is_nonnegative(calibration, layer), calibration->options.pool, message);
    calibration->quantizes = status == STATUS_OK;
    if (status == STATUS_OK && channels > 1)
        status = activation_balance(&calibration->choice, x, sampling.rows, layer,
                                    weight_bits(calibration, index), message);
    free(x);
    return status;
}

/* Hands the Problems W diag(scales) in the place of W, where X holds codes. */
static Status compensate_weights(Calibration *calibration, size_t index, Message *message)
{
    const Layer *layer = &calibration->network->layers[index];
    const InputQuantizer *quantizer = &calibration->choice.quantizer;
    if (!calibration->quantizes || quantizer->count == 1) return STATUS_OK;
    size_t n = layer->n, block = layer->m * n, taps = layer->groups * n / quantizer->count;
    float *weights = malloc(layer->groups * block * sizeof *weights);
    if (!weights) return status_no_memory(message, "compensated weights");
    for (size_t i = 0; i < layer->groups * block; i++)
        weights[i] = layer->weights[i] * quantizer->scales[(i / block * n + i % n) / taps];
    for (size_t g = 0; g < layer->groups; g++) calibration->problems[g].weights = weights + g * block;
    calibration->compensated = weights;
    return STATUS_OK;
}

/* --- problems ------------------------------------------------------------------------------------------- */

/* True where y is not W x of the same x. */
static bool outputs_differ(const Calibration *calibration, const Sampling *sampling)
{
    return calibration->quantizes || quantized_differs(calibration, sampling);
}

/* Images from `first` on whose rows fit a chunk; at least one. */
static size_t images_of_chunk(const Sampling *sampling, size_t first, size_t row_bytes)
{
    size_t most = CHUNK_BYTES / row_bytes, count = 1;
    while (first + count < sampling->images &&
           rows_before(sampling, first + count + 1) - rows_before(sampling, first) <= most)
        count++;
    return count;
}

static Status add_chunk(Calibration *calibration, const Sampling *sampling, size_t first, size_t count,
                        Message *message)
{
    const Layer *layer = &calibration->network->layers[sampling->layer];
    bool differs = outputs_differ(calibration, sampling);
    size_t rows = rows_before(sampling, first + count) - rows_before(sampling, first);
    size_t width = layer->groups * layer->n, height = layer->groups * layer->m;
    if (rows == 0) return STATUS_OK;
    float *x = malloc(rows * width * sizeof *x), *y = differs ? malloc(rows * height * sizeof *y) : NULL;
    Status status = STATUS_OK;
    if (!x || (differs && !y)) {
        status = status_no_memory(message, "a layer's rows");
        goto out;
    }
    gather(calibration, sampling, x, first, count, false);
    if (differs) {
        problems_outputs(calibration->problems, layer->groups, y, x, rows, calibration->options.pool);
        if (quantized_differs(calibration, sampling)) gather(calibration, sampling, x, first, count, true);
        quantize_rows(calibration, x, rows, width);
    }
    for (size_t row = 0; status == STATUS_OK && row < rows; row += PROBLEM_ROWS) {
        status = ask_to_proceed(calibration, message);
        if (status == STATUS_OK)
            status = problems_add(calibration->problems, layer->groups, x + row * width,
                                  y ? y + row * height : NULL, size_min(PROBLEM_ROWS, rows - row),
                                  calibration->options.pool, message);
    }
out:
    free(x);
    free(y);
    return status;
}

/* Draws from the held-out rows x [rows][width], while they are not quantized. */
static Status draw_inputs(Calibration *calibration, const float *x, size_t rows, size_t width, size_t index,
                          Message *message)
{
    const InputQuantizer *quantizer = &calibration->choice.quantizer;
    float *inputs = malloc(STATISTICS_INPUTS * sizeof *inputs);
    calibration->drawn_inputs = inputs;
    if (!inputs) return status_no_memory(message, "held-out inputs");
    for (size_t i = 0; i < STATISTICS_INPUTS; i++) {
        size_t element = (size_t)(random_bits(calibration->options.seed, index, i, 0) % (rows * width));
        inputs[i] = x[element];
        if (calibration->quantizes)
            inputs[i] /= quantizer->scales[element % width * quantizer->count / width];
    }
    return STATUS_OK;
}

static Status hold_out(Calibration *calibration, size_t index, Message *message)
{
    const Layer *layer = &calibration->network->layers[index];
    size_t groups = layer->groups, width = groups * layer->n, height = groups * layer->m;
    if (calibration->heldout_images == 0) return STATUS_OK;
    Sampling sampling = make_sampling(calibration, index, true);
    calibration->heldout_x = malloc(sampling.rows * width * sizeof(float));
    calibration->heldout_y = malloc(sampling.rows * height * sizeof(float));
    if (!calibration->heldout_x || !calibration->heldout_y) return status_no_memory(message, "held-out rows");
    float *x = calibration->heldout_x, *y = calibration->heldout_y;
    gather(calibration, &sampling, x, 0, sampling.images, false);
    problems_outputs(calibration->problems, groups, y, x, sampling.rows, calibration->options.pool);
    if (quantized_differs(calibration, &sampling))
        gather(calibration, &sampling, x, 0, sampling.images, true);
    Status status = draw_inputs(calibration, x, sampling.rows, width, index, message);
    if (status != STATUS_OK) return status;
    quantize_rows(calibration, x, sampling.rows, width);
    for (size_t g = 0; g < groups; g++) {
        Problem *problem = &calibration->problems[g];
        problem->heldout_rows = sampling.rows;
        problem->heldout_x = x + g * layer->n;
        problem->heldout_y = y + g * layer->m;
        problem->heldout_stride = width;
        problem->heldout_y_stride = height;
    }
    return STATUS_OK;
}

static Status make_problems(Calibration *calibration, size_t index, Message *message)
{
    const Layer *layer = &calibration->network->layers[index];
    Sampling sampling = make_sampling(calibration, index, false);
    Status status =
        problems_create(&calibration->problems, layer->groups, layer->m, layer->n, layer->weights, message);
    if (status == STATUS_OK) status = choose_quantizer(calibration, index, message);
    for (size_t first = 0, count; status == STATUS_OK && first < sampling.images; first += count) {
        count = images_of_chunk(&sampling, first, layer->groups * (layer->n + layer->m) * sizeof(float));
        status = add_chunk(calibration, &sampling, first, count, message);
        if (status == STATUS_OK) status = ask_to_proceed(calibration, message);
    }
    if (status != STATUS_OK) return status;
    problems_finish(calibration->problems, layer->groups, !outputs_differ(calibration, &sampling),
                    calibration->options.pool);
    status = hold_out(calibration, index, message);
    return status == STATUS_OK ? compensate_weights(calibration, index, message) : status;
}

/* --- stepping ------------------------------------------------------------------------------------------- */

static Status stop_at(Calibration *calibration, size_t layer, const Problem **problems, Message *message)
{
    Status status = make_problems(calibration, layer, message);
    if (status != STATUS_OK)
        return status_context(message, status, "layer '%s'", calibration->network->layers[layer].name);
    calibration->solving = layer;
    *problems = calibration->problems;
    return STATUS_OK;
}

Status calibration_next(Calibration *calibration, size_t *layer, const Problem **problems, Message *message)
{
    release_problems(calibration);
    *layer = NO_INDEX;
    *problems = NULL;
    while (calibration->next < calibration->step_count) {
        Step step = calibration->steps[calibration->next++];
        if (step.layer != NO_INDEX) {
            *layer = step.layer;
            return stop_at(calibration, step.layer, problems, message);
        }
        Status status = run_node(calibration, step.node, message);
        if (status == STATUS_OK) status = ask_to_proceed(calibration, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

void calibration_continue(Calibration *calibration, const Weights *weights)
{
    calibration->weights[calibration->solving] = weights;
}

/* --- statistics ------------------------------------------------------------------------------------------
 */

void calibration_take(Statistics *statistics, Calibration *calibration)
{
    *statistics = (Statistics){.groups = calibration->network->layers[calibration->solving].groups,
                               .problems = calibration->problems,
                               .heldout_x = calibration->heldout_x,
                               .heldout_y = calibration->heldout_y,
                               .compensated = calibration->compensated,
                               .inputs = calibration->drawn_inputs,
                               .quantizes = calibration->quantizes,
                               .choice = calibration->choice};
    calibration->problems = NULL;
    calibration->heldout_x = calibration->heldout_y = calibration->drawn_inputs = NULL;
    calibration->compensated = NULL;
    calibration->quantizes = false;
    calibration->choice = (ActivationChoice){0};
}

size_t statistics_bytes(const Statistics *statistics)
{
    const Problem *problem = statistics->problems;
    size_t m = problem->m, n = problem->n, groups = statistics->groups;
    size_t floats = problem->heldout_rows * groups * (m + n);
    if (statistics->inputs) floats += STATISTICS_INPUTS;
    if (statistics->compensated) floats += groups * m * n;
    if (statistics->quantizes) floats += statistics->choice.quantizer.count;
    return problems_bytes(groups, m, n) + floats * sizeof(float);
}

void statistics_free(Statistics *statistics)
{
    problems_free(statistics->problems);
    free(statistics->heldout_x);
    free(statistics->heldout_y);
    free(statistics->compensated);
    free(statistics->inputs);
    activation_free(&statistics->choice);
    *statistics = (Statistics){0};
}
