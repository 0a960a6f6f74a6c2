/* SPDX-License-Identifier: MIT */
/* The images in a folder, by name. No image is opened.
 *
 * Images are files whose names end as image/decode.h says: in the folder, or in subfolders one level deep.
 * Names that start with a dot are ignored. Folders inside subfolders are refused.
 */
#ifndef DATASET_FOLDER_LIST_H
#define DATASET_FOLDER_LIST_H

#include "dataset/dataset_types.h"

#define FOLDER_UNLABELLED UINT32_MAX
#define FOLDER_NO_SUBFOLDER UINT32_MAX

typedef struct FolderEntry {
    char *name;         /* relative to the folder */
    uint32_t subfolder; /* its number, or FOLDER_NO_SUBFOLDER */
    uint32_t label;     /* or FOLDER_UNLABELLED, as listing leaves it */
} FolderEntry;

typedef struct FolderList {
    FolderEntry *entries; /* [count], sorted by the bytes of their names */
    size_t count, capacity;
    size_t bytes, ceiling; /* memory of the list, and of what a folder keeps per image beside its pixels */
    char **subfolders;     /* [subfolder_count], sorted */
    size_t subfolder_count;
} FolderList;

/* Lists the images in `folder`. ceiling: bytes that the list may take. *list is to be freed, also on failure.
 */
Status folder_list_create(FolderList *list, const char *folder, size_t ceiling, Message *message);
void folder_list_free(FolderList *list);

/* "FOLDER/NAME", malloc'ed; NULL when out of memory. */
char *folder_path(const char *folder, const char *name);

#endif
