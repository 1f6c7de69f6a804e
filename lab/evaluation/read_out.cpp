#include "lab/evaluation/read_out.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

template <class From, class To>
void convert(const Frame& f) {
  const From* x = f.in<From>(0);
  To* y = f.out<To>();
  for (std::int64_t i = 0; i < f.out_shape().size(); ++i) y[i] = To(x[i]);
}

const Op widen_op{.name = "widen", .forward = convert<float, double>, .vjp = nullptr};
const Op narrow_op{.name = "narrow", .forward = convert<double, float>, .vjp = nullptr};

Var narrowed(Var x) { return converted(x, DType::f32); }
Var widened(Var x) { return converted(x, DType::f64); }

/// A prior of float32 over codes of float64.
class WidePrior final : public Prior {
 public:
  explicit WidePrior(std::shared_ptr<const Prior> prior) : prior_(std::move(prior)) {}

  std::string text() const override { return prior_->text(); }
  bool factorised() const override { return prior_->factorised(); }
  bool standard_normal() const override { return prior_->standard_normal(); }
  bool conditional() const override { return prior_->conditional(); }
  Var log_prob(Var z) const override { return widened(prior_->log_prob(narrowed(z))); }
  Var marginal_log_prob(Var z) const override {
    return widened(prior_->marginal_log_prob(narrowed(z)));
  }
  std::int64_t noise_dimensions() const override { return prior_->noise_dimensions(); }
  Var sample(Var noise) const override { return widened(prior_->sample(narrowed(noise))); }
  std::optional<Var> kl(const Posterior& q) const override { return wide(prior_->kl(*narrow(q))); }
  std::optional<Var> prior_factorisation(const Posterior& q) const override {
    return wide(prior_->prior_factorisation(*narrow(q)));
  }

 private:
  static std::shared_ptr<const Posterior> narrow(const Posterior& q) {
    const DiagNormal& own = q.diagonal("a read-out in float64");
    return posterior_of(Normal{DiagNormal{narrowed(own.mean), narrowed(own.log_variance)}});
  }
  static std::optional<Var> wide(std::optional<Var> x) {
    return x ? std::optional<Var>(widened(*x)) : std::nullopt;
  }

  std::shared_ptr<const Prior> prior_;
};

}  // namespace

bool float_carries(const Encoded& posteriors) {
  constexpr double rounding = 0x1p-24, share = 1e-3;
  const float *mean = posteriors.mean.data_as<float>(),
              *log_variance = posteriors.log_variance.data_as<float>();
  for (std::int64_t i = 0; i < posteriors.log_variance.size(); ++i) {
    if (std::fabs(mean[i]) * rounding > share * std::exp(0.5 * double(log_variance[i]))) {
      return false;
    }
  }
  return true;
}

void check_double_carries(const Encoded& posteriors) {
  constexpr double rounding = 0x1p-53, share = 1e-2;
  const float *mean = posteriors.mean.data_as<float>(),
              *log_variance = posteriors.log_variance.data_as<float>();
  const std::int64_t size = posteriors.log_variance.size();
  for (std::int64_t i = 0; i < size; ++i) {
    const double m = std::fabs(mean[i]), deviation = std::exp(0.5 * double(log_variance[i]));
    if (deviation == 0 || !std::isfinite(m) || !(m * rounding > share * deviation)) continue;
    const std::int64_t d = posteriors.mean.shape()[1];
    throw Error(fmt::format(
        "decompose: Q(Z|x) of example {} has the deviation {:.2g} around the mean {:.2g} "
        "in dimension {}: float64 does not tell its codes apart, and no term of them "
        "can be read out",
        i / d, deviation, double(mean[i]), i % d));
  }
}

Var converted(Var x, DType dtype) {
  if (x.dtype() == dtype) return x;
  const Spec spec{x.shape(), dtype};
  return Recorder::current().record(dtype == DType::f64 ? widen_op : narrow_op, {&x, 1},
                                    {&spec, 1});
}

void ReadOut::fill_conditions(const Tensor& conditions, const Encoded& posteriors,
                              std::span<const std::uint32_t> rows) {
  const std::int64_t d = posteriors.mean.shape()[1];
  double* to = conditions.data_as<double>();
  for (const std::uint32_t row : rows) {
    for (const Tensor* from : {&posteriors.mean, &posteriors.log_variance}) {
      const float* at = from->data_as<float>() + std::int64_t(row) * d;
      for (std::int64_t i = 0; i < d; ++i) *to++ = double(at[i]);
    }
  }
}

Batch ReadOut::batch_of(const Batch& shown, Var posteriors) {
  if (!shown.condition) return {shown.x, posteriors};
  return {shown.x, concatenate({posteriors, widened(*shown.condition)}, -1)};
}

std::optional<Var> ReadOut::own_condition(std::optional<Var> condition) const {
  if (model_.conditions() == 0) return std::nullopt;
  const std::int64_t first = 2 * codes().dimensions();
  return contiguous(narrowed(slice(*condition, -1, first, first + model_.conditions())));
}

std::shared_ptr<const Posterior> ReadOut::posterior(const Batch& batch) const {
  const std::int64_t d = codes().dimensions();
  const Var q = batch.condition.value();
  return posterior_of(Normal{DiagNormal{slice(q, -1, 0, d), slice(q, -1, d, 2 * d)}});
}

std::shared_ptr<const Prior> ReadOut::prior(std::optional<Var> condition) const {
  return std::make_shared<WidePrior>(model_.prior(own_condition(condition)));
}

Var ReadOut::log_likelihood(Var z, const Batch& batch) const {
  return widened(
      model_.log_likelihood(narrowed(z), Batch{batch.x, own_condition(batch.condition)}));
}

}  // namespace nelbo
