// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/HeaderEntries.h"

#include "Emit/Identifiers.h"

#include <algorithm>
#include <map>

namespace rune {

namespace {

const char *dtypeName(int32_t dtype) {
  switch (dtype) {
  case RUNE_F32:
    return "rune::DType::f32";
  case RUNE_F64:
    return "rune::DType::f64";
  case RUNE_I64:
    return "rune::DType::i64";
  case RUNE_BOOL:
    return "rune::DType::boolean";
  }
  return "";
}

std::string joined(const std::vector<std::string> &parts, const char *separator = ", ") {
  std::string result;
  for (const std::string &part : parts)
    result += (result.empty() ? "" : separator) + part;
  return result;
}

/// What the emitted bodies name themselves.
const std::set<std::string> localNames = {"all",    "arguments", "call",      "call_fused", "entry",  "inputs",
                                          "handle", "model",     "outputs",   "out",        "status", "symbols",
                                          "state_", "Sizes",     "Workspace", "workspace"};

} // namespace

const char *cppType(int32_t dtype) {
  switch (dtype) {
  case RUNE_F32:
    return "float";
  case RUNE_F64:
    return "double";
  case RUNE_I64:
    return "std::int64_t";
  case RUNE_BOOL:
    return "bool";
  }
  return "";
}

const char *cType(int32_t dtype) { return dtype == RUNE_I64 ? "int64_t" : cppType(dtype); }

SizeNames::SizeNames(const ModelDescription &model) {
  IdentifierScope scope({"Sizes", "Workspace", "bytes", "sizes"});
  std::map<std::string, std::string> known;
  for (const EntryDescription &entry : model.entries) {
    perEntry.emplace_back();
    for (const std::string &symbol : entry.symbols) {
      const auto [found, isNew] = known.try_emplace(symbol);
      if (isNew) {
        found->second = scope.add(symbol);
        names.push_back(found->second);
      }
      perEntry.back().push_back(found->second);
    }
  }
}

EntryWriter::EntryWriter(const ModelDescription &model, size_t index, const SizeNames &sizes, std::string methodName,
                         std::string modelSymbol)
    : entry(model.entries[index]), index(index), method(std::move(methodName)), table(std::move(modelSymbol)),
      sizeNames(sizes.of(index)) {
  std::set<std::string> taken = localNames;
  taken.insert({table, method, bytesName()});
  IdentifierScope scope(taken);
  for (const ValueDescription &input : entry.inputs)
    arguments.push_back({&input, scope.add(input.name), true});
  for (const ValueDescription &output : entry.outputs)
    arguments.push_back({&output, scope.add(output.name), false});
  for (size_t s = 0; s < entry.symbols.size(); ++s)
    symbolParameters.push_back(boundInteger(s) >= 0 ? arguments[boundInteger(s)].name : scope.add(sizeNames[s]));
  sizesName = scope.add("sizes");
  workspaceName = scope.add("ws");
}

std::string EntryWriter::bytesName() const { return method + (method.back() == '_' ? "bytes" : "_bytes"); }

int EntryWriter::boundInteger(size_t symbol) const {
  for (size_t i = 0; i < entry.inputs.size(); ++i)
    if (entry.inputs[i].integer && entry.inputs[i].dims.size() == 1 &&
        bareSymbol(entry.inputs[i].dims[0]) == static_cast<int64_t>(symbol))
      return static_cast<int>(i);
  return -1;
}

std::vector<size_t> EntryWriter::freeSymbols() const {
  std::vector<size_t> result;
  for (size_t s = 0; s < entry.symbols.size(); ++s)
    if (boundInteger(s) < 0)
      result.push_back(s);
  return result;
}

std::string EntryWriter::expression(const ExprCode &code, const std::vector<std::string> &symbols) const {
  std::vector<std::string> stack;
  for (size_t i = 0; i < code.size(); ++i) {
    const int64_t word = code[i];
    if (word == RUNE_PUSH) {
      stack.push_back(std::to_string(code[++i]));
    } else if (word == RUNE_SYMBOL) {
      stack.push_back(symbols[code[++i]]);
    } else {
      const char *function = word == RUNE_ADD        ? "size_add"
                             : word == RUNE_MUL      ? "size_mul"
                             : word == RUNE_FLOORDIV ? "size_floordiv"
                                                     : "size_mod";
      const std::string right = std::move(stack.back());
      stack.pop_back();
      stack.back() = std::string("rune::detail::") + function + "(" + stack.back() + ", " + right + ")";
    }
  }
  return stack.empty() ? "0" : stack.back();
}

/// "[batch, 6]", with "…" where a size is more than a number or a name.
std::string EntryWriter::pattern(const ValueDescription &value) const {
  std::vector<std::string> sizes;
  for (const ExprCode &dim : value.dims)
    sizes.push_back(dim.size() == 2 ? expression(dim, symbolParameters) : "...");
  return value.integer ? " (an integer)" : " [" + joined(sizes) + "]";
}

std::string EntryWriter::summary() const {
  std::vector<std::string> inputs, outputs;
  for (const Argument &argument : arguments)
    (argument.isInput ? inputs : outputs).push_back(argument.name + pattern(*argument.value));
  return joined(inputs) + (inputs.empty() ? "" : " ") + "-> " + joined(outputs);
}

std::string EntryWriter::signature() const {
  std::vector<std::string> parameters;
  for (const Argument &argument : arguments)
    if (argument.isInput)
      parameters.push_back((argument.isInteger() ? "std::int64_t " : "const rune::Tensor &") + argument.name);
  return "(" + joined(parameters) + ") const";
}

std::string EntryWriter::callBody(const char *function) const {
  std::vector<std::string> inputs, outputs;
  for (const Argument &argument : arguments)
    if (argument.isInput)
      inputs.push_back(argument.isInteger() ? "rune::detail::integer(" + argument.name + ")" : argument.name);
    else
      outputs.push_back("out[" + std::to_string(outputs.size()) + "]");
  const std::string call =
      std::string(function) + "(" + std::to_string(index) + ", rune::Tensors{" + joined(inputs) + "})";
  if (outputs.size() == 1)
    return " { return " + call + "[0]; }\n";
  return " {\n    const rune::Tensors out = " + call + ";\n    return {" + joined(outputs) + "};\n  }\n";
}

/// A size where an input has it as a dimension of its own, else -1: bind() then finds it.
std::string EntryWriter::symbolFromInputs(size_t symbol) const {
  if (boundInteger(symbol) >= 0)
    return symbolParameters[symbol];
  for (const Argument &argument : arguments)
    if (argument.isInput)
      for (size_t d = 0; d < argument.value->dims.size(); ++d)
        if (bareSymbol(argument.value->dims[d]) == static_cast<int64_t>(symbol))
          return "rune::detail::size_of(" + argument.name + ", " + std::to_string(argument.value->dims.size()) + ", " +
                 std::to_string(d) + ")";
  return "-1";
}

std::string EntryWriter::integerChecks() const {
  std::string result;
  for (size_t s = 0; s < entry.symbols.size(); ++s)
    result += "    if (" + symbolParameters[s] + " < 0) [[unlikely]]\n      rune::detail::fail_size(entry, " +
              std::to_string(s) + ", " + symbolParameters[s] + ");\n";
  return result;
}

std::string EntryWriter::pointerArray(bool spans) const {
  std::vector<std::string> pointers;
  for (const Argument &argument : arguments)
    pointers.push_back(argument.isInteger() ? "&" + argument.name : argument.name + (spans ? ".data" : ""));
  return "    const void *const arguments[] = {" + joined(pointers) + "};\n";
}

std::string EntryWriter::run() const {
  std::vector<std::string> sizes;
  for (size_t s = 0; s < entry.symbols.size(); ++s)
    sizes.push_back("symbols[" + std::to_string(s) + "]");
  return "    rune::detail::run(entry, arguments, symbols, state_, " + workspaceName + ", " + bytesName() + "(" +
         joined(sizes) + "));\n  }\n";
}

std::string EntryWriter::spanMethod() const {
  std::vector<std::string> parameters, symbols, symbolNames, conditions, all;
  for (size_t s = 0; s < entry.symbols.size(); ++s) {
    symbols.push_back(symbolFromInputs(s));
    symbolNames.push_back("symbols[" + std::to_string(s) + "]");
  }
  for (const Argument &argument : arguments) {
    const std::string type = cppType(argument.value->dtype);
    if (argument.isInteger()) {
      parameters.push_back("std::int64_t " + argument.name);
      all.push_back("rune::detail::integer_argument(" + argument.name + ")");
      continue;
    }
    parameters.push_back((argument.isInput ? "rune::Span<const " : "rune::Span<") + type + "> " + argument.name);
    all.push_back(argument.name);
    std::string match = "!rune::detail::matches(" + argument.name + ", " + dtypeName(argument.value->dtype);
    for (const ExprCode &dim : argument.value->dims)
      match += ", " + expression(dim, symbolNames);
    conditions.push_back(match + ")");
  }
  for (const std::string &symbol : symbolNames)
    if (symbols[&symbol - symbolNames.data()].substr(0, 12) != "rune::detail")
      conditions.push_back(symbol + " < 0");
  parameters.push_back("Workspace &" + workspaceName);
  return "  /// Into memory of the caller's: no allocation, no lock, no hook.\n  void " + method + "(" +
         joined(parameters) + ") const {\n    const rune_entry &entry = " + table + ".entries[" +
         std::to_string(index) + "];\n    std::int64_t symbols[] = {" + (symbols.empty() ? "0" : joined(symbols)) +
         "};\n    if (" + joined(conditions, " ||\n        ") +
         ") [[unlikely]] {\n      const rune::detail::Argument all[] = {" + joined(all) +
         "};\n      rune::detail::bind(entry, all, symbols);\n    }\n" + pointerArray(true) + run();
}

std::string EntryWriter::pointerMethod() const {
  std::vector<std::string> parameters;
  for (const Argument &argument : arguments)
    parameters.push_back(argument.isInteger() ? "std::int64_t " + argument.name
                                              : std::string(argument.isInput ? "const " : "") +
                                                    cppType(argument.value->dtype) + " *" + argument.name);
  const std::vector<size_t> free = freeSymbols();
  if (free.size() == 1)
    parameters.push_back("std::int64_t " + symbolParameters[free[0]]);
  else if (free.size() > 1)
    parameters.push_back("const Sizes &" + sizesName);
  parameters.push_back("Workspace &" + workspaceName);
  std::string result = "  void " + method + "(" + joined(parameters) +
                       ") const {\n    const rune_entry &entry = " + table + ".entries[" + std::to_string(index) +
                       "];\n";
  if (free.size() > 1)
    for (size_t s : free)
      result += "    const std::int64_t " + symbolParameters[s] + " = " + sizesName + "." + sizeNames[s] + ";\n";
  result += "    const std::int64_t symbols[] = {" + (symbolParameters.empty() ? "0" : joined(symbolParameters)) +
            "};\n" + integerChecks();
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!arguments[i].isInteger())
      result += "    if (!rune::detail::well_placed(" + arguments[i].name + ", sizeof(*" + arguments[i].name +
                "))) [[unlikely]]\n      rune::detail::check_pointer(entry, " + std::to_string(i) + ", " +
                arguments[i].name + ", symbols);\n";
  return result + pointerArray(false) + run();
}

std::string EntryWriter::methods() const {
  const std::string type =
      entry.outputs.size() == 1
          ? "rune::Tensor"
          : "std::tuple<" + joined(std::vector<std::string>(entry.outputs.size(), "rune::Tensor")) + ">";
  std::string result = "  /// " + summary() + ". Runs hooks.\n";
  if (index == 0)
    result += "  " + type + " operator()" + signature() + callBody("call") + "\n  /// The same without hooks.\n  " +
              type + " " + method + signature() + callBody("call_fused");
  else
    result += "  " + type + " " + method + signature() + callBody("call");
  return result + "\n" + spanMethod() + "\n" + pointerMethod() + "\n";
}

std::string EntryWriter::cFunction(const std::string &stem, const std::string &handle) const {
  std::vector<std::string> parameters = {"const " + handle + " *model"}, inputs, outputs;
  for (const Argument &argument : arguments) {
    const std::string type = cType(argument.value->dtype);
    parameters.push_back(argument.isInteger() ? "int64_t " + argument.name
                                              : (argument.isInput ? "const " : "") + type + " *" + argument.name);
    (argument.isInput ? inputs : outputs).push_back((argument.isInteger() ? "&" : "") + argument.name);
  }
  for (size_t s : freeSymbols())
    parameters.push_back("int64_t " + symbolParameters[s]);
  return "/* " + summary() + " */\nstatic inline int32_t " + stem + "_" + method + "(" + joined(parameters) +
         ") {\n  const void *inputs[] = {" + (inputs.empty() ? "0" : joined(inputs)) + "};\n  void *outputs[] = {" +
         joined(outputs) + "};\n  const int64_t symbols[] = {" +
         (symbolParameters.empty() ? "0" : joined(symbolParameters)) +
         "};\n  return rune_model_forward((const rune_handle *)model, " + std::to_string(index) +
         ", inputs, outputs, symbols);\n}\n";
}

std::string EntryWriter::bytesFunction() const {
  std::vector<std::string> parameters;
  for (const std::string &name : sizeNames)
    parameters.push_back("[[maybe_unused]] std::int64_t " + name);
  return "  static constexpr std::int64_t " + bytesName() + "(" + joined(parameters) + ") {\n    return " +
         expression(entry.workspaceBytes, sizeNames) + ";\n  }\n";
}

std::string EntryWriter::bytesOf(const std::string &sizes) const {
  std::vector<std::string> values;
  for (const std::string &name : sizeNames)
    values.push_back(sizes + "." + name);
  return bytesName() + "(" + joined(values) + ")";
}

} // namespace rune
