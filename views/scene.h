/* SPDX-License-Identifier: MIT */
/* Scene: all that the screen shows: the newest snapshot, the plan being edited, and where the person is.
 *
 * The interface thread owns it, app/explorer/act_*.c change it, and views only read it: screen_draw() is a
 * pure function of scene and size. The functions below are questions to a scene; `layer` is an index into
 * scene->network->layers.
 */
#ifndef VIEWS_SCENE_H
#define VIEWS_SCENE_H

#include "base/figures.h"
#include "bound/rung.h"
#include "explore/pareto.h"
#include "explore/plan_note.h"
#include "explore/snapshot.h"
#include "views/budget_scene.h"
#include "views/canvas/canvas.h"
#include "views/canvas/character.h"
#include "views/view.h"

typedef enum SortKey { /* of the layers; columns of the table */
                       SORT_INDEX,
                       SORT_NAME,
                       SORT_WEIGHT_BITS,
                       SORT_ACTIVATION_BITS,
                       SORT_ERROR,
                       SORT_SHARE,
                       SORT_SHARE_PER_KIB,
                       SORT_SIZE,
                       SORT_COUNT
} SortKey;

typedef enum VisitedColumn { /* of the list of visited plans */
                             VISITED_NUMBER,
                             VISITED_NAME,
                             VISITED_WEIGHT_BITS,
                             VISITED_ACTIVATION_BITS,
                             VISITED_SIZE,
                             VISITED_BITOPS,
                             VISITED_ACTIVATION_BYTES,
                             VISITED_SCORE,
                             VISITED_CHANGE, /* of top-1 against float */
                             VISITED_METHOD,
                             VISITED_CERTIFIED,
                             VISITED_MEASURED,
                             VISITED_HYBRID,
                             VISITED_SPECTRAL,
                             VISITED_DIFFERS, /* layers that differ from the edited plan */
                             VISITED_NOTE,
                             VISITED_COLUMNS
} VisitedColumn;

typedef enum OverlayKind {
    OVERLAY_NONE,
    OVERLAY_DETAILS,    /* of the layer under the cursor */
    OVERLAY_GUIDE,      /* explains the page in focus */
    OVERLAY_HELP,       /* all keys */
    OVERLAY_VISITS,     /* visited plans: to compare, and to return to one */
    OVERLAY_DIFFERENCE, /* between two visited plans, layer by layer; in front of their list */
    OVERLAY_QUESTION    /* a text that is answered by a key */
} OverlayKind;

typedef struct HelpLine { /* made from the table of keys */
    const char *group, *keys, *text;
    bool footer; /* shown in the last line too, as `brief` */
    const char *brief;
    const char *action; /* the name that the lesson uses (views/lesson.h); NULL: not used there */
} HelpLine;

#define SCENE_PROMPT_BYTES 4096
#define ACCURACY_POINTS 512

#define SCENE_LESSON_STEPS 32

/* The answer to a question of the lesson. */
typedef struct LessonAnswer {
    bool given;
    size_t choice; /* an option, or a layer */
} LessonAnswer;

typedef struct Scene {
    const Network *network;
    const char *title;        /* of the network: its file's name without suffix */
    char *const *class_names; /* [class_count]; NULL: there are none */
    size_t class_count;
    const char *images_title; /* "fashion-mnist", or "" while images are being read */
    const Snapshot *snapshot; /* NULL before the first */
    const Plan *plan;         /* as edited */
    size_t undo_count, redo_count;
    bool paused;

    Panel front;
    bool zoomed;
    ViewId views[PANEL_COUNT];        /* the page shown; a view of another panel stands for the first page */
    size_t chart_cursor[PANEL_COUNT]; /* a point, or SIZE_MAX */

    const Snapshot *pinned; /* the newest that has the pinned plan's results; NULL: none is known */
    ParetoAxis pareto_axis; /* of the page of visited plans, and the front in their list */
    const PlanNote *notes;  /* [note_count], by the index of the snapshot's visited plans */
    size_t note_count;      /* plans beyond have none */

    /* The list of visited plans; its cursor is overlay_cursor, an index into snapshot->visited. */
    VisitedColumn visited_sort;
    bool visited_descending, visited_evaluated_only;
    bool has_visited_mark;
    size_t visited_mark; /* where has_visited_mark: the index of the plan that the difference starts from */

    const BudgetScene *budget; /* of the budget page; NULL: none */

    bool changed_by_class; /* the page of changed images sorts by class, not by margin */

    SortKey sort;
    bool descending;
    Rung rung;        /* whose shares the table shows; RUNG_HYBRID at first */
    char filter[128]; /* views/layer_filter.h; "" for all */
    size_t *order;    /* [order_count]: layers shown, by views/layer_order.h; capacity layer_count */
    size_t order_count;
    size_t cursor; /* in order */
    size_t first;  /* topmost row shown; the table itself keeps the cursor in sight */
    bool *marked;  /* [layer_count] */
    size_t marked_count;

    bool welcome; /* the first screen's welcome, until a key is pressed; without an overlay */
    OverlayKind overlay;
    size_t overlay_first;  /* topmost line shown */
    size_t overlay_cursor; /* in lists */
    const char *question;  /* of OVERLAY_QUESTION */
    size_t lesson;         /* step + 1 of the lesson, which stands beside the panels; 0: none */
    size_t lesson_left;    /* step + 1 where it was left; 0: it has not been started */
    size_t lesson_chosen;  /* the option chosen in the present step */
    LessonAnswer lesson_answers[SCENE_LESSON_STEPS]; /* by step */

    const char *prompt;      /* label of the line being typed, or NULL */
    const char *prompt_hint; /* what may be typed, shown where there is room; or NULL */
    char input[SCENE_PROMPT_BYTES];
    size_t input_cursor; /* bytes */
    bool input_selected; /* all of it: the next character typed replaces it */
    char notice[512];    /* shown in the last line until a key is pressed */
    bool notice_bad;

    const HelpLine *help; /* [help_count] */
    size_t help_count;
    bool mouse; /* captured */

    /* Accuracy over the number of images evaluated so far, of the plan that the worker works on. */
    double stream_images[ACCURACY_POINTS], stream_top1[ACCURACY_POINTS];
    size_t stream_count;
} Scene;

/* The layer under the cursor, or NO_INDEX if the filter leaves none. */
size_t scene_layer(const Scene *scene);

/* The view that a panel shows. */
ViewId scene_view(const Scene *scene, Panel panel);

/* The layer's state in the snapshot; NULL before the first snapshot. */
const LayerSnapshot *scene_state(const Scene *scene, size_t layer);
/* The layer's result; NULL before it is solved. */
const LayerResult *scene_result(const Scene *scene, size_t layer);
/* The ladder of bounds; NULL before its first images. */
const Ladder *scene_ladder(const Scene *scene);
/* The layer's step in the ladder; NULL where there is no ladder. */
const LadderStep *scene_step(const Scene *scene, size_t layer);

/* The layer's name; "?" if there is no such layer. */
const char *scene_name(const Scene *scene, size_t layer);
/* The same for running text. */
ShortName scene_short_name(const Scene *scene, size_t layer);

/* Whether the layer's result belongs to other bit widths or another method than the edited plan's, or earlier
 * layers have changed since. */
bool scene_is_stale(const Scene *scene, size_t layer);
/* Whether the worker works on another plan than the edited one. */
bool scene_plan_is_ahead(const Scene *scene);
/* Whether the layer is being solved and its trace has begun. */
bool scene_is_live(const Scene *scene, size_t layer);

/* Reconstruction error relative to the sum of squared outputs: the current objective of a layer that is being
 * solved, otherwise its final error; NAN where not known. */
double scene_error(const Scene *scene, size_t layer);
/* The error of round-to-nearest, where the solver starts; NAN where not known. */
double scene_rounding_error(const Scene *scene, size_t layer);
/* The final reconstruction error of a solved layer, or NAN. */
double layer_error(const LayerSnapshot *layer);

/* What the worker does, in a word or two: "solving", "done", "paused". */
const char *scene_activity(const Scene *scene);
/* Why a figure is not there yet: "the layers are solved first". */
const char *scene_pending(const Scene *scene);
/* The same of the bounds. */
const char *scene_bounds_pending(const Scene *scene);

/* The keys of an action, from scene->help; "?" if the table has none. */
const char *scene_keys(const Scene *scene, const char *action);

/* The headline figure of the network's task; of a classifier without labels, the agreement with the float
 * network. Fractions; NAN where not known. A network without a task has no score. */
typedef struct Score {
    bool known, labelled; /* labelled: false where the agreement stands in */
    const char *name;     /* "top-1", "agreement", "box AP", "mIoU" */
    double value, half;   /* half: half the width of the 95 % interval */
    double reference;     /* the float network's */
} Score;
/* The score of an evaluation, which may still be running. */
Score score_of(const Evaluation *evaluation);

/* The change of the score against the float network with its paired 95 % interval, in points: "-0.11 [-0.25,
 * +0.03]"; without the interval while the evaluation of a detector runs, and "-" where it is not known. */
Figure score_change(const Evaluation *evaluation);

/* The change of top-1 against the float network with its paired 95 % interval, in points: "-0.11 [-0.25,
 * +0.03]". images above 0. */
Figure paired_change(size_t lost, size_t gained, size_t images);

/* Whether the accuracy, or the ladder, is of another plan than the edited one. */
bool scene_accuracy_is_old(const Scene *scene);
bool scene_ladder_is_old(const Scene *scene);

/* The inputs of all layers but those that read the network's input, which stays float. */
typedef struct Activations {
    size_t quantized, left_float; /* layers */
    double mean_bits; /* of the quantized inputs, weighted by their sizes; NAN if there are none */
} Activations;
Activations plan_activations(const Plan *plan, const Network *network);

/* Mean bits per activation over the inputs of all layers but the first, weighted by their sizes; float counts
 * as 32. NAN if there is no such layer. */
double average_activation_bits(const Plan *plan, const Network *network);

#endif
