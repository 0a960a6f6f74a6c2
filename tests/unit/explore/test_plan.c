/* SPDX-License-Identifier: MIT */
#include "explore/activation_memory.h"
#include "explore/plan.h"
#include "sample_network.h"
#include "scratch.h"

#include <math.h>

static Plan *make_plan(void)
{
    Plan *plan;
    assert_int_equal(plan_create(&plan, &sample_network, &message), STATUS_OK);
    return plan;
}

static void defaults(void **state)
{
    Plan *plan = make_plan();
    assert_int_equal(plan->layer_count, 3);
    static const unsigned bits[] = {8, 4, 8};
    for (size_t l = 0; l < 3; l++) {
        assert_int_equal(plan->layers[l].weight_bits, bits[l]);
        assert_int_equal(plan->layers[l].activation_bits, BITS_FLOAT);
        assert_int_equal(plan->layers[l].method, METHOD_KBEST);
    }
    assert_int_equal(plan->options.effort, EFFORT_DEFAULT);
    assert_int_equal(plan->options.mode, MODE_SEQUENTIAL);
    assert_true(plan->options.seed == 0);
    assert_int_equal(plan->options.calibration_images, 1024);
    assert_int_equal(plan->options.rows, 12000);
    assert_true(plan->options.ridge == PLAN_RIDGE_DEFAULT);
    assert_true(plan->options.polish && plan->options.bias_correction);
    plan_drop(plan);
    plan_drop(NULL);
}

static void bits_and_methods_are_set(void **state)
{
    Plan *plan = make_plan();
    plan_set_bits(plan, &sample_network, 3, 5, BITS_FLOAT);
    assert_int_equal(plan->layers[0].weight_bits, 5);
    assert_int_equal(plan->layers[1].weight_bits, 3);
    assert_int_equal(plan->layers[2].weight_bits, BITS_FLOAT);
    plan_set_method(plan, METHOD_GPTQ_POLISH);
    for (size_t l = 0; l < 3; l++) assert_int_equal(plan->layers[l].method, METHOD_GPTQ_POLISH);
    plan_drop(plan);
}

static void grids_and_bits_go_together(void **state)
{
    Plan *plan = make_plan(); /* 8, 4 and 8 bits */
    plan_set_method(plan, METHOD_GPTQ);
    plan_set_grid(plan, GRID_POWER_OF_TWO);
    assert_int_equal(plan->layers[0].grid, GRID_UNIFORM);
    assert_int_equal(plan->layers[1].grid, GRID_POWER_OF_TWO);
    layer_plan_set_grid(&plan->layers[0], GRID_BINARY);
    assert_int_equal(plan->layers[0].weight_bits, 1);
    layer_plan_set_bits(&plan->layers[0], BITS_FLOAT);
    layer_plan_set_bits(&plan->layers[1], 5);
    assert_int_equal(plan->layers[1].grid, GRID_UNIFORM);
    layer_plan_set_bits(&plan->layers[1], 1);
    assert_int_equal(plan->layers[1].grid, GRID_BINARY);
    assert_int_equal(plan_check_grids(plan, &sample_network, &message), STATUS_OK);
    plan->layers[1].method = METHOD_BITSPLIT;
    assert_int_equal(plan_check_grids(plan, &sample_network, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "layer 'depthwise': the method bitsplit"));
    assert_non_null(
        strstr(message.text, "binary does not have at 1 bit; these methods take it: code-descent, "));
    assert_true(message.remedies & REMEDY_METHOD);
    plan->layers[1] = (LayerPlan){.weight_bits = 3, .method = METHOD_GPTQ, .grid = GRID_TERNARY};
    assert_int_equal(plan_check_grids(plan, &sample_network, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "layer 'depthwise': the grid ternary has 2 bits, not 3"));
    plan_drop(plan);
}

/* One change per field of a plan. */
static void change(Plan *plan, int what)
{
    switch (what) {
    case 0:
        plan->options.mode = MODE_INDEPENDENT;
        break;
    case 1:
        plan->options.seed = UINT64_MAX;
        break;
    case 2:
        plan->options.calibration_images++;
        break;
    case 3:
        plan->options.rows = PLAN_ALL_ROWS;
        break;
    case 4:
        plan->options.ridge = nextafter(0, 1);
        break;
    case 5:
        plan->options.polish = false;
        break;
    case 6:
        plan->options.bias_correction = false;
        break;
    case 7:
        plan->layers[1].weight_bits = 5;
        break;
    case 8:
        plan->layers[1].activation_bits = 5;
        break;
    case 9:
        plan->layers[2].method = METHOD_GPTQ;
        break;
    case 10:
        plan->options.error_compensated = true;
        break;
    case 11:
        plan->layers[1].grid = GRID_POWER_OF_TWO;
        break;
    case 12:
        plan->options.effort = EFFORT_THOROUGH;
        break;
    default:
        break;
    }
}

static void equality_and_hash_see_every_change(void **state)
{
    enum { CHANGES = 14 };
    Plan *plans[CHANGES];
    char hashes[CHANGES][65];
    for (int i = 0; i < CHANGES; i++) {
        plans[i] = make_plan();
        change(plans[i], i);
        plan_hash(hashes[i], plans[i]);
        assert_int_equal(strlen(hashes[i]), 64);
    }
    for (int i = 0; i < CHANGES; i++)
        for (int j = 0; j < CHANGES; j++) {
            assert_int_equal(plan_equal(plans[i], plans[j]), i == j);
            assert_int_equal(strcmp(hashes[i], hashes[j]) == 0, i == j);
        }
    for (int i = 0; i < CHANGES; i++) plan_drop(plans[i]);
}

static void an_effort_brings_its_method_and_the_papers_options(void **state)
{
    Plan *plan = make_plan(), *before = make_plan();
    plan->layers[1].method = METHOD_GPTQ; /* named: it stays */
    plan_set_effort(plan, EFFORT_PAPER);
    assert_int_equal(plan->layers[0].method, METHOD_BITSPLIT);
    assert_int_equal(plan->layers[1].method, METHOD_GPTQ);
    assert_int_equal(plan->options.mode, MODE_INDEPENDENT);
    assert_true(plan->options.ridge == 0 && !plan->options.polish && !plan->options.bias_correction);
    plan->options.mode = MODE_SEQUENTIAL;
    plan_set_effort(plan, EFFORT_PAPER); /* the same: nothing changes */
    assert_int_equal(plan->options.mode, MODE_SEQUENTIAL);
    plan_set_effort(plan, EFFORT_FAST);
    assert_int_equal(plan->layers[0].method, METHOD_BITSPLIT);
    plan_set_effort(plan, EFFORT_DEFAULT);
    plan->layers[1].method = METHOD_KBEST;
    assert_true(plan_equal(plan, before));
    plan->options.mode = MODE_INDEPENDENT;
    plan_set_effort(plan, EFFORT_THOROUGH); /* neither is the paper's: options stay */
    assert_int_equal(plan->options.mode, MODE_INDEPENDENT);
    plan_drop(plan);
    plan_drop(before);
}

static void hash_agrees_with_equality_at_zero(void **state)
{
    Plan *a = make_plan(), *b = make_plan();
    char a_hash[65], b_hash[65];
    a->options.ridge = 0.0;
    b->options.ridge = -0.0;
    plan_hash(a_hash, a);
    plan_hash(b_hash, b);
    assert_true(plan_equal(a, b));
    assert_string_equal(a_hash, b_hash);
    plan_drop(a);
    plan_drop(b);
}

static void inputs_of_the_network_stay_float(void **state)
{
    Plan *plan = make_plan();
    plan_set_activation_bits(plan, &sample_network, 6);
    assert_int_equal(plan->layers[0].activation_bits, BITS_FLOAT);
    assert_int_equal(plan->layers[1].activation_bits, 6);
    assert_int_equal(plan->layers[2].activation_bits, 6);
    plan_drop(plan);
}

static void copies_are_apart(void **state)
{
    Plan *plan = make_plan(), *copy;
    change(plan, 4);
    change(plan, 9);
    assert_int_equal(plan_copy(&copy, plan, &message), STATUS_OK);
    assert_true(plan_equal(plan, copy));
    copy->layers[0].weight_bits = 2;
    assert_int_equal(plan->layers[0].weight_bits, 8);
    plan_drop(plan);
    assert_int_equal(copy->layers[2].method, METHOD_GPTQ);
    plan_drop(copy);
}

static void shared_plans_are_counted(void **state)
{
    Plan *plan = make_plan(), *copy;
    const Plan *held = plan_hold(plan);
    assert_ptr_equal(held, plan);
    assert_int_equal(plan->references, 2);
    assert_int_equal(plan_copy(&copy, held, &message), STATUS_OK);
    assert_int_equal(copy->references, 1);
    plan_drop(plan);
    assert_true(plan_equal(held, copy));
    plan_drop(held);
    plan_drop(copy);
    assert_null(plan_hold(NULL));
    assert_true(plan_equal(NULL, NULL));
}

static void totals_are_those_of_the_header(void **state)
{
    Plan *plan = make_plan();
    plan_set_bits(plan, &sample_network, 3, 8, BITS_FLOAT);
    /* 144 weights of 8 bits, 16 scales, 16 biases; 144 of 3 bits, 16 scales; 70 floats, 10 biases */
    assert_int_equal(plan_layer_bytes(plan, &sample_network, 0), 144 + 64 + 64);
    assert_int_equal(plan_layer_bytes(plan, &sample_network, 1), 54 + 64);
    assert_int_equal(plan_layer_bytes(plan, &sample_network, 2), 280 + 40);
    PlanTotals totals = plan_totals(plan, &sample_network);
    assert_int_equal(totals.parameters, 160 + 144 + 80);
    assert_int_equal(totals.float_bytes, 4 * 384);
    assert_int_equal(totals.bytes, 272 + 118 + 320);
    assert_true(fabs(totals.compression - 1536.0 / 710) < 1e-15);
    assert_true(fabs(totals.average_weight_bits - (144 * 8 + 144 * 3 + 70 * 32) / 358.0) < 1e-12);
    double bitops = 112896.0 * 8 * 32 + 9007199254740993.0 * 3 * 32 + 70.0 * 32 * 32;
    assert_true(fabs(totals.bitops / bitops - 1) < 1e-15);
    plan->layers[2].weight_bits = 3; /* 210 bits are 27 bytes */
    assert_int_equal(plan_layer_bytes(plan, &sample_network, 2), 27 + 40 + 40);
    plan->layers[2].activation_bits = 4;
    assert_true(plan_totals(plan, &sample_network).bitops < bitops);
    assert_int_equal(plan_layer_bytes(plan, &sample_network, 2), 27 + 40 + 40 + 4);
    plan->layers[1].activation_bits = 8;
    plan->options.error_compensated = true; /* 16 channels; 7 */
    assert_int_equal(plan_layer_bytes(plan, &sample_network, 1), 54 + 64 + 64);
    assert_int_equal(plan_layer_bytes(plan, &sample_network, 2), 27 + 40 + 40 + 28);
    assert_int_equal(plan_totals(plan, &sample_network).bytes, 272 + 182 + 135);
    plan_drop(plan);
}

/* Conv a, Relu, Conv b and an addition of the Relu's output; Gemm c. Elements of two images:
 *
 *     x 16 -> a -> u 64 -> Relu -> v 64 -> b -> w 64 -> Add(w, v) -> s 64 -> c -> y 6
 */
static void activations_live_from_node_to_node(void **state)
{
    enum { X, U, V, W, S, Y, VALUES };
    static const Value values[VALUES] = {{.elements = 16}, {.elements = 64}, {.elements = 64},
                                         {.elements = 64}, {.elements = 64}, {.elements = 6}};
    static const Layer layers[3] = {{.first = true}, {0}, {.last = true}};
    const Node nodes[] = {
        {.input_count = 1, .inputs = (const size_t[]){X}, .output = U, .layer = 0},
        {.input_count = 1, .inputs = (const size_t[]){U}, .output = V, .layer = NO_INDEX},
        {.input_count = 1, .inputs = (const size_t[]){V}, .output = W, .layer = 1},
        {.input_count = 2, .inputs = (const size_t[]){W, V}, .output = S, .layer = NO_INDEX},
        {.input_count = 1, .inputs = (const size_t[]){S}, .output = Y, .layer = 2}};
    const Network network = {.batch = 2,
                             .input = X,
                             .output = Y,
                             .value_count = VALUES,
                             .values = values,
                             .node_count = 5,
                             .nodes = nodes,
                             .layer_count = 3,
                             .layers = layers};
    Plan *plan;
    size_t bytes;
    assert_int_equal(plan_create(&plan, &network, &message), STATUS_OK);
    assert_int_equal(activation_peak_bytes(&bytes, plan, &network, &message), STATUS_OK);
    assert_int_equal(bytes, 3 * 32 * 4); /* w, v and s: 32 elements per image, float */
    plan->layers[1].activation_bits = 8; /* v is read by b at 8 bits, and by the addition: s stays float */
    assert_int_equal(activation_peak_bytes(&bytes, plan, &network, &message), STATUS_OK);
    assert_int_equal(bytes, 3 * 32 * 4);
    plan->layers[2].activation_bits = 4; /* s, w at 4 bits, v at 8 */
    assert_int_equal(activation_peak_bytes(&bytes, plan, &network, &message), STATUS_OK);
    assert_int_equal(bytes, 32 + 32);    /* the Relu: u and v at 8 bits; the addition: 16 + 32 + 16 */
    plan->layers[1].activation_bits = 3; /* v at the addition's 4 bits: three values of 4 bits */
    assert_int_equal(activation_peak_bytes(&bytes, plan, &network, &message), STATUS_OK);
    assert_int_equal(bytes, 48); /* the first layer: its input of 8 floats, and u at 4 bits, are as much */
    plan_drop(plan);
}

static void a_network_without_layers_has_a_plan(void **state)
{
    const Network empty = {0};
    Plan *plan;
    assert_int_equal(plan_create(&plan, &empty, &message), STATUS_OK);
    PlanTotals totals = plan_totals(plan, &empty);
    assert_true(totals.compression == 1 && totals.average_weight_bits == 0);
    plan_drop(plan);
}

static void names_are_parsed_as_they_are_written(void **state)
{
    for (int i = 0; i < METHOD_COUNT; i++) {
        Method method = METHOD_COUNT;
        assert_true(method_parse(&method, method_name((Method)i)));
        assert_int_equal(method, i);
        assert_true(strlen(method_summary((Method)i)) > 10);
    }
    Method method = METHOD_GPTQ;
    assert_false(method_parse(&method, "gpt"));
    assert_false(method_parse(&method, "GPTQ"));
    assert_false(method_parse(&method, ""));
    assert_int_equal(method, METHOD_GPTQ);
    for (int i = MODE_SEQUENTIAL; i <= MODE_INDEPENDENT; i++) {
        Mode mode = MODE_SEQUENTIAL;
        assert_true(mode_parse(&mode, mode_name((Mode)i)));
        assert_int_equal(mode, i);
    }
    Mode mode;
    assert_false(mode_parse(&mode, "parallel"));
    for (int i = 0; i < GRID_COUNT; i++) {
        GridKind grid = GRID_COUNT;
        assert_true(grid_parse(&grid, grid_name((GridKind)i)));
        assert_int_equal(grid, i);
        assert_false(grid_parse(&grid, "grid"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_live_from_node_to_node),
        cmocka_unit_test(defaults),
        cmocka_unit_test(bits_and_methods_are_set),
        cmocka_unit_test(grids_and_bits_go_together),
        cmocka_unit_test(equality_and_hash_see_every_change),
        cmocka_unit_test(an_effort_brings_its_method_and_the_papers_options),
        cmocka_unit_test(hash_agrees_with_equality_at_zero),
        cmocka_unit_test(inputs_of_the_network_stay_float),
        cmocka_unit_test(copies_are_apart),
        cmocka_unit_test(shared_plans_are_counted),
        cmocka_unit_test(totals_are_those_of_the_header),
        cmocka_unit_test(a_network_without_layers_has_a_plan),
        cmocka_unit_test(names_are_parsed_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
