/* Status and messages: how every function of the library reports what went wrong.
 *
 * A function that can fail returns a Status, takes a Message last but for sizes, and fills it where the error
 * is found: lower case, without a full stop, naming the file, the node or layer, and the remedy. Callers add
 * what they know in front with status_context(). Text from files is safe to pass: control characters and
 * bytes that are not UTF-8 are written as \xNN.
 *
 *     if (kernel == 0) return status_fail(message, STATUS_INVALID, "node '%s': kernel of 0", name);
 *
 * Any thread may call; a Message belongs to its caller.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

typedef enum Status {
    STATUS_OK = 0,
    STATUS_INVALID,     /* what was given is wrong or damaged */
    STATUS_UNSUPPORTED, /* what was given is well formed, and cannot be run */
    STATUS_IO,          /* the system refused to read or write */
    STATUS_MEMORY,      /* out of memory, or above the ceiling that was set */
    STATUS_CANCELLED    /* the caller asked to stop */
} Status;

typedef struct Message {
    char text[1024]; /* one line, terminated, cut where it is longer */
} Message;

/* Writes the message and returns `status`, so that a failing function ends in one statement.
 * `message` may be NULL. */
Status status_fail(Message *message, Status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message; returns `status`. */
Status status_context(Message *message, Status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "out of memory for WHAT" */
Status status_no_memory(Message *message, const char *what);

#endif
