/* SPDX-License-Identifier: MIT */
/* Signals while the program owns the terminal: none is lost, whichever thread receives it. */
#include "app/cli/interrupt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>

#define LONG 60000 /* milliseconds: never waited for */

static void rescue(void) {}

/* A library's thread that was started before the signals were blocked. */
static void *let_signals_through(void *number)
{
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    pthread_kill(pthread_self(), *(const int *)number);
    return NULL;
}

static void send_to_another_thread(int number)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, let_signals_through, &number), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_signal_that_another_thread_takes_ends_the_wait(void **state)
{
    interrupt_catch_terminal(rescue);
    send_to_another_thread(SIGTSTP);
    assert_true(interrupt_wait(NULL, 0, LONG) < 0);
    assert_true(interrupt_take_stop());
    assert_false(interrupt_take_stop());
    assert_int_equal(interrupt_signal(), 0);
    send_to_another_thread(SIGTERM);
    assert_true(interrupt_wait(NULL, 0, LONG) < 0);
    assert_int_equal(interrupt_signal(), SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_signal_that_another_thread_takes_ends_the_wait)};
    return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
