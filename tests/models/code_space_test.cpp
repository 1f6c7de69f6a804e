// Codes in blocks: the places of their variables, and noise of each block's own kind.
#include "models/code_space.hpp"

#include <cmath>
#include <numbers>

#include "models/posteriors/posterior_family.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("code space: variables of blocks have their places") {
  const CodeSpace codes =
      parse_posterior("diagonal:2+categorical:3+von_mises:2+bernoulli:1").codes(0);
  CHECK(codes.variables == 6);
  CHECK(codes.dimensions() == 10);
  CHECK(codes.text() == "continuous + one-hot:3 + points on circles + binary");
  std::vector<std::int64_t> places;
  for (std::int64_t l = 0; l <= 6; ++l) places.push_back(codes.first(l));
  CHECK(places == std::vector<std::int64_t>{0, 1, 2, 5, 7, 9, 10});
  CHECK(&codes.of(1) == &codes.blocks[0]);
  CHECK(&codes.of(2) == &codes.blocks[1]);
  CHECK(&codes.of(4) == &codes.blocks[2]);
  CHECK(&codes.of(5) == &codes.blocks[3]);
  CHECK_FALSE(codes.discrete());
  CHECK_FALSE(codes.differentiable());
  CHECK(parse_posterior("bernoulli:1+categorical:3").codes(0).discrete());
  CHECK(parse_posterior("diagonal:1+gamma:1").codes(0).differentiable());
}

TEST_CASE("code space: noise of blocks is of their kinds, and independent of each other") {
  const CodeSpace codes = parse_posterior("diagonal:1+bernoulli:3+diagonal:1").codes(0);
  const std::int64_t n = 20000;
  const Tensor noise({n, 1, 5}, DType::f64);
  fill_noise(codes, noise, {.stream = {3, StreamId::user}});
  std::vector<std::vector<double>> columns(5);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t d = 0; d < 5; ++d) columns[std::size_t(d)].push_back(noise.at({i, 0, d}));
  }
  const auto normal = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  for (const std::size_t d : {0, 4}) CHECK(kolmogorov_smirnov(columns[d], normal) < 1.95);
  for (const std::size_t d : {1, 2, 3}) {
    CHECK(kolmogorov_smirnov(columns[d], [](double u) { return u; }) < 1.95);
  }
  // Normal numbers of one address are made of two words, the radius and the angle: of a uniform number of the
  // same words both would be functions.
  for (const std::size_t d : {0, 4}) {
    for (const std::size_t k : {1, 2, 3}) {
      double length = 0, angle = 0;
      for (std::size_t i = 0; i < std::size_t(n); ++i) {
        const double x = columns[d][i], u = columns[k][i];
        length += (x * x - 1) * (-std::log(u) - 1) / std::sqrt(2.0);
        angle += x * std::cos(2 * std::numbers::pi * u) * std::sqrt(2.0);
      }
      INFO("numbers " << d << " and " << k << ": z " << length / std::sqrt(double(n)) << " and "
                      << angle / std::sqrt(double(n)));
      CHECK(std::fabs(length) < 4 * std::sqrt(double(n)));
      CHECK(std::fabs(angle) < 4 * std::sqrt(double(n)));
    }
  }
}

TEST_CASE("code space: antithetic noise of blocks is in pairs, and float and double agree") {
  const CodeSpace codes = parse_posterior("diagonal:2+bernoulli:2").codes(0);
  const Tensor wide({4, 3, 4}, DType::f64), single({4, 3, 4});
  for (const Tensor& noise : {wide, single}) {
    fill_noise(codes, noise, {.stream = {3, StreamId::user}, .step = 2}, Coupling::antithetic);
  }
  for (std::int64_t s = 0; s < 4; s += 2) {
    for (std::int64_t b = 0; b < 3; ++b) {
      for (std::int64_t d = 0; d < 4; ++d) {
        CHECK(wide.at({s, b, d}) + wide.at({s + 1, b, d}) == Approx(d < 2 ? 0 : 1).margin(1e-15));
        CHECK(single.at({s, b, d}) == Approx(wide.at({s, b, d})).margin(2e-6));
      }
    }
  }
}
