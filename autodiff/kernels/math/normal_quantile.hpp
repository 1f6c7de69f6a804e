#pragma once
// The inverse of the normal distribution function: Wichura (1988), "Algorithm AS 241: the
// percentage points of the normal distribution", PPND7 in float and PPND16 in double.
#include "autodiff/kernels/math/logarithm.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// Numerators and denominators of three rational approximations: of q in .180625 - q^2 in the
/// centre, of the tail in r - 1.6 and, for r > 5, in r - 5, where r = sqrt(-log tail).
template <class T>
struct NormalQuantile;
template <>
struct NormalQuantile<float> {
  static constexpr float centre[] = {3.3871327179f, 50.434271938f, 159.29113202f, 59.109374720f};
  static constexpr float centre_below[] = {1, 17.895169469f, 78.757757664f, 67.187563600f};
  static constexpr float near[] = {1.4234372777f, 2.7568153900f, 1.3067284816f, 0.17023821103f};
  static constexpr float near_below[] = {1, 0.73700164250f, 0.12021132975f};
  static constexpr float far[] = {6.6579051150f, 3.0812263860f, 0.42868294337f, 0.017337203997f};
  static constexpr float far_below[] = {1, 0.24197894225f, 0.012258202635f};
};
template <>
struct NormalQuantile<double> {
  static constexpr double centre[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                      1.9715909503065514427e3, 1.3731693765509461125e4,
                                      4.5921953931549871457e4, 6.7265770927008700853e4,
                                      3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double centre_below[] = {1,
                                            4.2313330701600911252e1,
                                            6.8718700749205790830e2,
                                            5.3941960214247511077e3,
                                            2.1213794301586595867e4,
                                            3.9307895800092710610e4,
                                            2.8729085735721942674e4,
                                            5.2264952788528545610e3};
  static constexpr double near[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                    5.76949722146069140550e0,  3.64784832476320460504e0,
                                    1.27045825245236838258e0,  2.41780725177450611770e-1,
                                    2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double near_below[] = {1,
                                          2.05319162663775882187e0,
                                          1.67638483018380384940e0,
                                          6.89767334985100004550e-1,
                                          1.48103976427480074590e-1,
                                          1.51986665636164571966e-2,
                                          5.47593808499534494600e-4,
                                          1.05075007164441684324e-9};
  static constexpr double far[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                   1.78482653991729133580e0,  2.96560571828504891230e-1,
                                   2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                   2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double far_below[] = {1,
                                         5.99832206555887937690e-1,
                                         1.36929880922735805310e-1,
                                         1.48753612908506148525e-2,
                                         7.86869131145613259100e-4,
                                         1.84631831751005468180e-5,
                                         1.42151175831644588870e-7,
                                         2.04426310338993978564e-15};
};

/// The z with P(Z < z) = p, given both q = p - 1/2 and tail = min(p, 1 - p) > 0, of which either
/// has the digits that the other lost.
template <class T>
Batch<T> normal_quantile(const Batch<T>& q, const Batch<T>& tail) {
  using Q = NormalQuantile<T>;
  const Batch<T> r0 = fnma(q, q, Batch<T>(T(0.180625)));
  const Batch<T> r = sqrt(-log(tail));
  const Batch<T> r1 = r - Batch<T>(T(1.6)), r2 = r - Batch<T>(5);
  const auto central = abs(q) <= Batch<T>(T(0.425)), nearby = r <= Batch<T>(5);
  const auto choose = [&](const Batch<T>& centre, const Batch<T>& near, const Batch<T>& far) {
    return select(central, centre, select(nearby, near, far));
  };
  const Batch<T> above =
      choose(abs(q) * polynomial(r0, Q::centre), polynomial(r1, Q::near), polynomial(r2, Q::far));
  const Batch<T> below = choose(polynomial(r0, Q::centre_below), polynomial(r1, Q::near_below),
                                polynomial(r2, Q::far_below));
  return copysign(above / below, q);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
