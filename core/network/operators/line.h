/* Lines: values of one spatial axis, as images of a single row. Private to core/network. */
#ifndef NETWORK_LINE_H
#define NETWORK_LINE_H

#include "network/operators/operator.h"

/* *value = `input`, N,C,W or N,C,H,W, as N,C,H,W stored channels last. */
Status image_of_line(Call *call, size_t input, size_t *value);

/* *value = an image as N,C,W where `rank` is 3, itself otherwise. */
Status line_of_image(Call *call, size_t input, size_t rank, size_t *value);

#endif
