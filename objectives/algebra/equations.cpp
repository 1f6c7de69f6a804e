#include "objectives/algebra/equations.hpp"

#include "objectives/algebra/latex.hpp"

namespace nelbo {
namespace {

/// A line of its own for what is not just another name for one quantity.
bool is_one_quantity(const Term& objective, const std::vector<Term::Part>& parts) {
  return !parts.empty() && objective.text() == parts.front().quantity.name;
}

}  // namespace

std::string equations(const Term& objective) {
  const std::vector<Term::Part> parts = objective.parts();
  std::string lines;
  const auto add = [&](const std::string& line) {
    lines += (lines.empty() ? "" : " \\\\\n") + line;
  };
  if (!is_one_quantity(objective, parts)) add("\\mathcal{L} &= " + objective.latex() + " \\notag");
  for (const Term::Part& part : parts) {
    const Quantity& q = part.quantity;
    add(part.term.latex() +
        " &= " + (q.formula.empty() ? "\\text{" + plain_text(q.meaning) + "}" : q.formula) +
        (q.equation.empty() ? " \\notag" : " \\tag{" + plain_text(q.equation) + "}"));
  }
  return "\\begin{align}\n" + lines + "\n\\end{align}\n";
}

}  // namespace nelbo
