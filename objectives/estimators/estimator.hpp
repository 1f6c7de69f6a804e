#pragma once
#include <memory>
#include <string>

#include "objectives/estimators/weighted_rule.hpp"

namespace nelbo {

/// A gradient estimator: an immutable value, whose copies share one rule.
///
///   const Estimator estimator = estimators::dreg();
class Estimator {
 public:
  using Datum = WeightedRule::Datum;
  using Weights = WeightedRule::Weights;
  using Function = WeightedRule::Function;
  using Properties = WeightedRule::Properties;
  using Path = WeightedRule::Path;
  using Score = WeightedRule::Score;
  using Baseline = WeightedRule::Baseline;

  /// One that weights samples.
  Estimator(Properties properties, Function function);
  /// Any other.
  explicit Estimator(std::shared_ptr<const GradientRule> rule) : rule_(std::move(rule)) {}

  const GradientRule& rule() const { return *rule_; }
  const std::string& text() const { return rule_->text(); }
  /// Null where it does not weight samples.
  const WeightedRule* weighted() const { return rule_->weighted(); }
  /// The baseline that it learns, or none.
  Baseline baseline() const;
  /// Throws Error naming estimator and bound where it is not defined.
  void check(const Bound& bound) const;
  bool unbiased(const Bound& bound) const { return rule_->bias(bound).empty(); }

  friend bool operator==(const Estimator& a, const Estimator& b) { return a.text() == b.text(); }

 private:
  std::shared_ptr<const GradientRule> rule_;
};

}  // namespace nelbo
