#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/progress_line.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/example_table.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/shards/run_identity.hpp"
#include "apps/shards/work.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/peak.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/bound_lattice.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/files/one_line.hpp"
#include "lab/statistics/importance_diagnostics.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t most_draws = 1'000'000;

struct BoundsOptions {
  RunFlags run;
  std::vector<std::int64_t> m{1, 2, 5, 10, 50, 500, 5000};
  std::vector<std::int64_t> k;  // empty: 1, and 10 where that takes no more draws
  std::optional<std::int64_t> examples;
  std::string per_example;  // empty: no such file
  ShardFlags shards;
};

std::vector<LatticeCell> cells_of(const BoundsOptions& options) {
  const std::vector<std::int64_t> k =
      options.k.empty() ? std::vector<std::int64_t>{1, 10} : options.k;
  std::vector<LatticeCell> cells;
  for (const std::int64_t groups : k) {
    for (const std::int64_t m : options.m) {
      if (options.k.empty() && groups > 1 && groups * m > options.m.back()) continue;
      if (groups > most_draws / m) {
        throw SettingError("k", fmt::format("{} with --m {}: {} draws per example; at most {} are "
                                            "possible, and 5000 are common",
                                            groups, m, groups * m, most_draws));
      }
      cells.push_back({groups, m});
    }
  }
  return cells;
}

/// Multiplications and additions of a dense decoder's products for one draw; none of another
/// decoder.
std::optional<double> decoder_flop(const ParameterStore& store) {
  double flop = 0;
  for (const ParameterStore::Entry& entry : store.entries()) {
    if (!entry.name.starts_with("decoder.") || !entry.name.ends_with(".weight")) continue;
    if (entry.shape.rank() > 2) return std::nullopt;
    if (entry.shape.rank() == 2) flop += 2 * double(entry.shape.size());
  }
  return flop;
}

struct Speed {
  double gflops = std::nan(""), peak = std::nan(""), share = std::nan("");
};

Speed speed_of(const ParameterStore& store, const Lattice& lattice, std::size_t count,
               double peak) {
  const std::optional<double> flop = decoder_flop(store);
  if (!flop) return {.peak = peak};
  const double gflops =
      *flop * double(lattice.draws) * double(count) * 1e-9 / std::max(lattice.seconds, 1e-9);
  return {gflops, peak, gflops / peak};
}

double limit_of(const LatticeRow& row) { return pareto_k_limit(std::size_t(row.cell.m)); }

/// What of more draws, for k-hat above the limit.
std::string more_draws(double khat) {
  const double size = sample_size_for(khat);
  return size < 1e9 ? fmt::format("weights of such a tail want m = {:.0f}", std::ceil(size))
                    : "no number of such weights suffices";
}

void print_table(const Lattice& lattice, std::size_t count) {
  std::cout << fmt::format("{:>6} {:>7} {:>12}    {:<8} {:>10} {:>8} {:>9} {:>7} {:>13} {:>12}\n",
                           "k", "m", "MC_k-IW_m", "+-", "rise", "z", "ESS", "k-hat", "> limit",
                           "smoothed");
  for (const LatticeRow& row : lattice.rows) {
    std::string rise = fmt::format("{:>10} {:>8}", "", "");
    if (row.rise) {
      const double error = row.rise->standard_error;
      rise = fmt::format("{:>10} {:>8}", fixed_text(row.rise->mean, 4),
                         error > 0 ? fixed_text(row.rise->mean / error, 1) : "-");
    }
    std::string tail = fmt::format("{:>7} {:>13} {:>12}", "-", "-", "-");
    if (!std::isnan(row.khat)) {
      tail =
          fmt::format("{:>7.2f} {:>5.0f}% > {:.2f} {:>12}", row.khat, 100 * row.beyond_limit_share,
                      limit_of(row), fixed_text(row.smoothed.mean, 4));
    }
    std::cout << fmt::format("{:>6} {:>7} {} {} {:>9} {}\n", row.cell.k, row.cell.m,
                             mean_column(row.value, 12), rise, fixed_text(row.ess, 2), tail);
  }
  std::cout << fmt::format(
      "\n+- is one standard error over the {} examples. rise: over the row above, on the same "
      "draws;\nnever negative in expectation. ESS: effective number of the m weights. > limit: "
      "examples whose k-hat\nis above min(1 - 1/log10 m, 0.7). smoothed: with Pareto-smoothed "
      "weights.\n",
      count);
  const auto beyond = std::find_if(lattice.rows.begin(), lattice.rows.end(),
                                   [](const auto& row) { return row.khat > limit_of(row); });
  if (beyond == lattice.rows.end()) return;
  std::cout << fmt::format(
      "Warning: at m = {} k-hat is above {:.2f} on average: the estimate from these weights is not "
      "to be\ntrusted, nor is its +-. That says nothing of the model; {}. nelbo ais\nestimates log "
      "p(x) otherwise.\n",
      beyond->cell.m, limit_of(*beyond), more_draws(beyond->khat));
}

Json row_json(const LatticeRow& row) {
  Json json{{"k", row.cell.k},
            {"m", row.cell.m},
            {"value", row.value.mean},
            {"se", row.value.standard_error},
            {"rise", nullptr},
            {"rise_se", nullptr},
            {"ess", row.ess},
            {"khat", row.khat},
            {"khat_above_half", row.heavy_share},
            {"khat_limit", std::isnan(row.khat) ? std::nan("") : limit_of(row)},
            {"khat_above_limit", row.beyond_limit_share},
            {"wanted_m", std::ceil(sample_size_for(row.khat))},
            {"smoothed", row.smoothed.mean},
            {"smoothed_se", row.smoothed.standard_error}};
  if (row.rise) {
    json["rise"] = row.rise->mean;
    json["rise_se"] = row.rise->standard_error;
  }
  return json;
}

/// The bounds of the first `count` examples beside their terms: log_px is the one of the largest m, and of
/// these that of the largest k.
ExampleTable table_of(const Lattice& lattice, const AppliedRun& applied, std::size_t count) {
  ExampleTable table =
      table_of(terms_by_example(*applied.run.model, applied.examples, count, applied.seed),
               applied.examples.split());
  const auto column = [&](std::size_t cell) {
    std::vector<double> values;
    for (std::size_t n = 0; n < count; ++n) {
      values.push_back(lattice.values[n * lattice.rows.size() + cell]);
    }
    return values;
  };
  const auto tightest = std::max_element(
      lattice.rows.begin(), lattice.rows.end(), [](const LatticeRow& a, const LatticeRow& b) {
        return std::pair(a.cell.m, a.cell.k) < std::pair(b.cell.m, b.cell.k);
      });
  table.columns.emplace_back("log_px", column(std::size_t(tightest - lattice.rows.begin())));
  for (std::size_t c = 0; c < lattice.rows.size(); ++c) {
    const LatticeCell& cell = lattice.rows[c].cell;
    table.columns.emplace_back(fmt::format("mc{}_iw{}", cell.k, cell.m), column(c));
  }
  return table;
}

/// On stdout, of the first `count` examples.
void show(const BoundsOptions& options, const AppliedRun& applied, const Lattice& lattice,
          std::size_t count, const Speed& speed) {
  const LoadedRun& run = applied.run;
  if (options.run.common.json) {
    Json rows = Json::array();
    for (const LatticeRow& row : lattice.rows) rows.push_back(row_json(row));
    print_json({{"run", run.name},
                {"data", run.config.data},
                {"split", applied.examples.split().name},
                {"count", count},
                {"draws", lattice.draws},
                {"bounds", rows},
                {"seconds", lattice.seconds},
                {"gflops", speed.gflops},
                {"peak_gflops", speed.peak},
                {"share_of_peak", speed.share},
                {"seed", applied.seed},
                {"isa", active_isa()},
                {"threads", num_threads()}});
  } else {
    std::cout << data::one_line(
                     fmt::format("{} on {} ({}, {} of {} examples), {} draws each, nats per datum",
                                 run.name, run.config.data, applied.examples.split().name, count,
                                 applied.examples.count(), lattice.draws))
              << "\n\n";
    print_table(lattice, count);
    std::cout << fmt::format("{:.1f} s", lattice.seconds);
    if (!std::isnan(speed.gflops)) {
      std::cout << fmt::format(", {:.1f} GFLOP/s in the decoder's products, {:.0f}% of the peak",
                               speed.gflops, 100 * speed.share);
    }
    std::cout << "\n";
  }
}

void append(std::vector<double>& numbers, const CellTotals& of) {
  numbers.insert(numbers.end(),
                 {of.value, of.ess, of.smoothed, of.khat, of.heavy, of.beyond, of.fitted});
}

std::vector<CellTotals> totals_of(const std::vector<ItemResult>& batches) {
  std::vector<CellTotals> totals;
  for (const ItemResult& batch : batches) {
    for (std::size_t i = 0; i + 6 < batch.numbers.size(); i += 7) {
      const double* of = &batch.numbers[i];
      totals.push_back({of[0], of[1], of[2], of[3], of[4], of[5], of[6]});
    }
  }
  return totals;
}

/// All that the lattice depends on.
std::string identity(const AppliedRun& applied, const std::vector<LatticeCell>& cells,
                     std::size_t count) {
  std::string text = identity_of(applied, count);
  for (const LatticeCell& cell : cells) text += fmt::format(" k={},m={}", cell.k, cell.m);
  return text;
}

int bounds(const BoundsOptions& options) {
  check_table("per_example", options.per_example);
  const std::vector<LatticeCell> cells = cells_of(options);
  const AppliedRun applied = apply_run(options.run);
  const LoadedRun& run = applied.run;
  const std::size_t all = applied.examples.count();
  const std::size_t count = options.examples ? std::min(all, std::size_t(*options.examples)) : all;

  install_signal_handlers();
  double peak = measure_fma_peak(num_threads());
  const auto start = std::chrono::steady_clock::now();
  LatticeReader reader(*run.model, applied.examples, count, cells, applied.seed);
  ProgressLine progress("bounds", progress_style(options.run.common.quiet));
  const auto read = [&](std::size_t batch, ItemResult& result) {
    std::vector<CellTotals> totals;
    const auto go_on = [&](double share) {
      progress.update((double(batch) + share) / double(reader.batches()));
      return pending_signal() == 0;
    };
    if (!reader.read(batch, go_on, totals)) return false;
    for (const CellTotals& of : totals) append(result.numbers, of);
    return true;
  };
  const Done done =
      work_through({identity(applied, cells, count), reader.batches(), read}, options.shards);
  progress.finish();
  if (done.exit_code) return *done.exit_code;
  if (!ranks_here().first()) return exit_done;
  Lattice lattice = lattice_of(cells, totals_of(done.results));
  lattice.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  // The clock of a machine under load drifts: the peak is the best seen around the work.
  peak = std::max(peak, measure_fma_peak(num_threads()));
  const Speed speed = speed_of(*run.store, lattice, count, peak);

  show(options, applied, lattice, count, speed);
  for (const LatticeRow& row : lattice.rows) {
    if (std::isfinite(row.value.mean)) continue;
    return refuse_not_finite(fmt::format("the bound for k = {}, m = {}", row.cell.k, row.cell.m));
  }
  if (!options.per_example.empty()) {
    const ExampleTable table = table_of(lattice, applied, count);
    if (const std::string what = not_finite(table); !what.empty()) return refuse_not_finite(what);
    write_table(options.per_example, table);
  }
  return exit_done;
}

constexpr const char* bounds_footer =
    R"help(Zheng eqs (36)-(40). MC_k-IW_m averages k importance-weighted bounds of m draws each: m = 1 is the
ELBO, m = 5000 the usual estimate of log p(x). Draws are made in chunks and forgotten, so memory
does not depend on k and m. From m = 25 on k-hat tells the tail of the weights: above 1/2 their
variance is infinite, and above min(1 - 1/log10 m, 0.7) the estimate from them is not to be
trusted, which is no fault of the model; it takes m = 10^(1 / (1 - k-hat)) such weights for one
that is (Vehtari et al. 2024). Of discrete codes there is none: their weights are finitely many
numbers.

JSON: {"count", "draws", "bounds": [{"k", "m", "value", "se", "rise", "rise_se", "ess", "khat",
"khat_above_half", "khat_limit", "khat_above_limit", "wanted_m", "smoothed", "smoothed_se"}],
"seconds", "gflops", "peak_gflops", "share_of_peak", ...}; rise is the gain over the next smaller
m on common draws, khat and what follows from it null where there is none, gflops null where the
decoder is not dense.

Examples:
  nelbo bounds runs/burda-mnist-elbo-s0 --m 5000
  nelbo bounds runs/burda-mnist-elbo-s0 --m 1,5,50 --k 1,10 --examples 500 --json
  nelbo bounds runs/burda-mnist-elbo-s0 --m 5000 --per-example log_px.npz
  nelbo bounds runs/burda-mnist-elbo-s0 --m 5000 --shard 0/4     # of four machines the first)help";

Action declare_bounds(CommandLine& command) {
  auto options = std::make_shared<BoundsOptions>();
  add_run_flags(command, options->run, "of the noise of z [the run's own]");
  add_data_flags(command, options->run);
  command.numbers("--m", options->m, most_draws,
                  "importance samples, ascending [1,2,5,10,50,500,5000]");
  command.numbers("--k", options->k, most_draws,
                  "groups that are averaged [1, and 10 where that takes no more draws]");
  command.number("--examples", options->examples, 1, INT64_MAX, "only the first N examples [all]");
  add_table_flag(command, options->per_example,
                 "nell, div, elbo, log_px (the tightest bound) and every bound as mcK_iwM");
  add_shard_flags(command, options->shards);
  command.footer(bounds_footer);
  return [options] { return bounds(*options); };
}

}  // namespace

Command bounds_command() {
  return {"bounds", "The lattice of bounds MC_k-IW_m on log p(x) of a trained model",
          declare_bounds};
}

}  // namespace nelbo
