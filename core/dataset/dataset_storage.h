/* Storage: where a dataset's pixels and labels lie, and the readers of the formats. Private to core/dataset.
 */
#ifndef DATASET_DATASET_STORAGE_H
#define DATASET_DATASET_STORAGE_H

#include "dataset/dataset.h"

#define DATASET_MOST_BYTES ((size_t)2 << 30) /* of a file, unpacked */

struct DatasetStorage {
    unsigned char *images_file, *labels_file; /* owned; labels_file NULL where labels are inside or absent */
    size_t images_size;                       /* bytes of images_file */
    const unsigned char *pixels, *labels;     /* of image 0 */
    size_t pixels_stride, labels_stride;      /* bytes from one image to the next */
    bool planar;                              /* [channels][height][width]; else [height][width][channels] */
};

/* Whether the file's header and length agree. */
bool idx_matches(const unsigned char *data, size_t size);
/* Each fills the dataset's shape and storage from storage->images_file. */
Status idx_read_images(Dataset *dataset, Message *message);
bool cifar_matches(size_t size);
Status cifar_read_images(Dataset *dataset, size_t classes, Message *message);

/* Takes over `data`, a file of labels, also on failure. */
Status idx_read_labels(Dataset *dataset, unsigned char *data, size_t size, Message *message);

#endif
