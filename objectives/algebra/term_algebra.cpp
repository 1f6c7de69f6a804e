// Sums, products and functions of terms: text, formula, direction and bias of each from its
// operands'.
#include <algorithm>
#include <cmath>

#include "autodiff/ops.hpp"
#include "objectives/algebra/term_node.hpp"

namespace nelbo {
namespace {

/// x as an operand beside * or after a minus.
std::string parenthesised(const std::string& text, bool needed) {
  return needed ? "(" + text + ")" : text;
}

}  // namespace

Term Term::sum(const Term& a, const Term& b, double sign) {
  const Node &x = *a.node_, &y = *b.node_;
  if (x.number && y.number) return Term(*x.number + sign * *y.number);
  if (x.direction != Direction::none && y.direction != Direction::none &&
      x.direction != y.direction) {
    const Term& gain = x.direction == Direction::gain ? a : b;
    throw Error("a cost and the bound '" + gain.text() +
                "' cannot be added: terms are minimised, bounds are maximised; write the bound as "
                "a cost, '-" +
                gain.text() + "'");
  }
  if (sign < 0 && y.direction == Direction::gain && x.direction == Direction::gain) {
    throw Error("the bound '" + b.text() +
                "' is subtracted from a bound: the difference is neither minimised nor maximised");
  }
  if (sign < 0 && y.direction == Direction::gain) return sum(a, -b, 1);  // number - gain
  // a + -3*b is written a - 3*b.
  if (y.kind == Node::Kind::product || y.number) {
    const std::optional<double> factor = y.number ? y.number : y.operands[0].number();
    if (factor && *factor < 0 && (y.number || y.operands[1].direction() != Direction::gain)) {
      return sum(a, y.number ? Term(-*factor) : scale(-*factor, y.operands[1]), -sign);
    }
  }
  const bool wrap = y.kind == Node::Kind::sum;
  const std::string minus = sign < 0 ? " - " : " + ";
  const bool numbers[] = {x.direction == Direction::none, y.direction == Direction::none};
  // Numbers broadcast over the dimensions; other terms are summed over them first.
  const bool per_dimension =
      (x.per_dimension && (y.per_dimension || numbers[1])) || (y.per_dimension && numbers[0]);
  return make({.kind = Node::Kind::sum,
               .text = x.text + minus + parenthesised(y.text, wrap),
               .latex = x.latex + minus + parenthesised(y.latex, wrap),
               .direction = numbers[0] ? y.direction : x.direction,
               .bias = x.bias + (sign < 0 ? -y.bias : y.bias),
               .per_dimension = per_dimension,
               .operands = {a, b},
               .sign = sign});
}

Term Term::scale(const Term& factor, const Term& term) {
  const Node& x = *term.node_;
  const std::optional<double> number = factor.number();
  if (number) {
    if (*number == 1) return term;
    if (x.number) return Term(*number * *x.number);
  }
  if (x.kind == Node::Kind::product) return scale(factor * x.operands[0], x.operands[1]);
  const double last = *factor.at(TrainingTime::for_ever());
  bool negative = last<0, positive = last> 0;
  for (const TrainingTime& time : factor.turns()) {
    negative |= *factor.at(time) < 0;
    positive |= *factor.at(time) > 0;
  }
  const bool both = negative && positive;
  if (both && x.direction == Direction::gain) {
    throw Error("the weight '" + factor.text() + "' of the bound '" + x.text +
                "' changes its sign, and so from improving the bound to spoiling it");
  }
  const bool wrap = x.kind == Node::Kind::sum;
  const bool wrap_factor = factor.node_->kind == Node::Kind::sum;
  const std::string left =
      number && *number == -1 ? "-" : parenthesised(factor.text(), wrap_factor) + "*";
  const std::string latex_left =
      number && *number == -1 ? "-" : parenthesised(factor.latex(), wrap_factor) + "\\,";
  return make(
      {.kind = Node::Kind::product,
       .text = left + parenthesised(x.text, wrap),
       .latex = latex_left + parenthesised(x.latex, wrap),
       .direction = negative && x.direction == Direction::gain ? Direction::cost : x.direction,
       .bias = both && x.bias != Bias::none ? Bias::undetermined
               : negative                   ? -x.bias
                                            : x.bias,
       .per_dimension = x.per_dimension,
       .operands = {factor, term}});
}

Term operator+(const Term& a, const Term& b) { return Term::sum(a, b, 1); }
Term operator-(const Term& a, const Term& b) { return Term::sum(a, b, -1); }
Term operator-(const Term& term) { return Term::scale(-1.0, term); }

Term operator*(const Term& a, const Term& b) {
  if (a.direction() != Direction::none && b.direction() != Direction::none) {
    throw Error("two terms cannot be multiplied");
  }
  // Numbers come first, plain ones before schedules.
  const bool swap = a.direction() != Direction::none ||
                    (b.direction() == Direction::none && b.number() && !a.number());
  return swap ? Term::scale(b, a) : Term::scale(a, b);
}

Term operator/(const Term& a, const Term& b) {
  if (!b.number()) throw Error("division by a term; only numbers divide");
  if (*b.number() == 0) throw Error("division by 0");
  if (a.number()) return Term(*a.number() / *b.number());
  return Term::scale(1 / *b.number(), a);
}

Term Term::function(const char* name, const std::vector<Term>& arguments,
                    std::function<Var(const std::vector<Var>&)> record,
                    std::function<double(const std::vector<double>&)> compute) {
  Node node{
      .kind = Node::Kind::function, .text = "", .latex = "", .record = record, .compute = compute};
  std::vector<double> numbers;
  for (const Term& argument : arguments) {
    const Node& x = *argument.node_;
    if (x.direction == Direction::gain) {
      throw Error(std::string(name) + " of the bound '" + x.text +
                  "' is neither minimised nor maximised; write it as a cost, '-" + x.text + "'");
    }
    if (x.direction == Direction::cost) node.direction = Direction::cost;
    if (x.number) numbers.push_back(*x.number);
    node.per_dimension |= x.per_dimension;
    if (x.direction != Direction::none) node.bias = Bias::undetermined;
    node.text += (node.text.empty() ? "" : ", ") + x.text;
    node.latex += (node.latex.empty() ? "" : ", ") + x.latex;
  }
  if (numbers.size() == arguments.size()) return Term(compute(numbers));
  std::optional<std::vector<std::string>> only;
  for (const Term& argument : arguments) {
    for (const Quantity& quantity : argument.quantities()) {
      if (only && *only != quantity.only) {
        throw Error(std::string(name) + "(" + node.text +
                    ") mixes quantities that may move different parameters");
      }
      only = quantity.only;
    }
  }
  // A part that is not kept per dimension would be compared with each dimension's.
  for (const Term& argument : arguments) {
    if (node.per_dimension && !argument.node_->per_dimension &&
        argument.direction() != Direction::none) {
      throw Error(std::string(name) + ": '" + argument.text() +
                  "' is one number for all latent "
                  "dimensions, the other argument one for each");
    }
  }
  node.text = std::string(name) + "(" + node.text + ")";
  node.latex = "\\operatorname{" + std::string(name) + "}(" + node.latex + ")";
  node.operands = arguments;
  return make(std::move(node));
}

Term abs(const Term& x) {
  return Term::function(
      "abs", {x}, [](const std::vector<Var>& v) { return nelbo::abs(v[0]); },
      [](const std::vector<double>& v) { return std::abs(v[0]); });
}

Term square(const Term& x) {
  return Term::function(
      "square", {x}, [](const std::vector<Var>& v) { return nelbo::square(v[0]); },
      [](const std::vector<double>& v) { return v[0] * v[0]; });
}

Term relu(const Term& x) {
  return Term::function(
      "relu", {x}, [](const std::vector<Var>& v) { return nelbo::relu(v[0]); },
      [](const std::vector<double>& v) { return std::max(v[0], 0.0); });
}

Term max(const Term& a, const Term& b) {
  return Term::function(
      "max", {a, b}, [](const std::vector<Var>& v) { return maximum(v[0], v[1]); },
      [](const std::vector<double>& v) { return std::max(v[0], v[1]); });
}

Term min(const Term& a, const Term& b) {
  return Term::function(
      "min", {a, b}, [](const std::vector<Var>& v) { return minimum(v[0], v[1]); },
      [](const std::vector<double>& v) { return std::min(v[0], v[1]); });
}

}  // namespace nelbo
