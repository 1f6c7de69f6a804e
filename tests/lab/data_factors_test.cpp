// Ground-truth factors: of archives as dSprites has them, and of sprites.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "lab/data/factors.hpp"
#include "lab/data/load.hpp"
#include "lab/data/sprites.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;
namespace sprites = nelbo::data::sprites;

namespace {

constexpr std::size_t rows = 12;

/// Row i of such an archive: image i, classes (i % 3, i % 2, 0, i, 1), values half of each.
struct Archive {
  std::string images, shape = "(12, 5)";
  std::vector<std::int64_t> classes;
  std::vector<double> values;

  Archive() {
    for (int i = 0; i < int(rows); ++i) {
      images += char(i);
      for (const int c : {i % 3, i % 2, 0, i, 1}) {
        classes.push_back(c);
        values.push_back(c / 2.0);
      }
    }
  }
  std::string file() const {
    return zip({{"metadata.npy", npy("|O", "()", "pickled")},
                {"x.npy", npy("|u1", "(12, 1, 1)", images)},
                {"latents_classes.npy", npy("<i8", shape, bytes_of(classes)), true},
                {"latents_values.npy", npy("<f8", shape, bytes_of(values))}});
  }
};

}  // namespace

TEST_CASE("factors: dSprites' arrays are factors, never images") {
  const TempFolder folder;
  const Archive archive;
  const data::Dataset data = data::read_dataset(folder.write("a.npz", archive.file()));
  CHECK(data.notes.empty());
  CHECK(data.factor_names ==
        std::vector<std::string>{"shape", "scale", "orientation", "posX", "posY"});
  CHECK(data.factor_sizes == std::vector<std::int32_t>{3, 2, 1, 12, 2});
  const data::Split& split = data.splits[0];
  CHECK(split.images.features() == 1);
  CHECK(std::equal(split.factors.begin(), split.factors.end(), archive.classes.begin(),
                   archive.classes.end()));
  CHECK(split.factor_values == archive.values);
}

TEST_CASE("factors: they stay with their images when splits are made") {
  const TempFolder folder;
  const Archive archive;
  const data::Dataset data = data::load_dataset(folder.write("a.npz", archive.file()),
                                                {.holdout = 0.25, .validation = 0.3, .subset = 4});
  for (const data::Split& split : data.splits) {
    const auto count = std::size_t(split.images.count());
    REQUIRE(split.factors.size() == 5 * count);
    REQUIRE(split.factor_values.size() == 5 * count);
    for (std::size_t i = 0; i < count; ++i) {
      float x = 0;
      split.images.write(std::int64_t(i), 1, &x);
      CHECK(split.factors[5 * i + 3] == std::int32_t(x));
      CHECK(split.factor_values[5 * i] == (std::int32_t(x) % 3) / 2.0);
    }
  }
  CHECK(data.split("train").images.count() == 4);
}

TEST_CASE("factors: names by their number") {
  data::Array classes{data::StoredType::uint8, {2, 6}, {}};
  classes.bytes.resize(12);
  std::fill_n(classes.bytes.data(), 12, std::byte{1});
  CHECK(data::factors_of(&classes, nullptr, 2).names ==
        std::vector<std::string>{"color", "shape", "scale", "orientation", "posX", "posY"});
  classes.shape = {4, 3};
  CHECK(data::factors_of(&classes, nullptr, 4).names ==
        std::vector<std::string>{"factor 1", "factor 2", "factor 3"});
  classes.shape = {12};
  CHECK(data::factors_of(&classes, nullptr, 12).names == std::vector<std::string>{"factor 1"});
}

TEST_CASE("factors: what does not fit is left out with a note") {
  const TempFolder folder;
  const auto read = [&](const Archive& archive) {
    const data::Dataset data = data::read_dataset(folder.write("a.npz", archive.file()));
    REQUIRE(data.notes.size() == 1);
    return data;
  };
  Archive archive;
  archive.shape = "(10, 6)";
  data::Dataset data = read(archive);
  CHECK_THAT(data.notes[0], contains("'latents_classes' of shape 10 x 6 does not fit 12 examples"));
  CHECK(data.splits[0].factors.empty());
  CHECK(data.factor_names.empty());
  archive = {};
  archive.classes[7] = -1;
  CHECK_THAT(read(archive).notes[0], contains("more than whole numbers from 0 on"));
  archive = {};
  archive.classes[7] = std::int64_t{1} << 40;
  CHECK_THAT(read(archive).notes[0], contains("more than whole numbers from 0 on"));
  archive = {};
  archive.values[3] = std::nan("");
  data = read(archive);
  CHECK_THAT(data.notes[0], contains("'latents_values' holds values that are not finite"));
  CHECK(data.splits[0].factors.size() == 60);
  CHECK(data.splits[0].factor_values.empty());

  const std::string alone = folder.write(
      "b.npz", zip({{"imgs.npy", npy("|u1", "(12, 1, 1)", archive.images)},
                    {"latents_values.npy", npy("<f8", "(12, 5)", bytes_of(archive.values))}}));
  CHECK_THAT(data::read_dataset(alone).notes.at(0), contains("without 'latents_classes'"));
  const std::string text =
      folder.write("c.npz", zip({{"imgs.npy", npy("|u1", "(12, 1, 1)", archive.images)},
                                 {"latents_classes.npy", npy("|O", "(12, 5)", "pickled")}}));
  CHECK_THAT(data::read_dataset(text).notes.at(0),
             contains("holds no numbers: left out as factors"));
}

TEST_CASE("factors: splits of a folder have the same, or lose them") {
  const TempFolder folder;
  folder.write("train.npz", Archive().file());
  Archive test;
  test.shape = "(12, 1)";
  test.classes.assign(12, 30);
  test.values.assign(12, 0.5);
  folder.write("test.npz", test.file());
  const data::Dataset data = data::read_dataset(folder.path());
  const bool train_first = data.factor_names.size() == 5;
  CHECK(data.split("train").factors.empty() == !train_first);
  CHECK(data.split("test").factors.empty() == train_first);
  CHECK_THAT(data.notes.back(), contains("factors, not the"));
  CHECK(data.factor_sizes.size() == data.factor_names.size());
}

TEST_CASE("factors: one array of classes or of values, and columns of a table") {
  const TempFolder folder;
  const Archive archive;
  const auto read = [&](const std::string& type, const std::string& bytes) {
    return data::read_dataset(
        folder.write("f.npz", zip({{"x.npy", npy("|u1", "(12, 1, 1)", archive.images)},
                                   {"factors.npy", npy(type, "(12, 5)", bytes)}})));
  };
  const data::Dataset whole = read("<i8", bytes_of(archive.classes));
  CHECK(whole.splits[0].factors.size() == 60);
  CHECK(whole.splits[0].factor_values.empty());
  const data::Dataset real = read("<f8", bytes_of(archive.values));
  CHECK(real.splits[0].factor_values == archive.values);
  CHECK(real.factor_sizes == std::vector<std::int32_t>{3, 2, 1, 12, 1});  // ranks
  CHECK(real.splits[0].images.features() == 1);

  const data::Dataset table = data::read_dataset(
      folder.write("t.csv", "a,factor_size,factory,factor 1\n1,0.5,7,2\n2,0.25,8,1\n3,0.5,9,0\n"));
  CHECK(table.factor_names == std::vector<std::string>{"size", "factor 1"});
  CHECK(table.splits[0].factor_values == std::vector<double>{0.5, 2, 0.25, 1, 0.5, 0});
  CHECK(table.splits[0].factors == std::vector<std::int32_t>{1, 2, 0, 1, 1, 0});
  CHECK(table.splits[0].images.features() == 2);
}

TEST_CASE("factors: sprites on a grid are every shape, scale, fourth orientation, second place") {
  const data::Dataset grid = sprites::load("sprites:grid:32");
  CHECK(grid.splits[0].images.count() == 46080);
  CHECK(grid.splits[0].factors.size() == 5 * 46080);
  const sprites::Factors last{2, 5, 36, 30, 30};
  CHECK(std::equal(last.begin(), last.end(), grid.splits[0].factors.end() - 5));
}

TEST_CASE("factors: those of sprites are the generator's, with values") {
  const data::Dataset data =
      data::load_dataset("sprites", {.holdout = 0.1, .validation = 0.1, .subset = 500});
  for (const data::Split& split : data.splits) {
    for (std::int64_t i = 0; i < split.images.count(); i += 97) {
      sprites::Factors of;
      std::copy_n(split.factors.begin() + 5 * i, 5, of.begin());
      std::vector<std::uint8_t> drawn(64 * 64);
      sprites::draw(of, 64, drawn.data());
      std::vector<float> x(64 * 64);
      split.images.write(i, 1, x.data());
      CHECK(std::equal(x.begin(), x.end(), drawn.begin()));
      const double* const value = &split.factor_values[std::size_t(5 * i)];
      CHECK(value[0] == of[0]);
      CHECK(value[1] == Approx(0.5 + 0.1 * of[1]));
      CHECK(value[2] == Approx(9 * of[2] * std::numbers::pi / 180));
      CHECK(value[3] == Approx(0.25 + of[3] / 62.0));
      CHECK(value[4] == Approx(0.25 + of[4] / 62.0));
    }
  }
}
