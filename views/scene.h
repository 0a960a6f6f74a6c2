/* Scene: all that the screen shows: the newest snapshot, the plan being edited, and where the person is.
 *
 * The interface thread owns it, app/explorer/act_*.c change it, views only read it: screen_draw() is a pure
 * function of scene and size.
 */
#ifndef VIEWS_SCENE_H
#define VIEWS_SCENE_H

#include "explore/snapshot.h"
#include "views/canvas/canvas.h"
#include "views/layout.h"

typedef enum SortKey { /* of the layers; columns of the table */
                       SORT_INDEX,
                       SORT_NAME,
                       SORT_WEIGHT_BITS,
                       SORT_ACTIVATION_BITS,
                       SORT_ERROR,
                       SORT_SHARE,
                       SORT_SIZE,
                       SORT_COUNT
} SortKey;

typedef enum OverlayKind {
    OVERLAY_NONE,
    OVERLAY_DETAILS, /* of the layer under the cursor */
    OVERLAY_HELP,
    OVERLAY_VISITS,  /* plans visited, to compare with and to return to */
    OVERLAY_QUESTION /* a text on its own, answered by a key */
} OverlayKind;

/* Pages of panels. */
enum { ERROR_PAGE_EPOCHS, ERROR_PAGE_LAYERS, ERROR_PAGE_WIDTHS, ERROR_PAGES };
enum { LOSS_PAGE_LADDER, LOSS_PAGE_DEPTH, LOSS_PAGES };
enum { ACCURACY_PAGE_DEPTH, ACCURACY_PAGE_STREAM, ACCURACY_PAGE_PLANS, ACCURACY_PAGES };

typedef struct HelpLine { /* made from the table of keys */
    const char *group, *keys, *text;
    bool footer; /* shown in the last line too, as `brief` */
    const char *brief;
    const char *action; /* what the lesson calls it: views/lesson.h; NULL: it has no use for it */
} HelpLine;

#define SCENE_PROMPT_BYTES 4096
#define ACCURACY_POINTS 512

typedef struct Scene {
    const Network *network;
    const char *title;        /* of the network: its file's name without suffix */
    const char *images_title; /* "fashion-mnist", or "" while images are being read */
    const Snapshot *snapshot; /* NULL before the first */
    const Plan *plan;         /* as edited */
    size_t undo_count, redo_count;
    bool paused;

    Panel front;
    bool zoomed;
    size_t pages[PANEL_COUNT];
    size_t chart_cursor[PANEL_COUNT]; /* a point, or SIZE_MAX */

    SortKey sort;
    bool descending;
    char filter[128]; /* part of a name, "" for all */
    size_t *order;    /* [order_count]: layers shown, by views/panels/layer_order.h; capacity layer_count */
    size_t order_count;
    size_t cursor; /* in order */
    size_t first;  /* topmost row shown; the table keeps the cursor in sight by itself from there */
    bool *marked;  /* [layer_count] */
    size_t marked_count;

    OverlayKind overlay;
    size_t overlay_first;  /* topmost line shown */
    size_t overlay_cursor; /* in lists */
    const char *question;  /* of OVERLAY_QUESTION */
    size_t lesson;         /* step + 1 of the lesson, which stands beside the panels; 0: none */

    const char *prompt; /* label of the line being typed, or NULL */
    char input[SCENE_PROMPT_BYTES];
    size_t input_cursor; /* bytes */
    bool input_selected; /* all of it: a character typed takes its place */
    char notice[512];    /* shown in the last line until a key is pressed */
    bool notice_bad;

    const HelpLine *help; /* [help_count] */
    size_t help_count;
    bool mouse; /* captured */

    /* Accuracy as it streamed in, of the plan pursued. */
    double stream_images[ACCURACY_POINTS], stream_top1[ACCURACY_POINTS];
    size_t stream_count;
} Scene;

/* The layer under the cursor, or NO_INDEX where the filter leaves none. */
size_t scene_layer(const Scene *scene);

#endif
