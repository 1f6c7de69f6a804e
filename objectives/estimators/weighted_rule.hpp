#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "objectives/draw/code_block.hpp"
#include "objectives/estimators/gradient_rule.hpp"

namespace nelbo {

/// A rule that weights the samples of each datum. With log-weights
/// f_s = log P(x|z_s) + log P0(z_s) - log Q(z_s|x), the gradient of E L(f_1 .. f_S) is
///
///   theta, psi:  sum_s decoder_s grad (log P(x|z_s) + log P0(z_s))
///   phi:         sum_s path_s d/dz [log P(x|z_s) + log P0(z_s) - log Q(z_s|x)] dz_s/dphi
///              + sum_s score_s grad_phi log Q(z|x) at z = z_s,
///
/// where d/dz holds Q's parameters still.
class WeightedRule : public GradientRule {
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
  /// What it writes, S numbers each. Given to it as decoder = a, path = score = 0.
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

  struct Properties {
    std::string text;     // as it is written: "vimco(geometric)"
    std::string formula;  // its weights: "path a_s - h_s, score 0"
    std::string meaning;  // half a line for people
    std::string source;   // paper
    Path path = Path::none;
    Score score = Score::own;
    Baseline baseline = Baseline::none;
    bool independent = true;       // needs samples that are independent of each other
    bool other_decoder = false;    // writes decoder weights, and the value that belongs to them
    bool of_expectations = false;  // expectation() is what its name says
    /// Why it is not defined for a bound; empty where it is.
    std::function<std::string(const Bound&)> undefined = [](const Bound&) { return std::string(); };
    /// What its expectation for phi is, where that is not the gradient of E L; empty where it is.
    std::function<std::string(const Bound&)> bias = [](const Bound&) { return std::string(); };
  };

  WeightedRule(Properties properties, Function function);

  const Properties& properties() const { return properties_; }
  /// The weights of one datum. All spans have the lengths said above.
  void operator()(const Datum& datum, Weights& weights) const;

  /// A part of phi's gradient that does not pass through z: weights times grad x.
  struct Direct {
    enum class By { score, decoder, one };
    Var x;  // [S, B], or [1, B] by one
    By by;
    double scale = 1;
  };
  /// What is weighted instead of the path, of a draw's first S samples: log Q(z_s|x) by the score unless
  /// overridden, or of a block of a mixed code its own. Nothing where log Q is differentiated as a whole.
  virtual std::vector<Direct> direct(const CodeBlock& codes, const Bound& bound) const;

  /// Whether the decoder's parameters lie behind what direct() gives, which only phi is to be moved by: the
  /// encoder then has a sweep of its own. Of samples that are discrete.
  virtual bool reaches_decoder() const { return false; }
  /// Says what its auxiliaries learn from, but for the baseline, once a bound is recorded.
  virtual void learn(const CodeBlock&, const Bound&) const {}
  /// Whether it can be that of one block of a mixed code.
  virtual bool of_block() const { return true; }

  /// The baseline, where there is one.
  std::vector<Auxiliary> auxiliaries() const override;
  std::string undefined(const Bound& bound) const override { return properties_.undefined(bound); }
  std::string bias(const Bound& bound) const override { return properties_.bias(bound); }
  std::string unfit(const CodeSpace& codes) const override;
  std::string uncoupled(const Bound& bound, Coupling coupling) const override;
  bool unbiased_for_decoder() const override { return !properties_.other_decoder; }
  bool samples_decoder(const Model&) const override { return !properties_.other_decoder; }
  /// Those of the posterior, without a path where it has none and only some blocks of codes have one.
  PosteriorSample sample(const Posterior& q, Var noise) const override;
  Var record(Draw& draw, const Bound& bound) const override;
  /// Its values at the samples; grad log Q is weighted with each value, less the mean of the others' where
  /// there are any: Kool et al. (2019).
  Var expectation(Draw& draw, const PerCode& of) const override;
  bool has_expectations() const override { return properties_.of_expectations; }
  bool of_batches() const override { return properties_.path != Path::none; }
  const WeightedRule* weighted() const override { return this; }

 private:
  Properties properties_;
  Function function_;
};

/// The values [S, B] with a zero behind them whose gradient is the score's: grad log Q weighted with each
/// value, less the mean of the others' where there are any.
Var with_score(Var values, Var log_q);

/// The weights of one datum by phi's rule, and the decoder's and the value by theta's; null gives the
/// bound's own. Its scratch has 6 S numbers.
void weigh(const WeightedRule* phi, const WeightedRule* theta, const WeightedRule::Datum& datum,
           WeightedRule::Weights& weights);

/// The bound [B], of phi's rule for the encoder's groups and theta's for all others.
Var record_weighted(Draw& draw, const Bound& bound, const WeightedRule& phi,
                    const WeightedRule& theta);

}  // namespace nelbo
