#pragma once
// Schemes for the density of the aggregated posterior P_enc(Z) = 1/N sum_n Q(Z|x_n), Zheng eq.
// (10), at samples z_b ~ Q(Z|x_b) of a batch of B of the N data, drawn without replacement. All but
// `full` put the batch in place of the data:
//
//   log p(z_b) = log [ w_own q(z_b|x_b) + w_other sum_{n != b} q(z_b|x_n) ]
#include <cstdint>
#include <string>
#include <vector>

#include "objectives/bounds/bias.hpp"

namespace nelbo {

enum class Scheme {
  full,   // all N posteriors, 1/N each: eq. (24)
  naive,  // the batch, 1/B each: the note to eq. (24)
  loo,    // leave one out: the B - 1 others, 1/(B - 1) each
  strat,  // partially stratified: own 1/N, others (N - 1)/(N (B - 1)) each: eq. (29)
  mss,  // minibatch stratified sampling of Chen et al. (2018), C.2: own 1/N, others 1/(B - 1), but
        // one of them (N - B + 1)/(N (B - 1))
  mws,  // minibatch weighted sampling of Chen et al. (2018): 1/(N B) each
  average  // half of naive's logarithm and half of loo's: the first-order biases cancel
};

/// Logarithms of a scheme's weights; -infinity leaves a posterior out.
struct SchemeWeights {
  double own = 0;       // of the sample's own posterior
  double other = 0;     // of the other posteriors of the batch
  double stand_in = 0;  // of posterior (b + 1) mod B; differs from `other` for mss alone
};

/// Weights for N data and batches of B; for `full` 1/N each. N may be 0 (unknown) where the weights
/// do not depend on it. Throws Error for `average` (it mixes two schemes), for B < 2 with any
/// scheme but `full`, for B > N, and for strat, mss, mws and full without N.
SchemeWeights weights(Scheme scheme, std::int64_t data_size, std::int64_t batch);

/// "strat".
std::string name(Scheme scheme);
/// All of them, in the order above.
const std::vector<Scheme>& all_schemes();
/// The names, for the expression language.
const std::vector<std::string>& scheme_names();
/// Throws Error for an unknown name.
Scheme parse_scheme(const std::string& name);

/// True where weights() asks for N.
bool needs_data_size(Scheme scheme);

/// The sign of the bias of -E log p(z) as an estimate of the entropy of the empirical aggregated
/// posterior (eqs (22)-(29)), and so of I_enc, of batches without replacement: by Jensen's
/// inequality where the density is unbiased (loo, strat, mss), from below by the sample's own
/// weight (naive). At B = N naive and strat are exact.
Bias entropy_bias(Scheme scheme, std::int64_t data_size, std::int64_t batch);

}  // namespace nelbo
