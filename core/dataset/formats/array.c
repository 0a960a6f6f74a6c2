/* SPDX-License-Identifier: MIT */
#include "dataset/formats/array.h"

#include "base/sizes.h"
#include "dataset/normalize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether a dimension can be the channels of images for this network. */
static bool can_be_channels(size_t dimension, const DatasetSource *source)
{
    return dimension == 1 || dimension == 3 || (source->channels && dimension == source->channels);
}

/* The dimension of four that is the channels: 1 or 3. */
static size_t find_channels(const size_t dimensions[4], const DatasetSource *source)
{
    const ArrayLayout layout = source->preparation.layout;
    if (layout != LAYOUT_GUESSED) return layout == LAYOUT_NCHW ? 1 : 3;
    return can_be_channels(dimensions[1], source) && !can_be_channels(dimensions[3], source) ? 1 : 3;
}

Status array_set_dimensions(Dataset *dataset, const size_t *dimensions, size_t rank, bool fortran,
                            const DatasetSource *source, Message *message)
{
    Array *array = &dataset->storage->array;
    ImageShape *shape = &array->shape;
    const char *path = dataset->images_path;
    const size_t channels = rank == 4 ? find_channels(dimensions, source) : 0, height = channels == 1 ? 2 : 1;
    size_t steps[4], step = 1;
    for (size_t i = 0; i < rank; i++) {
        const size_t d = fortran ? i : rank - 1 - i;
        steps[d] = step;
        step *= dimensions[d];
    }
    *shape = (ImageShape){dimensions[height], dimensions[height + 1], channels ? dimensions[channels] : 1};
    array->image_step = steps[0];
    array->row_step = steps[height];
    array->column_step = steps[height + 1];
    array->channel_step = channels ? steps[channels] : 0;
    dataset->count = dimensions[0];
    if (!dataset->count || !shape->height || !shape->width || !shape->channels)
        return status_fail(message, STATUS_INVALID,
                           "cannot open '%s': %zu images of %zu x %zu pixels, %zu channels", path,
                           dataset->count, shape->height, shape->width, shape->channels);
    if (shape->channels <= DATASET_MAX_CHANNELS) return STATUS_OK;
    Status status = status_fail(message, STATUS_UNSUPPORTED, "cannot open '%s': %zu channels, more than %d",
                                path, shape->channels, DATASET_MAX_CHANNELS);
    return status_advise(status, message, rank == 4 ? REMEDY_LAYOUT : 0);
}

static float load_float(const Array *array, size_t element)
{
    uint32_t bits;
    float value;
    if (array->type == ARRAY_FLOAT64) {
        uint64_t wide;
        double rounded;
        memcpy(&wide, array->data + 8 * element, sizeof wide);
        if (array->swapped) wide = __builtin_bswap64(wide);
        memcpy(&rounded, &wide, sizeof rounded);
        return (float)rounded;
    }
    memcpy(&bits, array->data + 4 * element, sizeof bits);
    if (array->swapped) bits = __builtin_bswap32(bits);
    memcpy(&value, &bits, sizeof value);
    return value;
}

Status array_check_floats(const Dataset *dataset, Message *message)
{
    const Array *array = &dataset->storage->array;
    const ImageShape *shape = &array->shape;
    const size_t count = dataset->count * shape->height * shape->width * shape->channels;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(load_float(array, i)))
            return status_fail(message, STATUS_INVALID,
                               "cannot open '%s': element %zu is no finite float of 32 bits",
                               dataset->images_path, i);
    return STATUS_OK;
}

static size_t element_at(const Array *array, size_t image, size_t row, size_t column)
{
    return image * array->image_step + row * array->row_step + column * array->column_step;
}

void array_read(float *out, const Array *array, size_t image, float table[][256])
{
    const ImageShape *shape = &array->shape;
    for (size_t y = 0; y < shape->height; y++)
        for (size_t x = 0; x < shape->width; x++) {
            const size_t first = element_at(array, image, y, x);
            for (size_t c = 0; c < shape->channels; c++) {
                const size_t element = first + c * array->channel_step;
                *out++ =
                    array->type == ARRAY_BYTES ? table[c][array->data[element]] : load_float(array, element);
            }
        }
}

void array_read_bytes(unsigned char *pixels, const Array *array, size_t image)
{
    const ImageShape *shape = &array->shape;
    for (size_t y = 0; y < shape->height; y++)
        for (size_t x = 0; x < shape->width; x++) {
            const size_t first = element_at(array, image, y, x);
            for (size_t c = 0; c < shape->channels; c++)
                *pixels++ = array->data[first + c * array->channel_step];
        }
}
