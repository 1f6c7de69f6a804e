#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "lab/studies/replicate_source.hpp"
#include "lab/studies/study_model.hpp"
#include "lab/training/recorded_batch.hpp"

namespace nelbo::gradvar {

/// The gradients of an objective by several estimators, from the code that trains: a RecordedBatch
/// of each. They are of the objective as it is written: of a cost, which training follows down, and
/// of a gain, which it follows up.
class ObjectiveDraw final : public ReplicateSource {
 public:
  /// Model must outlive it. Throws Error where the objective or an estimator of its bounds is not
  /// defined for the model.
  ObjectiveDraw(const StudyModel& model, const Term& objective,
                const std::vector<EstimatorChoice>& estimators);

  void replicate(const DrawVariables& of, std::uint64_t seed, std::uint64_t r) override;
  /// 0 for an objective that holds no bound.
  double value() const override { return value_; }
  void set_mean_baseline(double mean) override;

  const Tensor& encoder_gradient(std::size_t i) const override {
    return parts_[i].gradient.buffer();
  }
  const Tensor& decoder_gradient(std::size_t weights) const override {
    return parts_[weights].gradient.buffer();
  }
  std::size_t decoder_weights_of(std::size_t i) const override { return parts_[i].decoder; }
  double seconds_of(std::size_t i) const override { return parts_[i].seconds; }

 private:
  /// One estimator.
  struct Part {
    explicit Part(const ParameterStore& store) : gradient(store) {}

    Auxiliaries auxiliaries;
    std::optional<Var> mean_baseline;  // a leaf, [1]
    std::optional<RecordedBatch> batch;
    GradientSink gradient;
    std::vector<GradientSink> others;  // of further parts of the cost
    std::size_t decoder = 0;           // the first estimator that treats the decoder alike
    double seconds = 0;
  };
  void record(Part& part, const Term& objective, const EstimatorChoice& estimators);

  StudyModel model_;
  bool gain_;
  std::vector<std::uint32_t> rows_;  // 0 .. B - 1: noise goes by the place in the batch
  std::deque<Part> parts_;
  std::optional<std::size_t> bound_;  // its place among the objective's quantities
  double value_ = 0;
};

}  // namespace nelbo::gradvar
