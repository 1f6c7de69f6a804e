#include "models/likelihoods/student_likelihood.hpp"

#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/init.hpp"
#include "models/likelihoods/moments_of.hpp"

namespace nelbo {
namespace {

constexpr double first_freedom = 5;

}  // namespace

StudentT StudentLikelihood::about(Var output) const {
  if (store_ == nullptr) throw Error("likelihood student: its scales are not declared");
  Tape& tape = Tape::current();
  return {output, tape.parameter(*store_, log_scale_),
          softplus(tape.parameter(*store_, log_freedom_))};
}

Var StudentLikelihood::feature_log_prob(Var output, Var x) const {
  return about(output).log_densities(x);
}

Var StudentLikelihood::sample(Var output, Var noise) const {
  return about(output).sample(broadcast_to(noise, output.shape()));
}

Tensor StudentLikelihood::output_start(const DataMoments& moments) const {
  return vector_of(finite_means(moments));
}

std::shared_ptr<const Likelihood> StudentLikelihood::declared(ParameterStore& store,
                                                              std::int64_t features,
                                                              const DataMoments& moments) const {
  auto own = std::make_shared<StudentLikelihood>();
  own->store_ = &store;
  own->log_scale_ = store.add("decoder.log_scale", "theta", {features}, deferred([moments] {
                                std::vector<double> start = log_variance_start(moments).values();
                                const double share = (first_freedom - 2) / first_freedom;
                                for (double& v : start) v = 0.5 * (v + std::log(share));
                                return constant(vector_of(start));
                              }));
  own->log_freedom_ =
      store.add("decoder.log_freedom_above_one", "theta", {features},
                constant(Tensor::full({features}, std::log(first_freedom - 1), DType::f64)));
  return own;
}

}  // namespace nelbo
