// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DIALECT_TD
#define RUNE_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rune_Dialect : Dialect {
  let name = "rune";
  let cppNamespace = "::rune";
  let summary = "Neural networks as their authors wrote them: members, module calls and tensor primitives";
  let description = [{
    Value semantics throughout. A shape lives in its type: a tensor with a dynamic dimension carries
    `#rune.dims`, whose entries are integer polynomials over named symbols; two shapes are equal exactly when their
    types are. Every op that is not a structure op is a primitive: a shape rule, a lowering, and nothing that knows
    of layers.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

class Rune_Op<string mnemonic, list<Trait> traits = []> : Op<Rune_Dialect, mnemonic, traits>;

def Rune_DimsAttr : AttrDef<Rune_Dialect, "Dims"> {
  let mnemonic = "dims";
  let summary = "The dimensions of a tensor as integer polynomials over named symbols";
  let description = [{
    `#rune.dims<[batch, 784, "2*n + 1"]>`: a name, an integer, or a quoted polynomial in its normal form
    (sums of products, `floordiv` and `mod` as opaque atoms in parentheses). As the encoding of a tensor type it has
    an entry for every dimension, and those that are constant equal the type's.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$texts);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static DimsAttr get(::mlir::MLIRContext *context, ::llvm::ArrayRef<::rune::DimExpr> dims);
    ::llvm::SmallVector<::rune::DimExpr> getDims() const;
    size_t size() const { return getTexts().size(); }
  }];
}

def Rune_InitAttr : AttrDef<Rune_Dialect, "Init"> {
  let mnemonic = "init";
  let summary = "An initialisation scheme of torch.nn.init with its arguments";
  let description = [{`#rune.init<"uniform" {a = -0.5, b = 0.5}>`; the schemes and their arguments are those of
    `torch.nn.init`, every argument present.}];
  let parameters = (ins "::mlir::StringAttr":$scheme, "::mlir::DictionaryAttr":$args);
  let assemblyFormat = "`<` $scheme $args `>`";
}

def Rune_StorageAttr : AttrDef<Rune_Dialect, "Storage"> {
  let mnemonic = "storage";
  let summary = "A copy of a member in the state arena";
  let description = [{
    Row-major where `lanes` is 0; else panels, of bfloat16 in pairs with `bf16`, as rune_storage of the
    runtime's tables says.
  }];
  let parameters = (ins "int64_t":$offset, "int64_t":$lanes, "int64_t":$batch, "int64_t":$n, "int64_t":$k,
      "int64_t":$batchStride, "int64_t":$nStride, "int64_t":$kStride, DefaultValuedParameter<"bool", "false">:$bf16);
  let extraClassDeclaration = [{
    /// Rows of a panel: the k, or the pairs of them.
    int64_t getPanelRows() const { return getBf16() ? (getK() + 1) / 2 : getK(); }
    /// The same at another offset.
    StorageAttr at(int64_t offset) const {
      return get(getContext(), offset, getLanes(), getBatch(), getN(), getK(), getBatchStride(), getNStride(),
                 getKStride(), getBf16());
    }
  }];
  let assemblyFormat = "`<` struct(params) `>`";
}

def Rune_Float : AnyTypeOf<[F32, F64]>;
def Rune_Number : AnyTypeOf<[F32, F64, I64]>;
def Rune_Element : AnyTypeOf<[F32, F64, I64, I1]>;
def Rune_Tensor : RankedTensorOf<[Rune_Element]>;
def Rune_FloatTensor : RankedTensorOf<[Rune_Float]>;
def Rune_NumberTensor : RankedTensorOf<[Rune_Number]>;
def Rune_BoolTensor : RankedTensorOf<[I1]>;
def Rune_IndexTensor : RankedTensorOf<[I64]>;

#endif // RUNE_DIALECT_TD
