// Registry rows of the elementwise operators, from the data that stands with their rules.
#include <cmath>
#include <initializer_list>
#include <type_traits>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {
namespace rules {

#include "autodiff/rules/all.hpp"

}  // namespace rules

using Vars = std::vector<Var>;
using Tensors = std::vector<Tensor>;

Tensor number(double value) { return Tensor::of({value}, {1}, DType::f64); }

/// f over operands that broadcast, one element after the other.
template <class F>
Tensor map(const char* name, const Tensors& x, F f) {
  Shape shape = x[0].shape();
  for (const Tensor& operand : x) shape = broadcast(shape, operand.shape(), name);
  Tensor out(shape, DType::f64);
  std::vector<Strides> strides;
  for (const Tensor& operand : x) {
    strides.push_back(broadcast_strides(operand.shape(), operand.strides(), shape));
  }
  for (std::int64_t i = 0; i < out.size(); ++i) {
    std::vector<double> at;
    for (std::size_t k = 0; k < x.size(); ++k) {
      std::int64_t offset = 0, rest = i;
      for (int axis = shape.rank() - 1; axis >= 0; --axis) {
        offset += rest % shape[axis] * strides[k][axis];
        rest /= shape[axis];
      }
      at.push_back(x[k].data_as<double>()[offset]);
    }
    out.data_as<double>()[i] = f(at);
  }
  return out;
}

/// Rules::reference with as many parameters as the rules have.
template <class Rules>
double reference_of(double x) {
  constexpr const double* p = Rules::parameter_values;
  if constexpr (Rules::parameters == 0) return Rules::reference(x);
  if constexpr (Rules::parameters == 1) return Rules::reference(x, p[0]);
  if constexpr (Rules::parameters == 2) return Rules::reference(x, p[0], p[1]);
}

template <class Rules>
OperatorRow unary_row(const char* name, std::function<Var(Var)> f) {
  OperatorRow row;
  row.name = name;
  row.apply = [f](const Vars& x) { return Vars{f(x[0])}; };
  row.reference = [name](const Tensors& x) {
    return Tensors{map(name, x, [](const auto& at) { return reference_of<Rules>(at[0]); })};
  };
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3, 7}, Shape{67}}) {
    row.samples.push_back({{.shape = shape, .low = Rules::low, .high = Rules::high}});
  }
  row.kinks = Rules::kinks;
  for (const auto& edge : Rules::edges) row.edges.push_back({{number(edge.x)}, {edge.value}});
  row.tolerance_f32 = Rules::tolerance_f32;
  row.tolerance_f64 = Rules::tolerance_f64;
  return row;
}

/// Shapes of two operands: equal, empty, numbers, rows, columns, and both broadcast.
const std::vector<std::pair<Shape, Shape>>& binary_shapes() {
  static const std::vector<std::pair<Shape, Shape>> shapes{{{}, {}},
                                                           {{0}, {0}},
                                                           {{0, 3}, {3}},
                                                           {{1}, {1}},
                                                           {{67}, {67}},
                                                           {{5, 7}, {7}},
                                                           {{5, 7}, {5, 1}},
                                                           {{5, 7}, {}},
                                                           {{1}, {3, 35}},
                                                           {{3, 1}, {1, 19}},
                                                           {{2, 3, 17}, {3, 1}},
                                                           {{2, 1, 5}, {4, 5}},
                                                           {{3, 1, 7}, {1, 5, 1}}};
  return shapes;
}

template <class Rules>
OperatorRow binary_row(const char* name, Var (*f)(Var, Var), bool differentiable) {
  OperatorRow row;
  row.name = name;
  row.apply = [f](const Vars& x) { return Vars{f(x[0], x[1])}; };
  row.reference = [name](const Tensors& x) {
    return Tensors{map(name, x, [](const auto& at) { return Rules::reference(at[0], at[1]); })};
  };
  for (const auto& [a, b] : binary_shapes()) {
    row.samples.push_back({{.shape = a, .low = Rules::low_a, .high = Rules::high_a},
                           {.shape = b, .low = Rules::low_b, .high = Rules::high_b}});
  }
  for (const auto& edge : Rules::edges) {
    row.edges.push_back({{number(edge.a), number(edge.b)}, {edge.value}});
  }
  row.tolerance_f32 = Rules::tolerance_f32;
  row.tolerance_f64 = Rules::tolerance_f64;
  row.differentiable = differentiable;
  return row;
}

template <class Rules>
OperatorRow ternary_row(const char* name, Var (*f)(Var, Var, Var)) {
  OperatorRow row;
  row.name = name;
  row.apply = [f](const Vars& x) { return Vars{f(x[0], x[1], x[2])}; };
  row.reference = [name](const Tensors& x) {
    return Tensors{
        map(name, x, [](const auto& at) { return Rules::reference(at[0], at[1], at[2]); })};
  };
  const std::vector<double> data(std::begin(Rules::data), std::end(Rules::data));
  const std::int64_t n = std::int64_t(data.size());
  const auto b = [](const Shape& shape) {
    return Operand{.shape = shape, .low = Rules::low_b, .high = Rules::high_b};
  };
  const auto c = [](const Shape& shape) {
    return Operand{.shape = shape, .low = Rules::low_c, .high = Rules::high_c};
  };
  row.samples = {{{.shape = {n}, .values = data}, b({n}), c({n})},
                 {{.shape = {n}, .values = data}, b({3, n}), c({})},
                 {{.shape = {n, 1}, .values = data}, b({1}), c({n, 19})},
                 {{.shape = {1}, .values = {data[1]}}, b({2}), c({2})}};
  for (const auto& edge : Rules::edges) {
    row.edges.push_back({{number(edge.a), number(edge.b), number(edge.c)}, {edge.value}});
  }
  row.tolerance_f32 = Rules::tolerance_f32;
  row.tolerance_f64 = Rules::tolerance_f64;
  return row;
}

}  // namespace

std::vector<OperatorRow> elementwise_rows() {
  std::vector<OperatorRow> rows;
#define NELBO_UNARY(name, Rules) \
  rows.push_back(unary_row<rules::Rules>(#name, [](Var x) { return name(x); }));
#define NELBO_UNARY_PARAMETER(name, Rules, p) \
  rows.push_back(unary_row<rules::Rules>(     \
      #name, [](Var x) { return name(x, rules::Rules::parameter_values[0]); }));
#define NELBO_UNARY_PARAMETERS(name, Rules, p, q)                                         \
  rows.push_back(unary_row<rules::Rules>(#name, [](Var x) {                               \
    return name(x, rules::Rules::parameter_values[0], rules::Rules::parameter_values[1]); \
  }));
#define NELBO_BINARY(name, Rules) rows.push_back(binary_row<rules::Rules>(#name, name, true));
#define NELBO_COMPARISON(name, Rules) rows.push_back(binary_row<rules::Rules>(#name, name, false));
#define NELBO_TERNARY(name, Rules) rows.push_back(ternary_row<rules::Rules>(#name, name));
#include "autodiff/elementwise.def"
  return rows;
}

}  // namespace nelbo
