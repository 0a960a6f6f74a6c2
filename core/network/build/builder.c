/* SPDX-License-Identifier: MIT */
#include "network/build/builder.h"

#include "network/operators/walk.h"

BuildValue *builder_add_value(Builder *builder, const char *name, ElementType type, size_t rank,
                              const size_t *shape, size_t *value)
{
    BuildValue *added = blocks_add(&builder->values);
    if (!added) return NULL;
    *value = builder->values.count - 1;
    *added = (BuildValue){.name = name,
                          .type = type,
                          .rank = rank,
                          .elements = 1,
                          .producer = NO_INDEX,
                          .twin = NO_INDEX,
                          .layer = NO_INDEX};
    for (size_t i = 0; i < rank; i++) {
        added->shape[i] = shape[i];
        added->elements *= shape[i];
    }
    return added;
}

Value builder_stored(const BuildValue *value)
{
    Value stored = {.name = value->name,
                    .type = value->type,
                    .rank = value->rank,
                    .elements = value->elements,
                    .channels_last = value->channels_last,
                    .constant = value->constant,
                    .producer = NO_INDEX};
    stored_shape(stored.shape, value->shape, value->rank, value->channels_last);
    return stored;
}
