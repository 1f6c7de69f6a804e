#include "models/likelihoods/optimal_normal_likelihood.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/batch_part.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/distributions/range.hpp"
#include "models/init.hpp"
#include "models/likelihoods/moments_of.hpp"
#include "models/running_means.hpp"

namespace nelbo {

Var OptimalNormalLikelihood::kept_log_variance() const {
  if (store_ == nullptr) throw Error("likelihood normal:optimal: its variance is not declared");
  return stop(Tape::current().parameter(*store_, id_));
}

Var OptimalNormalLikelihood::log_prob(Var output, Var x) const {
  RunningMeans* const training = RunningMeans::current();
  if (training == nullptr) return DiagNormal{output, kept_log_variance()}.log_prob(x);
  const Var error = mean_over_parts(stop(nelbo::mean(square(output - x))));
  const Var log_variance = log(maximum(error, smallest_positive(error.dtype())));
  if (store_ != nullptr) training->keep(id_, log_variance);
  return DiagNormal{output, reshape(log_variance, {1})}.log_prob(x);
}

Var OptimalNormalLikelihood::sample(Var output, Var noise) const {
  return DiagNormal{output, kept_log_variance()}.sample(broadcast_to(noise, output.shape()));
}

Tensor OptimalNormalLikelihood::output_start(const DataMoments& moments) const {
  return vector_of(finite_means(moments));
}

std::shared_ptr<const Likelihood> OptimalNormalLikelihood::declared(
    ParameterStore& store, std::int64_t, const DataMoments& moments) const {
  auto own = std::make_shared<OptimalNormalLikelihood>();
  own->store_ = &store;
  own->id_ =
      store.add("decoder.log_variance", "theta", {1},
                deferred([moments] { return constant(shared_log_variance_start(moments)); }));
  return own;
}

}  // namespace nelbo
