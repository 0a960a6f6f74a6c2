/* SPDX-License-Identifier: MIT */
#include "views/canvas/axis.h"

#include <math.h>
#include <stdio.h>

/* Beyond these, differences and steps would overflow or lose all their digits. */
#define LARGEST 1e300
#define SMALLEST 1e-300
#define LEAST_RANGE 1e-9 /* of the larger end */
#define FARTHEST 1e5     /* positions, so that they can be counted in dots */

/* --- scale ------------------------------------------------------------------------------------------ */

bool axis_shows(const Axis *axis, double value)
{
    return fabs(value) < LARGEST && (!axis->log || value > SMALLEST);
}

/* The end that the axis fixes, or NAN. */
static double fixed_end(const Axis *axis, double end)
{
    if (!axis_shows(axis, end)) return NAN;
    return axis->log ? log10(end) : end;
}

static bool is_range(double low, double high)
{
    return high - low > LEAST_RANGE * fmax(fabs(low), fabs(high)) && high - low > SMALLEST;
}

/* Half of the range around a single value. */
static double room_around(double value, bool log)
{
    if (log) return 0.5;
    return fabs(value) > 1e-200 ? 0.1 * fabs(value) : 1;
}

AxisScale axis_scale(const Axis *axis, double data_low, double data_high, double margin)
{
    double low = fixed_end(axis, axis->low), high = fixed_end(axis, axis->high);
    if (!isnan(low) && !isnan(high) && is_range(low, high)) return (AxisScale){low, high, axis->log};
    if (!isnan(low) && !isnan(high)) low = high = NAN;

    double from = fixed_end(axis, data_low), to = fixed_end(axis, data_high);
    if (isnan(from) || isnan(to)) from = to = isnan(low) ? isnan(high) ? 0 : high : low;
    bool low_open = isnan(low), high_open = isnan(high);
    if (low_open) low = from;
    if (high_open) high = to;
    double more = margin * (high - low);
    if (!is_range(low, high)) {
        double middle = high_open ? low : high;
        low = high = middle;
        more = room_around(middle, axis->log);
    }
    return (AxisScale){low_open ? low - more : low, high_open ? high + more : high, axis->log};
}

double axis_position(const AxisScale *scale, double value)
{
    if (scale->log) value = log10(value);
    double position = (value - scale->low) / (scale->high - scale->low);
    return fmax(fmin(position, FARTHEST), -FARTHEST);
}

/* --- ticks ------------------------------------------------------------------------------------------ */

static const double within_decade[] = {1, 2, 5};

/* The n-th of ... 0.5, 1, 2, 5, 10 ...; the 0th is 1. */
static double nice(int n)
{
    int decade = (n >= 0 ? n : n - 2) / 3;
    return within_decade[n - 3 * decade] * pow(10, decade);
}

static void add_tick(AxisTicks *ticks, const Axis *axis, double value)
{
    if (axis->whole && value != floor(value)) return;
    if (ticks->count < AXIS_TICKS) ticks->values[ticks->count] = value;
    ticks->count++;
}

static bool linear_ticks(AxisTicks *ticks, const Axis *axis, double low, double high, unsigned coarse)
{
    double step = nice(3 * (int)floor(log10((high - low) / AXIS_TICKS)) + (int)coarse);
    if (step > 2 * (high - low) && step > 1) return false;
    ticks->step = step;
    double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
    if (last - first >= AXIS_TICKS || (axis->whole && step < 1)) {
        ticks->count = AXIS_TICKS + 1;
        return true;
    }
    for (double i = first; i <= last; i++) add_tick(ticks, axis, i == 0 ? 0 : i * step);
    return true;
}

static bool decade_ticks(AxisTicks *ticks, const Axis *axis, const AxisScale *scale, unsigned coarse)
{
    static const int strides[] = {1, 2, 5, 10, 20, 50, 100, 200, 500};
    bool between = coarse == 0;
    size_t stride = between ? 0 : coarse - 1;
    if (stride >= sizeof strides / sizeof *strides) return false;
    for (int decade = (int)floor(scale->low); decade <= scale->high; decade++) {
        if (decade % strides[stride] != 0) continue;
        for (size_t i = 0; i < (between ? 3 : 1); i++) {
            double value = within_decade[i] * pow(10, decade), place = log10(value);
            if (place >= scale->low - 1e-9 && place <= scale->high + 1e-9) add_tick(ticks, axis, value);
        }
    }
    return true;
}

/* Decades say nothing in less than a factor of 5, and need nothing between them where they are many. */
bool axis_ticks(AxisTicks *ticks, const Axis *axis, const AxisScale *scale, unsigned coarse)
{
    ticks->count = 0;
    ticks->step = 0;
    double range = scale->high - scale->low;
    if (!scale->log) return linear_ticks(ticks, axis, scale->low, scale->high, coarse);
    if (range < 0.7) return linear_ticks(ticks, axis, pow(10, scale->low), pow(10, scale->high), coarse);
    return decade_ticks(ticks, axis, scale, range > 3 ? coarse + 1 : coarse);
}

/* --- labels ----------------------------------------------------------------------------------------- */

/* The power of ten of a number's first digit. */
static int magnitude(double value)
{
    return value == 0 ? 0 : (int)floor(log10(fabs(value)) + 1e-9);
}

/* Of the mantissa of `value`, for a label that tells it from its neighbours a step away. */
static int decimals_between(double value, double step)
{
    int decimals = magnitude(value) - magnitude(step);
    return decimals > 0 ? decimals : 0;
}

static bool needs_exponent(double least, double largest)
{
    return least < 0.00999 || largest > 99999;
}

Figure axis_label(const Axis *axis, const AxisTicks *ticks, double value)
{
    Figure label;
    double first = ticks->values[0], last = ticks->values[ticks->count - 1];
    if (ticks->step == 0 && !axis->percent) { /* decades */
        if (needs_exponent(first, last) && value != 1) return figure_scientific(value, 0);
        snprintf(label.text, sizeof label.text, "%g", value);
        return label;
    }
    double factor = axis->percent ? 100 : 1, step = ticks->step > 0 ? factor * ticks->step : value;
    double largest = factor * fmax(fabs(first), fabs(last));
    if (value != 0 && needs_exponent(largest, largest))
        return figure_scientific(factor * value, decimals_between(factor * value, step));
    int decimals = value != 0 && magnitude(step) < 0 ? -magnitude(step) : 0;
    snprintf(label.text, sizeof label.text, "%.*f%s", decimals, factor * value, axis->percent ? "%" : "");
    return label;
}
