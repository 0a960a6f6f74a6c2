/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/progress.h"

#include "base/printable.h"
#include "base/seconds.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_BYTES 512
#define WIPE "\r\033[K"

Progress progress_start(bool wanted)
{
    return (Progress){.on = wanted && isatty(STDERR_FILENO)};
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 80;
    return size.ws_col;
}

void progress_show(Progress *progress, const char *format, ...)
{
    double time = seconds_now();
    if (!progress->on || time - progress->last < 0.1) return;
    progress->last = time;
    progress->shown = true;
    char raw[LINE_BYTES], line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    size_t width = terminal_width();
    /* bytes are never fewer than columns */
    printable_copy(line, width < sizeof line ? width : sizeof line, raw);
    fprintf(stderr, WIPE "%s", line);
    fflush(stderr);
}

void progress_clear(Progress *progress)
{
    if (progress->shown) fputs(WIPE, stderr);
    progress->shown = false;
}
