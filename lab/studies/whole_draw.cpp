#include "lab/studies/whole_draw.hpp"

#include <chrono>

#include "autodiff/ops.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/estimators/enumeration.hpp"
#include "objectives/estimators/relaxed.hpp"

namespace nelbo::gradvar {

WholeDraw::WholeDraw(const StudyModel& model, const Bound& bound, const Estimator& estimator)
    : bound_(bound), sink_(model.model.store()) {
  using Codes = Estimator::Codes;
  const Recording recording(tape_);
  const DType type = model.model.store().dtype();
  x_ = tape_.leaf(model.x);
  noise_ = tape_.leaf({bound_.samples(), model.batch(), model.model.codes().dimensions()}, type);
  const auto posterior = model.model.posterior(x_);
  const Posterior& q = *posterior;
  const auto log_joint = [&](Var z) { return model.model.log_joint(z, x_); };
  const Estimator::Properties& of = estimator.properties();
  const auto bound_of_data = [&]() -> Var {
    if (of.codes == Codes::all) {
      const Tensor codes = estimators::all_codes(model.model.codes(), type);
      return estimators::exact_elbo(q, codes, model.batch(), log_joint);
    }
    if (of.codes == Codes::relaxed) {
      return estimators::relaxed_bound(bound_, q, noise_, of.temperature, log_joint);
    }
    const PosteriorSample sample = estimators::straight_through_sample(q, noise_, of.temperature);
    return bound_value(bound_, log_joint(sample.z) - sample.log_prob);
  };
  value_ = mean(bound_of_data());
}

void WholeDraw::replicate(const Tensor& noise) {
  const auto start = std::chrono::steady_clock::now();
  tape_.data(noise_).copy_from(noise);
  tape_.forward();
  tape_.backward(value_, all_groups & ~leaf_group, sink_);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace nelbo::gradvar
