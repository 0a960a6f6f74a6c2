/* SPDX-License-Identifier: MIT */
/* Result: all that a report is made of, gathered by whoever ran the plan. The pointers are borrowed. */
#ifndef REPORT_RESULT_H
#define REPORT_RESULT_H

#include "bound/ladder.h"
#include "dataset/dataset.h"
#include "evaluate/accuracy.h"
#include "explore/pipeline.h"
#include "explore/plan.h"
#include "network/types.h"

typedef struct RunFacts {     /* facts that may differ between two runs of the same plan */
    double optimizer_seconds; /* of calibrating and solving */
    double evaluate_seconds;
    size_t threads;
    const char *blas_kernel; /* "Zen" */
    const char *network_kernels;
    const char *version; /* of bitstitch */
    double norm_seconds; /* NAN without a ladder */
    size_t peak_bytes;   /* the most memory of the process */
} RunFacts;

/* For writing an ONNX file. */
typedef struct WriteMemory {
    size_t ceiling; /* bytes; 0: 2 GiB */
} WriteMemory;

typedef struct Result {
    const Network *network;
    const Plan *plan;
    const Dataset *calibration;         /* NULL where there was none */
    const Dataset *evaluation;          /* NULL where there was none */
    const Normalization *normalization; /* NULL where there are no images */
    const Pipeline *pipeline;           /* NULL: a plan alone */
    const Evaluation *accuracy;         /* NULL: not measured */
    const Ladder *ladder;               /* NULL: not computed */
    LadderSet ladder_on;
    WriteMemory memory;
    RunFacts run;
} Result;

#endif
