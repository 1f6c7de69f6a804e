#pragma once
#include <functional>
#include <string>
#include <vector>

#include "objectives/term.hpp"

namespace nelbo {

/// How the divergence from the prior is computed.
enum class Divergence {
  exact,       // in closed form, Zheng eq. (16): no Monte Carlo error
  monte_carlo  // mean of log Q(z|x) - log P0(z) over the samples
};

/// Nell = -E log P(x|z), Zheng eq. (15): nats per datum, a cost.
Term nell();
/// Div = E KL(Q(Z|x) || P0), Zheng eq. (16): nats per datum, a cost.
Term div(Divergence how = Divergence::exact);
/// ELBO = -(Nell + Div), Zheng eqs (13)-(14): nats per datum, a gain (lower bound on log P(x)).
Term elbo(Divergence how = Divergence::exact);

/// A term as the expression language knows it.
struct TermInfo {
  std::string name;
  std::vector<std::string>
      arguments;  // the words its parentheses may hold; the first is the default
  std::function<Term(const std::string& argument)> make;
};

/// All built-in terms: an explicit list.
const std::vector<TermInfo>& term_catalogue();

}  // namespace nelbo
