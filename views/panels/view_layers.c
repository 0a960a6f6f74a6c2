/* SPDX-License-Identifier: MIT */
/* The table of layers: the plan's choices, and the result of each layer. */
#include "views/panels/view_layers.h"

#include "views/layer_cost.h"
#include "views/page.h"

#include <math.h>
#include <stdio.h>

typedef enum ColumnKind {
    COLUMN_MARK,
    COLUMN_INDEX,
    COLUMN_NAME,
    COLUMN_OPERATOR,
    COLUMN_SHAPE,
    COLUMN_WEIGHT_BITS,
    COLUMN_ACTIVATION_BITS,
    COLUMN_METHOD,
    COLUMN_STATE,
    COLUMN_ROUNDING,
    COLUMN_ERROR,
    COLUMN_SHARE,
    COLUMN_SHARE_PER_KIB,
    COLUMN_RAISE,
    COLUMN_LOWER,
    COLUMN_SIZE,
    COLUMNS
} ColumnKind;

enum {
    RANKS = 10,
    CELL_TEXT = 80,
    NAME_MOST = 32,
    TEXT_MOST = 16,
    STATE_WORD_COLUMNS = 8,
    SHARE_MOST = 20,
    SHARE_LEAST = 6,         /* "hybrid", in place of "hybrid %" and a bar */
    SHARE_FIGURE_COLUMNS = 5 /* "100.0" */
};

/* rank: columns of a lower rank are shown first; 0: always. */
static const struct {
    const char *title;
    SortKey sort;
    int columns, rank;
    bool right;
} kinds[COLUMNS] = {
    [COLUMN_MARK] = {"", SORT_COUNT, 1, 0, false},
    [COLUMN_INDEX] = {"#", SORT_INDEX, 2, 0, true},
    [COLUMN_NAME] = {"layer", SORT_NAME, 8, 0, false},
    [COLUMN_OPERATOR] = {"kind", SORT_COUNT, 6, 9, false},
    [COLUMN_SHAPE] = {"shape", SORT_COUNT, 9, 8, false},
    [COLUMN_WEIGHT_BITS] = {"W", SORT_WEIGHT_BITS, 2, 0, true},
    [COLUMN_ACTIVATION_BITS] = {"A", SORT_ACTIVATION_BITS, 2, 0, true},
    [COLUMN_METHOD] = {"method", SORT_COUNT, 8, 7, false},
    [COLUMN_STATE] = {"", SORT_COUNT, 1, 2, false},
    [COLUMN_ROUNDING] = {"RTN", SORT_COUNT, 8, 6, true},
    [COLUMN_ERROR] = {"error", SORT_ERROR, 9, 0, true},
    [COLUMN_SHARE] = {"", SORT_SHARE, 9, 1, true},
    [COLUMN_SHARE_PER_KIB] = {"%/KiB", SORT_SHARE_PER_KIB, 6, 3, true},
    [COLUMN_RAISE] = {"+1 bit", SORT_COUNT, 7, 5, true},
    [COLUMN_LOWER] = {"-1 bit", SORT_COUNT, 7, 5, true},
    [COLUMN_SIZE] = {"size", SORT_SIZE, 8, 4, true},
};

/* Where the columns stand, and what their small bars are relative to. */
typedef struct Table {
    int start[COLUMNS], columns[COLUMNS]; /* columns 0: not shown */
    double least, most;                   /* of the known errors */
    double most_share;                    /* of the rung shown */
} Table;

/* --- columns ----------------------------------------------------------------------------------------- */

/* The title of the shares names the rung: "hybrid %". */
static Figure title_of(const Scene *scene, ColumnKind kind, int columns)
{
    Figure title;
    if (kind == COLUMN_SHARE)
        snprintf(title.text, sizeof title.text, columns == SHARE_LEAST ? "%s" : "%s %%",
                 rung_name(scene->rung));
    else
        snprintf(title.text, sizeof title.text, "%s",
                 kind == COLUMN_STATE && columns > 1 ? "state" : kinds[kind].title);
    return title;
}

static int wanted_columns(const Canvas *canvas, const Scene *scene, ColumnKind kind)
{
    const size_t count = scene->network->layer_count;
    if (kind == COLUMN_INDEX) return count < 100 ? 2 : count < 1000 ? 3 : 5;
    if (kind == COLUMN_SHARE) return canvas_width(canvas, title_of(scene, kind, 0).text) + 1;
    const bool text =
        kind == COLUMN_NAME || kind == COLUMN_SHAPE || kind == COLUMN_OPERATOR || kind == COLUMN_METHOD;
    if (!text) return kinds[kind].columns;
    int longest = canvas_width(canvas, kinds[kind].title) + 1,
        most = kind == COLUMN_NAME ? NAME_MOST : TEXT_MOST;
    for (size_t l = 0; l < count; l++) {
        const Layer *layer = &scene->network->layers[l];
        Figure shape = shape_figure(layer);
        int columns =
            canvas_width(canvas, kind == COLUMN_NAME       ? layer->name
                                 : kind == COLUMN_SHAPE    ? shape.text
                                 : kind == COLUMN_OPERATOR ? layer->operator_name
                                                           : method_name(scene->plan->layers[l].method));
        if (columns > longest) longest = columns;
    }
    return longest < most ? longest : most;
}

/* The column by which the table is sorted is always shown. */
static bool is_sorted(const Scene *scene, ColumnKind kind)
{
    return kinds[kind].sort == scene->sort && kinds[kind].sort != SORT_COUNT;
}

static int rank_of(const Scene *scene, ColumnKind kind)
{
    return is_sorted(scene, kind) ? 0 : kinds[kind].rank;
}

/* Gives the columns of a rank their width. Returns what they take, with a gap behind each. */
static int show_rank(Table *table, const Canvas *canvas, const Scene *scene, int rank)
{
    int taken = 0;
    for (ColumnKind kind = 0; kind < COLUMNS; kind++) {
        if (rank_of(scene, kind) != rank) continue;
        table->columns[kind] = wanted_columns(canvas, scene, kind);
        taken += table->columns[kind] + 1;
    }
    return taken;
}

/* Shows the ranks that fit, in their order. The rest of the line goes to the state's words and the share's
 * bar; if not even rank 0 fits, names are cut. */
static Table make_table(const Canvas *canvas, const Scene *scene, int columns)
{
    Table table = {0};
    int rest = columns + 1 - show_rank(&table, canvas, scene, 0); /* no gap behind the last column */
    if (rest < 0) {
        int name = table.columns[COLUMN_NAME] + rest, least = kinds[COLUMN_NAME].columns;
        table.columns[COLUMN_NAME] = name > least ? name : least;
        rest = 0;
    }
    for (int rank = 1; rank < RANKS && rest > 0; rank++) {
        Table wider = table;
        int taken = show_rank(&wider, canvas, scene, rank);
        if (taken > rest && rank_of(scene, COLUMN_SHARE) == rank && rest > SHARE_LEAST) {
            table.columns[COLUMN_SHARE] = SHARE_LEAST;
            rest -= SHARE_LEAST + 1;
        }
        if (taken > rest) continue;
        table = wider;
        rest -= taken;
    }
    if (table.columns[COLUMN_STATE] && rest >= STATE_WORD_COLUMNS - 1) {
        table.columns[COLUMN_STATE] = STATE_WORD_COLUMNS;
        rest -= STATE_WORD_COLUMNS - 1;
    }
    if (table.columns[COLUMN_SHARE] > SHARE_LEAST) {
        int share = table.columns[COLUMN_SHARE] + rest;
        table.columns[COLUMN_SHARE] = share < SHARE_MOST ? share : SHARE_MOST;
    }
    for (int kind = 0, at = 0; kind < COLUMNS; kind++) {
        table.start[kind] = at;
        if (table.columns[kind]) at += table.columns[kind] + 1;
    }
    return table;
}

static void measure_errors(Table *table, const Scene *scene)
{
    table->least = INFINITY;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        double error = scene_error(scene, l);
        double share = layer_share(scene, l);
        if (error > 0 && isfinite(error)) {
            table->least = fmin(table->least, error);
            table->most = fmax(table->most, error);
        }
        if (isfinite(share)) table->most_share = fmax(table->most_share, share);
    }
}

/* --- cells ------------------------------------------------------------------------------------------- */

static void write_state(char text[CELL_TEXT], const Scene *scene, size_t layer, int columns)
{
    static const char *const words[] = {[LAYER_CALIBRATING] = "sampling",
                                        [LAYER_SOLVING] = "solving",
                                        [LAYER_SOLVED] = "✓",
                                        [LAYER_FLOAT] = "float"};
    static const char *const marks[] = {
        [LAYER_CALIBRATING] = "►", [LAYER_SOLVING] = "►", [LAYER_SOLVED] = "✓", [LAYER_FLOAT] = ""};
    const bool narrow = columns < STATE_WORD_COLUMNS;
    const LayerSnapshot *state = scene_state(scene, layer);
    const char *word = narrow ? "·" : "waiting";
    if (state && state->state == LAYER_SOLVED && scene_is_stale(scene, layer))
        word = narrow ? "·" : "changed";
    else if (state && state->state < sizeof words / sizeof *words && words[state->state])
        word = narrow ? marks[state->state] : words[state->state];
    if (!narrow && scene_is_live(scene, layer))
        snprintf(text, CELL_TEXT, "epoch %zu",
                 scene->snapshot->trace[scene->snapshot->trace_count - 1].epoch);
    else
        snprintf(text, CELL_TEXT, "%s", word);
}

/* The title has the unit: "6.5". */
static void write_percent(char text[CELL_TEXT], double fraction)
{
    if (isfinite(fraction)) snprintf(text, CELL_TEXT, "%.*f", fraction < 9.995 ? 1 : 0, 100 * fraction);
}

/* Points of the bound: "-3.2" by solves at both widths, "~-3.2" by estimates. */
static void write_change(char text[CELL_TEXT], BitChange change)
{
    const double points = 100 * change.points;
    if (isfinite(points))
        snprintf(text, CELL_TEXT, "%s%+.*f", change.estimated ? "~" : "", fabs(points) < 99.95 ? 1 : 0,
                 points);
}

static void write_cell(char text[CELL_TEXT], const Scene *scene, size_t l, ColumnKind kind, int columns)
{
    const Layer *layer = &scene->network->layers[l];
    const LayerPlan *plan = &scene->plan->layers[l];
    double error = scene_error(scene, l), rounding = scene_rounding_error(scene, l);
    text[0] = 0;
    switch (kind) {
    case COLUMN_INDEX:
        snprintf(text, CELL_TEXT, "%zu", l + 1);
        break;
    case COLUMN_OPERATOR:
        snprintf(text, CELL_TEXT, "%s", layer->operator_name);
        break;
    case COLUMN_SHAPE:
        snprintf(text, CELL_TEXT, "%s", shape_figure(layer).text);
        break;
    case COLUMN_WEIGHT_BITS:
        snprintf(text, CELL_TEXT, "%s", weights_text(plan).text);
        break;
    case COLUMN_ACTIVATION_BITS:
        snprintf(text, CELL_TEXT, "%s", bits_text(plan->activation_bits));
        break;
    case COLUMN_METHOD:
        snprintf(text, CELL_TEXT, "%s", method_name(plan->method));
        break;
    case COLUMN_STATE:
        write_state(text, scene, l, columns);
        break;
    case COLUMN_ROUNDING:
        if (!isnan(rounding)) snprintf(text, CELL_TEXT, "%s", figure_number(rounding).text);
        break;
    case COLUMN_ERROR:
        if (!isnan(error)) snprintf(text, CELL_TEXT, "%s", figure_number(error).text);
        break;
    case COLUMN_SHARE:
        write_percent(text, layer_share(scene, l));
        break;
    case COLUMN_SHARE_PER_KIB:
        write_percent(text, layer_share_per_kib(scene, l));
        break;
    case COLUMN_RAISE:
        write_change(text, layer_bit_change(scene, l, 1));
        break;
    case COLUMN_LOWER:
        write_change(text, layer_bit_change(scene, l, -1));
        break;
    case COLUMN_SIZE:
        snprintf(text, CELL_TEXT, "%s", figure_bytes(plan_layer_bytes(scene->plan, scene->network, l)).text);
        break;
    default:
        break;
    }
}

/* The small bars: errors by their logarithms between the least and the most, shares relative to the largest.
 */
static void draw_bar(Canvas *canvas, Area cell, int row, const Table *table, const Scene *scene, size_t layer,
                     ColumnKind kind)
{
    if (kind == COLUMN_ERROR) {
        double error = scene_error(scene, layer), span = log(table->most / table->least);
        double height = span > 0 ? 0.125 + 0.875 * log(error / table->least) / span : 1;
        canvas_spark(canvas, cell, row, 0, error > 0 && isfinite(error) ? height : 0, STYLE_SERIES_1);
    } else if (kind == COLUMN_SHARE && table->most_share > 0) {
        double part = layer_share(scene, layer) / table->most_share;
        int columns = cell.columns - SHARE_FIGURE_COLUMNS - 1;
        if (columns <= 0) return;
        if (columns == 1)
            canvas_spark(canvas, cell, row, 0, part, STYLE_SERIES_2);
        else
            canvas_bar(canvas, cell, row, 0, columns, part, STYLE_SERIES_2);
    }
}

static Style cell_style(const Scene *scene, size_t layer, ColumnKind kind)
{
    if (kind == COLUMN_ROUNDING || kind == COLUMN_ERROR || kind == COLUMN_STATE) {
        if (scene_is_live(scene, layer)) return kind == COLUMN_ROUNDING ? STYLE_TEXT : STYLE_STRONG;
        if (scene_is_stale(scene, layer)) return STYLE_DIM;
        return kind == COLUMN_STATE ? STYLE_GOOD : STYLE_TEXT;
    }
    if (kind >= COLUMN_SHARE && kind <= COLUMN_LOWER)
        return scene->snapshot && scene->snapshot->ladder_current ? STYLE_TEXT : STYLE_DIM;
    return kind == COLUMN_WEIGHT_BITS || kind == COLUMN_ACTIVATION_BITS ? STYLE_STRONG : STYLE_TEXT;
}

static void draw_cell(Canvas *canvas, Area inner, int row, const Table *table, const Scene *scene,
                      size_t layer, ColumnKind kind)
{
    char text[CELL_TEXT];
    Area cell = area_part(inner, 0, table->start[kind], inner.rows, table->columns[kind]);
    Style style = cell_style(scene, layer, kind);
    if (kind == COLUMN_NAME) { /* a long name keeps its end, by which layers differ */
        const char *name = scene_name(scene, layer);
        bool fits = canvas_width(canvas, name) <= cell.columns;
        canvas_text(canvas, cell, row, 0, style, "%s%s", fits ? "" : "…",
                    fits ? name : canvas_tail(canvas, name, cell.columns - 1));
        return;
    }
    write_cell(text, scene, layer, kind, table->columns[kind]);
    draw_bar(canvas, cell, row, table, scene, layer, kind);
    if (kinds[kind].right)
        canvas_text_right(canvas, cell, row, cell.columns, style, "%s", text);
    else
        canvas_text(canvas, cell, row, 0, style, "%s", text);
}

/* --- rows -------------------------------------------------------------------------------------------- */

int layers_rows(Area inner)
{
    return inner.rows > 1 ? inner.rows - 1 : 0;
}

/* The topmost row shown: the scene's, moved no further than keeps the cursor in sight and the table full. */
static size_t first_row(const Scene *scene, Area inner)
{
    size_t rows = (size_t)layers_rows(inner), first = scene->first;
    if (rows == 0) return 0;
    if (first + rows > scene->order_count) first = scene->order_count > rows ? scene->order_count - rows : 0;
    if (scene->cursor < first) first = scene->cursor;
    if (scene->cursor >= first + rows) first = scene->cursor - rows + 1;
    return first;
}

static void draw_row(Canvas *canvas, Area inner, int row, const Table *table, const Scene *scene,
                     size_t index)
{
    size_t layer = scene->order[index];
    bool marked = scene->marked && scene->marked[layer], here = index == scene->cursor;
    Area line = area_part(inner, row, 0, 1, inner.columns);
    for (ColumnKind kind = COLUMN_INDEX; kind < COLUMNS; kind++)
        if (table->columns[kind]) draw_cell(canvas, inner, row, table, scene, layer, kind);
    if (marked) canvas_restyle(canvas, line, STYLE_MARKED);
    if (here) canvas_restyle(canvas, line, STYLE_CURSOR);
    Style style = here ? STYLE_CURSOR : marked ? STYLE_MARKED : STYLE_TEXT;
    const char *mark = canvas_glyph(canvas, marked ? GLYPH_DIAMOND : GLYPH_RIGHT);
    if (marked || here) canvas_put(canvas, line, 0, 0, style, mark);
}

static void draw_titles(Canvas *canvas, Area inner, const Table *table, const Scene *scene)
{
    canvas_fill(canvas, area_part(inner, 0, 0, 1, inner.columns), STYLE_HEADER);
    for (ColumnKind kind = 0; kind < COLUMNS; kind++) {
        if (!table->columns[kind]) continue;
        const bool sorted = is_sorted(scene, kind);
        const char *mark = !sorted ? "" : canvas_glyph(canvas, scene->descending ? GLYPH_DOWN : GLYPH_UP);
        const Figure title = title_of(scene, kind, table->columns[kind]);
        Area cell = area_part(inner, 0, table->start[kind], 1, table->columns[kind]);
        if (kinds[kind].right)
            canvas_text_right(canvas, cell, 0, cell.columns, STYLE_HEADER, "%s%s", title.text, mark);
        else
            canvas_text(canvas, cell, 0, 0, STYLE_HEADER, "%s%s", title.text, mark);
    }
}

static void draw_layers(Canvas *canvas, Area inner, const Scene *scene)
{
    Table table = make_table(canvas, scene, inner.columns);
    measure_errors(&table, scene);
    draw_titles(canvas, inner, &table, scene);
    size_t first = first_row(scene, inner), rows = (size_t)layers_rows(inner);
    for (size_t r = 0; r < rows && first + r < scene->order_count; r++)
        draw_row(canvas, inner, (int)r + 1, &table, scene, first + r);
    if (scene->order_count == 0)
        canvas_text(canvas, inner, 1, 1, STYLE_DIM, "no layer matches '%s'", scene->filter);
    if (scene->order_count <= rows || inner.columns < 22) return;
    Area edge = {inner.row + inner.rows, inner.column, 1, inner.columns - 1}; /* of the frame */
    canvas_text_right(canvas, edge, 0, edge.columns, panel_style(scene, PANEL_LAYERS), " %zu-%zu of %zu ",
                      first + 1, first + rows, scene->order_count);
}

void view_layers(Page *page, const Scene *scene)
{
    int length = snprintf(page->title, sizeof page->title, "Layers");
    if (scene->filter[0])
        length += snprintf(page->title + length, sizeof page->title - (size_t)length, " · %zu match '%.64s'",
                           scene->order_count, scene->filter);
    if (scene->marked_count)
        snprintf(page->title + length, sizeof page->title - (size_t)length, " · %zu marked",
                 scene->marked_count);
    page->draw = draw_layers;
}

/* --- pointing ---------------------------------------------------------------------------------------- */

bool layers_row_at(size_t *index, const Scene *scene, Area inner, int row)
{
    if (row < 1 || row > layers_rows(inner)) return false;
    *index = first_row(scene, inner) + (size_t)(row - 1);
    return *index < scene->order_count;
}

bool layers_column_at(SortKey *sort, const Canvas *canvas, const Scene *scene, Area inner, int row,
                      int column)
{
    Table table = make_table(canvas, scene, inner.columns);
    if (row != 0) return false;
    for (ColumnKind kind = 0; kind < COLUMNS; kind++) {
        bool inside = column >= table.start[kind] && column < table.start[kind] + table.columns[kind];
        if (!inside || kinds[kind].sort == SORT_COUNT) continue;
        *sort = kinds[kind].sort;
        return true;
    }
    return false;
}
