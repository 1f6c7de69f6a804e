#include "autodiff/ops/elementwise_ops.hpp"

#include <algorithm>
#include <array>

#include "autodiff/internal/broadcast_loop.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/scratch.hpp"

namespace nelbo {
namespace {

using kernels::ElementwiseKernels;
using kernels::Operands;
using kernels::RowKernel;
using kernels::UnaryKernel;

/// Calls body(offset, elements) for fixed pieces of 0 .. n - 1, in parallel if there are many.
template <class F>
void for_pieces(std::int64_t n, F&& body) {
  const std::int64_t chunks = elementwise_chunks(n);
  parallel_for(static_cast<std::size_t>(chunks), [&](std::size_t c) {
    const auto chunk = static_cast<std::int64_t>(c);
    const std::int64_t first = part(n, chunks, chunk), last = part(n, chunks, chunk + 1);
    body(first, static_cast<std::size_t>(last - first));
  });
}

// One operand -------------------------------------------------------------------------------------

struct Unary {
  UnaryKernel ElementwiseKernels::*kernel;
  double parameters[2];
};

void unary_forward(const Frame& f) {
  const auto& saved = f.saved<Unary>();
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto& functions = kernels_for<T>(active_kernels().elementwise().*saved.kernel);
    const T* x = f.in<T>(0);
    T* y = f.out<T>();
    for_pieces(f.out_shape().size(), [&](std::int64_t at, std::size_t n) {
      functions.value(saved.parameters, n, x + at, y + at);
    });
  });
}

void unary_vjp(const Frame& f) {
  if (!f.wants(0)) return;
  const auto& saved = f.saved<Unary>();
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto& functions = kernels_for<T>(active_kernels().elementwise().*saved.kernel);
    const T* x = f.in<T>(0);
    const T* y = f.out<T>();
    const T* dy = f.cotangent<T>();
    const auto dx = f.adjoint<T>(0);
    for_pieces(f.out_shape().size(), [&](std::int64_t at, std::size_t n) {
      functions.vjp(saved.parameters, n, x + at, y + at, dy + at, dx.data + at, dx.add);
    });
  });
}

// Several operands that broadcast -----------------------------------------------------------------

struct Rows {
  RowKernel ElementwiseKernels::*kernel;
  BroadcastLoop loop;
};

template <class T>
Operands<T> operands_at(const Frame& f, const BroadcastLoop& loop,
                        const BroadcastLoop::Offsets& offsets) {
  Operands<T> operands{};
  for (int k = 0; k < f.inputs(); ++k) {
    operands.data[k] = f.in<T>(k) + offsets[k];
    operands.step[k] = loop.step(k);
  }
  return operands;
}

void row_forward(const Frame& f) {
  const auto& saved = f.saved<Rows>();
  const BroadcastLoop& loop = saved.loop;
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto& functions = kernels_for<T>(active_kernels().elementwise().*saved.kernel);
    T* y = f.out<T>();
    loop.parallel([&](const BroadcastLoop::Offsets& offsets, std::int64_t at, std::int64_t n) {
      functions.value(operands_at<T>(f, loop, offsets), static_cast<std::size_t>(n), y + at);
    });
  });
}

/// The adjoint of an operand that is repeated: the sum, over all places where an element was used,
/// in an order that does not depend on threads. Each chunk sums into its own buffer; buffers are
/// added in order.
template <class T, class Segment>
void summed_adjoint(const BroadcastLoop& loop, int k, Frame::Adjoint<T> dx, Segment&& segment) {
  const std::int64_t size = loop.operand_size(k);
  const std::int64_t chunks =
      size == 0
          ? 1
          : std::max<std::int64_t>(
                1, std::min({elementwise_chunks(loop.size()), loop.units(), loop.size() / size}));
  if (chunks == 1) {
    if (!dx.add) std::fill_n(dx.data, size, T(0));
    parallel_for(1, [&](std::size_t) {
      loop.run(0, loop.units(), [&](const auto& offsets, std::int64_t at, std::int64_t n) {
        segment(offsets, at, n, dx.data, true);
      });
    });
    return;
  }
  T* parts = scratch_array<T>(Scratch::partial_sums, static_cast<std::size_t>(chunks * size));
  parallel_for(static_cast<std::size_t>(chunks), [&](std::size_t c) {
    const auto chunk = static_cast<std::int64_t>(c);
    T* sums = parts + chunk * size;
    std::fill_n(sums, size, T(0));
    loop.run(part(loop.units(), chunks, chunk), part(loop.units(), chunks, chunk + 1),
             [&](const auto& offsets, std::int64_t at, std::int64_t n) {
               segment(offsets, at, n, sums, true);
             });
  });
  for (std::int64_t chunk = 1; chunk < chunks; ++chunk) {
    const T* sums = parts + chunk * size;
    for (std::int64_t i = 0; i < size; ++i) parts[i] += sums[i];
  }
  for (std::int64_t i = 0; i < size; ++i) dx.data[i] = dx.add ? dx.data[i] + parts[i] : parts[i];
}

void row_vjp(const Frame& f) {
  const auto& saved = f.saved<Rows>();
  const BroadcastLoop& loop = saved.loop;
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto& functions = kernels_for<T>(active_kernels().elementwise().*saved.kernel);
    const T* y = f.out<T>();
    const T* dy = f.cotangent<T>();
    for (int k = 0; k < f.inputs(); ++k) {
      if (!f.wants(k)) continue;
      const auto dx = f.adjoint<T>(k);
      if (functions.vjp[k] == nullptr) {  // a condition
        if (!dx.add) std::fill_n(dx.data, loop.operand_size(k), T(0));
        continue;
      }
      const auto segment = [&](const BroadcastLoop::Offsets& offsets, std::int64_t at,
                               std::int64_t n, T* to, bool add) {
        functions.vjp[k](operands_at<T>(f, loop, offsets), static_cast<std::size_t>(n), y + at,
                         dy + at, to + offsets[k], add);
      };
      if (loop.repeated(k)) {
        summed_adjoint(loop, k, dx, segment);
      } else {
        loop.parallel([&](const auto& offsets, std::int64_t at, std::int64_t n) {
          segment(offsets, at, n, dx.data, dx.add);
        });
      }
    }
  });
}

template <std::size_t count>
Var record_rows(const Op& op, RowKernel ElementwiseKernels::*kernel,
                const std::array<Var, count>& operands) {
  std::array<Shape, count> shapes;
  Shape target;
  for (std::size_t k = 0; k < count; ++k) {
    shapes[k] = operands[k].shape();
    target = k == 0 ? shapes[0] : broadcast(target, shapes[k], op.name);
  }
  const Rows saved{kernel, BroadcastLoop(shapes, target)};
  const Spec spec{target, common_dtype(op, operands)};
  return Recorder::current().record(op, operands, {&spec, 1}, &saved, sizeof saved);
}

#define NELBO_UNARY(name, rules) const Op name##_op{#name, unary_forward, unary_vjp};
#define NELBO_UNARY_PARAMETER(name, rules, p) NELBO_UNARY(name, rules)
#define NELBO_UNARY_PARAMETERS(name, rules, p, q) NELBO_UNARY(name, rules)
#define NELBO_BINARY(name, rules) const Op name##_op{#name, row_forward, row_vjp};
#define NELBO_COMPARISON(name, rules) const Op name##_op{#name, row_forward, nullptr};
#define NELBO_TERNARY(name, rules) NELBO_BINARY(name, rules)
#include "autodiff/elementwise.def"

/// Parameters that the operator does not have are 0.
Var record_unary(const Op& op, UnaryKernel ElementwiseKernels::*kernel, Var x, double p = 0,
                 double q = 0) {
  return record(op, {x}, x.shape(), Unary{kernel, {p, q}});
}

Var constant_like(double value, Var other) {
  return Tape::current().constant(value, other.dtype());
}

}  // namespace

#define NELBO_UNARY(name, rules) \
  Var name(Var x) { return record_unary(name##_op, &ElementwiseKernels::name, x); }
#define NELBO_UNARY_PARAMETER(name, rules, p) \
  Var name(Var x, double p) { return record_unary(name##_op, &ElementwiseKernels::name, x, p); }
#define NELBO_UNARY_PARAMETERS(name, rules, p, q)                       \
  Var name(Var x, double p, double q) {                                 \
    return record_unary(name##_op, &ElementwiseKernels::name, x, p, q); \
  }
#define NELBO_BINARY(name, rules)                                               \
  Var name(Var a, Var b) {                                                      \
    return record_rows(name##_op, &ElementwiseKernels::name, std::array{a, b}); \
  }
#define NELBO_COMPARISON(name, rules) NELBO_BINARY(name, rules)
#define NELBO_TERNARY(name, rules)                                                 \
  Var name(Var a, Var b, Var c) {                                                  \
    return record_rows(name##_op, &ElementwiseKernels::name, std::array{a, b, c}); \
  }
#include "autodiff/elementwise.def"

Var pow(Var x, double exponent) {
  return exponent == 2 ? square(x) : pow(x, constant_like(exponent, x));
}

Var operator-(Var x) { return negate(x); }
Var operator+(Var a, Var b) { return add(a, b); }
Var operator+(Var a, double b) { return add(a, constant_like(b, a)); }
Var operator+(double a, Var b) { return add(constant_like(a, b), b); }
Var operator-(Var a, Var b) { return subtract(a, b); }
Var operator-(Var a, double b) { return subtract(a, constant_like(b, a)); }
Var operator-(double a, Var b) { return subtract(constant_like(a, b), b); }
Var operator*(Var a, Var b) { return multiply(a, b); }
Var operator*(Var a, double b) { return multiply(a, constant_like(b, a)); }
Var operator*(double a, Var b) { return multiply(constant_like(a, b), b); }
Var operator/(Var a, Var b) { return divide(a, b); }
Var operator/(Var a, double b) { return divide(a, constant_like(b, a)); }
Var operator/(double a, Var b) { return divide(constant_like(a, b), b); }

Var minimum(Var a, double b) { return minimum(a, constant_like(b, a)); }
Var maximum(Var a, double b) { return maximum(a, constant_like(b, a)); }
Var less(Var a, double b) { return less(a, constant_like(b, a)); }
Var less_equal(Var a, double b) { return less_equal(a, constant_like(b, a)); }
Var greater(Var a, double b) { return greater(a, constant_like(b, a)); }
Var greater_equal(Var a, double b) { return greater_equal(a, constant_like(b, a)); }
Var equal(Var a, double b) { return equal(a, constant_like(b, a)); }
Var not_equal(Var a, double b) { return not_equal(a, constant_like(b, a)); }
Var where(Var condition, Var a, double b) { return where(condition, a, constant_like(b, a)); }
Var where(Var condition, double a, Var b) { return where(condition, constant_like(a, b), b); }

}  // namespace nelbo
