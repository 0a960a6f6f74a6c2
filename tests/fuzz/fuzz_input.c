/* SPDX-License-Identifier: MIT */
#include "fuzz_input.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[256];

static void remove_folder(void)
{
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(fuzz_path(entry->d_name));
    if (listing) closedir(listing);
    rmdir(folder);
}

/* In memory where the system has a place for that. */
static void create_folder(void)
{
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/bitstitch-fuzz-XXXXXX", place);
    fuzz_require(mkdtemp(folder) != NULL, "a folder for files can be made");
    atexit(remove_folder);
}

const char *fuzz_path(const char *name)
{
    static char paths[8][600];
    static size_t next;
    if (!folder[0]) create_folder();
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    const char *path = fuzz_path(name);
    FILE *file = fopen(path, "wb");
    fuzz_require(file && fwrite(data, 1, size, file) == size && fclose(file) == 0, "files can be written");
    return path;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    fuzz_require(text != NULL, "memory for a text");
    if (size) memcpy(text, data, size);
    text[size] = 0;
    return text;
}

void fuzz_require(int sound, const char *property)
{
    if (sound) return;
    fprintf(stderr, "this does not hold: %s\n", property);
    abort();
}

void fuzz_require_message(Status status, const Message *message)
{
    if (status == STATUS_OK) return;
    const size_t length = strnlen(message->text, sizeof message->text);
    fuzz_require(length > 0 && length < sizeof message->text, "a failure says why");
    for (size_t i = 0; i < length; i++)
        fuzz_require((unsigned char)message->text[i] >= ' ' && message->text[i] != 0x7f,
                     "a message has no control characters");
}
