#include "quantize/descent.h"

#include "base/blas.h"
#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHORT 1e-4     /* by how much of itself a shift is taken short: see solve.h */
#define DEAD 1e-10f    /* of the mean diagonal: an input below it is dead */
#define CONSTANT 1e-5  /* of H's diagonal, which float sums of 1,024 rows know no better: no variance */
#define MOSTLY_FULL 48 /* changed rows of a block from which packing does not pay */

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

/* --- curvature -------------------------------------------------------------------------------------- */

double curvature_at(const Curvature *curvature, size_t row, size_t column)
{
    const Problem *problem = curvature->problem;
    double value = problem->h[row * problem->n + column] -
                   (double)problem->rows * curvature->x_mean[row] * curvature->x_mean[column];
    return row == column ? value + curvature->ridge : value;
}

double curvature_target(const Curvature *curvature, size_t channel, size_t k)
{
    const Problem *problem = curvature->problem;
    size_t at = channel * problem->n + k;
    return problem->g[at] - problem->y_sum[channel] * curvature->x_mean[k] +
           curvature->ridge * (double)problem->weights[at];
}

void curvature_start(Curvature *curvature, bool centred, double ridge)
{
    const Problem *problem = curvature->problem;
    size_t n = problem->n;
    curvature->centred = centred;
    for (size_t k = 0; k < n; k++)
        curvature->x_mean[k] = centred && problem->rows ? problem->x_sum[k] / (double)problem->rows : 0;
    curvature->ridge = 0;
    double sum = 0, uncentred = 0;
    for (size_t k = 0; k < n; k++) {
        sum += fmax(curvature_at(curvature, k, k), 0);
        uncentred += problem->h[k * n + k];
    }
    curvature->constant = centred && sum <= CONSTANT * uncentred;
    double mean = curvature->constant ? 0 : sum / (double)n;
    curvature->unit = mean > 0 ? mean : 1;
    curvature->ridge = ridge * mean;
    for (size_t k = 0; k < n; k++) {
        float diagonal = (float)(curvature_at(curvature, k, k) / curvature->unit);
        curvature->inverse[k] = diagonal > DEAD ? (float)((1 - SHORT) / (double)diagonal) : 0;
    }
}

void curvature_rows(Curvature *curvature, size_t first, size_t count)
{
    size_t n = curvature->problem->n;
    double scale = 1 / curvature->unit;
    for (size_t i = first; i < first + count; i++)
        for (size_t j = 0; j < n; j++)
            curvature->h[i * n + j] = (float)(curvature_at(curvature, i, j) * scale);
}

/* --- memory ----------------------------------------------------------------------------------------- */

static void *carve(char **next, size_t bytes)
{
    void *here = *next;
    *next += size_ceil_div(bytes, 64) * 64;
    return here;
}

void descent_place(Descent *descent, void *memory)
{
    char *next = memory;
    size_t count = descent->n * descent->lanes;
    descent->codes = carve(&next, count);
    descent->synced = carve(&next, count);
    descent->digits = carve(&next, count * (descent->bits - 1));
    descent->p = carve(&next, count * sizeof(double));
    descent->target = carve(&next, count * sizeof(double));
    descent->r = carve(&next, count * sizeof(float));
}

size_t descent_bytes(size_t n, size_t lanes, unsigned bits)
{
    size_t count = n * lanes;
    return count * (2 + (bits - 1) + 2 * sizeof(double) + sizeof(float)) + 6 * 64;
}

void descent_scratch_place(DescentScratch *scratch, void *memory, size_t n, size_t lanes)
{
    char *next = memory;
    size_t block = DESCENT_BLOCK * lanes;
    scratch->r = carve(&next, block * sizeof(float));
    scratch->t = carve(&next, block * sizeof(float));
    scratch->d = carve(&next, block * sizeof(float));
    scratch->packed_h = carve(&next, DESCENT_BLOCK * n * sizeof(float));
    scratch->wide_d = carve(&next, block * sizeof(double));
    scratch->wide_h = carve(&next, DESCENT_BLOCK * n * sizeof(double));
}

size_t descent_scratch_bytes(size_t n, size_t lanes)
{
    return DESCENT_BLOCK *
               (lanes * (3 * sizeof(float) + sizeof(double)) + n * (sizeof(float) + sizeof(double))) +
           6 * 64;
}

/* --- state ------------------------------------------------------------------------------------------ */

void descent_open(Descent *descent)
{
    const Curvature *curvature = descent->curvature;
    const Problem *problem = curvature->problem;
    size_t n = descent->n, lanes = descent->lanes;
    for (size_t c = 0; c < descent->channels; c++) {
        size_t channel = descent->first + c;
        double squares = 0;
        for (size_t k = 0; k < n; k++) {
            double w = (double)problem->weights[channel * n + k];
            squares += w * w;
            descent->target[k * lanes + c] = curvature_target(curvature, channel, k);
        }
        double y_sum = curvature->centred ? problem->y_sum[channel] : 0;
        descent->y2[c] = problem->y2[channel] - y_sum * y_sum / (double)size_max(problem->rows, 1) +
                         curvature->ridge * squares;
    }
}

void descent_set_codes(Descent *descent, const int8_t *codes)
{
    for (size_t c = 0; c < descent->channels; c++)
        for (size_t k = 0; k < descent->n; k++)
            descent->codes[k * descent->lanes + c] = codes[c * descent->n + k];
}

/* p += H d for the changed rows of one block: rows[i] of H, scratch's wide_d [count][lanes]. */
static void add_to_p(Descent *descent, DescentScratch *scratch, const size_t *rows, size_t count)
{
    const Curvature *curvature = descent->curvature;
    size_t n = descent->n, lanes = descent->lanes;
    const double *h = curvature->problem->h + rows[0] * n;
    if (rows[count - 1] - rows[0] + 1 != count) {
        for (size_t i = 0; i < count; i++)
            memcpy(scratch->wide_h + i * n, h + (rows[i] - rows[0]) * n, n * sizeof *h);
        h = scratch->wide_h;
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)n, (int)lanes, (int)count, 1, h, (int)n,
                scratch->wide_d, (int)lanes, 1, descent->p, (int)lanes);
    descent->flops += 2.0 * (double)(n * lanes * count);
}

/* The parts of H' beside H: p += ridge d - N x (x.d), from the changes' projection on the means. */
static void add_centring(Descent *descent, const double *projection)
{
    const Curvature *curvature = descent->curvature;
    size_t lanes = descent->lanes;
    for (size_t k = 0; k < descent->n; k++) {
        double mean = (double)curvature->problem->rows * curvature->x_mean[k];
        for (size_t c = 0; c < lanes; c++) descent->p[k * lanes + c] -= mean * projection[c];
    }
}

void descent_sync(Descent *descent, DescentScratch *scratch)
{
    const Curvature *curvature = descent->curvature;
    size_t n = descent->n, lanes = descent->lanes;
    double projection[DESCENT_MAX_LANES] = {0};
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
                projection[c] += curvature->x_mean[k] * d[c];
                descent->p[k * lanes + c] += curvature->ridge * d[c];
            }
            memcpy(synced, codes, lanes);
            rows[count++] = k;
        }
        if (count) add_to_p(descent, scratch, rows, count);
    }
    if (descent->changed) add_centring(descent, projection);
}

/* Sums over k of codes times target, and codes times p. */
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
        if (descent->live[c] == 0) continue;
        if (gq[c] > 0 && qp[c] > 0 && isfinite(gq[c] / qp[c]))
            descent->scale[c] = gq[c] / qp[c];
        else
            descent->live[c] = 0;
    }
    measure(descent, gq, qp);
}

void descent_start_epoch(Descent *descent)
{
    size_t lanes = descent->lanes;
    double by_scale[DESCENT_MAX_LANES], unit = 1 / descent->curvature->unit;
    for (size_t c = 0; c < lanes; c++) by_scale[c] = descent->live[c] != 0 ? 1 / descent->scale[c] : 0;
    for (size_t k = 0; k < descent->n; k++)
        for (size_t c = 0; c < lanes; c++) {
            size_t at = k * lanes + c;
            descent->r[at] = (float)((descent->p[at] - descent->target[at] * by_scale[c]) * unit);
        }
}

/* --- sweeps ----------------------------------------------------------------------------------------- */

typedef struct Move {
    float low, high, unit; /* t in low..high, each step worth `unit` of the code */
} Move;

/* Sweeps `rows` coordinates of a block: r [rows][lanes] and t are brought up to date, d receives the codes'
 * changes. h: the block's corner in H' at a stride of n. gain[lane] += the change of r's quadratic form. */
CLONES static void sweep_block(float *restrict d, float *restrict t, float *restrict r, float *restrict gain,
                               const float *restrict h, size_t stride, const float *restrict inverse,
                               const float *restrict live, Move move, size_t rows, size_t lanes)
{
    for (size_t k = 0; k < rows; k++) {
        float *restrict rk = r + k * lanes, *restrict tk = t + k * lanes, *restrict dk = d + k * lanes;
        const float step = inverse[k] / move.unit, diagonal = h[k * stride + k];
        int moved = 0;
        for (size_t c = 0; c < lanes; c++) {
            float next = rintf(tk[c] - rk[c] * (step * live[c]));
            next = next < move.low ? move.low : next;
            next = next > move.high ? move.high : next;
            float delta = (next - tk[c]) * move.unit;
            gain[c] += delta * (2 * rk[c] + delta * diagonal);
            tk[c] = next;
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

static bool row_is_zero(const float *row, size_t lanes)
{
    for (size_t c = 0; c < lanes; c++)
        if (row[c] != 0) return false;
    return true;
}

/* r += H' d for the block's rows start..start+rows-1: all of them, or those that changed, packed. */
static void spread(Descent *descent, DescentScratch *scratch, size_t start, size_t rows)
{
    size_t n = descent->n, lanes = descent->lanes, changed[DESCENT_BLOCK], count = 0;
    const float *h = descent->curvature->h + start * n, *d = scratch->d;
    for (size_t k = 0; k < rows; k++)
        if (!row_is_zero(d + k * lanes, lanes)) changed[count++] = k;
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

/* One sweep over all coordinates: t is digits or codes, [n][lanes]. */
static void sweep(Descent *descent, int8_t *t, Move move, DescentScratch *scratch)
{
    const Curvature *curvature = descent->curvature;
    size_t n = descent->n, lanes = descent->lanes;
    for (size_t start = 0; start < n; start += DESCENT_BLOCK) {
        size_t rows = size_min(DESCENT_BLOCK, n - start), count = rows * lanes;
        float gain[DESCENT_MAX_LANES] = {0};
        int8_t *block = t + start * lanes, *codes = descent->codes + start * lanes;
        for (size_t i = 0; i < count; i++) scratch->t[i] = block[i];
        memcpy(scratch->r, descent->r + start * lanes, count * sizeof(float));
        sweep_block(scratch->d, scratch->t, scratch->r, gain, curvature->h + start * n + start, n,
                    curvature->inverse + start, descent->live, move, rows, lanes);
        for (size_t i = 0; i < count; i++) {
            if (scratch->d[i] == 0) continue;
            codes[i] = (int8_t)(codes[i] + (int)scratch->d[i]);
            if (block != codes) block[i] = (int8_t)scratch->t[i];
        }
        for (size_t c = 0; c < descent->channels; c++)
            descent->gain -= (double)gain[c] * curvature->unit * descent->scale[c] * descent->scale[c];
        spread(descent, scratch, start, rows);
    }
}

void descent_split(Descent *descent)
{
    size_t count = descent->n * descent->lanes;
    for (size_t i = 0; i < count; i++) {
        int magnitude = abs(descent->codes[i]), sign = descent->codes[i] < 0 ? -1 : 1;
        for (unsigned p = 0; p + 1 < descent->bits; p++)
            descent->digits[p * count + i] = (int8_t)(((magnitude >> p) & 1) * sign);
    }
}

void descent_sweep_digit(Descent *descent, unsigned p, DescentScratch *scratch)
{
    Move move = {-1, 1, (float)(1u << p)};
    sweep(descent, descent->digits + p * descent->n * descent->lanes, move, scratch);
}

void descent_sweep_codes(Descent *descent, DescentScratch *scratch)
{
    float limit = (float)((1 << (descent->bits - 1)) - 1);
    sweep(descent, descent->codes, (Move){-limit, limit, 1}, scratch);
}
