/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bound/ladder_sum.h"

#include <math.h>
#include <string.h>

#define HYBRID_SLACK 1e-9   /* sums of doubles */
#define SPECTRAL_SLACK 1e-4 /* the tails run in float */
#define SPECTRAL_FLOOR 1e-6 /* times |F_0|, for the same reason */

/* --- summing ---------------------------------------------------------------------------------------- */

/* lambda e: 0 where e is 0 even if lambda is infinite, infinite where e is a difference of infinities. */
static double cost(double lambda, double error)
{
    return error == 0 ? 0 : isnan(error) ? INFINITY : lambda * error;
}

/* Adds a step to its layer's row; `local` and `signal` are the row's squared sums so far. */
static void add_step(LadderStep *row, double *local, double *signal, const LadderRun *run, size_t step,
                     size_t images, const Lipschitz *lipschitz)
{
    size_t output = run->network->nodes[run->steps[step]].output;
    StepSample sum = {0};
    row->hybrid_correct = row->lost = row->gained = 0;
    for (size_t i = 0; i < images; i++) {
        const StepSample *sample = &run->samples[step * run->images + i];
        sum.local += sample->local;
        sum.signal += sample->signal;
        sum.change += sample->change;
        row->hybrid_correct += sample->correct;
        row->lost += run->all[i].correct && !sample->correct;
        row->gained += !run->all[i].correct && sample->correct;
    }
    *local += sum.local;
    *signal += sum.signal;
    row->quantized = true;
    row->local_error = *local == 0 ? 0 : *local / *signal;
    row->spectral += cost(lipschitz->spectral[output], sqrt(sum.local));
    row->frobenius += cost(lipschitz->frobenius[output], sqrt(sum.local));
    row->hybrid += sqrt(sum.change);
}

/* For a layer that stays float, F_l = F_(l-1). */
static void keep_counts(LadderStep *row, const Ladder *ladder, const LadderStep *before)
{
    row->hybrid_correct = before ? before->hybrid_correct : ladder->correct;
    row->lost = before ? before->lost : 0;
    row->gained = before ? before->gained : 0;
}

static void sum_layers(Ladder *ladder, const LadderRun *run, const Lipschitz *lipschitz)
{
    const Network *network = run->network;
    for (size_t l = 0; l < ladder->layer_count; l++) {
        LadderStep *row = &ladder->steps[l];
        const Layer *layer = &network->layers[l];
        double local = 0, signal = 0, alone = 0;
        for (size_t s = 0; s < run->step_count; s++)
            if (network->nodes[run->steps[s]].layer == l)
                add_step(row, &local, &signal, run, s, ladder->images, lipschitz);
        if (!row->quantized) keep_counts(row, ladder, l ? row - 1 : NULL);
        for (size_t i = 0; i < layer->use_count; i++)
            row->lambda = fmax(row->lambda, lipschitz->spectral[network->nodes[layer->uses[i]].output]);
        for (size_t i = 0; i < ladder->images; i++) alone += run->alone[l * run->images + i];
        row->alone = sqrt(alone);
        ladder->frobenius += row->frobenius;
        ladder->spectral += row->spectral;
        ladder->hybrid += row->hybrid;
        if (row->quantized &&
            (ladder->costliest == NO_INDEX || row->hybrid > ladder->steps[ladder->costliest].hybrid))
            ladder->costliest = l;
    }
}

/* --- pulls ------------------------------------------------------------------------------------------ */

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static void meet(LadderStep *row, size_t other, double cosine)
{
    if (cosine > 0 && (row->ally == NO_INDEX || cosine > row->alliance)) {
        row->ally = other;
        row->alliance = cosine;
    }
    if (cosine < 0 && (row->opponent == NO_INDEX || cosine < row->opposition)) {
        row->opponent = other;
        row->opposition = cosine;
    }
}

/* For each layer the one whose pulls over the images go most the same way, and most the other way: by
 * <p_a, p_b> / (|p_a| |p_b|), not centred, since a pull in the same direction on all images is a pull too. */
static void pair_layers(const double *pulls, Ladder *ladder)
{
    const size_t images = ladder->images;
    for (size_t a = 0; a < ladder->layer_count; a++)
        for (size_t b = 0; b < a; b++) {
            const double *first = pulls + a * images, *second = pulls + b * images;
            const double size = sqrt(dot(first, first, images) * dot(second, second, images));
            if (!(size > 0)) continue;
            const double cosine = dot(first, second, images) / size;
            meet(&ladder->steps[a], b, cosine);
            meet(&ladder->steps[b], a, cosine);
        }
}

static void sum_pulls(Ladder *ladder, const LadderRun *run)
{
    for (size_t l = 0; l < ladder->layer_count; l++) {
        LadderStep *row = &ladder->steps[l];
        row->ally = row->opponent = NO_INDEX;
        for (size_t i = 0; i < ladder->images; i++) {
            const double pull = run->pulls[l * run->images + i];
            row->pull += pull / (double)ladder->images;
            row->lowered += pull < 0;
        }
    }
    if (ladder->images == run->images) pair_layers(run->pulls, ladder);
}

/* --- certificates and the invariant ----------------------------------------------------------------- */

/* Whether each test certifies an image that the test before it does, and none certifies one that changed. */
static bool in_order(const bool certified[CERTIFICATE_COUNT], const ImageSample *sample)
{
    for (Certificate c = CERTIFIED_SPECTRAL; c < CERTIFIED_BY_STAGE; c++)
        if (certified[c] && !certified[c + 1]) return false;
    if (certified[CERTIFIED_NORMS] && !certified[CERTIFIED_MEASURED]) return false;
    return sample->tests.in_order &&
           (sample->kept || (!certified[CERTIFIED_BY_STAGE] && !certified[CERTIFIED_MEASURED]));
}

/* False where the order is violated. */
static bool certify_image(Ladder *ladder, const LadderRun *run, size_t image, const Lipschitz *lipschitz)
{
    double spectral = 0, hybrid = 0;
    for (size_t s = 0; s < run->step_count; s++) {
        const StepSample *sample = &run->samples[s * run->images + image];
        size_t output = run->network->nodes[run->steps[s]].output;
        spectral += cost(lipschitz->spectral[output], sqrt(sample->local));
        hybrid += sqrt(sample->change);
    }
    const ImageSample *sample = &run->all[image];
    spectral = spectral * (1 + SPECTRAL_SLACK) + SPECTRAL_FLOOR * sqrt(sample->output);
    const double least = sample->margin * M_SQRT1_2;
    const bool certified[CERTIFICATE_COUNT] = {
        [CERTIFIED_SPECTRAL] = spectral < least,
        [CERTIFIED_NORMS] = hybrid * (1 + 4 * HYBRID_SLACK) < least,
        [CERTIFIED_DIRECTION] = sample->tests.by_direction,
        [CERTIFIED_ONE_SIDED] = sample->tests.one_sided,
        [CERTIFIED_BY_STAGE] = sample->tests.by_stage,
        [CERTIFIED_MEASURED] = sqrt(sample->error) < least,
    };
    for (size_t c = 0; c < CERTIFICATE_COUNT; c++) ladder->certified[c] += certified[c];
    return in_order(certified, sample);
}

/* Comparisons are written so that a NAN is a violation. */
static const char *find_violation(const Ladder *ladder)
{
    if (!(ladder->measured <= ladder->hybrid * (1 + HYBRID_SLACK))) return "measured is above hybrid";
    if (!(ladder->hybrid <= ladder->spectral * (1 + SPECTRAL_SLACK) + SPECTRAL_FLOOR * ladder->output_norm))
        return "hybrid is above spectral";
    if (!(ladder->spectral <= ladder->frobenius * (1 + HYBRID_SLACK))) return "spectral is above Frobenius";
    return NULL;
}

/* Why there is no finite spectral bound: a node without a constant, or a layer with infinite local error. */
static void blame(Ladder *ladder, const Network *network, const Lipschitz *lipschitz)
{
    if (lipschitz->culprit != NO_INDEX) {
        ladder->culprit = network->nodes[lipschitz->culprit].name;
        ladder->reason = lipschitz->reason;
        return;
    }
    for (size_t l = 0; l < ladder->layer_count && !ladder->culprit; l++) {
        if (isfinite(ladder->steps[l].spectral)) continue;
        ladder->culprit = network->nodes[network->layers[l].uses[0]].name;
        ladder->reason = "its outputs on these images are not finite";
    }
}

/* --- the sum -------------------------------------------------------------------------------------------- */

void ladder_sum(Ladder *ladder, const LadderRun *run, size_t images, const Lipschitz *lipschitz)
{
    double output = 0, error = 0;
    memset(ladder->steps, 0, ladder->layer_count * sizeof *ladder->steps);
    *ladder = (Ladder){.images = images,
                       .total = ladder->total,
                       .labelled = ladder->labelled,
                       .stages = run->stages,
                       .layer_count = ladder->layer_count,
                       .steps = ladder->steps,
                       .costliest = NO_INDEX,
                       .bytes = ladder->bytes};
    for (size_t i = 0; i < images; i++) {
        output += run->all[i].output;
        error += run->all[i].error;
        ladder->kept += run->all[i].kept;
        ladder->correct += run->all[i].correct;
    }
    ladder->output_norm = sqrt(output);
    ladder->measured = sqrt(error);
    sum_layers(ladder, run, lipschitz);
    sum_pulls(ladder, run);
    bool ordered = true;
    for (size_t i = 0; i < images; i++) ordered &= certify_image(ladder, run, i, lipschitz);
    if (!isfinite(ladder->spectral)) blame(ladder, run->network, lipschitz);
    ladder->violation = find_violation(ladder);
    if (!ordered && !ladder->violation)
        ladder->violation = "a certified image changed its prediction, or tests are out of order";
}
