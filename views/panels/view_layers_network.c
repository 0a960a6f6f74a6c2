/* SPDX-License-Identifier: MIT */
/* The network's graph: rows in topological order, values as rails, and each layer's figures beside its node.
 */
#include "network/diagram.h"
#include "views/layer_cost.h"
#include "views/page.h"
#include "views/panels/view_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RAILS_MOST 32     /* columns of rails that are drawn; the rest is cut */
#define NAME_LEAST 10     /* columns of a name, before figures are left out for it */
#define EXPLAINED_ROWS 14 /* from this height on, an explanation stands below the rows */
#define EXPLANATION_COLUMNS 60
#define CELL_TEXT 48

/* --- figures beside a node ---------------------------------------------------------------------------- */

typedef enum Field { FIELD_BITS, FIELD_ERROR, FIELD_SHARE, FIELD_NORM, FIELD_LAMBDA, FIELD_COUNT } Field;

/* In the order in which they get room. */
static const struct {
    const char *title;
    int columns;
} fields[FIELD_COUNT] = {[FIELD_BITS] = {"W  A", 5},
                         [FIELD_ERROR] = {"error", 8},
                         [FIELD_SHARE] = {"share", 7},
                         [FIELD_NORM] = {"norm", 6},
                         [FIELD_LAMBDA] = {"Lipschitz", 9}};

static double norm_of(const Scene *scene, const Layer *layer)
{
    const bool known = scene->snapshot && scene->snapshot->norms && layer->use_count;
    return known ? scene->snapshot->norms[layer->uses[0]].upper : NAN;
}

static void write_field(char text[CELL_TEXT], const Scene *scene, size_t l, Field field)
{
    const LayerPlan *plan = &scene->plan->layers[l];
    const LadderStep *step = scene_step(scene, l);
    const double error = scene_error(scene, l), share = layer_share(scene, l),
                 norm = norm_of(scene, &scene->network->layers[l]);
    text[0] = 0;
    if (field == FIELD_BITS)
        snprintf(text, CELL_TEXT, "%s %2s", weights_text(plan).text, bits_text(plan->activation_bits));
    else if (field == FIELD_ERROR && !isnan(error))
        snprintf(text, CELL_TEXT, "%s", figure_number(error).text);
    else if (field == FIELD_SHARE && !isnan(share))
        snprintf(text, CELL_TEXT, "%s", figure_percent_fixed(share, 1).text);
    else if (field == FIELD_NORM && !isnan(norm))
        snprintf(text, CELL_TEXT, "%s", figure_number(norm).text);
    else if (field == FIELD_LAMBDA && step && step->lambda > 0)
        snprintf(text, CELL_TEXT, "%s", figure_number(step->lambda).text);
}

static Style field_style(const Scene *scene, size_t layer, Field field)
{
    if (field == FIELD_BITS) return STYLE_STRONG;
    if (field == FIELD_ERROR) return scene_is_stale(scene, layer) ? STYLE_DIM : STYLE_TEXT;
    return scene->snapshot && scene->snapshot->ladder_current ? STYLE_TEXT : STYLE_DIM;
}

/* --- where things stand ------------------------------------------------------------------------------- */

typedef struct Picture {
    Diagram diagram;
    Area rows;             /* of the graph, below the titles */
    int rails;             /* columns that the rails take, with a gap behind each */
    int name;              /* columns of names */
    int ends[FIELD_COUNT]; /* column behind a field; 0: not shown */
    size_t first, cursor;  /* topmost row shown; row of the layer under the cursor, or NO_INDEX */
} Picture;

static int explanation_rows(Area inner)
{
    return inner.rows >= EXPLAINED_ROWS && inner.columns >= EXPLANATION_COLUMNS ? 3 : 0;
}

static int longest_name(const Scene *scene)
{
    int longest = NAME_LEAST;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        const int length = (int)strnlen(scene->network->layers[l].name, CANVAS_MOST);
        if (length > longest) longest = length;
    }
    return longest;
}

/* Fields stand right of the names, while there is room for a name of NAME_LEAST columns. */
static void place_fields(Picture *picture, const Scene *scene, int columns)
{
    int rest = columns - 2 - picture->rails - NAME_LEAST, taken = 0, shown = 0;
    while (shown < FIELD_COUNT && taken + fields[shown].columns + 1 <= rest)
        taken += fields[shown++].columns + 1;
    const int room = columns - 2 - picture->rails - taken, longest = longest_name(scene);
    picture->name = room < longest ? room : longest;
    int at = picture->rails + 1 + picture->name;
    for (int f = 0; f < shown; f++) picture->ends[f] = at += fields[f].columns + 1;
}

/* The cursor's row stands in the middle, as far as the graph's ends allow. */
static void scroll(Picture *picture)
{
    const size_t count = picture->diagram.row_count, rows = (size_t)picture->rows.rows;
    const size_t cursor = picture->cursor == NO_INDEX ? 0 : picture->cursor;
    if (count <= rows) return;
    picture->first = cursor > rows / 2 ? cursor - rows / 2 : 0;
    if (picture->first + rows > count) picture->first = count - rows;
}

/* False without memory. */
static bool make_picture(Picture *picture, const Scene *scene, Area inner)
{
    const size_t layer = scene_layer(scene);
    *picture = (Picture){.cursor = NO_INDEX};
    if (diagram_create(&picture->diagram, scene->network, NULL) != STATUS_OK) return false;
    if (layer != NO_INDEX) picture->cursor = diagram_layer_row(&picture->diagram, scene->network, layer);
    const size_t most = RAILS_MOST, columns = picture->diagram.columns;
    picture->rails = 2 * (int)(columns < most ? columns : most);
    if (picture->rails > inner.columns / 2) picture->rails = inner.columns / 2;
    picture->rows = area_part(inner, 1, 0, inner.rows - 1 - explanation_rows(inner), inner.columns);
    place_fields(picture, scene, inner.columns);
    scroll(picture);
    return true;
}

/* --- drawing ------------------------------------------------------------------------------------------ */

static Glyph rail_glyph(unsigned cell)
{
    static const Glyph glyphs[16] = {[DIAGRAM_UP | DIAGRAM_DOWN] = GLYPH_VERTICAL,
                                     [DIAGRAM_UP] = GLYPH_VERTICAL,
                                     [DIAGRAM_DOWN] = GLYPH_VERTICAL,
                                     [DIAGRAM_LEFT | DIAGRAM_RIGHT] = GLYPH_HORIZONTAL,
                                     [DIAGRAM_UP | DIAGRAM_LEFT] = GLYPH_BOTTOM_RIGHT,
                                     [DIAGRAM_UP | DIAGRAM_RIGHT] = GLYPH_BOTTOM_LEFT,
                                     [DIAGRAM_DOWN | DIAGRAM_LEFT] = GLYPH_TOP_RIGHT,
                                     [DIAGRAM_DOWN | DIAGRAM_RIGHT] = GLYPH_TOP_LEFT,
                                     [DIAGRAM_UP | DIAGRAM_DOWN | DIAGRAM_LEFT] = GLYPH_TICK_LEFT,
                                     [DIAGRAM_UP | DIAGRAM_DOWN | DIAGRAM_RIGHT] = GLYPH_TICK_RIGHT,
                                     [DIAGRAM_UP | DIAGRAM_LEFT | DIAGRAM_RIGHT] = GLYPH_TICK_UP,
                                     [DIAGRAM_DOWN | DIAGRAM_LEFT | DIAGRAM_RIGHT] = GLYPH_TICK_DOWN,
                                     [15] = GLYPH_JUNCTION};
    return cell & DIAGRAM_CROSSING ? GLYPH_VERTICAL : glyphs[cell & 15];
}

static void draw_rails(Canvas *canvas, Area line, const Picture *picture, size_t row)
{
    static const Glyph nodes[] = {[DIAGRAM_INPUT] = GLYPH_SQUARE,
                                  [DIAGRAM_LAYER] = GLYPH_CIRCLE,
                                  [DIAGRAM_JOIN] = GLYPH_DIAMOND,
                                  [DIAGRAM_OUTPUT] = GLYPH_SQUARE};
    const DiagramKind kind = picture->diagram.rows[row].kind;
    unsigned char cells[RAILS_MOST];
    Area rails = area_part(line, 0, 1, 1, picture->rails);
    diagram_cells(cells, RAILS_MOST, &picture->diagram, row);
    for (int c = 0; c < RAILS_MOST && 2 * c < picture->rails; c++) {
        const bool node = cells[c] & DIAGRAM_NODE;
        const Style style = !node ? STYLE_GRID : kind == DIAGRAM_LAYER ? STYLE_SERIES_1 : STYLE_SERIES_2;
        if (cells[c])
            canvas_put(canvas, rails, 0, 2 * c, style,
                       canvas_glyph(canvas, node ? nodes[kind] : rail_glyph(cells[c])));
        if (cells[c] & DIAGRAM_RIGHT)
            canvas_put(canvas, rails, 0, 2 * c + 1, STYLE_GRID, canvas_glyph(canvas, GLYPH_HORIZONTAL));
    }
}

static void draw_name(Canvas *canvas, Area cell, Style style, const char *name)
{
    const bool fits = canvas_width(canvas, name) <= cell.columns;
    canvas_text(canvas, cell, 0, 0, style, "%s%s", fits ? "" : "…",
                fits ? name : canvas_tail(canvas, name, cell.columns - 1));
}

static const char *row_name(const Scene *scene, const DiagramRow *row)
{
    if (row->kind == DIAGRAM_INPUT) return "input";
    if (row->kind == DIAGRAM_OUTPUT) return "output";
    const Node *node = &scene->network->nodes[row->node];
    if (row->kind == DIAGRAM_LAYER) return scene_name(scene, node->layer);
    return node->operator_name ? node->operator_name : node->name;
}

static void draw_figures(Canvas *canvas, Area line, const Picture *picture, const Scene *scene, size_t layer)
{
    char text[CELL_TEXT];
    for (Field field = 0; field < FIELD_COUNT && picture->ends[field]; field++) {
        write_field(text, scene, layer, field);
        canvas_text_right(canvas, line, 0, picture->ends[field], field_style(scene, layer, field), "%s",
                          text);
    }
}

static void draw_row(Canvas *canvas, Area line, const Picture *picture, const Scene *scene, size_t index)
{
    const DiagramRow *row = &picture->diagram.rows[index];
    const bool is_layer = row->kind == DIAGRAM_LAYER;
    const size_t layer = is_layer ? scene->network->nodes[row->node].layer : NO_INDEX;
    const bool marked = is_layer && scene->marked && scene->marked[layer];
    const bool here = is_layer && layer == scene_layer(scene);
    Area text = area_part(line, 0, 1 + picture->rails, 1, line.columns);
    draw_rails(canvas, line, picture, index);
    draw_name(canvas, area_part(text, 0, 0, 1, picture->name), is_layer ? STYLE_TEXT : STYLE_DIM,
              row_name(scene, row));
    if (is_layer) draw_figures(canvas, line, picture, scene, layer);
    if (marked) canvas_restyle(canvas, text, STYLE_MARKED);
    if (here) canvas_restyle(canvas, text, STYLE_CURSOR);
    const Style style = here ? STYLE_CURSOR : STYLE_MARKED;
    if (here || marked)
        canvas_put(canvas, line, 0, 0, style, canvas_glyph(canvas, marked ? GLYPH_DIAMOND : GLYPH_RIGHT));
}

static void draw_titles(Canvas *canvas, Area line, const Picture *picture, const Scene *scene)
{
    canvas_fill(canvas, line, STYLE_HEADER);
    canvas_text(canvas, area_part(line, 0, 1 + picture->rails, 1, picture->name), 0, 0, STYLE_HEADER,
                "layer");
    for (Field field = 0; field < FIELD_COUNT && picture->ends[field]; field++)
        canvas_text_right(canvas, line, 0, picture->ends[field], STYLE_HEADER, "%s",
                          field == FIELD_SHARE ? rung_name(scene->rung) : fields[field].title);
}

/* --- explanation -------------------------------------------------------------------------------------- */

/* What the layer under the cursor means for the bound. */
static void explain(Words *words, const Scene *scene, const Picture *picture)
{
    const size_t layer = scene_layer(scene);
    if (picture->cursor == NO_INDEX) return;
    const size_t beside = picture->diagram.rows[picture->cursor].beside;
    const LadderStep *step = scene_step(scene, layer);
    words_add(words, "%s lies ", scene_short_name(scene, layer).text);
    if (beside)
        words_add(words, "on a branch: %zu other rail%s beside it.", beside, beside == 1 ? " runs" : "s run");
    else
        words_add(words, "on the trunk: every path runs through it.");
    if (step && step->lambda > 0)
        words_add(words, " An error of its output reaches the network's output at most %s times as large:",
                  figure_number(step->lambda).text);
    else
        words_add(words, " The Lipschitz constant behind a layer says how much its error can grow:");
    words_add(words, " norms multiply down a rail, and branches add where they join.");
}

static void draw_network(Canvas *canvas, Area inner, const Scene *scene)
{
    Picture picture;
    Words words = {0};
    if (!make_picture(&picture, scene, inner)) {
        canvas_text(canvas, inner, 0, 1, STYLE_WARNING, "no memory for the network's graph");
        return;
    }
    draw_titles(canvas, area_part(inner, 0, 0, 1, inner.columns), &picture, scene);
    const size_t count = picture.diagram.row_count, rows = (size_t)picture.rows.rows;
    for (size_t r = 0; r < rows && picture.first + r < count; r++)
        draw_row(canvas, area_part(picture.rows, (int)r, 0, 1, inner.columns), &picture, scene,
                 picture.first + r);
    explain(&words, scene, &picture);
    Area below =
        area_part(inner, inner.rows - explanation_rows(inner), 1, explanation_rows(inner), inner.columns - 2);
    canvas_paragraph(canvas, below, 0, 0, STYLE_DIM, words.text);
    if (count > rows && inner.columns >= 22) {
        Area edge = {inner.row + inner.rows, inner.column, 1, inner.columns - 1}; /* of the frame */
        canvas_text_right(canvas, edge, 0, edge.columns, panel_style(scene, PANEL_LAYERS), " %zu-%zu of %zu ",
                          picture.first + 1, picture.first + rows, count);
    }
    diagram_free(&picture.diagram);
}

void view_layers_network(Page *page, const Scene *scene)
{
    (void)scene;
    snprintf(page->title, sizeof page->title, "Layers · the network's graph");
    page->draw = draw_network;
}

/* --- pointing ----------------------------------------------------------------------------------------- */

bool network_row_at(size_t *index, const Scene *scene, Area inner, int row)
{
    Picture picture;
    bool found = false;
    if (row < 1 || !make_picture(&picture, scene, inner)) return false;
    const size_t at = picture.first + (size_t)(row - 1);
    if (row <= picture.rows.rows && at < picture.diagram.row_count &&
        picture.diagram.rows[at].kind == DIAGRAM_LAYER) {
        const size_t layer = scene->network->nodes[picture.diagram.rows[at].node].layer;
        for (size_t i = 0; !found && i < scene->order_count; i++)
            if ((found = scene->order[i] == layer)) *index = i;
    }
    diagram_free(&picture.diagram);
    return found;
}
