// Words of one kind: what is added, replaced and refused, and that likelihoods, priors and
// posteriors of a program's own make a model as the built-in ones do.
#include "models/registry.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>
#include <sstream>

#include "autodiff/error.hpp"
#include "models/distributions.hpp"
#include "models/vae.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

struct Fruit {
  std::string name;
  int weight = 0;
};

Registry<Fruit> fruits() { return {"fruit", {{"apple", 150}, {"pear", 180}}}; }

/// What is written to stderr in the meantime.
class Notes {
 public:
  Notes() : before_(std::cerr.rdbuf(written_.rdbuf())) {}
  ~Notes() { std::cerr.rdbuf(before_); }
  Notes(const Notes&) = delete;
  Notes& operator=(const Notes&) = delete;
  std::string text() const { return written_.str(); }

 private:
  std::ostringstream written_;
  std::streambuf* before_;
};

bool noted(const std::string& kind, const std::string& name, bool replaces) {
  const auto& all = own_words();
  return std::any_of(all.begin(), all.end(), [&](const OwnWord& word) {
    return word.kind == kind && word.name == name && word.replaces == replaces;
  });
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("registry: a new word stands behind the others, without a note") {
  Registry<Fruit> all = fruits();
  const Notes notes;
  all.add({"plum", 40});
  CHECK(notes.text().empty());
  CHECK(all.names() == Names{"apple", "pear", "plum"});
  CHECK(all.at("plum").weight == 40);
  CHECK(all.own("plum"));
  CHECK_FALSE(all.own("apple"));
  CHECK(noted("fruit", "plum", false));
}

TEST_CASE("registry: a word that is there is replaced in its place, and stderr says so") {
  Registry<Fruit> all = fruits();
  const Notes notes;
  all.add({"apple", 90});
  CHECK(notes.text() == "note: the fruit 'apple' is this program's own, in place of nelbo's\n");
  CHECK(all.names() == Names{"apple", "pear"});
  CHECK(all.at("apple").weight == 90);
  CHECK(all.own("apple"));
  CHECK(noted("fruit", "apple", true));
}

TEST_CASE("registry: what is added twice, or is no identifier, is refused and leaves no trace") {
  Registry<Fruit> all = fruits();
  const Notes notes;
  all.add({"fig", 50});
  const std::size_t before = own_words().size();
  CHECK_THROWS_WITH(all.add({"fig", 60}), contains("the fruit 'fig' is registered twice"));
  for (const char* odd : {"", "3d", "a-b", "sweet fig", "fig:2", "f\xC3\xA4ige"}) {
    INFO(odd);
    CHECK_THROWS_WITH(all.add({odd, 1}), contains("letters, digits and _"));
    CHECK_FALSE(all.own(odd));
  }
  CHECK(all.names() == Names{"apple", "pear", "fig"});
  CHECK(all.at("fig").weight == 50);
  CHECK(own_words().size() == before);
}

TEST_CASE("registry: an unknown word is answered with the nearest, or with all") {
  const Registry<Fruit> all = fruits();
  CHECK(all.find("aple") == nullptr);
  CHECK_THROWS_WITH(all.at("aple"), contains("fruit 'aple' is unknown; did you mean 'apple'?"));
  CHECK_THROWS_WITH(all.at("quince"),
                    contains("fruit 'quince' is unknown; there are: apple, pear"));
}

TEST_CASE("registry: a choice is read with its argument") {
  const Choice choice = parse_choice("fruit", "pear:12");
  CHECK(choice.name == "pear");
  CHECK(choice.argument == "12");
  CHECK(choice.whole("the number", 1, 12) == 12);
  CHECK_THROWS_WITH(choice.whole("the number", 1, 11),
                    contains("fruit 'pear:12': the number '12' must be 1 to 11"));
  CHECK_THROWS_WITH(choice.no_argument(), contains("fruit 'pear:12': pear takes no argument"));
  CHECK_NOTHROW(parse_choice("fruit", "pear").no_argument());
  CHECK_THROWS_WITH(parse_choice("fruit", "pear:").no_argument(), contains("takes no argument"));
}

// Words of a program's own ------------------------------------------------------------------------

namespace {

/// log P(x|z) = sum_k -|x_k - output_k| / b - log 2 b.
class TestLaplace final : public Likelihood {
 public:
  explicit TestLaplace(std::int64_t scale) : scale_(double(scale)) {}
  std::string text() const override {
    return "test_laplace:" + std::to_string(std::int64_t(scale_));
  }
  bool is_mass() const override { return false; }
  Var log_prob(Var output, Var x) const override { return about(output).log_prob(x); }
  Var mean(Var output) const override { return output; }
  Var sample(Var output, Var noise) const override { return about(output).sample(noise); }
  Noise noise() const override { return Laplace::noise; }
  Tensor output_start(const DataMoments& moments) const override {
    return moments.mean.cast(DType::f64);
  }

 private:
  Laplace about(Var output) const {
    const Tensor log_scale = Tensor::full({output.shape()[-1]}, std::log(scale_), output.dtype());
    return {output, Tape::current().leaf(log_scale)};
  }
  double scale_;
};

/// Independent logistic variables: exp(-z) / (1 + exp(-z))^2.
class TestLogistic final : public Prior {
 public:
  explicit TestLogistic(std::int64_t dimensions) : dimensions_(dimensions) {}
  std::string text() const override { return "test_logistic"; }
  bool factorised() const override { return true; }
  Var log_prob(Var z) const override { return sum(marginal_log_prob(z), -1); }
  Var marginal_log_prob(Var z) const override { return -z - 2 * softplus(-z); }
  std::int64_t noise_dimensions() const override { return 2 * dimensions_; }
  Var sample(Var noise) const override {
    const Var a = slice(noise, -1, 0, dimensions_),
              b = slice(noise, -1, dimensions_, 2 * dimensions_);
    const Var uniform = exp(-0.5 * (square(a) + square(b)));
    return stop(log(uniform) - log(1 - uniform));
  }

 private:
  std::int64_t dimensions_;
};

/// exp of a normal.
class TestLogNormal final : public Posterior {
 public:
  explicit TestLogNormal(const DiagNormal& of_log) : of_log_(of_log) {}
  std::string family() const override { return "test_log_normal"; }
  bool has_rsample() const override { return true; }
  PosteriorSample draw(Var noise) const override {
    const auto [log_z, log_prob] = of_log_.rsample_log_prob(noise);
    return {exp(log_z), log_prob - sum(log_z, -1)};
  }
  Var log_prob(Var z) const override { return of_log_.log_prob(log(z)) - sum(log(z), -1); }
  Var expectation() const override { return exp(of_log_.mean + 0.5 * exp(of_log_.log_variance)); }

 private:
  DiagNormal of_log_;
};

void register_words() {
  likelihoods().add({"test_laplace", "test_laplace:B", "", [](const Choice& choice) {
                       return std::make_shared<TestLaplace>(choice.whole("the scale", 1, 9));
                     }});
  priors().add({"test_logistic", "test_logistic", "", [](const Choice& choice) {
                  choice.no_argument();
                  return PriorFamily{
                      .text = "test_logistic",
                      .unfit =
                          [](const CodeSpace& codes) {
                            return codes.discrete() ? std::string("a density of real codes") : "";
                          },
                      .declare = [](const PriorContext& context) -> PriorRecorder {
                        return [l = context.codes.variables] {
                          return std::make_shared<TestLogistic>(l);
                        };
                      }};
                }});
  posteriors().add({"test_log_normal", "test_log_normal", "", [](const Choice& choice) {
                      choice.no_argument();
                      const PosteriorFamily normal = parse_posterior("diagonal");
                      return PosteriorFamily{
                          .text = "test_log_normal",
                          .codes = normal.codes,
                          .head = normal.head,
                          .posterior = [normal](Var output, const CodeSpace& codes) {
                            return std::make_shared<TestLogNormal>(
                                normal.posterior(output, codes)->diagonal("a test"));
                          }};
                    }});
}

void register_words_once() {
  static const bool done = (register_words(), true);
  REQUIRE(done);
}

/// A model of these words, of X features and L latent variables.
VaeConfig own_config(std::int64_t X, std::int64_t L) {
  VaeConfig config;
  config.example = {X};
  config.latent = L;
  config.hidden = {5};
  config.likelihood = parse_likelihood("test_laplace:2");
  config.posterior = parse_posterior("test_log_normal");
  config.prior = parse_prior("test_logistic");
  return config;
}

}  // namespace

TEST_CASE("registry: words of a program's own are noted, and no word is added twice") {
  const Notes notes;
  register_words_once();
  CHECK(notes.text().empty());
  CHECK(noted("likelihood", "test_laplace", false));
  CHECK(noted("prior", "test_logistic", false));
  CHECK(noted("posterior", "test_log_normal", false));
  CHECK_THROWS_WITH(register_words(),
                    contains("the likelihood 'test_laplace' is registered twice"));
  CHECK_THROWS_WITH(parse_likelihood("test_laplce"), contains("did you mean 'test_laplace'?"));
  CHECK_THROWS_WITH(parse_likelihood("test_laplace:0"), contains("the scale '0' must be 1 to 9"));
}

TEST_CASE("registry: a model of a program's own likelihood, prior and posterior") {
  register_words_once();
  constexpr std::int64_t S = 2, B = 3, X = 4, L = 2;
  const VaeConfig config = own_config(X, L);
  const DataMoments moments{Tensor::full({X}, 0.4, DType::f64), Tensor::full({X}, 1, DType::f64)};
  ParameterStore store(DType::f64);
  const Vae vae(config, moments, store);
  store.freeze(3);
  CHECK(store.tensor("decoder.output.bias").values() == std::vector<double>(X, 0.4));
  CHECK(store.tensor("encoder.head.weight").shape().text() == "[5, 4]");
  CHECK(vae.likelihood()->text() == "test_laplace:2");
  CHECK_FALSE(has_exact_div(vae));
  CHECK_FALSE(prior_learns(vae));

  const Tensor x = numbers({B, X}, 1), noise = numbers({S, B, L}, 2, 1.2);
  Tape tape;
  Recording recording(tape);
  const Var data = tape.leaf(x);
  const auto q = vae.posterior(data);
  const PosteriorSample drawn = q->draw(tape.leaf(noise));
  const auto densities = drawn.log_prob.value().values(),
             again = q->log_prob(drawn.z).value().values(),
             prior = vae.prior()->log_prob(drawn.z).value().values(),
             joint = vae.log_joint(drawn.z, data).value().values();
  const Tensor z = drawn.z.value(), output = vae.decode(drawn.z).value();
  for (std::int64_t s = 0; s < S; ++s) {
    for (std::int64_t b = 0; b < B; ++b) {
      double log_p0 = 0, log_p = 0;
      for (std::int64_t d = 0; d < L; ++d) {
        const double at = z.at({s, b, d});
        CHECK(at > 0);
        log_p0 -= at + 2 * std::log1p(std::exp(-at));
      }
      for (std::int64_t k = 0; k < X; ++k) {
        log_p -= std::fabs(x.at({b, k}) - output.at({s, b, k})) / 2 + std::log(4.0);
      }
      const auto row = std::size_t(s * B + b);
      CHECK(densities[row] == Approx(again[row]).epsilon(1e-12));
      CHECK(prior[row] == Approx(log_p0).epsilon(1e-12));
      CHECK(joint[row] == Approx(log_p + log_p0).epsilon(1e-12));
    }
  }
  CHECK_THROWS_WITH(q->entropy(), contains("test_log_normal"));
  CHECK_THROWS_WITH(q->diagonal("hagg"), contains("hagg") && contains("test_log_normal"));

  ParameterStore other;
  VaeConfig discrete = config;
  discrete.posterior = parse_posterior("bernoulli");
  CHECK_THROWS_WITH(Vae(discrete, moments, other), contains("a density of real codes"));
}
