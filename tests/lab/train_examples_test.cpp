#include <cmath>
#include <numeric>
#include <vector>

#include "autodiff/error.hpp"
#include "lab/data/examples.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using data::Binarize;

namespace {

std::vector<float> filled(const Examples& examples, std::vector<std::uint32_t> rows,
                          std::uint64_t step = 0) {
  std::vector<float> x(rows.size() * examples.features(), -1);
  examples.fill(x.data(), rows, step);
  return x;
}

std::vector<std::uint32_t> first_rows(std::size_t n) {
  std::vector<std::uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

/// The stored byte of a pixel.
double grey(const data::Dataset& data, std::size_t split, std::size_t i) {
  return data.splits[split].images.uint8_block()[i] / 255.0;
}

/// The same images stored as float32 in [0, 1].
data::Dataset as_floats(const data::Dataset& bytes) {
  data::Dataset data = bytes;
  data.scale = 1;
  for (data::Split& split : data.splits) {
    const std::int64_t values = split.images.count() * 16;
    data::Array array{data::StoredType::float32, {split.images.count(), 4, 4}, {}};
    array.bytes.resize(std::size_t(values) * sizeof(float));
    auto* to = reinterpret_cast<float*>(array.bytes.data());
    for (std::int64_t i = 0; i < values; ++i) {
      to[i] = float(split.images.uint8_block()[i]) / 255.0f;
    }
    split.images = data::Images(std::move(array));
  }
  return data;
}

}  // namespace

TEST_CASE("examples: the extent of bytes is that of the same values as floats") {
  const data::Dataset bytes = tests::tiny_data(), floats = as_floats(bytes);
  const auto of = [](const data::Dataset& data) {
    return Examples(data, data.split("test"), Binarize::none, Examples::Role::test, 5).extent();
  };
  const Extent expected = of(floats), found = of(bytes);
  CHECK(expected.greatest > expected.least);
  CHECK(found.least == expected.least);
  CHECK(found.greatest == expected.greatest);
  CHECK(found.whole == expected.whole);
  CHECK(found.levels);
}

TEST_CASE("examples: none and threshold follow the stored values") {
  const data::Dataset data = tests::tiny_data();
  const Examples plain(data, data.split("test"), Binarize::none, Examples::Role::test, 5);
  const Examples cut(data, data.split("test"), Binarize::threshold, Examples::Role::test, 5);
  const std::vector<std::uint32_t> rows{22, 0, 7};
  const auto x = filled(plain, rows), y = filled(cut, rows);
  for (std::size_t b = 0; b < rows.size(); ++b) {
    for (std::size_t d = 0; d < 16; ++d) {
      const double value = grey(data, 1, rows[b] * 16 + d);
      CHECK(x[b * 16 + d] == float(value));
      CHECK(y[b * 16 + d] == (value > 0.5 ? 1.0f : 0.0f));
    }
  }
}

TEST_CASE("examples: fixed binarisation is drawn once, dynamic anew, neither by batch") {
  const bool floats = GENERATE(false, true);
  const data::Dataset bytes = tests::tiny_data();
  const data::Dataset data = floats ? as_floats(bytes) : bytes;
  const data::Split& split = data.split("train");
  const Examples fixed(data, split, Binarize::fixed, Examples::Role::train, 5);
  const Examples dynamic(data, split, Binarize::dynamic, Examples::Role::train, 5);
  const Examples held_out(data, split, Binarize::dynamic, Examples::Role::test, 5);
  const auto rows = first_rows(50);
  CHECK(filled(fixed, rows, 0) == filled(fixed, rows, 9));
  CHECK(filled(held_out, rows, 0) == filled(held_out, rows, 9));
  CHECK(filled(dynamic, rows, 0) != filled(dynamic, rows, 9));
  CHECK(filled(fixed, rows, 0) !=
        filled(Examples(data, split, Binarize::fixed, Examples::Role::train, 6), rows, 0));
  // One example alone is as it is in a batch.
  const auto all = filled(dynamic, rows, 3);
  for (const std::uint32_t row : rows) {
    const auto one = filled(dynamic, {row}, 3);
    CHECK(std::equal(one.begin(), one.end(), all.begin() + row * 16));
  }
}

TEST_CASE("examples: dynamic binarisation has the grey value as its mean") {
  const bool floats = GENERATE(false, true);
  const data::Dataset bytes = tests::tiny_data();
  const data::Dataset data = floats ? as_floats(bytes) : bytes;
  const Examples dynamic(data, data.split("train"), Binarize::dynamic, Examples::Role::train, 11);
  constexpr int steps = 2000;
  std::vector<double> ones(50 * 16, 0);
  int others = 0;
  for (int step = 0; step < steps; ++step) {
    const auto x = filled(dynamic, first_rows(50), std::uint64_t(step));
    for (std::size_t i = 0; i < x.size(); ++i) {
      others += x[i] != 0 && x[i] != 1;
      ones[i] += x[i];
    }
  }
  CHECK(others == 0);
  // 800 z-scores: the largest of as many standard normal numbers exceeds 5 with probability 5e-4.
  for (std::size_t i = 0; i < ones.size(); ++i) {
    const double p = grey(bytes, 0, i), deviation = std::sqrt(p * (1 - p) / steps);
    if (deviation == 0)
      CHECK(ones[i] / steps == p);
    else
      CHECK(std::abs(ones[i] / steps - p) / deviation < 5);
  }
}

TEST_CASE("examples: moments are those of the values that are trained on") {
  const data::Dataset data = tests::tiny_data();
  const data::Split& split = data.split("train");
  for (const Binarize how : {Binarize::none, Binarize::threshold, Binarize::fixed}) {
    const Examples examples(data, split, how, Examples::Role::train, 2);
    const auto x = filled(examples, first_rows(50));
    const DataMoments moments = examples.moments();
    for (std::size_t d = 0; d < 16; ++d) {
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < 50; ++i) mean += x[i * 16 + d] / 50.0;
      for (std::size_t i = 0; i < 50; ++i) variance += std::pow(x[i * 16 + d] - mean, 2) / 50.0;
      CHECK(moments.mean.at({std::int64_t(d)}) == Approx(mean).margin(1e-12));
      CHECK(moments.variance.at({std::int64_t(d)}) == Approx(variance).margin(1e-12));
    }
  }
  const DataMoments grey_moments =
      Examples(data, split, Binarize::dynamic, Examples::Role::train, 2).moments();
  for (std::size_t d = 0; d < 16; ++d) {
    double mean = 0;
    for (std::size_t i = 0; i < 50; ++i) mean += grey(data, 0, i * 16 + d) / 50;
    CHECK(grey_moments.mean.at({std::int64_t(d)}) == Approx(mean).margin(1e-7));
    CHECK(grey_moments.variance.at({std::int64_t(d)}) == Approx(mean * (1 - mean)).margin(1e-7));
  }
}

TEST_CASE("examples: only values in [0, 1] can be binarised") {
  data::Dataset data = as_floats(tests::tiny_data());
  data.scale = 0.5;  // values up to 2
  CHECK_THROWS_AS(Examples(data, data.split("train"), Binarize::fixed, Examples::Role::train, 0),
                  Error);
  CHECK_NOTHROW(Examples(data, data.split("train"), Binarize::none, Examples::Role::train, 0));
}
