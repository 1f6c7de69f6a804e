#pragma once
#include <cstdint>
#include <vector>

#include "lab/files/array.hpp"
#include "lab/files/stream.hpp"

namespace nelbo::data {

/// A table of numbers read from text: values [rows, columns], and the column named "label" by
/// itself.
struct TextTable {
  Array values;  ///< uint8 when every value is an integer in 0..255, else float32
  std::vector<std::int64_t> labels;  ///< empty without a label column
};

/// Reads `.amat` text: one example per line, numbers separated by blanks or tabs.
/// Throws Error naming the file, the line and the reason (not a number, NaN, uneven rows).
TextTable read_amat(Stream& stream);

/// Reads comma-separated numbers. A first line that is not all numbers is the header; a column that
/// it names "label" becomes the labels. Throws as read_amat does.
TextTable read_csv(Stream& stream);

}  // namespace nelbo::data
