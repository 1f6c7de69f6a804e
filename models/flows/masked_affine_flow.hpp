#pragma once
#include <string>

#include "models/flows/flow.hpp"
#include "models/layers/masked_mlp.hpp"

namespace nelbo {

/// f(z)_d = z_d exp(a_d) + m_d, where a = 2 tanh(r/2) and m, r are a masked network's of the numbers
/// before d: one step of an inverse autoregressive flow (Kingma et al. 2016) or of a masked autoregressive
/// one taken from data to noise (Papamakarios et al. 2017) with autoregressive_order(), a coupling layer
/// (Dinh et al. 2017) with coupling_order(). log |det J| = sum_d a_d. Scales stay within e^2, so that no
/// step of a training blows up. It starts at the identity.
class MaskedAffineFlow final : public Flow {
 public:
  /// Declares the network, masked_mlp.hpp; `context`: C, 0 without.
  MaskedAffineFlow(ParameterStore& store, const std::string& name, const std::string& group,
                   const CodeOrder& order, std::int64_t context);
  Transformed forward(Var z, std::optional<Var> context) const override;
  /// As many passes as there are degrees, each of which settles the numbers of one more: D - or one, of a
  /// coupling layer.
  Var inverse(Var y, std::optional<Var> context) const override;

 private:
  MaskedMlp network_;
  CodeOrder order_;
  std::shared_ptr<const std::vector<std::int64_t>> descending_;  // places, by falling degree
};

}  // namespace nelbo
