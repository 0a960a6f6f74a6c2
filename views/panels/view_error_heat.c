/* SPDX-License-Identifier: MIT */
/* Sensitivities as a map of layer by weight bits: the output error that every layer would make at each width.
 */
#include "base/sizes.h"
#include "views/page.h"

#include <math.h>
#include <stdio.h>

#define NAME_COLUMNS 16
#define CELL_COLUMNS 6
#define WIDTHS 7 /* 2 to 8 bits */

typedef struct Range {
    double low, high; /* logarithms */
} Range;

static double value_at(const Forecast *forecast, size_t layer, unsigned bits)
{
    return forecast_layer(forecast, layer, (LayerWidths){(uint8_t)bits, 0});
}

static Range find_range(const Forecast *forecast)
{
    Range range = {INFINITY, -INFINITY};
    for (size_t l = 0; l < forecast->layer_count; l++)
        for (unsigned bits = BITS_MIN; bits <= BITS_MAX; bits++) {
            const double value = value_at(forecast, l, bits);
            if (!(value > 0)) continue;
            range.low = fmin(range.low, log(value));
            range.high = fmax(range.high, log(value));
        }
    return range;
}

/* From dark blue, no error to speak of, to yellow, the largest. */
static void heat_color(unsigned char rgb[3], double part)
{
    rgb[0] = (unsigned char)(30 + 225 * part);
    rgb[1] = (unsigned char)(30 + 190 * part);
    rgb[2] = (unsigned char)(110 - 80 * part);
}

static void draw_layer(Canvas *canvas, Area area, int row, const Scene *scene, size_t layer, Range range)
{
    const Forecast *forecast = &scene->snapshot->forecast;
    const bool cursor = layer == scene_layer(scene), at_work = layer == scene->snapshot->forecast_layer;
    canvas_text(canvas, area_part(area, row, 0, 1, NAME_COLUMNS - 1), 0, 0,
                cursor ? STYLE_STRONG : STYLE_TEXT, "%s%s", at_work ? "▶" : " ", scene_name(scene, layer));
    for (unsigned bits = BITS_MIN; bits <= BITS_MAX; bits++) {
        const int column = NAME_COLUMNS + (int)(bits - BITS_MIN) * CELL_COLUMNS;
        const double value = value_at(forecast, layer, bits);
        const bool chosen = scene->plan->layers[layer].weight_bits == bits;
        if (isnan(value)) {
            canvas_text(canvas, area, row, column + 1, STYLE_DIM, "%s", "·");
            continue;
        }
        unsigned char rgb[3];
        heat_color(rgb, range.high > range.low && value > 0
                            ? (log(value) - range.low) / (range.high - range.low)
                            : 0);
        canvas_pixels(canvas, area, row, column, rgb, rgb);
        canvas_text(canvas, area, row, column + 1, chosen ? STYLE_STRONG : STYLE_TEXT, "%s",
                    figure_scientific(value, 0).text);
    }
}

static void draw_heat(Canvas *canvas, Area inner, const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    const Forecast *forecast = &snapshot->forecast;
    const size_t rows = inner.rows > 2 ? (size_t)inner.rows - 2 : 0, layers = forecast->layer_count;
    const size_t at = scene_layer(scene) == NO_INDEX ? 0 : scene_layer(scene);
    const size_t first = layers > rows ? size_min(at > rows / 2 ? at - rows / 2 : 0, layers - rows) : 0;
    const Range range = find_range(forecast);
    canvas_text(canvas, inner, 0, 0, STYLE_TEXT,
                snapshot->forecast_complete
                    ? "Output error that each layer would make, relative, by its weight bits"
                    : "Output error by layer and weight bits: %.0f %% computed",
                100 * snapshot->forecast_fraction);
    for (unsigned bits = BITS_MIN; bits <= BITS_MAX; bits++)
        canvas_text(canvas, inner, 1, NAME_COLUMNS + (int)(bits - BITS_MIN) * CELL_COLUMNS, STYLE_HEADER,
                    "%u bits", bits);
    for (size_t i = 0; i < rows && first + i < layers; i++)
        draw_layer(canvas, inner, (int)i + 2, scene, first + i, range);
}

void view_error_heat(Page *page, const Scene *scene)
{
    snprintf(page->title, sizeof page->title, "Sensitivity · layer by bits");
    if (scene->snapshot && scene->snapshot->forecast.layers)
        page->draw = draw_heat;
    else
        words_add(&page->head,
                  "%s computes how much of the output error each layer would make at each bit width.",
                  scene_keys(scene, "budget"));
}
