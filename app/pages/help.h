/* SPDX-License-Identifier: MIT */
/* Help: what --help prints, made from the tables of commands, options, methods and script orders. */
#ifndef APP_HELP_H
#define APP_HELP_H

#include "app/cli/options.h"

#include <stdio.h>

/* All commands and options, or options->command with its options alone. */
void help_print(FILE *file, const Options *options, bool all);

#endif
