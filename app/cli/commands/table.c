/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/commands/table.h"

#include "base/figures.h"
#include "base/printable.h"
#include "base/sizes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CELL_BYTES 512
#define GAP 2

struct Table {
    TableColumn columns[TABLE_MAX_COLUMNS];
    size_t column_count, cell_count, capacity;
    char **cells;
    size_t widths[TABLE_MAX_COLUMNS];
    size_t printed; /* cells */
    bool titled;    /* the titles were printed */
    size_t rule;    /* cell that the line stands before; SIZE_MAX where there is none */
    bool failed;
};

Table *table_create(const TableColumn *columns, size_t count)
{
    Table *table = calloc(1, sizeof *table);
    if (!table) return NULL;
    table->column_count = size_min(count, TABLE_MAX_COLUMNS);
    memcpy(table->columns, columns, table->column_count * sizeof *columns);
    table->rule = SIZE_MAX;
    return table;
}

Table *table_without(const TableColumn *columns, size_t count, const char *title)
{
    TableColumn kept[TABLE_MAX_COLUMNS];
    size_t left = 0;
    for (size_t i = 0; i < count && left < TABLE_MAX_COLUMNS; i++)
        if (!title || strcmp(columns[i].title, title) != 0) kept[left++] = columns[i];
    return table_create(kept, left);
}

void table_free(Table *table)
{
    if (!table) return;
    for (size_t i = 0; i < table->cell_count; i++) free(table->cells[i]);
    free(table->cells);
    free(table);
}

static bool grow(Table *table)
{
    if (table->cell_count < table->capacity) return true;
    size_t capacity = table->capacity ? 2 * table->capacity : 64;
    char **cells = reallocarray(table->cells, capacity, sizeof *cells);
    if (!cells) return false;
    table->cells = cells;
    table->capacity = capacity;
    return true;
}

void table_cell(Table *table, const char *format, ...)
{
    if (!table || table->failed) return;
    char raw[CELL_BYTES], cell[CELL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    printable_copy(cell, sizeof cell, raw);
    char *copy = strdup(cell);
    if (!copy || !grow(table)) {
        free(copy);
        table->failed = true;
        return;
    }
    table->cells[table->cell_count++] = copy;
}

void table_number(Table *table, double value)
{
    table_cell(table, "%s", figure_number(value).text);
}

void table_rule(Table *table)
{
    if (table) table->rule = table->cell_count;
}

size_t text_columns(const char *text)
{
    size_t columns = 0, left = strlen(text);
    mbstate_t state = {0};
    while (left) {
        wchar_t character;
        size_t length = mbrtowc(&character, text, left, &state);
        if (length == 0 || length > left)
            return columns + left; /* another locale than UTF-8: a byte, a column */
        int width = wcwidth(character);
        columns += width > 0 ? (size_t)width : 0;
        text += length;
        left -= length;
    }
    return columns;
}

static void print_cell(FILE *file, const char *text, size_t width, TableSide side, bool last)
{
    size_t padding = width - text_columns(text);
    if (side == TABLE_RIGHT) fprintf(file, "%*s", (int)padding, "");
    fprintf(file, "%s", text);
    if (side == TABLE_LEFT && !last) fprintf(file, "%*s", (int)padding, "");
    fprintf(file, last ? "\n" : "%*s", GAP, "");
}

static void widen(Table *table, size_t column, const char *printable)
{
    table->widths[column] = size_max(table->widths[column], text_columns(printable));
}

void table_widen(Table *table, size_t column, const char *text)
{
    if (!table) return;
    char printable[CELL_BYTES];
    printable_copy(printable, sizeof printable, text);
    widen(table, column, printable);
}

static void print_rule(FILE *file, const size_t *widths, size_t count)
{
    size_t total = GAP * (count - 1);
    for (size_t i = 0; i < count; i++) total += widths[i];
    for (size_t i = 0; i < total; i++) fputc('-', file);
    fputc('\n', file);
}

static void print_titles(Table *table, FILE *file)
{
    const size_t count = table->column_count;
    for (size_t i = 0; i < count && !table->titled; i++)
        print_cell(file, table->columns[i].title, table->widths[i], table->columns[i].side, i + 1 == count);
    table->titled = true;
}

Status table_print(Table *table, FILE *file, Message *message)
{
    if (!table || table->failed) return status_no_memory(message, "a table");
    const size_t count = table->column_count;
    for (size_t i = 0; i < count; i++) widen(table, i, table->columns[i].title);
    for (size_t i = table->printed; i < table->cell_count; i++) widen(table, i % count, table->cells[i]);
    print_titles(table, file);
    for (; table->printed < table->cell_count; table->printed++) {
        size_t i = table->printed, column = i % count;
        if (i == table->rule) print_rule(file, table->widths, count);
        print_cell(file, table->cells[i], table->widths[column], table->columns[column].side,
                   column + 1 == count);
    }
    return STATUS_OK;
}
