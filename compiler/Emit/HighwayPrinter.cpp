// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/HighwayPrinter.h"

#include "Emit/HighwayPrelude.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace rune;

/// What a longer expression is named for.
static constexpr size_t longestInline = 48;

const OpPrinters &rune::opPrinters() {
  static const OpPrinters table = [] {
    OpPrinters printers;
    addArithmeticPrinters(printers);
    addConversionPrinters(printers);
    addMemoryPrinters(printers);
    addStructurePrinters(printers);
    return printers;
  }();
  return table;
}

HighwayNames::HighwayNames(ModuleOp module, bool freestanding)
    : model(module), functions(preludeNames()), freestanding(freestanding) {}

std::optional<std::string> HighwayPrinter::symbolOf(memref::LoadOp load) {
  auto buffer = dyn_cast<BlockArgument>(load.getMemRef());
  auto symbols = function->getAttrOfType<ArrayAttr>("rune.symbols");
  IntegerAttr place;
  if (!entry || !buffer || buffer.getArgNumber() != 1 || !symbols ||
      !matchPattern(load.getIndices().front(), m_Constant(&place)))
    return std::nullopt;
  return cast<StringAttr>(symbols[place.getInt()]).getValue().str();
}

std::string HighwayNames::nameOfConstant(llvm::StringRef symbol) {
  auto [it, inserted] = printed.try_emplace(symbol.str());
  if (inserted)
    it->second = functions.add("constant");
  return it->second;
}

std::string HighwayNames::nameOf(func::FuncOp function) {
  auto [it, inserted] = printed.try_emplace(function.getName().str());
  if (!inserted)
    return it->second;
  if (auto math = function->getAttrOfType<StringAttr>("rune.math")) {
    // Overloads: one for each type.
    std::string name = math.getValue().str();
    name[0] = llvm::toUpper(name[0]);
    bool isDouble = getElementTypeOrSelf(function.getArgumentTypes().front()).isF64();
    return it->second = name + (isDouble ? "64" : "32");
  }
  return it->second = functions.add(function.getName().str());
}

unsigned rune::laneBits(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() ? 64 : std::max(8u, element.getIntOrFloatBitWidth());
}

std::string rune::laneType(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.isF32())
    return "float";
  if (element.isF64())
    return "double";
  if (element.isInteger(1))
    return "bool";
  if (element.isInteger(8))
    return "uint8_t";
  return "int" + std::to_string(laneBits(element)) + "_t";
}

std::string rune::wrapped(const std::string &text, unsigned indent) {
  constexpr size_t columns = 120;
  std::string result(indent, ' '), rest = text;
  size_t start = indent;
  // A value that fits on a line of its own stands there.
  if (size_t sign = text.find(" = "); start + text.size() > columns && sign != text.npos && text[0] != 'f' &&
                                      indent + 4 + text.size() - sign - 3 <= columns)
    return result + text.substr(0, sign + 2) + "\n" + std::string(indent + 4, ' ') + text.substr(sign + 3) + "\n";
  std::vector<size_t> open; // the columns behind the parentheses that are open at the start of `rest`
  while (start + rest.size() > columns) {
    // The comma in the fewest parentheses, and of these the last that fits; what follows lines up with its call.
    std::vector<size_t> inside = open, atBest;
    size_t best = 0;
    bool quoted = false;
    for (size_t i = 0; i < rest.size() && start + i < columns; ++i) {
      if (quoted && rest[i] == '\\')
        ++i;
      else if (rest[i] == '"')
        quoted = !quoted;
      else if (quoted)
        continue;
      else if (rest[i] == '(' || rest[i] == '{')
        inside.push_back(start + i + 1);
      else if ((rest[i] == ')' || rest[i] == '}') && !inside.empty())
        inside.pop_back();
      else if (rest[i] == ',' && !inside.empty() && (best == 0 || inside.size() <= atBest.size()) &&
               i + 1 < rest.size()) {
        best = i;
        atBest = inside;
      }
    }
    if (best == 0)
      break;
    open = atBest;
    start = open.back();
    result += rest.substr(0, best + 1) + "\n" + std::string(start, ' ');
    rest = rest.substr(best + 2);
  }
  return result + rest + "\n";
}

HighwayPrinter::HighwayPrinter(func::FuncOp function, HighwayNames &names)
    : names(names), function(function), entry(function->hasAttr("rune.inputs")), math(function->hasAttr("rune.math")),
      locals(preludeNames()) {
  for (const auto &[symbol, name] : names.printed)
    locals.insert(name);
  for (const char *name : {"f32", "f64", "i32", "i64", "u8", "V", "i", "j", "k", "l", "m", "p", "q", "r", "s"})
    locals.insert(name);
}

std::string HighwayPrinter::fresh(llvm::StringRef hint) {
  const std::string base = safeIdentifier(hint.str());
  std::string name = base;
  while (!locals.insert(name).second)
    name = base + (llvm::isDigit(base.back()) ? "_" : "") + std::to_string(++numbers[base] + 1);
  if (!scopes.empty())
    scopes.back().names.push_back(name);
  return name;
}

//===--- Text -------------------------------------------------------------===//

void HighwayPrinter::line(const std::string &text) {
  body += wrapped(text, 2 * indent);
  gathered = {};
}
void HighwayPrinter::comment(llvm::StringRef text) {
  llvm::SmallVector<llvm::StringRef> lines;
  std::string comments = commented(text);
  llvm::StringRef(comments).rtrim().split(lines, '\n');
  for (llvm::StringRef one : lines)
    line(one.str());
}

void HighwayPrinter::statement(const std::string &text) { line(text + ";"); }

void HighwayPrinter::openScope() {
  ++indent;
  scopes.push_back({{}, numbers});
}

void HighwayPrinter::closeScope() {
  --indent;
  for (const std::string &name : scopes.back().names)
    locals.erase(name);
  numbers = scopes.back().numbers;
  scopes.pop_back();
}

void HighwayPrinter::openBlock(const std::string &head) {
  line(head + " {");
  openScope();
}

void HighwayPrinter::closeBlock(const char *after) {
  closeScope();
  line(std::string("}") + after);
}

void HighwayPrinter::elseBlock() {
  closeScope();
  line("} else {");
  openScope();
}

Code HighwayPrinter::call(llvm::StringRef function, llvm::ArrayRef<std::string> arguments) {
  return {(function + "(" + llvm::join(arguments, ", ") + ")").str()};
}

Code HighwayPrinter::callHelper(llvm::StringRef function, llvm::ArrayRef<std::string> arguments,
                                llvm::StringRef templates) {
  names.helpers.insert(function.str());
  return call((function + templates).str(), arguments);
}

Code HighwayPrinter::infix(Value x, llvm::StringRef sign, Value y, Binding binding) {
  std::string right = use(y, static_cast<Binding>(binding + 1)), left = use(x, binding);
  return {left + " " + sign.str() + " " + right, binding};
}

//===--- Types ------------------------------------------------------------===//

std::string HighwayPrinter::tag(Type type) {
  auto vector = cast<VectorType>(type);
  Type element = vector.getElementType();
  std::string name = (isa<FloatType>(element)  ? "f"
                      : laneBits(element) == 8 ? "u"
                                               : "i") +
                     std::to_string(laneBits(element));
  std::string lane = laneType(element.isInteger(1) ? Type(IntegerType::get(type.getContext(), 8)) : element);
  std::string kind;
  if (math && isa<FloatType>(element))
    kind = "hn::DFromV<V>";
  else if (math)
    kind = "hn::RebindToSigned<hn::DFromV<V>>";
  else
    kind = "hn::CappedTag<" + lane + ", " + std::to_string(vector.getNumElements()) + ">";
  auto [it, inserted] = tags.try_emplace(name, kind);
  if (!inserted && it->second != kind) {
    name += "x" + std::to_string(vector.getNumElements());
    inserted = tags.try_emplace(name, kind).second;
  }
  if (inserted)
    tagOrder.push_back(name);
  return name;
}

std::string HighwayPrinter::typeOf(Type type) {
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getElementType().isInteger(1))
      return "hn::Mask<decltype(" + tag(type) + ")>";
    return "hn::Vec<decltype(" + tag(type) + ")>";
  }
  return laneType(type);
}

//===--- Values -----------------------------------------------------------===//

static bool isMask(Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector && vector.getElementType().isInteger(1);
}

std::string HighwayPrinter::use(Value value, Binding around) {
  Attribute constant;
  Code code;
  if (auto it = expressions.find(value); it != expressions.end()) {
    code = it->second;
  } else if (matchPattern(value, m_Constant(&constant)) && !isMask(value)) {
    if (auto vector = dyn_cast<VectorType>(value.getType())) {
      auto elements = cast<DenseElementsAttr>(constant);
      if (elements.isSplat() &&
          elements.getSplatValue<Attribute>() == Builder(value.getContext()).getZeroAttr(vector.getElementType()))
        return "hn::Zero(" + tag(vector) + ")";
      if (elements.isSplat())
        return "hn::Set(" + tag(vector) + ", " + literal(elements.getSplatValue<Attribute>(), vector.getElementType()) +
               ")";
      std::vector<std::string> lanes;
      for (Attribute lane : elements.getValues<Attribute>())
        lanes.push_back(literal(lane, vector.getElementType()));
      return callHelper("LanesOf", {tag(vector), "{" + llvm::join(lanes, ", ") + "}"}).text;
    }
    code.text = literal(constant, value.getType());
    code.binding = code.text[0] == '-' ? Unary : Primary;
  } else {
    code.text = "/* unknown */";
  }
  if (auto it = pending.find(value); it != pending.end()) {
    gathered.readsMemory |= it->second.traits.readsMemory;
    gathered.variables.insert(it->second.traits.variables.begin(), it->second.traits.variables.end());
    pending.erase(it);
  } else if (auto it = variables.find(value); it != variables.end()) {
    gathered.variables.insert(it->second);
  }
  return code.binding < around ? "(" + code.text + ")" : code.text;
}

std::optional<std::string> HighwayPrinter::countOf(Value mask) {
  if (auto create = mask.getDefiningOp<vector::CreateMaskOp>())
    return use(create.getOperand(0));
  if (auto constant = mask.getDefiningOp<vector::ConstantMaskOp>())
    return std::to_string(constant.getMaskDimSizes().front());
  Attribute value;
  if (matchPattern(mask, m_Constant(&value))) {
    auto bits = llvm::to_vector(cast<DenseElementsAttr>(value).getValues<bool>());
    size_t count = llvm::count(bits, true);
    if (llvm::all_of(llvm::seq<size_t>(0, bits.size()), [&](size_t i) { return bits[i] == (i < count); }))
      return std::to_string(count);
  }
  return std::nullopt;
}

/// Made again, of any width, wherever it is used.
static bool isFlexible(Value mask) {
  Operation *op = mask.getDefiningOp();
  return op && isa<vector::CreateMaskOp, vector::ConstantMaskOp, vector::BroadcastOp, arith::ConstantOp>(op);
}

std::string HighwayPrinter::maskTag(Value mask) {
  Operation *op = mask.getDefiningOp();
  if (!op || isFlexible(mask))
    return "";
  if (isa<arith::TruncIOp>(op) || (isa<arith::CmpFOp, arith::CmpIOp>(op) && !isMask(op->getOperand(0))))
    return tag(op->getOperand(0).getType());
  // Of and, or, xor, a choice or a comparison of masks.
  for (Value operand : op->getOperands())
    if (isMask(operand))
      if (std::string found = maskTag(operand); !found.empty())
        return found;
  auto type = cast<VectorType>(mask.getType());
  return tag(type.clone(IntegerType::get(type.getContext(), 32)));
}

/// Digits of "f32", "u8" or "i64x4".
static llvm::StringRef widthOf(llvm::StringRef tag) { return tag.drop_front().take_while(llvm::isDigit); }

std::string HighwayPrinter::useMask(Value mask, const std::string &to) {
  if (auto broadcast = mask.getDefiningOp<vector::BroadcastOp>())
    return callHelper("MaskOf", {to, use(broadcast.getSource())}).text;
  if (auto count = countOf(mask))
    return callHelper("First", {to, *count}).text;
  std::string from = maskTag(mask), text = use(mask);
  if (from == to)
    return text;
  if (widthOf(from) == widthOf(to))
    return "hn::RebindMask(" + to + ", " + text + ")";
  return callHelper("MaskAs", {to, from, text}).text;
}

void HighwayPrinter::materialize(Value value) {
  std::string name = fresh(pending.lookup(value).hint);
  pending.erase(value);
  Traits others = gathered;
  line("const auto " + name + " = " + expressions[value].text + ";");
  gathered = others;
  expressions[value] = {name};
}

static bool readsMemory(Operation *op) {
  return isa<memref::LoadOp, vector::LoadOp, vector::MaskedLoadOp, vector::GatherOp>(op);
}

/// The value that the loop around carries to here and nothing reads any more, where this result is its next one.
static Value replacedValue(Value result) {
  Operation *op = result.getDefiningOp();
  auto loop = dyn_cast_or_null<scf::ForOp>(op->getParentOp());
  if (!loop || !result.hasOneUse() || !isa<scf::YieldOp>(*result.getUsers().begin()) ||
      (*result.getUsers().begin())->getBlock() != op->getBlock())
    return {};
  Value carried = loop.getRegionIterArg(result.getUses().begin()->getOperandNumber());
  bool readLater = llvm::any_of(carried.getUsers(), [&](Operation *user) {
    Operation *here = op->getBlock()->findAncestorOpInBlock(*user);
    return !here || op->isBeforeInBlock(here);
  });
  return readLater ? Value() : carried;
}

void HighwayPrinter::define(Value result, const Code &code, llvm::StringRef hint) {
  if (result.use_empty())
    return;
  if (Value carried = replacedValue(result)) {
    std::string name = variables.lookup(carried);
    // What waits with the old value in it must not wait any longer.
    SmallVector<Value> waiting;
    for (auto &[value, state] : pending)
      if (state.traits.variables.count(name))
        waiting.push_back(value);
    llvm::for_each(waiting, [&](Value value) { materialize(value); });
    line(name + " = " + code.text + ";");
    nameVariable(result, name);
    return;
  }
  // A view of memory takes its place twice, as its size, too.
  llvm::SmallPtrSet<Operation *, 4> users(result.getUsers().begin(), result.getUsers().end());
  bool viewed = isa<memref::ViewOp>(*users.begin());
  Operation *op = result.getDefiningOp(), *user = *users.begin();
  expressions[result] = code;
  // A size is the same wherever it is used; anything else waits in its own block.
  bool movable = result.getType().isIndex() && !readsMemory(op);
  bool once = (result.hasOneUse() || (viewed && users.size() == 1)) &&
              (movable || user->getBlock() == op->getBlock()) && code.text.size() <= longestInline;
  gathered.readsMemory |= readsMemory(op);
  pending[result] = {std::exchange(gathered, {}), hint.str()};
  if (!once)
    materialize(result);
}

void HighwayPrinter::defineNow(Value result, const Code &code, llvm::StringRef hint) {
  expressions[result] = code;
  pending[result] = {std::exchange(gathered, {}), hint.str()};
  materialize(result);
}

void HighwayPrinter::flush(Operation *writer) {
  SmallVector<Value> waiting;
  for (auto &[value, state] : pending)
    if (state.traits.readsMemory && !llvm::is_contained(writer->getOperands(), value))
      waiting.push_back(value);
  llvm::for_each(waiting, [&](Value value) { materialize(value); });
}

//===--- Memory -----------------------------------------------------------===//

std::string HighwayPrinter::pointer(Value buffer, Value place) {
  std::string name = bufferName(buffer);
  return matchPattern(place, m_Zero()) ? name : name + " + " + use(place, Sum);
}

std::string HighwayPrinter::element(Value buffer, Value place) { return bufferName(buffer) + "[" + use(place) + "]"; }

std::string HighwayPrinter::induction(Value iv) {
  static const char *const letters[] = {"i", "j", "k", "l", "m", "p", "q", "r", "s"};
  std::string name = loopDepth < std::size(letters) ? letters[loopDepth] : "i" + std::to_string(loopDepth);
  ++loopDepth;
  // Loops that follow each other share their letter.
  expressions[iv] = {name};
  return name;
}

//===--- Structure --------------------------------------------------------===//

void HighwayPrinter::nameVariable(Value value, const std::string &name) {
  expressions[value] = {name};
  variables[value] = name;
}

void HighwayPrinter::assign(ArrayRef<std::string> targets, ValueRange values) {
  // What reads a variable that an earlier assignment changes is computed before all of them.
  std::set<std::string> changed;
  for (auto [target, value] : llvm::zip(targets, values)) {
    auto reads = [&](const std::string &name) { return name != target && changed.count(name); };
    if (auto it = pending.find(value); it != pending.end()) {
      if (llvm::any_of(it->second.traits.variables, reads))
        materialize(value);
    } else if (auto it = variables.find(value); it != variables.end() && reads(it->second)) {
      std::string name = fresh(it->second);
      line("const auto " + name + " = " + it->second + ";");
      expressions[value] = {name};
      variables.erase(value);
    }
    changed.insert(target);
  }
  for (auto [target, value] : llvm::zip(targets, values)) {
    std::string text = isMask(value) ? useMask(value, maskTag(value)) : use(value);
    if (text != target)
      line(target + " = " + text + ";");
  }
}

LogicalResult HighwayPrinter::printOp(Operation *op) {
  auto it = opPrinters().find(op->getName().getStringRef());
  if (it != opPrinters().end() && it->second(*this, op))
    return success();
  return op->emitOpError("has no C++ for its operands' types, or at all");
}

LogicalResult HighwayPrinter::printBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(printOp(&op)))
      return failure();
  return success();
}

static bool isWritten(Value buffer) {
  return llvm::any_of(buffer.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto store = dyn_cast<memref::StoreOp>(user))
      return store.getMemRef() == buffer;
    if (isa<func::CallOp, ParallelOp>(user)) {
      auto callee =
          SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(user, user->getAttrOfType<SymbolRefAttr>("callee"));
      return callee && !callee.isDeclaration() && isWritten(callee.getArgument(use.getOperandNumber()));
    }
    return isa<vector::StoreOp, vector::MaskedStoreOp, memref::ViewOp>(user);
  });
}

std::string HighwayPrinter::parameterName(unsigned i) {
  auto name = function.getArgAttrOfType<StringAttr>(i, "rune.name");
  return fresh(name ? name.getValue() : math ? (i ? "y" : "x") : "argument");
}

std::string HighwayPrinter::signature() {
  std::string name = names.nameOf(function);
  if (entry) {
    static const char *const parameters[] = {"const void *const *arguments", "const int64_t *symbols",
                                             "const void *state", "void *workspace", "void *context"};
    static const char *const plain[] = {"arguments", "symbols", "state", "workspace", "context"};
    std::string text = "static int32_t " + name + "(";
    for (unsigned i = 0; i < 5; ++i) {
      nameBuffer(function.getArgument(i), plain[i]);
      locals.insert(plain[i]);
      bool unused = function.getArgument(i).use_empty();
      text += std::string(i ? ", " : "") + (unused ? "[[maybe_unused]] " : "") + parameters[i];
    }
    return text + ")";
  }
  std::vector<std::string> parameters;
  for (BlockArgument argument : function.getArguments()) {
    std::string local = parameterName(argument.getArgNumber()), type;
    if (auto memref = dyn_cast<MemRefType>(argument.getType())) {
      nameBuffer(argument, local);
      type = std::string(isWritten(argument) ? "" : "const ") + laneType(memref.getElementType()) + " *HWY_RESTRICT ";
    } else {
      expressions[argument] = {local};
      type = math && isa<VectorType>(argument.getType()) ? "V " : laneType(argument.getType()) + " ";
    }
    parameters.push_back((argument.use_empty() ? "[[maybe_unused]] " : "") + type + local);
  }
  bool overVectors = math && isa<VectorType>(function.getResultTypes().front());
  std::string head = math ? (overVectors ? "template <class V> HWY_INLINE V "
                                         : "HWY_INLINE " + laneType(function.getResultTypes().front()) + " ")
                          : "static HWY_NOINLINE void ";
  return head + name + "(" + llvm::join(parameters, ", ") + ")";
}

/// A pointer needs no size: what only sizes of views were computed from goes.
static void dropSizes(func::FuncOp function) {
  SmallVector<Operation *> sizes;
  function.walk([&](memref::ViewOp view) {
    for (OpOperand &size : view.getSizesMutable()) {
      if (Operation *op = size.get().getDefiningOp())
        sizes.push_back(op);
      size.set(view.getByteShift());
    }
  });
  while (!sizes.empty()) {
    Operation *op = sizes.pop_back_val();
    if (!isOpTriviallyDead(op))
      continue;
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp(); source && !llvm::is_contained(sizes, source))
        sizes.push_back(source);
    llvm::erase(sizes, op);
    op->erase();
  }
}

std::string rune::commented(llvm::StringRef text) {
  constexpr size_t columns = 120;
  std::string plain, result;
  for (char c : text)
    plain += c >= ' ' && c < 0x7f && c != '\\' && c != '?' ? c : '_';
  for (llvm::StringRef rest = plain; !rest.empty();) {
    size_t length = rest.size() + 3 <= columns ? rest.size() : rest.take_front(columns - 3).rfind(' ');
    if (length == rest.npos || length == 0)
      length = std::min(rest.size(), columns - 3);
    result += "// " + rest.take_front(length).rtrim().str() + "\n";
    rest = rest.drop_front(length).ltrim();
  }
  return result;
}

/// What a reader is told before the definition.
std::string HighwayPrinter::notes() {
  std::string text;
  if (auto lines = function->getAttrOfType<ArrayAttr>("rune.notes"))
    for (auto line : lines.getAsRange<StringAttr>())
      text += commented(line.getValue());
  if (math)
    text = commented(function->getAttrOfType<StringAttr>("rune.math").getValue().str() +
                     ", within two units in the last place");
  if (auto arguments = function->getAttrOfType<ArrayAttr>("rune.argument_names"); arguments && entry) {
    int64_t inputs = function->getAttrOfType<IntegerAttr>("rune.inputs").getInt();
    std::string sides[2];
    for (auto [i, name] : llvm::enumerate(arguments.getAsRange<StringAttr>())) {
      std::string &side = sides[static_cast<int64_t>(i) >= inputs];
      side += (side.empty() ? "" : ", ") + name.getValue().str();
    }
    text = commented(function.getName().str() + ": (" + sides[0] + ") -> (" + sides[1] + ")");
  }
  return text;
}

FailureOr<std::string> HighwayPrinter::print() {
  dropSizes(function);
  std::string head = wrapped(signature() + " {", 0);
  Block &block = function.getBody().front();
  if (failed(printBlock(block)))
    return failure();
  auto returned = cast<func::ReturnOp>(block.getTerminator());
  if (returned.getNumOperands())
    line("return " + use(returned.getOperand(0)) + ";");
  std::string declarations;
  for (const std::string &name : tagOrder)
    declarations += "  const " + tags[name] + " " + name + ";\n";
  // A function of one statement may be one line.
  std::string line = declarations + body;
  if (llvm::StringRef statement = llvm::StringRef(line).trim(); statement.count('\n') == 0 && !statement.empty() &&
                                                                llvm::StringRef(head).count('\n') == 1 &&
                                                                head.size() + statement.size() + 2 <= 120)
    return notes() + llvm::StringRef(head).rtrim().str() + " " + statement.str() + " }\n";
  return notes() + head + declarations + body + "}\n";
}
