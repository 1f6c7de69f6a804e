#pragma once
#include <string>
#include <vector>

#include "autodiff/parameters.hpp"
#include "lab/statistics/projection.hpp"

namespace nelbo::gradvar {

/// A set of parameters that is reported by itself: ranges of a gradient that starts at the group.
struct NamedRanges {
  std::string name;
  Ranges ranges;
};

/// The group, and its layers where there are several.
std::vector<NamedRanges> parts_of(const ParameterStore& store, const std::string& group);

}  // namespace nelbo::gradvar
