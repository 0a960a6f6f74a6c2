/* SPDX-License-Identifier: MIT */
#include "app/explorer/prompt.h"

#include "app/cli/path.h"
#include "app/explorer/keys.h"
#include "views/canvas/terminal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

void prompt_start(Session *session, const Prompt *prompt, const char *text)
{
    Scene *scene = &session->scene;
    session->prompt = prompt;
    scene->prompt = prompt->label;
    scene->prompt_hint = prompt->hint;
    snprintf(scene->input, sizeof scene->input, "%s", text);
    scene->input_cursor = strlen(scene->input);
    scene->input_selected = prompt->is_path && text[0];
}

/* Returns the prompt that was. */
static const Prompt *end(Session *session)
{
    const Prompt *prompt = session->prompt;
    session->prompt = NULL;
    session->scene.prompt = NULL;
    return prompt;
}

void prompt_accept(Session *session, int unused)
{
    (void)unused;
    char line[SCENE_PROMPT_BYTES];
    const Prompt *prompt = end(session);
    if (prompt->is_path)
        path_expand(line, sizeof line, session->scene.input);
    else
        snprintf(line, sizeof line, "%s", session->scene.input);
    if (prompt->accepted && (line[0] || prompt->may_be_empty)) prompt->accepted(session, line);
}

void prompt_abandon(Session *session, int unused)
{
    (void)unused;
    const Prompt *prompt = end(session);
    if (prompt->abandoned) prompt->abandoned(session);
}

void prompt_complete(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    char path[sizeof scene->input];
    if (!session->prompt->is_path) return;
    scene->input_selected = false;
    path_expand(path, sizeof path, scene->input);
    if (!path_complete(path, sizeof path)) return;
    snprintf(scene->input, sizeof scene->input, "%s", path);
    scene->input_cursor = strlen(scene->input);
}

/* The place of the previous character of UTF-8, or of the next one. */
static size_t before(const char *text, size_t place)
{
    while (place > 0 && (text[--place] & 0xc0) == 0x80) continue;
    return place;
}

static size_t after(const char *text, size_t place)
{
    if (text[place]) place++;
    while ((text[place] & 0xc0) == 0x80) place++;
    return place;
}

static size_t moved(const Scene *scene, int step)
{
    if (step == INT_MIN) return 0;
    if (step == INT_MAX) return strlen(scene->input);
    return step < 0 ? before(scene->input, scene->input_cursor) : after(scene->input, scene->input_cursor);
}

void prompt_move(Session *session, int step)
{
    session->scene.input_selected = false;
    session->scene.input_cursor = moved(&session->scene, step);
}

/* Replaces the bytes from..to, and puts the cursor behind the new ones. */
static void replace(Session *session, size_t from, size_t to, const char *bytes)
{
    Scene *scene = &session->scene;
    const size_t length = strlen(bytes), tail = strlen(scene->input + to);
    scene->input_selected = false;
    if (from + length + tail >= sizeof scene->input) return;
    memmove(scene->input + from + length, scene->input + to, tail + 1);
    memcpy(scene->input + from, bytes, length);
    scene->input_cursor = from + length;
    if (session->prompt->typed) session->prompt->typed(session, scene->input);
}

void prompt_erase(Session *session, int step)
{
    const size_t cursor = session->scene.input_cursor, other = moved(&session->scene, step);
    replace(session, cursor < other ? cursor : other, cursor < other ? other : cursor, "");
}

/* As a shell does: blanks and a slash before the cursor, then all before it up to a blank or a slash. */
void prompt_erase_word(Session *session, int unused)
{
    (void)unused;
    const char *text = session->scene.input;
    const size_t cursor = session->scene.input_cursor;
    size_t start = cursor;
    if (start > 0 && text[start - 1] == '/') start--;
    while (start > 0 && text[start - 1] == ' ') start--;
    while (start > 0 && text[start - 1] != ' ' && text[start - 1] != '/') start--;
    replace(session, start, cursor, "");
}

void prompt_erase_line(Session *session, int unused)
{
    (void)unused;
    replace(session, 0, strlen(session->scene.input), "");
}

void prompt_type(Session *session, int character)
{
    char bytes[KEY_NAME];
    Scene *scene = &session->scene;
    if (character < ' ' || character == 0x7f || character >= KEYCODE_FIRST) return;
    key_encode(bytes, character);
    if (scene->input_selected)
        replace(session, 0, strlen(scene->input), bytes);
    else
        replace(session, scene->input_cursor, scene->input_cursor, bytes);
}
