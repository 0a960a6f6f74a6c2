/* SPDX-License-Identifier: MIT */
/* Two weights of the layer as a plane of codes: contours of the error, and the routes of the methods. */
#include "base/sizes.h"
#include "views/page.h"
#include "views/panels/lattice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_ASPECT 4 /* columns per row of a code */
#define LEGEND_ROWS 12
#define LEAST_SPAN 1.6 /* codes on each side of the float weights */

/* --- steps -------------------------------------------------------------------------------------------- */

const TwoWeights *scene_pair(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : scene_state(scene, layer);
    const Solved *solved = state ? state->solved : NULL;
    return solved && solved->pair.known ? &solved->pair : NULL;
}

TwoWeightsStep lattice_end(const TwoWeights *pair, TwoWeightsRoute route)
{
    TwoWeightsStep steps[TWO_WEIGHTS_STEPS];
    const size_t count = two_weights_route(steps, pair, route);
    return steps[count - 1];
}

size_t lattice_steps(LatticeStep steps[LATTICE_STEPS], const TwoWeights *pair)
{
    TwoWeightsStep digits[TWO_WEIGHTS_STEPS];
    const size_t count = two_weights_route(digits, pair, ROUTE_DIGITS);
    steps[0] = (LatticeStep){ROUTE_ROUNDING, digits[0]};
    for (size_t i = 1; i < count; i++) steps[i] = (LatticeStep){ROUTE_DIGITS, digits[i]};
    steps[count] = (LatticeStep){ROUTE_NEAREST_PLANE, lattice_end(pair, ROUTE_NEAREST_PLANE)};
    steps[count + 1] = (LatticeStep){ROUTE_BEST, lattice_end(pair, ROUTE_BEST)};
    return count + 2;
}

/* --- the plane ---------------------------------------------------------------------------------------- */

/* Codes to cells. The float weights are in the middle; the second weight grows upwards. */
typedef struct Plane {
    const TwoWeights *pair;
    Area area;
    double columns, rows; /* cells per code */
    double unit;          /* error of the innermost contour */
} Plane;

static Plane make_plane(const TwoWeights *pair, Area area, const LatticeStep *steps, size_t count)
{
    double span = LEAST_SPAN;
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < 2; k++) span = fmax(span, fabs(steps[i].step.codes[k] - pair->weights[k]) + 0.6);
    const double rows = (area.rows / 2 - 0.5) / span;
    const double columns = fmin((area.columns / 2 - 1) / span, MOST_ASPECT * rows);
    const double unit = fmax(steps[count - 1].step.error, 1e-12) * fmax(1, 6 / (rows * rows));
    return (Plane){pair, area, columns, rows, unit};
}

static int column_of(const Plane *plane, double code)
{
    return plane->area.columns / 2 + (int)lround((code - plane->pair->weights[0]) * plane->columns);
}

static int row_of(const Plane *plane, double code)
{
    return plane->area.rows / 2 - (int)lround((code - plane->pair->weights[1]) * plane->rows);
}

/* The number of contours around which a cell lies: at 1, 4, 9 ... times the least error of codes. */
static int ring_of(const Plane *plane, int row, int column)
{
    const double first = plane->pair->weights[0] + (column - plane->area.columns / 2) / plane->columns;
    const double second = plane->pair->weights[1] - (row - plane->area.rows / 2) / plane->rows;
    return (int)fmin(sqrt(two_weights_error(plane->pair, first, second) / plane->unit), 1e6);
}

static void draw_contours(Canvas *canvas, const Plane *plane)
{
    for (int r = 0; r < plane->area.rows; r++)
        for (int c = 0; c < plane->area.columns; c++) {
            const int here = ring_of(plane, r, c);
            if (here != ring_of(plane, r, c + 1) || here != ring_of(plane, r + 1, c))
                canvas_put(canvas, plane->area, r, c, STYLE_GRID, canvas_glyph(canvas, GLYPH_DOT));
        }
}

static void draw_codes(Canvas *canvas, const Plane *plane)
{
    const int most = (1 << (plane->pair->bits - 1)) - 1;
    const double *middle = plane->pair->weights;
    const int wide = (int)(plane->area.columns / 2 / plane->columns) + 1;
    const int high = (int)(plane->area.rows / 2 / plane->rows) + 1;
    for (int i = (int)rint(middle[0]) - wide; i <= (int)rint(middle[0]) + wide; i++)
        for (int j = (int)rint(middle[1]) - high; j <= (int)rint(middle[1]) + high; j++) {
            if (abs(i) > most || abs(j) > most) continue;
            const int row = row_of(plane, j), column = column_of(plane, i);
            if (row < 0 || row >= plane->area.rows || column < 0 || column >= plane->area.columns) continue;
            canvas_put(canvas, plane->area, row, column, STYLE_DIM, "+");
        }
}

static void draw_step(Canvas *canvas, const Plane *plane, const LatticeStep *step, size_t number, bool last)
{
    char mark[2] = {"RDNO"[step->route], 0};
    if (step->route == ROUTE_DIGITS) mark[0] = (char)('0' + number % 10);
    const int row = row_of(plane, step->step.codes[1]), column = column_of(plane, step->step.codes[0]);
    if (row < 0 || row >= plane->area.rows) return;
    canvas_put(canvas, plane->area, row, column,
               last                            ? STYLE_CURSOR
               : step->route == ROUTE_ROUNDING ? STYLE_SERIES_3
               : step->route == ROUTE_DIGITS   ? STYLE_SERIES_2
                                               : STYLE_SERIES_1,
               mark);
}

/* --- words -------------------------------------------------------------------------------------------- */

static void tell_step(Words *words, const LatticeStep *steps, size_t at, size_t count)
{
    const LatticeStep *here = &steps[at];
    words_add(words, "Step %zu/%zu, %s", at + 1, count, two_weights_route_name(here->route));
    if (here->route == ROUTE_DIGITS)
        words_add(words, ": digit %d of the %s weight changes", here->step.digit,
                  here->step.weight == 0 ? "first" : "second");
    words_add(words, ". Codes (%d, %d), error %s of E(0); the optimum has %s.", here->step.codes[0],
              here->step.codes[1], figure_number(here->step.error).text,
              figure_number(steps[count - 1].step.error).text);
}

static void draw_lattice(Canvas *canvas, Area inner, const Scene *scene)
{
    Words words = {0};
    const size_t layer = scene_layer(scene);
    const TwoWeights *pair = scene_pair(scene, layer);
    Area text = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    if (!pair) {
        add_reason(&words, scene, layer);
        words_add(&words, " A layer with two inputs that vary, on the uniform grid, has a plane of codes.");
        canvas_paragraph(canvas, text, 0, 0, STYLE_TEXT, words.text);
        return;
    }
    LatticeStep steps[LATTICE_STEPS];
    const size_t count = lattice_steps(steps, pair), cursor = scene->chart_cursor[PANEL_ERROR];
    const size_t at = cursor == SIZE_MAX ? 0 : size_min(cursor, count - 1);
    tell_step(&words, steps, at, count);
    if (text.rows >= LEGEND_ROWS)
        words_add(&words, " R RTN, 1 2 .. digits, N nearest plane, O optimum, x float; h and l step.");
    const int rows = canvas_paragraph(canvas, text, 0, 0, STYLE_TEXT, words.text);
    const Plane plane =
        make_plane(pair, area_part(text, rows, 0, text.rows - rows, text.columns), steps, count);
    if (plane.area.rows < 3) return;
    draw_contours(canvas, &plane);
    draw_codes(canvas, &plane);
    canvas_put(canvas, plane.area, row_of(&plane, pair->weights[1]), column_of(&plane, pair->weights[0]),
               STYLE_STRONG, "x");
    for (size_t i = 0; i <= at; i++) draw_step(canvas, &plane, &steps[i], i, i == at);
}

void view_error_lattice(Page *page, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    const TwoWeights *pair = scene_pair(scene, layer);
    if (pair)
        snprintf(page->title, sizeof page->title, "Two weights · %s, channel %zu, inputs %zu and %zu",
                 scene_short_name(scene, layer).text, pair->channel + 1, pair->inputs[0] + 1,
                 pair->inputs[1] + 1);
    else
        snprintf(page->title, sizeof page->title, "Two weights · the plane of their codes");
    words_add(&page->words,
              "Two weights of a channel, with all others kept float: each + is a pair of codes, and "
              "points of one error lie on an ellipse around the float weights x, a contour of H. "
              "Round-to-nearest takes the nearest +; single digits move along an axis and may get "
              "stuck; nearest plane moves one weight by the error that rounding made in the other.");
    page->draw = draw_lattice;
}
