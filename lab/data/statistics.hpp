#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "lab/data/dataset.hpp"

namespace nelbo::data {

/// Figures of one split: minimum and maximum of the stored values, mean and population standard
/// deviation of value / scale, and how often each label occurs.
struct Statistics {
  double min = 0, max = 0;
  double mean = 0, std = 0;
  std::map<std::int64_t, std::int64_t> labels;
};

/// Sums in double, example by example, in constant memory.
Statistics statistics(const Split& split, double scale);

/// Mean and population standard deviation of every feature of a split, of the stored values: [X]. A
/// feature that is constant has the deviation 1. Of those that are observed, not NaN.
struct FeatureMoments {
  std::vector<double> mean, deviation;
};

/// In double, from the differences to the first example, so that values far from 0 lose no digits. Throws
/// Error for a feature that no example has.
FeatureMoments feature_moments(const Split& split);

}  // namespace nelbo::data
