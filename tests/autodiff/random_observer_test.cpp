// What the observer of fills is told.
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "autodiff/coupled_noise.hpp"
#include "autodiff/random_observer.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

struct Told {
  std::string fill;
  RandomBlock block;
  std::array<std::uint32_t, 2> key;
  std::uint32_t words, first_plane, planes;
};

/// What the observer is told while `draw` runs.
std::vector<Told> told_of(const std::function<void()>& draw) {
  static std::vector<Told> told;
  told.clear();
  random_observer = [](const RandomUse& use) {
    told.push_back({use.fill, use.block, use.key, use.words, use.first_plane, use.planes});
  };
  draw();
  random_observer = nullptr;
  return told;
}

}  // namespace

TEST_CASE("observer: is told of the counters that a fill's words come from") {
  const std::uint32_t data[] = {5, 3};
  const RandomBlock block{.stream = {9, StreamId::user, 4},
                          .step = 7,
                          .draws = 2,
                          .batch = 2,
                          .dimensions = 6,
                          .first_draw = 11,
                          .datum = data};
  std::vector<std::uint32_t> words(block.size());
  const auto told = told_of([&] { fill_bits(words.data(), block); });
  REQUIRE(told.size() == 1);
  CHECK(told[0].fill == "fill_bits");
  CHECK(told[0].first_plane == 0);
  CHECK(told[0].planes == 1);
  std::vector<std::uint32_t> made;
  for (std::uint32_t s = 0; s < 2; ++s) {
    for (const std::uint32_t datum : data) {
      for (std::uint32_t word = 0; word < told[0].words; ++word) {
        const auto four = philox({word, 11 + s, datum, 7}, told[0].key);
        made.insert(made.end(), four.begin(),
                    word + 1 < told[0].words ? four.end() : four.begin() + 2);
      }
    }
  }
  CHECK(made == words);
}

TEST_CASE("observer: every kind of fill tells") {
  constexpr std::size_t n = 20;
  const RandomBlock block{.stream = {9, StreamId::user}, .draws = 2, .dimensions = n};
  std::vector<float> x(2 * n), p(2 * n, 0.5f);
  std::vector<double> wide(2 * n), wide_p(2 * n, 0.5);
  std::vector<std::uint8_t> pixels(2 * n, 100);
  std::vector<std::uint32_t> words(2 * n);
  struct Case {
    const char* fill;
    std::uint32_t words, planes;
    std::function<void()> draw;
  };
  const Case cases[] = {
      {"fill_bits", 5, 1, [&] { fill_bits(words.data(), block); }},
      {"fill_uniform", 5, 1, [&] { fill_uniform(x.data(), block); }},
      {"fill_uniform", 5, 2, [&] { fill_uniform(wide.data(), block); }},
      {"fill_normal", 5, 1, [&] { fill_normal(x.data(), block); }},
      {"fill_normal", 5, 2, [&] { fill_normal(wide.data(), block); }},
      {"fill_bernoulli", 5, 1, [&] { fill_bernoulli(x.data(), p.data(), block); }},
      {"fill_bernoulli", 5, 2, [&] { fill_bernoulli(wide.data(), wide_p.data(), block); }},
      {"fill_binarized", 5, 1, [&] { fill_binarized(x.data(), pixels.data(), nullptr, block); }},
      {"fill_binarized", 5, 1, [&] { fill_binarized(x.data(), p.data(), nullptr, block); }},
      {"fill_gamma", 20, 62, [&] { fill_gamma(x.data(), 2.0, block); }},
      {"fill_permutation", 10, 1, [&] { fill_permutation(words.data(), n, block.stream, 0); }},
      {"fill_normal", 5, 1, [&] { fill_normal(x.data(), block, Coupling::antithetic); }},
      {"fill_uniform", 5, 1, [&] { fill_uniform(x.data(), block, Coupling::antithetic); }},
      {"fill_bits", 5, 1, [&] { fill_normal(x.data(), block, Coupling::rqmc); }},
  };
  for (const Case& one : cases) {
    CAPTURE(one.fill);
    const auto told = told_of(one.draw);
    REQUIRE(told.size() == 1);
    CHECK(told[0].fill == one.fill);
    CHECK(told[0].words == one.words);
    CHECK(told[0].planes == one.planes);
    CHECK(told[0].key == philox_key(told[0].block.stream, 0));
  }
}
