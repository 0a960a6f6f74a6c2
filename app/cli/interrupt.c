/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

static atomic_int caught, stopped;
static pthread_t interface; /* where `forwards` */
static atomic_bool forwards;

/* A thread of a library may receive the signal, which does not end the interface's wait: it is sent on. */
static void note(int number)
{
    if (forwards && !pthread_equal(pthread_self(), interface))
        pthread_kill(interface, number);
    else if (number == SIGTSTP)
        stopped = 1;
    else
        caught = number;
}

static void catch_signal(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void interrupt_catch(void)
{
    catch_signal(SIGINT, note, (int)SA_RESETHAND | SA_RESTART);
    catch_signal(SIGTERM, note, (int)SA_RESETHAND | SA_RESTART);
}

int interrupt_signal(void)
{
    return caught;
}

/* --- with a terminal -------------------------------------------------------------------------------- */

static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
#define HELD (sizeof held / sizeof *held)
#define CRASHES (sizeof crashes / sizeof *crashes)

static void (*rescue_terminal)(void);
static struct sigaction before_crash[CRASHES];

/* Raises the signal again for the handler before this one: a sanitizer's, or the default. */
static void crash(int number)
{
    rescue_terminal();
    for (size_t i = 0; i < CRASHES; i++)
        if (crashes[i] == number) sigaction(number, &before_crash[i], NULL);
    raise(number);
}

void interrupt_catch_terminal(void (*rescue)(void))
{
    sigset_t set;
    interface = pthread_self();
    forwards = true;
    sigemptyset(&set);
    for (size_t i = 0; i < HELD; i++) {
        sigaddset(&set, held[i]);
        if (held[i] != SIGWINCH) catch_signal(held[i], note, 0);
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    catch_signal(SIGPIPE, SIG_IGN, 0);
    rescue_terminal = rescue;
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], NULL, &before_crash[i]);
        catch_signal(crashes[i], crash, SA_NODEFER);
    }
}

int interrupt_wait(struct pollfd *descriptors, nfds_t count, int milliseconds)
{
    sigset_t set;
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    for (size_t i = 0; i < HELD; i++) sigdelset(&set, held[i]);
    return ppoll(descriptors, count, milliseconds < 0 ? NULL : &time, &set);
}

bool interrupt_take_stop(void)
{
    return atomic_exchange(&stopped, 0) != 0;
}

void interrupt_allow_stop(bool allowed)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    pthread_sigmask(allowed ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}
