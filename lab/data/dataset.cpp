#include "lab/data/dataset.hpp"

#include <algorithm>
#include <filesystem>

#include "lab/files/internal/fail.hpp"
#include "lab/files/sha256.hpp"

namespace nelbo::data {

const Split* Dataset::find(const std::string& name) const {
  const auto found = std::find_if(splits.begin(), splits.end(),
                                  [&](const Split& split) { return split.name == name; });
  return found == splits.end() ? nullptr : &*found;
}

const Split& Dataset::split(const std::string& name) const {
  if (const Split* found = find(name)) return *found;
  std::string names;
  for (const Split& split : splits) names += (names.empty() ? "" : ", ") + split.name;
  fail(spec, "has no split '{}', only: {}", name, names);
}

const Split& Dataset::training() const {
  const Split* const train = find("train");
  return train != nullptr ? *train : splits.front();
}

namespace {

/// Those `rows` of a table of `total` rows, which may be empty.
template <class T>
std::vector<T> rows_of(const std::vector<T>& table, std::size_t total,
                       const std::vector<std::uint32_t>& rows) {
  const std::size_t width = table.size() / total;
  std::vector<T> chosen;
  chosen.reserve(rows.size() * width);
  for (const std::uint32_t row : rows) {
    const auto first = table.begin() + static_cast<std::ptrdiff_t>(row * width);
    chosen.insert(chosen.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  return chosen;
}

}  // namespace

Split select(const Split& split, const std::string& name, const std::vector<std::uint32_t>& rows) {
  const auto total = std::max<std::size_t>(std::size_t(split.images.count()), 1);
  return {name,
          split.images.select(rows),
          rows_of(split.labels, total, rows),
          rows_of(split.factors, total, rows),
          rows_of(split.factor_values, total, rows),
          rows_of(split.condition, total, rows)};
}

namespace {

void add_values(const Dataset& dataset, Sha256& hash) {
  for (const Split& split : dataset.splits) {
    std::vector<std::byte> scratch(split.images.example_bytes());
    for (std::int64_t i = 0; i < split.images.count(); ++i) {
      hash.update(split.images.raw(i, scratch.data()), scratch.size());
    }
  }
}

}  // namespace

std::string content_hash(const Dataset& dataset) {
  if (dataset.files.size() == 1) return sha256_of_file(dataset.files.front());
  Sha256 hash;
  const auto add = [&](const std::string& text) { hash.update(text.data(), text.size()); };
  if (dataset.files.empty()) {
    add(dataset.version);
    if (dataset.version.empty()) add_values(dataset, hash);
  }
  for (const std::string& file : dataset.files)
    add(sha256_of_file(file) + "  " + std::filesystem::path(file).filename().string() + "\n");
  return hash.hex();
}

std::vector<std::string> describe(const Dataset& dataset) {
  std::string counts;
  for (const Split& split : dataset.splits)
    counts += fmt::format("{}{} {}", counts.empty() ? "" : " + ", split.images.count(), split.name);
  std::vector<std::string> lines{one_line(fmt::format(
      "{}: {}, {} {}, scale {}", dataset.spec, counts, shape_text(dataset.example_shape()),
      type_name(dataset.splits.front().images.type()),
      dataset.scale.standard() ? "standard" : fmt::format("{}", dataset.scale.divisor)))};
  lines.insert(lines.end(), dataset.notes.begin(), dataset.notes.end());
  return lines;
}

}  // namespace nelbo::data
