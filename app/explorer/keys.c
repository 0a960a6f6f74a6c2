#include "app/explorer/keys.h"

#include "views/canvas/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONTROL(letter) ((letter)&0x1f)

/* In the order of the help screen and of the last line. */
const KeyEntry key_table[] = {
    {KEYS_PANELS, {'k', KEYCODE_UP}, false, ACTION_UP, "the layer above", NULL},
    {KEYS_PANELS, {'j', KEYCODE_DOWN}, false, ACTION_DOWN, "the layer below", NULL},
    {KEYS_PANELS, {'g', KEYCODE_HOME}, false, ACTION_FIRST, "the first layer", NULL},
    {KEYS_PANELS, {'G', KEYCODE_END}, false, ACTION_LAST, "the last layer", NULL},
    {KEYS_PANELS, {KEYCODE_PAGE_UP, CONTROL('b')}, false, ACTION_PAGE_UP, "a page up", NULL},
    {KEYS_PANELS, {KEYCODE_PAGE_DOWN, CONTROL('f')}, false, ACTION_PAGE_DOWN, "a page down", NULL},
    {KEYS_PANELS, {'w'}, false, ACTION_WORST, "the layer that costs most", NULL},
    {KEYS_PANELS, {' '}, false, ACTION_MARK, "mark this layer, or unmark it", NULL},
    {KEYS_PANELS, {'*'}, false, ACTION_MARK_ALL, "mark all shown, or none", NULL},
    {KEYS_PANELS, {'s'}, false, ACTION_SORT, "sort by the next column", NULL},
    {KEYS_PANELS, {'I'}, false, ACTION_REVERSE, "sort the other way round", NULL},
    {KEYS_PANELS, {'/'}, false, ACTION_FILTER, "filter layers by name", NULL},
    {KEYS_PANELS, {KEYCODE_ESCAPE}, false, ACTION_ESCAPE, "clear cursor, filter, marks", NULL},

    {KEYS_PANELS, {'2', '8'}, true, ACTION_WEIGHT_BITS, "weight bits, marked or this", "weight bits"},
    {KEYS_PANELS, {'f', '0'}, false, ACTION_WEIGHT_FLOAT, "float weights", NULL},
    {KEYS_PANELS, {'+', '='}, false, ACTION_RAISE, "a weight bit more", NULL},
    {KEYS_PANELS, {'-'}, false, ACTION_LOWER, "a weight bit less", NULL},
    {KEYS_PANELS, {'a'}, false, ACTION_ASK_INPUT_BITS, "activation bits: 2-8, or f", "activations"},
    {KEYS_PANELS, {'A'}, false, ACTION_CYCLE_INPUT_BITS, "next lower activation bits", NULL},
    {KEYS_PANELS, {'m'}, false, ACTION_METHOD, "the next method", NULL},
    {KEYS_PANELS, {'i'}, false, ACTION_MODE, "sequential, or independent", NULL},
    {KEYS_PANELS, {'E'}, false, ACTION_COMPENSATED, "error compensation on, off", NULL},
    {KEYS_PANELS, {'P'}, false, ACTION_POLISH, "polish on or off", NULL},
    {KEYS_PANELS, {'B'}, false, ACTION_BIAS_CORRECTION, "bias correction on or off", NULL},
    {KEYS_PANELS, {'u'}, false, ACTION_UNDO, "undo", "undo"},
    {KEYS_PANELS, {'r', CONTROL('r')}, false, ACTION_REDO, "redo", NULL},

    {KEYS_PANELS, {'p'}, false, ACTION_PAUSE, "pause and go on", "pause"},
    {KEYS_PANELS, {'x'}, false, ACTION_CANCEL, "cancel work, or take it up", NULL},
    {KEYS_PANELS, {'c'}, false, ACTION_COMPARE, "compare methods on this layer", "compare"},
    {KEYS_PANELS, {'W'}, false, ACTION_WIDTHS, "solve it at every width", NULL},

    {KEYS_PANELS, {'\t'}, false, ACTION_NEXT_PANEL, "the next panel", "panel"},
    {KEYS_PANELS, {KEYCODE_BACK_TAB}, false, ACTION_PREVIOUS_PANEL, "the panel before", NULL},
    {KEYS_PANELS, {'v'}, false, ACTION_PAGE, "the panel's next page", "page"},
    {KEYS_PANELS, {'z'}, false, ACTION_ZOOM, "this panel alone, or all", NULL},
    {KEYS_PANELS, {'h', KEYCODE_LEFT}, false, ACTION_CURSOR_LEFT, "chart cursor to the left", NULL},
    {KEYS_PANELS, {'l', KEYCODE_RIGHT}, false, ACTION_CURSOR_RIGHT, "chart cursor to the right", NULL},
    {KEYS_PANELS, {KEYCODE_ENTER}, false, ACTION_ENTER, "details; plan at the cursor", NULL},
    {KEYS_PANELS, {'V'}, false, ACTION_VISITS, "plans visited, to return to", NULL},

    {KEYS_PANELS, {'e'}, false, ACTION_EXPORT, "export as CSV, JSON or ONNX", "export"},
    {KEYS_PANELS, {'S'}, false, ACTION_SAVE, "save the exploration", NULL},
    {KEYS_PANELS, {'o'}, false, ACTION_OPEN, "open a network or exploration", NULL},

    {KEYS_PANELS, {'L'}, false, ACTION_LESSON, "the lesson, or an end to it", "lesson"},
    {KEYS_PANELS, {'n'}, false, ACTION_LESSON_NEXT, "the lesson's next step", NULL},
    {KEYS_PANELS, {'N'}, false, ACTION_LESSON_PREVIOUS, "the lesson's step before", NULL},
    {KEYS_PANELS, {'K'}, false, ACTION_SCROLL_UP, "the lesson's text up", NULL},
    {KEYS_PANELS, {'J'}, false, ACTION_SCROLL_DOWN, "the lesson's text down", NULL},
    {KEYS_PANELS, {'M'}, false, ACTION_MOUSE, "release the mouse, or take it", NULL},
    {KEYS_PANELS, {CONTROL('l')}, false, ACTION_REDRAW, "draw the screen again", NULL},
    {KEYS_PANELS, {CONTROL('z')}, false, ACTION_SUSPEND, "back to the shell, until fg", NULL},
    {KEYS_PANELS, {'q'}, false, ACTION_QUIT, "quit", "quit"},
    {KEYS_PANELS, {CONTROL('c')}, false, ACTION_QUIT, "quit, as q does", NULL},
    {KEYS_PANELS, {'?'}, false, ACTION_HELP, "this help", "help"},

    {KEYS_WIDTH, {'2', '8'}, true, ACTION_INPUT_BITS, "bits, marked or this", "activation bits"},
    {KEYS_WIDTH, {'f', '0'}, false, ACTION_INPUT_FLOAT, "float activations", "float"},
    {KEYS_WIDTH, {KEYCODE_ESCAPE, 'q'}, false, ACTION_CLOSE, "leave them", "leave them"},
    {KEYS_WIDTH, {CONTROL('c')}, false, ACTION_CLOSE, "leave them too", NULL},

    {KEYS_DETAILS, {'k', KEYCODE_UP}, false, ACTION_SCROLL_UP, "scroll up", "up"},
    {KEYS_DETAILS, {'j', KEYCODE_DOWN}, false, ACTION_SCROLL_DOWN, "scroll down", "down"},
    {KEYS_DETAILS, {KEYCODE_PAGE_UP, CONTROL('b')}, false, ACTION_SCROLL_PAGE_UP, "a page up", NULL},
    {KEYS_DETAILS,
     {KEYCODE_PAGE_DOWN, CONTROL('f'), ' '},
     false,
     ACTION_SCROLL_PAGE_DOWN,
     "a page down",
     NULL},
    {KEYS_DETAILS, {'h', KEYCODE_LEFT}, false, ACTION_UP, "the layer above", "layer above"},
    {KEYS_DETAILS, {'l', KEYCODE_RIGHT}, false, ACTION_DOWN, "the layer below", "layer below"},
    {KEYS_DETAILS, {KEYCODE_ESCAPE, 'q'}, false, ACTION_CLOSE, "close", "close"},
    {KEYS_DETAILS, {KEYCODE_ENTER, CONTROL('c')}, false, ACTION_CLOSE, "close too", NULL},

    {KEYS_VISITS, {'k', KEYCODE_UP}, false, ACTION_UP, "the plan above", "up"},
    {KEYS_VISITS, {'j', KEYCODE_DOWN}, false, ACTION_DOWN, "the plan below", "down"},
    {KEYS_VISITS, {'g', KEYCODE_HOME}, false, ACTION_FIRST, "the first plan", NULL},
    {KEYS_VISITS, {'G', KEYCODE_END}, false, ACTION_LAST, "the last plan", NULL},
    {KEYS_VISITS, {KEYCODE_PAGE_UP, CONTROL('b')}, false, ACTION_PAGE_UP, "a page up", NULL},
    {KEYS_VISITS, {KEYCODE_PAGE_DOWN, CONTROL('f')}, false, ACTION_PAGE_DOWN, "a page down", NULL},
    {KEYS_VISITS, {KEYCODE_ENTER}, false, ACTION_RETURN_TO_VISIT, "return to the plan", "return to it"},
    {KEYS_VISITS, {KEYCODE_ESCAPE, 'q'}, false, ACTION_CLOSE, "close", "close"},
    {KEYS_VISITS, {'V', CONTROL('c')}, false, ACTION_CLOSE, "close too", NULL},

    {KEYS_HELP, {'k', KEYCODE_UP}, false, ACTION_SCROLL_UP, "scroll up", "up"},
    {KEYS_HELP, {'j', KEYCODE_DOWN}, false, ACTION_SCROLL_DOWN, "scroll down", "down"},
    {KEYS_HELP, {KEYCODE_PAGE_UP, CONTROL('b')}, false, ACTION_SCROLL_PAGE_UP, "a page up", NULL},
    {KEYS_HELP,
     {KEYCODE_PAGE_DOWN, CONTROL('f'), ' '},
     false,
     ACTION_SCROLL_PAGE_DOWN,
     "a page down",
     "page"},
    {KEYS_HELP, {KEYCODE_ESCAPE, 'q'}, false, ACTION_CLOSE, "close", "close"},
    {KEYS_HELP, {'?', CONTROL('c')}, false, ACTION_CLOSE, "close too", NULL},

    {KEYS_QUESTION, {'y'}, false, ACTION_YES, "yes", "yes"},
    {KEYS_QUESTION, {'n', KEYCODE_ESCAPE}, false, ACTION_NO, "no", "no"},
    {KEYS_QUESTION, {CONTROL('c')}, false, ACTION_NO, "no too", NULL},

    {KEYS_PROMPT, {KEYCODE_ENTER}, false, ACTION_ACCEPT, "take the line", NULL},
    {KEYS_PROMPT, {KEYCODE_ESCAPE, CONTROL('c')}, false, ACTION_ABANDON, "leave it", NULL},
    {KEYS_PROMPT, {'\t'}, false, ACTION_COMPLETE, "go on with a file's name", NULL},
    {KEYS_PROMPT, {KEYCODE_BACKSPACE, CONTROL('h')}, false, ACTION_ERASE, "erase the character before", NULL},
    {KEYS_PROMPT,
     {KEYCODE_DELETE, CONTROL('d')},
     false,
     ACTION_ERASE_NEXT,
     "erase the character after",
     NULL},
    {KEYS_PROMPT, {CONTROL('w')}, false, ACTION_ERASE_WORD, "erase the word before", NULL},
    {KEYS_PROMPT, {CONTROL('u')}, false, ACTION_ERASE_LINE, "erase all", NULL},
    {KEYS_PROMPT, {KEYCODE_LEFT, CONTROL('b')}, false, ACTION_INPUT_LEFT, "a character to the left", NULL},
    {KEYS_PROMPT, {KEYCODE_RIGHT, CONTROL('f')}, false, ACTION_INPUT_RIGHT, "a character to the right", NULL},
    {KEYS_PROMPT, {KEYCODE_HOME, CONTROL('a')}, false, ACTION_INPUT_START, "the start of the line", NULL},
    {KEYS_PROMPT, {KEYCODE_END, CONTROL('e')}, false, ACTION_INPUT_END, "the end of the line", NULL},
};
const size_t key_table_count = sizeof key_table / sizeof *key_table;

/* --- dispatch --------------------------------------------------------------------------------------- */

static bool has_key(const KeyEntry *entry, int key)
{
    if (entry->range) return key >= entry->keys[0] && key <= entry->keys[1];
    for (size_t i = 0; i < KEYS_AN_ENTRY && entry->keys[i]; i++)
        if (entry->keys[i] == key) return true;
    return false;
}

Action key_action(KeyContext context, int key)
{
    for (size_t i = 0; i < key_table_count; i++)
        if (key_table[i].context == context && has_key(&key_table[i], key)) return key_table[i].action;
    return ACTION_NONE;
}

const char *action_name(Action action)
{
    static const char *const names[ACTION_COUNT] = {
        [ACTION_NONE] = "none",
        [ACTION_UP] = "up",
        [ACTION_DOWN] = "down",
        [ACTION_FIRST] = "first",
        [ACTION_LAST] = "last",
        [ACTION_PAGE_UP] = "page-up",
        [ACTION_PAGE_DOWN] = "page-down",
        [ACTION_WORST] = "worst",
        [ACTION_MARK] = "mark",
        [ACTION_MARK_ALL] = "mark-all",
        [ACTION_SORT] = "sort",
        [ACTION_REVERSE] = "reverse",
        [ACTION_FILTER] = "filter",
        [ACTION_ESCAPE] = "escape",
        [ACTION_WEIGHT_BITS] = "weight-bits",
        [ACTION_WEIGHT_FLOAT] = "weight-float",
        [ACTION_RAISE] = "raise",
        [ACTION_LOWER] = "lower",
        [ACTION_ASK_INPUT_BITS] = "activation-bits",
        [ACTION_INPUT_BITS] = "activation-width",
        [ACTION_INPUT_FLOAT] = "activation-float",
        [ACTION_CYCLE_INPUT_BITS] = "activation-cycle",
        [ACTION_METHOD] = "method",
        [ACTION_MODE] = "mode",
        [ACTION_COMPENSATED] = "compensated",
        [ACTION_POLISH] = "polish",
        [ACTION_BIAS_CORRECTION] = "bias-correction",
        [ACTION_UNDO] = "undo",
        [ACTION_REDO] = "redo",
        [ACTION_PAUSE] = "pause",
        [ACTION_CANCEL] = "cancel",
        [ACTION_COMPARE] = "compare",
        [ACTION_WIDTHS] = "widths",
        [ACTION_NEXT_PANEL] = "next-panel",
        [ACTION_PREVIOUS_PANEL] = "previous-panel",
        [ACTION_PAGE] = "page",
        [ACTION_ZOOM] = "zoom",
        [ACTION_CURSOR_LEFT] = "cursor-left",
        [ACTION_CURSOR_RIGHT] = "cursor-right",
        [ACTION_ENTER] = "details",
        [ACTION_VISITS] = "visits",
        [ACTION_EXPORT] = "export",
        [ACTION_SAVE] = "save",
        [ACTION_OPEN] = "open",
        [ACTION_LESSON] = "lesson",
        [ACTION_LESSON_NEXT] = "lesson-next",
        [ACTION_LESSON_PREVIOUS] = "lesson-previous",
        [ACTION_HELP] = "help",
        [ACTION_MOUSE] = "mouse",
        [ACTION_REDRAW] = "redraw",
        [ACTION_SUSPEND] = "suspend",
        [ACTION_QUIT] = "quit",
        [ACTION_CLOSE] = "close",
        [ACTION_SCROLL_UP] = "scroll-up",
        [ACTION_SCROLL_DOWN] = "scroll-down",
        [ACTION_SCROLL_PAGE_UP] = "scroll-page-up",
        [ACTION_SCROLL_PAGE_DOWN] = "scroll-page-down",
        [ACTION_RETURN_TO_VISIT] = "return-to-visit",
        [ACTION_YES] = "yes",
        [ACTION_NO] = "no",
        [ACTION_ACCEPT] = "accept",
        [ACTION_ABANDON] = "abandon",
        [ACTION_COMPLETE] = "complete",
        [ACTION_ERASE] = "erase",
        [ACTION_ERASE_NEXT] = "erase-next",
        [ACTION_ERASE_WORD] = "erase-word",
        [ACTION_ERASE_LINE] = "erase-line",
        [ACTION_INPUT_LEFT] = "input-left",
        [ACTION_INPUT_RIGHT] = "input-right",
        [ACTION_INPUT_START] = "input-start",
        [ACTION_INPUT_END] = "input-end",
    };
    return names[action];
}

/* --- names ------------------------------------------------------------------------------------------ */

static const struct {
    int key;
    const char *name;
} names[] = {{KEYCODE_ENTER, "Enter"},
             {KEYCODE_ESCAPE, "Esc"},
             {'\t', "Tab"},
             {' ', "Space"},
             {KEYCODE_UP, "Up"},
             {KEYCODE_DOWN, "Down"},
             {KEYCODE_LEFT, "Left"},
             {KEYCODE_RIGHT, "Right"},
             {KEYCODE_PAGE_UP, "PgUp"},
             {KEYCODE_PAGE_DOWN, "PgDn"},
             {KEYCODE_HOME, "Home"},
             {KEYCODE_END, "End"},
             {KEYCODE_BACKSPACE, "BkSpace"},
             {KEYCODE_DELETE, "Delete"},
             {KEYCODE_BACK_TAB, "Shift-Tab"}};

void key_encode(char *out, int character)
{
    const unsigned c = (unsigned)character;
    if (c < 0x80) {
        *out++ = (char)c;
    } else {
        const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        *out++ = (char)((0xffu << (7 - more) & 0xff) | c >> 6 * more);
        for (int i = more; i-- > 0;) *out++ = (char)(0x80 | (c >> 6 * i & 0x3f));
    }
    *out = 0;
}

const char *key_name(char name[KEY_NAME], int key)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].key == key) {
            snprintf(name, KEY_NAME, "%s", names[i].name);
            return name;
        }
    if (key > 0 && key < 0x20)
        snprintf(name, KEY_NAME, "Ctrl-%c", key + 0x40);
    else if (key > 0 && key < KEYCODE_FIRST)
        key_encode(name, key);
    else
        snprintf(name, KEY_NAME, "?");
    return name;
}

/* The key that is called so, or -1. */
static int find_name(const char *name, size_t length)
{
    if (length == 2 && strncasecmp(name, "Lt", 2) == 0) return '<';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == length && strncasecmp(names[i].name, name, length) == 0)
            return names[i].key;
    if (length == 6 && strncasecmp(name, "Ctrl-", 5) == 0 && (name[5] & 0x40)) return CONTROL(name[5]);
    return -1;
}

int key_character(const char **text)
{
    static const unsigned least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)*text;
    if (!*s) return 0;
    unsigned value = *s;
    int more = 0;
    if (*s >= 0x80) {
        more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : 1;
        if (*s < 0xc0 || *s >= 0xf8) return -1;
        value = *s & 0x3fu >> more;
    }
    for (int i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) return -1;
        value = value << 6 | (s[i] & 0x3f);
    }
    if ((more && value < least[more]) || value >= KEYCODE_FIRST || (value >= 0xd800 && value < 0xe000))
        return -1;
    *text += more + 1;
    return (int)value;
}

bool key_parse(int *key, const char **text)
{
    *text += strspn(*text, " \t");
    const char *end = **text == '<' ? strchr(*text, '>') : NULL;
    if (end) {
        *key = find_name(*text + 1, (size_t)(end - *text - 1));
        *text = end + 1;
    } else {
        *key = **text == '<' ? -1 : key_character(text);
    }
    return *key > 0;
}

/* --- help ------------------------------------------------------------------------------------------- */

/* Actions stand in the order of their groups. */
const char *key_group(const KeyEntry *entry)
{
    static const char *const contexts[KEYS_CONTEXTS] = {
        [KEYS_WIDTH] = "after a", [KEYS_DETAILS] = "in details", [KEYS_VISITS] = "among plans visited",
        [KEYS_HELP] = "in help",  [KEYS_QUESTION] = "asked",     [KEYS_PROMPT] = "typing",
        [KEYS_PANELS] = NULL};
    if (contexts[entry->context]) return contexts[entry->context];
    if (entry->action >= ACTION_LESSON) return "lesson and program";
    if (entry->action >= ACTION_EXPORT) return "files";
    if (entry->action >= ACTION_NEXT_PANEL) return "look";
    if (entry->action >= ACTION_PAUSE) return "work";
    return entry->action >= ACTION_WEIGHT_BITS ? "choose" : "move and mark";
}

#define SHOWN_BYTES (KEYS_AN_ENTRY * KEY_NAME)

/* "2-8", or "j Down". */
static void show_keys(char out[SHOWN_BYTES], const KeyEntry *entry)
{
    char name[KEY_NAME];
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < KEYS_AN_ENTRY && entry->keys[i]; i++)
        used += (size_t)snprintf(out + used, SHOWN_BYTES - used, "%s%s",
                                 i == 0         ? ""
                                 : entry->range ? "-"
                                                : " ",
                                 key_name(name, entry->keys[i]));
}

void key_help_show(HelpLine *lines, KeyContext context)
{
    for (size_t i = 0; i < key_table_count; i++)
        lines[i].footer = key_table[i].context == context && key_table[i].brief;
}

/* One piece of memory: the lines, and the names of their keys behind them. */
HelpLine *key_help_create(size_t *count)
{
    HelpLine *lines = calloc(key_table_count, sizeof *lines + SHOWN_BYTES);
    if (!lines) return NULL;
    char *shown = (char *)(lines + key_table_count);
    for (size_t i = 0; i < key_table_count; i++, shown += SHOWN_BYTES) {
        const KeyEntry *entry = &key_table[i];
        show_keys(shown, entry);
        lines[i] = (HelpLine){.group = key_group(entry),
                              .keys = shown,
                              .text = entry->help,
                              .brief = entry->brief,
                              .action = entry->context == KEYS_PANELS ? action_name(entry->action) : NULL};
    }
    *count = key_table_count;
    key_help_show(lines, KEYS_PANELS);
    return lines;
}
