// The optimiser's updates by tensors, and past the caches: the same bits.
#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/optimizer.hpp"
#include "tests/autodiff/each_isa.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

std::vector<float> waves(std::size_t n, double phase) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = float(std::sin(1.7 * double(i) + phase));
  return x;
}

}  // namespace

TEST_CASE("Told of the tensors in its ranges, an optimiser gives the same bits") {
  const std::vector<Range> ranges = {{16, 100'000}, {100'032, 70'007}};
  const std::vector<Range> tensors = {{16, 5}, {32, 60'000}, {60'032, 39'984}, {100'032, 70'007}};
  const std::size_t n = 170'100;
  Optimizer plain(OptimizerConfig{}, ranges), told(OptimizerConfig{}, ranges, DType::f32, tensors);
  std::vector<float> p = waves(n, 1), q = p;
  for (int step = 0; step < 3; ++step) {
    const std::vector<float> g = waves(n, 2 + step);
    plain.step(p.data(), g.data(), 0.01);
    told.step(q.data(), g.data(), 0.01);
  }
  CHECK(p == q);
  for (const std::size_t i : {0, 15, 100'016, 100'031, 170'039, 170'099}) {
    CHECK(p[i] == waves(n, 1)[i]);  // outside the ranges
  }
  for (std::size_t s = 0; s < 2; ++s) {
    const Tensor a = plain.state()[s].values, b = told.state()[s].values;
    CHECK(std::equal(a.data_as<float>(), a.data_as<float>() + a.size(), b.data_as<float>()));
  }
}

TEMPLATE_TEST_CASE("Parameters that are written past the caches have the same bits", "", float,
                   double) {
  using T = TestType;
  under_each_isa([] {
    const auto& functions = kernels_for<T>(active_kernels().optimizer());
    for (const std::size_t n : {64, 61, 3}) {
      for (const std::size_t offset :
           {0, 1}) {  // registers that lie at multiples of their size, and not
        CAPTURE(n, offset);
        alignas(64) T p[2][80], g[80], m[2][80], v[2][80];
        for (int past = 0; past < 2; ++past) {
          for (std::size_t i = 0; i < 80; ++i) {
            p[past][i] = T(std::sin(double(i)));
            g[i] = T(std::cos(double(i)));
            m[past][i] = v[past][i] = T(0.1);
          }
          const kernels::AdamStep adam{.rate = 0.1,
                                       .beta1 = 0.9,
                                       .beta2 = 0.99,
                                       .root = 1,
                                       .epsilon = 1e-8,
                                       .decay = 0.01,
                                       .scale = 0.5,
                                       .past_caches = past == 1};
          functions.adam(adam, n, p[past] + offset, g, m[past], v[past]);
          functions.sgd({0.1, 0.9, 0.5, past == 1}, n, p[past] + offset, g, m[past]);
          functions.sgd({0.1, 0, 0.5, past == 1}, n, p[past] + offset, g, nullptr);
        }
        CHECK(std::equal(p[0], p[0] + 80, p[1]));
        CHECK(p[0][offset] != T(std::sin(double(offset))));
        CHECK(p[0][n + offset] == T(std::sin(double(n + offset))));
      }
    }
  });
}
