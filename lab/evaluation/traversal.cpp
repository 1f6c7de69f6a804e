#include "lab/evaluation/traversal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

using Kind = CodeSpace::Kind;

/// One of the proportions of a row, to whose sum of 1 the others are scaled.
void set_proportion(float* row, std::int64_t count, std::int64_t which, double value) {
  const double rest = 1 - double(row[which]);
  for (std::int64_t i = 0; i < count; ++i) {
    row[i] = rest > 0 ? float(double(row[i]) * ((1 - value) / rest))
                      : float((1 - value) / double(count - 1));
  }
  row[which] = float(value);
}

/// Sets the numbers of one latent variable of a code.
void set_variable(float* row, const CodeSpace& codes, std::int64_t variable, double value) {
  const CodeSpace& own = codes.of(variable);
  float* const numbers = row + codes.first(variable);
  switch (own.kind) {
    case Kind::one_hot:
      std::fill_n(numbers, own.classes, 0.0f);
      numbers[std::int64_t(value)] = 1;
      return;
    case Kind::circle:
      numbers[0] = float(std::cos(value));
      numbers[1] = float(std::sin(value));
      return;
    case Kind::simplex: {
      std::int64_t first = variable;
      while (first > 0 && &codes.of(first - 1) == &own) --first;
      return set_proportion(row + codes.first(first), own.variables, variable - first, value);
    }
    default:
      *numbers = float(value);
  }
}

bool same_values(const CodeSpace& a, const CodeSpace& b) {
  return a.kind == b.kind && a.values() == b.values();
}

/// Throws Error for a value that a variable of these codes cannot have.
void check_value(const CodeSpace& codes, double value) {
  if (codes.discrete()) {
    if (value >= 0 && value < double(codes.values()) && value == std::floor(value)) return;
    throw Error(
        fmt::format("traverse: {} is none of the classes 0 to {}", value, codes.values() - 1));
  }
  const bool positive = codes.kind != Kind::positive || value > 0;
  const bool share = codes.kind == Kind::unit || codes.kind == Kind::simplex;
  if (positive && (!share || (value > 0 && value < 1))) return;
  throw Error(fmt::format("traverse: {} is no value of codes that are {}", value, codes.text()));
}

void check(const CodeSpace& codes, const Traversal& of) {
  for (const std::int64_t variable : of.variables) {
    if (variable < 0 || variable >= codes.variables) {
      throw Error(fmt::format("traverse: the codes have no latent variable {}; they are 0 to {}",
                              variable, codes.variables - 1));
    }
    const CodeSpace &own = codes.of(variable), &first = codes.of(of.variables.front());
    if (!same_values(own, first)) {
      throw Error(fmt::format(
          "traverse: variable {} is {}, and {} {}: they have no values together; take variables "
          "of one kind",
          of.variables.front(), first.text(), variable, own.text()));
    }
    for (const double value : of.values) check_value(own, value);
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
      set_variable(row, codes, variable, value);
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

std::pair<double, double> usual_range(const CodeSpace& codes) {
  switch (codes.kind) {
    case Kind::positive:
      return {0.1, 5};
    case Kind::unit:
    case Kind::simplex:
      return {0.05, 0.95};
    case Kind::circle:
      return {-std::numbers::pi, std::numbers::pi};
    default:
      return {-3, 3};
  }
}

std::vector<std::int64_t> alike(const CodeSpace& codes, std::vector<std::int64_t> variables) {
  if (variables.empty()) return variables;
  std::erase_if(variables, [&, &first = codes.of(variables.front())](std::int64_t variable) {
    return !same_values(codes.of(variable), first);
  });
  return variables;
}

std::vector<double> classes_of(const CodeSpace& codes, std::int64_t most) {
  std::vector<double> values(std::size_t(std::min(codes.values(), most)));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = double(k);
  return values;
}

}  // namespace nelbo
