/* SPDX-License-Identifier: MIT */
#include "quantize/descent.h"

#include "base/blas.h"
#include "base/clones.h"
#include "quantize/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOSTLY_FULL 48 /* changed rows of a block from which packing does not pay */

/* --- memory ----------------------------------------------------------------------------------------- */

void descent_place(Descent *descent, Carver *carver)
{
    size_t count = descent->n * descent->lanes;
    descent->codes = carve(carver, count);
    descent->synced = carve(carver, count);
    descent->digits = carve(carver, count * grid_digits(descent->bits));
    descent->p = carve(carver, count * sizeof(double));
    descent->target = carve(carver, count * sizeof(double));
    descent->r = carve(carver, count * sizeof(float));
}

void descent_scratch_place(DescentScratch *scratch, size_t n, size_t lanes, Carver *carver)
{
    size_t block = DESCENT_BLOCK * lanes;
    scratch->r = carve(carver, block * sizeof(float));
    scratch->t = carve(carver, block * sizeof(float));
    scratch->d = carve(carver, block * sizeof(float));
    scratch->packed_h = carve(carver, DESCENT_BLOCK * n * sizeof(float));
    scratch->wide_d = carve(carver, block * sizeof(double));
    scratch->wide_h = carve(carver, DESCENT_BLOCK * n * sizeof(double));
}

/* --- state ------------------------------------------------------------------------------------------ */

void descent_open(Descent *descent)
{
    const Hessian *hessian = descent->hessian;
    const Problem *problem = hessian->problem;
    size_t n = descent->n, lanes = descent->lanes;
    for (size_t c = 0; c < descent->channels; c++) {
        size_t channel = descent->first + c;
        double squares = 0;
        for (size_t k = 0; k < n; k++) {
            double w = (double)problem->weights[channel * n + k];
            squares += w * w;
            descent->target[k * lanes + c] = cross_term_at(hessian, channel, k);
        }
        double y_sum = hessian->centred ? problem->y_sum[channel] : 0;
        descent->y2[c] = problem->y2[channel] - y_sum * y_sum / (double)size_max(problem->rows, 1) +
                         hessian->ridge * squares;
    }
}

void descent_set_codes(Descent *descent, const int8_t *codes)
{
    for (size_t c = 0; c < descent->channels; c++)
        for (size_t k = 0; k < descent->n; k++)
            descent->codes[k * descent->lanes + c] = codes[c * descent->n + k];
}

/* p += H d, one block of rows of H' at a time: rows[i] of H where row i of d [count][lanes] is not zero. */
static void add_rows(Descent *descent, DescentScratch *scratch, const size_t *rows, size_t count)
{
    size_t n = descent->n, lanes = descent->lanes;
    const double *h = descent->hessian->problem->h + rows[0] * n;
    if (rows[count - 1] - rows[0] + 1 != count) { /* rows with gaps: packed */
        for (size_t i = 0; i < count; i++)
            memcpy(scratch->wide_h + i * n, h + (rows[i] - rows[0]) * n, n * sizeof *h);
        h = scratch->wide_h;
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)n, (int)lanes, (int)count, 1, h, (int)n,
                scratch->wide_d, (int)lanes, 1, descent->p, (int)lanes);
    descent->flops += 2.0 * (double)(n * lanes * count);
}

/* p += H' d = H d + ridge d - N mean(x) (mean(x).d), for the changes d of the codes. */
void descent_sync(Descent *descent, DescentScratch *scratch)
{
    const Hessian *hessian = descent->hessian;
    size_t n = descent->n, lanes = descent->lanes;
    double projection[DESCENT_MAX_LANES] = {0}; /* mean(x).d */
    descent->changed = 0;
    for (size_t start = 0; start < n; start += DESCENT_BLOCK) {
        size_t rows[DESCENT_BLOCK], count = 0;
        for (size_t k = start; k < size_min(start + DESCENT_BLOCK, n); k++) {
            int8_t *synced = descent->synced + k * lanes;
            const int8_t *codes = descent->codes + k * lanes;
            if (memcmp(synced, codes, lanes) == 0) continue;
            double *d = scratch->wide_d + count * lanes;
            for (size_t c = 0; c < lanes; c++) {
                d[c] = codes[c] - synced[c];
                descent->changed += d[c] != 0;
                projection[c] += hessian->x_mean[k] * d[c];
                descent->p[k * lanes + c] += hessian->ridge * d[c];
            }
            memcpy(synced, codes, lanes);
            rows[count++] = k;
        }
        if (count) add_rows(descent, scratch, rows, count);
    }
    for (size_t k = 0; descent->changed && k < n; k++) {
        double mean = (double)hessian->problem->rows * hessian->x_mean[k];
        for (size_t c = 0; c < lanes; c++) descent->p[k * lanes + c] -= mean * projection[c];
    }
}

/* gq, qp [lanes]: g'.q and q'H'q. */
static void project_codes(const Descent *descent, double *gq, double *qp)
{
    size_t lanes = descent->lanes;
    memset(gq, 0, lanes * sizeof *gq);
    memset(qp, 0, lanes * sizeof *qp);
    for (size_t k = 0; k < descent->n; k++)
        for (size_t c = 0; c < lanes; c++) {
            double q = descent->codes[k * lanes + c];
            gq[c] += q * descent->target[k * lanes + c];
            qp[c] += q * descent->p[k * lanes + c];
        }
}

static void measure(Descent *descent, const double *gq, const double *qp)
{
    for (size_t c = 0; c < descent->channels; c++) {
        double a = descent->scale[c];
        descent->objective[c] = fmax(descent->y2[c] - 2 * a * gq[c] + a * a * qp[c], 0);
    }
    descent->gain = 0;
}

void descent_measure(Descent *descent)
{
    double gq[DESCENT_MAX_LANES], qp[DESCENT_MAX_LANES];
    project_codes(descent, gq, qp);
    measure(descent, gq, qp);
}

void descent_refit(Descent *descent)
{
    double gq[DESCENT_MAX_LANES], qp[DESCENT_MAX_LANES];
    project_codes(descent, gq, qp);
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] == 0 || descent->fixed_scale) continue;
        if (gq[c] > 0 && qp[c] > 0 && isfinite(gq[c] / qp[c]))
            descent->scale[c] = grid_scale(descent->grid, gq[c] / qp[c]);
        else
            descent->live[c] = 0;
    }
    measure(descent, gq, qp);
}

/* Takes back the offered codes of a channel. */
static void take_back(Descent *descent, size_t c, const int8_t *codes, double scale)
{
    for (size_t at = c; at < descent->n * descent->lanes; at += descent->lanes)
        descent->codes[at] = codes[at];
    descent->scale[c] = scale;
    descent->live[c] = 1;
}

void descent_offer(Descent *descent, const int8_t *codes, int8_t *spare, DescentScratch *scratch)
{
    const size_t n = descent->n, lanes = descent->lanes;
    double scales[DESCENT_MAX_LANES], objectives[DESCENT_MAX_LANES];
    float live[DESCENT_MAX_LANES];
    memcpy(spare, descent->codes, n * lanes);
    memcpy(scales, descent->scale, sizeof scales);
    memcpy(objectives, descent->objective, sizeof objectives);
    memcpy(live, descent->live, sizeof live);
    for (size_t k = 0; k < n; k++)
        for (size_t c = 0; c < descent->channels && !hessian_dead(descent->hessian, k); c++)
            if (live[c] != 0) descent->codes[k * lanes + c] = codes[k * lanes + c];
    descent_sync(descent, scratch);
    descent_refit(descent);
    for (size_t c = 0; c < descent->channels; c++)
        if (live[c] != 0 && (descent->live[c] == 0 || !(descent->objective[c] < objectives[c])))
            take_back(descent, c, spare, scales[c]);
    descent_sync(descent, scratch);
    descent_measure(descent);
    descent->changed = 0;
    for (size_t at = 0; at < n * lanes; at++) descent->changed += descent->codes[at] != spare[at];
}

void descent_start_epoch(Descent *descent)
{
    size_t lanes = descent->lanes;
    double by_scale[DESCENT_MAX_LANES], unit = 1 / descent->hessian->unit;
    for (size_t c = 0; c < lanes; c++) by_scale[c] = descent->live[c] != 0 ? 1 / descent->scale[c] : 0;
    for (size_t k = 0; k < descent->n; k++)
        for (size_t c = 0; c < lanes; c++) {
            size_t at = k * lanes + c;
            descent->r[at] = (float)((descent->p[at] - descent->target[at] * by_scale[c]) * unit);
        }
}

/* --- sweeps --------------------------------------------------------------------------------------------- */

#define MOST_STEPS 16 /* between the levels of a grid that are not consecutive */

/* What t may become: the whole numbers from low to high, or the levels of a grid. */
typedef struct Move {
    float low, high;
    float unit;   /* u: what a step of t adds to the code */
    size_t steps; /* between levels; 0 for whole numbers */
    float middles[MOST_STEPS], widths[MOST_STEPS];
} Move;

static Move move_on(const Grid *grid)
{
    Move move = {.low = grid->levels[0], .high = (float)grid_largest(grid), .unit = 1};
    if (grid->consecutive) return move;
    for (; move.steps + 1 < grid->count && move.steps < MOST_STEPS; move.steps++) {
        const float below = grid->levels[move.steps], above = grid->levels[move.steps + 1];
        move.middles[move.steps] = (below + above) / 2;
        move.widths[move.steps] = above - below;
    }
    return move;
}

/* next = the level nearest to x per lane, the lower one of two: the lowest level and the widths of all steps
 * whose middle is below x. Lanes that are not live stay at t. next, x, t, live [lanes]. */
static inline __attribute__((always_inline)) void
round_to_levels(float *restrict next, const float *restrict x, const float *restrict t,
                const float *restrict live, const Move *move, size_t lanes)
{
    for (size_t c = 0; c < lanes; c++) next[c] = move->low;
    for (size_t i = 0; i < move->steps; i++)
        for (size_t c = 0; c < lanes; c++) next[c] += x[c] > move->middles[i] ? move->widths[i] : 0;
    for (size_t c = 0; c < lanes; c++) next[c] = live[c] != 0 ? next[c] : t[c];
}

/* next = clip(round half to even(x), low, high) per lane. */
static inline __attribute__((always_inline)) void
round_to_whole(float *restrict next, const float *restrict x, const Move *move, size_t lanes)
{
    for (size_t c = 0; c < lanes; c++) {
        float whole = rintf(x[c]);
        whole = whole < move->low ? move->low : whole;
        next[c] = whole > move->high ? move->high : whole;
    }
}

/* Sweeps `rows` coordinates of one block, lane by lane as in descent.h:
 *     t_k <- what is nearest to t_k - r_k inverse_k/u live;  d_k = u (change of t_k);  r_j += H'_kj d_k,
 * j > k. d, t, r [rows][lanes]: d receives the codes' changes, t and r are brought up to date. gain [lanes]
 * += d_k (2 r_k + d_k H'_kk). h: the block's corner of H' [rows][rows] at a stride; inverse [rows], live
 * [lanes]. The additions to r behind the block, and to r_k itself, are left to add_block(). */
CLONES static void sweep_block(float *restrict d, float *restrict t, float *restrict r, float *restrict gain,
                               const float *restrict h, size_t stride, const float *restrict inverse,
                               const float *restrict live, const Move *move, size_t rows, size_t lanes)
{
    float x[DESCENT_MAX_LANES], next[DESCENT_MAX_LANES];
    for (size_t k = 0; k < rows; k++) {
        float *restrict rk = r + k * lanes, *restrict tk = t + k * lanes, *restrict dk = d + k * lanes;
        const float step = inverse[k] / move->unit, diagonal = h[k * stride + k];
        int moved = 0;
        for (size_t c = 0; c < lanes; c++) x[c] = tk[c] - rk[c] * (step * live[c]);
        if (move->steps > 0)
            round_to_levels(next, x, tk, live, move, lanes);
        else
            round_to_whole(next, x, move, lanes);
        for (size_t c = 0; c < lanes; c++) {
            float delta = (next[c] - tk[c]) * move->unit;
            gain[c] += delta * (2 * rk[c] + delta * diagonal);
            tk[c] = next[c];
            dk[c] = delta;
            moved |= delta != 0;
        }
        if (!moved) continue;
        for (size_t j = k + 1; j < rows; j++) {
            const float weight = h[k * stride + j];
            float *restrict rj = r + j * lanes;
            for (size_t c = 0; c < lanes; c++) rj[c] += weight * dk[c];
        }
    }
}

/* r [n][lanes] += H'[start..start+rows-1]' d, d = scratch->d [rows][lanes]. Where few rows of d are not zero,
 * those are packed first. */
static void add_block(Descent *descent, DescentScratch *scratch, size_t start, size_t rows)
{
    size_t n = descent->n, lanes = descent->lanes, changed[DESCENT_BLOCK], count = 0;
    const float *h = descent->hessian->h + start * n, *d = scratch->d;
    for (size_t k = 0; k < rows; k++) {
        bool moved = false;
        for (size_t c = 0; c < lanes && !moved; c++) moved = d[k * lanes + c] != 0;
        if (moved) changed[count++] = k;
    }
    if (count == 0) return;
    if (count < MOSTLY_FULL && count < rows) {
        for (size_t i = 0; i < count; i++) {
            memcpy(scratch->packed_h + i * n, h + changed[i] * n, n * sizeof *h);
            memmove(scratch->d + i * lanes, d + changed[i] * lanes, lanes * sizeof *d);
        }
        h = scratch->packed_h;
        rows = count;
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)n, (int)lanes, (int)rows, 1, h, (int)n, d,
                (int)lanes, 1, descent->r, (int)lanes);
    descent->flops += 2.0 * (double)(n * lanes * rows);
}

/* One sweep over all coordinates of t [n][lanes], the codes or a digit of them. */
static void sweep(Descent *descent, int8_t *t, const Move *move, DescentScratch *scratch)
{
    const Hessian *hessian = descent->hessian;
    size_t n = descent->n, lanes = descent->lanes;
    for (size_t start = 0; start < n; start += DESCENT_BLOCK) {
        size_t rows = size_min(DESCENT_BLOCK, n - start), count = rows * lanes;
        float gain[DESCENT_MAX_LANES] = {0};
        int8_t *block = t + start * lanes, *codes = descent->codes + start * lanes;
        for (size_t i = 0; i < count; i++) scratch->t[i] = block[i];
        memcpy(scratch->r, descent->r + start * lanes, count * sizeof(float));
        sweep_block(scratch->d, scratch->t, scratch->r, gain, hessian->h + start * n + start, n,
                    hessian->inverse + start, descent->live, move, rows, lanes);
        for (size_t i = 0; i < count; i++) {
            if (scratch->d[i] == 0) continue;
            codes[i] = (int8_t)(codes[i] + (int)scratch->d[i]);
            if (block != codes) block[i] = (int8_t)scratch->t[i];
        }
        for (size_t c = 0; c < descent->channels; c++)
            descent->gain -= (double)gain[c] * hessian->unit * descent->scale[c] * descent->scale[c];
        add_block(descent, scratch, start, rows);
    }
}

void descent_split(Descent *descent)
{
    size_t count = descent->n * descent->lanes;
    for (size_t i = 0; i < count; i++) {
        int magnitude = abs(descent->codes[i]), sign = descent->codes[i] < 0 ? -1 : 1;
        for (unsigned p = 0; p < grid_digits(descent->bits); p++)
            descent->digits[p * count + i] = (int8_t)(((magnitude >> p) & 1) * sign);
    }
}

void descent_sweep_digit(Descent *descent, unsigned p, DescentScratch *scratch)
{
    const Move move = {.low = -1, .high = 1, .unit = (float)(1u << p)};
    sweep(descent, descent->digits + p * descent->n * descent->lanes, &move, scratch);
}

void descent_sweep_codes(Descent *descent, DescentScratch *scratch)
{
    const Move move = move_on(descent->grid);
    sweep(descent, descent->codes, &move, scratch);
}
