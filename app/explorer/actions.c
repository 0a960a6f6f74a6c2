#include "app/explorer/actions.h"

#include "app/cli/output_check.h"
#include "app/cli/path.h"
#include "app/explorer/autosave.h"
#include "app/explorer/edit.h"
#include "app/explorer/prompt.h"
#include "base/sizes.h"
#include "views/canvas/character.h"
#include "views/lesson.h"
#include "views/panels/layer_order.h"
#include "views/screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OVERLAY_MARGIN 6 /* header, footer, frame, and two rows that are seen on both pages */

/* --- moving ----------------------------------------------------------------------------------------- */

/* Rows of the layers' table, or of what is in front of it. */
static size_t page_rows(const Session *session)
{
    const size_t rows =
        session->scene.overlay == OVERLAY_NONE  ? screen_layer_rows(&session->canvas, &session->scene)
        : session->canvas.rows > OVERLAY_MARGIN ? (size_t)(session->canvas.rows - OVERLAY_MARGIN)
                                                : 1;
    return size_max(rows, 1);
}

static void keep_in_sight(Session *session)
{
    Scene *scene = &session->scene;
    const size_t rows = page_rows(session);
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

static void move_layers(Session *session, long step)
{
    session->scene.cursor = moved(session->scene.cursor, session->scene.order_count, step);
    keep_in_sight(session);
}

static size_t visited_count(const Session *session)
{
    return session->snapshot ? session->snapshot->visited_count : 0;
}

static void move(Session *session, long step)
{
    if (session->scene.overlay == OVERLAY_VISITS)
        session->scene.overlay_cursor = moved(session->scene.overlay_cursor, visited_count(session), step);
    else
        move_layers(session, step);
}

#define FAR 1000000000L

static void act_up(Session *session)
{
    move(session, -1);
}

static void act_down(Session *session)
{
    move(session, 1);
}

static void act_first(Session *session)
{
    move(session, -FAR);
}

static void act_last(Session *session)
{
    move(session, FAR);
}

static void act_page_up(Session *session)
{
    move(session, -(long)page_rows(session));
}

static void act_page_down(Session *session)
{
    move(session, (long)page_rows(session));
}

static void go_to(Session *session, size_t layer)
{
    layer_order_go(&session->scene, layer);
    keep_in_sight(session);
}

static size_t largest_error(const Snapshot *snapshot)
{
    size_t worst = NO_INDEX;
    for (size_t l = 0; l < snapshot->layer_count; l++) {
        const double error = layer_error(&snapshot->layers[l]);
        if (!isnan(error) && (worst == NO_INDEX || error > layer_error(&snapshot->layers[worst]))) worst = l;
    }
    return worst;
}

static void act_worst(Session *session)
{
    const Snapshot *snapshot = session->snapshot;
    if (!snapshot) return;
    const Ladder *ladder = &snapshot->ladder;
    const bool bounded = ladder->images > 0 && ladder->costliest != NO_INDEX && ladder->hybrid > 0;
    const size_t worst = bounded ? ladder->costliest : largest_error(snapshot);
    if (worst == NO_INDEX) {
        session_tell(session, "no layer's cost is known yet");
        return;
    }
    const ShortName name = character_short_name(session->scene.network->layers[worst].name);
    go_to(session, worst);
    if (scene_layer(&session->scene) != worst)
        session_tell(session, "'%s' costs most: the filter hides it", name.text);
    else if (bounded)
        session_tell(session, "'%s' costs most: %.1f %% of the hybrid bound", name.text,
                     100 * ladder->steps[worst].hybrid / ladder->hybrid);
    else
        session_tell(session, "'%s' has the largest reconstruction error", name.text);
}

/* --- marking, sorting, filtering -------------------------------------------------------------------- */

static void set_mark(Scene *scene, size_t layer, bool mark)
{
    if (scene->marked[layer] == mark) return;
    scene->marked[layer] = mark;
    scene->marked_count += mark ? 1 : (size_t)-1;
}

static void act_mark(Session *session)
{
    const size_t layer = scene_layer(&session->scene);
    if (layer == NO_INDEX) return;
    set_mark(&session->scene, layer, !session->scene.marked[layer]);
    move_layers(session, 1);
}

static void act_mark_all(Session *session)
{
    Scene *scene = &session->scene;
    bool all = true;
    for (size_t i = 0; i < scene->order_count; i++) all &= scene->marked[scene->order[i]];
    for (size_t i = 0; i < scene->order_count; i++) set_mark(scene, scene->order[i], !all);
}

static void sort_by(Session *session, SortKey sort)
{
    Scene *scene = &session->scene;
    scene->sort = sort;
    scene->descending = sort == SORT_ERROR || sort == SORT_SHARE || sort == SORT_SIZE;
    layer_order_update(scene);
    keep_in_sight(session);
}

static void act_sort(Session *session)
{
    sort_by(session, (SortKey)((session->scene.sort + 1) % SORT_COUNT));
}

static void act_reverse(Session *session)
{
    session->scene.descending = !session->scene.descending;
    layer_order_update(&session->scene);
    keep_in_sight(session);
}

static void set_filter(Session *session, const char *filter)
{
    snprintf(session->scene.filter, sizeof session->scene.filter, "%s", filter);
    layer_order_update(&session->scene);
    keep_in_sight(session);
}

static void act_filter(Session *session)
{
    memcpy(session->kept_filter, session->scene.filter, sizeof session->kept_filter);
    session->kept_layer = scene_layer(&session->scene);
    prompt_start(session, PROMPT_FILTER, "filter", session->scene.filter);
}

/* One thing at a time. */
static void act_escape(Session *session)
{
    Scene *scene = &session->scene;
    if (scene->chart_cursor[scene->front] != SIZE_MAX) {
        scene->chart_cursor[scene->front] = SIZE_MAX;
    } else if (scene->lesson) {
        scene->lesson = 0;
    } else if (scene->filter[0]) {
        set_filter(session, "");
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

static Status apply(bool *changed, Plan *plan, const Session *session, Edit *edit, int argument,
                    Message *message)
{
    const Scene *scene = &session->scene;
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
static bool change(Session *session, Edit *edit, int argument)
{
    Plan *plan = NULL;
    bool changed = false;
    Message message = {{0}};
    Status status = plan_copy(&plan, session->scene.plan, &message);
    if (status == STATUS_OK) status = apply(&changed, plan, session, edit, argument, &message);
    if (status == STATUS_OK && changed) status = history_push(session->subject->history, plan, &message);
    if (status == STATUS_OK && changed) session_follow_plan(session);
    if (status != STATUS_OK) session_fail(session, status, &message);
    if (!shows_what_it_would_change(&session->scene))
        session_tell(session, "nothing is changed: the filter hides it");
    plan_drop(plan);
    return changed;
}

static bool weight_bits(Plan *plan, const EditScope *scope, int bits)
{
    return edit_weight_bits(plan, scope, (unsigned)bits);
}

static void act_weight_bits(Session *session)
{
    change(session, weight_bits, session->key - '0');
}

static void act_weight_float(Session *session)
{
    change(session, weight_bits, BITS_FLOAT);
}

static void act_raise(Session *session)
{
    change(session, edit_step_weight_bits, 1);
}

static void act_lower(Session *session)
{
    change(session, edit_step_weight_bits, -1);
}

static void act_ask_input_bits(Session *session)
{
    session->asks_width = true;
    session_tell(session, "activation bits: 2 to 8, f for float, Esc to leave them");
}

static bool input_bits(Plan *plan, const EditScope *scope, int bits)
{
    return edit_input_bits(plan, scope, (unsigned)bits);
}

static bool only_first(const Session *session)
{
    const Scene *scene = &session->scene;
    const size_t layer = scene_layer(scene);
    return !scene->marked_count && layer != NO_INDEX && scene->network->layers[layer].first;
}

static void change_inputs(Session *session, Edit *edit, int argument)
{
    if (!change(session, edit, argument) && only_first(session))
        session_tell(session, "this layer reads the network's input, which stays float");
}

static void act_input_bits(Session *session)
{
    session->asks_width = false;
    change_inputs(session, input_bits, session->key - '0');
}

static void act_input_float(Session *session)
{
    session->asks_width = false;
    change_inputs(session, input_bits, BITS_FLOAT);
}

static bool cycle_input_bits(Plan *plan, const EditScope *scope, int unused)
{
    (void)unused;
    return edit_cycle_input_bits(plan, scope);
}

static void act_cycle_input_bits(Session *session)
{
    change_inputs(session, cycle_input_bits, 0);
}

static bool next_method(Plan *plan, const EditScope *scope, int unused)
{
    (void)unused;
    return edit_next_method(plan, scope);
}

static void act_method(Session *session)
{
    const size_t layer = scene_layer(&session->scene);
    if (change(session, next_method, 0) && layer != NO_INDEX)
        session_tell(session, "%s", method_summary(session->scene.plan->layers[layer].method));
}

static bool other_mode(Plan *plan, const EditScope *scope, int unused)
{
    (void)scope, (void)unused;
    plan->options.mode = plan->options.mode == MODE_SEQUENTIAL ? MODE_INDEPENDENT : MODE_SEQUENTIAL;
    return true;
}

static void act_mode(Session *session)
{
    change(session, other_mode, 0);
    session_tell(session,
                 session->scene.plan->options.mode == MODE_SEQUENTIAL
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

static void act_compensated(Session *session)
{
    change(session, toggle, ACTION_COMPENSATED);
    session_tell(session,
                 session->scene.plan->options.error_compensated
                     ? "error-compensated: quantized inputs have a scale a channel, which the weights' codes "
                       "make up for"
                     : "quantized inputs have one scale");
}

static void act_polish(Session *session)
{
    change(session, toggle, ACTION_POLISH);
    session_tell(session, session->scene.plan->options.polish
                              ? "polish: descent over whole codes after bit-split"
                              : "bit-split alone");
}

static void act_bias_correction(Session *session)
{
    change(session, toggle, ACTION_BIAS_CORRECTION);
    session_tell(session, session->scene.plan->options.bias_correction ? "biases make up for shifted means"
                                                                       : "float biases are kept");
}

static void act_undo(Session *session)
{
    if (history_undo(session->subject->history))
        session_follow_plan(session);
    else
        session_tell(session, "nothing to undo");
}

static void act_redo(Session *session)
{
    if (history_redo(session->subject->history))
        session_follow_plan(session);
    else
        session_tell(session, "nothing to redo");
}

/* --- working ---------------------------------------------------------------------------------------- */

static void act_pause(Session *session)
{
    session->scene.paused = !session->scene.paused;
    worker_pause(session->subject->worker, session->scene.paused);
}

static void act_cancel(Session *session)
{
    Worker *worker = session->subject->worker;
    const WorkerInfo info = worker_info(worker);
    if (info.cancelled) {
        worker_resume(worker);
    } else if (info.busy) {
        worker_cancel(worker);
        session_tell(session,
                     info.exports
                         ? "cancelled, and with it what was to be exported: x takes the plan up again"
                         : "cancelled: x takes it up again");
    } else {
        session_tell(session, "nothing is under way");
    }
}

/* Asks the worker for something about the layer under the cursor. */
static void ask_worker(Session *session, Status (*request)(Worker *, size_t, Message *), const char *what)
{
    Message message = {{0}};
    const size_t layer = scene_layer(&session->scene);
    if (layer == NO_INDEX) return;
    if (session->scene.plan->layers[layer].weight_bits == BITS_FLOAT && request == worker_compare_methods) {
        session_tell(session, "this layer's weights are float: choose a width first");
        return;
    }
    Status status = request(session->subject->worker, layer, &message);
    if (status != STATUS_OK)
        session_fail(session, status, &message);
    else
        session_tell(session, "%s: '%s'", what,
                     character_short_name(session->scene.network->layers[layer].name).text);
}

static void show_page(Session *session, Panel panel, size_t page)
{
    session->scene.front = panel;
    session->scene.pages[panel] = page;
    session->scene.chart_cursor[panel] = SIZE_MAX;
}

static void act_compare(Session *session)
{
    show_page(session, PANEL_ERROR, ERROR_PAGE_EPOCHS);
    ask_worker(session, worker_compare_methods, "comparing methods");
}

static void act_widths(Session *session)
{
    show_page(session, PANEL_ERROR, ERROR_PAGE_WIDTHS);
    ask_worker(session, worker_measure_widths, "solving at every width");
}

/* --- looking ---------------------------------------------------------------------------------------- */

static void act_next_panel(Session *session)
{
    session->scene.front = (Panel)((session->scene.front + 1) % PANEL_COUNT);
}

static void act_previous_panel(Session *session)
{
    session->scene.front = (Panel)((session->scene.front + PANEL_COUNT - 1) % PANEL_COUNT);
}

static void act_page(Session *session)
{
    static const size_t pages[PANEL_COUNT] = {[PANEL_LAYERS] = 1,
                                              [PANEL_ERROR] = ERROR_PAGES,
                                              [PANEL_LOSS] = LOSS_PAGES,
                                              [PANEL_ACCURACY] = ACCURACY_PAGES};
    const Panel front = session->scene.front;
    if (pages[front] == 1)
        session_tell(session, "this panel has one page: Tab goes to the next panel");
    else
        show_page(session, front, (session->scene.pages[front] + 1) % pages[front]);
}

static void act_zoom(Session *session)
{
    session->scene.zoomed = !session->scene.zoomed;
    keep_in_sight(session);
}

static void move_chart_cursor(Session *session, int direction)
{
    Scene *scene = &session->scene;
    const size_t point = screen_next_point(scene, scene->front, direction);
    if (point != SIZE_MAX)
        scene->chart_cursor[scene->front] = point;
    else if (scene->chart_cursor[scene->front] == SIZE_MAX)
        session_tell(session, "no points here: Tab goes to a chart, v to its next page");
}

static void act_cursor_left(Session *session)
{
    move_chart_cursor(session, -1);
}

static void act_cursor_right(Session *session)
{
    move_chart_cursor(session, 1);
}

static void return_to(Session *session, size_t index)
{
    if (index >= visited_count(session)) return;
    Message message = {{0}};
    const VisitedPlan *visit = session->snapshot->visited[index];
    Status status = history_push(session->subject->history, visit->plan, &message);
    if (status != STATUS_OK) {
        session_fail(session, status, &message);
        return;
    }
    session_follow_plan(session);
    session_tell(session, "back at plan %zu: u undoes", visit->number);
}

static void show_overlay(Session *session, OverlayKind overlay)
{
    session->scene.overlay = overlay;
    session->scene.overlay_first = session->scene.overlay_cursor = 0;
}

static void act_enter(Session *session)
{
    const Scene *scene = &session->scene;
    const size_t point = scene->chart_cursor[PANEL_ACCURACY];
    if (scene->front == PANEL_ACCURACY && scene->pages[PANEL_ACCURACY] == ACCURACY_PAGE_PLANS &&
        point != SIZE_MAX)
        return_to(session, point);
    else if (scene_layer(scene) != NO_INDEX)
        show_overlay(session, OVERLAY_DETAILS);
}

static void act_visits(Session *session)
{
    if (visited_count(session) == 0) {
        session_tell(session, "no plan has been visited yet");
        return;
    }
    show_overlay(session, OVERLAY_VISITS);
    if (session->snapshot->visit != NO_INDEX) session->scene.overlay_cursor = session->snapshot->visit;
}

static void act_return_to_visit(Session *session)
{
    const size_t index = session->scene.overlay_cursor;
    session->scene.overlay = OVERLAY_NONE;
    return_to(session, index);
}

static void act_help(Session *session)
{
    show_overlay(session, OVERLAY_HELP);
}

static void act_close(Session *session)
{
    session->asks_width = false;
    session->scene.overlay = OVERLAY_NONE;
}

static void scroll(Session *session, long step)
{
    const size_t limit = screen_scroll_limit(&session->canvas, &session->scene);
    session->scene.overlay_first = moved(size_min(session->scene.overlay_first, limit), limit + 1, step);
}

static void act_scroll_up(Session *session)
{
    scroll(session, -1);
}

static void act_scroll_down(Session *session)
{
    scroll(session, 1);
}

static void act_scroll_page_up(Session *session)
{
    scroll(session, -(long)page_rows(session));
}

static void act_scroll_page_down(Session *session)
{
    scroll(session, (long)page_rows(session));
}

/* --- the lesson ------------------------------------------------------------------------------------- */

static void go_to_step(Session *session, size_t step)
{
    session->scene.overlay_first = 0;
    lesson_set_up(&session->scene, step);
    keep_in_sight(session);
}

static void act_lesson(Session *session)
{
    if (session->scene.lesson)
        session->scene.lesson = 0;
    else
        go_to_step(session, 0);
}

static void act_lesson_next(Session *session)
{
    if (!session->scene.lesson)
        session_tell(session, "L starts the lesson");
    else if (session->scene.lesson < lesson_step_count())
        go_to_step(session, session->scene.lesson);
    else
        session_tell(session, "this was the lesson's last step: L ends it");
}

static void act_lesson_previous(Session *session)
{
    if (session->scene.lesson > 1)
        go_to_step(session, session->scene.lesson - 2);
    else
        session_tell(session, session->scene.lesson ? "this is the first step" : "L starts the lesson");
}

/* --- files ------------------------------------------------------------------------------------------ */

static void start_file_prompt(Session *session, PromptKind kind, const char *label, const char *suffix)
{
    char text[STUDY_TITLE + 32];
    snprintf(text, sizeof text, "%s%s", session->subject->title, suffix);
    prompt_start(session, kind, label, text);
}

static void act_export(Session *session)
{
    start_file_prompt(session, PROMPT_EXPORT, "export to (.csv, .json, .onnx)", "-plan.csv");
}

static void act_save(Session *session)
{
    start_file_prompt(session, PROMPT_SAVE, "save the exploration to (.json)", "-exploration.json");
}

static void act_open(Session *session)
{
    prompt_start(session, PROMPT_OPEN, "open", "");
}

static void export_to(Session *session, const char *path)
{
    Message message = {{0}};
    Worker *worker = session->subject->worker;
    const bool busy = worker_info(worker).busy;
    if (worker_export(worker, session->scene.plan, path, &message) != STATUS_OK)
        session_lose(session, &message);
    else if (busy)
        session_tell(session, "'%s' will be written when the plan's results are complete", path);
}

static void save_to(Session *session, const char *path)
{
    Message message = {{0}};
    Status status = inputs_spare_files(&session->subject->inputs, "exploration", path, &message);
    if (status == STATUS_OK) status = subject_save(session->subject, session->snapshot, path, &message);
    if (status == STATUS_OK)
        session_tell(session, "saved '%s': bitstitch FILE, or o, opens it", path);
    else
        session_lose(session, &message);
}

static void open_path(Session *session, const char *path)
{
    Message message = {{0}}, lost = {{0}};
    const Status kept = autosave_now(session, &lost);
    Status status = session_switch(session, path, &message);
    if (status == STATUS_OK)
        autosave_offer(session);
    else
        session_fail(session, status, &message);
    if (status == STATUS_OK && kept != STATUS_OK)
        session_warn(session, "the exploration is not kept: %s", lost.text);
}

/* --- prompts ---------------------------------------------------------------------------------------- */

/* Writes, once the person has agreed to a file's end. */
static void write_or_ask(Session *session, Question question, const char *path,
                         void (*write)(Session *, const char *))
{
    if (access(path, F_OK) != 0) {
        write(session, path);
        return;
    }
    snprintf(session->path, sizeof session->path, "%s", path);
    session_ask(session, question, "'%s' is there already. Replace it?", path);
}

static void accept_export(Session *session, const char *path)
{
    Message message = {{0}};
    if (!has_suffix(path, ".csv") && !has_suffix(path, ".json") && !has_suffix(path, ".onnx"))
        session_warn(session, "'%s': end the name in .csv, .json or .onnx", path);
    else if (output_check(path, &message) != STATUS_OK)
        session_lose(session, &message);
    else
        write_or_ask(session, QUESTION_EXPORT, path, export_to);
}

static void accept_save(Session *session, const char *path)
{
    if (has_suffix(path, ".json"))
        write_or_ask(session, QUESTION_SAVE, path, save_to);
    else
        session_warn(session, "'%s': end the name in .json", path);
}

static void accept_open(Session *session, const char *path)
{
    const size_t exports = worker_info(session->subject->worker).exports;
    snprintf(session->path, sizeof session->path, "%s", path);
    if (exports)
        session_ask(session, QUESTION_OPEN, "%zu exports are not written yet. Leave without?", exports);
    else
        open_path(session, session->path);
}

static void accept_filter(Session *session, const char *filter)
{
    (void)session, (void)filter; /* it held as it was typed */
}

static void act_accept(Session *session)
{
    static void (*const accept[])(Session *, const char *) = {[PROMPT_FILTER] = accept_filter,
                                                              [PROMPT_EXPORT] = accept_export,
                                                              [PROMPT_SAVE] = accept_save,
                                                              [PROMPT_OPEN] = accept_open};
    char text[SCENE_PROMPT_BYTES];
    const PromptKind kind = session->prompt;
    if (kind == PROMPT_FILTER)
        snprintf(text, sizeof text, "%s", session->scene.input);
    else
        path_expand(text, sizeof text, session->scene.input);
    prompt_end(session);
    if (text[0]) accept[kind](session, text);
}

static void act_abandon(Session *session)
{
    if (session->prompt == PROMPT_FILTER) {
        set_filter(session, session->kept_filter);
        if (session->kept_layer != NO_INDEX) go_to(session, session->kept_layer);
    }
    prompt_end(session);
}

/* --- questions -------------------------------------------------------------------------------------- */

static void end_question(Session *session)
{
    session->question = QUESTION_NONE;
    session->scene.overlay = OVERLAY_NONE;
    session->scene.question = NULL;
}

static void restore(Session *session, const char *path)
{
    Message message = {{0}};
    Status status = session_restore(session, path, &message);
    if (status != STATUS_OK) session_fail(session, status, &message);
    autosave_settle(session);
}

static void act_yes(Session *session)
{
    const Question question = session->question;
    end_question(session);
    switch (question) {
    case QUESTION_QUIT:
        session->quit = true;
        break;
    case QUESTION_EXPORT:
        export_to(session, session->path);
        break;
    case QUESTION_SAVE:
        save_to(session, session->path);
        break;
    case QUESTION_RESTORE:
        restore(session, session->path);
        break;
    case QUESTION_OPEN:
        open_path(session, session->path);
        break;
    case QUESTION_NONE:
        break;
    }
}

static void act_no(Session *session)
{
    end_question(session);
}

/* --- the program ------------------------------------------------------------------------------------ */

static void act_mouse_mode(Session *session)
{
    session->scene.mouse = !session->scene.mouse;
    session_tell(session, session->scene.mouse ? "the mouse is taken: it selects, scrolls and sorts"
                                               : "the mouse is the terminal's: it marks text");
}

static void act_redraw(Session *session)
{
    session->redraw = true;
}

static void act_suspend(Session *session)
{
    session->suspend = true;
}

static void act_quit(Session *session)
{
    const size_t exports = worker_info(session->subject->worker).exports;
    if (exports)
        session_ask(session, QUESTION_QUIT, "%zu export%s not written yet. Quit without?", exports,
                    exports == 1 ? " is" : "s are");
    else
        session->quit = true;
}

/* --- dispatch --------------------------------------------------------------------------------------- */

typedef void Handler(Session *session);

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

static void act_on_prompt(Session *session, Action action, int key)
{
    if (action == ACTION_NONE)
        prompt_type(session, key);
    else
        prompt_edit(session, action);
    if (session->prompt == PROMPT_FILTER) set_filter(session, session->scene.input);
}

void act_on_key(Session *session, int key)
{
    const KeyContext context = session_context(session);
    const Action action = key_action(context, key);
    session->key = key;
    if (!session->asks_width || action != ACTION_NONE) session->scene.notice[0] = 0;
    if (handlers[action])
        handlers[action](session);
    else if (context == KEYS_PROMPT)
        act_on_prompt(session, action, key);
}

/* --- the mouse -------------------------------------------------------------------------------------- */

#define WHEEL_ROWS 3

static void act_on_wheel(Session *session, const Target *target, long step)
{
    const KeyContext context = session_context(session);
    if (context == KEYS_HELP || context == KEYS_DETAILS)
        scroll(session, step * WHEEL_ROWS);
    else if (context == KEYS_VISITS)
        move(session, step);
    else if (context == KEYS_PANELS && target->kind != TARGET_NONE && target->panel != PANEL_LAYERS)
        session->scene.front = target->panel, move_chart_cursor(session, (int)step);
    else if (context == KEYS_PANELS)
        move(session, step * WHEEL_ROWS);
}

static void click_point(Session *session, const Target *target)
{
    Scene *scene = &session->scene;
    scene->front = target->panel;
    scene->chart_cursor[target->panel] = target->index;
    if (target->panel == PANEL_ACCURACY && scene->pages[PANEL_ACCURACY] == ACCURACY_PAGE_PLANS)
        return_to(session, target->index);
}

static void click(Session *session, const Target *target)
{
    Scene *scene = &session->scene;
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
            act_reverse(session);
        else
            sort_by(session, (SortKey)target->index);
        break;
    case TARGET_POINT:
        click_point(session, target);
        break;
    case TARGET_ITEM:
        scene->overlay_cursor = target->index;
        break;
    case TARGET_NONE:
        break;
    }
}

void act_on_mouse(Session *session, const TerminalEvent *event)
{
    const Target target = screen_target(&session->canvas, &session->scene, event->row, event->column);
    const KeyContext context = session_context(session);
    session->scene.notice[0] = 0;
    if (event->mouse == MOUSE_SCROLL_UP || event->mouse == MOUSE_SCROLL_DOWN) {
        act_on_wheel(session, &target, event->mouse == MOUSE_SCROLL_UP ? -1 : 1);
    } else if (context == KEYS_PANELS || context == KEYS_VISITS) {
        click(session, &target);
        if (event->mouse == MOUSE_DOUBLE && (target.kind == TARGET_LAYER || target.kind == TARGET_ITEM))
            act_on_key(session, KEYCODE_ENTER);
    }
}
