/* SPDX-License-Identifier: MIT */
#include "app/explorer/key_table.h"

#include "app/explorer/actions.h"
#include "app/explorer/keys.h"
#include "app/explorer/prompt.h"
#include "explore/plan.h"
#include "views/canvas/terminal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define CTRL(letter) CONTROL_KEY(letter)
#define UP KEYCODE_UP
#define DOWN KEYCODE_DOWN
#define LEFT KEYCODE_LEFT
#define RIGHT KEYCODE_RIGHT
#define HOME KEYCODE_HOME
#define END KEYCODE_END
#define PAGE_UP KEYCODE_PAGE_UP
#define PAGE_DOWN KEYCODE_PAGE_DOWN
#define ENTER KEYCODE_ENTER
#define ESC KEYCODE_ESCAPE

/* In the order of the help screen and of the footer. Arguments are steps (INT_MIN and INT_MAX: to either
 * end), bit widths, or 0 where the handler has no use for one. */
// clang-format off
const KeyEntry key_table[] = {
    /* group, keys, is a range, handler, argument, help, footer, action for the lesson */
    {GROUP_MOVE, {'k', UP}, false, act_move, -1, "the layer above", NULL, NULL},
    {GROUP_MOVE, {'j', DOWN}, false, act_move, 1, "the layer below", NULL, "down"},
    {GROUP_MOVE, {'g', HOME}, false, act_move, INT_MIN, "the first layer", NULL, NULL},
    {GROUP_MOVE, {'G', END}, false, act_move, INT_MAX, "the last layer", NULL, NULL},
    {GROUP_MOVE, {PAGE_UP, CTRL('b')}, false, act_move_page, -1, "a page up", NULL, NULL},
    {GROUP_MOVE, {PAGE_DOWN, CTRL('f')}, false, act_move_page, 1, "a page down", NULL, NULL},
    {GROUP_MOVE, {'w'}, false, act_worst, 0, "the layer that costs most", NULL, "worst"},
    {GROUP_MOVE, {' '}, false, act_mark, 0, "mark or unmark, and go down", NULL, NULL},
    {GROUP_MOVE, {'*'}, false, act_mark_all, 0, "mark all shown, or none", NULL, NULL},
    {GROUP_MOVE, {'.'}, false, act_last_marks, 0, "the last marks again", NULL, NULL},
    {GROUP_MOVE, {'s'}, false, act_sort, 0, "sort by the next column", NULL, NULL},
    {GROUP_MOVE, {'R'}, false, act_rung, 0, "shares of the next bound", NULL, NULL},
    {GROUP_MOVE, {'I'}, false, act_reverse, 0, "reverse the order", NULL, NULL},
    {GROUP_MOVE, {'/'}, false, act_filter, 0, "filter: name, op:, bits:...", NULL, NULL},
    {GROUP_MOVE, {ESC}, false, act_escape, 0, "clear cursor, filter, marks", NULL, NULL},

    {GROUP_CHOOSE, {'2', '8'}, true, act_weight_bits, 2, "weight bits, marked or this", "weight bits", "weight-bits"},
    {GROUP_CHOOSE, {'f', '0'}, false, act_weight_bits, BITS_FLOAT, "float weights", NULL, NULL},
    {GROUP_CHOOSE, {'+', '='}, false, act_step_weight_bits, 1, "a weight bit more", NULL, "raise"},
    {GROUP_CHOOSE, {'-'}, false, act_step_weight_bits, -1, "a weight bit less", NULL, "lower"},
    {GROUP_CHOOSE, {'a'}, false, act_ask_activation_bits, 0, "activation bits: 2-8, or f", "activations", "activation-bits"},
    {GROUP_CHOOSE, {'A'}, false, act_cycle_activation_bits, 0, "next lower activation bits", NULL, NULL},
    {GROUP_CHOOSE, {'m'}, false, act_method, 0, "the next method", NULL, NULL},
    {GROUP_CHOOSE, {'#'}, false, act_grid, 0, "the next grid of codes", NULL, NULL},
    {GROUP_CHOOSE, {'F'}, false, act_effort, 0, "the next effort", NULL, "effort"},
    {GROUP_CHOOSE, {'i'}, false, act_mode, 0, "sequential or independent", NULL, "mode"},
    {GROUP_CHOOSE, {'E'}, false, act_compensated, 0, "error compensation on or off", NULL, "compensated"},
    {GROUP_CHOOSE, {'P'}, false, act_polish, 0, "polish on or off", NULL, NULL},
    {GROUP_CHOOSE, {'B'}, false, act_bias_correction, 0, "bias correction on or off", NULL, NULL},
    {GROUP_CHOOSE, {'u'}, false, act_undo, 0, "undo", "undo", "undo"},
    {GROUP_CHOOSE, {'r', CTRL('r')}, false, act_redo, 0, "redo", NULL, NULL},

    {GROUP_WORK, {'p'}, false, act_pause, 0, "pause, or go on", "pause", NULL},
    {GROUP_WORK, {'x'}, false, act_cancel, 0, "cancel work, or resume it", NULL, NULL},
    {GROUP_WORK, {'c'}, false, act_compare, 0, "compare methods on this layer", "compare", "compare"},
    {GROUP_WORK, {'W'}, false, act_measure, 0, "solve it at every bit width", NULL, "widths"},
    {GROUP_WORK, {'T'}, false, act_ladder_timing, 0, "bounds last, off, or at once", NULL, "ladder-timing"},

    {GROUP_LOOK, {'\t'}, false, act_panel, 1, "the next panel", "panel", NULL},
    {GROUP_LOOK, {KEYCODE_BACK_TAB}, false, act_panel, -1, "the previous panel", NULL, NULL},
    {GROUP_LOOK, {'v'}, false, act_page, 0, "the panel's next page", "page", NULL},
    {GROUP_LOOK, {'z'}, false, act_zoom, 0, "this panel alone, or all", NULL, NULL},
    {GROUP_LOOK, {'h', LEFT}, false, act_chart_cursor, -1, "chart cursor to the left", NULL, NULL},
    {GROUP_LOOK, {'l', RIGHT}, false, act_chart_cursor, 1, "chart cursor to the right", NULL, NULL},
    {GROUP_LOOK, {ENTER}, false, act_enter, 0, "details; plan at the cursor", NULL, "details"},
    {GROUP_LOOK, {'D'}, false, act_network, 0, "the network's graph, or the table", NULL, NULL},
    {GROUP_LOOK, {'C'}, false, act_changed, 0, "changed images; again: by class", NULL, NULL},
    {GROUP_LOOK, {'X'}, false, act_pareto_axis, 0, "accuracy by cost; another cost", NULL, "pareto-axis"},
    {GROUP_LOOK, {'b'}, false, act_budget, 0, "the best plan of a size", "budget", "budget"},
    {GROUP_LOOK, {'y'}, false, act_pin, 0, "pin this plan, or unpin it", NULL, "pin"},
    {GROUP_LOOK, {'V'}, false, act_visited, 0, "visited plans, to return to", NULL, "visits"},

    {GROUP_FILES, {'e'}, false, act_export, 0, "export as CSV, JSON or ONNX", "export", NULL},
    {GROUP_FILES, {'S'}, false, act_save, 0, "save the exploration", NULL, NULL},
    {GROUP_FILES, {CTRL('p')}, false, act_picture, 0, "the screen as an SVG picture", NULL, NULL},
    {GROUP_FILES, {'o'}, false, act_open, 0, "open a network or exploration", NULL, NULL},

    {GROUP_PROGRAM, {'L'}, false, act_lesson, 0, "start or end the lesson", "lesson", "lesson"},
    {GROUP_PROGRAM, {'n'}, false, act_lesson_step, 1, "the lesson's next step", NULL, "lesson-next"},
    {GROUP_PROGRAM, {'N'}, false, act_lesson_step, -1, "the lesson's previous step", NULL, "lesson-previous"},
    {GROUP_PROGRAM, {'K'}, false, act_scroll, -1, "the lesson's text up", NULL, NULL},
    {GROUP_PROGRAM, {'J'}, false, act_scroll, 1, "the lesson's text down", NULL, NULL},
    {GROUP_PROGRAM, {'M'}, false, act_mouse, 0, "release the mouse, or take it", NULL, NULL},
    {GROUP_PROGRAM, {CTRL('l')}, false, act_redraw, 0, "draw the screen again", NULL, NULL},
    {GROUP_PROGRAM, {CTRL('z')}, false, act_suspend, 0, "back to the shell, until fg", NULL, NULL},
    {GROUP_PROGRAM, {'q'}, false, act_quit, 0, "quit", "quit", NULL},
    {GROUP_PROGRAM, {CTRL('c')}, false, act_quit, 0, "quit", NULL, NULL},
    {GROUP_PROGRAM, {'?'}, false, act_guide, 0, "this panel explained", "explain", NULL},
    {GROUP_PROGRAM, {'H'}, false, act_help, 0, "all keys", NULL, NULL},

    {GROUP_BITS, {'2', '8'}, true, act_activation_bits, 2, "bits, marked or this", "activation bits", NULL},
    {GROUP_BITS, {'f', '0'}, false, act_activation_bits, BITS_FLOAT, "float activations", "float", NULL},
    {GROUP_BITS, {ESC, 'q'}, false, act_close, 0, "leave unchanged", "leave unchanged", NULL},
    {GROUP_BITS, {CTRL('c')}, false, act_close, 0, "leave unchanged", NULL, NULL},

    {GROUP_DETAILS, {'k', UP}, false, act_scroll, -1, "scroll up", "up", NULL},
    {GROUP_DETAILS, {'j', DOWN}, false, act_scroll, 1, "scroll down", "down", NULL},
    {GROUP_DETAILS, {PAGE_UP, CTRL('b')}, false, act_scroll_page, -1, "a page up", NULL, NULL},
    {GROUP_DETAILS, {PAGE_DOWN, CTRL('f'), ' '}, false, act_scroll_page, 1, "a page down", NULL, NULL},
    {GROUP_DETAILS, {'h', LEFT}, false, act_move, -1, "the layer above", "layer above", NULL},
    {GROUP_DETAILS, {'l', RIGHT}, false, act_move, 1, "the layer below", "layer below", NULL},
    {GROUP_DETAILS, {ESC, 'q'}, false, act_close, 0, "close", "close", NULL},
    {GROUP_DETAILS, {ENTER, CTRL('c')}, false, act_close, 0, "close", NULL, NULL},

    {GROUP_VISITED, {'k', UP}, false, act_move, -1, "the plan above", "up", NULL},
    {GROUP_VISITED, {'j', DOWN}, false, act_move, 1, "the plan below", "down", NULL},
    {GROUP_VISITED, {'g', HOME}, false, act_move, INT_MIN, "the first plan", NULL, NULL},
    {GROUP_VISITED, {'G', END}, false, act_move, INT_MAX, "the last plan", NULL, NULL},
    {GROUP_VISITED, {PAGE_UP, CTRL('b')}, false, act_move_page, -1, "a page up", NULL, NULL},
    {GROUP_VISITED, {PAGE_DOWN, CTRL('f')}, false, act_move_page, 1, "a page down", NULL, NULL},
    {GROUP_VISITED, {ENTER}, false, act_return_to_visited, 0, "return to the plan", "return to it", NULL},
    {GROUP_VISITED, {'s'}, false, act_visited_sort, 0, "sort by the next column", "sort", NULL},
    {GROUP_VISITED, {'I'}, false, act_visited_reverse, 0, "reverse the order", NULL, NULL},
    {GROUP_VISITED, {'f'}, false, act_visited_filter, 0, "evaluated plans only, or all", "evaluated only", NULL},
    {GROUP_VISITED, {'n'}, false, act_visited_name, 0, "give the plan a name", "name", NULL},
    {GROUP_VISITED, {'N'}, false, act_visited_note, 0, "write a note on the plan", "note", NULL},
    {GROUP_VISITED, {' '}, false, act_visited_mark, 0, "mark for d, or unmark", "mark", NULL},
    {GROUP_VISITED, {'y'}, false, act_visited_pin, 0, "pin in every chart, or unpin", "pin", NULL},
    {GROUP_VISITED, {'d'}, false, act_difference, 0, "difference, layer by layer", "difference", NULL},
    {GROUP_VISITED, {'x', KEYCODE_DELETE}, false, act_visited_delete, 0, "delete from the list", "delete", NULL},
    {GROUP_VISITED, {'u'}, false, act_visited_undelete, 0, "bring a deleted plan back", NULL, NULL},
    {GROUP_VISITED, {ESC, 'q'}, false, act_close, 0, "close", "close", NULL},
    {GROUP_VISITED, {'V', CTRL('c')}, false, act_close, 0, "close", NULL, NULL},

    {GROUP_DIFFERENCE, {'k', UP}, false, act_scroll, -1, "scroll up", "up", NULL},
    {GROUP_DIFFERENCE, {'j', DOWN}, false, act_scroll, 1, "scroll down", "down", NULL},
    {GROUP_DIFFERENCE, {PAGE_UP, CTRL('b')}, false, act_scroll_page, -1, "a page up", NULL, NULL},
    {GROUP_DIFFERENCE, {PAGE_DOWN, CTRL('f'), ' '}, false, act_scroll_page, 1, "a page down", "page", NULL},
    {GROUP_DIFFERENCE, {ENTER}, false, act_return_to_visited, 0, "return to the second plan", "return to the second plan", NULL},
    {GROUP_DIFFERENCE, {ESC, 'q', 'd'}, false, act_back_to_visited, 0, "back to the list", "back", NULL},
    {GROUP_DIFFERENCE, {'V', CTRL('c')}, false, act_close, 0, "close", NULL, NULL},

    {GROUP_GUIDE, {'k', UP}, false, act_scroll, -1, "scroll up", "up", NULL},
    {GROUP_GUIDE, {'j', DOWN}, false, act_scroll, 1, "scroll down", "down", NULL},
    {GROUP_GUIDE, {PAGE_UP, CTRL('b')}, false, act_scroll_page, -1, "a page up", NULL, NULL},
    {GROUP_GUIDE, {PAGE_DOWN, CTRL('f'), ' '}, false, act_scroll_page, 1, "a page down", "page", NULL},
    {GROUP_GUIDE, {'\t'}, false, act_panel, 1, "the next panel explained", "next panel", NULL},
    {GROUP_GUIDE, {KEYCODE_BACK_TAB}, false, act_panel, -1, "the previous panel explained", NULL, NULL},
    {GROUP_GUIDE, {'v'}, false, act_page, 0, "the panel's next page explained", "its next page", NULL},
    {GROUP_GUIDE, {ESC, 'q'}, false, act_close, 0, "close", "close", NULL},
    {GROUP_GUIDE, {CTRL('c')}, false, act_close, 0, "close", NULL, NULL},
    {GROUP_GUIDE, {'?', 'H'}, false, act_help, 0, "all keys", "all keys", NULL},

    {GROUP_HELP, {'k', UP}, false, act_scroll, -1, "scroll up", "up", NULL},
    {GROUP_HELP, {'j', DOWN}, false, act_scroll, 1, "scroll down", "down", NULL},
    {GROUP_HELP, {PAGE_UP, CTRL('b')}, false, act_scroll_page, -1, "a page up", NULL, NULL},
    {GROUP_HELP, {PAGE_DOWN, CTRL('f'), ' '}, false, act_scroll_page, 1, "a page down", "page", NULL},
    {GROUP_HELP, {ESC, 'q'}, false, act_close, 0, "close", "close", NULL},
    {GROUP_HELP, {'?', CTRL('c')}, false, act_close, 0, "close", NULL, NULL},

    {GROUP_QUESTION, {'y'}, false, act_answer, true, "yes", "yes", NULL},
    {GROUP_QUESTION, {'n', ESC}, false, act_answer, false, "no", "no", NULL},
    {GROUP_QUESTION, {CTRL('c')}, false, act_answer, false, "no", NULL, NULL},

    {GROUP_PROMPT, {ENTER}, false, prompt_accept, 0, "accept the line", NULL, NULL},
    {GROUP_PROMPT, {ESC, CTRL('c')}, false, prompt_abandon, 0, "abandon the line", NULL, NULL},
    {GROUP_PROMPT, {'\t'}, false, prompt_complete, 0, "complete a file's name", NULL, NULL},
    {GROUP_PROMPT, {KEYCODE_BACKSPACE, CTRL('h')}, false, prompt_erase, -1, "erase the previous character", NULL, NULL},
    {GROUP_PROMPT, {KEYCODE_DELETE, CTRL('d')}, false, prompt_erase, 1, "erase the next character", NULL, NULL},
    {GROUP_PROMPT, {CTRL('w')}, false, prompt_erase_word, 0, "erase the previous word", NULL, NULL},
    {GROUP_PROMPT, {CTRL('u')}, false, prompt_erase_line, 0, "erase all", NULL, NULL},
    {GROUP_PROMPT, {LEFT, CTRL('b')}, false, prompt_move, -1, "a character to the left", NULL, NULL},
    {GROUP_PROMPT, {RIGHT, CTRL('f')}, false, prompt_move, 1, "a character to the right", NULL, NULL},
    {GROUP_PROMPT, {HOME, CTRL('a')}, false, prompt_move, INT_MIN, "the start of the line", NULL, NULL},
    {GROUP_PROMPT, {END, CTRL('e')}, false, prompt_move, INT_MAX, "the end of the line", NULL, NULL},
};
// clang-format on
const size_t key_table_count = sizeof key_table / sizeof *key_table;

static const struct {
    KeyContext context;
    const char *heading;
} groups[GROUP_COUNT] = {
    [GROUP_MOVE] = {KEYS_PANELS, "move and mark"},
    [GROUP_CHOOSE] = {KEYS_PANELS, "choose"},
    [GROUP_WORK] = {KEYS_PANELS, "work"},
    [GROUP_LOOK] = {KEYS_PANELS, "look"},
    [GROUP_FILES] = {KEYS_PANELS, "files"},
    [GROUP_PROGRAM] = {KEYS_PANELS, "lesson and program"},
    [GROUP_BITS] = {KEYS_BITS, "after a: activation bits"},
    [GROUP_DETAILS] = {KEYS_DETAILS, "in details"},
    [GROUP_VISITED] = {KEYS_VISITED, "in visited plans"},
    [GROUP_DIFFERENCE] = {KEYS_DIFFERENCE, "in the difference of plans"},
    [GROUP_GUIDE] = {KEYS_GUIDE, "in an explanation"},
    [GROUP_HELP] = {KEYS_HELP, "in the list of keys"},
    [GROUP_QUESTION] = {KEYS_QUESTION, "in questions"},
    [GROUP_PROMPT] = {KEYS_PROMPT, "in a typed line"},
};

KeyContext key_context(const KeyEntry *entry)
{
    return groups[entry->group].context;
}

const char *key_heading(const KeyEntry *entry)
{
    return groups[entry->group].heading;
}

/* --- dispatch --------------------------------------------------------------------------------------- */

static bool has_key(const KeyEntry *entry, int key)
{
    if (entry->range) return key >= entry->keys[0] && key <= entry->keys[1];
    for (size_t i = 0; i < KEYS_PER_ENTRY && entry->keys[i]; i++)
        if (entry->keys[i] == key) return true;
    return false;
}

const KeyEntry *key_find(KeyContext context, int key)
{
    for (const KeyEntry *entry = key_table; entry < key_table + key_table_count; entry++)
        if (key_context(entry) == context && has_key(entry, key)) return entry;
    return NULL;
}

void key_press(const KeyEntry *entry, Session *session, int key)
{
    entry->handler(session, entry->argument + (entry->range ? key - entry->keys[0] : 0));
}

/* --- help ------------------------------------------------------------------------------------------- */

#define SHOWN_BYTES (KEYS_PER_ENTRY * KEY_NAME)

/* "2-8", or "j Down". */
static void show_keys(char out[SHOWN_BYTES], const KeyEntry *entry)
{
    char name[KEY_NAME];
    size_t used = 0;
    for (size_t i = 0; i < KEYS_PER_ENTRY && entry->keys[i]; i++) {
        const char *between = i == 0 ? "" : entry->range ? "-" : " ";
        used +=
            (size_t)snprintf(out + used, SHOWN_BYTES - used, "%s%s", between, key_name(name, entry->keys[i]));
    }
}

void key_help_show(HelpLine *lines, KeyContext context)
{
    for (size_t i = 0; i < key_table_count; i++)
        lines[i].footer = key_context(&key_table[i]) == context && key_table[i].footer;
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
        lines[i] = (HelpLine){.group = key_heading(entry),
                              .keys = shown,
                              .text = entry->help,
                              .brief = entry->footer,
                              .action = entry->action};
    }
    *count = key_table_count;
    key_help_show(lines, KEYS_PANELS);
    return lines;
}
