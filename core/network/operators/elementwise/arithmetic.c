/* SPDX-License-Identifier: MIT */
#include "network/operators/elementwise/arithmetic.h"

#include "network/operators/elementwise/broadcast.h"
#include "network/operators/elementwise/cast.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* out[i] = a[i * step_a] OP b[i * step_b] for i < count; a step is 0 for an operand that is repeated */
typedef void FloatRow(float *restrict out, const float *restrict a, ptrdiff_t step_a, const float *restrict b,
                      ptrdiff_t step_b, size_t count);
/* *result = a OP b; false if that does not fit into int64. */
typedef bool IntegerFunction(int64_t *result, int64_t a, int64_t b);

/* What a change of an operand is multiplied by. */
typedef enum Dependence {
    SUM,      /* at most 1 */
    PRODUCT,  /* the other operand */
    QUOTIENT, /* 1 / the divisor */
    SLOPED,   /* PRelu: the larger of 1 and |slope| */
    ANY       /* unknown */
} Dependence;

typedef struct Arithmetic {
    const char *name;
    Dependence dependence;
    Sign sign;
    FloatRow *row;
    IntegerFunction *integer;
} Arithmetic;

typedef struct ArithmeticParameters {
    const Arithmetic *arithmetic;
    Walk walk; /* of the output; operands a and b */
} ArithmeticParameters;

#define FLOAT_ROW(NAME, EXPRESSION)                                                                          \
    static inline float NAME##_one(float l, float r)                                                         \
    {                                                                                                        \
        return EXPRESSION;                                                                                   \
    }                                                                                                        \
    static void NAME##_row(float *restrict out, const float *restrict a, ptrdiff_t step_a,                   \
                           const float *restrict b, ptrdiff_t step_b, size_t count)                          \
    {                                                                                                        \
        if (step_a == 1 && step_b == 1) {                                                                    \
            for (size_t i = 0; i < count; i++) out[i] = NAME##_one(a[i], b[i]);                              \
        } else if (step_a == 1 && step_b == 0) {                                                             \
            const float right = *b;                                                                          \
            for (size_t i = 0; i < count; i++) out[i] = NAME##_one(a[i], right);                             \
        } else if (step_a == 0 && step_b == 1) {                                                             \
            const float left = *a;                                                                           \
            for (size_t i = 0; i < count; i++) out[i] = NAME##_one(left, b[i]);                              \
        } else {                                                                                             \
            for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++)                                                 \
                out[i] = NAME##_one(a[i * step_a], b[i * step_b]);                                           \
        }                                                                                                    \
    }

FLOAT_ROW(add, l + r)
FLOAT_ROW(subtract, l - r)
FLOAT_ROW(multiply, l *r)
FLOAT_ROW(divide, l / r)
FLOAT_ROW(prelu, l < 0 ? l * r : l)
FLOAT_ROW(remainder, fmodf(l, r))
/* If an operand is NaN, so is the result. */
FLOAT_ROW(least, l < r || isnan(l) ? l : r)
FLOAT_ROW(most, l > r || isnan(l) ? l : r)
FLOAT_ROW(power, r == 2 ? l * l : r == 3 ? l * l * l : powf(l, r))

static bool add_integers(int64_t *result, int64_t a, int64_t b)
{
    return !__builtin_add_overflow(a, b, result);
}

static bool subtract_integers(int64_t *result, int64_t a, int64_t b)
{
    return !__builtin_sub_overflow(a, b, result);
}

static bool multiply_integers(int64_t *result, int64_t a, int64_t b)
{
    return !__builtin_mul_overflow(a, b, result);
}

static bool divide_integers(int64_t *result, int64_t a, int64_t b)
{
    if (b == 0 || (a == INT64_MIN && b == -1)) return false;
    *result = a / b;
    return true;
}

/* Mod without fmod: the result has the sign of the divisor. */
static bool remainder_integers(int64_t *result, int64_t a, int64_t b)
{
    if (b == 0) return false;
    *result = b == -1 ? 0 : a % b;
    if (*result != 0 && (*result < 0) != (b < 0)) *result += b;
    return true;
}

static bool truncated_integers(int64_t *result, int64_t a, int64_t b)
{
    if (b == 0) return false;
    *result = b == -1 ? 0 : a % b;
    return true;
}

static bool least_integers(int64_t *result, int64_t a, int64_t b)
{
    *result = a < b ? a : b;
    return true;
}

static bool most_integers(int64_t *result, int64_t a, int64_t b)
{
    *result = a > b ? a : b;
    return true;
}

static bool power_integers(int64_t *result, int64_t a, int64_t b)
{
    *result = 1;
    if (b < 0) return false;
    for (; b > 0; b >>= 1) {
        if (b & 1 && __builtin_mul_overflow(*result, a, result)) return false;
        if (b > 1 && __builtin_mul_overflow(a, a, &a)) return false;
    }
    return true;
}

static const Arithmetic arithmetics[] = {
    {"Add", SUM, NONNEGATIVE_IF_ALL, add_row, add_integers},
    {"Sub", SUM, ANY_SIGN, subtract_row, subtract_integers},
    {"Mul", PRODUCT, NONNEGATIVE_IF_ALL, multiply_row, multiply_integers},
    {"Div", QUOTIENT, NONNEGATIVE_IF_ALL, divide_row, divide_integers},
    {"Min", SUM, NONNEGATIVE_IF_ALL, least_row, least_integers},
    {"Max", SUM, NONNEGATIVE_IF_ANY, most_row, most_integers},
    {"Pow", ANY, NONNEGATIVE_IF_ALL, power_row, power_integers},
    {"PRelu", SLOPED, NONNEGATIVE_IF_ALL, prelu_row, NULL},
    {"Mod", ANY, ANY_SIGN, NULL, remainder_integers},
    {"Fmod", ANY, ANY_SIGN, remainder_row, truncated_integers},
};

static const Arithmetic *find_arithmetic(const char *name)
{
    for (size_t i = 0; i < sizeof arithmetics / sizeof *arithmetics; i++)
        if (strcmp(name, arithmetics[i].name) == 0) return &arithmetics[i];
    return NULL;
}

static Status run_floats(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const ArithmeticParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const float *a = inputs[0], *b = inputs[1];
    float *out = output;
    WalkPosition at = {0};
    do {
        parameters->arithmetic->row(out, a + at.offset[0], walk_step(walk, 0), b + at.offset[1],
                                    walk_step(walk, 1), walk_row(walk));
        out += walk_row(walk);
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

static Status run_integers(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    const ArithmeticParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    int64_t *out = output;
    WalkPosition at = {0};
    do {
        const int64_t *a = (const int64_t *)inputs[0] + at.offset[0];
        const int64_t *b = (const int64_t *)inputs[1] + at.offset[1];
        for (size_t i = 0; i < walk_row(walk); i++, a += walk_step(walk, 0), b += walk_step(walk, 1))
            if (!parameters->arithmetic->integer(out++, *a, *b))
                return status_fail(message, STATUS_INVALID, "%s of %lld and %lld has no result in int64",
                                   parameters->arithmetic->name, (long long)*a, (long long)*b);
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

/* --- edges and signs -------------------------------------------------------------------------------- */

/* The factor of a change, from an element of the other operand. */
static double stretch(Dependence dependence, double other)
{
    switch (dependence) {
    case PRODUCT:
        return other;
    case QUOTIENT:
        return 1 / other;
    case SLOPED:
        return fmax(1, fabs(other));
    default:
        return 1;
    }
}

/* For each element i of operand `input`: sums[i] += the sum of stretch(o)^2 over the elements o of the other
 * operand that it is combined with. other: its elements, NULL if the dependence is SUM. */
static void broadcast_sums(double *sums, const Walk *walk, size_t input, const float *other,
                           Dependence dependence)
{
    WalkPosition at = {0};
    const ptrdiff_t step = walk_step(walk, input), other_step = walk_step(walk, 1 - input);
    do {
        double *sum = sums + at.offset[input];
        const float *factor = other ? other + at.offset[1 - input] : NULL;
        for (ptrdiff_t i = 0; i < (ptrdiff_t)walk_row(walk); i++) {
            const double value = factor ? stretch(dependence, (double)factor[i * other_step]) : 1;
            sum[i * step] += value * value;
        }
    } while (walk_next(&at, walk));
}

static Status norm_arithmetic(double *norm, const Network *network, const Node *node, size_t input,
                              const float *other, Message *message)
{
    const size_t count = network->values[node->inputs[input]].elements;
    double *sums = calloc(count + 1, sizeof *sums), largest = 0;
    if (!sums) return status_no_memory(message, "the norms of a factor");
    broadcast_sums(sums, &((const ArithmeticParameters *)node->parameters)->walk, input, other, PRODUCT);
    for (size_t i = 0; i < count; i++) largest = fmax(largest, sums[i]);
    *norm = sqrt(largest);
    free(sums);
    return STATUS_OK;
}

/* The edge of a sum, or of a constant factor, divisor or slope: the largest l2 norm of the factors of one
 * element, which may be repeated by broadcasting. */
static void edge_fixed(NetworkEdge *edge, const Network *network, const Node *node, size_t input,
                       Dependence dependence)
{
    const ArithmeticParameters *parameters = node->parameters;
    const size_t count = network->values[node->inputs[input]].elements;
    const float *other = dependence == SUM ? NULL : network->values[node->inputs[1 - input]].constant;
    double largest = 0, *sums = calloc(count + 1, sizeof *sums);
    if (!sums) {
        edge->reason = "memory ran out while its Lipschitz constant was computed";
        return;
    }
    broadcast_sums(sums, &parameters->walk, input, other, dependence);
    for (size_t i = 0; i < count; i++) largest = sums[i] > largest || isnan(sums[i]) ? sums[i] : largest;
    free(sums);
    if (isfinite(largest))
        *edge = edge_slope(sqrt(largest));
    else
        edge->reason = "its constant is not finite, or divides by zero";
}

static void edge_floats(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    const Dependence dependence = ((const ArithmeticParameters *)node->parameters)->arithmetic->dependence;
    const bool fixed = network->values[node->inputs[1 - input]].constant != NULL;
    if (dependence == ANY)
        edge->reason = "its slope is unbounded";
    else if (dependence == QUOTIENT && !(fixed && input == 0))
        edge->reason = "it divides by an activation";
    else if (dependence == SLOPED && !(fixed && input == 0))
        edge->reason = "its slope is computed";
    else if (dependence == SUM || fixed)
        edge_fixed(edge, network, node, input, dependence);
    else
        *edge = (NetworkEdge){.kind = EDGE_PRODUCT};
}

static Sign sign_arithmetic(const Node *node)
{
    return ((const ArithmeticParameters *)node->parameters)->arithmetic->sign;
}

static const Kernel kernel_floats = {.name = "arithmetic",
                                     .run = run_floats,
                                     .edge = edge_floats,
                                     .sign = sign_arithmetic,
                                     .factor_norm = norm_arithmetic};
static const Kernel kernel_integers = {
    .name = "integer arithmetic", .run = run_integers, .sign = sign_arithmetic};

/* --- build ------------------------------------------------------------------------------------------ */

static Status check_types(Call *call, const Arithmetic *arithmetic, size_t a, size_t b)
{
    const BuildValue *left = builder_value(call->builder, a), *right = builder_value(call->builder, b);
    const bool known = (left->type == ELEMENT_FLOAT && arithmetic->row) ||
                       (left->type == ELEMENT_INT64 && arithmetic->integer);
    if (left->type == right->type && known) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "'%s' and '%s' are not both float or both int64", left->name,
                     right->name);
}

static Status emit_arithmetic(Call *call, const Arithmetic *arithmetic, size_t a, size_t b, size_t *value)
{
    Broadcast shape;
    const size_t inputs[] = {a, b};
    Status status = check_types(call, arithmetic, a, b);
    if (!status) status = broadcast(call, &shape, inputs, 2);
    if (status) return status;
    ArithmeticParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = (ArithmeticParameters){arithmetic, shape.walk};
    const ElementType type = builder_value(call->builder, a)->type;
    return emit_broadcast(call, &shape, type == ELEMENT_FLOAT ? &kernel_floats : &kernel_integers, parameters,
                          arithmetic->name, inputs, 2, type, value);
}

Status emit_binary(Call *call, const char *name, size_t a, size_t b, size_t *value)
{
    return emit_arithmetic(call, find_arithmetic(name), a, b, value);
}

static Status build_arithmetic(Call *call)
{
    size_t value;
    Status status = emit_binary(call, call->operator_name, call->inputs[0], call->inputs[1], &value);
    return status ? status : call_bind(call, 0, value);
}

static Status build_remainder(Call *call)
{
    size_t value;
    const bool truncated = attribute_int(call, "fmod", 0) != 0;
    Status status = emit_binary(call, truncated ? "Fmod" : "Mod", call->inputs[0], call->inputs[1], &value);
    return status ? status : call_bind(call, 0, value);
}

/* If base and exponent have different types, both are cast to float, and the result to the base's type. */
static Status build_power(Call *call)
{
    size_t value, inputs[] = {call->inputs[0], call->inputs[1]};
    const ElementType type = call_value(call, 0)->type;
    Status status = STATUS_OK;
    if (type != call_value(call, 1)->type)
        for (size_t i = 0; !status && i < 2; i++)
            status = emit_cast(call, inputs[i], ELEMENT_FLOAT, &inputs[i]);
    if (!status) status = emit_binary(call, "Pow", inputs[0], inputs[1], &value);
    if (!status) status = emit_cast(call, value, type, &value);
    return status ? status : call_bind(call, 0, value);
}

/* Min, Max, Sum and Mean of any number of operands, two at a time. */
static Status build_chain(Call *call)
{
    const bool mean = strcmp(call->operator_name, "Mean") == 0;
    const bool sum = mean || strcmp(call->operator_name, "Sum") == 0;
    size_t value = call->inputs[0], scale;
    Status status = STATUS_OK;
    for (size_t i = 1; !status && i < call->input_count; i++)
        status = emit_binary(call, sum ? "Add" : call->operator_name, value, call->inputs[i], &value);
    if (!status && mean) {
        float *factor = call_allocate(call, 1, sizeof *factor);
        if (!factor) return call_no_memory(call);
        *factor = 1.0f / (float)call->input_count;
        status = call_constant(call, ELEMENT_FLOAT, 0, NULL, factor, &scale);
        if (!status) status = emit_binary(call, "Mul", value, scale, &value);
    }
    return status ? status : call_bind(call, 0, value);
}

const Operator operators_arithmetic[] = {
    {"Add", 7, 21, 2, 2, build_arithmetic},
    {"Sub", 7, 21, 2, 2, build_arithmetic},
    {"Div", 7, 21, 2, 2, build_arithmetic},
    {"Pow", 7, 21, 2, 2, build_power},
    {"Mod", 10, 21, 2, 2, build_remainder},
    {"PRelu", 7, 21, 2, 2, build_arithmetic},
    {"Min", 7, 21, 1, SIZE_MAX, build_chain},
    {"Max", 7, 21, 1, SIZE_MAX, build_chain},
    {"Sum", 7, 21, 1, SIZE_MAX, build_chain},
    {"Mean", 7, 21, 1, SIZE_MAX, build_chain},
    {0},
};
