// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module of a compiled model: torch.nn.Module's surface over the tables that the compiler wrote.

#ifndef RUNE_MODULE_H
#define RUNE_MODULE_H

#include "rune/hooks.h"
#include "rune/parameter.h"
#include "rune/state_dict.h"

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rune {

/// A handle: copies of it are the same module. Reading from several threads at once is safe, writing is not.
class Module {
public:
  Module() = default;
  Module(detail::ModelHandle model, std::int32_t index) : model_(std::move(model)), index_(index) {}

  /// The dotted path from the model, "" for the model itself.
  std::string_view name() const;
  /// "Linear".
  std::string_view type() const;
  std::string extra_repr() const;
  /// What operator<< prints.
  std::string repr() const;

  std::vector<Parameter> parameters(bool recurse = true) const;
  std::vector<std::pair<std::string, Parameter>> named_parameters(bool recurse = true,
                                                                  bool remove_duplicate = true) const;
  std::vector<Buffer> buffers(bool recurse = true) const;
  std::vector<std::pair<std::string, Buffer>> named_buffers(bool recurse = true, bool remove_duplicate = true) const;
  std::vector<Module> children() const;
  std::vector<std::pair<std::string, Module>> named_children() const;
  std::vector<Module> modules() const;
  std::vector<std::pair<std::string, Module>> named_modules() const;
  Module get_submodule(std::string_view target) const;
  Parameter get_parameter(std::string_view target) const;
  Buffer get_buffer(std::string_view target) const;

  /// Calls fn(Module &) for every module below this one, children first, then for this one.
  template <typename F> Module &apply(F &&fn) {
    for (Module child : children())
      child.apply(fn);
    fn(*this);
    return *this;
  }

  Module &train(bool mode = true);
  Module &eval() { return train(false); }
  bool training() const;
  Module &requires_grad_(bool requires_grad = true);

  StateDict state_dict() const;
  /// Everything is checked before anything is copied; all that is wrong is thrown as one Error, in PyTorch's words.
  IncompatibleKeys load_state_dict(const StateDict &state_dict, bool strict = true);

  /// hook(Module &, Tensors &inputs) may replace the inputs, or return them.
  template <typename F> RemovableHandle register_forward_pre_hook(F hook, bool prepend = false) {
    return add_hook(0, detail::make_pre_hook(std::move(hook)), prepend);
  }
  /// hook(Module &, Tensors inputs, Tensor &output) may replace the output, or return it; a module with several
  /// outputs gives them as Tensors &.
  template <typename F> RemovableHandle register_forward_hook(F hook, bool prepend = false) {
    return add_hook(1, detail::make_forward_hook(std::move(hook)), prepend);
  }

  /// hook(Module &, Tensors &grad_output), where a trainer's backward comes to the module; it may replace them.
  template <typename F> RemovableHandle register_full_backward_pre_hook(F hook, bool prepend = false) {
    return add_hook(2, detail::make_pre_hook(std::move(hook)), prepend);
  }
  /// hook(Module &, Tensors &grad_input, Tensors &grad_output), where the backward leaves the module; it may replace
  /// grad_input, or return it. An undefined tensor stands for an input without a gradient.
  template <typename F> RemovableHandle register_full_backward_hook(F hook, bool prepend = false) {
    return add_hook(3, detail::make_backward_hook(std::move(hook)), prepend);
  }

protected:
  detail::ModelImpl &model() const;

  detail::ModelHandle model_;
  std::int32_t index_ = 0;

private:
  RemovableHandle add_hook(int phase, detail::Hook hook, bool prepend);
};

/// Prints as PyTorch's print(model), without a newline at the end.
std::ostream &operator<<(std::ostream &os, const Module &module);

} // namespace rune

#endif // RUNE_MODULE_H
