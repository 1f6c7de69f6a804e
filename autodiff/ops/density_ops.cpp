#include "autodiff/ops/density_ops.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/internal/row_chunks.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
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
  return contiguous(broadcast_to(x, shape));
}

void check_event(const Shape& shape, const char* op) {
  if (shape.rank() < 1) throw Error(std::string(op) + ": a scalar has no event axis");
}

Shape without_event(const Shape& shape) { return Shape(shape.dims().first(shape.rank() - 1)); }

// Sample and log-density in one -------------------------------------------------------------------

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

// Log-densities -----------------------------------------------------------------------------------

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

// Divergences -------------------------------------------------------------------------------------

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
  Recorder recorder = Recorder::current();
  const Var z = recorder.record(normal_rsample_log_prob_op, operands, specs);
  return {z, recorder.output(z, 1)};
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
  if (!(mean.shape() == shape)) mean = contiguous(broadcast_to(mean, shape));
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

}  // namespace nelbo
