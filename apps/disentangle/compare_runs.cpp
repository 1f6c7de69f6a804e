#include "apps/disentangle/compare_runs.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "apps/cli/print_json.hpp"
#include "apps/cli/read_json.hpp"
#include "apps/disentangle/run_points.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/table.hpp"
#include "autodiff/error.hpp"
#include "autodiff/instruction_set.hpp"
#include "lab/evaluation/disentanglement/udr.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

using disentanglement::Points;
using disentanglement::Udr;

std::uint64_t seed_of(const std::vector<RunFlags>& runs) {
  return std::uint64_t(runs.front().common.seed.value_or(0));
}

/// All that the comparison depends on; "" where no part is written or read, as it opens every run once more.
std::string identity(const std::vector<RunFlags>& runs, const ShardFlags& shards) {
  if (shards.shard.empty() && Gathered::current() == nullptr) return "";
  std::string text;
  for (const RunFlags& run : runs) text += codes_identity(run) + "; ";
  return text + fmt::format("seed {}, isa {}", seed_of(runs), active_isa());
}

/// The codes of a run and their log-variances, if it has any, [N, D] each, beside N and D.
ItemResult item_of(const RunFlags& run) {
  Points points = run_codes(run).read.points;
  const nlohmann::json shape{points.count(), points.dimensions};
  points.codes.insert(points.codes.end(), points.log_variances.begin(), points.log_variances.end());
  return {shape.dump(), std::move(points.codes)};
}

Points points_of(const ItemResult& item, const RunFlags& run) {
  const std::vector<double>& numbers = item.numbers;
  std::size_t dimensions = 0, size = 0;
  try {
    const nlohmann::ordered_json shape = parsed_json(item.text);
    dimensions = shape.at(1);
    size = shape.at(0).get<std::size_t>() * dimensions;
  } catch (const nlohmann::json::exception&) {
    dimensions = 0;
  }
  if (dimensions == 0 || (numbers.size() != size && numbers.size() != 2 * size)) {
    throw Error(
        data::one_line("a part does not hold the codes of " + run.run + "; run its shard again"));
  }
  const auto end = numbers.begin() + std::ptrdiff_t(size);
  return {.dimensions = dimensions,
          .codes = {numbers.begin(), end},
          .log_variances = {end, numbers.end()},
          .factors = {}};
}

void show(const std::vector<RunFlags>& runs, std::size_t count, const Udr& udr,
          std::uint64_t seed) {
  if (runs.front().common.json) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < runs.size(); ++i) {
      rows.push_back(
          {{"run", runs[i].run},
           {"udr", {{"value", udr.lasso[i].value}, {"se", udr.lasso[i].standard_error}}},
           {"udr.spearman",
            {{"value", udr.spearman[i].value}, {"se", udr.spearman[i].standard_error}}}});
    }
    print_json({{"n", count}, {"runs", rows}, {"seed", seed}});
    return;
  }
  Table table{.names = 1, .header = {"run", "UDR lasso", "+-", "UDR spearman", "+-"}, .rows = {}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    table.rows.push_back({data::one_line(runs[i].run), fixed_text(udr.lasso[i].value, 4),
                          fixed_text(udr.lasso[i].standard_error, 4),
                          fixed_text(udr.spearman[i].value, 4),
                          fixed_text(udr.spearman[i].standard_error, 4)});
  }
  std::cout << aligned(table)
            << fmt::format(
                   "\nMedian likeness of each run's codes to those of the others, {} points; of "
                   "equal models .9 "
                   "(lasso)\nand 1 (spearman). Errors are over the points, not over seeds.\n",
                   count);
}

}  // namespace

int compare_runs(const std::vector<RunFlags>& runs, const ShardFlags& shards) {
  const Done done = work_through({identity(runs, shards), runs.size(),
                                  [&](std::size_t i, ItemResult& result) {
                                    result = item_of(runs[i]);
                                    return true;
                                  }},
                                 shards);
  if (done.exit_code) return *done.exit_code;
  std::vector<Points> models;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    models.push_back(points_of(done.results[i], runs[i]));
    if (models.back().count() == models.front().count()) continue;
    throw Error(data::one_line(fmt::format("{}: {} points, and {} has {}; name the same --data",
                                           runs[i].run, models.back().count(), runs.front().run,
                                           models.front().count())));
  }
  const std::uint64_t seed = seed_of(runs);
  show(runs, models.front().count(), disentanglement::udr(models, seed), seed);
  return exit_done;
}

}  // namespace nelbo
