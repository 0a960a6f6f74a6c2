/* SPDX-License-Identifier: MIT */
/* Paths as a person types them, and what kind of file a path names. */
#ifndef APP_PATH_H
#define APP_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* Copies `typed` to `path`, with the home folder for ~ in ~ and ~/NAME. Cut where it does not fit. */
void path_expand(char *path, size_t capacity, const char *typed);

/* Extends `path` as far as the names of all files agree that start with it; a folder ends in /. Returns how
 * many files there are; with none, or where it does not fit, `path` stays as it is. */
size_t path_complete(char *path, size_t capacity);

/* Whether a path ends in `suffix`, upper or lower case. */
bool has_suffix(const char *path, const char *suffix);

/* Whether a name ends in .json, or the file's content starts as a JSON object: { after blanks and a
 * byte-order mark. */
bool looks_like_json(const char *path);

#endif
