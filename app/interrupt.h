/* Interrupt: SIGINT and SIGTERM ask a run to stop; the run ends at its next report of progress. A second one
 * ends the program at once. */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

void interrupt_catch(void);

/* The signal that came, or 0. */
int interrupt_signal(void);

#endif
