// Missing entries from the file to the imputation.
#include <cmath>
#include <limits>
#include <random>

#include "lab/data/examples.hpp"
#include "lab/data/statistics.hpp"
#include "lab/evaluation/imputation.hpp"
#include "models/worlds/dense.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr float missing_entry = std::numeric_limits<float>::quiet_NaN();

std::vector<float> row_of(const data::Dataset& data, std::uint32_t row,
                          data::Binarize how = data::Binarize::none) {
  const Examples examples(data, data.split("train"), how, Examples::Role::train, 0);
  std::vector<float> x(examples.shown());
  examples.fill(x.data(), {&row, 1}, 0);
  return x;
}

data::Dataset table_of(std::int64_t columns, const std::vector<float>& values) {
  data::Array array{
      data::StoredType::float32, {std::int64_t(values.size()) / columns, columns}, {}};
  array.bytes.resize(values.size() * sizeof(float));
  std::copy(values.begin(), values.end(), reinterpret_cast<float*>(array.bytes.data()));
  data::Dataset data;
  data.spec = "table";
  data.format = "npy";
  const data::Images images(std::move(array));
  for (const char* split : {"train", "test"}) data.splits.push_back({split, images, {}, {}});
  return data;
}

}  // namespace

TEST_CASE("missing: NaN, NA, nothing and a mask are read where they are asked for, else refused") {
  const TempFolder folder;
  const std::string csv = folder.write("a.csv", "a,b,label\n1,,3\nNA,2,4\nnan,4.5,3\n0,NaN,4\n");
  CHECK_THROWS_WITH(data::read_dataset(csv), contains("is not a number"));
  const data::Dataset table = data::read_dataset(csv, {"", {}, true});
  CHECK(row_of(table, 0)[0] == 1);
  CHECK(std::isnan(row_of(table, 0)[1]));
  CHECK(std::isnan(row_of(table, 1)[0]));
  CHECK(std::isnan(row_of(table, 2)[0]));
  CHECK(std::isnan(row_of(table, 3)[1]));
  CHECK(table.split("train").labels == std::vector<std::int64_t>{3, 4, 3, 4});
  // A first line with nothing in it but numbers and gaps is no header.
  const std::string bare = folder.write("b.csv", "1,NA\n3,4\n");
  CHECK(data::read_dataset(bare, {"", {}, true}).split("train").images.count() == 2);
  CHECK_THROWS_WITH(data::read_dataset(folder.write("c.csv", "1,inf\n3,4\n"), {"", {}, true}),
                    contains("not a finite number"));
  const std::string array = folder.write(
      "a.npy", npy("<f4", "(2, 2)", bytes_of(std::vector<float>{1, missing_entry, 3, 4})));
  CHECK_THROWS_WITH(data::read_dataset(array), contains("nan"));
  CHECK(std::isnan(row_of(data::read_dataset(array, {"", {}, true}), 0)[1]));
  const auto masked = [&](const std::string& shape, const std::string& mask) {
    return folder.write("m.npz", zip({{"x.npy", npy("|u1", "(2, 2)", raw({1, 20, 3, 4}))},
                                      {"mask.npy", npy("|b1", shape, mask)}}));
  };
  const data::Dataset holes =
      data::read_dataset(masked("(2, 2)", raw({1, 0, 1, 1})), {"", {}, true});
  CHECK(row_of(holes, 0)[0] == 1);
  CHECK(std::isnan(row_of(holes, 0)[1]));
  CHECK(row_of(holes, 1) == std::vector<float>{3, 4});
  CHECK_THROWS_WITH(data::read_dataset(masked("(4,)", raw({1, 0, 1, 1})), {"", {}, true}),
                    contains("'mask' of shape 4 does not fit"));
}

TEST_CASE("missing: moments, extent and scaling are those of what is observed") {
  const data::Dataset data =
      table_of(2, {missing_entry, 1, 3, missing_entry, 5, 4, missing_entry, 7});
  const Examples examples(data, data.split("train"), data::Binarize::none, Examples::Role::train,
                          0);
  const DataMoments moments = examples.moments();
  CHECK(moments.mean.values() == std::vector<double>{4, 4});
  CHECK(moments.variance.values()[0] == Approx(1));
  CHECK(moments.variance.values()[1] == Approx(6));
  CHECK(moments.extent.least == 1);
  CHECK(moments.extent.greatest == 7);
  CHECK(moments.extent.whole);
  const data::FeatureMoments features = data::feature_moments(data.split("train"));
  CHECK(features.mean == std::vector<double>{4, 4});
  CHECK(features.deviation[0] == Approx(1));
  CHECK(features.deviation[1] == Approx(std::sqrt(6.0)));
  const data::Dataset empty = table_of(2, {1, missing_entry, 2, missing_entry});
  const Examples of_empty(empty, empty.split("train"), data::Binarize::none, Examples::Role::train,
                          0);
  CHECK_THROWS_WITH(of_empty.moments(), contains("feature 2 is missing in all"));
  CHECK_THROWS_WITH(data::feature_moments(empty.split("train")),
                    contains("feature 2 is missing in all"));
}

TEST_CASE("missing: what is binarised stays missing") {
  const data::Dataset data = table_of(3, {missing_entry, 0.75f, 0.25f, 0.5f, missing_entry, 1});
  for (const char* how : {"threshold", "fixed", "dynamic"}) {
    CAPTURE(how);
    const std::vector<float> row = row_of(data, 0, data::parse_binarize(how));
    CHECK(std::isnan(row[0]));
    CHECK((row[1] == 0 || row[1] == 1));
    CHECK(std::isnan(row_of(data, 1, data::parse_binarize(how))[1]));
  }
}

TEST_CASE("missing: the share that is hidden is hidden, example by example, whatever the batch") {
  std::vector<float> values(4000, 1);
  const data::Dataset data = table_of(4, values);
  Examples examples(data, data.split("train"), data::Binarize::none, Examples::Role::train, 0);
  examples.hide(0.3, 5);
  std::vector<std::uint32_t> rows(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) rows[i] = i;
  std::vector<float> all(4000), one(4);
  examples.fill(all.data(), rows, 0);
  std::size_t hidden = 0;
  for (const float value : all) hidden += std::isnan(value);
  const double z = (double(hidden) - 1200) / std::sqrt(4000 * 0.3 * 0.7);
  CAPTURE(hidden, z);
  CHECK(std::abs(z) < 4);
  const std::uint32_t last = 999;
  examples.fill(one.data(), {&last, 1}, 7);
  for (std::size_t d = 0; d < 4; ++d) CHECK(std::isnan(one[d]) == std::isnan(all[3996 + d]));
}

TEST_CASE(
    "missing: a linear autoencoder imputes as the linear oracle does, and better than means") {
  // x = W z + noise of variance 1/4, two latent variables of six features; 30 % are missing.
  constexpr std::int64_t N = 3000, X = 6, L = 2;
  std::mt19937 random(11);
  std::normal_distribution<double> normal;
  const Tensor W({X, L}, DType::f64);
  for (std::int64_t i = 0; i < X * L; ++i) W.data_as<double>()[i] = 1.3 * std::sin(1.0 + 2.1 * i);
  std::vector<float> whole, seen;
  for (std::int64_t n = 0; n < N; ++n) {
    const double z[L] = {normal(random), normal(random)};
    for (std::int64_t i = 0; i < X; ++i) {
      whole.push_back(float(W.at({i, 0}) * z[0] + W.at({i, 1}) * z[1] + 0.5 * normal(random)));
      seen.push_back(random() % 10 < 3 ? missing_entry : whole.back());
    }
  }
  const data::Dataset data = table_of(X, seen);
  for (const char* missing : {"zeros", "mask"}) {
    TrainConfig config;
    config.data = "table";
    config.model = "mlp";
    config.hidden = {32};
    config.latent = L;
    config.likelihood = "normal:0.25";
    config.missing = missing;
    config.objective = "iw(m=5)";
    config.batch = 100;
    config.lr = "cosine(0.01, 0, steps=750)";
    config.epochs = 25;
    Trainer trainer(config, data);
    trainer.fit(25);
    const Examples examples(data, data.split("test"), data::Binarize::none, Examples::Role::test,
                            0);
    const Imputation of = impute(trainer.model(), examples, 500, 1);

    using namespace dense;
    const Tensor cov = W * transposed(W) + 0.25 * identity(X);
    double error = 0, of_means = 0, of_oracle = 0;
    std::int64_t entries = 0;
    for (std::int64_t n = 0; n < N; ++n) {
      std::vector<std::int64_t> have, lack;
      for (std::int64_t i = 0; i < X; ++i) {
        (std::isnan(seen[std::size_t(n * X + i)]) ? lack : have).push_back(i);
      }
      if (lack.empty()) continue;
      Tensor expected({std::int64_t(lack.size()), 1}, DType::f64);
      if (!have.empty()) {
        const Tensor s({std::int64_t(have.size()), std::int64_t(have.size())}, DType::f64);
        const Tensor c({std::int64_t(lack.size()), std::int64_t(have.size())}, DType::f64);
        const Tensor x({std::int64_t(have.size()), 1}, DType::f64);
        for (std::size_t a = 0; a < have.size(); ++a) {
          x.set({std::int64_t(a), 0}, whole[std::size_t(n * X + have[a])]);
          for (std::size_t b = 0; b < have.size(); ++b) {
            s.set({std::int64_t(a), std::int64_t(b)}, cov.at({have[a], have[b]}));
          }
          for (std::size_t l = 0; l < lack.size(); ++l) {
            c.set({std::int64_t(l), std::int64_t(a)}, cov.at({lack[l], have[a]}));
          }
        }
        expected = c * Factor(s).solve(x);
      }
      for (std::size_t l = 0; l < lack.size(); ++l) {
        const double truth = whole[std::size_t(n * X + lack[l])];
        error += std::pow(of.x.at({n, lack[l]}) - truth, 2);
        of_means += truth * truth;
        of_oracle += std::pow(expected.at({std::int64_t(l), 0}) - truth, 2);
        ++entries;
      }
    }
    const double rmse = std::sqrt(error / double(entries)),
                 oracle = std::sqrt(of_oracle / double(entries)),
                 means = std::sqrt(of_means / double(entries));
    CAPTURE(missing, rmse, oracle, means);
    CHECK(rmse < 1.05 * oracle);
    CHECK(rmse < 0.75 * means);
    for (const double one : of.effective) CHECK((one >= 1 && one <= 500.0001));
  }
}
