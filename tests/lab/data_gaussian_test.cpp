// The data set gaussian: mean and covariance are those it is named by, and its splits are of different draws.
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "lab/data/load.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using tests::contains;

namespace {

std::vector<double> values_of(const data::Images& images) {
  std::vector<double> values(std::size_t(images.count() * images.features()));
  std::vector<std::byte> scratch(images.example_bytes());
  for (std::int64_t n = 0; n < images.count(); ++n) {
    const auto* row = reinterpret_cast<const double*>(images.raw(n, scratch.data()));
    std::copy(row, row + images.features(), values.begin() + n * images.features());
  }
  return values;
}

}  // namespace

TEST_CASE("data gaussian: mean 0 and the variances that it is named by, exactly, and normal") {
  const data::Dataset data = data::load_dataset("gaussian:4,2,0.5");
  REQUIRE(data.splits.size() == 2);
  const std::vector<double> variances{4, 2, 0.5};
  for (const data::Split& split : data.splits) {
    CAPTURE(split.name);
    REQUIRE(split.images.count() == 10000);
    REQUIRE(split.images.features() == 3);
    const std::vector<double> x = values_of(split.images);
    for (std::size_t i = 0; i < 3; ++i) {
      double mean = 0, fourth = 0;
      for (std::size_t n = 0; n < 10000; ++n) {
        mean += x[n * 3 + i] / 10000;
        fourth += std::pow(x[n * 3 + i], 4) / 10000;
      }
      CHECK(std::fabs(mean) < 1e-12);
      // 3 variance^2, with the error sqrt(96 / N) variance^2 of a normal variable's fourth moment
      const double score = (fourth / (variances[i] * variances[i]) - 3) / std::sqrt(96.0 / 10000);
      CAPTURE(i, score);
      CHECK(std::fabs(score) < 4);
      for (std::size_t j = 0; j <= i; ++j) {
        double product = 0;
        for (std::size_t n = 0; n < 10000; ++n) product += x[n * 3 + i] * x[n * 3 + j] / 10000;
        CHECK(std::fabs(product - (i == j ? variances[i] : 0)) < 1e-11);
      }
    }
  }
  CHECK(values_of(data.splits[0].images) != values_of(data.splits[1].images));
  CHECK(data::content_hash(data) == data::content_hash(data::load_dataset("gaussian:4,2,0.5")));
  CHECK(data::content_hash(data) != data::content_hash(data::load_dataset("gaussian:4,2,1")));
}

TEST_CASE("data gaussian: what is no list of variances is refused") {
  for (const char* spec :
       {"gaussian", "gaussian:", "gaussian:1,", "gaussian:-1", "gaussian:0", "gaussian:1,,2",
        "gaussian:nan", "gaussian:inf", "gaussian:1e999", "gaussian:a", "gaussian:1 2"}) {
    CAPTURE(spec);
    CHECK_THROWS_WITH(data::load_dataset(spec),
                      contains("gaussian takes 1 to 64 positive variances"));
  }
  std::string many = "gaussian:1";
  for (int i = 0; i < 64; ++i) many += ",1";
  CHECK_THROWS_WITH(data::load_dataset(many), contains("1 to 64"));
}
