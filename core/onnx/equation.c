/* SPDX-License-Identifier: MIT */
#include "onnx/equation.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads letters from *text on and moves it past them. False for a repeated letter or too many. */
static bool read_letters(Letters *letters, const char **text)
{
    letters->count = 0;
    for (;; ++*text) {
        if (**text == ' ') continue;
        if (!is_letter(**text)) return true;
        if (letters->count == TENSOR_MAX_RANK || letters_have(letters, **text)) return false;
        letters->text[letters->count++] = **text;
    }
}

bool equation_parse(Equation *equation, const char *text)
{
    Letters *output = &equation->output;
    equation->side_count = 0;
    do {
        if (equation->side_count == 2 || !read_letters(&equation->sides[equation->side_count++], &text))
            return false;
    } while (*text++ == ',');
    text--;
    const bool implied = *text == 0;
    if (!implied) {
        if (strncmp(text, "->", 2) != 0) return false;
        text += 2;
        if (!read_letters(output, &text) || *text != 0) return false;
    }
    size_t times[128] = {0};
    for (size_t k = 0; k < equation->side_count; k++)
        for (size_t i = 0; i < equation->sides[k].count; i++)
            times[(unsigned char)equation->sides[k].text[i]]++;
    if (implied) {
        output->count = 0;
        for (int c = 'A'; c <= 'z'; c++)
            if (times[c] == 1 && output->count < TENSOR_MAX_RANK) output->text[output->count++] = (char)c;
    }
    for (size_t i = 0; i < output->count; i++)
        if (times[(unsigned char)output->text[i]] == 0) return false;
    return true;
}
