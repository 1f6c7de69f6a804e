#include "models/layers/residual_block.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"

namespace nelbo {

Var ResidualBlock::operator()(Var x) const {
  const Var change = branch_(x);
  if (!(change.shape() == x.shape())) {
    throw Error("residual block: the branch turns " + x.shape().text() + " into " +
                change.shape().text() + "; it must keep the shape");
  }
  return x + change;
}

}  // namespace nelbo
