#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/flows/flow.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// The density whose codes K flows, one after the other, turn into standard normal noise:
///   log P0(z) = log N(f_K(.. f_1(z)); 0, I) + sum_k log |det J_k|.
/// Samples go through the inverses.
class FlowPrior final : public Prior {
 public:
  using Flows = std::vector<std::shared_ptr<const Flow>>;
  FlowPrior(std::string text, std::int64_t dimensions, Flows flows)
      : text_(std::move(text)), dimensions_(dimensions), flows_(std::move(flows)) {}

  std::string text() const override { return text_; }
  bool factorised() const override { return false; }
  Var log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return dimensions_; }
  Var sample(Var noise) const override;

 private:
  std::string text_;
  std::int64_t dimensions_;
  Flows flows_;
};

}  // namespace nelbo
