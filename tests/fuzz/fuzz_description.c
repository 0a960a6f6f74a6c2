/* SPDX-License-Identifier: MIT */
/* Descriptions, and the parsers of the texts in them. */
#include "dataset/description.h"
#include "fuzz_input.h"

static void use(const Description *description)
{
    Message message = {0};
    float values[DATASET_MAX_CHANNELS];
    Preparation preparation = {0};
    if (description->mean)
        fuzz_require_message(normalization_parse(values, description->mean, 3, false, "mean", &message),
                             &message);
    if (description->std)
        fuzz_require_message(normalization_parse(values, description->std, 3, true, "std", &message),
                             &message);
    for (int key = 0; key < PREPARATION_KEYS; key++)
        if (description->preparation[key])
            fuzz_require_message(preparation_set(&preparation, (PreparationKey)key,
                                                 description->preparation[key], "it", &message),
                                 &message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Description description;
    Message message = {0};
    Status status = description_read(&description, fuzz_file("fuzz.json", data, size), &message);
    fuzz_require_message(status, &message);
    if (status != STATUS_OK) return 0;
    fuzz_require(description.network != NULL, "a description names its network");
    use(&description);
    description_free(&description);
    return 0;
}
