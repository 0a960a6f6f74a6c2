/* Snapshot: an immutable picture of everything a view may show, made by the worker and read by the interface.
 *
 * A snapshot is counted by references: whoever receives one holds a reference and drops it. Any thread may
 * read, hold and drop. Nothing in it changes after it was published; parts that did not change since the one
 * before are shared. It belongs to one network, which must outlive it.
 *
 *     Snapshot *snapshot = ...;                 // from ExplorerOptions.publish
 *     snapshot->layers[3].solved->result.polished_error
 *     snapshot_drop(snapshot);
 */
#ifndef EXPLORE_SNAPSHOT_H
#define EXPLORE_SNAPSHOT_H

#include "bound/ladder.h"
#include "evaluate/accuracy.h"
#include "explore/pipeline.h"

typedef enum LayerState {
    LAYER_WAITING,     /* to be solved */
    LAYER_CALIBRATING, /* its rows are being gathered */
    LAYER_SOLVING,
    LAYER_SOLVED, /* `solved` is of the plan's widths, and of all layers before it */
    LAYER_FLOAT   /* weights and input stay float */
} LayerState;

typedef struct LayerSnapshot {
    LayerState state;
    const Solved *solved; /* NULL before the first solve and of LAYER_FLOAT; of another plan where state is
                             not LAYER_SOLVED */
    double accumulated_error;                     /* NAN where not known */
    double estimate[SOLVE_MAX_BITS + 1];          /* by width: quantize/sensitivity.h; NAN where not known */
    double rounding_estimate[SOLVE_MAX_BITS + 1]; /* likewise, of plain rounding */
    double measured[SOLVE_MAX_BITS + 1]; /* by width: the latest solved, final error; NAN where not solved */
    double methods[METHOD_COUNT]; /* final error at the plan's width by each method; NAN where not tried */
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

/* A plan that was looked at, with what it turned out to be worth. Immutable, shared. */
typedef struct VisitedPlan {
    atomic_size_t references;
    size_t number;    /* 1, 2, ... in order of first visit */
    const Plan *plan; /* held */
    PlanTotals totals;
    bool evaluated; /* `accuracy` holds, over all images */
    Evaluation accuracy;
    bool bounded;                      /* the three below hold */
    double measured, hybrid, spectral; /* relative to |F_0| */
} VisitedPlan;

typedef struct Snapshot {
    atomic_size_t references;
    uint64_t number; /* grows by one with each */

    const Plan *plan; /* held: what the worker pursues. The interface's may be newer */
    PlanTotals totals;
    Activity activity;
    size_t layer, layers_done; /* worked on, or NO_INDEX; LAYER_SOLVED or LAYER_FLOAT */
    double fraction;           /* of the activity, 0..1 */
    double seconds_left;       /* for all that the plan asks for, NAN where not known */
    Message message;           /* why it failed, or a note, or "" */

    size_t layer_count;
    LayerSnapshot *layers; /* [layer_count] */
    SolveProgress *trace;  /* [trace_count], the solver's records of `layer` while it is being solved; NULL
                              else.  trace[0].objective is the error of round-to-nearest */
    size_t trace_count;

    size_t node_count;
    LayerNorm *norms;       /* [node_count] as network_norms()', or NULL: not known yet */
    Ladder ladder;          /* images 0: none yet. Names in it are the network's */
    bool ladder_current;    /* of `plan`; else of one before */
    double ladder_fraction; /* of its images; 1: complete */

    Evaluation accuracy; /* images 0: none yet */
    bool accuracy_current;
    Evaluation reference; /* the float network's own, as far as known; `compared` is false */

    size_t visited_count;
    VisitedPlan **visited; /* [visited_count], by number */
    size_t visit;          /* index of the plan's, or NO_INDEX */
} Snapshot;

VisitedPlan *visited_plan_hold(VisitedPlan *visit);
void visited_plan_drop(VisitedPlan *visit); /* NULL allowed */

/* A snapshot of one reference with copies of all that `draft` points at; layers and visits are shared. */
Status snapshot_create(Snapshot **snapshot, const Snapshot *draft, Message *message);
Snapshot *snapshot_hold(Snapshot *snapshot);
void snapshot_drop(Snapshot *snapshot); /* NULL allowed */

/* The Pareto front of size against top-1 among evaluated visits: front[visited_count], true where no other is
 * at most as large and at least as accurate, and better in one. */
void snapshot_pareto(bool *front, const Snapshot *snapshot);

#endif
