/* SPDX-License-Identifier: MIT */
/* Bars: the first and the last line of the screen. Private to views/. */
#ifndef VIEWS_BARS_H
#define VIEWS_BARS_H

#include "views/scene.h"

/* Network, bit widths, size, accuracy, and what the worker does: as much as fits into the line. */
void header_draw(Canvas *canvas, Area area, const Scene *scene);

/* The line being typed, or the notice, or the most important keys. */
void footer_draw(Canvas *canvas, Area area, const Scene *scene);

/* The hint of a key in the last line, as an index into scene->help. False if there is none at `column`. */
bool footer_hint_at(size_t *index, const Canvas *canvas, const Scene *scene, Area area, int column);

#endif
