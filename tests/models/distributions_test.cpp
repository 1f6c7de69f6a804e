// Every distribution against its density in plain double: normalisation, log_prob, entropy, mean,
// mode, samples (moments, Kolmogorov-Smirnov or chi-square), gradients against differences,
// detached().
#include "models/distributions.hpp"

#include <limits>

#include "autodiff/error.hpp"
#include "tests/models/subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

static_assert(Reparameterized<DiagNormal> && Reparameterized<Laplace>);
static_assert(!Reparameterized<Bernoulli> && !Reparameterized<Categorical>);
static_assert(!Reparameterized<DiscretizedLogistic>);

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Vars leaves(Tape& tape, const std::vector<Tensor>& values, DType dtype = DType::f64,
            bool differentiable = false) {
  Vars vars;
  for (const Tensor& v : values) vars.push_back(tape.leaf(v.cast(dtype), differentiable));
  return vars;
}

/// x [S = 2, B = 2, D = 3] within the support.
Tensor some_values(const Subject& s) {
  Tensor x({2, 2, 3}, DType::f64);
  for (std::int64_t i = 0; i < 12; ++i) {
    const std::size_t k = std::size_t(i * 7 + 1) % std::max<std::size_t>(s.support.size(), 1);
    const double share = (double(i) + 0.6) / 13;  // of a support that begins at 0
    x.data_as<double>()[i] = s.discrete() ? s.support[k]
                             : s.low == 0 ? share * std::min(s.high, 9.0)
                                          : 0.37 * double(i) - 2.1;
  }
  return x;
}

struct Moments {
  double mean = 0, variance = 0, fourth = 0, entropy = 0, largest = -infinity, mode = 0;
};

/// From the density in plain double, by summing over the support or a grid.
Moments reference_moments(const Subject& s, const Numbers& p) {
  Moments m;
  const Numbers points = s.points();
  Numbers mass;
  for (double x : points) {
    const double log_p = s.log_density(p, x);
    mass.push_back(s.weight() * std::exp(log_p));
    m.mean += mass.back() * x;
    if (mass.back() > 0) m.entropy -= mass.back() * log_p;
    if (log_p > m.largest) m.largest = log_p, m.mode = x;
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double d = (points[i] - m.mean) * (points[i] - m.mean);
    m.variance += mass[i] * d;
    m.fourth += mass[i] * d * d;
  }
  return m;
}

Numbers draw(const Subject& s, const std::vector<Tensor>& parameters, std::int64_t n) {
  Tape tape;
  Recording recording(tape);
  const Var noise = tape.leaf({n, 1, 1}, DType::f64);
  fill_noise(s.noise, tape.data(noise), {.stream = {11, StreamId::user}});
  return s.sample(leaves(tape, parameters), noise).value().values();
}

}  // namespace

TEST_CASE("distributions: densities integrate to 1") {
  for (const Subject& s : subjects()) {
    const Numbers points = s.points();
    const Tensor x = Tensor::of(points, {std::int64_t(points.size()), 1, 1}, DType::f64);
    for (std::int64_t e = 0; e < 6; ++e) {
      Tape tape;
      Recording recording(tape);
      const Var log_p = s.log_prob(leaves(tape, alone(s.parameters, e)), tape.leaf(x));
      double total = 0;
      for (double l : log_p.value().values()) total += s.weight() * std::exp(l);
      INFO(s.name << ", element " << e);
      CHECK(total == Approx(1).epsilon(s.discrete() ? 1e-12 : 1e-5));
    }
  }
}

TEST_CASE("distributions: log_prob sums the elements' densities, in both types and all layouts") {
  for (const Subject& s : subjects()) {
    const Tensor x = some_values(s);
    for (DType dtype : {DType::f64, DType::f32}) {
      Tape tape;
      Recording recording(tape);
      const Vars p = leaves(tape, s.parameters, dtype);
      const Tensor values = s.log_prob(p, tape.leaf(x.cast(dtype))).value();
      REQUIRE(values.shape().text() == "[2, 2]");
      const Var one_draw = tape.leaf(x.slice(0, 1, 2).contiguous().reshape({2, 3}).cast(dtype));
      const Tensor second = s.log_prob(p, one_draw).value();
      REQUIRE(second.shape().text() == "[2]");
      Vars with_draws;
      for (const Var& parameter : p) with_draws.push_back(stack({parameter, parameter, parameter}));
      const Tensor tripled = s.log_prob(with_draws, one_draw).value();
      REQUIRE(tripled.shape().text() == "[3, 2]");
      for (std::int64_t draw = 0; draw < 2; ++draw) {
        for (std::int64_t b = 0; b < 2; ++b) {
          double expected = 0;
          for (std::int64_t d = 0; d < 3; ++d) {
            expected += s.log_density(element(s.parameters, 3 * b + d, 6), x.at({draw, b, d}));
          }
          INFO(s.name << " " << name_of(dtype) << ", draw " << draw << ", datum " << b);
          const double tolerance = dtype == DType::f64 ? 1e-10 : 2e-5;
          CHECK(values.at({draw, b}) == Approx(expected).epsilon(tolerance));
          if (draw == 1) CHECK(second.at({b}) == Approx(expected).epsilon(tolerance));
          if (draw == 1) CHECK(tripled.at({2, b}) == Approx(expected).epsilon(tolerance));
        }
      }
    }
  }
}

TEST_CASE("distributions: entropy, expectation and mode") {
  for (const Subject& s : subjects()) {
    Tape tape;
    Recording recording(tape);
    const Vars p = leaves(tape, s.parameters);
    const Tensor entropy = s.entropy(p).value();
    const Tensor expectation = s.expectation(p).value(), mode = s.mode(p).value();
    REQUIRE(entropy.shape().text() == "[2]");
    REQUIRE(expectation.shape().text() == "[2, 3]");
    REQUIRE(mode.shape().text() == "[2, 3]");
    for (std::int64_t b = 0; b < 2; ++b) {
      double expected = 0;
      for (std::int64_t d = 0; d < 3; ++d) {
        const Moments m = reference_moments(s, element(s.parameters, 3 * b + d, 6));
        expected += m.entropy;
        INFO(s.name << ", element " << b << ", " << d);
        CHECK(expectation.at({b, d}) == Approx(m.mean).margin(1e-5));
        CHECK(mode.at({b, d}) == Approx(m.mode).margin(s.discrete() ? 1e-12 : 3e-3));
      }
      INFO(s.name);
      CHECK(entropy.at({b}) == Approx(expected).epsilon(1e-5));
    }
  }
}

TEST_CASE("distributions: mean and variance of samples lie within 4 standard errors") {
  const std::int64_t n = 200000;
  for (const Subject& s : subjects()) {
    for (std::int64_t e : {0, 4}) {
      const Numbers sample = draw(s, alone(s.parameters, e), n);
      const Moments m = reference_moments(s, element(s.parameters, e, 6));
      double mean = 0, variance = 0;
      for (double x : sample) mean += x / double(n);
      for (double x : sample) variance += (x - m.mean) * (x - m.mean) / double(n);
      INFO(s.name << ", element " << e);
      CHECK(std::fabs(mean - m.mean) / std::sqrt(m.variance / double(n)) < 4);
      const double error = std::sqrt((m.fourth - m.variance * m.variance) / double(n));
      CHECK(std::fabs(variance - m.variance) < 4 * error + 1e-12);
    }
  }
}

TEST_CASE("distributions: samples follow the distribution function") {
  const std::int64_t n = 20000;
  for (const Subject& s : subjects()) {
    for (std::int64_t e : {0, 1, 5}) {
      const Numbers p = element(s.parameters, e, 6);
      const Numbers sample = draw(s, alone(s.parameters, e), n);
      INFO(s.name << ", element " << e);
      if (!s.discrete()) {
        CHECK(kolmogorov_smirnov(sample, [&](double x) { return s.cdf(p, x); }) < 1.95);
        continue;
      }
      // Pearson's chi-square, values with an expected count below 5 taken together.
      double statistic = 0, freedom = -1, rare = 0, rare_seen = 0, seen_in_support = 0;
      for (double x : s.support) {
        const double expected = double(n) * std::exp(s.log_density(p, x));
        const double seen = double(std::count_if(
            sample.begin(), sample.end(), [&](double y) { return std::fabs(x - y) < 1e-9; }));
        seen_in_support += seen;
        if (expected < 5) {
          rare += expected, rare_seen += seen;
          continue;
        }
        statistic += (seen - expected) * (seen - expected) / expected;
        ++freedom;
      }
      if (rare >= 5) statistic += (rare_seen - rare) * (rare_seen - rare) / rare, ++freedom;
      CHECK(seen_in_support == double(n));
      CHECK((statistic - freedom) / std::sqrt(2 * freedom) < 4);
    }
  }
}

TEST_CASE("distributions: gradients of log_prob and entropy agree with differences") {
  for (const Subject& s : subjects()) {
    INFO(s.name);
    const Tensor x = some_values(s);
    if (s.discrete()) {
      check_gradient(
          [&](const Vars& p) { return weighted_sum(s.log_prob(p, Tape::current().leaf(x))); },
          s.parameters, 1e-6);
    } else {
      std::vector<Tensor> inputs = s.parameters;
      inputs.push_back(x);
      check_gradient(
          [&](const Vars& p) {
            return weighted_sum(s.log_prob(Vars(p.begin(), p.end() - 1), p.back()));
          },
          inputs, 1e-6);
    }
    if (s.name != "normal of variance 0.3") {  // whose entropy is a constant
      check_gradient([&](const Vars& p) { return weighted_sum(s.entropy(p)); }, s.parameters, 1e-6);
    }
  }
}

TEST_CASE("distributions: rsample is differentiable at fixed noise, sample is not") {
  for (const Subject& s : subjects()) {
    INFO(s.name);
    Tensor noise({2, 2, 3}, DType::f64);
    fill_noise(s.noise, noise, {.stream = {3, StreamId::user}});
    if (s.has_rsample) {
      check_gradient(
          [&](const Vars& p) {
            return weighted_sum(square(s.rsample(p, Tape::current().leaf(noise))));
          },
          s.parameters, 1e-6);
    }
    Tape tape;
    Recording recording(tape);
    const Vars p = leaves(tape, s.parameters, DType::f64, true);
    const Var sample = s.sample(p, tape.leaf(noise));
    CHECK_FALSE(tape.differentiable(sample));
    CHECK(sample.shape().text() == "[2, 2, 3]");
    if (s.has_rsample) {
      CHECK(s.rsample(p, tape.leaf(noise)).value().values() == sample.value().values());
    }
  }
}

TEST_CASE("distributions: a Laplace sample is the inverse distribution function of its noise") {
  const std::vector<Subject> all = subjects();
  const Subject& s =
      *std::find_if(all.begin(), all.end(), [](const Subject& x) { return x.name == "laplace"; });
  Tape tape;
  Recording recording(tape);
  const Tensor noise = grid(0.01, 0.99, 9);
  const Tensor x = s.rsample(leaves(tape, alone(s.parameters, 1)), tape.leaf(noise)).value();
  for (std::int64_t i = 0; i < 9; ++i) {
    const double back = s.cdf(element(s.parameters, 1, 6), x.at({i, 0, 0}));
    CHECK(back == Approx(noise.at({i, 0, 0})).epsilon(1e-12));
  }
}

TEST_CASE("distributions: detached() keeps the value and stops the gradient") {
  for (const Subject& s : subjects()) {
    INFO(s.name);
    Tape tape;
    Recording recording(tape);
    const Vars p = leaves(tape, s.parameters, DType::f64, true);
    const Var x = tape.leaf(some_values(s));
    const Var attached = s.log_prob(p, x), detached = s.log_prob_detached(p, x);
    CHECK(tape.differentiable(attached));
    CHECK_FALSE(tape.differentiable(detached));
    CHECK(attached.value().values() == detached.value().values());
  }
}

TEST_CASE("distributions: the fused sample and density of a normal are those of its parts") {
  Tape tape;
  Recording recording(tape);
  const Subject s = subjects()[0];
  const Vars p = leaves(tape, s.parameters);
  const DiagNormal q{p[0], p[1]};
  const Var noise = tape.leaf({4, 2, 3}, DType::f64);
  fill_noise(DiagNormal::noise, tape.data(noise), {.stream = {5, StreamId::noise}});
  const NormalSample sample = q.rsample_log_prob(noise);
  CHECK(sample.z.value().values() == q.rsample(noise).value().values());
  const Numbers fused = sample.log_prob.value().values();
  const Numbers parts = q.log_prob(sample.z).value().values();
  for (std::size_t i = 0; i < fused.size(); ++i) CHECK(fused[i] == Approx(parts[i]).epsilon(1e-12));
}

TEST_CASE("distributions: the standard normal is the normal of mean 0 and variance 1") {
  Tape tape;
  Recording recording(tape);
  const StandardNormal prior{3, DType::f64};
  const Var zero = tape.leaf({3}, DType::f64);
  const DiagNormal normal{zero, zero};
  const Var x = tape.leaf(some_values(subjects()[0]));
  const Numbers a = prior.log_prob(x).value().values(), b = normal.log_prob(x).value().values();
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(1e-13));
  CHECK(prior.entropy().item() == Approx(normal.entropy().item()).epsilon(1e-13));
  CHECK(prior.mode().value().values() == Numbers{0, 0, 0});
  CHECK(prior.rsample(x).value().values() == x.value().values());
  CHECK_THROWS_WITH(prior.log_prob(tape.leaf({2, 4}, DType::f64)), contains("3 dimensions"));
}

TEST_CASE("distributions: unit_normal is Zheng's eq. (2), whatever the batch's draws") {
  Tape tape;
  Recording recording(tape);
  const Var mean = tape.leaf(some_values(subjects()[0]));
  const Var x = tape.leaf(pairs({0.1, 0.2, 0.3, 0.4, 0.5, 0.6}));
  const Tensor log_p = unit_normal(mean).log_prob(x).value();
  for (std::int64_t s = 0; s < 2; ++s) {
    for (std::int64_t b = 0; b < 2; ++b) {
      double squares = 0;
      for (std::int64_t d = 0; d < 3; ++d) {
        squares += std::pow(x.value().at({b, d}) - mean.value().at({s, b, d}), 2);
      }
      CHECK(log_p.at({s, b}) ==
            Approx(-0.5 * squares - 1.5 * std::log(2 * std::acos(-1.0))).epsilon(1e-13));
    }
  }
  CHECK_THROWS_WITH(fixed_normal(mean, 0), contains("positive"));
}

TEST_CASE("distributions: grey values count as probabilities of a Bernoulli variable") {
  Tape tape;
  Recording recording(tape);
  const Var logit = tape.leaf(Tensor::of({0.8}, {1}, DType::f64));
  const double p = logistic(0.8), x = 0.3;
  const Var log_p = Bernoulli{logit}.log_prob(tape.leaf(Tensor::of({x}, {1}, DType::f64)));
  CHECK(log_p.item() == Approx(x * std::log(p) + (1 - x) * std::log(1 - p)).epsilon(1e-13));
}

TEST_CASE("distributions: a class of probability 0") {
  const Tensor logits = Tensor::of({0.5, -infinity, 0.1}, {1, 3}, DType::f64);
  Tape tape;
  Recording recording(tape);
  const Var l = tape.leaf(logits, true);
  const Categorical p{l};
  const auto log_prob = [&](double x) {
    return p.log_prob(tape.leaf(Tensor::of({x}, {1}, DType::f64))).item();
  };
  const double z = std::exp(0.5) + std::exp(0.1);
  CHECK(log_prob(0) == Approx(0.5 - std::log(z)).epsilon(1e-13));
  CHECK(log_prob(1) == -infinity);
  CHECK(log_prob(2.5) == -infinity);
  CHECK(log_prob(3) == -infinity);
  const double a = std::exp(0.5) / z;
  CHECK(p.entropy().item() == Approx(-a * std::log(a) - (1 - a) * std::log(1 - a)).epsilon(1e-13));
  tape.backward(p.entropy());
  for (double g : tape.adjoint(l).values()) CHECK(std::isfinite(g));
}

TEST_CASE("distributions: far tails of the discretised logistic") {
  // At a scale of 1/3000 of the range the level 0 is 1494 standard deviations away: its probability
  // underflows, its logarithm is (edge - mean) / scale.
  const double log_scale = -8, scale = std::exp(log_scale);
  for (DType dtype : {DType::f64, DType::f32}) {
    Tape tape;
    Recording recording(tape);
    const Var mean = tape.leaf(Tensor::of({0.5}, {1}, dtype), true);
    const DiscretizedLogistic p{mean, tape.leaf(Tensor::of({log_scale}, {1}, dtype))};
    const Var low = p.log_prob(tape.leaf(Tensor::of({0}, {1}, dtype)));
    const Var high = p.log_prob(tape.leaf(Tensor::of({1}, {1}, dtype)));
    CHECK(low.item() == Approx((0.5 / 255 - 0.5) / scale).epsilon(1e-6));
    CHECK(high.item() == Approx((0.5 / 255 - 0.5) / scale).epsilon(1e-6));
    tape.backward(low);
    CHECK(tape.adjoint(mean).item() == Approx(-1 / scale).epsilon(1e-6));
  }
}

TEST_CASE("distributions: axes that are missing are named") {
  Tape tape;
  Recording recording(tape);
  const Var scalar = tape.leaf(Shape{}), vector = tape.leaf({3});
  CHECK_THROWS_WITH(unit_normal(scalar), contains("event axis"));
  CHECK_THROWS_WITH(Categorical{vector}.log_prob(vector), contains("[.., D, K]"));
  CHECK_THROWS_WITH(fill_noise(Noise::normal, Tensor({2, 3}), {}), contains("[S, B, D]"));
}
