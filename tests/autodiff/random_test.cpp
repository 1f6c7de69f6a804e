// The bits of random numbers against their documentation, on every instruction set.
#include "autodiff/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <vector>

#include "tests/autodiff/random_blocks.hpp"
#include "tests/catch.hpp"

#if __has_include(<Random123/philox.h>)
#include <Random123/philox.h>
#define NELBO_HAS_RANDOM123 1
#endif

using namespace nelbo;
using namespace nelbo::tests;

namespace {

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

/// The word that the documentation promises for (s, b, d) of a block, in the plane given.
std::uint32_t word_at(const RandomBlock& block, std::size_t s, std::size_t b, std::size_t d,
                      std::uint32_t plane) {
  const std::uint32_t datum =
      block.datum != nullptr ? block.datum[b] : block.first_datum + static_cast<std::uint32_t>(b);
  const Counter counter = {static_cast<std::uint32_t>(d / 4) + (plane << 26),
                           block.first_draw + static_cast<std::uint32_t>(s), datum,
                           static_cast<std::uint32_t>(block.step)};
  return philox(counter, philox_key(block.stream, block.step))[d % 4];
}

const std::uint32_t some_ids[] = {7, 0, 4294967295u, 12, 12, 59999, 1, 3, 2, 5, 70, 71, 72};

/// Blocks of awkward shapes: tails, rows shorter and longer than a tile, ids, extreme addresses.
std::vector<RandomBlock> awkward_blocks() {
  std::vector<RandomBlock> blocks;
  for (const auto& [s, b, d] : {std::array<std::size_t, 3>{1, 1, 1},
                                {1, 1, 4},
                                {3, 5, 2},
                                {2, 13, 7},
                                {1, 9, 20},
                                {1, 2, 257},
                                {2, 2, 1021},
                                {1, 1, 70001}}) {
    blocks.push_back(make_block(s, b, d));
  }
  RandomBlock ids = make_block(2, 13, 10);
  ids.datum = some_ids;
  blocks.push_back(ids);
  RandomBlock extreme = make_block(3, 4, 9);
  extreme.stream = {~std::uint64_t{0}, StreamId::user, ~std::uint32_t{0}};
  extreme.step = (std::uint64_t{1} << 40) + 5;
  extreme.first_draw = 4294967293u;
  extreme.first_datum = 4294967292u;
  blocks.push_back(extreme);
  return blocks;
}

}  // namespace

TEST_CASE("Philox4x32-10 gives Random123's published vectors") {
  // kat_vectors of Random123 1.14: counter, key, result.
  CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
        Counter{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  const std::uint32_t f = 0xffffffffu;
  CHECK(philox({f, f, f, f}, {f, f}) ==
        Counter{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(philox({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}) ==
        Counter{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

#ifdef NELBO_HAS_RANDOM123
TEST_CASE("Philox agrees with Random123 on arbitrary counters and keys") {
  std::uint64_t state = 1;
  const auto next = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 32);
  };
  int different = 0;
  for (int i = 0; i < 1000; ++i) {
    const Counter counter = {next(), next(), next(), next()};
    const Key key = {next(), next()};
    const philox4x32_ctr_t theirs =
        philox4x32_R(10, {{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
    const Counter ours = philox(counter, key);
    for (int k = 0; k < 4; ++k) different += ours[k] != theirs.v[k];
  }
  CHECK(different == 0);
}
#endif

TEST_CASE("Keys of seeds, streams, variables and late steps all differ") {
  std::set<Key> keys;
  std::size_t made = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const StreamId id : {StreamId::init, StreamId::noise, StreamId::user}) {
      for (std::uint32_t variable = 0; variable < 3; ++variable) {
        for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1} << 32}) {
          keys.insert(philox_key({seed, id, variable}, step));
          ++made;
        }
      }
    }
  }
  CHECK(keys.size() == made);
  // Written out once with Python's integers, so that no release changes the numbers of a seed
  // unseen.
  CHECK(philox_key({42, StreamId::noise, 7}, std::uint64_t{3} << 32) ==
        Key{0xf37ae716u, 0x5514d7abu});
  // Steps below 2^32 are in the counter, not in the key.
  CHECK(philox_key({5, StreamId::noise, 0}, 0) == philox_key({5, StreamId::noise, 0}, 4294967295u));
}

TEST_CASE("Random words lie at their documented addresses, on every instruction set") {
  under_each_isa([] {
    for (const RandomBlock& block : awkward_blocks()) {
      INFO("shape " << block.draws << " x " << block.batch << " x " << block.dimensions);
      std::vector<std::uint32_t> words(block.size() + 1, 0xabcdef01u);
      fill_bits(words.data(), block);
      int different = 0;
      for_each_number(block, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
        different += words[i] != word_at(block, s, b, d, 0);
      });
      CHECK(different == 0);
      CHECK(words.back() == 0xabcdef01u);  // nothing is written behind the block
    }
  });
}

TEST_CASE(
    "Uniform numbers are the exact fractions of their words, the same on every instruction set") {
  under_each_isa([] {
    for (const RandomBlock& block : awkward_blocks()) {
      std::vector<float> single(block.size());
      std::vector<double> twice(block.size());
      fill_uniform(single.data(), block);
      fill_uniform(twice.data(), block);
      int different = 0;
      int outside = 0;
      int apart = 0;
      for_each_number(block, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
        const std::uint64_t upper = word_at(block, s, b, d, 0);
        const std::uint64_t word = upper << 32 | word_at(block, s, b, d, 1);
        different += single[i] != std::ldexp(static_cast<double>(upper >> 9) + 0.5, -23);
        different += twice[i] != std::ldexp(static_cast<double>(word >> 12) + 0.5, -52);
        outside += !(single[i] > 0 && single[i] < 1 && twice[i] > 0 && twice[i] < 1);
        apart += std::abs(single[i] - twice[i]) > std::ldexp(1.0, -24);
      });
      CHECK(different == 0);
      CHECK(outside == 0);
      CHECK(apart == 0);
    }
  });
}

TEST_CASE("Normal numbers are Box and Muller's transform of their words") {
  under_each_isa([] {
    for (const RandomBlock& block : awkward_blocks()) {
      INFO("shape " << block.draws << " x " << block.batch << " x " << block.dimensions);
      std::vector<float> single(block.size());
      std::vector<double> twice(block.size());
      fill_normal(single.data(), block);
      fill_normal(twice.data(), block);
      double error32 = 0;
      double error64 = 0;
      double apart = 0;
      for_each_number(block, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
        const std::size_t base = d / 4 * 4 + d % 2;  // dimension of the pair's radius
        const auto word = [&](std::size_t at, std::uint32_t plane) {
          return std::uint64_t{word_at(block, s, b, at, plane)};
        };
        const auto wave = [&](double turn) {
          return d % 4 < 2 ? std::cos(2 * std::numbers::pi * turn)
                           : std::sin(2 * std::numbers::pi * turn);
        };
        const double u32 = std::ldexp(static_cast<double>(word(base, 0) >> 1) + 0.5, -31);
        const double turn32 = std::ldexp(static_cast<double>(word(base + 2, 0)), -32);
        const double radius32 = std::sqrt(-2 * std::log(u32));
        const double expected32 = radius32 * wave(turn32);
        const auto wide = [&](std::size_t at) {
          const std::uint64_t w = word(at, 0) << 32 | word(at, 1);
          return std::ldexp(static_cast<double>(w >> 12) + 0.5, -52);
        };
        const double expected64 = std::sqrt(-2 * std::log(wide(base))) * wave(wide(base + 2));
        // u is rounded to float, by at most 2^-24: dr = du / (u r).
        const double tolerance = 1e-6 + std::ldexp(1.0, -24) / (u32 * radius32);
        error32 = std::max(error32, std::abs(single[i] - expected32) / tolerance);
        error64 = std::max(error64, std::abs(twice[i] - expected64));
        apart = std::max(apart, std::abs(single[i] - twice[i]));
      });
      CHECK(error32 < 1);
      CHECK(error64 < 3e-15);
      CHECK(apart < 1e-3);  // reached where u rounds to 1: sqrt(2 * 2^-24) = 3.5e-4
    }
  });
}

TEST_CASE("Bernoulli numbers compare integers: exact, and the same on every instruction set") {
  under_each_isa([] {
    for (const RandomBlock& block : awkward_blocks()) {
      std::vector<float> p32(block.size());
      std::vector<double> p64(block.size());
      RandomBlock other = block;
      other.stream.id = StreamId::data;
      fill_uniform(p32.data(), other);
      for (std::size_t i = 0; i < p32.size(); ++i) p64[i] = p32[i];
      std::vector<float> single(block.size());
      std::vector<double> twice(block.size());
      fill_bernoulli(single.data(), p32.data(), block);
      fill_bernoulli(twice.data(), p64.data(), block);
      int different = 0;
      for_each_number(block, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
        const std::uint64_t upper = word_at(block, s, b, d, 0);
        const auto threshold = static_cast<std::uint64_t>(std::ldexp(p64[i], 31));
        different += single[i] != ((upper >> 1) < threshold ? 1.0f : 0.0f);
        const std::uint64_t word = upper << 32 | word_at(block, s, b, d, 1);
        const double u = std::ldexp(static_cast<double>(word >> 12) + 0.5, -52);
        different += twice[i] != (u < p64[i] ? 1.0 : 0.0);
      });
      CHECK(different == 0);
    }
  });
}

TEST_CASE("Bernoulli probabilities at and beyond 0 and 1") {
  under_each_isa([] {
    const float inf = std::numeric_limits<float>::infinity();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float below_one = std::nextafter(1.0f, 0.0f);
    for (const auto& [p, low, high] : {std::array<float, 3>{0, 0, 0},
                                       {1, 1, 1},
                                       {-1, 0, 0},
                                       {2, 1, 1},
                                       {-inf, 0, 0},
                                       {inf, 1, 1},
                                       {nan, 0, 0},
                                       {1e-30f, 0, 0},
                                       {below_one, 1, 1}}) {
      const RandomBlock block = make_block(1, 10, 100);
      const std::vector<float> p32(block.size(), p);
      const std::vector<double> p64(block.size(), p);
      std::vector<float> single(block.size());
      std::vector<double> twice(block.size());
      fill_bernoulli(single.data(), p32.data(), block);
      fill_bernoulli(twice.data(), p64.data(), block);
      INFO("p " << p);
      CHECK(*std::min_element(single.begin(), single.end()) >= low);
      CHECK(*std::max_element(single.begin(), single.end()) <= high);
      CHECK(*std::min_element(twice.begin(), twice.end()) >= low);
      CHECK(*std::max_element(twice.begin(), twice.end()) <= high);
    }
  });
}

TEST_CASE("Binarised images: rows are gathered and every draw reads the same ones") {
  under_each_isa([] {
    RandomBlock block = make_block(2, 5, 37);
    const std::uint32_t rows[] = {4, 0, 2, 2, 6};
    block.datum = rows;
    std::vector<std::uint8_t> pixels(7 * block.dimensions);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
    }
    pixels[0] = 255;
    std::vector<float> intensities(pixels.size());
    std::vector<double> intensities64(pixels.size());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      intensities64[i] = intensities[i] = static_cast<float>(pixels[i]) / 255;
    }
    std::vector<float> from_pixels(block.size()), from_floats(block.size());
    std::vector<double> from_pixels64(block.size()), from_doubles(block.size());
    fill_binarized(from_pixels.data(), pixels.data(), rows, block);
    fill_binarized(from_pixels64.data(), pixels.data(), rows, block);
    fill_binarized(from_floats.data(), intensities.data(), rows, block);
    fill_binarized(from_doubles.data(), intensities64.data(), rows, block);
    int different = 0;
    for_each_number(block, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
      const std::size_t source = rows[b] * block.dimensions + d;
      const std::uint64_t word = word_at(block, s, b, d, 0);
      // 255 w / 2^24 < k in exact rational arithmetic on floor(255 w / 2^24).
      const bool on = (word >> 8) * 255 / (1u << 24) < pixels[source];
      different += from_pixels[i] != (on ? 1.0f : 0.0f);
      different += from_pixels64[i] != (on ? 1.0 : 0.0);
      const auto threshold = static_cast<std::uint64_t>(std::ldexp(intensities[source], 31));
      different += from_floats[i] != ((word >> 1) < threshold ? 1.0f : 0.0f);
      different += from_doubles[i] != from_floats[i];
    });
    CHECK(different == 0);
    // Images without an index are taken in order.
    RandomBlock whole = make_block(1, 7, 37);
    std::vector<float> all(whole.size()), gathered(block.dimensions);
    fill_binarized(all.data(), pixels.data(), nullptr, whole);
    RandomBlock one = make_block(1, 1, 37);
    one.first_datum = 6;
    const std::uint32_t last = 6;
    fill_binarized(gathered.data(), pixels.data(), &last, one);
    CHECK(std::equal(gathered.begin(), gathered.end(), all.end() - 37));
  });
}
