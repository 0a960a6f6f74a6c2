/* SPDX-License-Identifier: MIT */
#include "quantize/calibrate/schedule.h"

#include <stdlib.h>

static bool inputs_ready(const Node *node, const bool *ready)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (!ready[node->inputs[i]]) return false;
    return true;
}

static bool all_uses_ready(const Network *network, const Layer *layer, const bool *ready)
{
    for (size_t i = 0; i < layer->use_count; i++)
        if (!inputs_ready(&network->nodes[layer->uses[i]], ready)) return false;
    return true;
}

/* ready: [value_count], constants and the network's input set; visited: [layer_count], all false. */
static void order_steps(Schedule *schedule, const Network *network, const bool *wanted, bool *ready,
                        bool *visited)
{
    for (size_t done = 0; done < network->node_count;) {
        size_t before = done, waiting = NO_INDEX;
        for (size_t i = 0; i <= network->node_count; i++) {
            const bool forced = i == network->node_count; /* a round without progress: take one that waits */
            if (forced && (done > before || waiting == NO_INDEX)) break;
            const size_t index = forced ? waiting : i;
            const Node *node = &network->nodes[index];
            if (ready[node->output] || !inputs_ready(node, ready)) continue;
            if (node->layer != NO_INDEX && !visited[node->layer]) {
                if (!forced && !all_uses_ready(network, &network->layers[node->layer], ready)) {
                    if (waiting == NO_INDEX) waiting = i;
                    continue;
                }
                visited[node->layer] = true;
                if (wanted[node->layer]) schedule->steps[schedule->count++] = (Step){node->layer, NO_INDEX};
            }
            schedule->steps[schedule->count++] = (Step){NO_INDEX, index};
            ready[node->output] = true;
            done++;
        }
    }
}

/* readers: [value_count], all 0. The network's input is the same in both chains. */
static size_t peak_tile_bytes(const Schedule *schedule, const Network *network, size_t *readers)
{
    for (size_t i = 0; i < network->node_count; i++)
        for (size_t j = 0; j < network->nodes[i].input_count; j++) readers[network->nodes[i].inputs[j]]++;
    size_t live = value_bytes(&network->values[network->input]), peak = live;
    for (size_t s = 0; s < schedule->count; s++) {
        if (schedule->steps[s].node == NO_INDEX) continue;
        const Node *node = &network->nodes[schedule->steps[s].node];
        live += 2 * value_bytes(&network->values[node->output]);
        peak = size_max(peak, live);
        for (size_t i = 0; i < node->input_count; i++) {
            const size_t value = node->inputs[i];
            if (network->values[value].constant || --readers[value] > 0) continue;
            live -= (value == network->input ? 1 : 2) * value_bytes(&network->values[value]);
        }
    }
    return peak;
}

Status schedule_create(Schedule *schedule, const Network *network, const bool *wanted, Message *message)
{
    *schedule = (Schedule){0};
    bool *ready = calloc(network->value_count, sizeof *ready);
    bool *visited = calloc(network->layer_count + 1, sizeof *visited);
    size_t *readers = calloc(network->value_count, sizeof *readers);
    schedule->steps = calloc(network->node_count + network->layer_count + 1, sizeof *schedule->steps);
    const bool enough = ready && visited && readers && schedule->steps;
    if (enough) {
        for (size_t v = 0; v < network->value_count; v++)
            ready[v] = network->values[v].constant || v == network->input;
        order_steps(schedule, network, wanted, ready, visited);
        schedule->peak_tile_bytes = peak_tile_bytes(schedule, network, readers);
    } else {
        schedule_free(schedule);
    }
    free(ready);
    free(visited);
    free(readers);
    return enough ? STATUS_OK : status_no_memory(message, "calibration");
}

void schedule_free(Schedule *schedule)
{
    free(schedule->steps);
    *schedule = (Schedule){0};
}
