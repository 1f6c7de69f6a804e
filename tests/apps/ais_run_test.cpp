// nelbo ais: what it prints, refuses, resumes and leaves in a run's folder.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/apps/untrained_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

const std::vector<std::string> quick{"--temperatures", "12", "--chains", "4"};

std::vector<std::string> ais(std::vector<std::string> more = {}) {
  std::vector<std::string> words{"ais"};
  words.insert(words.end(), quick.begin(), quick.end());
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> partial_files(const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".partial") found.push_back(entry.path().string());
  }
  return found;
}

/// Runs the program, sends the signal when some of its work is kept, and returns how it ended.
int interrupted(const std::vector<std::string>& words, const std::string& err, int signal,
                const std::function<bool()>& kept) {
  const pid_t child = fork();
  if (child == 0) {
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    std::vector<char*> argv{const_cast<char*>("nelbo")};
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(NELBO_PROGRAM, argv.data());
    _exit(127);
  }
  for (int wait = 0; wait < 6000 && !kept(); ++wait) usleep(5'000);
  kill(child, signal);
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

void refused(const UntrainedRun& run, std::vector<std::string> words, const std::string& why) {
  CAPTURE(words);
  const Outcome outcome = run.run(std::move(words));
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, contains(why));
}

}  // namespace

TEST_CASE("ais: both paths agree on a model as it starts, above what many draws give") {
  const UntrainedRun run("diagonal");
  const std::vector<std::string> words{"ais", "--temperatures", "300", "--chains", "8"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return run.ask(more);
  };
  const json encoder = with({"--bdmc"}), prior = with({"--from", "prior"});
  // 5,000 draws are a looser bound: 4 standard errors of the chains.
  const json iw = run.ask({"bounds", "--m", "5000", "--k", "1"})["bounds"][0];
  for (const json& of : {encoder, prior}) {
    CHECK(of["examples"] == 23);
    CHECK(of["temperatures"] == 300);
    CHECK(of["chains"] == 8);
    CHECK(of["log_px"]["lower_bound"] == true);
    CHECK(of["log_px"]["se"] > 0);
    CHECK(of["log_px"]["se_chains"] > 0);
    CHECK(of["log_px"]["se_chains"] < of["log_px"]["se"]);
    CHECK(of["acceptance"].size() == 10);
    CHECK(of["ess"] > 1);
    CHECK(of["ess"] <= 8.0001);
    const double value = of["log_px"]["value"], error = of["log_px"]["se_chains"];
    CHECK(value > iw["value"].get<double>() - 4 * error);
  }
  const double one = encoder["log_px"]["value"], other = prior["log_px"]["value"];
  const double error = std::hypot(encoder["log_px"]["se_chains"].get<double>(),
                                  prior["log_px"]["se_chains"].get<double>());
  CAPTURE(one, other, error, iw["value"].get<double>());
  CHECK(std::abs(one - other) < 4 * error);
  CHECK(encoder["from"] == "encoder");
  CHECK(prior["bdmc"].is_null());
  const json& both = encoder["bdmc"];
  const double gap = both["upper"].get<double>() - both["lower"].get<double>();
  CHECK(both["gap"].get<double>() == Approx(gap));
  CHECK(std::abs(gap) < 0.1);
  CHECK(partial_files(run.folder / "run").empty());
}

TEST_CASE("ais: a table for people, of each example, and of runs side by side") {
  const UntrainedRun run("diagonal");
  const Outcome table = run.run(ais({"--bdmc", "--examples", "5"}));
  CHECK(table.code == 0);
  for (const char* part : {"from the encoder, 12 temperatures, 4 chains", "5 of 23 examples",
                           "log p(x)", "acceptance by tenths", "lower", "upper", "gap"}) {
    CHECK_THAT(table.out, contains(part));
  }
  const std::string path = run.folder / "each.csv";
  CHECK(run.run(ais({"--examples", "3", "--per-example", path})).code == 0);
  CHECK_THAT(read_whole(path), contains("nell,div,elbo,log_px,se,ess\n0,"));

  // A run and itself: no difference at all.
  const json both = run.ask(ais({run.folder / "run", "--examples", "6"}));
  REQUIRE(both["runs"].size() == 2);
  CHECK(both["runs"][0]["log_px"] == both["runs"][1]["log_px"]);
  REQUIRE(both["differences"].size() == 1);
  CHECK(both["differences"][0]["value"] == 0);
  CHECK(both["differences"][0]["se"] == 0);
}

TEST_CASE("ais: the same bits for any number of threads") {
  const UntrainedRun run("full");
  const json one = run.ask(ais({"--threads", "1"})), three = run.ask(ais({"--threads", "3"}));
  CHECK(one["log_px"] == three["log_px"]);
  CHECK(one["acceptance"] == three["acceptance"]);
  CHECK(run.ask(ais({"--seed", "9"}))["log_px"] != one["log_px"]);
}

TEST_CASE("ais: flags and models that make no sense are refused") {
  const UntrainedRun run("diagonal");
  refused(run, ais({"--from", "here"}), "--from");
  refused(run, ais({"--beta-max", "2"}), "--beta-max is for --rate-distortion alone");
  refused(run, ais({"--rate-distortion", "--bdmc"}), "--bdmc does not go with --rate-distortion");
  refused(run, ais({run.folder / "run", "--per-example", run.folder / "x.npz"}),
          "--per-example is for one RUN");
  refused(run, {"ais", "--chains", "1"}, "--chains");
  refused(run, {"ais", "--temperatures", "0"}, "--temperatures");
  const UntrainedRun discrete("bernoulli");
  const Outcome codes = discrete.run(ais());
  CHECK(codes.code == 2);
  CHECK_THAT(codes.err, contains("binary codes have not"));
}

TEST_CASE("ais: Ctrl-C keeps what is done, and the same command goes on to the same bits") {
  const UntrainedRun run("diagonal");
  const std::string folder = run.folder / "run";
  const std::vector<std::string> words{"ais",      folder, "--temperatures", "300",
                                       "--chains", "300",  "--json"};
  const Outcome whole = run_program_binary(words);
  REQUIRE(whole.code == 0);
  const int status = interrupted(words, run.folder / "err", SIGINT,
                                 [&] { return !partial_files(folder).empty(); });
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 130);
  CHECK_THAT(read_whole(run.folder / "err"), contains("the same command goes on from"));
  REQUIRE(partial_files(folder).size() == 1);

  const Outcome rest = run_program_binary(words);
  CHECK(rest.code == 0);
  CHECK_THAT(rest.err, contains("goes on after"));
  CHECK(json::parse(rest.out)["log_px"] == json::parse(whole.out)["log_px"]);
  CHECK(json::parse(rest.out)["acceptance"] == json::parse(whole.out)["acceptance"]);
  CHECK(partial_files(folder).empty());
}

TEST_CASE("ais: what one part has done is there when a later one is interrupted") {
  const UntrainedRun run("diagonal");
  const std::string folder = run.folder / "run";
  const std::vector<std::string> words{"ais",      folder, "--temperatures", "300",
                                       "--chains", "300",  "--bdmc"};
  const auto two = [&] { return partial_files(folder).size() == 2; };
  CHECK(interrupted(words, run.folder / "err", SIGINT, two) != 0);
  const Outcome rest = run_program_binary(words);
  CHECK(rest.code == 0);
  CHECK_THAT(rest.err, contains("goes on after 23 examples"));
  CHECK(partial_files(folder).empty());
}

TEST_CASE("ais: a damaged partial file is told and begun anew") {
  const UntrainedRun run("diagonal");
  const std::string folder = run.folder / "run";
  const std::vector<std::string> words{"ais", folder, "--temperatures", "300", "--chains", "300"};
  interrupted(words, run.folder / "err", SIGKILL, [&] { return !partial_files(folder).empty(); });
  REQUIRE(partial_files(folder).size() == 1);
  const std::string path = partial_files(folder)[0];
  std::ofstream(path, std::ios::app) << "1,2,3\n";
  const Outcome anew = run_program_binary(words);
  CHECK(anew.code == 0);
  CHECK_THAT(anew.err, contains("is damaged; it is begun anew"));
}

TEST_CASE("ais: the decoder's rate-distortion curve, kept for the report") {
  const UntrainedRun run("diagonal");
  for (const char* distortion : {"nell", "squared"}) {
    CAPTURE(distortion);
    const json of = run.ask({"ais", "--rate-distortion", "--beta-max", "2", "--distortion",
                             distortion, "--temperatures", "300", "--chains", "32"});
    REQUIRE(of["curve"].size() == 50);
    CHECK(of["curve"].back()["beta"] == 2);
    for (std::size_t k = 10; k < 50; k += 10) {
      CHECK(of["curve"][k]["rate"].get<double>() >
            of["curve"][k - 10]["rate"].get<double>() - 0.03);
      CHECK(of["curve"][k]["distortion"].get<double>() <
            of["curve"][k - 10]["distortion"].get<double>() + 0.03);
    }
  }
  const std::string path = run.folder / "run/rate_distortion.json", text = read_whole(path);
  run.ask(ais({"--rate-distortion", "--split", "train"}));
  CHECK(read_whole(path) == text);  // the curve of other examples is no part of the report
  const json kept = json::parse(text);
  CHECK(kept["distortion"] == "nell");
  // 23 binary images, a few of them alike.
  CHECK(kept["h_data"].get<double>() > 2.9);
  CHECK(kept["h_data"].get<double>() < std::log(23));
  const std::string table = run.run(ais({"--rate-distortion"})).out;
  CHECK_THAT(table,
             contains("H_data 2.99") && contains("from the prior, 12 temperatures, 4 chains"));
  CHECK_THAT(table, !contains(" \n"));
}
