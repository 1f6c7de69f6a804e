// Gamma, beta, Student's, von Mises and Dirichlet variables at extreme parameters, in float, outside
// their support, and on any number of threads.
#include <limits>

#include "autodiff/error.hpp"
#include "autodiff/threads.hpp"
#include "models/distributions.hpp"
#include "tests/models/subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A distribution's sample, gradient and density at extreme parameters.
struct Extreme {
  std::string name;
  std::vector<Numbers> parameters;  // one list per parameter: [1, 1, D]
  std::function<Var(const Vars&, Var)> rsample, log_prob;
  std::function<Var(const Vars&)> entropy;
  double low, high;  // samples lie within
};

template <class P>
Extreme extreme(std::string name, std::vector<Numbers> parameters,
                std::function<P(const Vars&)> make, double low, double high) {
  return {std::move(name),
          std::move(parameters),
          [make](const Vars& p, Var noise) { return make(p).rsample(noise); },
          [make](const Vars& p, Var x) { return make(p).log_prob(x); },
          [make](const Vars& p) { return make(p).entropy(); },
          low,
          high};
}

/// Parameters of one distribution of each family.
struct Parameters {
  Numbers shape, rate, a, b, degrees, concentration, proportions;
};

std::vector<Extreme> families(const Parameters& of) {
  const Numbers at_zero(of.degrees.size(), 0.0), direction(of.concentration.size(), 0.0);
  return {
      extreme<Gamma>(
          "gamma", {of.shape, of.rate},
          [](const Vars& p) {
            return Gamma{log(p[0]), log(p[1])};
          },
          0, infinity),
      extreme<Beta>(
          "beta", {of.a, of.b},
          [](const Vars& p) {
            return Beta{log(p[0]), log(p[1])};
          },
          0, 1),
      extreme<StudentT>(
          "student", {at_zero, of.degrees},
          [](const Vars& p) {
            return StudentT{p[0], p[0], log(p[1])};
          },
          -infinity, infinity),
      extreme<VonMises>(
          "von mises", {direction, of.concentration},
          [](const Vars& p) {
            return VonMises{p[0], log(p[1])};
          },
          -3.1416, 3.1416),
      extreme<Dirichlet>(
          "dirichlet", {of.proportions}, [](const Vars& p) { return Dirichlet{log(p[0])}; }, 0, 1)};
}

std::vector<Extreme> extremes() {
  const Numbers sizes{1e-3, 0.03, 0.9, 1, 20, 1e3, 1e4};
  Numbers a, b;
  for (double x : sizes) {
    for (double y : sizes) a.push_back(x), b.push_back(y);
  }
  return families({.shape = sizes,
                   .rate = Numbers(sizes.size(), 1.0),
                   .a = a,
                   .b = b,
                   .degrees = {0.1, 0.5, 1, 3, 100, 1e4},
                   .concentration = {1e-3, 0.1, 1, 10, 30, 100, 1e3},
                   .proportions = sizes});
}

/// Sample, the gradients of its weighted sum, log-density at it, entropy.
struct Seen {
  Numbers sample, gradients, log_prob, entropy;
};

Seen look(const Extreme& e, const Tensor& noise, DType dtype) {
  Tape tape;
  Recording recording(tape);
  Vars p;
  for (const Numbers& values : e.parameters) p.push_back(tape.leaf(row(values, dtype), true));
  const Var x = e.rsample(p, tape.leaf(noise.cast(dtype)));
  Numbers weights;
  for (std::int64_t d = 0; d < x.shape()[-1]; ++d) weights.push_back(1 + 0.25 * double(d));
  tape.backward(sum(x * tape.leaf(row(weights, dtype))));
  Seen seen{
      x.value().values(), {}, e.log_prob(p, x).value().values(), e.entropy(p).value().values()};
  for (const Var& parameter : p) {
    for (double g : tape.adjoint(parameter).values()) seen.gradients.push_back(g);
  }
  return seen;
}

}  // namespace

TEST_CASE("implicit: extreme parameters give finite samples, densities and gradients") {
  for (const Extreme& e : extremes()) {
    for (DType dtype : {DType::f32, DType::f64}) {
      for (double u : {0x1p-24, 0.01, 0.4990234375, 0.75, 1 - 0x1p-24}) {
        INFO(e.name << " " << name_of(dtype) << ", u = " << u);
        const std::int64_t d = std::int64_t(e.parameters[0].size());
        const Seen seen = look(e, Tensor::full({1, 1, d}, u, DType::f64), dtype);
        for (double x : seen.sample) {
          CHECK(std::isfinite(x));
          CHECK((x > e.low && x < e.high));
        }
        for (double g : seen.gradients) CHECK(std::isfinite(g));
        for (double l : seen.log_prob) CHECK(std::isfinite(l));
        for (double h : seen.entropy) CHECK(std::isfinite(h));
      }
    }
  }
}

TEST_CASE("implicit: float agrees with double at the same noise") {
  // Parameters exact in both, of sizes whose samples neither type clamps.
  const Numbers sizes{0.5, 1, 4, 64, 1024, 8192}, other{2, 0.5, 1, 8, 16, 4096};
  const std::vector<Extreme> all = families({.shape = sizes,
                                             .rate = other,
                                             .a = sizes,
                                             .b = other,
                                             .degrees = {1, 2, 4, 32, 512, 8192},
                                             .concentration = {0.25, 1, 4, 32, 128, 1024},
                                             .proportions = sizes});
  for (const Extreme& e : all) {
    for (double u : {0.0078125, 0.375, 0.875}) {
      INFO(e.name << ", u = " << u);
      const Tensor noise = Tensor::full({1, 1, 6}, u, DType::f64);
      const Seen single = look(e, noise, DType::f32), exact = look(e, noise, DType::f64);
      const auto compare = [](const Numbers& a, const Numbers& b, double relative, double margin) {
        for (std::size_t i = 0; i < a.size(); ++i) {
          INFO("number " << i);
          CHECK(a[i] == Approx(b[i]).epsilon(relative).margin(margin));
        }
      };
      compare(single.sample, exact.sample, 2e-6, 1e-7);
      double largest = 0;
      for (double g : exact.gradients) largest = std::max(largest, std::fabs(g));
      compare(single.gradients, exact.gradients, 2e-4, 1e-6 * largest);
      compare(single.entropy, exact.entropy, 1e-6, 1e-4);
      compare(single.log_prob, exact.log_prob, 1e-5, 2e-3);
    }
  }
}

TEST_CASE("implicit: densities outside the support, and their gradients") {
  Tape tape;
  Recording recording(tape);
  const Var zero = tape.leaf(Tensor::of({0.2}, {1}, DType::f64), true);
  const auto at = [&](double x) { return tape.leaf(Tensor::of({x}, {1, 1}, DType::f64)); };
  for (double x : {-1.0, 0.0}) {
    CHECK(Gamma{zero, zero}.log_prob(at(x)).item() == -infinity);
    CHECK(Beta{zero, zero}.log_prob(at(x)).item() == -infinity);
    CHECK(Dirichlet{zero}.log_prob(at(x)).item() == -infinity);
  }
  CHECK(Beta{zero, zero}.log_prob(at(1)).item() == -infinity);
  CHECK(std::isnan(Gamma{zero, zero}.log_prob(at(std::nan(""))).item()));
  // A row outside leaves the gradients of others alone.
  const Var both = tape.leaf(Tensor::of({-1, 0.7}, {2, 1}, DType::f64));
  tape.backward(slice(Gamma{zero, zero}.log_prob(both), 0, 1, 2));
  CHECK(std::isfinite(tape.adjoint(zero).item()));
}

TEST_CASE("implicit: what has no value is NaN, and what does not fit is refused") {
  Tape tape;
  Recording recording(tape);
  const auto number = [&](double x) { return tape.leaf(Tensor::of({x}, {1, 1, 1}, DType::f64)); };
  const Var u = number(0.3), fine = number(0.1);
  for (double bad : {std::nan(""), infinity}) {
    const Var p = number(bad);
    CHECK(std::isnan(Gamma{p, fine}.rsample(u).item()));
    CHECK(std::isnan(Beta{fine, p}.rsample(u).item()));
    CHECK(std::isnan(StudentT{fine, fine, p}.rsample(u).item()));
    CHECK(std::isnan(VonMises{fine, p}.rsample(u).item()));
    CHECK(std::isnan(Dirichlet{p}.rsample(u).item()));
    CHECK(std::isnan(Gamma{p, fine}.log_prob(u).item()));
    CHECK(std::isnan(StudentT{fine, fine, p}.log_prob(u).item()));
    CHECK(std::isnan(VonMises{fine, p}.log_prob(u).item()));
    CHECK(std::isnan(VonMises{fine, p}.entropy().item()));
  }
  CHECK(std::isnan(StudentT{fine, fine, number(-0.1)}.expectation().item()));
  CHECK(StudentT{fine, fine, fine}.expectation().item() == Approx(0.1));
  CHECK(std::isnan(Beta{number(-1), number(-2)}.mode().item()));
  const Var three = tape.leaf({3}, DType::f64), two = tape.leaf({2}, DType::f64);
  CHECK_THROWS_WITH(Gamma({three, three}).rsample(two), contains("log_gamma_quantile"));
  CHECK_THROWS_WITH(Beta({three, two}).rsample(three), contains("logit_beta_quantile"));
}

TEST_CASE("implicit: samples do not depend on threads or on how a batch is cut") {
  Tensor noise({3, 50, 4}, DType::f64);
  fill_noise(Noise::uniform, noise, {.stream = {53, StreamId::user}});
  const auto sample = [&](std::int64_t first, std::int64_t last, std::size_t threads) {
    const std::size_t before = num_threads();
    set_num_threads(threads);
    Tape tape;
    Recording recording(tape);
    const Var c = tape.leaf(Tensor::of({-2, 0.1, 1.3, 4}, {4}, DType::f64));
    const Var part = tape.leaf(noise.slice(1, first, last).contiguous());
    const Numbers x = Gamma{c, c}.rsample(part).value().values();
    set_num_threads(before);
    return x;
  };
  const Numbers whole = sample(0, 50, 1);
  CHECK(sample(0, 50, 4) == whole);
  const Numbers part = sample(17, 18, 1);
  for (std::size_t s = 0; s < 3; ++s) {
    for (std::size_t d = 0; d < 4; ++d) {
      CHECK(part[4 * s + d] == whole[(s * 50 + 17) * 4 + d]);
    }
  }
}
