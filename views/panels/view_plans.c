/* The plans visited: a list, and under it what the selected plan has different from the one edited. */
#include "views/overlays.h"
#include "views/panels/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MOST = 4, CELL_TEXT = 80 };

/* --- the list ---------------------------------------------------------------------------------------- */

typedef struct VisitColumn {
    const char *title;
    int columns, least; /* least: columns of the area from which on it is shown */
} VisitColumn;

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
static const VisitColumn visit_columns[V_COLUMNS] = {
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

static size_t count_differences(const Plan *a, const Plan *b)
{
    size_t count = 0;
    for (size_t l = 0; l < a->layer_count && l < b->layer_count; l++)
        count += memcmp(&a->layers[l], &b->layers[l], sizeof a->layers[l]) != 0;
    return count;
}

static bool same_options(const PlanOptions *a, const PlanOptions *b)
{
    return a->mode == b->mode && a->seed == b->seed && a->calibration_images == b->calibration_images &&
           a->rows == b->rows && !(a->ridge < b->ridge) && !(a->ridge > b->ridge) && a->polish == b->polish &&
           a->bias_correction == b->bias_correction && a->error_compensated == b->error_compensated;
}

static void write_differs(char text[CELL_TEXT], const Scene *scene, const VisitedPlan *visit)
{
    size_t count = count_differences(visit->plan, scene->plan);
    bool options = !same_options(&visit->plan->options, &scene->plan->options);
    if (count == 0)
        snprintf(text, CELL_TEXT, "%s", options ? "options" : "-");
    else
        snprintf(text, CELL_TEXT, "%zu %s%s", count, count == 1 ? "layer" : "layers", options ? "+" : "");
}

static void write_visit(char text[CELL_TEXT], const Scene *scene, const VisitedPlan *visit, int column)
{
    Score score = part_score(&visit->accuracy);
    double inputs = part_activation_bits(visit->plan, scene->network);
    bool scored = visit->evaluated && score.known;
    text[0] = 0;
    switch (column) {
    case V_NUMBER:
        snprintf(text, CELL_TEXT, "%zu", visit->number);
        break;
    case V_WEIGHTS:
        snprintf(text, CELL_TEXT, "%.1f", visit->totals.average_weight_bits);
        break;
    case V_INPUTS:
        snprintf(text, CELL_TEXT, inputs < 31.95 ? "%.1f" : "float", inputs);
        break;
    case V_SIZE:
        snprintf(text, CELL_TEXT, "%s", figure_bytes(visit->totals.bytes).text);
        break;
    case V_SCORE:
        snprintf(text, CELL_TEXT, scored ? "%.2f" : "-", 100 * score.value);
        break;
    case V_HALF:
        if (scored) snprintf(text, CELL_TEXT, "%.2f", 100 * score.half);
        break;
    case V_MEASURED:
        if (visit->bounded) snprintf(text, CELL_TEXT, "%s", figure_number(visit->measured).text);
        break;
    case V_HYBRID:
        if (visit->bounded) snprintf(text, CELL_TEXT, "%s", figure_number(visit->hybrid).text);
        break;
    case V_SPECTRAL:
        if (visit->bounded) snprintf(text, CELL_TEXT, "%s", figure_number(visit->spectral).text);
        break;
    case V_DIFFERS:
        write_differs(text, scene, visit);
        break;
    default:
        break;
    }
}

static void draw_line(Canvas *canvas, Area area, int row, const Scene *scene, size_t index, bool front)
{
    char text[CELL_TEXT];
    const VisitedPlan *visit = scene->snapshot->visited[index];
    int end = 0;
    for (int c = 0; c < V_COLUMNS; c++) {
        if (area.columns < visit_columns[c].least) continue;
        end += visit_columns[c].columns;
        write_visit(text, scene, visit, c);
        canvas_text_right(canvas, area, row, end, c == V_SCORE ? STYLE_STRONG : STYLE_TEXT, "%s", text);
    }
    if (plan_equal(visit->plan, scene->plan))
        canvas_put(canvas, area, row, 0, STYLE_GOOD, canvas_glyph(canvas, GLYPH_CHECK));
    if (front) canvas_put(canvas, area, row, 1, STYLE_GOOD, canvas_glyph(canvas, GLYPH_DIAMOND));
    if (index == scene->overlay_cursor)
        canvas_restyle(canvas, area_part(area, row, 0, 1, area.columns), STYLE_CURSOR);
}

static void draw_titles(Canvas *canvas, Area area)
{
    canvas_fill(canvas, area_part(area, 0, 0, 1, area.columns), STYLE_HEADER);
    int end = 0;
    for (int c = 0; c < V_COLUMNS; c++) {
        if (area.columns < visit_columns[c].least) continue;
        end += visit_columns[c].columns;
        canvas_text_right(canvas, area, 0, end, STYLE_HEADER, "%s", visit_columns[c].title);
    }
}

/* --- differences ------------------------------------------------------------------------------------- */

/* Whether layer `l` differs, in the same way as layer `other`. */
static bool differs_alike(const Plan *there, const Plan *here, size_t l, size_t other)
{
    size_t size = sizeof there->layers[l];
    return memcmp(&there->layers[l], &here->layers[l], size) != 0 &&
           memcmp(&there->layers[l], &there->layers[other], size) == 0 &&
           memcmp(&here->layers[l], &here->layers[other], size) == 0;
}

static void say_change(Words *words, const LayerPlan *there, const LayerPlan *here)
{
    if (there->weight_bits != here->weight_bits)
        words_say(words, " W %s (here %s)", part_bits(there->weight_bits), part_bits(here->weight_bits));
    if (there->activation_bits != here->activation_bits)
        words_say(words, " A %s (here %s)", part_bits(there->activation_bits),
                  part_bits(here->activation_bits));
    if (there->method != here->method)
        words_say(words, " %s (here %s)", method_name(there->method), method_name(here->method));
}

/* A change, and the layers that have it: the first of them is `first`. */
static void say_layers(Words *words, const Scene *scene, const Plan *plan, size_t first)
{
    size_t count = 0;
    say_change(words, &plan->layers[first], &scene->plan->layers[first]);
    for (size_t l = first; l < plan->layer_count; l++) {
        if (!differs_alike(plan, scene->plan, l, first)) continue;
        if (count < NAMES_MOST)
            words_say(words, "%s %s", count ? "," : " in", part_short_name(scene, l).text);
        count++;
    }
    if (count > NAMES_MOST) words_say(words, " and %zu more", count - NAMES_MOST);
    words_say(words, ";");
}

static bool is_first_alike(const Plan *there, const Plan *here, size_t l)
{
    for (size_t other = 0; other < l; other++)
        if (differs_alike(there, here, other, l)) return false;
    return differs_alike(there, here, l, l);
}

static void say_options(Words *words, const PlanOptions *there, const PlanOptions *here)
{
    if (there->mode != here->mode) words_say(words, " calibration %s;", mode_name(there->mode));
    if (there->polish != here->polish) words_say(words, " polish %s;", there->polish ? "on" : "off");
    if (there->bias_correction != here->bias_correction)
        words_say(words, " bias correction %s;", there->bias_correction ? "on" : "off");
    if (there->error_compensated != here->error_compensated)
        words_say(words, " error compensation %s;", there->error_compensated ? "on" : "off");
    if (there->seed != here->seed) words_say(words, " another seed;");
    if (there->calibration_images != here->calibration_images)
        words_say(words, " %zu images;", there->calibration_images);
    if (there->rows != here->rows) words_say(words, " other rows;");
    if (there->ridge < here->ridge || there->ridge > here->ridge) words_say(words, " another ridge;");
}

static void draw_differences(Canvas *canvas, Area area, const Scene *scene, const VisitedPlan *visit)
{
    Words words = {0};
    const Plan *plan = visit->plan;
    if (plan_equal(plan, scene->plan)) {
        words_say(&words, "Plan %zu is the plan that stands.", visit->number);
    } else {
        words_say(&words, "Plan %zu differs from the plan that stands:", visit->number);
        say_options(&words, &plan->options, &scene->plan->options);
        for (size_t l = 0; l < plan->layer_count; l++)
            if (is_first_alike(plan, scene->plan, l)) say_layers(&words, scene, plan, l);
        if (words.length > 0 && words.text[words.length - 1] == ';') words.text[words.length - 1] = '.';
    }
    canvas_paragraph(canvas, area, 0, 0, STYLE_TEXT, words.text);
}

/* --- both -------------------------------------------------------------------------------------------- */

static int difference_rows(Area inner)
{
    return inner.rows < 10 ? 0 : inner.rows < 24 ? 4 : 6;
}

static int list_rows(Area inner)
{
    int differences = difference_rows(inner);
    return inner.rows - 1 - (differences ? differences + 1 : 0);
}

static size_t first_visit(const Scene *scene, Area inner)
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
    bool *front = calloc(count, sizeof *front);
    if (front) snapshot_pareto(front, snapshot);
    draw_titles(canvas, area);
    size_t first = first_visit(scene, inner);
    for (int r = 0; r < list_rows(inner) && first + (size_t)r < count; r++)
        draw_line(canvas, area, r + 1, scene, first + (size_t)r, front && front[first + (size_t)r]);
    free(front);
    int rows = difference_rows(inner);
    if (rows == 0 || scene->overlay_cursor >= count) return;
    canvas_text(canvas, area, area.rows - rows - 1, 0, STYLE_DIM,
                "%s the plan that stands  %s on the Pareto front", canvas_glyph(canvas, GLYPH_CHECK),
                canvas_glyph(canvas, GLYPH_DIAMOND));
    draw_differences(canvas, area_part(area, area.rows - rows, 0, rows, area.columns), scene,
                     snapshot->visited[scene->overlay_cursor]);
}

bool visited_item_at(size_t *index, const Scene *scene, Area inner, int row)
{
    if (!scene->snapshot || row < 1 || row > list_rows(inner)) return false;
    *index = first_visit(scene, inner) + (size_t)(row - 1);
    return *index < scene->snapshot->visited_count;
}
