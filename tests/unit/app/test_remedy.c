/* SPDX-License-Identifier: MIT */
/* What would help, in the program's words. */
#include "app/cli/remedy.h"

#include "base/sizes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT ((size_t)1 << 40)

static void says(unsigned remedies, const char *text)
{
    const Options options = {.memory = LIMIT};
    Message message;
    status_fail(&message, STATUS_INVALID, "cause");
    message.memory_missing = (size_t)3 << 20;
    message.images = 12;
    status_advise(STATUS_INVALID, &message, remedies);
    remedy_add(&message, &options);
    assert_string_equal(message.text, text);
    remedy_add(&message, &options); /* once */
    assert_string_equal(message.text, text);
}

static void remedies_become_options(void **state)
{
    says(0, "cause");
    says(REMEDY_MEMORY, "cause: use --memory 1048579M or more");
    says(REMEDY_MEMORY | REMEDY_THREADS | REMEDY_FLOAT_LAYER,
         "cause: use --memory 1048579M or more, fewer --threads, or leave that layer in float");
    says(REMEDY_RIDGE | REMEDY_METHOD, "cause: use --ridge, or another --method");
    says(REMEDY_CALIBRATION_IMAGES | REMEDY_THREADS,
         "cause: use --calibration-images 12 or fewer, or fewer --threads");
    says(REMEDY_MEMORY_FOR_FILE, "cause: the file alone needs about --memory 1048579M");
    says(REMEDY_NORMALIZATION | REMEDY_FLOAT_LAYER,
         "cause: check --mean and --std, or leave that layer in float");
}

static void memory_without_a_number_is_a_larger_one(void **state)
{
    const Options options = {.memory = LIMIT};
    Message message;
    status_advise(status_fail(&message, STATUS_MEMORY, "cause"), &message, REMEDY_MEMORY);
    remedy_add(&message, &options);
    assert_string_equal(message.text, "cause: use a larger --memory");
}

static void every_remedy_has_words(void **state)
{
    const Options options = {.memory = LIMIT};
    for (unsigned i = 0; i < REMEDY_COUNT; i++) {
        Message message;
        status_advise(status_fail(&message, STATUS_INVALID, "cause"), &message, 1u << i);
        remedy_add(&message, &options);
        assert_true(strlen(message.text) > strlen("cause: "));
        assert_int_equal(message.remedies, 0);
    }
}

static void words_are_cut_where_the_message_ends(void **state)
{
    const Options options = {.memory = LIMIT};
    Message message;
    char text[2 * sizeof message.text];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    status_advise(status_fail(&message, STATUS_INVALID, "%s", text), &message, (1u << REMEDY_COUNT) - 1);
    remedy_add(&message, &options);
    assert_int_equal(strlen(message.text), sizeof message.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remedies_become_options), cmocka_unit_test(memory_without_a_number_is_a_larger_one),
        cmocka_unit_test(every_remedy_has_words), cmocka_unit_test(words_are_cut_where_the_message_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
