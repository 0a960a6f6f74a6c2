/* SPDX-License-Identifier: MIT */
/* Ledger: what each layer did to the margins of chosen images.
 *
 * With t the class that the float network predicts for an image, and r the rival that its margin is over,
 *     margin = output[t] - output[r],
 * layer l's pull is what replacing it adds to the margin, in the order first to last: the margin of the
 * hybrid F_l minus that of F_(l-1) (bound/ladder.h). The pulls of all layers add up to the margin of the
 * quantized network minus that of the float network. In another order the same sum would be divided
 * differently.
 *
 * Immutable, counted by references, shared between threads.
 *
 * Example (const Network *network, const Weights *const *weights, const Dataset *dataset, const Normalization
 * *normalization, const size_t *images, const size_t *rivals, Pool *pool, Message *message):
 *     Ledger *ledger;
 *     LedgerOptions options = {.pool = pool};
 *     ledger_create(&ledger, network, weights, dataset, normalization, images, rivals, 10, &options, message);
 *     double pull = ledger->pulls[3 * ledger->layer_count + 0];    // of the first layer on the fourth image
 *     ledger_drop(ledger);
 */
#ifndef BOUND_LEDGER_H
#define BOUND_LEDGER_H

#include "base/cancellation.h"
#include "base/pool.h"
#include "dataset/dataset.h"
#include "network/types.h"

#include <stdatomic.h>

typedef struct LedgerMargins {
    double before, after; /* the float network's margin over the rival, and the quantized network's */
} LedgerMargins;

typedef struct Ledger {
    atomic_size_t references;
    size_t image_count, layer_count;
    LedgerMargins *margins; /* [image_count] */
    double *pulls; /* [image_count][layer_count], over all uses of a layer; 0 for a layer that stays float */
} Ledger;

typedef struct LedgerOptions {
    Pool *pool;
    size_t memory;    /* ceiling in bytes; 0: none */
    Proceed *proceed; /* base/cancellation.h; NULL allowed */
    void *context;
} LedgerOptions;

/* weights: as network_run()'s; NULL entries are float layers. images, rivals: [count], above 0: images of the
 * dataset, and the class that each image's margin is over. One reference. *ledger is NULL on failure, which
 * is as for ladder_create(). */
Status ledger_create(Ledger **ledger, const Network *network, const Weights *const *weights,
                     const Dataset *dataset, const Normalization *normalization, const size_t *images,
                     const size_t *rivals, size_t count, const LedgerOptions *options, Message *message);
Ledger *ledger_hold(Ledger *ledger); /* NULL is allowed, in both */
void ledger_drop(Ledger *ledger);

#endif
