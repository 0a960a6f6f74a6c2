/* The panel of reconstruction errors: one layer by epochs and digits, all layers, one layer by width. */
#include "views/page.h"
#include "views/panels/layer_order.h"
#include "views/panels/parts.h"

#include <math.h>
#include <stdio.h>

/* --- one layer, by epochs and digits ----------------------------------------------------------------- */

typedef struct Trace {
    const SolveProgress *steps;
    size_t count;
    bool live;
    double rounding;
} Trace;

static Trace find_trace(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    const Snapshot *snapshot = scene->snapshot;
    if (part_is_live(scene, layer))
        return (Trace){snapshot->trace, snapshot->trace_count, true, snapshot->trace[0].objective};
    if (!state || !state->solved) return (Trace){.rounding = NAN};
    const Solved *solved = state->solved;
    return (Trace){solved->trace, solved->trace_count, false, solved->result.rounding_error};
}

static size_t digits_of(const SolveProgress *step)
{
    if (step->stage != SOLVE_STAGE_DIGITS || step->bits < SOLVE_MIN_BITS || step->bits > SOLVE_MAX_BITS)
        return 1;
    return step->bits - 1;
}

static size_t count_points(const Trace *trace)
{
    size_t count = 0;
    for (size_t i = 0; i < trace->count; i++) count += digits_of(&trace->steps[i]);
    return count;
}

typedef struct Curve {
    double *x, *digits, *codes; /* [points]: by epochs; a point belongs to one of the two */
    size_t points;
} Curve;

/* A step's points: one a digit, the highest first; the last is the epoch's objective with its scale refitted.
 */
static void add_step(Curve *curve, const SolveProgress *step, double epoch)
{
    size_t digits = digits_of(step);
    for (size_t d = 0; d < digits; d++) {
        size_t at = curve->points++;
        bool last = d + 1 == digits;
        curve->x[at] = epoch - 1 + (double)(d + 1) / (double)digits;
        double value = last ? step->objective : step->after_digit[digits - 1 - d];
        *(step->stage == SOLVE_STAGE_CODES ? &curve->codes[at] : &curve->digits[at]) = value;
    }
}

static void trace_curve(Curve *curve, const Trace *trace)
{
    size_t epoch = 0;
    for (size_t i = 0; i < trace->count; i++) {
        const SolveProgress *step = &trace->steps[i];
        if (step->stage != SOLVE_STAGE_START) epoch++;
        bool first_codes =
            step->stage == SOLVE_STAGE_CODES && curve->points > 0 && isnan(curve->codes[curve->points - 1]);
        if (first_codes) curve->codes[curve->points - 1] = curve->digits[curve->points - 1];
        add_step(curve, step, (double)epoch);
    }
}

static void plot_trace(Page *page, const Trace *trace)
{
    size_t points = count_points(trace);
    Plot *plot = &page->plot;
    Curve curve = {
        .x = plot_array(plot, points), .digits = plot_array(plot, points), .codes = plot_array(plot, points)};
    if (!curve.x || !curve.digits || !curve.codes) return;
    trace_curve(&curve, trace);
    plot_series(plot, (Series){"digits", SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, curve.x, curve.digits,
                               NULL, points});
    plot_series(plot, (Series){"whole codes", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, curve.x, curve.codes,
                               NULL, points});
}

static void plot_methods(Page *page, const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    unsigned own = scene->snapshot->plan->layers[layer].method;
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (m != own && m != METHOD_ROUND_MSE && isfinite(state->methods[m]))
            plot_level(&page->plot, state->methods[m], STYLE_SERIES_4, part_method(m),
                       figure_number(state->methods[m]).text);
}

static void head_live(Page *page, const Trace *trace)
{
    const SolveProgress *step = &trace->steps[trace->count - 1];
    const char *what = step->stage == SOLVE_STAGE_CODES ? "polish, epoch" : "epoch";
    words_say(&page->head, "%s %zu: %s; rounding was %s", what, step->epoch,
              figure_number(step->objective).text, figure_number(trace->rounding).text);
}

static void head_solved(Page *page, const LayerResult *result)
{
    double final = layer_result_error(result);
    if (method_is_rounding(result->method)) {
        words_say(&page->head, "%s leaves %s.", part_method(result->method), figure_number(final).text);
        return;
    }
    words_say(&page->head, "rounding %s, %s %s", figure_number(result->rounding_error).text,
              part_method(result->method), figure_number(result->bitsplit_error).text);
    if (!isnan(result->polished_error))
        words_say(&page->head, ", polished %s", figure_number(result->polished_error).text);
    if (final > 0 && final < result->rounding_error)
        words_say(&page->head, ": %s times less", figure_ratio(result->rounding_error / final).text);
    if (!isnan(result->heldout_error))
        words_say(&page->head, "; %s on held-out rows", figure_number(result->heldout_error).text);
    words_say(&page->head, ".");
}

static void words_epochs(Page *page, const Scene *scene, const LayerResult *result)
{
    words_say(&page->words, "The curve falls as the optimizer works: a point is one digit of all codes "
                            "swept, the highest first; after the lowest the scales "
                            "are refitted. The objective never rises.");
    if (result && !isnan(result->polished_error)) words_say(&page->words, " Polish sweeps whole codes.");
    if (result && result->ridge > 0)
        words_say(&page->words,
                  " The curve has the ridge's pull towards the float weights in it, the figures have not.");
    words_say(&page->words, " %s tries the other methods on this layer.", part_keys(scene, "compare"));
}

/* Why a layer has no curve. */
static void say_reason(Words *words, const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    if (layer == NO_INDEX)
        words_say(words, "No layer is selected: the filter leaves none.");
    else if (state && state->state == LAYER_FLOAT)
        words_say(words, "Weights and input stay float: there is no error to lower.");
    else if (state && state->solved && state->solved->result.bits == BITS_FLOAT)
        words_say(words, "Its weights stay float; its inputs alone are quantized.");
    else if (state && scene->snapshot->activity >= ACTIVITY_CANCELLED)
        words_say(words, "Not solved: %s.", part_pending(scene));
    else if (state && state->state == LAYER_CALIBRATING)
        words_say(words, "Calibrating: rows of inputs and outputs are gathered.");
    else
        words_say(words, "To be solved: it waits for calibration, and for the layers before it.");
}

static void title_layer(Page *page, const Scene *scene, size_t layer)
{
    const char *width = layer == NO_INDEX ? "" : part_width(scene->plan->layers[layer].weight_bits);
    snprintf(page->title, sizeof page->title, "Reconstruction error%s%s%s%s", layer == NO_INDEX ? "" : " · ",
             layer == NO_INDEX ? "" : part_short_name(scene, layer).text, *width ? " · " : "", width);
}

void error_page_epochs(Page *page, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    title_layer(page, scene, layer);
    Trace trace = layer == NO_INDEX ? (Trace){0} : find_trace(scene, layer);
    if (trace.count == 0) {
        say_reason(&page->head, scene, layer);
        words_epochs(page, scene, NULL);
        return;
    }
    plot_start(&page->plot, (Axis){"epoch", false, 0, NAN, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    plot_trace(page, &trace);
    plot_level(&page->plot, trace.rounding, STYLE_SERIES_3, "rounding", figure_number(trace.rounding).text);
    plot_methods(page, scene, layer);
    const LayerResult *result = trace.live ? NULL : part_result(scene, layer);
    if (result)
        head_solved(page, result);
    else
        head_live(page, &trace);
    if (part_stale(scene, layer) && !trace.live) words_say(&page->head, " Of an earlier plan.");
    words_epochs(page, scene, result);
}

/* --- all layers --------------------------------------------------------------------------------------- */

typedef struct LayerErrors {
    double *rounding, *solved, *accumulated; /* [layer_count] */
} LayerErrors;

static bool collect(LayerErrors *errors, Page *page, const Scene *scene)
{
    size_t count = scene->network->layer_count;
    *errors = (LayerErrors){plot_array(&page->plot, count), plot_array(&page->plot, count),
                            plot_array(&page->plot, count)};
    if (!errors->rounding || !errors->solved || !errors->accumulated) return false;
    for (size_t l = 0; l < count; l++) {
        errors->solved[l] = part_error_now(scene, l);
        errors->rounding[l] = part_rounding(scene, l);
        if (part_layer(scene, l)) errors->accumulated[l] = part_layer(scene, l)->accumulated_error;
    }
    return true;
}

static size_t extreme(const double *values, size_t count, int sign)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        if (best == SIZE_MAX || sign * values[i] > sign * values[best]) best = i;
    }
    return best;
}

/* exp of the mean logarithm of rounding / solved; NAN where no layer has both. */
static double mean_gain(const LayerErrors *errors, size_t count)
{
    double sum = 0;
    size_t known = 0;
    for (size_t l = 0; l < count; l++) {
        double gain = errors->rounding[l] / errors->solved[l];
        if (!isfinite(gain) || !(gain > 0)) continue;
        sum += log(gain);
        known++;
    }
    return known ? exp(sum / (double)known) : NAN;
}

static bool all_float(const Scene *scene)
{
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        const LayerSnapshot *layer = part_layer(scene, l);
        if (!layer || layer->state != LAYER_FLOAT) return false;
    }
    return true;
}

static void head_layers(Page *page, const Scene *scene, const LayerErrors *errors)
{
    size_t count = scene->network->layer_count;
    size_t most = extreme(errors->solved, count, 1), least = extreme(errors->solved, count, -1);
    if (most == SIZE_MAX) {
        if (all_float(scene))
            words_say(&page->head, "All weights and inputs stay float: there is no error to lower.");
        else
            words_say(&page->head, "No layer is solved yet: %s.", part_pending(scene));
        return;
    }
    double gain = mean_gain(errors, count);
    if (isfinite(gain))
        words_say(&page->head, "%s times less than rounding on average, ", figure_ratio(gain).text);
    words_say(&page->head, "from %s (%s) to %s (%s).", figure_number(errors->solved[least]).text,
              part_short_name(scene, least).text, figure_number(errors->solved[most]).text,
              part_short_name(scene, most).text);
}

void error_page_layers(Page *page, const Scene *scene)
{
    snprintf(page->title, sizeof page->title, "Reconstruction error · all layers");
    size_t count = scene->network->layer_count;
    LayerErrors errors;
    if (!collect(&errors, page, scene)) return;
    head_layers(page, scene, &errors);
    plot_start(&page->plot, (Axis){"layer", false, 1, (double)count, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    const bool *here = plot_highlight(&page->plot, count, scene_layer(scene));
    plot_series(&page->plot, (Series){"rounding", SERIES_POINTS, STYLE_SERIES_3, GLYPH_CROSS, NULL,
                                      errors.rounding, NULL, count});
    plot_series(&page->plot, (Series){"accumulated", SERIES_POINTS, STYLE_SERIES_2, GLYPH_SQUARE, NULL,
                                      errors.accumulated, NULL, count});
    plot_series(&page->plot, (Series){"solved", SERIES_POINTS, STYLE_SERIES_1, GLYPH_CIRCLE, NULL,
                                      errors.solved, here, count});
    words_say(&page->words,
              "Solved: the reconstruction error, which the optimizer lowers, on sampled rows, as a share of "
              "the sum of squared outputs. Accumulated: the layer's output in the quantized network beside "
              "the float one's, the errors of all layers before it included.");
}

/* --- one layer, by width ------------------------------------------------------------------------------ */

/* The error at a width: as solved where that is known, else as estimated. */
static double at_width(const LayerSnapshot *state, unsigned bits)
{
    if (bits < SOLVE_MIN_BITS || bits > SOLVE_MAX_BITS) return NAN;
    return isfinite(state->measured[bits]) ? state->measured[bits] : state->estimate[bits];
}

static void head_widths(Page *page, const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    unsigned bits = scene->plan->layers[layer].weight_bits;
    if (bits == BITS_FLOAT) {
        words_say(&page->head, "The plan leaves these weights in float.");
        return;
    }
    double here = at_width(state, bits), less = at_width(state, bits - 1), more = at_width(state, bits + 1);
    if (isnan(here)) return;
    words_say(&page->head, "%s: %s", part_width(bits), figure_number(here).text);
    if (less > 0 && here > 0) words_say(&page->head, "; a bit less: × %s", figure_ratio(less / here).text);
    if (more > 0 && here > 0) words_say(&page->head, "; a bit more: ÷ %s", figure_ratio(here / more).text);
    words_say(&page->head, ".");
}

static void plot_widths(Page *page, const LayerSnapshot *state, unsigned bits)
{
    enum { WIDTHS = SOLVE_MAX_BITS - SOLVE_MIN_BITS + 1 };
    double *x = plot_array(&page->plot, WIDTHS);
    for (size_t i = 0; x && i < WIDTHS; i++) x[i] = (double)(SOLVE_MIN_BITS + i);
    const bool *here = plot_highlight(&page->plot, WIDTHS, bits - SOLVE_MIN_BITS);
    if (!x) return;
    plot_start(&page->plot, (Axis){"weight bits", false, SOLVE_MIN_BITS, SOLVE_MAX_BITS, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    plot_series(&page->plot, (Series){"rounding", SERIES_LINE, STYLE_SERIES_3, GLYPH_CROSS, x,
                                      state->rounding_estimate + SOLVE_MIN_BITS, NULL, WIDTHS});
    plot_series(&page->plot, (Series){"estimate", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, x,
                                      state->estimate + SOLVE_MIN_BITS, NULL, WIDTHS});
    plot_series(&page->plot, (Series){"solved", SERIES_POINTS, STYLE_SERIES_1, GLYPH_CIRCLE, x,
                                      state->measured + SOLVE_MIN_BITS, here, WIDTHS});
}

void error_page_widths(Page *page, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    title_layer(page, scene, layer);
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : part_layer(scene, layer);
    if (state) plot_widths(page, state, scene->plan->layers[layer].weight_bits);
    if (page->plot.chart.series_count == 0) {
        if (layer == NO_INDEX)
            say_reason(&page->head, scene, layer);
        else
            words_say(&page->head, "Estimates by width come with calibration.");
        return;
    }
    head_widths(page, scene, layer);
    words_say(&page->words,
              "A bit more halves the step between codes, and divides the error by about four. The estimate "
              "needs one factorization and no solve; it is low where few bits clip many weights. %s solves "
              "this layer at every width.",
              part_keys(scene, "widths"));
}
