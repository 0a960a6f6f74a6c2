/* SPDX-License-Identifier: MIT */
/* IDX files: two bytes of 0, the element type (8: unsigned bytes), the rank, the dimensions as 32-bit
 * big-endian numbers, and the elements, the last dimension fastest. */
#include "base/sizes.h"
#include "dataset/formats/array.h"

#include <stdint.h>

#define TYPE_BYTES 0x08

typedef struct Header {
    size_t rank, dimensions[4];
    size_t bytes;    /* of the header */
    size_t elements; /* SIZE_MAX where the product overflows */
} Header;

static size_t big_endian(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* False where this is not an IDX file of bytes, or its header is truncated. */
static bool parse_header(Header *header, const unsigned char *data, size_t size)
{
    if (size < 4 || data[0] || data[1] || data[2] != TYPE_BYTES || data[3] < 1 || data[3] > 4) return false;
    *header = (Header){.rank = data[3], .bytes = 4 + 4 * (size_t)data[3], .elements = 1};
    if (size < header->bytes) return false;
    for (size_t i = 0; i < header->rank; i++) {
        header->dimensions[i] = big_endian(data + 4 + 4 * i);
        if (!size_multiply(&header->elements, header->elements, header->dimensions[i]))
            header->elements = SIZE_MAX;
    }
    return true;
}

static FormatMatch matches(const unsigned char *data, size_t size)
{
    Header header = {0};
    if (parse_header(&header, data, size) && header.elements == size - header.bytes) return MATCH_CERTAIN;
    return size >= 2 && data[0] == 0 && data[1] == 0 ? MATCH_POSSIBLE : MATCH_NONE;
}

/* Parses the header of a file with least..most dimensions, and checks it. `noun` names the elements in
 * messages. */
static Status read_header(Header *header, const unsigned char *data, size_t size, size_t least, size_t most,
                          const char *path, const char *noun, Message *message)
{
    if (size >= 4 && !data[0] && !data[1] && data[2] != TYPE_BYTES)
        return status_fail(
            message, STATUS_UNSUPPORTED,
            "cannot open '%s': IDX elements of type 0x%02x: only unsigned bytes (0x08) are read", path,
            data[2]);
    if (size >= 4 && !data[0] && !data[1] && (data[3] < least || data[3] > most))
        return status_fail(message, STATUS_INVALID,
                           "cannot open '%s': an IDX file of %u dimensions holds no %s", path, data[3], noun);
    if (!parse_header(header, data, size))
        return status_fail(message, STATUS_INVALID, "cannot open '%s': its IDX header is %s", path,
                           size >= 4 && !data[0] && !data[1] ? "cut off" : "missing (magic number)");
    if (header->elements != size - header->bytes)
        return status_fail(message, STATUS_INVALID,
                           "cannot open '%s': its header announces %zu bytes of %s, the file holds %zu", path,
                           header->elements, noun, size - header->bytes);
    return STATUS_OK;
}

static Status read_images(Dataset *dataset, const DatasetSource *source, Message *message)
{
    Array *array = &dataset->storage->array;
    Header header = {0};
    Status status =
        read_header(&header, array->file, array->size, 3, 4, dataset->images_path, "images", message);
    if (status != STATUS_OK) return status;
    dataset->format = "IDX";
    array->data = array->file + header.bytes;
    return array_set_dimensions(dataset, header.dimensions, header.rank, false, source, message);
}

static Status read_labels(Dataset *dataset, const unsigned char *data, size_t size, Message *message)
{
    const char *path = dataset->labels_path;
    Header header = {0};
    Status status = read_header(&header, data, size, 1, 1, path, "labels", message);
    if (status != STATUS_OK) return status;
    status = labels_check_count(dataset, header.elements, message);
    if (status == STATUS_OK) status = labels_allocate(dataset, message);
    for (size_t i = 0; status == STATUS_OK && i < dataset->count; i++)
        dataset->storage->labels[i] = data[header.bytes + i];
    return status;
}

const ArrayFormat idx_format = {matches, read_images, read_labels};
