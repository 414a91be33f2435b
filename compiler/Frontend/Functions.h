// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions and methods that are not written in the spec language, under PyTorch's and Python's names.

#ifndef RUNE_FRONTEND_FUNCTIONS_H
#define RUNE_FRONTEND_FUNCTIONS_H

#include "Frontend/Evaluate.h"

namespace rune {

/// A call with its arguments in the order of the signature.
class Call {
public:
  Call(Evaluator &evaluator, llvm::StringRef name, SourceLoc loc) : evaluator(evaluator), name(name), loc(loc) {}

  Evaluator &evaluator;
  llvm::StringRef name;
  SourceLoc loc;
  std::vector<Value> args;
  std::vector<SourceLoc> locs;
  std::vector<llvm::StringRef> names;

  Emitter &emitter() const { return *evaluator.emitter; }
  const Value &operator[](size_t i) const { return args[i]; }
  bool given(size_t i) const { return !args[i].isNone(); }

  Value error(const llvm::Twine &message) const { return evaluator.error(loc, message); }
  Value errorAt(size_t i, const llvm::Twine &message) const { return evaluator.error(locs[i], message); }

  /// The accessors report what does not fit and return nothing.
  mlir::Value tensor(size_t i) const; // tensors, and run-time numbers
  std::optional<int64_t> integer(size_t i) const;
  std::optional<DimExpr> size(size_t i) const;
  std::optional<bool> boolean(size_t i) const;
  std::optional<double> number(size_t i) const;
  std::optional<ElementKind> dtype(size_t i) const;
  std::optional<std::vector<Value>> list(size_t i) const; // one value makes a list of one
  std::optional<std::vector<int64_t>> integers(size_t i) const;
  std::optional<Dims> sizes(size_t i) const;
  std::optional<llvm::SmallVector<mlir::Value>> tensors(size_t i) const;
  /// A dimension of a tensor of a rank, counted from its end where negative.
  std::optional<int64_t> axis(size_t i, int64_t rank) const;
  std::optional<int64_t> axis(int64_t dim, int64_t rank, size_t i) const;
  /// Sorted dimensions; all of them where the argument is none.
  std::optional<llvm::SmallVector<int64_t>> axes(size_t i, int64_t rank) const;
};

struct Builtin {
  enum Use { Function = 1, Method = 2, Both = 3 };

  /// "clamp(input, min=none, max=none)"; `*sizes` takes the positional arguments that are left.
  const char *signature;
  Value (*run)(Call &call);
  Use use = Both;
};

/// Every function and method of the language, a line each, the standard library's included.
std::vector<std::string> functionSignatures();

const Builtin *findBuiltin(llvm::StringRef name, Builtin::Use use);
/// Binds arguments to the signature of the function or method of that name, which exists; reports what does not fit.
Value callBuiltin(Evaluator &evaluator, llvm::StringRef name, Builtin::Use use, const GivenArguments &given,
                  SourceLoc loc);

// The families, each in its own file.
llvm::ArrayRef<Builtin> scalarFunctions();
llvm::ArrayRef<Builtin> elementwiseFunctions();
llvm::ArrayRef<Builtin> shapeFunctions();
llvm::ArrayRef<Builtin> indexFunctions();
llvm::ArrayRef<Builtin> reductionFunctions();
llvm::ArrayRef<Builtin> creationFunctions();

} // namespace rune

#endif // RUNE_FRONTEND_FUNCTIONS_H
