/* SPDX-License-Identifier: MIT */
/* Plane lanes: a few channels decoded side by side by nearest plane, each at one or more scales, and the
 * decoded codes compared at their own least-squares scale. With cost = |z/a - R q|^2 and z.Rq = g'.q,
 *
 *     q'H'q = cost - |z|^2/a^2 + 2 g'.q/a,       score = (g'.q)^2 / q'H'q,      objective = y2 - score
 *
 * (where scales are powers of two: the score of grid_score()).
 *
 * Private to core/quantize. */
#ifndef QUANTIZE_PLANE_LANES_H
#define QUANTIZE_PLANE_LANES_H

#include "quantize/methods/nearest_plane.h"
#include "quantize/solver.h"

#define PLANE_CHANNELS 8        /* decoded side by side */
#define PLANE_BEAM_INPUTS 512.0 /* from which on the beam is the effort's own */
#define PLANE_BEAM_MORE 4.0

typedef struct PlaneLanes {
    const Plane *plane;
    const Descent *descent;
    size_t count;                     /* channels */
    size_t channels[PLANE_CHANNELS];  /* lanes of the descent */
    double squares[PLANE_CHANNELS];   /* |z|^2 */
    double *centres;                  /* [PLANE_CHANNELS][n], at scale 1 */
    size_t scales;                    /* per channel: lane = channel * scales + scale */
    double *inverse, *costs, *scores; /* [lanes]: 1/a, and what decoding gave */
    int8_t *codes;                    /* [lanes][n] */
    int8_t *fixed;                    /* [PLANE_CHANNELS][n]: codes that those decoded are added to */
    PlaneScratch scratch;
} PlaneLanes;

/* K for n inputs: the effort's beam, and up to PLANE_BEAM_MORE times as many where inputs are few and
 * decoding is quick. */
size_t plane_beam(const EffortRow *effort, size_t n);

/* The memory of a group and of a worker, at n inputs and the options' effort; NULL while counting. */
Plane *plane_group_place(size_t n, Carver *carver);
PlaneLanes *plane_lanes_place(size_t n, const EffortRow *effort, Carver *carver);

/* Factorizes the Hessians of all groups but constant ones, each in solver->group_memory[g]. STATUS_INVALID.
 */
Status plane_factorize_groups(Solver *solver);

/* For every chunk of live channels of the tile, in order: fills lanes but for scales and inverse, and calls
 * `each`. */
void plane_each_chunk(Solver *solver, Descent *descent, size_t worker,
                      void (*each)(Solver *solver, Descent *descent, PlaneLanes *lanes));

/* Decodes all lanes at their scales; with `fixed`, what is to be added to lanes->fixed (one scale per
 * channel), and codes is the sum. Then scores them. */
void plane_lanes_decode(PlaneLanes *lanes, size_t beam, const Grid *grid, bool fixed);

/* The lane of a channel's largest score. */
size_t plane_best_lane(const PlaneLanes *lanes, size_t channel);

#endif
