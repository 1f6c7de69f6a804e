#include "models/posteriors/product_posterior.hpp"

#include <algorithm>
#include <optional>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

using Block = ProductPosterior::Block;

Var numbers_of(Var x, const Block& block) {
  return contiguous(slice(x, -1, block.first, block.first + block.size));
}

std::string ProductPosterior::family() const {
  std::string all;
  for (const Block& block : blocks_) {
    all += all.empty() ? "" : " + ";
    all += block.q->family();
  }
  return all;
}

bool ProductPosterior::has_rsample() const {
  return std::all_of(blocks_.begin(), blocks_.end(),
                     [](const Block& block) { return block.q->has_rsample(); });
}

PosteriorSample ProductPosterior::draw(Var noise) const {
  std::vector<Var> z;
  std::optional<Var> log_prob;
  for (const Block& block : blocks_) {
    const PosteriorSample own = block.q->draw(numbers_of(noise, block));
    z.push_back(own.z);
    log_prob = log_prob ? *log_prob + own.log_prob : own.log_prob;
  }
  return {concatenate(z, -1), *log_prob};
}

Var ProductPosterior::log_prob(Var z) const {
  return sum_over(blocks_, [&](const Block& b) { return b.q->log_prob(numbers_of(z, b)); });
}

Var ProductPosterior::expectation() const {
  return concatenate(each_of(blocks_, [](const Block& b) { return b.q->expectation(); }), -1);
}

Var ProductPosterior::mode() const {
  return concatenate(each_of(blocks_, [](const Block& b) { return b.q->mode(); }), -1);
}

Var ProductPosterior::entropy() const {
  return sum_over(blocks_, [](const Block& b) { return b.q->entropy(); });
}

}  // namespace nelbo
