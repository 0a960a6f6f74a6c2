/* Parts: what panels share: words, and questions to a scene. Private to views/.
 *
 * Pure functions.
 */
#ifndef VIEWS_PARTS_H
#define VIEWS_PARTS_H

#include "base/figures.h"
#include "views/canvas/character.h"
#include "views/scene.h"

const char *part_bits(unsigned bits);  /* "8"; "-" for float */
const char *part_width(unsigned bits); /* "8 bits"; "float" */
Figure part_shape(const Layer *layer); /* "64x32x3x3" */

/* A method as a sentence has it: "bit-split", "GPTQ". */
const char *part_method(Method method);

/* Sentences that grow, cut where they are too long. All zeros is empty. */
typedef struct Words {
    char text[2048];
    size_t length;
} Words;
void words_say(Words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The end of the text, as far as it fits into `columns`. */
const char *part_tail(const Canvas *canvas, const char *text, int columns);

/* What there is of the scene's, or NULL. */
const LayerSnapshot *part_layer(const Scene *scene, size_t layer);
const LayerResult *part_result(const Scene *scene, size_t layer);
const LadderStep *part_step(const Scene *scene, size_t layer);
const Ladder *part_ladder(const Scene *scene); /* NULL before its first images */
const char *part_name(const Scene *scene, size_t layer);
ShortName part_short_name(const Scene *scene, size_t layer);

/* Whether the layer's result is of other widths or another method than the plan's as edited, or of layers
 * before it that changed. */
bool part_stale(const Scene *scene, size_t layer);
/* Whether the worker pursues another plan than the one edited. */
bool part_plan_ahead(const Scene *scene);

/* The objective of the layer as it is solved, or its final error; NAN where neither is known. */
double part_error_now(const Scene *scene, size_t layer);
double part_rounding(const Scene *scene, size_t layer); /* what it started from; NAN likewise */
bool part_is_live(const Scene *scene, size_t layer);    /* it is being solved, and its trace has begun */

/* The share of images that count as right: with labels, of the right class; else, of the float network's. */
typedef struct Score {
    bool known, labelled;
    double value, half; /* a fraction, and half of its 95 % interval */
    double reference;   /* the float network's, NAN where not known */
} Score;
Score part_score(const Evaluation *evaluation);

/* Bits a value of a quantized layer's input, over all inputs but the network's; 32 for float ones. NAN where
 * there is no such layer. */
double part_activation_bits(const Plan *plan, const Network *network);

/* What the worker does, in a word or two: "solving", "done", "paused". */
const char *part_activity(const Scene *scene);
/* Why a figure is not there: "it comes after the layers are solved". */
const char *part_pending(const Scene *scene);

/* The keys of an action, from scene->help; "?" where the table has none. */
const char *part_keys(const Scene *scene, const char *action);

#endif
