/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include "base/file.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define COUNTS_END 0x1p53 /* from here on, not every whole number is a double */

/* --- reading ---------------------------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* *key: a key that is in `object` twice, or NULL. */
static Status find_repeated(const char **key, const cJSON *object, Message *message)
{
    *key = NULL;
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object) count++;
    if (count < 2) return STATUS_OK;
    const char **keys = malloc(count * sizeof *keys);
    if (!keys) return status_no_memory(message, "the keys of a JSON object");
    size_t used = 0;
    cJSON_ArrayForEach(item, object) keys[used++] = item->string;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count && !*key; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0) *key = keys[i];
    free(keys);
    return STATUS_OK;
}

/* Checks for repeated keys and numbers out of range. cJSON bounds the depth of the recursion. */
static Status check_tree(const cJSON *item, const char *path, Message *message)
{
    if (cJSON_IsObject(item)) {
        const char *key;
        Status status = find_repeated(&key, item, message);
        if (status != STATUS_OK) return status;
        if (key) return status_fail(message, STATUS_INVALID, "'%s', key '%s': is there twice", path, key);
    }
    if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
        return status_fail(message, STATUS_INVALID, "'%s': a number is out of range", path);
    const cJSON *child;
    cJSON_ArrayForEach(child, item)
    {
        Status status = check_tree(child, path, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static Status fail_at(const char *data, const char *place, const char *path, const char *what,
                      Message *message)
{
    size_t line = 1, column = 1;
    for (const char *c = data; c < place; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    return status_fail(message, STATUS_INVALID, "'%s', line %zu, column %zu: %s", path, line, column, what);
}

/* The first \u0000, which would silently cut a text short; NULL where there is none. */
static const char *find_escaped_zero(const char *data)
{
    for (const char *c = data; (c = strchr(c, '\\')) && c[1]; c += 2)
        if (strncmp(c, "\\u0000", 6) == 0) return c;
    return NULL;
}

/* An upper bound of the number of values: all but the first of an array or object follow a comma. */
static size_t count_values(const char *data)
{
    size_t count = 1;
    for (bool in_text = false; *data; data++) {
        if (*data == '"') in_text = !in_text;
        if (in_text && *data == '\\' && data[1]) data++;
        if (!in_text) count += *data == ',' || *data == '[' || *data == '{';
    }
    return count;
}

/* cJSON reports bad text and failed allocations alike: its allocator tells them apart. */
static _Thread_local bool out_of_memory;

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    out_of_memory |= !memory;
    return memory;
}

static void watch_memory(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){allocate, free});
}

static Status parse(cJSON **root, const char *data, size_t size, const char *path, Message *message)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_memory);
    out_of_memory = false;
    const char *end = data;
    const char *zero = memchr(data, 0, size);
    if (zero) return fail_at(data, zero, path, "a zero byte", message);
    zero = find_escaped_zero(data);
    if (zero) return fail_at(data, zero, path, "\\u0000 is not supported", message);
    if (count_values(data) > JSON_MOST_VALUES)
        return status_fail(message, STATUS_INVALID, "'%s': more than %zu values", path, JSON_MOST_VALUES);
    *root = cJSON_ParseWithLengthOpts(data, size + 1, &end, 0);
    if (!*root && out_of_memory) return status_no_memory(message, path);
    if (!*root) return fail_at(data, end, path, "not valid JSON from here on", message);
    end += strspn(end, " \t\r\n");
    if (end != data + size) return fail_at(data, end, path, "text after the end of the JSON value", message);
    if (!cJSON_IsObject(*root)) return status_fail(message, STATUS_INVALID, "'%s': not a JSON object", path);
    return check_tree(*root, path, message);
}

Status json_read(cJSON **root, const char *path, size_t cap, Message *message)
{
    char *data;
    size_t size;
    *root = NULL;
    Status status = file_read(&data, &size, path, cap, message);
    if (status != STATUS_OK) return status;
    status = parse(root, data, size, path, message);
    free(data);
    if (status != STATUS_OK) {
        cJSON_Delete(*root);
        *root = NULL;
    }
    return status;
}

JsonObject json_top(const cJSON *root, const char *path)
{
    return (JsonObject){.item = root, .path = path};
}

/* --- messages --------------------------------------------------------------------------------------- */

Status json_fail(Message *message, Status status, const JsonObject *object, const char *key,
                 const char *format, ...)
{
    char reason[sizeof message->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return status_fail(message, status, "'%s', key '%s%s': %s", object->path, object->name, key, reason);
}

static const char *type_name(const cJSON *item)
{
    return cJSON_IsString(item)   ? "a text"
           : cJSON_IsNumber(item) ? "a number"
           : cJSON_IsBool(item)   ? "true or false"
           : cJSON_IsArray(item)  ? "an array"
           : cJSON_IsObject(item) ? "an object"
                                  : "null";
}

static Status fail_type(const JsonObject *object, const char *key, const cJSON *item, const char *needed,
                        Message *message)
{
    if (!item) return json_fail(message, STATUS_INVALID, object, key, "is missing");
    return json_fail(message, STATUS_INVALID, object, key, "%s is needed, not %s", needed, type_name(item));
}

/* --- values ----------------------------------------------------------------------------------------- */

const cJSON *json_find(const JsonObject *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object->item, key);
}

Status json_only_keys(const JsonObject *object, const char *const keys[], Message *message)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, object->item)
    {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], item->string) != 0) i++;
        if (!keys[i]) return json_fail(message, STATUS_INVALID, object, item->string, "is not known");
    }
    return STATUS_OK;
}

Status json_text(const char **text, const JsonObject *object, const char *key, Message *message)
{
    const cJSON *item = json_find(object, key);
    if (!cJSON_IsString(item)) return fail_type(object, key, item, "a text", message);
    *text = item->valuestring;
    return STATUS_OK;
}

Status json_flag(bool *flag, const JsonObject *object, const char *key, Message *message)
{
    const cJSON *item = json_find(object, key);
    if (!cJSON_IsBool(item)) return fail_type(object, key, item, "true or false", message);
    *flag = cJSON_IsTrue(item);
    return STATUS_OK;
}

Status json_number(double *number, const JsonObject *object, const char *key, Message *message)
{
    const cJSON *item = json_find(object, key);
    if (!cJSON_IsNumber(item)) return fail_type(object, key, item, "a number", message);
    *number = item->valuedouble;
    return STATUS_OK;
}

Status json_count(size_t *count, const JsonObject *object, const char *key, Message *message)
{
    double number;
    Status status = json_number(&number, object, key, message);
    if (status != STATUS_OK) return status;
    if (!(number >= 0 && number < COUNTS_END) || number != floor(number))
        return json_fail(message, STATUS_INVALID, object, key, "a whole number from 0 to 2^53 - 1 is needed");
    *count = (size_t)number;
    return STATUS_OK;
}

Status json_array(const cJSON **array, const JsonObject *object, const char *key, Message *message)
{
    const cJSON *item = json_find(object, key);
    if (!cJSON_IsArray(item)) return fail_type(object, key, item, "an array", message);
    *array = item;
    return STATUS_OK;
}

Status json_object(JsonObject *inner, const JsonObject *object, const char *key, Message *message)
{
    const cJSON *item = json_find(object, key);
    if (!cJSON_IsObject(item)) return fail_type(object, key, item, "an object", message);
    *inner = (JsonObject){.item = item, .path = object->path};
    snprintf(inner->name, sizeof inner->name, "%s%s.", object->name, key);
    return STATUS_OK;
}

Status json_element(JsonObject *inner, const JsonObject *object, const char *key, const cJSON *element,
                    size_t index, Message *message)
{
    *inner = (JsonObject){.item = element, .path = object->path};
    snprintf(inner->name, sizeof inner->name, "%s%s[%zu].", object->name, key, index);
    if (cJSON_IsObject(element)) return STATUS_OK;
    return json_fail(message, STATUS_INVALID, object, key, "element %zu: an object is needed, not %s", index,
                     type_name(element));
}

/* --- writing ---------------------------------------------------------------------------------------- */

cJSON *json_new_number(double value)
{
    char text[NUMBER_TEXT];
    if (!isfinite(value)) return cJSON_CreateNull();
    number_format(text, value, 0);
    return cJSON_CreateRaw(text);
}

cJSON *json_new_float(float value)
{
    char text[NUMBER_TEXT];
    if (!isfinite(value)) return cJSON_CreateNull();
    for (int digits = 6; digits <= 9; digits++) {
        double again;
        const char *end;
        number_format(text, (double)value, digits);
        if (number_parse(&again, &end, text) && (float)again == value) break;
    }
    return cJSON_CreateRaw(text);
}

cJSON *json_new_count(uint64_t count)
{
    char text[NUMBER_TEXT];
    snprintf(text, sizeof text, "%" PRIu64, count);
    return cJSON_CreateRaw(text);
}

cJSON *json_new_text(const char *text)
{
    Text whole = {0};
    text_append(&whole, "%s", "");
    for (int length; *text; text += length > 0 ? length : 1) {
        ucs4_t point;
        length = u8_strmbtouc(&point, (const uint8_t *)text);
        text_append(&whole, "%.*s", length > 0 ? length : 3, length > 0 ? text : "\xef\xbf\xbd");
    }
    cJSON *item = whole.failed ? NULL : cJSON_CreateString(whole.data);
    text_free(&whole);
    return item;
}
