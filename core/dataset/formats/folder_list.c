/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/formats/folder_list.h"

#include "base/sizes.h"
#include "base/text.h"
#include "dataset/image/decode.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEPT_PER_ENTRY 96 /* bytes: malloc's own, orders, digest */
#define MOST_IMAGES ((size_t)10000000)
#define MOST_SUBFOLDERS ((size_t)1000000)

/* --- names ------------------------------------------------------------------------------------------ */

char *folder_path(const char *folder, const char *name)
{
    Text text = {0};
    text_append(&text, "%s/%s", folder, name);
    if (text.failed) text_free(&text);
    return text.data;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const FolderEntry *)a)->name, ((const FolderEntry *)b)->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds an entry. Takes `name` over, also on failure; NULL: there was no memory for it. */
static Status add_entry(FolderList *list, char *name, uint32_t subfolder, const char *folder,
                        Message *message)
{
    Status status = name ? STATUS_OK : status_no_memory(message, folder);
    if (status == STATUS_OK && list->count == MOST_IMAGES)
        status = status_fail(message, STATUS_UNSUPPORTED, "'%s': more than %zu images", folder, MOST_IMAGES);
    if (status == STATUS_OK) list->bytes += strlen(name) + 2 * sizeof(FolderEntry) + KEPT_PER_ENTRY;
    if (status == STATUS_OK && list->bytes > list->ceiling) {
        status = status_fail(
            message, STATUS_MEMORY,
            "'%s': the names of its first %zu images take more than the %zu MiB that are left for them",
            folder, list->count, size_mib(list->ceiling));
        status_advise(status, message, REMEDY_MEMORY);
    }
    if (status == STATUS_OK && list->count == list->capacity) {
        const size_t capacity = size_max(64, 2 * list->capacity);
        FolderEntry *entries = realloc(list->entries, capacity * sizeof *entries);
        if (entries) {
            list->entries = entries;
            list->capacity = capacity;
        } else {
            status = status_no_memory(message, folder);
        }
    }
    if (status == STATUS_OK)
        list->entries[list->count++] = (FolderEntry){name, subfolder, FOLDER_UNLABELLED};
    else
        free(name);
    return status;
}

static Status add_subfolder(FolderList *list, const char *name, const char *folder, Message *message)
{
    const size_t count = list->subfolder_count;
    if (count == MOST_SUBFOLDERS)
        return status_fail(message, STATUS_UNSUPPORTED, "'%s': more than %zu subfolders", folder,
                           MOST_SUBFOLDERS);
    if ((count & (count - 1)) == 0) { /* full at the powers of two */
        char **names = realloc(list->subfolders, size_max(1, 2 * count) * sizeof *names);
        if (!names) return status_no_memory(message, folder);
        list->subfolders = names;
    }
    list->subfolders[count] = strdup(name);
    if (!list->subfolders[count]) return status_no_memory(message, folder);
    list->subfolder_count++;
    return STATUS_OK;
}

/* --- folders ---------------------------------------------------------------------------------------- */

typedef struct Scan {
    FolderList *list;
    const char *top;    /* the dataset's folder */
    const char *name;   /* of the subfolder that is read; NULL at the top */
    uint32_t subfolder; /* its number */
    Message *message;
} Scan;

/* Adds an entry of the folder that is open as `file`. A broken link with an image's name is added: reading it
 * says what is wrong. */
static Status take(const Scan *scan, int file, const char *name)
{
    struct stat facts;
    if (name[0] == '.') return STATUS_OK;
    if (fstatat(file, name, &facts, 0) == 0 && S_ISDIR(facts.st_mode)) {
        if (!scan->name) return add_subfolder(scan->list, name, scan->top, scan->message);
        return status_fail(scan->message, STATUS_INVALID,
                           "'%s/%s/%s' is a folder in a subfolder: a class has one subfolder, without more "
                           "below it",
                           scan->top, scan->name, name);
    }
    if (!image_has_ending(name)) return STATUS_OK;
    char *path = scan->name ? folder_path(scan->name, name) : strdup(name);
    return add_entry(scan->list, path, scan->subfolder, scan->top, scan->message);
}

static Status scan_folder(const Scan *scan, const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return status_fail(scan->message, STATUS_IO, "cannot read '%s': %m", path);
    Status status = STATUS_OK;
    struct dirent *entry;
    while (status == STATUS_OK && (errno = 0, entry = readdir(folder)))
        status = take(scan, dirfd(folder), entry->d_name);
    if (status == STATUS_OK && errno)
        status = status_fail(scan->message, STATUS_IO, "cannot read '%s': %m", path);
    closedir(folder);
    return status;
}

Status folder_list_create(FolderList *list, const char *top, size_t ceiling, Message *message)
{
    *list = (FolderList){.ceiling = ceiling};
    Status status = scan_folder(&(Scan){list, top, NULL, FOLDER_NO_SUBFOLDER, message}, top);
    if (status == STATUS_OK && list->subfolder_count)
        qsort(list->subfolders, list->subfolder_count, sizeof *list->subfolders, compare_names);
    for (size_t i = 0; i < list->subfolder_count && status == STATUS_OK; i++) {
        const Scan scan = {list, top, list->subfolders[i], (uint32_t)i, message};
        char *path = folder_path(top, scan.name);
        status = path ? scan_folder(&scan, path) : status_no_memory(message, top);
        free(path);
    }
    if (status == STATUS_OK && list->count == 0) {
        char endings[128];
        image_list_endings(endings, sizeof endings);
        status = status_fail(message, STATUS_INVALID, "'%s' holds no images that end in %s", top, endings);
    }
    if (status == STATUS_OK) qsort(list->entries, list->count, sizeof *list->entries, compare_entries);
    return status;
}

void folder_list_free(FolderList *list)
{
    for (size_t i = 0; i < list->count; i++) free(list->entries[i].name);
    for (size_t i = 0; i < list->subfolder_count; i++) free(list->subfolders[i]);
    free(list->entries);
    free(list->subfolders);
    *list = (FolderList){0};
}
