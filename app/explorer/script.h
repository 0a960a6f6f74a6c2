/* Script: keys from a file, screens as text; no terminal. For tests, demonstrations, and screen readers.
 *
 * Everything goes through the same actions as by hand. A line is an order; blank lines and lines that start
 * with # are passed over. script_help describes the orders. An exploration is neither kept nor offered. A
 * script that ends waits for its exports.
 */
#ifndef APP_SCRIPT_H
#define APP_SCRIPT_H

#include "app/cli/options.h"

/* An order as it is written, and what it does, for --help and the man page; an entry of NULLs ends them. */
typedef struct ScriptHelp {
    const char *order, *help;
} ScriptHelp;

extern const ScriptHelp script_help[];

/* Runs options->script; "-" is standard input. Dumps go to standard output. Errors name the file and the
 * line. */
Status script_run(const Options *options, Message *message);

#endif
