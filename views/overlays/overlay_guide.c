/* SPDX-License-Identifier: MIT */
/* The explanation of the page in focus: its text, the terms on it, the first line, and the welcome. */
#include "views/guide.h"
#include "views/overlays/overlays.h"

enum { NAME_COLUMNS = 14, NARROW = 50 };

/* A column of text that is drawn from the top on. */
typedef struct Sheet {
    Canvas *canvas;
    Area area;
    int row; /* of the next line; negative where it is scrolled off */
} Sheet;

static void add_heading(Sheet *sheet, const char *text)
{
    sheet->row++;
    canvas_text(sheet->canvas, sheet->area, sheet->row++, 0, STYLE_TITLE, "%s", text);
}

static void add_paragraph(Sheet *sheet, const Words *words)
{
    sheet->row += canvas_paragraph(sheet->canvas, sheet->area, sheet->row, 0, STYLE_TEXT, words->text);
}

/* The name beside the meaning, or above it in narrow areas. */
static void add_term(Sheet *sheet, const Scene *scene, const Term *term)
{
    Words words = {0};
    const bool narrow = sheet->area.columns < NARROW;
    const int indent = narrow ? 2 : NAME_COLUMNS;
    Area right = sheet->area;
    right.column += indent;
    right.columns -= indent;
    canvas_text(sheet->canvas, sheet->area, sheet->row, 0, STYLE_KEY, "%s", term->name);
    sheet->row += narrow;
    guide_tell_term(&words, scene, term);
    sheet->row += canvas_paragraph(sheet->canvas, right, sheet->row, 0, STYLE_TEXT, words.text);
}

int guide_draw(Canvas *canvas, Area inner, const Scene *scene, int first)
{
    Sheet sheet = {canvas, {inner.row, inner.column + 1, inner.rows, inner.columns - 2}, -first};
    Words page = {0}, welcome = {0};
    const Term *term;
    guide_tell_page(&page, scene);
    add_paragraph(&sheet, &page);
    if (guide_page_term(scene, 0)) add_heading(&sheet, "the terms on this page");
    for (size_t i = 0; (term = guide_page_term(scene, i)) != NULL; i++) add_term(&sheet, scene, term);
    add_heading(&sheet, "the first line of the screen");
    for (size_t i = 0; (term = guide_header_term(i)) != NULL; i++) add_term(&sheet, scene, term);
    add_heading(&sheet, "welcome");
    guide_tell_welcome(&welcome, scene);
    add_paragraph(&sheet, &welcome);
    return sheet.row + first;
}

void welcome_draw(Canvas *canvas, Area area, const Scene *scene)
{
    Words words = {0};
    guide_tell_welcome(&words, scene);
    const int columns = area.columns < 76 ? area.columns : 76;
    const int rows = canvas_paragraph_rows(canvas, columns - 4, words.text) + 2;
    const Area box = area_part(area, (area.rows - rows) / 2, (area.columns - columns) / 2, rows, columns);
    canvas_fill(canvas, box, STYLE_TEXT);
    const Area inner = canvas_frame(canvas, box, STYLE_FOCUS, "Welcome");
    canvas_text_right(canvas, box, rows - 1, columns - 2, STYLE_FOCUS, " any key goes on ");
    canvas_paragraph(canvas, area_part(inner, 0, 1, inner.rows, inner.columns - 2), 0, 0, STYLE_TEXT,
                     words.text);
}
