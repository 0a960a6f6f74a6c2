/* SPDX-License-Identifier: MIT */
#include "layer_sample.h"

#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

double random_normal(uint64_t seed, uint64_t a, uint64_t b)
{
    double sum = -6;
    for (uint64_t i = 0; i < 12; i++) sum += random_uniform(seed, a, b, i);
    return sum;
}

size_t random_pick(uint64_t seed, uint64_t what, size_t low, size_t high)
{
    return low + (size_t)(random_uniform(seed, 1000 + what, 0, 0) * (double)(high - low + 1));
}

static void fill_inputs(LayerSample *sample, uint64_t seed)
{
    size_t width = sample->groups * sample->n;
    for (size_t row = 0; row < sample->rows + sample->heldout; row++)
        for (size_t k = 0; k < width; k++) {
            double u = random_uniform(seed, 1, 2, k), value = fmax(random_normal(seed, 3 + row, k) + 0.5, 0);
            if (k > 0) value += 0.6 * (double)sample->x[row * width + k - 1];
            if (u < 0.08) value = 0;
            if (u > 0.95) value = 1.5;
            sample->x[row * width + k] = (float)value;
        }
}

static void fill_outputs(LayerSample *sample, uint64_t seed, bool noisy)
{
    size_t n = sample->n, m = sample->m, width = sample->groups * n, height = sample->groups * m;
    for (size_t row = 0; row < sample->rows + sample->heldout; row++)
        for (size_t c = 0; c < height; c++) {
            double sum = noisy ? 0.05 * random_normal(seed + 1, row, c) : 0;
            for (size_t k = 0; k < n; k++)
                sum += (double)sample->w[c * n + k] * (double)sample->x[row * width + c / m * n + k];
            sample->y[row * height + c] = (float)sum;
        }
}

LayerSample layer_sample_make(uint64_t seed, size_t groups, size_t m, size_t n, size_t rows, bool noisy,
                              Pool *pool)
{
    LayerSample sample = {.groups = groups, .m = m, .n = n, .rows = rows, .heldout = rows / 4 + 1};
    size_t channels = groups * m, all = rows + sample.heldout;
    sample.w = calloc(channels * n, sizeof(float));
    sample.x = calloc(all * groups * n, sizeof(float));
    sample.y = calloc(all * channels, sizeof(float));
    for (size_t c = 0; c < channels; c++)
        if (random_uniform(seed, 7, 7, c) > 0.05)
            for (size_t k = 0; k < n; k++)
                sample.w[c * n + k] = (float)(0.1 * random_normal(seed, 1u << 20, c * n + k));
    fill_inputs(&sample, seed);
    fill_outputs(&sample, seed, noisy);
    assert_int_equal(problems_create(&sample.problems, groups, m, n, sample.w, NULL), STATUS_OK);
    assert_int_equal(
        problems_add(sample.problems, groups, sample.x, noisy ? sample.y : NULL, rows, pool, NULL),
        STATUS_OK);
    problems_finish(sample.problems, groups, !noisy, pool);
    for (size_t g = 0; g < groups; g++) {
        Problem *problem = &sample.problems[g];
        problem->heldout_rows = sample.heldout;
        problem->heldout_x = sample.x + rows * groups * n + g * n;
        problem->heldout_y = sample.y + rows * channels + g * m;
        problem->heldout_stride = groups * n;
        problem->heldout_y_stride = channels;
    }
    return sample;
}

void layer_sample_free(LayerSample *sample)
{
    problems_free(sample->problems);
    free(sample->w);
    free(sample->x);
    free(sample->y);
}

LayerSample layer_sample_random(uint64_t seed, Pool *pool)
{
    size_t groups = random_uniform(seed, 5, 5, 5) < 0.25 ? random_pick(seed, 0, 2, 9) : 1;
    size_t n = random_pick(seed, 1, 1, groups > 1 ? 12 : 150),
           m = random_pick(seed, 2, 1, groups > 1 ? 3 : 80);
    return layer_sample_make(seed, groups, m, n, random_pick(seed, 3, 2, 200),
                             random_uniform(seed, 6, 6, 6) < 0.5, pool);
}
