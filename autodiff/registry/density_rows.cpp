// Registry rows of the densities: references in plain loops in double.
#include <cmath>
#include <numbers>

#include "autodiff/ops/density_ops.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

const double log_two_pi = std::log(2 * std::numbers::pi);

Shape without_event(const Shape& shape) { return Shape(shape.dims().first(shape.rank() - 1)); }
std::int64_t width(const Shape& shape) { return shape[-1]; }
std::int64_t rows(const Shape& shape) { return without_event(shape).size(); }

using Vars = std::vector<Var>;
using Tensors = std::vector<Tensor>;

/// Sums term(row, d) over d for every row of `shape`.
template <class F>
Tensor sum_rows(const Shape& shape, F term) {
  Tensor y(without_event(shape), DType::f64);
  for (std::int64_t r = 0; r < rows(shape); ++r) {
    double sum = 0;
    for (std::int64_t d = 0; d < width(shape); ++d) sum += term(r, d);
    y.data_as<double>()[r] = sum;
  }
  return y;
}

/// Element d of row r of an operand of `shape`, which repeats over the rows of the result.
double at(const Tensor& x, std::int64_t r, std::int64_t d, std::int64_t n) {
  if (x.size() == 1) return x.item();
  return x.data_as<double>()[(r * n + d) % x.size()];
}

}  // namespace

std::vector<OperatorRow> density_rows() {
  std::vector<OperatorRow> all;
  const auto add = [&](OperatorRow row) {
    row.tolerance_f32 = 3e-6;
    row.tolerance_f64 = 1e-13;
    all.push_back(std::move(row));
  };

  OperatorRow sample;
  sample.name = "normal_rsample_log_prob";
  // The noise is a leaf that takes no gradient: it is bound here, not a sample input.
  const auto noise = [](const Shape& shape) {
    Tensor e(shape, DType::f64);
    for (std::int64_t i = 0; i < e.size(); ++i)
      e.data_as<double>()[i] = float(std::sin(3.7 * i + 1));
    return e;
  };
  const auto noise_shape = [](const Shape& m, const Shape& v) {
    Shape s{2};
    const Shape& longer = m.rank() >= v.rank() ? m : v;
    for (std::int64_t d : longer.dims()) s.push_back(d);
    return s;
  };
  sample.apply = [=](const Vars& x) {
    const Tensor e = noise(noise_shape(x[0].shape(), x[1].shape())).cast(x[0].dtype());
    const NormalSample s = normal_rsample_log_prob(x[0], x[1], x[0].tape().leaf(e));
    return Vars{s.z, s.log_prob};
  };
  sample.composed = [=](const Vars& x) {
    const Var e =
        x[0].tape().leaf(noise(noise_shape(x[0].shape(), x[1].shape())).cast(x[0].dtype()));
    const Var z = x[0] + exp(0.5 * x[1]) * e;
    return Vars{z, sum(-0.5 * (square(e) + x[1] + log_two_pi), -1)};
  };
  sample.reference = [=](const Tensors& x) {
    const Tensor e = noise(noise_shape(x[0].shape(), x[1].shape()));
    const std::int64_t n = width(e.shape());
    Tensor z(e.shape(), DType::f64);
    for (std::int64_t i = 0; i < z.size(); ++i) {
      z.data_as<double>()[i] = at(x[0], i / n, i % n, n) +
                               std::exp(0.5 * at(x[1], i / n, i % n, n)) * e.data_as<double>()[i];
    }
    return Tensors{z, sum_rows(e.shape(), [&](auto r, auto d) {
                     const double eps = e.data_as<double>()[r * n + d];
                     return -0.5 * (eps * eps + at(x[1], r, d, n) + log_two_pi);
                   })};
  };
  sample.samples = {{{.shape = {4, 19}}, {.shape = {4, 19}}},
                    {{.shape = {3, 5}}, {.shape = {5}}},
                    {{.shape = {1, 1}}, {.shape = {1, 1}}},
                    {{.shape = {0, 3}}, {.shape = {0, 3}}}};
  add(sample);

  OperatorRow normal;
  normal.name = "normal_log_prob";
  normal.apply = [](const Vars& x) { return Vars{normal_log_prob(x[0], x[1], x[2])}; };
  normal.composed = [](const Vars& x) {
    return Vars{sum(-0.5 * (square(x[0] - x[1]) * exp(-x[2]) + x[2] + log_two_pi), -1)};
  };
  normal.reference = [](const Tensors& x) {
    const std::int64_t n = width(x[0].shape());
    return Tensors{sum_rows(x[0].shape(), [&](auto r, auto d) {
      const double v = at(x[2], r, d, n), e = at(x[0], r, d, n) - at(x[1], r, d, n);
      return -0.5 * (e * e / std::exp(v) + v + log_two_pi);
    })};
  };
  normal.samples = {{{.shape = {2, 3, 17}}, {.shape = {3, 17}}, {.shape = {17}}},
                    {{.shape = {2, 3, 4}}, {.shape = {2, 3, 4}}, {.shape = {1, 1, 4}}},
                    {{.shape = {5, 33}}, {.shape = {5, 33}}, {.shape = {}}},
                    {{.shape = {3, 2, 9}}, {.shape = {9}}, {.shape = {2, 9}}},
                    {{.shape = {3, 2, 53}}, {.shape = {53}}, {.shape = {2, 53}}},
                    {{.shape = {1}}, {.shape = {1}}, {.shape = {1}}},
                    {{.shape = {0, 2}}, {.shape = {2}}, {.shape = {2}}}};
  add(normal);

  OperatorRow standard;
  standard.name = "standard_normal_log_prob";
  standard.apply = [](const Vars& x) { return Vars{standard_normal_log_prob(x[0])}; };
  standard.composed = [](const Vars& x) {
    return Vars{sum(-0.5 * (square(x[0]) + log_two_pi), -1)};
  };
  standard.reference = [](const Tensors& x) {
    const std::int64_t n = width(x[0].shape());
    return Tensors{sum_rows(x[0].shape(), [&](auto r, auto d) {
      return -0.5 * (std::pow(at(x[0], r, d, n), 2) + log_two_pi);
    })};
  };
  standard.samples = {{{.shape = {2, 3, 37}}}, {{.shape = {1}}}, {{.shape = {0, 4}}}};
  add(standard);

  OperatorRow kl_standard;
  kl_standard.name = "normal_kl_standard";
  kl_standard.apply = [](const Vars& x) { return Vars{normal_kl_standard(x[0], x[1])}; };
  kl_standard.composed = [](const Vars& x) {
    return Vars{sum(0.5 * (exp(x[1]) + square(x[0]) - 1.0 - x[1]), -1)};
  };
  kl_standard.reference = [](const Tensors& x) {
    const std::int64_t n = width(x[0].shape());
    return Tensors{sum_rows(x[0].shape(), [&](auto r, auto d) {
      const double m = at(x[0], r, d, n), v = at(x[1], r, d, n);
      return 0.5 * (std::exp(v) + m * m - 1 - v);
    })};
  };
  kl_standard.samples = {{{.shape = {4, 19}}, {.shape = {4, 19}}},
                         {{.shape = {4, 5}}, {.shape = {5}}},
                         {{.shape = {1, 1}}, {.shape = {1, 1}}},
                         {{.shape = {0, 3}}, {.shape = {0, 3}}}};
  add(kl_standard);

  OperatorRow kl;
  kl.name = "normal_kl";
  kl.apply = [](const Vars& x) { return Vars{normal_kl(x[0], x[1], x[2], x[3])}; };
  kl.composed = [](const Vars& x) {
    const Var d = square(x[0] - x[2]);
    return Vars{sum(0.5 * ((exp(x[1]) + d) / exp(x[3]) - 1.0 + x[3] - x[1]), -1)};
  };
  kl.reference = [](const Tensors& x) {
    const Shape& shape = x[0].shape();
    const std::int64_t n = width(shape);
    return Tensors{sum_rows(shape, [&](auto r, auto d) {
      const double m = at(x[0], r, d, n) - at(x[2], r, d, n);
      const double vq = at(x[1], r, d, n), vp = at(x[3], r, d, n);
      return 0.5 * ((std::exp(vq) + m * m) / std::exp(vp) - 1 + vp - vq);
    })};
  };
  kl.samples = {{{.shape = {3, 18}}, {.shape = {3, 18}}, {.shape = {3, 18}}, {.shape = {3, 18}}},
                {{.shape = {3, 4}}, {.shape = {3, 4}}, {.shape = {4}}, {.shape = {}}}};
  add(kl);

  OperatorRow bernoulli;
  bernoulli.name = "bernoulli_log_prob";
  bernoulli.apply = [](const Vars& x) { return Vars{bernoulli_log_prob(x[0], x[1])}; };
  bernoulli.composed = [](const Vars& x) { return Vars{sum(x[1] * x[0] - softplus(x[0]), -1)}; };
  bernoulli.reference = [](const Tensors& x) {
    const std::int64_t n = width(x[0].shape());
    return Tensors{sum_rows(x[0].shape(), [&](auto r, auto d) {
      const double l = at(x[0], r, d, n);
      const double softplus = l > 0 ? l + std::log1p(std::exp(-l)) : std::log1p(std::exp(l));
      return at(x[1], r, d, n) * l - softplus;
    })};
  };
  const auto logits = [](Shape s) { return Operand{.shape = s, .low = -30, .high = 30}; };
  const auto data = [](Shape s) { return Operand{.shape = s, .low = 0, .high = 1}; };
  bernoulli.samples = {{logits({3, 4, 35}), data({4, 35})},
                       {logits({2, 1100}), data({2, 1100})},
                       {logits({1}), data({1})},
                       {logits({2, 5}), data({5})},
                       {logits({0, 3}), data({0, 3})}};
  const double nan = std::nan("");
  const auto edge = [](std::initializer_list<double> l, std::initializer_list<double> x, double y) {
    const Shape shape{std::int64_t(l.size())};
    return Edge{{Tensor::of(l, shape, DType::f64), Tensor::of(x, shape, DType::f64)}, {y}};
  };
  bernoulli.edges = {edge({1000, -1000}, {1, 0}, 0), edge({1000}, {0}, -1000),
                     edge({-1000}, {1}, -1000), edge({nan, 0}, {0, 0}, nan)};
  add(bernoulli);
  return all;
}

}  // namespace nelbo
