/* SPDX-License-Identifier: MIT */
/* Options: commands, and one table of all options. Parsing, --help, the man page and the test of the
 * completions are made from it.
 *
 * To add an option, add a member to Options and a row to the table in options.c, and a line to each of the
 * completions in app/pages/ (a test says which).
 *
 * clang-format off
 *     Options options;
 *     bool all;
 *     if (options_parse(&options, &all, argc, argv, &message) == REQUEST_RUN) ...
 * clang-format on
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include "base/status.h"
#include "bound/ladder.h"
#include "dataset/dataset.h"
#include "explore/plan.h"

typedef enum Command {
    COMMAND_EXPLORE,
    COMMAND_INSPECT,
    COMMAND_QUANTIZE,
    COMMAND_EVALUATE,
    COMMAND_COMPARE,
    COMMAND_BOUND,
    COMMAND_SENSITIVITY,
    COMMAND_CHOOSE,
    COMMAND_COUNT
} Command;

/* The name of a command, and its line in --help. */
const char *command_name(Command command);
const char *command_help(Command command);

/* The i-th of the kinds of file that a command opens, as its usage shows it; NULL behind the last. */
const char *command_opens(Command command, size_t i);

/* What an option's value is, and the type of its member of Options. */
typedef enum OptionType {
    OPTION_TEXT,        /* const char *: any text but "" */
    OPTION_LIST,        /* OptionList: texts, one each time that the option is given */
    OPTION_FLAG,        /* bool, no value */
    OPTION_SIZE,        /* size_t: low..high */
    OPTION_SIZE_ALL,    /* size_t: low..high, or "all": 0 */
    OPTION_SEED64,      /* uint64_t */
    OPTION_BYTES,       /* size_t, with a suffix K, M, G or T (powers of 1024) */
    OPTION_REAL,        /* double: 0..high */
    OPTION_BITS,        /* unsigned: low..BITS_MAX, or "float": BITS_FLOAT */
    OPTION_MODE_NAME,   /* Mode */
    OPTION_METHOD_NAME, /* Method */
    OPTION_GRID_NAME,   /* GridKind */
    OPTION_EFFORT_NAME, /* Effort */
    OPTION_LADDER_SET,  /* LadderSet */
    OPTION_AUTO_NONE,   /* bool: auto is true */
    OPTION_TASK_NAME    /* const char *: task_kind_name() */
} OptionType;

/* What an option is about, for explorations: they bring a plan of their own, and may be of another network.
 */
typedef enum OptionScope {
    SCOPE_RUN,     /* how the program runs: holds for any network */
    SCOPE_NETWORK, /* the network and its images */
    SCOPE_PLAN
} OptionScope;

typedef struct OptionEntry {
    const char *name;
    const char *value; /* as --help shows it; NULL for a flag */
    unsigned commands; /* that take it: bits 1 << Command */
    OptionScope scope;
    OptionType type;
    size_t field;     /* offset of its member in Options */
    size_t low, high; /* of OPTION_SIZE, OPTION_SIZE_ALL, OPTION_REAL and OPTION_BITS */
    const char *help; /* with the default in brackets */
} OptionEntry;

/* In the order of --help. */
extern const OptionEntry option_table[];
extern const size_t option_count;

/* Whether a command takes an option. */
bool option_taken(const OptionEntry *entry, Command command);

#define OPTIONS_MOST 64
#define OPTION_LIST_MOST 64

typedef struct OptionList {
    size_t count;
    const char *texts[OPTION_LIST_MOST]; /* in the order given */
} OptionList;

/* What the command line says. Texts point into argv. Members hold their defaults where an option was not
 * given. */
typedef struct Options {
    Command command;
    const char *network; /* a network or its description; NULL: the one that comes with the program */
    const char *images, *image_labels, *calibration, *mean, *std, *labels, *input_shape, *output, *task,
        *plan, *csv, *json, *onnx, *script, *widths, *activation_widths, *latency, *front;
    OptionList budget, pin, tie;
    const char *preparation[PREPARATION_KEYS];
    size_t evaluation_images, calibration_images, ladder_images, rows, threads, memory;
    unsigned bits, first_bits, last_bits, activation_bits;
    Effort effort;
    Method method;
    GridKind grid;
    Mode mode;
    LadderSet ladder_on;
    double ridge, drop;
    bool skip_bad_images, free_ends, no_polish, no_bias_correction, error_compensated, measure, progress,
        ascii, no_mouse;
    uint64_t seed;
    bool given[OPTIONS_MOST]; /* by row of the table: see options_given() */
} Options;

/* Whether the option stored in `member` was given: options_given(options, &options->rows). */
bool options_given(const Options *options, const void *member);

/* Makes the option stored in `member` count as given. */
void options_set_given(Options *options, const void *member);

typedef enum Request { REQUEST_RUN, REQUEST_HELP, REQUEST_VERSION, REQUEST_WRONG } Request;

/* On REQUEST_WRONG the message says what is wrong. On REQUEST_HELP, *all tells help for all commands from
 * help for options->command alone. */
Request options_parse(Options *options, bool *all, int argc, char **argv, Message *message);

/* A file to be written. */
typedef struct OptionOutput {
    const char *option; /* "--csv", say */
    const char *suffix; /* of its name: "csv" */
    const char *path;   /* NULL: not asked for */
} OptionOutput;

#define OPTIONS_OUTPUTS 4
OptionOutput options_output(const Options *options, size_t i);

#endif
