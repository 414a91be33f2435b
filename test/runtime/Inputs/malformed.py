#!/usr/bin/env python3
"""Writes the files that load_safetensors has to refuse, and some that it has to take, into a folder."""

import json
import os
import struct
import sys

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def raw(name, data):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def text(name, header, data=b"", length=None):
    if isinstance(header, str):
        header = header.encode()
    raw(name, struct.pack("<Q", len(header) if length is None else length) + header + data)


def tensor(dtype="F32", shape="[2]", offsets="[0,8]", extra=""):
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}{extra}}}'


eight = bytes(8)
raw("00-empty", b"")
raw("01-seven-bytes", bytes(7))
text("02-length-max", "", length=2**64 - 1)
text("03-length-over-limit", "{}", length=100_000_001)
text("04-length-past-end", "{}", length=3)
raw("05-only-length", struct.pack("<Q", 0))
text("10-list", "[]")
text("11-null", "null")
text("12-not-utf8", b'{"\xc0\x80":1}')
text("13-surrogate-bytes", b'{"\xed\xa0\x80":1}')
text("14-deep-list", "[" * 1_000_000)
text("15-deep-object", '{"a":' * 1_000_000)
text("16-deep-shape", '{"a":{"dtype":"F32","shape":' + "[" * 1_000_000)
text("17-unclosed", '{"a":' + tensor(), eight)
text("18-trailing", '{"a":' + tensor() + "} x", eight)
text("19-trailing-comma", '{"a":' + tensor() + ",}", eight)
text("20-duplicate", '{"a":' + tensor(offsets="[0,4]", shape="[1]") + ',"a":' + tensor(offsets="[4,8]", shape="[1]") + "}", eight)
text("21-unknown-dtype", '{"a":' + tensor("F33") + "}", eight)
text("22-unsupported-dtype", '{"a":' + tensor("F8_E4M3", "[8]") + "}", eight)
text("23-negative-offset", '{"a":' + tensor(offsets="[-1,8]") + "}", eight)
text("24-fractional-offset", '{"a":' + tensor(offsets="[0.5,8]") + "}", eight)
text("25-exponent-offset", '{"a":' + tensor(offsets="[0,8e0]") + "}", eight)
text("26-reversed", '{"a":' + tensor(offsets="[8,0]") + "}", eight)
text("27-overlap", '{"a":' + tensor() + ',"b":' + tensor(offsets="[4,12]") + "}", bytes(12))
text("28-hole", '{"a":' + tensor() + ',"b":' + tensor(offsets="[12,20]") + "}", bytes(20))
text("29-past-end", '{"a":' + tensor(offsets="[0,16]", shape="[4]") + "}", eight)
text("30-not-covered", '{"a":' + tensor() + "}", bytes(9))
text("31-shape-overflow", '{"a":' + tensor(shape="[4294967296,4294967296,4294967296]") + "}", eight)
text("32-count-mismatch", '{"a":' + tensor(shape="[3]") + "}", eight)
text("33-number-overflow", '{"a":' + tensor(shape="[99999999999999999999]") + "}", eight)
text("34-one-offset", '{"a":' + tensor(offsets="[8]") + "}", eight)
text("35-no-dtype", '{"a":{"shape":[2],"data_offsets":[0,8]}}', eight)
text("36-unknown-key", '{"a":' + tensor(extra=',"stride":[1]') + "}", eight)
text("37-shape-string", '{"a":' + tensor(shape='"2"') + "}", eight)
text("38-metadata-number", '{"__metadata__":{"a":1}}')
text("39-control-character", '{"a\n":' + tensor() + "}", eight)
text("40-lone-surrogate", '{"\\ud800":' + tensor() + "}", eight)
text("41-bool-of-two", '{"a":' + tensor("BOOL", "[8]") + "}", bytes(7) + b"\x02")
text("42-negative-zero", '{"a":' + tensor(offsets="[-0,8]") + "}", eight)
text("43-nul-byte", b'{"a":' + tensor().encode() + b"}\0", eight)
text("44-first-hole", '{"a":' + tensor(offsets="[4,12]") + "}", bytes(12))
os.mkfifo(os.path.join(folder, "50-fifo"))
os.mkdir(os.path.join(folder, "51-directory"))
text("60-good-empty", "{}")
text("61-good-padded", '{"a":' + tensor() + "}    ", struct.pack("<2f", 1.5, -2))
text("62-good-unicode", json.dumps({"h\u00e9\U0001f600": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}, "__metadata__": {"k": "v"}}), struct.pack("<q", -5))
text("63-good-zero", '{"z":' + tensor(shape="[0,3]", offsets="[0,0]") + ',"a":' + tensor() + "}", struct.pack("<2f", 1, 2))
half = struct.pack("<8e", 1.5, -0.0, 65504, 6e-8, float("inf"), float("-inf"), 6.1e-5, 0.333)
text("64-good-half", '{"a":' + tensor("F16", "[8]", "[0,16]") + "}", half)
text("65-good-bfloat", '{"a":' + tensor("BF16", "[2]", "[0,4]") + "}", struct.pack("<2H", 0x3FC0, 0xC000))
small = struct.pack("<bBhHiI", -3, 200, -300, 60000, -70000, 4000000000)
names = [("I8", 0, 1), ("U8", 1, 2), ("I16", 2, 4), ("U16", 4, 6), ("I32", 6, 10), ("U32", 10, 14)]
header = ",".join(f'"{n}":' + tensor(n, "[1]", f"[{b},{e}]") for n, b, e in names)
text("66-good-integers", "{" + header + "}", small)
