/* SPDX-License-Identifier: MIT */
/* Normalization: (pixel / 255 - mean) / std, per channel, as networks are trained with.
 */
#ifndef DATASET_NORMALIZE_H
#define DATASET_NORMALIZE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define DATASET_MAX_CHANNELS 16

typedef struct Normalization {
    float mean[DATASET_MAX_CHANNELS], std[DATASET_MAX_CHANNELS]; /* per channel, of pixel / 255 */
} Normalization;

/* Reads mean or std from text: "0.485,0.456,0.406", one value per channel, or one for all. values[channels].
 * Values of std must be positive. `what` names the source in messages ("--mean", "description 'x.json', key
 * 'mean'"). STATUS_INVALID, STATUS_UNSUPPORTED for too many channels. */
Status normalization_parse(float values[DATASET_MAX_CHANNELS], const char *text, size_t channels, bool is_std,
                           const char *what, Message *message);

/* table[c][pixel] = the normalized value of a pixel of channel c < channels. */
void normalization_table(float table[][256], const Normalization *normalization, size_t channels);

#endif
