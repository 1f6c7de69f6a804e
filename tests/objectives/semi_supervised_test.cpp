// A model that infers labels, through the production Draw, against a mixture of linear Gaussians in closed
// form: c uniform over 3 labels, z ~ N(0, I), x | z, c ~ N(W z + V c + b, s2 I). Q(c|x) = P(c|x) is a linear
// classifier, for the components have one covariance.
#include <cmath>
#include <memory>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/random.hpp"
#include "models/labels/labelled_posterior.hpp"
#include "models/labels/semi_supervised.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"
#include "objectives/terms/label_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/conditional_world.hpp"
#include "tests/objectives/drawn_rows.hpp"

using namespace nelbo;
using tests::ConditionalWorld, tests::contains, tests::DrawnRows, tests::z_score;

namespace {

constexpr int B = 4, X = ConditionalWorld::X, K = ConditionalWorld::C, L = ConditionalWorld::L;

struct Mixture : ConditionalWorld {
  Mixture() { A = Tensor({L, K}, DType::f64); }

  Tensor label(int k) const {
    const Tensor c({K, 1}, DType::f64);
    c.set({k, 0}, 1);
    return c;
  }
  /// log p(x, c = k), nats.
  double log_joint(const Tensor& x, int k) const {
    return log_px(x, label(k)) - std::log(double(K));
  }
  double log_marginal(const Tensor& x) const {
    double sum = 0;
    for (int k = 0; k < K; ++k) sum += std::exp(log_joint(x, k));
    return std::log(sum);
  }

  /// With the world's decoder and classifier, and Q(Z|x,c) as ConditionalWorld::model starts it.
  std::unique_ptr<SemiSupervised> semi_supervised(ParameterStore& store,
                                                  const std::string& posterior) const {
    ParameterStore of_vae(DType::f64);
    const auto vae = model(of_vae, posterior);
    VaeConfig config = vae->config();
    config.prior = parse_prior("normal");
    const DataMoments moments{Tensor({X}, DType::f64), Tensor::full({X}, 1, DType::f64)};
    auto own = std::make_unique<SemiSupervised>(config, moments, store);
    store.freeze(1);
    for (const auto& entry : of_vae.entries()) {
      if (entry.name.starts_with("prior")) continue;
      store.tensor(entry.name).copy_from(of_vae.tensor(entry.name));
    }
    using namespace dense;
    const Tensor inverse = Factor(covariance()).inverse();
    for (int k = 0; k < K; ++k) {
      const Tensor v = V * label(k), slope = inverse * v;
      for (int i = 0; i < X; ++i) {
        store.tensor("classifier.output.weight").set({i, k}, slope.at({i, 0}));
      }
      store.tensor("classifier.output.bias").set({k}, -0.5 * dot(v, slope) - dot(b, slope));
    }
    return own;
  }
};

/// Rows [B, X + K]: of the first datum the label is told, of the second withheld, of the others unknown.
Tensor rows_shown() {
  const Tensor rows({B, X + K}, DType::f64);
  for (int b = 0; b < B; ++b) {
    for (int i = 0; i < X; ++i) rows.set({b, i}, 1.5 * std::cos(2.3 * (b * X + i)));
  }
  rows.set({0, X + 1}, 1);
  rows.set({1, X + 2}, -1);
  return rows;
}

Tensor x_of(const Tensor& rows, int b) {
  return rows.slice(0, b, b + 1).slice(1, 0, X).contiguous().reshape({X, 1});
}

}  // namespace

TEST_CASE("semi-supervised: under the exact posterior bounds are log p(x, c) and log p(x)") {
  const Mixture world;
  ParameterStore store(DType::f64);
  const auto model = world.semi_supervised(store, "full");
  CHECK(model->conditions() == K);
  CHECK(model->codes().dimensions() == L + K);
  const Tensor rows = rows_shown();
  std::vector<double> exact;
  for (int b = 0; b < B; ++b) {
    const Tensor x = x_of(rows, b);
    exact.push_back(b == 0 ? world.log_joint(x, 1) : world.log_marginal(x));
  }
  for (const int samples : {1, 3}) {
    const DrawnRows of(*model, samples, rows, "enumeration");
    const Tensor bound = parse_objective("mc(k=" + std::to_string(samples) + ")")
                             .per_datum(*of.draw)
                             .value()
                             .value();
    const Tensor terms =
        (nell() + div(Expectation::monte_carlo)).per_datum(*of.draw).value().value();
    for (int b = 0; b < B; ++b) {
      CHECK(bound.at({b}) == Approx(exact[std::size_t(b)]).epsilon(1e-10));
      CHECK(terms.at({b}) == Approx(-exact[std::size_t(b)]).epsilon(1e-10));
    }
  }
  // Samples of [z c]: each weight is exact.
  const DrawnRows of(*model, 6, rows);
  const Tensor weights = of.draw->log_weights().value();
  for (int b = 0; b < B; ++b) {
    for (int s = 0; s < 6; ++s)
      CHECK(weights.at({s, b}) == Approx(exact[std::size_t(b)]).epsilon(1e-10));
  }
}

TEST_CASE("semi-supervised: bounds of a worse posterior are what they should be, z < 4") {
  const Mixture world;
  ParameterStore store(DType::f64);
  const auto model = world.semi_supervised(store, "diagonal");
  for (const char* name : {"classifier.output.weight", "classifier.output.bias"}) {
    const Tensor values = store.tensor(name);
    values.copy_from(Tensor(values.shape(), DType::f64));
  }
  const Tensor rows = rows_shown();
  const double gap = world.diagonal_gap();
  constexpr int S = 20'000;
  const DrawnRows of(*model, S, rows);
  const Tensor log_weights = of.draw->log_weights().value();
  const Tensor labels = of.draw->z().value();
  const Tensor closed = div().per_datum(*of.draw).value().value();
  const Tensor div_mc = (of.draw->log_posterior() - of.draw->log_prior()).value();
  for (int b = 0; b < B; ++b) {
    const Tensor x = x_of(rows, b);
    // Q(c|x) is uniform where the label is not told: E log p(x, c) + log K.
    double exact = -gap;
    for (int k = 0; k < K; ++k) exact += (world.log_joint(x, k) + std::log(double(K))) / K;
    const double log_p = b == 0 ? world.log_joint(x, 1) : world.log_marginal(x);
    if (b == 0) exact = log_p - gap;
    const Tensor ratios(log_weights.shape(), DType::f64), found(log_weights.shape(), DType::f64);
    for (int s = 0; s < S; ++s) {
      ratios.set({s, b}, std::exp(log_weights.at({s, b}) - log_p));
      found.set({s, b}, labels.at({s, b, L + 2}));
    }
    const double z_elbo = z_score(log_weights, b, exact), z_ratio = z_score(ratios, b, 1),
                 z_div = z_score(div_mc, b, closed.at({b}));
    CAPTURE(b, z_elbo, z_ratio, z_div);
    CHECK(std::abs(z_elbo) < 4);
    CHECK(std::abs(z_ratio) < 4);
    CHECK(std::abs(z_div) < 4);
    if (b > 0) CHECK(std::abs(z_score(found, b, 1.0 / K)) < 4);
    if (b == 0) CHECK(labels.at({7, 0, L + 1}) == 1);
  }
}

TEST_CASE("semi-supervised: the gradient of m2 is that of finite differences") {
  const Mixture world;
  ParameterStore store(DType::f64);
  const auto model = world.semi_supervised(store, "full");
  auto* const parameters = static_cast<double*>(store.data());
  for (std::size_t i = 0; i < store.size(); ++i) parameters[i] += 0.2 * std::sin(3.1 * double(i));
  const Tensor rows = rows_shown();
  for (const char* objective : {"m2(alpha=0.3)", "-mc(k=2) + 2*classification"}) {
    const auto value = [&](GradientSink* sink) {
      const DrawnRows of(*model, 2, rows, "enumeration");
      const Var loss = parse_objective(objective)(*of.draw);
      if (sink != nullptr) of.draw->x().tape().backward(loss, all_groups & ~leaf_group, *sink);
      return loss.item();
    };
    GradientSink sink(store);
    value(&sink);
    const double* const g = sink.buffer().data_as<double>();
    double largest = 0;
    for (const auto& entry : store.entries()) {
      for (std::int64_t i = 0; i < entry.shape.size(); ++i) {
        const std::size_t at = entry.offset + std::size_t(i);
        const double before = parameters[at], step = 1e-5;
        parameters[at] = before + step;
        const double up = value(nullptr);
        parameters[at] = before - step;
        const double down = value(nullptr);
        parameters[at] = before;
        INFO(objective << " " << entry.name << " " << i);
        CHECK((up - down) / (2 * step) == Approx(g[at]).margin(1e-8).epsilon(1e-6));
        largest = std::max(largest, std::abs(g[at]));
      }
    }
    CHECK(largest > 0.1);
  }
}

TEST_CASE("semi-supervised: classification is of the labels that are known, told or not") {
  const Mixture world;
  ParameterStore store(DType::f64);
  const auto model = world.semi_supervised(store, "full");
  const Tensor rows = rows_shown();
  const DrawnRows of(*model, 1, rows, "enumeration");
  const auto log_q = [&](int b, int k) {
    return world.log_joint(x_of(rows, b), k) - world.log_marginal(x_of(rows, b));
  };
  CHECK(classification()(*of.draw).item() ==
        Approx(-(log_q(0, 1) + log_q(1, 2)) / 2).epsilon(1e-10));
  const auto m2 = [&](const char* alpha) {
    return parse_objective(std::string("m2(alpha=") + alpha + ")")(*of.draw).item();
  };
  CHECK(m2("0.3") - m2("0") == Approx(0.3 * classification()(*of.draw).item()).epsilon(1e-10));
  const Tensor hits = label_hits(*of.draw).value();
  const auto best = [&](int b) {
    int at = 0;
    for (int k = 1; k < K; ++k) at = log_q(b, k) > log_q(b, at) ? k : at;
    return at;
  };
  CHECK(hits.at({0}) == (best(0) == 1));
  CHECK(hits.at({1}) == (best(1) == 2));
  CHECK(hits.at({2}) == 0);

  ParameterStore other(DType::f64);
  const auto vae = world.model(other, "full");
  Tape tape;
  const Recording recording(tape);
  Draw draw(*vae, vae->batch(tape.leaf(rows)), tape.leaf(Tensor({1, B, L}, DType::f64)));
  CHECK_THROWS_WITH(classification()(draw), contains("a model that infers labels"));
}

TEST_CASE("semi-supervised: samples have the label that is told, others any; decoders follow it") {
  const Mixture world;
  ParameterStore store(DType::f64);
  const auto model = world.semi_supervised(store, "full");
  Tape tape;
  const Recording recording(tape);
  constexpr int N = 6000;
  const Tensor told({N, K}, DType::f64), normal({N, L + 2}, DType::f64);
  for (int n = 0; n < N / 2; ++n) told.set({n, 2}, 1);
  fill_normal(normal.data_as<double>(),
              {.stream = {7, StreamId::noise}, .batch = N, .dimensions = L + 2});
  const auto prior = model->prior(tape.leaf(told));
  REQUIRE(prior->noise_dimensions() == L + 2);
  const Tensor z = prior->sample(tape.leaf(normal)).value();
  REQUIRE(z.shape() == Shape{N, L + K});
  double counts[K] = {};
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < K; ++k) {
      if (n < N / 2) CHECK(z.at({n, L + k}) == (k == 2));
      if (n >= N / 2) counts[k] += z.at({n, L + k});
    }
  }
  for (const double count : counts) {
    const double z_count = (count - N / 2.0 / K) / std::sqrt(N / 2.0 * (1.0 / K) * (1 - 1.0 / K));
    CAPTURE(z_count);
    CHECK(std::abs(z_count) < 4);
  }
  // The decoder's mean of a code is that of its label, or of the one that is told.
  const Tensor code({1, 2, L + K}, DType::f64), of({2, K}, DType::f64);
  for (int b = 0; b < 2; ++b) {
    for (int l = 0; l < L; ++l) code.set({0, b, l}, 0.4 * l - 0.7);
    code.set({0, b, L}, 1);
  }
  of.set({1, 2}, 1);
  const Tensor mean = model->decode(tape.leaf(code), tape.leaf(of)).value();
  const double noise[L] = {-0.7, -0.3};
  for (int b = 0; b < 2; ++b) {
    for (int i = 0; i < X; ++i) {
      double expected = world.b.at({i, 0}) + world.V.at({i, b == 0 ? 0 : 2});
      for (int l = 0; l < L; ++l) expected += world.W.at({i, l}) * noise[l];
      CHECK(mean.at({0, b, i}) == Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("semi-supervised: labels are sampled as Q(C|x) says, whatever z is drawn from, z < 4.5") {
  const Tensor rows = rows_shown();
  for (const char* posterior : {"diagonal", "gamma", "beta", "dirichlet", "von_mises", "student",
                                "diagonal:1+gamma:1", "gamma:1+beta:1"}) {
    CAPTURE(posterior);
    VaeConfig config;
    config.example = Shape{X};
    config.latent = L;
    config.hidden = {3};
    config.conditions = K;
    config.posterior = parse_posterior(posterior);
    ParameterStore store(DType::f64);
    const SemiSupervised model(
        config, {Tensor::full({X}, 0.5, DType::f64), Tensor::full({X}, 1, DType::f64)}, store);
    store.freeze(1);
    constexpr int S = 4000;
    const Tensor noise({S, B, model.codes().dimensions()}, DType::f64);
    fill_noise(model.codes(), noise, {.stream = {5, StreamId::noise}});
    Tape tape;
    const Recording recording(tape);
    const auto q = model.posterior(model.batch(tape.leaf(rows)));
    const Tensor labels = slice(q->draw(tape.leaf(noise)).z, -1, model.codes().dimensions() - K,
                                model.codes().dimensions())
                              .value()
                              .contiguous();
    const Tensor expected = q->labelled()->label_probabilities().value();
    for (int k = 0; k < K; ++k) {
      const Tensor of_label = labels.slice(2, k, k + 1).contiguous().reshape({S, B});
      for (int b = 1; b < B; ++b) {
        const double z = z_score(of_label, b, expected.at({b, k}));
        CAPTURE(b, k, z);
        CHECK(std::abs(z) < 4.5);
      }
    }
    CHECK_THAT(parse_estimators("reparam").unfit(model.codes()), contains("a label"));
    CHECK(parse_estimators("enumeration").unfit(model.codes()).empty());
  }
}

TEST_CASE("semi-supervised: what does not go with labels is refused by name") {
  const auto refused = [](auto&& change) {
    VaeConfig config;
    config.example = Shape{X};
    config.latent = L;
    config.hidden = {3};
    config.conditions = K;
    change(config);
    ParameterStore store(DType::f64);
    const DataMoments moments{Tensor::full({X}, 0.5, DType::f64), Tensor::full({X}, 1, DType::f64)};
    SemiSupervised model(config, moments, store);
  };
  CHECK_THROWS_WITH(refused([](VaeConfig& c) { c.posterior = parse_posterior("bernoulli"); }),
                    contains("posterior") && contains("continuous codes"));
  CHECK_THROWS_WITH(
      refused([](VaeConfig& c) { c.posterior = parse_posterior("diagonal:1+bernoulli:1"); }),
      contains("posterior") && contains("continuous codes"));
  CHECK_THROWS_WITH(refused([](VaeConfig& c) { c.prior = parse_prior("conditional"); }),
                    contains("prior") && contains("choose normal"));
  CHECK_THROWS_WITH(refused([](VaeConfig& c) { c.conditions = 1; }), contains("at least 2"));
  CHECK_THROWS_WITH(refused([](VaeConfig& c) { c.missing = VaeConfig::Missing::zeros; }),
                    contains("missing"));
  ParameterStore store(DType::f64);
  const auto model = Mixture().semi_supervised(store, "full");
  for (const char* name : {"reparam", "stl", "dreg", "reparam(exact)", "piwae"}) {
    CHECK_THAT(parse_estimators(name).unfit(model->codes()),
               contains("a label") && contains("enumeration"));
  }
  for (const char* name : {"arm", "rebar(temperature=0.5, eta=1)", "gumbel_softmax"}) {
    CHECK_THAT(parse_estimators(name).unfit(model->codes()), contains("discrete throughout"));
  }
  for (const char* name : {"enumeration", "score", "rloo", "vimco", "wake_sleep"}) {
    CHECK(parse_estimators(name).unfit(model->codes()).empty());
  }
}
