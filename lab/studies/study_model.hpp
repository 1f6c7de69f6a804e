#pragma once
#include "models/model.hpp"
#include "objectives/estimators/auxiliary.hpp"

namespace nelbo::gradvar {

/// What a study runs: a model at fixed data, with the networks that were trained beside it. Both outlive
/// it.
struct StudyModel {
  const Model& model;
  Tensor x;  // [B, X], of the store's type
  const Auxiliaries* auxiliaries = nullptr;

  std::int64_t batch() const { return x.shape()[0]; }
  /// Whether Div has a closed form that moves nothing but the encoder: a prior with parameters would be
  /// moved by it too.
  bool exact_div() const { return has_exact_div(model) && !prior_learns(model); }
};

}  // namespace nelbo::gradvar
