/* SPDX-License-Identifier: MIT */
#include "base/file_replace.h"
#include "base/text.h"
#include "network/network.h"
#include "report/report_json.h"
#include "scratch.h"

#include <math.h>

#define LENET SOURCE_ROOT "/data/lenet5.onnx"

static Network *network;

static int open_all(void **state)
{
    scratch_create();
    assert_int_equal(network_open(&network, LENET, &(NetworkOptions){0}, &message), STATUS_OK);
    return 0;
}

static int close_all(void **state)
{
    unlink(scratch_path("a.json"));
    unlink(scratch_path("b.json"));
    rmdir(scratch);
    network_free(network);
    return 0;
}

static VisitedPlan make_visit(uint8_t bits)
{
    VisitedPlan visit = {.evaluated = true,
                         .bounded = true,
                         .measured = 0.1,
                         .hybrid = 0.7,
                         .spectral = INFINITY,
                         .certified = {0, 43, 48, 50, 52, 60},
                         .certified_of = 64};
    Plan *plan;
    assert_int_equal(plan_create(&plan, network, &message), STATUS_OK);
    plan->layers[1].weight_bits = bits;
    plan->layers[2].activation_bits = 6;
    plan->options.seed = UINT64_MAX;
    visit.plan = plan;
    visit.accuracy = (Evaluation){.images = 500,
                                  .total = 10000,
                                  .labelled = true,
                                  .compared = true,
                                  .classes = 10,
                                  .reference = {450, 499, 0.123456789012345678},
                                  .quantized = {440, 498, NAN},
                                  .agreeing = 470,
                                  .lost = 20,
                                  .gained = 10,
                                  .output_sqnr_db = 31.5};
    return visit;
}

/* Two visits; the second without figures. */
static const char *write_sample(const char *name)
{
    VisitedPlan visits[] = {make_visit(3), make_visit(BITS_FLOAT)};
    const VisitedPlan *list[] = {&visits[0], &visits[1]};
    PlanNote notes[2] = {{.name = "caf\xc3\xa9", .note = "a \"note\"\non two lines"}, {.pinned = true}};
    Exploration exploration = {.visited = list, .visited_count = 2, .plan = visits[1].plan, .notes = notes};
    const char *path = scratch_path(name);
    visits[1].evaluated = visits[1].bounded = false;
    exploration.source.network = "/a/network.onnx";
    exploration.source.mean = "0.5";
    exploration.source.preparation[PREPARATION_RESIZE] = "256";
    exploration.source.skip_bad_images = true;
    exploration.source.output = "logits";
    exploration.source.evaluation_images = 500;
    exploration.ladder_timing = LADDER_OFF;
    NormRecord norms[2] = {{.norm = {3, 1.5, 1.5009, "certificate"}}, {.norm = {0, 0, 0, "Frobenius"}}};
    memset(norms[0].sha256, 'a', 64);
    memset(norms[1].sha256, '0', 64);
    exploration.norms = norms;
    exploration.norm_count = 2;
    snprintf(exploration.network_sha256, 65, "%s", network->sha256);
    snprintf(exploration.calibration_sha256, 65, "%s", network->sha256);
    assert_int_equal(exploration_write(path, &exploration, network, &message), STATUS_OK);
    plan_drop(visits[0].plan);
    plan_drop(visits[1].plan);
    return path;
}

/* The figures of a detector: an AP with intervals, one without any object, and others. */
static void figures_of_a_detector_are_kept(void **state)
{
    VisitedPlan visit = make_visit(3);
    const VisitedPlan *list[] = {&visit};
    Exploration written = {.visited = list, .visited_count = 1, .plan = visit.plan}, read;
    const char *path = scratch_path("detector.json");
    Evaluation *accuracy = &visit.accuracy;
    *accuracy = (Evaluation){.images = 20,
                             .total = 20,
                             .compared = true,
                             .classes = 3,
                             .task = TASK_DETECT,
                             .has_truth = true,
                             .output_sqnr_db = 31.5};
    for (size_t f = 0; f < 12; f++) {
        accuracy->figures[0][f] = f == 5 ? -1 : 0.5 + 0.01 * (double)f;
        accuracy->figures[1][f] = f == 5 ? -1 : 0.4 + 0.01 * (double)f;
    }
    accuracy->intervals.reference[0] = (Interval){0.45, 0.55};
    accuracy->intervals.quantized[0] = (Interval){0.35, 0.45};
    accuracy->intervals.change[0] = (Interval){-0.12, -0.08};
    written.source.network = "/a/network.onnx";
    written.source.task = "detect";
    snprintf(written.network_sha256, 65, "%s", network->sha256);
    assert_int_equal(exploration_write(path, &written, network, &message), STATUS_OK);
    if (exploration_read(&read, network, path, &message)) fail_msg("%s", message.text);
    const Evaluation *found = &read.visited[0]->accuracy;
    assert_string_equal(read.source.task, "detect");
    assert_int_equal(found->task, TASK_DETECT);
    assert_true(found->compared && found->has_truth && !found->labelled);
    assert_memory_equal(found->figures[0], accuracy->figures[0], 12 * sizeof(double));
    assert_memory_equal(found->figures[1], accuracy->figures[1], 12 * sizeof(double));
    assert_memory_equal(&found->intervals.change[0], &accuracy->intervals.change[0], sizeof(Interval));
    assert_memory_equal(&found->intervals.quantized[0], &accuracy->intervals.quantized[0], sizeof(Interval));
    exploration_free(&read);
    plan_drop(visit.plan);
}

static bool recognize(const char *path)
{
    bool found;
    assert_int_equal(exploration_recognize(&found, path, &message), STATUS_OK);
    return found;
}

static void what_was_written_is_read(void **state)
{
    const char *path = write_sample("a.json");
    Exploration exploration;
    VisitedPlan expected = make_visit(3);
    assert_true(recognize(path));
    assert_int_equal(exploration_read(&exploration, network, path, &message), STATUS_OK);
    assert_string_equal(exploration.source.network, "/a/network.onnx");
    assert_string_equal(exploration.source.mean, "0.5");
    assert_string_equal(exploration.source.preparation[PREPARATION_RESIZE], "256");
    assert_null(exploration.source.preparation[PREPARATION_CROP]);
    assert_true(exploration.source.skip_bad_images);
    assert_null(exploration.source.images);
    assert_string_equal(exploration.source.output, "logits");
    assert_int_equal(exploration.source.evaluation_images, 500);
    assert_int_equal(exploration.ladder_timing, LADDER_OFF);
    assert_int_equal(exploration.norm_count, 2);
    assert_true(exploration.norms[0].norm.upper == 1.5009 && exploration.norms[0].norm.frobenius == 3);
    assert_string_equal(exploration.norms[0].norm.upper_by, "certificate");
    assert_int_equal(exploration.norms[1].sha256[63], '0');
    assert_string_equal(exploration.calibration_sha256, network->sha256);
    assert_string_equal(exploration.evaluation_sha256, "");
    assert_int_equal(strlen(exploration.saved), strlen("2024-05-17T10:42:00Z"));
    assert_int_equal(exploration.visited_count, 2);
    const VisitedPlan *first = exploration.visited[0], *second = exploration.visited[1];
    assert_true(plan_equal(first->plan, expected.plan));
    assert_true(plan_equal(second->plan, exploration.plan));
    assert_true(first->evaluated && first->bounded && !second->evaluated && !second->bounded);
    assert_int_equal(first->accuracy.quantized.top1_correct, 440);
    assert_true(first->accuracy.reference.cross_entropy == expected.accuracy.reference.cross_entropy);
    assert_true(isnan(first->accuracy.quantized.cross_entropy) && isinf(first->spectral));
    assert_true(first->hybrid == 0.7 && first->accuracy.output_sqnr_db == 31.5);
    assert_int_equal(first->certified_of, 64);
    assert_memory_equal(first->certified, expected.certified, sizeof expected.certified);
    assert_string_equal(exploration.notes[0].name, "caf\xc3\xa9");
    assert_string_equal(exploration.notes[0].note, "a \"note\"\non two lines");
    assert_true(!exploration.notes[0].pinned && exploration.notes[1].pinned);
    assert_string_equal(exploration.notes[1].name, "");
    const PlanTotals totals = plan_totals(first->plan, network);
    assert_int_equal(first->totals.bytes, totals.bytes);
    exploration_free(&exploration);
    plan_drop(expected.plan);
}

static void the_source_alone(void **state)
{
    ExplorationSource source;
    assert_int_equal(exploration_source_read(&source, write_sample("a.json"), &message), STATUS_OK);
    assert_string_equal(source.network, "/a/network.onnx");
    exploration_source_free(&source);
    assert_null(source.network);
}

static void other_files_are_no_explorations(void **state)
{
    assert_false(recognize(SOURCE_ROOT "/data/lenet5.json"));
    assert_false(recognize(LENET));
    assert_false(recognize("/no/such/file"));
}

/* The sample with `from` replaced by `to`, everywhere or the first time. */
static const char *spoil(const char *from, const char *to)
{
    char *data;
    size_t size;
    Text text = {0};
    const char *path = scratch_path("b.json");
    assert_int_equal(file_read(&data, &size, write_sample("a.json"), 1 << 20, &message), STATUS_OK);
    const char *place = strstr(data, from);
    assert_non_null(place);
    text_append(&text, "%.*s%s%s", (int)(place - data), data, to, place + strlen(from));
    assert_int_equal(file_replace(path, text.data, text.length, &message), STATUS_OK);
    text_free(&text);
    free(data);
    return path;
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *from, *to, *said;
    } bad[] = {
        {"bitstitch/2", "bitstitch/3", "format"},
        {"\"ladder_timing\":\t\"off\"", "\"ladder_timing\":\t\"never\"", "never"},
        {"\"certificate\"", "\"belief\"", "belief"},
        {"\"lower\":\t1.5,", "\"lower\":\t1.6,", "lower"},
        {"\"frobenius\":\t3,", "\"frobenius\":\tnull,", "frobenius"},
        {"bitstitch/2", "bitstitch-run/1", "format"},
        {"\"saved\":", "\"Saved\":", "Saved"},
        {"\"visits\":", "\"more\": 1, \"visits\":", "more"},
        {"\"visits\":", "\"format\": \"x\", \"visits\":", "format"},
        {"\"conv1\"", "\"conv7\"", "conv7"},
        {"\"conv1\"", "\"conv2\"", "conv2"},
        {"\"layers\":\t[", "\"layers\":\t[], \"history\":\t[", "conv1"},
        {"[8, ", "[9, ", "weight_bits"},
        {"[8, ", "[", "weight_bits"},
        {"[\"float\", ", "[4, ", "input"},
        {"\"nearest-plane\"", "\"nearest-plain\"", "nearest-plain"},
        {"\"18446744073709551615\"", "\"18446744073709551616\"", "seed"},
        {"\"top1\":\t0.9,", "\"top1\":\t1,", "top1"},
        {"\"top1\":\t0.9,", "\"top1\":\t1.1,", "top1"},
        {"\"agreement\":\t0.94", "\"agreement\":\t-0.1", "agreement"},
        {"\"lost\":\t20", "\"lost\":\t491", "agreeing"},
        {"\"images\":\t500", "\"images\":\t0", "images"},
        {"\"images\":\t500", "\"images\":\t-1", "images"},
        {"\"hybrid\":\t0.7", "\"hybrid\":\t\"0.7\"", "hybrid"},
        {"\"hybrid\":\t0.7", "\"hybrid\":\t0.09", "measured"},
        {"\"measured\":\t0.1", "\"measured\":\t-0.1", "measured"},
        {"\"/a/network.onnx\"", "null", "network"},
        {"\"name\":\tnull", "\"name\":\t7", "name"},
        {"\"name\":\tnull", "\"name\":\t\"0123456789012345678901234567890123456789012345678901234567890123\"",
         "63 bytes"},
        {"\"pinned\":\ttrue", "\"pinned\":\t1", "pinned"},
        {"\"measured\":\t0.9375", "\"measured\":\t0.5", "measured"},
        {"\"images\":\t64", "\"images\":\t0", "images"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Exploration exploration;
        const char *path = spoil(bad[i].from, bad[i].to);
        message.text[0] = 0;
        if (exploration_read(&exploration, network, path, &message) == STATUS_OK) {
            print_error("taken: %s\n", bad[i].to);
            fail();
        }
        if (!strstr(message.text, bad[i].said) || !strstr(message.text, path))
            print_error("%s\n", message.text);
        assert_non_null(strstr(message.text, bad[i].said));
        assert_non_null(strstr(message.text, path));
        assert_null(exploration.visited);
    }
}

static void another_network_is_refused(void **state)
{
    Exploration exploration;
    const char *path =
        spoil(network->sha256, "0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(exploration_read(&exploration, network, path, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "another network"));
}

static void trailing_text_is_refused(void **state)
{
    Exploration exploration;
    FILE *file = fopen(write_sample("a.json"), "a");
    assert_non_null(file);
    fputs("{}", file);
    fclose(file);
    assert_int_equal(exploration_read(&exploration, network, scratch_path("a.json"), &message),
                     STATUS_INVALID);
}

/* --- files of earlier versions ----------------------------------------------------------------------- */

#define EARLIER SOURCE_ROOT "/tests/unit/report/earlier/"

static void expect_weight_bits(const Plan *plan, const char *widths)
{
    for (size_t l = 0; l < plan->layer_count; l++)
        assert_int_equal(plan->layers[l].weight_bits, widths[l] - '0');
    assert_int_equal(plan->options.calibration_images, 64);
}

static void an_earlier_exploration_is_read(void **state)
{
    Exploration exploration;
    assert_true(recognize(EARLIER "exploration-1.json"));
    assert_int_equal(exploration_read(&exploration, network, EARLIER "exploration-1.json", &message),
                     STATUS_OK);
    assert_string_equal(exploration.source.network, "/home/user/data/lenet5.json");
    assert_int_equal(exploration.source.evaluation_images, 100);
    expect_weight_bits(exploration.plan, "82348");
    assert_int_equal(exploration.visited_count, 3);
    const VisitedPlan *first = exploration.visited[0];
    expect_weight_bits(first->plan, "84448");
    assert_true(first->evaluated && first->accuracy.labelled && first->accuracy.compared);
    assert_int_equal(first->accuracy.images, 100);
    assert_int_equal(first->accuracy.reference.top1_correct, 88);
    assert_true(first->bounded && first->measured > 0 && first->measured <= first->hybrid);
    assert_true(first->certified_of == 0 && !exploration.notes[0].pinned); /* not known then */
    assert_string_equal(exploration.notes[0].name, "");

    /* Written in today's format it says the same. */
    Exploration again;
    const char *path = scratch_path("a.json");
    assert_int_equal(exploration_write(path, &exploration, network, &message), STATUS_OK);
    assert_int_equal(exploration_read(&again, network, path, &message), STATUS_OK);
    assert_true(plan_equal(again.plan, exploration.plan));
    for (size_t i = 0; i < 3; i++) {
        const Evaluation *a = &exploration.visited[i]->accuracy, *b = &again.visited[i]->accuracy;
        assert_true(plan_equal(exploration.visited[i]->plan, again.visited[i]->plan));
        assert_true(a->agreeing == b->agreeing && a->lost == b->lost && a->gained == b->gained);
        assert_true(a->quantized.top1_correct == b->quantized.top1_correct &&
                    a->quantized.top5_correct == b->quantized.top5_correct);
        assert_true(exploration.visited[i]->hybrid == again.visited[i]->hybrid);
    }
    exploration_free(&exploration);
    exploration_free(&again);
}

/* Of a run, of an exploration, and of one in today's format. */
static void plans_are_read_from_all_of_them(void **state)
{
    const struct {
        const char *path, *widths;
    } files[] = {{EARLIER "run-1.json", "84448"}, {EARLIER "exploration-1.json", "82348"}};
    for (size_t i = 0; i < 2; i++) {
        Plan *plan;
        RunChoices choices;
        assert_int_equal(plan_create(&plan, network, &message), STATUS_OK);
        plan_set_bits(plan, network, 7, 7, 7);
        assert_int_equal(run_choices_read(&choices, files[i].path, &message), STATUS_OK);
        assert_null(choices.output);
        assert_int_equal(strlen(choices.calibration), 64);
        assert_int_equal(report_json_read_plan(plan, network, files[i].path, &message), STATUS_OK);
        expect_weight_bits(plan, files[i].widths);
        assert_int_equal(plan->layers[1].activation_bits, i == 0 ? 6 : BITS_FLOAT);
        run_choices_free(&choices);
        plan_drop(plan);
    }
    Plan *plan;
    RunChoices choices;
    const char *path = write_sample("a.json");
    assert_int_equal(plan_create(&plan, network, &message), STATUS_OK);
    assert_int_equal(run_choices_read(&choices, path, &message), STATUS_OK);
    assert_string_equal(choices.output, "logits");
    assert_int_equal(report_json_read_plan(plan, network, path, &message), STATUS_OK);
    assert_int_equal(plan->layers[1].weight_bits, BITS_FLOAT);
    assert_true(plan->options.seed == UINT64_MAX);
    run_choices_free(&choices);
    plan_drop(plan);
    assert_false(recognize(EARLIER "run-1.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(figures_of_a_detector_are_kept),
        cmocka_unit_test(the_source_alone),
        cmocka_unit_test(other_files_are_no_explorations),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(another_network_is_refused),
        cmocka_unit_test(trailing_text_is_refused),
        cmocka_unit_test(an_earlier_exploration_is_read),
        cmocka_unit_test(plans_are_read_from_all_of_them),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
