# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lists a safetensors file by the format's own rules: name, dtype, shape, and the first value."""
import json
import struct
import sys

data = open(sys.argv[1], "rb").read()
(length,) = struct.unpack("<Q", data[:8])
body = data[8 + length :]
end = 0
for name, tensor in sorted(json.loads(data[8 : 8 + length]).items(), key=lambda item: item[1]["data_offsets"]):
    begin, stop = tensor["data_offsets"]
    assert begin == end and (8 + length) % 8 == 0
    end = stop
    code = {"F32": "<f", "I64": "<q", "BOOL": "<?"}[tensor["dtype"]]
    print(name, tensor["dtype"], tensor["shape"], *struct.unpack_from(code, body, begin))
assert end == len(body)
