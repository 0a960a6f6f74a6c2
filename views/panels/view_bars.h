/* The first and the last line of the screen. Private to views/. */
#ifndef VIEWS_VIEW_BARS_H
#define VIEWS_VIEW_BARS_H

#include "views/scene.h"

/* Network, widths, size, accuracy, and what the worker does: as much as the line holds. */
void header_draw(Canvas *canvas, Area area, const Scene *scene);

/* The line being typed, or the notice, or the keys that matter. */
void footer_draw(Canvas *canvas, Area area, const Scene *scene);

#endif
