// Learning rates that change, by closed forms, and by group of parameters.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autodiff/setting_error.hpp"
#include "lab/training/learning_rates.hpp"
#include "lab/training/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::operator/;

namespace {

constexpr double pi = 3.14159265358979323846;

/// tiny_data in epochs of 4 steps: 16, 16, 16 and 2 examples.
TrainConfig config_of(const RateText& rate) {
  TrainConfig config = tests::tiny_config();
  config.lr = rate;
  return config;
}

double rate_of(const Trainer& trainer, const std::string& group) {
  for (const GroupRate& one : trainer.rates()) {
    if (one.group == group) return one.rate;
  }
  return NAN;
}

std::string why(const std::string& rate) {
  try {
    parse_learning_rates(rate);
  } catch (const SettingError& error) {
    CHECK(error.setting() == "lr");
    return error.reason();
  }
  return "";
}

std::vector<double> values_of(const Trainer& trainer, const std::string& group) {
  std::vector<double> all;
  const ParameterStore& store = trainer.store();
  const std::vector<std::string>& groups = store.group_names();
  for (const ParameterStore::Entry& entry : store.entries()) {
    if (groups[std::size_t(entry.group)] != group) continue;
    for (const double value : store.tensor(entry.name).values()) all.push_back(value);
  }
  return all;
}

}  // namespace

TEST_CASE("rates: read as numbers, schedules and products of them, by group") {
  CHECK(parse_learning_rates(1e-3).otherwise.number() == 1e-3);
  const LearningRates one = parse_learning_rates("cosine(1e-3, 0, steps=20000)");
  CHECK(*one.of("phi").at(0) == 1e-3);
  CHECK(*one.of("theta").at(10000) == Approx(5e-4).epsilon(1e-12));
  CHECK(*one.of("theta").at(20000) == 0);
  const LearningRates both = parse_learning_rates("warmup(1, steps=10)*cosine(2, 0, steps=40)");
  CHECK(*both.otherwise.at(5) == Approx(0.5 * (1 + std::cos(pi * 5 / 40))));
  const LearningRates by = parse_learning_rates("phi=1e-2, theta=cosine(1e-4, 0, steps=200),psi=0");
  CHECK(by.of("phi").number() == 1e-2);
  CHECK(*by.of("theta").at(100) == Approx(5e-5).epsilon(1e-12));
  CHECK(by.of("psi").number() == 0.0);
  CHECK(by.of("critic").number() == 1e-3);
  CHECK(*parse_learning_rates("burda").otherwise.at({0, 4.0}) ==
        Approx(1e-3 * std::pow(10, -2 / 7.0)));
}

TEST_CASE("rates: what cannot be meant is refused before training") {
  CHECK_THAT(why("0"), contains("above 0"));
  CHECK_THAT(why("-1e-3"), contains("never below 0"));
  CHECK_THAT(why("inf"), contains("unknown term 'inf'"));
  CHECK_THAT(why("1e999"), contains("column 1"));
  CHECK_THAT(why("cosine(1e-3, -1e-3, steps=10)"), contains("is -0.001 at step 10"));
  CHECK_THAT(why("stages(1, 2, -1, 2, 1, 2)"), contains("is -1 at step 2"));
  CHECK_THAT(why("step(1, factor=-1, every=5)"), contains("is -1 at step 5"));
  CHECK_THAT(why("nell"), contains("not the term 'nell'"));
  CHECK_THAT(why("cosine(1e-3, 0)"), contains("needs steps"));
  CHECK_THAT(why("stages(1, 1.5)"), contains("stage 1 is a whole number"));
  CHECK_THAT(why("stages()"), contains("needs a value"));
  CHECK_THAT(why("cosine(1e-3, 0, steps=5, unit=days)"), contains("unit=days"));
  CHECK_THAT(why("1e-3,phi=1"), contains("'1e-3' names no group"));
  CHECK_THAT(why("phi=1,phi=2"), contains("phi is given twice"));
  CHECK_THAT(why("phi=fast"), contains("unknown term 'fast'"));
  CHECK(why("phi=0").empty());
  CHECK(why("stages(0, 5, 1e-3)").empty());

  const data::Dataset data = tests::tiny_data();
  CHECK_THROWS_WITH(Trainer(config_of("chi=1e-3"), data),
                    contains("lr: ") && contains("no group 'chi'; there are phi, theta"));
  // A rate that grows is looked at where the run ends.
  Trainer growing(config_of("step(1e-3, factor=1e200, every=1)"), data);
  CHECK_THROWS_WITH(growing.fit(1), contains("lr: ") && contains("at step 4"));
  CHECK(growing.state().step == 0);
}

TEST_CASE("rates: of every step by the schedule's closed form, in steps and in epochs") {
  const data::Dataset data = tests::tiny_data();
  Trainer steps(config_of("cosine(1e-2, 0, steps=8)"), data);
  Trainer epochs(config_of("cosine(1e-2, 0, steps=2, unit=epochs)"), data);
  Trainer stages(config_of("stages(1e-2, 1, 1e-3, 2, 0, unit=epochs)"), data);
  const double seen[] = {0, 16, 32, 48};
  const double staged[] = {1e-2, 1e-3, 1e-3, 0};
  for (int t = 0; t < 16; ++t) {
    for (Trainer* trainer : {&steps, &epochs, &stages}) tests::advance(*trainer, 1);
    const double by_step = std::min(t / 8.0, 1.0);
    const double by_epoch = std::min((t / 4 + seen[t % 4] / 50) / 2, 1.0);
    CHECK(rate_of(steps, "phi") == Approx(5e-3 * (1 + std::cos(pi * by_step))).margin(1e-17));
    CHECK(rate_of(epochs, "theta") == Approx(5e-3 * (1 + std::cos(pi * by_epoch))).margin(1e-17));
    CHECK(rate_of(stages, "phi") == staged[t / 4]);
  }
}

TEST_CASE("rates: stages in epochs keep to the epochs when the batch changes") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  TrainConfig config = config_of("stages(1e-2, 2, 1e-3, unit=epochs)");
  Trainer first(config, data);
  tests::advance(first, 6);  // 32 of 50 in the second epoch
  first.save(folder / "last.safetensors");
  config.batch = 5;
  Trainer second(config, data);
  second.load(folder / "last.safetensors");
  CHECK(second.after_epochs(2).step == 10);
  CHECK(second.after_epochs(4).step == 30);
  CHECK(second.after_steps(15).epochs == 2.5);
  for (int i = 0; i < 4; ++i) {
    tests::advance(second, 1);
    CHECK(rate_of(second, "phi") == 1e-2);
  }
  tests::advance(second, 1);
  CHECK(rate_of(second, "phi") == 1e-3);
}

TEST_CASE("rates: a run resumed within a cosine has the bits of one that was not interrupted") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  for (const char* rate : {"cosine(1e-2, 0, steps=12)", "cosine(1e-2, 0, steps=3, unit=epochs)",
                           "phi=warmup(1, steps=5)*cosine(1e-2, 0, steps=12),theta=1e-2"}) {
    Trainer whole(config_of(rate), data), before(config_of(rate), data),
        after(config_of(rate), data), constant(config_of(1e-2), data);
    tests::advance(whole, 10);
    tests::advance(constant, 10);
    tests::advance(before, 6);
    before.save(folder / "last.safetensors");
    after.load(folder / "last.safetensors");
    tests::advance(after, 4);
    const std::string wanted = tests::bytes_of(whole, folder / "whole.safetensors");
    CHECK(tests::bytes_of(after, folder / "after.safetensors") == wanted);
    CHECK(tests::bytes_of(constant, folder / "constant.safetensors") != wanted);
  }
}

TEST_CASE("rates: of 0 a group stays to the bit; one for all is the same by groups") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  Trainer frozen(config_of("theta=0"), data), untouched(config_of(1e-3), data);
  tests::advance(frozen, 6);
  CHECK(values_of(frozen, "theta") == values_of(untouched, "theta"));
  CHECK(values_of(frozen, "phi") != values_of(untouched, "phi"));
  CHECK(rate_of(frozen, "phi") == 1e-3);
  Trainer one(config_of(1e-2), data), two(config_of("phi=1e-2,theta=1e-2"), data);
  tests::advance(one, 6);
  tests::advance(two, 6);
  CHECK(tests::bytes_of(one, folder / "one.safetensors") ==
        tests::bytes_of(two, folder / "two.safetensors"));
}

TEST_CASE("rates: networks beside the model keep theirs unless they are named") {
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = config_of(1e-2);
  config.objective = "factor_vae(gamma=5)";
  Trainer usual(config, data);
  CHECK(usual.rates().size() == 2);
  config.lr = "critic=0,phi=1e-2,theta=1e-2";
  Trainer frozen(config, data);
  CHECK(rate_of(frozen, "critic") == 0);
  const auto start = values_of(usual, "critic");
  tests::advance(usual, 2);
  tests::advance(frozen, 2);
  CHECK(values_of(frozen, "critic") == start);
  CHECK(values_of(usual, "critic") != start);
}

TEST_CASE("rates: ones that end after the run are told") {
  const data::Dataset data = tests::tiny_data();
  const Trainer trainer(config_of("phi=cosine(1e-3, 0, steps=500),theta=burda"), data);
  const auto notes = trainer.check_rates(trainer.after_epochs(3));
  REQUIRE(notes.size() == 2);
  CHECK(notes[0] == "lr: cosine(0.001, 0, steps=500) ends at step 500, the run at step 12");
  CHECK_THAT(notes[1], contains("ends after 1093 epochs, the run after 3"));
  CHECK(trainer.check_rates({500, 1093.0}).empty());
}

TEST_CASE("rates: weights of the objective count epochs too") {
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = config_of(1e-3);
  config.objective = "nell + stages(0, 1, 3, unit=epochs)*div";
  Trainer trainer(config, data);
  for (const double weight : {0.0, 3.0, 3.0}) {
    while (!trainer.epoch_ended()) trainer.step();
    // An epoch that has ended but is not closed is none that is still to come.
    CHECK(trainer.after_epochs(trainer.state().epoch + 1).step == trainer.state().step);
    const Metrics mean = trainer.train_metrics();
    CHECK(mean.objective == Approx(-(mean.nell + weight * mean.div)).epsilon(1e-6));
    trainer.close_epoch(std::nullopt);
  }
}

TEST_CASE("rates: a tenth is written so that it reads back") {
  CHECK(tenth_of(1e-3) == "0.0001");
  CHECK(tenth_of("phi=0.01,theta=cosine(1, 0, steps=8)") ==
        "phi=0.001,theta=0.1*(cosine(1, 0, steps=8))");
  const LearningRates tenth = parse_learning_rates(tenth_of("cosine(1, 0, steps=8)"));
  CHECK(*tenth.otherwise.at(4) == Approx(0.05));
}
