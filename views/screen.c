#include "views/screen.h"

#include "views/lesson.h"
#include "views/overlays.h"
#include "views/page.h"
#include "views/panels/parts.h"
#include "views/panels/view_bars.h"
#include "views/panels/view_layers.h"

#include <stdint.h>
#include <stdio.h>

/* A lesson stands beside the panels from this width on, below them where rows allow, else in their place. */
#define LESSON_BESIDE_COLUMNS 150
#define LESSON_COLUMNS 50
#define LESSON_MOST_ROWS 12

/* In narrower terminals an overlay leaves no margins: they would show scraps of the panels. */
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
    int wanted = lesson_draw((Canvas *)canvas, inner, scene, 0) + 2; /* measures: nothing is drawn */
    int lesson = wanted < LESSON_MOST_ROWS ? wanted : LESSON_MOST_ROWS, rows = canvas->rows - lesson;
    bool fits = rows >= LAYOUT_LEAST_ROWS;
    Places places = {
        .layout = layout_compute(fits ? rows : canvas->rows, canvas->columns, scene->front, scene->zoomed)};
    places.layout.footer.row = canvas->rows - 1;
    places.lesson = fits ? area_part(screen, rows - 1, 0, lesson, canvas->columns)
                         : area_part(screen, 1, 0, canvas->rows - 2, canvas->columns);
    return places;
}

static Places find_places(const Canvas *canvas, const Scene *scene)
{
    Places places = {.layout = layout_compute(canvas->rows, canvas->columns, scene->front, scene->zoomed)};
    Area overlay = places.layout.overlay;
    if (canvas->columns < OVERLAY_WHOLE_COLUMNS)
        overlay = area_part(canvas_area(canvas), 1, 0, canvas->rows - 2, canvas->columns);
    if (!places.layout.too_small && scene->lesson > 0)
        places = canvas->columns >= LESSON_BESIDE_COLUMNS
                     ? beside_panels(canvas->rows, canvas->columns, scene)
                     : below_panels(canvas, scene);
    places.overlay = overlay;
    return places;
}

static Area inside(Area frame)
{
    return area_part(frame, 1, 1, frame.rows - 2, frame.columns - 2);
}

/* --- panels ------------------------------------------------------------------------------------------ */

enum { PAGES_MOST = 3 };
static const struct {
    size_t count;
    PageFill *fill[PAGES_MOST]; /* NULL: drawn by itself */
} panel_pages[PANEL_COUNT] = {
    [PANEL_ERROR] = {ERROR_PAGES, {error_page_epochs, error_page_layers, error_page_widths}},
    [PANEL_LOSS] = {LOSS_PAGES, {NULL, loss_page_depth}},
    [PANEL_ACCURACY] = {ACCURACY_PAGES, {accuracy_page_depth, accuracy_page_stream, accuracy_page_plans}},
};

static size_t page_of(const Scene *scene, Panel panel)
{
    return scene->pages[panel] < panel_pages[panel].count ? scene->pages[panel] : 0;
}

/* Returns false where the page is no chart. */
static bool fill_page(Page *page, const Scene *scene, Panel panel)
{
    PageFill *fill = panel_pages[panel].fill[page_of(scene, panel)];
    if (!fill) return false;
    fill(page, scene);
    plot_cursor(&page->plot, scene->chart_cursor[panel]);
    return true;
}

static Area draw_frame(Canvas *canvas, Area area, const Scene *scene, Panel panel, const char *title)
{
    Style style = scene->front == panel ? STYLE_FOCUS : STYLE_BORDER;
    size_t count = panel_pages[panel].count;
    canvas_fill(canvas, area, STYLE_TEXT);
    Area inner = canvas_frame(canvas, area, style, "%s", title);
    int start = canvas_width(canvas, title) + 6;
    if (count > 1 && area.columns - start >= 6)
        canvas_text_right(canvas, area, 0, area.columns - 2, style, " %zu/%zu ", page_of(scene, panel) + 1,
                          count);
    return inner;
}

static void draw_panel(Canvas *canvas, Area area, const Scene *scene, Panel panel)
{
    if (area.rows <= 0) return;
    if (panel == PANEL_LAYERS) {
        layers_draw(canvas, area, scene);
        return;
    }
    Page page = {0};
    if (fill_page(&page, scene, panel))
        page_draw(canvas, draw_frame(canvas, area, scene, panel, page.title), &page);
    else
        loss_draw_ladder(canvas, draw_frame(canvas, area, scene, panel, "Output loss · ladder of bounds"),
                         scene);
    page_free(&page);
}

/* --- overlays ---------------------------------------------------------------------------------------- */

static const char *overlay_title(const Scene *scene)
{
    size_t layer = scene_layer(scene);
    switch (scene->overlay) {
    case OVERLAY_DETAILS:
        return layer == NO_INDEX ? "Layer" : part_name(scene, layer);
    case OVERLAY_HELP:
        return "Keys";
    case OVERLAY_VISITS:
        return "Plans visited";
    default:
        return "Question";
    }
}

/* Rows of the overlay's content; draws those from `first` on. */
static int draw_content(Canvas *canvas, Area inner, const Scene *scene, int first)
{
    switch (scene->overlay) {
    case OVERLAY_NONE:
        return lesson_draw(canvas, inner, scene, first);
    case OVERLAY_DETAILS:
        return details_draw(canvas, inner, scene, first);
    case OVERLAY_HELP:
        return help_draw(canvas, inner, scene, first);
    default:
        return 0;
    }
}

static int scroll_limit(const Canvas *canvas, Area inner, const Scene *scene)
{
    Area nothing = {inner.row, inner.column, 0, inner.columns};
    int rows = draw_content((Canvas *)canvas, nothing, scene, 0); /* measures: nothing is drawn */
    return rows > inner.rows ? rows - inner.rows : 0;
}

static int first_row(const Canvas *canvas, Area inner, const Scene *scene)
{
    int limit = scroll_limit(canvas, inner, scene);
    return scene->overlay_first < (size_t)limit ? (int)scene->overlay_first : limit;
}

/* Whether there is more above or below, in the frame's lower edge. */
static void draw_more(Canvas *canvas, Area frame, int first, int limit)
{
    if (limit == 0 || frame.columns < 24) return;
    canvas_text_right(canvas, frame, frame.rows - 1, frame.columns - 2, STYLE_FOCUS, " %s%s more ",
                      first > 0 ? "▲" : "", first < limit ? "▼" : "");
}

static void draw_scrolled(Canvas *canvas, Area frame, const Scene *scene)
{
    Area inner = inside(frame);
    int first = first_row(canvas, inner, scene);
    draw_content(canvas, inner, scene, first);
    draw_more(canvas, frame, first, scroll_limit(canvas, inner, scene));
}

static void draw_question(Canvas *canvas, Area around, const Scene *scene)
{
    const char *text = scene->question ? scene->question : "";
    int columns = around.columns < 60 ? around.columns : 60;
    Area measure = {0, 0, 0, columns - 4};
    int rows = canvas_paragraph(canvas, measure, 0, 0, STYLE_TEXT, text) + 2;
    Area frame = area_part(around, (around.rows - rows) / 2, (around.columns - columns) / 2, rows, columns);
    canvas_fill(canvas, frame, STYLE_TEXT);
    Area inner = canvas_frame(canvas, frame, STYLE_FOCUS, "%s", overlay_title(scene));
    canvas_paragraph(canvas, area_part(inner, 0, 1, inner.rows, inner.columns - 2), 0, 0, STYLE_TEXT, text);
}

static void draw_overlay(Canvas *canvas, Area area, const Scene *scene)
{
    if (scene->overlay == OVERLAY_NONE) return;
    if (scene->overlay == OVERLAY_QUESTION) {
        draw_question(canvas, area, scene);
        return;
    }
    canvas_fill(canvas, area, STYLE_TEXT);
    Area inner = canvas_frame(canvas, area, STYLE_FOCUS, "%s", overlay_title(scene));
    if (scene->overlay == OVERLAY_VISITS)
        visited_draw(canvas, inner, scene);
    else
        draw_scrolled(canvas, area, scene);
}

/* An overlay in front has the scrolling keys: the lesson then stands at its beginning. */
static void draw_lesson(Canvas *canvas, Area area, const Scene *scene)
{
    const LessonStep *step = scene->lesson ? lesson_step(scene->lesson - 1) : NULL;
    if (!step || area.rows <= 0) return;
    canvas_fill(canvas, area, STYLE_TEXT);
    canvas_frame(canvas, area, STYLE_FOCUS, "Lesson %zu/%zu · %s", scene->lesson, lesson_step_count(),
                 step->title);
    canvas_text(canvas, area_part(area, area.rows - 1, 2, 1, area.columns - 14), 0, 0, STYLE_FOCUS,
                " %s next  %s back  %s ends ", part_keys(scene, "lesson-next"),
                part_keys(scene, "lesson-previous"), part_keys(scene, "lesson"));
    if (scene->overlay == OVERLAY_NONE)
        draw_scrolled(canvas, area, scene);
    else
        lesson_draw(canvas, inside(area), scene, 0);
}

/* --- screen ------------------------------------------------------------------------------------------ */

static void draw_too_small(Canvas *canvas)
{
    char text[96];
    snprintf(text, sizeof text, "%d x %d needed: this is %d x %d", LAYOUT_LEAST_COLUMNS, LAYOUT_LEAST_ROWS,
             canvas->columns, canvas->rows);
    canvas_paragraph(canvas, canvas_area(canvas), 0, 0, STYLE_WARNING, text);
}

void screen_draw(Canvas *canvas, const Scene *scene)
{
    canvas_clear(canvas);
    if (!scene->network || !scene->plan) return;
    Places places = find_places(canvas, scene);
    if (places.layout.too_small) {
        draw_too_small(canvas);
        return;
    }
    for (Panel panel = 0; panel < PANEL_COUNT; panel++)
        draw_panel(canvas, places.layout.panels[panel], scene, panel);
    draw_lesson(canvas, places.lesson, scene);
    draw_overlay(canvas, places.overlay, scene);
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
    if (!contains(inner, row, column)) return target;
    if (layers_row_at(&target.index, scene, inner, row - inner.row)) {
        target.kind = TARGET_LAYER;
    } else if (layers_column_at(&sort, canvas, scene, inner, row - inner.row, column - inner.column)) {
        target.kind = TARGET_COLUMN;
        target.index = sort;
    } else {
        target.index = 0;
    }
    return target;
}

static Target target_panel(const Canvas *canvas, const Scene *scene, Area area, Panel panel, int row,
                           int column)
{
    Target target = {TARGET_PANEL, panel, 0};
    Page page = {0};
    size_t series;
    if (fill_page(&page, scene, panel)) {
        Area chart = page_chart_area(canvas, inside(area), &page);
        if (chart.rows > 0 && chart_nearest(&series, &target.index, &page.plot.chart, chart, row, column))
            target.kind = TARGET_POINT;
    }
    page_free(&page);
    return target;
}

static Target target_overlay(const Scene *scene, Area area, int row, int column)
{
    Target target = {0};
    Area inner = inside(area);
    if (scene->overlay == OVERLAY_VISITS && contains(inner, row, column) &&
        visited_item_at(&target.index, scene, inner, row - inner.row))
        target.kind = TARGET_ITEM;
    return target;
}

Target screen_target(const Canvas *canvas, const Scene *scene, int row, int column)
{
    if (!scene->network || !scene->plan) return (Target){0};
    Places places = find_places(canvas, scene);
    if (places.layout.too_small) return (Target){0};
    if (scene->overlay != OVERLAY_NONE) return target_overlay(scene, places.overlay, row, column);
    if (contains(places.lesson, row, column)) return (Target){0};
    for (Panel panel = 0; panel < PANEL_COUNT; panel++) {
        Area area = places.layout.panels[panel];
        if (!contains(area, row, column)) continue;
        if (panel == PANEL_LAYERS) return target_layers(canvas, scene, inside(area), row, column);
        return target_panel(canvas, scene, area, panel, row, column);
    }
    return (Target){0};
}

size_t screen_next_point(const Scene *scene, Panel panel, int direction)
{
    Page page = {0};
    size_t next = SIZE_MAX;
    if (panel != PANEL_LAYERS && fill_page(&page, scene, panel))
        next = plot_next(&page.plot, scene->chart_cursor[panel], direction);
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
    Area inner = inside(find_places(canvas, scene).layout.panels[PANEL_LAYERS]);
    return inner.rows > 1 ? (size_t)(inner.rows - 1) : 0;
}
