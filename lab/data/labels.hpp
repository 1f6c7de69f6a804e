#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/data/reading.hpp"
#include "lab/files/array.hpp"
#include "lab/files/text_table.hpp"

/// Which numbers of a file are labels. The setting `label` decides where it is given: the name of a
/// column or of an archive's array (of a table also its number, from 1), or "none". Where it is empty,
/// what is clearly labels is taken, and a note says what was left out.
namespace nelbo::data {

struct Labels {
  std::vector<std::int64_t> values;  ///< one per example; empty: none
  std::vector<std::string> notes;
};

/// Whether a name says label, class, target or y, in any case, also in the plural.
bool is_label_word(const std::string& name);

/// Whether `column` is the name of the column `index`, or else its number, from 1 on.
bool is_column(const std::string& column, const std::vector<std::string>& names, std::size_t index);

/// The one of `names` that most clearly says labels; empty where none does.
std::string label_name(const std::vector<std::string>& names);

/// The columns of a table that are no features: the one that `reading` names its label; without it those with a
/// label word as their name (but "y" beside "x", which are coordinates), and a first column without a
/// name, which is the index that pandas writes; factors (factors.hpp), whatever the label is; and what a model is
/// conditioned on.
Apart columns_apart(const Reading& reading);

/// Labels of the columns that columns_apart named; those that hold texts are left out with a note. Throws
/// SettingError where `label` names no column, or one of numbers that are not whole.
Labels labels_of(const TextTable& table, const std::string& path, const std::string& label);

/// Labels of an array beside `images` [N, ...], of whole numbers in any type: its shape is the leading axes
/// of the images, which then become one, or that and axes of length 1. Labels that do not fit are left out
/// with a note, but where `label` named them: SettingError.
Labels labels_of(const Array& labels, Array& images, const std::string& path,
                 const std::string& label);

/// The end of a note or message: how to decide it.
inline constexpr const char* label_decides = "; the setting label decides: a name, or none";

}  // namespace nelbo::data
