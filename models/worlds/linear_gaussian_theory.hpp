#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/tensor.hpp"
#include "models/worlds/linear_gaussian_model.hpp"

namespace nelbo {

/// How the path derivative of the ELBO is taken. Both have the same mean.
enum class PathGradient {
  reparam,  // of log P(x, z) - log Q(z|x); Kingma and Welling (2014)
  stl       // the same with the density Q's own parameters stopped; Roeder et al. (2017). DReG is
            // this as well: the mean of log-weights has no second derivatives
};

/// The moments of one parameter's gradient, element by element, float64 of the parameter's shape.
struct ExactGradient {
  std::string parameter;  // its name in the store
  Tensor mean, variance;
};

/// The exact mean and variance of the gradient of the ELBO averaged over the data x [B, X] and
/// `draws` independent z of each, at the parameters' present values, in the store's order and in
/// the direction in which the bound rises. Zheng eq. (13). Throws Error if x does not fit or draws
/// is below 1.
std::vector<ExactGradient> elbo_gradient(const LinearGaussianModel& model, const Tensor& x,
                                         PathGradient how, std::int64_t draws = 1);

}  // namespace nelbo
