// The elementary and special functions against values computed with 120 digits (mpmath 1.3), in
// units of the last place, on every instruction set. All arguments are exact in float.
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "autodiff/instruction_set.hpp"
#include "autodiff/ops.hpp"
#include "tests/autodiff/special_function_tables.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

template <class T>
double ulps(T actual, double expected) {
  const T rounded = T(expected);
  int exponent;
  std::frexp(rounded, &exponent);
  const double ulp = std::ldexp(1.0, exponent - std::numeric_limits<T>::digits);
  return std::fabs(double(actual) - expected) / ulp;
}

Var apply(const std::string& name, Var x) {
  static const std::map<std::string, Var (*)(Var)> functions{
      {"exp", exp},       {"expm1", expm1},     {"log", log},           {"log1p", log1p},
      {"tanh", tanh},     {"sigmoid", sigmoid}, {"softplus", softplus}, {"erf", erf},
      {"gelu", gelu},     {"silu", silu},       {"sin", sin},           {"cos", cos},
      {"lgamma", lgamma}, {"digamma", digamma}, {"trigamma", trigamma}};
  return functions.at(name)(x);
}

template <class T>
std::vector<double> evaluate(const Table& table) {
  std::vector<double> x;
  for (const Point& point : table.points) x.push_back(point.x);
  Tape tape;
  Recording recording(tape);
  const Var leaf = tape.leaf(Tensor::of(x, {std::int64_t(x.size())}, dtype_of<T>), true);
  if (table.name != "tetragamma") return apply(table.name, leaf).value().values();
  tape.backward(trigamma(leaf));  // its derivative is no operator of its own
  return tape.adjoint(leaf).values();
}

template <class T>
void check_tables(double Table::*limit) {
  for (const Table& table : tables) {
    const std::vector<double> y = evaluate<T>(table);
    for (std::size_t i = 0; i < y.size(); ++i) {
      INFO(table.name << "(" << table.points[i].x << ") = " << y[i] << " in "
                      << name_of(dtype_of<T>));
      CHECK(ulps(T(y[i]), table.points[i].value) <= table.*limit);
    }
  }
}

template <class T>
void check_powers(double limit) {
  Tape tape;
  Recording recording(tape);
  for (const Power& p : powers) {
    const double y =
        pow(tape.constant(p.base, dtype_of<T>), tape.constant(p.exponent, dtype_of<T>)).item();
    INFO(p.base << " to the power " << p.exponent << " = " << y << " in " << name_of(dtype_of<T>));
    CHECK(ulps(T(y), p.value) <= limit);
  }
}

}  // namespace

TEST_CASE("special functions are accurate to a few units in the last place", "[accuracy][isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    INFO(isa);
    check_tables<float>(&Table::ulps_f32);
    check_tables<double>(&Table::ulps_f64);
    check_powers<float>(3);
    check_powers<double>(4);
  }
  select_isa(supported_isas().back());
}

TEST_CASE("a number's result does not depend on its place or on its neighbours", "[isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    for (DType dtype : {DType::f32, DType::f64}) {
      for (const Table& table : tables) {
        if (table.name == "tetragamma") continue;
        std::vector<double> x;
        for (const Point& point : table.points) x.push_back(point.x);
        Tape tape;
        Recording recording(tape);
        for (const double number : x) {
          const double alone = apply(table.name, tape.constant(number, dtype)).item();
          std::vector<double> around(37, x[0]);
          for (std::size_t at : {0, 3, 15, 16, 31, 36}) around[at] = number;
          const std::vector<double> y =
              apply(table.name, tape.leaf(Tensor::of(around, {37}, dtype))).value().values();
          INFO(isa << " " << table.name << "(" << number << ")");
          for (std::size_t at : {0, 3, 15, 16, 31, 36}) CHECK(y[at] == alone);
        }
      }
    }
  }
  select_isa(supported_isas().back());
}
