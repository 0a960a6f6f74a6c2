/* SPDX-License-Identifier: MIT */
/* State folder: where the program keeps what it may need again: $XDG_STATE_HOME/bitstitch, or
 * ~/.local/state/bitstitch. */
#ifndef APP_STATE_FOLDER_H
#define APP_STATE_FOLDER_H

#include "base/status.h"

#include <stdbool.h>

/* The path of a file in it, its name as printf() writes it; malloc'ed. NULL where the environment names no
 * folder, or out of memory. */
char *state_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes all folders above a file; `path` is the same afterwards. */
Status state_make_folders(char *path, Message *message);

#endif
