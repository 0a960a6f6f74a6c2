/* SPDX-License-Identifier: MIT */
#include "quantize/methods/nearest_plane.h"

#include "base/blas.h"
#include "base/sizes.h"

#include <math.h>
#include <string.h>

#define PLANE_ROWS 64      /* decoded between two GEMMs */
#define PLANE_NEIGHBOURS 3 /* levels that a partial code is continued by */
#define PLANE_DAMPING 1e-9 /* of the mean diagonal: the least that is tried after none */
#define PLANE_ATTEMPTS 10

/* --- the factor --------------------------------------------------------------------------------------- */

void plane_place(Plane *plane, size_t n, Carver *carver)
{
    *plane = (Plane){.n = n,
                     .order = carve(carver, n * sizeof *plane->order),
                     .factor = carve(carver, n * n * sizeof *plane->factor),
                     .weights = carve(carver, n * sizeof *plane->weights),
                     .ratios = carve(carver, n * n * sizeof *plane->ratios)};
}

Status plane_factorize(Plane *plane, const Hessian *hessian, Message *message)
{
    const size_t n = plane->n;
    Status status = hessian_order(plane->order, hessian, message);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < n / 2; i++) { /* the first decoded is the last row */
        const size_t input = plane->order[i];
        plane->order[i] = plane->order[n - 1 - i];
        plane->order[n - 1 - i] = input;
    }

    /* LAPACK is column-major: what it calls the lower triangle is our upper one. */
    int order = (int)n, info = 1;
    double damping = 0;
    for (int attempt = 0; attempt < PLANE_ATTEMPTS && info != 0; attempt++) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = i; j < n; j++)
                plane->factor[i * n + j] =
                    hessian_at(hessian, plane->order[i], plane->order[j]) / hessian->unit +
                    (i == j ? damping : 0);
        dpotrf_("L", &order, plane->factor, &order, &info);
        damping = damping > 0 ? 10 * damping : PLANE_DAMPING;
    }
    if (info != 0) return status_fail(message, STATUS_INVALID, "the Hessian cannot be factorized");
    for (size_t i = 0; i < n; i++) {
        const double diagonal = plane->factor[i * n + i];
        plane->weights[i] = diagonal * diagonal;
        for (size_t j = i + 1; j < n; j++)
            plane->ratios[j * n + i] = (float)(plane->factor[i * n + j] / diagonal);
    }
    return STATUS_OK;
}

double plane_target(double *z, const Plane *plane, const Hessian *hessian, size_t channel)
{
    const size_t n = plane->n;
    for (size_t i = 0; i < n; i++) z[i] = cross_term_at(hessian, channel, plane->order[i]) / hessian->unit;
    cblas_dtrsv(CblasRowMajor, CblasUpper, CblasTrans, CblasNonUnit, (int)n, plane->factor, (int)n, z, 1);
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        squares += z[i] * z[i];
        z[i] /= plane->factor[i * n + i];
    }
    return squares;
}

/* --- decoding ----------------------------------------------------------------------------------------- */

/* A partial code: what it has cost, and which of the block's first beams it goes back to. */
typedef struct PlaneBeam {
    double cost;
    size_t origin;
} Beam;

/* A partial code continued by one more. */
typedef struct Branch {
    double cost;
    uint8_t parent;
    int8_t code;
} Branch;

/* One lane within a block of rows. */
typedef struct PlaneBlock {
    float centres[2][PLANE_MOST_BEAM][PLANE_ROWS]; /* before a row, and after it */
    int8_t codes[PLANE_ROWS][PLANE_MOST_BEAM];
    uint8_t parents[PLANE_ROWS][PLANE_MOST_BEAM]; /* the beam before the row */
} Block;

void plane_scratch_place(PlaneScratch *scratch, size_t n, size_t lanes, size_t beam, Carver *carver)
{
    const size_t rows = lanes * beam;
    *scratch = (PlaneScratch){.lanes = lanes,
                              .beam = beam,
                              .centres = carve(carver, rows * n * sizeof *scratch->centres),
                              .others = carve(carver, rows * n * sizeof *scratch->others),
                              .decoded = carve(carver, rows * PLANE_ROWS * sizeof *scratch->decoded),
                              .codes = carve(carver, rows * n),
                              .spare = carve(carver, beam * n),
                              .beams = carve(carver, rows * sizeof *scratch->beams),
                              .alive = carve(carver, lanes * sizeof *scratch->alive),
                              .block = carve(carver, sizeof *scratch->block)};
}

/* Puts `branch` among the `most` cheapest, which are ascending; returns how many there are. */
static size_t insert_branch(Branch *branches, size_t count, size_t most, Branch branch)
{
    size_t at = count < most ? count : most - 1;
    for (; at > 0 && branches[at - 1].cost > branch.cost; at--) branches[at] = branches[at - 1];
    branches[at] = branch;
    return count < most ? count + 1 : count;
}

/* The cheapest continuations of the partial codes at a row: by the levels nearest to each one's centre. */
static size_t branch_out(Branch *branches, const Beam *beams, size_t alive, size_t beam,
                         const float (*centres)[PLANE_ROWS], size_t row, double weight, const Grid *grid)
{
    size_t count = 0;
    for (size_t b = 0; b < alive; b++) {
        if (count == beam && beams[b].cost >= branches[beam - 1].cost) break;
        const float centre = centres[b][row];
        size_t level = grid_nearest_level(grid, centre), low = level, high = level;
        for (size_t neighbour = 0; neighbour < PLANE_NEIGHBOURS; neighbour++) {
            const double off = (double)grid->levels[level] - (double)centre;
            const Branch branch = {beams[b].cost + weight * off * off, (uint8_t)b, grid->levels[level]};
            if (count == beam && branch.cost >= branches[beam - 1].cost) break;
            count = insert_branch(branches, count, beam, branch);
            const bool above = high + 1 < grid->count, below = low > 0;
            if (!above && !below) break;
            if (above &&
                (!below || (float)grid->levels[high + 1] - centre < centre - (float)grid->levels[low - 1]))
                level = ++high;
            else
                level = --low;
        }
    }
    return count;
}

/* Decodes rows first..first+rows-1 of a lane, from the last: centres [beam][n]. Returns how many beams live.
 */
static size_t decode_block(Block *block, Beam *beams, size_t alive, size_t beam, const float *centres,
                           const Plane *plane, size_t first, size_t rows, const Grid *grid)
{
    for (size_t b = 0; b < alive; b++) {
        memcpy(block->centres[0][b], centres + b * plane->n + first, rows * sizeof(float));
        beams[b].origin = b;
    }
    int now = 0;
    for (size_t i = rows; i-- > 0; now = !now) {
        Branch branches[PLANE_MOST_BEAM];
        Beam next[PLANE_MOST_BEAM];
        alive =
            branch_out(branches, beams, alive, beam, block->centres[now], i, plane->weights[first + i], grid);
        const float *ratios = plane->ratios + (first + i) * plane->n + first;
        for (size_t b = 0; b < alive; b++) {
            const float *restrict from = block->centres[now][branches[b].parent];
            float *restrict to = block->centres[!now][b];
            const float code = branches[b].code;
            for (size_t j = 0; j < i; j++) to[j] = from[j] - code * ratios[j];
            next[b] = (Beam){branches[b].cost, beams[branches[b].parent].origin};
            block->codes[i][b] = branches[b].code;
            block->parents[i][b] = branches[b].parent;
        }
        memcpy(beams, next, alive * sizeof *next);
    }
    return alive;
}

/* After a block of a lane: the surviving beams' codes, and their centres above the block, in the place of
 * those that they came from. */
static void follow_beams(PlaneScratch *scratch, size_t lane, size_t n, size_t beam, size_t first, size_t rows)
{
    const Beam *beams = scratch->beams + lane * beam;
    const size_t alive = scratch->alive[lane], end = first + rows;
    int8_t *codes = scratch->codes + lane * beam * n;
    for (size_t b = 0; b < alive; b++)
        memcpy(scratch->spare + b * n + end, codes + beams[b].origin * n + end, n - end);
    for (size_t b = 0; b < alive; b++) {
        memcpy(codes + b * n + end, scratch->spare + b * n + end, n - end);
        memcpy(scratch->others + (lane * beam + b) * n,
               scratch->centres + (lane * beam + beams[b].origin) * n, first * sizeof *scratch->others);
        size_t at = b;
        for (size_t i = 0; i < rows; i++) {
            const int8_t code = scratch->block->codes[i][at];
            codes[b * n + first + i] = code;
            scratch->decoded[(lane * beam + b) * PLANE_ROWS + i] = code;
            at = scratch->block->parents[i][at];
        }
    }
}

void plane_decode(int8_t *codes, double *costs, const Plane *plane, size_t lanes, size_t beam,
                  const Grid *grid, PlaneScratch *scratch)
{
    const size_t n = plane->n;
    memset(scratch->others, 0, lanes * beam * n * sizeof(float));
    memset(scratch->decoded, 0, lanes * beam * PLANE_ROWS * sizeof(float));
    for (size_t lane = lanes; lane-- > 0;) { /* each starts with one beam, in the first of its places */
        memmove(scratch->centres + lane * beam * n, scratch->centres + lane * n, n * sizeof(float));
        scratch->beams[lane * beam] = (Beam){0};
        scratch->alive[lane] = 1;
    }
    for (size_t end = n, rows; end > 0; end -= rows) {
        rows = (end - 1) % PLANE_ROWS + 1;
        const size_t first = end - rows;
        for (size_t lane = 0; lane < lanes; lane++) {
            scratch->alive[lane] =
                decode_block(scratch->block, scratch->beams + lane * beam, scratch->alive[lane], beam,
                             scratch->centres + lane * beam * n, plane, first, rows, grid);
            follow_beams(scratch, lane, n, beam, first, rows);
        }
        if (first > 0)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)(lanes * beam), (int)first, (int)rows,
                        -1, scratch->decoded, PLANE_ROWS, plane->ratios + first * n, (int)n, 1,
                        scratch->others, (int)n);
        float *swap = scratch->centres;
        scratch->centres = scratch->others;
        scratch->others = swap;
    }
    for (size_t lane = 0; lane < lanes; lane++) {
        costs[lane] = scratch->beams[lane * beam].cost;
        for (size_t i = 0; i < n; i++)
            codes[lane * n + plane->order[i]] = scratch->codes[lane * beam * n + i];
    }
}

void plane_subtract(const Plane *plane, const int8_t *codes, size_t lanes, PlaneScratch *scratch)
{
    const size_t n = plane->n;
    float *q = scratch->decoded; /* [lanes][PLANE_ROWS] */
    for (size_t first = 0, rows; first < n; first += rows) {
        rows = size_min(PLANE_ROWS, n - first);
        for (size_t lane = 0; lane < lanes; lane++) {
            float *centres = scratch->centres + lane * n;
            for (size_t j = 0; j < rows; j++) {
                const float code = q[lane * PLANE_ROWS + j] = codes[lane * n + plane->order[first + j]];
                const float *ratios = plane->ratios + (first + j) * n;
                centres[first + j] -= code;
                for (size_t i = first; i < first + j; i++) centres[i] -= code * ratios[i];
            }
        }
        if (first > 0)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)lanes, (int)first, (int)rows, -1, q,
                        PLANE_ROWS, plane->ratios + first * n, (int)n, 1, scratch->centres, (int)n);
    }
}
