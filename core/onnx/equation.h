/* SPDX-License-Identifier: MIT */
/* The equation of an Einsum, "nchw,cd->ndhw". */
#ifndef ONNX_EQUATION_H
#define ONNX_EQUATION_H

#include "onnx/element.h"

#include <stdbool.h>
#include <string.h>

/* The letters of an operand or of the output, in order. */
typedef struct Letters {
    char text[TENSOR_MAX_RANK + 1];
    size_t count;
} Letters;

typedef struct Equation {
    Letters sides[2], output;
    size_t side_count; /* operands: 1 or 2 */
} Equation;

/* Whether a letter is among them. */
static inline bool letters_have(const Letters *letters, char letter)
{
    return memchr(letters->text, letter, letters->count) != NULL;
}

/* False for more than two operands, a letter twice in one operand, an ellipsis, or anything that is not an
 * equation. Without "->", the output is the letters that occur once, in alphabetical order. */
bool equation_parse(Equation *equation, const char *text);

#endif
