#include "apps/verify/schemes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "apps/verify/log_sum_exp.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::verify {
namespace {

constexpr std::int64_t B = scheme_batch, N = scheme_data;

/// Of one sample z_b of a batch: logarithms of q(z_b|x_n) / P_enc(z_b) for the posteriors that
/// schemes weigh differently.
struct Ratios {
  double own, stand_in;
  double rest;  // of the sum over all others
};

/// What a scheme's estimate of -log P_enc(z_b) adds to the truth.
struct LogError {
  SchemeWeights w;
  double chi;
  bool series;  // the batch is large enough for the first order to mean something

  double total() const {
    return std::exp(w.own) + std::exp(w.stand_in) + double(B - 2) * std::exp(w.other);
  }
  double own_share() const { return std::exp(w.own) / total(); }
  /// Its expectation to first order.
  double predicted() const {
    const double others = std::exp(2 * w.stand_in) + double(B - 2) * std::exp(2 * w.other);
    return -std::log(total()) + chi * (others / (total() * total()) / 2 - own_share());
  }
  double at(const Ratios& r) const {
    const double logs[] = {w.own + r.own, w.stand_in + r.stand_in, w.other + r.rest};
    const double log_ratio = log_sum_exp(logs, 3);
    if (!series) return -log_ratio;
    // The others' part of the ratio has a known mean and a finite variance (the own part has
    // neither): what the logarithm shares with it cancels.
    const double others = std::exp(log_sum_exp(logs + 1, 2)) / total();
    return -log_ratio + others - (1 - own_share());
  }
};

/// The ratios of every sample of one batch.
std::vector<Ratios> ratios(const LinearGaussian& world, std::uint64_t seed, std::size_t batch) {
  const std::int64_t X = world.data_dimensions(), D = world.latent_dimensions();
  Tensor noise({B, X + D}, DType::f64);
  fill_normal(noise.data_as<double>(), {.stream = random_variables::verify_schemes.of(seed),
                                        .batch = std::size_t(B),
                                        .dimensions = std::size_t(X + D),
                                        .first_datum = std::uint32_t(batch * std::size_t(B))});
  const Tensor x = world.sample_data(noise.slice(1, 0, X).contiguous());
  const Tensor z = world.sample_encoder(x, noise.slice(1, X, X + D).contiguous());
  const std::vector<double> log_aggregate = world.log_aggregate(z);
  const Tensor means = world.sample_encoder(x, Tensor({B, D}, DType::f64));
  const double *mean = means.data_as<double>(), *at = z.data_as<double>();
  const double* variance = world.parameters().enc_var.data_as<double>();
  double log_normaliser = 0;  // 1/2 ln |2 pi S|
  std::vector<double> precision;
  for (std::int64_t j = 0; j < D; ++j) {
    log_normaliser += std::log(2 * std::numbers::pi * variance[j]) / 2;
    precision.push_back(1 / variance[j]);
  }
  std::vector<double> log_q(static_cast<std::size_t>(B));
  std::vector<Ratios> result;
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::int64_t n = 0; n < B; ++n) {
      double squares = 0;
      for (std::int64_t j = 0; j < D; ++j) {
        const double distance = at[b * D + j] - mean[n * D + j];
        squares += distance * distance * precision[std::size_t(j)];
      }
      log_q[std::size_t(n)] = -squares / 2 - log_normaliser - log_aggregate[std::size_t(b)];
    }
    // Own sample and stand-in to the end; the rest is one sum.
    std::swap(log_q[std::size_t(b)], log_q[B - 1]);
    const double own = log_q[B - 1];
    const std::int64_t next = (b + 1) % B;
    std::swap(log_q[std::size_t(next == B - 1 ? b : next)], log_q[B - 2]);
    result.push_back({own, log_q[B - 2], log_sum_exp(log_q.data(), B - 2)});
  }
  return result;
}

}  // namespace

std::vector<Check> check_schemes(const LinearGaussian& world, std::uint64_t seed,
                                 std::int64_t samples) {
  const ExactTerms exact = world.exact();
  const double chi = std::expm1(2 * exact.mi);
  const bool series = double(B) >= 16 * chi;
  std::vector<std::vector<LogError>> schemes;  // an average is a mean of two
  for (Scheme scheme : all_schemes()) {
    if (scheme == Scheme::full) continue;  // of a finite data set; here data never end
    const auto error = [&](Scheme one) { return LogError{weights(one, N, B), chi, series}; };
    schemes.push_back(scheme == Scheme::average
                          ? std::vector<LogError>{error(Scheme::naive), error(Scheme::loo)}
                          : std::vector<LogError>{error(scheme)});
  }
  const std::size_t batches =
      std::size_t(std::clamp<std::int64_t>(samples / B, 2, (std::int64_t{1} << 17) / B));
  std::vector<std::vector<double>> means(batches);  // of the errors, by scheme
  parallel_for(batches, [&](std::size_t batch) {
    means[batch].resize(schemes.size());
    for (const Ratios& r : ratios(world, seed, batch)) {
      for (std::size_t i = 0; i < schemes.size(); ++i) {
        for (const LogError& e : schemes[i]) {
          means[batch][i] += e.at(r) / double(B) / double(schemes[i].size());
        }
      }
    }
  });

  std::vector<Check> checks;
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    RunningMean errors;
    for (const auto& batch : means) errors.add(batch[i]);
    const auto [mean, standard_error] = errors.result();
    double predicted = 0;
    for (const LogError& e : schemes[i]) predicted += e.predicted() / double(schemes[i].size());
    Check check{.name = "hagg(" + name(all_schemes()[i + 1]) + ")",
                .value = exact.hagg + mean,
                .se = standard_error,
                .expected = exact.hagg + predicted,
                .expected_error = chi / double(8 * B)};
    if (!series) {
      check.remark =
          fmt::format("a batch of {} is too small for the first order: chi = {:.3g}", B, chi);
    }
    checks.push_back(check);
  }
  return checks;
}

double expected_hagg(const DiscreteWorld& world, Scheme scheme, std::int64_t batch) {
  if (scheme == Scheme::full) return world.exact().hagg;
  if (scheme == Scheme::average) {
    return (expected_hagg(world, Scheme::naive, batch) + expected_hagg(world, Scheme::loo, batch)) /
           2;
  }
  const SchemeWeights w = weights(scheme, world.data(), batch);
  Tensor table = Tensor::full({batch, batch}, std::exp(w.other), DType::f64);
  for (std::int64_t b = 0; b < batch; ++b) {
    table.set({b, (b + 1) % batch}, std::exp(w.stand_in));
    table.set({b, b}, std::exp(w.own));
  }
  return world.expected_hagg(table);
}

std::vector<Check> check_schemes(const DiscreteWorld& world) {
  std::vector<Check> checks;
  const double exact = world.exact().hagg;
  for (std::int64_t batch = 2; batch <= world.data(); ++batch) {
    for (Scheme scheme : all_schemes()) {
      if (scheme == Scheme::full) continue;
      const Bias side = entropy_bias(scheme, world.data(), batch);
      Check check{.name = fmt::format("hagg({}) B={}", name(scheme), batch),
                  .value = expected_hagg(world, scheme, batch),
                  .expected = exact};
      const double bias = check.value - exact;
      check.wrong_side = (side == Bias::under && !(bias < 0)) ||
                         (side == Bias::over && !(bias > 0)) ||
                         (side == Bias::none && !(std::fabs(bias) < 1e-12));
      check.remark = fmt::format("exact expectation; {}", meaning(side));
      checks.push_back(check);
    }
  }
  return checks;
}

}  // namespace nelbo::verify
