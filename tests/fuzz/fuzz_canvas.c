/* SPDX-License-Identifier: MIT */
/* Text from files on a canvas. Whatever the text is, the screen shows complete visible characters, and no
 * text leaves its area. The first byte chooses the width and Unicode or ASCII. */
#include "views/canvas/canvas.h"

#include "base/printable.h"
#include "fuzz_input.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define ROWS 4
#define COLUMNS 40

static void require_shown(const Canvas *canvas)
{
    Text text = {0};
    canvas_dump(&text, canvas, false);
    fuzz_require(!text.failed, "memory for a dump");
    for (const char *at = text.data; at && *at;) {
        ucs4_t point;
        const int length = u8_strmbtouc(&point, (const uint8_t *)at);
        fuzz_require(length > 0 && (point == '\n' || printable_point(point)),
                     "the screen shows characters alone");
        fuzz_require(canvas->unicode || point < 0x80, "plain characters where there is no Unicode");
        at += length;
    }
    text_free(&text);
}

/* What lies outside of the area is as it was. */
static void require_clipped(const Canvas *canvas, Area area)
{
    for (int row = 0; row < canvas->rows; row++)
        for (int column = 0; column < canvas->columns; column++) {
            const bool inside = row >= area.row && row < area.row + area.rows && column >= area.column &&
                                column < area.column + area.columns;
            const char *cell = canvas->cells[row * canvas->columns + column].text;
            fuzz_require(inside || strcmp(cell, " ") == 0 || !*cell, "text stays in its area");
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    char *text = fuzz_text(data + 1, size - 1);
    Canvas canvas = {.unicode = data[0] & 1};
    fuzz_require(canvas_resize(&canvas, ROWS, COLUMNS, NULL) == STATUS_OK, "memory for a canvas");
    const Area area = area_part(canvas_area(&canvas), 1, 3, 2, data[0] / 2 % 20);
    const int width = canvas_width(&canvas, text);
    const int used = canvas_text(&canvas, area, 0, 0, STYLE_TEXT, "%s", text);
    canvas_text_right(&canvas, area, 1, area.columns, STYLE_BAD, "%s", text);
    fuzz_require(width >= 0 && used >= 0 && used <= area.columns, "widths are those of the area");
    fuzz_require(width > area.columns || used == width, "what fits is drawn whole");
    require_clipped(&canvas, area);
    canvas_paragraph(&canvas, area, 0, 0, STYLE_TEXT, text);
    require_clipped(&canvas, area);
    require_shown(&canvas);
    canvas_free(&canvas);
    free(text);
    return 0;
}
