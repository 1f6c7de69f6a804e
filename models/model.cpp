#include "models/model.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"

namespace nelbo {
namespace {

/// Records one datum, of zeros, and its code.
template <class F>
bool of_one_datum(const Model& model, F&& ask) {
  Tape tape;
  const Recording recording(tape);
  return ask(tape, tape.leaf({1, model.features()}, model.store().dtype()));
}

}  // namespace

Var Model::decode(Var, std::optional<Var>) const {
  throw Error("the model has no decoder whose output could be taken: it gives log P(x|z) alone");
}

Var Model::log_likelihood(Var z, const Batch& batch) const {
  const Var output = decode(z, batch.condition);
  return likelihood()->log_prob(output, batch.x);
}

Var Model::log_joint(Var z, const Batch& batch) const {
  return log_likelihood(z, batch) + prior(batch.condition)->log_prob(z);
}

bool has_exact_div(const Model& model) {
  return of_one_datum(
      model, [&](Tape&, Var x) { return model.prior()->kl(*model.posterior(x)).has_value(); });
}

bool prior_learns(const Model& model) {
  return of_one_datum(model, [&](Tape& tape, Var) {
    const Var z = tape.leaf({1, 1, model.codes().dimensions()}, model.store().dtype());
    return tape.differentiable(model.prior()->log_prob(z));
  });
}

}  // namespace nelbo
