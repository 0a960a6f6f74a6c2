/* SPDX-License-Identifier: MIT */
/* The visited plans: a list, and below it how the selected plan differs from the edited one. */
#include "views/panels/overlays.h"
#include "views/panels/words.h"
#include "views/visited_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MOST = 4, CELL_TEXT = 80 };

/* --- the list ---------------------------------------------------------------------------------------- */

enum {
    V_MARK,
    V_NUMBER,
    V_WEIGHTS,
    V_INPUTS,
    V_SIZE,
    V_SCORE,
    V_HALF,
    V_MEASURED,
    V_HYBRID,
    V_SPECTRAL,
    V_DIFFERS,
    V_COLUMNS
};
/* least: columns of the area from which on the column is shown. */
static const struct {
    const char *title;
    int columns, least;
} list_columns[V_COLUMNS] = {
    [V_MARK] = {"", 2, 0},
    [V_NUMBER] = {"#", 3, 0},
    [V_WEIGHTS] = {"W", 5, 0},
    [V_INPUTS] = {"A", 6, 0},
    [V_SIZE] = {"size", 9, 0},
    [V_SCORE] = {"top-1", 7, 0},
    [V_HALF] = {"±", 6, 70},
    [V_MEASURED] = {"measured", 9, 50},
    [V_HYBRID] = {"hybrid", 8, 58},
    [V_SPECTRAL] = {"spectral", 9, 80},
    [V_DIFFERS] = {"differs in", 11, 66},
};

static bool same_layer(const Plan *a, const Plan *b, size_t l)
{
    return memcmp(&a->layers[l], &b->layers[l], sizeof a->layers[l]) == 0;
}

static bool same_options(const PlanOptions *a, const PlanOptions *b)
{
    return a->mode == b->mode && a->seed == b->seed && a->calibration_images == b->calibration_images &&
           a->rows == b->rows && !(a->ridge < b->ridge) && !(a->ridge > b->ridge) && a->polish == b->polish &&
           a->bias_correction == b->bias_correction && a->error_compensated == b->error_compensated;
}

static void write_differs(char text[CELL_TEXT], const Plan *plan, const Plan *edited)
{
    size_t count = 0;
    bool options = !same_options(&plan->options, &edited->options);
    for (size_t l = 0; l < plan->layer_count; l++) count += same_layer(plan, edited, l) ? 0 : 1;
    if (count == 0)
        snprintf(text, CELL_TEXT, "%s", options ? "options" : "-");
    else
        snprintf(text, CELL_TEXT, "%zu %s%s", count, count == 1 ? "layer" : "layers", options ? "+" : "");
}

static void write_cell(char text[CELL_TEXT], const Scene *scene, const VisitedPlan *visited, int column)
{
    Score score = score_of(&visited->accuracy);
    double activation_bits = average_activation_bits(visited->plan, scene->network);
    bool scored = visited->evaluated && score.known;
    text[0] = 0;
    switch (column) {
    case V_NUMBER:
        snprintf(text, CELL_TEXT, "%zu", visited->number);
        break;
    case V_WEIGHTS:
        snprintf(text, CELL_TEXT, "%.1f", visited->totals.average_weight_bits);
        break;
    case V_INPUTS:
        snprintf(text, CELL_TEXT, activation_bits < 31.95 ? "%.1f" : "float", activation_bits);
        break;
    case V_SIZE:
        snprintf(text, CELL_TEXT, "%s", figure_bytes(visited->totals.bytes).text);
        break;
    case V_SCORE:
        snprintf(text, CELL_TEXT, scored ? "%.2f" : "-", 100 * score.value);
        break;
    case V_HALF:
        if (scored) snprintf(text, CELL_TEXT, "%.2f", 100 * score.half);
        break;
    case V_MEASURED:
        if (visited->bounded) snprintf(text, CELL_TEXT, "%s", figure_number(visited->measured).text);
        break;
    case V_HYBRID:
        if (visited->bounded) snprintf(text, CELL_TEXT, "%s", figure_number(visited->hybrid).text);
        break;
    case V_SPECTRAL:
        if (visited->bounded) snprintf(text, CELL_TEXT, "%s", figure_number(visited->spectral).text);
        break;
    case V_DIFFERS:
        write_differs(text, visited->plan, scene->plan);
        break;
    default:
        break;
    }
}

/* The line of a plan, or of titles where visited is NULL. */
static void draw_cells(Canvas *canvas, Area area, int row, const Scene *scene, const VisitedPlan *visited)
{
    char text[CELL_TEXT];
    int end = 0;
    for (int c = 0; c < V_COLUMNS; c++) {
        if (area.columns < list_columns[c].least) continue;
        Style style = !visited ? STYLE_HEADER : c == V_SCORE ? STYLE_STRONG : STYLE_TEXT;
        end += list_columns[c].columns;
        if (visited) write_cell(text, scene, visited, c);
        canvas_text_right(canvas, area, row, end, style, "%s", visited ? text : list_columns[c].title);
    }
}

static void draw_line(Canvas *canvas, Area area, int row, const Scene *scene, size_t index, bool pareto)
{
    const VisitedPlan *visited = scene->snapshot->visited[index];
    draw_cells(canvas, area, row, scene, visited);
    if (plan_equal(visited->plan, scene->plan))
        canvas_put(canvas, area, row, 0, STYLE_GOOD, canvas_glyph(canvas, GLYPH_CHECK));
    if (pareto) canvas_put(canvas, area, row, 1, STYLE_GOOD, canvas_glyph(canvas, GLYPH_DIAMOND));
    if (index == scene->overlay_cursor)
        canvas_restyle(canvas, area_part(area, row, 0, 1, area.columns), STYLE_CURSOR);
}

/* --- differences ------------------------------------------------------------------------------------- */

static void add_options(Words *words, const PlanOptions *there, const PlanOptions *here)
{
    if (there->mode != here->mode) words_add(words, " calibration %s;", mode_name(there->mode));
    if (there->polish != here->polish) words_add(words, " polish %s;", there->polish ? "on" : "off");
    if (there->bias_correction != here->bias_correction)
        words_add(words, " bias correction %s;", there->bias_correction ? "on" : "off");
    if (there->error_compensated != here->error_compensated)
        words_add(words, " error compensation %s;", there->error_compensated ? "on" : "off");
    if (there->seed != here->seed) words_add(words, " another seed;");
    if (there->calibration_images != here->calibration_images)
        words_add(words, " %zu images;", there->calibration_images);
    if (there->rows != here->rows) words_add(words, " another number of rows;");
    if (there->ridge < here->ridge || there->ridge > here->ridge) words_add(words, " another ridge;");
}

/* Whether the layers have the same choices as each other, in both plans. */
static bool change_alike(const Plan *there, const Plan *here, size_t a, size_t b)
{
    const size_t size = sizeof there->layers[a];
    return memcmp(&there->layers[a], &there->layers[b], size) == 0 &&
           memcmp(&here->layers[a], &here->layers[b], size) == 0;
}

/* The change of layer `first`, and the names of all layers that change alike. Nothing for a layer that does
 * not change, or that an earlier one stands for. */
static void add_layers(Words *words, const Scene *scene, const Plan *plan, size_t first)
{
    const LayerPlan *there = &plan->layers[first], *here = &scene->plan->layers[first];
    size_t count = 0;
    if (same_layer(plan, scene->plan, first)) return;
    for (size_t l = 0; l < first; l++)
        if (change_alike(plan, scene->plan, l, first)) return;
    if (there->weight_bits != here->weight_bits || there->grid != here->grid)
        words_add(words, " W %s (here %s)", weights_text(there).text, weights_text(here).text);
    if (there->activation_bits != here->activation_bits)
        words_add(words, " A %s (here %s)", bits_text(there->activation_bits),
                  bits_text(here->activation_bits));
    if (there->method != here->method)
        words_add(words, " %s (here %s)", method_name(there->method), method_name(here->method));
    for (size_t l = first; l < plan->layer_count; l++) {
        if (!change_alike(plan, scene->plan, l, first)) continue;
        if (count++ < NAMES_MOST)
            words_add(words, "%s %s", count > 1 ? "," : " in", scene_short_name(scene, l).text);
    }
    if (count > NAMES_MOST) words_add(words, " and %zu more", count - NAMES_MOST);
    words_add(words, ";");
}

static void draw_differences(Canvas *canvas, Area area, const Scene *scene, const VisitedPlan *visited)
{
    Words words = {0};
    const Plan *plan = visited->plan;
    if (plan_equal(plan, scene->plan)) {
        words_add(&words, "Plan %zu is the current plan.", visited->number);
    } else {
        words_add(&words, "Plan %zu differs from the current plan:", visited->number);
        add_options(&words, &plan->options, &scene->plan->options);
        for (size_t l = 0; l < plan->layer_count; l++) add_layers(&words, scene, plan, l);
        if (words.text[words.length - 1] == ';') words.text[words.length - 1] = '.';
    }
    canvas_paragraph(canvas, area, 0, 0, STYLE_TEXT, words.text);
}

/* --- list and differences ---------------------------------------------------------------------------- */

static int difference_rows(Area inner)
{
    return inner.rows < 10 ? 0 : inner.rows < 24 ? 4 : 6;
}

static int list_rows(Area inner)
{
    int differences = difference_rows(inner);
    return inner.rows - 1 - (differences ? differences + 1 : 0);
}

static size_t first_row(const Scene *scene, Area inner)
{
    size_t rows = list_rows(inner) > 0 ? (size_t)list_rows(inner) : 1, first = scene->overlay_first;
    size_t count = scene->snapshot->visited_count;
    if (first + rows > count) first = count > rows ? count - rows : 0;
    if (scene->overlay_cursor < first) first = scene->overlay_cursor;
    if (scene->overlay_cursor >= first + rows) first = scene->overlay_cursor - rows + 1;
    return first;
}

void visited_draw(Canvas *canvas, Area inner, const Scene *scene)
{
    Area area = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    const Snapshot *snapshot = scene->snapshot;
    size_t count = snapshot ? snapshot->visited_count : 0;
    if (count == 0) {
        canvas_paragraph(canvas, area, 0, 0, STYLE_DIM, "No plan has been evaluated yet.");
        return;
    }
    bool *pareto = visited_front(scene);
    canvas_fill(canvas, area_part(area, 0, 0, 1, area.columns), STYLE_HEADER);
    draw_cells(canvas, area, 0, scene, NULL);
    size_t first = first_row(scene, inner);
    for (int r = 0; r < list_rows(inner) && first + (size_t)r < count; r++)
        draw_line(canvas, area, r + 1, scene, first + (size_t)r, pareto && pareto[first + (size_t)r]);
    free(pareto);
    int rows = difference_rows(inner);
    if (rows == 0 || scene->overlay_cursor >= count) return;
    canvas_text(canvas, area, area.rows - rows - 1, 0, STYLE_DIM, "%s current plan  %s on the Pareto front",
                canvas_glyph(canvas, GLYPH_CHECK), canvas_glyph(canvas, GLYPH_DIAMOND));
    draw_differences(canvas, area_part(area, area.rows - rows, 0, rows, area.columns), scene,
                     snapshot->visited[scene->overlay_cursor]);
}

bool visited_item_at(size_t *index, const Scene *scene, Area inner, int row)
{
    if (!scene->snapshot || row < 1 || row > list_rows(inner)) return false;
    *index = first_row(scene, inner) + (size_t)(row - 1);
    return *index < scene->snapshot->visited_count;
}
