#pragma once
#include "models/posteriors/posterior_family.hpp"

namespace nelbo {

// Posteriors of bounded and of heavy-tailed codes, by implicit reparameterisation. What is positive comes of a
// number r of the encoder's as
//   p(r) = softplus(r + log(e - 1)),
// which is 1 at r = 0, where encoders start near, plus a least value: below it samples in float32 would be
// rounded to the ends of their range too often, and those move no parameter. Columns of the last layer's
// output:
//   gamma      concentration 0.1 + p(r) [L], rate 1e-4 + p(r) [L]
//   beta       a, b = 0.5 + p(r) [L] each
//   dirichlet  concentrations 0.1 + p(r) [L], of one vector of L >= 2 proportions
//   von_mises  mean angle [L], radians; concentration 1e-3 + p(r) [L]. Codes are the L points (cos, sin)
//   student    mean [L], log scale [L], degrees of freedom 2.1 + p(r) [L]: its variance exists
PosteriorFamily gamma_family();
PosteriorFamily beta_family();
PosteriorFamily dirichlet_family();
PosteriorFamily von_mises_family();
PosteriorFamily student_family();

}  // namespace nelbo
