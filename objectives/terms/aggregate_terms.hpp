#pragma once
// Terms of the aggregated posterior P_enc(Z) = E_data Q(Z|x), Zheng eqs (8)-(11), (17)-(29), as
// means over the draw's samples: costs, nats per datum. Per draw and under each scheme
//
//   Div(mc) = mi + aggdiv   and   aggdiv = tc + dwkl - pf
//
// hold to rounding: what a scheme errs telescopes.
#include "objectives/algebra/term.hpp"
#include "objectives/draw/grouping.hpp"
#include "objectives/draw/scheme.hpp"
#include "objectives/terms/terms.hpp"

namespace nelbo {

/// H_agg = -E log P_enc(z), eqs (22)-(29).
Term hagg(Scheme scheme = Scheme::strat);
/// I_enc(X;Z) = E log Q(z|x) - E log P_enc(z), eq. (8).
Term mi(Scheme scheme = Scheme::strat);
/// Aggdiv = KL(P_enc || P0), eq. (19).
Term aggdiv(Scheme scheme = Scheme::strat);
/// Total correlation KL(P_enc(Z) || prod_j P_enc(Z_j)), eq. (21).
Term tc(Scheme scheme = Scheme::strat);
/// Which level of a two-level total correlation (Esmaeili et al. 2019).
enum class Level {
  between,  // of the groups: KL(P_enc(Z) || prod_g P_enc(Z_g))
  within    // sum_g KL(P_enc(Z_g) || prod_{j in g} P_enc(Z_j))
};
/// The two levels add up to tc.
Term tc(Scheme scheme, const Grouping& groups, Level level);
/// Dimension-wise KL, sum_j KL(P_enc(Z_j) || P0(Z_j)), eq. (21).
Term dwkl(Scheme scheme = Scheme::strat);
/// Prior factorisation E log [P0(z) / prod_j P0(z_j)], eq. (21); 0 for a prior that factorises. In
/// closed form for normal priors only.
Term pf(Expectation how = Expectation::monte_carlo);

}  // namespace nelbo
