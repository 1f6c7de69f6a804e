// Samples of gamma, beta, Student's, von Mises and Dirichlet variables and their derivatives:
// against tables of 50-digit arithmetic and of another library, against the derivatives of
// closed-form moments.
#include <limits>

#include "autodiff/error.hpp"
#include "autodiff/special/beta_quantile.hpp"
#include "autodiff/special/gamma_quantile.hpp"
#include "autodiff/special/von_mises.hpp"
#include "models/distributions.hpp"
#include "tests/models/quantile_tables.hpp"
#include "tests/models/subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

static_assert(Reparameterized<Gamma> && Reparameterized<Beta> && Reparameterized<StudentT>);
static_assert(Reparameterized<VonMises> && Reparameterized<Dirichlet>);

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Operator = std::function<Var(const Vars&)>;

/// Numbers of one column as [N].
Tensor column(const std::vector<Numbers>& table, std::size_t k) {
  Numbers values;
  for (const Numbers& row : table) values.push_back(row[k]);
  return Tensor::of(values, {std::int64_t(values.size())}, DType::f64);
}

/// A table's rows: `parameters` numbers, u, the value, and a derivative for every parameter. The
/// value may err by `value_error` max(1, |value|), the derivatives by their own relative error.
void check_table(const std::vector<Numbers>& table, std::size_t parameters, const Operator& op,
                 double value_error, double slope_error) {
  Tape tape;
  Recording recording(tape);
  Vars operands;
  for (std::size_t k = 0; k <= parameters; ++k) {
    operands.push_back(tape.leaf(column(table, k), k < parameters));
  }
  const Var y = op(operands);
  tape.backward(sum(y));
  const Numbers values = y.value().values();
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Numbers& row = table[i];
    INFO("row " << i << ": " << row[0] << ", u = " << row[parameters]);
    const double expected = row[parameters + 1];
    CHECK(std::fabs(values[i] - expected) <= value_error * std::max(1.0, std::fabs(expected)));
    for (std::size_t k = 0; k < parameters; ++k) {
      INFO("parameter " << k);
      CHECK(tape.adjoint(operands[k]).values()[i] ==
            Approx(row[parameters + 2 + k]).epsilon(slope_error).margin(1e-300));
    }
  }
}

Tensor log_of(const Tensor& x) {
  Tensor y(x.shape(), DType::f64);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    y.data_as<double>()[i] = std::log(x.values()[std::size_t(i)]);
  }
  return y;
}

struct Estimate {
  double mean, error;
};

Estimate estimate(const Numbers& x) {
  const double n = double(x.size());
  double mean = 0, squares = 0;
  for (double v : x) mean += v / n;
  for (double v : x) squares += (v - mean) * (v - mean) / n;
  return {mean, std::sqrt(squares / n)};
}

/// What is expected of the derivative of E f(z) by each parameter.
struct Moment {
  std::string name;
  Numbers parameters;
  std::function<Var(const Vars&, Var noise)> integrand;  // [N, 1, 1] from parameters [N, 1, 1]
  Numbers derivatives;
};

constexpr std::int64_t many = 40000;

/// Uniform noise [N, 1, 1].
Tensor uniform_noise(std::int64_t n, std::uint64_t seed, std::int64_t d = 1) {
  Tensor noise({n, 1, d}, DType::f64);
  fill_noise(Noise::uniform, noise, {.stream = {seed, StreamId::user}});
  return noise;
}

void check_moment(const Moment& m) {
  Tape tape;
  Recording recording(tape);
  Vars parameters;
  for (double p : m.parameters) {
    parameters.push_back(tape.leaf(Tensor::full({many, 1, 1}, p, DType::f64), true));
  }
  tape.backward(sum(m.integrand(parameters, tape.leaf(uniform_noise(many, 31)))));
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const Estimate e = estimate(tape.adjoint(parameters[k]).values());
    INFO(m.name << ", parameter " << k << ": " << e.mean << " +- " << e.error << ", expected "
                << m.derivatives[k]);
    CHECK(std::fabs(e.mean - m.derivatives[k]) <= 4 * e.error + 1e-12);
  }
}

}  // namespace

TEST_CASE("implicit: quantiles and their derivatives agree with 50-digit arithmetic") {
  check_table(
      log_gamma_table, 1, [](const Vars& x) { return log_gamma_quantile(x[0], x[1]); }, 4e-12,
      1e-11);
  check_table(
      logit_beta_table, 2, [](const Vars& x) { return logit_beta_quantile(x[0], x[1], x[2]); },
      1e-11, 1e-10);
  check_table(
      student_t_table, 1, [](const Vars& x) { return student_t_quantile(x[0], x[1]); }, 1e-12,
      1e-8);
  check_table(
      von_mises_table, 1, [](const Vars& x) { return von_mises_quantile(x[0], x[1]); }, 1e-13,
      1e-10);
}

TEST_CASE("implicit: quantiles of parameters of all sizes solve their equation") {
  const std::size_t n = 20000;
  Numbers random(4 * n);
  fill_uniform(random.data(), {.stream = {29, StreamId::user}, .batch = n, .dimensions = 4});
  for (std::size_t i = 0; i < n; ++i) {
    const double a = std::pow(10, 10 * random[4 * i] - 4);
    const double b = std::pow(10, 10 * random[4 * i + 1] - 4);
    const double tail = std::pow(10, -15 * random[4 * i + 2]);
    const double u = random[4 * i + 3] < 0.5 ? tail : 1 - tail, v = 1 - u;
    if (u == 0 || v == 0) continue;
    const auto solves = [&](const special::CdfPoint& p) {
      const double log_tail = u < v ? p.log_lower : p.log_upper;
      const double error = std::fabs(log_tail - std::log(std::min(u, v)));
      // Next to the ends of the circle, an angle's last digit moves the tail more.
      return error < 1e-8 || error * std::exp(log_tail - p.log_density) < 1e-15;
    };
    const special::LogGamma gamma(a);
    const special::LogitBeta beta(a, b);
    const special::VonMises angle(a);
    const auto p = gamma.at(gamma.quantile(u));
    const auto q = beta.at(beta.quantile(u, v));
    const auto r = angle.at(angle.quantile(u));
    if (!(solves(p) && std::isfinite(p.d_alpha))) FAIL("gamma " << a << ", u = " << u);
    if (!(solves(q) && std::isfinite(q.d_a) && std::isfinite(q.d_b))) {
      FAIL("beta " << a << ", " << b << ", u = " << u);
    }
    if (!(solves(r) && std::isfinite(r.d_kappa))) FAIL("von mises " << a << ", u = " << u);
  }
  SUCCEED();
}

TEST_CASE("implicit: derivatives at given samples agree with another library's") {
  // {c, z, torch._standard_gamma_grad(c, z)} in float64, torch 2.13: approximations good to 1e-3.
  const std::vector<Numbers> gamma{{0.05, 1e-6, 0.0002663535831}, {0.5, 0.3, 1.009801983},
                                   {1, 0.7, 0.9732210448},        {1, 5, 2.3570103},
                                   {3.25, 2, 0.8169787195},       {3.25, 11, 1.818956095},
                                   {40, 35, 0.9386142313},        {1000, 1010, 1.005150859}};
  for (const Numbers& row : gamma) {
    INFO("gamma " << row[0] << " at " << row[1]);
    const double d = row[1] * special::LogGamma(row[0]).at(std::log(row[1])).d_alpha;
    CHECK(d == Approx(row[2]).epsilon(1e-3));
  }
  // {a, b, x, torch._dirichlet_grad(x, a, a + b)}: dx/da over 1 - x of beta variables.
  const std::vector<Numbers> beta{{0.5, 0.25, 0.3, 1.581618688},  {1, 2, 0.1, 0.2145007208},
                                  {2.5, 1.25, 0.8, 0.3428965246}, {3, 7, 0.25, 0.09945310624},
                                  {70, 40, 0.62, 0.009021565771}, {0.05, 3, 1e-4, 0.01554518698}};
  for (const Numbers& row : beta) {
    INFO("beta " << row[0] << ", " << row[1] << " at " << row[2]);
    const double x = row[2], y = std::log(x) - std::log1p(-x);
    const double d = x * special::LogitBeta(row[0], row[1]).at(y).d_a;
    CHECK(d == Approx(row[3]).epsilon(1e-3));
  }
}

TEST_CASE("implicit: mean derivatives of samples are those of moments, within 4 standard errors") {
  std::vector<Moment> moments;
  for (const double c : {0.2, 1.7, 60.0}) {
    const double rate = 0.6;
    const Numbers parameters{std::log(c), std::log(rate)};
    moments.push_back({"gamma mean",
                       parameters,
                       [](const Vars& p, Var noise) {
                         return Gamma{p[0], p[1]}.rsample(noise);
                       },
                       {c / rate, -c / rate}});
    moments.push_back({"gamma square",
                       parameters,
                       [](const Vars& p, Var noise) {
                         return square(Gamma{p[0], p[1]}.rsample(noise));
                       },
                       {c * (2 * c + 1) / (rate * rate), -2 * c * (c + 1) / (rate * rate)}});
  }
  for (const auto& [a, b] : {std::pair{0.6, 1.8}, {5.0, 0.3}, {30.0, 20.0}}) {
    const double s = a + b, pairs_of = s * (s + 1);
    const Numbers parameters{std::log(a), std::log(b)};
    moments.push_back({"beta mean",
                       parameters,
                       [](const Vars& p, Var noise) {
                         return Beta{p[0], p[1]}.rsample(noise);
                       },
                       {a * b / (s * s), -a * b / (s * s)}});
    // E x^2 = a (a + 1) / s (s + 1).
    const double by_total = -a * (a + 1) * (2 * s + 1) / (pairs_of * pairs_of);
    moments.push_back({"beta square",
                       parameters,
                       [](const Vars& p, Var noise) {
                         return square(Beta{p[0], p[1]}.rsample(noise));
                       },
                       {a * ((2 * a + 1) / pairs_of + by_total), b * by_total}});
  }
  const double m = 0.3, variance = std::exp(0.4), nu = 12;
  moments.push_back(
      {"student square",
       {m, 0.2, std::log(nu)},
       [](const Vars& p, Var noise) {
         return square(StudentT{p[0], p[1], p[2]}.rsample(noise));
       },
       {2 * m, 2 * variance * nu / (nu - 2), -2 * variance * nu / std::pow(nu - 2, 2)}});
  for (const double kappa : {0.3, 1.5, 40.0}) {
    const double ratio = std::cyl_bessel_i(1.0, kappa) / std::cyl_bessel_i(0.0, kappa);
    moments.push_back(
        {"von mises cosine",
         {m, std::log(kappa)},
         [](const Vars& p, Var noise) {
           return cos(VonMises{p[0], p[1]}.rsample(noise));
         },
         {-ratio * std::sin(m), (kappa * (1 - ratio * ratio) - ratio) * std::cos(m)}});
  }
  for (const Moment& moment : moments) check_moment(moment);
}

TEST_CASE("implicit: a Monte Carlo divergence has the closed form's gradient") {
  // log p(z) - log q(z) moves by the parameters in p's density and through z.
  const auto check = [](const char* name, auto make, const Numbers& p, const Numbers& q) {
    INFO(name);
    Tape tape;
    Recording recording(tape);
    Vars one, all, other;
    for (double x : p) {
      one.push_back(tape.leaf(Tensor::full({1, 1}, x, DType::f64), true));
      all.push_back(tape.leaf(Tensor::full({many, 1, 1}, x, DType::f64), true));
    }
    for (double x : q) other.push_back(tape.leaf(Tensor::full({1, 1}, x, DType::f64)));
    const Var noise = tape.leaf(uniform_noise(many, 37)), z = make(all).rsample(noise);
    tape.backward(sum(make(all).log_prob(z) - make(other).log_prob(z)) +
                  sum(kl(make(one), make(other))));
    for (std::size_t k = 0; k < p.size(); ++k) {
      const Estimate e = estimate(tape.adjoint(all[k]).values());
      CHECK(std::fabs(e.mean - tape.adjoint(one[k]).item()) <= 4 * e.error + 1e-12);
    }
  };
  check("gamma", [](const Vars& p) { return Gamma{p[0], p[1]}; }, {0.5, -0.3}, {0.9, 0.4});
  check("beta", [](const Vars& p) { return Beta{p[0], p[1]}; }, {0.7, 0.3}, {0.2, 0.9});
}

TEST_CASE("implicit: Dirichlet proportions, their density, moments and entropy") {
  const Numbers c{0.4, 1.3, 2.6, 0.9};
  const double total = 5.2, n = double(many);
  Tape tape;
  Recording recording(tape);
  const Dirichlet p{tape.leaf(log_of(row(c)).reshape({1, 4}))};
  const Var noise = tape.leaf(uniform_noise(many, 41, 4));
  const Tensor x = p.sample(noise).value(), log_p = p.log_prob(p.sample(noise)).value();
  CHECK(x.shape().text() == "[40000, 1, 4]");
  CHECK(log_p.shape().text() == "[40000, 1]");
  std::vector<Numbers> by_axis(4);
  for (std::int64_t s = 0; s < many; ++s) {
    double sum = 0, expected = std::lgamma(total);
    for (std::int64_t d = 0; d < 4; ++d) {
      const double value = x.at({s, 0, d}), own = c[std::size_t(d)];
      by_axis[std::size_t(d)].push_back(value);
      sum += value;
      expected += (own - 1) * std::log(value) - std::lgamma(own);
    }
    if (std::fabs(sum - 1) > 1e-14) FAIL("sample " << s << " sums to " << sum);
    if (std::fabs(log_p.at({s, 0}) - expected) > 1e-11 * std::max(1.0, std::fabs(expected))) {
      FAIL("sample " << s << ": " << log_p.at({s, 0}) << " is not " << expected);
    }
  }
  for (std::size_t d = 0; d < 4; ++d) {  // every proportion is a beta variable
    const auto cdf = [&](double v) { return beta_cdf(c[d], total - c[d], v); };
    CHECK(kolmogorov_smirnov(by_axis[d], cdf) < 1.95);
    CHECK(p.expectation().value().values()[d] == Approx(c[d] / total).epsilon(1e-14));
  }
  double covariance = 0;
  for (std::int64_t s = 0; s < many; ++s) {
    covariance += (x.at({s, 0, 1}) - c[1] / total) * (x.at({s, 0, 2}) - c[2] / total) / n;
  }
  CHECK(covariance == Approx(-c[1] * c[2] / (total * total * (total + 1))).epsilon(0.05));
  const Estimate information = estimate(log_p.values());
  CHECK(std::fabs(information.mean + p.entropy().item()) < 4 * information.error);
  CHECK(p.entropy().shape().text() == "[1]");
  // The modes are at the proportions of c - 1 where that is positive.
  CHECK(p.mode().value().values()[1] == Approx(0.3 / 1.9).epsilon(1e-13));
  CHECK(p.mode().value().values()[0] == 0);
}

TEST_CASE("implicit: derivatives of Dirichlet proportions") {
  const Tensor log_c = log_of(Tensor::of({0.4, 1.3, 2.6, 0.9, 7, 3}, {2, 3}, DType::f64));
  Tensor noise({2, 2, 3}, DType::f64);
  fill_noise(Noise::uniform, noise, {.stream = {43, StreamId::user}});
  const Tensor weights = Tensor::of({1, -0.5, 2}, {3}, DType::f64);
  const Tensor proportions = Tensor::of({0.2, 0.3, 0.5, 0.6, 0.1, 0.3}, {2, 3}, DType::f64);
  const auto leaf = [](const Tensor& t) { return Tape::current().leaf(t); };
  check_gradient(
      [&](const Vars& v) {
        return sum(square(Dirichlet{v[0]}.rsample(leaf(noise)) * leaf(weights)));
      },
      {log_c}, 1e-6);
  check_gradient(
      [&](const Vars& v) {
        const Dirichlet q{v[0]};
        return sum(q.entropy()) + sum(square(q.log_prob(leaf(proportions))));
      },
      {log_c}, 1e-6);
  // E x_d^2 = c_d (c_d + 1) / c_0 (c_0 + 1), by c_d and by another.
  Tape tape;
  Recording recording(tape);
  const Numbers c{0.4, 1.3, 2.6};
  const double s = 4.3, pairs_of = s * (s + 1);
  Tensor log_all({many, 1, 3}, DType::f64);
  for (std::int64_t i = 0; i < 3 * many; ++i) {
    log_all.data_as<double>()[i] = std::log(c[std::size_t(i % 3)]);
  }
  const Var parameters = tape.leaf(log_all, true);
  const Var x = Dirichlet{parameters}.rsample(tape.leaf(uniform_noise(many, 47, 3)));
  tape.backward(sum(square(slice(x, -1, 1, 2))));
  const Tensor gradient = tape.adjoint(parameters);
  const double by_total = -c[1] * (c[1] + 1) * (2 * s + 1) / (pairs_of * pairs_of);
  for (std::int64_t d = 0; d < 3; ++d) {
    Numbers each;
    for (std::int64_t i = 0; i < many; ++i) each.push_back(gradient.at({i, 0, d}));
    const Estimate e = estimate(each);
    const double own = d == 1 ? (2 * c[1] + 1) / pairs_of : 0;
    INFO("concentration " << d);
    CHECK(std::fabs(e.mean - c[std::size_t(d)] * (own + by_total)) < 4 * e.error);
  }
}

TEST_CASE("implicit: two Dirichlet proportions are a beta variable") {
  Tape tape;
  Recording recording(tape);
  const Dirichlet pair{tape.leaf(Tensor::of({0.3, -0.9}, {1, 2}, DType::f64))};
  const Beta beta{tape.leaf(Tensor::of({0.3}, {1, 1}, DType::f64)),
                  tape.leaf(Tensor::of({-0.9}, {1, 1}, DType::f64))};
  const Var x = tape.leaf(Tensor::of({0.2, 0.8, 0.999, 0.001}, {2, 1, 2}, DType::f64));
  const Numbers a = pair.log_prob(x).value().values();
  const Numbers b = beta.log_prob(slice(x, -1, 0, 1)).value().values();
  for (std::size_t i = 0; i < 2; ++i) CHECK(a[i] == Approx(b[i]).epsilon(1e-12));
  CHECK(pair.entropy().item() == Approx(beta.entropy().item()).epsilon(1e-13));
}
