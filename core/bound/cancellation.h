/* Cancellation: whether to go on, asked on one thread and heard on all. Private to core/bound. */
#ifndef BOUND_CANCELLATION_H
#define BOUND_CANCELLATION_H

#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>

typedef struct Cancellation {
    bool (*proceed)(void *context); /* NULL: always */
    void *context;
    atomic_bool cancelled; /* it said no */
} Cancellation;

/* on_caller: this is the thread that `proceed` may be called on. Whoever asks after it said no gets
 * STATUS_CANCELLED, and it is not called again. */
Status cancellation_check(Cancellation *cancellation, bool on_caller, Message *message);

#endif
