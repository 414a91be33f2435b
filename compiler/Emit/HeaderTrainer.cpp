// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/HeaderTrainer.h"

#include "Emit/HeaderEntries.h"
#include "Emit/Identifiers.h"

#include <algorithm>

namespace rune {

TrainerWriter::TrainerWriter(const ModelDescription &model, std::string className)
    : model(model), entry(model.training->phases.front().loss), className(std::move(className)) {
  IdentifierScope scope({"arguments", "correct", "handle", "loss", "model", "phase", "result", "rune", "status",
                         "symbols", "trainer", "step", "evaluate", this->className});
  for (const ValueDescription &input : entry.inputs)
    arguments.push_back({&input, scope.add(input.name)});
  for (size_t s = 0; s < entry.symbols.size(); ++s) {
    auto integer = std::find_if(arguments.begin(), arguments.end(), [&](const Argument &argument) {
      return argument.value->integer && argument.value->dims.size() == 1 &&
             bareSymbol(argument.value->dims[0]) == static_cast<int64_t>(s);
    });
    symbols.push_back(integer == arguments.end() ? scope.add(entry.symbols[s]) : integer->name);
  }
}

std::string TrainerWriter::summary() const {
  std::string text;
  for (const Argument &argument : arguments) {
    text += text.empty() ? "" : ", ";
    text += argument.name;
    if (argument.value->integer) {
      text += " (an integer)";
      continue;
    }
    std::string sizes;
    for (const ExprCode &dim : argument.value->dims) {
      sizes += sizes.empty() ? "" : ", ";
      sizes += dim.size() != 2 ? "..." : dim[0] == RUNE_PUSH ? std::to_string(dim[1]) : symbols[dim[1]];
    }
    text += " [" + sizes + "]";
  }
  return text;
}

std::string TrainerWriter::method(const std::string &result, const std::string &name, const std::string &comment,
                                  const std::string &call, bool phase) const {
  std::string parameters, values;
  for (const Argument &argument : arguments) {
    parameters += parameters.empty() ? "" : ", ";
    parameters += argument.value->integer
                      ? "std::int64_t " + argument.name
                      : std::string("rune::Span<const ") + cppType(argument.value->dtype) + "> " + argument.name;
    values += values.empty() ? "" : ", ";
    values += argument.value->integer ? "rune::detail::integer_argument(" + argument.name + ")" : argument.name;
  }
  if (phase)
    parameters += ", std::int32_t phase = 0";
  const std::string value = call + "(arguments" + (phase ? ", phase)" : ")");
  return "    /// " + comment + "\n    " + result + " " + name + "(" + parameters +
         ") {\n      const rune::detail::Argument arguments[] = {" + values + "};\n      return " +
         (result == "float" ? "static_cast<float>(" + value + ")" : value) + ";\n    }\n";
}

std::string TrainerWriter::nestedClass() const {
  const std::string number = model.dtype == RUNE_F64 ? "double" : "float";
  const bool phases = model.training->phases.size() > 1;
  std::string text = "  /// Trains a model in place: rune::Trainer with the spec's own arguments, " + summary() +
                     ".\n" + "  class Trainer : public rune::Trainer {\n  public:\n    explicit Trainer(" + className +
                     " &model) : rune::Trainer(model) {}\n\n";
  text += method(number, "step",
                 std::string("zero_grad, loss, backward and update in one") +
                     (phases ? ", for each phase in order; the sum of the losses." : "; the loss."),
                 "step_with", false);
  text += "\n" + method(number, "loss",
                        "The loss in training mode, for backward(). The arguments stay in place until then.",
                        "loss_with", phases);
  text += "\n" + method("rune::Evaluation", "evaluate", "The loss in evaluation mode, and how many rows are right.",
                        "rune::Trainer::evaluate", false);
  if (phases) {
    text += "\n    enum Phase : std::int32_t {";
    IdentifierScope names({"Phase", "Trainer", "arguments", "phase", "step", "loss", "evaluate", "backward",
                           "optimizer_step", "zero_grad", "steps", "lr", "metric", className});
    for (const PhaseDescription &phase : model.training->phases)
      text += (&phase == &model.training->phases.front() ? "" : ", ") + names.add(phase.name);
    text += "};\n";
  }
  return text + "  };\n\n";
}

std::string TrainerWriter::cFunctions(const std::string &stem, const std::string &type) const {
  std::string parameters, pointers, sizes;
  for (const Argument &argument : arguments) {
    parameters += argument.value->integer
                      ? "int64_t " + argument.name + ", "
                      : std::string("const ") + cType(argument.value->dtype) + " *" + argument.name + ", ";
    pointers += (pointers.empty() ? "" : ", ") + ((argument.value->integer ? "&" : "") + argument.name);
  }
  for (size_t s = 0; s < symbols.size(); ++s) {
    const bool isArgument = std::any_of(arguments.begin(), arguments.end(),
                                        [&](const Argument &argument) { return argument.name == symbols[s]; });
    parameters += isArgument ? "" : "int64_t " + symbols[s] + ", ";
    sizes += (sizes.empty() ? "" : ", ") + symbols[s];
  }
  const std::string trainer = stem + "_trainer", cast = "(rune_trainer *)trainer";
  const std::string arrays = "  const void *arguments[] = {" + pointers + "};\n  const int64_t symbols[] = {" +
                             (sizes.empty() ? "0" : sizes) + "};\n";
  const std::string head = "static inline int32_t " + trainer + "_";
  std::string text =
      "/* Training. " + summary() + ". One thread at a time. */\ntypedef struct " + trainer + " " + trainer + ";\n" +
      head + "create(" + type + " *model, " + trainer +
      " **trainer) {\n  rune_trainer *handle = 0;\n  const int32_t status = "
      "rune_trainer_create((rune_handle *)model, trainer ? &handle : 0);\n  if (trainer)\n    *trainer = "
      "(" +
      trainer + " *)handle;\n  return status;\n}\nstatic inline void " + trainer + "_destroy(" + trainer +
      " *trainer) { rune_trainer_destroy(" + cast + "); }\n";
  text += head + "step(" + trainer + " *trainer, " + parameters + "double *loss) {\n" + arrays +
          "  return rune_trainer_step(" + cast + ", arguments, symbols, loss);\n}\n";
  text += head + "loss(" + trainer + " *trainer, int32_t phase, " + parameters + "double *loss) {\n" + arrays +
          "  return rune_trainer_loss(" + cast + ", phase, arguments, symbols, loss);\n}\n";
  text += head + "evaluate(" + trainer + " *trainer, " + parameters + "double *loss, int64_t *correct) {\n" + arrays +
          "  return rune_trainer_evaluate(" + cast + ", arguments, symbols, loss, correct);\n}\n";
  for (const char *name : {"backward", "optimizer_step"})
    text += head + name + "(" + trainer + " *trainer, int32_t phase) {\n  return rune_trainer_" + name + "(" + cast +
            ", phase);\n}\n";
  text += head + "zero_grad(" + trainer + " *trainer) { return rune_trainer_zero_grad(" + cast + "); }\n";
  for (const char *name : {"save", "load"})
    text += head + name + "(" + trainer + " *trainer, const char *path) {\n  return rune_trainer_" + name + "(" + cast +
            ", path);\n}\n";
  return text;
}

bool TrainerWriter::usesBool() const {
  return std::any_of(entry.inputs.begin(), entry.inputs.end(),
                     [](const ValueDescription &value) { return value.dtype == RUNE_BOOL; });
}

} // namespace rune
