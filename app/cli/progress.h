/* Progress: one line on stderr that is written over, where stderr is a terminal; nothing elsewhere. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include <stdbool.h>

typedef struct Progress {
    bool on, shown;
    double last; /* second of the last line */
} Progress;

Progress progress_start(bool wanted);

/* Shows a line, at most ten a second; it is made printable and cut at the terminal's width. */
void progress_show(Progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Wipes the line away. */
void progress_clear(Progress *progress);

#endif
