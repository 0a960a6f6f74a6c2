/* SPDX-License-Identifier: MIT */
#include "views/canvas/palette.h"

unsigned palette_rgb(int color)
{
    static const unsigned char levels[6] = {0, 95, 135, 175, 215, 255};
    if (color < 16) return 0xffffff;
    if (color >= 232) return 0x010101u * (8u + 10u * (unsigned)(color - 232));
    const int cube = color - 16;
    return (unsigned)levels[cube / 36] << 16 | (unsigned)levels[cube / 6 % 6] << 8 | levels[cube % 6];
}

/* The squared distance between a colour of the palette and rgb. */
static long distance(int color, const unsigned char rgb[3])
{
    const unsigned other = palette_rgb(color);
    const long red = (long)(other >> 16) - rgb[0], green = (long)(other >> 8 & 255) - rgb[1],
               blue = (long)(other & 255) - rgb[2];
    return red * red + green * green + blue * blue;
}

unsigned char palette_nearest(const unsigned char rgb[3])
{
    int nearest = 16;
    for (int color = 17; color < 256; color++)
        if (distance(color, rgb) < distance(nearest, rgb)) nearest = color;
    return (unsigned char)nearest;
}
