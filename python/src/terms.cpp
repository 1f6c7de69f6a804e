#include "python/src/terms.hpp"

#include <nanobind/operators.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <vector>

#include "objectives/algebra/equations.hpp"
#include "objectives/algebra/term.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/vocabulary.hpp"

namespace nelbo::python {

namespace nb = nanobind;

namespace {

/// An objective, or a number or schedule where there is no term in it.
Term parse(const std::string& expression) {
  try {
    return parse_objective(expression);
  } catch (const ExpressionError&) {
    try {
      return parse_weight(expression);
    } catch (const ExpressionError&) {
      return parse_objective(expression);  // whose reason is told
    }
  }
}

std::vector<std::string> names_of(const Term& term) {
  std::vector<std::string> names;
  for (const Quantity& quantity : term.quantities()) names.push_back(quantity.name);
  return names;
}

std::string direction_of(const Term& term) {
  switch (term.direction()) {
    case Direction::cost:
      return "cost";
    case Direction::gain:
      return "gain";
    case Direction::none:
      break;
  }
  return "none";
}

}  // namespace

void bind_terms(nb::module_& module) {
  nb::class_<Term>(module, "Term",
                   "An objective or a part of one: a quantity in nats per datum, a number or a "
                   "schedule. Terms are added, and multiplied by numbers and schedules.")
      .def("__repr__", &Term::text)
      .def("__str__", &Term::text)
      .def("_repr_latex_", [](const Term& self) { return "$" + self.latex() + "$"; })
      .def_prop_ro("text", &Term::text, "As it is written in an expression.")
      .def_prop_ro("latex", &Term::latex, "The same as a formula.")
      .def_prop_ro(
          "equations", [](const Term& self) { return equations(self); },
          "It and each named quantity in it as a LaTeX environment align.")
      .def_prop_ro("direction", &direction_of, "'cost' (minimised), 'gain' (maximised) or 'none'.")
      .def_prop_ro("samples", &Term::samples, "Draws of z per datum that it needs.")
      .def_prop_ro("quantities", &names_of, "Every named quantity in it, in the order of writing.")
      .def(
          "at",
          [](const Term& self, std::uint64_t step, std::optional<double> epochs) {
            return self.at(epochs ? TrainingTime(step, *epochs) : TrainingTime(step));
          },
          nb::arg("step"), nb::arg("epochs") = nb::none(),
          "The value of a number or schedule after so many steps, and epochs; None of a term.")
      .def(
          "__reduce__",
          [](nb::object self) {
            return nb::make_tuple(nb::module_::import_("nelbo").attr("parse"),
                                  nb::make_tuple(self.attr("text")));
          },
          nb::sig("def __reduce__(self) -> tuple[typing.Any, ...]"))
      .def(
          "__add__", [](const Term& a, const Term& b) { return a + b; }, nb::is_operator())
      .def(
          "__add__", [](const Term& a, double b) { return a + Term(b); }, nb::is_operator())
      .def(
          "__radd__", [](const Term& a, double b) { return Term(b) + a; }, nb::is_operator())
      .def(
          "__sub__", [](const Term& a, const Term& b) { return a - b; }, nb::is_operator())
      .def(
          "__sub__", [](const Term& a, double b) { return a - Term(b); }, nb::is_operator())
      .def(
          "__rsub__", [](const Term& a, double b) { return Term(b) - a; }, nb::is_operator())
      .def(
          "__mul__", [](const Term& a, const Term& b) { return a * b; }, nb::is_operator())
      .def(
          "__mul__", [](const Term& a, double b) { return a * Term(b); }, nb::is_operator())
      .def(
          "__rmul__", [](const Term& a, double b) { return Term(b) * a; }, nb::is_operator())
      .def(
          "__truediv__", [](const Term& a, double b) { return a / Term(b); }, nb::is_operator())
      .def("__neg__", [](const Term& self) { return -self; })
      .def("__abs__", [](const Term& self) { return abs(self); });
  module.def(
      "parse", &parse, nb::arg("expression"),
      "Reads an objective, a number or a schedule as the command line does. ValueError shows "
      "where an expression is wrong, with the nearest name.");
  module.def(
      "term_square", [](const Term& x) { return square(x); }, nb::arg("x"));
  module.def(
      "term_relu", [](const Term& x) { return relu(x); }, nb::arg("x"));
  module.def(
      "term_max", [](const Term& a, const Term& b) { return max(a, b); }, nb::arg("a"),
      nb::arg("b"));
  module.def(
      "term_min", [](const Term& a, const Term& b) { return min(a, b); }, nb::arg("a"),
      nb::arg("b"));
  module.def(
      "words",
      [] {
        std::vector<std::vector<std::string>> all;
        for (const Word& word : vocabulary().all()) {
          all.push_back({word.name, word.usage, word.kind_name(), word.meaning});
        }
        return all;
      },
      "Name, usage, kind and meaning of every word of expressions.");
}

}  // namespace nelbo::python
