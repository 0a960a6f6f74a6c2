/* SPDX-License-Identifier: MIT */
/* Explorations: read, written, read and written again; both files must have the same bytes. */
#include "report/report_json.h"

#include "base/file.h"
#include "fuzz_plan.h"

#include <stdlib.h>
#include <string.h>

/* Returns the file's text, to be freed. */
static void write_text(char **text, const char *name, const Exploration *exploration)
{
    size_t size;
    const char *path = fuzz_path(name);
    fuzz_require(exploration_write(path, exploration, &sample_network, NULL) == STATUS_OK &&
                     file_read(text, &size, path, (size_t)1 << 30, NULL) == STATUS_OK,
                 "an exploration that was read can be written");
}

/* Returns the text after the time of writing. */
static const char *content(const char *text)
{
    const char *source = strstr(text, "\"source\"");
    return source ? source : text;
}

static void write_and_read(const Exploration *exploration)
{
    Exploration again;
    Message message = {0};
    char *first, *second;
    write_text(&first, "first.json", exploration);
    Status status = exploration_read(&again, &sample_network, fuzz_path("first.json"), &message);
    if (status != STATUS_OK) fuzz_require(0, message.text);
    write_text(&second, "second.json", &again);
    fuzz_require(strcmp(content(first), content(second)) == 0, "an exploration stays the same");
    exploration_free(&again);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Exploration exploration;
    ExplorationSource source;
    Message message = {0};
    const char *path = fuzz_file("fuzz.json", data, size);
    bool found;
    exploration_recognize(&found, path, NULL);
    if (exploration_source_read(&source, path, &message) == STATUS_OK) exploration_source_free(&source);
    Status status = exploration_read(&exploration, &sample_network, path, &message);
    fuzz_require_message(status, &message);
    if (status != STATUS_OK) return 0;
    require_sound_plan(exploration.plan);
    for (size_t i = 0; i < exploration.visited_count; i++) require_sound_plan(exploration.visited[i]->plan);
    write_and_read(&exploration);
    exploration_free(&exploration);
    return 0;
}
