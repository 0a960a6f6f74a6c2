/* SPDX-License-Identifier: MIT */
#include "quantize/methods/nearest_plane.h"

#include "base/blas.h"
#include "base/clones.h"
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

#define PLANE_MOST_BRANCHES (PLANE_NEIGHBOURS * PLANE_MOST_BEAM)
/* Into each clone of the caller: gcc would compile it once, for the baseline. */
#define INLINE __attribute__((always_inline))

#define KEY_INDEX 255 /* the bits of a key that are its index */
#define KEY_STRIPES 8 /* keys compared side by side */

/* Partial codes continued by one more. */
typedef struct Branches {
    size_t count;
    float costs[PLANE_MOST_BRANCHES]; /* above that of the cheapest partial code so far */
    int32_t keys[PLANE_MOST_BRANCHES];
    float codes[PLANE_MOST_BRANCHES];
    uint8_t parents[PLANE_MOST_BRANCHES];
} Branches;

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

/* grid_nearest_level(), without a search where levels are consecutive. */
static inline size_t nearest_level(const Grid *grid, float x)
{
    if (!grid->consecutive) return grid_nearest_level(grid, x);
    const float lowest = grid->levels[0], highest = grid->levels[grid->count - 1];
    float code = ceilf(x - 0.5f);
    code = code < lowest ? lowest : code;
    code = code > highest ? highest : code;
    return (size_t)(code - lowest);
}

/* The continuations of all partial codes by the three levels next to their centres, where levels are the
 * integers from -limit to limit: branch t * alive + b continues b by the t-th nearest. extras, centres
 * [alive]. */
INLINE static inline void list_integers(Branches *branches, const float *restrict extras,
                                        const float *restrict centres, size_t alive, float weight,
                                        float limit)
{
    float *restrict codes[PLANE_NEIGHBOURS];
    for (size_t t = 0; t < PLANE_NEIGHBOURS; t++) codes[t] = branches->codes + t * alive;
    for (size_t b = 0; b < alive; b++) {
        float near = ceilf(centres[b] - 0.5f);
        near = near < -limit ? -limit : near;
        near = near > limit ? limit : near;
        const float at_end = fabsf(near) < limit ? 0.0f : 1.0f, between = 1 - at_end;
        const float inward = near > 0 ? -1.0f : 1.0f, toward = centres[b] > near ? 1.0f : -1.0f;
        codes[0][b] = near;
        codes[1][b] = near + (at_end * inward + between * toward);
        codes[2][b] = near + (at_end * 2 * inward - between * toward);
    }
    for (size_t t = 0; t < PLANE_NEIGHBOURS; t++)
        for (size_t b = 0; b < alive; b++) {
            const float off = codes[t][b] - centres[b];
            branches->costs[t * alive + b] = extras[b] + weight * off * off;
            branches->parents[t * alive + b] = (uint8_t)b;
        }
    branches->count = PLANE_NEIGHBOURS * alive;
}

/* The continuations of one partial code on any grid. */
INLINE static inline void list_levels(Branches *branches, size_t beam, float extra, float centre,
                                      float weight, const Grid *grid)
{
    size_t level = grid_nearest_level(grid, centre), low = level, high = level;
    for (size_t neighbour = 0; neighbour < PLANE_NEIGHBOURS; neighbour++) {
        const float code = grid->levels[level], off = code - centre;
        const size_t at = branches->count++;
        branches->costs[at] = extra + weight * off * off;
        branches->parents[at] = (uint8_t)beam;
        branches->codes[at] = code;
        const bool above = high + 1 < grid->count, below = low > 0;
        if (!above && !below) break;
        const bool up = above && (!below || (float)grid->levels[high + 1] - centre <
                                                centre - (float)grid->levels[low - 1]);
        high += up;
        low -= !up;
        level = up ? high : low;
    }
}

/* order[r]: the branch of the r-th least cost. Keys are the costs' bits, which are in the order of numbers
 * that are not negative, with the branch's index in the lowest ones, so that no two are alike. Ranks are
 * counted: nothing for the processor to guess. */
INLINE static inline void rank_branches(uint8_t order[PLANE_MOST_BRANCHES], Branches *branches)
{
    const size_t whole = size_ceil_div(branches->count, KEY_STRIPES) * KEY_STRIPES;
    memcpy(branches->keys, branches->costs, branches->count * sizeof *branches->costs);
    for (size_t i = 0; i < branches->count; i++)
        branches->keys[i] = (branches->keys[i] & ~KEY_INDEX) | (int32_t)i;
    for (size_t i = branches->count; i < whole; i++) branches->keys[i] = INT32_MAX;
    for (size_t first = 0; first < whole; first += KEY_STRIPES) {
        int32_t ranks[KEY_STRIPES] = {0};
        for (size_t i = 0; i < branches->count; i++)
            for (size_t k = 0; k < KEY_STRIPES; k++)
                ranks[k] += branches->keys[i] < branches->keys[first + k];
        for (size_t k = 0; k < KEY_STRIPES && first + k < branches->count; k++)
            order[ranks[k]] = (uint8_t)(first + k);
    }
}

/* The branches of a row, and their order: extras, what partial codes cost above the first, [alive]. */
INLINE static inline void branch_out(uint8_t order[PLANE_MOST_BRANCHES], Branches *branches,
                                     const Beam *beams, size_t alive, const float (*centres)[PLANE_ROWS],
                                     size_t row, float weight, const Grid *grid)
{
    float extras[PLANE_MOST_BEAM], here[PLANE_MOST_BEAM];
    for (size_t b = 0; b < alive; b++) {
        extras[b] = (float)(beams[b].cost - beams[0].cost);
        here[b] = centres[b][row];
    }
    branches->count = 0;
    if (grid->consecutive)
        list_integers(branches, extras, here, alive, weight, (float)grid_largest(grid));
    else
        for (size_t b = 0; b < alive; b++) list_levels(branches, b, extras[b], here[b], weight, grid);
    rank_branches(order, branches);
}

/* Decodes rows first..first+rows-1 of a lane, from the last: centres [beam][n]. Returns how many beams live.
 */
CLONES static size_t decode_block(Block *block, Beam *beams, size_t alive, size_t beam, const float *centres,
                                  const Plane *plane, size_t first, size_t rows, const Grid *grid)
{
    for (size_t b = 0; b < alive; b++) {
        memcpy(block->centres[0][b], centres + b * plane->n + first, rows * sizeof(float));
        beams[b].origin = b;
    }
    int now = 0;
    for (size_t i = rows; i-- > 0; now = !now) {
        uint8_t order[PLANE_MOST_BRANCHES];
        Branches branches;
        Beam next[PLANE_MOST_BEAM];
        const double weight = plane->weights[first + i];
        branch_out(order, &branches, beams, alive, block->centres[now], i, (float)weight, grid);
        alive = size_min(branches.count, beam);
        const float *ratios = plane->ratios + (first + i) * plane->n + first;
        for (size_t b = 0; b < alive; b++) {
            const size_t parent = branches.parents[order[b]];
            const float *restrict from = block->centres[now][parent];
            float *restrict to = block->centres[!now][b];
            const float code = branches.codes[order[b]];
            for (size_t j = 0; j < i; j++) to[j] = from[j] - code * ratios[j];
            const double off = (double)code - (double)from[i];
            next[b] = (Beam){beams[parent].cost + weight * off * off, beams[parent].origin};
            block->codes[i][b] = (int8_t)code;
            block->parents[i][b] = (uint8_t)parent;
        }
        for (size_t b = 0; b < alive; b++) beams[b] = next[b];
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

/* K = 1, rows first..first+rows-1 of a lane: every code at the level nearest to its centre, and the centres
 * [n] of the block's other rows after it. Adds to *cost; decoded [PLANE_ROWS]. */
CLONES static void round_block(float *decoded, double *cost, float *centres, const Plane *plane, size_t first,
                               size_t rows, const Grid *grid)
{
    float *restrict centre = centres + first;
    for (size_t i = rows; i-- > 0;) {
        const float *restrict ratios = plane->ratios + (first + i) * plane->n + first;
        const float code = grid->levels[nearest_level(grid, centre[i])];
        const double off = (double)code - (double)centre[i];
        *cost += plane->weights[first + i] * off * off;
        decoded[i] = code;
        for (size_t j = 0; j < i; j++) centre[j] -= code * ratios[j];
    }
}

/* plane_decode() with K = 1: centres are updated in place. */
static void decode_nearest(int8_t *codes, double *costs, const Plane *plane, size_t lanes, const Grid *grid,
                           PlaneScratch *scratch)
{
    const size_t n = plane->n;
    memset(costs, 0, lanes * sizeof *costs);
    for (size_t end = n, rows; end > 0; end -= rows) {
        rows = (end - 1) % PLANE_ROWS + 1;
        const size_t first = end - rows;
        for (size_t lane = 0; lane < lanes; lane++) {
            float *decoded = scratch->decoded + lane * PLANE_ROWS;
            round_block(decoded, &costs[lane], scratch->centres + lane * n, plane, first, rows, grid);
            for (size_t i = 0; i < rows; i++) codes[lane * n + plane->order[first + i]] = (int8_t)decoded[i];
        }
        if (first > 0)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)lanes, (int)first, (int)rows, -1,
                        scratch->decoded, PLANE_ROWS, plane->ratios + first * n, (int)n, 1, scratch->centres,
                        (int)n);
    }
}

void plane_decode(int8_t *codes, double *costs, const Plane *plane, size_t lanes, size_t beam,
                  const Grid *grid, PlaneScratch *scratch)
{
    const size_t n = plane->n;
    if (beam == 1) {
        decode_nearest(codes, costs, plane, lanes, grid, scratch);
        return;
    }
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
