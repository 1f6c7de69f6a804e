#pragma once
#include <cstdint>
#include <map>

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

/// 255 when a split of uint8 holds a value above 1, else 1.
double scale_of(const std::vector<Split>& splits);

}  // namespace nelbo::data
