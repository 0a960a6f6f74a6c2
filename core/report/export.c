/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "report/export.h"

#include "report/plan_csv.h"
#include "report/quantized_onnx.h"
#include "report/report_json.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *suffix;
    Status (*write)(const char *path, const Result *result, Message *message);
} formats[] = {[EXPORT_CSV] = {".csv", plan_csv_write},
               [EXPORT_JSON] = {".json", report_json_write},
               [EXPORT_ONNX] = {".onnx", quantized_onnx_write}};

Status export_format(ExportFormat *format, const char *path, Message *message)
{
    const char *suffix = strrchr(path, '.');
    for (size_t i = 0; suffix && i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(suffix, formats[i].suffix) == 0) {
            *format = (ExportFormat)i;
            return STATUS_OK;
        }
    return status_fail(message, STATUS_INVALID, "'%s': end the name in .csv, .json or .onnx", path);
}

Status export_write(const char *path, ExportFormat format, const Result *result, Message *message)
{
    return formats[format].write(path, result, message);
}
