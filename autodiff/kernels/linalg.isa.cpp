// Eigen's namespace is renamed per instruction set by the build, so its symbols are not shared
// either.
#include "autodiff/kernels/linalg.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using In = Eigen::Map<const Matrix<T>>;
template <class T>
using Out = Eigen::Map<Matrix<T>>;

template <class T>
void cholesky(const T* a, T* l, std::size_t n) {
  Out<T> out(l, n, n);
  out = In<T>(a, n, n);
  const Eigen::LLT<Eigen::Ref<Matrix<T>>> factor(out);
  if (factor.info() != Eigen::Success) {
    out.setConstant(std::numeric_limits<T>::quiet_NaN());
  } else {
    out.template triangularView<Eigen::StrictlyUpper>().setZero();
  }
}

template <class T>
void cholesky_backward(const T* l, const T* dl, T* da, T* work, std::size_t n) {
  // Murray (2016), eq. (10): da = l^-T Phi(l' dl) l^-1, Phi the lower triangle with half the
  // diagonal.
  const In<T> factor(l, n, n);
  Out<T> phi(work, n, n), out(da, n, n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      T sum = 0;
      for (std::size_t k = i; k < n; ++k) sum += l[k * n + i] * dl[k * n + j];
      phi(i, j) = i == j ? sum / 2 : sum;
    }
    for (std::size_t j = i + 1; j < n; ++j) phi(i, j) = 0;
  }
  const auto lower = factor.template triangularView<Eigen::Lower>();
  lower.transpose().solveInPlace(phi);
  lower.template solveInPlace<Eigen::OnTheRight>(phi);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) out(i, j) = (phi(i, j) + phi(j, i)) / 2;
  }
}

template <class T>
void solve(const T* l, const T* b, T* x, std::size_t n, std::size_t k, bool transposed) {
  Out<T> out(x, n, k);
  out = In<T>(b, n, k);
  const In<T> factor(l, n, n);
  const auto lower = factor.template triangularView<Eigen::Lower>();
  if (transposed) {
    lower.transpose().solveInPlace(out);
  } else {
    lower.solveInPlace(out);
  }
}

}  // namespace

extern const LinalgKernels linalg_kernels;
const LinalgKernels linalg_kernels{
    {cholesky<float>, cholesky_backward<float>, solve<float>},
    {cholesky<double>, cholesky_backward<double>, solve<double>},
};

}  // namespace nelbo::kernels::NELBO_ISA
