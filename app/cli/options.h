/* Options: one table drives parsing, --help, the man page and completions. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include "base/status.h"
#include "bound/ladder.h"
#include "dataset/dataset.h"
#include "explore/plan.h"

#include <stdio.h>

typedef enum Command {
    COMMAND_EXPLORE,
    COMMAND_INSPECT,
    COMMAND_QUANTIZE,
    COMMAND_EVALUATE,
    COMMAND_COMPARE,
    COMMAND_BOUND,
    COMMAND_SENSITIVITY,
    COMMAND_COUNT
} Command;

typedef enum OptionId {
    OPTION_IMAGES,
    OPTION_IMAGE_LABELS,
    OPTION_EVALUATION_IMAGES,
    OPTION_CALIBRATION,
    OPTION_CALIBRATION_IMAGES,
    OPTION_MEAN,
    OPTION_STD,
    OPTION_LABELS,
    OPTION_RESIZE,
    OPTION_CROP,
    OPTION_CHANNELS,
    OPTION_LAYOUT,
    OPTION_SKIP_BAD_IMAGES,
    OPTION_INPUT_SHAPE,
    OPTION_OUTPUT,
    OPTION_BITS,
    OPTION_FIRST_BITS,
    OPTION_LAST_BITS,
    OPTION_ACTIVATION_BITS,
    OPTION_ERROR_COMPENSATED,
    OPTION_PLAN,
    OPTION_METHOD,
    OPTION_MODE,
    OPTION_ROWS,
    OPTION_RIDGE,
    OPTION_NO_POLISH,
    OPTION_NO_BIAS_CORRECTION,
    OPTION_LADDER_ON,
    OPTION_LADDER_IMAGES,
    OPTION_MEASURE,
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTION_CSV,
    OPTION_JSON,
    OPTION_ONNX,
    OPTION_PROGRESS,
    OPTION_SCRIPT,
    OPTION_ASCII,
    OPTION_NO_MOUSE,
    OPTION_COUNT
} OptionId;

/* What an option's value is, and so which field of Options it sets. */
typedef enum OptionType {
    OPTION_TEXT,        /* const char * */
    OPTION_FLAG,        /* no value; bool */
    OPTION_SIZE,        /* size_t, low..high */
    OPTION_SIZE_ALL,    /* size_t, low..high, or "all": 0 */
    OPTION_SEED64,      /* uint64_t */
    OPTION_BYTES,       /* size_t, with a suffix K, M, G or T (powers of 1024) */
    OPTION_REAL,        /* double >= 0 */
    OPTION_WIDTH,       /* unsigned, BITS_MIN..BITS_MAX or "float" */
    OPTION_MODE_NAME,   /* Mode */
    OPTION_METHOD_NAME, /* Method */
    OPTION_LADDER_SET,  /* LadderSet */
    OPTION_AUTO_NONE    /* bool: auto is true */
} OptionType;

typedef struct OptionEntry {
    const char *name;
    const char *value; /* as --help shows it; NULL for a flag */
    const char *help;
    unsigned commands; /* bit 1 << Command */
    OptionType type;
    size_t field; /* offset in Options */
    size_t low, high;
} OptionEntry;

extern const OptionEntry option_table[OPTION_COUNT];

/* What the command line says. Texts point into argv. Fields hold their defaults where an option was not
 * given. */
typedef struct Options {
    Command command;
    const char *network; /* a network or its description; NULL: the one that comes with the program */
    bool given[OPTION_COUNT];
    const char *images, *image_labels, *calibration, *mean, *std, *labels, *input_shape, *output, *plan, *csv,
        *json, *onnx, *script;
    const char *preparation[PREPARATION_KEYS];
    size_t evaluation_images, calibration_images, ladder_images, rows, threads, memory;
    unsigned bits, first_bits, last_bits, activation_bits;
    Method method;
    Mode mode;
    LadderSet ladder_on;
    double ridge;
    bool skip_bad_images, no_polish, no_bias_correction, error_compensated, measure, progress, ascii,
        no_mouse;
    uint64_t seed;
} Options;

typedef enum Request { REQUEST_RUN, REQUEST_HELP, REQUEST_VERSION, REQUEST_WRONG } Request;

/* On REQUEST_WRONG the message says what is wrong. `all` tells REQUEST_HELP for all commands from help for
 * options->command alone. */
Request options_parse(Options *options, bool *all, int argc, char **argv, Message *message);

/* All commands, or one with its options alone. */
void options_help(FILE *file, const Options *options, bool all);

/* The files to be written: the path of the i-th, NULL where it is not asked for. *name: "--csv", say. */
#define OPTIONS_OUTPUTS 3
const char *options_output(const Options *options, const char **name, size_t i);

const char *command_name(Command command);
const char *command_help(Command command);

/* The i-th of the kinds of file that a command opens, as its usage has it; NULL behind the last. */
const char *command_opens(Command command, size_t i);

#define OPTION_CHOICE 24

/* The i-th of the words that an option's value may be; NULL behind the last, and where any text will do. May
 * be written to `word`. */
const char *option_choice(char word[OPTION_CHOICE], const OptionEntry *entry, size_t i);

#endif
