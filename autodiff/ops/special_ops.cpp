#include "autodiff/ops/special_ops.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <type_traits>

#include "autodiff/array_math.hpp"
#include "autodiff/error.hpp"
#include "autodiff/internal/partition.hpp"
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
#include "autodiff/threads.hpp"

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
  static constexpr auto tabulated = special::tabulated_log_gamma;
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
  static constexpr auto tabulated = special::tabulated_student_t;
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

constexpr std::int64_t chunk_size = 64;  // elements that cost up to 0.1 ms

/// body(first, last) for all chunks.
template <class Body>
void for_each_chunk(std::int64_t size, Body&& body) {
  parallel_for(std::size_t(divide_up(size, chunk_size)), [&](std::size_t chunk) {
    const std::int64_t first = std::int64_t(chunk) * chunk_size;
    body(first, std::min(first + chunk_size, size));
  });
}

/// body(i) for all elements.
template <class Body>
void for_each_element(std::int64_t size, Body&& body) {
  for_each_chunk(size, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) body(i);
  });
}

/// Rules of a quantile of one parameter and a uniform number, the second operand, that in float has a table.
template <class Rules, class T>
concept Tabled = std::is_same_v<T, float> && requires {
  Rules::tabulated;
};

/// What the tables say of elements first .. last - 1, of parameters and uniform numbers.
template <class Rules>
struct FromTable {
  FromTable(const float* parameter, const float* u, std::int64_t first, std::int64_t last) {
    normal_quantile(u + first, g.data(), std::size_t(last - first));
    for (std::int64_t i = first; i < last; ++i) {
      at[std::size_t(i - first)] =
          Rules::tabulated(double(parameter[i]), double(g[std::size_t(i - first)]));
    }
  }
  std::array<float, chunk_size> g;
  std::array<special::Tabulated, chunk_size> at;
};

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

template <class Rules>
void forward(const Frame& f) {
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto operands = operands_of<Rules, T>(f);
    T* y = f.out<T>();
    if constexpr (Tabled<Rules, T>) {
      for_each_chunk(f.out_shape().size(), [&](std::int64_t first, std::int64_t last) {
        const FromTable<Rules> table(f.in<T>(0), f.in<T>(1), first, last);
        for (std::int64_t i = first; i < last; ++i) {
          const special::Tabulated& at = table.at[std::size_t(i - first)];
          y[i] = T(at.known ? at.value : Rules::value(operands(i)));
        }
      });
      return;
    }
    for_each_element(f.out_shape().size(), [&](std::int64_t i) {
      if constexpr (std::is_same_v<T, float> && requires { Rules::value_in_float(operands(i)); }) {
        y[i] = T(Rules::value_in_float(operands(i)));
      } else {
        y[i] = T(Rules::value(operands(i)));
      }
    });
  });
}

/// By the parameter alone.
template <class Rules, class Operands>
void tabled_vjp(const Frame& f, const Frame::Adjoint<float>& to, const Operands& operands) {
  const float *y = f.out<float>(), *dy = f.cotangent<float>();
  for_each_chunk(f.out_shape().size(), [&](std::int64_t first, std::int64_t last) {
    const FromTable<Rules> table(f.in<float>(0), f.in<float>(1), first, last);
    for (std::int64_t i = first; i < last; ++i) {
      const special::Tabulated& at = table.at[std::size_t(i - first)];
      const double value = double(y[i]);
      const double slope = at.known               ? at.slope
                           : std::isfinite(value) ? Rules::slopes(operands(i), value)[0]
                           : std::isnan(value)    ? value
                                                  : 0;
      const float contribution = float(double(dy[i]) * slope);
      to.data[i] = to.add ? to.data[i] + contribution : contribution;
    }
  });
}

template <class Rules>
void vjp(const Frame& f) {
  dispatch(f.dtype(), [&](auto t) {
    using T = decltype(t);
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
    if constexpr (Tabled<Rules, T>) {
      if (!f.wants(1)) return tabled_vjp<Rules>(f, to[0], operands);
    }
    for_each_element(f.out_shape().size(), [&](std::int64_t i) {
      const double value = double(y[i]);
      Numbers<Rules::operands> slopes;
      if (std::isfinite(value)) {
        slopes = Rules::slopes(operands(i), value);
      } else {
        slopes.fill(std::isnan(value) ? value : 0);  // nothing moves an end of the range
      }
      for (std::size_t k = 0; k < Rules::operands; ++k) {
        if (to[k].data == nullptr) continue;
        const T contribution = T(double(dy[i]) * slopes[k]);
        T& target = to[k].data[i];
        target = to[k].add ? target + contribution : contribution;
      }
    });
  });
}

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
const Op dirichlet_divergence_op{
    .name = "dirichlet_divergence", .forward = dirichlet_forward, .vjp = dirichlet_vjp};
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

Var log_bessel_i0e(Var x) { return record(log_bessel_i0e_op, {x}, x.shape()); }
Var circular_variance(Var x) { return record(circular_variance_op, {x}, x.shape()); }
Var von_mises_entropy(Var x) { return record(von_mises_entropy_op, {x}, x.shape()); }

}  // namespace nelbo
