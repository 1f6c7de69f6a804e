#include "apps/support/recording.hpp"

#include "objectives/terms.hpp"

namespace nelbo {

RecordedBatch::RecordedBatch(const Vae& model, const Term& objective, std::size_t batch,
                             bool gradients)
    : tape_({.mode = Tape::Mode::replay, .gradients = gradients}),
      batch_(batch),
      latent_(std::size_t(model.latent())) {
  const Recording recording(tape_);
  x_ = tape_.leaf({std::int64_t(batch), model.features()});
  noise_ = tape_.leaf({1, std::int64_t(batch), model.latent()});
  Draw draw(model, x_, noise_);
  cost_ = objective.cost(draw);
  nell_ = nelbo::nell()(draw);
  const bool exact = has_exact_div(model.config().prior);
  div_ = nelbo::div(exact ? Divergence::exact : Divergence::monte_carlo)(draw);
  for (const Var& value : {cost_, nell_, div_}) tape_.keep(value);
}

}  // namespace nelbo
