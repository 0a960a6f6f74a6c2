/* Pages: what is installed beside the program, made from its tables of options and keys while it is built.
 *
 * A program of its own, pages, prints them:
 *
 *     pages man > bitstitch.1
 *     pages bash > bitstitch       # likewise zsh, fish
 *     pages keys                   # the list of keys in app/README.md
 */
#ifndef APP_PAGES_H
#define APP_PAGES_H

#include <stdbool.h>
#include <stdio.h>

/* Each returns false where memory ran out. Errors of writing are the stream's. */
bool page_man(FILE *file);
bool page_bash(FILE *file);
bool page_zsh(FILE *file);
bool page_fish(FILE *file);
bool page_keys(FILE *file);

#endif
