// Convolutions against their definition, where minimal filtering serves and where it does not.
#include "autodiff/convolution.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "autodiff/internal/winograd.hpp"
#include "autodiff/threads.hpp"
#include "tests/autodiff/each_isa.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::same_bits;
using nelbo::tests::under_each_isa;

namespace {

template <class T>
std::vector<T> random_numbers(std::int64_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> numbers(static_cast<std::size_t>(n));
  for (T& x : numbers) x = static_cast<T>(uniform(generator));
  return numbers;
}

/// The numbers that go into a convolution and its gradients.
template <class T>
struct Problem {
  ConvolutionShape s;
  std::vector<T> image = random_numbers<T>(s.batch * s.height * s.width * s.channels, 1);
  std::vector<T> features = random_numbers<T>(s.rows() * s.features, 2);
  std::vector<T> weights = random_numbers<T>(s.features * s.patch(), 3);
  std::vector<T> feature_bias = random_numbers<T>(s.features, 4);
  std::vector<T> pixel_bias = random_numbers<T>(s.channels, 5);
};

struct Results {
  std::vector<double> features, image, weights;
};

/// All three from the definition, added to `features`, `image` and `weights` of the problem where `add`, else with biases.
template <class T>
Results by_definition(const Problem<T>& p, bool add) {
  const ConvolutionShape& s = p.s;
  Results r{{p.features.begin(), p.features.end()},
            {p.image.begin(), p.image.end()},
            {p.weights.begin(), p.weights.end()}};
  if (!add) {
    for (std::size_t i = 0; i < r.features.size(); ++i)
      r.features[i] = p.feature_bias[i % s.features];
    for (std::size_t i = 0; i < r.image.size(); ++i) r.image[i] = p.pixel_bias[i % s.channels];
    std::fill(r.weights.begin(), r.weights.end(), 0.0);
  }
  const std::int64_t taps = s.kernel_height * s.kernel_width;
  for (std::int64_t row = 0; row < s.rows(); ++row) {
    const std::int64_t ox = row % s.out_width, oy = row / s.out_width % s.out_height;
    const std::int64_t b = row / (s.out_width * s.out_height);
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      const std::int64_t y = oy * s.stride - s.padding + tap / s.kernel_width;
      const std::int64_t x = ox * s.stride - s.padding + tap % s.kernel_width;
      if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
      const std::int64_t pixel = ((b * s.height + y) * s.width + x) * s.channels;
      for (std::int64_t o = 0; o < s.features; ++o) {
        for (std::int64_t c = 0; c < s.channels; ++c) {
          const std::int64_t w = (o * s.channels + c) * taps + tap;
          r.features[row * s.features + o] += double(p.weights[w]) * p.image[pixel + c];
          r.image[pixel + c] += double(p.weights[w]) * p.features[row * s.features + o];
          r.weights[w] += double(p.image[pixel + c]) * p.features[row * s.features + o];
        }
      }
    }
  }
  return r;
}

template <class T>
struct Computed {
  std::vector<T> features, image, weights;
};

template <class T>
Computed<T> computed(const Problem<T>& p, bool add, Activation activation = Activation::identity) {
  Computed<T> r{p.features, p.image, p.weights};
  correlate(p.s, p.image.data(), p.weights.data(), add ? nullptr : p.feature_bias.data(),
            activation, r.features.data(), add);
  spread(p.s, p.features.data(), p.weights.data(), add ? nullptr : p.pixel_bias.data(), activation,
         r.image.data(), add);
  correlate_weight_gradient(p.s, p.image.data(), p.features.data(), r.weights.data(), add);
  return r;
}

/// The largest difference, as a share of the largest number.
template <class T>
double farthest(const std::vector<T>& a, const std::vector<double>& b) {
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double distance = std::abs(double(a[i]) - b[i]);
    if (!(distance <= difference)) difference = distance;  // NaN is the farthest
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, std::abs(b[i]));
  }
  return difference == 0 ? 0 : difference / largest;
}

template <class T>
void check_definition(const ConvolutionShape& s, double tolerance) {
  const Problem<T> p{s};
  for (const bool add : {false, true}) {
    INFO("add " << add << ", padding " << s.padding);
    const Results expected = by_definition(p, add);
    const Computed<T> found = computed(p, add);
    CHECK(farthest(found.features, expected.features) < tolerance);
    CHECK(farthest(found.image, expected.image) < tolerance);
    CHECK(farthest(found.weights, expected.weights) < tolerance);
  }
  for (const Activation activation : {Activation::relu, Activation::tanh}) {
    Results expected = by_definition(p, false);
    for (auto* values : {&expected.features, &expected.image}) {
      for (double& y : *values)
        y = activation == Activation::relu ? std::max(y, 0.0) : std::tanh(y);
    }
    const Computed<T> found = computed(p, false, activation);
    // The errors are those of sums of up to 25, and tanh is at most 1.
    CHECK(farthest(found.features, expected.features) < 25 * tolerance);
    CHECK(farthest(found.image, expected.image) < 25 * tolerance);
  }
}

/// Kernels of 4 x 4 at stride 2, as `winograd_serves` wants them.
ConvolutionShape halving(std::int64_t batch, std::int64_t height, std::int64_t width,
                         std::int64_t channels, std::int64_t features, std::int64_t padding) {
  return {batch,
          height,
          width,
          channels,
          (height + 2 * padding - 4) / 2 + 1,
          (width + 2 * padding - 4) / 2 + 1,
          features,
          4,
          4,
          2,
          padding};
}

}  // namespace

TEST_CASE("convolution: minimal filtering is the definition for every padding and for odd sizes",
          "[convolution]") {
  under_each_isa([] {
    for (std::int64_t padding = 0; padding <= 3; ++padding) {
      for (const std::int64_t height : {16, 17, 18, 19}) {
        const ConvolutionShape s = halving(2, height, 24 - padding % 2, 16, 48, padding);
        REQUIRE(winograd_serves(s));
        check_definition<double>(s, 2e-14);
        check_definition<float>(s, 2e-6);
      }
    }
    check_definition<double>(halving(70, 8, 8, 48, 16, 1), 2e-14);  // slices of channels, parts
    check_definition<float>(halving(70, 8, 8, 48, 16, 1), 2e-6);
  });
}

TEST_CASE("convolution: thin images are the definition at strides, sizes and paddings of all kinds",
          "[convolution]") {
  for (const std::int64_t channels : {1, 3}) {
    for (const std::int64_t stride : {1, 2, 3, 5}) {
      for (const std::int64_t kernel : {1, 3, 4}) {
        for (std::int64_t padding = 0; padding <= 4; ++padding) {
          const std::int64_t height = 7, width = 10;
          const ConvolutionShape s{2,
                                   height,
                                   width,
                                   channels,
                                   (height + 2 * padding - kernel) / stride + 1,
                                   (width + 2 * padding - kernel) / stride + 1,
                                   5,
                                   kernel,
                                   kernel,
                                   stride,
                                   padding};
          REQUIRE_FALSE(winograd_serves(s));
          check_definition<double>(s, 2e-14);
        }
      }
    }
  }
}

TEST_CASE("convolution: minimal filtering has the same bits on any number of threads",
          "[convolution][threads]") {
  const Problem<float> p{halving(33, 16, 16, 32, 64, 1)};
  const std::size_t before = num_threads();
  set_num_threads(1);
  const Computed<float> one = computed(p, false, Activation::tanh);
  set_num_threads(4);
  const Computed<float> four = computed(p, false, Activation::tanh);
  set_num_threads(before);
  CHECK(same_bits(one.features, four.features));
  CHECK(same_bits(one.image, four.image));
  CHECK(same_bits(one.weights, four.weights));
}

TEST_CASE("convolution: an image's numbers of 32 features do not depend on those beside it",
          "[convolution]") {
  const Problem<float> all{halving(9, 8, 8, 16, 32, 1)};
  Problem<float> last{halving(1, 8, 8, 16, 32, 1)};
  last.weights = all.weights;
  last.feature_bias = all.feature_bias;
  std::copy(all.image.end() - std::ptrdiff_t(last.image.size()), all.image.end(),
            last.image.begin());
  std::copy(all.features.end() - std::ptrdiff_t(last.features.size()), all.features.end(),
            last.features.begin());
  const Computed<float> of_all = computed(all, false), of_last = computed(last, false);
  CHECK(same_bits(
      of_last.features,
      {of_all.features.end() - std::ptrdiff_t(of_last.features.size()), of_all.features.end()}));
  CHECK(same_bits(of_last.image,
                  {of_all.image.end() - std::ptrdiff_t(of_last.image.size()), of_all.image.end()}));
}
