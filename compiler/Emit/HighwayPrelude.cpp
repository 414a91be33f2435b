// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/HighwayPrelude.h"

#include <vector>

namespace rune {

namespace {

struct Helper {
  const char *name;
  std::vector<std::string> needs;
  const char *text;
};

/// In the order in which they are defined.
const std::vector<Helper> &helpers() {
  static const std::vector<Helper> list = {
      {"At", {}, R"(
/// A place in an arena.
template <typename T> HWY_INLINE T *At(const void *arena, int64_t bytes) {
  return reinterpret_cast<T *>(static_cast<uint8_t *>(const_cast<void *>(arena)) + bytes);
}
)"},
      {"Argument", {}, R"(
/// A tensor of the caller's.
template <typename T> HWY_INLINE T *Argument(const void *pointer) {
  return static_cast<T *>(const_cast<void *>(pointer));
}
)"},
      {"Pointer", {}, R"(
/// What the call's context points to.
template <typename T> HWY_INLINE T *Pointer(int64_t address) { return reinterpret_cast<T *>(address); }
)"},
      {"Parallel", {}, R"(
/// Calls part(begin, end) for ranges that together are [0, count), by as many threads as the application allows.
template <typename Part> HWY_INLINE void Parallel(int64_t count, Part part) {
  rune_parallel_for([](void *data, int64_t begin, int64_t end) { (*static_cast<Part *>(data))(begin, end); }, &part,
                    count);
}
)"},
      {"Trace", {}, R"(
/// Says what comes next to the profile that RUNE_PROFILE=trace.json asks for.
HWY_INLINE void Trace(const char *entry, const char *kernel, const char *does, const char *where) {
  if (HWY_UNLIKELY(rune_tracing))
    rune_trace(entry, kernel, does, where);
}
)"},
      {"TraceEnd", {}, R"(
/// Nothing comes next.
HWY_INLINE void TraceEnd() {
  if (HWY_UNLIKELY(rune_tracing))
    rune_trace_site(nullptr);
}
)"},
      {"WrapAdd", {}, R"(
/// x + y modulo 2^64 (2^32), as two's complement has it.
template <typename T> HWY_INLINE T WrapAdd(T x, T y) {
  return static_cast<T>(static_cast<uint64_t>(x) + static_cast<uint64_t>(y));
}
)"},
      {"WrapSub", {}, R"(
/// x - y modulo 2^64 (2^32).
template <typename T> HWY_INLINE T WrapSub(T x, T y) {
  return static_cast<T>(static_cast<uint64_t>(x) - static_cast<uint64_t>(y));
}
)"},
      {"WrapMul", {}, R"(
/// x y modulo 2^64 (2^32).
template <typename T> HWY_INLINE T WrapMul(T x, T y) {
  return static_cast<T>(static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
}
)"},
      {"FloorDivide", {}, R"(
/// x / y, rounded towards minus infinity.
HWY_INLINE int64_t FloorDivide(int64_t x, int64_t y) { return x / y - ((x % y != 0 && (x < 0) != (y < 0)) ? 1 : 0); }
)"},
      {"ScalarMin", {}, R"(
template <typename T> HWY_INLINE T ScalarMin(T x, T y) { return x < y ? x : y; }
)"},
      {"ScalarMax", {}, R"(
template <typename T> HWY_INLINE T ScalarMax(T x, T y) { return x > y ? x : y; }
)"},
      {"ScalarShiftLeft", {}, R"(
template <typename T> HWY_INLINE T ScalarShiftLeft(T x, T by) {
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(x) << by);
}
)"},
      {"ScalarShiftRight", {}, R"(
/// Zeros come in from the left.
template <typename T> HWY_INLINE T ScalarShiftRight(T x, T by) {
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(x) >> by);
}
)"},
      {"ScalarBitCast", {}, R"(
template <typename To, typename From> HWY_INLINE To ScalarBitCast(From from) {
  To to;
  hwy::CopyBytes<sizeof(To)>(&from, &to);
  return to;
}
)"},
      {"FlushSubnormal", {}, R"(
/// A zero of x's sign where |x| is smaller than 2^-126, else x.
template <typename V> HWY_INLINE V FlushSubnormal(V x) {
  const hn::DFromV<V> d;
  const auto zero = hn::And(x, hn::SignBit(d));
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 1.1754943508222875e-38f)), zero, x);
}
)"},
      {"ScalarFlushSubnormal", {"FlushSubnormal"}, R"(
HWY_INLINE float ScalarFlushSubnormal(float x) {
  const hn::CappedTag<float, 1> one;
  return hn::GetLane(FlushSubnormal(hn::Set(one, x)));
}
)"},
      {"IsNaN", {}, R"(
template <typename T> HWY_INLINE bool IsNaN(T x) { return !(x == x); }
)"},
#define RUNE_ONE_LANE(NAME, PARAMETERS, CALL)                                                                          \
  {"Scalar" NAME,                                                                                                      \
   {},                                                                                                                 \
   "\ntemplate <typename T> HWY_INLINE T Scalar" NAME "(" PARAMETERS ") {\n"                                           \
   "  const hn::CappedTag<T, 1> one;\n  return hn::GetLane(hn::" NAME "(" CALL "));\n}\n"}
      RUNE_ONE_LANE("Abs", "T x", "hn::Set(one, x)"),
      RUNE_ONE_LANE("CopySign", "T x, T sign", "hn::Set(one, x), hn::Set(one, sign)"),
      RUNE_ONE_LANE("Round", "T x", "hn::Set(one, x)"),
      RUNE_ONE_LANE("Floor", "T x", "hn::Set(one, x)"),
      RUNE_ONE_LANE("Ceil", "T x", "hn::Set(one, x)"),
      RUNE_ONE_LANE("Trunc", "T x", "hn::Set(one, x)"),
      RUNE_ONE_LANE("Sqrt", "T x", "hn::Set(one, x)"),
      RUNE_ONE_LANE("MulAdd", "T x, T y, T sum", "hn::Set(one, x), hn::Set(one, y), hn::Set(one, sum)"),
#undef RUNE_ONE_LANE
      {"LanesOf", {}, R"(
/// A vector of these.
template <class D, size_t kLanes> HWY_INLINE hn::Vec<D> LanesOf(D d, const hn::TFromD<D> (&lanes)[kLanes]) {
  return hn::LoadU(d, lanes);
}
)"},
      {"First", {}, R"(
/// The first n lanes.
template <class D> HWY_INLINE hn::Mask<D> First(D d, int64_t n) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  return hn::FirstN(d, static_cast<size_t>(n < 0 ? 0 : n < lanes ? n : lanes));
}
)"},
      {"MaskOf", {}, R"(
/// All lanes, or none.
template <class D> HWY_INLINE hn::Mask<D> MaskOf(D d, bool all) { return hn::FirstN(d, all ? hn::Lanes(d) : 0); }
)"},
      {"MaskAs", {}, R"(
/// The mask of as many lanes of another width.
template <class To, class From> HWY_INLINE hn::Mask<To> MaskAs(To to, From from, hn::Mask<From> mask) {
  using ToLane = hwy::MakeSigned<hn::TFromD<To>>;
  using FromLane = hwy::MakeSigned<hn::TFromD<From>>;
  const hn::Rebind<ToLane, To> result;
  const hn::Rebind<FromLane, From> given;
  const auto lanes = hn::BitCast(given, hn::VecFromMask(from, mask));
#if HWY_TARGET == HWY_RVV
  // Not every two parts of its registers convert into each other.
  HWY_ALIGN FromLane before[64];
  HWY_ALIGN ToLane after[64];
  hn::Store(lanes, given, before);
  for (size_t i = 0; i < hn::Lanes(given); ++i)
    after[i] = static_cast<ToLane>(before[i]);
  return hn::MaskFromVec(hn::BitCast(to, hn::Load(result, after)));
#else
  if constexpr (sizeof(ToLane) == sizeof(FromLane)) {
    return hn::MaskFromVec(hn::BitCast(to, lanes));
  } else if constexpr (sizeof(FromLane) == 1 && sizeof(ToLane) == 8) {
    const hn::Rebind<int32_t, To> between;
    return hn::MaskFromVec(hn::BitCast(to, hn::PromoteTo(result, hn::PromoteTo(between, lanes))));
  } else if constexpr (sizeof(FromLane) < sizeof(ToLane)) {
    return hn::MaskFromVec(hn::BitCast(to, hn::PromoteTo(result, lanes)));
  } else {
    const hn::RebindToUnsigned<decltype(given)> from_bits;
    const hn::RebindToUnsigned<decltype(result)> to_bits;
    return hn::MaskFromVec(hn::BitCast(to, hn::TruncateTo(to_bits, hn::BitCast(from_bits, lanes))));
  }
#endif
}
)"},
      {"SelectMask", {}, R"(
template <class M> HWY_INLINE M SelectMask(M choice, M yes, M no) {
  return hn::Or(hn::And(choice, yes), hn::And(hn::Not(choice), no));
}
)"},
      {"LoadFirst", {"First"}, R"(
/// The first n lanes from memory, zero in the others, whose places are not touched.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadFirst(D d, const T *HWY_RESTRICT from, int64_t n) {
#if RUNE_MASKED_MEMORY
  if (RUNE_MASKED_MEMORY > 1 || sizeof(T) >= 4)
    return hn::MaskedLoad(First(d, n), d, from);
#endif
  HWY_ALIGN T lanes[64 / sizeof(T)] = {};
  for (size_t i = 0; i < hn::Lanes(d) && static_cast<int64_t>(i) < n; ++i)
    lanes[i] = from[i];
  return hn::Load(d, lanes);
}
)"},
      {"StoreFirst", {"First"}, R"(
/// The first n lanes to memory; the places of the others are not touched.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void StoreFirst(hn::Vec<D> value, D d, T *HWY_RESTRICT to, int64_t n) {
#if RUNE_MASKED_MEMORY
  if (RUNE_MASKED_MEMORY > 1 || sizeof(T) >= 4) {
    hn::BlendedStore(value, First(d, n), d, to);
    return;
  }
#endif
  HWY_ALIGN T lanes[64 / sizeof(T)];
  hn::Store(value, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d) && static_cast<int64_t>(i) < n; ++i)
    to[i] = lanes[i];
}
)"},
      {"LoadStrided", {}, R"(
/// Elements that are a stride apart.
template <class D, typename T = hn::TFromD<D>> HWY_INLINE hn::Vec<D> LoadStrided(D d, const T *from, int64_t stride) {
#if HWY_ARCH_X86 && HWY_MAX_BYTES >= 32
  if constexpr (sizeof(T) == 4) {
    // The last place is a number of 32 bits, too.
    if (-(int64_t{1} << 26) < stride && stride < int64_t{1} << 26) {
      const hn::RebindToSigned<D> places;
      const auto step = hn::Set(places, static_cast<int32_t>(stride));
      return hn::GatherIndex(d, from, hn::Mul(hn::Iota(places, 0), step));
    }
  }
#endif
  HWY_ALIGN T lanes[64 / sizeof(T)];
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    lanes[i] = from[static_cast<int64_t>(i) * stride];
  return hn::Load(d, lanes);
}
)"},
      {"LoadStridedFirst", {}, R"(
/// The first n elements that are a stride apart, zero in the other lanes.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadStridedFirst(D d, const T *from, int64_t stride, int64_t n) {
  HWY_ALIGN T lanes[64 / sizeof(T)] = {};
  for (size_t i = 0; i < hn::Lanes(d) && static_cast<int64_t>(i) < n; ++i)
    lanes[i] = from[static_cast<int64_t>(i) * stride];
  return hn::Load(d, lanes);
}
)"},
      {"Rotate", {}, R"(
/// Lane i gets what lane i + kBy has, going round.
template <size_t kBy, class D> HWY_INLINE hn::Vec<D> Rotate(D d, hn::Vec<D> value) {
  using T = hn::TFromD<D>;
  const size_t count = hn::Lanes(d);
  if constexpr (sizeof(T) >= 4) {
    HWY_ALIGN hwy::MakeSigned<T> from[64 / sizeof(T)] = {};
    for (size_t i = 0; i < count; ++i)
      from[i] = static_cast<hwy::MakeSigned<T>>((i + kBy) % count);
    return hn::TableLookupLanes(value, hn::SetTableIndices(d, from));
  } else {
    HWY_ALIGN T lanes[64 / sizeof(T)], rotated[64 / sizeof(T)];
    hn::Store(value, d, lanes);
    for (size_t i = 0; i < count; ++i)
      rotated[i] = lanes[(i + kBy) % count];
    return hn::Load(d, rotated);
  }
}
)"},
      {"ShiftLeftBy", {}, R"(
template <int kBits, class D> HWY_INLINE hn::Vec<D> ShiftLeftBy(D, hn::Vec<D> value) {
  return hn::ShiftLeft<kBits>(value);
}
)"},
      {"ShiftRightBy", {}, R"(
/// Zeros come in from the left.
template <int kBits, class D> HWY_INLINE hn::Vec<D> ShiftRightBy(D d, hn::Vec<D> value) {
  return hn::BitCast(d, hn::ShiftRight<kBits>(hn::BitCast(hn::RebindToUnsigned<D>(), value)));
}
)"},
      {"ShiftLeft", {}, R"(
template <class D> HWY_INLINE hn::Vec<D> ShiftLeft(D d, hn::Vec<D> value, hn::Vec<D> bits) {
  const hn::RebindToUnsigned<D> u;
  return hn::BitCast(d, hn::Shl(hn::BitCast(u, value), hn::BitCast(u, bits)));
}
)"},
      {"ShiftRight", {}, R"(
/// Zeros come in from the left.
template <class D> HWY_INLINE hn::Vec<D> ShiftRight(D d, hn::Vec<D> value, hn::Vec<D> bits) {
  const hn::RebindToUnsigned<D> u;
  return hn::BitCast(d, hn::Shr(hn::BitCast(u, value), hn::BitCast(u, bits)));
}
)"},
      {"Mul64", {}, R"(
/// x y modulo 2^64.
template <class D> HWY_INLINE hn::Vec<D> Mul64(D d, hn::Vec<D> x, hn::Vec<D> y) {
  HWY_ALIGN int64_t a[8], b[8];
  hn::Store(x, d, a);
  hn::Store(y, d, b);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    a[i] = static_cast<int64_t>(static_cast<uint64_t>(a[i]) * static_cast<uint64_t>(b[i]));
  return hn::Load(d, a);
}
)"},
      {"DivideLanes", {}, R"(
template <class D> HWY_INLINE hn::Vec<D> DivideLanes(D d, hn::Vec<D> x, hn::Vec<D> y) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T a[64 / sizeof(T)], b[64 / sizeof(T)];
  hn::Store(x, d, a);
  hn::Store(y, d, b);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    a[i] = static_cast<T>(a[i] / b[i]);
  return hn::Load(d, a);
}
)"},
      {"RemainderLanes", {}, R"(
template <class D> HWY_INLINE hn::Vec<D> RemainderLanes(D d, hn::Vec<D> x, hn::Vec<D> y) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T a[64 / sizeof(T)], b[64 / sizeof(T)];
  hn::Store(x, d, a);
  hn::Store(y, d, b);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    a[i] = static_cast<T>(a[i] % b[i]);
  return hn::Load(d, a);
}
)"},
      {"ConvertLanes", {}, R"(
/// Each lane as static_cast has it.
template <class D, class V> HWY_INLINE hn::Vec<D> ConvertLanes(D d, V value) {
  using From = hn::TFromV<V>;
  using To = hn::TFromD<D>;
  const hn::Rebind<From, D> from;
  HWY_ALIGN From lanes[64 / sizeof(To) > 64 / sizeof(From) ? 64 / sizeof(To) : 64 / sizeof(From)];
  HWY_ALIGN To converted[64 / sizeof(To)];
  hn::Store(value, from, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    converted[i] = static_cast<To>(lanes[i]);
  return hn::Load(d, converted);
}
)"},
  };
  return list;
}

} // namespace

std::set<std::string> preludeNames() {
  std::set<std::string> names = {"hn", "hwy", "rune", "std", "one", "d"};
  for (const Helper &helper : helpers())
    names.insert(helper.name);
  return names;
}

std::string prelude(const std::set<std::string> &used) {
  // A helper's needs stand before it in the list.
  std::set<std::string> wanted = used;
  for (auto helper = helpers().rbegin(); helper != helpers().rend(); ++helper)
    if (wanted.count(helper->name))
      wanted.insert(helper->needs.begin(), helper->needs.end());
  std::string text;
  for (const Helper &helper : helpers())
    if (wanted.count(helper.name))
      text += helper.text;
  return text;
}

} // namespace rune
