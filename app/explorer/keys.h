/* SPDX-License-Identifier: MIT */
/* Keys: their names, and keys and characters as text.
 *
 * A key is a Unicode character or one of the codes of views/canvas/terminal.h. What keys do stands in
 * app/explorer/key_table.h.
 */
#ifndef APP_KEYS_H
#define APP_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#define CONTROL_KEY(letter) ((letter)&0x1f)

#define KEY_NAME 16

/* A character, or a name: "Enter", "PgDn", "Ctrl-R". Returns `name`. */
const char *key_name(char name[KEY_NAME], int key);

/* The next key of a script's line: a character, or a name in <>, as in "jj4<Tab><Ctrl-R>"; "<Lt>" is a <.
 * Blanks are skipped. Moves *text behind the key. False at the end, with *key 0, and at an unknown name or
 * invalid UTF-8, with *key -1. */
bool key_parse(int *key, const char **text);

/* Writes a character as UTF-8, terminated: 5 bytes at most. */
void key_encode(char *out, int character);

/* The next character of UTF-8, and moves *text behind it; -1 where it is invalid, 0 at the end. */
int key_character(const char **text);

#endif
