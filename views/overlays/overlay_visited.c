/* SPDX-License-Identifier: MIT */
/* The visited plans: a list, and below it how the selected plan differs from the edited one. */
#include "views/overlays/overlays.h"
#include "views/panels/words.h"
#include "views/visited_order.h"
#include "views/visited_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MOST = 4, CELL_TEXT = PLAN_NOTE_BYTES, MARKS_COLUMNS = 3 };

/* --- columns ----------------------------------------------------------------------------------------- */

/* columns: with a gap; 0: by the longest text, up to `most`, or of names up to a part of the list. The column
 * of the lowest rank is shown first. */
static const struct {
    const char *title, *name;
    int columns, most, rank;
} kinds[VISITED_COLUMNS] = {
    [VISITED_NUMBER] = {"#", "number", 4, 0, 0},
    [VISITED_NAME] = {"name", "name", 0, 0, 4},
    [VISITED_WEIGHT_BITS] = {"W", "weight bits", 5, 0, 5},
    [VISITED_ACTIVATION_BITS] = {"A", "activation bits", 6, 0, 6},
    [VISITED_SIZE] = {"size", "size", 9, 0, 1},
    [VISITED_BITOPS] = {"BitOps", "BitOps", 8, 0, 10},
    [VISITED_ACTIVATION_BYTES] = {"peak act.", "peak activation bytes", 11, 0, 11},
    [VISITED_SCORE] = {"top-1", "top-1", 7, 0, 2},
    [VISITED_CHANGE] = {"against float, 95 %", "change against float", 24, 0, 3},
    [VISITED_METHOD] = {"method", "method", 0, 16, 7},
    [VISITED_CERTIFIED] = {"cert. norms", "share of images certified by norms (the hybrid bound)", 13, 0, 8},
    [VISITED_MEASURED] = {"measured", "measured output loss", 10, 0, 13},
    [VISITED_HYBRID] = {"hybrid", "hybrid bound", 8, 0, 9},
    [VISITED_SPECTRAL] = {"spectral", "spectral bound", 10, 0, 14},
    [VISITED_DIFFERS] = {"differs in", "layers that differ from the current plan", 12, 0, 12},
    [VISITED_NOTE] = {"note", "note", 0, 40, 15},
};

const char *visited_column_name(VisitedColumn column)
{
    return kinds[column].name;
}

static bool is_text(VisitedColumn column)
{
    return kinds[column].columns == 0;
}

static bool same_options(const PlanOptions *a, const PlanOptions *b)
{
    return a->effort == b->effort && a->mode == b->mode && a->seed == b->seed &&
           a->calibration_images == b->calibration_images && a->rows == b->rows && !(a->ridge < b->ridge) &&
           !(a->ridge > b->ridge) && a->polish == b->polish && a->bias_correction == b->bias_correction &&
           a->error_compensated == b->error_compensated;
}

static void write_differs(char text[CELL_TEXT], const Plan *plan, const Plan *edited)
{
    const size_t count = plans_differ(plan, edited);
    const bool options = !same_options(&plan->options, &edited->options);
    if (count == 0)
        snprintf(text, CELL_TEXT, "%s", options ? "options" : "-");
    else
        snprintf(text, CELL_TEXT, "%zu %s%s", count, count == 1 ? "layer" : "layers", options ? "+" : "");
}

static void write_bound(char text[CELL_TEXT], const VisitedPlan *visited, double bound)
{
    snprintf(text, CELL_TEXT, "%s", visited->bounded ? figure_number(bound).text : "-");
}

/* What was measured of the plan; "-" where it was not. */
static void write_measurement(char text[CELL_TEXT], const VisitedPlan *visited, VisitedColumn column)
{
    const Evaluation *accuracy = &visited->accuracy;
    snprintf(text, CELL_TEXT, "-");
    switch (column) {
    case VISITED_SCORE:
        if (isfinite(visited_score(visited))) snprintf(text, CELL_TEXT, "%.2f", 100 * visited_score(visited));
        break;
    case VISITED_CHANGE:
        if (isfinite(visited_change(visited))) snprintf(text, CELL_TEXT, "%s", score_change(accuracy).text);
        break;
    case VISITED_CERTIFIED:
        if (isfinite(visited_certified(visited)))
            snprintf(text, CELL_TEXT, "%.2f %%", 100 * visited_certified(visited));
        break;
    case VISITED_MEASURED:
        write_bound(text, visited, visited->measured);
        break;
    case VISITED_HYBRID:
        write_bound(text, visited, visited->hybrid);
        break;
    case VISITED_SPECTRAL:
        write_bound(text, visited, visited->spectral);
        break;
    default:
        break;
    }
}

static void write_cell(char text[CELL_TEXT], const Scene *scene, size_t index, VisitedColumn column)
{
    const VisitedPlan *visited = scene->snapshot->visited[index];
    const double activation_bits = average_activation_bits(visited->plan, scene->network);
    switch (column) {
    case VISITED_NUMBER:
        snprintf(text, CELL_TEXT, "%zu", visited->number);
        break;
    case VISITED_NAME:
        snprintf(text, CELL_TEXT, "%s", visited_note(scene, index)->name);
        break;
    case VISITED_WEIGHT_BITS:
        snprintf(text, CELL_TEXT, "%.2f", visited->totals.average_weight_bits);
        break;
    case VISITED_ACTIVATION_BITS:
        snprintf(text, CELL_TEXT, activation_bits < 31.995 ? "%.2f" : "float", activation_bits);
        break;
    case VISITED_SIZE:
        snprintf(text, CELL_TEXT, "%s", figure_bytes(visited->totals.bytes).text);
        break;
    case VISITED_BITOPS:
        snprintf(text, CELL_TEXT, "%s", figure_quantity(visited->totals.bitops).text);
        break;
    case VISITED_ACTIVATION_BYTES:
        snprintf(text, CELL_TEXT, "%s", figure_bytes(visited->activation_bytes).text);
        break;
    case VISITED_METHOD:
        snprintf(text, CELL_TEXT, "%s", visited_method(visited));
        break;
    case VISITED_DIFFERS:
        write_differs(text, visited->plan, scene->plan);
        break;
    case VISITED_NOTE:
        snprintf(text, CELL_TEXT, "%s", visited_note(scene, index)->note);
        break;
    default:
        write_measurement(text, visited, column);
    }
}

/* In a list of `columns`; 0 for a text that no plan has. */
static int wanted_columns(const Canvas *canvas, const Scene *scene, VisitedColumn column, int columns)
{
    char text[CELL_TEXT];
    int longest = 0;
    if (!is_text(column)) return kinds[column].columns;
    for (size_t i = 0; i < scene->snapshot->visited_count; i++) {
        write_cell(text, scene, i, column);
        const int taken = canvas_width(canvas, text) + 2;
        if (taken > longest) longest = taken;
    }
    const int least = (int)strlen(kinds[column].title) + 3; /* the mark of the sorted column, and the gap */
    if (longest == 0 || longest == 2) return scene->visited_sort == column ? least : 0;
    const int most = column == VISITED_NAME ? columns * 3 / 20 : kinds[column].most;
    if (longest > most) longest = most;
    return longest > least ? longest : least;
}

/* Where each column stands; columns 0: not shown. */
typedef struct Columns {
    int start[VISITED_COLUMNS], columns[VISITED_COLUMNS];
} Columns;

/* The columns that fit, by their rank; the sorted one before all others. */
static Columns choose_columns(const Canvas *canvas, const Scene *scene, int columns)
{
    Columns table = {0};
    int rest = columns - MARKS_COLUMNS;
    for (int rank = -1; rank < VISITED_COLUMNS; rank++)
        for (VisitedColumn c = 0; c < VISITED_COLUMNS; c++) {
            if ((scene->visited_sort == c ? -1 : kinds[c].rank) != rank) continue;
            const int wanted = wanted_columns(canvas, scene, c, columns);
            if (wanted > rest) continue;
            table.columns[c] = wanted;
            rest -= wanted;
        }
    int start = MARKS_COLUMNS;
    for (VisitedColumn c = 0; c < VISITED_COLUMNS; c++) {
        table.start[c] = start;
        start += table.columns[c];
    }
    return table;
}

/* Texts from the left, numbers to the right. */
static void draw_cell(Canvas *canvas, Area area, int row, const Columns *table, VisitedColumn c, Style style,
                      const char *text)
{
    const Area cell = area_part(area, 0, table->start[c], area.rows, table->columns[c]);
    if (is_text(c))
        canvas_text(canvas, area_part(cell, 0, 1, cell.rows, cell.columns - 1), row, 0, style, "%s", text);
    else
        canvas_text_right(canvas, cell, row, cell.columns, style, "%s", text);
}

static void draw_titles(Canvas *canvas, Area area, const Columns *table, const Scene *scene)
{
    char text[CELL_TEXT];
    canvas_fill(canvas, area_part(area, 0, 0, 1, area.columns), STYLE_HEADER);
    for (VisitedColumn c = 0; c < VISITED_COLUMNS; c++) {
        if (table->columns[c] == 0) continue;
        const Glyph mark = scene->visited_descending ? GLYPH_DOWN : GLYPH_UP;
        const bool agreement = c == VISITED_SCORE && !scene->snapshot->accuracy.labelled;
        snprintf(text, sizeof text, "%s%s", agreement ? "agrees" : kinds[c].title,
                 c == scene->visited_sort ? canvas_glyph(canvas, mark) : "");
        draw_cell(canvas, area, 0, table, c, STYLE_HEADER, text);
    }
}

static void draw_line(Canvas *canvas, Area area, int row, const Columns *table, const Scene *scene,
                      size_t index, bool pareto)
{
    char text[CELL_TEXT];
    const VisitedPlan *visited = scene->snapshot->visited[index];
    const Area line = area_part(area, row, 0, 1, area.columns);
    for (VisitedColumn c = 0; c < VISITED_COLUMNS; c++) {
        if (table->columns[c] == 0) continue;
        write_cell(text, scene, index, c);
        draw_cell(canvas, area, row, table, c, c == VISITED_SCORE ? STYLE_STRONG : STYLE_TEXT, text);
    }
    if (plan_equal(visited->plan, scene->plan))
        canvas_put(canvas, line, 0, 0, STYLE_GOOD, canvas_glyph(canvas, GLYPH_CHECK));
    if (pareto) canvas_put(canvas, line, 0, 1, STYLE_GOOD, canvas_glyph(canvas, GLYPH_DIAMOND));
    if (visited_note(scene, index)->pinned)
        canvas_put(canvas, line, 0, 2, STYLE_PINNED, canvas_glyph(canvas, GLYPH_UP));
    if (scene->has_visited_mark && scene->visited_mark == index) canvas_restyle(canvas, line, STYLE_MARKED);
    if (index == scene->overlay_cursor) canvas_restyle(canvas, line, STYLE_CURSOR);
}

/* --- differences ------------------------------------------------------------------------------------- */

static bool same_layer(const Plan *a, const Plan *b, size_t l)
{
    return memcmp(&a->layers[l], &b->layers[l], sizeof a->layers[l]) == 0;
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

static void draw_differences(Canvas *canvas, Area area, const Scene *scene, size_t index)
{
    Words words = {0};
    const VisitedPlan *visited = scene->snapshot->visited[index];
    const PlanNote *note = visited_note(scene, index);
    const Plan *plan = visited->plan;
    if (note->note[0]) words_add(&words, "Note: %s\n", note->note);
    if (plan_equal(plan, scene->plan)) {
        words_add(&words, "Plan %zu is the current plan.", visited->number);
    } else {
        words_add(&words, "Plan %zu differs from the current plan:", visited->number);
        add_option_differences(&words, &scene->plan->options, &plan->options);
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

/* The place of the cursor's plan in the order; 0 where it is not shown. */
static size_t cursor_row(const Scene *scene, const size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (order[i] == scene->overlay_cursor) return i;
    return 0;
}

static size_t first_row(const Scene *scene, Area inner, const size_t *order, size_t count)
{
    size_t rows = list_rows(inner) > 0 ? (size_t)list_rows(inner) : 1, first = scene->overlay_first;
    const size_t cursor = cursor_row(scene, order, count);
    if (first + rows > count) first = count > rows ? count - rows : 0;
    if (cursor < first) first = cursor;
    if (cursor >= first + rows) first = cursor - rows + 1;
    return first;
}

/* What the marks in front of the lines mean. */
static void draw_legend(Canvas *canvas, Area area, int row, const Scene *scene)
{
    Words words = {0};
    words_add(&words, "%s current  %s Pareto front by %s", canvas_glyph(canvas, GLYPH_CHECK),
              canvas_glyph(canvas, GLYPH_DIAMOND), pareto_axis_name(scene->pareto_axis));
    for (size_t i = 0; i < scene->snapshot->visited_count; i++)
        if (visited_note(scene, i)->pinned) words_add(&words, "  %s pinned", canvas_glyph(canvas, GLYPH_UP));
    if (scene->visited_evaluated_only) words_add(&words, "  evaluated only");
    if (scene->has_visited_mark && scene->visited_mark < scene->snapshot->visited_count)
        words_add(&words, "  marked: %s", visited_label(scene, scene->visited_mark).text);
    canvas_text(canvas, area, row, 0, STYLE_DIM, "%s", words.text);
}

static void draw_list(Canvas *canvas, Area inner, Area area, const Scene *scene, const size_t *order,
                      size_t count)
{
    const Columns table = choose_columns(canvas, scene, area.columns);
    bool *pareto = visited_front(scene);
    const size_t first = first_row(scene, inner, order, count);
    draw_titles(canvas, area, &table, scene);
    for (int r = 0; r < list_rows(inner) && first + (size_t)r < count; r++) {
        const size_t index = order[first + (size_t)r];
        draw_line(canvas, area, r + 1, &table, scene, index, pareto && pareto[index]);
    }
    free(pareto);
}

void visited_draw(Canvas *canvas, Area inner, const Scene *scene)
{
    Area area = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    size_t count, *order = visited_order(&count, scene);
    const int rows = difference_rows(inner);
    if (count > 0)
        draw_list(canvas, inner, area, scene, order, count);
    else
        canvas_paragraph(canvas, area, 0, 0, STYLE_DIM,
                         scene->visited_evaluated_only ? "No plan shown was evaluated."
                                                       : "No plan has been solved yet.");
    if (count > 0 && rows > 0) {
        draw_legend(canvas, area, area.rows - rows - 1, scene);
        draw_differences(canvas, area_part(area, area.rows - rows, 0, rows, area.columns), scene,
                         order[cursor_row(scene, order, count)]);
    }
    free(order);
}

bool visited_item_at(size_t *index, const Scene *scene, Area inner, int row)
{
    size_t count, *order = visited_order(&count, scene);
    const bool in_list = row >= 1 && row <= list_rows(inner);
    const size_t at = in_list ? first_row(scene, inner, order, count) + (size_t)(row - 1) : count;
    if (at < count) *index = order[at];
    free(order);
    return at < count;
}

bool visited_column_at(VisitedColumn *column, const Canvas *canvas, const Scene *scene, Area inner, int row,
                       int at)
{
    if (row != 0 || !scene->snapshot || scene->snapshot->visited_count == 0) return false;
    const Columns table = choose_columns(canvas, scene, inner.columns - 2);
    for (VisitedColumn c = 0; c < VISITED_COLUMNS; c++) {
        const int start = table.start[c] + 1; /* behind the area's margin */
        if (table.columns[c] == 0 || at < start || at >= start + table.columns[c]) continue;
        *column = c;
        return true;
    }
    return false;
}
