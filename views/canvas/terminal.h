/* Terminal: the one file that knows curses: it copies a canvas to the screen and reads keys.
 *
 * One thread, and one terminal a process. terminal_open() takes the terminal over, terminal_close() gives it
 * back as it was. Call setlocale(LC_CTYPE, "") first. Ctrl-C, Ctrl-Z and Ctrl-\ arrive as keys (3, 26, 28),
 * not as signals, and what SIGINT, SIGTERM and SIGTSTP do is left to the program. So is waking up for a
 * resize, which the next terminal_read() tells: before opening, block SIGWINCH and catch it, and wait for
 * input with ppoll() and a mask that lets it through, since a signal that comes just before poll() would not
 * end it.
 *
 *     while (ppoll(&input, 1, NULL, &open_mask) >= 0 || errno == EINTR)
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

/* STATUS_UNSUPPORTED where standard input or output is no terminal, or TERM is not known. */
Status terminal_open(const TerminalOptions *options, Message *message);
void terminal_close(void);
/* For a handler of SIGSEGV and the like: gives the terminal back with calls that are safe there. Does nothing
 * where it is not open. */
void terminal_rescue(void);

bool terminal_unicode(void);
ColorMode terminal_colors(void);
void terminal_size(int *rows, int *columns);

/* Key KEYCODE_NONE where there is nothing to read: read until then before waiting for input, since some may
 * be buffered. Does not wait, but for 25 ms after an escape that a key's sequence may follow. Once the
 * terminal is gone every call says KEYCODE_HANGUP. */
TerminalEvent terminal_read(void);

/* Shows the canvas; only what changed is sent. */
void terminal_show(const Canvas *canvas);
void terminal_set_mouse(bool captured);
/* Draws everything again at the next show (Ctrl-L, after fg). */
void terminal_redraw(void);
/* Gives the terminal back, stops the process (SIGTSTP), and takes it over again after SIGCONT. */
void terminal_suspend(void);

#endif
