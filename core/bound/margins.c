/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bound/margins.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TABLES 4 /* of [batch][classes] */

size_t margins_bytes(size_t batch, size_t classes)
{
    return batch * (2 * sizeof(size_t) + sizeof(double) + TABLES * classes * sizeof(double));
}

Status margins_create(Margins *margins, size_t batch, size_t classes, Message *message)
{
    *margins = (Margins){.batch = batch, .classes = classes};
    margins->top = calloc(2 * batch, sizeof *margins->top);
    margins->norms = calloc(batch, sizeof *margins->norms);
    margins->direction = calloc(TABLES * batch * classes, sizeof *margins->direction);
    if (!margins->top || !margins->norms || !margins->direction)
        return status_no_memory(message, "the margins of a tile");
    margins->rival = margins->top + batch;
    margins->one_sided = margins->direction + batch * classes;
    margins->by_stage = margins->one_sided + batch * classes;
    margins->stage = margins->by_stage + batch * classes;
    return STATUS_OK;
}

void margins_free(Margins *margins)
{
    free(margins->top);
    free(margins->norms);
    free(margins->direction);
    *margins = (Margins){0};
}

/* The class of the largest output but `without`'s, the first of equals. */
static size_t largest_but(const float *outputs, size_t classes, size_t without)
{
    size_t top = without == 0 && classes > 1 ? 1 : 0;
    for (size_t j = top + 1; j < classes; j++)
        if (j != without && outputs[j] > outputs[top]) top = j;
    return top;
}

void margins_start(Margins *margins, const float *outputs, const size_t *rivals, size_t count)
{
    const size_t classes = margins->classes;
    memset(margins->norms, 0, margins->batch * sizeof *margins->norms);
    memset(margins->direction, 0, TABLES * margins->batch * classes * sizeof *margins->direction);
    for (size_t i = 0; i < count; i++) {
        const float *own = outputs + i * classes;
        margins->top[i] = largest_but(own, classes, SIZE_MAX);
        margins->rival[i] = rivals ? rivals[i] : largest_but(own, classes, margins->top[i]);
    }
}

double margins_add(Margins *margins, size_t image, const float *after, const float *before, double norm,
                   bool stage_ends)
{
    const size_t first = image * margins->classes, top = margins->top[image];
    const double own = (double)after[top] - (double)before[top];
    double pull = 0;
    margins->norms[image] += norm;
    for (size_t j = 0; j < margins->classes; j++) {
        const double d = own - ((double)after[j] - (double)before[j]);
        double *stage = &margins->stage[first + j];
        margins->direction[first + j] += fabs(d);
        margins->one_sided[first + j] += fmax(0, -d);
        *stage += d;
        if (stage_ends) {
            margins->by_stage[first + j] += fmax(0, -*stage);
            *stage = 0;
        }
        if (j == margins->rival[image]) pull = d;
    }
    return pull;
}

/* Comparisons are written so that a NAN certifies nothing and is out of order. The stages' sums are rounded
 * otherwise than the steps', hence slacks of the sum by direction. */
MarginTests margins_test(const Margins *margins, size_t image, const float *reference)
{
    const size_t first = image * margins->classes, top = margins->top[image];
    MarginTests tests = {true, true, true, true};
    for (size_t j = 0; j < margins->classes; j++) {
        if (j == top) continue;
        const double margin = (double)reference[top] - (double)reference[j];
        const double direction = margins->direction[first + j], slack = direction * MARGIN_SLACK;
        const double one_sided = margins->one_sided[first + j];
        const double by_stage = margins->by_stage[first + j] + fmax(0, -margins->stage[first + j]);
        tests.by_direction &= direction + slack < margin;
        tests.one_sided &= one_sided + slack < margin;
        tests.by_stage &= by_stage + slack < margin;
        tests.in_order &= by_stage <= one_sided + slack && one_sided <= direction + slack &&
                          direction <= M_SQRT2 * margins->norms[image] * (1 + MARGIN_SLACK);
    }
    return tests;
}
