/* SPDX-License-Identifier: MIT */
/* Writes a folder's images as a network receives them, bytes [count][height][width][channels] in the order of
 * their labels:
 *
 *     dump_images FOLDER HEIGHT WIDTH CHANNELS RESIZE rgb|bgr
 */
#include "dataset/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static size_t image_labelled(const Dataset *dataset, size_t label)
{
    size_t image = 0;
    while (image + 1 < dataset->count && dataset_label(dataset, image) != label) image++;
    return image;
}

static int dump(const Dataset *dataset, Message *message)
{
    const Normalization bytes = {{0}, {1.f / 255, 1.f / 255, 1.f / 255}};
    const size_t elements = dataset->height * dataset->width * dataset->channels;
    float *tile = calloc(elements, sizeof *tile);
    int status = tile ? 0 : 1;
    for (size_t i = 0; i < dataset->count && status == 0; i++) {
        if (dataset_read(dataset, tile, image_labelled(dataset, i), 1, &bytes, message) != STATUS_OK)
            status = 1;
        for (size_t e = 0; e < elements && status == 0; e++) putchar((int)lrintf(tile[e]));
    }
    free(tile);
    return status;
}

int main(int argc, char **argv)
{
    Message message = {0};
    Dataset *dataset = NULL;
    if (argc != 7) return 2;
    DatasetSource source = {.images = argv[1],
                            .height = strtoul(argv[2], NULL, 10),
                            .width = strtoul(argv[3], NULL, 10),
                            .channels = strtoul(argv[4], NULL, 10)};
    int status = 1;
    if (preparation_set(&source.preparation, PREPARATION_RESIZE, argv[5], "RESIZE", &message) == STATUS_OK &&
        preparation_set(&source.preparation, PREPARATION_CHANNELS, argv[6], "ORDER", &message) == STATUS_OK &&
        dataset_open(&dataset, &source, &message) == STATUS_OK)
        status = dump(dataset, &message);
    if (status) fprintf(stderr, "%s\n", message.text);
    dataset_free(dataset);
    return status;
}
