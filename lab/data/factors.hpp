#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "lab/files/array.hpp"

/// Ground-truth factors beside the images of an archive, under the names that dSprites gave them
/// (Matthey et al. 2017): `latents_classes`, whole numbers [N, F] from 0 on, and `latents_values`, the
/// same in their own units. They are never features.
namespace nelbo::data {

inline constexpr const char* factor_classes_name = "latents_classes";
inline constexpr const char* factor_values_name = "latents_values";

struct FactorTable {
  std::vector<std::string> names;     ///< F; empty: none
  std::vector<std::int32_t> classes;  ///< [N, F]
  std::vector<double> values;         ///< [N, F], or empty
  std::vector<std::string> notes;     ///< what was left out
};

/// Whether an array of an archive holds factors.
bool is_factor_word(const std::string& name);

/// The factors of `count` examples, of arrays that may be null. Five and six columns have dSprites' names (shape, scale, orientation,
/// posX, posY, before them color), others are "factor 1" and so on. What does not fit is left out with a
/// note: other shapes, negative classes or ones that are not whole, values that are not finite.
FactorTable factors_of(const Array* classes, const Array* values, std::int64_t count);

/// Sets factor_names and factor_sizes (the greatest class and one) from those of the splits, in their
/// order. Splits whose factors have other names than the first lose them, with a note.
void name_factors(Dataset& dataset, const std::vector<std::vector<std::string>>& names);

}  // namespace nelbo::data
