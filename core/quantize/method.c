/* SPDX-License-Identifier: MIT */
#include "quantize/method.h"

#include "quantize/solver.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROWS_ENOUGH 8 /* times the inputs */
#define RIDGE_DESCENT .ridge = {.many_rows = 0.1, .few_rows = 0.3}
#define RIDGE_BY_ROWS .ridge = {.by_rows = 0.2}

static const MethodRow methods[METHOD_COUNT] = {
    [METHOD_BITSPLIT] = {.name = "bitsplit",
                         .title = "bit-split",
                         .summary = "bit-split and stitching (Wang et al., ICML 2020)",
                         RIDGE_DESCENT,
                         .solve = bitsplit_solve,
                         .digits = true,
                         .group_bytes = bitsplit_group_bytes,
                         .worker_bytes = bitsplit_worker_bytes,
                         .polish = POLISH_IF_ASKED},
    [METHOD_CODE_DESCENT] = {.name = "code-descent",
                             .title = "code descent",
                             .summary = "coordinate descent on whole codes, from round-to-nearest",
                             RIDGE_DESCENT,
                             .solve = code_descent_solve},
    [METHOD_GPTQ] = {.name = "gptq",
                     .title = "GPTQ",
                     .summary = "one code after another, the rest compensating (Frantar et al., ICLR 2023)",
                     RIDGE_DESCENT,
                     .solve = gptq_solve,
                     .group_bytes = gptq_group_bytes,
                     .worker_bytes = gptq_worker_bytes},
    [METHOD_GPTQ_POLISH] = {.name = "gptq-polish",
                            .title = "GPTQ+polish",
                            .summary = "GPTQ, then coordinate descent on whole codes",
                            RIDGE_DESCENT,
                            .solve = gptq_solve,
                            .polish = POLISH_ALWAYS,
                            .group_bytes = gptq_group_bytes,
                            .worker_bytes = gptq_worker_bytes},
    [METHOD_KBEST] = {.name = "nearest-plane",
                      .title = "nearest plane",
                      .summary = "K-best nearest plane over a scan of scales, with polish",
                      RIDGE_BY_ROWS,
                      .solve = kbest_solve,
                      .polish = POLISH_IF_ASKED,
                      .group_bytes = kbest_group_bytes,
                      .worker_bytes = kbest_worker_bytes,
                      .tile_bytes = kbest_tile_bytes},
    [METHOD_ADAROUND] = {.name = "adaround",
                         .title = "AdaRound",
                         .summary = "learned rounding up or down (Nagel et al., ICML 2020)",
                         RIDGE_BY_ROWS,
                         .solve = adaround_solve,
                         .tile_bytes = adaround_tile_bytes},
    [METHOD_EFFICIENTQ] = {.name = "efficientq",
                           .title = "EfficientQ",
                           .summary = "ADMM with a scale update each step (Zhang and Chung, MedIA 2024)",
                           RIDGE_BY_ROWS,
                           .solve = efficientq_solve,
                           .group_bytes = efficientq_group_bytes,
                           .tile_bytes = efficientq_tile_bytes},
    [METHOD_COMQ] = {.name = "comq",
                     .title = "COMQ",
                     .summary = "greedy coordinate descent from float weights (Zhang et al., 2025)",
                     RIDGE_DESCENT,
                     .solve = comq_solve,
                     .worker_bytes = comq_worker_bytes,
                     .tile_bytes = comq_tile_bytes},
    [METHOD_ROUND_MSE] = {.name = "round-mse",
                          .title = "RTN",
                          .summary = "round-to-nearest, at the scale of least squared weight error",
                          RIDGE_DESCENT},
    [METHOD_ROUND_MINMAX] = {.name = "round-minmax",
                             .title = "RTN min-max",
                             .summary = "round-to-nearest, at the scale of the largest weight",
                             RIDGE_DESCENT,
                             .largest_weight = true},
};

const MethodRow *method_row(Method method)
{
    assert(method < METHOD_COUNT);
    return &methods[method];
}

const char *method_name(Method method)
{
    return method_row(method)->name;
}

const char *method_title(Method method)
{
    return method_row(method)->title;
}

const char *method_summary(Method method)
{
    return method_row(method)->summary;
}

bool method_is_rounding(Method method)
{
    return !method_row(method)->solve;
}

bool method_takes_grid(Method method, GridKind kind, unsigned bits)
{
    return !method_row(method)->digits || grid_make(kind, bits).consecutive;
}

Status method_check_grid(Method method, GridKind kind, unsigned bits, Message *message)
{
    if (method_takes_grid(method, kind, bits)) return STATUS_OK;
    char able[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < METHOD_COUNT && used < sizeof able; i++)
        if (method_takes_grid((Method)i, kind, bits))
            used +=
                (size_t)snprintf(able + used, sizeof able - used, "%s%s", used ? ", " : "", methods[i].name);
    Status status = status_fail(
        message, STATUS_INVALID,
        "the method %s needs codes of binary digits, which the grid %s does not have at %u bit%s; "
        "these methods take it: %s",
        method_name(method), grid_name(kind), bits, bits == 1 ? "" : "s", able);
    return status_advise(status, message, REMEDY_METHOD);
}

double method_ridge(Method method, size_t rows, size_t n)
{
    const RidgeRule *rule = &method_row(method)->ridge;
    const double base = rows >= ROWS_ENOUGH * n ? rule->many_rows : rule->few_rows;
    return fmin(base + rule->by_rows * (double)n / (double)(rows > 0 ? rows : 1), 1);
}

bool method_parse(Method *method, const char *name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(name, methods[i].name) == 0) {
            *method = (Method)i;
            return true;
        }
    return false;
}

Status method_find(Method *method, const char *name, Message *message)
{
    char list[256] = "";
    size_t used = 0;
    if (method_parse(method, name)) return STATUS_OK;
    for (size_t i = 0; i < METHOD_COUNT && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                 i == 0                  ? ""
                                 : i + 1 == METHOD_COUNT ? " or "
                                                         : ", ",
                                 methods[i].name);
    return status_fail(message, STATUS_INVALID, "no method is called '%s': expected %s", name, list);
}
