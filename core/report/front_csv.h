/* SPDX-License-Identifier: MIT */
/* Front as CSV: one row per plan of a front, from the smallest on, with CRLF line ends, the columns
 * weight_bytes,bitops,microseconds,predicted_error,predicted_sqnr_db,predicted_agreement,predicted_top1_change,
 * weight_bits,activation_bits
 * microseconds empty without a latency table, the last two of the predicted ones where they are not known;
 * bits of all layers in order, separated by blanks, - for float. Numbers as in the plan's CSV (plan_csv.h).
 */
#ifndef REPORT_FRONT_CSV_H
#define REPORT_FRONT_CSV_H

#include "explore/chooser.h"

/* Writes the file whole or not at all. */
Status front_csv_write(const char *path, const Front *front, const Chooser *chooser, const Forecast *forecast,
                       bool latency, Message *message);

#endif
