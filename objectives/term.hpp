#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "objectives/draw.hpp"

namespace nelbo {

/// Which way an objective is improved: costs are minimised, gains (bounds on log p(x)) are
/// maximised.
enum class Direction { cost, gain };

/// An immutable named quantity in nats per datum, a function of a Draw. `+ - *` build trees; a
/// named part can be read out alone, and parts that are shared are computed once per draw.
class Term {
 public:
  /// `value` records a scalar (rank 0): the mean over the draw's samples and batch.
  Term(std::string text, std::string equation, Direction direction,
       std::function<Var(Draw&)> value);

  /// The value on a draw, rank 0, nats per datum.
  Var operator()(Draw& draw) const;
  /// As it is written in an expression: "nell + 4*div".
  const std::string& text() const { return node_->text; }
  /// Where it is defined: "Zheng eq. (16)"; empty for sums.
  const std::string& equation() const { return node_->equation; }
  Direction direction() const { return node_->direction; }
  /// The value to minimise: itself for a cost, its negative for a gain.
  Var cost(Draw& draw) const;

  /// Throw Error for a cost and a gain: which way the sum is improved would not be defined.
  friend Term operator+(const Term& a, const Term& b);
  friend Term operator-(const Term& a, const Term& b);
  /// A negative factor turns a gain into a cost; a cost stays one.
  friend Term operator*(double factor, const Term& term);
  friend Term operator-(const Term& term);

 private:
  struct Node {
    std::string text;
    std::string equation;
    Direction direction;
    std::function<Var(Draw&)> value;
    bool sum = false;  // needs parentheses as a factor
  };
  explicit Term(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  static Term add(const Term& a, const Term& b, double sign);

  std::shared_ptr<const Node> node_;
};

}  // namespace nelbo
