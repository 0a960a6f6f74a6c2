/* SPDX-License-Identifier: MIT */
/* bitstitch.1, with the man macros. */
#include "app/cli/options.h"
#include "app/explorer/key_table.h"
#include "app/explorer/script.h"
#include "app/pages/pages.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>

#define LINE_WIDTH 72
#define INDENT 20 /* of what a term is */

/* Escapes the characters that troff interprets. */
static size_t put_character(FILE *file, char character, bool starts_line)
{
    static const char special[] = "-\\'\"`^~";
    static const char *const escapes[] = {"\\-", "\\e", "\\(aq", "\\(dq", "\\(ga", "\\(ha", "\\(ti"};
    const char *found = strchr(special, character);
    if (found) return (size_t)fprintf(file, "%s", escapes[found - special]);
    return (size_t)fprintf(file, "%s%c", starts_line && character == '.' ? "\\&" : "", character);
}

/* Breaks lines at blanks. */
static void put_text(FILE *file, const char *text)
{
    size_t column = 0;
    for (; *text; text++) {
        if (*text == ' ' && column + strcspn(text + 1, " ") > LINE_WIDTH) {
            fputc('\n', file);
            column = 0;
        } else {
            column += put_character(file, *text, column == 0);
        }
    }
}

static void put_line(FILE *file, const char *text)
{
    put_text(file, text);
    fputc('\n', file);
}

static void put_paragraph(FILE *file, const char *text)
{
    fprintf(file, ".PP\n");
    put_line(file, text);
}

/* A term and what it is. */
static void put_item(FILE *file, const char *term, const char *text)
{
    fprintf(file, ".TP %d\n\\fB", INDENT);
    put_text(file, term);
    fprintf(file, "\\fR\n");
    put_line(file, text);
}

static void put_head(FILE *file)
{
    fprintf(file,
            ".\\\" Made from the program's tables of options and keys.\n"
            ".TH BITSTITCH 1 \"%s\" \"bitstitch %s\" \"User Commands\"\n"
            ".SH NAME\nbitstitch \\- quantization of neural networks by bit\\-split and "
            "stitching\n"
            ".SH SYNOPSIS\n.B bitstitch\n"
            ".RI [ COMMAND ]\n.RI [ OPTION ]...\n.RI [",
            BITSTITCH_RELEASED, BITSTITCH_VERSION);
    const char *kind;
    for (size_t i = 0; (kind = command_opens(COMMAND_EXPLORE, i)) != NULL; i++)
        fprintf(file, "%s %s", i ? " \" | \"" : "", kind);
    fprintf(file, " ]\n");
}

static void put_description(FILE *file)
{
    fprintf(file, ".SH DESCRIPTION\n");
    put_line(
        file,
        "Quantizes the weights, and optionally the activations, of a trained ONNX network to 2 to 8 bits, "
        "layer "
        "by layer on calibration images, without training and without labels. It shows what that costs: the "
        "error of every layer, bounds on how far the output moves, and the accuracy before and after.");
    put_paragraph(file,
                  "Without a command it explores: it opens the network in the terminal, where bit widths are "
                  "chosen by keys and their effect appears as it is measured. Without a network it opens "
                  "the ResNet-20 that comes with it. A description names a network, its images and how they "
                  "are prepared; an exploration is what the explorer saved.");
}

static void put_commands(FILE *file)
{
    fprintf(file, ".SH COMMANDS\n");
    for (size_t c = 0; c < COMMAND_COUNT; c++)
        put_item(file, command_name((Command)c), command_help((Command)c));
}

static void put_takers(FILE *file, const OptionEntry *entry)
{
    size_t count = 0;
    for (Command c = 0; c < COMMAND_COUNT; c++) count += option_taken(entry, c);
    if (count == COMMAND_COUNT) return;
    const char *before = "Taken by ";
    for (Command c = 0; c < COMMAND_COUNT; c++) {
        if (!option_taken(entry, c)) continue;
        fprintf(file, "%s%s", before, command_name(c));
        before = ", ";
    }
    fprintf(file, ".\n");
}

static void put_option(FILE *file, const OptionEntry *entry)
{
    fprintf(file, ".TP\n\\fB\\-\\-");
    put_text(file, entry->name);
    fprintf(file, "\\fR");
    if (entry->value) fprintf(file, " \\fI%s\\fR", entry->value);
    fprintf(file, "\n");
    put_text(file, entry->help);
    fprintf(file, ".\n");
    put_takers(file, entry);
}

static void put_options(FILE *file)
{
    fprintf(file, ".SH OPTIONS\n");
    put_line(file, "An option that names no commands is taken by all of them. Defaults are in brackets.");
    for (size_t i = 0; i < option_count; i++) put_option(file, &option_table[i]);
    put_option(file, &(OptionEntry){.name = "help",
                                    .help = "all commands and options, or those of a command",
                                    .commands = ~0u});
    put_option(file,
               &(OptionEntry){.name = "version", .help = "version and libraries in use", .commands = ~0u});
}

static void put_efforts(FILE *file)
{
    fprintf(file, ".SH EFFORTS\n");
    for (size_t i = 0; i < EFFORT_COUNT; i++)
        put_item(file, effort_name((Effort)i), effort_row((Effort)i)->summary);
}

static void put_methods(FILE *file)
{
    fprintf(file, ".SH METHODS\n");
    for (size_t i = 0; i < METHOD_COUNT; i++)
        put_item(file, method_name((Method)i), method_summary((Method)i));
}

static void put_grids(FILE *file)
{
    fprintf(file, ".SH GRIDS\n");
    put_line(file, "What codes may be: a weight is its channel's scale times its code.");
    for (size_t i = 0; i < GRID_COUNT; i++)
        put_item(file, grid_name((GridKind)i), grid_row((GridKind)i)->summary);
}

static bool put_keys(FILE *file)
{
    size_t count;
    HelpLine *lines = key_help_create(&count);
    if (!lines) return false;
    fprintf(file, ".SH KEYS\n");
    put_line(file, "These are the keys of the explorer. The mouse selects and scrolls, sorts by the head of "
                   "a column, and "
                   "picks the points of a chart.");
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(lines[i - 1].group, lines[i].group) != 0) {
            fprintf(file, ".PD\n.SS ");
            put_line(file, lines[i].group);
            fprintf(file, ".PD 0\n");
        }
        put_item(file, lines[i].keys, lines[i].text);
    }
    fprintf(file, ".PD\n");
    free(lines);
    return true;
}

static void put_script(FILE *file)
{
    fprintf(file, ".SH SCRIPTS\n");
    put_line(file, "What --script reads: one order per line. Blank lines are skipped.");
    for (const ScriptHelp *entry = script_help; entry->order; entry++)
        put_item(file, entry->order, entry->help);
}

static void put_surroundings(FILE *file)
{
    fprintf(file, ".SH FILES\n");
    put_item(file, BITSTITCH_DATA, "The networks and images that come with the program.");
    put_item(file, "$XDG_STATE_HOME/bitstitch, or ~/.local/state/bitstitch",
             "Saved explorations, one per network; offered when the network is opened again.");
    fprintf(file, ".SH ENVIRONMENT\n");
    put_item(file, "NO_COLOR", "If it is set and not empty, the explorer draws without colours.");
    put_item(file, "TMPDIR",
             "The folder for temporary files with activations that exceed --memory (/var/tmp).");
    put_item(file, "OPENBLAS_CORETYPE",
             "The BLAS kernel; where it is not set, the best one that the processor can run.");
    fprintf(file, ".SH EXIT STATUS\n");
    put_line(
        file,
        "0; 1 for an error, with one line on standard error; 2 for wrong usage; 128 and the signal's "
        "number where a signal ended it, 130 when interrupted. Output files are replaced whole or not at "
        "all.");
}

static void put_example(FILE *file, const char *text, const char *command)
{
    put_paragraph(file, text);
    fprintf(file, ".PP\n.RS\n.nf\n");
    put_line(file, command);
    fprintf(file, ".fi\n.RE\n");
}

static void put_examples(FILE *file)
{
    fprintf(file, ".SH EXAMPLES\n");
    put_line(file, "Explore the network that comes with the program:");
    fprintf(file, ".PP\n.RS\n.nf\nbitstitch\n.fi\n.RE\n");
    put_example(
        file,
        "Quantize to 3 bits, write bit widths and errors per layer, and run again with edited bit widths:",
        "bitstitch quantize net.json --bits 3 --csv plan.csv");
    fprintf(file, ".PP\n.RS\n.nf\n");
    put_line(file, "bitstitch quantize net.json --plan plan.csv");
    fprintf(file, ".fi\n.RE\n");
    put_example(file, "Write the quantized network, with 8-bit activations, for another program to run:",
                "bitstitch quantize net.json --activation-bits 8 --onnx quantized.onnx");
    fprintf(file, ".SH SEE ALSO\n");
    put_line(file,
             "P. Wang, Q. Chen, X. He, J. Cheng: Towards Accurate Post-training Network Quantization via "
             "Bit-Split and Stitching, ICML 2020.");
}

bool page_man(FILE *file)
{
    put_head(file);
    put_description(file);
    put_commands(file);
    put_options(file);
    put_efforts(file);
    put_methods(file);
    put_grids(file);
    if (!put_keys(file)) return false;
    put_script(file);
    put_surroundings(file);
    put_examples(file);
    return true;
}
