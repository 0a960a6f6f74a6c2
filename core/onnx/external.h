/* SPDX-License-Identifier: MIT */
/* External data: tensors whose elements are in files beside the network's, as exporters write large networks
 * (x.onnx with x.onnx.data).
 *
 * A file is named by a path relative to the network's folder, without "..". No part of the path may be a
 * symbolic link, and the file may have no other name (a hard link): everything that is read is in that
 * folder. Files are opened once, and their size is fixed then; what a tensor asks for is checked against it.
 * All files together may have as many bytes as the network may take.
 *
 * Example (void *data, const Onnx__ModelProto *model, const Onnx__TensorProto *tensor, size_t bytes, size_t
 * ceiling, Message *message):
 *     ExternalFiles external;
 *     ExternalPart part;
 *     Status status = external_open(&external, "x.onnx", model, ceiling, message);
 *     if (!status) status = external_find(&part, &external, tensor, bytes, message);
 *     if (!status) status = external_read(data, &part, message);
 *     external_close(&external);
 */
#ifndef ONNX_EXTERNAL_H
#define ONNX_EXTERNAL_H

#include "base/status.h"

#include "onnx.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ExternalFile {
    const char *location; /* in the model */
    int descriptor;
    size_t size;
} ExternalFile;

typedef struct ExternalFiles {
    const char *network; /* the network's path */
    ExternalFile *files; /* [count] */
    size_t count;
    size_t ceiling, bytes; /* of all files together */
} ExternalFiles;

/* Whether a tensor's data is in another file. */
static inline bool is_external(const Onnx__TensorProto *tensor)
{
    return tensor->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL ||
           tensor->n_external_data > 0;
}

/* Opens the files of all tensors of the model, which must outlive them. ceiling: bytes of all files together.
 * Release with external_close(), also on failure. */
Status external_open(ExternalFiles *external, const char *network, const Onnx__ModelProto *model,
                     size_t ceiling, Message *message);
void external_close(ExternalFiles *external);

/* Replaces sha256 (64 hexadecimal digits) by the hash of itself followed by the contents of all files;
 * unchanged where there are none. */
Status external_sha256(char sha256[65], const ExternalFiles *external, Message *message);

/* Where a tensor's bytes are. */
typedef struct ExternalPart {
    const ExternalFile *file;
    size_t offset, size;
} ExternalPart;

/* Finds a tensor of `size` bytes. STATUS_INVALID where its offset and length are not these bytes inside its
 * file. */
Status external_find(ExternalPart *part, const ExternalFiles *external, const Onnx__TensorProto *tensor,
                     size_t size, Message *message);

/* Reads data[part->size]. */
Status external_read(void *data, const ExternalPart *part, Message *message);

#endif
