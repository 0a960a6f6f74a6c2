/* SPDX-License-Identifier: MIT */
/* Methods: how a layer's codes are found. One table in method.c says all that differs between them.
 *
 * To add a method: a value of Method, its row in method.c, and a file of its own with the function that finds
 * the codes, which works on the Solver (quantize/solver.h) and needs nothing else. Options, help, CSV and
 * JSON take its name from the table. */
#ifndef QUANTIZE_METHOD_H
#define QUANTIZE_METHOD_H

#include "base/status.h"
#include "quantize/grid.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum Method {
    METHOD_BITSPLIT = 0, /* bit-split and stitching (Wang et al., ICML 2020) */
    METHOD_CODE_DESCENT, /* cyclic coordinate descent over whole codes, from round-to-nearest */
    METHOD_GPTQ,         /* Frantar et al., ICLR 2023 */
    METHOD_GPTQ_POLISH,  /* GPTQ, then coordinate descent over whole codes */
    METHOD_KBEST,        /* nearest plane, the K best partial codes kept, over a scan of scales */
    METHOD_ADAROUND,     /* Nagel et al., ICML 2020, on the quadratic */
    METHOD_EFFICIENTQ,   /* ADMM: Zhang and Chung, Medical Image Analysis 2024 */
    METHOD_COMQ,         /* greedy coordinate descent from the float weights: Zhang et al., 2025 */
    METHOD_ROUND_MSE,    /* round-to-nearest at the scale of least squared weight error */
    METHOD_ROUND_MINMAX, /* round-to-nearest at the scale of the largest weight */
    METHOD_COUNT
} Method;

/* Polish: coordinate descent over whole codes after the method. */
typedef enum MethodPolish { POLISH_NEVER, POLISH_IF_ASKED, POLISH_ALWAYS } MethodPolish;

struct Solver;
struct SolveOptions;

/* The ridge of a method for which none is named, in units of the mean diagonal of H: that with the lowest
 * error on held-out rows, measured on the networks in data/. More where there are few rows for the inputs, as
 * for a Gemm with its one row per image. Methods of coordinate descent also reach better optima with a ridge
 * than without; nearest plane needs none for that, its ridge only stands against fitting the rows. */
typedef struct RidgeRule {
    double many_rows, few_rows; /* from 8 rows per input on; below */
    double by_rows;             /* times inputs over rows, added */
} RidgeRule;

typedef struct MethodRow {
    const char *name;    /* "bitsplit": as in the CSV */
    const char *title;   /* "bit-split": on the screen, at most 13 characters */
    const char *summary; /* one line for --help */

    /* Replaces the codes and scales of round-to-nearest, which the solver starts with, by better ones. NULL:
     * round-to-nearest is the method. */
    Status (*solve)(struct Solver *solver);
    MethodPolish polish;
    RidgeRule ridge;
    bool digits;         /* it needs codes of binary digits, which not every grid has */
    bool largest_weight; /* round-to-nearest at the scale of the largest weight, not of least squared error */

    /* Bytes that `solve` finds, zeroed, in solver->group_memory[g], solver->worker_memory[w] and
     * solver_tile_memory(), at n inputs and `lanes` channels per tile; NULL: none. */
    size_t (*group_bytes)(size_t n, const struct SolveOptions *options);
    size_t (*worker_bytes)(size_t n, const struct SolveOptions *options);
    size_t (*tile_bytes)(size_t n, size_t lanes, const struct SolveOptions *options);
} MethodRow;

/* The method's row of the table. */
const MethodRow *method_row(Method method);

/* The members of the method's row. */
const char *method_name(Method method);
const char *method_title(Method method);
const char *method_summary(Method method);

/* True for plain round-to-nearest, the baseline: the pipeline adds neither polish nor bias correction to it.
 * (With means made equal layer by layer, the loss of variance at every rounded layer adds up to constant
 * outputs.) */
bool method_is_rounding(Method method);

/* Whether the method can solve for codes on a grid at a bit width that the grid has. */
bool method_takes_grid(Method method, GridKind kind, unsigned bits);

/* STATUS_INVALID where it cannot: the message names the methods that can. */
Status method_check_grid(Method method, GridKind kind, unsigned bits, Message *message);

/* Fails with STATUS_INVALID, and a message that lists all methods, where none is called `name`; *method is
 * untouched then. */
Status method_find(Method *method, const char *name, Message *message);

/* The method's default ridge for a layer of n inputs per group and `rows` rows, at most 1. */
double method_ridge(Method method, size_t rows, size_t n);

/* Looks a name up. False, and *method untouched, where no method has it. */
bool method_parse(Method *method, const char *name);

#endif
