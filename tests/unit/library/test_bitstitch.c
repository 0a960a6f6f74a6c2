/* SPDX-License-Identifier: MIT */
/* The library's public face, by its header alone. */
#include <bitstitch.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <unistd.h>

#define NETWORK SOURCE_ROOT "/data/lenet5.json"

static bitstitch_model *model;
static bitstitch_error error;

static void ok(bitstitch_status status)
{
    if (status != BITSTITCH_OK) fail_msg("%s", error.text);
}

static void fails(bitstitch_status status, bitstitch_status expected, const char *cause)
{
    assert_int_equal(status, expected);
    if (!strstr(error.text, cause)) fail_msg("'%s' does not say '%s'", error.text, cause);
}

/* Few rows and images: quick. */
static bitstitch_plan *make_plan(unsigned bits)
{
    bitstitch_plan *plan;
    bitstitch_plan_options options;
    ok(bitstitch_plan_create(&plan, model, &error));
    bitstitch_plan_get_options(&options, plan);
    options.calibration_images = 64;
    options.rows = 500;
    ok(bitstitch_plan_set_options(plan, &options, &error));
    ok(bitstitch_plan_set_weight_bits(plan, BITSTITCH_ALL_LAYERS, bits, &error));
    return plan;
}

static void models_tell_what_they_are(void **state)
{
    bitstitch_model_info info;
    bitstitch_layer layer;
    bitstitch_model_get_info(&info, model);
    assert_int_equal(info.outputs, 10);
    assert_int_equal(info.height, 28);
    assert_true(info.labelled && info.calibration_images > 0 && info.evaluation_images > 0);
    for (size_t i = 0; i < info.layers; i++) {
        ok(bitstitch_layer_get_info(&layer, model, i, &error));
        assert_int_equal(bitstitch_layer_find(model, layer.name), i);
        assert_int_equal(layer.first, i == 0);
        assert_int_equal(layer.last, i + 1 == info.layers);
    }
    fails(bitstitch_layer_get_info(&layer, model, info.layers, &error), BITSTITCH_INVALID,
          "there is no layer");
    assert_int_equal(bitstitch_layer_find(model, "no such layer"), BITSTITCH_NO_LAYER);
}

static void failures_name_the_cause(void **state)
{
    bitstitch_model *none;
    fails(bitstitch_open(&none, "/nowhere/x.onnx", NULL, &error), BITSTITCH_IO, "/nowhere/x.onnx");
    assert_null(none);
    assert_int_equal(bitstitch_open(&none, "/nowhere/x.onnx", NULL, NULL), BITSTITCH_IO);
    fails(bitstitch_open(&none, NETWORK, &(bitstitch_options){.mean = "0.1,x"}, &error), BITSTITCH_INVALID,
          "mean");
    assert_null(strstr(error.text, "--"));
    fails(bitstitch_open(&none, NETWORK, &(bitstitch_options){.memory = 1 << 20}, &error), BITSTITCH_MEMORY,
          "MiB that are left");
    assert_true(error.memory_missing > 0);
    bitstitch_close(NULL);
    bitstitch_plan_free(NULL);
    bitstitch_result_free(NULL);
}

static void plans_check_what_they_are_told(void **state)
{
    bitstitch_plan *plan = make_plan(4), *copy;
    bitstitch_layer_plan choice;
    bitstitch_totals all, less;
    fails(bitstitch_plan_set_weight_bits(plan, 1, 9, &error), BITSTITCH_INVALID, "9 bits");
    fails(bitstitch_plan_set_weight_bits(plan, 99, 4, &error), BITSTITCH_INVALID, "no layer 99");
    fails(bitstitch_plan_set_activation_bits(plan, 0, 4, &error), BITSTITCH_INVALID, "stays float");
    fails(bitstitch_plan_set_method(plan, 1, "magic", &error), BITSTITCH_INVALID, "magic");
    for (size_t i = 0; bitstitch_method_name(i); i++)
        ok(bitstitch_plan_set_method(plan, 1, bitstitch_method_name(i), &error));
    fails(bitstitch_plan_set_grid(plan, 1, "cubic", &error), BITSTITCH_INVALID, "cubic");
    fails(bitstitch_plan_set_activation_bits(plan, 1, 1, &error), BITSTITCH_INVALID, "1 bits: 2 to 8");
    for (size_t i = 0; bitstitch_grid_name(i); i++) {
        ok(bitstitch_plan_set_grid(plan, 1, bitstitch_grid_name(i), &error));
        ok(bitstitch_plan_get_layer(&choice, plan, 1, &error));
        assert_string_equal(choice.grid, bitstitch_grid_name(i));
    }
    assert_int_equal(choice.weight_bits, 1); /* binary */
    ok(bitstitch_plan_set_grid(plan, BITSTITCH_ALL_LAYERS, "uniform", &error));
    ok(bitstitch_plan_set_weight_bits(plan, 1, 4, &error));
    ok(bitstitch_plan_set_activation_bits(plan, BITSTITCH_ALL_LAYERS, 5, &error));
    ok(bitstitch_plan_copy(&copy, plan, &error));
    ok(bitstitch_plan_set_weight_bits(plan, 1, 2, &error));
    ok(bitstitch_plan_get_layer(&choice, copy, 1, &error));
    assert_int_equal(choice.weight_bits, 4);
    assert_int_equal(choice.activation_bits, 5);
    bitstitch_plan_get_totals(&all, copy);
    bitstitch_plan_get_totals(&less, plan);
    assert_true(less.bytes < all.bytes && all.bytes < all.float_bytes);
    bitstitch_plan_free(plan);
    bitstitch_plan_free(copy);
}

static void plans_are_written_and_read(void **state)
{
    static const char *const names[] = {"plan.csv", "plan.json"};
    bitstitch_plan *plan = make_plan(3), *other = make_plan(8);
    bitstitch_layer_plan choice;
    for (size_t i = 0; i < 2; i++) {
        ok(bitstitch_plan_set_weight_bits(other, BITSTITCH_ALL_LAYERS, 8, &error));
        ok(bitstitch_plan_write(plan, names[i], &error));
        ok(bitstitch_plan_read(other, names[i], &error));
        ok(bitstitch_plan_get_layer(&choice, other, 2, &error));
        assert_int_equal(choice.weight_bits, 3);
        unlink(names[i]);
    }
    fails(bitstitch_plan_write(plan, "plan.onnx", &error), BITSTITCH_INVALID, "plan.onnx");
    fails(bitstitch_plan_read(other, "nowhere.csv", &error), BITSTITCH_IO, "nowhere.csv");
    bitstitch_plan_free(plan);
    bitstitch_plan_free(other);
}

static bool count_calls(void *context, const char *activity, size_t layer, double fraction)
{
    assert_true(activity[0] && fraction >= 0 && fraction <= 1 + 1e-9);
    return ++*(size_t *)context < 1000000;
}

static bool refuse(void *context, const char *activity, size_t layer, double fraction)
{
    return false;
}

static void results_are_measured(void **state)
{
    bitstitch_plan *plan = make_plan(3);
    bitstitch_result *result, *again;
    bitstitch_layer_errors errors, same;
    bitstitch_layer_codes codes;
    bitstitch_accuracy accuracy;
    bitstitch_bound bound;
    bitstitch_layer_bound part;
    size_t calls = 0;
    double sum = 0;
    fails(bitstitch_quantize(&result, model, plan, refuse, NULL, &error), BITSTITCH_CANCELLED, "");
    assert_null(result);
    ok(bitstitch_quantize(&result, model, plan, count_calls, &calls, &error));
    assert_true(calls > 0);
    bitstitch_model_info info;
    bitstitch_model_get_info(&info, model);
    fails(bitstitch_layer_get_bound(&part, result, 0, &error), BITSTITCH_INVALID, "no bound");
    ok(bitstitch_compute_bound(&bound, result, 32, count_calls, &calls, &error));
    assert_int_equal(bound.images, 32);
    assert_true(0 < bound.measured && bound.measured <= bound.hybrid && bound.hybrid <= bound.spectral &&
                bound.spectral <= bound.frobenius);
    for (size_t i = 0; i < info.layers; i++) {
        ok(bitstitch_layer_get_errors(&errors, result, i, &error));
        assert_true(errors.reconstruction <= errors.rounding && errors.heldout > 0);
        ok(bitstitch_layer_get_codes(&codes, result, i, &error));
        assert_int_equal(codes.outputs * codes.inputs, errors.codes);
        for (size_t k = 0; k < errors.codes; k++) assert_in_range(codes.codes[k] + 3, 0, 6);
        ok(bitstitch_layer_get_bound(&part, result, i, &error));
        sum += part.hybrid;
    }
    assert_true(fabs(sum - bound.hybrid) <= 1e-9 * bound.hybrid);
    ok(bitstitch_evaluate(&accuracy, result, 200, count_calls, &calls, &error));
    assert_int_equal(accuracy.images, 200);
    assert_true(accuracy.top1.low <= accuracy.top1.value && accuracy.top1.value <= accuracy.top1.high);
    assert_true(fabs(accuracy.change.value - (accuracy.top1.value - accuracy.float_top1.value)) < 1e-12);
    ok(bitstitch_quantize(&again, model, plan, NULL, NULL, &error)); /* from what the model remembers */
    ok(bitstitch_layer_get_errors(&errors, result, 1, &error));
    ok(bitstitch_layer_get_errors(&same, again, 1, &error));
    assert_memory_equal(&same, &errors, sizeof same);
    ok(bitstitch_export(result, "run.json", &error));
    unlink("run.json");
    fails(bitstitch_export(result, "run.txt", &error), BITSTITCH_INVALID, "run.txt");
    bitstitch_result_free(result);
    bitstitch_result_free(again);
    bitstitch_plan_free(plan);
}

static void networks_without_images_are_planned_alone(void **state)
{
    bitstitch_model *bare;
    bitstitch_plan *plan, *other = make_plan(4);
    bitstitch_result *result;
    ok(bitstitch_open(&bare, SOURCE_ROOT "/data/lenet5.onnx", NULL, &error));
    ok(bitstitch_plan_create(&plan, bare, &error));
    fails(bitstitch_quantize(&result, bare, plan, NULL, NULL, &error), BITSTITCH_INVALID,
          "without calibration images");
    fails(bitstitch_quantize(&result, bare, other, NULL, NULL, &error), BITSTITCH_INVALID, "another model");
    bitstitch_plan_free(plan);
    bitstitch_plan_free(other);
    bitstitch_close(bare);
}

static int set_up(void **state)
{
    static char folder[] = "/tmp/bitstitch-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0) return 1;
    *state = folder;
    ok(bitstitch_open(&model, NETWORK, &(bitstitch_options){.threads = 2}, &error));
    return 0;
}

static int tear_down(void **state)
{
    bitstitch_close(model);
    return rmdir(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(models_tell_what_they_are),
                                       cmocka_unit_test(failures_name_the_cause),
                                       cmocka_unit_test(plans_check_what_they_are_told),
                                       cmocka_unit_test(plans_are_written_and_read),
                                       cmocka_unit_test(results_are_measured),
                                       cmocka_unit_test(networks_without_images_are_planned_alone)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
