/* Operators of several operands that broadcast: arithmetic, comparisons, logic, Where. */
#include "network/operators/elementwise.h"

#include "base/sizes.h"
#include "network/operators/walk.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- arithmetic ------------------------------------------------------------------------------------- */

/* out[i] = a[i * step_a] OP b[i * step_b] */
typedef void FloatRow(float *restrict out, const float *restrict a, ptrdiff_t step_a, const float *restrict b,
                      ptrdiff_t step_b, size_t count);
/* False where the result is no int64 number. */
typedef bool IntegerFunction(int64_t *result, int64_t a, int64_t b);

/* What a change of an operand does. */
typedef enum Dependence {
    SUM,      /* slope 1 at most */
    PRODUCT,  /* the other operand */
    QUOTIENT, /* one over the divisor */
    SLOPED,   /* a parametric Relu: the larger of 1 and the slope */
    ANY       /* no constant */
} Dependence;

typedef struct Arithmetic {
    const char *name;
    Dependence dependence;
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
/* A NaN in either operand is the result. */
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

/* The sign of the divisor, as ONNX has it without fmod */
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
    {"Add", SUM, add_row, add_integers},
    {"Sub", SUM, subtract_row, subtract_integers},
    {"Mul", PRODUCT, multiply_row, multiply_integers},
    {"Div", QUOTIENT, divide_row, divide_integers},
    {"Min", SUM, least_row, least_integers},
    {"Max", SUM, most_row, most_integers},
    {"Pow", ANY, power_row, power_integers},
    {"PRelu", SLOPED, prelu_row, NULL},
    {"Mod", ANY, NULL, remainder_integers},
    {"Fmod", ANY, remainder_row, truncated_integers},
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
                return status_fail(message, STATUS_INVALID, "%s of %lld and %lld has no int64 result",
                                   parameters->arithmetic->name, (long long)*a, (long long)*b);
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

/* --- edges ------------------------------------------------------------------------------------------ */

/* What an element of the other operand stretches a change by. */
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

/* Adds to sums[i], over the other elements that element i of operand `input` meets, the squares of what they
 * stretch a change of it by. other: NULL where the dependence is SUM. */
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

void product_sums(double *sums, const Node *node, size_t input, const float *other)
{
    const ArithmeticParameters *parameters = node->parameters;
    broadcast_sums(sums, &parameters->walk, input, other, PRODUCT);
}

/* A fixed stretch: of sums, and of constant factors, divisors and slopes; and repetition by broadcasting. */
static void edge_fixed(NetworkEdge *edge, const Network *network, const Node *node, size_t input,
                       Dependence dependence)
{
    const ArithmeticParameters *parameters = node->parameters;
    const size_t count = network->values[node->inputs[input]].elements;
    const float *other = dependence == SUM ? NULL : network->values[node->inputs[1 - input]].constant;
    double largest = 0, *sums = calloc(count + 1, sizeof *sums);
    if (!sums) {
        edge->reason = "memory ran out while its constant was counted";
        return;
    }
    broadcast_sums(sums, &parameters->walk, input, other, dependence);
    for (size_t i = 0; i < count; i++) largest = sums[i] > largest || isnan(sums[i]) ? sums[i] : largest;
    free(sums);
    if (isfinite(largest))
        *edge = edge_slope(sqrt(largest));
    else
        edge->reason = "a constant of it is not finite, or divides by zero";
}

static void edge_floats(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    const Dependence dependence = ((const ArithmeticParameters *)node->parameters)->arithmetic->dependence;
    const bool fixed = network->values[node->inputs[1 - input]].constant != NULL;
    if (dependence == ANY)
        edge->reason = "its slope has no limit";
    else if (dependence == QUOTIENT && !(fixed && input == 0))
        edge->reason = "it divides by an activation";
    else if (dependence == SLOPED && !(fixed && input == 0))
        edge->reason = "its slope is computed";
    else if (dependence == SUM || fixed)
        edge_fixed(edge, network, node, input, dependence);
    else
        *edge = (NetworkEdge){.kind = EDGE_PRODUCT};
}

static const Kernel kernel_floats = {"arithmetic", run_floats, edge_floats};
static const Kernel kernel_integers = {"integer arithmetic", run_integers, NULL};

/* --- broadcasting ----------------------------------------------------------------------------------- */

static size_t size_on(const BuildValue *operand, size_t rank, size_t axis)
{
    const size_t missing = rank - operand->rank;
    return axis < missing ? 1 : operand->shape[axis - missing];
}

/* The output's shape: the operands', filled up on the left with ones; an axis of 1 is repeated. An operand
 * that is filled up has its images on another axis than the output. */
static Status broadcast_shape(Call *call, size_t *rank, size_t *shape, const BuildValue *operands,
                              size_t count)
{
    *rank = 0;
    for (size_t k = 0; k < count; k++) *rank = size_max(*rank, operands[k].rank);
    for (size_t i = 0; i < *rank; i++) shape[i] = 1;
    for (size_t k = 0; k < count; k++) {
        Status status = STATUS_OK;
        if (operands[k].rank > 0 && operands[k].rank < *rank)
            status = call_keeps_images(call, &operands[k], "broadcasting to a higher rank");
        for (size_t i = 0; !status && i < *rank; i++) {
            const size_t size = size_on(&operands[k], *rank, i);
            if (size != shape[i] && size != 1 && shape[i] != 1)
                return call_fail(call, STATUS_INVALID,
                                 "its operands do not broadcast: '%s' has %zu on axis %zu, another %zu",
                                 operands[k].name, size, i, shape[i]);
            if (size != 1) shape[i] = size;
        }
        if (status) return status;
    }
    return STATUS_OK;
}

/* The layout of the largest activation of full rank, so that most is read in order. */
static bool broadcast_layout(const BuildValue *operands, size_t count, size_t rank)
{
    const BuildValue *first = NULL;
    for (size_t k = 0; k < count; k++) {
        if (operands[k].constant || operands[k].rank != rank) continue;
        if (!first || operands[k].elements > first->elements) first = &operands[k];
    }
    return first && first->channels_last;
}

/* Operand k of a walk over an output of stored shape walk->shape. */
static void broadcast_strides(Walk *walk, size_t k, const BuildValue *operand, bool channels_last)
{
    size_t strides[TENSOR_MAX_RANK];
    logical_strides(strides, operand->shape, operand->rank, operand->channels_last);
    const size_t missing = walk->rank - operand->rank;
    for (size_t i = 0; i < walk->rank; i++) {
        const size_t axis = stored_to_logical(channels_last, walk->rank, i);
        const bool repeated = axis < missing || operand->shape[axis - missing] == 1;
        walk->stride[k][i] = repeated ? 0 : (ptrdiff_t)strides[axis - missing];
    }
}

/* The output of operands that broadcast: shape, layout, and a walk over it. */
typedef struct Broadcast {
    size_t rank, shape[TENSOR_MAX_RANK];
    bool channels_last;
    Walk walk;
} Broadcast;

static Status broadcast(Call *call, Broadcast *result, const size_t *inputs, size_t count)
{
    BuildValue operands[WALK_OPERANDS];
    for (size_t k = 0; k < count; k++) operands[k] = *builder_value(call->builder, inputs[k]);
    *result = (Broadcast){0};
    Status status = broadcast_shape(call, &result->rank, result->shape, operands, count);
    if (status) return status;
    result->channels_last = broadcast_layout(operands, count, result->rank);
    result->walk.rank = result->rank;
    stored_shape(result->walk.shape, result->shape, result->rank, result->channels_last);
    for (size_t k = 0; k < count; k++)
        broadcast_strides(&result->walk, k, &operands[k], result->channels_last);
    walk_simplify(&result->walk);
    return STATUS_OK;
}

static Status emit_broadcast(Call *call, const Broadcast *shape, const Kernel *kernel, const void *parameters,
                             const char *operator_name, const size_t *inputs, size_t count, ElementType type,
                             size_t *value)
{
    return builder_emit(call,
                        &(Emit){.kernel = kernel,
                                .parameters = parameters,
                                .operator_name = operator_name,
                                .input_count = count,
                                .inputs = inputs,
                                .type = type,
                                .rank = shape->rank,
                                .shape = shape->shape,
                                .channels_last = shape->channels_last,
                                .layer = NO_INDEX},
                        value);
}

/* --- building arithmetic ---------------------------------------------------------------------------- */

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

static Status build_multiply(Call *call)
{
    bool done;
    Status status = build_gated(call, &done);
    return done ? status : build_arithmetic(call);
}

static Status build_remainder(Call *call)
{
    size_t value;
    const bool truncated = attribute_int(call, "fmod", 0) != 0;
    Status status = emit_binary(call, truncated ? "Fmod" : "Mod", call->inputs[0], call->inputs[1], &value);
    return status ? status : call_bind(call, 0, value);
}

/* A base and an exponent of different types: both as float, back to the base's. */
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

/* Min, Max, Sum and Mean of any number of operands, two at a time */
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
        status = builder_constant(call, ELEMENT_FLOAT, 0, NULL, factor, &scale);
        if (!status) status = emit_binary(call, "Mul", value, scale, &value);
    }
    return status ? status : call_bind(call, 0, value);
}

/* --- comparisons and logic -------------------------------------------------------------------------- */

typedef struct Comparison {
    const char *name;
    bool (*floats)(float a, float b);
    bool (*integers)(int64_t a, int64_t b);
    bool (*bools)(bool a, bool b);
} Comparison;

#define COMPARE(NAME, OP)                                                                                    \
    static bool NAME##_floats(float a, float b)                                                              \
    {                                                                                                        \
        return a OP b;                                                                                       \
    }                                                                                                        \
    static bool NAME##_integers(int64_t a, int64_t b)                                                        \
    {                                                                                                        \
        return a OP b;                                                                                       \
    }

#define LOGIC(NAME, EXPRESSION)                                                                              \
    static bool NAME##_bools(bool a, bool b)                                                                 \
    {                                                                                                        \
        return EXPRESSION;                                                                                   \
    }

COMPARE(equal, ==)
COMPARE(greater, >)
COMPARE(less, <)
COMPARE(at_least, >=)
COMPARE(at_most, <=)
LOGIC(equal, a == b)
LOGIC(and, a &&b)
LOGIC(or, a || b)
LOGIC(xor, a != b)

static const Comparison comparisons[] = {
    {"Equal", equal_floats, equal_integers, equal_bools},
    {"Greater", greater_floats, greater_integers, NULL},
    {"Less", less_floats, less_integers, NULL},
    {"GreaterOrEqual", at_least_floats, at_least_integers, NULL},
    {"LessOrEqual", at_most_floats, at_most_integers, NULL},
    {"And", NULL, NULL, and_bools},
    {"Or", NULL, NULL, or_bools},
    {"Xor", NULL, NULL, xor_bools},
};

typedef struct ComparisonParameters {
    const Comparison *comparison;
    Walk walk; /* of the output; operands a and b */
} ComparisonParameters;

static bool compare_one(const Comparison *comparison, ElementType type, const void *a, ptrdiff_t at_a,
                        const void *b, ptrdiff_t at_b)
{
    if (type == ELEMENT_FLOAT) return comparison->floats(((const float *)a)[at_a], ((const float *)b)[at_b]);
    if (type == ELEMENT_INT64)
        return comparison->integers(((const int64_t *)a)[at_a], ((const int64_t *)b)[at_b]);
    return comparison->bools(((const uint8_t *)a)[at_a] != 0, ((const uint8_t *)b)[at_b] != 0);
}

static Status run_comparison(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const ComparisonParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const ElementType type = run->values[run->node->inputs[0]].type;
    uint8_t *out = output;
    WalkPosition at = {0};
    do {
        for (ptrdiff_t i = 0; i < (ptrdiff_t)walk_row(walk); i++)
            *out++ =
                compare_one(parameters->comparison, type, inputs[0], at.offset[0] + i * walk_step(walk, 0),
                            inputs[1], at.offset[1] + i * walk_step(walk, 1));
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

static const Kernel kernel_comparison = {"comparison", run_comparison, NULL};

static const Comparison *find_comparison(const char *name)
{
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
        if (strcmp(name, comparisons[i].name) == 0) return &comparisons[i];
    return NULL;
}

static Status build_comparison(Call *call)
{
    const Comparison *comparison = find_comparison(call->operator_name);
    const ElementType type = call_value(call, 0)->type;
    const bool known = type == ELEMENT_FLOAT   ? comparison->floats != NULL
                       : type == ELEMENT_INT64 ? comparison->integers != NULL
                                               : comparison->bools != NULL;
    if (!known || type != call_value(call, 1)->type)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' and '%s' cannot be compared",
                         call_value(call, 0)->name, call_value(call, 1)->name);
    Broadcast shape;
    size_t value;
    Status status = broadcast(call, &shape, call->inputs, 2);
    if (status) return status;
    ComparisonParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = (ComparisonParameters){comparison, shape.walk};
    status = emit_broadcast(call, &shape, &kernel_comparison, parameters, NULL, call->inputs, 2, ELEMENT_BOOL,
                            &value);
    return status ? status : call_bind(call, 0, value);
}

/* --- where ------------------------------------------------------------------------------------------ */

typedef struct WhereParameters {
    Walk walk; /* of the output; the condition, and what holds where it is true and where false */
} WhereParameters;

#define CHOOSE(TYPE)                                                                                         \
    for (ptrdiff_t i = 0; i < count; i++)                                                                    \
    ((TYPE *)out)[i] =                                                                                       \
        condition[i * step[0]] ? ((const TYPE *)yes)[i * step[1]] : ((const TYPE *)no)[i * step[2]]

static void choose_row(char *out, const uint8_t *condition, const char *yes, const char *no,
                       const ptrdiff_t *step, ptrdiff_t count, size_t size)
{
    if (size == 8)
        CHOOSE(int64_t);
    else if (size == 4)
        CHOOSE(float);
    else
        CHOOSE(uint8_t);
}

static Status run_where(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const Walk *walk = &((const WhereParameters *)run->node->parameters)->walk;
    const size_t size = element_size(run->values[run->node->output].type);
    const ptrdiff_t step[] = {walk_step(walk, 0), walk_step(walk, 1), walk_step(walk, 2)};
    char *out = output;
    WalkPosition at = {0};
    do {
        choose_row(out, (const uint8_t *)inputs[0] + at.offset[0],
                   (const char *)inputs[1] + at.offset[1] * (ptrdiff_t)size,
                   (const char *)inputs[2] + at.offset[2] * (ptrdiff_t)size, step, (ptrdiff_t)walk_row(walk),
                   size);
        out += walk_row(walk) * size;
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

/* How often the element of an operand that comes most often is repeated. */
static double repetition(const Network *network, const Node *node, size_t input)
{
    return (double)(network->values[node->output].elements / network->values[node->inputs[input]].elements);
}

static void edge_where(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    if (input == 0)
        edge->reason = "its condition is computed";
    else
        *edge = edge_slope(sqrt(repetition(network, node, input)));
}

static const Kernel kernel_where = {"where", run_where, edge_where};

static Status build_where(Call *call)
{
    const BuildValue *condition = call_value(call, 0), *yes = call_value(call, 1), *no = call_value(call, 2);
    if (condition->type != ELEMENT_BOOL || yes->type != no->type)
        return call_fail(call, STATUS_INVALID, "'%s' is not bool, or '%s' and '%s' differ in type",
                         condition->name, yes->name, no->name);
    Broadcast shape;
    size_t value;
    const ElementType type = yes->type;
    Status status = broadcast(call, &shape, call->inputs, 3);
    if (status) return status;
    WhereParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    parameters->walk = shape.walk;
    status = emit_broadcast(call, &shape, &kernel_where, parameters, NULL, call->inputs, 3, type, &value);
    return status ? status : call_bind(call, 0, value);
}

const Operator operators_binary[] = {
    {"Add", 7, 21, 2, 2, build_arithmetic},
    {"Sub", 7, 21, 2, 2, build_arithmetic},
    {"Mul", 7, 21, 2, 2, build_multiply},
    {"Div", 7, 21, 2, 2, build_arithmetic},
    {"Pow", 7, 21, 2, 2, build_power},
    {"Mod", 10, 21, 2, 2, build_remainder},
    {"PRelu", 7, 21, 2, 2, build_arithmetic},
    {"Min", 7, 21, 1, SIZE_MAX, build_chain},
    {"Max", 7, 21, 1, SIZE_MAX, build_chain},
    {"Sum", 7, 21, 1, SIZE_MAX, build_chain},
    {"Mean", 7, 21, 1, SIZE_MAX, build_chain},
    {"Equal", 7, 21, 2, 2, build_comparison},
    {"Greater", 7, 21, 2, 2, build_comparison},
    {"Less", 7, 21, 2, 2, build_comparison},
    {"GreaterOrEqual", 12, 21, 2, 2, build_comparison},
    {"LessOrEqual", 12, 21, 2, 2, build_comparison},
    {"And", 7, 21, 2, 2, build_comparison},
    {"Or", 7, 21, 2, 2, build_comparison},
    {"Xor", 7, 21, 2, 2, build_comparison},
    {"Where", 9, 21, 3, 3, build_where},
    {0},
};
