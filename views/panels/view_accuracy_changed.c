/* SPDX-License-Identifier: MIT */
/* Evaluation images whose prediction changed, and those that only just held, as pictures with their scores.
 */
#include "base/sizes.h"
#include "views/page.h"
#include "views/panels/ledger_bars.h"

#include <math.h>
#include <stdio.h>

#define FACTS_LEAST 24 /* columns beside the picture */
#define LABEL_LEAST 5
#define SERIES_COLUMNS 11 /* "quantized" */
#define FIGURE_COLUMNS 8
#define BAR_LEAST 6
#define ENLARGE_MOST 2
#define BESIDE_COLUMNS 90 /* shares of classes and ledger side by side */
#define SHARES_LEAST 5    /* rows: of two classes */
#define LEDGER_ROWS 8     /* of a ledger below the shares */

/* --- order -------------------------------------------------------------------------------------------- */

static size_t class_of(const ImageChange *image)
{
    return image->label == CHANGES_UNLABELLED ? image->float_class : image->label;
}

/* The image at a position of the order shown. Images are stored by margin; by class, those of a class follow
 * each other by margin. */
static size_t image_at(const ChangedImages *images, bool by_class, size_t position)
{
    if (!by_class) return position;
    for (size_t i = 0; i < images->count; i++) {
        size_t before = 0; /* images that come before image i */
        for (size_t k = 0; k < images->count; k++) {
            const size_t own = class_of(&images->images[i]), other = class_of(&images->images[k]);
            before += other < own || (other == own && k < i);
        }
        if (before == position) return i;
    }
    return 0;
}

static size_t shown_position(const Scene *scene, const ChangedImages *images)
{
    const size_t cursor = scene->chart_cursor[PANEL_ACCURACY];
    return cursor == SIZE_MAX ? 0 : size_min(cursor, images->count - 1);
}

/* --- the picture -------------------------------------------------------------------------------------- */

/* Pixels of the picture as drawn: `factor` times the stored ones. */
typedef struct Scaled {
    const unsigned char *pixels; /* [height][width][channels] */
    size_t height, width, channels;
    double factor;
    int rows, columns; /* of cells, each two pixels high */
} Scaled;

/* As large as fits, enlarged by whole numbers alone. */
static Scaled scale_picture(const ChangedImages *images, size_t index, int rows, int columns)
{
    Scaled scaled = {.height = images->height, .width = images->width, .channels = images->channels};
    const double high = (double)images->height, wide = (double)images->width;
    scaled.pixels = images->pixels + index * images->height * images->width * images->channels;
    scaled.factor = fmin(2.0 * rows / high, columns / wide);
    if (scaled.factor >= 1) scaled.factor = fmin(floor(scaled.factor), ENLARGE_MOST);
    scaled.rows = (int)ceil(high * scaled.factor / 2 - 1e-9);
    scaled.columns = (int)ceil(wide * scaled.factor - 1e-9);
    return scaled;
}

/* The mean of the stored pixels that pixel (y, x) of the drawn picture covers; black below the picture. */
static void sample(unsigned char rgb[3], const Scaled *scaled, size_t y, size_t x)
{
    const size_t top = (size_t)((double)y / scaled->factor), left = (size_t)((double)x / scaled->factor);
    const size_t bottom =
                     size_min(size_max((size_t)((double)(y + 1) / scaled->factor), top + 1), scaled->height),
                 right =
                     size_min(size_max((size_t)((double)(x + 1) / scaled->factor), left + 1), scaled->width);
    size_t sums[3] = {0}, count = 0;
    for (size_t r = top; r < bottom; r++)
        for (size_t c = left; c < right; c++, count++)
            for (size_t k = 0; k < 3; k++)
                sums[k] += scaled->pixels[(r * scaled->width + c) * scaled->channels + k % scaled->channels];
    for (size_t k = 0; k < 3; k++) rgb[k] = (unsigned char)(count ? sums[k] / count : 0);
}

static void draw_picture(Canvas *canvas, Area area, const Scaled *scaled)
{
    unsigned char upper[3], lower[3];
    for (int r = 0; r < scaled->rows; r++) {
        for (int c = 0; c < scaled->columns; c++) {
            sample(upper, scaled, 2 * (size_t)r, (size_t)c);
            sample(lower, scaled, 2 * (size_t)r + 1, (size_t)c);
            canvas_pixels(canvas, area, r, c, upper, lower);
        }
    }
}

/* --- facts beside it ---------------------------------------------------------------------------------- */

/* "6 Shirt"; "6" where the classes have no names. */
static Figure class_label(const Scene *scene, size_t class)
{
    Figure label;
    const bool named = scene->class_names && class < scene->class_count;
    snprintf(label.text, sizeof label.text, "%zu%s%s", class, named ? " " : "",
             named ? character_short_name(scene->class_names[class]).text : "");
    return label;
}

static void add_facts(Words *words, const Scene *scene, const ImageChange *image)
{
    const bool labelled = image->label != CHANGES_UNLABELLED;
    words_add(words, "Image %zu", image->image);
    if (labelled) words_add(words, " of class %s", class_label(scene, image->label).text);
    words_add(words, ". ");
    if (image->float_class != image->quantized_class)
        words_add(words, "Changed: %s in float, %s quantized.", class_label(scene, image->float_class).text,
                  class_label(scene, image->quantized_class).text);
    else
        words_add(words, "Held: %s in both.", class_label(scene, image->float_class).text);
    if (labelled && image->float_class != image->quantized_class)
        words_add(words, " %s",
                  image->float_class == image->label       ? "Lost."
                  : image->quantized_class == image->label ? "Gained."
                                                           : "Wrong in both.");
    words_add(words, "\nMargin %+.3f quantized, %+.3f in float.", image->margin, image->float_margin);
}

/* Columns of the classes' names: of the longest, as far as a bar is left beside it. */
static int label_columns(const Canvas *canvas, Area area, const Scene *scene, const ImageChange *image)
{
    int longest = LABEL_LEAST, most = area.columns - SERIES_COLUMNS - FIGURE_COLUMNS - BAR_LEAST - 1;
    for (size_t k = 0; k < image->class_count; k++) {
        const int columns = canvas_width(canvas, class_label(scene, image->classes[k]).text);
        if (columns > longest) longest = columns;
    }
    return longest < most ? longest : most > LABEL_LEAST ? most : LABEL_LEAST;
}

/* A class takes two rows: its share in float, and quantized. Returns the rows taken. */
static int draw_shares(Canvas *canvas, Area area, const Scene *scene, const ImageChange *image)
{
    const int label = label_columns(canvas, area, scene, image), start = label + 1 + SERIES_COLUMNS;
    const int bar = area.columns - start - FIGURE_COLUMNS;
    for (size_t k = 0; k < image->class_count; k++) {
        const int row = 2 * (int)k;
        if (row + 1 >= area.rows) return row;
        const float shares[] = {image->float_share[k], image->quantized_share[k]};
        canvas_text(canvas, area_part(area, 0, 0, area.rows, label), row, 0, STYLE_TEXT, "%s",
                    class_label(scene, image->classes[k]).text);
        for (int q = 0; q < 2; q++) {
            const Style style = q ? STYLE_SERIES_1 : STYLE_SERIES_3;
            canvas_text(canvas, area, row + q, label + 1, STYLE_DIM, q ? "quantized" : "float");
            canvas_bar(canvas, area, row + q, start, bar, shares[q], style);
            canvas_text_right(canvas, area, row + q, area.columns, STYLE_TEXT, "%s",
                              figure_percent_fixed(shares[q], 1).text);
        }
    }
    return 2 * (int)image->class_count;
}

/* The shares of classes, and below them or beside them the ledger. */
static void draw_figures(Canvas *canvas, Area area, const Scene *scene, size_t index)
{
    const ImageChange *image = &scene->snapshot->changes->images[index];
    const bool beside = area.columns >= BESIDE_COLUMNS, ledger = scene->snapshot->ledger != NULL;
    Area shares = area, below = area;
    if (beside) {
        shares.columns = area.columns * 2 / 5;
        below = area_part(area, 0, shares.columns + 2, area.rows, area.columns - shares.columns - 2);
    } else if (ledger && area.rows >= SHARES_LEAST + LEDGER_ROWS) {
        shares.rows = area.rows - LEDGER_ROWS;
    }
    const int rows = draw_shares(canvas, shares, scene, image);
    if (!beside) below = area_part(area, rows + 1, 0, area.rows - rows - 1, area.columns);
    const int used = ledger_draw(canvas, below, scene, index);
    if (used && scene_ladder(scene)) {
        Words words = {0};
        add_pairs(&words, scene, scene_ladder(scene));
        canvas_paragraph(canvas, below, used + 1, 0, STYLE_DIM, words.text);
    }
}

static void draw_facts(Canvas *canvas, Area area, const Scene *scene, size_t index)
{
    const ImageChange *image = &scene->snapshot->changes->images[index];
    Words words = {0};
    add_facts(&words, scene, image);
    if (!scene->snapshot->changes_current) words_add(&words, "\nFrom an earlier plan.");
    const int rows = canvas_paragraph(canvas, area, 0, 0, STYLE_TEXT, words.text);
    draw_figures(canvas, area_part(area, rows + 1, 0, area.rows - rows - 1, area.columns), scene, index);
}

/* --- the page ----------------------------------------------------------------------------------------- */

static void draw_none(Canvas *canvas, Area inner, const Scene *scene)
{
    Words words = {0};
    const bool known = scene->snapshot && scene->snapshot->changes;
    if (known)
        words_add(&words, "No image has scores that can be compared.");
    else
        words_add(&words, "No images yet: %s.", scene_pending(scene));
    canvas_paragraph(canvas, area_part(inner, 0, 1, inner.rows, inner.columns - 2), 0, 0, STYLE_TEXT,
                     words.text);
}

static void draw_changed(Canvas *canvas, Area inner, const Scene *scene)
{
    const ChangedImages *images = scene->snapshot ? scene->snapshot->changes : NULL;
    if (!images || images->count == 0) {
        draw_none(canvas, inner, scene);
        return;
    }
    const size_t position = shown_position(scene, images);
    const size_t index = image_at(images, scene->changed_by_class, position);
    canvas_text(canvas, area_part(inner, 0, 1, 1, inner.columns - 2), 0, 0, STYLE_DIM,
                "%zu of %zu by %s: %zu of %zu changed, %zu that only just held", position + 1, images->count,
                scene->changed_by_class ? "class" : "margin", images->changed_count, images->changed_total,
                images->count - images->changed_count);
    const int room = inner.columns - 3 - FACTS_LEAST;
    const Scaled scaled = scale_picture(images, index, inner.rows - 1, room > 4 ? room : 4);
    draw_picture(canvas, area_part(inner, 1, 1, inner.rows - 1, inner.columns - 2), &scaled);
    draw_facts(canvas,
               area_part(inner, 1, scaled.columns + 3, inner.rows - 1, inner.columns - scaled.columns - 4),
               scene, index);
}

void view_accuracy_changed(Page *page, const Scene *scene)
{
    (void)scene;
    snprintf(page->title, sizeof page->title, "Accuracy · changed images");
    page->draw = draw_changed;
}
