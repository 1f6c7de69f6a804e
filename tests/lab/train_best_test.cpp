// Which checkpoint is the best: chosen on validation examples, under the objective's final weights,
// and never on the test examples.
#include <algorithm>
#include <cmath>

#include "lab/data/load.hpp"
#include "lab/training/objective_weights.hpp"
#include "lab/training/trainer.hpp"
#include "objectives/language/expression.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

/// tiny_data with 20 validation images.
data::Dataset with_validation() {
  data::Dataset data = tests::tiny_data();
  data.splits.push_back({"valid", data::Images(tests::blobs(20, 4, 3)), {}, {}});
  return data;
}

/// The same with test images that have nothing to do with the others.
data::Dataset with_other_test() {
  data::Dataset data = with_validation();
  data.splits[1].images = data::Images(tests::blobs(31, 4, 99));
  return data;
}

TrainConfig warming(const std::string& objective) {
  TrainConfig config = tests::tiny_config();
  config.objective = objective;
  return config;
}

}  // namespace

TEST_CASE("best: epochs are compared at the schedule's final weights") {
  // At its own weight the objective of the first epoch is the highest: there is hardly anything in
  // it.
  const data::Dataset data = with_validation();
  Trainer trainer(warming("anneal(0.01, 1, steps=40)*nell + div"), data);
  double own_weights = -1e9, final_weights = -1e9;
  std::uint64_t best_by_own = 0, best_by_final = 0, chosen = 0;
  trainer.fit(12, [&](const Epoch& epoch) {
    REQUIRE(epoch.validation);
    const double final = -(epoch.validation->nell + epoch.validation->div);
    // Written out: the weight is 1, whichever step it is.
    CHECK(epoch.validation->objective == Approx(final).epsilon(1e-5));
    const double weight = std::min(1.0, 0.01 + 0.99 * double(trainer.state().step) / 40);
    const double own = -(weight * epoch.validation->nell + epoch.validation->div);
    if (own > own_weights) own_weights = own, best_by_own = epoch.epoch;
    if (final > final_weights) final_weights = final, best_by_final = epoch.epoch;
    if (epoch.best) chosen = epoch.epoch;
    return true;
  });
  CHECK(chosen == best_by_final);
  CHECK(best_by_own == 1);
  CHECK(chosen > 8);
  CHECK(*trainer.state().best == Approx(final_weights).epsilon(1e-5));
}

TEST_CASE("best: the test examples change nothing but the report") {
  const data::Dataset one = with_validation(), other = with_other_test();
  Trainer a(tests::tiny_config(), one), b(tests::tiny_config(), other);
  std::vector<bool> best_a, best_b;
  std::vector<double> test_a, test_b;
  a.fit(6, [&](const Epoch& epoch) {
    best_a.push_back(epoch.best);
    test_a.push_back(epoch.held_out.objective);
    return true;
  });
  b.fit(6, [&](const Epoch& epoch) {
    best_b.push_back(epoch.best);
    test_b.push_back(epoch.held_out.objective);
    return true;
  });
  CHECK(best_a == best_b);
  CHECK(test_a != test_b);
  const tests::TempFolder folder;
  using tests::operator/;
  CHECK(tests::bytes_of(a, folder / "a.safetensors") ==
        tests::bytes_of(b, folder / "b.safetensors"));
}

TEST_CASE("best: without validation examples the last is, and there is no score") {
  const data::Dataset data = tests::tiny_data();
  Trainer trainer(tests::tiny_config(), data);
  CHECK_FALSE(trainer.validation().has_value());
  trainer.fit(4, [&](const Epoch& epoch) {
    CHECK(epoch.best);
    CHECK_FALSE(epoch.validation.has_value());
    return true;
  });
  CHECK_FALSE(trainer.state().best.has_value());
}

TEST_CASE("best: the score is resumed, and forgotten where it compares no more") {
  const data::Dataset data = with_validation();
  const tests::TempFolder folder;
  using tests::operator/;
  Trainer trainer(tests::tiny_config(), data), second(tests::tiny_config(), data);
  trainer.fit(2);
  trainer.save(folder / "last.safetensors");
  second.load(folder / "last.safetensors");
  CHECK(second.state().best == trainer.state().best);
  second.forget_best();
  CHECK_FALSE(second.state().best.has_value());
}

TEST_CASE("best: a share for validation is taken of the training examples, by the seed") {
  const tests::TempFolder folder;
  const data::Array images = tests::blobs(100, 4, 1);
  const std::string bytes(reinterpret_cast<const char*>(images.bytes.data()), images.bytes.size());
  const std::string path = folder.write("images.npy", tests::npy("|u1", "(100, 4, 4)", bytes));
  const auto rows = [](const data::Dataset& data, const std::string& name) {
    std::vector<std::vector<float>> all;
    const data::Split& split = data.split(name);
    for (std::int64_t i = 0; i < split.images.count(); ++i) {
      all.emplace_back(16);
      split.images.write(i, 1, all.back().data());
    }
    return all;
  };
  const data::Dataset without = data::load_dataset(path, {.holdout = 0.2, .seed = 3});
  const data::Dataset with =
      data::load_dataset(path, {.holdout = 0.2, .seed = 3, .validation = 0.25});
  CHECK(without.find("valid") == nullptr);
  CHECK(rows(with, "test") == rows(without, "test"));
  CHECK(rows(with, "valid").size() == 20);
  CHECK(rows(with, "train").size() == 60);
  // Together they are the training examples that there were.
  auto both = rows(with, "train"), whole = rows(without, "train");
  for (const auto& row : rows(with, "valid")) both.push_back(row);
  std::sort(both.begin(), both.end());
  std::sort(whole.begin(), whole.end());
  CHECK(both == whole);
  const data::Dataset again =
      data::load_dataset(path, {.holdout = 0.2, .seed = 3, .validation = 0.25});
  CHECK(rows(again, "valid") == rows(with, "valid"));
  const data::Dataset other =
      data::load_dataset(path, {.holdout = 0.2, .seed = 4, .validation = 0.25});
  CHECK(rows(other, "valid") != rows(with, "valid"));
  CHECK_THROWS_WITH(data::load_dataset(path, {.validation = 1}), contains("validation: 1 "));

  // What the data bring themselves is theirs.
  const tests::TempFolder three;
  for (const char* name : {"train.npy", "valid.npy", "test.npy"}) {
    three.write(name, tests::npy("|u1", "(100, 4, 4)", bytes));
  }
  CHECK(data::load_dataset(three.path()).find("valid") != nullptr);
  CHECK_THROWS_WITH(data::load_dataset(three.path(), {.validation = 0.25}),
                    contains("validation: ") && contains("of its own"));
}

TEST_CASE("best: schedules that end after the run are told, those that never end are not") {
  const auto unfinished = [](const std::string& objective, std::uint64_t last) {
    return weights_unfinished(parse_objective(objective), last);
  };
  CHECK(unfinished("nell + anneal(0, 6, steps=50)*tc + dwkl", 50).empty());
  CHECK(unfinished("nell + anneal(0, 6, steps=50)*tc + dwkl", 49) ==
        "anneal(0, 6, steps=50) ends at step 50, the run at step 49");
  CHECK_FALSE(unfinished("nell + 100*abs(div - anneal(0, 25, steps=50))", 49).empty());
  CHECK_FALSE(unfinished("nell + warmup(1, steps=50)*div", 49).empty());
  CHECK_FALSE(unfinished("nell + cosine(1, 2, steps=50)*div", 49).empty());
  CHECK(unfinished("nell + step(1, factor=0.5, every=50)*div", 49).empty());
  CHECK(unfinished("nell + 4*div", 1).empty());
  CHECK(weights_final_at(
            parse_objective("nell + anneal(0, 6, steps=50)*tc + warmup(1, steps=70)*mi")) == 70);
  CHECK(weights_move_for_ever(parse_objective("nell + step(1, factor=0.5, every=50)*div")));
  CHECK_FALSE(weights_move_for_ever(parse_objective("nell + warmup(1, steps=50)*div")));
}

TEST_CASE("best: weights that overflow before a run ends are told, with the step") {
  const auto told = [](const std::string& objective, std::uint64_t last) {
    return weights_overflow(parse_objective(objective), last);
  };
  CHECK(told("nell + step(1, factor=1e308, every=1)*div", 1).empty());
  CHECK(told("nell + step(1, factor=1e308, every=1)*div", 2) ==
        "'div': its weight step(1, factor=1e+308, every=1) is not finite from step 2 on");
  // 10^308 is the last power of ten that a double holds; 2^1023, of -2 too, that of two.
  CHECK(told("nell + 10*step(1, factor=10, every=7)*div", 7 * 308 - 1).empty());
  CHECK_THAT(told("nell + 10*step(1, factor=10, every=7)*div", std::uint64_t{1} << 61),
             tests::contains(" from step " + std::to_string(7 * 308) + " on"));
  CHECK(told("nell + step(1, factor=-2, every=1)*div", 1023).empty());
  CHECK_THAT(told("nell + step(1, factor=-2, every=1)*div", 1024),
             tests::contains(" from step 1024 on"));
  CHECK(told("step(1, factor=0.5, every=1)*nell + warmup(4, steps=9)*div", 1u << 30).empty());
  CHECK_THAT(told("nell + 100*abs(div - step(1, factor=10, every=1))", 400),
             tests::contains("step(1, factor=10, every=1) is not finite from step 309 on"));
}

TEST_CASE("another batch size: an epoch begun goes on with the examples that it has not seen") {
  const data::Dataset data = tests::tiny_data();  // 50 training examples
  const tests::TempFolder folder;
  using tests::operator/;
  TrainConfig config = tests::tiny_config();
  Trainer first(config, data);
  first.step();
  first.step();  // 32 of 50
  first.save(folder / "last.safetensors");
  config.batch = 5;
  Trainer second(config, data);
  CHECK(second.load(folder / "last.safetensors").empty());
  CHECK(second.batches_left() == 4);
  std::size_t seen = 32;
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(second.epoch_ended());
    second.step();
    seen += second.last_batch();
  }
  CHECK(seen == 50);
  CHECK(second.epoch_ended());
  second.close_epoch(std::nullopt);
  CHECK(second.batches_left() == 10);
  CHECK(second.state().step == 6);

  // What is left may be too few for a term that compares the data of a batch.
  config.objective = "nell + mi(mss) + tc(mss) + dwkl(mss)";
  config.batch = 16;
  Trainer pairs(config, data);
  pairs.step();
  pairs.step();
  pairs.save(folder / "pairs.safetensors");
  config.batch = 17;  // 18 are left
  config.objective = "nell + 2*mi(mss) + tc(mss) + dwkl(mss)";
  Trainer other(config, data);
  CHECK_THROWS_WITH(other.load(folder / "pairs.safetensors"), contains("last batch of 1 of 18"));
}
