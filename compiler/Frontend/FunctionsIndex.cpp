// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Joining, splitting, padding and picking.

#include "Frontend/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

//===-- Joining
//-----------------------------------------------------------------------------------------------------===//

static Value runCat(Call &call) {
  auto tensors = call.tensors(0);
  std::optional<int64_t> dim = tensors ? call.axis(1, rankOf(tensors->front())) : std::nullopt;
  if (!dim)
    return Value();
  Dims first = getDims(tensors->front());
  if (first.empty())
    return call.error("tensors without dimensions cannot be concatenated; use 'stack'");
  for (mlir::Value tensor : *tensors) {
    Dims dims = getDims(tensor);
    bool fits = dims.size() == first.size();
    for (size_t i = 0; fits && i < dims.size(); ++i)
      fits = static_cast<int64_t>(i) == *dim || dims[i] == first[i];
    if (!fits)
      return call.error("shapes " + formatDims(first) + " and " + formatDims(dims) + " differ beside dimension " +
                        llvm::Twine(*dim));
  }
  return Value::tensor(call.emitter().concat(*tensors, *dim));
}

static Value runStack(Call &call) {
  auto tensors = call.tensors(0);
  std::optional<int64_t> dim = tensors ? call.axis(1, rankOf(tensors->front()) + 1) : std::nullopt;
  if (!dim)
    return Value();
  Dims first = getDims(tensors->front());
  for (mlir::Value &tensor : *tensors) {
    if (getDims(tensor) != first)
      return call.error("'stack' needs tensors of one shape, got " + formatDims(first) + " and " +
                        formatDims(getDims(tensor)));
    tensor = call.emitter().unsqueeze(tensor, *dim);
  }
  return Value::tensor(call.emitter().concat(*tensors, *dim));
}

//===-- Splitting
//---------------------------------------------------------------------------------------------------===//

static Value sections(Call &call, mlir::Value input, int64_t dim, llvm::ArrayRef<DimExpr> sizes) {
  std::vector<Value> parts;
  DimExpr start = 0;
  for (const DimExpr &size : sizes) {
    if (!call.evaluator.session.spend(call.loc))
      return Value();
    parts.push_back(Value::tensor(call.emitter().slice(input, dim, start, size)));
    start = start + size;
  }
  return Value::list(std::move(parts));
}

static std::optional<std::pair<mlir::Value, int64_t>> inputAndDim(Call &call, size_t dimArgument) {
  mlir::Value input = call.tensor(0);
  std::optional<int64_t> dim = input ? call.axis(dimArgument, rankOf(input)) : std::nullopt;
  if (!dim)
    return std::nullopt;
  if (rankOf(input) == 0) {
    call.error("'" + call.name + "' needs a tensor of one dimension or more");
    return std::nullopt;
  }
  return std::pair(input, *dim);
}

static Value runChunk(Call &call) {
  auto what = inputAndDim(call, 2);
  std::optional<int64_t> chunks = what ? call.integer(1) : std::nullopt;
  if (!chunks)
    return Value();
  if (*chunks <= 0)
    return call.error("'chunk' expects a positive number of chunks, got " + llvm::Twine(*chunks));
  DimExpr size = getDims(what->first)[what->second];
  if (std::optional<DimExpr> even = size.exactDiv(*chunks)) {
    if (*chunks > 100000)
      return call.error("'chunk' into more than 100000 parts");
    return sections(call, what->first, what->second, Dims(*chunks, *even));
  }
  if (!size.isConstant())
    return call.error("cannot tell at compile time how " + size.str() + " elements make " + llvm::Twine(*chunks) +
                      " chunks");
  int64_t n = size.getConstant(), each = (n + *chunks - 1) / *chunks;
  Dims sizes;
  for (int64_t start = 0; start < n; start += each)
    sizes.push_back(std::min(each, n - start));
  return sections(call, what->first, what->second, sizes);
}

static Value runSplit(Call &call) {
  auto what = inputAndDim(call, 2);
  if (!what)
    return Value();
  DimExpr size = getDims(what->first)[what->second];
  Dims sizes;
  if (call[1].kind == Value::List) {
    std::optional<Dims> given = call.sizes(1);
    if (!given)
      return Value();
    DimExpr total = 0;
    for (const DimExpr &part : *given)
      total = total + part;
    if (total != size)
      return call.error("'split' expects sizes that sum to " + size.str() + ", got " + total.str());
    sizes = *given;
  } else {
    std::optional<int64_t> each = call.integer(1);
    if (!each)
      return Value();
    if (*each <= 0 || !size.isConstant())
      return call.error(*each <= 0
                            ? "'split' expects a positive size"
                            : "'split' of a dimension of size " + size.str() + " gives an unknown number of parts");
    for (int64_t start = 0; start < size.getConstant(); start += *each)
      sizes.push_back(std::min(*each, size.getConstant() - start));
  }
  return sections(call, what->first, what->second, sizes);
}

static Value runUnbind(Call &call) {
  auto what = inputAndDim(call, 1);
  if (!what)
    return Value();
  DimExpr size = getDims(what->first)[what->second];
  if (!size.isConstant())
    return call.error("'unbind' of a dimension of size " + size.str() + " gives an unknown number of parts");
  std::vector<Value> parts;
  for (int64_t i = 0; i < size.getConstant(); ++i) {
    if (!call.evaluator.session.spend(call.loc))
      return Value();
    mlir::Value part = call.emitter().slice(what->first, what->second, i, 1);
    parts.push_back(Value::tensor(call.emitter().squeeze(part, what->second)));
  }
  return Value::list(std::move(parts));
}

static Value runNarrow(Call &call) {
  auto what = inputAndDim(call, 1);
  std::optional<DimExpr> start = what ? call.size(2) : std::nullopt, length = start ? call.size(3) : std::nullopt;
  if (!length)
    return Value();
  DimExpr size = getDims(what->first)[what->second];
  if (start->isConstant() && start->getConstant() < 0)
    start = size + *start;
  if (!call.evaluator.checkAtMost(0, *start, call.loc, "'narrow' starts at {1}, before the dimension") ||
      !call.evaluator.checkAtMost(0, *length, call.loc, "'narrow' takes {1} elements") ||
      !call.evaluator.checkAtMost(*start + *length, size, call.loc,
                                  "'narrow' ends at {0}, beyond a dimension of size {1}"))
    return Value();
  return Value::tensor(call.emitter().slice(what->first, what->second, *start, *length));
}

static Value runSelect(Call &call) {
  auto what = inputAndDim(call, 1);
  if (!what)
    return Value();
  std::vector<Value> indices(what->second, Value::slice(Value::none(), Value::none(), Value::none()));
  indices.push_back(call[2]);
  std::vector<SourceLoc> locs(indices.size(), call.locs[2]);
  return call.evaluator.subscript(Value::tensor(what->first), indices, locs, call.loc);
}

//===-- Picking
//-----------------------------------------------------------------------------------------------------===//

static Value runGather(Call &call) {
  auto what = inputAndDim(call, 1);
  mlir::Value index = what ? call.tensor(2) : mlir::Value();
  if (!index)
    return Value();
  auto [input, dim] = *what;
  if (dtypeOf(index) != ElementKind::I64)
    return call.errorAt(2, "'gather' expects an i64 index, not " + dtypeName(dtypeOf(index)));
  Dims dims = getDims(input), shape = getDims(index);
  if (dims.size() != shape.size())
    return call.error("'gather' expects an index of " + llvm::Twine(dims.size()) + " dimensions, got " +
                      formatDims(shape));
  // As torch.gather, the index may be smaller than the input beside `dim`.
  Dims taken = shape;
  taken[dim] = dims[dim];
  for (size_t i = 0; i < dims.size(); ++i)
    if (static_cast<int64_t>(i) != dim &&
        !call.evaluator.checkAtMost(taken[i], dims[i], call.loc,
                                    "'gather': the index has size {0} where the input has {1}"))
      return Value();
  Dims starts(dims.size(), DimExpr(0));
  llvm::SmallVector<int64_t> steps(dims.size(), 1);
  return Value::tensor(call.emitter().gather(call.emitter().slice(input, starts, taken, steps), index, dim));
}

static Value runTakeAlongDim(Call &call) {
  auto what = inputAndDim(call, 2);
  mlir::Value index = what ? call.tensor(1) : mlir::Value();
  if (!index)
    return Value();
  auto [input, dim] = *what;
  Dims dims = getDims(input), shape = getDims(index);
  if (dtypeOf(index) != ElementKind::I64 || dims.size() != shape.size())
    return call.errorAt(1, "'take_along_dim' expects an i64 index of " + llvm::Twine(dims.size()) + " dimensions");
  Dims from = dims, to = shape;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (static_cast<int64_t>(i) == dim)
      continue;
    DimExpr wide = dims[i].isConstant(1) ? shape[i] : dims[i];
    if ((dims[i] != wide && !dims[i].isConstant(1)) || (shape[i] != wide && !shape[i].isConstant(1)))
      return call.error("shapes " + formatDims(dims) + " and " + formatDims(shape) + " do not go together");
    from[i] = to[i] = wide;
  }
  Emitter &emitter = call.emitter();
  return Value::tensor(emitter.gather(emitter.broadcast(input, from), emitter.broadcast(index, to), dim));
}

/// Position i of the dimension takes element (i - start) / step of the source where that is a whole number before
/// `end`.
static mlir::Value scatterSteps(Emitter &emitter, mlir::Value input, mlir::Value source, int64_t dim,
                                const DimExpr &start, const DimExpr &end, int64_t step) {
  Dims dims = getDims(input), line = {dims[dim]};
  auto number = [&](const DimExpr &value) { return emitter.broadcast(emitter.dim(value), line); };
  mlir::Value place = emitter.iota(dims[dim]), zero = number(0);
  mlir::Value offset = emitter.binary<SubOp>(place, number(start));
  mlir::Value rest = emitter.binary<RemOp>(offset, number(step));
  mlir::Value taken =
      emitter.binary<MulOp>(emitter.compare(Predicate::eq, rest, zero), emitter.compare(Predicate::ge, offset, zero));
  taken = emitter.binary<MulOp>(taken, emitter.compare(Predicate::lt, place, number(end)));
  // Where nothing is taken: the one element that is put behind the source, which may have none.
  mlir::Value index = emitter.binary<DivOp>(offset, number(step));
  index = emitter.select(taken, index, number((end - start).ceilDiv(step)));
  Dims extra = getDims(source), across(dims.size(), DimExpr(1));
  extra[dim] = 1;
  across[dim] = dims[dim];
  source = emitter.concat({source, emitter.full(extra, dtypeOf(source), 0)}, dim);
  auto wide = [&](mlir::Value value) { return emitter.broadcast(emitter.reshape(value, across), dims); };
  return emitter.select(wide(taken), emitter.gather(source, wide(index), dim), input);
}

static Value runSliceScatter(Call &call) {
  mlir::Value input = call.tensor(0), source = input ? call.tensor(1) : mlir::Value();
  std::optional<int64_t> dim = source ? call.axis(2, rankOf(input)) : std::nullopt;
  std::optional<int64_t> step = dim ? call.integer(5) : std::nullopt;
  if (!step || rankOf(input) == 0)
    return step ? call.error("'slice_scatter' needs a tensor of one dimension or more") : Value();
  if (*step < 1)
    return call.errorAt(5, "'slice_scatter' needs a step of 1 or more, got " + llvm::Twine(*step));
  DimExpr size = getDims(input)[*dim];
  std::optional<DimExpr> start = call.given(3) ? call.size(3) : DimExpr(0), end = call.given(4) ? call.size(4) : size;
  if (!start || !end)
    return Value();
  for (DimExpr *bound : {&*start, &*end})
    if (bound->isConstant() && bound->getConstant() < 0)
      *bound = size + *bound;
  Dims wanted = getDims(input);
  wanted[*dim] = (*end - *start).ceilDiv(*step);
  if (getDims(source) != wanted)
    return call.errorAt(1, "'slice_scatter' expects a source of shape " + formatDims(wanted) + ", got " +
                               formatDims(getDims(source)));
  Evaluator &evaluator = call.evaluator;
  if (!evaluator.checkAtMost(0, *start, call.loc, "'slice_scatter' starts at {1}, before the dimension") ||
      !evaluator.checkAtMost(*end, size, call.loc, "'slice_scatter' ends at {0}, beyond a dimension of size {1}"))
    return Value();
  Emitter &emitter = call.emitter();
  source = emitter.cast(source, dtypeOf(input));
  if (*step > 1)
    return Value::tensor(scatterSteps(emitter, input, source, *dim, *start, *end, *step));
  llvm::SmallVector<mlir::Value> parts;
  if (!start->isConstant(0))
    parts.push_back(emitter.slice(input, *dim, 0, *start));
  parts.push_back(source);
  if (*end != size)
    parts.push_back(emitter.slice(input, *dim, *end, size - *end));
  return Value::tensor(emitter.concat(parts, *dim));
}

//===-- Padding
//-----------------------------------------------------------------------------------------------------===//

/// The input read at positions that fold back into it, along one dimension.
static Value padByIndex(Call &call, const Value &input, int64_t dim, const DimExpr &low, const DimExpr &high,
                        llvm::StringRef mode) {
  Emitter &emitter = call.emitter();
  DimExpr size = getDims(input.ir)[dim];
  DimExpr widest = mode == "reflect" ? size - 1 : size;
  for (const DimExpr &side : {low, high})
    if (mode != "replicate" &&
        !call.evaluator.checkAtMost(side, widest, call.loc, "padding of {0} is too large for this mode, at most {1}"))
      return Value();
  DimExpr total = size + low + high;
  auto wide = [&](const DimExpr &value) { return emitter.broadcast(emitter.dim(value), total); };
  auto smaller = [&](mlir::Value a, mlir::Value b) {
    return emitter.select(emitter.compare(Predicate::lt, a, b), a, b);
  };
  mlir::Value place = emitter.binary<SubOp>(emitter.iota(total), wide(low)), last = wide(size - 1);
  if (mode == "reflect") {
    place = emitter.unary<AbsOp>(place);
    place = emitter.binary<SubOp>(last, emitter.unary<AbsOp>(emitter.binary<SubOp>(last, place)));
  } else if (mode == "replicate") {
    place = smaller(emitter.binary<MaxOp>(place, wide(0)), last);
  } else {
    place = emitter.binary<RemOp>(place, wide(size));
  }
  std::vector<Value> indices(dim, Value::slice(Value::none(), Value::none(), Value::none()));
  indices.push_back(Value::tensor(place));
  return call.evaluator.subscript(input, indices, std::vector<SourceLoc>(indices.size(), call.loc), call.loc);
}

/// A negative amount takes elements off.
static bool crop(Call &call, mlir::Value &input, int64_t dim, DimExpr &low, DimExpr &high) {
  DimExpr start = 0, size = getDims(input)[dim];
  for (DimExpr *side : {&low, &high}) {
    if (!side->isConstant() || side->getConstant() >= 0)
      continue;
    if (side == &low)
      start = -low;
    size = size + *side;
    *side = DimExpr(0);
  }
  if (!call.evaluator.checkAtMost(0, size, call.loc, "negative padding leaves {1} elements"))
    return false;
  input = call.emitter().slice(input, dim, start, size);
  return true;
}

static Value runPad(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<Dims> amounts = input ? call.sizes(1) : std::nullopt;
  if (!amounts)
    return Value();
  llvm::StringRef mode = call[2].text;
  static const llvm::StringRef modes[] = {"constant", "reflect", "replicate", "circular"};
  if (!llvm::is_contained(modes, mode))
    return call.errorAt(2, "'pad' knows the modes constant, reflect, replicate and circular, not " + toRepr(call[2]));
  int64_t rank = rankOf(input);
  if (amounts->size() % 2 != 0 || static_cast<int64_t>(amounts->size()) > 2 * rank)
    return call.errorAt(1, "'pad' expects two amounts for each of up to " + llvm::Twine(rank) +
                               " dimensions, the last one first, got " + llvm::Twine(amounts->size()));
  Dims low(rank, DimExpr(0)), high(rank, DimExpr(0));
  for (size_t i = 0; i < amounts->size(); i += 2) {
    int64_t dim = rank - 1 - i / 2;
    low[dim] = (*amounts)[i];
    high[dim] = (*amounts)[i + 1];
    if (!crop(call, input, dim, low[dim], high[dim]))
      return Value();
  }
  auto isZero = [](const DimExpr &amount) { return amount.isConstant(0); };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return Value::tensor(input);
  if (mode == "constant") {
    std::optional<double> value = call.number(3);
    if (!value)
      return Value();
    return Value::tensor(call.emitter().pad(input, call.emitter().constant(dtypeOf(input), *value), low, high));
  }
  Value result = Value::tensor(input);
  for (int64_t dim = rank - 1; dim >= 0 && !result.isError(); --dim)
    if (!isZero(low[dim]) || !isZero(high[dim]))
      result = padByIndex(call, result, dim, low[dim], high[dim], mode);
  return result;
}

static const Builtin table[] = {
    {"cat(tensors, dim=0)", runCat, Builtin::Function},
    {"concat(tensors, dim=0)", runCat, Builtin::Function},
    {"concatenate(tensors, dim=0)", runCat, Builtin::Function},
    {"stack(tensors, dim=0)", runStack, Builtin::Function},
    {"chunk(input, chunks, dim=0)", runChunk},
    {"split(input, split_size, dim=0)", runSplit},
    {"unbind(input, dim=0)", runUnbind},
    {"narrow(input, dim, start, length)", runNarrow},
    {"select(input, dim, index)", runSelect},
    {"gather(input, dim, index)", runGather},
    {"take_along_dim(input, indices, dim)", runTakeAlongDim},
    {"slice_scatter(input, src, dim=0, start=none, end=none, step=1)", runSliceScatter},
    {"pad(input, pad, mode='constant', value=0.0)", runPad, Builtin::Function},
};

llvm::ArrayRef<Builtin> rune::indexFunctions() { return table; }
