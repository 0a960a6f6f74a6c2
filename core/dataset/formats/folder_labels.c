/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/formats/folder_labels.h"

#include "base/file.h"
#include "base/sizes.h"
#include "base/text.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES ((size_t)1 << 30)
#define ABSENT SIZE_MAX

/* --- labels.csv ----------------------------------------------------------------------------------------- */

/* RFC 4180, with a header: the columns `name` and `label` in any order; other columns are ignored. */
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

Status folder_labels_read_csv(FolderList *list, const char *path, const DatasetSource *source,
                              Message *message)
{
    char *data;
    size_t size;
    const size_t left = list->ceiling - size_min(list->bytes, list->ceiling);
    if (file_bytes(path) > left) {
        Status status =
            status_fail(message, STATUS_MEMORY, "'%s' takes %zu MiB, above the %zu MiB that are left for it",
                        path, size_mib(file_bytes(path)), size_mib(left));
        return status_advise(status, message, REMEDY_MEMORY);
    }
    Status status = file_read(&data, &size, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    Reader reader = {.list = list,
                     .source = source,
                     .path = path,
                     .row = 1,
                     .places = {ABSENT, ABSENT},
                     .message = message};
    status = parse(&reader, data, size);
    free(data);
    return status;
}

/* --- subfolders --------------------------------------------------------------------------------------- */

/* Whether a subfolder is named as a class, with '_' where the class has '/'. */
static bool stands_for(const char *subfolder, const char *class_name)
{
    while (*subfolder && (*subfolder == *class_name || (*subfolder == '_' && *class_name == '/')))
        subfolder++, class_name++;
    return !*subfolder && !*class_name;
}

/* The class with exactly this name, else one that it stands for, else FOLDER_UNLABELLED. */
static uint32_t class_named(const DatasetSource *source, const char *name)
{
    const size_t count = source->class_names ? source->class_count : 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(source->class_names[i], name) == 0) return (uint32_t)i;
    for (size_t i = 0; i < count; i++)
        if (stands_for(name, source->class_names[i])) return (uint32_t)i;
    return FOLDER_UNLABELLED;
}

/* labels[subfolder_count]: the classes that the subfolders are named as, or their order where none is.
 * Refuses names of which only some are classes, and in the second case another number of subfolders than the
 * network has outputs. */
static Status label_subfolders(uint32_t *labels, const FolderList *list, const DatasetSource *source,
                               Message *message)
{
    const size_t count = list->subfolder_count;
    size_t named = 0, stranger = 0;
    for (size_t i = 0; i < count; i++) {
        labels[i] = class_named(source, list->subfolders[i]);
        named += labels[i] != FOLDER_UNLABELLED;
        if (labels[i] == FOLDER_UNLABELLED) stranger = i;
    }
    if (named == count) return STATUS_OK;
    if (named)
        return status_fail(message, STATUS_INVALID,
                           "'%s': subfolder '%s' is no class name (with _ for /), but others are: name all "
                           "of them, or none",
                           source->images, list->subfolders[stranger]);
    if (source->classes && source->classes != count)
        return status_fail(
            message, STATUS_INVALID,
            "'%s' has %zu subfolders, and the network %zu outputs: name them as the classes, or "
            "give a labels.csv",
            source->images, count, source->classes);
    for (size_t i = 0; i < count; i++) labels[i] = (uint32_t)i;
    return STATUS_OK;
}

static Status label_by_subfolder(FolderList *list, const DatasetSource *source, Message *message)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->entries[i].subfolder == FOLDER_NO_SUBFOLDER)
            return status_fail(
                message, STATUS_INVALID,
                "'%s': image '%s' stands beside subfolders: move it into its class's, or give a "
                "labels.csv",
                source->images, list->entries[i].name);
    uint32_t *labels = calloc(list->subfolder_count, sizeof *labels);
    if (!labels) return status_no_memory(message, source->images);
    Status status = label_subfolders(labels, list, source, message);
    for (size_t i = 0; status == STATUS_OK && i < list->count; i++)
        list->entries[i].label = labels[list->entries[i].subfolder];
    free(labels);
    return status;
}

Status folder_labels_find(bool *labelled, char **path, FolderList *list, const DatasetSource *source,
                          Message *message)
{
    *path = source->labels ? strdup(source->labels) : folder_path(source->images, "labels.csv");
    if (!*path) return status_no_memory(message, source->images);
    *labelled = true;
    if (source->labels || access(*path, F_OK) == 0)
        return folder_labels_read_csv(list, *path, source, message);
    free(*path);
    *path = NULL;
    *labelled = list->subfolder_count > 0;
    return *labelled ? label_by_subfolder(list, source, message) : STATUS_OK;
}
