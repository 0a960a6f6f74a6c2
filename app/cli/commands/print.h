/* Print: what the commands' outputs have in common, on stdout. */
#ifndef APP_PRINT_H
#define APP_PRINT_H

#include "app/cli/commands/table.h"
#include "app/cli/inputs.h"
#include "base/figures.h"
#include "evaluate/accuracy.h"

/* "s" behind a count that wants it. */
const char *plural(size_t count);

/* The network, its images, classes and what runs it. */
void print_heading(const Inputs *inputs);

/* True where some layer's input is quantized: tables then have a column A for the widths of inputs. */
bool quantizes_inputs(const Plan *plan);
/* A cell with a width, or float. */
void add_width(Table *table, unsigned bits);

/* The plan's options, in a line. */
void print_options(const Plan *plan);
/* The plan's sizes, in a line after an empty one. */
void print_totals(const Plan *plan, const Network *network);

/* The float network's figures, and the quantized one's and the change between them where both were run. */
Status print_accuracy(const Evaluation *evaluation, Message *message);

/* In percent, with a 95 % interval: a share of the images, as "12.34 [11.50, 13.20]"; the change of top-1
 * from float, as "-0.61 [-0.90, -0.32]". */
Figure share_figure(size_t count, size_t images);
Figure change_figure(const Evaluation *evaluation);

#endif
