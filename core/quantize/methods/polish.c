/* SPDX-License-Identifier: MIT */
#include "quantize/methods/polish.h"

#include "base/clones.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

#define POLISH_GAIN 1e-9     /* of the score: less is noise */
#define POLISH_BLOCKED 1e30f /* cost of a step that the grid does not have */
#define POLISH_FLAT 1e-10    /* of the mean diagonal: a curvature below it is none */
#define POLISH_KICKED 3      /* codes moved by a kick */
#define POLISH_SEED 3
#define POLISH_STRIPES 16 /* partners compared side by side */

void polish_place(Polish *polish, size_t n, Carver *carver)
{
    *polish = (Polish){.n = n,
                       .target = carve(carver, n * sizeof *polish->target),
                       .p = carve(carver, n * sizeof *polish->p),
                       .pull = carve(carver, n * sizeof *polish->pull),
                       .up = carve(carver, n * sizeof *polish->up),
                       .down = carve(carver, n * sizeof *polish->down),
                       .up_cost = carve(carver, n * sizeof *polish->up_cost),
                       .down_cost = carve(carver, n * sizeof *polish->down_cost),
                       .level = carve(carver, n),
                       .kept_p = carve(carver, n * sizeof *polish->kept_p),
                       .kept_level = carve(carver, n)};
}

static void sum_up(Polish *polish)
{
    polish->gq = polish->qp = 0;
    for (size_t k = 0; k < polish->n; k++) {
        const double q = polish->grid->levels[polish->level[k]];
        polish->gq += q * polish->target[k];
        polish->qp += q * polish->p[k];
    }
}

void polish_load(Polish *polish, const Descent *descent, size_t lane)
{
    const double unit = polish->hessian->unit;
    for (size_t k = 0; k < polish->n; k++) {
        const size_t at = k * descent->lanes + lane;
        polish->target[k] = descent->target[at] / unit;
        polish->p[k] = descent->p[at] / unit;
        polish->level[k] = (uint8_t)grid_nearest_level(polish->grid, descent->codes[at]);
    }
    sum_up(polish);
}

void polish_store(Descent *descent, size_t lane, const Polish *polish)
{
    for (size_t k = 0; k < polish->n; k++)
        descent->codes[k * descent->lanes + lane] = polish->grid->levels[polish->level[k]];
}

double polish_score(const Polish *polish)
{
    return polish->gq > 0 && polish->qp > 0 ? grid_score(polish->grid, polish->gq, polish->qp) : 0;
}

static bool raises_score(const Polish *polish, double gq, double qp)
{
    if (!(gq > 0) || !(qp > 0)) return false;
    const double least = polish_score(polish) * (1 + POLISH_GAIN);
    return polish->grid->power_of_two_scale ? grid_score(polish->grid, gq, qp) > least : gq * gq > least * qp;
}

/* p += d row */
CLONES static void add_row(double *restrict p, const float *restrict row, double d, size_t n)
{
    for (size_t j = 0; j < n; j++) p[j] += d * (double)row[j];
}

static double step_to(const Polish *polish, size_t k, size_t level)
{
    return polish->grid->levels[level] - polish->grid->levels[polish->level[k]];
}

static void move(Polish *polish, size_t k, size_t level)
{
    const double d = step_to(polish, k, level);
    const float *row = polish->hessian->h + k * polish->n;
    polish->gq += d * polish->target[k];
    polish->qp += d * (2 * polish->p[k] + d * (double)row[k]);
    polish->level[k] = (uint8_t)level;
    add_row(polish->p, row, d, polish->n);
}

/* 1/a, and v = pull_factor g'; gq and qp are positive. */
static double inverse_scale(const Polish *polish)
{
    if (!polish->grid->power_of_two_scale) return polish->qp / polish->gq;
    return 1 / grid_scale(polish->grid, polish->gq / polish->qp);
}

static double pull_factor(const Polish *polish)
{
    return polish->grid->power_of_two_scale ? 0 : sqrt(polish->qp) / polish->gq;
}

/* The level of code k at which d (2 r + d curvature) is least, d the step to it. */
static size_t best_level(const Polish *polish, size_t k, double r, double curvature)
{
    const Grid *grid = polish->grid;
    if (curvature > POLISH_FLAT)
        return grid_nearest_level(grid, (float)(grid->levels[polish->level[k]] - r / curvature));
    const double low = step_to(polish, k, 0), high = step_to(polish, k, grid->count - 1);
    return low * (2 * r + low * curvature) < high * (2 * r + high * curvature) ? 0 : grid->count - 1;
}

/* Moves code k to the level that is best with the others held. */
static bool move_single(Polish *polish, size_t k)
{
    const double diagonal = (double)polish->hessian->h[k * polish->n + k];
    if (hessian_dead(polish->hessian, k) || !(polish->gq > 0) || !(polish->qp > 0)) return false;
    const double by_scale = polish->target[k] / polish->gq;
    const double r = polish->p[k] - by_scale * (polish->gq * inverse_scale(polish));
    const double pulled = polish->grid->power_of_two_scale ? 0 : by_scale * by_scale * polish->qp;
    const size_t level = best_level(polish, k, r, diagonal - pulled);
    const double d = step_to(polish, k, level);
    if (d == 0 || !raises_score(polish, polish->gq + d * polish->target[k],
                                polish->qp + d * (2 * polish->p[k] + d * diagonal)))
        return false;
    move(polish, k, level);
    return true;
}

size_t polish_singles(Polish *polish, size_t sweeps)
{
    size_t moves = 0;
    for (size_t k = 0, still = 0, left = sweeps * polish->n; left > 0 && still < polish->n; left--) {
        const bool moved = move_single(polish, k);
        moves += moved;
        still = moved ? 0 : still + 1;
        k = k + 1 < polish->n ? k + 1 : 0;
    }
    sum_up(polish);
    return moves;
}

/* fminf() and fmaxf() of numbers, which the compiler can do side by side. */
static inline float least_of(float a, float b)
{
    return a < b ? a : b;
}

static inline float most_of(float a, float b)
{
    return a > b ? a : b;
}

/* The steps of every code and their costs; returns the least cost. */
static float price_steps(Polish *polish)
{
    const Grid *grid = polish->grid;
    const double by_scale = inverse_scale(polish), by_root = pull_factor(polish);
    float least = POLISH_BLOCKED;
    polish->largest_step = polish->largest_pull = 0;
    for (size_t k = 0; k < polish->n; k++) {
        const size_t level = polish->level[k];
        const float pull = polish->pull[k] = (float)(polish->target[k] * by_root);
        const float curvature = polish->hessian->h[k * polish->n + k] - pull * pull;
        const float r = (float)(polish->p[k] - polish->target[k] * by_scale);
        const bool dead = hessian_dead(polish->hessian, k);
        const bool above = !dead && level + 1 < grid->count, below = !dead && level > 0;
        const float up = above ? (float)(grid->levels[level + 1] - grid->levels[level]) : 0;
        const float down = below ? (float)(grid->levels[level] - grid->levels[level - 1]) : 0;
        polish->up[k] = up;
        polish->down[k] = down;
        polish->largest_step = most_of(polish->largest_step, most_of(up, down));
        polish->largest_pull = most_of(polish->largest_pull, fabsf(pull));
        polish->up_cost[k] = above ? up * (up * curvature + 2 * r) : POLISH_BLOCKED;
        polish->down_cost[k] = below ? down * (down * curvature - 2 * r) : POLISH_BLOCKED;
        least = least_of(least, least_of(polish->up_cost[k], polish->down_cost[k]));
    }
    return least;
}

/* What is searched for the best partner: arrays of n. */
typedef struct Partners {
    const float *row, *pull, *up, *down, *up_cost, *down_cost;
} Partners;

/* min over l of the cost of a step of code l beside a step d of the code whose row of H' is given: up_cost[l]
 * + shared[l] up[l] or down_cost[l] - shared[l] down[l], shared[l] = 2 d (row[l] - own_pull pull[l]). */
CLONES static float cheapest_partner(const Partners *partners, float d, float own_pull, size_t n)
{
    const float *restrict row = partners->row, *restrict pull = partners->pull;
    const float *restrict up = partners->up, *restrict down = partners->down;
    const float *restrict up_cost = partners->up_cost, *restrict down_cost = partners->down_cost;
    const size_t whole = n / POLISH_STRIPES * POLISH_STRIPES;
    float stripes[POLISH_STRIPES], least = POLISH_BLOCKED;
    for (size_t s = 0; s < POLISH_STRIPES; s++) stripes[s] = POLISH_BLOCKED;
    for (size_t first = 0; first < whole; first += POLISH_STRIPES)
        for (size_t s = 0; s < POLISH_STRIPES; s++) {
            const size_t l = first + s;
            const float shared = 2 * d * (row[l] - own_pull * pull[l]);
            const float above = up_cost[l] + shared * up[l], below = down_cost[l] - shared * down[l];
            stripes[s] = least_of(stripes[s], least_of(above, below));
        }
    for (size_t l = whole; l < n; l++) {
        const float shared = 2 * d * (row[l] - own_pull * pull[l]);
        least = least_of(least, least_of(up_cost[l] + shared * up[l], down_cost[l] - shared * down[l]));
    }
    for (size_t s = 0; s < POLISH_STRIPES; s++) least = least_of(least, stripes[s]);
    return least;
}

/* Makes code k's step d and the next step of code l, unless the score does not rise. */
static bool move_pair(Polish *polish, size_t k, bool up, double d, size_t l, bool above)
{
    const float *row = polish->hessian->h + k * polish->n;
    const double e = above ? (double)polish->up[l] : -(double)polish->down[l];
    const double diagonal = (double)polish->hessian->h[l * polish->n + l];
    const double gq = polish->gq + d * polish->target[k] + e * polish->target[l];
    const double qp = polish->qp + d * (2 * polish->p[k] + d * (double)row[k]) +
                      e * (2 * polish->p[l] + e * diagonal) + 2 * d * e * (double)row[l];
    if (!raises_score(polish, gq, qp)) return false;
    move(polish, k, polish->level[k] + (up ? 1u : 0u) - (up ? 0u : 1u));
    move(polish, l, polish->level[l] + (above ? 1u : 0u) - (above ? 0u : 1u));
    return true;
}

/* Finds the best partner of code k's step and moves both where the score rises. */
static bool try_step(Polish *polish, size_t k, bool up)
{
    const float *row = polish->hessian->h + k * polish->n;
    const float d = up ? polish->up[k] : -polish->down[k], pull = polish->pull[k];
    const float own = up ? polish->up_cost[k] : polish->down_cost[k];
    const float own_above = polish->up_cost[k], own_below = polish->down_cost[k];
    polish->up_cost[k] = polish->down_cost[k] = POLISH_BLOCKED; /* no partner of itself */
    const Partners partners = {row,          polish->pull,    polish->up,
                               polish->down, polish->up_cost, polish->down_cost};
    const float least = cheapest_partner(&partners, d, pull, polish->n);
    bool moved = false;
    for (size_t l = 0; own + least < 0 && l < polish->n; l++) {
        const float shared = 2 * d * (row[l] - pull * polish->pull[l]);
        const bool above = polish->up_cost[l] + shared * polish->up[l] <= least;
        if (!above && polish->down_cost[l] - shared * polish->down[l] > least) continue;
        moved = move_pair(polish, k, up, (double)d, l, above);
        break;
    }
    polish->up_cost[k] = own_above;
    polish->down_cost[k] = own_below;
    return moved;
}

size_t polish_pairs(Polish *polish)
{
    if (!(polish->gq > 0) || !(polish->qp > 0)) return 0;
    size_t pairs = 0;
    float least_alone = price_steps(polish);
    for (size_t k = 0; k < polish->n; k++)
        for (int up = 0; up < 2; up++) {
            const float step = up ? polish->up[k] : polish->down[k];
            const float cost = up ? polish->up_cost[k] : polish->down_cost[k];
            const float most_shared =
                polish->hessian->reach[k] + fabsf(polish->pull[k]) * polish->largest_pull;
            if (step == 0 || cost + least_alone >= 2 * step * polish->largest_step * most_shared) continue;
            if (!try_step(polish, k, up)) continue;
            pairs++;
            least_alone = price_steps(polish);
        }
    sum_up(polish);
    return pairs;
}

static void keep(Polish *polish)
{
    memcpy(polish->kept_p, polish->p, polish->n * sizeof *polish->p);
    memcpy(polish->kept_level, polish->level, polish->n);
}

static void restore(Polish *polish)
{
    memcpy(polish->p, polish->kept_p, polish->n * sizeof *polish->p);
    memcpy(polish->level, polish->kept_level, polish->n);
    sum_up(polish);
}

size_t polish_search(Polish *polish, size_t kicks, uint64_t key)
{
    size_t better = 0;
    double score = polish_score(polish);
    keep(polish);
    for (size_t kick = 0; kick < kicks; kick++) {
        for (uint64_t i = 0; i < POLISH_KICKED; i++) {
            const uint64_t draw = random_bits(POLISH_SEED, key, kick, i);
            const size_t k = (size_t)((draw >> 1) % polish->n), level = polish->level[k];
            if (hessian_dead(polish->hessian, k)) continue;
            if (draw % 2 && level + 1 < polish->grid->count) move(polish, k, level + 1);
            if (draw % 2 == 0 && level > 0) move(polish, k, level - 1);
        }
        do polish_singles(polish, POLISH_SWEEPS);
        while (polish_pairs(polish) > 0);
        if (polish_score(polish) > score * (1 + POLISH_GAIN)) {
            score = polish_score(polish);
            keep(polish);
            better++;
        } else {
            restore(polish);
        }
    }
    return better;
}
