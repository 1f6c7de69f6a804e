#include "models/distributions/one_hot_categorical.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

/// [.., L K] as [.., L, K].
Var in_rows(Var x, const OneHotCategorical& p, const char* op) {
  const std::int64_t k = p.classes().classes(), l = p.logits.shape()[-2];
  Shape shape = x.shape();
  if (shape.rank() < 1 || shape[-1] != l * k) {
    throw Error(std::string(op) + ": " + shape.text() + " does not end in an axis of " +
                std::to_string(l) + " one-hot rows of " + std::to_string(k) + " classes, " +
                std::to_string(l * k) + " numbers");
  }
  shape[-1] = l;
  shape.push_back(k);
  return reshape(x, shape);
}

/// [.., L, K] as [.., L K].
Var joined(Var x) {
  const Shape& rows = x.shape();
  Shape shape(rows.dims().first(std::size_t(rows.rank() - 1)));
  shape[-1] *= rows[-1];
  return reshape(x, shape);
}

/// logits + Gumbel noise, [.., L, K].
Var perturbed(const OneHotCategorical& p, Var noise, const char* op) {
  return p.logits - log(-log(in_rows(noise, p, op)));
}

}  // namespace

Var OneHotCategorical::log_prob(Var x) const {
  const Var rows = in_rows(x, *this, "one_hot_categorical log_prob");
  return sum(rows * classes().log_probabilities(), {-2, -1});
}

Var OneHotCategorical::sample(Var noise) const {
  const Var scores = perturbed(detached(), noise, "one_hot_categorical sample");
  return OneHotCategorical{scores}.mode();
}

Var OneHotCategorical::relaxed_sample(Var noise, Var temperature) const {
  const Var scores = perturbed(*this, noise, "one_hot_categorical relaxed_sample");
  return joined(softmax(scores / temperature, -1));
}

Var OneHotCategorical::expectation() const { return joined(softmax(logits, -1)); }

Var OneHotCategorical::mode() const { return joined(classes().one_hot(classes().mode())); }

OneHotCategorical OneHotCategorical::detached() const { return {stop(logits)}; }

}  // namespace nelbo
