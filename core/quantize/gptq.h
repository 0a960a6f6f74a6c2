/* GPTQ: codes by error feedback through the inverse of H (Frantar et al., ICLR 2023). Private to
 * core/quantize.
 *
 * Inputs are visited by descending H_kk. Each is rounded; what that loses is made up for by the inputs not
 * yet visited, by U, the upper Cholesky factor of (H' + damping)^-1. Its target is W* = (G' + damping W)(H' +
 * damping)^-1, the least-squares weights for the quantized chain's inputs, which is W itself where both
 * chains are the same.
 */
#ifndef QUANTIZE_GPTQ_H
#define QUANTIZE_GPTQ_H

#include "quantize/descent.h"

#define GPTQ_DAMPING 0.01 /* of the mean diagonal */

typedef struct GptqFactor {
    size_t *order;   /* [n] */
    double *inverse; /* [n][n], (H' + damping)^-1 in visiting order, symmetric */
    double *upper;   /* [n][n], U in visiting order */
    double damping;
} GptqFactor;

size_t gptq_factor_bytes(size_t n);
void gptq_factor_place(GptqFactor *factor, void *memory, size_t n);
/* The damping is raised tenfold until the factorization succeeds. */
Status gptq_factorize(GptqFactor *factor, const Curvature *curvature, Message *message);

size_t gptq_scratch_bytes(size_t n);
/* codes [n] of one channel at its scale. scratch: gptq_scratch_bytes(). */
void gptq_channel(int8_t *codes, const GptqFactor *factor, const Curvature *curvature, size_t channel,
                  double scale, unsigned bits, void *scratch);

#endif
