/* SPDX-License-Identifier: MIT */
/* Palette: the 256 colours of a terminal as xterm fixed them: 16 to 231 are a cube of 6 x 6 x 6, 232 to 255
 * are greys. The first 16, which every terminal sets as it likes, are not used. Pure functions.
 */
#ifndef VIEWS_PALETTE_H
#define VIEWS_PALETTE_H

/* 0xRRGGBB of a colour; white for the first 16. */
unsigned palette_rgb(int color);

/* The colour nearest to RGB, by the Euclidean distance. */
unsigned char palette_nearest(const unsigned char rgb[3]);

#endif
