/* SPDX-License-Identifier: MIT */
#include "views/panels/ledger_bars.h"

#include "base/sizes.h"
#include "views/panels/words.h"

#include <math.h>
#include <stdlib.h>

#define NAME_COLUMNS 14
#define VALUE_COLUMNS 8
#define LEAST_COLUMNS 34

/* The layers shown: the `count` largest pulls, by layer. */
static void choose_layers(bool *shown, const double *pulls, size_t layers, size_t count)
{
    for (size_t l = 0; l < layers; l++) {
        size_t larger = 0; /* pulls that are larger, or equal and earlier */
        for (size_t k = 0; k < layers; k++)
            larger += fabs(pulls[k]) > fabs(pulls[l]) || (fabs(pulls[k]) == fabs(pulls[l]) && k < l);
        shown[l] = larger < count && pulls[l] != 0;
    }
}

/* A name, the value, and a bar from the middle: to the left where the margin falls. */
static void draw_pull(Canvas *canvas, Area area, int row, const char *name, double pull, double most)
{
    const int start = NAME_COLUMNS + VALUE_COLUMNS + 1, half = (area.columns - start - 1) / 2;
    const int cells = most > 0 ? (int)lround(fabs(pull) / most * half) : 0;
    const int axis = start + half;
    canvas_text(canvas, area_part(area, row, 0, 1, NAME_COLUMNS - 1), 0, 0, STYLE_TEXT, "%s", name);
    canvas_text_right(canvas, area, row, NAME_COLUMNS + VALUE_COLUMNS, STYLE_TEXT, "%+.3f", pull);
    canvas_put(canvas, area, row, axis, STYLE_GRID, canvas_glyph(canvas, GLYPH_VERTICAL));
    canvas_bar(canvas, area, row, pull < 0 ? axis - cells : axis + 1, cells, 1,
               pull < 0 ? STYLE_BAD : STYLE_GOOD);
}

/* Rows for pulls: all layers if they fit, otherwise one is left for the rest. */
static int draw_pulls(Canvas *canvas, Area area, int row, const Scene *scene, const double *pulls,
                      size_t room)
{
    const size_t layers = scene->snapshot->ledger->layer_count;
    bool *shown = calloc(layers + 1, sizeof *shown);
    double most = 0, rest = 0;
    size_t moved = 0, left = 0;
    if (!shown) return row;
    for (size_t l = 0; l < layers; l++) {
        most = fmax(most, fabs(pulls[l]));
        moved += pulls[l] != 0;
    }
    choose_layers(shown, pulls, layers, moved <= room ? moved : room - 1);
    for (size_t l = 0; l < layers; l++) {
        if (shown[l])
            draw_pull(canvas, area, row++, scene_short_name(scene, l).text, pulls[l], most);
        else if (pulls[l] != 0) {
            rest += pulls[l];
            left++;
        }
    }
    if (left) {
        Words words = {0};
        words_add(&words, "%zu others", left);
        draw_pull(canvas, area, row++, words.text, rest, fmax(most, fabs(rest)));
    }
    free(shown);
    return row;
}

int ledger_draw(Canvas *canvas, Area area, const Scene *scene, size_t index)
{
    const Ledger *ledger = scene->snapshot->ledger;
    if (!ledger || index >= ledger->image_count || area.rows < LEDGER_LEAST_ROWS ||
        area.columns < LEAST_COLUMNS)
        return 0;
    const LedgerMargins *margins = &ledger->margins[index];
    const double *pulls = ledger->pulls + index * ledger->layer_count;
    canvas_text(canvas, area, 0, 0, STYLE_STRONG, "Margin over %zu: %+.3f in float, then",
                scene->snapshot->changes->images[index].rival, margins->before);
    const int row = draw_pulls(canvas, area, 1, scene, pulls, (size_t)area.rows - 2);
    canvas_text(canvas, area, row, 0, STYLE_STRONG, "adds up to %+.3f quantized.", margins->after);
    return row + 1;
}
