/* SPDX-License-Identifier: MIT */
#include "app/cli/budget.h"

#include "base/memory.h"
#include "base/sizes.h"

#define MOST_KEPT ((size_t)256 << 20)

Budget budget_now(const Options *options)
{
    const size_t limit = options->memory ? options->memory : memory_of_machine() / 2,
                 resident = memory_held();
    const size_t held = resident > BUDGET_PROGRAM ? resident - BUDGET_PROGRAM : 0;
    return (Budget){.limit = limit, .held = held, .left = held < limit ? limit - held : 1};
}

size_t budget_kept(const Budget *budget)
{
    return size_min(budget->left / 8, MOST_KEPT);
}
