#!/usr/bin/env python3
"""Compares two safetensors files: the same names, shapes and dtypes, and the same bits (--bits) or values, NaN equal to
NaN, floating ones within 1e-5 (f64: 1e-11) of the largest finite one of the tensor, or (--each) of max(1, |value|).

    check_case.py [--bits | --each] [--rename OLD=NEW]... EXPECTED ACTUAL

The reader and the comparison serve the other scripts here too. Python's standard library only."""

import argparse
import json
import math
import struct
import sys

FORMATS = {"F64": "d", "F32": "f", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "BOOL": "?"}


class Tensor:
    def __init__(self, dtype, shape, data):
        self.dtype, self.shape, self.data = dtype, shape, data

    def values(self):
        return struct.unpack(f"<{math.prod(self.shape)}{FORMATS[self.dtype]}", self.data)

    def same_type(self, other):
        return (self.dtype, self.shape) == (other.dtype, other.shape)


def read(path):
    """The tensors of a file, in the order of their data, and its metadata."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    entries = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
    return {name: Tensor(e["dtype"], e["shape"], data[slice(*e["data_offsets"])]) for name, e in entries}, metadata


def write(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        end = offset + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(t.data for t in tensors.values()))


def difference(expected, actual, mode):
    """What differs between two tensors, in words; None where nothing does."""
    if not expected.same_type(actual):
        return f"expected {expected.dtype} {expected.shape}, got {actual.dtype} {actual.shape}"
    if expected.data == actual.data:
        return None
    wanted, found = expected.values(), actual.values()
    floating = expected.dtype in ("F32", "F64")
    unit = 1e-11 if expected.dtype == "F64" else 1e-5
    largest = max((abs(v) for v in wanted if math.isfinite(v)), default=0.0)
    for i, (a, b) in enumerate(zip(wanted, found)):
        tolerance = unit * (max(1.0, abs(a)) if mode == "each" else largest)
        close = floating and mode != "bits" and (a != a and b != b or abs(a - b) <= tolerance)
        if not (a == b and mode != "bits" or close or struct.pack("<d", a) == struct.pack("<d", b)):
            return f"at {i} of {expected.shape}: expected {a!r}, got {b!r} (largest {largest!r})"
    return None


def differences(expected, actual, mode="largest"):
    found = [f"{name}: missing" for name in expected if name not in actual]
    found += [f"{name}: not expected" for name in actual if name not in expected]
    for name, tensor in expected.items():
        words = difference(tensor, actual[name], mode) if name in actual else None
        if words:
            found.append(f"{name}: {words}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bits", dest="mode", action="store_const", const="bits", default="largest")
    parser.add_argument("--each", dest="mode", action="store_const", const="each")
    parser.add_argument("--rename", action="append", default=[], metavar="OLD=NEW", help="names of EXPECTED's tensors")
    parser.add_argument("expected")
    parser.add_argument("actual")
    args = parser.parse_args()
    names = dict(pair.split("=") for pair in args.rename)
    expected = {names.get(name, name): tensor for name, tensor in read(args.expected)[0].items()}
    found = differences(expected, read(args.actual)[0], args.mode)
    sys.stderr.write("".join(f"{words}\n" for words in found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
