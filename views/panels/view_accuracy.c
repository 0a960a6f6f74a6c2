/* The panel of accuracy: by depth of quantization, as it streams in, and of all plans visited. */
#include "views/page.h"
#include "views/panels/parts.h"

#include <math.h>
#include <stdio.h>

/* --- by depth ----------------------------------------------------------------------------------------- */

static void plot_reference(Plot *plot, double top1, Style style)
{
    plot_level(plot, top1, style, "float", figure_percent_fixed(top1, 2).text);
}

static void plot_depth(Page *page, const Scene *scene, const Ladder *ladder)
{
    size_t count = ladder->layer_count;
    double *top1 = plot_array(&page->plot, count);
    for (size_t l = 0; top1 && l < count; l++)
        top1[l] = (double)ladder->steps[l].hybrid_correct / (double)ladder->images;
    const bool *here = plot_highlight(&page->plot, count, scene_layer(scene));
    plot_start(&page->plot, (Axis){"layers quantized", false, 1, (double)count, true, false},
               (Axis){"", false, NAN, NAN, false, true});
    plot_series(&page->plot,
                (Series){"top-1", SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, NULL, top1, here, count});
    plot_reference(&page->plot, (double)ladder->correct / (double)ladder->images, STYLE_SERIES_3);
}

void accuracy_page_depth(Page *page, const Scene *scene)
{
    snprintf(page->title, sizeof page->title, "Accuracy · by depth");
    const Ladder *ladder = part_ladder(scene);
    words_say(&page->words,
              "The first l layers quantized and the rest float: these networks are the hybrids of the "
              "bound. A step down shows a layer that costs predictions.");
    if (!ladder || ladder->layer_count == 0) {
        words_say(&page->head, "No figures yet, they come with the bound: %s.", part_pending(scene));
        return;
    }
    if (!ladder->labelled) {
        words_say(&page->head,
                  "The calibration images have no labels: of %s, %s keep the float network's prediction.",
                  figure_count(ladder->images).text, figure_percent_of(ladder->kept, ladder->images).text);
        return;
    }
    plot_depth(page, scene, ladder);
    words_say(&page->head,
              "%s in float, %s quantized: top-1 with the first l layers quantized and the rest float, on "
              "%s calibration images.",
              figure_percent_of(ladder->correct, ladder->images).text,
              figure_percent_of(ladder->steps[ladder->layer_count - 1].hybrid_correct, ladder->images).text,
              figure_count(ladder->images).text);
}

/* --- as it streams in --------------------------------------------------------------------------------- */

/* The last three intervals' widths around where it stands: what the first images say would hide the rest. */
static void plot_stream(Page *page, const Scene *scene, const Score *score)
{
    size_t count = scene->stream_count < ACCURACY_POINTS ? scene->stream_count : ACCURACY_POINTS;
    double *low = plot_array(&page->plot, count), *high = plot_array(&page->plot, count);
    for (size_t i = 0; low && high && i < count; i++) {
        double images = scene->stream_images[i], right = scene->stream_top1[i] * images;
        if (!(images >= 1 && images < 1e15 && right >= 0 && right <= images)) continue;
        Interval interval = interval_wilson((size_t)llround(right), (size_t)images);
        low[i] = interval.low;
        high[i] = interval.high;
    }
    double low_end = fmax(fmin(score->value - 3 * score->half, score->reference), 0),
           high_end = fmin(fmax(score->value + 3 * score->half, score->reference), 1);
    plot_start(&page->plot, (Axis){"images", false, 0, NAN, true, false},
               (Axis){"", false, low_end, high_end, false, true});
    plot_series(&page->plot, (Series){score->labelled ? "top-1" : "agreement", SERIES_LINE, STYLE_SERIES_1,
                                      GLYPH_CIRCLE, scene->stream_images, scene->stream_top1, NULL, count});
    plot_series(&page->plot, (Series){"95 % interval", SERIES_LINE, STYLE_SERIES_2, GLYPH_DOT,
                                      scene->stream_images, low, NULL, count});
    plot_series(&page->plot, (Series){NULL, SERIES_LINE, STYLE_SERIES_2, GLYPH_DOT, scene->stream_images,
                                      high, NULL, count});
    plot_reference(&page->plot, score->reference, STYLE_SERIES_3);
}

static void head_change(Page *page, const Evaluation *evaluation)
{
    Interval change = interval_paired(evaluation->lost, evaluation->gained, evaluation->images);
    double difference = ((double)evaluation->gained - (double)evaluation->lost) / (double)evaluation->images;
    words_say(&page->head, "Change %+.2f [%+.2f, %+.2f] points: %zu images lost, %zu gained. ",
              100 * difference, 100 * change.low, 100 * change.high, evaluation->lost, evaluation->gained);
}

static void head_stream(Page *page, const Evaluation *evaluation)
{
    Score score = part_score(evaluation);
    Figure images = figure_count(evaluation->images);
    if (score.labelled) {
        words_say(&page->head, "Top-1 %.2f ± %.2f %% on %s images", 100 * score.value, 100 * score.half,
                  images.text);
        if (isfinite(score.reference)) words_say(&page->head, ", float %.2f %%", 100 * score.reference);
        words_say(&page->head, ". ");
        head_change(page, evaluation);
        words_say(&page->head, "Same prediction on %s.",
                  figure_percent_of(evaluation->agreeing, evaluation->images).text);
    } else {
        words_say(
            &page->head,
            "Same prediction as the float network on %.2f ± %.2f %% of %s images, which have no labels.",
            100 * score.value, 100 * score.half, images.text);
    }
}

void accuracy_page_stream(Page *page, const Scene *scene)
{
    snprintf(page->title, sizeof page->title, "Accuracy · image by image");
    words_say(&page->words,
              "Images run through both networks in a seeded order. Wilson's interval says where the top-1 of "
              "endlessly many such images would lie; that of the change is narrower, since both networks see "
              "the same images.");
    const Snapshot *snapshot = scene->snapshot;
    Score score = snapshot ? part_score(&snapshot->accuracy) : (Score){0};
    if (!score.known) {
        words_say(&page->head, "No accuracy yet: %s.", part_pending(scene));
        return;
    }
    plot_stream(page, scene, &score);
    head_stream(page, &snapshot->accuracy);
    if (!snapshot->accuracy_current) words_say(&page->head, " Of an earlier plan.");
}

/* --- plans visited ------------------------------------------------------------------------------------ */

static double visit_score(const VisitedPlan *visit)
{
    Score score = part_score(&visit->accuracy);
    return visit->evaluated && score.known ? score.value : NAN;
}

typedef struct Cloud {
    double *size, *all, *front, *stands; /* [visited_count], NAN for visits that are not in it */
} Cloud;

static bool collect(Cloud *cloud, Page *page, const Snapshot *snapshot)
{
    size_t count = snapshot->visited_count;
    bool *front = plot_highlight(&page->plot, count, SIZE_MAX);
    *cloud = (Cloud){plot_array(&page->plot, count), plot_array(&page->plot, count),
                     plot_array(&page->plot, count), plot_array(&page->plot, count)};
    if (!front || !cloud->size || !cloud->all || !cloud->front || !cloud->stands) return false;
    snapshot_pareto(front, snapshot);
    for (size_t i = 0; i < count; i++) {
        double score = visit_score(snapshot->visited[i]);
        cloud->size[i] = (double)snapshot->visited[i]->totals.bytes / 1024;
        *(i == snapshot->visit ? &cloud->stands[i] : front[i] ? &cloud->front[i] : &cloud->all[i]) = score;
    }
    return true;
}

static void plot_visits(Page *page, const Cloud *cloud, const Snapshot *snapshot)
{
    size_t count = snapshot->visited_count;
    Plot *plot = &page->plot;
    plot_start(plot, (Axis){"KiB", false, NAN, NAN, false, false}, (Axis){"", false, NAN, NAN, false, true});
    plot_series(plot, (Series){"plan", SERIES_POINTS, STYLE_SERIES_3, GLYPH_CROSS, cloud->size, cloud->all,
                               NULL, count});
    plot_series(plot, (Series){"on the Pareto front", SERIES_POINTS, STYLE_SERIES_2, GLYPH_CIRCLE,
                               cloud->size, cloud->front, NULL, count});
    plot_series(plot, (Series){"the plan that stands", SERIES_POINTS, STYLE_SERIES_1, GLYPH_DIAMOND,
                               cloud->size, cloud->stands, NULL, count});
    plot_reference(plot, part_score(&snapshot->accuracy).reference, STYLE_GRID);
}

static void head_visits(Page *page, const Snapshot *snapshot, size_t index)
{
    size_t evaluated = 0;
    for (size_t i = 0; i < snapshot->visited_count; i++)
        evaluated += isfinite(visit_score(snapshot->visited[i])) ? 1 : 0;
    if (index < snapshot->visited_count) {
        const VisitedPlan *visit = snapshot->visited[index];
        words_say(&page->head, "Plan %zu: %s, %.1f bits", visit->number,
                  figure_bytes(visit->totals.bytes).text, visit->totals.average_weight_bits);
        if (isfinite(visit_score(visit))) words_say(&page->head, ", top-1 %.2f %%", 100 * visit_score(visit));
        words_say(&page->head, index == snapshot->visit ? " (it stands). " : ". ");
    }
    words_say(&page->head, "%zu of %zu plans are evaluated.", evaluated, snapshot->visited_count);
}

void accuracy_page_plans(Page *page, const Scene *scene)
{
    snprintf(page->title, sizeof page->title, "Accuracy · plans visited");
    words_say(&page->words,
              "On the Pareto front, no other plan is as small and as accurate. %s lists the plans, and goes "
              "back to one.",
              part_keys(scene, "visits"));
    const Snapshot *snapshot = scene->snapshot;
    if (!snapshot || snapshot->visited_count == 0) {
        words_say(&page->head, "A plan becomes a point here once it is evaluated: %s.", part_pending(scene));
        return;
    }
    Cloud cloud;
    if (!collect(&cloud, page, snapshot)) return;
    plot_visits(page, &cloud, snapshot);
    size_t cursor = scene->chart_cursor[PANEL_ACCURACY];
    head_visits(page, snapshot, cursor < snapshot->visited_count ? cursor : snapshot->visit);
}
