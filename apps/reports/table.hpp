#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace nelbo {

/// A table as text: the first `names` columns are names, the others numbers.
struct Table {
  std::size_t names = 1;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

/// Columns as wide as their widest cell; names to the left, numbers to the right.
std::string aligned(const Table& table);

/// A field of a line of CSV, RFC 4180: quoted where it must be.
std::string csv_field(const std::string& text);
/// Fields with commas between them, and a line break.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace nelbo
