/* labels.csv: RFC 4180 by libcsv, with a header; `name` and `label` in any order, other columns passed over.
 */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/sizes.h"
#include "dataset/formats/folder_list.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)1 << 30)
#define ABSENT SIZE_MAX

enum { NAME, LABEL, WANTED };
static const char *const wanted_names[WANTED] = {"name", "label"};

typedef struct Reader {
    FolderList *list;
    const DatasetSource *source;
    const char *path;
    size_t column, row; /* of the cell that comes next; row 1 is the header */
    size_t places[WANTED];
    Text cells[WANTED];
    Status status;
    Message *message;
} Reader;

static bool is_header(const Reader *reader)
{
    return reader->row == 1;
}

static Status fail_row(const Reader *reader, const char *what, const char *text)
{
    return status_fail(reader->message, STATUS_INVALID, "'%s', row %zu: %s '%s'", reader->path, reader->row,
                       what, text);
}

/* libcsv's callback for a cell. */
static void on_cell(void *data, size_t length, void *context)
{
    Reader *reader = context;
    const size_t column = reader->column++;
    for (size_t w = 0; w < WANTED && is_header(reader); w++)
        if (strlen(wanted_names[w]) == length && memcmp(wanted_names[w], data, length) == 0)
            reader->places[w] = column;
    for (size_t w = 0; w < WANTED && !is_header(reader); w++)
        if (reader->places[w] == column)
            text_append(&reader->cells[w], "%.*s", (int)length, (const char *)data);
}

static FolderEntry *find_entry(const FolderList *list, const char *name)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(list->entries[middle].name, name);
        if (order == 0) return &list->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A class name, or a number below FOLDER_UNLABELLED. */
static bool parse_label(uint32_t *label, const DatasetSource *source, const char *text)
{
    uint64_t value = 0;
    for (size_t i = 0; source->class_names && i < source->class_count; i++)
        if (strcmp(source->class_names[i], text) == 0) {
            *label = (uint32_t)i;
            return true;
        }
    if (!*text) return false;
    for (; *text >= '0' && *text <= '9' && value < FOLDER_UNLABELLED; text++)
        value = 10 * value + (uint64_t)(*text - '0');
    *label = (uint32_t)value;
    return !*text && value < FOLDER_UNLABELLED;
}

static Status take_row(Reader *reader)
{
    const char *name = reader->cells[NAME].data, *text = reader->cells[LABEL].data;
    if (reader->cells[NAME].failed || reader->cells[LABEL].failed)
        return status_no_memory(reader->message, reader->path);
    if (!name || !text) return fail_row(reader, "no", name ? "label" : "name");
    FolderEntry *entry = find_entry(reader->list, name);
    if (!entry) return STATUS_OK;
    if (entry->label != FOLDER_UNLABELLED) return fail_row(reader, "a second label for", name);
    if (parse_label(&entry->label, reader->source, text)) return STATUS_OK;
    return fail_row(reader, "neither a number nor a class name:", text);
}

static Status take_header(const Reader *reader)
{
    for (size_t w = 0; w < WANTED; w++)
        if (reader->places[w] == ABSENT) return fail_row(reader, "the header has no column", wanted_names[w]);
    return STATUS_OK;
}

/* libcsv's callback for the end of a row. */
static void on_row(int terminator, void *context)
{
    (void)terminator;
    Reader *reader = context;
    if (reader->status == STATUS_OK)
        reader->status = is_header(reader) ? take_header(reader) : take_row(reader);
    for (size_t w = 0; w < WANTED; w++) text_free(&reader->cells[w]);
    reader->column = 0;
    reader->row++;
}

static Status parse(Reader *reader, const char *data, size_t size)
{
    struct csv_parser parser;
    if (memchr(data, 0, size))
        return status_fail(reader->message, STATUS_INVALID, "'%s': a zero byte: CSV in UTF-8 is needed",
                           reader->path);
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) data += 3, size -= 3;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return status_no_memory(reader->message, reader->path);
    const bool good = csv_parse(&parser, data, size, on_cell, on_row, reader) == size &&
                      csv_fini(&parser, on_cell, on_row, reader) == 0;
    if (!good && reader->status == STATUS_OK)
        reader->status = fail_row(reader, "not CSV:", csv_strerror(csv_error(&parser)));
    if (reader->status == STATUS_OK && is_header(reader)) reader->status = take_header(reader);
    for (size_t w = 0; w < WANTED; w++) text_free(&reader->cells[w]);
    csv_free(&parser);
    return reader->status;
}

Status folder_list_read_labels(FolderList *list, const char *path, const DatasetSource *source,
                               Message *message)
{
    char *data;
    size_t size;
    const size_t left = list->ceiling - size_min(list->bytes, list->ceiling);
    Status status;
    if (file_bytes(path) > left) {
        status =
            status_fail(message, STATUS_MEMORY, "'%s' takes %zu MiB, above the %zu MiB that are left for it",
                        path, size_mib(file_bytes(path)), size_mib(left));
        return status_advise(status, message, REMEDY_MEMORY);
    }
    status = file_read(&data, &size, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    Reader reader = {.list = list,
                     .source = source,
                     .path = path,
                     .row = 1,
                     .places = {ABSENT, ABSENT},
                     .message = message};
    status = parse(&reader, data, size);
    free(data);
    list->labelled = status == STATUS_OK;
    return status;
}
