#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lab/studies/replicates.hpp"

namespace nelbo {
class Trainer;
}

namespace nelbo::gradvar {

/// The signal-to-noise ratio of a training's gradients, by 128 replicates at 20 training examples
/// that the seed chose: the same examples and noise each time, so that differences are the model's.
class TrainingSnr {
 public:
  static constexpr std::uint64_t replicates = 128;
  static constexpr std::size_t examples = 20;

  /// `trainer` must outlive it. Throws Error unless the objective is a bound, or `elbo`, whose Div
  /// is in closed form.
  explicit TrainingSnr(const Trainer& trainer);

  /// A row for theta and for phi, and for psi where there is one, with the parameters as they are.
  std::vector<Row> measure() const;

 private:
  const Trainer& trainer_;
  StudyModel model_;
  StudyCell cell_;
};

}  // namespace nelbo::gradvar
