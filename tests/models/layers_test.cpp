// Layers against plain loops in double, their parameters' names, shapes and gradients.
#include "models/layers.hpp"

#include "autodiff/error.hpp"
#include "tests/models/layer_checks.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("layers: linear") {
  ParameterStore store(DType::f64);
  const Linear layer(store, "encoder.0", "phi", 3, 2, Activation::tanh, glorot_uniform,
                     constant(Tensor::of({0.5, -0.25}, {2})));
  CHECK(names(store) == std::vector<std::string>{"encoder.0.weight [3, 2]", "encoder.0.bias [2]"});
  CHECK(store.group_names() == std::vector<std::string>{"phi"});
  store.freeze(1);
  const Tensor x = numbers({4, 2, 3}, 1), w = store.tensor("encoder.0.weight");
  const Tensor y = apply(layer, x);
  REQUIRE(y.shape().text() == "[4, 2, 2]");
  for (std::int64_t s = 0; s < 4; ++s) {
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t o = 0; o < 2; ++o) {
        double sum = o == 0 ? 0.5 : -0.25;
        for (std::int64_t i = 0; i < 3; ++i) sum += x.at({s, b, i}) * w.at({i, o});
        CHECK(y.at({s, b, o}) == Approx(std::tanh(sum)).epsilon(1e-13));
      }
    }
  }
  check_layer_gradient(store, layer, x);
  CHECK_THROWS_WITH(Linear(store, "bad", "phi", 0, 2), contains("linear 'bad'"));
}

TEST_CASE("layers: an MLP is its linear layers in turn") {
  ParameterStore store(DType::f64);
  const std::vector<std::int64_t> widths{4, 5};
  const Mlp mlp(store, "net", "theta", 3, widths, Activation::softplus);
  CHECK(mlp.outputs() == 5);
  CHECK(names(store) == std::vector<std::string>{"net.0.weight [3, 4]", "net.0.bias [4]",
                                                 "net.1.weight [4, 5]", "net.1.bias [5]"});
  store.freeze(2);
  Tensor y = numbers({2, 3}, 5);
  const Tensor x = y.contiguous();
  for (const std::string layer : {"net.0.weight", "net.1.weight"}) {
    const Tensor w = store.tensor(layer);
    Tensor next({2, w.shape()[1]}, DType::f64);
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t o = 0; o < w.shape()[1]; ++o) {
        double sum = 0;
        for (std::int64_t i = 0; i < w.shape()[0]; ++i) sum += y.at({b, i}) * w.at({i, o});
        next.set({b, o}, std::log1p(std::exp(sum)));
      }
    }
    y = next;
  }
  const std::vector<double> expected = y.values(), found = apply(mlp, x).values();
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(found[i] == Approx(expected[i]).epsilon(1e-12));
  const Mlp none(store, "none", "theta", 3, {}, Activation::tanh);
  CHECK(none.outputs() == 3);
}

TEST_CASE("layers: convolution") {
  ParameterStore store(DType::f64);
  const Conv2d layer(store, "c", "phi", 2, 3, {.kernel = 4, .stride = 2, .padding = 1},
                     Activation::relu, glorot_uniform, constant(Tensor::of({0.1, 0.2, -0.3}, {3})));
  CHECK(names(store) == std::vector<std::string>{"c.weight [3, 2, 4, 4]", "c.bias [3]"});
  store.freeze(3);
  const double bound = std::sqrt(6.0 / (16 * (2 + 3)));
  for (double w : store.tensor("c.weight").values()) CHECK(std::fabs(w) <= bound);
  const Tensor x = numbers({2, 6, 8, 2}, 7), w = store.tensor("c.weight");
  const Tensor y = apply(layer, x);
  REQUIRE(y.shape().text() == "[2, 3, 4, 3]");
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t j = 0; j < 4; ++j) {
        for (std::int64_t o = 0; o < 3; ++o) {
          double sum = store.tensor("c.bias").at({o});
          for (std::int64_t ky = 0; ky < 4; ++ky) {
            for (std::int64_t kx = 0; kx < 4; ++kx) {
              const std::int64_t r = 2 * i - 1 + ky, c = 2 * j - 1 + kx;
              if (r < 0 || r >= 6 || c < 0 || c >= 8) continue;
              for (std::int64_t k = 0; k < 2; ++k) sum += x.at({b, r, c, k}) * w.at({o, k, ky, kx});
            }
          }
          CHECK(y.at({b, i, j, o}) == Approx(std::max(sum, 0.0)).margin(1e-13));
        }
      }
    }
  }
  CHECK_THROWS_WITH(Conv2d(store, "bad", "phi", 1, 1, {.kernel = 0}), contains("conv2d 'bad'"));
}

TEST_CASE("layers: a transposed convolution is the transpose of the convolution with its weights") {
  // <conv(x), y> = <x, conv_transpose(y)> without biases.
  ParameterStore store(DType::f64);
  const Window window{.kernel = 4, .stride = 2, .padding = 1};
  const Conv2d conv(store, "c", "phi", 2, 3, window);
  const ConvTranspose2d transposed(store, "t", "theta", 3, 2, window);
  store.freeze(4);
  CHECK(store.tensor("t.weight").shape().text() == "[3, 2, 4, 4]");
  CHECK(store.tensor("t.bias").shape().text() == "[2]");
  store.tensor("t.weight").copy_from(store.tensor("c.weight"));
  const Tensor x = numbers({2, 6, 8, 2}, 8), y = numbers({2, 3, 4, 3}, 9);
  const Tensor forward = apply(conv, x), back = apply(transposed, y);
  REQUIRE(back.shape().text() == "[2, 6, 8, 2]");
  const auto dot = [](const Tensor& a, const Tensor& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.values().size(); ++i) sum += a.values()[i] * b.values()[i];
    return sum;
  };
  CHECK(dot(forward, y) == Approx(dot(x, back)).epsilon(1e-12));
}

TEST_CASE("layers: gradients of small convolutions") {
  ParameterStore store(DType::f64);
  const Sequential net{
      Conv2d(store, "c", "phi", 1, 2, {.kernel = 3, .stride = 1, .padding = 1}, Activation::tanh),
      ConvTranspose2d(store, "t", "phi", 2, 1, {.kernel = 2, .stride = 2}, Activation::tanh),
      Flatten()};
  CHECK(net.size() == 3);
  store.freeze(5);
  const Tensor x = numbers({2, 3, 3, 1}, 10);
  CHECK(apply(net, x).shape().text() == "[2, 36]");
  check_layer_gradient(store, net, x);
}

TEST_CASE("layers: flatten and unflatten keep the row-major order") {
  const Tensor x = numbers({2, 3, 4, 5}, 11);
  const Tensor flat = apply(Flatten(), x);
  CHECK(flat.shape().text() == "[2, 60]");
  CHECK(flat.values() == x.values());
  const Tensor back = apply(Unflatten({3, 4, 5}), flat);
  CHECK(back.shape().text() == "[2, 3, 4, 5]");
  CHECK(back.values() == x.values());
  CHECK(apply(Unflatten({2, 2}), numbers({3, 5, 4}, 12)).shape().text() == "[15, 2, 2]");
  CHECK_THROWS_WITH(apply(Unflatten({2, 2}), numbers({3, 5}, 12)), contains("4 features"));
}

TEST_CASE("layers: layer norm") {
  ParameterStore store(DType::f64);
  const LayerNorm norm(store, "n", "theta", 5);
  store.freeze(6);
  const Tensor x = numbers({2, 3, 5}, 13);
  const Tensor y = apply(norm, x);
  for (std::int64_t a = 0; a < 2; ++a) {
    for (std::int64_t b = 0; b < 3; ++b) {
      double mean = 0, variance = 0;
      for (std::int64_t d = 0; d < 5; ++d) mean += x.at({a, b, d}) / 5;
      for (std::int64_t d = 0; d < 5; ++d) variance += std::pow(x.at({a, b, d}) - mean, 2) / 5;
      for (std::int64_t d = 0; d < 5; ++d) {
        CHECK(y.at({a, b, d}) ==
              Approx((x.at({a, b, d}) - mean) / std::sqrt(variance + 1e-5)).epsilon(1e-12));
      }
    }
  }
  store.tensor("n.weight").copy_from(numbers({5}, 14));
  store.tensor("n.bias").copy_from(numbers({5}, 15));
  check_layer_gradient(store, norm, x);
  CHECK_THROWS_WITH(apply(norm, numbers({2, 4}, 1)), contains("length 5"));
}

TEST_CASE("layers: a residual block starts as the identity and adds its branch") {
  ParameterStore store(DType::f64);
  const auto none = [](std::int64_t, std::int64_t) { return zeros(); };
  const ResidualBlock block(
      Sequential{LayerNorm(store, "b.norm", "theta", 4),
                 Linear(store, "b.in", "theta", 4, 6, Activation::tanh),
                 Linear(store, "b.out", "theta", 6, 4, Activation::identity, none)});
  store.freeze(7);
  const Tensor x = numbers({3, 4}, 16);
  CHECK(apply(block, x).values() == x.values());
  store.tensor("b.out.weight").copy_from(numbers({6, 4}, 17));
  CHECK(apply(block, x).values() != x.values());
  check_layer_gradient(store, block, x);

  const ResidualBlock narrowing(Layer([](Var v) { return sum(v, 0, Keep::yes); }));
  CHECK_THROWS_WITH(apply(narrowing, x), contains("keep the shape"));
}
