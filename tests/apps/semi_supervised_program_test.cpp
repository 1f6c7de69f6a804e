// A run that infers labels, through every command that a run goes through.
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/files/npz.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/apps/table_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

/// 80 rows of three features and, unless left out, a label of four, which the features say.
std::string labelled_table(bool labels) {
  std::ostringstream text;
  text << (labels ? "a,b,c,label\n" : "a,b,c\n");
  for (int row = 0; row < 80; ++row) {
    const int c = row % 4;
    text << c % 2 + 0.1 * (row % 7) << "," << c / 2 - 0.1 * (row % 5) << "," << 0.25 * (row % 3);
    if (labels) text << "," << c;
    text << "\n";
  }
  return text.str();
}

std::vector<std::string> with(const std::vector<std::string>& more) {
  std::vector<std::string> flags{
      "--objective", "m2(alpha=0.5)", "--estimator", "enumeration", "--epochs",
      "2",           "--batch",       "20"};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

struct LabelledRun : TableRun {
  LabelledRun() : TableRun(labelled_table(true), with({"--labels-used", "8", "--threads", "1"})) {}
  data::Array array(const std::string& file, const std::string& name) const {
    return data::Npz(data::Input::open(folder / file)).read(name);
  }
};

}  // namespace

TEST_CASE("semi-supervised program: a run goes through every command, and ais is refused") {
  const LabelledRun run;
  CHECK_THAT(run.header, contains("labels      8 of 72 are told, the others inferred"));
  const std::string config = read_whole(run.folder / "run/config.toml");
  CHECK_THAT(config, contains("labels_used = 8") && contains("labels_told = ["));
  const std::string metrics = read_whole(run.folder / "run/metrics.jsonl");
  CHECK_THAT(metrics, contains("\"accuracy\"") && contains("\"classification\""));

  const json eval = run.json_of({"eval", "--threads", "1"});
  CHECK(eval["accuracy"] >= 0);
  CHECK(eval["accuracy"] <= 1);
  CHECK(eval["standard_error"]["accuracy"] >= 0);
  CHECK_THAT(run.ask({"eval"}).out, contains("accuracy  "));
  json two = run.json_of({"eval", "--threads", "2"}), one = eval;
  one.erase("threads");
  two.erase("threads");
  CHECK(one == two);

  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"bounds", "--m", "1,5", "--k", "1"},
                                             {"decompose"},
                                             {"encode", "--out", run.folder / "z.npz"},
                                             {"reconstruct", "--out", run.folder / "r.npz"},
                                             {"traverse", "--out", run.folder / "t.npz"},
                                             {"report"}}) {
    const Outcome outcome = run.ask(words);
    INFO(words[0] << ": " << outcome.err);
    CHECK(outcome.code == 0);
  }
  CHECK(run.array("z.npz", "mean").shape == std::vector<std::int64_t>{8, 2});
  CHECK(run.array("z.npz", "label_probabilities").shape == std::vector<std::int64_t>{8, 4});
  const Outcome study = run_program_binary(
      {"gradvar", "--run", run.folder / "run", "--batch", "4", "--replicates", "50"});
  INFO(study.err);
  CHECK(study.code == 0);
  const Outcome ais = run.ask({"ais", "--examples", "4"});
  CHECK(ais.code == 2);
  CHECK_THAT(ais.err, contains("labelled codes have not"));

  const Outcome more =
      run_program_binary({"train", "--resume", run.folder / "run", "--epochs", "1"});
  INFO(more.err);
  CHECK(more.code == 0);
  CHECK(read_whole(run.folder / "run/config.toml")
            .find(config.substr(config.find("labels_told"), 40)) != std::string::npos);
}

TEST_CASE("semi-supervised program: samples and decoded codes are of the label that is said") {
  const LabelledRun run;
  const auto same = [&](const std::string& a, const std::string& b, std::size_t rows) {
    const data::Array of = run.array(a, "mean"), other = run.array(b, "mean");
    REQUIRE(other.bytes.size() >= rows * 12);
    return std::memcmp(of.bytes.data(), other.bytes.data(), rows * 12) == 0;
  };
  const auto make = [&](const std::string& file, std::vector<std::string> words) {
    words.insert(words.end(), {"--out", run.folder / file});
    const Outcome outcome = run.ask(words);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
  };
  make("all.npz", {"sample", "--n", "8"});
  make("two.npz", {"sample", "--n", "8", "--condition", "2"});
  make("zero.npz", {"sample", "--n", "1", "--condition", "0"});
  CHECK(same("all.npz", "zero.npz", 1));
  CHECK_FALSE(same("all.npz", "two.npz", 1));
  // A code holds its label; another may be said in its place; and z alone is of the label that is said.
  make("again.npz", {"decode", "--z", run.folder / "two.npz"});
  CHECK(same("two.npz", "again.npz", 8));
  make("other.npz", {"decode", "--z", run.folder / "two.npz", "--condition", "1"});
  CHECK_FALSE(same("two.npz", "other.npz", 8));
  make("z.npz", {"encode"});
  make("plain.npz", {"decode", "--z", run.folder / "z.npz:mean", "--condition", "1"});
  CHECK(run.array("plain.npz", "mean").shape == std::vector<std::int64_t>{8, 3});
  const Outcome other = run.ask({"sample", "--condition", "9", "--out", run.folder / "s.npz"});
  CHECK(other.code == 2);
  CHECK_THAT(other.err, contains("none of the training examples'"));
  // Data without labels are encoded and evaluated, without accuracy.
  const std::string plain = run.folder.write("plain.csv", labelled_table(false));
  const json eval = run.json_of({"eval", "--data", plain});
  CHECK_FALSE(eval.contains("accuracy"));
}

TEST_CASE("semi-supervised program: threads change no bit, and what does not go is refused") {
  const LabelledRun run;
  REQUIRE(
      train_on_table(run.folder, with({"--labels-used", "8", "--threads", "2"}), "other").code ==
      0);
  CHECK(read_whole(run.folder / "run/checkpoints/last.safetensors") ==
        read_whole(run.folder / "other/checkpoints/last.safetensors"));
  const auto refused = [&](const std::vector<std::string>& more, const std::string& why) {
    const Outcome outcome = train_on_table(run.folder, with(more), "refused");
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
  };
  refused({"--labels-used", "3"}, "--labels-used: 3 of 72 labels of 4 kinds; give 4 to 72");
  refused({"--labels-used", "8", "--estimator", "reparam"}, "use enumeration");
  refused({"--labels-used", "8", "--condition", "factors"}, "--labels-used");
  refused({"--labels-used", "8", "--missing", "zeros"}, "--missing");
  refused({"--labels-used", "8", "--objective", "elbo + tc"}, "objective");
  refused({"--estimator", "reparam"}, "a model that infers labels");
  refused({"--labels-used", "8", "--likelihood", "normal:optimal"},
          "is not for it; choose normal:shared");
  const Outcome layers =
      run_program_binary({"train", "--data", run.data, "--likelihood", "normal", "--model",
                          "burda2", "--labels-used", "8", "--out", run.folder / "refused"});
  CHECK(layers.code == 2);
  CHECK_THAT(layers.err, contains("--labels-used: is not for the model burda2"));
}

TEST_CASE(
    "semi-supervised program: codes of several numbers go through every command with labels") {
  for (const char* posterior : {"von_mises", "diagonal:1+gamma:1"}) {
    CAPTURE(posterior);
    TableRun run(labelled_table(true), with({"--labels-used", "8", "--posterior", posterior}));
    const auto asked = [&](const std::vector<std::string>& words) {
      const Outcome outcome = run.ask(words);
      INFO(words[0] << ": " << outcome.err);
      CHECK(outcome.code == 0);
    };
    asked({"eval"});
    asked({"bounds", "--m", "1,5", "--k", "1"});
    asked({"decompose"});
    asked({"encode", "--out", run.folder / "z.npz"});
    asked({"decode", "--z", run.folder / "z.npz:mean", "--condition", "1", "--out",
           run.folder / "d.npz"});
    asked({"sample", "--out", run.folder / "s.npz"});
    asked({"decode", "--z", run.folder / "s.npz", "--out", run.folder / "e.npz"});
    asked({"traverse", "--out", run.folder / "t.npz"});
    const data::Array z = data::Npz(data::Input::open(run.folder / "z.npz")).read("mean");
    const std::vector<std::int64_t> circles{8, 2, 2}, numbers{8, 2};
    CHECK(z.shape == (std::string(posterior) == "von_mises" ? circles : numbers));
  }
}
