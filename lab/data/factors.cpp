#include "lab/data/factors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "lab/files/one_line.hpp"

namespace nelbo::data {
namespace {

/// The columns of [N, F], [N] being one; 0 where the array is of other examples.
std::size_t columns_of(const Array& array, std::int64_t count) {
  if (array.shape.empty() || array.shape.size() > 2 || array.shape[0] != count) return 0;
  return array.shape.size() == 1 ? 1 : std::size_t(std::max<std::int64_t>(array.shape[1], 0));
}

std::vector<double> numbers(const Array& array) {
  std::vector<double> all(std::size_t(array.count()));
  of_type(array.type, [&]<class T>(T) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      T value;
      std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
      all[i] = double(value);
    }
  });
  return all;
}

std::vector<std::string> names_of(std::size_t columns) {
  std::vector<std::string> names{"color", "shape", "scale", "orientation", "posX", "posY"};
  if (columns == 6) return names;
  names.erase(names.begin());
  if (columns == 5) return names;
  names.clear();
  for (std::size_t f = 1; f <= columns; ++f) names.push_back("factor " + std::to_string(f));
  return names;
}

std::string misfit(const char* name, const Array& array, std::int64_t count) {
  return fmt::format("'{}' of shape {} does not fit {} examples: left out", name,
                     shape_text(array.shape), count);
}

bool are_classes(const std::vector<double>& classes) {
  constexpr double most = std::numeric_limits<std::int32_t>::max();
  return std::all_of(classes.begin(), classes.end(),
                     [](double c) { return c >= 0 && c < most && c == std::floor(c); });
}

}  // namespace

bool is_factor_word(const std::string& name) {
  return name == factor_classes_name || name == factor_values_name;
}

FactorTable factors_of(const Array* classes, const Array* values, std::int64_t count) {
  FactorTable table;
  const auto leave_out = [&](const std::string& note) {
    table.notes.push_back(one_line(note));
    return table;
  };
  if (classes == nullptr && values == nullptr) return table;
  if (classes == nullptr) {
    return leave_out(fmt::format("'{}' without '{}' beside it: left out", factor_values_name,
                                 factor_classes_name));
  }
  const std::size_t columns = columns_of(*classes, count);
  if (columns == 0) return leave_out(misfit(factor_classes_name, *classes, count));
  const std::vector<double> indices = numbers(*classes);
  if (!are_classes(indices)) {
    return leave_out(
        fmt::format("'{}' holds more than whole numbers from 0 on: left out", factor_classes_name));
  }
  table.names = names_of(columns);
  table.classes.assign(indices.begin(), indices.end());
  if (values == nullptr) return table;
  if (columns_of(*values, count) != columns)
    return leave_out(misfit(factor_values_name, *values, count));
  table.values = numbers(*values);
  if (std::all_of(table.values.begin(), table.values.end(),
                  [](double v) { return std::isfinite(v); }))
    return table;
  table.values.clear();
  return leave_out(
      fmt::format("'{}' holds values that are not finite: left out", factor_values_name));
}

void name_factors(Dataset& dataset, const std::vector<std::vector<std::string>>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    Split& split = dataset.splits[i];
    if (names[i].empty()) continue;
    if (dataset.factor_names.empty()) dataset.factor_names = names[i];
    if (names[i] != dataset.factor_names) {
      dataset.notes.push_back(
          one_line(fmt::format("{}: has {} factors, not the {} of the other splits: left out",
                               split.name, names[i].size(), dataset.factor_names.size())));
      split.factors.clear();
      split.factor_values.clear();
    }
  }
  dataset.factor_sizes.assign(dataset.factor_names.size(), 0);
  for (const Split& split : dataset.splits) {
    for (std::size_t i = 0; i < split.factors.size(); ++i) {
      std::int32_t& size = dataset.factor_sizes[i % dataset.factor_sizes.size()];
      size = std::max(size, split.factors[i] + 1);
    }
  }
}

}  // namespace nelbo::data
