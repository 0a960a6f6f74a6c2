/* A run as JSON (by cJSON): enough to reproduce it, and its results.
 *
 * Keys: format ("bitstitch-run/1"), plan {all of PlanOptions; seed as a string, rows
 * a number or "all", ridge a number or "default"; error_compensated may be absent: false}, hashes {network,
 * calibration, evaluation, plan}, network {path, output and input_shape (as they were chosen, else null; may
 * be absent), channels, height, width, outputs, softmax_removed}, calibration and evaluation {images, labels,
 * format, preparation, count, skipped}, normalization {mean, std}, accuracy {images, float {top1,
 * top1_interval [low, high], top5, cross_entropy}, quantized {the same}, change, change_interval, agreement,
 * output_sqnr_db}, ladder {on ("calibration" or "evaluation"), images, measured, hybrid, spectral, frobenius,
 * output_norm, certified {measured, hybrid, spectral: fractions of the images}, kept (the fraction whose
 * prediction stayed), float_accuracy, costliest (a layer), culprit {node, reason}, violation, contributions
 * {frobenius, spectral, hybrid: [a layer]}, hybrid_accuracy [a layer], alone [a layer]: see bound/ladder.h},
 * totals {parameters, bytes, float_bytes, compression, average_weight_bits, bitops}, layers [the CSV's
 * columns as keys; null where they do not apply], history [], run {optimizer_seconds, evaluate_seconds,
 * threads, blas_kernel, network_kernels, version, norm_seconds, ladder_seconds, ladder_bytes, peak_bytes of
 * the process}. Fractions, not per cent. Numbers have at most 17 significant digits; NaN and infinity are
 * null, as is what was not measured; bytes of a text that are not UTF-8 are U+FFFD.
 */
#ifndef REPORT_RUN_JSON_H
#define REPORT_RUN_JSON_H

#include "report/result.h"

Status run_json_write(const char *path, const Result *result, Message *message);

/* Takes the plan out of a run's JSON: options and layers (by name). The layers must be the network's, each
 * once. Refuses trailing text, repeated keys, a wrong `format`, wrong types, unknown layers, widths out of
 * range; `plan` is then untouched. The network's hash, where it differs, is an error that says so: the remedy
 * is the CSV, which holds widths by name. */
Status run_json_read_plan(Plan *plan, const Network *network, const char *path, Message *message);

/* What was chosen to open the run's network by, and the hash of the images it was calibrated on, NULL where
 * nothing was: before run_json_read_plan(), which takes the network. */
typedef struct RunChoices {
    char *output, *input_shape, *calibration;
} RunChoices;

Status run_json_read_choices(RunChoices *choices, const char *path, Message *message);
void run_choices_free(RunChoices *choices);

#endif
