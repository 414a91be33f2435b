// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points: the entry module's forward and those of its functions whose inputs have known shapes.

#include "Frontend/Import.h"
#include "Frontend/Inputs.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

/// The sizes of an entry's input. A name that stands for nothing yet becomes a symbol.
static std::optional<Dims> entryDims(Session &session, const ShapePattern &pattern, Scope &symbols) {
  Dims dims;
  Evaluator evaluator(session, symbols);
  if (pattern.whole) {
    session.error(pattern.loc, "the shape of an entry's input is a list of sizes");
    return std::nullopt;
  }
  for (const PatternItem &item : pattern.items) {
    if (item.kind == PatternItem::Rest) {
      session.error(item.loc, "an entry's input has a fixed number of dimensions; list them in the spec's 'inputs'");
      return std::nullopt;
    }
    bool known = item.expr->kind != Expr::Name || symbols.values.count(item.expr->text) ||
                 (symbols.arguments && symbols.arguments->count(item.expr->text));
    if (item.kind == PatternItem::Size && !known)
      symbols.values[item.expr->text] = Value::dim(DimExpr::symbol(item.expr->text));
    Value value = evaluator.evaluate(*item.expr);
    if (value.isError())
      return std::nullopt;
    std::vector<Value> sizes =
        item.kind == PatternItem::Splice && value.kind == Value::List ? value.asList() : std::vector<Value>{value};
    for (const Value &size : sizes) {
      if (!size.isSize() || size.kind == Value::Bool || (size.kind == Value::Int && size.integerValue < 0)) {
        session.error(item.loc, "expected a size: a name or an integer of 0 or more, got " + describe(size));
        return std::nullopt;
      }
      dims.push_back(size.asDim());
    }
  }
  return dims;
}

std::optional<Importer::EntryInput> Importer::entryInput(const InputDecl &input, bool fromSpec, Scope &symbols) {
  EntryInput entry;
  entry.name = input.name;
  entry.loc = input.loc;
  entry.dtype = session.defaultFloat();
  if (!input.isTensor) {
    bool integer = llvm::any_of(input.type.alternatives, [](const ArgumentType::Alternative &alternative) {
      return alternative.base == ArgumentType::Alternative::Int && alternative.count == 0;
    });
    if (!integer) {
      session.unsupported(input.loc, "an entry's input of type '" + input.type.text + "' that is given at run time is");
      return std::nullopt;
    }
    entry.isTensor = false;
    entry.isInteger = true;
    entry.value = Value::dim(DimExpr::symbol(input.name));
    symbols.values[input.name] = entry.value;
    return entry;
  }
  if (!input.pattern) {
    session.error(input.loc, "input '" + llvm::Twine(input.name) + "' has any shape here; " +
                                 (fromSpec ? "an entry needs its sizes" : "give it one in the spec's 'inputs'"));
    return std::nullopt;
  }
  if (input.anyDType) {
    session.error(input.loc, "input '" + llvm::Twine(input.name) + "' has any dtype here; an entry needs one");
    return std::nullopt;
  }
  if (input.dtype)
    entry.dtype = *session.dtypeNamed(*input.dtype);
  std::optional<Dims> dims = entryDims(session, *input.pattern, symbols);
  if (!dims)
    return std::nullopt;
  entry.dims = *dims;
  return entry;
}

std::optional<std::vector<Importer::EntryInput>> Importer::forwardInputs(const FunctionDecl &function, Scope &symbols) {
  const std::vector<InputDecl> &given = session.spec.inputs();
  bool sequential = &function == &sequentialForward(), ok = true;
  std::vector<EntryInput> inputs;
  std::vector<llvm::StringRef> names;
  for (const InputDecl &input : function.inputs)
    names.push_back(input.name);
  for (const InputDecl &input : given) {
    if (sequential && given.size() == 1)
      break;
    if (llvm::is_contained(names, input.name))
      continue;
    llvm::StringRef near = nearestName(input.name, names);
    session.error(input.loc, "the entry module's forward has no input '" + llvm::Twine(input.name) + "'" +
                                 (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
    ok = false;
  }
  for (const InputDecl &input : function.inputs) {
    auto it = llvm::find_if(
        given, [&](const InputDecl &one) { return one.name == input.name || (sequential && given.size() == 1); });
    if (it == given.end() && input.defaultValue)
      continue;
    if (it == given.end() && !given.empty()) {
      session.error(given.front().loc, "the spec's 'inputs' lack '" + llvm::Twine(input.name) + "'",
                    {{input.loc, "the entry module's forward takes it"}});
      ok = false;
      continue;
    }
    if (it != given.end() && it->fixedValue) {
      EntryInput fixed;
      fixed.name = input.name;
      fixed.loc = it->loc;
      fixed.isTensor = false;
      Scope none;
      Evaluator evaluator(session, none);
      fixed.value = input.isTensor ? evaluator.evaluate(*it->fixedValue)
                                   : argumentFromNode(evaluator, input.type, input.name, *it->fixedValue, input.loc);
      ok &= !fixed.value.isError();
      inputs.push_back(std::move(fixed));
      continue;
    }
    std::optional<EntryInput> entry =
        it != given.end() ? entryInput(*it, true, symbols) : entryInput(input, false, symbols);
    ok &= entry.has_value();
    if (entry)
      inputs.push_back(std::move(*entry));
  }
  return ok ? std::optional(std::move(inputs)) : std::nullopt;
}

void Importer::importForward() {
  Instance &root = *tree.root;
  const FunctionDecl *function = root.kind == Instance::Sequential ? &sequentialForward()
                                 : root.decl                       ? root.decl->forward.get()
                                                                   : nullptr;
  if (!function) {
    session.error(root.loc, "the entry module '" + root.typeName + "' has no 'forward'");
    return;
  }
  Session::Use use(session, root.loc);
  Scope names;
  if (session.spec.inputs().empty())
    names.arguments = &root.values;
  if (std::optional<std::vector<EntryInput>> inputs = forwardInputs(*function, names))
    importEntry(*function, true, std::move(*inputs));
}

bool Importer::hasKnownShapes(const FunctionDecl &function) {
  return llvm::all_of(function.inputs, [](const InputDecl &input) {
    if (input.defaultValue)
      return true;
    if (!input.isTensor)
      return llvm::any_of(input.type.alternatives, [](const ArgumentType::Alternative &alternative) {
        return alternative.base == ArgumentType::Alternative::Int && alternative.count == 0;
      });
    return input.pattern && !input.anyDType && !input.pattern->whole &&
           llvm::none_of(input.pattern->items, [](const PatternItem &item) { return item.kind == PatternItem::Rest; });
  });
}

void Importer::importEntryFunctions() {
  Instance &root = *tree.root;
  if (!root.decl || root.kind != Instance::Plain)
    return;
  for (const auto &function : root.decl->functions) {
    if (!hasKnownShapes(*function))
      continue;
    session.skippedEntry = function->name;
    session.skipped = false;
    Scope names;
    names.arguments = &root.values;
    std::vector<EntryInput> inputs;
    bool ok = true;
    for (const InputDecl &input : function->inputs) {
      if (input.defaultValue)
        continue;
      std::optional<EntryInput> entry = entryInput(input, false, names);
      ok &= entry.has_value();
      if (entry)
        inputs.push_back(std::move(*entry));
    }
    if (ok)
      importEntry(*function, false, std::move(inputs));
    session.skippedEntry.clear();
  }
}

void Importer::addEntryArguments(mlir::func::FuncOp op, Emitter &emitter, llvm::MutableArrayRef<EntryInput> inputs) {
  for (EntryInput &input : inputs)
    if (input.isTensor) {
      mlir::Location at = toLocation(&context, input.loc);
      input.value = Value::tensor(op.getBody().front().addArgument(emitter.tensorType(input.dims, input.dtype), at));
      input.value.origin = input.loc;
    }
}

void Importer::importEntry(const FunctionDecl &function, bool forward, std::vector<EntryInput> inputs) {
  Instance &root = *tree.root;
  SourceLoc loc = function.loc ? function.loc : root.loc;
  auto op = mlir::func::FuncOp::create(builder, toLocation(&context, loc), uniqueSymbol(function.name),
                                       builder.getFunctionType({}, {}));
  std::unique_ptr<Emitter> emitter = beginFunction(op, loc);
  Session::Use use(session, root.loc);
  Scope scope;
  prepareScope(scope, root);
  Evaluator evaluator(session, scope, emitter.get(), this);
  GivenArguments given;
  bool sequential = root.kind == Instance::Sequential;
  addEntryArguments(op, *emitter, inputs);
  for (const EntryInput &input : inputs) {
    given.named.push_back({sequential ? "input" : input.name, input.value});
    given.namedLocs.push_back(input.loc);
  }
  Value result;
  if (evaluator.bindInputs(function.inputs, given, function.name, inputs.empty() ? loc : inputs.front().loc))
    result = runBody(root, function, forward, evaluator, root.loc);
  if (result.isError()) {
    op.erase();
    return;
  }
  finishEntry(op, *emitter, result, inputs, loc);
}

/// Lists within lists become one list; none is left out.
void rune::flattenOutputs(const Value &value, std::vector<Value> &into) {
  if (value.isNone())
    return;
  if (value.kind != Value::List)
    return into.push_back(value);
  for (const Value &item : value.asList())
    flattenOutputs(item, into);
}

void Importer::finishEntry(mlir::func::FuncOp op, Emitter &emitter, const Value &result,
                           llvm::ArrayRef<EntryInput> inputs, SourceLoc loc) {
  std::vector<Value> outputs;
  flattenOutputs(result, outputs);
  Scope none;
  Evaluator evaluator(session, none, &emitter);
  llvm::SmallVector<mlir::Value> tensors;
  for (const Value &output : outputs) {
    mlir::Value tensor = evaluator.toTensor(output, loc);
    if (!tensor)
      return op.erase();
    tensors.push_back(tensor);
  }
  if (tensors.empty()) {
    if (session.exhausted())
      return op.erase();
    session.error(loc, "the entry point '" + op.getSymName() + "' returns nothing");
    return op.erase();
  }
  mlir::func::ReturnOp::create(emitter.builder, emitter.loc, tensors);
  mlir::Block &block = op.getBody().front();
  op.setFunctionType(builder.getFunctionType(block.getArgumentTypes(), mlir::ValueRange(tensors).getTypes()));
  op->setAttr("rune.entry", builder.getUnitAttr());
  setEntryAttributes(op, inputs);
  for (unsigned i = 0; i < tensors.size(); ++i)
    op.setResultAttr(i, "rune.name",
                     builder.getStringAttr(tensors.size() == 1 ? "output" : "output." + std::to_string(i)));
}

/// The names of symbols, inputs and run-time integers.
void Importer::setEntryAttributes(mlir::func::FuncOp op, llvm::ArrayRef<EntryInput> inputs) {
  std::vector<std::string> ordered;
  auto note = [&](llvm::StringRef symbol) {
    if (!llvm::is_contained(ordered, symbol))
      ordered.push_back(symbol.str());
  };
  llvm::SmallVector<mlir::Attribute> integers;
  unsigned argument = 0, position = 0;
  for (const EntryInput &input : inputs) {
    for (const DimExpr &dim : input.dims)
      dim.collectSymbols(note);
    if (input.isInteger) {
      note(input.name);
      integers.push_back(
          builder.getDictionaryAttr({builder.getNamedAttr("name", builder.getStringAttr(input.name)),
                                     builder.getNamedAttr("position", builder.getI64IntegerAttr(position))}));
    }
    position += input.isInteger || input.isTensor;
    if (input.isTensor)
      op.setArgAttr(argument++, "rune.name", builder.getStringAttr(input.name));
  }
  llvm::SmallVector<mlir::Attribute> symbolAttrs;
  for (const std::string &symbol : ordered)
    symbolAttrs.push_back(builder.getStringAttr(symbol));
  op->setAttr("rune.symbols", builder.getArrayAttr(symbolAttrs));
  if (!integers.empty())
    op->setAttr("rune.int_inputs", builder.getArrayAttr(integers));
}
