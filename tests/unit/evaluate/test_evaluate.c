/* SPDX-License-Identifier: MIT */
/* Intervals against published values, and the tally of images against figures computed by hand. */
#include "evaluate/interval.h"
#include "evaluate/tally.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double value, double expected, double tolerance)
{
    if (fabs(value - expected) <= tolerance) return;
    print_error("%.9g is not within %g of %.9g\n", value, tolerance, expected);
    fail();
}

/* Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
 * table I, method 3 (Wilson's score, no continuity correction); four decimals. */
static void wilson_matches_newcombe(void **state)
{
    static const struct {
        size_t correct, images;
        double low, high;
    } table[] = {
        {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        Interval interval = interval_wilson(table[i].correct, table[i].images);
        assert_near(interval.low, table[i].low, 5.1e-5);
        assert_near(interval.high, table[i].high, 5.1e-5);
    }
}

/* The ends solve (p - c/n)^2 = z^2 p (1 - p) / n, which is the interval's definition. */
static void wilson_ends_solve_the_score_equation(void **state)
{
    const double z = 1.959963984540054;
    for (size_t n = 1; n < 200; n = n * 3 + 1)
        for (size_t c = 0; c <= n; c++) {
            Interval interval = interval_wilson(c, n);
            const double ends[] = {interval.low, interval.high};
            for (size_t i = 0; i < 2; i++) {
                double p = ends[i], d = p - (double)c / (double)n;
                assert_near(d * d, z * z * p * (1 - p) / (double)n, 1e-12);
            }
            assert_true(interval.low <= (double)c / (double)n && (double)c / (double)n <= interval.high);
        }
}

/* One-sided 95 % limits as tables of exact binomial limits print them (59 without a failure is the 95/95 rule
 * of acceptance sampling), with more digits from the binomial sum in exact arithmetic. */
static void upper_limits_match_tables(void **state)
{
    static const struct {
        size_t count, images;
        double limit;
    } table[] = {{0, 10, 0.2588655508930523},    {0, 59, 0.049507609888226944},
                 {1, 20, 0.21610616420684733},   {5, 50, 0.1988330025164185},
                 {10, 100, 0.1637176232758148},  {34, 10000, 0.0045240104636354},
                 {999, 1000, 0.999948708021091}, {0, 1024, 0.002921244635388028}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_near(interval_upper_limit(table[i].count, table[i].images), table[i].limit, 1e-11);
    assert_true(interval_upper_limit(0, 0) == 1 && interval_upper_limit(7, 7) == 1);
}

/* I_x(1, b) = 1 - (1 - x)^b, I_x(a, 1) = x^a, I_x(a, b) = 1 - I_(1-x)(b, a), and at 1/2 for equal a and b. */
static void incomplete_beta_has_its_known_values(void **state)
{
    for (double x = 0.05; x < 1; x += 0.05) {
        assert_near(incomplete_beta(x, 1, 7), 1 - pow(1 - x, 7), 1e-13);
        assert_near(incomplete_beta(x, 40, 1), pow(x, 40), 1e-13);
        assert_near(incomplete_beta(x, 3, 11) + incomplete_beta(1 - x, 11, 3), 1, 1e-13);
    }
    assert_near(incomplete_beta(0.5, 2000, 2000), 0.5, 1e-11);
    assert_true(incomplete_beta(0, 2, 3) == 0 && incomplete_beta(1, 2, 3) == 1);
}

static void intervals_of_nothing_say_nothing(void **state)
{
    Interval one = interval_wilson(0, 0), two = interval_paired(0, 0, 0);
    assert_true(one.low == 0 && one.high == 1);
    assert_true(two.low == -1 && two.high == 1);
}

/* The approval ratings of Agresti, Categorical Data Analysis (2002), table 10.1: of 1600 people 150 changed
 * one way and 86 the other. With 1/2 a cell: d = 64/1602, se = sqrt(237 - 64^2/1602)/1602. */
static void paired_interval_of_the_approval_ratings(void **state)
{
    Interval interval = interval_paired(150, 86, 1600);
    double d = -64.0 / 1602, half = 1.959963984540054 * sqrt(237 - 4096.0 / 1602) / 1602;
    assert_near(interval.low, d - half, 1e-12);
    assert_near(interval.high, d + half, 1e-12);
    assert_near(interval.low, -0.0587, 5e-5);
    assert_near(interval.high, -0.0212, 5e-5);
}

static void paired_interval_is_symmetric_and_bounded(void **state)
{
    Interval a = interval_paired(7, 2, 50), b = interval_paired(2, 7, 50), all = interval_paired(2, 0, 2);
    assert_near(a.low, -b.high, 1e-15);
    assert_near(a.high, -b.low, 1e-15);
    assert_true(all.low >= -1);
    assert_true(interval_paired(0, 0, 100).low < 0 && interval_paired(0, 0, 100).high > 0);
}

static void ties_go_to_the_lower_class(void **state)
{
    const float logits[] = {1, 3, 3, 0};
    Tally tally = {0};
    tally_image(&tally, logits, NULL, 4, 2);
    assert_int_equal(tally.reference.top1_correct, 0);
    tally_image(&tally, logits, NULL, 4, 1);
    assert_int_equal(tally.reference.top1_correct, 1);
    assert_int_equal(tally.reference.top5_correct, 2);
    assert_int_equal(tally.images, 2);
}

static void top5_counts_five_places(void **state)
{
    const float logits[] = {7, 6, 5, 4, 3, 3, 1};
    for (size_t label = 0; label < 7; label++) {
        Tally tally = {0};
        tally_image(&tally, logits, NULL, 7, label);
        assert_int_equal(tally.reference.top5_correct, label < 5);
    }
}

static void cross_entropy_is_stable(void **state)
{
    const float far[] = {1000, 0}, even[] = {-500, -500, -500, -500};
    Tally tally = {0};
    tally_image(&tally, far, NULL, 2, 1);
    assert_near(tally.reference.cross_entropy, 1000, 1e-9);
    tally = (Tally){0};
    tally_image(&tally, even, NULL, 4, 3);
    assert_near(tally.reference.cross_entropy, log(4), 1e-12);
}

static void lost_gained_and_agreeing(void **state)
{
    const float first[] = {2, 1, 0}, second[] = {0, 2, 1};
    Tally tally = {0};
    tally_image(&tally, first, second, 3, 0); /* right, then wrong */
    tally_image(&tally, first, second, 3, 1); /* wrong, then right */
    tally_image(&tally, first, second, 3, 2); /* wrong in two ways */
    tally_image(&tally, second, second, 3, 0);
    assert_int_equal(tally.lost, 1);
    assert_int_equal(tally.gained, 1);
    assert_int_equal(tally.agreeing, 1);
    assert_int_equal(tally.reference.top1_correct, 1);
    assert_int_equal(tally.quantized.top1_correct, 1);
}

static void sqnr_of_known_vectors(void **state)
{
    const float reference[] = {3, 4}, quantized[] = {3, 3.5f};
    Evaluation evaluation = {0};
    Tally tally = {0};
    tally_image(&tally, reference, quantized, 2, TALLY_UNLABELLED);
    tally_report(&evaluation, &tally);
    assert_near(evaluation.output_sqnr_db, 20, 1e-12); /* 10 log10(25 / 0.25) */
    tally = (Tally){0};
    tally_image(&tally, reference, reference, 2, TALLY_UNLABELLED);
    tally_report(&evaluation, &tally);
    assert_true(isinf(evaluation.output_sqnr_db) && evaluation.output_sqnr_db > 0);
    assert_int_equal(evaluation.agreeing, 1);
    assert_int_equal(evaluation.reference.top1_correct, 0); /* without labels nothing is right */
}

static void a_nan_is_never_right(void **state)
{
    const float broken[] = {9, NAN, 1}, sound[] = {9, 0, 1}, infinite[] = {INFINITY, 0, 1};
    for (size_t label = 0; label < 3; label++) {
        Tally tally = {0};
        tally_image(&tally, broken, broken, 3, label);
        assert_int_equal(tally.reference.top1_correct + tally.reference.top5_correct + tally.agreeing, 0);
        assert_true(isnan(tally.reference.cross_entropy) && isnan(tally.noise));
    }
    Tally tally = {0};
    tally_image(&tally, sound, broken, 3, 0);
    assert_int_equal(tally.lost, 1);
    tally_image(&tally, infinite, sound, 3, 0);
    assert_int_equal(tally.reference.top1_correct, 2);
}

static void sums_add_up_to_means(void **state)
{
    const float logits[] = {0, 0};
    Evaluation evaluation = {.total = 10};
    Tally sum = {0}, tile = {0};
    tally_image(&tile, logits, logits, 2, 0);
    tally_image(&tile, logits, logits, 2, 1);
    tally_add(&sum, &tile);
    tally_add(&sum, &tile);
    tally_report(&evaluation, &sum);
    assert_int_equal(evaluation.images, 4);
    assert_int_equal(evaluation.agreeing, 4);
    assert_int_equal(evaluation.quantized.top1_correct, 2);
    assert_near(evaluation.quantized.cross_entropy, log(2), 1e-12);
    assert_int_equal(evaluation.total, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_matches_newcombe),
        cmocka_unit_test(wilson_ends_solve_the_score_equation),
        cmocka_unit_test(upper_limits_match_tables),
        cmocka_unit_test(incomplete_beta_has_its_known_values),
        cmocka_unit_test(intervals_of_nothing_say_nothing),
        cmocka_unit_test(paired_interval_of_the_approval_ratings),
        cmocka_unit_test(paired_interval_is_symmetric_and_bounded),
        cmocka_unit_test(ties_go_to_the_lower_class),
        cmocka_unit_test(top5_counts_five_places),
        cmocka_unit_test(cross_entropy_is_stable),
        cmocka_unit_test(lost_gained_and_agreeing),
        cmocka_unit_test(sqnr_of_known_vectors),
        cmocka_unit_test(a_nan_is_never_right),
        cmocka_unit_test(sums_add_up_to_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
