/* Plan columns: the cells of the CSV and the keys of the JSON's layers, from one table. Private to
 * core/report. */
#ifndef REPORT_PLAN_COLUMNS_H
#define REPORT_PLAN_COLUMNS_H

#include "report/result.h"

#define CELL_TEXT_BYTES 192 /* a shape: TENSOR_MAX_RANK numbers of 20 digits, and what is between */

typedef enum CellKind { CELL_EMPTY, CELL_TEXT, CELL_COUNT, CELL_NUMBER } CellKind;

typedef struct Cell {
    CellKind kind;
    const char *text; /* may point into `store` */
    uint64_t count;
    double number; /* finite */
    char store[CELL_TEXT_BYTES];
} Cell;

/* Fills the cell of `column`, an index of plan_columns, for a layer. */
void plan_cell(Cell *cell, size_t column, const Result *result, size_t layer);

#endif
