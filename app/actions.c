#include "app/actions.h"

#include "app/autosave.h"
#include "app/edit.h"
#include "app/output_check.h"
#include "app/path.h"
#include "app/prompt.h"
#include "base/sizes.h"
#include "views/character.h"
#include "views/layer_order.h"
#include "views/lesson.h"
#include "views/screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OVERLAY_MARGIN 6 /* header, footer, frame, and two rows that are seen on both pages */

/* --- moving ----------------------------------------------------------------------------------------- */

/* Rows of the layers' table, or of what is in front of it. */
static size_t page_rows(const Desk *desk)
{
    const size_t rows = desk->scene.overlay == OVERLAY_NONE  ? screen_layer_rows(&desk->canvas, &desk->scene)
                        : desk->canvas.rows > OVERLAY_MARGIN ? (size_t)(desk->canvas.rows - OVERLAY_MARGIN)
                                                             : 1;
    return size_max(rows, 1);
}

static void keep_in_sight(Desk *desk)
{
    Scene *scene = &desk->scene;
    const size_t rows = page_rows(desk);
    if (scene->cursor < scene->first) scene->first = scene->cursor;
    if (scene->cursor >= scene->first + rows) scene->first = scene->cursor - rows + 1;
}

/* Moves within `count`, by `step` or to either end. */
static size_t moved(size_t from, size_t count, long step)
{
    if (count == 0) return 0;
    if (step < 0) return (size_t)-step > from ? 0 : from - (size_t)-step;
    return size_min(from + (size_t)step, count - 1);
}

static void move_layers(Desk *desk, long step)
{
    desk->scene.cursor = moved(desk->scene.cursor, desk->scene.order_count, step);
    keep_in_sight(desk);
}

static size_t visit_count(const Desk *desk)
{
    return desk->snapshot ? desk->snapshot->visit_count : 0;
}

static void move(Desk *desk, long step)
{
    if (desk->scene.overlay == OVERLAY_VISITS)
        desk->scene.overlay_cursor = moved(desk->scene.overlay_cursor, visit_count(desk), step);
    else
        move_layers(desk, step);
}

#define FAR 1000000000L

static void act_up(Desk *desk)
{
    move(desk, -1);
}

static void act_down(Desk *desk)
{
    move(desk, 1);
}

static void act_first(Desk *desk)
{
    move(desk, -FAR);
}

static void act_last(Desk *desk)
{
    move(desk, FAR);
}

static void act_page_up(Desk *desk)
{
    move(desk, -(long)page_rows(desk));
}

static void act_page_down(Desk *desk)
{
    move(desk, (long)page_rows(desk));
}

static void go_to(Desk *desk, size_t layer)
{
    layer_order_go(&desk->scene, layer);
    keep_in_sight(desk);
}

static size_t largest_error(const Snapshot *snapshot)
{
    size_t worst = NETWORK_NONE;
    for (size_t l = 0; l < snapshot->layer_count; l++) {
        const double error = layer_error(&snapshot->layers[l]);
        if (!isnan(error) && (worst == NETWORK_NONE || error > layer_error(&snapshot->layers[worst])))
            worst = l;
    }
    return worst;
}

static void act_worst(Desk *desk)
{
    const Snapshot *snapshot = desk->snapshot;
    if (!snapshot) return;
    const Ladder *ladder = &snapshot->ladder;
    const bool bounded = ladder->images > 0 && ladder->costliest != NETWORK_NONE && ladder->hybrid > 0;
    const size_t worst = bounded ? ladder->costliest : largest_error(snapshot);
    if (worst == NETWORK_NONE) {
        desk_tell(desk, "no layer's cost is known yet");
        return;
    }
    const ShortName name = character_short_name(desk->scene.network->layers[worst].name);
    go_to(desk, worst);
    if (scene_layer(&desk->scene) != worst)
        desk_tell(desk, "'%s' costs most: the filter hides it", name.text);
    else if (bounded)
        desk_tell(desk, "'%s' costs most: %.1f %% of the hybrid bound", name.text,
                  100 * ladder->steps[worst].hybrid / ladder->hybrid);
    else
        desk_tell(desk, "'%s' has the largest reconstruction error", name.text);
}

/* --- marking, sorting, filtering -------------------------------------------------------------------- */

static void set_mark(Scene *scene, size_t layer, bool mark)
{
    if (scene->marked[layer] == mark) return;
    scene->marked[layer] = mark;
    scene->marked_count += mark ? 1 : (size_t)-1;
}

static void act_mark(Desk *desk)
{
    const size_t layer = scene_layer(&desk->scene);
    if (layer == NETWORK_NONE) return;
    set_mark(&desk->scene, layer, !desk->scene.marked[layer]);
    move_layers(desk, 1);
}

static void act_mark_all(Desk *desk)
{
    Scene *scene = &desk->scene;
    bool all = true;
    for (size_t i = 0; i < scene->order_count; i++) all &= scene->marked[scene->order[i]];
    for (size_t i = 0; i < scene->order_count; i++) set_mark(scene, scene->order[i], !all);
}

static void sort_by(Desk *desk, SortKey sort)
{
    Scene *scene = &desk->scene;
    scene->sort = sort;
    scene->descending = sort == SORT_ERROR || sort == SORT_SHARE || sort == SORT_SIZE;
    layer_order_update(scene);
    keep_in_sight(desk);
}

static void act_sort(Desk *desk)
{
    sort_by(desk, (SortKey)((desk->scene.sort + 1) % SORT_COUNT));
}

static void act_reverse(Desk *desk)
{
    desk->scene.descending = !desk->scene.descending;
    layer_order_update(&desk->scene);
    keep_in_sight(desk);
}

static void set_filter(Desk *desk, const char *filter)
{
    snprintf(desk->scene.filter, sizeof desk->scene.filter, "%s", filter);
    layer_order_update(&desk->scene);
    keep_in_sight(desk);
}

static void act_filter(Desk *desk)
{
    memcpy(desk->kept_filter, desk->scene.filter, sizeof desk->kept_filter);
    desk->kept_layer = scene_layer(&desk->scene);
    prompt_start(desk, PROMPT_FILTER, "filter", desk->scene.filter);
}

/* One thing at a time. */
static void act_escape(Desk *desk)
{
    Scene *scene = &desk->scene;
    if (scene->chart_cursor[scene->front] != SIZE_MAX) {
        scene->chart_cursor[scene->front] = SIZE_MAX;
    } else if (scene->lesson) {
        scene->lesson = 0;
    } else if (scene->filter[0]) {
        set_filter(desk, "");
    } else if (scene->marked_count) {
        memset(scene->marked, 0, scene->network->layer_count * sizeof *scene->marked);
        scene->marked_count = 0;
    } else {
        scene->zoomed = false;
    }
}

/* --- choosing --------------------------------------------------------------------------------------- */

/* An edit of the plan: true where it changed something. */
typedef bool Edit(Plan *plan, const EditScope *scope, int argument);

/* What is marked and shown, or the layer under the cursor where nothing is marked: what a person does not see
 * does not change. */
static void choose_layers(bool *chosen, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    for (size_t i = 0; i < scene->order_count; i++) {
        const size_t shown = scene->order[i];
        chosen[shown] = scene->marked_count ? scene->marked[shown] : shown == layer;
    }
}

static Status apply(bool *changed, Plan *plan, const Desk *desk, Edit *edit, int argument, Message *message)
{
    const Scene *scene = &desk->scene;
    bool *chosen = calloc(size_max(scene->network->layer_count, 1), sizeof *chosen);
    if (!chosen) return status_no_memory(message, "the layers to change");
    choose_layers(chosen, scene);
    *changed = edit(plan, &(EditScope){.network = scene->network, .chosen = chosen}, argument);
    free(chosen);
    return STATUS_OK;
}

static bool shows_what_it_would_change(const Scene *scene)
{
    for (size_t i = 0; i < scene->order_count; i++)
        if (!scene->marked_count || scene->marked[scene->order[i]]) return true;
    return false;
}

/* Edits the marked layers, or the one under the cursor. False where nothing changed. */
static bool change(Desk *desk, Edit *edit, int argument)
{
    Plan plan;
    bool changed = false;
    Message message = {{0}};
    Status status = plan_copy(&plan, desk->scene.plan, &message);
    if (status == STATUS_OK) status = apply(&changed, &plan, desk, edit, argument, &message);
    if (status == STATUS_OK && changed) status = history_push(desk->study->history, &plan, &message);
    if (status == STATUS_OK && changed) desk_follow_plan(desk);
    if (status != STATUS_OK) desk_fail(desk, status, &message);
    if (!shows_what_it_would_change(&desk->scene)) desk_tell(desk, "nothing is changed: the filter hides it");
    plan_free(&plan);
    return changed;
}

static bool weight_bits(Plan *plan, const EditScope *scope, int bits)
{
    return edit_weight_bits(plan, scope, (unsigned)bits);
}

static void act_weight_bits(Desk *desk)
{
    change(desk, weight_bits, desk->key - '0');
}

static void act_weight_float(Desk *desk)
{
    change(desk, weight_bits, BITS_FLOAT);
}

static void act_raise(Desk *desk)
{
    change(desk, edit_step_weight_bits, 1);
}

static void act_lower(Desk *desk)
{
    change(desk, edit_step_weight_bits, -1);
}

static void act_ask_input_bits(Desk *desk)
{
    desk->asks_width = true;
    desk_tell(desk, "activation bits: 2 to 8, f for float, Esc to leave them");
}

static bool input_bits(Plan *plan, const EditScope *scope, int bits)
{
    return edit_input_bits(plan, scope, (unsigned)bits);
}

static bool only_first(const Desk *desk)
{
    const Scene *scene = &desk->scene;
    const size_t layer = scene_layer(scene);
    return !scene->marked_count && layer != NETWORK_NONE && scene->network->layers[layer].first;
}

static void change_inputs(Desk *desk, Edit *edit, int argument)
{
    if (!change(desk, edit, argument) && only_first(desk))
        desk_tell(desk, "this layer reads the network's input, which stays float");
}

static void act_input_bits(Desk *desk)
{
    desk->asks_width = false;
    change_inputs(desk, input_bits, desk->key - '0');
}

static void act_input_float(Desk *desk)
{
    desk->asks_width = false;
    change_inputs(desk, input_bits, BITS_FLOAT);
}

static bool cycle_input_bits(Plan *plan, const EditScope *scope, int unused)
{
    (void)unused;
    return edit_cycle_input_bits(plan, scope);
}

static void act_cycle_input_bits(Desk *desk)
{
    change_inputs(desk, cycle_input_bits, 0);
}

static bool next_method(Plan *plan, const EditScope *scope, int unused)
{
    (void)unused;
    return edit_next_method(plan, scope);
}

static void act_method(Desk *desk)
{
    const size_t layer = scene_layer(&desk->scene);
    if (change(desk, next_method, 0) && layer != NETWORK_NONE)
        desk_tell(desk, "%s", method_summary(desk->scene.plan->layers[layer].method));
}

static bool other_mode(Plan *plan, const EditScope *scope, int unused)
{
    (void)scope, (void)unused;
    plan->options.mode = plan->options.mode == MODE_SEQUENTIAL ? MODE_INDEPENDENT : MODE_SEQUENTIAL;
    return true;
}

static void act_mode(Desk *desk)
{
    change(desk, other_mode, 0);
    desk_tell(desk, desk->scene.plan->options.mode == MODE_SEQUENTIAL
                        ? "sequential: a layer is calibrated behind quantized ones, and makes up for them"
                        : "independent: a layer is calibrated behind float ones");
}

static bool toggle(Plan *plan, const EditScope *scope, int option)
{
    (void)scope;
    bool *flag = option == ACTION_COMPENSATED ? &plan->options.error_compensated
                 : option == ACTION_POLISH    ? &plan->options.polish
                                              : &plan->options.bias_correction;
    *flag = !*flag;
    return true;
}

static void act_compensated(Desk *desk)
{
    change(desk, toggle, ACTION_COMPENSATED);
    desk_tell(desk,
              desk->scene.plan->options.error_compensated
                  ? "error-compensated: quantized inputs have a scale a channel, which the weights' codes "
                    "make up for"
                  : "quantized inputs have one scale");
}

static void act_polish(Desk *desk)
{
    change(desk, toggle, ACTION_POLISH);
    desk_tell(desk, desk->scene.plan->options.polish ? "polish: descent over whole codes after bit-split"
                                                     : "bit-split alone");
}

static void act_bias_correction(Desk *desk)
{
    change(desk, toggle, ACTION_BIAS_CORRECTION);
    desk_tell(desk, desk->scene.plan->options.bias_correction ? "biases make up for shifted means"
                                                              : "float biases are kept");
}

static void act_undo(Desk *desk)
{
    if (history_undo(desk->study->history))
        desk_follow_plan(desk);
    else
        desk_tell(desk, "nothing to undo");
}

static void act_redo(Desk *desk)
{
    if (history_redo(desk->study->history))
        desk_follow_plan(desk);
    else
        desk_tell(desk, "nothing to redo");
}

/* --- working ---------------------------------------------------------------------------------------- */

static void act_pause(Desk *desk)
{
    desk->scene.paused = !desk->scene.paused;
    worker_pause(desk->study->worker, desk->scene.paused);
}

static void act_cancel(Desk *desk)
{
    Worker *worker = desk->study->worker;
    const size_t exports = worker_exports(worker);
    if (worker_cancelled(worker)) {
        worker_take_up(worker);
    } else if (worker_busy(worker)) {
        worker_cancel(worker);
        desk_tell(desk, exports ? "cancelled, and with it what was to be exported: x takes the plan up again"
                                : "cancelled: x takes it up again");
    } else {
        desk_tell(desk, "nothing is under way");
    }
}

/* Asks the worker for something about the layer under the cursor. */
static void ask_worker(Desk *desk, Status (*request)(Worker *, size_t, Message *), const char *what)
{
    Message message = {{0}};
    const size_t layer = scene_layer(&desk->scene);
    if (layer == NETWORK_NONE) return;
    if (desk->scene.plan->layers[layer].weight_bits == BITS_FLOAT && request == worker_compare_methods) {
        desk_tell(desk, "this layer's weights are float: choose a width first");
        return;
    }
    Status status = request(desk->study->worker, layer, &message);
    if (status != STATUS_OK)
        desk_fail(desk, status, &message);
    else
        desk_tell(desk, "%s: '%s'", what, character_short_name(desk->scene.network->layers[layer].name).text);
}

static void show_page(Desk *desk, Panel panel, size_t page)
{
    desk->scene.front = panel;
    desk->scene.pages[panel] = page;
    desk->scene.chart_cursor[panel] = SIZE_MAX;
}

static void act_compare(Desk *desk)
{
    show_page(desk, PANEL_ERROR, ERROR_PAGE_EPOCHS);
    ask_worker(desk, worker_compare_methods, "comparing methods");
}

static void act_widths(Desk *desk)
{
    show_page(desk, PANEL_ERROR, ERROR_PAGE_WIDTHS);
    ask_worker(desk, worker_measure_widths, "solving at every width");
}

/* --- looking ---------------------------------------------------------------------------------------- */

static void act_next_panel(Desk *desk)
{
    desk->scene.front = (Panel)((desk->scene.front + 1) % PANEL_COUNT);
}

static void act_previous_panel(Desk *desk)
{
    desk->scene.front = (Panel)((desk->scene.front + PANEL_COUNT - 1) % PANEL_COUNT);
}

static void act_page(Desk *desk)
{
    static const size_t pages[PANEL_COUNT] = {[PANEL_LAYERS] = 1,
                                              [PANEL_ERROR] = ERROR_PAGES,
                                              [PANEL_LOSS] = LOSS_PAGES,
                                              [PANEL_ACCURACY] = ACCURACY_PAGES};
    const Panel front = desk->scene.front;
    if (pages[front] == 1)
        desk_tell(desk, "this panel has one page: Tab goes to the next panel");
    else
        show_page(desk, front, (desk->scene.pages[front] + 1) % pages[front]);
}

static void act_zoom(Desk *desk)
{
    desk->scene.zoomed = !desk->scene.zoomed;
    keep_in_sight(desk);
}

static void move_chart_cursor(Desk *desk, int direction)
{
    Scene *scene = &desk->scene;
    const size_t point = screen_next_point(scene, scene->front, direction);
    if (point != SIZE_MAX)
        scene->chart_cursor[scene->front] = point;
    else if (scene->chart_cursor[scene->front] == SIZE_MAX)
        desk_tell(desk, "no points here: Tab goes to a chart, v to its next page");
}

static void act_cursor_left(Desk *desk)
{
    move_chart_cursor(desk, -1);
}

static void act_cursor_right(Desk *desk)
{
    move_chart_cursor(desk, 1);
}

static void return_to(Desk *desk, size_t index)
{
    if (index >= visit_count(desk)) return;
    Message message = {{0}};
    const Visit *visit = desk->snapshot->visits[index];
    Status status = history_push(desk->study->history, &visit->plan, &message);
    if (status != STATUS_OK) {
        desk_fail(desk, status, &message);
        return;
    }
    desk_follow_plan(desk);
    desk_tell(desk, "back at plan %zu: u undoes", visit->number);
}

static void show_overlay(Desk *desk, OverlayKind overlay)
{
    desk->scene.overlay = overlay;
    desk->scene.overlay_first = desk->scene.overlay_cursor = 0;
}

static void act_enter(Desk *desk)
{
    const Scene *scene = &desk->scene;
    const size_t point = scene->chart_cursor[PANEL_ACCURACY];
    if (scene->front == PANEL_ACCURACY && scene->pages[PANEL_ACCURACY] == ACCURACY_PAGE_PLANS &&
        point != SIZE_MAX)
        return_to(desk, point);
    else if (scene_layer(scene) != NETWORK_NONE)
        show_overlay(desk, OVERLAY_DETAILS);
}

static void act_visits(Desk *desk)
{
    if (visit_count(desk) == 0) {
        desk_tell(desk, "no plan has been visited yet");
        return;
    }
    show_overlay(desk, OVERLAY_VISITS);
    if (desk->snapshot->visit != NETWORK_NONE) desk->scene.overlay_cursor = desk->snapshot->visit;
}

static void act_return_to_visit(Desk *desk)
{
    const size_t index = desk->scene.overlay_cursor;
    desk->scene.overlay = OVERLAY_NONE;
    return_to(desk, index);
}

static void act_help(Desk *desk)
{
    show_overlay(desk, OVERLAY_HELP);
}

static void act_close(Desk *desk)
{
    desk->asks_width = false;
    desk->scene.overlay = OVERLAY_NONE;
}

static void scroll(Desk *desk, long step)
{
    const size_t limit = screen_scroll_limit(&desk->canvas, &desk->scene);
    desk->scene.overlay_first = moved(size_min(desk->scene.overlay_first, limit), limit + 1, step);
}

static void act_scroll_up(Desk *desk)
{
    scroll(desk, -1);
}

static void act_scroll_down(Desk *desk)
{
    scroll(desk, 1);
}

static void act_scroll_page_up(Desk *desk)
{
    scroll(desk, -(long)page_rows(desk));
}

static void act_scroll_page_down(Desk *desk)
{
    scroll(desk, (long)page_rows(desk));
}

/* --- the lesson ------------------------------------------------------------------------------------- */

static void go_to_step(Desk *desk, size_t step)
{
    desk->scene.overlay_first = 0;
    lesson_set_up(&desk->scene, step);
    keep_in_sight(desk);
}

static void act_lesson(Desk *desk)
{
    if (desk->scene.lesson)
        desk->scene.lesson = 0;
    else
        go_to_step(desk, 0);
}

static void act_lesson_next(Desk *desk)
{
    if (!desk->scene.lesson)
        desk_tell(desk, "L starts the lesson");
    else if (desk->scene.lesson < lesson_step_count())
        go_to_step(desk, desk->scene.lesson);
    else
        desk_tell(desk, "this was the lesson's last step: L ends it");
}

static void act_lesson_previous(Desk *desk)
{
    if (desk->scene.lesson > 1)
        go_to_step(desk, desk->scene.lesson - 2);
    else
        desk_tell(desk, desk->scene.lesson ? "this is the first step" : "L starts the lesson");
}

/* --- files ------------------------------------------------------------------------------------------ */

static void start_file_prompt(Desk *desk, PromptKind kind, const char *label, const char *suffix)
{
    char text[STUDY_TITLE + 32];
    snprintf(text, sizeof text, "%s%s", desk->study->title, suffix);
    prompt_start(desk, kind, label, text);
}

static void act_export(Desk *desk)
{
    start_file_prompt(desk, PROMPT_EXPORT, "export to (.csv, .json, .onnx)", "-plan.csv");
}

static void act_save(Desk *desk)
{
    start_file_prompt(desk, PROMPT_SAVE, "save the exploration to (.json)", "-exploration.json");
}

static void act_open(Desk *desk)
{
    prompt_start(desk, PROMPT_OPEN, "open", "");
}

static void export_to(Desk *desk, const char *path)
{
    Message message = {{0}};
    Worker *worker = desk->study->worker;
    const bool busy = worker_busy(worker);
    if (worker_export(worker, desk->scene.plan, path, &message) != STATUS_OK)
        desk_lose(desk, &message);
    else if (busy)
        desk_tell(desk, "'%s' will be written when the plan's results are complete", path);
}

static void save_to(Desk *desk, const char *path)
{
    Message message = {{0}};
    Status status = session_spare_files(&desk->study->session, "exploration", path, &message);
    if (status == STATUS_OK) status = study_save(desk->study, desk->snapshot, path, &message);
    if (status == STATUS_OK)
        desk_tell(desk, "saved '%s': bitstitch FILE, or o, opens it", path);
    else
        desk_lose(desk, &message);
}

static void open_path(Desk *desk, const char *path)
{
    Message message = {{0}}, lost = {{0}};
    const Status kept = autosave_now(desk, &lost);
    Status status = desk_switch(desk, path, &message);
    if (status == STATUS_OK)
        autosave_offer(desk);
    else
        desk_fail(desk, status, &message);
    if (status == STATUS_OK && kept != STATUS_OK)
        desk_warn(desk, "the exploration is not kept: %s", lost.text);
}

/* --- prompts ---------------------------------------------------------------------------------------- */

/* Writes, once the person has agreed to a file's end. */
static void write_or_ask(Desk *desk, Question question, const char *path, void (*write)(Desk *, const char *))
{
    if (access(path, F_OK) != 0) {
        write(desk, path);
        return;
    }
    snprintf(desk->path, sizeof desk->path, "%s", path);
    desk_ask(desk, question, "'%s' is there already. Replace it?", path);
}

static void accept_export(Desk *desk, const char *path)
{
    Message message = {{0}};
    if (!has_suffix(path, ".csv") && !has_suffix(path, ".json") && !has_suffix(path, ".onnx"))
        desk_warn(desk, "'%s': end the name in .csv, .json or .onnx", path);
    else if (output_check(path, &message) != STATUS_OK)
        desk_lose(desk, &message);
    else
        write_or_ask(desk, QUESTION_EXPORT, path, export_to);
}

static void accept_save(Desk *desk, const char *path)
{
    if (has_suffix(path, ".json"))
        write_or_ask(desk, QUESTION_SAVE, path, save_to);
    else
        desk_warn(desk, "'%s': end the name in .json", path);
}

static void accept_open(Desk *desk, const char *path)
{
    const size_t exports = worker_exports(desk->study->worker);
    snprintf(desk->path, sizeof desk->path, "%s", path);
    if (exports)
        desk_ask(desk, QUESTION_OPEN, "%zu exports are not written yet. Leave without?", exports);
    else
        open_path(desk, desk->path);
}

static void accept_filter(Desk *desk, const char *filter)
{
    (void)desk, (void)filter; /* it held as it was typed */
}

static void act_accept(Desk *desk)
{
    static void (*const accept[])(Desk *, const char *) = {[PROMPT_FILTER] = accept_filter,
                                                           [PROMPT_EXPORT] = accept_export,
                                                           [PROMPT_SAVE] = accept_save,
                                                           [PROMPT_OPEN] = accept_open};
    char text[SCENE_PROMPT_BYTES];
    const PromptKind kind = desk->prompt;
    if (kind == PROMPT_FILTER)
        snprintf(text, sizeof text, "%s", desk->scene.input);
    else
        path_expand(text, sizeof text, desk->scene.input);
    prompt_end(desk);
    if (text[0]) accept[kind](desk, text);
}

static void act_abandon(Desk *desk)
{
    if (desk->prompt == PROMPT_FILTER) {
        set_filter(desk, desk->kept_filter);
        if (desk->kept_layer != NETWORK_NONE) go_to(desk, desk->kept_layer);
    }
    prompt_end(desk);
}

/* --- questions -------------------------------------------------------------------------------------- */

static void end_question(Desk *desk)
{
    desk->question = QUESTION_NONE;
    desk->scene.overlay = OVERLAY_NONE;
    desk->scene.question = NULL;
}

static void restore(Desk *desk, const char *path)
{
    Message message = {{0}};
    Status status = desk_restore(desk, path, &message);
    if (status != STATUS_OK) desk_fail(desk, status, &message);
    autosave_settle(desk);
}

static void act_yes(Desk *desk)
{
    const Question question = desk->question;
    end_question(desk);
    switch (question) {
    case QUESTION_QUIT:
        desk->quit = true;
        break;
    case QUESTION_EXPORT:
        export_to(desk, desk->path);
        break;
    case QUESTION_SAVE:
        save_to(desk, desk->path);
        break;
    case QUESTION_RESTORE:
        restore(desk, desk->path);
        break;
    case QUESTION_OPEN:
        open_path(desk, desk->path);
        break;
    case QUESTION_NONE:
        break;
    }
}

static void act_no(Desk *desk)
{
    end_question(desk);
}

/* --- the program ------------------------------------------------------------------------------------ */

static void act_mouse_mode(Desk *desk)
{
    desk->scene.mouse = !desk->scene.mouse;
    desk_tell(desk, desk->scene.mouse ? "the mouse is taken: it selects, scrolls and sorts"
                                      : "the mouse is the terminal's: it marks text");
}

static void act_redraw(Desk *desk)
{
    desk->redraw = true;
}

static void act_suspend(Desk *desk)
{
    desk->suspend = true;
}

static void act_quit(Desk *desk)
{
    const size_t exports = worker_exports(desk->study->worker);
    if (exports)
        desk_ask(desk, QUESTION_QUIT, "%zu export%s not written yet. Quit without?", exports,
                 exports == 1 ? " is" : "s are");
    else
        desk->quit = true;
}

/* --- dispatch --------------------------------------------------------------------------------------- */

typedef void Handler(Desk *desk);

static Handler *const handlers[ACTION_COUNT] = {
    [ACTION_UP] = act_up,
    [ACTION_DOWN] = act_down,
    [ACTION_FIRST] = act_first,
    [ACTION_LAST] = act_last,
    [ACTION_PAGE_UP] = act_page_up,
    [ACTION_PAGE_DOWN] = act_page_down,
    [ACTION_WORST] = act_worst,
    [ACTION_MARK] = act_mark,
    [ACTION_MARK_ALL] = act_mark_all,
    [ACTION_SORT] = act_sort,
    [ACTION_REVERSE] = act_reverse,
    [ACTION_FILTER] = act_filter,
    [ACTION_ESCAPE] = act_escape,
    [ACTION_WEIGHT_BITS] = act_weight_bits,
    [ACTION_WEIGHT_FLOAT] = act_weight_float,
    [ACTION_RAISE] = act_raise,
    [ACTION_LOWER] = act_lower,
    [ACTION_ASK_INPUT_BITS] = act_ask_input_bits,
    [ACTION_INPUT_BITS] = act_input_bits,
    [ACTION_INPUT_FLOAT] = act_input_float,
    [ACTION_CYCLE_INPUT_BITS] = act_cycle_input_bits,
    [ACTION_METHOD] = act_method,
    [ACTION_MODE] = act_mode,
    [ACTION_COMPENSATED] = act_compensated,
    [ACTION_POLISH] = act_polish,
    [ACTION_BIAS_CORRECTION] = act_bias_correction,
    [ACTION_UNDO] = act_undo,
    [ACTION_REDO] = act_redo,
    [ACTION_PAUSE] = act_pause,
    [ACTION_CANCEL] = act_cancel,
    [ACTION_COMPARE] = act_compare,
    [ACTION_WIDTHS] = act_widths,
    [ACTION_NEXT_PANEL] = act_next_panel,
    [ACTION_PREVIOUS_PANEL] = act_previous_panel,
    [ACTION_PAGE] = act_page,
    [ACTION_ZOOM] = act_zoom,
    [ACTION_CURSOR_LEFT] = act_cursor_left,
    [ACTION_CURSOR_RIGHT] = act_cursor_right,
    [ACTION_ENTER] = act_enter,
    [ACTION_VISITS] = act_visits,
    [ACTION_EXPORT] = act_export,
    [ACTION_SAVE] = act_save,
    [ACTION_OPEN] = act_open,
    [ACTION_LESSON] = act_lesson,
    [ACTION_LESSON_NEXT] = act_lesson_next,
    [ACTION_LESSON_PREVIOUS] = act_lesson_previous,
    [ACTION_HELP] = act_help,
    [ACTION_MOUSE] = act_mouse_mode,
    [ACTION_REDRAW] = act_redraw,
    [ACTION_SUSPEND] = act_suspend,
    [ACTION_QUIT] = act_quit,
    [ACTION_CLOSE] = act_close,
    [ACTION_SCROLL_UP] = act_scroll_up,
    [ACTION_SCROLL_DOWN] = act_scroll_down,
    [ACTION_SCROLL_PAGE_UP] = act_scroll_page_up,
    [ACTION_SCROLL_PAGE_DOWN] = act_scroll_page_down,
    [ACTION_RETURN_TO_VISIT] = act_return_to_visit,
    [ACTION_YES] = act_yes,
    [ACTION_NO] = act_no,
    [ACTION_ACCEPT] = act_accept,
    [ACTION_ABANDON] = act_abandon,
    [ACTION_COMPLETE] = prompt_complete,
};

static bool edits_line(Action action)
{
    return action >= ACTION_ERASE && action <= ACTION_INPUT_END;
}

bool action_has_handler(Action action)
{
    return handlers[action] != NULL || edits_line(action);
}

static void act_on_prompt(Desk *desk, Action action, int key)
{
    if (action == ACTION_NONE)
        prompt_type(desk, key);
    else
        prompt_edit(desk, action);
    if (desk->prompt == PROMPT_FILTER) set_filter(desk, desk->scene.input);
}

void act_on_key(Desk *desk, int key)
{
    const KeyContext context = desk_context(desk);
    const Action action = key_action(context, key);
    desk->key = key;
    if (!desk->asks_width || action != ACTION_NONE) desk->scene.notice[0] = 0;
    if (handlers[action])
        handlers[action](desk);
    else if (context == KEYS_PROMPT)
        act_on_prompt(desk, action, key);
}

/* --- the mouse -------------------------------------------------------------------------------------- */

#define WHEEL_ROWS 3

static void act_on_wheel(Desk *desk, const Target *target, long step)
{
    const KeyContext context = desk_context(desk);
    if (context == KEYS_HELP || context == KEYS_DETAILS)
        scroll(desk, step * WHEEL_ROWS);
    else if (context == KEYS_VISITS)
        move(desk, step);
    else if (context == KEYS_PANELS && target->kind != TARGET_NONE && target->panel != PANEL_LAYERS)
        desk->scene.front = target->panel, move_chart_cursor(desk, (int)step);
    else if (context == KEYS_PANELS)
        move(desk, step * WHEEL_ROWS);
}

static void click_point(Desk *desk, const Target *target)
{
    Scene *scene = &desk->scene;
    scene->front = target->panel;
    scene->chart_cursor[target->panel] = target->index;
    if (target->panel == PANEL_ACCURACY && scene->pages[PANEL_ACCURACY] == ACCURACY_PAGE_PLANS)
        return_to(desk, target->index);
}

static void click(Desk *desk, const Target *target)
{
    Scene *scene = &desk->scene;
    switch (target->kind) {
    case TARGET_PANEL:
        scene->front = target->panel;
        break;
    case TARGET_LAYER:
        scene->front = PANEL_LAYERS;
        scene->cursor = size_min(target->index, scene->order_count ? scene->order_count - 1 : 0);
        break;
    case TARGET_COLUMN:
        if (scene->sort == (SortKey)target->index)
            act_reverse(desk);
        else
            sort_by(desk, (SortKey)target->index);
        break;
    case TARGET_POINT:
        click_point(desk, target);
        break;
    case TARGET_ITEM:
        scene->overlay_cursor = target->index;
        break;
    case TARGET_NONE:
        break;
    }
}

void act_on_mouse(Desk *desk, const TerminalEvent *event)
{
    const Target target = screen_target(&desk->canvas, &desk->scene, event->row, event->column);
    const KeyContext context = desk_context(desk);
    desk->scene.notice[0] = 0;
    if (event->mouse == MOUSE_SCROLL_UP || event->mouse == MOUSE_SCROLL_DOWN) {
        act_on_wheel(desk, &target, event->mouse == MOUSE_SCROLL_UP ? -1 : 1);
    } else if (context == KEYS_PANELS || context == KEYS_VISITS) {
        click(desk, &target);
        if (event->mouse == MOUSE_DOUBLE && (target.kind == TARGET_LAYER || target.kind == TARGET_ITEM))
            act_on_key(desk, KEYCODE_ENTER);
    }
}
