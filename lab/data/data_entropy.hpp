#pragma once
#include <optional>

#include "lab/data/examples.hpp"
#include "models/model.hpp"

namespace nelbo {

/// H_data = -sum (c / N) ln (c / N) over the distinct examples, c the copies of each of N, nats:
/// exact for finite data, and comparable with Nell where the decoder is a probability mass function
/// on the data's own space (Likelihood::is_mass): of whole numbers or pixels, or, of a mass that takes
/// grey values for probabilities, of zeros and ones; else nothing. The examples are taken as they are
/// at step 0.
std::optional<double> data_entropy(const Examples& examples, const Model& model);

}  // namespace nelbo
