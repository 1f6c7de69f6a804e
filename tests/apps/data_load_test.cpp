#include "lab/data/data_words.hpp"
#include "lab/data/load.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/reports/show.hpp"
#include "autodiff/error.hpp"
#include "lab/data/binarize.hpp"
#include "lab/files/sha256.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using data::Dataset;

namespace {

/// One hundred labelled examples of one value: example i holds i, its label is 1000 + i.
std::string hundred(const TempFolder& folder) {
  std::string text = "label,x\n";
  for (int i = 0; i < 100; ++i) text += std::to_string(1000 + i) + "," + std::to_string(i) + "\n";
  return folder.write("hundred.csv", text);
}

std::set<int> members(const data::Split& split) {
  std::set<int> values;
  for (std::int64_t i = 0; i < split.images.count(); ++i) {
    float value = -1;
    split.images.write(i, 1, &value);
    CHECK(split.labels[static_cast<std::size_t>(i)] == 1000 + static_cast<int>(value));
    CHECK(split.images.source_row(i) == static_cast<int>(value));
    values.insert(static_cast<int>(value));
  }
  return values;
}

}  // namespace

TEST_CASE("Data without a test split gets one by seed, and says so") {
  const TempFolder folder;
  const std::string path = hundred(folder);
  const Dataset dataset = data::load_dataset(path, {0.25, 3});
  const std::set<int> train = members(dataset.split("train")),
                      test = members(dataset.split("test"));
  CHECK(train.size() == 75);
  CHECK(test.size() == 25);
  std::set<int> all = train;
  all.insert(test.begin(), test.end());
  CHECK(all.size() == 100);
  REQUIRE(dataset.notes.size() == 1);
  CHECK(dataset.notes[0] ==
        "no test split in the data: 25 of 100 examples held out as test by seed 3");
  CHECK(data::describe(dataset)[0] == path + ": 75 train + 25 test, 1 uint8, scale 1");

  CHECK(members(data::load_dataset(path, {0.25, 3}).split("test")) == test);
  CHECK(members(data::load_dataset(path, {0.25, 4}).split("test")) != test);
  CHECK(data::load_dataset(path).split("test").images.count() == 10);
  CHECK(data::load_dataset(path, {0, 0}).find("test") == nullptr);
  CHECK(data::load_dataset(path, {0.0001, 0}).split("test").images.count() == 1);
  CHECK(data::load_dataset(path, {0.9999, 0}).split("train").images.count() == 1);
  CHECK_THROWS_WITH(data::load_dataset(path, {1, 0}), contains("holdout: 1 "));
  CHECK_THROWS_WITH(data::load_dataset(path, {-0.1, 0}), contains("holdout: -0.1 "));
  const std::string one = folder.write("one.csv", "1,2\n");
  CHECK_THROWS_WITH(data::load_dataset(one), contains("one example cannot be divided"));
}

TEST_CASE("A test split that the data has is kept") {
  const TempFolder folder;
  folder.write("a_train.amat", "0 1\n1 0\n");
  folder.write("a_test.amat", "1 1\n");
  const Dataset dataset = data::load_dataset(folder.path());
  CHECK(dataset.split("train").images.count() == 2);
  CHECK(dataset.split("test").images.count() == 1);
  CHECK(dataset.notes.empty());
  CHECK_THROWS_WITH(dataset.split("valid"), contains("has no split 'valid', only: train, test"));
}

TEST_CASE("Factors and labels follow the examples into the splits") {
  const Dataset whole = data::read_dataset("sprites:32");
  const Dataset parts = data::load_dataset("sprites:32", {0.1, 5});
  CHECK(parts.split("train").images.count() == 9000);
  const data::Split& test = parts.split("test");
  REQUIRE(test.factors.size() == 5000);
  for (std::int64_t i = 0; i < 1000; ++i) {
    const std::int64_t row = test.images.source_row(i);
    for (std::int64_t f = 0; f < 5; ++f)
      REQUIRE(test.factors[static_cast<std::size_t>(5 * i + f)] ==
              whole.split("train").factors[static_cast<std::size_t>(5 * row + f)]);
  }
}

TEST_CASE("An unknown name says what was looked for and what is near") {
  CHECK_THROWS_WITH(data::read_dataset("sprits"), contains("did you mean 'sprites'?"));
  CHECK_THROWS_WITH(data::read_dataset("fashion_mnist"),
                    contains(std::filesystem::current_path().string() + "/fashion_mnist") &&
                        contains("did you mean 'fashion-mnist'?"));
  CHECK_THROWS_WITH(data::read_dataset("/no/such/thing/anywhere"),
                    contains("no file or folder '/no/such/thing/anywhere'") &&
                        contains("there are: sprites[:32|:full|:grid|:grid:32], fashion-mnist, "));
  CHECK_THROWS_AS(data::read_dataset(""), Error);
  CHECK_THROWS_AS(data::read_dataset(":"), Error);
  const TempFolder folder;
  const std::string path = folder.write("a.npz", zip({{"x.npy", npy("|u1", "(1, 1)", "x")}}));
  CHECK_THROWS_WITH(data::read_dataset(path + ":y"), contains("has no member 'y', only: x"));
}

TEST_CASE("Debian's fashion-mnist is found under the data roots, or its package is named") {
  const TempFolder root;
  std::filesystem::create_directories(root.path() + "/datasets/fashion-mnist");
  CHECK_THROWS_WITH(data::find_fashion_mnist({"/nowhere", root.path()}),
                    contains("/nowhere/datasets/fashion-mnist") &&
                        contains("apt-get install dataset-fashion-mnist"));
  root.write("datasets/fashion-mnist/train-images-idx3-ubyte.gz", "");
  CHECK(data::find_fashion_mnist({"/nowhere", root.path()}) ==
        root.path() + "/datasets/fashion-mnist");
  const std::vector<std::string> roots = data::system_data_roots();
  CHECK(std::find(roots.begin(), roots.end(), "/usr/share") != roots.end());
}

TEST_CASE("A path is made absolute, a name stays") {
  CHECK(data::absolute_spec("sprites:32") == "sprites:32");
  CHECK(data::absolute_spec("a/../b.npz:imgs") ==
        (std::filesystem::current_path() / "b.npz:imgs").string());
  CHECK(data::absolute_spec("/x/y") == "/x/y");
}

TEST_CASE("The content hash is sha256sum's for one file and moves with the files") {
  const TempFolder folder, other;
  const std::string path = folder.write("a.amat", "abc");
  CHECK(sha256_of_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string text = folder.write("b.amat", "0 1\n");
  CHECK(data::content_hash(data::read_dataset(text)) == sha256_of_file(text));

  const auto pair = [](const TempFolder& where, const std::string& test) {
    where.write("x_train.amat", "0 1\n");
    where.write("x_test.amat", test);
    return data::content_hash(data::read_dataset(where.path()));
  };
  const TempFolder one, two, three;
  CHECK(pair(one, "1 1\n") == pair(two, "1 1\n"));
  CHECK(pair(one, "1 1\n") != pair(three, "1 0\n"));
  CHECK(data::content_hash(data::read_dataset("sprites")) !=
        data::content_hash(data::read_dataset("sprites:32")));
}

TEST_CASE("SHA-256 of the examples of FIPS 180-4") {
  const auto hash = [](const std::string& text, std::size_t piece) {
    Sha256 sha;
    for (std::size_t i = 0; i < text.size(); i += piece)
      sha.update(text.data() + i, std::min(piece, text.size() - i));
    return sha.hex();
  };
  CHECK(hash("", 1) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (const std::size_t piece : {1, 7, 64, 100})
    CHECK(hash(two_blocks, piece) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  for (const std::size_t piece : {63, 64, 1000, 1000000})
    CHECK(hash(std::string(1000000, 'a'), piece) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("data show: figures against a direct computation, for bytes and for doubles") {
  const TempFolder folder;
  const std::string images =
      folder.write("x-images-idx3-ubyte", idx({3, 1, 2}, raw({0, 51, 102, 255, 0, 0})));
  folder.write("x-labels-idx1-ubyte", idx({3}, raw({10, 2, 10})));
  const auto shown = data::show_json(data::read_dataset(images));
  CHECK(shown["format"] == "idx");
  REQUIRE(shown["splits"].size() == 1);
  const auto& split = shown["splits"][0];
  CHECK(split["name"] == "train");
  CHECK(split["count"] == 3);
  CHECK(split["shape"] == std::vector<int>{1, 2});
  CHECK(split["dtype"] == "uint8");
  CHECK(split["scale"].dump() == "255");
  CHECK(split["min"].dump() == "0");
  CHECK(split["max"].dump() == "255");
  CHECK(split["labels"].dump() == R"({"2":1,"10":2})");
  // values / 255: 0, 0.2, 0.4, 1, 0, 0
  const double mean = 1.6 / 6, variance = (0.04 + 0.16 + 1) / 6 - mean * mean;
  CHECK_THAT(split["mean"].get<double>(), Catch::Matchers::WithinAbs(mean, 1e-14));
  CHECK_THAT(split["std"].get<double>(), Catch::Matchers::WithinAbs(std::sqrt(variance), 1e-14));

  // A large mean: one pass of sums of squares would lose all digits of this deviation.
  const std::string far = folder.write(
      "far.npy", npy("<f8", "(4, 1)", bytes_of<double>({1e9 + 1, 1e9 - 1, 1e9 + 1, 1e9 - 1})));
  const auto wide = data::show_json(data::read_dataset(far))["splits"][0];
  CHECK(wide["scale"].dump() == "1");
  CHECK(wide["min"] == 1e9 - 1);
  CHECK_THAT(wide["mean"].get<double>(), Catch::Matchers::WithinAbs(1e9, 1e-5));
  CHECK_THAT(wide["std"].get<double>(), Catch::Matchers::WithinAbs(1, 1e-9));
  CHECK(wide["labels"].dump() == "{}");

  const std::string text = data::show_text(data::read_dataset(images));
  CHECK_THAT(text, contains("3 examples of 1 x 2 uint8") && contains("mean 0.266667") &&
                       contains("labels  2: 1 10: 2"));
}

TEST_CASE("data show: many labels are summarised, few are listed") {
  const TempFolder folder;
  std::string table = "a,label\n";
  for (int i = 0; i < 51; ++i) table += "0.5," + std::to_string(3 * i - 7) + "\n";
  const std::string few = folder.write("few.csv", table.substr(0, table.rfind("0.5,")));
  CHECK_THAT(data::show_text(data::read_dataset(few)), contains("labels  -7: 1 -4: 1"));
  const std::string many = folder.write("many.csv", table + "0.5,-7\n");
  CHECK_THAT(data::show_text(data::read_dataset(many)),
             contains("  labels  51 values from -7 to 143, each of 1 to 2 examples\n"));
  CHECK(data::show_json(data::read_dataset(many))["splits"][0]["labels"].size() == 51);
}

TEST_CASE("Binarisation policies are parsed by name") {
  for (const char* name : {"none", "threshold", "fixed", "dynamic"})
    CHECK(std::string(data::name_of(data::parse_binarize(name))) == name);
  CHECK_THROWS_WITH(data::parse_binarize("Dynamic"),
                    contains("binarize: 'Dynamic' is not one of none, threshold, fixed, dynamic"));
}
