/* SPDX-License-Identifier: MIT */
/* Screens as text, drawn from recorded numbers and compared with the files in this folder;
 * BITSTITCH_RENEW_SCREENS=1 writes them again. And what holds for every scene at every size. */
#include "recorded.h"
#include "report/plan_csv.h"
#include "scratch.h"
#include "views/guide.h"
#include "views/layer_cost.h"
#include "views/layer_order.h"
#include "views/lesson.h"
#include "views/overlays/overlays.h"
#include "views/page.h"
#include "views/screen.h"
#include "views/visited_order.h"

#include "base/file.h"
#include "base/file_replace.h"
#include "base/random.h"
#include "base/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- drawing ----------------------------------------------------------------------------------------- */

typedef struct Size {
    int columns, rows;
} Size;

typedef struct Drawn {
    Canvas canvas;
    Text text;
} Drawn;

static void draw(Drawn *drawn, const Scene *scene, Size size, bool unicode, bool styles)
{
    drawn->canvas.unicode = unicode;
    assert_int_equal(canvas_resize(&drawn->canvas, size.rows, size.columns, NULL), STATUS_OK);
    screen_draw(&drawn->canvas, scene);
    text_append(&drawn->text, "=== %d x %d%s\n", size.columns, size.rows, unicode ? "" : ", ASCII");
    canvas_dump(&drawn->text, &drawn->canvas, styles);
}

static void drawn_free(Drawn *drawn)
{
    canvas_free(&drawn->canvas);
    text_free(&drawn->text);
}

static void compare_with_file(const Text *text, const char *file)
{
    char path[512], *recorded = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/tests/screens/%s.txt", SOURCE_ROOT, file);
    assert_false(text->failed);
    const char *renew = getenv("BITSTITCH_RENEW_SCREENS");
    if (renew && strcmp(renew, "1") == 0)
        assert_int_equal(file_replace(path, text->data, text->length, NULL), STATUS_OK);
    assert_int_equal(file_read(&recorded, &size, path, 1 << 20, NULL), STATUS_OK);
    bool same = size == text->length && memcmp(recorded, text->data, size) == 0;
    if (!same) print_error("%s is drawn differently:\n%s", path, text->data);
    assert_true(same);
    free(recorded);
}

/* --- scenes ------------------------------------------------------------------------------------------ */

static void opening(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_OPENING);
}

static void calibrating(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_CALIBRATING);
}

static void solving(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_SOLVING);
}

static void bounding(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_BOUNDING);
    recorded->scene.front = PANEL_LOSS;
}

static void evaluating(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_EVALUATING);
    recorded->scene.front = PANEL_ACCURACY;
    recorded->scene.views[PANEL_ACCURACY] = VIEW_ACCURACY_IMAGES;
}

static void failed(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_CALIBRATING);
    recorded->snapshot.activity = ACTIVITY_FAILED;
    status_fail(&recorded->snapshot.message, STATUS_INVALID,
                "cannot open 'images.gz': it ends in the middle of image 812");
    recorded->scene.notice_bad = true;
    snprintf(recorded->scene.notice, sizeof recorded->scene.notice, "%s", recorded->snapshot.message.text);
}

static void front(Recorded *recorded, ViewId view)
{
    recorded->scene.front = view_table[view].panel;
    recorded->scene.views[view_table[view].panel] = view;
    recorded->scene.zoomed = true;
}

static void layers(Recorded *recorded)
{
    front(recorded, VIEW_LAYERS);
}

static void network_graph(Recorded *recorded)
{
    front(recorded, VIEW_LAYERS_NETWORK);
    recorded->scene.cursor = 9;
    recorded->scene.marked[11] = true;
    recorded->scene.marked_count = 1;
}

static void network_small(Recorded *recorded)
{
    network_graph(recorded);
    recorded->scene.zoomed = false;
}

static void layers_chosen(Recorded *recorded)
{
    Scene *scene = &recorded->scene;
    front(recorded, VIEW_LAYERS);
    snprintf(scene->filter, sizeof scene->filter, "blocks");
    scene->sort = SORT_ERROR;
    scene->descending = true;
    scene->marked[3] = scene->marked[4] = true;
    scene->marked_count = 2;
    recorded->plan->layers[3].weight_bits = 3;
    recorded->plan->layers[4].weight_bits = BITS_FLOAT;
    layer_order_update(scene);
}

static void epochs(Recorded *recorded)
{
    front(recorded, VIEW_ERROR_EPOCHS);
}

static void epochs_live(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_SOLVING);
    front(recorded, VIEW_ERROR_EPOCHS);
}

static void errors(Recorded *recorded)
{
    front(recorded, VIEW_ERROR_LAYERS);
    recorded->scene.chart_cursor[PANEL_ERROR] = 9;
}

static void widths(Recorded *recorded)
{
    front(recorded, VIEW_ERROR_WIDTHS);
}

/* The one layer that was measured. */
static void clipping(Recorded *recorded)
{
    front(recorded, VIEW_ERROR_CLIPPING);
    recorded->scene.cursor = 3;
    recorded->solved[3].result.range = 0.64;
}

static void ladder(Recorded *recorded)
{
    front(recorded, VIEW_LOSS_LADDER);
}

static void ladder_violated(Recorded *recorded)
{
    ladder(recorded);
    recorded->snapshot.ladder.violation = "measured above hybrid";
    recorded->snapshot.ladder_current = false;
}

static void ladder_unbounded(Recorded *recorded)
{
    Ladder *bound = &recorded->snapshot.ladder;
    ladder(recorded);
    bound->spectral = bound->frobenius = INFINITY;
    bound->culprit = "norm_3";
    bound->reason = "it divides by an activation";
    for (size_t l = 0; l < RECORDED_LAYERS; l++)
        recorded->steps[l].spectral = recorded->steps[l].frobenius = recorded->steps[l].lambda = INFINITY;
}

static void loss_by_layer(Recorded *recorded)
{
    front(recorded, VIEW_LOSS_LAYERS);
}

static void accuracy_by_layer(Recorded *recorded)
{
    front(recorded, VIEW_ACCURACY_LAYERS);
}

static void accuracy_by_image(Recorded *recorded)
{
    front(recorded, VIEW_ACCURACY_IMAGES);
}

static void accuracy_plans(Recorded *recorded)
{
    front(recorded, VIEW_ACCURACY_PLANS);
    recorded->scene.chart_cursor[PANEL_ACCURACY] = 4;
}

static void changed_images(Recorded *recorded)
{
    front(recorded, VIEW_ACCURACY_CHANGED);
    recorded->scene.chart_cursor[PANEL_ACCURACY] = 1;
}

static void changed_images_by_class(Recorded *recorded)
{
    front(recorded, VIEW_ACCURACY_CHANGED);
    recorded->scene.zoomed = false;
    recorded->scene.changed_by_class = true;
}

static void changed_images_early(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_EVALUATING);
    front(recorded, VIEW_ACCURACY_CHANGED);
}

static void accuracy_unlabelled(Recorded *recorded)
{
    front(recorded, VIEW_ACCURACY_IMAGES);
    recorded->snapshot.accuracy.labelled = false;
    for (size_t i = 0; i < recorded->scene.stream_count; i++) recorded->scene.stream_top1[i] += 0.06;
}

static void details(Recorded *recorded)
{
    recorded->scene.overlay = OVERLAY_DETAILS;
}

static void details_scrolled(Recorded *recorded)
{
    recorded_quantize_inputs(recorded);
    recorded->scene.overlay = OVERLAY_DETAILS;
    recorded->scene.overlay_first = 18;
}

static void details_inputs(Recorded *recorded)
{
    recorded_quantize_inputs(recorded);
    recorded->scene.overlay = OVERLAY_DETAILS;
}

static void visited_plans(Recorded *recorded)
{
    recorded->scene.overlay = OVERLAY_VISITS;
    recorded->scene.overlay_cursor = 4;
}

static void visited_plans_sorted(Recorded *recorded)
{
    Scene *scene = &recorded->scene;
    visited_plans(recorded);
    scene->visited_sort = VISITED_HYBRID;
    scene->visited_descending = scene->visited_evaluated_only = true;
    scene->has_visited_mark = true;
    scene->visited_mark = 3;
    scene->pareto_axis = PARETO_BITOPS;
    recorded->notes[2].deleted = true;
}

static void difference(Recorded *recorded)
{
    recorded->visited_plans[4]->layers[5].method = METHOD_GPTQ;
    recorded->visited_plans[4]->options.polish = false;
    recorded->scene.overlay = OVERLAY_DIFFERENCE;
    recorded->scene.overlay_cursor = 4;
    recorded->scene.has_visited_mark = true;
    recorded->scene.visited_mark = 0;
}

static void pinned_errors(Recorded *recorded)
{
    recorded_pin(recorded);
    front(recorded, VIEW_ERROR_LAYERS);
}

static void pinned_epochs(Recorded *recorded)
{
    recorded_pin(recorded);
    recorded->pinned_solved[3].trace = recorded->traces[8]; /* another curve than the current plan's */
    front(recorded, VIEW_ERROR_EPOCHS);
}

static void pinned_widths(Recorded *recorded)
{
    recorded_pin(recorded);
    front(recorded, VIEW_ERROR_WIDTHS);
}

static void pinned_ladder_bars(Recorded *recorded)
{
    recorded_pin(recorded);
    front(recorded, VIEW_LOSS_LADDER);
}

static void pinned_depth(Recorded *recorded)
{
    recorded_pin(recorded);
    front(recorded, VIEW_ACCURACY_LAYERS);
}

static void pinned_plans(Recorded *recorded)
{
    recorded_pin(recorded);
    front(recorded, VIEW_ACCURACY_PLANS);
}

/* After a restored exploration: only what was saved of the pinned plan is known. */
static void pinned_restored(Recorded *recorded)
{
    recorded_pin(recorded);
    recorded->scene.pinned = NULL;
    recorded->scene.views[PANEL_ERROR] = VIEW_ERROR_LAYERS;
}

/* The weight bits of a layer were changed: what is shown of it is of the plan before. */
static void details_stale(Recorded *recorded)
{
    recorded->plan->layers[3].weight_bits = 5;
    recorded->scene.overlay = OVERLAY_DETAILS;
}

/* Half of the plans with activations of 8 bits, by a cost that counts them. */
static void accuracy_plans_by_bitops(Recorded *recorded)
{
    front(recorded, VIEW_ACCURACY_PLANS);
    recorded->scene.pareto_axis = PARETO_BITOPS;
    for (size_t i = 0; i < RECORDED_VISITS; i += 2) {
        Plan *plan = recorded->visited_plans[i];
        plan_set_activation_bits(plan, &recorded->network, 8);
        recorded->visited[i].totals = plan_totals(plan, &recorded->network);
    }
}

static void keys(Recorded *recorded)
{
    recorded->scene.overlay = OVERLAY_HELP;
}

static void guide(Recorded *recorded)
{
    front(recorded, VIEW_LAYERS);
    recorded->scene.zoomed = false;
    recorded->scene.overlay = OVERLAY_GUIDE;
}

static void guide_of_the_widths(Recorded *recorded)
{
    widths(recorded);
    recorded->scene.zoomed = false;
    recorded->scene.overlay = OVERLAY_GUIDE;
}

static void guide_of_the_ladder(Recorded *recorded)
{
    front(recorded, VIEW_LOSS_LADDER);
    recorded->scene.zoomed = false;
    recorded->scene.overlay = OVERLAY_GUIDE;
}

static void welcome(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_OPENING);
    recorded->scene.welcome = true;
}

static void question(Recorded *recorded)
{
    recorded->scene.overlay = OVERLAY_QUESTION;
    recorded->scene.question = "An exploration of 2026-11-20 with 6 plans is there: restore it? (y or n)";
}

static void prompt(Recorded *recorded)
{
    Scene *scene = &recorded->scene;
    scene->prompt = "export to:";
    snprintf(scene->input, sizeof scene->input, "results/of-a-long-name/resnet20-w4.csv");
    scene->input_cursor = 12;
}

static void prompt_selected(Recorded *recorded)
{
    prompt(recorded);
    recorded->scene.input_cursor = strlen(recorded->scene.input);
    recorded->scene.input_selected = true;
}

static void lesson_early(Recorded *recorded)
{
    recorded_show(recorded, MOMENT_OPENING);
    lesson_set_up(&recorded->scene, 1);
}

/* --- recorded screens -------------------------------------------------------------------------------- */

enum {
    SMALL = 1,
    NORMAL = 2,
    LARGE = 4,
    HUGE_SIZE = 8,
    PLAIN = 16,
    STYLED = 32,
    TINY = 64,
    WIDE = 128,
    TALL = 256
};

static const struct {
    int flag;
    Size size;
    bool unicode, styles;
} forms[] = {
    {TINY, {30, 8}, true, false},    {TINY, {12, 3}, true, false},    {SMALL, {40, 10}, true, false},
    {NORMAL, {80, 24}, true, false}, {LARGE, {120, 40}, true, false}, {HUGE_SIZE, {200, 60}, true, false},
    {WIDE, {100, 30}, true, false},  {TALL, {140, 40}, true, false},  {PLAIN, {80, 24}, false, false},
    {STYLED, {80, 24}, true, true},
};

/* A file in this folder, what it shows, and in which forms. */
static const struct {
    const char *file;
    void (*set)(Recorded *recorded); /* NULL: all work is done */
    int forms;
} screens[] = {
    {"whole/done", NULL, TINY | SMALL | NORMAL | LARGE | HUGE_SIZE | PLAIN | STYLED},
    {"whole/opening", opening, SMALL | NORMAL | LARGE},
    {"whole/calibrating", calibrating, NORMAL | LARGE},
    {"whole/solving", solving, SMALL | NORMAL | LARGE | STYLED},
    {"whole/bounding", bounding, NORMAL | LARGE},
    {"whole/evaluating", evaluating, SMALL | NORMAL | LARGE},
    {"whole/failed", failed, NORMAL},
    {"whole/prompt", prompt, SMALL | NORMAL},
    {"whole/prompt_selected", prompt_selected, SMALL | STYLED},
    {"overlays/welcome", welcome, SMALL | NORMAL | WIDE | TALL},
    {"overlays/guide", guide, SMALL | NORMAL | WIDE | TALL | PLAIN},
    {"overlays/guide_widths", guide_of_the_widths, NORMAL | WIDE | TALL},
    {"overlays/guide_ladder", guide_of_the_ladder, NORMAL | WIDE | TALL},
    {"layers/all", layers, SMALL | NORMAL | LARGE | HUGE_SIZE},
    {"layers/network", network_graph, SMALL | NORMAL | WIDE | TALL | PLAIN | STYLED},
    {"layers/network_beside", network_small, NORMAL | WIDE | TALL},
    {"layers/chosen", layers_chosen, SMALL | NORMAL | STYLED},
    {"error/epochs", epochs, SMALL | NORMAL | LARGE | HUGE_SIZE | PLAIN},
    {"error/epochs_live", epochs_live, SMALL | NORMAL},
    {"error/layers", errors, SMALL | NORMAL | LARGE | PLAIN},
    {"error/widths", widths, SMALL | NORMAL | LARGE},
    {"error/clipping", clipping, NORMAL | WIDE | TALL},
    {"loss/ladder", ladder, SMALL | NORMAL | LARGE | HUGE_SIZE | PLAIN | STYLED},
    {"loss/ladder_violated", ladder_violated, SMALL | STYLED},
    {"loss/ladder_unbounded", ladder_unbounded, SMALL | NORMAL},
    {"loss/by_layer", loss_by_layer, SMALL | NORMAL | LARGE | HUGE_SIZE},
    {"accuracy/by_layer", accuracy_by_layer, SMALL | NORMAL | LARGE},
    {"accuracy/by_image", accuracy_by_image, SMALL | NORMAL | LARGE},
    {"accuracy/plans", accuracy_plans, SMALL | NORMAL | LARGE | HUGE_SIZE},
    {"accuracy/changed", changed_images, SMALL | NORMAL | WIDE | TALL | PLAIN | STYLED},
    {"accuracy/changed_by_class", changed_images_by_class, NORMAL | WIDE | TALL},
    {"accuracy/changed_early", changed_images_early, NORMAL},
    {"accuracy/unlabelled", accuracy_unlabelled, NORMAL},
    {"overlays/details", details, SMALL | NORMAL | LARGE | HUGE_SIZE | PLAIN},
    {"overlays/details_inputs", details_inputs, NORMAL | LARGE},
    {"overlays/details_scrolled", details_scrolled, SMALL | NORMAL},
    {"error/layers_pinned", pinned_errors, NORMAL | WIDE | TALL | PLAIN | STYLED},
    {"error/epochs_pinned", pinned_epochs, NORMAL | WIDE | PLAIN},
    {"error/widths_pinned", pinned_widths, NORMAL | WIDE | PLAIN},
    {"loss/ladder_pinned", pinned_ladder_bars, NORMAL | WIDE | TALL | PLAIN},
    {"accuracy/by_layer_pinned", pinned_depth, NORMAL | WIDE | PLAIN},
    {"accuracy/plans_pinned", pinned_plans, NORMAL | WIDE | TALL | PLAIN | STYLED},
    {"whole/pinned_restored", pinned_restored, WIDE | TALL},
    {"overlays/details_stale", details_stale, NORMAL | WIDE},
    {"accuracy/plans_by_bitops", accuracy_plans_by_bitops, NORMAL | WIDE | TALL},
    {"overlays/visited_plans", visited_plans, SMALL | NORMAL | WIDE | TALL | PLAIN},
    {"overlays/visited_plans_sorted", visited_plans_sorted, NORMAL | WIDE | TALL | STYLED},
    {"overlays/difference", difference, SMALL | NORMAL | WIDE | TALL},
    {"overlays/help", keys, SMALL | NORMAL | LARGE},
    {"overlays/question", question, SMALL | NORMAL},
    {"lesson/early", lesson_early, NORMAL},
};

/* Draws the scene in all its forms and compares them with the file, or writes the file again. */
static void check_screen(const char *file, const Scene *scene, int wanted)
{
    Drawn drawn = {0};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        if (wanted & forms[f].flag) draw(&drawn, scene, forms[f].size, forms[f].unicode, forms[f].styles);
    compare_with_file(&drawn.text, file);
    drawn_free(&drawn);
}

static void screens_are_as_recorded(void **state)
{
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        Recorded *recorded = recorded_create();
        assert_non_null(recorded);
        if (screens[i].set) screens[i].set(recorded);
        check_screen(screens[i].file, &recorded->scene, screens[i].forms);
        recorded_free(recorded);
    }
}

static void lesson_is_as_recorded(void **state)
{
    for (size_t i = 0; i < lesson_step_count(); i++) {
        char file[32];
        bool ends = i == 0 || i + 1 == lesson_step_count();
        Recorded *recorded = recorded_create();
        assert_non_null(recorded);
        lesson_set_up(&recorded->scene, i);
        snprintf(file, sizeof file, "lesson/%zu", i + 1);
        check_screen(file, &recorded->scene, (i == 0 ? SMALL : 0) | NORMAL | LARGE | (ends ? HUGE_SIZE : 0));
        recorded_free(recorded);
    }
}

/* --- what holds for every scene and size -------------------------------------------------------------- */

/* Draws numbers from one stream. */
typedef struct Dice {
    uint64_t seed, count;
} Dice;

static size_t roll(Dice *dice, size_t sides)
{
    return (size_t)(random_bits(dice->seed, dice->count++, 0, 0) % sides);
}

static double odd_number(Dice *dice)
{
    static const double numbers[] = {0, -1, 1, 1e-300, 1e300, 3e-5, 0.5, 7};
    size_t i = roll(dice, sizeof numbers / sizeof *numbers + 2);
    return i == 0 ? (double)NAN : i == 1 ? (double)INFINITY : numbers[i - 2];
}

static void shake_layer(Recorded *recorded, size_t l, Dice *dice)
{
    LayerSnapshot *state = &recorded->states[l];
    LayerResult *result = &recorded->solved[l].result;
    double *figures[] = {&result->rounding_error,
                         &result->bitsplit_error,
                         &result->polished_error,
                         &result->heldout_error,
                         &result->sqnr_db,
                         &result->ridge,
                         &state->accumulated_error,
                         &state->estimate[4],
                         &state->measured[3],
                         &state->local[3],
                         &state->input_floor,
                         &state->rounding_estimate[5],
                         &state->methods[METHOD_GPTQ],
                         &recorded->steps[l].spectral,
                         &recorded->steps[l].hybrid,
                         &recorded->steps[l].frobenius,
                         &recorded->steps[l].local_error,
                         &recorded->traces[l][1].error,
                         &recorded->steps[l].lambda,
                         &recorded->norms[l].upper};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (roll(dice, 3) == 0) *figures[i] = odd_number(dice);
    state->state = (LayerState)roll(dice, LAYER_FLOAT + 1);
    if (roll(dice, 4) == 0) state->solved = NULL;
    if (roll(dice, 4) == 0) recorded->plan->layers[l].weight_bits = BITS_FLOAT;
    if (roll(dice, 6) == 0) result->bits = BITS_FLOAT;
    if (roll(dice, 6) == 0) result->scales = NULL;
    if (roll(dice, 6) == 0)
        recorded->solved[l].weight_histogram = (Histogram){.low = NAN, .high = NAN, .total = 3};
    if (roll(dice, 6) == 0)
        recorded->layers[l].name = "\xe5\xb1\x82/\xe5\x8d\xb7\xe7\xa7\xaf\x01\xff/of a long name";
}

static void shake_snapshot(Recorded *recorded, Dice *dice)
{
    Snapshot *snapshot = &recorded->snapshot;
    Ladder *bound = &snapshot->ladder;
    double *figures[] = {&bound->output_norm,     &bound->frobenius,         &bound->spectral,
                         &bound->hybrid,          &bound->measured,          &snapshot->fraction,
                         &snapshot->seconds_left, &snapshot->ladder_fraction};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (roll(dice, 3) == 0) *figures[i] = odd_number(dice);
    for (size_t l = 0; l < RECORDED_LAYERS; l++) shake_layer(recorded, l, dice);
    snapshot->activity = (Activity)roll(dice, ACTIVITY_FAILED + 1);
    snapshot->layer = roll(dice, 2) ? roll(dice, RECORDED_LAYERS) : NO_INDEX;
    if (roll(dice, 3) == 0) bound->images = 0;
    bound->labelled = roll(dice, 2);
    bound->costliest = roll(dice, 2) ? roll(dice, RECORDED_LAYERS) : NO_INDEX;
    bound->culprit = roll(dice, 2) ? "node" : NULL;
    bound->violation = roll(dice, 4) ? NULL : "spectral above Frobenius";
    snapshot->changes = roll(dice, 3) ? &recorded->changes : NULL;
    recorded->changes.images[roll(dice, RECORDED_CHANGES)].margin = odd_number(dice);
    recorded->scene.changed_by_class = roll(dice, 2);
    snapshot->norms = roll(dice, 2) ? recorded->norms : NULL;
    snapshot->visited_count = roll(dice, RECORDED_VISITS + 1);
    snapshot->visit = roll(dice, 2) ? roll(dice, RECORDED_VISITS) : NO_INDEX;
    snapshot->accuracy.images = roll(dice, 2) * roll(dice, 10000);
    snapshot->accuracy.labelled = roll(dice, 2);
    snapshot->accuracy_current = roll(dice, 2);
    snapshot->ladder_current = roll(dice, 2);
    if (roll(dice, 2) == 0) return;
    snapshot->trace = recorded->traces[3];
    snapshot->trace_count = 1 + roll(dice, 8);
}

static void shake_scene(Recorded *recorded, Dice *dice)
{
    Scene *scene = &recorded->scene;
    static const char *const filters[] = {"", "blocks.8", "nothing like it", "b"};
    shake_snapshot(recorded, dice);
    scene->snapshot = roll(dice, 8) ? &recorded->snapshot : NULL;
    scene->front = (Panel)roll(dice, PANEL_COUNT);
    scene->zoomed = roll(dice, 2);
    for (size_t p = 0; p < PANEL_COUNT; p++) {
        scene->views[p] = (ViewId)roll(dice, VIEW_COUNT);
        scene->chart_cursor[p] = roll(dice, 2) ? roll(dice, 60) : SIZE_MAX;
    }
    scene->sort = (SortKey)roll(dice, SORT_COUNT);
    scene->descending = roll(dice, 2);
    snprintf(scene->filter, sizeof scene->filter, "%s", filters[roll(dice, 4)]);
    scene->first = roll(dice, 40);
    scene->overlay = (OverlayKind)roll(dice, OVERLAY_QUESTION + 1);
    scene->question = roll(dice, 2) ? "Shall it be?" : NULL;
    scene->overlay_first = roll(dice, 90);
    scene->overlay_cursor = roll(dice, 8);
    scene->visited_sort = (VisitedColumn)roll(dice, VISITED_COLUMNS);
    scene->visited_descending = roll(dice, 2);
    scene->visited_evaluated_only = roll(dice, 3) == 0;
    scene->has_visited_mark = roll(dice, 2);
    scene->visited_mark = roll(dice, 8);
    scene->note_count = roll(dice, RECORDED_VISITS + 1);
    recorded->notes[1].deleted = roll(dice, 2);
    recorded->notes[2].pinned = roll(dice, 2);
    snprintf(recorded->notes[3].name, PLAN_NAME_BYTES, "\xe5\xb1\x82 \x01\xff and more of a long name");
    scene->pareto_axis = (ParetoAxis)roll(dice, PARETO_AXES);
    if (roll(dice, 2)) recorded_pin(recorded);
    if (roll(dice, 3) == 0) scene->pinned = NULL;
    scene->lesson = roll(dice, lesson_step_count() + 1);
    scene->prompt = roll(dice, 3) ? NULL : "filter:";
    snprintf(scene->input, sizeof scene->input, "%s",
             "some text \xc3\xa9\xc3\xa9 that is typed, and longer than a line of it");
    scene->input_cursor = roll(dice, strlen(scene->input) + 1);
    scene->stream_count = roll(dice, 40);
    if (roll(dice, 3) == 0) scene->stream_top1[0] = odd_number(dice);
    if (roll(dice, 8) == 0) scene->help_count = 0;
    layer_order_update(scene);
}

/* Each cell has a character, or is the second half of the wide one before it. */
static void check_cells(const Canvas *canvas)
{
    for (int r = 0; r < canvas->rows; r++) {
        for (int c = 0; c < canvas->columns; c++) {
            const CanvasCell *cell = &canvas->cells[r * canvas->columns + c];
            assert_true(cell->style < STYLE_COUNT);
            assert_non_null(memchr(cell->text, 0, CELL_BYTES));
            if (cell->text[0] == 0) assert_true(c > 0 && (unsigned char)cell[-1].text[0] >= 0xe0);
            if (!canvas->unicode) assert_true((unsigned char)cell->text[0] - 0x20 < 0x5f);
        }
    }
}

static void check_target(const Canvas *canvas, const Scene *scene, int row, int column)
{
    Target target = screen_target(canvas, scene, row, column);
    if (target.kind == TARGET_LAYER) assert_true(target.index < scene->order_count);
    const size_t columns = scene->overlay == OVERLAY_VISITS ? VISITED_COLUMNS : SORT_COUNT;
    if (target.kind == TARGET_COLUMN) assert_true(target.index < columns);
    if (target.kind == TARGET_ITEM) assert_true(target.index < scene->snapshot->visited_count);
    assert_true(target.panel < PANEL_COUNT);
}

static void check_scene(Drawn *drawn, const Scene *scene, Size size, Dice *dice)
{
    Canvas *canvas = &drawn->canvas;
    canvas->unicode = roll(dice, 2);
    assert_int_equal(canvas_resize(canvas, size.rows, size.columns, NULL), STATUS_OK);
    screen_draw(canvas, scene);
    check_cells(canvas);
    for (int i = 0; i < 8; i++)
        check_target(canvas, scene, (int)roll(dice, (size_t)size.rows),
                     (int)roll(dice, (size_t)size.columns));
    assert_true(screen_layer_rows(canvas, scene) < (size_t)size.rows);
    screen_scroll_limit(canvas, scene);
    for (Panel panel = 0; panel < PANEL_COUNT; panel++) {
        size_t next = screen_next_point(&drawn->canvas, scene, panel, roll(dice, 2) ? 1 : -1);
        assert_true(next == SIZE_MAX || next < 10000);
    }
}

static void all_scenes_fit_all_sizes(void **state)
{
    static const int columns[] = {1, 2, 5, 12, 30, 39, 40, 41, 56, 79, 80, 99, 100, 120, 143, 149, 150, 200};
    static const int heights[] = {1, 2, 3, 9, 10, 11, 15, 19, 20, 24, 33, 46, 60};
    Drawn drawn = {0};
    Dice dice = {.seed = 4};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        for (size_t j = 0; j < sizeof heights / sizeof *heights; j++) {
            for (int turn = 0; turn < 4; turn++) {
                Recorded *recorded = recorded_create();
                assert_non_null(recorded);
                shake_scene(recorded, &dice);
                check_scene(&drawn, &recorded->scene, (Size){columns[i], heights[j]}, &dice);
                recorded_free(recorded);
            }
        }
    }
    drawn_free(&drawn);
}

static void a_scene_without_a_network_is_blank(void **state)
{
    Drawn drawn = {0};
    Scene scene = {0};
    draw(&drawn, &scene, (Size){40, 10}, true, false);
    assert_string_equal(drawn.text.data, "=== 40 x 10\n\n\n\n\n\n\n\n\n\n\n");
    assert_int_equal(screen_target(&drawn.canvas, &scene, 3, 3).kind, TARGET_NONE);
    drawn_free(&drawn);
}

/* --- pointing and moving ------------------------------------------------------------------------------ */

typedef struct Stage {
    Recorded *recorded;
    Scene *scene;
    Canvas canvas;
} Stage;

static Stage make_stage(Size size)
{
    Stage stage = {.recorded = recorded_create()};
    assert_non_null(stage.recorded);
    stage.scene = &stage.recorded->scene;
    stage.canvas.unicode = true;
    assert_int_equal(canvas_resize(&stage.canvas, size.rows, size.columns, NULL), STATUS_OK);
    return stage;
}

static void stage_free(Stage *stage)
{
    canvas_free(&stage->canvas);
    recorded_free(stage->recorded);
}

/* The row of the canvas that holds the text; -1: none. */
static int find_row(const Canvas *canvas, const char *text)
{
    Text dump = {0};
    int row = 0, found = -1;
    canvas_dump(&dump, canvas, false);
    assert_false(dump.failed);
    const char *at = strstr(dump.data, text);
    for (const char *c = dump.data; at && c < at; c++) row += *c == '\n';
    if (at) found = row;
    text_free(&dump);
    return found;
}

static void a_click_finds_the_layer_that_is_drawn_there(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    stage.scene->zoomed = true;
    stage.scene->sort = SORT_ERROR;
    layer_order_update(stage.scene);
    screen_draw(&stage.canvas, stage.scene);
    Target target = screen_target(&stage.canvas, stage.scene, find_row(&stage.canvas, "blocks.3.a.0"), 12);
    assert_int_equal(target.kind, TARGET_LAYER);
    assert_int_equal(stage.scene->order[target.index], 7);
    stage_free(&stage);
}

static void a_click_on_the_graph_finds_the_layer(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    stage.scene->zoomed = true;
    stage.scene->views[PANEL_LAYERS] = VIEW_LAYERS_NETWORK;
    screen_draw(&stage.canvas, stage.scene);
    const int row = find_row(&stage.canvas, "blocks.2.b.0");
    Target target = screen_target(&stage.canvas, stage.scene, row, 12);
    assert_int_equal(target.kind, TARGET_LAYER);
    assert_int_equal(stage.scene->order[target.index], 6);
    target = screen_target(&stage.canvas, stage.scene, row + 1, 12); /* the Add */
    assert_int_equal(target.kind, TARGET_PANEL);
    stage_free(&stage);
}

static void a_click_on_a_title_finds_its_column(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    stage.scene->zoomed = true;
    screen_draw(&stage.canvas, stage.scene);
    static const struct {
        int column;
        SortKey sort;
    } expected[] = {{4, SORT_INDEX},  {8, SORT_NAME},   {23, SORT_WEIGHT_BITS},   {26, SORT_ACTIVATION_BITS},
                    {45, SORT_ERROR}, {58, SORT_SHARE}, {67, SORT_SHARE_PER_KIB}, {75, SORT_SIZE}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        Target target = screen_target(&stage.canvas, stage.scene, 2, expected[i].column);
        assert_int_equal(target.kind, TARGET_COLUMN);
        assert_int_equal(target.index, expected[i].sort);
    }
    assert_int_equal(screen_target(&stage.canvas, stage.scene, 1, 8).kind, TARGET_PANEL);
    assert_int_equal(screen_target(&stage.canvas, stage.scene, 0, 8).kind, TARGET_NONE);
    stage_free(&stage);
}

/* Wherever a point is reported, the panel's cursor put on it draws its line in that column or near. */
static void a_click_on_a_chart_finds_a_plan(void **state)
{
    Stage stage = make_stage((Size){120, 40});
    bool seen[RECORDED_VISITS] = {false};
    accuracy_plans(stage.recorded);
    for (int r = 0; r < 40; r++) {
        for (int c = 0; c < 120; c++) {
            Target target = screen_target(&stage.canvas, stage.scene, r, c);
            if (target.kind != TARGET_POINT) continue;
            assert_int_equal(target.panel, PANEL_ACCURACY);
            assert_true(target.index < RECORDED_VISITS);
            seen[target.index] = true;
        }
    }
    for (size_t i = 0; i < RECORDED_VISITS; i++)
        assert_int_equal(seen[i], i != 5); /* the sixth is not evaluated */
    stage_free(&stage);
}

/* Zoomed, the page of the ladder has the chart of all layers below: its points are found, and the keys walk
 * along them. Where there is no room for the chart there are no points. */
static void a_click_on_the_zoomed_ladder_finds_a_layer(void **state)
{
    Stage stage = make_stage((Size){120, 40});
    bool seen[RECORDED_LAYERS] = {false};
    front(stage.recorded, VIEW_LOSS_LADDER);
    for (int r = 0; r < 40; r++) {
        for (int c = 0; c < 120; c++) {
            const Target target = screen_target(&stage.canvas, stage.scene, r, c);
            if (target.kind != TARGET_POINT) continue;
            assert_int_equal(target.panel, PANEL_LOSS);
            assert_true(target.index < RECORDED_LAYERS);
            seen[target.index] = true;
        }
    }
    size_t found = 0; /* points may lie on top of each other */
    for (size_t l = 0; l < RECORDED_LAYERS; l++) found += seen[l];
    assert_true(found > RECORDED_LAYERS / 2);
    stage.scene->chart_cursor[PANEL_LOSS] = SIZE_MAX;
    assert_int_equal(screen_next_point(&stage.canvas, stage.scene, PANEL_LOSS, 1), 0);
    stage.scene->zoomed = false;
    assert_true(screen_next_point(&stage.canvas, stage.scene, PANEL_LOSS, 1) == SIZE_MAX);
    stage_free(&stage);
}

/* The sentence that ends a comparison, computed anew from the recorded errors. */
static void a_comparison_names_the_winner_and_by_how_much(void **state)
{
    Stage stage = make_stage((Size){120, 40});
    const double *errors = stage.recorded->states[3].methods;
    size_t best = 0, second = SIZE_MAX, tried = 0;
    for (size_t m = 0; m < METHOD_COUNT; m++) tried += isfinite(errors[m]);
    for (size_t m = 1; m < METHOD_COUNT; m++)
        if (errors[m] < errors[best]) best = m;
    for (size_t m = 0; m < METHOD_COUNT; m++)
        if (m != best && isfinite(errors[m]) && (second == SIZE_MAX || errors[m] < errors[second]))
            second = m;
    char expected[128];
    snprintf(expected, sizeof expected, "Best of %zu methods: %s, %s, %.1f %% below %s.", tried,
             method_title((Method)best), figure_number(errors[best]).text,
             100 * (errors[second] - errors[best]) / errors[second], method_title((Method)second));
    Page page;
    epochs(stage.recorded);
    page_fill(&page, stage.scene, VIEW_ERROR_EPOCHS);
    if (!strstr(page.head.text, expected)) fail_msg("'%s' is not in '%s'", expected, page.head.text);
    page_free(&page);
    stage_free(&stage);
}

static void a_click_in_the_list_finds_a_visit(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    visited_plans(stage.recorded);
    screen_draw(&stage.canvas, stage.scene);
    Target target = screen_target(&stage.canvas, stage.scene, find_row(&stage.canvas, "106 KiB"), 20);
    assert_int_equal(target.kind, TARGET_ITEM);
    assert_int_equal(target.index, 2);
    assert_int_equal(screen_target(&stage.canvas, stage.scene, 20, 20).kind, TARGET_NONE);
    stage_free(&stage);
}

static void the_chart_cursor_walks_along_x(void **state)
{
    static const size_t by_size[] = {3, 2, 4, 0, 1}; /* plans from the smallest on */
    Stage stage = make_stage((Size){120, 40});
    Scene *scene = stage.scene;
    accuracy_plans(stage.recorded);
    scene->chart_cursor[PANEL_ACCURACY] = SIZE_MAX;
    for (size_t i = 0; i < 5; i++) {
        scene->chart_cursor[PANEL_ACCURACY] = screen_next_point(&stage.canvas, scene, PANEL_ACCURACY, 1);
        assert_int_equal(scene->chart_cursor[PANEL_ACCURACY], by_size[i]);
    }
    assert_true(screen_next_point(&stage.canvas, scene, PANEL_ACCURACY, 1) == SIZE_MAX);
    assert_int_equal(screen_next_point(&stage.canvas, scene, PANEL_ACCURACY, -1), 0);
    scene->chart_cursor[PANEL_ACCURACY] = SIZE_MAX;
    assert_int_equal(screen_next_point(&stage.canvas, scene, PANEL_ACCURACY, -1), 1);
    assert_true(screen_next_point(&stage.canvas, scene, PANEL_LAYERS, 1) == SIZE_MAX);
    stage_free(&stage);
}

static void an_overlay_scrolls_to_its_end_and_no_further(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    keys(stage.recorded);
    size_t limit = screen_scroll_limit(&stage.canvas, stage.scene);
    assert_true(limit > 0);
    screen_draw(&stage.canvas, stage.scene);
    assert_int_equal(find_row(&stage.canvas, "this list"), -1);
    for (size_t beyond = 0; beyond < 100; beyond += 99) {
        stage.scene->overlay_first = limit + beyond;
        screen_draw(&stage.canvas, stage.scene);
        assert_int_equal(find_row(&stage.canvas, "this list"), 21);
    }
    stage_free(&stage);
}

/* --- names -------------------------------------------------------------------------------------------- */

/* In a paragraph a line feed would start a row, and a long name push away what follows it. */
static void odd_names_leave_running_text_in_its_place(void **state)
{
    char name[5001];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    const char *const odd[][2] = {{"a\nb", "Costs most: a\\x0ab, "}, {name, "Costs most: …nnn"}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        Stage stage = make_stage((Size){80, 24});
        ladder(stage.recorded);
        stage.recorded->layers[stage.recorded->snapshot.ladder.costliest].name = (char *)odd[i][0];
        screen_draw(&stage.canvas, stage.scene);
        assert_true(find_row(&stage.canvas, odd[i][1]) > 0);
        assert_true(find_row(&stage.canvas, "Certified: ") > 0);
        stage_free(&stage);
    }
}

/* --- order -------------------------------------------------------------------------------------------- */

static void layers_are_ordered_by_every_key(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    Scene *scene = stage.scene;
    stage.recorded->states[5].solved = NULL;
    static const size_t first[SORT_COUNT] = {0, 1, 1, 1, 0, 0, 20, 0},
                        last[SORT_COUNT] = {21, 0, 21, 0, 5, 1, 9, 20};
    for (SortKey key = 0; key < SORT_COUNT; key++) {
        scene->sort = key;
        layer_order_update(scene);
        assert_int_equal(scene->order_count, RECORDED_LAYERS);
        if (key == SORT_ACTIVATION_BITS) continue; /* all alike: by index */
        assert_int_equal(scene->order[0], first[key]);
        assert_int_equal(scene->order[RECORDED_LAYERS - 1], last[key]);
    }
    stage_free(&stage);
}

static void what_is_not_known_comes_last_both_ways(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    stage.recorded->states[5].solved = NULL;
    stage.scene->sort = SORT_ERROR;
    for (int turn = 0; turn < 2; turn++) {
        stage.scene->descending = turn == 1;
        layer_order_update(stage.scene);
        assert_int_equal(stage.scene->order[RECORDED_LAYERS - 1], 5);
    }
    assert_int_equal(stage.scene->order[0], 9);
    stage_free(&stage);
}

static void a_filter_keeps_the_cursor_on_its_layer(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    Scene *scene = stage.scene;
    layer_order_go(scene, 14);
    snprintf(scene->filter, sizeof scene->filter, "BLOCKS.6");
    layer_order_update(scene);
    assert_int_equal(scene->order_count, 3);
    assert_int_equal(scene_layer(scene), 14);
    snprintf(scene->filter, sizeof scene->filter, "stem");
    layer_order_update(scene);
    assert_int_equal(scene_layer(scene), 0);
    snprintf(scene->filter, sizeof scene->filter, "none of them");
    layer_order_update(scene);
    assert_true(scene_layer(scene) == NO_INDEX);
    scene->filter[0] = 0;
    layer_order_update(scene);
    assert_int_equal(scene->order_count, RECORDED_LAYERS);
    stage_free(&stage);
}

/* --- what is said ------------------------------------------------------------------------------------- */

/* The text of a layer's row in the table, zoomed at 140 columns, where all columns are shown. */
static void read_row(char text[512], Stage *stage, size_t layer)
{
    Text dump = {0};
    screen_draw(&stage->canvas, stage->scene);
    canvas_dump(&dump, &stage->canvas, false);
    char name[64];
    snprintf(name, sizeof name, " %s ", stage->recorded->layers[layer].name);
    const char *at = strstr(dump.data, name);
    assert_non_null(at);
    snprintf(text, 512, "%.*s", (int)strcspn(at, "\n"), at);
    text_free(&dump);
}

/* The cell of a row and a column of a CSV file. */
static double csv_number(const char *csv, size_t row, const char *column)
{
    size_t at = 0;
    const char *header = csv;
    for (size_t length = strcspn(header, ",\r"); strncmp(header, column, length) != 0 || column[length];
         length = strcspn(header, ",\r"), at++) {
        assert_true(header[length] == ',');
        header += length + 1;
    }
    for (size_t i = 0; i < row + 1; i++) csv = strchr(csv, '\n') + 1;
    for (size_t i = 0; i < at; i++) csv += strcspn(csv, ",") + 1;
    return strtod(csv, NULL);
}

/* The table's shares are those of the rung that its heading names: as in the CSV, and computed anew. */
static void shares_agree_with_the_csv_and_a_recomputation(void **state)
{
    static const char *const columns[] = {"hybrid_share", "spectral_share"};
    Stage stage = make_stage((Size){140, 40});
    const Recorded *recorded = stage.recorded;
    const Result result = {
        .network = &recorded->network, .plan = recorded->plan, .ladder = &recorded->snapshot.ladder};
    layers(stage.recorded);
    scratch_create();
    assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
    char *csv = scratch_read(scratch_path("p.csv")), row[512], expected[96];
    for (Rung rung = RUNG_HYBRID; rung <= RUNG_SPECTRAL; rung++) {
        stage.scene->rung = rung;
        screen_draw(&stage.canvas, stage.scene);
        snprintf(expected, sizeof expected, " %s %%", rung_name(rung));
        assert_int_equal(find_row(&stage.canvas, expected), 2);
        for (size_t l = 0; l < RECORDED_LAYERS; l++) {
            const LadderStep *step = &recorded->steps[l];
            const double part = rung == RUNG_HYBRID ? step->hybrid : step->spectral;
            const double sum = rung == RUNG_HYBRID ? result.ladder->hybrid : result.ladder->spectral;
            const double kib = (double)plan_layer_bytes(recorded->plan, &recorded->network, l) / 1024;
            assert_true(fabs(csv_number(csv, l, columns[rung]) - part / sum) < 1e-8);
            if (rung == RUNG_HYBRID)
                assert_true(fabs(csv_number(csv, l, "hybrid_share_per_kib") - part / sum / kib) < 1e-7);
            snprintf(expected, sizeof expected, " %.1f %6.1f ", 100 * part / sum, 100 * part / sum / kib);
            read_row(row, &stage, l);
            if (!strstr(row, expected)) fail_msg("'%s' does not show '%s'", row, expected);
        }
    }
    free(csv);
    scratch_remove();
    stage_free(&stage);
}

/* The paired change and its interval, computed anew. */
static void change_text(char text[64], size_t lost, size_t gained, size_t images)
{
    const double n = (double)images + 2, down = (double)lost + 0.5, up = (double)gained + 0.5;
    const double middle = (up - down) / n,
                 half = 1.959963984540054 * sqrt(up + down - n * middle * middle) / n;
    snprintf(text, 64, "%+.2f [%+.2f, %+.2f]", 100 * ((double)gained - (double)lost) / (double)images,
             100 * (middle - half), 100 * (middle + half));
}

/* The line of a plan in the list, as it is drawn. */
static void read_visited_line(char text[512], Stage *stage, const char *start)
{
    Text dump = {0};
    screen_draw(&stage->canvas, stage->scene);
    canvas_dump(&dump, &stage->canvas, false);
    const char *at = strstr(dump.data, start);
    assert_non_null(at);
    snprintf(text, 512, "%.*s", (int)strcspn(at, "\n"), at);
    text_free(&dump);
}

static void expect_in_line(const char *line, const char *format, ...)
{
    char expected[96];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    if (!strstr(line, expected)) fail_msg("'%s' does not show '%s'", line, expected);
}

/* Each figure of the list of visited plans, computed anew from the plan and the counts of images; size,
 * BitOps and bits from the columns of the plan's CSV. */
static void the_list_of_plans_agrees_with_the_csv_and_a_recomputation(void **state)
{
    Stage stage = make_stage((Size){160, 40});
    Recorded *recorded = stage.recorded;
    visited_plans(recorded);
    plan_set_activation_bits(recorded->visited_plans[3], &recorded->network, 8);
    recorded->visited_plans[3]->layers[7].method = METHOD_GPTQ;
    recorded->visited[3].totals = plan_totals(recorded->visited_plans[3], &recorded->network);
    scratch_create();
    for (size_t i = 0; i < 5; i++) {
        const VisitedPlan *visit = &recorded->visited[i];
        const Result result = {.network = &recorded->network, .plan = visit->plan};
        char line[512], start[32], change[64];
        double bytes = 0, bitops = 0, bits = 0, weights = 0;
        assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
        char *csv = scratch_read(scratch_path("p.csv"));
        for (size_t l = 0; l < RECORDED_LAYERS; l++) {
            const Layer *layer = &recorded->layers[l];
            const double count = (double)(layer->m * layer->n), width = csv_number(csv, l, "weight_bits");
            const double input = csv_number(csv, l, "activation_bits"); /* 0: "float" */
            bytes += csv_number(csv, l, "bytes");
            bitops += csv_number(csv, l, "macs") * width * (input > 0 ? input : 32);
            weights += count;
            bits += count * width;
        }
        snprintf(start, sizeof start, " %zu %s", i + 1, recorded->notes[i].name);
        read_visited_line(line, &stage, start);
        change_text(change, visit->accuracy.lost, visit->accuracy.gained, 10000);
        expect_in_line(line, " %s ", change);
        expect_in_line(line, " %s ", figure_bytes((size_t)bytes).text);
        expect_in_line(line, " %s ", figure_quantity(bitops).text);
        expect_in_line(line, " %.2f ", bits / weights);
        expect_in_line(line, " %.2f %% ", 100 * (double)visit->certified[CERTIFIED_NORMS] / 1024);
        expect_in_line(line, " %.2f ", (double)visit->accuracy.quantized.top1_correct / 100);
        expect_in_line(line, i == 3 ? " mixed " : " bitsplit ");
        free(csv);
    }
    scratch_remove();
    stage_free(&stage);
}

static void expect_order(const Scene *scene, const char *numbers)
{
    char text[32] = "";
    size_t count, *order = visited_order(&count, scene);
    for (size_t i = 0; i < count; i++) text[i] = (char)('0' + scene->snapshot->visited[order[i]]->number);
    assert_string_equal(text, numbers);
    free(order);
}

static void the_list_of_plans_is_sorted_and_filtered(void **state)
{
    Stage stage = make_stage((Size){140, 40});
    Scene *scene = stage.scene;
    visited_plans(stage.recorded);
    expect_order(scene, "123456");
    scene->visited_sort = VISITED_SIZE;
    expect_order(scene, "643512");
    screen_draw(&stage.canvas, scene);
    assert_int_equal(find_row(&stage.canvas, "size▲"), 2);
    scene->visited_sort = VISITED_CHANGE;
    scene->visited_descending = true;
    expect_order(scene, "213546"); /* the last was never evaluated */
    scene->visited_evaluated_only = true;
    expect_order(scene, "21354");
    scene->visited_descending = false;
    scene->visited_evaluated_only = false;
    expect_order(scene, "453126");
    scene->visited_sort = VISITED_NAME;
    expect_order(scene, "512346"); /* those without a name come last */
    stage.recorded->notes[0].deleted = true;
    expect_order(scene, "52346");
    for (VisitedColumn c = 0; c < VISITED_COLUMNS; c++) { /* the sorted column is seen at every width */
        scene->visited_sort = c;
        for (int columns = 60; columns <= 140; columns += 40) {
            assert_int_equal(canvas_resize(&stage.canvas, 30, columns, NULL), STATUS_OK);
            screen_draw(&stage.canvas, scene);
            if (find_row(&stage.canvas, "▲") != 2) fail_msg("%s at %d", visited_column_name(c), columns);
        }
    }
    stage_free(&stage);
}

/* At 100 columns the shares are narrow, and stand before what the network's file says. */
static void the_share_stays_on_a_small_screen(void **state)
{
    Stage stage = make_stage((Size){100, 30});
    screen_draw(&stage.canvas, stage.scene);
    assert_int_equal(find_row(&stage.canvas, "hybrid"), 2);
    assert_int_equal(find_row(&stage.canvas, " kind "), -1);
    stage_free(&stage);
}

/* A bit's gain and cost: from solves where both widths have one, otherwise from estimates, and marked. */
static void a_bits_gain_is_marked_where_it_is_estimated(void **state)
{
    Stage stage = make_stage((Size){140, 40});
    layers(stage.recorded);
    for (size_t l = 2; l < 5; l++) {
        const LayerSnapshot *layer = &stage.recorded->states[l];
        const bool solved = l == 3; /* the layer that was solved at every width */
        const double *errors = solved ? layer->local : layer->estimate;
        const double share = stage.recorded->steps[l].hybrid / stage.recorded->snapshot.ladder.hybrid;
        char row[512], expected[2][48];
        for (int i = 0; i < 2; i++)
            snprintf(expected[i], sizeof expected[i], " %s%+.1f ", solved ? "" : "~",
                     100 * share * (sqrt(errors[i ? 3 : 5] / errors[4]) - 1));
        read_row(row, &stage, l);
        for (int i = 0; i < 2; i++)
            if (!strstr(row, expected[i])) fail_msg("'%s' does not show '%s'", row, expected[i]);
    }
    stage.recorded->plan->layers[3].weight_bits = 5; /* the ladder is of the plan before */
    assert_true(isnan(layer_bit_change(stage.scene, 3, 1).points));
    assert_true(isnan(layer_share_per_kib(stage.scene, 3)));
    stage_free(&stage);
}

/* The caption's range is that of the drawn errors, and "about four" is said where they agree. */
static void the_widths_caption_says_what_is_drawn(void **state)
{
    Stage stage = make_stage((Size){200, 60});
    LayerSnapshot *layer = &stage.recorded->states[3];
    widths(stage.recorded);
    screen_draw(&stage.canvas, stage.scene);
    assert_true(find_row(&stage.canvas, "divides the solved squared error by 4, about four") > 0);
    layer->local[8] = layer->local[7] / 1.2;
    screen_draw(&stage.canvas, stage.scene);
    assert_true(find_row(&stage.canvas, "divides the solved squared error by 1.2 to 4. ") > 0);
    for (unsigned bits = 2; bits <= 8; bits++) layer->local[bits] = NAN;
    screen_draw(&stage.canvas, stage.scene);
    assert_true(find_row(&stage.canvas, "divides the estimated squared error by 4, about four") > 0);
    assert_true(find_row(&stage.canvas, "floor 1.75e-4") > 0);
    layer->input_floor = 1e-14; /* behind float layers */
    screen_draw(&stage.canvas, stage.scene);
    assert_int_equal(find_row(&stage.canvas, "floor 1.75e-4"), -1);
    stage_free(&stage);
}

/* The live figure and the curve are errors, as the CSV's and the levels of methods: without the ridge. */
static void the_live_figure_is_the_curves_last_point(void **state)
{
    Stage stage = make_stage((Size){120, 40});
    epochs_live(stage.recorded);
    const SolveProgress *last = &stage.recorded->traces[8][5];
    assert_true(last->objective > 1.2 * last->error);
    assert_true(scene_error(stage.scene, 8) == last->error);
    assert_true(scene_rounding_error(stage.scene, 8) == stage.recorded->solved[8].result.rounding_error);
    Page page;
    page_fill(&page, stage.scene, VIEW_ERROR_EPOCHS);
    assert_non_null(strstr(page.head.text, figure_number(last->error).text));
    const Series *digits = &page.plot.chart.series[0];
    assert_true(digits->y[digits->count - 1] == last->error);
    page_free(&page);
    stage_free(&stage);
}

/* A method without digits has one curve, of whole codes, and the text names no digits. */
static void digits_are_named_where_the_method_has_them(void **state)
{
    Stage stage = make_stage((Size){120, 40});
    epochs(stage.recorded);
    Page page;
    page_fill(&page, stage.scene, VIEW_ERROR_EPOCHS);
    assert_string_equal(page.plot.chart.series[0].name, "digits");
    assert_non_null(strstr(page.words.text, "one sweep over one digit"));
    page_free(&page);
    stage.recorded->solved[3].result.method = METHOD_KBEST;
    for (size_t i = 1; i < stage.recorded->solved[3].trace_count; i++)
        stage.recorded->traces[3][i].stage = SOLVE_STAGE_CODES;
    page_fill(&page, stage.scene, VIEW_ERROR_EPOCHS);
    const Series *codes = &page.plot.chart.series[0];
    assert_string_equal(codes->name, "whole codes");
    assert_int_equal(codes->count, stage.recorded->solved[3].trace_count);
    assert_true(isfinite(codes->y[0]));
    assert_null(strstr(page.words.text, "digit"));
    page_free(&page);
    stage_free(&stage);
}

/* Solved, with polish: the curve ends at the figure that is printed, and that methods are compared by. */
static void the_curve_ends_at_the_figure_beside_it(void **state)
{
    Stage stage = make_stage((Size){120, 40});
    epochs(stage.recorded);
    Page page;
    page_fill(&page, stage.scene, VIEW_ERROR_EPOCHS);
    const LayerSnapshot *layer = &stage.recorded->states[3];
    const Series *codes = &page.plot.chart.series[1];
    assert_true(codes->y[codes->count - 1] == layer->solved->result.polished_error);
    assert_true(layer->methods[METHOD_BITSPLIT] == layer->solved->result.polished_error);
    assert_non_null(strstr(page.head.text, figure_number(layer->solved->result.polished_error).text));
    page_free(&page);
    stage_free(&stage);
}

static void the_title_shows_the_paired_change(void **state)
{
    Stage stage = make_stage((Size){140, 40});
    char change[64], title[96];
    change_text(change, 20, 16, 10000);
    snprintf(title, sizeof title, "top-1 93.50, %s against float  ", change);
    screen_draw(&stage.canvas, stage.scene);
    assert_int_equal(find_row(&stage.canvas, title), 0);
    assert_int_equal(find_row(&stage.canvas, "earlier plan"), -1);
    stage.recorded->plan->layers[3].weight_bits = 3; /* not evaluated yet */
    for (int columns = 40; columns <= 140; columns += 50) {
        assert_int_equal(canvas_resize(&stage.canvas, 40, columns, NULL), STATUS_OK);
        screen_draw(&stage.canvas, stage.scene);
        assert_int_equal(find_row(&stage.canvas, columns < 80 ? "(93.50 %)" : "(earlier plan)"), 0);
    }
    stage_free(&stage);
}

static void accuracy_by_depth_shows_its_interval(void **state)
{
    Stage stage = make_stage((Size){200, 60});
    accuracy_by_layer(stage.recorded);
    const Ladder *bound = &stage.recorded->snapshot.ladder;
    char change[64], text[128];
    Page page;
    page_fill(&page, stage.scene, VIEW_ACCURACY_LAYERS);
    for (size_t l = 3; l < RECORDED_LAYERS; l += RECORDED_LAYERS - 4) { /* the selected layer, and the last */
        const LadderStep *step = &bound->steps[l];
        change_text(change, step->lost, step->gained, bound->images);
        snprintf(text, sizeof text, ": %s points; images lost %zu, gained %zu", change, step->lost,
                 step->gained);
        if (!strstr(page.head.text, text)) fail_msg("'%s' does not say '%s'", page.head.text, text);
        const double low = page.plot.chart.series[0].y[l], high = page.plot.chart.series[1].y[l];
        const double top1 = page.plot.chart.series[2].y[l];
        assert_true(low < top1 && top1 < high);
        const Interval interval = interval_paired(step->lost, step->gained, bound->images);
        assert_true(fabs(low - (double)bound->correct / 1024 - interval.low) < 1e-12);
        assert_true(fabs(high - (double)bound->correct / 1024 - interval.high) < 1e-12);
    }
    assert_null(strstr(page.words.text, "cost"));
    page_free(&page);
    stage_free(&stage);
}

static void only_the_weights_part_of_a_contribution_changes(void **state)
{
    assert_true(fabs(contribution_factor(0.04, 0.01, NAN) - 0.5) < 1e-12);
    assert_true(fabs(contribution_factor(0.04, 0.01, 0.04) - 0.5) < 1e-12);
    assert_true(fabs(contribution_factor(0.04, 0, 0.16) - sqrt(0.75)) < 1e-12);
    assert_true(isnan(contribution_factor(0, 0.01, NAN)) && isnan(contribution_factor(NAN, 1, NAN)));
}

/* --- lesson ------------------------------------------------------------------------------------------- */

static void every_step_is_set_up_and_shown(void **state)
{
    for (size_t i = 0; i < lesson_step_count(); i++) {
        Stage stage = make_stage((Size){200, 60});
        lesson_set_up(stage.scene, i);
        if (lesson_awaits_answer(stage.scene)) { /* its view has the answer */
            assert_int_equal(stage.scene->front, PANEL_LAYERS);
            lesson_answer(stage.scene);
        }
        screen_draw(&stage.canvas, stage.scene);
        assert_int_equal(stage.scene->front, view_table[lesson_step(i)->view].panel);
        assert_int_equal(scene_view(stage.scene, stage.scene->front), lesson_step(i)->view);
        assert_true(find_row(&stage.canvas, lesson_step(i)->title) == 1);
        size_t layer = lesson_layer(stage.scene, i);
        if (layer != NO_INDEX) assert_int_equal(scene_layer(stage.scene), layer);
        stage_free(&stage);
    }
    assert_null(lesson_step(lesson_step_count()));
}

static void the_lesson_names_keys_of_the_table(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    for (const char *const *action = lesson_actions; *action; action++) {
        bool found = false;
        for (size_t i = 0; i < stage.scene->help_count; i++)
            found |= stage.scene->help[i].action && strcmp(stage.scene->help[i].action, *action) == 0;
        assert_true(found);
    }
    stage_free(&stage);
}

/* --- the guide ---------------------------------------------------------------------------------------- */

/* All that is said of the page in focus and of the screen's first line. */
static void tell(Text *all, const Scene *scene, const Term *term)
{
    Words words = {0};
    guide_tell_term(&words, scene, term);
    text_append(all, "%s\n", words.text);
}

static void tell_all(Text *all, const Scene *scene)
{
    const Term *term;
    text_free(all);
    for (size_t i = 0; (term = guide_page_term(scene, i)) != NULL; i++) tell(all, scene, term);
    for (size_t i = 0; (term = guide_header_term(i)) != NULL; i++) tell(all, scene, term);
    assert_false(all->failed);
}

static void assert_tells(const Text *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void assert_tells(const Text *words, const char *format, ...)
{
    char expected[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    if (!strstr(words->data, expected)) fail_msg("'%s' is not in:\n%s", expected, words->data);
}

/* Every page of every panel is explained, with and without figures. */
static void every_page_is_explained(void **state)
{
    for (ViewId view = 0; view < VIEW_COUNT; view++) {
        for (Moment moment = MOMENT_OPENING; moment <= MOMENT_DONE; moment++) {
            Stage stage = make_stage((Size){80, 24});
            Words page = {0};
            Text all = {0};
            recorded_show(stage.recorded, moment);
            front(stage.recorded, view);
            guide_tell_page(&page, stage.scene);
            assert_true(page.length > 40);
            tell_all(&all, stage.scene);
            text_free(&all);
            stage_free(&stage);
        }
    }
}

/* The guide's figures, computed anew from what was recorded. */
static void the_guide_has_the_figures_of_now(void **state)
{
    Stage stage = make_stage((Size){80, 24});
    const Ladder *bound = &stage.recorded->snapshot.ladder;
    Text words = {0};
    size_t most = 0;
    char change[64];
    for (size_t l = 0; l < RECORDED_LAYERS; l++)
        if (bound->steps[l].hybrid > bound->steps[most].hybrid) most = l;
    layers(stage.recorded);
    tell_all(&words, stage.scene);
    assert_tells(&words, "Now the hybrid bound's largest share is %.1f %% of %s.",
                 100 * bound->steps[most].hybrid / bound->hybrid, stage.recorded->layers[most].name);
    change_text(change, 20, 16, 10000);
    assert_tells(&words, "Now %s, neither a loss nor a gain is shown.", change);
    assert_tells(&words, "Now 93.50 %% on 10,000 images");
    guide_of_the_ladder(stage.recorded);
    tell_all(&words, stage.scene);
    assert_tells(&words, "Now %s.", figure_number(bound->hybrid / bound->output_norm).text);
    assert_tells(&words, "Now %s.", figure_number(bound->measured / bound->output_norm).text);
    for (Certificate c = CERTIFIED_NORMS; c <= CERTIFIED_BY_STAGE; c++)
        assert_tells(&words, "%s %.2f %%", certificate_name(c),
                     100 * (double)bound->certified[c] / (double)bound->images);
    guide_of_the_widths(stage.recorded);
    tell_all(&words, stage.scene);
    const size_t here = scene_layer(stage.scene);
    assert_tells(&words, "no bit width comes below it. Now %s: %s.", stage.recorded->layers[here].name,
                 figure_number(stage.recorded->states[here].input_floor).text);
    text_free(&words);
    stage_free(&stage);
}

/* The panel that is explained stays in sight where the panels stand in pairs. */
static void an_explanation_stands_beside_its_panel(void **state)
{
    for (Panel panel = 0; panel < PANEL_COUNT; panel++) {
        Stage stage = make_stage((Size){120, 40});
        stage.scene->front = panel;
        const bool left = panel == PANEL_LAYERS || panel == PANEL_LOSS;
        screen_draw(&stage.canvas, stage.scene);
        const int row = find_row(&stage.canvas, left ? "blocks.2.b.0" : "RTN 4.21e-3");
        stage.scene->overlay = OVERLAY_GUIDE;
        screen_draw(&stage.canvas, stage.scene);
        assert_int_equal(find_row(&stage.canvas, left ? "blocks.2.b.0" : "RTN 4.21e-3"), row);
        assert_true(find_row(&stage.canvas, "Explained: ") > 0);
        stage_free(&stage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens_are_as_recorded),
        cmocka_unit_test(lesson_is_as_recorded),
        cmocka_unit_test(all_scenes_fit_all_sizes),
        cmocka_unit_test(a_scene_without_a_network_is_blank),
        cmocka_unit_test(a_click_finds_the_layer_that_is_drawn_there),
        cmocka_unit_test(a_click_on_the_graph_finds_the_layer),
        cmocka_unit_test(a_click_on_a_title_finds_its_column),
        cmocka_unit_test(a_click_on_a_chart_finds_a_plan),
        cmocka_unit_test(a_click_on_the_zoomed_ladder_finds_a_layer),
        cmocka_unit_test(a_comparison_names_the_winner_and_by_how_much),
        cmocka_unit_test(a_click_in_the_list_finds_a_visit),
        cmocka_unit_test(the_chart_cursor_walks_along_x),
        cmocka_unit_test(an_overlay_scrolls_to_its_end_and_no_further),
        cmocka_unit_test(odd_names_leave_running_text_in_its_place),
        cmocka_unit_test(layers_are_ordered_by_every_key),
        cmocka_unit_test(what_is_not_known_comes_last_both_ways),
        cmocka_unit_test(a_filter_keeps_the_cursor_on_its_layer),
        cmocka_unit_test(shares_agree_with_the_csv_and_a_recomputation),
        cmocka_unit_test(the_list_of_plans_agrees_with_the_csv_and_a_recomputation),
        cmocka_unit_test(the_list_of_plans_is_sorted_and_filtered),
        cmocka_unit_test(the_share_stays_on_a_small_screen),
        cmocka_unit_test(a_bits_gain_is_marked_where_it_is_estimated),
        cmocka_unit_test(the_widths_caption_says_what_is_drawn),
        cmocka_unit_test(the_live_figure_is_the_curves_last_point),
        cmocka_unit_test(the_curve_ends_at_the_figure_beside_it),
        cmocka_unit_test(digits_are_named_where_the_method_has_them),
        cmocka_unit_test(the_title_shows_the_paired_change),
        cmocka_unit_test(accuracy_by_depth_shows_its_interval),
        cmocka_unit_test(only_the_weights_part_of_a_contribution_changes),
        cmocka_unit_test(every_page_is_explained),
        cmocka_unit_test(the_guide_has_the_figures_of_now),
        cmocka_unit_test(an_explanation_stands_beside_its_panel),
        cmocka_unit_test(every_step_is_set_up_and_shown),
        cmocka_unit_test(the_lesson_names_keys_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
