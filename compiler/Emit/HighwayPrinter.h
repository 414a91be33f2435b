// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function of the `loops` IR as C++ on Highway. An op is one small function in the table of its family; values
// that are used once become part of the expression that uses them.

#ifndef RUNE_EMIT_HIGHWAYPRINTER_H
#define RUNE_EMIT_HIGHWAYPRINTER_H

#include "Codegen/KernelNotes.h"
#include "Emit/Identifiers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace rune {

/// How tightly the outermost operator of an expression binds, as in C++.
enum Binding {
  Ternary,
  LogicalOr,
  LogicalAnd,
  BitOr,
  BitXor,
  BitAnd,
  Equality,
  Relation,
  Shift,
  Sum,
  Product,
  Unary,
  Primary
};

/// An expression of C++.
struct Code {
  std::string text;
  Binding binding = Primary;
};

/// What the functions of one file share.
struct HighwayNames {
  ModelNames model;
  IdentifierScope functions;
  std::map<std::string, std::string> printed; // a function of the IR, and its name in C++
  std::set<std::string> helpers;              // those of HighwayPrelude.h that were used
  bool freestanding;

  HighwayNames(mlir::ModuleOp module, bool freestanding);
  std::string nameOf(mlir::func::FuncOp function);
  /// Of a memref.global.
  std::string nameOfConstant(llvm::StringRef symbol);
};

class HighwayPrinter {
public:
  HighwayPrinter(mlir::func::FuncOp function, HighwayNames &names);

  /// The definition; fails after an error at an op that has no C++.
  mlir::FailureOr<std::string> print();

  //===--- For the functions that print one op ----------------------------===//

  /// The operand as an argument of a call, or as an operand of an operator that binds as tightly as this.
  std::string use(mlir::Value value, Binding around = Ternary);
  /// A mask, for vectors with this tag.
  std::string useMask(mlir::Value mask, const std::string &tag);
  /// How many lanes, from the first, the mask has; nothing where it is of another kind.
  std::optional<std::string> countOf(mlir::Value mask);
  /// The tag that the mask was made with; "" where it can be made with any.
  std::string maskTag(mlir::Value mask);

  /// The tag of vectors of this type.
  std::string tag(mlir::Type vectorType);
  /// "hn::Add(a, b)"
  static Code call(llvm::StringRef function, llvm::ArrayRef<std::string> arguments);
  /// The same of a function of the prelude.
  Code callHelper(llvm::StringRef function, llvm::ArrayRef<std::string> arguments, llvm::StringRef templates = "");
  Code infix(mlir::Value x, llvm::StringRef sign, mlir::Value y, Binding binding);

  /// The result's expression. Unless it is used once and is short it gets a name.
  void define(mlir::Value result, const Code &code, llvm::StringRef hint);
  /// The same, with a name and at once: of what must happen where it stands.
  void defineNow(mlir::Value result, const Code &code, llvm::StringRef hint);
  void statement(const std::string &text);
  void comment(llvm::StringRef text);
  void openBlock(const std::string &head);
  void closeBlock(const char *after = "");
  void elseBlock();
  unsigned depth() const { return indent; } // of blocks
  /// A name that no other local has.
  std::string fresh(llvm::StringRef hint);
  /// Before something that writes: what was read, and is still to be used, gets a name.
  void flush(mlir::Operation *writer);

  std::string pointer(mlir::Value buffer, mlir::Value place);
  std::string element(mlir::Value buffer, mlir::Value place);
  std::string bufferName(mlir::Value buffer) { return buffers.lookup(buffer); }
  void nameBuffer(mlir::Value buffer, std::string name) { buffers[buffer] = std::move(name); }
  std::string induction(mlir::Value iv);
  void endLoopVariable() { --loopDepth; }
  mlir::LogicalResult printBlock(mlir::Block &block);
  /// "a = b;" for each, as if all at once.
  void assign(llvm::ArrayRef<std::string> targets, mlir::ValueRange values);
  /// The name of a variable that changes, as the value that it has in a block.
  void nameVariable(mlir::Value value, const std::string &name);
  std::string typeOf(mlir::Type type);
  bool isEntry() const { return entry; }
  /// The dynamic size that an entry reads.
  std::optional<std::string> symbolOf(mlir::memref::LoadOp load);
  HighwayNames &names;

private:
  /// What an expression depends on, besides values that never change.
  struct Traits {
    bool readsMemory = false;
    std::set<std::string> variables;
  };
  struct Pending {
    Traits traits;
    std::string hint;
  };

  mlir::LogicalResult printOp(mlir::Operation *op);
  std::string notes();
  std::string signature();
  std::string parameterName(unsigned i);
  void materialize(mlir::Value value);
  void line(const std::string &text);
  void openScope();
  void closeScope();

  mlir::func::FuncOp function;
  bool entry, math;
  /// The names of a block of C++, which are free again behind it.
  struct Scope {
    std::vector<std::string> names;
    llvm::StringMap<unsigned> numbers; // as they were before it
  };
  std::set<std::string> locals;
  llvm::StringMap<unsigned> numbers;
  std::vector<Scope> scopes;
  std::string body;
  unsigned indent = 1, loopDepth = 0;
  llvm::DenseMap<mlir::Value, Code> expressions;
  llvm::MapVector<mlir::Value, Pending> pending; // expressions that wait for their one use
  llvm::DenseMap<mlir::Value, std::string> variables;
  Traits gathered; // of the operands that were used for the op at hand
  llvm::DenseMap<mlir::Value, std::string> buffers;
  std::map<std::string, std::string> tags; // "float, 8" and its name, in the order of names
  std::vector<std::string> tagOrder;
};

/// Prints an op; false where its operands are of a kind that it has no C++ for.
using OpPrinter = bool (*)(HighwayPrinter &printer, mlir::Operation *op);
using OpPrinters = llvm::StringMap<OpPrinter>;

void addArithmeticPrinters(OpPrinters &printers);
void addConversionPrinters(OpPrinters &printers);
void addMemoryPrinters(OpPrinters &printers);
void addStructurePrinters(OpPrinters &printers);
/// Every op that has C++.
const OpPrinters &opPrinters();

/// A literal of C++ for an attribute of a number.
std::string literal(mlir::Attribute number, mlir::Type type);
/// Text as comments of at most 120 columns: whatever it holds, it ends none of them.
std::string commented(llvm::StringRef text);
/// A line of at most 120 columns, or several, broken after commas as clang-format does.
std::string wrapped(const std::string &text, unsigned indent);
/// Lanes of an element: booleans and bytes are 8 bits, indices 64.
unsigned laneBits(mlir::Type type);
/// What each lane holds in C++: "float".
std::string laneType(mlir::Type type);

} // namespace rune

#endif // RUNE_EMIT_HIGHWAYPRINTER_H
