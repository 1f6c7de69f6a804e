// Runs whose posterior is discrete: settings, the program's reports on a model as it starts, and
// the refusal to train it without a gradient estimator.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/reports/pictures.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/evaluator.hpp"
#include "lab/training/loaded_run.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/train_plan.hpp"
#include "lab/training/trainer.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/apps/untrained_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

const std::vector<std::string> families{"bernoulli", "categorical:4"};

}  // namespace

TEST_CASE("discrete run: settings are read, resolved and refused before anything is loaded") {
  TrainConfig config = config_of("categorical:4");
  TrainConfig again;
  apply_toml(again, to_toml(config), "test");
  CHECK(again.posterior == "categorical:4");
  CHECK(simplest_prior(resolve(again).model.codes()).text == "uniform");
  CHECK(simplest_prior(resolve(TrainConfig{}).model.codes()).text == "normal");
  CHECK_FALSE(resolve(config).model.prior.has_value());
  config.prior = "uniform";
  CHECK(resolve(config).model.prior->text == "uniform");
  config.prior = "normal:full";
  CHECK_THROWS_WITH(resolve(config), contains("prior: 'normal:full' is a density") &&
                                         contains("one-hot:4") &&
                                         contains("choose the prior uniform"));
  config.posterior = "diagonal";
  config.prior = "uniform";
  CHECK_THROWS_WITH(resolve(config), contains("prior: 'uniform' is over"));
  config.prior = "";
  config.posterior = "bernouli";
  CHECK_THROWS_WITH(resolve(config), contains("posterior: 'bernouli'") && contains("bernoulli"));
  config.posterior = "categorical:1";
  CHECK_THROWS_WITH(resolve(config), contains("posterior: ") && contains("2 to 4096"));
}

TEST_CASE("discrete run: training without an estimator for it is refused") {
  const data::Dataset data = tiny_data();
  for (const std::string& family : families) {
    CHECK_THROWS_AS(Trainer(config_of(family), data), SettingError);
    CHECK_THROWS_WITH(Trainer(config_of(family), data),
                      contains("estimator: reparam: a " + parse_posterior(family).codes(3).text() +
                               " posterior has no reparameterised samples") &&
                          contains("score, rloo"));
  }
}

TEST_CASE("discrete run: a mean over samples beside a bound trains, or is refused by its name") {
  const data::Dataset data = tiny_data();
  TrainConfig config = config_of("bernoulli");
  config.objective = "-mc(k=4) + 3*nell";
  for (const char* estimator : {"rloo", "score", "enumeration", "straight_through"}) {
    config.estimator = estimator;
    Trainer trainer(config, data);
    CHECK_NOTHROW(trainer.step());
  }
  for (const char* estimator : {"disarm", "gumbel_softmax"}) {
    config.estimator = estimator;
    CHECK_THROWS_WITH(Trainer(config, data), contains("estimator: 'nell': no gradient passes") &&
                                                 contains("gives that of bounds alone"));
  }
}

TEST_CASE(
    "discrete run: held-out figures are those of single data with the noise of their address") {
  for (const std::string& family : families) {
    const Untrained u(family);
    const Term objective = parse_objective("iw(m=3)");
    Evaluator evaluator(u.networks, objective, estimators::score(), 16, u.test, 7);
    const Metrics measured = evaluator(0);
    double nell = 0, div = 0, bound = 0;
    for (std::uint32_t i = 0; i < 23; ++i) {
      Tape tape;
      Recording recording(tape);
      const Var x = tape.leaf({1, 16}), noise = tape.leaf({3, 1, u.model().codes().dimensions()});
      u.test.fill(tape.data(x).data_as<float>(), {&i, 1}, 0);
      fill_uniform(tape.data(noise).data_as<float>(),
                   {.stream = {7, StreamId::evaluation},
                    .draws = 3,
                    .dimensions = std::size_t(u.model().codes().dimensions()),
                    .datum = &i});
      Draw draw(u.model(), x, noise);
      nell += nelbo::nell()(draw).item() / 23;
      div += nelbo::div()(draw).item() / 23;
      bound += objective(draw).item() / 23;
    }
    CHECK(measured.nell == Approx(nell).epsilon(1e-5));
    CHECK(measured.div == Approx(div).epsilon(1e-4));
    CHECK(measured.objective == Approx(bound).epsilon(1e-5));
    const TermMeans of = estimate_terms(u.model(), u.test, 7);
    CHECK(of.div.mean == Approx(div).epsilon(1e-4));
    CHECK(std::fabs(of.nell.mean - nell) < 4 * of.nell.standard_error);
    CHECK(of.elbo.mean == Approx(-of.nell.mean - of.div.mean).epsilon(1e-6));

    const std::size_t threads = num_threads();
    set_num_threads(1);
    const Metrics one = evaluator(0);
    set_num_threads(3);
    const Metrics three = evaluator(0);
    set_num_threads(threads);
    CHECK(one.objective == three.objective);
    CHECK(one.nell == three.nell);
  }
}

TEST_CASE("discrete run: a model's codes, divergences and pictures") {
  for (const std::string& family : families) {
    const Untrained u(family);
    const std::int64_t width = u.config.posterior == "bernoulli" ? 1 : 4;
    const Encoded q = encode(u.model(), u.test);
    REQUIRE(q.mean.shape() == Shape{23, 3 * width});
    const std::vector<double> kl = mean_divergences(u.model().codes(), q);
    REQUIRE(kl.size() == 3);
    CHECK(kl[0] + kl[1] + kl[2] ==
          Approx(estimate_terms(u.model(), u.test, 0).div.mean).epsilon(1e-4));
    for (const double each : kl) CHECK(each > 0);

    const Tensor z = sample_prior(u.model(), 400, 3);
    REQUIRE(z.shape() == Shape{400, 3 * width});
    double ones = 0;
    for (const double number : z.values()) {
      CHECK((number == 0 || number == 1));
      ones += number;
    }
    if (width == 1) CHECK(std::fabs(ones - 600) < 4 * std::sqrt(1200 * 0.25));
    if (width == 4) CHECK(ones == 1200);
    CHECK(decode_means(u.model(), z).shape() == Shape{400, 16});

    const TempFolder folder;
    const RunFolder run = RunFolder::at(folder / "run");
    const RunLock lock = run.make();
    CHECK_FALSE(Pictures(u.model(), u.test, u.config, 1).write(run.path() / "images"));
    for (const char* name : {"reconstructions", "samples", "traversals"}) {
      CHECK(std::filesystem::file_size(run.image(name)) > 0);
    }
  }
}

TEST_CASE("discrete run: eval, bounds, decompose, encode and sample") {
  for (const std::string& family : families) {
    INFO(family);
    const UntrainedRun u(family);
    const json of = u.ask({"eval"});
    CHECK(of["div"].get<double>() > 0);
    CHECK(of["elbo"].get<double>() ==
          Approx(-of["nell"].get<double>() - of["div"].get<double>()).epsilon(1e-6));

    const json bounds = u.ask({"bounds", "--m", "1,8", "--k", "1"})["bounds"];
    CHECK(bounds[1]["value"].get<double>() > bounds[0]["value"].get<double>());
    CHECK(std::fabs(bounds[0]["value"].get<double>() - of["elbo"].get<double>()) < 1);

    // Finitely many codes: the weights' variance is finite, and ties are no tail.
    const Outcome table = u.run({"bounds", "--m", "1,64", "--k", "1"});
    CHECK(table.code == 0);
    CHECK_THAT(table.out, !contains("Warning") && !contains("nan"));
    const json many = u.ask({"bounds", "--m", "64", "--k", "1"})["bounds"][0];
    CHECK(many["khat"].is_null());
    CHECK(many["khat_above_half"].is_null());
    CHECK(many["ess"] > 1);

    const json ledger = u.ask({"decompose", "--pairs", "50"});
    CHECK(ledger["terms"]["div"]["value"].get<double>() ==
          Approx(of["div"].get<double>()).epsilon(1e-4));
    CHECK(ledger["terms"]["pf"]["value"].get<double>() == 0);
    CHECK_FALSE(ledger["terms"].contains("mi"));
    REQUIRE(ledger["units"].size() == 3);
    double kl = 0;
    for (const json& unit : ledger["units"]) kl += unit["kl"].get<double>();
    CHECK(kl == Approx(of["div"].get<double>()).epsilon(1e-4));

    const json encoded = u.ask({"encode", "--out", u.folder / "z.npz"});
    CHECK(encoded["latent"] == 3);
    const LoadedRun run = open_run(u.folder / "run");
    const Encoded q = encode(*run.model, run.test());
    const std::vector<float> written = floats(u.folder / "z.npz:probabilities");
    CHECK(std::vector<double>(written.begin(), written.end()) == q.mean.values());
    CHECK(u.ask({"sample", "--n", "9", "--out", u.folder / "grid.png"})["n"] == 9);
  }
}

TEST_CASE("discrete run: nelbo train says what a discrete posterior needs, with exit code 2") {
  const TempFolder folder;
  const auto train = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all{"train", "--data", "sprites:32", "--out", folder / "run"};
    all.insert(all.end(), more.begin(), more.end());
    return run_program_binary(all);
  };
  const Outcome refused = train({"--posterior", "bernoulli"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, contains("--estimator: reparam: a binary posterior has no "));
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
  const Outcome mismatch = train({"--posterior", "categorical:3", "--prior", "mixture:2"});
  CHECK(mismatch.code == 2);
  CHECK_THAT(mismatch.err, contains("--prior: ") && contains("choose the prior uniform"));
  const Outcome other = train({"--prior", "uniform"});
  CHECK(other.code == 2);
  CHECK_THAT(other.err, contains("here they are continuous; choose the prior normal"));
}

TEST_CASE("discrete run: estimators that do not fit a posterior are refused with exit code 2") {
  const TempFolder folder;
  const auto train = [&](const std::string& posterior, const std::string& estimator,
                         const std::string& objective = "mc(4)", const std::string& latent = "3") {
    return run_program_binary({"train", "--data", "sprites:32", "--out", folder / "run",
                               "--posterior", posterior, "--estimator", estimator, "--objective",
                               objective, "--latent", latent});
  };
  const auto refused = [&](const Outcome& outcome, const char* why) {
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
    CHECK_FALSE(std::filesystem::exists(folder / "run"));
  };
  for (const char* path : {"reparam", "stl", "dreg"}) {
    refused(train("bernoulli", path), "score, rloo");
  }
  refused(train("diagonal", "gumbel_softmax"), "differentiable as they are");
  refused(train("diagonal", "straight_through(0.5)"), "reparam, stl or dreg");
  refused(train("full", "disarm"), "reparam+antithetic");
  refused(train("diagonal", "enumeration"), "cannot be counted");
  refused(train("categorical:4", "disarm"), "rloo or vimco");
  refused(train("categorical:4", "arm"), "arm is for Bernoulli codes");
  refused(train("diagonal", "rebar"), "rebar is for discrete codes");
  refused(train("full", "relax(eta=0)"), "discrete codes");
  refused(train("bernoulli", "rebar(temperature=0)"), "temperature");
  refused(train("bernoulli", "arm", "iw(m=4)"), "ELBO");
  refused(train("bernoulli", "rebar", "nell + div"), "holds none");
  refused(train("categorical:4", "enumeration", "mc(4)", "7"), "at most 4096");
  refused(train("bernoulli", "straight_through+rqmc"), "rqmc noise is for continuous codes");
  refused(train("bernoulli", "gumbel_softmax(0)"), "temperature");
  refused(train("bernoulli", "disarm", "mc(3)"), "even k");
  refused(train("bernoulli", "disarm", "iw(m=4)"), "ELBO");
  refused(train("bernoulli", "enumeration", "iw(m=4)"), "ELBO");
  // The sample of mi(strat) and its like has no derivative, whatever the estimator.
  for (const char* term : {"mi", "tc", "dwkl", "hagg"}) {
    refused(train("bernoulli", "rloo", std::string("nell + 2*") + term),
            "--objective: the aggregated posterior needs a normal posterior");
  }
}

TEST_CASE("discrete run: every estimator of discrete codes trains, and resumes to the same bytes") {
  const data::Dataset data = tiny_data();
  const TempFolder folder;
  for (const std::string& family : families) {
    for (const char* estimator :
         {"rloo", "gumbel_softmax", "straight_through(temperature=0.5)",
          "phi=gumbel_softmax(0.5),theta=rloo", "arm", "disarm", "rebar", "rebar(temperature=0.5)",
          "relax", "relax(eta=0)", "phi=enumeration,theta=rebar", "enumeration"}) {
      const bool pairs = parse_estimators(estimator).phi.rule().coupling() == Coupling::antithetic;
      if (family != "bernoulli" && pairs) continue;
      INFO(family << " " << estimator);
      TrainConfig config = config_of(family);
      config.objective = "mc(k=4)";
      config.estimator = estimator;
      const auto advance = [](Trainer& trainer, int steps) {
        for (int i = 0; i < steps; ++i) {
          trainer.step();
          if (trainer.epoch_ended()) trainer.close_epoch(trainer.held_out().objective);
        }
      };
      const auto bytes = [&](const Trainer& trainer, const char* name) {
        trainer.save(folder / name);
        return read_text(folder / name);
      };
      Trainer trainer(config, data);
      const double before = trainer.held_out().objective;
      advance(trainer, 30);
      trainer.save(folder / "half");
      advance(trainer, 31);
      CHECK(trainer.held_out().objective > before + 0.5);
      Trainer resumed(config, data);
      resumed.load(folder / "half");
      advance(resumed, 31);
      CHECK(bytes(trainer, "straight") == bytes(resumed, "resumed"));
    }
  }
}
