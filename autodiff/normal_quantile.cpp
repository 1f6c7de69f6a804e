#include "autodiff/normal_quantile.hpp"

#include "autodiff/kernels/dispatch.hpp"

namespace nelbo {

void normal_quantile(const float* p, float* z, std::size_t n) {
  active_kernels().quantile().normal_f32(p, z, n);
}
void normal_quantile(const double* p, double* z, std::size_t n) {
  active_kernels().quantile().normal_f64(p, z, n);
}

}  // namespace nelbo
