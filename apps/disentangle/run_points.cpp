#include "apps/disentangle/run_points.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "apps/shards/run_identity.hpp"
#include "lab/evaluation/disentanglement/model_points.hpp"
#include "lab/files/xxh64.hpp"

namespace nelbo {
namespace {

using disentanglement::Points;

/// "sprites" and "sprites:32" are a part of the grid; the run's own otherwise.
std::string whole_grid(const std::string& data) {
  if (data == "sprites") return "sprites:grid";
  if (data == "sprites:32") return "sprites:grid:32";
  return "";
}

/// A run, and the examples of it that are meant.
struct ChosenExamples {
  LoadedRun run;
  std::vector<Examples> splits;
  std::string name;
};

ChosenExamples choose(const RunFlags& flags) {
  if (!flags.data.empty() || !flags.split.empty()) {
    AppliedRun applied = apply_run(flags);
    const std::string split = applied.examples.split().name;
    std::string name = applied.run.name + " on " + applied.run.config.data + " (" + split + ")";
    return {std::move(applied.run), {std::move(applied.examples)}, std::move(name)};
  }
  flags.common.apply_threads();
  const std::string grid = whole_grid(open_model(flags.run).config.data);
  ChosenExamples all{open_run(flags.run, {grid, flags.label}), {}, ""};
  for (const std::string& note : all.run.notes) tell(note);
  for (const data::Split& split : all.run.data->splits) {
    all.splits.push_back(all.run.examples(split));
  }
  all.name = all.run.name + " on " + all.run.config.data;
  return all;
}

/// "1000 points of test".
std::string splits_of(const std::vector<Examples>& splits) {
  std::string text;
  for (const Examples& examples : splits) {
    text += fmt::format("{}{} points of {}", text.empty() ? "" : " and ", examples.count(),
                        examples.split().name);
  }
  return text;
}

template <class T>
void update(Xxh64& hash, const T& numbers) {
  hash.update(numbers.data(), numbers.size() * sizeof numbers[0]);
}

std::string hash_of(const std::vector<disentanglement::Factor>& factors) {
  Xxh64 hash;
  for (const disentanglement::Factor& factor : factors) {
    update(hash, factor.name);
    update(hash, factor.classes);
    update(hash, factor.values);
  }
  return fmt::format("{} factors of {} points ({})", factors.size(), factors.front().classes.size(),
                     hash.hex());
}

}  // namespace

const Points& NamedPoints::encoded() {
  if (encode) encode(read.points);
  encode = {};  // with it go the data
  return read.points;
}

NamedPoints run_points(const RunFlags& flags) {
  const auto of = std::make_shared<const ChosenExamples>(choose(flags));
  NamedPoints all{disentanglement::factors_of(*of->run.model, *of->run.data, of->splits), of->name,
                  ""};
  all.identity = fmt::format("{}, {}, {}", identity_of(of->run), splits_of(of->splits),
                             hash_of(all.read.points.factors));
  all.encode = [of](Points& points) {
    Points codes = disentanglement::codes_of(*of->run.model, of->splits);
    points.codes = std::move(codes.codes);
    points.log_variances = std::move(codes.log_variances);
  };
  return all;
}

NamedPoints file_points(const std::string& path) {
  NamedPoints all{disentanglement::read_codes(path), path, ""};
  const Points& points = all.read.points;
  Xxh64 hash;
  update(hash, points.codes);
  update(hash, points.log_variances);
  all.identity =
      fmt::format("{} codes ({}), {}", points.dimensions, hash.hex(), hash_of(points.factors));
  return all;
}

NamedPoints run_codes(const RunFlags& flags) {
  const ChosenExamples of = choose(flags);
  return {{disentanglement::codes_of(*of.run.model, of.splits), {}}, of.name, ""};
}

std::string codes_identity(const RunFlags& flags) {
  const ChosenExamples of = choose(flags);
  return fmt::format("{}, {}", identity_of(of.run), splits_of(of.splits));
}

}  // namespace nelbo
