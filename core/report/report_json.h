/* SPDX-License-Identifier: MIT */
/* Report JSON: a plan, a run and an exploration as JSON. All three are one object, with more or fewer keys.
 *
 * Every file has
 * - format: "bitstitch/2"
 * - plan: the options {mode, seed (a text: it may be above 2^53), calibration_images, rows (a number or
 *   "all"), ridge (a number or "default"), polish, bias_correction, error_compensated (false where
 *   absent)}
 * - hashes: SHA-256 of {network, calibration, evaluation, plan}
 * - network: {path, output and input_shape (as chosen, else null), channels, height, width, outputs,
 *   softmax_removed}
 * - layers: [the columns of the plan's CSV as keys]; to be read, an element needs name, weight_bits,
 *   activation_bits (bits or "float") and method, and has grid ("uniform" where absent)
 *
 * A plan and a run also have
 * - calibration, evaluation: {images, labels, format, preparation, count, skipped}
 * - normalization: {mean, std}
 * - accuracy: {images, total, classes, float {top1, top1_interval [low, high], top5, cross_entropy},
 *   quantized {the same}, change, change_interval, agreement, lost, gained (images), changed_limit
 *   (interval_upper_limit() of the images whose prediction changed), output_sqnr_db}; of other tasks also
 * task, annotated, measures {NAME {float, quantized, change, and their intervals}} and outputs [{name,
 * sqnr_db, cosine, largest_deviation}]
 * - ladder: {on ("calibration" or "evaluation"), images, measured, hybrid, spectral, frobenius,
 *   output_norm, certified {spectral, hybrid, direction, one_sided, by_stage, measured}, stages (a count),
 *   kept (fraction of the images whose prediction stayed), float_accuracy, costliest (a layer), culprit
 *   {node, reason}, violation, contributions {frobenius, spectral, hybrid: [per layer]}, and per layer
 *   hybrid_accuracy [], alone [], margin_pull []}: bound/ladder.h
 * - totals: {parameters, bytes, float_bytes, compression, average_weight_bits, bitops,
 *   peak_activation_bytes (explore/activation_memory.h)}
 * - history: []
 * - run: {optimizer_seconds, evaluate_seconds, threads, blas_kernel, network_kernels, version,
 *   norm_seconds, ladder_seconds, ladder_bytes, peak_bytes}: the one object that may differ between two
 *   runs of the same plan
 *
 * An exploration also has
 * - saved: the time (ISO 8601, UTC)
 * - source: {network, calibration, images, image_labels, mean, std, labels, resize, crop, channels,
 *   layout: as on the command line, paths absolute; skip_bad_images; evaluation_images, ladder_images: a
 *   number, "all", or 0 where not given}
 * - ladder_timing: "after_accuracy" (where absent), "at_once" or "off": explore/ladder_timing.h
 * - norms: [the layers' operator norms, for later sessions: {sha256 (of weights and shape), frobenius,
 *   lower, upper, upper_by}: bound/norm_record.h; absent in older files]
 * - visits: [the visited plans: {plan, layers {weight_bits [], activation_bits [], method [], grid []: per
 *   layer, in the order of the outer `layers`}, accuracy, bound {measured, hybrid, spectral: relative to
 *   output_norm; images, certified {as in the ladder}: absent in older files}, name, note (as
 *   typed, else null), pinned (false where absent)}]
 *
 * Shares and accuracies are fractions of images, not per cent. What was not measured, NaN and infinity are
 * null. Numbers have as many digits as read back to the same value; bytes of a text that are not UTF-8 are
 * U+FFFD.
 *
 * Files of the formats "bitstitch-run/1" and "bitstitch-exploration/1" are read as well. The latter has
 * names as `layers`; a plan there is {options, weight_bits [], activation_bits [], methods []}; accuracies
 * of visits are counts of images; output and input_shape stand in `source`.
 *
 * Example (Plan *plan, const Network *network, const char *path, Message *message):
 *     report_json_read_plan(plan, network, path, message);
 *     Exploration exploration;
 *     exploration_read(&exploration, network, path, message);
 *     exploration_free(&exploration);
 */
#ifndef REPORT_REPORT_JSON_H
#define REPORT_REPORT_JSON_H

#include "bound/norm_record.h"
#include "explore/plan_note.h"
#include "explore/snapshot.h"
#include "report/result.h"

/* --- plans and runs --------------------------------------------------------------------------------- */

/* Writes the file whole or not at all. */
Status report_json_write(const char *path, const Result *result, Message *message);

/* Takes options and layers (by name) from a plan, a run or an exploration of the same network. On failure the
 * plan is as it was: refused are text after the object, repeated keys, another format, wrong types, unknown
 * or missing layers, bits out of range, a network of another hash, a file above 64 MiB. */
Status report_json_read_plan(Plan *plan, const Network *network, const char *path, Message *message);

/* How the network of a file was opened, and the hash of the calibration set; NULL where nothing was said.
 * Needed before the network can be opened for report_json_read_plan(). */
typedef struct RunChoices {
    char *output, *input_shape, *calibration;
} RunChoices;

/* *choices is empty on failure. */
Status run_choices_read(RunChoices *choices, const char *path, Message *message);
void run_choices_free(RunChoices *choices);

/* --- explorations ----------------------------------------------------------------------------------- */

#define EXPLORATION_ALL SIZE_MAX

/* What the network was opened with; NULL and 0 where it was not said. */
typedef struct ExplorationSource {
    char *network; /* a network or its description */
    char *calibration, *images, *image_labels, *mean, *std, *labels, *input_shape, *output, *task;
    char *preparation[PREPARATION_KEYS];
    bool skip_bad_images;
    size_t evaluation_images, ladder_images; /* or EXPLORATION_ALL */
} ExplorationSource;

typedef struct Exploration {
    ExplorationSource source;
    char saved[32];                                                         /* "2024-05-17T10:42:00Z" */
    char network_sha256[65], calibration_sha256[65], evaluation_sha256[65]; /* "" where not known */
    const Plan *plan;                                                       /* held */
    LadderTiming ladder_timing;
    NormRecord *norms; /* [norm_count], owned where it was read */
    size_t norm_count;
    const VisitedPlan **visited; /* [visited_count], held, in order of first visit */
    size_t visited_count;
    PlanNote *notes; /* [visited_count], owned; NULL: nothing was said of any plan */
} Exploration;

/* Whether a file says that it is an exploration; false for all that is no JSON or cannot be read. Fails for
 * want of memory alone. */
Status exploration_recognize(bool *found, const char *path, Message *message);

/* Reads the source alone, before the network is open. *source is empty on failure. */
Status exploration_source_read(ExplorationSource *source, const char *path, Message *message);
void exploration_source_free(ExplorationSource *source);
/* Whether measurements made with both can be compared: whether all but the files of network and images agree.
 */
bool exploration_source_alike(const ExplorationSource *a, const ExplorationSource *b);

/* Refuses what report_json_read_plan() refuses, unknown keys, and measurements that contradict each other.
 * *exploration is empty on failure. */
Status exploration_read(Exploration *exploration, const Network *network, const char *path, Message *message);
void exploration_free(Exploration *exploration);

/* Writes the file whole or not at all; `saved` is the present. */
Status exploration_write(const char *path, const Exploration *exploration, const Network *network,
                         Message *message);

#endif
