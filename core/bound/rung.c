/* SPDX-License-Identifier: MIT */
#include "bound/rung.h"

#include "base/sizes.h"

#include <math.h>

const char *rung_name(Rung rung)
{
    static const char *const names[RUNG_COUNT] = {
        [RUNG_HYBRID] = "hybrid", [RUNG_SPECTRAL] = "spectral", [RUNG_FROBENIUS] = "Frobenius"};
    return names[rung];
}

double rung_bound(const Ladder *ladder, Rung rung)
{
    return rung == RUNG_HYBRID     ? ladder->hybrid
           : rung == RUNG_SPECTRAL ? ladder->spectral
                                   : ladder->frobenius;
}

double rung_contribution(const Ladder *ladder, Rung rung, size_t layer)
{
    const LadderStep *step = &ladder->steps[layer];
    return rung == RUNG_HYBRID ? step->hybrid : rung == RUNG_SPECTRAL ? step->spectral : step->frobenius;
}

double rung_share(const Ladder *ladder, Rung rung, size_t layer)
{
    const double bound = rung_bound(ladder, rung);
    if (!isfinite(bound)) return NAN;
    return bound == 0 ? 0 : rung_contribution(ladder, rung, layer) / bound;
}

double rung_squared_share(const Ladder *ladder, size_t layer)
{
    double sum = 0;
    for (size_t l = 0; l < ladder->layer_count; l++) sum += ladder->steps[l].hybrid * ladder->steps[l].hybrid;
    return sum == 0 ? 0 : ladder->steps[layer].hybrid * ladder->steps[layer].hybrid / sum;
}

size_t rung_costliest(const Ladder *ladder, Rung rung)
{
    const double bound = rung_bound(ladder, rung);
    size_t most = NO_INDEX;
    if (!isfinite(bound) || !(bound > 0)) return NO_INDEX;
    for (size_t l = 0; l < ladder->layer_count; l++) {
        const bool larger =
            most == NO_INDEX || rung_contribution(ladder, rung, l) > rung_contribution(ladder, rung, most);
        if (ladder->steps[l].quantized && larger) most = l;
    }
    return most;
}
