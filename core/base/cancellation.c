/* SPDX-License-Identifier: MIT */
#include "base/cancellation.h"

Status cancellation_check(Cancellation *cancellation, bool on_caller, Message *message)
{
    if (on_caller && cancellation->proceed && !atomic_load(&cancellation->cancelled)) {
        const size_t done = atomic_load(&cancellation->done), total = cancellation->total;
        const double fraction = total ? (double)done / (double)total : 1;
        if (!cancellation->proceed(cancellation->context, fraction))
            atomic_store(&cancellation->cancelled, true);
    }
    if (!atomic_load(&cancellation->cancelled)) return STATUS_OK;
    return status_fail(message, STATUS_CANCELLED, "cancelled");
}
