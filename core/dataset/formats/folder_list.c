#define _GNU_SOURCE
#include "dataset/formats/folder_list.h"

#include "base/file.h"
#include "base/sizes.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_OF_ENTRY 96 /* malloc's own, the orders, the digest */
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

static bool is_image(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    return false;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const FolderEntry *)a)->name, ((const FolderEntry *)b)->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name, and its place in a list that grows by doubling. */
static Status count_entry(FolderList *list, const char *name, const char *folder, Message *message)
{
    list->bytes += strlen(name) + 2 * sizeof(FolderEntry) + KEPT_OF_ENTRY;
    if (list->bytes <= list->ceiling) return STATUS_OK;
    Status status = status_fail(
        message, STATUS_MEMORY,
        "'%s': the names of its first %zu images take more than the %zu MiB that are left for them", folder,
        list->count, size_mib(list->ceiling));
    return status_advise(status, message, REMEDY_MEMORY);
}

/* Takes over `name`, which may be NULL, also on failure. */
static Status add_entry(FolderList *list, char *name, uint32_t subfolder, const char *folder,
                        Message *message)
{
    Status status = name ? STATUS_OK : status_no_memory(message, folder);
    if (status == STATUS_OK && list->count == MOST_IMAGES)
        status = status_fail(message, STATUS_UNSUPPORTED, "'%s': more than %zu images", folder, MOST_IMAGES);
    if (status == STATUS_OK) status = count_entry(list, name, folder, message);
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
    const char *top;  /* the dataset's folder */
    const char *name; /* of the subfolder that is read, NULL at the top */
    uint32_t number;  /* its number */
    Message *message;
} Scan;

static Status take_folder(const Scan *scan, const char *name)
{
    if (!scan->name) return add_subfolder(scan->list, name, scan->top, scan->message);
    return status_fail(scan->message, STATUS_INVALID,
                       "'%s/%s/%s' is a folder in a subfolder: a class has one subfolder, without more below "
                       "it",
                       scan->top, scan->name, name);
}

/* An entry of the folder open as `file`. A link to nothing is taken where its name is an image's: reading it
 * says what is wrong. */
static Status take(const Scan *scan, int file, const char *name)
{
    struct stat facts;
    if (name[0] == '.') return STATUS_OK;
    if (fstatat(file, name, &facts, 0) == 0 && S_ISDIR(facts.st_mode)) return take_folder(scan, name);
    if (!is_image(name)) return STATUS_OK;
    char *path = scan->name ? folder_path(scan->name, name) : strdup(name);
    return add_entry(scan->list, path, scan->number, scan->top, scan->message);
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

static Status scan_subfolder(FolderList *list, const char *top, size_t number, Message *message)
{
    const Scan scan = {list, top, list->subfolders[number], (uint32_t)number, message};
    char *path = folder_path(top, scan.name);
    if (!path) return status_no_memory(message, top);
    Status status = scan_folder(&scan, path);
    free(path);
    return status;
}

static Status scan_all(FolderList *list, const char *top, Message *message)
{
    Status status = scan_folder(&(Scan){list, top, NULL, FOLDER_UNLABELLED, message}, top);
    if (status != STATUS_OK) return status;
    if (list->subfolder_count)
        qsort(list->subfolders, list->subfolder_count, sizeof *list->subfolders, compare_names);
    for (size_t i = 0; i < list->subfolder_count && status == STATUS_OK; i++)
        status = scan_subfolder(list, top, i, message);
    if (status != STATUS_OK) return status;
    if (list->count == 0)
        return status_fail(message, STATUS_INVALID, "'%s' holds no images that end in .png, .jpg or .jpeg",
                           top);
    qsort(list->entries, list->count, sizeof *list->entries, compare_entries);
    return STATUS_OK;
}

/* --- labels ----------------------------------------------------------------------------------------- */

/* A subfolder's name cannot hold a '/', and has '_' for it. */
static bool stands_for(const char *subfolder, const char *class_name)
{
    while (*subfolder && (*subfolder == *class_name || (*subfolder == '_' && *class_name == '/')))
        subfolder++, class_name++;
    return !*subfolder && !*class_name;
}

/* The number of the class of this very name, else of one that it stands for, else FOLDER_UNLABELLED. */
static uint32_t class_named(const DatasetSource *source, const char *name)
{
    const size_t count = source->class_names ? source->class_count : 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(source->class_names[i], name) == 0) return (uint32_t)i;
    for (size_t i = 0; i < count; i++)
        if (stands_for(name, source->class_names[i])) return (uint32_t)i;
    return FOLDER_UNLABELLED;
}

/* labels[subfolder_count]. Names of classes where all subfolders have one, and else the order of the names: a
 * subfolder too few, or a few of those names among others, would move all that follow. */
static Status label_subfolders(uint32_t *labels, const FolderList *list, const DatasetSource *source,
                               Message *message)
{
    const size_t count = list->subfolder_count;
    size_t named = 0, stranger = 0;
    for (size_t i = 0; i < count; i++) {
        labels[i] = class_named(source, list->subfolders[i]);
        named += labels[i] != FOLDER_UNLABELLED;
        if (labels[i] == FOLDER_UNLABELLED) stranger = i;
    }
    if (named == count) return STATUS_OK;
    if (named)
        return status_fail(message, STATUS_INVALID,
                           "'%s': subfolder '%s' is no class name (with _ for /), but others are: name all "
                           "of them, or none",
                           source->images, list->subfolders[stranger]);
    if (source->classes && source->classes != count)
        return status_fail(
            message, STATUS_INVALID,
            "'%s' has %zu subfolders, and the network %zu outputs: name them as the classes, or "
            "give a labels.csv",
            source->images, count, source->classes);
    for (size_t i = 0; i < count; i++) labels[i] = (uint32_t)i;
    return STATUS_OK;
}

static Status label_by_subfolder(FolderList *list, const DatasetSource *source, Message *message)
{
    if (list->subfolder_count == 0) return STATUS_OK;
    for (size_t i = 0; i < list->count; i++)
        if (list->entries[i].subfolder == FOLDER_UNLABELLED)
            return status_fail(
                message, STATUS_INVALID,
                "'%s': image '%s' stands beside subfolders: move it into its class's, or give a "
                "labels.csv",
                source->images, list->entries[i].name);
    uint32_t *labels = calloc(list->subfolder_count, sizeof *labels);
    if (!labels) return status_no_memory(message, source->images);
    Status status = label_subfolders(labels, list, source, message);
    for (size_t i = 0; status == STATUS_OK && i < list->count; i++)
        list->entries[i].label = labels[list->entries[i].subfolder];
    list->labelled = status == STATUS_OK;
    free(labels);
    return status;
}

static Status label_entries(FolderList *list, const DatasetSource *source, Message *message)
{
    list->labels_path = source->labels ? strdup(source->labels) : folder_path(source->images, "labels.csv");
    if (!list->labels_path) return status_no_memory(message, source->images);
    if (source->labels || access(list->labels_path, F_OK) == 0)
        return folder_list_read_labels(list, list->labels_path, source, message);
    free(list->labels_path);
    list->labels_path = NULL;
    return label_by_subfolder(list, source, message);
}

/* --- list ------------------------------------------------------------------------------------------- */

Status folder_list_create(FolderList *list, const DatasetSource *source, Message *message)
{
    *list = (FolderList){.ceiling = source->memory ? source->memory / 2 : SIZE_MAX};
    Status status = scan_all(list, source->images, message);
    return status == STATUS_OK ? label_entries(list, source, message) : status;
}

void folder_list_free(FolderList *list)
{
    for (size_t i = 0; i < list->count; i++) free(list->entries[i].name);
    for (size_t i = 0; i < list->subfolder_count; i++) free(list->subfolders[i]);
    free(list->entries);
    free(list->subfolders);
    free(list->labels_path);
    *list = (FolderList){0};
}
