#include "objectives/draw/code_block.hpp"

#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/posteriors/product_posterior.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {

CodeBlock::CodeBlock(Draw& draw)
    : draw_(&draw), q_(&draw.posterior()), first_(0), size_(draw.latent()) {}

CodeBlock::CodeBlock(Draw& draw, std::size_t i) : CodeBlock(draw) {
  const ProductPosterior* const product = draw.posterior().product();
  if (product == nullptr || i >= product->blocks().size()) {
    throw Error("block " + std::to_string(i + 1) + " of a " + draw.posterior().family() +
                " posterior: there is none");
  }
  const ProductPosterior::Block& block = product->blocks()[i];
  q_ = block.q.get();
  first_ = block.first;
  size_ = block.size;
  key_ = "block " + std::to_string(i) + " ";
}

Var CodeBlock::z() const {
  const Var z = draw_->codes().z();
  return whole() ? z : contiguous(slice(z, -1, first_, first_ + size_));
}

Var CodeBlock::noise() const {
  const Var noise = draw_->noise();
  return whole() ? noise : contiguous(slice(noise, -1, first_, first_ + size_));
}

Var CodeBlock::log_posterior() const {
  if (whole()) return draw_->codes().log_posterior();
  return draw_->codes().once(Key::nelbo(key_ + "log_posterior"), [&] { return q_->log_prob(z()); });
}

Var CodeBlock::log_posterior_at_fixed_z() const {
  if (whole()) return draw_->codes().log_posterior_at_fixed_z();
  return draw_->codes().once(Key::nelbo(key_ + "log_posterior at fixed z"),
                             [&] { return q_->log_prob(stop(z())); });
}

Var CodeBlock::among(Var own) const {
  if (whole()) return own;
  const Var others = stop(slice(draw_->codes().z(), 0, 0, own.shape()[0]));
  const std::int64_t width = others.shape()[2];
  std::vector<Var> parts;
  if (first_ > 0) parts.push_back(contiguous(slice(others, -1, 0, first_)));
  parts.push_back(own);
  if (first_ + size_ < width) {
    parts.push_back(contiguous(slice(others, -1, first_ + size_, width)));
  }
  return concatenate(parts, -1);
}

}  // namespace nelbo
