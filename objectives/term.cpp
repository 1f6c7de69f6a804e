#include "objectives/term.hpp"

#include <cstdio>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"

namespace nelbo {
namespace {

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.15g", value);
  return buffer;
}

}  // namespace

Term::Term(std::string text, std::string equation, Direction direction,
           std::function<Var(Draw&)> value)
    : node_(std::make_shared<const Node>(
          Node{std::move(text), std::move(equation), direction, std::move(value), false})) {}

Var Term::operator()(Draw& draw) const { return draw.once(node_, node_->value); }

Var Term::cost(Draw& draw) const {
  const Var value = (*this)(draw);
  return direction() == Direction::cost ? value : -value;
}

Term Term::add(const Term& a, const Term& b, double sign) {
  if (a.direction() != b.direction()) {
    const Term& gain = a.direction() == Direction::gain ? a : b;
    throw Error("a cost and the bound '" + gain.text() +
                "' cannot be added: terms are minimised, "
                "bounds are maximised; write the bound as a cost, '-" +
                gain.text() + "'");
  }
  const bool parentheses = sign < 0 && b.node_->sum;
  const std::string right = parentheses ? "(" + b.text() + ")" : b.text();
  return Term(std::make_shared<const Node>(
      Node{a.text() + (sign < 0 ? " - " : " + ") + right, "", a.direction(),
           [a, b, sign](Draw& d) { return sign < 0 ? a(d) - b(d) : a(d) + b(d); }, true}));
}

Term operator+(const Term& a, const Term& b) { return Term::add(a, b, 1); }
Term operator-(const Term& a, const Term& b) { return Term::add(a, b, -1); }

Term operator*(double factor, const Term& term) {
  const std::string inner = term.node_->sum ? "(" + term.text() + ")" : term.text();
  const std::string text = factor == -1 ? "-" + inner : number(factor) + "*" + inner;
  const Direction direction = factor < 0 ? Direction::cost : term.direction();
  return Term(std::make_shared<const Term::Node>(Term::Node{
      text, "", direction, [factor, term](Draw& d) { return term(d) * factor; }, false}));
}

Term operator-(const Term& term) { return -1.0 * term; }

}  // namespace nelbo
