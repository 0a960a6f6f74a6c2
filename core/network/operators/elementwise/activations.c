/* SPDX-License-Identifier: MIT */
#include "network/operators/elementwise/activations.h"

#include "base/clones.h"
#include "network/operators/elementwise/arithmetic.h"
#include "network/operators/elementwise/exponential.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"

#include <math.h>
#include <string.h>

/* --- functions -------------------------------------------------------------------------------------- */

/* min(max(x, low), high). The comparisons keep a NaN. */
static inline float limit(float x, float low, float high)
{
    const float raised = x < low ? low : x;
    return raised > high ? high : raised;
}

/* log(1 + exp(x)), without overflow */
static inline float softplus(float x)
{
    return (x > 0 ? x : 0) + log1pf(expf(-fabsf(x)));
}

/* x Phi(x), Phi the normal distribution function */
static inline float gelu(float x)
{
    return 0.5f * x * (1 + erff(x * (float)M_SQRT1_2));
}

/* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), which approximates GELU */
static inline float gelu_tanh(float x)
{
    return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
}

/* --- kernels ---------------------------------------------------------------------------------------- */

#define NO_LIMIT 0.0 /* ActivationParameters.slope: no slope is the largest */

static void edge_unary(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const ActivationParameters *parameters = node->parameters;
    if (parameters->slope != NO_LIMIT)
        *edge = edge_slope(parameters->slope);
    else
        edge->reason = "its slope is unbounded";
}

#define FUNCTION(NAME, TYPE, PREPARE, EXPRESSION)                                                            \
    static Status run_##NAME(const KernelRun *run, void *output, const void *const *inputs,                  \
                             Message *message)                                                               \
    {                                                                                                        \
        (void)message;                                                                                       \
        PREPARE;                                                                                             \
        const size_t count = run->values[run->node->output].elements;                                        \
        const TYPE *restrict in = inputs[0];                                                                 \
        TYPE *restrict out = output;                                                                         \
        for (size_t i = 0; i < count; i++) {                                                                 \
            const TYPE x = in[i];                                                                            \
            out[i] = EXPRESSION;                                                                             \
        }                                                                                                    \
        return STATUS_OK;                                                                                    \
    }

static Sign sign_unary(const Node *node)
{
    return ((const ActivationParameters *)node->parameters)->sign;
}

#define KERNEL(NAME)                                                                                         \
    const Kernel kernel_##NAME = {.name = #NAME, .run = run_##NAME, .edge = edge_unary, .sign = sign_unary};

#define UNARY(NAME, EXPRESSION)                                                                              \
    FUNCTION(NAME, float, (void)0, EXPRESSION)                                                               \
    KERNEL(NAME)

/* Functions of many numbers that are worth vector instructions. */
#define CLONED(NAME, EXPRESSION)                                                                             \
    CLONES static void compute_##NAME(float *restrict out, const float *restrict in, size_t count)           \
    {                                                                                                        \
        for (size_t i = 0; i < count; i++) {                                                                 \
            const float x = in[i];                                                                           \
            out[i] = EXPRESSION;                                                                             \
        }                                                                                                    \
    }                                                                                                        \
    static Status run_##NAME(const KernelRun *run, void *output, const void *const *inputs,                  \
                             Message *message)                                                               \
    {                                                                                                        \
        (void)message;                                                                                       \
        compute_##NAME(output, inputs[0], run->values[run->node->output].elements);                          \
        return STATUS_OK;                                                                                    \
    }                                                                                                        \
    KERNEL(NAME)

#define UNARY_WITH(NAME, EXPRESSION)                                                                         \
    FUNCTION(NAME, float,                                                                                    \
             const ActivationParameters p = *(const ActivationParameters *)run->node->parameters,            \
             EXPRESSION)                                                                                     \
    KERNEL(NAME)

FUNCTION(relu, float, (void)0, x < 0 ? 0 : x)
FUNCTION(clip, float, const Clamp p = *(const Clamp *)run->node->parameters, limit(x, p.low, p.high))

static Sign sign_clamp(const Node *node)
{
    return ((const Clamp *)node->parameters)->low >= 0 ? NONNEGATIVE : ANY_SIGN;
}

static const Kernel kernel_relu = {
    .name = "relu", .run = run_relu, .edge = edge_slope_one, .sign = sign_clamp, .clamps = true};
static const Kernel kernel_clip = {
    .name = "clip", .run = run_clip, .edge = edge_slope_one, .sign = sign_clamp, .clamps = true};

CLONED(sigmoid, logistic(x))
CLONED(silu, x *logistic(x))
UNARY(hard_swish, x *limit(x *(1.0f / 6) + 0.5f, 0, 1))
UNARY(tanh, tanhf(x))
UNARY(softplus, softplus(x))
UNARY(softsign, x / (1 + fabsf(x)))
UNARY(gelu, gelu(x))
UNARY(gelu_tanh, gelu_tanh(x))
UNARY(mish, x *tanhf(softplus(x)))
UNARY(erf, erff(x))
UNARY(abs, fabsf(x))
UNARY(neg, -x)
UNARY(sin, sinf(x))
UNARY(cos, cosf(x))
UNARY(exp, expf(x))
UNARY(log, logf(x))
UNARY(sqrt, sqrtf(x))
UNARY(reciprocal, 1 / x)
UNARY(floor, floorf(x))
UNARY(ceil, ceilf(x))
UNARY(round, rintf(x))
UNARY(sign, (float)((x > 0) - (x < 0)))
UNARY_WITH(hard_sigmoid, limit(p.alpha *x + p.beta, 0, 1))
UNARY_WITH(leaky_relu, x < 0 ? p.alpha * x : x)
UNARY_WITH(elu, x < 0 ? p.alpha * expm1f(x) : x)
UNARY_WITH(celu, x < 0 ? p.alpha * expm1f(x / p.alpha) : x)
UNARY_WITH(selu, p.beta *(x < 0 ? p.alpha * expm1f(x) : x))
UNARY_WITH(thresholded_relu, x > p.alpha ? x : 0)

/* Integers and booleans, for subgraphs that compute shapes. */
FUNCTION(neg_integer, int64_t, (void)0, (int64_t)(0 - (uint64_t)x))
FUNCTION(abs_integer, int64_t, (void)0, x < 0 ? (int64_t)(0 - (uint64_t)x) : x)
static const Kernel kernel_neg_integer = {.name = "integer neg", .run = run_neg_integer};
static const Kernel kernel_abs_integer = {
    .name = "integer abs", .run = run_abs_integer, .sign = sign_nonnegative};

/* --- table ------------------------------------------------------------------------------------------ */

typedef struct Unary {
    const char *name;
    const Kernel *kernel;
    Sign sign;
    double slope; /* as ActivationParameters.slope, if it does not depend on attributes */
    double (*slope_of)(double alpha, double beta);
    const char *beta_name; /* name of a second attribute besides alpha */
    float alpha, beta;     /* defaults */
} Unary;

static double slope_hard_sigmoid(double alpha, double beta)
{
    (void)beta;
    return fabs(alpha);
}

static double slope_from_one(double alpha, double beta)
{
    (void)beta;
    return fmax(1, fabs(alpha));
}

static double slope_selu(double alpha, double gamma)
{
    return fabs(gamma) * fmax(1, fabs(alpha));
}

/* The largest slopes: sigmoid s(1 - s) at s = 1/2; hard swish x/3 + 1/2 at x = 3; erf 2/sqrt(pi) at 0; SiLU s
 * + x s(1 - s), GELU Phi + x phi (at sqrt 2), its approximation and Mish found numerically and rounded up. */
static const Unary unaries[] = {
    {"Sigmoid", &kernel_sigmoid, NONNEGATIVE, .slope = 0.25},
    {"SiLU", &kernel_silu, NONNEGATIVE_IF_ALL, .slope = 1.09984},
    {"HardSwish", &kernel_hard_swish, NONNEGATIVE_IF_ALL, .slope = 1.5},
    {"Tanh", &kernel_tanh, NONNEGATIVE_IF_ALL, .slope = 1},
    {"Softplus", &kernel_softplus, NONNEGATIVE, .slope = 1},
    {"Softsign", &kernel_softsign, NONNEGATIVE_IF_ALL, .slope = 1},
    {"Gelu", &kernel_gelu, NONNEGATIVE_IF_ALL, .slope = 1.12891},
    {"GeluTanh", &kernel_gelu_tanh, NONNEGATIVE_IF_ALL, .slope = 1.12900},
    {"Mish", &kernel_mish, NONNEGATIVE_IF_ALL, .slope = 1.08850},
    {"Erf", &kernel_erf, NONNEGATIVE_IF_ALL, .slope = 1.1283792},
    {"Abs", &kernel_abs, NONNEGATIVE, .slope = 1},
    {"Neg", &kernel_neg, ANY_SIGN, .slope = 1},
    {"Sin", &kernel_sin, ANY_SIGN, .slope = 1},
    {"Cos", &kernel_cos, ANY_SIGN, .slope = 1},
    {"Exp", &kernel_exp, NONNEGATIVE, .slope = NO_LIMIT},
    {"Log", &kernel_log, ANY_SIGN, .slope = NO_LIMIT},
    {"Sqrt", &kernel_sqrt, NONNEGATIVE, .slope = NO_LIMIT},
    {"Reciprocal", &kernel_reciprocal, NONNEGATIVE_IF_ALL, .slope = NO_LIMIT},
    {"Floor", &kernel_floor, NONNEGATIVE_IF_ALL, .slope = NO_LIMIT},
    {"Ceil", &kernel_ceil, NONNEGATIVE_IF_ALL, .slope = NO_LIMIT},
    {"Round", &kernel_round, NONNEGATIVE_IF_ALL, .slope = NO_LIMIT},
    {"Sign", &kernel_sign, NONNEGATIVE_IF_ALL, .slope = NO_LIMIT},
    {"HardSigmoid", &kernel_hard_sigmoid, NONNEGATIVE, .slope_of = slope_hard_sigmoid, .beta_name = "beta",
     0.2f, 0.5f},
    {"LeakyRelu", &kernel_leaky_relu, NONNEGATIVE_IF_ALL, .slope_of = slope_from_one, .alpha = 0.01f},
    {"Elu", &kernel_elu, NONNEGATIVE_IF_ALL, .slope_of = slope_from_one, .alpha = 1},
    {"Celu", &kernel_celu, NONNEGATIVE_IF_ALL, .slope = 1, .alpha = 1},
    {"Selu", &kernel_selu, ANY_SIGN, .slope_of = slope_selu, .beta_name = "gamma", 1.67326319217681884765625f,
     1.05070102214813232421875f},
    {"ThresholdedRelu", &kernel_thresholded_relu, NONNEGATIVE_IF_ALL, .slope = NO_LIMIT, .alpha = 1},
};

static const Unary *find_unary(const char *name)
{
    for (size_t i = 0; i < sizeof unaries / sizeof *unaries; i++)
        if (strcmp(unaries[i].name, name) == 0) return &unaries[i];
    return NULL;
}

/* --- build ------------------------------------------------------------------------------------------ */

/* Emits a function of the table on `input`, and binds it to the call's output. */
static Status emit_unary(Call *call, const Unary *unary, size_t input)
{
    Status status = call_needs_float(call, input);
    if (status) return status;
    ActivationParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    parameters->alpha = attribute_float(call, "alpha", unary->alpha);
    parameters->beta = unary->beta_name ? attribute_float(call, unary->beta_name, unary->beta) : 0;
    parameters->sign = unary->sign;
    parameters->slope =
        unary->slope_of ? unary->slope_of((double)parameters->alpha, (double)parameters->beta) : unary->slope;
    return call_emit_elementwise(call, unary->kernel, parameters, unary->name, input, ELEMENT_FLOAT);
}

Status emit_activation(Call *call, const char *name, size_t input)
{
    return emit_unary(call, find_unary(name), input);
}

static Status build_unary(Call *call)
{
    return emit_unary(call, find_unary(call->operator_name), call->inputs[0]);
}

static Status build_relu(Call *call)
{
    Status status = call_needs_float(call, call->inputs[0]);
    if (status) return status;
    Clamp *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = (Clamp){0, INFINITY};
    return call_emit_elementwise(call, &kernel_relu, parameters, NULL, call->inputs[0], ELEMENT_FLOAT);
}

static Status build_gelu(Call *call)
{
    const char *approximate = attribute_text(call, "approximate", "none");
    if (strcmp(approximate, "none") != 0 && strcmp(approximate, "tanh") != 0)
        return call_fail(call, STATUS_INVALID, "approximate '%s' is not known", approximate);
    return emit_unary(call, find_unary(*approximate == 't' ? "GeluTanh" : "Gelu"), call->inputs[0]);
}

/* Neg and Abs, also of integers. */
static Status build_signed(Call *call)
{
    const bool negates = strcmp(call->operator_name, "Neg") == 0;
    if (call_value(call, 0)->type != ELEMENT_INT64) return build_unary(call);
    return call_emit_elementwise(call, negates ? &kernel_neg_integer : &kernel_abs_integer, NULL, NULL,
                                 call->inputs[0], ELEMENT_INT64);
}

/* --- clip ------------------------------------------------------------------------------------------- */

static Status emit_clip(Call *call, float low, float high)
{
    if (isnan(low) || isnan(high)) return call_fail(call, STATUS_INVALID, "a bound is not a number");
    Status status = call_needs_float(call, call->inputs[0]);
    if (status) return status;
    Clamp *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = (Clamp){low, high};
    return call_emit_elementwise(call, &kernel_clip, parameters, NULL, call->inputs[0], ELEMENT_FLOAT);
}

static Status build_clip_by_attributes(Call *call)
{
    const float low = attribute_float(call, "min", -INFINITY);
    return emit_clip(call, low, attribute_float(call, "max", INFINITY));
}

/* Clip with computed bounds, or of integers: as Max and Min. */
static Status clip_by_operands(Call *call)
{
    size_t value = call->inputs[0];
    Status status = STATUS_OK;
    if (call_has(call, 1)) status = emit_binary(call, "Max", value, call->inputs[1], &value);
    if (!status && call_has(call, 2)) status = emit_binary(call, "Min", value, call->inputs[2], &value);
    return status ? status : call_bind(call, 0, value);
}

static Status build_clip(Call *call)
{
    float bounds[2] = {-INFINITY, INFINITY};
    bool fixed = call_value(call, 0)->type == ELEMENT_FLOAT;
    for (size_t i = 1; i <= 2; i++) fixed &= !call_has(call, i) || call_value(call, i)->constant;
    if (!fixed) return clip_by_operands(call);
    for (size_t i = 0; i < 2; i++) {
        if (!call_has(call, i + 1)) continue;
        Status status = call_constant_float(call, i + 1, &bounds[i]);
        if (status) return status;
    }
    return emit_clip(call, bounds[0], bounds[1]);
}

const Operator operators_activations[] = {
    {"Relu", 7, 21, 1, 1, build_relu},         {"Clip", 7, 10, 1, 1, build_clip_by_attributes},
    {"Clip", 11, 21, 1, 3, build_clip},        {"Sigmoid", 7, 21, 1, 1, build_unary},
    {"HardSigmoid", 7, 21, 1, 1, build_unary}, {"HardSwish", 14, 21, 1, 1, build_unary},
    {"LeakyRelu", 7, 21, 1, 1, build_unary},   {"ThresholdedRelu", 10, 21, 1, 1, build_unary},
    {"Elu", 7, 21, 1, 1, build_unary},         {"Celu", 12, 21, 1, 1, build_unary},
    {"Selu", 7, 21, 1, 1, build_unary},        {"Gelu", 20, 21, 1, 1, build_gelu},
    {"Mish", 18, 21, 1, 1, build_unary},       {"Tanh", 7, 21, 1, 1, build_unary},
    {"Softplus", 7, 21, 1, 1, build_unary},    {"Softsign", 7, 21, 1, 1, build_unary},
    {"Erf", 9, 21, 1, 1, build_unary},         {"Exp", 7, 21, 1, 1, build_unary},
    {"Log", 7, 21, 1, 1, build_unary},         {"Sqrt", 7, 21, 1, 1, build_unary},
    {"Reciprocal", 7, 21, 1, 1, build_unary},  {"Sin", 7, 21, 1, 1, build_unary},
    {"Cos", 7, 21, 1, 1, build_unary},         {"Floor", 7, 21, 1, 1, build_unary},
    {"Ceil", 7, 21, 1, 1, build_unary},        {"Round", 11, 21, 1, 1, build_unary},
    {"Sign", 9, 21, 1, 1, build_unary},        {"Neg", 7, 21, 1, 1, build_signed},
    {"Abs", 7, 21, 1, 1, build_signed},        {0},
};
