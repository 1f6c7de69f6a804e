#include "autodiff/array_math.hpp"

#include "autodiff/kernels/dispatch.hpp"

namespace nelbo {

void exp_of(const float* x, float* y, std::size_t n) {
  active_kernels().elementwise().exp.f32.value(nullptr, n, x, y);
}
void exp_of(const double* x, double* y, std::size_t n) {
  active_kernels().elementwise().exp.f64.value(nullptr, n, x, y);
}
void expm1_of(const double* x, double* y, std::size_t n) {
  active_kernels().elementwise().expm1.f64.value(nullptr, n, x, y);
}

void normal_quantile(const float* x, float* y, std::size_t n) {
  active_kernels().quantile().f32.normal(x, y, n);
}
void normal_quantile(const double* x, double* y, std::size_t n) {
  active_kernels().quantile().f64.normal(x, y, n);
}

}  // namespace nelbo
