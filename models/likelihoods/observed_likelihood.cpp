#include "models/likelihoods/observed_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

/// A value that x may have, for the place of one that is missing: its log-probability is finite.
double stand_in(const Support& support) {
  if (!std::isfinite(support.least + support.greatest)) {
    return std::clamp(0.0, support.least, support.greatest);
  }
  const double middle = (support.least + support.greatest) / 2;
  return support.whole ? std::floor(middle) : middle;
}

}  // namespace

Var observed(Var x) { return equal(x, x); }

Var filled(Var x, double value) { return where(observed(x), x, value); }

ObservedLikelihood::ObservedLikelihood(std::shared_ptr<const Likelihood> own,
                                       std::vector<double> log_deviations)
    : own_(std::move(own)), log_deviations_(Shape{0}) {
  if (own_->of_batch()) {
    const std::string word = own_->text();
    throw SettingError("likelihood",
                       "'" + word +
                           "' has one variance of a whole batch, and no probability of each "
                           "feature alone, which data with missing entries need; choose "
                           "normal:shared");
  }
  if (log_deviations.empty() || own_->is_mass()) return;
  log_deviations_ = Tensor::of(log_deviations, {std::int64_t(log_deviations.size())}, DType::f64);
}

Var ObservedLikelihood::feature_log_prob(Var output, Var x) const {
  const Var each = own_->feature_log_prob(output, filled(x, stand_in(own_->support())));
  if (log_deviations_.size() == 0) return each;
  return each - Tape::current().leaf(log_deviations_.cast(x.dtype()));
}

Var ObservedLikelihood::log_prob(Var output, Var x) const {
  return sum(where(observed(x), feature_log_prob(output, x), 0), -1);
}

}  // namespace nelbo
