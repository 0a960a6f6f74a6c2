/* SPDX-License-Identifier: MIT */
/* Table: text in aligned columns. Wide characters count as a terminal shows them.
 *
 * Example (const char *name, unsigned bits, Message *message):
 *     Table *table = table_create((const TableColumn[]){{"layer", TABLE_LEFT}, {"bits", TABLE_RIGHT}}, 2);
 *     table_cell(table, "%s", name);
 *     table_cell(table, "%u", bits);
 *     table_print(table, stdout, message);
 *     table_free(table);
 *
 * Cells are made printable (base/printable.h). When out of memory at any point, table_print()
 * fails.
 */
#ifndef APP_TABLE_H
#define APP_TABLE_H

#include "base/status.h"

#include <stddef.h>
#include <stdio.h>

typedef enum TableSide { TABLE_LEFT, TABLE_RIGHT } TableSide;

typedef struct TableColumn {
    const char *title;
    TableSide side;
} TableColumn;

typedef struct Table Table;

#define TABLE_MAX_COLUMNS 16

/* columns [count], at most TABLE_MAX_COLUMNS. NULL when out of memory, which table_print() reports. */
Table *table_create(const TableColumn *columns, size_t count);
/* The same without the column called `title`; NULL: with all columns. */
Table *table_without(const TableColumn *columns, size_t count, const char *title);
void table_free(Table *table);

/* The next cell, row by row. */
void table_cell(Table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A number as figure_number() writes it (base/figures.h): 2.84e-3, or - where it does not apply (NaN). */
void table_number(Table *table, double value);
/* Draws a line before the cells that follow. To be called between rows. */
void table_rule(Table *table);

/* Makes a column at least as wide as `text`. */
void table_widen(Table *table, size_t column, const char *text);

/* Prints titles and rows. Later calls print the rows added since; columns stay aligned where table_widen()
 * made them wide enough before the first call. */
Status table_print(Table *table, FILE *file, Message *message);

/* Columns that `text` takes on a terminal. It must be printable UTF-8. */
size_t text_columns(const char *text);

#endif
