#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "autodiff/schedule.hpp"
#include "autodiff/tape.hpp"
#include "models/model.hpp"
#include "objectives/draw/auxiliary.hpp"
#include "objectives/draw/codes.hpp"
#include "objectives/draw/estimation.hpp"
#include "objectives/draw/input.hpp"
#include "objectives/draw/key.hpp"
#include "objectives/draw/population.hpp"

namespace nelbo {

/// One pass encoder -> z -> decoder of a batch, with S samples per datum: what was drawn, a memo of what
/// was computed from it, and the inputs that a replay fills. Each leaf density is evaluated once, at
/// its first use, however many terms use it. What else is made of a draw: aggregate.hpp,
/// estimate_bound.hpp.
class Draw {
 public:
  /// batch.x [B, X]: the data; noise [S, B, D]: what samples of the posterior are made of, as fill_noise(model.codes(), ..) fills
  /// it, with the estimators' coupling. The model outlives the draw. Throws Error if
  /// the shapes do not fit the model.
  Draw(const Model& model, const Batch& batch, Var noise, Population population = {},
       const Auxiliaries* auxiliaries = nullptr,
       std::shared_ptr<const Estimation> estimation = nullptr);
  Draw(const Draw&) = delete;
  Draw& operator=(const Draw&) = delete;

  std::int64_t samples() const { return noise_.shape()[0]; }
  std::int64_t batch() const { return noise_.shape()[1]; }
  /// D, the numbers of a code.
  std::int64_t latent() const { return noise_.shape()[2]; }
  DType dtype() const { return noise_.dtype(); }
  const Model& model() const { return model_; }
  const Population& population() const { return population_; }

  // What was drawn
  // ------------------------------------------------------------------------------------------
  const Batch& data() const { return data_; }
  /// [B, X].
  Var x() const { return data_.x; }
  Var noise() const { return noise_; }
  /// Q(Z|x).
  const Posterior& posterior() const { return *posterior_; }
  /// P0(Z).
  const Prior& prior();
  /// E_Q of a quantity of each code: its values at the samples, [S, B], whose mean over them estimates it,
  /// or [B] where the estimator sums over all codes. Its gradient is that of the expectation, also where
  /// no gradient passes through the samples: of a discrete posterior value - baseline then weights
  /// grad log Q, the baseline the mean of the other samples' values (none of one sample; Kool et al. 2019).
  /// What is made of it may be added up and averaged; another function's gradient is its slope times this.
  ///
  ///   draw.expectation([](Codes& codes) { return sum(abs(codes.z()), -1); })
  Var expectation(const PerCode& of);

  // The samples and what the model says of them, as codes.hpp says. Of a posterior without reparameterised
  // samples a gradient for the encoder's groups of anything that is made of these would miss how it moves
  // the samples: a backward pass for those throws Error. expectation() and the bounds have it.
  // ------------------------------------------------------------------------------------------
  /// Samples of Q(Z|x), [S, B, D].
  Var z() { return severed(codes().z()); }
  /// The same for a quantity `what` whose gradient has to pass through them: throws Error where none does.
  Var z(const std::string& what);
  Var decoded() { return severed(codes().decoded()); }
  Var log_likelihood() { return severed(codes().log_likelihood()); }
  Var log_prior() { return severed(codes().log_prior()); }
  Var log_prior_marginals() { return severed(codes().log_prior_marginals()); }
  /// Of normal posteriors from the noise, not from a difference of near-equal numbers.
  Var log_posterior() { return severed(codes().log_posterior()); }
  Var log_weights() { return severed(codes().log_weights()); }
  /// KL(Q(Z|x) || P0) in closed form, [B], nats; Zheng eq. (16). Throws Error where there is none.
  Var kl();
  /// One sample of the prior for every datum, [B, D].
  Var prior_sample();

  // Memo
  // ------------------------------------------------------------------------------------------
  /// The value with this key, computed at the first call.
  Var once(const Key& key, const std::function<Var()>& compute);
  /// The same for an object's own value. The draw keeps the object alive, or a later one could be
  /// made at its address.
  Var once(const std::shared_ptr<const void>& key, const std::function<Var()>& compute);

  // Inputs, filled at each replay, in the order in which they were asked for
  // ------------------------------------------------------------------------------------------
  /// A leaf of the draw's type, or another, that `fill` fills; one for each key.
  Var input(const Key& key, const Shape& shape,
            std::function<void(const Tensor& data, const Moment& moment)> fill,
            std::optional<DType> dtype = {});
  /// Random numbers of a term's own, [R, K], fresh at each step. Equal names give equal numbers, whatever
  /// else is drawn. Throws Error for a name whose place another has, or that was given to numbers of
  /// another shape or kind.
  Var noise(const std::string& name, std::int64_t rows, std::int64_t numbers,
            Noise kind = Noise::normal);
  /// The same for every datum, [B, K], wherever in a batch it stands.
  Var noise_of_data(const std::string& name, std::int64_t numbers, Noise kind = Noise::normal);
  /// A number that changes by step, rank 0.
  Var scheduled(const Schedule& schedule);
  const std::vector<Input>& inputs() const { return inputs_; }
  void fill(const Moment& moment) const;

  // Networks that learn beside the model
  // ------------------------------------------------------------------------------------------
  /// The auxiliary network of a group. Throws Error saying that `what` needs it where the draw has none.
  const Layer& network(const std::string& group, const std::string& what) const;
  /// Says what it learns from: rank 0, of which it alone is moved.
  void learn(const std::string& group, Var loss);
  const std::map<std::string, Var>& losses() const { return losses_; }

  // For what estimates gradients (estimate_bound.hpp, estimators/)
  // ------------------------------------------------------------------------------------------
  const Estimation* estimation() const { return estimation_.get(); }
  /// The samples, without the guard of the above.
  Codes& codes();
  /// Other codes of the same data, [S', B, D], one for each key.
  Codes& codes(const Key& key, const std::function<Var()>& z);
  /// The same of codes with their log Q(z|x).
  Codes& codes_of(const Key& key, const std::function<PosteriorSample()>& sample);
  /// Multiplies row (s, b) of the cotangent that the model's densities give to z; [S, B], none where
  /// nothing does.
  const std::optional<Var>& gate() const { return gate_; }

 private:
  Var severed(Var of_samples);
  Var own_noise(const std::string& name, const Shape& shape, Noise kind, bool of_data);

  const Model& model_;
  const Auxiliaries* auxiliaries_;
  std::shared_ptr<const Estimation> estimation_;
  Batch data_;
  Var noise_;
  Population population_;
  std::shared_ptr<const Posterior> posterior_;
  std::shared_ptr<const Prior> prior_;
  std::optional<Codes> codes_;
  std::map<std::string, Codes> other_codes_;
  std::optional<Var> gate_;
  std::vector<Input> inputs_;
  struct OwnNoise {
    std::string name;
    Shape shape;
    Noise kind;
    bool of_data;
  };
  std::map<std::size_t, OwnNoise> own_noise_;  // by the name's place among the variables
  std::map<std::string, Var> losses_;
  std::map<std::string, Var> named_;
  std::unordered_map<std::shared_ptr<const void>, Var> objects_;
};

}  // namespace nelbo
