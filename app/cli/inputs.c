/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/inputs.h"

#include "app/cli/budget.h"
#include "app/cli/interrupt.h"
#include "app/cli/output_check.h"
#include "app/cli/path.h"
#include "app/cli/progress.h"
#include "base/sizes.h"
#include "config.h"
#include "dataset/opening.h"
#include "quantize/calibrate/calibrate.h"
#include "report/plan_csv.h"
#include "report/quantized_onnx.h"
#include "report/report_json.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- network ---------------------------------------------------------------------------------------- */

/* The network that comes with the program: where it was installed, or among the sources it was built from. */
static const char *bundled_network(void)
{
    static const char *const places[] = {BITSTITCH_DATA "/resnet20.json",
                                         BITSTITCH_SOURCE_DATA "/resnet20.json"};
    return access(places[0], R_OK) == 0 ? places[0] : places[1];
}

/* The plan may be a run's JSON: its input shape and output hold where the options leave them open. */
static Status open_network(Inputs *inputs, Message *message)
{
    const Options *options = inputs->options;
    const Budget budget = budget_now(options);
    RunChoices choices = {0};
    inputs->path = strdup(options->network ? options->network : bundled_network());
    if (!inputs->path) return status_no_memory(message, "a path");
    Status status = STATUS_OK;
    if (options->plan && looks_like_json(options->plan))
        status = run_choices_read(&choices, options->plan, message);
    const NetworkOptions network = {.input_shape =
                                        options->input_shape ? options->input_shape : choices.input_shape,
                                    .output = options->output ? options->output : choices.output,
                                    .task = options->task,
                                    .memory = budget.left};
    if (status == STATUS_OK)
        status = opening_network(&inputs->network, &inputs->description, inputs->path, &network, message);
    inputs->planned_on = choices.calibration;
    choices.calibration = NULL;
    run_choices_free(&choices);
    return status;
}

/* --- plan ------------------------------------------------------------------------------------------- */

static Status read_plan(Plan *plan, const Inputs *inputs, Message *message)
{
    const char *path = inputs->options->plan;
    if (!path) return STATUS_OK;
    if (looks_like_json(path)) return report_json_read_plan(plan, inputs->network, path, message);
    return plan_csv_read(plan, inputs->network, path, message);
}

/* Options not given stay as the plan has them. */
static void take_options(PlanOptions *plan, const Options *options)
{
    if (options_given(options, &options->mode)) plan->mode = options->mode;
    if (options_given(options, &options->seed)) plan->seed = options->seed;
    if (options_given(options, &options->calibration_images))
        plan->calibration_images = options->calibration_images;
    if (options_given(options, &options->rows)) plan->rows = options->rows;
    if (options_given(options, &options->ridge)) plan->ridge = options->ridge;
    if (options->no_polish) plan->polish = false;
    if (options->no_bias_correction) plan->bias_correction = false;
    if (options->error_compensated) plan->error_compensated = true;
}

static Status make_plan(Inputs *inputs, Message *message)
{
    const Options *options = inputs->options;
    Plan *plan;
    Status status = plan_create(&plan, inputs->network, message);
    if (status != STATUS_OK) return status;
    inputs->plan = plan;
    plan_set_bits(plan, inputs->network, options->bits, options->first_bits, options->last_bits);
    plan_set_activation_bits(plan, inputs->network, options->activation_bits);
    plan_set_effort(plan, options->effort);
    if (options_given(options, &options->method)) plan_set_method(plan, options->method);
    if (options_given(options, &options->grid)) plan_set_grid(plan, options->grid);
    status = read_plan(plan, inputs, message);
    if (options_given(options, &options->effort)) plan_set_effort(plan, options->effort);
    take_options(&plan->options, options);
    const bool solves_it = options->command == COMMAND_QUANTIZE || options->command == COMMAND_BOUND;
    if (status == STATUS_OK && solves_it) status = plan_check_grids(plan, inputs->network, message);
    return status;
}

Status inputs_open_network(Inputs *inputs, const Options *options, Message *message)
{
    *inputs = (Inputs){.options = options};
    Status status = open_network(inputs, message);
    if (status != STATUS_OK) return status;
    const Network *network = inputs->network;
    const Description *description = &inputs->description;
    status = opening_normalization(&inputs->mean, inputs->normalization.mean, options->mean, false, network,
                                   description, "--", message);
    if (status == STATUS_OK)
        status = opening_normalization(&inputs->std, inputs->normalization.std, options->std, true, network,
                                       description, "--", message);
    if (status == STATUS_OK)
        status = opening_class_names(&inputs->class_names, &inputs->class_count, options->labels, network,
                                     description, message);
    if (status == STATUS_OK) task_find(&inputs->task, network, inputs->class_count);
    return status == STATUS_OK ? make_plan(inputs, message) : status;
}

/* --- images ----------------------------------------------------------------------------------------- */

static bool show_reading(void *context, size_t done, size_t total)
{
    progress_show(context, "reading images: %zu of %zu", done, total);
    return !interrupt_signal();
}

/* Images that an option names do not take the labels that the description has for others. */
static DatasetSource choose_images(const Inputs *inputs, const char *images, const char *labels,
                                   const ImageFiles *described)
{
    const Network *network = inputs->network;
    const Budget budget = budget_now(inputs->options);
    const bool classifies = inputs->task.kind == TASK_CLASSIFY;
    return (DatasetSource){.images = images ? images : described->images,
                           .labels = images ? labels : described->labels,
                           .classes = classifies ? network->output_elements : 0,
                           .task = classifies ? TASK_CLASSIFY : TASK_NONE,
                           .height = network->height,
                           .width = network->width,
                           .channels = network->channels,
                           .class_names = inputs->class_names,
                           .class_count = inputs->class_count,
                           .seed = inputs->plan->options.seed,
                           .skip_bad = inputs->options->skip_bad_images,
                           .kept = budget_kept(&budget),
                           .memory = budget.left,
                           .pool = inputs->pool,
                           .proceed = inputs->opening ? inputs->opening : show_reading,
                           .context = inputs->opening_context};
}

/* How many images are calibrated on, or bounded on where that is more; 0 for all. */
static size_t images_to_calibrate(const Inputs *inputs)
{
    const Options *options = inputs->options;
    size_t images, heldout;
    calibration_split(&images, &heldout, inputs->plan->options.calibration_images, SIZE_MAX);
    if (!options_given(options, &options->ladder_images) || options->ladder_on != LADDER_CALIBRATION)
        return images + heldout;
    return options->ladder_images ? size_max(images + heldout, options->ladder_images) : 0;
}

/* In the explorer a network is opened without options: a description always helps. */
static Status fail_no_images(const Inputs *inputs, const char *what, const char *option, Message *message)
{
    const char *slash = strrchr(inputs->path, '/'), *name = slash ? slash + 1 : inputs->path;
    const char *dot = strrchr(name, '.');
    if (inputs->description.path)
        return status_fail(message, STATUS_INVALID,
                           "'%s' comes without %s images: name them there, or with %s", inputs->path, what,
                           option);
    return status_fail(
        message, STATUS_INVALID,
        "'%s' comes without %s images: name them with %s, or in a description '%.*s.json', and open that",
        inputs->path, what, option, (int)(dot ? dot - name : (ptrdiff_t)strlen(name)), name);
}

/* An option without effect is refused. A description may speak of other images. */
static Status check_floats(const Inputs *inputs, const Dataset *dataset, Message *message)
{
    static const PreparationKey sizes[] = {PREPARATION_RESIZE, PREPARATION_CROP};
    for (size_t i = 0; dataset->floats && i < 2; i++)
        if (options_given(inputs->options, &inputs->options->preparation[sizes[i]]))
            return status_fail(message, STATUS_INVALID,
                               "'%s' holds floats, which are taken as they are: leave out --%s",
                               dataset->images_path, preparation_key_name(sizes[i]));
    return STATUS_OK;
}

static Status open_images(Dataset **dataset, const Inputs *inputs, DatasetSource *source, InputNeed need,
                          const char *what, const char *option, Message *message)
{
    if (need == INPUT_UNUSED || (need == INPUT_OPTIONAL && !source->images)) return STATUS_OK;
    if (!source->images) return fail_no_images(inputs, what, option, message);
    Progress progress = progress_start(inputs->options->progress && !inputs->opening);
    if (!inputs->opening) source->context = &progress;
    Status status =
        opening_images(dataset, source, inputs->options->preparation, &inputs->description, "--", message);
    progress_clear(&progress);
    return status == STATUS_OK ? check_floats(inputs, *dataset, message) : status;
}

Status inputs_open_images(Inputs *inputs, InputNeed calibration, InputNeed evaluation, Message *message)
{
    const Options *options = inputs->options;
    const Description *description = &inputs->description;
    DatasetSource source = choose_images(inputs, options->calibration, NULL, &description->calibration);
    source.most = images_to_calibrate(inputs);
    Status status = open_images(&inputs->calibration, inputs, &source, calibration, "calibration",
                                "--calibration", message);
    if (status != STATUS_OK) return status;
    source = choose_images(inputs, options->images, options->image_labels, &description->evaluation);
    source.task = inputs->task.kind;
    source.most = options->evaluation_images;
    status = open_images(&inputs->evaluation, inputs, &source, evaluation, "evaluation", "--images", message);
    if (status != STATUS_OK || !inputs->evaluation) return status;
    const Budget budget = budget_now(options);
    return reference_create(&inputs->reference, inputs->network, inputs->evaluation, &inputs->normalization,
                            reference_bytes(budget.left), message);
}

const char *inputs_images_path(const Inputs *inputs)
{
    const Options *options = inputs->options;
    const Description *description = &inputs->description;
    if (options->images) return options->images;
    if (description->evaluation.images) return description->evaluation.images;
    return options->calibration ? options->calibration : description->calibration.images;
}

/* --- outputs that would replace an input ------------------------------------------------------------- */

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
Status inputs_spare_files(const Inputs *inputs, const char *what, const char *output, Message *message)
{
    const bool input = same_file(output, inputs->path) || reads_network(inputs->network, output) ||
                       same_file(output, inputs->options->labels);
    return input ? fail_input(what, output, message) : STATUS_OK;
}

Status inputs_spare_inputs(const Inputs *inputs, const char *what, const char *output, Message *message)
{
    const bool images = reads_images(inputs->calibration, output) || reads_images(inputs->evaluation, output);
    return images ? fail_input(what, output, message) : inputs_spare_files(inputs, what, output, message);
}

static Status spare_inputs(const Inputs *inputs, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < OPTIONS_OUTPUTS; i++) {
        const OptionOutput output = options_output(inputs->options, i);
        if (output.path) status = inputs_spare_inputs(inputs, output.option, output.path, message);
    }
    return status;
}

static Status check_outputs(const Options *options, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < OPTIONS_OUTPUTS; i++) {
        const OptionOutput output = options_output(options, i);
        if (output.path) status = output_check(output.path, message);
    }
    return status;
}

/* --- inputs ----------------------------------------------------------------------------------------- */

Status inputs_check_layers(const Inputs *inputs, Message *message)
{
    if (inputs->network->layer_count > 0) return STATUS_OK;
    return status_fail(message, STATUS_INVALID,
                       "'%s' has no layer to quantize: no Conv, ConvTranspose, Gemm, MatMul or Einsum with "
                       "constant weights is before its output",
                       inputs->network->path);
}

Status inputs_check_onnx(const Inputs *inputs, const Plan *plan, Message *message)
{
    const Budget budget = budget_now(inputs->options);
    const WriteMemory memory = {.ceiling = budget.left};
    return quantized_onnx_check(inputs->network, plan, &memory, message);
}

Status inputs_open_pool(Inputs *inputs, Message *message)
{
    return pool_create(&inputs->pool, inputs->options->threads, message);
}

Status inputs_open(Inputs *inputs, const Options *options, InputNeed calibration, InputNeed evaluation,
                   Message *message)
{
    *inputs = (Inputs){.options = options};
    Status status = check_outputs(options, message);
    if (status == STATUS_OK) status = inputs_open_network(inputs, options, message);
    if (status == STATUS_OK && calibration == INPUT_NEEDED) status = inputs_check_layers(inputs, message);
    if (status == STATUS_OK && options->onnx) status = inputs_check_onnx(inputs, inputs->plan, message);
    if (status == STATUS_OK) status = inputs_open_pool(inputs, message);
    if (status == STATUS_OK) status = inputs_open_images(inputs, calibration, evaluation, message);
    if (status == STATUS_OK) status = spare_inputs(inputs, message);
    return status;
}

void inputs_close_images(Inputs *inputs)
{
    reference_free(inputs->reference);
    dataset_free(inputs->calibration);
    dataset_free(inputs->evaluation);
    pool_free(inputs->pool);
    inputs->calibration = inputs->evaluation = NULL;
    inputs->pool = NULL;
}

void inputs_close(Inputs *inputs)
{
    inputs_close_images(inputs);
    plan_drop(inputs->plan);
    free(inputs->planned_on);
    if (inputs->class_names) class_names_free(inputs->class_names, inputs->class_count);
    free(inputs->mean);
    free(inputs->std);
    network_free(inputs->network);
    if (inputs->description.path) description_free(&inputs->description);
    free(inputs->path);
}
