/* SPDX-License-Identifier: MIT */
/* Pinned: the pinned plan in charts, beside the current one. Private to views/.
 *
 * It has one mark (GLYPH_UP) and one style (STYLE_PINNED) everywhere, and its name in the legend. Where the
 * pinned plan is the current one, there is nothing to add: all functions then find nothing. What is known of
 * its layers and its bound comes from a snapshot of this session, its accuracy from the visited plans.
 *
 * Example (Plot *plot, const Scene *scene, double *errors, size_t count):
 *     for (size_t l = 0; l < count; l++) errors[l] = pinned_error(scene, l);
 *     pinned_series(plot, scene, SERIES_POINTS, NULL, errors, count);
 */
#ifndef VIEWS_PINNED_H
#define VIEWS_PINNED_H

#include "views/canvas/plot.h"
#include "views/panels/words.h"

/* The pinned plan, as an index into snapshot->visited; NO_INDEX where none is pinned, or the current one. */
size_t pinned_index(const Scene *scene);

/* Its result for a layer; NULL where it is not known. */
const Solved *pinned_solved(const Scene *scene, size_t layer);
/* Its final reconstruction error; NAN where it is not known. */
double pinned_error(const Scene *scene, size_t layer);
/* Its ladder of bounds, or NULL. */
const Ladder *pinned_ladder(const Scene *scene);

/* Adds the pinned plan's series, named after it. x, y: [count], as in Series. */
void pinned_series(Plot *plot, const Scene *scene, SeriesKind kind, const double *x, const double *y,
                   size_t count);

/* Says which plan is pinned, and where its layers are not known in this session, why nothing of it is drawn.
 * known: whether the chart shows something of it. */
void add_pinned(Words *words, const Scene *scene, bool known);

#endif
