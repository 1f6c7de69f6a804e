#pragma once
#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "lab/studies/study_model.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/estimators/estimator.hpp"

namespace nelbo::gradvar {

/// A draw of an estimator whose gradient does not come from weights of the samples: recorded in one piece
/// from data to bound.
class WholeDraw {
 public:
  /// Model must outlive it; the estimator is defined for the bound and fits the model.
  WholeDraw(const StudyModel& model, const Bound& bound, const Estimator& estimator);

  /// The data, [B, X], which may be filled anew.
  Tensor x() const { return tape_.data(x_); }
  /// The gradient of the mean bound over the data with noise [S, B, D].
  void replicate(const Tensor& noise);
  /// Of all groups, as a buffer of the store's layout.
  const Tensor& gradient() const { return sink_.buffer(); }
  /// Of all replicates so far.
  double seconds() const { return seconds_; }

 private:
  Tape tape_{{.mode = Tape::Mode::replay}};
  Var x_, noise_, value_;
  Groups encoder_;  // which have a pass of their own unless one_sweep_
  bool one_sweep_;
  GradientSink sink_, of_encoder_;
  double seconds_ = 0;
};

}  // namespace nelbo::gradvar
