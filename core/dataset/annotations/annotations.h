/* SPDX-License-Identifier: MIT */
/* Annotations: the objects that are truly in images, with boxes and masks, whatever file they come from.
 *
 * Objects are grouped by image, in the order of their file. Boxes are in pixels of the image as annotated,
 * `heights` and `widths`. One owner; immutable once read, and then any thread may read it.
 *
 * Example (const Annotations *annotations, void visit(const TrueObject *object)):
 *     for (size_t i = 0; i < annotations->image_count; i++)
 *         for (size_t k = annotations->first[i]; k < annotations->first[i + 1]; k++)
 *             visit(&annotations->objects[k]);
 */
#ifndef DATASET_ANNOTATIONS_H
#define DATASET_ANNOTATIONS_H

#include "dataset/annotations/mask.h"

/* An object of an image. */
typedef struct TrueObject {
    size_t image, class; /* indices in Annotations */
    Box box;
    double area; /* pixels, as annotated: what COCO's small, medium and large refer to */
    bool crowd;  /* a region of many objects: it may be found any number of times, and need not be */
    Mask mask;   /* of the image's size; empty where the object has none */
} TrueObject;

typedef struct Annotations {
    char *path;
    size_t image_count, class_count, object_count;
    char **image_names;       /* [image_count] file names, relative to the folder of images */
    size_t *heights, *widths; /* [image_count] pixels */
    char **class_names;       /* [class_count], in the order of their ids */
    size_t *by_name;          /* [image_count] images in the order of their names */
    size_t *first;            /* [image_count + 1]: image i has objects first[i] to first[i + 1] - 1 */
    TrueObject *objects;      /* [object_count], by image */
    bool masks;               /* every object has a mask */
} Annotations;

/* NULL is allowed. */
void annotations_free(Annotations *annotations);

/* For those who read a file, at the end: sorts the objects by image (stable), and sets `by_name`, `first` and
 * `masks`. STATUS_INVALID where two images have the same name, STATUS_MEMORY. */
Status annotations_finish(Annotations *annotations, Message *message);

/* The image of that file name, or NO_INDEX. */
size_t annotations_image(const Annotations *annotations, const char *name);

#endif
