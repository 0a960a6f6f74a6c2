/* Equation: an Einsum's, "nchw,cd->ndhw". Private to core/network, but for the report that edits a file. */
#ifndef NETWORK_EQUATION_H
#define NETWORK_EQUATION_H

#include "onnx/element.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Letters of an operand, or of the output, in order. */
typedef struct Letters {
    char text[TENSOR_MAX_RANK + 1];
    size_t count;
} Letters;

typedef struct Equation {
    Letters sides[2], output;
    size_t side_count;
} Equation;

static inline bool letters_have(const Letters *letters, char letter)
{
    return memchr(letters->text, letter, letters->count) != NULL;
}

/* False for more than two operands, a letter twice in one, ellipses, and what is no equation. */
bool equation_parse(Equation *equation, const char *text);

#endif
