// How the program scales, labels and refuses data, as a user runs it.
#include <png.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/reports/picture_grid.hpp"
#include "apps/train/run_result.hpp"
#include "lab/data/load.hpp"
#include "lab/data/picture_range.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using Json = nlohmann::json;

namespace {

/// Rows of two features and a kind: 0.25,30,1 and so on.
std::string table(const std::string& header) {
  std::string text = header + "\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(i % 7 / 8.0) + "," + std::to_string(30 + 5 * (i % 11)) + "," +
            std::to_string(i % 3) + "\n";
  return text;
}

Outcome train(const std::string& data, const std::string& run,
              const std::vector<std::string>& more) {
  std::vector<std::string> words{"train",    "--data",    data,       "--out", run,
                                 "--hidden", "4",         "--latent", "2",     "--epochs",
                                 "2",        "--threads", "1",        "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return run_program_binary(words);
}

/// The pixels of a PNG file as red, green and blue; checks its size and that it is in colour.
std::vector<std::uint8_t> colours(const std::string& path, std::size_t height, std::size_t width) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
  CHECK((image.format & PNG_FORMAT_FLAG_COLOR) != 0);
  REQUIRE(image.height == height);
  REQUIRE(image.width == width);
  image.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> pixels(3 * height * width);
  REQUIRE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0);
  return pixels;
}

double nell(const std::vector<std::string>& words) {
  const Outcome outcome = run_program_binary(words);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return Json::parse(outcome.out)["nell"];
}

}  // namespace

TEST_CASE("data program: scale standard is kept, told in the data's units, and applied later") {
  const TempFolder folder;
  const std::string data = folder.write("a.csv", table("a,b,kind"));
  const std::string run = folder.path() + "/run";
  const Outcome outcome =
      train(data, run, {"--scale", "standard", "--likelihood", "normal", "--label", "kind"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.err, contains("2 float32, scale standard"));
  const std::string config = read_whole(run + "/config.toml");
  CHECK_THAT(config, contains("scale = 'standard'") && contains("scale_mean = [") &&
                         contains("label = 'kind'"));
  const double trained = Json::parse(outcome.out)["test"]["nell"];
  CHECK(nell({"eval", run, "--json"}) == Approx(trained).epsilon(1e-6));
  // A unit of deviation is some 0.23 times 15.6 of the data's: ln of it is 1.3 nats.
  CHECK(trained > 1.84 + 1.2);
  CHECK(nell({"eval", run, "--json", "--data", data}) == Approx(trained).margin(1.5));
  const Outcome one = run_program_binary(
      {"eval", run, "--json", "--data", folder.write("one.csv", "a,b\n0.5,50\n")});
  CHECK(one.code == 0);
}

TEST_CASE("data program: data outside the support are refused, in training and later") {
  const TempFolder folder;
  const std::string wide = folder.write("a.csv", table("a,b,kind"));
  const std::string run = folder.path() + "/run";
  const Outcome refused = train(wide, run, {});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, contains("--likelihood: ") && contains("goes from 0 to 80") &&
                              contains("normal[:VAR|:learned|"));
  CHECK(read_whole(run + "/config.toml").empty());  // nothing is left behind
  REQUIRE(train(wide, run, {"--scale", "100"}).code == 0);
  const Outcome later =
      run_program_binary({"eval", run, "--data", folder.write("b.csv", "a,b,c\n0.5,300,1\n")});
  CHECK(later.code == 2);
  CHECK_THAT(later.err, contains("--data: ") && contains("goes from 0.005 to 3, scaled by 100"));
}

TEST_CASE("data program: a label that is none of the data's is refused, and notes are told") {
  const TempFolder folder;
  const std::string data = folder.write("a.csv", table("a,b,target"));
  const Outcome wrong = run_program_binary({"data", "show", data, "--label", "kin"});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, contains("--label: ") && contains("there are: a, b, target"));
  const std::string run = folder.path() + "/run";
  const Outcome outcome = train(data, run, {"--likelihood", "normal"});
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.err, contains("labels are column 'target'"));
  const std::string other = folder.write("b.csv", "a,b,target\n0.5,30,1.5\n");
  const Outcome later = run_program_binary({"eval", run, "--data", other});
  CHECK(later.code == 0);
  CHECK_THAT(later.err, contains("note: column 'target' holds numbers that are not whole"));
}

TEST_CASE("data program: notes speak of flags, and a divisor of 1 is not shown") {
  const TempFolder folder;
  const std::string texts = folder.write("a.csv", "a,class\n0.5,cat\n0.25,dog\n");
  const Outcome show = run_program_binary({"data", "show", texts});
  CHECK(show.code == 0);
  CHECK_THAT(show.out,
             contains("column 'class' holds texts ('cat') and no whole numbers: left out; "
                      "--label decides: a name, or none"));
  CHECK_THAT(show.out, contains("stored values 0.25 to 0.5; mean 0.375000") &&
                           !contains("value /") && !contains("the setting"));
  const std::string one = folder.write("one.npy", npy("|u1", "(1, 2)", raw({0, 255})));
  CHECK_THAT(run_program_binary({"data", "show", one}).out,
             contains("\n  1 example of 2") && contains("value / 255: mean 0.5"));
  const Outcome feature = run_program_binary({"data", "show", texts, "--label", "none"});
  CHECK(feature.code == 1);
  CHECK_THAT(feature.err,
             contains("'cat' is not a number; a column of texts is left out by --label"));
  const Outcome outcome = train(texts, folder.path() + "/run", {});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.err, contains("--label decides") && !contains("the setting"));
}

TEST_CASE("data program: pictures are of the data's own values, whatever the scale") {
  const TempFolder folder;
  // Two pictures of 4 x 4: a ramp from 10 to 160 and the same turned over.
  std::vector<float> pixels;
  for (int i = 0; i < 16; ++i) pixels.push_back(10.0f * float(i + 1));
  for (int i = 0; i < 16; ++i) pixels.push_back(10.0f * float(16 - i));
  const std::string path = folder.write("a.npy", npy("<f4", "(2, 4, 4)", bytes_of(pixels)));
  std::string drawn;
  for (const std::string scale : {"none", "standard"}) {
    const data::Dataset data = data::load_dataset(path, {.holdout = 0, .scale = scale});
    const Examples examples(data, data.splits[0], data::Binarize::none, Examples::Role::test, 0);
    const auto range = picture_range(examples);
    CHECK(range.first == Approx(0).margin(1e-5));
    CHECK(range.second == Approx(160));
    Tensor x({2, 16});
    const std::uint32_t rows[] = {0, 1};
    examples.fill(x.data_as<float>(), rows, 0);
    const std::string picture = folder.path() + "/" + scale + ".png";
    write_pictures(picture, {x, 2}, {{.height = 4, .width = 4}, examples.scaling(), {0, 160}});
    if (scale == "none") drawn = read_whole(picture);
    CHECK(read_whole(picture) == drawn);
  }
}

TEST_CASE("data program: a colour picture has its colours, whatever the order of its axes") {
  const TempFolder folder;
  std::vector<float> last(2 * 4 * 5 * 3);  // [N, H, W, C]
  for (std::size_t i = 0; i < last.size(); ++i) last[i] = float(i * 37 % 101) / 100;
  std::vector<float> first(last.size());  // [N, C, H, W]
  for (std::size_t n = 0; n < 2; ++n)
    for (std::size_t pixel = 0; pixel < 20; ++pixel)
      for (std::size_t c = 0; c < 3; ++c)
        first[(n * 3 + c) * 20 + pixel] = last[(n * 20 + pixel) * 3 + c];
  std::string drawn;
  for (const bool channels_first : {false, true}) {
    const std::vector<std::int64_t> example =
        channels_first ? std::vector<std::int64_t>{3, 4, 5} : std::vector<std::int64_t>{4, 5, 3};
    Tensor x({2, 60});
    const std::vector<float>& values = channels_first ? first : last;
    std::copy(values.begin(), values.end(), x.data_as<float>());
    const std::string picture = folder.path() + "/colour.png";
    write_pictures(picture, {x, 2}, {*picture_shape(example), data::Scaling(1)});
    if (!channels_first) drawn = read_whole(picture);
    CHECK(read_whole(picture) == drawn);
    // Enlarged 13 times, with lines of 2 pixels.
    const auto pixels = colours(picture, 4 * 13 + 4, 2 * 5 * 13 + 6);
    for (std::size_t n = 0; n < 2; ++n)
      for (std::size_t row = 0; row < 4; ++row)
        for (std::size_t k = 0; k < 15; ++k)
          CHECK(pixels[((2 + 13 * row) * 136 + 2 + 67 * n + 13 * (k / 3)) * 3 + k % 3] ==
                std::lround(255 * last[(n * 4 + row) * 15 + k]));
  }
}

TEST_CASE("data program: runs on colour images have pictures in colour") {
  const TempFolder folder;
  std::string bytes;
  for (int i = 0; i < 100 * 48; ++i) bytes += char(i * 89 % 251);
  for (const std::string shape : {"(100, 4, 4, 3)", "(100, 3, 4, 4)"}) {
    const std::string data = folder.write("a.npy", npy("|u1", shape, bytes)),
                      run = folder.path() + "/run" + std::to_string(shape[6]);
    const Outcome outcome = train(data, run, {});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(outcome.err.find("pictures ") == std::string::npos);
    // Ten held-out examples above their reconstructions; 8 x 8 samples; two traversals of 11. Enlarged
    // 16 times, with lines of 2 pixels, and room for labels.
    colours(run + "/images/reconstructions.png", 2 * 66 + 2, 10 * 66 + 2 + 72);
    colours(run + "/images/samples.png", 8 * 66 + 2, 8 * 66 + 2);
    colours(run + "/images/traversals.png", 2 * 66 + 2 + 28, 11 * 66 + 2 + 132);
    const std::string sample = folder.path() + "/sample.png";
    REQUIRE(run_program_binary({"sample", run, "--n", "4", "--out", sample}).code == 0);
    colours(sample, 2 * 66 + 2, 2 * 66 + 2);
  }
  const std::string deep =
      folder.write("b.npy", npy("|u1", "(30, 4, 4, 4)", bytes.substr(0, 1920)));
  const Outcome none = train(deep, folder.path() + "/deep", {});
  CHECK(none.code == 0);
  CHECK_THAT(none.err, contains("pictures    none: examples of shape 4 x 4 x 4 are no pictures"));
  const Outcome conv = run_program_binary(
      {"train", "--model", "conv64", "--out", "none", "--data",
       folder.write("c.npy", npy("|u1", "(2, 3, 64, 64)", std::string(24576, '\1')))});
  CHECK(conv.code != 0);
  CHECK_THAT(conv.err, contains("have their channels first; store them with channels last"));
}

TEST_CASE("data program: steps before scaling are told, kept and applied later") {
  const TempFolder folder;
  std::string bytes;
  for (int i = 0; i < 60 * 64; ++i) bytes += char(i * 89 % 251);
  const std::string data = folder.write("a.npy", npy("|u1", "(60, 8, 8)", bytes)),
                    run = folder.path() + "/run";
  const Outcome outcome =
      train(data, run, {"--resize", "4x4", "--crop", "6x6", "--invert", "--subset", "20"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.err,
             contains("20 train + 6 test, 4 x 4 float32, scale 255") &&
                 contains("20 of 54 training examples, chosen by seed 0; the other splits are") &&
                 contains("made from 8 x 8 uint8: crop 6x6, resize 4x4, invert 255 - x"));
  CHECK_THAT(read_whole(run + "/config.toml"),
             contains("crop = '6x6'") && contains("resize = '4x4'") && contains("invert = true") &&
                 contains("invert_from = 255.0") && contains("subset = 20"));
  CHECK(Json::parse(read_whole(run + "/run.json"))["settings"]["resize"] == "4x4");
  const double own = Json::parse(outcome.out)["test"]["nell"];
  CHECK(nell({"eval", run, "--json"}) == Approx(own).epsilon(1e-6));
  CHECK(std::isfinite(nell({"eval", run, "--json", "--data", data})));
  const Outcome small = run_program_binary(
      {"eval", run, "--data", folder.write("b.npy", npy("|u1", "(2, 4, 4)", bytes.substr(0, 32)))});
  CHECK(small.code == 2);
  CHECK_THAT(small.err, contains("--data: ") && contains("6x6 does not fit into pictures of 4x4"));

  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"--resize", "28"}, "--resize: '28' is no height and width"},
      {{"--resize", "0x5"}, "--resize: "},
      {{"--resize", "100000x100000"}, "--resize: "},
      {{"--crop", "9x8"}, "--crop: " + data + ": 9x8 does not fit into pictures of 8x8"},
      {{"--channels", "2"}, "--channels: must be 1 or 3"},
      {{"--channels", "x"}, "--channels: "},
      {{"--subset", "55"}, "--subset: " + data + ": 55 of 54 training examples"},
      {{"--subset", "0"}, "--subset: "}};
  for (const auto& [flags, message] : wrong) {
    const Outcome refused = train(data, folder.path() + "/none", flags);
    CAPTURE(flags[0], flags[1], refused.err);
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, contains(message));
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/none"));
  }
  const Outcome table = train(folder.write("c.csv", "1,2,3\n4,5,6\n7,8,9\n"),
                              folder.path() + "/none", {"--resize", "2x2"});
  CHECK(table.code == 2);
  CHECK_THAT(table.err, contains("--resize: ") && contains("examples of shape 3 are no pictures"));
}

TEST_CASE("data program: a checkpoint alone draws what its run draws") {
  const TempFolder folder;
  std::vector<float> pixels;
  for (int i = 0; i < 20 * 16; ++i) pixels.push_back(float(i % 97) - 40);
  const std::string data = folder.write("a.npy", npy("<f4", "(20, 4, 4)", bytes_of(pixels)));
  for (const std::string scale : {"none", "standard"}) {
    const std::string run = folder.path() + "/" + scale, lone = run + ".safetensors";
    const Outcome trained =
        run_program_binary({"train", "--data", data, "--scale", scale, "--likelihood", "normal",
                            "--hidden", "3", "--latent", "2", "--epochs", "1", "--out", run});
    INFO(trained.err);
    REQUIRE(trained.code == 0);
    std::filesystem::copy_file(run + "/checkpoints/last.safetensors", lone);
    const auto drawn = [&](const std::string& of) {
      const std::string picture = folder.path() + "/drawn.png";
      const Outcome outcome = run_program_binary({"sample", of, "--n", "9", "--out", picture});
      INFO(outcome.err);
      REQUIRE(outcome.code == 0);
      return read_whole(picture);
    };
    CHECK(drawn(lone) == drawn(run));
  }
}

TEST_CASE("train: columns of the result keep apart whatever their numbers") {
  const TempFolder folder;
  const Metrics large{.nell = 1234567.891, .div = 98765432.1, .objective = -100000000.5};
  const std::string text = result_text({.folder = RunFolder::at(folder.path() + "/none"),
                                        .objective = "elbo",
                                        .objective_shown = "elbo",
                                        .epochs = 1,
                                        .steps = 1,
                                        .train = large,
                                        .validation = {},
                                        .test = {.nell = 1, .div = 2, .objective = -3},
                                        .seconds = 1,
                                        .examples_per_second = 1,
                                        .seed = 0});
  CHECK_THAT(text, contains("train   -100000000.500  -99999999.991  1234567.891  98765432.100\n"));
  CHECK_THAT(text, contains("test            -3.000         -3.000        1.000         2.000\n"));
}
