#include "lab/evaluation/disentanglement/read_codes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "autodiff/error.hpp"
#include "lab/data/factors.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/files/npz.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/recognise.hpp"
#include "lab/files/text_table.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr const char* how =
    "numpy.savez('codes.npz', codes=codes, factors=factors) makes such a file, codes [N, D] or "
    "mean "
    "and log_variance, factors [N, K]";

template <class... Args>
[[noreturn]] void refuse(const std::string& file, fmt::format_string<Args...> reason,
                         Args&&... args) {
  throw Error(data::one_line(file + ": " + fmt::format(reason, std::forward<Args>(args)...)));
}

/// A table of finite numbers with the name of what it was.
struct Table {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<double> values;

  std::int64_t rows() const { return shape[0]; }
  std::size_t columns() const { return shape.size() < 2 ? 1 : std::size_t(shape[1]); }
};

void check_finite(const std::string& path, const Table& table) {
  constexpr double most = 1e100;  // whose squares, and sums of them, are finite
  const auto bad = std::find_if(table.values.begin(), table.values.end(),
                                [](double value) { return !(std::abs(value) <= most); });
  if (bad == table.values.end()) return;
  const auto at = std::size_t(bad - table.values.begin());
  const std::size_t width = table.values.size() / std::size_t(table.rows());
  refuse(path, "'{}' is {} in row {}, column {}; {}", table.name, *bad, at / width, at % width,
         std::isfinite(*bad) ? "beyond 1e100 nothing can be squared: give it another unit"
                             : "leave such points out");
}

Table table_of(const std::string& path, const std::string& name, const data::Array& array,
               std::size_t most_axes = 2) {
  Table table{.name = name, .shape = array.shape, .values = {}};
  if (array.shape.empty() || array.shape.size() > most_axes || array.count() == 0) {
    refuse(path, "'{}' has shape {}; it must be [N, {}]", name,
           array.shape.empty() ? "of a single number" : data::shape_text(array.shape),
           most_axes > 2 ? "D] or [N, D, C" : "D");
  }
  table.values.resize(std::size_t(array.count()));
  data::of_type(array.type, [&]<class T>(T) {
    for (std::size_t i = 0; i < table.values.size(); ++i) {
      T value;
      std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
      table.values[i] = double(value);
    }
  });
  check_finite(path, table);
  return table;
}

void check_rows(const std::string& path, const Table& table, const Table& codes) {
  if (table.rows() == codes.rows()) return;
  refuse(path, "'{}' of shape {} does not go with '{}' of shape {}: they must have as many rows",
         table.name, data::shape_text(table.shape), codes.name, data::shape_text(codes.shape));
}

/// Of probabilities [N, D, C] the most probable class, [N, D].
Table most_probable(const Table& table) {
  const std::size_t classes = std::size_t(table.shape[2]);
  Table all{.name = table.name, .shape = {table.shape[0], table.shape[1]}, .values = {}};
  for (auto at = table.values.begin(); at != table.values.end(); at += std::ptrdiff_t(classes)) {
    all.values.push_back(double(std::max_element(at, at + std::ptrdiff_t(classes)) - at));
  }
  return all;
}

class Archive {
 public:
  explicit Archive(const std::string& path) : path_(path), npz_(data::Input::open(path)) {}

  /// The first of these arrays that is there.
  std::optional<Table> first_of(const std::vector<std::string>& names,
                                std::size_t most_axes = 2) const {
    for (const std::string& name : names) {
      if (npz_.has(name)) return table_of(path_, name, npz_.read(name), most_axes);
    }
    return std::nullopt;
  }
  std::vector<std::string> texts(const std::string& name) const {
    return npz_.has(name) ? npz_.read_texts(name) : std::vector<std::string>{};
  }
  std::string listed() const {
    constexpr std::size_t most = 12;
    std::vector<std::string> names = npz_.names();
    if (names.size() > most) {
      names.resize(most);
      names.push_back("...");
    }
    return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
  }

 private:
  std::string path_;
  data::Npz npz_;
};

Table codes_of(const std::string& path, const Archive& archive) {
  if (auto codes = archive.first_of({"codes", "mean"})) return *std::move(codes);
  if (auto probabilities = archive.first_of({"probabilities"}, 3)) {
    return probabilities->shape.size() == 3 ? most_probable(*probabilities)
                                            : *std::move(probabilities);
  }
  refuse(path, "has no array 'codes' or 'mean', but {}; {}", archive.listed(), how);
}

void add_factors(Points& points, const Table& factors, const std::vector<std::string>& names) {
  for (std::size_t k = 0; k < factors.columns(); ++k) {
    std::vector<double> values;
    for (std::size_t i = k; i < factors.values.size(); i += factors.columns()) {
      values.push_back(factors.values[i]);
    }
    points.factors.push_back(make_factor(names[k], std::move(values)));
  }
}

PointsRead from_npz(const std::string& path) {
  const Archive archive(path);
  Table codes = codes_of(path, archive);
  const auto factors = archive.first_of(
      {"factors", "factor_values", "latents_values", "factor_classes", "latents_classes"});
  if (!factors) {
    refuse(path, "has no array 'factors' beside '{}' ({}), but {}; {}", codes.name,
           data::shape_text(codes.shape), archive.listed(), how);
  }
  check_rows(path, *factors, codes);
  std::vector<std::string> names = archive.texts("factor_names");
  if (names.empty()) names = data::factor_names_of(factors->columns());
  if (names.size() != factors->columns()) {
    refuse(path, "has {} factor_names for '{}' of shape {}", names.size(), factors->name,
           data::shape_text(factors->shape));
  }
  PointsRead all;
  all.points.dimensions = codes.columns();
  if (auto spread = archive.first_of({"log_variance"})) {
    if (codes.name == "mean" && spread->shape != codes.shape) {
      refuse(path, "'log_variance' of shape {} does not go with 'mean' of shape {}",
             data::shape_text(spread->shape), data::shape_text(codes.shape));
    }
    if (codes.name == "mean") all.points.log_variances = std::move(spread->values);
  }
  all.points.codes = std::move(codes.values);
  add_factors(all.points, *factors, names);
  return all;
}

bool is_spread(const std::string& name) { return name.starts_with("log_variance"); }

PointsRead from_csv(const std::string& path, const std::shared_ptr<const data::Input>& input) {
  const data::TextTable table =
      data::read_csv(*data::open_stream(input), [](const auto& names, std::size_t index) {
        return index < names.size();  // as they stand, in double
      });
  if (table.names.empty()) {
    refuse(path, "has no header; columns named factor... are factors, all others codes");
  }
  std::vector<const data::TableColumn*> codes, spreads;
  PointsRead all;
  for (const data::TableColumn& column : table.apart) {
    if (column.text) {
      refuse(path, "column '{}' holds the text '{}'; write classes as numbers", column.name,
             *column.text);
    }
    check_finite(path, {column.name, {std::int64_t(column.numbers.size())}, column.numbers});
    if (data::is_factor_column(column.name)) {
      all.points.factors.push_back(make_factor(data::factor_name_of(column.name), column.numbers));
    } else {
      (is_spread(column.name) ? spreads : codes).push_back(&column);
    }
  }
  if (codes.empty() || all.points.factors.empty()) {
    refuse(path, "has no column of {}; columns named factor... are factors, all others codes",
           codes.empty() ? "codes" : "factors");
  }
  if (!spreads.empty() && spreads.size() != codes.size()) {
    refuse(path, "has {} columns log_variance... for {} codes; there must be one for each",
           spreads.size(), codes.size());
  }
  all.points.dimensions = codes.size();
  const std::size_t rows = codes.front()->numbers.size();
  for (std::size_t n = 0; n < rows; ++n) {
    for (const data::TableColumn* code : codes) all.points.codes.push_back(code->numbers[n]);
    for (const data::TableColumn* of : spreads) all.points.log_variances.push_back(of->numbers[n]);
  }
  return all;
}

}  // namespace

PointsRead read_codes(const std::string& path) {
  const std::shared_ptr<const data::Input> input = data::Input::open(path);
  const data::Format format = data::recognise_named(input);
  PointsRead all;
  if (format == data::Format::npz) {
    all = from_npz(path);
  } else if (format == data::Format::csv) {
    all = from_csv(path, input);
  } else {
    refuse(path, "is {}, not NPZ or CSV; {}", data::format_name(format), how);
  }
  drop_constant_factors(all, path);
  return all;
}

void drop_constant_factors(PointsRead& of, const std::string& what) {
  std::erase_if(of.points.factors, [&](const Factor& factor) {
    if (factor.size > 1) return false;
    of.notes.push_back(
        data::one_line("factor '" + factor.name + "' has one value: it is left out"));
    return true;
  });
  if (of.points.factors.empty()) {
    throw Error(data::one_line(what + ": no factor takes more than one value"));
  }
}

}  // namespace nelbo::disentanglement
