#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/flows/flow.hpp"
#include "models/posteriors/posterior.hpp"

namespace nelbo {

/// The posterior that K flows, one after the other, make of a diagonal normal:
///   z_K = f_K(.. f_1(z_0)),  log Q(z_K) = log N(z_0; mean, diag s2) - sum_k log |det J_k|.
class FlowPosterior final : public Posterior {
 public:
  using Flows = std::vector<std::shared_ptr<const Flow>>;
  /// `text`: as it is written. The base's parameters [B, D], the context of all flows [B, C].
  FlowPosterior(std::string text, const DiagNormal& base, std::optional<Var> context, Flows flows)
      : text_(std::move(text)), base_(base), context_(context), flows_(std::move(flows)) {}

  std::string family() const override { return "flow " + text_; }
  bool has_rsample() const override { return true; }
  /// With its score: Vaitl, Nicoli, Nakajima and Kessel (2022), "Gradients should stay on path".
  PosteriorSample draw(Var noise) const override;
  /// Through the inverses of the flows. Throws Error where one has none.
  Var log_prob(Var z) const override;
  /// The code of noise 0.
  Var expectation() const override;

 private:
  std::string text_;
  DiagNormal base_;
  std::optional<Var> context_;
  Flows flows_;
};

}  // namespace nelbo
