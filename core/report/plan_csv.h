/* SPDX-License-Identifier: MIT */
/* Plan as CSV, out and in (RFC 4180, by libcsv), numbers in the C locale.
 *
 * Written: one row per layer, in the network's order, CRLF line ends, the columns
 * index,name,operator,shape,parameters,macs,weight_bits,activation_bits,method,grid,rounding_error,
 * bitsplit_error,polished_error,heldout_error,local_error,accumulated_error,sqnr_db,codes_changed,bytes,lambda,
 * hybrid_contribution,hybrid_share,hybrid_share_per_kib,spectral_contribution,spectral_share
 * (empty where they do not apply; weight_bits of a float layer is "float"; contributions, in units of the
 * output, and shares, 0..1: bound/rung.h; per KiB of the layer's bytes). index counts from 1. Errors have 9
 * significant digits. A text cell that starts with = + - @ (also the wide ones), tab, CR, LF or
 * ' gets a ' in front; the reader strips one.
 *
 * Read, it needs a header with `name` and `weight_bits`; `activation_bits`, `method` and `grid` are
 * taken where they are there (else the plan's; where its grid does not have the bits, uniform), all other
 * columns ignored (also `contribution` and `share`, which earlier files have), rows in any order. Layers that
 * it leaves out keep what the plan has.
 */
#ifndef REPORT_PLAN_CSV_H
#define REPORT_PLAN_CSV_H

#include "report/result.h"

/* Writes the file whole or not at all. */
Status plan_csv_write(const char *path, const Result *result, Message *message);

/* Changes `plan` (made for `network`) as the file says, or leaves it untouched on failure. Errors name the
 * file, line and column: an unknown or repeated layer (with the nearest name), bits that are not 1..8 or
 * "float", or that the grid does not have, activation bits for the network's own input, an unknown method or
 * grid, a missing column, a broken quote, a file above 16 MiB. */
Status plan_csv_read(Plan *plan, const Network *network, const char *path, Message *message);

#endif
