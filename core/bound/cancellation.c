#include "bound/cancellation.h"

Status cancellation_check(Cancellation *cancellation, bool on_caller, Message *message)
{
    const bool asks = on_caller && cancellation->proceed && !atomic_load(&cancellation->cancelled);
    if (asks && !cancellation->proceed(cancellation->context)) atomic_store(&cancellation->cancelled, true);
    if (!atomic_load(&cancellation->cancelled)) return STATUS_OK;
    return status_fail(message, STATUS_CANCELLED, "cancelled");
}
