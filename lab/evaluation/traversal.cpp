#include "lab/evaluation/traversal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

/// Sets the numbers of one latent variable.
void set_variable(float* numbers, const CodeSpace& codes, double value) {
  if (codes.kind != CodeSpace::Kind::one_hot) {
    *numbers = float(value);
    return;
  }
  std::fill_n(numbers, codes.classes, 0.0f);
  numbers[std::int64_t(value)] = 1;
}

void check(const CodeSpace& codes, const Traversal& of) {
  for (const std::int64_t variable : of.variables) {
    if (variable >= 0 && variable < codes.variables) continue;
    throw Error(fmt::format("traverse: the codes have no latent variable {}; they are 0 to {}",
                            variable, codes.variables - 1));
  }
  if (!codes.discrete()) return;
  for (const double value : of.values) {
    if (value >= 0 && value < double(codes.values()) && value == std::floor(value)) continue;
    throw Error(
        fmt::format("traverse: {} is none of the classes 0 to {}", value, codes.values() - 1));
  }
}

}  // namespace

Traversal traverse(const CodeSpace& codes, const Tensor& code, std::vector<std::int64_t> variables,
                   std::vector<double> values) {
  Traversal all{std::move(variables), std::move(values)};
  check(codes, all);
  const std::int64_t dimensions = codes.dimensions();
  all.z = Tensor({std::int64_t(all.variables.size() * all.values.size()), dimensions});
  const Tensor from = code.contiguous();
  float* row = all.z.data_as<float>();
  for (const std::int64_t variable : all.variables) {
    for (const double value : all.values) {
      std::copy_n(from.data_as<float>(), dimensions, row);
      set_variable(row + variable * codes.width(), codes, value);
      row += dimensions;
    }
  }
  return all;
}

std::vector<double> evenly_spaced(double from, double to, std::size_t steps) {
  std::vector<double> values(steps);
  const double intervals = double(steps - 1);
  for (std::size_t k = 0; k < steps; ++k) {
    // Whole ends of opposite signs meet at 0, not beside it.
    values[k] = (from * (intervals - double(k)) + to * double(k)) / intervals;
  }
  return values;
}

std::vector<double> classes_of(const CodeSpace& codes, std::int64_t most) {
  std::vector<double> values(std::size_t(std::min(codes.values(), most)));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = double(k);
  return values;
}

}  // namespace nelbo
