#include "lab/data/condition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "autodiff/error.hpp"
#include "autodiff/random.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/dataset.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {
namespace {

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t first = 0;
  for (std::size_t comma = text.find(','); comma != std::string::npos;
       comma = text.find(',', first)) {
    parts.push_back(text.substr(first, comma - first));
    first = comma + 1;
  }
  parts.push_back(text.substr(first));
  return parts;
}

void standardise(Condition& condition, const Split& split) {
  const std::size_t count = std::size_t(split.images.count());
  const std::size_t width = split.condition.size() / count;
  condition.mean.assign(width, 0);
  condition.deviation.assign(width, 0);
  for (std::size_t i = 0; i < split.condition.size(); ++i) {
    condition.mean[i % width] += split.condition[i] / double(count);
  }
  for (std::size_t i = 0; i < split.condition.size(); ++i) {
    const double from_mean = split.condition[i] - condition.mean[i % width];
    condition.deviation[i % width] += from_mean * from_mean / double(count);
  }
  for (double& d : condition.deviation) d = d > 0 ? std::sqrt(d) : 1;
}

}  // namespace

std::vector<std::string> condition_names(const std::string& of) {
  if (of.empty() || of == "labels" || of == "factors") return {};
  std::vector<std::string> names = parts_of(of);
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) == name) continue;
    throw SettingError("condition", one_line("'" + of + "' names '" + *name + "' twice"));
  }
  return names;
}

std::size_t Condition::values() const {
  return of == "labels" ? 1 : of == "factors" ? classes.size() : mean.size();
}

std::size_t Condition::size() const {
  if (of == "labels") return classes.size();
  if (of != "factors") return mean.size();
  return std::size_t(std::accumulate(classes.begin(), classes.end(), std::int64_t{0}));
}

void Condition::code(std::span<const double> given, float* c) const {
  if (given.size() != values()) {
    throw Error(fmt::format("{} values, and there must be {}", given.size(), values()));
  }
  if (of == "labels") {
    const auto at = std::find(classes.begin(), classes.end(), given[0]);
    if (at == classes.end()) {
      throw Error(fmt::format("the label {} is none of the training examples': {}", given[0],
                              fmt::join(classes, ", ")));
    }
    std::fill_n(c, classes.size(), 0.0f);
    c[at - classes.begin()] = 1;
    return;
  }
  for (std::size_t k = 0; k < given.size(); ++k) {
    if (of != "factors") {
      c[k] = float((given[k] - mean[k]) / deviation[k]);
      continue;
    }
    if (!(given[k] >= 0 && given[k] < double(classes[k]) && given[k] == std::floor(given[k]))) {
      throw Error(
          fmt::format("factor {} has classes 0 to {}, not {}", k + 1, classes[k] - 1, given[k]));
    }
    std::fill_n(c, classes[k], 0.0f);
    c[std::size_t(given[k])] = 1;
    c += classes[k];
  }
}

void Condition::code(const Split& split, std::size_t i, float* c) const {
  const auto row = [&](const auto& all) {
    const std::size_t width = all.size() / std::size_t(split.images.count());
    if (width == 0) throw Error("there are no " + of);
    return std::span(all).subspan(i * width, width);
  };
  if (of == "labels") {
    const double label = double(row(split.labels).front());
    return code({&label, 1}, c);
  }
  if (of != "factors") return code(row(split.condition), c);
  thread_local std::vector<double> factors;
  const auto own = row(split.factors);
  factors.assign(own.begin(), own.end());
  code(factors, c);
}

std::vector<float> Condition::parse(const std::string& text) const {
  std::vector<double> given;
  for (const std::string& part : parts_of(text)) {
    double value = 0;
    const char* const end = part.data() + part.size();
    const auto [stop, failure] = std::from_chars(part.data(), end, value);
    if (failure != std::errc() || stop != end || !std::isfinite(value)) {
      throw SettingError("condition", one_line("'" + text + "': '" + part +
                                               "' is no number; the "
                                               "model is conditioned on " +
                                               of));
    }
    given.push_back(value);
  }
  std::vector<float> c(size());
  try {
    code(given, c.data());
  } catch (const Error& error) {
    throw SettingError("condition", one_line("'" + text + "', of " + of + ": " + error.what()));
  }
  return c;
}

void Condition::check(const Split& split, const std::string& spec) const {
  if (!any() || (inferred && split.labels.empty())) return;
  std::vector<float> c(size());
  for (std::size_t i = 0; i < std::size_t(split.images.count()); ++i) {
    try {
      code(split, i, c.data());
    } catch (const Error& error) {
      throw Error(one_line(fmt::format("{}: split '{}', example {}, of the condition {}: {}", spec,
                                       split.name, i, of, error.what())));
    }
  }
}

Condition code_condition(const Dataset& data, const std::string& of) {
  Condition condition{.of = of};
  if (!condition.any()) return condition;
  const Split& train = data.training();
  if (of == "labels") {
    condition.classes = train.labels;
    std::sort(condition.classes.begin(), condition.classes.end());
    condition.classes.erase(std::unique(condition.classes.begin(), condition.classes.end()),
                            condition.classes.end());
  } else if (of == "factors") {
    condition.classes.assign(data.factor_sizes.begin(), data.factor_sizes.end());
    if (train.factors.empty()) condition.classes.clear();
  } else if (!train.condition.empty()) {
    standardise(condition, train);
  }
  if (condition.size() == 0) {
    std::string why = data.spec + ": there are no " + of + " in it";
    for (const std::string& note : data.notes) {
      // What would have been labels, and is none.
      if (of == "labels" && note.find(": left out") != std::string::npos) why += "; " + note;
    }
    throw SettingError("condition", one_line(why));
  }
  if (condition.size() > most_condition_numbers) {
    throw SettingError(
        "condition", one_line(fmt::format("{}: the {} make {} numbers, more than {}", data.spec, of,
                                          condition.size(), most_condition_numbers)));
  }
  return condition;
}

std::vector<std::int64_t> told_rows(const Split& split, const std::vector<std::int64_t>& classes,
                                    std::int64_t count, std::uint64_t seed) {
  const auto kinds = std::int64_t(classes.size()), all = split.images.count();
  if (count < kinds || count > all) {
    throw SettingError("labels_used", fmt::format("{} of {} labels of {} kinds; give {} to {}",
                                                  count, all, kinds, kinds, all));
  }
  // What is left over goes to the first ones.
  std::vector<std::int64_t> wanted(classes.size(), count / kinds);
  for (std::int64_t k = 0; k < count % kinds; ++k) ++wanted[std::size_t(k)];
  std::vector<std::uint32_t> order(static_cast<std::size_t>(all));
  fill_permutation(order.data(), order.size(), random_variables::told_labels.of(seed), 0);
  std::vector<std::int64_t> rows;
  for (const std::uint32_t row : order) {
    const auto at = std::lower_bound(classes.begin(), classes.end(), split.labels[row]);
    std::int64_t& left = wanted[std::size_t(at - classes.begin())];
    if (left == 0) continue;
    --left;
    rows.push_back(row);
  }
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (wanted[k] == 0) continue;
    throw SettingError("labels_used",
                       fmt::format("{} wants {} more examples of the label {} than there are; "
                                   "give fewer, they are the same number of each",
                                   count, wanted[k], classes[k]));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace nelbo::data
