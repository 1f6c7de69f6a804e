#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "autodiff/tensor.hpp"
#include "lab/data/examples.hpp"
#include "models/model.hpp"

namespace nelbo {

/// What a model says of the entries that are missing.
struct Imputation {
  Tensor x =
      Tensor(Shape{0});  // [N, X]: what is observed, and E[X_i|x_obs] in the place of what is not
  std::vector<double> effective;  // [N], effective number of samples: 1 / sum_k w_k^2
};

/// E[X_mis|x_obs] of every example by self-normalised importance sampling, sum_k w_k E[X_mis|z_k] with w_k
/// proportional to P(x_obs, z_k) / Q(z_k|x_obs), of K samples from the evaluation noise of `seed`: Mattei
/// and Frellsen (2019), "MIWAE", eq. (11). Consistent, of a bias that falls as 1/K. Throws Error for a model
/// of data without missing entries.
Imputation impute(const Model& model, const Examples& examples, std::size_t samples,
                  std::uint64_t seed);

/// Root mean squared errors of entries that were held back, on the scale that a model sees.
struct HeldBackErrors {
  std::size_t entries = 0;
  double imputed = 0;
  double mean = 0;  // of each feature's mean over what is seen of it
};

/// Of the entries of `whole` that `seen`, the same examples, lacks. Throws Error where there are none, or
/// where nothing is left of a feature.
HeldBackErrors held_back_errors(const Examples& whole, const Examples& seen,
                                const Imputation& imputation);

}  // namespace nelbo
