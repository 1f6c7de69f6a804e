#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/priors/prior_family.hpp"

namespace nelbo {

/// P0(Z) = prod_i P0_i(Z_i) over the blocks of a code, one after the other.
class ProductPrior final : public Prior {
 public:
  struct Block {
    std::shared_ptr<const Prior> prior;
    std::int64_t first = 0, size = 0;  // its numbers of a code
  };
  ProductPrior(std::string text, std::vector<Block> blocks)
      : text_(std::move(text)), blocks_(std::move(blocks)) {}

  std::string text() const override { return text_; }
  bool factorised() const override;
  Var log_prob(Var z) const override;
  /// Of every latent variable of its block, as the block's prior gives it.
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override;
  Var sample(Var noise) const override;
  /// Of a product of as many blocks, where each has a closed form.
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  std::string text_;
  std::vector<Block> blocks_;
};

/// Reads "normal+bernoulli+categorical", a prior of every block, in their order. Parameters are called
/// prior.block0.*, prior.block1.*, ... Throws Error for a prior that is of all codes together: one of a
/// condition, or made of the encoder's posteriors.
PriorFamily product_prior(const std::string& text);
/// The simplest prior of every block.
PriorFamily simplest_product_prior(const CodeSpace& codes);

}  // namespace nelbo
