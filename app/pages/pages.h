/* SPDX-License-Identifier: MIT */
/* Pages: texts made from the program's tables of options and keys.
 *
 * A program of its own, pages, prints them:
 *
 *     pages man > bitstitch.1      # while building
 *     pages keys                   # the list of keys in app/README.md
 *
 * The completions beside this file (bitstitch.bash, _bitstitch for zsh, bitstitch.fish) are written by hand;
 * the test `completions` compares them with the tables.
 */
#ifndef APP_PAGES_H
#define APP_PAGES_H

#include <stdbool.h>
#include <stdio.h>

/* Each returns false when out of memory. Errors of writing are the stream's. */
bool page_man(FILE *file);
bool page_keys(FILE *file);

#endif
