/* SPDX-License-Identifier: MIT */
/* The lesson's steps on how a layer is solved. */
#include "views/lesson_texts.h"
#include "views/panels/lattice.h"
#include "views/panels/staircase.h"

#include <math.h>

/* The result of the layer under the cursor; NULL where it is not solved. */
static const LayerResult *result_here(const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    return layer == NO_INDEX ? NULL : scene_result(scene, layer);
}

/* --- a calibration row -------------------------------------------------------------------------------- */

void lesson_tell_rows(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    const LayerResult *result = result_here(scene);
    words_add(words,
              "A layer computes y = W x + b. x is one patch of its input: all values that one output pixel "
              "is computed from. A calibration row is one such x at a random place of a calibration image, "
              "with the output y that the float network has there. Quantization replaces W by a Q: whole "
              "numbers Q, the codes, times one scale a per output channel. ");
    if (layer != NO_INDEX && result && result->rows > 0)
        words_add(words, "For %s there are %s rows of %zu values. ", scene_short_name(scene, layer).text,
                  figure_count(result->rows).text, scene->network->layers[layer].n);
    words_add(
        words,
        "The reconstruction error is the sum of (y - a Q x)^2 over the rows, divided by the sum of y^2, "
        "both without the bias b. At 0.01 a hundredth of the output's energy is wrong. ");
    if (scene->plan->options.mode == MODE_SEQUENTIAL)
        words_add(words,
                  "In sequential mode x comes from the quantized layers before, so that their error is "
                  "in the numerator too.");
}

void lesson_try_rows(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s moves through the layers; each point of the chart is a layer's error.",
              lesson_key(scene, "down").text);
}

/* --- which layer is hardest ------------------------------------------------------------------------- */

size_t lesson_hardest(const Scene *scene)
{
    return lesson_largest(scene, lesson_error);
}

void lesson_ask_hardest(Words *words, const Scene *scene)
{
    (void)scene;
    words_add(words, "Which layer has the largest reconstruction error? Think of its bit width, of how many "
                     "weights share a scale, and of how different its inputs are.");
}

void lesson_tell_hardest(Words *words, const Scene *scene)
{
    const size_t most = lesson_hardest(scene), least = lesson_largest(scene, lesson_error_negative);
    if (most == NO_INDEX) {
        words_add(words, "The errors of these layers are not known yet: %s.", scene_pending(scene));
        return;
    }
    words_add(words, "%s at %s, with %s. The smallest is %s of %s at %s. ",
              scene_short_name(scene, most).text, bits_words(scene->plan->layers[most].weight_bits),
              figure_number(lesson_error(scene, most)).text, figure_number(lesson_error(scene, least)).text,
              scene_short_name(scene, least).text, bits_words(scene->plan->layers[least].weight_bits));
    words_add(words,
              "Layers differ, so they may need different bit widths. But a large error in a layer need "
              "not harm the output: that depends on what the layers behind it do with it.");
}

/* --- the staircase ------------------------------------------------------------------------------------ */

void lesson_tell_staircase(Words *words, const Scene *scene)
{
    (void)scene;
    words_add(
        words,
        "With b bits the codes of a channel are -(2^(b-1) - 1) .. 2^(b-1) - 1: stairs of height a. A weight "
        "on "
        "the stairs is off by up to half a step: rounding error, about a^2 / 12 on average. A weight beyond "
        "the last stair is off by all that is above it: clipping error. A larger scale a makes the steps "
        "coarser, and reaches farther. The chart has both errors and their sum over the range of the codes, "
        "in %% of each channel's largest weight.");
}

void lesson_try_staircase(Words *words, const Scene *scene)
{
    words_add(words, "Do: h and l move the range; %s and a digit change the bits.",
              lesson_key(scene, "weight-bits").text);
}

size_t lesson_best_range(const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer == NO_INDEX) return NO_INDEX;
    const unsigned bits = scene->plan->layers[layer].weight_bits;
    const double best =
        staircase_range(staircase_best(&scene->network->layers[layer], bits == BITS_FLOAT ? 4 : bits));
    return best > 0.975 ? 0 : best > 0.775 ? 1 : best > 0.525 ? 2 : 3;
}

void lesson_ask_range(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer == NO_INDEX) return;
    words_add(words,
              "The weights of %s get %s. How far should the codes reach, for the least sum of rounding and "
              "clipping error?",
              scene_short_name(scene, layer).text, bits_words(scene->plan->layers[layer].weight_bits));
}

void lesson_tell_range(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer == NO_INDEX) return;
    const Layer *weights = &scene->network->layers[layer];
    const unsigned chosen = scene->plan->layers[layer].weight_bits, bits = chosen == BITS_FLOAT ? 4 : chosen;
    const size_t best = staircase_best(weights, bits);
    const StaircaseError at = staircase_error(weights, bits, staircase_range(best)),
                         whole = staircase_error(weights, bits, 1);
    words_add(words,
              "To %.0f %% of the largest weight: %s rounding + %s clipping. Codes that reach all weights "
              "have %s. ",
              100 * staircase_range(best), figure_number(at.rounding).text, figure_number(at.clipping).text,
              figure_number(whole.rounding + whole.clipping).text);
    words_add(words, "The fewer the bits, the more it pays to clip. The solver fits the scale to the layer's "
                     "outputs, not to its weights alone.");
}

/* --- what is minimised ------------------------------------------------------------------------------ */

void lesson_tell_minimum(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    const LayerResult *result = result_here(scene);
    words_add(
        words,
        "Round-to-nearest (RTN) changes each weight as little as possible. But an output is a sum over "
        "inputs that are alike, and errors of the same sign add up in it. The solver minimises the "
        "error of the outputs instead: over the codes Q and the scale a of each channel, the squared "
        "error |y - a Q x|^2 over all rows. With H = sum of x x' it is y.y - 2 a g.q + a^2 q'Hq: all that "
        "it needs of the images is H and g, once. ");
    if (!result || isnan(result->rounding_error)) {
        words_add(words, "This layer has no figures yet.");
        return;
    }
    const Layer *shape = &scene->network->layers[layer];
    const double codes = (double)(shape->groups * shape->m * shape->n), error = lesson_error(scene, layer);
    words_add(words, "In %s at %s, RTN leaves an error of %s, %s%s %s", scene_short_name(scene, layer).text,
              bits_words(result->bits), figure_number(result->rounding_error).text,
              method_title(result->method), isnan(result->polished_error) ? "" : " and polish",
              figure_number(error).text);
    if (error > 0 && error < result->rounding_error)
        words_add(words, ", %s times less", figure_ratio(result->rounding_error / error).text);
    words_add(words, "; %s of the codes differ from RTN.",
              figure_percent(codes > 0 ? (double)result->codes_changed / codes : 0).text);
}

void lesson_try_minimum(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s chooses another bit width, %s undoes it; %s tries every method on this layer.",
              lesson_key(scene, "weight-bits").text, lesson_key(scene, "undo").text,
              lesson_key(scene, "compare").text);
}

/* --- two weights -------------------------------------------------------------------------------------- */

void lesson_tell_lattice(Words *words, const Scene *scene)
{
    const TwoWeights *pair = scene_pair(scene, scene_layer(scene));
    words_add(
        words,
        "Two weights of this layer, all others kept float. Each + is a pair of codes. The error is the same "
        "along an ellipse around the float weights x: contours of H, long where the two inputs are alike and "
        "their errors can cancel. RTN goes to the nearest +, which may lie far out on the ellipse. Single "
        "digits then move parallel to an axis, by 1, 2 or 4 codes, and stop where no such move goes down: "
        "they get stuck beside the valley. Nearest plane rounds one weight, moves the other along the valley "
        "by the error made (feedback), and rounds it there. ");
    if (!pair)
        words_add(words, "%s has no such pair yet.", scene_name(scene, scene_layer(scene)));
    else
        words_add(words, "Errors here: RTN %s, digits %s, nearest plane %s, optimum %s.",
                  figure_number(lattice_end(pair, ROUTE_ROUNDING).error).text,
                  figure_number(lattice_end(pair, ROUTE_DIGITS).error).text,
                  figure_number(lattice_end(pair, ROUTE_NEAREST_PLANE).error).text,
                  figure_number(lattice_end(pair, ROUTE_BEST).error).text);
}

void lesson_try_lattice(Words *words, const Scene *scene)
{
    words_add(words, "Do: l steps through the routes, h back; %s shows another layer's pair.",
              lesson_key(scene, "down").text);
}

size_t lesson_optimum(const Scene *scene)
{
    const TwoWeights *pair = scene_pair(scene, scene_layer(scene));
    if (!pair) return NO_INDEX;
    const double best = lattice_end(pair, ROUTE_BEST).error * (1 + 1e-12);
    return lattice_end(pair, ROUTE_DIGITS).error <= best          ? 0
           : lattice_end(pair, ROUTE_NEAREST_PLANE).error <= best ? 1
                                                                  : 2;
}

void lesson_ask_optimum(Words *words, const Scene *scene)
{
    (void)scene;
    words_add(words,
              "The pair of this layer is the one, of those looked at, where digits end farthest above the "
              "optimum. Which of the routes reaches its optimum?");
}

void lesson_tell_optimum(Words *words, const Scene *scene)
{
    const TwoWeights *pair = scene_pair(scene, scene_layer(scene));
    if (!pair) {
        words_add(words, "This layer has no pair yet: %s.", scene_pending(scene));
        return;
    }
    words_add(words, "Single digits end at %s, nearest plane at %s; the optimum is %s. ",
              figure_number(lattice_end(pair, ROUTE_DIGITS).error).text,
              figure_number(lattice_end(pair, ROUTE_NEAREST_PLANE).error).text,
              figure_number(lattice_end(pair, ROUTE_BEST).error).text);
    words_add(words,
              "In a layer, hundreds of weights make the valleys. A method that moves two weights at once, or "
              "feeds errors forward, gets out of most; no method that is fast gets out of all.");
}

/* --- digits ------------------------------------------------------------------------------------------- */

void lesson_tell_digit(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    const LayerResult *result = result_here(scene);
    const unsigned bits = result ? result->bits : BITS_FLOAT;
    words_add(words,
              "A code of b bits is a sum of b - 1 digits, each -1, 0 or 1, that count 1, 2, 4 and so on. "
              "Bit-split solves for one digit of one weight at a time. All other digits of all weights are "
              "held fixed, and so is the scale; then the error is a parabola in this digit, with one "
              "minimum, and the best of three values is the nearest to it. A whole code has 2^b - 1 values ");
    if (bits >= BITS_MIN && bits <= BITS_MAX) words_add(words, "(%u here) ", (1u << bits) - 1);
    words_add(words,
              "and a pair of codes their square. One sweep over all weights and digits, the highest digit "
              "first, with a new scale at its end is an epoch. No move raises the error, so it converges, to "
              "a point that no single digit improves. ");
    if (result && bits >= BITS_MIN && result->method == METHOD_BITSPLIT)
        words_add(words, "%s took %zu epochs, and %zu of polish on whole codes.",
                  scene_short_name(scene, layer).text, result->epochs, result->polish_epochs);
    else if (result)
        words_add(words, "%s is solved by %s.", scene_short_name(scene, layer).text,
                  method_title(result->method));
}

void lesson_try_digit(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s shows this layer's codes; %s compares all methods on it.",
              lesson_key(scene, "details").text, lesson_key(scene, "compare").text);
}

void lesson_tell_stitching(Words *words, const Scene *scene)
{
    const LayerResult *result = result_here(scene);
    words_add(words,
              "Stitching puts the digits together: code = d0 + 2 d1 + 4 d2 .. It is no rounding. Every digit "
              "of a channel shares the channel's scale, so that a times the code is exactly what the digits "
              "stood for: the error before and after is the same number. What stays fixed is the scale and "
              "the weight of each digit; what may change is which digits make the code, since 1 = 2 - 1. ");
    if (result && result->bits >= BITS_MIN && result->bits <= BITS_MAX)
        words_add(words, "Here %u digits give codes from -%u to %u.", result->bits - 1,
                  (1u << (result->bits - 1)) - 1, (1u << (result->bits - 1)) - 1);
}

void lesson_try_stitching(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s lists how many weights have each code and each digit.",
              lesson_key(scene, "details").text);
}

/* --- error compensation ------------------------------------------------------------------------------- */

/* The layer's input channel whose scale is farthest from the mean one, and both. False: one scale for all. */
static bool find_channel(size_t *channel, double *scale, double *mean, const LayerResult *result)
{
    double sum = 0, most = 0;
    if (!result || result->input_scale_count < 2) return false;
    for (size_t c = 0; c < result->input_scale_count; c++) sum += result->input_scales[c];
    *mean = sum / (double)result->input_scale_count;
    for (size_t c = 0; c < result->input_scale_count; c++) {
        const double part = fabs(log(fmax(result->input_scales[c], 1e-30) / *mean));
        if (!(part > most)) continue;
        most = part;
        *channel = c;
        *scale = result->input_scales[c];
    }
    return most > 0;
}

void lesson_tell_compensation(Words *words, const Scene *scene)
{
    const LayerResult *result = result_here(scene);
    size_t channel = 0;
    double scale = 0, mean = 0;
    words_add(
        words,
        "Quantized activations are codes times a scale. One scale for all input channels fits the "
        "largest; a channel whose values are ten times smaller then has a tenth of the codes. Error "
        "compensation gives each input channel c its own scale s_c, and solves the weights W s_c on the "
        "codes against the float outputs: the scale goes into the weights, integer arithmetic stays, and "
        "the weights make up for what rounding did to that channel. It is %s in this plan. ",
        scene->plan->options.error_compensated ? "on" : "off");
    if (find_channel(&channel, &scale, &mean, result))
        words_add(words,
                  "Input channel %zu has the scale %s, the mean is %s: with one scale it would have %s codes "
                  "in place of %u.",
                  channel + 1, figure_number(scale).text, figure_number(mean).text,
                  figure_number(((1u << result->activation_bits) - 1) * scale / mean).text,
                  (1u << result->activation_bits) - 1);
    else
        words_add(words, "This layer has no scales per input channel yet.");
}

void lesson_try_compensation(Words *words, const Scene *scene)
{
    words_add(words, "Do: %s and a digit quantize the activations, %s compensates; %s undoes it.",
              lesson_key(scene, "activation-bits").text, lesson_key(scene, "compensated").text,
              lesson_key(scene, "undo").text);
}
