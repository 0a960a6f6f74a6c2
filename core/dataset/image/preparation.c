/* SPDX-License-Identifier: MIT */
#include "dataset/image/preparation.h"

#include "base/sizes.h"
#include "dataset/image/resize.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define LARGEST_SIDE 65536

/* --- geometry --------------------------------------------------------------------------------------- */

void preparation_resized(size_t *full_height, size_t *full_width, const Preparation *preparation,
                         size_t height, size_t width)
{
    const size_t *resize = preparation->resize, shorter = size_min(height, width);
    const bool both = resize[1] != 0, kept = resize[0] == 0;
    *full_height = kept                ? height
                   : both              ? resize[0]
                   : height == shorter ? resize[0]
                                       : resize[0] * height / width;
    *full_width = kept ? width : both ? resize[1] : width == shorter ? resize[0] : resize[0] * width / height;
}

/* spare / 2, a half rounded to even. */
static size_t middle(size_t spare)
{
    const size_t half = spare / 2;
    return half + (spare % 2 && half % 2);
}

/* The window of the resized image that is cropped. */
static Status plan_window(ResizeWindow *window, const ImageShape *own, const Preparation *preparation,
                          const ImageShape *shape, const char *name, Message *message)
{
    *window = (ResizeWindow){.height = shape->height, .width = shape->width};
    preparation_resized(&window->full_height, &window->full_width, preparation, own->height, own->width);
    const bool same = window->full_height == shape->height && window->full_width == shape->width;
    if (!same && !preparation->resize[0] && !preparation->crop[0]) {
        Status status = status_fail(message, STATUS_INVALID,
                                    "'%s' is %zu x %zu (height x width), and %zu x %zu is needed", name,
                                    own->height, own->width, shape->height, shape->width);
        return status_advise(status, message, REMEDY_RESIZE);
    }
    if (window->full_height < shape->height || window->full_width < shape->width) {
        Status status =
            status_fail(message, STATUS_INVALID, "'%s' is %zu x %zu where %zu x %zu is to be cropped", name,
                        window->full_height, window->full_width, shape->height, shape->width);
        return status_advise(status, message, REMEDY_LARGER_RESIZE);
    }
    window->top = middle(window->full_height - shape->height);
    window->left = middle(window->full_width - shape->width);
    const bool grey_or_rgb =
        (own->channels == 1 || own->channels == 3) && (shape->channels == 1 || shape->channels == 3);
    if (grey_or_rgb || own->channels == shape->channels) return STATUS_OK;
    return status_fail(message, STATUS_UNSUPPORTED, "'%s' has %zu channels, and %zu are needed", name,
                       own->channels, shape->channels);
}

Status preparation_check(const Preparation *preparation, const ImageShape *own, const ImageShape *shape,
                         const char *name, Message *message)
{
    ResizeWindow window;
    return plan_window(&window, own, preparation, shape, name, message);
}

ImageFit preparation_fit(const Preparation *preparation, size_t height, size_t width, const ImageShape *shape)
{
    size_t full_height, full_width;
    preparation_resized(&full_height, &full_width, preparation, height, width);
    return (ImageFit){.height = height,
                      .width = width,
                      .scale_x = (double)full_width / (double)width,
                      .scale_y = (double)full_height / (double)height,
                      .left = -(double)middle(full_width - size_min(full_width, shape->width)),
                      .top = -(double)middle(full_height - size_min(full_height, shape->height))};
}

/* --- channels --------------------------------------------------------------------------------------- */

/* RGB to grey in place, in 16 fractional bits as Pillow's. */
static void make_grey(Image *image)
{
    unsigned char *pixels = image->pixels;
    for (size_t i = 0; i < image->height * image->width; i++) {
        const unsigned char *rgb = pixels + 3 * i;
        pixels[i] = (unsigned char)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 0x8000) >> 16);
    }
    image->channels = 1;
}

/* Grey in pixels[area] to RGB in pixels[area][3], in place from the back. */
static void repeat_grey(unsigned char *pixels, size_t area)
{
    for (size_t i = area; i-- > 0;) {
        const unsigned char grey = pixels[i];
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = grey;
    }
}

static void swap_red_and_blue(unsigned char *pixels, size_t area)
{
    for (size_t i = 0; i < area; i++, pixels += 3) {
        const unsigned char red = pixels[0];
        pixels[0] = pixels[2];
        pixels[2] = red;
    }
}

Status preparation_apply(unsigned char *out, Image *image, const Preparation *preparation,
                         const ImageShape *shape, const char *name, Message *message)
{
    const size_t area = shape->height * shape->width;
    const ImageShape own = {image->height, image->width, image->channels};
    ResizeWindow window;
    Status status = plan_window(&window, &own, preparation, shape, name, message);
    if (status != STATUS_OK) return status;
    if (shape->channels == 1 && image->channels == 3) make_grey(image);
    status =
        resize_window(out, image->pixels, image->height, image->width, image->channels, &window, message);
    if (status != STATUS_OK) return status;
    if (shape->channels != image->channels) repeat_grey(out, area);
    if (preparation->bgr && shape->channels == 3) swap_red_and_blue(out, area);
    return STATUS_OK;
}

/* --- text ------------------------------------------------------------------------------------------- */

/* A side of 1..LARGEST_SIDE; *text moves past it. */
static bool parse_side(size_t *side, const char **text)
{
    char *end;
    if (!isdigit((unsigned char)**text)) return false;
    const unsigned long value = strtoul(*text, &end, 10);
    *side = value;
    *text = end;
    return value >= 1 && value <= LARGEST_SIDE;
}

/* "256" or "224,320"; sides[1] is 0 where there is one. */
static Status set_sides(size_t sides[2], const char *text, const char *what, Message *message)
{
    const char *rest = text;
    size_t first, second = 0;
    bool good = parse_side(&first, &rest);
    if (good && *rest == ',') {
        rest++;
        good = parse_side(&second, &rest);
    }
    if (!good || *rest)
        return status_fail(message, STATUS_INVALID,
                           "%s: '%s': one side, or height and width separated by a comma, of 1 to %d pixels "
                           "are needed",
                           what, text, LARGEST_SIDE);
    sides[0] = first;
    sides[1] = second;
    return STATUS_OK;
}

/* *choice: whether `text` is the word `yes`; it must be `yes` or `no`. */
static Status choose(bool *choice, const char *text, const char *no, const char *yes, const char *what,
                     Message *message)
{
    *choice = strcasecmp(text, yes) == 0;
    if (*choice || strcasecmp(text, no) == 0) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "%s: '%s': %s or %s is needed", what, text, no, yes);
}

const char *preparation_key_name(PreparationKey key)
{
    static const char *const names[PREPARATION_KEYS] = {"resize", "crop", "channels", "layout"};
    return names[key];
}

Status preparation_set(Preparation *preparation, PreparationKey key, const char *text, const char *what,
                       Message *message)
{
    Status status = STATUS_OK;
    bool planar = false;
    switch (key) {
    case PREPARATION_RESIZE:
        return set_sides(preparation->resize, text, what, message);
    case PREPARATION_CROP:
        status = set_sides(preparation->crop, text, what, message);
        if (!preparation->crop[1]) preparation->crop[1] = preparation->crop[0];
        return status;
    case PREPARATION_CHANNELS:
        return choose(&preparation->bgr, text, "rgb", "bgr", what, message);
    case PREPARATION_LAYOUT:
        status = choose(&planar, text, "nhwc", "nchw", what, message);
        preparation->layout = planar ? LAYOUT_NCHW : LAYOUT_NHWC;
        return status;
    case PREPARATION_KEYS:
        break;
    }
    return status;
}

void preparation_describe(char *out, size_t capacity, const Preparation *preparation)
{
    const size_t *resize = preparation->resize, *crop = preparation->crop;
    char resized[64] = "", cropped[64] = "";
    if (resize[1])
        snprintf(resized, sizeof resized, ", resize %zu,%zu", resize[0], resize[1]);
    else if (resize[0])
        snprintf(resized, sizeof resized, ", resize %zu", resize[0]);
    if (crop[0]) snprintf(cropped, sizeof cropped, ", crop %zu,%zu", crop[0], crop[1]);
    const char *layout = preparation->layout == LAYOUT_NCHW   ? ", layout nchw"
                         : preparation->layout == LAYOUT_NHWC ? ", layout nhwc"
                                                              : "";
    char all[192];
    snprintf(all, sizeof all, "%s%s%s%s", resized, cropped, preparation->bgr ? ", channels bgr" : "", layout);
    snprintf(out, capacity, "%s", *all ? all + 2 : "");
}
