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
#include "explore/plan.h"
#include "network/types.h"

typedef enum SessionNeed { SESSION_NONE, SESSION_WANTED, SESSION_NEEDED } SessionNeed;

typedef struct Inputs {
    const Options *options;
    Network *network;
    Pool *pool;
    const Plan *plan;                  /* held: as the options and --plan say */
    char *planned_on;                  /* hash of the images that --plan's run was calibrated on, or NULL */
    Dataset *calibration, *evaluation; /* NULL where there are none */
    Reference *reference;              /* of the evaluation images, where there are any */
    Normalization normalization;
    char **class_names; /* [class_count], NULL where there are none */
    size_t class_count;
    char *mean, *std; /* as given; "0" and "1" where nobody says */

    char *path;              /* what was opened: the network or its description */
    Description description; /* of path, where it is one */
    bool described;

    /* Called now and then while images are read, with opening_context; false cancels. NULL: a line of
     * progress, and signals cancel. */
    bool (*opening)(void *context, size_t done, size_t total);
    void *opening_context;
} Inputs;

/* Opens everything, checks that the images fit the network, and that --csv, --json and --onnx can be written,
 * so that nothing is found wrong after a long run. SESSION_WANTED: opened where it is named. Close it in any
 * case. */
Status inputs_open(Inputs *inputs, const Options *options, SessionNeed calibration, SessionNeed evaluation,
                   Message *message);

/* The same in steps: the network and the plan, which take milliseconds; then the pool, which belongs to the
 * thread that is to work; then the images. */
Status inputs_open_network(Inputs *inputs, const Options *options, Message *message);
Status inputs_open_pool(Inputs *inputs, Message *message);
Status inputs_open_images(Inputs *inputs, SessionNeed calibration, SessionNeed evaluation, Message *message);
void inputs_close(Inputs *inputs);
void inputs_close_images(Inputs *inputs); /* and the pool: they may be opened again */

/* Fail where `output`, called `what`, is one of the files that the inputs has opened: images aside, or with
 * them, which takes the thread that has them. */
Status inputs_spare_files(const Inputs *inputs, const char *what, const char *output, Message *message);
Status inputs_spare_inputs(const Inputs *inputs, const char *what, const char *output, Message *message);

/* Whether there is a layer to quantize. */
Status inputs_check_layers(const Inputs *inputs, Message *message);

/* Whether the network can be written as quantized ONNX by that plan. */
Status inputs_check_onnx(const Inputs *inputs, const Plan *plan, Message *message);

/* The path of the images to evaluate on, or else to calibrate on; NULL where none are named. */
const char *inputs_images_path(const Inputs *inputs);

bool has_suffix(const char *path, const char *suffix); /* whatever the case */
/* Whether a name ends in .json, or the file's first character that is not blank, a byte-order mark aside,
 * opens a JSON object. */
bool looks_like_json(const char *path);

#endif
