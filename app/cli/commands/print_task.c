/* SPDX-License-Identifier: MIT */
#include "app/cli/commands/print_task.h"

#include "app/cli/commands/print.h"
#include "app/cli/commands/table.h"
#include "base/printable.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_COLUMNS 7
#define MOST_CLASSES_SHOWN 20
#define NAME_TEXT 128

/* --- figures ------------------------------------------------------------------------------------------ */

static const TaskMeasure *measure_of(const Evaluation *evaluation)
{
    return &task_measures[evaluation->task];
}

/* The place of a figure among those with an interval, or NO_INDEX. */
static size_t interval_of(const Evaluation *evaluation, size_t figure)
{
    const TaskMeasure *measure = measure_of(evaluation);
    for (size_t i = 0; i < measure->interval_count; i++)
        if (measure->intervals[i] == figure) return i;
    return NO_INDEX;
}

/* A figure in percent; "-" where there is nothing to find. */
static Figure figure_of(const Evaluation *evaluation, size_t side, size_t figure)
{
    const double value = evaluation->figures[side][figure];
    const size_t interval = interval_of(evaluation, figure);
    Figure text = {"-"};
    if (isnan(value) || value < 0) return text;
    const Interval *known = side ? evaluation->intervals.quantized : evaluation->intervals.reference;
    if (interval != NO_INDEX && !isnan(known[interval].low))
        return figure_interval(value, known[interval].low, known[interval].high);
    snprintf(text.text, sizeof text.text, "%.2f", 100 * value);
    return text;
}

static Figure change_of(const Evaluation *evaluation, size_t figure)
{
    const double from = evaluation->figures[0][figure], to = evaluation->figures[1][figure];
    const size_t interval = interval_of(evaluation, figure);
    Figure text = {"-"};
    if (!(from >= 0 && to >= 0)) return text;
    const Interval *known = evaluation->intervals.change;
    if (interval != NO_INDEX && !isnan(known[interval].low))
        return figure_change(to - from, known[interval].low, known[interval].high);
    snprintf(text.text, sizeof text.text, "%+.2f", 100 * (to - from));
    return text;
}

Figure headline_figure(const Evaluation *evaluation, size_t side)
{
    return figure_of(evaluation, side, task_headline(evaluation->task));
}

Figure headline_change(const Evaluation *evaluation)
{
    return change_of(evaluation, task_headline(evaluation->task));
}

/* --- tables ------------------------------------------------------------------------------------------- */

/* Figures first to end - 1 as columns; the networks as rows. */
static Status print_block(const Evaluation *evaluation, size_t first, size_t end, Message *message)
{
    TableColumn columns[MOST_COLUMNS] = {{"", TABLE_LEFT}};
    char names[MOST_COLUMNS][32];
    for (size_t f = first; f < end; f++) {
        snprintf(names[f - first], sizeof names[0], "%s %%", measure_of(evaluation)->names[f]);
        columns[1 + f - first] = (TableColumn){names[f - first], TABLE_LEFT};
    }
    Table *table = table_create(columns, 1 + end - first);
    for (size_t side = 0; side < (evaluation->compared ? 2 : 1); side++) {
        table_cell(table, side ? "quantized" : "float");
        for (size_t f = first; f < end; f++) table_cell(table, "%s", figure_of(evaluation, side, f).text);
    }
    if (evaluation->compared) {
        table_rule(table);
        table_cell(table, "change");
        for (size_t f = first; f < end; f++) table_cell(table, "%s", change_of(evaluation, f).text);
    }
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

static Status print_blocks(const Evaluation *evaluation, Message *message)
{
    const size_t count = measure_of(evaluation)->figure_count;
    Status status = STATUS_OK;
    for (size_t f = 0; status == STATUS_OK && f < count; f += MOST_COLUMNS - 1) {
        if (f) puts("");
        status = print_block(evaluation, f, size_min(f + MOST_COLUMNS - 1, count), message);
    }
    return status;
}

static void add_class_figure(Table *table, double value)
{
    if (isnan(value))
        table_cell(table, "-");
    else
        table_cell(table, "%.2f", 100 * value);
}

/* AP or Dice of each class. */
static Status print_class_figures(const Inputs *inputs, const Evaluation *evaluation, Message *message)
{
    const char *figure = evaluation->task == TASK_SEMANTIC ? "Dice %" : "AP %";
    if (evaluation->class_count < 2 || evaluation->class_count > MOST_CLASSES_SHOWN) return STATUS_OK;
    Table *table = table_create((const TableColumn[]){{"class", TABLE_LEFT},
                                                      {figure, TABLE_RIGHT},
                                                      {"quantized", TABLE_RIGHT},
                                                      {"change", TABLE_RIGHT}},
                                evaluation->compared ? 4 : 2);
    for (size_t c = 0; c < evaluation->class_count; c++) {
        const double from = evaluation->class_figures[0][c], to = evaluation->class_figures[1][c];
        char name[NAME_TEXT] = "";
        snprintf(name, sizeof name, "%zu", c);
        if (c < inputs->class_count) printable_copy(name, sizeof name, inputs->class_names[c]);
        table_cell(table, "%s", name);
        add_class_figure(table, from);
        if (!evaluation->compared) continue;
        add_class_figure(table, to);
        if (isnan(from) || isnan(to))
            table_cell(table, "-");
        else
            table_cell(table, "%+.2f", 100 * (to - from));
    }
    puts("");
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

static Status print_slices(const Evaluation *evaluation, Message *message)
{
    Table *table = table_create((const TableColumn[]){{"output", TABLE_LEFT},
                                                      {"SQNR dB", TABLE_RIGHT},
                                                      {"cosine", TABLE_RIGHT},
                                                      {"largest deviation", TABLE_RIGHT}},
                                4);
    for (size_t s = 0; s < evaluation->slice_count; s++) {
        const SliceFigures *figures = &evaluation->slices[s];
        char name[NAME_TEXT];
        printable_copy(name, sizeof name, figures->name);
        table_cell(table, "%s", name);
        if (figures->sqnr_db == INFINITY)
            table_cell(table, "infinite");
        else
            table_cell(table, "%.2f", figures->sqnr_db);
        table_cell(table, "%.6f", figures->cosine);
        table_cell(table, "%.4g", figures->largest);
    }
    puts("");
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

Status print_task(const Inputs *inputs, const Evaluation *evaluation, Message *message)
{
    const bool measured = evaluation->task != TASK_NONE;
    const char *truth = evaluation->task == TASK_SEMANTIC ? "classes" : "detections";
    printf("\n%zu image%s", evaluation->images, plural(evaluation->images));
    if (measured && !evaluation->has_truth)
        printf(" without annotations: the float network's %s are taken for the truth", truth);
    puts(measured ? "; 95 % intervals in brackets" : "");
    Status status = measured ? print_blocks(evaluation, message) : STATUS_OK;
    if (status == STATUS_OK && measured) status = print_class_figures(inputs, evaluation, message);
    if (status == STATUS_OK && evaluation->compared) status = print_slices(evaluation, message);
    return status;
}
