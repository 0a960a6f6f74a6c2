/* SPDX-License-Identifier: MIT */
#include "network/diagram.h"

#include <stdlib.h>
#include <string.h>

/* --- rows ------------------------------------------------------------------------------------------- */

/* Appends the rows that the node reads to inputs[], each once; returns how many. */
static size_t gather_inputs(size_t *inputs, const Diagram *diagram, const Node *node)
{
    size_t count = 0;
    for (size_t i = 0; i < node->input_count; i++) {
        const size_t value = node->inputs[i];
        const size_t row = value == NO_INDEX ? NO_INDEX : diagram->row_of_value[value];
        bool is_new = row != NO_INDEX;
        for (size_t k = 0; k < count; k++) is_new &= inputs[k] != row;
        if (is_new) inputs[count++] = row;
    }
    return count;
}

/* The new row's value lives until a row reads it. */
static size_t add_row(Diagram *diagram, DiagramKind kind, size_t node, size_t *inputs, size_t count)
{
    const size_t row = diagram->row_count++;
    diagram->rows[row] =
        (DiagramRow){.kind = kind, .node = node, .input_count = count, .inputs = inputs, .last = row};
    for (size_t i = 0; i < count; i++) diagram->rows[inputs[i]].last = row;
    return row;
}

/* Rows in the order of the nodes, which is topological. Fills row_of_value. */
static void make_rows(Diagram *diagram, const Network *network)
{
    size_t *next = diagram->inputs;
    for (size_t v = 0; v < network->value_count; v++) diagram->row_of_value[v] = NO_INDEX;
    diagram->row_of_value[network->input] = add_row(diagram, DIAGRAM_INPUT, NO_INDEX, NULL, 0);
    for (size_t n = 0; n < network->node_count; n++) {
        const Node *node = &network->nodes[n];
        const size_t count = gather_inputs(next, diagram, node);
        size_t row = count ? next[0] : NO_INDEX;
        if (node->layer != NO_INDEX || count > 1) {
            row = add_row(diagram, node->layer != NO_INDEX ? DIAGRAM_LAYER : DIAGRAM_JOIN, n, next, count);
            next += count;
        }
        diagram->row_of_value[node->output] = row;
    }
    *next = diagram->row_of_value[network->output];
    add_row(diagram, DIAGRAM_OUTPUT, NO_INDEX, next, *next != NO_INDEX);
}

/* --- columns ---------------------------------------------------------------------------------------- */

/* The leftmost column of an input that ends at the row; NO_INDEX if none does. */
static size_t inherited_column(const Diagram *diagram, size_t row)
{
    size_t column = NO_INDEX;
    for (size_t i = 0; i < diagram->rows[row].input_count; i++) {
        const DiagramRow *input = &diagram->rows[diagram->rows[row].inputs[i]];
        if (input->last == row && input->column < column) column = input->column;
    }
    return column;
}

/* owners: [row_count] the row whose rail is in the column; NO_INDEX: free. */
static void assign_columns(Diagram *diagram, size_t *owners)
{
    size_t live = 0;
    for (size_t c = 0; c < diagram->row_count; c++) owners[c] = NO_INDEX;
    for (size_t r = 0; r < diagram->row_count; r++) {
        DiagramRow *row = &diagram->rows[r];
        row->column = inherited_column(diagram, r);
        if (row->column == NO_INDEX)
            for (row->column = 0; owners[row->column] != NO_INDEX;) row->column++;
        for (size_t i = 0; i < row->input_count; i++) {
            const DiagramRow *input = &diagram->rows[row->inputs[i]];
            if (input->last != r) continue;
            owners[input->column] = NO_INDEX;
            live--;
        }
        row->beside = live;
        if (row->column >= diagram->columns) diagram->columns = row->column + 1;
        if (row->last == r) continue;
        owners[row->column] = r;
        live++;
    }
}

/* --- creation --------------------------------------------------------------------------------------- */

Status diagram_create(Diagram *diagram, const Network *network, Message *message)
{
    size_t inputs = 2; /* of the output, and one that is never used */
    for (size_t n = 0; n < network->node_count; n++) inputs += network->nodes[n].input_count;
    const size_t most_rows = network->node_count + 2;
    *diagram = (Diagram){.rows = calloc(most_rows, sizeof *diagram->rows),
                         .row_of_value = calloc(network->value_count + 1, sizeof *diagram->row_of_value),
                         .inputs = calloc(inputs, sizeof *diagram->inputs)};
    size_t *owners = calloc(most_rows, sizeof *owners);
    if (!diagram->rows || !diagram->row_of_value || !diagram->inputs || !owners) {
        free(owners);
        diagram_free(diagram);
        return status_no_memory(message, "the network's diagram");
    }
    make_rows(diagram, network);
    assign_columns(diagram, owners);
    free(owners);
    return STATUS_OK;
}

void diagram_free(Diagram *diagram)
{
    free(diagram->rows);
    free(diagram->row_of_value);
    free(diagram->inputs);
    *diagram = (Diagram){0};
}

size_t diagram_layer_row(const Diagram *diagram, const Network *network, size_t layer)
{
    const Layer *of = &network->layers[layer];
    return of->use_count ? diagram->row_of_value[network->nodes[of->uses[0]].output] : NO_INDEX;
}

/* --- cells ------------------------------------------------------------------------------------------ */

static void add_arms(unsigned char *cells, size_t columns, size_t column, unsigned arms)
{
    if (column < columns) cells[column] = (unsigned char)(cells[column] | arms);
}

/* A line in the row between the columns of an input's rail and of the node. */
static void add_line(unsigned char *cells, size_t columns, size_t rail, size_t node)
{
    const bool from_left = rail < node;
    const size_t low = from_left ? rail : node, high = from_left ? node : rail;
    for (size_t c = low + 1; c < high; c++) add_arms(cells, columns, c, DIAGRAM_LEFT | DIAGRAM_RIGHT);
    add_arms(cells, columns, low, DIAGRAM_RIGHT);
    add_arms(cells, columns, high, DIAGRAM_LEFT);
}

/* Lines pass behind the rails that the row does not read. */
static void mark_crossings(unsigned char *cells, size_t columns, const Diagram *diagram, size_t row)
{
    const DiagramRow *here = &diagram->rows[row];
    for (size_t c = 0; c < columns; c++) {
        const unsigned arms = cells[c];
        bool read = c == here->column;
        for (size_t i = 0; !read && i < here->input_count; i++)
            read = diagram->rows[here->inputs[i]].column == c;
        if (!read && arms & (DIAGRAM_UP | DIAGRAM_DOWN) && arms & DIAGRAM_LEFT)
            cells[c] = (unsigned char)(arms | DIAGRAM_CROSSING);
    }
}

void diagram_cells(unsigned char *cells, size_t columns, const Diagram *diagram, size_t row)
{
    const DiagramRow *here = &diagram->rows[row];
    memset(cells, 0, columns);
    for (size_t r = 0; r <= row; r++) {
        const DiagramRow *rail = &diagram->rows[r];
        if (r < row && rail->last >= row) add_arms(cells, columns, rail->column, DIAGRAM_UP);
        if (rail->last > row) add_arms(cells, columns, rail->column, DIAGRAM_DOWN);
    }
    for (size_t i = 0; i < here->input_count; i++) {
        const size_t column = diagram->rows[here->inputs[i]].column;
        if (column != here->column) add_line(cells, columns, column, here->column);
    }
    add_arms(cells, columns, here->column, DIAGRAM_NODE);
    mark_crossings(cells, columns, diagram, row);
}
