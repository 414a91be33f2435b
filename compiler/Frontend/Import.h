// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module tree as IR. Every module that is called becomes a private function for the types it is called with.

#ifndef RUNE_FRONTEND_IMPORT_H
#define RUNE_FRONTEND_IMPORT_H

#include "Frontend/Evaluate.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringSet.h"

namespace rune {

class Importer : public CallHandler {
public:
  Importer(Session &session, const ModuleTree &tree, mlir::MLIRContext &context)
      : session(session), tree(tree), context(context), builder(&context) {}

  mlir::OwningOpRef<mlir::ModuleOp> run();

  Value callForward(Instance &instance, const GivenArguments &given, SourceLoc loc, Evaluator &caller) override;
  Value callFunction(Instance &instance, const FunctionDecl &function, const GivenArguments &given, SourceLoc loc,
                     Evaluator &caller) override;

private:
  /// A function made for certain arguments, and the form of what it returns: tensors in it stand for its results.
  struct Made {
    mlir::func::FuncOp op;
    Value result;
    bool failed = false, building = false;
  };
  /// What an entry point is given: tensors with their dimensions, sizes, and values known at compile time.
  struct EntryInput {
    std::string name;
    SourceLoc loc;
    Dims dims;
    ElementKind dtype = ElementKind::F32;
    bool isTensor = true, isInteger = false;
    Value value;
  };

  //===-- Import.cpp --------------------------------------------------------------------------------------------===//
  void importInstance(const Instance &instance);
  void importMember(const Slot &slot);
  void importStep(const InitStep &step);
  void importExpression(const InitStep &step);
  mlir::Attribute schemeAttr(const InitStep &step);
  std::string uniqueSymbol(std::string name);

  //===-- ImportFunctions.cpp -----------------------------------------------------------------------------------===//
  Value call(Instance &instance, const FunctionDecl &function, bool forward, const GivenArguments &given, SourceLoc loc,
             Evaluator &caller);
  void build(Made &made, Instance &instance, const FunctionDecl &function, bool forward, Scope &scope, SourceLoc loc);
  Value runBody(Instance &instance, const FunctionDecl &function, bool forward, Evaluator &evaluator, SourceLoc loc);
  void prepareScope(Scope &scope, Instance &instance);
  std::unique_ptr<Emitter> beginFunction(mlir::func::FuncOp op, SourceLoc loc);

  //===-- ImportEntries.cpp -------------------------------------------------------------------------------------===//
  void importForward();
  void importEntryFunctions();
  void importEntry(const FunctionDecl &function, bool forward, std::vector<EntryInput> inputs);
  std::optional<std::vector<EntryInput>> forwardInputs(const FunctionDecl &function, Scope &symbols);
  std::optional<EntryInput> entryInput(const InputDecl &input, bool fromSpec, Scope &symbols);
  bool hasKnownShapes(const FunctionDecl &function);
  void finishEntry(mlir::func::FuncOp op, Emitter &emitter, const Value &result, llvm::ArrayRef<EntryInput> inputs,
                   SourceLoc loc);

  Session &session;
  const ModuleTree &tree;
  mlir::MLIRContext &context;
  mlir::OpBuilder builder; // in the body of the rune.module
  std::map<std::string, Made> made;
  llvm::StringSet<> symbols;
};

/// What a sequential's forward takes.
const FunctionDecl &sequentialForward();

} // namespace rune

#endif // RUNE_FRONTEND_IMPORT_H
