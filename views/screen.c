/* SPDX-License-Identifier: MIT */
#include "views/screen.h"

#include "views/lesson.h"
#include "views/overlays/overlays.h"
#include "views/page.h"
#include "views/panels/bars.h"
#include "views/panels/view_layers.h"

#include <stdio.h>

/* The lesson stands beside the panels from this width on; otherwise below them if there are enough rows, or
 * in their place. */
#define LESSON_BESIDE_COLUMNS 150
#define LESSON_COLUMNS 50
#define LESSON_MOST_ROWS 12

/* In narrower terminals an overlay has no margins, which would show only scraps of the panels. */
#define OVERLAY_WHOLE_COLUMNS 110

/* --- where things stand ------------------------------------------------------------------------------- */

typedef struct Places {
    Layout layout;
    Area lesson; /* rows 0: none */
    Area overlay;
} Places;

static Places beside_panels(int rows, int columns, const Scene *scene)
{
    Places places = {.layout = layout_compute(rows, columns - LESSON_COLUMNS, scene->front, scene->zoomed)};
    Area screen = {0, 0, rows, columns};
    places.layout.header.columns = places.layout.footer.columns = columns;
    places.lesson = area_part(screen, 1, columns - LESSON_COLUMNS, rows - 2, LESSON_COLUMNS);
    return places;
}

static Places below_panels(const Canvas *canvas, const Scene *scene)
{
    Area inner = {0, 0, 0, canvas->columns - 2}, screen = canvas_area(canvas);
    int wanted = lesson_draw((Canvas *)canvas, inner, scene, 0) + 2; /* measures only */
    int lesson = wanted < LESSON_MOST_ROWS ? wanted : LESSON_MOST_ROWS, rows = canvas->rows - lesson;
    bool fits = rows >= LAYOUT_LEAST_ROWS;
    Places places = {
        .layout = layout_compute(fits ? rows : canvas->rows, canvas->columns, scene->front, scene->zoomed)};
    places.layout.footer.row = canvas->rows - 1;
    places.lesson = fits ? area_part(screen, rows - 1, 0, lesson, canvas->columns)
                         : area_part(screen, 1, 0, canvas->rows - 2, canvas->columns);
    return places;
}

/* An explanation stands beside the panel that it explains, where the panels stand in pairs. */
static Area beside_focus(const Places *places, Area overlay, Panel front)
{
    const Layout *layout = &places->layout;
    const Area left = layout->panels[PANEL_LAYERS], right = layout->panels[PANEL_ACCURACY];
    if (left.rows == 0 || right.rows == 0 || right.column < left.column + left.columns) return overlay;
    const bool explains_left = front == PANEL_LAYERS || front == PANEL_LOSS;
    const Area side = explains_left ? right : left;
    return (Area){left.row, side.column, right.row + right.rows - left.row, side.columns};
}

static Places find_places(const Canvas *canvas, const Scene *scene)
{
    Places places = {.layout = layout_compute(canvas->rows, canvas->columns, scene->front, scene->zoomed)};
    Area overlay = places.layout.overlay;
    const bool table = scene->overlay == OVERLAY_VISITS || scene->overlay == OVERLAY_DIFFERENCE;
    if (canvas->columns < OVERLAY_WHOLE_COLUMNS || table)
        overlay = area_part(canvas_area(canvas), 1, 0, canvas->rows - 2, canvas->columns);
    if (!places.layout.too_small && scene->lesson > 0)
        places = canvas->columns >= LESSON_BESIDE_COLUMNS
                     ? beside_panels(canvas->rows, canvas->columns, scene)
                     : below_panels(canvas, scene);
    places.overlay = overlay;
    if (scene->overlay == OVERLAY_GUIDE) places.overlay = beside_focus(&places, overlay, scene->front);
    return places;
}

static Area inside(Area frame)
{
    return area_part(frame, 1, 1, frame.rows - 2, frame.columns - 2);
}

/* --- panels ------------------------------------------------------------------------------------------ */

static void draw_panel(Canvas *canvas, Area area, const Scene *scene, Panel panel)
{
    if (area.rows <= 0) return;
    Page page;
    size_t position, count = view_pages(&position, panel, scene_view(scene, panel));
    page_fill(&page, scene, scene_view(scene, panel));
    canvas_fill(canvas, area, STYLE_TEXT);
    Area inner = canvas_frame(canvas, area, panel_style(scene, panel), "%s", page.title);
    if (count > 1 && area.columns - canvas_width(canvas, page.title) - 6 >= 6)
        canvas_text_right(canvas, area, 0, area.columns - 2, panel_style(scene, panel), " %zu/%zu ",
                          position + 1, count);
    page_draw(canvas, inner, &page, scene);
    page_free(&page);
}

/* --- overlays ---------------------------------------------------------------------------------------- */

/* draw: of overlays that scroll by lines. Without an overlay, the lesson scrolls. */
static const struct {
    const char *title;
    int (*draw)(Canvas *canvas, Area inner, const Scene *scene, int first);
} overlays[] = {
    [OVERLAY_NONE] = {"", lesson_draw},
    [OVERLAY_DETAILS] = {"Layer", details_draw},
    [OVERLAY_GUIDE] = {"This panel", guide_draw},
    [OVERLAY_HELP] = {"Keys", help_draw},
    [OVERLAY_VISITS] = {"Visited plans", NULL},
    [OVERLAY_QUESTION] = {"Question", NULL},
    [OVERLAY_DIFFERENCE] = {"Difference between plans", difference_draw},
};

static int scroll_limit(const Canvas *canvas, Area inner, const Scene *scene)
{
    Area nothing = {inner.row, inner.column, 0, inner.columns};
    if (!overlays[scene->overlay].draw) return 0;
    int rows = overlays[scene->overlay].draw((Canvas *)canvas, nothing, scene, 0); /* measures only */
    return rows > inner.rows ? rows - inner.rows : 0;
}

/* The content from the scene's first line on. The frame's lower edge says whether there is more. */
static void draw_scrolled(Canvas *canvas, Area frame, const Scene *scene)
{
    Area inner = inside(frame);
    int limit = scroll_limit(canvas, inner, scene);
    int first = scene->overlay_first < (size_t)limit ? (int)scene->overlay_first : limit;
    overlays[scene->overlay].draw(canvas, inner, scene, first);
    if (limit > 0 && frame.columns >= 24)
        canvas_text_right(canvas, frame, frame.rows - 1, frame.columns - 2, STYLE_FOCUS, " %s%s more ",
                          first > 0 ? "▲" : "", first < limit ? "▼" : "");
}

static void draw_overlay(Canvas *canvas, Area area, const Scene *scene)
{
    const char *title = overlays[scene->overlay].title, *text = scene->question ? scene->question : "";
    if (scene->overlay == OVERLAY_NONE) return;
    if (scene->overlay == OVERLAY_DETAILS && scene_layer(scene) != NO_INDEX)
        title = scene_name(scene, scene_layer(scene));
    char explained[sizeof((Page *)0)->title + 16];
    if (scene->overlay == OVERLAY_GUIDE) {
        Page page;
        page_fill(&page, scene, scene_view(scene, scene->front));
        snprintf(explained, sizeof explained, "Explained: %s", page.title);
        page_free(&page);
        title = explained;
    }
    if (scene->overlay == OVERLAY_QUESTION) { /* in the middle, as large as its text */
        int columns = area.columns < 60 ? area.columns : 60;
        int rows = canvas_paragraph_rows(canvas, columns - 4, text) + 2;
        area = area_part(area, (area.rows - rows) / 2, (area.columns - columns) / 2, rows, columns);
    }
    canvas_fill(canvas, area, STYLE_TEXT);
    Area inner = canvas_frame(canvas, area, STYLE_FOCUS, "%s", title);
    if (scene->overlay == OVERLAY_QUESTION)
        canvas_paragraph(canvas, area_part(inner, 0, 1, inner.rows, inner.columns - 2), 0, 0, STYLE_TEXT,
                         text);
    else if (scene->overlay == OVERLAY_VISITS)
        visited_draw(canvas, inner, scene);
    else
        draw_scrolled(canvas, area, scene);
}

/* With an overlay in front, which then has the scrolling keys, the lesson is shown from its first line. */
static void draw_lesson(Canvas *canvas, Area area, const Scene *scene)
{
    const LessonStep *step = scene->lesson ? lesson_step(scene->lesson - 1) : NULL;
    if (!step || area.rows <= 0) return;
    canvas_fill(canvas, area, STYLE_TEXT);
    canvas_frame(canvas, area, STYLE_FOCUS, "Lesson %zu/%zu · %s", scene->lesson, lesson_step_count(),
                 step->title);
    canvas_text(canvas, area_part(area, area.rows - 1, 2, 1, area.columns - 14), 0, 0, STYLE_FOCUS,
                " %s · %s next  %s back  %s leaves ", lesson_kind_name(step->kind),
                scene_keys(scene, "lesson-next"), scene_keys(scene, "lesson-previous"),
                scene_keys(scene, "lesson"));
    if (scene->overlay == OVERLAY_NONE)
        draw_scrolled(canvas, area, scene);
    else
        lesson_draw(canvas, inside(area), scene, 0);
}

/* --- screen ------------------------------------------------------------------------------------------ */

void screen_draw(Canvas *canvas, const Scene *scene)
{
    canvas_clear(canvas);
    if (!scene->network || !scene->plan) return;
    Places places = find_places(canvas, scene);
    if (places.layout.too_small) {
        char text[96];
        snprintf(text, sizeof text, "%d x %d needed: this is %d x %d", LAYOUT_LEAST_COLUMNS,
                 LAYOUT_LEAST_ROWS, canvas->columns, canvas->rows);
        canvas_paragraph(canvas, canvas_area(canvas), 0, 0, STYLE_WARNING, text);
        return;
    }
    for (Panel panel = 0; panel < PANEL_COUNT; panel++)
        draw_panel(canvas, places.layout.panels[panel], scene, panel);
    draw_lesson(canvas, places.lesson, scene);
    draw_overlay(canvas, places.overlay, scene);
    if (scene->welcome && scene->overlay == OVERLAY_NONE) welcome_draw(canvas, places.overlay, scene);
    header_draw(canvas, places.layout.header, scene);
    footer_draw(canvas, places.layout.footer, scene);
}

/* --- pointing ---------------------------------------------------------------------------------------- */

static bool contains(Area area, int row, int column)
{
    return row >= area.row && row < area.row + area.rows && column >= area.column &&
           column < area.column + area.columns;
}

static Target target_layers(const Canvas *canvas, const Scene *scene, Area inner, int row, int column)
{
    Target target = {TARGET_PANEL, PANEL_LAYERS, 0};
    SortKey sort;
    size_t index;
    if (!contains(inner, row, column)) return target;
    if (scene_view(scene, PANEL_LAYERS) == VIEW_LAYERS_NETWORK) {
        if (network_row_at(&index, scene, inner, row - inner.row))
            target = (Target){TARGET_LAYER, PANEL_LAYERS, index};
        return target;
    }
    if (layers_row_at(&index, scene, inner, row - inner.row))
        return (Target){TARGET_LAYER, PANEL_LAYERS, index};
    if (layers_column_at(&sort, canvas, scene, inner, row - inner.row, column - inner.column))
        return (Target){TARGET_COLUMN, PANEL_LAYERS, sort};
    return target;
}

/* Fills the page of the panel's chart, which may be an inset of the page in front; *inner becomes its area.
 * False, and nothing to free, where there is none. */
static bool fill_chart(Page *page, Area *inner, const Canvas *canvas, const Scene *scene, Panel panel)
{
    page_fill(page, scene, scene_view(scene, panel));
    if (!page->inset) return true;
    bool (*inset)(Page *, Area *, const Canvas *, Area, const Scene *) = page->inset;
    page_free(page);
    return inset(page, inner, canvas, *inner, scene);
}

static Target target_chart(const Canvas *canvas, const Scene *scene, Area inner, Panel panel, int row,
                           int column)
{
    Target target = {TARGET_PANEL, panel, 0};
    Page page;
    size_t series;
    if (!fill_chart(&page, &inner, canvas, scene, panel)) return target;
    Area chart = page_chart_area(canvas, inner, &page);
    if (chart.rows > 0 && chart_nearest(&series, &target.index, &page.plot.chart, chart, row, column))
        target.kind = TARGET_POINT;
    page_free(&page);
    return target;
}

/* The title of a column of the list of visited plans. */
static Target target_title(const Canvas *canvas, const Scene *scene, Area inner, int row, int column)
{
    Target title = {.kind = TARGET_COLUMN};
    VisitedColumn at;
    if (scene->overlay != OVERLAY_VISITS || !contains(inner, row, column) ||
        !visited_column_at(&at, canvas, scene, inner, row - inner.row, column - inner.column))
        return (Target){0};
    title.index = at;
    return title;
}

Target screen_target(const Canvas *canvas, const Scene *scene, int row, int column)
{
    Target none = {0}, item = {.kind = TARGET_ITEM};
    if (!scene->network || !scene->plan) return none;
    Places places = find_places(canvas, scene);
    if (places.layout.too_small) return none;
    if (contains(places.layout.footer, row, column)) {
        Target hint = {.kind = TARGET_HINT};
        const Area footer = places.layout.footer;
        return footer_hint_at(&hint.index, canvas, scene, footer, column - footer.column) ? hint : none;
    }
    if (scene->overlay != OVERLAY_NONE) {
        Area inner = inside(places.overlay);
        bool found = scene->overlay == OVERLAY_VISITS && contains(inner, row, column) &&
                     visited_item_at(&item.index, scene, inner, row - inner.row);
        return found ? item : target_title(canvas, scene, inner, row, column);
    }
    if (contains(places.lesson, row, column)) return none;
    for (Panel panel = 0; panel < PANEL_COUNT; panel++) {
        Area area = places.layout.panels[panel];
        if (!contains(area, row, column)) continue;
        if (panel == PANEL_LAYERS) return target_layers(canvas, scene, inside(area), row, column);
        return target_chart(canvas, scene, inside(area), panel, row, column);
    }
    return none;
}

size_t screen_next_point(const Canvas *canvas, const Scene *scene, Panel panel, int direction)
{
    Page page;
    Area inner = inside(find_places(canvas, scene).layout.panels[panel]);
    if (!fill_chart(&page, &inner, canvas, scene, panel)) return SIZE_MAX;
    size_t next = plot_next(&page.plot, scene->chart_cursor[panel], direction);
    page_free(&page);
    return next;
}

size_t screen_scroll_limit(const Canvas *canvas, const Scene *scene)
{
    Places places = find_places(canvas, scene);
    Area frame = scene->overlay == OVERLAY_NONE ? places.lesson : places.overlay;
    if (places.layout.too_small || frame.rows < 3) return 0;
    return (size_t)scroll_limit(canvas, inside(frame), scene);
}

size_t screen_layer_rows(const Canvas *canvas, const Scene *scene)
{
    return (size_t)layers_rows(inside(find_places(canvas, scene).layout.panels[PANEL_LAYERS]));
}
