/* SPDX-License-Identifier: MIT */
/* Comparisons, logic, Where and IsNaN. */
#include "network/operators/elementwise/broadcast.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <math.h>
#include <string.h>

/* --- comparisons and logic of two operands ---------------------------------------------------------- */

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

static const Kernel kernel_comparison = {.name = "comparison", .run = run_comparison};

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

/* --- Not and IsNaN ---------------------------------------------------------------------------------- */

static Status run_not(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const bool *in = inputs[0];
    for (size_t i = 0; i < run->values[run->node->output].elements; i++) ((bool *)output)[i] = !in[i];
    return STATUS_OK;
}

static Status run_is_nan(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const float *in = inputs[0];
    for (size_t i = 0; i < run->values[run->node->output].elements; i++) ((bool *)output)[i] = isnan(in[i]);
    return STATUS_OK;
}

static const Kernel kernel_not = {.name = "not", .run = run_not};
static const Kernel kernel_is_nan = {.name = "is nan", .run = run_is_nan};

static Status build_not(Call *call)
{
    if (call_value(call, 0)->type != ELEMENT_BOOL)
        return call_fail(call, STATUS_INVALID, "input '%s' is not bool", call_value(call, 0)->name);
    return call_emit_elementwise(call, &kernel_not, NULL, NULL, call->inputs[0], ELEMENT_BOOL);
}

static Status build_is_nan(Call *call)
{
    Status status = call_needs_float(call, call->inputs[0]);
    return status ? status
                  : call_emit_elementwise(call, &kernel_is_nan, NULL, NULL, call->inputs[0], ELEMENT_BOOL);
}

/* --- Where ------------------------------------------------------------------------------------------ */

typedef struct WhereParameters {
    Walk walk; /* of the output; operands: the condition, the value if true, the value if false */
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

/* How often broadcasting repeats each element of an operand. */
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

static const Kernel kernel_where = {.name = "where", .run = run_where, .edge = edge_where};

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

const Operator operators_comparison[] = {
    {"Equal", 7, 21, 2, 2, build_comparison},
    {"Greater", 7, 21, 2, 2, build_comparison},
    {"Less", 7, 21, 2, 2, build_comparison},
    {"GreaterOrEqual", 12, 21, 2, 2, build_comparison},
    {"LessOrEqual", 12, 21, 2, 2, build_comparison},
    {"And", 7, 21, 2, 2, build_comparison},
    {"Or", 7, 21, 2, 2, build_comparison},
    {"Xor", 7, 21, 2, 2, build_comparison},
    {"Where", 9, 21, 3, 3, build_where},
    {"Not", 7, 21, 1, 1, build_not},
    {"IsNaN", 9, 21, 1, 1, build_is_nan},
    {0},
};
