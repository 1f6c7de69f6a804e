#include "autodiff/ops/linear_ops.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <string>
#include <type_traits>

#include "autodiff/error.hpp"
#include "autodiff/gemm.hpp"
#include "autodiff/internal/epilogue.hpp"
#include "autodiff/internal/sparse_linear.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

// matmul ------------------------------------------------------------------------------------------

struct MatmulSaved {
  Shape batch;   // broadcast leading axes
  Strides a, b;  // of the leading axes, 0 where an operand repeats
  std::int64_t m, n, k;
};

/// One product of the batch: offsets of its operands, and whether an operand's matrix was met
/// before.
struct Product {
  std::int64_t a, b, index;
  bool again[2];
};

template <class F>
void for_each_product(const MatmulSaved& s, F&& visit) {
  std::array<std::int64_t, max_rank> index{};
  std::int64_t a = 0, b = 0;
  for (std::int64_t i = 0, count = s.batch.size(); i < count; ++i) {
    Product product{a, b, i, {false, false}};
    for (int axis = 0; axis < s.batch.rank(); ++axis) {
      product.again[0] |= s.a[axis] == 0 && index[axis] > 0;
      product.again[1] |= s.b[axis] == 0 && index[axis] > 0;
    }
    visit(product);
    for (int axis = s.batch.rank() - 1; axis >= 0; --axis) {
      a += s.a[axis];
      b += s.b[axis];
      if (++index[axis] < s.batch[axis]) break;
      a -= s.a[axis] * s.batch[axis];
      b -= s.b[axis] * s.batch[axis];
      index[axis] = 0;
    }
  }
}

/// to[m, n] (+)= x[m, k] y[k, n], the result lying in the strides of the operand it is the gradient
/// of.
template <class T>
void product_into(T* to, std::int64_t row, std::int64_t column, std::int64_t m, std::int64_t n,
                  std::int64_t k, MatrixView<T> x, MatrixView<T> y, bool add) {
  if (column == 1) {
    gemm<T>(m, n, k, x, y, to, row, add);
  } else {  // the transpose of the result is row-major: (x y)' = y' x'
    gemm<T>(n, m, k, {y.data, y.col_stride, y.row_stride}, {x.data, x.col_stride, x.row_stride}, to,
            column, add);
  }
}

const Op matmul_op{
    .name = "matmul",
    .forward =
        [](const Frame& f) {
          const auto& s = f.saved<MatmulSaved>();
          const int ra = f.in_shape(0).rank(), rb = f.in_shape(1).rank();
          const Strides &sa = f.in_strides(0), &sb = f.in_strides(1);
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for_each_product(s, [&](const Product& p) {
              gemm<T>(s.m, s.n, s.k, {f.in<T>(0) + p.a, sa[ra - 2], sa[ra - 1]},
                      {f.in<T>(1) + p.b, sb[rb - 2], sb[rb - 1]}, f.out<T>() + p.index * s.m * s.n,
                      s.n);
            });
          });
        },
    .vjp =
        [](const Frame& f) {
          const auto& s = f.saved<MatmulSaved>();
          const int ra = f.in_shape(0).rank(), rb = f.in_shape(1).rank();
          const Strides &sa = f.in_strides(0), &sb = f.in_strides(1);
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* dy = f.cotangent<T>();
            for (int side = 0; side < 2; ++side) {
              if (!f.wants(side)) continue;
              const auto to = f.adjoint<T>(side);
              for_each_product(s, [&](const Product& p) {
                const T* d = dy + p.index * s.m * s.n;
                const bool add = to.add || p.again[side];
                if (side == 0) {  // dA = dY B'
                  product_into<T>(to.data + p.a, sa[ra - 2], sa[ra - 1], s.m, s.k, s.n, {d, s.n, 1},
                                  {f.in<T>(1) + p.b, sb[rb - 1], sb[rb - 2]}, add);
                } else {  // dB = A' dY
                  product_into<T>(to.data + p.b, sb[rb - 2], sb[rb - 1], s.k, s.n, s.m,
                                  {f.in<T>(0) + p.a, sa[ra - 1], sa[ra - 2]}, {d, s.n, 1}, add);
                }
              });
            }
          });
        },
    .strided = true,
    .multiply_adds =
        [](const Frame& f) {
          const auto& s = f.saved<MatmulSaved>();
          return double(s.batch.size()) * double(s.m) * double(s.n) * double(s.k);
        },
};

/// x as matmul can read it: one of the last two axes has stride 1, and no axis of the matrix
/// repeats.
Var readable(Var x) {
  Recorder recorder(x.tape());
  const Strides strides = recorder.strides(x);
  const int rank = x.shape().rank();
  const std::int64_t row = strides[rank - 2], column = strides[rank - 1];
  if (column == 1 && row >= x.shape()[-1]) return x;
  if (row == 1 && column >= x.shape()[-2]) return x;
  return recorder.contiguous(x);
}

// linear ------------------------------------------------------------------------------------------

struct LinearSaved {
  std::int64_t rows, in, out;
  Activation activation;
  void* zeros;  // SparseRows of x in the tape's memory; null where x is not data or is small
};

/// Data of fewer numbers, or with fewer outputs, are not worth looking for zeros.
constexpr std::int64_t least_data = 1 << 13, least_outputs = 32;

template <class T>
void* make_sparse_rows(Recorder recorder, std::int64_t rows, std::int64_t columns) {
  static_assert(std::is_trivially_destructible_v<SparseRows<T>>);
  void* memory = recorder.workspace(SparseRows<T>::bytes(rows, columns));
  return new (recorder.workspace(sizeof(SparseRows<T>))) SparseRows<T>(memory, rows, columns);
}

const Op linear_op{
    .name = "linear",
    .forward =
        [](const Frame& f) {
          const auto& s = f.saved<LinearSaved>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            if (s.zeros != nullptr) {
              auto& x = *static_cast<SparseRows<T>*>(s.zeros);
              x.index(f.in<T>(0));
              if (x.sparse()) {
                return x.forward(s.out, f.in<T>(1), f.out<T>(), {f.in<T>(2), s.activation});
              }
            }
            gemm<T>(s.rows, s.out, s.in, {f.in<T>(0), s.in, 1}, {f.in<T>(1), s.out, 1}, f.out<T>(),
                    s.out, false, {f.in<T>(2), s.activation});
          });
        },
    .vjp =
        [](const Frame& f) {
          const auto& s = f.saved<LinearSaved>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            T* dy = f.cotangent<T>();
            Frame::Adjoint<T> bias{nullptr, false};
            if (f.wants(2)) bias = f.adjoint<T>(2);
            epilogue_backward<T>(s.activation, f.out<T>(), dy, s.rows, s.out, bias.data, bias.add);
            auto* x = static_cast<SparseRows<T>*>(s.zeros);
            if (f.wants(1) && x != nullptr && x->sparse()) {
              const auto to = f.adjoint<T>(1);
              x->weight_gradient(s.out, dy, to.data, to.add);
            } else if (f.wants(1)) {  // dW = X' dY
              const auto to = f.adjoint<T>(1);
              gemm<T>(s.in, s.out, s.rows, {f.in<T>(0), 1, s.in}, {dy, s.out, 1}, to.data, s.out,
                      to.add);
            }
            if (f.wants(0)) {  // dX = dY W'
              const auto to = f.adjoint<T>(0);
              gemm<T>(s.rows, s.in, s.out, {dy, s.out, 1}, {f.in<T>(1), 1, s.out}, to.data, s.in,
                      to.add);
            }
          });
        },
    .multiply_adds =
        [](const Frame& f) {
          const auto& s = f.saved<LinearSaved>();
          return double(s.rows) * double(s.in) * double(s.out);
        },
};

}  // namespace

Var matmul(Var a, Var b) {
  const Shape sa = a.shape(), sb = b.shape();
  if (sa.rank() < 2 || sb.rank() < 2 || sa[-1] != sb[-2]) {
    throw Error("matmul: shapes " + sa.text() + " and " + sb.text() +
                " do not fit: [..., M, K] times [..., K, N]");
  }
  a = readable(a);
  b = readable(b);
  const auto leading = [](const Shape& shape) {
    return Shape(shape.dims().first(shape.rank() - 2));
  };
  const Shape batch_a = leading(sa), batch_b = leading(sb);
  MatmulSaved s;
  s.batch = broadcast(batch_a, batch_b, "matmul");
  s.a = broadcast_strides(batch_a, Recorder(a.tape()).strides(a), s.batch);
  s.b = broadcast_strides(batch_b, Recorder(b.tape()).strides(b), s.batch);
  s.m = sa[-2];
  s.n = sb[-1];
  s.k = sa[-1];
  Shape shape = s.batch;
  shape.push_back(s.m);
  shape.push_back(s.n);
  return record(matmul_op, {a, b}, shape, s);
}

Var activate(Var v, Activation activation) {
  switch (activation) {
    case Activation::identity:
      return v;
    case Activation::relu:
      return relu(v);
    case Activation::tanh:
      return tanh(v);
    case Activation::sigmoid:
      return sigmoid(v);
    case Activation::softplus:
      return softplus(v);
    case Activation::elu:
      return elu(v);
    case Activation::silu:
      return silu(v);
    case Activation::gelu:
      return gelu(v);
    case Activation::leaky_relu:
      return leaky_relu(v, leaky_slope);
  }
  return v;
}

Var linear(Var x, Var weight, Var bias, Activation activation) {
  if (!follows_from_value(activation)) return activate(linear(x, weight, bias), activation);
  const Shape &xs = x.shape(), &ws = weight.shape(), &bs = bias.shape();
  if (xs.rank() < 1 || ws.rank() != 2 || bs.rank() != 1 || xs[-1] != ws[0] || bs[0] != ws[1]) {
    throw Error("linear: x " + xs.text() + ", weight " + ws.text() + " and bias " + bs.text() +
                " do not fit: [..., I], [I, O], [O]");
  }
  Shape shape = xs;
  shape[-1] = ws[1];
  std::int64_t rows = 1;
  for (int i = 0; i + 1 < xs.rank(); ++i) rows *= xs[i];
  LinearSaved saved{rows, ws[0], ws[1], activation, nullptr};
  if (!x.tape().differentiable(x) && rows * saved.in >= least_data && saved.out >= least_outputs) {
    const Recorder recorder(x.tape());
    saved.zeros = x.dtype() == DType::f64 ? make_sparse_rows<double>(recorder, rows, saved.in)
                                          : make_sparse_rows<float>(recorder, rows, saved.in);
  }
  return record(linear_op, {x, weight, bias}, shape, saved);
}

}  // namespace nelbo
