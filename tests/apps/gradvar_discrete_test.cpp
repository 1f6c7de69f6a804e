// The discrete world as a subject of studies: exact moments against the derivative of the summed
// bound, replicates against exact moments, and recorded draws against a Draw.
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"
#include "lab/studies/discrete_theory.hpp"
#include "lab/studies/recorded_draw.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"
#include "models/vae.hpp"
#include "models/worlds/discrete_model.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/estimators.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/discrete_nodes.hpp"
#include "tests/objectives/discrete_tuples.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using namespace nelbo::tests;
using nelbo::tests::discrete::defined;
using nelbo::tests::discrete::distance;

namespace {

/// Gradients of the mean of E L over all data, in the layout of the store.
std::vector<double> exact_gradient(const DiscreteModel& model, const Bound& bound) {
  Tape tape;
  const Recording recording(tape);
  const Tensor x = model.data();
  std::optional<Var> total;
  for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
    Tensor row({1, x.shape()[1]}, x.dtype());
    row.set({0, n}, 1);
    const Var one = expected_bound(
        bound, model.codes(), row, [&](Var at) { return model.posterior(at); },
        [&](Var z, Var at) { return model.log_joint(z, at); });
    total = total ? *total + one : one;
  }
  GradientSink sink(model.store());
  tape.backward(*total / double(x.shape()[0]), all_groups, sink);
  return sink.buffer().values();
}

std::vector<double> part(const std::vector<double>& all, const ParameterStore& store,
                         const char* group) {
  const Range range = store.range(group);
  const auto first = all.begin() + std::ptrdiff_t(range.offset);
  return {first, first + std::ptrdiff_t(range.length)};
}

std::vector<EstimatorChoice> enumerable() {
  using namespace estimators;
  return {score(),
          rloo(),
          vimco(),
          vimco(OthersMean::arithmetic),
          ovis(0),
          ovis(1),
          disarm(),
          wake_sleep(1),
          enumeration(),
          {vimco(), piwae()},
          {disarm(), enumeration()}};
}

}  // namespace

TEST_CASE("discrete world: the tables' densities, and codes between the codes") {
  for (const char* family : {"bernoulli", "categorical:3"}) {
    ParameterStore store(DType::f64);
    const DiscreteModel model(store, {.codes = parse_posterior(family).codes(2)});
    store.freeze(0);
    Tape tape;
    const Recording recording(tape);
    const Tensor codes = estimators::all_codes(model.codes(), DType::f64);
    const Var x = tape.leaf(model.data());
    const Var z =
        broadcast_to(tape.leaf(codes), {model.number_of_codes(), 3, model.codes().dimensions()});
    const Tensor joint = model.log_joint(z, x).value();
    const Tensor q = model.posterior(x)->log_prob(z).value();
    const std::vector<double> decoder = store.tensor("decoder.logits").values();
    const std::vector<double> prior = store.tensor("prior.logits").values();
    double all = 0, prior_total = 0;
    for (const double l : prior) prior_total += std::exp(l);
    for (std::int64_t n = 0; n < 3; ++n) {
      double total = 0;
      for (std::int64_t c = 0; c < model.number_of_codes(); ++c) {
        double row = 0;
        for (std::int64_t m = 0; m < 3; ++m) row += std::exp(decoder[std::size_t(c * 3 + m)]);
        const double p = std::exp(decoder[std::size_t(c * 3 + n)]) / row *
                         std::exp(prior[std::size_t(c)]) / prior_total;
        CHECK(joint.at({c, n}) == Approx(std::log(p)).epsilon(1e-12));
        total += std::exp(q.at({c, n}));
        all += p;
      }
      CHECK(total == Approx(1).epsilon(1e-12));
    }
    CHECK(all == Approx(1).epsilon(1e-12));
    // Linear in each variable: half way between two codes lies the mean.
    const auto between = [&](double share) {
      Tensor at({1, 3, model.codes().dimensions()}, DType::f64);
      for (std::int64_t n = 0; n < 3; ++n) {
        for (std::int64_t d = 0; d < model.codes().dimensions(); ++d) {
          at.set({0, n, d}, (1 - share) * codes.at({0, 0, d}) + share * codes.at({1, 0, d}));
        }
      }
      return model.log_joint(tape.leaf(at), x).value().at({0, 1});
    };
    CHECK(between(0) == Approx(joint.at({0, 1})));
    CHECK(between(0.5) == Approx((joint.at({0, 1}) + joint.at({1, 1})) / 2));
  }
  ParameterStore store;
  CHECK_THROWS_WITH(DiscreteModel(store, {.codes = {}}), contains("binary or one-hot"));
  CHECK_THROWS_WITH(DiscreteModel(store, {.codes = {CodeSpace::Kind::binary, 13}}),
                    contains("4096"));
  CHECK_THROWS_WITH(DiscreteModel(store, {.data = 0}), contains("at least 1"));
}

TEST_CASE("discrete world: every unbiased estimator's expectation is the exact gradient") {
  for (const char* family : {"bernoulli", "categorical:3"}) {
    ParameterStore store(DType::f64);
    const DiscreteModel model(store, {.codes = parse_posterior(family).codes(2), .seed = 4});
    store.freeze(0);
    int checked = 0;
    for (const Bound& bound : small_bounds()) {
      if (bound.samples() > 3 && model.number_of_codes() > 4) continue;
      const std::vector<double> truth = exact_gradient(model, bound);
      for (const EstimatorChoice& choice : enumerable()) {
        if (!defined(choice, bound)) continue;
        if (!choice.unfit(model.codes()).empty()) continue;
        INFO(family << " " << bound.text() << " " << choice.text());
        const auto moments = exact_moments(model, bound, choice);
        REQUIRE(moments);
        ++checked;
        const double phi = distance(part(moments->mean, store, "phi"), part(truth, store, "phi"));
        CHECK((phi < 1e-10) == choice.phi.unbiased(bound));
        if (!choice.phi.unbiased(bound)) CHECK(phi > 1e-4);
        const double theta =
            distance(part(moments->mean, store, "theta"), part(truth, store, "theta"));
        if (choice.theta.rule().unbiased_for_decoder()) CHECK(theta < 1e-10);
        if (choice.phi.text() == "enumeration") {
          CHECK(part(moments->variance, store, "phi") ==
                std::vector<double>(store.range("phi").length, 0));
        }
      }
    }
    CHECK(checked > 40);
  }
}

TEST_CASE("discrete world: replicates have the exact moments") {
  const Subject subject = discrete_subject();
  const StudyCells plan = plan_cells(
      {.bounds = "elbo,iw",
       .estimators = "score,rloo,vimco,ovis,disarm,wake_sleep(1),phi=disarm,theta=enumeration,"
                     "enumeration,gumbel_softmax,straight_through",
       .m = {1, 3},
       .k = {1, 2},
       .reference = "score"},
      subject.model);
  int known = 0;
  for (const StudyCell& cell : plan.cells) {
    for (Row& row :
         run_replicates(subject.model, cell, {.replicates = 8000, .seed = 1, .workers = 2})) {
      const auto choice = std::find_if(cell.estimators.begin(), cell.estimators.end(),
                                       [&](const auto& c) { return c.text() == row.estimator; });
      subject.add_theory(cell, *choice, row);
      INFO(row.bound << " " << row.estimator << " " << row.m << " " << row.k << " " << row.group);
      const bool relaxed =
          row.estimator.starts_with("gumbel") || row.estimator.starts_with("straight");
      CHECK(row.exact.has_value() == !relaxed);
      if (relaxed) CHECK(row.biased == (row.group == "phi" || row.estimator.starts_with("gumbel")));
      if (!row.exact) continue;
      ++known;
      CHECK(std::fabs(row.variance.mean - row.exact->variance) <=
            5 * row.variance.standard_error + 1e-9);
      // The norm of a mean has a bias of about trace(V) / R / (2 norm).
      const double noise = std::sqrt(row.exact->variance / 8000);
      CHECK(std::fabs(row.mean_norm.mean - row.exact->mean_norm) < 5 * noise + 1e-6);
    }
  }
  CHECK(known > 60);
}

namespace {

/// Estimators that are defined for the bound and draw with this coupling, but wake_sleep, which has
/// noise of its own besides.
std::vector<EstimatorChoice> discrete_estimators(const Model& model, const Bound& bound,
                                                 Coupling coupling) {
  using namespace estimators;
  std::vector<EstimatorChoice> all{score(),
                                   rloo(),
                                   vimco(),
                                   disarm(),
                                   arm(),
                                   rebar(0.7, 0.9),
                                   enumeration(),
                                   gumbel_softmax(0.7),
                                   estimators::straight_through(0.7),
                                   {gumbel_softmax(0.7), score()},
                                   {rloo(), gumbel_softmax(0.7)},
                                   {rebar(0.5, 1), enumeration()},
                                   {estimators::straight_through(), enumeration()},
                                   {vimco(), piwae()}};
  std::erase_if(all, [&](const EstimatorChoice& choice) {
    return !defined(choice, bound) || choice.coupling != coupling ||
           !choice.unfit(model.codes()).empty();
  });
  return all;
}

/// Replicate 7 of seed 3 by a recorded draw and by a Draw of its noise.
void check_against_draw(const StudyModel& study, const Bound& bound, Coupling coupling,
                        const std::vector<EstimatorChoice>& all) {
  const Model& model = study.model;
  const ParameterStore& store = model.store();
  RecordedDraw recorded(study, bound, all, coupling);
  recorded.replicate(random_variables::evaluation, 3, 6);
  recorded.replicate(random_variables::evaluation, 3, 7);
  const Tensor noise({4, 2, model.codes().dimensions()}, DType::f64);
  fill_noise(model.codes().noise(), noise, {.stream = {3, StreamId::evaluation}, .step = 7},
             coupling);
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(bound.text() << " " << all[i].text());
    Tape tape;
    const Recording recording(tape);
    Draw draw(model, tape.leaf(study.x), tape.leaf(noise), {}, nullptr,
              all[i].estimation(all[i].one_sweep(bound)));
    const Var value = mean(estimate(draw, bound));
    GradientSink theta(store), phi(store);
    tape.backward(value, ~store.groups({"phi"}), theta);
    tape.backward(value, store.groups({"phi"}), phi);
    CHECK(distance(part(recorded.encoder_gradient(i).values(), store, "phi"),
                   part(phi.buffer().values(), store, "phi")) < 1e-12);
    CHECK(distance(part(recorded.decoder_gradient(recorded.decoder_weights_of(i)).values(), store,
                        "theta"),
                   part(theta.buffer().values(), store, "theta")) < 1e-12);
    CHECK(recorded.seconds_of(i) > 0);
  }
}

}  // namespace

TEST_CASE("discrete world: a recorded draw has the gradients of a Draw") {
  for (const char* family : {"bernoulli", "categorical:3"}) {
    INFO(family);
    ParameterStore store(DType::f64);
    VaeConfig config;
    config.example = {6};
    config.latent = 2;
    config.hidden = {4};
    config.posterior = parse_posterior(family);
    const Vae vae(config, DataMoments{Tensor::full({6}, 0.4), Tensor::full({6}, 0.24)}, store);
    store.freeze(5);
    Tensor x({2, 6}, DType::f64);
    for (std::int64_t j = 0; j < 12; ++j) x.set({j / 6, j % 6}, double(j * 7 % 5 < 2));
    for (const Bound& bound : {bounds::mc(4, bounds::elbo()), bounds::miwae(2, 2)}) {
      for (const Coupling coupling : {Coupling::independent, Coupling::antithetic}) {
        const auto estimators = discrete_estimators(vae, bound, coupling);
        if (!estimators.empty()) check_against_draw({vae, x}, bound, coupling, estimators);
      }
    }
  }
}

TEST_CASE("discrete world: nelbo gradvar compares estimators there") {
  const Outcome outcome =
      run_program_binary({"gradvar", "--world", "discrete", "--bounds", "elbo,iw", "--m", "2",
                          "--k", "1,2", "--replicates", "500", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const auto study = nlohmann::json::parse(outcome.out);
  const auto find = [&](const char* bound, const char* estimator, int k) {
    for (const auto& row : study["rows"]) {
      if (row["bound"] == bound && row["estimator"] == estimator && row["k"] == k) return row;
    }
    return nlohmann::json();
  };
  CHECK(find("elbo", "enumeration", 1)["exact"]["variance"] == 0);
  const double pair = find("elbo", "disarm", 2)["exact"]["variance"];
  const double two = find("elbo", "rloo", 2)["exact"]["variance"];
  CHECK(pair > 0);
  CHECK(two > 0);
  CHECK(find("elbo", "gumbel_softmax(temperature=1)", 1)["exact"].is_null());
  CHECK_THAT(find("iw", "enumeration", 1)["undefined"].get<std::string>(), contains("ELBO"));
  CHECK_THAT(find("elbo", "disarm", 1)["undefined"].get<std::string>(), contains("pairs"));
  const Outcome batch = run_program_binary({"gradvar", "--world", "discrete", "--batch", "7"});
  CHECK(batch.code == 2);
  const Outcome path =
      run_program_binary({"gradvar", "--world", "discrete", "--estimators", "dreg", "--json"});
  CHECK(path.code == 0);
  CHECK_THAT(path.out, contains("no reparameterised samples"));
}

TEST_CASE("study: the reference of each estimator is said where it is another one") {
  const std::vector<std::string> arguments{"gradvar",
                                           "--world",
                                           "discrete",
                                           "--bounds",
                                           "elbo",
                                           "--k",
                                           "2",
                                           "--estimators",
                                           "score,disarm,enumeration",
                                           "--replicates",
                                           "200"};
  const Outcome text = run_program_binary(arguments);
  REQUIRE(text.code == 0);
  CHECK_THAT(text.out, contains("against score (disarm: against enumeration+antithetic)") ||
                           contains("against score (disarm: against enumeration)"));
  std::vector<std::string> as_json = arguments;
  as_json.push_back("--json");
  const auto study = nlohmann::json::parse(run_program_binary(as_json).out);
  for (const auto& row : study["rows"]) {
    const bool pairs = row["estimator"] == "disarm";
    CHECK(row["reference"].get<std::string>().starts_with(pairs ? "enumeration" : "score"));
  }
  const Outcome coupled =
      run_program_binary({"gradvar", "--bounds", "elbo", "--k", "2", "--estimators",
                          "reparam,reparam+antithetic", "--replicates", "200"});
  CHECK_THAT(coupled.out,
             contains("against reparam (reparam+antithetic: against reparam+antithetic)"));
}
