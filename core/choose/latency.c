/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "choose/latency.h"

#include "base/file.h"
#include "base/number.h"

#include <csv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)16 << 20)
#define WIDTHS 9
#define SHAPE_TEXT 256

enum { LAYER, OPERATOR, SHAPE, WEIGHT_BITS, ACTIVATION_BITS, MICROSECONDS, COLUMNS };
static const char *const column_names[COLUMNS] = {"layer",       "operator",        "shape",
                                                  "weight_bits", "activation_bits", "microseconds"};
#define ABSENT SIZE_MAX

struct LatencyTable {
    const Network *network;
    char *path;
    double (*by_name)[WIDTHS][WIDTHS];  /* [layer_count][weight bits][activation bits], NAN: no row */
    double (*by_shape)[WIDTHS][WIDTHS]; /* the same, from rows of an operator and a shape */
};

typedef struct Reader {
    LatencyTable *table;
    Message *message;
    Status status; /* the first failure: libcsv's callbacks cannot stop it */
    size_t row;    /* being read, from 1 */
    size_t column;
    size_t places[COLUMNS]; /* columns of the header, or ABSENT */
    char *cells[COLUMNS];   /* of the row, NULL where it has none */
} Reader;

/* --- rows -------------------------------------------------------------------------------------------- */

static const char *cell(const Reader *reader, int column)
{
    return reader->cells[column] ? reader->cells[column] : "";
}

static Status fail_cell(const Reader *reader, int column, const char *expected)
{
    return status_fail(reader->message, STATUS_INVALID, "'%s', row %zu, column '%s': '%s' is not %s",
                       reader->table->path, reader->row, column_names[column], cell(reader, column),
                       expected);
}

static Status read_bits(unsigned *bits, const Reader *reader, int column)
{
    const char *text = cell(reader, column);
    *bits = 0;
    if (strcmp(text, "float") == 0 || (column == ACTIVATION_BITS && !*text)) return STATUS_OK;
    if (text[0] < '2' || text[0] > '8' || text[1])
        return fail_cell(reader, column, "a width: 2 to 8, or float");
    *bits = (unsigned)(text[0] - '0');
    return STATUS_OK;
}

static void shape_text(char text[SHAPE_TEXT], const Layer *layer)
{
    int length = 0;
    for (size_t i = 0; i < layer->weight_rank && length < SHAPE_TEXT; i++)
        length += snprintf(text + length, SHAPE_TEXT - (size_t)length, "%s%zu", i ? "x" : "",
                           layer->weight_shape[i]);
}

static Status read_row(Reader *reader)
{
    LatencyTable *table = reader->table;
    unsigned weight_bits, activation_bits;
    double microseconds;
    const char *end, *name = cell(reader, LAYER);
    Status status = read_bits(&weight_bits, reader, WEIGHT_BITS);
    if (status == STATUS_OK) status = read_bits(&activation_bits, reader, ACTIVATION_BITS);
    if (status != STATUS_OK) return status;
    if (!number_parse(&microseconds, &end, cell(reader, MICROSECONDS)) || *end || microseconds < 0)
        return fail_cell(reader, MICROSECONDS, "a number of microseconds, 0 or more");
    if (!*name && (!*cell(reader, OPERATOR) || !*cell(reader, SHAPE)))
        return status_fail(reader->message, STATUS_INVALID,
                           "'%s', row %zu: neither a layer, nor an operator and a shape", table->path,
                           reader->row);
    for (size_t l = 0; l < table->network->layer_count; l++) {
        const Layer *layer = &table->network->layers[l];
        char shape[SHAPE_TEXT];
        shape_text(shape, layer);
        if (*name && strcmp(name, layer->name) == 0)
            table->by_name[l][weight_bits][activation_bits] = microseconds;
        if (!*name && strcmp(cell(reader, OPERATOR), layer->operator_name) == 0 &&
            strcmp(cell(reader, SHAPE), shape) == 0)
            table->by_shape[l][weight_bits][activation_bits] = microseconds;
    }
    return STATUS_OK;
}

static Status check_header(const Reader *reader)
{
    const size_t *places = reader->places;
    const int missing = places[MICROSECONDS] == ABSENT                          ? MICROSECONDS
                        : places[WEIGHT_BITS] == ABSENT                         ? WEIGHT_BITS
                        : places[LAYER] == ABSENT && places[OPERATOR] == ABSENT ? LAYER
                        : places[LAYER] == ABSENT && places[SHAPE] == ABSENT    ? SHAPE
                                                                                : COLUMNS;
    if (missing == COLUMNS) return STATUS_OK;
    return status_fail(reader->message, STATUS_INVALID, "'%s', row 1: the header has no column '%s'",
                       reader->table->path, column_names[missing]);
}

/* libcsv's callback for a cell. */
static void on_cell(void *data, size_t length, void *context)
{
    Reader *reader = context;
    char *text = reader->status == STATUS_OK ? strndup(data ? data : "", length) : NULL;
    if (reader->status == STATUS_OK && !text)
        reader->status = status_no_memory(reader->message, reader->table->path);
    for (int c = 0; c < COLUMNS && text; c++) {
        if (reader->row == 1 && strcmp(text, column_names[c]) == 0) reader->places[c] = reader->column;
        if (reader->row > 1 && reader->places[c] == reader->column) {
            reader->cells[c] = text;
            text = NULL;
        }
    }
    free(text);
    reader->column++;
}

/* libcsv's callback for the end of a row. */
static void on_row(int terminator, void *context)
{
    (void)terminator;
    Reader *reader = context;
    if (reader->status == STATUS_OK)
        reader->status = reader->row == 1 ? check_header(reader) : read_row(reader);
    for (int c = 0; c < COLUMNS; c++) {
        free(reader->cells[c]);
        reader->cells[c] = NULL;
    }
    reader->column = 0;
    reader->row++;
}

static Status parse(Reader *reader, const char *data, size_t size)
{
    struct csv_parser parser;
    if (memchr(data, 0, size))
        return status_fail(reader->message, STATUS_INVALID, "'%s': a zero byte: CSV in UTF-8 is needed",
                           reader->table->path);
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) data += 3, size -= 3;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return status_no_memory(reader->message, reader->table->path);
    const bool good = csv_parse(&parser, data, size, on_cell, on_row, reader) == size &&
                      csv_fini(&parser, on_cell, on_row, reader) == 0;
    if (!good && reader->status == STATUS_OK)
        reader->status = status_fail(reader->message, STATUS_INVALID, "'%s', row %zu: not CSV: %s",
                                     reader->table->path, reader->row, csv_strerror(csv_error(&parser)));
    for (int c = 0; c < COLUMNS; c++) free(reader->cells[c]);
    csv_free(&parser);
    if (reader->status == STATUS_OK && reader->row == 1) return check_header(reader);
    return reader->status;
}

/* --- the table --------------------------------------------------------------------------------------- */

void latency_free(LatencyTable *table)
{
    if (!table) return;
    free(table->path);
    free(table->by_name);
    free(table->by_shape);
    free(table);
}

static Status create(LatencyTable **result, const Network *network, const char *path, Message *message)
{
    LatencyTable *table = calloc(1, sizeof *table);
    *result = table;
    if (!table) return status_no_memory(message, path);
    table->network = network;
    table->path = strdup(path);
    table->by_name = calloc(network->layer_count + 1, sizeof *table->by_name);
    table->by_shape = calloc(network->layer_count + 1, sizeof *table->by_shape);
    if (!table->path || !table->by_name || !table->by_shape) return status_no_memory(message, path);
    for (size_t l = 0; l < network->layer_count; l++)
        for (size_t w = 0; w < WIDTHS; w++)
            for (size_t a = 0; a < WIDTHS; a++) table->by_name[l][w][a] = table->by_shape[l][w][a] = NAN;
    return STATUS_OK;
}

Status latency_read(LatencyTable **result, const Network *network, const char *path, Message *message)
{
    char *data = NULL;
    size_t size;
    Message discarded;
    *result = NULL;
    LatencyTable *table = NULL;
    Status status = file_read(&data, &size, path, MOST_BYTES, message);
    if (status == STATUS_OK) status = create(&table, network, path, message);
    Reader reader = {.table = table, .message = message ? message : &discarded, .row = 1};
    for (int c = 0; c < COLUMNS; c++) reader.places[c] = ABSENT;
    if (status == STATUS_OK) status = parse(&reader, data, size);
    free(data);
    if (status == STATUS_OK)
        *result = table;
    else
        latency_free(table);
    return status;
}

double latency_of(const LatencyTable *table, size_t layer, unsigned weight_bits, unsigned activation_bits)
{
    const double named = table->by_name[layer][weight_bits][activation_bits];
    return isnan(named) ? table->by_shape[layer][weight_bits][activation_bits] : named;
}

const char *latency_path(const LatencyTable *table)
{
    return table->path;
}
