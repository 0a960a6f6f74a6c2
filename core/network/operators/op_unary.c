/* Functions of one element: activations, powers, rounding. */
#include "network/operators/elementwise.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* --- functions -------------------------------------------------------------------------------------- */

static inline float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* Comparisons are written so that a NaN stays one. */
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

/* x Phi(x) */
static inline float gelu(float x)
{
    return 0.5f * x * (1 + erff(x * (float)M_SQRT1_2));
}

/* The approximation by tanh(sqrt(2/pi) (x + 0.044715 x^3)) */
static inline float gelu_tanh(float x)
{
    return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
}

/* --- kernels ---------------------------------------------------------------------------------------- */

#define NO_LIMIT 0.0 /* no slope is the largest */

typedef struct UnaryParameters {
    float alpha, beta;
    double slope; /* the largest, or NO_LIMIT */
} UnaryParameters;

static void edge_unary(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const UnaryParameters *parameters = node->parameters;
    if (parameters->slope != NO_LIMIT)
        *edge = edge_slope(parameters->slope);
    else
        edge->reason = "its slope has no limit";
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

#define UNARY(NAME, EXPRESSION)                                                                              \
    FUNCTION(NAME, float, (void)0, EXPRESSION)                                                               \
    static const Kernel kernel_##NAME = {#NAME, run_##NAME, edge_unary};

#define UNARY_WITH(NAME, EXPRESSION)                                                                         \
    FUNCTION(NAME, float, const UnaryParameters p = *(const UnaryParameters *)run->node->parameters,         \
             EXPRESSION)                                                                                     \
    static const Kernel kernel_##NAME = {#NAME, run_##NAME, edge_unary};

FUNCTION(relu, float, (void)0, x < 0 ? 0 : x)
FUNCTION(clip, float, const ClipParameters p = *(const ClipParameters *)run->node->parameters,
         limit(x, p.low, p.high))
const Kernel kernel_relu = {"relu", run_relu, edge_slope_one};
const Kernel kernel_clip = {"clip", run_clip, edge_slope_one};

UNARY(sigmoid, sigmoid(x))
UNARY(silu, x *sigmoid(x))
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

/* Shapes are computed in these. */
FUNCTION(neg_integer, int64_t, (void)0, (int64_t)(0 - (uint64_t)x))
FUNCTION(abs_integer, int64_t, (void)0, x < 0 ? (int64_t)(0 - (uint64_t)x) : x)
FUNCTION(not, bool, (void)0, !x)
static const Kernel kernel_neg_integer = {"integer neg", run_neg_integer, NULL};
static const Kernel kernel_abs_integer = {"integer abs", run_abs_integer, NULL};
static const Kernel kernel_not = {"not", run_not, NULL};

static Status run_is_nan(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const float *in = inputs[0];
    for (size_t i = 0; i < run->values[run->node->output].elements; i++) ((bool *)output)[i] = isnan(in[i]);
    return STATUS_OK;
}

static const Kernel kernel_is_nan = {"is nan", run_is_nan, NULL};

/* --- the table -------------------------------------------------------------------------------------- */

typedef struct Unary {
    const char *name;
    const Kernel *kernel;
    double slope; /* as UnaryParameters.slope, where it does not depend on attributes */
    double (*slope_of)(double alpha, double beta);
    const char *beta_name; /* attributes: alpha always, and this one */
    float alpha, beta;     /* where absent */
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

/* Slopes: sigmoid s(1 - s) at 1/2; SiLU s + x s(1 - s), GELU Phi + x phi (at sqrt 2), its approximation, and
 * Mish at their largest, rounded up; hard swish x/3 + 1/2 at 3; erf 2/sqrt(pi) at 0. */
static const Unary unaries[] = {
    {"Sigmoid", &kernel_sigmoid, .slope = 0.25},
    {"SiLU", &kernel_silu, .slope = 1.09984},
    {"HardSwish", &kernel_hard_swish, .slope = 1.5},
    {"Tanh", &kernel_tanh, .slope = 1},
    {"Softplus", &kernel_softplus, .slope = 1},
    {"Softsign", &kernel_softsign, .slope = 1},
    {"Gelu", &kernel_gelu, .slope = 1.12891},
    {"GeluTanh", &kernel_gelu_tanh, .slope = 1.12900},
    {"Mish", &kernel_mish, .slope = 1.08850},
    {"Erf", &kernel_erf, .slope = 1.1283792},
    {"Abs", &kernel_abs, .slope = 1},
    {"Neg", &kernel_neg, .slope = 1},
    {"Sin", &kernel_sin, .slope = 1},
    {"Cos", &kernel_cos, .slope = 1},
    {"Exp", &kernel_exp, .slope = NO_LIMIT},
    {"Log", &kernel_log, .slope = NO_LIMIT},
    {"Sqrt", &kernel_sqrt, .slope = NO_LIMIT},
    {"Reciprocal", &kernel_reciprocal, .slope = NO_LIMIT},
    {"Floor", &kernel_floor, .slope = NO_LIMIT},
    {"Ceil", &kernel_ceil, .slope = NO_LIMIT},
    {"Round", &kernel_round, .slope = NO_LIMIT},
    {"Sign", &kernel_sign, .slope = NO_LIMIT},
    {"HardSigmoid", &kernel_hard_sigmoid, .slope_of = slope_hard_sigmoid, .beta_name = "beta", 0.2f, 0.5f},
    {"LeakyRelu", &kernel_leaky_relu, .slope_of = slope_from_one, .alpha = 0.01f},
    {"Elu", &kernel_elu, .slope_of = slope_from_one, .alpha = 1},
    {"Celu", &kernel_celu, .slope = 1, .alpha = 1},
    {"Selu", &kernel_selu, .slope_of = slope_selu, .beta_name = "gamma", 1.67326319217681884765625f,
     1.05070102214813232421875f},
    {"ThresholdedRelu", &kernel_thresholded_relu, .slope = NO_LIMIT, .alpha = 1},
};

static const Unary *find_unary(const char *name)
{
    for (size_t i = 0; i < sizeof unaries / sizeof *unaries; i++)
        if (strcmp(unaries[i].name, name) == 0) return &unaries[i];
    return NULL;
}

/* --- build ------------------------------------------------------------------------------------------ */

Status emit_elementwise(Call *call, const Kernel *kernel, const void *parameters, const char *operator_name,
                        size_t input, ElementType type)
{
    const BuildValue x = *builder_value(call->builder, input);
    return call_emit(call, &(Emit){.kernel = kernel,
                                   .parameters = parameters,
                                   .operator_name = operator_name,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = type,
                                   .rank = x.rank,
                                   .shape = x.shape,
                                   .channels_last = x.channels_last,
                                   .layer = NO_INDEX});
}

/* An activation of the table on `input`, in the call's place. */
static Status emit_unary(Call *call, const Unary *unary, size_t input)
{
    Status status = call_needs_float(call, input);
    if (status) return status;
    UnaryParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    parameters->alpha = attribute_float(call, "alpha", unary->alpha);
    parameters->beta = unary->beta_name ? attribute_float(call, unary->beta_name, unary->beta) : 0;
    parameters->slope =
        unary->slope_of ? unary->slope_of((double)parameters->alpha, (double)parameters->beta) : unary->slope;
    return emit_elementwise(call, unary->kernel, parameters, unary->name, input, ELEMENT_FLOAT);
}

static Status build_unary(Call *call)
{
    return emit_unary(call, find_unary(call->operator_name), call->inputs[0]);
}

static Status build_relu(Call *call)
{
    Status status = call_needs_float(call, call->inputs[0]);
    return status ? status : emit_elementwise(call, &kernel_relu, NULL, NULL, call->inputs[0], ELEMENT_FLOAT);
}

static Status build_gelu(Call *call)
{
    const char *approximate = attribute_text(call, "approximate", "none");
    if (strcmp(approximate, "none") != 0 && strcmp(approximate, "tanh") != 0)
        return call_fail(call, STATUS_INVALID, "approximate '%s' is not known", approximate);
    return emit_unary(call, find_unary(*approximate == 't' ? "GeluTanh" : "Gelu"), call->inputs[0]);
}

/* Neg and Abs, of integers too */
static Status build_signed(Call *call)
{
    const bool negates = strcmp(call->operator_name, "Neg") == 0;
    if (call_value(call, 0)->type != ELEMENT_INT64) return build_unary(call);
    return emit_elementwise(call, negates ? &kernel_neg_integer : &kernel_abs_integer, NULL, NULL,
                            call->inputs[0], ELEMENT_INT64);
}

static Status build_not(Call *call)
{
    if (call_value(call, 0)->type != ELEMENT_BOOL)
        return call_fail(call, STATUS_INVALID, "input '%s' is not bool", call_value(call, 0)->name);
    return emit_elementwise(call, &kernel_not, NULL, NULL, call->inputs[0], ELEMENT_BOOL);
}

static Status build_is_nan(Call *call)
{
    Status status = call_needs_float(call, call->inputs[0]);
    return status ? status
                  : emit_elementwise(call, &kernel_is_nan, NULL, NULL, call->inputs[0], ELEMENT_BOOL);
}

/* --- clip ------------------------------------------------------------------------------------------- */

static Status emit_clip(Call *call, float low, float high)
{
    if (isnan(low) || isnan(high)) return call_fail(call, STATUS_INVALID, "a bound is not a number");
    Status status = call_needs_float(call, call->inputs[0]);
    if (status) return status;
    ClipParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = (ClipParameters){low, high};
    return emit_elementwise(call, &kernel_clip, parameters, NULL, call->inputs[0], ELEMENT_FLOAT);
}

static Status build_clip_by_attributes(Call *call)
{
    const float low = attribute_float(call, "min", -INFINITY);
    return emit_clip(call, low, attribute_float(call, "max", INFINITY));
}

/* Bounds that are computed, or integers, as Max and Min. */
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

/* --- products that are activations ------------------------------------------------------------------ */

static const Node *producer_of(const Call *call, size_t value)
{
    const size_t producer = builder_value(call->builder, value)->producer;
    return producer == NO_INDEX ? NULL : builder_node(call->builder, producer);
}

static bool is_number(const Call *call, size_t value, double number)
{
    const BuildValue *constant = builder_value(call->builder, value);
    return constant->constant && constant->type == ELEMENT_FLOAT && constant->elements == 1 &&
           fabs((double)*(const float *)constant->constant - number) <= 1e-5 * fabs(number);
}

/* True where `value` is `name` of a computed and a constant operand equal to `number`; *operand is the first.
 */
static bool is_with_number(const Call *call, size_t value, const char *name, double number, size_t *operand)
{
    const Node *node = producer_of(call, value);
    if (!node || strcmp(node->operator_name, name) != 0 || node->input_count != 2) return false;
    for (size_t i = 0; i < 2; i++) {
        if (!is_number(call, node->inputs[i], number) || (i == 0 && strcmp(name, "Div") == 0)) continue;
        *operand = node->inputs[1 - i];
        return true;
    }
    return false;
}

/* 1 + erf(x / sqrt 2) */
static bool is_normal_gate(const Call *call, size_t x, size_t gate)
{
    size_t inner, scaled;
    if (!is_with_number(call, gate, "Add", 1, &inner)) return false;
    const Node *node = producer_of(call, inner);
    if (!node || node->kernel != &kernel_erf) return false;
    return (is_with_number(call, node->inputs[0], "Div", M_SQRT2, &scaled) ||
            is_with_number(call, node->inputs[0], "Mul", M_SQRT1_2, &scaled)) &&
           scaled == x;
}

/* The activation that x * gate is: with Sigmoid(x), HardSigmoid(x) with HardSwish's constants, or
 * Tanh(Softplus(x)); NULL where it is none. */
static const char *gated(const Call *call, size_t x, size_t gate)
{
    const Node *node = producer_of(call, gate);
    if (!node) return NULL;
    const Node *inner = producer_of(call, node->inputs[0]);
    if (node->kernel == &kernel_tanh && inner && inner->kernel == &kernel_softplus && inner->inputs[0] == x)
        return "Mish";
    if (node->inputs[0] != x) return NULL;
    if (node->kernel == &kernel_sigmoid) return "SiLU";
    if (node->kernel != &kernel_hard_sigmoid) return NULL;
    const UnaryParameters *p = node->parameters;
    return fabsf(p->alpha - 1.0f / 6) < 1e-6f && fabsf(p->beta - 0.5f) < 1e-6f ? "HardSwish" : NULL;
}

/* GELU's three factors x, 1/2 and 1 + erf(x / sqrt 2), in whatever order and brackets. */
static bool is_gelu(const Call *call, size_t *x)
{
    for (size_t i = 0; i < 2; i++) {
        const size_t one = call->inputs[i], two = call->inputs[1 - i];
        const Node *product = producer_of(call, two);
        if (is_with_number(call, one, "Mul", 0.5, x) && is_normal_gate(call, *x, two)) return true;
        *x = one;
        size_t gate;
        if (is_with_number(call, two, "Mul", 0.5, &gate) && is_normal_gate(call, one, gate)) return true;
        if (!is_number(call, one, 0.5) || !product || strcmp(product->operator_name, "Mul") != 0) continue;
        for (size_t k = 0; k < 2; k++) {
            *x = product->inputs[k];
            if (is_normal_gate(call, *x, product->inputs[1 - k])) return true;
        }
    }
    return false;
}

Status build_gated(Call *call, bool *done)
{
    size_t x;
    *done = is_gelu(call, &x);
    if (*done) return emit_unary(call, find_unary("Gelu"), x);
    for (size_t i = 0; i < 2; i++) {
        const char *name = gated(call, call->inputs[i], call->inputs[1 - i]);
        if (!name) continue;
        *done = true;
        return emit_unary(call, find_unary(name), call->inputs[i]);
    }
    return STATUS_OK;
}

const Operator operators_unary[] = {
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
    {"Abs", 7, 21, 1, 1, build_signed},        {"Not", 7, 21, 1, 1, build_not},
    {"IsNaN", 9, 21, 1, 1, build_is_nan},      {0},
};
