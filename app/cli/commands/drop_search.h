/* SPDX-License-Identifier: MIT */
/* Drop search: the smallest plan of a front that loses at most so many points of top-1 accuracy, found by
 * running plans of the front.
 *
 * The first plan is the smallest that is predicted to be good enough; further ones halve what is left between
 * the largest plan that was not and the smallest that was. A plan is judged on the first half of the
 * evaluation images: it is given up as soon as the 95 % interval of its change, paired image by image, is on
 * one side of the limit. Choosing among plans by images uses these images up: the other half tells the figure
 * of the plan that was chosen.
 */
#ifndef APP_DROP_SEARCH_H
#define APP_DROP_SEARCH_H

#include "app/cli/inputs.h"
#include "evaluate/accuracy.h"
#include "explore/chooser.h"

#define DROP_TRIALS 8

typedef struct DropTrial {
    size_t point;          /* of the front */
    double predicted;      /* change of top-1 */
    Evaluation evaluation; /* on the images that were needed */
    bool decided;          /* by its interval, before all images were seen */
    bool good;             /* loses no more than the limit */
} DropTrial;

typedef struct DropSearch {
    size_t trial_count;
    DropTrial trials[DROP_TRIALS];
    size_t images; /* that plans are judged on, at most */
    size_t found;  /* of the front: the smallest good plan; the front's count where none was */
} DropSearch;

/* most: points of top-1 that may be lost, as a fraction. STATUS_INVALID without labelled evaluation images.
 */
Status drop_search(DropSearch *search, const Inputs *inputs, const Chooser *chooser, const Front *front,
                   const Forecast *forecast, double most, Message *message);

/* The figures of the images behind the first `seen`, from those of all and those of these. */
Evaluation evaluation_rest(const Evaluation *all, const Evaluation *seen);

#endif
