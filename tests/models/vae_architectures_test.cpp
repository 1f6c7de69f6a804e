// The architectures of autoencoders: their parameters and sizes.
#include "models/architectures/architecture.hpp"

#include "autodiff/setting_error.hpp"

#include "tests/models/support.hpp"
#include "tests/models/vae_configs.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

std::vector<std::string> parameters(const VaeConfig& config) {
  ParameterStore store;
  const Vae vae(config, flat_moments(config.example), store);
  std::vector<std::string> all;
  for (const auto& entry : store.entries()) {
    all.push_back(store.group_names()[std::size_t(entry.group)] + " " + entry.name + " " +
                  entry.shape.text());
  }
  return all;
}

std::size_t count(const VaeConfig& config) {
  ParameterStore store;
  const Vae vae(config, flat_moments(config.example), store);
  return store.count();
}

}  // namespace

TEST_CASE("vae: names, groups and shapes of the parameters") {
  CHECK(parameters(small()) ==
        std::vector<std::string>{
            "phi encoder.0.weight [6, 5]", "phi encoder.0.bias [5]", "phi encoder.1.weight [5, 4]",
            "phi encoder.1.bias [4]", "phi encoder.head.weight [4, 4]", "phi encoder.head.bias [4]",
            "theta decoder.0.weight [2, 4]", "theta decoder.0.bias [4]",
            "theta decoder.1.weight [4, 5]", "theta decoder.1.bias [5]",
            "theta decoder.output.weight [5, 6]", "theta decoder.output.bias [6]"});
  VaeConfig learned = small();
  learned.likelihood = parse_likelihood("normal:learned");
  CHECK(parameters(learned).back() == "theta decoder.log_variance [6]");

  VaeConfig conv;
  conv.architecture = "conv64";
  conv.example = {64, 64, 3};
  CHECK(parameters(conv) ==
        std::vector<std::string>{
            "phi encoder.0.weight [32, 3, 4, 4]",        "phi encoder.0.bias [32]",
            "phi encoder.1.weight [32, 32, 4, 4]",       "phi encoder.1.bias [32]",
            "phi encoder.2.weight [64, 32, 4, 4]",       "phi encoder.2.bias [64]",
            "phi encoder.3.weight [64, 64, 4, 4]",       "phi encoder.3.bias [64]",
            "phi encoder.4.weight [1024, 256]",          "phi encoder.4.bias [256]",
            "phi encoder.head.weight [256, 20]",         "phi encoder.head.bias [20]",
            "theta decoder.0.weight [10, 256]",          "theta decoder.0.bias [256]",
            "theta decoder.1.weight [256, 1024]",        "theta decoder.1.bias [1024]",
            "theta decoder.2.weight [64, 64, 4, 4]",     "theta decoder.2.bias [64]",
            "theta decoder.3.weight [64, 32, 4, 4]",     "theta decoder.3.bias [32]",
            "theta decoder.4.weight [32, 32, 4, 4]",     "theta decoder.4.bias [32]",
            "theta decoder.output.weight [32, 3, 4, 4]", "theta decoder.output.bias [3]"});
}

TEST_CASE("vae: numbers of parameters of the published architectures") {
  VaeConfig config;
  config.example = {28, 28};
  config.architecture = "burda";
  const auto dense = [](std::size_t i, std::size_t o) { return i * o + o; };
  CHECK(count(config) == dense(784, 200) + dense(200, 200) + 2 * dense(200, 50) + dense(50, 200) +
                             dense(200, 200) + dense(200, 784));
  config.architecture = "mlp";
  config.hidden = {500};
  config.latent = 20;
  CHECK(count(config) == dense(784, 500) + 2 * dense(500, 20) + dense(20, 500) + dense(500, 784));
  config = {};
  config.example = {64, 64};
  config.architecture = "chen_mlp";
  CHECK(count(config) == dense(4096, 1200) + dense(1200, 1200) + 2 * dense(1200, 10) +
                             dense(10, 1200) + 2 * dense(1200, 1200) + dense(1200, 4096));
  config.architecture = "conv64";
  const std::size_t convolutions = 16 * (32 + 32 * 32 + 32 * 64 + 64 * 64);
  CHECK(count(config) == 2 * convolutions + (32 + 32 + 64 + 64) + (64 + 32 + 32 + 1) +
                             dense(1024, 256) + dense(256, 20) + dense(10, 256) + dense(256, 1024));
}

TEST_CASE("vae: an architecture's own sizes are filled in") {
  for (const Architecture& a : architectures().all()) {
    VaeConfig config;
    config.architecture = a.name;
    config.example = {64, 64};
    const VaeConfig resolved = resolve(config);
    CHECK(resolved.latent == a.latent);
    CHECK(resolved.hidden == a.hidden);
    config.latent = 7;
    CHECK(resolve(config).latent == 7);
    // A resolved configuration resolves to itself: files hold it.
    CHECK(resolve(resolved).hidden == resolved.hidden);
  }
}

TEST_CASE("vae: gated and normalised hidden layers in both networks") {
  VaeConfig config = small();
  config.hidden = {5};
  config.layer_norm = config.gated = true;
  CHECK(parameters(config) ==
        std::vector<std::string>{
            "phi encoder.0.weight [6, 5]", "phi encoder.0.bias [5]",
            "phi encoder.0.norm.weight [5]", "phi encoder.0.norm.bias [5]",
            "phi encoder.0.gate.weight [6, 5]", "phi encoder.0.gate.bias [5]",
            "phi encoder.head.weight [5, 4]", "phi encoder.head.bias [4]",
            "theta decoder.0.weight [2, 5]", "theta decoder.0.bias [5]",
            "theta decoder.0.norm.weight [5]", "theta decoder.0.norm.bias [5]",
            "theta decoder.0.gate.weight [2, 5]", "theta decoder.0.gate.bias [5]",
            "theta decoder.output.weight [5, 6]", "theta decoder.output.bias [6]"});
}

TEST_CASE("vae: without hidden layers encoder and decoder are linear") {
  VaeConfig config = small();
  config.hidden = {};
  config.linear = true;
  CHECK(parameters(config) == std::vector<std::string>{"phi encoder.head.weight [6, 4]",
                                                       "phi encoder.head.bias [4]",
                                                       "theta decoder.output.weight [2, 6]",
                                                       "theta decoder.output.bias [6]"});
  CHECK(resolve(resolve(config)).hidden.empty());
  ParameterStore store(DType::f64);
  const Vae vae(config, flat_moments({6}), store);
  store.freeze(2);
  const Tensor x = numbers({3, 6}, 1);
  Tape tape;
  const Recording recording(tape);
  const Tensor mean = vae.posterior(tape.leaf(x))->expectation().value();
  for (std::int64_t b = 0; b < 3; ++b) {
    const auto wanted = dense(store, "encoder.head", x.slice(0, b, b + 1).values());
    for (std::int64_t d = 0; d < 2; ++d) CHECK(mean.at({b, d}) == Approx(wanted[std::size_t(d)]));
  }
}

TEST_CASE(
    "vae: with a centre the encoder sees x less the training mean, the decoder nothing of it") {
  const Tensor x = numbers({3, 6}, 1), mean = numbers({6}, 2);
  const DataMoments moments{mean, Tensor::full({6}, 1, DType::f64)};
  const auto codes_of = [&](bool centre, std::vector<double> stored, const DataMoments& given,
                            const Tensor& seen) {
    VaeConfig config = small();
    config.likelihood = parse_likelihood("normal");
    config.centre = centre;
    config.centre_mean = std::move(stored);
    ParameterStore store(DType::f64);
    const Vae vae(config, given, store);
    store.freeze(2);
    Tape tape;
    const Recording recording(tape);
    return vae.posterior(tape.leaf(seen))->expectation().value().values();
  };
  Tensor less = x.cast(DType::f32).cast(DType::f64);
  for (std::int64_t b = 0; b < 3; ++b) {
    for (std::int64_t i = 0; i < 6; ++i) less.set({b, i}, x.at({b, i}) - mean.at({i}));
  }
  const std::vector<double> wanted = codes_of(false, {}, moments, less);
  CHECK(codes_of(true, {}, moments, x) == wanted);
  // As a file has it: with its own mean, whatever the moments.
  const DataMoments others{Tensor::full({6}, 9, DType::f64), Tensor::full({6}, 1, DType::f64)};
  CHECK(codes_of(true, mean.values(), others, x) == wanted);
  CHECK(codes_of(false, {}, moments, x) != wanted);
  CHECK_THROWS_WITH(codes_of(true, {1, 2}, moments, x), contains("centre_mean: must be 6 finite"));
  CHECK_THROWS_WITH(codes_of(true, std::vector<double>(6, std::nan("")), moments, x),
                    contains("6 finite"));
  CHECK_THROWS_WITH(codes_of(true, {}, {Tensor(Shape{0}), Tensor(Shape{0})}, x),
                    contains("centre: the mean of the training data is not known"));
}

TEST_CASE("vae: what networks are made of is refused by name where a model does not take it") {
  const std::vector<std::pair<std::string, std::function<void(VaeConfig&)>>> settings{
      {"activation", [](VaeConfig& c) { c.activation = Activation::relu; }},
      {"layer_norm", [](VaeConfig& c) { c.layer_norm = true; }},
      {"gated", [](VaeConfig& c) { c.gated = true; }},
      {"dropout", [](VaeConfig& c) { c.dropout = 0.1; }},
      {"centre", [](VaeConfig& c) { c.centre = true; }},
      {"hidden", [](VaeConfig& c) { c.linear = true; }}};
  const auto refusal = [](const VaeConfig& config) -> std::string {
    try {
      resolve(config);
    } catch (const SettingError& error) {
      return error.setting();
    }
    return "";
  };
  for (const auto& [setting, give] : settings) {
    for (const char* model : {"burda", "chen_mlp", "conv64", "mlp"}) {
      CAPTURE(setting, model);
      VaeConfig config{.architecture = model, .example = {64, 64}};
      give(config);
      CHECK(refusal(config) == (model == std::string("mlp") ? "" : setting));
      if (setting == "centre" || setting == "hidden") continue;
      config.architecture = "mlp";
      config.linear = true;  // it is of hidden layers, and there are none
      CHECK(refusal(config) == setting);
    }
  }
  VaeConfig config{.example = {4}};
  for (const double rate : {-0.1, 1.0, std::nan("")}) {
    config.dropout = rate;
    CHECK(refusal(config) == "dropout");
  }
}
