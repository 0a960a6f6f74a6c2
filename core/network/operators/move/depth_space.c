/* SPDX-License-Identifier: MIT */
/* DepthToSpace and SpaceToDepth: elements moved between channels and pixels. */
#include "network/operators/operator.h"

#include <string.h>

/* Reshapes the input to split[6], permutes the axes by order[6], and reshapes the result to joined[4]. */
static Status rearrange(Call *call, const size_t *split, const size_t *order, const size_t *joined)
{
    size_t value;
    Status status = builder_plain(call, call->inputs[0], &value);
    if (!status) status = emit_reshaped(call, value, 6, split, &value);
    if (!status) status = emit_permuted(call, value, order, &value);
    if (!status) status = emit_reshaped(call, value, 4, joined, &value);
    return status ? status : call_bind(call, 0, value);
}

static Status read_block(Call *call, size_t *block)
{
    *block = 1;
    const int64_t size = attribute_int(call, "blocksize", 0);
    const BuildValue *x = call_value(call, 0);
    if (x->rank != 4) return call_fail(call, STATUS_INVALID, "'%s' has rank %zu, not 4", x->name, x->rank);
    if (size < 1 || size > INT16_MAX)
        return call_fail(call, STATUS_INVALID, "attribute blocksize is %lld", (long long)size);
    *block = (size_t)size;
    return STATUS_OK;
}

static Status build_depth_to_space(Call *call)
{
    size_t b;
    const BuildValue x = *call_value(call, 0);
    const bool columns_first = strcmp(attribute_text(call, "mode", "DCR"), "CRD") == 0;
    Status status = read_block(call, &b);
    if (status) return status;
    const size_t n = x.shape[0], c = x.shape[1] / (b * b), h = x.shape[2], w = x.shape[3];
    if (x.shape[1] % (b * b)) return call_fail(call, STATUS_INVALID, "%zu channels", x.shape[1]);
    const size_t joined[] = {n, c, h * b, w * b};
    if (columns_first)
        return rearrange(call, (size_t[]){n, c, b, b, h, w}, (size_t[]){0, 1, 4, 2, 5, 3}, joined);
    return rearrange(call, (size_t[]){n, b, b, c, h, w}, (size_t[]){0, 3, 4, 1, 5, 2}, joined);
}

static Status build_space_to_depth(Call *call)
{
    size_t b;
    const BuildValue x = *call_value(call, 0);
    Status status = read_block(call, &b);
    if (status) return status;
    const size_t n = x.shape[0], c = x.shape[1], h = x.shape[2] / b, w = x.shape[3] / b;
    if (x.shape[2] % b || x.shape[3] % b)
        return call_fail(call, STATUS_INVALID, "%zu x %zu pixels in blocks of %zu", x.shape[2], x.shape[3],
                         b);
    return rearrange(call, (size_t[]){n, c, h, b, w, b}, (size_t[]){0, 3, 5, 1, 2, 4},
                     (size_t[]){n, c * b * b, h, w});
}

const Operator operators_depth_space[] = {
    {"DepthToSpace", 7, 21, 1, 1, build_depth_to_space},
    {"SpaceToDepth", 7, 21, 1, 1, build_space_to_depth},
    {0},
};
