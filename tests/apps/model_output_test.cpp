// What comes out of a trained model: nelbo sample, decode, reconstruct and traverse, as numbers and as
// pictures. A file is held against the library's functions, whose own oracles are in tests/lab.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "lab/evaluation/inference.hpp"
#include "lab/files/npz.hpp"
#include "lab/training/loaded_run.hpp"
#include "tests/apps/program_words.hpp"
#include "tests/apps/table_run.hpp"
#include "tests/apps/untrained_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;
using Shape64 = std::vector<std::int64_t>;

namespace {

data::Array array_of(const std::string& file, const std::string& name) {
  return data::Npz(data::Input::open(file)).read(name);
}

Shape64 shape_of(const std::string& file, const std::string& name) {
  return array_of(file, name).shape;
}

template <class T>
std::vector<T> numbers_of(const std::string& file, const std::string& name) {
  const data::Array array = array_of(file, name);
  std::vector<T> values(std::size_t(array.count()));
  REQUIRE(array.bytes.size() == values.size() * sizeof(T));
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

std::vector<float> numbers_of(const Tensor& tensor) {
  return {tensor.data_as<float>(), tensor.data_as<float>() + tensor.size()};
}

std::vector<float> floats_of(const std::string& file, const std::string& name) {
  return numbers_of<float>(file, name);
}

bool is_png(const std::string& file) { return read_whole(file).substr(1, 3) == "PNG"; }

const std::vector<std::string> families{"diagonal", "bernoulli", "categorical:4"};

/// [.., 3], or [.., 3, 4] of one-hot codes.
Shape64 codes_shape(const std::string& family, Shape64 lead) {
  lead.push_back(3);
  if (family == "categorical:4") lead.push_back(4);
  return lead;
}

}  // namespace

TEST_CASE("sample: numbers are those of the library, under the names of the field") {
  for (const std::string& family : families) {
    CAPTURE(family);
    const UntrainedRun u(family);
    const std::string out = u.folder / "s.npz";
    const json told = u.ask({"sample", "--n", "130", "--seed", "4", "--draw", "--out", out});
    CHECK(told["format"] == "npz");
    CHECK(told["arrays"]["mean"] == json({130, 4, 4}));
    CHECK(shape_of(out, "z") == codes_shape(family, {130}));
    CHECK(shape_of(out, "x") == Shape64{130, 4, 4});
    const LoadedModel run = open_model(u.folder / "run");
    const Tensor z = sample_prior(*run.model, 130, 4);
    CHECK(floats_of(out, "z") == numbers_of(z));
    CHECK(floats_of(out, "mean") == numbers_of(decode_means(*run.model, z)));
    CHECK(floats_of(out, "x") == numbers_of(sample_data(*run.model, z, 4)));
    for (const float x : floats_of(out, "x")) CHECK((x == 0 || x == 1));

    u.ask({"sample", "--n", "130", "--seed", "4", "--out", out});
    CHECK_FALSE(data::Npz(data::Input::open(out)).has("x"));
    const json drawn = u.ask({"sample", "--n", "9", "--out", u.folder / "s.png"});
    CHECK(drawn["pictures"] == 9);
    CHECK(drawn["columns"] == 3);
    CHECK(is_png(u.folder / "s.png"));
    const std::string means = read_whole(u.folder / "s.png");
    u.ask({"sample", "--n", "9", "--draw", "--out", u.folder / "s.png"});
    CHECK(read_whole(u.folder / "s.png") != means);
  }
}

TEST_CASE("outputs: the name's ending says what a file is, and --format where there is none") {
  const UntrainedRun u("diagonal");
  const auto written = [&](const std::string& name, const Words& more) {
    const Outcome outcome = u.run(Words{"sample", "--out", u.folder / name} + more);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return read_whole(u.folder / name);
  };
  const std::string numbers = written("a.npz", {}), picture = written("a.png", {});
  CHECK(numbers.substr(0, 2) == "PK");
  CHECK(written("a", {"--format", "npz"}) == numbers);
  CHECK(written("b", {"--format", "png"}) == picture);
  CHECK(u.run({"sample", "--out", "-"}).out == numbers);
  CHECK(u.run({"sample", "--out", "-", "--format", "png"}).out == picture);
  for (const char* name : {"a.jpg", "npz", "new"}) {
    const Outcome outcome = u.run({"sample", "--out", u.folder / name});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains("--out: ") && contains("name it .npz for numbers or .png"));
    CHECK_FALSE(std::filesystem::exists(u.folder / name));
  }
  const Outcome format = u.run({"sample", "--out", u.folder / "a.npz", "--format", "jpg"});
  CHECK(format.code == 2);
  CHECK_THAT(format.err, contains("'jpg' is unknown"));
  const Outcome many = u.run({"sample", "--n", "1000001", "--out", u.folder / "a.npz"});
  CHECK(many.code == 2);
}

TEST_CASE("outputs: data that are no pictures come out as numbers, and not as pictures") {
  const TempFolder folder;
  const std::string run = folder / "run";
  folder.write("table.csv", plain_table());
  REQUIRE(train_on_table(folder, {"--steps", "5"}).code == 0);
  const std::vector<Words> commands{{"sample", run, "--draw", "--n", "20"},
                                    {"decode", run, "--z", folder.write("z.csv", "1,2\n3,4\n")},
                                    {"reconstruct", run},
                                    {"traverse", run}};
  for (const Words& command : commands) {
    CAPTURE(command);
    const std::string out = folder / "out.npz";
    const Outcome numbers = run_program_binary(command + Words{"--out", out});
    INFO(numbers.err);
    CHECK(numbers.code == 0);
    CHECK(shape_of(out, "mean").back() == 3);
    const Outcome picture = run_program_binary(command + Words{"--out", folder / "out.png"});
    CHECK(picture.code == 1);
    CHECK_THAT(picture.err, contains("examples of shape 3 are no pictures") &&
                                contains("numbers go to a file named .npz"));
    CHECK_FALSE(std::filesystem::exists(folder / "out.png"));
  }
  const Outcome pictures = run_program_binary({"pictures", run});
  CHECK(pictures.code == 1);
  CHECK_THAT(pictures.err, contains("examples of shape 3 are no pictures"));
}

TEST_CASE("decode: codes of every kind of file, and what comes back is what went in") {
  for (const std::string& family : families) {
    CAPTURE(family);
    const UntrainedRun u(family);
    const std::string samples = u.folder / "s.npz", out = u.folder / "d.npz";
    u.ask({"sample", "--n", "7", "--out", samples});
    const std::vector<float> z = floats_of(samples, "z");
    std::string text;
    const std::size_t width = z.size() / 7;
    for (std::size_t i = 0; i < z.size(); ++i)
      text += fmt::format("{}{}", z[i], i % width + 1 == width ? "\n" : ",");
    const std::string flat = fmt::format("(7, {})", width);
    for (const std::string& codes : {samples, samples + ":z", u.folder.write("z.csv", text),
                                     u.folder.write("z.npy", npy("<f4", flat, bytes_of(z)))}) {
      CAPTURE(codes);
      CHECK(u.ask({"decode", "--z", codes, "--out", out})["count"] == 7);
      CHECK(floats_of(out, "mean") == floats_of(samples, "mean"));
      CHECK(floats_of(out, "z") == z);
      CHECK(shape_of(out, "z") == codes_shape(family, {7}));
    }
    u.ask({"traverse", "--out", u.folder / "t.npz"});
    u.ask({"decode", "--z", u.folder / "t.npz", "--out", out});
    CHECK(shape_of(out, "z") == shape_of(u.folder / "t.npz", "z"));
    CHECK(shape_of(out, "mean") == shape_of(u.folder / "t.npz", "mean"));
    CHECK(floats_of(out, "mean") == floats_of(u.folder / "t.npz", "mean"));
  }
}

TEST_CASE("decode: what holds no codes is refused, with the shapes") {
  const UntrainedRun u("diagonal"), one_hot("categorical:4");
  const auto refused = [](const UntrainedRun& run, const std::string& codes,
                          const std::string& why) {
    const Outcome outcome = run.run({"decode", "--z", codes, "--out", run.folder / "d.npz"});
    CAPTURE(codes, outcome.err);
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.err, contains(why));
    CHECK_FALSE(std::filesystem::exists(run.folder / "d.npz"));
  };
  refused(u, u.folder.write("4.csv", "1,2,3,4\n"), "shape 1 x 4 holds no codes of shape [3]");
  refused(u, u.folder.write("6.csv", "1,2,3,4,5,6\n"), "shape 1 x 6 holds no codes of shape [3]");
  refused(u, u.folder.write("1.npy", npy("<f4", "(3,)", bytes_of(std::vector<float>{1, 2, 3}))),
          "shape 3 x 1 holds no codes");
  refused(one_hot, one_hot.folder.write("3.csv", "1,2,3\n"), "of shape [3, 4] or [12]");
  refused(u, u.folder / "none.npz", "none.npz");
  refused(u, u.folder.write("nan.csv", "1,nan,2\n"), "nan.csv");
  const std::string encoded = u.folder / "e.npz";
  u.ask({"encode", "--out", encoded});
  refused(u, encoded, "name one as FILE:member of: log_variance, mean");
  refused(u, encoded + ":men", "has no member 'men'");
  u.ask({"decode", "--z", encoded + ":mean", "--out", u.folder / "d.npz"});
}

TEST_CASE("reconstruct: examples as the model saw them, their codes, reconstructions and labels") {
  for (const std::string& family : families) {
    CAPTURE(family);
    const UntrainedRun u(family);
    std::string labels;
    for (int i = 0; i < 23; ++i) labels += char(i % 10);
    u.folder.write("blobs/t10k-labels-idx1-ubyte", raw({0, 0, 8, 1, 0, 0, 0, 23}) + labels);
    const std::string out = u.folder / "r.npz";
    CHECK(u.ask({"reconstruct", "--n", "5", "--out", out})["n"] == 5);
    const LoadedRun run = open_run(u.folder / "run");
    const Examples test = run.test();
    CHECK(numbers_of<std::int64_t>(out, "index") == Shape64{0, 4, 9, 13, 18});
    CHECK(numbers_of<std::int64_t>(out, "labels") == Shape64{0, 4, 9, 3, 8});
    const std::uint32_t rows[] = {0, 4, 9, 13, 18};
    const Tensor x = examples_at(test, rows), z = most_probable_codes(*run.model, x);
    CHECK(floats_of(out, "x") == numbers_of(x));
    CHECK(floats_of(out, "z") == numbers_of(z));
    CHECK(floats_of(out, "mean") == numbers_of(decode_means(*run.model, z)));
    if (family == "diagonal") CHECK(floats_of(out, "z") == numbers_of(encode(*run.model, x).mean));
    CHECK(shape_of(out, "z") == codes_shape(family, {5}));
    CHECK(shape_of(out, "mean") == Shape64{5, 4, 4});

    CHECK(u.ask({"reconstruct", "--n", "999", "--out", out})["n"] == 23);
    const json drawn = u.ask({"reconstruct", "--n", "23", "--out", u.folder / "r.png"});
    CHECK(drawn["pictures"] == 40);  // two full rows of ten, and their reconstructions
    CHECK(drawn["columns"] == 10);
    CHECK(is_png(u.folder / "r.png"));
    CHECK(u.ask({"reconstruct", "--split", "train", "--out", out})["split"] == "train");
    CHECK_FALSE(data::Npz(data::Input::open(out)).has("labels"));
  }
}

TEST_CASE(
    "traverse: one latent variable at a time, the others as the encoder or the prior has them") {
  for (const std::string& family : families) {
    CAPTURE(family);
    const UntrainedRun u(family);
    const std::string out = u.folder / "t.npz";
    const bool real = family == "diagonal";
    Words words{"traverse", "--example", "6", "--dimensions", "2,0", "--out", out};
    if (real) words = words + Words{"--from", "-1", "--to", "2", "--steps", "4"};
    const json told = u.ask(words);
    CHECK(told["example"] == 6);
    const std::vector<double> values = real                    ? std::vector<double>{-1, 0, 1, 2}
                                       : family == "bernoulli" ? std::vector<double>{0, 1}
                                                               : std::vector<double>{0, 1, 2, 3};
    const std::int64_t k = std::int64_t(values.size());
    CHECK(numbers_of<double>(out, "values") == values);
    CHECK(numbers_of<std::int64_t>(out, "dimensions") == Shape64{2, 0});
    CHECK(shape_of(out, "z") == codes_shape(family, {2, k}));
    CHECK(shape_of(out, "mean") == Shape64{2, k, 4, 4});

    const LoadedRun run = open_run(u.folder / "run");
    const std::uint32_t six[] = {6};
    const Tensor start = most_probable_codes(*run.model, examples_at(run.test(), six));
    const std::size_t width = family == "categorical:4" ? 4 : 1;
    std::vector<float> expected;
    for (const std::size_t variable : {2, 0}) {
      for (const double value : values) {
        std::vector<float> code = numbers_of(start);
        float* const at = &code[variable * width];
        if (width == 1) *at = float(value);
        for (std::size_t c = 0; width > 1 && c < width; ++c) at[c] = float(double(c) == value);
        expected.insert(expected.end(), code.begin(), code.end());
      }
    }
    CHECK(floats_of(out, "z") == expected);
    Tensor z({2 * k, std::int64_t(3 * width)});
    std::copy(expected.begin(), expected.end(), z.data_as<float>());
    CHECK(floats_of(out, "mean") == numbers_of(decode_means(*run.model, z)));

    // The divergences are those of the ledger, which sums over the same 23 examples.
    const json units = u.ask({"decompose", "--pairs", "0"})["units"];
    const std::vector<double> kl = numbers_of<double>(out, "kl");
    CHECK(kl[0] == Approx(units[2]["kl"].get<double>()).epsilon(1e-5));
    CHECK(kl[1] == Approx(units[0]["kl"].get<double>()).epsilon(1e-5));

    u.ask({"traverse", "--from-prior", "--seed", "8", "--out", out});
    const std::vector<std::int64_t> order = numbers_of<std::int64_t>(out, "dimensions");
    REQUIRE(order.size() == 3);
    const std::vector<double> by_size = numbers_of<double>(out, "kl");
    CHECK(std::is_sorted(by_size.rbegin(), by_size.rend()));
    const std::vector<float> prior = numbers_of(sample_prior(*run.model, 1, 8)),
                             first = floats_of(out, "z");
    for (std::size_t d = 0; d < prior.size(); ++d) {
      if (std::int64_t(d / width) != order[0]) CHECK(first[d] == prior[d]);
    }
    const json drawn = u.ask({"traverse", "--out", u.folder / "t.png"});
    CHECK(drawn["columns"] == (real ? 11 : k));
    CHECK(is_png(u.folder / "t.png"));
  }
}

TEST_CASE("traverse: what makes no sense is refused by its flag") {
  const UntrainedRun u("diagonal"), binary("bernoulli");
  const auto refused = [](const UntrainedRun& run, const Words& flags, const std::string& why) {
    const Outcome outcome = run.run(Words{"traverse", "--out", run.folder / "t.npz"} + flags);
    CAPTURE(flags, outcome.err);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
    CHECK_FALSE(std::filesystem::exists(run.folder / "t.npz"));
  };
  refused(u, {"--dimensions", "0,3"}, "--dimensions: 3: the model has latent variables 0 to 2");
  for (const char* list : {"a", "1,,2", "1,", "-1", "1.5", "1;2"}) {
    refused(u, {"--dimensions", list}, "are written as in 0,3,7");
  }
  refused(u, {"--example", "23"}, "--example: 23: split 'test' has examples 0 to 22");
  refused(u, {"--example", "1", "--from-prior"}, "--example: --from-prior begins elsewhere");
  refused(u, {"--steps", "1"}, "--steps");
  refused(u, {"--from", "nan"}, "--from");
  refused(u, {"--to", "1e300"}, "--to");
  refused(binary, {"--from", "0"}, "--from: the codes are binary");
  refused(binary, {"--steps", "3"}, "--steps: the codes are binary");
}

TEST_CASE("outputs: numbers that are not finite are not written, exit code 4") {
  for (const std::string& family : families) {
    const UntrainedRun u(family);
    const std::string codes = u.folder.write(
        "z.csv", family == "categorical:4" ? "1,0,0,0,1,0,0,0,1,0,0,0\n" : "0,1,1\n");
    u.store.tensor("decoder.output.bias").data_as<float>()[0] = std::nanf("");
    u.save();
    const std::vector<std::pair<Words, std::string>> commands{
        {{"sample"}, "'mean' of sample 0"},
        {{"decode", "--z", codes}, "'mean' of code 0"},
        {{"reconstruct"}, "'mean' of reconstruction 0"},
        {{"traverse"}, "'mean' of code 0"}};
    for (const auto& [command, what] : commands) {
      for (const char* name : {"o.npz", "o.png"}) {
        const Outcome outcome = u.run(command + Words{"--out", u.folder / name});
        CAPTURE(family, command, outcome.err);
        CHECK(outcome.code == 4);
        CHECK_THAT(outcome.err, contains(what + " is not finite"));
        CHECK_FALSE(std::filesystem::exists(u.folder / name));
      }
    }
    const Outcome pictures = u.run({"pictures", "--out", u.folder / "pictures"});
    CHECK(pictures.code == 4);
    CHECK_THAT(pictures.err, contains("picture 10 of reconstructions is not finite"));
    CHECK(std::filesystem::is_empty(u.folder / "pictures"));
  }
}
