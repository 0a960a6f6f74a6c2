/* Interrupt: signals that ask a run to stop.
 *
 * A batch command ends at its next report of progress; a second signal ends the program at once. The explorer
 * takes them, and those of a terminal, between two waits: see interrupt_wait().
 */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

#include <poll.h>
#include <stdbool.h>

/* SIGINT and SIGTERM. */
void interrupt_catch(void);

/* The signal that came, or 0. */
int interrupt_signal(void);

/* For a program that has the terminal: SIGINT, SIGTERM, SIGHUP and SIGQUIT ask it to end, SIGTSTP to stop;
 * all are held back, as is SIGWINCH, but in interrupt_wait(), which is for the thread that called this.
 * SIGPIPE is ignored. `rescue` runs before a crash (SIGSEGV, SIGABRT and their like) takes its course; it may
 * call what is safe in a handler of signals.
 */
void interrupt_catch_terminal(void (*rescue)(void));

/* poll(), in which signals arrive. Negative where one did. */
int interrupt_wait(struct pollfd *descriptors, nfds_t count, int milliseconds);

/* Whether SIGTSTP came since it was asked last. */
bool interrupt_take_stop(void);

/* Lets SIGTSTP through while the process is to stop. */
void interrupt_allow_stop(bool allowed);

#endif
