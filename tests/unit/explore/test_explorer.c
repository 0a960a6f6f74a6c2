/* SPDX-License-Identifier: MIT */
/* The explorer: after any history of edits, cancellations and forgotten results, a plan gives the results of
 * a fresh run; known results are not computed again; snapshots do not change. */
#include "base/random.h"
#include "explore/explorer.h"
#include "explore/sweep.h"
#include "graph_text.h"
#include "network/network.h"
#include "network/run/weights.h"
#include "noise_fixture.h"
#include "scratch.h"

#include <math.h>
#include <pthread.h>

#define CHANNELS 3
#define SIDE 8
#define IMAGES 37 /* the last tile is short */
#define EDITS 14
#define MOST_SNAPSHOTS 65536

/* --- fixture -------------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    return noise_start(IMAGES, SIDE, CHANNELS);
}

typedef struct Shape {
    const char *name, *text;
} Shape;

#define HEAD "f_=Flatten(g_); y=Gemm(f_,{4,5}#90,{5}#91)"
#define POOLED(value) "g_=GlobalAveragePool(" value "); " HEAD
static const Shape residual = {
    "residual",
    "a=Conv(x,{4,3,3,3}#1,{4}#2) pads=[1,1,1,1]; b=Relu(a); c=Conv(b,{4,4,3,3}#3) pads=[1,1,1,1]; "
    "d=Relu(c); e=Conv(d,{4,4,3,3}#4) pads=[1,1,1,1]; f=Add(e,b); g=Relu(f); " POOLED("g")};
/* Layers: stem 0, branches 1 and 2, behind both 3 (by channel), the classifier 4. */
static const Shape concat = {
    "concat", "a=Conv(x,{4,3,3,3}#1) pads=[1,1,1,1]; r=Relu(a); b=Conv(r,{2,4,1,1}#2); c=Conv(r,{2,4,3,3}#3) "
              "pads=[1,1,1,1]; d=Concat(b,c) axis=1; e=Relu(d); f=Conv(e,{4,1,3,3}#4) group=4; " POOLED("f")};

/* One layer with three uses: in two branches, and after both. */
static const Shape shared = {"shared",
                             "w=Identity({4,4,1,1}#2); a=Conv(x,{4,3,3,3}#1) pads=[1,1,1,1]; r=Relu(a); "
                             "k=Conv(r,{4,4,3,3}#3) pads=[1,1,1,1]; p=Conv(r,w); q=Conv(k,w); s=Relu(p); "
                             "l=Conv(s,{4,4,1,1}#4); t=Add(l,q); u=Relu(t); z=Conv(u,w); " POOLED("z")};

static Network *open_shape(const Shape *shape)
{
    const size_t sizes[4] = {0, CHANNELS, SIDE, SIDE};
    Network *network = graph_open(shape->text, 14, sizes, &message);
    if (!network) fail_msg("%s: %s", shape->name, message.text);
    return network;
}

static Plan *small_plan(const Network *network, Mode mode)
{
    Plan *plan;
    assert_int_equal(plan_create(&plan, network, NULL), STATUS_OK);
    plan->options.mode = mode;
    plan->options.calibration_images = 24;
    plan->options.rows = 500;
    return plan;
}

/* State of the explorer's callbacks. */
typedef struct Watch {
    size_t calls, stop_at; /* of `proceed`; 0: never */
    Snapshot **snapshots;  /* [MOST_SNAPSHOTS] */
    size_t count;
} Watch;

static bool proceed(void *context)
{
    Watch *watch = context;
    return ++watch->calls != watch->stop_at;
}

static void publish(void *context, Snapshot *snapshot)
{
    Watch *watch = context;
    assert_true(watch->count < MOST_SNAPSHOTS);
    watch->snapshots[watch->count++] = snapshot;
}

static const Snapshot *newest(const Watch *watch)
{
    return watch->snapshots[watch->count - 1];
}

static Explorer *make_explorer(Watch *watch, const Network *network, const Plan *plan)
{
    const ExplorerOptions options = {.pool = pool,
                                     .memory = (size_t)1 << 30,
                                     .ladder_images = 20,
                                     .publish_seconds = 1e-9,
                                     .proceed = proceed,
                                     .publish = publish,
                                     .context = watch};
    Explorer *explorer;
    *watch = (Watch){.snapshots = calloc(MOST_SNAPSHOTS, sizeof(Snapshot *))};
    assert_non_null(watch->snapshots);
    Plan *copy;
    assert_int_equal(plan_copy(&copy, plan, &message), STATUS_OK);
    Status status = explorer_create(&explorer, network, copy, &options, &message);
    plan_drop(copy);
    if (status != STATUS_OK) fail_msg("%s", message.text);
    explorer_set_images(explorer, noise, noise, &normalization);
    return explorer;
}

static void drop_snapshots(Watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) snapshot_drop(watch->snapshots[i]);
    free(watch->snapshots);
    *watch = (Watch){0};
}

static void free_explorer(Explorer *explorer, Watch *watch)
{
    explorer_free(explorer);
    drop_snapshots(watch);
}

/* On a copy: tests go on editing the plan. */
static Status try_to_pursue(Explorer *explorer, const Plan *plan)
{
    Plan *copy;
    assert_int_equal(plan_copy(&copy, plan, &message), STATUS_OK);
    Status status = explorer_pursue(explorer, copy, &message);
    plan_drop(copy);
    return status;
}

static void pursue(Explorer *explorer, const Plan *plan)
{
    if (try_to_pursue(explorer, plan) != STATUS_OK) fail_msg("%s", message.text);
}

static Pipeline *run_pipeline(const Network *network, const Plan *plan, PipelineOptions options)
{
    Pipeline *pipeline;
    options.pool = pool;
    options.memory = (size_t)1 << 30;
    if (pipeline_run(&pipeline, network, plan, noise, &normalization, &options, &message) != STATUS_OK)
        fail_msg("%s", message.text);
    return pipeline;
}

/* --- the same bytes ------------------------------------------------------------------------------------- */

static void same_array(const void *a, const void *b, size_t bytes)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a) assert_memory_equal(a, b, bytes);
}

static void same_numbers(const double *a, const double *b, size_t count, const Layer *layer)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0)
            fail_msg("layer '%s', number %zu: %.17g is not %.17g", layer->name, i, a[i], b[i]);
}

static void same_layer(const LayerResult *a, const LayerResult *b, const Layer *layer)
{
    const size_t channels = layer->groups * layer->m;
    const double x[] = {a->rounding_error,    a->bitsplit_error, a->polished_error, a->heldout_error,
                        a->accumulated_error, a->sqnr_db,        a->ridge,          a->clipped};
    const double y[] = {b->rounding_error,    b->bitsplit_error, b->polished_error, b->heldout_error,
                        b->accumulated_error, b->sqnr_db,        b->ridge,          b->clipped};
    same_numbers(x, y, sizeof x / sizeof *x, layer);
    assert_true(a->bits == b->bits && a->activation_bits == b->activation_bits && a->method == b->method);
    assert_true(a->rows == b->rows && a->heldout_rows == b->heldout_rows && a->exact == b->exact);
    assert_true(a->codes_changed == b->codes_changed && a->channels_kept == b->channels_kept);
    assert_true(a->epochs == b->epochs && a->polish_epochs == b->polish_epochs);
    assert_int_equal(a->input_scale_count, b->input_scale_count);
    same_array(a->codes, b->codes, channels * layer->n);
    same_array(a->scales, b->scales, channels * sizeof(float));
    same_array(a->bias, b->bias, channels * sizeof(float));
    same_array(a->input_scales, b->input_scales, a->input_scale_count * sizeof(float));
}

static void same_pipeline(const Pipeline *a, const Pipeline *b)
{
    assert_int_equal(a->images, b->images);
    assert_int_equal(a->heldout_images, b->heldout_images);
    for (size_t l = 0; l < a->layer_count; l++) {
        same_layer(&a->layers[l], &b->layers[l], &a->network->layers[l]);
        assert_int_equal(a->weights[l] == NULL, b->weights[l] == NULL);
    }
}

static void same_as_fresh(const Pipeline *pipeline, const Plan *plan)
{
    Pipeline *fresh = run_pipeline(pipeline->network, plan, (PipelineOptions){0});
    same_pipeline(pipeline, fresh);
    pipeline_free(fresh);
}

/* The last snapshot says what the pipeline, the ladder and the accuracy say. */
static void snapshot_agrees(const Snapshot *snapshot, const Explorer *explorer, const Plan *plan)
{
    const Pipeline *pipeline = explorer_pipeline(explorer);
    assert_int_equal(snapshot->activity, ACTIVITY_IDLE);
    assert_true(plan_equal(snapshot->plan, plan));
    assert_int_equal(snapshot->layers_done, snapshot->layer_count);
    for (size_t l = 0; l < snapshot->layer_count; l++) {
        const LayerSnapshot *layer = &snapshot->layers[l];
        assert_int_equal(layer->state, pipeline->weights[l] ? LAYER_SOLVED : LAYER_FLOAT);
        assert_int_equal(layer->solved != NULL, layer->state == LAYER_SOLVED);
        assert_true(layer->accumulated_error == pipeline->layers[l].accumulated_error);
        if (pipeline->solved[l]) assert_ptr_equal(layer->solved, pipeline->solved[l]);
    }
    assert_true(snapshot->ladder_current && snapshot->accuracy_current);
    assert_non_null(snapshot->changes);
    assert_true(snapshot->changes->count > 0 && snapshot->changes->count <= snapshot->accuracy.images);
    assert_true(snapshot->ladder.hybrid == explorer_ladder(explorer)->hybrid);
    assert_int_equal(snapshot->accuracy.images, IMAGES);
    assert_int_equal(snapshot->accuracy.agreeing, explorer_accuracy(explorer)->agreeing);
    assert_true(plan_equal(snapshot->visited[snapshot->visit]->plan, plan));
    assert_true(snapshot->visited[snapshot->visit]->evaluated && snapshot->visited[snapshot->visit]->bounded);
}

/* --- random histories ----------------------------------------------------------------------------------- */

/* One edit, by the key (round, step): a width, an input's width, a method, an option. */
static void edit(Plan *plan, const Network *network, size_t round, size_t step)
{
    const size_t layer = random_bits(10, round, step, 0) % plan->layer_count;
    const uint64_t number = random_bits(11, round, step, 0);
    LayerPlan *choice = &plan->layers[layer];
    switch (random_bits(12, round, step, 0) % 6) {
    case 0:
    case 1:
        choice->weight_bits = (uint8_t)(number % 8 ? number % 7 + 2 : BITS_FLOAT);
        break;
    case 2:
        if (!network->layers[layer].first)
            choice->activation_bits = (uint8_t)(number % 4 ? number % 7 + 2 : BITS_FLOAT);
        break;
    case 3:
        choice->method = (uint8_t)(number % METHOD_COUNT);
        break;
    case 4:
        plan->options.error_compensated = !plan->options.error_compensated;
        break;
    default:
        plan->options.polish = !plan->options.polish;
        break;
    }
}

/* A walk of edits, some of them back to an earlier plan. */
static void walk(const Shape *shape, Mode mode, size_t round)
{
    Network *network = open_shape(shape);
    Plan *plans[EDITS] = {small_plan(network, mode)};
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plans[0]);
    for (size_t step = 0; step < EDITS; step++) {
        if (step > 0) {
            const size_t from = step % 3 ? step - 1 : random_bits(13, round, step, 0) % step;
            assert_int_equal(plan_copy(&plans[step], plans[from], NULL), STATUS_OK);
            if (step % 3) edit(plans[step], network, round, step);
        }
        pursue(explorer, plans[step]);
        same_as_fresh(explorer_pipeline(explorer), plans[step]);
        snapshot_agrees(newest(&watch), explorer, plans[step]);
    }
    for (size_t step = 0; step < EDITS; step++) plan_drop(plans[step]);
    free_explorer(explorer, &watch);
    network_free(network);
}

static void any_history_gives_a_fresh_run_s_bytes(void **state)
{
    for (size_t round = 0; round < 3; round++) {
        walk(&residual, MODE_SEQUENTIAL, round);
        walk(&residual, MODE_INDEPENDENT, round + 10);
        walk(&concat, MODE_SEQUENTIAL, round + 20);
        walk(&concat, MODE_INDEPENDENT, round + 30);
        walk(&shared, MODE_SEQUENTIAL, round + 40);
    }
}

static void ladder_and_accuracy_are_those_of_a_fresh_run(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    pursue(explorer, plan);
    plan->layers[1].weight_bits = 2;
    pursue(explorer, plan);
    Pipeline *fresh = run_pipeline(network, plan, (PipelineOptions){0});
    const Weights *const *weights = (const Weights *const *)fresh->weights;
    LayerNorm *norms = calloc(network->node_count, sizeof *norms);
    Ladder ladder;
    Reference *reference;
    Evaluation evaluation;
    assert_non_null(norms);
    assert_int_equal(network_norms(norms, network, &(NormOptions){.pool = pool}, &message), STATUS_OK);
    assert_int_equal(ladder_create(&ladder, network, weights, norms, noise, &normalization,
                                   &(LadderOptions){.pool = pool, .images = 20}, &message),
                     STATUS_OK);
    assert_int_equal(reference_create(&reference, network, noise, &normalization, REFERENCE_BYTES, &message),
                     STATUS_OK);
    assert_int_equal(evaluation_run(&evaluation, reference, weights, 0, pool, NULL, NULL, &message),
                     STATUS_OK);
    assert_memory_equal(newest(&watch)->norms, norms, network->node_count * sizeof *norms);
    assert_memory_equal(explorer_ladder(explorer)->steps, ladder.steps,
                        network->layer_count * sizeof *ladder.steps);
    assert_true(explorer_ladder(explorer)->spectral == ladder.spectral);
    Evaluation known = *explorer_accuracy(explorer);
    known.seconds = evaluation.seconds;
    assert_memory_equal(&known, &evaluation, sizeof known);
    reference_free(reference);
    ladder_free(&ladder);
    free(norms);
    pipeline_free(fresh);
    plan_drop(plan);
    free_explorer(explorer, &watch);
    network_free(network);
}

/* --- nothing twice -------------------------------------------------------------------------------------- */

typedef struct Count {
    size_t solves, calls;
} Count;

static bool count_solves(void *context, const PipelineProgress *progress)
{
    Count *count = context;
    count->calls++;
    count->solves += progress->trace != NULL && progress->trace_count == 1;
    return true;
}

static Count count_run(const Network *network, const Plan *plan, Memo *memo)
{
    Count count = {0};
    Pipeline *pipeline = run_pipeline(
        network, plan, (PipelineOptions){.progress = count_solves, .context = &count, .memo = memo});
    same_as_fresh(pipeline, plan);
    pipeline_free(pipeline);
    return count;
}

/* One branch of `concat` is changed: the layers after it are solved again, the other branch is not. */
static void only_what_is_behind_is_solved_again(void **state)
{
    for (Mode mode = MODE_SEQUENTIAL; mode <= MODE_INDEPENDENT; mode++) {
        Network *network = open_shape(&concat);
        Plan *plan = small_plan(network, mode);
        Memo *memo;
        assert_int_equal(memo_create(&memo, (size_t)1 << 30, NULL), STATUS_OK);
        assert_int_equal(count_run(network, plan, memo).solves, 5);
        plan->layers[1].weight_bits = 3;
        assert_int_equal(count_run(network, plan, memo).solves, mode == MODE_SEQUENTIAL ? 3 : 1);
        assert_int_equal(count_run(network, plan, memo).calls, 0);
        plan->layers[4].weight_bits = 5;
        assert_int_equal(count_run(network, plan, memo).solves, 1);
        plan->layers[4].weight_bits = 8;
        plan->layers[1].weight_bits = 4;
        assert_int_equal(count_run(network, plan, memo).calls, 0);
        memo_free(memo);
        plan_drop(plan);
        network_free(network);
    }
}

/* Work that would be abandoned is not done. */
static void going_back_is_no_work(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    pursue(explorer, plan);
    const Snapshot *first = newest(&watch);
    plan->layers[1].weight_bits = 2;
    pursue(explorer, plan);
    assert_ptr_not_equal(newest(&watch)->layers[1].solved, first->layers[1].solved);
    assert_ptr_equal(newest(&watch)->layers[0].solved, first->layers[0].solved);
    const size_t calls = watch.calls;
    plan->layers[1].weight_bits = 4;
    pursue(explorer, plan);
    assert_int_equal(watch.calls, calls);
    for (size_t l = 0; l < network->layer_count; l++)
        assert_ptr_equal(newest(&watch)->layers[l].solved, first->layers[l].solved);
    assert_true(newest(&watch)->ladder.hybrid == first->ladder.hybrid);
    assert_int_equal(newest(&watch)->visited_count, 2);
    assert_int_equal(newest(&watch)->visit, 0);
    snapshot_agrees(newest(&watch), explorer, plan);
    plan_drop(plan);
    free_explorer(explorer, &watch);
    network_free(network);
}

static void little_memory_forgets_and_gives_the_same(void **state)
{
    for (size_t ceiling = 0; ceiling < 60000; ceiling = 3 * ceiling + 500) {
        Network *network = open_shape(&concat);
        Plan *plan = small_plan(network, MODE_SEQUENTIAL);
        Memo *memo;
        assert_int_equal(memo_create(&memo, ceiling, NULL), STATUS_OK);
        for (size_t step = 0; step < 8; step++) {
            edit(plan, network, 40, step);
            count_run(network, plan, memo);
            assert_true(memo_bytes(memo) <= ceiling);
        }
        memo_free(memo);
        plan_drop(plan);
        network_free(network);
    }
}

/* --- cancelling ----------------------------------------------------------------------------------------- */

/* Cancelled at each of many moments, then taken up again. */
static void cancelled_anywhere_goes_on_to_the_same(void **state)
{
    Network *network = open_shape(&concat);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    plan_set_activation_bits(plan, network, 5);
    Watch watch;
    Status status = STATUS_CANCELLED;
    for (size_t stop_at = 1; status == STATUS_CANCELLED; stop_at += 1 + stop_at / 8) {
        Explorer *explorer = make_explorer(&watch, network, plan);
        watch.stop_at = stop_at;
        status = try_to_pursue(explorer, plan);
        if (status == STATUS_CANCELLED) {
            assert_int_equal(watch.calls, stop_at);
            assert_int_equal(newest(&watch)->activity, ACTIVITY_CANCELLED);
            for (size_t l = 0; l < network->layer_count; l++)
                assert_true(newest(&watch)->layers[l].state == LAYER_WAITING ||
                            newest(&watch)->layers[l].state == LAYER_SOLVED);
        }
        pursue(explorer, plan);
        same_as_fresh(explorer_pipeline(explorer), plan);
        snapshot_agrees(newest(&watch), explorer, plan);
        free_explorer(explorer, &watch);
    }
    assert_int_equal(status, STATUS_OK);
    plan_drop(plan);
    network_free(network);
}

/* --- snapshots ------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t sum, const void *bytes, size_t count)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < count; i++) sum = (sum ^ byte[i]) * 1099511628211u;
    return sum;
}

/* Hash of everything that the snapshot points to. */
static uint64_t fingerprint(const Snapshot *snapshot)
{
    uint64_t sum = mix(14695981039346656037u, (const char *)snapshot + sizeof snapshot->references,
                       sizeof *snapshot - sizeof snapshot->references);
    sum = mix(sum, snapshot->plan->layers, snapshot->layer_count * sizeof *snapshot->plan->layers);
    sum = mix(sum, snapshot->layers, snapshot->layer_count * sizeof *snapshot->layers);
    sum = mix(sum, snapshot->trace, snapshot->trace_count * sizeof *snapshot->trace);
    if (snapshot->norms) sum = mix(sum, snapshot->norms, snapshot->node_count * sizeof *snapshot->norms);
    if (snapshot->ladder.steps)
        sum = mix(sum, snapshot->ladder.steps, snapshot->layer_count * sizeof *snapshot->ladder.steps);
    for (size_t i = 0; i < snapshot->visited_count; i++) {
        const VisitedPlan *visit = snapshot->visited[i];
        sum = mix(sum, &visit->number, sizeof *visit - offsetof(VisitedPlan, number));
    }
    for (size_t l = 0; l < snapshot->layer_count; l++) {
        const Solved *solved = snapshot->layers[l].solved;
        if (!solved) continue;
        sum = mix(sum, &solved->bytes, sizeof *solved - offsetof(Solved, bytes));
        sum = mix(sum, solved->trace, solved->trace_count * sizeof *solved->trace);
    }
    return sum;
}

/* All are held, and read again after the explorer is gone. */
static void published_snapshots_do_not_change(void **state)
{
    static uint64_t prints[MOST_SNAPSHOTS];
    size_t printed = 0;
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    for (size_t step = 0; step < 10; step++) {
        for (; printed < watch.count; printed++) prints[printed] = fingerprint(watch.snapshots[printed]);
        edit(plan, network, 50, step);
        pursue(explorer, plan);
    }
    explorer_free(explorer);
    for (size_t i = 0; i < printed; i++) {
        assert_true(fingerprint(watch.snapshots[i]) == prints[i]);
        assert_int_equal(watch.snapshots[i]->number, i + 1);
    }
    drop_snapshots(&watch);
    plan_drop(plan);
    network_free(network);
}

/* While a layer is being solved its trace grows: each is a prefix of the next and of the solution's. */
static void traces_stream(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    pursue(explorer, plan);
    size_t seen[8] = {0};
    for (size_t i = 0; i < watch.count; i++) {
        const Snapshot *snapshot = watch.snapshots[i];
        if (snapshot->trace_count == 0) continue;
        const Solved *solved = newest(&watch)->layers[snapshot->layer].solved;
        assert_int_equal(snapshot->activity, ACTIVITY_SOLVING);
        assert_int_equal(snapshot->layers[snapshot->layer].state, LAYER_SOLVING);
        assert_int_equal(snapshot->trace_count, ++seen[snapshot->layer]);
        assert_memory_equal(snapshot->trace, solved->trace, snapshot->trace_count * sizeof *snapshot->trace);
    }
    for (size_t l = 0; l < network->layer_count; l++)
        assert_int_equal(seen[l], newest(&watch)->layers[l].solved->trace_count);
    plan_drop(plan);
    free_explorer(explorer, &watch);
    network_free(network);
}

/* The figures of a layer are consistent. */
static void pictures_of_a_layer_add_up(void **state)
{
    Network *network = open_shape(&concat);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    plan_set_activation_bits(plan, network, 4);
    Pipeline *pipeline = run_pipeline(network, plan, (PipelineOptions){0});
    for (size_t l = 0; l < network->layer_count; l++) {
        const Solved *solved = pipeline->solved[l];
        const Layer *layer = &network->layers[l];
        const size_t count = layer->groups * layer->m * layer->n;
        const Histogram *histogram = &solved->weight_histogram;
        size_t binned = histogram->below + histogram->above, used = 0;
        for (size_t i = 0; i < HISTOGRAM_BINS; i++) binned += histogram->counts[i];
        for (size_t q = 0; q < 255; q++) used += solved->codes[q];
        assert_int_equal(binned, count);
        assert_int_equal(used, count);
        assert_int_equal(solved->inputs.total, STATISTICS_INPUTS);
        long stitched = 0, sum = 0;
        for (unsigned p = 0; p + 1 < solved->result.bits; p++)
            stitched += ((long)solved->digits[p][2] - (long)solved->digits[p][0]) * (1L << p);
        for (size_t i = 0; i < count; i++) sum += solved->result.codes[i];
        assert_int_equal(stitched, sum);
        assert_int_equal(solved->trace_count, 1 + solved->result.epochs + solved->result.polish_epochs);
        assert_int_equal(solved->trace[0].stage, SOLVE_STAGE_START);
    }
    pipeline_free(pipeline);
    plan_drop(plan);
    network_free(network);
}

/* --- one layer ------------------------------------------------------------------------------------------ */

static double error_of(const Network *network, const Plan *plan, size_t layer)
{
    Pipeline *pipeline = run_pipeline(network, plan, (PipelineOptions){0});
    const double error = layer_result_error(&pipeline->layers[layer]);
    pipeline_free(pipeline);
    return error;
}

/* What is shown by bit width is what the sensitivity sweep measures: behind float layers, in every mode. */
static void check_widths(const Network *network, const Plan *plan, const LayerSnapshot *layer, size_t index)
{
    Sensitivity *table = calloc(network->layer_count, sizeof *table);
    const SweepOptions options = {.pool = pool, .memory = (size_t)1 << 30, .measure = true};
    assert_non_null(table);
    assert_int_equal(sweep_run(table, network, &plan->options, noise, &normalization, &options, &message),
                     STATUS_OK);
    assert_true(layer->swept);
    for (unsigned bits = BITS_MIN; bits <= BITS_MAX; bits++) {
        assert_true(layer->local[bits] == table[index].measured[bits]);
        assert_true(layer->estimate[bits] == table[index].estimate[bits]);
        assert_true(layer->rounding_estimate[bits] == table[index].rounding[bits]);
    }
    free(table);
}

/* As if the whole plan had been run with that method, or that width, in the layer. */
static void try_everything_on(const Network *network, Plan *plan, size_t index)
{
    Watch watch;
    const LayerPlan before = plan->layers[index];
    Explorer *explorer = make_explorer(&watch, network, plan);
    assert_int_equal(explorer_compare_methods(explorer, index, &message), STATUS_INVALID);
    pursue(explorer, plan);
    assert_int_equal(explorer_compare_methods(explorer, index, &message), STATUS_OK);
    assert_int_equal(explorer_measure_widths(explorer, index, &message), STATUS_OK);
    assert_int_equal(newest(&watch)->activity, ACTIVITY_IDLE);
    const LayerSnapshot *layer = &newest(&watch)->layers[index];
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
        plan->layers[index].method = (uint8_t)m;
        assert_true(layer->methods[m] == error_of(network, plan, index));
    }
    plan->layers[index] = before;
    for (unsigned bits = BITS_MIN; bits <= BITS_MAX; bits++) {
        plan->layers[index].weight_bits = (uint8_t)bits;
        const double in_plan = layer->measured[bits];
        assert_true(isnan(in_plan) || in_plan == error_of(network, plan, index));
    }
    assert_true(layer->measured[before.weight_bits] >= layer->input_floor);
    check_widths(network, plan, layer, index);
    const size_t calls = watch.calls;
    plan->layers[index] = before;
    pursue(explorer, plan);
    assert_int_equal(watch.calls, calls);
    assert_true(newest(&watch)->layers[index].methods[METHOD_GPTQ] == layer->methods[METHOD_GPTQ]);
    free_explorer(explorer, &watch);
}

/* A floor of real weights, and more than none behind quantized layers alone. */
static void the_input_floor_is_that_of_a_quantized_input(void **state)
{
    Network *network = open_shape(&residual);
    for (Mode mode = MODE_SEQUENTIAL; mode <= MODE_INDEPENDENT; mode++) {
        Watch watch;
        Plan *plan = small_plan(network, mode);
        Explorer *explorer = make_explorer(&watch, network, plan);
        pursue(explorer, plan);
        for (size_t l = 0; l < network->layer_count; l++) {
            const LayerSnapshot *layer = &newest(&watch)->layers[l];
            const unsigned bits = plan->layers[l].weight_bits;
            const bool alone = l == 0 || mode == MODE_INDEPENDENT;
            assert_true(alone ? layer->input_floor < 1e-6 : layer->input_floor > 1e-6);
            assert_true(layer->measured[bits] >= layer->input_floor * (1 - 1e-6));
            assert_true(alone ? layer->local[bits] == layer->measured[bits] : isnan(layer->local[bits]));
        }
        plan_drop(plan);
        free_explorer(explorer, &watch);
    }
    network_free(network);
}

/* Errors by the range of the codes, on every grid: solved is below round-to-nearest at the same scale. Where
 * the accuracy of the plan is known, that of every range is measured; it is forgotten with the plan. */
static void one_layer_over_the_range_of_its_codes(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    plan_set_method(plan, METHOD_GPTQ);
    for (unsigned kind = 0; kind < GRID_COUNT; kind++) {
        Watch watch;
        layer_plan_set_bits(&plan->layers[2], 3);
        layer_plan_set_grid(&plan->layers[2], (GridKind)kind);
        Explorer *explorer = make_explorer(&watch, network, plan);
        pursue(explorer, plan);
        assert_true(newest(&watch)->layers[2].solved->result.range > 0);
        assert_true(isnan(newest(&watch)->layers[2].clipping.errors.error[0]));
        assert_int_equal(explorer_measure_clipping(explorer, 2, &message), STATUS_OK);
        const ClippingStudy study = newest(&watch)->layers[2].clipping;
        for (size_t i = 0; i < CLIPPING_RANGES; i++) {
            assert_true(study.errors.solved[i] <= study.errors.error[i] * (1 + 1e-3));
            assert_true(study.errors.heldout[i] > 0);
            assert_int_equal(isfinite(study.accuracy[i]), newest(&watch)->accuracy_current);
        }
        assert_int_equal(newest(&watch)->activity, ACTIVITY_IDLE);
        plan->layers[1].weight_bits = 5;
        pursue(explorer, plan);
        plan->layers[1].weight_bits = 4;
        const Clipping *recalled = &newest(&watch)->layers[2].clipping.errors;
        assert_memory_equal(recalled, &study.errors, sizeof study.errors);
        assert_true(isnan(newest(&watch)->layers[2].clipping.accuracy[0]));
        free_explorer(explorer, &watch);
    }
    plan_drop(plan);
    network_free(network);
}

/* Also where the layer's sums depend on its weights' width. */
static void one_layer_by_every_method_and_width(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    try_everything_on(network, plan, 2);
    plan_set_activation_bits(plan, network, 5);
    plan->options.error_compensated = true;
    try_everything_on(network, plan, 2);
    plan_drop(plan);
    network_free(network);
}

/* With a memo that keeps nothing, and across layers that are not upstream. */
static void sums_of_a_layer_are_found_without_a_memory(void **state)
{
    for (Mode mode = MODE_SEQUENTIAL; mode <= MODE_INDEPENDENT; mode++)
        for (size_t ceiling = 0; ceiling <= (size_t)1 << 30; ceiling += (size_t)1 << 30) {
            Network *network = open_shape(&concat);
            Plan *plan = small_plan(network, mode);
            Memo *memo;
            assert_int_equal(memo_create(&memo, ceiling, NULL), STATUS_OK);
            const PipelineOptions options = {.pool = pool, .memory = (size_t)1 << 30, .memo = memo};
            const SolvedWatch nobody = {0};
            Pipeline *pipeline = run_pipeline(network, plan, (PipelineOptions){0});
            for (size_t l = 0; l < network->layer_count; l++) {
                Sums *sums;
                const Solved *solved;
                assert_int_equal(
                    pipeline_sums(&sums, l, network, plan, noise, &normalization, &options, &message),
                    STATUS_OK);
                assert_int_equal(solved_create(&solved, network, l, &plan->options, &plan->layers[l],
                                               &sums->statistics, &nobody, pool, &message),
                                 STATUS_OK);
                same_layer(&solved->result, &pipeline->solved[l]->result, &network->layers[l]);
                solved_drop(solved);
                sums_drop(sums);
            }
            Pipeline *after = run_pipeline(network, plan, (PipelineOptions){.memo = memo});
            same_pipeline(after, pipeline);
            pipeline_free(after);
            pipeline_free(pipeline);
            memo_free(memo);
            plan_drop(plan);
            network_free(network);
        }
}

/* --- visits, failures ----------------------------------------------------------------------------------- */

static void visited_of_an_earlier_run_come_first(void **state)
{
    Network *network = open_shape(&residual), *other = open_shape(&concat);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL), *wrong = small_plan(other, MODE_SEQUENTIAL);
    Plan *earlier = small_plan(network, MODE_SEQUENTIAL);
    VisitedPlan kept[2] = {{.plan = earlier, .number = 7, .evaluated = true, .accuracy = {.images = 9}},
                           {.plan = wrong, .number = 8}};
    const VisitedPlan *visits[2] = {&kept[0], &kept[1]};
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    assert_int_equal(explorer_restore(explorer, visits, 2, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "another network"));
    plan->layers[0].weight_bits = 5;
    pursue(explorer, plan);
    assert_int_equal(newest(&watch)->visited_count, 2);
    assert_int_equal(newest(&watch)->visit, 1);
    assert_int_equal(newest(&watch)->visited[0]->number, 1);
    assert_int_equal(newest(&watch)->visited[0]->accuracy.images, 9);
    plan->layers[0].weight_bits = 8;
    pursue(explorer, plan); /* kept figures are not taken for measured ones */
    assert_int_equal(newest(&watch)->visited[0]->accuracy.images, IMAGES);
    assert_int_equal(newest(&watch)->visited_count, 2);
    snapshot_agrees(newest(&watch), explorer, plan);
    plan_drop(plan);
    plan_drop(earlier);
    plan_drop(wrong);
    free_explorer(explorer, &watch);
    network_free(network);
    network_free(other);
}

static void estimates_are_of_the_plan_alone(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    assert_int_equal(try_to_pursue(explorer, plan), STATUS_OK);
    assert_true(newest(&watch)->layers[0].estimate[4] > 0);
    plan->options.seed = 9;
    assert_int_equal(explorer_set_aside(explorer, plan, &message), STATUS_CANCELLED);
    assert_int_equal(newest(&watch)->activity, ACTIVITY_CANCELLED);
    assert_true(isnan(newest(&watch)->layers[0].estimate[4]));
    assert_true(isnan(newest(&watch)->layers[0].rounding_estimate[4]));
    plan_drop(plan);
    free_explorer(explorer, &watch);
    network_free(network);
}

static void failures_are_shown(void **state)
{
    Network *network = open_shape(&residual), *other = open_shape(&concat);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL), *wrong = small_plan(other, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    assert_int_equal(newest(&watch)->activity, ACTIVITY_OPENING);
    plan->layers[0].activation_bits = 4; /* the network's input */
    assert_int_equal(try_to_pursue(explorer, plan), STATUS_INVALID);
    assert_int_equal(newest(&watch)->activity, ACTIVITY_FAILED);
    assert_string_equal(newest(&watch)->message.text, message.text);
    assert_null(explorer_pipeline(explorer));
    assert_null(explorer_ladder(explorer));
    assert_int_equal(network->layer_count + 1, other->layer_count);
    assert_int_equal(try_to_pursue(explorer, wrong), STATUS_INVALID);
    plan->layers[0].activation_bits = BITS_FLOAT;
    pursue(explorer, plan);
    assert_string_equal(newest(&watch)->message.text, "");
    assert_int_equal(explorer_compare_methods(explorer, 99, &message), STATUS_INVALID);
    plan_drop(plan);
    plan_drop(wrong);
    free_explorer(explorer, &watch);
    network_free(network);
    network_free(other);
}

static void why_there_are_no_images_is_shown(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    const Message reason = {.text = "'x.onnx' comes without calibration images"};
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    explorer_set_images(explorer, NULL, NULL, &normalization);
    explorer_lack_images(explorer, &reason);
    assert_int_equal(try_to_pursue(explorer, plan), STATUS_INVALID);
    assert_int_equal(newest(&watch)->activity, ACTIVITY_FAILED);
    assert_string_equal(newest(&watch)->message.text, reason.text);
    explorer_set_images(explorer, noise, noise, &normalization);
    pursue(explorer, plan);
    assert_string_equal(newest(&watch)->message.text, "");
    plan_drop(plan);
    free_explorer(explorer, &watch);
    network_free(network);
}

/* Other images, other results: no result of the first set is used for the second. */
static void other_images_start_anew(void **state)
{
    static const Normalization brighter = {.mean = {0.4f, 0.4f, 0.4f}, .std = {0.2f, 0.2f, 0.2f}};
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    pursue(explorer, plan);
    const Snapshot *first = newest(&watch);
    explorer_set_images(explorer, noise, NULL, &brighter);
    assert_null(explorer_pipeline(explorer));
    pursue(explorer, plan);
    assert_int_equal(newest(&watch)->visited_count, 1);
    assert_false(newest(&watch)->visited[0]->evaluated);
    assert_false(newest(&watch)->accuracy_current);
    assert_true(newest(&watch)->ladder.hybrid != first->ladder.hybrid);
    assert_true(newest(&watch)->layers[0].solved != first->layers[0].solved);
    plan_drop(plan);
    free_explorer(explorer, &watch);
    network_free(network);
}

/* --- threads -------------------------------------------------------------------------------------------- */

typedef struct Shelf {
    pthread_mutex_t lock;
    Snapshot *newest;
    bool over;
    size_t published, read;
    uint64_t sum;
} Shelf;

static void put_on_shelf(void *context, Snapshot *snapshot)
{
    Shelf *shelf = context;
    pthread_mutex_lock(&shelf->lock);
    Snapshot *old = shelf->newest;
    shelf->newest = snapshot;
    shelf->published++;
    pthread_mutex_unlock(&shelf->lock);
    snapshot_drop(old);
}

static void *read_shelf(void *context)
{
    Shelf *shelf = context;
    for (bool over = false; !over;) {
        pthread_mutex_lock(&shelf->lock);
        Snapshot *snapshot = shelf->newest ? snapshot_hold(shelf->newest) : NULL;
        over = shelf->over;
        pthread_mutex_unlock(&shelf->lock);
        if (!snapshot) continue;
        shelf->sum ^= fingerprint(snapshot);
        shelf->read++;
        snapshot_drop(snapshot);
    }
    return NULL;
}

/* --- when the ladder is computed ------------------------------------------------------------------------ */

typedef struct Times {
    size_t accuracy, ladder; /* the first snapshots in which they are complete and of the plan, or SIZE_MAX */
    size_t errors;           /* in which all layers are solved */
} Times;

static Times find_times(const Watch *watch, size_t from)
{
    Times times = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    for (size_t i = watch->count; i-- > from;) {
        const Snapshot *snapshot = watch->snapshots[i];
        if (snapshot->accuracy_current && snapshot->accuracy.images == IMAGES) times.accuracy = i;
        if (snapshot->ladder_current && snapshot->ladder_fraction == 1) times.ladder = i;
        if (snapshot->layers_done == snapshot->layer_count) times.errors = i;
    }
    return times;
}

static void the_accuracy_comes_before_the_ladder(void **state)
{
    static const LadderTiming timings[] = {LADDER_AFTER_ACCURACY, LADDER_AT_ONCE, LADDER_OFF};
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    for (size_t i = 0; i < 3; i++) {
        Watch watch;
        Explorer *explorer = make_explorer(&watch, network, plan);
        explorer_time_ladder(explorer, timings[i]);
        pursue(explorer, plan);
        const Times times = find_times(&watch, 0);
        assert_true(times.errors < times.accuracy && times.accuracy < SIZE_MAX);
        assert_int_equal(newest(&watch)->activity, ACTIVITY_IDLE);
        assert_int_equal(newest(&watch)->ladder_timing, timings[i]);
        if (timings[i] == LADDER_AFTER_ACCURACY) assert_true(times.accuracy < times.ladder);
        if (timings[i] == LADDER_AT_ONCE) assert_true(times.ladder < times.accuracy);
        assert_int_equal(times.ladder == SIZE_MAX, timings[i] == LADDER_OFF);
        assert_int_equal(explorer_ladder(explorer) == NULL, timings[i] == LADDER_OFF);
        free_explorer(explorer, &watch);
    }
    plan_drop(plan);
    network_free(network);
}

/* Switched off, a ladder that is known is no result; switched on again, it is not computed twice. */
static void results_do_not_depend_on_earlier_timings(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    pursue(explorer, plan);
    const double hybrid = explorer_ladder(explorer)->hybrid;
    explorer_time_ladder(explorer, LADDER_OFF);
    pursue(explorer, plan);
    assert_null(explorer_ladder(explorer));
    assert_non_null(explorer_accuracy(explorer));
    explorer_time_ladder(explorer, LADDER_AT_ONCE);
    const size_t before = watch.count;
    pursue(explorer, plan);
    assert_true(explorer_ladder(explorer)->hybrid == hybrid);
    for (size_t i = before; i < watch.count; i++)
        assert_int_not_equal(watch.snapshots[i]->activity, ACTIVITY_BOUNDING);
    free_explorer(explorer, &watch);
    plan_drop(plan);
    network_free(network);
}

/* Changes the timing at the first call in a stage. */
typedef struct Turn {
    Watch watch;
    Explorer *explorer;
    Activity at;
    LadderTiming to;
    bool turned;
} Turn;

static void publish_and_look(void *context, Snapshot *snapshot)
{
    Turn *turn = context;
    publish(&turn->watch, snapshot);
}

static bool turn_once(void *context)
{
    Turn *turn = context;
    if (!turn->turned && turn->watch.count && newest(&turn->watch)->activity == turn->at) {
        explorer_time_ladder(turn->explorer, turn->to);
        turn->turned = true;
    }
    return true;
}

/* While the ladder is computed, it is switched off or put behind the accuracy; while the accuracy is
 * computed, the ladder is put before it. All that is wanted is there in the end. */
static void the_timing_changes_on_the_way(void **state)
{
    static const struct {
        LadderTiming from, to;
        Activity at;
    } cases[] = {{LADDER_AT_ONCE, LADDER_AFTER_ACCURACY, ACTIVITY_NORMS},
                 {LADDER_AT_ONCE, LADDER_OFF, ACTIVITY_NORMS},
                 {LADDER_AFTER_ACCURACY, LADDER_AT_ONCE, ACTIVITY_EVALUATING},
                 {LADDER_OFF, LADDER_AFTER_ACCURACY, ACTIVITY_EVALUATING}};
    Network *network = open_shape(&residual);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Plan *plan = small_plan(network, MODE_SEQUENTIAL);
        Turn turn = {.watch = {.snapshots = calloc(MOST_SNAPSHOTS, sizeof(Snapshot *))},
                     .at = cases[i].at,
                     .to = cases[i].to};
        const ExplorerOptions options = {.pool = pool,
                                         .memory = (size_t)1 << 30,
                                         .ladder_images = 20,
                                         .publish_seconds = 1e-9,
                                         .proceed = turn_once,
                                         .publish = publish_and_look,
                                         .context = &turn};
        assert_int_equal(explorer_create(&turn.explorer, network, plan, &options, &message), STATUS_OK);
        explorer_set_images(turn.explorer, noise, noise, &normalization);
        explorer_time_ladder(turn.explorer, cases[i].from);
        assert_int_equal(explorer_pursue(turn.explorer, plan, &message), STATUS_OK);
        /* other threads may compute all norms before this one asks */
        assert_true(turn.turned || cases[i].at == ACTIVITY_NORMS);
        const LadderTiming last = turn.turned ? cases[i].to : cases[i].from;
        assert_int_equal(newest(&turn.watch)->activity, ACTIVITY_IDLE);
        assert_non_null(explorer_accuracy(turn.explorer));
        assert_int_equal(explorer_ladder(turn.explorer) == NULL, last == LADDER_OFF);
        free_explorer(turn.explorer, &turn.watch);
        plan_drop(plan);
    }
    network_free(network);
}

/* Where a layer is solved from cached statistics, nobody waits for the chains before the accuracy is known.
 */
static void accumulated_errors_come_after_the_accuracy(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_INDEPENDENT);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    pursue(explorer, plan);
    const size_t before = watch.count;
    plan->layers[1].weight_bits = 3;
    pursue(explorer, plan);
    const Times times = find_times(&watch, before);
    assert_true(isnan(watch.snapshots[times.accuracy]->layers[1].accumulated_error));
    assert_true(isfinite(newest(&watch)->layers[1].accumulated_error));
    assert_true(explorer_pipeline(explorer)->settled);
    same_as_fresh(explorer_pipeline(explorer), plan);
    free_explorer(explorer, &watch);
    plan_drop(plan);
    network_free(network);
}

/* For an export of the network alone. */
static void solving_leaves_the_rest(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Watch watch;
    Explorer *explorer = make_explorer(&watch, network, plan);
    assert_int_equal(explorer_solve(explorer, newest(&watch)->plan, &message), STATUS_OK);
    same_as_fresh(explorer_pipeline(explorer), plan);
    assert_null(explorer_accuracy(explorer));
    assert_null(explorer_ladder(explorer));
    pursue(explorer, plan);
    assert_non_null(explorer_accuracy(explorer));
    assert_non_null(explorer_ladder(explorer));
    free_explorer(explorer, &watch);
    plan_drop(plan);
    network_free(network);
}

/* --- readers -------------------------------------------------------------------------------------------- */

/* One thread reads all of every snapshot that it catches while the other edits. */
static void threads_read_while_the_worker_works(void **state)
{
    Network *network = open_shape(&residual);
    Plan *plan = small_plan(network, MODE_SEQUENTIAL);
    Shelf shelf = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const ExplorerOptions options = {.pool = pool,
                                     .memory = (size_t)1 << 30,
                                     .ladder_images = 20,
                                     .publish = put_on_shelf,
                                     .context = &shelf};
    Explorer *explorer;
    pthread_t reader;
    Plan *first; /* readers see it in snapshots: `plan` alone is edited */
    assert_int_equal(plan_copy(&first, plan, &message), STATUS_OK);
    assert_int_equal(explorer_create(&explorer, network, first, &options, &message), STATUS_OK);
    plan_drop(first);
    explorer_set_images(explorer, noise, noise, &normalization);
    assert_int_equal(pthread_create(&reader, NULL, read_shelf, &shelf), 0);
    for (size_t step = 0; step < 6; step++) {
        edit(plan, network, 60, step);
        pursue(explorer, plan);
    }
    explorer_free(explorer);
    pthread_mutex_lock(&shelf.lock);
    shelf.over = true;
    pthread_mutex_unlock(&shelf.lock);
    pthread_join(reader, NULL);
    assert_true(shelf.published >= 7 && shelf.read > 0);
    snapshot_drop(shelf.newest);
    plan_drop(plan);
    network_free(network);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_gives_a_fresh_run_s_bytes),
        cmocka_unit_test(ladder_and_accuracy_are_those_of_a_fresh_run),
        cmocka_unit_test(the_accuracy_comes_before_the_ladder),
        cmocka_unit_test(results_do_not_depend_on_earlier_timings),
        cmocka_unit_test(the_timing_changes_on_the_way),
        cmocka_unit_test(accumulated_errors_come_after_the_accuracy),
        cmocka_unit_test(solving_leaves_the_rest),
        cmocka_unit_test(only_what_is_behind_is_solved_again),
        cmocka_unit_test(going_back_is_no_work),
        cmocka_unit_test(little_memory_forgets_and_gives_the_same),
        cmocka_unit_test(cancelled_anywhere_goes_on_to_the_same),
        cmocka_unit_test(published_snapshots_do_not_change),
        cmocka_unit_test(traces_stream),
        cmocka_unit_test(pictures_of_a_layer_add_up),
        cmocka_unit_test(the_input_floor_is_that_of_a_quantized_input),
        cmocka_unit_test(one_layer_by_every_method_and_width),
        cmocka_unit_test(one_layer_over_the_range_of_its_codes),
        cmocka_unit_test(sums_of_a_layer_are_found_without_a_memory),
        cmocka_unit_test(visited_of_an_earlier_run_come_first),
        cmocka_unit_test(estimates_are_of_the_plan_alone),
        cmocka_unit_test(failures_are_shown),
        cmocka_unit_test(why_there_are_no_images_is_shown),
        cmocka_unit_test(other_images_start_anew),
        cmocka_unit_test(threads_read_while_the_worker_works),
    };
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests_name("explorer", tests, set_up, noise_stop);
}
