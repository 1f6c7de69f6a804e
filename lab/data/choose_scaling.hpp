#pragma once
#include <string>

#include "lab/data/dataset.hpp"

namespace nelbo::data {

/// The scaling that `word` names (check_scale), of the split `train`, or the first where there is none.
/// Empty: 255 for pixels, which are the bytes of IDX, NPY, NPZ and safetensors files, unless none is
/// above 1; 1 for other numbers, those of text tables among them; of data that are made what their
/// maker says. Standard: mean and population deviation of every feature, in double; a feature that is
/// constant has the deviation 1.
Scaling choose_scaling(const Dataset& data, const std::string& word);

/// Whether the examples are pixels: the bytes of IDX, NPY, NPZ and safetensors files, and of data that
/// are made.
bool holds_pixels(const Dataset& data);

/// What nelbo up to 0.1.0 took from whatever it was given: 255 where any split holds bytes above 1,
/// even of a text table, else 1. For runs that do not say their scale.
Scaling guessed_scaling(const Dataset& data);

}  // namespace nelbo::data
