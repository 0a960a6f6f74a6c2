/* External data: tensors whose elements lie in files beside the network's, as exporters write large networks
 * (x.onnx with x.onnx.data).
 *
 * A file is named by a path relative to the network's folder, without "..", and no component of it may be a
 * link, nor the file have another name (a hard link): what is read lies in that folder and nowhere else.
 * Files are opened once, and their size is fixed then; what a tensor asks for is checked against it. Together
 * they have at most the bytes that the network may take.
 */
#ifndef NETWORK_EXTERNAL_H
#define NETWORK_EXTERNAL_H

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
    ExternalFile *files;
    size_t count;
    size_t ceiling, bytes; /* of all files */
} ExternalFiles;

static inline bool is_external(const Onnx__TensorProto *tensor)
{
    return tensor->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL ||
           tensor->n_external_data > 0;
}

/* Opens the files of all tensors of the model, which must outlive them; `ceiling` is for all their bytes.
 * Release with external_close(), also on failure. */
Status external_open(ExternalFiles *external, const char *network, const Onnx__ModelProto *model,
                     size_t ceiling, Message *message);
void external_close(ExternalFiles *external);

/* sha256 becomes that of itself (its 64 digits) followed by the contents of all files; it stays as it is
 * where there are none. */
Status external_sha256(char sha256[65], const ExternalFiles *external, Message *message);

/* Where a tensor's bytes are. STATUS_INVALID where they are not `size` bytes inside of their file. */
typedef struct ExternalPart {
    const ExternalFile *file;
    size_t offset, size;
} ExternalPart;

Status external_find(ExternalPart *part, const ExternalFiles *external, const Onnx__TensorProto *tensor,
                     size_t size, Message *message);

/* data[part->size] */
Status external_read(void *data, const ExternalPart *part, Message *message);

#endif
