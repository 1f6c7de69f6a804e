#include "autodiff/ops/density_ops.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/row_chunks.hpp"
#include "autodiff/ops/rows.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

constexpr double log_two_pi = 1.8378770664093454835606594728112;

/// -n/2 log 2 pi: the constant of n normal numbers.
template <class T>
T constant(std::int64_t n) {
  return T(-0.5 * log_two_pi * double(n));
}

// Every operator here works on rows of D numbers. An operand may have fewer rows than the result
// ([B, D] against [S, B, D]); row r then reads its row r modulo their number.

std::int64_t width(const Shape& shape) { return shape[-1]; }
std::int64_t rows(const Shape& shape) {
  std::int64_t n = 1;
  for (int i = 0; i + 1 < shape.rank(); ++i) n *= shape[i];
  return n;
}

template <class T>
kernels::DensityRows<T> operand(const Frame& f, int i) {
  return {f.in<T>(i), std::size_t(rows(f.in_shape(i)))};
}

/// Adds to the adjoint of operand i what `result_rows` rows contribute: contribute(range, adjoint).
template <class T, class F>
void backward_rows(const Frame& f, int i, std::int64_t result_rows, F&& contribute) {
  if (!f.wants(i)) return;
  const auto to = f.adjoint<T>(i);
  const std::int64_t own = rows(f.in_shape(i)), n = width(f.in_shape(i));
  if (result_rows == 0) {
    if (!to.add) std::fill_n(to.data, own * n, T{0});
    return;
  }
  const kernels::DensityAdjoint<T> adjoint{to.data, std::size_t(own), std::size_t(result_rows),
                                           to.add};
  for_row_chunks<T>(own, n, n * (result_rows / own),
                    [&](const kernels::DensityRange<T>& range) { contribute(range, adjoint); });
}

/// x as rows of `shape` see it: itself where its own shape is what shape ends with, else broadcast.
Var rows_of(Var x, const Shape& shape, const char* op) {
  const Shape own = x.shape();
  bool ends = own.rank() <= shape.rank() && own.rank() >= 1;
  bool leading = true;  // axes of length 1 in front change nothing
  for (int i = 0; ends && i < own.rank(); ++i) {
    const std::int64_t wanted = shape[shape.rank() - own.rank() + i];
    leading = leading && own[i] == 1 && i + 1 < own.rank();
    ends = own[i] == wanted || leading;
  }
  if (ends) return x;
  if (!(broadcast(own, shape, op) == shape)) {
    throw Error(std::string(op) + ": shape " + own.text() + " does not broadcast to " +
                shape.text());
  }
  return x.tape().contiguous(broadcast_to(x, shape));
}

void check_event(const Shape& shape, const char* op) {
  if (shape.rank() < 1) throw Error(std::string(op) + ": a scalar has no event axis");
}

Shape without_event(const Shape& shape) { return Shape(shape.dims().first(shape.rank() - 1)); }

// Sample and log-density in one
// ------------------------------------------------------------------------

const Op normal_rsample_log_prob_op{
    .name = "normal_rsample_log_prob",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = width(f.out_shape());
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto m = operand<T>(f, 0), v = operand<T>(f, 1), e = operand<T>(f, 2);
            for_row_chunks<T>(rows(f.out_shape()), n, n, [&](const auto& range) {
              density_functions<T>().normal_sample(range, m, v, e, constant<T>(n), f.out<T>(0),
                                                   f.out<T>(1));
            });
          });
        },
    .vjp =
        [](const Frame& f) {
          const std::int64_t count = rows(f.out_shape());
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* dz = f.has_cotangent(0) ? f.cotangent<T>(0) : nullptr;
            const T* c = f.has_cotangent(1) ? f.cotangent<T>(1) : nullptr;
            // At fixed noise log q does not depend on the mean.
            backward_rows<T>(f, 0, dz ? count : 0, [&](const auto& range, const auto& to) {
              density_functions<T>().scaled(range, {dz, std::size_t(count)}, T(1), nullptr, to);
            });
            const auto v = operand<T>(f, 1), e = operand<T>(f, 2);
            backward_rows<T>(f, 1, count, [&](const auto& range, const auto& to) {
              density_functions<T>().normal_sample_log_variance(range, v, e, dz, c, to);
            });
          });
        },
};

// Log-densities
// -----------------------------------------------------------------------------------------

const Op normal_log_prob_op{
    .name = "normal_log_prob",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = width(f.in_shape(0));
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto z = operand<T>(f, 0), m = operand<T>(f, 1), v = operand<T>(f, 2);
            for_row_chunks<T>(rows(f.in_shape(0)), n, n, [&](const auto& range) {
              density_functions<T>().normal(range, z, m, v, constant<T>(n), f.out<T>());
            });
          });
        },
    .vjp =
        [](const Frame& f) {
          const std::int64_t count = rows(f.in_shape(0));
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto z = operand<T>(f, 0), m = operand<T>(f, 1), v = operand<T>(f, 2);
            const T* c = f.cotangent<T>();
            backward_rows<T>(f, 0, count, [&](const auto& range, const auto& to) {
              density_functions<T>().normal_mean(range, z, m, v, T(-1), c, to);
            });
            backward_rows<T>(f, 1, count, [&](const auto& range, const auto& to) {
              density_functions<T>().normal_mean(range, z, m, v, T(1), c, to);
            });
            backward_rows<T>(f, 2, count, [&](const auto& range, const auto& to) {
              density_functions<T>().normal_log_variance(range, z, m, v, c, to);
            });
          });
        },
};

const Op standard_normal_log_prob_op{
    .name = "standard_normal_log_prob",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = width(f.in_shape(0));
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for_row_chunks<T>(rows(f.in_shape(0)), n, n, [&](const auto& range) {
              density_functions<T>().standard_normal(range, operand<T>(f, 0), constant<T>(n),
                                                     f.out<T>());
            });
          });
        },
    .vjp =
        [](const Frame& f) {
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            backward_rows<T>(f, 0, rows(f.in_shape(0)), [&](const auto& range, const auto& to) {
              density_functions<T>().scaled(range, operand<T>(f, 0), T(-1), f.cotangent<T>(), to);
            });
          });
        },
};

const Op bernoulli_log_prob_op{
    .name = "bernoulli_log_prob",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = width(f.in_shape(0));
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto l = operand<T>(f, 0), x = operand<T>(f, 1);
            for_row_chunks<T>(rows(f.in_shape(0)), n, n, [&](const auto& range) {
              density_functions<T>().bernoulli(range, l, x, f.out<T>());
            });
          });
        },
    .vjp =
        [](const Frame& f) {
          const std::int64_t count = rows(f.in_shape(0));
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto l = operand<T>(f, 0), x = operand<T>(f, 1);
            const T* c = f.cotangent<T>();
            backward_rows<T>(f, 0, count, [&](const auto& range, const auto& to) {
              density_functions<T>().bernoulli_logits(range, l, x, c, to);
            });
            backward_rows<T>(f, 1, count, [&](const auto& range, const auto& to) {
              density_functions<T>().scaled(range, l, T(1), c, to);
            });
          });
        },
};

// Divergences
// -------------------------------------------------------------------------------------------

const Op normal_kl_standard_op{
    .name = "normal_kl_standard",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = width(f.in_shape(0));
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto m = operand<T>(f, 0), v = operand<T>(f, 1);
            for_row_chunks<T>(rows(f.in_shape(0)), n, n, [&](const auto& range) {
              density_functions<T>().kl_standard(range, m, v, f.out<T>());
            });
          });
        },
    .vjp =
        [](const Frame& f) {
          const std::int64_t count = rows(f.in_shape(0));
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto m = operand<T>(f, 0), v = operand<T>(f, 1);
            const T* c = f.cotangent<T>();
            backward_rows<T>(f, 0, count, [&](const auto& range, const auto& to) {
              density_functions<T>().scaled(range, m, T(1), c, to);
            });
            backward_rows<T>(f, 1, count, [&](const auto& range, const auto& to) {
              density_functions<T>().kl_standard_log_variance(range, v, c, to);
            });
          });
        },
};

struct KlSaved {
  Shape shape;  // [B, D], the operands' common shape
};

const Op normal_kl_op{
    .name = "normal_kl",
    .forward =
        [](const Frame& f) {
          const Shape& shape = f.saved<KlSaved>().shape;
          const std::int64_t n = width(shape);
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto mq = operand<T>(f, 0), vq = operand<T>(f, 1);
            const auto mp = operand<T>(f, 2), vp = operand<T>(f, 3);
            for_row_chunks<T>(rows(shape), n, n, [&](const auto& range) {
              density_functions<T>().kl(range, mq, vq, mp, vp, f.out<T>());
            });
          });
        },
    .vjp =
        [](const Frame& f) {
          const std::int64_t count = rows(f.saved<KlSaved>().shape);
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto mq = operand<T>(f, 0), vq = operand<T>(f, 1);
            const auto mp = operand<T>(f, 2), vp = operand<T>(f, 3);
            const T* c = f.cotangent<T>();
            backward_rows<T>(f, 0, count, [&](const auto& range, const auto& to) {
              density_functions<T>().normal_mean(range, mq, mp, vp, T(1), c, to);
            });
            backward_rows<T>(f, 1, count, [&](const auto& range, const auto& to) {
              density_functions<T>().kl_log_variance(range, vq, vp, c, to);
            });
            backward_rows<T>(f, 2, count, [&](const auto& range, const auto& to) {
              density_functions<T>().normal_mean(range, mq, mp, vp, T(-1), c, to);
            });
            backward_rows<T>(f, 3, count, [&](const auto& range, const auto& to) {
              density_functions<T>().kl_prior_log_variance(range, mq, vq, mp, vp, c, to);
            });
          });
        },
};

}  // namespace

NormalSample normal_rsample_log_prob(Var mean, Var log_variance, Var noise) {
  const char* op = normal_rsample_log_prob_op.name;
  const Shape shape = noise.shape();
  check_event(shape, op);
  const Var operands[] = {rows_of(mean, shape, op), rows_of(log_variance, shape, op), stop(noise)};
  const DType dtype = common_dtype(normal_rsample_log_prob_op, operands);
  const Spec specs[] = {{shape, dtype}, {without_event(shape), dtype}};
  Tape& tape = Tape::current();
  const Var z = tape.record(normal_rsample_log_prob_op, operands, specs);
  return {z, tape.output(z, 1)};
}

Var normal_log_prob(Var z, Var mean, Var log_variance) {
  const char* op = normal_log_prob_op.name;
  check_event(z.shape(), op);
  return record(normal_log_prob_op,
                {z, rows_of(mean, z.shape(), op), rows_of(log_variance, z.shape(), op)},
                without_event(z.shape()));
}

Var standard_normal_log_prob(Var z) {
  check_event(z.shape(), standard_normal_log_prob_op.name);
  return record(standard_normal_log_prob_op, {z}, without_event(z.shape()));
}

Var normal_kl_standard(Var mean, Var log_variance) {
  const char* op = normal_kl_standard_op.name;
  const Shape shape = broadcast(mean.shape(), log_variance.shape(), op);
  check_event(shape, op);
  if (!(mean.shape() == shape)) mean = mean.tape().contiguous(broadcast_to(mean, shape));
  return record(normal_kl_standard_op, {mean, rows_of(log_variance, shape, op)},
                without_event(shape));
}

Var normal_kl(Var mean_q, Var log_variance_q, Var mean_p, Var log_variance_p) {
  const char* op = normal_kl_op.name;
  Shape shape = broadcast(mean_q.shape(), log_variance_q.shape(), op);
  shape = broadcast(broadcast(shape, mean_p.shape(), op), log_variance_p.shape(), op);
  check_event(shape, op);
  return record(normal_kl_op,
                {rows_of(mean_q, shape, op), rows_of(log_variance_q, shape, op),
                 rows_of(mean_p, shape, op), rows_of(log_variance_p, shape, op)},
                without_event(shape), KlSaved{shape});
}

Var bernoulli_log_prob(Var logits, Var x) {
  check_event(logits.shape(), bernoulli_log_prob_op.name);
  return record(bernoulli_log_prob_op,
                {logits, rows_of(x, logits.shape(), bernoulli_log_prob_op.name)},
                without_event(logits.shape()));
}

namespace {

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
