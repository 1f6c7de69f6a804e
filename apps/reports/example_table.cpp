#include "apps/reports/example_table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <map>
#include <numeric>

#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/npz_write.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

bool is_text(const std::string& path) { return path.ends_with(".csv"); }

std::string csv_of(const ExampleTable& table) {
  const bool labelled = !table.labels.empty();
  std::string text = labelled ? "index,labels" : "index";
  for (const auto& [name, values] : table.columns) text += "," + name;
  text += "\n";
  const auto to = std::back_inserter(text);
  for (std::size_t n = 0; n < table.index.size(); ++n) {
    fmt::format_to(to, "{}", table.index[n]);
    if (labelled) fmt::format_to(to, ",{}", table.labels[n]);
    for (const auto& [name, values] : table.columns) fmt::format_to(to, ",{}", values[n]);
    text += "\n";
  }
  return text;
}

}  // namespace

void add_table_flag(CommandLine& command, std::string& path, const std::string& columns) {
  command
      .flag("--per-example", path,
            "write " + columns + " of every example, with its index and label, into this file")
      .type("FILE.npz|FILE.csv");
}

void check_table(const std::string& setting, const std::string& path) {
  if (path.empty()) return;
  if (!path.ends_with(".npz") && !is_text(path)) {
    throw SettingError(setting, data::one_line(path) + ": name it .npz or .csv");
  }
  read_setting(setting, [&] { check_output(path); });
}

ExampleTable table_of(const TermsByExample& terms, const data::Split& split) {
  ExampleTable table;
  table.index.resize(terms.nell.size());
  std::iota(table.index.begin(), table.index.end(), 0);
  if (!split.labels.empty()) {
    table.labels.assign(split.labels.begin(),
                        split.labels.begin() + std::ptrdiff_t(terms.nell.size()));
  }
  table.columns = {{"nell", terms.nell}, {"div", terms.div}, {"elbo", terms.elbo()}};
  for (const auto& [layer, div] : terms.div_layers) table.columns.push_back({"div_" + layer, div});
  return table;
}

std::string not_finite(const ExampleTable& table) {
  for (const auto& [name, values] : table.columns) {
    for (std::size_t n = 0; n < values.size(); ++n) {
      if (!std::isfinite(values[n])) return fmt::format("'{}' of example {}", name, n);
    }
  }
  return "";
}

void write_table(const std::string& path, const ExampleTable& table) {
  if (is_text(path)) return write_file_atomically(path, csv_of(table));
  const std::vector<std::int64_t> shape{std::int64_t(table.index.size())};
  std::map<std::string, data::ArrayView> arrays{
      {"index", {data::StoredType::int64, shape, table.index.data()}}};
  if (!table.labels.empty()) {
    arrays["labels"] = {data::StoredType::int64, shape, table.labels.data()};
  }
  for (const auto& [name, values] : table.columns) {
    arrays[name] = {data::StoredType::float64, shape, values.data()};
  }
  write_npz(path, arrays);
}

}  // namespace nelbo
