/* Folder list: the images in a folder and what their labels are, by name; none is opened. Private to
 * core/dataset.
 *
 * Images are files that end in .png, .jpg or .jpeg, whatever the case: in the folder, or in subfolders one
 * level deep. Names that start with a dot are passed over. A folder below a subfolder is refused, as are
 * images both beside and in subfolders without a labels.csv: their classes are unclear.
 */
#ifndef DATASET_FOLDER_LIST_H
#define DATASET_FOLDER_LIST_H

#include "dataset/dataset.h"

#define FOLDER_UNLABELLED UINT32_MAX

typedef struct FolderEntry {
    char *name;         /* relative to the folder */
    uint32_t subfolder; /* its number, or FOLDER_UNLABELLED */
    uint32_t label;     /* or FOLDER_UNLABELLED */
} FolderEntry;

typedef struct FolderList {
    FolderEntry *entries; /* [count], by name in the order of bytes */
    size_t count, capacity;
    size_t bytes, ceiling; /* of the list, and of what a folder keeps of each image beside its pixels */
    char **subfolders;     /* [subfolder_count], likewise */
    size_t subfolder_count;
    char *labels_path; /* the CSV that labels come from, NULL where there is none */
    bool labelled;     /* entries have labels; by a CSV, perhaps not all of them */
} FolderList;

/* source: images, labels, classes and class names; half of its memory, or all where there is no ceiling.
 * *list is to be freed in any case. */
Status folder_list_create(FolderList *list, const DatasetSource *source, Message *message);
void folder_list_free(FolderList *list);

/* FOLDER/NAME; malloc'ed, NULL when out of memory. */
char *folder_path(const char *folder, const char *name);

/* Labels from a CSV with the columns `name` and `label`; rows of images that are not there do not count. */
Status folder_list_read_labels(FolderList *list, const char *path, const DatasetSource *source,
                               Message *message);

#endif
