/* Dataset: images and their labels, immutable after opening.
 *
 * Arrays of at most 2 GiB unpacked, in memory: IDX (plain or .gz, unsigned bytes: [count][height][width] or
 * with channels), CIFAR-10/100 binary, and NumPy's .npy of bytes or floats. Folders of PNG and JPEG files
 * with a subfolder for each class, or flat, with the labels in a labels.csv of columns `name` (relative to
 * the folder) and `label` (a number or a class name).
 *
 * An image is handed out as the network wants it: float, NHWC, (pixel/255 - mean)/std. Floats of a .npy are
 * taken as they are, prepared by whoever wrote them.
 *
 * Of a folder's images the first `most` in an order drawn by `seed` are taken, so that a part of them shows
 * all classes. Opening reads each of them once, on the pool: what is damaged or too small is named there, and
 * refused or left out. As many as fit into `kept` stay decoded; the others are decoded again each time they
 * are read, by the thread that reads them, and a file that has changed since is refused.
 *
 * Any number of threads may read at once. Whoever opens a dataset frees it.
 *
 *     Dataset *dataset;
 *     if (dataset_open(&dataset, &(DatasetSource){.images = "t10k-images-idx3-ubyte.gz"}, message)) ...
 *     status = dataset_read(dataset, tile, 0, 16, &normalization, message);
 */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H

#include "base/pool.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATASET_MAX_CHANNELS 16

/* --- preparation ------------------------------------------------------------------------------------- */

/* Of arrays with four dimensions; where nobody says, the dimension that counts channels tells. */
typedef enum ArrayLayout { LAYOUT_GUESSED, LAYOUT_NHWC, LAYOUT_NCHW } ArrayLayout;

/* How bytes become what the network takes. Pictures are resized as Pillow's BILINEAR does, and their middle
 * is cropped to the network's size; colour becomes grey for a network of one channel, and grey colour for one
 * of three. */
typedef struct Preparation {
    size_t resize[2];   /* {0, 0}: none; {n, 0}: the shorter side becomes n; {height, width} */
    size_t crop[2];     /* height, width; {0, 0}: what the network takes */
    bool bgr;           /* the network takes blue first: so do mean and std */
    ArrayLayout layout; /* how an array is read */
} Preparation;

typedef enum PreparationKey {
    PREPARATION_RESIZE,   /* "256", "224,320" */
    PREPARATION_CROP,     /* likewise; one side is both */
    PREPARATION_CHANNELS, /* "rgb", "bgr" */
    PREPARATION_LAYOUT,   /* "nhwc", "nchw" */
    PREPARATION_KEYS
} PreparationKey;

const char *preparation_key_name(PreparationKey key); /* "resize" */

/* Sets what `key` stands for. `what` names the source in messages ("--resize"). */
Status preparation_set(Preparation *preparation, PreparationKey key, const char *text, const char *what,
                       Message *message);

/* --- datasets ---------------------------------------------------------------------------------------- */

typedef struct DatasetSource {
    const char *images; /* path */
    const char *labels; /* path; NULL: beside the images by IDX's convention (images-idx3 -> labels-idx1,
                           images.npy -> labels.npy) where that file is there, inside the records for CIFAR,
                           labels.csv in a folder or else its subfolders' names, else none */
    size_t classes;     /* outputs of the network, 0 where unknown: labels are checked against it, and it
                           tells CIFAR-10 from CIFAR-100 where a file could be either */
    size_t height, width, channels; /* that the network takes; 0: what the array has. A folder needs them */
    char *const *class_names;       /* [class_count]: subfolders that are all among them, with '_' for '/',
                                       have their labels, and else the order of their names; NULL where
                                       unknown */
    size_t class_count;
    Preparation preparation;
    size_t memory; /* ceiling in bytes for opening, what is kept included; 0: none */

    /* of folders alone */
    uint64_t seed;
    size_t most;   /* images to take, 0 for all */
    bool skip_bad; /* leave out what is damaged, of a wrong kind or too small, and take the next */
    size_t kept;   /* most bytes of decoded images that are kept */
    Pool *pool;    /* NULL: the caller's thread alone */
    /* Called now and then while images are read; false cancels; NULL allowed. */
    bool (*proceed)(void *context, size_t done, size_t total);
    void *context;
} DatasetSource;

typedef struct Dataset {
    char *images_path, *labels_path; /* labels_path NULL where labels are absent or come with the images */
    char sha256[65];                 /* of the images' file; of a folder, over the relative names, in their
                                        order, and the contents of the images taken */
    const char *format;              /* "IDX", "CIFAR-10", "CIFAR-100", "NumPy uint8", "NumPy float32",
                                        "NumPy float64", "folder" */
    char preparation[128];           /* "resize 256, channels bgr", "" where there is none */
    size_t count, height, width, channels; /* as handed out */
    size_t reading_bytes;                  /* most that one dataset_read() takes beside its tile */
    size_t skipped;                        /* bad images that were left out */
    bool floats;                           /* handed out as they are */
    Message first_skipped;                 /* what was wrong with the first */
    bool labelled;
    struct DatasetStorage *storage; /* private */
} Dataset;

typedef struct Normalization {
    float mean[DATASET_MAX_CHANNELS], std[DATASET_MAX_CHANNELS]; /* of pixel/255, a value a channel */
} Normalization;

/* STATUS_INVALID names the file and what is wrong with it: magic number, dimensions, length, label count,
 * label range, a damaged image. */
Status dataset_open(Dataset **dataset, const DatasetSource *source, Message *message);
void dataset_free(Dataset *dataset);

/* Images first..first+count-1 as tile[count][height][width][channels]. first+count <= dataset->count. Fails
 * for folders alone, where a file is gone or has changed, or memory is short. */
Status dataset_read(const Dataset *dataset, float *tile, size_t first, size_t count,
                    const Normalization *normalization, Message *message);

/* 0..classes-1; only where the dataset is labelled. */
size_t dataset_label(const Dataset *dataset, size_t image);

/* "0.485,0.456,0.406": one value, or one a channel (one is repeated for all). std must be positive and
 * finite. `what` names the source in messages ("--mean", "description 'x.json', key 'mean'"). */
Status normalization_parse(float values[DATASET_MAX_CHANNELS], const char *text, size_t channels, bool is_std,
                           const char *what, Message *message);

#endif
