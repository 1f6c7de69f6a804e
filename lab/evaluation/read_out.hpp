#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "lab/evaluation/inference.hpp"
#include "models/model.hpp"

namespace nelbo {

/// Whether float32 tells codes from the means of these posteriors: whether its rounding of every mean is
/// below 1/1000 of the standard deviation.
bool float_carries(const Encoded& posteriors);

/// Throws Error naming the first posterior that is too narrow beside its mean for float64: whose rounding is
/// above 1/100 of a standard deviation that is not 0.
void check_double_carries(const Encoded& posteriors);

/// x converted to `dtype`. For tapes without gradients.
Var converted(Var x, DType dtype);

/// A float32 model whose diagonal normal posteriors are read out in float64: codes, their densities and
/// what is made of both are float64, while networks, prior and likelihood compute in float32 as they are.
/// Posteriors come as Batch::condition, [mean, log-variance] of each datum, [B, 2 D], f64: the encoder would
/// find others in another batch, by rounding. The model outlives it.
class ReadOut final : public Model {
 public:
  explicit ReadOut(const Model& model) : model_(model) {}

  /// What is shown of data whose posteriors are [B, 2 D], f64: x, and behind the posteriors the condition.
  static Batch batch_of(const Batch& shown, Var posteriors);
  /// The rows of a table [N, D] of posteriors as conditions.
  static void fill_conditions(const Tensor& conditions, const Encoded& posteriors,
                              std::span<const std::uint32_t> rows);

  const ParameterStore& store() const override { return model_.store(); }
  CodeSpace codes() const override { return model_.codes(); }
  std::int64_t features() const override { return model_.features(); }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  Var log_likelihood(Var z, const Batch& batch) const override;

 private:
  /// The model's own condition; nothing where it takes none.
  std::optional<Var> own_condition(std::optional<Var> condition) const;

  const Model& model_;
};

}  // namespace nelbo
