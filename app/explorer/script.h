/* SPDX-License-Identifier: MIT */
/* Script: runs the explorer without a terminal: keys from a file, screens as text. For tests, demonstrations
 * and screen readers.
 *
 * Keys do what they do in a terminal. Every line is an order, as script_help describes them; blank lines and
 * lines that start with # are skipped. No exploration is saved or offered. At its end the script waits for
 * its exports.
 */
#ifndef APP_SCRIPT_H
#define APP_SCRIPT_H

#include "app/cli/options.h"

/* An order and what it does, for --help and the man page; {NULL, NULL} behind the last. */
typedef struct ScriptHelp {
    const char *order, *help;
} ScriptHelp;

extern const ScriptHelp script_help[];

/* Runs options->script; "-" is standard input. Dumps go to standard output. Errors name the file and the
 * line. */
Status script_run(const Options *options, Message *message);

#endif
