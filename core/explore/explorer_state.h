/* SPDX-License-Identifier: MIT */
/* Explorer state: what the explorer knows of its plan, the draft of the next snapshot, and how it is
 * published. Private to explorer.c, explorer_forecast.c and trials.c. */
#ifndef EXPLORE_EXPLORER_STATE_H
#define EXPLORE_EXPLORER_STATE_H

#include "explore/cache/layer_keys.h"
#include "explore/cache/visited.h"
#include "explore/explorer.h"
#include "quantize/sensitivity.h"

/* The stages of a plan. Their order depends on the ladder's timing. */
typedef enum Stage {
    STAGE_ERRORS,
    STAGE_NORMS,
    STAGE_LADDER,
    STAGE_ACCURACY,
    STAGE_LEDGER,
    STAGE_COUNT
} Stage;

struct Explorer {
    const Network *network;
    ExplorerOptions options;
    size_t memory;      /* bytes that each stage may take beside what stays */
    size_t memo_memory; /* bytes that the memo may take */
    Memo *memo;
    Upstream *upstream;
    LayerKeys *keys; /* [layer_count], of the plan taken last */
    VisitedPlans visited;

    const Dataset *images, *evaluation; /* borrowed; NULL where there are none */
    Message no_images;                  /* why there are none, or "" */
    Normalization normalization;
    Reference *reference; /* the float network's outputs on `evaluation`; NULL before they are needed */

    Snapshot draft;       /* the next snapshot; its arrays are the explorer's */
    LadderStep *steps;    /* [layer_count], of the draft's ladder */
    LayerNorm *norms;     /* [node_count], the draft's once all are known */
    bool changed;         /* whether the draft differs from what was published last */
    double published;     /* when, by seconds_now() */
    bool taken, complete; /* a plan was taken; all its results are known */
    Pipeline *pipeline;   /* of the plan taken last, once all its layers are solved; else NULL */
    Message message;      /* of the call that is running */

    char forecast_key[65]; /* of the draft's forecast; "" before it was begun */

    Stage stage;
    bool awaited[STAGE_COUNT];   /* stages that the plan still needs */
    bool overtaken;              /* the stage was given up because another one is next */
    double started;              /* when the stage began */
    double seconds[STAGE_COUNT]; /* that the stage took last time, NAN where not known */
};

/* Publishes the draft. STATUS_MEMORY. */
Status explorer_publish(Explorer *explorer);
/* Publishes the draft where it has changed and the last snapshot is old enough; without memory for it, later.
 */
void explorer_publish_if_due(Explorer *explorer);
/* Publishes if due and asks whether to go on. Call it often. */
bool explorer_proceeds(Explorer *explorer);

/* What the worker does now, and the fraction done, 0..1; and the start and end of a stage, whose time is
 * kept. */
void explorer_set_activity(Explorer *explorer, Activity activity, double fraction);
void explorer_start_stage(Explorer *explorer, Stage stage, Activity activity);
void explorer_end_stage(Explorer *explorer);
/* Ends a call: publishes how it went and returns `status` with its message. */
Status explorer_conclude(Explorer *explorer, Status status, Message *message);

/* Shows a layer's records while the solver runs; count 0: none. */
void explorer_show_trace(Explorer *explorer, const SolveProgress *trace, size_t count);
/* Takes the reference to the solution over. */
void explorer_show_solved(Explorer *explorer, size_t layer, const Solved *solved);
void explorer_show_ladder(Explorer *explorer, const Ladder *ladder, double fraction);
/* Shows the changed images of a complete evaluation; the draft holds a reference of its own. */
void explorer_show_changes(Explorer *explorer, ChangedImages *changes);
/* Shows the ledger of these images; the draft holds a reference of its own. */
void explorer_show_ledger(Explorer *explorer, Ledger *ledger);
void explorer_show_accuracy(Explorer *explorer, const Evaluation *accuracy);

/* The key of a layer's statistics, had the plan `choice` for it. */
MemoKey explorer_sums_key(const Explorer *explorer, size_t layer, const LayerPlan *choice);
/* What the errors by clipping range are solved with, had the plan `choice`. */
LayerPlan explorer_clipping_choice(const LayerPlan *choice);
/* The key of its statistics behind float layers. */
MemoKey explorer_float_sums_key(const Explorer *explorer, size_t layer);
/* Shows a layer's estimates; of_plan: from the statistics that the plan is solved on, which have the floor.
 */
void explorer_show_estimates(Explorer *explorer, size_t layer, const Sensitivity *estimates, bool of_plan);
/* Whether the ladder is one of a plan's results; and whether it comes before the accuracy, if both are
 * awaited.
 */
bool explorer_wants_ladder(const Explorer *explorer);
bool explorer_ladder_is_next(const Explorer *explorer);
/* Sets which stages the draft's plan still needs. */
void explorer_await(Explorer *explorer);
/* Shows what the memo and the visited plans know of the draft's plan. */
void explorer_recall(Explorer *explorer);
/* Forgets all results in the draft's layers. */
void explorer_forget_layers(Explorer *explorer);

#endif
