/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/explorer/worker.h"

#include "app/cli/budget.h"
#include "app/cli/commands/outputs.h"
#include "app/cli/forecast_store.h"
#include "app/cli/remedy.h"
#include "app/explorer/worker_state.h"
#include "explore/explorer.h"
#include "quantize/calibrate/calibrate.h"
#include "report/export.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOWER_PRIORITY 5 /* nice */

struct Worker {
    pthread_t thread;
    int wake[2]; /* a pipe: the interface polls 0 */

    /* The thread's own. */
    Inputs *inputs;
    const Exploration *restored;
    bool alike;          /* figures of `restored` were measured as those of this run are */
    bool shows_restored; /* snapshots hold the plans visited in `restored` */
    bool has_images;     /* without them there is nothing to pursue */
    Explorer *explorer;
    const Plan *plan;     /* the newest that the thread has taken, held */
    const Plan *explored; /* the plan that the explorer has, held; NULL before the first */
    bool complete;        /* the explorer has all results of `explored` */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    WorkerState state;
    PlanState plan_state; /* of the newest plan */
    WorkerOrders orders;
    bool paused;
    LadderTiming timing, timed; /* of the ladder: wanted, and what the explorer was told last */
    const Plan *wanted;         /* where orders.new_plan: the newest, held, not taken yet */
    TaskQueue tasks;
    bool foresees, awaits_forecast; /* worker_foresee() */
    bool writing;                   /* an export, in the midst of pursuing */

    /* For worker_take(). */
    Snapshot *newest;     /* not taken yet, or NULL */
    bool newest_restored; /* shows_restored, of the newest snapshot */
    bool taken_restored;  /* shows_restored, of the snapshot taken last */
    Message notice;       /* not taken yet, or "" */
    NewsKind kind;
    ImageHashes hashes;
};

/* --- what the thread tells ---------------------------------------------------------------------------- */

/* Makes worker_descriptor() readable. Where the pipe is full it is readable already. */
static void wake(Worker *worker)
{
    while (write(worker->wake[1], "", 1) < 0 && errno == EINTR) continue;
}

/* A worse notice that was not taken yet is kept. With the lock held. */
static void note(Worker *worker, NewsKind kind, const char *text)
{
    if (kind < worker->kind && worker->notice.text[0]) return;
    status_fail(&worker->notice, STATUS_OK, "%s", text);
    worker->kind = kind;
}

static void tell(Worker *worker, NewsKind kind, const char *text)
{
    pthread_mutex_lock(&worker->lock);
    note(worker, kind, text);
    pthread_mutex_unlock(&worker->lock);
    wake(worker);
}

static void publish(void *context, Snapshot *snapshot)
{
    Worker *worker = context;
    remedy_add(&snapshot->message, worker->inputs->options);
    pthread_mutex_lock(&worker->lock);
    Snapshot *older = worker->newest;
    worker->newest = snapshot;
    worker->newest_restored = worker->shows_restored;
    pthread_mutex_unlock(&worker->lock);
    snapshot_drop(older);
    wake(worker);
}

static bool is_interrupted(const Worker *worker)
{
    return worker_interrupted(worker->state, &worker->orders, &worker->tasks);
}

static void export_networks(Worker *worker);

/* Tells the explorer the ladder's timing. With the lock held. */
static void time_ladder(Worker *worker)
{
    if (worker->timed != worker->timing) explorer_time_ladder(worker->explorer, worker->timing);
    worker->timed = worker->timing;
}

/* The explorer asks between two pieces of work. Waits while paused. */
static bool proceed(void *context)
{
    Worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    if (worker->state == WORKER_PURSUING) export_networks(worker);
    time_ladder(worker);
    while (worker->paused && !is_interrupted(worker)) pthread_cond_wait(&worker->changed, &worker->lock);
    const bool go_on = !is_interrupted(worker);
    pthread_mutex_unlock(&worker->lock);
    return go_on;
}

/* --- opening ---------------------------------------------------------------------------------------- */

/* Reading images is interrupted only where the program ends. */
static bool proceed_opening(void *context, size_t done, size_t total)
{
    (void)done, (void)total;
    Worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    const bool go_on = !worker->orders.stop;
    pthread_mutex_unlock(&worker->lock);
    return go_on;
}

static Status create_explorer(Worker *worker, Message *message)
{
    const Inputs *inputs = worker->inputs;
    const Options *given = inputs->options;
    const Budget budget = budget_now(given);
    /* Without --ladder-images, as many as are calibrated on: what the batch command takes. */
    size_t ladder_images = 0, heldout;
    if (options_given(given, &given->ladder_images))
        ladder_images = given->ladder_images;
    else if (inputs->calibration)
        calibration_split(&ladder_images, &heldout, inputs->plan->options.calibration_images,
                          inputs->calibration->count);
    const ExplorerOptions options = {.pool = inputs->pool,
                                     .memory = budget.left,
                                     .ladder_images = ladder_images,
                                     .evaluation_images = given->evaluation_images,
                                     .proceed = proceed,
                                     .publish = publish,
                                     .context = worker};
    return explorer_create(&worker->explorer, inputs->network, inputs->plan, &options, message);
}

static bool same_images(const char *sha256, const Dataset *images)
{
    return strcmp(sha256, images ? images->sha256 : "") == 0;
}

/* Gives the explorer the plans visited in an earlier run: with their figures where those would be the same
 * today. */
static Status restore_visited(Worker *worker, Message *message)
{
    const Exploration *restored = worker->restored;
    if (!restored || restored->visited_count == 0) return STATUS_OK;
    const bool images = same_images(restored->calibration_sha256, worker->inputs->calibration) &&
                        same_images(restored->evaluation_sha256, worker->inputs->evaluation),
               keep = images && worker->alike;
    if (!keep)
        tell(worker, NEWS_TOLD,
             images ? "plans visited are restored without figures, which were of other options"
                    : "plans visited are restored without figures, which were of other images");
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < restored->visited_count; i++) {
        const VisitedPlan *visited = restored->visited[i], bare = {.plan = visited->plan};
        status =
            explorer_restore(worker->explorer, &(const VisitedPlan *){keep ? visited : &bare}, 1, message);
    }
    worker->shows_restored = status == STATUS_OK;
    return status;
}

/* Without images there is an explorer all the same: its snapshot says why nothing can be pursued. */
static Status open_all(Worker *worker, Message *message)
{
    Inputs *inputs = worker->inputs;
    Status status = inputs_open_pool(inputs, message);
    if (status != STATUS_OK) return status;
    inputs->opening = proceed_opening;
    inputs->opening_context = worker;
    const Status images = inputs_open_images(inputs, INPUT_NEEDED, INPUT_OPTIONAL, message);
    status = create_explorer(worker, images == STATUS_OK ? message : NULL);
    if (images != STATUS_OK && status == STATUS_OK) {
        explorer_lack_images(worker->explorer, message);
        explorer_pursue(worker->explorer, inputs->plan, NULL);
    }
    if (images != STATUS_OK) return images;
    if (status != STATUS_OK) return status;

    pthread_mutex_lock(&worker->lock);
    memcpy(worker->hashes.calibration, inputs->calibration->sha256, sizeof worker->hashes.calibration);
    if (inputs->evaluation)
        memcpy(worker->hashes.evaluation, inputs->evaluation->sha256, sizeof worker->hashes.evaluation);
    pthread_mutex_unlock(&worker->lock);
    explorer_set_images(worker->explorer, inputs->calibration, inputs->evaluation, &inputs->normalization);
    if (worker->restored)
        explorer_restore_norms(worker->explorer, worker->restored->norms, worker->restored->norm_count);
    return restore_visited(worker, message);
}

/* --- tasks ------------------------------------------------------------------------------------------ */

static void set_explored(Worker *worker, const Plan *plan)
{
    plan_hold(plan);
    plan_drop(worker->explored);
    worker->explored = plan;
    worker->complete = false;
}

static Status pursue(Worker *worker, const Plan *plan, Message *message)
{
    set_explored(worker, plan);
    pthread_mutex_lock(&worker->lock);
    time_ladder(worker);
    pthread_mutex_unlock(&worker->lock);
    Status status = explorer_pursue(worker->explorer, plan, message);
    worker->complete = status == STATUS_OK;
    return status;
}

/* Has the explorer know of a plan what an export needs. */
static Status make_known(Worker *worker, const Plan *plan, ExportFormat format, Message *message)
{
    const bool same = plan_equal(plan, worker->explored);
    if (!worker->has_images || (same && worker->complete)) return STATUS_OK;
    if (format != EXPORT_ONNX) return pursue(worker, plan, message);
    if (same && explorer_pipeline(worker->explorer)) return STATUS_OK;
    set_explored(worker, plan);
    return explorer_solve(worker->explorer, plan, message);
}

static Status show(Worker *worker, Message *message)
{
    set_explored(worker, worker->plan);
    return explorer_set_aside(worker->explorer, worker->plan, message);
}

/* Without images the plan alone is written, which cannot be a network. What can fail is checked before the
 * work. */
static Status export(Worker *worker, const Task *task, Message *message)
{
    const Inputs *inputs = worker->inputs;
    const Explorer *explorer = worker->explorer;
    ExportFormat format;
    Status status = export_format(&format, task->path, message);
    if (status == STATUS_OK) status = inputs_spare_inputs(inputs, "export", task->path, message);
    if (status == STATUS_OK && format == EXPORT_ONNX && !worker->has_images)
        status = status_fail(message, STATUS_INVALID, "there are no images to quantize '%s' with",
                             inputs->network->path);
    if (status == STATUS_OK && format == EXPORT_ONNX) status = inputs_check_onnx(inputs, task->plan, message);
    if (status == STATUS_OK) status = make_known(worker, task->plan, format, message);
    if (status != STATUS_OK) return status;
    const Result result = worker->has_images
                              ? outputs_gather(inputs, task->plan, explorer_pipeline(explorer),
                                               explorer_accuracy(explorer), explorer_ladder(explorer))
                              : outputs_gather(inputs, task->plan, NULL, NULL, NULL);
    return export_write(task->path, format, &result, message);
}

/* What is kept from an earlier run or day is not computed again. */
static Status foresee(Worker *worker, Message *message)
{
    char key[65];
    Forecast *forecast = explorer_forecast(worker->explorer, key, worker->plan);
    if (forecast && !forecast_ready(forecast)) forecast_recall(forecast, key);
    Status status = explorer_foresee(worker->explorer, worker->plan, message);
    forecast = explorer_forecast(worker->explorer, key, worker->plan);
    if (forecast) forecast_keep(forecast, key);
    return status;
}

/* Without the lock: the state and the task do not change while a task runs. */
static Status run(Worker *worker, WorkerState state, const Task *task, Message *message)
{
    if (!worker->has_images && state != WORKER_EXPORTING)
        return status_fail(message, STATUS_INVALID, "there are no images to work on");
    switch (state) {
    case WORKER_PURSUING:
        return pursue(worker, worker->plan, message);
    case WORKER_SHOWING:
        return show(worker, message);
    case WORKER_COMPARING:
        return explorer_compare_methods(worker->explorer, task->layer, message);
    case WORKER_MEASURING:
        return task->kind == TASK_CLIPPING ? explorer_measure_clipping(worker->explorer, task->layer, message)
                                           : explorer_measure_widths(worker->explorer, task->layer, message);
    case WORKER_EXPORTING:
        return export(worker, task, message);
    case WORKER_FORESEEING:
        return foresee(worker, message);
    case WORKER_OPENING:
    case WORKER_IDLE:
        break;
    }
    return STATUS_OK;
}

/* --- the loop: all with the lock held ----------------------------------------------------------------- */

static void plan_happened(Worker *worker, PlanEvent event)
{
    worker->plan_state = plan_state_after(worker->plan_state, event);
}

static bool explorer_has_plan(const Worker *worker)
{
    return plan_equal(worker->explored, worker->plan);
}

/* Takes the newest plan, and enters the next state. */
static void enter_next(Worker *worker)
{
    if (worker->orders.new_plan) {
        plan_drop(worker->plan);
        worker->plan = worker->wanted;
        worker->wanted = NULL;
    }
    worker->orders.new_plan = worker->orders.cancelled = false;
    if (!worker->has_images) plan_happened(worker, PLAN_NO_IMAGES);
    if (explorer_has_plan(worker)) plan_happened(worker, worker->complete ? PLAN_FOUND : PLAN_SHOWN);
    worker->state = worker_next(&(WorkerFacts){.plan = worker->plan_state,
                                               .has_images = worker->has_images,
                                               .explorer_has_plan = explorer_has_plan(worker),
                                               .foresees = worker->foresees,
                                               .tasks = &worker->tasks});
}

static void tell_written(Worker *worker, const char *path)
{
    Message written;
    status_fail(&written, STATUS_OK, "wrote '%s'", path);
    note(worker, NEWS_TOLD, written.text);
}

/* Tells the person what became of a task. */
static void report(Worker *worker, const Task *task, Status status, const Message *message)
{
    const bool exporting = worker->state == WORKER_EXPORTING;
    if (status == STATUS_OK && exporting) {
        tell_written(worker, task->path);
    } else if (status == STATUS_CANCELLED && task && !exporting && worker->orders.new_plan) {
        note(worker, NEWS_TOLD, "given up: the plan changed");
    } else if (status != STATUS_OK && status != STATUS_CANCELLED) {
        note(worker, exporting || status == STATUS_MEMORY ? NEWS_LOST : NEWS_FAILED, message->text);
    }
}

/* What a task that ended means for the plan and the queue. Frees the task, or puts it back. */
static void finish(Worker *worker, Task *task, Status status)
{
    const WorkerOrders *orders = &worker->orders;
    const bool failed = status != STATUS_OK && status != STATUS_CANCELLED;
    switch (worker->state) {
    case WORKER_PURSUING:
        if (status != STATUS_CANCELLED && !orders->new_plan && worker->timed == worker->timing)
            plan_happened(worker, failed ? PLAN_FAILED : PLAN_COMPLETED);
        break;
    case WORKER_SHOWING:
        plan_happened(worker, PLAN_SHOWN);
        break;
    case WORKER_EXPORTING:
        if (status == STATUS_CANCELLED && !orders->cancelled && !orders->stop) {
            task_queue_put_back(&worker->tasks, task);
            return;
        }
        if (!explorer_has_plan(worker)) plan_happened(worker, PLAN_LEFT);
        break;
    case WORKER_FORESEEING:
        if (status != STATUS_CANCELLED || orders->cancelled)
            worker->foresees = worker->awaits_forecast = false;
        break;
    default:
        break;
    }
    /* Where the explorer cannot have the plan, questions about its layers have no answer. */
    if (failed && worker->state != WORKER_EXPORTING && worker->has_images && !explorer_has_plan(worker))
        task_queue_drop_questions(&worker->tasks);
    task_free(task);
}

/* Writes quantized networks of the plan that is pursued while its bounds and accuracy are still computed. */
static void export_networks(Worker *worker)
{
    Task *task;
    while (explorer_pipeline(worker->explorer) && !worker->orders.stop &&
           (task = task_queue_take_network(&worker->tasks, worker->explored))) {
        Message message = {0};
        worker->writing = true;
        pthread_mutex_unlock(&worker->lock);
        const Status status = export(worker, task, &message);
        remedy_add(&message, worker->inputs->options);
        pthread_mutex_lock(&worker->lock);
        worker->writing = false;
        if (status == STATUS_OK)
            tell_written(worker, task->path);
        else
            note(worker, NEWS_LOST, message.text);
        task_free(task);
        wake(worker);
    }
}

static void work(Worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    while (!worker->orders.stop) {
        enter_next(worker);
        wake(worker);
        if (worker->state == WORKER_IDLE) {
            pthread_cond_wait(&worker->changed, &worker->lock);
            continue;
        }
        Message message = {0};
        const WorkerState state = worker->state;
        Task *task = state == WORKER_PURSUING || state == WORKER_SHOWING || state == WORKER_FORESEEING
                         ? NULL
                         : task_queue_take(&worker->tasks);
        pthread_mutex_unlock(&worker->lock);
        Status status = run(worker, state, task, &message);
        remedy_add(&message, worker->inputs->options);
        pthread_mutex_lock(&worker->lock);
        report(worker, task, status, &message);
        finish(worker, task, status);
    }
    pthread_mutex_unlock(&worker->lock);
}

static void *worker_main(void *argument)
{
    Worker *worker = argument;
    Message message = {0};
    /* Linux keeps priorities by thread; threads that this one starts inherit its own. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), LOWER_PRIORITY);
    Status status = open_all(worker, &message);
    worker->has_images = status == STATUS_OK;
    remedy_add(&message, worker->inputs->options);
    if (status != STATUS_OK) tell(worker, status == STATUS_MEMORY ? NEWS_LOST : NEWS_FAILED, message.text);
    work(worker);
    explorer_free(worker->explorer);
    return NULL;
}

/* --- starting and stopping ---------------------------------------------------------------------------- */

/* The thread blocks all signals, which are the interface's, but those that a thread brings on itself. */
static int start_thread(Worker *worker)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&worker->thread, NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static void free_worker(Worker *worker)
{
    task_queue_clear(&worker->tasks);
    plan_drop(worker->wanted);
    plan_drop(worker->plan);
    plan_drop(worker->explored);
    snapshot_drop(worker->newest);
    if (worker->wake[0] >= 0) close(worker->wake[0]);
    if (worker->wake[1] >= 0) close(worker->wake[1]);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->changed);
    free(worker);
}

Status worker_start(Worker **out, Inputs *inputs, const Exploration *restored, bool alike,
                    LadderTiming timing, Message *message)
{
    Worker *worker = calloc(1, sizeof *worker);
    if (!worker) return status_no_memory(message, "the worker");
    *worker = (Worker){.inputs = inputs,
                       .restored = restored,
                       .alike = alike,
                       .timing = timing,
                       .plan = plan_hold(inputs->plan),
                       .state = WORKER_OPENING,
                       .plan_state = PLAN_PENDING,
                       .wake = {-1, -1}};
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    Status status = STATUS_OK;
    if (pipe2(worker->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        status = status_fail(message, STATUS_IO, "cannot make a pipe: %s", strerror(errno));
    int failed = status == STATUS_OK ? start_thread(worker) : 0;
    if (failed) status = status_fail(message, STATUS_IO, "cannot start a thread: %s", strerror(failed));
    if (status != STATUS_OK)
        free_worker(worker);
    else
        *out = worker;
    return status;
}

/* Ends a change that the interface made to what the thread looks at. */
static void unlock_changed(Worker *worker)
{
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

void worker_stop(Worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    worker->orders.stop = true;
    unlock_changed(worker);
    pthread_join(worker->thread, NULL);
    free_worker(worker);
}

/* --- what the interface asks for ------------------------------------------------------------------------ */

void worker_pursue(Worker *worker, const Plan *plan)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    plan_drop(worker->wanted);
    worker->wanted = plan_hold(plan);
    worker->orders.new_plan = true;
    plan_happened(worker, PLAN_WANTED);
    unlock_changed(worker);
}

void worker_time_ladder(Worker *worker, LadderTiming timing)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    worker->timing = timing;
    if (worker->plan_state == PLAN_SETTLED) plan_happened(worker, PLAN_WANTED);
    unlock_changed(worker);
}

void worker_pause(Worker *worker, bool paused)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    worker->paused = paused;
    unlock_changed(worker);
}

void worker_cancel(Worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    task_queue_clear(&worker->tasks);
    worker->orders.cancelled = true;
    plan_happened(worker, PLAN_GIVEN_UP);
    unlock_changed(worker);
}

void worker_resume(Worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    plan_happened(worker, PLAN_WANTED);
    unlock_changed(worker);
}

/* Takes `task` over. */
static Status ask(Worker *worker, Task *task, Message *message)
{
    if (!task) return status_no_memory(message, "a task");
    pthread_mutex_lock(&worker->lock);
    task_queue_add(&worker->tasks, task);
    unlock_changed(worker);
    return STATUS_OK;
}

Status worker_compare_methods(Worker *worker, size_t layer, Message *message)
{
    return worker ? ask(worker, task_question(TASK_COMPARE, layer), message) : STATUS_OK;
}

Status worker_measure_widths(Worker *worker, size_t layer, Message *message)
{
    return worker ? ask(worker, task_question(TASK_MEASURE, layer), message) : STATUS_OK;
}

Status worker_measure_clipping(Worker *worker, size_t layer, Message *message)
{
    return worker ? ask(worker, task_question(TASK_CLIPPING, layer), message) : STATUS_OK;
}

void worker_foresee(Worker *worker, bool awaited)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    worker->foresees = true;
    worker->awaits_forecast |= awaited;
    unlock_changed(worker);
}

Status worker_export(Worker *worker, const Plan *plan, const char *path, Message *message)
{
    return worker ? ask(worker, task_export(plan, path), message) : STATUS_OK;
}

/* --- what the interface looks at ------------------------------------------------------------------------ */

int worker_descriptor(const Worker *worker)
{
    return worker ? worker->wake[0] : -1;
}

void worker_take(WorkerNews *news, Worker *worker)
{
    char drained[64];
    *news = (WorkerNews){0};
    if (!worker) return;
    while (read(worker->wake[0], drained, sizeof drained) > 0) continue;
    pthread_mutex_lock(&worker->lock);
    news->snapshot = worker->newest;
    if (worker->newest) worker->taken_restored = worker->newest_restored;
    worker->newest = NULL;
    news->notice = worker->notice;
    news->kind = worker->kind;
    worker->notice.text[0] = 0;
    pthread_mutex_unlock(&worker->lock);
}

WorkerInfo worker_info(Worker *worker)
{
    WorkerInfo info = {0};
    if (!worker) return info;
    pthread_mutex_lock(&worker->lock);
    const WorkerState state = worker->state;
    const PlanState plan = worker->plan_state;
    const bool queued = worker->tasks.first != NULL;
    const bool ends =
                   state == WORKER_SHOWING || worker->orders.cancelled, /* not for the person to wait for */
        running = state > WORKER_IDLE && (state != WORKER_FORESEEING || worker->awaits_forecast);
    info.busy = running || worker->awaits_forecast || queued || worker->orders.new_plan ||
                plan == PLAN_PENDING || plan == PLAN_CANCELLED;
    info.cancelled = (plan == PLAN_CANCELLED || plan == PLAN_SHELVED) && !queued && (!running || ends);
    info.exports = task_queue_exports(&worker->tasks) + (state == WORKER_EXPORTING || worker->writing);
    info.restored = worker->taken_restored;
    info.hashes = worker->hashes;
    pthread_mutex_unlock(&worker->lock);
    return info;
}
