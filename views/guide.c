/* SPDX-License-Identifier: MIT */
#include "views/guide.h"

#include "views/layer_cost.h"
#include "views/page.h"

#include <math.h>
#include <string.h>

/* Floors below it are rounding noise of sums: the layer's input is not quantized. */
#define ROUNDING_NOISE 1e-12

/* --- figures of the terms ---------------------------------------------------------------------------- */

static const char *name_here(const Scene *scene)
{
    return scene_layer(scene) == NO_INDEX ? "no layer" : scene_name(scene, scene_layer(scene));
}

static const LayerResult *result_here(const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    return layer == NO_INDEX ? NULL : scene_result(scene, layer);
}

static const LayerSnapshot *state_here(const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    return layer == NO_INDEX ? NULL : scene_state(scene, layer);
}

static void say_number(Words *words, const char *name, double value)
{
    if (isfinite(value)) words_add(words, "%s: %s", name, figure_number(value).text);
}

static void weight_bits_now(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer != NO_INDEX)
        words_add(
            words, "%s: %s", name_here(scene),
            weights_words(scene->plan->layers[layer].weight_bits, (GridKind)scene->plan->layers[layer].grid)
                .text);
}

static void range_now(Words *words, const Scene *scene)
{
    const LayerResult *result = result_here(scene);
    if (result && result->range > 0)
        words_add(words, "%s: %.2f, the median of its channels", name_here(scene), result->range);
}

static void activation_bits_now(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer != NO_INDEX)
        words_add(words, "%s: %s", name_here(scene), bits_words(scene->plan->layers[layer].activation_bits));
}

static void state_now(Words *words, const Scene *scene)
{
    if (scene->snapshot)
        words_add(words, "%zu of %zu layers are done", scene->snapshot->layers_done,
                  scene->snapshot->layer_count);
}

static void error_now(Words *words, const Scene *scene)
{
    if (scene_layer(scene) != NO_INDEX)
        say_number(words, name_here(scene), scene_error(scene, scene_layer(scene)));
}

static void rounding_now(Words *words, const Scene *scene)
{
    if (scene_layer(scene) != NO_INDEX)
        say_number(words, name_here(scene), scene_rounding_error(scene, scene_layer(scene)));
}

static void share_now(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    const size_t most = ladder ? rung_costliest(ladder, scene->rung) : NO_INDEX;
    if (most == NO_INDEX) return;
    words_add(words, "the %s bound's largest share is %s of %s", rung_name(scene->rung),
              figure_percent(rung_share(ladder, scene->rung, most)).text, scene_name(scene, most));
}

static void share_per_kib_now(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    const double share = layer == NO_INDEX ? NAN : layer_share_per_kib(scene, layer);
    if (isfinite(share)) words_add(words, "%s: %.1f %%", name_here(scene), 100 * share);
}

static void bit_change_now(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer == NO_INDEX) return;
    const BitChange more = layer_bit_change(scene, layer, 1), less = layer_bit_change(scene, layer, -1);
    if (!isfinite(more.points) && !isfinite(less.points)) return;
    words_add(words, "%s:", name_here(scene));
    if (isfinite(more.points))
        words_add(words, " one bit more %s%+.1f", more.estimated ? "~" : "", 100 * more.points);
    if (isfinite(less.points))
        words_add(words, "%s one bit less %s%+.1f", isfinite(more.points) ? "," : "",
                  less.estimated ? "~" : "", 100 * less.points);
}

static void size_now(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer != NO_INDEX)
        words_add(words, "%s: %s", name_here(scene),
                  figure_bytes(plan_layer_bytes(scene->plan, scene->network, layer)).text);
}

static void changed_codes_now(Words *words, const Scene *scene)
{
    const LayerResult *result = result_here(scene);
    if (!result || result->bits == BITS_FLOAT) return;
    const Layer *layer = &scene->network->layers[scene_layer(scene)];
    const double codes = (double)(layer->groups * layer->m * layer->n);
    words_add(words, "%s has %s codes, %s differ from RTN", name_here(scene), figure_quantity(codes).text,
              figure_percent((double)result->codes_changed / codes).text);
}

static void epochs_now(Words *words, const Scene *scene)
{
    const LayerResult *result = result_here(scene);
    if (result && result->bits != BITS_FLOAT)
        words_add(words, "%s took %zu epochs and %zu of polish", name_here(scene), result->epochs,
                  result->polish_epochs);
}

static void polish_now(Words *words, const Scene *scene)
{
    const LayerResult *result = result_here(scene);
    if (result && isfinite(result->polished_error))
        words_add(words, "from %s to %s", figure_number(result->bitsplit_error).text,
                  figure_number(result->polished_error).text);
}

static void heldout_now(Words *words, const Scene *scene)
{
    const LayerResult *result = result_here(scene);
    if (result) say_number(words, name_here(scene), result->heldout_error);
}

static void methods_now(Words *words, const Scene *scene)
{
    const LayerSnapshot *state = state_here(scene);
    size_t tried = 0;
    for (size_t m = 0; state && m < METHOD_COUNT; m++) tried += isfinite(state->methods[m]);
    if (tried) words_add(words, "%zu of %d were tried on %s", tried, METHOD_COUNT, name_here(scene));
}

static void accumulated_now(Words *words, const Scene *scene)
{
    const LayerSnapshot *state = state_here(scene);
    if (state) say_number(words, name_here(scene), state->accumulated_error);
}

static void estimate_now(Words *words, const Scene *scene)
{
    const LayerSnapshot *state = state_here(scene);
    const unsigned bits = state ? scene->plan->layers[scene_layer(scene)].weight_bits : BITS_FLOAT;
    if (bits == BITS_FLOAT || !isfinite(state->estimate[bits])) return;
    words_add(words, "%s at %s: %s", name_here(scene), bits_words(bits),
              figure_number(state->estimate[bits]).text);
}

static void floor_now(Words *words, const Scene *scene)
{
    const LayerSnapshot *state = state_here(scene);
    if (state && state->input_floor > ROUNDING_NOISE) say_number(words, name_here(scene), state->input_floor);
}

static void unit_now(Words *words, const Scene *scene)
{
    if (scene_ladder(scene)) say_number(words, "|F_0|", scene_ladder(scene)->output_norm);
}

static void lambda_now(Words *words, const Scene *scene)
{
    const LadderStep *step = scene_layer(scene) == NO_INDEX ? NULL : scene_step(scene, scene_layer(scene));
    if (step) say_number(words, name_here(scene), step->lambda);
}

static void say_rung(Words *words, const Scene *scene, Rung rung)
{
    const Ladder *ladder = scene_ladder(scene);
    if (ladder && isfinite(rung_bound(ladder, rung)))
        words_add(words, "%s", figure_number(rung_bound(ladder, rung) / ladder_unit(ladder)).text);
}

static void frobenius_now(Words *words, const Scene *scene)
{
    say_rung(words, scene, RUNG_FROBENIUS);
}

static void spectral_now(Words *words, const Scene *scene)
{
    say_rung(words, scene, RUNG_SPECTRAL);
}

static void hybrid_now(Words *words, const Scene *scene)
{
    say_rung(words, scene, RUNG_HYBRID);
}

static void measured_now(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    if (ladder) words_add(words, "%s", figure_number(ladder->measured / ladder_unit(ladder)).text);
}

static void certified_now(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    if (!ladder) return;
    for (Certificate c = CERTIFIED_NORMS; c <= CERTIFIED_BY_STAGE; c++)
        words_add(words, "%s%s %s", c == CERTIFIED_NORMS ? "" : ", ", certificate_name(c),
                  figure_percent_of(ladder->certified[c], ladder->images).text);
    words_add(words, ", of %s images", figure_count(ladder->images).text);
}

static const Evaluation *evaluation_of(const Scene *scene)
{
    const bool known = scene->snapshot && scene->snapshot->accuracy.images > 0;
    return known ? &scene->snapshot->accuracy : NULL;
}

static void top1_now(Words *words, const Scene *scene)
{
    const Evaluation *evaluation = evaluation_of(scene);
    if (evaluation && evaluation->labelled)
        words_add(words, "%s on %s images, float %s",
                  figure_percent_of(evaluation->quantized.top1_correct, evaluation->images).text,
                  figure_count(evaluation->images).text,
                  figure_percent_of(evaluation->reference.top1_correct, evaluation->images).text);
}

static void change_now(Words *words, const Scene *scene)
{
    const Evaluation *evaluation = evaluation_of(scene);
    if (!evaluation || !evaluation->labelled) return;
    const Interval change = interval_paired(evaluation->lost, evaluation->gained, evaluation->images);
    words_add(words, "%s, %s", score_change(evaluation).text,
              change.high < 0  ? "a loss"
              : change.low > 0 ? "a gain"
                               : "neither a loss nor a gain is shown");
}

static void lost_now(Words *words, const Scene *scene)
{
    const Evaluation *evaluation = evaluation_of(scene);
    if (evaluation && evaluation->labelled)
        words_add(words, "%zu lost and %zu gained", evaluation->lost, evaluation->gained);
}

static void agreeing_now(Words *words, const Scene *scene)
{
    const Evaluation *evaluation = evaluation_of(scene);
    if (evaluation)
        words_add(words, "%s of the images",
                  figure_percent_of(evaluation->agreeing, evaluation->images).text);
}

static void visited_now(Words *words, const Scene *scene)
{
    if (scene->snapshot) words_add(words, "%zu visited", scene->snapshot->visited_count);
}

static void changed_images_now(Words *words, const Scene *scene)
{
    const ChangedImages *images = scene->snapshot ? scene->snapshot->changes : NULL;
    if (images) words_add(words, "%zu images", images->changed_total);
}

static void average_bits_now(Words *words, const Scene *scene)
{
    const PlanTotals totals = plan_totals(scene->plan, scene->network);
    const Activations activations = plan_activations(scene->plan, scene->network);
    words_add(words, "%.2f bits per weight; the activations of %zu layers are quantized, of %zu float",
              totals.average_weight_bits, activations.quantized, activations.left_float);
}

static void total_size_now(Words *words, const Scene *scene)
{
    const PlanTotals totals = plan_totals(scene->plan, scene->network);
    words_add(words, "%s, %s times less than float", figure_bytes(totals.bytes).text,
              figure_ratio(totals.compression).text);
}

static void activity_now(Words *words, const Scene *scene)
{
    words_add(words, "%s", scene_activity(scene));
}

/* --- terms ------------------------------------------------------------------------------------------- */

// clang-format off
static const Term
    weight_bits = {"W", "Weight bits: the bits of each code of the layer's weights. - is float. A letter in front is the grid of codes where it is not "
                        "uniform: p power-of-two, t ternary, b binary.", weight_bits_now},
    range = {"range", "A channel's scale times its largest code, as a share of its largest weight: beyond it, weights are clipped.", range_now},
    rounding_part = {"rounding", "The part of RTN's error from weights within the range: the finer the steps, the smaller.", NULL},
    clipping_part = {"clipping", "The part of RTN's error from weights beyond the range, whose codes are the largest.", NULL},
    activation_bits = {"A", "Activation bits: the bits of the layer's input. - is float.", activation_bits_now},
    state = {"state", "A check mark: solved under this plan. A triangle: at work. A dot: waiting, or changed since.", state_now},
    error = {"error", "Reconstruction error: the squared difference between the layer's quantized and float outputs on sampled rows of the "
                      "calibration images, divided by the squared float output. At 0.01 it has a hundredth of the output's energy. The small bar compares "
                      "the layers, on a log scale.", error_now},
    rtn = {"RTN", "Round-to-nearest: every weight takes the nearest value of the grid. The baseline, from which the solver starts.", rounding_now},
    share_per_kib = {"%/KiB", "That share per KiB of the layer: where bits help most for their size.", share_per_kib_now},
    bit_change = {"+1 -1 bit", "Points of the bound that one weight bit more takes away (negative), or one less adds. ~ is estimated, without it the layer was "
                               "solved at both bit widths.", bit_change_now},
    size = {"size", "Bytes of the layer's codes, scales and bias.", size_now},
    rails = {"rails", "Lines on the left: one per branch. A layer on a branch reaches the output together with the rails beside it; Add and Concat "
                      "join them.", NULL},
    lambda = {"lambda", "Lipschitz constant of all layers behind this one: a change of the layer's output reaches the network's output at most this many times "
                        "as large.", lambda_now},
    code = {"code", "The integer that stands for a weight: weight = code x scale of its channel. Scales are per channel.", changed_codes_now},
    digit = {"digit", "A code of b bits is a sum of b - 1 digits of -1, 0 or 1, which count 1, 2, 4, ... Bit-split solves one digit of all codes at a "
                      "time; to stitch is to add the digits up.", NULL},
    epoch = {"epoch", "Bit-split: one sweep over all digits, the highest first, after which the scales are refitted. Other methods: one pass over whole codes.", epochs_now},
    polish = {"polish", "Coordinate descent on whole codes, after the method.", polish_now},
    heldout = {"held-out", "The same error on rows that the solver did not see. Where it is much larger, there are too few rows.", heldout_now},
    method = {"levels", "Dashed lines: the final errors of other methods at the same bit width, once they are compared.", methods_now},
    on_float_input = {"on float input", "The error where the layer is solved on the float network's input: to compare with RTN and the estimate, which are on the same input.", NULL},
    solved = {"solved", "The reconstruction error that the optimizer reached.", error_now},
    accumulated = {"accumulated", "Error of the layer's output in the quantized network against the float network's: it has the errors of all earlier layers in "
                                  "it.", accumulated_now},
    local = {"local error", "Error against the float layer on the same input, so that bit widths and methods compare.", NULL},
    estimate = {"estimate", "The local error predicted before solving, from one factorization of the Hessian. Too low where few bits clip many weights.", estimate_now},
    floor_term = {"floor", "The layer's input is quantized already, by the layers before it or its own activation bits. The floor is the error that is left with the "
                           "best real-valued weights: no bit width comes below it.", floor_now},
    unit = {"unit", "All figures are relative to |F_0|, the norm of the float network's outputs over all images: at 1 the change is as large as the output.", unit_now},
    frobenius = {"Frobenius", "Sum over layers of lambda x local error, with Frobenius norms: proven, cheap, and very loose.", frobenius_now},
    spectral = {"spectral", "The same sum with operator norms: the largest factor by which a layer can stretch any input.", spectral_now},
    hybrid = {"hybrid", "Layers are quantized one after the other, the rest runs in float, and the output's moves are added up. A hybrid network has its first layers "
                        "quantized and the rest float. Needs no lambda, and is far tighter.", hybrid_now},
    measured = {"measured", "How far the output moved on these images. No bound, but all bounds lie above it, which the program checks.", measured_now},
    certified = {"certified", "Images whose prediction is proven not to have changed. By norms: the hybrid sum of the image is below its margin / sqrt 2. By direction, "
                              "one-sided and by stage also look at what each change does to the margin, and prove more.", certified_now},
    top1 = {"top-1", "Share of the evaluation images whose largest score is that of the right class.", top1_now},
    change = {"change", "The change of top-1 against the float network in points, with its 95 % interval in brackets, from the same images in both "
                        "networks. Where the interval contains 0, the images show neither a loss nor a gain.", change_now},
    lost = {"lost, gained", "Images that only the float network gets right, and that only the quantized one does.", lost_now},
    agreeing = {"same", "Images with the same prediction in both networks, right or wrong.", agreeing_now},
    sensitivity = {"sensitivity", "Output error that the layer alone makes, with the next two layers re-fitted to make up for it, as sequential solving "
                   "does. Dark is small, light is large.", NULL},
    front_term = {"front", "The least predicted output error of any plan of a size. Predictions add up the layers' sensitivities; three plans that were "
                  "run scale them.", NULL},
    budget_term = {"budget", "The most that the plan may take: 105K, 3.5 bits per weight, or the smallest plan that is predicted to lose at most -0.3 points.", NULL},
    plan = {"plan", "All bit widths, methods and options together. Every plan that was worked on is kept and can be returned to.", visited_now},
    pareto = {"Pareto front", "Plans that no other plan beats: none is at least as small and as accurate, and better in one of the two.", NULL},
    changed = {"changed", "The largest score belongs to another class than in the float network.", changed_images_now},
    held = {"held", "Images that nearly changed: those of the smallest margin among the rest.", NULL},
    margin = {"margin", "The score of the float network's class, minus the largest other score: negative where the prediction changed.", NULL},
    bars = {"bars", "Softmax of the scores: what each network believes, class by class.", NULL},
    average_bits = {"W, A", "Average bits over all weights, and over all quantized activations.", average_bits_now},
    total_size = {"size", "All layers' codes, scales and biases, and how many times less that is than float.", total_size_now},
    activity = {"right", "What the program is doing.", activity_now};

/* The share of the bound that the table shows; its name is the column's head. */
#define SHARE_MEANING "The layer's share of the bound on how far the output moves: the layer with the largest share matters most for the output."
static const Term shares[RUNG_COUNT] = {[RUNG_HYBRID] = {"hybrid %", SHARE_MEANING, share_now},
                                        [RUNG_SPECTRAL] = {"spectral %", SHARE_MEANING, share_now},
                                        [RUNG_FROBENIUS] = {"Frobenius %", SHARE_MEANING, share_now}};
// clang-format on

static const Term *const header_terms[] = {&average_bits, &total_size, &top1, &change, &activity, NULL};

/* --- pages ------------------------------------------------------------------------------------------- */

#define TERMS_MOST 12

/* text: sentences; NULL: the text of the page itself. */
static const struct {
    const char *text;
    const Term *terms[TERMS_MOST]; /* NULL after the last */
} pages[VIEW_COUNT] = {
    [VIEW_LAYERS] =
        {"The layers of the network, one per row: what you chose for each, and what it costs. The "
         "row under the cursor is the layer that the other panels show.",
         {&weight_bits, &activation_bits, &state, &error, &rtn, &shares[0], &share_per_kib, &bit_change,
          &size}},
    [VIEW_LAYERS_NETWORK] = {"The network's graph, in the order of computation: one row per layer, rails for "
                             "branches.",
                             {&rails, &weight_bits, &error, &shares[0], &lambda}},
    [VIEW_ERROR_EPOCHS] = {"How the solver lowers the reconstruction error of the layer under the cursor, "
                           "from round-to-nearest on.",
                           {&error, &rtn, &code, &digit, &epoch, &polish, &heldout, &method}},
    [VIEW_ERROR_LAYERS] = {"The reconstruction errors of all layers.", {&rtn, &solved, &accumulated}},
    [VIEW_ERROR_WIDTHS] = {"The error of the layer under the cursor at every bit width.",
                           {&local, &rtn, &estimate, &on_float_input, &floor_term}},
    [VIEW_ERROR_CLIPPING] = {"What the error of the layer under the cursor is made of when the range of its "
                             "codes narrows.",
                             {&range, &rtn, &rounding_part, &clipping_part, &heldout}},
    [VIEW_ERROR_HEAT] = {"How much of the output error each layer would make at each weight width: what "
                         "plans within a budget are "
                         "chosen from.",
                         {&weight_bits, &sensitivity}},
    [VIEW_LOSS_LADDER] = {"How far quantization moves the network's output: three bounds, loosest first, and "
                          "the distance itself. The bars have a log scale.",
                          {&unit, &frobenius, &spectral, &hybrid, &measured, &certified, &shares[0],
                           &lambda}},
    [VIEW_LOSS_LAYERS] = {"What each layer adds to each bound.",
                          {&unit, &frobenius, &spectral, &hybrid, &measured, &lambda}},
    [VIEW_ACCURACY_LAYERS] = {"The accuracy on the calibration images while layers are quantized one after "
                              "the other, from the first on.",
                              {&hybrid, &change, &lost}},
    [VIEW_ACCURACY_IMAGES] = {"The accuracy on the evaluation images, as they are run.",
                              {&top1, &change, &lost, &agreeing}},
    [VIEW_ACCURACY_PLANS] = {"Every evaluated plan as a point.", {&plan, &pareto, &top1, &change}},
    [VIEW_ACCURACY_BUDGET] = {"The best plan of every size, by prediction, beside what was measured.",
                              {&budget_term, &front_term, &agreeing, &change}},
    [VIEW_ACCURACY_CHANGED] = {"The evaluation images whose prediction changed, and those that only just "
                               "held, with the scores of both networks.",
                               {&changed, &held, &margin, &bars, &lost}},
};

const Term *guide_page_term(const Scene *scene, size_t i)
{
    const Term *term = i < TERMS_MOST ? pages[scene_view(scene, scene->front)].terms[i] : NULL;
    return term == &shares[0] ? &shares[scene->rung] : term;
}

const Term *guide_header_term(size_t i)
{
    return header_terms[i];
}

void guide_tell_term(Words *words, const Scene *scene, const Term *term)
{
    Words now = {0};
    if (term->now) term->now(&now, scene);
    words_add(words, "%s", term->meaning);
    if (now.length) words_add(words, " Now %s.", now.text);
}

void guide_tell_page(Words *words, const Scene *scene)
{
    const ViewId view = scene_view(scene, scene->front);
    Page page;
    page_fill(&page, scene, view);
    if (pages[view].text) words_add(words, "%s ", pages[view].text);
    words_add(words, "%s%s%s", page.head.text, page.head.length ? " " : "", page.words.text);
    page_free(&page);
}

void guide_tell_welcome(Words *words, const Scene *scene)
{
    words_add(
        words,
        "bitstitch quantizes the weights of a trained network and shows what that costs: layer by layer "
        "on the left, and in the other panels the error of the layer under the cursor, proven bounds on "
        "how far the output moves, and the accuracy.\nGo to a layer with the arrow keys, press 2 to 8 to "
        "choose its bits, and watch the panels follow; %s undoes it.\n? explains the panel in focus with "
        "every term in it, %s starts a lesson, Tab goes to the next panel, and q quits.",
        scene_keys(scene, "undo"), scene_keys(scene, "lesson"));
}
