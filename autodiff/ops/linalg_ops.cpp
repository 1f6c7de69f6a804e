#include "autodiff/ops/linalg_ops.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/scratch.hpp"

namespace nelbo {
namespace {

template <class T>
const auto& functions() {
  return kernels_for<T>(active_kernels().linalg());
}

std::int64_t matrices(const Shape& shape) {
  std::int64_t n = 1;
  for (int i = 0; i + 2 < shape.rank(); ++i) n *= shape[i];
  return n;
}

template <class T>
void contribute(Frame::Adjoint<T> to, std::int64_t offset, const T* from, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    T& target = to.data[offset + i];
    target = to.add ? target + from[i] : from[i];
  }
}

const Op cholesky_op{
    .name = "cholesky",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = f.out_shape()[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for (std::int64_t i = 0; i < matrices(f.out_shape()); ++i) {
              functions<T>().cholesky(f.in<T>(0) + i * n * n, f.out<T>() + i * n * n, n);
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          if (!f.wants(0)) return;
          const std::int64_t n = f.out_shape()[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto to = f.adjoint<T>(0);
            T* gradient = scratch_array<T>(Scratch::rows, 2 * n * n);
            for (std::int64_t i = 0; i < matrices(f.out_shape()); ++i) {
              functions<T>().cholesky_backward(f.out<T>() + i * n * n, f.cotangent<T>() + i * n * n,
                                               gradient, gradient + n * n, n);
              contribute(to, i * n * n, gradient, n * n);
            }
          });
        },
};

struct SolveSaved {
  bool transposed;
};

const Op triangular_solve_op{
    .name = "triangular_solve",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = f.out_shape()[-2], k = f.out_shape()[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for (std::int64_t i = 0; i < matrices(f.out_shape()); ++i) {
              functions<T>().solve(f.in<T>(0) + i * n * n, f.in<T>(1) + i * n * k,
                                   f.out<T>() + i * n * k, n, k, f.saved<SolveSaved>().transposed);
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          // x = l^-1 b: db = l'^-1 dx and dl = -lower(db x'). With l' for l: db = l^-1 dx, dl =
          // -lower(x db').
          const bool transposed = f.saved<SolveSaved>().transposed;
          const std::int64_t n = f.out_shape()[-2], k = f.out_shape()[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            T* db = scratch_array<T>(Scratch::rows, n * k + n * n);
            T* dl = db + n * k;
            Frame::Adjoint<T> to_l{}, to_b{};
            if (f.wants(0)) to_l = f.adjoint<T>(0);
            if (f.wants(1)) to_b = f.adjoint<T>(1);
            for (std::int64_t m = 0; m < matrices(f.out_shape()); ++m) {
              functions<T>().solve(f.in<T>(0) + m * n * n, f.cotangent<T>() + m * n * k, db, n, k,
                                   !transposed);
              if (f.wants(1)) contribute(to_b, m * n * k, db, n * k);
              if (!f.wants(0)) continue;
              const T* x = f.out<T>() + m * n * k;
              const T *row = transposed ? x : db, *column = transposed ? db : x;
              for (std::int64_t i = 0; i < n; ++i) {
                for (std::int64_t j = 0; j < n; ++j) {
                  T sum = 0;
                  for (std::int64_t c = 0; j <= i && c < k; ++c)
                    sum -= row[i * k + c] * column[j * k + c];
                  dl[i * n + j] = sum;
                }
              }
              contribute(to_l, m * n * n, dl, n * n);
            }
          });
        },
};

const Op log_determinant_op{
    .name = "log_determinant",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = f.in_shape(0)[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for (std::int64_t i = 0; i < matrices(f.in_shape(0)); ++i) {
              const T* l = f.in<T>(0) + i * n * n;
              T sum = 0;
              for (std::int64_t d = 0; d < n; ++d) sum += 2 * std::log(std::fabs(l[d * n + d]));
              f.out<T>()[i] = sum;
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          if (!f.wants(0)) return;
          const std::int64_t n = f.in_shape(0)[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto to = f.adjoint<T>(0);
            for (std::int64_t i = 0; i < matrices(f.in_shape(0)); ++i) {
              const T* l = f.in<T>(0) + i * n * n;
              T* out = to.data + i * n * n;
              if (!to.add) {
                for (std::int64_t e = 0; e < n * n; ++e) out[e] = 0;
              }
              for (std::int64_t d = 0; d < n; ++d) {
                out[d * n + d] += 2 * f.cotangent<T>()[i] / l[d * n + d];
              }
            }
          });
        },
};

/// Of the strictly lower triangle of [D, D].
std::int64_t below_count(std::int64_t n) { return n * (n - 1) / 2; }

const Op lower_triangular_op{
    .name = "lower_triangular",
    .forward =
        [](const Frame& f) {
          const std::int64_t n = f.out_shape()[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for (std::int64_t m = 0; m < matrices(f.out_shape()); ++m) {
              const T *diagonal = f.in<T>(0) + m * n, *below = f.in<T>(1) + m * below_count(n);
              T* l = f.out<T>() + m * n * n;
              for (std::int64_t i = 0; i < n; ++i) {
                for (std::int64_t j = 0; j < n; ++j) {
                  *l++ = j < i ? *below++ : j == i ? diagonal[i] : T{0};
                }
              }
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          const std::int64_t n = f.out_shape()[-1];
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* dl = f.cotangent<T>();
            Frame::Adjoint<T> diagonal{}, below{};
            if (f.wants(0)) diagonal = f.adjoint<T>(0);
            if (f.wants(1)) below = f.adjoint<T>(1);
            for (std::int64_t m = 0; m < matrices(f.out_shape()); ++m, dl += n * n) {
              for (std::int64_t i = 0; i < n; ++i) {
                if (diagonal.data) contribute(diagonal, m * n + i, dl + i * n + i, 1);
                if (below.data) {
                  contribute(below, m * below_count(n) + below_count(i), dl + i * n, i);
                }
              }
            }
          });
        },
};

void check_square(const char* op, const Shape& shape) {
  if (shape.rank() < 2 || shape[-1] != shape[-2]) {
    throw Error(std::string(op) + ": shape " + shape.text() + " is not [..., D, D]");
  }
}

}  // namespace

Var cholesky(Var a) {
  check_square("cholesky", a.shape());
  return record(cholesky_op, {a}, a.shape());
}

Var triangular_solve(Var l, Var b, Side side) {
  check_square("triangular_solve", l.shape());
  Shape expected = l.shape();
  if (b.shape().rank() == expected.rank()) expected[-1] = b.shape()[-1];
  if (!(b.shape() == expected)) {
    throw Error("triangular_solve: l " + l.shape().text() + " and b " + b.shape().text() +
                " do not fit: [..., D, D] and [..., D, K]");
  }
  return record(triangular_solve_op, {l, b}, b.shape(), SolveSaved{side == Side::transposed});
}

Var log_determinant(Var l) {
  check_square("log_determinant", l.shape());
  return record(log_determinant_op, {l}, Shape(l.shape().dims().first(l.shape().rank() - 2)));
}

Var lower_triangular(Var diagonal, Var below) {
  const Shape& shape = diagonal.shape();
  Shape expected = shape;
  if (shape.rank() > 0) expected[-1] = below_count(shape[-1]);
  if (shape.rank() < 1 || !(below.shape() == expected)) {
    throw Error("lower_triangular: diagonal " + shape.text() + " and below " +
                below.shape().text() + " do not fit: [..., D] and [..., D (D - 1) / 2]");
  }
  Shape square = shape;
  square.push_back(shape[-1]);
  return record(lower_triangular_op, {diagonal, below}, square);
}

}  // namespace nelbo
