// Conditions from the data set to the model: columns and arrays, labels, factors, their code; and a
// conditional linear autoencoder trained to the maximum likelihood in closed form.
#include <cmath>
#include <numbers>
#include <random>

#include "lab/data/examples.hpp"
#include "lab/statistics/symmetric_eigenvalues.hpp"
#include "lab/training/run_data.hpp"
#include "models/worlds/dense.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

std::vector<float> shown(const data::Dataset& data, const char* split, std::uint32_t row) {
  const Examples examples(data, data.split(split), data::Binarize::none, Examples::Role::test, 0);
  std::vector<float> x(examples.shown());
  examples.fill(x.data(), {&row, 1}, 0);
  return x;
}

data::Dataset coded(const std::string& path, const std::string& condition) {
  data::Dataset data = data::load_dataset(path, {.holdout = 0, .condition = condition});
  data.condition = data::code_condition(data, condition);
  return data;
}

}  // namespace

TEST_CASE("condition: columns of a table are no features, and are standardised") {
  const TempFolder folder;
  const std::string path =
      folder.write("a.csv", "a,age,b,label,site\n0.5,10,1,7,3\n0.25,20,2,9,5\n0,30,3,7,7\n");
  const data::Dataset data = coded(path, "site,age");
  CHECK(data.example_shape() == std::vector<std::int64_t>{2});
  CHECK(data.split("train").labels == std::vector<std::int64_t>{7, 9, 7});
  const double deviation = std::sqrt(2.0 / 3);
  const std::vector<float> row = shown(data, "train", 2);
  REQUIRE(row.size() == 4);
  CHECK(row[0] == 0);
  CHECK(row[1] == 3);
  CHECK(row[2] == Approx(1 / deviation));
  CHECK(row[3] == Approx(1 / deviation));
  CHECK(data.condition.parse("5,30")[0] == 0);
  CHECK(data.condition.parse("5,30")[1] == Approx(1 / deviation));
  CHECK_THROWS_WITH(data.condition.parse("5"), contains("there must be 2"));
  CHECK_THROWS_WITH(data.condition.parse("5,x"), contains("'x' is no number"));
  CHECK_THROWS_WITH(coded(path, "sight"), contains("has no column 'sight'"));
  const std::string words = folder.write("b.csv", "a,kind\n1,cat\n2,dog\n");
  CHECK_THROWS_WITH(coded(words, "kind"), contains("holds 'cat'"));
}

TEST_CASE("condition: arrays of an archive are side by side, in the order that names them") {
  const TempFolder folder;
  const std::string path = folder.write(
      "a.npz",
      zip({{"x.npy", npy("<f4", "(2, 2)", bytes_of(std::vector<float>{1, 2, 3, 4}))},
           {"pose.npy", npy("<f8", "(2, 2)", bytes_of(std::vector<double>{10, 20, 30, 20}))},
           {"site.npy", npy("<i8", "(2,)", bytes_of(std::vector<std::int64_t>{5, 7}))},
           {"long.npy", npy("<i8", "(3,)", bytes_of(std::vector<std::int64_t>{5, 7, 9}))}}));
  const data::Dataset data =
      data::load_dataset(path + ":x", {.holdout = 0, .condition = "site,pose"});
  CHECK(shown(data, "train", 0) == std::vector<float>{1, 2, -1, -1, 0});
  CHECK(shown(data, "train", 1) == std::vector<float>{3, 4, 1, 1, 0});
  CHECK_THROWS_WITH(coded(path + ":x", "long"), contains("'long' of shape 3 is not [2]"));
  CHECK_THROWS_WITH(coded(path + ":x", "none"), contains("has no array of numbers 'none'"));
}

TEST_CASE("condition: labels are one-hot in ascending order, others are refused") {
  const TempFolder folder;
  const std::string path = folder.write("a.csv", "a,label\n1,7\n2,-3\n3,7\n4,12\n");
  const data::Dataset data = coded(path, "labels");
  CHECK(data.condition.size() == 3);
  CHECK(shown(data, "train", 0) == std::vector<float>{1, 0, 1, 0});
  CHECK(shown(data, "train", 1) == std::vector<float>{2, 1, 0, 0});
  CHECK(shown(data, "train", 3) == std::vector<float>{4, 0, 0, 1});
  CHECK(data.condition.parse("12") == std::vector<float>{0, 0, 1});
  CHECK_THROWS_WITH(data.condition.parse("8"), contains("none of the training examples'"));
  data::Dataset other = data::load_dataset(folder.write("b.csv", "a,label\n1,8\n"), {.holdout = 0});
  other.condition = data.condition;
  CHECK_THROWS_WITH(shown(other, "train", 0), contains("the label 8"));
  const std::string none = folder.write("c.csv", "a,b\n1,8\n2,9\n");
  CHECK_THROWS_WITH(coded(none, "labels"), contains("no labels"));
}

TEST_CASE("condition: factors are one-hot side by side") {
  const TempFolder folder;
  const std::string path =
      folder.write("a.csv", "a,factor_shape,factor_size\n1,0,2\n2,1,0\n3,1,1\n");
  const data::Dataset data = coded(path, "factors");
  CHECK(shown(data, "train", 0) == std::vector<float>{1, 1, 0, 0, 0, 1});
  CHECK(shown(data, "train", 2) == std::vector<float>{3, 0, 1, 0, 1, 0});
  CHECK(data.condition.parse("0,2") == std::vector<float>{1, 0, 0, 0, 1});
  CHECK_THROWS_WITH(data.condition.parse("2,0"), contains("factor 1 has classes 0 to 1"));
}

TEST_CASE("condition: what a configuration keeps of it is enough") {
  TrainConfig config;
  config.condition = "age,site";
  config.condition_mean = {1, 2};
  config.condition_deviation = {3, 4};
  TrainConfig read;
  apply_toml(read, to_toml(config), "test");
  CHECK(condition_of(read) == condition_of(config));
  CHECK(condition_of(read).size() == 2);
  read.condition_deviation = {0, 1};
  CHECK_THROWS_WITH(condition_of(read), contains("deviations above 0"));
  forget_data(config);
  CHECK(config.condition == "age,site");
  CHECK(condition_of(config).size() == 0);
}

TEST_CASE("condition: a linear autoencoder reaches the maximum likelihood of p(x|c)") {
  // x = (1.5 c + u) w + noise, u and noise standard normal: one latent variable, one column.
  constexpr std::int64_t N = 2000, X = 3;
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  const double w[X] = {1.5, -1, 0.5}, v[X] = {0.3, 0.8, -0.6};
  data::Array values{data::StoredType::float32, {N, X}, {}};
  values.bytes.resize(N * X * sizeof(float));
  auto* x = reinterpret_cast<float*>(values.bytes.data());
  std::vector<double> column;
  for (std::int64_t n = 0; n < N; ++n) {
    const double c = normal(random), u = normal(random);
    column.push_back(c);
    for (std::int64_t i = 0; i < X; ++i) x[n * X + i] = float(w[i] * u + v[i] * c + normal(random));
  }
  // The maximum: regression on (1, c), and water-filling of what it leaves (variance 1 is given).
  using namespace dense;
  const Tensor design({N, 2}, DType::f64), data_x({N, X}, DType::f64);
  for (std::int64_t n = 0; n < N; ++n) {
    design.set({n, 0}, 1);
    design.set({n, 1}, column[std::size_t(n)]);
    for (std::int64_t i = 0; i < X; ++i) data_x.set({n, i}, x[n * X + i]);
  }
  const Tensor fit = Factor(transposed(design) * design).solve(transposed(design) * data_x);
  const Tensor left = data_x - design * fit;
  const std::vector<double> eigenvalues =
      symmetric_eigenvalues(((1.0 / N) * (transposed(left) * left)).values(), std::size_t(X));
  const double greatest = *std::max_element(eigenvalues.begin(), eigenvalues.end());
  double maximum = -0.5 * X * std::log(2 * std::numbers::pi);
  for (const double e : eigenvalues) {
    const double variance = e == greatest ? std::max(e, 1.0) : 1.0;
    maximum -= 0.5 * (std::log(variance) + e / variance);
  }

  data::Dataset data;
  data.spec = "world";
  data.format = "npy";
  const data::Images images(std::move(values));
  for (const char* split : {"train", "test"}) {
    data.splits.push_back({split, images, {}, {}});
    data.splits.back().condition = column;
  }
  data.condition = data::code_condition(data, "c");
  for (const char* prior : {"normal", "conditional"}) {
    TrainConfig config;
    config.data = "world";
    config.model = "mlp";
    config.linear = true;
    config.latent = 1;
    config.likelihood = "normal";
    config.prior = prior;
    config.condition = "c";
    config.objective = "elbo(mc)";  // without noise where the posterior is the true one
    config.batch = 100;
    config.lr = "cosine(0.03, 0, steps=600)";
    config.epochs = 30;
    Trainer trainer(config, data);
    trainer.fit(30);
    CHECK(trainer.model().conditions() == 1);
    // With one latent variable the best diagonal posterior is the true one, and the bound is tight.
    const double elbo = trainer.held_out().objective;
    CAPTURE(prior, elbo, maximum);
    CHECK(elbo == Approx(maximum).margin(0.005));
  }
}
