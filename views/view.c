/* SPDX-License-Identifier: MIT */
#include "views/view.h"

#define VIEW_ROW(id, panel, fill) [VIEW_##id] = {panel, fill},
const View view_table[VIEW_COUNT] = {VIEW_TABLE(VIEW_ROW)};

ViewId view_next(Panel panel, ViewId view)
{
    ViewId next = view_table[view].panel == panel ? view : VIEW_COUNT - 1;
    do next = (ViewId)((next + 1) % VIEW_COUNT);
    while (view_table[next].panel != panel);
    return next;
}

size_t view_pages(size_t *position, Panel panel, ViewId view)
{
    size_t count = 0;
    *position = 0;
    for (ViewId other = 0; other < VIEW_COUNT; other++) {
        if (other == view) *position = count;
        count += view_table[other].panel == panel;
    }
    return count;
}
