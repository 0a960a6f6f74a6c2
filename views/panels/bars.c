/* SPDX-License-Identifier: MIT */
#include "views/panels/bars.h"

#include "views/panels/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- header ------------------------------------------------------------------------------------------ */

enum { SEGMENT_PROGRAM, SEGMENT_NETWORK, SEGMENT_BITS, SEGMENT_SIZE, SEGMENT_SCORE, SEGMENT_WORK, SEGMENTS };
enum { VARIANTS = 3, SEGMENT_BYTES = 192 };

/* Forms of each segment, the fullest first; what shortens is "" at last. */
typedef struct Header {
    char forms[SEGMENTS][VARIANTS][SEGMENT_BYTES];
    bool stale; /* the score is of another plan: dim, and said to be */
} Header;

static void put_form(Header *header, int segment, int variant, const char *text)
{
    snprintf(header->forms[segment][variant], SEGMENT_BYTES, "%s", text);
}

static void fill_network(Header *header, const Scene *scene)
{
    char text[SEGMENT_BYTES];
    put_form(header, SEGMENT_PROGRAM, 0, "bitstitch");
    bool images = scene->images_title && scene->images_title[0];
    snprintf(text, sizeof text, "%s%s%s", scene->title ? scene->title : "", images ? " · " : "",
             images ? scene->images_title : "");
    put_form(header, SEGMENT_NETWORK, 0, text);
    put_form(header, SEGMENT_NETWORK, 1, scene->title ? scene->title : "");
    put_form(header, SEGMENT_NETWORK, 2, scene->title ? scene->title : "");
}

static void fill_plan(Header *header, const Scene *scene)
{
    char text[SEGMENT_BYTES];
    PlanTotals totals = plan_totals(scene->plan, scene->network);
    const Activations activations = plan_activations(scene->plan, scene->network);
    Figure mean = {"float"};
    if (activations.quantized) snprintf(mean.text, sizeof mean.text, "%.2f", activations.mean_bits);
    int length = snprintf(text, sizeof text, "W %.2f  A %s", totals.average_weight_bits, mean.text);
    if (activations.quantized && activations.left_float)
        snprintf(text + length, sizeof text - (size_t)length, " (%zu float)", activations.left_float);
    put_form(header, SEGMENT_BITS, 0, text);
    snprintf(text, sizeof text, "W%.2f A%s%s", totals.average_weight_bits,
             activations.quantized ? mean.text : "-",
             activations.quantized && activations.left_float ? "*" : "");
    put_form(header, SEGMENT_BITS, 1, text);
    Figure bytes = figure_bytes(totals.bytes);
    snprintf(text, sizeof text, "%s (%s×)", bytes.text, figure_ratio(totals.compression).text);
    put_form(header, SEGMENT_SIZE, 0, text);
    put_form(header, SEGMENT_SIZE, 1, bytes.text);
}

static void fill_score(Header *header, const Scene *scene)
{
    char text[SEGMENT_BYTES];
    if (!scene->snapshot) return;
    const Evaluation *evaluation = &scene->snapshot->accuracy;
    Score score = score_of(evaluation);
    header->stale = scene_accuracy_is_old(scene);
    if (!score.known) return;
    const char *old = header->stale ? " (earlier plan)" : "";
    if (score.labelled && isfinite(score.reference)) {
        const Figure change = score_change(evaluation);
        snprintf(text, sizeof text, "%s %.2f, %s against float%s", score.name, 100 * score.value, change.text,
                 old);
        put_form(header, SEGMENT_SCORE, 0, text);
        snprintf(text, sizeof text, "%s %.2f %s%s", score.name, 100 * score.value, change.text, old);
    } else {
        snprintf(text, sizeof text, "agrees %.2f ±%.2f%s", 100 * score.value, 100 * score.half, old);
        put_form(header, SEGMENT_SCORE, 0, text);
    }
    put_form(header, SEGMENT_SCORE, 1, text);
    snprintf(text, sizeof text, header->stale ? "(%.2f %%)" : "%.2f %%", 100 * score.value);
    put_form(header, SEGMENT_SCORE, 2, text);
}

static bool is_working(const Scene *scene)
{
    return scene->snapshot && scene->snapshot->activity < ACTIVITY_IDLE;
}

static void fill_work(Header *header, const Scene *scene)
{
    char text[SEGMENT_BYTES];
    const Snapshot *snapshot = scene->snapshot;
    const char *activity = scene_activity(scene);
    bool layers =
        snapshot && snapshot->activity <= ACTIVITY_SOLVING && snapshot->activity != ACTIVITY_OPENING;
    Figure left = figure_time_left(is_working(scene) ? snapshot->seconds_left : NAN);
    snprintf(text, sizeof text, "%s", activity);
    if (layers)
        snprintf(text, sizeof text, "%s %zu/%zu", activity, snapshot->layers_done, snapshot->layer_count);
    else if (is_working(scene) && snapshot->fraction > 0 && snapshot->fraction <= 1)
        snprintf(text, sizeof text, "%s %.0f %%", activity, 100 * snapshot->fraction);
    size_t length = strlen(text);
    if (snapshot && snapshot->ladder_timing == LADDER_OFF)
        length += (size_t)snprintf(text + length, sizeof text - length, ", bounds off");
    put_form(header, SEGMENT_WORK, 1, text);
    put_form(header, SEGMENT_WORK, 2, activity);
    if (left.text[0]) snprintf(text + length, sizeof text - length, " %s", left.text);
    put_form(header, SEGMENT_WORK, 0, text);
}

/* The form of each segment by row, from the fullest line to the barest; 3: left out. */
static const unsigned char header_levels[][SEGMENTS] = {
    {0, 0, 0, 0, 0, 0}, {3, 0, 0, 0, 0, 0}, {3, 0, 0, 0, 1, 0}, {3, 1, 0, 0, 1, 0},
    {3, 1, 1, 0, 1, 0}, {3, 1, 1, 1, 1, 1}, {3, 1, 1, 3, 1, 1}, {3, 1, 1, 3, 2, 1},
    {3, 1, 1, 3, 2, 2}, {3, 1, 3, 3, 2, 2}, {3, 1, 3, 3, 3, 2}, {3, 1, 3, 3, 3, 3},
};
enum { HEADER_LEVELS = sizeof header_levels / sizeof *header_levels, BAR_COLUMNS = 8, GAP = 2 };

static const char *form_of(const Header *header, size_t level, int segment)
{
    unsigned char variant = header_levels[level][segment];
    return variant < VARIANTS ? header->forms[segment][variant] : "";
}

static int level_columns(const Canvas *canvas, const Header *header, size_t level)
{
    int columns = 0;
    for (int s = 0; s < SEGMENTS; s++) {
        int width = canvas_width(canvas, form_of(header, level, s));
        columns += width ? width + GAP : 0;
    }
    return columns;
}

static Style segment_style(const Header *header, const Scene *scene, int segment)
{
    bool failed = scene->snapshot && scene->snapshot->activity == ACTIVITY_FAILED;
    if (segment == SEGMENT_WORK && failed) return STYLE_BAD;
    if (segment == SEGMENT_PROGRAM || segment == SEGMENT_NETWORK) return STYLE_TITLE;
    if (segment == SEGMENT_SCORE) return header->stale ? STYLE_DIM : STYLE_STRONG;
    return STYLE_HEADER;
}

/* Segments from the left; what the worker does at the right, with a bar where a gap is left for it. */
static void draw_level(Canvas *canvas, Area area, const Header *header, const Scene *scene, size_t level)
{
    int column = 1;
    for (int s = 0; s < SEGMENT_WORK; s++) {
        const char *text = form_of(header, level, s);
        if (!*text) continue;
        column += canvas_text(canvas, area, 0, column, segment_style(header, scene, s), "%s", text);
        column += GAP;
    }
    const char *work = form_of(header, level, SEGMENT_WORK);
    int start = area.columns - 1 - canvas_width(canvas, work);
    canvas_text(canvas, area, 0, start > column ? start : column, segment_style(header, scene, SEGMENT_WORK),
                "%s", work);
    if (is_working(scene) && start - column > BAR_COLUMNS) {
        Area bar = area_part(area, 0, start - BAR_COLUMNS - 1, 1, BAR_COLUMNS);
        for (int c = 0; c < bar.columns; c++)
            canvas_put(canvas, bar, 0, c, STYLE_GRID, canvas_glyph(canvas, GLYPH_DOT));
        canvas_bar(canvas, bar, 0, 0, bar.columns, scene->snapshot->fraction, STYLE_SERIES_1);
    }
}

void header_draw(Canvas *canvas, Area area, const Scene *scene)
{
    Header header = {0};
    canvas_fill(canvas, area, STYLE_HEADER);
    fill_network(&header, scene);
    fill_plan(&header, scene);
    fill_score(&header, scene);
    fill_work(&header, scene);
    size_t level = 0;
    while (level + 1 < HEADER_LEVELS && level_columns(canvas, &header, level) > area.columns) level++;
    draw_level(canvas, area, &header, scene, level);
}

/* --- footer ------------------------------------------------------------------------------------------ */

/* The first byte shown, so that the cursor stays in sight. */
static size_t input_start(const Canvas *canvas, const Scene *scene, int room)
{
    char before[SCENE_PROMPT_BYTES];
    snprintf(before, sizeof before, "%.*s", (int)scene->input_cursor, scene->input);
    return (size_t)(canvas_tail(canvas, before, room > 1 ? room - 1 : 1) - before);
}

static void draw_prompt(Canvas *canvas, Area area, const Scene *scene)
{
    int column = 1 + canvas_text(canvas, area, 0, 1, STYLE_KEY, "%s ", scene->prompt);
    size_t length = strlen(scene->input);
    size_t start = input_start(canvas, scene, area.columns - column);
    canvas_text(canvas, area, 0, column, STYLE_TEXT, "%s", scene->input + (start < length ? start : length));
    char before[SCENE_PROMPT_BYTES];
    snprintf(before, sizeof before, "%.*s", (int)(scene->input_cursor - start), scene->input + start);
    int columns = canvas_width(canvas, before);
    Area mark = scene->input_selected ? area_part(area, 0, column, 1, columns)
                                      : area_part(area, 0, column + columns, 1, 1);
    canvas_restyle(canvas, mark, STYLE_CURSOR);
    const int end = column + canvas_width(canvas, scene->input + start) + GAP;
    const char *hint = scene->prompt_hint ? scene->prompt_hint : "";
    if (end + canvas_width(canvas, hint) < area.columns)
        canvas_text_right(canvas, area, 0, area.columns - 1, STYLE_DIM, "%s", hint);
}

static int hint_columns(const Canvas *canvas, const HelpLine *line)
{
    return canvas_width(canvas, line->keys) + 1 + canvas_width(canvas, line->brief ? line->brief : "");
}

/* Calls visit() for each hint that there is room for, with its column. The last hint leads to the rest: it is
 * always there, at the right. */
static void place_hints(const Canvas *canvas, Area area, const Scene *scene,
                        void (*visit)(void *context, int column, const HelpLine *line), void *context)
{
    const HelpLine *last = NULL;
    for (size_t i = 0; i < scene->help_count; i++)
        if (scene->help[i].footer) last = &scene->help[i];
    if (!last) return;
    int column = 1, end = area.columns - 1 - hint_columns(canvas, last);
    for (const HelpLine *line = scene->help; line < last; line++) {
        int columns = hint_columns(canvas, line);
        if (!line->footer || column + columns + GAP > end) continue;
        visit(context, column, line);
        column += columns + GAP;
    }
    visit(context, end > 0 ? end : 0, last);
}

typedef struct Footer {
    Canvas *canvas;
    Area area;
} Footer;

static void draw_hint(void *context, int column, const HelpLine *line)
{
    const Footer *footer = context;
    column += canvas_text(footer->canvas, footer->area, 0, column, STYLE_KEY, "%s", line->keys) + 1;
    canvas_text(footer->canvas, footer->area, 0, column, STYLE_TEXT, "%s", line->brief ? line->brief : "");
}

void footer_draw(Canvas *canvas, Area area, const Scene *scene)
{
    canvas_fill(canvas, area, STYLE_TEXT);
    if (scene->prompt)
        draw_prompt(canvas, area, scene);
    else if (scene->notice[0])
        canvas_text(canvas, area, 0, 1, scene->notice_bad ? STYLE_BAD : STYLE_STRONG, "%s", scene->notice);
    else
        place_hints(canvas, area, scene, draw_hint, &(Footer){canvas, area});
}

typedef struct Pointed {
    const Canvas *canvas;
    int column;
    const HelpLine *line; /* the hint there, or NULL */
} Pointed;

static void point_at_hint(void *context, int column, const HelpLine *line)
{
    Pointed *pointed = context;
    if (pointed->column >= column && pointed->column < column + hint_columns(pointed->canvas, line))
        pointed->line = line;
}

bool footer_hint_at(size_t *index, const Canvas *canvas, const Scene *scene, Area area, int column)
{
    Pointed pointed = {canvas, column, NULL};
    if (scene->prompt || scene->notice[0]) return false;
    place_hints(canvas, area, scene, point_at_hint, &pointed);
    if (pointed.line) *index = (size_t)(pointed.line - scene->help);
    return pointed.line;
}
