/* SPDX-License-Identifier: MIT */
/* Latency table: microseconds of a layer at its bit widths, measured by a person on a device, from a CSV
 * file.
 *
 * The first line names the columns: microseconds, weight_bits, optionally activation_bits (empty or float:
 * float), and what the row is about: layer (a name), or operator and shape (as in a plan's CSV: Conv and
 * 16x3x3x3), which holds for all layers alike. A row that names the layer wins. Rows of other layers are
 * skipped.
 *
 *     layer,operator,shape,weight_bits,activation_bits,microseconds
 *     stem.0,,,8,8,41.5
 *     ,Conv,16x16x3x3,4,8,22
 *
 * Example (const Network *network, Message *message):
 *     LatencyTable *table;
 *     latency_read(&table, network, "device.csv", message);
 *     double microseconds = latency_of(table, 3, 4, 8);
 *     latency_free(table);
 */
#ifndef CHOOSE_LATENCY_H
#define CHOOSE_LATENCY_H

#include "base/status.h"
#include "network/types.h"

typedef struct LatencyTable LatencyTable;

/* STATUS_INVALID for a malformed file: the message names the line and the column. STATUS_IO, STATUS_MEMORY.
 * *table is NULL on failure. */
Status latency_read(LatencyTable **table, const Network *network, const char *path, Message *message);
void latency_free(LatencyTable *table); /* NULL is allowed */

/* Microseconds of a layer, all its uses together; NAN where the table has no row. 0 bits: float. */
double latency_of(const LatencyTable *table, size_t layer, unsigned weight_bits, unsigned activation_bits);

/* The file that the table was read from, for messages. */
const char *latency_path(const LatencyTable *table);

#endif
