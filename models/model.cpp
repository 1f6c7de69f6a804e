#include "models/model.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

/// Records one datum, of zeros, and its code.
template <class F>
bool of_one_datum(const Model& model, F&& ask) {
  Tape tape;
  const Recording recording(tape);
  return ask(tape, model.batch(tape.leaf({1, model.shown()}, model.store().dtype())));
}

}  // namespace

Batch Model::batch(Var rows) const {
  if (conditions() == 0) return rows;
  const Var x = contiguous(slice(rows, -1, 0, features()));
  return {x, contiguous(slice(rows, -1, features(), shown()))};
}

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
  return of_one_datum(model, [&](Tape&, const Batch& batch) {
    return model.prior(batch.condition)->kl(*model.posterior(batch)).has_value();
  });
}

bool prior_learns(const Model& model) {
  return of_one_datum(model, [&](Tape& tape, const Batch& batch) {
    const Var z = tape.leaf({1, 1, model.codes().dimensions()}, model.store().dtype());
    return tape.differentiable(model.prior(batch.condition)->log_prob(z));
  });
}

}  // namespace nelbo
