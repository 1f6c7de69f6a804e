#include "lab/evaluation/ledger.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/data/data_entropy.hpp"
#include "lab/evaluation/draw_tape.hpp"
#include "lab/evaluation/generative_information.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/read_out.hpp"
#include "lab/training/replay_by_size.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/terms.hpp"

namespace nelbo {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t importance_samples = 50;  // of mi_dec

/// Which list of the ledger a term is in.
enum class Place { terms, hagg, mi };

/// A term under the name that the ledger gives it.
struct Named {
  std::string name;
  Term term;
  Place place = Place::terms;
  RunningMean estimate = {};
};

/// What Q(Z|x) and P0(Z) have, as one recorded datum shows.
struct Abilities {
  bool diagonal = false;   // the posterior is a diagonal normal
  bool div = false;        // its divergence from the prior has a closed form
  bool entropy = false;    // its entropy has one
  bool standard = false;   // and the prior N(0, I), or the codes are discrete
  bool marginals = false;  // the prior has marginals
};

/// Terms that need no diagonal posterior.
std::vector<Named> terms_of_all_models(const Abilities& can, std::size_t draws,
                                       std::optional<double> entropy,
                                       const std::vector<CodeLayer>& layers) {
  const auto closed = [](bool form) {
    return form ? Expectation::exact : Expectation::monte_carlo;
  };
  std::vector<Named> all{{"nell", nell()}, {"div", div(closed(can.div))}};
  if (can.div) all.push_back({"div(mc)", div(Expectation::monte_carlo)});
  all.push_back({"elbo", elbo(closed(can.div))});
  if (draws > 1) all.push_back({"log_px", log_px(std::int64_t(draws))});
  if (layers.size() > 1) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const std::string& layer = layers[l].name;
      all.push_back({"div(" + layer + ")", div_of_layer(l, layer)});
    }
  }
  all.push_back({"hqzx", hqzx(closed(can.entropy))});
  if (entropy) all.push_back({"mi_lower", mi_lower()});
  if (can.marginals) all.push_back({"pf", pf()});
  return all;
}

/// Terms of the aggregated posterior, and H_agg and I_enc under every scheme.
void add_aggregate_terms(Scheme scheme, std::vector<Named>& all) {
  all.push_back({"hagg", hagg(scheme)});
  all.push_back({"mi", mi(scheme)});
  all.push_back({"aggdiv", aggdiv(scheme)});
  all.push_back({"tc", tc(scheme)});
  all.push_back({"dwkl", dwkl(scheme)});
  for (const Scheme each : all_schemes()) {
    all.push_back({name(each), hagg(each), Place::hagg});
    all.push_back({name(each), mi(each), Place::mi});
  }
}

Abilities abilities_of(const Model& model) {
  Tape tape;
  const Recording recording(tape);
  const DType dtype = model.store().dtype();
  const Batch batch = model.batch(tape.leaf({1, model.shown()}, dtype));
  const auto prior = model.prior(batch.condition);
  const auto q = model.posterior(batch);
  Abilities can{.diagonal = q->diagonal() != nullptr};
  can.standard = model.codes().discrete() || (prior->standard_normal() && can.diagonal);
  const auto has = [](auto&& ask) {
    try {
      ask();
      return true;
    } catch (const Error&) {  // which says that it has none
      return false;
    }
  };
  can.div = has_exact_div(model);
  can.entropy = has([&] { q->entropy(); });
  can.marginals = has([&] {
    prior->marginal_log_prob(tape.leaf({1, 1, model.codes().dimensions()}, dtype));
  });
  return can;
}

std::vector<Ledger::Unit> units_of(const Model& model, const Encoded& q, bool standard) {
  const CodeSpace codes = model.codes();
  const std::int64_t n = q.mean.shape()[0];
  const std::vector<double> kl = standard ? mean_divergences(codes, q)
                                          : std::vector<double>(std::size_t(codes.variables), nan);
  std::vector<Ledger::Unit> units;
  for (const double of_unit : kl) units.push_back({of_unit, 0, false});
  for (std::int64_t l = 0; l < codes.variables; ++l) {
    for (std::int64_t d = codes.first(l); d < codes.first(l + 1); ++d) {
      RunningMean means;
      for (std::int64_t i = 0; i < n; ++i) means.add(q.mean.at({i, d}));
      units[std::size_t(l)].variance += means.variance();
    }
  }
  for (Ledger::Unit& unit : units) unit.active = unit.variance > 0.01;
  return units;
}

/// What the terms and the units say of each layer.
std::vector<Ledger::Layer> layers_of(const Model& model, const Ledger& ledger) {
  std::vector<Ledger::Layer> layers;
  for (const CodeLayer& layer : model.layers()) {
    const Ledger::Entry* const div = ledger.find("div(" + layer.name + ")");
    if (div == nullptr) continue;
    const auto first = ledger.units.begin() + layer.first;
    layers.push_back({layer, div->estimate,
                      std::size_t(std::count_if(first, first + layer.size,
                                                [](const Ledger::Unit& u) { return u.active; }))});
  }
  return layers;
}

/// Measures `all` on the examples of a ledger, in batches drawn without replacement, in a fixed order
/// that does not follow the file's.
void measure(const Model& model, const Examples& examples, const Ledger& ledger,
             const Population& population, const Encoded* posteriors, std::vector<Named>& all) {
  const LedgerOptions& options = ledger.options;
  std::vector<std::uint32_t> order(ledger.count);
  fill_permutation(order.data(), order.size(), random_variables::ledger_batches.of(options.seed),
                   0);
  const auto per_datum = [&](Draw& draw) {
    std::vector<Var> values;
    for (const Named& named : all) values.push_back(named.term.per_datum(draw).value());
    return values;
  };
  const bool wide = posteriors && !float_carries(*posteriors);
  const auto with_posteriors = [&] {
    Population whole = population;
    if (posteriors) {
      const auto leaf = [wide](const Tensor& x) {
        return Tape::current().leaf(x.cast(wide ? DType::f64 : DType::f32));
      };
      whole.posteriors = DiagNormal{leaf(posteriors->mean), leaf(posteriors->log_variance)};
    }
    return whole;
  };
  ReplayBySize<DrawTape> tapes(options.batch, [&](std::size_t batch) {
    return std::make_unique<DrawTape>(model, std::int64_t(options.draws), batch, per_datum,
                                      with_posteriors, wide ? posteriors : nullptr);
  });
  std::uint64_t number = 0;
  tapes.for_each_batch(order, [&](DrawTape& tape, std::span<const std::uint32_t> rows) {
    tape.load(examples, rows);
    tape.run(options.seed, rows, 0, number++);
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const double value : tape.value(i).values()) all[i].estimate.add(value);
    }
  });
}

/// The identities between the terms of a diagonal posterior; means over the same samples.
std::vector<Ledger::Identity> identities_of(const Ledger& ledger) {
  const auto mean = [&](const char* name) { return ledger.find(name)->estimate.mean; };
  const char* const sampled = ledger.find("div(mc)") ? "div(mc)" : "div";
  return {
      {std::string(sampled) + " - (mi + aggdiv)", mean(sampled) - (mean("mi") + mean("aggdiv"))},
      {"aggdiv - (tc + dwkl - pf)", mean("aggdiv") - (mean("tc") + mean("dwkl") - mean("pf"))}};
}

Ledger::Interval interval_of(const Ledger& ledger) {
  const auto of_term = [&](const char* name) {
    return Ledger::End{name, ledger.find(name)->estimate};
  };
  const auto of_scheme = [&](Scheme scheme) {
    return Ledger::End{name(scheme), ledger.mi[std::size_t(scheme)].estimate};
  };
  const auto by_mean = [](const Ledger::End& a, const Ledger::End& b) {
    return a.estimate.mean < b.estimate.mean;
  };
  const double most = std::log(double(ledger.count));
  std::vector<Ledger::End> low{of_scheme(Scheme::naive), {"0", {0, 0}}};
  if (ledger.find("mi_lower")) low.push_back(of_term("mi_lower"));
  const std::vector<Ledger::End> high{of_scheme(Scheme::loo), of_term("div"), {"ln N", {most, 0}}};
  return {.low = *std::max_element(low.begin(), low.end(), by_mean),
          .high = *std::min_element(high.begin(), high.end(), by_mean),
          .estimate = ledger.find("mi")->estimate,
          .most = most};
}

/// Examples and the size of their batches.
void set_sizes(Ledger& ledger, const Examples& examples, const LedgerOptions& options) {
  ledger.options = options;
  ledger.count =
      options.examples == 0 ? examples.count() : std::min(options.examples, examples.count());
  std::size_t& batch = ledger.options.batch;
  batch = std::min(options.batch, ledger.count);
  while (batch > 2 && ledger.count % batch == 1) --batch;  // one has nothing to compare itself with
  if (batch < 2) throw Error("decompose: needs at least 2 examples in a batch");
}

}  // namespace

double Ledger::Interval::tolerance(const End& end) const {
  return 4 * std::hypot(estimate.standard_error, end.estimate.standard_error);
}

bool Ledger::Interval::finite() const {
  return std::isfinite(low.estimate.mean) && std::isfinite(high.estimate.mean) &&
         std::isfinite(estimate.mean);
}

bool Ledger::Interval::contains() const {
  constexpr double rounding = 1e-4;  // of log-densities of some hundred nats in float32
  return estimate.mean >= low.estimate.mean - tolerance(low) &&
         estimate.mean <= high.estimate.mean + tolerance(high) && estimate.mean <= most + rounding;
}

std::optional<std::string> Ledger::not_finite() const {
  const auto in = [](const std::vector<Entry>& entries,
                     const std::string& what) -> std::optional<std::string> {
    for (const Entry& entry : entries) {
      const auto [mean, error] = entry.estimate;
      if (!std::isfinite(mean) || std::isinf(error)) return what + " '" + entry.name + "'";
    }
    return std::nullopt;
  };
  if (auto found = in(terms, "the term")) return found;
  if (auto found = in(hagg, "H_agg under the scheme")) return found;
  if (auto found = in(mi, "I_enc under the scheme")) return found;
  for (std::size_t d = 0; d < units.size(); ++d) {
    // A divergence that has no closed form is NaN.
    if (!std::isfinite(units[d].variance) || std::isinf(units[d].kl)) {
      return "dimension " + std::to_string(d);
    }
  }
  return std::nullopt;
}

const Ledger::Entry* Ledger::find(const std::string& name) const {
  const auto found =
      std::find_if(terms.begin(), terms.end(), [&](const Entry& e) { return e.name == name; });
  return found == terms.end() ? nullptr : &*found;
}

std::vector<double> unit_divergences(const Model& model, const Examples& examples,
                                     std::size_t count) {
  if (!abilities_of(model).standard) return {};
  return mean_divergences(model.codes(),
                          encode(model, examples, std::min(count, examples.count())));
}

Ledger measure_ledger(const Model& model, const Examples& examples, const LedgerOptions& options) {
  Ledger ledger;
  set_sizes(ledger, examples, options);
  const Abilities can = abilities_of(model);
  const std::optional<double> entropy =
      ledger.count == examples.count() ? data_entropy(examples, model) : std::nullopt;
  const Encoded posteriors = encode(model, examples, ledger.count);
  if (can.diagonal) check_double_carries(posteriors);

  std::vector<Named> all = terms_of_all_models(can, options.draws, entropy, model.layers());
  const bool aggregates = can.diagonal && can.marginals;
  if (aggregates) add_aggregate_terms(options.scheme, all);
  measure(model, examples, ledger, {.size = std::int64_t(ledger.count), .entropy = entropy},
          aggregates ? &posteriors : nullptr, all);

  for (const Named& named : all) {
    const Quantity quantity = named.term.quantities().front();
    (named.place == Place::terms  ? ledger.terms
     : named.place == Place::hagg ? ledger.hagg
                                  : ledger.mi)
        .push_back({named.name, named.estimate.result(), quantity.bias, quantity.equation,
                    quantity.meaning});
  }
  if (entropy) {
    ledger.terms.push_back(
        {"h_data", {*entropy, 0}, Bias::none, "Zheng eq. (30)", "entropy of the examples, exact"});
  }
  if (options.pairs > 0 && model.conditions() == 0) {
    ledger.terms.push_back(
        {"mi_dec", generative_information(model, options.pairs, importance_samples, options.seed),
         Bias::over, "Zheng eq. (3)", "generative mutual information I_dec(X;Z)"});
  }
  ledger.units = units_of(model, posteriors, can.standard);
  ledger.layers = layers_of(model, ledger);
  if (aggregates) {
    ledger.identities = identities_of(ledger);
    ledger.mi_interval = interval_of(ledger);
  }
  return ledger;
}

}  // namespace nelbo
