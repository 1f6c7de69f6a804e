#include <numeric>

#include "lab/data/load.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using data::Dataset;
using data::StoredType;

namespace {

std::vector<float> example(const data::Split& split, std::int64_t i, double scale = 1) {
  std::vector<float> values(static_cast<std::size_t>(split.images.features()));
  split.images.write(i, scale, values.data());
  return values;
}

using Lengths = std::vector<std::int64_t>;
using Floats = std::vector<float>;

}  // namespace

TEST_CASE("IDX images with labels beside them, plain and gzipped") {
  const TempFolder folder;
  const std::string images = idx({2, 2, 3}, raw({0, 1, 2, 3, 4, 255, 6, 7, 8, 9, 10, 11}));
  const bool packed = GENERATE(false, true);
  const std::string suffix = packed ? ".gz" : "";
  const std::string path =
      folder.write("x-images-idx3-ubyte" + suffix, packed ? gzip(images) : images);
  folder.write("x-labels-idx1-ubyte", idx({2}, raw({7, 200})));

  const Dataset dataset = data::read_dataset(path);
  CHECK(dataset.format == "idx");
  CHECK(dataset.scale == 255);
  REQUIRE(dataset.splits.size() == 1);
  const data::Split& split = dataset.split("train");
  CHECK(split.images.count() == 2);
  CHECK(split.images.shape() == Lengths{2, 3});
  CHECK(split.images.type() == StoredType::uint8);
  CHECK(split.labels == std::vector<std::int64_t>{7, 200});
  CHECK(example(split, 0) == Floats{0, 1, 2, 3, 4, 255});
  CHECK(example(split, 1, 255) ==
        Floats{6 / 255.f, 7 / 255.f, 8 / 255.f, 9 / 255.f, 10 / 255.f, 11 / 255.f});
  CHECK(dataset.files.size() == 2);
}

TEST_CASE("Gzip files of several members in a row are one stream") {
  const TempFolder folder;
  const std::string images = idx({1, 2, 2}, raw({1, 0, 0, 1}));
  const std::string path = folder.write("a", gzip(images.substr(0, 9)) + gzip(images.substr(9)));
  CHECK(example(data::read_dataset(path).split("train"), 0) == Floats{1, 0, 0, 1});
}

TEST_CASE("The type of a file is recognised by its content, whatever its name") {
  const TempFolder folder;
  const std::string values = bytes_of<float>({1, 2, 3, 4});
  const auto [content, format] = GENERATE_COPY(table<std::string, std::string>(
      {{idx({2, 2}, raw({0, 1, 1, 0})), "idx"},
       {npy("<f4", "(2, 2)", values), "npy"},
       {gzip(npy("<f4", "(2, 2)", values)), "npy"},
       {zip({{"imgs.npy", npy("<f4", "(2, 2)", values)}}), "npz"},
       {tests::safetensors(R"({"t":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}})", values),
        "safetensors"},
       {"1 2\n3 4\n", "amat"},
       {gzip("1 2\n3 4\n"), "amat"},
       {"1,2\n3,4\n", "csv"},
       {"a,b\n1,2\n3,4\n", "csv"}}));
  const Dataset dataset = data::read_dataset(folder.write("anything.dat", content));
  CHECK(dataset.format == format);
  CHECK(dataset.split("train").images.count() == 2);
  CHECK(dataset.split("train").images.shape() == Lengths{2});
}

TEST_CASE("Amat text: blanks, tabs, CRLF, no newline at the end; integers stay bytes, unscaled") {
  const TempFolder folder;
  const Dataset bytes = data::read_dataset(folder.write("a", "0 1\t255 \r\n\n 1 0 0"));
  CHECK(bytes.split("train").images.type() == StoredType::uint8);
  CHECK(bytes.scale == 1);
  CHECK(bytes.split("train").images.shape() == Lengths{3});
  CHECK(example(bytes.split("train"), 0) == Floats{0, 1, 255});
  CHECK(example(bytes.split("train"), 1) == Floats{1, 0, 0});

  const Dataset reals = data::read_dataset(folder.write("b", "3 +1\n-2.5 1e-3\n"));
  CHECK(reals.split("train").images.type() == StoredType::float32);
  CHECK(reals.scale == 1);
  CHECK(example(reals.split("train"), 0) == Floats{3, 1});
  CHECK(example(reals.split("train"), 1) == Floats{-2.5f, 1e-3f});
}

TEST_CASE("CSV: a header line, quoted names, and the column named label") {
  const TempFolder folder;
  const Dataset dataset =
      data::read_dataset(folder.write("a.csv",
                                      "\xef\xbb\xbf"
                                      "x, \"label\" ,y\r\n0.5,3, 1\r\n2,-1,4\r\n"));
  const data::Split& split = dataset.split("train");
  CHECK(split.images.shape() == Lengths{2});
  CHECK(split.labels == std::vector<std::int64_t>{3, -1});
  CHECK(example(split, 0) == Floats{0.5f, 1});
  CHECK(example(split, 1) == Floats{2, 4});
  CHECK(data::read_dataset(folder.write("b.csv", "1,2\n3,4\n")).split("train").images.count() == 2);
}

TEST_CASE("NPY: every element type") {
  const TempFolder folder;
  const auto [type, values, stored] = GENERATE(table<std::string, std::string, StoredType>(
      {{"|b1", raw({1, 0, 1, 0}), StoredType::boolean},
       {"|u1", raw({1, 0, 1, 0}), StoredType::uint8},
       {"<i4", bytes_of<std::int32_t>({1, 0, 1, 0}), StoredType::int32},
       {"<i8", bytes_of<std::int64_t>({1, 0, 1, 0}), StoredType::int64},
       {"<f4", bytes_of<float>({1, 0, 1, 0}), StoredType::float32},
       {"<f8", bytes_of<double>({1, 0, 1, 0}), StoredType::float64}}));
  const Dataset dataset = data::read_dataset(folder.write("a.npy", npy(type, "(2, 2)", values)));
  CHECK(dataset.split("train").images.type() == stored);
  CHECK(example(dataset.split("train"), 0) == Floats{1, 0});
}

TEST_CASE("NPY: any byte but 0 is true, as in NumPy") {
  const TempFolder folder;
  const Dataset dataset =
      data::read_dataset(folder.write("a.npy", npy("|b1", "(1, 3)", raw({255, 0, 2}))));
  CHECK(example(dataset.split("train"), 0) == Floats{1, 0, 1});
}

TEST_CASE("NPY: Fortran order is the transposed order of values") {
  const TempFolder folder;
  // A[i, j, k] = 100 i + 10 j + k of shape (2, 3, 4); in Fortran order i runs fastest.
  std::vector<std::int32_t> values;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) values.push_back(100 * i + 10 * j + k);
  const Dataset dataset =
      data::read_dataset(folder.write("a.npy", npy("<i4", "(2, 3, 4)", bytes_of(values), "True")));
  for (int i = 0; i < 2; ++i) {
    const Floats got = example(dataset.split("train"), i);
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k)
        CHECK(got[static_cast<std::size_t>(4 * j + k)] == static_cast<float>(100 * i + 10 * j + k));
  }
}

TEST_CASE("NPZ: imgs or images or FILE:member; pickled members are never opened") {
  const TempFolder folder;
  const std::string zeros = npy("|u1", "(1, 2)", raw({0, 0})),
                    ones = npy("|u1", "(1, 2)", raw({1, 1}));
  const std::string pickled = npy("|O", "()", "not a pickle at all");
  const std::string path = folder.write(
      "a.npz",
      zip({{"metadata.npy", pickled}, {"other.npy", ones, true}, {"imgs.npy", zeros, true}}));
  CHECK(example(data::read_dataset(path).split("train"), 0) == Floats{0, 0});
  CHECK(example(data::read_dataset(path + ":other").split("train"), 0) == Floats{1, 1});
  CHECK_THROWS_WITH(data::read_dataset(path + ":metadata"), contains("|O"));

  const std::string only = folder.write("b.npz", zip({{"metadata.npy", pickled}, {"x.npy", ones}}));
  CHECK(example(data::read_dataset(only).split("train"), 0) == Floats{1, 1});
  const std::string two = folder.write("c.npz", zip({{"x.npy", ones}, {"z.npy", ones}}));
  CHECK_THROWS_WITH(data::read_dataset(two), contains("FILE:member of: x, z"));
}

TEST_CASE("NPZ: labels that fit the leading axes decide what one example is") {
  const TempFolder folder;
  std::string pixels(2 * 3 * 4, '\0');
  std::iota(pixels.begin(), pixels.end(), '\0');
  const std::string images = npy("|u1", "(2, 3, 2, 2)", pixels);
  const std::string plain = folder.write("a.npz", zip({{"images.npy", images}}));
  CHECK(data::read_dataset(plain).split("train").images.shape() == Lengths{3, 2, 2});

  const std::string labels = npy("<i8", "(2, 3)", bytes_of<std::int64_t>({0, 0, 0, 5, 5, 5}));
  const std::string labelled =
      folder.write("b.npz", zip({{"images.npy", images}, {"labels.npy", labels}}));
  const Dataset dataset = data::read_dataset(labelled);
  CHECK(dataset.split("train").images.count() == 6);
  CHECK(dataset.split("train").images.shape() == Lengths{2, 2});
  CHECK(dataset.split("train").labels == std::vector<std::int64_t>{0, 0, 0, 5, 5, 5});
  CHECK(example(dataset.split("train"), 5) == Floats{20, 21, 22, 23});

  const std::string unfit = folder.write(
      "c.npz", zip({{"images.npy", images},
                    {"labels.npy", npy("<i8", "(3,)", bytes_of<std::int64_t>({1, 2, 3}))}}));
  CHECK(data::read_dataset(unfit).split("train").labels.empty());
  CHECK(data::read_dataset(unfit).notes.size() == 1);
}

TEST_CASE("Safetensors: images, labels, FILE:member") {
  const TempFolder folder;
  const std::string json = R"({"__metadata__":{"by":"hand"},)"
                           R"("images":{"dtype":"F64","shape":[2,1],"data_offsets":[2,18]},)"
                           R"("labels":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  const std::string path = folder.write(
      "a.safetensors", tests::safetensors(json, raw({4, 9}) + bytes_of<double>({0.25, -8})));
  const Dataset dataset = data::read_dataset(path);
  CHECK(dataset.split("train").labels == std::vector<std::int64_t>{4, 9});
  CHECK(example(dataset.split("train"), 1) == Floats{-8});
  CHECK(data::read_dataset(path + ":labels").split("train").images.type() == StoredType::uint8);
}

TEST_CASE("A folder of IDX pairs, amat files or NPZ files has a split per file") {
  const TempFolder folder;
  folder.write("LICENSE", "Permission is hereby granted, free of charge\n");
  folder.write("train-images-idx3-ubyte.gz", gzip(idx({3, 1, 1}, raw({9, 9, 9}))));
  folder.write("train-labels-idx1-ubyte.gz", gzip(idx({3}, raw({1, 2, 3}))));
  folder.write("t10k-images-idx3-ubyte", idx({1, 1, 1}, raw({0})));
  folder.write("t10k-images-idx3-ubyte.gz", gzip(idx({1, 1, 1}, raw({0}))));
  const Dataset idx_pair = data::read_dataset(folder.path());
  REQUIRE(idx_pair.splits.size() == 2);
  CHECK(idx_pair.splits[0].name == "train");
  CHECK(idx_pair.splits[0].labels.size() == 3);
  CHECK(idx_pair.splits[1].name == "test");
  CHECK(idx_pair.splits[1].labels.empty());
  CHECK(idx_pair.scale == 255);  // one scale for both, though the test images hold only zeros

  const TempFolder text;
  text.write("b_test.amat", "0 0\n");
  text.write("b_train.amat.gz", gzip("0 1\n1 0\n"));
  text.write("b_valid.amat", "1 1\n");
  const Dataset amat = data::read_dataset(text.path());
  REQUIRE(amat.splits.size() == 3);
  CHECK(amat.splits[0].name == "train");
  CHECK(amat.splits[1].name == "valid");
  CHECK(amat.splits[2].name == "test");

  const TempFolder archives;
  archives.write("one.npz", zip({{"imgs.npy", npy("|u1", "(1, 2)", raw({0, 0}))}}));
  archives.write("two.npz", zip({{"imgs.npy", npy("|u1", "(2, 2)", raw({0, 0, 1, 1}))}}));
  const Dataset both = data::read_dataset(archives.path());
  REQUIRE(both.splits.size() == 2);
  CHECK(both.splits[0].name == "one");
  CHECK(both.splits[1].name == "two");
  CHECK_THROWS_WITH(data::load_dataset(archives.path()),
                    contains("no training data, only one, two"));
  archives.write("x.npy", npy("|u1", "(1, 2)", raw({0, 0})));
  CHECK_THROWS_WITH(data::read_dataset(archives.path()), contains("several formats"));
}
