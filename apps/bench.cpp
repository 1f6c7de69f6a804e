#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/bench/kernel_bench.hpp"
#include "apps/bench/median_time.hpp"
#include "apps/bench/pairwise_bench.hpp"
#include "apps/bench/training_workload.hpp"
#include "apps/cli/commands.hpp"
#include "apps/cli/common_flags.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/peak.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  CommonFlags common;
  std::vector<std::string> workloads;
  double seconds = 4;
  bool cost = false;
};

void print(const Json& result) { std::cout << result.dump(2) << "\n"; }

/// Mean of the cost over steps 11 to 20, nats per datum: what the same work elsewhere must come to
/// as well.
double early_cost(TrainingWorkload& workload) {
  double sum = 0;
  for (int step = 1; step <= 20; ++step) {
    const double cost = workload.step();
    if (step > 10) sum += cost;
  }
  return sum / 10;
}

Json header() { return {{"isa", active_isa()}, {"threads", num_threads()}}; }

void bench_train(const Options& options) {
  const std::vector<std::string> names =
      options.workloads.empty() ? training_workload_names() : options.workloads;
  Json rows = Json::array();
  double peak = measure_fma_peak(num_threads());
  for (const std::string& name : names) {
    const auto workload = make_training_workload(name);
    const double cost = options.cost ? early_cost(*workload) : 0;
    const double seconds = median_time(options.seconds, 3, [&] { workload->step(); });
    // The clock of a machine under load drifts: the peak is the best seen around the workloads.
    peak = std::max(peak, measure_fma_peak(num_threads()));
    rows.push_back({{"name", name},
                    {"ms_per_step", 1e3 * seconds},
                    {"gflops", workload->flop() * 1e-9 / seconds},
                    {"share_of_peak", 0.0}});
    if (options.cost) rows.back()["cost"] = cost;
  }
  for (Json& row : rows) row["share_of_peak"] = row["gflops"].get<double>() / peak;
  if (options.common.json) {
    Json result = header();
    result["peak_gflops"] = peak;
    result["workloads"] = rows;
    return print(result);
  }
  std::cout << fmt::format("{}, {} threads, peak {:.1f} GFLOP/s (fused multiply-add, float32)\n\n",
                           active_isa(), num_threads(), peak);
  std::cout << fmt::format("{:<10} {:>12} {:>10} {:>14}\n", "workload", "ms per step", "GFLOP/s",
                           "share of peak");
  for (const Json& row : rows) {
    std::cout << fmt::format("{:<10} {:>12.4g} {:>10.4g} {:>13.1f}%\n",
                             row["name"].get<std::string>(), row["ms_per_step"].get<double>(),
                             row["gflops"].get<double>(), 100 * row["share_of_peak"].get<double>());
  }
}

void bench_kernels(const Options& options) {
  const KernelReport report = bench_all_kernels(options.seconds / 40);
  Json rows = Json::array();
  for (const KernelTime& k : report.kernels) {
    rows.push_back({{"name", k.name},
                    {"us", k.us},
                    {"gflops", k.gflops},
                    {"gb_per_s", k.gb_per_s},
                    {"bound", k.bound_by_memory ? "memory" : "fma"},
                    {"share", k.share}});
  }
  if (options.common.json) {
    Json result = header();
    result["peak_gflops"] = report.peak_gflops;
    result["bandwidth_gb_per_s"] = report.bandwidth_gb_per_s;
    result["kernels"] = rows;
    return print(result);
  }
  std::cout << fmt::format("{}, {} threads, peak {:.1f} GFLOP/s, bandwidth {:.1f} GB/s\n\n",
                           active_isa(), num_threads(), report.peak_gflops,
                           report.bandwidth_gb_per_s);
  std::cout << fmt::format("{:<34} {:>10} {:>9} {:>8}  {:<8} {:>6}\n", "kernel", "us", "GFLOP/s",
                           "GB/s", "bound by", "share");
  for (const KernelTime& k : report.kernels) {
    std::cout << fmt::format("{:<34} {:>10.4g} {:>9.4g} {:>8.3g}  {:<8} {:>5.1f}%\n", k.name, k.us,
                             k.gflops, k.gb_per_s, k.bound_by_memory ? "memory" : "fma",
                             100 * k.share);
  }
}

void bench_pairwise_kernel(const Options& options) {
  const PairwiseReport report = bench_pairwise(options.seconds);
  if (options.common.json) {
    Json rows = Json::array();
    for (const PairwiseTime& w : report.workloads) {
      rows.push_back({{"name", w.name},
                      {"n", w.n},
                      {"d", w.d},
                      {"ms", w.ms},
                      {"pair_dims_per_s", w.pair_dims_per_s},
                      {"share_of_exp_limit", w.share_of_exp_limit}});
    }
    Json result = header();
    result["exp_per_s"] = report.exp_per_s;
    result["workloads"] = rows;
    return print(result);
  }
  std::cout << fmt::format("{}, {} threads, {:.2f} G exp/s (float32)\n\n", active_isa(),
                           num_threads(), 1e-9 * report.exp_per_s);
  std::cout << fmt::format("{:<10} {:>7} {:>4} {:>11} {:>18} {:>19}\n", "workload", "n", "d", "ms",
                           "G pair-dims per s", "share of exp limit");
  for (const PairwiseTime& w : report.workloads) {
    std::cout << fmt::format("{:<10} {:>7} {:>4} {:>11.4g} {:>18.3f} {:>18.1f}%\n", w.name, w.n,
                             w.d, w.ms, 1e-9 * w.pair_dims_per_s, 100 * w.share_of_exp_limit);
  }
}

/// What the three measurements have in common.
Action measurement(CommandLine& command, const std::shared_ptr<Options>& options,
                   void (*run)(const Options&)) {
  add_common_flags(command, options->common, "Not used: the work does not depend on it");
  command.real("--seconds", options->seconds, 0, 600, "About how long each workload is measured");
  return [options, run] {
    options->common.apply_threads();
    run(*options);
    return exit_done;
  };
}

Action declare_train(CommandLine& command) {
  auto options = std::make_shared<Options>();
  const Action action = measurement(command, options, bench_train);
  command.flag("WORKLOAD", options->workloads,
               "vae_mlp, iwae50, conv64, chen_mlp, tcvae, tiny (default: all)");
  command.flag("--cost", options->cost,
               "With --json, also the mean cost of steps 11 to 20 (scripts/compare-peers)");
  command.footer(
      "The share counts the dense matrix products of a step against the fused-multiply-add peak "
      "measured\n"
      "in the same run on the same threads.\n\n"
      "Examples:\n  nelbo bench train\n  nelbo bench train vae_mlp conv64 --threads 1 --json");
  return action;
}

Action declare_kernels(CommandLine& command) {
  command.footer(
      "Examples:\n  nelbo bench kernels\n  NELBO_ISA=avx2 nelbo bench kernels --threads 1");
  return measurement(command, std::make_shared<Options>(), bench_kernels);
}

Action declare_pairwise(CommandLine& command) {
  command.footer(
      "hagg: joint density and all marginals, forward (an aggregated posterior over the whole data "
      "set).\n"
      "tcterms: the same of one batch, with gradients to z, mean and log-variance.\n"
      "The limit is the throughput of the plain exp kernel, measured in the same run on the same "
      "threads:\n"
      "a pair needs an exponential for each of d marginals and one for its joint density, and once "
      "more\n"
      "for gradients, since nothing of size n x n is kept. Shares above 100 % are possible: the "
      "exponential\n"
      "inside needs no full range.\n\n"
      "Examples:\n  nelbo bench pairwise\n  nelbo bench pairwise --threads 1 --json");
  return measurement(command, std::make_shared<Options>(), bench_pairwise_kernel);
}

Action declare(CommandLine& command) {
  command.subcommand(
      {"train", "Time training steps: new data, forward, backward, Adam", declare_train});
  command.subcommand(
      {"kernels", "Time single kernels and print the share of what binds each", declare_kernels});
  command.subcommand({"pairwise",
                      "Time log-densities of n samples under the mixture of n posteriors",
                      declare_pairwise});
  return {};
}

}  // namespace

Command bench_command() {
  return {"bench", "Measure speed against this machine's limits", declare};
}

}  // namespace nelbo
