#include "lab/evaluation/imputation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/draw_tape.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr std::size_t imputed_at_a_time = 1024, most_samples_at_a_time = 64;

/// The weighted mean of rows [X], weights being given by their logarithms: kept relative to the greatest.
class WeightedMean {
 public:
  explicit WeightedMean(std::size_t width) : sums_(width) {}

  void add(double log_weight, const float* x) {
    if (log_weight > greatest_) {
      const double less = std::exp(greatest_ - log_weight);
      for (double& sum : sums_) sum *= less;
      weights_ *= less;
      squares_ *= less * less;
      greatest_ = log_weight;
    }
    const double weight = std::exp(log_weight - greatest_);
    weights_ += weight;
    squares_ += weight * weight;
    for (std::size_t d = 0; d < sums_.size(); ++d) sums_[d] += weight * double(x[d]);
  }
  double at(std::size_t d) const { return sums_[d] / weights_; }
  double effective() const { return weights_ * weights_ / squares_; }

 private:
  double greatest_ = -std::numeric_limits<double>::infinity();
  double weights_ = 0, squares_ = 0;
  std::vector<double> sums_;
};

}  // namespace

Imputation impute(const Model& model, const Examples& examples, std::size_t samples,
                  std::uint64_t seed) {
  const Likelihood* const likelihood = model.likelihood();
  if (likelihood == nullptr || !likelihood->of_observed()) {
    throw SettingError(
        "", "the model is of data without missing entries; train with missing zeros or mask");
  }
  const std::size_t n = examples.count(), width = examples.features();
  const std::size_t chunk = std::min(samples, most_samples_at_a_time);
  const std::size_t batch = std::min(n, std::max<std::size_t>(1, imputed_at_a_time / chunk));
  DrawTape tape(model, std::int64_t(chunk), batch, [likelihood](Draw& draw) {
    return std::vector<Var>{draw.log_weights(), likelihood->mean(draw.codes().decoded())};
  });
  Imputation all{Tensor({std::int64_t(n), std::int64_t(width)}), {}};
  float* const x = all.x.data_as<float>();
  std::vector<std::uint32_t> rows(batch);
  for (std::size_t first = 0; first < n; first += batch) {
    const std::size_t here = std::min(batch, n - first);
    // The last stands in where there are fewer.
    for (std::size_t b = 0; b < batch; ++b) rows[b] = std::uint32_t(first + std::min(b, here - 1));
    tape.load(examples, rows);
    std::vector<WeightedMean> means(here, WeightedMean(width));
    for (std::size_t done = 0; done < samples; done += chunk) {
      tape.run(seed, rows, std::int64_t(done));
      const float* const log_weights = tape.value(0).data_as<float>();
      const float* const of_codes = tape.value(1).data_as<float>();
      for (std::size_t s = 0; s < std::min(chunk, samples - done); ++s) {
        for (std::size_t b = 0; b < here; ++b) {
          const std::size_t at = s * batch + b;
          means[b].add(double(log_weights[at]), of_codes + at * width);
        }
      }
    }
    examples.fill_features(x + first * width, std::span(rows).first(here), 0);
    for (std::size_t b = 0; b < here; ++b) {
      float* const row = x + (first + b) * width;
      for (std::size_t d = 0; d < width; ++d) {
        if (std::isnan(row[d])) row[d] = float(means[b].at(d));
      }
      all.effective.push_back(means[b].effective());
    }
  }
  return all;
}

HeldBackErrors held_back_errors(const Examples& whole, const Examples& seen,
                                const Imputation& imputation) {
  const std::vector<double> means = seen.moments().mean.values();
  const std::size_t width = whole.features();
  std::vector<float> truth(width), shown(width);
  HeldBackErrors errors;
  for (std::uint32_t i = 0; i < whole.count(); ++i) {
    whole.fill_features(truth.data(), {&i, 1}, 0);
    seen.fill_features(shown.data(), {&i, 1}, 0);
    const float* const row = imputation.x.data_as<float>() + std::size_t(i) * width;
    for (std::size_t d = 0; d < width; ++d) {
      if (!std::isnan(shown[d]) || std::isnan(truth[d])) continue;
      ++errors.entries;
      errors.imputed += std::pow(double(row[d]) - double(truth[d]), 2);
      errors.mean += std::pow(means[d] - double(truth[d]), 2);
    }
  }
  if (errors.entries == 0) {
    throw Error("hides none of the observed entries; a larger share hides some");
  }
  errors.imputed = std::sqrt(errors.imputed / double(errors.entries));
  errors.mean = std::sqrt(errors.mean / double(errors.entries));
  return errors;
}

}  // namespace nelbo
