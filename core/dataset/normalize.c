/* SPDX-License-Identifier: MIT */
#include "dataset/normalize.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

Status normalization_parse(float values[DATASET_MAX_CHANNELS], const char *text, size_t channels, bool is_std,
                           const char *what, Message *message)
{
    float parsed[DATASET_MAX_CHANNELS];
    size_t count = 0;
    if (channels > DATASET_MAX_CHANNELS)
        return status_fail(message, STATUS_UNSUPPORTED, "%s: %zu channels, more than %d", what, channels,
                           DATASET_MAX_CHANNELS);
    for (const char *rest = text;; rest++) {
        double value;
        rest += strspn(rest, " ");
        const bool is_number = number_parse(&value, &rest, rest) && isfinite((float)value);
        if (!is_number || (is_std && (float)value <= 0))
            return status_fail(message, STATUS_INVALID, "%s: '%s': value %zu is not a %snumber", what, text,
                               count + 1, is_std ? "positive " : "");
        if (count == channels)
            return status_fail(message, STATUS_INVALID, "%s: '%s': more values than the %zu channels", what,
                               text, channels);
        parsed[count++] = (float)value;
        rest += strspn(rest, " ");
        if (!*rest) break;
        if (*rest != ',')
            return status_fail(message, STATUS_INVALID, "%s: '%s': values are separated by commas", what,
                               text);
    }
    if (count != 1 && count != channels)
        return status_fail(message, STATUS_INVALID, "%s: '%s': %zu values for %zu channels: give 1 or %zu",
                           what, text, count, channels, channels);
    for (size_t c = 0; c < channels; c++) values[c] = parsed[count == 1 ? 0 : c];
    return STATUS_OK;
}

void normalization_table(float table[][256], const Normalization *normalization, size_t channels)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t pixel = 0; pixel < 256; pixel++)
            table[c][pixel] = ((float)pixel / 255 - normalization->mean[c]) / normalization->std[c];
}
