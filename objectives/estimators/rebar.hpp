#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "objectives/estimators/weighted_rule.hpp"

namespace nelbo::estimators {

/// A score function whose control variate is a surrogate c of the bound at relaxed codes y (tied_relaxation.hpp).
/// With the bounds L_i of the k copies of mc(k, inner) at the samples b, phi gets
///
///   1/k sum_i (L_i - c_i) grad log Q(b_i) + grad c_i(y) - a_s grad log Q(b_s),
///
/// of which all that c adds has mean 0, whatever c is: unbiased for every bound.
class Rebar : public WeightedRule {
 public:
  /// Without a temperature or eta it learns them, to make the variance small.
  Rebar(Properties properties, std::optional<double> temperature, std::optional<double> eta);

  std::string unfit(const CodeSpace& codes) const override;
  std::vector<Auxiliary> auxiliaries() const override;
  std::vector<Direct> direct(const CodeBlock& codes, const Bound& bound) const override;
  bool reaches_decoder() const override { return true; }
  /// From the squared derivative along a random direction r of the logits, r_d = +-1, whose mean over r is
  /// the squared length of the gradient by the logits of a datum; its own mean is fixed, so that this is their
  /// variance. The surrogate's part along r is a difference of two evaluations of c.
  void learn(const CodeBlock& codes, const Bound& bound) const override;

 protected:
  /// c_i at relaxed codes, [k, B], nats: eta times the bound of the model's log-weights there. Its gradient
  /// passes to the codes and to what is learned, to no parameter of Q by another way.
  virtual Var surrogate(Draw& draw, const Bound& bound, Codes& relaxed) const;

 private:
  enum class Number { temperature, eta };
  Var tuned(Draw& draw, Number which) const;
  /// At relaxed codes of this name, once each.
  Var surrogate_at(const CodeBlock& codes, const Bound& bound, const std::string& name,
                   const std::function<Var()>& relaxed) const;

  std::optional<double> temperature_, eta_;
};

/// "relax", or with what is fixed: "relax(temperature=0.5, eta=1)". Throws Error for a temperature not in [0.001,
/// 1000] and eta not in [-1000, 1000].
std::string with_tuning(const char* name, std::optional<double> temperature,
                        std::optional<double> eta);

/// [k m, B] as [m, k B]: the k copies' samples of one place side by side.
Var by_copy(const Bound& bound, Var of_samples);

/// L_i/k - a_s: the score function of each copy of the bound.
void weigh_copies(const WeightedRule::Datum& datum, WeightedRule::Weights& weights);

}  // namespace nelbo::estimators
