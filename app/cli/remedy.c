/* SPDX-License-Identifier: MIT */
#include "app/cli/remedy.h"

#include "app/cli/budget.h"
#include "base/sizes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* In the order in which they are said. */
static const struct {
    Remedy remedy;
    bool used;           /* "use" goes in front, once for those that follow each other */
    const char *words;   /* before the number */
    const char *numeral; /* after the number; NULL: there is none */
} table[REMEDY_COUNT] = {
    {REMEDY_CALIBRATION_IMAGES, true, "--calibration-images ", " or fewer"},
    {REMEDY_MEMORY, true, "--memory ", "M or more"},
    {REMEDY_THREADS, true, "fewer --threads", NULL},
    {REMEDY_LADDER_IMAGES, true, "fewer --ladder-images", NULL},
    {REMEDY_RIDGE, true, "--ridge", NULL},
    {REMEDY_METHOD, true, "another --method", NULL},
    {REMEDY_RESIZE, true, "--resize to scale its shorter side before the middle is cropped", NULL},
    {REMEDY_LARGER_RESIZE, true, "a larger --resize", NULL},
    {REMEDY_INPUT_SHAPE, true, "--input-shape", NULL},
    {REMEDY_OUTPUT, false, "choose one by --output", NULL},
    {REMEDY_LAYOUT, false, "--layout says which dimension they are", NULL},
    {REMEDY_NORMALIZATION, false, "check --mean and --std", NULL},
    {REMEDY_FLOAT_LAYER, false, "leave that layer in float", NULL},
    {REMEDY_SKIP_BAD_IMAGES, false, "--skip-bad-images leaves such images out", NULL},
    {REMEDY_LAYER_NAMES, false, "inspect --csv writes their names", NULL},
    {REMEDY_MEMORY_FOR_FILE, false, "the file alone needs about --memory ", "M"},
};

/* MiB. What the process holds may be above --memory already. */
static size_t memory_that_would_do(const Message *message, const Options *options)
{
    const Budget budget = budget_now(options);
    size_t bytes;
    if (!size_add(&bytes, size_max(budget.limit, budget.held), message->memory_missing)) bytes = SIZE_MAX;
    return size_mib(bytes);
}

void remedy_add(Message *message, const Options *options)
{
    char text[sizeof message->text] = "";
    const char *joint = ": ";
    bool use_said = false;
    for (size_t i = 0; i < REMEDY_COUNT; i++) {
        const unsigned remedy = table[i].remedy;
        if (!(message->remedies & remedy)) continue;
        message->remedies &= ~remedy;
        const char *words = table[i].words, *numeral = table[i].numeral;
        if (remedy == REMEDY_MEMORY && message->memory_missing == 0)
            words = "a larger --memory", numeral = NULL;
        char number[32] = "";
        if (numeral)
            snprintf(number, sizeof number, "%zu",
                     remedy == REMEDY_CALIBRATION_IMAGES ? message->images
                                                         : memory_that_would_do(message, options));
        const size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%s%s%s%s", joint,
                 table[i].used && !use_said ? "use " : "", words, number, numeral ? numeral : "");
        use_said = table[i].used;
        const bool last_follows = (message->remedies & (message->remedies - 1)) == 0;
        joint = last_follows ? ", or " : ", ";
    }
    const size_t length = strlen(message->text);
    snprintf(message->text + length, sizeof message->text - length, "%s", text);
}
