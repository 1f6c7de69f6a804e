#include "autodiff/factorisation.hpp"

#include "autodiff/kernels/dispatch.hpp"

namespace nelbo {

Tensor cholesky_of(const Tensor& a) {
  Tensor l(a.shape(), DType::f64);
  active_kernels().linalg().f64.cholesky(a.data_as<double>(), l.data_as<double>(),
                                         std::size_t(a.shape()[0]));
  return l;
}

Tensor triangular_solution(const Tensor& l, const Tensor& b, bool transposed) {
  Tensor x(b.shape(), DType::f64);
  active_kernels().linalg().f64.solve(l.data_as<double>(), b.data_as<double>(), x.data_as<double>(),
                                      std::size_t(b.shape()[0]), std::size_t(b.shape()[1]),
                                      transposed);
  return x;
}

}  // namespace nelbo
