/* SPDX-License-Identifier: MIT */
#include "app/explorer/budget_page.h"

#include "app/cli/choose_options.h"
#include "app/explorer/actions.h"
#include "app/explorer/prompt.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEPS 100 /* of the cursor, over the front */

/* --- the front --------------------------------------------------------------------------------------- */

void budget_forget(Session *session)
{
    BudgetPage *page = &session->budget;
    front_free(page->front);
    chooser_free(page->chooser);
    plan_drop(page->plan);
    forecast_free(&page->forecast);
    *page = (BudgetPage){0};
    session->scene.budget = &page->scene;
}

/* The plan without the bits that are chosen: where it is the same, so is the front. */
static Status make_key(char key[65], const Scene *scene, Message *message)
{
    Plan *plan;
    Status status = plan_copy(&plan, scene->plan, message);
    for (size_t l = 0; status == STATUS_OK && l < plan->layer_count; l++) {
        const bool chosen = plan->layers[l].weight_bits != BITS_FLOAT && plan->layers[l].grid == GRID_UNIFORM;
        if (chosen && !scene->marked[l]) layer_plan_set_bits(&plan->layers[l], BITS_MIN);
    }
    if (status == STATUS_OK) plan_hash(key, plan);
    plan_drop(plan);
    return status;
}

static Status make_front(Session *session, const char key[65], Message *message)
{
    BudgetPage *page = &session->budget;
    const Scene *scene = &session->scene;
    ChooseRules rules = choose_rules();
    rules.pinned = scene->marked;
    const double most = page->scene.most;
    char waiting[sizeof page->waiting];
    memcpy(waiting, page->waiting, sizeof waiting);
    budget_forget(session);
    page->scene.most = most;
    memcpy(page->waiting, waiting, sizeof waiting);
    Status status = forecast_copy(&page->forecast, &session->snapshot->forecast, message);
    if (status == STATUS_OK)
        status =
            chooser_create(&page->chooser, scene->network, scene->plan, &page->forecast, &rules, message);
    if (status == STATUS_OK) status = chooser_front(&page->front, page->chooser, COST_BYTES, message);
    if (status != STATUS_OK) return status;
    memcpy(page->key, key, sizeof page->key);
    page->scene.front = page->front;
    page->scene.forecast = &page->forecast;
    page->scene.pinned = scene->marked_count;
    return STATUS_OK;
}

/* The exact choice within the budget under the cursor. */
static void choose(Session *session)
{
    BudgetPage *page = &session->budget;
    BudgetScene *scene = &page->scene;
    CostLimits limits = cost_limits_none();
    Chosen chosen;
    if (!page->front) return;
    plan_drop(page->plan);
    page->plan = NULL;
    scene->present = plan_choice(session->scene.plan, session->scene.network, &page->forecast, NULL);
    if (scene->most <= 0) scene->most = scene->present.costs[COST_BYTES];
    limits.most[COST_BYTES] = scene->most;
    if (chooser_choose(&chosen, page->chooser, &limits, NULL) == STATUS_OK) {
        page->plan = chosen.plan;
        scene->sum = chosen.sum;
        scene->proven = chosen.proven;
    }
    scene->plan = page->plan;
}

/* Whether the page is in front of its panel: nothing is computed for a page that nobody looks at. */
static bool is_shown(const Session *session)
{
    return scene_view(&session->scene, PANEL_ACCURACY) == VIEW_ACCURACY_BUDGET;
}

static bool move_to(Session *session, const char *text);

void budget_follow(Session *session)
{
    BudgetPage *page = &session->budget;
    Message message = {0};
    char key[65];
    session->scene.budget = &page->scene;
    if (!is_shown(session) || !session->snapshot || !session->snapshot->forecast_complete) return;
    Status status = make_key(key, &session->scene, &message);
    const bool stale = strcmp(key, page->key) != 0;
    if (status == STATUS_OK && stale) status = make_front(session, key, &message);
    if (status == STATUS_INVALID)
        return; /* the sensitivities are of other activation bits: newer ones will come */
    if (status != STATUS_OK) {
        session_fail(session, status, &message);
        page->waiting[0] = 0;
        return;
    }
    const double before = page->scene.present.error;
    page->scene.present = plan_choice(session->scene.plan, session->scene.network, &page->forecast, NULL);
    if (stale || !page->plan || page->scene.present.error < before || page->scene.present.error > before)
        choose(session);
    if (!page->waiting[0]) return;
    const bool found = move_to(session, page->waiting);
    page->waiting[0] = 0;
    page->scene.waiting = false;
    if (found) budget_adopt(session);
}

/* --- the cursor -------------------------------------------------------------------------------------- */

static void move_cursor(Session *session, double most)
{
    session->budget.scene.most = most;
    choose(session);
}

void budget_step(Session *session, int direction)
{
    const BudgetPage *page = &session->budget;
    const Front *front = page->front;
    if (!front) {
        session_tell(session, "the layers' sensitivities come first");
        return;
    }
    const double low = front->points[0].costs[COST_BYTES],
                 high = front->points[front->count - 1].costs[COST_BYTES];
    const double at = fmin(fmax(page->scene.most, low), high), target = at + direction * (high - low) / STEPS;
    size_t point = front_find(front, fmin(fmax(target, low), high));
    if (direction > 0 && front->points[point].costs[COST_BYTES] <= at && point + 1 < front->count) point++;
    if (direction < 0 && front->points[point].costs[COST_BYTES] >= at && point > 0) point--;
    if (direction > 0 ? at >= high : at <= low)
        session_tell(session, direction > 0 ? "this is the largest plan" : "this is the smallest plan");
    move_cursor(session, front->points[point].costs[COST_BYTES]);
}

/* "-0.3", "0.3 points": the smallest plan that is predicted to lose no more points of top-1, or of agreement
 * where there are no labels. */
static bool parse_points(double *most, const char *text, const BudgetPage *page)
{
    double points;
    const char *rest;
    const bool negative = *text == '-';
    if (!number_parse(&points, &rest, text + negative)) return false;
    while (*rest == ' ') rest++;
    const bool named = strcmp(rest, "points") == 0 || strcmp(rest, "point") == 0;
    if (!named && !(negative && !*rest)) return false;
    for (size_t i = 0; i < page->front->count; i++) {
        const Prediction prediction = forecast_predict(&page->forecast, page->front->points[i].error);
        const double change =
            page->forecast.labelled ? prediction.change.expected : prediction.agreement.expected - 1;
        *most = page->front->points[i].costs[COST_BYTES];
        if (prediction.known && change >= -points / 100) return true;
    }
    return true;
}

/* False where the text is no budget. */
static bool move_to(Session *session, const char *text)
{
    CostKind kind;
    double most;
    if (!session->budget.front) return false;
    if (!parse_points(&most, text, &session->budget) &&
        (!budget_parse(&kind, &most, text, session->scene.network) || kind != COST_BYTES))
        return false;
    move_cursor(session, most);
    return true;
}

/* --- keys -------------------------------------------------------------------------------------------- */

void budget_adopt(Session *session)
{
    Message message = {0};
    const BudgetScene *scene = &session->budget.scene;
    if (!scene->plan) {
        session_warn(session,
                     scene->front ? "no plan is that small" : "the layers' sensitivities come first");
        return;
    }
    if (plan_equal(scene->plan, session->scene.plan)) {
        session_tell(session, "the best plan of that size is the present plan");
        return;
    }
    Status status = history_push(session->workspace->history, scene->plan, &message);
    if (status != STATUS_OK) {
        session_fail(session, status, &message);
        return;
    }
    session_follow_plan(session);
    session_tell(session, "the best plan of at most %.1f KiB%s: u undoes", scene->most / 1024,
                 scene->proven ? "" : " that was found");
}

/* The slider follows while a budget is typed. */
static void type_budget(Session *session, const char *line)
{
    (void)move_to(session, line);
}

static void accept_budget(Session *session, const char *line)
{
    BudgetPage *page = &session->budget;
    CostKind kind;
    double most;
    if (page->front && move_to(session, line)) {
        budget_adopt(session);
    } else if (!page->front && (budget_parse(&kind, &most, line, session->scene.network) ||
                                strchr(line, '-') || strstr(line, "point"))) {
        snprintf(page->waiting, sizeof page->waiting, "%s", line);
        page->scene.waiting = true;
        session_tell(session, "the plan is chosen once the layers' sensitivities are known");
    } else {
        session_warn(session, "'%s' is no budget: write 105K, 3.5 bits or -0.3 points", line);
    }
}

void act_budget(Session *session, int unused)
{
    static const Prompt prompt = {.label = "budget",
                                  .hint = "105K, 3.5 bits, -0.3 points; Enter adopts; Esc, then h and l step",
                                  .accepted = accept_budget,
                                  .typed = type_budget};
    (void)unused;
    action_show_view(session, VIEW_ACCURACY_BUDGET);
    worker_foresee(session->workspace->worker, true);
    budget_follow(session);
    prompt_start(session, &prompt, "");
}
