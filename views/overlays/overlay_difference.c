/* SPDX-License-Identifier: MIT */
/* The difference between two visited plans: what each costs and is worth, and their layers side by side. */
#include "views/overlays/overlays.h"
#include "views/panels/words.h"
#include "views/visited_order.h"
#include "views/visited_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_COLUMNS = 22, VALUE_LEAST = 7, VALUE_MOST = 26, CHANGE_COLUMNS = 9, CELL_TEXT = 128 };

/* One of the two plans. */
typedef struct Side {
    const Plan *plan;
    const VisitedPlan *visited; /* NULL: the edited plan, which is not visited yet */
    size_t index;               /* of `visited` */
} Side;

/* --- the two plans ------------------------------------------------------------------------------------ */

static Side side_of(const Scene *scene, size_t index)
{
    const VisitedPlan *visited = scene->snapshot->visited[index];
    return (Side){visited->plan, visited, index};
}

/* The marked plan, or else the edited one. */
static Side from_side(const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    if (scene->has_visited_mark && scene->visited_mark < snapshot->visited_count)
        return side_of(scene, scene->visited_mark);
    for (size_t i = 0; i < snapshot->visited_count; i++)
        if (plan_equal(snapshot->visited[i]->plan, scene->plan)) return side_of(scene, i);
    return (Side){.plan = scene->plan};
}

static Figure side_label(const Scene *scene, const Side *side)
{
    return side->visited ? visited_label(scene, side->index) : (Figure){"current plan"};
}

/* --- totals ------------------------------------------------------------------------------------------- */

/* What is to be drawn in the next row, which is above the area where it is scrolled off. */
typedef struct Sheet {
    Canvas *canvas;
    Area area;
    int row;
} Sheet;

static void total(Sheet *sheet, Style style, const char *label, const char *from, const char *to,
                  const char *change)
{
    const Area area = sheet->area;
    int value = (area.columns - LABEL_COLUMNS - CHANGE_COLUMNS) / 2;
    value = value < VALUE_LEAST ? VALUE_LEAST : value > VALUE_MOST ? VALUE_MOST : value;
    canvas_text(sheet->canvas, area, sheet->row, 0, style == STYLE_TEXT ? STYLE_DIM : style, "%s", label);
    const Area first = area_part(area, 0, LABEL_COLUMNS, area.rows, value);
    const Area second = area_part(area, 0, LABEL_COLUMNS + value, area.rows, value);
    canvas_text_right(sheet->canvas, first, sheet->row, value - 1, style, "%s", from);
    canvas_text_right(sheet->canvas, second, sheet->row, value - 1, style, "%s", to);
    canvas_text(sheet->canvas, area, sheet->row, LABEL_COLUMNS + 2 * value, style, "%s", change);
    sheet->row++;
}

/* "-23.0 %", or "" where that says nothing. */
static Figure relative_change(double from, double to)
{
    Figure change = {""};
    if (from > 0 && isfinite(to / from))
        snprintf(change.text, sizeof change.text, "%+.1f %%", 100 * (to / from - 1));
    return change;
}

static void cost_total(Sheet *sheet, const Side *from, const Side *to, ParetoAxis axis)
{
    total(sheet, STYLE_TEXT, pareto_axis_name(axis), visited_cost(from->visited, axis).text,
          visited_cost(to->visited, axis).text,
          relative_change(pareto_cost(from->visited, axis), pareto_cost(to->visited, axis)).text);
}

static Figure share_figure(double share)
{
    return isfinite(share) ? figure_percent_fixed(share, 2) : (Figure){"-"};
}

static Figure points_between(double from, double to)
{
    Figure points = {""};
    if (isfinite(from) && isfinite(to)) snprintf(points.text, sizeof points.text, "%+.2f", 100 * (to - from));
    return points;
}

static Figure change_of(const VisitedPlan *visited)
{
    const Evaluation *accuracy = &visited->accuracy;
    if (!isfinite(visited_change(visited))) return (Figure){"-"};
    return score_change(accuracy);
}

static Figure bound_of(const VisitedPlan *visited)
{
    return visited->bounded ? figure_number(visited->hybrid) : (Figure){"-"};
}

static void totals(Sheet *sheet, const Scene *scene, const Side *from, const Side *to)
{
    total(sheet, STYLE_TITLE, "", side_label(scene, from).text, side_label(scene, to).text, "change");
    if (!from->visited || !to->visited) return;
    const VisitedPlan *a = from->visited, *b = to->visited;
    for (ParetoAxis axis = 0; axis < PARETO_AXES; axis++) cost_total(sheet, from, to, axis);
    total(sheet, STYLE_TEXT, a->accuracy.labelled || !a->evaluated ? "top-1" : "agreement",
          share_figure(visited_score(a)).text, share_figure(visited_score(b)).text,
          points_between(visited_score(a), visited_score(b)).text);
    total(sheet, STYLE_TEXT, "against float, 95 %", change_of(a).text, change_of(b).text, "");
    total(sheet, STYLE_TEXT, "certified (hybrid)", share_figure(visited_certified(a)).text,
          share_figure(visited_certified(b)).text,
          points_between(visited_certified(a), visited_certified(b)).text);
    total(sheet, STYLE_TEXT, "hybrid bound", bound_of(a).text, bound_of(b).text,
          a->bounded && b->bounded ? relative_change(a->hybrid, b->hybrid).text : "");
}

/* --- layers ------------------------------------------------------------------------------------------- */

typedef enum Field { FIELD_WEIGHTS, FIELD_ACTIVATIONS, FIELD_METHOD, FIELD_SIZE, FIELD_ERROR, FIELDS } Field;

static const char *const field_titles[FIELDS] = {[FIELD_WEIGHTS] = "W",
                                                 [FIELD_ACTIVATIONS] = "A",
                                                 [FIELD_METHOD] = "method",
                                                 [FIELD_SIZE] = "size",
                                                 [FIELD_ERROR] = "error"};

/* The layer's final error, where this session knows it: of the plan on the screen, and of the pinned one. */
static double error_of(const Scene *scene, const Plan *plan, size_t layer)
{
    const Snapshot *known[] = {scene->snapshot, scene->pinned};
    for (size_t i = 0; i < 2; i++) {
        if (!known[i] || !plan_equal(known[i]->plan, plan)) continue;
        const LayerSnapshot *state = &known[i]->layers[layer];
        if (state->state == LAYER_SOLVED) return layer_error(state);
    }
    return NAN;
}

/* "8", or "8 to 4" where they differ. */
static void write_pair(char text[CELL_TEXT], const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        snprintf(text, CELL_TEXT, "%s", from);
    else
        snprintf(text, CELL_TEXT, "%s to %s", from, to);
}

static const char *bits_name(unsigned bits)
{
    return bits == BITS_FLOAT ? "float" : bits_text(bits);
}

static Figure weights_name(const LayerPlan *choice)
{
    return choice->weight_bits == BITS_FLOAT ? (Figure){"float"} : weights_text(choice);
}

static void write_field(char text[CELL_TEXT], const Scene *scene, const Side *from, const Side *to,
                        size_t layer, Field field)
{
    const LayerPlan *a = &from->plan->layers[layer], *b = &to->plan->layers[layer];
    switch (field) {
    case FIELD_WEIGHTS:
        write_pair(text, weights_name(a).text, weights_name(b).text);
        break;
    case FIELD_ACTIVATIONS:
        write_pair(text, bits_name(a->activation_bits), bits_name(b->activation_bits));
        break;
    case FIELD_METHOD:
        write_pair(text, method_name((Method)a->method), method_name((Method)b->method));
        break;
    case FIELD_SIZE:
        write_pair(text, figure_bytes(plan_layer_bytes(from->plan, scene->network, layer)).text,
                   figure_bytes(plan_layer_bytes(to->plan, scene->network, layer)).text);
        break;
    default:
        write_pair(text, figure_number(error_of(scene, from->plan, layer)).text,
                   figure_number(error_of(scene, to->plan, layer)).text);
    }
}

/* Methods are shown where one differs, errors where both plans have one. */
static bool is_wanted(const Scene *scene, const Side *from, const Side *to, Field field)
{
    if (field != FIELD_METHOD && field != FIELD_ERROR) return true;
    for (size_t l = 0; l < from->plan->layer_count; l++) {
        if (field == FIELD_METHOD && from->plan->layers[l].method != to->plan->layers[l].method) return true;
        if (field == FIELD_ERROR && isfinite(error_of(scene, from->plan, l)) &&
            isfinite(error_of(scene, to->plan, l)))
            return true;
    }
    return false;
}

/* By the longest text, with a gap. */
static int field_columns(const Canvas *canvas, const Scene *scene, const Side *from, const Side *to,
                         Field field)
{
    char text[CELL_TEXT];
    int longest = (int)strlen(field_titles[field]);
    for (size_t l = 0; l < from->plan->layer_count; l++) {
        write_field(text, scene, from, to, l, field);
        const int columns = canvas_width(canvas, text);
        if (columns > longest) longest = columns;
    }
    return longest + 2;
}

/* Where each field stands; the names of layers have the columns before the first. Fields that do not fit are
 * left out, the last first. */
typedef struct Fields {
    int start[FIELDS], name_columns;
    bool shown[FIELDS];
} Fields;

static Fields choose_fields(const Canvas *canvas, const Scene *scene, const Side *from, const Side *to,
                            int columns)
{
    enum { NAME_LEAST = 16, NAME_MOST = 40 };
    Fields table = {0};
    int taken = 0, widths[FIELDS];
    for (Field f = 0; f < FIELDS; f++) {
        widths[f] = field_columns(canvas, scene, from, to, f);
        table.shown[f] = is_wanted(scene, from, to, f) && taken + widths[f] + NAME_LEAST <= columns;
        if (table.shown[f]) taken += widths[f];
    }
    table.name_columns = columns - taken < NAME_MOST ? columns - taken : NAME_MOST;
    int start = table.name_columns;
    for (Field f = 0; f < FIELDS; f++) {
        table.start[f] = start;
        if (table.shown[f]) start += widths[f];
    }
    return table;
}

/* The line of a layer, or of the titles. */
static void layer_line(Sheet *sheet, const Fields *table, const Scene *scene, const Side *from,
                       const Side *to, size_t layer)
{
    char text[CELL_TEXT];
    const bool titles = layer == NO_INDEX;
    const bool same = !titles && memcmp(&from->plan->layers[layer], &to->plan->layers[layer],
                                        sizeof from->plan->layers[layer]) == 0;
    const Style style = titles ? STYLE_TITLE : same ? STYLE_DIM : STYLE_TEXT;
    const Area name = area_part(sheet->area, 0, 0, sheet->area.rows, table->name_columns - 1);
    if (titles)
        canvas_text(sheet->canvas, name, sheet->row, 0, style, " # layer");
    else
        canvas_text(sheet->canvas, name, sheet->row, 0, style, "%2zu %s", layer + 1,
                    scene_name(scene, layer));
    for (Field f = 0; f < FIELDS; f++) {
        if (!table->shown[f]) continue;
        if (titles)
            snprintf(text, sizeof text, "%s", field_titles[f]);
        else
            write_field(text, scene, from, to, layer, f);
        canvas_text(sheet->canvas, sheet->area, sheet->row, table->start[f], style, "%s", text);
    }
    sheet->row++;
}

static void add_summary(Words *words, const Scene *scene, const Side *from, const Side *to)
{
    const size_t differ = plans_differ(from->plan, to->plan), count = from->plan->layer_count;
    words_add(words, "From %s to %s: ", side_label(scene, from).text, side_label(scene, to).text);
    if (differ == 0)
        words_add(words, "the layers are the same;");
    else
        words_add(words, "%zu of %zu layers differ;", differ, count);
    add_option_differences(words, &from->plan->options, &to->plan->options);
    words->text[words->length - 1] = '.';
    if (from->visited && to->visited && from->visited->evaluated && to->visited->evaluated)
        words_add(words, " The intervals are of each plan against float, not of one plan against the other.");
}

int difference_draw(Canvas *canvas, Area inner, const Scene *scene, int first)
{
    if (!scene->snapshot || scene->overlay_cursor >= scene->snapshot->visited_count) return 0;
    const Side from = from_side(scene), to = side_of(scene, scene->overlay_cursor);
    Sheet sheet = {canvas, area_part(inner, 0, 1, inner.rows, inner.columns - 2), -first};
    Words words = {0};
    add_summary(&words, scene, &from, &to);
    sheet.row += canvas_paragraph(canvas, sheet.area, sheet.row, 0, STYLE_TEXT, words.text) + 1;
    totals(&sheet, scene, &from, &to);
    sheet.row++;
    const Fields table = choose_fields(canvas, scene, &from, &to, sheet.area.columns);
    layer_line(&sheet, &table, scene, &from, &to, NO_INDEX);
    for (size_t l = 0; l < from.plan->layer_count; l++) layer_line(&sheet, &table, scene, &from, &to, l);
    return sheet.row + first;
}
