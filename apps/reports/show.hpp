#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lab/data/dataset.hpp"

namespace nelbo::data {

/// {"format", "splits": [{"name", "count", "shape", "dtype", "scale", "min", "max", "mean", "std",
/// "labels": {"0": n, ...}}]}: shape is one example's, min and max are of the stored values, mean
/// and std of value / scale; labels is empty when there are none.
nlohmann::ordered_json show_json(const Dataset& dataset);

/// The same for people, a few lines per split.
std::string show_text(const Dataset& dataset);

}  // namespace nelbo::data
