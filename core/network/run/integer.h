/* Layers on integer codes: the input is quantized into scratch memory, the layer's float kernel runs on
 * codes, scale and bias follow. Private to core/network. */
#ifndef NETWORK_INTEGER_H
#define NETWORK_INTEGER_H

#include "network/network_storage.h"
#include "network/operators/operator.h"

/* Bytes of scratch that a node takes, the codes of its input included where it has a layer. */
size_t integer_scratch(const Network *network, size_t node);

/* Runs the node of a layer whose weights have an integer form. */
Status integer_run(const KernelRun *run, float *output, const float *input, Message *message);

void integer_form_free(IntegerForm *form);

#endif
