/* Arrays of images in memory: where an element lies, whatever the order of the dimensions. */
#include "base/sizes.h"
#include "dataset/dataset_storage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether a dimension may be the channels of images for this network. */
static bool may_be_channels(size_t dimension, const DatasetSource *source)
{
    return dimension == 1 || dimension == 3 || (source->channels && dimension == source->channels);
}

static bool channels_first(const size_t *dimensions, const DatasetSource *source)
{
    if (source->preparation.layout != LAYOUT_GUESSED) return source->preparation.layout == LAYOUT_NCHW;
    return may_be_channels(dimensions[1], source) && !may_be_channels(dimensions[3], source);
}

/* steps[rank]; the product of the dimensions is known to fit. */
static void find_steps(size_t *steps, const size_t *dimensions, size_t rank, bool fortran)
{
    size_t step = 1;
    for (size_t i = 0; i < rank; i++) {
        const size_t d = fortran ? i : rank - 1 - i;
        steps[d] = step;
        step *= dimensions[d];
    }
}

static void place_axes(Array *array, const size_t *dimensions, const size_t *steps, size_t height,
                       size_t channels)
{
    array->shape =
        (ImageShape){dimensions[height], dimensions[height + 1], channels ? dimensions[channels] : 1};
    array->image_step = steps[0];
    array->row_step = steps[height];
    array->column_step = steps[height + 1];
    array->channel_step = channels ? steps[channels] : 0;
}

Status array_set_dimensions(Dataset *dataset, const size_t *dimensions, size_t rank, bool fortran,
                            const DatasetSource *source, Message *message)
{
    Array *array = &dataset->storage->array;
    const ImageShape *shape = &array->shape;
    const char *path = dataset->images_path;
    size_t steps[4];
    find_steps(steps, dimensions, rank, fortran);
    if (rank == 3)
        place_axes(array, dimensions, steps, 1, 0);
    else if (channels_first(dimensions, source))
        place_axes(array, dimensions, steps, 2, 1);
    else
        place_axes(array, dimensions, steps, 1, 3);
    dataset->count = dimensions[0];
    if (!dataset->count || !shape->height || !shape->width || !shape->channels)
        return status_fail(message, STATUS_INVALID,
                           "cannot open '%s': %zu images of %zu x %zu pixels, %zu channels", path,
                           dataset->count, shape->height, shape->width, shape->channels);
    if (shape->channels > DATASET_MAX_CHANNELS) {
        Status status =
            status_fail(message, STATUS_UNSUPPORTED, "cannot open '%s': %zu channels, more than %d", path,
                        shape->channels, DATASET_MAX_CHANNELS);
        return status_advise(status, message, rank == 4 ? REMEDY_LAYOUT : 0);
    }
    return STATUS_OK;
}

static double load_double(const unsigned char *bytes, bool swapped)
{
    uint64_t bits;
    double value;
    memcpy(&bits, bytes, sizeof bits);
    if (swapped) bits = __builtin_bswap64(bits);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float load_float(const Array *array, size_t element)
{
    uint32_t bits;
    float value;
    if (array->type == ARRAY_FLOAT64) return (float)load_double(array->data + 8 * element, array->swapped);
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

void array_gather(unsigned char *pixels, const Array *array, size_t image)
{
    const ImageShape *shape = &array->shape;
    for (size_t y = 0; y < shape->height; y++)
        for (size_t x = 0; x < shape->width; x++) {
            const size_t first = element_at(array, image, y, x);
            for (size_t c = 0; c < shape->channels; c++)
                *pixels++ = array->data[first + c * array->channel_step];
        }
}
