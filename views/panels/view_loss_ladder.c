/* SPDX-License-Identifier: MIT */
/* The output loss: the ladder of bounds as bars, loosest first, down to the measured loss. */
#include "views/page.h"
#include "views/pinned.h"
#include "views/visited_plan.h"

#include <math.h>
#include <stdio.h>

enum { RUNGS = 4, INSET_LEAST = 10, NAME_COLUMNS = 10, VALUE_COLUMNS = 8, MEANING_COLUMNS = 70 };

/* gain: why the next rung is lower. */
static const struct {
    const char *name, *gain, *meaning;
    Style style;
} rungs[RUNGS] = {
    {"Frobenius", "by operator norms", "sum of lambda x local error, with Frobenius norms", STYLE_SERIES_4},
    {"spectral", "by running the layers", "the same, with proven operator norms", STYLE_SERIES_3},
    {"hybrid", "changes differ in direction", "sum of the output changes, quantizing layer by layer",
     STYLE_SERIES_2},
    {"measured", "", "distance between the quantized and the float output", STYLE_SERIES_1},
};

/* Bars share a log scale over whole decades. */
typedef struct Bars {
    double values[RUNGS]; /* relative to the norm of the float output */
    double pinned[RUNGS]; /* the pinned plan's; 0 where they are not known */
    double low, high;     /* of the scale, as log10; low >= high: there is no scale */
    int columns;
} Bars;

/* Without a ladder, zeros. */
static void take_values(double values[RUNGS], const Ladder *ladder)
{
    if (!ladder) return;
    const double unit = ladder_unit(ladder),
                 norms[RUNGS] = {ladder->frobenius, ladder->spectral, ladder->hybrid, ladder->measured};
    for (size_t r = 0; r < RUNGS; r++) values[r] = norms[r] / unit;
}

static void widen_scale(Bars *bars, double value)
{
    if (!(value > 0) || !isfinite(value)) return;
    bars->low = fmin(bars->low, floor(log10(value) - 0.3));
    bars->high = fmax(bars->high, ceil(log10(value)));
}

static Bars make_bars(const Scene *scene, const Ladder *ladder, int columns)
{
    Bars bars = {.low = INFINITY, .high = -INFINITY};
    take_values(bars.values, ladder);
    take_values(bars.pinned, pinned_ladder(scene));
    for (size_t r = 0; r < RUNGS; r++) {
        widen_scale(&bars, bars.values[r]);
        widen_scale(&bars, bars.pinned[r]);
    }
    int rest = columns - NAME_COLUMNS - VALUE_COLUMNS;
    bars.columns = rest - (rest >= 60   ? 34
                           : rest >= 16 ? 10
                                        : 0); /* the ratio to the next rung beside them */
    return bars;
}

/* Where a value stands on the scale, 0..1; 0 where it has no place. */
static double part_of(const Bars *bars, double value)
{
    if (!(value > 0) || !isfinite(value) || !(bars->low < bars->high)) return 0;
    return fmax((log10(value) - bars->low) / (bars->high - bars->low), 0.01);
}

/* The pinned plan's value, as a mark on the bar. */
static void draw_pinned(Canvas *canvas, Area area, int row, const Bars *bars, size_t r)
{
    const double part = part_of(bars, bars->pinned[r]);
    if (!(part > 0) || bars->columns < 1) return;
    const int column = (int)(part * (double)bars->columns);
    canvas_put(canvas, area, row,
               NAME_COLUMNS + VALUE_COLUMNS + (column < bars->columns ? column : bars->columns - 1),
               STYLE_PINNED, canvas_glyph(canvas, GLYPH_UP));
}

static void draw_rung(Canvas *canvas, Area area, int row, const Bars *bars, size_t r, bool current)
{
    const int start = NAME_COLUMNS + VALUE_COLUMNS, ratio = start + bars->columns + 1;
    const Style strong = current ? STYLE_STRONG : STYLE_DIM;
    const double value = bars->values[r];
    canvas_text(canvas, area, row, 0, current ? STYLE_TEXT : STYLE_DIM, "%s", rungs[r].name);
    if (!isfinite(value)) {
        canvas_text(canvas, area, row, start, STYLE_WARNING, "no finite bound");
        return;
    }
    canvas_text_right(canvas, area, row, start - 1, strong, "%s", figure_number(value).text);
    canvas_bar(canvas, area, row, start, bars->columns, part_of(bars, value),
               current ? rungs[r].style : STYLE_DIM);
    draw_pinned(canvas, area, row, bars, r);
    if (r + 1 == RUNGS || !(bars->values[r + 1] > 0)) return;
    int taken =
        canvas_text(canvas, area, row, ratio, strong, "÷ %s", figure_ratio(value / bars->values[r + 1]).text);
    if (area.columns - ratio >= 33)
        canvas_text(canvas, area, row, ratio + taken + 1, STYLE_DIM, "%s", rungs[r].gain);
}

static void draw_scale(Canvas *canvas, Area area, int row, const Bars *bars)
{
    if (!(bars->low < bars->high) || bars->columns < 16) return;
    Area scale = area_part(area, row, NAME_COLUMNS + VALUE_COLUMNS, 1, bars->columns);
    for (int c = 0; c < bars->columns; c++)
        canvas_put(canvas, scale, 0, c, STYLE_GRID, canvas_glyph(canvas, GLYPH_DOT));
    canvas_text(canvas, scale, 0, 0, STYLE_GRID, "%s ", figure_scientific(pow(10, bars->low), 0).text);
    canvas_text_right(canvas, scale, 0, bars->columns, STYLE_GRID, " %s",
                      figure_scientific(pow(10, bars->high), 0).text);
}

/* The share of images that each test certifies, loosest test first. */
static void add_certified(Words *words, const Ladder *ladder)
{
    static const char *const names[] = {[CERTIFIED_NORMS] = "norms", "direction", "one-sided", "by stage"};
    const size_t images = ladder->images;
    words_add(words, "Certified: ");
    if (isfinite(ladder->spectral))
        words_add(words, "spectral %s, ",
                  figure_percent_of(ladder->certified[CERTIFIED_SPECTRAL], images).text);
    for (Certificate c = CERTIFIED_NORMS; c <= CERTIFIED_BY_STAGE; c++)
        words_add(words, "%s%s %s", c == CERTIFIED_NORMS ? "" : ", ", names[c],
                  figure_percent_of(ladder->certified[c], images).text);
    words_add(words, "; kept %s of %s.", figure_percent_of(ladder->kept, images).text,
              figure_count(images).text);
}

/* The pinned plan's name behind its mark, and its values. Returns the rows taken. */
static int draw_pinned_name(Canvas *canvas, Area area, int row, const Scene *scene, const Bars *bars)
{
    Words words = {0};
    const size_t index = pinned_index(scene);
    if (index == NO_INDEX) return 0;
    words_add(&words, "%s %s: ", canvas_glyph(canvas, GLYPH_UP), visited_label(scene, index).text);
    if (pinned_ladder(scene))
        words_add(&words, "spectral %s, hybrid %s, measured %s.", figure_number(bars->pinned[1]).text,
                  figure_number(bars->pinned[2]).text, figure_number(bars->pinned[3]).text);
    else
        words_add(&words, "its bounds are not known in this session: return to it once.");
    return canvas_paragraph(canvas, area, row, 0, STYLE_PINNED, words.text);
}

/* What is to be said about the ladder. Returns the row below. */
static int draw_notes(Canvas *canvas, Area area, int row, const Scene *scene, const Ladder *ladder)
{
    Words culprit = {0}, costs = {0}, certified = {0};
    if (ladder->culprit)
        words_add(&culprit, "No finite Lipschitz constant at node '%s': %s. The hybrid bound needs none.",
                  character_short_name(ladder->culprit).text, ladder->reason ? ladder->reason : "?");
    add_costliest(&costs, scene, ladder);
    add_certified(&certified, ladder);
    if (!scene->snapshot->ladder_current)
        row += canvas_paragraph(canvas, area, row, 0, STYLE_WARNING, "From an earlier plan.");
    row += canvas_paragraph(canvas, area, row, 0, STYLE_WARNING, culprit.text);
    row += canvas_paragraph(canvas, area, row, 0, STYLE_TEXT, certified.text);
    row += canvas_paragraph(canvas, area, row, 0, STYLE_TEXT, costs.text);
    if (scene->snapshot->ladder_current && scene->snapshot->ladder_fraction < 1)
        row += canvas_text(canvas, area, row, 0, STYLE_WARNING, "On the first %s of the images so far.",
                           figure_percent(scene->snapshot->ladder_fraction).text) > 0;
    if (area.rows - row < 5) return row;
    return row + 2 +
           canvas_paragraph(
               canvas, area, row + 1, 0, STYLE_DIM,
               "Relative to the norm of the float output over all images: at 1 the error is as large as the "
               "output. An image is certified by norms if its hybrid sum is below its margin / sqrt 2; by "
               "direction if the changes of its margin over each class, step by step, add up to less than "
               "that margin; one-sided if those that lower it do; by stage, summed within stages first. What "
               "is measured illustrates the tests: with the outputs at hand, the prediction is seen.");
}

static void draw_pending(Canvas *canvas, Area area, const Scene *scene)
{
    Words words = {0};
    words_add(&words, "No bound yet: %s.", scene_bounds_pending(scene));
    int row = canvas_paragraph(canvas, area, 0, 0, STYLE_TEXT, words.text) + 1;
    Area meanings = {area.row, area.column + NAME_COLUMNS, area.rows, area.columns - NAME_COLUMNS};
    for (size_t r = 0; r < RUNGS && row < area.rows; r++) {
        canvas_text(canvas, area, row, 0, STYLE_DIM, "%s", rungs[r].name);
        row += canvas_paragraph(canvas, meanings, row, 0, STYLE_DIM, rungs[r].meaning);
    }
}

/* All but the chart. Returns the row below. */
static int draw_ladder(Canvas *canvas, Area inner, const Scene *scene, const Ladder *ladder)
{
    Area area = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    int row = 0;
    if (ladder->violation) { /* a bug in this program, which must be seen */
        Words words = {0};
        words_add(&words, "Violated: %s. This is a bug: please report it.", ladder->violation);
        row = canvas_paragraph(canvas, area, 0, 0, STYLE_BAD, words.text);
    }
    Bars bars = make_bars(scene, ladder, area.columns);
    const bool current = scene->snapshot->ladder_current && !scene_plan_is_ahead(scene);
    const bool meanings = area.rows - row >= 14 && area.columns >= MEANING_COLUMNS;
    for (size_t r = 0; r < RUNGS; r++) {
        draw_rung(canvas, area, row++, &bars, r, current);
        if (meanings)
            canvas_text(canvas, area, row++, NAME_COLUMNS + VALUE_COLUMNS, STYLE_DIM, "%s", rungs[r].meaning);
    }
    if (area.rows - row >= 4) draw_scale(canvas, area, row++, &bars);
    row += draw_pinned_name(canvas, area, row, scene, &bars);
    return draw_notes(canvas, area, row, scene, ladder);
}

/* The chart of all layers, where rows are left below the rest, which is drawn outside the canvas to measure
 * it.
 */
static bool fill_inset(Page *page, Area *area, const Canvas *canvas, Area inner, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    if (!ladder) return false;
    const Area outside = {canvas->rows, inner.column, inner.rows, inner.columns};
    const int row = draw_ladder((Canvas *)canvas, outside, scene, ladder);
    *area = area_part(inner, row, 0, inner.rows - row, inner.columns);
    if (area->rows < INSET_LEAST) return false;
    page_fill(page, scene, VIEW_LOSS_LAYERS);
    page->head = (Words){0};
    words_add(&page->head, "What each layer adds to each bound, in the same units:");
    return true;
}

static void draw(Canvas *canvas, Area inner, const Scene *scene)
{
    Page inset;
    Area area;
    const Ladder *ladder = scene_ladder(scene);
    if (!ladder) {
        draw_pending(canvas, area_part(inner, 0, 1, inner.rows, inner.columns - 2), scene);
        return;
    }
    draw_ladder(canvas, inner, scene, ladder);
    if (!fill_inset(&inset, &area, canvas, inner, scene)) return;
    page_draw(canvas, area, &inset, scene);
    page_free(&inset);
}

void view_loss_ladder(Page *page, const Scene *scene)
{
    (void)scene;
    snprintf(page->title, sizeof page->title, "Output loss · ladder of bounds");
    page->draw = draw;
    page->inset = fill_inset;
}
