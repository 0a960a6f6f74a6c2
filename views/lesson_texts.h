/* SPDX-License-Identifier: MIT */
/* Lesson texts: what the steps of the lesson say, and what they compute. Private to views/.
 *
 * Example (Words *words, const Scene *scene):
 *     lesson_tell_rows(words, scene);
 */
#ifndef VIEWS_LESSON_TEXTS_H
#define VIEWS_LESSON_TEXTS_H

#include "views/panels/words.h"

/* --- lesson_figures.c: what is computed -------------------------------------------------------------- */

typedef double LessonFigure(const Scene *scene, size_t layer); /* NAN: not known */

LessonFigure lesson_error, lesson_error_negative, lesson_gain, lesson_spectral, lesson_hybrid_share,
    lesson_byte_share, lesson_share_per_byte, lesson_bytes_per_share, lesson_compensated;

/* The layer of the largest figure; NO_INDEX where none is known. */
size_t lesson_largest(const Scene *scene, LessonFigure *figure);

/* Sequential and independent calibration of one plan, relative to |F_0|. */
typedef struct ModePair {
    bool known;
    double hybrid[2], measured[2]; /* by Mode */
} ModePair;
ModePair lesson_modes(const Scene *scene);

/* hybrid / measured = squares * compensation: sum |D_l| / sqrt(sum |D_l|^2), and sqrt(sum |D_l|^2) / |sum
 * D_l|. NAN where the bound is not known. */
typedef struct Decomposition {
    double squares, compensation;
} Decomposition;
Decomposition lesson_decomposition(const Scene *scene);

/* The first key of an action. */
typedef struct KeyName {
    char text[32];
} KeyName;
KeyName lesson_key(const Scene *scene, const char *action);

/* --- what is said --------------------------------------------------------------------------------------- */

typedef void LessonTell(Words *words, const Scene *scene);

/* The right answer's index, or the right layer; NO_INDEX: not known yet. */
typedef size_t LessonTruth(const Scene *scene);

/* lesson_solver.c */
LessonTell lesson_tell_rows, lesson_try_rows, lesson_ask_hardest, lesson_tell_hardest, lesson_tell_staircase,
    lesson_try_staircase, lesson_ask_range, lesson_tell_range, lesson_tell_minimum, lesson_try_minimum,
    lesson_tell_lattice, lesson_try_lattice, lesson_ask_optimum, lesson_tell_optimum, lesson_tell_digit,
    lesson_try_digit, lesson_tell_stitching, lesson_try_stitching, lesson_tell_compensation,
    lesson_try_compensation;
LessonTruth lesson_hardest, lesson_best_range, lesson_optimum;

/* lesson_theorem.c */
LessonTell lesson_ask_modes, lesson_tell_modes, lesson_tell_triangle, lesson_try_triangle,
    lesson_tell_spectral, lesson_try_spectral, lesson_tell_frobenius, lesson_try_frobenius,
    lesson_tell_margin, lesson_try_margin, lesson_ask_costliest, lesson_tell_costliest, lesson_ask_cancel,
    lesson_tell_cancel, lesson_tell_ledger, lesson_try_ledger, lesson_tell_purpose, lesson_try_purpose,
    lesson_ask_bit, lesson_tell_bit;
LessonTruth lesson_modes_truth, lesson_costliest, lesson_cancel_truth, lesson_bit_truth;

#endif
