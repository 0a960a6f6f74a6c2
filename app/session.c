#define _GNU_SOURCE
#include "app/session.h"

#include "app/budget.h"
#include "app/interrupt.h"
#include "app/output_check.h"
#include "app/progress.h"
#include "base/sizes.h"
#include "config.h"
#include "quantize/calibrate.h"
#include "report/onnx_write.h"
#include "report/plan_csv.h"
#include "report/run_json.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- network ---------------------------------------------------------------------------------------- */

bool has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), tail = strlen(suffix);
    return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}

/* The network that comes with the program: where it was installed, or among the sources it was built from. */
static const char *bundled_network(void)
{
    static const char *const places[] = {BITSTITCH_DATA "/resnet20.json",
                                         BITSTITCH_SOURCE_DATA "/resnet20.json"};
    return access(places[0], R_OK) == 0 ? places[0] : places[1];
}

/* Options win over what a run's JSON was opened by. */
static Status open_file(Session *session, const char *path, Message *message)
{
    const Options *options = session->options;
    const Budget budget = budget_now(options);
    RunChoices choices = {0};
    Status status = STATUS_OK;
    if (options->plan && looks_like_json(options->plan))
        status = run_json_read_choices(&choices, options->plan, message);
    const NetworkOptions network = {.input_shape =
                                        options->input_shape ? options->input_shape : choices.input_shape,
                                    .output = options->output ? options->output : choices.output,
                                    .memory = budget.left,
                                    .held = budget.held};
    if (status == STATUS_OK) status = network_open(&session->network, path, &network, message);
    session->planned_on = choices.calibration;
    choices.calibration = NULL;
    run_choices_free(&choices);
    return status;
}

/* A file that a description names may be wrong there. */
static Status name_key(Status status, const Session *session, const char *key, Message *message)
{
    if (status != STATUS_IO) return status;
    return status_context(message, status, "description '%s', key '%s'", session->path, key);
}

static Status open_network(Session *session, Message *message)
{
    const Options *options = session->options;
    session->path = strdup(options->network ? options->network : bundled_network());
    if (!session->path) return status_no_memory(message, "a path");
    const char *network = session->path;
    if (has_suffix(session->path, ".json")) {
        Status status = description_read(&session->description, session->path, message);
        if (status != STATUS_OK) return status;
        session->described = true;
        network = session->description.network;
    }
    Status status = open_file(session, network, message);
    return session->described ? name_key(status, session, "network", message) : status;
}

/* --- preparation ------------------------------------------------------------------------------------ */

/* From whoever says it first; `kept` is the text. */
static Status read_normalization(char **kept, float *values, const Session *session, bool is_std,
                                 Message *message)
{
    const char *key = is_std ? "std" : "mean";
    const char *option = is_std ? session->options->std : session->options->mean;
    const char *described = is_std ? session->description.std : session->description.mean;
    const char *metadata = is_std ? session->network->std : session->network->mean;
    const char *text = is_std ? "1" : "0";
    char what[512] = "";
    if (option) {
        text = option;
        snprintf(what, sizeof what, "--%s", key);
    } else if (described) {
        text = described;
        snprintf(what, sizeof what, "description '%s', key '%s'", session->path, key);
    } else if (metadata && *metadata) {
        text = metadata;
        snprintf(what, sizeof what, "'%s', metadata '%s'", session->network->path, key);
    }
    *kept = strdup(text);
    if (!*kept) return status_no_memory(message, "the normalization");
    return normalization_parse(values, text, session->network->channels, is_std, what, message);
}

static Status copy_names(char ***copy, char *const *names, size_t count, Message *message)
{
    char **list = calloc(size_max(count, 1), sizeof *list);
    if (!list) return status_no_memory(message, "class names");
    for (size_t i = 0; i < count; i++) {
        list[i] = strdup(names[i]);
        if (list[i]) continue;
        class_names_free(list, i);
        return status_no_memory(message, "class names");
    }
    *copy = list;
    return STATUS_OK;
}

static Status find_class_names(Session *session, const char **source, Message *message)
{
    const Description *description = &session->description;
    const char *labels = session->options->labels, *metadata = session->network->labels;
    *source = labels ? labels : description->labels ? session->path : session->network->path;
    if (labels) return class_names_read(&session->class_names, &session->class_count, labels, message);
    if (description->labels) {
        session->class_count = description->label_count;
        return copy_names(&session->class_names, description->labels, description->label_count, message);
    }
    if (!metadata || !*metadata) return STATUS_OK;
    return class_names_split(&session->class_names, &session->class_count, metadata, message);
}

static Status read_class_names(Session *session, Message *message)
{
    const char *source;
    Status status = find_class_names(session, &source, message);
    if (status != STATUS_OK) return status;
    if (!session->class_names || session->class_count == session->network->output_elements) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "'%s' names %zu classes, and '%s' has %zu outputs", source,
                       session->class_count, session->network->path, session->network->output_elements);
}

/* --- plan ------------------------------------------------------------------------------------------- */

/* The first character of an open file that is no blank and no mark of the byte order; 0 where there is
 * none. */
static unsigned char first_character(int file)
{
    unsigned char block[4096];
    ssize_t got;
    while ((got = read(file, block, sizeof block)) > 0)
        for (ssize_t i = 0; i < got; i++)
            if (block[i] != 0xef && block[i] != 0xbb && block[i] != 0xbf && !isspace(block[i]))
                return block[i];
    return 0;
}

/* Opens without waiting for a pipe's other end. */
bool looks_like_json(const char *path)
{
    struct stat facts;
    if (has_suffix(path, ".json")) return true;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return false;
    const bool regular = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
    const bool is_json = regular && first_character(file) == '{';
    close(file);
    return is_json;
}

static Status read_plan(Session *session, Message *message)
{
    const char *path = session->options->plan;
    if (!path) return STATUS_OK;
    if (looks_like_json(path)) return run_json_read_plan(&session->plan, session->network, path, message);
    return plan_csv_read(&session->plan, session->network, path, message);
}

/* Options not given stay as the plan has them. */
static void take_options(PlanOptions *plan, const Options *options)
{
    const bool *given = options->given;
    if (given[OPTION_MODE]) plan->mode = options->mode;
    if (given[OPTION_SEED]) plan->seed = options->seed;
    if (given[OPTION_CALIBRATION_IMAGES]) plan->calibration_images = options->calibration_images;
    if (given[OPTION_ROWS]) plan->rows = options->rows;
    if (given[OPTION_RIDGE]) plan->ridge = options->ridge;
    if (given[OPTION_NO_POLISH]) plan->polish = false;
    if (given[OPTION_NO_BIAS_CORRECTION]) plan->bias_correction = false;
    if (given[OPTION_ERROR_COMPENSATED]) plan->error_compensated = true;
}

static Status make_plan(Session *session, Message *message)
{
    const Options *options = session->options;
    Status status = plan_create(&session->plan, session->network, message);
    if (status != STATUS_OK) return status;
    plan_set_bits(&session->plan, session->network, options->bits, options->first_bits, options->last_bits);
    plan_set_activation_bits(&session->plan, session->network, options->activation_bits);
    plan_set_method(&session->plan, options->method);
    status = read_plan(session, message);
    take_options(&session->plan.options, options);
    return status;
}

/* --- images ----------------------------------------------------------------------------------------- */

/* From whoever says it first. */
static Status read_preparation(Preparation *preparation, const Session *session, Message *message)
{
    Status status = STATUS_OK;
    for (PreparationKey key = 0; key < PREPARATION_KEYS && status == STATUS_OK; key++) {
        const char *option = session->options->preparation[key];
        const char *text = option ? option : session->description.preparation[key];
        char what[512];
        if (!text) continue;
        if (option)
            snprintf(what, sizeof what, "--%s", preparation_key_name(key));
        else
            snprintf(what, sizeof what, "description '%s', key '%s'", session->path,
                     preparation_key_name(key));
        status = preparation_set(preparation, key, text, what, message);
    }
    return status;
}

static bool show_reading(void *context, size_t done, size_t total)
{
    progress_show(context, "reading images: %zu of %zu", done, total);
    return !interrupt_signal();
}

/* What an option names wins over the description, labels included: they belong to their images. */
static DatasetSource choose_images(const Session *session, const char *images, const char *labels,
                                   const ImageFiles *described)
{
    const Network *network = session->network;
    const Budget budget = budget_now(session->options);
    return (DatasetSource){.images = images ? images : described->images,
                           .labels = images ? labels : described->labels,
                           .classes = network->output_elements,
                           .height = network->height,
                           .width = network->width,
                           .channels = network->channels,
                           .class_names = session->class_names,
                           .class_count = session->class_count,
                           .seed = session->plan.options.seed,
                           .skip_bad = session->options->skip_bad_images,
                           .kept = budget_kept(&budget),
                           .memory = budget.left,
                           .held = budget.held,
                           .pool = session->pool,
                           .proceed = session->opening ? session->opening : show_reading,
                           .context = session->opening_context};
}

/* The images that will be calibrated on, and bounded on where those are more; 0 for all. */
static size_t images_to_calibrate(const Session *session)
{
    const Options *options = session->options;
    size_t images, heldout;
    calibration_split(&images, &heldout, session->plan.options.calibration_images, SIZE_MAX);
    if (!options->given[OPTION_LADDER_IMAGES] || options->ladder_on != LADDER_CALIBRATION)
        return images + heldout;
    return options->ladder_images ? size_max(images + heldout, options->ladder_images) : 0;
}

/* A network that was opened in the explorer has no options of its own: a description always helps. */
static Status fail_no_images(const Session *session, const char *what, const char *option, Message *message)
{
    const char *slash = strrchr(session->path, '/'), *name = slash ? slash + 1 : session->path;
    const char *dot = strrchr(name, '.');
    if (session->described)
        return status_fail(message, STATUS_INVALID,
                           "'%s' comes without %s images: name them there, or with %s", session->path, what,
                           option);
    return status_fail(
        message, STATUS_INVALID,
        "'%s' comes without %s images: name them with %s, or in a description '%.*s.json', and open that",
        session->path, what, option, (int)(dot ? dot - name : (ptrdiff_t)strlen(name)), name);
}

/* An option that does nothing is not what was meant; a description may speak of other images. */
static Status check_floats(const Session *session, const Dataset *dataset, Message *message)
{
    static const OptionId sizes[] = {OPTION_RESIZE, OPTION_CROP};
    for (size_t i = 0; dataset->floats && i < 2; i++)
        if (session->options->given[sizes[i]])
            return status_fail(message, STATUS_INVALID,
                               "'%s' holds floats, which are taken as they are: leave out --%s",
                               dataset->images_path, option_table[sizes[i]].name);
    return STATUS_OK;
}

static bool is_described(const Session *session, const char *images)
{
    const Description *description = &session->description;
    return images == description->calibration.images || images == description->evaluation.images;
}

static Status open_images(Dataset **dataset, const Session *session, DatasetSource *source, SessionNeed need,
                          const char *what, const char *option, Message *message)
{
    if (need == SESSION_NONE || (need == SESSION_WANTED && !source->images)) return STATUS_OK;
    if (source->images) {
        Progress progress = progress_start(session->options->progress && !session->opening);
        if (!session->opening) source->context = &progress;
        Status status = read_preparation(&source->preparation, session, message);
        if (status == STATUS_OK) status = dataset_open(dataset, source, message);
        if (status == STATUS_OK) status = check_floats(session, *dataset, message);
        progress_clear(&progress);
        return is_described(session, source->images) ? name_key(status, session, what, message) : status;
    }
    return fail_no_images(session, what, option, message);
}

Status session_open_images(Session *session, SessionNeed calibration, SessionNeed evaluation,
                           Message *message)
{
    const Options *options = session->options;
    const Description *description = &session->description;
    DatasetSource source = choose_images(session, options->calibration, NULL, &description->calibration);
    source.most = images_to_calibrate(session);
    Status status = open_images(&session->calibration, session, &source, calibration, "calibration",
                                "--calibration", message);
    if (status != STATUS_OK) return status;
    source = choose_images(session, options->images, options->image_labels, &description->evaluation);
    source.most = options->evaluation_images;
    status =
        open_images(&session->evaluation, session, &source, evaluation, "evaluation", "--images", message);
    if (status != STATUS_OK || !session->evaluation) return status;
    const Budget budget = budget_now(options);
    return reference_create(&session->reference, session->network, session->evaluation,
                            &session->normalization, reference_bytes(budget.left), message);
}

const char *session_images_path(const Session *session)
{
    const Options *options = session->options;
    const Description *description = &session->description;
    if (options->images) return options->images;
    if (description->evaluation.images) return description->evaluation.images;
    return options->calibration ? options->calibration : description->calibration.images;
}

/* --- session ---------------------------------------------------------------------------------------- */

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return a && b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool reads_images(const Dataset *images, const char *path)
{
    return images && (same_file(path, images->images_path) || same_file(path, images->labels_path));
}

static Status fail_input(const char *what, const char *output, Message *message)
{
    return status_fail(message, STATUS_INVALID, "%s '%s' is one of the files read: name another", what,
                       output);
}

static bool reads_network(const Network *network, const char *path)
{
    for (size_t i = 0; i < network->external_count; i++)
        if (same_file(path, network->external[i])) return true;
    return same_file(path, network->path);
}

/* An output may replace --plan's file, and nothing else that was read. */
Status session_spare_files(const Session *session, const char *what, const char *output, Message *message)
{
    const bool input = same_file(output, session->path) || reads_network(session->network, output) ||
                       same_file(output, session->options->labels);
    return input ? fail_input(what, output, message) : STATUS_OK;
}

Status session_spare_inputs(const Session *session, const char *what, const char *output, Message *message)
{
    const bool images =
        reads_images(session->calibration, output) || reads_images(session->evaluation, output);
    return images ? fail_input(what, output, message) : session_spare_files(session, what, output, message);
}

static Status spare_inputs(const Session *session, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < OPTIONS_OUTPUTS; i++) {
        const char *name, *path = options_output(session->options, &name, i);
        if (path) status = session_spare_inputs(session, name, path, message);
    }
    return status;
}

static Status check_outputs(const Options *options, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < OPTIONS_OUTPUTS; i++) {
        const char *name, *path = options_output(options, &name, i);
        if (path) status = output_check(path, message);
    }
    return status;
}

Status session_open_network(Session *session, const Options *options, Message *message)
{
    *session = (Session){.options = options};
    Status status = open_network(session, message);
    if (status == STATUS_OK)
        status = read_normalization(&session->mean, session->normalization.mean, session, false, message);
    if (status == STATUS_OK)
        status = read_normalization(&session->std, session->normalization.std, session, true, message);
    if (status == STATUS_OK) status = read_class_names(session, message);
    return status == STATUS_OK ? make_plan(session, message) : status;
}

Status session_check_layers(const Session *session, Message *message)
{
    if (session->network->layer_count > 0) return STATUS_OK;
    return status_fail(message, STATUS_INVALID,
                       "'%s' has no layer to quantize: no Conv, ConvTranspose, Gemm, MatMul or Einsum with "
                       "constant weights is before its output",
                       session->network->path);
}

Status session_check_onnx(const Session *session, const Plan *plan, Message *message)
{
    const Budget budget = budget_now(session->options);
    const WriteMemory memory = {.ceiling = budget.left, .held = budget.held};
    return quantized_onnx_check(session->network, plan, &memory, message);
}

Status session_open_pool(Session *session, Message *message)
{
    return pool_create(&session->pool, session->options->threads, message);
}

Status session_open(Session *session, const Options *options, SessionNeed calibration, SessionNeed evaluation,
                    Message *message)
{
    *session = (Session){.options = options};
    Status status = check_outputs(options, message);
    if (status == STATUS_OK) status = session_open_network(session, options, message);
    if (status == STATUS_OK && calibration == SESSION_NEEDED) status = session_check_layers(session, message);
    if (status == STATUS_OK && options->onnx) status = session_check_onnx(session, &session->plan, message);
    if (status == STATUS_OK) status = session_open_pool(session, message);
    if (status == STATUS_OK) status = session_open_images(session, calibration, evaluation, message);
    if (status == STATUS_OK) status = spare_inputs(session, message);
    return status;
}

void session_close_images(Session *session)
{
    reference_free(session->reference);
    dataset_free(session->calibration);
    dataset_free(session->evaluation);
    pool_free(session->pool);
    session->calibration = session->evaluation = NULL;
    session->pool = NULL;
}

void session_close(Session *session)
{
    session_close_images(session);
    plan_free(&session->plan);
    free(session->planned_on);
    if (session->class_names) class_names_free(session->class_names, session->class_count);
    free(session->mean);
    free(session->std);
    network_free(session->network);
    if (session->described) description_free(&session->description);
    free(session->path);
}
