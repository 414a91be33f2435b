// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structure ops: what a model consists of, and where its modules begin and end.

#ifndef RUNE_STRUCTURE_TD
#define RUNE_STRUCTURE_TD

include "RuneDialect.td"

def Rune_RuneModuleOp : Rune_Op<"module", [IsolatedFromAbove, SymbolTable, Symbol, NoRegionArguments, SingleBlock,
                                       NoTerminator]> {
  let summary = "A model: its submodules, members, initialisation and functions";
  let description = [{
    One flat symbol table. Submodules and members come in the order in which the spec registers them until
    `register-parameters` puts them in PyTorch's order; `rune.initialize` and `rune.tie` stand in the order in which
    they happen. Public functions are entry points, private ones the forwards of submodules and initialisers.

    ```mlir
    rune.module @Net dtype f32 {
      rune.submodule @"" type "Net"
      rune.submodule @fc type "Linear" extra "in_features=2, out_features=1, bias=True"
      rune.parameter @"fc.weight" in @fc : tensor<1x2xf32>
      rune.initialize @"fc.weight" #rune.init<"uniform" {a = -0.5, b = 0.5}>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$dtype);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `dtype` $dtype attr-dict-with-keyword $body";
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::Type":$dtype)>];
}

def Rune_SubmoduleKind : I32EnumAttr<"SubmoduleKind", "what PyTorch's class behaves as", [
    I32EnumAttrCase<"plain", 0>, I32EnumAttrCase<"sequential", 1>, I32EnumAttrCase<"list", 2>,
    I32EnumAttrCase<"none", 3>]> {
  let cppNamespace = "::rune";
}

def Rune_SubmoduleOp : Rune_Op<"submodule", [Symbol, HasParent<"RuneModuleOp">]> {
  let summary = "A module of the tree, the model itself (`@\"\"` is spelled `@\".\"`) included";
  let description = [{`sym_name` is the dotted path with a trailing dot (`"h.0.attn."`; the model itself is `"."`), so
    that a module and a function or a member never share a symbol.}];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$type_name, DefaultValuedAttr<StrAttr, "\"\"">:$extra_repr,
      DefaultValuedAttr<Rune_SubmoduleKind, "SubmoduleKind::plain">:$kind);
  let assemblyFormat = [{
    $sym_name `type` $type_name (`extra` $extra_repr^)? (`kind` $kind^)? attr-dict
  }];
  let extraClassDeclaration = [{
    /// The dotted path, "" for the model itself.
    ::llvm::StringRef getPath() { return getSymName().drop_back(); }
  }];
}

class Rune_MemberOp<string mnemonic> : Rune_Op<mnemonic, [Symbol, HasParent<"RuneModuleOp">]> {
  let hasVerifier = 1;
  code memberDeclaration = [{
    ::mlir::RankedTensorType getTensorType() { return ::llvm::cast<::mlir::RankedTensorType>(getType()); }
  }];
}

def Rune_ParameterOp : Rune_MemberOp<"parameter"> {
  let summary = "A tensor that training changes and state_dict holds";
  let description = [{`alias` names the earlier parameter whose storage this one shares (tied parameters). A frozen
    one has `requires_grad = false`.}];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, DefaultValuedAttr<BoolAttr, "true">:$requires_grad,
      OptionalAttr<FlatSymbolRefAttr>:$alias);
  let assemblyFormat = "$sym_name `:` $type (`alias` $alias^)? attr-dict";
  let extraClassDeclaration = memberDeclaration;
}

def Rune_BufferOp : Rune_MemberOp<"buffer"> {
  let summary = "A tensor that belongs to the module's state without being trained";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, DefaultValuedAttr<BoolAttr, "true">:$persistent);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let extraClassDeclaration = memberDeclaration;
}

def Rune_HeldOp : Rune_MemberOp<"held"> {
  let summary = "A tensor that a module merely holds: neither trained nor saved";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let extraClassDeclaration = memberDeclaration;
}

def Rune_SlotKind : I32EnumAttr<"SlotKind", "what a tensor of the training arena is for", [
    I32EnumAttrCase<"gradient", 0>, I32EnumAttrCase<"state", 1>, I32EnumAttrCase<"average", 2>,
    I32EnumAttrCase<"counter", 3>, I32EnumAttrCase<"schedule", 4>]> {
  let cppNamespace = "::rune";
}

def Rune_SlotOp : Rune_MemberOp<"slot"> {
  let summary = "A tensor that only training keeps: a gradient, an optimizer's state, a counter";
  let description = [{`parameter` is whose it is, `name` what the optimizer calls it, `phase` the number of the phase
    that it belongs to. Every element is `initial` at first; an average begins as its parameter.}];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$name, Rune_SlotKind:$kind, TypeAttr:$type,
      OptionalAttr<FlatSymbolRefAttr>:$parameter, DefaultValuedAttr<I64Attr, "-1">:$phase,
      DefaultValuedAttr<F64Attr, "0.0">:$initial);
  let assemblyFormat = "$sym_name $name $kind (`of` $parameter^)? `:` $type attr-dict";
  let extraClassDeclaration = memberDeclaration;
}

def Rune_InitializeOp : Rune_Op<"initialize", [HasParent<"RuneModuleOp">]> {
  let summary = "One step of the model's construction: draw or compute the value of a member";
  let description = [{
    Steps happen in the order written. Either `init` is a scheme, or `function` is a private function of this module
    from the members in `reads` to the new value. A `discarded` step draws its numbers and throws them away: the
    member was tied to another one afterwards.
  }];
  let arguments = (ins FlatSymbolRefAttr:$member, OptionalAttr<Rune_InitAttr>:$init,
      OptionalAttr<FlatSymbolRefAttr>:$function, OptionalAttr<ArrayAttr>:$reads, UnitAttr:$discarded);
  let assemblyFormat = [{
    $member (qualified($init)^)? (`by` $function^ `of` $reads)? (`discarded` $discarded^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Rune_TieOp : Rune_Op<"tie", [HasParent<"RuneModuleOp">]> {
  let summary = "From here on a parameter shares the storage of another";
  let arguments = (ins FlatSymbolRefAttr:$member, FlatSymbolRefAttr:$target);
  let assemblyFormat = "$member `to` $target attr-dict";
}

def Rune_GetOp : Rune_Op<"get", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The value of a member";
  let arguments = (ins FlatSymbolRefAttr:$member);
  let results = (outs Rune_Tensor:$result);
  let assemblyFormat = "$member attr-dict `:` type($result)";
}

def Rune_SetOp : Rune_Op<"set", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Gives a member a new value when the function ends";
  let description = [{Every `rune.get` of the function has the value from before. `updates` marks what is left out where
    the gradient of that parameter turns out to be none.}];
  let arguments = (ins FlatSymbolRefAttr:$member, Rune_Tensor:$value, OptionalAttr<FlatSymbolRefAttr>:$updates);
  let assemblyFormat = "$member `,` $value (`updates` $updates^)? attr-dict `:` type($value)";
}

def Rune_GetPanelsOp : Rune_Op<"get_panels", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The value of a matrix member as panels";
  let description = [{A member [n, k] is [n / lanes, k, lanes], as products that multiply by its transpose read it;
    `panel-updates` makes these of `rune.get` and `rune.set`. The lanes of a panel divide n.}];
  let arguments = (ins FlatSymbolRefAttr:$member);
  let results = (outs Rune_FloatTensor:$result);
  let assemblyFormat = "$member attr-dict `:` type($result)";
}

def Rune_SetPanelsOp : Rune_Op<"set_panels", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Gives a matrix member a new value, which is panels, when the function ends";
  let arguments = (ins FlatSymbolRefAttr:$member, Rune_FloatTensor:$value);
  let assemblyFormat = "$member `,` $value attr-dict `:` type($value)";
}

def Rune_MatmulPanelsOp : Rune_Op<"matmul_panels", [Pure]> {
  let summary = "[m, k] × [k, n] as panels [n / lanes, m, lanes]";
  let description = [{The elements are those of rune.matmul. Both sides have rank 2 and one floating dtype, and the inner
    dimensions agree; m and n are constants, and the lanes of a panel divide n.}];
  let arguments = (ins Rune_FloatTensor:$lhs, Rune_FloatTensor:$rhs);
  let results = (outs Rune_FloatTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasVerifier = 1;
}

def Rune_DimOp : Rune_Op<"dim", [Pure]> {
  let summary = "The value of an integer polynomial over the entry's symbols";
  let arguments = (ins Rune_DimsAttr:$dim);
  let results = (outs 0DTensorOf<[I64]>:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Rune_CallOp : Rune_Op<"call", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A call of a submodule's forward, where its hooks run";
  let description = [{`module` is the submodule called; a call of one of a module's own `functions` has none, and no
    hooks run there.}];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Rune_Tensor>:$inputs,
      OptionalAttr<FlatSymbolRefAttr>:$module);
  let results = (outs Variadic<Rune_Tensor>:$outputs);
  let assemblyFormat = [{
    $callee `(` $inputs `)` (`module` $module^)? attr-dict `:` functional-type($inputs, $outputs)
  }];
}

def Rune_HookOp : Rune_Op<"hook"> {
  let summary = "A module boundary at which hooks run";
  let description = [{Present in the hooked variant only. The tensors are the module's `input_count` inputs, and after
    its forward (not `pre`) its outputs too; the results are what the hooks leave of them, with the same types.

    `backward`, which autodiff makes, they are gradients: of outputs where it is `pre`, else of `input_count` inputs,
    then of outputs. `places` says of which ones, `arity` how many inputs and outputs the module has.}];
  let arguments = (ins FlatSymbolRefAttr:$module, UnitAttr:$pre, I64Attr:$input_count, Variadic<Rune_Tensor>:$tensors,
    UnitAttr:$backward, OptionalAttr<DenseI64ArrayAttr>:$places, OptionalAttr<DenseI64ArrayAttr>:$arity);
  let results = (outs Variadic<Rune_Tensor>:$results);
  let assemblyFormat = [{
    $module (`backward` $backward^)? (`pre` $pre^)? `inputs` $input_count `(` $tensors `)`
    (`places` $places^)? (`arity` $arity^)? attr-dict `:` functional-type($tensors, $results)
  }];
  let hasVerifier = 1;
}

def Rune_CheckOp : Rune_Op<"check"> {
  let summary = "Fails the call with a message unless the condition holds";
  let description = [{The message holds `{0}`, `{1}`, … for the values of `args`.}];
  let arguments = (ins 0DTensorOf<[I1]>:$condition, StrAttr:$message, OptionalAttr<Rune_DimsAttr>:$args);
  let assemblyFormat = "$condition `,` $message (`args` $args^)? attr-dict `:` type($condition)";
}

#endif // RUNE_STRUCTURE_TD
