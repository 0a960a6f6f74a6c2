/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/explorer/workspace.h"

#include "app/cli/path.h"
#include "base/sizes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- titles ----------------------------------------------------------------------------------------- */

/* The last part of a path, without its suffix. */
static void take_title(char title[WORKSPACE_TITLE], const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    snprintf(title, WORKSPACE_TITLE, "%.*s", (int)(dot && dot > name ? (size_t)(dot - name) : strlen(name)),
             name);
}

/* The folder of the images: files of images have similar names. */
static void take_images_title(char title[WORKSPACE_TITLE], const char *path)
{
    const char *end = path ? strrchr(path, '/') : NULL;
    const char *start = end ? memrchr(path, '/', (size_t)(end - path)) : NULL;
    start = start ? start + 1 : path;
    if (end && end > start && *start != '.')
        snprintf(title, WORKSPACE_TITLE, "%.*s", (int)(end - start), start);
    else if (path)
        take_title(title, path);
}

/* --- opening ---------------------------------------------------------------------------------------- */

Options workspace_other_options(const Options *options)
{
    Options other = *options;
    other.plan = NULL;
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].scope != SCOPE_NETWORK) continue;
        *(const char **)((char *)&other + option_table[i].field) = NULL;
        other.given[i] = false;
    }
    return other;
}

/* An exploration brings its plan: options for one on the same command line would be lost. */
static Status refuse_plan_options(const Options *options, const char *path, Message *message)
{
    for (size_t i = 0; i < option_count; i++)
        if (options->given[i] && option_table[i].scope == SCOPE_PLAN)
            return status_fail(message, STATUS_INVALID,
                               "'%s' is an exploration, which has a plan of its own: leave out --%s", path,
                               option_table[i].name);
    return STATUS_OK;
}

static void take_text(const char **option, const char *text)
{
    if (!*option) *option = text;
}

static void take_count(Options *options, size_t *member, size_t images)
{
    if (options_given(options, member) || images == 0) return;
    options_set_given(options, member);
    *member = images == EXPLORATION_ALL ? 0 : images;
}

/* Options given on the command line win. */
static void take_source(Options *options, const ExplorationSource *source)
{
    options->network = source->network;
    if (!options->images) {
        options->images = source->images;
        options->image_labels = source->image_labels;
    }
    take_text(&options->calibration, source->calibration);
    take_text(&options->mean, source->mean);
    take_text(&options->std, source->std);
    take_text(&options->labels, source->labels);
    take_text(&options->input_shape, source->input_shape);
    for (size_t i = 0; i < PREPARATION_KEYS; i++) take_text(&options->preparation[i], source->preparation[i]);
    options->skip_bad_images |= source->skip_bad_images;
    take_text(&options->output, source->output);
    take_text(&options->task, source->task);
    take_count(options, &options->evaluation_images, source->evaluation_images);
    take_count(options, &options->ladder_images, source->ladder_images);
}

/* The exploration's plan takes the place of the options'. */
static void take_plan(Workspace *workspace, const Exploration *exploration)
{
    plan_drop(workspace->inputs.plan);
    workspace->inputs.plan = plan_hold(exploration->plan);
    workspace->ladder_timing = exploration->ladder_timing;
}

static Status open_exploration(Workspace *workspace, const char *path, Message *message)
{
    Status status = exploration_source_read(&workspace->from, path, message);
    if (status != STATUS_OK) return status;
    take_source(&workspace->options, &workspace->from);
    status = inputs_open_network(&workspace->inputs, &workspace->options, message);
    if (status == STATUS_OK)
        status = exploration_read(&workspace->restored, workspace->inputs.network, path, message);
    if (status == STATUS_OK) take_plan(workspace, &workspace->restored);
    return status;
}

static Status open_any(Workspace *workspace, const char *path, Message *message)
{
    const bool first = !path;
    if (first) path = workspace->options.network;
    workspace->options.network = path;
    bool exploration = false;
    Status status = STATUS_OK;
    if (path && looks_like_json(path)) status = exploration_recognize(&exploration, path, message);
    if (status == STATUS_OK && exploration && first)
        status = refuse_plan_options(&workspace->options, path, message);
    if (status == STATUS_OK)
        status = exploration ? open_exploration(workspace, path, message)
                             : inputs_open_network(&workspace->inputs, &workspace->options, message);
    if (status == STATUS_OK) status = inputs_check_layers(&workspace->inputs, message);
    if (status == STATUS_OK) status = history_create(&workspace->history, workspace->inputs.plan, message);
    if (status != STATUS_OK) return status;
    workspace->options.network = workspace->inputs.path;
    take_title(workspace->title, workspace->inputs.path);
    take_images_title(workspace->images_title, inputs_images_path(&workspace->inputs));
    return STATUS_OK;
}

Status workspace_open(Workspace **out, const Options *options, const char *path, Message *message)
{
    *out = NULL;
    Workspace *workspace = calloc(1, sizeof *workspace);
    if (!workspace) return status_no_memory(message, "a network to explore");
    workspace->options = *options;
    Status status = open_any(workspace, path, message);
    if (status != STATUS_OK)
        workspace_close(workspace);
    else
        *out = workspace;
    return status;
}

void workspace_close(Workspace *workspace)
{
    if (!workspace) return;
    worker_stop(workspace->worker);
    exploration_free(&workspace->restored);
    plan_notes_free(&workspace->notes);
    history_free(workspace->history);
    free(workspace->norms);
    inputs_close(&workspace->inputs);
    exploration_source_free(&workspace->from);
    free(workspace);
}

/* --- saving and restoring --------------------------------------------------------------------------- */

Status workspace_restore(Workspace *workspace, const char *path, Message *message)
{
    Exploration exploration;
    History *history = NULL;
    Status status = exploration_read(&exploration, workspace->inputs.network, path, message);
    if (status == STATUS_OK) status = history_create(&history, exploration.plan, message);
    if (status != STATUS_OK) goto out;
    worker_stop(workspace->worker);
    workspace->worker = NULL;
    inputs_close_images(&workspace->inputs);
    take_plan(workspace, &exploration);
    History *older = workspace->history;
    workspace->history = history;
    history = older;
    exploration_free(&workspace->restored);
    workspace->restored = exploration;
    plan_notes_free(&workspace->notes);
    exploration = (Exploration){0};
    status = workspace_start(workspace, message);
out:
    history_free(history);
    exploration_free(&exploration);
    return status;
}

/* Absolute, so that the exploration can be read from any folder; a path that no longer exists stays as it is.
 */
static bool copy_path(char **copy, const char *path)
{
    *copy = path ? realpath(path, NULL) : NULL;
    if (path && !*copy && errno != ENOMEM) *copy = strdup(path);
    return !path || *copy;
}

static bool copy_text(char **copy, const char *text)
{
    *copy = text ? strdup(text) : NULL;
    return !text || *copy;
}

static size_t given_count(const Options *options, const size_t *member)
{
    return !options_given(options, member) ? 0 : *member == 0 ? EXPLORATION_ALL : *member;
}

static bool copy_source(ExplorationSource *source, const Workspace *workspace)
{
    const Options *options = &workspace->options;
    const Network *opened = workspace->inputs.network;
    bool good = copy_path(&source->network, workspace->inputs.path) &&
                copy_path(&source->calibration, options->calibration) &&
                copy_path(&source->images, options->images) &&
                copy_path(&source->image_labels, options->image_labels) &&
                copy_path(&source->labels, options->labels) && copy_text(&source->mean, options->mean) &&
                copy_text(&source->std, options->std) &&
                copy_text(&source->input_shape, opened->chosen_shape) &&
                copy_text(&source->output, opened->chosen_output) && copy_text(&source->task, options->task);
    for (size_t i = 0; i < PREPARATION_KEYS; i++)
        good = good && copy_text(&source->preparation[i], options->preparation[i]);
    return good;
}

static Status make_source(ExplorationSource *source, const Workspace *workspace, Message *message)
{
    const Options *options = &workspace->options;
    *source = (ExplorationSource){.skip_bad_images = options->skip_bad_images,
                                  .evaluation_images = given_count(options, &options->evaluation_images),
                                  .ladder_images = given_count(options, &options->ladder_images)};
    if (copy_source(source, workspace)) return STATUS_OK;
    exploration_source_free(source);
    return status_no_memory(message, "what the network was opened with");
}

/* Whether the options are those of the restored exploration, images aside: the worker compares those. */
static Status compare_source(bool *alike, const Workspace *workspace, Message *message)
{
    ExplorationSource now;
    Status status = make_source(&now, workspace, message);
    if (status != STATUS_OK) return status;
    *alike = exploration_source_alike(&now, &workspace->restored.source);
    exploration_source_free(&now);
    return STATUS_OK;
}

Status workspace_start(Workspace *workspace, Message *message)
{
    bool alike;
    Status status = compare_source(&alike, workspace, message);
    if (status != STATUS_OK) return status;
    return worker_start(&workspace->worker, &workspace->inputs, &workspace->restored, alike,
                        workspace->ladder_timing, message);
}

/* The visited plans that are not deleted, borrowed, with their notes. The arrays are the caller's. */
static Status gather_visited(Exploration *exploration, const Workspace *workspace, const Snapshot *snapshot,
                             Message *message)
{
    const PlanNotes *notes = &workspace->notes;
    const size_t room = size_max(snapshot->visited_count, 1);
    exploration->visited = calloc(room, sizeof *exploration->visited);
    exploration->notes = calloc(room, sizeof *exploration->notes);
    if (!exploration->visited || !exploration->notes) return status_no_memory(message, "the visited plans");
    for (size_t i = 0; i < snapshot->visited_count; i++) {
        const PlanNote note = i < notes->count ? notes->notes[i] : (PlanNote){0};
        if (note.deleted) continue;
        exploration->notes[exploration->visited_count] = note;
        exploration->visited[exploration->visited_count++] = snapshot->visited[i];
    }
    return STATUS_OK;
}

/* The layers' norms that are known: the snapshot's, made once, or the restored ones. Borrowed. */
static Status gather_norms(Exploration *exploration, Workspace *workspace, const Snapshot *snapshot,
                           Message *message)
{
    Status status = STATUS_OK;
    if (!workspace->norms && snapshot && snapshot->norms)
        status = norm_records_create(&workspace->norms, &workspace->norm_count, workspace->inputs.network,
                                     snapshot->norms, message);
    const bool own = workspace->norms != NULL;
    exploration->norms = own ? workspace->norms : workspace->restored.norms;
    exploration->norm_count = own ? workspace->norm_count : workspace->restored.norm_count;
    return status;
}

static Status save_present(Workspace *workspace, const Snapshot *snapshot, const char *path, Message *message)
{
    const ImageHashes hashes = worker_info(workspace->worker).hashes;
    Exploration exploration = {.plan = history_plan(workspace->history),
                               .ladder_timing = workspace->ladder_timing};
    Status status = make_source(&exploration.source, workspace, message);
    if (status != STATUS_OK) return status;
    memcpy(exploration.network_sha256, workspace->inputs.network->sha256, sizeof exploration.network_sha256);
    memcpy(exploration.calibration_sha256, hashes.calibration, sizeof hashes.calibration);
    memcpy(exploration.evaluation_sha256, hashes.evaluation, sizeof hashes.evaluation);
    status = gather_norms(&exploration, workspace, snapshot, message);
    if (status == STATUS_OK && snapshot) status = gather_visited(&exploration, workspace, snapshot, message);
    if (status == STATUS_OK)
        status = exploration_write(path, &exploration, workspace->inputs.network, message);
    free(exploration.visited);
    free(exploration.notes);
    exploration_source_free(&exploration.source);
    return status;
}

/* Until snapshots have the restored plans (without images they never do), these are written as they were
 * read, with the source and the hashes that their figures belong to. */
Status workspace_save(Workspace *workspace, const Snapshot *snapshot, const char *path, Message *message)
{
    if (workspace->restored.visited_count == 0 || worker_info(workspace->worker).restored)
        return save_present(workspace, snapshot, path, message);
    Exploration exploration = workspace->restored;
    exploration.plan = history_plan(workspace->history);
    exploration.ladder_timing = workspace->ladder_timing;
    return exploration_write(path, &exploration, workspace->inputs.network, message);
}
