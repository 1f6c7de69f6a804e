#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "autodiff/tensor.hpp"
#include "models/code_space.hpp"

namespace nelbo {

/// Codes in which one latent variable at a time takes K values, and the others stay.
struct Traversal {
  std::vector<std::int64_t> variables;  // [V]
  std::vector<double> values;           // [K]; of discrete codes the classes
  Tensor z = Tensor(Shape{0});          // [V K, D]: variable by variable
};

/// From `code` [1, D]. Of a one-hot row a value k is the class: number k of the row is 1; of a point on a
/// circle it is the angle; of a proportion the others are scaled to the sum of 1. Throws Error for a variable
/// that the codes do not have, for variables of different kinds, and for a value outside their support.
Traversal traverse(const CodeSpace& codes, const Tensor& code, std::vector<std::int64_t> variables,
                   std::vector<double> values);

/// `steps` numbers from `from` to `to`, evenly spaced; two or more.
std::vector<double> evenly_spaced(double from, double to, std::size_t steps);

/// Between which values such codes, of one kind, are usually gone through: -3 and 3 of real ones.
std::pair<double, double> usual_range(const CodeSpace& codes);

/// Those of the variables that are of the kind of the first.
std::vector<std::int64_t> alike(const CodeSpace& codes, std::vector<std::int64_t> variables);

/// The classes 0, 1, .. of discrete codes, at most so many.
std::vector<double> classes_of(const CodeSpace& codes, std::int64_t most);

}  // namespace nelbo
