#include "quantize/method.h"

#include <assert.h>
#include <string.h>

typedef struct MethodEntry {
    const char *name, *summary;
} MethodEntry;

static const MethodEntry methods[METHOD_COUNT] = {
    [METHOD_BITSPLIT] = {"bitsplit", "bit-split and stitching (Wang et al., ICML 2020)"},
    [METHOD_CODE_DESCENT] = {"code-descent", "cyclic descent over whole codes, from rounding"},
    [METHOD_GPTQ] = {"gptq",
                     "one code after another, its error made up for by the rest (Frantar et al., ICLR 2023)"},
    [METHOD_GPTQ_POLISH] = {"gptq-polish", "GPTQ, then cyclic descent over whole codes"},
    [METHOD_ROUND_MSE] = {"round-mse", "round to nearest, at the scale of least squared weight error"},
    [METHOD_ROUND_MINMAX] = {"round-minmax", "round to nearest, at the scale of the largest weight"},
};

const char *method_name(Method method)
{
    assert(method < METHOD_COUNT);
    return methods[method].name;
}

const char *method_summary(Method method)
{
    assert(method < METHOD_COUNT);
    return methods[method].summary;
}

bool method_parse(Method *method, const char *name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(name, methods[i].name) == 0) {
            *method = (Method)i;
            return true;
        }
    return false;
}

bool method_is_rounding(Method method)
{
    return method == METHOD_ROUND_MSE || method == METHOD_ROUND_MINMAX;
}
