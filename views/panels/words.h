/* SPDX-License-Identifier: MIT */
/* Words: text that views have in common. Private to views/.
 *
 * Example (const Scene *scene, size_t layer, unsigned bits):
 *     Words words = {0};
 *     words_add(&words, "%s: %s", scene_short_name(scene, layer).text, bits_words(bits));
 */
#ifndef VIEWS_WORDS_H
#define VIEWS_WORDS_H

#include "base/figures.h"
#include "views/scene.h"

/* Text that grows; what exceeds the array is cut. All zeros is empty. */
typedef struct Words {
    char text[2048];
    size_t length;
} Words;
/* Appends formatted text. */
void words_add(Words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A bit width: "8", "-" for float. */
const char *bits_text(unsigned bits);
/* The same in words: "8 bits", "float". */
const char *bits_words(unsigned bits);

/* The bit width of a layer's weights, with the initial of a grid that is not uniform: "4", "p4", "-". */
Figure weights_text(const LayerPlan *choice);
/* The same in words: "4 bits", "4 bits power-of-two", "float". */
Figure weights_words(unsigned bits, GridKind grid);

/* The shape of a layer's weights: "64x32x3x3". */
Figure shape_figure(const Layer *layer);

/* "Reconstruction error · NAME · 4 bits", or without a layer "Reconstruction error". */
void title_with_layer(char *title, size_t capacity, const Scene *scene, size_t layer);

/* Why nothing is drawn for a layer: it is not solved yet, it stays float, the filter leaves no layer. */
void add_reason(Words *words, const Scene *scene, size_t layer);

/* What the ladder's figures are divided by: the norm of the float output; 1 if that is 0. */
double ladder_unit(const Ladder *ladder);

/* The layers that contribute most to the hybrid and to the spectral bound; nothing if no layer is quantized.
 */
void add_costliest(Words *words, const Scene *scene, const Ladder *ladder);

/* Which layers pull the margins of the ladder's images the opposite way, and which the same way, most;
 * nothing where it is not known. */
void add_pairs(Words *words, const Scene *scene, const Ladder *ladder);

/* The options of a plan that differ from another's, each as " polish on;". Nothing where none does. */
void add_option_differences(Words *words, const PlanOptions *here, const PlanOptions *there);

#endif
