/* SPDX-License-Identifier: MIT */
/* Replay: runs every harness on its seeds and findings without a fuzzer: replay FOLDER. If a harness fails,
 * the program prints the file's name and ends. */
#include "fuzz_input.h"
#include "harnesses.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)64 << 20)

typedef int Harness(const uint8_t *data, size_t size);

#define HARNESS(name) Harness harness_##name;
HARNESSES
#undef HARNESS

static const struct {
    const char *name;
    Harness *run;
} harnesses[] = {
#define HARNESS(name) {#name, harness_##name},
    HARNESSES
#undef HARNESS
};

static void replay_file(Harness *run, const char *path)
{
    char *data;
    size_t size;
    Message message;
    fprintf(stderr, "%s\n", path);
    if (file_read(&data, &size, path, MOST_BYTES, &message) != STATUS_OK) {
        fprintf(stderr, "%s\n", message.text);
        exit(1);
    }
    run((const uint8_t *)data, size);
    free(data);
}

/* Returns the number of files; 0 if the folder does not exist. */
static size_t replay_folder(Harness *run, const char *top, const char *kind, const char *name)
{
    char folder[500], path[800];
    size_t count = 0;
    snprintf(folder, sizeof folder, "%s/%s/%s", top, kind, name);
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        replay_file(run, path);
        count++;
    }
    if (listing) closedir(listing);
    return count;
}

/* Under the address sanitizer, an allocation larger than the fuzzers allow ends the program. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "max_allocation_size_mb=1024";
}

int main(int count, char **arguments)
{
    if (count != 2) return 2;
    for (size_t i = 0; i < sizeof harnesses / sizeof *harnesses; i++) {
        const size_t seeds = replay_folder(harnesses[i].run, arguments[1], "seeds", harnesses[i].name);
        const size_t findings = replay_folder(harnesses[i].run, arguments[1], "findings", harnesses[i].name);
        printf("%-12s %3zu seeds, %3zu findings\n", harnesses[i].name, seeds, findings);
        if (seeds == 0) {
            fprintf(stderr, "no seeds in seeds/%s\n", harnesses[i].name);
            return 1;
        }
    }
    return 0;
}
