/* SPDX-License-Identifier: MIT */
/* Nearest plane, K-best and the polish beside plain twins in double: without blocks, tiles and tables. */
#include "base/blas.h"
#include "layer_sample.h"
#include "quantize/methods/nearest_plane.h"
#include "quantize/methods/polish.h"
#include "quantize/solve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDGE 0.02   /* dead inputs make H singular */
#define NEIGHBOURS 3 /* levels that a partial code is continued by */
#define MOST_BEAM 8
#define MOST_INPUTS 200

/* --- a problem with its Hessian and factor -------------------------------------------------------------- */

typedef struct Fixture {
    LayerSample sample;
    Hessian hessian;
    Plane plane;
    void *memory;
} Fixture;

static void place(Fixture *fixture, Carver *carver)
{
    const size_t n = fixture->sample.n;
    fixture->hessian.x_mean = carve(carver, n * sizeof(double));
    fixture->hessian.h = carve(carver, n * n * sizeof(float));
    fixture->hessian.reach = carve(carver, n * sizeof(float));
    fixture->hessian.inverse = carve(carver, n * sizeof(float));
    plane_place(&fixture->plane, n, carver);
}

static void *zeroed(size_t bytes)
{
    void *memory = aligned_alloc(64, size_ceil_div(bytes, 64) * 64 + 64);
    assert_non_null(memory);
    return memset(memory, 0, bytes);
}

static Fixture make_fixture(uint64_t seed, size_t m, size_t n, Pool *pool)
{
    Fixture fixture = {.sample = layer_sample_make(seed, 1, m, n, 3 * n + 10, true, pool)};
    Carver count = {0};
    place(&fixture, &count);
    fixture.memory = zeroed(count.used);
    place(&fixture, &(Carver){.memory = fixture.memory});
    fixture.hessian.problem = fixture.sample.problems;
    hessian_prepare(&fixture.hessian, true, RIDGE);
    hessian_fill_rows(&fixture.hessian, 0, n);
    assert_int_equal(plane_factorize(&fixture.plane, &fixture.hessian, NULL), STATUS_OK);
    return fixture;
}

static void free_fixture(Fixture *fixture)
{
    free(fixture->memory);
    layer_sample_free(&fixture->sample);
}

/* --- the plain twin ------------------------------------------------------------------------------------- */

/* r [n][n]: upper factor of H'/unit in the plane's order, row by row; z [n] solves r'z = g'/unit. */
static void plain_factor(double *r, double *z, const Fixture *fixture, size_t channel)
{
    const Hessian *hessian = &fixture->hessian;
    const size_t n = fixture->sample.n, *order = fixture->plane.order;
    memset(r, 0, n * n * sizeof *r);
    for (size_t i = 0; i < n; i++) {
        z[i] = cross_term_at(hessian, channel, order[i]) / hessian->unit;
        for (size_t l = 0; l < i; l++) z[i] -= r[l * n + i] * z[l];
        for (size_t j = i; j < n; j++) {
            double sum = hessian_at(hessian, order[i], order[j]) / hessian->unit;
            for (size_t l = 0; l < i; l++) sum -= r[l * n + i] * r[l * n + j];
            r[i * n + j] = i == j ? sqrt(sum) : sum / r[i * n + i];
        }
        z[i] /= r[i * n + i];
    }
}

typedef struct Partial {
    double cost;
    int8_t codes[MOST_INPUTS]; /* in the order of the rows */
} Partial;

static int compare_partial(const void *a, const void *b)
{
    const Partial *x = a, *y = b;
    return (x->cost > y->cost) - (x->cost < y->cost);
}

/* Continues a partial code at row i by the levels nearest to its centre; returns how many there are. */
static size_t continue_partial(Partial *next, const Partial *partial, const double *r, double centre,
                               size_t i, size_t n, const Grid *grid)
{
    bool used[GRID_MOST_LEVELS] = {false};
    size_t count = 0;
    for (; count < NEIGHBOURS && count < grid->count; count++) {
        size_t best = GRID_MOST_LEVELS;
        for (size_t level = 0; level < grid->count; level++)
            if (!used[level] && (best == GRID_MOST_LEVELS ||
                                 fabs(grid->levels[level] - centre) < fabs(grid->levels[best] - centre)))
                best = level;
        used[best] = true;
        const double off = (grid->levels[best] - centre) * r[i * n + i];
        next[count] = *partial;
        next[count].codes[i] = grid->levels[best];
        next[count].cost += off * off;
    }
    return count;
}

/* The best code of the K best, in the order of the inputs; returns its cost. z: at scale 1. */
static double plain_beam(int8_t *codes, const double *r, const double *z, double scale, size_t beam,
                         const Grid *grid, const Plane *plane)
{
    const size_t n = plane->n;
    Partial *now = calloc(MOST_BEAM * NEIGHBOURS, sizeof *now),
            *next = calloc(MOST_BEAM * NEIGHBOURS, sizeof *now);
    size_t alive = 1;
    for (size_t i = n; i-- > 0;) {
        size_t count = 0;
        for (size_t b = 0; b < alive; b++) {
            double centre = z[i] / scale;
            for (size_t j = i + 1; j < n; j++) centre -= r[i * n + j] * now[b].codes[j];
            count += continue_partial(next + count, &now[b], r, centre / r[i * n + i], i, n, grid);
        }
        qsort(next, count, sizeof *next, compare_partial);
        alive = size_min(count, beam);
        memcpy(now, next, alive * sizeof *now);
    }
    for (size_t i = 0; i < n; i++) codes[plane->order[i]] = now[0].codes[i];
    const double cost = now[0].cost;
    free(now);
    free(next);
    return cost;
}

/* --- decoding ------------------------------------------------------------------------------------------- */

static double weight_scale(const LayerSample *sample, size_t channel, unsigned bits)
{
    int8_t codes[MOST_INPUTS];
    return rounding_start(codes, sample->w + channel * sample->n, sample->n, bits, 100);
}

/* Decodes all channels, blocked and plainly. Centres are kept in float: one near the middle between two
 * levels may go the other way, which is rare. */
static void compare_decoding(uint64_t seed, size_t beam, unsigned bits, size_t *different, size_t *all,
                             Pool *pool)
{
    const size_t n = random_pick(seed, 1, 2, MOST_INPUTS), m = 9;
    Fixture fixture = make_fixture(seed, m, n, pool);
    const Grid grid = grid_uniform(bits);
    PlaneScratch scratch;
    Carver count = {0};
    plane_scratch_place(&scratch, n, m, beam, &count);
    void *memory = zeroed(count.used);
    plane_scratch_place(&scratch, n, m, beam, &(Carver){.memory = memory});
    double *r = calloc(n * n, sizeof *r), *z = calloc(n, sizeof *z), *costs = calloc(m, sizeof *costs);
    double blocked = 0, plain = 0;
    int8_t *codes = calloc(m, n), *twin = calloc(n, 1);
    for (size_t c = 0; c < m; c++) {
        const double squares = plane_target(z, &fixture.plane, &fixture.hessian, c);
        const double scale = fmax(weight_scale(&fixture.sample, c, bits), 1e-3);
        for (size_t i = 0; i < n; i++) scratch.centres[c * n + i] = (float)(z[i] / scale);
        double sum = 0;
        plain_factor(r, z, &fixture, c);
        for (size_t i = 0; i < n; i++) sum += z[i] * z[i];
        assert_true(fabs(sum - squares) <= 1e-9 * squares);
    }
    plane_decode(codes, costs, &fixture.plane, m, beam, &grid, &scratch);
    for (size_t c = 0; c < m; c++) {
        plain_factor(r, z, &fixture, c);
        plain += plain_beam(twin, r, z, fmax(weight_scale(&fixture.sample, c, bits), 1e-3), beam, &grid,
                            &fixture.plane);
        blocked += costs[c];
        *different += memcmp(twin, codes + c * n, n) != 0;
        *all += 1;
    }
    assert_true(fabs(blocked - plain) <= 2e-3 * plain);
    free(r);
    free(z);
    free(costs);
    free(codes);
    free(twin);
    free(memory);
    free_fixture(&fixture);
}

static void nearest_plane_agrees_with_plain_twin(void **state)
{
    size_t different = 0, all = 0;
    for (uint64_t seed = 0; seed < 30; seed++)
        compare_decoding(seed, 1, 2 + (unsigned)(seed % 4), &different, &all, *state);
    if (different * 50 > all) fail_msg("%zu of %zu channels differ", different, all);
}

static void beam_agrees_with_plain_twin(void **state)
{
    size_t different = 0, all = 0;
    for (uint64_t seed = 0; seed < 30; seed++)
        compare_decoding(seed, seed % 3 == 2 ? MOST_BEAM : 4, 2 + (unsigned)(seed % 4), &different, &all,
                         *state);
    if (different * 30 > all) fail_msg("%zu of %zu channels differ", different, all);
}

/* centres_i - sum over j >= i of (R_ij / R_ii) q_j, with R_ii / R_ii = 1. */
static void subtraction_agrees_with_direct_sums(void **state)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        const size_t n = random_pick(seed, 1, 2, MOST_INPUTS), m = 5;
        Fixture fixture = make_fixture(seed, m, n, *state);
        PlaneScratch scratch;
        Carver count = {0};
        plane_scratch_place(&scratch, n, m, 1, &count);
        void *memory = zeroed(count.used);
        plane_scratch_place(&scratch, n, m, 1, &(Carver){.memory = memory});
        double *r = calloc(n * n, sizeof *r), *z = calloc(n, sizeof *z);
        int8_t *codes = calloc(m, n);
        for (size_t i = 0; i < m * n; i++) {
            scratch.centres[i] = (float)random_normal(seed, 50, i);
            codes[i] = (int8_t)((int)random_pick(seed, 100 + i, 0, 6) - 3);
        }
        plane_subtract(&fixture.plane, codes, m, &scratch);
        plain_factor(r, z, &fixture, 0);
        for (size_t c = 0; c < m; c++)
            for (size_t i = 0; i < n; i++) {
                double sum = (double)(float)random_normal(seed, 50, c * n + i);
                for (size_t j = i; j < n; j++)
                    sum -= r[i * n + j] / r[i * n + i] * codes[c * n + fixture.plane.order[j]];
                assert_true(fabs(sum - (double)scratch.centres[c * n + i]) <= 1e-4 * (1 + fabs(sum)));
            }
        free(r);
        free(z);
        free(codes);
        free(memory);
        free_fixture(&fixture);
    }
}

/* --- moves of one and two codes ------------------------------------------------------------------------- */

/* A tile of all channels at the codes of round-to-nearest, and a polish. */
typedef struct Tile {
    Descent descent;
    DescentScratch scratch;
    Polish polish;
    void *memory;
} Tile;

static void place_tile(Tile *tile, Carver *carver)
{
    descent_place(&tile->descent, carver);
    descent_scratch_place(&tile->scratch, tile->descent.n, tile->descent.lanes, carver);
    polish_place(&tile->polish, tile->descent.n, carver);
}

static Tile make_tile(const Fixture *fixture, const Grid *grid, unsigned bits)
{
    const size_t n = fixture->sample.n, m = fixture->sample.m;
    Tile tile = {.descent = {.channels = m, .n = n, .lanes = 16, .bits = bits}};
    Carver count = {0};
    place_tile(&tile, &count);
    tile.memory = zeroed(count.used);
    place_tile(&tile, &(Carver){.memory = tile.memory});
    tile.descent.grid = grid;
    tile.descent.hessian = tile.polish.hessian = &fixture->hessian;
    tile.polish.grid = grid;
    descent_open(&tile.descent);
    int8_t *codes = calloc(m, n);
    for (size_t c = 0; c < m; c++) {
        tile.descent.scale[c] = rounding_start(codes + c * n, fixture->sample.w + c * n, n, bits, 100);
        tile.descent.live[c] = tile.descent.scale[c] > 0;
    }
    descent_set_codes(&tile.descent, codes);
    descent_sync(&tile.descent, &tile.scratch);
    descent_refit(&tile.descent);
    free(codes);
    return tile;
}

/* (g'.q)^2 / q'H'q over the unit, straight from the sums. */
static double plain_score(const Hessian *hessian, size_t channel, const int8_t *codes, size_t n)
{
    double gq = 0, qp = 0;
    for (size_t i = 0; i < n; i++) {
        gq += codes[i] * cross_term_at(hessian, channel, i);
        for (size_t j = 0; j < n; j++) qp += codes[i] * codes[j] * hessian_at(hessian, i, j);
    }
    return gq > 0 && qp > 0 ? gq * gq / qp / hessian->unit : 0;
}

/* The best score of all codes that differ from `codes` in one (by any step) or two (by one level each). */
static double best_neighbour(const Hessian *hessian, size_t channel, const int8_t *codes, size_t n, int limit)
{
    double best = 0;
    int8_t moved[MOST_INPUTS];
    for (size_t k = 0; k < n; k++)
        for (int level = -limit; level <= limit; level++) {
            memcpy(moved, codes, n);
            moved[k] = (int8_t)level;
            if (level != codes[k]) best = fmax(best, plain_score(hessian, channel, moved, n));
        }
    for (size_t k = 0; k < n; k++)
        for (size_t l = k + 1; l < n; l++)
            for (int step = 0; step < 4; step++) {
                memcpy(moved, codes, n);
                moved[k] = (int8_t)(moved[k] + (step & 1 ? 1 : -1));
                moved[l] = (int8_t)(moved[l] + (step & 2 ? 1 : -1));
                if (abs(moved[k]) <= limit && abs(moved[l]) <= limit)
                    best = fmax(best, plain_score(hessian, channel, moved, n));
            }
    return best;
}

static void polish_leaves_no_better_pair(void **state)
{
    size_t improvable = 0, all = 0, pairs = 0;
    for (uint64_t seed = 0; seed < 16; seed++) {
        const unsigned bits = 2 + (unsigned)(seed % 3);
        const size_t n = random_pick(seed, 1, 3, 24);
        Fixture fixture = make_fixture(300 + seed, 6, n, *state);
        const Grid grid = grid_uniform(bits);
        Tile tile = make_tile(&fixture, &grid, bits);
        for (size_t c = 0; c < 6; c++) {
            if (tile.descent.live[c] == 0) continue;
            Polish *polish = &tile.polish;
            int8_t codes[MOST_INPUTS];
            size_t moved;
            polish_load(polish, &tile.descent, c);
            double score = polish_score(polish);
            do {
                polish_singles(polish, POLISH_SWEEPS);
                moved = polish_pairs(polish);
                pairs += moved;
                assert_true(polish_score(polish) >= score * (1 - 1e-12));
                score = polish_score(polish);
            } while (moved > 0);
            polish_store(&tile.descent, c, polish);
            for (size_t k = 0; k < n; k++) codes[k] = tile.descent.codes[k * tile.descent.lanes + c];
            assert_true(fabs(plain_score(&fixture.hessian, c, codes, n) - score) <= 1e-5 * score);
            const double best = best_neighbour(&fixture.hessian, c, codes, n, grid_limit(bits));
            improvable += best > score * (1 + 2e-6);
            all++;
        }
        free(tile.memory);
        free_fixture(&fixture);
    }
    assert_true(pairs > 0);
    if (improvable > 0) fail_msg("%zu of %zu channels have a better neighbour", improvable, all);
}

static int start_pool(void **state)
{
    Pool *pool;
    if (blas_start(NULL) != STATUS_OK || pool_create(&pool, 2, NULL) != STATUS_OK) return -1;
    *state = pool;
    return 0;
}

static int stop_pool(void **state)
{
    pool_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_plane_agrees_with_plain_twin),
        cmocka_unit_test(beam_agrees_with_plain_twin),
        cmocka_unit_test(subtraction_agrees_with_direct_sums),
        cmocka_unit_test(polish_leaves_no_better_pair),
    };
    return cmocka_run_group_tests_name("nearest_plane", tests, start_pool, stop_pool);
}
