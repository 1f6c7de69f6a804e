#include "lab/studies/whole_draw.hpp"

#include <chrono>

#include "autodiff/ops.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"

namespace nelbo::gradvar {

WholeDraw::WholeDraw(const StudyModel& model, const Bound& bound, const Estimator& estimator)
    : encoder_(model.model.encoder()),
      one_sweep_(estimator.rule().one_sweep(bound)),
      sink_(model.model.store()),
      of_encoder_(model.model.store()) {
  const Recording recording(tape_);
  x_ = tape_.leaf(model.x);
  noise_ = tape_.leaf({bound.samples(), model.batch(), model.model.codes().dimensions()},
                      model.model.store().dtype());
  Draw draw(model.model, model.model.batch(x_), noise_, {}, model.auxiliaries,
            EstimatorChoice(estimator).estimation(one_sweep_));
  value_ = mean(estimate(draw, bound));
}

void WholeDraw::replicate(const Tensor& noise) {
  const auto start = std::chrono::steady_clock::now();
  tape_.data(noise_).copy_from(noise);
  tape_.forward();
  const Groups all = all_groups & ~leaf_group;
  if (!one_sweep_) sink_.clear();
  tape_.backward(value_, one_sweep_ ? all : all & ~encoder_, sink_);
  if (!one_sweep_) {
    tape_.backward(value_, encoder_, of_encoder_);
    sink_.add(of_encoder_);
  }
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace nelbo::gradvar
