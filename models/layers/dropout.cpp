#include "models/layers/dropout.hpp"

#include "autodiff/error.hpp"
#include "autodiff/number_text.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/random_variables.hpp"

namespace nelbo {
namespace {

/// The addresses of a mask [..., D] of a batch of these data.
RandomBlock block_of(const Shape& shape, std::span<const std::uint32_t> rows) {
  RandomBlock block;
  block.dimensions = std::size_t(shape[-1]);
  const std::size_t vectors = block.dimensions == 0 ? 0 : shape.size() / block.dimensions;
  const bool of_data = shape.rank() >= 2 && std::size_t(shape[-2]) == rows.size();
  block.batch = of_data ? rows.size() : vectors;
  block.draws = of_data && !rows.empty() ? vectors / rows.size() : 1;
  if (of_data) block.datum = rows.data();
  return block;
}

template <class T>
void fill_mask(T* mask, double rate, const RandomBlock& block) {
  fill_uniform(mask, block);
  const T kept = T(1 - rate), scale = T(1 / (1 - rate));
  for (std::size_t i = 0, n = block.size(); i < n; ++i) mask[i] = mask[i] < kept ? scale : T(0);
}

}  // namespace

Var DropoutMasks::add(Var x, double rate) {
  const Var mask = x.tape().leaf(x.shape(), x.dtype());
  masks_.push_back({x.tape().data(mask), rate});
  return mask;
}

void DropoutMasks::fill(std::uint64_t seed, std::uint64_t step,
                        std::span<const std::uint32_t> rows) const {
  for (std::size_t i = 0; i < masks_.size(); ++i) {
    const auto& [values, rate] = masks_[i];
    RandomBlock block = block_of(values.shape(), rows);
    block.stream = random_variables::dropout.of(seed, i);
    block.step = step;
    if (values.dtype() == DType::f64) {
      fill_mask(values.data_as<double>(), rate, block);
    } else {
      fill_mask(values.data_as<float>(), rate, block);
    }
  }
}

Dropout::Dropout(double rate) : rate_(rate) {
  if (!(rate >= 0 && rate < 1)) {
    throw Error("dropout: a rate of " + shortest(rate) + "; it must be at least 0 and below 1");
  }
}

Var Dropout::operator()(Var x) const {
  if (x.shape().rank() < 1) throw Error("dropout: a number has no units; x must be [..., D]");
  DropoutMasks* const masks = DropoutMasks::Use::of(x.tape());
  return masks == nullptr || rate_ == 0 ? x : x * masks->add(x, rate_);
}

}  // namespace nelbo
