/* SPDX-License-Identifier: MIT */
#include "quantize/calibrate/calibrate.h"

#include "quantize/calibrate/sampling.h"
#include "quantize/calibrate/schedule.h"

#include <stdlib.h>

struct Calibration {
    CalibrationOptions options;
    SampleSizes sizes;
    Schedule schedule;
    size_t next; /* step */
    Chains chains;
    size_t layer; /* stopped at */
    Statistics statistics;
};

size_t calibration_spilled_bytes(const Calibration *calibration)
{
    return calibration->chains.store.spilled;
}

bool calibration_passed(const Calibration *calibration, size_t layer)
{
    return calibration->chains.differences[layer].nodes_left == 0;
}

double calibration_accumulated_error(const Calibration *calibration, size_t layer)
{
    const ChainDifference *sum = &calibration->chains.differences[layer];
    return sum->difference == 0 ? 0 : sum->difference / sum->reference;
}

const InputQuantizer *calibration_quantizer(const Calibration *calibration, double *clipped)
{
    if (!calibration->statistics.quantizes) return NULL;
    *clipped = calibration->statistics.choice.clipped;
    return &calibration->statistics.choice.quantizer;
}

void calibration_split(size_t *images, size_t *heldout, size_t asked, size_t available)
{
    if (asked > available) {
        *heldout = available / (SAMPLING_HELDOUT_PART + 1);
        *images = available - *heldout;
    } else {
        *images = asked;
        *heldout = size_min(size_ceil_div(asked, SAMPLING_HELDOUT_PART), available - asked);
    }
}

/* --- memory --------------------------------------------------------------------------------------------- */

/* What is left of the ceiling for activations, beside the costliest stop and the workers' memory. */
static Status plan_memory(Calibration *calibration, const Dataset *dataset, Message *message)
{
    const Network *network = calibration->chains.network;
    const CalibrationOptions *options = &calibration->options;
    size_t solving = 0, costliest = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        if (!options->wanted[l]) continue;
        const Layer *layer = &network->layers[l];
        size_t bytes = problems_bytes(layer->groups, layer->m, layer->n) + options->solving[l] +
                       statistics_collect_bytes(network, l, &calibration->sizes, options);
        if (bytes > solving) {
            solving = bytes;
            costliest = l;
        }
    }
    const size_t workers = pool_workers(options->pool);
    const size_t fixed =
        size_max(solving, workers * dataset->reading_bytes) + workers * chains_worker_bytes(network);
    if (fixed > options->memory)
        return status_advise_memory(
            status_fail(
                message, STATUS_MEMORY,
                "layer '%s' needs %zu MiB for its statistics and solve, above the %zu MiB that are left",
                network->layers[costliest].name, size_mib(fixed), size_mib(options->memory)),
            message, REMEDY_MEMORY | REMEDY_THREADS | REMEDY_FLOAT_LAYER, fixed, options->memory);
    calibration->chains.store.ceiling = options->memory - fixed;
    return STATUS_OK;
}

/* Puts a count of images that would fit in front of a failed allocation's message. */
static Status name_fitting_count(const Calibration *calibration, Status status, Message *message)
{
    const Chains *chains = &calibration->chains;
    const size_t peak = chains->tiles * calibration->schedule.peak_tile_bytes;
    const size_t image = peak / size_max(chains->images, 1) + 1;
    const size_t fits = chains->store.ceiling / image * SAMPLING_HELDOUT_PART / (SAMPLING_HELDOUT_PART + 1);
    status_context(
        message, status,
        "calibration on %zu images needs %zu MiB for activations, above the %zu MiB that are left, "
        "and the rest finds no room for a temporary file",
        calibration->sizes.images, size_mib(peak), size_mib(chains->store.ceiling));
    if (message) message->images = size_max(fits, 1);
    return status_advise(status, message, REMEDY_CALIBRATION_IMAGES | REMEDY_MEMORY);
}

/* --- creating ------------------------------------------------------------------------------------------- */

static Status check_images(const Network *network, const Dataset *dataset, size_t images, Message *message)
{
    if (dataset->channels != network->channels || dataset->height != network->height ||
        dataset->width != network->width)
        return status_fail(
            message, STATUS_INVALID,
            "images '%s' are %zux%zux%zu (channels, height, width), but network '%s' takes %zux%zux%zu",
            dataset->images_path, dataset->channels, dataset->height, dataset->width, network->path,
            network->channels, network->height, network->width);
    if (images == 0)
        return status_fail(message, STATUS_INVALID, "no calibration images in '%s'", dataset->images_path);
    return STATUS_OK;
}

static Status set_up(Calibration *calibration, const Network *network, const Dataset *dataset,
                     const Normalization *normalization, Message *message)
{
    const CalibrationOptions *options = &calibration->options;
    SampleSizes *sizes = &calibration->sizes;
    Chains *chains = &calibration->chains;
    *sizes = (SampleSizes){.rows = options->rows, .seed = options->seed};
    calibration_split(&sizes->images, &sizes->heldout_images, options->images, dataset->count);
    Status status = check_images(network, dataset, sizes->images, message);
    if (status != STATUS_OK) return status;
    status = chains_create(chains, network, sizes->images + sizes->heldout_images, options->pool, message);
    if (status == STATUS_OK)
        status = schedule_create(&calibration->schedule, network, options->wanted, message);
    if (status == STATUS_OK) status = plan_memory(calibration, dataset, message);
    if (status != STATUS_OK) return status;
    chains->cancellation.proceed = options->proceed;
    chains->cancellation.context = options->context;
    for (size_t l = 0; options->weights && l < network->layer_count; l++)
        chains->weights[l] = options->weights[l];
    status = chains_allocate(chains, network->input, true, message);
    if (status != STATUS_OK) return name_fitting_count(calibration, status, message);
    return chains_read_images(chains, dataset, normalization, message);
}

Status calibration_create(Calibration **result, const Network *network, const Dataset *dataset,
                          const Normalization *normalization, const CalibrationOptions *options,
                          Message *message)
{
    *result = NULL;
    Calibration *calibration = calloc(1, sizeof *calibration);
    if (!calibration) return status_no_memory(message, "calibration");
    calibration->options = *options;
    calibration->layer = NO_INDEX;
    Status status = set_up(calibration, network, dataset, normalization, message);
    if (status == STATUS_OK)
        *result = calibration;
    else
        calibration_free(calibration);
    return status;
}

void calibration_free(Calibration *calibration)
{
    if (!calibration) return;
    statistics_free(&calibration->statistics);
    chains_free(&calibration->chains);
    schedule_free(&calibration->schedule);
    free(calibration);
}

/* --- advancing ------------------------------------------------------------------------------------------ */

static Status run_node(Calibration *calibration, size_t index, Message *message)
{
    Chains *chains = &calibration->chains;
    const Node *node = &chains->network->nodes[index];
    Status status = chains_allocate(chains, node->output, chains_same(chains, node), message);
    if (status != STATUS_OK) return name_fitting_count(calibration, status, message);
    status = chains_run_node(chains, index, message);
    return status == STATUS_OK ? cancellation_check(&chains->cancellation, true, message) : status;
}

Status calibration_next(Calibration *calibration, size_t *layer, const Problem **problems, Message *message)
{
    const Schedule *schedule = &calibration->schedule;
    statistics_free(&calibration->statistics);
    *layer = NO_INDEX;
    *problems = NULL;
    Status status = STATUS_OK;
    while (status == STATUS_OK && calibration->next < schedule->count) {
        const Step step = schedule->steps[calibration->next++];
        if (step.layer == NO_INDEX) {
            status = run_node(calibration, step.node, message);
            continue;
        }
        *layer = calibration->layer = step.layer;
        status = statistics_collect(&calibration->statistics, step.layer, &calibration->chains,
                                    &calibration->sizes, &calibration->options, message);
        *problems = calibration->statistics.problems;
        if (status == STATUS_OK) return STATUS_OK;
        status_context(message, status, "layer '%s'", calibration->chains.network->layers[step.layer].name);
    }
    return status;
}

void calibration_take(Statistics *statistics, Calibration *calibration)
{
    *statistics = calibration->statistics;
    calibration->statistics = (Statistics){0};
}

void calibration_continue(Calibration *calibration, const Weights *weights)
{
    calibration->chains.weights[calibration->layer] = weights;
}
