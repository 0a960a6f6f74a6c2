/* SPDX-License-Identifier: MIT */
/* Texts from the command line: sizes and an output for a network that leaves its size open,
 * mean, std, preparations, class names, numbers. */
#include "base/number.h"
#include "dataset/dataset.h"
#include "fuzz_input.h"
#include "network/network.h"

#include <math.h>
#include <stdlib.h>

static void try_network(const NetworkOptions *options)
{
    Network *network;
    Message message = {0};
    fuzz_require_message(network_open(&network, SOURCE_ROOT "/tests/fuzz/seeds/onnx/open", options, &message),
                         &message);
    network_free(network);
}

static void try_values(const char *text)
{
    float values[DATASET_MAX_CHANNELS];
    Message message = {0};
    for (int is_std = 0; is_std < 2; is_std++) {
        Status status = normalization_parse(values, text, 3, is_std, "it", &message);
        fuzz_require_message(status, &message);
        for (size_t c = 0; status == STATUS_OK && c < 3; c++)
            fuzz_require(isfinite(values[c]) && (!is_std || values[c] > 0), "mean and std are in range");
    }
}

static void try_preparations(const char *text)
{
    Message message = {0};
    for (int key = 0; key < PREPARATION_KEYS; key++) {
        Preparation preparation = {0};
        fuzz_require_message(preparation_set(&preparation, (PreparationKey)key, text, "it", &message),
                             &message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double number;
    const char *end;
    char *text = fuzz_text(data, size);
    try_network(&(NetworkOptions){.memory = 1 << 20, .input_shape = text});
    try_network(&(NetworkOptions){.memory = 1 << 20, .input_shape = "1,8,8", .output = text});
    try_values(text);
    try_preparations(text);
    if (number_parse(&number, &end, text)) fuzz_require(isfinite(number) && end > text, "numbers are finite");
    free(text);
    return 0;
}
