/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include "base/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

Status status_fail(Message *message, Status status, const char *format, ...)
{
    if (!message) return status;
    char raw[sizeof message->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    *message = (Message){0};
    printable_copy(message->text, sizeof message->text, raw);
    return status;
}

Status status_context(Message *message, Status status, const char *format, ...)
{
    if (!message) return status;
    char raw[sizeof message->text], context[sizeof message->text], whole[sizeof message->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    printable_copy(context, sizeof context, raw);
    size_t length = strlen(context);
    memcpy(whole, context, length);
    snprintf(whole + length, sizeof whole - length, ": %s", message->text);
    memcpy(message->text, whole, sizeof whole);
    return status;
}

Status status_copy(Message *message, Status status, const Message *from)
{
    if (message) *message = *from;
    return status;
}

Status status_advise(Status status, Message *message, unsigned remedies)
{
    if (message) message->remedies |= remedies;
    return status;
}

Status status_advise_memory(Status status, Message *message, unsigned remedies, size_t needed, size_t ceiling)
{
    if (message && needed > ceiling) message->memory_missing = needed - ceiling;
    return status_advise(status, message, remedies);
}

Status status_no_memory(Message *message, const char *what)
{
    return status_fail(message, STATUS_MEMORY, "out of memory for %s", what);
}
