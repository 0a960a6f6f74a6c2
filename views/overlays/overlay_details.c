/* SPDX-License-Identifier: MIT */
/* All that is known of one layer: facts on the left or above, histograms on the right or below. */
#include "views/canvas/plot.h"
#include "views/overlays/overlays.h"
#include "views/panels/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_COLUMNS = 12, SIDE_COLUMNS = 72, CHART_ROWS = 9 };

/* --- facts ------------------------------------------------------------------------------------------- */

typedef struct Sheet {
    Canvas *canvas;
    Area area;
    int row;    /* of the next fact; above the area if it is scrolled off */
    bool stale; /* facts are of an earlier plan: dim, and said to be */
} Sheet;

static void fact(Sheet *sheet, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fact(Sheet *sheet, const char *label, const char *format, ...)
{
    Words words = {0};
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    words_add(&words, "%s%s", text, sheet->stale ? " (earlier plan)" : "");
    Area value = area_part(sheet->area, 0, LABEL_COLUMNS, sheet->area.rows, sheet->area.columns);
    value.columns = sheet->area.columns - LABEL_COLUMNS;
    canvas_text(sheet->canvas, sheet->area, sheet->row, 0, STYLE_DIM, "%s", label);
    int rows = canvas_paragraph(sheet->canvas, value, sheet->row, 0, sheet->stale ? STYLE_DIM : STYLE_TEXT,
                                words.text);
    sheet->row += rows > 0 ? rows : 1;
}

static void fact_error(Sheet *sheet, const char *label, double error, const char *note)
{
    if (!isnan(error)) fact(sheet, label, "%s%s", figure_number(error).text, note);
}

static void plan_facts(Sheet *sheet, const Scene *scene, size_t l)
{
    const Layer *layer = &scene->network->layers[l];
    const LayerPlan *plan = &scene->plan->layers[l];
    fact(sheet, "layer", "%zu of %zu, %s %s%s", l + 1, scene->network->layer_count, layer->operator_name,
         shape_figure(layer).text, layer->groups > 1 ? ", grouped" : "");
    fact(sheet, "parameters", "%s; %s MACs per image", figure_count(layer->parameters).text,
         figure_count((size_t)layer->macs).text);
    fact(sheet, "size", "%s, float %s", figure_bytes(plan_layer_bytes(scene->plan, scene->network, l)).text,
         figure_bytes(4 * layer->parameters).text);
    fact(sheet, "weights", "%s, %s", weights_words(plan->weight_bits, (GridKind)plan->grid).text,
         method_title(plan->method));
    fact(sheet, "activations", "%s", bits_words(plan->activation_bits));
}

static void result_facts(Sheet *sheet, const Scene *scene, size_t layer, const LayerResult *result)
{
    const LadderStep *step = scene_step(scene, layer);
    if (sheet->stale)
        fact(sheet, "solved at", "%s, activations %s, %s", weights_words(result->bits, result->grid).text,
             bits_words(result->activation_bits), method_title(result->method));
    if (result->polish_epochs)
        fact(sheet, "epochs", "%zu, and %zu of polish", result->epochs, result->polish_epochs);
    else if (result->epochs)
        fact(sheet, "epochs", "%zu", result->epochs);
    fact(sheet, "rows", "%s + %s held out, ridge %.2g", figure_count(result->rows).text,
         figure_count(result->heldout_rows).text, result->ridge);
    fact_error(sheet, "RTN", result->rounding_error, "");
    fact_error(sheet, "solved", result->bitsplit_error, "");
    fact_error(sheet, "polished", result->polished_error, "");
    fact_error(sheet, "held-out", result->heldout_error, "");
    sheet->stale = scene_ladder_is_old(scene);
    fact_error(sheet, "local", step ? step->local_error : NAN, " on quantized activations");
    sheet->stale = scene_is_stale(scene, layer);
    fact_error(sheet, "accumulated", scene_state(scene, layer)->accumulated_error,
               " against the float network");
    if (isfinite(result->sqnr_db)) fact(sheet, "SQNR", "%.1f dB", result->sqnr_db);
}

/* False where the weights stay float. */
static bool grid_of(Grid *grid, const LayerResult *result)
{
    const bool quantized = result->bits != BITS_FLOAT && grid_has_bits(result->grid, result->bits);
    if (quantized) *grid = grid_make(result->grid, result->bits);
    return quantized;
}

static void code_facts(Sheet *sheet, const Layer *layer, const Solved *solved)
{
    const LayerResult *result = &solved->result;
    Grid grid;
    if (!grid_of(&grid, result)) return;
    size_t used = 0;
    for (size_t i = 0; i < grid.count; i++) used += solved->codes[grid.levels[i] + 127] > 0;
    double codes = (double)(layer->groups * layer->m * layer->n);
    fact(sheet, "codes", "%d to %d, %zu of %zu used, %s differ from RTN", grid.levels[0], grid_largest(&grid),
         used, grid.count, figure_percent(codes > 0 ? (double)result->codes_changed / codes : 0).text);
    for (unsigned p = grid_digits(result->bits); p-- > 0;) {
        const size_t *counts = solved->digits[p];
        double total = (double)(counts[0] + counts[1] + counts[2]) / 100;
        if (!(total > 0)) continue;
        char label[64];
        snprintf(label, sizeof label, "digit x %u", 1U << p);
        fact(sheet, label, "-1 %.0f%%, 0 %.0f%%, +1 %.0f%%", (double)counts[0] / total,
             (double)counts[1] / total, (double)counts[2] / total);
    }
}

static int by_value(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static void scale_facts(Sheet *sheet, const Layer *layer, const LayerResult *result)
{
    size_t count = layer->groups * layer->m;
    float *sorted = result->scales && count ? malloc(count * sizeof *sorted) : NULL;
    if (sorted) {
        memcpy(sorted, result->scales, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, by_value);
        fact(sheet, "scales", "%s to %s, median %s, %zu channels", figure_number((double)sorted[0]).text,
             figure_number((double)sorted[count - 1]).text, figure_number((double)sorted[count / 2]).text,
             count);
        if (result->channels_kept) fact(sheet, "", "%zu channels kept at RTN", result->channels_kept);
        free(sorted);
    }
    if (!result->input_scales || result->input_scale_count == 0) return;
    if (result->input_scale_count == 1)
        fact(sheet, "input scale", "%s", figure_number((double)result->input_scales[0]).text);
    else
        fact(sheet, "input scales", "%zu, one per channel", result->input_scale_count);
    fact(sheet, "clipping", "%s of the inputs; sums %s", figure_percent(result->clipped).text,
         result->exact ? "exact in float" : "rounded in float");
}

static void bound_facts(Sheet *sheet, const Scene *scene, size_t l)
{
    const Layer *layer = &scene->network->layers[l];
    const LayerNorm *norms = scene->snapshot->norms;
    const LadderStep *step = scene_step(scene, l);
    if (norms && layer->use_count) {
        const LayerNorm *norm = &norms[layer->uses[0]];
        fact(sheet, "norm", "at most %s (%s), at least %s, Frobenius %s", figure_number(norm->upper).text,
             norm->upper_by ? norm->upper_by : "?", figure_number(norm->lower).text,
             figure_number(norm->frobenius).text);
    }
    if (!step) return;
    fact(sheet, "lambda", "%s, Lipschitz constant of the later layers", figure_number(step->lambda).text);
    if (!step->quantized) return;
    const Ladder *ladder = scene_ladder(scene);
    sheet->stale = scene_ladder_is_old(scene);
    fact(sheet, "output", "moves by %s as the next layer, by %s alone",
         figure_number(step->hybrid / ladder_unit(ladder)).text,
         figure_number(step->alone / ladder_unit(ladder)).text);
    Words shares = {0};
    words_add(&shares, "%s of the hybrid bound", figure_percent(rung_share(ladder, RUNG_HYBRID, l)).text);
    if (isfinite(ladder->spectral))
        words_add(&shares, ", %s of the spectral", figure_percent(rung_share(ladder, RUNG_SPECTRAL, l)).text);
    fact(sheet, "share", "%s", shares.text);
}

static void all_facts(Sheet *sheet, const Scene *scene, size_t l)
{
    const Layer *layer = &scene->network->layers[l];
    const LayerSnapshot *state = scene_state(scene, l);
    plan_facts(sheet, scene, l);
    if (!state) return;
    if (state->solved) {
        sheet->stale = scene_is_stale(scene, l);
        result_facts(sheet, scene, l, &state->solved->result);
        code_facts(sheet, layer, state->solved);
        scale_facts(sheet, layer, &state->solved->result);
        sheet->stale = false;
    } else {
        fact(sheet, "solved", "%s", state->state == LAYER_FLOAT ? "no: it stays float" : "not yet");
    }
    bound_facts(sheet, scene, l);
}

/* --- histograms -------------------------------------------------------------------------------------- */

/* Bins at their middles, as the share of values per unit of x, which is comparable with the share of a code.
 */
static void plot_bins(Plot *plot, const Histogram *histogram, const char *name, Style style)
{
    double *x = plot_array(plot, HISTOGRAM_BINS), *y = plot_array(plot, HISTOGRAM_BINS);
    double width = (histogram->high - histogram->low) / HISTOGRAM_BINS;
    if (!x || !y || histogram->total == 0 || !(width > 0)) return;
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        x[i] = histogram->low + ((double)i + 0.5) * width;
        y[i] = (double)histogram->counts[i] / (double)histogram->total / width;
    }
    plot_series(plot, (Series){name, SERIES_BARS, style, GLYPH_DOT, x, y, NULL, HISTOGRAM_BINS});
}

static void plot_codes(Plot *plot, const Solved *solved)
{
    Grid grid;
    if (!grid_of(&grid, &solved->result)) return;
    double *x = plot_array(plot, grid.count), *y = plot_array(plot, grid.count), total = 0;
    for (size_t i = 0; i < grid.count; i++) total += (double)solved->codes[grid.levels[i] + 127];
    if (!x || !y || !(total > 0)) return;
    for (size_t i = 0; i < grid.count; i++) {
        const size_t used = solved->codes[grid.levels[i] + 127];
        x[i] = grid.levels[i];
        if (used) y[i] = (double)used / total;
    }
    plot_series(plot,
                (Series){"codes used", SERIES_POINTS, STYLE_SERIES_1, GLYPH_CIRCLE, x, y, NULL, grid.count});
}

static void draw_chart(Canvas *canvas, Area area, const char *title, Plot *plot)
{
    if (area.rows >= 4 && plot->chart.series_count > 0) {
        canvas_text(canvas, area, 0, 0, STYLE_TITLE, "%s", title);
        chart_draw(canvas, area_part(area, 1, 0, area.rows - 1, area.columns), &plot->chart);
    }
    plot_free(plot);
}

static void draw_charts(Canvas *canvas, Area area, const Solved *solved)
{
    Plot weights = {0}, inputs = {0};
    const bool codes = solved->result.input_scale_count > 0;
    int rows = solved->inputs.total ? (area.rows + 1) / 2 : area.rows;
    plot_start(&weights, (Axis){"weight / scale", false, NAN, NAN, true, false},
               (Axis){"", false, 0, NAN, false, true});
    plot_bins(&weights, &solved->weight_histogram, "weights", STYLE_SERIES_2);
    plot_codes(&weights, solved);
    draw_chart(canvas, area_part(area, 0, 0, rows, area.columns), "Weights and codes", &weights);
    plot_start(&inputs, (Axis){codes ? "input / scale" : "input", false, NAN, NAN, false, false},
               (Axis){"", false, 0, NAN, false, codes});
    plot_bins(&inputs, &solved->inputs, NULL, STYLE_SERIES_3);
    draw_chart(canvas, area_part(area, rows, 0, area.rows - rows, area.columns),
               codes ? "Inputs, in units of their scale" : "Inputs (float)", &inputs);
}

/* --- details -------------------------------------------------------------------------------------------- */

int details_draw(Canvas *canvas, Area inner, const Scene *scene, int first)
{
    size_t layer = scene_layer(scene);
    if (layer == NO_INDEX) return 0;
    const LayerSnapshot *state = scene_state(scene, layer);
    const Solved *solved = state ? state->solved : NULL;
    bool beside = inner.columns >= SIDE_COLUMNS;
    Area facts = area_part(inner, 0, 1, inner.rows, inner.columns - 2), charts = facts;
    facts.columns = beside && solved ? facts.columns * 11 / 20 : inner.columns - 2;
    Sheet sheet = {canvas, facts, -first, false};
    all_facts(&sheet, scene, layer);
    int rows = sheet.row + first;
    if (!solved) return rows;
    if (beside) {
        charts.column += facts.columns + 1;
        charts.columns -= facts.columns + 1;
        draw_charts(canvas, charts, solved);
        return rows;
    }
    draw_charts(canvas, area_part(charts, sheet.row + 1, 0, 2 * CHART_ROWS, charts.columns), solved);
    return rows + 1 + 2 * CHART_ROWS;
}
