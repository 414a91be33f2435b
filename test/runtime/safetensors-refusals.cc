// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/malformed.py %t/files
// RUN: %cxx -fsanitize=address,undefined %s %librune -o %t/load
// RUN: %t/load %t/files | FileCheck %s
// What load_safetensors refuses, and where.

#include <rune/safetensors.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sys/resource.h>

// clang-format off
// CHECK: 00-empty: byte 0: the file has 0 bytes, too few for a safetensors header
// CHECK-NEXT: 01-seven-bytes: byte 0: the file has 7 bytes, too few for a safetensors header
// CHECK-NEXT: 02-length-max: byte 0: the header is said to be larger than 100000000 bytes
// CHECK-NEXT: 03-length-over-limit: byte 0: the header is said to be larger than 100000000 bytes
// CHECK-NEXT: 04-length-past-end: byte 0: the header is said to have 3 bytes, past the end of the file
// CHECK-NEXT: 05-only-length: byte 8: the header must be an object, but the header ends
// CHECK-NEXT: 10-list: byte 8: the header must be an object
// CHECK-NEXT: 11-null: byte 8: the header must be an object
// CHECK-NEXT: 12-not-utf8: byte 10: the header is not UTF-8
// CHECK-NEXT: 13-surrogate-bytes: byte 10: the header is not UTF-8
// CHECK-NEXT: 14-deep-list: byte 8: the header must be an object
// CHECK-NEXT: 15-deep-object: byte 14: unexpected key "a" in tensor "a"
// CHECK-NEXT: 16-deep-shape: byte {{[0-9]+}}: shape of "a" must hold integers
// CHECK-NEXT: 17-unclosed: byte {{[0-9]+}}: expected ',' or '}', but the header ends
// CHECK-NEXT: 18-trailing: byte {{[0-9]+}}: text after the end of the header
// CHECK-NEXT: 19-trailing-comma: byte {{[0-9]+}}: a key of the header must be a string
// CHECK-NEXT: 20-duplicate: byte {{[0-9]+}}: duplicate tensor "a"
// CHECK-NEXT: 21-unknown-dtype: byte 22: dtype "F33" of tensor "a" is unknown or not supported
// CHECK-NEXT: 22-unsupported-dtype: byte 22: dtype "F8_E4M3" of tensor "a" is unknown or not supported
// CHECK-NEXT: 23-negative-offset: byte {{[0-9]+}}: data_offsets of "a": a negative number
// CHECK-NEXT: 24-fractional-offset: byte {{[0-9]+}}: data_offsets of "a": a number that is not an integer
// CHECK-NEXT: 25-exponent-offset: byte {{[0-9]+}}: data_offsets of "a": a number that is not an integer
// CHECK-NEXT: 26-reversed: byte {{[0-9]+}}: data_offsets of "a" are reversed: 8 > 0
// CHECK-NEXT: 27-overlap: byte {{[0-9]+}}: data_offsets of "b" begin at 4, overlapping the tensor before, which ends at 8
// CHECK-NEXT: 28-hole: byte {{[0-9]+}}: data_offsets of "b" begin at 12, leaving a hole after the tensor before, which ends at 8
// CHECK-NEXT: 29-past-end: byte {{[0-9]+}}: data_offsets of "a" end at 16, past the end of the data (8 bytes)
// CHECK-NEXT: 30-not-covered: byte {{[0-9]+}}: the tensors end here, but the file holds 1 more bytes
// CHECK-NEXT: 31-shape-overflow: byte 9: element count of tensor "a" overflows: shape [4294967296, 4294967296, 4294967296]
// CHECK-NEXT: 32-count-mismatch: byte 9: tensor "a" of shape [3] and dtype F32 needs 12 bytes, but its data_offsets hold 8
// CHECK-NEXT: 33-number-overflow: byte {{[0-9]+}}: shape of "a": a number out of range
// CHECK-NEXT: 34-one-offset: byte {{[0-9]+}}: data_offsets of "a" must be two integers
// CHECK-NEXT: 35-no-dtype: byte 9: tensor "a" lacks its dtype
// CHECK-NEXT: 36-unknown-key: byte {{[0-9]+}}: unexpected key "stride" in tensor "a"
// CHECK-NEXT: 37-shape-string: byte {{[0-9]+}}: shape of "a" must be a list of integers
// CHECK-NEXT: 38-metadata-number: byte {{[0-9]+}}: a value of __metadata__ must be a string
// CHECK-NEXT: 39-control-character: byte 11: control character in a string
// CHECK-NEXT: 40-lone-surrogate: byte {{[0-9]+}}: unpaired surrogate in a string
// CHECK-NEXT: 41-bool-of-two: byte {{[0-9]+}}: tensor "a" of dtype BOOL holds the byte 2
// CHECK-NEXT: 42-negative-zero: byte {{[0-9]+}}: data_offsets of "a": a negative number
// CHECK-NEXT: 43-nul-byte: byte {{[0-9]+}}: text after the end of the header
// CHECK-NEXT: 44-first-hole: byte 9: data_offsets of "a" begin at 4, leaving a hole
// CHECK-NEXT: 50-fifo: is not a regular file
// CHECK-NEXT: 51-directory: is a directory
// CHECK-NEXT: 60-good-empty: ok
// CHECK-NEXT: 61-good-padded: ok a tensor([ 1.5000, -2.0000])
// CHECK-NEXT: 62-good-unicode: ok hé😀 tensor(-5) k=v
// CHECK-NEXT: 63-good-zero: ok z tensor([], size=(0, 3)) a tensor([1., 2.])
// CHECK-NEXT: 64-good-half: ok a tensor([1.5000e+00, -0.0000e+00, 6.5504e+04, 5.9605e-08, inf, -inf, 6.0976e-05, 3.3301e-01])
// CHECK-NEXT: 65-good-bfloat: ok a tensor([ 1.5000, -2.0000])
// CHECK-NEXT: 66-good-integers: ok I8 tensor([-3]) U8 tensor([200]) I16 tensor([-300]) U16 tensor([60000]) I32 tensor([-70000]) U32 tensor([4000000000])
// CHECK-NEXT: missing: cannot open: No such file or directory
// clang-format on

int main(int, char **argv) {
  const std::string folder = std::string(argv[1]) + "/";
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  names.push_back("missing");
  for (const std::string &name : names) {
    try {
      rune::Metadata metadata;
      const rune::StateDict tensors = rune::load_safetensors(folder + name, &metadata);
      std::cout << name << ": ok";
      for (const auto &[key, tensor] : tensors) {
        std::string text = tensor.str();
        for (std::size_t at; (at = text.find('\n')) != text.npos;)
          text.erase(at, text.find_first_not_of(' ', at + 1) - at - 1), text[at] = ' ';
        for (std::size_t at; (at = text.find("  ")) != text.npos;)
          text.erase(at, 1);
        std::cout << ' ' << key << ' ' << text;
      }
      for (const auto &[key, value] : metadata)
        std::cout << ' ' << key << '=' << value;
      std::cout << '\n';
    } catch (const rune::Error &error) {
      std::cout << std::string(error.what()).substr(folder.size()) << '\n';
    }
  }
}
