#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// A table of shares, 0 to 1, as squares of one colour, the darker the more, with the numbers in them.
/// What is not a number stands as "-".
struct HeatMap {
  std::string title;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<double>> values;  // [rows, columns]
};

/// One SVG element that needs no script, font or other file, for light and dark pages.
std::string svg_of(const HeatMap& map);

}  // namespace nelbo
