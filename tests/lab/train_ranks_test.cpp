// Training in parts: the same bits for any number of ranks that divides them, for any threads, and across a
// checkpoint that other ranks take up. Here ranks are threads; tests/mpi runs processes.
#include <filesystem>

#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "tests/catch.hpp"
#include "tests/lab/thread_ranks.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

using Bits = std::vector<float>;

Bits parameters_of(const Trainer& trainer) {
  const auto* first = static_cast<const float*>(trainer.store().data());
  return {first, first + trainer.store().size()};
}

/// What a run comes to: its parameters, and the metrics of its last epoch.
struct Came {
  Bits parameters;
  std::vector<double> numbers;
  bool operator==(const Came& other) const = default;
};

/// So many epochs by so many ranks, each of which must come to the same.
Came train(const TrainConfig& config, const data::Dataset& data, int size, int epochs,
           const std::string& from = "", const std::string& to = "") {
  std::vector<Came> all{std::size_t(size)};
  as_ranks(size, [&](Ranks& ranks) {
    Trainer trainer(config, data, ranks);
    if (!from.empty()) trainer.load(from);
    Came& came = all[std::size_t(ranks.rank())];
    trainer.fit(std::uint64_t(epochs), [&](const Epoch& epoch) {
      came.numbers = {epoch.train.objective, epoch.train.nell, epoch.held_out.objective,
                      epoch.held_out.div};
      if (epoch.validation) came.numbers.push_back(epoch.validation->objective);
      if (epoch.average) came.numbers.push_back(epoch.average->held_out.objective);
      return true;
    });
    if (!to.empty() && ranks.first()) trainer.save(to);
    came.parameters = parameters_of(trainer);
  });
  for (const Came& one : all) CHECK(one == all.front());
  return all.front();
}

TrainConfig parted(const std::string& objective, std::int64_t parts) {
  TrainConfig config = tiny_config();
  config.objective = objective;
  config.parts = parts;
  config.batch = 23;  // 23, 23 and 4 of 50
  config.clip = 3;
  config.ema = 0.9;
  return config;
}

data::Dataset with_validation() {
  data::Dataset data = tiny_data();
  data.splits.push_back({"valid", data::Images(blobs(19, 4, 3)), {}, {}});
  return data;
}

}  // namespace

TEST_CASE("ranks: 1, 2 and 4 come to the same bits, on any threads") {
  const data::Dataset data = with_validation();
  const std::size_t before = num_threads();
  for (const char* objective :
       {"elbo", "iw(m=3)", "nell + mi + 4*tc + dwkl", "nell + 10*abs(div - 2)", "nell + dip(ii)",
        "nell + div + 0.1*mmd(kernel=rbf)"}) {
    INFO(objective);
    TrainConfig config = parted(objective, 4);
    config.normalise_gradients = std::string(objective) == "elbo";
    config.dropout = std::string(objective) == "iw(m=3)" ? 0.2 : 0;
    set_num_threads(2);
    const Came one = train(config, data, 1, 2);
    CHECK(train(config, data, 2, 2) == one);
    set_num_threads(1);
    CHECK(train(config, data, 4, 2) == one);
    CHECK(train(config, data, 1, 2) == one);
  }
  set_num_threads(before);
}

TEST_CASE("ranks: a checkpoint goes on with another number of ranks to the same bits") {
  const data::Dataset data = with_validation();
  const TempFolder folder;
  const TrainConfig config = parted("nell + mi + 4*tc + dwkl", 4);
  const Came whole = train(config, data, 1, 3);
  train(config, data, 4, 1, "", folder / "a");
  train(config, data, 1, 1, folder / "a", folder / "b");
  CHECK(train(config, data, 2, 1, folder / "b") == whole);
}

TEST_CASE("ranks: a critic and networks beside the model learn from the parts alike") {
  const data::Dataset data = tiny_data();
  TrainConfig config = parted("nell + div + 2*factor_tc", 2);
  CHECK(train(config, data, 2, 1) == train(config, data, 1, 1));
  config.objective = "iw(m=2)";
  config.posterior = "bernoulli";
  config.estimator = "score(baseline=learned)";
  CHECK(train(config, data, 2, 1) == train(config, data, 1, 1));
}

TEST_CASE("parts: an SGD step of 1, 3 and 4 parts is one step to 1e-5 of each tensor's norm") {
  const data::Dataset data = tiny_data();
  for (const char* objective : {"elbo", "beta_tcvae", "nell + dip(i)", "wae_mmd", "annealed_vae",
                                "nell + max(div_j, 0.1)", "factor_vae(gamma=2)", "aggdiv + nell"}) {
    INFO(objective);
    TrainConfig config = parted(objective, 1);
    config.clip = 0;
    config.ema = 0;
    config.optimizer = "sgd";
    config.lr = 1;
    config.likelihood = "normal:optimal";
    config.binarize = "none";
    const auto step = [&](std::int64_t parts) {
      config.parts = parts;
      Trainer trainer(config, data);
      const Bits before = parameters_of(trainer);
      trainer.step();
      Bits moved = parameters_of(trainer);
      for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= before[i];
      return moved;
    };
    const Bits one = step(1);
    const Trainer trainer(config, data);
    for (const std::int64_t parts : {3, 4}) {
      const Bits other = step(parts);
      for (const ParameterStore::Entry& entry : trainer.store().entries()) {
        // Auxiliaries move by Adam: by its rate, whatever the gradient's size.
        if (entry.name.starts_with("critic")) continue;
        double squares = 0, norm = 0;
        for (std::size_t i = entry.offset; i < entry.offset + std::size_t(entry.shape.size());
             ++i) {
          squares += std::pow(double(one[i]) - double(other[i]), 2);
          norm += std::pow(double(one[i]), 2);
        }
        INFO(entry.name << " in " << parts << " parts: " << std::sqrt(squares) << " of "
                        << std::sqrt(norm));
        // Differences of parameters near 1 are known to 1e-7 of those.
        CHECK(std::sqrt(squares) <= 1e-5 * std::sqrt(norm) + 3e-7 * std::sqrt(entry.shape.size()));
      }
    }
  }
}

TEST_CASE("parts: what cannot be dealt out is refused by name") {
  const data::Dataset data = tiny_data();
  const auto why = [&](std::int64_t parts, std::int64_t batch, int size) {
    TrainConfig config = parted("elbo", parts);
    config.batch = batch;
    std::string text;
    try {
      as_ranks(size, [&](Ranks& ranks) { const Trainer trainer(config, data, ranks); });
    } catch (const SettingError& error) {
      CHECK(error.setting() == "parts");
      text = error.reason();
    }
    return text;
  };
  CHECK(why(4, 16, 1) ==
        "4 parts, and batches of 16 leave a last one of 2 examples; take fewer "
        "parts, or another batch size");
  CHECK(why(4, 3, 1) == "4 parts of a batch of 3; take fewer, or larger batches");
  CHECK(why(4, 25, 3) ==
        "the batches' 4 parts cannot be dealt out to 3 processes; start a number "
        "of them that divides it");
  CHECK(why(1, 25, 2) ==
        "the batches' 1 part cannot be dealt out to 2 processes; start a number "
        "of them that divides it");
  CHECK(why(0, 25, 2).empty());
}

TEST_CASE("ranks: a loss that is not finite in one part ends all, with the operator's name") {
  data::Dataset data = tiny_data();
  TrainConfig config = parted("nell + tc", 2);
  config.lr = 1e30;
  std::vector<std::string> ops(2);
  as_ranks(2, [&](Ranks& ranks) {
    Trainer trainer(config, data, ranks);
    try {
      trainer.fit(3);
    } catch (const NotFinite& error) {
      ops[std::size_t(ranks.rank())] = error.op();
    }
  });
  CHECK(ops[0] == ops[1]);
  CHECK_FALSE(ops[0].empty());
}

TEST_CASE("parts: a term that does not know of them is refused by name") {
  Quantity own{.name = "spread", .pairwise = true};
  const Term term(own, Direction::cost, [](Draw&) -> Var { throw std::logic_error("recorded"); });
  CHECK_NOTHROW(term.check({.batch = 4}));
  CHECK_THROWS_WITH(term.check({.batch = 4, .parts = 2}),
                    contains("'spread' is of a whole batch") && contains("leave parts at 1"));
}
