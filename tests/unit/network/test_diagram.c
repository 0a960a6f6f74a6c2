/* SPDX-License-Identifier: MIT */
/* Diagrams: rows, columns and cells of small graphs as drawn by hand, and what holds for the networks in
 * data/. */
#include "base/text.h"
#include "graph_text.h"
#include "network/diagram.h"
#include "network/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_COLUMNS 64

static const size_t shape[] = {1, 4, 8, 8};

static Network *open_graph(const char *text)
{
    Message message = {0};
    Network *network = graph_open(text, 13, shape, &message);
    if (!network) fail_msg("%s", message.text);
    return network;
}

static Network *open_data(const char *name)
{
    char path[512];
    Message message = {0};
    Network *network;
    snprintf(path, sizeof path, SOURCE_ROOT "/data/%s.onnx", name);
    if (network_open(&network, path, &(NetworkOptions){0}, &message) != STATUS_OK)
        fail_msg("%s", message.text);
    return network;
}

/* A cell as ASCII: o a layer, * a join, # input and output, | a rail (also one that a line passes behind),
 * + a line that ends at a rail or turns. */
static char cell_letter(unsigned cell, DiagramKind kind)
{
    static const char nodes[] = {
        [DIAGRAM_INPUT] = '#', [DIAGRAM_LAYER] = 'o', [DIAGRAM_JOIN] = '*', [DIAGRAM_OUTPUT] = '#'};
    if (cell & DIAGRAM_NODE) return nodes[kind];
    if (cell & DIAGRAM_CROSSING) return '|';
    const bool across = cell & (DIAGRAM_LEFT | DIAGRAM_RIGHT), along = cell & (DIAGRAM_UP | DIAGRAM_DOWN);
    return across && along ? '+' : across ? '-' : along ? '|' : ' ';
}

static void draw(Text *text, const Diagram *diagram)
{
    unsigned char cells[MOST_COLUMNS];
    for (size_t r = 0; r < diagram->row_count; r++) {
        size_t end = diagram->columns;
        diagram_cells(cells, MOST_COLUMNS, diagram, r);
        while (end > 0 && !cells[end - 1]) end--;
        for (size_t c = 0; c < end; c++)
            text_append(text, "%c%s", cell_letter(cells[c], diagram->rows[r].kind),
                        c + 1 == end               ? ""
                        : cells[c] & DIAGRAM_RIGHT ? "-"
                                                   : " ");
        text_append(text, "\n");
    }
}

static void check(const char *graph, const char *expected)
{
    Network *network = open_graph(graph);
    Diagram diagram;
    Text text = {0};
    assert_int_equal(diagram_create(&diagram, network, NULL), STATUS_OK);
    draw(&text, &diagram);
    assert_string_equal(text.data, expected);
    text_free(&text);
    diagram_free(&diagram);
    network_free(network);
}

#define CONV(out, in) out "=Conv(" in ",{4,4,1,1}#1);"

static void a_chain_is_one_rail(void **state)
{
    check(CONV("a", "x") "b=Relu(a);" CONV("c", "b") "y=Relu(c)", "#\no\no\n#\n");
}

static void a_residual_block_opens_and_closes_a_rail(void **state)
{
    check(CONV("a", "x") "r=Relu(a);" CONV("b", "r") "s=Relu(b);" CONV("c", "s") "d=Add(c,r);" CONV("y", "d"),
          "#\n"
          "o\n"
          "+-o\n"
          "| o\n"
          "*-+\n"
          "o\n"
          "#\n");
}

/* The last branch to read the value stays in its column; lines pass behind other rails. */
static void branches_stand_side_by_side(void **state)
{
    check(CONV("a", "x") CONV("b", "a") CONV("c", "a") CONV("d", "a") "y=Concat(b,c,d) axis=1", "#\n"
                                                                                                "o\n"
                                                                                                "+-o\n"
                                                                                                "+-|-o\n"
                                                                                                "o | |\n"
                                                                                                "*-+-+\n"
                                                                                                "#\n");
}

/* Densely connected: the value that a join reads goes on. */
static void a_rail_that_is_joined_goes_on(void **state)
{
    check(CONV("a", "x") CONV("b", "a") "c=Add(a,b);" CONV("d", "c") "y=Add(a,d)", "#\n"
                                                                                   "o\n"
                                                                                   "+-o\n"
                                                                                   "+-*\n"
                                                                                   "| o\n"
                                                                                   "*-+\n"
                                                                                   "#\n");
}

static void nodes_without_a_choice_have_no_row(void **state)
{
    Network *network = open_graph(CONV("a", "x") "b=Relu(a);c=Add(b,2.0);" CONV("y", "c"));
    Diagram diagram;
    assert_int_equal(diagram_create(&diagram, network, NULL), STATUS_OK);
    assert_int_equal(diagram.row_count, 4); /* input, two layers, output */
    assert_int_equal(diagram.columns, 1);
    for (size_t n = 0; n < network->node_count; n++) {
        const Node *node = &network->nodes[n];
        const size_t row = diagram.row_of_value[node->output];
        if (node->layer != NO_INDEX)
            assert_int_equal(row, diagram_layer_row(&diagram, network, node->layer));
        else if (strcmp(node->operator_name, "Relu") == 0 || strcmp(node->operator_name, "Add") == 0)
            assert_int_equal(row, 1); /* of the first layer */
    }
    diagram_free(&diagram);
    network_free(network);
}

/* --- what holds for every network -------------------------------------------------------------------- */

/* No two values in one column at the same time; every row is connected to its inputs; every layer has its
 * row. */
static void check_invariants(const Network *network, const Diagram *diagram)
{
    unsigned char cells[MOST_COLUMNS], before[MOST_COLUMNS] = {0};
    size_t layers = 0;
    assert_true(diagram->columns <= MOST_COLUMNS);
    for (size_t r = 0; r < diagram->row_count; r++) {
        const DiagramRow *row = &diagram->rows[r];
        layers += row->kind == DIAGRAM_LAYER;
        for (size_t k = 0; k < r; k++)
            if (diagram->rows[k].last > r) assert_int_not_equal(diagram->rows[k].column, row->column);
        diagram_cells(cells, MOST_COLUMNS, diagram, r);
        size_t nodes = 0;
        for (size_t c = 0; c < MOST_COLUMNS; c++) {
            nodes += (cells[c] & DIAGRAM_NODE) != 0;
            assert_int_equal((cells[c] & DIAGRAM_UP) != 0, (before[c] & DIAGRAM_DOWN) != 0);
            if (c > 0) assert_int_equal((cells[c] & DIAGRAM_LEFT) != 0, (cells[c - 1] & DIAGRAM_RIGHT) != 0);
        }
        assert_int_equal(nodes, 1);
        assert_true(cells[row->column] & DIAGRAM_NODE);
        memcpy(before, cells, sizeof before);
    }
    size_t uses = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        const size_t row = diagram_layer_row(diagram, network, l);
        assert_int_equal(diagram->rows[row].kind, DIAGRAM_LAYER);
        assert_int_equal(network->nodes[diagram->rows[row].node].layer, l);
        uses += network->layers[l].use_count;
    }
    assert_int_equal(layers, uses);
}

static size_t count_joins(const Diagram *diagram)
{
    size_t joins = 0;
    for (size_t r = 0; r < diagram->row_count; r++) joins += diagram->rows[r].kind == DIAGRAM_JOIN;
    return joins;
}

static void networks_in_data_keep_the_rules(void **state)
{
    static const struct {
        const char *name;
        size_t joins, columns;
    } networks[] = {
        {"lenet5", 0, 1}, {"vgg8", 0, 1}, {"resnet20", 9, 2}, {"mobilenetv2", 5, 2}, {"inception", 4, 4}};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        Network *network = open_data(networks[i].name);
        Diagram diagram;
        assert_int_equal(diagram_create(&diagram, network, NULL), STATUS_OK);
        check_invariants(network, &diagram);
        assert_int_equal(count_joins(&diagram), networks[i].joins);
        assert_int_equal(diagram.columns, networks[i].columns);
        diagram_free(&diagram);
        network_free(network);
    }
}

static void layers_of_resnet20_lie_where_they_should(void **state)
{
    Network *network = open_data("resnet20");
    Diagram diagram;
    assert_int_equal(diagram_create(&diagram, network, NULL), STATUS_OK);
    for (size_t l = 0; l < network->layer_count; l++) {
        const DiagramRow *row = &diagram.rows[diagram_layer_row(&diagram, network, l)];
        const bool block = strncmp(network->layers[l].name, "blocks.", 7) == 0;
        assert_int_equal(row->beside, block ? 1 : 0);
    }
    diagram_free(&diagram);
    network_free(network);
}

static void a_diagram_of_inception_is_as_drawn(void **state)
{
    Network *network = open_data("inception");
    Diagram diagram;
    Text text = {0};
    assert_int_equal(diagram_create(&diagram, network, NULL), STATUS_OK);
    draw(&text, &diagram);
    static const char block[] = "+-o\n"
                                "+-|-o\n"
                                "| | o\n"
                                "+-|-|-o\n"
                                "| | | o\n"
                                "o | | |\n"
                                "*-+-+-+\n";
    Text expected = {0};
    text_append(&expected, "#\no\n%s%s%s%so\n#\n", block, block, block, block);
    assert_string_equal(text.data, expected.data);
    text_free(&expected);
    text_free(&text);
    diagram_free(&diagram);
    network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_one_rail),
        cmocka_unit_test(a_residual_block_opens_and_closes_a_rail),
        cmocka_unit_test(branches_stand_side_by_side),
        cmocka_unit_test(a_rail_that_is_joined_goes_on),
        cmocka_unit_test(nodes_without_a_choice_have_no_row),
        cmocka_unit_test(networks_in_data_keep_the_rules),
        cmocka_unit_test(layers_of_resnet20_lie_where_they_should),
        cmocka_unit_test(a_diagram_of_inception_is_as_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
