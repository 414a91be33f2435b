// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structured ops that code generation puts beside linalg's, on tensors before bufferization and on memrefs after it.

#ifndef RUNE_CODEGEN_TD
#define RUNE_CODEGEN_TD

include "RuneDialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

class Rune_Structured<string mnemonic, list<Trait> traits = []>
    : Rune_Op<mnemonic, !listconcat([DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>],
                                    traits)> {
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Rune_YieldOp : Rune_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "The results of an epilogue";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

def Rune_PackOp : Rune_Structured<"pack"> {
  let summary = "Matrices as panels";
  let description = [{
    The last two dimensions of the input are [k, n], or [n, k] where `transposed`; the rest are batch dimensions. The
    result is [batch…, ⌈n / lanes⌉, k, lanes], its lanes past n zero. From f32 to i32 it is [batch…, ⌈n / lanes⌉,
    ⌈k / 2⌉, lanes]: words of two bfloat16, rounded as rune.matmul's, the first of the two in the low half.
  }];
  let arguments = (ins AnyShaped:$input, AnyShaped:$init, UnitAttr:$transposed);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    (`transposed` $transposed^)? `ins` `(` $input `:` type($input) `)` `outs` `(` $init `:` type($init) `)` attr-dict
    (`->` type($result)^)?
  }];
}

def Rune_ScatterOp : Rune_Structured<"scatter"> {
  let summary = "Adds the source's elements to where the indices say";
  let description = [{
    init[…, indices[p], …] += source[p], for each place p of the source in row-major order; the index stands at `dim`.
    `map` gives the place in `indices`. A negative index counts from the end; the indices were checked before.
  }];
  let arguments = (ins AnyShaped:$source, AnyShaped:$indices, AnyShaped:$init, I64Attr:$dim, AffineMapAttr:$map);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `dim` $dim `ins` `(` $source `,` $indices `:` type($source) `,` type($indices) `)` `outs` `(` $init `:` type($init) `)`
    `map` $map attr-dict (`->` type($result)^)?
  }];
}

def Rune_ContractOp
    : Rune_Op<"contract", [SingleBlock, AttrSizedOperandSegments, DestinationStyleOpInterface,
                           DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "A matrix product over panels, with an epilogue";
  let description = [{
    The iteration space is (d0, …, d{r−2}, n, k): the dimensions of the result, of which the last is n, and the
    summation. `maps[0]` gives the place in `lhs` (a permutation of a subset of d0 … d{r−2}, and k); `rhs` is panels
    [batch…, ⌈n / lanes⌉, k, lanes], its batch dimensions being d0, d1, …; the other maps give the places in `extras`
    over (d0, …, d{r−2}, n). For each result element
    acc = Σ lhs · rhs as one chain of fused multiply-adds over ascending k from +0, and the element is what the region
    makes of acc and of the elements of `extras`. Where rhs is i32 it holds pairs of bfloat16, [batch…, ⌈n / lanes⌉,
    ⌈k / 2⌉, lanes]; the elements of lhs are such numbers as f32, and the chain is that of
    rune.matmul with `bf16`. With `panels` the result is [n / lanes, m, lanes], and d0 is the panel, d1 the row, n the
    lane; the panels of rhs are those of the result. There may be several results of the one shape: what an optimizer makes
    of a weight's gradient.
  }];
  let arguments = (ins AnyShaped:$lhs, AnyShaped:$rhs, Variadic<AnyShaped>:$extras, Variadic<AnyShaped>:$inits,
      AffineMapArrayAttr:$maps, UnitAttr:$panels);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
    ::mlir::Value getInit() { return getInits().front(); }
  }];
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)` (`with` `(` $extras^ `:` type($extras) `)`)?
    `outs` `(` $inits `:` type($inits) `)` `maps` $maps (`panels` $panels^)? attr-dict-with-keyword $epilogue (`->` type($results)^)?
  }];
  let hasVerifier = 1;
}

def Rune_AttendOp
    : Rune_Op<"attend", [DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "rune.attention in destination-passing style";
  let description = [{
    `maps` give, over the dimensions (batch…, row, column) of each matrix, the places in query, key, value and the first
    destination. The last dimension's elements are next to each other in the destination.
  }];
  let arguments = (ins AnyShaped:$query, AnyShaped:$key, AnyShaped:$value, AnyShaped:$resultInit, AnyShaped:$logsumInit,
      AffineMapArrayAttr:$maps, F64Attr:$scale, UnitAttr:$causal);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    `outs` `(` $resultInit `,` $logsumInit `:` type($resultInit) `,` type($logsumInit) `)`
    `maps` $maps `scale` $scale (`causal` $causal^)? attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return ::mlir::MutableOperandRange(getOperation(), 3, 2); }
  }];
}

def Rune_AttendGradOp
    : Rune_Op<"attend_grad", [DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "rune.attention_grad in destination-passing style";
  let description = "`maps` are those of query, key, value, result, cotangent and the destinations, as in rune.attend.";
  let arguments = (ins AnyShaped:$query, AnyShaped:$key, AnyShaped:$value, AnyShaped:$result, AnyShaped:$logsum,
      AnyShaped:$cotangent, AnyShaped:$dqueryInit, AnyShaped:$dkeyInit, AnyShaped:$dvalueInit,
      AffineMapArrayAttr:$maps, F64Attr:$scale, UnitAttr:$causal);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `,` $result `,` $logsum `,` $cotangent `:` type($query) `,` type($key) `,`
    type($value) `,` type($result) `,` type($logsum) `,` type($cotangent) `)`
    `outs` `(` $dqueryInit `,` $dkeyInit `,` $dvalueInit `:` type($dqueryInit) `,` type($dkeyInit) `,`
    type($dvalueInit) `)` `maps` $maps `scale` $scale (`causal` $causal^)? attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return ::mlir::MutableOperandRange(getOperation(), 6, 3); }
  }];
}

def Rune_DotBf16Op : Rune_Op<"dot_bf16", [Pure, AllTypesMatch<["sum", "result"]>]> {
  let summary = "Adds the products of two pairs of bfloat16 to each lane of a sum, as VDPBF16PS does";
  let description = "Only where the processor has that instruction. A lane holds the first of a pair in its low half.";
  let arguments = (ins AnyVectorOfNonZeroRank:$sum, AnyVectorOfNonZeroRank:$lhs, AnyVectorOfNonZeroRank:$rhs);
  let results = (outs AnyVectorOfNonZeroRank:$result);
  let assemblyFormat = "$lhs `,` $rhs `,` $sum attr-dict `:` type($lhs) `,` type($rhs) `,` type($sum)";
}

def Rune_FlushSubnormalOp : Rune_Op<"flush_subnormal", [Pure, SameOperandsAndResultType]> {
  let summary = "A zero of x's sign where |x| is smaller than 2^-126, else x";
  let arguments = (ins AnyTypeOf<[F32, VectorOfNonZeroRankOf<[F32]>]>:$input);
  let results = (outs AnyTypeOf<[F32, VectorOfNonZeroRankOf<[F32]>]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def Rune_FlushBeginOp : Rune_Op<"flush_begin"> {
  let summary = "From here on, in this thread, sums that are subnormal become zero";
  let description = "Where the processor has such a mode of its vector unit. The result is the mode as it was.";
  let results = (outs I32:$mode);
  let assemblyFormat = "attr-dict";
}

def Rune_FlushEndOp : Rune_Op<"flush_end"> {
  let summary = "Restores the mode that flush_begin found";
  let arguments = (ins I32:$mode);
  let assemblyFormat = "$mode attr-dict";
}

def Rune_CheckIndexOp : Rune_Op<"check_index"> {
  let summary = "Sets the status to RUNE_INDEX_OUT_OF_RANGE unless every index lies in [−size, size)";
  let arguments = (ins AnyShaped:$indices, Index:$size);
  let assemblyFormat = "$indices `in` $size attr-dict `:` type($indices)";
}

def Rune_FailUnlessOp : Rune_Op<"fail_unless"> {
  let summary = "Sets the status to a code unless the condition holds";
  let description = "The first failure of a call is the one that counts.";
  let arguments = (ins I1:$condition, I32Attr:$code);
  let assemblyFormat = "$condition `,` $code attr-dict";
}

def Rune_PointerOp : Rune_Op<"pointer", [Pure]> {
  let summary = "The buffer at an address";
  let description = "How an entry finds its inputs and outputs: the caller passes their addresses in an array.";
  let arguments = (ins I64:$address);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$address attr-dict `:` type($buffer)";
}

def Rune_ParallelOp : Rune_Op<"parallel", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Calls a kernel on ranges that together are [0, count), by as many threads as the application allows";
  let description = [{
    The callee takes the values, then the begin and the end of its range. Whatever the ranges, it leaves the same
    bits in memory.
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$values, Index:$count);
  let assemblyFormat = "$callee `(` $values `)` `to` $count attr-dict `:` type($values)";
}

def Rune_TraceOp : Rune_Op<"trace"> {
  let summary = "Says what comes next to the profile, where one is written";
  let description = [{
    The kernel that is called next, what of the model it computes, by module and primitive, and the lines of the spec
    where that is written. What came before has ended. `cost` is what the call computes and moves: floating-point
    operations, and bytes of its operands, each once.
  }];
  let arguments = (ins StrAttr:$kernel, StrAttr:$does, StrAttr:$where, Rune_DimsAttr:$cost);
  let assemblyFormat = "$kernel `does` $does `at` $where `costs` $cost attr-dict";
}

def Rune_TraceEndOp : Rune_Op<"trace_end"> {
  let summary = "Says to the profile, where one is written, that the entry has ended";
  let assemblyFormat = "attr-dict";
}

def Rune_RunHooksOp : Rune_Op<"run_hooks"> {
  let summary = "Calls the hooks of a site with the tensors' memory, which they may overwrite";
  let arguments = (ins I64Attr:$site, Variadic<AnyShaped>:$tensors);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $site `(` $tensors `:` type($tensors) `)` attr-dict (`->` type($results)^)?
  }];
}

#endif // RUNE_CODEGEN_TD
