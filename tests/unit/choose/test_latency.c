/* SPDX-License-Identifier: MIT */
/* Latency tables: rows by name and by operator and shape, and what is said of malformed ones. */
#include "choose/latency.h"
#include "network/network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static Network *network;
static char path[] = "/tmp/latency-XXXXXX";

static int start(void **state)
{
    close(mkstemp(path));
    return network_open(&network, SOURCE_ROOT "/data/lenet5.onnx", &(NetworkOptions){0}, NULL) != STATUS_OK;
}

static int stop(void **state)
{
    network_free(network);
    return remove(path);
}

static LatencyTable *read_table(const char *text, Message *message)
{
    LatencyTable *table;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    const Status status = latency_read(&table, network, path, message);
    assert_int_equal(status == STATUS_OK, table != NULL);
    return table;
}

static void rows_by_name_and_by_shape(void **state)
{
    char text[1024], shape[256] = "";
    const Layer *layer = &network->layers[1];
    for (size_t i = 0; i < layer->weight_rank; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%zu", i ? "x" : "",
                 layer->weight_shape[i]);
    snprintf(text, sizeof text,
             "layer,operator,shape,weight_bits,activation_bits,microseconds\r\n"
             "%s,,,4,,10.5\r\n,%s,%s,4,8,7\r\n,%s,%s,4,,99\r\nother,,,4,,1\r\n",
             layer->name, layer->operator_name, shape, layer->operator_name, shape);
    Message message = {0};
    LatencyTable *table = read_table(text, &message);
    assert_non_null(table);
    assert_true(latency_of(table, 1, 4, 0) == 10.5);
    assert_true(latency_of(table, 1, 4, 8) == 7);
    assert_true(isnan(latency_of(table, 1, 3, 0)));
    assert_true(isnan(latency_of(table, 2, 4, 0)));
    latency_free(table);
}

static void assert_refused(const char *text, const char *reason)
{
    Message message = {0};
    char expected[256];
    assert_null(read_table(text, &message));
    snprintf(expected, sizeof expected, "'%s'%s", path, reason);
    assert_string_equal(message.text, expected);
}

static void malformed_tables_name_the_row(void **state)
{
    assert_refused("layer,weight_bits\na,4\n", ", row 1: the header has no column 'microseconds'");
    assert_refused("", ", row 1: the header has no column 'microseconds'");
    assert_refused("operator,weight_bits,microseconds\n", ", row 1: the header has no column 'shape'");
    assert_refused("layer,weight_bits,microseconds\na,4,1\na,9,1\n",
                   ", row 3, column 'weight_bits': '9' is not a width: 2 to 8, or float");
    assert_refused("layer,weight_bits,microseconds\na,4,fast\n",
                   ", row 2, column 'microseconds': 'fast' is not a number of microseconds, 0 or more");
    assert_refused("layer,weight_bits,microseconds\na,4,-1\n",
                   ", row 2, column 'microseconds': '-1' is not a number of microseconds, 0 or more");
    assert_refused("layer,weight_bits,microseconds\n,4,1\n",
                   ", row 2: neither a layer, nor an operator and a shape");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_by_name_and_by_shape),
        cmocka_unit_test(malformed_tables_name_the_row),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
