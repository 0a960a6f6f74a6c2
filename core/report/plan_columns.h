/* SPDX-License-Identifier: MIT */
/* Plan columns: the columns of the plan's CSV, which are the keys of `layers` in JSON, and their cells. */
#ifndef REPORT_PLAN_COLUMNS_H
#define REPORT_PLAN_COLUMNS_H

#include "report/result.h"

#define CELL_TEXT_BYTES 192 /* a shape: TENSOR_MAX_RANK numbers of 20 digits, and an x between them */

typedef enum CellKind { CELL_EMPTY, CELL_TEXT, CELL_COUNT, CELL_NUMBER } CellKind;

typedef struct Cell {
    CellKind kind;
    const char *text; /* may point into `store` */
    uint64_t count;
    double number; /* finite */
    char store[CELL_TEXT_BYTES];
} Cell;

/* The names of the columns in order; NULL ends them. */
extern const char *const plan_columns[];

/* Whether a plan is read from the column: name, weight_bits, activation_bits, method or
 * grid. */
bool plan_column_is_read(size_t column);

/* Fills the cell of a layer in column plan_columns[column]; empty where the result says nothing of it. */
void plan_cell(Cell *cell, size_t column, const Result *result, size_t layer);

#endif
