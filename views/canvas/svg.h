/* SPDX-License-Identifier: MIT */
/* SVG: a canvas as a picture that any viewer shows alike.
 *
 * The picture has a fixed cell size, a dark background, and the colours of a terminal with 256 colours. Text
 * is <text> in a monospace font, stretched to its cells, so that it can be searched and copied. Box-drawing
 * characters, blocks, braille and the charts' marks are drawn as paths: fonts differ in them most.
 *
 * Example (const Canvas *canvas, Message *message):
 *     #include "base/file_replace.h"
 *     Text text = {0};
 *     svg_write(&text, canvas);
 *     if (!text.failed) file_replace("screen.svg", text.data, text.length, message);
 *     text_free(&text);
 */
#ifndef VIEWS_SVG_H
#define VIEWS_SVG_H

#include "base/text.h"
#include "views/canvas/canvas.h"

/* Size of a cell in the picture's units. The cell in row r and column c has its upper left corner at
 * (SVG_MARGIN + c * SVG_CELL_WIDTH, SVG_MARGIN + r * SVG_CELL_HEIGHT). */
#define SVG_CELL_WIDTH 9
#define SVG_CELL_HEIGHT 18
#define SVG_MARGIN 9

/* Appends the picture to `text` as a whole SVG document in UTF-8. Sets text->failed without memory. */
void svg_write(Text *text, const Canvas *canvas);

#endif
