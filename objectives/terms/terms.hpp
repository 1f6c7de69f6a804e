#pragma once
#include <cstddef>
#include <string>

// The terms of the evidence lower bound. Values are nats per datum; costs, but for the bound
// itself.
#include "objectives/algebra/term.hpp"

namespace nelbo {

/// How an expectation over the posterior is taken.
enum class Expectation {
  exact,       // in closed form: no Monte Carlo error
  monte_carlo  // mean over the samples
};

/// Nell = -E log P(x|z), Zheng eq. (15).
Term nell();
/// Div = E KL(Q(Z|x) || P0), Zheng eq. (16); Monte Carlo: the mean of log Q(z|x) - log P0(z).
Term div(Expectation how = Expectation::exact);
/// Div of layer number l of a model of several, `name` for reports: the mean of log Q(z_l|..) - log
/// P0(z_l|..). Over all layers they add up to div(mc).
Term div_of_layer(std::size_t l, const std::string& name);
/// Div of each latent dimension, [D]: exact, for the standard normal prior. Functions of it are
/// taken per dimension and then summed: max(div_j(), 0.5) are the free bits of Kingma et al.
/// (2016).
Term div_j();
/// ELBO = -(Nell + Div), Zheng eqs (13)-(14): a gain, a lower bound on log P(x).
Term elbo(Expectation how = Expectation::exact);
/// H[Z|X] = -E log Q(z|x), the conditional entropy of the codes.
Term hqzx(Expectation how = Expectation::exact);
/// H_data - Nell <= I_enc, Zheng eqs (30)-(34). Throws Error where H_data is not known.
Term mi_lower();

}  // namespace nelbo
