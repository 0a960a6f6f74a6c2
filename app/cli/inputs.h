/* SPDX-License-Identifier: MIT */
/* Inputs: what a command works on: the network, its images and how they are prepared, the plan.
 *
 * Options win over the description, which wins over the network's own metadata.
 */
#ifndef APP_INPUTS_H
#define APP_INPUTS_H

#include "app/cli/options.h"
#include "base/pool.h"
#include "dataset/dataset.h"
#include "dataset/description.h"
#include "evaluate/reference.h"
#include "evaluate/task.h"
#include "explore/plan.h"
#include "network/network.h"

/* Whether a set of images is opened: never, where it is named, or always. */
typedef enum InputNeed { INPUT_UNUSED, INPUT_OPTIONAL, INPUT_NEEDED } InputNeed;

typedef struct Inputs {
    const Options *options;
    char *path;              /* what was opened: the network or its description */
    Description description; /* all zero where a network was opened */
    Network *network;
    Normalization normalization;
    char *mean, *std;   /* the normalization as it was written */
    char **class_names; /* [class_count], NULL where there are none */
    size_t class_count;
    NetworkTask task; /* what the outputs mean */

    const Plan *plan; /* as the options and --plan say, held */
    char *planned_on; /* hash of the images that the run in --plan was calibrated on; NULL: not known */

    Pool *pool;
    Dataset *calibration, *evaluation; /* NULL where there are none */
    Reference *reference;              /* of the evaluation images; NULL without them */

    /* Called now and then while images are read, with opening_context; false cancels. NULL: a line of
     * progress is shown, and signals cancel. */
    bool (*opening)(void *context, size_t done, size_t total);
    void *opening_context;
} Inputs;

/* Opens everything, and checks that the images fit the network and that --csv, --json and --onnx can be
 * written, so that nothing is found wrong after a long run. Close the inputs in any case. */
Status inputs_open(Inputs *inputs, const Options *options, InputNeed calibration, InputNeed evaluation,
                   Message *message);

/* The same in steps: the network and the plan, which take milliseconds; the pool, which belongs to the thread
 * that is to work; the images. */
Status inputs_open_network(Inputs *inputs, const Options *options, Message *message);
Status inputs_open_pool(Inputs *inputs, Message *message);
Status inputs_open_images(Inputs *inputs, InputNeed calibration, InputNeed evaluation, Message *message);
void inputs_close(Inputs *inputs);

/* Closes the images and the pool, which can then be opened again. */
void inputs_close_images(Inputs *inputs);

/* Fail where the file to write, `output`, is one of those that were read. `what` names it: "--csv", say.
 * inputs_spare_files() leaves out the images, which may belong to another thread. */
Status inputs_spare_files(const Inputs *inputs, const char *what, const char *output, Message *message);
Status inputs_spare_inputs(const Inputs *inputs, const char *what, const char *output, Message *message);

/* Fails where there is no layer to quantize. */
Status inputs_check_layers(const Inputs *inputs, Message *message);

/* Fails where the network cannot be written as quantized ONNX by that plan. */
Status inputs_check_onnx(const Inputs *inputs, const Plan *plan, Message *message);

/* The path of the evaluation images, or else of the calibration images; NULL where none are named. */
const char *inputs_images_path(const Inputs *inputs);

#endif
