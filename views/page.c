/* SPDX-License-Identifier: MIT */
#include "views/page.h"

#define CHART_LEAST_ROWS 9 /* with fewer, the explanation is left out */
#define HEAD_MOST_ROWS 3

void page_fill(Page *page, const Scene *scene, ViewId view)
{
    *page = (Page){0};
    view_table[view].fill(page, scene);
    plot_cursor(&page->plot, scene->chart_cursor[view_table[view].panel]);
}

void page_free(Page *page)
{
    plot_free(&page->plot);
}

Style panel_style(const Scene *scene, Panel panel)
{
    return scene->front == panel ? STYLE_FOCUS : STYLE_BORDER;
}

/* Where head, chart and words stand; a part without rows is not shown. */
typedef struct PageAreas {
    Area head, chart, words;
} PageAreas;

static PageAreas divide(const Canvas *canvas, Area inner, const Page *page)
{
    Area text = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    bool chart = page->plot.chart.series_count > 0;
    int head = canvas_paragraph_rows(canvas, text.columns, page->head.text);
    int words = canvas_paragraph_rows(canvas, text.columns, page->words.text);
    int most = inner.rows < 8 ? 1 : HEAD_MOST_ROWS;
    if (chart && head > most) head = most;
    if (words && inner.rows - head - words < (chart ? CHART_LEAST_ROWS : 1)) words = 0;
    int rest = inner.rows - head - words;
    return (PageAreas){.head = area_part(text, 0, 0, head, text.columns),
                       .chart = area_part(inner, head, 0, chart ? rest : 0, inner.columns),
                       .words = area_part(text, chart ? head + rest : head + 1, 0, words, text.columns)};
}

Area page_chart_area(const Canvas *canvas, Area inner, const Page *page)
{
    return divide(canvas, inner, page).chart;
}

void page_draw(Canvas *canvas, Area inner, const Page *page, const Scene *scene)
{
    if (page->draw) {
        page->draw(canvas, inner, scene);
        return;
    }
    PageAreas areas = divide(canvas, inner, page);
    if (areas.head.rows == 1) /* cut with an ellipsis where it is longer */
        canvas_text(canvas, areas.head, 0, 0, STYLE_TEXT, "%s", page->head.text);
    else
        canvas_paragraph(canvas, areas.head, 0, 0, STYLE_TEXT, page->head.text);
    if (areas.chart.rows > 0) chart_draw(canvas, areas.chart, &page->plot.chart);
    canvas_paragraph(canvas, areas.words, 0, 0, STYLE_DIM, page->words.text);
}
