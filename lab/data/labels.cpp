#include "lab/data/labels.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/factors.hpp"
#include "lab/files/internal/fail.hpp"

namespace nelbo::data {
namespace {

/// Those that say it most clearly first.
constexpr std::array words{"label", "labels", "class", "classes", "target", "targets", "y"};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// How clearly a name says labels: 0 most, words.size() not at all.
std::size_t rank(const std::string& name) {
  return std::size_t(std::find(words.begin(), words.end(), lower(name)) - words.begin());
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The index of its rows, as pandas writes it.
bool is_index(const std::vector<std::string>& names, std::size_t index) {
  return index == 0 && !names.empty() && (names[0].empty() || names[0] == "Unnamed: 0");
}

bool is_coordinate(const std::vector<std::string>& names, std::size_t index) {
  const auto is_x = [](const std::string& name) { return lower(name) == "x"; };
  return lower(names[index]) == "y" && std::any_of(names.begin(), names.end(), is_x);
}

template <class Numbers>
std::optional<std::vector<std::int64_t>> whole(const Numbers& numbers) {
  constexpr double largest = 9007199254740992.0;  // 2^53
  std::vector<std::int64_t> values;
  values.reserve(numbers.size());
  for (const double number : numbers) {
    if (!(std::abs(number) <= largest) || number != std::floor(number)) return std::nullopt;
    values.push_back(static_cast<std::int64_t>(number));
  }
  return values;
}

/// The values of an array as whole numbers; none where they are not.
std::optional<std::vector<std::int64_t>> whole_numbers(const std::string& path,
                                                       const Array& array) {
  if (is_integer(array.type)) return to_int64(path, array);
  return whole(to_double(array));
}

std::string name_of(const TableColumn& column) {
  if (column.name.empty()) return "column " + std::to_string(column.index + 1);
  return "column '" + column.name + "'";
}

std::string listed(const TextTable& table) {
  if (table.names.empty()) return "its columns have numbers from 1 on";
  constexpr std::size_t most = 12;
  std::string text = "there are: ";
  for (std::size_t i = 0; i < std::min(table.names.size(), most); ++i)
    text += (i > 0 ? ", " : "") + table.names[i];
  return text + (table.names.size() > most ? ", ..." : "");
}

/// Whether labels of this shape label images of that one: they are its leading axes.
bool leads(const std::vector<std::int64_t>& labels, const std::vector<std::int64_t>& images) {
  return !labels.empty() && labels.size() <= images.size() &&
         (labels.size() == 1 || labels.size() < images.size()) &&
         std::equal(labels.begin(), labels.end(), images.begin());
}

}  // namespace

bool is_column(const std::string& column, const std::vector<std::string>& names,
               std::size_t index) {
  if (has(names, column)) return names[index] == column;
  return number_of<std::size_t>(column) == index + 1;
}

bool is_label_word(const std::string& name) { return rank(name) < words.size(); }

std::string label_name(const std::vector<std::string>& names) {
  const auto clearest = std::min_element(
      names.begin(), names.end(),
      [](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  return clearest == names.end() || !is_label_word(*clearest) ? "" : *clearest;
}

Apart columns_apart(const Reading& reading) {
  return [reading](const std::vector<std::string>& names, std::size_t index) {
    const std::string& label = reading.label;
    const auto names_it = [&](const std::string& column) {
      return is_column(column, names, index);
    };
    if (std::any_of(reading.condition.begin(), reading.condition.end(), names_it)) return true;
    if (index < names.size() && is_factor_column(names[index])) return true;
    if (label == "none") return false;
    if (!label.empty()) return is_column(label, names, index) || is_index(names, index);
    if (index >= names.size()) return false;
    return is_index(names, index) || (is_label_word(names[index]) && !is_coordinate(names, index));
  };
}

Labels labels_of(const TextTable& table, const std::string& path, const std::string& label) {
  Labels labels;
  const TableColumn* taken = nullptr;
  bool found = false;
  for (const TableColumn& column : table.apart) {
    if (is_factor_column(column.name)) continue;
    if (!label.empty() ? !is_column(label, table.names, column.index)
                       : is_index(table.names, column.index)) {
      continue;
    }
    found = true;
    if (column.text || (taken != nullptr && rank(taken->name) <= rank(column.name))) continue;
    if (auto values = whole(column.numbers)) {
      taken = &column;
      labels.values = std::move(*values);
    } else if (!label.empty()) {
      throw SettingError(
          "label", one_line(path + ": " + name_of(column) + " holds numbers that are not whole"));
    }
  }
  if (!label.empty() && label != "none" && !found) {
    throw SettingError("label",
                       one_line(path + ": has no column '" + label + "'; " + listed(table)));
  }
  const auto note = [&](const std::string& text) { labels.notes.push_back(one_line(text)); };
  if (label.empty() && taken != nullptr && taken->name != "label") {
    note("labels are " + name_of(*taken) + label_decides);
  }
  for (const TableColumn& column : table.apart) {
    if (&column == taken || is_factor_column(column.name)) continue;
    const bool index = is_index(table.names, column.index);
    const std::string why = index ? "is an index of the rows"
                            : column.text && column.text->empty()
                                ? "has an empty field and no whole number in every row"
                            : column.text
                                ? "holds texts ('" + *column.text + "') and no whole numbers"
                            : whole(column.numbers) ? "is not needed as labels"
                                                    : "holds numbers that are not whole";
    note(name_of(column) + " " + why + ": left out" + label_decides);
  }
  for (std::size_t i = 0; i < table.names.size() && label.empty(); ++i) {
    if (is_label_word(table.names[i]) && is_coordinate(table.names, i))
      note("column 'y' beside 'x' is taken for a coordinate: a feature" +
           std::string(label_decides));
  }
  return labels;
}

Labels labels_of(const Array& array, Array& images, const std::string& path,
                 const std::string& label) {
  Labels labels;
  const auto leave_out = [&](const std::string& why) {
    if (!label.empty()) throw SettingError("label", one_line(path + ": " + why));
    labels.notes.push_back(why + ": left out" + label_decides);
    return labels;
  };
  std::vector<std::int64_t> shape = array.shape;
  while (shape.size() > 1 && shape.back() == 1 && !leads(shape, images.shape)) shape.pop_back();
  if (!leads(shape, images.shape)) {
    return leave_out(fmt::format("labels of shape {} do not fit images of shape {}",
                                 shape_text(array.shape), shape_text(images.shape)));
  }
  auto values = whole_numbers(path, array);
  if (!values) return leave_out("labels are numbers that are not whole");
  labels.values = std::move(*values);
  images.shape.erase(images.shape.begin(),
                     images.shape.begin() + static_cast<std::ptrdiff_t>(shape.size()));
  images.shape.insert(images.shape.begin(), static_cast<std::int64_t>(labels.values.size()));
  return labels;
}

}  // namespace nelbo::data
