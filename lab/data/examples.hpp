#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "autodiff/random_variables.hpp"
#include "autodiff/tensor.hpp"
#include "lab/data/binarize.hpp"
#include "lab/data/dataset.hpp"
#include "models/data_moments.hpp"
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// The examples of one split as a model sees them: float values [N, X], with the condition of each behind
/// them where the data set has one, made from the stored type
/// at every use, so that memory holds the stored type only. A view: the split must outlive it.
class Examples {
 public:
  enum class Role { train, valid, test };
  /// What a split of this name is for: train, valid, or else test.
  static Role role_of(const std::string& split);

  /// Throws Error if there are no examples, for a condition that one of them lacks, or if values outside [0, 1] are to be binarised.
  Examples(const data::Dataset& data, const data::Split& split, data::Binarize how, Role role,
           std::uint64_t seed);

  std::size_t count() const { return std::size_t(split_->images.count()); }        // N
  std::size_t features() const { return std::size_t(split_->images.features()); }  // X
  std::size_t shown() const { return features() + condition_.size(); }             // X + C
  const data::Split& split() const { return *split_; }
  /// x [B, X + C] = the examples `rows` and their conditions. `step` matters to dynamic binarisation of training examples
  /// only: a pixel's value depends on (seed, step, example, pixel), not on the batch it is in. Does
  /// not allocate.
  void fill(float* x, std::span<const std::uint32_t> rows, std::uint64_t step) const;
  /// The same without conditions: x [B, X].
  void fill_features(float* x, std::span<const std::uint32_t> rows, std::uint64_t step) const;
  /// From now on the model is told the labels that Condition::told names, and of other rows nothing; without
  /// it all labels are withheld (models/labels/labelled_posterior.hpp). Of the training split.
  void tell_labels();
  /// Hides a share of the entries, chosen by the seed, from all that follows: they are missing. Another
  /// seed hides others; the values that the rest have do not change.
  void hide(double share, std::uint64_t seed);
  /// B examples that the seed chooses, as at step 0: [B, X + C]. Throws Error if B is above count().
  Tensor some(std::size_t batch, std::uint64_t seed) const;
  /// x [B, X + C] = B others for each seed and replicate, no two the same, as at that step.
  void some_anew(const Tensor& x, std::uint64_t seed, std::uint64_t replicate) const;
  /// How the values that fill_features() writes come from those that are stored.
  const data::Scaling& scaling() const { return scaling_; }
  /// Mean and variance per feature over all examples that have it, in double; with dynamic binarisation over all
  /// binarisations too: the mean m of the grey values, and m (1 - m). And their extent.
  /// With the means of the likelihood's statistics(), where one is given. Throws Error for a feature that
  /// none has.
  DataMoments moments(const Likelihood* of = nullptr) const;
  /// What values fill_features() writes.
  Extent extent() const;
  /// Why `likelihood` is none of these examples, with their extent: empty where it is one.
  std::string unfit(const Likelihood* likelihood) const { return unfit(likelihood, extent()); }
  std::string unfit(const Likelihood* likelihood, const Extent& extent) const;

 private:
  Tensor statistics(const Likelihood& of, const Tensor& mean) const;
  void fill_some(const Tensor& x, const RandomVariable& variable, std::uint64_t seed,
                 std::uint64_t step) const;
  Extent grey_extent() const;
  Extent byte_extent() const;
  void fill_all(float* x, std::span<const std::uint32_t> rows, std::uint64_t step) const;
  void fill_grey(float* x, std::span<const std::uint32_t> rows) const;
  void fill_bernoulli_rows(float* x, std::span<const std::uint32_t> rows,
                           const RandomBlock& block) const;

  const data::Split* split_;
  std::string spec_;  // of the data set, for messages
  data::Scaling scaling_;
  const std::uint8_t* bytes_;  // [N, X] where the split is stored so, else null
  data::Binarize how_;
  Role role_;
  std::uint64_t seed_;
  void fill_condition(float* c, std::uint32_t row) const;

  data::Condition condition_;
  bool tells_labels_ = false;
  double hidden_ = 0;  // the share that hide() hides
  std::uint64_t hiding_seed_ = 0;
};

}  // namespace nelbo
