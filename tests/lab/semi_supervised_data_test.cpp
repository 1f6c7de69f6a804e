// Labels that a model is told and infers: which they are, how batches are made, what examples show, and a
// classifier that learns from data without labels.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/data/examples.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/told_order.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr int kinds = 3;

/// Three clouds in 12 dimensions, c uniform, x = W z + v_c + noise, z of one number whose scatter is wider
/// than the clouds are apart: few labels do not tell them, what is alike in all data does.
data::Split clouds(const std::string& name, std::int64_t count, std::uint32_t seed) {
  constexpr std::int64_t X = 12;
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  data::Array values{data::StoredType::float32, {count, X}, {}};
  values.bytes.resize(std::size_t(count * X) * sizeof(float));
  auto* x = reinterpret_cast<float*>(values.bytes.data());
  std::vector<std::int64_t> labels;
  for (std::int64_t n = 0; n < count; ++n) {
    const int c = int(random() % kinds);
    const double z = normal(random);
    labels.push_back(10 + c);
    for (std::int64_t i = 0; i < X; ++i) {
      *x++ = float(3 * std::sin(1.0 + 2.2 * double(i)) * z + 1.6 * std::cos(double(i * (c + 1))) +
                   normal(random));
    }
  }
  return {name, data::Images(std::move(values)), labels, {}};
}

data::Dataset cloud_data(std::int64_t told, std::uint64_t seed, std::int64_t count = 1000) {
  data::Dataset data;
  data.spec = "clouds";
  data.format = "npy";
  data.splits.push_back(clouds("train", count, 1));
  data.splits.push_back(clouds("test", 500, 2));
  data.condition = data::code_condition(data, "labels");
  data.condition.inferred = true;
  data.condition.told = data::told_rows(data.training(), data.condition.classes, told, seed);
  return data;
}

TrainConfig cloud_config(const std::string& objective) {
  TrainConfig config;
  config.data = "clouds";
  config.model = "mlp";
  config.linear = true;
  config.latent = 1;
  config.likelihood = "normal";
  config.condition = "labels";
  config.labels_used = 6;
  config.objective = objective;
  config.estimator = "enumeration";
  config.batch = 50;
  config.lr = "cosine(0.02, 0, steps=600)";
  config.epochs = 30;
  return config;
}

}  // namespace

TEST_CASE("labels used: as many of each, chosen by the seed, and too many refused") {
  const data::Split split = clouds("train", 1000, 1);
  const std::vector<std::int64_t> classes{10, 11, 12};
  const auto rows = data::told_rows(split, classes, 20, 5);
  CHECK(rows.size() == 20);
  CHECK(std::is_sorted(rows.begin(), rows.end()));
  CHECK(std::set(rows.begin(), rows.end()).size() == 20);
  std::map<std::int64_t, int> counts;
  for (const std::int64_t row : rows) ++counts[split.labels[std::size_t(row)]];
  CHECK(counts == std::map<std::int64_t, int>{{10, 7}, {11, 7}, {12, 6}});
  CHECK(data::told_rows(split, classes, 20, 5) == rows);
  CHECK(data::told_rows(split, classes, 20, 6) != rows);
  CHECK_THROWS_WITH(data::told_rows(split, classes, 2, 0), contains("2 of 1000 labels of 3 kinds"));
  CHECK_THROWS_WITH(data::told_rows(split, classes, 1001, 0), contains("give 3 to 1000"));
  CHECK_THROWS_WITH(data::told_rows(split, classes, 1000, 0),
                    contains("more examples of the label") && contains("give fewer"));
}

TEST_CASE("labels used: examples show what is told in training, and withhold the others'") {
  const data::Dataset data = cloud_data(6, 0);
  Examples train(data, data.split("train"), data::Binarize::none, Examples::Role::train, 0);
  const auto shown = [](const Examples& examples, std::int64_t row) {
    std::vector<float> x(examples.shown());
    const auto at = std::uint32_t(row);
    examples.fill(x.data(), {&at, 1}, 0);
    return std::vector<float>(x.end() - kinds, x.end());
  };
  const auto coded = [&](const data::Split& split, std::int64_t row, float sign) {
    std::vector<float> c(kinds, 0);
    c[std::size_t(split.labels[std::size_t(row)] - 10)] = sign;
    if (sign < 0) {
      for (float& one : c) one = one == 0 ? -0.0f : one;
    }
    return c;
  };
  const std::int64_t told = data.condition.told[2];
  const std::int64_t other = told + 1 == data.condition.told[3] ? told - 1 : told + 1;
  CHECK(shown(train, told) == coded(train.split(), told, -1));
  train.tell_labels();
  CHECK(shown(train, told) == coded(train.split(), told, 1));
  CHECK(shown(train, other) == std::vector<float>(kinds, 0));
  data::Dataset without = data;
  for (data::Split& split : without.splits) split.labels.clear();
  Examples unknown(without, without.split("test"), data::Binarize::none, Examples::Role::test, 0);
  CHECK(shown(unknown, 3) == std::vector<float>(kinds, 0));
  CHECK_THROWS_WITH(unknown.tell_labels(), contains("not those of split 'test'"));
}

TEST_CASE("labels used: every batch has examples with labels and without") {
  for (const std::size_t batch : {2, 7, 10, 50}) {
    for (const std::size_t n : {200, 203}) {
      const std::vector<std::int64_t> told{3, 50, 51, 120, 199};
      ToldOrder order(told, n);
      std::vector<std::uint32_t> rows(n), before;
      std::map<std::uint32_t, int> seen;
      for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
        for (std::size_t i = 0; i < n; ++i) rows[i] = std::uint32_t((i * 11 + epoch) % n);
        order.mix(rows, batch, 4, epoch);
        for (std::size_t first = 0; first + batch <= n; first += batch) {
          const auto labelled = std::count_if(
              rows.begin() + std::ptrdiff_t(first), rows.begin() + std::ptrdiff_t(first + batch),
              [&](std::uint32_t row) { return std::binary_search(told.begin(), told.end(), row); });
          INFO(batch << " " << n << " " << first);
          CHECK(labelled >= std::max<std::ptrdiff_t>(1, std::ptrdiff_t(batch / 10)));
          CHECK(labelled < std::ptrdiff_t(batch));
        }
        seen.clear();
        for (const std::uint32_t row : rows) ++seen[row];
        for (const auto& [row, times] : seen) {
          if (!std::binary_search(told.begin(), told.end(), row)) CHECK(times == 1);
        }
        for (const std::int64_t row : told) CHECK(seen[std::uint32_t(row)] >= 4);
        CHECK(rows != before);
        before = rows;
      }
    }
  }
  // All labels: an epoch is all examples.
  std::vector<std::uint32_t> rows{2, 0, 1};
  ToldOrder({0, 1, 2}, 3).mix(rows, 2, 0, 0);
  std::sort(rows.begin(), rows.end());
  CHECK(rows == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("labels used: six labels and data without find what six labels alone do not") {
  const data::Dataset data = cloud_data(6, 0);
  const auto accuracy = [&](const std::string& objective) {
    Trainer trainer(cloud_config(objective), data);
    trainer.fit(30);
    const TermMeans of = estimate_terms(trainer.model(), trainer.test_examples(), 0);
    CHECK(std::isfinite(of.elbo.mean));
    return of.accuracy.value();
  };
  const MeanAndError with = accuracy("m2(alpha=1)"), alone = accuracy("classification + 0*nell");
  WARN("accuracy " << with.mean << " +- " << with.standard_error << ", of six labels alone "
                   << alone.mean << " +- " << alone.standard_error);
  CHECK(with.mean > 0.95);
  CHECK(with.mean - alone.mean > 4 * std::hypot(with.standard_error, alone.standard_error));
}

TEST_CASE("labels used: the same bits for any number of threads, and after a resume") {
  const data::Dataset data = cloud_data(6, 3, 203);
  TrainConfig config = cloud_config("m2");
  config.linear = false;
  config.hidden = {5};
  const TempFolder folder;
  const std::size_t before = num_threads();
  std::vector<std::string> all;
  for (const std::size_t threads : {1, 2, 3}) {
    set_num_threads(threads);
    Trainer trainer(config, data);
    advance(trainer, 7);
    all.push_back(bytes_of(trainer, folder / "a.safetensors"));
  }
  set_num_threads(before);
  CHECK(all[1] == all[0]);
  CHECK(all[2] == all[0]);
  Trainer first(config, data), second(config, data);
  advance(first, 3);
  first.save(folder / "b.safetensors");
  second.load(folder / "b.safetensors");
  advance(second, 4);
  CHECK(bytes_of(second, folder / "c.safetensors") == all[0]);
}

TEST_CASE(
    "labels used: a configuration keeps which they are; --condition of anything else refuses") {
  TrainConfig config;
  apply_setting(config, "labels_used", "20");
  CHECK(config.condition == "labels");
  config.labels_told = {3, 7, 9};
  config.condition_classes = {0, 1};
  TrainConfig read;
  apply_toml(read, to_toml(config), "test");
  CHECK(read.labels_used == 20);
  CHECK(condition_of(read) == condition_of(config));
  CHECK(condition_of(read).inferred);
  CHECK(condition_of(read).told == config.labels_told);
  config.condition = "factors";
  CHECK_THROWS_WITH(resolve(config), contains("labels_used") && contains("'factors'"));
}
