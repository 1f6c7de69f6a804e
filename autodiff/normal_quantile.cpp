#include "autodiff/normal_quantile.hpp"

#include "autodiff/kernels/dispatch.hpp"

namespace nelbo {

void normal_quantile(const float* p, float* z, std::size_t n) {
  active_kernels().quantile().f32.normal(p, z, n);
}
void normal_quantile(const double* p, double* z, std::size_t n) {
  active_kernels().quantile().f64.normal(p, z, n);
}

}  // namespace nelbo
