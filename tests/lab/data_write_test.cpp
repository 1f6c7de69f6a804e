#include <png.h>
#include <sys/resource.h>

#include <csignal>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "autodiff/error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/npz.hpp"
#include "lab/files/npz_write.hpp"
#include "lab/files/png.hpp"
#include "lab/files/safetensors.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using data::ArrayView;
using data::StoredType;

namespace {

std::size_t files_in(const TempFolder& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path()))
    ++count;
  return count;
}

const std::vector<float> weights{1.5f, -2, 3, 4, 5, 6};
const std::vector<std::int64_t> steps{-1, 1ll << 40};

std::map<std::string, ArrayView> two_arrays() {
  return {{"w", {StoredType::float32, {2, 3}, weights.data()}},
          {"steps", {StoredType::int64, {2}, steps.data()}}};
}

std::string bytes_of(const data::Array& array) {
  return {reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size()};
}

}  // namespace

TEST_CASE("Safetensors: the bytes are what the format says") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a.safetensors";
  safetensors::write(path, two_arrays(), {{"model", "mlp"}});
  const std::string file = read_whole(path);
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(file[static_cast<std::size_t>(i)]);
  CHECK((8 + length) % 64 == 0);
  auto header = nlohmann::json::parse(file.substr(8, length));
  CHECK(header["__metadata__"]["nelbo_digest"].get<std::string>().starts_with("xxh64:"));
  header["__metadata__"].erase("nelbo_digest");
  CHECK(header ==
        nlohmann::json::parse(R"({"__metadata__":{"model":"mlp"},)"
                              R"("steps":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
                              R"("w":{"dtype":"F32","shape":[2,3],"data_offsets":[16,40]}})"));
  CHECK(file.substr(8 + length) == tests::bytes_of(steps) + tests::bytes_of(weights));

  safetensors::write(folder.path() + "/b", two_arrays(), {{"model", "mlp"}});
  CHECK(read_whole(folder.path() + "/b") == file);
  CHECK(files_in(folder) == 2);
}

TEST_CASE("Safetensors: what is written is read again, empty tensors and scalars too") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a.safetensors";
  auto arrays = two_arrays();
  const double pi = 3.25;
  arrays["scalar"] = {StoredType::float64, {}, &pi};
  arrays["empty"] = {StoredType::int32, {0, 4}, nullptr};
  safetensors::write(path, arrays);
  const safetensors::Reader reader(path);
  CHECK(reader.verify().empty());
  CHECK(reader.entries().size() == 4);
  CHECK(bytes_of(reader.read("w")) == tests::bytes_of(weights));
  CHECK(reader.read("w").shape == std::vector<std::int64_t>{2, 3});
  CHECK(bytes_of(reader.read("scalar")) == tests::bytes_of(std::vector<double>{pi}));
  CHECK(reader.read("empty").count() == 0);
  CHECK_THROWS_WITH(reader.read("v"), contains("a.safetensors:v: the file has no such tensor"));
  safetensors::write(path, {});
  CHECK(safetensors::Reader(path).entries().empty());
  CHECK(safetensors::Reader(path).verify().empty());
}

TEST_CASE("Python's safetensors package reads what we write") {
  if (std::system("python3 -c 'import safetensors.numpy' >/dev/null 2>&1") != 0) {
    WARN("skipped: python3 with the packages safetensors and numpy is not here");
    return;
  }
  const TempFolder folder;
  const std::string path = folder.path() + "/a.safetensors";
  safetensors::write(path, two_arrays(), {{"model", "mlp"}});
  const std::string script =
      folder.write("check.py",
                   "import sys\nfrom safetensors import safe_open\n"
                   "with safe_open(sys.argv[1], 'np') as f:\n"
                   "  assert f.metadata()['model'] == 'mlp'\n"
                   "  assert f.metadata()['nelbo_digest'].startswith('xxh64:')\n"
                   "  assert f.get_tensor('w').tolist() == [[1.5, -2, 3], [4, 5, 6]]\n"
                   "  assert f.get_tensor('steps').tolist() == [-1, 2**40]\n");
  CHECK(std::system(("python3 '" + script + "' '" + path + "'").c_str()) == 0);
}

TEST_CASE("NPZ: what is written is read again, and the bytes depend on the arrays alone") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a.npz";
  write_npz(path, two_arrays());
  const data::Npz npz(data::Input::open(path));
  CHECK(npz.names() == std::vector<std::string>{"steps", "w"});
  CHECK(bytes_of(npz.read("w")) == tests::bytes_of(weights));
  CHECK(npz.read("w").shape == std::vector<std::int64_t>{2, 3});
  CHECK(bytes_of(npz.read("steps")) == tests::bytes_of(steps));
  write_npz(folder.path() + "/b.npz", two_arrays());
  CHECK(read_whole(folder.path() + "/b.npz") == read_whole(path));
  CHECK_THROWS_AS(write_npz(folder.path() + "/missing/a.npz", two_arrays()), Error);
  CHECK(files_in(folder) == 2);
}

TEST_CASE("NPZ: arrays in blocks are what they are at once, and too many are refused") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a.npz";
  write_npz(path, two_arrays());
  NpzContent content{.arrays = two_arrays(), .in_blocks = {}, .texts = {}};
  content.arrays.erase("w");
  content.in_blocks["w"] = {StoredType::float32, {2, 3}, [](const TakeBytes& take) {
                              take(weights.data(), 8);
                              take(weights.data() + 2, 16);
                            }};
  write_npz(folder.path() + "/b.npz", content);
  CHECK(read_whole(folder.path() + "/b.npz") == read_whole(path));

  content.in_blocks["w"].shape = {2, 4};
  CHECK_THROWS_WITH(write_npz(path, content), contains("24 bytes of values where its shape wants"));
  content.in_blocks["w"].shape = {1 << 15, 1 << 15};
  CHECK_THROWS_WITH(write_npz(path, content), contains("more than 4294967295 bytes"));
  content.in_blocks["steps"] = {StoredType::uint8, {0}, [](const TakeBytes&) {}};
  CHECK_THROWS_WITH(write_npz(path, content), contains("two arrays are named 'steps'"));
  CHECK(read_whole(path) == read_whole(folder.path() + "/b.npz"));
  CHECK(files_in(folder) == 2);
}

TEST_CASE("NumPy reads what we write") {
  if (std::system("python3 -c 'import numpy' >/dev/null 2>&1") != 0) {
    WARN("skipped: python3 with the package numpy is not here");
    return;
  }
  const TempFolder folder;
  const std::string path = folder.path() + "/a.npz";
  write_npz(path, {.arrays = two_arrays(),
                   .in_blocks = {},
                   .texts = {{"names",
                              {"shape", "",
                               "gr\xc3\xb6\xc3\x9f"
                               "e"}}}});
  const std::string script =
      folder.write("check.py",
                   "import sys, numpy\nz = numpy.load(sys.argv[1])\n"
                   "assert z['names'].tolist() == ['shape', '', 'gr\\xf6\\xdfe']\n"
                   "assert z['w'].dtype == 'f4' and z['w'].tolist() == [[1.5, -2, 3], [4, 5, 6]]\n"
                   "assert z['steps'].dtype == 'i8' and z['steps'].tolist() == [-1, 2**40]\n");
  CHECK(std::system(("python3 '" + script + "' '" + path + "'").c_str()) == 0);
}

TEST_CASE("An atomic file appears whole, replaces the old one, and leaves nothing behind") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a";
  write_file_atomically(path, "first");
  {
    AtomicFile file(path);
    file.write("second", 6);
    CHECK(read_whole(path) == "first");
  }
  CHECK(read_whole(path) == "first");
  CHECK(files_in(folder) == 1);
  folder.write("a.tmp", "what a killed run left");
  write_file_atomically(path, "third");
  CHECK(read_whole(path) == "third");
  CHECK(files_in(folder) == 1);
  CHECK_THROWS_WITH(write_file_atomically(folder.path() + "/no/b", "x"), contains("/no/b"));
  std::filesystem::create_directory(folder.path() + "/taken");
  CHECK_THROWS_WITH(write_file_atomically(folder.path() + "/taken", "x"),
                    contains("/taken: is a folder"));
  CHECK(files_in(folder) == 2);
}

TEST_CASE("A write that fails half way leaves the old file alone") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a";
  write_file_atomically(path, "old");
  // Files may not grow beyond 1000 bytes: like a full disk.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit small{1000, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string message;
  try {
    write_file_atomically(path, std::string(5000, 'x'));
  } catch (const Error& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  CHECK_THAT(message, contains(path + ": writing failed"));
  CHECK(read_whole(path) == "old");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("A link planted under the temporary name is not followed") {
  const TempFolder folder;
  const std::string victim = folder.write("victim", "untouched");
  std::filesystem::create_symlink(victim, folder.path() + "/a.tmp");
  write_file_atomically(folder.path() + "/a", "content");
  CHECK(read_whole(folder.path() + "/a") == "content");
  CHECK(read_whole(victim) == "untouched");
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(folder.path() + "/a")));
}

TEST_CASE("PNG grid: tiles, separators and clipping, decoded by libpng") {
  // Three tiles of 2 x 3 in two columns with lines of one pixel.
  const float none = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> tiles{0, 1, 0.5f, 0.25f, 2, -1, 1, 1, 1,
                                 1, 1, 1,    none,  0, 0,  0, 0, 0.2f};
  const TempFolder folder;
  const std::string path = folder.path() + "/grid.png";
  write_png_grid(path, {tiles.data(), 3, 2, 3}, 2, 1);

  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
  CHECK(image.width == 9);
  CHECK(image.height == 7);
  CHECK((image.format & PNG_FORMAT_FLAG_COLOR) == 0);
  image.format = PNG_FORMAT_GRAY;
  std::vector<std::uint8_t> pixels(63);
  REQUIRE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0);
  const std::uint8_t g = 128, w = 255;
  CHECK(pixels == std::vector<std::uint8_t>{g, g,  g, g,   g, g, g, g, g,  //
                                            g, 0,  w, 128, g, w, w, w, g,  //
                                            g, 64, w, 0,   g, w, w, w, g,  //
                                            g, g,  g, g,   g, g, g, g, g,  //
                                            g, 0,  0, 0,   g, g, g, g, g,  //
                                            g, 0,  0, 51,  g, g, g, g, g,  //
                                            g, g,  g, g,   g, g, g, g, g});
  CHECK_THROWS_AS(tile_grid({tiles.data(), 0, 2, 3}, 2), Error);
  CHECK(tile_grid({tiles.data(), 3, 2, 3}, 8, 2).width == 3 * 5 + 2);
  CHECK(encode_png(tile_grid({tiles.data(), 3, 2, 3}, 2)) == read_whole(path));
}

TEST_CASE("PNG grid: colours stay in their channels, and lines are grey") {
  // Two tiles of 1 x 2 in red, green and blue.
  const std::vector<float> tiles{1, 0, 0, 0, 1, 0, 0, 0, 1, 0.2f, 0.4f, 0.6f};
  const TempFolder folder;
  const std::string path = folder.path() + "/grid.png";
  write_png_grid(path, {tiles.data(), 2, 1, 2, 3}, 2, 1);

  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
  CHECK(image.width == 7);
  CHECK(image.height == 3);
  CHECK((image.format & PNG_FORMAT_FLAG_COLOR) != 0);
  image.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> pixels(63);
  REQUIRE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0);
  const std::uint8_t g = 128;
  const std::vector<std::uint8_t> line(21, g);
  CHECK(std::equal(line.begin(), line.end(), pixels.begin()));
  CHECK(std::equal(line.begin(), line.end(), pixels.begin() + 42));
  CHECK(std::vector<std::uint8_t>(pixels.begin() + 21, pixels.begin() + 42) ==
        std::vector<std::uint8_t>{g, g, g, 255, 0,  0,   0,   255, 0, g, g,
                                  g, 0, 0, 255, 51, 102, 153, g,   g, g});
  CHECK_THROWS_AS(tile_grid({tiles.data(), 3, 1, 2, 2}, 2), Error);
}
