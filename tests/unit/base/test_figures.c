/* SPDX-License-Identifier: MIT */
/* Figures: numbers as people read them. */
#include "base/figures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct Case {
    double value;
    const char *text;
} Case;

static void check(const Case *cases, size_t count, Figure (*figure)(double))
{
    for (size_t i = 0; i < count; i++) assert_string_equal(figure(cases[i].value).text, cases[i].text);
}
#define CHECK(figure, ...)                                                                                   \
    check((const Case[]){__VA_ARGS__}, sizeof((const Case[]){__VA_ARGS__}) / sizeof(Case), figure)

static void bytes_are_counted_by_1024(void **state)
{
    assert_string_equal(figure_bytes(0).text, "0 B");
    assert_string_equal(figure_bytes(999).text, "999 B");
    assert_string_equal(figure_bytes(1000).text, "0.98 KiB");
    assert_string_equal(figure_bytes(142848).text, "140 KiB");
    assert_string_equal(figure_bytes(10240).text, "10.0 KiB");
    assert_string_equal(figure_bytes((size_t)1 << 20).text, "1.00 MiB");
    assert_string_equal(figure_bytes((size_t)3 << 30).text, "3.00 GiB");
    assert_string_equal(figure_bytes(SIZE_MAX).text, "16.0 EiB");
}

static void quantities_are_counted_by_1000(void **state)
{
    CHECK(figure_quantity, {0, "0"}, {640, "640"}, {999.6, "1.00 k"}, {1806336, "1.81 M"},
          {40813184, "40.8 M"}, {3e9, "3.00 G"}, {5e15, "5000 T"});
}

static void counts_are_grouped_by_thousands(void **state)
{
    assert_string_equal(figure_count(0).text, "0");
    assert_string_equal(figure_count(999).text, "999");
    assert_string_equal(figure_count(1000).text, "1,000");
    assert_string_equal(figure_count(1234567).text, "1,234,567");
    assert_string_equal(figure_count(SIZE_MAX).text, "18,446,744,073,709,551,615");
}

static void numbers_have_three_digits_in_seven_columns(void **state)
{
    CHECK(figure_number, {0, "0"}, {-0.0, "0"}, {51, "51"}, {0.0123, "0.0123"}, {0.1, "0.1"}, {93.44, "93.4"},
          {999.4, "999"}, {999.6, "1,000"}, {12800, "12,800"}, {999999, "999,999"}, {1e6, "1.00e6"},
          {4.12e9, "4.12e9"}, {1.2e-5, "1.20e-5"}, {1.236e-5, "1.24e-5"}, {1e-100, "1e-100"},
          {-12800, "-12,800"}, {-2.1, "-2.1"}, {-1.236e-5, "-1.2e-5"}, {-123456, "-1.23e5"}, {NAN, "-"},
          {INFINITY, "inf"}, {-INFINITY, "-inf"});
    for (int e = -307; e <= 308; e++)
        for (double m = -9.9996; m < 10; m += 0.3333)
            assert_in_range(strlen(figure_number(m * pow(10, e)).text), 1, 7);
}

static void ratios_have_the_digits_that_matter(void **state)
{
    CHECK(figure_ratio, {3.24, "3.2"}, {9.96, "10"}, {119.6, "120"}, {12834, "12,800"}, {2.84e10, "2.8e10"},
          {INFINITY, "?"}, {NAN, "?"}, {-1, "?"});
}

static void percentages_say_when_they_are_small(void **state)
{
    CHECK(figure_percent, {0, "0.0 %"}, {0.00004, "<0.01 %"}, {0.0003, "0.03 %"}, {0.065, "6.5 %"},
          {1, "100.0 %"}, {NAN, "?"}, {INFINITY, "?"});
    assert_string_equal(figure_percent_fixed(0.0003, 1).text, "0.0 %");
    assert_string_equal(figure_percent_of(9350, 10000).text, "93.50 %");
    assert_string_equal(figure_interval(0.1234, 0.115, 0.132).text, "12.34 [11.50, 13.20]");
    assert_string_equal(figure_change(-0.0061, -0.009, 0.0032).text, "-0.61 [-0.90, +0.32]");
}

static void times_are_rounded_when_they_are_estimates(void **state)
{
    CHECK(figure_seconds, {0, "0.00 s"}, {2.149, "2.15 s"});
    CHECK(figure_time_left, {0, "0 s"}, {11.2, "12 s"}, {180, "3 min"}, {7300, "2 h"}, {1e9, ""}, {-1, ""},
          {NAN, ""});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_counted_by_1024),
        cmocka_unit_test(quantities_are_counted_by_1000),
        cmocka_unit_test(counts_are_grouped_by_thousands),
        cmocka_unit_test(numbers_have_three_digits_in_seven_columns),
        cmocka_unit_test(ratios_have_the_digits_that_matter),
        cmocka_unit_test(percentages_say_when_they_are_small),
        cmocka_unit_test(times_are_rounded_when_they_are_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
