/* An exploration as JSON (by cJSON): what a person gets back who goes on another day: the network, what it
 * was opened with, the plan that stood, and the plans visited with their figures.
 *
 * Keys: format ("bitstitch-exploration/1"), saved (ISO 8601, UTC), source {network, calibration, images,
 * image_labels, mean, std, labels, input_shape, resize, crop, channels, layout, output (may be absent): as on
 * the command line, paths absolute, null where not given; skip_bad_images; evaluation_images, ladder_images:
 * "all", and 0 where not given}, hashes {network, calibration, evaluation: SHA-256, null where not known},
 * layers [names], plan, visits [{plan, accuracy, bound}]. A plan is {options {as in a run's JSON},
 * weight_bits [], activation_bits [], methods []}, a value a layer. accuracy {images, total, labelled,
 * compared, classes, float and quantized {top1, top5: images; cross_entropy}, agreeing, lost, gained,
 * output_sqnr_db} and bound {measured, hybrid,
 * spectral} are null where they were not known; within them null is a number that is not finite.
 *
 *     exploration_source_read(&source, path, message);       // which network to open
 *     exploration_read(&exploration, network, path, message);
 *     exploration_free(&exploration);
 */
#ifndef REPORT_EXPLORATION_JSON_H
#define REPORT_EXPLORATION_JSON_H

#include "dataset/dataset.h"
#include "explore/snapshot.h"

#define EXPLORATION_ALL SIZE_MAX

/* What the network was opened with; NULL and 0 where it was not said. */
typedef struct ExplorationSource {
    char *network; /* a network or its description */
    char *calibration, *images, *image_labels, *mean, *std, *labels, *input_shape, *output;
    char *preparation[PREPARATION_KEYS];
    bool skip_bad_images;
    size_t evaluation_images, ladder_images; /* or EXPLORATION_ALL */
} ExplorationSource;

typedef struct Exploration {
    ExplorationSource source;
    char saved[32];                                                         /* "2024-05-17T10:42:00Z" */
    char network_sha256[65], calibration_sha256[65], evaluation_sha256[65]; /* "" where not known */
    const Plan *plan;                                                       /* held */
    const VisitedPlan **visited; /* [visited_count], in order of first visit */
    size_t visited_count;
} Exploration;

/* Whether a file says that it is an exploration; false for all that is no JSON or cannot be read.
 * STATUS_MEMORY. */
Status exploration_recognize(bool *found, const char *path, Message *message);

/* The source alone, before the network is open. */
Status exploration_source_read(ExplorationSource *source, const char *path, Message *message);
void exploration_source_free(ExplorationSource *source);
/* Whether figures are measured alike from both: the images themselves and the network aside. */
bool exploration_source_alike(const ExplorationSource *a, const ExplorationSource *b);

/* Refuses trailing text, repeated keys, a wrong format, wrong types, unknown or missing layers, widths out of
 * range, figures that cannot be, a file above 64 MiB, and a network of another hash. *exploration is empty on
 * failure. */
Status exploration_read(Exploration *exploration, const Network *network, const char *path, Message *message);
void exploration_free(Exploration *exploration); /* visits included */

/* Written whole or not at all; `saved` is set to the present. */
Status exploration_write(const char *path, const Exploration *exploration, const Network *network,
                         Message *message);

#endif
