// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelSuites.h"

#include <cmath>

using namespace rune;
using namespace rune::test;

namespace {

template <typename T> constexpr const char *elementName = std::is_same_v<T, float> ? "f32" : "f64";
template <typename T> constexpr int64_t panelWidth = 64 / sizeof(T);

struct Shape {
  int64_t batch, m, n, k;
};

std::string word(int64_t value) { return std::to_string(value); }

template <typename T> class ContractCase {
public:
  ContractCase(const TargetDesc &target, bool columns, bool isStatic, Shape shape)
      : target(target), columns(columns), isStatic(isStatic), program(text(shape), target) {}

  void run(Shape shape, std::mt19937 &random) {
    auto [b, m, n, k] = shape;
    int64_t panels = (n + panelWidth<T> - 1) / panelWidth<T>;
    Tensor<T> x(b * m * k), w(b * panels * k * panelWidth<T>), bias(n), rest(b * m * n), y(b * m * n);
    for (const Tensor<T> *tensor : {&x, &w, &bias, &rest, &y})
      randomize(*tensor, random);
    std::vector<int64_t> symbols;
    if (!isStatic)
      symbols = {b, m, n, k, panels};
    program.call({x.data(), w.data(), bias.data(), rest.data(), y.data()}, symbols);
    std::string what = std::string(elementName<T>) + (columns ? " columns " : " rows ") +
                       (isStatic ? "static " : "dynamic ") + word(b) + "x" + word(m) + "x" + word(n) + "x" + word(k);
    expectEqual(what, y, expected(shape, x, w, bias, rest));
  }

private:
  /// Rows: lhs is [b, m, k]. Columns: lhs is [b, k, m], and the residual [b, n, m].
  std::string text(Shape shape) const {
    std::string e = elementName<T>;
    std::string b = isStatic ? word(shape.batch) : "b", m = isStatic ? word(shape.m) : "m",
                n = isStatic ? word(shape.n) : "n", k = isStatic ? word(shape.k) : "k",
                p = isStatic ? word((shape.n + panelWidth<T> - 1) / panelWidth<T>) : "p";
    Dims lhs = columns ? Dims{b, k, m} : Dims{b, m, k}, rhs{b, p, k, word(panelWidth<T>)}, out{b, m, n};
    Dims rest = columns ? Dims{b, n, m} : out;
    std::string body = "  rune.contract ins(%x, %w : " + memref(lhs, e) + ", " + memref(rhs, e) +
                       ") with (%bias, %rest : " + memref({n}, e) + ", " + memref(rest, e) +
                       ") outs(%y : " + memref(out, e) + ") maps [affine_map<(b, m, n, k) -> " +
                       (columns ? "(b, k, m)" : "(b, m, k)") +
                       ">, affine_map<(b, m, n) -> (n)>, affine_map<(b, m, n) -> " +
                       (columns ? "(b, n, m)" : "(b, m, n)") + ">] {\n  ^bb0(%acc: " + e + ", %c: " + e + ", %r: " + e +
                       "):\n    %zero = arith.constant 0.0 : " + e + "\n    %s = arith.addf %acc, %c : " + e +
                       "\n    %g = arith.cmpf ogt, %s, %zero : " + e + "\n    %l = arith.select %g, %s, %zero : " + e +
                       "\n    %t = arith.addf %l, %r : " + e + "\n    rune.yield %t : " + e + "\n  }\n";
    std::vector<std::string> symbols;
    if (!isStatic)
      symbols = {"b", "m", "n", "k", "p"};
    return function({argument("x", lhs, e), argument("w", rhs, e), argument("bias", {n}, e), argument("rest", rest, e),
                     argument("y", out, e)},
                    4, symbols, body);
  }

  T multiplyAdd(T x, T y, T sum) const { return target.fma ? std::fma(x, y, sum) : sum + x * y; }

  std::vector<T> expected(Shape shape, const Tensor<T> &x, const Tensor<T> &w, const Tensor<T> &bias,
                          const Tensor<T> &rest) const {
    auto [batch, rows, n, depth] = shape;
    int64_t width = panelWidth<T>, panels = (n + width - 1) / width;
    std::vector<T> result(batch * rows * n);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t m = 0; m < rows; ++m)
        for (int64_t j = 0; j < n; ++j) {
          T sum = 0;
          for (int64_t k = 0; k < depth; ++k) {
            T left = columns ? x[(b * depth + k) * rows + m] : x[(b * rows + m) * depth + k];
            sum = multiplyAdd(left, w[((b * panels + j / width) * depth + k) * width + j % width], sum);
          }
          T value = sum + bias[j];
          T extra = columns ? rest[(b * n + j) * rows + m] : rest[(b * rows + m) * n + j];
          result[(b * rows + m) * n + j] = (value > 0 ? value : 0) + extra;
        }
    return result;
  }

  const TargetDesc &target;
  bool columns, isStatic;
  Program program;
};

template <typename T> unsigned sweep(const TargetDesc &target, std::mt19937 &random) {
  unsigned count = 0;
  for (bool columns : {false, true}) {
    ContractCase<T> dynamic(target, columns, false, {});
    for (int64_t m : {0, 1, 2, 3, 5, 6, 7, 8, 11, 13, 17, 25})
      for (int64_t n : {0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 130})
        for (int64_t k : {0, 1, 2, 3, 5, 8, 17}) {
          dynamic.run({1 + (m + n + k) % 2, m, n, k}, random);
          ++count;
        }
  }
  for (Shape shape : {Shape{1, 1, 10, 128},
                      {1, 64, 10, 20},
                      {2, 7, 33, 5},
                      {1, 13, 130, 3},
                      {3, 1, 1, 1},
                      {1, 6, 16, 4},
                      {1, 17, 64, 0},
                      {1, 0, 5, 5}}) {
    ContractCase<T>(target, shape.m % 2, true, shape).run(shape, random);
    ++count;
  }
  return count;
}

} // namespace

unsigned test::testContract(const TargetDesc &target) {
  std::mt19937 random(7);
  return sweep<float>(target, random) + sweep<double>(target, random);
}
