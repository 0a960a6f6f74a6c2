/* SPDX-License-Identifier: MIT */
#include "evaluate/head_mask.h"

#include "base/sizes.h"

#include <math.h>

/* Pixels first to end - 1 along an axis. */
typedef struct Span {
    size_t first, end;
} Span;

/* Pixels whose centre p + 1/2 lies in start <= p + 1/2 < start + length. */
static Span pixels_of(double start, double length, size_t size)
{
    const double first = fmax(ceil(start - 0.5), 0);
    const double end = fmin(ceil(start + length - 0.5), (double)size);
    return end > first ? (Span){(size_t)first, (size_t)end} : (Span){0, 0};
}

/* Where the centre of pixel p of the image is among the prototypes: index and the share of the next one. */
typedef struct Place {
    size_t index, next;
    float share;
} Place;

static Place place_of(size_t pixel, double scale, double shift, size_t input, size_t prototypes)
{
    const double at = (((double)pixel + 0.5) * scale + shift) * (double)prototypes / (double)input - 0.5;
    const double inside = fmin(fmax(at, 0), (double)(prototypes - 1));
    const size_t index = (size_t)inside;
    return (Place){index, size_min(index + 1, prototypes - 1), (float)(inside - (double)index)};
}

/* share[y][x] = sigmoid(sum_k coefficients[k] * prototypes[k][y][x]) for the rows and columns that are
 * needed. */
static void mix_prototypes(float *share, const Head *head, const float *coefficients, const float *output,
                           Span rows, Span columns)
{
    const size_t width = head->prototype_width, plane = head->prototype_height * width;
    const float *prototypes = output + head->prototypes;
    for (size_t y = rows.first; y < rows.end; y++) {
        float *row = share + y * width;
        for (size_t x = columns.first; x < columns.end; x++) row[x] = 0;
        for (size_t k = 0; k < head->coefficient_count; k++)
            for (size_t x = columns.first; x < columns.end; x++)
                row[x] += coefficients[k] * prototypes[k * plane + y * width + x];
        for (size_t x = columns.first; x < columns.end; x++) row[x] = 1 / (1 + expf(-row[x]));
    }
}

static float resized(const float *share, size_t width, const Place *y, const Place *x)
{
    const float *upper = share + y->index * width, *lower = share + y->next * width;
    const float above = upper[x->index] + x->share * (upper[x->next] - upper[x->index]);
    const float below = lower[x->index] + x->share * (lower[x->next] - lower[x->index]);
    return above + y->share * (below - above);
}

/* The prototypes that pixels first to end - 1 need. */
static Span needed(Span pixels, double scale, double shift, size_t input, size_t prototypes)
{
    if (pixels.first == pixels.end) return (Span){0, 0};
    const Place first = place_of(pixels.first, scale, shift, input, prototypes);
    const Place last = place_of(pixels.end - 1, scale, shift, input, prototypes);
    return (Span){first.index, last.next + 1};
}

/* Appends column x of the image. */
static bool append_column(Mask *mask, const Head *head, const float *share, size_t x, Span rows,
                          const ImageFit *fit, double least)
{
    const Place across = place_of(x, fit->scale_x, fit->left, head->width, head->prototype_width);
    bool fits = mask_append(mask, false, rows.first);
    for (size_t y = rows.first; fits && y < rows.end; y++) {
        const Place down = place_of(y, fit->scale_y, fit->top, head->height, head->prototype_height);
        fits = mask_append(mask, resized(share, head->prototype_width, &down, &across) > least, 1);
    }
    return fits && mask_append(mask, false, fit->height - rows.end);
}

Status head_mask(Mask *mask, const Head *head, float *room, const float *output, const Box *box,
                 const ImageFit *fit, double least, Message *message)
{
    float *share = room + head->coefficient_count;
    const Span rows = pixels_of(box->y, box->height, fit->height);
    const Span columns = pixels_of(box->x, box->width, fit->width);
    *mask = (Mask){.height = fit->height, .width = fit->width};
    mix_prototypes(share, head, room, output,
                   needed(rows, fit->scale_y, fit->top, head->height, head->prototype_height),
                   needed(columns, fit->scale_x, fit->left, head->width, head->prototype_width));
    bool fits = mask_append(mask, false, columns.first * fit->height);
    for (size_t x = columns.first; fits && x < columns.end; x++)
        fits = append_column(mask, head, share, x, rows, fit, least);
    if (fits && mask_append(mask, false, (fit->width - columns.end) * fit->height)) return STATUS_OK;
    mask_free(mask);
    return status_no_memory(message, "a mask");
}
