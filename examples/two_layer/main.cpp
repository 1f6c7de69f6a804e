// nelbo with a model from the ground up: the two stochastic layers of Burda, Grosse and Salakhutdinov (2016),
// which nelbo has as burda2 too (docs/hierarchies.md), written out:
//
//   Q   x -200-200-> z1 (100),  z1 -100-100-> z2 (50)
//   P   z2 ~ N(0, I),  z2 -100-100-> z1,  z1 -200-200-> x
//
// It is one whose code is z = [z1 z2], with the posterior Q(z1|x) Q(z2|z1) and the prior P(z1|z2) P0(z2): no
// bound and no gradient estimator asks for more.
//
//   ./two_layer train --data mnist/ --binarize dynamic --model two_layer --objective "iw(m=5)"
#include "apps/program.hpp"
#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/architectures/architecture.hpp"
#include "models/architectures/output.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/layers.hpp"

using namespace nelbo;
using Widths = std::vector<std::int64_t>;

constexpr std::int64_t first = 100, second = 50;  // numbers of z1 and z2
Var z1_of(Var z) { return slice(z, -1, 0, first); }
Var z2_of(Var z) { return slice(z, -1, first, first + second); }

/// A stochastic layer: two tanh layers, and the diagonal normal of what they give.
struct NormalLayer {
  NormalLayer(ParameterStore& store, const std::string& name, const std::string& group,
              std::int64_t inputs, std::int64_t width, std::int64_t outputs)
      : hidden(store, name, group, inputs, Widths{width, width}, Activation::tanh),
        mean(store, name + ".mean", group, width, outputs),
        log_variance(store, name + ".log_variance", group, width, outputs) {}
  DiagNormal operator()(Var input) const {
    const Var h = hidden(input);
    return {mean(h), log_variance(h)};
  }
  Mlp hidden;
  Linear mean, log_variance;
};

struct TwoLayerPosterior final : Posterior {
  TwoLayerPosterior(const DiagNormal& q1, const NormalLayer& q2) : q1(q1), q2(q2) {}
  std::string family() const override { return "two-layer"; }
  bool has_rsample() const override { return true; }
  PosteriorSample draw(Var noise) const override {
    const auto [z1, log_q1] = q1.rsample_log_prob(z1_of(noise));
    const auto [z2, log_q2] = q2(z1).rsample_log_prob(z2_of(noise));
    return {concatenate({z1, z2}, -1), log_q1 + log_q2};
  }
  Var log_prob(Var z) const override {
    return q1.log_prob(z1_of(z)) + q2(z1_of(z)).log_prob(z2_of(z));
  }
  Var expectation() const override { return concatenate({q1.mean, q2(q1.mean).mean}, -1); }
  DiagNormal q1;          // of z1 given x
  const NormalLayer& q2;  // of z2 given z1
};

struct TwoLayerPrior final : Prior {
  explicit TwoLayerPrior(const NormalLayer& p1) : p1(p1) {}
  std::string text() const override { return "two_layer"; }
  bool factorised() const override { return false; }
  Var log_prob(Var z) const override {
    return p1(z2_of(z)).log_prob(z1_of(z)) + standard_normal_log_prob(z2_of(z));
  }
  std::int64_t noise_dimensions() const override { return first + second; }
  Var sample(Var noise) const override {
    return stop(concatenate({p1(z2_of(noise)).rsample(z1_of(noise)), z2_of(noise)}, -1));
  }
  const NormalLayer& p1;  // of z1 given z2
};

class TwoLayer final : public Model {
 public:
  TwoLayer(const VaeConfig& config, const DataMoments& moments, ParameterStore& store)
      : store_(store),
        features_(config.example.size()),
        likelihood_(config.likelihood),
        q1_(store, "encoder.z1", "phi", features_, 200, first),
        q2_(store, "encoder.z2", "phi", first, 100, second),
        p1_(store, "prior.z1", "psi", second, 100, first),
        hidden_(store, "decoder", "theta", first, Widths{200, 200}, Activation::tanh),
        output_(decoder_output(store, 200, config, moments)) {
    if (auto own = likelihood_->declared(store, features_, moments)) likelihood_ = own;
  }
  const ParameterStore& store() const override { return store_; }
  CodeSpace codes() const override { return {CodeSpace::Kind::continuous, first + second}; }
  std::int64_t features() const override { return features_; }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override {
    return std::make_shared<TwoLayerPosterior>(q1_(batch.x), q2_);
  }
  std::shared_ptr<const Prior> prior(std::optional<Var>) const override {
    return std::make_shared<TwoLayerPrior>(p1_);
  }
  const Likelihood* likelihood() const override { return likelihood_.get(); }
  Var decode(Var z, std::optional<Var>) const override { return output_(hidden_(z1_of(z))); }

 private:
  const ParameterStore& store_;
  std::int64_t features_;
  std::shared_ptr<const Likelihood> likelihood_;
  NormalLayer q1_, q2_, p1_;
  Mlp hidden_;
  Linear output_;
};

int main(int argc, char** argv) {
  architectures().add(
      {.name = "two_layer",
       .summary = "two stochastic layers, X-200-200-100-100-100-50; Burda et al. (2016)",
       .latent = first + second,
       .model = [](const VaeConfig& config, const DataMoments& moments, ParameterStore& store) {
         if (config.latent != first + second)
           throw Error("model two_layer: has 150 latent variables");
         return std::make_unique<TwoLayer>(config, moments, store);
       }});
  return run_program(argc, argv);
}
