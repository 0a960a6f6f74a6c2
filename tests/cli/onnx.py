# SPDX-License-Identifier: MIT
"""Writes small ONNX files, valid and broken, field by field of the public schema."""
import struct


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """Encodes an integer as a varint, and bytes, text or an encoded message with its length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    return field(1, name) + b"".join(field(8, item) for item in value) + field(20, 7)


def node(operator, inputs, outputs, name, **attributes):
    return (b"".join(field(1, item) for item in inputs) + b"".join(field(2, item) for item in outputs) +
            field(3, name) + field(4, operator) + b"".join(field(5, attribute(*item)) for item in attributes.items()))


def tensor(name, dims, floats):
    return (b"".join(field(1, dim) for dim in dims) + field(2, 1) + field(8, name) +
            field(9, struct.pack(f"<{len(floats)}f", *floats)))


def external_tensor(name, dims, location):
    entry = field(1, "location") + field(2, location)
    return b"".join(field(1, dim) for dim in dims) + field(2, 1) + field(8, name) + field(13, entry) + field(14, 1)


def value_info(name, dims):
    shape = b"".join(field(1, field(1, dim)) for dim in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def model(nodes, tensors, input_dims=(1, 1, 28, 28), output="y", opset=13, more_outputs=()):
    graph = (b"".join(field(1, item) for item in nodes) + field(2, "test") + b"".join(field(5, item) for item in tensors) +
             field(11, value_info("x", input_dims)) +
             b"".join(field(12, value_info(name, (1, 10))) for name in (output, *more_outputs)))
    return field(1, 7) + field(7, graph) + field(8, field(2, opset))
