#include "models/layers/flatten.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

Var Flatten::operator()(Var x) const {
  const Shape shape = x.shape();
  if (shape.rank() < 1) throw Error("flatten: a scalar has no batch axis");
  std::int64_t features = 1;
  for (int axis = 1; axis < shape.rank(); ++axis) features *= shape[axis];
  return reshape(x, Shape{shape[0], features});
}

Var Unflatten::operator()(Var x) const {
  const Shape shape = x.shape();
  if (shape.rank() < 1 || shape[-1] != example_.size()) {
    throw Error("unflatten: " + shape.text() + " does not end in the " +
                std::to_string(example_.size()) + " features of an example " + example_.text());
  }
  Shape unflattened{1};
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) unflattened[0] *= shape[axis];
  for (const std::int64_t dim : example_.dims()) unflattened.push_back(dim);
  return reshape(x, unflattened);
}

}  // namespace nelbo
