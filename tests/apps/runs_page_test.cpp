// docs/runs.md tells every key of what commands write: each key that is found here stands there.
#include <nlohmann/json.hpp>
#include <set>

#include "lab/files/npz.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/untrained_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

std::string page() { return read_whole(NELBO_SOURCE_DIR "/docs/runs.md"); }

/// Whether the page has `key` as code.
void check_told(const std::string& text, const std::string& where, const std::string& key) {
  CAPTURE(where, key);
  CHECK_THAT(text, contains("`" + key + "`"));
}

void check_keys(const std::string& text, const std::string& where, const json& object) {
  for (const auto& [key, value] : object.items()) check_told(text, where, key);
}

}  // namespace

TEST_CASE("docs: the page of runs names every key of every command's JSON and arrays") {
  const std::string text = page();
  for (const char* posterior : {"diagonal", "categorical:4"}) {
    const UntrainedRun u(posterior);
    u.folder.write("blobs/t10k-labels-idx1-ubyte",
                   raw({0, 0, 8, 1, 0, 0, 0, 23}) + std::string(23, '\1'));
    const auto check_output = [&](std::vector<std::string> words, const std::string& flag) {
      const std::string file = u.folder / "o.npz", command = words[0];
      words.insert(words.end(), {flag, file});
      check_keys(text, command, u.ask(words));
      const data::Npz written(data::Input::open(file));
      for (const std::string& name : written.names()) {
        if (!name.starts_with("mc")) check_told(text, command, name);
      }
      return file;
    };
    const std::string sampled = check_output({"sample", "--draw"}, "--out");
    std::filesystem::copy_file(sampled, u.folder / "z.npz");
    check_output({"decode", "--z", u.folder / "z.npz"}, "--out");
    check_output({"encode"}, "--out");
    check_output({"reconstruct"}, "--out");
    check_output({"traverse"}, "--out");
    check_output({"traverse", "--from-prior"}, "--out");
    check_output({"eval"}, "--per-example");
    check_output({"bounds", "--m", "1,4"}, "--per-example");
    check_keys(text, "bounds", u.ask({"bounds", "--m", "30"})["bounds"][0]);
    check_keys(text, "sample", u.ask({"sample", "--out", u.folder / "o.png"}));
    check_keys(text, "pictures", u.ask({"pictures"}));
    const json ledger = u.ask({"decompose"});
    check_keys(text, "decompose", ledger);
    check_keys(text, "decompose", ledger["units"][0]);
  }
  const std::vector<std::vector<std::string>> others{
      {"explain", "elbo"}, {"objectives"}, {"info"}, {"data", "show", "sprites:32"}};
  for (const std::vector<std::string>& words : others) {
    std::vector<std::string> asked = words;
    asked.push_back("--json");
    const Outcome outcome = run_program_binary(asked);
    INFO(words[0] << ": " << outcome.err);
    REQUIRE(outcome.code == 0);
    const json object = json::parse(outcome.out);
    check_keys(text, words[0], object);
    if (words[0] == "data") check_keys(text, "data show", object["splits"][0]);
  }
}

TEST_CASE("docs: the page of runs names every file of a run's folder and every key in them") {
  const std::string text = page();
  const TempFolder folder;
  const std::string run = folder / "run";
  const Outcome made = run_program_binary(
      command(write_data(folder), run,
              {"--epochs", "5", "--validation", "0.2", "--log-gradient-snr", "10", "--json"}));
  INFO(made.err);
  REQUIRE(made.code == 0);
  check_keys(text, "train", json::parse(made.out));
  REQUIRE(
      run_program_binary({"train", "--resume", run, "--epochs", "1", "--change", "lr=0.01"}).code ==
      0);
  const json record = json::parse(read_whole(run + "/run.json"));
  check_keys(text, "run.json", record);
  check_keys(text, "run.json", record["resumed"][0]);
  const json line = lines_of(run).at(4);
  REQUIRE(line.contains("ledger"));
  check_keys(text, "metrics.jsonl", line);
  check_keys(text, "metrics.jsonl", line["train"]);
  const json snr = json::parse(read_whole(run + "/gradient_snr.jsonl")
                                   .substr(0, read_whole(run + "/gradient_snr.jsonl").find('\n')));
  check_keys(text, "gradient_snr.jsonl", snr);
  check_keys(text, "gradient_snr.jsonl", snr["theta"]);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run)) {
    const std::string name = std::filesystem::relative(entry.path(), run).string();
    CAPTURE(name);
    const std::string leaf = entry.path().filename().string();
    if (!entry.is_directory()) {
      CHECK((text.find("`" + name + "`") != std::string::npos ||
             text.find("`" + leaf + "`") != std::string::npos));
    }
  }
  const safetensors::Reader best(run + "/checkpoints/best.safetensors");
  for (const auto& [key, value] : best.metadata()) {
    check_told(text, "best.safetensors", key);
  }
}
