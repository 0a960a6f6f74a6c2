/* ONNX files: read, unpacked under a ceiling, and checked for what can be understood of them at all.
 *
 * The unpacked model lives until onnx_file_close(); tensors may point into it. Private to core/network, but
 * for the report that edits a file.
 */
#ifndef NETWORK_ONNX_FILE_H
#define NETWORK_ONNX_FILE_H

#include "base/arena.h"
#include "onnx/element.h"
#include "onnx/external.h"

#include "onnx.pb-c.h"

#define ONNX_FIRST_OPSET 7
#define ONNX_LAST_OPSET 21

typedef struct OnnxFile {
    Onnx__ModelProto *model; /* with a graph */
    int opset;               /* of the default domain */
    size_t ceiling, used;    /* bytes of the unpacked model */
    bool refused, starved;   /* it asked for more; there was no memory below the ceiling */
    ExternalFiles external;
    char sha256[65]; /* of the bytes that were unpacked, as Network.sha256 */
} OnnxFile;

/* A tensor's elements as values hold them: every float type as float, integers as int64, bool as bytes of 0
 * or 1. */
typedef struct OnnxTensor {
    ElementType type;
    size_t rank, shape[TENSOR_MAX_RANK], elements;
    const void *data; /* in the model, or in the arena where it had to be converted */
} OnnxTensor;

/* A regular file of at most 2 GiB that takes at most `ceiling` bytes, its unpacked form included. *file is
 * NULL on failure. `path` must outlive it. */
Status onnx_file_open(OnnxFile **file, const char *path, size_t ceiling, Message *message);
void onnx_file_close(OnnxFile *file);

/* The value of a metadata key, or "". */
const char *onnx_file_metadata(const OnnxFile *file, const char *key);

/* "tensor 'NAME': ..." on failure: a type that is no number, dimensions that are negative or too large, data
 * that is not as long as the shape says, data in another file that cannot be read. external: the file's, NULL
 * where data in other files is refused. */
Status onnx_tensor_read(OnnxTensor *tensor, const Onnx__TensorProto *from, const ExternalFiles *external,
                        Arena *arena, Message *message);

/* Puts the data of a tensor that lies in another file into `tensor` itself, in the arena. */
Status onnx_tensor_take_in(Onnx__TensorProto *tensor, const ExternalFiles *external, Arena *arena,
                           Message *message);

/* What values of the schema's type are cast to: false for types whose arithmetic wraps around. */
bool onnx_type_element(ElementType *type, int64_t number);

/* FLOAT, INT64, ... or "unknown". */
const char *onnx_type_name(int64_t type);

#endif
