/* The panel of the output loss: the ladder of bounds, and how its sums build up with depth. */
#include "views/canvas/chart.h"
#include "views/page.h"
#include "views/panels/parts.h"

#include <math.h>
#include <stdio.h>

enum { RUNG_FROBENIUS, RUNG_SPECTRAL, RUNG_HYBRID, RUNG_MEASURED, RUNGS };

static const struct {
    const char *name, *step, *meaning;
} rungs[RUNGS] = {
    {"Frobenius", "by operator norms", "lambda x local error added up, with Frobenius norms"},
    {"spectral", "by running the layers", "the same with proven operator norms at true sizes"},
    {"hybrid", "by what cancels out", "layers quantized one by one, their changes added up"},
    {"measured", "", "distance of the quantized from the float output"},
};

/* Figures are shown relative to |F_0|; as they are where that is 0. */
static double unit_of(const Ladder *ladder)
{
    return ladder->output_norm > 0 ? ladder->output_norm : 1;
}

static void rung_values(double values[RUNGS], const Ladder *ladder)
{
    double unit = unit_of(ladder);
    values[RUNG_FROBENIUS] = ladder->frobenius / unit;
    values[RUNG_SPECTRAL] = ladder->spectral / unit;
    values[RUNG_HYBRID] = ladder->hybrid / unit;
    values[RUNG_MEASURED] = ladder->measured / unit;
}

/* --- the ladder --------------------------------------------------------------------------------------- */

typedef struct Scale { /* of the bars: whole decades */
    double low, high;  /* logarithms */
} Scale;

static Scale scale_of(const double values[RUNGS])
{
    Scale scale = {INFINITY, -INFINITY};
    for (size_t r = 0; r < RUNGS; r++) {
        if (!(values[r] > 0) || !isfinite(values[r])) continue;
        scale.low = fmin(scale.low, floor(log10(values[r]) - 0.3));
        scale.high = fmax(scale.high, ceil(log10(values[r])));
    }
    return scale;
}

static double bar_part(Scale scale, double value)
{
    if (!(value > 0) || !(scale.low < scale.high)) return 0;
    return fmax((log10(value) - scale.low) / (scale.high - scale.low), 0.01);
}

enum { NAME_COLUMNS = 10, VALUE_COLUMNS = 8, MEANING_COLUMNS = 70 };

static int bar_columns(Area area)
{
    int rest = area.columns - NAME_COLUMNS - VALUE_COLUMNS;
    int note = rest >= 60 ? 34 : rest >= 16 ? 10 : 0;
    return rest - note;
}

static void draw_ratio(Canvas *canvas, Area area, int row, const double values[RUNGS], size_t rung,
                       Style style)
{
    int column = NAME_COLUMNS + VALUE_COLUMNS + bar_columns(area) + 1;
    if (rung + 1 == RUNGS || !(values[rung + 1] > 0) || !isfinite(values[rung])) return;
    int taken = canvas_text(canvas, area, row, column, style, "÷ %s",
                            figure_ratio(values[rung] / values[rung + 1]).text);
    if (area.columns - column >= 33)
        canvas_text(canvas, area, row, column + taken + 1, STYLE_DIM, "%s", rungs[rung].step);
}

static void draw_rung(Canvas *canvas, Area area, int row, const double values[RUNGS], size_t rung,
                      bool current)
{
    static const Style styles[RUNGS] = {STYLE_SERIES_4, STYLE_SERIES_3, STYLE_SERIES_2, STYLE_SERIES_1};
    Style strong = current ? STYLE_STRONG : STYLE_DIM;
    canvas_text(canvas, area, row, 0, current ? STYLE_TEXT : STYLE_DIM, "%s", rungs[rung].name);
    if (!isfinite(values[rung])) {
        canvas_text(canvas, area, row, NAME_COLUMNS + VALUE_COLUMNS, STYLE_WARNING, "no finite bound");
        return;
    }
    canvas_text_right(canvas, area, row, NAME_COLUMNS + VALUE_COLUMNS - 1, strong, "%s",
                      figure_number(values[rung]).text);
    canvas_bar(canvas, area, row, NAME_COLUMNS + VALUE_COLUMNS, bar_columns(area),
               bar_part(scale_of(values), values[rung]), current ? styles[rung] : STYLE_DIM);
    draw_ratio(canvas, area, row, values, rung, strong);
}

static void draw_scale(Canvas *canvas, Area area, int row, const double values[RUNGS])
{
    Scale scale = scale_of(values);
    int columns = bar_columns(area), column = NAME_COLUMNS + VALUE_COLUMNS;
    if (!(scale.low < scale.high) || columns < 16) return;
    for (int c = 0; c < columns; c++)
        canvas_put(canvas, area, row, column + c, STYLE_GRID, canvas_glyph(canvas, GLYPH_DOT));
    Area axis = area_part(area, row, column, 1, columns);
    canvas_text(canvas, axis, 0, 0, STYLE_GRID, "%s ", figure_scientific(pow(10, scale.low), 0).text);
    canvas_text_right(canvas, axis, 0, columns, STYLE_GRID, " %s",
                      figure_scientific(pow(10, scale.high), 0).text);
}

/* One row a rung; where the area has room, what each means under it. Returns the rows taken. */
static int draw_rungs(Canvas *canvas, Area area, int row, const double values[RUNGS], bool current,
                      bool meanings)
{
    int from = row;
    for (size_t r = 0; r < RUNGS; r++) {
        draw_rung(canvas, area, row++, values, r, current);
        if (meanings)
            canvas_text(canvas, area, row++, NAME_COLUMNS + VALUE_COLUMNS, STYLE_DIM, "%s", rungs[r].meaning);
    }
    return row - from;
}

/* The layer of the largest spectral contribution, or NO_INDEX. */
static size_t costliest_spectral(const Ladder *ladder)
{
    size_t best = NO_INDEX;
    for (size_t l = 0; l < ladder->layer_count; l++)
        if (ladder->steps[l].spectral > 0 && isfinite(ladder->steps[l].spectral) &&
            (best == NO_INDEX || ladder->steps[l].spectral > ladder->steps[best].spectral))
            best = l;
    return best;
}

/* The layers that cost most of the hybrid and of the spectral sum; "" where nothing is quantized. */
static void say_costliest(Words *words, const Scene *scene, const Ladder *ladder)
{
    size_t hybrid = ladder->costliest, spectral = costliest_spectral(ladder);
    if (hybrid >= ladder->layer_count || !(ladder->hybrid > 0)) return;
    words_say(words, "Costs most: %s, %s of hybrid", part_short_name(scene, hybrid).text,
              figure_percent(ladder->steps[hybrid].hybrid / ladder->hybrid).text);
    if (spectral != NO_INDEX && isfinite(ladder->spectral))
        words_say(words, "%s%s %s of spectral", spectral == hybrid ? " and" : "; ",
                  spectral == hybrid ? "" : part_short_name(scene, spectral).text,
                  figure_percent(ladder->steps[spectral].spectral / ladder->spectral).text);
    words_say(words, ". ");
}

static void say_certified(Words *words, const Ladder *ladder)
{
    words_say(words, "Certified: ");
    if (isfinite(ladder->spectral))
        words_say(words, "spectral %s, ", figure_percent_of(ladder->certified_spectral, ladder->images).text);
    words_say(words, "hybrid %s, measured %s of %s images; %s keep their prediction.",
              figure_percent_of(ladder->certified_hybrid, ladder->images).text,
              figure_percent_of(ladder->certified_measured, ladder->images).text,
              figure_count(ladder->images).text, figure_percent_of(ladder->kept, ladder->images).text);
}

/* A violation is a bug of the program, and must be seen. Returns the rows taken. */
static int draw_violation(Canvas *canvas, Area area, const Ladder *ladder)
{
    Words words = {0};
    if (!ladder->violation) return 0;
    words_say(&words, "Violated: %s. This is a bug: please report it.", ladder->violation);
    return canvas_paragraph(canvas, area, 0, 0, STYLE_BAD, words.text);
}

static int draw_culprit(Canvas *canvas, Area area, int row, const Ladder *ladder)
{
    Words words = {0};
    if (!ladder->culprit) return 0;
    words_say(&words, "No finite constant at node '%s': %s. Hybrids need none.",
              character_short_name(ladder->culprit).text, ladder->reason ? ladder->reason : "?");
    return canvas_paragraph(canvas, area, row, 0, STYLE_WARNING, words.text);
}

/* Returns the row below. */
static int draw_notes(Canvas *canvas, Area area, int row, const Scene *scene, const Ladder *ladder)
{
    Words costs = {0}, certified = {0};
    say_costliest(&costs, scene, ladder);
    say_certified(&certified, ladder);
    row += draw_culprit(canvas, area, row, ladder);
    row += canvas_paragraph(canvas, area, row, 0, STYLE_TEXT, costs.text);
    row += canvas_paragraph(canvas, area, row, 0, STYLE_TEXT, certified.text);
    if (!scene->snapshot->ladder_current)
        row += canvas_paragraph(canvas, area, row, 0, STYLE_WARNING, "Of an earlier plan.");
    else if (scene->snapshot->ladder_fraction < 1)
        row += canvas_text(canvas, area, row, 0, STYLE_WARNING, "On the first %s of the images, so far.",
                           figure_percent(scene->snapshot->ladder_fraction).text) > 0;
    if (area.rows - row < 5) return row;
    return row + 2 +
           canvas_paragraph(
               canvas, area, row + 1, 0, STYLE_DIM,
               "In units of the float output's norm, over all images together: at 1 the error is as large "
               "as the output. An image is certified where its error stays below its margin / sqrt 2: no "
               "such error can change its prediction.");
}

/* Where rows are left over: what each layer adds. */
static void draw_below(Canvas *canvas, Area area, const Scene *scene)
{
    if (area.rows < 10) return;
    Page page = {0};
    loss_page_depth(&page, scene);
    page.head = (Words){0};
    words_say(&page.head, "What each layer adds to each bound, in the same units:");
    page_draw(canvas, area, &page);
    page_free(&page);
}

static void draw_pending(Canvas *canvas, Area area, const Scene *scene)
{
    Words words = {0};
    words_say(&words, "No bound yet: %s.", part_pending(scene));
    int row = canvas_paragraph(canvas, area, 0, 0, STYLE_TEXT, words.text) + 1;
    Area meanings = {area.row, area.column + NAME_COLUMNS, area.rows, area.columns - NAME_COLUMNS};
    for (size_t r = 0; r < RUNGS && area.rows - row >= 1; r++) {
        canvas_text(canvas, area, row, 0, STYLE_DIM, "%s", rungs[r].name);
        row += canvas_paragraph(canvas, meanings, row, 0, STYLE_DIM, rungs[r].meaning);
    }
}

void loss_draw_ladder(Canvas *canvas, Area inner, const Scene *scene)
{
    Area area = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    const Ladder *ladder = part_ladder(scene);
    if (!ladder) {
        draw_pending(canvas, area, scene);
        return;
    }
    double values[RUNGS];
    rung_values(values, ladder);
    bool current = scene->snapshot->ladder_current && !part_plan_ahead(scene);
    int row = draw_violation(canvas, area, ladder);
    row += draw_rungs(canvas, area, row, values, current,
                      area.rows - row >= 14 && area.columns >= MEANING_COLUMNS);
    if (area.rows - row >= 4) draw_scale(canvas, area, row++, values);
    row = draw_notes(canvas, area, row, scene, ladder);
    draw_below(canvas, area_part(inner, row, 0, inner.rows - row, inner.columns), scene);
}

/* --- how the sums build up ---------------------------------------------------------------------------- */

typedef struct Additions {
    double *frobenius, *spectral, *hybrid, *sum; /* [layer_count], of |F_0|; sum: of hybrid, up to a layer */
} Additions;

static bool collect(Additions *additions, Page *page, const Ladder *ladder)
{
    size_t count = ladder->layer_count;
    double sum = 0;
    *additions = (Additions){plot_array(&page->plot, count), plot_array(&page->plot, count),
                             plot_array(&page->plot, count), plot_array(&page->plot, count)};
    if (!additions->frobenius || !additions->spectral || !additions->hybrid || !additions->sum) return false;
    for (size_t l = 0; l < count; l++) {
        const LadderStep *step = &ladder->steps[l];
        additions->frobenius[l] = step->frobenius / unit_of(ladder);
        additions->spectral[l] = step->spectral / unit_of(ladder);
        additions->hybrid[l] = step->hybrid / unit_of(ladder);
        additions->sum[l] = (sum += step->hybrid) / unit_of(ladder);
    }
    return true;
}

static void plot_additions(Page *page, const Additions *additions, const Scene *scene, const Ladder *ladder)
{
    size_t count = ladder->layer_count;
    Plot *plot = &page->plot;
    plot_start(plot, (Axis){"layer", false, 1, (double)count, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    const bool *here = plot_highlight(plot, count, scene_layer(scene));
    plot_series(plot, (Series){"Frobenius", SERIES_LINE, STYLE_SERIES_4, GLYPH_CROSS, NULL,
                               additions->frobenius, NULL, count});
    plot_series(plot, (Series){"spectral", SERIES_LINE, STYLE_SERIES_3, GLYPH_DIAMOND, NULL,
                               additions->spectral, NULL, count});
    plot_series(plot, (Series){"hybrid sum", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, NULL, additions->sum,
                               NULL, count});
    plot_series(plot, (Series){"hybrid", SERIES_POINTS, STYLE_SERIES_2, GLYPH_CIRCLE, NULL, additions->hybrid,
                               here, count});
    double measured = ladder->measured / unit_of(ladder);
    if (measured > 0) plot_level(plot, measured, STYLE_SERIES_1, "measured", figure_number(measured).text);
}

void loss_page_depth(Page *page, const Scene *scene)
{
    snprintf(page->title, sizeof page->title, "Output loss · by layer");
    words_say(&page->words,
              "Norms charge a layer's error for all layers behind it, so that the first layers make the "
              "sum. Run through the float rest, an error costs what it does: the points, which add up to "
              "the hybrid bound.");
    const Ladder *ladder = part_ladder(scene);
    Additions additions;
    if (!ladder) {
        words_say(&page->head, "No bound yet: %s.", part_pending(scene));
        return;
    }
    if (!collect(&additions, page, ladder)) return;
    plot_additions(page, &additions, scene, ladder);
    say_costliest(&page->head, scene, ladder);
    words_say(&page->head, "What each layer adds to each bound. ");
    if (!scene->snapshot->ladder_current) words_say(&page->head, "Of an earlier plan.");
}
