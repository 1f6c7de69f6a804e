#include "models/worlds/discrete.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"

namespace nelbo {
namespace {

/// The rows of a table of probabilities, checked.
std::vector<double> probabilities(const char* name, const Tensor& table, std::int64_t columns) {
  const std::vector<double> values = table.values();
  for (std::size_t row = 0; row < values.size(); row += std::size_t(columns)) {
    double sum = 0;
    for (std::size_t i = row; i < row + std::size_t(columns); ++i) {
      if (!(values[i] > 0)) {
        throw Error(std::string("discrete world: ") + name + " holds " + std::to_string(values[i]) +
                    "; every probability must be positive");
      }
      sum += values[i];
    }
    if (!(std::fabs(sum - 1) < 1e-9)) {
      throw Error(std::string("discrete world: a row of ") + name + " sums to " +
                  std::to_string(sum) + ", not to 1");
    }
  }
  return values;
}

/// The product of the marginals of p [L^2], for every code.
std::vector<double> marginals(const std::vector<double>& p, std::int64_t L) {
  std::vector<double> first(static_cast<std::size_t>(L)), second(first), product(p.size());
  for (std::size_t z = 0; z < p.size(); ++z) {
    first[z / std::size_t(L)] += p[z];
    second[z % std::size_t(L)] += p[z];
  }
  for (std::size_t z = 0; z < p.size(); ++z) {
    product[z] = first[z / std::size_t(L)] * second[z % std::size_t(L)];
  }
  return product;
}

}  // namespace

DiscreteWorld::DiscreteWorld(const Tensor& encoder, const Tensor& prior, const Tensor& decoder)
    : N_(encoder.shape().rank() == 2 ? encoder.shape()[0] : 0),
      L_(std::int64_t(std::lround(std::sqrt(double(prior.size()))))),
      codes_(prior.size()) {
  if (N_ < 1 || L_ < 1 || L_ * L_ != codes_ || prior.shape() != Shape{codes_} ||
      encoder.shape() != Shape{N_, codes_} || decoder.shape() != Shape{codes_, N_}) {
    throw Error("discrete world: encoder " + encoder.shape().text() + ", prior " +
                prior.shape().text() + " and decoder " + decoder.shape().text() +
                " do not fit, wanted [N, L^2], [L^2] and [L^2, N]");
  }
  q_ = probabilities("encoder", encoder, codes_);
  prior_ = probabilities("prior", prior, codes_);
  p_ = probabilities("decoder", decoder, N_);
  aggregate_.resize(std::size_t(codes_));
  evidence_.resize(std::size_t(N_));
  cumulative_.resize(q_.size());
  for (std::int64_t x = 0; x < N_; ++x) {
    for (std::int64_t z = 0; z < codes_; ++z) {
      aggregate_[std::size_t(z)] += q_[x * codes_ + z] / double(N_);
      evidence_[std::size_t(x)] += prior_[z] * p_[z * N_ + x];
    }
    std::partial_sum(q_.begin() + x * codes_, q_.begin() + (x + 1) * codes_,
                     cumulative_.begin() + x * codes_);
  }
  aggregate_marginals_ = marginals(aggregate_, L_);
  prior_marginals_ = marginals(prior_, L_);
}

std::int64_t DiscreteWorld::code(std::int64_t x, double uniform) const {
  const auto row = cumulative_.begin() + x * codes_;
  return std::min(codes_ - 1, std::int64_t(std::upper_bound(row, row + codes_, uniform) - row));
}

double DiscreteWorld::log_posterior(std::int64_t x, std::int64_t code) const {
  return std::log(p_[code * N_ + x] * prior_[code] / evidence_[x]);
}

ExactTerms DiscreteWorld::exact() const {
  ExactTerms t{};
  for (std::int64_t x = 0; x < N_; ++x) {
    for (std::int64_t z = 0; z < codes_; ++z) {
      const double joint = encoder(x, z) / double(N_);  // of data and encoder
      const double log_q = std::log(encoder(x, z)), log_p = std::log(p_[z * N_ + x]);
      t.nell -= joint * log_p;
      t.div += joint * (log_q - std::log(prior_[z]));
      t.mi += joint * (log_q - std::log(aggregate_[z]));
      t.hqzx -= joint * log_q;
      t.gap += joint * (log_q - log_posterior(x, z));
      t.mi_dec += prior_[z] * p_[z * N_ + x] * (log_p - std::log(evidence_[x]));
    }
    t.log_px += std::log(evidence_[x]) / double(N_);
  }
  for (std::int64_t z = 0; z < codes_; ++z) {
    t.hagg -= aggregate_[z] * std::log(aggregate_[z]);
    t.aggdiv += aggregate_[z] * std::log(aggregate_[z] / prior_[z]);
    t.tc += aggregate_[z] * std::log(aggregate_[z] / aggregate_marginals_[z]);
    t.dwkl += aggregate_[z] * std::log(aggregate_marginals_[z] / prior_marginals_[z]);
    t.pf += aggregate_[z] * std::log(prior_[z] / prior_marginals_[z]);
  }
  t.h_data = std::log(double(N_));
  t.elbo = -t.nell - t.div;
  t.mi_lower = t.h_data - t.nell;
  return t;
}

LogDensities DiscreteWorld::draw(const Stream& stream, std::uint64_t step, std::uint32_t first,
                                 std::size_t count) const {
  std::vector<double> uniform(2 * count);  // of each draw: one number for x, one for z
  fill_uniform(
      uniform.data(),
      {.stream = stream, .step = step, .batch = count, .dimensions = 2, .first_datum = first});
  LogDensities draws;
  for (auto* of :
       {&draws.decoder, &draws.encoder, &draws.prior, &draws.prior_marginals, &draws.aggregate,
        &draws.aggregate_marginals, &draws.evidence, &draws.posterior}) {
    of->resize(count);
  }
  for (std::size_t s = 0; s < count; ++s) {
    const std::int64_t x = std::min(N_ - 1, std::int64_t(uniform[2 * s] * double(N_)));
    const std::int64_t z = code(x, uniform[2 * s + 1]);
    draws.decoder[s] = std::log(p_[z * N_ + x]);
    draws.encoder[s] = std::log(encoder(x, z));
    draws.prior[s] = std::log(prior_[z]);
    draws.prior_marginals[s] = std::log(prior_marginals_[z]);
    draws.aggregate[s] = std::log(aggregate_[z]);
    draws.aggregate_marginals[s] = std::log(aggregate_marginals_[z]);
    draws.evidence[s] = std::log(evidence_[x]);
    draws.posterior[s] = log_posterior(x, z);
  }
  return draws;
}

WeightFacts DiscreteWorld::weight_facts() const {
  WeightFacts facts{.log_px = std::log(evidence_[0])};
  for (std::int64_t z = 0; z < codes_; ++z) {
    const double log_r = log_posterior(0, z) - std::log(encoder(0, z));
    facts.gap -= encoder(0, z) * log_r;
    facts.second_moment += encoder(0, z) * std::exp(2 * log_r);
    facts.third_moment += encoder(0, z) * std::exp(3 * log_r);
  }
  return facts;
}

std::vector<double> DiscreteWorld::log_weights(const Stream& stream, std::uint64_t step,
                                               std::uint32_t first, std::size_t count) const {
  std::vector<double> numbers(count);  // uniform, then the weights they draw
  fill_uniform(numbers.data(),
               {.stream = stream, .step = step, .batch = count, .first_datum = first});
  for (double& number : numbers) {
    const std::int64_t z = code(0, number);
    number = log_posterior(0, z) - std::log(encoder(0, z));
  }
  return numbers;
}

double DiscreteWorld::expected_hagg(const Tensor& weights) const {
  const std::int64_t B = weights.shape().rank() == 2 ? weights.shape()[0] : 0;
  if (B < 2 || B > N_ || weights.shape() != Shape{B, B}) {
    throw Error("expected_hagg: weights " + weights.shape().text() +
                ", wanted [B, B], B from 2 to " + std::to_string(N_));
  }
  const std::vector<double> w = weights.values();
  std::vector<std::int64_t> batch;
  std::vector<bool> taken(static_cast<std::size_t>(N_));
  double sum = 0, batches = 0;
  const auto entropies = [&] {  // of the batch, over all draws
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t z = 0; z < codes_; ++z) {
        double density = 0;
        for (std::int64_t other = 0; other < B; ++other) {
          density += w[b * B + other] * encoder(batch[other], z);
        }
        sum -= encoder(batch[b], z) * std::log(density) / double(B);
      }
    }
    ++batches;
  };
  const auto extend = [&](auto& self) -> void {
    if (std::int64_t(batch.size()) == B) return entropies();
    for (std::int64_t x = 0; x < N_; ++x) {
      if (taken[x]) continue;
      taken[x] = true;
      batch.push_back(x);
      self(self);
      batch.pop_back();
      taken[x] = false;
    }
  };
  extend(extend);
  return sum / batches;
}

DiscreteWorld random_discrete_world(std::int64_t data, std::int64_t values, std::uint64_t seed) {
  const auto table = [seed](std::size_t number, const Shape& shape) {
    Tensor result(shape, DType::f64);
    double* p = result.data_as<double>();
    const std::int64_t columns = shape[-1];
    fill_gamma(p, 0.8,
               {.stream = random_variables::world.of(seed, number),
                .batch = std::size_t(shape.size() / columns),
                .dimensions = std::size_t(columns)});
    for (std::int64_t row = 0; row < shape.size(); row += columns) {
      for (std::int64_t i = row; i < row + columns; ++i) p[i] += 0.02;
      const double total = std::accumulate(p + row, p + row + columns, 0.0);
      for (std::int64_t i = row; i < row + columns; ++i) p[i] /= total;
    }
    return result;
  };
  const std::int64_t codes = values * values;
  return DiscreteWorld(table(0, {data, codes}), table(1, {codes}), table(2, {codes, data}));
}

}  // namespace nelbo
