/* SPDX-License-Identifier: MIT */
/* Recorded: a network of 22 layers and what an exploration of it could show, written down as numbers, so that
 * screens drawn from it are the same everywhere. One for each of the moments that a person sees.
 *
 *     Recorded *recorded = recorded_create();
 *     recorded_show(recorded, MOMENT_SOLVING);
 *     screen_draw(canvas, &recorded->scene);
 *     recorded_free(recorded);
 */
#ifndef TESTS_RECORDED_H
#define TESTS_RECORDED_H

#include "views/scene.h"

#define RECORDED_LAYERS 22
#define RECORDED_NODES (RECORDED_LAYERS + 9) /* an Add for every block */
#define RECORDED_VISITS 6
#define RECORDED_EPOCHS 32
#define RECORDED_WEIGHTS (64 * 64 * 9)
#define RECORDED_CHANGES 5

typedef enum Moment {
    MOMENT_OPENING, /* no snapshot yet */
    MOMENT_CALIBRATING,
    MOMENT_SOLVING, /* the ninth layer, in its fifth epoch */
    MOMENT_BOUNDING,
    MOMENT_EVALUATING,
    MOMENT_DONE
} Moment;

typedef struct Recorded {
    Scene scene;
    Network network;
    float weights[RECORDED_WEIGHTS]; /* of every layer: as many as it has */
    Layer layers[RECORDED_LAYERS];
    Node nodes[RECORDED_NODES];
    Value values[RECORDED_NODES + 1]; /* the input, and each node's output */
    size_t uses[RECORDED_LAYERS], inputs[RECORDED_NODES][2];
    Plan *plan, *pursued, *visited_plans[RECORDED_VISITS];

    Snapshot snapshot;
    LayerSnapshot states[RECORDED_LAYERS];
    Solved solved[RECORDED_LAYERS];
    SolveProgress traces[RECORDED_LAYERS][RECORDED_EPOCHS];
    float scales[RECORDED_LAYERS][64];
    float input_scale;
    LadderStep steps[RECORDED_LAYERS];
    LayerNorm norms[RECORDED_NODES];
    ChangedImages changes; /* its pixels are below */
    Ledger ledger;         /* its tables are below */
    LedgerMargins margins[RECORDED_CHANGES];
    double pulls[RECORDED_CHANGES][RECORDED_LAYERS];
    unsigned char pixels[RECORDED_CHANGES][28][28];
    VisitedPlan visited[RECORDED_VISITS];
    VisitedPlan *visit_list[RECORDED_VISITS];
    Snapshot pinned; /* of the third visited plan, once recorded_pin() was called */
    LayerSnapshot pinned_states[RECORDED_LAYERS];
    Solved pinned_solved[RECORDED_LAYERS];
    LadderStep pinned_steps[RECORDED_LAYERS];
    PlanNote notes[RECORDED_VISITS]; /* of the first and the fifth plan */

    size_t order[RECORDED_LAYERS];
    bool marked[RECORDED_LAYERS];
} Recorded;

/* All is known (MOMENT_DONE); NULL when out of memory. */
Recorded *recorded_create(void);
void recorded_free(Recorded *recorded);

/* From a recorded that is as it was created. */
void recorded_show(Recorded *recorded, Moment moment);

/* Inputs of 8 bits behind all layers but the first, in the plan and in the results. */
void recorded_quantize_inputs(Recorded *recorded);

/* Pins the third visited plan, of 3 bits: larger errors than the current plan's in every layer, and twice its
 * hybrid contributions. */
void recorded_pin(Recorded *recorded);

#endif
