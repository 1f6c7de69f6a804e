// Autoencoders with Bernoulli and one-hot categorical codes: their layers' sizes, what they compute
// (against plain loops), threads.
#include <optional>

#include "autodiff/error.hpp"
#include "autodiff/threads.hpp"
#include "models/posteriors/posterior.hpp"
#include "models/vae.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

struct Autoencoder {
  explicit Autoencoder(const std::string& posterior, const char* architecture = "mlp",
                       const Shape& example = {6}, DType dtype = DType::f64)
      : store(dtype) {
    config.architecture = architecture;
    config.example = example;
    config.latent = 3;
    if (config.architecture == "mlp") config.hidden = {5};
    config.posterior = parse_posterior(posterior);
    const std::int64_t x = example.size();
    vae.emplace(config, DataMoments{Tensor::full({x}, 0.3), Tensor::full({x}, 0.2)}, store);
    store.freeze(4);
  }
  std::string shape(const std::string& name) const { return store.tensor(name).shape().text(); }

  VaeConfig config;
  ParameterStore store;
  std::optional<Vae> vae;
};

}  // namespace

TEST_CASE("discrete autoencoder: heads and decoders have their size") {
  const Autoencoder binary("bernoulli"), classes("categorical:4");
  CHECK(binary.vae->codes().variables == 3);
  CHECK(binary.vae->codes().dimensions() == 3);
  CHECK(has_exact_div(*binary.vae));
  CHECK(has_exact_div(*classes.vae));
  CHECK(binary.shape("encoder.head.weight") == "[5, 3]");
  CHECK(binary.shape("decoder.0.weight") == "[3, 5]");
  CHECK(classes.vae->codes().variables == 3);
  CHECK(classes.vae->codes().dimensions() == 12);
  CHECK(classes.shape("encoder.head.weight") == "[5, 12]");
  CHECK(classes.shape("encoder.head.bias") == "[12]");
  CHECK(classes.shape("decoder.0.weight") == "[12, 5]");
  const Autoencoder conv("categorical:4", "conv64", {64, 64});
  CHECK(conv.shape("encoder.head.weight") == "[256, 12]");
  CHECK(conv.shape("decoder.0.weight") == "[12, 256]");

  VaeConfig config = classes.config;
  ParameterStore store;
  const DataMoments moments{Tensor::full({6}, 0.3), Tensor::full({6}, 0.2)};
  config.prior = parse_prior("normal");
  CHECK_THROWS_WITH(Vae(config, moments, store), contains("choose the prior uniform"));
  config.prior = parse_prior("uniform");
  config.latent = std::int64_t{1} << 19;
  CHECK_THROWS_WITH(Vae(config, moments, store), contains("524288") && contains("categorical:4"));
}

TEST_CASE("discrete autoencoder: logits and codes") {
  for (const char* name : {"bernoulli", "categorical:4"}) {
    INFO(name);
    const Autoencoder m(name);
    const std::int64_t d = m.vae->codes().dimensions();
    Tape tape;
    Recording recording(tape);
    const Tensor x = uniform({1, 2, 6}, 12).reshape({2, 6});
    const auto q = m.vae->posterior(tape.leaf(x));
    REQUIRE(q->family() == std::string(name).substr(0, std::string(name).find(':')));
    // The head's output is the logits, the K of a variable together, and log Q their softmax.
    const Tensor w0 = m.store.tensor("encoder.0.weight"),
                 w1 = m.store.tensor("encoder.head.weight");
    const Tensor p = q->expectation().value();
    REQUIRE(p.shape() == Shape{2, d});
    for (std::int64_t b = 0; b < 2; ++b) {
      std::vector<double> logits;
      for (std::int64_t o = 0; o < d; ++o) {
        double expected = 0;  // biases start at 0
        for (std::int64_t h = 0; h < 5; ++h) {
          double in = 0;
          for (std::int64_t i = 0; i < 6; ++i) in += x.at({b, i}) * w0.at({i, h});
          expected += std::tanh(in) * w1.at({h, o});
        }
        logits.push_back(expected);
        if (const Bernoulli* const binary = q->binary()) {
          CHECK(binary->logits.value().at({b, o}) == Approx(expected).epsilon(1e-12));
        }
      }
      const std::size_t k = std::size_t(m.vae->codes().width());
      for (std::size_t o = 0; o < logits.size(); ++o) {
        double total = k == 1 ? 1 + std::exp(logits[o]) : 0;
        for (std::size_t i = o / k * k; k > 1 && i < (o / k + 1) * k; ++i) {
          total += std::exp(logits[i]);
        }
        CHECK(p.at({b, std::int64_t(o)}) == Approx(std::exp(logits[o]) / total).epsilon(1e-12));
      }
    }
    CHECK((q->binary() != nullptr) == (m.vae->codes().kind == CodeSpace::Kind::binary));
    const Var noise = tape.leaf({7, 2, d}, DType::f64);
    fill_noise(m.vae->codes().noise(), tape.data(noise), {.stream = {1, StreamId::noise}});
    CHECK(noise.value().values() == [&] {
      const Tensor same({7, 2, d}, DType::f64);
      fill_noise(Noise::uniform, same, {.stream = {1, StreamId::noise}});
      return same.values();
    }());
    const Var z = q->draw(noise).z;
    CHECK(m.vae->log_likelihood(z, tape.leaf(x)).shape().text() == "[7, 2]");
    CHECK(m.vae->likelihood()->mean(m.vae->decode(z)).shape().text() == "[7, 2, 6]");
    const auto prior = m.vae->prior();
    const Var prior_noise = tape.leaf({9, 2, prior->noise_dimensions()}, DType::f64);
    const Var prior_data = m.vae->likelihood()->mean(m.vae->decode(prior->sample(prior_noise)));
    CHECK(prior_data.shape().text() == "[9, 2, 6]");
  }
}

TEST_CASE("discrete autoencoder: the same bits for any number of threads") {
  for (const char* name : {"bernoulli", "categorical:4"}) {
    const Autoencoder m(name, "mlp", {300}, DType::f32);
    const auto run = [&](std::size_t threads) {
      set_num_threads(threads);
      Tape tape;
      Recording recording(tape);
      const auto q =
          m.vae->posterior(tape.leaf(uniform({1, 500, 300}, 3, DType::f32).reshape({500, 300})));
      const Var noise = tape.leaf({20, 500, m.vae->codes().dimensions()});
      fill_noise(m.vae->codes().noise(), tape.data(noise), {.stream = {1, StreamId::noise}});
      const PosteriorSample drawn = q->draw(noise);
      GradientSink sink(m.store);
      tape.backward(mean(drawn.log_prob * drawn.log_prob), all_groups & ~leaf_group, sink);
      std::vector<double> all = drawn.z.value().values();
      for (const double value : sink.buffer().values()) all.push_back(value);
      return all;
    };
    const std::size_t before = num_threads();
    const auto one = run(1), two = run(2), five = run(5);
    set_num_threads(before);
    CHECK(one == two);
    CHECK(one == five);
  }
}
