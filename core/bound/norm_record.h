/* SPDX-License-Identifier: MIT */
/* Norm record: an operator norm with the hash of all that it depends on, to keep norms on disk. A norm
 * depends on the layer's weights and the shape of its convolution, so that a record serves every network that
 * has such a layer, and has the bytes that network_norms() computes.
 *
 * Example (LayerNorm *norms, const Network *network, const NormRecord *kept, size_t kept_count, Message
 * *message):
 *     norm_records_recall(norms, network, kept, kept_count);
 *     network_norms(norms, network, &(NormOptions){0}, message); // computes the rest
 *     NormRecord *records;
 *     size_t count;
 *     norm_records_create(&records, &count, network, norms, message);
 *     free(records);
 */
#ifndef BOUND_NORM_RECORD_H
#define BOUND_NORM_RECORD_H

#include "bound/norm.h"

typedef struct NormRecord {
    char sha256[65]; /* hexadecimal */
    LayerNorm norm;  /* finite */
} NormRecord;

/* *records [count], malloc'ed: the norms of all uses of layers that are known and finite. *records is NULL on
 * failure (STATUS_MEMORY). */
Status norm_records_create(NormRecord **records, size_t *count, const Network *network,
                           const LayerNorm *norms, Message *message);

/* Sets the norms [node_count] of the uses that are not known and have a record. */
void norm_records_recall(LayerNorm *norms, const Network *network, const NormRecord *records, size_t count);

/* The name as LayerNorm.upper_by has it, or NULL: nothing of that name proves a norm. */
const char *norm_proof(const char *name);

#endif
