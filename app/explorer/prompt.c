#include "app/explorer/prompt.h"

#include "app/cli/path.h"
#include "views/canvas/terminal.h"

#include <stdio.h>
#include <string.h>

void prompt_start(Session *session, PromptKind kind, const char *label, const char *text)
{
    Scene *scene = &session->scene;
    session->prompt = kind;
    scene->prompt = label;
    snprintf(scene->input, sizeof scene->input, "%s", text);
    scene->input_cursor = strlen(scene->input);
    scene->input_selected = kind != PROMPT_FILTER && text[0];
}

void prompt_end(Session *session)
{
    session->prompt = PROMPT_NONE;
    session->scene.prompt = NULL;
}

/* The start of the character before, or after, a place in UTF-8. */
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

/* As a shell does: blanks, then what is no blank. */
static size_t word_before(const char *text, size_t place)
{
    while (place > 0 && text[place - 1] == ' ') place--;
    while (place > 0 && text[place - 1] != ' ' && text[place - 1] != '/') place--;
    return place;
}

static void erase(Scene *scene, size_t from, size_t to)
{
    memmove(scene->input + from, scene->input + to, strlen(scene->input + to) + 1);
    scene->input_cursor = from;
}

void prompt_edit(Session *session, Action action)
{
    Scene *scene = &session->scene;
    const char *text = scene->input;
    const size_t cursor = scene->input_cursor;
    scene->input_selected = false;
    switch (action) {
    case ACTION_ERASE:
        erase(scene, before(text, cursor), cursor);
        break;
    case ACTION_ERASE_NEXT:
        erase(scene, cursor, after(text, cursor));
        break;
    case ACTION_ERASE_WORD:
        erase(scene,
              cursor > 0 && text[cursor - 1] == '/' ? word_before(text, cursor - 1)
                                                    : word_before(text, cursor),
              cursor);
        break;
    case ACTION_ERASE_LINE:
        erase(scene, 0, strlen(text));
        break;
    case ACTION_INPUT_LEFT:
        scene->input_cursor = before(text, cursor);
        break;
    case ACTION_INPUT_RIGHT:
        scene->input_cursor = after(text, cursor);
        break;
    case ACTION_INPUT_START:
        scene->input_cursor = 0;
        break;
    case ACTION_INPUT_END:
        scene->input_cursor = strlen(text);
        break;
    default:
        break;
    }
}

void prompt_complete(Session *session)
{
    Scene *scene = &session->scene;
    char path[sizeof scene->input];
    if (session->prompt == PROMPT_FILTER) return;
    scene->input_selected = false;
    path_expand(path, sizeof path, scene->input);
    if (!path_complete(path, sizeof path)) return;
    snprintf(scene->input, sizeof scene->input, "%s", path);
    scene->input_cursor = strlen(scene->input);
}

void prompt_type(Session *session, int character)
{
    Scene *scene = &session->scene;
    char bytes[KEY_NAME];
    if (character < ' ' || character == 0x7f || character >= KEYCODE_FIRST) return;
    key_encode(bytes, character);
    if (scene->input_selected) erase(scene, 0, strlen(scene->input));
    scene->input_selected = false;
    const size_t length = strlen(bytes), used = strlen(scene->input);
    if (used + length >= sizeof scene->input) return;
    char *place = scene->input + scene->input_cursor;
    memmove(place + length, place, used - scene->input_cursor + 1);
    memcpy(place, bytes, length);
    scene->input_cursor += length;
}
