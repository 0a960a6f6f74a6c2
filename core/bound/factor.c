#include "bound/factor.h"

#include <math.h>
#include <string.h>

/* strides[i]: what a step along axis i of `whole` moves by in `part`, 0 where `part` is repeated. */
static void repeat_strides(size_t *strides, const Value *part, const Value *whole)
{
    size_t stride = 1;
    for (size_t i = whole->rank; i-- > 0;) {
        strides[i] = part->shape[i] == 1 ? 0 : stride;
        stride *= part->shape[i];
    }
}

static bool next_index(size_t *index, const Value *whole)
{
    for (size_t i = whole->rank; i-- > 0;) {
        if (++index[i] < whole->shape[i]) return true;
        index[i] = 0;
    }
    return false;
}

static size_t offset_of(const size_t *index, const size_t *strides, size_t rank)
{
    size_t offset = 0;
    for (size_t i = 0; i < rank; i++) offset += index[i] * strides[i];
    return offset;
}

static double square(double value)
{
    return value * value;
}

/* Every element of the other factor, as often as it is repeated: no axis needs to be known. */
static double whole_norm(const Value *output, const Value *other, const float *data)
{
    double sum = 0;
    for (size_t i = 0; i < other->elements; i++) sum += square((double)data[i]);
    return sqrt(sum * (double)(output->elements / other->elements));
}

double factor_norm(double *sums, const Network *network, size_t number, size_t side, const float *data)
{
    const Node *node = &network->nodes[number];
    const Value *output = &network->values[node->output], *own = &network->values[node->inputs[side]],
                *other = &network->values[node->inputs[1 - side]];
    if (own->rank != output->rank || other->rank != output->rank) return whole_norm(output, other, data);
    size_t own_strides[NETWORK_MAX_RANK], other_strides[NETWORK_MAX_RANK], index[NETWORK_MAX_RANK] = {0};
    repeat_strides(own_strides, own, output);
    repeat_strides(other_strides, other, output);
    memset(sums, 0, own->elements * sizeof *sums);
    do
        sums[offset_of(index, own_strides, output->rank)] +=
            square((double)data[offset_of(index, other_strides, output->rank)]);
    while (next_index(index, output));
    double most = 0;
    for (size_t i = 0; i < own->elements; i++) most = sums[i] > most || isnan(sums[i]) ? sums[i] : most;
    return sqrt(most);
}
