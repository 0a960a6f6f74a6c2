/* SPDX-License-Identifier: MIT */
/* Open an ONNX file as a network that runs.
 *
 * Opening folds constants and subgraphs that only compute shapes, folds batch normalization into the layer
 * before it, fuses x*Sigmoid(x) and x*HardSigmoid(x) to one node, drops Identity and Dropout, removes a final
 * Softmax, and infers every shape. What cannot be run is refused with the node's name, operator, opset and
 * the reason; all unsupported operators are listed in one message.
 *
 * The input is N, C, H, W. It is N, H, W, C if its only consumers are Transposes by 0,3,1,2, or if its last
 * dimension is 1, 3 or 4 and the two before it are at least 16.
 *
 * A file may have several outputs. They are computed in one run, as one vector per image: the elements of
 * each output in the file's order, one output after the other (Network.outputs).
 *
 * Images run in tiles of Network.batch images: 16 if the file leaves the batch open (fewer for large images),
 * 1 if its reshapes fix the batch at 1, else what the file or the option says. A short tile is filled up with
 * zeros, and the rest of its output is ignored.
 *
 * The caller that opens a network frees it, after all Weights and Workspaces made from it. An open network is
 * immutable: any number of threads may use it.
 *
 * Example (float *output, const float *input, Message *message):
 *     #include "network/run/run.h"
 *     Network *network;
 *     Workspace *workspace;   // one per thread
 *     Status status = network_open(&network, "x.onnx", &(NetworkOptions){0}, message);
 *     if (!status) status = workspace_create(&workspace, network, message);
 *     if (!status) status = network_run(network, output, input, NULL, workspace, message);
 *     workspace_free(workspace);
 *     network_free(network);
 */
#ifndef NETWORK_NETWORK_H
#define NETWORK_NETWORK_H

#include "base/status.h"
#include "network/types.h"

/* Opens the file at `path`. STATUS_INVALID for a damaged file, STATUS_UNSUPPORTED for a graph that cannot be
 * run, STATUS_MEMORY; *network is NULL on failure. The message starts with "cannot open 'PATH': ". */
Status network_open(Network **network, const char *path, const NetworkOptions *options, Message *message);
void network_free(Network *network);

/* The back ends that run the convolutions: "oneDNN 2.6.3", "oneDNN 2.6.3 and direct AVX2", "im2col on BLAS".
 */
const char *network_kernels(const Network *network);

#endif
