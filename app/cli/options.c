/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/options.h"

#include "app/cli/option_values.h"
#include "base/pool.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- the table -------------------------------------------------------------------------------------- */

#define EXPLORE (1u << COMMAND_EXPLORE)
#define INSPECT (1u << COMMAND_INSPECT)
#define QUANTIZE (1u << COMMAND_QUANTIZE)
#define EVALUATE (1u << COMMAND_EVALUATE)
#define COMPARE (1u << COMMAND_COMPARE)
#define BOUND (1u << COMMAND_BOUND)
#define SENSITIVITY (1u << COMMAND_SENSITIVITY)
#define CHOOSE (1u << COMMAND_CHOOSE)
#define REPORT (QUANTIZE | BOUND | CHOOSE)
#define ONE_PLAN (REPORT | EXPLORE)
#define SOLVE (ONE_PLAN | COMPARE)
#define CALIBRATE (SOLVE | SENSITIVITY)
#define RUN (SOLVE | EVALUATE)
#define ALL (RUN | INSPECT | SENSITIVITY)
#define FIELD(name) offsetof(Options, name)
#define PREPARATION(key) offsetof(Options, preparation[PREPARATION_##key])
#define MOST_IMAGES 1000000000u

// clang-format off
const OptionEntry option_table[] = {
    {"images", "PATH", RUN, SCOPE_NETWORK, OPTION_TEXT, FIELD(images), 0, 0,
     "evaluation images: a file, or a folder of PNG and JPEG"},
    {"image-labels", "FILE", RUN, SCOPE_NETWORK, OPTION_TEXT, FIELD(image_labels), 0, 0,
     "labels of the evaluation images, where they are not found beside the images"},
    {"evaluation-images", "N|all", RUN, SCOPE_RUN, OPTION_SIZE_ALL, FIELD(evaluation_images), 1, MOST_IMAGES,
     "number of evaluation images: the first ones of a file, or of a folder in a seeded order (all)"},
    {"calibration", "PATH", CALIBRATE, SCOPE_NETWORK, OPTION_TEXT, FIELD(calibration), 0, 0,
     "calibration images: a file, or a folder of PNG and JPEG"},
    {"calibration-images", "N", CALIBRATE, SCOPE_PLAN, OPTION_SIZE, FIELD(calibration_images), 1, MOST_IMAGES,
     "number of calibration images: the first ones of a file, or of a folder in a seeded order (1024)"},
    {"mean", "LIST", ALL, SCOPE_NETWORK, OPTION_TEXT, FIELD(mean), 0, 0,
     "mean of pixel/255: one value, or one per channel, separated by commas (0)"},
    {"std", "LIST", ALL, SCOPE_NETWORK, OPTION_TEXT, FIELD(std), 0, 0,
     "standard deviation of pixel/255: one value, or one per channel, separated by commas (1)"},
    {"labels", "FILE", ALL, SCOPE_NETWORK, OPTION_TEXT, FIELD(labels), 0, 0,
     "class names, one per line"},
    {"resize", "SIZE", CALIBRATE | RUN, SCOPE_NETWORK, OPTION_TEXT, PREPARATION(RESIZE), 0, 0,
     "resize images of bytes to a shorter side, or to height,width; then the middle is cropped"},
    {"crop", "SIZE", CALIBRATE | RUN, SCOPE_NETWORK, OPTION_TEXT, PREPARATION(CROP), 0, 0,
     "size of the middle to crop: a side, or height,width (what the network takes)"},
    {"channels", "ORDER", CALIBRATE | RUN, SCOPE_NETWORK, OPTION_TEXT, PREPARATION(CHANNELS), 0, 0,
     "order of colour channels that the network takes: rgb or bgr (rgb)"},
    {"layout", "ORDER", CALIBRATE | RUN, SCOPE_NETWORK, OPTION_TEXT, PREPARATION(LAYOUT), 0, 0,
     "order of arrays with four dimensions: nhwc or nchw (the one with 1 or 3 channels, or the network's)"},
    {"skip-bad-images", NULL, CALIBRATE | RUN, SCOPE_RUN, OPTION_FLAG, FIELD(skip_bad_images), 0, 0,
     "skip images of a folder that are damaged or too small, and count them"},
    {"input-shape", "SHAPE", ALL, SCOPE_NETWORK, OPTION_TEXT, FIELD(input_shape), 0, 0,
     "shape of the input where the network leaves it open, such as 3,224,224"},
    {"output", "NAME", ALL, SCOPE_NETWORK, OPTION_TEXT, FIELD(output), 0, 0,
     "outputs to compute, with commas between them (all)"},
    {"task", "TASK", ALL, SCOPE_NETWORK, OPTION_TASK_NAME, FIELD(task), 0, 0,
     "what the outputs mean: classify, detect, segment, semantic or none (what metadata or shapes say)"},
    {"bits", "B", SOLVE | INSPECT, SCOPE_PLAN, OPTION_BITS, FIELD(bits), BITS_BINARY, BITS_MAX,
     "weight bits of all layers but first and last ones: 1 (binary) to 8, or float (4)"},
    {"first-bits", "B", SOLVE | INSPECT, SCOPE_PLAN, OPTION_BITS, FIELD(first_bits), BITS_BINARY, BITS_MAX,
     "weight bits of first layers: 1 to 8, or float (8)"},
    {"last-bits", "B", SOLVE | INSPECT, SCOPE_PLAN, OPTION_BITS, FIELD(last_bits), BITS_BINARY, BITS_MAX,
     "weight bits of last layers: 1 to 8, or float (8)"},
    {"activation-bits", "B", SOLVE | INSPECT, SCOPE_PLAN, OPTION_BITS, FIELD(activation_bits), BITS_MIN, BITS_MAX,
     "activation bits of all layers but those that read the network's input: 2 to 8, or float (float)"},
    {"error-compensated", NULL, SOLVE | INSPECT, SCOPE_PLAN, OPTION_FLAG, FIELD(error_compensated), 0, 0,
     "quantize activations with per-channel scales, which the weights compensate"},
    {"plan", "FILE", SOLVE | INSPECT, SCOPE_PLAN, OPTION_TEXT, FIELD(plan), 0, 0,
     "bit widths, methods and grids per layer, CSV or JSON: they win over --bits, --first-bits, --last-bits, "
     "--activation-bits, --method and --grid; other options that are given win over those in a JSON"},
    {"effort", "EFFORT", CALIBRATE, SCOPE_PLAN, OPTION_EFFORT_NAME, FIELD(effort), 0, 0,
     "how hard to search for codes: one of the list below (default)"},
    {"method", "METHOD", ONE_PLAN, SCOPE_PLAN, OPTION_METHOD_NAME, FIELD(method), 0, 0,
     "quantization method of all layers: one of the list below (the effort's)"},
    {"grid", "GRID", SOLVE | INSPECT, SCOPE_PLAN, OPTION_GRID_NAME, FIELD(grid), 0, 0,
     "what codes may be, in all layers whose bit width it has: one of the list below; without --bits, the "
     "nearest to 4 that it has (uniform)"},
    {"mode", "MODE", SOLVE, SCOPE_PLAN, OPTION_MODE_NAME, FIELD(mode), 0, 0,
     "sequential: calibrate each layer behind quantized layers; independent: behind float layers (sequential)"},
    {"rows", "N|all", CALIBRATE, SCOPE_PLAN, OPTION_SIZE_ALL, FIELD(rows), 1, MOST_IMAGES,
     "number of rows per layer that are drawn from the calibration images (12000)"},
    {"ridge", "X", CALIBRATE, SCOPE_PLAN, OPTION_REAL, FIELD(ridge), 0, PLAN_RIDGE_MOST,
     "pull towards the float weights, in units of the Hessian's mean diagonal (by method and number of rows)"},
    {"no-polish", NULL, ONE_PLAN | SENSITIVITY, SCOPE_PLAN, OPTION_FLAG, FIELD(no_polish), 0, 0,
     "no polish (coordinate descent on whole codes) after bit-split and nearest plane"},
    {"no-bias-correction", NULL, CALIBRATE, SCOPE_PLAN, OPTION_FLAG, FIELD(no_bias_correction), 0, 0,
     "keep the float biases"},
    {"budget", "COST", CHOOSE, SCOPE_RUN, OPTION_LIST, FIELD(budget), 0, 0,
     "the most that the plan may cost, once per cost: 105K (bytes of weights), bits=3.5 (on average), bitops=2G per "
     "image, latency=900 microseconds"},
    {"drop", "POINTS", CHOOSE, SCOPE_RUN, OPTION_REAL, FIELD(drop), 0, 100,
     "choose the smallest plan that loses at most so many points of top-1 accuracy: plans along the front are run on "
     "the first half of the evaluation images, and the other half tells the final figure"},
    {"pin", "LAYER[=B]", CHOOSE, SCOPE_RUN, OPTION_LIST, FIELD(pin), 0, 0,
     "keep a layer as the plan has it, or at B weight bits; may be given several times"},
    {"tie", "LAYER,LAYER", CHOOSE, SCOPE_RUN, OPTION_LIST, FIELD(tie), 0, 0,
     "choose one width for these layers together; may be given several times"},
    {"widths", "LIST", CHOOSE, SCOPE_RUN, OPTION_TEXT, FIELD(widths), 0, 0,
     "weight bits that may be chosen, separated by commas (2,3,4,5,6,7,8)"},
    {"activation-widths", "LIST", CHOOSE, SCOPE_RUN, OPTION_TEXT, FIELD(activation_widths), 0, 0,
     "choose activation bits too, from this list, or same for those of the weights"},
    {"free-ends", NULL, CHOOSE, SCOPE_RUN, OPTION_FLAG, FIELD(free_ends), 0, 0,
     "choose the bits of first and last layers too, which otherwise have 8"},
    {"latency", "FILE", CHOOSE, SCOPE_RUN, OPTION_TEXT, FIELD(latency), 0, 0,
     "microseconds per layer and bit width, as CSV: layer (or operator and shape), weight_bits, activation_bits, "
     "microseconds"},
    {"front", "FILE", CHOOSE, SCOPE_RUN, OPTION_TEXT, FIELD(front), 0, 0,
     "write the plans of least predicted error at all budgets as CSV"},
    {"ladder-on", "SET", BOUND, SCOPE_RUN, OPTION_LADDER_SET, FIELD(ladder_on), 0, 0,
     "images that the bound is measured on: calibration or evaluation (calibration)"},
    {"ladder-images", "N|all", BOUND | CHOOSE | EXPLORE, SCOPE_RUN, OPTION_SIZE_ALL, FIELD(ladder_images), 1, MOST_IMAGES,
     "number of images that the bound is measured on: the first ones (as many as are calibrated on)"},
    {"measure", NULL, SENSITIVITY, SCOPE_RUN, OPTION_FLAG, FIELD(measure), 0, 0,
     "solve every layer at every bit width behind float layers, and show the errors beside the estimates"},
    {"seed", "N", CALIBRATE | RUN, SCOPE_PLAN, OPTION_SEED64, FIELD(seed), 0, 0,
     "seed of all random choices (0)"},
    {"threads", "N", ALL, SCOPE_RUN, OPTION_SIZE, FIELD(threads), 1, POOL_MAX_WORKERS,
     "number of threads; results do not depend on it (one per processor)"},
    {"memory", "BYTES", ALL, SCOPE_RUN, OPTION_BYTES, FIELD(memory), 0, 0,
     "the most memory that the process may hold, beside 48 MiB for the program itself, with a suffix K, M, G or "
     "T; activations beyond it go to a temporary file, and what else does not fit is refused (half of the "
     "machine's memory)"},
    {"csv", "FILE", REPORT | INSPECT | SENSITIVITY, SCOPE_RUN, OPTION_TEXT, FIELD(csv), 0, 0,
     "write the plan and its results, or the sensitivities, as CSV"},
    {"json", "FILE", REPORT, SCOPE_RUN, OPTION_TEXT, FIELD(json), 0, 0,
     "write the run as JSON"},
    {"onnx", "FILE", REPORT, SCOPE_RUN, OPTION_TEXT, FIELD(onnx), 0, 0,
     "write the quantized network as ONNX: its own file, with QuantizeLinear and DequantizeLinear"},
    {"progress", "auto|none", ALL & ~EXPLORE, SCOPE_RUN, OPTION_AUTO_NONE, FIELD(progress), 0, 0,
     "auto: a progress line where standard error is a terminal; none: no progress line (auto)"},
    {"script", "FILE", EXPLORE, SCOPE_RUN, OPTION_TEXT, FIELD(script), 0, 0,
     "explore without a terminal: a file of keys to press and screens to print, described below; - for standard "
     "input"},
    {"ascii", NULL, EXPLORE, SCOPE_RUN, OPTION_FLAG, FIELD(ascii), 0, 0,
     "draw with ASCII characters alone, as where TERM is linux"},
    {"no-mouse", NULL, EXPLORE, SCOPE_RUN, OPTION_FLAG, FIELD(no_mouse), 0, 0,
     "leave the mouse to the terminal"},
};
// clang-format on
const size_t option_count = sizeof option_table / sizeof *option_table;
_Static_assert(sizeof option_table / sizeof *option_table <= OPTIONS_MOST, "Options.given holds all options");

bool option_taken(const OptionEntry *entry, Command command)
{
    return entry->commands & 1u << command;
}

/* The row of the option that is stored in `member` of *options. */
static size_t row_of(const Options *options, const void *member)
{
    const size_t field = (size_t)((const char *)member - (const char *)options);
    size_t row = 0;
    while (row + 1 < option_count && option_table[row].field != field) row++;
    assert(option_table[row].field == field);
    return row;
}

bool options_given(const Options *options, const void *member)
{
    return options->given[row_of(options, member)];
}

void options_set_given(Options *options, const void *member)
{
    options->given[row_of(options, member)] = true;
}

/* --- commands --------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *help;
} commands[COMMAND_COUNT] = {
    [COMMAND_EXPLORE] = {"explore", "choose bit widths in the terminal, and watch what they cost"},
    [COMMAND_INSPECT] = {"inspect", "show the layers of a network, their bit widths, sizes and costs"},
    [COMMAND_QUANTIZE] = {"quantize", "quantize a network, and measure its errors and accuracy"},
    [COMMAND_EVALUATE] = {"evaluate", "measure the accuracy of the float network"},
    [COMMAND_COMPARE] = {"compare", "quantize with every method, side by side"},
    [COMMAND_BOUND] = {"bound", "quantize a network, and bound how far its output moves, layer by layer"},
    [COMMAND_CHOOSE] = {"choose", "choose the plan of least predicted error within a budget, and run it"},
    [COMMAND_SENSITIVITY] = {"sensitivity",
                             "estimate every layer's error at every bit width before any run, or measure it"},
};

const char *command_name(Command command)
{
    return commands[command].name;
}

const char *command_help(Command command)
{
    return commands[command].help;
}

const char *command_opens(Command command, size_t i)
{
    static const char *const kinds[] = {"NETWORK.onnx", "DESCRIPTION.json", "EXPLORATION.json"};
    return i < (command == COMMAND_EXPLORE ? 3 : 2) ? kinds[i] : NULL;
}

static bool command_parse(Command *command, const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i].name) == 0) {
            *command = (Command)i;
            return true;
        }
    return false;
}

static Options default_options(void)
{
    return (Options){.command = COMMAND_EXPLORE,
                     .calibration_images = 1024,
                     .rows = 12000,
                     .bits = 4,
                     .first_bits = 8,
                     .last_bits = 8,
                     .effort = EFFORT_DEFAULT,
                     .ridge = PLAN_RIDGE_DEFAULT,
                     .progress = true};
}

/* --- parsing ---------------------------------------------------------------------------------------- */

enum { LONG_HELP = 256, LONG_VERSION, LONG_FIRST }; /* what getopt_long() returns, beyond any character */

static void make_getopt_table(struct option table[OPTIONS_MOST + 3])
{
    for (size_t i = 0; i < option_count; i++)
        table[i] = (struct option){.name = option_table[i].name,
                                   .has_arg = option_table[i].value ? required_argument : no_argument,
                                   .val = LONG_FIRST + (int)i};
    table[option_count] = (struct option){.name = "help", .val = LONG_HELP};
    table[option_count + 1] = (struct option){.name = "version", .val = LONG_VERSION};
    table[option_count + 2] = (struct option){0};
}

static Request wrong_value(const OptionEntry *entry, const char *text, Message *message)
{
    char expected[256];
    option_describe_value(expected, sizeof expected, entry);
    status_fail(message, STATUS_INVALID, "--%s '%s': expected %s", entry->name, text, expected);
    return REQUEST_WRONG;
}

/* The options that start with what was typed, "--act" say: "--a, --b"; "" if there are none. */
static void list_candidates(char *out, size_t capacity, const char *typed)
{
    const size_t length = strcspn(typed + 2, "=");
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < option_count && used < capacity; i++)
        if (strncmp(option_table[i].name, typed + 2, length) == 0)
            used += (size_t)snprintf(out + used, capacity - used, "%s--%s", used ? ", " : "",
                                     option_table[i].name);
}

/* What getopt_long() could not make sense of: `option` is its optopt, `argument` what it looked at. */
static Request wrong_option(bool missing_value, int option, const char *argument, Message *message)
{
    if (option >= LONG_FIRST && missing_value)
        status_fail(message, STATUS_INVALID, "--%s needs a value", option_table[option - LONG_FIRST].name);
    else if (option >= LONG_HELP)
        status_fail(message, STATUS_INVALID, "'%s': this option takes no value", argument);
    else if (option)
        status_fail(message, STATUS_INVALID, "unknown option '-%c' (see bitstitch --help)", option);
    else {
        char candidates[256];
        list_candidates(candidates, sizeof candidates, argument);
        if (candidates[0])
            status_fail(message, STATUS_INVALID, "ambiguous option '%s': %s", argument, candidates);
        else
            status_fail(message, STATUS_INVALID, "unknown option '%s' (see bitstitch --help)", argument);
    }
    return REQUEST_WRONG;
}

/* A word that cannot be meant for a command. */
static bool names_file(const char *word)
{
    return strpbrk(word, "./") || access(word, F_OK) == 0;
}

static Request take_positionals(Options *options, char **words, int count, Message *message)
{
    if (count > 0 && command_parse(&options->command, words[0])) {
        words++;
        count--;
    } else if (count > 0 && !names_file(words[0])) {
        status_fail(message, STATUS_INVALID,
                    "unknown command '%s': expected explore, inspect, quantize, evaluate, compare, bound, "
                    "sensitivity or choose",
                    words[0]);
        return REQUEST_WRONG;
    }
    if (count > 1) {
        status_fail(message, STATUS_INVALID, "one network at a time: '%s' is one too many", words[1]);
        return REQUEST_WRONG;
    }
    options->network = count > 0 ? words[0] : NULL;
    return REQUEST_RUN;
}

OptionOutput options_output(const Options *options, size_t i)
{
    const OptionOutput outputs[OPTIONS_OUTPUTS] = {{"--csv", "csv", options->csv},
                                                   {"--json", "json", options->json},
                                                   {"--onnx", "onnx", options->onnx},
                                                   {"--front", "csv", options->front}};
    return outputs[i];
}

/* Whether a name ends in its option's suffix. A name without a suffix, and a device, may have any content. */
static bool has_own_suffix(const OptionOutput *output)
{
    const char *file = strrchr(output->path, '/'), *suffix = strrchr(file ? file : output->path, '.');
    return !suffix || strncmp(output->path, "/dev/", 5) == 0 || strcasecmp(suffix + 1, output->suffix) == 0;
}

/* Each has a name, and one of its own. */
static Request check_outputs(const Options *options, Message *message)
{
    for (size_t i = 0; i < OPTIONS_OUTPUTS; i++) {
        const OptionOutput output = options_output(options, i);
        if (!output.path) continue;
        if (strcmp(output.path, "-") == 0) {
            status_fail(message, STATUS_INVALID, "%s '-': name a file; /dev/stdout is standard output",
                        output.option);
            return REQUEST_WRONG;
        }
        if (!has_own_suffix(&output)) {
            status_fail(message, STATUS_INVALID, "%s '%s': end the name in .%s", output.option, output.path,
                        output.suffix);
            return REQUEST_WRONG;
        }
        for (size_t k = i + 1; k < OPTIONS_OUTPUTS; k++) {
            const OptionOutput other = options_output(options, k);
            if (!other.path || strcmp(output.path, other.path) != 0) continue;
            status_fail(message, STATUS_INVALID, "%s and %s name the same file '%s'", output.option,
                        other.option, output.path);
            return REQUEST_WRONG;
        }
    }
    return REQUEST_RUN;
}

/* Without --bits, the grid says how many. */
static Request check_grid(Options *options, Message *message)
{
    const GridRow *row = grid_row(options->grid);
    if (!options_given(options, &options->grid) || options->bits == BITS_FLOAT) return REQUEST_RUN;
    if (!options_given(options, &options->bits))
        options->bits = grid_nearest_bits(options->grid, options->bits);
    if (grid_has_bits(options->grid, options->bits)) return REQUEST_RUN;
    status_fail(message, STATUS_INVALID, "--grid %s has no codes of %u bit%s: use --bits from %u to %u",
                row->name, options->bits, options->bits == 1 ? "" : "s", row->least_bits, row->most_bits);
    return REQUEST_WRONG;
}

/* A plan or a key of the explorer may quantize inputs too. */
static Request check_scales(const Options *options, Message *message)
{
    const bool inputs = options->activation_bits != BITS_FLOAT || options->plan;
    if (!options->error_compensated || inputs || options->command == COMMAND_EXPLORE) return REQUEST_RUN;
    status_fail(message, STATUS_INVALID,
                "--error-compensated is about quantized inputs: use --activation-bits too");
    return REQUEST_WRONG;
}

static Request check_commands(Options *options, Message *message)
{
    const char *command = command_name(options->command);
    for (size_t i = 0; i < option_count; i++)
        if (options->given[i] && !option_taken(&option_table[i], options->command)) {
            status_fail(message, STATUS_INVALID, "%s takes no --%s (see bitstitch %s --help)", command,
                        option_table[i].name, command);
            return REQUEST_WRONG;
        }
    if (options->image_labels && !options->images) {
        status_fail(message, STATUS_INVALID, "--image-labels goes with --images");
        return REQUEST_WRONG;
    }
    bool solves = options->command != COMMAND_SENSITIVITY || options->measure;
    if (!solves && (options_given(options, &options->ridge) || options_given(options, &options->effort) ||
                    options->no_polish)) {
        status_fail(message, STATUS_INVALID,
                    "sensitivity's --effort, --ridge and --no-polish go with --measure");
        return REQUEST_WRONG;
    }
    if (options->command == COMMAND_CHOOSE &&
        (options->budget.count != 0) == options_given(options, &options->drop)) {
        status_fail(message, STATUS_INVALID,
                    "choose takes either --budget or --drop (see bitstitch choose --help)");
        return REQUEST_WRONG;
    }
    if (check_outputs(options, message) == REQUEST_WRONG || check_grid(options, message) == REQUEST_WRONG)
        return REQUEST_WRONG;
    return check_scales(options, message);
}

Request options_parse(Options *options, bool *all, int argc, char **argv, Message *message)
{
    struct option table[OPTIONS_MOST + 3];
    make_getopt_table(table);
    *options = default_options();
    opterr = 0;
    Request request = REQUEST_RUN;
    for (int found; (found = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
        if (found == '?' || found == ':')
            return wrong_option(found == ':', optopt, argv[optind - 1], message);
        if (found == LONG_VERSION) return REQUEST_VERSION;
        if (found == LONG_HELP || found == 'h') {
            request = REQUEST_HELP;
            continue;
        }
        const OptionEntry *entry = &option_table[found - LONG_FIRST];
        options->given[found - LONG_FIRST] = true;
        if (!option_parse_value(options, entry, optarg)) return wrong_value(entry, optarg, message);
    }
    *all = optind >= argc;
    if (take_positionals(options, argv + optind, argc - optind, message) == REQUEST_WRONG)
        return REQUEST_WRONG;
    return request == REQUEST_HELP ? REQUEST_HELP : check_commands(options, message);
}
