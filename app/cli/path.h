/* Paths as a person types them. */
#ifndef APP_PATH_H
#define APP_PATH_H

#include <stddef.h>

/* Takes ~ and ~/NAME as the home folder; any other path is copied. Cut where it does not fit. */
void path_expand(char *path, size_t capacity, const char *typed);

/* Goes on with `path` as far as all files agree whose paths start so; a folder ends in /. Returns how many
 * files there are; with none, or where it does not fit, `path` stays as it is. */
size_t path_complete(char *path, size_t capacity);

#endif
