// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A trainer's state as named tensors, and as one checked file.

#include "Text.h"
#include "TrainerImpl.h"

#include <array>
#include <cstring>

namespace rune {

using detail::join;

namespace {

constexpr const char *GeneratorName = "trainer.generator";
constexpr const char *ChecksumPrefix = "crc32.";

/// The polynomial of zlib and PNG.
std::uint32_t crc32(const void *data, std::size_t bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = value & 1 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
      made[i] = value;
    }
    return made;
  }();
  std::uint32_t sum = ~0u;
  for (std::size_t i = 0; i < bytes; ++i)
    sum = table[(sum ^ static_cast<const unsigned char *>(data)[i]) & 255u] ^ (sum >> 8);
  return ~sum;
}

std::string checksum(const Tensor &tensor) {
  static const char digits[] = "0123456789abcdef";
  const std::uint32_t sum = crc32(tensor.raw_data(), static_cast<std::size_t>(tensor.nbytes()));
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4)
    text += digits[(sum >> shift) & 15u];
  return text;
}

std::string slotName(const rune_training &training, const rune_model &table, const rune_slot &slot) {
  std::string name = "trainer.";
  if (slot.phase >= 0 && training.phases[slot.phase].name[0] != '\0')
    name += std::string(training.phases[slot.phase].name) + ".";
  name += slot.name;
  return slot.member >= 0 ? name + "." + table.members[slot.member].name : name;
}

/// Whether a member is kept in a checkpoint: parameters once, and every buffer.
bool isKept(const rune_model &table, std::int32_t index) {
  const rune_member &member = table.members[index];
  return member.alias == index && (member.kind == RUNE_PARAMETER || member.kind == RUNE_BUFFER);
}

} // namespace

StateDict Trainer::average_state_dict() const {
  const rune_model &table = impl_->model->table;
  StateDict result;
  for (std::int32_t i = 0; i < impl_->training.slot_count; ++i) {
    const rune_slot &slot = impl_->training.slots[i];
    if (slot.kind != RUNE_AVERAGE)
      continue;
    if (result.size() == 0)
      result = Module(impl_->model, 0).state_dict();
    const Tensor average =
        detail::read_storage(slot.storages[0], Shape(slot.shape, static_cast<std::size_t>(slot.rank)),
                             static_cast<DType>(slot.dtype), impl_->arena.get());
    for (std::int32_t m = 0; m < table.member_count; ++m)
      if (table.members[m].alias == slot.member)
        result.at(table.members[m].name) = average;
  }
  return result;
}

StateDict Trainer::state_dict() const {
  const rune_model &table = impl_->model->table;
  StateDict result;
  for (std::int32_t i = 0; i < table.member_count; ++i)
    if (isKept(table, i))
      result.insert(std::string("model.") + table.members[i].name, detail::read_member(*impl_->model, i));
  for (std::int32_t i = 0; i < impl_->training.slot_count; ++i) {
    const rune_slot &slot = impl_->training.slots[i];
    if (slot.kind == RUNE_GRADIENT && !impl_->has_gradient[static_cast<std::size_t>(slot.member)])
      continue;
    Tensor value = detail::read_storage(slot.storages[0], Shape(slot.shape, static_cast<std::size_t>(slot.rank)),
                                        static_cast<DType>(slot.dtype), impl_->arena.get());
    result.insert(slotName(impl_->training, table, slot), std::move(value));
  }
  const std::int64_t generator[] = {static_cast<std::int64_t>(impl_->context.seed),
                                    static_cast<std::int64_t>(impl_->context.draw), impl_->accumulated};
  Tensor words = Tensor::empty(Shape{3}, DType::i64);
  std::memcpy(words.raw_data(), generator, sizeof(generator));
  result.insert(GeneratorName, std::move(words));
  Tensor present = Tensor::zeros(Shape{table.member_count}, DType::i64);
  for (std::int32_t i = 0; i < table.member_count; ++i)
    present.data<std::int64_t>()[i] = impl_->has_gradient[static_cast<std::size_t>(i)] ? 1 : 0;
  result.insert("trainer.has_gradient", std::move(present));
  Tensor rate = Tensor::zeros(Shape{1}, DType::f64);
  rate.data<double>()[0] = impl_->lr;
  result.insert("trainer.lr", std::move(rate));
  return result;
}

/// What a state must have: the gradients that it says to have, and everything else.
StateDict Trainer::expected_state(const StateDict &state) const {
  StateDict own = state_dict();
  const auto present = state.find("trainer.has_gradient");
  const bool known = present != state.end() && present->second.dtype() == DType::i64 &&
                     present->second.numel() == impl_->model->table.member_count;
  for (std::int32_t i = 0; known && i < impl_->training.slot_count; ++i) {
    const rune_slot &slot = impl_->training.slots[i];
    if (slot.kind != RUNE_GRADIENT)
      continue;
    const std::string name = slotName(impl_->training, impl_->model->table, slot);
    own.erase(name);
    if (present->second.data<std::int64_t>()[slot.member] != 0)
      own.insert(name,
                 Tensor::empty(Shape(slot.shape, static_cast<std::size_t>(slot.rank)), static_cast<DType>(slot.dtype)));
  }
  return own;
}

void Trainer::load_state_dict(const StateDict &state) {
  const StateDict own = expected_state(state);
  std::string differences;
  const auto differs = [&](const std::string &what) { differences += "\n\t" + what; };
  for (const auto &[name, tensor] : own) {
    const auto found = state.find(name);
    if (found == state.end())
      differs(join("it lacks ", name, " of shape ", tensor.shape().str()));
    else if (!(found->second.shape() == tensor.shape()))
      differs(join(name, " has shape ", found->second.shape().str(), ", here ", tensor.shape().str()));
    else if (found->second.dtype() != tensor.dtype())
      differs(join(name, " has dtype ", rune::name(found->second.dtype()), ", here ", rune::name(tensor.dtype())));
  }
  for (const auto &[name, tensor] : state)
    if (!own.contains(name))
      differs(join(name, " is not part of this training"));
  if (!differences.empty())
    throw Error("the state belongs to another model or optimizer:" + differences);
  const rune_model &table = impl_->model->table;
  for (std::int32_t i = 0; i < table.member_count; ++i)
    if (isKept(table, i))
      detail::write_member(*impl_->model, i, state.at(std::string("model.") + table.members[i].name));
  for (std::int32_t i = 0; i < impl_->training.slot_count; ++i) {
    const rune_slot &slot = impl_->training.slots[i];
    const std::string name = slotName(impl_->training, table, slot);
    const auto found = state.find(name);
    const Shape shape(slot.shape, static_cast<std::size_t>(slot.rank));
    detail::write_storages(slot.storages, slot.storage_count, impl_->arena.get(),
                           found != state.end() ? found->second : Tensor::zeros(shape, static_cast<DType>(slot.dtype)));
  }
  const auto *generator = state.at(GeneratorName).data<std::int64_t>();
  impl_->context.seed = static_cast<std::uint64_t>(generator[0]);
  impl_->context.draw = static_cast<std::uint64_t>(generator[1]);
  impl_->accumulated = generator[2];
  for (std::int32_t i = 0; i < table.member_count; ++i)
    impl_->has_gradient[static_cast<std::size_t>(i)] = state.at("trainer.has_gradient").data<std::int64_t>()[i] != 0;
  impl_->lr = state.at("trainer.lr").data<double>()[0];
}

void Trainer::save_checkpoint(const std::string &path, const Metadata &notes) const {
  const StateDict state = state_dict();
  Metadata metadata;
  for (const auto &[name, text] : notes)
    metadata["note." + name] = text;
  for (const auto &[name, tensor] : state)
    metadata[ChecksumPrefix + name] = checksum(tensor);
  save_safetensors(path, state, metadata);
}

Metadata Trainer::load_checkpoint(const std::string &path) {
  Metadata metadata, notes;
  const StateDict state = load_safetensors(path, &metadata);
  if (!state.contains(GeneratorName))
    throw Error(join("'", path, "' is no checkpoint of a training"));
  for (const auto &[name, tensor] : state) {
    const auto found = metadata.find(ChecksumPrefix + name);
    if (found == metadata.end() || found->second != checksum(tensor))
      throw Error(join("'", path, "' is damaged: checksum mismatch in tensor ", name));
  }
  try {
    load_state_dict(state);
  } catch (const Error &error) {
    throw Error(join("'", path, "': ", error.what()));
  }
  for (const auto &[name, text] : metadata)
    if (name.rfind("note.", 0) == 0)
      notes[name.substr(5)] = text;
  return notes;
}

} // namespace rune
