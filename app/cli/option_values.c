/* SPDX-License-Identifier: MIT */
#include "app/cli/option_values.h"

#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits alone, and *end behind them. */
static bool parse_digits(uint64_t *value, const char *text, char **end)
{
    if (!isdigit((unsigned char)text[0])) return false;
    errno = 0;
    *value = strtoull(text, end, 10);
    return errno == 0;
}

static bool parse_size(size_t *size, const char *text, size_t low, size_t high)
{
    uint64_t value;
    char *end;
    if (!parse_digits(&value, text, &end) || *end || value < low || value > high) return false;
    *size = value;
    return true;
}

/* "512M", "2GB", "1.5G": a decimal number, a unit, and a B that changes nothing. */
static bool parse_bytes(size_t *bytes, const char *text)
{
    static const char units[] = "kmgt";
    double value;
    const char *end;
    if (strspn(text, "0123456789.") == 0 || !number_parse(&value, &end, text)) return false;
    const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
    if (unit) {
        value = ldexp(value, 10 * (int)(unit - units + 1));
        end++;
    }
    if (tolower((unsigned char)*end) == 'b') end++;
    if (*end || value < 1 || value >= 0x1p63) return false;
    *bytes = (size_t)value;
    return true;
}

static bool parse_bits(unsigned *bits, const char *text, size_t least)
{
    size_t width;
    bool is_float = strcmp(text, "float") == 0;
    if (!is_float && !parse_size(&width, text, least, BITS_MAX)) return false;
    *bits = is_float ? BITS_FLOAT : (unsigned)width;
    return true;
}

static bool parse_real(double *real, const char *text, size_t high)
{
    double value;
    const char *end;
    if (!number_parse(&value, &end, text) || *end || !isfinite(value) || value < 0 || value > (double)high)
        return false;
    *real = value;
    return true;
}

/* The task's name, as the table of tasks has it. */
static bool parse_task(const char **name, const char *text)
{
    NetworkTaskKind kind;
    if (!task_kind_parse(&kind, text)) return false;
    *name = task_kind_name(kind);
    return true;
}

static bool parse_item(OptionList *list, const char *text)
{
    if (!text[0] || list->count == OPTION_LIST_MOST) return false;
    list->texts[list->count++] = text;
    return true;
}

bool option_parse_value(Options *options, const OptionEntry *entry, const char *text)
{
    void *field = (char *)options + entry->field;
    char *end;
    switch (entry->type) {
    case OPTION_TEXT:
        *(const char **)field = text;
        return text[0] != 0;
    case OPTION_LIST:
        return parse_item(field, text);
    case OPTION_FLAG:
        return *(bool *)field = true;
    case OPTION_SIZE_ALL:
        if (strcmp(text, "all") != 0) return parse_size(field, text, entry->low, entry->high);
        *(size_t *)field = 0;
        return true;
    case OPTION_SIZE:
        return parse_size(field, text, entry->low, entry->high);
    case OPTION_SEED64:
        return parse_digits(field, text, &end) && !*end;
    case OPTION_BYTES:
        return parse_bytes(field, text);
    case OPTION_REAL:
        return parse_real(field, text, entry->high);
    case OPTION_BITS:
        return parse_bits(field, text, entry->low);
    case OPTION_MODE_NAME:
        return mode_parse(field, text);
    case OPTION_METHOD_NAME:
        return method_parse(field, text);
    case OPTION_GRID_NAME:
        return grid_parse(field, text);
    case OPTION_EFFORT_NAME:
        return effort_parse(field, text);
    case OPTION_LADDER_SET:
        return ladder_set_parse(field, text);
    case OPTION_TASK_NAME:
        return parse_task(field, text);
    case OPTION_AUTO_NONE:
        *(bool *)field = strcmp(text, "auto") == 0;
        return strcmp(text, "auto") == 0 || strcmp(text, "none") == 0;
    }
    return false;
}

void option_describe_value(char *out, size_t capacity, const OptionEntry *entry)
{
    char word[OPTION_CHOICE], next[OPTION_CHOICE];
    size_t used = 0;
    switch (entry->type) {
    case OPTION_SIZE:
    case OPTION_SIZE_ALL:
        snprintf(out, capacity, "a number from %zu to %zu%s", entry->low, entry->high,
                 entry->type == OPTION_SIZE_ALL ? ", or all" : "");
        return;
    case OPTION_SEED64:
        snprintf(out, capacity, "a whole number below 2^64");
        return;
    case OPTION_BYTES:
        snprintf(out, capacity, "a number of bytes with a suffix K, M, G or T, such as 512M");
        return;
    case OPTION_REAL:
        snprintf(out, capacity, "a number from 0 to %zu", entry->high);
        return;
    case OPTION_BITS:
        snprintf(out, capacity, "a bit width from %zu to %d, or float", entry->low, BITS_MAX);
        return;
    case OPTION_TEXT:
    case OPTION_LIST:
    case OPTION_FLAG:
        snprintf(out, capacity, "some text");
        return;
    case OPTION_MODE_NAME:
    case OPTION_METHOD_NAME:
    case OPTION_GRID_NAME:
    case OPTION_EFFORT_NAME:
    case OPTION_LADDER_SET:
    case OPTION_AUTO_NONE:
    case OPTION_TASK_NAME:
        break;
    }
    const char *choice;
    for (size_t i = 0; (choice = option_choice(word, entry, i)) != NULL && used < capacity; i++)
        used += (size_t)snprintf(out + used, capacity - used, "%s%s",
                                 i == 0                              ? ""
                                 : option_choice(next, entry, i + 1) ? ", "
                                                                     : " or ",
                                 choice);
}

const char *option_choice(char word[OPTION_CHOICE], const OptionEntry *entry, size_t i)
{
    const size_t widths = entry->high - entry->low + 1;
    switch (entry->type) {
    case OPTION_SIZE_ALL:
        return i == 0 ? "all" : NULL;
    case OPTION_BITS:
        snprintf(word, OPTION_CHOICE, "%zu", entry->low + i);
        return i < widths ? word : i == widths ? "float" : NULL;
    case OPTION_MODE_NAME:
        return i <= MODE_INDEPENDENT ? mode_name((Mode)i) : NULL;
    case OPTION_METHOD_NAME:
        return i < METHOD_COUNT ? method_name((Method)i) : NULL;
    case OPTION_GRID_NAME:
        return i < GRID_COUNT ? grid_name((GridKind)i) : NULL;
    case OPTION_EFFORT_NAME:
        return i < EFFORT_COUNT ? effort_name((Effort)i) : NULL;
    case OPTION_LADDER_SET:
        return i <= LADDER_EVALUATION ? ladder_set_name((LadderSet)i) : NULL;
    case OPTION_TASK_NAME:
        return i < TASK_KINDS ? task_kind_name((NetworkTaskKind)i) : NULL;
    case OPTION_AUTO_NONE:
        return i == 0 ? "auto" : i == 1 ? "none" : NULL;
    case OPTION_TEXT:
    case OPTION_LIST:
    case OPTION_FLAG:
    case OPTION_SIZE:
    case OPTION_SEED64:
    case OPTION_BYTES:
    case OPTION_REAL:
        break;
    }
    return NULL;
}
