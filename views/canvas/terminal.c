/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE_EXTENDED 1
#include "views/canvas/terminal.h"

#include "base/seconds.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <unistr.h>
#include <wchar.h>

#include <term.h>
#undef columns

enum { ESCAPE_DELAY = 25 }; /* milliseconds to wait for the rest of a key's sequence */
#define PIXEL_PAIRS 8192    /* pairs of colours that pictures need: more than a screen shows */
#define DOUBLE_CLICK 0.4    /* seconds */

/* Curses has one screen a process, and so has this. */
static struct {
    SCREEN *screen; /* NULL: not open */
    bool unicode;
    volatile sig_atomic_t mouse;
    ColorMode colors;
    attr_t attributes[STYLE_COUNT];
    short pairs[STYLE_COUNT];
    struct winsize size; /* as last asked for */
    double clicked;      /* when, and where */
    int clicked_row, clicked_column;
} terminal;

/* What gives the terminal back without curses: for a handler of signals. */
static struct {
    volatile sig_atomic_t armed;
    struct termios modes;
    char sequence[256];
    size_t length;
} rescue;

/* --- opening and closing ---------------------------------------------------------------------------- */

/* A capability without its delays ($<5>), which need tputs(). */
static void add_sequence(const char *capability)
{
    if (!capability || capability == (const char *)-1) return;
    for (const char *c = capability; *c && rescue.length < sizeof rescue.sequence; c++) {
        if (c[0] == '$' && c[1] == '<' && strchr(c, '>')) c = strchr(c, '>') + 1;
        if (!*c) return;
        rescue.sequence[rescue.length++] = *c;
    }
}

static void arm_rescue(void)
{
    rescue.length = 0;
    add_sequence(exit_attribute_mode);
    add_sequence(keypad_local);
    add_sequence(cursor_normal);
    add_sequence(exit_ca_mode);
    rescue.armed = 1;
}

void terminal_rescue(void)
{
    static const char no_mouse[] = "\033[?1006l\033[?1000l";
    if (!rescue.armed) return;
    rescue.armed = 0;
    int saved = errno;
    if (terminal.mouse && write(STDOUT_FILENO, no_mouse, sizeof no_mouse - 1) < 0) errno = saved;
    if (write(STDOUT_FILENO, rescue.sequence, rescue.length) < 0) errno = saved;
    tcsetattr(STDIN_FILENO, TCSANOW, &rescue.modes);
    errno = saved;
}

static void set_style(Style style)
{
    Look look = theme_look(style, terminal.colors);
    terminal.attributes[style] = (look.bold ? A_BOLD : 0) | (look.dim ? A_DIM : 0) |
                                 (look.underline ? A_UNDERLINE : 0) | (look.reverse ? A_REVERSE : 0);
    short pair = (short)(style + 1);
    bool colored = look.color >= 0 && init_pair(pair, look.color, -1) == OK;
    terminal.pairs[style] = colored ? pair : 0;
}

/* A terminal of more than 256 colours has no palette, and curses would make a table of millions for it. */
static void set_styles(const char *no_color)
{
    bool colored = has_colors() && max_colors <= 256 && start_color() == OK && use_default_colors() == OK &&
                   COLOR_PAIRS > STYLE_COUNT;
    terminal.colors = colored ? theme_mode(COLORS, no_color) : COLOR_NONE;
    for (int style = 0; style < STYLE_COUNT; style++) set_style((Style)style);
}

static void set_modes(void)
{
    set_escdelay(ESCAPE_DELAY);
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, TRUE);
    typeahead(-1);
    mouseinterval(0);
    curs_set(0);
}

/* Asked of terminfo before curses takes the terminal over. */
static Status check_terminal(Message *message)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return status_fail(message, STATUS_UNSUPPORTED, "standard input or output is not a terminal");
    const char *name = getenv("TERM");
    if (!name || !name[0])
        return status_fail(message, STATUS_UNSUPPORTED, "TERM is not set: it names the kind of terminal");
    int found;
    if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "no terminal '%s' is known: set TERM, or install its description", name);
    bool able = cursor_address && clear_screen;
    del_curterm(cur_term);
    if (!able)
        return status_fail(message, STATUS_UNSUPPORTED, "a terminal '%s' cannot place its cursor: set TERM",
                           name);
    return STATUS_OK;
}

/* Curses takes over what these signals do where it finds their defaults. Its handlers would run in the middle
 * of a drawing, on any thread. */
static SCREEN *new_screen(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGTSTP};
    enum { COUNT = sizeof signals / sizeof *signals };
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before[COUNT];
    for (size_t i = 0; i < COUNT; i++) sigaction(signals[i], &ignore, &before[i]);
    SCREEN *screen = newterm(NULL, stdout, stdin);
    for (size_t i = 0; i < COUNT; i++) sigaction(signals[i], &before[i], NULL);
    return screen;
}

Status terminal_open(const TerminalOptions *options, Message *message)
{
    Status status = check_terminal(message);
    if (status != STATUS_OK) return status;
    if (tcgetattr(STDIN_FILENO, &rescue.modes) != 0)
        return status_fail(message, STATUS_IO, "cannot read the terminal's modes: %s", strerror(errno));
    /* Before curses asks: what changes in between is then seen to have changed. */
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &terminal.size);
    terminal.screen = new_screen();
    if (!terminal.screen)
        return status_fail(message, STATUS_UNSUPPORTED, "cannot draw on a terminal '%s'", getenv("TERM"));
    arm_rescue();
    set_modes();
    set_styles(options->no_color);
    terminal.unicode = !options->plain && theme_unicode(nl_langinfo(CODESET), getenv("TERM"));
    terminal_set_mouse(options->mouse);
    return STATUS_OK;
}

/* Where there is no second screen to leave, this one is left clear. */
static void leave(void)
{
    if (!enter_ca_mode) {
        erase();
        refresh();
    }
    endwin();
}

void terminal_close(void)
{
    if (!terminal.screen) return;
    terminal_set_mouse(false);
    leave();
    rescue.armed = 0;
    delscreen(terminal.screen);
    terminal.screen = NULL;
}

bool terminal_unicode(void)
{
    return terminal.unicode;
}

bool terminal_has_pixels(void)
{
    return terminal.unicode && terminal.colors == COLOR_256 && COLOR_PAIRS >= PIXEL_PAIRS;
}

ColorMode terminal_colors(void)
{
    return terminal.colors;
}

void terminal_size(int *rows, int *columns)
{
    *rows = LINES < CANVAS_MOST ? LINES : CANVAS_MOST;
    *columns = COLS < CANVAS_MOST ? COLS : CANVAS_MOST;
}

/* --- reading ---------------------------------------------------------------------------------------- */

static int key_of_code(wint_t code)
{
    switch (code) {
    case KEY_UP:
        return KEYCODE_UP;
    case KEY_DOWN:
        return KEYCODE_DOWN;
    case KEY_LEFT:
        return KEYCODE_LEFT;
    case KEY_RIGHT:
        return KEYCODE_RIGHT;
    case KEY_PPAGE:
        return KEYCODE_PAGE_UP;
    case KEY_NPAGE:
        return KEYCODE_PAGE_DOWN;
    case KEY_HOME:
        return KEYCODE_HOME;
    case KEY_END:
        return KEYCODE_END;
    case KEY_BACKSPACE:
        return KEYCODE_BACKSPACE;
    case KEY_DC:
        return KEYCODE_DELETE;
    case KEY_BTAB:
        return KEYCODE_BACK_TAB;
    case KEY_ENTER:
        return KEYCODE_ENTER;
    case KEY_MOUSE:
        return KEYCODE_MOUSE;
    case KEY_RESIZE:
        return KEYCODE_RESIZE;
    default:
        return KEYCODE_NONE;
    }
}

static int key_of_character(wint_t character)
{
    if (character == '\r') return KEYCODE_ENTER;
    if (character == '\b' || character == 0x7f) return KEYCODE_BACKSPACE;
    return character < KEYCODE_FIRST ? (int)character : KEYCODE_NONE;
}

static bool is_gone(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return errno == EIO || (poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)));
}

/* Asked for at every read, since the signal may have been caught by another handler than curses' own. */
static bool follow_size(void)
{
    struct winsize now;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0) return false;
    if (now.ws_row == terminal.size.ws_row && now.ws_col == terminal.size.ws_col) return false;
    terminal.size = now;
    resizeterm(now.ws_row, now.ws_col);
    return true;
}

static bool is_double_click(int row, int column)
{
    double now = seconds_now();
    bool twice = now - terminal.clicked < DOUBLE_CLICK && row == terminal.clicked_row &&
                 column == terminal.clicked_column;
    terminal.clicked = twice ? 0 : now;
    terminal.clicked_row = row;
    terminal.clicked_column = column;
    return twice;
}

/* False for what has no meaning here, such as the release of a button. */
static bool read_mouse(TerminalEvent *event)
{
    MEVENT mouse;
    if (getmouse(&mouse) != OK) return false;
    event->row = mouse.y;
    event->column = mouse.x;
    if (mouse.bstate & BUTTON4_PRESSED)
        event->mouse = MOUSE_SCROLL_UP;
    else if (mouse.bstate & BUTTON5_PRESSED)
        event->mouse = MOUSE_SCROLL_DOWN;
    else if (mouse.bstate & BUTTON1_PRESSED)
        event->mouse = is_double_click(mouse.y, mouse.x) ? MOUSE_DOUBLE : MOUSE_CLICK;
    else
        return false;
    return true;
}

TerminalEvent terminal_read(void)
{
    TerminalEvent event = {.key = KEYCODE_NONE};
    follow_size();
    while (event.key == KEYCODE_NONE) {
        wint_t character;
        errno = 0;
        int kind = get_wch(&character);
        if (kind == ERR) {
            if (is_gone()) event.key = KEYCODE_HANGUP;
            return event;
        }
        event.key = kind == KEY_CODE_YES ? key_of_code(character) : key_of_character(character);
        if (event.key == KEYCODE_MOUSE && !read_mouse(&event)) event.key = KEYCODE_NONE;
    }
    return event;
}

/* --- showing ---------------------------------------------------------------------------------------- */

/* The cell's characters, terminated; '?' where the C library gives the first another width than the canvas,
 * since curses would then shift the rest of the row. */
static void widen(wchar_t wide[CCHARW_MAX + 1], const char *text, int columns)
{
    size_t count = 0;
    ucs4_t point;
    for (int length; count < CCHARW_MAX && (length = u8_strmbtouc(&point, (const uint8_t *)text)) > 0;
         text += length)
        wide[count++] = (wchar_t)point;
    wide[count] = 0;
    if (count == 0 || wcwidth(wide[0]) != columns) wmemcpy(wide, L"?", 2);
}

/* The pair of a cell's colours. Curses makes pairs as they are asked for, and drops the oldest where it has
 * no more. */
static int pair_of(const CanvasCell *cell)
{
    const int pixel = cell->ink ? alloc_pair(cell->ink, cell->paper) : -1;
    return pixel >= 0 ? pixel : terminal.pairs[cell->style];
}

static void show_row(const Canvas *canvas, int row)
{
    const CanvasCell *cells = canvas->cells + (size_t)row * (size_t)canvas->columns;
    for (int c = 0; c < canvas->columns && c < COLS; c++) {
        if (!cells[c].text[0]) continue;
        int columns = c + 1 < canvas->columns && !cells[c + 1].text[0] ? 2 : 1;
        wchar_t wide[CCHARW_MAX + 1];
        widen(wide, cells[c].text, columns);
        cchar_t shown;
        int pair = pair_of(&cells[c]);
        setcchar(&shown, wide, terminal.attributes[cells[c].style], (short)pair, &pair);
        mvadd_wch(row, c, &shown);
    }
}

void terminal_show(const Canvas *canvas)
{
    erase();
    for (int r = 0; r < canvas->rows && r < LINES; r++) show_row(canvas, r);
    refresh();
}

void terminal_set_mouse(bool captured)
{
    mmask_t mask = BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED;
    mousemask(captured ? mask : 0, NULL);
    terminal.mouse = captured;
}

void terminal_redraw(void)
{
    clearok(curscr, TRUE);
}

/* The default of SIGTSTP stops a process unless no shell is there to start it again. */
void terminal_suspend(void)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, before;
    leave();
    sigaction(SIGTSTP, &stop, &before);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    terminal_redraw();
    refresh();
}
