#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lab/files/array.hpp"
#include "lab/files/stream.hpp"

namespace nelbo::data {

/// A column of a table that is not among its values.
struct TableColumn {
  std::string name;  ///< of the header; empty without one
  std::size_t index = 0;
  std::vector<double> numbers;      ///< one per row, unless a row holds text
  std::optional<std::string> text;  ///< the first field that is no number
};

/// A table of numbers read from text: values [rows, columns], and the columns that are kept apart.
struct TextTable {
  Array values;                    ///< uint8 when every value is an integer in 0..255, else float32
  std::vector<std::string> names;  ///< of all columns; empty without a header
  std::vector<TableColumn> apart;  ///< in the order of the columns
};

/// Whether the column `index` is kept apart, by the names of all; they are empty without a header.
/// Asked of every column once.
using Apart = std::function<bool(const std::vector<std::string>& names, std::size_t index)>;

/// Reads `.amat` text: one example per line, numbers separated by blanks or tabs.
/// Throws Error naming the file, the line and the reason (not a number, NaN, uneven rows). Columns apart
/// may hold any text.
/// With `missing` NaN, NA and, in CSV, nothing are values that are missing, NaN.
TextTable read_amat(Stream& stream, const Apart& apart, bool missing = false);

/// Reads comma-separated numbers. A first line that is not all numbers is the header. Throws as
/// read_amat does.
TextTable read_csv(Stream& stream, const Apart& apart, bool missing = false);

}  // namespace nelbo::data
