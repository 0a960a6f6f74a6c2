/* SPDX-License-Identifier: MIT */
/* Layer lookup: finds layers by name, each once, for the readers of plans. Private to core/report. */
#ifndef REPORT_LAYER_LOOKUP_H
#define REPORT_LAYER_LOOKUP_H

#include "base/status.h"
#include "network/types.h"

typedef struct LayerLookup {
    const Network *network;
    struct LookupEntry *entries; /* by name */
} LayerLookup;

/* STATUS_MEMORY; *lookup may be freed in any case. */
Status layer_lookup_create(LayerLookup *lookup, const Network *network, Message *message);
void layer_lookup_free(LayerLookup *lookup);

/* Takes the layer called `name`. STATUS_INVALID for an unknown name (the message suggests a similar one) and
 * for a layer that was taken before. */
Status layer_lookup_take(size_t *layer, LayerLookup *lookup, const char *name, Message *message);
/* A layer that was not taken yet, or NULL. */
const Layer *layer_lookup_left(const LayerLookup *lookup);

#endif
