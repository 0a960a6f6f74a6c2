/* SPDX-License-Identifier: MIT */
#include "app/explorer/keys.h"

#include "views/canvas/terminal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

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
    const int length = u8_uctomb((uint8_t *)out, (ucs4_t)character, 4);
    out[length > 0 ? length : 0] = 0;
}

int key_character(const char **text)
{
    ucs4_t character;
    const int length = u8_strmbtouc(&character, (const uint8_t *)*text);
    if (length <= 0) return length;
    *text += length;
    return (int)character;
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

/* The key of a name, in any case; -1: unknown. */
static int find_name(const char *name, size_t length)
{
    if (length == 2 && strncasecmp(name, "Lt", 2) == 0) return '<';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == length && strncasecmp(names[i].name, name, length) == 0)
            return names[i].key;
    if (length == 6 && strncasecmp(name, "Ctrl-", 5) == 0 && (name[5] & 0x40)) return CONTROL_KEY(name[5]);
    return -1;
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
