#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/model.hpp"

namespace nelbo {

struct DiscreteConfig {
  std::int64_t data = 3;                        // N
  CodeSpace codes{CodeSpace::Kind::binary, 2};  // of L variables
  std::uint64_t seed = 0;                       // of the parameters
};

/// A world of finite tables that can be differentiated: the data are 0 .. N - 1, a code is one of C
/// = K^L, and every expectation over codes is a finite sum. Parameters start at random:
///   phi    encoder.logits [N, L] of binary codes, [N, L K] of one-hot rows
///   theta  decoder.logits [C, N], of P(x|z); prior.logits [C], of P0(z)
/// Codes count with their first variable fastest. Between the codes log P(x|z) and log P0(z) go on
/// as polynomials that are linear in each variable.
class DiscreteModel final : public Model {
 public:
  /// Declares the parameters; freeze the store before recording. The store must outlive the model.
  /// Throws Error for continuous codes, fewer than one datum or variable, and more than 4096 codes.
  DiscreteModel(ParameterStore& store, const DiscreteConfig& config = {});

  const DiscreteConfig& config() const { return config_; }
  /// C.
  std::int64_t number_of_codes() const { return number_of_codes_; }
  /// Every code, [C, D].
  Tensor all_codes() const;
  /// All data as one-hot rows, [N, N], of the store's type.
  Tensor data() const;

  const ParameterStore& store() const override { return *store_; }
  CodeSpace codes() const override { return config_.codes; }
  std::int64_t features() const override { return config_.data; }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  Var log_likelihood(Var z, const Batch& batch) const override;
  Var log_joint(Var z, const Batch& batch) const override;

 private:
  DiscreteConfig config_;
  std::int64_t number_of_codes_;
  const ParameterStore* store_;
  ParameterId encoder_, decoder_, prior_;
};

}  // namespace nelbo
