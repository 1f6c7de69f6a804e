// Every operator of the tape as op_NAME; nelbo.ops (ops.py) documents them, under numpy's names where numpy has
// them.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "python/src/variable.hpp"

namespace nelbo::python {
namespace {

using AxesGiven = std::optional<std::variant<int, std::vector<int>>>;

/// `f` of the numbers as an initializer list, at most 6 of them.
template <class F>
auto listed(const std::vector<int>& v, const char* op, const F& f) {
  switch (v.size()) {
    case 0:
      return f(std::initializer_list<int>{});
    case 1:
      return f({v[0]});
    case 2:
      return f({v[0], v[1]});
    case 3:
      return f({v[0], v[1], v[2]});
    case 4:
      return f({v[0], v[1], v[2], v[3]});
    case 5:
      return f({v[0], v[1], v[2], v[3], v[4]});
    case 6:
      return f({v[0], v[1], v[2], v[3], v[4], v[5]});
  }
  throw Error(std::string(op) + ": at most " + std::to_string(max_rank) + " axes are possible");
}

Axes axes_of(const AxesGiven& given, const char* op) {
  if (!given) return Axes();
  if (const int* one = std::get_if<int>(&*given)) return Axes(*one);
  return listed(std::get<std::vector<int>>(*given), op,
                [](std::initializer_list<int> list) { return Axes(list); });
}

void unary(nb::module_& module, const char* name, Var (*f)(Var)) {
  module.def(
      name, [f](const Variable& x) { return x.with(f(x.get())); }, nb::arg("x"));
}

void unary(nb::module_& module, const char* name, Var (*f)(Var, double), const char* parameter) {
  module.def(
      name, [f](const Variable& x, double p) { return x.with(f(x.get(), p)); }, nb::arg("x"),
      nb::arg(parameter));
}

void unary(nb::module_& module, const char* name, Var (*f)(Var, double, double), const char* p,
           const char* q) {
  module.def(
      name, [f](const Variable& x, double a, double b) { return x.with(f(x.get(), a, b)); },
      nb::arg("x"), nb::arg(p), nb::arg(q));
}

void binary(nb::module_& module, const char* name, Var (*f)(Var, Var)) {
  module.def(
      name,
      [f, name](nb::object a, nb::object b) {
        const Variable& one = variable_among({a, b}, name);
        return one.with(f(operand(a, one), operand(b, one)));
      },
      nb::arg("a"), nb::arg("b"));
}

void ternary(nb::module_& module, const char* name, Var (*f)(Var, Var, Var)) {
  module.def(
      name,
      [f, name](nb::object a, nb::object b, nb::object c) {
        const Variable& one = variable_among({a, b, c}, name);
        return one.with(f(operand(a, one), operand(b, one), operand(c, one)));
      },
      nb::arg("a"), nb::arg("b"), nb::arg("c"));
}

void bind_elementwise(nb::module_& m) {
#define NELBO_UNARY(name, rules) unary(m, "op_" #name, static_cast<Var (*)(Var)>(&nelbo::name));
#define NELBO_UNARY_PARAMETER(name, rules, p) \
  unary(m, "op_" #name, static_cast<Var (*)(Var, double)>(&nelbo::name), #p);
#define NELBO_UNARY_PARAMETERS(name, rules, p, q) \
  unary(m, "op_" #name, static_cast<Var (*)(Var, double, double)>(&nelbo::name), #p, #q);
#define NELBO_BINARY(name, rules) \
  binary(m, "op_" #name, static_cast<Var (*)(Var, Var)>(&nelbo::name));
#define NELBO_COMPARISON(name, rules) \
  binary(m, "op_" #name, static_cast<Var (*)(Var, Var)>(&nelbo::name));
#define NELBO_TERNARY(name, rules) \
  ternary(m, "op_" #name, static_cast<Var (*)(Var, Var, Var)>(&nelbo::name));
#include "autodiff/elementwise.def"
}

using Reduction = Var (*)(Var, const Axes&, Keep);

void reduction(nb::module_& module, const char* name, Reduction f) {
  module.def(
      name,
      [f, name](const Variable& x, const AxesGiven& axis, bool keepdims) {
        return x.with(f(x.get(), axes_of(axis, name), keepdims ? Keep::yes : Keep::no));
      },
      nb::arg("x"), nb::arg("axis") = nb::none(), nb::arg("keepdims") = false);
}

void bind_reductions(nb::module_& m) {
  reduction(m, "op_sum", &sum);
  reduction(m, "op_mean", &mean);
  reduction(m, "op_max", static_cast<Reduction>(&max));
  reduction(m, "op_logsumexp", &logsumexp);
  reduction(m, "op_logmeanexp", &logmeanexp);
  m.def(
      "op_variance",
      [](const Variable& x, const AxesGiven& axis, int ddof, bool keepdims) {
        if (ddof != 0 && ddof != 1) throw Error("variance: ddof is 0 or 1");
        return x.with(variance(x.get(), axes_of(axis, "variance"),
                               ddof == 0 ? Divisor::n : Divisor::n_minus_1,
                               keepdims ? Keep::yes : Keep::no));
      },
      nb::arg("x"), nb::arg("axis") = nb::none(), nb::arg("ddof") = 0, nb::arg("keepdims") = false);
  m.def(
      "op_softmax",
      [](const Variable& x, const AxesGiven& axis) {
        return x.with(softmax(x.get(), axes_of(axis, "softmax")));
      },
      nb::arg("x"), nb::arg("axis") = -1);
  m.def(
      "op_log_softmax",
      [](const Variable& x, const AxesGiven& axis) {
        return x.with(log_softmax(x.get(), axes_of(axis, "log_softmax")));
      },
      nb::arg("x"), nb::arg("axis") = -1);
}

/// A shape in which one length may be -1: what is left.
Shape completed(const std::vector<std::int64_t>& dims, const Shape& of) {
  std::vector<std::int64_t> lengths = dims;
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::int64_t& length : lengths) {
    if (length >= 0) {
      known *= length;
    } else if (open == nullptr) {
      open = &length;
    } else {
      throw Error("reshape: only one axis may be -1");
    }
  }
  if (open != nullptr) *open = known > 0 ? of.size() / known : 0;
  return Shape(std::span<const std::int64_t>(lengths));
}

std::vector<Var> parts_of(const std::vector<Variable>& given, const char* op) {
  if (given.empty()) throw Error(std::string(op) + ": of no variables");
  std::vector<Var> parts;
  for (const Variable& one : given) parts.push_back(one.get());
  return parts;
}

void bind_shapes(nb::module_& m) {
  unary(m, "op_contiguous", &contiguous);
  unary(m, "op_stop", &stop);
  m.def(
      "op_reshape",
      [](const Variable& x, const std::vector<std::int64_t>& shape) {
        return x.with(reshape(x.get(), completed(shape, x.get().shape())));
      },
      nb::arg("x"), nb::arg("shape"));
  m.def(
      "op_permute",
      [](const Variable& x, const std::vector<int>& axes) {
        return x.with(listed(axes, "permute", [&](std::initializer_list<int> list) {
          return permute(x.get(), list);
        }));
      },
      nb::arg("x"), nb::arg("axes"));
  m.def(
      "op_swapaxes",
      [](const Variable& x, int a, int b) { return x.with(transpose(x.get(), a, b)); },
      nb::arg("x"), nb::arg("axis1") = -2, nb::arg("axis2") = -1);
  m.def(
      "op_slice",
      [](const Variable& x, int axis, std::int64_t start, std::int64_t stop) {
        return x.with(slice(x.get(), axis, start, stop));
      },
      nb::arg("x"), nb::arg("axis"), nb::arg("start"), nb::arg("stop"));
  m.def(
      "op_broadcast_to",
      [](const Variable& x, const std::vector<std::int64_t>& shape) {
        return x.with(broadcast_to(x.get(), Shape(std::span<const std::int64_t>(shape))));
      },
      nb::arg("x"), nb::arg("shape"));
  m.def(
      "op_concatenate",
      [](const std::vector<Variable>& parts, int axis) {
        const std::vector<Var> all = parts_of(parts, "concatenate");
        return parts.front().with(concatenate(std::span<const Var>(all), axis));
      },
      nb::arg("parts"), nb::arg("axis") = 0);
  m.def(
      "op_stack",
      [](const std::vector<Variable>& parts, int axis) {
        const std::vector<Var> all = parts_of(parts, "stack");
        return parts.front().with(stack(std::span<const Var>(all), axis));
      },
      nb::arg("parts"), nb::arg("axis") = 0);
  binary(m, "op_straight_through", &straight_through);
  binary(m, "op_gate", &gate);
  m.def(
      "op_gather_rows",
      [](const Variable& table, nb::object index) {
        const Var rows =
            nb::isinstance<Variable>(index)
                ? nb::cast<const Variable&>(index).get()
                : table.get().tape().leaf(tensor_of(array_of(index), DType::i32).contiguous());
        return table.with(gather_rows(table.get(), rows));
      },
      nb::arg("table"), nb::arg("index"));
}

void bind_linear_algebra(nb::module_& m) {
  binary(m, "op_matmul", &matmul);
  unary(m, "op_cholesky", &cholesky);
  unary(m, "op_log_determinant", &log_determinant);
  binary(m, "op_lower_triangular", &lower_triangular);
  m.def(
      "op_triangular_solve",
      [](const Variable& l, nb::object b, bool transposed) {
        return l.with(
            triangular_solve(l.get(), operand(b, l), transposed ? Side::transposed : Side::plain));
      },
      nb::arg("l"), nb::arg("b"), nb::arg("transposed") = false);
}

void bind_densities(nb::module_& m) {
  ternary(m, "op_normal_log_prob", &normal_log_prob);
  unary(m, "op_standard_normal_log_prob", &standard_normal_log_prob);
  binary(m, "op_normal_kl_standard", &normal_kl_standard);
  m.def(
      "op_normal_kl",
      [](nb::object mean_q, nb::object log_variance_q, nb::object mean_p,
         nb::object log_variance_p) {
        const Variable& one =
            variable_among({mean_q, log_variance_q, mean_p, log_variance_p}, "normal_kl");
        return one.with(normal_kl(operand(mean_q, one), operand(log_variance_q, one),
                                  operand(mean_p, one), operand(log_variance_p, one)));
      },
      nb::arg("mean_q"), nb::arg("log_variance_q"), nb::arg("mean_p"), nb::arg("log_variance_p"));
  binary(m, "op_bernoulli_log_prob", &bernoulli_log_prob);
  m.def(
      "op_pairwise_normal_log_prob",
      [](const Variable& z, nb::object mean, nb::object log_variance, double log_weight) {
        return z.with(pairwise_normal_log_prob(z.get(), operand(mean, z), operand(log_variance, z),
                                               {.other = log_weight})
                          .joint);
      },
      nb::arg("z"), nb::arg("mean"), nb::arg("log_variance"), nb::arg("log_weight"));
}

void bind_special(nb::module_& m) {
  binary(m, "op_log_gamma_quantile", &log_gamma_quantile);
  ternary(m, "op_logit_beta_quantile", &logit_beta_quantile);
  binary(m, "op_student_t_quantile", &student_t_quantile);
  binary(m, "op_von_mises_quantile", &von_mises_quantile);
  ternary(m, "op_negative_binomial_quantile", &negative_binomial_quantile);
  unary(m, "op_stirling_error", &stirling_error);
  unary(m, "op_digamma_minus_log", &digamma_minus_log);
  unary(m, "op_gamma_entropy", &gamma_entropy);
  ternary(m, "op_gamma_divergence", &gamma_divergence);
  binary(m, "op_dirichlet_divergence", &dirichlet_divergence);
  unary(m, "op_log_bessel_i0e", &log_bessel_i0e);
  unary(m, "op_von_mises_entropy", &von_mises_entropy);
}

void bind_methods(nb::class_<Variable>& type) {
  const auto reduced = [](const char* name, Reduction f) {
    return [f, name](const Variable& x, const AxesGiven& axis, bool keepdims) {
      return x.with(f(x.get(), axes_of(axis, name), keepdims ? Keep::yes : Keep::no));
    };
  };
  type.def("sum", reduced("sum", &sum), nb::arg("axis") = nb::none(), nb::arg("keepdims") = false)
      .def("mean", reduced("mean", &mean), nb::arg("axis") = nb::none(),
           nb::arg("keepdims") = false)
      .def("max", reduced("max", static_cast<Reduction>(&max)), nb::arg("axis") = nb::none(),
           nb::arg("keepdims") = false)
      .def(
          "reshape",
          [](const Variable& x, const nb::args& shape) {
            std::vector<std::int64_t> lengths;
            const bool listed = shape.size() == 1 && !nb::isinstance<nb::int_>(shape[0]);
            const nb::object all = listed ? nb::borrow(shape[0]) : nb::object(shape);
            for (const nb::handle length : all) lengths.push_back(nb::cast<std::int64_t>(length));
            return x.with(reshape(x.get(), completed(lengths, x.get().shape())));
          },
          nb::arg("shape"), nb::sig("def reshape(self, *shape: object) -> Var"))
      .def_prop_ro("T", [](const Variable& x) {
        std::vector<int> axes;
        for (int axis = x.get().shape().rank(); axis-- > 0;) axes.push_back(axis);
        return x.with(listed(
            axes, "T", [&](std::initializer_list<int> list) { return permute(x.get(), list); }));
      });
}

}  // namespace

void bind_ops(nb::module_& module, nb::class_<Variable>& variable) {
  bind_methods(variable);
  bind_elementwise(module);
  bind_reductions(module);
  bind_shapes(module);
  bind_linear_algebra(module);
  bind_densities(module);
  bind_special(module);
}

}  // namespace nelbo::python
