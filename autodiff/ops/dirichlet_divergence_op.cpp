#include <array>

#include "autodiff/error.hpp"
#include "autodiff/internal/each_element.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"
#include "autodiff/special/gamma_divergence.hpp"

namespace nelbo {
namespace {

/// Of one row of two operands [.., D].
template <class T>
auto dirichlet_divergence_of(const Frame& f) {
  const auto width = std::size_t(f.in_shape(0)[-1]);
  return [width, p = f.in<T>(0), q = f.in<T>(1)](std::int64_t row) {
    const std::size_t first = std::size_t(row) * width;
    return special::DirichletDivergence<T>({p + first, width}, {q + first, width});
  };
}

void dirichlet_forward(const Frame& f) {
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto of = dirichlet_divergence_of<T>(f);
    T* y = f.out<T>();
    for_each_element(f.out_shape().size(), [&](std::int64_t i) { y[i] = T(of(i).value()); });
  });
}

void dirichlet_vjp(const Frame& f) {
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    std::array<Frame::Adjoint<T>, 2> to{};
    for (std::size_t k = 0; k < 2; ++k) {
      if (f.wants(int(k))) to[k] = f.adjoint<T>(int(k));
    }
    const auto of = dirichlet_divergence_of<T>(f);
    const T* dy = f.cotangent<T>();
    const std::int64_t width = f.in_shape(0)[-1];
    for_each_element(f.out_shape().size(), [&](std::int64_t i) {
      const auto divergence = of(i);
      for (std::int64_t d = 0; d < width; ++d) {
        const std::array<double, 2> slopes = divergence.slopes(std::size_t(d));
        for (std::size_t k = 0; k < 2; ++k) {
          if (to[k].data == nullptr) continue;
          const T contribution = T(double(dy[i]) * slopes[k]);
          T& target = to[k].data[i * width + d];
          target = to[k].add ? target + contribution : contribution;
        }
      }
    });
  });
}

const Op dirichlet_divergence_op{
    .name = "dirichlet_divergence", .forward = dirichlet_forward, .vjp = dirichlet_vjp};

}  // namespace

Var dirichlet_divergence(Var log_p, Var log_q) {
  const Shape &p = log_p.shape(), &q = log_q.shape();
  if (p.rank() < 1 || q.rank() < 1 || p[-1] != q[-1] || p[-1] < 1) {
    throw Error("dirichlet_divergence: concentrations " + p.text() + " and " + q.text() +
                "; the last axis must be the same, and not empty");
  }
  const Shape shape = broadcast(p, q, "dirichlet_divergence");
  return record(dirichlet_divergence_op, {broadcast_to(log_p, shape), broadcast_to(log_q, shape)},
                Shape(shape.dims().first(std::size_t(shape.rank() - 1))));
}

}  // namespace nelbo
