/* SPDX-License-Identifier: MIT */
#include "dataset/annotations/mask.h"

#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void mask_free(Mask *mask)
{
    free(mask->runs);
    *mask = (Mask){0};
}

Status mask_check_size(size_t height, size_t width, Message *message)
{
    if (height > 0 && width > 0 && height <= MASK_MOST_SIDE && width <= MASK_MOST_SIDE &&
        height * width <= MASK_MOST_PIXELS)
        return STATUS_OK;
    return status_fail(message, STATUS_INVALID,
                       "a mask of %zu x %zu: sides of 1 to %zu and at most %zu pixels are supported", height,
                       width, MASK_MOST_SIDE, MASK_MOST_PIXELS);
}

/* --- making ------------------------------------------------------------------------------------------- */

static bool grow(Mask *mask)
{
    if (mask->count < mask->capacity) return true;
    const size_t capacity = size_max(2 * mask->capacity, 16);
    uint32_t *runs = realloc(mask->runs, capacity * sizeof *runs);
    if (!runs) return false;
    mask->runs = runs;
    mask->capacity = capacity;
    return true;
}

/* Whether run `index` is inside. */
static bool run_inside(size_t index)
{
    return index % 2 == 1;
}

bool mask_append(Mask *mask, bool inside, size_t length)
{
    if (length == 0) return true;
    if (mask->count == 0) { /* the first run is outside, of 0 positions where need be */
        if (!grow(mask)) return false;
        mask->runs[mask->count++] = 0;
    }
    if (run_inside(mask->count - 1) != inside) {
        if (!grow(mask)) return false;
        mask->runs[mask->count++] = 0;
    }
    mask->runs[mask->count - 1] += (uint32_t)length;
    return true;
}

/* Ends making a mask: it is freed where that failed. */
static Status end(Mask *mask, Status status)
{
    if (status != STATUS_OK) mask_free(mask);
    return status;
}

Status mask_from_pixels(Mask *mask, const unsigned char *pixels, size_t height, size_t width,
                        Message *message)
{
    *mask = (Mask){.height = height, .width = width};
    Status status = mask_check_size(height, width, message);
    for (size_t x = 0; status == STATUS_OK && x < width; x++)
        for (size_t y = 0; status == STATUS_OK && y < height; y++)
            if (!mask_append(mask, pixels[y * width + x] != 0, 1))
                status = status_no_memory(message, "a mask");
    return end(mask, status);
}

void mask_to_pixels(unsigned char *pixels, const Mask *mask)
{
    size_t position = 0;
    memset(pixels, 0, mask->height * mask->width);
    for (size_t r = 0; r < mask->count; position += mask->runs[r++])
        for (size_t p = position; run_inside(r) && p < position + mask->runs[r]; p++)
            pixels[p % mask->height * mask->width + p / mask->height] = 1;
}

static Status check_sum(const Mask *mask, uint64_t sum, Message *message)
{
    if (sum == (uint64_t)mask->height * mask->width) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "run lengths that sum to %llu for a mask of %zu x %zu pixels",
                       (unsigned long long)sum, mask->height, mask->width);
}

Status mask_from_runs(Mask *mask, size_t height, size_t width, const uint32_t *runs, size_t count,
                      Message *message)
{
    *mask = (Mask){.height = height, .width = width};
    uint64_t sum = 0; /* of 32-bit numbers: no overflow below 2^32 runs */
    Status status = mask_check_size(height, width, message);
    for (size_t r = 0; r < count; r++) sum += runs[r];
    if (status == STATUS_OK) status = check_sum(mask, sum, message);
    for (size_t r = 0; status == STATUS_OK && r < count; r++)
        if (!mask_append(mask, run_inside(r), runs[r])) status = status_no_memory(message, "a mask");
    return end(mask, status);
}

/* Reads one number of compressed text, and moves *text behind it. False where it is damaged. */
static bool read_number(int64_t *number, const char **text)
{
    int64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 5) {
        const int c = (unsigned char)**text - '0';
        if (c < 0 || c > 63) return false;
        ++*text;
        value |= (int64_t)(c & 31) << shift;
        if (c & 32) continue;
        if (c & 16) value |= -((int64_t)1 << (shift + 5));
        *number = value;
        return true;
    }
    return false;
}

/* Appends the runs of compressed text. The last two runs are kept, as differences refer to them. */
static Status append_text(Mask *mask, uint64_t *sum, const char *text, Message *message)
{
    const char *const start = text;
    int64_t last[2] = {0, 0}; /* by the parity of the run */
    for (size_t r = 0; *text; r++) {
        int64_t run;
        const size_t at = (size_t)(text - start);
        if (!read_number(&run, &text))
            return status_fail(message, STATUS_INVALID, "damaged run lengths at character %zu", at);
        if (r > 2) run += last[r % 2];
        if (run < 0 || run > (int64_t)MASK_MOST_PIXELS)
            return status_fail(message, STATUS_INVALID, "run %zu has length %lld", r, (long long)run);
        last[r % 2] = run;
        *sum += (uint64_t)run;
        if (*sum > MASK_MOST_PIXELS) return check_sum(mask, *sum, message);
        if (!mask_append(mask, run_inside(r), (size_t)run)) return status_no_memory(message, "a mask");
    }
    return STATUS_OK;
}

Status mask_from_text(Mask *mask, size_t height, size_t width, const char *text, Message *message)
{
    *mask = (Mask){.height = height, .width = width};
    uint64_t sum = 0;
    Status status = mask_check_size(height, width, message);
    if (status == STATUS_OK) status = append_text(mask, &sum, text, message);
    if (status == STATUS_OK) status = check_sum(mask, sum, message);
    return end(mask, status);
}

/* --- two masks ---------------------------------------------------------------------------------------- */

/* Walks two masks of the same size together, from stretch to stretch in which neither changes. */
typedef struct Walk {
    const Mask *masks[2];
    size_t run[2];    /* index */
    uint32_t left[2]; /* of the run */
} Walk;

static void skip_empty(Walk *walk, size_t i)
{
    while (walk->left[i] == 0 && ++walk->run[i] < walk->masks[i]->count)
        walk->left[i] = walk->masks[i]->runs[walk->run[i]];
}

static Walk start_walk(const Mask *a, const Mask *b)
{
    Walk walk = {.masks = {a, b}};
    for (size_t i = 0; i < 2; i++) {
        walk.left[i] = walk.masks[i]->count ? walk.masks[i]->runs[0] : 0;
        skip_empty(&walk, i);
    }
    return walk;
}

/* The length of the next stretch, and whether it is inside of each mask; 0 at the end. */
static size_t next_stretch(Walk *walk, bool inside[2])
{
    for (size_t i = 0; i < 2; i++) {
        if (walk->run[i] >= walk->masks[i]->count) return 0;
        inside[i] = run_inside(walk->run[i]);
    }
    const uint32_t length = walk->left[0] < walk->left[1] ? walk->left[0] : walk->left[1];
    for (size_t i = 0; i < 2; i++) {
        walk->left[i] -= length;
        skip_empty(walk, i);
    }
    return length;
}

Status mask_union(Mask *sum, const Mask *a, const Mask *b, Message *message)
{
    Walk walk = start_walk(a, b);
    bool inside[2];
    Status status = STATUS_OK;
    *sum = (Mask){.height = a->height, .width = a->width};
    for (size_t length; status == STATUS_OK && (length = next_stretch(&walk, inside)) > 0;)
        if (!mask_append(sum, inside[0] || inside[1], length)) status = status_no_memory(message, "a mask");
    return end(sum, status);
}

size_t mask_intersection(const Mask *a, const Mask *b)
{
    Walk walk = start_walk(a, b);
    bool inside[2];
    size_t common = 0;
    for (size_t length; (length = next_stretch(&walk, inside)) > 0;)
        if (inside[0] && inside[1]) common += length;
    return common;
}

/* --- figures ------------------------------------------------------------------------------------------ */

size_t mask_area(const Mask *mask)
{
    size_t area = 0;
    for (size_t r = 1; r < mask->count; r += 2) area += mask->runs[r];
    return area;
}

Box mask_box(const Mask *mask)
{
    const size_t height = mask->height;
    size_t left = SIZE_MAX, right = 0, top = SIZE_MAX, bottom = 0, position = 0;
    for (size_t r = 0; r < mask->count; position += mask->runs[r++]) {
        if (!run_inside(r) || mask->runs[r] == 0) continue;
        const size_t last = position + mask->runs[r] - 1;
        const bool one_column = position / height == last / height;
        left = size_min(left, position / height);
        right = size_max(right, last / height);
        top = size_min(top, one_column ? position % height : 0);
        bottom = size_max(bottom, one_column ? last % height : height - 1);
    }
    if (left == SIZE_MAX) return (Box){0};
    return (Box){(double)left, (double)top, (double)(right - left + 1), (double)(bottom - top + 1)};
}

static double ratio(double common, double found, double truth, bool crowd)
{
    const double divisor = crowd ? found : found + truth - common;
    return divisor > 0 ? common / divisor : 0;
}

double mask_iou(const Mask *found, const Mask *truth, bool crowd)
{
    return ratio((double)mask_intersection(found, truth), (double)mask_area(found), (double)mask_area(truth),
                 crowd);
}

double box_iou(const Box *found, const Box *truth, bool crowd)
{
    const double width = fmin(found->x + found->width, truth->x + truth->width) - fmax(found->x, truth->x);
    const double height = fmin(found->y + found->height, truth->y + truth->height) - fmax(found->y, truth->y);
    if (!(width > 0 && height > 0)) return 0;
    return ratio(width * height, found->width * found->height, truth->width * truth->height, crowd);
}
