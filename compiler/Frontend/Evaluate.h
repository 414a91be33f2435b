// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates expressions and statements. Without an emitter all happens at compile time (arguments, shapes, names);
// with one, what depends on tensors is written as primitives.

#ifndef RUNE_FRONTEND_EVALUATE_H
#define RUNE_FRONTEND_EVALUATE_H

#include "Frontend/Emitter.h"
#include "Frontend/Session.h"

namespace rune {

/// The names that an expression sees.
struct Scope {
  enum Members { NoMembers, OwnParameters, AllMembers };

  llvm::StringMap<Value> values;                     // inputs and what statements bound
  const llvm::StringMap<Value> *arguments = nullptr; // of the instance; members shadow them
  Instance *self = nullptr;                          // whose members and functions are seen
  Members members = NoMembers;
  std::optional<bool> training;
  const Scope *outer = nullptr; // seen where this one has no such name
  std::string what = "here";    // for messages
};

class Evaluator;

/// Arguments as given, with places for messages.
struct GivenArguments {
  std::vector<Value> positional;
  std::vector<SourceLoc> locs;
  std::vector<std::pair<std::string, Value>> named;
  std::vector<SourceLoc> namedLocs;
};

/// What a call of a module or of one of its functions becomes; the importer's.
class CallHandler {
public:
  virtual ~CallHandler() = default;
  virtual Value callForward(Instance &instance, const GivenArguments &given, SourceLoc loc, Evaluator &caller) = 0;
  virtual Value callFunction(Instance &instance, const FunctionDecl &function, const GivenArguments &given,
                             SourceLoc loc, Evaluator &caller) = 0;
};

enum class Truth { False, True, Runtime, Error };

class Evaluator {
public:
  Evaluator(Session &session, Scope &scope, Emitter *emitter = nullptr, CallHandler *calls = nullptr)
      : session(session), scope(scope), emitter(emitter), calls(calls) {}

  Session &session;
  Scope &scope;
  Emitter *emitter;
  CallHandler *calls;

  Value evaluate(const Expr &expr);
  /// A scalar's expression, or a list of them.
  Value evaluate(const Node &node);
  Value evaluate(const Expr *expr) { return expr ? evaluate(*expr) : Value(); }
  /// A text with {…} filled in. Sizes known at run time only become `{0}`, … where `dims` takes them.
  std::optional<std::string> format(const Node &node, std::vector<DimExpr> *dims = nullptr);

  /// What `if` makes of a value.
  Truth truth(const Value &value, SourceLoc loc);
  Truth truth(const Expr *expr);

  /// Runs statements (or one expression) and gives what they return; none where nothing is returned.
  Value run(const Node &body);
  /// Checks `conditions: {expression: message}`; false if one was not met (and reported at `use`).
  bool check(const Node &conditions, SourceLoc use);

  /// A shape whose sizes are all known, at compile time or as polynomials.
  std::optional<Dims> shape(const Node &node);
  /// Binds the new names of a pattern to a tensor's sizes and checks the known ones.
  bool matchPattern(const InputDecl &input, const ShapePattern &pattern, const Value &tensor, SourceLoc use);
  /// Binds given arguments to the declared inputs in `scope`.
  bool bindInputs(const std::vector<InputDecl> &inputs, const GivenArguments &given, llvm::StringRef name,
                  SourceLoc use);
  /// Checks a value against a type; reports where it does not fit.
  Value convertArgument(const ArgumentType &type, llvm::StringRef name, const Value &value, SourceLoc loc,
                        SourceLoc declared);

  Value error(SourceLoc loc, const llvm::Twine &message, llvm::ArrayRef<RelatedPlace> notes = {}) {
    session.error(loc, message, notes);
    return Value();
  }

  /// A call of a function of the file or the library.
  Value callFunction(llvm::StringRef name, const GivenArguments &given, SourceLoc loc);

  //===-- Operators (Operators.cpp) -----------------------------------------------------------------------------===//
  Value binary(llvm::StringRef op, const Value &lhs, const Value &rhs, SourceLoc loc);
  Value compare(llvm::StringRef op, const Value &lhs, const Value &rhs, SourceLoc loc);
  Value negate(const Value &value, SourceLoc loc);
  Value logicalNot(const Value &value, SourceLoc loc);
  /// A value whose truth is known at run time only, as a 0-d bool.
  Value toCondition(const Value &value, SourceLoc loc);
  /// `lhs if condition else rhs` for a run-time condition.
  Value choose(mlir::Value condition, const Value &lhs, const Value &rhs, SourceLoc loc);
  Value matmul(const Value &lhs, const Value &rhs, SourceLoc loc);
  Value subscript(const Value &base, llvm::ArrayRef<Value> indices, llvm::ArrayRef<SourceLoc> locs, SourceLoc loc);

  /// The dtype that PyTorch gives to a result of these operands.
  ElementKind promote(llvm::ArrayRef<Value> values) const;
  /// A number or tensor as a tensor of a dtype; null after an error.
  mlir::Value toTensor(const Value &value, ElementKind type, SourceLoc loc);
  mlir::Value toTensor(const Value &value, SourceLoc loc) { return toTensor(value, promote(value), loc); }
  /// The common shape of operands; reports both shapes where there is none.
  std::optional<Dims> broadcastShapes(llvm::ArrayRef<Value> values, SourceLoc loc, llvm::StringRef what);
  /// All operands with one dtype and shape; empty after an error.
  llvm::SmallVector<mlir::Value> unify(llvm::ArrayRef<Value> values, ElementKind type, SourceLoc loc,
                                       llvm::StringRef what);
  /// Wraps a result: a run-time scalar where no operand was a tensor.
  Value wrap(mlir::Value result, llvm::ArrayRef<Value> operands) const;
  /// A list of numbers, or of such lists, as a constant; of the dtype that holds them unless one is given.
  mlir::Value listToTensor(const Value &list, std::optional<ElementKind> type, SourceLoc loc);
  /// Emits a run-time check unless `lhs <= rhs` is provable. False after an error (it is provably wrong).
  bool checkAtMost(const DimExpr &lhs, const DimExpr &rhs, SourceLoc loc, llvm::StringRef message);

private:
  Value lookUp(llvm::StringRef name, SourceLoc loc);
  std::optional<Value> find(const Scope &where, llvm::StringRef name);
  std::optional<Value> member(Instance &instance, llvm::StringRef name, Scope::Members members);
  Value undefined(llvm::StringRef name, SourceLoc loc);
  std::optional<std::string> fill(const Expr &templated);
  Value checkSize(Value value, SourceLoc loc);
  Value unary(const Expr &expr);
  Value slice(const Expr &expr);
  Value list(const Expr &expr);
  bool appendItems(const Expr &expr, std::vector<Value> &items, std::vector<SourceLoc> *locs = nullptr);
  Value comprehension(const Expr &expr);
  void comprehend(const Expr &expr, const Value &item, std::vector<Value> &items, bool &failed);
  Value comparison(const Expr &expr);
  Value logical(const Expr &expr);
  Value conditional(const Expr &expr);
  Value attribute(const Expr &expr);
  std::optional<std::string> attributeName(const Expr &expr);
  Value subscript(const Expr &expr);
  bool bindNames(llvm::ArrayRef<std::string> names, const Value &value, SourceLoc loc);
  std::optional<std::vector<Value>> iterate(const Value &value, SourceLoc loc);
  bool checkOne(const Entry &condition, SourceLoc use);

  // Calls.cpp
  Value call(const Expr &expr);
  std::optional<GivenArguments> arguments(const Expr &expr);
  Value callNamed(llvm::StringRef name, const Expr &expr);
  Value callMethod(const Value &object, const Expr &expr);
  Value callModule(const Value &module, const GivenArguments &given, SourceLoc loc);
  Value callModuleFunction(Instance &instance, const FunctionDecl &function, const GivenArguments &given,
                           SourceLoc loc);
  Value callDeclared(const FunctionDecl &function, const GivenArguments &given, SourceLoc loc,
                     const llvm::StringMap<Value> *moduleArguments = nullptr);
  Value callBuiltin(llvm::StringRef name, const GivenArguments &given, SourceLoc loc);

  // Statements.cpp
  struct Gather;
  enum class Flow { Next, Returned };
  Flow block(const Node &statements);
  Flow statement(const Node &node);
  Flow branches(const Node &node);
  Flow loop(const Entry &entry, const BlockKey &key);
  Flow runtimeBranches(const Node &node, size_t index, mlir::Value condition);
  void assign(const Entry &entry);
  void gather(const Entry &entry, llvm::StringRef name, llvm::StringRef indices);
  void pile(llvm::StringRef loopName);
  Value pileItems(const Gather &gather, size_t level, size_t &next, SourceLoc loc);
  void poison(const Node &statements);

  struct Gather {
    std::vector<std::string> loops;
    std::vector<std::pair<std::vector<int64_t>, Value>> items;
    SourceLoc loc;
  };
  std::map<std::string, Gather> gathers;
  std::vector<std::string> loops;
  Value returned;
};

} // namespace rune

#endif // RUNE_FRONTEND_EVALUATE_H
