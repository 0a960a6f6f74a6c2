/* SPDX-License-Identifier: MIT */
#include "views/lesson.h"

#include "views/layer_order.h"
#include "views/panels/overlays.h"
#include "views/panels/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const lesson_actions[] = {
    "down",        "worst",           "effort", "weight-bits", "raise",           "lower",  "undo",
    "compare",     "details",         "mode",   "compensated", "activation-bits", "widths", "visits",
    "lesson-next", "lesson-previous", "lesson", NULL};

/* Narrower areas are tall: there a blank row separates the exercise. */
#define TALL_COLUMNS 60

/* A step's explanation, and what to try. */
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

static double bound_per_byte(const Scene *scene, size_t layer)
{
    bool can_rise = scene->plan->layers[layer].weight_bits < BITS_MAX;
    return can_rise ? hybrid_share(scene, layer) / byte_share(scene, layer) : NAN;
}

static double bytes_per_bound(const Scene *scene, size_t layer)
{
    bool can_fall = scene->plan->layers[layer].weight_bits > BITS_MIN;
    return can_fall ? byte_share(scene, layer) / hybrid_share(scene, layer) : NAN;
}

/* The layer's local error relative to the accumulated error of all layers up to it. */
static double compensated_ratio(const Scene *scene, size_t layer)
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
        "A layer computes y = W x + b. When it is quantized, its weights become integers times a scale, and "
        "y "
        "changes. The reconstruction error measures this change: the sum of squared differences over sampled "
        "rows of the calibration images, divided by the sum of y squared. At 0.01 the error has a hundredth "
        "of the output's energy. ");
    if (most == NO_INDEX)
        words_add(&text->body, "The errors of these layers are not known yet: %s.", scene_pending(scene));
    else
        words_add(
            &text->body,
            "In this network it goes from %s (%s) to %s (%s): layers differ, so they may need different bit "
            "widths.",
            figure_number(final_error(scene, least)).text, scene_short_name(scene, least).text,
            figure_number(final_error(scene, most)).text, scene_short_name(scene, most).text);
    words_add(&text->exercise, "Try: %s moves through the layers, %s to the layer that costs most.",
              key(scene, "down").text, key(scene, "worst").text);
}

static void tell_rounding(LessonText *text, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LayerResult *result = layer == NO_INDEX ? NULL : scene_result(scene, layer);
    words_add(
        &text->body,
        "Round-to-nearest (RTN) changes every weight as little as possible. But an output is a sum over "
        "correlated inputs, and rounding errors of the same sign add up in it. If the codes are chosen by "
        "the "
        "output instead, the error of one weight can cancel that of another. ");
    if (!result || isnan(result->rounding_error)) {
        words_add(&text->body,
                  "This layer has no figures yet. The dotted level will be RTN, the curve below it "
                  "the optimizer.");
    } else {
        const Layer *shape = &scene->network->layers[layer];
        double codes = (double)(shape->groups * shape->m * shape->n), error = final_error(scene, layer);
        words_add(&text->body, "In %s at %s, RTN leaves an error of %s, the optimizer %s",
                  scene_short_name(scene, layer).text, bits_words(result->bits),
                  figure_number(result->rounding_error).text, figure_number(error).text);
        if (error > 0 && error < result->rounding_error)
            words_add(&text->body, ", %s times less", figure_ratio(result->rounding_error / error).text);
        words_add(&text->body, "; %s of the codes differ from RTN.",
                  figure_percent(codes > 0 ? (double)result->codes_changed / codes : 0).text);
    }
    words_add(&text->exercise,
              "Try: %s chooses another bit width, %s undoes it; %s tries every method on this layer.",
              key(scene, "weight-bits").text, key(scene, "undo").text, key(scene, "compare").text);
}

static void tell_digits(LessonText *text, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LayerResult *result = layer == NO_INDEX ? NULL : scene_result(scene, layer);
    words_add(
        &text->body,
        "At b bits a code is a sum of b - 1 digits; each is -1, 0 or 1 and counts 1, 2, 4 and so on. With "
        "all "
        "other digits fixed, the best of the three values is known in closed form. Bit-split therefore "
        "splits "
        "the codes into digits, sweeps over one digit of all weights after the other, the highest first, and "
        "refits the scales: this is one epoch. Each point of the curve is one sweep; the error plus the "
        "ridge term never rises. "
        "At "
        "the end the digits are stitched to codes. ");
    if (!result || result->bits == BITS_FLOAT)
        words_add(&text->body, "This layer has no curve yet.");
    else if (result->method != METHOD_BITSPLIT)
        words_add(
            &text->body, "(%s is solved by %s, which does not use digits; the effort `fast`, by %s, does.)",
            scene_short_name(scene, layer).text, method_title(result->method), key(scene, "effort").text);
    else
        words_add(&text->body, "%s, at %s, has %u %s and took %zu epochs",
                  scene_short_name(scene, layer).text, bits_words(result->bits), result->bits - 1,
                  result->bits == 2 ? "digit" : "digits", result->epochs);
    if (result && result->bits != BITS_FLOAT && result->method == METHOD_BITSPLIT)
        words_add(&text->body,
                  result->polish_epochs ? " and %zu of polish (coordinate descent on whole codes)." : ".",
                  result->polish_epochs);
    words_add(&text->exercise,
              "Try: %s shows this layer's digits and codes; %s changes the number of digits.",
              key(scene, "details").text, key(scene, "weight-bits").text);
}

/* Says why the bounds cannot be shown, and returns true, if there are none or one of them is not finite. */
static bool tell_missing(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    if (!ladder) words_add(&text->body, "The figures are not known yet: %s.", scene_bounds_pending(scene));
    if (ladder && isinf(ladder->spectral))
        words_add(
            &text->body,
            "One node of this network has no finite Lipschitz constant (%s), so only the hybrid bound is "
            "available.",
            ladder->culprit ? character_short_name(ladder->culprit).text : "?");
    if (ladder && !(ladder->measured > 0))
        words_add(&text->body, "Under this plan the output does not change yet.");
    return !ladder || isinf(ladder->spectral) || !(ladder->measured > 0);
}

static void tell_bound(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(
        &text->body,
        "The layers after a layer can amplify its error by at most lambda, their Lipschitz constant: the "
        "product of their norms, summed over all paths. The sum of lambda x local error over all layers "
        "therefore bounds how far the output moves on these images. ");
    if (!tell_missing(text, scene))
        words_add(
            &text->body,
            "Here the output moves by %s of its own norm. The bound is %s with operator norms, and %s with "
            "Frobenius norms, %s times more. Each rung is proven to lie above the next, and the program "
            "checks it in every run.",
            figure_number(ladder->measured / ladder_unit(ladder)).text,
            figure_number(ladder->spectral / ladder_unit(ladder)).text,
            figure_number(ladder->frobenius / ladder_unit(ladder)).text,
            figure_ratio(ladder->frobenius / ladder->spectral).text);
    words_add(&text->exercise, "Try: %s on a layer, and watch all four rungs; %s undoes it.",
              key(scene, "weight-bits").text, key(scene, "undo").text);
}

static void tell_loose(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    size_t worst = largest(scene, spectral_part);
    words_add(
        &text->body,
        "lambda assumes the worst case: every layer amplifies this error as much as it can amplify anything. "
        "Real errors rarely point in that direction, and norms multiply with depth. ");
    if (!tell_missing(text, scene) && worst != NO_INDEX)
        words_add(
            &text->body,
            "For %s lambda is %s; with its local error of %s it contributes %s of the spectral bound. That "
            "bound is %s times the measured change: the number itself says little, but it holds without "
            "running the later layers.",
            scene_short_name(scene, worst).text, figure_number(ladder->steps[worst].lambda).text,
            figure_number(ladder->steps[worst].local_error).text,
            figure_percent(ladder->steps[worst].spectral / ladder->spectral).text,
            figure_ratio(ladder->spectral / ladder->measured).text);
    words_add(&text->exercise, "Try: %s moves through the layers and their points; %s shows norm and lambda.",
              key(scene, "down").text, key(scene, "details").text);
}

static void tell_tight(LessonText *text, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(
        &text->body,
        "A bound without Lipschitz constants: quantize the layers one after the other, run the rest of the "
        "network in float, and add up how far each step moves the output. By the triangle inequality this "
        "sum, the hybrid bound, is a bound too. ");
    if (!ladder || !(ladder->measured > 0)) {
        tell_missing(text, scene);
    } else {
        words_add(&text->body, "Here it is %s of the output's norm",
                  figure_number(ladder->hybrid / ladder_unit(ladder)).text);
        if (isfinite(ladder->spectral))
            words_add(&text->body, ", %s times below the spectral bound",
                      figure_ratio(ladder->spectral / ladder->hybrid).text);
        words_add(
            &text->body,
            ". It is %s times the measured change, because the steps partly cancel. An image whose own error "
            "is below its margin / sqrt 2 cannot change its prediction: this certifies %s of the images by "
            "the hybrid bound, and %s by the measured error.",
            figure_ratio(ladder->hybrid / ladder->measured).text,
            figure_percent_of(ladder->certified[CERTIFIED_NORMS], ladder->images).text,
            figure_percent_of(ladder->certified[CERTIFIED_MEASURED], ladder->images).text);
    }
    words_add(
        &text->exercise,
        "Try: %s goes to the layer that costs most; %s gives it one bit more: see how many more images are "
        "certified.",
        key(scene, "worst").text, key(scene, "raise").text);
}

static void tell_compensation(LessonText *text, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LadderStep *step = layer == NO_INDEX ? NULL : scene_step(scene, layer);
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : scene_state(scene, layer);
    if (scene->plan->options.mode == MODE_SEQUENTIAL)
        words_add(
            &text->body,
            "Calibration is sequential: a layer is solved on the inputs that the quantized layers before it "
            "produce, with the float network's outputs as the target. It so compensates a part of their "
            "error. "
            "Its own local error, against its float weights on the same inputs, may rise while the output "
            "improves. ");
    else
        words_add(
            &text->body,
            "Calibration is independent: a layer is solved on the float network's inputs. Its local error is "
            "low, but no layer compensates the error of the layers before it. Sequential calibration solves "
            "on "
            "the inputs that the quantized layers produce; it can lower the output's error by raising a "
            "layer's own. ");
    if (step && step->quantized && isfinite(state->accumulated_error))
        words_add(&text->body, "%s: local error %s, accumulated error of all layers up to it %s. ",
                  scene_short_name(scene, layer).text, figure_number(step->local_error).text,
                  figure_number(state->accumulated_error).text);
    else
        words_add(&text->body, "The local errors come with the bound. ");
    words_add(
        &text->body,
        "Error-compensated activations (%s) go further: one scale per input channel, and weights solved on "
        "the quantized inputs.",
        scene->plan->options.error_compensated ? "on" : "off");
    words_add(
        &text->exercise,
        "Try: %s switches between the two; the squares are the accumulated errors. %s and a digit quantize "
        "the activations, %s compensates, %s undoes it.",
        key(scene, "mode").text, key(scene, "activation-bits").text, key(scene, "compensated").text,
        key(scene, "undo").text);
}

static void tell_budget(LessonText *text, const Scene *scene)
{
    PlanTotals totals = plan_totals(scene->plan, scene->network);
    size_t up = largest(scene, bound_per_byte), down = largest(scene, bytes_per_bound);
    Score score = scene->snapshot ? score_of(&scene->snapshot->accuracy) : (Score){0};
    words_add(&text->body,
              "One bit more costs every weight of a layer one bit, and halves the step between its codes. "
              "Give "
              "bits to layers with a large part of the hybrid bound in few bytes, and take them from layers "
              "with a small "
              "part in many bytes. ");
    if (up == NO_INDEX || down == NO_INDEX || up == down)
        words_add(&text->body, "The parts of these layers come with the bound. ");
    else
        words_add(&text->body, "%s has %s of the hybrid bound in %s of the bytes; %s has %s in %s. ",
                  scene_short_name(scene, up).text, figure_percent(hybrid_share(scene, up)).text,
                  figure_percent(byte_share(scene, up)).text, scene_short_name(scene, down).text,
                  figure_percent(hybrid_share(scene, down)).text,
                  figure_percent(byte_share(scene, down)).text);
    words_add(&text->body, "This plan takes %s, %s times less than float", figure_bytes(totals.bytes).text,
              figure_ratio(totals.compression).text);
    if (score.known && score.labelled && !scene_accuracy_is_old(scene)) {
        const Evaluation *accuracy = &scene->snapshot->accuracy;
        words_add(&text->body, ", and changes %s by %s points", score.name, score_change(accuracy).text);
    }
    words_add(&text->body,
              ". Every evaluated plan is a point; on the Pareto front, no other plan is both smaller "
              "and more accurate.");
    words_add(
        &text->exercise,
        "Try: %s and %s give and take one bit; %s solves a layer at every bit width; %s lists the plans and "
        "returns to one.",
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
    {{"Rounding is not optimal", VIEW_ERROR_EPOCHS}, gain_over_rounding, tell_rounding},
    {{"Digits, split and stitched", VIEW_ERROR_EPOCHS}, gain_over_rounding, tell_digits},
    {{"Layer errors bound the output", VIEW_LOSS_LADDER}, NULL, tell_bound},
    {{"Where the bound is loose", VIEW_LOSS_LAYERS}, spectral_part, tell_loose},
    {{"What tightens it", VIEW_LOSS_LADDER}, NULL, tell_tight},
    {{"Layers that compensate others", VIEW_ERROR_LAYERS}, compensated_ratio, tell_compensation},
    {{"A budget of bits", VIEW_ACCURACY_PLANS}, bound_per_byte, tell_budget},
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
