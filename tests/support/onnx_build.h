/* SPDX-License-Identifier: MIT */
/* Builds ONNX files for tests in memory, with protobuf-c and the schema in core/onnx.
 *
 * One model at a time. Every function fails the test if memory runs out. Attributes are added to the last
 * node. Names and data are copied.
 *
 *     ob_begin(13);
 *     ob_input("x", OB_FLOAT, 4, (int64_t[]){OB_OPEN, 1, 28, 28});
 *     ob_initializer_float("w", 4, (int64_t[]){6, 1, 5, 5}, weights);
 *     ob_node("Conv", "conv", OB_NAMES("x", "w"), OB_NAMES("y"));
 *     ob_ints("strides", 2, (int64_t[]){2, 2});
 *     ob_output("y");
 *     ob_write(path);                                           // and forgets the model
 */
#ifndef TESTS_ONNX_BUILD_H
#define TESTS_ONNX_BUILD_H

#include <stddef.h>
#include <stdint.h>

enum { OB_FLOAT = 1, OB_INT64 = 7, OB_BOOL = 9 }; /* TensorProto.DataType; any other number may be given */

#define OB_OPEN (-1) /* a dimension with a name instead of a size */

#define OB_NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OB_NO_NAMES ((const char *const[]){NULL})

void ob_begin(int64_t opset);
void ob_import(const char *domain, int64_t version);
void ob_metadata(const char *key, const char *value);
void ob_ir_version(int64_t version); /* 8 where it is not set */

void ob_input(const char *name, int type, size_t rank, const int64_t *dims);
void ob_output(const char *name);
void ob_value_info(const char *name);

void ob_initializer_float(const char *name, size_t rank, const int64_t *dims, const float *data);
void ob_initializer_int64(const char *name, size_t rank, const int64_t *dims, const int64_t *data);
/* Raw data: `bytes` bytes, whatever the shape says. */
void ob_initializer_raw(const char *name, int type, size_t rank, const int64_t *dims, const void *data,
                        size_t bytes);

/* External data; an entry that is NULL is left out. */
void ob_initializer_external(const char *name, int type, size_t rank, const int64_t *dims,
                             const char *location, const char *offset, const char *length);

/* Lists of names end with NULL; "" leaves an optional input out. */
void ob_node(const char *operator_name, const char *name, const char *const *inputs,
             const char *const *outputs);
void ob_domain(const char *domain); /* of the node added last */

void ob_int(const char *name, int64_t value);
void ob_float(const char *name, float value);
void ob_text(const char *name, const char *value);
void ob_ints(const char *name, size_t count, const int64_t *values);
void ob_floats(const char *name, size_t count, const float *values);
void ob_tensor_float(const char *name, size_t rank, const int64_t *dims, const float *data);
void ob_tensor_int64(const char *name, size_t rank, const int64_t *dims, const int64_t *data);

/* Returns the model's bytes (malloc'ed), for tests that damage them, and forgets the model. */
uint8_t *ob_pack(size_t *size);
void ob_write(const char *path);

#endif
