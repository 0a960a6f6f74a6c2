#include "network/operators/operator.h"

#include <string.h>

static const Operator *const families[] = {
    operators_conv,   operators_gemm,        operators_normalize, operators_statistics, operators_unary,
    operators_binary, operators_elementwise, operators_pool,      operators_reduce,     operators_move,
    operators_spread, operators_resize,      operators_codes,     operators_shape,
};

const Operator *operator_find(const char *name, int opset)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (const Operator *entry = families[i]; entry->name; entry++)
            if (opset >= entry->first_opset && opset <= entry->last_opset && strcmp(entry->name, name) == 0)
                return entry;
    return NULL;
}
