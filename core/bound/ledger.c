/* SPDX-License-Identifier: MIT */
#include "bound/ledger.h"

#include "bound/ladder_run.h"

#include <stdlib.h>

static Status take_pulls(void *context, const LadderRun *run, size_t images, Message *message)
{
    Ledger *ledger = context;
    (void)message;
    if (images < run->images) return STATUS_OK;
    for (size_t i = 0; i < images; i++) {
        ledger->margins[i] = (LedgerMargins){run->all[i].rival_before, run->all[i].rival_after};
        for (size_t l = 0; l < ledger->layer_count; l++)
            ledger->pulls[i * ledger->layer_count + l] = run->pulls[l * run->images + i];
    }
    return STATUS_OK;
}

Status ledger_create(Ledger **result, const Network *network, const Weights *const *weights,
                     const Dataset *dataset, const Normalization *normalization, const size_t *images,
                     const size_t *rivals, size_t count, const LedgerOptions *options, Message *message)
{
    LadderRun run = {.network = network,
                     .weights = weights,
                     .dataset = dataset,
                     .normalization = normalization,
                     .images = count,
                     .selection = images,
                     .rivals = rivals,
                     .pulls_only = true,
                     .cancellation = {.proceed = options->proceed, .context = options->context}};
    *result = NULL;
    Ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) return status_no_memory(message, "the ledger of images");
    atomic_init(&ledger->references, 1);
    ledger->image_count = count;
    ledger->layer_count = network->layer_count;
    ledger->margins = calloc(count + 1, sizeof *ledger->margins);
    ledger->pulls = calloc(count * network->layer_count + 1, sizeof *ledger->pulls);
    Status status = ledger->margins && ledger->pulls
                        ? ladder_run(&run, options->pool, options->memory, take_pulls, ledger, message)
                        : status_no_memory(message, "the ledger of images");
    ladder_run_free(&run);
    if (status == STATUS_OK)
        *result = ledger;
    else
        ledger_drop(ledger);
    return status;
}

Ledger *ledger_hold(Ledger *ledger)
{
    if (ledger) atomic_fetch_add_explicit(&ledger->references, 1, memory_order_relaxed);
    return ledger;
}

void ledger_drop(Ledger *ledger)
{
    if (!ledger || atomic_fetch_sub_explicit(&ledger->references, 1, memory_order_acq_rel) != 1) return;
    free(ledger->margins);
    free(ledger->pulls);
    free(ledger);
}
