#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "models/posteriors/posterior.hpp"

namespace nelbo {

/// Q(Z|x) = prod_i Q_i(Z_i|x) of blocks of a code, one after the other, each of a family of its own. What all
/// blocks have, it has.
class ProductPosterior final : public Posterior {
 public:
  struct Block {
    std::shared_ptr<const Posterior> q;
    std::int64_t first = 0, size = 0;  // its numbers of a code
  };
  explicit ProductPosterior(std::vector<Block> blocks) : blocks_(std::move(blocks)) {}

  const std::vector<Block>& blocks() const { return blocks_; }
  const ProductPosterior* product() const override { return this; }

  std::string family() const override;
  bool has_rsample() const override;
  PosteriorSample draw(Var noise) const override;
  Var log_prob(Var z) const override;
  Var expectation() const override;
  Var mode() const override;
  Var entropy() const override;

 private:
  std::vector<Block> blocks_;
};

/// Numbers first .. first + size - 1 of the last axis, in memory of their own.
Var numbers_of(Var x, const ProductPosterior::Block& block);

/// f(block) of all blocks, added up.
template <class F>
Var sum_over(const std::vector<ProductPosterior::Block>& blocks, F&& f) {
  Var total = f(blocks.front());
  for (std::size_t i = 1; i < blocks.size(); ++i) total = total + f(blocks[i]);
  return total;
}

/// f(block) of all blocks, one after the other along the last axis.
template <class F>
std::vector<Var> each_of(const std::vector<ProductPosterior::Block>& blocks, F&& f) {
  std::vector<Var> all;
  for (const ProductPosterior::Block& block : blocks) all.push_back(f(block));
  return all;
}

}  // namespace nelbo
