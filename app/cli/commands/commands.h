/* SPDX-License-Identifier: MIT */
/* Commands: one file each (cmd_NAME.c). They print for people, on standard output; two runs with the same
 * options print the same but for the lines of times and memory. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/cli/options.h"

/* One per command. Each opens the inputs, prints to stdout, and writes the output files of the options.
 * Returns the status of the first failure, with the message for standard error. */
Status cmd_explore(const Options *options, Message *message);
Status cmd_inspect(const Options *options, Message *message);
Status cmd_quantize(const Options *options, Message *message);
Status cmd_evaluate(const Options *options, Message *message);
Status cmd_compare(const Options *options, Message *message);
Status cmd_bound(const Options *options, Message *message);
Status cmd_sensitivity(const Options *options, Message *message);
Status cmd_choose(const Options *options, Message *message);

#endif
