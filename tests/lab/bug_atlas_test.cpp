// Bugs of other programs that show in training or in data, one regression test each;
// tests/objectives/bug_atlas_test.cpp says how these tests are made.
#include <cmath>
#include <cstring>
#include <set>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/random_variables.hpp"
#include "lab/data/load.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/training/trainer.hpp"
#include "objectives/draw/critic.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::distance;
using nelbo::tests::parameters;

namespace {

constexpr std::size_t batch_size = 16;

TrainConfig factor_config(const std::string& objective) {
  TrainConfig config = tests::tiny_config();
  config.objective = objective;
  return config;
}

/// A factor_vae recorded outside a trainer, with the same data, noise and start.
struct ByHand {
  explicit ByHand(const Trainer& trainer)
      : config(trainer.config()),
        examples(trainer.train_examples()),
        objective(parse_objective(config.objective)),
        networks(make_networks(resolve(config), examples.moments(), store)),
        batch(*networks.model, networks.auxiliaries, objective, estimators::reparam(),
              {.size = std::int64_t(examples.count())}, batch_size, RecordedBatch::Use::training),
        order(examples.count()),
        of_model(store),
        of_critic(store),
        model_optimizer({}, {store.range("phi"), store.range("theta")}),
        critic_optimizer({.beta1 = 0.5, .beta2 = 0.9}, {store.range(critic_group)}) {
    fill_permutation(order.data(), order.size(), {config.seed, StreamId::shuffle}, 0);
  }
  void forward(std::uint64_t step) {
    const std::span<const std::uint32_t> rows(order.data() + step * batch_size, batch_size);
    examples.fill(batch.x().data_as<float>(), rows, step);
    batch.fill({random_variables::training, config.seed, step, rows, step});
    batch.tape().forward();
  }
  void critic_gradient() {
    batch.tape().backward(batch.losses().at(critic_group), store.groups({critic_group}), of_critic);
  }
  void model_gradient() {
    batch.tape().backward(batch.parts()[0].cost, store.groups({"phi", "theta"}), of_model);
  }

  TrainConfig config;
  const Examples& examples;
  Term objective;
  ParameterStore store;
  Networks networks;
  RecordedBatch batch;
  std::vector<std::uint32_t> order;
  GradientSink of_model, of_critic;
  Optimizer model_optimizer, critic_optimizer;
};

}  // namespace

TEST_CASE("bug 4: held-out means are over all examples, not the first batch over all batches") {
  data::Dataset data = tests::tiny_data();
  data.splits[1] = {"test", data::Images(tests::blobs(230, 4, 2)), {}, {}};  // 100 + 100 + 30
  Trainer trainer(tests::tiny_config(), data);
  for (int i = 0; i < 3; ++i) trainer.step();
  const Encoded q = encode(trainer.model(), trainer.test_examples());
  double all = 0, first = 0;
  for (std::int64_t n = 0; n < 230; ++n) {
    double div = 0;
    for (std::int64_t d = 0; d < 3; ++d) {
      const double m = q.mean.at({n, d}), v = q.log_variance.at({n, d});
      div += 0.5 * (std::exp(v) + m * m - 1 - v);
    }
    all += div / 230;
    if (n < 100) first += div / 100;
  }
  CHECK(trainer.held_out().div == Approx(all).epsilon(1e-5));
  CHECK(std::abs(first / 3 - all) > 0.1 * all);
}

TEST_CASE("bug 6: the critic's loss does not move the encoder") {
  // With weight 0 the objective is the ELBO's: a critic that learns beside it may change no bit.
  const data::Dataset data = tests::tiny_data();
  Trainer beside(factor_config("nell + div + 0*factor_tc"), data);
  Trainer alone(factor_config("nell + div"), data);
  Trainer weighted(factor_config("factor_vae(gamma=5)"), data);
  const std::vector<float> critic = parameters(beside.store(), critic_group);
  for (int i = 0; i < 3; ++i) {
    for (Trainer* trainer : {&beside, &alone, &weighted}) trainer->step();
  }
  for (const char* group : {"phi", "theta"}) {
    CHECK(parameters(beside.store(), group) == parameters(alone.store(), group));
  }
  CHECK(distance(parameters(beside.store(), critic_group), critic) > 1e-5);
  // gamma is not ignored (bug 22).
  CHECK(distance(parameters(weighted.store(), "phi"), parameters(alone.store(), "phi")) > 1e-3);

  // What would leak: the encoder's gradient of the critic's loss is not nothing.
  const Trainer another(factor_config("factor_vae"), data);
  ByHand hand(another);
  hand.forward(0);
  hand.batch.tape().backward(hand.batch.losses().at(critic_group), hand.store.groups({"phi"}),
                             hand.of_model);
  const Optimizer norm_of_phi({}, {hand.store.range("phi")});
  CHECK(norm_of_phi.gradient_norm(hand.of_model.data()) > 1e-4);
}

TEST_CASE("bug 7: critic and model learn from the parameters as they were before the step") {
  const data::Dataset data = tests::tiny_data();
  const TrainConfig config = factor_config("factor_vae(gamma=5)");
  Trainer trainer(config, data);
  ByHand right(trainer), wrong(trainer);
  for (std::uint64_t step = 0; step < 3; ++step) {
    trainer.step();
    for (ByHand* hand : {&right, &wrong}) {
      hand->forward(step);
      hand->model_gradient();
      hand->critic_gradient();
    }
    for (ByHand* hand : {&right, &wrong}) {
      hand->model_optimizer.step(hand->store.data(), hand->of_model.data(), *config.lr.number());
    }
    // The model's step first, and then the critic's gradient.
    wrong.batch.tape().forward();
    wrong.critic_gradient();
    for (ByHand* hand : {&right, &wrong}) {
      hand->critic_optimizer.step(hand->store.data(), hand->of_critic.data(), 1e-4);
    }
  }
  const auto critic = parameters(trainer.store(), critic_group);
  CHECK(critic == parameters(right.store, critic_group));
  CHECK(parameters(trainer.store(), "phi") == parameters(right.store, "phi"));
  CHECK(distance(critic, parameters(wrong.store, critic_group)) > 1e-5);
}

TEST_CASE("bug 8: codes are permuted across the batch, every dimension by itself") {
  const data::Dataset data = tests::tiny_data();
  const TrainConfig config = factor_config("factor_vae");
  Trainer trainer(config, data);
  ByHand hand(trainer);
  hand.forward(0);
  const Tensor index = hand.batch.tape().data(hand.batch.draw().inputs().front().leaf);
  const auto* at = index.data_as<std::int32_t>();
  constexpr int B = batch_size, D = 3;
  std::set<std::vector<int>> of_dimensions;
  int within = 0;
  for (int d = 0; d < D; ++d) {
    std::vector<int> rows;
    for (int b = 0; b < B; ++b) {
      CHECK(at[b * D + d] % D == d);  // the same dimension
      rows.push_back(at[b * D + d] / D);
      within += rows.back() == b;
    }
    CHECK(std::set<int>(rows.begin(), rows.end()).size() == B);  // each datum once
    of_dimensions.insert(rows);
  }
  CHECK(of_dimensions.size() == D);  // not whole codes in another order
  CHECK(within < B * D / 2);         // a permutation within a sample would stay at home always
  // New ones at every step.
  const std::vector<double> before = index.values();
  hand.forward(1);
  CHECK(index.values() != before);
}

TEST_CASE("bug 12: parts of a cost with groups of their own do not add up in each other's") {
  const auto part = [](const std::string& name, const std::string& group) {
    register_term({.name = name, .latex = name, .moves = {"theta", "phi"}, .only = {group}},
                  [](Draw& draw) { return -draw.log_likelihood(); });
  };
  part("nell_of_phi", "phi");
  part("nell_of_theta", "theta");
  const data::Dataset data = tests::tiny_data();
  const auto after_a_step = [&](const std::string& objective, const char* group) {
    TrainConfig config = factor_config(objective);
    config.optimizer = "sgd";
    Trainer trainer(config, data);
    trainer.step();
    return parameters(trainer.store(), group);
  };
  // Terms are means over the batch: here three passes make what one pass with a weight makes.
  const std::string mixture = "nell + 0.5*nell_of_phi + 0.25*nell_of_theta";
  CHECK(distance(after_a_step(mixture, "phi"), after_a_step("1.5*nell", "phi")) < 1e-6);
  CHECK(distance(after_a_step(mixture, "theta"), after_a_step("1.25*nell", "theta")) < 1e-6);
  // The encoder's gradient of the second pass still there in the third:
  CHECK(distance(after_a_step("2*nell", "phi"), after_a_step("1.5*nell", "phi")) > 1e-4);
}

TEST_CASE("bug 13: training and held-out bounds that are shown are the bound, not its surrogate") {
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = tests::tiny_config();
  config.objective = "iwae(m=5)";
  Trainer trainer(config, data);
  for (int i = 0; i < 3; ++i) trainer.step();
  const Metrics shown = trainer.held_out();
  // Log-weights of the same samples.
  const Examples& test = trainer.test_examples();
  const std::size_t n = test.count();
  std::vector<std::uint32_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = std::uint32_t(i);
  Tape tape({.mode = Tape::Mode::replay});
  Recording recording(tape);
  const Var x = tape.leaf({std::int64_t(n), 16}), noise = tape.leaf({5, std::int64_t(n), 3});
  Draw draw(trainer.model(), x, noise);
  const Var weights = draw.log_weights();
  test.fill(tape.data(x).data_as<float>(), rows, 0);
  fill_normal(tape.data(noise).data_as<float>(), {.stream = {0, StreamId::evaluation},
                                                  .draws = 5,
                                                  .batch = n,
                                                  .dimensions = 3,
                                                  .datum = rows.data()});
  tape.forward();
  double bound = 0, surrogate = 0;
  for (std::int64_t b = 0; b < std::int64_t(n); ++b) {
    double sum = 0, weighted = 0;
    for (int s = 0; s < 5; ++s) sum += std::exp(weights.value().at({s, b}));
    for (int s = 0; s < 5; ++s) {
      const double f = weights.value().at({s, b});
      weighted += std::exp(f) / sum * f;
    }
    bound += std::log(sum / 5) / double(n);
    surrogate += weighted / double(n);
  }
  CHECK(shown.objective == Approx(bound).epsilon(1e-5));
  CHECK(shown.terms.front() == Approx(bound).epsilon(1e-5));
  CHECK(surrogate - bound > 1e-3);
}

TEST_CASE("bug 20: the test examples are not the training examples") {
  tests::TempFolder folder;
  const auto bytes = [](const data::Array& array) {
    return std::string(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  };
  const std::string train = bytes(tests::blobs(20, 4, 1)), test = bytes(tests::blobs(20, 4, 2));
  folder.write("train-images-idx3-ubyte", tests::idx({20, 4, 4}, train));
  folder.write("t10k-images-idx3-ubyte", tests::idx({20, 4, 4}, test));
  const data::Dataset data = data::load_dataset(folder.path());
  const auto values = [&](const char* split) {
    std::string all;
    std::vector<float> image(16);
    for (int i = 0; i < 20; ++i) {
      data.split(split).images.write(i, 1, image.data());
      for (const float value : image) all += char(int(value));
    }
    return all;
  };
  CHECK(values("train") == train);
  CHECK(values("test") == test);
  CHECK(train != test);
  // And none of one is in the other where it is held out: by the rows they come from.
  folder.write("all.npy", tests::npy("|u1", "(20, 4, 4)", train));
  const data::Dataset whole = data::load_dataset(folder / "all.npy", {0.25, 1});
  std::set<std::int64_t> rows;
  for (const char* split : {"train", "test"}) {
    const auto& images = whole.split(split).images;
    for (std::int64_t i = 0; i < images.count(); ++i) rows.insert(images.source_row(i));
  }
  CHECK(rows.size() == 20);
}
