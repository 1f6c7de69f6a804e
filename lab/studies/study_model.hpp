#pragma once
#include <functional>

#include "autodiff/schedule.hpp"
#include "models/model.hpp"
#include "objectives/draw/auxiliary.hpp"
#include "objectives/draw/population.hpp"

namespace nelbo::gradvar {

/// What a study runs: a model at data, with the networks that were trained beside it. Both outlive
/// it.
struct StudyModel {
  const Model& model;
  Tensor x;  // [B, X + C], rows as the model is shown them, of the store's type
  const Auxiliaries* auxiliaries = nullptr;
  /// What the data come from.
  Population population = {};
  /// Where schedules stand.
  TrainingTime time = {};
  /// Puts the data of replicate r in the place of x, from several threads at once; empty where all
  /// replicates are of the same.
  std::function<void(const Tensor& x, std::uint64_t seed, std::uint64_t r)> anew = {};

  std::int64_t batch() const { return x.shape()[0]; }
};

/// The same with a tensor of its own for x.
inline StudyModel with_own_data(StudyModel model) {
  const Tensor x(model.x.shape(), model.x.dtype());
  x.copy_from(model.x);
  model.x = x;
  return model;
}

}  // namespace nelbo::gradvar
