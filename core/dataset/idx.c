/* IDX: two bytes of 0, the type (8: unsigned bytes), the rank, the dimensions as 32-bit big-endian numbers,
 * and the elements, the last dimension fastest. */
#include "base/sizes.h"
#include "dataset/dataset_storage.h"

#include <stdint.h>
#include <stdlib.h>

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

/* False where the file is too short for the header that it announces, or is no IDX file of bytes. */
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

bool idx_matches(const unsigned char *data, size_t size)
{
    Header header = {0};
    return parse_header(&header, data, size) && header.elements == size - header.bytes;
}

/* Parses and checks a header of least..most dimensions; `noun` is what the elements are. */
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

Status idx_read_images(Dataset *dataset, Message *message)
{
    struct DatasetStorage *storage = dataset->storage;
    const char *path = dataset->images_path;
    Header header = {0};
    Status status =
        read_header(&header, storage->images_file, storage->images_size, 3, 4, path, "images", message);
    if (status != STATUS_OK) return status;
    dataset->format = "IDX";
    dataset->count = header.dimensions[0];
    dataset->height = header.dimensions[1];
    dataset->width = header.dimensions[2];
    dataset->channels = header.rank == 4 ? header.dimensions[3] : 1;
    if (header.elements == 0)
        return status_fail(message, STATUS_INVALID,
                           "cannot open '%s': %zu images of %zu x %zu pixels, %zu channels", path,
                           dataset->count, dataset->height, dataset->width, dataset->channels);
    if (dataset->channels > DATASET_MAX_CHANNELS)
        return status_fail(message, STATUS_UNSUPPORTED, "cannot open '%s': %zu channels, more than %d", path,
                           dataset->channels, DATASET_MAX_CHANNELS);
    storage->pixels = storage->images_file + header.bytes;
    storage->pixels_stride = dataset->height * dataset->width * dataset->channels;
    return STATUS_OK;
}

Status idx_read_labels(Dataset *dataset, unsigned char *data, size_t size, Message *message)
{
    const char *path = dataset->labels_path;
    Header header = {0};
    Status status = read_header(&header, data, size, 1, 1, path, "labels", message);
    if (status == STATUS_OK && header.elements != dataset->count)
        status =
            status_fail(message, STATUS_INVALID, "cannot open '%s': %zu labels for the %zu images of '%s'",
                        path, header.elements, dataset->count, dataset->images_path);
    if (status != STATUS_OK) {
        free(data);
        return status;
    }
    struct DatasetStorage *storage = dataset->storage;
    storage->labels_file = data;
    storage->labels = data + header.bytes;
    storage->labels_stride = 1;
    dataset->labelled = true;
    return STATUS_OK;
}
