/* SPDX-License-Identifier: MIT */
/* Explore: the program in a terminal: keys in, screens out, until the person leaves.
 *
 * The one thread that has the terminal. It waits for keys, signals and the worker's news, acts, and draws; it
 * never waits for the worker.
 */
#ifndef APP_EXPLORE_H
#define APP_EXPLORE_H

#include "app/cli/options.h"

/* STATUS_UNSUPPORTED where the terminal cannot be used; STATUS_CANCELLED where a signal ended it, with
 * interrupt_signal() to name it. The exploration is saved in either case: app/explorer/autosave.h. */
Status explore_run(const Options *options, Message *message);

#endif
