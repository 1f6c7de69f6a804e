#include "lab/data/load.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "autodiff/nearest_name.hpp"
#include "autodiff/random.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/choose_scaling.hpp"
#include "lab/data/data_words.hpp"
#include "lab/data/factors.hpp"
#include "lab/data/preprocess.hpp"
#include "lab/data/read_file.hpp"
#include "lab/data/read_folder.hpp"
#include "lab/files/internal/fail.hpp"

namespace nelbo::data {
namespace {

namespace fs = std::filesystem;

/// The data set that SPEC names; null where it is a path.
const DataWord* word_of(const std::string& spec) {
  return data_sets().find(parse_choice("data", spec).name);
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// FILE:member when FILE is there and "FILE:member" as a whole is not.
std::optional<std::pair<std::string, std::string>> file_and_member(const std::string& spec) {
  const std::size_t colon = spec.rfind(':');
  if (colon == std::string::npos || colon == 0 || exists(spec)) return std::nullopt;
  const std::string file = spec.substr(0, colon);
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  return std::pair(file, spec.substr(colon + 1));
}

[[noreturn]] void unknown(const std::string& spec) {
  const std::string near = nearest(spec, data_sets().names());
  std::string hint = "did you mean '" + near + "'?";
  if (near.empty()) {
    hint = "there are: ";
    for (const DataWord& word : data_sets().all()) {
      hint += (&word == &data_sets().all().front() ? "" : ", ") + word.usage;
    }
  }
  fail("data '" + spec + "'", "no file or folder '{}' and no data set of that name; {}",
       fs::absolute(spec.empty() ? "." : spec).lexically_normal().string(), hint);
}

Dataset from_file(const std::string& path, const std::string& member, const Reading& reading) {
  FileContent content = read_file(path, member, reading);
  Dataset dataset;
  dataset.format = format_name(content.format);
  dataset.splits.push_back(std::move(content.split));
  dataset.files = std::move(content.files);
  dataset.notes = std::move(content.notes);
  name_factors(dataset, {content.factor_names});
  return dataset;
}

Dataset read_spec(const std::string& spec, const Reading& reading) {
  if (const auto parts = file_and_member(spec))
    return from_file(parts->first, parts->second, reading);
  if (spec.empty() || !exists(spec)) unknown(spec);
  std::error_code ignored;
  return fs::is_directory(spec, ignored) ? read_folder(spec, reading)
                                         : from_file(spec, "", reading);
}

/// Moves a share of the training examples, at least one, to a new split `name`, chosen by the seed.
void hold_out(Dataset& dataset, const std::string& name, double share,
              const RandomVariable& variable, std::uint64_t seed) {
  const Split whole = dataset.split("train");
  const auto n = static_cast<std::size_t>(whole.images.count());
  if (n < 2) fail(dataset.spec, "one example cannot be divided into train and {}", name);
  const double wanted = std::round(share * static_cast<double>(n));
  const auto held = std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, n - 1);
  std::vector<std::uint32_t> order(n);
  fill_permutation(order.data(), n, variable.of(seed), 0);
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(held);
  std::vector<std::uint32_t> taken(order.begin(), end), left(end, order.end());
  std::sort(taken.begin(), taken.end());
  std::sort(left.begin(), left.end());
  for (Split& split : dataset.splits)
    if (split.name == "train") split = select(whole, "train", left);
  dataset.splits.push_back(select(whole, name, taken));
  dataset.notes.push_back(
      fmt::format("no {} split in the data: {} of {} examples held out as {} "
                  "by seed {}",
                  name, held, n, name, seed));
}

/// Keeps `wanted` of the training examples, chosen by the seed.
void keep_some(Dataset& dataset, std::int64_t wanted, std::uint64_t seed) {
  for (Split& split : dataset.splits) {
    if (split.name != "train") continue;
    const auto n = static_cast<std::size_t>(split.images.count());
    if (wanted < 1 || std::uint64_t(wanted) > n) {
      throw SettingError("subset", one_line(fmt::format("{}: {} of {} training examples; there are "
                                                        "1 to {} to choose",
                                                        dataset.spec, wanted, n, n)));
    }
    std::vector<std::uint32_t> order(n);
    fill_permutation(order.data(), n, random_variables::subset.of(seed), 0);
    order.resize(std::size_t(wanted));
    std::sort(order.begin(), order.end());
    split = select(split, "train", order);
    dataset.notes.push_back(
        fmt::format("{} of {} training examples, chosen by seed {}; the other "
                    "splits are whole",
                    wanted, n, seed));
  }
}

void check_share(const char* setting, double share) {
  if (!(share >= 0 && share < 1))
    throw SettingError(setting, fmt::format("{} must be at least 0 and below 1", share));
}

}  // namespace

std::string absolute_spec(const std::string& spec) {
  if (const DataWord* word = word_of(spec)) return word->folder ? word->folder() : spec;
  return fs::absolute(spec).lexically_normal().string();
}

Dataset read_dataset(const std::string& spec, const Reading& reading) {
  const std::string& label = reading.label;
  const DataWord* const word = word_of(spec);
  const bool made = is_made(spec);
  if (made && !label.empty() && label != "none")
    throw SettingError("label", spec + " brings its own labels; leave it out, or say none");
  if (made && !reading.condition.empty())
    throw SettingError("condition", spec + " has no columns; say labels or factors");
  if (made && !reading.missing && word->missing && word->missing(parse_choice("data", spec)))
    throw SettingError("missing", spec + " has missing entries (NaN); say zeros or mask");
  Dataset dataset = made              ? word->make(parse_choice("data", spec))
                    : word != nullptr ? read_folder(word->folder(), reading)
                                      : read_spec(spec, reading);
  dataset.spec = spec;
  if (label == "none") {
    for (Split& split : dataset.splits) split.labels.clear();
  }
  dataset.scale = choose_scaling(dataset, "");
  return dataset;
}

Dataset load_dataset(const std::string& spec, const LoadOptions& options) {
  check_share("holdout", options.holdout);
  check_share("validation", options.validation);
  check_scale(options.scale);
  Dataset dataset =
      read_dataset(spec, {options.label, condition_names(options.condition), options.missing});
  if (dataset.find("train") == nullptr) {
    std::string names;
    for (const Split& split : dataset.splits) names += (names.empty() ? "" : ", ") + split.name;
    fail(spec, "holds no training data, only {}; name one file", names);
  }
  if (dataset.find("valid") != nullptr && options.validation > 0) {
    throw SettingError("validation",
                       spec + " brings a split 'valid' of its own; leave the share out");
  }
  if (dataset.find("test") == nullptr && options.holdout > 0)
    hold_out(dataset, "test", options.holdout, random_variables::held_out, options.seed);
  const double validation = options.validation > 0             ? options.validation
                            : dataset.find("valid") == nullptr ? options.validation_otherwise
                                                               : 0;
  dataset.validation = validation;
  if (validation > 0)
    hold_out(dataset, "valid", validation, random_variables::validation, options.seed);
  if (options.subset != 0) keep_some(dataset, options.subset, options.seed);
  // A divisor is the unit of what is stored, which means of bytes do not tell.
  const bool standard = options.scale == "standard";
  if (!standard) dataset.scale = choose_scaling(dataset, options.scale);
  preprocess(dataset, options.steps);
  if (standard) dataset.scale = choose_scaling(dataset, options.scale);
  dataset.condition = code_condition(dataset, options.condition);
  if (options.labels_used > 0) {
    dataset.condition.inferred = true;
    dataset.condition.told =
        told_rows(dataset.training(), dataset.condition.classes, options.labels_used, options.seed);
  }
  return dataset;
}

}  // namespace nelbo::data
