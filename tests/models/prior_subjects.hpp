#pragma once
// Models of every prior, and their log-densities in plain double.
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/distributions.hpp"
#include "models/priors/factorised_priors.hpp"
#include "models/priors/full_normal_prior.hpp"
#include "models/vae.hpp"
#include "tests/models/support.hpp"

namespace nelbo::tests {

using Numbers = std::vector<double>;

inline const double log_two_pi = std::log(2 * std::acos(-1.0));

/// A model in double of 6 features and 2 latent dimensions, whose prior's parameters are moved away
/// from where they start.
struct PriorSubject {
  explicit PriorSubject(const std::string& prior, const std::string& posterior = "diagonal",
                        const std::string& likelihood = "bernoulli") {
    config.example = {6};
    config.latent = 2;
    config.hidden = {5};
    config.likelihood = parse_likelihood(likelihood);
    config.posterior = parse_posterior(posterior);
    if (prior == "normal:given") {
      config.prior = given_normal_prior(Tensor::of({0.2, -0.3}, {2}, DType::f64),
                                        Tensor::of({1, 0.5, 0.5, 1.5}, {2, 2}, DType::f64));
    } else {
      config.prior = parse_prior(prior);
    }
    const DataMoments moments{Tensor::full({6}, 0.3), Tensor::full({6}, 0.2)};
    vae = std::make_unique<Vae>(config, moments, store);
    store.freeze(2);
    unsigned seed = 50;
    for (std::uint32_t i = 0; i < store.entries().size(); ++i) {
      const bool ours = store.entries()[i].name.rfind("prior.", 0) == 0;
      const bool head = store.entries()[i].name.rfind("encoder.head", 0) == 0;
      const Tensor parameter = store.tensor(ParameterId{i});
      if (ours || head) parameter.copy_from(numbers(parameter.shape(), seed++, ours ? 1 : 0.7));
    }
  }
  VaeConfig config;
  ParameterStore store{DType::f64};
  std::unique_ptr<Vae> vae;
};

inline Numbers product(const Tensor& l) {  // l l' of [2, 2]
  const double a = l.at({0, 0}), b = l.at({1, 0}), c = l.at({1, 1});
  return {a * a, a * b, a * b, b * b + c * c};
}

inline double log_normal(double z0, double z1, double m0, double m1, const Numbers& s) {
  const double det = s[0] * s[3] - s[1] * s[2], x = z0 - m0, y = z1 - m1;
  const double quadratic = (s[3] * x * x - 2 * s[1] * x * y + s[0] * y * y) / det;
  return -0.5 * (quadratic + std::log(det)) - log_two_pi;
}

/// A mixture of normals of two dimensions.
struct PlaneMixture {
  Numbers weights;
  std::vector<std::array<double, 2>> means;
  std::vector<Numbers> covariances;

  double log_prob(double x, double y) const {
    double density = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      density += weights[i] * std::exp(log_normal(x, y, means[i][0], means[i][1], covariances[i]));
    }
    return std::log(density);
  }
};

inline PlaneMixture own_mixture(const ParameterStore& store) {
  const Tensor logits = store.tensor("prior.logits"), mean = store.tensor("prior.means"),
               lv = store.tensor("prior.log_variances");
  PlaneMixture mixture;
  double total = 0;
  for (double l : logits.values()) total += std::exp(l);
  for (std::int64_t i = 0; i < logits.size(); ++i) {
    mixture.weights.push_back(std::exp(logits.at({i})) / total);
    mixture.means.push_back({mean.at({i, 0}), mean.at({i, 1})});
    mixture.covariances.push_back({std::exp(lv.at({i, 0})), 0, 0, std::exp(lv.at({i, 1}))});
  }
  return mixture;
}

/// The posteriors at the pseudo-inputs; the encoder has its own tests.
inline PlaneMixture vamp_mixture(const PriorSubject& m) {
  const Tensor pseudo = m.store.tensor("prior.pseudo_inputs");
  Tensor inputs(pseudo.shape(), DType::f64);
  inputs.copy_from(pseudo);
  for (std::int64_t i = 0; i < inputs.size(); ++i) {
    double& v = inputs.data_as<double>()[i];
    if (m.config.likelihood->text() == "bernoulli") v = 1 / (1 + std::exp(-v));
  }
  Tape tape;
  Recording recording(tape);
  PlaneMixture mixture;
  const Normal q = m.vae->posterior(tape.leaf(inputs))->normal("test");
  q.visit([&](const auto& own) {
    const std::int64_t k = inputs.shape()[0];
    for (std::int64_t i = 0; i < k; ++i) {
      mixture.weights.push_back(1 / double(k));
      mixture.means.push_back({own.mean.value().at({i, 0}), own.mean.value().at({i, 1})});
      if constexpr (std::is_same_v<std::decay_t<decltype(own)>, FullNormal>) {
        mixture.covariances.push_back(
            product(own.factor.value().slice(0, i, i + 1).contiguous().reshape({2, 2})));
      } else {
        mixture.covariances.push_back({std::exp(own.log_variance.value().at({i, 0})), 0, 0,
                                       std::exp(own.log_variance.value().at({i, 1}))});
      }
    }
  });
  return mixture;
}

/// log P0 of two dimensions, written from the parameters in plain double.
inline std::function<double(double, double)> reference(const PriorSubject& m) {
  const ParameterStore& store = m.store;
  const std::string& prior = m.config.prior->text;
  if (prior == "normal") {
    return [](double x, double y) { return -0.5 * (x * x + y * y) - log_two_pi; };
  }
  if (prior == "laplace") {
    return [](double x, double y) { return -std::fabs(x) - std::fabs(y) - 2 * std::log(2.0); };
  }
  if (prior == "normal:given") {
    return [](double x, double y) { return log_normal(x, y, 0.2, -0.3, {1, 0.5, 0.5, 1.5}); };
  }
  if (prior == "normal:full") {
    const Tensor mean = store.tensor("prior.mean"), diagonal = store.tensor("prior.log_diagonal");
    Tensor l({2, 2}, DType::f64);
    l.set({0, 0}, std::exp(diagonal.at({0})));
    l.set({1, 1}, std::exp(diagonal.at({1})));
    l.set({1, 0}, store.tensor("prior.below").at({0}));
    return [=, s = product(l)](double x, double y) {
      return log_normal(x, y, mean.at({0}), mean.at({1}), s);
    };
  }
  const bool mixture = prior.rfind("mixture", 0) == 0;
  return [of = mixture ? own_mixture(store) : vamp_mixture(m)](double x, double y) {
    return of.log_prob(x, y);
  };
}

/// All kinds, VampPrior with both kinds of posterior and data.
inline std::vector<std::unique_ptr<PriorSubject>> models() {
  std::vector<std::unique_ptr<PriorSubject>> all;
  for (const char* prior :
       {"normal", "laplace", "normal:full", "normal:given", "mixture:1", "mixture:4", "vamp:3"}) {
    all.push_back(std::make_unique<PriorSubject>(prior));
  }
  all.push_back(std::make_unique<PriorSubject>("vamp:3", "full"));
  all.push_back(std::make_unique<PriorSubject>("vamp:3", "diagonal", "normal:0.5"));
  all.push_back(std::make_unique<PriorSubject>("normal:full", "full"));
  return all;
}

inline std::string text(const PriorSubject& m) {
  return m.config.prior->text + ", posterior " + m.config.posterior.text + ", " +
         m.config.likelihood->text();
}

}  // namespace nelbo::tests
