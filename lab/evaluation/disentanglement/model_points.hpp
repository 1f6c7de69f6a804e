#pragma once
#include "lab/data/dataset.hpp"
#include "lab/data/examples.hpp"
#include "lab/evaluation/disentanglement/read_codes.hpp"
#include "models/model.hpp"

namespace nelbo::disentanglement {

/// The codes of a trained model: means and log-variances of Q(Z|x); of binary codes the probabilities, of
/// one-hot ones the most probable class of every variable; no factors. The examples of several splits
/// come one after the other. Throws Error where a code is not finite.
Points codes_of(const Model& model, const std::vector<Examples>& splits);

/// The factors of the data, without codes but with their dimensions. Throws Error where the data have none, or
/// none takes two values.
PointsRead factors_of(const Model& model, const data::Dataset& data,
                      const std::vector<Examples>& splits);

/// Codes and factors.
PointsRead points_of(const Model& model, const data::Dataset& data,
                     const std::vector<Examples>& splits);

}  // namespace nelbo::disentanglement
