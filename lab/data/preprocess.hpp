#pragma once
#include <string>

#include "lab/data/dataset.hpp"

namespace nelbo::data {

/// The number that inverting takes the values of a training split from: 1 where none is above 1, 255 of
/// other pixels (the bytes of array files), else the greatest.
double greatest_of(const Dataset& data);

/// Applies the steps to all splits and keeps them in `dataset.steps`, with the greatest value where it was
/// not known; a note says what was done. Images that were averaged are float32, as are most that were
/// inverted; others keep their type. They lie in memory where they take no more than 1 GiB a split, and
/// are made at every use else. Throws SettingError naming the step that the examples do not fit, with
/// their shape.
void preprocess(Dataset& dataset, Preprocessing steps);

}  // namespace nelbo::data
