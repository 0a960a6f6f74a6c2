/* SPDX-License-Identifier: MIT */
/* Print: what several commands print, on standard output. */
#ifndef APP_PRINT_H
#define APP_PRINT_H

#include "app/cli/commands/table.h"
#include "app/cli/inputs.h"
#include "base/figures.h"
#include "evaluate/accuracy.h"

/* The plural "s" behind a count: "" for 1. */
const char *plural(size_t count);

/* The network, its input, classes and images, and what runs it. */
void print_heading(const Inputs *inputs);

/* Whether any layer has quantized activations: tables then have a column A. */
bool quantizes_activations(const Plan *plan);
/* A cell with a bit width, or "float". */
void add_bits(Table *table, unsigned bits);

/* The same for weights, with the name of a grid that is not uniform: "2 ternary". */
void add_weight_bits(Table *table, unsigned bits, GridKind grid);

/* The plan's options, on one line. */
void print_options(const Plan *plan);
/* The plan's sizes, on one line after an empty one. */
void print_totals(const Plan *plan, const Network *network);

/* The accuracy of the float network; with the quantized one's and the change where both were run. */
Status print_accuracy(const Inputs *inputs, const Evaluation *evaluation, Message *message);

/* In percent, with a 95 % interval: a share of the images, as "12.34 [11.50, 13.20]"; the change of top-1
 * from float, as "-0.61 [-0.90, -0.32]". */
Figure share_figure(size_t count, size_t images);
Figure change_figure(const Evaluation *evaluation);

#endif
