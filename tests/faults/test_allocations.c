/* SPDX-License-Identifier: MIT */
/* Out of memory, everywhere. Each scenario ("journey") is repeated with its 1st, 2nd, 3rd ... allocation
 * failing alone, until it passes; and with all later ones failing too, at up to 200 places. Each time it ends
 * with an error that has a message, or with the results of the undisturbed run; files are complete or do not
 * exist. The address sanitizer checks for leaks.
 *
 *     test_allocations [JOURNEY]     a cmocka pattern, for example "quantize*"; or a part, "2/4": every
 * fourth journey from the second on
 */
#include "allocation_faults.h"
#include "app/cli/blas_kernel.h"
#include "app/cli/commands/commands.h"
#include "app/cli/commands/outputs.h"
#include "app/cli/commands/steps.h"
#include "app/explorer/actions.h"
#include "app/explorer/keys.h"
#include "app/explorer/session.h"
#include "explore/explorer.h"
#include "graph_text.h"
#include "noise.h"
#include "scratch.h"

#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <zlib.h>

#define IMAGES 4
#define SIDE 8
#define CHANNELS 3
#define MOST_WORDS 40
#define MOST_LASTING 200 /* places that memory ends at for good */
#define PATIENCE 60      /* seconds, for what takes milliseconds */

#define NETWORK "net.onnx"
#define GRAPH                                                                                                \
    "a=Conv(x,{4,3,3,3}#1,{4}#2) pads=[1,1,1,1]; b=Relu(a); c=MaxPool(b) kernel_shape=[2,2] strides=[2,2]; " \
    "d=Conv(c,{6,4,3,3}#3); e=Relu(d); f=Flatten(e); y=Gemm(f,{24,5}#4,{5}#5)"
/* For journeys that solve the same layers many times. */
#define SMALL_NETWORK "small.onnx"
#define SMALL_GRAPH                                                                                          \
    "a=Conv(x,{2,3,2,2}#1,{2}#2) strides=[2,2]; b=Relu(a); c=GlobalAveragePool(b); d=Flatten(c); "           \
    "y=Gemm(d,{2,5}#3,{5}#4)"
#define NOISE " --images noise --image-labels labels --mean 0.5 --std 0.3 --calibration noise "
#define PREPARED NETWORK NOISE
#define SMALL SMALL_NETWORK NOISE

/* The inputs of a journey, made while nothing fails. */
typedef enum Start { START_NOTHING, START_SESSION, START_RESULTS } Start;

typedef struct Journey {
    const char *name, *arguments; /* the command line's, without the program */
    Start start;
    Status (*run)(void);
} Journey;

/* --- the stage -------------------------------------------------------------------------------------- */

static Options options;
static Inputs inputs;
static Pipeline *pipeline;
static Climb climb;
static Evaluation evaluation;
static uint64_t digest; /* of the results of the journey that runs */

static void digest_bytes(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; bytes && i < size; i++) digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void digest_pipeline(const Pipeline *results)
{
    for (size_t l = 0; l < results->layer_count; l++) {
        const Layer *layer = &results->network->layers[l];
        const LayerResult *result = &results->layers[l];
        const size_t channels = layer->groups * layer->m;
        digest_bytes(result->codes, channels * layer->n);
        digest_bytes(result->scales, channels * sizeof(float));
        digest_bytes(result->bias, channels * sizeof(float));
        digest_bytes(&result->accumulated_error, sizeof(double));
    }
}

static void read_arguments(const char *arguments)
{
    static char text[1024], *words[MOST_WORDS + 1];
    bool all;
    int count = 0;
    snprintf(text, sizeof text, "bitstitch %s", arguments);
    for (char *word = text; word && count < MOST_WORDS;) {
        words[count++] = word;
        word = strchr(word, ' ');
        if (word) *word++ = 0;
    }
    words[count] = NULL;
    optind = 0;
    if (options_parse(&options, &all, count, words, &message) != REQUEST_RUN) fail_msg("%s", message.text);
}

static void need(Status status)
{
    if (status != STATUS_OK) fail_msg("%s", message.text);
}

static void set_stage(const Journey *journey)
{
    read_arguments(journey->arguments);
    if (journey->start >= START_SESSION)
        need(inputs_open(&inputs, &options, INPUT_NEEDED, INPUT_OPTIONAL, &message));
    if (journey->start < START_RESULTS) return;
    need(step_quantize(&pipeline, &inputs, inputs.plan, "", &message));
    need(step_ladder(&climb, &inputs, pipeline, &message));
    need(step_evaluate(&evaluation, &inputs, (const Weights *const *)pipeline->weights, "", &message));
}

static int clear_stage(void **state)
{
    const Journey *journey = *state;
    ladder_free(&climb.ladder);
    pipeline_free(pipeline);
    pipeline = NULL;
    climb = (Climb){0};
    if (journey->start >= START_SESSION) inputs_close(&inputs);
    return 0;
}

/* --- journeys --------------------------------------------------------------------------------------- */

static Status open_network(void)
{
    Inputs opened;
    Status status = inputs_open_network(&opened, &options, &message);
    if (status == STATUS_OK) digest_bytes(opened.plan->layers, opened.plan->layer_count * sizeof(LayerPlan));
    inputs_close(&opened);
    return status;
}

static Status open_images(void)
{
    Inputs opened;
    Status status = inputs_open(&opened, &options, INPUT_UNUSED, INPUT_NEEDED, &message);
    static float tile[CHANNELS * 32 * 32];
    for (size_t i = 0; status == STATUS_OK && i < opened.evaluation->count; i++) {
        status = dataset_read(opened.evaluation, tile, i, 1, &opened.normalization, &message);
        if (status == STATUS_OK) digest_bytes(tile, sizeof tile);
    }
    inputs_close(&opened);
    return status;
}

static Status quantize(void)
{
    Pipeline *results = NULL;
    Status status = step_quantize(&results, &inputs, inputs.plan, "", &message);
    if (status == STATUS_OK) digest_pipeline(results);
    pipeline_free(results);
    return status;
}

static Status bound(void)
{
    Climb climbed;
    Status status = step_ladder(&climbed, &inputs, pipeline, &message);
    if (status != STATUS_OK) return status;
    const double rungs[] = {climbed.ladder.frobenius, climbed.ladder.hybrid, climbed.ladder.measured};
    digest_bytes(rungs, sizeof rungs);
    ladder_free(&climbed.ladder);
    return STATUS_OK;
}

static Status evaluate(void)
{
    Evaluation result;
    inputs.reference->known = 0;
    Status status = step_evaluate(&result, &inputs, (const Weights *const *)pipeline->weights, "", &message);
    if (status == STATUS_OK) digest_bytes(&result.output_sqnr_db, sizeof result.output_sqnr_db);
    return status;
}

static Status heard(void *context, size_t layer, const Sensitivity *sensitivity, Message *unused)
{
    return STATUS_OK;
}

static Status measure_sensitivities(void)
{
    Sensitivity sensitivities[3];
    Status status = step_sweep(sensitivities, &inputs, heard, NULL, &message);
    if (status == STATUS_OK) digest_bytes(sensitivities, sizeof sensitivities);
    return status;
}

static Status write_outputs(void)
{
    return outputs_write(&inputs, pipeline, &evaluation, &climb, &message);
}

static Status run_command(void)
{
    static Status (*const commands[COMMAND_COUNT])(const Options *, Message *) = {
        [COMMAND_EXPLORE] = cmd_explore,         [COMMAND_INSPECT] = cmd_inspect,
        [COMMAND_QUANTIZE] = cmd_quantize,       [COMMAND_EVALUATE] = cmd_evaluate,
        [COMMAND_COMPARE] = cmd_compare,         [COMMAND_BOUND] = cmd_bound,
        [COMMAND_SENSITIVITY] = cmd_sensitivity, [COMMAND_CHOOSE] = cmd_choose,
    };
    return commands[options.command](&options, &message);
}

/* Keys on the screen of a network, without its worker. */
static Status press_keys(void)
{
    const char *keys = "jj4*3uur/conv<Enter>?<Esc>L<Tab>v<Enter><Esc>V<Esc>sz";
    Session session;
    int key;
    Status status = session_open(&session, &options, &message);
    if (status == STATUS_OK) status = session_resize(&session, 40, 120, &message);
    while (status == STATUS_OK && !session.lost.text[0] && key_parse(&key, &keys)) {
        act_on_key(&session, key);
        session_draw(&session);
    }
    if (status == STATUS_OK && session.lost.text[0])
        status = status_fail(&message, STATUS_MEMORY, "%s", session.lost.text);
    if (status == STATUS_OK) digest_bytes(session.scene.plan->layers, sizeof(LayerPlan) * 3);
    session_close(&session);
    return status;
}

static bool go_on(void *context)
{
    return true;
}

static void drop(void *context, Snapshot *snapshot)
{
    snapshot_drop(snapshot);
}

static Status pursue_plans(Explorer *explorer)
{
    Plan *plan;
    Status status = plan_copy(&plan, inputs.plan, &message);
    if (status != STATUS_OK) return status;
    plan->layers[1].weight_bits = 3;
    status = explorer_pursue(explorer, inputs.plan, &message);
    if (status == STATUS_OK) status = explorer_pursue(explorer, plan, &message);
    if (status == STATUS_OK) status = explorer_compare_methods(explorer, 1, &message);
    if (status == STATUS_OK) status = explorer_measure_widths(explorer, 2, &message);
    if (status == STATUS_OK) status = explorer_measure_clipping(explorer, 2, &message);
    if (status == STATUS_OK) digest_pipeline(explorer_pipeline(explorer));
    plan_drop(plan);
    return status;
}

static Status explore(void)
{
    const ExplorerOptions wishes = {
        .pool = inputs.pool, .ladder_images = IMAGES, .proceed = go_on, .publish = drop};
    Explorer *explorer;
    Status status = explorer_create(&explorer, inputs.network, inputs.plan, &wishes, &message);
    if (status != STATUS_OK) return status;
    explorer_set_images(explorer, inputs.calibration, inputs.evaluation, &inputs.normalization);
    status = pursue_plans(explorer);
    explorer_free(explorer);
    return status;
}

#define PICTURES SOURCE_ROOT "/tests/images/pictures"
#define QUICK "--rows 50 --threads "
static const Journey journeys[] = {
    {"open a network", "inspect " NETWORK " --mean 0.5 --std 0.3", START_NOTHING, open_network},
    {"open a description", "inspect net.json --plan plan.csv", START_NOTHING, open_network},
    {"open a plan of a run", "inspect net.json --plan plan.json", START_NOTHING, open_network},
    {"read IDX", "evaluate " NETWORK " --images noise.gz --image-labels labels --threads 1", START_NOTHING,
     open_images},
    {"read CIFAR", "evaluate cifar.onnx --images cifar.bin --threads 1", START_NOTHING, open_images},
    {"read NumPy", "evaluate " NETWORK " --images noise.npy --threads 1", START_NOTHING, open_images},
    {"read pictures", "evaluate pictures.onnx --images " PICTURES " --resize 9 --threads 1", START_NOTHING,
     open_images},
    {"read pictures, two threads",
     "evaluate pictures.onnx --images " PICTURES " --resize 9 --skip-bad-images --threads 2", START_NOTHING,
     open_images},
    {"quantize", "quantize " PREPARED QUICK "1", START_SESSION, quantize},
    {"quantize, two threads", "quantize " PREPARED QUICK "2", START_SESSION, quantize},
    {"quantize inputs", "quantize " PREPARED QUICK "1 --activation-bits 4", START_SESSION, quantize},
    {"quantize inputs by channel",
     "quantize " PREPARED QUICK "1 --activation-bits 4 --error-compensated --mode independent", START_SESSION,
     quantize},
    {"quantize by GPTQ", "quantize " PREPARED QUICK "2 --method gptq --no-bias-correction", START_SESSION,
     quantize},
    {"quantize by rounding", "quantize " PREPARED QUICK "1 --method round-mse --bits float --no-polish",
     START_SESSION, quantize},
    {"bound", "bound " PREPARED QUICK "1", START_RESULTS, bound},
    {"bound, two threads", "bound " PREPARED QUICK "2 --activation-bits 8", START_RESULTS, bound},
    {"evaluate", "bound " PREPARED QUICK "2", START_RESULTS, evaluate},
    {"measure sensitivities", "sensitivity net.json " QUICK "1 --measure", START_SESSION,
     measure_sensitivities},
    {"write CSV", "bound " PREPARED QUICK "1 --csv out.csv", START_RESULTS, write_outputs},
    {"write JSON", "bound " PREPARED QUICK "1 --json out.json", START_RESULTS, write_outputs},
    {"write ONNX", "quantize " PREPARED QUICK "1 --activation-bits 4 --onnx out.onnx", START_RESULTS,
     write_outputs},
    {"write ONNX with inputs by channel",
     "quantize " PREPARED QUICK "1 --activation-bits 4 --error-compensated --onnx out.onnx", START_RESULTS,
     write_outputs},
    {"explore", "explore " PREPARED QUICK "1", START_SESSION, explore},
    {"keys", "explore net.json", START_NOTHING, press_keys},
    {"command inspect", "inspect net.json --csv out.csv", START_NOTHING, run_command},
    {"command sensitivity", "sensitivity net.json " QUICK "1 --csv out.csv", START_NOTHING, run_command},
    {"command quantize", "quantize " PREPARED QUICK "2 --csv out.csv --json out.json", START_NOTHING,
     run_command},
    {"command bound", "bound " PREPARED QUICK "1 --csv out.csv --json out.json", START_NOTHING, run_command},
    {"command compare", "compare " SMALL QUICK "1 --activation-bits 8", START_NOTHING, run_command},
    {"explore and export", "explore " PREPARED QUICK "1 --script export", START_NOTHING, run_command},
    {"explore and save", "explore " PREPARED QUICK "1 --script save", START_NOTHING, run_command},
    {"explore and ask", "explore " SMALL QUICK "1 --script ask", START_NOTHING, run_command},
};

/* What commands print is not looked at. */
static int silence(void)
{
    fflush(stdout);
    const int kept = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY);
    assert_true(kept >= 0 && nowhere >= 0);
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
    return kept;
}

static void speak(int kept)
{
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

/* --- files ------------------------------------------------------------------------------------------ */

static void write_networks(void)
{
    const size_t shape[4] = {0, CHANNELS, SIDE, SIDE}, cifar[4] = {0, CHANNELS, 32, 32};
    graph_write(NETWORK, GRAPH, 14, shape);
    graph_write(SMALL_NETWORK, SMALL_GRAPH, 14, shape);
    graph_write("pictures.onnx", "a=Conv(x,{4,3,3,3}#1); b=Flatten(a); y=Gemm(b,{144,11}#4)", 14, shape);
    graph_write("cifar.onnx",
                "a=Conv(x,{4,3,3,3}#1); b=GlobalAveragePool(a); c=Flatten(b); y=Gemm(c,{4,10}#4)", 14, cifar);
    scratch_text("net.json", "{\"network\": \"" NETWORK "\", \"mean\": [0.5], \"std\": [0.3], \"labels\": "
                             "[\"a\", \"b\", \"c\", \"d\", \"\u00e9\"], \"evaluation\": {\"images\": "
                             "\"noise\", \"labels\": \"labels\"}, \"calibration\": \"noise\"}");
}

/* The same noise in every format. */
static void write_images(void)
{
    static const char head[118] =
        "\x93NUMPY\1\0v\0{'descr': '|u1', 'fortran_order': False, 'shape': (4, 8, 8, 3), }";
    enum { PIXELS = IMAGES * SIDE * SIDE * CHANNELS, RECORD = 1 + 32 * 32 * 3 };
    unsigned char array[128 + PIXELS], cifar[IMAGES * RECORD];
    char *idx;
    size_t size;
    dataset_free(noise_open(IMAGES, SIDE, CHANNELS));
    need(file_read(&idx, &size, "noise", 1 << 20, &message));
    memset(array, ' ', 128);
    memcpy(array, head, 10 + strlen(head + 10));
    array[127] = '\n';
    memcpy(array + 128, idx + 20, PIXELS);
    scratch_write("noise.npy", array, sizeof array);
    for (size_t i = 0; i < sizeof cifar; i++)
        cifar[i] = i % RECORD ? (unsigned char)idx[20 + i % PIXELS] : (unsigned char)(i / RECORD);
    scratch_write("cifar.bin", cifar, sizeof cifar);
    gzFile packed = gzopen("noise.gz", "wb");
    assert_int_equal(gzwrite(packed, idx, (unsigned)size), size);
    gzclose(packed);
    free(idx);
}

static void write_plans(void)
{
    scratch_text("plan.csv", "name,weight_bits,method\r\n\"a\",3,gptq\r\n");
    read_arguments("quantize " PREPARED QUICK "1 --bits 3 --json plan.json");
    const int kept = silence();
    need(run_command());
    speak(kept);
    scratch_text("export", "wait\nkeys jj4\nkeys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\nwait\ndump\n");
    scratch_text("save", "wait\nkeys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\n"
                         "keys o<Ctrl-U>\ntype saved.json\nkeys <Enter>\nwait errors\n");
    scratch_text("ask", "wait errors\nkeys cW\nwait\nkeys V<Esc>?<Esc>3u\n");
}

static int set_up(void **state)
{
    need(blas_kernel_choose(NULL, &message));
    scratch_create();
    assert_int_equal(chdir(scratch), 0);
    write_networks();
    write_images();
    write_plans();
    return 0;
}

static int tear_down(void **state)
{
    assert_int_equal(chdir("/"), 0);
    scratch_remove();
    return 0;
}

/* --- what journeys write ---------------------------------------------------------------------------- */

typedef struct Output {
    char *data; /* NULL: no file */
    size_t size;
} Output;

#define OUTPUTS 4
static const char *const outputs[OUTPUTS] = {"out.csv", "out.json", "out.onnx", "saved.json"};
static Output whole[OUTPUTS]; /* of the journey that nothing disturbed */

/* Cuts a run's JSON before its times, and blanks the time at which an exploration was saved. */
static void drop_times(Output *output)
{
    char *run = strstr(output->data, "\"run\":"), *saved = strstr(output->data, "\"saved\":");
    if (run) output->size = (size_t)(run - output->data);
    if (saved) memset(saved, ' ', strcspn(saved, ","));
}

static Output read_output(const char *name)
{
    Output output;
    if (file_read(&output.data, &output.size, name, 1 << 20, NULL) == STATUS_OK) drop_times(&output);
    return output;
}

static void keep_outputs(void)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        free(whole[i].data);
        whole[i] = read_output(outputs[i]);
        unlink(outputs[i]);
    }
}

/* --- the sweep -------------------------------------------------------------------------------------- */

static size_t tried;
static char where[256];

/* Where a sanitizer or the alarm ends it. */
static void tell_where(void)
{
    if (write(STDERR_FILENO, where, strlen(where)) >= 0) faults_tell(STDERR_FILENO);
}

static void tell_hang(int number)
{
    tell_where();
    signal(SIGABRT, SIG_DFL);
    abort();
}

void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void blame(const char *what)
{
    faults_tell(STDERR_FILENO);
    fail_msg("%s%s", where, what);
}

static void compare_outputs(bool complete)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        Output output = read_output(outputs[i]);
        if (complete && whole[i].data && !output.data) blame("a file is missing");
        if (output.data &&
            (output.size != whole[i].size || memcmp(output.data, whole[i].data, output.size) != 0))
            blame("a file has another content");
        free(output.data);
        unlink(outputs[i]);
    }
}

typedef struct Outcome {
    Status status;
    size_t calls, failed;
    uint64_t digest;
} Outcome;

static Outcome make(const Journey *journey, size_t at, bool lasting)
{
    Outcome outcome;
    message.text[0] = 0;
    digest = UINT64_C(0xcbf29ce484222325);
    snprintf(where, sizeof where, "\n%s: call for memory %zu fails%s: ", journey->name, at,
             lasting ? " and all after it" : "");
    alarm(PATIENCE);
    const int kept = silence();
    faults_arm(at, lasting);
    outcome.status = journey->run();
    outcome.calls = faults_disarm(&outcome.failed);
    speak(kept);
    alarm(0);
    outcome.digest = digest;
    return outcome;
}

static void judge(const Outcome *outcome, const Outcome *undisturbed)
{
    if (outcome->status == STATUS_OK && outcome->digest != undisturbed->digest) blame("other results");
    if (outcome->status == STATUS_OK) return;
    if (!outcome->failed || (!strstr(message.text, "memory") && !strstr(message.text, "thread")))
        blame(message.text);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    for (int i = 0; i < 256; i++) count += fcntl(i, F_GETFD) >= 0;
    return count;
}

/* Every `step`-th call fails. */
static void sweep_once(const Journey *journey, const Outcome *undisturbed, bool lasting, size_t step)
{
    Outcome outcome;
    const size_t files = scratch_count(), descriptors = count_descriptors();
    size_t count = 0;
    for (;; count++) {
        outcome = make(journey, 1 + count * step, lasting);
        judge(&outcome, undisturbed);
        compare_outputs(outcome.status == STATUS_OK);
        if (scratch_count() != files) blame("a file is left");
        if (count_descriptors() != descriptors) blame("a file is left open");
        if (!outcome.failed) break;
    }
    tried += count;
    printf("%s: %zu calls failed%s\n", journey->name, count, lasting ? " with all after them" : "");
}

static void sweep(void **state)
{
    const Journey *journey = *state;
    set_stage(journey);
    make(journey, 0, false); /* libraries keep some of what they took the first time */
    const Outcome undisturbed = make(journey, 0, false);
    need(undisturbed.status);
    keep_outputs();
    sweep_once(journey, &undisturbed, false, 1);
    sweep_once(journey, &undisturbed, true, 1 + undisturbed.calls / MOST_LASTING);
    if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
        fail_msg("%s: leaks", journey->name);
}

#define OTHER_PART "of another part"

int main(int count, char **arguments)
{
    struct CMUnitTest tests[sizeof journeys / sizeof *journeys] = {{0}};
    size_t part = 1, parts = 1;
    const bool divided = count > 1 && sscanf(arguments[1], "%zu/%zu", &part, &parts) == 2;
    for (size_t i = 0; i < sizeof journeys / sizeof *journeys; i++)
        tests[i] = (struct CMUnitTest){i % parts == part - 1 ? journeys[i].name : OTHER_PART, sweep, NULL,
                                       clear_stage, (void *)(uintptr_t)&journeys[i]};
    if (divided)
        cmocka_set_skip_filter(OTHER_PART);
    else if (count > 1)
        cmocka_set_test_filter(arguments[1]);
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(tell_where);
    signal(SIGALRM, tell_hang);
    const int failed = cmocka_run_group_tests_name("allocations", tests, set_up, tear_down);
    for (size_t i = 0; i < OUTPUTS; i++) free(whole[i].data);
    printf("calls for memory that failed: %zu\n", tried);
    return failed;
}
