/* Print: what the commands' outputs have in common, on stdout. */
#ifndef APP_PRINT_H
#define APP_PRINT_H

#include "app/cli/commands/table.h"
#include "app/cli/inputs.h"
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

/* "12.34 [11.50, 13.20]": per cent, with an interval. */
#define PERCENT_TEXT 64
void text_percent(char out[PERCENT_TEXT], size_t count, size_t images);
void text_change(char out[PERCENT_TEXT], const Evaluation *evaluation);

#endif
