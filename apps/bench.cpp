#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/bench/kernel_bench.hpp"
#include "apps/bench/median_time.hpp"
#include "apps/bench/pairwise_bench.hpp"
#include "apps/bench/peak_memory.hpp"
#include "apps/bench/training_workload.hpp"
#include "apps/cli/commands.hpp"
#include "apps/cli/common_flags.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/profile_report.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/peak.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

struct BenchOptions {
  CommonFlags common;
  std::vector<std::string> workloads;
  double seconds = 4;
  bool cost = false, profile = false;
};

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

/// A training loop, measured.
struct TrainTime {
  std::string name;
  std::size_t parameters;
  double ms_per_step, gflops;
  double speed_up;                       // over one thread
  std::optional<double> peak_mib;        // of the process while it ran, where the system tells
  std::optional<double> cost;            // where it was asked for
  std::optional<ProfileReport> profile;  // where it was asked for
};

struct TrainReport {
  double peak_gflops;
  double latency_ns;  // measure_line_latency
  std::vector<TrainTime> workloads;
};

/// Seconds of a step on one thread.
double on_one_thread(TrainingWorkload& workload, double budget) {
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const double seconds = median_time(budget, 3, [&] { workload.step(); });
  set_num_threads(threads);
  return seconds;
}

/// Of steps worth about `budget` seconds.
ProfileReport profile_of(TrainingWorkload& workload, double seconds_per_step, double budget) {
  const auto steps = std::uint64_t(std::max(3.0, budget / seconds_per_step));
  Profile profile;
  {
    const Profiling profiling(profile);
    for (std::uint64_t step = 0; step < steps; ++step) workload.step();
  }
  return profile_report(std::move(profile), steps);
}

TrainReport measure_training(const BenchOptions& options) {
  const std::vector<std::string> names =
      options.workloads.empty() ? training_workload_names() : options.workloads;
  TrainReport report{measure_fma_peak(num_threads()), measure_line_latency(), {}};
  for (const std::string& name : names) {
    forget_peak_memory();
    const auto workload = make_training_workload(name);
    std::optional<double> cost;
    if (options.cost) cost = early_cost(*workload);
    const double seconds = median_time(options.seconds, 3, [&] { workload->step(); });
    const std::optional<double> memory = peak_memory_mib();
    const double alone =
        num_threads() == 1 ? seconds : on_one_thread(*workload, options.seconds / 2);
    // The clock of a machine under load drifts: the peak is the best seen around the workloads.
    report.peak_gflops = std::max(report.peak_gflops, measure_fma_peak(num_threads()));
    report.workloads.push_back({.name = name,
                                .parameters = workload->parameters(),
                                .ms_per_step = 1e3 * seconds,
                                .gflops = workload->flop() * 1e-9 / seconds,
                                .speed_up = alone / seconds,
                                .peak_mib = memory,
                                .cost = cost});
    if (options.profile) {
      report.workloads.back().profile = profile_of(*workload, seconds, options.seconds);
    }
  }
  return report;
}

Json json_of(const TrainReport& report) {
  Json result = header(), rows = Json::array();
  for (const TrainTime& w : report.workloads) {
    rows.push_back({{"name", w.name},
                    {"parameters", w.parameters},
                    {"ms_per_step", w.ms_per_step},
                    {"gflops", w.gflops},
                    {"share_of_peak", w.gflops / report.peak_gflops},
                    {"speed_up", w.speed_up}});
    if (w.peak_mib) rows.back()["peak_mib"] = *w.peak_mib;
    if (w.cost) rows.back()["cost"] = *w.cost;
    if (w.profile) rows.back()["profile"] = to_json(*w.profile);
  }
  result["peak_gflops"] = report.peak_gflops;
  result["line_latency_ns"] = report.latency_ns;
  result["workloads"] = rows;
  return result;
}

void bench_train(const BenchOptions& options) {
  const TrainReport report = measure_training(options);
  if (options.common.json) return print_json(json_of(report));
  std::cout << fmt::format("{}, {}, peak {:.1f} GFLOP/s (fused multiply-add, float32)",
                           active_isa(), counted(num_threads(), "thread"), report.peak_gflops);
  if (report.latency_ns > 0) {
    std::cout << fmt::format(", a cache line between two cores and back {:.0f} ns",
                             report.latency_ns);
  }
  std::cout << "\n\n";
  std::cout << fmt::format("{:<10} {:>12} {:>10} {:>14} {:>9} {:>10}\n", "workload", "ms per step",
                           "GFLOP/s", "share of peak", "speed-up", "peak MiB");
  for (const TrainTime& w : report.workloads) {
    std::cout << fmt::format("{:<10} {:>12.4g} {:>10.4g} {:>13.1f}% {:>9.2f} {:>10}\n", w.name,
                             w.ms_per_step, w.gflops, 100 * w.gflops / report.peak_gflops,
                             w.speed_up, w.peak_mib ? fmt::format("{:.1f}", *w.peak_mib) : "-");
  }
  for (const TrainTime& w : report.workloads) {
    if (w.profile) std::cout << "\n" << w.name << ": " << profile_text(*w.profile);
  }
}

Json json_of(const KernelReport& report) {
  Json result = header(), rows = Json::array();
  for (const KernelTime& k : report.kernels) {
    rows.push_back({{"name", k.name},
                    {"us", k.us},
                    {"gflops", k.gflops},
                    {"gb_per_s", k.gb_per_s},
                    {"bound", k.bound_by_memory ? "memory" : "fma"},
                    {"share", k.share}});
  }
  result["peak_gflops"] = report.peak_gflops;
  result["bandwidth_gb_per_s"] = report.bandwidth_gb_per_s;
  result["kernels"] = rows;
  return result;
}

void bench_kernels(const BenchOptions& options) {
  const KernelReport report = bench_all_kernels(options.seconds / 40);
  if (options.common.json) return print_json(json_of(report));
  std::cout << fmt::format("{}, {}, peak {:.1f} GFLOP/s, bandwidth {:.1f} GB/s\n\n", active_isa(),
                           counted(num_threads(), "thread"), report.peak_gflops,
                           report.bandwidth_gb_per_s);
  std::cout << fmt::format("{:<34} {:>10} {:>9} {:>8}  {:<8} {:>6}\n", "kernel", "us", "GFLOP/s",
                           "GB/s", "bound by", "share");
  for (const KernelTime& k : report.kernels) {
    std::cout << fmt::format("{:<34} {:>10.4g} {:>9.4g} {:>8.3g}  {:<8} {:>5.1f}%\n", k.name, k.us,
                             k.gflops, k.gb_per_s, k.bound_by_memory ? "memory" : "fma",
                             100 * k.share);
  }
}

Json json_of(const PairwiseReport& report) {
  Json result = header(), rows = Json::array();
  for (const PairwiseTime& w : report.workloads) {
    rows.push_back({{"name", w.name},
                    {"n", w.n},
                    {"d", w.d},
                    {"ms", w.ms},
                    {"pair_dims_per_s", w.pair_dims_per_s},
                    {"share_of_exp_limit", w.share_of_exp_limit}});
  }
  result["exp_per_s"] = report.exp_per_s;
  result["workloads"] = rows;
  return result;
}

void bench_pairwise_kernel(const BenchOptions& options) {
  const PairwiseReport report = bench_pairwise(options.seconds);
  if (options.common.json) return print_json(json_of(report));
  std::cout << fmt::format("{}, {}, {:.2f} G exp/s (float32)\n\n", active_isa(),
                           counted(num_threads(), "thread"), 1e-9 * report.exp_per_s);
  std::cout << fmt::format("{:<10} {:>7} {:>4} {:>11} {:>18} {:>19}\n", "workload", "n", "d", "ms",
                           "G pair-dims per s", "share of exp limit");
  for (const PairwiseTime& w : report.workloads) {
    std::cout << fmt::format("{:<10} {:>7} {:>4} {:>11.4g} {:>18.3f} {:>18.1f}%\n", w.name, w.n,
                             w.d, w.ms, 1e-9 * w.pair_dims_per_s, 100 * w.share_of_exp_limit);
  }
}

/// What the three measurements have in common.
Action measurement(CommandLine& command, const std::shared_ptr<BenchOptions>& options,
                   void (*run)(const BenchOptions&)) {
  add_common_flags(command, options->common, "not used: the work does not depend on it");
  command.real("--seconds", options->seconds, 0, 600, "about how long each workload is measured");
  return [options, run] {
    options->common.apply_threads();
    run(*options);
    return exit_done;
  };
}

Action declare_train(CommandLine& command) {
  auto options = std::make_shared<BenchOptions>();
  const Action action = measurement(command, options, bench_train);
  command.flag("WORKLOAD", options->workloads,
               "vae_mlp, iwae50, conv64, chen_mlp, tcvae, tiny [all]");
  command.flag("--cost", options->cost,
               "with --json, also the mean cost of steps 11 to 20 (scripts/compare-peers)");
  command.flag("--profile", options->profile,
               "also where the time goes: by operator, direction and thread");
  command.footer(
      "The share counts the dense matrix products of a step against the fused-multiply-add peak "
      "measured\n"
      "in the same run on the same threads; the speed-up is over one thread. A cache line takes "
      "longer\n"
      "between cores that share no cache, and some machines change from one to the other.\n\n"
      "Examples:\n  nelbo bench train\n  nelbo bench train vae_mlp conv64 --threads 1 --json\n"
      "  nelbo bench train vae_mlp --profile");
  return action;
}

Action declare_kernels(CommandLine& command) {
  command.footer(
      "Examples:\n  nelbo bench kernels\n  NELBO_ISA=avx2 nelbo bench kernels --threads 1");
  return measurement(command, std::make_shared<BenchOptions>(), bench_kernels);
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
  return measurement(command, std::make_shared<BenchOptions>(), bench_pairwise_kernel);
}

Action declare_bench(CommandLine& command) {
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
  return {"bench", "Measure speed against this machine's limits", declare_bench};
}

}  // namespace nelbo
