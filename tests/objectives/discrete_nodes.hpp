#pragma once
// Draws of a small model with discrete codes, and noise that stands for all of it: every tuple of
// codes, every antithetic pair, or the nodes of a quadrature.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "models/vae.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/discrete_tuples.hpp"

namespace nelbo::tests::discrete {
inline constexpr std::int64_t X = 5, L = 2;

/// A model in double with 4 or 9 codes, and one datum; beside it what an estimator learns.
struct Autoencoder {
  explicit Autoencoder(const std::string& posterior,
                       const Estimator& estimator = estimators::score()) {
    VaeConfig config;
    config.example = {X};
    config.latent = L;
    config.hidden = {4};
    config.posterior = parse_posterior(posterior);
    vae.emplace(config, DataMoments{Tensor::full({X}, 0.4), Tensor::full({X}, 0.24)}, store);
    for (const Auxiliary& own : estimator.rule().auxiliaries()) {
      auxiliaries.declare(own, store, *vae);
    }
    store.freeze(3);
    // Away from the even odds that a new encoder gives.
    const Tensor head = store.tensor("encoder.head.bias");
    for (std::int64_t j = 0; j < head.size(); ++j) head.set({j}, 0.9 - 0.7 * double(j));
    x = Tensor({1, X}, DType::f64);
    for (std::int64_t j = 0; j < X; ++j) x.set({0, j}, double(j % 2));
  }
  CodeSpace codes() const { return vae->codes(); }
  std::int64_t dimensions() const { return codes().dimensions(); }
  Groups phi() const { return store.groups({"phi"}); }

  ParameterStore store{DType::f64};
  std::optional<Vae> vae;
  Auxiliaries auxiliaries;
  Tensor x;
};

/// Noise [S, T, D] with probabilities [T]: T draws of one datum that stand for all.
struct Nodes {
  Tensor noise, probability;
};

/// How one variable of one sample, or of an antithetic pair, can fall.
struct Outcome {
  std::vector<double> noise;
  double probability;
};

/// Every combination of the outcomes of `units` samples (or pairs of `draws` = 2) and L variables.
/// outcomes[l]: of variable l, each with draws x width numbers.
inline Nodes combine(const std::vector<std::vector<Outcome>>& outcomes, std::int64_t units,
                     std::int64_t draws, std::int64_t width) {
  std::int64_t total = 1;
  for (std::int64_t u = 0; u < units; ++u) {
    for (const auto& of : outcomes) total *= std::int64_t(of.size());
  }
  Nodes nodes{Tensor({units * draws, total, std::int64_t(outcomes.size()) * width}, DType::f64),
              Tensor({total}, DType::f64)};
  for (std::int64_t t = 0; t < total; ++t) {
    std::int64_t rest = t;
    double probability = 1;
    for (std::int64_t u = 0; u < units; ++u) {
      for (std::size_t l = 0; l < outcomes.size(); ++l) {
        const Outcome& of = outcomes[l][std::size_t(rest) % outcomes[l].size()];
        rest /= std::int64_t(outcomes[l].size());
        probability *= of.probability;
        for (std::int64_t s = 0; s < draws; ++s) {
          for (std::int64_t w = 0; w < width; ++w) {
            nodes.noise.set({u * draws + s, t, std::int64_t(l) * width + w},
                            of.noise[std::size_t(s * width + w)]);
          }
        }
      }
    }
    nodes.probability.set({t}, probability);
  }
  return nodes;
}

inline std::vector<double> probabilities(const Autoencoder& model) {
  Tape tape;
  const Recording recording(tape);
  return model.vae->posterior(tape.leaf(model.x))->expectation().value().values();
}

/// Noise that draws every tuple of codes.
inline Nodes tuple_nodes(const Autoencoder& model, std::int64_t samples) {
  const std::vector<double> p = probabilities(model);
  const std::int64_t width = model.codes().width();
  std::vector<std::vector<Outcome>> outcomes(L);
  for (std::size_t l = 0; l < L; ++l) {
    if (width == 1) {
      outcomes[l] = {{{p[l] / 2}, p[l]}, {{(1 + p[l]) / 2}, 1 - p[l]}};
      continue;
    }
    for (std::int64_t k = 0; k < width; ++k) {  // a large Gumbel number for class k
      std::vector<double> noise(std::size_t(width), 1e-3);
      noise[std::size_t(k)] = 1 - 1e-6;
      outcomes[l].push_back({noise, p[l * std::size_t(width) + std::size_t(k)]});
    }
  }
  return combine(outcomes, samples, 1, width);
}

/// Noise that draws every tuple of antithetic pairs of binary codes.
inline Nodes pair_nodes(const Autoencoder& model, std::int64_t samples) {
  const std::vector<double> p = probabilities(model);
  std::vector<std::vector<Outcome>> outcomes(L);
  for (std::size_t l = 0; l < L; ++l) {
    const double least = std::min(p[l], 1 - p[l]);
    for (const auto& [u, share] : {std::pair{least / 2, least}, std::pair{0.5, 1 - 2 * least},
                                   std::pair{1 - least / 2, least}}) {
      outcomes[l].push_back({{u, 1 - u}, share});
    }
  }
  return combine(outcomes, samples / 2, 2, 1);
}

/// n of Gauss and Legendre's nodes of the noise of so many samples, apart on both sides of p.
inline Nodes quadrature_nodes(const Autoencoder& model, std::size_t n = 24,
                              std::int64_t samples = 1) {
  std::vector<double> at(n), weight(n);
  for (std::size_t i = 0; i < n; ++i) {  // Newton's iteration for the roots of P_n
    double x = std::cos(M_PI * (double(i) + 0.75) / (double(n) + 0.5)), slope = 1;
    for (int step = 0; step < 50; ++step) {
      double before = 1, now = x;
      for (double k = 2; k <= double(n); ++k) {
        const double next = ((2 * k - 1) * x * now - (k - 1) * before) / k;
        before = now;
        now = next;
      }
      slope = double(n) * (x * now - before) / (x * x - 1);
      x -= now / slope;
    }
    at[i] = (1 + x) / 2;
    weight[i] = 1 / ((1 - x * x) * slope * slope);
  }
  const std::vector<double> p = probabilities(model);
  std::vector<std::vector<Outcome>> outcomes(L);
  for (std::size_t l = 0; l < L; ++l) {
    for (std::size_t i = 0; i < n; ++i) {
      outcomes[l].push_back({{p[l] * at[i]}, p[l] * weight[i]});
      outcomes[l].push_back({{p[l] + (1 - p[l]) * at[i]}, (1 - p[l]) * weight[i]});
    }
  }
  return combine(outcomes, samples, 1, 1);
}

struct Gradient {
  std::vector<double> phi, theta;
  double value = 0;
};

inline Gradient split(const Autoencoder& model, const GradientSink& sink, double value) {
  const auto of = [&](const char* group) {
    const Range range = model.store.range(group);
    const double* const g = sink.buffer().data_as<double>() + range.offset;
    return std::vector<double>(g, g + range.length);
  };
  return {of("phi"), of("theta"), value};
}

/// sum_t probability_t of the estimator's gradient and value at noise t.
inline Gradient expected(const Autoencoder& model, const Bound& bound,
                         const EstimatorChoice& choice, const Nodes& nodes, bool one_sweep) {
  Tape tape;
  const Recording recording(tape);
  const Var x = tape.leaf(repeated(model.x, nodes.noise.shape()[1]));
  Draw draw(*model.vae, x, tape.leaf(nodes.noise), {}, &model.auxiliaries,
            choice.estimation(one_sweep));
  const Var value = sum(tape.leaf(nodes.probability) * estimate(draw, bound));
  GradientSink sink(model.store), own(model.store);
  if (one_sweep) {
    tape.backward(value, all_groups, sink);
  } else {
    tape.backward(value, ~model.phi(), sink);
    tape.backward(value, model.phi(), own);
    sink.add(own);
  }
  return split(model, sink, value.item());
}

inline Gradient exact(const Autoencoder& model, const Bound& bound) {
  Tape tape;
  const Recording recording(tape);
  const Var value = expected_bound(
      bound, model.codes(), model.x, [&](Var x) { return model.vae->posterior(x); },
      [&](Var z, Var x) {
        return model.vae->log_likelihood(z, x) + model.vae->prior()->log_prob(z);
      });
  GradientSink sink(model.store);
  tape.backward(value, all_groups, sink);
  return split(model, sink, value.item());
}

inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

inline std::vector<EstimatorChoice> estimators_of(const Autoencoder& model) {
  using namespace estimators;
  std::vector<EstimatorChoice> all{score(),
                                   rloo(),
                                   vimco(),
                                   vimco(OthersMean::arithmetic),
                                   ovis(0),
                                   ovis(1),
                                   wake_sleep(1),
                                   {vimco(), piwae()},
                                   enumeration(),
                                   {score(), enumeration()},
                                   {enumeration(), score()}};
  if (model.codes().kind == CodeSpace::Kind::binary) {
    all.insert(all.end(), {disarm(), arm(), {disarm(), enumeration()}});
  }
  return all;
}

inline bool defined(const EstimatorChoice& choice, const Bound& bound) {
  return choice.phi.rule().undefined(bound).empty() && choice.theta.rule().undefined(bound).empty();
}

inline bool pairs(const EstimatorChoice& choice) {
  return choice.phi.rule().coupling() == Coupling::antithetic;
}

}  // namespace nelbo::tests::discrete
