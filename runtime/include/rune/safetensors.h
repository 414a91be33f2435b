// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files of tensors in the safetensors format, as safetensors.torch reads and writes them.

#ifndef RUNE_SAFETENSORS_H
#define RUNE_SAFETENSORS_H

#include "rune/state_dict.h"

#include <map>
#include <string>

namespace rune {

using Metadata = std::map<std::string, std::string>;

/// The file's tensors in the order of its header. F16 and BF16 become f32; I8, U8, I16, U16, I32 and U32 become i64.
/// The header is checked whole before anything is allocated for the tensors; what is wrong is thrown as an Error that
/// names the file and the byte. `metadata`, where given, receives the header's __metadata__.
StateDict load_safetensors(const std::string &path, Metadata *metadata = nullptr);

/// Writes beside `path` first and renames, so that an existing file stays whole whatever happens. The bytes are those
/// that safetensors.torch.save_file writes for the same tensors.
void save_safetensors(const std::string &path, const StateDict &tensors, const Metadata &metadata = {});

} // namespace rune

#endif // RUNE_SAFETENSORS_H
