// The architectures of autoencoders: their parameters and sizes.
#include "models/architectures/architecture.hpp"

#include "tests/models/support.hpp"
#include "tests/models/vae_configs.hpp"

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
