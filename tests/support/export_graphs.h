/* SPDX-License-Identifier: MIT */
/* Small networks with every form of a layer in an ONNX file, and the layers to quantize. */
#ifndef TESTS_EXPORT_GRAPHS_H
#define TESTS_EXPORT_GRAPHS_H

#include <stddef.h>

#define EXPORT_CHANNELS 3 /* of x, and its side */
#define EXPORT_SIDE 8

typedef struct ExportGraph {
    const char *name;
    int opset;
    const char *text; /* graph_text.h; x is [open, 3, 8, 8] */
} ExportGraph;

extern const ExportGraph export_graphs[];
extern const size_t export_graph_count;

typedef struct ExportSetting {
    const char *name;
    unsigned weight_bits, activation_bits; /* 0: float */
    int error_compensated, bias_correction;
} ExportSetting;

extern const ExportSetting export_settings[];
extern const size_t export_setting_count;

/* Writes graph `number` to a file. */
void export_graph_write(const char *path, size_t number);

#endif
