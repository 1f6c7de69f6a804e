#pragma once
#include <cstdint>
#include <memory>

#include "models/distributions/categorical.hpp"
#include "models/posteriors/posterior.hpp"

namespace nelbo {

// What is known of a datum's label c, one of K classes, is a row of K numbers:
//   e_k   it is class k, and the model is told
//   -e_k  it is class k, and the model is not told: what is withheld is for scoring alone
//   0     nobody knows

/// The labels that the model is told, of rows [B, K]: e_k, or 0.
Var told_labels(Var rows);
/// The labels that are known, told or not: e_k, or 0.
Var known_labels(Var rows);
/// [.., B, K]: the label that a row of `told` [B, K] holds, and where it holds none that of `labels`
/// [.., B, K].
Var told_or(Var told, Var labels);

/// Q(z, c|x) = Q(c|x) Q(z|x, c) of codes [z c], z of L numbers and c a one-hot row of K: Kingma et al.
/// (2014), "Semi-supervised learning with deep generative models", eq. (4). Of a datum whose label the
/// model is told Q(c|x) is 1 there.
class LabelledPosterior final : public Posterior {
 public:
  /// Q(c|x) as a classifier's logits [B, K]; what the model is told, [B, K]; and Q(z|x, c) of every datum
  /// with every label, row k B + b of [K B, L] being datum b with label k, reparameterised.
  LabelledPosterior(Var logits, Var told, std::shared_ptr<const Posterior> of_each_label);

  std::string family() const override { return "labelled"; }
  bool has_rsample() const override { return false; }
  std::string instead_of_normal() const override { return "choose a model that infers no labels"; }
  PosteriorSample draw(Var noise) const override;
  Var log_prob(Var z) const override;
  /// sum_c Q(c|x) E[z|x, c], and Q(c|x).
  Var expectation() const override;
  /// The most probable label, and E[z|x, c] of it.
  Var mode() const override;
  const LabelledPosterior* labelled() const override { return this; }

  /// Codes [S K, B, L + K] with every label, z of each a reparameterised sample, and weights [S K, B]: the
  /// expectation of f over Q(z, c|x) is the sum of weight f(z, c), exact in c.
  struct EveryLabel {
    PosteriorSample codes;
    Var weights;
  };
  EveryLabel every_label(Var noise) const;

  /// log Q(c|x) as the classifier has it, whatever the model is told: [B, K], nats.
  Var classifier() const { return classifier_; }
  /// The class that the classifier finds the most probable, one-hot, [B, K].
  Var most_probable_label() const;
  /// Q(c|x), and its logarithm with 0 for the labels that are told: [B, K].
  Var label_probabilities() const { return probabilities_; }
  Var label_log_probabilities() const { return log_probabilities_; }
  /// Q(z|x, c), as the constructor has it.
  const Posterior& of_each_label() const { return *of_each_label_; }

 private:
  std::int64_t data() const { return classifier_.shape()[0]; }
  std::int64_t classes() const { return classifier_.shape()[1]; }
  /// Of values [S, K B, ..] of every datum with every label those of the labels c [S or 1, B, K], [S, B, ..].
  Var of_label(Var values, Var c) const;

  Categorical label_;  // [B, 1, K]
  Var told_, classifier_, probabilities_, log_probabilities_;
  std::shared_ptr<const Posterior> of_each_label_;
};

/// x [B, ..] once for every label: [K B, ..], row k B + b being x_b.
Var with_every_label(Var x, std::int64_t classes);
/// The labels of such rows, one-hot: [K B, K].
Var every_label(std::int64_t batch, std::int64_t classes, DType dtype);
/// One-hot rows [S, B, K] of a label, sampled from standard normal noise [S, B, 2].
Var sampled_label(const Categorical& label, Var noise);

}  // namespace nelbo
