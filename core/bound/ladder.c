/* SPDX-License-Identifier: MIT */
#include "bound/ladder.h"

#include "base/seconds.h"
#include "base/sizes.h"
#include "bound/ladder_run.h"
#include "bound/ladder_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_SECONDS 0.1 /* between two progress reports, except the first and the last */

/* --- sets of images --------------------------------------------------------------------------------- */

static const char *const set_names[] = {
    [LADDER_CALIBRATION] = "calibration", [LADDER_EVALUATION] = "evaluation"};

const char *ladder_set_name(LadderSet set)
{
    return set_names[set];
}

bool ladder_set_parse(LadderSet *set, const char *name)
{
    for (size_t i = 0; i < sizeof set_names / sizeof *set_names; i++)
        if (strcmp(name, set_names[i]) == 0) {
            *set = (LadderSet)i;
            return true;
        }
    return false;
}

const char *certificate_name(Certificate certificate)
{
    static const char *const names[CERTIFICATE_COUNT] = {
        [CERTIFIED_SPECTRAL] = "spectral",           [CERTIFIED_NORMS] = "norms",
        [CERTIFIED_DIRECTION] = "direction",         [CERTIFIED_ONE_SIDED] = "one-sided",
        [CERTIFIED_BY_STAGE] = "one-sided by stage", [CERTIFIED_MEASURED] = "measured"};
    return names[certificate];
}

const char *certificate_key(Certificate certificate)
{
    static const char *const keys[CERTIFICATE_COUNT] = {
        [CERTIFIED_SPECTRAL] = "spectral",   [CERTIFIED_NORMS] = "hybrid",
        [CERTIFIED_DIRECTION] = "direction", [CERTIFIED_ONE_SIDED] = "one_sided",
        [CERTIFIED_BY_STAGE] = "by_stage",   [CERTIFIED_MEASURED] = "measured"};
    return keys[certificate];
}

/* --- the whole -------------------------------------------------------------------------------------- */

typedef struct Summing {
    Ladder *ladder;
    const LayerNorm *norms;
    const LadderOptions *options;
    double start, reported;
} Summing;

/* Sums are made where a progress report is due, and at the end. */
static Status sum_round(void *context, const LadderRun *run, size_t images, Message *message)
{
    Summing *summing = context;
    Lipschitz lipschitz;
    const LadderOptions *options = summing->options;
    const double now = seconds_now();
    if (images < run->images && (!options->progress || now - summing->reported < REPORT_SECONDS))
        return STATUS_OK;
    summing->reported = now;
    Status status = lipschitz_create(&lipschitz, run->network, summing->norms, run->factors, message);
    if (status != STATUS_OK) return status;
    summing->ladder->bytes = run->bytes;
    ladder_sum(summing->ladder, run, images, &lipschitz);
    lipschitz_free(&lipschitz);
    summing->ladder->seconds = now - summing->start;
    const double fraction = (double)images / (double)run->images;
    if (options->progress && !options->progress(options->context, summing->ladder, fraction))
        return status_fail(message, STATUS_CANCELLED, "cancelled");
    return STATUS_OK;
}

Status ladder_create(Ladder *ladder, const Network *network, const Weights *const *weights,
                     const LayerNorm *norms, const Dataset *dataset, const Normalization *normalization,
                     const LadderOptions *options, Message *message)
{
    LadderRun run = {.network = network,
                     .weights = weights,
                     .dataset = dataset,
                     .normalization = normalization,
                     .images = options->images ? size_min(options->images, dataset->count) : dataset->count,
                     .cancellation = {.proceed = options->proceed, .context = options->context}};
    Summing summing = {ladder, norms, options, seconds_now(), -INFINITY};
    *ladder =
        (Ladder){.total = run.images, .labelled = dataset->labelled, .layer_count = network->layer_count};
    ladder->steps = calloc(network->layer_count + 1, sizeof *ladder->steps);
    Status status = ladder->steps
                        ? ladder_run(&run, options->pool, options->memory, sum_round, &summing, message)
                        : status_no_memory(message, "the ladder");
    ladder_run_free(&run);
    if (status != STATUS_OK) ladder_free(ladder);
    return status;
}

void ladder_free(Ladder *ladder)
{
    free(ladder->steps);
    *ladder = (Ladder){0};
}
