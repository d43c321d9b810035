"""Lists the kernels that a GPU build of TensorFlow has for some ops; needs neither a GPU nor its driver.

    python3 scripts/gpu/registered_kernels.py <folder of libtensorflow_cc> OP... > tests/fixtures/gpu-kernels.json

Prints JSON: for each op, its kernels for GPUs or for any device, each as the dtypes that every attribute may have; no
attributes: all dtypes.
"""

import ctypes
import json
import sys
from collections.abc import Iterator
from pathlib import Path

# DataType, tensorflow/core/framework/types.proto
DTYPES = {1: "float32", 3: "int32", 9: "int64", 10: "bool", 14: "bfloat16", 20: "resource"}


class Buffer(ctypes.Structure):
    """TF_Buffer, tensorflow/c/tf_buffer.h"""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("deallocator", ctypes.c_void_p)]


def registered_kernels(folder: Path) -> bytes:
    """TensorFlow's KernelList message, tensorflow/core/framework/kernel_def.proto."""
    ctypes.CDLL(str(folder / "libtensorflow_framework.so.2"), mode=ctypes.RTLD_GLOBAL)
    tensorflow = ctypes.CDLL(str(folder / "libtensorflow_cc.so.2"), mode=ctypes.RTLD_GLOBAL)
    tensorflow.TF_NewStatus.restype = ctypes.c_void_p
    tensorflow.TF_GetAllRegisteredKernels.restype = ctypes.POINTER(Buffer)
    tensorflow.TF_GetAllRegisteredKernels.argtypes = [ctypes.c_void_p]
    found = tensorflow.TF_GetAllRegisteredKernels(tensorflow.TF_NewStatus()).contents
    return ctypes.string_at(found.data, found.length)


def varint(message: bytes, at: int) -> tuple[int, int]:
    """A protobuf integer, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message that are integers, texts or messages, by number."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        if tag & 7 == 0:
            value, at = varint(message, at)
        else:
            size, at = varint(message, at)
            value, at = message[at : at + size], at + size
        yield tag >> 3, value


def constraint(message: bytes) -> tuple[str, list[str]]:
    """An attribute and the dtypes it may have: KernelDef.AttrConstraint."""
    of = dict(fields(message))
    numbers: list[int] = []
    for _, types in (field for field in fields(dict(fields(of[2]))[1]) if field[0] == 6):
        at = 0
        while isinstance(types, bytes) and at < len(types):
            number, at = varint(types, at)
            numbers.append(number)
        if isinstance(types, int):
            numbers.append(types)
    return of[1].decode(), [DTYPES[number] for number in numbers if number in DTYPES]


def kernels(messages: bytes, ops: set[str]) -> dict[str, list[dict[str, list[str]]]]:
    """The kernels of some ops that run on a GPU."""
    found: dict[str, list[dict[str, list[str]]]] = {op: [] for op in sorted(ops)}
    for _, kernel in fields(messages):
        parts = list(fields(kernel))
        op, device = (next((text.decode() for number, text in parts if number == wanted), "") for wanted in (1, 2))
        has_label = any(number == 5 for number, _ in parts)
        if op not in ops or device not in ("GPU", "DEFAULT") or has_label:
            continue
        dtypes = dict(constraint(message) for number, message in parts if number == 3)
        if all(dtypes.values()) and dtypes not in found[op]:
            found[op].append(dtypes)
    return found


if __name__ == "__main__":
    listed = kernels(registered_kernels(Path(sys.argv[1])), set(sys.argv[2:]))
    rows = (f"  {json.dumps(op)}: {json.dumps(sorted(of, key=str))}" for op, of in listed.items())
    print("{", ",\n".join(rows), "}", sep="\n")
