/* SPDX-License-Identifier: MIT */
/* The lesson's steps on bounds: what errors of layers say about the output. */
#include "views/lesson_texts.h"

#include <math.h>

/* Says why a bound cannot be shown, and returns true, where there is none or the output does not move. */
static bool tell_missing(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    if (!ladder)
        words_add(words, "The figures are not known yet: %s.", scene_bounds_pending(scene));
    else if (!(ladder->measured > 0))
        words_add(words, "Under this plan the output does not change yet.");
    return !ladder || !(ladder->measured > 0);
}

/* The same where the spectral bound is not finite. */
static bool tell_unbounded(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    if (tell_missing(words, scene)) return true;
    if (isfinite(ladder->spectral)) return false;
    words_add(words,
              "One node of this network has no finite Lipschitz constant (%s), so that only the hybrid bound "
              "is available.",
              ladder->culprit ? character_short_name(ladder->culprit).text : "?");
    return true;
}

/* --- sequential and independent --------------------------------------------------------------------- */

size_t lesson_modes_truth(const Scene *scene)
{
    const ModePair pair = lesson_modes(scene);
    if (!pair.known) return NO_INDEX;
    const bool hybrid_falls = pair.hybrid[MODE_INDEPENDENT] < pair.hybrid[MODE_SEQUENTIAL];
    const bool measured_falls = pair.measured[MODE_INDEPENDENT] < pair.measured[MODE_SEQUENTIAL];
    return hybrid_falls ? (measured_falls ? 0 : 1) : (measured_falls ? 2 : 3);
}

void lesson_ask_modes(Words *words, const Scene *scene)
{
    words_add(
        words,
        "Sequential calibration solves a layer on the inputs that the quantized layers before it "
        "produce, against the float network's outputs: it makes up for a part of their error. "
        "Independent calibration solves each layer on float inputs. Same plan, same bits: when %s "
        "switches from sequential to independent, what happens to the hybrid bound, and to the measured "
        "change of the output?",
        lesson_key(scene, "mode").text);
}

void lesson_tell_modes(Words *words, const Scene *scene)
{
    const ModePair pair = lesson_modes(scene);
    if (!pair.known) {
        words_add(words,
                  "Press %s, wait until the plan is done, and come back: the program compares both runs.",
                  lesson_key(scene, "mode").text);
        return;
    }
    const double *hybrid = pair.hybrid, *measured = pair.measured;
    words_add(words, "Sequential: hybrid %s, measured %s. Independent: hybrid %s, measured %s. ",
              figure_number(hybrid[MODE_SEQUENTIAL]).text, figure_number(measured[MODE_SEQUENTIAL]).text,
              figure_number(hybrid[MODE_INDEPENDENT]).text, figure_number(measured[MODE_INDEPENDENT]).text);
    words_add(
        words,
        "In independent mode every layer's own error is as small as it can be, and nothing makes up for "
        "anything: hybrid / measured is %s, against %s in sequential mode, where a layer may raise its "
        "own error to lower the output's. A bound that falls need not mean a better network: never read "
        "one number alone.",
        figure_ratio(hybrid[MODE_INDEPENDENT] / measured[MODE_INDEPENDENT]).text,
        figure_ratio(hybrid[MODE_SEQUENTIAL] / measured[MODE_SEQUENTIAL]).text);
}

/* --- four inequalities -------------------------------------------------------------------------------- */

void lesson_tell_triangle(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(
        words,
        "Measured <= hybrid. F_l is the network with the first l layers quantized and the rest float: F_0 "
        "is the float network, F_L the quantized one, and D_l = F_l - F_(l-1) what layer l adds.\n"
        "Proof: F_L - F_0 is the sum of all D_l, because the terms between cancel. The norm of a sum is "
        "at most the sum of the norms (triangle inequality).\n");
    if (tell_missing(words, scene)) return;
    words_add(words,
              "Here the output moves by %s of its norm, and the hybrid sum is %s: a factor of %s. Equality "
              "would need all D_l to point the same way, for every image. The hybrids are run, so that no "
              "constant is assumed; in the order first to last.",
              figure_number(ladder->measured / ladder_unit(ladder)).text,
              figure_number(ladder->hybrid / ladder_unit(ladder)).text,
              figure_ratio(ladder->hybrid / ladder->measured).text);
}

void lesson_try_triangle(Words *words, const Scene *scene)
{
    words_add(
        words, "Try: %s goes to the layer of the largest share, %s gives it one bit more; %s undoes it.",
        lesson_key(scene, "worst").text, lesson_key(scene, "raise").text, lesson_key(scene, "undo").text);
}

void lesson_tell_spectral(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    const size_t worst = lesson_largest(scene, lesson_spectral);
    words_add(
        words,
        "Hybrid <= spectral. e_l is the layer's own error: quantized against float layer on the same "
        "input. lambda_l is a Lipschitz constant of the float layers behind it: the most by which they "
        "can stretch any change.\n"
        "Proof: F_l and F_(l-1) differ in the input of that float rest by e_l, and it stretches it by at "
        "most lambda_l: |D_l| <= lambda_l e_l. Norms of layers multiply along a path; paths add up.\n");
    if (tell_unbounded(words, scene)) return;
    words_add(words, "Here the sum of lambda_l e_l is %s, %s times the hybrid sum. ",
              figure_number(ladder->spectral / ladder_unit(ladder)).text,
              figure_ratio(ladder->spectral / ladder->hybrid).text);
    if (worst != NO_INDEX)
        words_add(words, "%s has lambda %s. ", scene_short_name(scene, worst).text,
                  figure_number(ladder->steps[worst].lambda).text);
    words_add(words,
              "lambda assumes that every layer stretches this error as much as it can stretch anything; real "
              "errors do not point there, and the mistake multiplies with depth. Where two activations are "
              "multiplied, lambda also needs the size of the factors, which is measured on these images.");
}

void lesson_try_spectral(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s shows a layer's norm and lambda; R shows the shares of another bound.",
              lesson_key(scene, "details").text);
}

void lesson_tell_frobenius(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(words,
              "Spectral <= Frobenius. The spectral norm |W| is the most that W stretches any vector, its "
              "largest singular value. The Frobenius norm is the root of the sum of all squared weights.\n"
              "Proof: |W|_F^2 is the sum of all squared singular values, so at least the largest one. For a "
              "convolution a pixel is in up to n windows, hence a factor of sqrt n.\n");
    if (tell_unbounded(words, scene)) return;
    words_add(
        words,
        "Here it is %s, %s times the spectral bound: the textbook's bound, because it needs no more than "
        "the weights. The difference of the two multiplies once per layer.",
        figure_number(ladder->frobenius / ladder_unit(ladder)).text,
        figure_ratio(ladder->frobenius / ladder->spectral).text);
}

void lesson_try_frobenius(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s on a layer, and watch all four rungs; %s undoes it.",
              lesson_key(scene, "weight-bits").text, lesson_key(scene, "undo").text);
}

void lesson_tell_margin(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(
        words,
        "Error < margin / sqrt 2: certified. The margin of an image is its largest float output minus the "
        "second.\n"
        "Proof: to change the class, output t falls by u and another rises by v with u + v >= margin. "
        "The error's norm is at least sqrt(u^2 + v^2), which is least at u = v = margin / 2: margin / "
        "sqrt 2.\n"
        "With the direction of D_l known, sqrt 2 is not needed: the margin over class j changes by "
        "exactly the sum of its changes d_l, so it is kept if the |d_l| add up to less (direction), if "
        "those that lower it do (one-sided), also with each stage's d_l summed first (by stage). ");
    if (tell_missing(words, scene)) return;
    words_add(words, "Certified here: norms %s, direction %s, one-sided %s, by stage %s; kept: %s.",
              figure_percent_of(ladder->certified[CERTIFIED_NORMS], ladder->images).text,
              figure_percent_of(ladder->certified[CERTIFIED_DIRECTION], ladder->images).text,
              figure_percent_of(ladder->certified[CERTIFIED_ONE_SIDED], ladder->images).text,
              figure_percent_of(ladder->certified[CERTIFIED_BY_STAGE], ladder->images).text,
              figure_percent_of(ladder->kept, ladder->images).text);
}

void lesson_try_margin(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s and %s change a layer's bits: see how many images are certified.",
              lesson_key(scene, "raise").text, lesson_key(scene, "lower").text);
}

/* --- where the bound is loose ------------------------------------------------------------------------- */

size_t lesson_costliest(const Scene *scene)
{
    return lesson_largest(scene, lesson_spectral);
}

void lesson_ask_costliest(Words *words, const Scene *scene)
{
    (void)scene;
    words_add(words,
              "Which layer has the largest share of the spectral bound? Is it the one that moves the output "
              "most?");
}

void lesson_tell_costliest(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    const size_t worst = lesson_costliest(scene), hybrid = lesson_largest(scene, lesson_hybrid_share);
    if (tell_unbounded(words, scene) || worst == NO_INDEX || hybrid == NO_INDEX) return;
    words_add(words, "%s, with %s of the spectral bound, but %s of the hybrid one. ",
              scene_short_name(scene, worst).text,
              figure_percent(rung_share(ladder, RUNG_SPECTRAL, worst)).text,
              figure_percent(rung_share(ladder, RUNG_HYBRID, worst)).text);
    words_add(
        words,
        "The output is moved most by %s, %s of the hybrid sum. The norms of all later layers multiply, so "
        "that the first layers dominate the spectral sum whatever they do.",
        scene_short_name(scene, hybrid).text, figure_percent(rung_share(ladder, RUNG_HYBRID, hybrid)).text);
}

/* --- do changes cancel -------------------------------------------------------------------------------- */

size_t lesson_cancel_truth(const Scene *scene)
{
    const Decomposition parts = lesson_decomposition(scene);
    if (!isfinite(parts.squares) || !isfinite(parts.compensation)) return NO_INDEX;
    return log(parts.squares) < log(parts.compensation);
}

void lesson_ask_cancel(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    words_add(words, "The hybrid sum adds up the norms of what each layer adds. ");
    if (!tell_missing(words, scene))
        words_add(words, "It is %s times the measured change. What explains more of this factor?",
                  figure_ratio(ladder->hybrid / ladder->measured).text);
}

void lesson_tell_cancel(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    const Decomposition parts = lesson_decomposition(scene);
    if (tell_missing(words, scene)) return;
    words_add(
        words,
        "%s = %s x %s. Changes in unrelated directions add as squares, like the sides of a right angle: "
        "sum of |D_l| over the root of the sum of |D_l|^2 is %s. The rest, %s, is what later layers make "
        "up for. ",
        figure_ratio(ladder->hybrid / ladder->measured).text, figure_ratio(parts.squares).text,
        figure_ratio(parts.compensation).text, figure_ratio(parts.squares).text,
        figure_ratio(parts.compensation).text);
    words_add(
        words,
        "In independent mode this rest is near 1: nothing cancels. That is why each layer's share is also "
        "given squared (hybrid_squared_share in CSV).");
}

/* --- the ledger ----------------------------------------------------------------------------------------- */

void lesson_tell_ledger(Words *words, const Scene *scene)
{
    const ChangedImages *images = scene->snapshot ? scene->snapshot->changes : NULL;
    const Ledger *ledger = scene->snapshot ? scene->snapshot->ledger : NULL;
    words_add(
        words,
        "Which layer moved this image's answer? Its bars are what each layer adds to the margin over the "
        "rival class, <e_top - e_rival, D_l>: to the left it pulls towards the rival. They add up to the "
        "change of the margin exactly, in the order first to last; in another order the same sum would "
        "be divided differently. ");
    if (!images || !ledger || ledger->image_count == 0) {
        words_add(words, "The ledger is not known yet: %s.", scene_bounds_pending(scene));
        return;
    }
    const size_t cursor = scene->chart_cursor[PANEL_ACCURACY], layers = ledger->layer_count;
    const size_t at = cursor < ledger->image_count && !scene->changed_by_class ? cursor : 0;
    const double *pulls = ledger->pulls + at * layers;
    size_t down = 0, up = 0;
    for (size_t l = 0; l < layers; l++) {
        if (pulls[l] < pulls[down]) down = l;
        if (pulls[l] > pulls[up]) up = l;
    }
    words_add(words,
              "Image %zu: margin %+.3f in float, %+.3f quantized; most against it: %s %+.3f, most for it: %s "
              "%+.3f. ",
              images->images[at].image, ledger->margins[at].before, ledger->margins[at].after,
              scene_short_name(scene, down).text, pulls[down], scene_short_name(scene, up).text, pulls[up]);
    if (scene_ladder(scene)) add_pairs(words, scene, scene_ladder(scene));
}

void lesson_try_ledger(Words *words, const Scene *scene)
{
    (void)scene;
    words_add(words, "Do: h and l go to other images; C sorts them by class.");
}

/* --- what the bound is for ---------------------------------------------------------------------------- */

void lesson_tell_purpose(Words *words, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    const size_t spectral = lesson_costliest(scene), hybrid = lesson_largest(scene, lesson_hybrid_share);
    words_add(
        words,
        "The bound is for: a proof, for these images, that answers are kept, with the reason; finding the "
        "layer that moves the output; a check that program and theory agree. It is not for: choosing "
        "between methods, as a bound can fall while the output gets worse; accuracy on images not seen, "
        "for which there is the Clopper-Pearson limit; or giving out bits by spectral shares");
    if (ladder && isfinite(ladder->spectral) && spectral != NO_INDEX && hybrid != NO_INDEX)
        words_add(words, ": here they go to %s first, with %s of the spectral and %s of the hybrid sum",
                  scene_short_name(scene, spectral).text,
                  figure_percent(rung_share(ladder, RUNG_SPECTRAL, spectral)).text,
                  figure_percent(rung_share(ladder, RUNG_HYBRID, spectral)).text);
    words_add(
        words,
        ".\nThe theorem is usually stated for a chain of layers, and assumes norms of the weights and "
        "activations that stretch nothing. Here the proof telescopes over the hybrids, with a float rest "
        "behind each step: it holds with branches, needs a Lipschitz constant of what lies behind, and "
        "none at all for the hybrid sum. Where activations multiply, lambda needs their size, so that the "
        "images must be run.");
}

void lesson_try_purpose(Words *words, const Scene *scene)
{
    words_add(words, "Try: %s goes to the layer that costs most by the bound of the table's last column.",
              lesson_key(scene, "worst").text);
}

/* --- a bit more ------------------------------------------------------------------------------------------
 */

size_t lesson_bit_truth(const Scene *scene)
{
    return lesson_largest(scene, lesson_share_per_byte);
}

void lesson_ask_bit(Words *words, const Scene *scene)
{
    (void)scene;
    words_add(
        words,
        "One bit more halves the step: it divides a layer's squared error by about four, and its part of "
        "the hybrid bound by two. It costs one bit for every weight of the layer. Which layer should get "
        "a bit first?");
}

void lesson_tell_bit(Words *words, const Scene *scene)
{
    const size_t up = lesson_bit_truth(scene), down = lesson_largest(scene, lesson_bytes_per_share);
    if (up == NO_INDEX || down == NO_INDEX) {
        words_add(words, "The shares are not known yet: %s.", scene_bounds_pending(scene));
        return;
    }
    const Layer *layers = scene->network->layers;
    words_add(
        words,
        "%s: a bit there takes %s off the hybrid sum for %s weights, more per weight than anywhere else. ",
        scene_short_name(scene, up).text, figure_percent(lesson_hybrid_share(scene, up) / 2).text,
        figure_count(layers[up].parameters).text);
    words_add(
        words,
        "The last to get one is %s, with %s of the sum in %s of the bytes. Not by its own error: a layer "
        "with a large error may hardly move the output. Not by the spectral share: it favours the first "
        "layers. By what it takes off the hybrid sum, per bit spent; then measure.",
        scene_short_name(scene, down).text, figure_percent(lesson_hybrid_share(scene, down)).text,
        figure_percent(lesson_byte_share(scene, down)).text);
}
