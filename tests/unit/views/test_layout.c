/* SPDX-License-Identifier: MIT */
/* Layout: every size, panel and zoom. */
#include "views/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_within(Area area, Area outer)
{
    return area.row >= outer.row && area.column >= outer.column &&
           area.row + area.rows <= outer.row + outer.rows &&
           area.column + area.columns <= outer.column + outer.columns;
}

static bool overlap(Area a, Area b)
{
    if (!a.rows || !a.columns || !b.rows || !b.columns) return false;
    return a.row < b.row + b.rows && b.row < a.row + a.rows && a.column < b.column + b.columns &&
           b.column < a.column + a.columns;
}

static size_t cells_of(Area area)
{
    return (size_t)area.rows * (size_t)area.columns;
}

static void check_small(const Layout *layout)
{
    assert_true(layout->too_small);
    assert_int_equal(cells_of(layout->header) + cells_of(layout->footer) + cells_of(layout->overlay), 0);
    for (int p = 0; p < PANEL_COUNT; p++) assert_int_equal(cells_of(layout->panels[p]), 0);
}

/* Areas are inside the screen, disjoint, and cover it; the focused panel is among them; none is too small. */
static void check_layout(const Layout *layout, int rows, int columns, Panel front, bool zoomed)
{
    Area areas[PANEL_COUNT + 2], screen = {0, 0, rows, columns}, body = {1, 0, rows - 2, columns};
    assert_false(layout->too_small);
    areas[PANEL_COUNT] = layout->header;
    areas[PANEL_COUNT + 1] = layout->footer;
    for (int p = 0; p < PANEL_COUNT; p++) areas[p] = layout->panels[p];
    size_t cells = 0;
    for (int a = 0; a < PANEL_COUNT + 2; a++) {
        assert_true(is_within(areas[a], screen));
        cells += cells_of(areas[a]);
        for (int b = 0; b < a; b++) assert_false(overlap(areas[a], areas[b]));
    }
    assert_int_equal(cells, cells_of(screen));
    assert_int_equal(layout->header.rows, 1);
    assert_int_equal(layout->footer.rows, 1);
    assert_int_equal(layout->footer.row, rows - 1);
    assert_true(layout->overlay.rows >= 8 && layout->overlay.columns >= 40 &&
                is_within(layout->overlay, body));
    assert_true(layout->panels[front].rows > 0);
    for (int p = 0; p < PANEL_COUNT; p++) {
        if (layout->panels[p].rows == 0) continue;
        assert_true(layout->panels[p].rows >= 8 && layout->panels[p].columns >= 40);
        assert_true(!zoomed || p == (int)front);
    }
}

static void every_size_is_laid_out(void **state)
{
    for (int rows = 1; rows <= 100; rows++) {
        for (int columns = 1; columns <= 300; columns++) {
            for (int i = 0; i < 2 * PANEL_COUNT; i++) {
                Layout layout = layout_compute(rows, columns, (Panel)(i / 2), i % 2);
                if (rows < 10 || columns < 40)
                    check_small(&layout);
                else
                    check_layout(&layout, rows, columns, (Panel)(i / 2), i % 2);
            }
        }
    }
}

static size_t panels_shown(const Layout *layout)
{
    size_t count = 0;
    for (int p = 0; p < PANEL_COUNT; p++) count += layout->panels[p].rows > 0;
    return count;
}

static void large_terminals_show_all(void **state)
{
    Layout layout = layout_compute(40, 120, PANEL_ERROR, false);
    assert_int_equal(panels_shown(&layout), PANEL_COUNT);
    assert_int_equal(layout.panels[PANEL_LAYERS].columns, 56);
    assert_int_equal(layout.panels[PANEL_LOSS].column, 0);
    assert_int_equal(layout.panels[PANEL_ERROR].column, 56);
    assert_int_equal(layout.panels[PANEL_ACCURACY].column, 56);
    assert_true(layout.panels[PANEL_LAYERS].row < layout.panels[PANEL_LOSS].row);
    assert_true(layout.panels[PANEL_ERROR].row < layout.panels[PANEL_ACCURACY].row);
    layout = layout_compute(24, 100, PANEL_LOSS, false);
    assert_int_equal(panels_shown(&layout), PANEL_COUNT);
    layout = layout_compute(60, 80, PANEL_LOSS, false);
    assert_int_equal(panels_shown(&layout), PANEL_COUNT);
}

static void usual_terminals_show_layers_and_one(void **state)
{
    for (int front = 0; front < PANEL_COUNT; front++) {
        Panel other = front == PANEL_LAYERS ? PANEL_ERROR : (Panel)front;
        Layout layout = layout_compute(24, 80, (Panel)front, false);
        assert_int_equal(panels_shown(&layout), 2);
        assert_int_equal(layout.panels[PANEL_LAYERS].row, 1);
        assert_true(layout.panels[other].row > layout.panels[PANEL_LAYERS].row);
        layout = layout_compute(12, 110, (Panel)front, false);
        assert_int_equal(panels_shown(&layout), 2);
        assert_true(layout.panels[other].column > 0);
    }
}

static void small_terminals_show_the_front(void **state)
{
    Layout layout = layout_compute(10, 40, PANEL_ACCURACY, false);
    assert_int_equal(panels_shown(&layout), 1);
    assert_int_equal(layout.panels[PANEL_ACCURACY].rows, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_laid_out),
        cmocka_unit_test(large_terminals_show_all),
        cmocka_unit_test(usual_terminals_show_layers_and_one),
        cmocka_unit_test(small_terminals_show_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
