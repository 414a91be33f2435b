// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DifferentialCalls.h"

#include "Codegen/Passes.h"
#include "Codegen/Pipeline.h"
#include "Emit/Describe.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <deque>

using namespace mlir;
using namespace rune;
using namespace rune::test;
using interpreter::DType;
using interpreter::Interpreter;
using interpreter::Outcome;
using interpreter::Scalar;
using interpreter::Shape;

using Values = std::vector<interpreter::Tensor>;
using Bytes = std::vector<char>;

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

static void fail(const Twine &message) {
  llvm::errs() << "rune-differential: " << message << "\n";
  exit(1);
}

static void readTables(ModuleOp module, Compiled &compiled) {
  for (auto runeModule : module.getOps<RuneModuleOp>()) {
    compiled.stateBytes = runeModule->getAttrOfType<IntegerAttr>("state_bytes").getInt();
    for (Operation &member : runeModule.getBody().front())
      if (auto storages = member.getAttrOfType<ArrayAttr>("storages"))
        for (auto storage : storages.getAsRange<StorageAttr>())
          compiled.storages[SymbolTable::getSymbolName(&member).getValue()].push_back(storage);
  }
  for (auto function : module.getOps<func::FuncOp>())
    if (auto workspace = function->getAttrOfType<DimsAttr>("rune.workspace"))
      compiled.workspaces[function.getSymName()] = workspace.getDims().front();
}

Compiled test::compile(ModuleOp source, const TargetDesc &target) {
  OwningOpRef<ModuleOp> module = source.clone();
  PassManager passes(source.getContext());
  PipelineOptions options;
  options.targetCpu = target.cpu;
  options.fma = target.fma;
  options.hooks = false;
  addStages(passes, Stage::Module, Stage::Loops, options);
  if (failed(passes.run(*module)))
    fail("does not compile for " + target.cpu);
  Compiled result;
  result.target = target;
  readTables(*module, result);
  PassManager last(source.getContext());
  last.addPass(createLoopsToLLVM());
  if (failed(last.run(*module)))
    fail("does not become LLVM's dialect for " + target.cpu);
  ModelDescription description;
  description.stem = "differential";
  for (auto &workspace : result.workspaces) {
    description.entries.emplace_back();
    description.entries.back().function = kernelSymbol(description.stem, workspace.getKey());
  }
  auto code = emitLlvm(*module, description, target, /*table=*/"");
  auto jit = code ? Jit::create(std::move(*code), target) : code.takeError();
  if (!jit)
    fail(llvm::toString(jit.takeError()));
  result.jit = std::move(*jit);
  for (auto &workspace : result.workspaces)
    result.kernels[workspace.getKey()] = result.jit->lookup(kernelSymbol(description.stem, workspace.getKey()));
  return result;
}

//===----------------------------------------------------------------------===//
// Tensors in memory
//===----------------------------------------------------------------------===//

static size_t bytesOf(DType dtype) { return dtype == DType::Bool ? 1 : dtype == DType::F32 ? 4 : 8; }

static void writeElement(DType dtype, Scalar value, char *place) {
  if (dtype == DType::F32) {
    float narrow = static_cast<float>(value.real);
    memcpy(place, &narrow, sizeof narrow);
  } else if (dtype == DType::Bool) {
    *place = static_cast<char>(value.integer);
  } else {
    memcpy(place, &value, sizeof value);
  }
}

static Scalar readElement(DType dtype, const char *place) {
  if (dtype == DType::F32) {
    float narrow = 0;
    memcpy(&narrow, place, sizeof narrow);
    return interpreter::real(narrow);
  }
  if (dtype == DType::Bool)
    return interpreter::integer(*place);
  Scalar value;
  memcpy(&value, place, sizeof value);
  return value;
}

static Bytes encode(const interpreter::Tensor &tensor) {
  size_t size = bytesOf(tensor.dtype);
  Bytes result(tensor.elements.size() * size);
  for (size_t i = 0; i < tensor.elements.size(); ++i)
    writeElement(tensor.dtype, tensor.elements[i], &result[i * size]);
  return result;
}

/// Memory that ends at a guard page and begins after bytes that are watched; filled with 0xFF, NaN in every float.
class WatchedBuffer {
public:
  explicit WatchedBuffer(size_t bytes, size_t alignment = 1)
      : bytes(bytes), padded(llvm::alignTo(bytes, alignment)), buffer(padded + before) {
    memset(buffer.data(), 0xFF, buffer.size());
  }
  explicit WatchedBuffer(const Bytes &content, size_t alignment = 1) : WatchedBuffer(content.size(), alignment) {
    if (!content.empty())
      memcpy(data(), content.data(), content.size());
  }
  char *data() const { return static_cast<char *>(buffer.data()) + before; }
  Bytes content() const { return Bytes(data(), data() + bytes); }
  bool isUntouchedBeside() const {
    auto fresh = [](char byte) { return byte == '\xFF'; };
    return std::all_of(data() - before, data(), fresh) && std::all_of(data() + bytes, data() + padded, fresh);
  }

private:
  static constexpr size_t before = 256;
  size_t bytes, padded;
  GuardedBuffer buffer;
};

/// The state arena, as rune/table.h describes it.
static Bytes stateOf(const Compiled &compiled, const Interpreter &interpreter) {
  Bytes state(compiled.stateBytes);
  for (auto &[name, tensor] : interpreter.members)
    for (StorageAttr storage : compiled.storages.lookup(name)) {
      size_t size = bytesOf(tensor.dtype);
      char *start = state.data() + storage.getOffset();
      int64_t lanes = storage.getLanes();
      if (lanes == 0) {
        llvm::copy(encode(tensor), start);
        continue;
      }
      int64_t panels = llvm::divideCeil(storage.getN(), lanes);
      for (int64_t batch = 0; batch < storage.getBatch(); ++batch)
        for (int64_t n = 0; n < storage.getN(); ++n)
          for (int64_t k = 0; k < storage.getK(); ++k) {
            int64_t source = batch * storage.getBatchStride() + n * storage.getNStride() + k * storage.getKStride();
            int64_t panel = batch * panels + n / lanes;
            if (storage.getBf16()) {
              int64_t target = ((panel * storage.getPanelRows() + k / 2) * lanes + n % lanes) * 2 + k % 2;
              float rounded = interpreter::roundToBf16(tensor.elements[source].real);
              uint16_t half = llvm::bit_cast<uint32_t>(rounded) >> 16;
              std::memcpy(start + target * sizeof half, &half, sizeof half);
              continue;
            }
            int64_t target = (panel * storage.getK() + k) * lanes + n % lanes;
            writeElement(tensor.dtype, tensor.elements[source], start + target * size);
          }
    }
  return state;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

namespace {

class Caller {
public:
  Caller(func::FuncOp function, ArrayRef<Compiled> compiled, unsigned seed)
      : function(function), compiled(compiled), random(seed) {}

  /// One call with fresh sizes and inputs; what is wrong, or nothing.
  std::string check();

private:
  struct Given {
    int32_t status;
    std::vector<Bytes> outputs;
  };

  void drawSizes();
  bool isSmall();
  void drawMembers();
  Scalar drawElement(DType dtype);
  Values drawInputs();
  Given call(const Compiled &target, const Values &inputs);
  std::string compare(const Outcome &expected, const Given &given);
  std::string compareGradients(const Values &inputs, const Outcome &given);
  std::string compareRows(const Compiled &target, const Values &inputs, const Given &together);

  func::FuncOp function;
  ArrayRef<Compiled> compiled;
  std::mt19937 random;
  Interpreter interpreter;
  std::string problem; // of the memory around a call's buffers
};

} // namespace

/// Sizes of a few hundred elements at most, with the edges of vectors and blocks among them.
void Caller::drawSizes() {
  static const int64_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33};
  do
    if (auto symbols = function->getAttrOfType<ArrayAttr>("rune.symbols"))
      for (auto symbol : symbols.getAsRange<StringAttr>())
        interpreter.symbols[symbol.getValue().str()] = sizes[random() % std::size(sizes)];
  while (!isSmall());
}

bool Caller::isSmall() {
  bool small = true;
  auto look = [&](Type type) {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      small &= interpreter.evaluate(product(getDims(tensor))) <= 6000 || tensor.hasStaticShape();
  };
  llvm::for_each(function.getArgumentTypes(), look);
  function.walk([&](Operation *op) { llvm::for_each(op->getResultTypes(), look); });
  return small;
}

/// Quarters from -4 to 4, so that small sums of products are exact; small integers.
Scalar Caller::drawElement(DType dtype) {
  if (dtype == DType::Bool)
    return interpreter::integer(random() % 2);
  if (dtype == DType::I64)
    return interpreter::integer(static_cast<int64_t>(random() % 9) - 4);
  return interpreter::real((static_cast<double>(random() % 33) - 16) / 4);
}

void Caller::drawMembers() {
  std::mt19937 fixed(0);
  std::swap(fixed, random);
  function->getParentOp()->walk([&](ParameterOp parameter) {
    auto type = parameter.getTensorType();
    auto tensor = interpreter::Tensor::make(interpreter::dtypeOf(type.getElementType()), type.getShape());
    for (Scalar &element : tensor.elements)
      element = drawElement(tensor.dtype);
    interpreter.members[parameter.getSymName().str()] = tensor;
  });
  std::swap(fixed, random);
}

Values Caller::drawInputs() {
  Values inputs;
  for (BlockArgument argument : function.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    auto tensor =
        interpreter::Tensor::make(interpreter::dtypeOf(type.getElementType()), interpreter.evaluate(getDims(type)));
    int64_t bound = 0;
    if (auto below = function.getArgAttrOfType<DimsAttr>(argument.getArgNumber(), "differential.below"))
      bound = interpreter.evaluate(below.getDims().front());
    for (Scalar &element : tensor.elements)
      if (function->hasAttr("differential.gradients") && interpreter::isReal(tensor.dtype))
        element = interpreter::real(std::uniform_real_distribution<double>(-2, 2)(random));
      else
        element = bound ? interpreter::integer(static_cast<int64_t>(random() % (2 * bound)) - bound)
                        : drawElement(tensor.dtype);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

Caller::Given Caller::call(const Compiled &target, const Values &inputs) {
  std::deque<WatchedBuffer> buffers;
  std::vector<const void *> arguments;
  for (const interpreter::Tensor &input : inputs)
    arguments.push_back(buffers.emplace_back(encode(input)).data());
  Bytes state = stateOf(target, interpreter);
  const WatchedBuffer &arena = buffers.emplace_back(state, 64);
  for (Type type : function.getResultTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    size_t bytes =
        interpreter.evaluate(product(getDims(tensor))) * bytesOf(interpreter::dtypeOf(tensor.getElementType()));
    arguments.push_back(buffers.emplace_back(bytes).data());
  }
  StringRef name = function.getSymName();
  WatchedBuffer &workspace = buffers.emplace_back(interpreter.evaluate(target.workspaces.lookup(name)), 64);
  std::vector<int64_t> sizes;
  if (auto symbols = function->getAttrOfType<ArrayAttr>("rune.symbols"))
    for (auto symbol : symbols.getAsRange<StringAttr>())
      sizes.push_back(interpreter.symbols[symbol.getValue().str()]);

  Given given;
  given.status = target.kernels.lookup(name)(arguments.data(), sizes.data(), arena.data(), workspace.data(), nullptr);
  for (auto [i, input] : llvm::enumerate(inputs))
    if (buffers[i].content() != encode(input))
      problem = "an input was written to";
  if (arena.content() != state)
    problem = "a member was written to";
  for (const WatchedBuffer &buffer : buffers)
    if (!buffer.isUntouchedBeside())
      problem = "memory beside a buffer was written to";
  for (size_t i = inputs.size() + 1; i + 1 < buffers.size(); ++i)
    given.outputs.push_back(buffers[i].content());
  return given;
}

static std::string describe(size_t output, size_t element, DType dtype, Scalar expected, Scalar actual) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "output " << output << ", element " << element << ": expected ";
  if (interpreter::isReal(dtype))
    os << llvm::format("%.17g, got %.17g", expected.real, actual.real);
  else
    os << expected.integer << ", got " << actual.integer;
  return text;
}

/// Equal, zeros of either sign included, or both NaN, or as near as the tolerance says.
static bool agrees(DType dtype, Scalar expected, Scalar actual, double tolerance) {
  if (!interpreter::isReal(dtype))
    return expected.integer == actual.integer;
  if (std::isnan(expected.real) || std::isnan(actual.real))
    return std::isnan(expected.real) && std::isnan(actual.real);
  return expected.real == actual.real || std::fabs(expected.real - actual.real) <= tolerance;
}

std::string Caller::compare(const Outcome &expected, const Given &given) {
  if (!problem.empty())
    return problem;
  if (given.status != expected.status)
    return ("status " + Twine(given.status) + ", expected " + Twine(expected.status)).str();
  for (auto [output, tensor] : llvm::enumerate(expected.results)) {
    auto tolerance = function.getResultAttrOfType<FloatAttr>(output, "differential.tolerance");
    if (encode(tensor).size() != given.outputs[output].size())
      return "the interpreter's result has another size";
    for (auto [i, element] : llvm::enumerate(tensor.elements)) {
      Scalar actual = readElement(tensor.dtype, &given.outputs[output][i * bytesOf(tensor.dtype)]);
      if (!agrees(tensor.dtype, element, actual, tolerance ? tolerance.getValueAsDouble() : 0))
        return describe(output, i, tensor.dtype, element, actual);
    }
  }
  return {};
}

std::string Caller::compareRows(const Compiled &target, const Values &inputs, const Given &together) {
  int64_t rows = interpreter.symbols["b"];
  interpreter.symbols["b"] = 1;
  std::string result;
  for (int64_t row = 0; row < rows; ++row) {
    Values parts = inputs;
    for (auto [part, whole] : llvm::zip_equal(parts, inputs)) {
      auto first = whole.elements.begin() + row * (whole.elements.size() / rows);
      part.elements.assign(first, first + whole.elements.size() / rows);
      part.shape[0] = 1;
    }
    Given alone = call(target, parts);
    for (auto [single, all] : llvm::zip_equal(alone.outputs, together.outputs))
      if (!std::equal(single.begin(), single.end(), all.begin() + row * single.size()))
        result = ("row " + Twine(row) + " of " + Twine(rows) + " alone has other bits").str();
  }
  interpreter.symbols["b"] = rows;
  return result;
}

/// Some elements of each gradient against a central difference of the first result. A step is small beside the space
/// between kinks, and large beside the rounding of what it divides.
std::string Caller::compareGradients(const Values &inputs, const Outcome &given) {
  auto by = function->getAttrOfType<ArrayAttr>("differential.gradients");
  if (!by || given.status != 0)
    return {};
  constexpr double step = 1e-5;
  double loss = given.results.front().elements.front().real;
  if (!std::isfinite(loss)) // the greatest of no elements, for example
    return {};
  for (auto [i, attribute] : llvm::enumerate(by.getAsRange<IntegerAttr>())) {
    const interpreter::Tensor &gradient = given.results[i + 1];
    for (int round = 0; round < 4 && !gradient.elements.empty(); ++round) {
      size_t at = random() % gradient.elements.size();
      double losses[2];
      for (int side : {0, 1}) {
        Values moved = inputs;
        moved[attribute.getInt()].elements[at].real += side ? step : -step;
        FailureOr<Outcome> there = interpreter.call(function, moved);
        if (failed(there) || there->status != 0)
          return "the interpreter cannot run it beside";
        losses[side] = there->results.front().elements.front().real;
      }
      double slope = (losses[1] - losses[0]) / (2 * step), computed = gradient.elements[at].real;
      if (!(std::fabs(slope - computed) <= 1e-5 * std::max({1.0, std::fabs(computed), std::fabs(loss)})))
        return llvm::formatv("gradient {0}, element {1}: {2}, the difference says {3}", i, at, computed, slope).str();
    }
  }
  return {};
}

std::string Caller::check() {
  drawSizes();
  drawMembers();
  Values inputs = drawInputs();
  FailureOr<Outcome> expected = interpreter.call(function, inputs);
  if (failed(expected))
    return "the interpreter cannot run it";
  if (std::string wrong = compareGradients(inputs, *expected); !wrong.empty())
    return wrong;
  std::optional<Given> fused; // of the first target with FMA
  for (const Compiled &target : compiled) {
    Given given = call(target, inputs);
    std::string wrong = compare(*expected, given);
    if (wrong.empty() && function->hasAttr("differential.rows"))
      wrong = compareRows(target, inputs, given);
    if (wrong.empty() && target.target.fma && fused && given.status == 0 && fused->outputs != given.outputs)
      wrong = "other bits than on another processor with FMA";
    if (!wrong.empty()) {
      for (auto &[name, value] : interpreter.symbols)
        wrong += (", " + Twine(name) + " = " + Twine(value)).str();
      return target.target.cpu + ": " + wrong;
    }
    if (target.target.fma && !fused)
      fused = std::move(given);
  }
  return {};
}

std::string test::checkCalls(func::FuncOp function, const std::vector<Compiled> &compiled, unsigned rounds,
                             unsigned seed) {
  Caller caller(function, compiled, seed);
  for (unsigned round = 0; round < rounds; ++round)
    if (std::string problem = caller.check(); !problem.empty())
      return problem;
  return {};
}
