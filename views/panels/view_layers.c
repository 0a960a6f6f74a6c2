#include "views/panels/view_layers.h"

#include "views/panels/layer_order.h"
#include "views/panels/parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
    COLUMN_SIZE,
    COLUMNS
} ColumnKind;

enum { CELL_TEXT = 80, NAME_MOST = 32, STATE_WORD_COLUMNS = 8, SHARE_MOST = 20 };

/* rank: columns of a lower rank are there first; 0: always. */
static const struct {
    const char *title;
    SortKey sort;
    int columns, rank;
    bool right;
} kinds[COLUMNS] = {
    [COLUMN_MARK] = {"", SORT_COUNT, 1, 0, false},
    [COLUMN_INDEX] = {"#", SORT_INDEX, 2, 0, true},
    [COLUMN_NAME] = {"layer", SORT_NAME, 8, 0, false},
    [COLUMN_OPERATOR] = {"kind", SORT_COUNT, 6, 7, false},
    [COLUMN_SHAPE] = {"shape", SORT_COUNT, 9, 6, false},
    [COLUMN_WEIGHT_BITS] = {"W", SORT_WEIGHT_BITS, 2, 0, true},
    [COLUMN_ACTIVATION_BITS] = {"A", SORT_ACTIVATION_BITS, 2, 0, true},
    [COLUMN_METHOD] = {"method", SORT_COUNT, 8, 5, false},
    [COLUMN_STATE] = {"", SORT_COUNT, 1, 1, false},
    [COLUMN_ROUNDING] = {"rounding", SORT_COUNT, 8, 3, true},
    [COLUMN_ERROR] = {"error", SORT_ERROR, 9, 0, true},
    [COLUMN_SHARE] = {"bound", SORT_SHARE, 6, 2, true},
    [COLUMN_SIZE] = {"size", SORT_SIZE, 8, 4, true},
};
enum { RANKS = 8 };

typedef struct Table {
    int start[COLUMNS], columns[COLUMNS]; /* columns 0: not shown */
    double least, most;                   /* of the errors known, for the small bars */
    double most_share;
} Table;

/* --- columns ----------------------------------------------------------------------------------------- */

static int longest_text(const Canvas *canvas, const Scene *scene, ColumnKind kind, int most)
{
    int longest = canvas_width(canvas, kinds[kind].title) + 1;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        const Layer *layer = &scene->network->layers[l];
        const char *text = kind == COLUMN_NAME       ? layer->name
                           : kind == COLUMN_SHAPE    ? part_shape(layer).text
                           : kind == COLUMN_OPERATOR ? layer->operator_name
                                                     : method_name(scene->plan->layers[l].method);
        int columns = canvas_width(canvas, text);
        if (columns > longest) longest = columns;
    }
    return longest < most ? longest : most;
}

static int wanted_columns(const Canvas *canvas, const Scene *scene, ColumnKind kind)
{
    switch (kind) {
    case COLUMN_INDEX:
        return scene->network->layer_count < 100 ? 2 : scene->network->layer_count < 1000 ? 3 : 5;
    case COLUMN_NAME:
        return longest_text(canvas, scene, kind, NAME_MOST);
    case COLUMN_SHAPE:
    case COLUMN_OPERATOR:
    case COLUMN_METHOD:
        return longest_text(canvas, scene, kind, 16);
    default:
        return kinds[kind].columns;
    }
}

static int show_rank(Table *table, const Canvas *canvas, const Scene *scene, int rank)
{
    int taken = 0;
    for (ColumnKind kind = 0; kind < COLUMNS; kind++) {
        if (kinds[kind].rank != rank) continue;
        table->columns[kind] = wanted_columns(canvas, scene, kind);
        taken += table->columns[kind] + 1;
    }
    return taken;
}

/* Shows columns by rank as far as they fit, and returns what is left. */
static int choose_columns(Table *table, const Canvas *canvas, const Scene *scene, int columns)
{
    int room = columns + 1 - show_rank(table, canvas, scene, 0); /* the last column needs no gap behind it */
    if (room < 0) {                                              /* the names give way */
        int names = table->columns[COLUMN_NAME] + room, least = kinds[COLUMN_NAME].columns;
        table->columns[COLUMN_NAME] = names > least ? names : least;
        return 0;
    }
    for (int rank = 1; rank < RANKS; rank++) {
        Table wider = *table;
        int taken = show_rank(&wider, canvas, scene, rank);
        if (taken > room) break;
        *table = wider;
        room -= taken;
    }
    return room;
}

static void spend_rest(Table *table, int rest)
{
    if (table->columns[COLUMN_STATE] && rest >= STATE_WORD_COLUMNS - 1) {
        table->columns[COLUMN_STATE] = STATE_WORD_COLUMNS;
        rest -= STATE_WORD_COLUMNS - 1;
    }
    if (!table->columns[COLUMN_SHARE]) return;
    int share = table->columns[COLUMN_SHARE] + rest;
    table->columns[COLUMN_SHARE] = share < SHARE_MOST ? share : SHARE_MOST;
}

static void measure_errors(Table *table, const Scene *scene)
{
    table->least = INFINITY;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        double error = part_error_now(scene, l);
        double share = part_step(scene, l) ? ladder_share(part_ladder(scene), l) : 0;
        if (error > 0 && isfinite(error)) {
            table->least = fmin(table->least, error);
            table->most = fmax(table->most, error);
        }
        if (isfinite(share)) table->most_share = fmax(table->most_share, share);
    }
}

static Table make_table(const Canvas *canvas, const Scene *scene, int columns)
{
    Table table = {0};
    spend_rest(&table, choose_columns(&table, canvas, scene, columns));
    int at = 0;
    for (ColumnKind kind = 0; kind < COLUMNS; kind++) {
        table.start[kind] = at;
        if (table.columns[kind]) at += table.columns[kind] + 1;
    }
    return table;
}

/* --- cells ------------------------------------------------------------------------------------------- */

static const char *state_word(const Scene *scene, size_t layer, bool narrow)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    if (!state) return narrow ? "·" : "waiting";
    if (state->state == LAYER_SOLVED) return part_stale(scene, layer) ? (narrow ? "·" : "changed") : "✓";
    switch (state->state) {
    case LAYER_CALIBRATING:
        return narrow ? "►" : "rows";
    case LAYER_SOLVING:
        return narrow ? "►" : "solving";
    case LAYER_FLOAT:
        return narrow ? "" : "float";
    default:
        return narrow ? "·" : "waiting";
    }
}

static void write_state(char text[CELL_TEXT], const Scene *scene, size_t layer, int columns)
{
    bool narrow = columns < STATE_WORD_COLUMNS;
    const char *word = state_word(scene, layer, narrow);
    if (!narrow && part_is_live(scene, layer))
        snprintf(text, CELL_TEXT, "epoch %zu",
                 scene->snapshot->trace[scene->snapshot->trace_count - 1].epoch);
    else
        snprintf(text, CELL_TEXT, "%s", word);
}

static void write_cell(char text[CELL_TEXT], const Scene *scene, size_t l, ColumnKind kind, int columns)
{
    const Layer *layer = &scene->network->layers[l];
    const LayerPlan *plan = &scene->plan->layers[l];
    const LadderStep *step = part_step(scene, l);
    double error = part_error_now(scene, l), rounding = part_rounding(scene, l);
    text[0] = 0;
    switch (kind) {
    case COLUMN_INDEX:
        snprintf(text, CELL_TEXT, "%zu", l + 1);
        break;
    case COLUMN_OPERATOR:
        snprintf(text, CELL_TEXT, "%s", layer->operator_name);
        break;
    case COLUMN_SHAPE:
        snprintf(text, CELL_TEXT, "%s", part_shape(layer).text);
        break;
    case COLUMN_WEIGHT_BITS:
        snprintf(text, CELL_TEXT, "%s", part_bits(plan->weight_bits));
        break;
    case COLUMN_ACTIVATION_BITS:
        snprintf(text, CELL_TEXT, "%s", part_bits(plan->activation_bits));
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
        if (step && step->quantized)
            snprintf(text, CELL_TEXT, "%s",
                     figure_percent_fixed(ladder_share(part_ladder(scene), l), 1).text);
        break;
    case COLUMN_SIZE:
        snprintf(text, CELL_TEXT, "%s", figure_bytes(plan_layer_bytes(scene->plan, scene->network, l)).text);
        break;
    default:
        break;
    }
}

/* The height of a small bar: errors by their logarithms, between the least and the most. */
static double error_height(const Table *table, double error)
{
    if (!(error > 0) || !isfinite(error)) return 0;
    double span = log(table->most / table->least);
    return span > 0 ? 0.125 + 0.875 * log(error / table->least) / span : 1;
}

static void draw_picture(Canvas *canvas, Area cell, int row, const Table *table, const Scene *scene,
                         size_t layer, ColumnKind kind)
{
    if (kind == COLUMN_ERROR)
        canvas_spark(canvas, cell, row, 0, error_height(table, part_error_now(scene, layer)), STYLE_SERIES_1);
    if (kind != COLUMN_SHARE || !part_step(scene, layer) || !(table->most_share > 0)) return;
    double part = ladder_share(part_ladder(scene), layer) / table->most_share;
    int bar = cell.columns - 7;
    if (bar == 1)
        canvas_spark(canvas, cell, row, 0, part, STYLE_SERIES_2);
    else
        canvas_bar(canvas, cell, row, 0, bar, part, STYLE_SERIES_2);
}

static Style cell_style(const Scene *scene, size_t layer, ColumnKind kind)
{
    if (kind == COLUMN_ROUNDING || kind == COLUMN_ERROR || kind == COLUMN_STATE) {
        if (part_is_live(scene, layer)) return kind == COLUMN_ROUNDING ? STYLE_TEXT : STYLE_STRONG;
        if (part_stale(scene, layer)) return STYLE_DIM;
        return kind == COLUMN_STATE ? STYLE_GOOD : STYLE_TEXT;
    }
    if (kind == COLUMN_SHARE)
        return scene->snapshot && scene->snapshot->ladder_current ? STYLE_TEXT : STYLE_DIM;
    if (kind == COLUMN_WEIGHT_BITS || kind == COLUMN_ACTIVATION_BITS) return STYLE_STRONG;
    return STYLE_TEXT;
}

/* A name that is too long keeps its end, by which layers differ. */
static void draw_name(Canvas *canvas, Area cell, int row, Style style, const char *name)
{
    int columns = canvas_width(canvas, name);
    if (columns <= cell.columns)
        canvas_text(canvas, cell, row, 0, style, "%s", name);
    else
        canvas_text(canvas, cell, row, 0, style, "…%s", part_tail(canvas, name, cell.columns - 1));
}

static void draw_cell(Canvas *canvas, Area inner, int row, const Table *table, const Scene *scene,
                      size_t layer, ColumnKind kind)
{
    char text[CELL_TEXT];
    Area cell = area_part(inner, 0, table->start[kind], inner.rows, table->columns[kind]);
    Style style = cell_style(scene, layer, kind);
    if (kind == COLUMN_NAME) {
        draw_name(canvas, cell, row, style, part_name(scene, layer));
        return;
    }
    write_cell(text, scene, layer, kind, table->columns[kind]);
    draw_picture(canvas, cell, row, table, scene, layer, kind);
    if (kinds[kind].right)
        canvas_text_right(canvas, cell, row, cell.columns, style, "%s", text);
    else
        canvas_text(canvas, cell, row, 0, style, "%s", text);
}

/* --- rows -------------------------------------------------------------------------------------------- */

static int table_rows(Area inner)
{
    return inner.rows > 1 ? inner.rows - 1 : 0;
}

/* The topmost row shown: the scene's, moved as little as keeps the cursor in sight and the table full. */
static size_t first_row(const Scene *scene, Area inner)
{
    size_t rows = (size_t)table_rows(inner), first = scene->first;
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
        bool sorted = kinds[kind].sort == scene->sort && kinds[kind].sort != SORT_COUNT;
        const char *mark = !sorted ? "" : canvas_glyph(canvas, scene->descending ? GLYPH_DOWN : GLYPH_UP);
        const char *title = kind == COLUMN_STATE && table->columns[kind] > 1 ? "state" : kinds[kind].title;
        Area cell = area_part(inner, 0, table->start[kind], 1, table->columns[kind]);
        if (kinds[kind].right)
            canvas_text_right(canvas, cell, 0, cell.columns, STYLE_HEADER, "%s%s", title, mark);
        else
            canvas_text(canvas, cell, 0, 0, STYLE_HEADER, "%s%s", title, mark);
    }
}

/* What is not seen of the table, in the frame's lower edge. */
static void draw_extent(Canvas *canvas, Area area, Style style, const Scene *scene, size_t first, int rows)
{
    if (scene->order_count <= (size_t)rows || area.columns < 24) return;
    canvas_text_right(canvas, area, area.rows - 1, area.columns - 2, style, " %zu-%zu of %zu ", first + 1,
                      first + (size_t)rows, scene->order_count);
}

static void write_title(char title[256], const Scene *scene)
{
    int length = snprintf(title, 256, "Layers");
    if (scene->filter[0])
        length += snprintf(title + length, 256 - (size_t)length, " · %zu with '%.64s'", scene->order_count,
                           scene->filter);
    if (scene->marked_count)
        snprintf(title + length, 256 - (size_t)length, " · %zu marked", scene->marked_count);
}

void layers_draw(Canvas *canvas, Area area, const Scene *scene)
{
    char title[256];
    write_title(title, scene);
    Style border = scene->front == PANEL_LAYERS ? STYLE_FOCUS : STYLE_BORDER;
    Area inner = canvas_frame(canvas, area, border, "%s", title);
    Table table = make_table(canvas, scene, inner.columns);
    measure_errors(&table, scene);
    draw_titles(canvas, inner, &table, scene);
    size_t first = first_row(scene, inner);
    int rows = table_rows(inner);
    for (int r = 0; r < rows && first + (size_t)r < scene->order_count; r++)
        draw_row(canvas, inner, r + 1, &table, scene, first + (size_t)r);
    if (scene->order_count == 0)
        canvas_text(canvas, inner, 1, 1, STYLE_DIM, "no layer's name holds '%s'", scene->filter);
    draw_extent(canvas, area, border, scene, first, rows);
}

/* --- pointing ---------------------------------------------------------------------------------------- */

bool layers_row_at(size_t *index, const Scene *scene, Area inner, int row)
{
    if (row < 1 || row > table_rows(inner)) return false;
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
