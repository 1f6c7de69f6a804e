#include "autodiff/ops/special_ops.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <type_traits>

#include "autodiff/array_math.hpp"
#include "autodiff/internal/each_element.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/special/beta_quantile.hpp"
#include "autodiff/special/count_quantile.hpp"
#include "autodiff/special/gamma.hpp"
#include "autodiff/special/gamma_divergence.hpp"
#include "autodiff/special/gamma_quantile.hpp"
#include "autodiff/special/quantile_table.hpp"
#include "autodiff/special/student_t_quantile.hpp"
#include "autodiff/special/von_mises.hpp"

namespace nelbo {
namespace {

/// Rules of one operator: value(x) of its operands at one place, and slopes(x, y), the derivative
/// by each operand there.
template <std::size_t N>
using Numbers = std::array<double, N>;

bool positive(double x) { return x > 0 && std::isfinite(x); }

/// quantile(u) for 0 < u < 1, the ends of the range at 0 and 1, and NaN elsewhere.
template <class F>
double quantile_or_end(bool in_domain, double u, double low, double high, F&& quantile) {
  if (!(in_domain && u >= 0 && u <= 1)) return std::nan("");
  return u == 0 ? low : u == 1 ? high : quantile(u);
}

constexpr double infinity = std::numeric_limits<double>::infinity();

struct LogGammaQuantile {
  static constexpr std::size_t operands = 2;
  static double value(const Numbers<2>& x) {
    return quantile_or_end(positive(x[0]), x[1], -infinity, infinity,
                           [&](double u) { return special::LogGamma(x[0]).quantile(u); });
  }
  static Numbers<2> slopes(const Numbers<2>& x, double y) {
    const auto p = special::LogGamma(x[0]).at(y);
    return {p.d_alpha, std::exp(-p.log_density)};
  }
  static auto tabulated(const Numbers<2>& x, double g) {
    return special::tabulated_log_gamma(x[0], g);
  }
};

struct LogitBetaQuantile {
  static constexpr std::size_t operands = 3;
  static double value(const Numbers<3>& x) {
    return quantile_or_end(
        positive(x[0]) && positive(x[1]), x[2], -infinity, infinity,
        [&](double u) { return special::LogitBeta(x[0], x[1]).quantile(u, 1 - u); });
  }
  static double value_in_float(const Numbers<3>& x) {
    return quantile_or_end(
        positive(x[0]) && positive(x[1]), x[2], -infinity, infinity,
        [&](double u) { return special::LogitBeta(x[0], x[1]).quantile_in_float(u, 1 - u); });
  }
  static auto tabulated(const Numbers<3>& x, double g) {
    return special::tabulated_logit_beta(x[0], x[1], g);
  }
  static Numbers<3> slopes(const Numbers<3>& x, double y) {
    const auto p = special::LogitBeta(x[0], x[1]).at(y);
    return {p.d_a, p.d_b, std::exp(-p.log_density)};
  }
};

struct StudentTQuantile {
  static constexpr std::size_t operands = 2;
  static double value(const Numbers<2>& x) {
    return quantile_or_end(positive(x[0]), x[1], -infinity, infinity,
                           [&](double u) { return special::student_t_quantile(x[0], u); });
  }
  static Numbers<2> slopes(const Numbers<2>& x, double t) {
    const auto slope = special::student_t_slope(x[0], t);
    return {slope.d_nu, slope.d_u};
  }
  static auto tabulated(const Numbers<2>& x, double g) {
    return special::tabulated_student_t(x[0], g);
  }
};

struct VonMisesQuantile {
  static constexpr std::size_t operands = 2;
  static double value(const Numbers<2>& x) {
    return quantile_or_end(x[0] >= 0 && std::isfinite(x[0]), x[1], -std::numbers::pi,
                           std::numbers::pi,
                           [&](double u) { return special::VonMises(x[0]).quantile(u); });
  }
  static Numbers<2> slopes(const Numbers<2>& x, double y) {
    const auto p = special::VonMises(x[0]).at(y);
    return {p.d_kappa, std::exp(-p.log_density)};
  }
};

struct NegativeBinomialQuantile {
  static constexpr std::size_t operands = 3;
  static double value(const Numbers<3>& x) { return special::count_quantile(x[0], x[1], x[2]); }
};

struct GammaDivergence {
  static constexpr std::size_t operands = 3;
  static double value(const Numbers<3>& x) { return special::gamma_divergence(x[0], x[1], x[2]); }
  static Numbers<3> slopes(const Numbers<3>& x, double) {
    return special::gamma_divergence_slopes(x[0], x[1], x[2]);
  }
};

/// Operators of one operand: NaN outside their domain.
template <double (*f)(double), double (*derivative)(double), bool zero>
struct Unary {
  static constexpr std::size_t operands = 1;
  static bool in_domain(double x) { return (zero ? x >= 0 : x > 0) && std::isfinite(x); }
  static double value(const Numbers<1>& x) { return in_domain(x[0]) ? f(x[0]) : std::nan(""); }
  static Numbers<1> slopes(const Numbers<1>& x, double) { return {derivative(x[0])}; }
};

double log_i0e(double kappa) { return special::VonMises(kappa).log_bessel_i0e(); }
double minus_spread(double kappa) { return -special::VonMises(kappa).spread(); }
double spread(double kappa) { return special::VonMises(kappa).spread(); }
double minus_variance(double kappa) { return -special::VonMises(kappa).variance(); }
double circular_entropy(double kappa) { return special::VonMises(kappa).entropy(); }
double circular_entropy_slope(double kappa) { return -kappa * special::VonMises(kappa).variance(); }

using StirlingError = Unary<special::stirling_error, special::stirling_error_derivative, false>;
using DigammaMinusLog =
    Unary<special::digamma_minus_log, special::digamma_minus_log_derivative, false>;
using GammaEntropy = Unary<special::gamma_entropy, special::gamma_entropy_derivative, false>;
using LogBesselI0e = Unary<log_i0e, minus_spread, true>;
using CircularVariance = Unary<spread, minus_variance, true>;
using VonMisesEntropy = Unary<circular_entropy, circular_entropy_slope, true>;

template <class Rules, class T>
auto operands_of(const Frame& f) {
  std::array<const T*, Rules::operands> data;
  for (std::size_t k = 0; k < Rules::operands; ++k) data[k] = f.in<T>(int(k));
  return [data](std::int64_t i) {
    Numbers<Rules::operands> x;
    for (std::size_t k = 0; k < Rules::operands; ++k) x[k] = double(data[k][i]);
    return x;
  };
}

/// Rules of a quantile of parameters and, last, a uniform number, that in float has a table.
template <class Rules, class T>
concept Tabled = std::is_same_v<T, float> && requires(Numbers<Rules::operands> x) {
  Rules::tabulated(x, 0.0);
};

/// What the tables say of elements first .. last - 1.
template <class Rules>
struct FromTable {
  template <class Operands>
  FromTable(const Operands& operands, const float* u, std::int64_t first, std::int64_t last) {
    std::array<float, chunk_size> g;
    normal_quantile(u + first, g.data(), std::size_t(last - first));
    for (std::int64_t i = first; i < last; ++i) {
      const std::size_t k = std::size_t(i - first);
      at[k] = Rules::tabulated(operands(i), double(g[k]));
    }
  }
  std::array<special::Tabulated<Rules::operands - 1>, chunk_size> at;
};

/// Of what no table has.
template <class Rules, class T>
double value_of(const Numbers<Rules::operands>& x) {
  if constexpr (std::is_same_v<T, float> && requires { Rules::value_in_float(x); }) {
    return Rules::value_in_float(x);
  } else {
    return Rules::value(x);
  }
}

template <class Rules>
void forward(const Frame& f) {
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto operands = operands_of<Rules, T>(f);
    T* y = f.out<T>();
    for_each_chunk(f.out_shape().size(), [&](std::int64_t first, std::int64_t last) {
      if constexpr (Tabled<Rules, T>) {
        const FromTable<Rules> table(operands, f.in<T>(Rules::operands - 1), first, last);
        for (std::int64_t i = first; i < last; ++i) {
          const auto& at = table.at[std::size_t(i - first)];
          y[i] = T(at.known ? at.value : value_of<Rules, T>(operands(i)));
        }
      } else {
        for (std::int64_t i = first; i < last; ++i) y[i] = T(value_of<Rules, T>(operands(i)));
      }
    });
  });
}

/// The derivatives by all operands at y, which is value(x).
template <class Rules>
Numbers<Rules::operands> slopes_of(const Numbers<Rules::operands>& x, double y) {
  if (std::isfinite(y)) return Rules::slopes(x, y);
  Numbers<Rules::operands> slopes;
  slopes.fill(std::isnan(y) ? y : 0);  // nothing moves an end of the range
  return slopes;
}

template <class Rules>
void vjp(const Frame& f) {
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    constexpr std::size_t last_operand = Rules::operands - 1;
    std::array<Frame::Adjoint<T>, Rules::operands> to{};
    bool wanted = false;
    for (std::size_t k = 0; k < Rules::operands; ++k) {
      if (!f.wants(int(k))) continue;
      to[k] = f.adjoint<T>(int(k));
      wanted = true;
    }
    if (!wanted) return;
    const auto operands = operands_of<Rules, T>(f);
    const T *y = f.out<T>(), *dy = f.cotangent<T>();
    const auto add = [&](std::int64_t i, std::size_t k, double slope) {
      if (to[k].data == nullptr) return;
      const T contribution = T(double(dy[i]) * slope);
      T& target = to[k].data[i];
      target = to[k].add ? target + contribution : contribution;
    };
    for_each_chunk(f.out_shape().size(), [&](std::int64_t first, std::int64_t last) {
      if constexpr (Tabled<Rules, T>) {
        if (to[last_operand].data == nullptr) {  // tables do not tell the derivative by u
          const FromTable<Rules> table(operands, f.in<T>(last_operand), first, last);
          for (std::int64_t i = first; i < last; ++i) {
            const auto& at = table.at[std::size_t(i - first)];
            Numbers<Rules::operands> slopes{};
            if (at.known) {
              std::copy(at.slopes.begin(), at.slopes.end(), slopes.begin());
            } else {
              slopes = slopes_of<Rules>(operands(i), double(y[i]));
            }
            for (std::size_t k = 0; k < last_operand; ++k) add(i, k, slopes[k]);
          }
          return;
        }
      }
      for (std::int64_t i = first; i < last; ++i) {
        const Numbers<Rules::operands> slopes = slopes_of<Rules>(operands(i), double(y[i]));
        for (std::size_t k = 0; k < Rules::operands; ++k) add(i, k, slopes[k]);
      }
    });
  });
}

template <class Rules>
constexpr Op op_of(const char* name) {
  return {.name = name, .forward = forward<Rules>, .vjp = vjp<Rules>};
}

const Op log_gamma_quantile_op = op_of<LogGammaQuantile>("log_gamma_quantile");
const Op logit_beta_quantile_op = op_of<LogitBetaQuantile>("logit_beta_quantile");
const Op student_t_quantile_op = op_of<StudentTQuantile>("student_t_quantile");
const Op von_mises_quantile_op = op_of<VonMisesQuantile>("von_mises_quantile");
const Op negative_binomial_quantile_op{.name = "negative_binomial_quantile",
                                       .forward = forward<NegativeBinomialQuantile>,
                                       .vjp = nullptr};
const Op stirling_error_op = op_of<StirlingError>("stirling_error");
const Op digamma_minus_log_op = op_of<DigammaMinusLog>("digamma_minus_log");
const Op gamma_entropy_op = op_of<GammaEntropy>("gamma_entropy");
const Op gamma_divergence_op = op_of<GammaDivergence>("gamma_divergence");
const Op log_bessel_i0e_op = op_of<LogBesselI0e>("log_bessel_i0e");
const Op circular_variance_op = op_of<CircularVariance>("circular_variance");
const Op von_mises_entropy_op = op_of<VonMisesEntropy>("von_mises_entropy");

}  // namespace

Var log_gamma_quantile(Var alpha, Var u) {
  const Shape shape = broadcast(alpha.shape(), u.shape(), "log_gamma_quantile");
  return record(log_gamma_quantile_op, {broadcast_to(alpha, shape), broadcast_to(u, shape)}, shape);
}

Var logit_beta_quantile(Var a, Var b, Var u) {
  const char* name = "logit_beta_quantile";
  const Shape shape = broadcast(broadcast(a.shape(), b.shape(), name), u.shape(), name);
  return record(logit_beta_quantile_op,
                {broadcast_to(a, shape), broadcast_to(b, shape), broadcast_to(u, shape)}, shape);
}

Var student_t_quantile(Var nu, Var u) {
  const Shape shape = broadcast(nu.shape(), u.shape(), "student_t_quantile");
  return record(student_t_quantile_op, {broadcast_to(nu, shape), broadcast_to(u, shape)}, shape);
}

Var von_mises_quantile(Var kappa, Var u) {
  const Shape shape = broadcast(kappa.shape(), u.shape(), "von_mises_quantile");
  return record(von_mises_quantile_op, {broadcast_to(kappa, shape), broadcast_to(u, shape)}, shape);
}

Var negative_binomial_quantile(Var log_mean, Var log_r, Var u) {
  const char* name = "negative_binomial_quantile";
  const Shape shape = broadcast(broadcast(log_mean.shape(), log_r.shape(), name), u.shape(), name);
  return record(negative_binomial_quantile_op,
                {broadcast_to(log_mean, shape), broadcast_to(log_r, shape), broadcast_to(u, shape)},
                shape);
}

Var stirling_error(Var x) { return record(stirling_error_op, {x}, x.shape()); }
Var digamma_minus_log(Var x) { return record(digamma_minus_log_op, {x}, x.shape()); }
Var gamma_entropy(Var x) { return record(gamma_entropy_op, {x}, x.shape()); }
Var gamma_divergence(Var log_p, Var log_q, Var log_rates) {
  const char* name = "gamma_divergence";
  const Shape shape =
      broadcast(broadcast(log_p.shape(), log_q.shape(), name), log_rates.shape(), name);
  return record(
      gamma_divergence_op,
      {broadcast_to(log_p, shape), broadcast_to(log_q, shape), broadcast_to(log_rates, shape)},
      shape);
}

Var log_bessel_i0e(Var x) { return record(log_bessel_i0e_op, {x}, x.shape()); }
Var circular_variance(Var x) { return record(circular_variance_op, {x}, x.shape()); }
Var von_mises_entropy(Var x) { return record(von_mises_entropy_op, {x}, x.shape()); }

}  // namespace nelbo
