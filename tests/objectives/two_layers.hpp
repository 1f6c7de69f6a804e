#pragma once
// A model of two stochastic layers, in double, whose code is [z1 z2]:
//   Q   z1 ~ N(x W + c, diag exp s), z2 | z1 ~ N(z1 U + u, diag exp(z1 R + r))
//   P   z2 ~ N(0, I), z1 | z2 ~ N(z2 V, I), x ~ N(z1 A, I)
#include <cmath>
#include <memory>
#include <optional>

#include "autodiff/ops.hpp"
#include "models/distributions.hpp"
#include "models/init.hpp"
#include "models/likelihoods/normal_likelihood.hpp"
#include "models/model.hpp"

namespace nelbo::tests {

class TwoLayers final : public Model {
 public:
  static constexpr std::int64_t X = 3, L = 2;  // of data, and of each layer

  /// `z1_stopped`: wrong, for where layer 2's density reads z1 no gradient passes.
  explicit TwoLayers(ParameterStore& store, bool z1_stopped = false)
      : store_(&store), z1_stopped_(z1_stopped) {
    int number = 0;
    const auto add = [&](const char* name, const char* group, const Shape& shape) {
      Tensor start(shape, DType::f64);
      for (std::int64_t i = 0; i < start.size(); ++i) {
        start.data_as<double>()[i] = 0.7 * std::sin(1.7 * double(i) + ++number);
      }
      return store.add(name, group, shape, constant(start));
    };
    first_weight_ = add("first.weight", "phi", {X, L});
    first_bias_ = add("first.bias", "phi", {L});
    first_log_variance_ = add("first.log_variance", "phi", {L});
    second_weight_ = add("second.weight", "phi", {L, 2 * L});
    second_bias_ = add("second.bias", "phi", {2 * L});
    prior_ = add("prior.weight", "psi", {L, L});
    decoder_ = add("decoder.weight", "theta", {L, X});
  }

  /// Wrong where it is there: a gate of its own on what layer 2 sees of z1, [S, B].
  std::optional<Var> gate_between;

  const ParameterStore& store() const override { return *store_; }
  CodeSpace codes() const override { return {CodeSpace::Kind::continuous, 2 * L}; }
  std::int64_t features() const override { return X; }
  const Likelihood* likelihood() const override { return &likelihood_; }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override {
    const DiagNormal first{matmul(batch.x, parameter(first_weight_)) + parameter(first_bias_),
                           parameter(first_log_variance_)};
    return std::make_shared<Joint>(first, parameter(second_weight_), parameter(second_bias_),
                                   z1_stopped_, gate_between);
  }
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var>) const override {
    return std::make_shared<JointPrior>(parameter(prior_));
  }
  using Model::decode;
  Var decode(Var z, std::optional<Var>) const override {
    return matmul(layer(z, 0), parameter(decoder_));
  }

 private:
  static Var layer(Var z, std::int64_t i) { return slice(z, -1, i * L, (i + 1) * L); }
  Var parameter(ParameterId id) const { return Tape::current().parameter(*store_, id); }

  class Joint final : public Posterior {
   public:
    Joint(const DiagNormal& first, Var weight, Var bias, bool z1_stopped,
          std::optional<Var> gate_between)
        : first_(first),
          weight_(weight),
          bias_(bias),
          z1_stopped_(z1_stopped),
          gate_between_(gate_between) {}
    std::string family() const override { return "two_layers"; }
    bool has_rsample() const override { return true; }
    PosteriorSample draw(Var noise) const override {
      const auto [z1, log_q1] = first_.rsample_log_prob(layer(noise, 0));
      const Var seen = gate_between_ ? gate(z1, *gate_between_) : z1;
      const auto [z2, log_q2] = second(seen).rsample_log_prob(layer(noise, 1));
      const Var wrong = z1_stopped_ ? second(stop(z1)).log_prob(z2) : log_q2;
      return {concatenate({z1, z2}, -1), log_q1 + wrong};
    }
    Var log_prob(Var z) const override {
      return first_.log_prob(layer(z, 0)) + second(layer(z, 0)).log_prob(layer(z, 1));
    }
    Var expectation() const override {
      return concatenate({first_.mean, second(first_.mean).mean}, -1);
    }

   private:
    DiagNormal second(Var z1) const {
      const Var both = matmul(z1, weight_) + bias_;
      return {layer(both, 0), layer(both, 1)};
    }
    DiagNormal first_;
    Var weight_, bias_;
    bool z1_stopped_;
    std::optional<Var> gate_between_;
  };

  class JointPrior final : public Prior {
   public:
    explicit JointPrior(Var weight) : weight_(weight) {}
    std::string text() const override { return "two_layers"; }
    bool factorised() const override { return false; }
    Var log_prob(Var z) const override {
      return StandardNormal{L, DType::f64}.log_prob(layer(z, 1)) +
             unit_normal(matmul(layer(z, 1), weight_)).log_prob(layer(z, 0));
    }
    std::int64_t noise_dimensions() const override { return 2 * L; }
    Var sample(Var noise) const override {
      const Var z2 = layer(noise, 1);
      return stop(concatenate({matmul(z2, weight_) + layer(noise, 0), z2}, -1));
    }

   private:
    Var weight_;
  };

  const ParameterStore* store_;
  bool z1_stopped_;
  NormalLikelihood likelihood_;
  ParameterId first_weight_, first_bias_, first_log_variance_, second_weight_, second_bias_, prior_,
      decoder_;
};

}  // namespace nelbo::tests
