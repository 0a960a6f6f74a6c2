/* SPDX-License-Identifier: MIT */
#include "views/panels/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

void words_add(Words *words, const char *format, ...)
{
    size_t room = sizeof words->text - words->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(words->text + words->length, room, format, arguments);
    va_end(arguments);
    if (length > 0) words->length += (size_t)length < room ? (size_t)length : room - 1;
}

const char *bits_text(unsigned bits)
{
    static const char *const names[] = {"-", "1", "2", "3", "4", "5", "6", "7", "8"};
    return bits < sizeof names / sizeof *names ? names[bits] : "?";
}

const char *bits_words(unsigned bits)
{
    static const char *const names[] = {"float",  "1 bit",  "2 bits", "3 bits", "4 bits",
                                        "5 bits", "6 bits", "7 bits", "8 bits"};
    return bits < sizeof names / sizeof *names ? names[bits] : "?";
}

Figure weights_text(const LayerPlan *choice)
{
    Figure text;
    const bool other = choice->grid != GRID_UNIFORM && choice->weight_bits != BITS_FLOAT;
    snprintf(text.text, sizeof text.text, "%.*s%s", other ? 1 : 0, grid_name((GridKind)choice->grid),
             bits_text(choice->weight_bits));
    return text;
}

Figure weights_words(unsigned bits, GridKind grid)
{
    Figure words;
    const bool other = grid != GRID_UNIFORM && bits != BITS_FLOAT;
    snprintf(words.text, sizeof words.text, "%s%s%s", bits_words(bits), other ? " " : "",
             other ? grid_name(grid) : "");
    return words;
}

Figure shape_figure(const Layer *layer)
{
    Figure shape = {""};
    size_t length = 0;
    for (size_t i = 0; i < layer->weight_rank && length + 24 < sizeof shape.text; i++)
        length += (size_t)snprintf(shape.text + length, sizeof shape.text - length, "%s%zu", i ? "x" : "",
                                   layer->weight_shape[i]);
    return shape;
}

void title_with_layer(char *title, size_t capacity, const Scene *scene, size_t layer)
{
    if (layer == NO_INDEX)
        snprintf(title, capacity, "Reconstruction error");
    else
        snprintf(
            title, capacity, "Reconstruction error · %s · %s", scene_short_name(scene, layer).text,
            weights_words(scene->plan->layers[layer].weight_bits, (GridKind)scene->plan->layers[layer].grid)
                .text);
}

void add_reason(Words *words, const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    if (layer == NO_INDEX)
        words_add(words, "No layer is selected: the filter leaves none.");
    else if (state && state->state == LAYER_FLOAT)
        words_add(words, "Weights and activations stay float: there is no error to reduce.");
    else if (state && state->solved && state->solved->result.bits == BITS_FLOAT)
        words_add(words, "The weights stay float; only the activations are quantized.");
    else if (state && scene->snapshot->activity >= ACTIVITY_CANCELLED)
        words_add(words, "Not solved: %s.", scene_pending(scene));
    else if (state && state->state == LAYER_CALIBRATING)
        words_add(words, "Calibrating: rows of inputs and outputs are sampled.");
    else
        words_add(words, "Not solved yet: calibration and the layers before it come first.");
}

double ladder_unit(const Ladder *ladder)
{
    return ladder->output_norm > 0 ? ladder->output_norm : 1;
}

void add_costliest(Words *words, const Scene *scene, const Ladder *ladder)
{
    size_t hybrid = ladder->costliest, spectral = NO_INDEX;
    if (hybrid >= ladder->layer_count || !(ladder->hybrid > 0)) return;
    for (size_t l = 0; l < ladder->layer_count; l++) {
        double part = ladder->steps[l].spectral;
        bool larger = spectral == NO_INDEX || part > ladder->steps[spectral].spectral;
        if (part > 0 && isfinite(part) && larger) spectral = l;
    }
    words_add(words, "Costs most: %s, %s of hybrid", scene_short_name(scene, hybrid).text,
              figure_percent(ladder->steps[hybrid].hybrid / ladder->hybrid).text);
    if (spectral != NO_INDEX && isfinite(ladder->spectral))
        words_add(words, "%s%s %s of spectral", spectral == hybrid ? " and" : "; ",
                  spectral == hybrid ? "" : scene_short_name(scene, spectral).text,
                  figure_percent(ladder->steps[spectral].spectral / ladder->spectral).text);
    words_add(words, ". ");
}

/* The layer whose partner has the largest figure; NO_INDEX: none. sign: -1 for opponents, 1 for allies. */
static size_t closest(const Ladder *ladder, int sign)
{
    size_t best = NO_INDEX;
    double most = 0;
    for (size_t l = 0; l < ladder->layer_count; l++) {
        const LadderStep *step = &ladder->steps[l];
        const size_t partner = sign < 0 ? step->opponent : step->ally;
        const double figure = sign < 0 ? -step->opposition : step->alliance;
        if (!step->quantized || partner >= ladder->layer_count || !(figure > most)) continue;
        most = figure;
        best = l;
    }
    return best;
}

void add_pairs(Words *words, const Scene *scene, const Ladder *ladder)
{
    const size_t against = closest(ladder, -1), with = closest(ladder, 1);
    if (against == NO_INDEX && with == NO_INDEX) return;
    words_add(words, "Over %s images ", figure_count(ladder->images).text);
    if (against != NO_INDEX)
        words_add(words, "%s and %s work against each other most (cosine %.2f)",
                  scene_short_name(scene, against).text,
                  scene_short_name(scene, ladder->steps[against].opponent).text,
                  ladder->steps[against].opposition);
    if (with != NO_INDEX)
        words_add(words, "%s%s and %s pull the same way most (%.2f)", against == NO_INDEX ? "" : "; ",
                  scene_short_name(scene, with).text, scene_short_name(scene, ladder->steps[with].ally).text,
                  ladder->steps[with].alliance);
    words_add(words, ". The order is first layer to last.");
}

void add_option_differences(Words *words, const PlanOptions *here, const PlanOptions *there)
{
    if (there->effort != here->effort) words_add(words, " effort %s;", effort_name(there->effort));
    if (there->mode != here->mode) words_add(words, " calibration %s;", mode_name(there->mode));
    if (there->polish != here->polish) words_add(words, " polish %s;", there->polish ? "on" : "off");
    if (there->bias_correction != here->bias_correction)
        words_add(words, " bias correction %s;", there->bias_correction ? "on" : "off");
    if (there->error_compensated != here->error_compensated)
        words_add(words, " error compensation %s;", there->error_compensated ? "on" : "off");
    if (there->seed != here->seed) words_add(words, " another seed;");
    if (there->calibration_images != here->calibration_images)
        words_add(words, " %zu images;", there->calibration_images);
    if (there->rows != here->rows) words_add(words, " another number of rows;");
    if (there->ridge < here->ridge || there->ridge > here->ridge) words_add(words, " another ridge;");
}
