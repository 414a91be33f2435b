// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tensor primitives. Broadcasting is explicit: elementwise ops take operands of one shape.

#ifndef RUNE_PRIMITIVES_TD
#define RUNE_PRIMITIVES_TD

include "RuneDialect.td"

// The shape rule of a primitive is its InferTypeOpInterface; verification compares with the type written.
class Rune_Primitive<string mnemonic, list<Trait> traits = []>
    : Rune_Op<mnemonic, !listconcat([Pure, InferTypeOpAdaptor], traits)>;

def Rune_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::rune";
}

class Rune_Unary<string mnemonic, TypeConstraint type, string meaning>
    : Rune_Primitive<mnemonic, [Rune_Elementwise]> {
  let summary = meaning;
  let arguments = (ins type:$input);
  let results = (outs type:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location>,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      types.push_back(adaptor.getInput().getType());
      return ::mlir::success();
    }
  }];
}

def Rune_NegOp : Rune_Unary<"neg", Rune_NumberTensor, "−x">;
def Rune_AbsOp : Rune_Unary<"abs", Rune_NumberTensor, "|x|">;
def Rune_FloorOp : Rune_Unary<"floor", Rune_FloatTensor, "the largest integer not above x">;
def Rune_RoundOp : Rune_Unary<"round", Rune_FloatTensor, "the nearest integer, ties to even">;
def Rune_SqrtOp : Rune_Unary<"sqrt", Rune_FloatTensor, "√x">;
def Rune_ExpOp : Rune_Unary<"exp", Rune_FloatTensor, "eˣ">;
def Rune_Expm1Op : Rune_Unary<"expm1", Rune_FloatTensor, "eˣ − 1">;
def Rune_LogOp : Rune_Unary<"log", Rune_FloatTensor, "ln x">;
def Rune_Log1pOp : Rune_Unary<"log1p", Rune_FloatTensor, "ln (1 + x)">;
def Rune_SinOp : Rune_Unary<"sin", Rune_FloatTensor, "sin x">;
def Rune_CosOp : Rune_Unary<"cos", Rune_FloatTensor, "cos x">;
def Rune_TanhOp : Rune_Unary<"tanh", Rune_FloatTensor, "tanh x">;
def Rune_ErfOp : Rune_Unary<"erf", Rune_FloatTensor, "erf x">;

class Rune_Binary<string mnemonic, TypeConstraint type, string meaning>
    : Rune_Primitive<mnemonic, [Rune_Elementwise, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = meaning;
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location> loc,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return ::rune::inferBinary(loc, adaptor.getLhs(), adaptor.getRhs(), types);
    }
  }];
}

def Rune_AddOp : Rune_Binary<"add", Rune_NumberTensor, "x + y">;
def Rune_SubOp : Rune_Binary<"sub", Rune_NumberTensor, "x − y">;
def Rune_MulOp : Rune_Binary<"mul", Rune_Tensor, "x · y; on booleans, and">;
def Rune_DivOp : Rune_Binary<"div", Rune_NumberTensor, "x / y; on integers rounded towards −∞">;
def Rune_RemOp : Rune_Binary<"rem", Rune_NumberTensor, "x − ⌊x / y⌋ y, with y's sign, as Python's %">;
def Rune_PowOp : Rune_Binary<"pow", Rune_FloatTensor, "xʸ">;
def Rune_MaxOp : Rune_Binary<"max", Rune_Tensor, "the larger; NaN where either is; on booleans, or">;

def Rune_Predicate : I32EnumAttr<"Predicate", "a comparison", [
    I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>, I32EnumAttrCase<"le", 3>,
    I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>]> {
  let cppNamespace = "::rune";
}

def Rune_CompareOp : Rune_Primitive<"compare", [Rune_Elementwise, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "x predicate y; every comparison with NaN is false but `ne`";
  let arguments = (ins Rune_Predicate:$predicate, Rune_Tensor:$lhs, Rune_Tensor:$rhs);
  let results = (outs Rune_BoolTensor:$result);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs)";
}

def Rune_SelectOp : Rune_Primitive<"select", [Rune_Elementwise, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "x where the condition holds, y elsewhere";
  let arguments = (ins Rune_BoolTensor:$condition, Rune_Tensor:$lhs, Rune_Tensor:$rhs);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$condition `,` $lhs `,` $rhs attr-dict `:` type($condition) `,` type($lhs)";
}

def Rune_CastOp : Rune_Primitive<"cast", [Rune_Elementwise]> {
  let summary = "x in another dtype: rounded to nearest even, towards zero into integers, `x ≠ 0` into booleans";
  let arguments = (ins Rune_Tensor:$input, TypeAttr:$dtype);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$input `to` $dtype attr-dict `:` type($input)";
}

def Rune_DetachOp : Rune_Unary<"detach", Rune_Tensor, "x, through which no gradient flows">;

def Rune_ConstantOp : Rune_Op<"constant", [Pure, AllTypesMatch<["value", "result"]>, ConstantLike]> {
  let summary = "A tensor known at compile time";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
}

def Rune_IotaOp : Rune_Primitive<"iota"> {
  let summary = "0, 1, … size − 1";
  let arguments = (ins Rune_DimsAttr:$size);
  let results = (outs 1DTensorOf<[I64]>:$result);
  let assemblyFormat = "$size attr-dict";
}

def Rune_ReshapeOp : Rune_Op<"reshape", [Pure]> {
  let summary = "The same elements in row-major order under another shape";
  let description = "(C1) The element types and the numbers of elements are equal.";
  let arguments = (ins Rune_Tensor:$input);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Rune_BroadcastOp : Rune_Op<"broadcast", [Pure]> {
  let summary = "The input repeated along new leading dimensions and along those of size 1";
  let description = "(C1) Aligned at the last dimension, each of the input's is 1 or the result's.";
  let arguments = (ins Rune_Tensor:$input);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Rune_TransposeOp : Rune_Primitive<"transpose"> {
  let summary = "Dimensions permuted: result dimension i is the input's permutation[i]";
  let description = "(C1) `permutation` is one of the input's dimensions.";
  let arguments = (ins Rune_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input)";
  let hasFolder = 1;
}

def Rune_SliceOp : Rune_Primitive<"slice"> {
  let summary = "Elements starts[i], starts[i] + steps[i], … (sizes[i] of them) of each dimension";
  let description = [{
    (C1) `starts`, `sizes` and `steps` have an entry for each dimension; (C2) steps are positive; (C3) where all is
    constant, the last element taken exists.
  }];
  let arguments = (ins Rune_Tensor:$input, Rune_DimsAttr:$starts, Rune_DimsAttr:$sizes, DenseI64ArrayAttr:$steps);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$input `from` $starts `size` $sizes `step` $steps attr-dict `:` type($input)";
  let hasFolder = 1;
}

def Rune_PadOp : Rune_Primitive<"pad"> {
  let summary = "The input with `low` and `high` copies of a value before and after each dimension";
  let description = "(C1) `low` and `high` have a non-negative entry for each dimension; (C2) the value is a scalar of the input's dtype.";
  let arguments = (ins Rune_Tensor:$input, Rune_Tensor:$value, Rune_DimsAttr:$low, Rune_DimsAttr:$high);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$input `,` $value `low` $low `high` $high attr-dict `:` type($input) `,` type($value)";
}

def Rune_ConcatOp : Rune_Primitive<"concat"> {
  let summary = "The inputs one after another along a dimension";
  let description = "(C1) There is an input; (C2) all have one dtype and, but for `dim`, one shape; (C3) `dim` exists.";
  let arguments = (ins Variadic<Rune_Tensor>:$inputs, I64Attr:$dim);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$inputs `dim` $dim attr-dict `:` type($inputs)";
}

def Rune_GatherOp : Rune_Primitive<"gather"> {
  let summary = "result[i, j, k] = input[i, indices[i, j, k], k] for dim = 1, as torch.gather";
  let description = [{
    A negative index counts from the end. One out of range fails the call. (C1) Both have the same rank and, but for
    `dim`, the same shape; (C2) `dim` exists.
  }];
  let arguments = (ins Rune_Tensor:$input, Rune_IndexTensor:$indices, I64Attr:$dim);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `dim` $dim attr-dict `:` type($input) `,` type($indices)";
}

def Rune_ScatterAddOp : Rune_Primitive<"scatter_add"> {
  let summary = "The input with result[i, indices[i, j, k], k] += source[i, j, k] for dim = 1, as torch.scatter_add";
  let description = [{
    Elements of one place are added in the row-major order of the source. A negative index counts from the end. One out
    of range fails the call. (C1) All have the same rank and, but for `dim`, the same shape; (C2) `dim` exists; (C3)
    indices and source have one shape.
  }];
  let arguments = (ins Rune_FloatTensor:$input, Rune_IndexTensor:$indices, Rune_FloatTensor:$source, I64Attr:$dim);
  let results = (outs Rune_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $indices `,` $source `dim` $dim attr-dict `:` type($input) `,` type($indices) `,` type($source)
  }];
}

def Rune_RandOp : Rune_Op<"rand", [Pure]> {
  let summary = "Numbers uniform in [0, 1), drawn anew in each call";
  let description = [{
    Philox 4x32-10 under the call's seed at the counter (element, `id`, draw): a number depends on nothing else, so that
    neither threads nor the order of ops change it. `id` tells the ops of a function apart; `inline-modules` numbers
    them.
  }];
  let arguments = (ins DefaultValuedAttr<I64Attr, "0">:$id);
  let results = (outs Rune_FloatTensor:$result);
  let assemblyFormat = "$id attr-dict `:` type($result)";
}

def Rune_GradOp : Rune_Op<"grad", [Pure, AttrSizedOperandSegments]> {
  let summary = "The gradients of the sum of ys, each weighted by its cotangent, with respect to xs";
  let description = [{
    Without cotangents the weights are 1. An x that is the value of a member stands for every reading of it, that
    through the name of a tied one included. `autodiff` puts the gradient's own ops in its place. (C1) There are
    as many cotangents as ys, of their types, or none; (C2) the results have the types of xs.
  }];
  let arguments = (ins Variadic<Rune_FloatTensor>:$ys, Variadic<Rune_FloatTensor>:$cotangents,
      Variadic<Rune_FloatTensor>:$xs);
  let results = (outs Variadic<Rune_FloatTensor>:$gradients);
  let assemblyFormat = [{
    $ys (`weighted` $cotangents^)? `by` $xs attr-dict `:` type($ys) (`weighted` type($cotangents)^)? `by` type($xs)
    `->` type($gradients)
  }];
  let hasVerifier = 1;
}

class Rune_Reduction<string mnemonic, TypeConstraint type, string meaning> : Rune_Primitive<mnemonic> {
  let summary = meaning;
  let description = "(C1) `dims` are strictly ascending dimensions of the input, which the result lacks.";
  let arguments = (ins type:$input, DenseI64ArrayAttr:$dims);
  let results = (outs type:$result);
  let assemblyFormat = "$input $dims attr-dict `:` type($input)";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location> loc,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return ::rune::inferReduction(loc, adaptor.getInput(), adaptor.getDims(), types);
    }
  }];
}

def Rune_ReduceSumOp : Rune_Reduction<"reduce_sum", Rune_NumberTensor, "The sum over dimensions; 0 over none">;
def Rune_ReduceMaxOp : Rune_Reduction<"reduce_max", Rune_Tensor,
    "The maximum over dimensions, NaN where there is one; on booleans, any">;

def Rune_ArgmaxOp : Rune_Primitive<"argmax"> {
  let summary = "The index of the first maximum (the first NaN, where there is one) along a dimension";
  let description = "(C1) `dim` exists.";
  let arguments = (ins Rune_NumberTensor:$input, I64Attr:$dim);
  let results = (outs Rune_IndexTensor:$result);
  let assemblyFormat = "$input `dim` $dim attr-dict `:` type($input)";
}

def Rune_MatmulOp : Rune_Primitive<"matmul"> {
  let summary = "[…, m, k] × [k, n] or […, m, k] × […, k, n]";
  let description = [{
    Each element is one chain of fused multiply-adds over ascending k, from +0. (C1) Both have rank 2 or more and one
    floating dtype; (C2) the inner dimensions agree; (C3) the right side has rank 2 or the left side's leading
    dimensions; (C4) with `bf16` the dtype is f32.

    With `bf16` both sides are rounded to bfloat16 first (to nearest even, what is smaller than 2^-126 to zero), and the
    chain takes the elements of k in pairs, the second of each before the first (an odd last one alone), every sum
    smaller than 2^-126 becoming a zero of its sign: what VDPBF16PS computes. Products of two such numbers are exact.
  }];
  let arguments = (ins Rune_FloatTensor:$lhs, Rune_FloatTensor:$rhs, UnitAttr:$bf16);
  let results = (outs Rune_FloatTensor:$result);
  let assemblyFormat = "(`bf16` $bf16^)? $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
}

def Rune_AttentionOp : Rune_Primitive<"attention"> {
  let summary = "softmax(scale · query keyᵀ) value, without the matrix of scores";
  let description = [{
    query [batch…, l, e], key [batch…, s, e] and value [batch…, s, v] give [batch…, l, v], and `logsum` [batch…, l] the
    logarithm of the sum of the exponentials of each row of scores. With `causal` the row i sees the keys j ≤ i. No
    function of a specification makes it: `fuse-attention` puts it in the place of the ops that mean the same, where no
    second derivative is taken. (C1) All have one floating dtype and the same leading dimensions; (C2) e, and s, agree;
    (C3) e and v are constants.
  }];
  let arguments = (ins Rune_FloatTensor:$query, Rune_FloatTensor:$key, Rune_FloatTensor:$value, F64Attr:$scale,
      UnitAttr:$causal);
  let results = (outs Rune_FloatTensor:$result, Rune_FloatTensor:$logsum);
  let assemblyFormat = [{
    $query `,` $key `,` $value `scale` $scale (`causal` $causal^)? attr-dict
    `:` type($query) `,` type($key) `,` type($value)
  }];
}

def Rune_AttentionGradOp : Rune_Primitive<"attention_grad"> {
  let summary = "The gradients of attention by query, key and value";
  let description = [{
    `result` and `logsum` are attention's, `cotangent` is the gradient of the result. The scores are computed again.
    (C1) The shapes are those of `rune.attention`.
  }];
  let arguments = (ins Rune_FloatTensor:$query, Rune_FloatTensor:$key, Rune_FloatTensor:$value, Rune_FloatTensor:$result,
      Rune_FloatTensor:$logsum, Rune_FloatTensor:$cotangent, F64Attr:$scale, UnitAttr:$causal);
  let results = (outs Rune_FloatTensor:$dquery, Rune_FloatTensor:$dkey, Rune_FloatTensor:$dvalue);
  let assemblyFormat = [{
    $query `,` $key `,` $value `,` $result `,` $logsum `,` $cotangent `scale` $scale (`causal` $causal^)? attr-dict
    `:` type($query) `,` type($key) `,` type($value) `,` type($result) `,` type($logsum) `,` type($cotangent)
  }];
}

#endif // RUNE_PRIMITIVES_TD
