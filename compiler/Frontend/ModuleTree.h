// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry module, instantiated: arguments resolved, blocks unrolled, members and the steps of their initialisation in
// the order in which PyTorch's constructors would make them.

#ifndef RUNE_FRONTEND_MODULETREE_H
#define RUNE_FRONTEND_MODULETREE_H

#include "Frontend/Value.h"

#include "llvm/ADT/StringMap.h"

namespace rune {

struct ModuleDecl;
struct TrainingPlan;
struct Node;

/// What is made of the specification's entry.
enum class Compute {
  Model,     // its entry points and, where it has `training`, what trains it
  Forward,   // its forward alone
  Loss,      // the outputs and the loss
  Gradients, // the outputs, the loss, and the gradients of parameters and inputs
  Products,  // the outputs, and their cotangents' products with the Jacobian
};

struct FrontendOptions {
  bool f64 = false;                                         // --dtype=f64: `f32` in a spec means f64
  bool bf16 = false;                                        // --precision=bf16: products of bfloat16
  std::vector<std::pair<std::string, std::string>> defines; // -D arg=value, for the entry module
  bool training = false;                                    // the value of `training`
  Compute compute = Compute::Model;
  bool checking = false;                // nothing will be compiled: what cannot be yet is a warning
  int64_t memoryBudget = 0;             // --memory-budget: the bytes of a workspace; 0: any
  std::map<std::string, int64_t> sizes; // --size: dynamic sizes that costs and the budget are for
};

/// A tensor that a module owns. Tied slots share one.
struct MemberTensor {
  enum Kind { Parameter, Buffer, Held } kind = Parameter;
  std::string path; // dotted, where it was registered first: "h.0.attn.weight"
  std::vector<int64_t> shape;
  ElementKind dtype = ElementKind::F32;
  bool requiresGrad = true; // parameters
  bool persistent = true;   // buffers
  SourceLoc loc;

  int64_t count() const;
};

struct Slot {
  std::string name;
  std::string path;
  MemberTensor *tensor = nullptr;     // null where the member is none
  MemberTensor *registered = nullptr; // what stood here before a tie
  SourceLoc loc;
};

struct Child {
  std::string name;
  Instance *instance = nullptr; // null where the submodule is none
  SourceLoc loc;
};

struct Instance {
  enum Kind { Plain, Sequential, List } kind = Plain;
  std::string path; // dotted, "" for the entry
  std::string typeName, extraRepr;
  SourceLoc loc;                    // where it is used
  const ModuleDecl *decl = nullptr; // null for ModuleList and inline layers
  bool evaluation = false;          // `training: false` stands beside it or a module around it
  llvm::StringMap<Value> values;    // arguments, constants
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<Child> children;
  std::vector<std::pair<bool, size_t>> order; // of registration: (a child?, its index)
  llvm::StringMap<size_t> index;              // of names in `order`

  void add(std::unique_ptr<Slot> slot);
  void add(Child child);
  Slot *findSlot(llvm::StringRef name) const;
  const Child *findChild(llvm::StringRef name) const;
};

/// One event of the construction.
struct InitStep {
  enum Kind { Scheme, Expression, Tie } kind = Scheme;
  MemberTensor *target = nullptr;
  SourceLoc loc;
  std::string scheme;                                // Scheme: of torch.nn.init
  std::vector<std::pair<std::string, Value>> args;   // Scheme: every argument
  Value value;                                       // Expression known at compile time
  const Node *expression = nullptr;                  // Expression to be computed from members
  Instance *instance = nullptr;                      // Expression: whose names it sees
  bool seesParameters = false;                       // Expression: in a section `init`
  std::shared_ptr<llvm::StringMap<Value>> arguments; // Expression: its arguments and constants, as they were then
  const Slot *slot = nullptr;                        // Tie: the slot that now shares `target`
};

class ModuleTree {
public:
  Instance *root = nullptr;
  std::shared_ptr<TrainingPlan> training;           // null where the specification has none
  std::vector<std::unique_ptr<Instance>> instances; // in the order in which they were made
  std::vector<std::unique_ptr<MemberTensor>> tensors;
  std::vector<InitStep> steps;

  /// Every slot with a parameter below a module, as named_parameters lists them: own ones first, each tensor once.
  std::vector<Slot *> namedParameters(Instance &instance) const;
};

} // namespace rune

#endif // RUNE_FRONTEND_MODULETREE_H
