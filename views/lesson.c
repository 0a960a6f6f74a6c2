#include "views/lesson.h"

#include "views/layer_order.h"
#include "views/panels/overlays.h"
#include "views/panels/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const lesson_actions[] = {
    "down", "worst",       "weight-bits",     "raise",  "lower",  "undo",        "compare",         "details",
    "mode", "compensated", "activation-bits", "widths", "visits", "lesson-next", "lesson-previous", "lesson",
    NULL};

/* In narrower areas, which are tall, a blank row stands before the exercise. */
#define TALL_COLUMNS 60

/* Of a step: what it explains, and what to try. */
typedef struct LessonText {
    Words body, exercise;
} LessonText;

/* An action's first key. */
typedef struct KeyName {
    char text[32];
} KeyName;

static KeyName key(const Scene *scene, const char *action)
{
    KeyName name;
    const char *keys = scene_keys(scene, action);
    snprintf(name.text, sizeof name.text, "%.*s", (int)strcspn(keys, " "), keys);
    return name;
}

/* --- which layer shows it ---------------------------------------------------------------------------- */

typedef double LayerFigure(const Scene *scene, size_t layer); /* NAN: not known */

/* The layer of the largest figure, or NO_INDEX. */
static size_t largest(const Scene *scene, LayerFigure *figure)
{
    size_t best = NO_INDEX;
    double most = -INFINITY;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        double value = figure(scene, l);
        if (!isfinite(value) || !(value > most)) continue;
        most = value;
        best = l;
    }
    return best;
}

static double final_error(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    return state ? layer_error(state) : NAN;
}

static double negative_error(const Scene *scene, size_t layer)
{
    return -final_error(scene, layer);
}

static double gain_over_rounding(const Scene *scene, size_t layer)
{
    const LayerResult *result = scene_result(scene, layer);
    return result ? result->rounding_error / final_error(scene, layer) : NAN;
}

static double spectral_part(const Scene *scene, size_t layer)
{
    const LadderStep *step = scene_step(scene, layer);
    return step && step->quantized ? step->spectral : NAN;
}

static double hybrid_share(const Scene *scene, size_t layer)
{
    const LadderStep *step = scene_step(scene, layer);
    return step && step->quantized ? step->hybrid / scene_ladder(scene)->hybrid : NAN;
}

static double byte_share(const Scene *scene, size_t layer)
{
    PlanTotals totals = plan_totals(scene->plan, scene->network);
    size_t bytes = plan_layer_bytes(scene->plan, scene->network, layer);
    return totals.bytes ? (double)bytes / (double)totals.bytes : NAN;
}

static double bound_a_byte(const Scene *scene, size_t layer)
{
    bool can_rise = scene->plan->layers[layer].weight_bits < BITS_MAX;
    return can_rise ? hybrid_share(scene, layer) / byte_share(scene, layer) : NAN;
}

static double bytes_a_bound(const Scene *scene, size_t layer)
{
    bool can_fall = scene->plan->layers[layer].weight_bits > BITS_MIN;
    return can_fall ? byte_share(scene, layer) / hybrid_share(scene, layer) : NAN;
}

/* How much larger the error on the layer's own is than what it leaves behind all layers up to it. */
static double made_up_for(const Scene *scene, size_t layer)
{
    const LadderStep *step = scene_step(scene, layer);
    const LayerSnapshot *state = scene_state(scene, layer);
    if (!step || !step->quantized || scene->network->layers[layer].first) return NAN;
    return step->local_error / state->accumulated_error;
}

/* --- texts ------------------------------------------------------------------------------------------- */

static void tell_error(LessonText *text, const Scene *scene)
{
    size_t most = largest(scene, final_error), least = largest(scene, negative_error);
    words_add(
        &text->body,
        "A layer computes y = W x + b. Quantized, its weights are whole numbers times a scale, and y moves. "
        "The reconstruction error is how far: the sum of squared differences over sampled rows of the "
        "calibration images, as a share of the sum of y squared. At 0.01 the error has a hundredth of the "
        "output's energy. ");
    if (most == NO_INDEX)
        words_add(&text->body, "The errors of these layers are not there yet: %s.", scene_pending(scene));
    else
        words_add(&text->body,
                  "Here it goes from %s at %s to %s at %s: layers differ, and so may their widths.",
                  figure_number(final_error(scene, least)).text, scene_short_name(scene, least).text,
                  figure_number(final_error(scene, most)).text, scene_short_name(scene, most).text);
    words_add(&text->exercise, "Try: %s goes through the layers, %s to the one that costs most.",
              key(scene, "down").text, key(scene, "worst").text);
}

static void tell_rounding(LessonText *text, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LayerResult *result = layer == NO_INDEX ? NULL : scene_result(scene, layer);
    words_add(
        &text->body,
        "Rounding to nearest moves every weight as little as can be. But an output is a sum over inputs that "
        "vary together, and rounding errors that go the same way add up in it. Choose the codes by the "
        "output "
        "instead, and the error of one weight cancels another's. ");
    if (!result || isnan(result->rounding_error)) {
        words_add(&text->body,
                  "The figures of this layer are on their way: the level will be rounding, the curve "
                  "below it the optimizer.");
    } else {
        const Layer *shape = &scene->network->layers[layer];
        double codes = (double)(shape->groups * shape->m * shape->n), error = final_error(scene, layer);
        words_add(&text->body, "In %s at %s rounding leaves %s, and the optimizer %s",
                  scene_short_name(scene, layer).text, bits_words(result->bits),
                  figure_number(result->rounding_error).text, figure_number(error).text);
        if (error > 0 && error < result->rounding_error)
            words_add(&text->body, ", %s times less", figure_ratio(result->rounding_error / error).text);
        words_add(&text->body, ", with %s of its codes other than rounding's.",
                  figure_percent(codes > 0 ? (double)result->codes_changed / codes : 0).text);
    }
    words_add(&text->exercise,
              "Try: %s for another width, %s takes it back; %s tries every method on this layer.",
              key(scene, "weight-bits").text, key(scene, "undo").text, key(scene, "compare").text);
}

static void tell_digits(LessonText *text, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LayerResult *result = layer == NO_INDEX ? NULL : scene_result(scene, layer);
    words_add(
        &text->body,
        "At b bits a code is a sum of b - 1 digits, each -1, 0 or 1, times 1, 2, 4 and so on. With all else "
        "held, the best of a digit's three values is known at once. So bit-split takes the codes apart, "
        "sweeps "
        "one digit of all weights after the other, the highest first, and refits the scales: that is an "
        "epoch. "
        "Each point of the curve is one sweep; none goes up. At the end the digits are stitched to codes. ");
    if (!result || result->bits < BITS_MIN)
        words_add(&text->body, "This layer's curve is on its way.");
    else if (result->method != METHOD_BITSPLIT)
        words_add(&text->body, "(%s is solved by %s, which does not split.)",
                  scene_short_name(scene, layer).text, method_title(result->method));
    else
        words_add(&text->body, "%s, at %s, has %u %s, and took %zu epochs",
                  scene_short_name(scene, layer).text, bits_words(result->bits), result->bits - 1,
                  result->bits == 2 ? "digit" : "digits", result->epochs);
    if (result && result->bits >= BITS_MIN && result->method == METHOD_BITSPLIT)
        words_add(&text->body, result->polish_epochs ? " and %zu of polish, which moves whole codes." : ".",
                  result->polish_epochs);
    words_add(&text->exercise,
              "Try: %s shows this layer's digits and codes; %s changes how many digits it has.",
              key(scene, "details").text, key(scene, "weight-bits").text);
}

static double relative(const Ladder *ladder, double value)
{
    return ladder->output_norm > 0 ? value / ladder->output_norm : value;
}

/* The bound has not come, or a rung has no constant: says so, and returns true. */
static bool tell_missing(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    if (!ladder) words_add(&text->body, "The figures are not there yet: %s.", scene_pending(scene));
    if (ladder && isinf(ladder->spectral))
        words_add(&text->body,
                  "This network has a node without a finite constant (%s), so that only the hybrid bound "
                  "is left.",
                  ladder->culprit ? character_short_name(ladder->culprit).text : "?");
    if (ladder && !(ladder->measured > 0))
        words_add(&text->body, "In this plan nothing moves the output yet.");
    return !ladder || isinf(ladder->spectral) || !(ladder->measured > 0);
}

static void tell_bound(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(&text->body, "What is behind a layer can stretch its error by at most lambda, a Lipschitz "
                           "constant: the product of "
                           "the norms of the layers behind it, added up over all paths. The sum of lambda x "
                           "local error over the "
                           "layers then bounds how far the output moves on these images. ");
    if (!tell_missing(text, scene))
        words_add(
            &text->body,
            "Here it moves by %s of its own norm. The bound is %s with operator norms at the layers' true "
            "sizes, and %s with Frobenius norms, %s times more. Each rung is proven to lie above the next, "
            "and "
            "every run checks it.",
            figure_number(relative(ladder, ladder->measured)).text,
            figure_number(relative(ladder, ladder->spectral)).text,
            figure_number(relative(ladder, ladder->frobenius)).text,
            figure_ratio(ladder->frobenius / ladder->spectral).text);
    words_add(&text->exercise, "Try: %s on a layer, and watch all four rungs; %s takes it back.",
              key(scene, "weight-bits").text, key(scene, "undo").text);
}

static void tell_loose(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    size_t worst = largest(scene, spectral_part);
    words_add(&text->body,
              "lambda allows for the worst: that every layer stretches this error as much as it can stretch "
              "anything. Errors rarely point that way, and norms multiply with depth. ");
    if (!tell_missing(text, scene) && worst != NO_INDEX)
        words_add(&text->body,
                  "Behind %s lambda is %s, and its local error of %s makes %s of the spectral bound. That "
                  "bound is %s "
                  "times what is measured: as a number it says little, but it holds without running anything "
                  "behind "
                  "the layers.",
                  scene_short_name(scene, worst).text, figure_number(ladder->steps[worst].lambda).text,
                  figure_number(ladder->steps[worst].local_error).text,
                  figure_percent(ladder->steps[worst].spectral / ladder->spectral).text,
                  figure_ratio(ladder->spectral / ladder->measured).text);
    words_add(&text->exercise,
              "Try: %s through the layers shows each one's point; %s shows its norm and lambda.",
              key(scene, "down").text, key(scene, "details").text);
}

static void tell_tight(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(&text->body, "Constants can be done without. Quantize the layers one after the other, run the "
                           "float rest behind each, "
                           "and add up what every step changes at the output: by the triangle inequality "
                           "that is a bound too, the "
                           "hybrid. ");
    if (!ladder || !(ladder->measured > 0)) {
        tell_missing(text, scene);
    } else {
        words_add(&text->body, "Here it is %s of the output's norm",
                  figure_number(relative(ladder, ladder->hybrid)).text);
        if (isfinite(ladder->spectral))
            words_add(&text->body, ", %s times below the spectral one",
                      figure_ratio(ladder->spectral / ladder->hybrid).text);
        words_add(&text->body,
                  "; the factor of %s that is left is changes that cancel out. An image whose own error is "
                  "below its "
                  "margin / sqrt 2 cannot change its prediction: that certifies %s of the images by the "
                  "hybrid, and "
                  "%s by the measured error.",
                  figure_ratio(ladder->hybrid / ladder->measured).text,
                  figure_percent_of(ladder->certified_hybrid, ladder->images).text,
                  figure_percent_of(ladder->certified_measured, ladder->images).text);
    }
    words_add(&text->exercise,
              "Try: %s goes to the layer that costs most; give it a bit more with %s, and see how many "
              "images more are certified.",
              key(scene, "worst").text, key(scene, "raise").text);
}

static void tell_mode(LessonText *text, const Scene *scene)
{
    if (scene->plan->options.mode == MODE_SEQUENTIAL)
        words_add(&text->body, "Calibration is sequential: a layer is solved on inputs that the quantized "
                               "layers before it produce, "
                               "with the float network's outputs as its target. So it makes up for a part of "
                               "their error. Its own "
                               "local error, against its float weights on the same inputs, can get worse by "
                               "that while the output "
                               "gets better. ");
    else
        words_add(
            &text->body,
            "Calibration is independent: a layer is solved on the float network's inputs, so that its local "
            "error is low and nobody makes up for the error of the layers before it. Sequential calibration "
            "solves it on what the quantized layers produce, and can lower the output's error by raising a "
            "layer's own. ");
}

static void tell_compensation(LessonText *text, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LadderStep *step = layer == NO_INDEX ? NULL : scene_step(scene, layer);
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : scene_state(scene, layer);
    tell_mode(text, scene);
    if (step && step->quantized && isfinite(state->accumulated_error))
        words_add(&text->body, "%s: local error %s, accumulated error of all layers up to it %s. ",
                  scene_short_name(scene, layer).text, figure_number(step->local_error).text,
                  figure_number(state->accumulated_error).text);
    else
        words_add(&text->body, "The local errors come with the bound. ");
    words_add(
        &text->body,
        "Error-compensated activations%s go further: a scale a channel for the inputs, and weights solved "
        "on the inputs' codes.",
        scene->plan->options.error_compensated ? " (on)" : " (off)");
    words_add(&text->exercise,
              "Try: %s switches between the two, and the squares show the accumulated errors; %s, then a "
              "digit, quantizes inputs, %s compensates; %s takes it back.",
              key(scene, "mode").text, key(scene, "activation-bits").text, key(scene, "compensated").text,
              key(scene, "undo").text);
}

static void tell_shares(LessonText *text, const Scene *scene)
{
    size_t up = largest(scene, bound_a_byte), down = largest(scene, bytes_a_bound);
    if (up == NO_INDEX || down == NO_INDEX || up == down) {
        words_add(&text->body, "The shares of these layers come with the bound. ");
        return;
    }
    words_add(&text->body, "%s has %s of the hybrid bound in %s of the bytes; %s has %s in %s. ",
              scene_short_name(scene, up).text, figure_percent(hybrid_share(scene, up)).text,
              figure_percent(byte_share(scene, up)).text, scene_short_name(scene, down).text,
              figure_percent(hybrid_share(scene, down)).text, figure_percent(byte_share(scene, down)).text);
}

static void tell_budget(LessonText *text, const Scene *scene)
{
    PlanTotals totals = plan_totals(scene->plan, scene->network);
    words_add(
        &text->body,
        "A bit more costs every weight of a layer one bit, and divides the layer's error by about four. "
        "So give bits where a layer has much of the bound in few bytes, and take them where it is "
        "the other way round. ");
    tell_shares(text, scene);
    words_add(&text->body, "This plan takes %s, %s times less than float", figure_bytes(totals.bytes).text,
              figure_ratio(totals.compression).text);
    Score score = scene->snapshot ? score_of(&scene->snapshot->accuracy) : (Score){0};
    if (score.known && score.labelled && !scene_plan_is_ahead(scene) && scene->snapshot->accuracy_current)
        words_add(&text->body, ", for a top-1 of %.2f ± %.2f %%", 100 * score.value, 100 * score.half);
    words_add(&text->body,
              ". Every plan evaluated is a point; those on the Pareto front are not beaten in size and "
              "accuracy at once.");
    words_add(&text->exercise,
              "Try: %s and %s give and take a bit; %s solves a layer at every width; %s lists the plans, and "
              "goes back to one.",
              key(scene, "raise").text, key(scene, "lower").text, key(scene, "widths").text,
              key(scene, "visits").text);
}

/* --- steps ------------------------------------------------------------------------------------------- */

typedef struct Chapter {
    LessonStep step;
    LayerFigure *layer; /* the cursor goes to the layer where it is largest; NULL: stays */
    void (*tell)(LessonText *text, const Scene *scene);
} Chapter;

static const Chapter chapters[] = {
    {{"What a layer's error is", VIEW_ERROR_LAYERS}, final_error, tell_error},
    {{"Rounding is not the best", VIEW_ERROR_EPOCHS}, gain_over_rounding, tell_rounding},
    {{"Digits, split and stitched", VIEW_ERROR_EPOCHS}, gain_over_rounding, tell_digits},
    {{"Layer errors bound the output's", VIEW_LOSS_LADDER}, NULL, tell_bound},
    {{"Where the bound is loose", VIEW_LOSS_LAYERS}, spectral_part, tell_loose},
    {{"What tightens it", VIEW_LOSS_LADDER}, NULL, tell_tight},
    {{"Layers that make up for others", VIEW_ERROR_LAYERS}, made_up_for, tell_compensation},
    {{"A budget of bits", VIEW_ACCURACY_PLANS}, bound_a_byte, tell_budget},
};

size_t lesson_step_count(void)
{
    return sizeof chapters / sizeof *chapters;
}

const LessonStep *lesson_step(size_t index)
{
    return index < lesson_step_count() ? &chapters[index].step : NULL;
}

size_t lesson_layer(const Scene *scene, size_t index)
{
    if (index >= lesson_step_count() || !chapters[index].layer) return NO_INDEX;
    return largest(scene, chapters[index].layer);
}

void lesson_set_up(Scene *scene, size_t index)
{
    const LessonStep *step = lesson_step(index);
    if (!step) return;
    scene->lesson = index + 1;
    scene->front = view_table[step->view].panel;
    scene->views[scene->front] = step->view;
    scene->chart_cursor[scene->front] = SIZE_MAX;
    scene->overlay = OVERLAY_NONE;
    scene->overlay_first = 0;
    scene->zoomed = false;
    layer_order_go(scene, lesson_layer(scene, index));
}

int lesson_draw(Canvas *canvas, Area inner, const Scene *scene, int first)
{
    LessonText text = {0};
    if (scene->lesson == 0 || scene->lesson > lesson_step_count()) return 0;
    chapters[scene->lesson - 1].tell(&text, scene);
    Area area = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    area.columns = inner.columns - 2;
    int row = canvas_paragraph(canvas, area, -first, 0, STYLE_TEXT, text.body.text);
    if (inner.columns < TALL_COLUMNS) row++;
    row += canvas_paragraph(canvas, area, row - first, 0, STYLE_STRONG, text.exercise.text);
    return row;
}
