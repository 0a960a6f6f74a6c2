/* SPDX-License-Identifier: MIT */
/* Sensitivities as CSV: one row per layer and weight bits, CRLF line ends, the columns
 * index,name,weight_bits,estimate,rounding_error,measured_error,heldout_error
 * the last two empty where they are unknown. Numbers as in the plan's CSV (plan_csv.h). */
#ifndef REPORT_SENSITIVITY_CSV_H
#define REPORT_SENSITIVITY_CSV_H

#include "network/types.h"
#include "quantize/sensitivity.h"

/* sensitivities: [layer_count]. Writes the file whole or not at all. */
Status sensitivity_csv_write(const char *path, const Network *network, const Sensitivity *sensitivities,
                             Message *message);

#endif
