#include "apps/ais/partial_file.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <vector>

#include "apps/cli/run_flags.hpp"
#include "apps/reports/mean_text.hpp"
#include "autodiff/error.hpp"
#include "autodiff/joined.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/xxh64.hpp"

namespace nelbo {
namespace {

/// The numbers of a line, or nothing where it does not hold just so many.
std::optional<std::vector<double>> row_of(const std::string& line, std::size_t columns) {
  std::vector<double> row;
  const char *at = line.data(), *end = at + line.size();
  while (row.size() < columns) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) return std::nullopt;
    row.push_back(value);
    at = next;
    if (at == end) break;
    if (*at++ != ',') return std::nullopt;
  }
  if (row.size() != columns || at != end) return std::nullopt;
  return row;
}

}  // namespace

PartialFile::PartialFile(const std::filesystem::path& folder, const std::string& what)
    : what_(data::one_line(what)) {
  Xxh64 hash;
  hash.update(what_.data(), what_.size());
  path_ = (folder / ("ais-" + hash.hex() + ".partial")).string();
  try {
    check_output(path_);
  } catch (const Error& error) {
    tell(std::string(error.what()) + "; an interruption will lose what is done");
    path_.clear();
  }
}

void PartialFile::resume(annealing::Readings& readings) const {
  std::ifstream file(path_, std::ios::binary);
  if (!active() || !file) return;
  std::string line;
  bool whole = std::getline(file, line) && line == what_ && std::getline(file, line) &&
               line == joined(readings.columns, ",");
  std::vector<double> values;
  while (whole && std::getline(file, line)) {
    const auto row = row_of(line, readings.columns.size());
    whole = row.has_value();
    if (whole) values.insert(values.end(), row->begin(), row->end());
  }
  if (!whole) {
    tell(data::one_line(path_) + " is damaged; it is begun anew");
    return;
  }
  readings.values = std::move(values);
  tell(fmt::format("goes on after {} of {}", counted(readings.count(), "example"),
                   data::one_line(path_)));
}

void PartialFile::save(const annealing::Readings& readings) const {
  if (!active()) return;
  std::string text = what_ + "\n" + joined(readings.columns, ",") + "\n";
  const std::size_t width = readings.columns.size();
  for (std::size_t n = 0; n < readings.count(); ++n) {
    for (std::size_t column = 0; column < width; ++column) {
      fmt::format_to(std::back_inserter(text), "{}{}", readings.values[n * width + column],
                     column + 1 < width ? ',' : '\n');
    }
  }
  write_file_atomically(path_, text);
}

void PartialFile::remove() const {
  std::error_code ignored;
  if (active()) std::filesystem::remove(path_, ignored);
}

}  // namespace nelbo
