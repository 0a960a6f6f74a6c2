/* SPDX-License-Identifier: MIT */
/* The memo: what is kept, what is forgotten first; which layers a layer depends on, and when keys change. */
#include "explore/cache/layer_keys.h"
#include "graph_text.h"
#include "network/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static MemoKey key_of(unsigned number)
{
    MemoKey key = {{0}};
    memcpy(key.bytes, &number, sizeof number);
    return key;
}

static Memo *make_memo(size_t ceiling)
{
    Memo *memo;
    assert_int_equal(memo_create(&memo, ceiling, NULL), STATUS_OK);
    return memo;
}

static Solved *make_solved(size_t bytes)
{
    Solved *solved = calloc(1, sizeof *solved);
    assert_non_null(solved);
    solved->references = 1;
    solved->bytes = bytes;
    return solved;
}

static Sums *make_sums(void)
{
    static const float weights[6] = {0};
    Statistics statistics = {.groups = 1};
    Sums *sums;
    assert_int_equal(problems_create(&statistics.problems, 1, 2, 3, weights, NULL), STATUS_OK);
    assert_int_equal(sums_create(&sums, &statistics, NULL), STATUS_OK);
    return sums;
}

static bool knows(Memo *memo, unsigned number)
{
    const MemoKey key = key_of(number);
    const Solved *solved = memo_solved(memo, &key);
    solved_drop(solved);
    return solved != NULL;
}

static void keep(Memo *memo, unsigned number, size_t bytes)
{
    const MemoKey key = key_of(number);
    Solved *solved = make_solved(bytes);
    memo_keep_solved(memo, &key, solved);
    solved_drop(solved);
}

/* --- keeping -------------------------------------------------------------------------------------------- */

static void what_is_kept_is_found_as_it_was(void **state)
{
    Memo *memo = make_memo(1 << 20);
    const MemoKey solved_key = key_of(1), sums_key = key_of(2), numbers_key = key_of(3), none = key_of(4);
    Solved *solved = make_solved(100);
    Sums *sums = make_sums();
    const double kept[3] = {1, 2, 4};
    double numbers[3];
    memo_keep_solved(memo, &solved_key, solved);
    memo_keep_sums(memo, &sums_key, sums);
    memo_keep_numbers(memo, &numbers_key, kept, 3);
    assert_ptr_equal(memo_solved(memo, &solved_key), solved);
    assert_int_equal(solved->references, 3);
    assert_ptr_equal(memo_sums(memo, &sums_key), sums);
    assert_int_equal(sums->references, 3);
    assert_true(memo_numbers(numbers, memo, &numbers_key, 3));
    assert_memory_equal(numbers, kept, sizeof kept);
    assert_null(memo_solved(memo, &none));
    assert_null(memo_sums(memo, &solved_key));
    assert_false(memo_numbers(numbers, memo, &none, 3));
    memo_free(memo);
    assert_int_equal(solved->references, 2);
    assert_int_equal(sums->references, 2);
    for (size_t i = 0; i < 2; i++) {
        solved_drop(solved);
        sums_drop(sums);
    }
    memo_free(NULL);
}

static void the_longest_unused_goes_first(void **state)
{
    Memo *memo = make_memo(10000);
    for (unsigned i = 0; i < 3; i++) keep(memo, i, 3000);
    assert_true(knows(memo, 0)); /* used again: 1 is now the longest unused */
    keep(memo, 3, 3000);
    assert_false(knows(memo, 1));
    assert_true(knows(memo, 0) && knows(memo, 2) && knows(memo, 3));
    assert_true(memo_bytes(memo) <= 10000);
    keep(memo, 4, 20000); /* larger than all: not kept, and nothing goes for it */
    assert_false(knows(memo, 4));
    assert_true(knows(memo, 0) && knows(memo, 2) && knows(memo, 3));
    keep(memo, 5, 9000);
    assert_true(knows(memo, 5));
    assert_false(knows(memo, 0) || knows(memo, 2) || knows(memo, 3));
    memo_free(memo);
}

static void the_first_of_a_key_stays(void **state)
{
    Memo *memo = make_memo(1 << 20);
    const MemoKey key = key_of(7);
    Solved *first = make_solved(10), *second = make_solved(10);
    memo_keep_solved(memo, &key, first);
    const size_t bytes = memo_bytes(memo);
    memo_keep_solved(memo, &key, second);
    assert_int_equal(memo_bytes(memo), bytes);
    assert_int_equal(second->references, 1);
    solved_drop(first);
    solved_drop(second);
    memo_free(memo);
}

/* After thousands of entries, the last ones are kept. */
static void many_entries_under_a_ceiling(void **state)
{
    Memo *memo = make_memo(100000);
    for (unsigned i = 0; i < 20000; i++) keep(memo, i, i % 97);
    assert_true(memo_bytes(memo) <= 100000 && memo_bytes(memo) > 90000);
    bool known = false;
    for (unsigned i = 0; i < 20000; i++) {
        const bool before = known;
        known = knows(memo, i);
        assert_true(known || !before);
    }
    assert_true(known);
    memo_free(memo);
}

/* --- upstream ------------------------------------------------------------------------------------------- */

/* Layers in order: stem 0, branches 1 and 2, behind both 3, the classifier 4. */
static const char *const branches =
    "a=Conv(x,{4,3,3,3}#1) pads=[1,1,1,1]; r=Relu(a); b=Conv(r,{3,4,1,1}#2); c=Conv(r,{2,4,3,3}#3) "
    "pads=[1,1,1,1]; d=Concat(b,c) axis=1; e=Relu(d); f=Conv(e,{4,5,3,3}#4); g=GlobalAveragePool(f); "
    "h=Flatten(g); y=Gemm(h,{4,5}#5,{5}#6)";

static Network *open_network(const char *text)
{
    const size_t shape[4] = {0, 3, 8, 8};
    Message message;
    Network *network = graph_open(text, 14, shape, &message);
    if (!network) fail_msg("%s", message.text);
    assert_int_equal(network->layer_count, 5);
    return network;
}

static void expect_upstream(const Network *network, const bool expected[5][5])
{
    Upstream *upstream;
    assert_int_equal(upstream_create(&upstream, network, NULL), STATUS_OK);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 5; k++) assert_int_equal(upstream_of(upstream, i, k), expected[i][k]);
    upstream_free(upstream);
}

static void siblings_are_not_upstream_of_each_other(void **state)
{
    static const bool expected[5][5] = {
        {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0}, {1, 1, 1, 0, 0}, {1, 1, 1, 1, 0}};
    Network *network = open_network(branches);
    expect_upstream(network, expected);
    network_free(network);
}

/* The stem 0; 1 leads to one node of the shared layer 2, which is solved on the rows of both; 3 is behind the
 * other node, the classifier 4 behind all. */
static void a_shared_layer_brings_what_all_its_nodes_need(void **state)
{
    static const bool expected[5][5] = {
        {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}, {1, 1, 0, 0, 0}, {1, 1, 1, 0, 0}, {1, 1, 1, 1, 0}};
    Network *network = open_network(
        "w=Identity({4,4,1,1}#2); a=Conv(x,{4,3,3,3}#1); r=Relu(a); k=Conv(r,{4,4,1,1}#3); p=Conv(r,w); "
        "q=Conv(k,w); s=Relu(p); l=Conv(s,{4,4,1,1}#4); t=Add(l,q); g=GlobalAveragePool(t); h=Flatten(g); "
        "y=Gemm(h,{4,5}#5,{5}#6)");
    expect_upstream(network, expected);
    network_free(network);
}

/* --- keys ----------------------------------------------------------------------------------------------- */

typedef struct Bench {
    Network *network;
    Upstream *upstream;
    Plan *plan;
    LayerKeys keys[5];
} Bench;

static void make_keys(LayerKeys *keys, const Bench *bench)
{
    static const Dataset images = {.sha256 = "abc", .channels = 1};
    static const Normalization normalization = {.mean = {0.5f}, .std = {1}};
    layer_keys(keys, bench->network, bench->upstream, bench->plan, &images, &normalization);
}

static Bench make_bench(Mode mode)
{
    Bench bench = {.network = open_network(branches)};
    assert_int_equal(upstream_create(&bench.upstream, bench.network, NULL), STATUS_OK);
    assert_int_equal(plan_create(&bench.plan, bench.network, NULL), STATUS_OK);
    bench.plan->options.mode = mode;
    make_keys(bench.keys, &bench);
    return bench;
}

static void free_bench(Bench *bench)
{
    plan_drop(bench->plan);
    upstream_free(bench->upstream);
    network_free(bench->network);
}

static bool differ(const MemoKey *a, const MemoKey *b)
{
    return memcmp(a, b, sizeof *a) != 0;
}

/* Which keys of the current plan differ from those of the bench, as one letter per layer. */
static void expect_changes(const Bench *bench, const char *sums, const char *solved, const char *accumulated)
{
    LayerKeys keys[5];
    make_keys(keys, bench);
    for (size_t l = 0; l < 5; l++) {
        assert_int_equal(differ(&keys[l].sums, &bench->keys[l].sums), sums[l] == 'x');
        assert_int_equal(differ(&keys[l].solved, &bench->keys[l].solved), solved[l] == 'x');
        assert_int_equal(differ(&keys[l].accumulated, &bench->keys[l].accumulated), accumulated[l] == 'x');
    }
}

static void a_branch_changes_what_is_behind_it(void **state)
{
    Bench sequential = make_bench(MODE_SEQUENTIAL), independent = make_bench(MODE_INDEPENDENT);
    sequential.plan->layers[1].weight_bits = independent.plan->layers[1].weight_bits = 3;
    expect_changes(&sequential, "...xx", ".x.xx", ".x.xx");
    expect_changes(&independent, ".....", ".x...", ".x.xx");
    free_bench(&sequential);
    free_bench(&independent);
}

static void the_input_s_width_changes_the_sums(void **state)
{
    Bench bench = make_bench(MODE_INDEPENDENT);
    bench.plan->layers[2].activation_bits = 6;
    expect_changes(&bench, "..x..", "..x..", "..xxx");
    free_bench(&bench);
}

static void options_count_where_they_matter(void **state)
{
    Bench bench = make_bench(MODE_SEQUENTIAL);
    bench.plan->options.seed = 1;
    expect_changes(&bench, "xxxxx", "xxxxx", "xxxxx");
    bench.plan->options.seed = 0;
    bench.plan->options.polish = false;
    expect_changes(&bench, ".xxxx", "xxxxx", "xxxxx");
    bench.plan->options.polish = true;
    bench.plan->options.error_compensated = true; /* no input is quantized */
    expect_changes(&bench, ".....", ".....", ".....");
    bench.plan->options.mode = MODE_INDEPENDENT; /* nothing is upstream of the first */
    expect_changes(&bench, ".xxxx", ".xxxx", ".xxxx");
    free_bench(&bench);
}

/* A float layer's method does not matter, and a float layer upstream counts as none. */
static void float_layers_do_not_count(void **state)
{
    Bench bench = make_bench(MODE_SEQUENTIAL);
    bench.plan->layers[1].weight_bits = BITS_FLOAT;
    make_keys(bench.keys, &bench);
    bench.plan->layers[1].method = METHOD_GPTQ;
    expect_changes(&bench, ".....", ".....", ".....");
    free_bench(&bench);
}

/* Error-compensated input scales are balanced for the weights' width: its sums are of that width alone. */
static void a_compensated_input_s_sums_know_the_weights_width(void **state)
{
    Bench bench = make_bench(MODE_INDEPENDENT);
    bench.plan->options.error_compensated = true;
    bench.plan->layers[2].activation_bits = 6;
    make_keys(bench.keys, &bench);
    bench.plan->layers[2].weight_bits = 3;
    bench.plan->layers[1].weight_bits = 3;
    expect_changes(&bench, "..x..", ".xx..", ".xxxx");
    free_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_found_as_it_was),
        cmocka_unit_test(the_longest_unused_goes_first),
        cmocka_unit_test(the_first_of_a_key_stays),
        cmocka_unit_test(many_entries_under_a_ceiling),
        cmocka_unit_test(siblings_are_not_upstream_of_each_other),
        cmocka_unit_test(a_shared_layer_brings_what_all_its_nodes_need),
        cmocka_unit_test(a_branch_changes_what_is_behind_it),
        cmocka_unit_test(the_input_s_width_changes_the_sums),
        cmocka_unit_test(options_count_where_they_matter),
        cmocka_unit_test(float_layers_do_not_count),
        cmocka_unit_test(a_compensated_input_s_sums_know_the_weights_width),
    };
    return cmocka_run_group_tests_name("memo", tests, NULL, NULL);
}
