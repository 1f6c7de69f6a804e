// Closed-form divergences against sums over a grid or the support, against Monte Carlo means, and
// their gradients against differences.
#include "models/distributions/kl.hpp"

#include <limits>

#include "autodiff/error.hpp"
#include "tests/models/subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

static_assert(HasKl<DiagNormal, StandardNormal> && HasKl<DiagNormal, DiagNormal>);
static_assert(HasKl<Bernoulli, Bernoulli> && HasKl<Laplace, Laplace>);
static_assert(HasKl<Gamma, Gamma> && HasKl<Beta, Beta> && HasKl<Dirichlet, Dirichlet>);
static_assert(!HasKl<DiagNormal, Laplace> && !HasKl<Laplace, StandardNormal>);

namespace {

/// A pair of distributions; the parameters of q are those of p, changed.
struct Pair {
  std::string name;
  std::vector<Tensor> p, q;
  std::function<double(const Numbers&, double)> log_p, log_q;
  Numbers points;
  double weight;
  std::function<Var(const Vars& p, const Vars& q)> kl;
  /// log p(x) - log q(x) of samples x of p: [S, B].
  std::function<Var(const Vars& p, const Vars& q, Var noise)> ratio;
  Noise noise;
};

Tensor changed(const Tensor& t, double factor, double shift) {
  Tensor out(t.shape(), DType::f64);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    out.data_as<double>()[i] = factor * t.values()[std::size_t(i)] + shift * std::cos(double(i));
  }
  return out;
}

template <class P, class Q>
Pair pair(const std::string& name, const Subject& p, const Subject& q,
          std::function<P(const Vars&)> make_p, std::function<Q(const Vars&)> make_q) {
  Pair pair{name,       p.parameters, {}, p.log_density, q.log_density, p.points(),
            p.weight(), {},           {}, P::noise};
  const bool levels = name == "discretized logistic";
  for (const Tensor& t : q.parameters)
    pair.q.push_back(changed(t, levels ? 0.9 : 0.7, levels ? 0.05 : 0.4));
  pair.kl = [=](const Vars& a, const Vars& b) { return kl(make_p(a), make_q(b)); };
  pair.ratio = [=](const Vars& a, const Vars& b, Var noise) {
    const Var x = make_p(a).sample(noise);
    return make_p(a).log_prob(x) - make_q(b).log_prob(x);
  };
  return pair;
}

std::vector<Pair> all_pairs() {
  const std::vector<Subject> s = subjects();
  const auto by_name = [&](const std::string& name) {
    return *std::find_if(s.begin(), s.end(), [&](const Subject& x) { return x.name == name; });
  };
  const std::function<DiagNormal(const Vars&)> normal = [](const Vars& p) {
    return DiagNormal{p[0], p[1]};
  };
  const std::function<StandardNormal(const Vars&)> standard = [](const Vars&) {
    return StandardNormal{3, DType::f64};
  };
  const std::function<Laplace(const Vars&)> laplace = [](const Vars& p) {
    return Laplace{p[0], p[1]};
  };
  const std::function<Bernoulli(const Vars&)> bernoulli = [](const Vars& p) {
    return Bernoulli{p[0]};
  };
  const std::function<Categorical(const Vars&)> categorical = [](const Vars& p) {
    return Categorical{p[0]};
  };
  const std::function<DiscretizedLogistic(const Vars&)> logistic = [](const Vars& p) {
    return DiscretizedLogistic{p[0], p[1]};
  };
  const std::function<Gamma(const Vars&)> gamma = [](const Vars& p) { return Gamma{p[0], p[1]}; };
  const std::function<Beta(const Vars&)> beta = [](const Vars& p) { return Beta{p[0], p[1]}; };
  Subject prior = by_name("normal");
  prior.parameters = {};
  prior.log_density = [](const Numbers&, double x) {
    return -0.5 * (x * x + std::log(2 * std::acos(-1.0)));
  };
  const Subject n = by_name("normal"), l = by_name("laplace"), b = by_name("bernoulli"),
                c = by_name("categorical"), d = by_name("discretized logistic"),
                g = by_name("gamma"), t = by_name("beta");
  return {pair("normal, standard normal", n, prior, normal, standard),
          pair("normal, normal", n, n, normal, normal),
          pair("standard normal, normal", prior, n, standard, normal),
          pair("laplace, laplace", l, l, laplace, laplace),
          pair("bernoulli, bernoulli", b, b, bernoulli, bernoulli),
          pair("categorical, categorical", c, c, categorical, categorical),
          pair("discretized logistic", d, d, logistic, logistic),
          pair("gamma, gamma", g, g, gamma, gamma),
          pair("beta, beta", t, t, beta, beta)};
}

Vars leaves(Tape& tape, const std::vector<Tensor>& values) {
  Vars vars;
  for (const Tensor& v : values) vars.push_back(tape.leaf(v));
  return vars;
}

}  // namespace

TEST_CASE("kl: closed forms agree with sums over x") {
  for (const Pair& pair : all_pairs()) {
    Tape tape;
    Recording recording(tape);
    const Tensor values = pair.kl(leaves(tape, pair.p), leaves(tape, pair.q)).value();
    REQUIRE(values.shape().text() == "[2]");
    for (std::int64_t b = 0; b < 2; ++b) {
      double expected = 0;
      for (std::int64_t d = 0; d < 3; ++d) {
        const Numbers p = element(pair.p, 3 * b + d, 6), q = element(pair.q, 3 * b + d, 6);
        for (double x : pair.points) {
          const double log_p = pair.log_p(p, x);
          if (std::exp(log_p) > 1e-290) {
            expected += pair.weight * std::exp(log_p) * (log_p - pair.log_q(q, x));
          }
        }
      }
      INFO(pair.name << ", datum " << b);
      CHECK(values.at({b}) == Approx(expected).epsilon(1e-5));
      CHECK(values.at({b}) > 0);
    }
  }
}

TEST_CASE("kl: closed forms lie within 4 standard errors of Monte Carlo means") {
  const std::int64_t n = 20000;
  for (const Pair& pair : all_pairs()) {
    Tape tape;
    Recording recording(tape);
    const Vars p = leaves(tape, pair.p), q = leaves(tape, pair.q);
    const Var noise = tape.leaf({n, 2, 3}, DType::f64);
    fill_noise(pair.noise, tape.data(noise), {.stream = {21, StreamId::user}});
    const Tensor closed = pair.kl(p, q).value(), ratio = pair.ratio(p, q, noise).value();
    for (std::int64_t b = 0; b < 2; ++b) {
      double mean = 0, squares = 0;
      for (std::int64_t s = 0; s < n; ++s) {
        mean += ratio.at({s, b}) / double(n);
        squares += ratio.at({s, b}) * ratio.at({s, b}) / double(n);
      }
      INFO(pair.name << ", datum " << b);
      const double z = (mean - closed.at({b})) / std::sqrt((squares - mean * mean) / double(n));
      CHECK(std::fabs(z) < 4);
    }
  }
}

TEST_CASE("kl: gradients agree with differences") {
  for (const Pair& pair : all_pairs()) {
    INFO(pair.name);
    std::vector<Tensor> inputs = pair.p;
    inputs.insert(inputs.end(), pair.q.begin(), pair.q.end());
    check_gradient(
        [&](const Vars& v) {
          const auto split = v.begin() + std::ptrdiff_t(pair.p.size());
          const Var rows = pair.kl(Vars(v.begin(), split), Vars(split, v.end()));
          return sum(rows * Tape::current().leaf(Tensor::of({1, 1.7}, {2}, DType::f64)));
        },
        inputs, 1e-6);
  }
}

TEST_CASE("kl: 0 between equal distributions") {
  Tape tape;
  Recording recording(tape);
  const Var a = tape.leaf(pairs({0.7, -1.1, 0.2, 1.6, 0.0, -0.4}));
  const DiagNormal normal{a, a};
  for (double v : kl(normal, normal).value().values()) CHECK(v == Approx(0).margin(1e-14));
  for (double v : kl(Laplace{a, a}, Laplace{a, a}).value().values())
    CHECK(v == Approx(0).margin(1e-14));
  for (double v : kl(Bernoulli{a}, Bernoulli{a}).value().values())
    CHECK(v == Approx(0).margin(1e-14));
  for (const Var& v :
       {kl(Gamma{a, a}, Gamma{a, a}), kl(Beta{a, a}, Beta{a, a}), kl(Dirichlet{a}, Dirichlet{a})}) {
    for (double number : v.value().values()) CHECK(number == Approx(0).margin(1e-13));
  }
}

TEST_CASE("kl: between Dirichlet distributions, and between two proportions and beta variables") {
  Tape tape;
  Recording recording(tape);
  const auto logs = [&](std::vector<double> c) {
    for (double& x : c) x = std::log(x);
    return tape.leaf(Tensor::of(c, {std::int64_t(c.size())}, DType::f64));
  };
  // kl_divergence(Dirichlet(p), Dirichlet(q)) of torch.distributions 2.13 in float64.
  const Dirichlet p{logs({0.7, 2.5, 4.0})}, q{logs({1.0, 1.5, 6.0})};
  CHECK(kl(p, q).item() == Approx(0.7678508989437536).epsilon(1e-12));
  const Var a = logs({0.7, 3}), b = logs({1.9, 0.4});
  const auto beta = [](Var c) { return Beta{slice(c, 0, 0, 1), slice(c, 0, 1, 2)}; };
  CHECK(kl(Dirichlet{a}, Dirichlet{b}).item() == Approx(3.306814566980266).epsilon(1e-12));
  CHECK(kl(beta(a), beta(b)).item() == Approx(3.306814566980266).epsilon(1e-12));
  CHECK_THROWS_WITH(kl(p, Dirichlet{a}), contains("[3] and [2]"));
  check_gradient([](const Vars& v) { return kl(Dirichlet{v[0]}, Dirichlet{v[1]}); },
                 {p.log_concentration.value(), q.log_concentration.value()});
}

TEST_CASE("kl: between gamma distributions of large shape in float") {
  Tape tape;
  Recording recording(tape);
  const auto at = [&](DType dtype) {
    const auto leaf = [&](double x) { return tape.leaf(Tensor::of({x}, {1}, dtype)); };
    return kl(Gamma{leaf(9.25), leaf(0.5)}, Gamma{leaf(9.21875), leaf(0.484375)}).item();
  };
  CHECK(at(DType::f64) > 0.5);
  // Terms of 1e5 would leave errors of 1e-2.
  CHECK(at(DType::f32) == Approx(at(DType::f64)).margin(1e-4));
}

TEST_CASE("kl: a class of probability 0 adds nothing, its absence infinity") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Tape tape;
  Recording recording(tape);
  const Var never = tape.leaf(Tensor::of({0, -infinity}, {1, 2}, DType::f64), true);
  const Var even = tape.leaf(Tensor::of({0, 0}, {1, 2}, DType::f64), true);
  const Var log2 = kl(Categorical{never}, Categorical{even});
  CHECK(log2.item() == Approx(std::log(2.0)).epsilon(1e-14));
  CHECK(kl(Categorical{never}, Categorical{never}).item() == 0);
  CHECK(kl(Categorical{even}, Categorical{never}).item() == infinity);
  tape.backward(log2);
  for (double g : tape.adjoint(never).values()) CHECK(std::isfinite(g));
  for (double g : tape.adjoint(even).values()) CHECK(std::isfinite(g));
}

TEST_CASE("kl: Monte Carlo by name agrees with the closed form, value and gradient") {
  const std::int64_t n = 100000;
  Tape tape;
  Recording recording(tape);
  const Var mean_q = tape.leaf(Tensor::of({0.8}, {1, 1}, DType::f64), true);
  const Var log_variance = tape.leaf(Tensor::of({-0.5}, {1, 1}, DType::f64), true);
  const Var noise = tape.leaf({n, 1, 1}, DType::f64);
  fill_noise(Noise::normal, tape.data(noise), {.stream = {8, StreamId::user}});
  const DiagNormal q{mean_q, log_variance};
  const Var estimate = kl_monte_carlo(q, StandardNormal{1, DType::f64}, noise);
  REQUIRE(estimate.shape().text() == "[1]");
  // log q - log p = (z^2 - e^2 - log s2) / 2 with z = m + s e: variance (m^2 s^2 + (s^2 - 1)^2 /
  // 2).
  const double m = 0.8, s2 = std::exp(-0.5);
  const double closed = 0.5 * (s2 + m * m - 1 + 0.5);
  const double error = std::sqrt((m * m * s2 + 0.5 * (s2 - 1) * (s2 - 1)) / double(n));
  CHECK(std::fabs(estimate.item() - closed) < 4 * error);
  tape.backward(estimate);
  // d/dm of the integrand is z: mean m, variance s2.
  CHECK(std::fabs(tape.adjoint(mean_q).item() - m) < 4 * std::sqrt(s2 / double(n)));
}

TEST_CASE("kl: sizes that do not fit are refused") {
  Tape tape;
  Recording recording(tape);
  const Var a = tape.leaf({2, 3}, DType::f64);
  CHECK_THROWS_WITH(kl(DiagNormal{a, a}, StandardNormal{4, DType::f64}), contains("4 dimensions"));
  CHECK_THROWS_WITH(kl(Categorical{a}, Categorical{tape.leaf({2, 2}, DType::f64)}),
                    contains("classes"));
}
