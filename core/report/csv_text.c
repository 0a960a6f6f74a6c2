/* SPDX-License-Identifier: MIT */
#include "report/csv_text.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Spreadsheets run a cell that starts so as a formula, some of them the wide = + - @ as well; the apostrophe
 * keeps them from it. */
static bool needs_apostrophe(const char *text)
{
    static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0) return true;
    return *text && strchr("=+-@\t\r\n'", *text);
}

/* csv_write2() quotes every cell; readers and people are better off with quotes where they matter. Blanks at
 * an end would be trimmed. */
static bool needs_quotes(const char *text)
{
    size_t length = strlen(text);
    if (text[strcspn(text, ",\"\r\n")]) return true;
    return length > 0 && (strchr(" \t", text[0]) || strchr(" \t", text[length - 1]));
}

static void append_quoted(Text *csv, const char *text)
{
    size_t length = strlen(text), needed = csv_write2(NULL, 0, text, length, CSV_QUOTE);
    char *quoted = malloc(needed + 1);
    if (!quoted) {
        csv->failed = true;
        return;
    }
    csv_write2(quoted, needed, text, length, CSV_QUOTE);
    quoted[needed] = 0;
    text_append(csv, "%s", quoted);
    free(quoted);
}

void csv_append_text(Text *csv, const char *text)
{
    Text guarded = {0};
    text_append(&guarded, "%s%s", needs_apostrophe(text) ? "'" : "", text);
    if (guarded.failed)
        csv->failed = true;
    else if (needs_quotes(guarded.data))
        append_quoted(csv, guarded.data);
    else
        text_append(csv, "%s", guarded.data);
    text_free(&guarded);
}
