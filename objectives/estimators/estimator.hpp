#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "objectives/bounds/bound.hpp"

namespace nelbo {

/// A gradient estimator: how the samples of one datum are weighted in the gradient of a bound. With
/// log-weights f_s = log P(x|z_s) + log P0(z_s) - log Q(z_s|x), the gradient of E L(f_1 .. f_S) is
///
///   theta, psi:  sum_s decoder_s grad (log P(x|z_s) + log P0(z_s))
///   phi:         sum_s path_s d/dz [log P(x|z_s) + log P0(z_s) - log Q(z_s|x)] dz_s/dphi
///              + sum_s score_s grad_phi log Q(z|x) at z = z_s,
///
/// where d/dz holds Q's parameters still. An immutable value, whose copies share one object. The
/// value that is reported never depends on the estimator.
///
///   const Estimator estimator = estimators::dreg();
class Estimator {
 public:
  /// One datum's draw, S = bound.samples(): the bound's value L and derivatives.
  struct Datum {
    const Bound& bound;
    std::span<const double> f;  // log-weights, nats
    std::span<const double> a;  // dL/df_s
    std::span<const double> h;  // d2L/df_s^2
    double value;               // L, nats
    double baseline;            // what does not depend on the samples; 0 where there is none
  };
  /// What an estimator writes, S numbers each. Given to it as decoder = a, path = score = 0.
  struct Weights {
    double value;  // reported, nats; given as L
    std::span<double> decoder, path, score;
    std::span<double> scratch;  // 4 S numbers for whatever it computes on the way
  };
  /// Called from several threads at once; may neither throw nor allocate.
  using Function = std::function<void(const Datum&, Weights&)>;

  /// Which weights the path derivative of z has.
  enum class Path {
    none,     // 0: samples are only compared, and may be discrete
    decoder,  // those of the decoder
    own       // others
  };
  /// What the direct derivative of log Q in its parameters has.
  enum class Score {
    total,  // -path: log Q is differentiated as a whole
    own     // whatever is written to score
  };
  enum class Baseline { none, mean, learned };
  /// The codes at which the bound is differentiated.
  enum class Codes {
    samples,           // the samples; of discrete ones only log Q moves
    straight_through,  // the samples, whose derivative goes on to relaxed ones of the same noise
    relaxed,  // those relaxed ones, for every group: the samples give no more than the value
    pairs,    // antithetic pairs of binary samples; `score` weights their flips, not log Q
    all       // every code, times its probability: value and gradient are the exact ELBO's
  };

  struct Properties {
    std::string text;     // as it is written: "vimco(geometric)"
    std::string formula;  // its weights: "path a_s - h_s, score 0"
    std::string meaning;  // half a line for people
    std::string source;   // paper
    Path path = Path::none;
    Score score = Score::own;
    Baseline baseline = Baseline::none;
    Codes codes = Codes::samples;
    double temperature = 0;      // of relaxed codes
    bool independent = true;     // needs samples that are independent of each other
    bool other_decoder = false;  // writes decoder weights, and the value that belongs to them
    bool exact_div = false;      // takes Div in closed form, out of the expectation
    double sleep = 0;            // share of sleep-phi in the gradient of phi
    /// Why it is not defined for a bound; empty where it is.
    std::function<std::string(const Bound&)> undefined = [](const Bound&) { return std::string(); };
    /// What its expectation for phi is, where that is not the gradient of E L; empty where it is.
    std::function<std::string(const Bound&)> bias = [](const Bound&) { return std::string(); };
  };

  Estimator(Properties properties, Function function);

  const Properties& properties() const { return node_->properties; }
  const std::string& text() const { return node_->properties.text; }
  /// Throws Error naming estimator and bound where it is not defined.
  void check(const Bound& bound) const;
  bool unbiased(const Bound& bound) const { return node_->properties.bias(bound).empty(); }
  /// Whether that of theta is. The decoder's weights are the bound's derivatives at its samples
  /// but for these.
  bool unbiased_for_decoder() const {
    return !node_->properties.other_decoder && node_->properties.codes != Codes::relaxed;
  }
  /// Whether all is differentiated elsewhere than at the samples: there are no weights then.
  bool elsewhere() const {
    return node_->properties.codes == Codes::relaxed || node_->properties.codes == Codes::all;
  }

  /// The weights of one datum. All spans have the lengths said above.
  void operator()(const Datum& datum, Weights& weights) const;

 private:
  struct Node {
    Properties properties;
    Function function;
  };
  std::shared_ptr<const Node> node_;
};

}  // namespace nelbo
