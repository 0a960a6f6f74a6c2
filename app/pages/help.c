/* SPDX-License-Identifier: MIT */
#include "app/pages/help.h"

#include "app/explorer/script.h"

#include <ctype.h>
#include <string.h>

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

/* What an option is, with the commands that take it where not all do and `all` asks for it. */
static void print_option(FILE *file, const OptionEntry *entry, bool all)
{
    char left[64], right[1024], takers[96] = "";
    size_t count = 0;
    snprintf(left, sizeof left, "  --%s%s%s", entry->name, entry->value ? " " : "",
             entry->value ? entry->value : "");
    for (Command c = 0; c < COMMAND_COUNT; c++)
        if (option_taken(entry, c))
            snprintf(takers + strlen(takers), sizeof takers - strlen(takers), "%s%s", count++ ? ", " : "",
                     command_name(c));
    if (all && count < COMMAND_COUNT)
        snprintf(right, sizeof right, "%s [%s]", entry->help, takers);
    else
        snprintf(right, sizeof right, "%s", entry->help);
    int padded = fprintf(file, "%-*s", HELP_INDENT, left);
    print_wrapped(file, right, (size_t)padded);
}

static void print_methods(FILE *file)
{
    fprintf(file, "\nmethods:\n");
    for (size_t i = 0; i < METHOD_COUNT; i++)
        fprintf(file, "  %-14s %s\n", method_name((Method)i), method_summary((Method)i));
}

static void print_grids(FILE *file)
{
    fprintf(file, "\ngrids, what codes may be:\n");
    for (size_t i = 0; i < GRID_COUNT; i++)
        fprintf(file, "  %-14s %s\n", grid_name((GridKind)i), grid_row((GridKind)i)->summary);
}

static void print_efforts(FILE *file)
{
    fprintf(file, "\nefforts:\n");
    for (size_t i = 0; i < EFFORT_COUNT; i++)
        fprintf(file, "  %-14s %s\n", effort_name((Effort)i), effort_row((Effort)i)->summary);
}

static void print_script_orders(FILE *file)
{
    fprintf(file, "\nscript, one order per line:\n");
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

void help_print(FILE *file, const Options *options, bool all)
{
    if (all)
        print_usage(file, COMMAND_EXPLORE, "[COMMAND]");
    else
        print_usage(file, options->command, command_name(options->command));
    if (all) {
        fprintf(file, "Post-training quantization of neural networks by bit-split and stitching.\n\n");
        for (Command c = 0; c < COMMAND_COUNT; c++)
            fprintf(file, "  %-11s %s\n", command_name(c), command_help(c));
        fprintf(file, "\nWithout a network, the ResNet-20 that comes with the program is opened. Without a "
                      "command, explore.\n");
    } else {
        const char *help = command_help(options->command);
        fprintf(file, "%c%s.\n", toupper((unsigned char)help[0]), help + 1);
    }
    fprintf(file, "\noptions:\n");
    bool methods = false, efforts = false, grids = false;
    for (const OptionEntry *entry = option_table; entry < option_table + option_count; entry++) {
        if (!all && !option_taken(entry, options->command)) continue;
        print_option(file, entry, all);
        methods |= entry->type == OPTION_METHOD_NAME;
        efforts |= entry->type == OPTION_EFFORT_NAME;
        grids |= entry->type == OPTION_GRID_NAME;
    }
    fprintf(file, "  %-25s this help, or the help of a command\n  %-25s version and libraries in use\n",
            "--help", "--version");
    if (efforts) print_efforts(file);
    if (methods) print_methods(file);
    if (grids) print_grids(file);
    if (options->command == COMMAND_EXPLORE && !all) print_script_orders(file);
    if (all) fprintf(file, "\nexit status: 0, 1 for an error, 2 for wrong usage, 130 when interrupted\n");
}
