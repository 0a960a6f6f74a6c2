/* SPDX-License-Identifier: MIT */
/* Status and messages: how every function of the library reports what went wrong.
 *
 * A function that can fail returns a Status, takes a Message last but for sizes, and fills it where the error
 * is found: lower case, without a full stop, naming the file, the node or the layer, and the cause. Callers
 * add what they know in front with status_context(). Text from files is safe to pass: control characters and
 * bytes that are not UTF-8 are written as \xNN.
 *
 * Example (int kernel, const char *name, Message *message):
 *     if (kernel == 0) return status_fail(message, STATUS_INVALID, "node '%s': kernel of 0", name);
 *
 * What would help is not part of the text, as it depends on who is asked: an option of a command line, a
 * field of a struct. The message lists remedies, and whoever shows it names what its own user can do:
 *
 * Example (const char *path, size_t bytes, size_t ceiling, Message *message):
 *     #include "base/sizes.h"
 *     Status status = status_fail(message, STATUS_MEMORY, "'%s' takes %zu MiB", path, size_mib(bytes));
 *     return status_advise_memory(status, message, REMEDY_MEMORY, bytes, ceiling);
 *
 * Any thread may call; a Message belongs to its caller.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stddef.h>

typedef enum Status {
    STATUS_OK = 0,
    STATUS_INVALID,     /* the input is wrong or damaged */
    STATUS_UNSUPPORTED, /* the input is well formed, and cannot be run */
    STATUS_IO,          /* the system refused to read or write */
    STATUS_MEMORY,      /* out of memory, or above the ceiling that was set */
    STATUS_CANCELLED    /* the caller asked to stop */
} Status;

/* What would help: a set, each a bit. */
typedef enum Remedy {
    REMEDY_MEMORY = 1 << 0,             /* a higher memory ceiling */
    REMEDY_MEMORY_FOR_FILE = 1 << 1,    /* the same: memory_missing is what the file alone needs */
    REMEDY_THREADS = 1 << 2,            /* fewer threads */
    REMEDY_FLOAT_LAYER = 1 << 3,        /* leaving that layer in float */
    REMEDY_CALIBRATION_IMAGES = 1 << 4, /* at most `images` calibration images */
    REMEDY_LADDER_IMAGES = 1 << 5,      /* fewer images for the ladder of bounds */
    REMEDY_NORMALIZATION = 1 << 6,      /* another mean and standard deviation of the images */
    REMEDY_RIDGE = 1 << 7,              /* a ridge above 0 */
    REMEDY_METHOD = 1 << 8,             /* another method */
    REMEDY_INPUT_SHAPE = 1 << 9,        /* the shape of the network's input */
    REMEDY_OUTPUT = 1 << 10,            /* the name of one output */
    REMEDY_LAYOUT = 1 << 11,            /* the order of an array's dimensions */
    REMEDY_RESIZE = 1 << 12,            /* a size that images are scaled to before the middle is cropped */
    REMEDY_LARGER_RESIZE = 1 << 13,     /* a larger one */
    REMEDY_SKIP_BAD_IMAGES = 1 << 14,   /* leaving out images that cannot be decoded */
    REMEDY_LAYER_NAMES = 1 << 15        /* a list of the network's layers */
} Remedy;

#define REMEDY_COUNT 16

typedef struct Message {
    char text[1024];       /* one line, terminated, cut where it is longer */
    unsigned remedies;     /* of Remedy */
    size_t memory_missing; /* bytes by which the memory ceiling is too low; 0 where that is not known */
    size_t images;         /* of REMEDY_CALIBRATION_IMAGES */
} Message;

/* Writes the message, without remedies, and returns `status`, so that a failing function ends in one
 * statement. `message` may be NULL, here and below. */
Status status_fail(Message *message, Status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message, whose remedies stay; returns `status`. */
Status status_context(Message *message, Status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies a message that another thread or an inner call has filled; returns `status`. */
Status status_copy(Message *message, Status status, const Message *from);

/* Adds remedies, a set of Remedy, to a message that status_fail() has written; returns `status`. */
Status status_advise(Status status, Message *message, unsigned remedies);

/* Adds remedies where `needed` bytes exceed a ceiling: REMEDY_MEMORY or REMEDY_MEMORY_FOR_FILE, and others;
 * returns `status`. */
Status status_advise_memory(Status status, Message *message, unsigned remedies, size_t needed,
                            size_t ceiling);

/* "out of memory for WHAT" */
Status status_no_memory(Message *message, const char *what);

#endif
