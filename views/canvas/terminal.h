/* SPDX-License-Identifier: MIT */
/* Terminal: copies a canvas to the screen and reads keys. The only file that uses curses.
 *
 * One thread, and one terminal per process. terminal_open() takes the terminal over, terminal_close()
 * restores
 * it. Call setlocale(LC_CTYPE, "") first. Ctrl-C, Ctrl-Z and Ctrl-\ arrive as keys (3, 26, 28), not as signals;
 * SIGINT, SIGTERM and SIGTSTP are left to the program. The program must also wake up for a resize, which the
 * next terminal_read() reports: before opening, block SIGWINCH and install a handler, then wait for input
 * with ppoll() and a mask that lets the signal through. A signal just before poll() would be missed.
 *
 * Example (struct pollfd *input, const sigset_t *open_mask, void (*act)(TerminalEvent event)):
 *     #include <errno.h>
 *     #include <poll.h>
 *     #include <signal.h>
 *     TerminalEvent event;
 *     while (ppoll(input, 1, NULL, open_mask) >= 0 || errno == EINTR)
 *         while ((event = terminal_read()).key != KEYCODE_NONE) act(event);
 */
#ifndef VIEWS_TERMINAL_H
#define VIEWS_TERMINAL_H

#include "views/canvas/theme.h"

typedef struct TerminalOptions {
    bool plain; /* ASCII, whatever locale and terminal */
    bool mouse;
    const char *no_color; /* the variable NO_COLOR, or NULL */
} TerminalOptions;

/* Keys are Unicode characters, or these. */
enum {
    KEYCODE_NONE = 0,
    KEYCODE_ENTER = '\n', /* carriage return too */
    KEYCODE_ESCAPE = 27,
    KEYCODE_FIRST = 0x110000,
    KEYCODE_UP = KEYCODE_FIRST,
    KEYCODE_DOWN,
    KEYCODE_LEFT,
    KEYCODE_RIGHT,
    KEYCODE_PAGE_UP,
    KEYCODE_PAGE_DOWN,
    KEYCODE_HOME,
    KEYCODE_END,
    KEYCODE_BACKSPACE,
    KEYCODE_DELETE,
    KEYCODE_BACK_TAB,
    KEYCODE_MOUSE,
    KEYCODE_RESIZE,
    KEYCODE_HANGUP /* the terminal is gone */
};

typedef enum MouseAction { MOUSE_CLICK, MOUSE_DOUBLE, MOUSE_SCROLL_UP, MOUSE_SCROLL_DOWN } MouseAction;

typedef struct TerminalEvent {
    int key;
    MouseAction mouse; /* of KEYCODE_MOUSE */
    int row, column;
} TerminalEvent;

/* STATUS_UNSUPPORTED if standard input or output is not a terminal, or TERM is unknown. */
Status terminal_open(const TerminalOptions *options, Message *message);
/* Restores the terminal; does nothing if it is not open. */
void terminal_close(void);
/* Restores the terminal from a signal handler (SIGSEGV and the like), with async-signal-safe calls only. Does
 * nothing if it is not open. */
void terminal_rescue(void);

/* Whether the open terminal shows more than ASCII. */
bool terminal_unicode(void);
/* Whether canvas_pixels() may use colours: 256 of them, and enough pairs. */
bool terminal_has_pixels(void);
/* The colours of the open terminal. */
ColorMode terminal_colors(void);
/* The size of the open terminal, at most CANVAS_MOST each. */
void terminal_size(int *rows, int *columns);

/* The next key or mouse event; KEYCODE_NONE if there is none. Read until then before waiting for input,
 * because curses may have buffered some. Does not wait, except 25 ms after an escape that may begin a key's
 * sequence. Once the terminal is gone, every call returns KEYCODE_HANGUP. */
TerminalEvent terminal_read(void);

/* Shows the canvas; only changed cells are sent. */
void terminal_show(const Canvas *canvas);
/* Captures the mouse, or releases it for copy and paste. */
void terminal_set_mouse(bool captured);
/* Draws everything again at the next show (Ctrl-L, after fg). */
void terminal_redraw(void);
/* Restores the terminal, stops the process (SIGTSTP), and takes the terminal over again after SIGCONT. */
void terminal_suspend(void);

#endif
