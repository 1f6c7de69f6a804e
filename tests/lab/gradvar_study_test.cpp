// Replicated gradients: their definition, their bias, and what a study does with them.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/moments.hpp"
#include "lab/studies/recorded_draw.hpp"
#include "lab/studies/replicates.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"
#include "models/vae.hpp"
#include "models/worlds/linear_gaussian_model.hpp"
#include "models/worlds/rainforth.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/read_estimators.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using tests::contains;

namespace {

/// A small random VAE in double on fixed data.
struct SmallVae {
  static constexpr std::int64_t X = 6, B = 2;

  explicit SmallVae(DType dtype = DType::f64) : store(dtype), x({B, X}, dtype) {
    VaeConfig config;
    config.architecture = "mlp";
    config.example = Shape{X};
    config.latent = 2;
    config.hidden = {4};
    model = std::make_unique<Vae>(
        config, DataMoments{Tensor::full({X}, 0.4, dtype), Tensor::full({X}, 0.24, dtype)}, store);
    store.freeze(5);
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t j = 0; j < X; ++j) x.set({b, j}, (b * X + j) * 7 % 5 < 2);
    }
  }
  StudyModel study() const { return {*model, x}; }

  ParameterStore store;
  Tensor x;
  std::unique_ptr<Vae> model;
};

std::vector<EstimatorChoice> all_estimators() {
  using namespace estimators;
  return {reparam(),
          reparam_exact_div(),
          stl(),
          dreg(),
          score(),
          score(Estimator::Baseline::mean),
          rloo(),
          vimco(),
          vimco(OthersMean::arithmetic),
          ovis(0),
          ovis(1),
          wake_sleep(1),
          wake_sleep(0),
          rws_dreg(),
          piwae()};
}

std::vector<EstimatorChoice> defined_for(const Bound& bound) {
  std::vector<EstimatorChoice> all;
  for (const EstimatorChoice& choice : all_estimators()) {
    if (choice.phi.rule().undefined(bound).empty()) all.push_back(choice);
  }
  return all;
}

constexpr std::uint64_t seed = 3;

/// The largest |z| over the coordinates of the mean of a difference of paired gradients.
double largest_z(const GradientMoments& difference) {
  double largest = 0;
  const double n = double(difference.count());
  for (std::size_t j = 0; j < difference.parameters(); ++j) {
    const double variance = difference.squares()[j] / (n - 1) / n;
    if (variance > 0)
      largest = std::max(largest, std::fabs(difference.mean()[j]) / std::sqrt(variance));
  }
  return largest;
}

}  // namespace

TEST_CASE(
    "study: unbiased estimators have reparam's mean gradient on a random network, biased ones "
    "not") {
  const SmallVae vae;
  constexpr std::uint64_t replicates = 20'000;
  // z < 4 for one coordinate: the same level for all of phi's coordinates together.
  const double limit = 4.9;
  for (const Bound& bound : {bounds::elbo(), bounds::mc(3, bounds::elbo()), bounds::iw(6),
                             bounds::miwae(2, 3), bounds::renyi(-1, 5), bounds::ciwae(.3, 5),
                             bounds::jackknife(4), bounds::tvo(4, 5), bounds::cubo(2, 4)}) {
    const std::vector<EstimatorChoice> estimators = defined_for(bound);
    RecordedDraw draw(vae.study(), bound, estimators, Coupling::independent);
    draw.set_mean_baseline(-4);
    const Range phi = vae.store.range("phi"), theta = vae.store.range("theta");
    std::vector<GradientMoments> of_phi(estimators.size(), GradientMoments(phi.length));
    std::vector<GradientMoments> of_theta(estimators.size(), GradientMoments(theta.length));
    const auto slice = [](const Tensor& buffer, Range range) {
      return std::span<const double>(buffer.data_as<double>() + range.offset, range.length);
    };
    std::vector<double> difference;
    const auto add = [&](GradientMoments& to, std::span<const double> a,
                         std::span<const double> b) {
      difference.resize(a.size());
      for (std::size_t j = 0; j < a.size(); ++j) difference[j] = a[j] - b[j];
      to.add(std::span<const double>(difference));
    };
    for (std::uint64_t r = 0; r < replicates; ++r) {
      draw.replicate(random_variables::evaluation, seed, r);
      for (std::size_t i = 1; i < estimators.size(); ++i) {
        add(of_phi[i], slice(draw.encoder_gradient(i), phi), slice(draw.encoder_gradient(0), phi));
        add(of_theta[i], slice(draw.decoder_gradient(draw.decoder_weights_of(i)), theta),
            slice(draw.decoder_gradient(0), theta));
      }
    }
    for (std::size_t i = 1; i < estimators.size(); ++i) {
      INFO(bound.text() << " " << estimators[i].text());
      const double z = largest_z(of_phi[i]);
      if (estimators[i].phi.unbiased(bound)) {
        CHECK(z < limit);
      } else {
        CHECK(z > limit);
      }
      // theta's weights are the bound's, but for piwae's, which are another bound's.
      if (estimators[i].theta.rule().unbiased_for_decoder()) {
        CHECK(largest_z(of_theta[i]) == 0);
      } else if (bound.groups() > 1) {
        CHECK(largest_z(of_theta[i]) > limit);
      }
    }
  }
}

TEST_CASE(
    "study: where Q is the true posterior, stl and dreg are zero for each draw and reparam is "
    "not") {
  struct Tight {
    std::string name;
    std::shared_ptr<ParameterStore> store = std::make_shared<ParameterStore>(DType::f64);
    std::shared_ptr<const Model> model = {};
    Tensor x = {};
  };
  std::vector<Tight> worlds;
  {
    Tight golden{"golden instance, full covariance"};
    const auto model = std::make_shared<LinearGaussianModel>(
        *golden.store, golden_linear_gaussian().parameters(), LinearEncoder::posterior);
    golden.store->freeze(0);
    golden.model = model;
    golden.x = model->data(5, 1);
    worlds.push_back(golden);
    Tight toy{"Rainforth toy, covariance I/2"};
    const auto rainforth =
        std::make_shared<RainforthToy>(*toy.store, RainforthConfig{.delta = 0, .variance = 0.5});
    toy.store->freeze(0);
    toy.model = rainforth;
    toy.x = rainforth->x();
    worlds.push_back(toy);
  }
  using namespace estimators;
  for (const Tight& world : worlds) {
    for (const Bound& bound : {bounds::elbo(), bounds::iw(8), bounds::miwae(2, 4)}) {
      INFO(world.name << " " << bound.text());
      RecordedDraw draw({*world.model, world.x}, bound, {reparam(), stl(), dreg()},
                        Coupling::independent);
      const Range phi = world.store->range("phi");
      const auto largest = [&](std::size_t i) {
        const double* const g = draw.encoder_gradient(i).data_as<double>() + phi.offset;
        double most = 0;
        for (std::size_t j = 0; j < phi.length; ++j) most = std::max(most, std::fabs(g[j]));
        return most;
      };
      for (std::uint64_t r = 0; r < 20; ++r) {
        draw.replicate(random_variables::evaluation, seed, r);
        CHECK(largest(0) > 1e-3);
        CHECK(largest(1) < 1e-12);
        CHECK(largest(2) < 1e-12);
      }
    }
  }
}

TEST_CASE("study: estimators of one draw share one sweep through the decoder") {
  const SmallVae vae;
  using namespace estimators;
  RecordedDraw draw(vae.study(), bounds::iw(5),
                    {reparam(), stl(), dreg(), rws_dreg(), score(), vimco()},
                    Coupling::independent);
  for (std::uint64_t r = 0; r < 7; ++r) draw.replicate(random_variables::evaluation, seed, r);
  CHECK(draw.sweeps_for_z() == 7);
  CHECK(draw.sweeps_for_decoder() == 7);
  RecordedDraw scores(vae.study(), bounds::iw(5), {score(), vimco()}, Coupling::independent);
  scores.replicate(random_variables::evaluation, seed, 0);
  CHECK(scores.sweeps_for_z() == 0);
}

TEST_CASE(
    "study: a draw's gradients do not depend on what else is estimated, nor on earlier ones") {
  const SmallVae vae;
  using namespace estimators;
  const Bound bound = bounds::miwae(2, 3);
  const std::vector<EstimatorChoice> all = defined_for(bound);
  RecordedDraw together(vae.study(), bound, all, Coupling::independent);
  for (std::uint64_t r = 0; r < 3; ++r) together.replicate(random_variables::evaluation, seed, r);
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i].text());
    RecordedDraw alone(vae.study(), bound, {all[i]}, Coupling::independent);
    alone.replicate(random_variables::evaluation, seed, 2);
    CHECK(alone.value() == together.value());
    CHECK(alone.encoder_gradient(0).values() == together.encoder_gradient(i).values());
    CHECK(alone.decoder_gradient(alone.decoder_weights_of(0)).values() ==
          together.decoder_gradient(together.decoder_weights_of(i)).values());
  }
}

TEST_CASE("study: rows do not depend on the number of threads") {
  const SmallVae vae(DType::f32);
  const StudyModel model = vae.study();
  using namespace estimators;
  const StudyCell cell{"iw",
                       bounds::iw(4),
                       4,
                       1,
                       Coupling::independent,
                       {stl(), score(Estimator::Baseline::mean), reparam()},
                       3,
                       2};
  const auto rows = [&](std::size_t workers) {
    const std::size_t before = num_threads();
    set_num_threads(workers);
    const std::vector<Row> all =
        run_replicates(model, cell, {.replicates = 333, .seed = 4, .workers = workers});
    set_num_threads(before);
    return all;
  };
  const std::vector<Row> one = rows(1), three = rows(3), seven = rows(7);
  REQUIRE(one.size() == 3 * 6);  // theta and phi, of two layers each
  for (const auto& others : {three, seven}) {
    for (std::size_t i = 0; i < one.size(); ++i) {
      const auto same = [](const MeanAndError& a, const MeanAndError& b) {
        const auto bits = [](double x, double y) {
          return x == y || (std::isnan(x) && std::isnan(y));
        };
        return bits(a.mean, b.mean) && bits(a.standard_error, b.standard_error);
      };
      CHECK(same(one[i].mean_norm, others[i].mean_norm));
      CHECK(same(one[i].variance, others[i].variance));
      CHECK(same(one[i].snr, others[i].snr));
      CHECK(same(one[i].dsnr, others[i].dsnr));
      CHECK(same(one[i].cosine, others[i].cosine));
      CHECK((one[i].bias_t == others[i].bias_t ||
             (std::isnan(one[i].bias_t) && std::isnan(others[i].bias_t))));
    }
  }
}

TEST_CASE("study: exact moments of the worlds, and the bias test, agree with what is measured") {
  for (const Subject& subject : {rainforth_subject(), linear_gaussian_subject(4, 2)}) {
    const StudyCells plan = plan_cells(
        {.bounds = "elbo,iw", .estimators = "reparam,stl,dreg", .m = {1, 4}, .k = {1, 2}},
        subject.model);
    CHECK(plan.undefined.empty());
    int known = 0;
    for (const StudyCell& cell : plan.cells) {
      for (Row& row :
           run_replicates(subject.model, cell, {.replicates = 8000, .seed = 1, .workers = 2})) {
        const auto choice = std::find_if(cell.estimators.begin(), cell.estimators.end(),
                                         [&](const auto& c) { return c.text() == row.estimator; });
        subject.add_theory(cell, *choice, row);
        INFO(subject.name << " " << row.bound << " " << row.estimator << " " << row.m << " "
                          << row.k << " " << row.group);
        if (!std::isnan(row.bias_t))
          CHECK((std::fabs(row.bias_t) > 5) == (row.biased && row.group != "theta"));
        if (!row.exact) continue;
        ++known;
        CHECK(std::fabs(row.variance.mean - row.exact->variance) < 5 * row.variance.standard_error);
        CHECK(std::fabs(row.mean_norm.mean - row.exact->mean_norm) <
              5 * row.mean_norm.standard_error);
      }
    }
    CHECK(known >= 12);
  }
}

TEST_CASE("study: straight_through's theta differs from score's by rounding, and has no bias") {
  const Subject subject = discrete_subject();
  const StudyCells plan = plan_cells({.bounds = "elbo",
                                      .estimators = "score,straight_through",
                                      .m = {1},
                                      .k = {4},
                                      .reference = "score"},
                                     subject.model);
  REQUIRE(plan.cells.size() == 1);
  int seen = 0;
  for (const Row& row : run_replicates(subject.model, plan.cells[0], {.replicates = 5000})) {
    if (row.estimator == "score" || row.group == "phi") continue;
    INFO(row.group);
    ++seen;
    CHECK(std::fabs(row.bias_t) < 4);
    CHECK_FALSE(row.biased);
  }
  CHECK(seen == 3);  // theta, decoder, prior
}

TEST_CASE("study: plans name bounds and estimators, and say what is not defined") {
  const SmallVae vae;
  const StudyModel model = vae.study();
  const StudyCells plan =
      plan_cells({.bounds = "elbo,iw(8),ciwae(beta=0.3, m=4),iw",
                  .estimators = "reparam,vimco,phi=dreg,theta=piwae,stl+antithetic,"
                                "reparam+rqmc,score(learned)",
                  .m = {1, 2},
                  .k = {1, 3}},
                 model);
  std::vector<std::string> labels;
  for (const StudyCell& cell : plan.cells) {
    labels.push_back(cell.label + " " + std::to_string(cell.m) + " " + std::to_string(cell.k));
  }
  CHECK(std::count(labels.begin(), labels.end(), "elbo 1 1") == 3);  // three kinds of noise
  CHECK(std::count(labels.begin(), labels.end(), "iw 8 3") == 1);
  CHECK(std::count(labels.begin(), labels.end(), "iw on Sobol' points 8 1") == 1);
  CHECK(std::count(labels.begin(), labels.end(), "ciwae(beta=0.3) 4 1") == 1);
  const auto reason = [&](const std::string& bound, const std::string& estimator) {
    for (const Row& row : plan.undefined) {
      if (row.bound == bound && row.estimator == estimator) return row.undefined;
    }
    return std::string();
  };
  CHECK_THAT(reason("elbo", "vimco"), contains("no others"));
  CHECK_THAT(reason("iw on antithetic pairs", "stl+antithetic"), contains("ELBO only"));
  CHECK_THAT(reason("ciwae(beta=0.3)", "phi=dreg,theta=piwae"), contains("iw(m)"));
  CHECK_THAT(reason("iw", "score(learned)"), contains("trained with its model"));
  CHECK_THROWS_WITH(plan_cells({.bounds = "nell"}, model), contains("no bound"));
  CHECK_THROWS_WITH(plan_cells({.estimators = "derg"}, model), contains("dreg"));
  CHECK_THROWS_WITH(plan_cells({.m = {1000000}, .k = {2}}, model), contains("at most"));
}

TEST_CASE("study: coupled noise refuses what compares samples") {
  using namespace estimators;
  for (const char* text :
       {"dreg+antithetic", "score+rqmc", "rloo+antithetic", "vimco+rqmc", "ovis+antithetic"}) {
    INFO(text);
    const EstimatorChoice choice = parse_estimators(text);
    CHECK(choice.text().find('+') != std::string::npos);
    CHECK_THROWS_WITH(choice.check(bounds::mc(2, bounds::iw(4))), contains("independent"));
  }
  CHECK_NOTHROW(parse_estimators("reparam+antithetic").check(bounds::iw(4)));
  CHECK_NOTHROW(parse_estimators("stl+rqmc").check(bounds::mc(4, bounds::elbo())));
  CHECK_THROWS_WITH(parse_estimators("stl+rqmc").check(bounds::iw(4)), contains("ELBO only"));
  CHECK_THROWS_WITH(parse_estimators("stl+sobol"), contains("sobol"));
}
