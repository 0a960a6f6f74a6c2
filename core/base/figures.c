/* SPDX-License-Identifier: MIT */
#include "base/figures.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Figure format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
static Figure format(const char *pattern, ...)
{
    Figure figure;
    va_list arguments;
    va_start(arguments, pattern);
    vsnprintf(figure.text, sizeof figure.text, pattern, arguments);
    va_end(arguments);
    return figure;
}

/* value / step^i with units[i]: three digits, no decimals in the first unit. */
static Figure scaled(double value, double step, const char *const *units, size_t unit_count)
{
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < unit_count; unit++) value /= step;
    int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return format("%.*f%s", decimals, value, units[unit]);
}

Figure figure_bytes(size_t bytes)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    return scaled((double)bytes, 1024, units, sizeof units / sizeof *units);
}

Figure figure_quantity(double count)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    return scaled(count, 1000, units, sizeof units / sizeof *units);
}

Figure figure_count(size_t count)
{
    char digits[24];
    Figure figure;
    size_t length = (size_t)snprintf(digits, sizeof digits, "%zu", count), used = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) figure.text[used++] = ',';
        figure.text[used++] = digits[i];
    }
    figure.text[used] = 0;
    return figure;
}

Figure figure_scientific(double value, int decimals)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.*e", decimals, value);
    const char *exponent = strchr(digits, 'e');
    if (!exponent) return format("%s", digits); /* not finite */
    return format("%.*se%ld", (int)(exponent - digits), digits, strtol(exponent + 1, NULL, 10));
}

Figure figure_number(double value)
{
    double size = fabs(value);
    if (isnan(value)) return format("-");
    if (value == 0) return format("0");
    if (isinf(value) || (size >= 0.00999 && size < 999.5)) return format("%.3g", value);
    if (size >= 999.5 && size < (value < 0 ? 99999.5 : 999999.5))
        return format("%s%s", value < 0 ? "-" : "", figure_count((size_t)lround(size)).text);
    Figure figure = figure_scientific(value, 2);
    for (int decimals = 1; decimals >= 0 && strlen(figure.text) > 7; decimals--)
        figure = figure_scientific(value, decimals);
    return figure;
}

Figure figure_ratio(double ratio)
{
    if (!isfinite(ratio) || ratio < 0) return format("?");
    if (ratio < 9.95) return format("%.2g", ratio);
    if (ratio < 999.5) return format("%.0f", ratio);
    if (ratio >= 9.995e5) return figure_scientific(ratio, 1);
    double step = pow(10, floor(log10(ratio)) - 2); /* of the third digit */
    return figure_count((size_t)(round(ratio / step) * step));
}

Figure figure_percent(double fraction)
{
    double percent = 100 * fraction;
    if (percent > 0 && percent < 0.005) return format("<0.01 %%");
    return figure_percent_fixed(fraction, percent > 0 && percent < 0.95 ? 2 : 1);
}

Figure figure_percent_fixed(double fraction, int decimals)
{
    return isfinite(fraction) ? format("%.*f %%", decimals, 100 * fraction) : format("?");
}

Figure figure_percent_of(size_t part, size_t whole)
{
    return figure_percent_fixed((double)part / (double)whole, 2);
}

Figure figure_interval(double estimate, double low, double high)
{
    return format("%.2f [%.2f, %.2f]", 100 * estimate, 100 * low, 100 * high);
}

Figure figure_change(double difference, double low, double high)
{
    return format("%+.2f [%+.2f, %+.2f]", 100 * difference, 100 * low, 100 * high);
}

Figure figure_seconds(double seconds)
{
    return format("%.2f s", seconds);
}

Figure figure_time_left(double seconds)
{
    if (!(seconds >= 0) || seconds > 359999) return format("%s", "");
    if (seconds < 99.5) return format("%.0f s", ceil(seconds));
    if (seconds < 5970) return format("%.0f min", seconds / 60);
    return format("%.0f h", seconds / 3600);
}
