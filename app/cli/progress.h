/* SPDX-License-Identifier: MIT */
/* Progress: one line on standard error that is overwritten, where that is a terminal; nothing elsewhere. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include <stdbool.h>

typedef struct Progress {
    bool on, shown;
    double last; /* when a line was shown last, in seconds */
} Progress;

/* wanted: what --progress says. */
Progress progress_start(bool wanted);

/* Shows a line, at most ten per second, made printable and cut at the terminal's width. */
void progress_show(Progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Erases the line. */
void progress_clear(Progress *progress);

#endif
