// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that change the shape of a tensor, or ask for it.

#include "Frontend/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

//===-- Reshapes
//----------------------------------------------------------------------------------------------------===//

/// The sizes with -1 filled in, where they hold `total` elements.
static std::optional<Dims> completeShape(Call &call, Dims sizes, const DimExpr &total, const llvm::Twine &from) {
  std::optional<size_t> open;
  DimExpr known = 1;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    if (size.isConstant(-1) && !open) {
      open = i;
    } else if (size.isConstant() && size.getConstant() < 0) {
      call.error("size " + size.str() + " is not valid in shape " + formatDims(sizes));
      return std::nullopt;
    } else {
      known = known * size;
    }
  }
  auto fail = [&] {
    call.error("shape " + formatDims(sizes) + " does not hold the elements of " + from);
    return std::nullopt;
  };
  if (!open)
    return known == total ? std::optional(sizes) : fail();
  if (known.isConstant(0))
    return fail();
  std::optional<DimExpr> rest = total.exactDiv(known);
  if (!rest)
    return fail();
  sizes[*open] = *rest;
  return sizes;
}

static Value reshapeTo(Call &call, mlir::Value input, const Dims &sizes) {
  Dims dims = getDims(input);
  std::optional<Dims> shape = completeShape(call, sizes, product(dims), "a tensor of shape " + formatDims(dims));
  return shape ? Value::tensor(call.emitter().reshape(input, *shape)) : Value();
}

static Value runReshape(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<Dims> sizes = input ? call.sizes(1) : std::nullopt;
  return sizes ? reshapeTo(call, input, *sizes) : Value();
}

static Value runFlatten(Call &call) {
  mlir::Value input = call.tensor(0);
  if (!input)
    return Value();
  int64_t rank = rankOf(input);
  std::optional<int64_t> from = call.axis(1, rank), to = call.axis(2, rank);
  if (!from || !to)
    return Value();
  if (*from > *to)
    return call.error("'flatten' expects start_dim before end_dim");
  Dims dims = getDims(input), flat(dims.begin(), dims.begin() + std::min(*from, rank));
  flat.push_back(product(llvm::ArrayRef(dims).slice(flat.size(), rank ? *to + 1 - *from : 0)));
  if (rank)
    flat.append(dims.begin() + *to + 1, dims.end());
  return Value::tensor(call.emitter().reshape(input, flat));
}

static Value runUnflatten(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<int64_t> dim = input ? call.axis(1, rankOf(input)) : std::nullopt;
  std::optional<Dims> sizes = dim ? call.sizes(2) : std::nullopt;
  if (!sizes || rankOf(input) == 0)
    return sizes ? call.error("'unflatten' of a tensor without dimensions") : Value();
  Dims dims = getDims(input);
  std::optional<Dims> inner =
      completeShape(call, *sizes, dims[*dim], "dimension " + llvm::Twine(*dim) + " of shape " + formatDims(dims));
  if (!inner)
    return Value();
  Dims result(dims.begin(), dims.begin() + *dim);
  result.append(*inner);
  result.append(dims.begin() + *dim + 1, dims.end());
  return Value::tensor(call.emitter().reshape(input, result));
}

static Value runSqueeze(Call &call) {
  mlir::Value input = call.tensor(0);
  auto axes = input ? call.axes(1, rankOf(input)) : std::nullopt;
  if (!axes)
    return Value();
  Dims left;
  for (auto [i, size] : llvm::enumerate(getDims(input)))
    if (!llvm::is_contained(*axes, static_cast<int64_t>(i)) || !size.isConstant(1))
      left.push_back(size);
  return Value::tensor(call.emitter().reshape(input, left));
}

static Value runUnsqueeze(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<int64_t> dim = input ? call.axis(1, rankOf(input) + 1) : std::nullopt;
  return dim ? Value::tensor(call.emitter().unsqueeze(input, *dim)) : Value();
}

//===-- Permutations
//------------------------------------------------------------------------------------------------===//

static Value runTranspose(Call &call) {
  mlir::Value input = call.tensor(0);
  if (!input)
    return Value();
  int64_t rank = rankOf(input);
  std::optional<int64_t> first = call.axis(1, rank), second = call.axis(2, rank);
  if (!first || !second || rank == 0)
    return first && second ? call[0] : Value();
  llvm::SmallVector<int64_t> permutation = allDims(rank);
  std::swap(permutation[*first], permutation[*second]);
  return Value::tensor(call.emitter().transpose(input, permutation));
}

static Value runT(Call &call) {
  mlir::Value input = call.tensor(0);
  if (!input || rankOf(input) < 2)
    return input ? call[0] : Value();
  if (rankOf(input) > 2)
    return call.error("'t' needs a tensor of 2 dimensions at most, not " + llvm::Twine(rankOf(input)));
  return Value::tensor(call.emitter().transpose(input, {1, 0}));
}

static Value runPermute(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<std::vector<int64_t>> dims = input ? call.integers(1) : std::nullopt;
  if (!dims)
    return Value();
  llvm::SmallVector<int64_t> permutation;
  for (int64_t dim : *dims) {
    std::optional<int64_t> place = call.axis(dim, rankOf(input), 1);
    if (!place)
      return Value();
    permutation.push_back(*place);
  }
  llvm::SmallVector<int64_t> sorted = permutation;
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, rankOf(input))))
    return call.error("'permute' needs each of the " + llvm::Twine(rankOf(input)) + " dimensions once");
  return Value::tensor(call.emitter().transpose(input, permutation));
}

static Value runMovedim(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<std::vector<int64_t>> from = input ? call.integers(1) : std::nullopt;
  std::optional<std::vector<int64_t>> to = from ? call.integers(2) : std::nullopt;
  if (!to)
    return Value();
  int64_t rank = rankOf(input);
  llvm::SmallVector<int64_t> permutation(rank, -1), sources;
  if (from->size() != to->size())
    return call.error("'movedim' needs as many sources as destinations");
  for (auto [source, target] : llvm::zip(*from, *to)) {
    std::optional<int64_t> a = call.axis(source, rank, 1), b = call.axis(target, rank, 2);
    if (!a || !b)
      return Value();
    if (rank == 0)
      return call[0];
    if (permutation[*b] >= 0 || llvm::is_contained(sources, *a))
      return call.error("'movedim' names a dimension twice");
    permutation[*b] = *a;
    sources.push_back(*a);
  }
  int64_t next = 0;
  for (int64_t &place : permutation)
    if (place < 0) {
      while (llvm::is_contained(sources, next))
        ++next;
      place = next++;
    }
  return Value::tensor(call.emitter().transpose(input, permutation));
}

//===-- Repetition
//--------------------------------------------------------------------------------------------------===//

static Value expandTo(Call &call, mlir::Value input, Dims sizes) {
  Dims dims = getDims(input);
  auto fail = [&] {
    return call.error("a tensor of shape " + formatDims(dims) + " does not expand to " + formatDims(sizes));
  };
  if (sizes.size() < dims.size())
    return fail();
  size_t added = sizes.size() - dims.size();
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].isConstant(-1) && i >= added)
      sizes[i] = dims[i - added];
    if (sizes[i].isConstant() && sizes[i].getConstant() < 0)
      return fail();
    if (i >= added && dims[i - added] != sizes[i] && !dims[i - added].isConstant(1))
      return fail();
  }
  return Value::tensor(call.emitter().broadcast(input, sizes));
}

static Value runExpand(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<Dims> sizes = input ? call.sizes(1) : std::nullopt;
  return sizes ? expandTo(call, input, *sizes) : Value();
}

static Value runExpandAs(Call &call) {
  mlir::Value input = call.tensor(0), other = input ? call.tensor(1) : mlir::Value();
  return other ? expandTo(call, input, getDims(other)) : Value();
}

/// Each dimension repeated: as [1, d] broadcast to [r, d], or, with `inner`, as [d, 1] broadcast to [d, r].
static mlir::Value repeatDims(Emitter &emitter, mlir::Value input, llvm::ArrayRef<DimExpr> times, bool inner) {
  Dims dims = getDims(input), apart, wide, joined;
  for (auto [size, count] : llvm::zip(dims, times)) {
    bool once = count.isConstant(1);
    if (!once && !inner) {
      apart.push_back(1);
      wide.push_back(count);
    }
    apart.push_back(size);
    wide.push_back(size);
    if (!once && inner) {
      apart.push_back(1);
      wide.push_back(count);
    }
    joined.push_back(size * count);
  }
  return emitter.reshape(emitter.broadcast(emitter.reshape(input, apart), wide), joined);
}

static Value repeatBy(Call &call, bool padLeft) {
  mlir::Value input = call.tensor(0);
  std::optional<Dims> times = input ? call.sizes(1) : std::nullopt;
  if (!times)
    return Value();
  Dims dims = getDims(input);
  if (times->size() < dims.size()) {
    if (!padLeft)
      return call.error("'repeat' needs a number for each of the " + llvm::Twine(dims.size()) + " dimensions");
    times->insert(times->begin(), dims.size() - times->size(), DimExpr(1));
  }
  if (times->size() > dims.size())
    dims.insert(dims.begin(), times->size() - dims.size(), DimExpr(1));
  for (const DimExpr &count : *times)
    if (count.isConstant() && count.getConstant() < 0)
      return call.error("a tensor cannot be repeated " + count.str() + " times");
  return Value::tensor(repeatDims(call.emitter(), call.emitter().reshape(input, dims), *times, false));
}
static Value runRepeat(Call &call) { return repeatBy(call, false); }
static Value runTile(Call &call) { return repeatBy(call, true); }

static Value runRepeatInterleave(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<DimExpr> times = input ? call.size(1) : std::nullopt;
  if (!times)
    return Value();
  if (!call.given(2))
    input = call.emitter().reshape(input, product(getDims(input)));
  std::optional<int64_t> dim = call.given(2) ? call.axis(2, rankOf(input)) : 0;
  if (!dim || (times->isConstant() && times->getConstant() < 0))
    return dim ? call.error("a tensor cannot be repeated " + times->str() + " times") : Value();
  Dims counts(rankOf(input), DimExpr(1));
  counts[*dim] = *times;
  return Value::tensor(repeatDims(call.emitter(), input, counts, true));
}

//===-- Questions
//---------------------------------------------------------------------------------------------------===//

static Value runSize(Call &call) {
  mlir::Value input = call.tensor(0);
  if (!input || !call.given(1))
    return input ? Value::shape(getDims(input)) : Value();
  std::optional<int64_t> dim = call.axis(1, rankOf(input));
  if (dim && rankOf(input) == 0)
    return call.error("a tensor without dimensions has no size " + llvm::Twine(*dim));
  return dim ? Value::dim(getDims(input)[*dim]) : Value();
}

static Value runNumel(Call &call) {
  mlir::Value input = call.tensor(0);
  return input ? Value::dim(product(getDims(input))) : Value();
}

static Value runDim(Call &call) {
  mlir::Value input = call.tensor(0);
  return input ? Value::integer(rankOf(input)) : Value();
}

static const Builtin table[] = {
    {"reshape(input, *shape)", runReshape},
    {"view(input, *shape)", runReshape, Builtin::Method},
    {"flatten(input, start_dim=0, end_dim=-1)", runFlatten},
    {"ravel(input, start_dim=0, end_dim=-1)", runFlatten},
    {"unflatten(input, dim, sizes)", runUnflatten},
    {"squeeze(input, dim=none)", runSqueeze},
    {"unsqueeze(input, dim)", runUnsqueeze},
    {"transpose(input, dim0, dim1)", runTranspose},
    {"swapaxes(input, axis0, axis1)", runTranspose},
    {"swapdims(input, dim0, dim1)", runTranspose},
    {"t(input)", runT},
    {"permute(input, *dims)", runPermute},
    {"movedim(input, source, destination)", runMovedim},
    {"moveaxis(input, source, destination)", runMovedim},
    {"expand(input, *size)", runExpand, Builtin::Method},
    {"broadcast_to(input, *size)", runExpand},
    {"expand_as(input, other)", runExpandAs, Builtin::Method},
    {"repeat(input, *repeats)", runRepeat, Builtin::Method},
    {"tile(input, *dims)", runTile},
    {"repeat_interleave(input, repeats, dim=none)", runRepeatInterleave},
    {"size(input, dim=none)", runSize, Builtin::Method},
    {"numel(input)", runNumel},
    {"dim(input)", runDim, Builtin::Method},
};

llvm::ArrayRef<Builtin> rune::shapeFunctions() { return table; }
