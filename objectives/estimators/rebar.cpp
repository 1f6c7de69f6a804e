#include "objectives/estimators/rebar.hpp"

#include <cmath>
#include <memory>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/init.hpp"
#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/leave_one_out.hpp"
#include "objectives/estimators/tied_relaxation.hpp"

namespace nelbo::estimators {
namespace {

constexpr const char* group = "rebar";
constexpr double first_temperature = 0.5, first_eta = 1;
constexpr double step = 0.05;  // of logits over T, for derivatives along a direction

/// (temperature, eta), [2]: "rebar.log_temperature" and "rebar.eta", each unless it is fixed.
Layer declare(std::optional<double> temperature, std::optional<double> eta, ParameterStore& store) {
  const auto number = [&store](const char* name, double start) {
    return store.add(name, group, {1}, constant(Tensor::full({1}, start)));
  };
  std::optional<ParameterId> log_t, own_eta;
  if (!temperature) log_t = number("rebar.log_temperature", std::log(first_temperature));
  if (!eta) own_eta = number("rebar.eta", first_eta);
  return [=, &store](Var x) {
    Tape& tape = Tape::current();
    const auto fixed = [&](double value) { return tape.leaf(Tensor::full({1}, value, x.dtype())); };
    return concatenate({log_t ? exp(tape.parameter(store, *log_t)) : fixed(*temperature),
                        own_eta ? tape.parameter(store, *own_eta) : fixed(*eta)},
                       0);
  };
}

/// The sum over the samples of each copy, [k, B] of [S, B].
Var sum_by_copy(const Bound& bound, Var of_samples) {
  return sum(reshape(of_samples, {bound.groups(), bound.inner().samples(), -1}), 1);
}

/// +-1 for every number of a datum's codes, or of its block's, [S, B, D].
Var random_signs(const CodeBlock& codes, std::int64_t samples) {
  Draw& draw = codes.draw();
  const std::int64_t numbers = codes.noise().shape()[2];
  const Var uniform =
      draw.noise_of_data(codes.key() + "rebar direction", draw.samples() * numbers, Noise::uniform);
  const Var by_datum = reshape(2.0 * less(uniform, 0.5) - 1.0, {draw.batch(), draw.samples(), -1});
  return contiguous(slice(permute(by_datum, {1, 0, 2}), 0, 0, samples));
}

}  // namespace

std::string with_tuning(const char* name, std::optional<double> temperature,
                        std::optional<double> eta) {
  if (!temperature && !eta) return name;
  bounds::Arguments written(name);
  if (temperature) written.real("temperature", *temperature, 1e-3, 1e3);
  if (eta) written.real("eta", *eta, -1e3, 1e3);
  return written.text();
}

Var by_copy(const Bound& bound, Var of_samples) {
  const std::int64_t k = bound.groups(), m = bound.inner().samples();
  if (k == 1) return of_samples;
  return reshape(contiguous(permute(reshape(of_samples, {k, m, -1}), {1, 0, 2})), {m, -1});
}

void weigh_copies(const WeightedRule::Datum& datum, WeightedRule::Weights& weights) {
  for_each_group(datum, [&](const Bound& inner, std::span<const double> f, std::size_t first,
                            double k) {
    const std::size_t m = f.size();
    const double own = inner.function()(f, weights.scratch.first(m), weights.scratch.subspan(m, m));
    for (std::size_t s = first; s < first + m; ++s) weights.score[s] = own / k - datum.a[s];
  });
}

Rebar::Rebar(Properties properties, std::optional<double> temperature, std::optional<double> eta)
    : WeightedRule(std::move(properties), weigh_copies), temperature_(temperature), eta_(eta) {}

std::string Rebar::unfit(const CodeSpace& codes) const {
  return codes.discrete() ? "" : for_discrete_codes(text(), codes, "reparam, stl or dreg");
}

std::vector<Auxiliary> Rebar::auxiliaries() const {
  if (temperature_ && eta_) return {};
  return {{.group = group,
           .rate = 1e-2,
           .declare = [t = temperature_, eta = eta_](ParameterStore& store, const Model&) {
             return declare(t, eta, store);
           }}};
}

Var Rebar::tuned(Draw& draw, Number which) const {
  const std::optional<double>& fixed = which == Number::temperature ? temperature_ : eta_;
  if (fixed) return Tape::current().leaf(Tensor::full({1}, *fixed, draw.dtype()));
  const Var both =
      draw.once(Key::nelbo("rebar tuning"), [&] { return draw.network(group, text())(draw.x()); });
  return slice(both, 0, int(which), int(which) + 1);
}

Var Rebar::surrogate(Draw& draw, const Bound& bound, Codes& relaxed) const {
  // What moves log-weights beside the codes would count twice: it is taken off again.
  const Var fixed = stop(relaxed.z());
  Var aside = -draw.posterior().log_prob(fixed);
  if (draw.model().prior_moves_encoder()) {
    aside = aside + draw.model().log_joint(fixed, draw.data());
  }
  const Var f = relaxed.log_weights() - (aside - stop(aside));
  const Var copies = bound_value(bound.inner(), by_copy(bound, f));
  return tuned(draw, Number::eta) * reshape(copies, {bound.groups(), -1});
}

Var Rebar::surrogate_at(const CodeBlock& codes, const Bound& bound, const std::string& name,
                        const std::function<Var()>& relaxed) const {
  Draw& draw = codes.draw();
  const std::string key = codes.key() + text() + " " + bound.text() + " " + name;
  return draw.once(Key::nelbo(key), [&] {
    return surrogate(draw, bound,
                     draw.codes(Key::nelbo(key), [&] { return codes.among(relaxed()); }));
  });
}

std::vector<WeightedRule::Direct> Rebar::direct(const CodeBlock& codes, const Bound& bound) const {
  Draw& draw = codes.draw();
  const TiedRelaxation relaxation(text(), codes.posterior(), first_samples(codes.noise(), bound));
  const Var c = surrogate_at(codes, bound, "y",
                             [&] { return relaxation.codes(tuned(draw, Number::temperature)); });
  const Var log_q = first_samples(codes.log_posterior_at_fixed_z(), bound);
  const Var control = c - stop(c) * sum_by_copy(bound, log_q);
  return {{log_q, Direct::By::score},
          {only(control, draw.model().encoder()), Direct::By::one, 1 / double(bound.groups())}};
}

void Rebar::learn(const CodeBlock& codes, const Bound& bound) const {
  const std::vector<Auxiliary> learners = auxiliaries();
  if (learners.empty()) return;
  Draw& draw = codes.draw();
  const TiedRelaxation relaxation(text(), codes.posterior(), first_samples(codes.noise(), bound));
  const Var t = tuned(draw, Number::temperature), signs = random_signs(codes, bound.samples());
  const Var c = surrogate_at(codes, bound, "y", [&] { return relaxation.codes(t); });
  const Var up = surrogate_at(codes, bound, "up", [&] { return relaxation.moved(t, signs, step); });
  const Var down =
      surrogate_at(codes, bound, "down", [&] { return relaxation.moved(t, signs, -step); });
  const Var slope = (up - down) / (2 * step * stop(t));
  const Var z = first_samples(codes.z(), bound);
  // d log Q, [S, B]
  const Var along = stop(sum(signs * (z - codes.posterior().expectation()), -1));
  const Var f = stop(first_samples(draw.codes().log_weights(), bound));
  const BoundVars own = bound_with_coefficients(bound.inner(), by_copy(bound, f));
  Var projected = (reshape(own.value, c.shape()) - c) * sum_by_copy(bound, along) + slope;
  if (!draw.model().prior_moves_encoder()) {  // else log P may move as log Q does
    projected = projected - reshape(sum(own.a * by_copy(bound, along), 0), c.shape());
  }
  const Var loss = mean(square(projected));
  for (const Auxiliary& learner : learners) draw.learn(learner.group, loss);
}

Estimator rebar(std::optional<double> temperature, std::optional<double> eta) {
  return Estimator(std::make_shared<const Rebar>(
      WeightedRule::Properties{
          .text = with_tuning("rebar", temperature, eta),
          .formula = "path 0, score L - c - a_s, and grad c, c = eta L at relaxed codes of T",
          .meaning = "score function, the bound at relaxed codes as control variate",
          .source = "Tucker et al. (2017)",
          .of_expectations = true},
      temperature, eta));
}

}  // namespace nelbo::estimators
