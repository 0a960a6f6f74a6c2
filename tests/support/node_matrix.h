/* SPDX-License-Identifier: MIT */
/* Node matrix: the linear map of a node from one of its inputs, as a matrix, for tests of bounds. */
#ifndef TESTS_NODE_MATRIX_H
#define TESTS_NODE_MATRIX_H

#include "network/run/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void dgesvd_(const char *jobu, const char *jobvt, const int *m, const int *n, double *a, const int *lda,
             double *s, double *u, const int *ldu, double *vt, const int *ldvt, double *work,
             const int *lwork, int *info);

/* Returns the node's output, to be freed. inputs[i] is NULL for constants. */
static inline float *node_output(const Network *network, size_t node, const float *const *inputs)
{
    Message message = {0};
    Workspace *workspace;
    const size_t count = network->nodes[node].input_count;
    const void *arrays[8] = {0};
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++) arrays[i] = inputs[i];
    float *out = calloc(network->values[network->nodes[node].output].elements, sizeof *out);
    assert_non_null(out);
    assert_int_equal(workspace_create(&workspace, network, &message), STATUS_OK);
    assert_int_equal(network_run_node(network, node, out, arrays, NULL, workspace, &message), STATUS_OK);
    workspace_free(workspace);
    return out;
}

static inline double largest_singular_value(double *matrix, size_t rows, size_t columns)
{
    const int m = (int)rows, n = (int)columns, length = 5 * (m + n) + 64, one = 1;
    double *values = calloc(rows + columns, sizeof *values), *work = calloc((size_t)length, sizeof *work);
    int info = 0;
    assert_true(values && work);
    dgesvd_("N", "N", &m, &n, matrix, &m, values, NULL, &one, NULL, &one, work, &length, &info);
    assert_int_equal(info, 0);
    const double largest = values[0];
    free(values);
    free(work);
    return largest;
}

/* Returns the largest singular value of an affine node's linear part in input `input`, with the other inputs
 * at zero. Builds the matrix column by column. */
static inline double node_norm(const Network *network, size_t node, size_t input)
{
    const Node *at = &network->nodes[node];
    const size_t rows = network->values[at->output].elements;
    const size_t columns = network->values[at->inputs[input]].elements;
    double *matrix = calloc(rows * columns, sizeof *matrix);
    float *arrays[8] = {0};
    assert_non_null(matrix);
    for (size_t i = 0; i < at->input_count; i++)
        if (!network->values[at->inputs[i]].constant)
            arrays[i] = calloc(network->values[at->inputs[i]].elements, sizeof(float));
    float *zero = node_output(network, node, (const float *const *)arrays);
    for (size_t k = 0; k < columns; k++) {
        arrays[input][k] = 1;
        float *column = node_output(network, node, (const float *const *)arrays);
        for (size_t i = 0; i < rows; i++) matrix[k * rows + i] = (double)column[i] - (double)zero[i];
        arrays[input][k] = 0;
        free(column);
    }
    const double norm = largest_singular_value(matrix, rows, columns);
    for (size_t i = 0; i < at->input_count; i++) free(arrays[i]);
    free(zero);
    free(matrix);
    return norm;
}

#endif
