/* SPDX-License-Identifier: MIT */
/* Snapshot: an immutable picture of everything a view may show, made by the worker and read by the interface.
 *
 * A snapshot is counted by references: whoever receives one holds a reference and drops it. Any thread may
 * read, hold and drop. Nothing in it changes after it was published; plans, solved layers and visited plans
 * are shared between snapshots. The network must outlive it.
 *
 * Example (Snapshot *snapshot):
 *     double error = snapshot->layers[3].solved->result.polished_error; // the snapshot is from ExplorerOptions.publish
 *     printf("%g\n", error);
 *     snapshot_drop(snapshot);
 */
#ifndef EXPLORE_SNAPSHOT_H
#define EXPLORE_SNAPSHOT_H

#include "bound/ladder.h"
#include "bound/ledger.h"
#include "choose/forecast.h"
#include "evaluate/accuracy.h"
#include "explore/ladder_timing.h"
#include "explore/pipeline.h"
#include "quantize/clipping.h"

/* A layer's error, and the accuracy, by the range of its codes: quantize/clipping.h. */
typedef struct ClippingStudy {
    Clipping errors;                  /* NAN where not measured */
    double accuracy[CLIPPING_RANGES]; /* share of images: top-1, or agreement with float where there are no
                                         labels; of the plan with the layer's codes solved for at the range
                                         and its activations in float; NAN where not evaluated */
    size_t images;
    bool labelled;
} ClippingStudy;

typedef enum LayerState {
    LAYER_WAITING,     /* to be solved */
    LAYER_CALIBRATING, /* its rows are being gathered */
    LAYER_SOLVING,
    LAYER_SOLVED, /* `solved` holds for the plan, the layers upstream included */
    LAYER_FLOAT   /* weights and input stay float */
} LayerState;

typedef struct LayerSnapshot {
    LayerState state;
    const Solved *solved; /* NULL before the first solve and of LAYER_FLOAT; of another plan where state is
                             not LAYER_SOLVED */
    double accumulated_error;            /* NAN where not known */
    double estimate[SOLVE_MAX_BITS + 1]; /* [weight bits]: quantize/sensitivity.h; NAN where not known */
    double
        rounding_estimate[SOLVE_MAX_BITS + 1]; /* [weight bits]: by round-to-nearest; NAN where not known */
    bool swept; /* the two above, and `local`, are of the float network's inputs; else of the plan's */
    double local[SOLVE_MAX_BITS + 1];    /* [weight bits]: final error of a solve behind float layers, as the
                                            sensitivity sweep measures; NAN where not solved */
    double measured[SOLVE_MAX_BITS + 1]; /* [weight bits]: final error in this plan; NAN where not solved */
    double input_floor; /* of `measured`: the least error of any real weights on the plan's quantized input;
                           NAN where not known, about 0 behind float layers */
    ClippingStudy clipping;       /* at the plan's weight bits and grid, behind float layers */
    double methods[METHOD_COUNT]; /* [method]: final error at the plan's weight bits; NAN where not tried */
} LayerSnapshot;

typedef enum Activity {
    ACTIVITY_OPENING, /* reading images */
    ACTIVITY_CALIBRATING,
    ACTIVITY_SOLVING,
    ACTIVITY_NORMS,
    ACTIVITY_BOUNDING,
    ACTIVITY_EVALUATING,
    ACTIVITY_COMPARING, /* methods on one layer */
    ACTIVITY_IDLE,      /* all that the plan asks for is known */
    ACTIVITY_CANCELLED, /* until the plan changes or work is asked for */
    ACTIVITY_FAILED     /* `message` says why */
} Activity;

/* A plan that was solved once, with its measurements. Immutable, counted by references. */
typedef struct VisitedPlan {
    atomic_size_t references;
    size_t number;    /* 1, 2, ... in order of first visit */
    const Plan *plan; /* held */
    PlanTotals totals;
    size_t activation_bytes; /* at their peak, per image: explore/activation_memory.h */
    bool evaluated;          /* `accuracy` holds, over all images */
    Evaluation accuracy;
    bool bounded;                      /* the ladder below holds */
    double measured, hybrid, spectral; /* relative to |F_0| */
    /* Images that each test certifies (bound/ladder.h), of certified_of; 0 of 0: not known. */
    size_t certified[CERTIFICATE_COUNT], certified_of;
} VisitedPlan;

typedef struct Snapshot {
    atomic_size_t references;
    uint64_t number; /* grows by one with each */

    const Plan *plan; /* held: what the worker pursues. The interface's may be newer */
    PlanTotals totals;
    Activity activity;
    size_t layer;        /* at work, or NO_INDEX */
    size_t layers_done;  /* in LAYER_SOLVED or LAYER_FLOAT */
    double fraction;     /* of the activity, 0..1 */
    double seconds_left; /* for all that the plan asks for, NAN where not known */
    Message message;     /* why it failed, or a note, or "" */

    size_t layer_count;
    LayerSnapshot *layers; /* [layer_count] */
    SolveProgress *trace;  /* [trace_count], the solver's records of `layer` while it is being solved; NULL
                              else.  trace[0].error is the error of round-to-nearest */
    size_t trace_count;

    size_t node_count;
    LayerNorm *norms;           /* [node_count] as network_norms()', or NULL: not known yet */
    Ladder ladder;              /* images 0: none yet. Names in it are the network's */
    bool ladder_current;        /* of `plan`; else of one before */
    double ladder_fraction;     /* of its images; 1: complete */
    LadderTiming ladder_timing; /* that the worker keeps to */

    Evaluation accuracy; /* images 0: none yet */
    bool accuracy_current;
    ChangedImages *changes; /* held: of the last complete evaluation; NULL: none */
    bool changes_current;   /* of `plan`; else of one before */
    Ledger *ledger;         /* held: of the images of `changes`, in their order; NULL: not known yet */
    Evaluation reference;   /* the float network's own, as far as known; `compared` is false */

    Forecast
        forecast; /* what plans are chosen from, as far as known; its layers are NULL before it was begun */
    bool forecast_complete;   /* all of it is known */
    double forecast_fraction; /* that is computed, 0..1 */
    size_t forecast_layer;    /* at work, or NO_INDEX */

    size_t visited_count;
    VisitedPlan **visited; /* [visited_count], by number */
    size_t visit;          /* index of the plan's, or NO_INDEX */
} Snapshot;

/* Adds a reference and returns its argument; drop removes one. */
VisitedPlan *visited_plan_hold(VisitedPlan *visited);
void visited_plan_drop(VisitedPlan *visited); /* NULL is allowed */

/* A snapshot with one reference: copies of the draft's arrays; plan, solved layers and visited plans are
 * shared. *snapshot is NULL on failure (STATUS_MEMORY). */
Status snapshot_create(Snapshot **snapshot, const Snapshot *draft, Message *message);
Snapshot *snapshot_hold(Snapshot *snapshot);
void snapshot_drop(Snapshot *snapshot); /* NULL is allowed */

#endif
