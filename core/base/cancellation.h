/* SPDX-License-Identifier: MIT */
/* Cancellation: the one way in which long work asks its caller whether to go on, and says how far it is.
 *
 * Work of several threads shares one Cancellation: any thread counts what it has done, the caller's thread
 * asks, and after a "no" every thread's next check returns STATUS_CANCELLED.
 *
 *     Cancellation cancellation = {.proceed = options->proceed, .context = options->context, .total =
 * layers};
 * Example (Proceed *proceed, void *context, size_t layers, size_t worker, Message *message):
 *     Cancellation cancellation = {.proceed = proceed, .context = context, .total = layers};
 *     Status status = cancellation_check(&cancellation, worker == 0, message);    // every 10 ms or so
 *     atomic_fetch_add(&cancellation.done, 1);                                    // a layer is done
 *     return status;
 */
#ifndef BASE_CANCELLATION_H
#define BASE_CANCELLATION_H

#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Called often, on the thread that called the work, with the fraction done, 0 to 1. False cancels. */
typedef bool Proceed(void *context, double fraction);

typedef struct Cancellation {
    Proceed *proceed; /* NULL: never cancelled */
    void *context;
    size_t total;       /* units of work; 0 where there are none */
    atomic_size_t done; /* of them */
    atomic_bool cancelled;
} Cancellation;

/* Asks where on_caller says that this is the caller's thread, and nobody has said no yet. STATUS_CANCELLED
 * once somebody has; `proceed` is not called again then. */
Status cancellation_check(Cancellation *cancellation, bool on_caller, Message *message);

#endif
