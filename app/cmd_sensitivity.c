/* sensitivity: what every layer's error will be at every width, before any run. */
#include "app/commands.h"
#include "app/print.h"
#include "app/steps.h"
#include "app/table.h"
#include "report/sensitivity_csv.h"

#include <stdio.h>
#include <stdlib.h>

static const TableColumn columns[] = {
    {"#", TABLE_RIGHT},      {"layer", TABLE_LEFT},   {"error", TABLE_LEFT},   {"2 bits", TABLE_RIGHT},
    {"3 bits", TABLE_RIGHT}, {"4 bits", TABLE_RIGHT}, {"5 bits", TABLE_RIGHT}, {"6 bits", TABLE_RIGHT},
    {"7 bits", TABLE_RIGHT}, {"8 bits", TABLE_RIGHT}};

static void add_errors(Table *table, const char *name, const double *errors)
{
    table_cell(table, "%s", name);
    for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++) table_error(table, errors[bits]);
}

static Status print_sensitivities(const Network *network, const Sensitivity *sensitivities, Message *message)
{
    Table *table = table_create(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < network->layer_count; i++) {
        table_cell(table, "%zu", i + 1);
        table_cell(table, "%s", network->layers[i].name);
        add_errors(table, "estimate", sensitivities[i].estimate);
        table_cell(table, "%s", "");
        table_cell(table, "%s", "");
        add_errors(table, "rounding", sensitivities[i].rounding);
    }
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

static Status report(const Session *session, const Sensitivity *sensitivities, Message *message)
{
    const char *csv = session->options->csv;
    Status status = csv ? sensitivity_csv_write(csv, session->network, sensitivities, message) : STATUS_OK;
    if (status != STATUS_OK) return status;
    print_heading(session);
    puts("\nreconstruction error relative to the sum of squared outputs, on inputs of the float network\n"
         "estimate: a rounding whose later codes make up for the earlier, where nothing is clipped;\n"
         "rounding: to nearest, as it is\n");
    return print_sensitivities(session->network, sensitivities, message);
}

Status cmd_sensitivity(const Options *options, Message *message)
{
    Session session;
    Sensitivity *sensitivities = NULL;
    Status status = session_open(&session, options, SESSION_NEEDED, SESSION_NONE, message);
    if (status == STATUS_OK) {
        sensitivities = calloc(session.network->layer_count + 1, sizeof *sensitivities);
        if (!sensitivities) status = status_no_memory(message, "the sensitivities");
    }
    if (status == STATUS_OK) status = step_survey(sensitivities, &session, message);
    if (status == STATUS_OK) status = report(&session, sensitivities, message);
    free(sensitivities);
    session_close(&session);
    return status;
}
