/* SPDX-License-Identifier: MIT */
/* NumPy's .npy files: a magic number and a version, the length of the header in 2 or 4 bytes, the header, and
 * the elements. The header is a Python dictionary with exactly these keys in any order:
 *
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (1000, 28, 28), }
 */
#include "base/sizes.h"
#include "dataset/formats/array.h"

#include <stdio.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6
#define MOST_RANK 4

typedef struct Header {
    char order, kind; /* '<', '>', '|'; 'u', 'i', 'f', ... */
    size_t item;      /* bytes of an element */
    bool fortran;
    size_t rank, shape[MOST_RANK];
    size_t bytes, elements; /* of the header; of the shape */
} Header;

static FormatMatch matches(const unsigned char *data, size_t size)
{
    return size >= MAGIC_BYTES && memcmp(data, MAGIC, MAGIC_BYTES) == 0 ? MATCH_CERTAIN : MATCH_NONE;
}

/* --- the dictionary --------------------------------------------------------------------------------- */

/* Text that is read from front to end. */
typedef struct Cursor {
    const char *next, *end;
} Cursor;

static void skip_blanks(Cursor *cursor)
{
    while (cursor->next < cursor->end && strchr(" \t\r\n", *cursor->next) && *cursor->next) cursor->next++;
}

/* Skips blanks, and `word` where it comes next; whether it does. */
static bool accept(Cursor *cursor, const char *word)
{
    const size_t length = strlen(word);
    skip_blanks(cursor);
    if ((size_t)(cursor->end - cursor->next) < length || memcmp(cursor->next, word, length) != 0)
        return false;
    cursor->next += length;
    return true;
}

static bool accept_number(size_t *number, Cursor *cursor)
{
    size_t value = 0;
    skip_blanks(cursor);
    const char *start = cursor->next;
    for (; cursor->next < cursor->end && *cursor->next >= '0' && *cursor->next <= '9'; cursor->next++)
        if (!size_multiply(&value, value, 10) || !size_add(&value, value, (size_t)(*cursor->next - '0')))
            return false;
    *number = value;
    return cursor->next > start;
}

/* '<f4': byte order, kind, bytes per element; '|O', objects, has no number of bytes. */
static bool read_descr(Header *header, Cursor *cursor)
{
    const char *quote = accept(cursor, "'") ? "'" : accept(cursor, "\"") ? "\"" : NULL;
    if (!quote || cursor->end - cursor->next < 2) return false;
    header->order = *cursor->next++;
    header->kind = *cursor->next++;
    return (accept_number(&header->item, cursor) || header->kind == 'O') && accept(cursor, quote);
}

static bool read_order(Header *header, Cursor *cursor)
{
    header->fortran = accept(cursor, "True");
    return header->fortran || accept(cursor, "False");
}

/* (1000, 28, 28), with or without a comma at the end. */
static bool read_shape(Header *header, Cursor *cursor)
{
    if (!accept(cursor, "(")) return false;
    while (header->rank < MOST_RANK && accept_number(&header->shape[header->rank], cursor)) {
        header->rank++;
        if (!accept(cursor, ",")) break;
    }
    return accept(cursor, ")");
}

static bool read_dictionary(Header *header, Cursor *cursor)
{
    static const struct {
        const char *key;
        bool (*read)(Header *, Cursor *);
    } keys[] = {{"'descr'", read_descr}, {"'fortran_order'", read_order}, {"'shape'", read_shape}};
    bool seen[3] = {false};
    if (!accept(cursor, "{")) return false;
    do {
        size_t k = 0;
        while (k < 3 && !accept(cursor, keys[k].key)) k++;
        if (k == 3 || seen[k] || !accept(cursor, ":") || !keys[k].read(header, cursor)) return false;
        seen[k] = true;
    } while (accept(cursor, ",") && !accept(cursor, "}"));
    if (cursor->next[-1] != '}' && !accept(cursor, "}")) return false;
    skip_blanks(cursor);
    return seen[0] && seen[1] && seen[2] && cursor->next == cursor->end;
}

/* --- the header ------------------------------------------------------------------------------------- */

/* Finds the dictionary; false where the file is too short. */
static bool find_dictionary(Cursor *cursor, const unsigned char *data, size_t size)
{
    const size_t place = MAGIC_BYTES + 2;
    if (size < place + 4) return false;
    const bool wide = data[MAGIC_BYTES] >= 2;
    size_t length = data[place] | (size_t)data[place + 1] << 8, start = place + 2;
    if (wide) {
        length |= (size_t)data[place + 2] << 16 | (size_t)data[place + 3] << 24;
        start += 2;
    }
    if (length > size - start) return false;
    cursor->next = (const char *)data + start;
    cursor->end = cursor->next + length;
    return true;
}

/* The shape as Python writes it. */
static void format_shape(char *out, size_t capacity, const Header *header)
{
    size_t used = (size_t)snprintf(out, capacity, "(");
    for (size_t i = 0; i < header->rank; i++)
        used += (size_t)snprintf(out + used, capacity - used, "%s%zu", i ? ", " : "", header->shape[i]);
    snprintf(out + used, capacity - used, header->rank == 1 ? ",)" : ")");
}

/* Counts the elements, and checks that `there` bytes are what the header says. */
static Status check_shape(Header *header, size_t there, const char *path, Message *message)
{
    char shape[32 * MOST_RANK], expected[32] = "more bytes than there can be";
    size_t bytes;
    bool fits = true;
    header->elements = 1;
    for (size_t i = 0; i < header->rank; i++)
        fits = fits && size_multiply(&header->elements, header->elements, header->shape[i]);
    fits = fits && size_multiply(&bytes, header->elements, header->item);
    if (fits && bytes == there) return STATUS_OK;
    if (fits) snprintf(expected, sizeof expected, "%zu bytes", bytes);
    format_shape(shape, sizeof shape, header);
    return status_fail(message, STATUS_INVALID,
                       "cannot open '%s': the shape %s in its header does not fit: %s are expected, and %zu "
                       "are there",
                       path, shape, expected, there);
}

static Status read_header(Header *header, const unsigned char *data, size_t size, const char *path,
                          Message *message)
{
    Cursor cursor;
    *header = (Header){0};
    if (!find_dictionary(&cursor, data, size))
        return status_fail(message, STATUS_INVALID, "cannot open '%s': its NumPy header is cut off", path);
    header->bytes = (size_t)((const unsigned char *)cursor.end - data);
    if (data[MAGIC_BYTES] < 1 || data[MAGIC_BYTES] > 3 || !read_dictionary(header, &cursor))
        return status_fail(
            message, STATUS_INVALID,
            "cannot open '%s': its NumPy header is damaged, or describes no plain array of up to "
            "%d dimensions",
            path, MOST_RANK);
    if (header->kind == 'O')
        return status_fail(
            message, STATUS_UNSUPPORTED,
            "cannot open '%s': elements of type '%cO', objects of Python: save it as an array of "
            "numbers",
            path, header->order);
    return check_shape(header, size - header->bytes, path, message);
}

static Status refuse_type(const Header *header, const char *path, const char *wanted, Message *message)
{
    return status_fail(message, STATUS_UNSUPPORTED,
                       "cannot open '%s': elements of type '%c%c%zu': %s are read", path, header->order,
                       header->kind, header->item, wanted);
}

/* Elements of single bytes may have any order, but it must be one of NumPy's letters. */
static bool knows_order(const Header *header)
{
    return header->order && strchr("<>|", header->order);
}

/* --- images and labels ------------------------------------------------------------------------------ */

static Status read_images(Dataset *dataset, const DatasetSource *source, Message *message)
{
    Array *array = &dataset->storage->array;
    const char *path = dataset->images_path;
    Header header;
    Status status = read_header(&header, array->file, array->size, path, message);
    if (status != STATUS_OK) return status;
    const bool bytes = header.kind == 'u' && header.item == 1;
    const bool floats = header.kind == 'f' && (header.item == 4 || header.item == 8);
    if (!knows_order(&header) || (!bytes && !floats))
        return refuse_type(&header, path, "uint8, float32 and float64", message);
    if (header.rank < 3)
        return status_fail(message, STATUS_INVALID,
                           "cannot open '%s': an array of %zu dimensions holds no images: 3 or 4 are needed",
                           path, header.rank);
    array->type = bytes ? ARRAY_BYTES : header.item == 4 ? ARRAY_FLOAT32 : ARRAY_FLOAT64;
    dataset->format = bytes ? "NumPy uint8" : header.item == 4 ? "NumPy float32" : "NumPy float64";
    array->swapped = header.order == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '>' : '<');
    array->data = array->file + header.bytes;
    return array_set_dimensions(dataset, header.shape, header.rank, header.fortran, source, message);
}

/* A signed or unsigned number of 1 to 8 bytes. */
static uint64_t load_integer(const unsigned char *bytes, const Header *header)
{
    const bool big = header->order == '>';
    uint64_t value = 0;
    for (size_t i = 0; i < header->item; i++)
        value |= (uint64_t)bytes[big ? header->item - 1 - i : i] << 8 * i;
    return value;
}

static Status fill_labels(Dataset *dataset, const Header *header, const unsigned char *data, Message *message)
{
    const uint64_t most =
        header->kind == 'i' && header->item < 4 ? (UINT64_C(1) << (8 * header->item - 1)) - 1 : INT32_MAX;
    for (size_t i = 0; i < dataset->count; i++) {
        const uint64_t label = load_integer(data + header->bytes + i * header->item, header);
        if (label > most)
            return status_fail(message, STATUS_INVALID,
                               "cannot open '%s': label %zu is negative, or above %d", dataset->labels_path,
                               i, INT32_MAX);
        dataset->storage->labels[i] = (uint32_t)label;
    }
    return STATUS_OK;
}

static Status read_labels(Dataset *dataset, const unsigned char *data, size_t size, Message *message)
{
    const char *path = dataset->labels_path;
    Header header;
    Status status = read_header(&header, data, size, path, message);
    if (status != STATUS_OK) return status;
    const bool whole = header.kind == 'u' || header.kind == 'i';
    if (!knows_order(&header) || !whole || header.item < 1 || header.item > 8)
        return refuse_type(&header, path, "whole numbers of up to 8 bytes", message);
    if (header.rank != 1 && (header.rank != 2 || header.shape[1] != 1))
        return status_fail(
            message, STATUS_INVALID,
            "cannot open '%s': an array of %zu dimensions holds no labels: one per image is needed", path,
            header.rank);
    status = labels_check_count(dataset, header.elements, message);
    if (status == STATUS_OK) status = labels_allocate(dataset, message);
    return status == STATUS_OK ? fill_labels(dataset, &header, data, message) : status;
}

const ArrayFormat npy_format = {matches, read_images, read_labels};
