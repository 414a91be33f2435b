// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Holds the compiled expansions against a wider libm: every argument within 2 units in the last place, zeros,
// infinities and NaN exactly, and the same bits at every width. Arguments: --float-step=N (every Nth float),
// --doubles=N and --pairs=N (how many, for each function of doubles and of two arguments).

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#define EXPANSIONS(name)                                                                                               \
  void name##_f32_1(const float *, const float *, float *);                                                            \
  void name##_f32_8(const float *, const float *, float *);                                                            \
  void name##_f32_16(const float *, const float *, float *);                                                           \
  void name##_f64_1(const double *, const double *, double *);                                                         \
  void name##_f64_4(const double *, const double *, double *);                                                         \
  void name##_f64_8(const double *, const double *, double *);
extern "C" {
EXPANSIONS(exp)
EXPANSIONS(exp2)
EXPANSIONS(expm1)
EXPANSIONS(tanh)
EXPANSIONS(erf)
EXPANSIONS(log)
EXPANSIONS(log2)
EXPANSIONS(log1p)
EXPANSIONS(sin)
EXPANSIONS(cos)
EXPANSIONS(rsqrt)
EXPANSIONS(powf)
EXPANSIONS(remf)
}

namespace {

constexpr int chunk = 4096;
constexpr double allowed = 2;

template <typename Float> struct Format;
template <> struct Format<float> {
  using Wide = double;
  using Bits = uint32_t;
  static constexpr const char *name = "f32";
};
template <> struct Format<double> {
  using Wide = long double;
  using Bits = uint64_t;
  static constexpr const char *name = "f64";
};

template <typename Float> struct Function {
  using Wide = typename Format<Float>::Wide;
  using Compiled = void (*)(const Float *, const Float *, Float *);
  const char *name;
  Compiled scalar, vector, wideVector;
  Wide (*reference)(Wide, Wide);
};

#define FUNCTION(name, expression)                                                                                     \
  {#name, name##_f32_1, name##_f32_8, name##_f32_16,                                                                   \
   [](double x, [[maybe_unused]] double y) -> double { return expression; }}
#define DOUBLE_FUNCTION(name, expression)                                                                              \
  {#name, name##_f64_1, name##_f64_4, name##_f64_8,                                                                    \
   [](long double x, [[maybe_unused]] long double y) -> long double { return expression; }}
#define ALL(entry)                                                                                                     \
  entry(exp, std::exp(x)), entry(exp2, std::exp2(x)), entry(expm1, std::expm1(x)), entry(tanh, std::tanh(x)),          \
      entry(erf, std::erf(x)), entry(log, std::log(x)), entry(log2, std::log2(x)), entry(log1p, std::log1p(x)),        \
      entry(sin, std::sin(x)), entry(cos, std::cos(x)), entry(rsqrt, 1 / std::sqrt(x)), entry(powf, std::pow(x, y)),   \
      entry(remf, std::fmod(x, y))

const Function<float> floatFunctions[] = {ALL(FUNCTION)};
const Function<double> doubleFunctions[] = {ALL(DOUBLE_FUNCTION)};

int failures = 0;

/// The distance in units of the last place of the exact result, infinite where zeros, infinities or NaN differ.
template <typename Float> double distance(Float got, typename Format<Float>::Wide exact) {
  using Limits = std::numeric_limits<Float>;
  constexpr double wrong = std::numeric_limits<double>::infinity();
  Float rounded = static_cast<Float>(exact);
  if (std::isnan(rounded) || std::isnan(got))
    return std::isnan(rounded) && std::isnan(got) ? 0 : wrong;
  if (std::bit_cast<typename Format<Float>::Bits>(rounded) == std::bit_cast<typename Format<Float>::Bits>(got) &&
      (std::isinf(got) || got == 0))
    return 0;
  if (std::isinf(rounded) || std::isinf(got)) {
    // Either side of the bound at which rounding overflows, which is half a unit past the largest number.
    bool close =
        std::abs(std::isinf(got) ? rounded : got) == Limits::max() && std::signbit(got) == std::signbit(rounded);
    return close && std::isfinite(exact) ? 1 : wrong;
  }
  if (std::signbit(got) != std::signbit(rounded))
    return wrong;
  int last = std::max(std::ilogb(exact) + 1, Limits::min_exponent) - Limits::digits;
  return static_cast<double>(std::ldexp(std::abs(got - exact), -last));
}

template <typename Float> class Sweep {
public:
  explicit Sweep(const Function<Float> &function) : function(function), x(chunk), y(chunk), got(chunk), other(chunk) {}
  ~Sweep() {
    flush();
    bool bad = worst > allowed || differing;
    failures += bad;
    std::printf("%s %-6s %10ld arguments, at most %.3f ulp at (%a, %a)%s\n", Format<Float>::name, function.name, total,
                worst, static_cast<double>(worstX), static_cast<double>(worstY), bad ? " FAILED" : "");
    if (differing)
      std::printf("  %ld results depend on the vector's width\n", differing);
  }

  void test(Float first, Float second = 1) {
    x[count] = first;
    y[count] = second;
    if (++count == chunk)
      flush();
  }

private:
  void flush() {
    function.scalar(x.data(), y.data(), got.data());
    for (auto compiled : {function.vector, function.wideVector}) {
      compiled(x.data(), y.data(), other.data());
      for (int i = 0; i < count; ++i)
        differing +=
            std::memcmp(&got[i], &other[i], sizeof(Float)) != 0 && !(std::isnan(got[i]) && std::isnan(other[i]));
    }
    for (int i = 0; i < count; ++i) {
      double error = distance(got[i], function.reference(x[i], y[i]));
      if (error > worst) {
        worst = error;
        worstX = x[i];
        worstY = y[i];
      }
    }
    total += count;
    count = 0;
  }

  const Function<Float> &function;
  std::vector<Float> x, y, got, other;
  int count = 0;
  long total = 0, differing = 0;
  double worst = 0;
  Float worstX = 0, worstY = 0;
};

/// Zeros, infinities, NaN, the ends of the range, and the places where results overflow or become denormal.
template <typename Float> std::vector<Float> specialArguments() {
  using Limits = std::numeric_limits<Float>;
  std::vector<Float> values = {0,
                               Limits::infinity(),
                               Limits::quiet_NaN(),
                               Limits::denorm_min(),
                               Limits::min(),
                               Limits::max(),
                               Limits::epsilon() / 2,
                               0.5,
                               1,
                               1.5,
                               2,
                               3,
                               5,
                               64,
                               1e30};
  for (double edge : {87.3, 88.72, 103.97, 128.0, 149.0, 708.4, 709.78, 745.13, 1024.0, 1074.0, 16777215.0, 16777217.0,
                      9007199254740991.0, 0.7853981633974483, 1.5707963267948966, 3.141592653589793})
    values.push_back(static_cast<Float>(edge));
  for (Float value : std::vector<Float>(values)) {
    values.push_back(std::nextafter(value, Float(0)));
    values.push_back(std::nextafter(value, Limits::infinity()));
  }
  for (Float value : std::vector<Float>(values))
    values.push_back(-value);
  return values;
}

/// A number of any exponent, or spread evenly where functions have their bends.
double drawDouble(std::mt19937_64 &random, int which) {
  uint64_t bits = random();
  double unit = std::ldexp(static_cast<double>(static_cast<int64_t>(random())), -63);
  switch (which % 5) {
  case 0:
    return std::bit_cast<double>(bits);
  case 1:
    return 750 * unit;
  case 2:
    return 40 * unit;
  case 3:
    return 1.5 * unit;
  default:
    return std::ldexp(unit, 20 - static_cast<int>(bits % 60));
  }
}

template <typename Float> bool isBinary(const Function<Float> &function) {
  return !std::strcmp(function.name, "powf") || !std::strcmp(function.name, "remf");
}

template <typename Float> void sweepPairs(const Function<Float> &function, long pairs) {
  using Limits = std::numeric_limits<Float>;
  Sweep<Float> sweep(function);
  for (Float x : specialArguments<Float>())
    for (Float y : specialArguments<Float>())
      sweep.test(x, y);
  std::mt19937_64 random(2);
  for (long i = 0; i < pairs; ++i) {
    Float unit = std::ldexp(static_cast<Float>(static_cast<int64_t>(random())), -63);
    Float x = std::bit_cast<Float>(static_cast<typename Format<Float>::Bits>(random()));
    if (i % 4 == 1)
      x = std::exp(3 * unit);
    else if (i % 4 == 2)
      x = 1 + std::ldexp(unit, -static_cast<int>(random() % Limits::digits));
    // An exponent that takes |x| anywhere in the range of results, made an integer where the base is any number.
    Float power =
        std::ldexp(static_cast<Float>(static_cast<int64_t>(random())), -63) * Limits::max_exponent * Float(1.1);
    Float y = power / std::log2(std::abs(x));
    sweep.test(x, i % 4 == 0 ? std::rint(y) : y);
    if (i % 4 == 3) // a quotient of up to 2^60
      sweep.test(std::ldexp(x, -std::ilogb(x) + static_cast<int>(random() % 61)), 1 + unit);
  }
}

void sweepAll(uint64_t floatStep, long doubles, long pairs) {
  for (const Function<float> &function : floatFunctions) {
    if (isBinary(function)) {
      sweepPairs(function, pairs);
      continue;
    }
    Sweep<float> sweep(function);
    for (float value : specialArguments<float>())
      sweep.test(value);
    for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += floatStep)
      sweep.test(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  for (const Function<double> &function : doubleFunctions) {
    if (isBinary(function)) {
      sweepPairs(function, pairs);
      continue;
    }
    Sweep<double> sweep(function);
    for (double value : specialArguments<double>())
      sweep.test(value);
    std::mt19937_64 random(1);
    for (long i = 0; i < doubles; ++i)
      sweep.test(drawDouble(random, static_cast<int>(i % 5)));
  }
}

/// Powers of two and their logarithms are exact.
void checkExact() {
  std::vector<float> x(chunk), result(chunk);
  for (int i = 0; i < chunk; ++i)
    x[i] = std::ldexp(1.0f, i % 277 - 149);
  log2_f32_8(x.data(), x.data(), result.data());
  exp2_f32_8(result.data(), result.data(), result.data());
  for (int i = 0; i < chunk; ++i)
    if (result[i] != x[i]) {
      std::printf("exp2(log2(%a)) is %a FAILED\n", x[i], result[i]);
      ++failures;
      return;
    }
}

long option(int argc, char **argv, const std::string &name, long otherwise) {
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]).starts_with("--" + name + "="))
      return std::atol(argv[i] + name.size() + 3);
  return otherwise;
}

} // namespace

int main(int argc, char **argv) {
  checkExact();
  sweepAll(option(argc, argv, "float-step", 127), option(argc, argv, "doubles", 1000000),
           option(argc, argv, "pairs", 1000000));
  std::printf("%d failures\n", failures);
  return failures != 0;
}
