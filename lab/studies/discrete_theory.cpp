#include "lab/studies/discrete_theory.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <typeinfo>

#include "objectives/estimators/estimators.hpp"

namespace nelbo::gradvar {
namespace {

constexpr double most_tuples = 300'000;

std::vector<double> softmax_of(std::vector<double> logits) {
  double total = 0;
  const double top = *std::max_element(logits.begin(), logits.end());
  for (double& l : logits) total += l = std::exp(l - top);
  for (double& l : logits) l /= total;
  return logits;
}

std::size_t offset_of(const ParameterStore& store, const std::string& name) {
  const auto& all = store.entries();
  return std::find_if(all.begin(), all.end(), [&](const auto& entry) { return entry.name == name; })
      ->offset;
}

/// The model's tables in double: probabilities, and where a parameter lies in the store.
class Tables {
 public:
  explicit Tables(const DiscreteModel& model)
      : model_(model), C_(model.number_of_codes()), N_(model.config().data) {
    const ParameterStore& store = model.store();
    parameters = store.size();
    encoder_at = offset_of(store, "encoder.logits");
    decoder_at = offset_of(store, "decoder.logits");
    prior_at = offset_of(store, "prior.logits");
    const auto logits = store.tensor("decoder.logits").values();
    for (std::int64_t c = 0; c < C_; ++c) {
      const auto row = softmax_of({logits.begin() + c * N_, logits.begin() + (c + 1) * N_});
      decoder.insert(decoder.end(), row.begin(), row.end());
    }
    prior = softmax_of(store.tensor("prior.logits").values());
    encoder_logits_ = store.tensor("encoder.logits").values();
  }

  /// Q(value|x = n) of each variable.
  std::vector<std::vector<double>> variables(std::int64_t n) const {
    const CodeSpace codes = model_.codes();
    const std::int64_t width = codes.width();
    std::vector<std::vector<double>> all;
    for (std::int64_t l = 0; l < model_.codes().variables; ++l) {
      const double* const own =
          encoder_logits_.data() + n * model_.codes().dimensions() + l * width;
      all.push_back(width == 1 ? softmax_of({0, *own}) : softmax_of({own, own + width}));
    }
    return all;
  }
  std::int64_t value(std::int64_t code, std::int64_t variable) const {
    for (; variable > 0; --variable) code /= model_.codes().values();
    return code % model_.codes().values();
  }
  double log_joint(std::int64_t code, std::int64_t n) const {
    return std::log(decoder[std::size_t(code * N_ + n)] * prior[std::size_t(code)]);
  }

  std::size_t encoder_at = 0, decoder_at = 0, prior_at = 0, parameters = 0;
  std::vector<double> decoder, prior;  // [C, N], [C]

 private:
  const DiscreteModel& model_;
  std::int64_t C_, N_;
  std::vector<double> encoder_logits_;
};

/// What is drawn at once: a code, or an antithetic pair.
struct Atom {
  std::vector<std::int64_t> codes;
  double probability;
};

std::vector<Atom> atoms_of(const std::vector<std::vector<double>>& variables, bool pairs) {
  std::vector<Atom> all{{std::vector<std::int64_t>(pairs ? 2 : 1, 0), 1}};
  std::int64_t step = 1;
  for (const std::vector<double>& p : variables) {
    std::vector<Atom> longer;
    const auto extend = [&](const Atom& atom, std::vector<std::int64_t> values, double share) {
      if (share <= 0) return;
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = atom.codes[i] + step * values[i];
      longer.push_back({std::move(values), atom.probability * share});
    };
    for (const Atom& atom : all) {
      if (!pairs) {
        for (std::size_t v = 0; v < p.size(); ++v) extend(atom, {std::int64_t(v)}, p[v]);
        continue;
      }
      // u below p, and 1 - u.
      const double differ = std::min(p[0], p[1]);
      extend(atom, {1, 0}, differ);
      extend(atom, {0, 1}, differ);
      extend(atom, {1, 1}, p[1] - p[0]);
      extend(atom, {0, 0}, p[0] - p[1]);
    }
    all = std::move(longer);
    step *= std::int64_t(p.size());
  }
  return all;
}

/// Calls body(codes, probability) for each sequence of so many atoms.
template <class F>
void for_each_tuple(const std::vector<Atom>& atoms, std::size_t count, F&& body) {
  std::vector<std::size_t> at(count, 0);
  std::vector<std::int64_t> codes;
  for (bool more = true; more;) {
    codes.clear();
    double probability = 1;
    for (const std::size_t i : at) {
      codes.insert(codes.end(), atoms[i].codes.begin(), atoms[i].codes.end());
      probability *= atoms[i].probability;
    }
    body(codes, probability);
    more = false;
    for (std::size_t& digit : at) {
      if (++digit < atoms.size()) {
        more = true;
        break;
      }
      digit = 0;
    }
  }
}

/// Gradients of one datum's bound at one tuple of codes.
class Datum {
 public:
  Datum(const DiscreteModel& model, const Tables& tables, const Bound& bound,
        const EstimatorChoice& choice, std::int64_t n)
      : model_(model),
        tables_(tables),
        bound_(bound),
        choice_(choice),
        n_(n),
        variables_(tables.variables(n)),
        rows_(12 * std::size_t(bound.samples())) {}

  const std::vector<std::vector<double>>& variables() const { return variables_; }

  /// Adds it to g.
  void gradient(const std::vector<std::int64_t>& codes, std::vector<double>& g) {
    const std::size_t S = codes.size();
    const std::span<double> all(rows_);
    const auto row = [&](std::size_t i) { return all.subspan(i * S, S); };
    const auto f = row(0), a = row(1), h = row(2);
    for (std::size_t s = 0; s < S; ++s) f[s] = log_weight(codes[s]);
    const double l = bound_.function()(f, a, h);
    Estimator::Weights w{l, row(3), row(4), row(5), all.subspan(6 * S)};
    choice_({bound_, f, a, h, l, 0}, w);
    const bool pairs = choice_.phi == estimators::disarm();
    for (std::size_t s = 0; s < S; ++s) {
      add_theta(codes[s], w.decoder[s], g);
      if (pairs) add_flips(codes[s], codes[s ^ 1], w.score[s], g);
      add_phi(codes[s], pairs ? -w.decoder[s] : w.score[s], g);
    }
  }
  /// Adds the exact ELBO's.
  void exact(bool theta, std::vector<double>& g) {
    for (std::int64_t c = 0; c < model_.number_of_codes(); ++c) {
      const double q = probability(c);
      if (theta)
        add_theta(c, q, g);
      else
        add_phi(c, q * log_weight(c), g);
    }
  }

 private:
  double probability(std::int64_t code) const {
    double q = 1;
    for (std::size_t l = 0; l < variables_.size(); ++l) {
      q *= variables_[l][std::size_t(tables_.value(code, std::int64_t(l)))];
    }
    return q;
  }
  double log_weight(std::int64_t code) const {
    return tables_.log_joint(code, n_) - std::log(probability(code));
  }
  /// weight grad log Q(code|x).
  void add_phi(std::int64_t code, double weight, std::vector<double>& g) const {
    double* to = g.data() + tables_.encoder_at + n_ * model_.codes().dimensions();
    for (std::size_t l = 0; l < variables_.size(); ++l) {
      const std::int64_t value = tables_.value(code, std::int64_t(l));
      if (model_.codes().width() == 1) {
        *to++ += weight * (double(value) - variables_[l][1]);
        continue;
      }
      for (std::size_t k = 0; k < variables_[l].size(); ++k) {
        *to++ += weight * (double(std::int64_t(k) == value) - variables_[l][k]);
      }
    }
  }
  /// weight (z_l - z'_l) sigmoid(|l|).
  void add_flips(std::int64_t code, std::int64_t other, double weight,
                 std::vector<double>& g) const {
    double* to = g.data() + tables_.encoder_at + n_ * model_.codes().dimensions();
    for (std::size_t l = 0; l < variables_.size(); ++l) {
      const std::int64_t at = std::int64_t(l);
      *to++ += weight * double(tables_.value(code, at) - tables_.value(other, at)) *
               std::max(variables_[l][0], variables_[l][1]);
    }
  }
  /// weight grad (log P(x|code) + log P0(code)).
  void add_theta(std::int64_t code, double weight, std::vector<double>& g) const {
    const std::int64_t N = model_.config().data;
    for (std::int64_t n = 0; n < N; ++n) {
      const std::size_t at = std::size_t(code * N + n);
      g[tables_.decoder_at + at] += weight * (double(n == n_) - tables_.decoder[at]);
    }
    for (std::int64_t c = 0; c < model_.number_of_codes(); ++c) {
      g[tables_.prior_at + std::size_t(c)] +=
          weight * (double(c == code) - tables_.prior[std::size_t(c)]);
    }
  }

  const DiscreteModel& model_;
  const Tables& tables_;
  const Bound& bound_;
  const EstimatorChoice& choice_;
  std::int64_t n_;
  std::vector<std::vector<double>> variables_;
  std::vector<double> rows_;
};

bool of_samples(const Estimator& estimator) {
  const WeightedRule* const rule = estimator.weighted();
  if (rule == nullptr) return false;
  // One that weights nothing but log Q.
  return typeid(*rule) == typeid(WeightedRule) &&
         rule->properties().path == Estimator::Path::none &&
         rule->properties().baseline == Estimator::Baseline::none;
}

bool enumerable(const EstimatorChoice& choice) {
  const Estimator &phi = choice.phi, &theta = choice.theta;
  if (choice.coupling != choice.own_coupling()) return false;
  if (!theta.weighted() && !(theta == estimators::enumeration())) return false;
  return of_samples(phi) || phi == estimators::disarm() || phi == estimators::enumeration();
}

}  // namespace

std::optional<ExactMoments> exact_moments(const DiscreteModel& model, const Bound& bound,
                                          const EstimatorChoice& choice) {
  if (!enumerable(choice)) return std::nullopt;
  const bool pairs = choice.phi == estimators::disarm();
  const bool exact_phi = choice.phi == estimators::enumeration();
  const bool exact_theta = choice.theta == estimators::enumeration();
  const std::size_t draws = std::size_t(pairs ? bound.samples() / 2 : bound.samples());
  const Tables tables(model);
  const std::size_t P = tables.parameters;
  const double share = 1 / double(model.config().data);
  const auto is_exact = [&](std::size_t j) {
    const std::size_t encoder = std::size_t(model.config().data * model.codes().dimensions());
    const bool phi = j >= tables.encoder_at && j < tables.encoder_at + encoder;
    return phi ? exact_phi : exact_theta;
  };
  ExactMoments moments{std::vector<double>(P), std::vector<double>(P)};
  for (std::int64_t n = 0; n < model.config().data; ++n) {
    Datum datum(model, tables, bound, choice, n);
    std::vector<double> g(P), mean(P), squares(P);
    if (exact_phi) datum.exact(false, g);
    if (exact_theta) datum.exact(true, g);
    for (std::size_t j = 0; j < P; ++j) moments.mean[j] += is_exact(j) ? share * g[j] : 0;
    if (exact_phi && exact_theta) continue;

    const std::vector<Atom> atoms = atoms_of(datum.variables(), pairs);
    if (std::pow(double(atoms.size()), double(draws)) > most_tuples) return std::nullopt;
    for_each_tuple(atoms, draws, [&](const std::vector<std::int64_t>& codes, double probability) {
      std::fill(g.begin(), g.end(), 0.0);
      datum.gradient(codes, g);
      for (std::size_t j = 0; j < P; ++j) {
        mean[j] += probability * g[j];
        squares[j] += probability * g[j] * g[j];
      }
    });
    for (std::size_t j = 0; j < P; ++j) {
      if (is_exact(j)) continue;
      moments.mean[j] += share * mean[j];
      moments.variance[j] += share * share * std::max(0.0, squares[j] - mean[j] * mean[j]);
    }
  }
  return moments;
}

}  // namespace nelbo::gradvar
