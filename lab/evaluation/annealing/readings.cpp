#include "lab/evaluation/annealing/readings.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/error.hpp"
#include "lab/evaluation/annealing/log_mean.hpp"
#include "lab/evaluation/inference.hpp"

namespace nelbo::annealing {
namespace {

constexpr std::int64_t most_rows = 1024, least_rows = 64, most_features = 1 << 20;

std::string numbered(const std::string& prefix, std::size_t k) {
  return prefix + "_" + std::to_string(k + 1);
}

void add_acceptance(std::vector<std::string>& columns, const std::string& prefix) {
  for (std::size_t k = 0; k < acceptance_parts; ++k) columns.push_back(numbered(prefix, k));
}

/// The log-weights of datum b's chains.
std::vector<double> weights_of(const Annealing& chains, std::size_t b) {
  std::vector<double> f;
  for (std::size_t s = 0; s < chains.chains(); ++s) {
    f.push_back(chains.log_weights()[s * chains.data() + b]);
  }
  return f;
}

void append(std::vector<double>& row, const LogMean& mean) {
  row.insert(row.end(), {mean.value, mean.error});
}

void append(std::vector<double>& row, const Acceptance& acceptance) {
  row.insert(row.end(), acceptance.begin(), acceptance.end());
}

using Rows = std::vector<std::vector<double>>;  // of the data of a batch
/// Runs the chains that count on the data `ids` and makes a row of each; false if stopped.
using ReadBatch = std::function<bool(Annealing& chains, std::span<const std::uint32_t> ids,
                                     const AfterMove& after, Rows& rows)>;

/// `passes`: through the path, for each batch. Its unit of work is a move of one chain of one
/// datum.
bool read_batches(const Model& model, const AnnealedData& data, const AnnealingPlan& plan,
                  double passes, Readings& readings, const Watch& watch, const ReadBatch& read) {
  if (readings.count() >= data.count) return true;
  const std::size_t at_once = data_at_once(model, plan, data.count);
  Annealing chains(model, plan, at_once);
  std::vector<float> x(at_once * std::size_t(model.shown()));
  std::vector<std::uint32_t> ids(at_once);
  const double moves = double(chains.temperatures()) - 1;
  const double batch_work =
      passes * moves * double(plan.chains) + double(pilot_chains) * (moves + double(warm_up_moves));
  const double batches = std::ceil(double(data.count) / double(at_once));

  for (std::size_t first = readings.count(); first < data.count; first += at_once) {
    if (watch.wanted && !watch.wanted(first / at_once)) continue;
    const std::size_t here = std::min(at_once, data.count - first);
    for (std::size_t b = 0; b < at_once; ++b) {  // the last stands in where there are fewer
      ids[b] = std::uint32_t(first + std::min(b, here - 1));
    }
    data.fill(x.data(), ids);
    chains.load(x, ids);
    double done = 0;
    const auto after = [&](std::int64_t of) {
      return [&, of] {
        done += double(of);
        return watch.go_on((double(first / at_once) + done / batch_work) / batches);
      };
    };
    Rows rows(at_once);
    if (!chains.tune(after(pilot_chains)) || !read(chains, ids, after(plan.chains), rows)) {
      return false;
    }
    for (std::size_t b = 0; b < here; ++b) {
      readings.values.insert(readings.values.end(), rows[b].begin(), rows[b].end());
    }
    if (watch.after_batch) watch.after_batch(readings);
  }
  return true;
}

}  // namespace

SimulatedData simulate(const Model& model, std::size_t count, std::uint64_t seed,
                       const Tensor& conditions) {
  SimulatedData data;
  data.z = sample_prior(model, count, seed, conditions);
  data.x = shown_rows(sample_data(model, data.z, seed, conditions), conditions);
  return data;
}

AnnealedData data_of(const SimulatedData& data) {
  const std::size_t width = std::size_t(data.x.shape()[1]);
  return {std::size_t(data.x.shape()[0]),
          [x = data.x.contiguous(), width](float* to, std::span<const std::uint32_t> rows) {
            for (std::size_t b = 0; b < rows.size(); ++b) {
              std::copy_n(x.data_as<float>() + rows[b] * width, width, to + b * width);
            }
          }};
}

std::vector<double> Readings::column(const std::string& name) const {
  const auto at = std::ranges::find(columns, name);
  if (at == columns.end()) throw Error("readings: there is no column '" + name + "'");
  std::vector<double> all;
  for (std::size_t i = std::size_t(at - columns.begin()); i < values.size(); i += columns.size()) {
    all.push_back(values[i]);
  }
  return all;
}

MeanAndError Readings::mean(const std::string& name) const {
  RunningMean mean;
  for (const double value : column(name)) mean.add(value);
  return mean.result();
}

Acceptance Readings::acceptance(const std::string& prefix) const {
  Acceptance all;
  for (std::size_t k = 0; k < acceptance_parts; ++k) all[k] = mean(numbered(prefix, k)).mean;
  return all;
}

std::size_t data_at_once(const Model& model, const AnnealingPlan& plan, std::size_t count) {
  const std::int64_t rows = std::clamp(most_features / model.features(), least_rows, most_rows);
  return std::min(count, std::size_t(std::max<std::int64_t>(1, rows / plan.chains)));
}

Readings log_px_readings() {
  Readings readings{{"log_px", "se", "ess"}, {}};
  add_acceptance(readings.columns, "acceptance");
  return readings;
}

Readings bdmc_readings() {
  Readings readings{{"lower", "lower_se", "upper", "upper_se", "ess"}, {}};
  add_acceptance(readings.columns, "acceptance");
  add_acceptance(readings.columns, "reverse_acceptance");
  return readings;
}

Readings curve_readings(std::size_t points) {
  Readings readings;
  for (std::size_t k = 0; k < points; ++k) {
    readings.columns.push_back(numbered("log_z", k));
    readings.columns.push_back(numbered("distortion", k));
  }
  add_acceptance(readings.columns, "acceptance");
  return readings;
}

bool read_log_px(const Model& model, const AnnealedData& data, const AnnealingPlan& plan,
                 Readings& readings, const Watch& watch) {
  const auto read = [&](Annealing& chains, auto, const AfterMove& after, Rows& rows) {
    if (!chains.forward(after)) return false;
    for (std::size_t b = 0; b < rows.size(); ++b) {
      const LogMean mean = log_mean_exp(weights_of(chains, b));
      append(rows[b], mean);
      rows[b].push_back(mean.ess);
      append(rows[b], chains.acceptance(b));
    }
    return true;
  };
  return read_batches(model, data, plan, 1, readings, watch, read);
}

bool read_bdmc(const Model& model, const SimulatedData& data, AnnealingPlan plan,
               Readings& readings, const Watch& watch) {
  plan.simulated = true;
  const std::size_t D = std::size_t(model.codes().dimensions());
  const Tensor codes = data.z.contiguous();
  const auto read = [&](Annealing& chains, std::span<const std::uint32_t> ids,
                        const AfterMove& after, Rows& rows) {
    if (!chains.forward(after)) return false;
    std::vector<LogMean> lower;
    std::vector<Acceptance> acceptance;
    std::vector<float> z;
    for (std::size_t b = 0; b < rows.size(); ++b) {
      lower.push_back(log_mean_exp(weights_of(chains, b)));
      acceptance.push_back(chains.acceptance(b));
      const float* code = codes.data_as<float>() + ids[b] * D;
      z.insert(z.end(), code, code + D);
    }
    if (!chains.reverse(z, after)) return false;
    for (std::size_t b = 0; b < rows.size(); ++b) {
      append(rows[b], lower[b]);
      append(rows[b], log_harmonic_mean_exp(weights_of(chains, b)));
      rows[b].push_back(lower[b].ess);
      append(rows[b], acceptance[b]);
      append(rows[b], chains.acceptance(b));
    }
    return true;
  };
  return read_batches(model, data_of(data), plan, 2, readings, watch, read);
}

bool read_curve(const Model& model, const AnnealedData& data, const AnnealingPlan& plan,
                std::span<const std::size_t> points, Readings& readings, const Watch& watch) {
  const auto read = [&](Annealing& chains, auto, const AfterMove& after, Rows& rows) {
    const auto at = [&](std::size_t t) {
      if (!std::ranges::binary_search(points, t)) return;
      for (std::size_t b = 0; b < rows.size(); ++b) {
        const std::vector<double> f = weights_of(chains, b);
        const double log_z = log_mean_exp(f).value;
        double distortion = 0;
        for (std::size_t s = 0; s < f.size(); ++s) {
          const double share = std::exp(f[s] - log_z) / double(f.size());
          distortion -= share * double(chains.points().tilt[s * chains.data() + b]);
        }
        rows[b].insert(rows[b].end(), {log_z, distortion});
      }
    };
    if (!chains.forward(after, at)) return false;
    for (std::size_t b = 0; b < rows.size(); ++b) append(rows[b], chains.acceptance(b));
    return true;
  };
  return read_batches(model, data, plan, 1, readings, watch, read);
}

}  // namespace nelbo::annealing
