/* SPDX-License-Identifier: MIT */
#include "network/operators/linear/product.h"

#include "base/blas.h"
#include "base/sizes.h"
#include "network/build/emit.h"
#include "network/build/rearrange.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct ProductParameters {
    size_t m, k, n;
    Walk walk; /* of the output's matrices; strides of the operands a and b, counted in matrices */
} ProductParameters;

/* --- kernel ----------------------------------------------------------------------------------------- */

/* out[j][m][n] = a[a_j][m][k] b[b_j][k][n], for the matrices a_j and b_j of each matrix j of the output */
static Status run_product(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const ProductParameters *p = run->node->parameters;
    const int m = (int)p->m, k = (int)p->k, n = (int)p->n;
    float *out = output;
    WalkPosition at = {0};
    do {
        const float *a = (const float *)inputs[0] + at.offset[0] * m * k;
        const float *b = (const float *)inputs[1] + at.offset[1] * k * n;
        for (size_t i = 0; i < walk_row(&p->walk); i++) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, out, n);
            a += walk_step(&p->walk, 0) * m * k;
            b += walk_step(&p->walk, 1) * k * n;
            out += p->m * p->n;
        }
    } while (walk_next(&at, &p->walk));
    return STATUS_OK;
}

/* --- norms ------------------------------------------------------------------------------------------ */

/* An upper bound of the squared spectral norm of matrix[rows][columns]: the smaller of its squared Frobenius
 * norm and (largest row sum) * (largest column sum) of |a_ij|. lines[columns]: scratch. */
static double squared_norm(const float *matrix, size_t rows, size_t columns, double *lines)
{
    double frobenius = 0, row_most = 0, column_most = 0;
    memset(lines, 0, columns * sizeof *lines);
    for (size_t i = 0; i < rows; i++) {
        double row = 0;
        for (size_t j = 0; j < columns; j++) {
            const double x = fabs((double)matrix[i * columns + j]);
            frobenius += x * x;
            row += x;
            lines[j] += x;
        }
        row_most = fmax(row_most, row);
    }
    for (size_t j = 0; j < columns; j++) column_most = fmax(column_most, lines[j]);
    return fmin(frobenius, row_most * column_most);
}

/* For each matrix of the input: the root of the sum of squared_norm() over the other factor's matrices that
 * it is multiplied by. *norm is the largest. */
static Status norm_product(double *norm, const Network *network, const Node *node, size_t input,
                           const float *other, Message *message)
{
    const ProductParameters *p = node->parameters;
    const size_t rows = input ? p->m : p->k, columns = input ? p->k : p->n; /* of the other factor */
    const size_t matrices =
        network->values[node->inputs[input]].elements / (input ? p->k * p->n : p->m * p->k);
    double *sums = calloc(matrices, sizeof *sums), *lines = calloc(columns, sizeof *lines), largest = 0;
    const bool fits = sums && lines;
    WalkPosition at = {0};
    do {
        for (ptrdiff_t i = 0; fits && i < (ptrdiff_t)walk_row(&p->walk); i++) {
            const ptrdiff_t own = at.offset[input] + i * walk_step(&p->walk, input);
            const size_t factor = (size_t)(at.offset[1 - input] + i * walk_step(&p->walk, 1 - input));
            sums[own] += squared_norm(other + factor * rows * columns, rows, columns, lines);
        }
    } while (fits && walk_next(&at, &p->walk));
    for (size_t i = 0; fits && i < matrices; i++)
        largest = sums[i] > largest || isnan(sums[i]) ? sums[i] : largest;
    *norm = sqrt(largest);
    free(sums);
    free(lines);
    return fits ? STATUS_OK : status_no_memory(message, "the norms of a factor");
}

static void edge_product(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    const float *other = network->values[node->inputs[1 - input]].constant;
    double norm;
    *edge = (NetworkEdge){.kind = EDGE_PRODUCT};
    if (!other) return;
    *edge = (NetworkEdge){.kind = EDGE_UNBOUNDED, .reason = "its constant factor has no finite norm"};
    if (!norm_product(&norm, network, node, input, other, NULL) && isfinite(norm)) *edge = edge_slope(norm);
}

static const Kernel kernel_product = {.name = "product",
                                      .run = run_product,
                                      .edge = edge_product,
                                      .sign = sign_of_inputs,
                                      .factor_norm = norm_product};

/* --- build ------------------------------------------------------------------------------------------ */

/* An operand as matrices [rows][columns], and the axes before them, filled up with ones on the left. */
typedef struct Side {
    size_t value, rows, columns;
    size_t batch[TENSOR_MAX_RANK];
} Side;

static Status read_side(Call *call, Side *side, size_t input, size_t rank, bool right)
{
    Status status = call_needs_float(call, input);
    if (!status) status = builder_plain(call, input, &side->value);
    if (status) return status;
    const BuildValue *x = builder_value(call->builder, side->value);
    if (x->rank == 0 || x->elements == 0)
        return call_fail(call, STATUS_INVALID, "'%s' is not a matrix", x->name);
    side->rows = x->rank > 1 ? x->shape[x->rank - 2] : right ? x->shape[0] : 1;
    side->columns = x->rank > 1 ? x->shape[x->rank - 1] : right ? 1 : x->shape[0];
    const size_t own = x->rank > 2 ? x->rank - 2 : 0;
    for (size_t i = 0; i < rank; i++) side->batch[i] = i < rank - own ? 1 : x->shape[i - (rank - own)];
    if (own < rank || rank == 0) return call_keeps_images(call, x, "a product of matrices across axis 0");
    return STATUS_OK;
}

/* Broadcasts the axes before the matrices: shape[rank] of the output, and the walk over it. */
static Status meet(Call *call, Walk *walk, size_t *shape, const Side sides[2], size_t rank)
{
    size_t strides[2] = {1, 1};
    walk->rank = rank;
    for (size_t i = rank; i-- > 0;) {
        const size_t a = sides[0].batch[i], b = sides[1].batch[i];
        if (a != b && a != 1 && b != 1)
            return call_fail(call, STATUS_INVALID, "%zu and %zu matrices along axis %zu", a, b, i);
        shape[i] = walk->shape[i] = a == 1 ? b : a;
        for (size_t k = 0; k < 2; k++) {
            walk->stride[k][i] = sides[k].batch[i] == 1 ? 0 : (ptrdiff_t)strides[k];
            strides[k] *= sides[k].batch[i];
        }
    }
    walk_simplify(walk);
    return STATUS_OK;
}

static bool fits_blas(const Side sides[2])
{
    return sides[0].rows <= INT32_MAX && sides[0].columns <= INT32_MAX && sides[1].columns <= INT32_MAX;
}

Status emit_product(Call *call, size_t a, size_t b, size_t *value)
{
    const size_t given[] = {builder_value(call->builder, a)->rank, builder_value(call->builder, b)->rank};
    size_t shape[TENSOR_MAX_RANK] = {0}, rank = size_max(size_max(given[0], given[1]), 2) - 2;
    Side sides[2];
    ProductParameters *p = call_allocate(call, 1, sizeof *p);
    if (!p) return call_no_memory(call);
    Status status = read_side(call, &sides[0], a, rank, false);
    if (!status) status = read_side(call, &sides[1], b, rank, true);
    if (!status && (sides[0].columns != sides[1].rows || !fits_blas(sides)))
        return call_fail(call, STATUS_INVALID, "a %zu x %zu matrix times a %zu x %zu matrix", sides[0].rows,
                         sides[0].columns, sides[1].rows, sides[1].columns);
    if (!status) status = meet(call, &p->walk, shape, sides, rank);
    if (status) return status;
    p->m = sides[0].rows;
    p->k = sides[0].columns;
    p->n = sides[1].columns;
    if (given[0] > 1) shape[rank++] = p->m;
    if (given[1] > 1) shape[rank++] = p->n;
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_product,
                                .parameters = p,
                                .operator_name = "MatMul",
                                .input_count = 2,
                                .inputs = (size_t[]){sides[0].value, sides[1].value},
                                .type = ELEMENT_FLOAT,
                                .rank = rank,
                                .shape = shape,
                                .layer = NO_INDEX},
                        value);
}
