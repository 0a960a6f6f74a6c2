/* SPDX-License-Identifier: MIT */
#include "bound/norm_record.h"

#include "base/sizes.h"
#include "network/geometry.h"

#include <math.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* Changes when network_norms() computes other bytes: records of before are then of no use. */
#define VERSION "norm/1"

const char *norm_proof(const char *name)
{
    static const char *const names[] = {"Frobenius", "unfolded", "Fourier", "certificate"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return names[i];
    return NULL;
}

/* The hash of a use of a layer: its weights, and the shape of its convolution for one image. */
static void hash_use(char sha256[65], const Network *network, const Layer *layer, size_t node)
{
    ConvGeometry geometry;
    SHA2_CTX hash;
    network_convolution(&geometry, network, node);
    geometry.batch = 1;
    SHA256Init(&hash);
    SHA256Update(&hash, (const uint8_t *)VERSION, sizeof VERSION);
    SHA256Update(&hash, (const uint8_t *)&geometry, sizeof geometry); /* whole numbers of one size: no gaps */
    SHA256Update(&hash, (const uint8_t *)layer->weights,
                 layer->groups * layer->m * layer->n * sizeof *layer->weights);
    SHA256End(&hash, sha256);
}

static size_t count_uses(const Network *network)
{
    size_t count = 0;
    for (size_t l = 0; l < network->layer_count; l++) count += network->layers[l].use_count;
    return count;
}

Status norm_records_create(NormRecord **records, size_t *count, const Network *network,
                           const LayerNorm *norms, Message *message)
{
    *count = 0;
    *records = calloc(size_max(count_uses(network), 1), sizeof **records);
    if (!*records) return status_no_memory(message, "the layers' norms");
    for (size_t l = 0; l < network->layer_count; l++)
        for (size_t i = 0; i < network->layers[l].use_count; i++) {
            const size_t node = network->layers[l].uses[i];
            if (!norms[node].upper_by || !isfinite(norms[node].frobenius)) continue;
            NormRecord *record = &(*records)[(*count)++];
            hash_use(record->sha256, network, &network->layers[l], node);
            record->norm = norms[node];
        }
    return STATUS_OK;
}

void norm_records_recall(LayerNorm *norms, const Network *network, const NormRecord *records, size_t count)
{
    char sha256[65];
    for (size_t l = 0; l < network->layer_count; l++)
        for (size_t i = 0; count > 0 && i < network->layers[l].use_count; i++) {
            const size_t node = network->layers[l].uses[i];
            if (norms[node].upper_by) continue;
            hash_use(sha256, network, &network->layers[l], node);
            for (size_t k = 0; k < count; k++)
                if (strcmp(sha256, records[k].sha256) == 0) norms[node] = records[k].norm;
        }
}
