/* Storage: where a dataset's pixels and labels lie, and the readers of the formats. Private to core/dataset.
 */
#ifndef DATASET_DATASET_STORAGE_H
#define DATASET_DATASET_STORAGE_H

#include "dataset/dataset.h"
#include "dataset/image/preparation.h"

#define DATASET_MOST_BYTES ((size_t)2 << 30) /* of a file, unpacked */

typedef enum ArrayType { ARRAY_BYTES, ARRAY_FLOAT32, ARRAY_FLOAT64 } ArrayType;

/* A file of images that lies in memory. */
typedef struct Array {
    unsigned char *file; /* owned */
    size_t size;         /* bytes of it */
    ArrayType type;
    bool swapped;                                           /* elements are big-endian */
    const unsigned char *data;                              /* of image 0 */
    ImageShape shape;                                       /* of an image as stored */
    size_t image_step, row_step, column_step, channel_step; /* elements from one to the next */
} Array;

struct DatasetStorage {
    Array array;           /* file NULL for a folder */
    struct Folder *folder; /* NULL for an array */
    uint32_t *labels;      /* [count] owned; NULL where there are none */
    Preparation preparation;
    bool prepares; /* bytes of the array go through preparation_apply() */
};

/* Whether the file's header and length agree. */
bool idx_matches(const unsigned char *data, size_t size);
bool npy_matches(const unsigned char *data, size_t size);
/* Each fills the dataset's format and count, and the array's place, from storage->array.file. */
Status idx_read_images(Dataset *dataset, const DatasetSource *source, Message *message);
Status npy_read_images(Dataset *dataset, const DatasetSource *source, Message *message);
bool cifar_matches(size_t size);
Status cifar_read_images(Dataset *dataset, const DatasetSource *source, Message *message);

/* Fills storage->labels from a file's content. */
Status idx_read_labels(Dataset *dataset, const unsigned char *data, size_t size, Message *message);
Status npy_read_labels(Dataset *dataset, const unsigned char *data, size_t size, Message *message);

/* storage->labels, zeros for dataset->count images. */
Status dataset_allocate_labels(Dataset *dataset, Message *message);
/* Whether a file of `count` labels is one for the images. */
Status dataset_check_label_count(const Dataset *dataset, size_t count, Message *message);

/* dataset->count and the array's shape and steps, from dimensions [count][height][width] or four of them,
 * stored last dimension fastest, or first where `fortran`. Refuses dimensions of 0 and too many channels. */
Status array_set_dimensions(Dataset *dataset, const size_t *dimensions, size_t rank, bool fortran,
                            const DatasetSource *source, Message *message);

/* The array's floats are handed out as they are, and must be finite. */
Status array_check_floats(const Dataset *dataset, Message *message);

/* What dataset_read() does for one image of an array: floats as they are, bytes by table[channels][256]. */
void array_read(float *out, const Array *array, size_t image, float table[][256]);

/* An image's bytes as a image; pixels[height][width][channels] are the caller's. */
void array_gather(unsigned char *pixels, const Array *array, size_t image);

#endif
