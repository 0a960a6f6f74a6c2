/* SPDX-License-Identifier: MIT */
#include "evaluate/tally.h"

#include <math.h>

#define NO_CLASS SIZE_MAX

/* The largest logit's class, the lowest of equals; NO_CLASS where a logit is NaN. */
static size_t top_class(const float *logits, size_t classes)
{
    size_t top = 0;
    for (size_t i = 0; i < classes; i++) {
        if (isnan(logits[i])) return NO_CLASS;
        if (logits[i] > logits[top]) top = i;
    }
    return top;
}

/* Classes ranked before `label`: those with a larger logit, and lower ones with the same. */
static size_t rank_of(const float *logits, size_t classes, size_t label)
{
    size_t rank = 0;
    for (size_t i = 0; i < classes; i++)
        rank += logits[i] > logits[label] || (logits[i] == logits[label] && i < label);
    return rank;
}

/* NaN without a sign, so that it is never printed as -nan. */
static double no_sign(double value)
{
    return isnan(value) ? (double)NAN : value;
}

/* -log softmax(logits)[label] = max + log sum_i exp(logit_i - max) - logit_label; NaN where logits are NaN or
 * infinite. */
static double cross_entropy(const float *logits, size_t classes, size_t label)
{
    double largest = logits[0], sum = 0;
    for (size_t i = 1; i < classes; i++) largest = fmax(largest, logits[i]);
    for (size_t i = 0; i < classes; i++) sum += exp(logits[i] - largest);
    return no_sign(largest + log(sum) - logits[label]);
}

/* Adds one image's score; true where the label is the top class. */
static bool score_image(TallyScore *score, const float *logits, size_t classes, size_t label, size_t top)
{
    score->cross_entropy += cross_entropy(logits, classes, label);
    if (top == NO_CLASS) return false;
    score->top1_correct += top == label;
    score->top5_correct += rank_of(logits, classes, label) < 5;
    return top == label;
}

void tally_image(Tally *tally, const float *reference, const float *quantized, size_t classes, size_t label)
{
    bool labelled = label != TALLY_UNLABELLED;
    size_t top = top_class(reference, classes);
    bool right = labelled && score_image(&tally->reference, reference, classes, label, top);
    tally->images++;
    if (!quantized) return;
    size_t quantized_top = top_class(quantized, classes);
    bool still = labelled && score_image(&tally->quantized, quantized, classes, label, quantized_top);
    tally->agreeing += top != NO_CLASS && top == quantized_top;
    tally->lost += right && !still;
    tally->gained += still && !right;
    for (size_t i = 0; i < classes; i++) {
        double difference = (double)reference[i] - quantized[i];
        tally->signal += (double)reference[i] * reference[i];
        tally->noise += difference * difference;
    }
}

/* The larger deviation; NaN once there was one. */
static double larger(double a, double b)
{
    return isnan(a) || isnan(b) ? (double)NAN : fmax(a, b);
}

static void add_run(TallySlice *slice, const float *reference, const float *quantized, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double x = reference[i], y = quantized[i];
        slice->signal += x * x;
        slice->noise += (x - y) * (x - y);
        slice->quantized += y * y;
        slice->product += x * y;
        slice->largest = larger(slice->largest, fabs(x - y));
    }
}

void tally_outputs(Tally *tally, const NetworkTask *task, const float *reference, const float *quantized,
                   size_t elements)
{
    TallySlice all = {0};
    tally->images++;
    if (!quantized) return;
    for (size_t s = 0; s < task->slice_count; s++) {
        const OutputSlice *slice = &task->slices[s];
        for (size_t r = 0; r < slice->rows; r++) {
            const size_t at = slice->offset + r * slice->step;
            add_run(&tally->slices[s], reference + at, quantized + at, slice->run);
        }
    }
    add_run(&all, reference, quantized, elements);
    tally->signal += all.signal;
    tally->noise += all.noise;
}

static void add_score(TallyScore *sum, const TallyScore *score)
{
    sum->top1_correct += score->top1_correct;
    sum->top5_correct += score->top5_correct;
    sum->cross_entropy += score->cross_entropy;
}

void tally_add(Tally *sum, const Tally *tally)
{
    sum->images += tally->images;
    sum->agreeing += tally->agreeing;
    sum->lost += tally->lost;
    sum->gained += tally->gained;
    add_score(&sum->reference, &tally->reference);
    add_score(&sum->quantized, &tally->quantized);
    sum->signal += tally->signal;
    sum->noise += tally->noise;
    for (size_t s = 0; s < TASK_SLICES; s++) {
        TallySlice *to = &sum->slices[s];
        const TallySlice *from = &tally->slices[s];
        to->signal += from->signal;
        to->noise += from->noise;
        to->quantized += from->quantized;
        to->product += from->product;
        to->largest = larger(to->largest, from->largest);
    }
}

static Accuracy report_score(const TallyScore *score, size_t images)
{
    return (Accuracy){.top1_correct = score->top1_correct,
                      .top5_correct = score->top5_correct,
                      .cross_entropy = images ? score->cross_entropy / (double)images : 0};
}

static double sqnr_db(double signal, double noise)
{
    return noise == 0 ? INFINITY : no_sign(10 * log10(signal / noise));
}

/* Top-1 and top-5 as figures of the task. */
static void report_classes(Evaluation *evaluation)
{
    const Accuracy *sides[2] = {&evaluation->reference, &evaluation->quantized};
    const double images = (double)evaluation->images;
    for (size_t side = 0; side < 2; side++) {
        evaluation->figures[side][0] = (double)sides[side]->top1_correct / images;
        evaluation->figures[side][1] = (double)sides[side]->top5_correct / images;
    }
    FigureIntervals *intervals = &evaluation->intervals;
    intervals->reference[0] = interval_wilson(sides[0]->top1_correct, evaluation->images);
    intervals->quantized[0] = interval_wilson(sides[1]->top1_correct, evaluation->images);
    intervals->change[0] = interval_paired(evaluation->lost, evaluation->gained, evaluation->images);
}

void tally_report(Evaluation *evaluation, const Tally *tally)
{
    evaluation->images = tally->images;
    evaluation->reference = report_score(&tally->reference, tally->images);
    evaluation->quantized = report_score(&tally->quantized, tally->images);
    evaluation->agreeing = tally->agreeing;
    evaluation->lost = tally->lost;
    evaluation->gained = tally->gained;
    evaluation->output_sqnr_db = sqnr_db(tally->signal, tally->noise);
    for (size_t s = 0; s < evaluation->slice_count; s++) {
        const TallySlice *slice = &tally->slices[s];
        SliceFigures *figures = &evaluation->slices[s];
        figures->sqnr_db = sqnr_db(slice->signal, slice->noise);
        figures->cosine = slice->noise == 0 ? 1 : slice->product / sqrt(slice->signal * slice->quantized);
        figures->largest = slice->largest;
    }
    if (evaluation->task == TASK_CLASSIFY) report_classes(evaluation);
    if (evaluation->task == TASK_NONE) evaluation->figures[1][0] = evaluation->output_sqnr_db;
}
