// Registry rows of the special functions. The references share nothing with autodiff/special/:
// distribution functions are power and Fourier series, quantiles bisections, in long double.
#include <cmath>
#include <numbers>

#include "autodiff/ops/special_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

using Vars = std::vector<Var>;
using Tensors = std::vector<Tensor>;
using Real = long double;
using At = std::vector<double>;

constexpr Real pi = std::numbers::pi_v<Real>;

/// The y in (low, high) where the increasing cdf is u.
template <class Cdf>
double bisect(Real low, Real high, double u, Cdf cdf) {
  for (int step = 0; step < 80; ++step) {
    const Real middle = (low + high) / 2;
    (cdf(middle) < u ? low : high) = middle;
  }
  return double((low + high) / 2);
}

/// sum_n (-1)^n z^(alpha + n) / n! (alpha + n) over Gamma(alpha).
Real gamma_cdf(Real alpha, Real y) {
  const Real z = std::exp(y);
  Real power = 1, sum = 0;
  for (int n = 0; n < 160; ++n) {
    sum += power / (alpha + n);
    power *= -z / (n + 1);
  }
  return sum * std::exp(alpha * y - std::lgamma(alpha));
}

/// The binomial series of the integral of t^(a - 1) (1 - t)^(b - 1) from 0 to x.
Real beta_cdf(Real a, Real b, Real y) {
  if (y > 0) return 1 - beta_cdf(b, a, -y);
  const Real x = 1 / (1 + std::exp(-y));
  Real power = 1, sum = 0;
  for (int n = 0; n < 90; ++n) {
    sum += power / (a + n);
    power *= x * (n + 1 - b) / (n + 1);
  }
  return sum * std::exp(a * std::log(x) + std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b));
}

/// 1/2 + x / 2 pi + sum_n I_n / I_0 sin(n x) / n pi.
Real von_mises_cdf(Real kappa, Real x) {
  const Real i0 = std::cyl_bessel_i(Real(0), kappa);
  Real sum = 0.5L + x / (2 * pi);
  for (int n = 1; n < 40; ++n) {
    sum += std::cyl_bessel_i(Real(n), kappa) / i0 * std::sin(n * x) / (n * pi);
  }
  return sum;
}

double reference_log_gamma(const At& x) {
  return bisect(-30, 3, x[1], [&](Real y) { return gamma_cdf(x[0], y); });
}

double reference_logit_beta(const At& x) {
  return bisect(-30, 30, x[2], [&](Real y) { return beta_cdf(x[0], x[1], y); });
}

double reference_student_t(const At& x) {
  const Real nu = x[0];
  return bisect(-60, 60, x[1], [&](Real t) {
    const Real upper = beta_cdf(nu / 2, 0.5L, std::log(nu / (t * t))) / 2;
    return t < 0 ? upper : 1 - upper;
  });
}

/// Masses added up from 0 on.
double reference_count(const At& x) {
  const Real m = std::exp(Real(x[0])), r = std::exp(Real(x[1]));
  Real mass = std::pow(r / (r + m), r), below = mass;
  int k = 0;
  for (; below < Real(x[2]); ++k) below += mass *= m / (r + m) * (r + k) / (k + 1);
  return k;
}

double reference_von_mises(const At& x) {
  return bisect(-pi, pi, x[1], [&](Real y) { return von_mises_cdf(x[0], y); });
}

double reference_stirling(const At& x) {
  const Real z = x[0];
  return double(std::lgamma(z) - ((z - 0.5L) * std::log(z) - z + std::log(2 * pi) / 2));
}

/// Shifted beyond 30, where four terms of the asymptotic series are exact to 1e-17.
Real reference_digamma(Real z) {
  Real shift = 0;
  for (; z < 30; ++z) shift += 1 / z;
  const Real q = 1 / (z * z);
  return std::log(z) - 0.5L / z - q * (1 / 12.0L - q * (1 / 120.0L - q * (1 / 252.0L - q / 240))) -
         shift;
}

double reference_digamma_minus_log(const At& x) {
  const Real z = x[0];
  return double(reference_digamma(z) - std::log(z));
}

double reference_gamma_entropy(const At& x) {
  const Real z = x[0];
  return double(z + std::lgamma(z) + (1 - z) * reference_digamma(z));
}

Real reference_log_beta(const std::vector<Real>& c) {
  Real sum = 0, all = 0;
  for (const Real each : c) {
    sum += std::lgamma(each);
    all += each;
  }
  return sum - std::lgamma(all);
}

/// The textbook's sum.
double reference_gamma_divergence(const At& x) {
  const Real p = std::exp(Real(x[0])), q = std::exp(Real(x[1])), rates = x[2];
  return double((p - q) * reference_digamma(p) - std::lgamma(p) + std::lgamma(q) - q * rates +
                p * (std::exp(rates) - 1));
}

double reference_dirichlet_divergence(const std::vector<double>& log_p,
                                      const std::vector<double>& log_q) {
  std::vector<Real> p, q;
  Real total = 0;
  for (std::size_t d = 0; d < log_p.size(); ++d) {
    p.push_back(std::exp(Real(log_p[d])));
    q.push_back(std::exp(Real(log_q[d])));
    total += p.back();
  }
  Real sum = reference_log_beta(q) - reference_log_beta(p);
  for (std::size_t d = 0; d < p.size(); ++d) {
    sum += (p[d] - q[d]) * (reference_digamma(p[d]) - reference_digamma(total));
  }
  return double(sum);
}

double reference_log_bessel(const At& x) {
  const Real z = x[0];
  return double(std::log(std::cyl_bessel_i(Real(0), z)) - z);
}

double reference_circular_variance(const At& x) {
  const Real z = x[0];
  return double(1 - std::cyl_bessel_i(Real(1), z) / std::cyl_bessel_i(Real(0), z));
}

double reference_von_mises_entropy(const At& x) {
  const Real z = x[0], i0 = std::cyl_bessel_i(Real(0), z);
  return double(std::log(2 * pi * i0) - z * std::cyl_bessel_i(Real(1), z) / i0);
}

/// f at all places of operands that broadcast.
Tensor map(const Tensors& x, double (*f)(const At&)) {
  Shape shape = x[0].shape();
  for (const Tensor& operand : x) shape = broadcast(shape, operand.shape(), "special row");
  Tensor out(shape, DType::f64);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    At at;
    for (const Tensor& operand : x) {
      const Strides strides = broadcast_strides(operand.shape(), operand.strides(), shape);
      std::int64_t offset = 0, rest = i;
      for (int axis = shape.rank() - 1; axis >= 0; --axis) {
        offset += rest % shape[axis] * strides[axis];
        rest /= shape[axis];
      }
      at.push_back(operand.data_as<double>()[offset]);
    }
    out.data_as<double>()[i] = f(at);
  }
  return out;
}

Tensor number(double value) { return Tensor::of({value}, {1}, DType::f64); }

const double infinity = HUGE_VAL, nan = std::nan("");

/// One parameter between low and high, and u.
OperatorRow quantile_row(const char* name, Var (*f)(Var, Var), double (*reference)(const At&),
                         double low, double high) {
  OperatorRow row;
  row.name = name;
  row.apply = [f](const Vars& x) { return Vars{f(x[0], x[1])}; };
  row.reference = [reference](const Tensors& x) { return Tensors{map(x, reference)}; };
  const auto sample = [&](const Shape& parameter, const Shape& u) {
    row.samples.push_back(
        {{.shape = parameter, .low = low, .high = high}, {.shape = u, .low = 0.1, .high = 0.9}});
  };
  sample({}, {});
  sample({0}, {0});
  sample({1}, {1});
  sample({5}, {5});
  sample({3}, {2, 3});
  sample({2, 1}, {3, 1, 2});
  row.edges = {{{number(low), number(nan)}, {nan}}, {{number(nan), number(0.5)}, {nan}},
               {{number(-1), number(0.5)}, {nan}},  {{number(infinity), number(0.5)}, {nan}},
               {{number(low), number(1.5)}, {nan}}, {{number(low), number(-0.5)}, {nan}}};
  return row;
}

OperatorRow gamma_divergence_row() {
  OperatorRow row;
  row.name = "gamma_divergence";
  row.apply = [](const Vars& x) { return Vars{gamma_divergence(x[0], x[1], x[2])}; };
  row.reference = [](const Tensors& x) { return Tensors{map(x, reference_gamma_divergence)}; };
  const auto sample = [&](const Shape& p, const Shape& q, const Shape& rates) {
    row.samples.push_back({{.shape = p, .low = -1.5, .high = 2},
                           {.shape = q, .low = -1.5, .high = 2},
                           {.shape = rates, .low = -1, .high = 1}});
  };
  sample({}, {}, {});
  sample({0}, {0}, {0});
  sample({5}, {5}, {5});
  sample({3}, {2, 1}, {2, 3});
  // Exponential variables of rates 1 and 2: 1 - log 2.
  row.edges = {{{number(0), number(0), number(std::log(2.0))}, {1 - std::log(2.0)}},
               {{number(20), number(20), number(0)}, {0}},
               {{number(nan), number(0), number(0)}, {nan}}};
  return row;
}

OperatorRow dirichlet_divergence_row() {
  OperatorRow row;
  row.name = "dirichlet_divergence";
  row.apply = [](const Vars& x) { return Vars{dirichlet_divergence(x[0], x[1])}; };
  row.reference = [](const Tensors& x) {
    const std::int64_t width = x[0].shape()[-1], rows = x[0].size() / width;
    Tensor out(Shape(x[0].shape().dims().first(std::size_t(x[0].shape().rank() - 1))), DType::f64);
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto of = [&](const Tensor& t) {
        const double* at = t.data_as<double>() + r * width;
        return std::vector<double>(at, at + width);
      };
      out.data_as<double>()[r] = reference_dirichlet_divergence(of(x[0]), of(x[1]));
    }
    return Tensors{out};
  };
  for (const Shape& shape : {Shape{1}, Shape{3}, Shape{0, 2}, Shape{5, 2}, Shape{2, 3, 4}}) {
    row.samples.push_back(
        {{.shape = shape, .low = -1.5, .high = 2}, {.shape = shape, .low = -1.5, .high = 2}});
  }
  return row;
}

OperatorRow unary_row(const char* name, Var (*f)(Var), double (*reference)(const At&), double low,
                      double high) {
  OperatorRow row;
  row.name = name;
  row.apply = [f](const Vars& x) { return Vars{f(x[0])}; };
  row.reference = [reference](const Tensors& x) { return Tensors{map(x, reference)}; };
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3, 7}}) {
    row.samples.push_back({{.shape = shape, .low = low, .high = high}});
  }
  row.edges = {{{number(nan)}, {nan}}, {{number(-1)}, {nan}}, {{number(infinity)}, {nan}}};
  return row;
}

}  // namespace

std::vector<OperatorRow> special_rows() {
  OperatorRow gamma =
      quantile_row("log_gamma_quantile", log_gamma_quantile, reference_log_gamma, 0.8, 5);
  // Exponential variables: z = -log(1 - u).
  gamma.edges.push_back({{number(1), number(0.5)}, {std::log(std::log(2.0))}});
  gamma.edges.push_back({{number(2), number(0)}, {-infinity}});
  gamma.edges.push_back({{number(2), number(1)}, {infinity}});

  OperatorRow beta;
  beta.name = "logit_beta_quantile";
  beta.apply = [](const Vars& x) { return Vars{logit_beta_quantile(x[0], x[1], x[2])}; };
  beta.reference = [](const Tensors& x) { return Tensors{map(x, reference_logit_beta)}; };
  const auto sample = [&](const Shape& a, const Shape& b, const Shape& u) {
    beta.samples.push_back({{.shape = a, .low = 0.8, .high = 4},
                            {.shape = b, .low = 0.8, .high = 4},
                            {.shape = u, .low = 0.1, .high = 0.9}});
  };
  sample({}, {}, {});
  sample({0}, {0}, {0});
  sample({5}, {5}, {5});
  sample({3}, {2, 1}, {2, 3});
  const auto edge = [&](double a, double b, double u, double y) {
    beta.edges.push_back({{number(a), number(b), number(u)}, {y}});
  };
  edge(1, 1, 0.75, std::log(3.0));  // uniform
  edge(2, 2, 0.5, 0);
  edge(2, 3, 0, -infinity);
  edge(2, 3, 1, infinity);
  edge(nan, 1, 0.5, nan);
  edge(1, 0, 0.5, nan);
  edge(1, infinity, 0.5, nan);
  edge(1, 1, 2, nan);

  OperatorRow student =
      quantile_row("student_t_quantile", student_t_quantile, reference_student_t, 0.9, 6);
  student.edges.push_back({{number(1), number(0.75)}, {1}});  // Cauchy
  student.edges.push_back({{number(3), number(0.5)}, {0}});
  student.edges.push_back({{number(3), number(0)}, {-infinity}});
  student.edges.push_back({{number(3), number(1)}, {infinity}});

  OperatorRow mises =
      quantile_row("von_mises_quantile", von_mises_quantile, reference_von_mises, 0.1, 4);
  mises.edges.push_back({{number(0), number(0.75)}, {std::numbers::pi / 2}});  // uniform
  mises.edges.push_back({{number(3), number(0.5)}, {0}});
  mises.edges.push_back({{number(3), number(0)}, {-std::numbers::pi}});
  mises.edges.push_back({{number(3), number(1)}, {std::numbers::pi}});

  OperatorRow count;
  count.name = "negative_binomial_quantile";
  count.apply = [](const Vars& x) { return Vars{negative_binomial_quantile(x[0], x[1], x[2])}; };
  count.reference = [](const Tensors& x) { return Tensors{map(x, reference_count)}; };
  count.differentiable = false;
  for (const auto& [m, r, u] : {std::array<Shape, 3>{Shape{}, Shape{}, Shape{}},
                                {Shape{0}, Shape{0}, Shape{0}},
                                {Shape{67}, Shape{67}, Shape{67}},
                                {Shape{3, 1}, Shape{5}, Shape{3, 5}}}) {
    count.samples.push_back({{.shape = m, .low = -2, .high = 4},
                             {.shape = r, .low = -2, .high = 3},
                             {.shape = u, .low = 0.01, .high = 0.99}});
  }
  const auto count_edge = [&](double m, double r, double u, double k) {
    count.edges.push_back({{number(m), number(r), number(u)}, {k}});
  };
  count_edge(0, 0, 0.4, 0);  // geometric, of 1/2
  count_edge(0, 0, 0.6, 1);
  count_edge(0, 80, 0.3, 0);  // Poisson, of rate 1: 0.37, 0.74, 0.92
  count_edge(0, 80, 0.9, 2);
  count_edge(-infinity, 0, 0.9, 0);
  count_edge(0, 0, 0, nan);
  count_edge(0, 0, 1, nan);
  count_edge(infinity, 0, 0.5, nan);
  count_edge(nan, 0, 0.5, nan);

  OperatorRow entropy = unary_row("gamma_entropy", gamma_entropy, reference_gamma_entropy, 0.3, 30);
  entropy.edges.push_back({{number(1)}, {1}});  // exponential
  OperatorRow circular =
      unary_row("von_mises_entropy", von_mises_entropy, reference_von_mises_entropy, 0.1, 30);
  circular.edges.push_back({{number(0)}, {std::log(2 * std::numbers::pi)}});
  OperatorRow spread =
      unary_row("circular_variance", circular_variance, reference_circular_variance, 0.1, 30);
  spread.edges.push_back({{number(0)}, {1}});
  OperatorRow bessel = unary_row("log_bessel_i0e", log_bessel_i0e, reference_log_bessel, 0.1, 30);
  bessel.edges.push_back({{number(0)}, {0}});
  return {gamma,
          beta,
          student,
          mises,
          count,
          unary_row("stirling_error", stirling_error, reference_stirling, 0.3, 30),
          unary_row("digamma_minus_log", digamma_minus_log, reference_digamma_minus_log, 0.3, 30),
          gamma_divergence_row(),
          dirichlet_divergence_row(),
          entropy,
          circular,
          spread,
          bessel};
}

}  // namespace nelbo
