/* SPDX-License-Identifier: MIT */
/* Axis: the range of one axis of a chart, its ticks and their labels. Pure; any thread may call.
 *
 * Example (const Axis *axis, double low, double high, bool (*fits)(const AxisTicks *ticks)):
 *     AxisTicks ticks;
 *     AxisScale scale = axis_scale(axis, low, high, 0.05);
 *     for (unsigned coarse = 0; axis_ticks(&ticks, axis, &scale, coarse); coarse++)
 *         if (fits(&ticks)) break;
 */
#ifndef VIEWS_AXIS_H
#define VIEWS_AXIS_H

#include "base/figures.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Axis {
    const char *name;
    bool log;
    double low, high; /* NAN: from the data */
    bool whole;       /* ticks at whole numbers alone */
    bool percent;     /* labels of fractions as per cent */
} Axis;

typedef struct AxisScale {
    double low, high; /* low < high; their log10 where log */
    bool log;
} AxisScale;

/* Whether a value has a place on the axis: finite, and above 0 where it is logarithmic. */
bool axis_shows(const Axis *axis, double value);

/* Ends that the axis leaves open are the data's, moved out by `margin` of the range; data of one value, or
 * none (NAN), is given some room. */
AxisScale axis_scale(const Axis *axis, double data_low, double data_high, double margin);

/* 0 at the low end, 1 at the high end, at most 1e5 beyond them. The value must be one that axis_shows(). */
double axis_position(const AxisScale *scale, double value);

#define AXIS_TICKS 64

typedef struct AxisTicks {
    double values[AXIS_TICKS]; /* ascending */
    size_t count;              /* above AXIS_TICKS: too many */
    double step;               /* 0: decades */
} AxisTicks;

/* Ticks at 1-2-5 steps, the coarser the higher `coarse`; on logarithmic axes at decades, with 2 and 5 between
 * them where decades are few. False beyond the coarsest. */
bool axis_ticks(AxisTicks *ticks, const Axis *axis, const AxisScale *scale, unsigned coarse);

/* The label of a tick, with as many decimals as the step needs. */
Figure axis_label(const Axis *axis, const AxisTicks *ticks, double value);

#endif
