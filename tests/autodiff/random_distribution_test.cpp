// Distributions of the random numbers. Seeds are fixed, so the tests are exact repeats; the
// thresholds say how rare a worse outcome would be for an ideal generator: p > 0.001 for
// Kolmogorov-Smirnov and chi-squared tests, |z| < 4 (p = 6e-5) for moments and correlations.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "autodiff/random.hpp"
#include "tests/autodiff/statistics.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// Regularised incomplete gamma function P(a, x), by its series of positive terms.
double gamma_cdf(double a, double x) {
  double term = std::exp(a * std::log(x) - x - std::lgamma(a + 1));
  double sum = term;
  for (int n = 1; term > 1e-17 * sum && n < 10000; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return std::min(sum, 1.0);
}

RandomBlock make_block(std::size_t draws, std::size_t batch, std::size_t dimensions) {
  RandomBlock block;
  block.stream = {7, StreamId::noise, 0};
  block.draws = draws;
  block.batch = batch;
  block.dimensions = dimensions;
  return block;
}

template <class T, class Fill>
std::vector<double> sample(const RandomBlock& block, Fill fill) {
  std::vector<T> numbers(block.size());
  fill(numbers.data(), block);
  return {numbers.begin(), numbers.end()};
}

template <class T>
std::vector<double> normals(const RandomBlock& block) {
  return sample<T>(block, [](T* out, const RandomBlock& b) { fill_normal(out, b); });
}

template <class T>
std::vector<double> uniforms(const RandomBlock& block) {
  return sample<T>(block, [](T* out, const RandomBlock& b) { fill_uniform(out, b); });
}

}  // namespace

TEMPLATE_TEST_CASE("Uniform numbers are uniform", "", float, double) {
  // Along each axis alone, and all together.
  for (const RandomBlock& block : {make_block(1, 1, 200000), make_block(1, 200000, 1),
                                   make_block(200000, 1, 1), make_block(50, 40, 100)}) {
    const std::vector<double> u = uniforms<TestType>(block);
    CHECK(ks_p_value(u, [](double x) { return x; }) > p_threshold);
    CHECK(std::abs(moment_z(u, 0.5, 1.0 / 12, [](double x) { return x; })) < z_threshold);
    CHECK(std::abs(moment_z(u, 1.0 / 3, 4.0 / 45, [](double x) { return x * x; })) < z_threshold);
  }
}

TEMPLATE_TEST_CASE("Normal numbers are normal", "", float, double) {
  for (const RandomBlock& block : {make_block(1, 1, 200000), make_block(1, 200000, 1),
                                   make_block(200000, 1, 1), make_block(50, 40, 99)}) {
    const std::vector<double> x = normals<TestType>(block);
    CHECK(ks_p_value(x, normal_cdf) > p_threshold);
    // Moments 1 to 4 and their variances for the standard normal: 0, 1, 0, 3 and 1, 2, 15, 96.
    CHECK(std::abs(moment_z(x, 0, 1, [](double v) { return v; })) < z_threshold);
    CHECK(std::abs(moment_z(x, 1, 2, [](double v) { return v * v; })) < z_threshold);
    CHECK(std::abs(moment_z(x, 0, 15, [](double v) { return v * v * v; })) < z_threshold);
    CHECK(std::abs(moment_z(x, 3, 96, [](double v) { return v * v * v * v; })) < z_threshold);
  }
}

TEST_CASE("The tails of normal numbers have their weight") {
  const std::vector<double> x = normals<float>(make_block(20, 500, 1000));
  for (const double limit : {3.0, 4.0}) {
    const double p = std::erfc(limit / std::sqrt(2.0));
    const auto outside = [&](double v) { return std::abs(v) > limit ? 1.0 : 0.0; };
    CHECK(std::abs(moment_z(x, p, p * (1 - p), outside)) < z_threshold);
  }
}

TEST_CASE("Every one of the four dimensions of a Philox block is normal") {
  const std::vector<double> x = normals<float>(make_block(1, 50000, 4));
  for (std::size_t d = 0; d < 4; ++d) {
    std::vector<double> one;
    for (std::size_t i = d; i < x.size(); i += 4) one.push_back(x[i]);
    CHECK(ks_p_value(one, normal_cdf) > p_threshold);
  }
}

TEMPLATE_TEST_CASE("Neighbours in every coordinate of the address are uncorrelated", "", float,
                   double) {
  const RandomBlock block = make_block(4, 100, 250);
  std::map<std::string, RandomBlock> neighbours;
  const auto change = [&](const char* name, auto edit) {
    neighbours[name] = block;
    edit(neighbours[name]);
  };
  change("draw", [](RandomBlock& b) { b.first_draw = 4; });
  change("datum", [](RandomBlock& b) { b.first_datum = 100; });
  change("step", [](RandomBlock& b) { b.step = 1; });
  change("late step", [](RandomBlock& b) { b.step = std::uint64_t{1} << 32; });
  change("stream", [](RandomBlock& b) { b.stream.id = StreamId::binarize; });
  change("variable", [](RandomBlock& b) { b.stream.variable = 1; });
  change("seed", [](RandomBlock& b) { b.stream.seed = 8; });
  change("seed by its highest bit",
         [](RandomBlock& b) { b.stream.seed ^= std::uint64_t{1} << 63; });
  const auto squares = [](std::vector<double> x) {
    for (double& v : x) v *= v;
    return x;
  };
  const std::vector<double> x = normals<TestType>(block);
  for (const auto& [name, other] : neighbours) {
    INFO(name);
    const std::vector<double> y = normals<TestType>(other);
    CHECK(std::abs(correlation_z(x, y)) < z_threshold);
    CHECK(std::abs(correlation_z(squares(x), squares(y))) < z_threshold);
  }
  // Within one block: at distances in the flat array that are 1 to 4 dimensions, one datum, one
  // draw. The squares would show that two numbers share Box and Muller's radius in a wrong way.
  for (const std::size_t lag : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4},
                                block.dimensions, block.batch * block.dimensions}) {
    INFO("lag " << lag);
    const std::vector<double> a(x.begin(), x.end() - static_cast<std::ptrdiff_t>(lag));
    const std::vector<double> b(x.begin() + static_cast<std::ptrdiff_t>(lag), x.end());
    CHECK(std::abs(correlation_z(a, b)) < z_threshold);
    CHECK(std::abs(correlation_z(squares(a), squares(b))) < z_threshold);
  }
}

TEST_CASE("Bernoulli frequencies") {
  const RandomBlock block = make_block(4, 100, 500);
  for (const double p : {0.001, 0.13, 0.5, 0.9}) {
    const auto probability = static_cast<float>(p);
    const std::vector<float> p32(block.size(), probability);
    const std::vector<double> p64(block.size(), p);
    std::vector<float> x(block.size());
    std::vector<double> y(block.size());
    fill_bernoulli(x.data(), p32.data(), block);
    fill_bernoulli(y.data(), p64.data(), block);
    INFO("p " << p);
    const auto identity = [](double v) { return v; };
    CHECK(std::abs(moment_z({x.begin(), x.end()}, p, p * (1 - p), identity)) < z_threshold);
    CHECK(std::abs(moment_z(y, p, p * (1 - p), identity)) < z_threshold);
  }
}

TEST_CASE("Pixels are on with probability pixel / 255, for all 256 levels") {
  // One image with every level, 20,000 draws: 256 z-scores, of which the worst may reach 4.5.
  RandomBlock block = make_block(20000, 1, 256);
  std::vector<std::uint8_t> image(256);
  for (std::size_t k = 0; k < 256; ++k) image[k] = static_cast<std::uint8_t>(k);
  std::vector<float> x(block.size());
  fill_binarized(x.data(), image.data(), nullptr, block);
  double worst = 0;
  double sum_of_squares = 0;
  for (std::size_t k = 0; k < 256; ++k) {
    double on = 0;
    for (std::size_t s = 0; s < block.draws; ++s) on += x[s * 256 + k];
    const double n = static_cast<double>(block.draws);
    const double p = static_cast<double>(k) / 255;
    if (k == 0 || k == 255) {
      CHECK(on == n * p);
      continue;
    }
    const double z = (on - n * p) / std::sqrt(n * p * (1 - p));
    worst = std::max(worst, std::abs(z));
    sum_of_squares += z * z;
  }
  CHECK(worst < 4.5);
  CHECK(std::abs(sum_of_squares - 254) / std::sqrt(2.0 * 254) < z_threshold);  // chi-squared, 254
}

TEMPLATE_TEST_CASE("Gamma numbers follow the gamma distribution", "", float, double) {
  for (const double alpha : {0.1, 0.5, 0.999, 1.0, 2.5, 30.0, 1000.0}) {
    INFO("alpha " << alpha);
    const std::vector<double> x =
        sample<TestType>(make_block(2, 50, 500),
                         [&](TestType* out, const RandomBlock& b) { fill_gamma(out, alpha, b); });
    CHECK(ks_p_value(x, [&](double v) { return gamma_cdf(alpha, v); }) > p_threshold);
    CHECK(std::abs(moment_z(x, alpha, alpha, [](double v) { return v; })) < z_threshold);
    // Var((x - alpha)^2) = mu4 - mu2^2 = 2 alpha^2 + 6 alpha.
    CHECK(std::abs(moment_z(x, alpha, 2 * alpha * alpha + 6 * alpha,
                            [&](double v) { return (v - alpha) * (v - alpha); })) < z_threshold);
  }
}

TEST_CASE("Gamma numbers have addresses too") {
  RandomBlock block = make_block(3, 8, 5);
  std::vector<double> alphas(block.size());
  for (std::size_t i = 0; i < alphas.size(); ++i) alphas[i] = 0.2 + 0.1 * static_cast<double>(i);
  std::vector<double> all(block.size());
  fill_gamma(all.data(), alphas.data(), block);
  // One draw of part of the batch, with ids, gives the same numbers.
  const std::uint32_t ids[] = {6, 2};
  RandomBlock part = block;
  part.draws = 1;
  part.first_draw = 2;
  part.batch = 2;
  part.datum = ids;
  std::vector<double> some(part.size()), some_alphas(part.size());
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t d = 0; d < 5; ++d) some_alphas[b * 5 + d] = alphas[(2 * 8 + ids[b]) * 5 + d];
  }
  fill_gamma(some.data(), some_alphas.data(), part);
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t d = 0; d < 5; ++d) CHECK(some[b * 5 + d] == all[(2 * 8 + ids[b]) * 5 + d]);
  }
  // float32 is float64 rounded, and is never 0.
  std::vector<float> single(block.size()), tiny(block.size());
  const std::vector<float> single_alphas(alphas.size(), 0.5f);
  fill_gamma(single.data(), single_alphas.data(), block);
  fill_gamma(all.data(), 0.5, block);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(single[i] == static_cast<float>(all[i]));
  fill_gamma(tiny.data(), 1e-4, block);
  CHECK(*std::min_element(tiny.begin(), tiny.end()) == std::numeric_limits<float>::min());
}

TEST_CASE("Gamma numbers are independent of the normal numbers of the same address") {
  const RandomBlock block = make_block(1, 100, 500);
  const std::vector<double> gamma =
      sample<double>(block, [](double* out, const RandomBlock& b) { fill_gamma(out, 2.0, b); });
  CHECK(std::abs(correlation_z(gamma, normals<double>(block))) < z_threshold);
}

TEST_CASE("All permutations of four are equally likely") {
  std::map<std::vector<std::uint32_t>, int> counts;
  const int n = 48000;
  for (int epoch = 0; epoch < n; ++epoch) {
    std::vector<std::uint32_t> order(4);
    fill_permutation(order.data(), 4, {3, StreamId::shuffle, 0}, static_cast<std::uint64_t>(epoch));
    ++counts[order];
  }
  CHECK(counts.size() == 24);
  double chi_squared = 0;
  for (const auto& [order, count] : counts)
    chi_squared += std::pow(count - n / 24.0, 2) / (n / 24.0);
  // P(chi-squared with 23 degrees > x) = 1 - P(23 / 2, x / 2).
  CHECK(1 - gamma_cdf(11.5, chi_squared / 2) > p_threshold);
}
