// Hidden layers of every kind against plain loops in double.
#include "models/layers/hidden_layer.hpp"

#include "autodiff/error.hpp"
#include "models/activation_words.hpp"
#include "tests/models/layer_checks.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr std::int64_t B = 3, I = 4, O = 5;

double activated(const std::string& name, double x) {
  if (name == "tanh") return std::tanh(x);
  if (name == "relu") return x > 0 ? x : 0;
  if (name == "leaky_relu") return x > 0 ? x : 0.01 * x;
  if (name == "elu") return x > 0 ? x : std::exp(x) - 1;
  if (name == "softplus") return std::log(1 + std::exp(x));
  if (name == "sigmoid") return 1 / (1 + std::exp(-x));
  if (name == "gelu") return x * std::erfc(-x / std::sqrt(2.0)) / 2;
  if (name == "silu") return x / (1 + std::exp(-x));
  REQUIRE(name == "identity");
  return x;
}

std::vector<double> by_hand(const ParameterStore& store, const std::string& activation,
                            const HiddenKind& kind, const std::vector<double>& x) {
  std::vector<double> h = dense(store, "h", x);
  if (kind.layer_norm) {
    double mean = 0, variance = 0;
    for (const double v : h) mean += v / O;
    for (const double v : h) variance += (v - mean) * (v - mean) / O;
    for (std::int64_t o = 0; o < O; ++o) {
      double& v = h[std::size_t(o)];
      v = store.tensor("h.norm.weight").at({o}) * (v - mean) / std::sqrt(variance + 1e-5) +
          store.tensor("h.norm.bias").at({o});
    }
  }
  for (double& v : h) v = activated(activation, v);
  if (!kind.gated) return h;
  const std::vector<double> gate = dense(store, "h.gate", x);
  for (std::size_t o = 0; o < h.size(); ++o) h[o] *= 1 / (1 + std::exp(-gate[o]));
  return h;
}

}  // namespace

TEST_CASE("hidden layers: every activation, with norm, gate and both, by hand and by differences") {
  const std::string activation = GENERATE(from_range(activation_names()));
  const bool norm = GENERATE(false, true), gated = GENERATE(false, true);
  CAPTURE(activation, norm, gated);
  const HiddenKind kind{
      .activation = parse_activation(activation), .layer_norm = norm, .gated = gated};
  ParameterStore store(DType::f64);
  const HiddenLayer layer(store, "h", "phi", I, O, kind);
  store.freeze(4);
  unsigned seed = 20;
  for (const auto& entry : store.entries()) {
    store.tensor(entry.name).copy_from(numbers(entry.shape, ++seed));
  }
  const Tensor x = numbers({B, I}, 3), y = apply(layer, x);
  REQUIRE(y.shape().text() == "[3, 5]");
  for (std::int64_t b = 0; b < B; ++b) {
    const std::vector<double> wanted =
        by_hand(store, activation, kind, x.slice(0, b, b + 1).values());
    for (std::int64_t o = 0; o < O; ++o) {
      CHECK(y.at({b, o}) == Approx(wanted[std::size_t(o)]).epsilon(1e-12).margin(1e-14));
    }
  }
  check_layer_gradient(store, layer, x);
}

TEST_CASE("hidden layers: names and shapes of the parameters") {
  const auto names_of = [](const HiddenKind& kind) {
    ParameterStore store;
    const HiddenLayer layer(store, "encoder.0", "phi", 2, 3, kind);
    return names(store);
  };
  CHECK(names_of({}) == std::vector<std::string>{"encoder.0.weight [2, 3]", "encoder.0.bias [3]"});
  CHECK(names_of({.layer_norm = true, .gated = true, .dropout = 0.5}) ==
        std::vector<std::string>{"encoder.0.weight [2, 3]", "encoder.0.bias [3]",
                                 "encoder.0.norm.weight [3]", "encoder.0.norm.bias [3]",
                                 "encoder.0.gate.weight [2, 3]", "encoder.0.gate.bias [3]"});
}

TEST_CASE("hidden layers: activations have names") {
  CHECK_THROWS_WITH(parse_activation("leaky_rel"), contains("did you mean 'leaky_relu'?"));
  CHECK_THROWS_WITH(parse_activation("heaviside"), contains("activation 'heaviside' is unknown"));
}
