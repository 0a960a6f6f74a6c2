/* SPDX-License-Identifier: MIT */
/* JSON files, read strictly by cJSON. Messages name the file and the key.
 *
 * Refused: text after the value, a key that is there twice, \u0000, a top that is not an object, numbers out
 * of range, values of another type than asked for, more than JSON_MOST_VALUES values (before memory is
 * allocated for them), and nesting deeper than cJSON's 1,000. Keys are case-sensitive.
 *
 * Example (const char *path, Message *message):
 *     cJSON *root;
 *     const char *name;
 *     Status status = json_read(&root, path, 1 << 20, message);
 *     if (status) return status;
 *     JsonObject top = json_top(root, path);
 *     status = json_text(&name, &top, "name", message);   // fails: 'x.json', key 'name': a text is needed, ...
 *     cJSON_Delete(root);
 *
 * That fails with "'x.json', key 'name': a text is needed, not a number", say. Texts that are returned belong
 * to the tree. Any thread may call.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/number.h"
#include "base/status.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MOST_VALUES ((size_t)4 << 20) /* cJSON takes 64 bytes for each */

/* An object and where it is in the file. */
typedef struct JsonObject {
    const cJSON *item;
    const char *path; /* of the file */
    char name[96];    /* what messages put before a key: "" at the top, "evaluation.", "layers[3]." */
} JsonObject;

/* Reads a file of at most `cap` bytes. *root is to be freed with cJSON_Delete(). */
Status json_read(cJSON **root, const char *path, size_t cap, Message *message);

/* The object at the top of the file at `path`. */
JsonObject json_top(const cJSON *root, const char *path);

/* status_fail() for a key: "'PATH', key 'NAME': ...". */
Status json_fail(Message *message, Status status, const JsonObject *object, const char *key,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The value, or NULL where the key is absent. A null is a value. */
const cJSON *json_find(const JsonObject *object, const char *key);

/* STATUS_INVALID for a key that is not among `keys`, which end with NULL. */
Status json_only_keys(const JsonObject *object, const char *const keys[], Message *message);

/* The value of a key that must be there, with the type asked for: STATUS_INVALID otherwise. Ask json_find()
 * first where a key may be absent. A count is a whole number from 0 to 2^53 - 1. */
Status json_text(const char **text, const JsonObject *object, const char *key, Message *message);
Status json_flag(bool *flag, const JsonObject *object, const char *key, Message *message);
Status json_number(double *number, const JsonObject *object, const char *key, Message *message);
Status json_count(size_t *count, const JsonObject *object, const char *key, Message *message);
Status json_array(const cJSON **array, const JsonObject *object, const char *key, Message *message);
Status json_object(JsonObject *inner, const JsonObject *object, const char *key, Message *message);

/* Element `index` of the array `key`, which must be an object. */
Status json_element(JsonObject *inner, const JsonObject *object, const char *key, const cJSON *element,
                    size_t index, Message *message);

/* --- writing: values to add to a cJSON tree; NULL when out of memory --------------------------------- */

/* A number that reads back as the same double, or the same float; null where it is not finite. */
cJSON *json_new_number(double value);
cJSON *json_new_float(float value);
/* All digits, also above 2^53. */
cJSON *json_new_count(uint64_t count);
/* A text, with U+FFFD for each byte that is not UTF-8. */
cJSON *json_new_text(const char *text);

#endif
