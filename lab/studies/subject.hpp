#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lab/studies/replicates.hpp"
#include "lab/studies/study_model.hpp"
#include "models/worlds/linear_gaussian_model.hpp"

namespace nelbo::gradvar {

/// What a study is of, and what theory says about it.
struct Subject {
  std::string name;
  StudyModel model;
  std::shared_ptr<const void> owner;  // of what the model refers to
  /// Sets row.exact or row.asymptote where something is known of an estimator on a cell.
  std::function<void(const StudyCell&, const EstimatorChoice&, Row&)> add_theory =
      [](const StudyCell&, const EstimatorChoice&, Row&) {};
};

/// The toy of Rainforth et al. (2018), one datum. Theory: rainforth_theory.hpp.
Subject rainforth_subject();
/// The golden linear-Gaussian world at B data drawn by the seed. Theory of the ELBO's gradients:
/// linear_gaussian_theory.hpp. `anew`: each replicate draws B data of its own, and no theory is
/// known.
Subject linear_gaussian_subject(std::int64_t batch, std::uint64_t seed, bool anew = false);
/// StudyModel::anew: data of the world, fresh for each replicate. The model must outlive it.
std::function<void(const Tensor& x, std::uint64_t seed, std::uint64_t r)> fresh_data(
    const LinearGaussianModel& model);

/// The discrete world of 3 data and 4 Bernoulli codes, at all its data. Theory:
/// discrete_theory.hpp.
Subject discrete_subject();

/// d log SNR / d log m or k as m or k grows (Rainforth et al. 2018, theorem 1; Tucker et al. 2018):
/// nothing where no theorem is known.
std::optional<double> slope_theory(const Slope& slope);

}  // namespace nelbo::gradvar
