#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autodiff/tape.hpp"

namespace nelbo {

/// One input of a sample: `values` if given, else numbers drawn between low and high.
struct Operand {
  Shape shape = {};
  double low = -2;
  double high = 2;
  std::vector<double> values = {};
  bool index = false;  // an i32 leaf
};

/// Inputs at which the value is known, infinities, NaN and saturation among them.
struct Edge {
  std::vector<Tensor> inputs;  // f64
  std::vector<double> value;   // of output 0; NaN equals NaN
};

/// What the tests know of one operator. From it they generate:
/// value against the reference (f32 and f64, every ISA), vjp against differences in double, every
/// subset of wanted inputs, accumulation, fused = composed, replay = fresh, edges, and no
/// allocation after warm-up.
struct OperatorRow {
  std::string name;     // of the public function; an operator may have several rows
  std::string variant;  // tells them apart: "stride 2"
  std::function<std::vector<Var>(const std::vector<Var>&)> apply;
  /// Plain loops in double: all outputs that apply returns, from f64 (and i32) inputs.
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> reference;
  /// Empty, size 1, not a multiple of the SIMD width, and broadcast where that is allowed.
  std::vector<std::vector<Operand>> samples;
  /// Fused operators: the same from other operators.
  std::function<std::vector<Var>(const std::vector<Var>&)> composed = {};
  std::vector<double> kinks = {};  // drawn inputs keep 0.05 away from these
  std::vector<Edge> edges = {};
  double tolerance_f32 = 2e-6;  // of |value - reference| / max(1, |reference|)
  double tolerance_f64 = 1e-13;
  bool differentiable = true;
};

/// The rows of all operators, family by family: an explicit list in registry.cpp.
std::vector<OperatorRow> operator_registry();

}  // namespace nelbo
