// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors of the interpreter: row-major, every float kept as f64.

#ifndef RUNE_INTERPRETER_TENSOR_H
#define RUNE_INTERPRETER_TENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <vector>

namespace rune::interpreter {

enum class DType { F32, F64, I64, Bool };

DType dtypeOf(mlir::Type element);
inline bool isReal(DType dtype) { return dtype == DType::F32 || dtype == DType::F64; }

/// One element: a float of either kind, or an integer; a boolean is the integer 0 or 1.
union Scalar {
  double real;
  int64_t integer;
};
inline Scalar real(double value) { return {.real = value}; }
inline Scalar integer(int64_t value) { return {.integer = value}; }

/// The element as its dtype can hold it.
Scalar roundTo(DType dtype, Scalar value);

/// An f32 as bfloat16: to nearest even, what is smaller than 2^-126 to zero.
float roundToBf16(double value);

using Shape = llvm::SmallVector<int64_t>;
using Place = llvm::ArrayRef<int64_t>;

int64_t countElements(llvm::ArrayRef<int64_t> shape);
/// Every place of a shape, in row-major order.
void forEachPlace(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(Place)> visit);

struct Tensor {
  DType dtype = DType::F32;
  Shape shape;
  std::vector<Scalar> elements;

  /// All zero.
  static Tensor make(DType dtype, llvm::ArrayRef<int64_t> shape);
  static Tensor fromAttribute(mlir::DenseElementsAttr values);
  mlir::DenseElementsAttr toAttribute(mlir::MLIRContext *context) const;

  Scalar &at(Place place);
  const Scalar &at(Place place) const { return const_cast<Tensor *>(this)->at(place); }
};

} // namespace rune::interpreter

#endif // RUNE_INTERPRETER_TENSOR_H
