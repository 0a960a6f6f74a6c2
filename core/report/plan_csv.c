/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "report/plan_csv.h"

#include "base/file.h"
#include "base/file_replace.h"
#include "base/number.h"
#include "report/csv_text.h"
#include "report/layer_lookup.h"
#include "report/plan_columns.h"

#include <csv.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)16 << 20)
#define ERROR_DIGITS 9

/* --- writing ---------------------------------------------------------------------------------------- */

static void append_cell(Text *csv, const Cell *cell)
{
    char number[NUMBER_TEXT];
    switch (cell->kind) {
    case CELL_EMPTY:
        break;
    case CELL_TEXT:
        csv_append_text(csv, cell->text);
        break;
    case CELL_COUNT:
        text_append(csv, "%" PRIu64, cell->count);
        break;
    case CELL_NUMBER:
        number_format(number, cell->number, ERROR_DIGITS);
        text_append(csv, "%s", number);
        break;
    }
}

static const char *separator(size_t column)
{
    return plan_columns[column + 1] ? "," : "\r\n";
}

Status plan_csv_write(const char *path, const Result *result, Message *message)
{
    Text csv = {0};
    for (size_t c = 0; plan_columns[c]; c++) text_append(&csv, "%s%s", plan_columns[c], separator(c));
    for (size_t l = 0; l < result->network->layer_count; l++)
        for (size_t c = 0; plan_columns[c]; c++) {
            Cell cell;
            plan_cell(&cell, c, result, l);
            append_cell(&csv, &cell);
            text_append(&csv, "%s", separator(c));
        }
    Status status =
        csv.failed ? status_no_memory(message, path) : file_replace(path, csv.data, csv.length, message);
    text_free(&csv);
    return status;
}

/* --- reading ---------------------------------------------------------------------------------------- */

enum { NAME, WEIGHT_BITS, ACTIVATION_BITS, METHOD, GRID, WANTED };
static const char *const wanted_names[WANTED] = {"name", "weight_bits", "activation_bits", "method", "grid"};

#define ABSENT SIZE_MAX

typedef struct Reader {
    const char *path;
    Message *message;
    Status status; /* the first failure: libcsv's callbacks cannot stop it */
    LayerLookup lookup;
    LayerPlan *layers;
    size_t line;     /* being read, from 1 */
    size_t row_line; /* where the row starts: a quoted cell may span lines */
    bool in_row, header_read;
    size_t column, columns; /* next cell's; the header's number of them */
    size_t places[WANTED];  /* columns of the header, or ABSENT */
    char *cells[WANTED];    /* of the row, NULL where it has none */
} Reader;

static Status fail_here(Reader *reader, Status status, int wanted, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static Status fail_here(Reader *reader, Status status, int wanted, const char *format, ...)
{
    char reason[sizeof reader->message->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return status_fail(reader->message, status, "'%s', line %zu, column '%s': %s", reader->path,
                       reader->row_line, wanted_names[wanted], reason);
}

static void read_header_cell(Reader *reader, const char *text)
{
    for (int w = 0; w < WANTED; w++) {
        if (strcmp(text, wanted_names[w]) != 0) continue;
        if (reader->places[w] != ABSENT)
            reader->status = fail_here(reader, STATUS_INVALID, w, "the header has it twice");
        reader->places[w] = reader->column;
    }
}

static void keep_cell(Reader *reader, char *text)
{
    for (int w = 0; w < WANTED; w++)
        if (reader->places[w] == reader->column) {
            reader->cells[w] = text;
            return;
        }
    free(text);
}

/* libcsv's callback for a cell. */
static void on_cell(void *data, size_t length, void *context)
{
    Reader *reader = context;
    const char *start = data;
    if (reader->status != STATUS_OK) return;
    if (length > 0 && *start == '\'') start++, length--;
    char *text = strndup(start, length);
    if (!text) {
        reader->status = status_no_memory(reader->message, reader->path);
    } else if (reader->header_read) {
        keep_cell(reader, text);
    } else {
        read_header_cell(reader, text);
        free(text);
    }
    reader->column++;
}

static Status finish_header(Reader *reader)
{
    reader->header_read = true;
    reader->columns = reader->column;
    for (int w = NAME; w <= WEIGHT_BITS; w++)
        if (reader->places[w] == ABSENT)
            return fail_here(reader, STATUS_INVALID, w,
                             "is missing: the first line names the columns, separated by commas");
    return STATUS_OK;
}

/* Empty for a cell that a short row leaves out. */
static const char *cell_text(const Reader *reader, int wanted)
{
    return reader->cells[wanted] ? reader->cells[wanted] : "";
}

static Status read_bits(Reader *reader, unsigned *bits, int wanted, int least)
{
    const char *text = cell_text(reader, wanted);
    if (strcmp(text, "float") == 0) {
        *bits = BITS_FLOAT;
        return STATUS_OK;
    }
    if (text[0] < '0' + least || text[0] > '0' + BITS_MAX || text[1])
        return fail_here(reader, STATUS_INVALID, wanted, "'%s' is not a width: %d to %d, or float", text,
                         least, BITS_MAX);
    *bits = (unsigned)(text[0] - '0');
    return STATUS_OK;
}

/* Where the row names no grid, a layer keeps the plan's unless that does not have the bits. */
static Status read_weights(Reader *reader, LayerPlan *layer)
{
    const char *name = cell_text(reader, GRID);
    GridKind grid = GRID_UNIFORM;
    unsigned bits = BITS_FLOAT;
    Message reason;
    Status status = read_bits(reader, &bits, WEIGHT_BITS, BITS_BINARY);
    if (status != STATUS_OK) return status;
    layer_plan_set_bits(layer, bits);
    if (!*name) return STATUS_OK;
    if (!grid_parse(&grid, name))
        return fail_here(reader, STATUS_INVALID, GRID, "no grid is called '%s'", name);
    layer->grid = (uint8_t)grid;
    status = layer_plan_check_bits(layer, &reason);
    return status == STATUS_OK ? STATUS_OK : fail_here(reader, status, WEIGHT_BITS, "%s", reason.text);
}

static Status read_activations(Reader *reader, LayerPlan *layer, bool reads_image)
{
    unsigned bits = layer->activation_bits;
    if (*cell_text(reader, ACTIVATION_BITS)) {
        const Status status = read_bits(reader, &bits, ACTIVATION_BITS, BITS_MIN);
        if (status != STATUS_OK) return status;
    }
    layer->activation_bits = (uint8_t)bits;
    if (bits == BITS_FLOAT || !reads_image) return STATUS_OK;
    return fail_here(reader, STATUS_INVALID, ACTIVATION_BITS,
                     "the layer reads the network's input, which stays float: leave it empty, or float");
}

static Status read_row(Reader *reader)
{
    size_t l = 0;
    Message reason;
    Status status = layer_lookup_take(&l, &reader->lookup, cell_text(reader, NAME), &reason);
    if (status != STATUS_OK)
        return status_advise(fail_here(reader, status, NAME, "%s", reason.text), reader->message,
                             reason.remedies);
    LayerPlan *layer = &reader->layers[l];
    status = read_weights(reader, layer);
    if (status == STATUS_OK)
        status = read_activations(reader, layer, reader->lookup.network->layers[l].first);
    if (status != STATUS_OK) return status;
    Method method = (Method)layer->method;
    const char *name = cell_text(reader, METHOD);
    if (*name && method_find(&method, name, &reason) != STATUS_OK)
        return fail_here(reader, STATUS_INVALID, METHOD, "%s", reason.text);
    layer->method = (uint8_t)method;
    return STATUS_OK;
}

static void forget_row(Reader *reader)
{
    for (int w = 0; w < WANTED; w++) {
        free(reader->cells[w]);
        reader->cells[w] = NULL;
    }
    reader->column = 0;
    reader->in_row = false;
}

/* libcsv's callback for the end of a row. */
static void on_row(int terminator, void *context)
{
    (void)terminator;
    Reader *reader = context;
    if (reader->status == STATUS_OK) {
        if (!reader->header_read)
            reader->status = finish_header(reader);
        else if (reader->column > reader->columns)
            reader->status =
                status_fail(reader->message, STATUS_INVALID, "'%s', line %zu: %zu cells, the header has %zu",
                            reader->path, reader->row_line, reader->column, reader->columns);
        else
            reader->status = read_row(reader);
    }
    forget_row(reader);
}

/* The length of the line that `data` starts with, its end (LF, CR LF or CR) included. */
static size_t line_length(const char *data, size_t size)
{
    size_t length = 0;
    while (length < size && data[length] != '\n' && data[length] != '\r') length++;
    if (length < size) length++;
    if (length < size && data[length - 1] == '\r' && data[length] == '\n') length++;
    return length;
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", line[i])) return false;
    return true;
}

/* Hands libcsv the file line by line, so that messages know where they are. */
static void parse_lines(Reader *reader, struct csv_parser *parser, const char *data, size_t size)
{
    for (size_t done = 0; done < size && reader->status == STATUS_OK;) {
        size_t length = line_length(data + done, size - done);
        reader->line++;
        if (!reader->in_row) {
            reader->row_line = reader->line;
            reader->in_row = !is_blank(data + done, length);
        }
        if (csv_parse(parser, data + done, length, on_cell, on_row, reader) != length) {
            if (reader->status != STATUS_OK) return;
            reader->status =
                status_fail(reader->message, STATUS_INVALID, "'%s', line %zu: %s", reader->path, reader->line,
                            csv_error(parser) == CSV_EPARSE ? "a quote where none may be"
                                                            : csv_strerror(csv_error(parser)));
        }
        done += length;
    }
    if (reader->status != STATUS_OK) return;
    if (csv_fini(parser, on_cell, on_row, reader) != 0 && reader->status == STATUS_OK)
        reader->status =
            status_fail(reader->message, STATUS_INVALID, "'%s', line %zu: a quote is opened and never closed",
                        reader->path, reader->row_line);
}

static Status read_rows(Reader *reader, const char *data, size_t size)
{
    if (memchr(data, 0, size))
        return status_fail(reader->message, STATUS_INVALID, "'%s': a zero byte: CSV in UTF-8 is needed",
                           reader->path);
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) data += 3, size -= 3;
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) return status_no_memory(reader->message, "CSV");
    parse_lines(reader, &parser, data, size);
    forget_row(reader);
    csv_free(&parser);
    if (reader->status == STATUS_OK && !reader->header_read)
        return status_fail(reader->message, STATUS_INVALID,
                           "'%s': empty: a header with 'name' and 'weight_bits' is needed", reader->path);
    return reader->status;
}

Status plan_csv_read(Plan *plan, const Network *network, const char *path, Message *message)
{
    char *data;
    size_t size;
    Message discarded;
    Status status = file_read(&data, &size, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    Plan *changed = NULL;
    Reader reader = {.path = path, .message = message ? message : &discarded};
    for (int w = 0; w < WANTED; w++) reader.places[w] = ABSENT;
    status = plan_copy(&changed, plan, message);
    if (status == STATUS_OK) status = layer_lookup_create(&reader.lookup, network, message);
    if (status == STATUS_OK) reader.layers = changed->layers;
    if (status == STATUS_OK) status = read_rows(&reader, data, size);
    if (status == STATUS_OK) memcpy(plan->layers, changed->layers, plan->layer_count * sizeof *plan->layers);
    layer_lookup_free(&reader.lookup);
    plan_drop(changed);
    free(data);
    return status;
}
