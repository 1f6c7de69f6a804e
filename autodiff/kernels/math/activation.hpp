#pragma once
// The nonlinearities of neural networks.
#include "autodiff/kernels/math/error_function.hpp"
#include "autodiff/kernels/math/exponential.hpp"
#include "autodiff/kernels/math/logarithm.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// 1 - 2 / (exp(2|x|) + 1), and a polynomial where that would cancel.
inline Batch<float> tanh(const Batch<float>& x) {
  constexpr float c[] = {-0.3333332f, 0.13332625f, -0.05385165f, 0.021055805f, -0.0062388456f};
  const Batch<float> a = at_most(abs(x), 10);
  const Batch<float> z = a * a;
  const Batch<float> small = fma(z * a, polynomial(z, c), a);
  const Batch<float> one(1);
  const Batch<float> e = exp_in_range(a + a);
  const Batch<float> large = one - Batch<float>(2) / (e + one);
  return copysign(select(a < Batch<float>(0.55f), small, large), x);
}

/// (exp(2x) - 1) / (exp(2x) + 1).
inline Batch<double> tanh(const Batch<double>& x) {
  const Batch<double> t = expm1(Batch<double>(2) * at_most(abs(x), 20));
  return copysign(t / (t + Batch<double>(2)), x);
}

/// 1 / (1 + exp(-x)).
template <class T>
Batch<T> sigmoid(const Batch<T>& x) {
  using E = Exponential<T>;
  const Batch<T> one(1);
  return one / (one + exp_in_range(at_most(at_least(-x, E::lowest), E::scalable)));
}

/// log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)).
template <class T>
Batch<T> softplus(const Batch<T>& x) {
  return at_least(x, 0) + log1p_unit(exp_not_positive(-abs(x)));
}

/// x for x > 0, exp(x) - 1 otherwise.
template <class T>
Batch<T> elu(const Batch<T>& x) {
  return select(x > Batch<T>(0), x, expm1(x));
}

/// y for x above `bound`; 0, the limit at -infinity, where x times a vanishing number would be NaN.
template <class T>
Batch<T> vanish_below(const Batch<T>& x, typename Float<T>::Value bound, const Batch<T>& y) {
  return select(x < Batch<T>(bound), Batch<T>(0), y);
}

/// x sigmoid(x).
template <class T>
Batch<T> silu(const Batch<T>& x) {
  return vanish_below(x, Exponential<T>::lowest * 2, x * sigmoid(x));
}

/// x Phi(x) with the standard normal's distribution function Phi: the exact form, not tanh's.
template <class T>
Batch<T> gelu(const Batch<T>& x) {
  return vanish_below(x, -40, x * normal_cdf(x));
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
