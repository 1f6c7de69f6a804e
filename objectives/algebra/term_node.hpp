#pragma once
// What a Term is inside: for term.cpp and term_algebra.cpp alone.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "objectives/algebra/term.hpp"

namespace nelbo {

struct Term::Node {
  enum class Kind { quantity, number, schedule, sum, product, function };
  Kind kind;
  std::string text;
  std::string latex;
  Direction direction = Direction::none;
  Bias bias = Bias::none;
  bool per_dimension = false;
  std::vector<Term> operands = {};  // product: the factor first; quantity: its definition
  double sign = 1;                  // sum: of the second operand
  std::optional<double> number = {};
  std::optional<Schedule> schedule = {};
  std::optional<Quantity> quantity = {};
  std::size_t column = 0;                                          // 0: not known
  std::function<Var(Draw&)> values = {};                           // quantity
  std::function<Var(const std::vector<Var>&)> record = {};         // function
  std::function<double(const std::vector<double>&)> compute = {};  // function
};

}  // namespace nelbo
