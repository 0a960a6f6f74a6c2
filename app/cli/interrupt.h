/* SPDX-License-Identifier: MIT */
/* Interrupt: signals that ask a run to stop.
 *
 * A batch command ends at its next progress report; a second signal ends the program at once. The explorer
 * receives signals while it waits for keys: see interrupt_wait().
 */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

#include <poll.h>
#include <stdbool.h>

/* Catches SIGINT and SIGTERM. */
void interrupt_catch(void);

/* The signal that came, or 0. */
int interrupt_signal(void);

/* For a program that controls the terminal. SIGINT, SIGTERM, SIGHUP and SIGQUIT ask it to end, SIGTSTP to
 * stop. These and SIGWINCH are blocked except in interrupt_wait(), which only the calling thread may use.
 * SIGPIPE is ignored. On a crash (SIGSEGV, SIGABRT and the like) `rescue` is called first; it must be
 * async-signal-safe.
 */
void interrupt_catch_terminal(void (*rescue)(void));

/* poll(), with signals unblocked. Negative where one arrived. */
int interrupt_wait(struct pollfd *descriptors, nfds_t count, int milliseconds);

/* Whether SIGTSTP arrived since the last call. */
bool interrupt_take_stop(void);

/* Unblocks SIGTSTP, for the process to stop, or blocks it again. */
void interrupt_allow_stop(bool allowed);

#endif
