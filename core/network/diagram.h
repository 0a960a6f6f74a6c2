/* SPDX-License-Identifier: MIT */
/* Diagram: the graph of a network as rows with rails, as `git log --graph` draws commits.
 *
 * A row is the input, a layer's node, a node that joins two or more computed values (Add, Concat, Mul), or
 * the output. Rows are in topological order. All other nodes (Relu, pooling, Reshape) pass one value on: they
 * have no row and belong to the row that their value comes from.
 *
 * The value of a row runs down a column, its rail, from the row to the last row that reads it. A row that is
 * the last to read a value stands in that value's column; otherwise it opens a column, and a line leads to it
 * from the rail. Two rails never share a cell, so that a rail can be followed by eye:
 *
 *     ●      relu of the last block        reads
 *     ├─●    blocks.1.a                    the rail on the left, which goes on
 *     │ ●    blocks.1.b                    its own column's
 *     ●─┘    Add                           both, which end here
 *
 * A diagram is computed from the network alone and is immutable. Free it with diagram_free().
 *
 * Example (const Network *network, Message *message):
 *     Diagram diagram;
 *     Status status = diagram_create(&diagram, network, message);
 *     if (status) return status;
 *     unsigned char cells[64];
 *     for (size_t r = 0; r < diagram.row_count; r++) diagram_cells(cells, 64, &diagram, r);
 *     diagram_free(&diagram);
 */
#ifndef NETWORK_DIAGRAM_H
#define NETWORK_DIAGRAM_H

#include "base/status.h"
#include "network/types.h"

typedef enum DiagramKind { DIAGRAM_INPUT, DIAGRAM_LAYER, DIAGRAM_JOIN, DIAGRAM_OUTPUT } DiagramKind;

typedef struct DiagramRow {
    DiagramKind kind;
    size_t node;        /* NO_INDEX of the input and the output */
    size_t input_count; /* rows that it reads, each once */
    size_t *inputs;     /* [input_count] rows */
    size_t column;      /* of the node and of its value's rail */
    size_t last;        /* the last row that reads its value; the row itself if none does */
    size_t beside;      /* rails in other columns that pass the row: 0 where every path runs through it */
} DiagramRow;

typedef struct Diagram {
    size_t row_count, columns;
    DiagramRow *rows;     /* [row_count] */
    size_t *row_of_value; /* [value_count] row that the value comes from; NO_INDEX of constants */
    size_t *inputs;       /* of all rows */
} Diagram;

/* STATUS_MEMORY; *diagram is then empty. */
Status diagram_create(Diagram *diagram, const Network *network, Message *message);
void diagram_free(Diagram *diagram);

/* What is drawn in a cell: arms of lines, and the node. */
enum {
    DIAGRAM_UP = 1,
    DIAGRAM_DOWN = 2,
    DIAGRAM_LEFT = 4,
    DIAGRAM_RIGHT = 8,
    DIAGRAM_NODE = 16,
    DIAGRAM_CROSSING = 32 /* the line from left to right passes behind the rail, without touching it */
};

/* cells[0..min(columns, diagram->columns)-1]: the cells of a row; those behind are set to 0. Takes a time in
 * proportion to the number of rows above. */
void diagram_cells(unsigned char *cells, size_t columns, const Diagram *diagram, size_t row);

/* The row of the layer's first use; NO_INDEX if it has none. */
size_t diagram_layer_row(const Diagram *diagram, const Network *network, size_t layer);

#endif
