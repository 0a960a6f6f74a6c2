/* SPDX-License-Identifier: MIT */
/* Option values: their types: parsing, what a message expects, the words to choose from. */
#ifndef APP_OPTION_VALUES_H
#define APP_OPTION_VALUES_H

#include "app/cli/options.h"

/* Stores the value in the option's member of *options. False where the text is no such value. */
bool option_parse_value(Options *options, const OptionEntry *entry, const char *text);

/* What the value should have been: "a number from 1 to 64". */
void option_describe_value(char *out, size_t capacity, const OptionEntry *entry);

#define OPTION_CHOICE 24

/* The i-th of the words that the value may be; NULL behind the last, and where any text will do. May be
 * written to `word`. */
const char *option_choice(char word[OPTION_CHOICE], const OptionEntry *entry, size_t i);

#endif
