// What reaches the terminal, and where files go: odd names in every command, odd outputs, damaged
// run folders, and streams that are closed.
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "apps/cli/refusal.hpp"
#include "autodiff/error.hpp"
#include "lab/files/one_line.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/apps/program_words.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> odd_names{"x\x1b[31my",
                                         "a\nb\rc",
                                         "\x7f\xC2\x9B"
                                         "2J",
                                         "caf\xE9",
                                         "<b>&\"'\x07",
                                         std::string(300, 'a'),
                                         [] {
                                           std::string path;
                                           for (int i = 0; i < 2500; ++i) path += "b/";
                                           return path;
                                         }()};

/// Only what a terminal shows, and line breaks.
bool is_printable(const std::string& text) { return data::printable(text) == text; }

/// One reason, said in nelbo's own words.
void check_message(const Outcome& outcome) {
  CAPTURE(outcome.err);
  CHECK((outcome.code == 1 || outcome.code == 2));
  CHECK(outcome.err.starts_with("nelbo: "));
  CHECK(is_printable(outcome.err));
  const std::string line = outcome.err.substr(0, outcome.err.find('\n'));
  CHECK(line.size() < 1020);
  for (const char* raw : {"exception", "filesystem error", "std::", "fault of nelbo"}) {
    CHECK_THAT(outcome.err, !contains(raw));
  }
}

const Words tiny{"--model", "mlp", "--hidden", "5", "--latent", "2", "--batch", "20"};

/// A run on 60 images under a name, in a folder of a name.
std::string trained(const TempFolder& folder, const std::string& data, const std::string& run) {
  const std::string file = folder.write(data, idx_of(blobs(60, 4, 1)));
  const Outcome outcome = run_program_binary(
      Words{"train", "--data", file, "--out", folder / run, "--epochs", "2"} + tiny);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(is_printable(outcome.out));
  CHECK(is_printable(outcome.err));
  return folder / run;
}

}  // namespace

TEST_CASE("odd names: every command answers in one printable line that is nelbo's own") {
  const TempFolder folder;
  const std::string run = trained(folder, "data", "run");
  const std::vector<Words> all{{"eval"},
                               {"encode", "--out", folder / "z", run + "x"},
                               {"encode", run, "--data"},
                               {"sample", "--out", folder / "z"},
                               {"decompose"},
                               {"bounds"},
                               {"data", "show"},
                               {"data"},
                               {"eval", run, "--split"},
                               {"gradvar", "--run"},
                               {"gradvar", "--bounds"},
                               {"gradvar", "--estimators"},
                               {"train", "--data"},
                               {"train", "--resume"},
                               {"train", "--config"},
                               {"train", "--preset"},
                               {"train", "--model"},
                               {"train", "--objective"},
                               {"train", "--estimator"},
                               {"train", "--prior"},
                               {"train", "--posterior"},
                               {"train", "--likelihood"},
                               {"train", "--optimizer"},
                               {"train", "--binarize"},
                               {"train", "--hidden"},
                               {"train", "--threads"},
                               {"train", "--lr"},
                               {"verify", "--params"},
                               {"verify", "--world"},
                               {"explain"},
                               {}};
  for (const std::string& name : odd_names) {
    for (const Words& command : all) {
      CAPTURE(command, name);
      check_message(run_program_binary(command + Words{name}));
      if (!command.empty()) check_message(run_program_binary(command + Words{"--" + name}));
    }
  }
}

TEST_CASE("odd names: what runs of such a name print is printable, and JSON is JSON") {
  const std::string name =
      "x\x1b[31m<b>\n\x7f\xC2\x9B"
      "2J";
  const TempFolder folder;
  const std::string run = trained(folder, name, name + "run");
  const std::vector<Words> all{{"eval", run},
                               {"decompose", run},
                               {"bounds", run, "--k", "1", "--m", "2"},
                               {"encode", run, "--out", folder / name + ".npz"},
                               {"sample", run, "--out", folder / name + ".png"},
                               {"data", "show", folder / name},
                               {"gradvar", "--run", run, "--replicates", "8", "--batch", "4",
                                "--out", folder / name + "study"},
                               {"train", "--resume", run, "--epochs", "1"}};
  for (const Words& command : all) {
    CAPTURE(command);
    const Outcome text = run_program_binary(command);
    CHECK(text.code == 0);
    CHECK(is_printable(text.out));
    CHECK(is_printable(text.err));
    CHECK_THAT(text.out, contains(R"(x\x1b[31m<b>\x0a\x7f\xc2\x9b2J)"));
    const Outcome outcome = run_program_binary(command + Words{"--json"});
    CHECK(outcome.code == 0);
    CHECK(is_printable(outcome.out));
    CHECK(json::accept(outcome.out));
    if (command[0] == "eval") CHECK(json::parse(outcome.out)["run"] == run);
  }
  CHECK(json::parse(read_whole(run + "/run.json"))["argv"][3] == folder / name);
  const std::string page = read_whole(folder / name + "study/report.html");
  CHECK_THAT(page, contains(R"(x\x1b[31m&lt;b&gt;\x0a\x7f\xc2\x9b2J)"));
  CHECK(is_printable(page));
}

TEST_CASE("odd names: what is no UTF-8 is no name for a run's data, and one for all else") {
  const TempFolder folder;
  const std::string data = folder.write("caf\xE9", idx_of(blobs(60, 4, 1)));
  const Outcome refused =
      run_program_binary(Words{"train", "--data", data, "--out", folder / "run"} + tiny);
  check_message(refused);
  CHECK_THAT(refused.err, contains(R"(caf\xe9' is not UTF-8)") && contains("link"));
  CHECK_FALSE(fs::exists(folder / "run"));
  const std::string run = trained(folder, "data", "r\xE9");
  for (const Words& words : {Words{"eval", run}, Words{"eval", run, "--data", data},
                             Words{"encode", run, "--out", folder / "\xE9"}}) {
    const Outcome outcome = run_program_binary(words + Words{"--json"});
    CHECK(outcome.code == 0);
    CHECK(json::accept(outcome.out));
  }
}

TEST_CASE("odd outputs: stdout, pipes, links and devices take the file, chatter goes elsewhere") {
  const TempFolder folder;
  const std::string run = trained(folder, "data", "run");
  for (const char* command : {"encode", "sample"}) {
    CAPTURE(command);
    const std::string file = folder / command;
    REQUIRE(run_program_binary({command, run, "--out", file}).code == 0);
    for (const char* path : {"-", "/dev/stdout"}) {
      for (const Words& more : {Words{}, Words{"--json"}}) {
        const Outcome outcome = run_program_binary(Words{command, run, "--out", path} + more);
        CHECK(outcome.code == 0);
        CHECK(outcome.out == read_whole(file));
        CHECK_FALSE(outcome.err.empty());
        if (!more.empty()) CHECK(json::accept(outcome.err));
      }
    }
    fs::create_symlink(file, file + " link");
    CHECK(run_program_binary({command, run, "--out", file + " link"}).code == 0);
    CHECK(fs::is_symlink(fs::symlink_status(file + " link")));
    const Outcome full = run_program_binary({command, run, "--out", "/dev/full"});
    check_message(full);
    CHECK(full.code == 1);
    CHECK_THAT(full.err, contains("/dev/full: writing failed: No space left on device"));
    CHECK(fs::is_character_file("/dev/full"));
    const Outcome taken = run_program_binary({command, run, "--out", folder.path()});
    check_message(taken);
    CHECK(taken.code == 2);
    CHECK_THAT(taken.err, contains("--out: " + folder.path() + ": is a folder"));
  }
  const std::string file = folder.write("file", "");
  for (const Words& command :
       {Words{"train", "--data", "sprites:32"}, Words{"gradvar", "--replicates", "8"}}) {
    for (const std::string& out : {std::string("-"), file, file + "/x"}) {
      const Outcome outcome = run_program_binary(command + Words{"--out", out});
      check_message(outcome);
      CHECK(outcome.code == 2);
      CHECK(outcome.out.empty());
      CHECK_THAT(outcome.err, contains("--out: " + out + ": ") && contains(" folder"));
    }
  }
}

TEST_CASE("damaged run folders: the message names the file and the way out, and nothing changes") {
  const TempFolder folder;
  const std::string run = trained(folder, "data", "run");
  const std::string config = read_whole(run + "/config.toml"),
                    record = read_whole(run + "/run.json");
  const Words resume{"train", "--resume", run, "--epochs", "1"};
  const auto refused = [&](const std::string& file, const std::string& content,
                           const std::string& reason) {
    CAPTURE(file, content);
    const std::string before = folder.write("run/" + file, content);
    const std::string metrics = read_whole(run + "/metrics.jsonl");
    const Outcome outcome = run_program_binary(resume);
    check_message(outcome);
    CHECK_THAT(outcome.err, contains(run + "/" + file) && contains(reason));
    CHECK(read_whole(before) == content);
    CHECK(read_whole(run + "/metrics.jsonl") == metrics);
  };
  refused("run.json", "", "is empty, and not JSON; put the whole file back, or remove it");
  refused("run.json", record.substr(0, record.size() / 2), "cut short, at line");
  refused("run.json", "null", "put the whole file back, or remove it");
  refused("run.json", "[1]", "holds array where an object was wanted");
  refused("run.json", "{\"seconds\": 1e999}", "too large");
  refused("run.json", "\x1b\xFF", "is not JSON");
  folder.write("run/run.json", record);
  refused("config.toml", "", "is cut short");
  refused("config.toml", config.substr(0, config.find("model")), "is cut short");
  refused("config.toml", config.substr(0, config.size() - 1), "is cut short");
  refused("config.toml", config.substr(0, 5), "is not TOML");
  refused("config.toml", "\x1b\xFF", "is not TOML");
  const auto with = [&](const std::string& from, const std::string& to) {
    return std::regex_replace(config, std::regex(from + " = '[^']*'"), from + " = '" + to + "'");
  };
  refused("config.toml", with("model", "x\\x1b"), "'x\\x1b' is unknown");
  refused("config.toml", with("objective", "nel"), "unknown term 'nel'; did you mean 'nell'?");
  folder.write("run/config.toml", config);
  const std::string last = read_whole(run + "/checkpoints/last.safetensors");
  refused("checkpoints/last.safetensors", "", "truncated");
  refused("checkpoints/last.safetensors", last.substr(0, last.size() / 2), "bytes of data");
  folder.write("run/checkpoints/last.safetensors", last);

  // Without these a run can go on.
  fs::remove(run + "/run.json");
  fs::remove_all(run + "/images");
  folder.write("run/metrics.jsonl", "{}");
  folder.write("run/gradient_snr.jsonl", "[3]\n");
  const Outcome outcome = run_program_binary(resume);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.err, contains("note: " + run + "/metrics.jsonl holds 0 of 2 epochs"));
  CHECK(json::parse(read_whole(run + "/run.json"))["resumed"].size() == 1);
  CHECK(fs::exists(run + "/images/reconstructions.png"));
}

TEST_CASE("closed streams: what is printed never ends in a file, and is missed on stdout alone") {
  const TempFolder folder;
  const std::string data = folder.write("data", idx_of(blobs(60, 4, 1))), at = folder.path();
  const std::string train = std::string("'") + NELBO_PROGRAM + "' train --data '" + data +
                            "' --hidden 5 --latent 2 --batch 20 --epochs 2 --out '" + at + "/";
  const auto code_of = [](const std::string& command) {
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  CHECK(code_of(train + "whole' >/dev/null 2>&1") == 0);
  CHECK(code_of(train + "out' >&- 2>/dev/null") == 1);
  CHECK(code_of(train + "err' >/dev/null 2>&-") == 0);
  CHECK(code_of(train + "all' <&- >&- 2>&-") == 1);
  // A reader that leaves ends no training.
  CHECK(code_of(train + "pipe' 2>&1 >/dev/null | head -n 1 >/dev/null; sleep 0.1") == 0);
  const auto speed = std::regex("\"(examples_per_second|seconds)\":[^,]*,");
  const auto log = [&](const std::string& run) {
    return std::regex_replace(read_whole(at + "/" + run + "/metrics.jsonl"), speed, "");
  };
  for (const char* run : {"out", "err", "all", "pipe"}) {
    CAPTURE(run);
    CHECK(log(run) == log("whole"));
    CHECK(read_whole(at + "/" + run + "/checkpoints/last.safetensors") ==
          read_whole(at + "/whole/checkpoints/last.safetensors"));
  }
  CHECK(code_of(std::string("'") + NELBO_PROGRAM + "' objectives > /dev/full 2>/dev/null") == 1);
}

TEST_CASE("limits: a file that may not grow is named, and the old one stays") {
  const TempFolder folder;
  const std::string run = trained(folder, "data", "run"), out = folder.write("z", "old");
  // The limit is the program's alone: what it says goes through a pipe.
  const std::string command = "(ulimit -f 0; '" NELBO_PROGRAM "' encode '" + run + "' --out '" +
                              out + "' 2>&1; echo $?) | cat > '" + folder / "said" + "'";
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(read_whole(folder / "said") == "nelbo: " + out + ": writing failed: File too large\n1\n");
  CHECK(read_whole(out) == "old");
}

TEST_CASE("no exception of a library is shown raw, whatever its kind") {
  CHECK(reason_of(Error("x: wrong")) == "x: wrong");
  CHECK(reason_of(std::bad_alloc()) == "not enough memory");
  CHECK(reason_of(std::length_error("vector::_M_default_append")) == "not enough memory");
  try {
    (void)fs::file_size(std::string(300, 'n'));
  } catch (const std::exception& error) {
    CHECK(reason_of(error) ==
          std::string(300, 'n') + ": the name is too long (at most 255 bytes a part, 4095 in all)");
  }
  CHECK_THAT(reason_of(std::out_of_range("stoi")), contains("a fault of nelbo, please report"));
}
