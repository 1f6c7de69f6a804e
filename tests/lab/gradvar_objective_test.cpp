// Gradients of an objective, from the code that trains: against the fast path of bounds, against
// each other, and against central differences of the objective's own value.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lab/data/examples.hpp"
#include "lab/studies/objective_draw.hpp"
#include "lab/studies/recorded_draw.hpp"
#include "lab/studies/replicates.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"
#include "models/registry.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/critic.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"
#include "objectives/language/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/lab/small_vae.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using tests::contains;
using tests::SmallVae;

namespace {

constexpr std::uint64_t seed = 3;

/// Mean gradients by parameter, of the plan's only cell.
std::map<std::string, std::vector<double>> mean_gradients(const StudyModel& model,
                                                          const std::string& objective,
                                                          std::uint64_t replicates) {
  const StudyCells plan = plan_cells({.estimators = "reparam", .objective = objective}, model);
  REQUIRE(plan.cells.size() == 1);
  std::map<std::string, std::vector<double>> found;
  run_replicates(model, plan.cells[0],
                 {.replicates = replicates,
                  .seed = seed,
                  .workers = 2,
                  .gradient = [&](const MeanGradient& one) { found[one.parameter] = one.mean; }});
  return found;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
bool same(const MeanAndError& a, const MeanAndError& b) {
  return same(a.mean, b.mean) && same(a.standard_error, b.standard_error);
}

/// The cell of an objective or of a bound with these estimators, the first of them the reference.
StudyCell cell_of(std::variant<Bound, Term> of, const std::vector<EstimatorChoice>& estimators) {
  return {
      .label = "it", .of = std::move(of), .estimators = estimators, .reported = estimators.size()};
}

}  // namespace

TEST_CASE(
    "objective: a bound's cells by the code that trains have RecordedDraw's mean and variance") {
  SmallVae vae;
  vae.start();
  const std::vector<std::pair<std::string, Bound>> bounds{
      {"elbo(mc)", bounds::elbo()},
      {"mc(k=3)", bounds::mc(3, bounds::elbo())},
      {"iw(m=4)", bounds::iw(4)},
      {"miwae(k=2, m=3)", bounds::miwae(2, 3)},
      {"cubo(n=2, m=4)", bounds::cubo(2, 4)}};
  for (const auto& [text, bound] : bounds) {
    std::vector<EstimatorChoice> estimators;
    for (const char* name : {"reparam", "stl", "dreg", "rloo", "vimco", "score(mean)", "piwae",
                             "phi=dreg,theta=piwae", "wake_sleep"}) {
      const EstimatorChoice choice = parse_estimators(name);
      if (choice.phi.rule().undefined(bound).empty() &&
          choice.theta.rule().undefined(bound).empty()) {
        estimators.push_back(choice);
      }
    }
    REQUIRE(estimators.size() >= 4);
    const Term objective = parse_objective(text);
    // cubo is a cost that moves the encoder alone: the study of the bound gives theta's as well.
    const bool cost = objective.direction() == Direction::cost;
    const auto rows = [&](std::variant<Bound, Term> of) {
      return run_replicates(vae.study(), cell_of(std::move(of), estimators),
                            {.replicates = 64, .seed = seed, .workers = 2});
    };
    const std::vector<Row> slow = rows(objective), fast = rows(bound);
    REQUIRE(slow.size() == fast.size());
    for (std::size_t i = 0; i < slow.size(); ++i) {
      INFO(text << " " << slow[i].estimator << " " << slow[i].group);
      REQUIRE(slow[i].estimator == fast[i].estimator);
      REQUIRE(slow[i].group == fast[i].group);
      const bool phi = slow[i].group == "phi" || slow[i].group.starts_with("encoder");
      if (cost && !phi) {
        CHECK(slow[i].variance.mean == 0);
        continue;
      }
      CHECK(slow[i].mean_norm.mean == Approx(fast[i].mean_norm.mean).epsilon(1e-9));
      CHECK(slow[i].variance.mean == Approx(fast[i].variance.mean).epsilon(1e-9));
      CHECK(slow[i].variance.standard_error ==
            Approx(fast[i].variance.standard_error).epsilon(1e-6));
      CHECK(slow[i].biased == fast[i].biased);
    }
  }
}

TEST_CASE("objective: replicate by replicate the gradient of a gain is the bound's, sign and all") {
  SmallVae vae;
  vae.start();
  const std::vector<EstimatorChoice> estimators{estimators::reparam(), estimators::dreg()};
  RecordedDraw fast(vae.study(), bounds::iw(4), estimators, Coupling::independent);
  ObjectiveDraw gain(vae.study(), parse_objective("iw(m=4)"), estimators);
  ObjectiveDraw cost(vae.study(), parse_objective("-iw(m=4)"), estimators);
  for (std::uint64_t r = 0; r < 3; ++r) {
    for (ReplicateSource* source : std::vector<ReplicateSource*>{&fast, &gain, &cost}) {
      source->replicate(random_variables::evaluation, seed, r);
    }
    CHECK(gain.value() == Approx(fast.value()).epsilon(1e-12));
    for (std::size_t i = 0; i < 2; ++i) {
      const Range phi = vae.store.range("phi");
      const double* const a = fast.encoder_gradient(i).data_as<double>();
      const double* const b = gain.encoder_gradient(i).data_as<double>();
      const double* const c = cost.encoder_gradient(i).data_as<double>();
      for (std::size_t j = phi.offset; j < phi.offset + phi.length; ++j) {
        CHECK(std::fabs(a[j] - b[j]) < 1e-12);
        CHECK(b[j] == -c[j]);
      }
    }
  }
}

TEST_CASE("objective: the mean gradient of nell + 4*div is nell's and 4 times div's") {
  SmallVae vae;
  vae.start();
  const Subject world = linear_gaussian_subject(20, 2), anew = linear_gaussian_subject(20, 2, true);
  for (const StudyModel& model : {vae.study(), world.model, anew.model}) {
    const bool single = model.model.store().dtype() == DType::f32;
    const auto sum = mean_gradients(model, "nell + 4*div", 50);
    const auto nell = mean_gradients(model, "nell", 50), div = mean_gradients(model, "div", 50);
    REQUIRE(sum.size() == model.model.store().entries().size());
    double scale = 0, largest = 0;
    for (const auto& [name, values] : sum) {
      for (std::size_t j = 0; j < values.size(); ++j) {
        const double expected = nell.at(name)[j] + 4 * div.at(name)[j];
        scale = std::max(scale, std::fabs(expected));
        largest = std::max(largest, std::fabs(values[j] - expected));
      }
    }
    CHECK(scale > 0.01);
    CHECK(largest < (single ? 3e-6 : 1e-12) * scale);
  }
}

namespace {

/// The largest difference of a term's gradient from central differences of its own value on the same
/// noise, over the largest difference quotient.
double relative_error(SmallVae& vae, const Term& term) {
  const std::vector<std::uint32_t> rows{0, 1, 2, 3, 4};
  RecordedBatch batch(*vae.model, vae.auxiliaries, term, estimators::reparam(),
                      vae.study().population, rows.size(), RecordedBatch::Use::study);
  batch.x().copy_from(vae.x);
  batch.fill({random_variables::evaluation, seed, 0, rows});
  batch.tape().forward();
  GradientSink gradient(vae.store);
  std::vector<GradientSink> others;
  for (std::size_t i = 1; i < batch.parts().size(); ++i) others.emplace_back(vae.store);
  batch.backward(gradient, others);
  Groups moved = 0;
  for (const RecordedBatch::Part& part : batch.parts()) moved |= part.groups;

  double scale = 0, largest = 0;
  double* const values = static_cast<double*>(vae.store.data());
  const double* const g = gradient.buffer().data_as<double>();
  for (const std::string& group : vae.store.group_names()) {
    if ((vae.store.groups({group}) & moved) == 0) continue;
    const Range range = vae.store.range(group);
    for (std::size_t j = range.offset; j < range.offset + range.length; ++j) {
      constexpr double h = 1e-5;
      const double at = values[j];
      const auto cost_at = [&](double value) {
        values[j] = value;
        batch.tape().forward();
        return batch.cost_value();
      };
      const double difference = (cost_at(at + h) - cost_at(at - h)) / (2 * h);
      values[j] = at;
      scale = std::max(scale, std::fabs(difference));
      largest = std::max(largest, std::fabs(g[j] - difference));
    }
  }
  CHECK(scale > 1e-4);
  return largest / scale;
}

/// Whether another test of this process brought the word.
bool is_own(const Word& word) {
  const auto& all = own_words();
  return std::any_of(all.begin(), all.end(),
                     [&](const OwnWord& own) { return own.name == word.name; });
}

}  // namespace

TEST_CASE("objective: every term's gradient is that of its own value on the same noise") {
  SmallVae vae, of_full_prior("normal:full");
  for (SmallVae* one : {&vae, &of_full_prior}) {
    one->auxiliaries.declare(critic(), one->store, *one->model);
    one->start();
  }
  int terms = 0;
  double largest = 0;
  for (const Word& word : vocabulary().all()) {
    if (word.kind != Word::Kind::term && word.kind != Word::Kind::bound) continue;
    if (is_own(word)) continue;
    if (word.name == "classification")
      continue;  // of a model that infers labels: semi_supervised_test.cpp
    INFO(word.name);
    std::optional<Term> term;
    try {
      term = parse_objective(word.name == "mc" ? "mc(k=3)" : word.name);
    } catch (const ExpressionError&) {
      // What is no part of an objective.
      CHECK((word.name == "mi_dec" || word.name == "critic_loss"));
      continue;
    }
    ++terms;
    // Of a prior that is the product of its marginals pf is 0.
    const double error = relative_error(word.name == "pf" ? of_full_prior : vae, *term);
    CHECK(error < 1e-6);
    largest = std::max(largest, error);
  }
  CHECK(terms == 25);
  std::cout << "central differences of " << terms << " terms: largest relative error " << largest
            << "\n";
}

TEST_CASE("objective: rows do not depend on the number of workers, nor on data drawn anew") {
  const Subject anew = linear_gaussian_subject(20, 2, true);
  SmallVae vae("normal", DType::f32);
  vae.start();
  for (const StudyModel& model : {vae.study(), anew.model}) {
    const StudyCell cell = cell_of(
        parse_objective("-iw(m=4) + tc(naive) + 0.5*mmd"),
        {parse_estimators("reparam"), parse_estimators("stl"), parse_estimators("score(mean)")});
    const auto rows = [&](std::size_t workers) {
      return run_replicates(model, cell, {.replicates = 111, .seed = 4, .workers = workers});
    };
    const std::vector<Row> one = rows(1), three = rows(3);
    REQUIRE(one.size() == three.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      CHECK(same(one[i].mean_norm, three[i].mean_norm));
      CHECK(same(one[i].variance, three[i].variance));
      CHECK(same(one[i].snr, three[i].snr));
      CHECK(same(one[i].dsnr, three[i].dsnr));
      CHECK(same(one[i].bias_t, three[i].bias_t));
    }
    // Estimators leave the decoder alone: they share its rows.
    std::vector<double> theta;
    for (const Row& row : one) {
      if (row.group == "theta") theta.push_back(row.variance.mean);
    }
    CHECK(theta == std::vector<double>(3, theta.at(0)));
  }
}

TEST_CASE("objective: bounds on data drawn anew are the same by either path") {
  const Subject anew = linear_gaussian_subject(20, 2, true), fixed = linear_gaussian_subject(20, 2);
  const std::vector<EstimatorChoice> estimators{estimators::reparam(), estimators::dreg()};
  const auto variance = [&](const Subject& subject, std::variant<Bound, Term> of) {
    return run_replicates(subject.model, cell_of(std::move(of), estimators),
                          {.replicates = 200, .seed = seed})[0]
        .variance.mean;
  };
  const double slow = variance(anew, parse_objective("iw(m=4)"));
  CHECK(slow == Approx(variance(anew, bounds::iw(4))).epsilon(1e-4));
  // The data's own spread adds to it.
  CHECK(slow > 1.1 * variance(fixed, bounds::iw(4)));
}

TEST_CASE("objective: examples of a replicate are no two the same, and all are chosen alike") {
  constexpr std::int64_t N = 40, B = 15, replicates = 2000;
  data::Array numbers{data::StoredType::uint8, {N, 1}, {}};
  numbers.bytes.resize(N);
  auto* const bytes = reinterpret_cast<std::uint8_t*>(numbers.bytes.data());
  for (std::int64_t i = 0; i < N; ++i) bytes[i] = std::uint8_t(i);
  data::Dataset data;
  data.spec = "numbers";
  data.scale = 255;
  data.splits.push_back({"test", data::Images(std::move(numbers)), {}, {}});
  const Examples examples(data, data.splits[0], data::Binarize::none, Examples::Role::test, 0);
  const Tensor x({B, 1}, DType::f32), again({B, 1}, DType::f32);
  std::vector<int> chosen(N);
  for (std::uint64_t r = 0; r < replicates; ++r) {
    examples.some_anew(x, 5, r);
    std::set<int> of_replicate;
    for (const double value : x.values()) of_replicate.insert(int(std::lround(255 * value)));
    CHECK(of_replicate.size() == B);
    for (const int one : of_replicate) ++chosen[std::size_t(one)];
  }
  examples.some_anew(again, 5, replicates - 1);
  CHECK(again.values() == x.values());
  const double p = double(B) / N, sd = std::sqrt(replicates * p * (1 - p));
  for (const int count : chosen) CHECK(std::fabs(count - replicates * p) < 4 * sd);
}

TEST_CASE("objective: plans study what is defined and say what is not") {
  SmallVae vae;
  vae.start();
  const StudyModel model = vae.study();
  const auto plan = [&](const std::string& objective, const std::string& estimators) {
    return plan_cells({.estimators = estimators, .objective = objective}, model);
  };
  const StudyCells mixed =
      plan("-iw(m=4) + 2*mi + (-0.5*elbo(mc))", "reparam,stl,vimco,score(mean)");
  REQUIRE(mixed.cells.size() == 1);
  CHECK(mixed.cells[0].estimators.size() == 2);
  REQUIRE(mixed.undefined.size() == 2);
  CHECK_THAT(mixed.undefined[0].undefined, contains("no others"));  // vimco, of elbo(mc)
  CHECK_THAT(mixed.undefined[1].undefined, contains("several"));
  CHECK(mixed.cells[0].unbiased(estimators::reparam(), true));
  CHECK_FALSE(mixed.cells[0].unbiased(estimators::stl(), true));
  const StudyCells inside = plan("nell + square(-elbo(mc) - 2)", "reparam,stl");
  CHECK_FALSE(inside.cells[0].unbiased(estimators::stl(), true));

  const StudyCells none = plan("nell + 4*div", "reparam,stl,reparam+antithetic");
  REQUIRE(none.cells.size() == 1);
  CHECK(none.cells[0].estimators.size() == 1);
  REQUIRE(none.undefined.size() == 2);
  CHECK_THAT(none.undefined[0].undefined, contains("holds none"));

  const StudyCells copies = plan("miwae(k=2, m=4)", "reparam");
  CHECK(copies.cells[0].m == 4);
  CHECK(copies.cells[0].k == 2);
  CHECK(copies.cells[0].title() == "miwae(k=2, m=4)");

  CHECK_THROWS_WITH(plan("nell + factor_tc", "reparam"), contains("critic"));
  CHECK_THROWS_WITH(plan("tc(full)", "reparam"), contains("objective") && contains("strat"));
  CHECK_THROWS_WITH(plan("nel", "reparam"), contains("column 1") && contains("nell"));
  // The whole population.
  StudyModel all = model;
  all.population.size = SmallVae::B;
  CHECK_NOTHROW(plan_cells({.estimators = "reparam", .objective = "tc(full)"}, all));
}
