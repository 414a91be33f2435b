// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/KernelNotes.h"

#include "Dialect/Origin.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace rune;

//===--- The model's names ------------------------------------------------===//

ModelNames::ModelNames(ModuleOp module) {
  auto add = [](std::map<int64_t, std::string> &names, ArrayAttr storages, StringRef name) {
    if (storages)
      for (auto storage : storages.getAsRange<StorageAttr>())
        names.try_emplace(storage.getOffset(), name.str());
  };
  module.walk([&](Operation *op) {
    auto storages = op->getAttrOfType<ArrayAttr>("storages");
    if (auto slot = dyn_cast<SlotOp>(op)) {
      add(slots, storages, slot.getName());
    } else if (auto submodule = dyn_cast<SubmoduleOp>(op)) {
      if (auto place = fileOf(op->getLoc()))
        places[submodule.getPath()] = place;
    } else if (storages) {
      add(members, storages, cast<SymbolOpInterface>(op).getName());
    }
  });
}

std::string ModelNames::find(const std::map<int64_t, std::string> &names, const DimExpr &bytes) {
  if (!bytes.isConstant())
    return "";
  auto it = names.find(bytes.getConstant());
  return it == names.end() ? "" : it->second;
}

//===--- Kernels ----------------------------------------------------------===//

static std::vector<Origin> originsOf(Operation *op) {
  std::vector<Origin> origins;
  if (isa<ContractOp, AttendOp, AttendGradOp>(op))
    addOrigins(op->getLoc(), origins);
  op->walk([&](Operation *inner) {
    if (inner != op && !inner->hasTrait<OpTrait::IsTerminator>())
      addOrigins(inner->getLoc(), origins);
  });
  addOrigins(op->getLoc(), origins);
  return origins;
}

/// The last two words of a path that are no numbers: "blocks.0.attn.proj" attn_proj.
static std::string wordsOf(StringRef scope) {
  SmallVector<StringRef> parts, words;
  scope.split(parts, '.');
  for (StringRef part : parts)
    if (!part.empty() && !llvm::all_of(part, llvm::isDigit))
      words.push_back(part);
  if (words.size() > 2)
    words.erase(words.begin(), words.end() - 2);
  return llvm::join(words, "_");
}

/// Of what belongs to no module: the library's file that it was written in.
static std::string wordOfFile(Location location) {
  auto place = fileOf(location);
  if (!place)
    return "";
  StringRef stem = llvm::sys::path::stem(place.getFilename().getValue());
  return stem.starts_with("loss") ? "loss" : stem.starts_with("optim") ? "optimizer" : "";
}

/// Which of the two gradients of a product it is: one by a weight's side, or by the other operand.
static bool multipliesMember(ContractOp contract) {
  for (Value operand : {contract.getRhs(), contract.getLhs()}) {
    Value root = operand;
    while (Operation *op = root.getDefiningOp()) {
      if (op->getNumOperands() == 0)
        break;
      root = op->getOperand(0);
    }
    if (auto argument = dyn_cast<BlockArgument>(root); argument && argument.getArgNumber() == 0)
      return true;
  }
  return false;
}

static std::string reductionWord(linalg::GenericOp op) {
  Operation *combiner = op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_nonnull<arith::AddFOp, arith::AddIOp>(combiner)        ? "sum"
         : isa_and_nonnull<arith::MaximumFOp, arith::MaxSIOp>(combiner) ? "max"
                                                                        : "reduce";
}

std::string rune::nameKernel(Operation *op) {
  std::vector<Origin> origins = originsOf(op);
  std::vector<std::string> words;
  bool backward = false;
  for (const Origin &origin : origins) {
    backward |= origin.backward;
    if (std::string word = wordsOf(origin.scope); !word.empty() && !llvm::is_contained(words, word) && words.size() < 3)
      words.push_back(word);
  }
  auto generic = dyn_cast<linalg::GenericOp>(op);
  bool reduces = generic && generic.getNumReductionLoops();
  if (words.empty())
    if (std::string word = wordOfFile(op->getLoc()); !word.empty())
      words.push_back(word);
  bool named = !words.empty();
  if (isa<PackOp>(op))
    words.insert(words.begin(), "pack");
  else if (isa<ScatterOp>(op))
    words.push_back("scatter_add");
  else if (isa<CheckIndexOp>(op))
    words.push_back("check_index");
  else if (isa<AttendOp>(op))
    words.push_back("attention");
  else if (isa<AttendGradOp>(op))
    words.push_back("attention_grad");
  else if (auto contract = dyn_cast<ContractOp>(op); contract && backward)
    words.push_back(multipliesMember(contract) ? "dinput" : "dweight");
  else if (backward)
    words.push_back("backward");
  if (reduces)
    words.push_back(reductionWord(generic));
  if (!named && !isa<PackOp, ScatterOp, CheckIndexOp>(op)) {
    // What it does, where nothing says what it is for.
    std::vector<std::string> primitives;
    for (const Origin &origin : origins)
      if (!llvm::is_contained(primitives, origin.primitive))
        primitives.push_back(origin.primitive);
    if (primitives.size() > 3)
      primitives.erase(primitives.begin(), primitives.end() - 3);
    if (!reduces || words.size() == 1)
      words.insert(words.begin(), primitives.begin(), primitives.end());
  }
  std::string name = llvm::join(words, "_");
  if (name.empty())
    return generic && llvm::hasSingleElement(*generic.getBody()) ? "fill" : "kernel";
  return name;
}

/// "digits_mlp.yaml:11, 12; nn/linear.yaml:11", each place once.
class PlaceList {
public:
  void add(FileLineColLoc place) {
    if (!place)
      return;
    StringRef file = place.getFilename().getValue();
    file.consume_front("<");
    file.consume_back(">");
    if (!file.starts_with("nn/"))
      file = llvm::sys::path::filename(file);
    auto &lines = files[file];
    if (!llvm::is_contained(lines, place.getLine()))
      lines.push_back(place.getLine());
  }

  std::string str() const {
    std::string text;
    for (const auto &[file, lines] : files) {
      text += (text.empty() ? "" : "; ") + file.str() + ":";
      for (unsigned line : lines)
        text += (line == lines.front() ? "" : ", ") + std::to_string(line);
    }
    return text;
  }

private:
  llvm::MapVector<StringRef, SmallVector<unsigned>> files;
};

Purpose rune::purposeOf(Operation *op, const ModelNames &names) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  PlaceList places;
  unsigned scopes = 0;
  for (const Origin &origin : originsOf(op)) {
    std::string scope = origin.scope + (origin.backward ? (origin.scope.empty() ? "backward" : " backward") : "");
    if (groups.empty() || groups.back().first != scope)
      groups.push_back({scope, {}});
    if (!llvm::is_contained(groups.back().second, origin.primitive))
      groups.back().second.push_back(origin.primitive);
    if (!origin.scope.empty() && scopes++ < 3)
      places.add(names.placeOf(origin.scope));
  }
  places.add(fileOf(op->getLoc()));
  std::string does;
  for (auto &[scope, primitives] : groups)
    does += (does.empty() ? "" : "; ") + scope + (scope.empty() ? "" : ": ") + llvm::join(primitives, ", ");
  return {does, places.str()};
}

void rune::noteKernel(func::FuncOp kernel, Operation *op, const ModelNames &names, ArrayRef<std::string> argumentNames,
                      ArrayRef<std::string> shapes) {
  Builder b(kernel.getContext());
  auto [does, where] = purposeOf(op, names);
  std::string tensors;
  for (auto [i, shape] : llvm::enumerate(shapes))
    if (!shape.empty())
      tensors += (tensors.empty() ? "" : ", ") + argumentNames[i] + " " + shape;
  SmallVector<Attribute> lines = {b.getStringAttr(does + " (" + where + ")")};
  if (!tensors.empty())
    lines.push_back(b.getStringAttr(tensors));
  kernel->setAttr("rune.notes", b.getArrayAttr(lines));
  for (auto [i, name] : llvm::enumerate(argumentNames))
    if (!name.empty())
      kernel.setArgAttr(i, "rune.name", b.getStringAttr(name));
}
