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

#include "network/graph.h"

typedef struct NetworkFile {
    OnnxFile *onnx;
    Graph graph; /* of the output that the network computes */
} NetworkFile;

/* ceiling: bytes, as onnx_file_open() takes it. STATUS_INVALID where the file is no longer the one that the
 * network was opened from. */
Status network_file_open(NetworkFile *file, const Network *network, size_t ceiling, Message *message);
void network_file_close(NetworkFile *file);

#endif
