#pragma once
#include <string>

#include "models/worlds/linear_gaussian.hpp"

namespace nelbo::verify {

/// Reads a linear-Gaussian world from a JSON file: an object with exactly the keys data_mean,
/// data_cov, enc_weight, enc_bias, enc_var, prior_mean, prior_cov, dec_weight, dec_bias, dec_var;
/// matrices are lists of rows, enc_var and dec_var diagonals. Throws Error naming the file and the
/// key.
LinearGaussian read_linear_gaussian(const std::string& path);

}  // namespace nelbo::verify
