/* SPDX-License-Identifier: MIT */
/* explore: the explorer in a terminal, or run by a script. */
#include "app/cli/commands/commands.h"
#include "app/explorer/explore.h"
#include "app/explorer/script.h"

#include <unistd.h>

Status cmd_explore(const Options *options, Message *message)
{
    if (options->script) return script_run(options, message);
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) return explore_run(options, message);
    return status_fail(
        message, STATUS_UNSUPPORTED,
        "there is no terminal to explore in: use --script, or inspect, quantize, evaluate, compare, "
        "bound or sensitivity (see bitstitch --help)");
}
