/* SPDX-License-Identifier: MIT */
/* bitstitch: post-training quantization by bit-split and stitching.
 *
 * This header is the library's public face. A model is an ONNX network with the images that it is calibrated
 * and evaluated on. A plan says, for each layer, how many bits its weights and its input have, and by which
 * method the codes are found. Quantizing a model by a plan gives a result: codes and scales of every layer,
 * the error of every layer, and a network that can be evaluated, bounded and exported.
 *
 * Example:
 *     bitstitch_error error;
 *     bitstitch_model *model = NULL;
 *     bitstitch_plan *plan = NULL;
 *     bitstitch_result *result = NULL;
 *     bitstitch_accuracy accuracy;
 *
 *     bitstitch_status status = bitstitch_open(&model, "resnet20.json", NULL, &error);
 *     if (!status) status = bitstitch_plan_create(&plan, model, &error);
 *     if (!status) status = bitstitch_plan_set_weight_bits(plan, BITSTITCH_ALL_LAYERS, 3, &error);
 *     if (!status) status = bitstitch_quantize(&result, model, plan, NULL, NULL, &error);
 *     if (!status) status = bitstitch_evaluate(&accuracy, result, 0, NULL, NULL, &error);
 *     if (!status) status = bitstitch_export(result, "resnet20-3bit.onnx", &error);
 *     if (status) fprintf(stderr, "%s\n", error.text);
 *     bitstitch_result_free(result);
 *     bitstitch_plan_free(plan);
 *     bitstitch_close(model);
 *
 * Ownership: what a function creates is freed by the function declared beside it; NULL is allowed there.
 * Plans and results borrow their model, which must outlive them. Pointers in the structs that functions fill
 * belong to the model or the result, and are valid until it is freed. On failure, the object that was to be
 * created is NULL.
 *
 * Threads: a model, with its plans and results, is used by one thread at a time; work is spread over the
 * model's own threads. Different models are independent. Progress functions are called on the thread that
 * called the library.
 *
 * The host: the library writes only the files that it is told to, and temporary files for activations that
 * exceed the memory ceiling (in the folder that TMPDIR names, or /var/tmp). It installs no signal handler,
 * prints nothing and never ends the process. Of what a host shares with it, it sets three things: OpenBLAS
 * runs on one thread from the first bitstitch_open() on, OpenMP does so on the thread that calls (its own
 * threads call both side by side), and cJSON allocates with malloc() once a JSON file was read.
 *
 * Same model, plan and seed give the same results, whatever the number of threads and the memory ceiling.
 *
 * Units: bytes; images; errors as fractions of a squared norm; bits counting the sign.
 */
#ifndef BITSTITCH_H
#define BITSTITCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BITSTITCH_API __attribute__((visibility("default")))
#else
#define BITSTITCH_API
#endif

/* The version of the library that runs: "0.1.0". */
BITSTITCH_API const char *bitstitch_version(void);

/* --- errors -------------------------------------------------------------------------------------------- */

typedef enum bitstitch_status {
    BITSTITCH_OK = 0,
    BITSTITCH_INVALID,     /* an argument or a file is wrong or damaged */
    BITSTITCH_UNSUPPORTED, /* well formed, and cannot be run */
    BITSTITCH_IO,          /* the system refused to read or write */
    BITSTITCH_MEMORY,      /* out of memory, or above the ceiling that was set */
    BITSTITCH_CANCELLED    /* a progress function returned false */
} bitstitch_status;

/* Why a function failed; filled on failure alone. Functions take NULL where nobody asks. */
typedef struct bitstitch_error {
    char text[1024];       /* one line in UTF-8 that names the file, the layer and the cause */
    size_t memory_missing; /* BITSTITCH_MEMORY: bytes by which the ceiling is too low; 0: not known */
} bitstitch_error;

/* Called often during long work. `activity` says what is being done: "reading images", "calibrating",
 * "solving", "evaluating", "computing norms", "bounding"; `layer` is the layer at work, or
 * BITSTITCH_NO_LAYER; `fraction` goes from 0 to 1. False cancels: the work ends with BITSTITCH_CANCELLED. */
typedef bool bitstitch_progress(void *context, const char *activity, size_t layer, double fraction);

/* --- models -------------------------------------------------------------------------------------------- */

#define BITSTITCH_ALL_LAYERS SIZE_MAX
#define BITSTITCH_NO_LAYER SIZE_MAX

typedef struct bitstitch_model bitstitch_model;

/* How a model is opened. All zero is the default. What is NULL or 0 comes from the description, where the
 * path is one, and else from the network's metadata. */
typedef struct bitstitch_options {
    const char *calibration;       /* images: IDX, CIFAR, NumPy, or a folder of PNG and JPEG */
    const char *evaluation;        /* images of the same kinds */
    const char *evaluation_labels; /* a file; NULL: beside the images, where there are any */
    const char *mean, *std;        /* of pixel/255: "0.485,0.456,0.406", or one value; default 0 and 1 */
    const char *class_names;       /* a text file, one name per line */
    const char *resize;            /* "256": the shorter side; "224,320": height and width */
    const char *crop;              /* "224" or "224,320", from the middle; default: what the network takes */
    const char *channels;          /* "rgb" or "bgr": the order that the network takes */
    const char *layout;            /* "nhwc" or "nchw": of an array with four dimensions */
    const char *input_shape;       /* "3,224,224": sizes that the network's file leaves open */
    const char *output;            /* name of the output, where the network has several */
    bool skip_bad_images;          /* leave out images of a folder that cannot be decoded */
    size_t
        calibration_images;   /* most to read from a folder, an eighth more for held-out rows; default 1024 */
    size_t evaluation_images; /* most to read from a folder; default: all */
    uint64_t seed;            /* of the order in which a folder's images are taken */
    size_t threads;           /* default: one per processor */
    size_t memory;            /* ceiling in bytes, default half of the machine's memory: a quarter for
                                 what the model remembers of earlier plans, an eighth (at most 256 MiB)
                                 for the float network's outputs, the rest for the call at work */
    bitstitch_progress *progress; /* while images are read; NULL allowed */
    void *context;
} bitstitch_options;

/* Opens `path`, a network (NAME.onnx) or its description (NAME.json), and the images that the description
 * or the options name. A model without images can be planned for, not quantized. options may be NULL. The
 * keys of a description are `network`, `calibration`, `evaluation` (paths relative to its folder; the latter
 * may be {"images": ..., "labels": ...}), `mean`, `std`, `labels`, `resize`, `crop`, `channels` and `layout`.
 */
BITSTITCH_API bitstitch_status bitstitch_open(bitstitch_model **model, const char *path,
                                              const bitstitch_options *options, bitstitch_error *error);
BITSTITCH_API void bitstitch_close(bitstitch_model *model);

typedef struct bitstitch_model_info {
    const char *path;                             /* of the network's file */
    size_t channels, height, width;               /* of an image */
    size_t outputs;                               /* elements of the output per image: classes */
    size_t layers;                                /* that can be quantized */
    size_t calibration_images, evaluation_images; /* that were opened; 0: none */
    bool labelled;                                /* the evaluation images have labels */
} bitstitch_model_info;
BITSTITCH_API void bitstitch_model_get_info(bitstitch_model_info *info, const bitstitch_model *model);

/* A layer: weights that can be quantized. One that several nodes share is one layer. */
typedef struct bitstitch_layer {
    const char *name;      /* unique */
    const char *operation; /* "Conv", "ConvTranspose", "Gemm", "MatMul" */
    size_t rank, shape[8]; /* of the weights, as in the file */
    size_t parameters;     /* weights, and biases where it has them */
    uint64_t macs;         /* multiply-accumulates per image */
    bool first, last;      /* no layer before it; no layer behind it */
} bitstitch_layer;

/* Describes the layer at `index`, 0 to layers - 1, in topological order. BITSTITCH_INVALID beyond. */
BITSTITCH_API bitstitch_status bitstitch_layer_get_info(bitstitch_layer *layer, const bitstitch_model *model,
                                                        size_t index, bitstitch_error *error);
/* The index of the layer called `name`, or BITSTITCH_NO_LAYER. */
BITSTITCH_API size_t bitstitch_layer_find(const bitstitch_model *model, const char *name);

/* --- plans --------------------------------------------------------------------------------------------- */

#define BITSTITCH_FLOAT 0 /* in the place of bits: not quantized */

typedef struct bitstitch_plan bitstitch_plan;

/* A plan of the defaults: 4 bits, 8 in the first and last layers, inputs in float, the effort "default". */
BITSTITCH_API bitstitch_status bitstitch_plan_create(bitstitch_plan **plan, const bitstitch_model *model,
                                                     bitstitch_error *error);
BITSTITCH_API bitstitch_status bitstitch_plan_copy(bitstitch_plan **copy, const bitstitch_plan *plan,
                                                   bitstitch_error *error);
BITSTITCH_API void bitstitch_plan_free(bitstitch_plan *plan);

/* The name of the method at `index`, from 0; NULL behind the last. */
BITSTITCH_API const char *bitstitch_method_name(size_t index);

/* The name of the grid at `index`, from 0; NULL behind the last. */
BITSTITCH_API const char *bitstitch_grid_name(size_t index);

/* Sets a layer's bits, 2 to 8 or BITSTITCH_FLOAT (weights: also 1, on the binary grid), or those of
 * BITSTITCH_ALL_LAYERS. Weights: all layers means the first and the last too, and where the layer's grid does
 * not have the bits, it becomes uniform (binary at 1 bit). Activations: of the layer's input; the first
 * layers' input is the image, which stays float: BITSTITCH_INVALID there, and left alone where all layers are
 * set. */
BITSTITCH_API bitstitch_status bitstitch_plan_set_weight_bits(bitstitch_plan *plan, size_t layer,
                                                              unsigned bits, bitstitch_error *error);
BITSTITCH_API bitstitch_status bitstitch_plan_set_activation_bits(bitstitch_plan *plan, size_t layer,
                                                                  unsigned bits, bitstitch_error *error);
/* The method's name: one of bitstitch_method_name(), "bitsplit" or "gptq", say. */
BITSTITCH_API bitstitch_status bitstitch_plan_set_method(bitstitch_plan *plan, size_t layer,
                                                         const char *method, bitstitch_error *error);

/* What the codes of a layer's weights may be, by the grid's name: "uniform", all whole numbers of the bit
 * width (the default); "power-of-two", 2 to 4 bits; "ternary", 2 bits, with scales that are powers of two;
 * "binary", 1 bit. The bits become the nearest that the grid has. */
BITSTITCH_API bitstitch_status bitstitch_plan_set_grid(bitstitch_plan *plan, size_t layer, const char *grid,
                                                       bitstitch_error *error);
/* The name of the effort at `index`, from 0: how hard plans search for codes, from the least; NULL behind the
 * last. */
BITSTITCH_API const char *bitstitch_effort_name(size_t index);
/* Sets the effort: one of bitstitch_effort_name(), "thorough", say. Layers that have the method of the plan's
 * effort so far take that of the new one. "paper" also sets independent, and takes away polish, bias
 * correction and ridge; leaving it sets these four to their defaults. */
BITSTITCH_API bitstitch_status bitstitch_plan_set_effort(bitstitch_plan *plan, const char *effort,
                                                         bitstitch_error *error);
BITSTITCH_API const char *bitstitch_plan_get_effort(const bitstitch_plan *plan);

/* What a plan says of one layer. */
typedef struct bitstitch_layer_plan {
    unsigned weight_bits, activation_bits; /* 1 to 8, 2 to 8, or BITSTITCH_FLOAT */
    const char *method;
    const char *grid;
} bitstitch_layer_plan;
BITSTITCH_API bitstitch_status bitstitch_plan_get_layer(bitstitch_layer_plan *choice,
                                                        const bitstitch_plan *plan, size_t layer,
                                                        bitstitch_error *error);

/* What a plan says of all layers. */
typedef struct bitstitch_plan_options {
    bool independent;          /* layers are solved on the float network's activations; default: on those of
                                  the quantized network so far */
    bool polish;               /* coordinate descent on whole codes after the method; default true */
    bool bias_correction;      /* default true */
    bool error_compensated;    /* inputs have per-channel scales, which the weights' codes compensate */
    size_t calibration_images; /* default 1024; fewer where there are fewer */
    size_t rows;               /* calibration rows per layer, default 12000; 0: all */
    double ridge;              /* times the mean diagonal of the Hessian; negative: the default */
    uint64_t seed;             /* of the rows drawn */
} bitstitch_plan_options;
/* Reads and sets them; bitstitch_plan_create() has set the defaults. */
BITSTITCH_API void bitstitch_plan_get_options(bitstitch_plan_options *options, const bitstitch_plan *plan);
BITSTITCH_API bitstitch_status bitstitch_plan_set_options(bitstitch_plan *plan,
                                                          const bitstitch_plan_options *options,
                                                          bitstitch_error *error);

/* Takes the bits and methods of the layers that a CSV names, or options and layers of a JSON of the same
 * network, as the program writes them. The plan is unchanged on failure. */
BITSTITCH_API bitstitch_status bitstitch_plan_read(bitstitch_plan *plan, const char *path,
                                                   bitstitch_error *error);
/* Writes the plan alone to a file that ends in .csv or .json, whole or not at all. */
BITSTITCH_API bitstitch_status bitstitch_plan_write(const bitstitch_plan *plan, const char *path,
                                                    bitstitch_error *error);

/* What follows from the plan without quantizing. */
typedef struct bitstitch_totals {
    size_t parameters;
    size_t bytes, float_bytes;  /* of weights, scales and biases; of the float network's */
    double average_weight_bits; /* over all weights, 32 for those in float */
    double bitops;              /* sum of macs * weight bits * activation bits, per image */
} bitstitch_totals;
BITSTITCH_API void bitstitch_plan_get_totals(bitstitch_totals *totals, const bitstitch_plan *plan);

/* --- quantizing ---------------------------------------------------------------------------------------- */

typedef struct bitstitch_result bitstitch_result;

/* Quantizes the model by the plan, which is copied. The model remembers what it calibrated and solved, within
 * a quarter of its memory ceiling: a plan that differs in one layer takes a part of the time. */
BITSTITCH_API bitstitch_status bitstitch_quantize(bitstitch_result **result, bitstitch_model *model,
                                                  const bitstitch_plan *plan, bitstitch_progress *progress,
                                                  void *context, bitstitch_error *error);
BITSTITCH_API void bitstitch_result_free(bitstitch_result *result);

/* A layer's errors: squared norms of the difference from the float layer's output on calibration rows, over
 * the squared norm of that output. NAN where there is none. */
typedef struct bitstitch_layer_errors {
    double rounding;             /* of round-to-nearest, where the method starts */
    double method;               /* after the method, before polish */
    double polished;             /* after polish */
    double reconstruction;       /* the last of the three: what was minimised */
    double heldout;              /* on rows that it was not solved on */
    double accumulated;          /* this layer's output in the quantized network against the float network */
    double sqnr_db;              /* -10 log10 of the reconstruction error */
    size_t codes, codes_changed; /* weights; those that differ from round-to-nearest */
} bitstitch_layer_errors;
BITSTITCH_API bitstitch_status bitstitch_layer_get_errors(bitstitch_layer_errors *errors,
                                                          const bitstitch_result *result, size_t layer,
                                                          bitstitch_error *error);

/* A quantized layer: the weight of output i and input k is scales[i] * codes[i * inputs + k], where inputs
 * are those of its group; divided by input_scales[channel of k] where there is one per channel. */
typedef struct bitstitch_layer_codes {
    size_t outputs, inputs;    /* outputs of all groups; inputs of one */
    const int8_t *codes;       /* [outputs][inputs]; NULL where the weights stay float */
    const float *scales;       /* [outputs] */
    const float *bias;         /* [outputs], corrected where the plan says so */
    size_t input_scale_count;  /* 0: the input stays float; 1, or one per input channel */
    const float *input_scales; /* [input_scale_count] */
} bitstitch_layer_codes;
BITSTITCH_API bitstitch_status bitstitch_layer_get_codes(bitstitch_layer_codes *codes,
                                                         const bitstitch_result *result, size_t layer,
                                                         bitstitch_error *error);

/* --- evaluating ---------------------------------------------------------------------------------------- */

/* A fraction of the images, with its 95 % confidence interval. */
typedef struct bitstitch_fraction {
    double value, low, high;
} bitstitch_fraction;

typedef struct bitstitch_accuracy {
    size_t images;
    bool labelled; /* if not, only agreement and sqnr_db hold, and the rest is NAN */
    bitstitch_fraction float_top1, float_top5, top1, top5;
    bitstitch_fraction change; /* of top-1, quantized less float, on the same images */
    double agreement;          /* fraction of images with the same top-1 class in both networks */
    double float_cross_entropy, cross_entropy; /* mean, in nats */
    double sqnr_db;                            /* of the outputs */
} bitstitch_accuracy;

/* Runs the first `images` evaluation images (0: all) through the float and the quantized network. The result
 * keeps the figures for bitstitch_export(). The float network's outputs are kept by the model. */
BITSTITCH_API bitstitch_status bitstitch_evaluate(bitstitch_accuracy *accuracy, bitstitch_result *result,
                                                  size_t images, bitstitch_progress *progress, void *context,
                                                  bitstitch_error *error);

/* --- bounding ------------------------------------------------------------------------------------------ */

/* Four bounds on ||output - float output||, Euclidean over all images, loosest first. With the local errors
 * e_l and the Lipschitz constants lambda_l of the float network behind layer l, frobenius and spectral are
 * sums of lambda_l e_l, where the norm of a layer in lambda_l is its Frobenius norm or its largest singular
 * value; hybrid is the sum of ||F_l - F_(l-1)||, F_l the network with its first l layers quantized; measured
 * is the norm itself. */
typedef struct bitstitch_bound {
    size_t images;
    double frobenius, spectral; /* INFINITY where a node has no finite Lipschitz constant */
    double hybrid, measured;
    double output_norm; /* ||float output|| */
    /* Images whose class cannot have changed, by that bound; by direction, one-sided and by stage: from the
     * changes of the margins by F_l - F_(l-1) in place of its norm. Each certifies the images of the one
     * before it. kept: images whose class did not change. */
    size_t certified_spectral, certified_hybrid, certified_direction, certified_one_sided, certified_by_stage,
        kept;
    size_t costliest; /* layer with the largest contribution to the hybrid bound, or BITSTITCH_NO_LAYER */
    const char *unbounded_node, *unbounded_reason; /* of an infinite bound; NULL where it is finite */
} bitstitch_bound;

/* Computes the bounds on the first `images` calibration images (0: as many as the plan calibrates on). The
 * result keeps the figures for bitstitch_layer_get_bound() and bitstitch_export(). */
BITSTITCH_API bitstitch_status bitstitch_compute_bound(bitstitch_bound *bound, bitstitch_result *result,
                                                       size_t images, bitstitch_progress *progress,
                                                       void *context, bitstitch_error *error);

typedef struct bitstitch_layer_bound {
    double local_error; /* squared: quantized against float layer on the same input, all positions */
    double lipschitz;   /* constant of the float network behind the layer's output */
    double frobenius, spectral, hybrid; /* contributions to the bounds, in units of the output */
} bitstitch_layer_bound;
/* BITSTITCH_INVALID before bitstitch_compute_bound(). */
BITSTITCH_API bitstitch_status bitstitch_layer_get_bound(bitstitch_layer_bound *bound,
                                                         const bitstitch_result *result, size_t layer,
                                                         bitstitch_error *error);

/* --- exporting ----------------------------------------------------------------------------------------- */

/* Writes the plan with its errors to a file that ends in .csv, the run with all that was measured to one that
 * ends in .json, or the quantized network to one that ends in .onnx; whole or not at all. */
BITSTITCH_API bitstitch_status bitstitch_export(const bitstitch_result *result, const char *path,
                                                bitstitch_error *error);

#ifdef __cplusplus
}
#endif

#endif
