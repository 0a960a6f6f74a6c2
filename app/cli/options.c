#define _GNU_SOURCE
#include "app/cli/options.h"

#include "app/explorer/script.h"
#include "base/number.h"
#include "base/pool.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPLORE (1u << COMMAND_EXPLORE)
#define INSPECT (1u << COMMAND_INSPECT)
#define QUANTIZE (1u << COMMAND_QUANTIZE)
#define EVALUATE (1u << COMMAND_EVALUATE)
#define COMPARE (1u << COMMAND_COMPARE)
#define BOUND (1u << COMMAND_BOUND)
#define SENSITIVITY (1u << COMMAND_SENSITIVITY)
#define REPORT (QUANTIZE | BOUND)
#define ONE_PLAN (REPORT | EXPLORE)
#define SOLVE (ONE_PLAN | COMPARE)
#define CALIBRATE (SOLVE | SENSITIVITY)
#define RUN (SOLVE | EVALUATE)
#define ALL (RUN | INSPECT | SENSITIVITY)
#define FIELD(name) offsetof(Options, name)
#define MOST_IMAGES 1000000000u

static const struct {
    const char *name, *help;
} commands[COMMAND_COUNT] = {
    [COMMAND_EXPLORE] = {"explore", "choose widths in a terminal, and watch what becomes of it"},
    [COMMAND_INSPECT] = {"inspect", "show the layers of a network, their widths, sizes and costs"},
    [COMMAND_QUANTIZE] = {"quantize", "quantize a network and measure what it costs in accuracy"},
    [COMMAND_EVALUATE] = {"evaluate", "measure the accuracy of the float network"},
    [COMMAND_COMPARE] = {"compare", "quantize by every method, side by side"},
    [COMMAND_BOUND] = {"bound", "quantize a network and bound how far its output moves, layer by layer"},
    [COMMAND_SENSITIVITY] = {"sensitivity",
                             "estimate every layer's error at every width before any run, or measure it"},
};

/* In the order of --help. */
const OptionEntry option_table[OPTION_COUNT] = {
    [OPTION_IMAGES] = {"images", "PATH", "images to evaluate on: a file, or a folder of PNG and JPEG", RUN,
                       OPTION_TEXT, FIELD(images), 0, 0},
    [OPTION_IMAGE_LABELS] = {"image-labels", "FILE",
                             "their labels, where they are not found beside the images", RUN, OPTION_TEXT,
                             FIELD(image_labels), 0, 0},
    [OPTION_EVALUATION_IMAGES] =
        {"evaluation-images", "N|all",
         "how many images to evaluate on: of a file from the front, of a folder in a "
         "seeded order (all)",
         RUN, OPTION_SIZE_ALL, FIELD(evaluation_images), 1, MOST_IMAGES},
    [OPTION_CALIBRATION] = {"calibration", "PATH", "images to calibrate on, likewise", CALIBRATE, OPTION_TEXT,
                            FIELD(calibration), 0, 0},
    [OPTION_CALIBRATION_IMAGES] = {"calibration-images", "N",
                                   "how many images to calibrate on, likewise (1024)", CALIBRATE, OPTION_SIZE,
                                   FIELD(calibration_images), 1, MOST_IMAGES},
    [OPTION_MEAN] = {"mean", "LIST", "mean of pixel/255: one value, or one a channel, comma-separated (0)",
                     ALL, OPTION_TEXT, FIELD(mean), 0, 0},
    [OPTION_STD] = {"std", "LIST", "standard deviation of pixel/255, likewise (1)", ALL, OPTION_TEXT,
                    FIELD(std), 0, 0},
    [OPTION_LABELS] = {"labels", "FILE", "class names, one a line", ALL, OPTION_TEXT, FIELD(labels), 0, 0},
    [OPTION_RESIZE] =
        {"resize", "SIZE",
         "resize images of bytes: the shorter side, or height,width; then the middle is cropped",
         RUN | CALIBRATE, OPTION_TEXT, FIELD(preparation[PREPARATION_RESIZE]), 0, 0},
    [OPTION_CROP] = {"crop", "SIZE",
                     "size of the middle that is cropped: a side, or height,width (what the network "
                     "takes)",
                     RUN | CALIBRATE, OPTION_TEXT, FIELD(preparation[PREPARATION_CROP]), 0, 0},
    [OPTION_CHANNELS] = {"channels", "ORDER", "order of colours that the network takes: rgb or bgr (rgb)",
                         RUN | CALIBRATE, OPTION_TEXT, FIELD(preparation[PREPARATION_CHANNELS]), 0, 0},
    [OPTION_LAYOUT] =
        {"layout", "ORDER",
         "nhwc or nchw: order of arrays with four dimensions (whichever has 1 or 3 channels, or "
         "the network's)",
         RUN | CALIBRATE, OPTION_TEXT, FIELD(preparation[PREPARATION_LAYOUT]), 0, 0},
    [OPTION_SKIP_BAD_IMAGES] = {"skip-bad-images", NULL,
                                "leave out images of a folder that are damaged or too small, and count them",
                                RUN | CALIBRATE, OPTION_FLAG, FIELD(skip_bad_images), 0, 0},
    [OPTION_INPUT_SHAPE] = {"input-shape", "SHAPE",
                            "shape of the input where the network leaves it open: 3,224,224", ALL,
                            OPTION_TEXT, FIELD(input_shape), 0, 0},
    [OPTION_OUTPUT] = {"output", "NAME", "the output to compute, where the network has several", ALL,
                       OPTION_TEXT, FIELD(output), 0, 0},
    [OPTION_BITS] = {"bits", "B", "weight width of all layers but the first and last: 2 to 8, or float (4)",
                     SOLVE | INSPECT, OPTION_WIDTH, FIELD(bits), 0, 0},
    [OPTION_FIRST_BITS] = {"first-bits", "B", "weight width of first layers (8)", SOLVE | INSPECT,
                           OPTION_WIDTH, FIELD(first_bits), 0, 0},
    [OPTION_LAST_BITS] = {"last-bits", "B", "weight width of last layers (8)", SOLVE | INSPECT, OPTION_WIDTH,
                          FIELD(last_bits), 0, 0},
    [OPTION_ACTIVATION_BITS] = {"activation-bits", "B",
                                "width of all layers' inputs but the network's: 2 to 8, or float (float)",
                                SOLVE | INSPECT, OPTION_WIDTH, FIELD(activation_bits), 0, 0},
    [OPTION_ERROR_COMPENSATED] = {"error-compensated", NULL,
                                  "quantize inputs by one scale a channel, made up for by the weights' codes",
                                  SOLVE | INSPECT, OPTION_FLAG, FIELD(error_compensated), 0, 0},
    [OPTION_PLAN] =
        {"plan", "FILE",
         "widths and methods by layer, CSV or JSON: they win over --bits, --first-bits, --last-bits, "
         "--activation-bits and --method; other options that are given win over those in a JSON",
         SOLVE | INSPECT, OPTION_TEXT, FIELD(plan), 0, 0},
    [OPTION_METHOD] = {"method", "METHOD", "how codes are found (bitsplit); the list is below", ONE_PLAN,
                       OPTION_METHOD_NAME, FIELD(method), 0, 0},
    [OPTION_MODE] = {"mode", "MODE",
                     "sequential: calibrate each layer behind quantized ones; independent: behind float ones "
                     "(sequential)",
                     SOLVE, OPTION_MODE_NAME, FIELD(mode), 0, 0},
    [OPTION_ROWS] = {"rows", "N|all", "rows a layer that are drawn from the calibration images (12000)",
                     CALIBRATE, OPTION_SIZE_ALL, FIELD(rows), 1, MOST_IMAGES},
    [OPTION_RIDGE] = {"ridge", "X",
                      "pull towards the float weights, in units of the statistics' mean diagonal (0.1; 0.3 "
                      "where rows are few)",
                      CALIBRATE, OPTION_REAL, FIELD(ridge), 0, PLAN_RIDGE_MOST},
    [OPTION_NO_POLISH] = {"no-polish", NULL, "bit-split alone, without descent over whole codes after it",
                          ONE_PLAN | SENSITIVITY, OPTION_FLAG, FIELD(no_polish), 0, 0},
    [OPTION_NO_BIAS_CORRECTION] = {"no-bias-correction", NULL, "keep the float biases", CALIBRATE,
                                   OPTION_FLAG, FIELD(no_bias_correction), 0, 0},
    [OPTION_LADDER_ON] = {"ladder-on", "SET",
                          "which images the bound is measured on: calibration or evaluation (calibration)",
                          BOUND, OPTION_LADDER_SET, FIELD(ladder_on), 0, 0},
    [OPTION_LADDER_IMAGES] = {"ladder-images", "N|all",
                              "how many of them, from the front (as many as calibrated on)", BOUND | EXPLORE,
                              OPTION_SIZE_ALL, FIELD(ladder_images), 1, MOST_IMAGES},
    [OPTION_MEASURE] = {"measure", NULL,
                        "solve every layer at every width behind float ones, and show the errors beside "
                        "their estimates",
                        SENSITIVITY, OPTION_FLAG, FIELD(measure), 0, 0},
    [OPTION_SEED] = {"seed", "N", "seed of all random choices (0)", RUN | CALIBRATE, OPTION_SEED64,
                     FIELD(seed), 0, 0},
    [OPTION_THREADS] = {"threads", "N", "threads; results do not depend on it (one a processor)", ALL,
                        OPTION_SIZE, FIELD(threads), 1, POOL_MAX_WORKERS},
    [OPTION_MEMORY] =
        {"memory", "BYTES",
         "the most that the process may hold beside 48 MiB for the program itself, with a suffix "
         "K, M, G or T; activations beyond it go to a temporary file, and what cannot is refused "
         "(half of the machine's)",
         ALL, OPTION_BYTES, FIELD(memory), 0, 0},
    [OPTION_CSV] = {"csv", "FILE",
                    "write what was found as CSV: the plan and its results, or the sensitivities",
                    REPORT | INSPECT | SENSITIVITY, OPTION_TEXT, FIELD(csv), 0, 0},
    [OPTION_JSON] = {"json", "FILE", "write the run as JSON", REPORT, OPTION_TEXT, FIELD(json), 0, 0},
    [OPTION_ONNX] =
        {"onnx", "FILE",
         "write the quantized network as ONNX: its own file, with QuantizeLinear and DequantizeLinear",
         REPORT, OPTION_TEXT, FIELD(onnx), 0, 0},
    [OPTION_PROGRESS] = {"progress", "auto|none",
                         "a progress line where stderr is a terminal, or none (auto)", ALL & ~EXPLORE,
                         OPTION_AUTO_NONE, FIELD(progress), 0, 0},
    [OPTION_SCRIPT] = {"script", "FILE",
                       "explore without a terminal: lines of keys to press and screens to print, described "
                       "below; - for standard input",
                       EXPLORE, OPTION_TEXT, FIELD(script), 0, 0},
    [OPTION_ASCII] = {"ascii", NULL, "draw with plain characters alone, as where TERM is linux", EXPLORE,
                      OPTION_FLAG, FIELD(ascii), 0, 0},
    [OPTION_NO_MOUSE] = {"no-mouse", NULL, "leave the mouse to the terminal", EXPLORE, OPTION_FLAG,
                         FIELD(no_mouse), 0, 0},
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
                     .method = METHOD_BITSPLIT,
                     .ridge = PLAN_RIDGE_DEFAULT,
                     .progress = true};
}

/* --- values ----------------------------------------------------------------------------------------- */

/* Digits alone, and *end behind them. */
static bool parse_digits(uint64_t *value, const char *text, char **end)
{
    if (!isdigit((unsigned char)text[0])) return false;
    errno = 0;
    *value = strtoull(text, end, 10);
    return errno == 0;
}

static bool parse_size(size_t *size, const char *text, size_t low, size_t high)
{
    uint64_t value;
    char *end;
    if (!parse_digits(&value, text, &end) || *end || value < low || value > high) return false;
    *size = value;
    return true;
}

/* "512M", "2GB", "1.5G": a decimal number, a unit, and a B that changes nothing. */
static bool parse_bytes(size_t *bytes, const char *text)
{
    static const char units[] = "kmgt";
    double value;
    const char *end;
    if (strspn(text, "0123456789.") == 0 || !number_parse(&value, &end, text)) return false;
    const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
    if (unit) {
        value = ldexp(value, 10 * (int)(unit - units + 1));
        end++;
    }
    if (tolower((unsigned char)*end) == 'b') end++;
    if (*end || value < 1 || value >= 0x1p63) return false;
    *bytes = (size_t)value;
    return true;
}

static bool parse_width(unsigned *bits, const char *text)
{
    size_t width;
    bool is_float = strcmp(text, "float") == 0;
    if (!is_float && !parse_size(&width, text, BITS_MIN, BITS_MAX)) return false;
    *bits = is_float ? BITS_FLOAT : (unsigned)width;
    return true;
}

static bool parse_real(double *real, const char *text, size_t high)
{
    double value;
    const char *end;
    if (!number_parse(&value, &end, text) || *end || !isfinite(value) || value < 0 || value > (double)high)
        return false;
    *real = value;
    return true;
}

static bool parse_value(Options *options, const OptionEntry *entry, const char *text)
{
    void *field = (char *)options + entry->field;
    char *end;
    switch (entry->type) {
    case OPTION_TEXT:
        *(const char **)field = text;
        return text[0] != 0;
    case OPTION_FLAG:
        return *(bool *)field = true;
    case OPTION_SIZE_ALL:
        if (strcmp(text, "all") != 0) return parse_size(field, text, entry->low, entry->high);
        *(size_t *)field = 0;
        return true;
    case OPTION_SIZE:
        return parse_size(field, text, entry->low, entry->high);
    case OPTION_SEED64:
        return parse_digits(field, text, &end) && !*end;
    case OPTION_BYTES:
        return parse_bytes(field, text);
    case OPTION_REAL:
        return parse_real(field, text, entry->high);
    case OPTION_WIDTH:
        return parse_width(field, text);
    case OPTION_MODE_NAME:
        return mode_parse(field, text);
    case OPTION_METHOD_NAME:
        return method_parse(field, text);
    case OPTION_LADDER_SET:
        return ladder_set_parse(field, text);
    case OPTION_AUTO_NONE:
        *(bool *)field = strcmp(text, "auto") == 0;
        return strcmp(text, "auto") == 0 || strcmp(text, "none") == 0;
    }
    return false;
}

/* What the option's value should have been. */
static void describe_value(char *out, size_t capacity, const OptionEntry *entry)
{
    switch (entry->type) {
    case OPTION_SIZE:
    case OPTION_SIZE_ALL:
        snprintf(out, capacity, "a number from %zu to %zu%s", entry->low, entry->high,
                 entry->type == OPTION_SIZE_ALL ? ", or all" : "");
        return;
    case OPTION_SEED64:
        snprintf(out, capacity, "a whole number below 2^64");
        return;
    case OPTION_BYTES:
        snprintf(out, capacity, "a number of bytes with a suffix K, M, G or T, such as 512M");
        return;
    case OPTION_REAL:
        snprintf(out, capacity, "a number from 0 to %zu", entry->high);
        return;
    case OPTION_WIDTH:
        snprintf(out, capacity, "a width from %d to %d, or float", BITS_MIN, BITS_MAX);
        return;
    case OPTION_MODE_NAME:
        snprintf(out, capacity, "%s or %s", mode_name(MODE_SEQUENTIAL), mode_name(MODE_INDEPENDENT));
        return;
    case OPTION_METHOD_NAME:
        snprintf(out, capacity, "a method:");
        for (size_t i = 0, used = strlen(out); i < METHOD_COUNT && used < capacity; i++, used = strlen(out))
            snprintf(out + used, capacity - used, "%s %s", i ? "," : "", method_name((Method)i));
        return;
    case OPTION_LADDER_SET:
        snprintf(out, capacity, "%s or %s", ladder_set_name(LADDER_CALIBRATION),
                 ladder_set_name(LADDER_EVALUATION));
        return;
    case OPTION_AUTO_NONE:
        snprintf(out, capacity, "auto or none");
        return;
    case OPTION_TEXT:
    case OPTION_FLAG:
        break;
    }
    snprintf(out, capacity, "some text");
}

const char *option_choice(char word[OPTION_CHOICE], const OptionEntry *entry, size_t i)
{
    const size_t widths = BITS_MAX - BITS_MIN + 1;
    switch (entry->type) {
    case OPTION_SIZE_ALL:
        return i == 0 ? "all" : NULL;
    case OPTION_WIDTH:
        snprintf(word, OPTION_CHOICE, "%zu", BITS_MIN + i);
        return i < widths ? word : i == widths ? "float" : NULL;
    case OPTION_MODE_NAME:
        return i <= MODE_INDEPENDENT ? mode_name((Mode)i) : NULL;
    case OPTION_METHOD_NAME:
        return i < METHOD_COUNT ? method_name((Method)i) : NULL;
    case OPTION_LADDER_SET:
        return i <= LADDER_EVALUATION ? ladder_set_name((LadderSet)i) : NULL;
    case OPTION_AUTO_NONE:
        return i == 0 ? "auto" : i == 1 ? "none" : NULL;
    case OPTION_TEXT:
    case OPTION_FLAG:
    case OPTION_SIZE:
    case OPTION_SEED64:
    case OPTION_BYTES:
    case OPTION_REAL:
        break;
    }
    return NULL;
}

/* --- parsing ---------------------------------------------------------------------------------------- */

enum { LONG_HELP = 256, LONG_VERSION, LONG_FIRST }; /* what getopt_long() returns, beyond any character */

static void make_getopt_table(struct option table[OPTION_COUNT + 3])
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        table[i] = (struct option){.name = option_table[i].name,
                                   .has_arg = option_table[i].value ? required_argument : no_argument,
                                   .val = LONG_FIRST + (int)i};
    table[OPTION_COUNT] = (struct option){.name = "help", .val = LONG_HELP};
    table[OPTION_COUNT + 1] = (struct option){.name = "version", .val = LONG_VERSION};
    table[OPTION_COUNT + 2] = (struct option){0};
}

static Request wrong_value(const OptionEntry *entry, const char *text, Message *message)
{
    char expected[256];
    describe_value(expected, sizeof expected, entry);
    status_fail(message, STATUS_INVALID, "--%s '%s': expected %s", entry->name, text, expected);
    return REQUEST_WRONG;
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
    else
        status_fail(message, STATUS_INVALID, "unknown or ambiguous option '%s' (see bitstitch --help)",
                    argument);
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
                    "unknown command '%s': expected explore, inspect, quantize, evaluate, compare, bound or "
                    "sensitivity",
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

const char *options_output(const Options *options, const char **name, size_t i)
{
    static const char *const names[OPTIONS_OUTPUTS] = {"--csv", "--json", "--onnx"};
    const char *const paths[OPTIONS_OUTPUTS] = {options->csv, options->json, options->onnx};
    *name = names[i];
    return paths[i];
}

/* Each has a name, and one of its own. */
static Request check_outputs(const Options *options, Message *message)
{
    for (size_t i = 0; i < OPTIONS_OUTPUTS; i++) {
        const char *name, *other;
        const char *path = options_output(options, &name, i);
        if (path && strcmp(path, "-") == 0) {
            status_fail(message, STATUS_INVALID, "%s '-': name a file; /dev/stdout is standard output", name);
            return REQUEST_WRONG;
        }
        for (size_t k = i + 1; path && k < OPTIONS_OUTPUTS; k++) {
            const char *same = options_output(options, &other, k);
            if (!same || strcmp(path, same) != 0) continue;
            status_fail(message, STATUS_INVALID, "%s and %s name the same file '%s'", name, other, path);
            return REQUEST_WRONG;
        }
    }
    return REQUEST_RUN;
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

static Request check_commands(const Options *options, Message *message)
{
    const char *command = command_name(options->command);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (options->given[i] && !(option_table[i].commands & 1u << options->command)) {
            status_fail(message, STATUS_INVALID, "%s takes no --%s (see bitstitch %s --help)", command,
                        option_table[i].name, command);
            return REQUEST_WRONG;
        }
    if (options->image_labels && !options->images) {
        status_fail(message, STATUS_INVALID, "--image-labels goes with --images");
        return REQUEST_WRONG;
    }
    bool solves = options->command != COMMAND_SENSITIVITY || options->measure;
    if (!solves && (options->given[OPTION_RIDGE] || options->no_polish)) {
        status_fail(message, STATUS_INVALID, "sensitivity's --ridge and --no-polish go with --measure");
        return REQUEST_WRONG;
    }
    if (check_outputs(options, message) == REQUEST_WRONG) return REQUEST_WRONG;
    return check_scales(options, message);
}

Request options_parse(Options *options, bool *all, int argc, char **argv, Message *message)
{
    struct option table[OPTION_COUNT + 3];
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
        if (!parse_value(options, entry, optarg)) return wrong_value(entry, optarg, message);
    }
    *all = optind >= argc;
    if (take_positionals(options, argv + optind, argc - optind, message) == REQUEST_WRONG)
        return REQUEST_WRONG;
    return request == REQUEST_HELP ? REQUEST_HELP : check_commands(options, message);
}

/* --- help ------------------------------------------------------------------------------------------- */

#define HELP_INDENT 27
#define HELP_WIDTH 100

/* Prints `text` from column `column`, broken between words, later lines indented. */
static void print_wrapped(FILE *file, const char *text, size_t column)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        if (column + 1 + length > HELP_WIDTH) {
            fprintf(file, "\n%*s", HELP_INDENT, "");
            column = HELP_INDENT;
        }
        fprintf(file, " %.*s", (int)length, text);
        column += length + 1;
        text += length + (text[length] == ' ');
    }
    fprintf(file, "\n");
}

static void print_option(FILE *file, const OptionEntry *entry, bool all)
{
    char left[64], right[512], takers[96] = "";
    snprintf(left, sizeof left, "  --%s%s%s", entry->name, entry->value ? " " : "",
             entry->value ? entry->value : "");
    for (size_t i = 0; i < COMMAND_COUNT && entry->commands != ALL; i++)
        if (entry->commands & 1u << i)
            snprintf(takers + strlen(takers), sizeof takers - strlen(takers), "%s%s", *takers ? ", " : "",
                     commands[i].name);
    snprintf(right, sizeof right, "%s%s%s%s", entry->help, all && *takers ? " [" : "", all ? takers : "",
             all && *takers ? "]" : "");
    int padded = fprintf(file, "%-*s", HELP_INDENT, left);
    print_wrapped(file, right, (size_t)padded);
}

static void print_methods(FILE *file)
{
    fprintf(file, "\nmethods:\n");
    for (size_t i = 0; i < METHOD_COUNT; i++)
        fprintf(file, "  %-14s %s\n", method_name((Method)i), method_summary((Method)i));
}

static void print_script_orders(FILE *file)
{
    fprintf(file, "\nscript, an order a line:\n");
    for (const ScriptHelp *entry = script_help; entry->order; entry++) {
        int padded = fprintf(file, "  %-*s", HELP_INDENT - 2, entry->order);
        print_wrapped(file, entry->help, (size_t)padded);
    }
}

static void print_usage(FILE *file, Command command, const char *name)
{
    const char *kind;
    fprintf(file, "usage: bitstitch %s [OPTION]... ", name);
    for (size_t i = 0; (kind = command_opens(command, i)) != NULL; i++)
        fprintf(file, "%s%s", i ? " | " : "[", kind);
    fprintf(file, "]\n\n");
}

void options_help(FILE *file, const Options *options, bool all)
{
    if (all)
        print_usage(file, COMMAND_EXPLORE, "[COMMAND]");
    else
        print_usage(file, options->command, command_name(options->command));
    if (all) {
        fprintf(file, "Post-training quantization of neural networks by bit-split and stitching.\n\n");
        for (size_t i = 0; i < COMMAND_COUNT; i++)
            fprintf(file, "  %-11s %s\n", commands[i].name, commands[i].help);
        fprintf(
            file,
            "\nWithout a network, the ResNet-20 that comes with the program; without a command, explore.\n");
    } else {
        fprintf(file, "%c%s.\n", toupper((unsigned char)commands[options->command].help[0]),
                commands[options->command].help + 1);
    }
    fprintf(file, "\noptions:\n");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (all || option_table[i].commands & 1u << options->command)
            print_option(file, &option_table[i], all);
    fprintf(file, "  %-25s this help, or that of a command\n  %-25s version and libraries in use\n", "--help",
            "--version");
    if (all || ONE_PLAN & 1u << options->command) print_methods(file);
    if (options->command == COMMAND_EXPLORE && !all) print_script_orders(file);
    if (all) fprintf(file, "\nexit status: 0, 1 for an error, 2 for wrong usage, 130 when interrupted\n");
}
