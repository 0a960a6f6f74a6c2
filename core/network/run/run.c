/* SPDX-License-Identifier: MIT */
#include "network/run/run.h"

#include "network/operators/kernel.h"
#include "network/storage.h"

#include <stdlib.h>
#include <string.h>

struct Workspace {
    const Network *network;
    char *values;        /* [storage->arena_bytes] */
    void *scratch;       /* [storage->scratch_bytes] */
    const void **inputs; /* [storage->most_inputs] */
};

/* --- workspaces ------------------------------------------------------------------------------------- */

static size_t round_up(size_t bytes)
{
    return (bytes / STORAGE_ALIGNMENT + 1) * STORAGE_ALIGNMENT;
}

size_t workspace_bytes(const Network *network)
{
    const NetworkStorage *storage = network->storage;
    return sizeof(Workspace) + round_up(storage->arena_bytes) + round_up(storage->scratch_bytes) +
           (storage->most_inputs + 1) * sizeof(void *);
}

Status workspace_create(Workspace **result, const Network *network, Message *message)
{
    *result = NULL;
    const NetworkStorage *storage = network->storage;
    Workspace *workspace = calloc(1, sizeof *workspace);
    if (!workspace) return status_no_memory(message, "a workspace");
    workspace->network = network;
    workspace->values = aligned_alloc(STORAGE_ALIGNMENT, round_up(storage->arena_bytes));
    workspace->scratch = aligned_alloc(STORAGE_ALIGNMENT, round_up(storage->scratch_bytes));
    workspace->inputs = calloc(storage->most_inputs + 1, sizeof *workspace->inputs);
    if (workspace->values && workspace->scratch && workspace->inputs) {
        *result = workspace;
        return STATUS_OK;
    }
    workspace_free(workspace);
    Status status = status_fail(message, STATUS_MEMORY, "a workspace of %zu MiB does not fit into memory",
                                workspace_bytes(network) >> 20);
    return status_advise(status, message, REMEDY_THREADS);
}

void workspace_free(Workspace *workspace)
{
    if (!workspace) return;
    free(workspace->values);
    free(workspace->scratch);
    free(workspace->inputs);
    free(workspace);
}

/* --- running ---------------------------------------------------------------------------------------- */

/* Runs the node of a layer whose input is quantized: the float kernel runs on the input's codes, then
 *
 *     out[row][i] = scales[i] * out[row][i] + bias[i]
 *
 * The codes [elements of the input] lie in the scratch memory, after the kernel's own part. */
static Status run_integer(const KernelRun *run, float *output, const float *input, Message *message)
{
    const Node *node = run->node;
    const Layer *layer = &run->network->layers[node->layer];
    const IntegerForm *form = run->weights->integer;
    const size_t elements = run->values[node->output].elements, outputs = layer->groups * layer->m;
    float *codes = (float *)((char *)run->scratch + storage_align(node->scratch));
    input_quantizer_apply(codes, input, run->values[node->inputs[0]].elements, &form->quantizer);
    KernelRun alone = *run;
    alone.fused = false;
    Status status = node->kernel->run(&alone, output, (const void *[]){codes}, message);
    if (status) return status;
    for (size_t row = 0; row < elements; row += outputs)
        for (size_t i = 0; i < outputs; i++)
            output[row + i] = form->scales[i] * output[row + i] + form->bias[i];
    if (run->fused)
        clamp_apply(output, &run->network->storage->uses[node - run->network->nodes].clamp, elements);
    return STATUS_OK;
}

static Status run_kernel(const Network *network, size_t number, bool fused, void *output,
                         const void *const *inputs, const Weights *weights, void *scratch, Message *message)
{
    const Node *node = &network->nodes[number];
    if (!weights && node->layer != NO_INDEX) weights = network->storage->float_weights[node->layer];
    KernelRun run = {.network = network,
                     .values = network->values,
                     .node = node,
                     .weights = weights,
                     .fused = fused,
                     .scratch = scratch};
    Status status = weights && weights->integer ? run_integer(&run, output, inputs[0], message)
                                                : node->kernel->run(&run, output, inputs, message);
    return status ? status_context(message, status, "node '%s' (%s)", node->name, node->operator_name)
                  : STATUS_OK;
}

/* Address of a value in this run. */
static const void *locate(const Workspace *workspace, size_t value, float *output, const float *input)
{
    const Network *network = workspace->network;
    const Place *places = network->storage->places;
    size_t root = places[value].root;
    if (network->values[root].constant) return network->values[root].constant;
    if (root == network->input) return input;
    if (root == network->output) return output;
    return workspace->values + places[root].offset;
}

static Status run_step(const Step *step, Workspace *workspace, float *output, const float *input,
                       const Weights *const *weights, Message *message)
{
    const Network *network = workspace->network;
    const Node *node = &network->nodes[step->node];
    for (size_t i = 0; i < node->input_count; i++)
        workspace->inputs[i] = locate(workspace, node->inputs[i], output, input);
    void *result = (void *)locate(workspace, step->result, output, input);
    const Weights *own = weights && node->layer != NO_INDEX ? weights[node->layer] : NULL;
    return run_kernel(network, step->node, step->fused, result, workspace->inputs, own, workspace->scratch,
                      message);
}

Status network_run(const Network *network, float *output, const float *input, const Weights *const *weights,
                   Workspace *workspace, Message *message)
{
    const NetworkStorage *storage = network->storage;
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < storage->step_count; i++)
        status = run_step(&storage->steps[i], workspace, output, input, weights, message);
    /* A network without nodes returns its input. */
    if (network->output == network->input)
        memcpy(output, input, network->values[network->input].elements * sizeof *output);
    return status;
}

Status network_run_node(const Network *network, size_t number, void *output, const void *const *inputs,
                        const Weights *weights, Workspace *workspace, Message *message)
{
    const Node *node = &network->nodes[number];
    for (size_t i = 0; i < node->input_count; i++) {
        const void *constant = network->values[node->inputs[i]].constant;
        workspace->inputs[i] = constant ? constant : inputs[i];
    }
    return run_kernel(network, number, false, output, workspace->inputs, weights, workspace->scratch,
                      message);
}

/* --- rows ------------------------------------------------------------------------------------------- */

size_t network_rows(const Network *network, size_t number)
{
    const Node *node = &network->nodes[number];
    const Layer *layer = &network->layers[node->layer];
    return network->values[node->output].elements / (network->batch * layer->groups * layer->m);
}

/* row [channels of all groups][kernel_h][kernel_w] of the output pixel (y, x); image [in_h][in_w][channels]
 */
static void gather_patch(float *row, const float *image, const ConvGeometry *g, size_t y, size_t x)
{
    const size_t all = g->groups * g->channels, taps = g->kernel_h * g->kernel_w;
    memset(row, 0, all * taps * sizeof *row);
    for (size_t i = 0; i < g->kernel_h; i++)
        for (size_t j = 0; j < g->kernel_w; j++) {
            const size_t in_y = y * g->stride_h + i * g->dilation_h;
            const size_t in_x = x * g->stride_w + j * g->dilation_w;
            if (in_y < g->pad_top || in_y - g->pad_top >= g->in_h) continue;
            if (in_x < g->pad_left || in_x - g->pad_left >= g->in_w) continue;
            const float *pixel = image + ((in_y - g->pad_top) * g->in_w + in_x - g->pad_left) * all;
            float *tap = row + i * g->kernel_w + j;
            for (size_t c = 0; c < all; c++) tap[c * taps] = pixel[c];
        }
}

void network_gather(const Network *network, size_t number, float *rows, const float *input, size_t image,
                    const size_t *positions, size_t count)
{
    const Node *node = &network->nodes[number];
    const Layer *layer = &network->layers[node->layer];
    const size_t length = network->values[node->inputs[0]].elements / network->batch;
    const float *from = input + image * length;
    if (!node->kernel->is_convolution) {
        for (size_t i = 0; i < count; i++)
            memcpy(rows + i * layer->n, from + positions[i] * layer->n, layer->n * sizeof *rows);
        return;
    }
    const ConvGeometry *geometry = node->parameters;
    for (size_t i = 0; i < count; i++)
        gather_patch(rows + i * layer->groups * layer->n, from, geometry, positions[i] / geometry->out_w,
                     positions[i] % geometry->out_w);
}
