#include "models/architectures/last_axes.hpp"

#include <utility>

#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

/// The leading axes of x, all but the last ones, and then those of `shape`.
Shape leading(const Shape& x, int last, const Shape& shape) {
  Shape all;
  for (int axis = 0; axis < x.rank() - last; ++axis) all.push_back(x[axis]);
  for (const std::int64_t length : shape.dims()) all.push_back(length);
  return all;
}

}  // namespace

Var last_axes_as(Var x, int axes, const Shape& shape) {
  return reshape(x, leading(x.shape(), axes, shape));
}

Layer of_rows(Layer layer, const Shape& in, const Shape& out) {
  return [layer = std::move(layer), in, out](Var x) {
    const Shape result = leading(x.shape(), in.rank(), out);
    Shape rows{x.shape().size() / in.size()};
    for (const std::int64_t length : in.dims()) rows.push_back(length);
    return reshape(layer(reshape(x, rows)), result);
  };
}

}  // namespace nelbo
