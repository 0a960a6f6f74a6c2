/* Layer lookup: layers by name, each to be taken once, for the readers of plans. */
#ifndef REPORT_LAYER_LOOKUP_H
#define REPORT_LAYER_LOOKUP_H

#include "base/status.h"
#include "network/types.h"

typedef struct LayerLookup {
    const Network *network;
    struct LookupEntry *entries; /* by name */
} LayerLookup;

Status layer_lookup_create(LayerLookup *lookup, const Network *network, Message *message);
void layer_lookup_free(LayerLookup *lookup);

/* The layer called `name`. Fails for an unknown name, naming one that is near, and where it was taken before.
 */
Status layer_lookup_take(size_t *layer, LayerLookup *lookup, const char *name, Message *message);
/* A layer that was not taken, or NULL. */
const Layer *layer_lookup_left(const LayerLookup *lookup);

#endif
