#include "network/operators/linear/equation.h"

#include <ctype.h>

static bool take_letters(Letters *letters, const char **text)
{
    letters->count = 0;
    for (;; ++*text) {
        if (**text == ' ') continue;
        if (!isalpha((unsigned char)**text)) break;
        if (letters->count == TENSOR_MAX_RANK || letters_have(letters, **text)) return false;
        letters->text[letters->count++] = **text;
    }
    return true;
}

/* The letters that occur once, in alphabetical order: the output where the equation names none. */
static void implied_output(Equation *equation)
{
    equation->output.count = 0;
    for (int c = 'A'; c <= 'z'; c++) {
        size_t times = 0;
        for (size_t k = 0; k < equation->side_count; k++) times += letters_have(&equation->sides[k], (char)c);
        if (times == 1 && equation->output.count < TENSOR_MAX_RANK)
            equation->output.text[equation->output.count++] = (char)c;
    }
}

bool equation_parse(Equation *equation, const char *text)
{
    equation->side_count = 0;
    do {
        if (equation->side_count == 2 || !take_letters(&equation->sides[equation->side_count++], &text))
            return false;
    } while (*text++ == ',');
    text--;
    if (*text == 0) {
        implied_output(equation);
        return true;
    }
    if (strncmp(text, "->", 2) != 0) return false;
    text += 2;
    if (!take_letters(&equation->output, &text) || *text != 0) return false;
    for (size_t i = 0; i < equation->output.count; i++)
        if (!letters_have(&equation->sides[0], equation->output.text[i]) &&
            !(equation->side_count == 2 && letters_have(&equation->sides[1], equation->output.text[i])))
            return false;
    return true;
}
