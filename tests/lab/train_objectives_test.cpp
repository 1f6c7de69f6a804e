// Every objective of the catalogue in training: what holds of the ELBO (train_trainer_test.cpp)
// holds of all of them.
#include <algorithm>
#include <cmath>
#include <set>

#include "autodiff/threads.hpp"
#include "lab/training/trainer.hpp"
#include "objectives/language/catalogue.hpp"
#include "tests/autodiff/allocations.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::advance;
using nelbo::tests::bytes_of;
using nelbo::tests::distance;
using nelbo::tests::parameters;

namespace {

std::vector<std::string> catalogue_names() {
  std::vector<std::string> names;
  for (const NamedObjective& named : objective_catalogue().all()) {
    if (named.name == "m2") continue;  // of data with labels: semi_supervised_data_test.cpp
    names.push_back(named.name);
  }
  // Parts that may move different parameters, a schedule, and every kind of function.
  names.push_back("-iw(m=4) + 0.5*cubo(n=2, m=4)");
  names.push_back("nell + anneal(0, 4, steps=5)*div + square(mi(naive)) + relu(tc(mss) - 0.1)");
  return names;
}

/// tiny_config with as many latent dimensions as groups want.
TrainConfig config_of(const std::string& objective) {
  TrainConfig config = tests::tiny_config();
  config.latent = 4;
  config.objective = objective;
  return config;
}

/// Parameters of encoder and decoder after 50 steps.
std::vector<float> trained(const std::string& objective, const std::string& optimizer) {
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = config_of(objective);
  config.optimizer = optimizer;
  Trainer trainer(config, data);
  advance(trainer, 50);
  std::vector<float> all = parameters(trainer.store(), "phi");
  for (const float value : parameters(trainer.store(), "theta")) all.push_back(value);
  return all;
}

}  // namespace

TEST_CASE("objectives in training: finite, better, and resumed to the same bytes") {
  const std::string objective = GENERATE(from_range(catalogue_names()));
  CAPTURE(objective);
  const data::Dataset data = tests::tiny_data();
  tests::TempFolder folder;
  const TrainConfig config = config_of(objective);
  Trainer whole(config, data), first(config, data), second(config, data);
  const double before = whole.held_out().objective;
  advance(whole, 10);
  advance(first, 5);  // within the second epoch: its sums are resumed too
  first.save(folder / "first.safetensors");
  second.load(folder / "first.safetensors");
  advance(second, 5);
  const std::string bytes = bytes_of(whole, folder / "whole.safetensors");
  CHECK(bytes == bytes_of(second, folder / "second.safetensors"));
  CHECK(bytes != bytes_of(first, folder / "first.safetensors"));

  const Metrics held_out = whole.held_out();
  CHECK(std::isfinite(before));
  CHECK(std::isfinite(held_out.objective));
  CHECK(held_out.terms.size() == whole.objective().quantities().size());
  for (const double term : held_out.terms) CHECK(std::isfinite(term));
  CHECK(whole.train_metrics().objective == Approx(second.train_metrics().objective));
}

TEST_CASE("objectives in training: 1, 2 and 7 threads give the same bytes") {
  const std::string objective = GENERATE(from_range(catalogue_names()));
  CAPTURE(objective);
  data::Dataset data;
  data.spec = "wide";
  data.scale = 255;
  data.splits.push_back({"train", data::Images(tests::blobs(300, 16, 1)), {}, {}});
  data.splits.push_back({"test", data::Images(tests::blobs(30, 16, 2)), {}, {}});
  TrainConfig config = config_of(objective);
  config.hidden = {256};
  config.batch = 256;
  tests::TempFolder folder;
  const std::size_t before = num_threads();
  std::set<std::string> all;
  for (const std::size_t threads : {1, 2, 7}) {
    set_num_threads(threads);
    reset_workers_seen();
    // Again until all workers have had a part: on a busy machine some come late.
    for (int attempt = 0; attempt < 200 && (attempt == 0 || workers_seen() < threads); ++attempt) {
      Trainer trainer(config, data);
      advance(trainer, 4);
      all.insert(bytes_of(trainer, folder / "checkpoint.safetensors"));
    }
    CHECK(workers_seen() == threads);
  }
  set_num_threads(before);
  CHECK(all.size() == 1);
}

TEST_CASE("objectives in training: a step does not allocate once both batch sizes have been seen") {
  const std::string objective = GENERATE(from_range(catalogue_names()));
  CAPTURE(objective);
  const data::Dataset data = tests::tiny_data();
  Trainer trainer(config_of(objective), data);
  advance(trainer, 5);
  const std::size_t before = tests::allocations();
  for (int step = 0; step < 3; ++step) trainer.step();  // the last is the smaller batch
  CHECK(tests::allocations() == before);
  CHECK(trainer.epoch_ended());
}

TEST_CASE("objectives in training: each moves the parameters that it says, and no others") {
  using Names = std::set<std::string>;
  struct Case {
    std::string objective;
    Names moved;
  };
  const Names model{"phi", "theta"}, everything{"phi", "psi", "theta"};
  const Case one = GENERATE_COPY(
      Case{"elbo", everything}, Case{"beta_vae", everything}, Case{"annealed_vae", everything},
      Case{"beta_tcvae", everything}, Case{"hfvae", everything},
      Case{"factor_vae", {"critic", "phi", "psi", "theta"}}, Case{"info_vae", everything},
      Case{"wae_mmd", model}, Case{"dip_vae_i", everything}, Case{"dip_vae_ii", everything},
      Case{"iwae", everything}, Case{"miwae", everything}, Case{"ciwae", everything},
      Case{"renyi_vae", everything}, Case{"vr_max", everything}, Case{"tvo", everything},
      Case{"nell", model}, Case{"div", {"phi", "psi"}}, Case{"div(mc)", {"phi", "psi"}},
      Case{"mi", {"phi"}}, Case{"tc", {"phi"}}, Case{"hagg(loo)", {"phi"}}, Case{"hqzx", {"phi"}},
      Case{"dwkl", {"phi", "psi"}}, Case{"aggdiv", {"phi", "psi"}}, Case{"pf", {"phi", "psi"}},
      Case{"mmd", {"phi"}}, Case{"dip(i)", {"phi"}}, Case{"factor_tc", {"critic", "phi"}},
      Case{"cubo(n=2, m=4)", {"phi"}}, Case{"free_bits", model});
  CAPTURE(one.objective);
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = config_of(one.objective);
  // A prior with parameters, but for free bits, which want N(0, I).
  if (one.objective != "free_bits") config.prior = "normal:full";
  Trainer trainer(config, data);
  std::vector<std::vector<float>> start;
  for (const std::string& group : trainer.store().group_names()) {
    start.push_back(parameters(trainer.store(), group));
  }
  advance(trainer, 2);
  Names moved, said;
  for (std::size_t i = 0; i < start.size(); ++i) {
    const std::string& group = trainer.store().group_names()[i];
    if (parameters(trainer.store(), group) != start[i]) moved.insert(group);
  }
  CHECK(moved == one.moved);
  for (const Quantity& quantity : trainer.objective().quantities()) {
    const auto& groups = quantity.only.empty() ? quantity.moves : quantity.only;
    said.insert(groups.begin(), groups.end());
    for (const Auxiliary& own : quantity.auxiliaries) said.insert(own.group);
  }
  CHECK(said == one.moved);
}

TEST_CASE("objectives in training: an upper bound in a mixture moves the encoder only") {
  // The decoder's step is that of the rest of the mixture, to the bit.
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = config_of("-iw(m=4) + 0.5*cubo(n=2, m=4)");
  Trainer mixture(config, data);
  config.objective = "iw(m=4)";
  Trainer alone(config, data);
  mixture.step();
  alone.step();
  CHECK(parameters(mixture.store(), "theta") == parameters(alone.store(), "theta"));
  CHECK(parameters(mixture.store(), "phi") != parameters(alone.store(), "phi"));
}

TEST_CASE("nell + mi + tc + dwkl - pf trains as nell + div(mc) does, to rounding") {
  const std::string scheme = GENERATE("strat", "naive");
  const std::string optimizer = GENERATE("sgd", "adam");
  const auto parts = [&](const std::string& weight) {
    return "nell + " + weight + "*(mi(" + scheme + ") + tc(" + scheme + ") + dwkl(" + scheme +
           ") - pf)";
  };
  const std::vector<float> whole = trained("nell + div(mc)", optimizer);
  const std::vector<float> decomposed = trained(parts("1"), optimizer);
  // What a weight that is wrong by a thousandth does, and one of TC by a tenth.
  const std::vector<float> nearly = trained(parts("1.001"), optimizer);
  const std::vector<float> without = trained("nell + mi + tc + dwkl - 0.9*pf + 0.1*tc", optimizer);
  CAPTURE(scheme, optimizer, distance(whole, decomposed), distance(whole, nearly),
          distance(whole, without));
  // What the aggregated posterior is sent backward cancels term by term, exactly where the weights
  // are equal: the trajectories are mostly the same bits. 1e-5 leaves room for float32's rounding
  // of parameters of order 1 over 50 steps, and is ten times below what a thousandth of a weight
  // does.
  CHECK(distance(whole, decomposed) < 1e-5);
  CHECK(distance(whole, nearly) > 1e-4);
  CHECK(distance(whole, without) > 1e-3);
}
