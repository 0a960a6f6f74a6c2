/* SPDX-License-Identifier: MIT */
#include "recorded.h"

#include "explore/activation_memory.h"
#include "views/layer_order.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the numbers ------------------------------------------------------------------------------------- */

typedef struct Row {
    const char *name;
    size_t shape[4]; /* 0 behind the last */
    size_t elements; /* of the input, an image */
    uint64_t macs;
    size_t codes_changed, epochs, polish_epochs;
    double rounding, solved, polished, heldout, local, accumulated;
    double lambda, frobenius, spectral, hybrid, alone;
    size_t correct;                     /* images of 1024 */
    double estimate, rounding_estimate; /* at 4 bits */
} Row;

static const Row rows[RECORDED_LAYERS] = {
    {"stem.0", {16, 1, 3, 3}, 784,      112896,   2,        6,        5,
     2.38e-05, 1.07e-05,      1.07e-05, 1.15e-05, 1.07e-05, 1.07e-05, 2.51e+08,
     2.56e+20, 3.49e+09,      0.307,    0.307,    948,      0.00323,  0.0057},
    {"blocks.0.a.0", {16, 16, 3, 3}, 12544,    1806336,  283,     7,        6,
     0.00262,        0.00065,        0.000582, 0.000564, 0.00059, 0.000586, 7.47e+07,
     1.77e+20,       8.58e+09,       1.6,      1.6,      948,     0.000234, 0.0026},
    {"blocks.0.b.0", {16, 16, 3, 3}, 12544,   1806336, 260,     8,        7,
     0.00381,        0.00198,        0.00171, 0.00179, 0.00137, 0.00175,  1.73e+07,
     1.58e+19,       2.61e+09,       1.55,    1.55,    948,     0.000918, 0.00327},
    {"blocks.1.a.0", {16, 16, 3, 3}, 12544,   1806336, 261,     9,       8,
     0.00421,        0.00193,        0.00175, 0.00181, 0.00116, 0.00177, 6.84e+06,
     1.61e+18,       9.92e+08,       1.59,    1.59,    949,     0.00073, 0.0033},
    {"blocks.1.b.0", {16, 16, 3, 3}, 12544,   1806336, 250,     10,       5,
     0.00393,        0.00219,        0.00212, 0.00217, 0.00126, 0.00217,  1.44e+06,
     1.39e+17,       2.47e+08,       1.28,    1.28,    949,     0.000842, 0.00258},
    {"blocks.2.a.0", {16, 16, 3, 3}, 12544,  1806336, 199,     6,        6,
     0.00365,        0.00188,        0.0018, 0.00183, 0.00108, 0.00183,  7e+05,
     1.69e+16,       9.77e+07,       1.33,   1.33,    948,     0.000775, 0.00268},
    {"blocks.2.b.0", {16, 16, 3, 3}, 12544,   1806336, 237,      7,        7,
     0.00227,        0.00133,        0.00131, 0.00133, 0.000626, 0.00133,  1.96e+05,
     1.33e+15,       2.21e+07,       1.01,    1.01,    949,      0.000406, 0.00137},
    {"blocks.3.a.0", {32, 16, 3, 3}, 12544,  903168,  487,      8,        8,
     0.00364,        0.00196,        0.0018, 0.00178, 0.000985, 0.0018,   1.24e+05,
     2.05e+14,       1.2e+07,        1.08,   1.08,    950,      0.000718, 0.0025},
    {"blocks.3.b.0", {32, 32, 3, 3}, 6272,    1806336, 994,    9,       5,
     0.00539,        0.00269,        0.00251, 0.00258, 0.0015, 0.00253, 3.27e+04,
     1.43e+13,       3.77e+06,       1.17,    1.17,    950,    0.00108, 0.00398},
    {"blocks.3.down.0", {32, 16, 1, 1}, 3136,   100352,  31,      10,      6,
     0.00444,           0.0034,         0.0033, 0.00355, 0.00201, 0.00331, 3.27e+04,
     1.52e+13,          4.03e+06,       1.4,    1.4,     949,     0.0021,  0.00305},
    {"blocks.4.a.0", {32, 32, 3, 3}, 6272,    1806336, 1013,   6,       7,
     0.00401,        0.00198,        0.00183, 0.00193, 0.0011, 0.00188, 1.54e+04,
     1.31e+12,       1.57e+06,       1.1,     1.1,     949,    0.00074, 0.00296},
    {"blocks.4.b.0", {32, 32, 3, 3}, 6272,    1806336, 982,      7,       8,
     0.00343,        0.00186,        0.00171, 0.00176, 0.000952, 0.00175, 3.66e+03,
     7.75e+10,       4e+05,          0.859,   0.859,   948,      0.00072, 0.00243},
    {"blocks.5.a.0", {32, 32, 3, 3}, 6272,    1806336, 1007,     8,        5,
     0.0032,         0.00162,        0.00148, 0.00148, 0.000807, 0.00151,  2.09e+03,
     9.39e+09,       1.89e+05,       0.618,   0.618,   949,      0.000618, 0.00232},
    {"blocks.5.b.0", {32, 32, 3, 3}, 6272,    1806336, 997,      9,        6,
     0.00214,        0.00123,        0.00113, 0.0012,  0.000519, 0.00116,  587,
     6.09e+08,       4.34e+04,       0.576,   0.576,   949,      0.000379, 0.00139},
    {"blocks.6.a.0", {64, 32, 3, 3}, 6272,    903168,  2018,     10,       7,
     0.00356,        0.00172,        0.00159, 0.00165, 0.000877, 0.00162,  420,
     9.32e+07,       2.75e+04,       1.05,    1.05,    949,      0.000643, 0.00259},
    {"blocks.6.b.0", {64, 64, 3, 3}, 3136,    1806336, 4280,     6,        8,
     0.00359,        0.00166,        0.00151, 0.00155, 0.000865, 0.00156,  137,
     4.44e+06,       8.33e+03,       1.26,    1.26,    949,      0.000584, 0.00273},
    {"blocks.6.down.0", {64, 32, 1, 1}, 1568, 100352,  163,      7,   5,   0.00397, 0.00292, 0.00277, 0.00278,
     0.00182,           0.00279,        137,  5.1e+06, 9.57e+03, 1.4, 1.4, 948,     0.00195, 0.00294},
    {"blocks.7.a.0", {64, 64, 3, 3}, 3136,    1806336, 4206,    8,        6,
     0.00407,        0.00221,        0.00204, 0.00216, 0.00133, 0.00213,  35.2,
     2.39e+05,       2.75e+03,       1.56,    1.56,    950,     0.000963, 0.00294},
    {"blocks.7.b.0", {64, 64, 3, 3}, 3136, 1806336,  4190, 9,    7,    0.00368, 0.00192,  0.00178, 0.00198,
     0.000958,       0.00186,        7.65, 8.71e+03, 470,  1.08, 1.08, 951,     0.000651, 0.00256},
    {"blocks.8.a.0", {64, 64, 3, 3}, 3136, 1806336, 4197, 10,    8,     0.00145, 0.000704, 0.000647, 0.0007,
     0.00032,        0.000674,       2.14, 565,     104,  0.995, 0.995, 951,     0.000202, 0.001},
    {"blocks.8.b.0", {64, 64, 3, 3}, 3136,  1806336, 4511, 6,   5,   0.00107, 0.00047,  0.000438, 0.000479,
     0.000148,       0.000451,       0.266, 25.3,    11.3, 0.9, 0.9, 951,     6.53e-05, 0.000725},
    {"fc",     {10, 64, 0, 0}, 64, 640,   184,   7,     6,     0.00039, 0.000361, 0.000358, 0.000394,
     2.02e-05, 0.000362,       1,  0.797, 0.797, 0.797, 0.797, 951,     0.000258, 0.00218},
};

static const struct {
    unsigned bits, first, last, one; /* one: width of layer 2 */
    size_t correct, lost, gained;
    double measured, hybrid, spectral;
    bool evaluated;
    size_t certified; /* of 1024, by the hybrid bound */
} visited[RECORDED_VISITS] = {
    {4, 8, 8, 4, 9350, 20, 16, 0.0189, 0.138, 9.02e7, true, 918},
    {8, 8, 8, 8, 9354, 2, 2, 0.0011, 0.0086, 5.6e6, true, 1010},
    {3, 8, 8, 3, 9335, 61, 42, 0.0391, 0.279, 1.9e8, true, 850},
    {2, 8, 8, 2, 9292, 141, 79, 0.0902, 0.588, 4.5e8, true, 702},
    {3, 8, 8, 8, 9331, 63, 40, 0.0372, 0.251, 7.1e7, true, 861},
    {2, 2, 2, 2, 0, 0, 0, 0, 0, 0, false, 0},
};

static const HelpLine help[] = {
    {"Move and mark", "k Up", "the layer above", false, NULL, NULL},
    {"Move and mark", "j Down", "the layer below", false, NULL, "down"},
    {"Move and mark", "w", "the layer that costs most", false, NULL, "worst"},
    {"Move and mark", "Space", "mark the layer, or take its mark away", false, NULL, NULL},
    {"Move and mark", "s", "sort by the next column", false, NULL, NULL},
    {"Move and mark", "/", "show the layers whose names hold a text", false, NULL, NULL},
    {"Choose", "2-8", "weight bits of the marked layers, or of this one", true, "weight bits", "weight-bits"},
    {"Choose", "f 0", "float weights", false, NULL, NULL},
    {"Choose", "+ =", "a weight bit more", false, NULL, "raise"},
    {"Choose", "-", "a weight bit less", false, NULL, "lower"},
    {"Choose", "a", "activation bits, by the key that follows", true, "activations", "activation-bits"},
    {"Choose", "m", "the next method", false, NULL, NULL},
    {"Choose", "F", "the next effort", false, NULL, "effort"},
    {"Choose", "i", "calibrate behind quantized layers, or behind float ones", false, NULL, "mode"},
    {"Choose", "E", "error-compensated activations on or off", false, NULL, "compensated"},
    {"Choose", "u", "undo", true, "undo", "undo"},
    {"Choose", "r Ctrl-R", "redo", false, NULL, NULL},
    {"Work", "p", "pause and go on", true, "pause", NULL},
    {"Work", "x", "cancel the work, or take it up again", false, NULL, NULL},
    {"Work", "c", "compare all methods on this layer", true, "compare", "compare"},
    {"Work", "W", "solve this layer at every width", false, NULL, "widths"},
    {"Look", "Tab", "the next panel", true, "panel", NULL},
    {"Look", "v", "the panel's next page", true, "page", NULL},
    {"Look", "z", "this panel alone, or all", false, NULL, NULL},
    {"Look", "h Left", "the chart's point to the left", false, NULL, NULL},
    {"Look", "l Right", "the chart's point to the right", false, NULL, NULL},
    {"Look", "Enter", "all about this layer", false, NULL, "details"},
    {"Look", "X", "accuracy by another cost", false, NULL, "pareto-axis"},
    {"Look", "V", "plans visited: compare, go back to one", false, NULL, "visits"},
    {"Files", "e", "export the plan and its results", true, "export", NULL},
    {"Files", "o", "open another network", false, NULL, NULL},
    {"Program", "L", "the lesson: begin, end", true, "lesson", "lesson"},
    {"Program", "n", "the lesson's next step", false, NULL, "lesson-next"},
    {"Program", "N", "the lesson's step before", false, NULL, "lesson-previous"},
    {"Program", "q", "quit", false, NULL, NULL},
    {"Program", "?", "this list", true, "help", NULL},
};

/* --- network ----------------------------------------------------------------------------------------- */

/* A bell: the sum of three waves that do not repeat. */
static void fill_weights(Recorded *recorded)
{
    for (size_t i = 0; i < RECORDED_WEIGHTS; i++) {
        const double x = (double)i;
        recorded->weights[i] = (float)(0.05 * (sin(1.3 * x) + sin(2.7 * x + 1) + sin(0.61 * x * x)));
    }
}

static void fill_layer(Recorded *recorded, size_t l)
{
    const Row *row = &rows[l];
    size_t rank = row->shape[2] ? 4 : 2, n = row->shape[1] * (rank == 4 ? row->shape[2] * row->shape[3] : 1);
    recorded->layers[l] = (Layer){.name = row->name,
                                  .operator_name = rank == 4 ? "Conv" : "Gemm",
                                  .groups = 1,
                                  .m = row->shape[0],
                                  .n = n,
                                  .weight_rank = rank,
                                  .has_bias = true,
                                  .weights = recorded->weights,
                                  .parameters = row->shape[0] * (n + 1),
                                  .macs = row->macs,
                                  .use_count = 1,
                                  .uses = &recorded->uses[l],
                                  .first = l == 0,
                                  .last = l + 1 == RECORDED_LAYERS};
    for (size_t i = 0; i < rank; i++) recorded->layers[l].weight_shape[i] = row->shape[i];
}

/* Returns the value that the node computes. */
static size_t add_node(Recorded *recorded, const char *name, size_t layer, size_t input, size_t other)
{
    Network *network = &recorded->network;
    const size_t node = network->node_count++;
    recorded->inputs[node][0] = input;
    recorded->inputs[node][1] = other;
    recorded->nodes[node] =
        (Node){.name = name,
               .operator_name = layer == NO_INDEX ? "Add" : recorded->layers[layer].operator_name,
               .input_count = layer == NO_INDEX ? 2 : 1,
               .inputs = recorded->inputs[node],
               .output = node + 1,
               .layer = layer};
    if (layer != NO_INDEX) recorded->uses[layer] = node;
    return node + 1;
}

/* Blocks of two layers and an Add, with a third layer on the shortcut where sizes change. */
static void fill_nodes(Recorded *recorded)
{
    size_t at = 0, start = 0, shortcut = 0; /* values */
    for (size_t l = 0; l < RECORDED_LAYERS; l++) {
        const char *name = rows[l].name;
        const bool block = strncmp(name, "blocks.", 7) == 0, down = strstr(name, ".down") != NULL;
        if (block && strstr(name, ".a.0")) start = shortcut = at;
        recorded->values[down ? start : at].elements = rows[l].elements;
        if (down)
            shortcut = add_node(recorded, name, l, start, 0);
        else
            at = add_node(recorded, name, l, at, 0);
        const bool ends = block && !strstr(name, ".a.0") &&
                          (l + 1 == RECORDED_LAYERS || !strstr(rows[l + 1].name, ".down"));
        if (ends) at = add_node(recorded, "add", NO_INDEX, at, shortcut);
    }
    recorded->network.output = at;
}

static void fill_network(Recorded *recorded)
{
    fill_weights(recorded);
    for (size_t l = 0; l < RECORDED_LAYERS; l++) fill_layer(recorded, l);
    recorded->network = (Network){.path = "resnet20.onnx",
                                  .value_count = RECORDED_NODES + 1,
                                  .layer_count = RECORDED_LAYERS,
                                  .values = recorded->values,
                                  .nodes = recorded->nodes,
                                  .layers = recorded->layers,
                                  .output_elements = 10};
    fill_nodes(recorded);
}

/* --- results ----------------------------------------------------------------------------------------- */

/* The objective has the ridge's term on top of the error. */
static SolveProgress progress_of(SolveStage stage, size_t epoch, unsigned bits, double error, size_t changed)
{
    return (SolveProgress){.stage = stage,
                           .epoch = epoch,
                           .bits = bits,
                           .objective = 1.3 * error,
                           .error = error,
                           .codes_changed = changed};
}

/* An epoch's error nears its end by a constant factor; its digits gain one after the other. */
static void fill_trace(Recorded *recorded, size_t l)
{
    const Row *row = &rows[l];
    unsigned bits = recorded->plan->layers[l].weight_bits;
    SolveProgress *trace = recorded->traces[l];
    size_t count = 0;
    double before = row->rounding, rest = row->rounding - row->solved;
    trace[count++] = progress_of(SOLVE_STAGE_START, 0, bits, before, 0);
    for (size_t e = 1; e <= row->epochs; e++) {
        rest = e < row->epochs ? rest * 0.3 : 0;
        SolveProgress *step = &trace[count++];
        *step = progress_of(SOLVE_STAGE_DIGITS, e, bits, row->solved + rest, 100 / e);
        for (unsigned d = 0; d + 1 < bits; d++)
            step->error_after_digit[bits - 2 - d] = before + (step->error - before) * (d + 1) / (bits - 1);
        before = step->error;
    }
    rest = row->solved - row->polished;
    for (size_t e = 1; e <= row->polish_epochs; e++) {
        rest = e < row->polish_epochs ? rest * 0.25 : 0;
        trace[count++] = progress_of(SOLVE_STAGE_CODES, e, bits, row->polished + rest, 40 / e);
    }
    recorded->solved[l].trace = trace;
    recorded->solved[l].trace_count = count;
}

static void fill_result(Recorded *recorded, size_t l)
{
    const Row *row = &rows[l];
    for (size_t i = 0; i < row->shape[0]; i++) recorded->scales[l][i] = 0.05F + 0.001F * (float)(i * 7 % 40);
    recorded->solved[l].result = (LayerResult){.bits = recorded->plan->layers[l].weight_bits,
                                               .activation_bits = BITS_FLOAT,
                                               .method = METHOD_BITSPLIT,
                                               .rounding_error = row->rounding,
                                               .bitsplit_error = row->solved,
                                               .polished_error = row->polished,
                                               .heldout_error = row->heldout,
                                               .accumulated_error = NAN,
                                               .sqnr_db = 26.7,
                                               .rows = 12000,
                                               .heldout_rows = 2000,
                                               .codes_changed = row->codes_changed,
                                               .epochs = row->epochs,
                                               .polish_epochs = row->polish_epochs,
                                               .ridge = 0.1,
                                               .scales = recorded->scales[l]};
}

/* A bell: (1 - x^2)^4 over -1..1. */
static void fill_bell(Histogram *histogram, double low, double high, double middle, double reach,
                      double height)
{
    *histogram = (Histogram){.low = low, .high = high};
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        double x = (low + ((double)i + 0.5) * (high - low) / HISTOGRAM_BINS - middle) / reach;
        double bell = x * x < 1 ? (1 - x * x) * (1 - x * x) * (1 - x * x) * (1 - x * x) : 0;
        histogram->counts[i] = (size_t)(height * bell);
        histogram->total += histogram->counts[i];
    }
}

static void fill_codes(Recorded *recorded, size_t l)
{
    Solved *solved = &recorded->solved[l];
    solved->pair = (TwoWeights){.known = true,
                                .channel = l,
                                .inputs = {3 * l, 3 * l + 1},
                                .scale = 0.04,
                                .weights = {0.3 + 0.4 * (double)(l % 3), -1.45},
                                .h = {{1, 0.7}, {0.7, 0.8}},
                                .bits = recorded->plan->layers[l].weight_bits};
    int most = (1 << (recorded->plan->layers[l].weight_bits - 1)) - 1;
    fill_bell(&solved->weight_histogram, -most - 0.5, most + 0.5, 0, 0.9 * most, 40);
    fill_bell(&solved->inputs, 0, 3.2, 0, 3, 90);
    for (int q = -most; q <= most; q++) {
        double x = (double)q / (0.95 * most), bell = x * x < 1 ? (1 - x * x) * (1 - x * x) : 0;
        solved->codes[q + 127] = (size_t)(300 * bell * bell);
        for (unsigned p = 0; p + 2 <= recorded->plan->layers[l].weight_bits; p++) {
            unsigned magnitude = (unsigned)(q < 0 ? -q : q), digit = magnitude >> p & 1;
            solved->digits[p][digit == 0 ? 1 : q < 0 ? 0 : 2] += solved->codes[q + 127];
        }
    }
}

static void fill_state(Recorded *recorded, size_t l)
{
    const Row *row = &rows[l];
    LayerSnapshot *state = &recorded->states[l];
    *state = (LayerSnapshot){
        .state = LAYER_SOLVED, .solved = &recorded->solved[l], .accumulated_error = row->accumulated};
    state->input_floor = 0.1 * row->polished;
    double factor = 16;
    for (unsigned b = 0; b <= SOLVE_MAX_BITS; b++) {
        bool known = b >= SOLVE_MIN_BITS;
        state->estimate[b] = known ? row->estimate * factor : NAN;
        state->rounding_estimate[b] = known ? row->rounding_estimate * factor * (b < 4 ? 1.5 : 1) : NAN;
        state->local[b] = NAN;
        state->measured[b] = b == recorded->plan->layers[l].weight_bits ? row->polished : NAN;
        if (known) factor /= 4;
    }
    for (unsigned m = 0; m < METHOD_COUNT; m++) state->methods[m] = NAN;
    state->methods[METHOD_BITSPLIT] = row->polished;
    state->clipping.errors = clipping_unknown();
    for (size_t i = 0; i < CLIPPING_RANGES; i++) state->clipping.accuracy[i] = NAN;
}

/* Rounding grows with the square of the range, clipping falls with the tail of the weights. */
static void fill_clipping(ClippingStudy *study)
{
    study->images = 500;
    study->labelled = true;
    for (size_t i = 0; i < CLIPPING_RANGES; i++) {
        const double range = clipping_range(i), tail = range < 1 ? exp(-9 * range) - exp(-9) : 0;
        Clipping *errors = &study->errors;
        errors->rounding[i] = 0.0075 * range * range;
        errors->clipping[i] = 0.4 * tail;
        errors->error[i] = errors->rounding[i] + 1.1 * errors->clipping[i];
        errors->weight_rounding[i] = 3 * errors->rounding[i];
        errors->weight_clipping[i] = 2 * errors->clipping[i];
        errors->solved[i] = 0.3 * errors->rounding[i] + 0.5 * errors->clipping[i];
        errors->heldout[i] = 1.05 * errors->solved[i];
        study->accuracy[i] = 0.938 - errors->error[i];
    }
}

static void fill_layers(Recorded *recorded)
{
    for (size_t l = 0; l < RECORDED_LAYERS; l++) {
        fill_result(recorded, l);
        fill_trace(recorded, l);
        fill_codes(recorded, l);
        fill_state(recorded, l);
        recorded->norms[recorded->uses[l]] =
            (LayerNorm){4.1 + (double)l, 2.02 + 0.1 * (double)l, 2.05 + 0.1 * (double)l, "certificate"};
    }
    /* a layer on which every method and every width was tried */
    LayerSnapshot *tried = &recorded->states[3];
    tried->methods[METHOD_CODE_DESCENT] = 1.83e-3;
    tried->methods[METHOD_GPTQ] = 2.11e-3;
    tried->methods[METHOD_GPTQ_POLISH] = 1.71e-3;
    tried->methods[METHOD_ROUND_MSE] = 4.21e-3;
    tried->methods[METHOD_ROUND_MINMAX] = 6.08e-3;
    double factor = 17;
    for (unsigned b = SOLVE_MIN_BITS; b <= SOLVE_MAX_BITS; b++, factor /= 4)
        tried->local[b] = 0.55 * rows[3].polished * factor;
    tried->swept = true;
    fill_clipping(&tried->clipping);
}

static void fill_ladder(Recorded *recorded)
{
    Ladder *ladder = &recorded->snapshot.ladder;
    *ladder = (Ladder){.images = 1024,
                       .labelled = true,
                       .layer_count = RECORDED_LAYERS,
                       .steps = recorded->steps,
                       .output_norm = 178.06,
                       .measured = 3.3686,
                       .costliest = 1,
                       .certified = {0, 918, 975, 1004, 1020, 1012},
                       .stages = 4,
                       .kept = 1020,
                       .correct = 948};
    for (size_t l = 0; l < RECORDED_LAYERS; l++) {
        const Row *row = &rows[l];
        const size_t gained = row->correct > 948 ? row->correct - 948 + l / 8 : l / 8;
        recorded->steps[l] = (LadderStep){.quantized = true,
                                          .local_error = row->local,
                                          .lambda = row->lambda,
                                          .frobenius = row->frobenius,
                                          .spectral = row->spectral,
                                          .hybrid = row->hybrid,
                                          .alone = row->alone,
                                          .lost = 948 + gained - row->correct,
                                          .gained = gained,
                                          .ally = NO_INDEX,
                                          .opponent = NO_INDEX,
                                          .hybrid_correct = row->correct};
        if (l == 3 || l == 4) {
            recorded->steps[l].opponent = 7 - l;
            recorded->steps[l].opposition = -0.41;
        }
        ladder->frobenius += row->frobenius;
        ladder->spectral += row->spectral;
        ladder->hybrid += row->hybrid;
    }
}

/* --- accuracy ---------------------------------------------------------------------------------------- */

static Evaluation evaluation_of(size_t images, size_t correct, size_t lost, size_t gained)
{
    return (Evaluation){.images = images,
                        .total = 10000,
                        .labelled = true,
                        .compared = true,
                        .classes = 10,
                        .reference = {.top1_correct = correct + lost - gained},
                        .quantized = {.top1_correct = correct},
                        .agreeing = images - lost - gained - 5,
                        .lost = lost,
                        .gained = gained,
                        .output_sqnr_db = 34.16};
}

static bool fill_visits(Recorded *recorded)
{
    for (size_t i = 0; i < RECORDED_VISITS; i++) {
        VisitedPlan *visit = &recorded->visited[i];
        recorded->visit_list[i] = visit;
        if (plan_copy(&recorded->visited_plans[i], recorded->plan, NULL) != STATUS_OK) return false;
        Plan *plan = recorded->visited_plans[i];
        visit->plan = plan;
        plan_set_bits(plan, &recorded->network, visited[i].bits, visited[i].first, visited[i].last);
        plan->layers[1].weight_bits = (uint8_t)visited[i].one;
        visit->number = i + 1;
        visit->totals = plan_totals(plan, &recorded->network);
        visit->evaluated = visit->bounded = visited[i].evaluated;
        visit->measured = visited[i].measured;
        visit->hybrid = visited[i].hybrid;
        visit->spectral = visited[i].spectral;
        if (activation_peak_bytes(&visit->activation_bytes, plan, &recorded->network, NULL) != STATUS_OK)
            return false;
        visit->certified_of = visited[i].evaluated ? 1024 : 0;
        for (Certificate c = CERTIFIED_NORMS; c < CERTIFICATE_COUNT; c++)
            visit->certified[c] = visited[i].certified;
        if (visited[i].evaluated)
            visit->accuracy = evaluation_of(10000, visited[i].correct, visited[i].lost, visited[i].gained);
    }
    return true;
}

static void fill_stream(Scene *scene, size_t count)
{
    scene->stream_count = count;
    for (size_t i = 0; i < count; i++) {
        double wobble = (double)(i * 37 % 11) - 5;
        scene->stream_images[i] = 250 * (double)(i + 1);
        scene->stream_top1[i] = 0.935 + wobble * 0.004 / (double)(i + 1);
    }
}

/* --- changed images ---------------------------------------------------------------------------------- */

/* A shirt-like shape, wider or narrower by image, with a lit left side. */
static void fill_picture(unsigned char picture[28][28], size_t image)
{
    for (int y = 0; y < 28; y++) {
        for (int x = 0; x < 28; x++) {
            const int from_middle = x < 14 ? 13 - x : x - 14;
            const int reach = y < 3 ? 0 : y < 9 ? 13 - (int)image : 6 + (int)image / 2;
            picture[y][x] = (unsigned char)(from_middle < reach && y < 26 ? 250 - 5 * x - 2 * y : 0);
        }
    }
}

/* Pulls that add up to the margins of the changed images. */
static void fill_ledger(Recorded *recorded)
{
    Ledger *ledger = &recorded->ledger;
    *ledger = (Ledger){.image_count = RECORDED_CHANGES,
                       .layer_count = RECORDED_LAYERS,
                       .margins = recorded->margins,
                       .pulls = &recorded->pulls[0][0]};
    for (size_t i = 0; i < RECORDED_CHANGES; i++) {
        const ImageChange *image = &recorded->changes.images[i];
        double rest = image->margin - image->float_margin;
        for (size_t l = 1; l < RECORDED_LAYERS; l++) {
            recorded->pulls[i][l] = 0.06 * sin(1.7 * (double)(l + i) + (double)(l * i));
            rest -= recorded->pulls[i][l];
        }
        recorded->pulls[i][0] = rest;
        recorded->margins[i] = (LedgerMargins){image->float_margin, image->margin};
    }
    recorded->snapshot.ledger = ledger;
}

static void fill_changes(Recorded *recorded)
{
    static const double margins[RECORDED_CHANGES] = {-0.412, -0.153, -0.021, 0.008, 0.035};
    static const size_t labels[RECORDED_CHANGES] = {6, 4, 6, 2, 0},
                        others[RECORDED_CHANGES] = {0, 2, 4, 6, 6};
    ChangedImages *changes = &recorded->changes;
    *changes = (ChangedImages){.count = RECORDED_CHANGES,
                               .changed_count = 3,
                               .changed_total = 3,
                               .height = 28,
                               .width = 28,
                               .channels = 1,
                               .pixels = &recorded->pixels[0][0][0]};
    for (size_t i = 0; i < RECORDED_CHANGES; i++) {
        const bool changed = margins[i] < 0;
        changes->images[i] = (ImageChange){
            .image = 40 + 977 * i,
            .label = i == 1 ? others[i] : labels[i],
            .float_class = labels[i],
            .quantized_class = changed ? others[i] : labels[i],
            .rival = others[i],
            .margin = margins[i],
            .float_margin = 0.25 + 0.1 * (double)i,
            .class_count = 5,
            .classes = {labels[i], others[i], 3, 8, 9},
            .float_share = {0.51F, 0.38F, 0.08F, 0.02F, 0.01F},
            .quantized_share = {changed ? 0.4F : 0.46F, changed ? 0.5F : 0.44F, 0.07F, 0.02F, 0.01F}};
        fill_picture(recorded->pixels[i], i);
    }
    recorded->snapshot.changes = changes;
    recorded->snapshot.changes_current = true;
    fill_ledger(recorded);
}

/* --- scene ------------------------------------------------------------------------------------------- */

static bool fill_snapshot(Recorded *recorded)
{
    Snapshot *snapshot = &recorded->snapshot;
    *snapshot = (Snapshot){.number = 7,
                           .totals = plan_totals(recorded->plan, &recorded->network),
                           .activity = ACTIVITY_IDLE,
                           .layer = NO_INDEX,
                           .layers_done = RECORDED_LAYERS,
                           .fraction = 1,
                           .seconds_left = 0,
                           .layer_count = RECORDED_LAYERS,
                           .layers = recorded->states,
                           .node_count = RECORDED_NODES,
                           .norms = recorded->norms,
                           .ladder_current = true,
                           .ladder_fraction = 1,
                           .accuracy = evaluation_of(10000, 9350, 20, 16),
                           .accuracy_current = true,
                           .visited_count = RECORDED_VISITS,
                           .visited = recorded->visit_list};
    fill_layers(recorded);
    fill_ladder(recorded);
    fill_changes(recorded);
    if (plan_copy(&recorded->pursued, recorded->plan, NULL) != STATUS_OK) return false;
    snapshot->plan = recorded->pursued;
    return fill_visits(recorded);
}

static char *class_names[] = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                              "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

static void fill_scene(Recorded *recorded)
{
    Scene *scene = &recorded->scene;
    scene->network = &recorded->network;
    scene->title = "resnet20";
    scene->images_title = "fashion-mnist";
    scene->class_names = class_names;
    scene->class_count = sizeof class_names / sizeof *class_names;
    scene->snapshot = &recorded->snapshot;
    scene->plan = recorded->plan;
    for (size_t i = 0; i < PANEL_COUNT; i++) scene->chart_cursor[i] = SIZE_MAX;
    scene->order = recorded->order;
    scene->marked = recorded->marked;
    scene->notes = recorded->notes;
    scene->note_count = RECORDED_VISITS;
    snprintf(recorded->notes[0].name, PLAN_NAME_BYTES, "the paper's");
    snprintf(recorded->notes[4].name, PLAN_NAME_BYTES, "layer 2 at 8 bits");
    snprintf(recorded->notes[4].note, PLAN_NOTE_BYTES, "does one layer's width pay?");
    scene->help = help;
    scene->help_count = sizeof help / sizeof *help;
    fill_stream(scene, 40);
    layer_order_update(scene);
    layer_order_go(scene, 3);
}

Recorded *recorded_create(void)
{
    Recorded *recorded = calloc(1, sizeof *recorded);
    if (!recorded) return NULL;
    fill_network(recorded);
    const bool planned = plan_create(&recorded->plan, &recorded->network, NULL) == STATUS_OK;
    if (planned) plan_set_effort(recorded->plan, EFFORT_FAST); /* what was recorded was solved by bit-split */
    if (!planned || !fill_snapshot(recorded)) {
        recorded_free(recorded);
        return NULL;
    }
    fill_scene(recorded);
    return recorded;
}

void recorded_free(Recorded *recorded)
{
    if (!recorded) return;
    plan_drop(recorded->plan);
    plan_drop(recorded->pursued);
    for (size_t i = 0; i < RECORDED_VISITS; i++) plan_drop(recorded->visited_plans[i]);
    free(recorded);
}

/* --- moments ----------------------------------------------------------------------------------------- */

static void forget_layer(LayerSnapshot *state)
{
    state->state = LAYER_WAITING;
    state->solved = NULL;
    state->accumulated_error = NAN;
    for (unsigned b = 0; b <= SOLVE_MAX_BITS; b++) state->measured[b] = NAN;
    for (unsigned m = 0; m < METHOD_COUNT; m++) state->methods[m] = NAN;
}

static void forget_accuracy(Recorded *recorded)
{
    recorded->snapshot.accuracy = (Evaluation){0};
    recorded->snapshot.changes = NULL;
    recorded->snapshot.ledger = NULL;
    recorded->snapshot.visited_count = 0;
    recorded->snapshot.visit = NO_INDEX;
    recorded->scene.stream_count = 0;
}

static void show_solving(Recorded *recorded, bool solving)
{
    Snapshot *snapshot = &recorded->snapshot;
    size_t at = solving ? 8 : 0;
    forget_accuracy(recorded);
    for (size_t l = at; l < RECORDED_LAYERS; l++) forget_layer(&recorded->states[l]);
    snapshot->ladder = (Ladder){0};
    snapshot->norms = NULL;
    snapshot->activity = solving ? ACTIVITY_SOLVING : ACTIVITY_CALIBRATING;
    snapshot->layer = at;
    snapshot->layers_done = at;
    snapshot->fraction = solving ? 0.37 : 0.02;
    snapshot->seconds_left = solving ? 58 : NAN;
    recorded->states[at].state = solving ? LAYER_SOLVING : LAYER_CALIBRATING;
    layer_order_go(&recorded->scene, at);
    if (!solving) return;
    snapshot->trace = recorded->traces[at];
    snapshot->trace_count = 6;
}

static void show_evaluating(Recorded *recorded)
{
    Snapshot *snapshot = &recorded->snapshot;
    snapshot->activity = ACTIVITY_EVALUATING;
    snapshot->fraction = 0.3;
    snapshot->seconds_left = 22;
    snapshot->accuracy = evaluation_of(3000, 2806, 7, 5);
    snapshot->changes = NULL;
    snapshot->ledger = NULL;
    snapshot->visited_count = 0;
    snapshot->visit = NO_INDEX;
    recorded->scene.stream_count = 12;
}

void recorded_show(Recorded *recorded, Moment moment)
{
    if (moment == MOMENT_OPENING) {
        recorded->scene.snapshot = NULL;
        recorded->scene.images_title = "";
        recorded->scene.stream_count = 0;
    } else if (moment == MOMENT_CALIBRATING || moment == MOMENT_SOLVING) {
        show_solving(recorded, moment == MOMENT_SOLVING);
    } else if (moment == MOMENT_BOUNDING) {
        forget_accuracy(recorded);
        recorded->snapshot.ladder = (Ladder){0};
        recorded->snapshot.activity = ACTIVITY_BOUNDING;
        recorded->snapshot.fraction = 0.6;
        recorded->snapshot.seconds_left = 130;
    } else if (moment == MOMENT_EVALUATING) {
        show_evaluating(recorded);
    }
}

void recorded_quantize_inputs(Recorded *recorded)
{
    recorded->input_scale = 0.0123F;
    plan_set_activation_bits(recorded->plan, &recorded->network, 8);
    plan_set_activation_bits(recorded->pursued, &recorded->network, 8);
    for (size_t l = 1; l < RECORDED_LAYERS; l++) {
        LayerResult *result = &recorded->solved[l].result;
        result->activation_bits = 8;
        result->input_scale_count = 1;
        result->input_scales = &recorded->input_scale;
        result->clipped = 0.0007;
        result->exact = true;
        fill_bell(&recorded->solved[l].inputs, 0, 256, 0, 250, 90);
    }
}

void recorded_pin(Recorded *recorded)
{
    Snapshot *pinned = &recorded->pinned;
    *pinned = recorded->snapshot;
    pinned->plan = recorded->visited_plans[2];
    pinned->layers = recorded->pinned_states;
    pinned->ladder.steps = recorded->pinned_steps;
    pinned->ladder.hybrid *= 2;
    pinned->ladder.measured *= 2;
    for (size_t l = 0; l < RECORDED_LAYERS; l++) {
        recorded->pinned_states[l] = recorded->states[l];
        recorded->pinned_steps[l] = recorded->steps[l];
        recorded->pinned_solved[l] = recorded->solved[l];
        recorded->pinned_states[l].solved = &recorded->pinned_solved[l];
        recorded->pinned_solved[l].result.polished_error *= 3.5;
        recorded->pinned_solved[l].result.bits = recorded->visited_plans[2]->layers[l].weight_bits;
        recorded->pinned_steps[l].hybrid *= 2;
        recorded->pinned_steps[l].hybrid_correct -= 2 * l / 3;
    }
    recorded->notes[2].pinned = true;
    snprintf(recorded->notes[2].name, PLAN_NAME_BYTES, "three bits");
    recorded->scene.pinned = pinned;
}
