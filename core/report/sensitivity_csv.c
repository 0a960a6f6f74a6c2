/* SPDX-License-Identifier: MIT */
#include "report/sensitivity_csv.h"

#include "base/file_replace.h"
#include "base/number.h"
#include "report/csv_text.h"

#include <math.h>

#define ERROR_DIGITS 9

/* A cell and the comma before it; empty where the error is unknown. */
static void append_error(Text *csv, double error)
{
    char text[NUMBER_TEXT];
    number_format(text, error, ERROR_DIGITS);
    text_append(csv, ",%s", isnan(error) ? "" : text);
}

static void append_row(Text *csv, size_t layer, const char *name, unsigned bits, const Sensitivity *of)
{
    text_append(csv, "%zu,", layer + 1);
    csv_append_text(csv, name);
    text_append(csv, ",%u", bits);
    append_error(csv, of->estimate[bits]);
    append_error(csv, of->rounding[bits]);
    append_error(csv, of->measured[bits]);
    append_error(csv, of->heldout[bits]);
    text_append(csv, "\r\n");
}

Status sensitivity_csv_write(const char *path, const Network *network, const Sensitivity *sensitivities,
                             Message *message)
{
    Text csv = {0};
    text_append(&csv, "index,name,weight_bits,estimate,rounding_error,measured_error,heldout_error\r\n");
    for (size_t l = 0; l < network->layer_count; l++)
        for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++)
            append_row(&csv, l, network->layers[l].name, bits, &sensitivities[l]);
    Status status =
        csv.failed ? status_no_memory(message, path) : file_replace(path, csv.data, csv.length, message);
    text_free(&csv);
    return status;
}
