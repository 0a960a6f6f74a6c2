/* Methods: how a layer's codes are found. One table; a method is added by an entry in method.c. */
#ifndef QUANTIZE_METHOD_H
#define QUANTIZE_METHOD_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum Method {
    METHOD_BITSPLIT = 0, /* bit-split and stitching (Wang et al., ICML 2020), the default */
    METHOD_CODE_DESCENT, /* cyclic descent over whole codes from rounding */
    METHOD_GPTQ,         /* Frantar et al., ICLR 2023 */
    METHOD_GPTQ_POLISH,  /* GPTQ, then descent over whole codes */
    METHOD_ROUND_MSE,    /* round to nearest, scale of least squared weight error */
    METHOD_ROUND_MINMAX, /* round to nearest, scale from the largest weight */
    METHOD_COUNT
} Method;

/* "bitsplit", "code-descent", "gptq", "gptq-polish", "round-mse", "round-minmax": as in --method and the CSV.
 */
const char *method_name(Method method);
/* One line for --help. */
const char *method_summary(Method method);
/* Plain round to nearest: a baseline, to which the pipeline adds neither polish nor bias correction. (With
 * means made equal layer by layer, the loss of variance at every rounded layer adds up to constant outputs.)
 */
bool method_is_rounding(Method method);
/* False where no method has that name. */
bool method_parse(Method *method, const char *name);

#endif
