#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "lab/files/array.hpp"
#include "lab/files/text_table.hpp"

/// Ground-truth factors beside the images of an archive, under the names that dSprites gave them
/// (Matthey et al. 2017): `latents_classes`, whole numbers [N, F] from 0 on, and `latents_values`, the
/// same in their own units; or as `nelbo encode` writes them, `factor_classes` and `factor_values`; or as
/// one array of either, `factors`. In a table they are columns of the name "factor", with more behind it or not. They
/// are never features.
namespace nelbo::data {

inline constexpr const char* factor_classes_name = "latents_classes";
inline constexpr const char* factor_values_name = "latents_values";

struct FactorTable {
  std::vector<std::string> names;     ///< F; empty: none
  std::vector<std::int32_t> classes;  ///< [N, F]
  std::vector<double> values;         ///< [N, F], or empty
  std::vector<std::string> notes;     ///< what was left out
};

inline constexpr const char* encoded_classes_name = "factor_classes";
inline constexpr const char* encoded_values_name = "factor_values";
inline constexpr const char* factors_name = "factors";

/// Whether an array of an archive holds factors.
bool is_factor_word(const std::string& name);
/// Whether a column of a table does: "factor_shape" ("_", ".", ":", " " or a digit behind the word), "factor",
/// "factors".
bool is_factor_column(const std::string& name);
/// "shape" of the column "factor_shape", "factor.shape", "factor shape" or "factor:shape"; "factor",
/// and "factor" with a number, stay.
std::string factor_name_of(const std::string& column);
/// Of `columns` factors: five and six have dSprites' names (shape, scale, orientation, posX, posY, before
/// them color), others are "factor 1" and so on.
std::vector<std::string> factor_names_of(std::size_t columns);

/// The factors of `count` examples, of arrays that may be null. What does not fit is left out with a
/// note: other shapes, negative classes or ones that are not whole, values that are not finite.
FactorTable factors_of(const Array* classes, const Array* values, std::int64_t count);

/// The same of one array [N, F] of numbers: classes where all are whole and from 0 on, else values, whose
/// classes are their ranks among the different values of a column.
FactorTable factors_of(const Array& factors, std::int64_t count);
/// The same of columns of a table; those that hold texts are left out with a note.
FactorTable factors_of(const std::vector<TableColumn>& columns);

/// Sets factor_names and factor_sizes (the greatest class and one) from those of the splits, in their
/// order. Splits whose factors have other names than the first lose them, with a note.
void name_factors(Dataset& dataset, const std::vector<std::vector<std::string>>& names);

}  // namespace nelbo::data
