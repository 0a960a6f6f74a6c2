/* SPDX-License-Identifier: MIT */
/* A folder's labels.csv, and class names from a file and from a network's metadata. */
#include "dataset/description.h"
#include "dataset/formats/folder_labels.h"
#include "fuzz_input.h"

#include <stdlib.h>

static void try_labels(const char *path)
{
    char *names[] = {"a.png", "b/c.png", "d,\"e.png"}, *classes[] = {"cat", "dog", "1"};
    FolderEntry entries[3];
    for (size_t i = 0; i < 3; i++)
        entries[i] = (FolderEntry){names[i], FOLDER_NO_SUBFOLDER, FOLDER_UNLABELLED};
    FolderList list = {.entries = entries, .count = 3, .ceiling = SIZE_MAX};
    const DatasetSource source = {.images = "folder", .class_names = classes, .class_count = 3};
    Message message = {0};
    fuzz_require_message(folder_labels_read_csv(&list, path, &source, &message), &message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("labels.csv", data, size);
    char **names, *text = fuzz_text(data, size);
    size_t count;
    Message message = {0};
    try_labels(path);
    fuzz_require_message(class_names_read(&names, &count, path, &message), &message);
    class_names_free(names, count);
    fuzz_require_message(class_names_split(&names, &count, text, &message), &message);
    class_names_free(names, count);
    free(text);
    return 0;
}
