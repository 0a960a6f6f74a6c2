/* SPDX-License-Identifier: MIT */
/* Figures: numbers as people read them, on the screen, in the commands and in messages.
 *
 * One unit system: B, KiB, MiB, ... (powers of 1024) for memory and files; k, M, G (powers of 1000) for
 * counts. Files for programs (CSV, JSON) use base/number.h instead.
 *
 * A Figure is returned by value. Its text lives until the end of the full expression, so it can be passed to
 * printf() at once; to keep it, copy the struct.
 *
 * Example (size_t bytes, double saved):
 *     printf("%s, %s less\n", figure_bytes(bytes).text, figure_percent(saved).text);
 *     Figure size = figure_bytes(bytes);
 *
 * Pure functions; any thread may call. Decimal points follow LC_NUMERIC, which the program leaves at "C".
 */
#ifndef BASE_FIGURES_H
#define BASE_FIGURES_H

#include <stddef.h>

typedef struct Figure {
    char text[64]; /* terminated */
} Figure;

/* Memory and files, three digits: "612 B", "139 KiB", "1.06 MiB". */
Figure figure_bytes(size_t bytes);

/* Large counts, three digits: "640", "1.81 M", "3.00 G". */
Figure figure_quantity(double count);

/* Exact counts, grouped by thousands: "10,000". */
Figure figure_count(size_t count);

/* Errors, norms and other numbers of any magnitude, three significant digits in at most 7 characters:
 * "2.38e-5", "0.0123", "12,800", "4.12e9"; "-" for NaN. Integers up to 999,999 keep all their digits. */
Figure figure_number(double value);

/* Scientific notation with `decimals` digits behind the point, the exponent without plus and leading zeros:
 * "1.50e-3". */
Figure figure_scientific(double value, int decimals);

/* Factors, two or three digits: "3.2", "120", "12,800", "2.8e10"; "?" where not finite or negative. */
Figure figure_ratio(double ratio);

/* A fraction as a percentage in running text: "6.5 %", "0.03 %", "<0.01 %"; "?" where not finite. */
Figure figure_percent(double fraction);

/* The same with a fixed number of decimals, for columns: "6.5 %", "0.0 %". */
Figure figure_percent_fixed(double fraction, int decimals);

/* `part` of `whole`, which is above 0: the accuracy on a set of images. "93.50 %". */
Figure figure_percent_of(size_t part, size_t whole);

/* An estimate with its confidence interval, all fractions, in percent: "12.34 [11.50, 13.20]". */
Figure figure_interval(double estimate, double low, double high);

/* The same for a difference, with signs: "-0.61 [-0.90, -0.32]". */
Figure figure_change(double difference, double low, double high);

/* A measured time: "2.15 s". */
Figure figure_seconds(double seconds);

/* An estimated time, rounded: "12 s", "3 min", "2 h"; "" where it is not known (NaN, negative) or above 100
 * hours. */
Figure figure_time_left(double seconds);

#endif
