// What the addresses of random numbers are for: the same numbers however they are asked for.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random.hpp"
#include "autodiff/threads.hpp"
#include "tests/autodiff/random_blocks.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("Numbers do not depend on how a block is cut") {
  const std::size_t S = 6, B = 10, D = 11;
  const RandomBlock whole = make_block(S, B, D);
  const auto check_type = [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> all(whole.size());
    fill_normal(all.data(), whole);

    // Draws in two chunks.
    std::vector<T> cut(whole.size());
    RandomBlock part = whole;
    part.draws = 2;
    fill_normal(cut.data(), part);
    part.draws = 4;
    part.first_draw = 2;
    fill_normal(cut.data() + 2 * B * D, part);
    CHECK(same_bits(cut, all));

    // The batch in other order, with ids.
    std::vector<std::uint32_t> ids = {9, 3, 0, 7, 8, 1, 2, 4, 6, 5};
    RandomBlock shuffled = whole;
    shuffled.datum = ids.data();
    fill_normal(cut.data(), shuffled);
    int different = 0;
    for_each_number(whole, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
      different += cut[i] != all[(s * B + ids[b]) * D + d];
    });
    CHECK(different == 0);

    // A part of the batch, and fewer dimensions.
    RandomBlock narrow = whole;
    narrow.first_datum = 4;
    narrow.batch = 3;
    narrow.dimensions = 6;
    std::vector<T> some(narrow.size());
    fill_normal(some.data(), narrow);
    for_each_number(narrow, [&](std::size_t s, std::size_t b, std::size_t d, std::size_t i) {
      different += some[i] != all[(s * B + b + 4) * D + d];
    });
    CHECK(different == 0);
  };
  check_type(0.0f);
  check_type(0.0);
}

// D = 20 fills whole Philox blocks and is made in place; 21 leaves a gap after every row.
TEMPLATE_TEST_CASE("Rows with and without padding hold the same numbers", "", float, double) {
  under_each_isa([] {
    RandomBlock block{.stream = {5}, .step = 9, .draws = 37, .batch = 3, .dimensions = 20};
    std::vector<TestType> tight(block.size());
    fill_normal(tight.data(), block);
    block.dimensions = 21;
    std::vector<TestType> padded(block.size());
    fill_normal(padded.data(), block);
    bool same = true;
    for (std::size_t i = 0; i < tight.size(); ++i) {
      same = same && tight[i] == padded[i / 20 * 21 + i % 20];
    }
    CHECK(same);
  });
}

TEST_CASE("Numbers are the same bits for 1, 2 and 7 threads") {
  const std::size_t before = num_threads();
  const RandomBlock block = make_block(3, 200, 253);  // more than four chunks
  const std::vector<float> p(block.size(), 0.3f);
  const std::vector<std::uint8_t> pixels(200 * 253, 77);
  const auto fill_all = [&] {
    std::vector<float> normal(block.size()), uniform(block.size()), bernoulli(block.size()),
        binarized(block.size()), gamma(block.size());
    std::vector<double> normal64(block.size());
    fill_normal(normal.data(), block);
    fill_normal(normal64.data(), block);
    fill_uniform(uniform.data(), block);
    fill_bernoulli(bernoulli.data(), p.data(), block);
    fill_binarized(binarized.data(), pixels.data(), nullptr, block);
    fill_gamma(gamma.data(), 0.7, block);
    for (const auto* part : {&uniform, &bernoulli, &binarized, &gamma}) {
      normal.insert(normal.end(), part->begin(), part->end());
    }
    return std::pair(normal, normal64);
  };
  set_num_threads(1);
  const auto one = fill_all();
  for (const std::size_t threads : {2, 7}) {
    set_num_threads(threads);
    const auto many = fill_all();
    INFO(threads << " threads");
    CHECK(same_bits(many.first, one.first));
    CHECK(same_bits(many.second, one.second));
  }
  set_num_threads(before);
}

TEST_CASE("Empty blocks write nothing") {
  for (const auto& [s, b, d] : {std::array<std::size_t, 3>{0, 3, 4}, {2, 0, 4}, {2, 3, 0}}) {
    const RandomBlock block = make_block(s, b, d);
    float guard = 5;
    fill_normal(&guard, block);
    fill_uniform(&guard, block);
    fill_gamma(&guard, 2.0, block);
    CHECK(guard == 5);
  }
}

TEST_CASE("Addresses out of range are refused") {
  float out[4] = {};
  RandomBlock wide = make_block(0, 1, (std::size_t{1} << 28) + 1);
  CHECK_THROWS_AS(fill_normal(out, wide), Error);
  wide.dimensions = (std::size_t{1} << 26) + 1;
  CHECK_THROWS_AS(fill_gamma(out, 1.0, wide), Error);
  CHECK_NOTHROW(fill_normal(out, wide));
  RandomBlock late = make_block(2, 1, 1);
  late.first_draw = 4294967295u;
  CHECK_THROWS_AS(fill_uniform(out, late), Error);
  late.draws = 1;
  CHECK_NOTHROW(fill_uniform(out, late));
  RandomBlock data = make_block(1, 2, 1);
  data.first_datum = 4294967295u;
  CHECK_THROWS_AS(fill_uniform(out, data), Error);
  CHECK_THROWS_AS(fill_gamma(out, 0.0, make_block(1, 1, 1)), Error);
  CHECK_THROWS_AS(fill_gamma(out, -1.0, make_block(1, 1, 1)), Error);
  CHECK_THROWS_AS(fill_gamma(out, std::numeric_limits<double>::quiet_NaN(), make_block(1, 1, 1)),
                  Error);
}

TEST_CASE("A permutation is Fisher and Yates' on the words of its stream") {
  const Stream stream = {11, StreamId::shuffle, 0};
  for (const std::size_t n : {0, 1, 2, 3, 10, 1001}) {
    std::vector<std::uint32_t> expected(n);
    for (std::size_t i = 0; i < n; ++i) expected[i] = static_cast<std::uint32_t>(i);
    std::vector<std::uint32_t> words(2 * n);
    RandomBlock block;
    block.stream = stream;
    block.step = 4;
    block.dimensions = 2 * n;
    fill_bits(words.data(), block);
    for (std::size_t i = n; i-- > 1;) {
      // floor((i + 1) x / 2^64) of the 64-bit word x by long double: 64 bits of mantissa suffice
      // here, except at ties that do not occur for this seed.
      const long double x = 4294967296.0L * words[2 * i] + words[2 * i + 1];
      const auto j = static_cast<std::size_t>(x * (i + 1) / 18446744073709551616.0L);
      std::swap(expected[i], expected[j]);
    }
    std::vector<std::uint32_t> order(n);
    fill_permutation(order.data(), n, stream, 4);
    CHECK(order == expected);
    std::vector<std::int32_t> signed_order(n);
    fill_permutation(signed_order.data(), n, stream, 4);
    CHECK(std::equal(order.begin(), order.end(), signed_order.begin(),
                     [](std::uint32_t a, std::int32_t b) { return a == std::uint32_t(b); }));
    CHECK(std::set<std::uint32_t>(order.begin(), order.end()).size() == n);
  }
}

TEST_CASE("Permutations of given seeds are the same for ever") {
  // Written out with Python's integers from the documented algorithm.
  const auto order = [](std::uint64_t seed, std::uint64_t epoch) {
    std::vector<std::int32_t> result(10);
    fill_permutation(result.data(), 10, {seed, StreamId::shuffle, 0}, epoch);
    return result;
  };
  CHECK(order(0, 0) == std::vector<std::int32_t>{7, 1, 6, 8, 9, 3, 5, 4, 2, 0});
  CHECK(order(0, 1) == std::vector<std::int32_t>{0, 7, 5, 6, 9, 1, 4, 8, 2, 3});
  CHECK(order(std::uint64_t{1} << 63, 0) ==
        std::vector<std::int32_t>{7, 8, 5, 4, 1, 3, 0, 6, 9, 2});
}
