/* SPDX-License-Identifier: MIT */
/* Einsum of one or two operands: sums over letters that occur in one operand alone, then a product of
 * matrices over the letters that both share, then a permutation. */
#include "network/operators/linear/gemm_matmul.h"
#include "network/operators/operator.h"
#include "network/operators/reduce/reduce.h"
#include "onnx/equation.h"

#include <string.h>

/* --- operands --------------------------------------------------------------------------------------- */

typedef struct Operand {
    size_t value;
    Letters letters;
} Operand;

static size_t length_of(const Call *call, const Operand *operand, char letter)
{
    const char *at = memchr(operand->letters.text, letter, operand->letters.count);
    return builder_value(call->builder, operand->value)->shape[at - operand->letters.text];
}

/* Sums the operand over its letters that are neither in `one` nor in `two`, and drops them. */
static Status drop_letters(Call *call, Operand *operand, const Letters *one, const Letters *two)
{
    bool reduced[TENSOR_MAX_RANK], any = false;
    Letters kept = {.count = 0};
    for (size_t i = 0; i < operand->letters.count; i++) {
        const char letter = operand->letters.text[i];
        reduced[i] = !letters_have(one, letter) && !(two && letters_have(two, letter));
        any |= reduced[i];
        if (!reduced[i]) kept.text[kept.count++] = letter;
    }
    operand->letters = kept;
    return any ? emit_sum(call, operand->value, reduced, &operand->value) : STATUS_OK;
}

/* Permutes the axes into the order of `wanted`, which has the same letters. */
static Status permute(Call *call, Operand *operand, const Letters *wanted)
{
    size_t order[TENSOR_MAX_RANK];
    bool moves = false;
    Status status = builder_plain(call, operand->value, &operand->value);
    for (size_t i = 0; i < wanted->count; i++) {
        const char *at = memchr(operand->letters.text, wanted->text[i], operand->letters.count);
        order[i] = (size_t)(at - operand->letters.text);
        moves |= order[i] != i;
    }
    operand->letters = *wanted;
    if (status || !moves) return status;
    if (order[0] != 0)
        status = call_keeps_images(call, builder_value(call->builder, operand->value), "moving axis 0");
    return status ? status : emit_permuted(call, operand->value, order, &operand->value);
}

/* --- the product ------------------------------------------------------------------------------------ */

/* The letters by their role: in both operands and the output (one matrix product per index), in both operands
 * but not the output (summed over), and in one operand alone. */
typedef struct Roles {
    Letters shared, summed, own[2];
} Roles;

static void add_letter(Letters *letters, char letter)
{
    letters->text[letters->count++] = letter;
}

static void find_roles(Roles *roles, const Equation *equation, const Operand operands[2])
{
    *roles = (Roles){0};
    for (size_t i = 0; i < operands[0].letters.count; i++) {
        const char letter = operands[0].letters.text[i];
        const bool both = letters_have(&operands[1].letters, letter);
        add_letter(!both                                     ? &roles->own[0]
                   : letters_have(&equation->output, letter) ? &roles->shared
                                                             : &roles->summed,
                   letter);
    }
    for (size_t i = 0; i < operands[1].letters.count; i++)
        if (!letters_have(&operands[0].letters, operands[1].letters.text[i]))
            add_letter(&roles->own[1], operands[1].letters.text[i]);
}

static bool join_letters(Letters *to, const Letters *a, const Letters *b, const Letters *c)
{
    const Letters *const parts[] = {a, b, c};
    to->count = 0;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < parts[k]->count; i++) {
            if (to->count == TENSOR_MAX_RANK) return false;
            add_letter(to, parts[k]->text[i]);
        }
    return true;
}

static size_t product_of(const Call *call, const Operand *operand, const Letters *letters)
{
    size_t product = 1;
    for (size_t i = 0; i < letters->count; i++) product *= length_of(call, operand, letters->text[i]);
    return product;
}

/* Reshapes the operand to [shared...][rows][columns]. */
static Status as_matrices(Call *call, Operand *operand, const Roles *roles, const Letters *rows,
                          const Letters *columns)
{
    Letters wanted;
    if (!join_letters(&wanted, &roles->shared, rows, columns))
        return call_fail(call, STATUS_UNSUPPORTED, "it has too many letters");
    size_t shape[TENSOR_MAX_RANK + 2], rank = 0;
    Status status = permute(call, operand, &wanted);
    for (size_t i = 0; i < roles->shared.count; i++)
        shape[rank++] = length_of(call, operand, roles->shared.text[i]);
    shape[rank++] = product_of(call, operand, rows);
    shape[rank++] = product_of(call, operand, columns);
    if (status || (rows->count == 1 && columns->count == 1)) return status;
    return emit_reshaped(call, operand->value, rank, shape, &operand->value);
}

static Status check_lengths(Call *call, const Operand operands[2])
{
    for (size_t i = 0; i < operands[0].letters.count; i++) {
        const char letter = operands[0].letters.text[i];
        if (letters_have(&operands[1].letters, letter) &&
            length_of(call, &operands[0], letter) != length_of(call, &operands[1], letter))
            return call_fail(call, STATUS_INVALID, "axes '%c' differ in length", letter);
    }
    return STATUS_OK;
}

/* *result = the operands' product, with its axes in the order: shared, the first operand's own, the second's
 * own. */
static Status multiply(Call *call, Operand *result, Operand operands[2], const Roles *roles)
{
    size_t shape[TENSOR_MAX_RANK];
    if (!join_letters(&result->letters, &roles->shared, &roles->own[0], &roles->own[1]))
        return call_fail(call, STATUS_UNSUPPORTED, "it has too many letters");
    for (size_t i = 0; i < result->letters.count; i++) {
        const char letter = result->letters.text[i];
        shape[i] = length_of(call, &operands[!letters_have(&operands[0].letters, letter)], letter);
    }
    Status status = as_matrices(call, &operands[0], roles, &roles->own[0], &roles->summed);
    if (!status) status = as_matrices(call, &operands[1], roles, &roles->summed, &roles->own[1]);
    if (!status) status = emit_matmul(call, operands[0].value, operands[1].value, &result->value);
    if (!status) status = builder_plain(call, result->value, &result->value);
    return status ? status : emit_reshaped(call, result->value, result->letters.count, shape, &result->value);
}

static Status read_operands(Call *call, Operand *operands, const Equation *equation)
{
    for (size_t k = 0; k < equation->side_count; k++) {
        operands[k] = (Operand){call->inputs[k], equation->sides[k]};
        const BuildValue *x = call_value(call, k);
        Status status = call_needs_float(call, call->inputs[k]);
        if (status) return status;
        if (x->rank != operands[k].letters.count || x->elements == 0)
            return call_fail(call, STATUS_INVALID, "'%s' of rank %zu has %zu letters", x->name, x->rank,
                             operands[k].letters.count);
    }
    return STATUS_OK;
}

static Status build_einsum(Call *call)
{
    Equation equation;
    Operand operands[2], result;
    Roles roles;
    const char *text = attribute_text(call, "equation", "");
    if (!equation_parse(&equation, text) || equation.side_count != call->input_count)
        return call_fail(call, STATUS_UNSUPPORTED, "equation '%s' is not supported", text);
    Status status = read_operands(call, operands, &equation);
    const bool two = equation.side_count == 2;
    for (size_t k = 0; !status && k < equation.side_count; k++)
        status = drop_letters(call, &operands[k], &equation.output, two ? &equation.sides[1 - k] : NULL);
    result = operands[0];
    if (!status && two) {
        status = check_lengths(call, operands);
        find_roles(&roles, &equation, operands);
        if (!status) status = multiply(call, &result, operands, &roles);
    }
    if (!status && result.letters.count > 0) status = permute(call, &result, &equation.output);
    return status ? status : call_bind(call, 0, result.value);
}

const Operator operators_einsum[] = {
    {"Einsum", 12, 21, 1, 2, build_einsum},
    {0},
};
