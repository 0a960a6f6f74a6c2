/* Network file: the ONNX file that a network was opened from, open again, for whoever edits it.
 *
 * Layer.sources and Layer.folded number its graph's nodes. Nothing of it may be changed; new messages may
 * point into it until it is closed.
 *
 *     NetworkFile file;
 *     Status status = network_file_open(&file, network, ceiling, message);
 *     file.graph.proto->node[layer->sources[0].file_node] ...
 *     network_file_close(&file);                                    // on failure, too
 */
#ifndef NETWORK_NETWORK_FILE_H
#define NETWORK_NETWORK_FILE_H

#include "base/status.h"
#include "network/types.h"
#include "onnx/graph.h"

typedef struct NetworkFile {
    OnnxFile *onnx;
    Graph graph; /* of the output that the network computes */
} NetworkFile;

/* ceiling: bytes, as onnx_file_open() takes it. STATUS_INVALID where the file is no longer the one that the
 * network was opened from. */
Status network_file_open(NetworkFile *file, const Network *network, size_t ceiling, Message *message);
void network_file_close(NetworkFile *file);

/* Puts behind a message about --memory how much the file at `path` alone needs, where that is above
 * `ceiling`; how much all needs is not known. held: base/memory.h. Returns `status`. */
Status network_file_advise(Status status, const char *path, size_t ceiling, size_t held, Message *message);

#endif
