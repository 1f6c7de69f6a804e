#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/hierarchy/normal_layer.hpp"
#include "models/model.hpp"

namespace nelbo {

// Posteriors and prior of a hierarchy (hierarchy.hpp) of K layers, whose vectors hold K and K - 1 networks
// in the order z1, z2, ... They outlive what is made of them.

/// Q(z1|x) Q(z2|z1) ..: `first` is Q(z1|x), and up[l] that of layer l given l - 1; up[0] is not used.
std::shared_ptr<const Posterior> bottom_up(const std::vector<CodeLayer>& layers,
                                           const DiagNormal& first,
                                           const std::vector<NormalLayer>& up);

/// Q(zK|x) Q(z_K-1|x, zK) ..: `own` [B, L_l] are what the deterministic networks say of each layer, and
/// down[l] is P(z_l|z_l+1).
std::shared_ptr<const Posterior> top_down(const std::vector<CodeLayer>& layers,
                                          const std::vector<DiagNormal>& own,
                                          const std::vector<NormalLayer>& down);

/// P(z1|z2) .. N(zK; 0, I), written `text`.
std::shared_ptr<const Prior> layered_prior(const std::string& text,
                                           const std::vector<CodeLayer>& layers,
                                           const std::vector<NormalLayer>& down);

/// Layer number l of codes [.., D].
Var layer_of(Var z, const CodeLayer& layer);

}  // namespace nelbo
