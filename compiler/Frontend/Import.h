// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module tree as IR. Every module that is called becomes a private function for the types it is called with.

#ifndef RUNE_FRONTEND_IMPORT_H
#define RUNE_FRONTEND_IMPORT_H

#include "Frontend/Evaluate.h"
#include "Frontend/TrainingPlan.h"

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
  std::string uniqueSymbol(const std::string &name);

  //===-- ImportFunctions.cpp -----------------------------------------------------------------------------------===//
  Value call(Instance &instance, const FunctionDecl &function, bool forward, const GivenArguments &given, SourceLoc loc,
             Evaluator &caller);
  void build(Made &made, Instance &instance, const FunctionDecl &function, bool forward, Scope &scope, SourceLoc loc);
  Value runBody(Instance &instance, const FunctionDecl &function, bool forward, Evaluator &evaluator, SourceLoc loc);
  void runUpdates(Instance &instance, const Node &updates, Evaluator &evaluator);
  void prepareScope(Scope &scope, Instance &instance);
  std::unique_ptr<Emitter> beginFunction(mlir::func::FuncOp op, SourceLoc loc);

  //===-- ImportTraining.cpp ------------------------------------------------------------------------------------===//
  /// A function over the model's inputs and the targets in the making.
  struct TrainingFunction {
    mlir::func::FuncOp op;
    std::unique_ptr<Emitter> emitter;
    std::vector<EntryInput> inputs; // the model's, then the targets
    size_t targetsFrom = 0;
    Scope symbols;
  };
  void importHidden(const Instance &instance);
  void importCompute();
  void importTraining();
  void importTrainingForward();
  bool readEntryInputs();
  std::unique_ptr<TrainingFunction> beginTraining(llvm::StringRef name, SourceLoc loc, bool targets);
  void finishTraining(TrainingFunction &function, llvm::ArrayRef<mlir::Value> results,
                      llvm::ArrayRef<std::string> names, llvm::StringRef role, int phase);
  Value callModel(TrainingFunction &function, SourceLoc loc);
  /// The loss as a 0-d tensor, and the model's outputs where the loss is a module; null after an error.
  mlir::Value emitLoss(TrainingFunction &function, const PhasePlan &phase, std::vector<Value> *outputs = nullptr);
  std::vector<mlir::Value> emitGradients(Emitter &emitter, llvm::ArrayRef<mlir::Value> ys,
                                         llvm::ArrayRef<mlir::Value> cotangents, llvm::ArrayRef<mlir::Value> xs);
  mlir::Value countCorrect(TrainingFunction &function, const std::vector<Value> &outputs);
  void importEvaluate();
  void importInputGradients(int index, const PhasePlan &phase, const std::string &prefix);
  void importPhase(int index, const PhasePlan &phase);

  //===-- ImportOptimizer.cpp -----------------------------------------------------------------------------------===//
  void declareSlots(int index, const PhasePlan &phase);
  /// Emits one update by the gradients given; `trainable`, where it is not null, says which parameters take part.
  /// Returns the learning rate; null after an error.
  mlir::Value emitUpdate(Emitter &emitter, const PhasePlan &phase, std::vector<mlir::Value> gradients,
                         mlir::Value trainable);
  bool emitParameterUpdate(Emitter &emitter, const PhasePlan &phase, const TrainedParameter &parameter,
                           mlir::Value gradient, mlir::Value step, mlir::Value condition);
  bool clip(Emitter &emitter, const PhasePlan &phase, std::vector<mlir::Value> &gradients);
  /// What a schedule binds: lr, and momentum where it cycles.
  bool runSchedule(Emitter &emitter, const PhasePlan &phase, const Instance &optimizer, llvm::StringMap<Value> &bound);
  bool runScheduleModule(Emitter &emitter, Instance &schedule, Scope &scope, SourceLoc loc);
  Value callSchedule(Instance &instance, const GivenArguments &given, SourceLoc loc, Evaluator &caller);
  void importUpdate(int index, const PhasePlan &phase);
  void importMetric(int index, const PhasePlan &phase);
  void declareSlot(const std::string &symbol, llvm::StringRef name, SlotKind kind, llvm::ArrayRef<int64_t> shape,
                   ElementKind dtype, const Slot *parameter, int phase, double initial, SourceLoc loc);
  mlir::Value readSlot(Emitter &emitter, const std::string &symbol);
  void writeMember(Emitter &emitter, const std::string &symbol, mlir::Value value, const Slot *updates = nullptr);

  //===-- ImportEntries.cpp -------------------------------------------------------------------------------------===//
  void importForward();
  void importEntryFunctions();
  void importEntry(const FunctionDecl &function, bool forward, std::vector<EntryInput> inputs);
  std::optional<std::vector<EntryInput>> forwardInputs(const FunctionDecl &function, Scope &symbols);
  std::optional<EntryInput> entryInput(const InputDecl &input, bool fromSpec, Scope &symbols);
  bool hasKnownShapes(const FunctionDecl &function);
  void setEntryAttributes(mlir::func::FuncOp op, llvm::ArrayRef<EntryInput> inputs);
  void addEntryArguments(mlir::func::FuncOp op, Emitter &emitter, llvm::MutableArrayRef<EntryInput> inputs);
  void finishEntry(mlir::func::FuncOp op, Emitter &emitter, const Value &result, llvm::ArrayRef<EntryInput> inputs,
                   SourceLoc loc);

  Session &session;
  const ModuleTree &tree;
  mlir::MLIRContext &context;
  mlir::OpBuilder builder; // in the body of the rune.module
  std::map<std::string, Made> made;
  llvm::StringSet<> symbols;
  bool training = false;                                   // the variant being imported
  std::vector<EntryInput> modelInputs, targetInputs;       // of functions that train
  Scope entrySymbols;                                      // the sizes that they bind
  std::map<std::string, mlir::RankedTensorType> slotTypes; // by symbol
};

/// Lists within lists become one list; none is left out.
void flattenOutputs(const Value &value, std::vector<Value> &into);

/// What a sequential's forward takes.
const FunctionDecl &sequentialForward();

} // namespace rune

#endif // RUNE_FRONTEND_IMPORT_H
