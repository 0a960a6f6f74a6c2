/* SPDX-License-Identifier: MIT */
/* Terminal: a child draws and reads on a pseudo-terminal; this program holds the other end. */
#define _GNU_SOURCE
#include "views/canvas/terminal.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE = 20000 }; /* milliseconds until a test gives up */

typedef struct Child {
    pid_t pid;
    int terminal, events; /* master of the pseudo-terminal; pipe of TerminalEvent */
} Child;

static TerminalOptions options = {.mouse = true};
static int events_out; /* of the child */

/* The child's exit status is what `run` returns. */
static Child start(const char *term, int (*run)(void))
{
    Child child;
    int ends[2];
    struct winsize size = {.ws_row = 10, .ws_col = 40};
    assert_int_equal(pipe(ends), 0);
    child.pid = forkpty(&child.terminal, NULL, NULL, &size);
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        close(ends[0]);
        events_out = ends[1];
        setenv("TERM", term, 1);
        setlocale(LC_CTYPE, "C.UTF-8");
        signal(SIGHUP, SIG_IGN);
        _exit(run());
    }
    close(ends[1]);
    child.events = ends[0];
    return child;
}

static int finish(Child child)
{
    int status;
    close(child.terminal);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    close(child.events);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool readable(int file, int milliseconds)
{
    struct pollfd wait = {.fd = file, .events = POLLIN};
    return poll(&wait, 1, milliseconds) > 0;
}

/* Reads what is shown until `text` is among it. */
static void wait_for(Child child, const char *text)
{
    char seen[8192];
    size_t length = 0;
    while (!memmem(seen, length, text, strlen(text))) {
        assert_true(length < sizeof seen && readable(child.terminal, PATIENCE));
        ssize_t got = read(child.terminal, seen + length, sizeof seen - length);
        assert_true(got > 0);
        length += (size_t)got;
    }
}

static TerminalEvent next_event(Child child)
{
    TerminalEvent event;
    assert_true(readable(child.events, PATIENCE));
    assert_int_equal(read(child.events, &event, sizeof event), sizeof event);
    return event;
}

static void type(Child child, const char *keys)
{
    assert_int_equal(write(child.terminal, keys, strlen(keys)), strlen(keys));
}

/* --- children --------------------------------------------------------------------------------------- */

static void show(const char *text)
{
    int rows, columns;
    Canvas canvas = {.unicode = terminal_unicode()};
    terminal_size(&rows, &columns);
    if (canvas_resize(&canvas, rows, columns, NULL) != STATUS_OK) _exit(99);
    canvas_text(&canvas, canvas_area(&canvas), 1, 2, STYLE_STRONG, "%s %dx%d", text, columns, rows);
    terminal_show(&canvas);
    canvas_free(&canvas);
}

static int wake[2];

static void catch_resize(int caught)
{
    if (write(wake[1], &caught, 1) != 1) _exit(93);
}

/* Draws, then reports every event through the pipe; ends with the terminal. */
static int tell_events(void)
{
    if (pipe(wake) != 0) return 95;
    signal(SIGWINCH, catch_resize);
    struct pollfd inputs[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = wake[0], .events = POLLIN}};
    if (terminal_open(&options, NULL) != STATUS_OK) return 98;
    show("漢é");
    for (int ready; (ready = poll(inputs, 2, PATIENCE)) > 0 || errno == EINTR;) {
        TerminalEvent event;
        char woken;
        if (ready > 0 && (inputs[1].revents & POLLIN) && read(wake[0], &woken, 1) != 1) return 94;
        while ((event = terminal_read()).key != KEYCODE_NONE) {
            show("漢é");
            if (write(events_out, &event, sizeof event) != (ssize_t)sizeof event) return 97;
            if (event.key == KEYCODE_HANGUP) return 7;
        }
    }
    return 96;
}

static int open_is_refused(void)
{
    Message message = {0};
    if (terminal_open(&options, &message) != STATUS_UNSUPPORTED) return 1;
    terminal_close();
    return strstr(message.text, getenv("TERM")) ? 0 : 2;
}

static bool same_modes(const struct termios *a, const struct termios *b)
{
    return a->c_lflag == b->c_lflag && a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag;
}

static int modes_come_back(void)
{
    struct termios before, during, after;
    for (int rescue = 0; rescue < 2; rescue++) {
        tcgetattr(STDIN_FILENO, &before);
        if (terminal_open(&options, NULL) != STATUS_OK) return 1;
        show("drawn");
        tcgetattr(STDIN_FILENO, &during);
        rescue ? terminal_rescue() : terminal_close();
        tcgetattr(STDIN_FILENO, &after);
        if (same_modes(&before, &during) || !same_modes(&before, &after)) return 2 + rescue;
    }
    terminal_rescue();
    return 0;
}

static int signals_are_left_alone(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGTSTP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_DFL);
    if (terminal_open(&options, NULL) != STATUS_OK) return 1;
    show("drawn");
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        sigaction(signals[i], NULL, &action);
        if (action.sa_handler != SIG_DFL) return 2;
    }
    terminal_close();
    return 0;
}

/* --- tests ------------------------------------------------------------------------------------------ */

/* The other end must read, or what the child sends would block it. */
static void expect_success(const char *term, int (*run)(void))
{
    char sink[512];
    Child child = start(term, run);
    while (read(child.terminal, sink, sizeof sink) > 0) continue;
    assert_int_equal(finish(child), 0);
}

static void keys_become_events(void **state)
{
    static const struct {
        const char *sequence;
        int key;
    } keys[] = {
        {"a", 'a'},
        {"é", 0xe9},
        {"\r", KEYCODE_ENTER},
        {"\033OA", KEYCODE_UP},
        {"\033OB", KEYCODE_DOWN},
        {"\033[5~", KEYCODE_PAGE_UP},
        {"\033[3~", KEYCODE_DELETE},
        {"\033[Z", KEYCODE_BACK_TAB},
        {"\177", KEYCODE_BACKSPACE},
        {"\003", 3},
        {"\032", 26},
        {"\033", KEYCODE_ESCAPE},
    };
    Child child = start("xterm-256color", tell_events);
    wait_for(child, "漢é 40x10");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        type(child, keys[i].sequence);
        assert_int_equal(next_event(child).key, keys[i].key);
    }
    assert_int_equal(finish(child), 7);
}

static void clicks_become_events(void **state)
{
    Child child = start("xterm-256color", tell_events);
    wait_for(child, "40x10");
    type(child, "\033[<0;5;3M\033[<0;5;3m");
    TerminalEvent event = next_event(child);
    assert_true(event.key == KEYCODE_MOUSE && event.mouse == MOUSE_CLICK && event.row == 2 &&
                event.column == 4);
    type(child, "\033[<65;8;1M");
    event = next_event(child);
    assert_true(event.key == KEYCODE_MOUSE && event.mouse == MOUSE_SCROLL_DOWN && event.row == 0);
    assert_int_equal(finish(child), 7);
}

static void a_resize_is_told_and_followed(void **state)
{
    struct winsize size = {.ws_row = 12, .ws_col = 60};
    Child child = start("xterm-256color", tell_events);
    wait_for(child, "40x10");
    assert_int_equal(ioctl(child.terminal, TIOCSWINSZ, &size), 0);
    assert_int_equal(next_event(child).key, KEYCODE_RESIZE);
    wait_for(child, "60x12");
    assert_int_equal(finish(child), 7);
}

static void what_did_not_change_is_not_sent(void **state)
{
    Child child = start("xterm-256color", tell_events);
    wait_for(child, "40x10");
    while (readable(child.terminal, 200)) {
        char rest[256];
        assert_true(read(child.terminal, rest, sizeof rest) > 0);
    }
    type(child, "a");
    assert_int_equal(next_event(child).key, 'a');
    assert_false(readable(child.terminal, 0));
    assert_int_equal(finish(child), 7);
}

static void terminals_of_little_use_are_refused(void **state)
{
    expect_success("dumb", open_is_refused);
    expect_success("no-such-terminal", open_is_refused);
}

static void no_terminal_is_refused(void **state)
{
    int ends[2], saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    Message message;
    assert_int_equal(terminal_open(&options, &message), STATUS_UNSUPPORTED);
    assert_non_null(strstr(message.text, "not a terminal"));
    dup2(saved, STDIN_FILENO);
    for (int i = 0; i < 2; i++) close(ends[i]);
    close(saved);
}

static void the_terminal_is_given_back(void **state)
{
    expect_success("xterm-256color", modes_come_back);
    expect_success("vt100", modes_come_back);
}

static void signals_stay_the_programs(void **state)
{
    expect_success("linux", signals_are_left_alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_become_events),
        cmocka_unit_test(clicks_become_events),
        cmocka_unit_test(a_resize_is_told_and_followed),
        cmocka_unit_test(what_did_not_change_is_not_sent),
        cmocka_unit_test(terminals_of_little_use_are_refused),
        cmocka_unit_test(no_terminal_is_refused),
        cmocka_unit_test(the_terminal_is_given_back),
        cmocka_unit_test(signals_stay_the_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
