/* SPDX-License-Identifier: MIT */
#include "bound/overlay.h"

#include "base/sizes.h"
#include "network/run/run.h"

#include <stdlib.h>

#define ALIGNMENT 64

static char nothing; /* stands for a value where the meter is dry; never read or written */

static size_t allocated_bytes(const Overlay *overlay, size_t value)
{
    return (value_bytes(&overlay->network->values[value]) / ALIGNMENT + 1) * ALIGNMENT;
}

static size_t most_inputs(const Network *network)
{
    size_t inputs = 1;
    for (size_t i = 0; i < network->node_count; i++) inputs = size_max(inputs, network->nodes[i].input_count);
    return inputs;
}

size_t overlay_bytes(const Network *network)
{
    const Overlay *overlay = NULL;
    return network->value_count * (sizeof *overlay->data + sizeof *overlay->left) +
           most_inputs(network) * sizeof *overlay->inputs;
}

Status overlay_create(Overlay *overlay, const Network *network, OverlayMeter *meter, Message *message)
{
    *overlay = (Overlay){.network = network,
                         .meter = meter,
                         .data = calloc(network->value_count, sizeof *overlay->data),
                         .left = calloc(network->value_count, sizeof *overlay->left),
                         .inputs = calloc(most_inputs(network), sizeof *overlay->inputs)};
    if (overlay->data && overlay->left && overlay->inputs) return STATUS_OK;
    overlay_free(overlay);
    return status_no_memory(message, "the values of a tile");
}

void overlay_drop(Overlay *overlay, size_t value)
{
    if (!overlay->data[value]) return;
    if (!overlay->meter->dry) free(overlay->data[value]);
    overlay->meter->bytes -= allocated_bytes(overlay, value);
    overlay->data[value] = NULL;
}

void overlay_take(Overlay *overlay, Overlay *from, size_t value)
{
    overlay_drop(overlay, value);
    overlay->data[value] = from->data[value];
    from->data[value] = NULL;
}

void overlay_free(Overlay *overlay)
{
    for (size_t v = 0; overlay->data && v < overlay->network->value_count; v++) overlay_drop(overlay, v);
    free(overlay->data);
    free(overlay->left);
    free(overlay->inputs);
    *overlay = (Overlay){0};
}

void overlay_start(Overlay *overlay, const Overlay *below)
{
    const Network *network = overlay->network;
    overlay->below = below;
    for (size_t v = 0; v < network->value_count; v++) {
        overlay_drop(overlay, v);
        overlay->left[v] = v == network->output;
    }
    for (size_t i = 0; i < network->node_count; i++)
        for (size_t k = 0; k < network->nodes[i].input_count; k++)
            overlay->left[network->nodes[i].inputs[k]]++;
}

Status overlay_hold(void **data, Overlay *overlay, size_t value, Message *message)
{
    OverlayMeter *meter = overlay->meter;
    const size_t bytes = allocated_bytes(overlay, value);
    overlay_drop(overlay, value);
    *data = meter->dry ? &nothing : aligned_alloc(ALIGNMENT, bytes);
    if (!*data) return status_no_memory(message, "the values of a tile");
    overlay->data[value] = *data;
    meter->bytes += bytes;
    meter->most = size_max(meter->most, meter->bytes);
    return STATUS_OK;
}

const void *overlay_value(const Overlay *overlay, size_t value)
{
    const void *constant = overlay->network->values[value].constant;
    if (constant) return constant;
    for (; overlay; overlay = overlay->below)
        if (overlay->data[value]) return overlay->data[value];
    return NULL;
}

bool overlay_holds(const Overlay *overlay, size_t value)
{
    return overlay->data[value] != NULL;
}

bool overlay_reaches(const Overlay *overlay, size_t node)
{
    const Node *reader = &overlay->network->nodes[node];
    for (size_t k = 0; k < reader->input_count; k++)
        if (overlay->data[reader->inputs[k]]) return true;
    return false;
}

Status overlay_run(Overlay *overlay, size_t node, const Weights *weights, Workspace *workspace,
                   Message *message)
{
    const Node *runs = &overlay->network->nodes[node];
    void *output;
    Status status = overlay_hold(&output, overlay, runs->output, message);
    if (status != STATUS_OK || overlay->meter->dry) return status;
    for (size_t k = 0; k < runs->input_count; k++)
        overlay->inputs[k] = overlay_value(overlay, runs->inputs[k]);
    return network_run_node(overlay->network, node, output, overlay->inputs, weights, workspace, message);
}

void overlay_release(Overlay *overlay, size_t node)
{
    const Node *reader = &overlay->network->nodes[node];
    for (size_t k = 0; k < reader->input_count; k++) {
        size_t value = reader->inputs[k];
        if (overlay->data[value] && --overlay->left[value] == 0) overlay_drop(overlay, value);
    }
}
