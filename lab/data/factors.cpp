#include "lab/data/factors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "lab/files/one_line.hpp"

namespace nelbo::data {
namespace {

constexpr std::size_t word = 6;  // letters of "factor"

/// The columns of [N, F], [N] being one; 0 where the array is of other examples.
std::size_t columns_of(const Array& array, std::int64_t count) {
  if (array.shape.empty() || array.shape.size() > 2 || array.shape[0] != count) return 0;
  return array.shape.size() == 1 ? 1 : std::size_t(std::max<std::int64_t>(array.shape[1], 0));
}

std::string misfit(const char* name, const Array& array, std::int64_t count) {
  return fmt::format("'{}' of shape {} does not fit {} examples: left out", name,
                     shape_text(array.shape), count);
}

/// The place of every number among the different ones, ascending, column by column of [N, F].
std::vector<std::int32_t> ranks(const std::vector<double>& values, std::size_t columns) {
  std::vector<std::int32_t> all(values.size());
  for (std::size_t f = 0; f < columns; ++f) {
    std::vector<double> different;
    for (std::size_t i = f; i < values.size(); i += columns) different.push_back(values[i]);
    std::sort(different.begin(), different.end());
    different.erase(std::unique(different.begin(), different.end()), different.end());
    for (std::size_t i = f; i < values.size(); i += columns) {
      const auto at = std::lower_bound(different.begin(), different.end(), values[i]);
      all[i] = std::int32_t(at - different.begin());
    }
  }
  return all;
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool are_classes(const std::vector<double>& classes) {
  constexpr double most = std::numeric_limits<std::int32_t>::max();
  return std::all_of(classes.begin(), classes.end(),
                     [](double c) { return c >= 0 && c < most && c == std::floor(c); });
}

/// Classes where all are whole and from 0 on, else values and their ranks.
void set_numbers(FactorTable& table, std::vector<double> numbers) {
  if (are_classes(numbers)) {
    table.classes.assign(numbers.begin(), numbers.end());
  } else {
    table.classes = ranks(numbers, table.names.size());
    table.values = std::move(numbers);
  }
}

}  // namespace

bool is_factor_word(const std::string& name) {
  return name == factor_classes_name || name == factor_values_name || name == factors_name ||
         name == encoded_classes_name || name == encoded_values_name;
}

bool is_factor_column(const std::string& name) {
  return name == "factors" ||
         (name.starts_with("factor") &&
          (name.size() == word || std::strchr("_.: 0123456789", name[word]) != nullptr));
}

std::string factor_name_of(const std::string& column) {
  if (column.size() < word + 2 || std::strchr("_.: ", column[word]) == nullptr) return column;
  const std::string rest = column.substr(word + 1);
  return rest.find_first_not_of("0123456789") == std::string::npos ? column : rest;
}

std::vector<std::string> factor_names_of(std::size_t columns) {
  std::vector<std::string> names{"color", "shape", "scale", "orientation", "posX", "posY"};
  if (columns == 6) return names;
  names.erase(names.begin());
  if (columns == 5) return names;
  names.clear();
  for (std::size_t f = 1; f <= columns; ++f) names.push_back("factor " + std::to_string(f));
  return names;
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
  const std::vector<double> indices = to_double(*classes);
  if (!are_classes(indices)) {
    return leave_out(
        fmt::format("'{}' holds more than whole numbers from 0 on: left out", factor_classes_name));
  }
  table.names = factor_names_of(columns);
  table.classes.assign(indices.begin(), indices.end());
  if (values == nullptr) return table;
  if (columns_of(*values, count) != columns)
    return leave_out(misfit(factor_values_name, *values, count));
  table.values = to_double(*values);
  if (all_finite(table.values)) return table;
  table.values.clear();
  return leave_out(
      fmt::format("'{}' holds values that are not finite: left out", factor_values_name));
}

FactorTable factors_of(const Array& factors, std::int64_t count) {
  FactorTable table;
  const std::size_t columns = columns_of(factors, count);
  std::vector<double> values = to_double(factors);
  if (columns == 0 || !all_finite(values)) {
    table.notes.push_back(one_line(
        columns == 0
            ? misfit(factors_name, factors, count)
            : fmt::format("'{}' holds values that are not finite: left out", factors_name)));
    return table;
  }
  table.names = factor_names_of(columns);
  set_numbers(table, std::move(values));
  return table;
}

FactorTable factors_of(const std::vector<TableColumn>& columns) {
  FactorTable table;
  std::vector<const TableColumn*> factors;
  for (const TableColumn& column : columns) {
    if (!is_factor_column(column.name)) continue;
    if (column.text || !all_finite(column.numbers)) {
      const std::string held =
          column.text ? "the text '" + *column.text + "'" : "numbers that are not finite";
      table.notes.push_back(
          one_line("column '" + column.name + "' holds " + held + ": left out as a factor"));
      continue;
    }
    factors.push_back(&column);
    table.names.push_back(factor_name_of(column.name));
  }
  if (factors.empty()) return table;
  std::vector<double> values;
  for (std::size_t n = 0; n < factors.front()->numbers.size(); ++n) {
    for (const TableColumn* factor : factors) values.push_back(factor->numbers[n]);
  }
  set_numbers(table, std::move(values));
  return table;
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
