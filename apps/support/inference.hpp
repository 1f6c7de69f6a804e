#pragma once
#include <cstddef>
#include <cstdint>

#include "apps/support/examples.hpp"
#include "autodiff/tensor.hpp"
#include "models/vae.hpp"

namespace nelbo {

/// Q(Z|x) of every example, [N, D] each; Zheng eq. (7). Of a full covariance its diagonal.
struct Encoded {
  Tensor mean;
  Tensor log_variance;
};
Encoded encode(const Vae& model, const Examples& examples);
/// Of the first `count` examples, [count, D] each.
Encoded encode(const Vae& model, const Examples& examples, std::size_t count);
/// The same for x [N, X].
Encoded encode(const Vae& model, const Tensor& x);

/// The decoder's mean image for every row of z [N, D]: [N, X].
Tensor decode_means(const Vae& model, const Tensor& z);

/// n samples z of the prior, [n, D], from the evaluation stream of `seed`.
Tensor sample_prior(const Vae& model, std::size_t n, std::uint64_t seed);

}  // namespace nelbo
