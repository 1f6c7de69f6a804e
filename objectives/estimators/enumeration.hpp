#pragma once
#include <optional>

#include "autodiff/tensor.hpp"
#include "models/code_space.hpp"

namespace nelbo::estimators {

/// What enumeration sums over at the most.
constexpr std::int64_t most_codes = 4096;

/// K^L; nothing where it is more than 2^62.
std::optional<std::int64_t> number_of_codes(const CodeSpace& space);

/// Every code, [K^L, 1, D]: the first variable counts fastest. Throws Error for more than
/// most_codes, and for continuous ones.
Tensor all_codes(const CodeSpace& space, DType dtype);

}  // namespace nelbo::estimators
