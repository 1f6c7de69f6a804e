// What optimisers, clipping, normalised gradients and the moving average make of the parameters: by
// the gradients that plain steps of rate 1e-3 show, and the papers' formulas in double.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "autodiff/setting_error.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/trainer.hpp"
#include "models/init.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::operator/;

namespace {

using Adjust = std::function<void(TrainConfig&)>;
using Values = std::vector<std::vector<double>>;  // of each parameter

constexpr double rate = 1e-3;

TrainConfig changed(const Adjust& change) {
  TrainConfig config = tests::tiny_config();
  config.optimizer = "sgd";
  config.lr = rate;
  change(config);
  return config;
}

Values values_of(const ParameterStore& store) {
  Values all;
  for (const ParameterStore::Entry& entry : store.entries()) {
    all.push_back(store.tensor(entry.name).values());
  }
  return all;
}

/// The parameters before and after each of some steps.
std::vector<Values> path(const Adjust& change, int steps) {
  const data::Dataset data = tests::tiny_data();
  Trainer trainer(changed(change), data);
  std::vector<Values> all{values_of(trainer.store())};
  for (int i = 0; i < steps; ++i) {
    tests::advance(trainer, 1);
    all.push_back(values_of(trainer.store()));
  }
  return all;
}

/// The gradients that plain steps go down.
std::vector<Values> gradients(int steps) {
  std::vector<Values> all = path([](TrainConfig&) {}, steps);
  for (std::size_t t = 0; t + 1 < all.size(); ++t) {
    for (std::size_t i = 0; i < all[t].size(); ++i) {
      for (std::size_t k = 0; k < all[t][i].size(); ++k) {
        all[t][i][k] = (all[t][i][k] - all[t + 1][i][k]) / rate;
      }
    }
  }
  all.pop_back();
  return all;
}

double norm(const std::vector<double>& x) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  return std::sqrt(squares);
}

double norm(const Values& x) {
  double squares = 0;
  for (const auto& one : x) squares += norm(one) * norm(one);
  return std::sqrt(squares);
}

/// The largest difference of steps from where `path` stood, in rates, from -`wanted`.
double worst(const Values& before, const Values& after,
             const std::function<double(std::size_t, std::size_t)>& wanted) {
  double most = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    for (std::size_t k = 0; k < before[i].size(); ++k) {
      const double step = (before[i][k] - after[i][k]) / rate;
      most = std::max(most, std::abs(step - wanted(i, k)));
    }
  }
  return most;
}

// Parameters are floats of up to about 1: a step of 1e-3 is known to 1e-7 / 1e-3.
constexpr double tolerance = 4e-4;

/// The same parameters, all zero.
void declare_alike(const ParameterStore& store, ParameterStore& other) {
  for (const ParameterStore::Entry& entry : store.entries()) {
    other.add(entry.name, store.group_names()[std::size_t(entry.group)], entry.shape, zeros());
  }
}

constexpr double decay = 0.75;

void averaged(TrainConfig& c) {
  c.ema = decay;
  c.lr = 1e-2;
}
void not_averaged(TrainConfig& c) { c.lr = 1e-2; }

/// sum_i decay^(t-i) p_i / sum_i decay^(t-i), in double.
Values weighted_mean(const std::vector<Values>& seen) {
  Values mean = seen.front();
  for (std::size_t p = 0; p < mean.size(); ++p) {
    for (std::size_t k = 0; k < mean[p].size(); ++k) {
      double sum = 0, weights = 0;
      for (std::size_t i = 0; i < seen.size(); ++i) {
        const double weight = std::pow(decay, double(seen.size() - 1 - i));
        sum += weight * seen[i][p][k];
        weights += weight;
      }
      mean[p][k] = sum / weights;
    }
  }
  return mean;
}

double distance(const Values& a, const Values& b) {
  double largest = 0;
  for (std::size_t p = 0; p < a.size(); ++p) {
    for (std::size_t k = 0; k < a[p].size(); ++k) {
      largest = std::max(largest, std::abs(a[p][k] - b[p][k]));
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("optimizer: momentum adds the gradients up") {
  const std::vector<Values> g = gradients(1);
  // Both have made the first step alike, and meet the same second gradient.
  const auto plain = path([](TrainConfig&) {}, 2);
  const auto heavy = path([](TrainConfig& c) { c.momentum = 0.75; }, 2);
  CHECK(heavy[1] == plain[1]);
  CHECK(norm(g[0]) > 1);
  CHECK(worst(heavy[1], heavy[2], [&](std::size_t i, std::size_t k) {
          return 0.75 * g[0][i][k] + (plain[1][i][k] - plain[2][i][k]) / rate;
        }) < 2 * tolerance);
}

TEST_CASE("optimizer: a gradient above the norm is scaled to it over all groups, and counted") {
  const Values g = gradients(1)[0];
  const double whole = norm(g);
  const auto clipped = path([&](TrainConfig& c) { c.clip = whole / 4; }, 1);
  CHECK(worst(clipped[0], clipped[1], [&](std::size_t i, std::size_t k) { return g[i][k] / 4; }) <
        tolerance);
  // Also where the groups have optimisers of their own.
  const auto apart = path(
      [&](TrainConfig& c) {
        c.clip = whole / 4;
        c.optimizer = "theta=sgd,phi=sgd";
      },
      1);
  CHECK(apart[1] == clipped[1]);
  const auto loose = path([&](TrainConfig& c) { c.clip = whole * 1.001; }, 1);
  CHECK(loose[1] == path([](TrainConfig&) {}, 1)[1]);

  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  const TrainConfig config = changed([](TrainConfig& c) { c.clip = 1e-3; });
  Trainer trainer(config, data), resumed(config, data);
  tests::advance(trainer, 6);
  CHECK(trainer.state().clipped == 2);  // of the second epoch, whose length is 4
  CHECK(trainer.state().clipped_in_all == 6);
  trainer.save(folder / "last.safetensors");
  resumed.load(folder / "last.safetensors");
  CHECK(resumed.state().clipped == 2);
  CHECK(resumed.state().clipped_in_all == 6);
}

TEST_CASE("optimizer: normalised gradients are of norm 1 for each parameter, before clipping") {
  const Values g = gradients(1)[0];
  const auto unit = path([](TrainConfig& c) { c.normalise_gradients = true; }, 1);
  CHECK(worst(unit[0], unit[1], [&](std::size_t i, std::size_t k) {
          return norm(g[i]) > 0 ? g[i][k] / norm(g[i]) : 0;
        }) < tolerance);
  const double whole = std::sqrt(double(g.size()));  // of so many of norm 1
  const auto both = path(
      [&](TrainConfig& c) {
        c.normalise_gradients = true;
        c.clip = whole / 2;
      },
      1);
  CHECK(worst(both[0], both[1], [&](std::size_t i, std::size_t k) {
          return norm(g[i]) > 0 ? g[i][k] / norm(g[i]) / 2 : 0;
        }) < tolerance);
}

TEST_CASE("optimizer: adam's numbers, by the paper's formulas on the first step") {
  const Values g = gradients(1)[0];
  const auto adam = [&](const Adjust& change) {
    const auto all = path(
        [&](TrainConfig& c) {
          c.optimizer = "adam";
          change(c);
        },
        1);
    return [all](const std::function<double(std::size_t, std::size_t)>& wanted) {
      return worst(all[0], all[1], wanted);
    };
  };
  // m^ = g, v^ = g^2 + beta2 v0 / (1 - beta2).
  const double epsilon = 0.5;
  CHECK(adam([&](TrainConfig& c) { c.epsilon = epsilon; })([&](std::size_t i, std::size_t k) {
          return g[i][k] / (std::abs(g[i][k]) + epsilon);
        }) < tolerance);
  const auto started = adam([&](TrainConfig& c) {
    c.epsilon = epsilon;
    c.second_moment = 0.25;
    c.beta2 = 0.75;
  });
  CHECK(started([&](std::size_t i, std::size_t k) {
          return g[i][k] / (std::sqrt(g[i][k] * g[i][k] + 0.75 * 0.25 / 0.25) + epsilon);
        }) < tolerance);
  // The decay is of the parameters as they were.
  const auto before = path([](TrainConfig&) {}, 0)[0];
  const auto decayed = adam([&](TrainConfig& c) {
    c.optimizer = "adamw";
    c.epsilon = epsilon;
    c.weight_decay = 0.5;
  });
  CHECK(decayed([&](std::size_t i, std::size_t k) {
          return g[i][k] / (std::abs(g[i][k]) + epsilon) + 0.5 * before[i][k];
        }) < tolerance);
}

TEST_CASE("optimizer: beta1 weighs the gradients of two steps") {
  // With beta2 = 0: p -= eta m^ / (|g| + epsilon), with m^ = m / (1 - beta1^t).
  const double epsilon = 100, beta = 0.5;
  const Adjust heavy = [&](TrainConfig& c) {
    c.optimizer = "adam";
    c.beta1 = beta;
    c.beta2 = 0;
    c.epsilon = epsilon;
    c.lr = epsilon * rate;
  };
  const auto all = path(heavy, 2);
  const Values g1 = gradients(1)[0];
  // The second gradient, where the first step led: what beta1 = 0 makes of it.
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  Trainer first(changed(heavy), data);
  tests::advance(first, 1);
  first.save(folder / "last.safetensors");
  Trainer second(changed([&](TrainConfig& c) { heavy(c), c.beta1 = 0; }), data);
  second.load(folder / "last.safetensors");
  tests::advance(second, 1);
  const Values then = values_of(second.store());
  const auto g2 = [&](std::size_t i, std::size_t k) {
    const double step = (all[1][i][k] - then[i][k]) / (epsilon * rate);  // g / (|g| + epsilon)
    return step * epsilon / (1 - std::abs(step));
  };
  CHECK(worst(all[1], all[2], [&](std::size_t i, std::size_t k) {
          const double m = beta * (1 - beta) * g1[i][k] + (1 - beta) * g2(i, k);
          return epsilon * m / (1 - beta * beta) / (std::abs(g2(i, k)) + epsilon);
        }) < 2 * tolerance);
}

TEST_CASE("optimizer: by group, and the state of each is saved") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  const Adjust mixed = [](TrainConfig& c) {
    c.optimizer = "theta=sgd";
    c.momentum = 0.5;
    c.epsilon = 0.5;
    c.ema = 0.75;
  };
  const Values g = gradients(1)[0];
  const auto all = path(mixed, 1);
  const Trainer names(changed(mixed), data);
  const ParameterStore& store = names.store();
  CHECK(worst(all[0], all[1], [&](std::size_t i, std::size_t k) {
          const bool theta = store.group_names()[std::size_t(store.entries()[i].group)] == "theta";
          return theta ? g[i][k] : g[i][k] / (std::abs(g[i][k]) + 0.5);
        }) < tolerance);
  Trainer whole(changed(mixed), data), before(changed(mixed), data), after(changed(mixed), data);
  tests::advance(whole, 10);
  tests::advance(before, 6);
  before.save(folder / "last.safetensors");
  after.load(folder / "last.safetensors");
  tests::advance(after, 4);
  CHECK(tests::bytes_of(after, folder / "a.safetensors") ==
        tests::bytes_of(whole, folder / "b.safetensors"));
  // Such a file opens for the model alone.
  ParameterStore alone;
  declare_alike(store, alone);
  freeze_from(folder / "a.safetensors", alone);
  CHECK(values_of(alone) == values_of(whole.store()));

  CHECK_THROWS_WITH(Trainer(changed([](TrainConfig& c) { c.optimizer = "chi=sgd"; }), data),
                    contains("optimizer: ") && contains("no group 'chi'; there are phi, theta"));
}

TEST_CASE(
    "optimizer: the moving average is the weighted mean of the parameters, and is evaluated") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  const int steps = 8;  // two epochs
  Trainer trainer(changed(averaged), data);
  std::vector<Values> seen;
  for (int i = 0; i < steps; ++i) {
    tests::advance(trainer, 1);
    seen.push_back(values_of(trainer.store()));
  }
  trainer.save_average(folder / "ema.safetensors");
  ParameterStore average;
  declare_alike(trainer.store(), average);
  freeze_from(folder / "ema.safetensors", average);
  const Values saved = values_of(average);
  CHECK(distance(saved, weighted_mean(seen)) < 1e-6);
  CHECK(distance(saved, seen.back()) > 1e-4);

  // It changes nothing of the training, and evaluates as a model with these parameters does.
  CHECK(seen.back() == path(not_averaged, steps).back());
  const auto metrics = trainer.average_metrics();
  REQUIRE(metrics);
  CHECK(values_of(trainer.store()) == seen.back());
  Trainer at_average(changed(not_averaged), data);
  std::memcpy(at_average.store().data(), average.data(), average.size() * sizeof(float));
  CHECK(metrics->held_out.objective == at_average.held_out().objective);
  CHECK(metrics->held_out.objective != trainer.held_out().objective);
  CHECK_THROWS_WITH(at_average.save_average(folder / "none.safetensors"), contains("set ema"));
}

TEST_CASE("optimizer: the moving average of a training that is resumed has the same bits") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  Trainer whole(changed(averaged), data), before(changed(averaged), data),
      after(changed(averaged), data);
  tests::advance(whole, 8);
  tests::advance(before, 3);  // within an epoch
  before.save(folder / "last.safetensors");
  after.load(folder / "last.safetensors");
  tests::advance(after, 5);
  CHECK(tests::bytes_of(after, folder / "a.safetensors") ==
        tests::bytes_of(whole, folder / "b.safetensors"));
}

TEST_CASE("optimizer: the settings tell every number, and refuse one that nobody takes") {
  const data::Dataset data = tests::tiny_data();
  const auto kept = [&](const Adjust& change) { return Trainer(changed(change), data).config(); };
  const TrainConfig adamw = kept([](TrainConfig& c) { c.optimizer = "adamw"; });
  CHECK(adamw.weight_decay == 0.01);
  CHECK(adamw.beta1 == 0.9);
  CHECK(adamw.second_moment == 0.0);
  CHECK_FALSE(adamw.momentum.has_value());
  TrainConfig back;
  apply_toml(back, to_toml(adamw), "config.toml");
  CHECK(to_toml(back) == to_toml(adamw));
  CHECK_NOTHROW(resolve(back));
  const TrainConfig sgd = kept([](TrainConfig&) {});
  CHECK(sgd.momentum == 0.0);
  CHECK_FALSE(sgd.beta1.has_value());
  const TrainConfig both = kept([](TrainConfig& c) { c.optimizer = "phi=sgd"; });
  CHECK(both.momentum == 0.0);
  CHECK(both.beta1 == 0.9);
  const TrainConfig two = kept([](TrainConfig& c) { c.optimizer = "phi=adamw"; });
  CHECK(two.weight_decay == 0.01);

  const auto refused = [&](const Adjust& change) {
    try {
      resolve(changed(change));
    } catch (const SettingError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(refused([](TrainConfig& c) { c.beta1 = 0.5; }),
             contains("beta1: ") && contains("'sgd' takes none; adam or adamw does"));
  CHECK_THAT(refused([](TrainConfig& c) { c.optimizer = "adam", c.momentum = 0.5; }),
             contains("momentum: ") && contains("sgd does"));
  CHECK_THAT(refused([](TrainConfig& c) { c.optimizer = "adam", c.weight_decay = 0.5; }),
             contains("weight_decay: ") && contains("adamw does"));
  CHECK_THAT(refused([](TrainConfig& c) { c.optimizer = "adam", c.beta1 = 1; }),
             contains("beta1: ") && contains("at least 0 and below 1"));
  CHECK_THAT(refused([](TrainConfig& c) { c.optimizer = "adam", c.second_moment = -1; }),
             contains("second_moment: "));
  CHECK_THAT(refused([](TrainConfig& c) { c.optimizer = "adam", c.epsilon = 0; }),
             contains("epsilon: "));
}
