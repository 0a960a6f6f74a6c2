/* SPDX-License-Identifier: MIT */
#include "graph_text.h"

#include "base/random.h"
#include "network/network.h"
#include "onnx_build.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

enum { MOST_NAMES = 16, MOST_NUMBERS = 64, NAME_SIZE = 32 };

float graph_random(unsigned seed, size_t index)
{
    const double uniform = random_uniform(seed, index, 7, 0) * 2 - 1;
    return (float)(uniform < 0 ? uniform * 1.75 - 0.25 : uniform * 1.75 + 0.25);
}

typedef struct Numbers {
    bool scalar, floats;
    size_t count;
    int64_t integers[MOST_NUMBERS];
    float reals[MOST_NUMBERS];
} Numbers;

typedef struct Names {
    size_t count;
    char text[MOST_NAMES][NAME_SIZE];
    const char *list[MOST_NAMES + 1];
} Names;

typedef struct Parser {
    const char *at;
    size_t constants;
} Parser;

static bool take(Parser *parser, char c)
{
    while (*parser->at == ' ') parser->at++;
    if (*parser->at != c) return false;
    parser->at++;
    return true;
}

static void expect(Parser *parser, char c)
{
    if (!take(parser, c)) fail_msg("no '%c' at: %s", c, parser->at);
}

static void take_name(Parser *parser, char *name)
{
    size_t length = 0;
    while (*parser->at == ' ') parser->at++;
    while (isalnum((unsigned char)*parser->at) || *parser->at == '_') {
        assert_true(length + 1 < NAME_SIZE);
        name[length++] = *parser->at++;
    }
    name[length] = 0;
    if (length == 0) fail_msg("no name at: %s", parser->at);
}

static char *add_name(Names *names)
{
    assert_true(names->count < MOST_NAMES);
    names->list[names->count] = names->text[names->count];
    names->list[names->count + 1] = NULL;
    return names->text[names->count++];
}

static void take_number(Parser *parser, Numbers *numbers)
{
    char *end;
    assert_true(numbers->count < MOST_NUMBERS);
    numbers->integers[numbers->count] = strtoll(parser->at, &end, 10);
    numbers->reals[numbers->count] = strtof(parser->at, &end);
    if (end == parser->at) fail_msg("no number at: %s", parser->at);
    if (memchr(parser->at, '.', (size_t)(end - parser->at)) ||
        memchr(parser->at, 'e', (size_t)(end - parser->at)))
        numbers->floats = true;
    parser->at = end;
    numbers->count++;
}

/* Up to the closing bracket; the opening one has been taken. */
static void take_list(Parser *parser, Numbers *numbers, char close)
{
    while (!take(parser, close)) {
        take_number(parser, numbers);
        take(parser, ',');
    }
}

static Numbers take_numbers(Parser *parser)
{
    Numbers numbers = {0};
    numbers.scalar = !take(parser, '[');
    if (numbers.scalar)
        take_number(parser, &numbers);
    else
        take_list(parser, &numbers, ']');
    return numbers;
}

static void add_numbers(Parser *parser, char *name)
{
    const Numbers numbers = take_numbers(parser);
    const int64_t count = (int64_t)numbers.count;
    snprintf(name, NAME_SIZE, "constant%zu", parser->constants++);
    if (numbers.floats)
        ob_initializer_float(name, !numbers.scalar, &count, numbers.reals);
    else
        ob_initializer_int64(name, !numbers.scalar, &count, numbers.integers);
}

static void add_random(Parser *parser, char *name)
{
    Numbers shape = {0}, seed = {0};
    size_t count = 1;
    take_list(parser, &shape, '}');
    expect(parser, '#');
    take_number(parser, &seed);
    for (size_t i = 0; i < shape.count; i++) count *= (size_t)shape.integers[i];
    float *data = malloc(count * sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < count; i++) data[i] = graph_random((unsigned)seed.integers[0], i);
    snprintf(name, NAME_SIZE, "constant%zu", parser->constants++);
    ob_initializer_float(name, shape.count, shape.integers, data);
    free(data);
}

static void take_argument(Parser *parser, char *name)
{
    while (*parser->at == ' ') parser->at++;
    const char c = parser->at[0], next = c ? parser->at[1] : 0;
    if (c == '-' && (next == ',' || next == ')'))
        parser->at++;
    else if (c == '{')
        add_random(parser, (parser->at++, name));
    else if (c == '[' || c == '-' || isdigit((unsigned char)c))
        add_numbers(parser, name);
    else
        take_name(parser, name);
}

static void take_text(Parser *parser, const char *key)
{
    char value[NAME_SIZE];
    size_t length = 0;
    while (*parser->at && *parser->at != '\'' && length + 1 < sizeof value) value[length++] = *parser->at++;
    value[length] = 0;
    expect(parser, '\'');
    ob_text(key, value);
}

static void take_tensor(Parser *parser, const char *key)
{
    Numbers number = {0};
    take_number(parser, &number);
    if (number.floats)
        ob_tensor_float(key, 1, (int64_t[]){1}, number.reals);
    else
        ob_tensor_int64(key, 1, (int64_t[]){1}, number.integers);
}

static void take_attribute(Parser *parser)
{
    char key[NAME_SIZE];
    take_name(parser, key);
    expect(parser, '=');
    if (take(parser, '\'')) {
        take_text(parser, key);
        return;
    }
    if (take(parser, 't')) {
        take_tensor(parser, key);
        return;
    }
    const Numbers numbers = take_numbers(parser);
    if (numbers.scalar && numbers.floats)
        ob_float(key, numbers.reals[0]);
    else if (numbers.scalar)
        ob_int(key, numbers.integers[0]);
    else if (numbers.floats)
        ob_floats(key, numbers.count, numbers.reals);
    else
        ob_ints(key, numbers.count, numbers.integers);
}

static void take_node(Parser *parser)
{
    Names inputs = {0}, outputs = {0};
    char operator_name[NAME_SIZE];
    do take_name(parser, add_name(&outputs));
    while (take(parser, ','));
    expect(parser, '=');
    take_name(parser, operator_name);
    expect(parser, '(');
    while (!take(parser, ')')) {
        take_argument(parser, add_name(&inputs));
        take(parser, ',');
    }
    ob_node(operator_name, outputs.list[0], inputs.list, outputs.list);
    while (!take(parser, ';') && *parser->at) take_attribute(parser);
}

void graph_write(const char *path, const char *text, int opset, const size_t *shape)
{
    int64_t dims[4];
    Parser parser = {.at = text};
    for (size_t i = 0; i < 4; i++) dims[i] = shape[i] ? (int64_t)shape[i] : OB_OPEN;
    ob_begin(opset);
    ob_input("x", OB_FLOAT, 4, dims);
    while (*parser.at) take_node(&parser);
    ob_output("y");
    ob_write(path);
}

Network *graph_open(const char *text, int opset, const size_t *shape, Message *message)
{
    char path[] = "/tmp/graph-XXXXXX";
    Network *network = NULL;
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    graph_write(path, text, opset, shape);
    const Status status = network_open(&network, path, &(NetworkOptions){0}, message);
    unlink(path);
    assert_true((status == STATUS_OK) == (network != NULL));
    return network;
}
