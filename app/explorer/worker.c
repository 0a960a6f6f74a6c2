#define _GNU_SOURCE
#include "app/explorer/worker.h"

#include "app/cli/budget.h"
#include "app/cli/commands/outputs.h"
#include "explore/explorer.h"
#include "quantize/calibrate.h"
#include "report/onnx_write.h"
#include "report/plan_csv.h"
#include "report/run_json.h"

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

typedef enum TaskKind { TASK_PURSUE, TASK_METHODS, TASK_WIDTHS, TASK_EXPORT, TASK_SET_ASIDE } TaskKind;

typedef struct Job {
    struct Job *next;
    TaskKind kind;
    size_t layer;
    const Plan *plan; /* of TASK_EXPORT, held */
    char *path;       /* of TASK_EXPORT */
} Job;

struct Worker {
    pthread_t thread;
    int wake[2]; /* a pipe: the interface reads 0 */

    /* The thread's own. */
    Inputs *inputs;
    const Exploration *restored;
    bool alike; /* its figures were measured as those of this run are */
    Explorer *explorer;
    bool ready;        /* there are images */
    bool took;         /* snapshots hold what is restored */
    const Plan *plan;  /* the newest taken, held */
    const Plan *known; /* pursued last, held; NULL before */
    bool complete;
    TaskKind task;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    const Plan *wanted; /* newer than `plan` and held, or NULL */
    bool pursue;        /* the newest plan is to be worked on, or is being */
    Job *jobs;
    bool paused, stop, abandon, running;  /* abandon: the task that is running */
    bool cancelled;                       /* the newest plan was given up, and is not complete */
    bool set_aside;                       /* that is still to be shown of a plan never pursued */
    Snapshot *newest;                     /* not taken yet, or NULL */
    bool newest_restored, taken_restored; /* likewise, and the last that was taken: with all restored */
    Message notice;                       /* not taken yet, or "" */
    NewsKind kind;
    ImageHashes hashes;
};

/* --- across ----------------------------------------------------------------------------------------- */

static void free_job(Job *job)
{
    plan_drop(job->plan);
    free(job->path);
    free(job);
}

/* A full pipe wakes as well. */
static void wake(Worker *worker)
{
    while (write(worker->wake[1], "", 1) < 0 && errno == EINTR) continue;
}

/* What is worse and was not taken yet stands. With the lock held. */
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
    pthread_mutex_lock(&worker->lock);
    Snapshot *older = worker->newest;
    worker->newest = snapshot;
    worker->newest_restored = worker->took;
    pthread_mutex_unlock(&worker->lock);
    snapshot_drop(older);
    wake(worker);
}

static bool is_urgent(const Job *job)
{
    return job->kind != TASK_EXPORT;
}

static const Job *urgent_job(const Worker *worker)
{
    const Job *job = worker->jobs;
    while (job && !is_urgent(job)) job = job->next;
    return job;
}

/* Whether the task that is running is to be given up. With the lock held. */
static bool given_up(const Worker *worker)
{
    return worker->stop || worker->abandon || worker->wanted ||
           (worker->task == TASK_PURSUE && urgent_job(worker) != NULL);
}

static bool proceed(void *context)
{
    Worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    while (worker->paused && !given_up(worker)) pthread_cond_wait(&worker->changed, &worker->lock);
    const bool go_on = !given_up(worker);
    pthread_mutex_unlock(&worker->lock);
    return go_on;
}

/* --- tasks ------------------------------------------------------------------------------------------ */

static bool same_images(const char *then, const Dataset *now)
{
    return strcmp(then, now ? now->sha256 : "") == 0;
}

static void tell_hashes(Worker *worker)
{
    const Inputs *inputs = worker->inputs;
    pthread_mutex_lock(&worker->lock);
    if (inputs->calibration)
        memcpy(worker->hashes.calibration, inputs->calibration->sha256, sizeof worker->hashes.calibration);
    if (inputs->evaluation)
        memcpy(worker->hashes.evaluation, inputs->evaluation->sha256, sizeof worker->hashes.evaluation);
    pthread_mutex_unlock(&worker->lock);
}

static Status restore_visits(Worker *worker, Message *message)
{
    const Exploration *restored = worker->restored;
    if (!restored || restored->visited_count == 0) return STATUS_OK;
    const bool images = same_images(restored->calibration_sha256, worker->inputs->calibration) &&
                        same_images(restored->evaluation_sha256, worker->inputs->evaluation),
               keep = images && worker->alike;
    if (!keep)
        tell(worker, NEWS_TOLD,
             images ? "the plans visited are back without figures, which were of other options"
                    : "the plans visited are back without figures, which were of other images");
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < restored->visited_count; i++) {
        const VisitedPlan *visit = restored->visited[i], bare = {.plan = visit->plan};
        status = explorer_restore(worker->explorer, &(const VisitedPlan *){keep ? visit : &bare}, 1, message);
    }
    worker->took = status == STATUS_OK;
    return status;
}

/* As many images for the ladder as the batch command takes: those that are calibrated on. */
static size_t ladder_images(const Inputs *inputs)
{
    size_t images = 0, heldout;
    if (inputs->options->given[OPTION_LADDER_IMAGES]) return inputs->options->ladder_images;
    if (inputs->calibration)
        calibration_split(&images, &heldout, inputs->plan->options.calibration_images,
                          inputs->calibration->count);
    return images;
}

static Status create_explorer(Worker *worker, Message *message)
{
    const Inputs *inputs = worker->inputs;
    const Budget budget = budget_now(inputs->options);
    const ExplorerOptions options = {.pool = inputs->pool,
                                     .memory = budget.left,
                                     .held = budget.held,
                                     .ladder_images = ladder_images(inputs),
                                     .evaluation_images = inputs->options->evaluation_images,
                                     .proceed = proceed,
                                     .publish = publish,
                                     .context = worker};
    return explorer_create(&worker->explorer, inputs->network, inputs->plan, &options, message);
}

/* Images are read whatever is asked for meanwhile, unless the program ends. */
static bool go_on_opening(void *context, size_t done, size_t total)
{
    (void)done;
    (void)total;
    Worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    const bool go_on = !worker->stop;
    pthread_mutex_unlock(&worker->lock);
    return go_on;
}

/* Without images there is an explorer all the same: its snapshot says that nothing can be pursued. */
static Status open_all(Worker *worker, Message *message)
{
    Inputs *inputs = worker->inputs;
    Status status = inputs_open_pool(inputs, message);
    if (status != STATUS_OK) return status;
    inputs->opening = go_on_opening;
    inputs->opening_context = worker;
    const Status images = inputs_open_images(inputs, SESSION_NEEDED, SESSION_WANTED, message);
    status = create_explorer(worker, images == STATUS_OK ? message : NULL);
    if (images != STATUS_OK && status == STATUS_OK) {
        explorer_lack_images(worker->explorer, message);
        explorer_pursue(worker->explorer, inputs->plan, NULL);
    }
    if (images != STATUS_OK || status != STATUS_OK) return images != STATUS_OK ? images : status;
    tell_hashes(worker);
    explorer_set_images(worker->explorer, inputs->calibration, inputs->evaluation, &inputs->normalization);
    return restore_visits(worker, message);
}

/* The explorer is to see `plan`. */
static void take_known(Worker *worker, const Plan *plan)
{
    plan_hold(plan);
    plan_drop(worker->known);
    worker->known = plan;
    worker->complete = false;
}

static Status pursue(Worker *worker, const Plan *plan, Message *message)
{
    take_known(worker, plan);
    Status status = explorer_pursue(worker->explorer, plan, message);
    worker->complete = status == STATUS_OK;
    return status;
}

/* The newest plan was cancelled before any pursuit: what is known of it is shown all the same. */
static Status set_aside(Worker *worker, Message *message)
{
    take_known(worker, worker->plan);
    return explorer_set_aside(worker->explorer, worker->plan, message);
}

static Status write_result(const char *path, const Result *result, Message *message)
{
    if (has_suffix(path, ".json")) return run_json_write(path, result, message);
    if (!has_suffix(path, ".onnx")) return plan_csv_write(path, result, message);
    return quantized_onnx_write(path, result, message);
}

/* Whether there can be a quantized network, before the work. */
static Status check_network(const Worker *worker, const Job *job, Message *message)
{
    const Inputs *inputs = worker->inputs;
    if (worker->ready) return inputs_check_onnx(inputs, job->plan, message);
    return status_fail(message, STATUS_INVALID, "there are no images to quantize '%s' with",
                       inputs->network->path);
}

static Status export_job(Worker *worker, const Job *job, Message *message)
{
    const bool known = worker->complete && plan_equal(job->plan, worker->known);
    Status status = inputs_spare_inputs(worker->inputs, "export", job->path, message);
    if (status == STATUS_OK && has_suffix(job->path, ".onnx")) status = check_network(worker, job, message);
    if (status == STATUS_OK && !known && worker->ready) status = pursue(worker, job->plan, message);
    if (status != STATUS_OK) return status;
    const Explorer *explorer = worker->explorer;
    const Result result = worker->ready
                              ? outputs_gather(worker->inputs, job->plan, explorer_pipeline(explorer),
                                               explorer_accuracy(explorer), explorer_ladder(explorer))
                              : outputs_gather(worker->inputs, job->plan, NULL, NULL, NULL);
    return write_result(job->path, &result, message);
}

static Status run(Worker *worker, const Job *job, Message *message)
{
    if (!worker->ready && worker->task != TASK_EXPORT)
        return status_fail(message, STATUS_INVALID, "there are no images to work on");
    switch (worker->task) {
    case TASK_PURSUE:
        return pursue(worker, worker->plan, message);
    case TASK_METHODS:
        return explorer_compare_methods(worker->explorer, job->layer, message);
    case TASK_WIDTHS:
        return explorer_measure_widths(worker->explorer, job->layer, message);
    case TASK_EXPORT:
        return export_job(worker, job, message);
    case TASK_SET_ASIDE:
        return set_aside(worker, message);
    }
    return STATUS_OK;
}

/* --- the loop --------------------------------------------------------------------------------------- */

/* Puts a job first. With the lock held. */
static void put_back(Worker *worker, Job *job)
{
    job->next = worker->jobs;
    worker->jobs = job;
}

/* Takes the first job that is urgent, or where there is none and `any`, the first. With the lock held. */
static Job *take_job(Worker *worker, bool any)
{
    Job **link = &worker->jobs;
    while (*link && !is_urgent(*link)) link = &(*link)->next;
    if (!*link && any) link = &worker->jobs;
    Job *job = *link;
    if (job) *link = job->next;
    return job;
}

static void take_plan(Worker *worker)
{
    if (!worker->wanted) return;
    plan_drop(worker->plan);
    worker->plan = worker->wanted;
    worker->wanted = NULL;
}

/* What is asked about a layer is asked about the newest plan: the explorer must have seen it. */
static bool takes_plan_first(const Worker *worker)
{
    return worker->ready && urgent_job(worker) && !plan_equal(worker->known, worker->plan);
}

/* Whether the newest plan is still one that was cancelled. With the lock held. */
static void settle_cancelled(Worker *worker)
{
    const bool known = plan_equal(worker->known, worker->plan);
    worker->cancelled = worker->cancelled && worker->ready && !(known && worker->complete);
    worker->set_aside = worker->set_aside && worker->cancelled && !known;
}

/* Waits for something to do: false at the end; *job is NULL where the plan is. With the lock held. */
static bool next_task(Job **job, Worker *worker)
{
    while (!worker->stop) {
        take_plan(worker);
        worker->abandon = false;
        worker->pursue = worker->pursue && worker->ready;
        settle_cancelled(worker);
        const bool first = takes_plan_first(worker);
        *job = first ? NULL : take_job(worker, !worker->pursue);
        worker->task = *job ? (*job)->kind : worker->pursue || first ? TASK_PURSUE : TASK_SET_ASIDE;
        worker->running = *job || worker->pursue || first || worker->set_aside;
        if (worker->running) return true;
        wake(worker);
        pthread_cond_wait(&worker->changed, &worker->lock);
    }
    return false;
}

/* What the person is told of a task that ended. With the lock held. */
static void report(Worker *worker, const Job *job, Status status, const Message *message)
{
    Message written;
    if (status == STATUS_OK && worker->task == TASK_EXPORT) {
        status_fail(&written, status, "wrote '%s'", job->path);
        note(worker, NEWS_TOLD, written.text);
    } else if (status == STATUS_CANCELLED && job && is_urgent(job) && worker->wanted) {
        note(worker, NEWS_TOLD, "given up: the plan changed");
    } else if (status != STATUS_OK && status != STATUS_CANCELLED) {
        const bool lost = worker->task == TASK_EXPORT || status == STATUS_MEMORY;
        note(worker, lost ? NEWS_LOST : NEWS_FAILED, message->text);
    }
}

/* What was asked about layers of a plan that the explorer cannot be shown has no answer. With the lock held.
 */
static void drop_questions(Worker *worker)
{
    while (urgent_job(worker)) free_job(take_job(worker, false));
}

/* With the lock held: what is left of a task. Returns the job where it is done with. */
static Job *finish(Worker *worker, Job *job, Status status)
{
    worker->running = false;
    if (worker->task == TASK_SET_ASIDE) worker->set_aside = false;
    if (worker->task == TASK_PURSUE && status != STATUS_CANCELLED && !worker->wanted) worker->pursue = false;
    const bool failed = status != STATUS_OK && status != STATUS_CANCELLED;
    if (failed && worker->task != TASK_EXPORT && takes_plan_first(worker)) drop_questions(worker);
    if (worker->task != TASK_EXPORT) return job;
    if (status == STATUS_CANCELLED && !worker->abandon && !worker->stop) {
        put_back(worker, job);
        return NULL;
    }
    /* The explorer may have gone to another plan for it. */
    if (!plan_equal(worker->known, worker->plan)) worker->pursue = true;
    return job;
}

static void work(Worker *worker)
{
    Job *job;
    pthread_mutex_lock(&worker->lock);
    while (next_task(&job, worker)) {
        Message message = {{0}};
        pthread_mutex_unlock(&worker->lock);
        Status status = run(worker, job, &message);
        pthread_mutex_lock(&worker->lock);
        report(worker, job, status, &message);
        Job *done = finish(worker, job, status);
        if (done) free_job(done);
        wake(worker);
    }
    pthread_mutex_unlock(&worker->lock);
}

/* Linux keeps priorities by thread; those that this one starts have its own. */
static void lower_priority(void)
{
    setpriority(PRIO_PROCESS, (id_t)gettid(), LOWER_PRIORITY);
}

static void *worker_main(void *argument)
{
    Worker *worker = argument;
    Message message = {{0}};
    lower_priority();
    Status status = open_all(worker, &message);
    worker->ready = status == STATUS_OK;
    if (status != STATUS_OK) tell(worker, status == STATUS_MEMORY ? NEWS_LOST : NEWS_FAILED, message.text);
    work(worker);
    explorer_free(worker->explorer);
    return NULL;
}

/* --- the interface's side --------------------------------------------------------------------------- */

/* Signals are the interface's, but for those that a thread brings on itself. */
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
    for (Job *job = worker->jobs, *next; job; job = next) {
        next = job->next;
        free_job(job);
    }
    plan_drop(worker->wanted);
    plan_drop(worker->plan);
    plan_drop(worker->known);
    snapshot_drop(worker->newest);
    if (worker->wake[0] >= 0) close(worker->wake[0]);
    if (worker->wake[1] >= 0) close(worker->wake[1]);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->changed);
    free(worker);
}

Status worker_start(Worker **out, Inputs *inputs, const Exploration *restored, bool alike, Message *message)
{
    Worker *worker = calloc(1, sizeof *worker);
    if (!worker) return status_no_memory(message, "the worker");
    *worker = (Worker){.inputs = inputs,
                       .restored = restored,
                       .alike = alike,
                       .plan = plan_hold(inputs->plan),
                       .pursue = true,
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

void worker_stop(Worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    free_worker(worker);
}

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

void worker_pursue(Worker *worker, const Plan *plan)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    plan_drop(worker->wanted);
    worker->wanted = plan_hold(plan);
    worker->pursue = true;
    worker->cancelled = worker->set_aside = false;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

void worker_pause(Worker *worker, bool paused)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    worker->paused = paused;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

void worker_cancel(Worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    Job *jobs = worker->jobs;
    worker->jobs = NULL;
    worker->pursue = false;
    worker->abandon = true;
    worker->cancelled = worker->set_aside = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    for (Job *next; jobs; jobs = next) {
        next = jobs->next;
        free_job(jobs);
    }
}

void worker_take_up(Worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->lock);
    worker->pursue = true;
    worker->cancelled = worker->set_aside = false;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

/* A task that was told to end counts as ended. */
bool worker_cancelled(Worker *worker)
{
    if (!worker) return false;
    pthread_mutex_lock(&worker->lock);
    const bool working = worker->running && !worker->abandon && worker->task != TASK_SET_ASIDE;
    const bool cancelled = worker->cancelled && !worker->pursue && !worker->jobs && !working;
    pthread_mutex_unlock(&worker->lock);
    return cancelled;
}

/* Takes `job` over. */
static void add_job(Worker *worker, Job *job)
{
    pthread_mutex_lock(&worker->lock);
    Job **end = &worker->jobs;
    while (*end) end = &(*end)->next;
    *end = job;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

static Status ask(Worker *worker, TaskKind kind, size_t layer, Message *message)
{
    if (!worker) return STATUS_OK;
    Job *job = calloc(1, sizeof *job);
    if (!job) return status_no_memory(message, "what was asked for");
    *job = (Job){.kind = kind, .layer = layer};
    add_job(worker, job);
    return STATUS_OK;
}

Status worker_compare_methods(Worker *worker, size_t layer, Message *message)
{
    return ask(worker, TASK_METHODS, layer, message);
}

Status worker_measure_widths(Worker *worker, size_t layer, Message *message)
{
    return ask(worker, TASK_WIDTHS, layer, message);
}

Status worker_export(Worker *worker, const Plan *plan, const char *path, Message *message)
{
    if (!worker) return STATUS_OK;
    Job *job = calloc(1, sizeof *job);
    if (!job) return status_no_memory(message, "an export");
    *job = (Job){.kind = TASK_EXPORT, .plan = plan_hold(plan), .path = strdup(path)};
    if (!job->path) {
        free_job(job);
        return status_no_memory(message, "a path");
    }
    add_job(worker, job);
    return STATUS_OK;
}

size_t worker_exports(Worker *worker)
{
    if (!worker) return 0;
    pthread_mutex_lock(&worker->lock);
    size_t count = worker->running && worker->task == TASK_EXPORT;
    for (const Job *job = worker->jobs; job; job = job->next) count += job->kind == TASK_EXPORT;
    pthread_mutex_unlock(&worker->lock);
    return count;
}

bool worker_busy(Worker *worker)
{
    if (!worker) return false;
    pthread_mutex_lock(&worker->lock);
    bool busy = worker->running || worker->pursue || worker->wanted || worker->jobs || worker->set_aside;
    pthread_mutex_unlock(&worker->lock);
    return busy;
}

ImageHashes worker_image_hashes(Worker *worker)
{
    if (!worker) return (ImageHashes){0};
    pthread_mutex_lock(&worker->lock);
    ImageHashes hashes = worker->hashes;
    pthread_mutex_unlock(&worker->lock);
    return hashes;
}

bool worker_restored(Worker *worker)
{
    if (!worker) return false;
    pthread_mutex_lock(&worker->lock);
    const bool restored = worker->taken_restored;
    pthread_mutex_unlock(&worker->lock);
    return restored;
}
