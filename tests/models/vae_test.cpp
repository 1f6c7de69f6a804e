// The autoencoders: what they compute (against plain loops), where they start,
// what they refuse.
#include "models/vae.hpp"

#include "autodiff/error.hpp"
#include "models/distributions.hpp"
#include "tests/models/support.hpp"
#include "tests/models/vae_configs.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

std::vector<double> row(const Tensor& x, std::int64_t i) { return x.slice(0, i, i + 1).values(); }

}  // namespace

TEST_CASE("vae: encoder and decoder against plain loops") {
  ParameterStore store(DType::f64);
  const Vae vae(small(), flat_moments({2, 3}), store);
  store.freeze(1);
  CHECK(vae.codes().variables == 2);
  CHECK(vae.features() == 6);
  const Tensor x = numbers({3, 6}, 1), z = numbers({2, 3, 2}, 2);
  Tape tape;
  Recording recording(tape);
  const DiagNormal q = vae.posterior(tape.leaf(x))->diagonal("test");
  REQUIRE(q.mean.shape().text() == "[3, 2]");
  REQUIRE(q.log_variance.shape().text() == "[3, 2]");
  for (std::int64_t b = 0; b < 3; ++b) {
    const auto head =
        dense(store, "encoder.head",
              tanh_of(dense(store, "encoder.1", tanh_of(dense(store, "encoder.0", row(x, b))))));
    for (std::int64_t d = 0; d < 2; ++d) {
      CHECK(q.mean.value().at({b, d}) == Approx(head[std::size_t(d)]).epsilon(1e-12));
      CHECK(q.log_variance.value().at({b, d}) == Approx(head[std::size_t(2 + d)]).epsilon(1e-12));
    }
  }
  const Tensor logits = vae.decode(tape.leaf(z)).value();
  const Tensor means = vae.likelihood()->mean(vae.decode(tape.leaf(z))).value();
  const Tensor data = Tensor::full({3, 6}, 1, DType::f64);
  const Tensor log_p = vae.log_likelihood(tape.leaf(z), tape.leaf(data)).value();
  REQUIRE(logits.shape().text() == "[2, 3, 6]");
  REQUIRE(means.shape().text() == "[2, 3, 6]");
  REQUIRE(log_p.shape().text() == "[2, 3]");
  for (std::int64_t s = 0; s < 2; ++s) {
    for (std::int64_t b = 0; b < 3; ++b) {
      const std::vector<double> code{z.at({s, b, 0}), z.at({s, b, 1})};
      const auto l =
          dense(store, "decoder.output",
                tanh_of(dense(store, "decoder.1", tanh_of(dense(store, "decoder.0", code)))));
      double expected = 0;
      for (std::int64_t k = 0; k < 6; ++k) {
        const double p = 1 / (1 + std::exp(-l[std::size_t(k)]));
        CHECK(logits.at({s, b, k}) == Approx(l[std::size_t(k)]).epsilon(1e-12));
        CHECK(means.at({s, b, k}) == Approx(p).epsilon(1e-12));
        expected += std::log(p);
      }
      CHECK(log_p.at({s, b}) == Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("vae: normal likelihoods scatter about the decoder's output") {
  const double pi = std::acos(-1.0);
  for (const std::string likelihood : {"normal", "normal:0.3", "normal:learned"}) {
    INFO(likelihood);
    VaeConfig config = small();
    config.likelihood = parse_likelihood(likelihood);
    ParameterStore store(DType::f64);
    const Tensor variance = Tensor::of({0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, {6}, DType::f64);
    const Vae vae(config, {Tensor::full({2, 3}, 0.4), variance}, store);
    store.freeze(1);
    const Tensor x = numbers({3, 6}, 3), z = numbers({2, 3, 2}, 4);
    Tape tape;
    Recording recording(tape);
    const Tensor mean = vae.decode(tape.leaf(z)).value();
    CHECK(vae.likelihood()->mean(vae.decode(tape.leaf(z))).value().values() == mean.values());
    const Tensor log_p = vae.log_likelihood(tape.leaf(z), tape.leaf(x)).value();
    for (std::int64_t s = 0; s < 2; ++s) {
      for (std::int64_t b = 0; b < 3; ++b) {
        double expected = 0;
        for (std::int64_t k = 0; k < 6; ++k) {
          const double v = likelihood == "normal"       ? 1
                           : likelihood == "normal:0.3" ? 0.3
                                                        : variance.at({k});
          expected -=
              0.5 * (std::pow(x.at({b, k}) - mean.at({s, b, k}), 2) / v + std::log(2 * pi * v));
        }
        CHECK(log_p.at({s, b}) == Approx(expected).epsilon(1e-11));
      }
    }
  }
}

TEST_CASE("vae: the gradient of the ELBO agrees with differences in every parameter") {
  for (const char* likelihood : {"bernoulli", "normal:learned"}) {
    VaeConfig config = small();
    config.likelihood = parse_likelihood(likelihood);
    ParameterStore store(DType::f64);
    const Vae vae(config, flat_moments({6}), store);
    store.freeze(3);
    Tensor x = numbers({3, 6}, 5), noise = numbers({2, 3, 2}, 6);
    for (std::int64_t i = 0; i < x.size(); ++i)
      x.data_as<double>()[i] = x.values()[std::size_t(i)] > 0;
    const auto elbo = [&](Tape& tape) {
      const Var data = tape.leaf(x);
      const DiagNormal q = vae.posterior(data)->diagonal("test");
      return mean(vae.log_likelihood(q.rsample(tape.leaf(noise)), data)) -
             mean(kl(q, StandardNormal{2, DType::f64}));
    };
    Tape tape;
    GradientSink sink(store);
    {
      Recording recording(tape);
      tape.backward(elbo(tape), store.groups({"phi", "theta"}), sink);
    }
    for (std::uint32_t i = 0; i < store.entries().size(); ++i) {
      const Tensor w = store.tensor(ParameterId{i}), gradient = sink.tensor(store, ParameterId{i});
      for (std::int64_t k = 0; k < w.size(); ++k) {
        double& number = w.data_as<double>()[k];
        const double centre = number, h = 1e-6;
        const auto at = [&](double value) {
          number = value;
          Tape fresh;
          Recording recording(fresh);
          return elbo(fresh).item();
        };
        const double difference = (at(centre + h) - at(centre - h)) / (2 * h);
        number = centre;
        INFO(store.entries()[i].name << ", element " << k);
        CHECK(gradient.values()[std::size_t(k)] == Approx(difference).epsilon(1e-6).margin(1e-8));
      }
    }
  }
}

TEST_CASE("vae: a replayed recording sees new data, new noise and moved parameters") {
  for (const std::string likelihood : {"bernoulli", "normal:0.5", "normal:learned"}) {
    INFO(likelihood);
    VaeConfig config = small();
    config.likelihood = parse_likelihood(likelihood);
    ParameterStore store(DType::f64);
    const Vae vae(config, flat_moments({6}), store);
    store.freeze(4);
    Tape tape({.mode = Tape::Mode::replay});
    Var x, noise, log_p, image;
    {
      Recording recording(tape);
      x = tape.leaf({3, 6}, DType::f64);
      noise = tape.leaf({2, 3, 2}, DType::f64);
      const Var z = vae.posterior(x)->draw(noise).z;
      log_p = vae.log_likelihood(z, x);
      image = vae.likelihood()->mean(vae.decode(z));
    }
    for (unsigned step = 0; step < 2; ++step) {
      tape.data(x).copy_from(numbers({3, 6}, 20 + step));
      tape.data(noise).copy_from(numbers({2, 3, 2}, 30 + step));
      store.tensor("encoder.0.weight").copy_from(numbers({6, 5}, 40 + step));
      tape.forward();
      Tape fresh;
      Recording recording(fresh);
      const Var data = fresh.leaf(numbers({3, 6}, 20 + step));
      const Var z = vae.posterior(data)->draw(fresh.leaf(numbers({2, 3, 2}, 30 + step))).z;
      CHECK(log_p.value().values() == vae.log_likelihood(z, data).value().values());
      CHECK(image.value().values() == vae.likelihood()->mean(vae.decode(z)).value().values());
    }
  }
}

TEST_CASE("vae: the last layer starts at the data") {
  const Tensor mean = Tensor::of({0, 0.0005, 0.25, 0.5, 0.9, 1}, {2, 3}, DType::f64);
  const Tensor variance = Tensor::of({0, 0.1, 0.2, 0.3, 0.4, 0.2}, {2, 3}, DType::f64);
  for (const std::string likelihood : {"bernoulli", "normal", "normal:learned"}) {
    VaeConfig config = small();
    config.likelihood = parse_likelihood(likelihood);
    ParameterStore store(DType::f64);
    const Vae vae(config, {mean, variance}, store);
    store.freeze(1);
    INFO(likelihood);
    const Tensor bias = store.tensor("decoder.output.bias");
    for (std::int64_t k = 0; k < 6; ++k) {
      const double m = mean.values()[std::size_t(k)], p = std::min(std::max(m, 0.001), 0.999);
      CHECK(bias.at({k}) ==
            Approx(likelihood == "bernoulli" ? std::log(p / (1 - p)) : m).margin(1e-13));
      if (likelihood == "normal:learned") {
        // Feature 0 is constant: a thousandth of the average variance, 0.2.
        const double v = k == 0 ? 0.0002 : variance.values()[std::size_t(k)];
        CHECK(store.tensor("decoder.log_variance").at({k}) == Approx(std::log(v)).epsilon(1e-12));
      }
    }
    // All other biases are 0, weights are within Glorot's bound.
    CHECK(store.tensor("decoder.1.bias").values() == std::vector<double>(5, 0.0));
    for (double w : store.tensor("decoder.output.weight").values())
      CHECK(std::fabs(w) <= std::sqrt(6.0 / 11));
    // Each half of the head starts as a layer of its own would: 4 inputs, 2 outputs.
    for (double w : store.tensor("encoder.head.weight").values())
      CHECK(std::fabs(w) <= std::sqrt(6.0 / 6));
  }
}

TEST_CASE("vae: constant data start a learned variance at 1") {
  VaeConfig config = small();
  config.likelihood = parse_likelihood("normal:learned");
  ParameterStore store;
  const Vae vae(config, flat_moments({2, 3}, 0.5, 0), store);
  store.freeze(1);
  CHECK(store.tensor("decoder.log_variance").values() == std::vector<double>(6, 0.0));
}

TEST_CASE("vae: conv64 treats draws and data as one batch, and each image by itself") {
  VaeConfig config;
  config.architecture = "conv64";
  config.example = {64, 64, 2};
  config.latent = 3;
  ParameterStore store;
  DataMoments moments = flat_moments(config.example);
  for (std::int64_t r = 0; r < 64; ++r) {
    for (std::int64_t c = 0; c < 64; ++c) moments.mean.set({r, c, 1}, r < 16 ? 1 : 0.2);
  }
  const Vae vae(config, moments, store);
  store.freeze(1);
  // Channel 1 has mean 0.4.
  const Tensor bias = store.tensor("decoder.output.bias");
  CHECK(bias.at({0}) == Approx(std::log(0.2 / 0.8)).epsilon(1e-5));
  CHECK(bias.at({1}) == Approx(std::log(0.4 / 0.6)).epsilon(1e-5));

  const Tensor z = numbers({2, 3, 3}, 7).cast(DType::f32);
  Tensor x = numbers({3, 64 * 64 * 2}, 8).cast(DType::f32);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data_as<float>()[i] = x.data_as<float>()[i] > 0.8f;
  Tape tape;
  Recording recording(tape);
  const Var data = tape.leaf(x);
  const DiagNormal q = vae.posterior(data)->diagonal("test");
  CHECK(q.mean.shape().text() == "[3, 3]");
  const Tensor all = vae.decode(tape.leaf(z)).value();
  REQUIRE(all.shape().text() == "[2, 3, 8192]");
  CHECK(vae.log_likelihood(tape.leaf(z), data).shape().text() == "[2, 3]");
  const Tensor one = vae.decode(tape.leaf(z.slice(0, 1, 2).slice(1, 2, 3).contiguous())).value();
  REQUIRE(one.shape().text() == "[1, 1, 8192]");
  for (std::int64_t k = 0; k < 8192; k += 91)
    CHECK(one.at({0, 0, k}) == Approx(all.at({1, 2, k})).margin(1e-5));
  const Tensor second =
      vae.posterior(tape.leaf(x.slice(0, 1, 2).contiguous()))->expectation().value();
  for (std::int64_t d = 0; d < 3; ++d)
    CHECK(second.at({0, d}) == Approx(q.mean.value().at({1, d})).margin(1e-5));
}

TEST_CASE("vae: mistakes are refused with a reason") {
  const auto build = [&](auto change, const Shape& moments) {
    VaeConfig config = small();
    change(config);
    ParameterStore store;
    Vae(config, flat_moments(moments), store);
  };
  CHECK_THROWS_WITH(build([](VaeConfig& c) { c.architecture = "mpl"; }, {6}),
                    contains("model 'mpl' is unknown; did you mean 'mlp'?"));
  CHECK_THROWS_WITH(build([](VaeConfig& c) { c.architecture = "perceptron"; }, {6}),
                    contains("there are: mlp, burda, "));
  CHECK_THROWS_WITH(build([](VaeConfig& c) { c.architecture = "conv64", c.hidden = {}; }, {6}),
                    contains("[64, 64]"));
  CHECK_THROWS_WITH(build([](VaeConfig& c) { c.architecture = "burda"; }, {6}),
                    contains("choose mlp"));
  CHECK_THROWS_WITH(build([](VaeConfig& c) { c.latent = -1; }, {6}), contains("latent"));
  CHECK_THROWS_WITH(build([](VaeConfig& c) { c.hidden = {0}; }, {6}), contains("width 0"));
  CHECK_THROWS_WITH(build([](VaeConfig& c) { c.example = {0}; }, {0}), contains("no features"));
  CHECK_THROWS_WITH(build([](VaeConfig&) {}, {7}), contains("6 features"));
  const auto start_at = [](double mean, double variance) {
    VaeConfig config = small();
    if (variance != 0) config.likelihood = parse_likelihood("normal:learned");
    ParameterStore fresh;
    const Vae vae(config, flat_moments({6}, mean, variance), fresh);
    fresh.freeze(0);
  };
  CHECK_THROWS_WITH(start_at(3, 0), contains("[0, 1]"));
  CHECK_THROWS_WITH(start_at(std::nan(""), 0), contains("not finite"));
  CHECK_THROWS_WITH(start_at(3, -1), contains("variance"));

  ParameterStore other;
  const Vae vae(small(), flat_moments({6}), other);
  other.freeze(1);
  Tape tape;
  Recording recording(tape);
  CHECK_THROWS_WITH(vae.posterior(tape.leaf({3, 7})), contains("vae posterior: [3, 7]"));
  CHECK_THROWS_WITH(vae.decode(tape.leaf({3, 2})), contains("vae decode: [3, 2]"));
}

TEST_CASE("vae: data drawn of noise [B, X] are those of the same noise for every draw") {
  constexpr std::int64_t S = 3, B = 2, X = 4;
  for (const char* text : {"bernoulli", "normal", "normal:0.3", "normal:learned"}) {
    INFO(text);
    ParameterStore store(DType::f64);
    const DataMoments moments{Tensor::full({X}, 0.4, DType::f64),
                              Tensor::full({X}, 0.2, DType::f64)};
    std::shared_ptr<const Likelihood> likelihood = parse_likelihood(text);
    if (auto own = likelihood->declared(store, X, moments)) likelihood = own;
    store.freeze(0);
    const Tensor noise({1, B, X}, DType::f64), repeated({S, B, X}, DType::f64),
        output({S, B, X}, DType::f64);
    fill_noise(likelihood->noise(), noise, {.stream = {5, StreamId::user}});
    for (std::int64_t s = 0; s < S; ++s) {
      repeated.slice(0, s, s + 1).copy_from(noise);
      output.slice(0, s, s + 1).copy_from(Tensor::full({1, B, X}, double(s) - 1, DType::f64));
    }
    Tape tape;
    const Recording recording(tape);
    const Var at = tape.leaf(output),
              drawn = likelihood->sample(at, tape.leaf(noise.reshape({B, X})));
    REQUIRE(drawn.shape() == Shape{S, B, X});
    CHECK(drawn.value().values() == likelihood->sample(at, tape.leaf(repeated)).value().values());
    CHECK_FALSE(tape.differentiable(drawn));
  }
}

TEST_CASE("vae: likelihoods and their texts") {
  for (const std::string text :
       {"bernoulli", "normal", "normal:learned", "normal:0.1", "normal:2.5e-07"}) {
    CHECK(parse_likelihood(text)->text() == text);
  }
  CHECK(parse_likelihood("normal:1")->text() == parse_likelihood("normal")->text());
  {  // A quarter of the variance is half of the deviation.
    Tape tape;
    Recording recording(tape);
    const Var output = tape.leaf({1, 1, 1}, DType::f64), x = tape.leaf({1, 1}, DType::f64);
    const auto at_mean = [&](const char* text) {
      return parse_likelihood(text)->log_prob(output, x).item();
    };
    CHECK(at_mean("normal:0.25") == Approx(at_mean("normal") + std::log(2.0)).epsilon(1e-14));
  }
  for (const std::string text :
       {"", "gauss", "normal:", "normal:0", "normal:-1", "normal:x", "normal:1x", "normal:nan",
        "normal:inf", "Bernoulli", "normal:1e999"}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_likelihood(text), contains("likelihood '" + text + "'"));
  }
}
