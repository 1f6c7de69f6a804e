#pragma once
#include "autodiff/parameters.hpp"
#include "models/architectures/coders.hpp"
#include "models/data_moments.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// X-H1-..-Hn-2L and L-Hn-..-H1-X with config.hidden = H1, .., Hn, which may be none. Hidden layers are
/// as the configuration has them (hidden_layer.hpp); their activation is tanh unless it is given, of
/// gated layers the identity. With config.centre the encoder sees x less its training mean.
/// A condition [.., C] stands behind x and behind z: X + C and L + C inputs. With 200, 200 and L = 50 ("burda")
/// the one stochastic layer of Burda, Grosse and Salakhutdinov (2016), "Importance weighted
/// autoencoders"; their second head is log s, here it is log s2.
Coders mlp_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);

/// X-1200-1200-2L (config.hidden) relu and L-1200-1200-1200-X tanh: Chen et al. (2018), "Isolating
/// sources of disentanglement".
Coders chen_mlp_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);

}  // namespace nelbo
