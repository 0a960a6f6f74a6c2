/* Edits: what keys do to a plan. Pure functions: true where something changed. */
#ifndef APP_EDIT_H
#define APP_EDIT_H

#include "explore/plan.h"

/* chosen: [layer_count], the layers that an edit is for. */
typedef struct EditScope {
    const Network *network;
    const bool *chosen;
} EditScope;

bool edit_weight_bits(Plan *plan, const EditScope *scope, unsigned bits);
/* A bit more (step 1) or less (step -1), within BITS_MIN..BITS_MAX; a float layer takes BITS_MAX on the way
 * down.
 */
bool edit_step_weight_bits(Plan *plan, const EditScope *scope, int step);
/* Layers that read the network's input keep it float. */
bool edit_input_bits(Plan *plan, const EditScope *scope, unsigned bits);
/* float, 8, 7, ... 2, float: from what the first of the layers has. */
bool edit_cycle_input_bits(Plan *plan, const EditScope *scope);
/* The method after that of the first of the layers. */
bool edit_next_method(Plan *plan, const EditScope *scope);

#endif
