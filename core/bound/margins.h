/* SPDX-License-Identifier: MIT */
/* Margins: what the steps of the hybrid networks do to the margins of a tile's images, and which images are
 * certified by direction. Private to core/bound.
 *
 * Let t be the class of an image's largest float output, and for every other class j
 *     m_j = F_0[t] - F_0[j]                           its float margin over j,
 *     d_l = (F_l[t] - F_l[j]) - (F_(l-1)[t] - F_(l-1)[j])   what step l adds to it.
 * The d_l add up to the change of the margin exactly, so that the image keeps its prediction if, for all j,
 *     by direction        m_j > sum over l of |d_l|
 *     one-sided           m_j > sum over l of max(0, -d_l)
 *     one-sided by stage  m_j > sum over stages of max(0, -(sum over the stage's l of d_l)).
 * Each sum is at most the one above it, and the first is at most sqrt 2 sum |F_l - F_(l-1)|, the test by
 * norms. The last is at least the measured fall of the margin, -(sum of all d_l).
 *
 * The differences are taken in double of outputs in float, so that they telescope to about 1e-16. Sums count
 * as MARGIN_SLACK larger than they are.
 *
 * One per worker.
 *
 * Example (Margins *margins, const float *outputs, const float *before, const float *after, double norm):
 *     margins_start(margins, outputs, NULL, 1);
 *     double pull = margins_add(margins, 0, after, before, norm, true);
 *     MarginTests tests = margins_test(margins, 0, outputs);
 */
#ifndef BOUND_MARGINS_H
#define BOUND_MARGINS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define MARGIN_SLACK 1e-9 /* relative: sums of doubles */

typedef struct Margins {
    size_t batch, classes;
    size_t *top, *rival; /* [batch]: class of the largest float output; the class that pulls are against */
    double *norms;       /* [batch]: sum of |F_l - F_(l-1)| */
    double *direction;   /* [batch][classes]: sum of |d_l| */
    double *one_sided;   /* [batch][classes]: sum of max(0, -d_l) */
    double *by_stage;    /* [batch][classes]: of the stages that have ended */
    double *stage;       /* [batch][classes]: sum of d_l in the present stage */
} Margins;

typedef struct MarginTests {
    bool by_direction, one_sided, by_stage; /* certified */
    bool in_order;                          /* the sums satisfy the inequalities above, for every class */
} MarginTests;

/* STATUS_MEMORY. Free it in any case. */
Status margins_create(Margins *margins, size_t batch, size_t classes, Message *message);
void margins_free(Margins *margins);
/* Bytes that margins_create() allocates. */
size_t margins_bytes(size_t batch, size_t classes);

/* Starts a tile of `count` images at F_0. outputs: [count][classes]. rivals: [count], the class that each
 * image's pulls are against; NULL: that of the second-largest output. */
void margins_start(Margins *margins, const float *outputs, const size_t *rivals, size_t count);

/* Adds a step. after, before: [classes], F_l and F_(l-1) of the image; norm: |F_l - F_(l-1)|. stage_ends:
 * after this step. Returns the pull, d_l against the rival; 0 where there is one class. */
double margins_add(Margins *margins, size_t image, const float *after, const float *before, double norm,
                   bool stage_ends);

/* After the last step. reference: [classes], F_0 of the image. */
MarginTests margins_test(const Margins *margins, size_t image, const float *reference);

#endif
