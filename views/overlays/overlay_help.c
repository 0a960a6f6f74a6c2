/* SPDX-License-Identifier: MIT */
/* What the keys do, by group: one column, or two where the area is wide. */
#include "views/overlays/overlays.h"

#include <string.h>

enum { KEYS_MOST = 20, TWO_COLUMNS = 90 };

/* A column of the list: entries [from, to). */
typedef struct Column {
    Area area;
    size_t from, to;
} Column;

static bool starts_group(const Scene *scene, size_t i)
{
    const char *group = scene->help[i].group;
    return group && (i == 0 || !scene->help[i - 1].group || strcmp(group, scene->help[i - 1].group) != 0);
}

static int keys_columns(const Canvas *canvas, const Scene *scene)
{
    int longest = 4;
    for (size_t i = 0; i < scene->help_count; i++) {
        int columns = canvas_width(canvas, scene->help[i].keys);
        if (columns > longest) longest = columns;
    }
    return longest < KEYS_MOST ? longest : KEYS_MOST;
}

/* Draws the column from `row` on; returns its rows. */
static int draw_column(Canvas *canvas, const Column *column, const Scene *scene, int row)
{
    int keys = keys_columns(canvas, scene), start = row;
    Area left = column->area, right = column->area;
    left.columns = keys;
    right.column += keys + 2;
    right.columns -= keys + 2;
    for (size_t i = column->from; i < column->to; i++) {
        const HelpLine *line = &scene->help[i];
        if (starts_group(scene, i)) {
            if (row > start) row++;
            canvas_text(canvas, column->area, row++, 0, STYLE_TITLE, "%s", line->group);
        }
        canvas_text(canvas, left, row, 0, STYLE_KEY, "%s", line->keys);
        int rows = canvas_paragraph(canvas, right, row, 0, STYLE_TEXT, line->text);
        row += rows > 0 ? rows : 1;
    }
    return row - start;
}

static int rows_of(const Canvas *canvas, Column column, const Scene *scene)
{
    column.area.rows = 0; /* measures only */
    return draw_column((Canvas *)canvas, &column, scene, 0);
}

/* Splits the list at the group that makes the columns most even. */
static void split(Column columns[2], const Canvas *canvas, Area area, const Scene *scene)
{
    Area half = {area.row, area.column, area.rows, area.columns / 2 - 1};
    Area other = {area.row, area.column + area.columns / 2, area.rows, area.columns - area.columns / 2};
    columns[0] = (Column){area, 0, scene->help_count};
    columns[1] = (Column){other, scene->help_count, scene->help_count};
    if (area.columns < TWO_COLUMNS) return;
    int least = rows_of(canvas, columns[0], scene);
    for (size_t i = 1; i < scene->help_count; i++) {
        if (!starts_group(scene, i)) continue;
        Column left = {half, 0, i}, right = {other, i, scene->help_count};
        int a = rows_of(canvas, left, scene), b = rows_of(canvas, right, scene), rows = a > b ? a : b;
        if (rows >= least) continue;
        least = rows;
        columns[0] = left;
        columns[1] = right;
    }
}

int help_draw(Canvas *canvas, Area inner, const Scene *scene, int first)
{
    Column columns[2];
    Area area = {inner.row, inner.column + 1, inner.rows, inner.columns - 2};
    split(columns, canvas, area, scene);
    int left = draw_column(canvas, &columns[0], scene, -first);
    int right = draw_column(canvas, &columns[1], scene, -first);
    return left > right ? left : right;
}
