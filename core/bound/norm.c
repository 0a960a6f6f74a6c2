/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bound/norm.h"

#include "base/sizes.h"
#include "bound/conv_map.h"
#include "network/geometry.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_NANOSECONDS 10000000 /* between two checks for cancellation while other threads work */
#define CERTIFICATE_BYTES ((size_t)512 << 20) /* of one, at most */

/* Multiples of `lower` that a certificate is tried at, in this order. */
static const double steps[] = {1.005, 1.01, 1.02, 1.05};
#define STEPS (sizeof steps / sizeof *steps)

typedef struct Group {
    double frobenius; /* sqrt(n_ov) |W|_F */
    double lower, upper;
    const char *upper_by;
} Group;

typedef struct UseJob {
    ConvGeometry geometry;
    const Layer *layer;
    Cancellation *cancellation;
    bool on_caller;
    Group *groups;
    double lower; /* the largest of all groups' */
} UseJob;

static void improve(Group *group, double upper, const char *by)
{
    if (!(upper < group->upper)) return;
    group->upper = upper;
    group->upper_by = by;
}

/* A 1x1 kernel without padding, or a matrix: every output pixel is W times an input pixel, so |T| = |W|. */
static bool is_matrix(const ConvMap *map)
{
    const ConvGeometry *g = &map->geometry;
    return map->taps == 1 && g->pad_top + g->pad_left + g->pad_bottom + g->pad_right == 0;
}

/* Lowers group->upper to the first of the steps above `lower` that is proven for `map`, times `scale`. */
static Status certify(Group *group, const ConvMap *map, double lower, double scale, const char *by,
                      Message *message)
{
    Status status = STATUS_OK;
    bool proven = false;
    for (size_t i = 0; !status && !proven && i < STEPS && steps[i] * lower * scale < group->upper; i++) {
        status = conv_map_certify(&proven, map, steps[i] * lower, CERTIFICATE_BYTES, message);
        if (proven) improve(group, steps[i] * lower * scale, by);
    }
    return status;
}

/* |T| <= sqrt(n_ov) |W|_2, W unfolded to [m][n] */
static Status bound_unfolded(Group *group, const ConvMap *map, bool matrix, Message *message)
{
    const ConvMap unfolded = conv_map_unfolded(map);
    double lower;
    Status status = conv_map_lower(&lower, &unfolded, message);
    if (status) return status;
    if (matrix) group->lower = lower;
    return certify(group, &unfolded, lower, sqrt(map->overlap), matrix ? "certificate" : "unfolded", message);
}

/* --- groups ----------------------------------------------------------------------------------------- */

static Status create_map(ConvMap *map, const UseJob *job, size_t index, Message *message)
{
    Status status = conv_map_create(map, &job->geometry, job->layer, index, message);
    map->cancellation = job->cancellation;
    map->on_caller = job->on_caller;
    return status;
}

static Status bound_cheaply(const UseJob *job, size_t index, Message *message)
{
    Group *group = &job->groups[index];
    ConvMap map;
    Status status = create_map(&map, job, index, message);
    if (status) return status;
    group->frobenius = sqrt(map.overlap * map.frobenius_square);
    const bool matrix = is_matrix(&map), finite = isfinite(group->frobenius);
    group->upper = finite ? group->frobenius : INFINITY;
    group->upper_by = "Frobenius";
    group->lower = 0;
    if (finite) {
        if (!matrix) status = conv_map_lower(&group->lower, &map, message);
        if (!status) status = bound_unfolded(group, &map, matrix, message);
    }
    conv_map_free(&map);
    return status;
}

/* For a group whose bound is above the lower bound of the layer's largest group. */
static Status bound_tightly(const UseJob *job, size_t index, Message *message)
{
    Group *group = &job->groups[index];
    if (!isfinite(group->upper) || !(group->upper > steps[0] * job->lower)) return STATUS_OK;
    ConvMap map;
    double upper = INFINITY;
    Status status = create_map(&map, job, index, message);
    if (status) return status;
    if (!is_matrix(&map)) {
        status = conv_map_fourier(&upper, &map, steps[0] * job->lower, message);
        if (!status) {
            improve(group, upper, "Fourier");
            status = certify(group, &map, job->lower, 1, "certificate", message);
        }
    }
    conv_map_free(&map);
    return status;
}

/* --- layers ----------------------------------------------------------------------------------------- */

/* Cheap bounds for all groups, then proofs for those that stand out. */
static Status use_norm(LayerNorm *result, UseJob *job, Message *message)
{
    const size_t groups = job->layer->groups;
    Status status = STATUS_OK;
    job->lower = 0;
    for (size_t g = 0; !status && g < groups; g++) {
        status = bound_cheaply(job, g, message);
        job->lower = fmax(job->lower, job->groups[g].lower);
    }
    for (size_t g = 0; !status && g < groups; g++) status = bound_tightly(job, g, message);
    if (status) return status;
    LayerNorm norm = {.lower = job->lower};
    double sum = 0;
    for (size_t g = 0; g < groups; g++) {
        const Group *group = &job->groups[g];
        sum += group->frobenius * group->frobenius;
        if (norm.upper_by && !(group->upper > norm.upper)) continue;
        norm.upper = group->upper;
        norm.upper_by = group->upper_by;
    }
    /* Never below upper, not even by the rounding of the sum. */
    norm.frobenius = isfinite(sum) ? fmax(sqrt(sum), norm.upper) : INFINITY;
    *result = norm;
    return STATUS_OK;
}

/* --- the network ------------------------------------------------------------------------------------ */

typedef struct NetworkJob {
    LayerNorm *norms;
    const Network *network;
    const NormOptions *options;
    Cancellation cancellation;
    atomic_size_t next; /* layer */
    Status *statuses;   /* [layer_count] */
    Message *messages;
} NetworkJob;

static Status layer_norms(NetworkJob *job, size_t number, bool on_caller)
{
    const Layer *layer = &job->network->layers[number];
    Message *message = &job->messages[number];
    UseJob use = {.layer = layer,
                  .cancellation = &job->cancellation,
                  .on_caller = on_caller,
                  .groups = calloc(layer->groups, sizeof(Group))};
    Status status = use.groups ? STATUS_OK : status_no_memory(message, "a layer's norm");
    for (size_t i = 0; !status && i < layer->use_count; i++) {
        LayerNorm *norm = &job->norms[layer->uses[i]];
        if (norm->upper_by) continue;
        network_convolution(&use.geometry, job->network, layer->uses[i]);
        status = use_norm(norm, &use, message);
    }
    free(use.groups);
    return status ? status_context(message, status, "layer '%s'", layer->name) : STATUS_OK;
}

/* The caller's thread goes on asking: the rest may take the other threads long. */
static void wait_for_others(NetworkJob *job)
{
    const struct timespec pause = {.tv_nsec = WAIT_NANOSECONDS};
    while (atomic_load(&job->cancellation.done) < job->network->layer_count &&
           !cancellation_check(&job->cancellation, true, NULL))
        nanosleep(&pause, NULL);
}

static void norm_task(void *context, size_t index, size_t worker)
{
    (void)index;
    NetworkJob *job = context;
    for (size_t i; (i = atomic_fetch_add(&job->next, 1)) < job->network->layer_count;) {
        job->statuses[i] = layer_norms(job, i, worker == 0);
        atomic_fetch_add(&job->cancellation.done, 1);
    }
    if (worker == 0) wait_for_others(job);
}

/* The most bytes that the bounds of a use take, one group after another. */
static size_t use_bytes(const Network *network, size_t use)
{
    ConvGeometry geometry;
    network_convolution(&geometry, network, use);
    const ConvMap map = conv_map_describe(&geometry), unfolded = conv_map_unfolded(&map);
    size_t most = size_max(conv_map_lower_bytes(&map), conv_map_lower_bytes(&unfolded));
    most = size_max(most, conv_map_certify_bytes(&unfolded, CERTIFICATE_BYTES));
    if (!is_matrix(&map)) {
        most = size_max(most, conv_map_certify_bytes(&map, CERTIFICATE_BYTES));
        most = size_max(most, conv_map_fourier_bytes(&map));
    }
    const size_t weights = geometry.m * map.n * sizeof(double);
    return most < SIZE_MAX - weights ? most + weights : SIZE_MAX;
}

/* As many layers at once as the memory has room for the costliest. */
static Status plan_memory(size_t *tasks, const NetworkJob *job, Message *message)
{
    const Network *network = job->network;
    const size_t memory = job->options->memory;
    size_t most = 1, costliest = 0;
    *tasks = pool_workers(job->options->pool);
    if (memory == 0) return STATUS_OK;
    for (size_t l = 0; l < network->layer_count; l++)
        for (size_t i = 0; i < network->layers[l].use_count; i++) {
            const size_t bytes = use_bytes(network, network->layers[l].uses[i]);
            if (bytes > most) costliest = l;
            most = size_max(most, bytes);
        }
    if (most == SIZE_MAX) return status_no_memory(message, "norms"); /* it could not be counted */
    *tasks = size_min(*tasks, memory / most);
    if (*tasks) return STATUS_OK;
    Status status = status_fail(message, STATUS_MEMORY,
                                "the norm of layer '%s' takes %zu MiB, above the %zu MiB that are left",
                                network->layers[costliest].name, size_mib(most), size_mib(memory));
    return status_advise_memory(status, message, REMEDY_MEMORY, most, memory);
}

Status network_norms(LayerNorm *norms, const Network *network, const NormOptions *options, Message *message)
{
    const size_t count = network->layer_count;
    NetworkJob job = {.norms = norms,
                      .network = network,
                      .options = options,
                      .statuses = calloc(count + 1, sizeof(Status)),
                      .messages = calloc(count + 1, sizeof(Message))};
    job.cancellation =
        (Cancellation){.proceed = options->proceed, .context = options->context, .total = count};
    size_t tasks = 0;
    Status status = job.statuses && job.messages ? plan_memory(&tasks, &job, message)
                                                 : status_no_memory(message, "norms");
    if (!status) pool_run(options->pool, tasks, norm_task, &job);
    for (size_t i = 0; !status && i < count; i++)
        if (job.statuses[i]) status = status_copy(message, job.statuses[i], &job.messages[i]);
    free(job.statuses);
    free(job.messages);
    return status;
}
