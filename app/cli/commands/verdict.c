/* SPDX-License-Identifier: MIT */
#include "app/cli/commands/verdict.h"

#include "app/cli/commands/print.h"
#include "base/sizes.h"
#include "evaluate/interval.h"

#include <math.h>
#include <stdio.h>

#define MEANS_SOMETHING 0.05 /* the largest p */

/* --- statistics ----------------------------------------------------------------------------------------- */

void verdict_print_statistics(const Network *network, const Plan *plan)
{
    if (plan->options.mode == MODE_INDEPENDENT) {
        puts("\nEvery row has the same statistics for all methods: layers are solved behind float layers.");
        return;
    }
    size_t shared = 0;
    fputs("\nSame statistics for all methods, because nothing before them is quantized:", stdout);
    for (size_t l = 0; l < network->layer_count; l++)
        if (network->layers[l].first) printf("%s %s", shared++ ? "," : "", network->layers[l].name);
    puts(shared ? "." : " none.");
    puts("Every other row is a chain of its own per method: the layer is solved behind that method's codes.\n"
         "--mode independent compares all rows on the same statistics.");
}

/* --- winner and next ------------------------------------------------------------------------------------ */

/* The two contenders with the largest figures; NAN counts as none. */
typedef struct Lead {
    size_t winner, next; /* NO_INDEX where there is none */
} Lead;

static Lead lead_of(const double *figures, size_t count)
{
    Lead lead = {NO_INDEX, NO_INDEX};
    for (size_t i = 0; i < count; i++) {
        if (isnan(figures[i])) continue;
        if (lead.winner == NO_INDEX || figures[i] > figures[lead.winner]) {
            lead.next = lead.winner;
            lead.winner = i;
        } else if (lead.next == NO_INDEX || figures[i] > figures[lead.next]) {
            lead.next = i;
        }
    }
    return lead;
}

/* Two-sided sign test: how likely a lead in `won` of `decided` layers, or a clearer one, is by chance. */
static double sign_test(size_t won, size_t decided)
{
    const size_t fewer = size_min(won, decided - won);
    if (2 * fewer >= decided) return 1;
    /* P(X <= fewer) of a fair coin */
    return fmin(2 * incomplete_beta(0.5, (double)(decided - fewer), (double)fewer + 1), 1);
}

/* --- errors of layers ----------------------------------------------------------------------------------- */

static double mean_log(const double *errors, size_t count)
{
    double sum = 0;
    size_t known = 0;
    for (size_t l = 0; l < count; l++) {
        if (!(errors[l] > 0)) continue;
        sum += log(errors[l]);
        known++;
    }
    return known ? sum / (double)known : NAN;
}

static void print_errors(const Contender *contenders, size_t count, size_t layers, bool heldout)
{
    double figures[METHOD_COUNT + 1] = {0};
    for (size_t i = 0; i < count; i++)
        figures[i] = -mean_log(heldout ? contenders[i].heldout : contenders[i].errors, layers);
    const Lead lead = lead_of(figures, count);
    if (lead.next == NO_INDEX) return;
    const Contender *winner = &contenders[lead.winner], *next = &contenders[lead.next];
    size_t won = 0, lost = 0;
    for (size_t l = 0; l < layers; l++) {
        const double a = heldout ? winner->heldout[l] : winner->errors[l];
        const double b = heldout ? next->heldout[l] : next->errors[l];
        won += a < b;
        lost += a > b;
    }
    const double p = sign_test(won, won + lost);
    printf("  error on %s rows: %s, %s %% below %s (geometric mean over layers); lower in %zu of %zu layers: "
           "%s (sign test, p = %.2g)\n",
           heldout ? "held-out" : "calibration", winner->name,
           figure_number(100 * (1 - exp(figures[lead.next] - figures[lead.winner]))).text, next->name, won,
           won + lost, won > lost && p <= MEANS_SOMETHING ? "not by chance" : "may be chance", p);
}

/* --- outputs -------------------------------------------------------------------------------------------- */

static void print_sqnr(const Contender *contenders, size_t count)
{
    double figures[METHOD_COUNT + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        const Evaluation *evaluation = &contenders[i].evaluation;
        figures[i] = evaluation->images ? evaluation->output_sqnr_db : NAN;
    }
    const Lead lead = lead_of(figures, count);
    if (lead.next == NO_INDEX || isinf(figures[lead.winner])) return;
    printf("  output SQNR: %s, %.2f dB, %.2f dB above %s\n", contenders[lead.winner].name,
           figures[lead.winner], figures[lead.winner] - figures[lead.next], contenders[lead.next].name);
}

static void print_top1(const Contender *contenders, size_t count)
{
    double figures[METHOD_COUNT + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        const Evaluation *evaluation = &contenders[i].evaluation;
        figures[i] = evaluation->images && evaluation->labelled && evaluation->task == TASK_CLASSIFY
                         ? (double)evaluation->quantized.top1_correct
                         : NAN;
    }
    const Lead lead = lead_of(figures, count);
    if (lead.next == NO_INDEX) return;
    const Evaluation *winner = &contenders[lead.winner].evaluation, *next = &contenders[lead.next].evaluation;
    const Interval above = interval_paired(winner->lost, winner->gained, winner->images);
    const Interval below = interval_paired(next->lost, next->gained, next->images);
    printf("  top-1: %s, %s points against float; %s, %s: %s\n", contenders[lead.winner].name,
           change_figure(winner).text, contenders[lead.next].name, change_figure(next).text,
           above.low > below.high ? "the intervals are apart, not by chance"
                                  : "the intervals overlap, may be chance");
}

void verdict_print(const Contender *contenders, size_t count, size_t layer_count)
{
    bool heldout = false;
    for (size_t i = 0; i < count; i++)
        for (size_t l = 0; l < layer_count; l++) heldout |= contenders[i].heldout[l] > 0;
    puts("\nverdict");
    print_errors(contenders, count, layer_count, heldout);
    print_sqnr(contenders, count);
    print_top1(contenders, count);
}
