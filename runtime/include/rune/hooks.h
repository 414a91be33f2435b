// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that run before or after a module's forward, and where its gradients pass.

#ifndef RUNE_HOOKS_H
#define RUNE_HOOKS_H

#include "rune/tensor.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

namespace rune {

class Module;

namespace detail {

class HookRegistry;

/// The one form in which hooks are kept; `outputs` is empty before the forward.
using Hook = std::function<void(Module &, Tensors &inputs, Tensors &outputs)>;

[[noreturn]] void fail_output_count(const Module &module, std::size_t count);

template <typename F> Hook make_pre_hook(F f) {
  static_assert(std::is_invocable_v<F &, Module &, Tensors &>,
                "a forward-pre hook takes (rune::Module &, rune::Tensors &)");
  return [f = std::move(f)](Module &module, Tensors &inputs, Tensors &) mutable {
    using Result = std::invoke_result_t<F &, Module &, Tensors &>;
    if constexpr (std::is_void_v<Result>)
      f(module, inputs);
    else if constexpr (std::is_convertible_v<Result, Tensor>)
      inputs = Tensors{f(module, inputs)};
    else
      inputs = f(module, inputs);
  };
}

template <typename F> Hook make_forward_hook(F f) {
  constexpr bool takes_one = std::is_invocable_v<F &, Module &, Tensors &, Tensor &>;
  static_assert(takes_one || std::is_invocable_v<F &, Module &, Tensors &, Tensors &>,
                "a forward hook takes (rune::Module &, rune::Tensors, rune::Tensor &), or rune::Tensors & last");
  return [f = std::move(f)](Module &module, Tensors &inputs, Tensors &outputs) mutable {
    if constexpr (takes_one) {
      if (outputs.size() != 1)
        fail_output_count(module, outputs.size());
      if constexpr (std::is_void_v<std::invoke_result_t<F &, Module &, Tensors &, Tensor &>>)
        f(module, inputs, outputs[0]);
      else
        outputs[0] = f(module, inputs, outputs[0]);
    } else {
      if constexpr (std::is_void_v<std::invoke_result_t<F &, Module &, Tensors &, Tensors &>>)
        f(module, inputs, outputs);
      else
        outputs = f(module, inputs, outputs);
    }
  };
}

template <typename F> Hook make_backward_hook(F f) {
  static_assert(std::is_invocable_v<F &, Module &, Tensors &, Tensors &>,
                "a full-backward hook takes (rune::Module &, rune::Tensors &, rune::Tensors &)");
  return [f = std::move(f)](Module &module, Tensors &inputs, Tensors &outputs) mutable {
    using Result = std::invoke_result_t<F &, Module &, Tensors &, Tensors &>;
    if constexpr (std::is_void_v<Result>)
      f(module, inputs, outputs);
    else if constexpr (std::is_convertible_v<Result, Tensor>)
      inputs = Tensors{f(module, inputs, outputs)};
    else
      inputs = f(module, inputs, outputs);
  };
}

} // namespace detail

/// What registering a hook returns. The hook stays after the handle is gone, until remove() is called.
class RemovableHandle {
public:
  RemovableHandle() = default;
  RemovableHandle(std::weak_ptr<detail::HookRegistry> registry, std::uint64_t id)
      : registry_(std::move(registry)), id_(id) {}
  /// A second call, or one after the model is gone, does nothing.
  void remove();

private:
  std::weak_ptr<detail::HookRegistry> registry_;
  std::uint64_t id_ = 0;
};

namespace detail {
RemovableHandle register_global_hook(int phase, Hook hook);
} // namespace detail

/// Runs before every module's own forward-pre hooks, in every model of the process.
template <typename F> RemovableHandle register_module_forward_pre_hook(F hook) {
  return detail::register_global_hook(0, detail::make_pre_hook(std::move(hook)));
}

/// Runs before every module's own forward hooks, in every model of the process.
template <typename F> RemovableHandle register_module_forward_hook(F hook) {
  return detail::register_global_hook(1, detail::make_forward_hook(std::move(hook)));
}

/// The same for the gradients of every module.
template <typename F> RemovableHandle register_module_full_backward_pre_hook(F hook) {
  return detail::register_global_hook(2, detail::make_pre_hook(std::move(hook)));
}
template <typename F> RemovableHandle register_module_full_backward_hook(F hook) {
  return detail::register_global_hook(3, detail::make_backward_hook(std::move(hook)));
}

} // namespace rune

#endif // RUNE_HOOKS_H
