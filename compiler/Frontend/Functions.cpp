// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Functions.h"

#include "Frontend/Library.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

//===-- Accessors -----------------------------------------------------------------------------------------------===//

mlir::Value Call::tensor(size_t i) const {
  if (args[i].isRuntime())
    return args[i].ir;
  if (args[i].isNumber() || args[i].kind == Value::Dim)
    return evaluator.toTensor(args[i], locs[i]);
  errorAt(i, "'" + name + "' expects a tensor for '" + names[i] + "', got " + describe(args[i]));
  return {};
}

std::optional<int64_t> Call::integer(size_t i) const {
  if (args[i].isInteger())
    return args[i].integerValue;
  errorAt(i, "'" + name + "' expects integer for '" + names[i] + "', got " + describe(args[i]));
  return std::nullopt;
}

std::optional<DimExpr> Call::size(size_t i) const {
  if (args[i].isSize())
    return args[i].asDim();
  errorAt(i, "'" + name + "' expects integer for '" + names[i] + "', got " + describe(args[i]));
  return std::nullopt;
}

std::optional<bool> Call::boolean(size_t i) const {
  if (args[i].isInteger())
    return args[i].asBool();
  errorAt(i, "'" + name + "' expects true or false for '" + names[i] + "', got " + describe(args[i]));
  return std::nullopt;
}

std::optional<double> Call::number(size_t i) const {
  if (args[i].isNumber())
    return args[i].asNumber();
  errorAt(i, "'" + name + "' expects a number for '" + names[i] + "', got " + describe(args[i]));
  return std::nullopt;
}

std::optional<ElementKind> Call::dtype(size_t i) const {
  if (args[i].kind == Value::Type)
    return args[i].asDType();
  errorAt(i, "'" + name + "' expects a dtype for '" + names[i] + "', got " + describe(args[i]));
  return std::nullopt;
}

std::optional<std::vector<Value>> Call::list(size_t i) const {
  if (args[i].kind != Value::List)
    return std::vector<Value>{args[i]};
  // `f(x, [a, b])` and `f(x, a, b)` are the same.
  if (args[i].size() == 1 && args[i].asList()[0].kind == Value::List)
    return args[i].asList()[0].asList();
  return args[i].asList();
}

std::optional<std::vector<int64_t>> Call::integers(size_t i) const {
  std::vector<int64_t> numbers;
  std::vector<Value> items = *list(i);
  for (const Value &item : items) {
    if (!item.isInteger()) {
      errorAt(i, "'" + name + "' expects integers for '" + names[i] + "', got " + describe(item));
      return std::nullopt;
    }
    numbers.push_back(item.integerValue);
  }
  return numbers;
}

std::optional<Dims> Call::sizes(size_t i) const {
  Dims dims;
  std::vector<Value> items = *list(i);
  for (const Value &item : items) {
    if (!item.isSize()) {
      errorAt(i, "'" + name + "' expects sizes for '" + names[i] + "', got " + describe(item));
      return std::nullopt;
    }
    dims.push_back(item.asDim());
  }
  return dims;
}

std::optional<llvm::SmallVector<mlir::Value>> Call::tensors(size_t i) const {
  std::vector<Value> items = *list(i);
  llvm::SmallVector<mlir::Value> values;
  ElementKind type = evaluator.promote(items);
  for (const Value &item : items) {
    if (!item.isRuntime()) {
      errorAt(i, "'" + name + "' expects a list of tensors, got " + describe(item));
      return std::nullopt;
    }
    values.push_back(evaluator.toTensor(item, type, locs[i]));
  }
  if (values.empty()) {
    errorAt(i, "'" + name + "' expects a list of tensors that is not empty");
    return std::nullopt;
  }
  return values;
}

std::optional<int64_t> Call::axis(int64_t dim, int64_t rank, size_t i) const {
  // A 0-d tensor has a dimension 0 in PyTorch's eyes.
  int64_t limit = std::max<int64_t>(rank, 1);
  if (dim >= -limit && dim < limit)
    return dim < 0 ? dim + limit : dim;
  errorAt(i, "dimension " + llvm::Twine(dim) + " is out of range for a tensor of " + llvm::Twine(rank) +
                 (rank == 1 ? " dimension" : " dimensions"));
  return std::nullopt;
}

std::optional<int64_t> Call::axis(size_t i, int64_t rank) const {
  std::optional<int64_t> dim = integer(i);
  return dim ? axis(*dim, rank, i) : std::nullopt;
}

std::optional<llvm::SmallVector<int64_t>> Call::axes(size_t i, int64_t rank) const {
  if (!given(i))
    return allDims(rank);
  std::optional<std::vector<int64_t>> dims = integers(i);
  if (!dims)
    return std::nullopt;
  if (dims->empty())
    return allDims(rank);
  llvm::SmallVector<int64_t> result;
  for (int64_t dim : *dims) {
    std::optional<int64_t> place = axis(dim, rank, i);
    if (!place)
      return std::nullopt;
    if (llvm::is_contained(result, *place)) {
      errorAt(i, "dimension " + llvm::Twine(dim) + " appears twice");
      return std::nullopt;
    }
    if (rank > 0)
      result.push_back(*place);
  }
  llvm::sort(result);
  return result;
}

//===-- Binding -------------------------------------------------------------------------------------------------===//

namespace {
struct Parameter {
  llvm::StringRef name, defaultText;
  bool hasDefault = false, rest = false;
};
struct Signature {
  llvm::StringRef name;
  std::vector<Parameter> parameters;
};
} // namespace

static Signature parseSignature(llvm::StringRef text) {
  Signature signature;
  auto [name, rest] = text.split('(');
  signature.name = name;
  llvm::SmallVector<llvm::StringRef> parts;
  rest.drop_back().split(parts, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    Parameter parameter;
    auto [left, right] = part.trim().split('=');
    parameter.name = left;
    parameter.rest = parameter.name.consume_front("*");
    parameter.hasDefault = !right.empty();
    parameter.defaultText = right;
    signature.parameters.push_back(parameter);
  }
  return signature;
}

static Value defaultValue(llvm::StringRef text) {
  if (text == "none")
    return Value::none();
  if (text == "true" || text == "false")
    return Value::boolean(text == "true");
  if (text.consume_front("'"))
    return Value::string(text.drop_back().str());
  int64_t integer;
  if (!text.getAsInteger(10, integer))
    return Value::integer(integer);
  double number = 0;
  (void)text.getAsDouble(number);
  return Value::number(number);
}

static const llvm::StringMap<std::pair<Builtin, Signature>> &table(Builtin::Use use) {
  auto build = [](Builtin::Use use) {
    llvm::StringMap<std::pair<Builtin, Signature>> map;
    for (llvm::ArrayRef<Builtin> family : {scalarFunctions(), elementwiseFunctions(), shapeFunctions(),
                                           indexFunctions(), reductionFunctions(), creationFunctions()})
      for (const Builtin &builtin : family)
        if (builtin.use & use) {
          Signature signature = parseSignature(builtin.signature);
          map.try_emplace(signature.name, builtin, signature);
        }
    return map;
  };
  static const auto functions = build(Builtin::Function), methods = build(Builtin::Method);
  return use == Builtin::Function ? functions : methods;
}

const Builtin *rune::findBuiltin(llvm::StringRef name, Builtin::Use use) {
  auto it = table(use).find(name);
  return it == table(use).end() ? nullptr : &it->second.first;
}

void rune::addBuiltinNames(std::vector<llvm::StringRef> &names) {
  for (const auto &entry : table(Builtin::Function))
    names.push_back(entry.first());
}

/// "view(input, *shape)" as "input.view(*shape)".
static std::string asMethod(llvm::StringRef signature) {
  auto [name, rest] = signature.split("(input");
  rest.consume_front(", ");
  return ("input." + name + "(" + rest).str();
}

std::vector<std::string> rune::functionSignatures() {
  std::vector<std::string> lines;
  for (const auto &entry : table(Builtin::Function))
    lines.push_back(entry.second.first.signature);
  for (const auto &entry : table(Builtin::Method))
    if (!(entry.second.first.use & Builtin::Function))
      lines.push_back(asMethod(entry.second.first.signature));
  for (llvm::StringRef name : libraryFunctionNames()) {
    std::string file = findLibraryFunction(name)->name.str();
    lines.push_back(name.str() + "(...)  # specs/" + file);
  }
  llvm::sort(lines);
  return lines;
}

bool rune::isPlannedFunction(llvm::StringRef name) {
  static const llvm::StringRef planned[] = {"conv1d",
                                            "conv2d",
                                            "conv3d",
                                            "conv_transpose1d",
                                            "conv_transpose2d",
                                            "conv_transpose3d",
                                            "max_pool1d",
                                            "max_pool2d",
                                            "max_pool3d",
                                            "avg_pool1d",
                                            "avg_pool2d",
                                            "avg_pool3d",
                                            "adaptive_avg_pool1d",
                                            "adaptive_avg_pool2d",
                                            "adaptive_max_pool2d",
                                            "unfold",
                                            "fold",
                                            "interpolate",
                                            "scatter",
                                            "scatter_add",
                                            "index_add",
                                            "randint",
                                            "randperm",
                                            "multinomial",
                                            "sort",
                                            "argsort",
                                            "topk",
                                            "einsum",
                                            "cumprod",
                                            "masked_select",
                                            "nonzero",
                                            "unique"};
  return llvm::is_contained(planned, name);
}

bool rune::isBuiltinFunction(llvm::StringRef name) {
  return findBuiltin(name, Builtin::Function) || isPlannedFunction(name);
}

static bool bindPositional(Call &call, const Signature &signature, const GivenArguments &given) {
  size_t next = 0;
  for (auto [i, parameter] : llvm::enumerate(signature.parameters)) {
    if (next >= given.positional.size())
      return true;
    call.locs[i] = given.locs[next];
    if (!parameter.rest) {
      call.args[i] = given.positional[next++];
      continue;
    }
    call.args[i] = Value::list(std::vector<Value>(given.positional.begin() + next, given.positional.end()));
    return true;
  }
  if (next < given.positional.size()) {
    call.evaluator.error(given.locs[next], "'" + call.name + "' takes " + llvm::Twine(signature.parameters.size()) +
                                               " arguments, got " + llvm::Twine(given.positional.size()));
    return false;
  }
  return true;
}

static bool bindNamed(Call &call, const Signature &signature, const GivenArguments &given) {
  for (auto [i, named] : llvm::enumerate(given.named)) {
    auto it = llvm::find_if(signature.parameters, [&](const Parameter &parameter) {
      return parameter.name == named.first || (named.first == "axis" && parameter.name == "dim");
    });
    SourceLoc loc = given.namedLocs[i];
    if (it == signature.parameters.end()) {
      std::vector<llvm::StringRef> names;
      for (const Parameter &parameter : signature.parameters)
        names.push_back(parameter.name);
      llvm::StringRef near = nearestName(named.first, names);
      call.evaluator.error(loc, "'" + call.name + "' has no argument '" + named.first + "'" +
                                    (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
      return false;
    }
    size_t place = it - signature.parameters.begin();
    if (!call.args[place].isError()) {
      call.evaluator.error(loc, "argument '" + llvm::Twine(named.first) + "' is given twice");
      return false;
    }
    call.args[place] = named.second;
    call.locs[place] = loc;
  }
  return true;
}

Value rune::callBuiltin(Evaluator &evaluator, llvm::StringRef name, Builtin::Use use, const GivenArguments &given,
                        SourceLoc loc) {
  const auto &[builtin, signature] = table(use).find(name)->second;
  Call call(evaluator, name, loc);
  call.args.resize(signature.parameters.size());
  call.locs.resize(signature.parameters.size(), loc);
  for (const Parameter &parameter : signature.parameters)
    call.names.push_back(parameter.name);
  if (!bindPositional(call, signature, given) || !bindNamed(call, signature, given))
    return Value();
  for (auto [i, parameter] : llvm::enumerate(signature.parameters)) {
    if (!call.args[i].isError())
      continue;
    if (!parameter.hasDefault && !parameter.rest)
      return call.error("'" + name + "' needs an argument '" + parameter.name + "'");
    call.args[i] = parameter.rest ? Value::list({}) : defaultValue(parameter.defaultText);
  }
  bool runtime = llvm::any_of(call.args, [](const Value &value) { return value.isRuntime(); });
  if (evaluator.emitter)
    evaluator.emitter->setLoc(loc);
  else if (runtime)
    return call.error("tensors are not known at compile time");
  return builtin.run(call);
}

Value Evaluator::callBuiltin(llvm::StringRef name, const GivenArguments &given, SourceLoc loc) {
  GivenArguments located = given;
  located.locs.resize(located.positional.size(), loc);
  return rune::callBuiltin(*this, name, Builtin::Function, located, loc);
}
