// Which numbers of a file are labels.
#include "lab/data/load.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using data::Dataset;

namespace {

using Lengths = std::vector<std::int64_t>;
using Labels = std::vector<std::int64_t>;

std::string notes_of(const Dataset& dataset) {
  std::string all;
  for (const std::string& note : dataset.notes) all += note + "\n";
  return all;
}

std::string idx_ints(const std::vector<std::uint32_t>& sizes,
                     const std::vector<std::uint32_t>& values) {
  std::string text = raw({0, 0, 0x0c, static_cast<int>(sizes.size())});
  for (const std::uint32_t size : sizes) text += big(size, 4);
  for (const std::uint32_t value : values) text += big(value, 4);
  return text;
}

}  // namespace

TEST_CASE("labels: columns that are clearly labels are no features") {
  const TempFolder folder;
  for (const std::string word : {"label", "Label", "class", "CLASS", "target", "y", "Labels"}) {
    INFO(word);
    const Dataset dataset =
        data::read_dataset(folder.write("a.csv", "a," + word + ",b\n0.5,3,1\n2,-1.0,4\n0,300,2\n"));
    CHECK(dataset.split("train").labels == Labels{3, -1, 300});
    CHECK(dataset.example_shape() == Lengths{2});
    CHECK(notes_of(dataset) ==
          (word == "label"
               ? ""
               : "labels are column '" + word + "'; the setting label decides: a name, or none\n"));
  }
}

TEST_CASE("labels: what is not clearly labels is left out with a note, never a feature") {
  const TempFolder folder;
  const std::string measured = folder.write("a.csv", "a,target,b\n1,0.25,3\n4,7,6\n");
  const Dataset dataset = data::read_dataset(measured);
  CHECK(dataset.split("train").labels.empty());
  CHECK(dataset.example_shape() == Lengths{2});
  CHECK_THAT(notes_of(dataset), contains("column 'target' holds numbers that are not whole: left "
                                         "out; the setting label decides"));
  CHECK(data::read_dataset(measured, "none").example_shape() == Lengths{3});
  CHECK(data::read_dataset(measured, "none").notes.empty());
  CHECK_THROWS_WITH(data::read_dataset(measured, "target"),
                    contains("label: ") && contains("that are not whole"));

  const Dataset two = data::read_dataset(folder.write("b.csv", "class,target,b\n1,2,3\n4,5,6\n"));
  CHECK(two.split("train").labels == Labels{1, 4});
  CHECK(two.example_shape() == Lengths{1});
  CHECK_THAT(notes_of(two), contains("column 'target' is not needed as labels: left out"));

  const Dataset plane = data::read_dataset(folder.write("c.csv", "x,y\n1,2\n4,5\n"));
  CHECK(plane.example_shape() == Lengths{2});
  CHECK_THAT(notes_of(plane), contains("column 'y' beside 'x' is taken for a coordinate"));
}

TEST_CASE("labels: columns of texts are left out with a note, named or asked for") {
  const TempFolder folder;
  const std::string animals = folder.write("a.csv", "a,class,b\n1,cat,3\n4,dog,6\n7,,9\n");
  const Dataset dataset = data::read_dataset(animals);
  CHECK(dataset.split("train").labels.empty());
  CHECK(dataset.example_shape() == Lengths{2});
  CHECK_THAT(notes_of(dataset), contains("column 'class' holds texts ('cat') and no whole numbers: "
                                         "left out; the setting label decides"));
  CHECK_THROWS_WITH(data::read_dataset(animals, "none"),
                    contains("line 2, column 2: 'cat' is not a number; a column of texts is left "
                             "out by the setting label"));

  // Another label word with numbers is taken beside it, and so is a pandas index of names.
  const Dataset numbered =
      data::read_dataset(folder.write("b.csv", ",class,target,b\nfirst,cat,1,3\nsecond,dog,0,6\n"));
  CHECK(numbered.split("train").labels == Labels{1, 0});
  CHECK(numbered.example_shape() == Lengths{1});

  const std::string flowers = folder.write("c.csv", "a,species,label\n1,setosa,0\n2,virginica,1\n");
  CHECK_THROWS_WITH(data::read_dataset(flowers), contains("'setosa' is not a number"));
  const Dataset named = data::read_dataset(flowers, "species");
  CHECK(named.split("train").labels.empty());
  CHECK(named.example_shape() == Lengths{2});
  CHECK_THAT(notes_of(named), contains("column 'species' holds texts ('setosa')"));
}

TEST_CASE("labels: the index that pandas writes is left out with a note") {
  const TempFolder folder;
  for (const std::string name : {"", "Unnamed: 0", "\"\""}) {
    INFO(name);
    const std::string path = folder.write("a.csv", name + ",a,label,b\n0,0.5,3,1\n7,2,1,4\n");
    const Dataset dataset = data::read_dataset(path);
    CHECK(dataset.example_shape() == Lengths{2});
    CHECK(dataset.split("train").labels == Labels{3, 1});
    CHECK_THAT(notes_of(dataset), contains("is an index of the rows: left out"));
    CHECK(data::read_dataset(path, "none").example_shape() == Lengths{4});
    CHECK(data::read_dataset(path, "b").notes.size() == 1);
  }
}

TEST_CASE("labels: a setting names the column, by name or number") {
  const TempFolder folder;
  const std::string csv = folder.write("a.csv", "kind,a,label\n2,0.5,3\n1,2,1\n");
  CHECK(data::read_dataset(csv, "kind").split("train").labels == Labels{2, 1});
  CHECK(data::read_dataset(csv, "kind").example_shape() == Lengths{2});
  CHECK(data::read_dataset(csv, "3").split("train").labels == Labels{3, 1});
  CHECK_THROWS_WITH(data::read_dataset(csv, "kin"),
                    contains("has no column 'kin'; there are: kind"));
  CHECK_THROWS_WITH(data::read_dataset(csv, "4"), contains("has no column '4'"));

  const std::string amat = folder.write("a.amat", "0.5 1 7\n0.25 2 9\n");
  CHECK(data::read_dataset(amat).example_shape() == Lengths{3});
  CHECK(data::read_dataset(amat, "3").split("train").labels == Labels{7, 9});
  CHECK_THROWS_WITH(data::read_dataset(amat, "class"), contains("numbers from 1 on"));

  const std::string array = folder.write("a.npy", npy("|u1", "(1, 2)", raw({0, 1})));
  CHECK_THROWS_WITH(data::read_dataset(array, "y"), contains("label: ") && contains("one array"));
  CHECK_NOTHROW(data::read_dataset(array, "none"));
  CHECK_THROWS_WITH(data::read_dataset("sprites:32", "shape"), contains("brings its own labels"));
  CHECK(data::read_dataset("sprites:32", "none").split("train").labels.empty());
}

TEST_CASE("labels: of archives, as floats, in a column of their own, and by other names") {
  const TempFolder folder;
  const std::string images = npy("|u1", "(3, 2)", raw({0, 9, 2, 3, 4, 5}));
  const auto archive = [&](const std::string& name, const std::string& labels) {
    return folder.write("a.npz", zip({{"x.npy", images}, {name + ".npy", labels}}));
  };
  const std::string floats = npy("<f4", "(3,)", bytes_of<float>({1, 0, 7}));
  const std::string column = npy("<i8", "(3, 1)", bytes_of<std::int64_t>({1, 0, 7}));
  const std::string both = npy("<f8", "(3, 1, 1)", bytes_of<double>({1, 0, 7}));
  for (const std::string& labels : {floats, column, both}) {
    for (const std::string name : {"labels", "y", "Target"}) {
      const Dataset dataset = data::read_dataset(archive(name, labels));
      CHECK(dataset.split("train").labels == Labels{1, 0, 7});
      CHECK(dataset.example_shape() == Lengths{2});
      CHECK(dataset.notes.size() == (name == "labels" ? 0 : 1));
    }
    CHECK(data::read_dataset(archive("kind", labels) + ":x", "kind").split("train").labels ==
          Labels{1, 0, 7});
    CHECK(data::read_dataset(archive("y", labels), "none").split("train").labels.empty());
  }
  const std::string part = npy("<f4", "(3,)", bytes_of<float>({1, 0.5f, 7}));
  CHECK_THAT(notes_of(data::read_dataset(archive("y", part))), contains("not whole: left out"));
  CHECK_THROWS_WITH(data::read_dataset(archive("y", part), "y"), contains("label: "));
  CHECK_THROWS_WITH(data::read_dataset(archive("y", part), "z"), contains("no member 'z', only: "));
  CHECK_THAT(notes_of(data::read_dataset(archive("labels", npy("|O", "()", "no pickle")))),
             contains("'labels' holds no numbers: left out"));
}

TEST_CASE("labels: QMNIST's, eight integers each of which the first is the class") {
  const TempFolder folder;
  const std::string images = idx({2, 1, 2}, raw({0, 1, 2, 3}));
  const std::string table =
      idx_ints({2, 8}, {5, 4, 2610, 4, 37, 229500, 0, 0, 0, 4, 2611, 3, 97, 4294967295, 0, 0});
  const std::string path = folder.write("qmnist-train-images-idx3-ubyte", images);
  const std::string labels = folder.write("qmnist-train-labels-idx2-int", table);
  const Dataset dataset = data::read_dataset(path);
  CHECK(dataset.split("train").labels == Labels{5, 0});
  CHECK_THAT(notes_of(dataset), contains("the first of 8 numbers each"));
  CHECK(dataset.files.size() == 2);
  CHECK(data::read_dataset(folder.path()).split("train").labels == Labels{5, 0});
  CHECK(data::read_dataset(path, "none").split("train").labels.empty());
  CHECK_THROWS_WITH(data::read_dataset(labels), contains("holds labels"));
  folder.write("qmnist-train-labels-idx2-int", idx_ints({2, 1}, {300, 4294967295}));
  CHECK(data::read_dataset(path).split("train").labels == Labels{300, -1});
  folder.write("qmnist-train-labels-idx2-int", idx_ints({2, 0}, {}));
  CHECK_THROWS_WITH(data::read_dataset(path), contains("holds labels of shape 2 x 0"));
}

TEST_CASE("IDX of another element type: the reader says which, whatever the file's name") {
  const TempFolder folder;
  const auto typed = [](int type, int axes) {
    std::string text = raw({0, 0, type, axes});
    for (int axis = 0; axis < axes; ++axis) text += big(1, 4);
    return text + std::string(8, '\0');
  };
  for (const int type : {0x09, 0x0b, 0x0d, 0x0e}) {
    const std::string path = folder.write("anything.dat", typed(type, 3));
    CHECK_THROWS_WITH(data::read_dataset(path),
                      contains("IDX element type 0x") && contains("only unsigned bytes"));
    CHECK_THROWS_WITH(data::read_dataset(folder.path()), contains("IDX element type 0x"));
  }
  folder.write("more-idx3-ubyte", idx({1, 1, 1}, raw({1})));
  CHECK_NOTHROW(data::read_dataset(folder.path()));
}
