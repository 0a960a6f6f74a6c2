/* SPDX-License-Identifier: MIT */
/* Export: writes a plan and its results as CSV, JSON or quantized ONNX.
 *
 * Example (const char *path, const Result *result, Message *message):
 *     ExportFormat format;
 *     if (export_format(&format, path, message) == STATUS_OK) export_write(path, format, result, message);
 */
#ifndef REPORT_EXPORT_H
#define REPORT_EXPORT_H

#include "report/result.h"

typedef enum ExportFormat { EXPORT_CSV, EXPORT_JSON, EXPORT_ONNX } ExportFormat;

/* The format that the suffix of `path` names, in upper or lower case: .csv, .json or .onnx. STATUS_INVALID
 * for any other name. */
Status export_format(ExportFormat *format, const char *path, Message *message);

/* Writes the file whole or not at all. Fails as plan_csv_write(), report_json_write() and
 * quantized_onnx_write() do. */
Status export_write(const char *path, ExportFormat format, const Result *result, Message *message);

#endif
