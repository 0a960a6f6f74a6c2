/* SPDX-License-Identifier: MIT */
#include "views/layout.h"

/* The first rows of *area, which loses them. */
static Area take_rows(Area *area, int rows)
{
    Area taken = area_part(*area, 0, 0, rows, area->columns);
    *area = area_part(*area, rows, 0, area->rows, area->columns);
    return taken;
}

static Area take_columns(Area *area, int columns)
{
    Area taken = area_part(*area, 0, 0, area->rows, columns);
    *area = area_part(*area, 0, columns, area->rows, area->columns);
    return taken;
}

static Area take_left(Area *body)
{
    return take_columns(body, body->columns * 7 / 15);
}

static void place_all_in_pairs(Layout *layout, Area right)
{
    Area left = take_left(&right);
    layout->panels[PANEL_LOSS] = area_part(left, left.rows - left.rows * 2 / 5, 0, left.rows, left.columns);
    layout->panels[PANEL_LAYERS] = take_rows(&left, left.rows - left.rows * 2 / 5);
    layout->panels[PANEL_ERROR] = take_rows(&right, (right.rows + 1) / 2);
    layout->panels[PANEL_ACCURACY] = right;
}

static void place_all_in_a_column(Layout *layout, Area body)
{
    int rows = body.rows / PANEL_COUNT;
    layout->panels[PANEL_LAYERS] = take_rows(&body, body.rows - 3 * rows);
    layout->panels[PANEL_ERROR] = take_rows(&body, rows);
    layout->panels[PANEL_LOSS] = take_rows(&body, rows);
    layout->panels[PANEL_ACCURACY] = body;
}

/* Layers and one other, which is the panel in front unless that is the layers. */
static void place_two(Layout *layout, Area body, Panel front)
{
    Area *other = &layout->panels[front == PANEL_LAYERS ? PANEL_ERROR : front];
    if (body.columns >= LAYOUT_WIDE_COLUMNS)
        layout->panels[PANEL_LAYERS] = take_left(&body);
    else
        layout->panels[PANEL_LAYERS] = take_rows(&body, (body.rows - 2) / 2);
    *other = body;
}

static void place(Layout *layout, Area body, Panel front, bool zoomed)
{
    bool wide = body.columns >= LAYOUT_WIDE_COLUMNS;
    int rows = body.rows + 2;
    if (zoomed)
        layout->panels[front] = body;
    else if (wide && rows >= LAYOUT_FULL_ROWS)
        place_all_in_pairs(layout, body);
    else if (rows >= LAYOUT_TALL_ROWS)
        place_all_in_a_column(layout, body);
    else if (wide || rows >= LAYOUT_TWO_ROWS)
        place_two(layout, body, front);
    else
        layout->panels[front] = body;
}

/* In the middle of the body, no wider than text reads well. */
static Area overlay_of(Area body)
{
    int columns = body.columns < 60 ? body.columns : body.columns - 4;
    if (columns > 100) columns = 100;
    int rows = body.rows < 20 ? body.rows : body.rows - 2;
    return area_part(body, (body.rows - rows) / 2, (body.columns - columns) / 2, rows, columns);
}

Layout layout_compute(int rows, int columns, Panel front, bool zoomed)
{
    Layout layout = {.too_small = rows < LAYOUT_LEAST_ROWS || columns < LAYOUT_LEAST_COLUMNS};
    if (layout.too_small) return layout;
    Area body = {0, 0, rows, columns};
    layout.header = take_rows(&body, 1);
    layout.footer = area_part(body, body.rows - 1, 0, 1, columns);
    body.rows--;
    place(&layout, body, front, zoomed);
    layout.overlay = overlay_of(body);
    return layout;
}
