/* SPDX-License-Identifier: MIT */
#include "report/front_csv.h"

#include "base/file_replace.h"
#include "base/number.h"
#include "base/text.h"

#include <math.h>

#define DIGITS 9

static void append_number(Text *csv, double value, bool known)
{
    char text[NUMBER_TEXT];
    number_format(text, value, DIGITS);
    text_append(csv, "%s,", known && !isnan(value) ? text : "");
}

static void append_bits(Text *csv, const Plan *plan, bool weights)
{
    for (size_t l = 0; l < plan->layer_count; l++) {
        const unsigned bits = weights ? plan->layers[l].weight_bits : plan->layers[l].activation_bits;
        text_append(csv, bits ? "%s%u" : "%s-", l ? " " : "", bits);
    }
}

static Status append_point(Text *csv, const Front *front, size_t point, const Chooser *chooser,
                           const Forecast *forecast, bool latency, Message *message)
{
    Plan *plan;
    const Choice *sum = &front->points[point];
    const Prediction prediction = forecast_predict(forecast, sum->error);
    Status status = chooser_plan(&plan, chooser, front->picks + point * front->set_count, message);
    if (status != STATUS_OK) return status;
    text_append(csv, "%.0f,%.0f,", sum->costs[COST_BYTES], sum->costs[COST_BITOPS]);
    append_number(csv, sum->costs[COST_LATENCY], latency);
    append_number(csv, prediction.error, true);
    append_number(csv, prediction.sqnr_db, true);
    append_number(csv, prediction.agreement.expected, prediction.known);
    append_number(csv, prediction.change.expected, prediction.known && forecast->labelled);
    append_bits(csv, plan, true);
    text_append(csv, ",");
    append_bits(csv, plan, false);
    text_append(csv, "\r\n");
    plan_drop(plan);
    return STATUS_OK;
}

Status front_csv_write(const char *path, const Front *front, const Chooser *chooser, const Forecast *forecast,
                       bool latency, Message *message)
{
    Text csv = {0};
    Status status = STATUS_OK;
    text_append(&csv,
                "weight_bytes,bitops,microseconds,predicted_error,predicted_sqnr_db,predicted_agreement,"
                "predicted_top1_change,weight_bits,activation_bits\r\n");
    for (size_t i = 0; i < front->count && status == STATUS_OK; i++)
        status = append_point(&csv, front, i, chooser, forecast, latency, message);
    if (status == STATUS_OK)
        status =
            csv.failed ? status_no_memory(message, path) : file_replace(path, csv.data, csv.length, message);
    text_free(&csv);
    return status;
}
