#pragma once
// The ends of a type's range, to which samples are held so that their log-density stays finite.
#include <limits>

#include "autodiff/dtype.hpp"

namespace nelbo {

/// The smallest normal number.
inline double smallest_positive(DType dtype) {
  return dtype == DType::f64 ? std::numeric_limits<double>::min()
                             : double{std::numeric_limits<float>::min()};
}

/// The largest finite number.
inline double largest_finite(DType dtype) {
  return dtype == DType::f64 ? std::numeric_limits<double>::max()
                             : double{std::numeric_limits<float>::max()};
}

/// The largest number below 1.
inline double largest_below_one(DType dtype) {
  return 1 - 0.5 * (dtype == DType::f64 ? std::numeric_limits<double>::epsilon()
                                        : double{std::numeric_limits<float>::epsilon()});
}

}  // namespace nelbo
