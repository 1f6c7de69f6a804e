// What likelihoods give, against enumeration, quadrature, finite differences and a closed form.
#include <algorithm>
#include <map>
#include <numeric>

#include "models/running_means.hpp"
#include "tests/models/likelihood_subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

struct Case {
  std::string text;
  std::vector<double> data;                  // of one feature, where own parameters start
  std::vector<std::vector<double>> outputs;  // [P] each
};

const std::vector<double> counts{0, 1, 0, 2, 7, 3, 0, 12, 1, 4}, shares{0.1, 0.25, 0.6, 0.7, 0.9},
    levels{0, 0.2, 0.4, 0.4, 0.8, 1}, reals{-2, 0.5, 1, 3.5, 9};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"bernoulli", {0, 1, 1}, {{-3}, {0.4}}},
      {"normal", reals, {{-1}, {2}}},
      {"normal:0.3", reals, {{0.5}}},
      {"normal:learned", reals, {{0.5}}},
      {"normal:shared", reals, {{0.5}}},
      {"normal:optimal", reals, {{0.5}}},
      {"normal:datum", reals, {{0.5, -1}, {-2, 1.5}}},
      {"poisson", counts, {{-3}, {0}, {2.5}, {6}}},
      {"negative_binomial", counts, {{-3}, {0}, {2.5}, {5}}},
      {"zero_inflated_negative_binomial", counts, {{-3, 0.5}, {1, -1}, {2.5, 3}, {4, -6}}},
      {"discretised_logistic", levels, {{0.5, -2}, {-0.1, -1}, {1.2, -4}, {0.3, -6}}},
      {"discretised_logistic:3",
       levels,
       {{0, 1, -1, 0.1, 0.5, 1.1, -2, -3, -4}, {2, 0, 0, 0.9, 0.2, 0.3, -5, -1, 0}}},
      {"categorical_pixels:5", {0, 1, 1, 4, 3}, {{0, 1, -1, 2, 0.5}, {-3, 0, 0, 0, 4}}},
      {"continuous_bernoulli", shares, {{-30}, {-1}, {0}, {1e-5}, {0.7}, {12}}},
      {"beta", shares, {{0.2, 1}, {1.5, 2.5}, {0, 0}, {3, 0.1}}},
      {"student", reals, {{-1}, {2}}}};
  return all;
}

Case of_256_classes() {
  std::vector<double> output(256);
  for (std::size_t k = 0; k < 256; ++k) output[k] = std::sin(double(k)) * 2;
  return {"categorical_pixels", levels, {output}};
}

std::vector<std::vector<double>> column(const std::vector<double>& x) {
  std::vector<std::vector<double>> rows;
  for (const double one : x) rows.push_back({one});
  return rows;
}

template <class F>
void for_each_output(F&& check) {
  std::vector<Case> all = cases();
  all.push_back(of_256_classes());
  for (const Case& one : all) {
    const LikelihoodSubject subject(one.text, column(one.data));
    for (const std::vector<double>& output : one.outputs) {
      INFO(one.text << ", output " << output[0]);
      REQUIRE(std::int64_t(output.size()) == subject->outputs());
      check(subject, output);
    }
  }
}

/// Sum or integral of weight P(x) and of weight x P(x).
std::pair<double, double> totals(const LikelihoodSubject& of, const std::vector<double>& output) {
  std::vector<double> x, weight;
  if (of->is_mass()) {
    x = of->text() == "bernoulli" ? std::vector<double>{0, 1} : values_of(*of);
    weight.assign(x.size(), 1);
  } else {
    quadrature_of(*of, x, weight);
  }
  const std::vector<double> log_p = of.log_law(output, x);
  double total = 0, mean = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = weight[i] * std::exp(log_p[i]);
    if (!(p > 0)) continue;
    total += p, mean += x[i] * p;
  }
  return {total, mean};
}

}  // namespace

TEST_CASE("likelihoods: masses and densities add up to 1, and the mean is theirs") {
  for_each_output([](const LikelihoodSubject& of, const std::vector<double>& output) {
    const auto [total, mean] = totals(of, output);
    CHECK(total == Approx(1).epsilon(1e-9));
    CHECK(of.mean(output) == Approx(mean).epsilon(1e-7).margin(1e-7));
  });
}

TEST_CASE("likelihoods: gradients by output and parameters agree with differences in double") {
  for (const Case& one : cases()) {
    INFO(one.text);
    const LikelihoodSubject subject(one.text, column(one.data));
    const std::int64_t p = subject->outputs(), s = 2, b = 2;
    Tensor output({s, b, p}, DType::f64);
    const Tensor noise = numbers(output.shape(), 5, 0.3);
    for (std::int64_t i = 0; i < output.size(); ++i) {
      const double at = one.outputs.back()[std::size_t(i % p)];
      output.data_as<double>()[i] = at * 0.9 + noise.data_as<double>()[i] + 0.05;
    }
    const Tensor x = Tensor::of({one.data[1], one.data[3]}, {b, 1}, DType::f64);
    check_gradient(
        [&](const std::vector<Var>& in) {
          return weighted_sum(subject->log_prob(in[0], Tape::current().leaf(x)));
        },
        {output}, 1e-6);
    // The parameters' own, by moving the store.
    if (subject.store.count() == 0 || one.text == "normal:optimal") continue;
    const auto value = [&](GradientSink* sink) {
      Tape tape;
      const Recording recording(tape);
      const Var total = weighted_sum(subject->log_prob(tape.leaf(output), tape.leaf(x)));
      if (sink != nullptr) tape.backward(total, subject.store.groups({"theta"}), *sink);
      return total.item();
    };
    GradientSink sink(subject.store);
    value(&sink);
    for (std::uint32_t i = 0; i < subject.store.entries().size(); ++i) {
      const Tensor parameter = subject.store.tensor(ParameterId{i});
      const double centre = parameter.at({0}), h = 1e-4;
      const auto at = [&](double step) {
        parameter.set({0}, centre + step);
        const double v = value(nullptr);
        parameter.set({0}, centre);
        return v;
      };
      const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      CHECK(sink.tensor(subject.store, ParameterId{i}).at({0}) ==
            Approx(difference).epsilon(1e-6).margin(1e-7));
    }
  }
}

TEST_CASE(
    "likelihoods: samples follow the law, by chi-square (|z| < 4) or Kolmogorov and Smirnov") {
  constexpr std::int64_t n = 20000;
  for_each_output([](const LikelihoodSubject& of, const std::vector<double>& output) {
    const std::vector<double> drawn = of.samples(output, n);
    if (of->is_mass()) {
      const std::vector<double> x =
          of->text() == "bernoulli" ? std::vector<double>{0, 1} : values_of(*of);
      const std::vector<double> log_p = of.log_law(output, x);
      std::map<long, double> seen;
      const double scale = of->support().levels ? 255 : 1;
      for (const double one : drawn) ++seen[std::lround(scale * one)];
      // Values expected less than ten times are one cell.
      double chi2 = 0, rest = 0, rest_seen = double(n);
      int cells = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double expected = double(n) * std::exp(log_p[i]);
        if (expected < 10) {
          rest += expected;
          continue;
        }
        const double count = seen[std::lround(scale * x[i])];
        chi2 += (count - expected) * (count - expected) / expected;
        rest_seen -= count;
        ++cells;
      }
      if (rest > 5) chi2 += (rest_seen - rest) * (rest_seen - rest) / rest, ++cells;
      if (rest <= 5) CHECK(rest_seen <= rest + 12);
      const double k = std::max(cells - 1, 1);
      const double z = (std::cbrt(chi2 / k) - (1 - 2 / (9 * k))) / std::sqrt(2 / (9 * k));
      INFO("chi-square " << chi2 << " of " << cells << " cells, z " << z);
      if (cells > 1) CHECK(z < 4);
    } else {
      std::vector<double> x, weight;
      quadrature_of(*of, x, weight);
      const std::vector<double> log_p = of.log_law(output, x);
      std::vector<double> cdf(x.size());
      double below = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double p = std::isfinite(log_p[i]) ? weight[i] * std::exp(log_p[i]) : 0;
        cdf[i] = below + p / 2;
        below += p;
      }
      const auto at = [&](double value) {
        const auto next = std::size_t(std::upper_bound(x.begin(), x.end(), value) - x.begin());
        if (next == 0) return 0.0;
        if (next == x.size()) return 1.0;
        const double share = (value - x[next - 1]) / (x[next] - x[next - 1]);
        return cdf[next - 1] + share * (cdf[next] - cdf[next - 1]);
      };
      CHECK(kolmogorov_smirnov(drawn, at) < 2);
    }
  });
}

TEST_CASE("likelihoods: counts of rate 1e6 and of r = 0.001 are sampled by tails, z < 4") {
  constexpr std::int64_t n = 400;
  const LikelihoodSubject poisson("poisson", column(counts));
  const double rate = 1e6;
  const std::vector<double> drawn = poisson.samples({std::log(rate)}, n);
  const double mean = std::accumulate(drawn.begin(), drawn.end(), 0.0) / double(n);
  CHECK(std::fabs(mean - rate) / std::sqrt(rate / double(n)) < 4);
  double spread = 0;
  for (const double one : drawn) spread += (one - rate) * (one - rate) / rate;
  CHECK(std::fabs(spread - double(n)) / std::sqrt(2.0 * double(n)) < 4);
  // P(0) = (1 + m / r)^-r.
  const LikelihoodSubject dispersed("negative_binomial", column(counts));
  dispersed.store.tensor("decoder.log_inverse_dispersion").set({0}, std::log(0.001));
  const std::vector<double> rare = dispersed.samples({std::log(1000.0)}, n);
  const double zeros = double(std::count(rare.begin(), rare.end(), 0.0));
  const double expected = double(n) * std::exp(-0.001 * std::log1p(1e6));
  CHECK(std::fabs(zeros - expected) < 4 * std::sqrt(double(n) * 0.0138));
}

TEST_CASE(
    "likelihoods: the optimal variance is the batch's mean squared error, where the derivative is "
    "0") {
  const LikelihoodSubject optimal("normal:optimal", column(reals));
  const Tensor output = numbers({3, 4, 2}, 1), x = numbers({4, 2}, 2, 2);
  double error = 0;
  for (std::int64_t s = 0; s < 3; ++s) {
    for (std::int64_t i = 0; i < 8; ++i) {
      const double d = output.data_as<double>()[8 * s + i] - x.data_as<double>()[i];
      error += d * d / 24;
    }
  }
  const auto total = [&](double log_variance) {  // of fixed variances, by normal:VAR
    Tape tape;
    const Recording recording(tape);
    const auto fixed = parse_likelihood("normal:" + std::to_string(std::exp(log_variance)));
    return sum(fixed->log_prob(tape.leaf(output), tape.leaf(x))).item();
  };
  double low = -5, high = 5;  // golden section of the brute-force maximum
  for (int step = 0; step < 60; ++step) {
    const double a = high - (high - low) / 1.6180339887, b = low + (high - low) / 1.6180339887;
    (total(a) < total(b) ? low : high) = total(a) < total(b) ? a : b;
  }
  CHECK(std::exp(low) == Approx(error).epsilon(1e-3));

  Tape tape;
  RunningMeans means;
  const Recording recording(tape);
  const RunningMeans::Use training(tape, means);
  const Var at = tape.leaf(output, true);
  const Var log_p = sum(optimal->log_prob(at, tape.leaf(x)));
  CHECK(log_p.item() == Approx(-12 * (1 + std::log(2 * M_PI * error))).epsilon(1e-12));
  // The gradient is that of the maximum over variances: -(n / 2) log error, by the chain rule.
  tape.backward(log_p);
  const double d = output.at({1, 2, 1}) - x.at({2, 1});
  CHECK(tape.adjoint(at).at({1, 2, 1}) == Approx(-d / error).epsilon(1e-12));
  // The first step takes the batch's for the running mean; it starts elsewhere.
  CHECK(optimal.store.tensor("decoder.log_variance").item() != Approx(std::log(error)));
  means.measure(optimal.store, 1);
  means.put(optimal.store);
  CHECK(optimal.store.tensor("decoder.log_variance").item() == Approx(std::log(error)));
  optimal.store.tensor("decoder.log_variance").set({0}, 0);
  means.measure(optimal.store, 1000);
  means.put(optimal.store);
  CHECK(optimal.store.tensor("decoder.log_variance").item() == Approx(0.01 * std::log(error)));
  // Outside of training it is a fixed normal of the variance kept.
  Tape other;
  const Recording evaluation(other);
  CHECK(sum(optimal->log_prob(other.leaf(output), other.leaf(x))).item() ==
        Approx(total(0.01 * std::log(error))).epsilon(1e-5));
}

TEST_CASE("likelihoods: words are read back, and others are refused with what is known") {
  for (const Case& one : cases()) CHECK(parse_likelihood(one.text)->text() == one.text);
  CHECK(parse_likelihood("discretised_logistic:1")->text() == "discretised_logistic");
  CHECK(parse_likelihood("categorical_pixels")->outputs() == 256);
  CHECK_THROWS_WITH(parse_likelihood("poisson:3"), contains("poisson"));
  CHECK_THROWS_WITH(parse_likelihood("discretised_logistic:0"), contains("components"));
  CHECK_THROWS_WITH(parse_likelihood("categorical_pixels:1"), contains("classes"));
  CHECK_THROWS_WITH(parse_likelihood("normal:optimum"), contains("normal:optimal"));
}
