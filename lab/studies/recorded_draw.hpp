#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "autodiff/coupled_noise.hpp"
#include "autodiff/parameters.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/studies/replicate_source.hpp"
#include "lab/studies/study_model.hpp"
#include "lab/studies/whole_draw.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/choice.hpp"

namespace nelbo::gradvar {

/// One draw of S samples per datum, recorded once and replayed with new noise, and the gradients of
/// the mean bound over the data by several estimators. It is cut at z: one sweep through the
/// decoder, seeded with ones, serves all estimators that differentiate through z, and each then has
/// a sweep of its own through the encoder only. The decoder's own parameters have one sweep for
/// each different set of decoder weights. Estimators that do not weight the samples have a recording of
/// their own, of the same noise. Nothing is allocated after the first replicate.
class RecordedDraw final : public ReplicateSource {
 public:
  /// Model must outlive it. Estimators must be defined for the bound and have what they need
  /// (study_cells.hpp says why not).
  RecordedDraw(const StudyModel& model, const Bound& bound,
               const std::vector<EstimatorChoice>& estimators, Coupling coupling);
  RecordedDraw(const RecordedDraw&) = delete;
  RecordedDraw& operator=(const RecordedDraw&) = delete;

  void replicate(const DrawVariables& of, std::uint64_t seed, std::uint64_t r) override;
  double value() const override { return value_; }
  void set_mean_baseline(double mean) override { mean_baseline_ = mean; }

  /// 0 outside phi.
  const Tensor& encoder_gradient(std::size_t i) const override {
    return parts_[i].whole ? parts_[i].whole->gradient() : encoder_sinks_[i].buffer();
  }
  const Tensor& decoder_gradient(std::size_t weights) const override {
    const std::size_t own = decoder_sinks_.size();
    return weights < own ? decoder_sinks_[weights].buffer() : wholes_[weights - own].gradient();
  }
  std::size_t decoder_weights_of(std::size_t i) const override { return parts_[i].decoder; }

  double seconds_of(std::size_t i) const override;
  /// Sweeps through the decoder made so far: for z, and for the decoder's parameters.
  std::uint64_t sweeps_for_z() const { return sweeps_for_z_; }
  std::uint64_t sweeps_for_decoder() const { return sweeps_for_decoder_; }

 private:
  /// What an estimator weights besides the path, and its weights in the mean over the data.
  struct Aside {
    WeightedRule::Direct of;
    Tensor weights;  // [S, B] or [1, B], as of.x
  };
  struct Part {
    EstimatorChoice estimators;
    std::size_t decoder = 0;   // number of its decoder weights
    Tensor path, minus_path;   // [S, B], of the mean over the data
    std::vector<Aside> aside;  // what else moves phi
    double seconds = 0;
    WholeDraw* whole = nullptr;  // where phi's gradient comes from it
    WholeDraw* decoder_whole = nullptr;
  };
  WholeDraw& whole_of(const Estimator& estimator);
  class Laps;
  template <class T>
  void weigh(Laps& laps);
  void sweep(Part& part, GradientSink& sink);
  void record();
  void record_encoder();
  /// The data of replicate r, where each has its own.
  void take_data(std::uint64_t seed, std::uint64_t r);
  void find_baseline();
  void fill(const DrawVariables& of, std::uint64_t seed, std::uint64_t r);

  StudyModel model_;
  Bound bound_;
  Coupling coupling_;
  std::int64_t samples_, batch_;
  std::vector<std::uint32_t> rows_;  // 0 .. B - 1: noise goes by the place in the batch
  DType dtype_;
  double mean_baseline_ = 0;
  std::vector<double> baseline_;  // [B], of the trained baseline

  Tape encoder_{{.mode = Tape::Mode::replay}};
  Var x_, noise_;
  std::optional<Draw> draw_;
  Var path_, gated_z_;  // [S, B]; z, whose cotangent is multiplied by path
  Tape decoder_{{.mode = Tape::Mode::replay}};
  Var x_of_decoder_, z_leaf_, log_p_;

  std::deque<Part> parts_;
  std::deque<WholeDraw> wholes_;
  std::vector<std::string> whole_names_;
  std::vector<Tensor> decoder_weights_;  // [S, B] each
  std::deque<GradientSink> encoder_sinks_, decoder_sinks_;
  Tensor ones_, dz_;
  std::vector<double> scratch_;
  std::vector<Root> roots_;
  bool needs_path_ = false;
  double value_ = 0;
  double seconds_forward_ = 0, seconds_for_z_ = 0;
  std::vector<double> seconds_for_decoder_;
  std::uint64_t sweeps_for_z_ = 0, sweeps_for_decoder_ = 0;
};

}  // namespace nelbo::gradvar
