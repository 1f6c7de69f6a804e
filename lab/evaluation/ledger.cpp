#include "lab/evaluation/ledger.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/data/data_entropy.hpp"
#include "lab/evaluation/generative_information.hpp"
#include "lab/evaluation/inference.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/terms.hpp"

namespace nelbo {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t importance_samples = 50;  // of mi_dec

/// A term under the name that the ledger gives it.
struct Named {
  std::string name;
  Term term;
  RunningMean estimate = {};
};

/// One batch size: the terms per datum, recorded once and replayed.
class TermTape {
 public:
  TermTape(const Vae& model, const std::vector<Named>& terms, const Population& population,
           const Encoded* posteriors, std::size_t draws, std::size_t batch)
      : model_(model), batch_(batch) {
    const Recording recording(tape_);
    x_ = tape_.leaf({std::int64_t(batch), model.features()});
    noise_ = tape_.leaf({std::int64_t(draws), std::int64_t(batch), model.dimensions()});
    Population all = population;
    if (posteriors) {
      all.posteriors =
          DiagNormal{tape_.leaf(posteriors->mean), tape_.leaf(posteriors->log_variance)};
    }
    Draw draw(model, x_, noise_, all);
    for (const Named& named : terms) {
      values_.push_back(tape_.contiguous(named.term.per_datum(draw).value()));
      tape_.keep(values_.back());
    }
  }

  std::size_t batch() const { return batch_; }

  void add(const Examples& examples, std::span<const std::uint32_t> rows, std::uint64_t seed,
           std::vector<Named>& terms) {
    examples.fill(tape_.data(x_).data_as<float>(), rows, 0);
    model_.fill_noise(tape_.data(noise_),
                      {.stream = random_variables::evaluation.z.of(seed), .datum = rows.data()});
    tape_.forward();
    for (std::size_t i = 0; i < terms.size(); ++i) {
      for (const double value : values_[i].value().values()) terms[i].estimate.add(value);
    }
  }

 private:
  const Vae& model_;
  Tape tape_{{.mode = Tape::Mode::replay, .gradients = false}};
  std::size_t batch_;
  Var x_, noise_;
  std::vector<Var> values_;
};

/// Terms that every model has.
std::vector<Named> terms_of_all_models(std::size_t draws, bool closed_form,
                                       std::optional<double> entropy) {
  const Expectation how = closed_form ? Expectation::exact : Expectation::monte_carlo;
  std::vector<Named> all{{"nell", nell()}, {"div", div(how)}, {"elbo", elbo(how)}};
  if (draws > 1) all.push_back({"log_px", log_px(std::int64_t(draws))});
  all.push_back({"hqzx", hqzx()});
  if (entropy) all.push_back({"mi_lower", mi_lower()});
  all.push_back({"pf", pf()});
  all.push_back({"div(mc)", div(Expectation::monte_carlo)});
  return all;
}

std::vector<Ledger::Unit> units_of(const Vae& model, const Encoded& q) {
  const VaeConfig& config = model.config();
  const std::int64_t n = q.mean.shape()[0], dimensions = q.mean.shape()[1];
  const bool standard =
      config.posterior.discrete() || (config.prior.kind == PriorConfig::Kind::normal &&
                                      config.posterior.kind == PosteriorConfig::Kind::diagonal);
  std::vector<Ledger::Unit> units;
  for (const double kl : mean_divergences(model, q))
    units.push_back({standard ? kl : nan, 0, false});
  for (std::int64_t d = 0; d < dimensions; ++d) {
    RunningMean means;
    for (std::int64_t i = 0; i < n; ++i) means.add(q.mean.at({i, d}));
    units[std::size_t(d / config.posterior.width())].variance += means.variance();
  }
  for (Ledger::Unit& unit : units) unit.active = unit.variance > 0.01;
  return units;
}

MeanAndError smaller(const MeanAndError& a, const MeanAndError& b) {
  return b.mean < a.mean ? b : a;
}
MeanAndError larger(const MeanAndError& a, const MeanAndError& b) {
  return b.mean > a.mean ? b : a;
}

}  // namespace

const Ledger::Entry* Ledger::find(const std::string& name) const {
  const auto found =
      std::find_if(terms.begin(), terms.end(), [&](const Entry& e) { return e.name == name; });
  return found == terms.end() ? nullptr : &*found;
}

Ledger measure_ledger(const Vae& model, const ParameterStore& store, const Examples& examples,
                      const LedgerOptions& options) {
  Ledger ledger;
  ledger.options = options;
  ledger.count =
      options.examples == 0 ? examples.count() : std::min(options.examples, examples.count());
  const std::size_t n = ledger.count;
  std::size_t batch = std::min(options.batch, n);
  while (batch > 2 && n % batch == 1) --batch;  // a last batch of one has nothing to compare
  ledger.options.batch = batch;
  if (batch < 2) throw Error("decompose: needs at least 2 examples in a batch");

  // Batches are drawn without replacement, in a fixed order that does not follow the file's.
  std::vector<std::uint32_t> rows(n);
  fill_permutation(rows.data(), n, random_variables::ledger_batches.of(options.seed), 0);

  const bool diagonal = model.config().posterior.kind == PosteriorConfig::Kind::diagonal;
  const bool closed_form = has_exact_div(model.config().prior);
  const std::optional<double> entropy =
      n == examples.count() ? data_entropy(examples, model.config().likelihood) : std::nullopt;
  const Encoded posteriors = encode(model, examples, n);

  std::vector<Named> all = terms_of_all_models(options.draws, closed_form, entropy);
  if (diagonal) {
    const Scheme scheme = options.scheme;
    for (const Named& named : std::vector<Named>{{"hagg", hagg(scheme)},
                                                 {"mi", mi(scheme)},
                                                 {"aggdiv", aggdiv(scheme)},
                                                 {"tc", tc(scheme)},
                                                 {"dwkl", dwkl(scheme)}}) {
      all.push_back(named);
    }
    for (const Scheme each : all_schemes()) {
      all.push_back({"hagg " + name(each), hagg(each)});
      all.push_back({"mi " + name(each), nelbo::mi(each)});
    }
  }

  const Population population{.size = std::int64_t(n), .entropy = entropy};
  const Encoded* const components = diagonal ? &posteriors : nullptr;
  TermTape full(model, all, population, components, options.draws, batch);
  std::unique_ptr<TermTape> partial;
  if (n % batch != 0) {
    partial =
        std::make_unique<TermTape>(model, all, population, components, options.draws, n % batch);
  }
  for (std::size_t first = 0; first < n; first += batch) {
    const auto some =
        std::span<const std::uint32_t>(rows).subspan(first, std::min(batch, n - first));
    (some.size() == batch ? full : *partial).add(examples, some, options.seed, all);
  }

  std::optional<MeanAndError> div_mc;
  for (Named& named : all) {
    const Quantity quantity = named.term.quantities().front();
    Ledger::Entry entry{named.name, named.estimate.result(), quantity.bias, quantity.equation,
                        quantity.meaning};
    const std::size_t space = named.name.find(' ');
    if (named.name == "div(mc)") {
      div_mc = entry.estimate;
    } else if (space == std::string::npos) {
      ledger.terms.push_back(entry);
    } else {
      entry.name = named.name.substr(space + 1);
      (named.name.starts_with("mi") ? ledger.mi : ledger.hagg).push_back(entry);
    }
  }
  if (entropy) {
    ledger.terms.push_back({"h_data",
                            {*entropy, nan},
                            Bias::none,
                            "Zheng eq. (30)",
                            "entropy of the examples, exact"});
  }
  if (options.pairs > 0) {
    ledger.terms.push_back(
        {"mi_dec",
         generative_information(model, store, options.pairs, importance_samples, options.seed),
         Bias::over, "Zheng eq. (3)", "generative mutual information I_dec(X;Z)"});
  }
  ledger.units = units_of(model, posteriors);
  if (!diagonal) return ledger;

  const auto mean = [&](const char* name) { return ledger.find(name)->estimate.mean; };
  ledger.div_residual = div_mc->mean - (mean("mi") + mean("aggdiv"));
  ledger.aggdiv_residual = mean("aggdiv") - (mean("tc") + mean("dwkl") - mean("pf"));

  const auto under = [&](Scheme scheme) { return ledger.mi[std::size_t(scheme)].estimate; };
  ledger.mi_low = under(Scheme::naive);
  if (entropy) ledger.mi_low = larger(ledger.mi_low, ledger.find("mi_lower")->estimate);
  ledger.mi_high =
      smaller(smaller(under(Scheme::loo), ledger.find("div")->estimate), {std::log(double(n)), 0});
  const MeanAndError estimate = ledger.find("mi")->estimate;
  const auto errors = [](const MeanAndError& a, const MeanAndError& b) {
    return 4 * std::hypot(a.standard_error, b.standard_error);
  };
  ledger.contains = estimate.mean >= ledger.mi_low.mean - errors(estimate, ledger.mi_low) &&
                    estimate.mean <= ledger.mi_high.mean + errors(estimate, ledger.mi_high);
  return ledger;
}

}  // namespace nelbo
