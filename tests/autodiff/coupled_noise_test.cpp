// Coupled noise: that every draw is still normal, that the couplings are what they say, and that
// they reduce variance by what stratification says they do. Seeds are fixed; z-scores as in
// statistics.hpp.
#include "autodiff/coupled_noise.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "autodiff/array_math.hpp"
#include "autodiff/error.hpp"
#include "autodiff/threads.hpp"
#include "tests/autodiff/allocations.hpp"
#include "tests/autodiff/random_blocks.hpp"
#include "tests/autodiff/statistics.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr Coupling couplings[] = {Coupling::independent, Coupling::antithetic, Coupling::rqmc};

template <class T>
std::vector<T> filled(const RandomBlock& block, Coupling coupling) {
  std::vector<T> numbers(block.size(), T(99));
  fill_normal(numbers.data(), block, coupling);
  return numbers;
}

/// Mean and its standard error of f over replicates.
struct Estimate {
  double mean = 0, error = 0;
};
Estimate estimate(std::size_t replicates, const std::function<double(std::size_t)>& f) {
  double sum = 0, squares = 0;
  for (std::size_t r = 0; r < replicates; ++r) {
    const double x = f(r);
    sum += x;
    squares += x * x;
  }
  const double n = double(replicates), mean = sum / n;
  return {mean, std::sqrt((squares / n - mean * mean) / n)};
}

/// E (mean over the draws of f(noise of a draw) - expectation)^2.
Estimate variance_of_mean(Coupling coupling, std::size_t draws, std::size_t dimensions,
                          double expectation, const std::function<double(const double*)>& f,
                          std::size_t replicates = 4000) {
  RandomBlock block = make_block(draws, 1, dimensions);
  return estimate(replicates, [&](std::size_t r) {
    block.step = r;
    const std::vector<double> z = filled<double>(block, coupling);
    double mean = 0;
    for (std::size_t s = 0; s < draws; ++s) mean += f(&z[s * dimensions]) / double(draws);
    return (mean - expectation) * (mean - expectation);
  });
}

double uniform_of(double z) { return normal_cdf(z); }

/// E[z; z < b] and E[z^2; z < b] of a standard normal number.
double first_moment_below(double b) {
  return std::isinf(b) ? 0 : -std::exp(-b * b / 2) / std::sqrt(2 * std::numbers::pi);
}
double second_moment_below(double b) {
  if (std::isinf(b)) return b > 0 ? 1 : 0;
  return normal_cdf(b) + b * first_moment_below(b);
}

/// The variance of the mean of one normal number from each of S equal strata.
double stratified_variance(std::size_t S) {
  std::vector<double> edges(S + 1);
  for (std::size_t i = 0; i <= S; ++i) edges[i] = double(i) / double(S);
  normal_quantile(edges.data(), edges.data(), S + 1);
  double sum = 0;
  for (std::size_t i = 0; i < S; ++i) {
    const double n = double(S);
    const double first = n * (first_moment_below(edges[i + 1]) - first_moment_below(edges[i]));
    const double second = n * (second_moment_below(edges[i + 1]) - second_moment_below(edges[i]));
    sum += second - first * first;
  }
  return sum / double(S * S);
}

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("Couplings have names") {
  for (const Coupling c : couplings) CHECK(parse_coupling(to_string(c)) == c);
  CHECK_THAT(message([] { parse_coupling("sobol"); }), contains("'sobol'"));
}

TEMPLATE_TEST_CASE("Every draw of coupled noise is normal by itself", "", float, double) {
  for (const Coupling coupling : {Coupling::antithetic, Coupling::rqmc}) {
    // One draw and dimension over many steps and data, which are independent.
    RandomBlock block = make_block(8, 100, 3);
    std::array<std::array<std::vector<double>, 3>, 8> numbers;
    for (std::uint64_t step = 0; step < 400; ++step) {
      block.step = step;
      const std::vector<TestType> z = filled<TestType>(block, coupling);
      for_each_number(block, [&](std::size_t s, std::size_t, std::size_t d, std::size_t i) {
        numbers[s][d].push_back(z[i]);
      });
    }
    for (std::size_t s = 0; s < 8; ++s) {
      for (std::size_t d = 0; d < 3; ++d) {
        CAPTURE(to_string(coupling), s, d);
        const std::vector<double>& x = numbers[s][d];
        CHECK(ks_p_value(x, normal_cdf) > p_threshold);
        CHECK(std::abs(moment_z(x, 0, 1, [](double v) { return v; })) < z_threshold);
        CHECK(std::abs(moment_z(x, 1, 2, [](double v) { return v * v; })) < z_threshold);
        CHECK(std::abs(moment_z(x, 0, 15, [](double v) { return v * v * v; })) < z_threshold);
        CHECK(std::abs(moment_z(x, 3, 96, [](double v) { return v * v * v * v; })) < z_threshold);
        if (d > 0) CHECK(std::abs(correlation_z(x, numbers[s][d - 1])) < z_threshold);
      }
    }
  }
}

TEST_CASE("The tails of rqmc numbers reach as far as their digits") {
  RandomBlock block = make_block(1 << 16, 1, 20);
  const std::vector<float> z = filled<float>(block, Coupling::rqmc);
  const auto [least, most] = std::minmax_element(z.begin(), z.end());
  CHECK(*least < -4.5f);  // of 1.3 million
  CHECK(*most > 4.5f);
  CHECK(*least > -6.4f);
  CHECK(*most < 6.4f);
}

TEST_CASE("Antithetic draws are pairs of the independent numbers") {
  under_each_isa([] {
    const RandomBlock block = make_block(7, 3, 5);
    RandomBlock pairs = block;
    pairs.draws = 4;
    const std::size_t row = 15;
    const std::vector<double> z = filled<double>(block, Coupling::antithetic);
    const std::vector<double> e = filled<double>(pairs, Coupling::independent);
    for (std::size_t s = 0; s < 7; ++s) {
      for (std::size_t i = 0; i < row; ++i) {
        CHECK(z[s * row + i] == (s % 2 == 0 ? 1 : -1) * e[s / 2 * row + i]);
      }
    }
  });
  const RandomBlock block = make_block(4, 2, 9);
  std::vector<double> plain(block.size());
  fill_normal(plain.data(), block);
  CHECK(same_bits(filled<double>(block, Coupling::independent), plain));
}

TEMPLATE_TEST_CASE("Coupled noise has addresses: cuts of draws and data change nothing", "", float,
                   double) {
  for (const Coupling coupling : couplings) {
    const RandomBlock whole = make_block(37, 6, 21);
    const std::vector<TestType> z = filled<TestType>(whole, coupling);
    const std::uint32_t ids[] = {4, 0, 2};
    for (const std::uint32_t first : {0, 1, 5, 16, 30}) {
      for (const std::size_t draws : {1, 2, 7}) {
        for (const bool by_id : {false, true}) {
          RandomBlock part = whole;
          part.first_draw = first;
          part.draws = draws;
          part.batch = by_id ? 3 : 2;
          part.datum = by_id ? ids : nullptr;
          part.first_datum = by_id ? 77 : 3;
          const std::vector<TestType> p = filled<TestType>(part, coupling);
          for_each_number(part, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
            const std::size_t datum = by_id ? ids[b] : 3 + b;
            if (p[i] != z[((first + s) * 6 + datum) * 21 + d]) {
              CAPTURE(to_string(coupling), first, draws, by_id, s, b, d);
              FAIL_CHECK("another number");
            }
          });
        }
      }
    }
  }
}

TEST_CASE("Far draws of coupled noise have their addresses too") {
  for (const Coupling coupling : couplings) {
    RandomBlock block = make_block(3, 2, 4);
    block.first_draw = 0xfffffffdu;
    const std::vector<double> z = filled<double>(block, coupling);
    block.first_draw = 0xffffffffu;
    block.draws = 1;
    const std::vector<double> last = filled<double>(block, coupling);
    CHECK(same_bits(last, std::vector<double>(z.end() - 8, z.end())));
  }
}

TEST_CASE("Coupled noise in float and double is the same up to rounding") {
  const RandomBlock block = make_block(64, 50, 20);
  for (const Coupling coupling : couplings) {
    const std::vector<float> single = filled<float>(block, coupling);
    const std::vector<double> wide = filled<double>(block, coupling);
    double worst = 0;
    for (std::size_t i = 0; i < wide.size(); ++i) {
      worst = std::max(worst, std::fabs(single[i] - wide[i]) / (1 + std::fabs(wide[i])));
    }
    CAPTURE(to_string(coupling), worst);
    CHECK(worst < 1e-5);  // a probability's 2^-32 counts for more in the tails
  }
}

TEMPLATE_TEST_CASE("Scrambled points are in every stratum once, in one dimension and in two", "",
                   float, double) {
  under_each_isa([] {
    for (const std::size_t S : {1, 2, 4, 16, 64, 1024}) {
      // A float lies on the border of one of so many strata now and then.
      if (S == 1024 && std::is_same_v<TestType, float>) continue;
      for (const std::uint32_t first : {0u, 3u}) {  // from a multiple of S on
        RandomBlock block = make_block(S, 2, S <= 64 ? 1024 : 40);
        block.first_draw = std::uint32_t(first * S);
        const std::vector<TestType> z = filled<TestType>(block, Coupling::rqmc);
        const std::size_t D = block.dimensions;
        std::vector<int> hits(S * D * 2);
        const auto u = [&](std::size_t s, std::size_t b, std::size_t d) {
          return std::min(uniform_of(z[(s * 2 + b) * D + d]), 1 - 1e-12);
        };
        for_each_number(block, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t) {
          ++hits[(std::size_t(u(s, b, d) * double(S)) * 2 + b) * D + d];
        });
        CHECK(std::count(hits.begin(), hits.end(), 1) == std::ptrdiff_t(hits.size()));
        // Dimensions 0 and 1 are a net: every box of area 1/S has one point, whatever its shape.
        for (std::size_t wide = 1; wide <= S; wide *= 2) {
          std::vector<int> boxes(S);
          for (std::size_t s = 0; s < S; ++s) {
            const auto i = std::size_t(u(s, 1, 0) * double(wide));
            const auto j = std::size_t(u(s, 1, 1) * double(S / wide));
            ++boxes[i * (S / wide) + j];
          }
          CHECK(std::count(boxes.begin(), boxes.end(), 1) == std::ptrdiff_t(S));
        }
      }
    }
  });
}

TEST_CASE("Scrambles of other steps, data, variables and the independent noise are independent") {
  const RandomBlock block = make_block(1, 1, 1000);
  RandomBlock step = block, datum = block, variable = block, seed = block;
  ++step.step;
  ++datum.first_datum;
  ++variable.stream.variable;
  ++seed.stream.seed;
  const std::vector<double> z = filled<double>(block, Coupling::rqmc);
  for (const RandomBlock& other : {step, datum, variable, seed}) {
    CHECK(std::abs(correlation_z(z, filled<double>(other, Coupling::rqmc))) < z_threshold);
  }
  CHECK(std::abs(correlation_z(z, filled<double>(block, Coupling::independent))) < z_threshold);
}

TEST_CASE("Coupled noise reduces the variance of a linear function as theory says") {
  // Of the sum of D independent coordinates: D times that of one.
  const auto linear = [](const double* z) { return z[0] + z[1] + z[2]; };
  for (const std::size_t S : {2, 8, 64}) {
    CAPTURE(S);
    const Estimate plain = variance_of_mean(Coupling::independent, S, 3, 0, linear);
    CHECK(std::fabs(plain.mean - 3.0 / double(S)) < z_threshold * plain.error);
    const Estimate pairs = variance_of_mean(Coupling::antithetic, S, 3, 0, linear, 50);
    CHECK(pairs.mean < 1e-30);
    const Estimate net = variance_of_mean(Coupling::rqmc, S, 3, 0, linear);
    const double exact = 3 * stratified_variance(S);
    CAPTURE(net.mean, net.error, exact);
    CHECK(std::fabs(net.mean - exact) < z_threshold * net.error);
  }
  CHECK(stratified_variance(64) * 64 < 0.02);  // of 1
}

TEST_CASE("Coupled noise reduces the variance of smooth functions as theory says") {
  // exp(a z): pairs have covariance 1 - exp(a^2).
  const double a = 0.5;
  const auto exponential = [a](const double* z) { return std::exp(a * z[0]); };
  const double mean = std::exp(a * a / 2), square = std::exp(2 * a * a);
  for (const std::size_t S : {2, 16}) {
    const Estimate pairs = variance_of_mean(Coupling::antithetic, S, 1, mean, exponential, 20000);
    const double exact = (square - 2 * std::exp(a * a) + 1) / double(S);
    CAPTURE(S, pairs.mean, pairs.error, exact);
    CHECK(std::fabs(pairs.mean - exact) < z_threshold * pairs.error);
  }
  // The uniform number itself: one in each of S strata, 1 / (12 S^3).
  for (const std::size_t S : {2, 16, 128}) {
    const Estimate net = variance_of_mean(Coupling::rqmc, S, 2, 1, [](const double* z) {
      return uniform_of(z[0]) + uniform_of(z[1]);
    });
    const double exact = 2.0 / (12 * std::pow(double(S), 3));
    CAPTURE(S, net.mean, net.error, exact);
    CHECK(std::fabs(net.mean - exact) < z_threshold * net.error);
  }
}

TEST_CASE("The variance of scrambled points falls about as the third power of their number") {
  // A smooth function of D coordinates together, up to (log S)^(D - 1); independent draws have
  // slope -1.
  const auto slope = [&](Coupling coupling, std::size_t D) {
    const auto product = [D](const double* z) {
      double p = 1;
      for (std::size_t d = 0; d < D; ++d) p *= 1 + 0.8 * (uniform_of(z[d]) - 0.5);
      return p;
    };
    const double few = variance_of_mean(coupling, 16, D, 1, product, 4000).mean;
    const double many = variance_of_mean(coupling, 1024, D, 1, product, 1000).mean;
    return std::log(many / few) / std::log(1024.0 / 16);
  };
  CHECK(slope(Coupling::independent, 5) == Approx(-1).margin(0.06));
  CHECK(slope(Coupling::rqmc, 1) == Approx(-3).margin(0.06));
  CHECK(slope(Coupling::rqmc, 2) == Approx(-3).margin(0.15));
  CHECK(slope(Coupling::rqmc, 5) < -2.3);
}

TEST_CASE("Coupled noise does not depend on the number of threads") {
  const std::size_t before = num_threads();
  for (const Coupling coupling : couplings) {
    for (const RandomBlock& block :
         {make_block(5000, 1, 40), make_block(50, 300, 33), make_block(3, 2, 7)}) {
      set_num_threads(1);
      const std::vector<float> one = filled<float>(block, coupling);
      const std::vector<double> one64 = filled<double>(block, coupling);
      for (const std::size_t threads : {2, 7}) {
        set_num_threads(threads);
        CHECK(same_bits(filled<float>(block, coupling), one));
        CHECK(same_bits(filled<double>(block, coupling), one64));
      }
    }
  }
  set_num_threads(before);
}

TEST_CASE("Coupled noise allocates nothing once it has run") {
  const SerialScope serial;
  RandomBlock block = make_block(64, 4, 20);
  std::vector<float> z(block.size());
  std::vector<double> z64(block.size());
  const auto fill_all = [&] {
    for (const Coupling coupling : couplings) {
      fill_normal(z.data(), block, coupling);
      fill_normal(z64.data(), block, coupling);
    }
  };
  fill_all();
  const std::size_t before = allocations();
  ++block.step;
  fill_all();
  CHECK(allocations() == before);
}

TEST_CASE("Coupled noise refuses addresses that do not exist and writes nothing for empty blocks") {
  double guard = 5;
  for (const Coupling coupling : couplings) {
    for (const auto& [s, b, d] : {std::array<std::size_t, 3>{0, 3, 4}, {2, 0, 4}, {2, 3, 0}}) {
      fill_normal(&guard, make_block(s, b, d), coupling);
      CHECK(guard == 5);
    }
    const auto refused = [&](const RandomBlock& block) {
      return message([&] { fill_normal(&guard, block, coupling); });
    };
    RandomBlock draws = make_block(2, 1, 1), data = make_block(1, 2, 1);
    draws.first_draw = data.first_datum = 0xffffffffu;
    CHECK_THAT(refused(draws), contains("draws 4294967295 + 2 reach beyond 2^32"));
    CHECK_THAT(refused(data), contains("data 4294967295 + 2 reach beyond 2^32"));
  }
  const auto rqmc = [&](RandomBlock block) {
    return message([&] { fill_normal(&guard, block, Coupling::rqmc); });
  };
  CHECK_THAT(rqmc(make_block(1, 1, 1025)), contains("1025 dimensions are more than the 1024"));
  RandomBlock reserved = make_block(1, 1, 1);
  reserved.stream.variable = std::uint32_t{1} << 31;
  CHECK_THAT(rqmc(reserved), contains("variable 2147483648"));
  CHECK(guard == 5);
}
