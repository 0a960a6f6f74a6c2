/* SPDX-License-Identifier: MIT */
/* The keys of the panels as text, two per line, for app/README.md. */
#include "app/explorer/key_table.h"
#include "app/pages/pages.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_COLUMN 12
#define TEXT_COLUMN 32

/* Returns how many of the lines it printed: one, or two of one group. */
static size_t print_pair(FILE *file, const HelpLine *lines, size_t count)
{
    const bool pair = count > 1 && strcmp(lines[0].group, lines[1].group) == 0;
    fprintf(file, "  %-*s", KEYS_COLUMN, lines[0].keys);
    if (!pair) {
        fprintf(file, "%s\n", lines[0].text);
        return 1;
    }
    fprintf(file, "%-*s%-*s%s\n", TEXT_COLUMN, lines[0].text, KEYS_COLUMN, lines[1].keys, lines[1].text);
    return 2;
}

/* The panels' keys come first in the table. */
static size_t panel_keys(void)
{
    size_t count = 0;
    while (count < key_table_count && key_context(&key_table[count]) == KEYS_PANELS) count++;
    return count;
}

bool page_keys(FILE *file)
{
    size_t count;
    HelpLine *lines = key_help_create(&count);
    if (!lines) return false;
    count = panel_keys();
    const char *group = "";
    for (size_t i = 0; i < count; i += print_pair(file, &lines[i], count - i)) {
        if (strcmp(group, lines[i].group) != 0) fprintf(file, "%s%s\n", i ? "\n" : "", lines[i].group);
        group = lines[i].group;
    }
    free(lines);
    return true;
}
