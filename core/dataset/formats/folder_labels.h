/* SPDX-License-Identifier: MIT */
/* The labels of a folder's images: from a CSV file, or from the names of the subfolders that they are in.
 */
#ifndef DATASET_FOLDER_LABELS_H
#define DATASET_FOLDER_LABELS_H

#include "dataset/formats/folder_list.h"

/* Labels the list's entries from source->labels, else from the folder's labels.csv, else from its subfolders.
 * *labelled: whether there is any of these; a CSV file may leave entries unlabelled. *path: the CSV file, to
 * be freed, or NULL. STATUS_INVALID for labels that are wrong, or images beside subfolders without a CSV
 * file. */
Status folder_labels_find(bool *labelled, char **path, FolderList *list, const DatasetSource *source,
                          Message *message);

/* Labels the list's entries from a CSV file with the columns `name` and `label` (a number, or one of the
 * source's class names). Rows of images that are not in the list are ignored. STATUS_INVALID names the file
 * and the row. */
Status folder_labels_read_csv(FolderList *list, const char *path, const DatasetSource *source,
                              Message *message);

#endif
