/* SPDX-License-Identifier: MIT */
#include "app/cli/commands/outputs.h"

#include "app/cli/budget.h"
#include "base/blas.h"
#include "config.h"
#include "network/network.h"
#include "report/export.h"

#include <math.h>
#include <sys/resource.h>

size_t peak_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}

Result outputs_gather(const Inputs *inputs, const Plan *plan, const Pipeline *pipeline,
                      const Evaluation *evaluation, const Ladder *ladder)
{
    const Budget budget = budget_now(inputs->options);
    return (Result){
        .network = inputs->network,
        .plan = plan,
        .calibration = inputs->calibration,
        .evaluation = inputs->evaluation,
        .normalization = &inputs->normalization,
        .pipeline = pipeline,
        .accuracy = evaluation,
        .ladder = ladder,
        .ladder_on = inputs->options->ladder_on,
        .memory = {.ceiling = budget.left},
        .run = {.optimizer_seconds = pipeline ? pipeline->calibrate_seconds + pipeline->solve_seconds : 0,
                .evaluate_seconds = evaluation ? evaluation->seconds : 0,
                .threads = inputs->pool ? pool_workers(inputs->pool) : 0,
                .blas_kernel = blas_kernel(),
                .network_kernels = network_kernels(inputs->network),
                .version = BITSTITCH_VERSION,
                .norm_seconds = NAN,
                .peak_bytes = peak_bytes()}};
}

Status outputs_write(const Inputs *inputs, const Pipeline *pipeline, const Evaluation *evaluation,
                     const Climb *climb, Message *message)
{
    Result result = outputs_gather(inputs, inputs->plan, pipeline, evaluation, climb ? &climb->ladder : NULL);
    if (climb) result.run.norm_seconds = climb->norm_seconds;
    const Options *options = inputs->options;
    Status status = options->csv ? export_write(options->csv, EXPORT_CSV, &result, message) : STATUS_OK;
    if (status == STATUS_OK && options->json)
        status = export_write(options->json, EXPORT_JSON, &result, message);
    if (status == STATUS_OK && options->onnx)
        status = export_write(options->onnx, EXPORT_ONNX, &result, message);
    return status;
}
