#include "models/flows/triangular_flow.hpp"

#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

/// U^-1 z or U^-T z of the codes z [S, B, D].
Var solved(Var u, Var z, Side side) {
  const Var columns = transpose(reshape(z, {-1, z.shape()[-1]}));
  return reshape(contiguous(transpose(triangular_solve(u, columns, side))), z.shape());
}

}  // namespace

TriangularFlow::TriangularFlow(ParameterStore& store, const std::string& name,
                               const std::string& group, std::int64_t dimensions)
    : store_(&store),
      dimensions_(dimensions),
      below_(store.add(name + ".below", group, {dimensions * (dimensions - 1) / 2}, zeros())) {}

Var TriangularFlow::matrix() const {
  Tape& tape = Tape::current();
  const Var ones = tape.leaf(Tensor::full({dimensions_}, 1, store_->dtype()));
  return lower_triangular(ones, tape.parameter(*store_, below_));
}

Transformed TriangularFlow::forward(Var z, std::optional<Var>) const {
  Tape& tape = Tape::current();
  const Var u = matrix(), none = tape.leaf({dimensions_}, z.dtype());
  const Shape codes{z.shape()[0], z.shape()[1]};
  return {linear(z, contiguous(transpose(u)), none), tape.leaf(codes, z.dtype()),
          [u](Var score) { return solved(stop(u), stop(score), Side::transposed); }};
}

Var TriangularFlow::inverse(Var y, std::optional<Var>) const {
  return solved(matrix(), y, Side::plain);
}

}  // namespace nelbo
