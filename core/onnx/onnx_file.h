/* SPDX-License-Identifier: MIT */
/* ONNX files: read, unpacked below a memory ceiling, and checked as far as every reader needs it.
 *
 * The unpacked model lives until onnx_file_close(); tensors may point into it. It may be read by several
 * threads and is never changed.
 *
 * Example (size_t ceiling, Message *message):
 *     OnnxFile *file;
 *     Status status = onnx_file_open(&file, "x.onnx", ceiling, message);
 *     if (status) return status;
 *     const char *operator_name = file->model->graph->node[0]->op_type;
 *     onnx_file_close(file);
 */
#ifndef ONNX_ONNX_FILE_H
#define ONNX_ONNX_FILE_H

#include "onnx/external.h"
#include "onnx/onnx_tensor.h"

#include "onnx.pb-c.h"

#define ONNX_FIRST_OPSET 7
#define ONNX_LAST_OPSET 21

typedef struct OnnxFile {
    Onnx__ModelProto *model; /* with a graph */
    int opset;               /* of the default domain */
    size_t ceiling, used;    /* bytes of the unpacked model */
    bool refused, starved;   /* why unpacking failed: the ceiling; malloc() below the ceiling */
    ExternalFiles external;
    char sha256[65]; /* of the file; with external data, of that hash and the contents of all its files */
} OnnxFile;

/* Opens a regular file of at most 2 GiB. `ceiling` bounds the bytes of the file and its unpacked form
 * together. *file is NULL on failure. `path` must outlive the file. */
Status onnx_file_open(OnnxFile **file, const char *path, size_t ceiling, Message *message);
void onnx_file_close(OnnxFile *file);

/* The value of a metadata key, or "". */
const char *onnx_file_metadata(const OnnxFile *file, const char *key);

/* Where a message advises more memory and the file at `path` alone needs more than `ceiling`, adds how much;
 * how much all needs is not known. Returns `status`. */
Status onnx_file_advise(Status status, const char *path, size_t ceiling, Message *message);

#endif
