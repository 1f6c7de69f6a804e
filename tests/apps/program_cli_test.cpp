// The program from outside: help, version, exit codes, and what goes to which stream.
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo::tests;

namespace {

const std::vector<std::string> commands{"train",       "eval",       "encode",   "sample", "decode",
                                        "reconstruct", "traverse",   "pictures", "data",   "bench",
                                        "gradvar",     "objectives", "explain",  "info"};

std::vector<std::string> words(const std::string& line) {
  std::istringstream text(line);
  return {std::istream_iterator<std::string>(text), {}};
}

/// True if `text` is one JSON object and nothing else but white space.
bool is_one_object(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  return !json.is_discarded() && json.is_object();
}

}  // namespace

TEST_CASE("nelbo alone prints short help on stderr and exits 2") {
  const Outcome outcome = run_program_binary({});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  for (const std::string& command : commands)
    CHECK_THAT(outcome.err, contains("  " + command + " "));
}

TEST_CASE("flags --version and --help answer on stdout and exit 0") {
  const Outcome version = run_program_binary({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out.rfind("nelbo ", 0) == 0);
  CHECK(version.err.empty());

  const Outcome help = run_program_binary({"--help"});
  CHECK(help.code == 0);
  CHECK(help.err.empty());
  for (const std::string& command : commands) CHECK_THAT(help.out, contains("  " + command + " "));
}

TEST_CASE("Every command has help with examples") {
  for (const std::string line :
       {"train", "eval", "encode", "sample", "decode", "reconstruct", "traverse", "pictures",
        "data show", "bench train", "bench kernels", "gradvar", "objectives", "explain", "info"}) {
    CAPTURE(line);
    std::vector<std::string> arguments = words(line);
    arguments.push_back("--help");
    const Outcome outcome = run_program_binary(arguments);
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    CHECK_THAT(outcome.out, contains("Examples:\n  "));
    CHECK_THAT(outcome.out, contains("nelbo " + line));
  }
}

TEST_CASE("Every computing command takes --threads, --seed and --json") {
  for (const std::string line :
       {"train", "eval", "encode", "sample", "decode", "reconstruct", "traverse", "pictures",
        "gradvar", "bench train", "bench kernels"}) {
    CAPTURE(line);
    std::vector<std::string> arguments = words(line);
    arguments.push_back("--help");
    const std::string help = run_program_binary(arguments).out;
    for (const std::string flag : {"--threads", "--seed", "--json"})
      CHECK_THAT(help, contains(flag));
  }
}

TEST_CASE("Wrong usage exits 2 with one reason on stderr and nothing on stdout") {
  const auto [line, reason] = GENERATE(table<std::string, std::string>({
      {"trian", "did you mean 'train'?"},
      {"train --bach 3", "unknown flag --bach; did you mean '--batch'?"},
      {"info --jsn", "did you mean '--json'?"},
      {"data", "'nelbo data' lacks a command; there are: show"},
      {"data shw", "unknown command 'shw'; did you mean 'show'?"},
      {"data show", "SPEC"},
      {"--threads 2 train", "--threads must follow the command"},
      {"-x", "unknown flag -x"},
      {"info more", "unexpected argument 'more'"},
      {"train --threads 0", "--threads: '0' is not a whole number from 1 to 1024"},
      {"train --threads 1025", "--threads: '1025'"},
      {"train --threads 1e1", "--threads: '1e1'"},
      {"train --threads nan", "--threads: 'nan'"},
      {"train --threads 99999999999999999999", "--threads: '99999999999999999999'"},
      {"train --seed -1", "--seed: '-1'"},
      {"train --seed 9223372036854775808", "--seed: '9223372036854775808'"},
      {"train --seed", "--seed lacks its value (N)"},
      {"train --json=3", "--json takes no value"},
      {"train --quiet=maybe", "--quiet takes no value"},
      {"gradvar --world rainfort", "--world: 'rainfort' is unknown; did you mean 'rainforth'?"},
      {"bench x", "unknown command 'x'"},
      {"train --lr nan", "--lr"},
      {"train --lr -1", "--lr"},
      {"train --lr inf", "--lr"},
      {"train --batch 0", "--batch"},
      {"train --batch 1e30", "--batch"},
      {"train --epochs -3", "--epochs"},
      {"train --data=", "--data= has an empty value"},
      {"sample run --out grid.png --n 0", "--n: '0' is not a whole number from 1 to 1000000"},
      {"encode run", "--out"},
      {"train --posterior bernouli", "--posterior: 'bernouli' is unknown; did you mean"},
      {"train --hidden 7,x", "--hidden: '7,x'"},
      {"train --preset quick", "preset 'quick' is unknown"},
      {"train --resume run --lr 1", "--lr: cannot be given with --resume"},
      {"verify --params file.json --world discrete", "--params: describes"},
      {"eval", "RUN"},
  }));
  CAPTURE(line);
  const Outcome outcome = run_program_binary(words(line));
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.rfind("nelbo: ", 0) == 0);
  CHECK_THAT(outcome.err, contains(reason));
}

TEST_CASE("An empty string is wrong wherever it stands") {
  const std::vector<std::vector<std::string>> all{
      {""},
      {"train", "--data", ""},
      {"train", "--model", ""},
      {"train", "--objective", ""},
      {"train", "--out", ""},
      {"train", "--config", ""},
      {"train", "--resume", ""},
      {"eval", ""},
      {"encode", "run", "--out", ""},
      {"data", "show", ""},
  };
  for (const auto& arguments : all) {
    CAPTURE(arguments);
    const Outcome outcome = run_program_binary(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains("empty"));
  }
}

TEST_CASE("A wrong objective exits 2 and points at the column") {
  const Outcome outcome =
      run_program_binary({"train", "--data", "sprites:32", "--objective", "nell + 4*dib"});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, contains("nell + 4*dib\n"));
  CHECK_THAT(outcome.err, contains("^"));
  CHECK_THAT(outcome.err, contains("did you mean 'div'?"));
  CHECK_THAT(outcome.err, contains("see `nelbo objectives`"));
}

TEST_CASE("Missing files exit 1 and are named") {
  for (const std::string line :
       {"train --data no/such.file", "data show no/such.file", "eval no/such.run",
        "encode no/such.run --out z.npz", "sample no/such.run --out grid.png"}) {
    CAPTURE(line);
    const Outcome outcome = run_program_binary(words(line));
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.rfind("nelbo: ", 0) == 0);
    CHECK_THAT(outcome.err, contains("no/such"));
  }
}

TEST_CASE("NELBO_ISA chooses the kernels, and a wrong one exits 2") {
  const Outcome sse2 = run_program_binary({"info", "--json"}, {{"NELBO_ISA", "sse2"}});
#if defined(__x86_64__)
  REQUIRE(sse2.code == 0);
  const auto isa = nlohmann::json::parse(sse2.out)["isa"];
  CHECK(isa["in_use"] == "sse2");
  CHECK(isa["forced"] == true);
#endif
  const Outcome wrong = run_program_binary({"info"}, {{"NELBO_ISA", "mmx"}});
  CHECK(wrong.code == 2);
  CHECK(wrong.out.empty());
  CHECK_THAT(wrong.err, contains("NELBO_ISA"));
  CHECK_THAT(wrong.err, contains("mmx"));
  CHECK(run_program_binary({"--help"}, {{"NELBO_ISA", "mmx"}}).code == 0);
}

TEST_CASE("info --json is one object that knows versions and the machine") {
  const Outcome outcome = run_program_binary({"info", "--json"});
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  REQUIRE(is_one_object(outcome.out));
  const auto json = nlohmann::json::parse(outcome.out);
  CHECK("nelbo " + json["version"].get<std::string>() + "\n" ==
        run_program_binary({"--version"}).out);
  const auto supported = json["isa"]["supported"].get<std::vector<std::string>>();
  const std::string used = json["isa"]["in_use"];
  CHECK(std::count(supported.begin(), supported.end(), used) == 1);
  CHECK(json["threads"].get<int>() >= 1);
  for (const char* key : {"type", "compiler", "xsimd", "eigen"}) {
    CAPTURE(key);
    CHECK_FALSE(json["build"][key].get<std::string>().empty());
  }
}

TEST_CASE("data show --json is one object") {
  const Outcome outcome = run_program_binary({"data", "show", "sprites:32", "--json"});
  REQUIRE(outcome.code == 0);
  REQUIRE(is_one_object(outcome.out));
  CHECK(nlohmann::json::parse(outcome.out)["splits"][0]["count"] == 10000);
}
