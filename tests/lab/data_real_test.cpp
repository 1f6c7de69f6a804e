// Real benchmark files, when the environment variable NELBO_DATA_DIR names a folder that has them.
#include <cstdlib>
#include <filesystem>
#include <map>

#include "lab/data/load.hpp"
#include "lab/data/statistics.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

/// The published figures of a split; mean and std (0: not published) to six digits.
struct Expected {
  std::string split;
  std::int64_t count;
  std::vector<std::int64_t> shape;
  double max, mean, std;
  std::vector<std::int64_t> labels;
};

std::string real_data(const std::string& name) {
  const char* root = std::getenv("NELBO_DATA_DIR");
  const std::string path = std::string(root ? root : "") + "/" + name;
  if (root != nullptr && std::filesystem::exists(path)) return path;
  WARN("skipped: " << name << " (set NELBO_DATA_DIR to a folder that holds it)");
  return "";
}

void check(const std::string& name, const std::vector<Expected>& expected) {
  const std::string path = real_data(name);
  if (path.empty()) return;
  const data::Dataset dataset = data::read_dataset(path);
  REQUIRE(dataset.splits.size() == expected.size());
  for (const Expected& figures : expected) {
    const data::Split& split = dataset.split(figures.split);
    const data::Statistics found = data::statistics(split, dataset.scale.divisor);
    CHECK(dataset.scale == (figures.max > 1 ? 255 : 1));
    CHECK(split.images.count() == figures.count);
    CHECK(split.images.shape() == figures.shape);
    CHECK(found.min == 0);
    CHECK(found.max == figures.max);
    CHECK_THAT(found.mean, Catch::Matchers::WithinAbs(figures.mean, 5e-7));
    if (figures.std > 0) CHECK_THAT(found.std, Catch::Matchers::WithinAbs(figures.std, 5e-7));
    std::int64_t label = 0;
    for (const std::int64_t count : figures.labels) CHECK(found.labels.at(label++) == count);
  }
}

}  // namespace

TEST_CASE("MNIST") {
  check("mnist", {{"train",
                   60000,
                   {28, 28},
                   255,
                   0.130660,
                   0.308108,
                   {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}},
                  {"test",
                   10000,
                   {28, 28},
                   255,
                   0.132515,
                   0.310480,
                   {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}}});
}

TEST_CASE("Fashion-MNIST") {
  const std::vector<std::int64_t> train(10, 6000), test(10, 1000);
  check("fashion-mnist", {{"train", 60000, {28, 28}, 255, 0.286041, 0.353024, train},
                          {"test", 10000, {28, 28}, 255, 0.286849, 0.352444, test}});
}

TEST_CASE("Binarized MNIST (Larochelle)") {
  check("binarized-mnist", {{"train", 50000, {784}, 1, 0.130562, 0, {}},
                            {"valid", 10000, {784}, 1, 0.131127, 0, {}},
                            {"test", 10000, {784}, 1, 0.132512, 0, {}}});
}

TEST_CASE("dSprites subsets") {
  check("dsprites/dsprites_downsampled.npz", {{"train", 46080, {64, 64}, 1, 0.042497, 0, {}}});
  check("dsprites/dsprites_subset.npz", {{"train", 20000, {64, 64}, 1, 0.042395, 0, {}}});
}

TEST_CASE("Omniglot") {
  check("omniglot",
        {{"train", 19280, {105, 105}, 1, 0.922060, 0, std::vector<std::int64_t>(964, 20)},
         {"test", 13180, {105, 105}, 1, 0.915716, 0, std::vector<std::int64_t>(659, 20)}});
}

TEST_CASE("Caltech 101 silhouettes") {
  check("caltech101-silhouettes", {{"train", 8671, {28, 28}, 1, 0.543910, 0, {}}});
  const std::string path = real_data("caltech101-silhouettes");
  if (path.empty()) return;
  const data::Dataset dataset = data::read_dataset(path);
  const auto labels = data::statistics(dataset.split("train"), 1).labels;
  CHECK(labels.size() == 101);
  CHECK(labels.begin()->first == 1);
  std::int64_t fewest = 8671, most = 0;
  for (const auto& [label, count] : labels) {
    fewest = std::min(fewest, count);
    most = std::max(most, count);
  }
  CHECK(fewest == 31);
  CHECK(most == 798);
}
