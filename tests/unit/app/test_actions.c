/* SPDX-License-Identifier: MIT */
#include "app/cli/options.h"
#include "app/explorer/actions.h"
#include "app/explorer/keys.h"
#include "scratch.h"
#include "views/lesson.h"
#include "views/screen.h"

#include <getopt.h>
#include <math.h>

#define LENET SOURCE_ROOT "/data/lenet5.json"

static Options options;
static Session session;

static int open_session(void **state)
{
    char *arguments[] = {"bitstitch", LENET, NULL};
    bool all;
    optind = 1;
    assert_int_equal(options_parse(&options, &all, 2, arguments, &message), REQUEST_RUN);
    assert_int_equal(session_open(&session, &options, &message), STATUS_OK);
    assert_int_equal(session_resize(&session, 30, 120, &message), STATUS_OK);
    return 0;
}

static int close_session(void **state)
{
    session_close(&session);
    return 0;
}

/* Keys in the notation of scripts. */
static void press(const char *keys)
{
    int key;
    while (key_parse(&key, &keys)) act_on_key(&session, key);
    assert_int_equal(key, 0);
}

static void assert_widths(const char *expected)
{
    char widths[16] = "";
    for (size_t l = 0; l < session.scene.plan->layer_count; l++)
        widths[l] = (char)('0' + session.scene.plan->layers[l].weight_bits);
    assert_string_equal(widths, expected);
}

/* --- moving ----------------------------------------------------------------------------------------- */

static void the_cursor_stays_among_the_layers(void **state)
{
    press("k<PgUp>");
    assert_int_equal(scene_layer(&session.scene), 0);
    press("jj");
    assert_int_equal(scene_layer(&session.scene), 2);
    press("Gj<PgDn>");
    assert_int_equal(scene_layer(&session.scene), 4);
    press("g");
    assert_int_equal(scene_layer(&session.scene), 0);
}

static void the_cursor_stays_in_sight(void **state)
{
    assert_int_equal(session_resize(&session, LAYOUT_LEAST_ROWS, LAYOUT_LEAST_COLUMNS, &message), STATUS_OK);
    press("G");
    assert_true(session.scene.cursor >= session.scene.first);
    assert_true(session.scene.cursor <
                session.scene.first + screen_layer_rows(&session.canvas, &session.scene));
    press("g");
    assert_int_equal(session.scene.first, 0);
}

/* --- choosing --------------------------------------------------------------------------------------- */

static void widths_go_to_the_layer_under_the_cursor(void **state)
{
    assert_widths("84448");
    press("j2");
    assert_widths("82448");
    press("jf");
    assert_widths("82048");
    press("j--- +");
    assert_widths("82038");
}

static void the_ladders_timing_turns(void **state)
{
    static const struct {
        LadderTiming timing;
        const char *said;
    } turns[] = {
        {LADDER_OFF, "off"}, {LADDER_AT_ONCE, "at once"}, {LADDER_AFTER_ACCURACY, "after the accuracy"}};
    for (size_t i = 0; i < 3; i++) {
        press("T");
        assert_int_equal(session.workspace->ladder_timing, turns[i].timing);
        assert_non_null(strstr(session.scene.notice, turns[i].said));
    }
}

static void widths_go_to_all_marked_layers(void **state)
{
    press("j<Space>j<Space>");
    assert_int_equal(session.scene.marked_count, 2);
    press("g3");
    assert_widths("83438");
    press("<Esc>5");
    assert_int_equal(session.scene.marked_count, 0);
    assert_widths("53438");
    press("*6");
    assert_widths("66666");
    press("*2");
    assert_widths("26666");
}

static void widths_end_at_two_and_eight(void **state)
{
    press("++");
    assert_widths("84448");
    press("*---------");
    assert_widths("22222");
    press("f-");
    assert_widths("88888");
}

static void the_networks_input_stays_float(void **state)
{
    press("a4");
    assert_int_equal(session.scene.plan->layers[0].activation_bits, BITS_FLOAT);
    assert_non_null(strstr(session.scene.notice, "input"));
    press("ja4");
    assert_int_equal(session.scene.plan->layers[1].activation_bits, 4);
    press("A");
    assert_int_equal(session.scene.plan->layers[1].activation_bits, 3);
    press("AA");
    assert_int_equal(session.scene.plan->layers[1].activation_bits, BITS_FLOAT);
    press("A af");
    assert_int_equal(session.scene.plan->layers[1].activation_bits, BITS_FLOAT);
    assert_widths("84448");
}

static void a_width_that_is_asked_for_takes_no_other_key(void **state)
{
    press("ja");
    assert_int_equal(session_context(&session), KEYS_BITS);
    press("jmu");
    assert_int_equal(session_context(&session), KEYS_BITS);
    assert_int_equal(scene_layer(&session.scene), 1);
    press("<Esc>j");
    assert_int_equal(scene_layer(&session.scene), 2);
    assert_int_equal(session.scene.undo_count, 0);
}

static void options_of_the_plan(void **state)
{
    press("iEPBm");
    const PlanOptions *plan = &session.scene.plan->options;
    assert_int_equal(plan->mode, MODE_INDEPENDENT);
    assert_true(plan->error_compensated && !plan->polish && !plan->bias_correction);
    assert_int_equal(session.scene.plan->layers[0].method, METHOD_KBEST + 1);
    assert_int_equal(session.scene.plan->layers[1].method, METHOD_KBEST);
    assert_int_equal(session.scene.undo_count, 5);
}

static void efforts_in_turn(void **state)
{
    press("jmF"); /* the second layer's method is named */
    const Plan *plan = session.scene.plan;
    assert_int_equal(plan->options.effort, EFFORT_THOROUGH);
    assert_int_equal(plan->layers[0].method, METHOD_KBEST);
    press("F");
    plan = session.scene.plan;
    assert_int_equal(plan->options.effort, EFFORT_PAPER);
    assert_int_equal(plan->layers[0].method, METHOD_BITSPLIT);
    assert_int_equal(plan->layers[1].method, METHOD_KBEST + 1);
    assert_int_equal(plan->options.mode, MODE_INDEPENDENT);
    press("uu");
    assert_int_equal(session.scene.plan->options.effort, EFFORT_DEFAULT);
}

static void undo_and_redo(void **state)
{
    press("2345");
    assert_widths("54448");
    press("uuu");
    assert_widths("24448");
    assert_int_equal(session.scene.redo_count, 3);
    press("r<Ctrl-R>");
    assert_widths("44448");
    press("7");
    assert_int_equal(session.scene.redo_count, 0);
    press("uuuuu");
    assert_widths("84448");
    assert_non_null(strstr(session.scene.notice, "nothing to undo"));
}

static void an_edit_that_changes_nothing_is_none(void **state)
{
    press("8+");
    assert_int_equal(session.scene.undo_count, 0);
}

static void no_layer_no_edit(void **state)
{
    press("/ no-such-layer <Enter>");
    assert_int_equal(session.scene.order_count, 0);
    press("2fma4A+<Enter> <Space>*jGw");
    assert_int_equal(session.scene.undo_count, 0);
    assert_int_equal(session.scene.overlay, OVERLAY_NONE);
    press("<Esc>");
    assert_int_equal(session.scene.order_count, 5);
}

/* --- looking ---------------------------------------------------------------------------------------- */

static void panels_and_pages(void **state)
{
    press("<Tab>");
    assert_int_equal(session.scene.front, PANEL_ERROR);
    press("D");
    assert_int_equal(session.scene.front, PANEL_LAYERS);
    assert_int_equal(scene_view(&session.scene, PANEL_LAYERS), VIEW_LAYERS_NETWORK);
    press("D");
    assert_int_equal(scene_view(&session.scene, PANEL_LAYERS), VIEW_LAYERS);
    press("C");
    assert_int_equal(session.scene.front, PANEL_ACCURACY);
    assert_false(session.scene.changed_by_class);
    press("C");
    assert_true(session.scene.changed_by_class);
    press("DD<Tab>");
    for (ViewId view = VIEW_ERROR_EPOCHS; view <= VIEW_ERROR_HEAT; view++) {
        assert_int_equal(scene_view(&session.scene, PANEL_ERROR), view);
        press("v");
    }
    assert_int_equal(scene_view(&session.scene, PANEL_ERROR), VIEW_ERROR_EPOCHS);
    press("<Shift-Tab><Shift-Tab>z");
    assert_int_equal(session.scene.front, PANEL_ACCURACY);
    assert_true(session.scene.zoomed);
}

static void overlays_open_and_close(void **state)
{
    static const char *const open[] = {"?", "??", "H", "<Enter>"};
    static const OverlayKind kinds[] = {OVERLAY_GUIDE, OVERLAY_HELP, OVERLAY_HELP, OVERLAY_DETAILS};
    for (size_t i = 0; i < 4; i++) {
        press(open[i]);
        assert_int_equal(session.scene.overlay, kinds[i]);
        press("jk<PgDn>2uq");
        assert_int_equal(session.scene.overlay, OVERLAY_NONE);
    }
    assert_int_equal(session.scene.undo_count, 0);
    assert_false(session.quit);
    press("V");
    assert_int_equal(session.scene.overlay, OVERLAY_NONE);
    assert_non_null(strstr(session.scene.notice, "no plan"));
}

static void details_walk_through_the_layers(void **state)
{
    press("<Enter>ll");
    assert_int_equal(session.scene.overlay, OVERLAY_DETAILS);
    assert_int_equal(scene_layer(&session.scene), 2);
}

static void a_visit_is_returned_to(void **state)
{
    VisitedPlan visit = {.number = 1, .plan = plan_hold(session.scene.plan)};
    VisitedPlan *visits[] = {&visit};
    Snapshot snapshot = {.visited_count = 1, .visited = visits, .visit = 0};
    press("*2");
    assert_widths("22222");
    session.snapshot = &snapshot;
    session.scene.snapshot = &snapshot;
    press("V");
    assert_int_equal(session.scene.overlay, OVERLAY_VISITS);
    press("jk<Enter>");
    session.snapshot = NULL;
    session.scene.snapshot = NULL;
    assert_int_equal(session.scene.overlay, OVERLAY_NONE);
    assert_widths("84448");
    press("u");
    assert_widths("22222");
    plan_drop(visit.plan);
}

/* Three plans of 2, 3 and 4 weight bits, the last never evaluated; the first is the session's. */
typedef struct Visits {
    VisitedPlan plans[3];
    VisitedPlan *list[3];
    Snapshot snapshot;
} Visits;

static void show_visits(Visits *visits)
{
    *visits = (Visits){.snapshot = {.plan = session.scene.plan, .visited_count = 3, .visited = visits->list}};
    for (size_t i = 0; i < 3; i++) {
        Plan *plan;
        assert_int_equal(plan_copy(&plan, session.scene.plan, &message), STATUS_OK);
        if (i > 0) plan_set_bits(plan, session.scene.network, 2 + (unsigned)i, 8, 8);
        visits->list[i] = &visits->plans[i];
        visits->plans[i] = (VisitedPlan){.number = i + 1,
                                         .plan = plan,
                                         .totals = plan_totals(plan, session.scene.network),
                                         .evaluated = i < 2,
                                         .accuracy = {.images = 10, .labelled = true, .compared = true}};
    }
    session.snapshot = &visits->snapshot;
    session.scene.snapshot = &visits->snapshot;
    assert_int_equal(plan_notes_follow(&session.workspace->notes, NULL, &visits->snapshot, &message),
                     STATUS_OK);
    session.scene.notes = session.workspace->notes.notes;
    session.scene.note_count = session.workspace->notes.count;
    session_draw(&session);
}

static void hide_visits(Visits *visits)
{
    session.snapshot = NULL;
    session.scene.snapshot = NULL;
    for (size_t i = 0; i < 3; i++) plan_drop(visits->plans[i].plan);
}

static void press_and_expect(const char *keys, const char *said)
{
    press(keys);
    if (!strstr(session.scene.notice, said)) fail_msg("%s says '%s'", keys, session.scene.notice);
}

static void a_visited_plan_gets_a_name_and_a_note(void **state)
{
    Visits visits;
    char longest[100];
    show_visits(&visits);
    press("VjnThe Base<Enter>NIt's small<Enter>");
    assert_string_equal(session.scene.notes[1].name, "TheBase"); /* scripts skip blanks in keys */
    assert_string_equal(session.scene.notes[1].note, "It'ssmall");
    assert_int_equal(session.scene.overlay, OVERLAY_VISITS);
    press("nx<Esc>");
    assert_string_equal(session.scene.notes[1].name, "TheBase");
    press("n<Ctrl-U><Enter>");
    assert_string_equal(session.scene.notes[1].name, "");
    memset(longest, 'a', sizeof longest); /* 62 bytes, then a character of two, which is not cut in half */
    snprintf(longest + 62, sizeof longest - 62, "\xc3\xa9z");
    press("n");
    press(longest);
    press("<Enter>");
    assert_int_equal(strlen(session.scene.notes[1].name), 62);
    hide_visits(&visits);
}

static void a_visited_plan_is_deleted_and_brought_back(void **state)
{
    Visits visits;
    show_visits(&visits);
    press_and_expect("Vu", "no plan is deleted");
    press_and_expect("x", "plan 1 is the current plan");
    press_and_expect("jx", "plan 2 is deleted: u brings it back");
    assert_true(session.scene.notes[1].deleted);
    assert_int_equal(session.scene.overlay_cursor, 2);
    press_and_expect("k", "");
    assert_int_equal(session.scene.overlay_cursor, 0); /* the deleted plan is passed over */
    press_and_expect("u", "plan 2 is back");
    assert_false(session.scene.notes[1].deleted);
    press("x<Esc>");
    visits.snapshot.visit = 1; /* visited again */
    assert_int_equal(plan_notes_follow(&session.workspace->notes, NULL, &visits.snapshot, &message),
                     STATUS_OK);
    assert_false(session.scene.notes[1].deleted);
    hide_visits(&visits);
}

static void visited_plans_are_sorted_filtered_and_compared(void **state)
{
    Visits visits;
    show_visits(&visits);
    press_and_expect("Vs", "sorted by name, ascending");
    press_and_expect("I", "sorted by name, descending");
    press_and_expect("f", "only plans that were evaluated");
    press_and_expect("G", "");
    assert_int_equal(session.scene.overlay_cursor, 1);
    press_and_expect("j", "the list's last plan");
    press_and_expect("gd", "this is the current plan");
    press("jd");
    assert_int_equal(session.scene.overlay, OVERLAY_DIFFERENCE);
    press("<Esc>");
    assert_int_equal(session.scene.overlay, OVERLAY_VISITS);
    press_and_expect("<Space>d", "this is the marked plan");
    press("kd");
    assert_true(session.scene.has_visited_mark && session.scene.visited_mark == 1);
    assert_int_equal(session.scene.overlay, OVERLAY_DIFFERENCE);
    press_and_expect("u", "Esc goes back to the list");
    press("<Esc>j<Enter>");
    assert_widths("83338");
    assert_int_equal(session.scene.overlay, OVERLAY_NONE);
    hide_visits(&visits);
}

/* The pin holds the snapshot of its plan when another comes, and the next of the same plan that knows as
 * much.
 */
static void a_plan_is_pinned_and_unpinned(void **state)
{
    Visits visits;
    press_and_expect("y", "the current plan is not solved yet");
    show_visits(&visits);
    visits.snapshot.references = 1;
    press_and_expect("y", "plan 1 is pinned: every chart shows it");
    assert_true(session.scene.notes[0].pinned);
    assert_ptr_equal(session.scene.pinned, &visits.snapshot);
    assert_int_equal(visits.snapshot.references, 2);
    Snapshot other = visits.snapshot;
    other.references = 1;
    other.plan = visits.plans[1].plan;
    session.snapshot = &other;
    session_follow_pin(&session);
    assert_ptr_equal(session.scene.pinned, &visits.snapshot);
    session.snapshot = &visits.snapshot;
    press_and_expect("Vx", "plan 1 is the current plan");
    press_and_expect("jy", "plan 2 is pinned: return to it once");
    assert_true(!session.scene.notes[0].pinned && session.scene.notes[1].pinned);
    assert_null(session.scene.pinned);
    assert_int_equal(visits.snapshot.references, 1);
    press_and_expect("x", "plan 2 is pinned: y takes the pin away first");
    press_and_expect("y", "plan 2 is not pinned any more");
    assert_int_equal(plan_notes_pinned(&session.workspace->notes), NO_INDEX);
    hide_visits(&visits);
}

static void x_shows_visited_plans_by_the_next_cost(void **state)
{
    press_and_expect("X", "weight bytes: one front per set of activation bits");
    press_and_expect("X", "by BitOps");
    press_and_expect("XXX", "by weight bytes");
    assert_int_equal(scene_view(&session.scene, PANEL_ACCURACY), VIEW_ACCURACY_PLANS);
}

/* The heading, the order and w go by the same bound. */
static void a_key_chooses_the_bound_whose_shares_are_shown(void **state)
{
    LadderStep steps[5] = {{.quantized = true, .spectral = 8, .hybrid = 1},
                           {.quantized = true, .spectral = 1, .hybrid = 2},
                           {.quantized = true, .spectral = 1, .hybrid = 5},
                           {0},
                           {.quantized = true, .frobenius = INFINITY}};
    Snapshot snapshot = {.ladder = {.images = 4,
                                    .layer_count = 5,
                                    .steps = steps,
                                    .hybrid = 8,
                                    .spectral = 10,
                                    .frobenius = INFINITY,
                                    .costliest = 2}};
    session.snapshot = &snapshot;
    session.scene.snapshot = &snapshot;
    press("w");
    assert_int_equal(scene_layer(&session.scene), 2);
    assert_non_null(strstr(session.scene.notice, "62.5 % of the hybrid bound"));
    press("Rw");
    assert_int_equal(session.scene.rung, RUNG_SPECTRAL);
    assert_int_equal(scene_layer(&session.scene), 0);
    assert_non_null(strstr(session.scene.notice, "80.0 % of the spectral bound"));
    press("Rw");
    assert_non_null(strstr(session.scene.notice, "Frobenius bound is not finite"));
    press("R");
    assert_int_equal(session.scene.rung, RUNG_HYBRID);
    session.snapshot = NULL;
    session.scene.snapshot = NULL;
}

/* Any step can be chosen from the list, the lesson can be left and taken up, and answers stay. */
static void the_lesson_is_left_and_taken_up(void **state)
{
    const Scene *scene = &session.scene;
    press("L");
    assert_int_equal(scene->lesson, 1);
    press("llll<Enter>");
    assert_int_equal(scene->lesson, 5);
    assert_true(lesson_awaits_answer(scene) && lesson_has_choice(scene));
    press("LjL");
    assert_int_equal(scene->lesson, 5);
    assert_true(scene->front == PANEL_LAYERS && scene_view(scene, PANEL_ERROR) != VIEW_ERROR_STAIRCASE);
    press("ll<Enter>");
    assert_true(scene->lesson_answers[4].given && scene->lesson_answers[4].choice == 2);
    assert_false(lesson_awaits_answer(scene));
    assert_true(scene->front == PANEL_ERROR && scene_view(scene, PANEL_ERROR) == VIEW_ERROR_STAIRCASE);
    press("nN");
    assert_true(scene->lesson == 5 && scene->lesson_answers[4].given);
    press("NNg<Enter>"); /* which layer: that under the cursor */
    assert_true(scene->lesson == 3 && scene->lesson_answers[2].given && scene->lesson_answers[2].choice == 0);
    press("L");
    assert_int_equal(scene->lesson, 0);
}

static void escape_clears_one_thing_at_a_time(void **state)
{
    press("/fc<Enter>*L");
    session.scene.chart_cursor[session.scene.front] = 1;
    press("<Esc>");
    assert_true(session.scene.chart_cursor[session.scene.front] == SIZE_MAX && session.scene.lesson);
    press("<Esc>");
    assert_true(!session.scene.lesson && session.scene.filter[0]);
    press("<Esc>");
    assert_true(!session.scene.filter[0] && session.scene.marked_count == 3);
    press("<Esc>");
    assert_int_equal(session.scene.marked_count, 0);
}

/* The lesson moves cursor and panels, and puts them back. */
static void the_lesson_puts_the_cursor_back(void **state)
{
    static const char *const ends[] = {"L", "<Esc>"};
    for (size_t i = 0; i < 2; i++) {
        press("gjj<Tab>vL");
        press("nnnG");
        press(ends[i]);
        assert_int_equal(session.scene.lesson, 0);
        assert_int_equal(scene_layer(&session.scene), 2);
        assert_int_equal(session.scene.front, PANEL_ERROR);
        press("<Shift-Tab>");
    }
}

/* --- typing ----------------------------------------------------------------------------------------- */

static void a_filter_holds_as_it_is_typed(void **state)
{
    press("/fc");
    assert_int_equal(session.scene.order_count, 3);
    press("2");
    assert_int_equal(session.scene.order_count, 1);
    press("<BkSpace><Enter>");
    assert_int_equal(session.scene.order_count, 3);
    press("/1<Esc>");
    assert_string_equal(session.scene.filter, "fc");
    press("j/conv<Esc>");
    assert_int_equal(scene_layer(&session.scene), 4);
    press("/<Ctrl-U><Enter>");
    assert_int_equal(session.scene.order_count, 5);
}

/* All fc layers are Gemm, all others Conv; lenet5's kernels are 5x5. */
static void a_filter_selects_by_pattern_operator_shape_and_bits(void **state)
{
    static const struct {
        const char *filter;
        size_t count;
    } cases[] = {{"fc?", 3},
                 {"*1", 2},
                 {"op:gemm", 3},
                 {"op:Conv shape:5x5", 2},
                 {"shape:5", 2},
                 {"bits:4", 3},
                 {"bits:5-8", 2},
                 {"bits:float", 0},
                 {"act:float", 5},
                 {"act:8", 0},
                 {"method:near bits:8", 2},
                 {"op:", 5},
                 {"shape:x5", 0},
                 {"bits:4-", 0},
                 {"fc bits:8", 1},
                 {"colour:red", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        press("/<Ctrl-U>");
        for (const char *at = cases[i].filter; *at; at++) act_on_key(&session, *at);
        press("<Enter>");
        if (session.scene.order_count != cases[i].count) print_error("filter '%s'\n", cases[i].filter);
        assert_int_equal(session.scene.order_count, cases[i].count);
    }
}

static void the_last_marks_come_back(void **state)
{
    press(".");
    assert_non_null(strstr(session.scene.notice, "no marks"));
    press("/op:gemm<Enter>*<Esc><Esc>");
    assert_int_equal(session.scene.marked_count, 0);
    press(".");
    assert_int_equal(session.scene.marked_count, 3);
    assert_true(session.scene.marked[2] && session.scene.marked[4]);
    press("3");
    assert_widths("84333");
    press("<Esc>g<Space>.");
    assert_true(session.scene.marked_count == 3 && !session.scene.marked[0]);
    press(".");
    assert_true(session.scene.marked_count == 1 && session.scene.marked[0]);
}

static void what_the_filter_hides_does_not_change(void **state)
{
    press("*/conv<Enter>2");
    assert_widths("22448");
    press("/<Ctrl-U>zzz<Enter>3");
    assert_widths("22448");
    assert_non_null(strstr(session.scene.notice, "filter"));
    press("/<Ctrl-U><Enter>3");
    assert_widths("33333");
}

static void lines_are_edited_by_character(void **state)
{
    press("o a∑é<Left><BkSpace>");
    assert_string_equal(session.scene.input, "aé");
    press("<Home><Delete>x<End>y");
    assert_string_equal(session.scene.input, "xéy");
    press("/ein<Space>wort<Ctrl-W>");
    assert_string_equal(session.scene.input, "xéy/ein ");
    press("<Ctrl-W><Ctrl-W>");
    assert_string_equal(session.scene.input, "");
    press("<BkSpace><Left><Delete><Esc>");
    assert_null(session.scene.prompt);
}

static void a_name_that_is_offered_makes_way_for_one_that_is_typed(void **state)
{
    press("emy.csv");
    assert_string_equal(session.scene.input, "my.csv");
    press("<Esc>S<End>2");
    assert_string_equal(session.scene.input, "lenet5-exploration.json2");
    press("<Esc>e<BkSpace>x");
    assert_string_equal(session.scene.input, "lenet5-plan.csx");
    press("<Esc>/conv<Enter>/2");
    assert_string_equal(session.scene.input, "conv2");
}

static void a_line_that_is_full_takes_no_more(void **state)
{
    press("o");
    for (size_t i = 0; i < SCENE_PROMPT_BYTES; i++) press("∑");
    assert_int_equal(strlen(session.scene.input), (SCENE_PROMPT_BYTES - 1) / 3 * 3);
}

/* --- files ------------------------------------------------------------------------------------------ */

static void type(const char *text)
{
    press("<Ctrl-U>");
    for (int key; (key = key_character(&text)) > 0;) act_on_key(&session, key);
    press("<Enter>");
}

static void a_tab_goes_on_with_a_files_name(void **state)
{
    scratch_create();
    scratch_write("layer one.onnx", "", 0);
    scratch_write("layer two.onnx", "", 0);
    scratch_write("*.json", "", 0);
    assert_int_equal(mkdir(scratch_path("more"), 0700), 0);
    const char *const typed[][2] = {
        {"l", "layer "}, {"layer t", "layer two.onnx"}, {"*", "*.json"}, {"mo", "more/"}, {"none", "none"}};
    press("o");
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        snprintf(session.scene.input, sizeof session.scene.input, "%s", scratch_path(typed[i][0]));
        press("<Ctrl-E><Tab>");
        assert_string_equal(session.scene.input, scratch_path(typed[i][1]));
        assert_int_equal(session.scene.input_cursor, strlen(session.scene.input));
    }
    press("<Esc>");
    assert_int_equal(rmdir(scratch_path("more")), 0);
    scratch_remove();
}

static void the_tilde_is_the_home_folder(void **state)
{
    scratch_create();
    assert_int_equal(setenv("HOME", scratch, 1), 0);
    press("S<Ctrl-U>~/kept.json<Enter>");
    assert_int_equal(access(scratch_path("kept.json"), F_OK), 0);
    press("o~/ke<Tab>");
    assert_string_equal(session.scene.input, scratch_path("kept.json"));
    press("<Esc>");
    scratch_remove();
}

static void names_must_tell_the_format(void **state)
{
    press("e");
    type("plan.txt");
    assert_true(session.scene.notice_bad && strstr(session.scene.notice, ".csv"));
    press("S");
    type("plan.csv");
    assert_true(session.scene.notice_bad && strstr(session.scene.notice, ".json"));
}

static void a_file_that_is_there_is_asked_about(void **state)
{
    scratch_create();
    const char *path = scratch_path("saved.json");
    press("3S");
    type(path);
    assert_int_equal(access(path, R_OK), 0);
    assert_false(session.scene.notice_bad);
    char first[65], second[65];
    assert_int_equal(file_sha256(first, path, &message), STATUS_OK);
    press("5S");
    type(path);
    assert_int_equal(session_context(&session), KEYS_QUESTION);
    press("n");
    assert_int_equal(file_sha256(second, path, &message), STATUS_OK);
    assert_string_equal(first, second);
    press("S");
    type(path);
    press("y");
    assert_int_equal(file_sha256(second, path, &message), STATUS_OK);
    assert_string_not_equal(first, second);
    unlink(path);
    rmdir(scratch);
}

static void a_question_is_safe_to_show(void **state)
{
    scratch_create();
    const char *path = scratch_path("line\nfeed.json");
    scratch_write("line\nfeed.json", "", 0);
    press("S");
    snprintf(session.scene.input, sizeof session.scene.input, "%s", path);
    press("<Enter>");
    assert_non_null(strstr(session.scene.question, "line\\x0afeed.json' exists"));
    press("n");
    scratch_remove();
}

static void what_is_read_is_not_written_over(void **state)
{
    press("S");
    type(LENET);
    press("y");
    assert_true(session.scene.notice_bad && strstr(session.scene.notice, "files read"));
}

static void what_cannot_be_opened_leaves_all_as_it_was(void **state)
{
    const Network *network = session.scene.network;
    press("2o");
    type("/no/such/network.onnx");
    assert_true(session.scene.notice_bad && strstr(session.scene.notice, "/no/such/network.onnx"));
    assert_ptr_equal(session.scene.network, network);
    assert_widths("24448");
}

static void quitting(void **state)
{
    press("<Ctrl-Z>");
    assert_true(session.suspend && !session.quit);
    press("M<Ctrl-L>");
    assert_true(!session.scene.mouse && session.redraw);
    press("q");
    assert_true(session.quit);
}

/* --- keys without effect -------------------------------------------------------------------------------- */

/* Every key of every context, in states where many can do nothing: it changes the screen, or says why not. */
static void a_key_that_does_nothing_says_why(void **state)
{
    static const struct {
        const char *keys, *said;
    } cases[] = {{"k", "first layer"},
                 {"Gj", "last layer"},
                 {"8", "chosen already"},
                 {"+", "8 bits is the most"},
                 {"j2-", "2 bits is the least"},
                 {"ga4", "reads the network's input"},
                 {"ja8a8", "chosen already"},
                 {"AfA", ""},
                 {"u", "nothing to undo"},
                 {"r", "nothing to redo"},
                 {"x", "no work to cancel"},
                 {"h", "no points here"},
                 {"n", "L starts the lesson"},
                 {"K", "L starts the lesson"},
                 {"V", "no plan"},
                 {"<Esc>", "nothing to clear"},
                 {".", "no marks"},
                 {"w", "no layer's cost"},
                 {"E", "No effect yet"},
                 {"Q", "Q does nothing here"},
                 {"<Enter>u", "closes the details"},
                 {"?u", "closes the explanation"},
                 {"??u", "closes the list"},
                 {"aj", "2 to 8"},
                 {"/none<Enter>3", "the filter hides all layers"},
                 {"/none<Enter><Enter>", "filter hides all"},
                 {"/none<Enter>c", "filter hides all"},
                 {"/none<Enter> <Space>", "filter hides all"},
                 {"/none<Enter> *", "filter hides all"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        close_session(state);
        open_session(state);
        session_draw(&session);
        press(cases[i].keys);
        if (!strstr(session.scene.notice, cases[i].said))
            print_error("%s says '%s'\n", cases[i].keys, session.scene.notice);
        assert_non_null(strstr(session.scene.notice, cases[i].said));
    }
}

/* --- the mouse -------------------------------------------------------------------------------------- */

static void the_wheel_moves_the_cursor(void **state)
{
    session_draw(&session);
    TerminalEvent event = {.key = KEYCODE_MOUSE, .mouse = MOUSE_SCROLL_DOWN, .row = 3, .column = 3};
    act_on_mouse(&session, &event);
    assert_int_equal(scene_layer(&session.scene), 3);
    event.mouse = MOUSE_SCROLL_UP;
    act_on_mouse(&session, &event);
    assert_int_equal(scene_layer(&session.scene), 0);
}

/* Every hint of the last line: the filter's text is typed, then its keys are clicked away. */
static void a_click_on_a_hint_presses_its_key(void **state)
{
    bool paused = false, helped = false, told = false;
    for (int column = 0; column < 120; column++) {
        const TerminalEvent event = {.key = KEYCODE_MOUSE, .mouse = MOUSE_CLICK, .row = 29, .column = column};
        close_session(state);
        open_session(state);
        session_draw(&session);
        act_on_mouse(&session, &event);
        paused |= session.scene.paused;
        helped |= session.scene.overlay == OVERLAY_GUIDE;
        told |= strstr(session.scene.notice, "from 2 to 8") != NULL;
    }
    assert_true(paused && helped && told);
}

static void a_double_click_does_not_answer_a_prompt(void **state)
{
    press("/");
    session_draw(&session);
    for (int row = 0; row < 30; row++) {
        const TerminalEvent event = {.key = KEYCODE_MOUSE, .mouse = MOUSE_DOUBLE, .row = row, .column = 3};
        act_on_mouse(&session, &event);
        assert_int_equal(session_context(&session), KEYS_PROMPT);
    }
}

/* Clicks and turns the wheel on every cell of the screen: no index may leave its range. */
static void a_click_anywhere_is_safe(void **state)
{
    for (int row = 0; row < 30; row++)
        for (int column = 0; column < 120; column += 3) {
            TerminalEvent event = {.key = KEYCODE_MOUSE, .row = row, .column = column};
            event.mouse = (MouseAction)((row + column) % 4);
            session_draw(&session);
            act_on_mouse(&session, &event);
            assert_true(session.scene.cursor < session.scene.order_count);
            press("<Esc>");
        }
}

#define IN_A_SESSION(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_SESSION(the_cursor_stays_among_the_layers),
        IN_A_SESSION(the_cursor_stays_in_sight),
        IN_A_SESSION(widths_go_to_the_layer_under_the_cursor),
        IN_A_SESSION(the_ladders_timing_turns),
        IN_A_SESSION(widths_go_to_all_marked_layers),
        IN_A_SESSION(widths_end_at_two_and_eight),
        IN_A_SESSION(the_networks_input_stays_float),
        IN_A_SESSION(a_width_that_is_asked_for_takes_no_other_key),
        IN_A_SESSION(options_of_the_plan),
        IN_A_SESSION(efforts_in_turn),
        IN_A_SESSION(undo_and_redo),
        IN_A_SESSION(an_edit_that_changes_nothing_is_none),
        IN_A_SESSION(no_layer_no_edit),
        IN_A_SESSION(panels_and_pages),
        IN_A_SESSION(overlays_open_and_close),
        IN_A_SESSION(details_walk_through_the_layers),
        IN_A_SESSION(a_visit_is_returned_to),
        IN_A_SESSION(a_visited_plan_gets_a_name_and_a_note),
        IN_A_SESSION(a_visited_plan_is_deleted_and_brought_back),
        IN_A_SESSION(visited_plans_are_sorted_filtered_and_compared),
        IN_A_SESSION(a_plan_is_pinned_and_unpinned),
        IN_A_SESSION(x_shows_visited_plans_by_the_next_cost),
        IN_A_SESSION(a_key_chooses_the_bound_whose_shares_are_shown),
        IN_A_SESSION(the_lesson_is_left_and_taken_up),
        IN_A_SESSION(escape_clears_one_thing_at_a_time),
        IN_A_SESSION(the_lesson_puts_the_cursor_back),
        IN_A_SESSION(a_filter_holds_as_it_is_typed),
        IN_A_SESSION(a_filter_selects_by_pattern_operator_shape_and_bits),
        IN_A_SESSION(the_last_marks_come_back),
        IN_A_SESSION(what_the_filter_hides_does_not_change),
        IN_A_SESSION(a_key_that_does_nothing_says_why),
        IN_A_SESSION(a_click_on_a_hint_presses_its_key),
        IN_A_SESSION(lines_are_edited_by_character),
        IN_A_SESSION(a_name_that_is_offered_makes_way_for_one_that_is_typed),
        IN_A_SESSION(a_line_that_is_full_takes_no_more),
        IN_A_SESSION(a_tab_goes_on_with_a_files_name),
        IN_A_SESSION(the_tilde_is_the_home_folder),
        IN_A_SESSION(names_must_tell_the_format),
        IN_A_SESSION(a_file_that_is_there_is_asked_about),
        IN_A_SESSION(a_question_is_safe_to_show),
        IN_A_SESSION(what_is_read_is_not_written_over),
        IN_A_SESSION(what_cannot_be_opened_leaves_all_as_it_was),
        IN_A_SESSION(quitting),
        IN_A_SESSION(the_wheel_moves_the_cursor),
        IN_A_SESSION(a_double_click_does_not_answer_a_prompt),
        IN_A_SESSION(a_click_anywhere_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
